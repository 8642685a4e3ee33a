//! A runtime in which everything is real but the votes: who admits and rules is root.

use crate as pallet_lots;
use crate::*;
use frame_support::{
	derive_impl,
	dispatch::PostDispatchInfo,
	parameter_types,
	traits::{fungible::InspectHold as _, AsEnsureOriginWithArg, ConstU64},
	PalletId,
};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, MinerId, Profile, Source},
	reading::{possession_payload, Quality, Reading, SignedReading},
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{AccountIdConversion, Dispatchable, IdentityLookup, Verify},
	AccountId32, BuildStorage, MultiSignature,
};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = AccountId32;

/// Owns a battery, and sells from it.
pub const NORA: AccountId = AccountId::new([1; 32]);
/// Owns a roof, and sells what it sends.
pub const OLGA: AccountId = AccountId::new([2; 32]);
/// Buy.
pub const PETER: AccountId = AccountId::new([3; 32]);
pub const CAROL: AccountId = AccountId::new([4; 32]);
pub const DAVE: AccountId = AccountId::new([5; 32]);
/// Submits everybody's readings.
pub const AGENT: AccountId = AccountId::new([6; 32]);
/// Challenges, and calls what anyone may.
pub const WANDA: AccountId = AccountId::new([7; 32]);
/// Has nothing.
pub const PAUPER: AccountId = AccountId::new([8; 32]);
pub const TREASURY: AccountId = AccountId::new([9; 32]);
/// Gets what is slashed.
pub const PENALTIES: AccountId = AccountId::new([10; 32]);

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One kWh in mWh.
pub const KWH: Energy = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 10_000 * DECA;
/// What an account needs to exist.
pub const MINIMUM: Balance = DECA / 1_000;
/// The nameplate of every meter, in W: 275 kWh at most in an interval.
pub const NAMEPLATE: u32 = 1_000_000;
/// The interval in which tests begin: the start of a day.
pub const START: Interval = 2_000_064;
/// A tenth of a DECA per kWh.
pub const TENTH: Price = 100_000;

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
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(5)]
	pub type Metering = pallet_metering;
	#[runtime::pallet_index(6)]
	pub type LotAuctions = pallet_lots;
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
	pub const ExistentialDeposit: Balance = MINIMUM;
	pub const Nothing: Balance = 0;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

parameter_types! {
	pub storage LotFee: Permill = Permill::from_percent(1);
	pub storage MinRaise: Permill = Permill::from_percent(1);
	pub storage MinimumEnergy: Energy = KWH / 10;
	pub storage MaxDuration: Interval = 672;
	pub storage ExtendWithin: Interval = 1;
	pub storage DrawWindow: Interval = 672;
	pub storage Grace: Interval = 8;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const PenaltyAccount: AccountId = PENALTIES;
	pub CurrentInterval: Interval = Metering::current_interval();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Reports = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type FeeDestination = TreasuryAccount;
	type Fee = LotFee;
	type MinRaise = MinRaise;
	type MinimumEnergy = MinimumEnergy;
	type MaxDuration = MaxDuration;
	type ExtendWithin = ExtendWithin;
	type DrawWindow = DrawWindow;
	type Grace = Grace;
	type PriceTick = ConstU64<1_000>;
	type MaxExtensions = ConstU32<3>;
	type MaxLots = ConstU32<3>;
	type WeightInfo = Weights;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// Weights that tell the calls apart.
pub struct Weights;

impl WeightInfo for Weights {
	fn list() -> Weight {
		Weight::from_parts(10, 10)
	}
	fn bid() -> Weight {
		Weight::from_parts(20, 20)
	}
	fn close_auction() -> Weight {
		Weight::from_parts(40, 30)
	}
	fn cancel_listing() -> Weight {
		Weight::from_parts(35, 25)
	}
	fn draw() -> Weight {
		Weight::from_parts(100, 100)
	}
	fn close_connection() -> Weight {
		Weight::from_parts(30, 40)
	}
}

/// Registers miners for benchmarks, as the runtime does.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registry;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		let number = pallet_miners::NextMeterId::<Test>::get();
		let key = MeterKey::Ed25519(device(number).public().0);
		let meter = Miners::register_for_benchmark(owner, &AGENT, key, NAMEPLATE);
		let miner = pallet_miners::Meters::<Test>::mutate(meter, |info| {
			let info = info.as_mut().expect("it was just registered");
			(info.flow, info.node) = (flow, None);
			info.miner
		});
		pallet_miners::Miners::<Test>::mutate(miner, |entry| {
			entry.as_mut().expect("it was just registered").kind = kind;
		});
		(miner, meter)
	}

	fn go_to(interval: Interval) {
		pallet_timestamp::Now::<Test>::put(moment(interval));
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
	type MaxDeadlineDuration = ConstU64<100>;
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

/// A chain at the beginning of interval `START`, with people who have `ENDOWMENT`.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let people = [NORA, OLGA, PETER, CAROL, DAVE, AGENT, WANDA].map(|who| (who, ENDOWMENT));
	let funds = [(TREASURY, DECA), (PENALTIES, DECA)];
	pallet_balances::GenesisConfig::<Test> {
		balances: people.into_iter().chain(funds).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
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
	LotAuctions::do_try_state().expect("the invariants of lots hold");
	for who in frame_system::Account::<Test>::iter_keys() {
		let needed = Lots::<Test>::iter_values()
			.filter(|lot| lot.bid().is_some_and(|bid| bid.bidder == who))
			.map(|lot| lot.held())
			.sum::<Balance>();
		assert_eq!(held(&who), needed, "what is held of {who:?} is not what its lots can cost");
	}
	let booked = pallet_metering::Uses::<Test>::iter()
		.filter(|(_, (purpose, _))| *purpose == MeterUse::Lot)
		.count();
	assert_eq!(booked, MeterLots::<Test>::iter_keys().count(), "a meter is booked for no lot");
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Sends a call as an extrinsic would be: one that fails changes nothing.
pub fn send(who: &AccountId, call: Call<Test>) -> DispatchResult {
	outcome(who, call).map(|_| ())
}

/// As [`send`]. What the call weighed and cost.
pub fn outcome(who: &AccountId, call: Call<Test>) -> Result<PostDispatchInfo, DispatchError> {
	RuntimeCall::from(call).dispatch(signed(who)).map_err(|failed| failed.error)
}

/// As [`send`]. Whether the fee is returned.
pub fn is_free(who: &AccountId, call: Call<Test>) -> Result<bool, DispatchError> {
	outcome(who, call).map(|info| info.pays_fee == Pays::No)
}

pub fn list(
	who: &AccountId,
	meter: MeterId,
	energy: Energy,
	start_price: Price,
	closes: Interval,
) -> DispatchResult {
	send(who, Call::list { meter, energy, start_price, closes })
}

pub fn bid(who: &AccountId, lot: LotId, price: Price, meter: MeterId) -> DispatchResult {
	send(who, Call::bid { lot, price, meter })
}

pub fn close_auction(lot: LotId) -> DispatchResult {
	send(&WANDA, Call::close_auction { lot })
}

pub fn cancel(who: &AccountId, lot: LotId) -> DispatchResult {
	send(who, Call::cancel_listing { lot })
}

pub fn draw(lot: LotId) -> DispatchResult {
	send(&WANDA, Call::draw { lot })
}

pub fn close(who: &AccountId, lot: LotId) -> DispatchResult {
	send(who, Call::close_connection { lot })
}

pub fn expire(lot: LotId) -> DispatchResult {
	send(&WANDA, Call::expire { lot })
}

/// The moment with which an interval begins.
pub fn moment(interval: Interval) -> u64 {
	u64::from(interval) * pallet_metering::IntervalMillis::<Test>::get()
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(moment(interval));
}

/// The interval that runs.
pub fn now() -> Interval {
	Metering::current_interval()
}

/// Lets time pass in which nobody reports.
pub fn pass(intervals: Interval) {
	go_to(now() + intervals);
}

/// The device of a meter, whose number it has: the helpers here number them so.
pub fn device(meter: MeterId) -> ed25519::Pair {
	let mut seed = [0; 32];
	seed[..4].copy_from_slice(&meter.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

pub fn profile() -> Profile {
	Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: b"10YDE-VE-------2".to_vec().try_into().unwrap(),
		commissioned: 19_000,
	}
}

/// Admits a miner of `owner` with meters of these flows, operated by `AGENT`. Returns it and its meters.
pub fn admit(owner: &AccountId, kind: MinerKind, flows: &[Flow]) -> (MinerId, Vec<MeterId>) {
	let first = pallet_miners::NextMeterId::<Test>::get();
	let ids = (first..).take(flows.len()).collect::<Vec<_>>();
	let meters = ids
		.iter()
		.zip(flows)
		.map(|(id, flow)| {
			let pair = device(*id);
			let payload = possession_payload(&Miners::genesis_hash(), owner);
			pallet_miners::MeterApplication {
				key: MeterKey::Ed25519(pair.public().0),
				flow: *flow,
				nameplate: NAMEPLATE,
				possession: pair.sign(&payload).0,
			}
		})
		.collect::<Vec<_>>();
	let application = pallet_miners::NextApplicationId::<Test>::get();
	let miner = pallet_miners::NextMinerId::<Test>::get();
	Miners::apply(signed(owner), kind, profile(), meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	Miners::add_operator(signed(owner), miner, AGENT).unwrap();
	(miner, ids)
}

/// Nora's battery, by its meter of discharge.
pub fn battery() -> MeterId {
	admit(&NORA, MinerKind::Storage, &[Flow::Discharge, Flow::Charge]).1[0]
}

/// A house of `owner`, by its meter of import.
pub fn house(owner: &AccountId) -> MeterId {
	admit(owner, MinerKind::Consumer, &[Flow::Import]).1[0]
}

pub fn miner_of(meter: MeterId) -> MinerId {
	Miners::meter(meter).expect("it is registered").miner
}

/// The reading of `meter`'s device.
pub fn reading(meter: MeterId, interval: Interval, register: u64) -> SignedReading {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&Miners::genesis_hash())).0;
	SignedReading { reading, signature }
}

/// Submits readings. Returns how many were refused.
pub fn submit(readings: Vec<SignedReading>) -> usize {
	let before = refused();
	Metering::submit_readings(signed(&AGENT), readings.try_into().unwrap()).unwrap();
	refused() - before
}

fn refused() -> usize {
	let is_refusal = |event: &RuntimeEvent| {
		matches!(event, RuntimeEvent::Metering(pallet_metering::Event::ReadingRefused { .. }))
	};
	System::events().iter().filter(|record| is_refusal(&record.event)).count()
}

/// What the register of a meter shows.
pub fn register(meter: MeterId) -> u64 {
	Metering::meter_state(meter).map_or(0, |state| state.register)
}

/// Lets a meter report its register at the end of the interval before this one, unless it has: what it measures next is the
/// energy of one interval.
pub fn catch_up(meter: MeterId) {
	let last = Metering::meter_state(meter).map(|state| state.last_interval);
	if last.is_none_or(|last| last + 1 < now()) {
		assert_eq!(submit(vec![reading(meter, now() - 1, register(meter))]), 0);
	}
}

/// The interval that runs passes. These meters measure this energy in it, in mWh, and report it at once.
pub fn flow(energies: &[(MeterId, Energy)]) {
	energies.iter().for_each(|(meter, _)| catch_up(*meter));
	let interval = now();
	pass(1);
	let readings = energies
		.iter()
		.map(|(meter, energy)| reading(*meter, interval, register(*meter) + energy))
		.collect();
	assert_eq!(submit(readings), 0);
}

/// Carol's friend says that something is wrong with a meter.
pub fn challenge(meter: MeterId) {
	let evidence = b"it hums at night".to_vec().try_into().unwrap();
	Metering::challenge(signed(&WANDA), meter, evidence).unwrap();
}

pub fn suspend(meter: MeterId) {
	let reason = b"a wire is loose".to_vec().try_into().unwrap();
	Miners::suspend(RuntimeOrigin::root(), miner_of(meter), reason).unwrap();
}

pub fn revoke(meter: MeterId) {
	let reason = b"it is gone".to_vec().try_into().unwrap();
	Miners::revoke(RuntimeOrigin::root(), miner_of(meter), reason, false).unwrap();
}

/// Nora lists so much of her battery at a tenth of a DECA per kWh, for an hour. Returns the lot and the meter.
pub fn listed(energy: Energy) -> (LotId, MeterId) {
	let (lot, meter) = (NextLotId::<Test>::get(), battery());
	list(&NORA, meter, energy, TENTH, now() + 4).unwrap();
	(lot, meter)
}

/// Dave wins such a lot at this price, and it is his turn to draw. Returns the lot and both meters.
pub fn connected(energy: Energy, price: Price) -> (LotId, MeterId, MeterId) {
	let (lot, seller) = listed(energy);
	let winner = house(&DAVE);
	bid(&DAVE, lot, price, winner).unwrap();
	pass(4);
	close_auction(lot).unwrap();
	(lot, seller, winner)
}

/// A lot as it is stored.
pub fn entry(lot: LotId) -> LotOf<Test> {
	Lots::<Test>::get(lot).expect("it has not ended")
}

/// The connection of a lot as it is stored.
pub fn connection(lot: LotId) -> ConnectionOf<Test> {
	match entry(lot).phase {
		Phase::Connection(connection) => connection,
		Phase::Auction(auction) => panic!("it is not connected: {auction:?}"),
	}
}

/// The auction of a lot as it is stored.
pub fn auction(lot: LotId) -> Auction<AccountId> {
	match entry(lot).phase {
		Phase::Auction(auction) => auction,
		Phase::Connection(connection) => panic!("it is over: {connection:?}"),
	}
}

/// Free DECA.
pub fn deca(who: &AccountId) -> Balance {
	Balances::balance(who)
}

/// What is held for bids.
pub fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Bid.into(), who)
}

/// What a meter is booked for.
pub fn booked(meter: MeterId) -> Option<(MeterUse, u32)> {
	<Metering as MeterUses>::booked(meter)
}

/// The events of this pallet since they were last reset.
pub fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::LotAuctions(event) => Some(event),
			_ => None,
		})
		.collect()
}
