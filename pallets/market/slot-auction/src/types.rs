//! What the slot auction stores, and what it shows.

use crate::{
	bill::{hold_of_bid, Rates},
	clearing::{Clearing, Depth},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::*, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use heliograph_primitives::{
	miner::{Flow, MeterId, MinerKind},
	trade::{cost, Apportionment, Price},
	units::{Energy, Interval, INTERVALS_PER_DAY},
};
use serde::{Deserialize, Serialize};
use sp_runtime::Permill;

/// Base units of DECA, 10^-12.
pub type Balance = u128;

/// How a grid area is called, as in the profiles of miners: letters, digits, `-`, `.` and `_`.
pub type AreaCode = BoundedVec<u8, ConstU32<16>>;

/// The number of an area. Assigned by the chain, one after the other, never reused.
pub type AreaId = u16;

/// A place on the ladder of prices: a price in steps of [`SLOT_TICK`].
pub type Tick = u16;

/// The step between two prices, in base units of DECA per mWh: 0.001 DECA per kWh. A constant.
pub const SLOT_TICK: Price = 1_000;

/// How many prices the ladder has, from 0 up. A limit is at least one tick, so 1.023 DECA per kWh is the highest price. A
/// constant.
pub const TICKS: usize = 1_024;

/// What the energy of an order is a multiple of, in mWh. A constant.
pub const LOT_SIZE: Energy = 1_000;

/// How many ticks lie in one storage item.
pub const PAGE: usize = 64;

/// How many pages the ladder has.
pub const PAGES: u8 = (TICKS / PAGE) as u8;

/// The highest price that an area can have for anything, in base units of DECA per mWh: about a million DECA per kWh.
pub const MAX_AREA_PRICE: Price = 1 << 40;

/// The most energy of one side at one tick, in mWh: 35 GWh in a quarter of an hour.
///
/// With that, no product here comes near the end of `u128`: 2^10 ticks of 2^45 mWh, at 2^40 base units of DECA, times the
/// 2^32 mWh that one meter can measure.
pub const MAX_AT_TICK: Energy = 1 << 45;

/// The longest grace, in intervals: below the 96 of which meters' energies are known.
pub const MAX_GRACE: Interval = 89;

/// What governance sets for an area.
#[derive(
	Clone,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Area<AccountId> {
	/// What a buyer pays to the operator for each mWh that was delivered.
	pub grid_fee: Price,
	/// Who runs the wires, and gets the grid fees.
	pub operator: AccountId,
	/// What a seller owes to the buyers for each mWh that it sold and did not deliver.
	pub imbalance: Price,
	/// What a buyer owes to the operator for each mWh that was delivered to it and not drawn.
	pub undrawn: Price,
	/// Whether orders are taken.
	pub open: bool,
}

/// An auction: one area, one interval.
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
pub struct AuctionId {
	/// The area.
	pub area: AreaId,
	/// The interval in which the energy is delivered.
	pub interval: Interval,
}

/// An order: which one of an auction.
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
pub struct OrderId {
	/// The auction.
	pub auction: AuctionId,
	/// The number in it, from 0. An auction whose orders are all cancelled is forgotten, and the next one begins at 0 again.
	pub number: u32,
}

/// What an order wants.
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
	/// A bid: to draw energy.
	#[codec(index = 0)]
	Buy,
	/// An offer: to deliver energy.
	#[codec(index = 1)]
	Sell,
}

impl Side {
	/// The side that energy is on when it passes a meter of this flow that belongs to a miner of this kind. What is generated
	/// is sold where it is exported; and what passes two meters of a miner, out of its battery and into the grid, is sold at
	/// one of them.
	pub fn of(kind: MinerKind, flow: Flow) -> Option<Self> {
		match flow {
			Flow::Import | Flow::Consumption | Flow::Charge => Some(Self::Buy),
			Flow::Export | Flow::Discharge | Flow::Generation => {
				(flow == kind.gives_by()).then_some(Self::Sell)
			}
		}
	}
}

/// What holds for an auction from its first order to its last payment, whatever is decided meanwhile.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Terms<AccountId> {
	/// Who gets the grid fees.
	pub operator: AccountId,
	/// The area's grid fee.
	pub grid_fee: Price,
	/// The area's price of what is not delivered.
	pub imbalance: Price,
	/// The area's price of what is not drawn.
	pub undrawn: Price,
	/// What is kept of what sellers get.
	pub fee: Permill,
	/// The first interval in which the gate is closed.
	pub closes: Interval,
	/// The first interval in which orders can be settled.
	pub settles: Interval,
}

impl<AccountId> Terms<AccountId> {
	/// The prices of a filled order, at the price of the auction.
	pub fn rates(&self, price: Price) -> Rates {
		Rates {
			price,
			grid_fee: self.grid_fee,
			imbalance: self.imbalance,
			undrawn: self.undrawn,
			fee: self.fee,
		}
	}

	/// What is held for an order on `side`, with a limit of `limit`, as long as `energy` mWh of it can come to something.
	pub fn hold(&self, side: Side, energy: Energy, limit: Price) -> Option<Balance> {
		match side {
			Side::Buy => hold_of_bid(energy, limit, self.undrawn),
			Side::Sell => Some(cost(energy, self.imbalance)),
		}
	}
}

/// An auction, from its first order until its last one is gone.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Auction<AccountId> {
	/// What holds for it.
	pub terms: Terms<AccountId>,
	/// How many orders it ever had: the number of the next one.
	pub placed: u32,
	/// How many of them are there.
	pub orders: u32,
	/// What came of it, once it is cleared.
	pub cleared: Option<Cleared>,
}

/// An auction after its gate closed and its price was found. No order comes or is cancelled any more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Cleared {
	/// The price, and what of the volume is not given out yet. None if nothing is traded.
	pub clearing: Option<Clearing>,
	/// Orders that did not take their fill yet.
	pub uncollected: u32,
	/// Offers that were filled and are not settled.
	pub sells: u32,
	/// Bids that were filled and are not settled.
	pub buys: u32,
	/// All that sellers delivered.
	pub delivered: u128,
	/// What of it is not given out to buyers yet, and the energy of the buyers that did not take theirs.
	pub deliveries: Apportionment,
	/// What sellers owe for the rest, and is not given out to buyers yet, likewise.
	pub compensation: Apportionment,
	/// What of the pallet's account belongs to this auction.
	pub escrow: Balance,
	/// What of that is for the operator.
	pub grid: Balance,
	/// What of that was kept of sellers.
	pub fees: Balance,
}

impl Cleared {
	/// Just cleared, with all `orders` to collect.
	pub fn new(clearing: Option<Clearing>, orders: u32) -> Self {
		let shared = Apportionment { left: 0, of: clearing.map_or(0, |clearing| clearing.volume) };
		Self {
			clearing,
			uncollected: orders,
			sells: 0,
			buys: 0,
			delivered: 0,
			deliveries: shared,
			compensation: shared,
			escrow: 0,
			grid: 0,
			fees: 0,
		}
	}

	/// The price, in base units of DECA per mWh; zero if nothing is traded, and then nothing is bought at it.
	pub fn price(&self) -> Price {
		self.clearing.map_or(0, |clearing| clearing.price())
	}

	/// Whether nothing is left to do.
	pub fn is_over(&self) -> bool {
		(self.uncollected, self.sells, self.buys) == (0, 0, 0)
	}
}

/// An order that is open, or was filled and waits for its settlement.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Order<AccountId> {
	/// Who placed it. Pays and is paid, whoever owns the miner meanwhile.
	pub owner: AccountId,
	/// The meter that will tell.
	pub meter: MeterId,
	/// What it wants.
	pub side: Side,
	/// Its place on the ladder.
	pub tick: Tick,
	/// The most that a buyer pays per mWh, its tick and the grid fee; the least that a seller takes, its tick. In base units
	/// of DECA.
	pub limit: Price,
	/// How much it wants, in mWh.
	pub energy: Energy,
	/// How much it got, once it was collected.
	pub fill: Option<Energy>,
}

/// What an account has in an auction.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxOrders))]
pub struct Stand<MaxOrders: Get<u32>> {
	/// Its side.
	pub side: Side,
	/// The numbers of its orders.
	pub numbers: BoundedVec<u32, MaxOrders>,
}

/// What a meter is promised for in an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MeterBook {
	/// How many orders name it.
	pub orders: u32,
	/// How much they want, in mWh.
	pub energy: Energy,
	/// How much of what it measured was settled by orders that are gone, in mWh. The same mWh counts once.
	pub allotted: Energy,
}

/// 64 ticks of the ladder of an auction that is not cleared. One without orders is not stored.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Page(pub [Depth; PAGE]);

impl Default for Page {
	fn default() -> Self {
		Self([Depth::default(); PAGE])
	}
}

impl Page {
	/// Whether there is no order on it.
	pub fn is_empty(&self) -> bool {
		self.0.iter().all(|depth| *depth == Depth::default())
	}
}

/// What came of an auction.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct SlotResult {
	/// The interval.
	pub interval: Interval,
	/// The price, in base units of DECA per mWh. None if nothing was traded.
	pub price: Option<Price>,
	/// What was bought and sold, in mWh.
	pub volume: u128,
	/// What of it was delivered, in mWh, once all is settled.
	pub delivered: Option<u128>,
}

/// What came of an area's auctions of the last 96 intervals that were cleared; interval `i` at `i % 96`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Results(pub [Option<SlotResult>; INTERVALS_PER_DAY as usize]);

impl Default for Results {
	fn default() -> Self {
		Self([None; INTERVALS_PER_DAY as usize])
	}
}

impl Results {
	/// The entry that is for `interval`.
	pub fn entry(&mut self, interval: Interval) -> &mut Option<SlotResult> {
		&mut self.0[(interval % INTERVALS_PER_DAY) as usize]
	}

	/// All of them, oldest first.
	pub fn sorted(&self) -> Vec<SlotResult> {
		let mut all = self.0.iter().flatten().copied().collect::<Vec<_>>();
		all.sort_unstable_by_key(|result| result.interval);
		all
	}
}

/// Why an order was settled without its meter.
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
pub enum Void {
	/// Nobody settled within the day for which energies of single intervals are known, and the meter reported since.
	#[codec(index = 0)]
	Forgotten,
}

/// What a call did with the orders that it named.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Round {
	/// How many were done.
	pub done: u32,
	/// How many failed, and were undone. They cost what the others do.
	pub failed: u32,
	/// How many reads it took to pass over the rest.
	pub reads: u32,
}

impl Round {
	/// How many cost what the call's weight says.
	pub fn tried(&self) -> u32 {
		self.done.saturating_add(self.failed)
	}
}

/// Where an auction is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub enum Stage {
	/// Its gate is open.
	#[codec(index = 0)]
	Open,
	/// Its gate is closed; it can be cleared, and its orders collected.
	#[codec(index = 1)]
	ToCollect,
	/// All is collected; its interval or the grace is not over.
	#[codec(index = 2)]
	ToDeliver,
	/// Its orders can be settled.
	#[codec(index = 3)]
	ToSettle,
}

/// What is bid and offered at a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Level {
	/// The price without the grid fee, in base units of DECA per mWh.
	pub price: Price,
	/// The energy of the bids at it, in mWh.
	pub demand: Energy,
	/// The energy of the offers at it, in mWh.
	pub supply: Energy,
}

/// An auction, as people see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct AuctionView<AccountId> {
	/// Which one.
	pub id: AuctionId,
	/// Where it is in its life.
	pub stage: Stage,
	/// What is known of it.
	pub auction: Auction<AccountId>,
	/// The ladder, from the lowest price up; empty once it is cleared.
	pub depth: Vec<Level>,
	/// The price, in base units of DECA per mWh: what it is, or what it would be if the gate closed now.
	pub price: Option<Price>,
	/// What is bought and sold at it, in mWh.
	pub volume: u128,
}

/// An order, as people see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct OrderView<AccountId> {
	/// What is known of it.
	pub order: Order<AccountId>,
	/// Where its auction is.
	pub stage: Stage,
	/// What is held of its owner for it, in base units of DECA.
	pub held: Balance,
	/// What its owner has paid in for it, in base units of DECA. What is not used comes back when it is settled.
	pub prepaid: Balance,
	/// The price, in base units of DECA per mWh: what it is, or what it would be if the gate closed now.
	pub price: Option<Price>,
	/// How much it got, in mWh; or, if it was not collected, what it would get. Who is collected first at the margin may get
	/// one mWh more or less.
	pub fill: Energy,
}

/// What an order would get if it was placed and the gate closed then.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Estimate {
	/// The price, in base units of DECA per mWh. None if nothing would be traded.
	pub price: Option<Price>,
	/// What would be bought and sold, in mWh.
	pub volume: u128,
	/// How much of it the order would get, in mWh.
	pub fill: Energy,
	/// What would be held for it, in base units of DECA.
	pub held: Balance,
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of `kind` owned by `owner`, with one meter of `flow` that sends to no storage node. All of them
	/// in the same grid area, whichever it is.
	fn register(
		owner: &AccountId,
		kind: MinerKind,
		flow: Flow,
	) -> (heliograph_primitives::MinerId, MeterId);

	/// Moves the clock to the beginning of `interval`.
	fn go_to(interval: Interval);
}
