//! What the lots pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use heliograph_primitives::{
	miner::{MeterId, MinerId},
	trade::{cost, Price},
	units::{Energy, Interval},
};
use scale_info::TypeInfo;
use sp_runtime::Permill;

/// The number of a lot. Assigned by the chain, one after the other, never reused.
pub type LotId = u32;

/// Base units of DECA, 10^-12.
pub type Balance = u128;

/// What somebody pays for a lot, and where it would be drawn.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Bid<AccountId> {
	/// Who bids. What the whole lot costs is held of it.
	pub bidder: AccountId,
	/// The meter through which it would draw.
	pub meter: MeterId,
	/// Base units of DECA per mWh.
	pub price: Price,
}

/// A lot that can be bid for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Auction<AccountId> {
	/// The interval with whose beginning it is over. Late bids move it.
	pub closes: Interval,
	/// How often a late bid has moved it.
	pub extensions: u32,
	/// The highest bid.
	pub best: Option<Bid<AccountId>>,
}

/// Which of the two sides of a connection.
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
pub enum Side {
	/// Who sells.
	#[codec(index = 0)]
	Seller,
	/// Who draws.
	#[codec(index = 1)]
	Winner,
}

/// A lot that is drawn. Always `next < until`, and `drawn` is less than the lot: else it has ended, and is gone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Connection<AccountId> {
	/// The bid that won.
	pub winner: Bid<AccountId>,
	/// The first interval that is drawn.
	pub from: Interval,
	/// The interval with whose beginning it is over.
	pub until: Interval,
	/// The first interval that is not settled.
	pub next: Interval,
	/// What was drawn in the intervals before `next`, in mWh.
	pub drawn: Energy,
	/// What was paid for it, fees included, in base units of DECA. Less than it cost only while the seller's account cannot
	/// take so little.
	pub paid: Balance,
	/// Which side closed it before its time.
	pub closed: Option<Side>,
}

impl<AccountId> Connection<AccountId> {
	/// What was drawn and not paid yet.
	pub fn due(&self) -> Balance {
		cost(self.drawn, self.winner.price).saturating_sub(self.paid)
	}
}

/// What a lot is doing.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Phase<AccountId> {
	/// It can be bid for; or its time is over, and nobody has said so yet.
	#[codec(index = 0)]
	Auction(Auction<AccountId>),
	/// It is drawn.
	#[codec(index = 1)]
	Connection(Connection<AccountId>),
}

/// Energy that somebody sells as one.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Lot<AccountId> {
	/// Who listed it.
	pub seller: AccountId,
	/// Its miner. Who owns it now is paid, and may close; `seller` if it was revoked.
	pub miner: MinerId,
	/// The meter through which the energy comes.
	pub meter: MeterId,
	/// How much it is, in mWh.
	pub energy: Energy,
	/// The lowest price of a first bid, in base units of DECA per mWh.
	pub start_price: Price,
	/// The share of each payment that the seller leaves as a fee: as it was when the lot was listed.
	pub fee: Permill,
	/// For how many intervals it can be drawn: as it was when the lot was listed.
	pub draw_window: Interval,
	/// What it is doing.
	pub phase: Phase<AccountId>,
}

impl<AccountId: Clone> Lot<AccountId> {
	/// The bid that money is held for, if there is one.
	pub fn bid(&self) -> Option<&Bid<AccountId>> {
		match &self.phase {
			Phase::Auction(auction) => auction.best.as_ref(),
			Phase::Connection(connection) => Some(&connection.winner),
		}
	}

	/// What all of it costs at `price`, in base units of DECA.
	pub fn cost(&self, price: Price) -> Balance {
		cost(self.energy, price)
	}

	/// What is held of the bidder.
	pub fn held(&self) -> Balance {
		let paid = match &self.phase {
			Phase::Auction(_) => 0,
			Phase::Connection(connection) => connection.paid,
		};
		self.bid().map_or(0, |bid| self.cost(bid.price).saturating_sub(paid))
	}

	/// The connection while the interval `now` runs: the one that is stored, or the one that opened by itself when the
	/// auction was over. None while the auction runs, or if nobody bid.
	pub fn connection(&self, now: Interval) -> Option<Connection<AccountId>> {
		match &self.phase {
			Phase::Connection(connection) => Some(connection.clone()),
			Phase::Auction(auction) if now < auction.closes => None,
			Phase::Auction(auction) => {
				let from = auction.closes;
				Some(Connection {
					winner: auction.best.clone()?,
					from,
					until: from.saturating_add(self.draw_window),
					next: from,
					drawn: 0,
					paid: 0,
					closed: None,
				})
			}
		}
	}
}

/// Why a lot ended.
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
pub enum EndReason {
	/// All of it was drawn.
	#[codec(index = 0)]
	Drawn,
	/// A side closed the connection.
	#[codec(index = 1)]
	Closed(Side),
	/// The time to draw was over.
	#[codec(index = 2)]
	Expired,
	/// Nobody bid.
	#[codec(index = 3)]
	Unsold,
	/// The seller took it back before anybody bid.
	#[codec(index = 4)]
	Cancelled,
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of `kind` owned by `owner`, with one meter of `flow` that sends to no storage node, of 10 kW or
	/// more.
	fn register(
		owner: &AccountId,
		kind: heliograph_primitives::MinerKind,
		flow: heliograph_primitives::Flow,
	) -> (MinerId, MeterId);

	/// Moves the clock to the beginning of `interval`.
	fn go_to(interval: Interval);
}
