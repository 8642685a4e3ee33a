//! A runtime with nothing but what the miners pallet needs.

use crate as pallet_miners;
use crate::*;
use frame_support::{derive_impl, parameter_types};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{keys::MeterSignature, miner::Flow, reading::possession_payload};
use pallet_nfts::{PalletFeature, PalletFeatures};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	testing::{TestSignature, UintAuthorityId},
	BuildStorage,
};

type Block = frame_system::mocking::MockBlock<Test>;

pub const OLGA: u64 = 1;
pub const PETER: u64 = 2;
pub const AGENT: u64 = 3;
pub const PAUPER: u64 = 4;
pub const TREASURY: u64 = 5;
pub const COLLECTION_OWNER: u64 = 6;
pub const ENDOWMENT: u64 = 1_000;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeHoldReason,
		RuntimeFreezeReason,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(3)]
	pub type Nfts = pallet_nfts;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

parameter_types! {
	/// As in the runtime: nobody may do any of these. A storage value, so that a test can see what holds without it.
	pub storage NftFeatures: PalletFeatures = PalletFeatures::from_disabled(
		PalletFeature::Trading
			| PalletFeature::Attributes
			| PalletFeature::Approvals
			| PalletFeature::Swaps
	);
	/// To show that tokens cost none.
	pub const NftDeposit: u64 = 7;
}

impl pallet_nfts::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type CollectionId = u32;
	type ItemId = u32;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<u64>;
	type CreateOrigin = EnsureNever<u64>;
	type Locker = ();
	type CollectionDeposit = NftDeposit;
	type ItemDeposit = NftDeposit;
	type MetadataDepositBase = NftDeposit;
	type AttributeDepositBase = NftDeposit;
	type DepositPerByte = NftDeposit;
	type StringLimit = ConstU32<256>;
	type KeyLimit = ConstU32<64>;
	type ValueLimit = ConstU32<256>;
	type ApprovalsLimit = ConstU32<1>;
	type ItemAttributesApprovalsLimit = ConstU32<1>;
	type MaxTips = ConstU32<1>;
	type MaxDeadlineDuration = frame_support::traits::ConstU64<100>;
	type MaxAttributesPerCall = ConstU32<1>;
	type Features = NftFeatures;
	type OffchainSignature = TestSignature;
	type OffchainPublic = UintAuthorityId;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = NftsHelper;
	type BlockNumberProvider = System;
}

/// What the benchmarks of `pallet-nfts` would ask for; they do not run here.
#[cfg(feature = "runtime-benchmarks")]
pub struct NftsHelper;

#[cfg(feature = "runtime-benchmarks")]
impl pallet_nfts::BenchmarkHelper<u32, u32, UintAuthorityId, u64, TestSignature> for NftsHelper {
	fn collection(i: u16) -> u32 {
		i.into()
	}
	fn item(i: u16) -> u32 {
		i.into()
	}
	fn signer() -> (UintAuthorityId, u64) {
		(UintAuthorityId(OLGA), OLGA)
	}
	fn sign(signer: &UintAuthorityId, message: &[u8]) -> TestSignature {
		TestSignature(signer.0, message.to_vec())
	}
}

parameter_types! {
	/// Storage values, so that a test can change them as governance would.
	pub storage ApplicationDeposit: u64 = 100;
	pub storage MeterDeposit: u64 = 10;
	pub const CollectionOwner: u64 = COLLECTION_OWNER;
	pub const SlashDestination: u64 = TREASURY;
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Tokens = Nfts;
	type CollectionOwner = CollectionOwner;
	type AdmissionOrigin = EnsureRoot<u64>;
	type SlashDestination = SlashDestination;
	type ApplicationDeposit = ApplicationDeposit;
	type MeterDeposit = MeterDeposit;
	type MaxMeters = ConstU32<4>;
	type MaxOperators = ConstU32<2>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
}

/// A chain at block 1 with three funded people.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> {
		balances: vec![(OLGA, ENDOWMENT), (PETER, ENDOWMENT), (PAUPER, 50)],
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| System::set_block_number(1));
	ext
}

/// Runs a test and checks the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Miners::do_try_state().expect("the invariants hold");
	});
}

/// The key of the device with this number.
pub fn device(number: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[number; 32])
}

pub fn key(number: u8) -> MeterKey {
	MeterKey::Ed25519(device(number).public().0)
}

/// What the device with this number signs for `owner`.
pub fn possession(number: u8, owner: u64) -> MeterSignature {
	device(number).sign(&possession_payload(&Miners::genesis_hash(), &owner)).0
}

/// What the device with this number signs to hand `meter` over to `new_key`.
pub fn handover(number: u8, meter: MeterId, new_key: &MeterKey) -> MeterSignature {
	device(number).sign(&rotation_payload(&Miners::genesis_hash(), meter, new_key)).0
}

pub fn meter(number: u8, owner: u64) -> MeterApplication {
	MeterApplication {
		key: key(number),
		flow: Flow::Generation,
		nameplate: 5_000,
		possession: possession(number, owner),
	}
}

/// A meter that is read from an interface, signed for by these oracles.
pub fn api_meter(set: OracleSetId) -> MeterApplication {
	MeterApplication {
		key: MeterKey::Oracles(set),
		flow: Flow::Generation,
		nameplate: 5_000,
		possession: [0; 64],
	}
}

pub fn profile() -> Profile {
	Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: 5_000,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: b"10YDE-VE-------2".to_vec().try_into().unwrap(),
		commissioned: 19_000,
	}
}

/// A system that is read from a vendor's interface.
pub fn api_profile() -> Profile {
	Profile { method: CollectionMethod::ApiPull, ..profile() }
}

/// The keys of the devices with these numbers as oracles, of which `threshold` must agree.
pub fn oracles(threshold: u8, numbers: &[u8]) -> OracleSet {
	let keys = numbers.iter().map(|n| key(*n)).collect::<Vec<_>>();
	OracleSet { threshold, keys: keys.try_into().unwrap() }
}

pub fn reason(text: &str) -> ReasonOf<Test> {
	text.as_bytes().to_vec().try_into().unwrap()
}

/// Olga applies with the devices of these numbers. Returns the application's number.
pub fn olga_applies(devices: &[u8]) -> ApplicationId {
	let application = NextApplicationId::<Test>::get();
	let meters = devices.iter().map(|n| meter(*n, OLGA)).collect::<Vec<_>>();
	Miners::apply(
		RuntimeOrigin::signed(OLGA),
		MinerKind::Standard,
		profile(),
		meters.try_into().unwrap(),
	)
	.unwrap();
	application
}

/// Olga's system with the devices of these numbers is admitted. Returns the miner's number.
pub fn olga_is_admitted(devices: &[u8]) -> MinerId {
	let miner = NextMinerId::<Test>::get();
	Miners::approve(RuntimeOrigin::root(), olga_applies(devices)).unwrap();
	miner
}

/// A system of another kind or with other meters is admitted. Returns the miner's number.
pub fn is_admitted(
	owner: u64,
	kind: MinerKind,
	profile: Profile,
	meters: Vec<MeterApplication>,
) -> MinerId {
	let (application, miner) = (NextApplicationId::<Test>::get(), NextMinerId::<Test>::get());
	let origin = RuntimeOrigin::signed(owner);
	Miners::apply(origin, kind, profile, meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	miner
}
