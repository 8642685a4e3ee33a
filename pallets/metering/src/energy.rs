//! What becomes of energy after it was accepted: it waits, matures, is claimed; or it is detained, and voided.
//!
//! Plain functions over a [`MeterState`], like those of [`crate::state`]: time is given, nothing is fetched.
//!
//! Energy waits in the *bucket* in which it arrived, a span of an eighth of the challenge window, and a bucket matures when
//! all of it is older than the window. So energy matures 24 to 27 hours after its arrival, never earlier, and what a meter
//! has waiting is nine numbers, however many readings they came from. Nothing runs by itself: every touch of a state first
//! moves it to the present with [`MeterState::advance`].

use crate::state::{MeterState, DAYS, NOT_MEASURED, RING};
use heliograph_primitives::{
	claim::{Claim, ClaimKind, MeterEnergy},
	units::{Energy, Interval, CHALLENGE_WINDOW},
};

/// The length of a bucket in intervals: three hours.
pub const BUCKET: Interval = CHALLENGE_WINDOW / 8;

/// How many buckets can hold energy that waits: those of the window, and the one that runs.
pub const BUCKETS: usize = 9;

/// Why energy cannot be claimed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unclaimable {
	/// A challenge is open.
	Quarantined,
	/// More than has matured.
	NotMatured,
	/// All of it was claimed before.
	NothingToClaim,
}

impl MeterState {
	/// Moves the buckets to the interval `now`, and the checkpoints with them. What fell out of them has matured, or is
	/// detained while a challenge is open. A clock that stands still or went back moves nothing.
	pub fn advance(&mut self, now: Interval) {
		let (newest, before) = (bucket_of(now), self.bucket);
		let steps = newest.saturating_sub(before).min(BUCKETS as u32);
		if steps == 0 {
			return;
		}
		let mut due = 0u128;
		for back in 0..steps {
			// A bucket takes the place of the one nine before it. `back` is less than `newest`.
			let waited = core::mem::take(&mut self.pending[bucket_slot(newest - back)]);
			due = due.saturating_add(waited.into());
		}
		let total = if self.quarantined { &mut self.detained } else { &mut self.matured };
		*total = total.saturating_add(due);
		self.bucket = newest;
		self.ripen(before);
	}

	/// Takes in `energy` mWh that arrives now, which the state was moved to. It was judged before, so that no sum can pass
	/// `u64::MAX`.
	pub(crate) fn arrive(&mut self, energy: Energy) {
		let bucket = &mut self.pending[bucket_slot(self.bucket)];
		*bucket = bucket.saturating_add(energy);
		self.attested = self.attested.saturating_add(energy.into());
	}

	/// Energy in mWh that waits or is detained: what a challenge can still void.
	pub fn unmatured(&self) -> u128 {
		let waiting = self.pending.iter().map(|energy| u128::from(*energy)).sum::<u128>();
		self.detained.saturating_add(waiting)
	}

	/// Stops maturing at the interval `now`: a challenge was opened. Readings are still taken, so that an honest owner
	/// loses nothing.
	pub fn quarantine(&mut self, now: Interval) {
		self.advance(now);
		self.quarantined = true;
	}

	/// Ends the quarantine at the interval `now` in the owner's favour: what was detained has matured, what is younger
	/// than the window waits on.
	pub fn acquit(&mut self, now: Interval) {
		self.advance(now);
		self.matured = self.matured.saturating_add(core::mem::take(&mut self.detained));
		self.quarantined = false;
		self.ripen(self.bucket);
	}

	/// Ends the quarantine at the interval `now` against the owner: all that has not matured is voided, the last day
	/// settles nothing any more, and no energy of the last ten days earns anything. Returns what was voided, in mWh.
	pub fn void(&mut self, now: Interval) -> u128 {
		self.advance(now);
		let voided = self.unmatured();
		self.voided = self.voided.saturating_add(voided);
		(self.detained, self.pending) = (0, [0; BUCKETS]);
		self.ring = [NOT_MEASURED; RING];
		self.energies = [0; DAYS];
		self.quarantined = false;
		self.restart_ripening();
		voided
	}

	/// Moves the pointer of `kind` to `up_to` mWh of what had matured by the interval `now`.
	pub fn claim(
		&mut self,
		kind: ClaimKind,
		up_to: u128,
		now: Interval,
	) -> Result<Claim, Unclaimable> {
		self.advance(now);
		if self.quarantined {
			return Err(Unclaimable::Quarantined);
		}
		if up_to > self.matured {
			return Err(Unclaimable::NotMatured);
		}
		let pointer = &mut self.claimed[kind as usize];
		let claim = Claim { from: *pointer, to: up_to };
		if claim.energy() == 0 {
			return Err(Unclaimable::NothingToClaim);
		}
		*pointer = up_to;
		Ok(claim)
	}

	/// The energy as other pallets see it.
	pub fn energy(&self) -> MeterEnergy {
		MeterEnergy {
			attested: self.attested,
			matured: self.matured,
			voided: self.voided,
			recovered: self.recovered,
			claimed: self.claimed,
			quarantined: self.quarantined,
			measured_intervals: self.measured_intervals,
			first_interval: self.first_interval,
			last_interval: self.last_interval,
		}
	}

	/// Whether the buckets were moved past the interval `now`.
	pub(crate) fn is_ahead_of(&self, now: Interval) -> bool {
		self.bucket > bucket_of(now)
	}
}

/// The bucket that `interval` lies in. Rounds down.
fn bucket_of(interval: Interval) -> u32 {
	interval / BUCKET
}

/// Where what arrived in `bucket` stands in [`MeterState::pending`].
pub(crate) fn bucket_slot(bucket: u32) -> usize {
	bucket as usize % BUCKETS
}
