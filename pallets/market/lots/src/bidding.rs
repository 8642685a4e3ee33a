//! What a bid must be, and what it does to the end of an auction: plain arithmetic.

use heliograph_primitives::{
	trade::{fee, Price},
	units::{Interval, INTERVALS_PER_DAY},
};
use sp_runtime::Permill;

/// The lowest price that beats `best`: it is raised by the share `raise` of it, rounded up, and at least by `tick`, and in
/// any case. `None` if no price is that high.
pub fn least_raise(best: Price, tick: Price, raise: Permill) -> Option<Price> {
	let share = Price::try_from(fee(best.into(), raise)).ok()?;
	best.checked_add(share.max(tick).max(1))
}

/// When an auction closes after a bid in the interval `now`, if that bid is a late one: in one of the last `within`
/// intervals. It then goes on for as many more. `within` counts from 1 to 96.
pub fn extended(closes: Interval, now: Interval, within: Interval) -> Option<Interval> {
	let within = within.clamp(1, INTERVALS_PER_DAY);
	(closes.saturating_sub(now) <= within).then(|| closes.saturating_add(within))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn raise_is_the_share_rounded_up_or_the_tick() {
		let percent = Permill::from_percent(1);
		assert_eq!(least_raise(1_000_000, 1_000, percent), Some(1_010_000));
		assert_eq!(least_raise(1_000_001, 1_000, percent), Some(1_010_002));
		assert_eq!(least_raise(50_000, 1_000, percent), Some(51_000));
		assert_eq!(least_raise(50_000, 0, Permill::zero()), Some(50_001));
	}

	#[test]
	fn nothing_beats_the_highest_price() {
		assert_eq!(least_raise(u64::MAX, 1, Permill::zero()), None);
		assert_eq!(least_raise(u64::MAX / 2 + 1, 1, Permill::one()), None);
	}

	#[test]
	fn bid_is_late_in_the_last_intervals_only() {
		assert_eq!(extended(100, 97, 2), None);
		assert_eq!(extended(100, 98, 2), Some(102));
		assert_eq!(extended(100, 99, 2), Some(102));
		// Numbers that were set out of range.
		assert_eq!(extended(100, 99, 0), Some(101));
		assert_eq!(extended(100, 3, u32::MAX), None);
		assert_eq!(extended(100, 4, u32::MAX), Some(196));
		assert_eq!(extended(u32::MAX, u32::MAX - 1, 5), Some(u32::MAX));
	}

	proptest! {
		#[test]
		fn next_bid_is_higher_by_both_bounds(
			best in 0u64..1 << 50,
			tick in 0u64..1 << 20,
			parts in 0u32..=1_000_000,
		) {
			let next = least_raise(best, tick, Permill::from_parts(parts)).expect("far from the end");
			prop_assert!(next > best);
			prop_assert!(next - best >= tick);
			let raise = u128::from(next - best);
			prop_assert!(raise * 1_000_000 >= u128::from(best) * u128::from(parts));
			// And not higher than that.
			let less = raise - 1;
			let suffices = less >= u128::from(tick.max(1))
				&& less * 1_000_000 >= u128::from(best) * u128::from(parts);
			prop_assert!(!suffices);
		}

		#[test]
		fn late_bid_never_shortens_an_auction(
			closes in 1u32..1 << 30,
			left in 1u32..500,
			within in 0u32..200,
		) {
			let now = closes.saturating_sub(left);
			if let Some(later) = extended(closes, now, within) {
				prop_assert!(later > closes && later - closes <= 96);
			}
		}
	}
}
