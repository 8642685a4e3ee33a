//! A runtime in which everything is real but the votes: who admits, certifies, revokes and sets factors is root.

use crate as pallet_rec;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{fungible::Inspect as _, AsEnsureOriginWithArg},
};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, Flow, MinerKind, Profile, Source},
	reading::{possession_payload, Quality, Reading, SignedReading},
	units::CHALLENGE_WINDOW,
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{IdentityLookup, Verify},
	AccountId32, BuildStorage, MultiSignature,
};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = AccountId32;

/// Owns a roof.
pub const OLGA: AccountId = AccountId::new([1; 32]);
/// Buys certificates for a bakery.
pub const PETER: AccountId = AccountId::new([2; 32]);
/// Owns a storage node.
pub const NORA: AccountId = AccountId::new([3; 32]);
/// Submits everybody's readings.
pub const AGENT: AccountId = AccountId::new([4; 32]);
/// Challenges, and gets things.
pub const CAROL: AccountId = AccountId::new([5; 32]);
/// Has nothing.
pub const PAUPER: AccountId = AccountId::new([6; 32]);
pub const TREASURY: AccountId = AccountId::new([7; 32]);
/// Gets what is slashed.
pub const PENALTIES: AccountId = AccountId::new([8; 32]);

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One kWh in mWh.
pub const KWH: Energy = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 10_000 * DECA;
pub const CO2_ID: u32 = 2;
pub const REC_ID: u32 = 4;
/// The collection of the retirements' tokens.
pub const RETIREMENTS: u32 = 1;
/// The nameplate of every meter, in W: 275 kWh at most in an interval.
pub const NAMEPLATE: u32 = 1_000_000;
/// The interval in which tests begin: the start of a day.
pub const START: Interval = 2_000_064;
/// The most certificates that are taken out of the pool at once.
pub const MAX_PARTS: u32 = 4;

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
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(3)]
	pub type Nfts = pallet_nfts;
	#[runtime::pallet_index(4)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(5)]
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(6)]
	pub type Metering = pallet_metering;
	#[runtime::pallet_index(7)]
	pub type Rec = pallet_rec;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

parameter_types! {
	pub const ExistentialDeposit: Balance = DECA / 1_000;
	pub const Nothing: Balance = 0;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

impl pallet_assets::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1000>;
	type AssetId = u32;
	type AssetIdParameter = u32;
	type ReserveData = ();
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureNever<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = Nothing;
	type AssetAccountDeposit = Nothing;
	type MetadataDepositBase = Nothing;
	type MetadataDepositPerByte = Nothing;
	type ApprovalDeposit = Nothing;
	type StringLimit = ConstU32<50>;
	type Holder = ();
	type Freezer = ();
	type Extra = ();
	type WeightInfo = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	pallet_assets::runtime_benchmarks_enabled! {
		type BenchmarkHelper = ();
	}
}

parameter_types! {
	pub storage RequestDeposit: Balance = DECA;
	pub storage CertificationFee: Balance = DECA / 10;
	pub storage SolidifyFee: Balance = DECA / 10;
	pub storage RevocationWindow: Interval = 672;
	pub storage Validity: Interval = 35_040;
	pub const EditWindow: Interval = 288;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const PenaltyAccount: AccountId = PENALTIES;
	pub const RecPalletId: PalletId = PalletId(*b"hlg/rec_");
	pub CurrentInterval: Interval = Metering::current_interval();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = Assets;
	type RecId = ConstU32<REC_ID>;
	type Co2Id = ConstU32<CO2_ID>;
	type Miners = Miners;
	type Energy = Metering;
	type Tokens = Nfts;
	type RetirementCollection = ConstU32<RETIREMENTS>;
	type IssuanceOrigin = EnsureRoot<AccountId>;
	type RevocationOrigin = EnsureRoot<AccountId>;
	type EmissionOrigin = EnsureRoot<AccountId>;
	type CurrentInterval = CurrentInterval;
	type RequestDeposit = RequestDeposit;
	type CertificationFee = CertificationFee;
	type SolidifyFee = SolidifyFee;
	type RevocationWindow = RevocationWindow;
	type Validity = Validity;
	type EditWindow = EditWindow;
	type Treasury = TreasuryAccount;
	type PalletId = RecPalletId;
	type MaxBatch = ConstU32<8>;
	type MaxParts = ConstU32<MAX_PARTS>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// Registers miners for benchmarks, as the runtime does.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registry;

#[cfg(feature = "runtime-benchmarks")]
impl Registry {
	fn register_with(owner: &AccountId, kind: MinerKind, source: Source, flow: Flow) -> MeterId {
		let number = pallet_miners::NextMeterId::<Test>::get();
		let key = MeterKey::Ed25519(device(number).public().0);
		let meter = Miners::register_for_benchmark(owner, &AGENT, key, NAMEPLATE);
		let miner = pallet_miners::Meters::<Test>::mutate(meter, |info| {
			let info = info.as_mut().expect("it was just registered");
			info.flow = flow;
			info.miner
		});
		pallet_miners::Miners::<Test>::mutate(miner, |entry| {
			let entry = entry.as_mut().expect("it was just registered");
			(entry.kind, entry.profile.source) = (kind, source);
		});
		meter
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId) -> (MinerId, MeterId) {
		let meter =
			Self::register_with(owner, MinerKind::Standard, Source::Solar, Flow::Generation);
		(Miners::meter(meter).expect("it was just registered").miner, meter)
	}

	fn register_storage(owner: &AccountId) -> (MinerId, MeterId, MeterId) {
		let discharge =
			Self::register_with(owner, MinerKind::Storage, Source::Battery, Flow::Discharge);
		let info = Miners::meter(discharge).expect("it was just registered");
		// The miner lists as many meters as it can have; this number is its own.
		let charge = discharge + 1;
		let key = MeterKey::Ed25519(device(charge).public().0);
		let charging = heliograph_primitives::MeterInfo { key, flow: Flow::Charge, ..info };
		pallet_miners::Meters::<Test>::insert(charge, charging);
		(info.miner, discharge, charge)
	}
}

parameter_types! {
	/// As in the runtime: nobody may do any of these.
	pub NftFeatures: pallet_nfts::PalletFeatures = pallet_nfts::PalletFeatures::from_disabled(
		pallet_nfts::PalletFeature::Trading
			| pallet_nfts::PalletFeature::Attributes
			| pallet_nfts::PalletFeature::Approvals
			| pallet_nfts::PalletFeature::Swaps
	);
}

impl pallet_nfts::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type CollectionId = u32;
	type ItemId = u32;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<AccountId>;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureNever<AccountId>>;
	type Locker = ();
	type CollectionDeposit = Nothing;
	type ItemDeposit = Nothing;
	type MetadataDepositBase = Nothing;
	type AttributeDepositBase = Nothing;
	type DepositPerByte = Nothing;
	type StringLimit = ConstU32<256>;
	type KeyLimit = ConstU32<64>;
	type ValueLimit = ConstU32<256>;
	type ApprovalsLimit = ConstU32<1>;
	type ItemAttributesApprovalsLimit = ConstU32<1>;
	type MaxTips = ConstU32<1>;
	type MaxDeadlineDuration = frame_support::traits::ConstU64<100>;
	type MaxAttributesPerCall = ConstU32<1>;
	type Features = NftFeatures;
	type OffchainSignature = MultiSignature;
	type OffchainPublic = <MultiSignature as Verify>::Signer;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = ();
	type BlockNumberProvider = System;
}

parameter_types! {
	pub const ApplicationDeposit: Balance = 10 * DECA;
	pub const MeterDeposit: Balance = DECA;
	pub const ChallengeBond: Balance = 5 * DECA;
	pub const ChallengeTimeout: Interval = 672;
	pub CollectionOwner: AccountId = PalletId(*b"hlg/mine").into_account_truncating();
}

impl pallet_miners::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Tokens = Nfts;
	type CollectionOwner = CollectionOwner;
	type AdmissionOrigin = EnsureRoot<AccountId>;
	type SlashDestination = PenaltyAccount;
	type ApplicationDeposit = ApplicationDeposit;
	type MeterDeposit = MeterDeposit;
	type MaxMeters = ConstU32<6>;
	type MaxOperators = ConstU32<3>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
}

impl pallet_metering::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Bonds = Miners;
	type ChallengeOrigin = EnsureRoot<AccountId>;
	type ChallengeBond = ChallengeBond;
	type ChallengeTimeout = ChallengeTimeout;
	type SlashDestination = PenaltyAccount;
	type MaxBatch = ConstU32<128>;
	type FeelessReadingsPerBlock = ConstU32<256>;
	type WeightInfo = ();
}

/// A chain at the beginning of interval `START`, with people who have `ENDOWMENT`, and the two assets.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let people = [OLGA, PETER, NORA, AGENT, CAROL].map(|who| (who, ENDOWMENT));
	let funds = [(TREASURY, DECA), (PENALTIES, DECA)];
	pallet_balances::GenesisConfig::<Test> {
		balances: people.into_iter().chain(funds).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_assets::GenesisConfig::<Test> {
		assets: [CO2_ID, REC_ID].map(|id| (id, Rec::account(), true, 1)).to_vec(),
		metadata: vec![
			(CO2_ID, b"Heliograph carbon".to_vec(), b"CO2".to_vec(), 6),
			(REC_ID, b"Heliograph certificate".to_vec(), b"REC".to_vec(), 6),
		],
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		go_to(START);
	});
	ext
}

/// Runs a test and checks the invariants of all pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		check_invariants();
	});
}

/// The rules of the pallets, and what can be said when all of them are seen.
pub fn check_invariants() {
	Miners::do_try_state().expect("the invariants of miners hold");
	Metering::do_try_state().expect("the invariants of metering hold");
	Rec::do_try_state().expect("the invariants of rec hold");
	let claimed = pallet_metering::MeterStates::<Test>::iter()
		.map(|(meter, state)| {
			let is_charge = Charged::<Test>::contains_key(meter);
			if is_charge {
				0
			} else {
				state.claimed[ClaimKind::Certificate as usize]
			}
		})
		.sum::<u128>();
	assert_eq!(Rec::totals().certified, claimed, "certified is not what was claimed");
	for asset in [REC_ID, CO2_ID] {
		let held = pallet_assets::Account::<Test>::iter_key_prefix(asset)
			.map(|who| Assets::balance(asset, &who))
			.sum::<Balance>();
		assert_eq!(held, Assets::total_supply(asset), "the accounts do not hold the supply");
	}
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Sends a call as an extrinsic would be: one that fails changes nothing.
pub fn send(who: &AccountId, call: Call<Test>) -> DispatchResult {
	use sp_runtime::traits::Dispatchable;
	RuntimeCall::from(call).dispatch(signed(who)).map(|_| ()).map_err(|failed| failed.error)
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * pallet_metering::IntervalMillis::<Test>::get());
}

/// Lets time pass.
pub fn pass(intervals: Interval) {
	go_to(Metering::current_interval() + intervals);
}

/// Lets so much time pass that all that has arrived matures.
pub fn mature() {
	pass(CHALLENGE_WINDOW + 13);
}

/// Lets so much time pass that what was certified cannot be revoked any more.
pub fn outlast_revocation() {
	pass(RevocationWindow::get());
}

/// The device of a meter, whose number it has: the helpers here number them so.
pub fn device(meter: MeterId) -> ed25519::Pair {
	let mut seed = [0; 32];
	seed[..4].copy_from_slice(&meter.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

/// A meter of this device, with its proof of possession for `owner`.
pub fn meter_of_device(
	number: u32,
	flow: Flow,
	owner: &AccountId,
) -> pallet_miners::MeterApplication {
	let pair = device(number);
	pallet_miners::MeterApplication {
		key: MeterKey::Ed25519(pair.public().0),
		flow,
		nameplate: NAMEPLATE,
		possession: pair.sign(&possession_payload(&Miners::genesis_hash(), owner)).0,
	}
}

/// What Olga says of her roof.
pub fn profile() -> Profile {
	Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: area(),
		commissioned: 19_000,
	}
}

pub fn area() -> Area {
	b"10YDE-VE-------2".to_vec().try_into().unwrap()
}

/// Admits a miner of `owner` with meters of these flows, operated by `AGENT`. Returns it and its meters.
pub fn admit_with(
	owner: &AccountId,
	kind: MinerKind,
	profile: Profile,
	flows: &[Flow],
) -> (MinerId, Vec<MeterId>) {
	let first = pallet_miners::NextMeterId::<Test>::get();
	let ids = (first..).take(flows.len()).collect::<Vec<_>>();
	let meters = ids
		.iter()
		.zip(flows)
		.map(|(id, flow)| meter_of_device(*id, *flow, owner))
		.collect::<Vec<_>>();
	let application = pallet_miners::NextApplicationId::<Test>::get();
	let miner = pallet_miners::NextMinerId::<Test>::get();
	Miners::apply(signed(owner), kind, profile, meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	Miners::add_operator(signed(owner), miner, AGENT).unwrap();
	(miner, ids)
}

/// Admits a miner with the profile of Olga's roof; a storage node is a battery.
pub fn admit(owner: &AccountId, kind: MinerKind, flows: &[Flow]) -> (MinerId, Vec<MeterId>) {
	let mut profile = profile();
	if kind == MinerKind::Storage {
		profile.source = Source::Battery;
	}
	admit_with(owner, kind, profile, flows)
}

/// A standard miner of `owner` with one meter of generation.
pub fn roof(owner: &AccountId) -> (MinerId, MeterId) {
	let (miner, meters) = admit(owner, MinerKind::Standard, &[Flow::Generation]);
	(miner, meters[0])
}

/// Nora's storage node, with its meters of discharge and of charge.
pub fn battery() -> (MinerId, MeterId, MeterId) {
	let (miner, meters) = admit(&NORA, MinerKind::Storage, &[Flow::Discharge, Flow::Charge]);
	(miner, meters[0], meters[1])
}

/// The reading of `meter`'s device.
pub fn reading(meter: MeterId, interval: Interval, register: u64) -> SignedReading {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&Miners::genesis_hash())).0;
	SignedReading { reading, signature }
}

pub fn submit(readings: Vec<SignedReading>) {
	System::reset_events();
	Metering::submit_readings(signed(&AGENT), readings.try_into().unwrap()).unwrap();
	for record in System::events() {
		if let RuntimeEvent::Metering(event @ pallet_metering::Event::ReadingRefused { .. }) =
			record.event
		{
			panic!("{event:?}");
		}
	}
}

/// `meter` measures `energy` mWh in the interval that runs, which passes. It has not matured.
pub fn deliver(meter: MeterId, energy: Energy) {
	let now = Metering::current_interval();
	let register = match Metering::meter_state(meter) {
		Some(state) => state.register,
		None => {
			submit(vec![reading(meter, now - 1, 0)]);
			0
		}
	};
	go_to(now + 1);
	submit(vec![reading(meter, now, register + energy)]);
}

/// `meter` measures `energy` mWh, and they mature.
pub fn mature_energy(meter: MeterId, energy: Energy) {
	deliver(meter, energy);
	mature();
}

/// `meter` has been challenged by Carol.
pub fn challenge(meter: MeterId) {
	let evidence = b"the roof is covered".to_vec().try_into().unwrap();
	Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
}

/// The owner asks for a certificate. Returns the request's number.
pub fn request(owner: &AccountId, miner: MinerId, meter: MeterId) -> RequestId {
	let request = NextRequestId::<Test>::get();
	Rec::request(signed(owner), miner, meter, documents()).unwrap();
	request
}

/// The DAO certifies. Returns the certificate of each, or why there is none.
pub fn certify(requests: &[RequestId]) -> Vec<Result<CertificateId, DispatchError>> {
	System::reset_events();
	Rec::certify(RuntimeOrigin::root(), requests.to_vec().try_into().unwrap()).unwrap();
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Rec(Event::Certified { certificate, .. }) => Some(Ok(certificate)),
			RuntimeEvent::Rec(Event::CertificationFailed { error, .. }) => Some(Err(error)),
			_ => None,
		})
		.collect()
}

/// The DAO refuses, and says why.
pub fn reject(request: RequestId) {
	Rec::reject(RuntimeOrigin::root(), request, reason("a page is missing")).unwrap();
}

/// What the meter has is certified. Returns the certificate.
pub fn certify_all(owner: &AccountId, miner: MinerId, meter: MeterId) -> CertificateId {
	let request = request(owner, miner, meter);
	certify(&[request]).remove(0).unwrap()
}

/// A new roof of `owner` makes `energy` mWh, and they are certified. Returns the certificate.
pub fn certificate(owner: &AccountId, energy: Energy) -> CertificateId {
	let (miner, meter) = roof(owner);
	mature_energy(meter, energy);
	certify_all(owner, miner, meter)
}

/// As [`certificate`], and it cannot be revoked any more.
pub fn final_certificate(owner: &AccountId, energy: Energy) -> CertificateId {
	let certificate = certificate(owner, energy);
	outlast_revocation();
	certificate
}

/// As [`final_certificate`] for each of `energies`, all of them in the pool. Returns them in their order.
pub fn pooled(owner: &AccountId, energies: &[Energy]) -> Vec<CertificateId> {
	let ids = energies.iter().map(|energy| certificate(owner, *energy)).collect::<Vec<_>>();
	outlast_revocation();
	Rec::liquidise(signed(owner), ids.clone().try_into().unwrap()).unwrap();
	ids
}

pub fn documents() -> Documents {
	Documents {
		evidence: text("bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi"),
		url: text("https://example.org/olga"),
		memo: text("the roof on the barn"),
	}
}

/// In the name of Peter's bakery.
pub fn details() -> DetailsOf<Test> {
	Details {
		beneficiary: text("Peter's bakery"),
		entity: Some(PETER),
		purpose: text("bread of the year 2026"),
		message: text("baked by the sun"),
		period: Some(Period { from: START, to: START + 95 }),
	}
}

/// Without a word.
pub fn no_details() -> DetailsOf<Test> {
	Details {
		beneficiary: text(""),
		entity: None,
		purpose: text(""),
		message: text(""),
		period: None,
	}
}

pub fn text<const N: u32>(text: &str) -> Text<N> {
	text.as_bytes().to_vec().try_into().unwrap()
}

pub fn reason(text: &str) -> BoundedVec<u8, ConstU32<32>> {
	text.as_bytes().to_vec().try_into().unwrap()
}

/// A certificate as it is stored.
pub fn entry(certificate: CertificateId) -> CertificateOf<Test> {
	Certificates::<Test>::get(certificate).expect("it exists")
}

/// What has become of the issuance of a certificate.
pub fn sums(certificate: CertificateId) -> Sums {
	Issuances::<Test>::get(entry(certificate).issuance).expect("it exists").sums
}

/// Free DECA.
pub fn deca(who: &AccountId) -> Balance {
	Balances::balance(who)
}

/// Certificates in the pool that one has a right to, in mWh.
pub fn rec(who: &AccountId) -> Balance {
	Assets::balance(REC_ID, who)
}

/// Carbon, in mg.
pub fn co2(who: &AccountId) -> Balance {
	Assets::balance(CO2_ID, who)
}

/// The numbers on a page.
pub fn ids(page: PageOf<Test>) -> Vec<CertificateId> {
	page.certificates.into_iter().map(|listed| listed.id).collect()
}

/// The certificates that somebody can use, in order.
pub fn live(who: &AccountId) -> Vec<CertificateId> {
	let mut ids = ids(Rec::certificates_of(who.clone(), Some(Status::Live), None, MAX_PAGE));
	ids.sort_unstable();
	ids
}

/// No certificates.
pub const NONE: [CertificateId; 0] = [];

/// Only who somebody is matters: `AccountId32` of `n`.
pub fn person(n: u8) -> AccountId {
	AccountId::new([100 + n; 32])
}
