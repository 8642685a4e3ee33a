//! A runtime with metering, the real miners pallet, and a clock.

use crate as pallet_metering;
use crate::*;
use frame_support::{derive_impl, parameter_types};
use frame_system::EnsureRoot;
use heliograph_primitives::{
	keys::MeterKey,
	miner::{Flow, MinerKind},
	reading::{possession_payload, Quality, Reading},
};
use sp_core::{ed25519, Pair};
use sp_runtime::BuildStorage;

type Block = frame_system::mocking::MockBlock<Test>;

pub const OLGA: u64 = 1;
pub const AGENT: u64 = 2;
pub const STRANGER: u64 = 3;

/// The nameplate of every meter here, in W: 1,375 Wh at most in an interval.
pub const NAMEPLATE: u32 = 5_000;
/// The interval in which tests begin.
pub const START: Interval = 2_000_000;

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
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(4)]
	pub type Metering = pallet_metering;
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

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

parameter_types! {
	pub const Deposit: u64 = 1;
}

impl pallet_miners::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type AdmissionOrigin = EnsureRoot<u64>;
	type ApplicationDeposit = Deposit;
	type MeterDeposit = Deposit;
	type MaxMeters = ConstU32<4>;
	type MaxOperators = ConstU32<2>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
}

impl Config for Test {
	type Miners = Miners;
	type MaxBatch = ConstU32<8>;
	type FeelessReadingsPerBlock = ConstU32<12>;
	type WeightInfo = ();
}

/// A chain in interval `START` on which Olga's miner 0 has the meters 0, 1 and 2, whose devices have the keys 0, 1 and 2,
/// and is operated by `AGENT`.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	pallet_balances::GenesisConfig::<Test> { balances: vec![(OLGA, 1_000)], ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		go_to(START);
		register(OLGA, &[0, 1, 2]);
		Miners::add_operator(RuntimeOrigin::signed(OLGA), 0, AGENT).unwrap();
		System::reset_events();
	});
	ext
}

/// Runs a test and checks the invariants of both pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Metering::do_try_state().expect("the invariants of metering hold");
		Miners::do_try_state().expect("the invariants of miners hold");
	});
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * IntervalMillis::<Test>::get());
}

/// Admits a miner of `owner` with the devices of these numbers.
pub fn register(owner: u64, devices: &[u8]) -> MinerId {
	let meters = devices
		.iter()
		.map(|number| pallet_miners::MeterApplication {
			key: MeterKey::Ed25519(device(*number).public().0),
			flow: Flow::Generation,
			nameplate: NAMEPLATE,
			possession: device(*number).sign(&possession_payload(&genesis_hash(), &owner)).0,
		})
		.collect::<Vec<_>>();
	let profile = pallet_miners::Profile {
		source: pallet_miners::Source::Solar,
		method: pallet_miners::CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: Default::default(),
		commissioned: 19_000,
	};
	let (application, miner) = (
		pallet_miners::NextApplicationId::<Test>::get(),
		pallet_miners::NextMinerId::<Test>::get(),
	);
	Miners::apply(
		RuntimeOrigin::signed(owner),
		MinerKind::Standard,
		profile,
		meters.try_into().unwrap(),
	)
	.unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	miner
}

/// The key of the device with this number.
pub fn device(number: u8) -> ed25519::Pair {
	ed25519::Pair::from_seed(&[number + 1; 32])
}

pub fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// A reading of meter `meter` in epoch 0.
pub fn reading(meter: MeterId, interval: Interval, register: u64) -> Reading {
	Reading { meter, epoch: 0, interval, register, quality: Quality::Measured }
}

/// Signed by the device that belongs to the meter.
pub fn signed(reading: Reading) -> SignedReading {
	let signature = device(reading.meter as u8).sign(&reading.signing_payload(&genesis_hash())).0;
	SignedReading { reading, signature }
}

/// Submits as the agent. Returns what was refused, in order.
pub fn submit(readings: Vec<SignedReading>) -> Vec<Refusal> {
	System::reset_events();
	Metering::submit_readings(RuntimeOrigin::signed(AGENT), readings.try_into().unwrap()).unwrap();
	refusals()
}

/// The reasons of the refusals since the events were last reset.
pub fn refusals() -> Vec<Refusal> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Metering(Event::ReadingRefused { reason, .. }) => Some(reason),
			_ => None,
		})
		.collect()
}

pub fn state(meter: MeterId) -> MeterState {
	MeterStates::<Test>::get(meter).expect("the meter has been read")
}
