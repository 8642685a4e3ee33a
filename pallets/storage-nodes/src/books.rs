//! The arithmetic of a battery: what goes in, whose it is, what comes out, and what is missing then.
//!
//! Plain functions over plain values: no storage, no clock, no accounts.
//!
//! A battery holds two kinds of energy. *Backing* is held for the tokens of those who sent it. What is left is the node's
//! own: a *surplus* while there is more in the battery than backing, and *uncovered* while there is less. What the meters
//! show tells only the sum:
//!
//! ```text
//! stored = backing + surplus - uncovered = charged + found - discharged - lost
//! ```
//!
//! *Found* is what came out and has not been seen going in: it was in the battery before, or the readings of it are late. The
//! next energy of the node's own makes it up before it counts as surplus, so that no energy is counted twice when its
//! discharge was told before its charge. Every movement below keeps the equation, and the second one, by which no more tokens
//! are promised than energy:
//!
//! ```text
//! allocated = backing + delivered + covered + written off + returned
//! ```

use crate::types::Balance;
use codec::{Decode, Encode, MaxEncodedLen};
use heliograph_primitives::{
	trade::Apportionment,
	units::{Energy, Interval, INTERVALS_PER_DAY, KWH},
};
use scale_info::TypeInfo;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// Intervals that a node remembers: as many as meters do.
pub const RING: Interval = INTERVALS_PER_DAY;

/// The energy of a node, in mWh. The first four are what there is, the others are totals that only grow.
///
/// What a meter attests stays below 2^64, so no sum here comes near the end of its type; they saturate all the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Books {
	/// Held for tokens, minted or still to be minted.
	pub backing: u128,
	/// What the battery holds beyond that: the node's own. Zero while something is uncovered.
	pub surplus: u128,
	/// The part of the backing that is not in the battery. At most all of it.
	pub uncovered: u128,
	/// What came out and has not been seen going in.
	pub found: u128,
	/// What went in.
	pub charged: u128,
	/// What came out by the discharge meter.
	pub discharged: u128,
	/// What was lost: by the loss meter, beyond the capacity, and what went in by readings that a challenge voided.
	pub lost: u128,
	/// What of the energy that went in was allocated to those who sent it.
	pub allocated: u128,
	/// What of it was delivered to withdrawals. As many tokens were burned.
	pub delivered: u128,
	/// What of it became the node's own, for tokens that it burned.
	pub covered: u128,
	/// What of it was given up: tokens are out for it, and no energy.
	pub written_off: u128,
	/// What of it became the node's own again, as nobody can have tokens for it any more.
	pub returned: u128,
}

/// What limits the energy that a node holds for others, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
	/// What the battery can hold.
	pub capacity: Energy,
	/// What the bond answers for.
	pub secured: Energy,
}

/// What was measured of a node in one interval, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Measured {
	/// What the meters that send to it measured together.
	pub sent: u64,
	/// What went in. `None` if the charge meter did not measure this interval by itself.
	pub charged: Option<u32>,
	/// What came out; zero if that was not measured.
	pub discharged: u32,
	/// What was lost; zero if that was not measured.
	pub lost: u32,
}

/// What a node keeps of an interval, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NodeInterval {
	/// Whether the node accounted for it. If it did not in time, nothing is known of it.
	pub accounted: bool,
	/// Whether the charge meter measured it, so that those who sent share what arrived.
	pub pooled: bool,
	/// What was sent.
	pub sent: u64,
	/// What went in.
	pub charged: u32,
	/// What of that was allocated to those who sent.
	pub allocated: u32,
	/// What of the allocation nobody took yet.
	pub left: u32,
	/// What was sent by those who did not take their share yet.
	pub unshared: u64,
	/// What came out.
	pub discharged: u32,
	/// What of that was delivered to withdrawals.
	pub delivered: u32,
	/// What of that went beyond an even part of a withdrawal, and excuses no other one yet for what it missed.
	pub beyond: u32,
}

impl Books {
	/// The energy that the battery must hold.
	pub fn stored(&self) -> u128 {
		self.backing.saturating_add(self.surplus).saturating_sub(self.uncovered)
	}

	/// The energy that is held for tokens and is there: `backing - uncovered`.
	pub fn sound(&self) -> u128 {
		self.backing.saturating_sub(self.uncovered)
	}

	/// How much more can be allocated.
	pub fn room(&self, limits: &Limits) -> u128 {
		u128::from(limits.capacity.min(limits.secured)).saturating_sub(self.backing)
	}

	/// Energy goes in that belongs to the node.
	pub fn charge(&mut self, energy: u128) {
		self.charged = self.charged.saturating_add(energy);
		self.credit(energy);
	}

	/// Energy comes out. Whoever it turns out to be for, at first it is the node's.
	pub fn discharge(&mut self, energy: u128) {
		self.discharged = self.discharged.saturating_add(energy);
		self.debit(energy);
	}

	/// Energy is lost.
	pub fn lose(&mut self, energy: u128) {
		self.lost = self.lost.saturating_add(energy);
		self.debit(energy);
	}

	/// Energy goes in that is allocated to those who sent it.
	fn charge_for_senders(&mut self, energy: u128) {
		self.charged = self.charged.saturating_add(energy);
		self.allocated = self.allocated.saturating_add(energy);
		self.backing = self.backing.saturating_add(energy);
	}

	/// Allocates up to `most` of the surplus to those who sent it and were not counted when it came. Returns how much.
	pub fn draw(&mut self, most: u128) -> u128 {
		let drawn = most.min(self.surplus);
		self.surplus = self.surplus.saturating_sub(drawn);
		self.backing = self.backing.saturating_add(drawn);
		self.allocated = self.allocated.saturating_add(drawn);
		drawn
	}

	/// What came out before was delivered to a withdrawal, and its tokens are burned. `None`, and nothing changes, if more is
	/// delivered than is held.
	pub fn deliver(&mut self, energy: u128) -> Option<()> {
		self.backing = self.backing.checked_sub(energy)?;
		self.delivered = self.delivered.saturating_add(energy);
		self.credit(energy);
		Some(())
	}

	/// Tokens were burned for energy that is held: it becomes the node's own. `None`, and nothing changes, if it is more than
	/// is held.
	pub fn cover(&mut self, energy: u128) -> Option<()> {
		self.backing = self.backing.checked_sub(energy)?;
		self.covered = self.covered.saturating_add(energy);
		self.credit(energy);
		Some(())
	}

	/// Energy that is held for tokens is given up. `None`, and nothing changes, if it is more than is held.
	pub fn write_off(&mut self, energy: u128) -> Option<()> {
		self.backing = self.backing.checked_sub(energy)?;
		self.written_off = self.written_off.saturating_add(energy);
		self.credit(energy);
		Some(())
	}

	/// Up to `most` of the energy that is held for tokens becomes the node's own again: nobody can have tokens for it any
	/// more. What is `promised` to withdrawals stays. Returns how much it was.
	pub fn give_back(&mut self, most: u128, promised: u128) -> u128 {
		let energy = most.min(self.backing.saturating_sub(promised));
		self.backing = self.backing.saturating_sub(energy);
		self.returned = self.returned.saturating_add(energy);
		self.credit(energy);
		energy
	}

	/// Ends the books: what is held for tokens is given up, and the battery counts no more; what was found had gone in some
	/// time. Returns what was given up.
	pub fn close(&mut self) -> u128 {
		let (stored, backing) = (self.stored(), self.backing);
		self.lost = self.lost.saturating_add(stored);
		self.written_off = self.written_off.saturating_add(backing);
		self.charged = self.charged.saturating_add(self.found);
		(self.backing, self.surplus, self.uncovered, self.found) = (0, 0, 0, 0);
		backing
	}

	/// What would be stored beyond the capacity was lost on the way in or out, whatever the meters say.
	pub fn spill(&mut self, limits: &Limits) {
		let beyond = self.stored().saturating_sub(limits.capacity.into()).min(self.surplus);
		self.surplus = self.surplus.saturating_sub(beyond);
		self.lost = self.lost.saturating_add(beyond);
	}

	/// Books an interval. Of what went in, those who sent get as much as they sent, at most all of it, and at most what there
	/// is room for; the rest is the node's own.
	pub fn book(&mut self, measured: &Measured, limits: &Limits) -> NodeInterval {
		let charged = measured.charged.unwrap_or(0);
		let most = self.room(limits).min(measured.sent.into());
		let allocated = u32::try_from(most).unwrap_or(u32::MAX).min(charged);
		self.charge_for_senders(allocated.into());
		self.charge(charged.saturating_sub(allocated).into());
		self.discharge(measured.discharged.into());
		self.lose(measured.lost.into());
		self.spill(limits);
		NodeInterval {
			accounted: true,
			pooled: measured.charged.is_some(),
			sent: measured.sent,
			charged,
			allocated,
			left: allocated,
			unshared: measured.sent,
			discharged: measured.discharged,
			delivered: 0,
			beyond: 0,
		}
	}

	/// The node gets energy: it covers what is missing, makes up for what came out and nobody knew of, and the rest is
	/// surplus.
	fn credit(&mut self, energy: u128) {
		let covered = energy.min(self.uncovered);
		let made_up = energy.saturating_sub(covered).min(self.found);
		let own = energy.saturating_sub(covered).saturating_sub(made_up);
		self.uncovered = self.uncovered.saturating_sub(covered);
		self.found = self.found.saturating_sub(made_up);
		self.surplus = self.surplus.saturating_add(own);
	}

	/// The node spends energy: out of its surplus, then out of what it holds for others, then out of what nobody knew of.
	fn debit(&mut self, energy: u128) {
		let own = energy.min(self.surplus);
		let of_others = energy.saturating_sub(own).min(self.sound());
		let found = energy.saturating_sub(own).saturating_sub(of_others);
		self.surplus = self.surplus.saturating_sub(own);
		self.uncovered = self.uncovered.saturating_add(of_others);
		self.found = self.found.saturating_add(found);
	}

	/// What always holds, by the number of the rule in [`crate::Pallet::do_try_state`].
	pub fn check(&self, capacity: Energy) -> Result<(), &'static str> {
		let sum = |parts: &[u128]| parts.iter().try_fold(0u128, |sum, part| sum.checked_add(*part));
		let is_missing = self.uncovered > 0 || self.found > 0;
		if self.uncovered > self.backing || (is_missing && self.surplus > 0) {
			return Err("1: more is missing than is held, or beside a surplus");
		}
		let stored = self.stored();
		let into = sum(&[self.charged, self.found]);
		if into.is_none() || into != sum(&[self.discharged, self.lost, stored]) {
			return Err("1: what is stored is not what went in less what came out");
		}
		if stored > capacity.into() {
			return Err("1: more is stored than the battery can hold");
		}
		let Self { backing, delivered, covered, written_off, returned, .. } = *self;
		let given = sum(&[backing, delivered, covered, written_off, returned]);
		if given != Some(self.allocated) {
			return Err("2: what was allocated is not what is held or was used");
		}
		Ok(())
	}
}

impl NodeInterval {
	/// What came out and was not delivered to a withdrawal yet.
	pub fn available(&self) -> u32 {
		self.discharged.saturating_sub(self.delivered)
	}

	/// Takes in what arrived late of what was sent: now it is `sent` altogether. As far as it had gone in then and is still
	/// the node's own, it is allocated now; the loss is shared by all who did not take their share yet.
	pub fn add_sent(&mut self, sent: u64, books: &mut Books, room: u128) {
		let more = sent.saturating_sub(self.sent);
		if more == 0 || !self.pooled {
			return;
		}
		self.sent = sent;
		self.unshared = self.unshared.saturating_add(more);
		let went_in = self.charged.saturating_sub(self.allocated);
		let drawn = books.draw(room.min(more.into()).min(went_in.into()));
		// At most `went_in`, which fits.
		let drawn = u32::try_from(drawn).unwrap_or(went_in);
		self.allocated = self.allocated.saturating_add(drawn);
		self.left = self.left.saturating_add(drawn);
	}

	/// The share of a meter that sent `energy` of it, taken out: in proportion to what was sent, rounded down; who comes last
	/// gets what rounding left. `None`, and nothing is taken, if the energy is not in what was sent.
	pub fn share(&mut self, energy: u32) -> Option<u32> {
		if !self.pooled {
			return None;
		}
		let mut pot = Apportionment { left: self.left.into(), of: self.unshared.into() };
		let share = u32::try_from(pot.take(energy.into())?).ok()?;
		self.left = self.left.checked_sub(share)?;
		self.unshared = self.unshared.checked_sub(energy.into())?;
		Some(share)
	}

	/// What always holds, by the number of the rule in [`crate::Pallet::do_try_state`].
	pub fn check(&self) -> Result<(), &'static str> {
		let is_empty =
			Self { accounted: true, ..*self } == Self { accounted: true, ..Self::default() };
		let shares = u64::from(self.left) <= self.unshared
			&& self.left <= self.allocated
			&& self.unshared <= self.sent
			&& self.allocated <= self.charged;
		let gave = self.delivered <= self.discharged && self.beyond <= self.delivered;
		if !gave || !shares || !(self.accounted || is_empty) {
			return Err("3: an interval gave more than it had");
		}
		Ok(())
	}
}

/// What a bond answers for: the whole capacity while it is what it had to be, and else in proportion, rounded down.
pub fn secured(capacity: Energy, bond: Balance, required: Balance) -> Energy {
	if bond >= required {
		return capacity;
	}
	// Less than the capacity, as the bond is less than what is required.
	multiply_by_rational_with_rounding(capacity.into(), bond, required, Rounding::Down)
		.and_then(|energy| Energy::try_from(energy).ok())
		.unwrap_or(0)
}

/// The bond for `capacity` at `per_kwh`, rounded up, and at least `least`. `None` if it does not fit.
pub fn bond_for(capacity: Energy, per_kwh: Balance, least: Balance) -> Option<Balance> {
	let bond =
		multiply_by_rational_with_rounding(capacity.into(), per_kwh, KWH.into(), Rounding::Up)?;
	Some(bond.max(least))
}

/// How much of `energy`, the next that is used of `counted`, was received: in proportion, rounded down, so that what a
/// division leaves stays with the rest. `None` if that much was not counted.
pub fn received_of(received: u128, counted: u128, energy: u128) -> Option<u128> {
	if energy > counted {
		return None;
	}
	if energy == 0 {
		return Some(0);
	}
	multiply_by_rational_with_rounding(received, energy, counted, Rounding::Down)
}

/// `part / whole` in billionths, rounded down. `None` if there is no whole.
pub fn billionths(part: u128, whole: u128) -> Option<u128> {
	if whole == 0 {
		return None;
	}
	let ratio = multiply_by_rational_with_rounding(part, 1_000_000_000, whole, Rounding::Down);
	Some(ratio.unwrap_or(u128::MAX))
}
