//! # Order book: energy tokens against DECA
//!
//! Whoever has KWH and wants DECA, or the other way round, says at what price, and is served by whoever came before: the
//! best price first, and at one price the oldest order. What an order can owe is held before it is accepted, so a trade
//! never fails for lack of funds, and what is not used is released at once.
//!
//! ## Terminology
//!
//! - **Price**: base units of DECA for one mWh; 1,000,000 is 1 DECA per kWh. Prices are multiples of a *tick*, energies
//!   multiples of a *lot*, so an order never ends with a rest that nobody could take.
//! - **Order**: to buy or to sell up to so much energy, at no worse than its price. It *rests* in the book until it is
//!   filled, cancelled or expired.
//! - **Level**: the orders of one side at one price, in a queue.
//! - **Ladder**: the prices of one side that have a level, found by bits ([`ladder`]).
//! - **Maker, taker**: the order that rested, and the one that came. A trade is at the maker's price.
//! - **Fill**: a trade of two orders.
//! - **Step**: one order of the other side that a taker looks at: it is filled, or closed because it expired, is the taker's
//!   own, or cannot be settled. A call says how many steps it may take, pays for them first, and gets back what it did not
//!   take.
//! - **Crossed**: a book whose highest buyer offers what its lowest seller asks for. This one never is.
//! - **Fees**: of makers and of takers, governed. A buyer pays on top, a seller gets so much less. The rate of an order that
//!   rests is the one that was governed when it was placed.
//!
//! ## Scenarios
//!
//! ### 1. Olga sells, Carol buys
//! Olga calls [`place_order`](Pallet::place_order) to sell 10 kWh at 0.30 DECA; 10 KWH of hers are held. Carol wants 4 kWh
//! for up to 0.32: 1.28 DECA of hers are held, with the fee on it. She buys at 0.30, pays 1.20 DECA and the fee on that, and
//! the rest of what was held is hers again, all in the same call. Olga got 1.20 DECA less her fee; 6 KWH of hers still wait.
//!
//! ### 2. Carol buys all there is
//! At five prices up to 0.40 DECA there are 80 orders. Carol's order at 0.40 may take 64 steps, and is filled by the best 64.
//! It would cross the 16 that are left, so what is left of it goes back to her, and an event says so. She places another.
//!
//! ### 3. Olga thinks again
//! She makes her order smaller with [`amend_order`](Pallet::amend_order) and keeps her place in the queue. Then she wants
//! another price: the order leaves the book and comes anew, to the end of a queue, or into a trade. Each time she says for
//! how much the order is in all, so what somebody takes of it meanwhile is neither traded again nor counted twice.
//!
//! ### 4. Nobody came
//! Peter's order was good until Friday. On Saturday whoever meets it removes it on the way; or a bot does with
//! [`prune`](Pallet::prune), for which the fee is returned. What was held is Peter's again either way. Had he named no day,
//! it would have expired `MaxLifetime` intervals after he placed it: no order stays for good.
//!
//! ### 5. Peter votes with what he offered
//! Peter offers 100 DECA for energy, and then locks all that he has by a vote. When somebody sells, his DECA cannot move:
//! his order is closed, and the seller is served by the next one in the queue.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod arithmetic;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod filling;
mod invariants;
pub mod ladder;
#[cfg(test)]
mod mock;
mod money;
mod placing;
mod queue;
#[cfg(test)]
mod tests;
mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::{
	dispatch::WithPostDispatchInfo,
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Inspect as _, InspectHold as _, MutateHold as _},
		fungibles::{self, Inspect as _, MutateHold as _},
		tokens::{
			DepositConsequence, Fortitude, Precision, Provenance, Restriction, WithdrawConsequence,
		},
		Defensive,
	},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	trade::{cost, fee, Price},
	units::{Energy, Interval},
};
use ladder::{Bits, Tick, Way, TICKS};
use placing::Wish;
use sp_runtime::{traits::Zero, ArithmeticError, Permill};

/// The most levels that [`Pallet::depth`] returns.
pub const MAX_PAGE: u32 = 100;

/// An order as this runtime stores it.
pub type OrderOf<T> = Order<<T as frame_system::Config>::AccountId>;

/// Moves the clock, for benchmarks.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper {
	/// Makes this the interval that runs.
	fn go_to(interval: Interval);
}

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what orders hold.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what buyers pay in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Where the energy token lives, with holds.
		type Assets: fungibles::MutateHold<
			Self::AccountId,
			AssetId = u32,
			Balance = Balance,
			Reason = Self::RuntimeHoldReason,
		>;

		/// The energy token: one base unit is one mWh.
		#[pallet::constant]
		type KwhId: Get<u32>;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// The fee of an order that trades when it comes. Governed.
		type TakerFee: Get<Permill>;

		/// The fee of an order that rested. Governed; an order keeps the rate that it was placed with.
		type MakerFee: Get<Permill>;

		/// Who gets the fees. The account must exist, or the fees of a fill be at least the existential deposit.
		type FeeDestination: Get<Self::AccountId>;

		/// The least energy of an order when it is placed or amended, in mWh. Governed. One lot where it is less, and in
		/// effect the next multiple of a lot.
		type MinimumEnergy: Get<Energy>;

		/// Prices are multiples of this, from one to 2^24 - 1 of them. A constant: the levels of the book are numbered by
		/// it, and have to be moved when it changes.
		#[pallet::constant]
		type TickSize: Get<Price>;

		/// Energies are multiples of this, in mWh. A constant: what orders can still trade is a multiple of it.
		#[pallet::constant]
		type LotSize: Get<Energy>;

		/// The most orders of one account in the book. A constant: it must not fall below what accounts have.
		#[pallet::constant]
		type MaxOrders: Get<u32>;

		/// The most steps of one order.
		#[pallet::constant]
		type MaxFills: Get<u32>;

		/// How many intervals after the one in which it was placed an order expires at the latest, so that every order can
		/// be removed by anyone in the end. A constant: it must not fall below what orders have.
		#[pallet::constant]
		type MaxLifetime: Get<Interval>;

		/// The most orders of one [`Pallet::prune`].
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Moves the clock, for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// DECA: what orders to buy can cost, with their fees.
		#[codec(index = 0)]
		Buy,
		/// KWH: what orders to sell can deliver.
		#[codec(index = 1)]
		Sell,
	}

	// The keys below that need no hashing are numbers that the chain assigns, or that have 25 bits at most.

	/// The number that the next order gets, and the roots of both ladders.
	#[pallet::storage]
	pub type Tops<T: Config> = StorageValue<_, Top, ValueQuery>;

	/// The nodes of the ladders below their roots, by side, depth and number.
	#[pallet::storage]
	pub type Nodes<T: Config> = StorageMap<_, Identity, (Side, u8, u32), Bits, ValueQuery>;

	/// The prices that have orders, by number of ticks.
	#[pallet::storage]
	pub type Levels<T: Config> =
		StorageDoubleMap<_, Identity, Side, Identity, Tick, Level, OptionQuery>;

	/// The orders in the book.
	#[pallet::storage]
	pub type Orders<T: Config> = StorageMap<_, Identity, OrderId, OrderOf<T>, OptionQuery>;

	/// The orders of an account in the book, in the order in which they came into it.
	#[pallet::storage]
	pub type OpenOrders<T: Config> = StorageMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		BoundedVec<OrderId, T::MaxOrders>,
		ValueQuery,
	>;

	/// What should have been released to an account, which could not take it, and is still held.
	#[pallet::storage]
	pub type Unreleased<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, Side, Balance, ValueQuery>;

	/// What was traded lately.
	#[pallet::storage]
	pub type Trades<T: Config> = StorageValue<_, History, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An order came.
		OrderPlaced {
			/// Its number.
			order: OrderId,
			/// Whose it is.
			owner: T::AccountId,
			/// Whether it buys or sells.
			side: Side,
			/// Its price, in base units of DECA per mWh.
			price: Price,
			/// How much it is for, in mWh.
			energy: Energy,
			/// What becomes of what it cannot trade at once.
			kind: Kind,
			/// The last interval in which it can be traded.
			expires: Interval,
		},
		/// An order was amended by its owner.
		OrderAmended {
			/// Its number.
			order: OrderId,
			/// Its price from now on.
			price: Price,
			/// How much it is for in all from now on, in mWh: also what was traded since it was placed.
			energy: Energy,
			/// What of that is not traded yet, before it trades on if it came anew.
			rest: Energy,
			/// Whether it kept its place in the queue. Otherwise it came anew.
			kept_place: bool,
		},
		/// Two orders traded.
		Filled {
			/// The order that rested.
			maker: OrderId,
			/// The order that came.
			taker: OrderId,
			/// Who got the energy.
			buyer: T::AccountId,
			/// Who delivered it.
			seller: T::AccountId,
			/// The price, which is the maker's.
			price: Price,
			/// How much was traded, in mWh.
			energy: Energy,
			/// What the buyer paid on top, in base units of DECA.
			buyer_fee: Balance,
			/// What was taken out of what the seller was paid.
			seller_fee: Balance,
		},
		/// An order is no more. What was held for it and not used is released.
		OrderClosed {
			/// Its number.
			order: OrderId,
			/// Whose it was.
			owner: T::AccountId,
			/// Why.
			reason: CloseReason,
			/// How much of it was not traded, in mWh.
			energy: Energy,
		},
		/// Orders that had expired were removed.
		Pruned {
			/// How many.
			orders: u32,
		},
		/// An order was closed, and its owner's account could not take what was held for it. See [`Pallet::reclaim`].
		NotReleased {
			/// Whose it is.
			owner: T::AccountId,
			/// Of which side's orders: DECA for [`Side::Buy`], KWH for [`Side::Sell`].
			side: Side,
			/// How much stays on hold.
			amount: Balance,
		},
		/// What could not be released before, was.
		Reclaimed {
			/// Whose it is.
			owner: T::AccountId,
			/// Of which side's orders: DECA for [`Side::Buy`], KWH for [`Side::Sell`].
			side: Side,
			/// How much.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The price is less than a tick, or 2^24 ticks or more.
		PriceOutOfRange,
		/// The price is not a multiple of `TickSize`.
		PriceOffTick,
		/// The energy is not a multiple of `LotSize`.
		EnergyOffLot,
		/// The energy is less than `MinimumEnergy`, or than a lot.
		BelowMinimum,
		/// The interval in which the order was to expire is over. Name a later one, or none.
		AlreadyExpired,
		/// The order would expire more than `MaxLifetime` intervals from now. Name an earlier interval, or none for the
		/// latest one that there may be.
		ExpiresTooLate,
		/// The order asks for more steps than `MaxFills`.
		TooManyFills,
		/// The account has as many orders in the book as it may have. Cancel some.
		TooManyOrders,
		/// The order could be traded at once, or would meet one that could. Choose another price or kind, or give it more
		/// steps if what it meets has expired.
		WouldCross,
		/// The book does not have all of the energy within the price and the steps. Nothing was traded.
		NotFilled,
		/// The account cannot receive what it would be paid in. A seller's account must have DECA, a buyer's be open for
		/// KWH.
		CannotBePaid,
		/// What is held would be locked, by a vote for example, so that it cannot pay. Unlock it first.
		FundsLocked,
		/// No order in the book has this number. It may be filled, cancelled or expired.
		UnknownOrder,
		/// The order is somebody else's.
		NotOwner,
		/// The order has this price and is for this energy already.
		Unchanged,
		/// As much of the order as it was to be for in all, or more, is traded already. Cancel it if no more of it is to be
		/// traded.
		AlreadyFilled,
		/// The last interval of the order is over: it can only be removed.
		OrderExpired,
		/// Everything that was held for closed orders of this account and side is released.
		NothingToReclaim,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(!T::TickSize::get().is_zero(), "a tick is something");
			assert!(!T::LotSize::get().is_zero(), "a lot is something");
			assert!(
				T::TickSize::get().checked_mul(TICKS.into()).is_some(),
				"the highest price fits"
			);
			assert!(!T::MaxOrders::get().is_zero(), "an account can have an order");
			assert!(!T::MaxFills::get().is_zero(), "an order can be filled");
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Place an order.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Details
		/// First what the order can owe is held: DECA for its energy at its price and the fee on it, at the higher of both
		/// rates where it may be filled at once, or its KWH. Then it is filled with what the other side has at its price or a better one: the best price
		/// first, at one price the oldest order first, each at that order's price. Orders that expired, and those whose
		/// owner cannot pay or be paid, are closed on the way; one of the same owner ends the new order or is closed, as
		/// `self_trade` says. Each of them is a step, of which there are `max_fills` at most. The fee is for the steps that
		/// were taken.
		///
		/// What is left then rests in the book, goes back to the owner, or undoes it all, as `kind` says. If it used up its
		/// steps and would still cross the book, it goes back. For what rests, the fee of makers is held.
		///
		/// `price` is in base units of DECA per mWh, `energy` in mWh. `expires` is the last interval in which it can be
		/// traded: at most, and where none is named, the one `MaxLifetime` after the one that runs.
		///
		/// ## Errors
		/// [`Error::PriceOutOfRange`], [`Error::PriceOffTick`], [`Error::EnergyOffLot`], [`Error::BelowMinimum`],
		/// [`Error::AlreadyExpired`], [`Error::ExpiresTooLate`], [`Error::TooManyFills`], [`Error::CannotBePaid`],
		/// [`Error::FundsLocked`], [`Error::WouldCross`] for [`Kind::PostOnly`], [`Error::NotFilled`] for [`Kind::Fok`],
		/// [`Error::TooManyOrders`] if it would rest, or that of the currency or the assets pallet when the caller has too
		/// little. The existential deposit and the minimum balance of KWH cannot be held.
		///
		/// ## Events
		/// [`Event::OrderPlaced`]; for each fill [`Event::Filled`]; for each order that is no more, the new one among them,
		/// [`Event::OrderClosed`].
		#[pallet::call_index(0)]
		#[pallet::weight(Pallet::<T>::place_weight(*side, *max_fills))]
		#[allow(clippy::too_many_arguments)]
		pub fn place_order(
			origin: OriginFor<T>,
			side: Side,
			#[pallet::compact] price: Price,
			#[pallet::compact] energy: Energy,
			kind: Kind,
			expires: Option<Interval>,
			self_trade: SelfTrade,
			max_fills: u32,
		) -> DispatchResultWithPostInfo {
			let owner = ensure_signed(origin)?;
			let wish = Wish { side, price, energy, kind, expires, self_trade };
			let mut steps = 0;
			let placed = with_storage_layer(|| Self::place(owner, wish, max_fills, &mut steps));
			Self::charge(placed, Self::place_weight(side, steps))
		}

		/// Take an order back.
		///
		/// ## Dispatch Origin
		/// Signed, by its owner.
		///
		/// ## Details
		/// What is held for it is released. Works for one that expired, too.
		///
		/// ## Errors
		/// [`Error::UnknownOrder`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::OrderClosed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::cancel_order())]
		pub fn cancel_order(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let entry = Self::owned(&who, order)?;
			Self::close(order, entry, CloseReason::Cancelled);
			Ok(())
		}

		/// Take all of one's orders back.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Details
		/// What is held for them is released. Does nothing if there are none. The fee is for as many as there were.
		///
		/// ## Events
		/// [`Event::OrderClosed`] for each.
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::cancel_all(T::MaxOrders::get()))]
		pub fn cancel_all(origin: OriginFor<T>) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let closed = Self::close_all(&who);
			Ok(Some(T::WeightInfo::cancel_all(closed)).into())
		}

		/// Change the price of an order, or how much it is for.
		///
		/// ## Dispatch Origin
		/// Signed, by its owner.
		///
		/// ## Details
		/// `energy` is how much the order is for in all, in mWh, with what was traded of it since it was placed, as `placed`
		/// of the order says it. So it means the same when some of the order is traded before the call is carried out. What
		/// is left from then on is the difference, for which a new order could be placed, too.
		///
		/// An order that only gets smaller keeps its place in the queue, and what it holds too much is released. Any other
		/// change takes the order out of the book, and places what is left of it anew under its number, at the end of a
		/// queue, with the rates that are governed now: it may be filled, as in [`Pallet::place_order`], with up to
		/// `max_fills` steps. An order that was placed as [`Kind::PostOnly`] stays one that must not be filled at once. When
		/// it expires does not change; for a longer time, place another one.
		///
		/// ## Errors
		/// [`Error::UnknownOrder`], [`Error::NotOwner`], [`Error::OrderExpired`], [`Error::Unchanged`],
		/// [`Error::AlreadyFilled`], and those of [`Pallet::place_order`] but for when it expires.
		///
		/// ## Events
		/// [`Event::OrderAmended`]; for each fill [`Event::Filled`]; for each order that is no more [`Event::OrderClosed`].
		#[pallet::call_index(3)]
		#[pallet::weight(Pallet::<T>::amend_weight(*max_fills))]
		pub fn amend_order(
			origin: OriginFor<T>,
			order: OrderId,
			#[pallet::compact] price: Price,
			#[pallet::compact] energy: Energy,
			max_fills: u32,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let mut steps = 0;
			let amended = with_storage_layer(|| {
				Self::amend(&who, order, price, energy, max_fills, &mut steps)
			});
			let weight = match amended {
				Ok(true) => T::WeightInfo::reduce_order(),
				_ => Self::amend_weight(steps),
			};
			Self::charge(amended.map(|_| ()), weight)
		}

		/// Remove orders that expired.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// What was held for them is released to their owners. Orders that are gone or did not expire are passed over, at
		/// the weight of having looked for them. The fee is returned if any was removed.
		///
		/// ## Events
		/// [`Event::Pruned`] if any was removed, and [`Event::OrderClosed`] for each of them.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::prune(orders.len() as u32))]
		pub fn prune(
			origin: OriginFor<T>,
			orders: BoundedVec<OrderId, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let removed = Self::close_expired(&orders);
			let passed_over = (orders.len() as u32).saturating_sub(removed);
			// What costs nothing must not fill the block: an order that was passed over is the one read that it was.
			let weight = T::WeightInfo::prune(removed)
				.saturating_add(T::DbWeight::get().reads(passed_over.into()));
			if removed.is_zero() {
				return Ok(Some(weight).into());
			}
			Self::deposit_event(Event::Pruned { orders: removed });
			Ok((Some(weight), Pays::No).into())
		}

		/// Release what could not be released when orders were closed.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// An account may be blocked for KWH when its order expires, for example. It gets what was held once it can take it.
		///
		/// ## Errors
		/// [`Error::NothingToReclaim`], or that of the currency or the assets pallet while it cannot be released.
		///
		/// ## Events
		/// [`Event::Reclaimed`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::reclaim())]
		pub fn reclaim(origin: OriginFor<T>, owner: T::AccountId, side: Side) -> DispatchResult {
			ensure_signed(origin)?;
			let amount = Unreleased::<T>::get(&owner, side);
			ensure!(!amount.is_zero(), Error::<T>::NothingToReclaim);
			with_storage_layer(|| Self::release(side, &owner, amount))?;
			Unreleased::<T>::remove(&owner, side);
			Self::deposit_event(Event::Reclaimed { owner, side, amount });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The best levels of a side, best first: up to `levels` of them, at most [`MAX_PAGE`].
		pub fn depth(side: Side, levels: u32) -> Vec<DepthLevel> {
			Self::best_levels(side)
				.take(levels.min(MAX_PAGE) as usize)
				.map(|(price, level)| {
					let Level { energy, orders, .. } = level;
					DepthLevel { price, energy, orders }
				})
				.collect()
		}

		/// The orders of an account in the book, oldest first.
		pub fn orders_of(owner: T::AccountId) -> Vec<(OrderId, OrderOf<T>)> {
			let open = OpenOrders::<T>::get(owner);
			open.into_iter().filter_map(|id| Some((id, Orders::<T>::get(id)?))).collect()
		}

		/// An order in the book.
		pub fn order(order: OrderId) -> Option<OrderOf<T>> {
			Orders::<T>::get(order)
		}

		/// The best prices of both sides.
		pub fn best() -> Best {
			let price = |side| Self::best_tick(side).map(Self::price_of);
			Best { buy: price(Side::Buy), sell: price(Side::Sell) }
		}

		/// By how much the lowest seller asks for more than the highest buyer offers, if there are both.
		pub fn spread() -> Option<Price> {
			let Best { buy, sell } = Self::best();
			sell?.checked_sub(buy?)
		}

		/// What was traded in the last day, and the price of the last trade.
		pub fn history() -> History {
			let mut history = Trades::<T>::get();
			history.forget(T::CurrentInterval::get());
			history
		}

		/// What an order for `energy` would be filled with if it was placed now, without a limit and with all the steps that
		/// it may take. An order that expired is a step, and no more. Takes all others for those of somebody else who can
		/// pay.
		pub fn quote(side: Side, energy: Energy) -> Quote {
			Self::quoted(side, energy)
		}

		/// What is held for closed orders of an account because it could not be released: DECA for [`Side::Buy`], KWH for
		/// [`Side::Sell`]. [`Pallet::reclaim`] releases it.
		pub fn unreleased(owner: T::AccountId, side: Side) -> Balance {
			Unreleased::<T>::get(owner, side)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// What it weighs to place an order that takes so many steps.
	fn place_weight(side: Side, steps: u32) -> Weight {
		let steps = steps.min(T::MaxFills::get());
		match side {
			Side::Buy => T::WeightInfo::place_buy(steps),
			Side::Sell => T::WeightInfo::place_sell(steps),
		}
	}

	/// What it weighs to amend an order of either side that takes so many steps: to take it out and place it anew, or to
	/// make it smaller where it is.
	fn amend_weight(steps: u32) -> Weight {
		let anew = Self::place_weight(Side::Buy, steps).max(Self::place_weight(Side::Sell, steps));
		T::WeightInfo::cancel_order().saturating_add(anew).max(T::WeightInfo::reduce_order())
	}

	/// Charges what was done, also if it led to nothing.
	fn charge(done: DispatchResult, weight: Weight) -> DispatchResultWithPostInfo {
		match done {
			Ok(()) => Ok(Some(weight).into()),
			Err(error) => Err(error.with_weight(weight)),
		}
	}
}
