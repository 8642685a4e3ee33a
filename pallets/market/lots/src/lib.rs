//! # Lots: stored energy, sold as one
//!
//! A seller lists an amount of energy. The highest bid when the auction closes wins, and its owner draws: interval by
//! interval, as both meters prove it, it pays per mWh. Either side may close the connection at any time; what was not drawn
//! was not paid.
//!
//! ## Terminology
//!
//! - **Lot**: an amount of energy behind one meter of the seller, listed with a start price. A battery gives energy through
//!   its meter of discharge, every other miner through one of export.
//! - **Best bid**: the highest one so far. What the whole lot costs at its price is held of its bidder, and its meter is
//!   booked, until somebody bids more: then both are free in the same call.
//! - **Late bid**: one in the last intervals before the close. It extends the auction, a bounded number of times.
//! - **Connection**: what the auction becomes when it is over: the *winner* draws from the interval on with which the auction
//!   closed, for a governed number of intervals, the *window*.
//! - **Drawn**: the energy of an interval that both meters measured in it: the smaller of the two numbers, at most what is
//!   left of the lot.
//! - **Settled**: an interval is settled when it was decided what was drawn in it; once, in the order of time. See
//!   [`settlement`].
//! - **Grace**: for how many intervals after its own a reading is waited for. A reading that comes after its interval was
//!   settled still counts for everything else; for the lot it is too late.
//! - **Due**: what was drawn and not paid yet. Only where the seller's account is gone and cannot take so little.
//!
//! ## Scenarios
//!
//! ### 1. Five kWh of a battery
//! Nora's battery has 5 kWh to spare. She [`list`](Pallet::list)s them at 0.08 DECA per kWh, until this evening. Peter
//! [`bid`](Pallet::bid)s 0.10, and 0.5 DECA of his are held; Carol bids 0.12, and Peter's are free again. In the last quarter
//! of an hour Dave bids 0.15: the auction goes on for another one, and closes. Dave's wallbox draws 3.2 kWh over three
//! intervals. Somebody calls [`draw`](Pallet::draw) now and then: 0.48 DECA leave Dave's hold, 0.0048 of them are the fee,
//! the rest is Nora's. Dave has enough and calls [`close_connection`](Pallet::close_connection). When the interval that runs
//! is measured, the next draw gives him back the 0.27 DECA that were held for the other 1.8 kWh, and both meters are free.
//!
//! ### 2. Nobody wants it
//! Olga lists 10 kWh of her roof's export. Nobody bids. She takes them back with
//! [`cancel_listing`](Pallet::cancel_listing), or anybody ends the lot when its time is over
//! ([`close_auction`](Pallet::close_auction)). Once somebody has bid she cannot take it back any more: the bid binds both.
//!
//! ### 3. A night without a network
//! Dave's agent is offline from midnight to six. At five somebody draws: of what is older than the grace of two hours Dave's
//! readings are missing, so it is settled with nothing, and when they come they are too late. What is younger waits, and is
//! paid when they come. Then nobody calls `draw` for two days: a meter remembers 96 intervals, so what was drawn on the first
//! day is not paid. Settle at least daily; anybody can, and the fee of a draw that moved money or ended the lot returns.
//!
//! ### 4. A challenge
//! Carol challenges Nora's meter. While the challenge is open the intervals of the lot wait. It is dismissed after three
//! hours: they are settled and paid. If it takes longer than a day, what is older is settled with nothing; and if it is
//! upheld, the meter has forgotten what it measured.
//!
//! ### 5. A suspended miner
//! The DAO suspends Nora's miner. She can list nothing, and nobody can bid on what she had listed. The bids that stand stay,
//! and so does a connection: her readings are refused, so nothing is drawn and nothing paid. Dave closes and has his money
//! back after the grace; or Nora does; or the window ends. The same holds if it is Dave's miner. If a miner is revoked, its
//! lots end in the same way. If Nora lost her keys and the DAO gave her miner to another account of hers, that one is paid
//! and may close. If Dave lost his, the account that his miner went to may close as well as he; what was not drawn is held of
//! the account that bid, and goes back to it.
//!
//! ### 6. An account that is gone
//! Nora's miner was revoked, and she has emptied her account. A payment below the existential deposit cannot be made; it
//! stays due, and is made with the next one. With the end of the lot, what no account can take goes where the fees go.
//!
//! ## What this does not prove
//!
//! The energy is what both meters measured at the same time, not the same electrons. A meter of another miner may lie in series
//! with the seller's and see the same energy, which is for the DAO's inspection to find. A winner who does not let its meter
//! report does not pay, for as long as the seller looks on: the seller risks what it delivers within the grace.
//!
//! ## Money
//!
//! Prices are in base units of DECA per mWh, so a cost is a product. The fee is a share of all that was paid for the lot,
//! rounded up, in favour of who gets it: the same in however many draws. Nothing else is rounded.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod auction;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod bidding;
mod connection;
mod invariants;
#[cfg(test)]
mod mock;
pub mod settlement;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use pallet::*;
pub use settlement::Settlement;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use bidding::{extended, least_raise};
use frame_support::{
	fail,
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Inspect as _, MutateHold as _},
		tokens::{DepositConsequence, Fortitude, Precision, Provenance, Restriction},
		Defensive,
	},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	history::MeterReports,
	miner::{Flow, MeterDirectory, MeterId, MeterInfo, MinerKind},
	trade::{fee, MeterUse, MeterUses, Price},
	units::{plausible_energy, Energy, Interval},
};
use settlement::Span;
use sp_runtime::{traits::Zero, ArithmeticError, Permill};

/// The most lots of one page of [`Pallet::lots`].
pub const MAX_PAGE: u32 = 100;

/// A lot as this runtime stores it.
pub type LotOf<T> = Lot<<T as frame_system::Config>::AccountId>;
/// A connection as this runtime stores it.
pub type ConnectionOf<T> = Connection<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what bids are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what lots are paid in.
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

		/// Who gets the fees: the treasury. The account must exist, or be able to.
		type FeeDestination: Get<Self::AccountId>;

		/// The share of each payment that the seller leaves. Governed; a lot keeps the one that it was listed with.
		type Fee: Get<Permill>;

		/// The share of the best bid by which the next one must be higher, rounded up. Governed.
		type MinRaise: Get<Permill>;

		/// The least energy of a lot, in mWh; at least 1 counts. Governed.
		type MinimumEnergy: Get<Energy>;

		/// For how many intervals a lot can be listed. Governed.
		type MaxDuration: Get<Interval>;

		/// How many intervals before the close a bid is a late one, and by how many it extends the auction; kept within 1
		/// and 96. Governed.
		type ExtendWithin: Get<Interval>;

		/// For how many intervals a winner can draw; at least 1 counts. Governed; a lot keeps the one that it was listed
		/// with.
		type DrawWindow: Get<Interval>;

		/// For how many intervals after its own a reading is waited for; at most 96 count. Governed.
		type Grace: Get<Interval>;

		/// The lowest start price, and the least raise of a bid, in base units of DECA per mWh. Constant.
		#[pallet::constant]
		type PriceTick: Get<Price>;

		/// How often late bids can extend an auction. Constant.
		#[pallet::constant]
		type MaxExtensions: Get<u32>;

		/// The most lots that an account lists, leads and draws at a time. Constant.
		#[pallet::constant]
		type MaxLots: Get<u32>;

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
		/// For what a lot costs: of the best bidder, and of the winner.
		#[codec(index = 0)]
		Bid,
	}

	/// The lots that can be bid for or drawn. The chain assigns the numbers, so they need no hashing.
	#[pallet::storage]
	pub type Lots<T: Config> = StorageMap<_, Identity, LotId, LotOf<T>, OptionQuery>;

	/// The number that the next lot gets.
	#[pallet::storage]
	pub type NextLotId<T: Config> = StorageValue<_, LotId, ValueQuery>;

	/// The lot that a meter is in: as the seller's, the best bidder's or the winner's.
	#[pallet::storage]
	pub type MeterLots<T: Config> = StorageMap<_, Identity, MeterId, LotId, OptionQuery>;

	/// The lots that an account listed, leads or draws.
	#[pallet::storage]
	pub type LotsByAccount<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, BoundedVec<LotId, T::MaxLots>, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody sells energy.
		Listed {
			/// The number of the lot.
			lot: LotId,
			/// Who sells.
			seller: T::AccountId,
			/// The meter through which the energy comes.
			meter: MeterId,
			/// How much it is, in mWh.
			energy: Energy,
			/// The lowest price of a first bid, in base units of DECA per mWh.
			start_price: Price,
			/// The interval with whose beginning the auction is over.
			closes: Interval,
		},
		/// Somebody leads.
		BidPlaced {
			/// The number of the lot.
			lot: LotId,
			/// Who.
			bidder: T::AccountId,
			/// The meter through which it would draw.
			meter: MeterId,
			/// Base units of DECA per mWh.
			price: Price,
			/// What is held of the bidder: what all of the lot costs.
			held: Balance,
			/// The interval with whose beginning the auction is over, after this bid.
			closes: Interval,
		},
		/// Somebody does not lead any more, and what was held is free.
		Outbid {
			/// The number of the lot.
			lot: LotId,
			/// Who led.
			bidder: T::AccountId,
			/// What was held.
			released: Balance,
		},
		/// An auction is over, and its winner draws.
		Connected {
			/// The number of the lot.
			lot: LotId,
			/// Who draws.
			winner: T::AccountId,
			/// Base units of DECA per mWh.
			price: Price,
			/// The first interval that counts.
			from: Interval,
			/// The first one that does not count any more.
			until: Interval,
		},
		/// Intervals of a connection were settled.
		Drawn {
			/// The number of the lot.
			lot: LotId,
			/// The first interval that is not settled.
			next: Interval,
			/// How many were settled.
			intervals: u32,
			/// In how many of them both meters measured. The others are not paid: something was missing, forgotten,
			/// recovered or challenged.
			measured: u32,
			/// What was drawn, in mWh.
			energy: Energy,
			/// What the winner paid, in base units of DECA.
			amount: Balance,
			/// How much of that was the fee.
			fee: Balance,
		},
		/// The seller's account cannot take what is due. The next draw tries again.
		PaymentDeferred {
			/// The number of the lot.
			lot: LotId,
			/// What is due, in base units of DECA.
			due: Balance,
			/// What the currency said.
			error: DispatchError,
		},
		/// A side closed a connection.
		ConnectionClosed {
			/// The number of the lot.
			lot: LotId,
			/// Which side.
			side: Side,
			/// The first interval that does not count any more.
			until: Interval,
		},
		/// A lot has ended, and its meters are free.
		Ended {
			/// The number of the lot.
			lot: LotId,
			/// Why.
			reason: EndReason,
			/// What was drawn in all, in mWh.
			drawn: Energy,
			/// What was paid in all, fees included, in base units of DECA.
			paid: Balance,
			/// What the winner got back now, in base units of DECA.
			returned: Balance,
		},
		/// An account could not take what was its own, because it is gone and this is below the existential deposit. It went
		/// where fees go.
		Diverted {
			/// The number of the lot.
			lot: LotId,
			/// Whose it was.
			who: T::AccountId,
			/// How much, in base units of DECA.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No registered miner has a meter of this number.
		UnknownMeter,
		/// Only the owner of the meter's miner, or of the lot's, may do this.
		NotOwner,
		/// The miner is suspended. Wait until the DAO reinstates it.
		MinerNotActive,
		/// The meter was taken out of service. Name another.
		MeterRetired,
		/// Energy is sold through a meter of flow `Discharge` where the miner is a battery, and of flow `Export` where it is
		/// anything else. Name one of those.
		CannotSell,
		/// Energy is drawn through a meter of flow `Import`, `Consumption` or `Charge`. Name one of those.
		CannotBuy,
		/// The meter sends to a storage node, where its energy becomes tokens. End the deposit first, or name another meter.
		SendsToNode,
		/// The meter is in another lot. Wait until that one has ended, or name another meter.
		MeterInLot,
		/// A lot has at least `lots.minimumEnergy`. List more.
		EnergyTooSmall,
		/// The meter cannot carry that much in the time in which the lot can be drawn. List less.
		EnergyTooLarge,
		/// The start price is below `lots.priceTick`. Name a higher one.
		PriceTooLow,
		/// The auction would be over now. Name a later interval.
		ClosesTooEarly,
		/// The auction would last longer than `lots.maxDuration`. Name an earlier interval.
		ClosesTooLate,
		/// The account lists, leads and draws as many lots as it may. Wait until one has ended.
		TooManyLots,
		/// No lot has this number. It may have ended.
		UnknownLot,
		/// The auction of this lot is over. Nobody can bid any more.
		AuctionOver,
		/// The auction of this lot runs. Wait until it is over; `lot` says when.
		AuctionRuns,
		/// Somebody has bid, which binds both sides. Close the connection when the auction is over.
		HasBid,
		/// Nobody buys its own lot.
		SameOwner,
		/// The seller's miner was suspended or revoked, its meter taken out of service, or its energy sent to a storage node
		/// since the lot was listed. Bid on another one.
		SellerCannotDeliver,
		/// Your own bid is the best one.
		AlreadyLeading,
		/// The price is below the start price, or not high enough above the best bid. `least_bid` says what suffices.
		BidTooLow,
		/// No interval can be settled yet. An interval can as soon as both meters have reported it, and otherwise when its
		/// grace is over.
		NothingToDraw,
		/// Only its sides may close a connection: the owner of the lot's miner, the winner, and the owner of the miner of the
		/// winner's meter.
		NotASide,
		/// The connection ends with the interval that runs, or has ended, anyway. Draw it when that is measured.
		AlreadyClosing,
		/// The time to draw is not over, or readings of its last intervals may still come. Draw it meanwhile.
		NotExpired,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxLots::get() > 0, "an account must be able to have a lot");
			assert!(T::PriceTick::get() > 0, "a lot must have a price");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Offer an amount of energy to the highest bidder.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter's miner.
		///
		/// ## Details
		/// `meter` is one of flow `Discharge` of a storage miner, or one of flow `Export` of another miner that sends to no
		/// storage node; it is booked until the lot ends. `energy` is in mWh, `start_price` in base units of DECA per mWh.
		/// The auction is over when the interval `closes` begins, if no late bid extends it.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::NotOwner`], [`Error::MinerNotActive`], [`Error::MeterRetired`],
		/// [`Error::CannotSell`], [`Error::SendsToNode`], [`Error::EnergyTooSmall`], [`Error::EnergyTooLarge`],
		/// [`Error::PriceTooLow`], [`Error::ClosesTooEarly`], [`Error::ClosesTooLate`], [`Error::MeterInLot`],
		/// [`Error::TooManyLots`], or that of the metering pallet when the meter is booked for something else.
		///
		/// ## Events
		/// [`Event::Listed`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::list())]
		pub fn list(
			origin: OriginFor<T>,
			meter: MeterId,
			#[pallet::compact] energy: Energy,
			#[pallet::compact] start_price: Price,
			closes: Interval,
		) -> DispatchResult {
			let seller = ensure_signed(origin)?;
			Self::open_lot(seller, meter, energy, start_price, closes)
		}

		/// Offer the highest price for a lot.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter's miner, who is not the seller.
		///
		/// ## Details
		/// `meter`, of flow `Import`, `Consumption` or `Charge`, is the one that would draw. The first bid is at least the
		/// start price, each further one higher than the best by `MinRaise` of it, rounded up, and by `PriceTick`. What all
		/// of the lot costs is held and the meter booked, until somebody bids more; both of who led before are free at
		/// once. A bid binds. A late one extends the auction.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::AuctionOver`], [`Error::SameOwner`], [`Error::SellerCannotDeliver`],
		/// [`Error::BidTooLow`], [`Error::AlreadyLeading`], [`Error::UnknownMeter`], [`Error::NotOwner`],
		/// [`Error::MinerNotActive`], [`Error::MeterRetired`], [`Error::CannotBuy`], [`Error::MeterInLot`],
		/// [`Error::TooManyLots`], that of the currency when the caller has too little, or that of the metering pallet when
		/// the meter is booked for something else.
		///
		/// ## Events
		/// [`Event::BidPlaced`], and [`Event::Outbid`] if somebody led before.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bid())]
		pub fn bid(
			origin: OriginFor<T>,
			lot: LotId,
			#[pallet::compact] price: Price,
			meter: MeterId,
		) -> DispatchResult {
			let bidder = ensure_signed(origin)?;
			Self::take_bid(bidder, lot, price, meter)
		}

		/// Close an auction whose time is over.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// The winner draws from the interval on with which the auction closed, whenever this is called. A lot that nobody
		/// bid for ends. Drawing from a lot, closing its connection and expiring it do this first where nobody has. The fee
		/// is returned.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::AuctionRuns`], [`Error::AuctionOver`] when it was closed before.
		///
		/// ## Events
		/// [`Event::Connected`] or [`Event::Ended`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::close_auction())]
		pub fn close_auction(origin: OriginFor<T>, lot: LotId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let entry = Lots::<T>::get(lot).ok_or(Error::<T>::UnknownLot)?;
			ensure!(matches!(entry.phase, Phase::Auction(_)), Error::<T>::AuctionOver);
			if let Some((entry, connection)) = Self::connected(lot)? {
				Lots::<T>::insert(lot, Lot { phase: Phase::Connection(connection), ..entry });
			}
			Ok(Pays::No.into())
		}

		/// Take a lot back before anybody has bid.
		///
		/// ## Dispatch Origin
		/// Signed, by the seller: who owns the lot's miner now, or who listed it if the miner was revoked.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::NotOwner`], [`Error::HasBid`].
		///
		/// ## Events
		/// [`Event::Ended`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::cancel_listing())]
		pub fn cancel_listing(origin: OriginFor<T>, lot: LotId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::cancel(who, lot)
		}

		/// Settle what was drawn from a lot, and pay for it.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// All intervals that can be settled now are, however many: see [`settlement`]. What was drawn is paid at once out
		/// of what is held of the winner; the seller leaves the fee. A lot of which all is drawn, or whose time to draw is
		/// settled to its end, ends: the winner gets back what is left. Meters remember 96 intervals: draw at least daily.
		/// The fee of this call is returned if something was paid or the lot ended.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::AuctionRuns`], [`Error::NothingToDraw`].
		///
		/// ## Events
		/// [`Event::Drawn`]; also [`Event::Connected`] if the auction was not closed, [`Event::PaymentDeferred`] if the
		/// seller's account cannot take what is due, and [`Event::Ended`] and [`Event::Diverted`] at the end.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::draw())]
		pub fn draw(origin: OriginFor<T>, lot: LotId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Ok(Self::draw_lot(lot)?.info::<T>())
		}

		/// Close a connection before its time.
		///
		/// ## Dispatch Origin
		/// Signed, by the seller: who owns the lot's miner now, or who listed it if the miner was revoked. Or by the winner:
		/// who bid, or who owns the miner of its meter now.
		///
		/// ## Details
		/// The interval that runs is the last one that counts. When it is settled by a [`draw`](Pallet::draw), the lot ends
		/// and who bid gets back what is left.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::AuctionRuns`], [`Error::NotASide`], [`Error::AlreadyClosing`].
		///
		/// ## Events
		/// [`Event::ConnectionClosed`], and [`Event::Connected`] if the auction was not closed; [`Event::Ended`] if nobody had
		/// bid.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::close_connection().max(T::WeightInfo::close_auction()))]
		pub fn close_connection(origin: OriginFor<T>, lot: LotId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::close(who, lot)
		}

		/// End a lot whose time to draw is over.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// A [`draw`](Pallet::draw) that fails unless it is the last. The fee is returned.
		///
		/// ## Errors
		/// [`Error::UnknownLot`], [`Error::AuctionRuns`], [`Error::NothingToDraw`], [`Error::NotExpired`].
		///
		/// ## Events
		/// As [`draw`](Pallet::draw), with [`Event::Ended`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::draw())]
		pub fn expire(origin: OriginFor<T>, lot: LotId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let drawing = Self::draw_lot(lot)?;
			ensure!(drawing.ended, Error::<T>::NotExpired);
			Ok(drawing.info::<T>())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A lot, until it has ended.
		pub fn lot(lot: LotId) -> Option<LotOf<T>> {
			Lots::<T>::get(lot)
		}

		/// Lots in the order of the storage: up to `limit` of them, at most [`MAX_PAGE`], after the one with the number
		/// `after`, or from the first one on.
		pub fn lots(after: Option<LotId>, limit: u32) -> Vec<(LotId, LotOf<T>)> {
			let entries = match after {
				Some(lot) => Lots::<T>::iter_from_key(lot),
				None => Lots::<T>::iter(),
			};
			entries.take(limit.min(MAX_PAGE) as usize).collect()
		}

		/// The lots that somebody listed, leads or draws.
		pub fn lots_of(who: T::AccountId) -> Vec<(LotId, LotOf<T>)> {
			let lots = LotsByAccount::<T>::get(who).into_iter();
			lots.filter_map(|lot| Some((lot, Lots::<T>::get(lot)?))).collect()
		}

		/// The lot that a meter is in.
		pub fn meter_lot(meter: MeterId) -> Option<LotId> {
			MeterLots::<T>::get(meter)
		}

		/// The lowest price that a bid must name now, in base units of DECA per mWh. None if the auction is over.
		pub fn least_bid(lot: LotId) -> Option<Price> {
			let entry = Lots::<T>::get(lot)?;
			match &entry.phase {
				Phase::Auction(auction) if T::CurrentInterval::get() < auction.closes => {
					Self::least_price(&entry, auction)
				}
				_ => None,
			}
		}

		/// What a draw would settle now. None if the auction runs, or if nobody bid.
		pub fn drawable(lot: LotId) -> Option<Settlement> {
			let entry = Lots::<T>::get(lot)?;
			let connection = entry.connection(T::CurrentInterval::get())?;
			Some(Self::settlement(&entry, &connection))
		}
	}
}
