//! What the chain keeps of a meter, and the rules by which a reading moves it.
//!
//! Plain functions over plain values: no storage, no clock, no keys. The pallet fetches, asks, and stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use heliograph_primitives::{
	reading::{Quality, Reading},
	units::{plausible_energy, Energy, Interval, Watts, INTERVALS_PER_DAY, MAX_LATENESS},
};
use scale_info::TypeInfo;

/// Slots of the ring: one day.
pub const RING: usize = INTERVALS_PER_DAY as usize;

/// The value of a ring slot whose interval was not measured. No measured interval reaches it, see `MAX_NAMEPLATE`.
pub const NOT_MEASURED: u32 = u32::MAX;

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

/// Everything that the chain keeps of a meter. Constant in size, whatever the meter's age.
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
}

impl MeterState {
	/// The state after the first reading ever: its base.
	pub fn first(reading: &Reading) -> Self {
		Self {
			epoch: reading.epoch,
			last_interval: reading.interval,
			register: reading.register,
			attested: 0,
			recovered: 0,
			ring: [NOT_MEASURED; RING],
			history: extend_history([0; 32], reading),
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
		Ok(match (elapsed, reading.quality, u32::try_from(delta)) {
			(1, Quality::Measured, Ok(energy)) if energy != NOT_MEASURED => {
				Credit::Measured(energy)
			}
			_ => Credit::Recovered(delta),
		})
	}

	/// Moves the state by a reading that was judged to add `credit`.
	pub fn apply(&mut self, reading: &Reading, credit: Credit) {
		for step in 1..=reading.interval.saturating_sub(self.last_interval).min(RING as u32) {
			self.ring[slot(self.last_interval.wrapping_add(step))] = NOT_MEASURED;
		}
		// Saturation is out of reach: 2^64 readings of 2^64 mWh.
		match credit {
			Credit::Base => {}
			Credit::Measured(energy) => {
				self.ring[slot(reading.interval)] = energy;
				self.attested = self.attested.saturating_add(energy.into());
			}
			Credit::Recovered(energy) => {
				self.attested = self.attested.saturating_add(energy.into());
				self.recovered = self.recovered.saturating_add(energy.into());
			}
		}
		self.epoch = reading.epoch;
		self.last_interval = reading.interval;
		self.register = reading.register;
		self.history = extend_history(self.history, reading);
	}

	/// The energy in mWh that was measured in `interval`, if it was and lies in the last 96.
	pub fn measured_in(&self, interval: Interval) -> Option<u32> {
		let age = self.last_interval.checked_sub(interval)?;
		let value = self.ring[slot(interval)];
		(age < RING as u32 && value != NOT_MEASURED).then_some(value)
	}

	/// Sum over the ring, in mWh.
	pub fn ring_total(&self) -> u128 {
		self.ring
			.iter()
			.filter(|value| **value != NOT_MEASURED)
			.map(|value| u128::from(*value))
			.sum()
	}
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

fn slot(interval: Interval) -> usize {
	(interval % INTERVALS_PER_DAY) as usize
}
