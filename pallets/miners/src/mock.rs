//! A runtime with nothing but what the miners pallet needs.

use crate as pallet_miners;
use crate::*;
use frame_support::{derive_impl, parameter_types};
use frame_system::EnsureRoot;
use heliograph_primitives::{keys::MeterSignature, miner::Flow};
use sp_core::{ed25519, Pair};
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlock<Test>;

pub const OLGA: u64 = 1;
pub const PETER: u64 = 2;
pub const AGENT: u64 = 3;
pub const PAUPER: u64 = 4;
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
	pub const ApplicationDeposit: u64 = 100;
	pub const MeterDeposit: u64 = 10;
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type AdmissionOrigin = EnsureRoot<u64>;
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

pub fn meter(number: u8, owner: u64) -> MeterApplication {
	MeterApplication {
		key: key(number),
		flow: Flow::Generation,
		nameplate: 5_000,
		possession: possession(number, owner),
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
