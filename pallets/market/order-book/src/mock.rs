//! A runtime with the real balances, assets, holds and clock.

use crate as pallet_order_book;
use crate::*;
use frame_support::{
	derive_impl, parameter_types,
	traits::{AsEnsureOriginWithArg, ConstU64, LockableCurrency, WithdrawReasons},
	weights::RuntimeDbWeight,
};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::units::{interval_at, INTERVAL_MILLIS};
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = AccountId32;

/// Has a roof, and sells.
pub const OLGA: AccountId = AccountId::new([1; 32]);
/// Has a roof, too.
pub const PETER: AccountId = AccountId::new([2; 32]);
/// Has none, and buys.
pub const CAROL: AccountId = AccountId::new([3; 32]);
/// Buys, too.
pub const DAVE: AccountId = AccountId::new([4; 32]);
/// Runs a bot that removes what expired.
pub const BOT: AccountId = AccountId::new([5; 32]);
/// Has KWH, and no DECA.
pub const PAUPER: AccountId = AccountId::new([6; 32]);
/// Gets the fees.
pub const FEES: AccountId = AccountId::new([7; 32]);
/// Could freeze and block the energy token.
pub const GUARD: AccountId = AccountId::new([8; 32]);
/// Everybody who has DECA at first.
pub const TRADERS: [AccountId; 5] = [OLGA, PETER, CAROL, DAVE, BOT];

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One KWH, which is a kWh.
pub const KWH: Energy = 1_000_000;
/// One kWh, as the balance of a token.
pub const KWH_TOKEN: Balance = KWH as Balance;
/// A hundredth of a DECA for a kWh.
pub const CENT: Price = 10_000;
/// What each trader has at first, in DECA.
pub const ENDOWMENT: Balance = 10_000 * DECA;
/// What each trader and the pauper have at first, in mWh.
pub const STORE: Balance = 1_000 * KWH_TOKEN;
pub const KWH_ID: u32 = 1;
/// What a read weighs.
pub const READ: u64 = 100;
/// How long an order can be in the book: a day.
pub const LIFETIME: Interval = 96;
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
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(4)]
	pub type AssetsHolder = pallet_assets_holder;
	#[runtime::pallet_index(5)]
	pub type OrderBook = pallet_order_book;
}

parameter_types! {
	pub const DbWeight: RuntimeDbWeight = RuntimeDbWeight { read: READ, write: 10 * READ };
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type DbWeight = DbWeight;
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
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
}

parameter_types! {
	pub const Nothing: Balance = 0;
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
	type Holder = AssetsHolder;
	type Freezer = ();
	type Extra = ();
	type WeightInfo = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	pallet_assets::runtime_benchmarks_enabled! {
		type BenchmarkHelper = ();
	}
}

impl pallet_assets_holder::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
	pub CurrentInterval: Interval = interval_at(Timestamp::get(), INTERVAL_MILLIS);
	/// 0.3 %.
	pub storage TakerFee: Permill = Permill::from_parts(3_000);
	/// 0.1 %.
	pub storage MakerFee: Permill = Permill::from_parts(1_000);
	pub storage FeeDestination: AccountId = FEES;
	/// A tenth of a kWh.
	pub storage MinimumEnergy: Energy = KWH / 10;
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = AssetsHolder;
	type KwhId = ConstU32<KWH_ID>;
	type CurrentInterval = CurrentInterval;
	type TakerFee = TakerFee;
	type MakerFee = MakerFee;
	type FeeDestination = FeeDestination;
	type MinimumEnergy = MinimumEnergy;
	type TickSize = ConstU64<100>;
	type LotSize = ConstU64<1_000>;
	type MaxOrders = ConstU32<8>;
	type MaxFills = ConstU32<16>;
	type MaxLifetime = ConstU32<LIFETIME>;
	type MaxBatch = ConstU32<8>;
	type WeightInfo = Counted;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Clock;
}

/// Moves the clock for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub struct Clock;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper for Clock {
	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

/// Weights that tell what they are for: a thousand for each call, and one for each order.
pub struct Counted;

impl WeightInfo for Counted {
	fn place_buy(n: u32) -> Weight {
		Weight::from_parts(1_000 + u64::from(n), 0)
	}
	fn place_sell(n: u32) -> Weight {
		Weight::from_parts(2_000 + u64::from(n), 0)
	}
	fn cancel_order() -> Weight {
		Weight::from_parts(10_000, 0)
	}
	fn cancel_all(n: u32) -> Weight {
		Weight::from_parts(20_000 + u64::from(n), 0)
	}
	fn reduce_order() -> Weight {
		Weight::from_parts(3_000, 0)
	}
	fn prune(n: u32) -> Weight {
		Weight::from_parts(40_000 + u64::from(n), 0)
	}
	fn reclaim() -> Weight {
		Weight::from_parts(50_000, 0)
	}
}

/// A chain in interval `START`, on which all traders have DECA and KWH.
pub struct ExtBuilder;

impl ExtBuilder {
	pub fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		let people = TRADERS.map(|who| (who, ENDOWMENT));
		pallet_balances::GenesisConfig::<Test> {
			balances: people.into_iter().chain([(FEES, DECA), (GUARD, DECA)]).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assets::GenesisConfig::<Test> {
			assets: vec![(KWH_ID, GUARD, true, 1)],
			metadata: vec![(KWH_ID, b"Heliograph kilowatt-hour".to_vec(), b"KWH".to_vec(), 6)],
			accounts: TRADERS.into_iter().chain([PAUPER]).map(|who| (KWH_ID, who, STORE)).collect(),
			..Default::default()
		}
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
	pub fn execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check_invariants();
		});
	}
}

/// Runs a test and checks the invariants of all pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	ExtBuilder.execute(test);
}

/// The rules of the pallet, and what can be said when everything is seen: nobody holds anything for an order that is not,
/// and no DECA and no KWH was made or lost.
pub fn check_invariants() {
	OrderBook::do_try_state().expect("the invariants of the order book hold");
	for who in frame_system::Account::<Test>::iter_keys() {
		let mut needs =
			[Side::Buy, Side::Sell].map(|side| OrderBook::unreleased(who.clone(), side));
		for (_, order) in OrderBook::orders_of(who.clone()) {
			needs[order.side as usize] += OrderBook::held(&order);
		}
		assert_eq!([deca_held(&who), kwh_held(&who)], needs, "holds of {who:?}");
	}
	let deca = frame_system::Account::<Test>::iter_values()
		.map(|account| account.data.free + account.data.reserved)
		.sum::<Balance>();
	assert_eq!(deca, Balances::total_issuance(), "DECA was made or lost");
	let kwh = frame_system::Account::<Test>::iter_keys()
		.map(|who| Assets::balance(KWH_ID, &who) + kwh_held(&who))
		.sum::<Balance>();
	assert_eq!(kwh, Assets::total_supply(KWH_ID), "KWH was made or lost");
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * INTERVAL_MILLIS);
}

/// Locks all that an account will ever have, as a vote can: what is held cannot pay from now on.
pub fn lock(who: &AccountId) {
	let reasons = WithdrawReasons::all();
	<Balances as LockableCurrency<_>>::set_lock(*b"for vote", who, Balance::MAX, reasons);
}

/// Ends the lock.
pub fn unlock(who: &AccountId) {
	<Balances as LockableCurrency<_>>::remove_lock(*b"for vote", who);
}

/// Lets an account keep its KWH, and nothing of its DECA.
pub fn leave_deca(who: &AccountId) {
	Balances::transfer_all(signed(who), BOT, false).unwrap();
	assert_eq!(deca(who), 0);
}

/// What an order is placed with where a test says nothing else.
#[derive(Clone, Copy)]
pub struct Terms {
	pub kind: Kind,
	pub expires: Option<Interval>,
	pub self_trade: SelfTrade,
	pub max_fills: u32,
}

impl Default for Terms {
	fn default() -> Self {
		let self_trade = SelfTrade::CancelTaker;
		Self { kind: Kind::Gtc, expires: None, self_trade, max_fills: 16 }
	}
}

impl From<Kind> for Terms {
	fn from(kind: Kind) -> Self {
		Self { kind, ..Default::default() }
	}
}

/// Places an order, and returns the number that it got.
pub fn place(
	who: &AccountId,
	side: Side,
	price: Price,
	energy: Energy,
	terms: impl Into<Terms>,
) -> Result<OrderId, DispatchError> {
	let Terms { kind, expires, self_trade, max_fills } = terms.into();
	let order = Tops::<Test>::get().next;
	let origin = signed(who);
	OrderBook::place_order(origin, side, price, energy, kind, expires, self_trade, max_fills)
		.map(|_| order)
		.map_err(|failed| failed.error)
}

/// Places an order to buy that stays.
pub fn buy(who: &AccountId, price: Price, energy: Energy) -> OrderId {
	place(who, Side::Buy, price, energy, Terms::default()).unwrap()
}

/// Places an order to sell that stays.
pub fn sell(who: &AccountId, price: Price, energy: Energy) -> OrderId {
	place(who, Side::Sell, price, energy, Terms::default()).unwrap()
}

/// Amends an order, with as many steps as there may be. The energy is what it is for in all.
pub fn amend(
	who: &AccountId,
	order: OrderId,
	price: Price,
	energy: Energy,
) -> Result<(), DispatchError> {
	OrderBook::amend_order(signed(who), order, price, energy, 16)
		.map(drop)
		.map_err(|failed| failed.error)
}

/// Free DECA.
pub fn deca(who: &AccountId) -> Balance {
	Balances::free_balance(who)
}

/// Free KWH, in mWh.
pub fn kwh(who: &AccountId) -> Balance {
	Assets::balance(KWH_ID, who)
}

/// What orders to buy hold.
pub fn deca_held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Buy.into(), who)
}

/// What orders to sell hold.
pub fn kwh_held(who: &AccountId) -> Balance {
	<AssetsHolder as fungibles::InspectHold<_>>::balance_on_hold(
		KWH_ID,
		&HoldReason::Sell.into(),
		who,
	)
}

/// The trades since the events were last reset: maker, taker, price and energy.
pub fn fills() -> Vec<(OrderId, OrderId, Price, Energy)> {
	own_events()
		.into_iter()
		.filter_map(|event| match event {
			Event::Filled { maker, taker, price, energy, .. } => {
				Some((maker, taker, price, energy))
			}
			_ => None,
		})
		.collect()
}

/// The orders that were closed since the events were last reset: number, reason, and what was not traded.
pub fn closed() -> Vec<(OrderId, CloseReason, Energy)> {
	own_events()
		.into_iter()
		.filter_map(|event| match event {
			Event::OrderClosed { order, reason, energy, .. } => Some((order, reason, energy)),
			_ => None,
		})
		.collect()
}

/// The pallet's events since they were last reset.
pub fn own_events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::OrderBook(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// The prices and energies of a side, best first.
pub fn depth(side: Side) -> Vec<(Price, u128)> {
	OrderBook::depth(side, 100).into_iter().map(|level| (level.price, level.energy)).collect()
}

/// What is left of an order in the book.
pub fn left(order: OrderId) -> Energy {
	OrderBook::order(order).expect("it is in the book").energy
}
