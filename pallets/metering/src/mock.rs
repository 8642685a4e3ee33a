//! A runtime with metering, a clock, and a registry that knows just what metering asks for.
//!
//! Metering and the real miners pallet run together in the tests of the issuance pallet.

use crate as pallet_metering;
use crate::*;
use frame_support::{
	derive_impl, parameter_types, storage_alias,
	traits::{fungible::Mutate, tokens::Preservation},
};
use frame_system::EnsureRoot;
use heliograph_primitives::{
	keys::{MeterKey, OracleSet, OracleSetId},
	miner::{
		CollectionMethod, Flow, HardwareStatus, MeterInfo, MinerInfo, MinerKind, Profile, Source,
	},
	reading::{Quality, Reading},
};
use sp_core::{ed25519, Pair};
use sp_runtime::{traits::Zero, BuildStorage};

type Block = frame_system::mocking::MockBlock<Test>;

pub const OLGA: u64 = 1;
pub const AGENT: u64 = 2;
pub const STRANGER: u64 = 3;
pub const WANDA: u64 = 4;
pub const TREASURY: u64 = 5;
/// Keeps what is held of the owners.
pub const DEPOSITS: u64 = 6;
pub const ENDOWMENT: u64 = 1_000;

/// The nameplate of every meter here, in W: 1,375 Wh at most in an interval.
pub const NAMEPLATE: u32 = 5_000;
/// The interval in which tests begin: the first one of a day, and of a bucket.
pub const START: Interval = 20_833 * 96;
/// What is held of an owner for a miner.
pub const DEPOSIT: u64 = 30;

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
	type MaxFreezes = ConstU32<1>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

parameter_types! {
	/// May change, as it may in a runtime.
	pub storage Bond: u64 = 20;
	pub storage Timeout: Interval = 672;
	pub const Treasury: u64 = TREASURY;
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Registry;
	type Bonds = Registry;
	type ChallengeOrigin = EnsureRoot<u64>;
	type ChallengeBond = Bond;
	type ChallengeTimeout = Timeout;
	type SlashDestination = Treasury;
	type MaxBatch = ConstU32<8>;
	type FeelessReadingsPerBlock = ConstU32<12>;
	type WeightInfo = ();
}

/// A miner of the registry.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode)]
pub struct Miner {
	pub owner: u64,
	pub suspended: bool,
	pub revoked: bool,
	pub deposit: u64,
}

#[storage_alias]
pub type Miners = StorageMap<Registry, Identity, MinerId, Miner>;
#[storage_alias]
pub type Meters = StorageMap<Registry, Identity, MeterId, MeterInfo>;
#[storage_alias]
pub type Operators = StorageDoubleMap<Registry, Identity, u64, Identity, MinerId, ()>;
#[storage_alias]
pub type OracleSets = StorageMap<Registry, Identity, OracleSetId, OracleSet>;

/// Who is who, with nothing checked.
pub struct Registry;

impl Registry {
	pub fn set_miner(miner: MinerId, change: impl FnOnce(&mut Miner)) {
		Miners::mutate(miner, |entry| change(entry.as_mut().expect("the miner is registered")));
	}

	pub fn set_meter(meter: MeterId, change: impl FnOnce(&mut MeterInfo)) {
		Meters::mutate(meter, |info| change(info.as_mut().expect("the meter is registered")));
	}
}

impl MeterDirectory<u64> for Registry {
	fn meter(meter: MeterId) -> Option<MeterInfo> {
		Meters::get(meter).filter(|info| Self::miner(info.miner).is_some())
	}

	fn miner(miner: MinerId) -> Option<MinerInfo<u64>> {
		Miners::get(miner).filter(|entry| !entry.revoked).map(|entry| MinerInfo {
			owner: entry.owner,
			kind: MinerKind::Standard,
			active: !entry.suspended,
			hardware: HardwareStatus::Ok,
			profile: Profile {
				source: Source::Solar,
				method: CollectionMethod::SmartMeter,
				capacity: NAMEPLATE,
				location: Default::default(),
				grid_area: Default::default(),
				commissioned: 0,
			},
		})
	}

	fn meters(miner: MinerId) -> Vec<MeterId> {
		Meters::iter()
			.filter(|(_, info)| info.miner == miner && !info.retired)
			.map(|(meter, _)| meter)
			.collect()
	}

	fn is_active(miner: MinerId) -> bool {
		Self::miner(miner).is_some_and(|info| info.active)
	}

	fn is_operator(account: &u64, miner: MinerId) -> bool {
		Operators::contains_key(account, miner)
	}

	fn is_any_operator(account: &u64) -> bool {
		Operators::iter_key_prefix(account).next().is_some()
	}

	fn oracle_set(set: OracleSetId) -> Option<OracleSet> {
		OracleSets::get(set)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(
		owner: &u64,
		operator: &u64,
		key: MeterKey,
		nameplate: u32,
	) -> MeterId {
		let miner = Miners::iter_keys().count() as MinerId;
		let meter = Meters::iter_keys().count() as MeterId;
		let entry = Miner { owner: *owner, suspended: false, revoked: false, deposit: DEPOSIT };
		Miners::insert(miner, entry);
		Operators::insert(operator, miner, ());
		let (flow, node) = (Flow::Export, Some(miner));
		Meters::insert(meter, MeterInfo { miner, key, flow, nameplate, node, retired: false });
		meter
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_oracles_for_benchmark(set: OracleSetId, oracles: OracleSet) {
		OracleSets::insert(set, oracles);
	}
}

impl OwnerBonds<u64, u64> for Registry {
	fn slash(miner: MinerId, amount: u64, beneficiary: &u64) -> Result<u64, DispatchError> {
		Miners::try_mutate(miner, |entry| {
			let entry =
				entry.as_mut().filter(|entry| !entry.revoked).ok_or(DispatchError::Unavailable)?;
			let moved = amount.min(entry.deposit);
			entry.deposit -= moved;
			if !moved.is_zero() {
				Balances::transfer(&DEPOSITS, beneficiary, moved, Preservation::Expendable)?;
			}
			Ok(moved)
		})
	}
}

/// A chain in interval `START` on which Olga's miner 0 has the meters 0, 1 and 2, whose devices have the keys 0, 1 and 2,
/// and is operated by `AGENT`.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let balances = [OLGA, WANDA, TREASURY, DEPOSITS].map(|who| (who, ENDOWMENT)).to_vec();
	pallet_balances::GenesisConfig::<Test> { balances, ..Default::default() }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		go_to(START);
		let miner = register(OLGA, &[0, 1, 2]);
		Operators::insert(AGENT, miner, ());
	});
	ext
}

/// Runs a test and checks the invariants after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		Metering::do_try_state().expect("the invariants of metering hold");
	});
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * IntervalMillis::<Test>::get());
}

/// Admits a miner of `owner` with the devices of these numbers. The meters get the next free numbers.
pub fn register(owner: u64, devices: &[u8]) -> MinerId {
	let miner = Miners::iter_keys().count() as MinerId;
	let entry = Miner { owner, suspended: false, revoked: false, deposit: DEPOSIT };
	Miners::insert(miner, entry);
	for number in devices {
		let info = MeterInfo {
			miner,
			key: MeterKey::Ed25519(device(*number).public().0),
			flow: Flow::Export,
			nameplate: NAMEPLATE,
			node: None,
			retired: false,
		};
		Meters::insert(Meters::iter_keys().count() as MeterId, info);
	}
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

/// The last event.
pub fn last_event() -> Event<Test> {
	match System::events().pop().expect("there is an event").event {
		RuntimeEvent::Metering(event) => event,
		other => panic!("the last event is {other:?}"),
	}
}

pub fn state(meter: MeterId) -> MeterState {
	MeterStates::<Test>::get(meter).expect("the meter has been read")
}
