//! Ripening: up to which reading nothing can be taken back any more.
//!
//! Energy matures by the bucket in which it arrived, while a proof leads from one reading to another, by what the register
//! and the history were then. A [`Checkpoint`] is the meter as it stood between two readings. Once all energy up to there has
//! matured it is *ripe*: a challenge can void nothing of it any more.
//!
//! Two checkpoints are kept. The one that *ripens* is taken when the state is moved to another bucket, before the reading
//! that moves it counts, so that its energy arrived in the bucket before or earlier. When that bucket has matured, it is the
//! ripe one, and the next one is taken. Where a meter reports steadily, the ripe one is 24 to 48 hours old. Where nothing
//! waits, the meter as it stands is ripe.
//!
//! Plain functions over a [`MeterState`], like those of [`crate::energy`].

use crate::{
	energy::{bucket_slot, BUCKETS},
	state::MeterState,
};
use heliograph_primitives::history::Checkpoint;

impl MeterState {
	/// The meter before its first reading counted.
	pub fn origin(&self) -> Checkpoint {
		Checkpoint {
			position: 0,
			recovered: 0,
			voided: 0,
			interval: self.first_interval,
			epoch: self.first_epoch,
			register: self.first_register,
			history: [0; 32],
		}
	}

	/// The meter as it stands, whatever waits.
	pub fn checkpoint(&self) -> Checkpoint {
		Checkpoint {
			position: in_64_bits(self.attested.saturating_sub(self.voided)),
			recovered: in_64_bits(self.recovered),
			voided: in_64_bits(self.voided),
			interval: self.last_interval,
			epoch: self.epoch,
			register: self.register,
			history: self.history,
		}
	}

	/// Moves the checkpoints on, of a state that was moved to the present and in which nothing arrived after the bucket
	/// `newest`. While a challenge is open they stand still: what it detains has not matured.
	pub(crate) fn ripen(&mut self, newest: u32) {
		if self.quarantined {
			return;
		}
		let has_matured = self.bucket >= self.ripening_bucket.saturating_add(BUCKETS as u32);
		if self.unmatured() == 0 {
			self.ripe = self.checkpoint();
		} else if has_matured || self.ripening == self.ripe {
			self.ripe = self.ripening;
		} else {
			return;
		}
		self.ripening = self.checkpoint();
		self.ripening_bucket = newest;
	}

	/// Starts anew from the meter as it stands, when all that waited was voided. A checkpoint from before would count
	/// energy that is not there any more.
	pub(crate) fn restart_ripening(&mut self) {
		self.ripe = self.checkpoint();
		self.ripening = self.ripe;
		self.ripening_bucket = self.bucket;
	}

	/// Whether the checkpoints agree with the rest: rule 11 of [`crate::Pallet::do_try_state`].
	pub(crate) fn check_checkpoints(&self) -> Result<(), &'static str> {
		let now = self.checkpoint();
		let path = [self.origin(), self.ripe, self.ripening, now];
		if path.windows(2).any(|pair| !leads_to(&pair[0], &pair[1])) {
			return Err("11: the checkpoints of a meter are out of order");
		}
		if u128::from(self.ripe.position) > self.matured {
			return Err("11: a checkpoint is ripe whose energy has not matured");
		}
		if self.ripe.voided != now.voided || self.ripening.voided != now.voided {
			return Err("11: a checkpoint is older than what was voided");
		}
		if self.ripening_bucket > self.bucket {
			return Err("11: a checkpoint ripens from a bucket that has not begun");
		}
		let younger = (0..BUCKETS as u32)
			.filter_map(|back| self.bucket.checked_sub(back))
			.filter(|bucket| *bucket > self.ripening_bucket)
			.map(|bucket| u128::from(self.pending[bucket_slot(bucket)]))
			.sum::<u128>();
		if u128::from(self.ripening.position).saturating_add(younger) > now.position.into() {
			return Err("11: a checkpoint ripens with energy that arrived after its bucket");
		}
		Ok(())
	}

	/// Lets all that was attested and not voided have matured, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	pub(crate) fn mature_all(&mut self) {
		self.matured = self.attested.saturating_sub(self.voided);
		(self.detained, self.pending) = (0, [0; BUCKETS]);
		self.restart_ripening();
	}
}

/// Whether a meter can have come from one checkpoint to the other: nothing went back, and no more was recovered on the way
/// than was attested.
fn leads_to(from: &Checkpoint, to: &Checkpoint) -> bool {
	let attested = |point: &Checkpoint| u128::from(point.position) + u128::from(point.voided);
	from.position <= to.position
		&& from.recovered <= to.recovered
		&& from.voided <= to.voided
		&& from.interval <= to.interval
		&& from.epoch <= to.epoch
		&& u128::from(to.recovered - from.recovered) <= attested(to) - attested(from)
}

/// An energy as checkpoints have it. Never cut: what a meter attests stays below `u64::MAX`.
fn in_64_bits(energy: u128) -> u64 {
	u64::try_from(energy).unwrap_or(u64::MAX)
}
