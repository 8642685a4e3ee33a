//! The price of an auction and who gets how much, as plain arithmetic over a ladder of prices.
//!
//! Orders are not looked at, only how much is bid and offered at each tick. So an auction of a hundred thousand orders is
//! cleared for the price of one with ten.
//!
//! ## The rule
//!
//! At a price, all that is bid at it or above it would be bought, and all that is offered at it or below it would be sold.
//!
//! 1. The price is one at which most is traded: the lesser of the two is as large as it can be.
//! 2. Of these, one at which the two differ least.
//! 3. Of these, if they do not differ, the middle one, rounded down to a tick. If they differ, what is left over presses on
//!    the price: the highest one at which more is bid than offered, or, if more is offered at all of them, the lowest one.
//!
//! The prices that are left after 2 lie side by side: demand falls and supply grows along the ladder, so what lies between
//! two of them is one of them. On the lower ones more may be bid, on the higher ones more offered.
//!
//! Everybody pays and gets that one price. On each side the best limits are served first, tick by tick, until all that is
//! traded is given out; the last tick that is reached is shared pro rata.
//!
//! So nobody is passed over who would have paid more or taken less than that price: who bid above it or offered below it
//! gets all, and on the side that wants too much those wait whose limit is the price itself. It would be otherwise if the
//! middle were always taken: four roofs that ask 0.08 for twice what a factory buys would get 0.19 for it if that bids 0.30,
//! while half of what they would gladly sell at 0.08 is left.
//!
//! Who bids or asks the price itself may get nothing at all: 10 bid at 9, 1 bid at 8, 10 offered at 8 and 90 more at 9 clear at
//! 8, where 11 are bid, and the whole of the 10 goes to those who bid 9.

use crate::{Side, Tick, SLOT_TICK, TICKS};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use heliograph_primitives::{
	trade::{Apportionment, Price},
	units::Energy,
};
use scale_info::TypeInfo;

/// What is bid and offered at one tick, in mWh.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Depth {
	/// The energy of the bids whose limit is this tick.
	pub demand: Energy,
	/// The energy of the offers whose limit is this tick.
	pub supply: Energy,
}

impl Depth {
	/// That of one side.
	pub fn of_mut(&mut self, side: Side) -> &mut Energy {
		match side {
			Side::Buy => &mut self.demand,
			Side::Sell => &mut self.supply,
		}
	}
}

/// The last tick of a side that is served, and what it gets.
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
pub struct Margin {
	/// The tick.
	pub tick: Tick,
	/// What is not given out yet of its part, and the energy of its orders that did not take theirs yet.
	pub pot: Apportionment,
}

/// What an auction comes to.
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
pub struct Clearing {
	/// The price, in ticks.
	pub tick: Tick,
	/// What is bought and sold, in mWh. More than nothing.
	pub volume: u128,
	/// The last bids that are served. Not below `tick`: who bid more than that gets all.
	pub bids: Margin,
	/// The last offers that are served. Not above `tick`: who offered for less than that sells all.
	pub offers: Margin,
}

impl Clearing {
	/// The price, in base units of DECA per mWh.
	pub fn price(&self) -> Price {
		price_of(self.tick)
	}

	/// Takes the part of an order out of what is given out: all of its energy before the margin, none of it after, and its
	/// share at the margin. Each order takes once. `None` if more is asked for at the margin than the orders there have.
	pub fn fill(&mut self, side: Side, tick: Tick, energy: Energy) -> Option<Energy> {
		let margin = match side {
			Side::Buy => &mut self.bids,
			Side::Sell => &mut self.offers,
		};
		let is_better = match side {
			Side::Buy => tick > margin.tick,
			Side::Sell => tick < margin.tick,
		};
		if is_better {
			Some(energy)
		} else if tick == margin.tick {
			margin.pot.take(energy.into()).and_then(|share| Energy::try_from(share).ok())
		} else {
			Some(0)
		}
	}
}

/// The price of a tick, in base units of DECA per mWh.
pub fn price_of(tick: Tick) -> Price {
	Price::from(tick).saturating_mul(SLOT_TICK)
}

/// The tick of a limit. What a buyer is ready to pay includes the grid fee, which is no part of the price; what is left is
/// rounded down. `None` if the tick is not on the ladder: a tick is at least 1.
pub fn tick_of(side: Side, limit: Price, grid_fee: Price) -> Option<Tick> {
	let price = match side {
		Side::Buy => limit.checked_sub(grid_fee)?,
		Side::Sell => limit,
	};
	let tick = Tick::try_from(price / SLOT_TICK).ok()?;
	(tick >= 1 && usize::from(tick) < TICKS).then_some(tick)
}

/// The limit of a tick: what a buyer there pays at most, grid fee included, or what a seller there takes at least. What
/// [`tick_of`] rounded off can never be owed.
pub fn limit_of(side: Side, tick: Tick, grid_fee: Price) -> Price {
	match side {
		Side::Buy => price_of(tick).saturating_add(grid_fee),
		Side::Sell => price_of(tick),
	}
}

/// The prices that are as good as any, and how good they are.
struct Best {
	volume: u128,
	gap: u128,
	lowest: usize,
	highest: usize,
	/// The highest of them at which more is bid than offered.
	short: Option<usize>,
}

/// The outcome of a ladder, of which entry `t` is tick `t`; `None` if nothing can be traded.
pub fn clear(ladder: &[Depth]) -> Option<Clearing> {
	// No sum of as many `u64` as fit in memory reaches the end of a `u128`.
	let mut demand =
		ladder.iter().fold(0u128, |sum, depth| sum.saturating_add(depth.demand.into()));
	let mut supply = 0u128;
	let mut best = Best { volume: 0, gap: u128::MAX, lowest: 0, highest: 0, short: None };
	for (tick, depth) in ladder.iter().enumerate() {
		// Here `demand` is what is bid at this tick or above, `supply` what is offered at it or below.
		supply = supply.saturating_add(depth.supply.into());
		let (volume, gap) = (demand.min(supply), demand.abs_diff(supply));
		let short = (demand > supply).then_some(tick);
		if volume > best.volume || (volume == best.volume && gap < best.gap) {
			best = Best { volume, gap, lowest: tick, highest: tick, short };
		} else if (volume, gap) == (best.volume, best.gap) {
			best = Best { highest: tick, short: short.or(best.short), ..best };
		}
		demand = demand.saturating_sub(depth.demand.into());
	}
	let Best { volume, gap, lowest, highest, short } = best;
	if volume == 0 {
		return None;
	}
	let tick = match gap {
		0 => lowest.saturating_add(highest) / 2,
		_ => short.unwrap_or(lowest),
	};
	let levels = || ladder.iter().enumerate();
	Some(Clearing {
		tick: Tick::try_from(tick).ok()?,
		volume,
		bids: margin(levels().rev().map(|(tick, depth)| (tick, depth.demand)), volume)?,
		offers: margin(levels().map(|(tick, depth)| (tick, depth.supply)), volume)?,
	})
}

/// The tick at which `volume` is given out, when it is given to `levels` one after the other.
fn margin(levels: impl Iterator<Item = (usize, Energy)>, volume: u128) -> Option<Margin> {
	let mut left = volume;
	for (tick, energy) in levels {
		let of = u128::from(energy);
		if of >= left {
			return Some(Margin {
				tick: Tick::try_from(tick).ok()?,
				pot: Apportionment { left, of },
			});
		}
		left = left.saturating_sub(of);
	}
	None
}
