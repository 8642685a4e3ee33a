//! A runtime with real money. Who is who and what was measured is told by the tests; the whole path from signed readings to
//! paid rewards is tested on the real runtime.

use crate as pallet_rewards;
use crate::*;
use frame_support::{
	derive_impl, ord_parameter_types, parameter_types,
	traits::{ConstBool, EitherOf},
};
use frame_system::{EnsureRootWithSuccess, EnsureSignedBy, EnsureWithSuccess};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, HardwareStatus, MeterInfo, MinerInfo, Profile},
};
use sp_runtime::{traits::IdentityLookup, BuildStorage};
use std::{cell::RefCell, collections::BTreeMap};

type Block = frame_system::mocking::MockBlock<Test>;
/// Wide enough for the accounts of the pallet to differ.
pub type AccountId = u128;

/// Owns roofs.
pub const OLGA: AccountId = 1;
/// Owns other ones.
pub const PETER: AccountId = 2;
/// Owns plants.
pub const PETRA: AccountId = 3;
/// Owns a storage node.
pub const NORA: AccountId = 4;
/// Consumes.
pub const KONRAD: AccountId = 5;
/// Holds units.
pub const CAROL: AccountId = 6;
/// Holds units.
pub const DAVE: AccountId = 7;
/// Records what others measured.
pub const BOT: AccountId = 8;
/// The Technical DAO.
pub const DAO: AccountId = 9;
/// Has nothing.
pub const PAUPER: AccountId = 10;

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One kWh, in mWh.
pub const KWH: u64 = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 1_000_000 * DECA;
/// What each pool has at first.
pub const FUNDS: Balance = 100_000 * DECA;
/// What the pools of generation, consumption and storage pay for a day.
pub const DAILY: Balance = 1_000 * DECA;
/// The day on which tests begin.
pub const START: Day = 20_000;
/// The capacity of a roof, in W.
pub const ROOF: Watts = 5_000;
/// The capacity of a plant, in W: 80 units.
pub const PLANT: Watts = 10_000;
/// What a unit costs for a day.
pub const PRICE: Balance = DECA / 10;

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
	pub type Rewards = pallet_rewards;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

parameter_types! {
	pub const ExistentialDeposit: Balance = DECA / 1_000;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

/// What a device has said, as the metering pallet keeps it.
#[derive(Clone)]
pub struct Readings {
	first: Interval,
	last: Interval,
	pub quarantined: bool,
	ring: [Option<u32>; 96],
	days: [(u64, u8); 10],
}

#[derive(Default)]
pub struct World {
	pub miners: BTreeMap<MinerId, MinerInfo<AccountId>>,
	pub meters: BTreeMap<MeterId, MeterInfo>,
	pub readings: BTreeMap<MeterId, Readings>,
	pub flexibility: BTreeMap<(MinerId, Day), u32>,
	pub now: Interval,
	next: u32,
}

thread_local! {
	static WORLD: RefCell<World> = RefCell::default();
}

/// Looks at, or changes, what other pallets would tell.
pub fn world<R>(look: impl FnOnce(&mut World) -> R) -> R {
	WORLD.with(|world| look(&mut world.borrow_mut()))
}

/// Who is who.
pub struct Registry;

impl MeterDirectory<AccountId> for Registry {
	fn meter(meter: MeterId) -> Option<MeterInfo> {
		world(|world| world.meters.get(&meter).copied())
	}

	fn miner(miner: MinerId) -> Option<MinerInfo<AccountId>> {
		world(|world| world.miners.get(&miner).cloned())
	}

	fn meters(miner: MinerId) -> Vec<MeterId> {
		let of_miner = |(meter, info): (&MeterId, &MeterInfo)| {
			(info.miner == miner && !info.retired).then_some(*meter)
		};
		world(|world| world.meters.iter().filter_map(of_miner).collect())
	}

	fn is_active(miner: MinerId) -> bool {
		Self::miner(miner).is_some_and(|info| info.active)
	}

	fn is_operator(_: &AccountId, _: MinerId) -> bool {
		false
	}

	fn is_any_operator(_: &AccountId) -> bool {
		false
	}

	fn oracle_set(
		_: heliograph_primitives::keys::OracleSetId,
	) -> Option<heliograph_primitives::keys::OracleSet> {
		None
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(
		owner: &AccountId,
		_: &AccountId,
		_: MeterKey,
		nameplate: Watts,
	) -> MeterId {
		meter_of(register(*owner, MinerKind::Standard, Flow::Export, nameplate))
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_oracles_for_benchmark(
		_: heliograph_primitives::keys::OracleSetId,
		_: heliograph_primitives::keys::OracleSet,
	) {
	}
}

impl MeterReports for Registry {
	fn report(meter: MeterId) -> Option<MeterReport> {
		let readings = world(|world| world.readings.get(&meter).cloned())?;
		let newest = readings.last / INTERVALS_PER_DAY;
		let days = (newest.saturating_sub(9)..=newest).map(|day| {
			let (energy, intervals) = readings.days[day as usize % 10];
			DayEnergy { day, energy, intervals }
		});
		Some(MeterReport {
			first_interval: readings.first,
			last_interval: readings.last,
			quarantined: readings.quarantined,
			days: days.collect(),
			profile: readings.ring.to_vec(),
		})
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn report_for_benchmark(meter: MeterId, energy: u32) {
		let now = CurrentInterval::get();
		world(|world| world.readings.remove(&meter));
		for interval in now - 960..now {
			measure(meter, interval, energy);
		}
	}
}

impl FlexibilityFactors for Registry {
	fn thousandths(miner: MinerId, day: Day) -> u32 {
		world(|world| world.flexibility.get(&(miner, day)).copied()).unwrap_or(1000)
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		let miner = register(*owner, kind, flow, PLANT);
		(miner, meter_of(miner))
	}

	fn go_to(interval: Interval) {
		world(|world| world.now = interval);
	}
}

/// The interval that runs.
pub struct CurrentInterval;

impl Get<Interval> for CurrentInterval {
	fn get() -> Interval {
		world(|world| world.now)
	}
}

ord_parameter_types! {
	pub const Dao: AccountId = DAO;
}

parameter_types! {
	pub storage Seed: [u8; 32] = [7; 32];
	pub storage NormThreshold: Energy = 28 * KWH;
	pub storage SolarHours: u32 = 12;
	pub storage UnitShare: Permill = Permill::from_percent(80);
	pub storage MinPlant: Watts = 2_000;
	pub storage MaxPlant: Watts = 40_000;
	pub storage SilentDays: u32 = 3;
	pub storage MinDailyMinutes: u32 = 6;
	pub storage UnitLife: u32 = 20;
	pub storage Version: PlantVersion = PlantVersion::A;
	pub storage PlantDaily: Balance = 675 * DECA;
	pub storage PlantCap: u32 = 330;
	pub storage Lottery: Option<Permill> = None;
	pub const RewardsPalletId: PalletId = PalletId(*b"hlg/rwrd");
}

impl Config for Test {
	type Currency = Balances;
	type Miners = Registry;
	type Reports = Registry;
	type Flexibility = Registry;
	type CurrentInterval = CurrentInterval;
	type EmissionOrigin = EitherOf<
		EnsureRootWithSuccess<AccountId, ConstBool<true>>,
		EnsureWithSuccess<EnsureSignedBy<Dao, AccountId>, AccountId, ConstBool<false>>,
	>;
	type Seed = Seed;
	type NormThreshold = NormThreshold;
	type SolarHours = SolarHours;
	type UnitShare = UnitShare;
	type MinPlant = MinPlant;
	type MaxPlant = MaxPlant;
	type SilentDays = SilentDays;
	type MinDailyMinutes = MinDailyMinutes;
	type UnitLife = UnitLife;
	type PlantVersion = Version;
	type PlantDaily = PlantDaily;
	type PlantCap = PlantCap;
	type Lottery = Lottery;
	type PalletId = RewardsPalletId;
	type MaxBatch = ConstU32<16>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// The beginning of the day `START`, with people who have `ENDOWMENT`, and pools that have `FUNDS`.
pub fn build() -> sp_io::TestExternalities {
	world(|world| *world = World { now: START * INTERVALS_PER_DAY, ..Default::default() });
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let people = [OLGA, PETER, PETRA, NORA, KONRAD, CAROL, DAVE, BOT, DAO];
	pallet_balances::GenesisConfig::<Test> {
		balances: people.map(|who| (who, ENDOWMENT)).to_vec(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	let emission = Some(Emission { daily: DAILY, source: EmissionSource::Funds });
	let pool = |category| (category, FUNDS, emission.filter(|_| category != Category::Plant));
	pallet_rewards::GenesisConfig::<Test> {
		pools: Category::ALL.map(pool).to_vec(),
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
	build().execute_with(|| {
		test();
		check_invariants();
	});
}

pub fn check_invariants() {
	Rewards::do_try_state().expect("the invariants hold");
	let account = Balances::free_balance(Rewards::account());
	let books = Category::ALL.map(|category| {
		let pool = Rewards::pool(category);
		pool.funds + pool.reserved + pool.due
	});
	let escrow = Rewards::escrow();
	assert_eq!(
		account,
		books.iter().sum::<Balance>() + escrow.held + escrow.due + ExistentialDeposit::get(),
		"the account is not what the books say"
	);
}

pub fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

/// Moves the clock to the beginning of a day.
pub fn go_to(day: Day) {
	world(|world| world.now = day * INTERVALS_PER_DAY);
}

pub fn today() -> Day {
	CurrentInterval::get() / INTERVALS_PER_DAY
}

/// A miner with one meter. Meters have other numbers than miners, so that a mix-up shows.
pub fn register(owner: AccountId, kind: MinerKind, flow: Flow, capacity: Watts) -> MinerId {
	world(|world| {
		let miner = world.next;
		world.next += 1;
		let profile = Profile {
			source: Source::Solar,
			method: CollectionMethod::SmartMeter,
			capacity,
			location: b"u33db".to_vec().try_into().unwrap(),
			grid_area: Default::default(),
			commissioned: 19_000,
		};
		let hardware = HardwareStatus::Ok;
		world.miners.insert(miner, MinerInfo { owner, kind, active: true, hardware, profile });
		let meter = MeterInfo {
			miner,
			key: MeterKey::Ed25519([0; 32]),
			flow,
			nameplate: capacity,
			node: None,
			retired: false,
		};
		world.meters.insert(meter_of(miner), meter);
		miner
	})
}

pub fn meter_of(miner: MinerId) -> MeterId {
	1_000 + miner
}

/// A standard miner that takes part.
pub fn roof(owner: AccountId) -> MinerId {
	let miner = register(owner, MinerKind::Standard, Flow::Generation, ROOF);
	Rewards::enroll(signed(owner), miner, meter_of(miner)).unwrap();
	miner
}

/// A consumer that takes part.
pub fn consumer(owner: AccountId) -> MinerId {
	let miner = register(owner, MinerKind::Consumer, Flow::Consumption, ROOF);
	Rewards::enroll(signed(owner), miner, meter_of(miner)).unwrap();
	miner
}

/// A storage node that takes part.
pub fn storage_node(owner: AccountId) -> MinerId {
	let miner = register(owner, MinerKind::Storage, Flow::Discharge, ROOF);
	Rewards::enroll(signed(owner), miner, meter_of(miner)).unwrap();
	miner
}

/// A plant, not listed.
pub fn plant(owner: AccountId) -> MinerId {
	register(owner, MinerKind::Plant, Flow::Generation, PLANT)
}

/// A plant of `owner` that sells units at `PRICE`. Returns the plant and its listing.
pub fn listed(owner: AccountId) -> (MinerId, ListingId) {
	let miner = plant(owner);
	let listing = NextListingId::<Test>::get();
	Rewards::list_plant(signed(owner), miner, meter_of(miner), PRICE).unwrap();
	(miner, listing)
}

pub fn buy(who: AccountId, listing: ListingId, units: u32) -> PositionId {
	let position = NextPositionId::<Test>::get();
	Rewards::buy_units(signed(who), listing, units, Balance::MAX).unwrap();
	position
}

/// A meter measures `energy` mWh in one interval.
pub fn measure(meter: MeterId, interval: Interval, energy: u32) {
	world(|world| {
		let readings = world.readings.entry(meter).or_insert_with(|| Readings {
			first: interval.saturating_sub(1),
			last: interval.saturating_sub(1),
			quarantined: false,
			ring: [None; 96],
			days: [(0, 0); 10],
		});
		assert!(interval > readings.last, "readings come in order");
		for step in (readings.last + 1..=interval).rev().take(96) {
			readings.ring[step as usize % 96] = None;
		}
		let (old, new) = (readings.last / INTERVALS_PER_DAY, interval / INTERVALS_PER_DAY);
		for day in (old + 1..=new).rev().take(10) {
			readings.days[day as usize % 10] = (0, 0);
		}
		readings.ring[interval as usize % 96] = Some(energy);
		let of_day = &mut readings.days[new as usize % 10];
		*of_day = (of_day.0 + u64::from(energy), of_day.1 + 1);
		readings.last = interval;
	});
}

/// A miner's meter measures a day: `energy` mWh between six and six, evenly but for noon, which takes what is left, and
/// nothing at night. All 96 intervals.
pub fn sun(miner: MinerId, day: Day, energy: u64) {
	let (each, rest) = ((energy / 48) as u32, (energy % 48) as u32);
	for place in 0..INTERVALS_PER_DAY {
		let of_interval = match place {
			48 => each + rest,
			24..72 => each,
			_ => 0,
		};
		measure(meter_of(miner), day * INTERVALS_PER_DAY + place, of_interval);
	}
}

/// What an upheld challenge leaves of a miner's readings: how often it reported.
pub fn void(miner: MinerId) {
	world(|world| {
		let readings = world.readings.get_mut(&meter_of(miner)).unwrap();
		readings.ring = [None; 96];
		readings.days.iter_mut().for_each(|(energy, _)| *energy = 0);
	});
}

/// The same on each of these days.
pub fn suns(miners: &[MinerId], days: Range<Day>, energy: u64) {
	for day in days {
		for miner in miners {
			sun(*miner, day, energy);
		}
	}
}

/// Records these miners as the bot does. Returns how many days it were.
pub fn record(miners: &[MinerId]) -> u32 {
	System::reset_events();
	Rewards::record(signed(BOT), miners.to_vec().try_into().unwrap()).unwrap();
	System::events()
		.into_iter()
		.find_map(|record| match record.event {
			RuntimeEvent::Rewards(Event::Recorded { days, .. }) => Some(days),
			_ => None,
		})
		.unwrap_or_default()
}

/// Advances these plants as the bot does. Returns how many days were rolled and settled.
pub fn advance(listings: &[ListingId]) -> (u32, u32) {
	System::reset_events();
	Rewards::advance_plants(signed(BOT), listings.to_vec().try_into().unwrap()).unwrap();
	System::events()
		.into_iter()
		.find_map(|record| match record.event {
			RuntimeEvent::Rewards(Event::PlantsAdvanced { rolled, settled, .. }) => {
				Some((rolled, settled))
			}
			_ => None,
		})
		.unwrap_or_default()
}

/// The weight that is recorded and not collected of a miner's day.
pub fn recorded(miner: MinerId, day: Day) -> Option<RewardWeight> {
	let open = Rewards::enrolment(miner)?.open;
	open.iter().find(|(recorded, _)| *recorded == day).map(|(_, weight)| *weight)
}

/// What somebody got by a call that succeeds.
pub fn gain(who: AccountId, call: impl FnOnce() -> DispatchResult) -> Balance {
	let before = Balances::free_balance(who);
	call().expect("the call succeeds");
	Balances::free_balance(who) - before
}
