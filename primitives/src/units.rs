//! Units of energy, power and time, with the arithmetic that joins them.
//!
//! | quantity | unit | type |
//! |---|---|---|
//! | energy | mWh, 10^-6 kWh | `u64` per register or delta, `u128` for sums |
//! | power | W | `u32` |
//! | time | intervals of 15 minutes | `u32` |

/// An energy in mWh.
pub type Energy = u64;

/// A nameplate or momentary power in W.
pub type Watts = u32;

/// The number of an interval: Unix time divided by the interval's length.
pub type Interval = u32;

/// What one interval stands for in the arithmetic of energy, in seconds.
///
/// A development chain may let an interval pass faster than this (see `IntervalMillis` of the metering pallet); what it
/// stands for stays a quarter of an hour, so the same bounds hold and the same code runs.
pub const INTERVAL_SECONDS: u32 = 900;

/// [`INTERVAL_SECONDS`] in milliseconds: the wall-clock length of an interval in production.
pub const INTERVAL_MILLIS: u64 = INTERVAL_SECONDS as u64 * 1_000;

/// Intervals in a day.
pub const INTERVALS_PER_DAY: u32 = 96;

/// How far back a reading may lie: a site may be offline for 90 days.
pub const MAX_LATENESS: Interval = 90 * INTERVALS_PER_DAY;

/// How long energy waits for a challenge before it matures: 24 hours after it *arrived*, so that late data can be
/// challenged too.
pub const CHALLENGE_WINDOW: Interval = INTERVALS_PER_DAY;

/// mWh in a kWh.
pub const KWH: Energy = 1_000_000;

/// The largest nameplate of one meter, in W.
///
/// Keeps what a meter can measure in one interval, 1.1 x 15 MW x 900 s, below `u32::MAX` mWh, so that the ring of
/// intervals holds `u32`. A larger site registers several meters.
pub const MAX_NAMEPLATE: Watts = 15_000_000;

/// The most energy, in mWh, that a meter of `nameplate` W is believed to measure in `intervals`: 1.1 times its
/// nameplate over the whole time. Rounds down, against the claimer.
///
/// `W x s / 3.6 = mWh`, so `nameplate x intervals x 900 x 11 / 36`. The product of two `u32` and 275 fits in `u128` with
/// room to spare; the result saturates at `u64::MAX`, which no register reaches.
pub fn plausible_energy(nameplate: Watts, intervals: u32) -> Energy {
	const MILLI_WATT_HOURS_PER_WATT: u128 = INTERVAL_SECONDS as u128 * 11 / 36;
	let bound = u128::from(nameplate) * u128::from(intervals) * MILLI_WATT_HOURS_PER_WATT;
	Energy::try_from(bound).unwrap_or(Energy::MAX)
}

/// The moment at which interval 0 of a chain begins whose intervals take `interval_millis`, in Unix milliseconds.
///
/// 1970 where an interval takes a second or more, as on every chain that is not an accelerated test: there the number of an
/// interval is Unix time divided by its length. Shorter ones would not fit in 32 bits, and are counted from 2026-01-01.
fn origin(interval_millis: u64) -> u64 {
	const UNIX_EPOCH: u64 = 0;
	const YEAR_2026: u64 = 1_767_225_600_000;
	if interval_millis < 1_000 {
		YEAR_2026
	} else {
		UNIX_EPOCH
	}
}

/// The interval that the moment `unix_millis` falls in. Rounds down. Saturates at the first interval and at the last, which
/// at 50 ms per interval is in the year 2032 and at 900 s in the year 124,000.
pub fn interval_at(unix_millis: u64, interval_millis: u64) -> Interval {
	let elapsed = unix_millis.saturating_sub(origin(interval_millis));
	Interval::try_from(elapsed / interval_millis.max(1)).unwrap_or(Interval::MAX)
}

/// The moment at which `interval` begins, in Unix milliseconds: the inverse of [`interval_at`].
pub fn interval_start(interval: Interval, interval_millis: u64) -> u64 {
	u64::from(interval)
		.saturating_mul(interval_millis.max(1))
		.saturating_add(origin(interval_millis))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn bound_is_nameplate_times_time_times_1_1() {
		// 4 kW for a quarter of an hour is 1 kWh; with the tolerance 1.1 kWh.
		assert_eq!(plausible_energy(4_000, 1), 1_100_000);
		assert_eq!(plausible_energy(0, 96), 0);
		assert_eq!(plausible_energy(5_000, 0), 0);
	}

	#[test]
	fn bound_saturates_when_everything_is_at_its_maximum() {
		assert_eq!(plausible_energy(u32::MAX, u32::MAX), u64::MAX);
	}

	#[test]
	fn largest_nameplate_fits_the_ring() {
		assert!(plausible_energy(MAX_NAMEPLATE, 1) < u64::from(u32::MAX));
	}

	proptest! {
		#[test]
		fn bound_grows_with_power_and_time(w in 0..MAX_NAMEPLATE, n in 0..MAX_LATENESS) {
			prop_assert!(plausible_energy(w, n) <= plausible_energy(w + 1, n));
			prop_assert!(plausible_energy(w, n) <= plausible_energy(w, n + 1));
			// Exact: 275 mWh per watt and interval, with nothing to round.
			prop_assert_eq!(plausible_energy(w, n), u64::from(w) * u64::from(n) * 275);
		}

		#[test]
		fn interval_contains_its_moment(t in 1_767_225_600_000u64..1_900_000_000_000, len in 50u64..1_000_000) {
			let i = interval_at(t, len);
			prop_assert!(interval_start(i, len) <= t && t < interval_start(i + 1, len));
		}

		#[test]
		fn number_is_unix_time_over_length_from_a_second_on(t in 0u64..4_000_000_000_000, len in 1_000u64..1_000_000) {
			prop_assert_eq!(u64::from(interval_at(t, len)), t / len);
		}
	}
}
