//! A runtime in which everything is real but the votes: miners, signed readings, balances. Who admits, rules and sets areas
//! is root.

use crate as pallet_slot_auction;
use crate::*;
use frame_support::{
	derive_impl, parameter_types, traits::AsEnsureOriginWithArg, weights::constants::RocksDbWeight,
};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{Flow, MinerId, MinerKind},
	reading::{possession_payload, Quality, Reading, SignedReading},
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
/// Owns another one.
pub const PETER: AccountId = AccountId::new([2; 32]);
/// Owns a battery.
pub const NORA: AccountId = AccountId::new([3; 32]);
/// Consumes.
pub const KONRAD: AccountId = AccountId::new([4; 32]);
/// Consumes as well.
pub const CAROL: AccountId = AccountId::new([5; 32]);
/// Runs the wires of the valley.
pub const VERA: AccountId = AccountId::new([6; 32]);
/// Clears, collects and settles, and has no interest in it.
pub const BOT: AccountId = AccountId::new([7; 32]);
/// Submits everybody's readings.
pub const AGENT: AccountId = AccountId::new([8; 32]);
/// Challenges meters.
pub const WANDA: AccountId = AccountId::new([9; 32]);
/// Has nothing.
pub const PAUPER: AccountId = AccountId::new([10; 32]);
/// Gets the fees.
pub const TREASURY: AccountId = AccountId::new([11; 32]);
/// Gets what is slashed.
pub const PENALTIES: AccountId = AccountId::new([12; 32]);

/// Everybody who can have money.
pub const PEOPLE: [AccountId; 12] =
	[OLGA, PETER, NORA, KONRAD, CAROL, VERA, BOT, AGENT, WANDA, PAUPER, TREASURY, PENALTIES];

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One kWh, in mWh.
pub const KWH: Energy = 1_000_000;
/// A DECA for each kWh, as a price.
pub const DECA_PER_KWH: Price = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 10_000 * DECA;
/// The nameplate of every meter, in W: 2.75 kWh at most in an interval.
pub const NAMEPLATE: u32 = 10_000;
/// The interval in which tests begin: the start of a day.
pub const START: Interval = 2_000_064;
/// The interval that tests trade: two hours later.
pub const SLOT: Interval = START + 8;
/// The area that everybody lives in.
pub const VALLEY: &[u8] = b"10YDE-VE-------2";
/// A grid fee of 0.060 DECA per kWh.
pub const GRID_FEE: Price = 60_000;
/// 0.250 DECA per kWh that is not delivered.
pub const IMBALANCE: Price = 250_000;
/// 0.020 DECA per kWh that is not drawn.
pub const UNDRAWN: Price = 20_000;

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
	pub type SlotAuction = pallet_slot_auction;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
	type DbWeight = RocksDbWeight;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

parameter_types! {
	pub const ExistentialDeposit: Balance = DECA / 1_000;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
	type MaxFreezes = ConstU32<1>;
}

parameter_types! {
	/// As in the runtime: nobody may do any of these.
	pub NftFeatures: pallet_nfts::PalletFeatures = pallet_nfts::PalletFeatures::from_disabled(
		pallet_nfts::PalletFeature::Trading
			| pallet_nfts::PalletFeature::Attributes
			| pallet_nfts::PalletFeature::Approvals
			| pallet_nfts::PalletFeature::Swaps
	);
	pub const Nothing: Balance = 0;
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
	pub const PenaltyAccount: AccountId = PENALTIES;
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

parameter_types! {
	/// Storage values, so that a test can change them as governance would.
	pub storage SlotFee: Permill = Permill::from_parts(2_500);
	pub storage GateOpening: Interval = 192;
	pub storage GateClosure: Interval = 1;
	pub storage Grace: Interval = 8;
	pub storage MinimumEnergy: Energy = 10_000;
	pub storage FeeDestination: AccountId = TREASURY;
	pub const SlotPalletId: PalletId = PalletId(*b"hlg/slot");
	pub CurrentInterval: Interval = Metering::current_interval();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Reports = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type MarketOrigin = EnsureRoot<AccountId>;
	type FeeDestination = FeeDestination;
	type SlotFee = SlotFee;
	type GateOpening = GateOpening;
	type GateClosure = GateClosure;
	type Grace = Grace;
	type MinimumEnergy = MinimumEnergy;
	type PalletId = SlotPalletId;
	type MaxOrders = ConstU32<4>;
	type MaxBatch = ConstU32<16>;
	type WeightInfo = Counted;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// Weights that tell what was counted.
pub struct Counted;

impl WeightInfo for Counted {
	fn set_area() -> Weight {
		Weight::zero()
	}
	fn place() -> Weight {
		Weight::zero()
	}
	fn cancel() -> Weight {
		Weight::zero()
	}
	fn clear() -> Weight {
		Weight::from_parts(1_000_000_000_000, 1_000)
	}
	fn collect(n: u32) -> Weight {
		Weight::from_parts(10_000_000_000, 10).saturating_mul(n.into())
	}
	fn settle(n: u32) -> Weight {
		Weight::from_parts(20_000_000_000, 20).saturating_mul(n.into())
	}
}

/// What it weighs to read so many entries.
pub fn reads(n: u64) -> Weight {
	RocksDbWeight::get().reads(n)
}

/// Registers miners for benchmarks, as the runtime does.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registry;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		let number = pallet_miners::NextMeterId::<Test>::get();
		let mut key = [0xbb; 32];
		key[..4].copy_from_slice(&number.to_le_bytes());
		let meter =
			Miners::register_for_benchmark(owner, &AGENT, MeterKey::Ed25519(key), NAMEPLATE);
		let miner = pallet_miners::Meters::<Test>::mutate(meter, |info| {
			let info = info.as_mut().expect("registered");
			(info.flow, info.node) = (flow, None);
			info.miner
		});
		pallet_miners::Miners::<Test>::mutate(miner, |miner| {
			miner.as_mut().expect("registered").kind = kind;
		});
		(miner, meter)
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

pub fn valley() -> AreaCode {
	VALLEY.to_vec().try_into().unwrap()
}

pub fn rules() -> Area<AccountId> {
	Area { grid_fee: GRID_FEE, operator: VERA, imbalance: IMBALANCE, undrawn: UNDRAWN, open: true }
}

/// A chain at the beginning of interval `START`, with people who have `ENDOWMENT`, and one area.
pub fn build() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let people = [OLGA, PETER, NORA, KONRAD, CAROL, AGENT, WANDA].map(|who| (who, ENDOWMENT));
	let others = [VERA, BOT, TREASURY, PENALTIES].map(|who| (who, DECA));
	pallet_balances::GenesisConfig::<Test> {
		balances: people.into_iter().chain(others).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	pallet_slot_auction::GenesisConfig::<Test> { areas: vec![(VALLEY.to_vec(), rules())] }
		.assimilate_storage(&mut storage)
		.unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		go_to(START);
	});
	ext
}

/// Runs a test and checks the invariants of all pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	build().execute_with(|| {
		test();
		check_invariants();
	});
}

/// The rules of the pallets, and what can be said when all of them are seen.
pub fn check_invariants() {
	Miners::do_try_state().expect("the invariants of miners hold");
	Metering::do_try_state().expect("the invariants of metering hold");
	SlotAuction::do_try_state().expect("the invariants of the slot auction hold");
	let escrow = Auctions::<Test>::iter_values()
		.filter_map(|auction| auction.cleared)
		.map(|cleared| cleared.escrow)
		.sum::<Balance>();
	assert_eq!(
		Balances::total_balance(&SlotAuction::escrow_account()),
		escrow + Kept::<Test>::get() + ExistentialDeposit::get(),
		"the escrow is not what the auctions say"
	);
	for who in PEOPLE {
		if Stands::<Test>::iter_key_prefix(&who).next().is_none() {
			assert_eq!(held(&who), 0, "{who:?} has no orders, and something is held");
		}
	}
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * pallet_metering::IntervalMillis::<Test>::get());
}

pub fn now() -> Interval {
	CurrentInterval::get()
}

/// What is held of somebody for orders, on both sides.
pub fn held(who: &AccountId) -> Balance {
	[HoldReason::Bid, HoldReason::Bond]
		.map(|reason| {
			<Balances as fungible::InspectHold<AccountId>>::balance_on_hold(&reason.into(), who)
		})
		.iter()
		.sum()
}

/// What somebody can spend.
pub fn free(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

/// The device of a meter, whose number it has: the helpers here number them so.
pub fn device(meter: MeterId) -> ed25519::Pair {
	let mut seed = [0; 32];
	seed[..4].copy_from_slice(&meter.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

fn meter_of_device(number: u32, flow: Flow, owner: &AccountId) -> pallet_miners::MeterApplication {
	let pair = device(number);
	pallet_miners::MeterApplication {
		key: MeterKey::Ed25519(pair.public().0),
		flow,
		nameplate: NAMEPLATE,
		possession: pair.sign(&possession_payload(&Miners::genesis_hash(), owner)).0,
	}
}

/// Admits a miner of `owner` in this area with meters of these flows, operated by `AGENT`. Returns it and its meters.
pub fn admit_in(
	area: &[u8],
	owner: &AccountId,
	kind: MinerKind,
	flows: &[Flow],
) -> (MinerId, Vec<MeterId>) {
	let first = pallet_miners::NextMeterId::<Test>::get();
	let ids = (first..).take(flows.len()).collect::<Vec<_>>();
	let meters = ids
		.iter()
		.zip(flows)
		.map(|(id, flow)| meter_of_device(*id, *flow, owner))
		.collect::<Vec<_>>();
	let profile = pallet_miners::Profile {
		source: pallet_miners::Source::Solar,
		method: pallet_miners::CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: area.to_vec().try_into().unwrap(),
		commissioned: 19_000,
	};
	let application = pallet_miners::NextApplicationId::<Test>::get();
	let miner = pallet_miners::NextMinerId::<Test>::get();
	Miners::apply(signed(owner), kind, profile, meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	Miners::add_operator(signed(owner), miner, AGENT).unwrap();
	(miner, ids)
}

/// A miner of `owner` with one meter of this flow, in the valley. Returns its meter.
pub fn metered(owner: &AccountId, flow: Flow) -> MeterId {
	let kind = match flow {
		Flow::Charge | Flow::Discharge => MinerKind::Storage,
		Flow::Import | Flow::Consumption => MinerKind::Consumer,
		Flow::Export | Flow::Generation => MinerKind::Standard,
	};
	admit_in(VALLEY, owner, kind, &[flow]).1[0]
}

/// The grid meter of somebody who sells.
pub fn roof(owner: &AccountId) -> MeterId {
	metered(owner, Flow::Export)
}

/// The grid meter of somebody who buys.
pub fn home(owner: &AccountId) -> MeterId {
	metered(owner, Flow::Import)
}

/// The miner of a meter.
pub fn miner_of(meter: MeterId) -> MinerId {
	pallet_miners::Meters::<Test>::get(meter).unwrap().miner
}

/// What `meter`'s device says.
pub fn submit(meter: MeterId, interval: Interval, register: u64) {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&Miners::genesis_hash())).0;
	let batch = vec![SignedReading { reading, signature }];
	let before = System::events().len();
	Metering::submit_readings(signed(&AGENT), batch.try_into().unwrap()).unwrap();
	for record in System::events().into_iter().skip(before) {
		if let RuntimeEvent::Metering(event @ pallet_metering::Event::ReadingRefused { .. }) =
			record.event
		{
			panic!("{event:?}");
		}
	}
}

/// `meter` measures `energy` mWh in `interval`, which is over, and of which it has said nothing yet.
pub fn measure(meter: MeterId, interval: Interval, energy: Energy) {
	let register = match Metering::meter_state(meter) {
		Some(state) if state.last_interval + 1 == interval => state.register,
		Some(state) => {
			// Not measured: it only says where the register stood before the interval.
			submit(meter, interval - 1, state.register);
			state.register
		}
		None => {
			submit(meter, interval - 1, 0);
			0
		}
	};
	submit(meter, interval, register + energy);
}

/// Somebody bids. Returns the order.
pub fn bid(who: &AccountId, meter: MeterId, limit: Price, energy: Energy) -> OrderId {
	place(who, meter, SLOT, Side::Buy, limit, energy)
}

/// Somebody offers. Returns the order.
pub fn offer(who: &AccountId, meter: MeterId, limit: Price, energy: Energy) -> OrderId {
	place(who, meter, SLOT, Side::Sell, limit, energy)
}

pub fn place(
	who: &AccountId,
	meter: MeterId,
	interval: Interval,
	side: Side,
	limit: Price,
	energy: Energy,
) -> OrderId {
	SlotAuction::place(signed(who), meter, interval, side, limit, energy).unwrap();
	System::events()
		.into_iter()
		.rev()
		.find_map(|record| match record.event {
			RuntimeEvent::SlotAuction(Event::Placed { order, .. }) => Some(order),
			_ => None,
		})
		.unwrap()
}

/// The auction that tests trade in.
pub fn slot() -> AuctionId {
	AuctionId { area: 0, interval: SLOT }
}

pub fn batch(numbers: &[u32]) -> BoundedVec<u32, ConstU32<16>> {
	numbers.to_vec().try_into().unwrap()
}

/// The numbers of all orders of an auction.
pub fn numbers(id: AuctionId) -> Vec<u32> {
	let mut numbers = Orders::<Test>::iter_key_prefix(id).collect::<Vec<_>>();
	numbers.sort();
	numbers
}

/// The gate of an auction closes, and the bot collects all its orders.
pub fn collect_all(id: AuctionId) {
	if let Some(auction) = Auctions::<Test>::get(id) {
		if now() < auction.terms.closes {
			go_to(auction.terms.closes);
		}
	}
	for some in numbers(id).chunks(16) {
		SlotAuction::collect(signed(&BOT), id, batch(some)).unwrap();
	}
}

/// The grace of an auction ends, and the bot settles all its orders.
pub fn settle_all(id: AuctionId) {
	let auction = Auctions::<Test>::get(id).unwrap();
	if now() < auction.terms.settles {
		go_to(auction.terms.settles);
	}
	// Offers come first, so that a second round settles what a first one could not.
	for _ in 0..2 {
		for some in numbers(id).chunks(16) {
			// Bids of a chunk that has no offers wait for the second round.
			if SlotAuction::settle(signed(&BOT), id, batch(some)).is_err() {
				continue;
			}
		}
	}
	assert!(!Auctions::<Test>::contains_key(id), "all orders were named");
}

/// What an order got.
pub fn fill_of(order: OrderId) -> Energy {
	Orders::<Test>::get(order.auction, order.number).and_then(|order| order.fill).unwrap_or(0)
}

/// The events of this pallet since they were last reset.
pub fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::SlotAuction(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// The last event of this pallet.
pub fn last_event() -> Event<Test> {
	events().pop().expect("there is an event")
}
