//! # Slot auction: the energy of a future quarter of an hour
//!
//! Neighbours bid and offer for energy that will be delivered in one interval, in one grid area. The gate closes before the
//! interval begins; then the chain finds one price for all, so it does not matter in which order they came. When the interval
//! is over the meters of both sides tell what became of it, and money moves by that.
//!
//! Orders are public from the moment they are placed. Who looks last, just before the gate closes, knows all others, and can
//! bid or offer by that: a known limit, and felt where few trade.
//!
//! ## Terminology
//!
//! - **Area**: a part of the grid with a name, an operator, a grid fee, and prices for what was promised and not done. Set by
//!   governance. A miner is in the area that its profile names.
//! - **Auction**: one area, one interval. The first order opens it, and fixes the area's prices for it.
//! - **Gate**: orders are placed and cancelled from [`Config::GateOpening`] to [`Config::GateClosure`] intervals before the
//!   interval begins.
//! - **Bid, offer**: an order to buy, to sell. A bid's limit is all that the buyer pays for a mWh, **grid fee included**: a
//!   tick and the grid fee, the highest that is not above what the buyer named.
//! - **Tick**: a price, in steps of 0.001 DECA per kWh. An auction keeps per tick how much is bid and offered.
//! - **Clear**: to find the price, by the rule in [`clearing`]. It costs the same whatever the number of orders.
//! - **Collect**: to give an order its *fill*, what it got of the energy that is traded. What is held for the rest returns.
//! - **Bond**: what a seller holds ready, the imbalance price of all that it may sell.
//! - **Escrow**: the money of this pallet's account. What buyers may come to owe goes there when their orders are collected:
//!   who delivers and who draws are not matched one by one, so a seller is paid out of what all buyers paid in.
//! - **Grace**: intervals after the delivery in which readings may still arrive.
//! - **Settle**: to ask the meters, and to pay.
//! - **Void**: a fill of which nothing can be known: it is undone, and nobody is fined.
//!
//! ## Scenarios
//!
//! ### 1. Two neighbours trade
//! Olga expects 1.5 kWh to spare between 12:00 and 12:15 and offers them with [`place`](Pallet::place), for 0.080 DECA per
//! kWh or more. Konrad bids for 1.5 kWh, at 0.250 or less with the grid fee of 0.060 in it. Olga's bond and what Konrad may
//! come to owe are held. At 11:45 the gate closes. Anybody calls [`clear`](Pallet::clear): at all prices between 0.080 and
//! 0.190 as much is bid as offered, so it is the middle, 0.135. The bot calls [`collect`](Pallet::collect): Konrad's money
//! for 1.5 kWh moves into the escrow, what was held for a higher price returns to him, and Olga's bond stays held.
//!
//! Two hours after the interval the bot calls [`settle`](Pallet::settle). Olga's meter measured 1.6 kWh and Konrad's 1.5: she
//! gets the price of 1.5 kWh less a small fee and all of her bond, he has paid the price and the grid fee, and what he had
//! paid in beyond that returns.
//!
//! ### 2. A cloud
//! Olga's meter measured 1.05 kWh. She gets the price of those, and pays the imbalance price of the 0.45 kWh that are missing
//! out of her bond to Konrad, who also gets the price of them back.
//!
//! ### 3. Nobody is at home
//! Olga delivered, and Konrad's meter measured 1 kWh. She is paid for 1.5 kWh: what a buyer does not draw is no matter of the
//! seller. Konrad pays for 1.5 kWh, and for half a kWh the price of undrawn energy to the operator of the area.
//!
//! ### 4. A crowded slot
//! A hundred homes bid for what five roofs offer. The price rises to where the last of the homes that get something had bid.
//! Who bid more gets all, who bid just that gets a part pro rata, and everybody pays the same price.
//!
//! ### 5. Data that is not there
//! A meter that sends nothing within the grace, or sends it for several intervals at once so that nobody can tell which energy
//! was of which interval, has delivered nothing, and drawn nothing. What arrives after the settlement changes nothing. And if
//! nobody settles at all within the day for which meters' intervals are known, an order is void as soon as its meter reported
//! past that day. So settle every day; the fee is returned to whoever does.
//!
//! A challenge of a meter changes nothing as long as nobody ruled on it: anyone can open one when the outcome is known, so that
//! a buyer would have energy for nothing by it, and a seller no fine. Once it is upheld, what the meter had measured is void: it
//! has delivered nothing, and drawn nothing.
//!
//! ### 6. A miner is suspended
//! It can place no order. Orders that it has are cleared, collected and settled like all others, by what was measured: the
//! chain takes no readings of a suspended miner, so mostly it will not have delivered. Its owner can cancel until the gate
//! closes. An order stays with the account that placed it, also when the miner gets another owner; that one can cancel it, too,
//! so that its meter is not promised for what it does not know of.
//!
//! ## Rounding
//!
//! Energy times price is exact. The fill at the margin and the buyers' parts of what was delivered and of what sellers owe are
//! shared out one after the other, each rounded down and the last one getting what is left, so that nothing is lost or made.
//! The fee rounds up, at the cost of the seller.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod bill;
pub mod clearing;
#[cfg(any(feature = "runtime-benchmarks", test))]
mod filling;
mod fills;
mod invariants;
#[cfg(test)]
mod mock;
mod orders;
mod settlement;
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
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Inspect as _, Mutate as _, MutateHold as _},
		tokens::{Fortitude, Precision, Preservation, Restriction},
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	history::MeterReports,
	miner::{MeterDirectory, MeterId},
	trade::{MeterUse, MeterUses, Price},
	units::{plausible_energy, Energy, Interval, INTERVALS_PER_DAY},
};
use sp_runtime::{
	traits::{AccountIdConversion, Saturating, Zero},
	ArithmeticError, Permill,
};

/// The most that a view function returns at once.
pub const MAX_PAGE: u32 = 100;

/// What governance sets for an area, as this runtime stores it.
pub type AreaOf<T> = Area<<T as frame_system::Config>::AccountId>;
/// An auction as this runtime stores it.
pub type AuctionOf<T> = Auction<<T as frame_system::Config>::AccountId>;
/// An order as this runtime stores it.
pub type OrderOf<T> = Order<<T as frame_system::Config>::AccountId>;
/// The terms of an auction as this runtime stores them.
pub type TermsOf<T> = Terms<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what is held.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what energy is paid in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// What was measured lately.
		type Reports: MeterReports;

		/// What meters are used for.
		type Uses: MeterUses;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// Sets areas and their prices.
		type MarketOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Who gets the fees: the treasury. The account must exist, or wait until there is enough to make it.
		type FeeDestination: Get<Self::AccountId>;

		/// What is kept of what sellers get. Governed; an auction keeps the one that it was opened with.
		type SlotFee: Get<Permill>;

		/// How many intervals before its own the orders of an auction are taken from. Governed; taken as more than
		/// [`Config::GateClosure`].
		type GateOpening: Get<Interval>;

		/// How many intervals before its own the gate of an auction closes. Governed; taken as 1 if it is 0. An auction keeps
		/// the one that it was opened with.
		type GateClosure: Get<Interval>;

		/// How many intervals after its own an auction waits for readings. Governed; taken as 89 if it is more. An auction
		/// keeps the one that it was opened with.
		type Grace: Get<Interval>;

		/// The least energy of an order, in mWh. Governed; taken as [`LOT_SIZE`] if it is less.
		type MinimumEnergy: Get<Energy>;

		/// Names this pallet's account: the escrow.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The most orders of an account in an auction.
		#[pallet::constant]
		type MaxOrders: Get<u32>;

		/// The most orders of one [`Pallet::collect`] or [`Pallet::settle`].
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Registers miners and moves the clock, for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For what a bid may come to cost.
		#[codec(index = 0)]
		Bid,
		/// For what a seller may come to owe.
		#[codec(index = 1)]
		Bond,
	}

	/// The areas, each with its number.
	#[pallet::storage]
	pub type Areas<T: Config> =
		StorageMap<_, Blake2_128Concat, AreaCode, (AreaId, AreaOf<T>), OptionQuery>;

	/// The number that the next area gets.
	#[pallet::storage]
	pub type NextAreaId<T: Config> = StorageValue<_, AreaId, ValueQuery>;

	/// The auctions that have orders. The chain assigns the numbers of areas, and bounds the intervals, so they need no
	/// hashing.
	#[pallet::storage]
	pub type Auctions<T: Config> = StorageMap<_, Identity, AuctionId, AuctionOf<T>, OptionQuery>;

	/// The ladders of the auctions that are not cleared: tick `t` is on page `t / 64`.
	#[pallet::storage]
	pub type Pages<T: Config> =
		StorageDoubleMap<_, Identity, AuctionId, Identity, u8, Page, ValueQuery>;

	/// The orders, open and filled.
	#[pallet::storage]
	pub type Orders<T: Config> =
		StorageDoubleMap<_, Identity, AuctionId, Identity, u32, OrderOf<T>, OptionQuery>;

	/// What each account has in each auction.
	#[pallet::storage]
	pub type Stands<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Identity,
		AuctionId,
		Stand<T::MaxOrders>,
		OptionQuery,
	>;

	/// What each meter is promised for. Each entry is one booking of the meter.
	#[pallet::storage]
	pub type MeterBooks<T: Config> =
		StorageDoubleMap<_, Identity, MeterId, Identity, Interval, MeterBook, OptionQuery>;

	/// What came of the last auctions of each area. One value per area, of constant size.
	#[pallet::storage]
	pub type LastResults<T: Config> = StorageMap<_, Identity, AreaId, Results, ValueQuery>;

	/// What nobody could take yet because no account was there for it: goes to [`Config::FeeDestination`] with the next
	/// fees. In base units of DECA.
	#[pallet::storage]
	pub type Kept<T: Config> = StorageValue<_, Balance, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Areas, by their codes.
		pub areas: Vec<(Vec<u8>, AreaOf<T>)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// Also gives the pallet's account what it needs to exist, unless it has it.
		fn build(&self) {
			Pallet::<T>::open_account();
			for (code, area) in &self.areas {
				let code = AreaCode::try_from(code.clone())
					.expect("slotAuction.areas: a code has at most 16 characters");
				Pallet::<T>::put_area(code, area.clone())
					.expect("slotAuction.areas: a code or a price is out of range");
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An area was set. Auctions that have orders keep what they were opened with.
		AreaSet {
			/// How it is called.
			code: AreaCode,
			/// Its number.
			area: AreaId,
			/// What holds from now on.
			terms: AreaOf<T>,
		},
		/// An order was placed.
		Placed {
			/// Its number.
			order: OrderId,
			/// Who placed it.
			owner: T::AccountId,
			/// The meter that will tell.
			meter: MeterId,
			/// What it wants.
			side: Side,
			/// The limit that holds, in base units of DECA per mWh: of a bid a tick and the grid fee, at most what was named.
			limit: Price,
			/// How much, in mWh.
			energy: Energy,
			/// What is held for it, in base units of DECA.
			held: Balance,
		},
		/// An order was cancelled. What was held for it is released.
		Cancelled {
			/// Its number.
			order: OrderId,
			/// Who had placed it, and got what was held.
			owner: T::AccountId,
		},
		/// An auction was cleared.
		AuctionCleared {
			/// Which one.
			auction: AuctionId,
			/// The price, in base units of DECA per mWh; none if nothing is traded.
			price: Option<Price>,
			/// What is bought and sold, in mWh.
			volume: u128,
			/// How many orders can be collected.
			orders: u32,
		},
		/// An order got its fill. What was held for the rest is released; one that got nothing is gone.
		Collected {
			/// Its number.
			order: OrderId,
			/// Who placed it.
			owner: T::AccountId,
			/// What it wanted.
			side: Side,
			/// How much it got, in mWh.
			fill: Energy,
			/// What a buyer paid in, or what is still held of a seller, in base units of DECA.
			secured: Balance,
		},
		/// A seller was paid, and its order is gone.
		SaleSettled {
			/// The number of the order.
			order: OrderId,
			/// The seller.
			seller: T::AccountId,
			/// What it had sold, in mWh.
			fill: Energy,
			/// What of it the meter delivered, in mWh.
			delivered: Energy,
			/// What the seller got for that, less the fee, in base units of DECA.
			paid: Balance,
			/// The fee.
			fee: Balance,
			/// What it paid to the buyers for the rest.
			fine: Balance,
			/// Why the meter was not asked, if it was not.
			void: Option<Void>,
		},
		/// A buyer's order was paid for, and is gone.
		PurchaseSettled {
			/// The number of the order.
			order: OrderId,
			/// The buyer.
			buyer: T::AccountId,
			/// What it had bought, in mWh.
			fill: Energy,
			/// What of it was delivered, in mWh.
			delivered: Energy,
			/// What of that the meter drew, in mWh; all of it if the meter was not asked.
			drawn: Energy,
			/// What was paid to sellers, in base units of DECA.
			paid: Balance,
			/// The grid fee.
			grid: Balance,
			/// What was paid for what was not drawn.
			undrawn: Balance,
			/// What sellers paid for what they did not deliver.
			compensation: Balance,
			/// What the buyer got back of what it had paid in, and the compensation.
			returned: Balance,
			/// Why the meter was not asked, if it was not.
			void: Option<Void>,
		},
		/// The last order of an auction is gone, and all its money is paid out.
		AuctionEnded {
			/// Which one.
			auction: AuctionId,
			/// What was delivered of what was sold, in mWh.
			delivered: u128,
			/// What the operator of the area got, in base units of DECA.
			grid: Balance,
			/// The fees.
			fees: Balance,
		},
		/// An order could not be collected or settled. It stays, and the others of the batch are done.
		OrderSkipped {
			/// Its number.
			order: OrderId,
			/// Why.
			error: DispatchError,
		},
		/// Somebody could not be paid, or take back what was held: its account is empty, and the sum is too small to fill one.
		/// It went to the destination of the fees.
		PaymentRedirected {
			/// Whom it was for.
			to: T::AccountId,
			/// How much, in base units of DECA.
			amount: Balance,
		},
		/// A booking was gone when a meter's last order was. No money depends on it.
		BookingMissing {
			/// The meter.
			meter: MeterId,
			/// What the register said.
			error: DispatchError,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// Nothing is traded in this area. Governance sets areas with `slotAuction.setArea`.
		UnknownArea,
		/// The area takes no orders at the moment.
		AreaClosed,
		/// The code of an area has letters, digits, `-`, `.` and `_`, and at least one of them.
		BadAreaCode,
		/// A price of an area is at most 2^40 base units of DECA per mWh.
		AreaPriceTooHigh,
		/// There are as many areas as there are numbers for them. Reuse one.
		TooManyAreas,
		/// The pallet's account does not exist. Send the existential deposit to the account that `escrowAccount` names.
		NoEscrowAccount,
		/// No live miner has a meter of this number.
		UnknownMeter,
		/// Only the owner of the meter's miner may do this.
		NotOwner,
		/// The miner is suspended. Wait until the DAO reinstates it.
		MinerNotActive,
		/// The meter was taken out of service.
		MeterRetired,
		/// Energy is sold by a meter of export, of a storage miner by one of discharge, and bought by one of import,
		/// consumption or charge.
		WrongFlow,
		/// The energy through this meter goes to a storage node. End the deposit first.
		SentToNode,
		/// The gate of this auction opens later. `gate` says for which intervals orders are taken.
		GateNotOpen,
		/// The gate of this auction is closed: orders can neither be placed nor cancelled. `gate` says for which intervals
		/// they can.
		GateClosed,
		/// The energy is below the least of an order.
		TooSmall,
		/// The energy is no multiple of 1,000 mWh.
		OffLot,
		/// The limit of an offer is no multiple of 1,000 base units of DECA per mWh.
		OffTick,
		/// The limit is not on the ladder. Without the grid fee, which a bid's limit includes, it is between 1 and 1,023 ticks
		/// of 1,000 base units of DECA per mWh.
		PriceOutOfRange,
		/// With its other orders the meter would have to carry more than 1.1 times its nameplate in the interval.
		AboveNameplate,
		/// The account has an order on the other side of this auction. Cancel it, or stay on that side.
		OtherSide,
		/// The account has as many orders in this auction as it may have.
		TooManyOrders,
		/// No order can be added at this price. Name another one.
		TickFull,
		/// No order has this number. It may have been cancelled or settled, or got nothing.
		UnknownOrder,
		/// Only who placed an order, or who owns its meter now, may cancel it.
		NotYourOrder,
		/// There is no such auction: nobody placed an order, or all of it is settled.
		UnknownAuction,
		/// The gate of this auction is open.
		GateStillOpen,
		/// The auction was cleared before. Collect its orders.
		AlreadyCleared,
		/// None of these orders waits to be collected.
		NothingToCollect,
		/// Orders can be settled when the interval and the grace after it are over. The terms of the auction say when.
		TooEarly,
		/// Not all orders of the auction are collected. Collect them first.
		NotCollected,
		/// None of these orders can be settled. Bids are settled when all offers of the auction are.
		NothingToSettle,
		/// Two entries of the chain's books contradict each other. Should never be seen; report it.
		BooksDisagree,
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The step between two prices, in base units of DECA per mWh.
		fn slot_tick() -> Price {
			SLOT_TICK
		}

		/// The number of prices on the ladder, from 0 up.
		fn ticks() -> u32 {
			TICKS as u32
		}

		/// What the energy of an order is a multiple of, in mWh.
		fn lot_size() -> Energy {
			LOT_SIZE
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxOrders::get() > 0, "an account must be able to have an order");
			assert!(T::MaxBatch::get() > 0, "a batch must be able to name an order");
			assert!(usize::from(PAGES) * PAGE == TICKS, "the pages must be the ladder");
			assert!(!T::Currency::minimum_balance().is_zero(), "the account must have to exist");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Set what holds for an area.
		///
		/// ## Dispatch Origin
		/// [`Config::MarketOrigin`].
		///
		/// ## Details
		/// `code` is what the profiles of miners name. An area that is not known gets the next number. Auctions that have
		/// orders keep what they were opened with.
		///
		/// ## Errors
		/// [`Error::BadAreaCode`], [`Error::AreaPriceTooHigh`], [`Error::TooManyAreas`], [`Error::NoEscrowAccount`].
		///
		/// ## Events
		/// [`Event::AreaSet`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::set_area())]
		pub fn set_area(origin: OriginFor<T>, code: AreaCode, terms: AreaOf<T>) -> DispatchResult {
			T::MarketOrigin::ensure_origin(origin)?;
			let exists =
				T::Currency::balance(&Self::account_id()) >= T::Currency::minimum_balance();
			ensure!(exists, Error::<T>::NoEscrowAccount);
			let area = Self::put_area(code.clone(), terms.clone())?;
			Self::deposit_event(Event::AreaSet { code, area, terms });
			Ok(())
		}

		/// Bid for energy that a meter will draw in `interval`, or offer energy that it will deliver.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter's miner.
		///
		/// ## Details
		/// In the auction of the miner's area. `limit` is in base units of DECA per mWh. Of a buyer it is the most that a mWh
		/// may cost with the grid fee, which is taken off it before it is rounded down to a tick: from then on the limit is
		/// that tick and the grid fee. Of a seller it is the least, and a multiple of a tick. Held is, of a buyer, the energy
		/// at that limit and at the price of what is not drawn; of a seller, the energy at the imbalance price. A storage
		/// miner sells by its meters of discharge, all others by those of export, so that no energy is sold by two meters
		/// that it passes one after the other. The meter is booked for slots: it cannot be in a lot or in a withdrawal at the
		/// same time.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::NotOwner`], [`Error::MinerNotActive`], [`Error::MeterRetired`],
		/// [`Error::WrongFlow`], [`Error::SentToNode`], [`Error::UnknownArea`], [`Error::AreaClosed`],
		/// [`Error::GateClosed`], [`Error::GateNotOpen`], [`Error::TooSmall`], [`Error::OffLot`], [`Error::OffTick`],
		/// [`Error::PriceOutOfRange`], [`Error::AboveNameplate`], [`Error::OtherSide`], [`Error::TooManyOrders`],
		/// [`Error::TickFull`], that of metering when the meter is booked for something else, or that of the currency when
		/// the owner has too little.
		///
		/// ## Events
		/// [`Event::Placed`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::place())]
		pub fn place(
			origin: OriginFor<T>,
			meter: MeterId,
			interval: Interval,
			side: Side,
			#[pallet::compact] limit: Price,
			#[pallet::compact] energy: Energy,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::do_place(owner, meter, interval, side, limit, energy)
		}

		/// Take an order back.
		///
		/// ## Dispatch Origin
		/// Signed, by who placed it, or by who owns the miner of its meter now.
		///
		/// ## Details
		/// Until the gate closes. What was held is released to who placed it.
		///
		/// ## Errors
		/// [`Error::UnknownOrder`], [`Error::NotYourOrder`], [`Error::GateClosed`].
		///
		/// ## Events
		/// [`Event::Cancelled`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::cancel())]
		pub fn cancel(origin: OriginFor<T>, order: OrderId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_cancel(who, order)
		}

		/// Find the price of an auction whose gate is closed.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// By the rule in [`clearing`]. Also done by the first [`Pallet::collect`]. The fee is returned.
		///
		/// ## Errors
		/// [`Error::UnknownAuction`], [`Error::AlreadyCleared`], [`Error::GateStillOpen`].
		///
		/// ## Events
		/// [`Event::AuctionCleared`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::clear())]
		pub fn clear(origin: OriginFor<T>, auction: AuctionId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let mut entry = Auctions::<T>::get(auction).ok_or(Error::<T>::UnknownAuction)?;
			ensure!(entry.cleared.is_none(), Error::<T>::AlreadyCleared);
			entry.cleared = Some(Self::clear_now(auction, &entry)?);
			Auctions::<T>::insert(auction, entry);
			Ok(Pays::No.into())
		}

		/// Give orders of an auction their fills.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// `numbers` are those of orders of this auction. If it is not cleared it is now. What a buyer may come to owe for its
		/// fill moves into the escrow, a seller's bond for its fill stays held, and what was held beyond that is released. An
		/// order that got nothing is gone. A number that names none, or one that was collected, is passed over. The fee is
		/// returned if any order was collected, and the weight is corrected to what was done.
		///
		/// ## Errors
		/// [`Error::UnknownAuction`], [`Error::GateStillOpen`], [`Error::NothingToCollect`].
		///
		/// ## Events
		/// [`Event::AuctionCleared`] if it was not, [`Event::Collected`] for each order, [`Event::OrderSkipped`] for one that
		/// failed, [`Event::PaymentRedirected`] if somebody could not take back what was held, [`Event::AuctionEnded`] if
		/// nothing was traded and this was the last one.
		#[pallet::call_index(4)]
		#[pallet::weight(
			T::WeightInfo::collect(numbers.len() as u32).saturating_add(T::WeightInfo::clear())
		)]
		pub fn collect(
			origin: OriginFor<T>,
			auction: AuctionId,
			numbers: BoundedVec<u32, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (round, was_cleared) = Self::do_collect(auction, &numbers)?;
			let mut weight = T::WeightInfo::collect(round.tried());
			weight.saturating_accrue(T::DbWeight::get().reads(round.reads.into()));
			if was_cleared {
				weight.saturating_accrue(T::WeightInfo::clear());
			}
			Ok((Some(weight), Pays::No).into())
		}

		/// Settle orders of an auction by what was measured.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// After the grace, when all orders are collected. Offers are settled first: a seller gets the price of what its meter
		/// delivered, less the fee, and owes the imbalance price of the rest, out of its bond. When the last offer is settled,
		/// what was delivered and what sellers owe is shared among the bids, pro rata to their fills. A buyer pays the price
		/// and the grid fee of its part, and the price of undrawn energy for what of that its meter did not draw; the rest of
		/// what it paid in returns. A meter's energy counts once, however many orders name it. Numbers that name no order, or
		/// one that is not due, are passed over. With the last order the operator gets the grid fees and the fees go to their
		/// destination. The fee of this call is returned if any order was settled, and the weight is corrected to what was
		/// done.
		///
		/// ## Errors
		/// [`Error::UnknownAuction`], [`Error::TooEarly`], [`Error::NotCollected`], [`Error::NothingToSettle`].
		///
		/// ## Events
		/// [`Event::SaleSettled`] or [`Event::PurchaseSettled`] for each order, [`Event::OrderSkipped`] for one that failed,
		/// [`Event::PaymentRedirected`] if somebody could not be paid, [`Event::AuctionEnded`] with the last one.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::settle(numbers.len() as u32))]
		pub fn settle(
			origin: OriginFor<T>,
			auction: AuctionId,
			numbers: BoundedVec<u32, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let round = Self::do_settle(auction, &numbers)?;
			let weight = T::WeightInfo::settle(round.tried())
				.saturating_add(T::DbWeight::get().reads(round.reads.into()));
			Ok((Some(weight), Pays::No).into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The account that holds what buyers paid in.
		pub fn escrow_account() -> T::AccountId {
			Self::account_id()
		}

		/// The first and the last interval for which orders are taken now.
		pub fn gate() -> (Interval, Interval) {
			let now = T::CurrentInterval::get();
			let (opening, closure) = Self::gate_lengths();
			(now.saturating_add(closure).saturating_add(1), now.saturating_add(opening))
		}

		/// An area, with its number.
		pub fn area(code: AreaCode) -> Option<(AreaId, AreaOf<T>)> {
			Areas::<T>::get(code)
		}

		/// Areas in the order of the storage: up to `limit` of them, at most [`MAX_PAGE`], after the one called `after`, or
		/// from the first one on.
		pub fn areas(after: Option<AreaCode>, limit: u32) -> Vec<(AreaCode, AreaId, AreaOf<T>)> {
			let entries = match after {
				Some(code) => Areas::<T>::iter_from_key(code),
				None => Areas::<T>::iter(),
			};
			entries
				.take(limit.min(MAX_PAGE) as usize)
				.map(|(code, (id, area))| (code, id, area))
				.collect()
		}

		/// The auction of an area and an interval, with its depth. None if it has no orders.
		pub fn auction(area: AreaCode, interval: Interval) -> Option<AuctionView<T::AccountId>> {
			let (area, _) = Areas::<T>::get(area)?;
			Self::auction_view(AuctionId { area, interval })
		}

		/// Auctions that have orders, and where they are, in the order of the storage: up to `limit` of them, at most
		/// [`MAX_PAGE`], after `after`, or from the first one on.
		pub fn auctions(after: Option<AuctionId>, limit: u32) -> Vec<(AuctionId, Stage)> {
			let entries = match after {
				Some(id) => Auctions::<T>::iter_from_key(id),
				None => Auctions::<T>::iter(),
			};
			let now = T::CurrentInterval::get();
			entries
				.take(limit.min(MAX_PAGE) as usize)
				.map(|(id, auction)| (id, Self::stage(&auction, now)))
				.collect()
		}

		/// An order, where it is, and its money.
		pub fn order(order: OrderId) -> Option<OrderView<T::AccountId>> {
			Self::order_views(order.auction, &[order.number]).pop().map(|(_, view)| view)
		}

		/// Orders of an auction in the order of the storage: up to `limit` of them, at most [`MAX_PAGE`], after the one with
		/// the number `after`, or from the first one on.
		pub fn orders_in(
			auction: AuctionId,
			after: Option<u32>,
			limit: u32,
		) -> Vec<(u32, OrderOf<T>)> {
			let entries = match after {
				Some(number) => {
					let start = Orders::<T>::hashed_key_for(auction, number);
					Orders::<T>::iter_prefix_from(auction, start)
				}
				None => Orders::<T>::iter_prefix(auction),
			};
			entries.take(limit.min(MAX_PAGE) as usize).collect()
		}

		/// The orders of an account, auction by auction in the order of the storage, after the auction `after`, or from the
		/// first one on. All those of an auction are in the answer, or none; no further auction is added once there are
		/// `limit` orders, or [`MAX_PAGE`].
		pub fn orders_of(
			account: T::AccountId,
			after: Option<AuctionId>,
			limit: u32,
		) -> Vec<(OrderId, OrderView<T::AccountId>)> {
			Self::account_view(account, after, limit)
		}

		/// What came of the last 96 auctions of an area that were cleared, oldest first.
		pub fn prices(area: AreaCode) -> Vec<SlotResult> {
			Areas::<T>::get(area)
				.map(|(id, _)| LastResults::<T>::get(id).sorted())
				.unwrap_or_default()
		}

		/// What an order would get if it was placed and the gate closed then. None if the area or the limit is unknown, or
		/// the auction is cleared. Whether the account may place it is not looked at.
		pub fn estimate(
			area: AreaCode,
			interval: Interval,
			side: Side,
			limit: Price,
			energy: Energy,
		) -> Option<Estimate> {
			Self::estimate_of(area, interval, side, limit, energy)
		}
	}
}
