//! What the chain keeps of a meter, and the rules by which a reading moves it.
//!
//! Plain functions over plain values: no storage, no clock, no keys. The pallet fetches, asks, and stores. What becomes of
//! the energy after it was accepted stands in [`crate::energy`], how far it can be proven in [`crate::ripening`].

use crate::energy::BUCKETS;
use alloc::vec::Vec;

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use heliograph_primitives::{
	claim::ClaimKind,
	history::{Checkpoint, Day, DayEnergy, MeterReport, DAYS_KEPT},
	reading::{Quality, Reading},
	units::{plausible_energy, Energy, Interval, Watts, INTERVALS_PER_DAY, MAX_LATENESS},
};
use scale_info::TypeInfo;

/// Slots of the ring: one day.
pub const RING: usize = INTERVALS_PER_DAY as usize;

/// The value of a ring slot whose interval was not measured. No measured interval reaches it, see `MAX_NAMEPLATE`.
pub const NOT_MEASURED: u32 = u32::MAX;

/// Days whose measured intervals are counted and whose energy is added up.
pub const DAYS: usize = DAYS_KEPT;

/// Why a reading was refused. It changed nothing.
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
pub enum Refusal {
	/// No live miner has a meter of this number.
	#[codec(index = 0)]
	UnknownMeter,
	/// The submitter is not an operator of the meter's miner.
	#[codec(index = 1)]
	NotOperator,
	/// The meter's miner is suspended.
	#[codec(index = 2)]
	MinerNotActive,
	/// The interval is not over yet, by the chain's clock. Submit again when it is.
	#[codec(index = 3)]
	IntervalNotOver,
	/// The interval ended more than 90 days ago.
	#[codec(index = 4)]
	TooOld,
	/// The epoch is over: the register was reset since.
	#[codec(index = 5)]
	OldEpoch,
	/// An epoch follows the one before it, without a gap.
	#[codec(index = 6)]
	EpochSkipped,
	/// This very reading was accepted before.
	#[codec(index = 7)]
	Duplicate,
	/// A reading of this interval or of a later one was accepted before.
	#[codec(index = 8)]
	IntervalNotNewer,
	/// The register is lower than before. A reset needs a signed new epoch.
	#[codec(index = 9)]
	RegisterWentBack,
	/// More energy than 1.1 times the nameplate can carry in the time since the reading before.
	#[codec(index = 10)]
	AboveNameplate,
	/// Not the signature of the meter's key over this reading and this chain's genesis hash.
	#[codec(index = 11)]
	BadSignature,
	/// The meter was taken out of service.
	#[codec(index = 12)]
	MeterRetired,
	/// The meter has no key of its own. Submit what its oracles signed with `metering.submitAttestedReadings`.
	#[codec(index = 13)]
	NeedsOracles,
	/// The meter signs for itself. Submit its reading with `metering.submitReadings`.
	#[codec(index = 14)]
	NotAnOracleMeter,
	/// The set of oracles of this meter is not registered.
	#[codec(index = 15)]
	UnknownOracleSet,
	/// Fewer oracles of the meter's set signed this reading than must agree. Wrong signatures and a second one of the same
	/// oracle do not count.
	#[codec(index = 16)]
	TooFewOracles,
}

/// What an accepted reading adds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Credit {
	/// Nothing: the first reading of an epoch is the base that later ones are counted from.
	Base,
	/// Energy in mWh of one interval.
	Measured(u32),
	/// Energy in mWh over a span of intervals, or of an interval whose end was not seen: counts, but belongs to none.
	Recovered(Energy),
}

/// Everything that the chain keeps of a meter: 871 bytes, whatever the meter's age. Numbers are of fixed width, so that
/// an update never changes the size of the value. The ring is 384 of them, the two checkpoints are 140.
///
/// Always `attested = matured + detained + the sum of pending + voided`, and `attested` never passes `u64::MAX`, which
/// keeps every sum below far from its type's end.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MeterState {
	/// The register's epoch: how often it was reset, as the device counts.
	pub epoch: u16,
	/// The interval of the newest accepted reading.
	pub last_interval: Interval,
	/// The register at the end of that interval, in mWh.
	pub register: u64,
	/// All energy accepted, over all epochs, in mWh. Only grows.
	pub attested: u128,
	/// The part of `attested` that belongs to no single interval, in mWh.
	pub recovered: u128,
	/// Energy in mWh of the last 96 intervals; that of interval `i` at `i % 96`. [`NOT_MEASURED`] where there is none.
	pub ring: [u32; RING],
	/// `h' = blake2_256(h || SCALE(reading))` over all accepted readings, from zeros: whoever kept the readings can prove
	/// them against it.
	pub history: [u8; 32],
	/// The part of `attested` that can be claimed, claimed or not, in mWh. Only grows.
	pub matured: u128,
	/// The part of `attested` that would have matured if no challenge were open, in mWh.
	pub detained: u128,
	/// The part of `attested` that challenges took away for good, in mWh. Only grows.
	pub voided: u128,
	/// The part of `attested` that waits, in mWh, by the bucket of three hours in which it arrived; bucket `b` at
	/// `b % 9`.
	pub pending: [u64; BUCKETS],
	/// The number of the newest bucket that the state was moved to.
	pub bucket: u32,
	/// How far into `matured` each kind of claim has come, in mWh; by `ClaimKind as usize`. Each only grows.
	pub claimed: [u128; ClaimKind::COUNT],
	/// Whether a challenge is open: nothing matures and nothing can be claimed.
	pub quarantined: bool,
	/// The interval of the first reading.
	pub first_interval: Interval,
	/// How many intervals were measured, ever. Tells how well a site reports, whatever came of the energy.
	pub measured_intervals: u32,
	/// How many intervals were measured in each of the last 10 days, up to that of `last_interval`; day `d` at `d % 10`.
	pub days: [u8; DAYS],
	/// The energy in mWh that was measured in them; day `d` at `d % 10`. All 0 after a challenge was upheld, while `days`
	/// still tells how well the site reported.
	pub energies: [u64; DAYS],
	/// The register at the end of `first_interval`, in mWh.
	pub first_register: u64,
	/// The register's epoch then.
	pub first_epoch: u16,
	/// The newest checkpoint kept of which all energy has matured.
	pub ripe: Checkpoint,
	/// The one that is ripe next, or the same while there is none.
	pub ripening: Checkpoint,
	/// The newest bucket in which energy of `ripening` can have arrived.
	pub ripening_bucket: u32,
}

impl MeterState {
	/// The state after the first reading ever: its base. Nothing arrived yet, in no bucket.
	pub fn first(reading: &Reading) -> Self {
		let base = Checkpoint {
			interval: reading.interval,
			epoch: reading.epoch,
			register: reading.register,
			history: extend_history([0; 32], reading),
			..Checkpoint::default()
		};
		Self {
			epoch: reading.epoch,
			last_interval: reading.interval,
			register: reading.register,
			attested: 0,
			recovered: 0,
			ring: [NOT_MEASURED; RING],
			history: base.history,
			matured: 0,
			detained: 0,
			voided: 0,
			pending: [0; BUCKETS],
			bucket: 0,
			claimed: [0; ClaimKind::COUNT],
			quarantined: false,
			first_interval: reading.interval,
			measured_intervals: 0,
			days: [0; DAYS],
			energies: [0; DAYS],
			first_register: reading.register,
			first_epoch: reading.epoch,
			ripe: base,
			ripening: base,
			ripening_bucket: 0,
		}
	}

	/// What `reading` would add, given a meter of `nameplate` W, or why it is refused.
	pub fn judge(&self, reading: &Reading, nameplate: Watts) -> Result<Credit, Refusal> {
		if reading.epoch < self.epoch {
			return Err(Refusal::OldEpoch);
		}
		if reading.interval <= self.last_interval {
			let same = (reading.epoch, reading.interval, reading.register)
				== (self.epoch, self.last_interval, self.register);
			return Err(if same { Refusal::Duplicate } else { Refusal::IntervalNotNewer });
		}
		if reading.epoch > self.epoch {
			let next = self.epoch.checked_add(1) == Some(reading.epoch);
			return if next { Ok(Credit::Base) } else { Err(Refusal::EpochSkipped) };
		}
		let delta = reading.register.checked_sub(self.register).ok_or(Refusal::RegisterWentBack)?;
		// Positive: the interval is newer.
		let elapsed = reading.interval - self.last_interval;
		if delta > plausible_energy(nameplate, elapsed) {
			return Err(Refusal::AboveNameplate);
		}
		// Never true of a nameplate that can be registered: the largest one over all intervals that there are stays below
		// `u64::MAX`. It is what the buckets, which are `u64`, rest on.
		if self.attested.saturating_add(delta.into()) > u64::MAX.into() {
			return Err(Refusal::AboveNameplate);
		}
		Ok(match (elapsed, reading.quality, u32::try_from(delta)) {
			(1, Quality::Measured, Ok(energy)) if energy != NOT_MEASURED => {
				Credit::Measured(energy)
			}
			_ => Credit::Recovered(delta),
		})
	}

	/// Moves the state by a reading that was judged to add `credit`, and that arrives in the interval `now`.
	pub fn apply(&mut self, reading: &Reading, credit: Credit, now: Interval) {
		// Before anything of the reading counts: a checkpoint lies between two readings.
		self.advance(now);
		self.forget_until(reading.interval);
		match credit {
			Credit::Base => {}
			Credit::Measured(energy) => {
				self.ring[slot(reading.interval)] = energy;
				self.measured_intervals = self.measured_intervals.saturating_add(1);
				let day = day_slot(day_of(reading.interval));
				self.days[day] = self.days[day].saturating_add(1);
				self.energies[day] = self.energies[day].saturating_add(energy.into());
				self.arrive(energy.into());
			}
			Credit::Recovered(energy) => {
				self.recovered = self.recovered.saturating_add(energy.into());
				self.arrive(energy);
			}
		}
		self.epoch = reading.epoch;
		self.last_interval = reading.interval;
		self.register = reading.register;
		self.history = extend_history(self.history, reading);
	}

	/// Clears what the ring and the days hold of the intervals and the days after `last_interval`, up to `interval`.
	fn forget_until(&mut self, interval: Interval) {
		for step in 1..=interval.saturating_sub(self.last_interval).min(RING as u32) {
			self.ring[slot(self.last_interval.wrapping_add(step))] = NOT_MEASURED;
		}
		let today = day_of(self.last_interval);
		for step in 1..=day_of(interval).saturating_sub(today).min(DAYS as u32) {
			let day = day_slot(today.wrapping_add(step));
			(self.days[day], self.energies[day]) = (0, 0);
		}
	}

	/// The last 10 days up to that of the newest reading, oldest first.
	fn kept_days(&self) -> impl Iterator<Item = DayEnergy> + '_ {
		let today = day_of(self.last_interval);
		(0..DAYS as u32).rev().filter_map(move |age| today.checked_sub(age)).map(move |day| {
			let slot = day_slot(day);
			DayEnergy { day, energy: self.energies[slot], intervals: self.days[slot] }
		})
	}

	/// How many intervals were measured in each of the last 10 days up to that of the newest reading, oldest first:
	/// `(day, intervals)`, where day `d` begins with interval `96 d`.
	pub fn completeness(&self) -> Vec<(Day, u8)> {
		self.kept_days().map(|kept| (kept.day, kept.intervals)).collect()
	}

	/// What was measured lately, by day and by interval. Moving the state to the present changes nothing in it.
	pub fn report(&self) -> MeterReport {
		MeterReport {
			first_interval: self.first_interval,
			last_interval: self.last_interval,
			quarantined: self.quarantined,
			days: self.kept_days().collect(),
			profile: self.ring.iter().map(|value| measured(*value)).collect(),
		}
	}

	/// What always holds of a state when the interval `now` runs, by the number of the rule in
	/// [`crate::Pallet::do_try_state`].
	pub fn check(&self, now: Interval) -> Result<(), &'static str> {
		let in_intervals = self
			.attested
			.checked_sub(self.recovered)
			.ok_or("1: more energy was recovered than attested")?;
		let left = self
			.attested
			.checked_sub(self.voided)
			.ok_or("4: more energy was voided than attested")?;
		let of_days = self.energies.iter().map(|energy| u128::from(*energy)).sum::<u128>();
		if of_days > in_intervals.min(left) {
			return Err("2: the days hold more than was measured and not voided");
		}
		if self.ring_total() > of_days {
			return Err("2: the ring holds more than the days");
		}
		if self.last_interval >= now || self.is_ahead_of(now) {
			return Err("3: a meter is ahead of the chain's clock");
		}
		if left != self.matured.saturating_add(self.unmatured()) {
			return Err("4: energy is neither matured, nor waiting, nor voided");
		}
		if self.attested > u64::MAX.into() {
			return Err("4: more energy was attested than any meter can carry");
		}
		if self.claimed.iter().any(|claimed| *claimed > self.matured) {
			return Err("6: more energy was claimed than matured");
		}
		if self.detained > 0 && !self.quarantined {
			return Err("7: energy is detained without a challenge");
		}
		let in_ring = self.ring.iter().filter(|value| **value != NOT_MEASURED).count();
		let in_days = self.days.iter().map(|count| u32::from(*count)).sum::<u32>();
		let known = self.last_interval.saturating_sub(self.first_interval);
		if self.days.iter().any(|count| u32::from(*count) > INTERVALS_PER_DAY)
			|| in_days.max(in_ring as u32) > self.measured_intervals
			|| self.measured_intervals > known
		{
			return Err("9: more intervals were measured than there were");
		}
		self.check_checkpoints()
	}

	/// The energy in mWh that was measured in `interval`, if it was and lies in the last 96.
	pub fn measured_in(&self, interval: Interval) -> Option<u32> {
		let age = self.last_interval.checked_sub(interval)?;
		measured(self.ring[slot(interval)]).filter(|_| age < RING as u32)
	}

	/// Sum over the ring, in mWh.
	pub fn ring_total(&self) -> u128 {
		self.ring.iter().filter_map(|value| measured(*value)).map(u128::from).sum()
	}

	/// Lets `energy` mWh have been measured in each interval of the last ten days up to `last`, and have matured, for
	/// benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	pub(crate) fn fill_days(&mut self, last: Interval, energy: u32) {
		let today = day_of(last);
		let oldest = today.saturating_sub(DAYS as u32 - 1);
		for day in oldest..=today {
			let end = last.min(day * INTERVALS_PER_DAY + INTERVALS_PER_DAY - 1);
			let intervals = end - day * INTERVALS_PER_DAY + 1;
			self.days[day_slot(day)] = intervals as u8;
			self.energies[day_slot(day)] = u64::from(energy) * u64::from(intervals);
		}
		self.ring = [energy; RING];
		self.last_interval = last;
		self.first_interval =
			self.first_interval.min((oldest * INTERVALS_PER_DAY).saturating_sub(1));
		self.measured_intervals = last - self.first_interval;
		let added = u64::from(energy) * u64::from(self.measured_intervals);
		self.register = self.register.saturating_add(added);
		self.attested = self.attested.saturating_add(added.into());
		self.mature_all();
	}
}

/// The energy in a slot of the ring, if there is one.
fn measured(value: u32) -> Option<u32> {
	(value != NOT_MEASURED).then_some(value)
}

/// Whether the chain takes a reading of `interval` during `current`.
pub fn judge_time(interval: Interval, current: Interval) -> Result<(), Refusal> {
	if interval >= current {
		Err(Refusal::IntervalNotOver)
	} else if current - interval > MAX_LATENESS {
		Err(Refusal::TooOld)
	} else {
		Ok(())
	}
}

/// The history hash after one more reading.
pub fn extend_history(history: [u8; 32], reading: &Reading) -> [u8; 32] {
	(history, reading).using_encoded(sp_io::hashing::blake2_256)
}

/// The day that `interval` lies in. Rounds down.
pub fn day_of(interval: Interval) -> Day {
	interval / INTERVALS_PER_DAY
}

fn slot(interval: Interval) -> usize {
	(interval % INTERVALS_PER_DAY) as usize
}

fn day_slot(day: Day) -> usize {
	day as usize % DAYS
}
