//! What was drawn: plain arithmetic over what two meters reported. Nothing is fetched, nothing is stored.
//!
//! ## When an interval is settled
//! - At once, when both meters have reported it, or any interval after it. What a meter says of an interval does not change
//!   any more once it has reported a later one.
//! - When the grace is over (`now > interval + grace`), if one of them has not. What is missing then is missing for good.
//! - While a challenge of one of them is open, when a day has passed (`now > interval + 96`). Until then it waits for the
//!   ruling.
//!
//! Intervals are settled in their order.
//!
//! ## What it settles for
//! The smaller of what both meters measured in it, at most what is left of the lot: nothing where one of them measured
//! nothing, recovered the energy over several intervals, has forgotten the interval (a meter remembers its last 96), or is
//! challenged.

use codec::{Decode, Encode};
use heliograph_primitives::{
	history::MeterReport,
	units::{Energy, Interval, INTERVALS_PER_DAY},
};
use scale_info::TypeInfo;

/// The longest that an interval waits, whatever for: a day. A meter that reports has forgotten it then.
pub const MAX_WAIT: Interval = INTERVALS_PER_DAY;

/// What is to be settled, and when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
	/// The first interval that is not settled.
	pub next: Interval,
	/// The first interval that does not count any more.
	pub until: Interval,
	/// How much may still be drawn, in mWh.
	pub left: Energy,
	/// The interval that runs.
	pub now: Interval,
	/// For how many intervals after its own a reading is waited for. At most [`MAX_WAIT`] counts.
	pub grace: Interval,
}

/// What was settled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Settlement {
	/// The first interval that is not settled now.
	pub next: Interval,
	/// How many intervals were settled.
	pub intervals: u32,
	/// In how many of them both meters measured. The others are not paid.
	pub measured: u32,
	/// What was drawn, in mWh.
	pub energy: Energy,
}

impl Span {
	/// Settles all that can be settled. Ends with the interval in which the lot was used up, if it was.
	pub fn settle(&self, seller: Option<&MeterReport>, winner: Option<&MeterReport>) -> Settlement {
		let quarantined = [seller, winner].into_iter().flatten().any(|report| report.quarantined);
		let known = match (seller, winner) {
			(Some(seller), Some(winner)) if !quarantined => Some((seller, winner)),
			_ => None,
		};
		let end = self.end(quarantined, known);
		let mut settled =
			Settlement { next: self.next.max(end), intervals: 0, measured: 0, energy: 0 };
		if let Some((seller, winner)) = known {
			for interval in remembered(seller, winner, self.next, end) {
				let (Some(sold), Some(used)) =
					(seller.measured_in(interval), winner.measured_in(interval))
				else {
					continue;
				};
				let left = self.left.saturating_sub(settled.energy);
				let energy = Energy::from(sold.min(used)).min(left);
				settled.energy = settled.energy.saturating_add(energy);
				settled.measured = settled.measured.saturating_add(1);
				if settled.energy == self.left {
					settled.next = interval.saturating_add(1);
					break;
				}
			}
		}
		settled.intervals = settled.next.saturating_sub(self.next);
		settled
	}

	/// The first interval that cannot be settled yet, or does not count.
	fn end(&self, quarantined: bool, known: Option<(&MeterReport, &MeterReport)>) -> Interval {
		let end = if quarantined {
			self.now.saturating_sub(MAX_WAIT)
		} else {
			let reported = known.map_or(0, |(seller, winner)| {
				seller.last_interval.min(winner.last_interval).saturating_add(1)
			});
			reported.max(self.now.saturating_sub(self.grace.min(MAX_WAIT)))
		};
		end.min(self.now).min(self.until)
	}
}

/// The intervals from `next` up to `end` that both may remember. At most 96, however many lie between.
fn remembered(
	seller: &MeterReport,
	winner: &MeterReport,
	next: Interval,
	end: Interval,
) -> core::ops::Range<Interval> {
	let first = seller
		.last_interval
		.max(winner.last_interval)
		.saturating_sub(INTERVALS_PER_DAY.saturating_sub(1));
	let after = seller.last_interval.min(winner.last_interval).saturating_add(1);
	next.max(first)..end.min(after)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const FIRST: Interval = 1_000;

	/// A meter that measured this from `FIRST` on: `None` where it did not. It has reported all of it.
	fn report(measured: &[Option<u32>]) -> MeterReport {
		let last_interval = FIRST + measured.len() as u32 - 1;
		let mut profile = vec![None; 96];
		for (interval, energy) in (FIRST..).zip(measured) {
			if last_interval - interval < 96 {
				profile[interval as usize % 96] = *energy;
			}
		}
		let first_interval = FIRST - 1;
		MeterReport { first_interval, last_interval, quarantined: false, days: vec![], profile }
	}

	fn span(next: Interval, until: Interval, left: Energy, now: Interval) -> Span {
		Span { next, until, left, now, grace: 8 }
	}

	/// The rules of this module, interval by interval, without a thought of how long it takes.
	fn naive(
		span: &Span,
		seller: Option<&MeterReport>,
		winner: Option<&MeterReport>,
	) -> Settlement {
		let mut settled = Settlement { next: span.next, intervals: 0, measured: 0, energy: 0 };
		let reported =
			|report: Option<&MeterReport>, i| report.is_some_and(|it| it.last_interval >= i);
		let challenged = |report: Option<&MeterReport>| report.is_some_and(|it| it.quarantined);
		let is_challenged = challenged(seller) || challenged(winner);
		while settled.next < span.until && settled.next < span.now {
			let i = settled.next;
			let is_due = if is_challenged {
				span.now > i + 96
			} else {
				(reported(seller, i) && reported(winner, i)) || span.now > i + span.grace.min(96)
			};
			if !is_due {
				break;
			}
			let of = |report: Option<&MeterReport>| report.and_then(|it| it.measured_in(i));
			settled.next += 1;
			settled.intervals += 1;
			if let (Some(sold), Some(used), false) = (of(seller), of(winner), is_challenged) {
				settled.measured += 1;
				settled.energy += u64::from(sold.min(used)).min(span.left - settled.energy);
				if settled.energy == span.left {
					break;
				}
			}
		}
		settled
	}

	#[test]
	fn interval_pays_the_smaller_of_both_measurements() {
		let seller = report(&[Some(10), Some(20), None, Some(5)]);
		let winner = report(&[Some(7), Some(30), Some(9), None]);
		let settled =
			span(FIRST, FIRST + 50, 1_000, FIRST + 4).settle(Some(&seller), Some(&winner));
		let expected = Settlement { next: FIRST + 4, intervals: 4, measured: 2, energy: 27 };
		assert_eq!(settled, expected);
	}

	#[test]
	fn interval_waits_for_the_grace_when_one_meter_has_not_reported() {
		let seller = report(&[Some(10), Some(10)]);
		let winner = report(&[Some(10)]);
		let settle =
			|now| span(FIRST, FIRST + 50, 1_000, now).settle(Some(&seller), Some(&winner)).next;
		assert_eq!(settle(FIRST + 2), FIRST + 1);
		// The interval after the first one waits while it is at most eight intervals old.
		assert_eq!(settle(FIRST + 1 + 8), FIRST + 1);
		assert_eq!(settle(FIRST + 1 + 9), FIRST + 2);
		assert_eq!(settle(FIRST + 1 + 19), FIRST + 12);
	}

	#[test]
	fn interval_waits_for_a_day_when_a_meter_is_challenged() {
		let seller = MeterReport { quarantined: true, ..report(&[Some(10), Some(10)]) };
		let winner = report(&[Some(10), Some(10)]);
		let settle =
			|now| span(FIRST, FIRST + 500, 1_000, now).settle(Some(&seller), Some(&winner));
		assert_eq!(settle(FIRST + 96).intervals, 0);
		let void = Settlement { next: FIRST + 1, intervals: 1, measured: 0, energy: 0 };
		assert_eq!(settle(FIRST + 97), void);
	}

	#[test]
	fn nothing_is_drawn_when_a_meter_never_reported() {
		let seller = report(&[Some(10)]);
		let settled = span(FIRST, FIRST + 50, 1_000, FIRST + 30).settle(Some(&seller), None);
		let expected = Settlement { next: FIRST + 22, intervals: 22, measured: 0, energy: 0 };
		assert_eq!(settled, expected);
	}

	#[test]
	fn settlement_ends_with_the_interval_that_uses_the_lot_up() {
		let both = report(&[Some(10), Some(10), Some(10)]);
		let settled = span(FIRST, FIRST + 50, 15, FIRST + 3).settle(Some(&both), Some(&both));
		let expected = Settlement { next: FIRST + 2, intervals: 2, measured: 2, energy: 15 };
		assert_eq!(settled, expected);
	}

	#[test]
	fn forgotten_intervals_are_not_paid() {
		let both = report(&[Some(10); 100]);
		let settled =
			span(FIRST, FIRST + 500, 10_000, FIRST + 100).settle(Some(&both), Some(&both));
		let expected = Settlement { next: FIRST + 100, intervals: 100, measured: 96, energy: 960 };
		assert_eq!(settled, expected);
	}

	#[test]
	fn a_year_without_a_draw_is_settled_at_once() {
		let both = report(&[Some(10); 100]);
		let now = FIRST + 35_040;
		let settled = span(FIRST, now - 100, 10_000, now).settle(Some(&both), Some(&both));
		let expected = Settlement { next: now - 100, intervals: 34_940, measured: 96, energy: 960 };
		assert_eq!(settled, expected);
	}

	#[test]
	fn nothing_overflows_at_the_end_of_time() {
		let last = MeterReport { last_interval: u32::MAX, ..report(&[Some(u32::MAX - 1); 96]) };
		let end = Span {
			next: u32::MAX - 3,
			until: u32::MAX,
			left: u64::MAX,
			now: u32::MAX,
			grace: u32::MAX,
		};
		assert_eq!(end.settle(Some(&last), Some(&last)).intervals, 3);
		let begin = Span { next: 0, until: 5, left: 1, now: 0, grace: u32::MAX };
		assert_eq!(begin.settle(None, None).intervals, 0);
	}

	fn readings() -> impl Strategy<Value = Option<MeterReport>> {
		let energies = proptest::collection::vec(proptest::option::of(0u32..100), 1..250);
		proptest::option::weighted(
			0.95,
			(energies, proptest::bool::weighted(0.1)).prop_map(|(energies, quarantined)| {
				MeterReport { quarantined, ..report(&energies) }
			}),
		)
	}

	proptest! {
		#[test]
		fn settlement_is_what_the_rules_say(
			seller in readings(),
			winner in readings(),
			begin in 0u32..200,
			length in 1u32..300,
			left in 1u64..8_000,
			age in 0u32..300,
			grace in 0u32..120,
		) {
			let last = |report: &Option<MeterReport>| {
				report.as_ref().map_or(FIRST, |report| report.last_interval)
			};
			// No meter is ahead of the clock.
			let now = last(&seller).max(last(&winner)) + 1 + age;
			let next = FIRST + begin;
			let span = Span { next, until: next + length, left, now, grace };
			let (seller, winner) = (seller.as_ref(), winner.as_ref());
			prop_assert_eq!(span.settle(seller, winner), naive(&span, seller, winner));
		}

		#[test]
		fn settling_in_two_steps_is_settling_in_one(
			seller in readings(),
			winner in readings(),
			begin in 0u32..200,
			length in 1u32..300,
			cut in 0u32..300,
			left in 1u64..8_000,
			grace in 0u32..120,
		) {
			let (seller, winner) = (seller.as_ref(), winner.as_ref());
			let next = FIRST + begin;
			let whole = Span { next, until: next + length, left, now: FIRST + 600, grace };
			let at_once = whole.settle(seller, winner);
			let first = Span { until: next + cut.min(length), ..whole }.settle(seller, winner);
			let rest = Span { next: first.next, left: left - first.energy, ..whole };
			let second = match rest.left {
				// Used up: it has ended.
				0 => Settlement { next: first.next, intervals: 0, measured: 0, energy: 0 },
				_ => rest.settle(seller, winner),
			};
			prop_assert_eq!(first.energy + second.energy, at_once.energy);
			prop_assert_eq!(first.measured + second.measured, at_once.measured);
			prop_assert_eq!(second.next, at_once.next);
		}

		#[test]
		fn no_more_is_drawn_than_is_left_or_either_measured(
			seller in readings(),
			winner in readings(),
			left in 0u64..8_000,
		) {
			let span = Span { next: FIRST, until: FIRST + 500, left, now: FIRST + 600, grace: 8 };
			let settled = span.settle(seller.as_ref(), winner.as_ref());
			let sum = |report: &Option<MeterReport>| {
				let energies = report.iter().flat_map(|report| &report.profile).flatten();
				energies.map(|energy| u64::from(*energy)).sum::<u64>()
			};
			prop_assert!(settled.energy <= left.min(sum(&seller)).min(sum(&winner)));
		}
	}
}
