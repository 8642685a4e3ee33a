//! What a meter reported and when: what certificates prove themselves by, and what rewards are measured by.
//!
//! Offered by the metering pallet; other pallets read it through these traits.

use crate::{
	miner::MeterId,
	units::{Energy, Interval, INTERVALS_PER_DAY},
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The number of a day: its first interval divided by 96.
pub type Day = u32;

/// Days of which the energy and the measured intervals are kept: a week, two days in which late data of its last day may
/// arrive and be counted, and the day that runs.
pub const DAYS_KEPT: usize = 10;

/// A moment in a meter's history: all that was accepted up to it.
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
pub struct Checkpoint {
	/// Where it stands in the meter's matured total, in mWh: what was attested up to it, less what was voided.
	pub position: u64,
	/// How much of what was attested up to it belongs to no single interval, in mWh.
	pub recovered: u64,
	/// How much of what was attested up to it was voided, in mWh.
	pub voided: u64,
	/// The interval of the newest reading.
	pub interval: Interval,
	/// The epoch of the register then.
	pub epoch: u16,
	/// The register then, in mWh.
	pub register: u64,
	/// The history hash then: the chain of hashes over all readings up to it. Zeros before the first one.
	pub history: [u8; 32],
}

/// How other pallets learn how far a meter's energy can be proven reading by reading.
pub trait EnergyHistory {
	/// The meter before its first reading counted: position 0, the base register, a history of zeros. `None` if it never
	/// reported.
	fn origin(meter: MeterId) -> Option<Checkpoint>;

	/// The newest checkpoint kept of which all energy has matured: from its position on nothing can be voided any more.
	/// At most about two days old where a meter reports steadily. `None` if it never reported.
	fn ripe(meter: MeterId) -> Option<Checkpoint>;
}

/// What a meter measured on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct DayEnergy {
	/// The day.
	pub day: Day,
	/// The energy that was measured in single intervals of it, in mWh. Recovered energy is of no day.
	pub energy: Energy,
	/// How many of its 96 intervals were measured.
	pub intervals: u8,
}

/// What a meter reported lately.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct MeterReport {
	/// The interval of the first reading.
	pub first_interval: Interval,
	/// The interval of the newest reading.
	pub last_interval: Interval,
	/// Whether a challenge is open.
	pub quarantined: bool,
	/// The last [`DAYS_KEPT`] days up to that of the newest reading, oldest first.
	pub days: Vec<DayEnergy>,
	/// The energy in mWh of the last 96 intervals up to the newest reading; that of interval `i` at `i % 96`, `None` where
	/// none was measured.
	pub profile: Vec<Option<u32>>,
}

impl MeterReport {
	/// What was measured on `day`: nothing on a day after the newest reading, `None` on one that is not kept any more.
	pub fn day(&self, day: Day) -> Option<DayEnergy> {
		match self.days.iter().find(|kept| kept.day == day) {
			Some(kept) => Some(*kept),
			None if day > self.last_interval / INTERVALS_PER_DAY => {
				Some(DayEnergy { day, energy: 0, intervals: 0 })
			}
			None => None,
		}
	}

	/// The energy in mWh that was measured in `interval`, if it was and lies in the last 96 up to the newest reading.
	pub fn measured_in(&self, interval: Interval) -> Option<u32> {
		let age = self.last_interval.checked_sub(interval)?;
		if age >= INTERVALS_PER_DAY {
			return None;
		}
		self.profile.get((interval % INTERVALS_PER_DAY) as usize).copied().flatten()
	}
}

/// How other pallets learn what a meter reported lately.
pub trait MeterReports {
	/// What `meter` reported, or `None` if it never did. One read, whatever is asked of it.
	fn report(meter: MeterId) -> Option<MeterReport>;

	/// Lets a registered meter have measured `energy` mWh in each interval of the last ten days, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn report_for_benchmark(meter: MeterId, energy: u32);
}
