//! What the rewards pallet stores, and what it asks of others.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::*;
use heliograph_primitives::{
	history::Day,
	miner::{MeterId, MinerId},
	units::{Energy, Watts},
};
use serde::{Deserialize, Serialize};
use sp_runtime::{ArithmeticError, DispatchError};

/// The number of a plant's listing. Assigned by the chain, one after the other, never reused.
pub type ListingId = u32;

/// The number of a purchase of units. Assigned by the chain, one after the other, never reused.
pub type PositionId = u32;

/// Base units of DECA, 10^-12.
pub type Balance = u128;

/// How much of a day a miner stands for. It has no unit: only the shares between the weights of one day matter.
pub type RewardWeight = u128;

/// What a pool pays for.
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
	Serialize,
	Deserialize,
)]
pub enum Category {
	/// Standard miners for what they generate, and the units of plants.
	#[codec(index = 0)]
	Generation,
	/// The plants themselves.
	#[codec(index = 1)]
	Plant,
	/// Consumers for what they save.
	#[codec(index = 2)]
	Consumption,
	/// Storage nodes for what they give back.
	#[codec(index = 3)]
	Storage,
}

impl Category {
	/// All of them.
	pub const ALL: [Self; 4] = [Self::Generation, Self::Plant, Self::Consumption, Self::Storage];
}

/// Where the budget of a day comes from.
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
	Serialize,
	Deserialize,
)]
pub enum EmissionSource {
	/// From what the pool was given.
	#[codec(index = 0)]
	Funds,
	/// It is minted.
	#[codec(index = 1)]
	Mint,
}

/// What a pool pays for a day.
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
	Serialize,
	Deserialize,
)]
pub struct Emission {
	/// The most that it pays for a day, in base units of DECA.
	pub daily: Balance,
	/// Where that comes from.
	pub source: EmissionSource,
}

/// How the reward of a plant itself is computed. Its units do not depend on it.
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
pub enum PlantVersion {
	/// Half of what its units earned from the pool.
	#[codec(index = 0)]
	A,
	/// Its share of the energy of all plants of the day.
	#[codec(index = 1)]
	B,
}

/// The books of a pool, in base units of DECA. Always `funded = funds + reserved + due + paid`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Pool {
	/// All that it ever got.
	pub funded: Balance,
	/// What is free for coming days.
	pub funds: Balance,
	/// What is set apart for days that are closed, and not yet credited to anybody.
	pub reserved: Balance,
	/// What was credited, and not yet paid.
	pub due: Balance,
	/// All that it ever paid.
	pub paid: Balance,
	/// All that ever went back to the funds because of rounding. Contained in the others: it only counts.
	pub dust: Balance,
}

/// The books of what buyers of units paid in, over all listings, in base units of DECA.
/// Always `taken = held + due + paid`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct EscrowBook {
	/// All that was ever paid in.
	pub taken: Balance,
	/// What is for days that are not settled.
	pub held: Balance,
	/// What plants earned and what holders get back for silent days, not yet paid.
	pub due: Balance,
	/// All that was ever paid out.
	pub paid: Balance,
}

/// A day of a pool, from its first record until the last of them was collected.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DayBook {
	/// The sum of what was recorded: weights, or mWh in the pool of plants.
	pub weight: RewardWeight,
	/// How many records there are.
	pub records: u32,
	/// How many of them were not collected.
	pub open: u32,
	/// What is set apart for the day: made by the first collection.
	pub closed: Option<Closed>,
}

/// What is set apart for a day that is closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Closed {
	/// What is shared, in base units of DECA.
	pub budget: Balance,
	/// What of it was not collected.
	pub left: Balance,
	/// How the rewards of plants are computed on this day; of the pool of plants only.
	pub version: Option<PlantVersion>,
}

/// A day that was recorded for a miner and not collected, with its weight there.
pub type OpenDay = (Day, RewardWeight);

/// The most days of a miner, or of a plant, that are recorded and not closed: those that can be recorded on one day.
pub const OPEN_DAYS: u32 = 2;

/// The most neighbours of a miner, and itself.
pub const GROUP: u32 = 7;

/// How many days of a consumer are remembered.
pub const HISTORY: u32 = 30;

/// A miner that takes part.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Enrolment<AccountId> {
	/// From which pool it earns.
	pub category: Category,
	/// The meter that it earns by.
	pub meter: MeterId,
	/// Its owner when it was last seen. Is paid if the miner was revoked since.
	pub owner: AccountId,
	/// The next day that can be recorded: none before it was, or ever will be.
	pub next: Day,
	/// What was recorded and not collected.
	pub open: BoundedVec<OpenDay, ConstU32<OPEN_DAYS>>,
	/// What was credited and not paid.
	pub due: Balance,
	/// Whether its owner has left: nothing is recorded any more, and the entry goes with the last open day.
	pub left: bool,
}

/// The known days of a consumer among the last 30, oldest first, with what it used, in mWh.
pub type History = BoundedVec<(Day, Energy), ConstU32<HISTORY>>;

/// A place that neighbours share: a geohash.
pub type Cell = BoundedVec<u8, ConstU32<5>>;

/// Who is in a group, and by which meter it is known.
pub type Neighbour = (MinerId, MeterId);

/// Neighbours.
pub type Group = BoundedVec<Neighbour, ConstU32<GROUP>>;

/// Where a miner stands: the `number`th of its cell, from 0. The group is `number / 7`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Place {
	/// The cell.
	pub cell: Cell,
	/// The number in it.
	pub number: u32,
}

/// What one unit was ever credited since its plant was listed, in base units of DECA. Only grows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Accumulator {
	/// From the pool.
	pub reward: Balance,
	/// Prices that came back for silent days.
	pub refund: Balance,
}

impl Accumulator {
	/// What one unit was credited since `earlier`.
	pub fn since(&self, earlier: &Self) -> Self {
		Self {
			reward: self.reward.saturating_sub(earlier.reward),
			refund: self.refund.saturating_sub(earlier.refund),
		}
	}

	/// What `units` of them were credited.
	pub fn times(&self, units: u32) -> Result<Self, DispatchError> {
		let units = Balance::from(units);
		let of = |amount: Balance| amount.checked_mul(units).ok_or(ArithmeticError::Overflow);
		Ok(Self { reward: of(self.reward)?, refund: of(self.refund)? })
	}

	/// Both together.
	pub fn total(&self) -> Balance {
		self.reward.saturating_add(self.refund)
	}
}

/// A day of a plant that was rolled, and waits to be settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct PlantDay {
	/// The day.
	pub day: Day,
	/// How many units were fed.
	pub active: u32,
	/// Whether it gave nothing to speak of.
	pub silent: bool,
	/// What was recorded for its units in the pool of generation; zero if nothing was.
	pub weight: RewardWeight,
	/// What was recorded for itself in the pool of plants, in mWh, if anything was.
	pub energy: Option<Energy>,
}

/// A plant that sells units, or did and still owes.
///
/// Three days move through it, each by itself and never past the one before: `rolled`, `settled`, and `last`.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Listing<AccountId> {
	/// The plant.
	pub miner: MinerId,
	/// Its meter.
	pub meter: MeterId,
	/// Its owner when it was last seen. Is paid if the miner was revoked since.
	pub owner: AccountId,
	/// What a unit costs for a day, in base units of DECA.
	pub price: Balance,
	/// Its nameplate, in W.
	pub capacity: Watts,
	/// The most units that it may feed: fixed when it was listed.
	pub max_units: u32,
	/// Its first day.
	pub listed: Day,
	/// Its last day, once it is delisted.
	pub last: Option<Day>,
	/// Whether its owner sells units now.
	pub selling: bool,
	/// Units sold whose last day was not rolled.
	pub sold: u32,
	/// Units that are fed on the day after `rolled`.
	pub active: u32,
	/// The purchases that draw from it or still have something due from it.
	pub positions: u32,
	/// The last day that was rolled: `listed - 1` at first.
	pub rolled: Day,
	/// The last day that was settled.
	pub settled: Day,
	/// How many days up to `rolled` were silent, in a row.
	pub silent: u32,
	/// The days after `settled` up to `rolled`.
	pub pending: BoundedVec<PlantDay, ConstU32<OPEN_DAYS>>,
	/// What one unit was credited, through `settled`.
	pub accumulator: Accumulator,
	/// What was paid in for days that are not settled, in base units of DECA.
	pub escrow: Balance,
	/// What the owner earned by feeding units, not paid.
	pub earned: Balance,
	/// The plant's own reward, not paid.
	pub own: Balance,
}

impl<AccountId> Listing<AccountId> {
	/// Whether all its days are settled, and no more will come.
	pub fn is_over(&self) -> bool {
		self.last == Some(self.settled)
	}

	/// How many units can be bought.
	pub fn free_units(&self) -> u32 {
		if self.selling && self.last.is_none() {
			self.max_units.saturating_sub(self.sold)
		} else {
			0
		}
	}
}

/// The end of a day of a listing, kept as long as a purchase begins after it or ends with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Boundary {
	/// Units that are fed from the next day on.
	pub joining: u32,
	/// Units that were fed for the last time.
	pub leaving: u32,
	/// The purchases that need this entry.
	pub positions: u32,
	/// What one unit was credited through this day, once it is settled.
	pub accumulator: Option<Accumulator>,
}

/// A purchase of units.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Position<AccountId> {
	/// Who holds it.
	pub owner: AccountId,
	/// The listing that feeds it. One at a time.
	pub listing: ListingId,
	/// How many units.
	pub units: u32,
	/// The first day on which they are fed.
	pub from: Day,
	/// The last one.
	pub until: Day,
	/// Up to where it was paid, once it was.
	pub claimed: Option<Accumulator>,
}

/// Why a day gives a miner no weight.
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
pub enum Withheld {
	/// The miner is suspended or revoked.
	#[codec(index = 0)]
	NotActive,
	/// Its meter was taken out of service.
	#[codec(index = 1)]
	MeterRetired,
	/// A challenge of its meter is open.
	#[codec(index = 2)]
	Quarantined,
	/// Its meter never reported.
	#[codec(index = 3)]
	NeverReported,
	/// No interval of the day was measured.
	#[codec(index = 4)]
	NothingMeasured,
	/// More energy was measured on a day of the week than the system can yield.
	#[codec(index = 5)]
	AboveMaximum,
	/// The lottery drew others.
	#[codec(index = 6)]
	NotDrawn,
	/// A consumer used nothing in the whole week. Also after a challenge was upheld, which leaves the intervals of the days
	/// and takes their energy.
	#[codec(index = 7)]
	NothingUsed,
}

/// How a weight came about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Weighing {
	/// Factor of the way in which it is measured, in thousandths.
	pub method: u32,
	/// The energy of the week after the norm, in mWh; for consumers what stands for it.
	pub energy_term: u128,
	/// Measured intervals of the week.
	pub reported: u32,
	/// How many neighbours voted.
	pub votes: u32,
	/// What their votes are worth, in millionths.
	pub trust: u32,
	/// Why nothing came of it, if nothing did.
	pub withheld: Option<Withheld>,
	/// The weight.
	pub weight: RewardWeight,
}

/// Who knows what a consumer's flexibility earned.
pub trait FlexibilityFactors {
	/// The factor of `miner` on `day`, in thousandths: 1000 is nothing.
	fn thousandths(miner: MinerId, day: Day) -> u32;
}

/// There are no flexibility events.
impl FlexibilityFactors for () {
	fn thousandths(_: MinerId, _: Day) -> u32 {
		1000
	}
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of `kind` owned by `owner`, with one meter of `flow`: solar, 10 kW, all at one place.
	fn register(
		owner: &AccountId,
		kind: heliograph_primitives::MinerKind,
		flow: heliograph_primitives::Flow,
	) -> (MinerId, MeterId);

	/// Moves the clock to the beginning of `interval`.
	fn go_to(interval: heliograph_primitives::units::Interval);
}
