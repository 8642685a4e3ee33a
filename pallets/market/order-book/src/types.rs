//! What is stored, and what is asked for.

use crate::ladder::Bits;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use heliograph_primitives::{
	trade::Price,
	units::{Energy, Interval, INTERVALS_PER_DAY},
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// An amount of DECA in base units, or of KWH in mWh.
pub type Balance = u128;

/// Numbers orders, in the order in which they were first placed.
pub type OrderId = u64;

/// For whom an order is.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Side {
	/// For who wants KWH, and holds DECA.
	#[codec(index = 0)]
	Buy,
	/// For who wants DECA, and holds KWH.
	#[codec(index = 1)]
	Sell,
}

impl Side {
	/// Both of them.
	pub const ALL: [Self; 2] = [Self::Buy, Self::Sell];

	/// The other one.
	pub const fn opposite(self) -> Self {
		match self {
			Self::Buy => Self::Sell,
			Self::Sell => Self::Buy,
		}
	}
}

/// What becomes of what an order cannot trade at once.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Kind {
	/// Good till cancelled: it stays in the book, until it expires at the latest.
	#[codec(index = 0)]
	Gtc,
	/// Immediate or cancel: it goes back to the owner.
	#[codec(index = 1)]
	Ioc,
	/// Fill or kill: nothing is traded unless all of it is.
	#[codec(index = 2)]
	Fok,
	/// Good till cancelled, and refused if any of it could be traded at once: its owner pays the fee of makers only.
	#[codec(index = 3)]
	PostOnly,
}

/// What happens where an order would meet one of the same owner.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum SelfTrade {
	/// What is left of the new order goes back to the owner.
	#[codec(index = 0)]
	CancelTaker,
	/// The older one is closed, and the new one goes on.
	#[codec(index = 1)]
	CancelMaker,
}

/// Why an order is no more.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum CloseReason {
	/// All of it was traded.
	#[codec(index = 0)]
	Filled,
	/// Its owner took it back.
	#[codec(index = 1)]
	Cancelled,
	/// Its last interval is over.
	#[codec(index = 2)]
	Expired,
	/// It would have met another one of its owner.
	#[codec(index = 3)]
	SelfTrade,
	/// Its owner could not pay, or could not be paid: its DECA was locked meanwhile, or its account closed.
	#[codec(index = 4)]
	Unpayable,
	/// It was immediate or cancel, and the book had no more.
	#[codec(index = 5)]
	Immediate,
	/// It used up its fills, and still crosses the book: it cannot stay in it.
	#[codec(index = 6)]
	OutOfFills,
}

/// An order in the book.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Order<AccountId> {
	/// Whose it is.
	pub owner: AccountId,
	/// Whether it buys or sells.
	pub side: Side,
	/// The highest price for a buyer, the lowest for a seller, in base units of DECA per mWh.
	pub price: Price,
	/// What is not traded yet, in mWh.
	pub energy: Energy,
	/// How much it is for in all, in mWh: what was traded since it was placed, and what is not traded yet.
	pub placed: Energy,
	/// The fee of makers that was governed when it was placed, or when it last came anew. It holds for all of the order's
	/// life in the book.
	pub fee: Permill,
	/// When that was.
	pub since: Interval,
	/// The last interval in which it can be traded.
	pub expires: Interval,
	/// Whether it was placed as [`Kind::PostOnly`].
	pub post_only: bool,
	/// What happens where it would meet one of the same owner when it is amended.
	pub self_trade: SelfTrade,
	/// The one before it at its price.
	pub previous: Option<OrderId>,
	/// The one after it at its price.
	pub next: Option<OrderId>,
}

impl<AccountId> Order<AccountId> {
	/// Whether its last interval is over.
	pub fn is_over(&self, now: Interval) -> bool {
		now > self.expires
	}

	/// What was traded of it since it was placed, in mWh.
	pub fn traded(&self) -> Energy {
		self.placed.saturating_sub(self.energy)
	}
}

/// The orders of one side at one price, in the order of their arrival.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Level {
	/// The one that is traded first.
	pub head: OrderId,
	/// The one that is traded last.
	pub tail: OrderId,
	/// What all of them can still trade, in mWh. As many orders as there are numbers for cannot overflow it.
	pub energy: u128,
	/// How many there are.
	pub orders: u32,
}

/// What nearly every call needs: in one item, so that it is one read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Top {
	/// The number that the next order gets.
	pub next: OrderId,
	/// The root of the buyers' ladder.
	pub buys: Bits,
	/// The root of the sellers' ladder.
	pub sells: Bits,
}

impl Top {
	/// The root of a side's ladder.
	pub fn root(&mut self, side: Side) -> &mut Bits {
		match side {
			Side::Buy => &mut self.buys,
			Side::Sell => &mut self.sells,
		}
	}
}

/// What was traded in one interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Candle {
	/// The interval.
	pub interval: Interval,
	/// The first price.
	#[codec(compact)]
	pub open: Price,
	/// The highest price.
	#[codec(compact)]
	pub high: Price,
	/// The lowest price.
	#[codec(compact)]
	pub low: Price,
	/// The last price.
	#[codec(compact)]
	pub close: Price,
	/// All that was traded, in mWh.
	#[codec(compact)]
	pub volume: u128,
}

impl Candle {
	/// One trade.
	pub fn of(interval: Interval, price: Price, energy: Energy) -> Self {
		let volume = energy.into();
		Self { interval, open: price, high: price, low: price, close: price, volume }
	}

	/// Takes in what was traded later in the same interval.
	pub fn join(&mut self, later: &Self) {
		self.high = self.high.max(later.high);
		self.low = self.low.min(later.low);
		self.close = later.close;
		self.volume = self.volume.saturating_add(later.volume);
	}
}

/// What was traded lately, for people. Nothing in the book depends on it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct History {
	/// The price of the last trade ever.
	pub last: Option<Price>,
	/// The intervals of the last day in which something was traded, oldest first.
	pub candles: BoundedVec<Candle, ConstU32<INTERVALS_PER_DAY>>,
}

impl History {
	/// Drops what is older than a day.
	pub fn forget(&mut self, now: Interval) {
		self.candles.retain(|candle| now.saturating_sub(candle.interval) < INTERVALS_PER_DAY);
	}

	/// Takes in what was traded in the interval that runs.
	pub fn record(&mut self, candle: Candle) {
		self.last = Some(candle.close);
		self.forget(candle.interval);
		let mut candles = core::mem::take(&mut self.candles).into_inner();
		match candles.last_mut() {
			Some(last) if last.interval == candle.interval => last.join(&candle),
			_ => candles.push(candle),
		}
		// A day has as many intervals as fit.
		self.candles = BoundedVec::truncate_from(candles);
	}
}

/// A price and what waits at it, as [`crate::Pallet::depth`] tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DepthLevel {
	/// The price, in base units of DECA per mWh.
	pub price: Price,
	/// What all orders there can still trade, in mWh. Counts orders that expired and were not removed yet.
	pub energy: u128,
	/// How many orders there are.
	pub orders: u32,
}

/// The best prices of both sides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct Best {
	/// The highest price that a buyer offers.
	pub buy: Option<Price>,
	/// The lowest price that a seller asks for.
	pub sell: Option<Price>,
}

/// What an order would be filled with if it was placed now, without a limit and with all the steps that it may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct Quote {
	/// How much of the energy it would be filled with, in mWh.
	pub energy: Energy,
	/// What that costs, in base units of DECA.
	pub cost: Balance,
	/// The fee of takers on it, rounded up for each fill: a buyer pays it on top at most, a seller gets so much less.
	pub fee: Balance,
	/// The worst price of it.
	pub worst: Option<Price>,
	/// Whether it is less than was asked for because the order would have used up its steps. Otherwise the book has no more.
	pub out_of_fills: bool,
}
