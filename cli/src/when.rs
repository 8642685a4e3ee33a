//! Moments of the chain, as people name them. All times are UTC.

use std::str::FromStr;

use heliograph_agent::calendar::{self, Moment};
use heliograph_primitives::units::{interval_at, interval_start, Interval, INTERVAL_MILLIS};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The chain's clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Clock {
	/// The interval that runs.
	pub now: Interval,
	/// How long an interval is, in ms.
	pub millis: u64,
}

impl Clock {
	/// When `interval` begins.
	pub fn show(&self, interval: Interval) -> String {
		calendar::show_interval(interval, self.millis)
	}

	/// The time of day at which `interval` begins, without the day.
	pub fn time(&self, interval: Interval) -> String {
		let whole = self.show(interval);
		whole.split_once(' ').map_or(whole.clone(), |(_, time)| time.to_owned())
	}
}

/// An interval as a person names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum When {
	/// So many intervals from the one that runs: `+3`.
	After(Interval),
	/// So long from now, in ms: `90m`, `6h`, `2d`.
	In(u64),
	/// The next time that the clock shows this, in ms since midnight, with which an interval begins: `18:15`.
	Next(u64),
	/// A day, or an interval by its number: `2026-10-31`, `1984320`.
	At(Moment),
}

impl FromStr for When {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let digits = |text: &str| -> Option<u64> {
			let is_number = !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
			is_number.then(|| text.parse().ok()).flatten()
		};
		if let Some(intervals) = text.strip_prefix('+') {
			let intervals = digits(intervals).and_then(|number| Interval::try_from(number).ok());
			return intervals.map(Self::After).ok_or_else(|| wrong(text));
		}
		if let Some((hour, minute)) = text.split_once(':') {
			return match (digits(hour), digits(minute)) {
				(Some(hours @ 0..24), Some(minutes @ 0..60)) if minute.len() == 2 => {
					time_of_day(text, hours * HOUR + minutes * MINUTE).map(Self::Next)
				}
				_ => Err(wrong(text)),
			};
		}
		for (unit, millis) in [('m', MINUTE), ('h', HOUR), ('d', DAY)] {
			if let Some(count) = text.strip_suffix(unit) {
				let span = digits(count).and_then(|count| count.checked_mul(millis));
				return span.map(Self::In).ok_or_else(|| wrong(text));
			}
		}
		Moment::parse(text).map(Self::At).map_err(|_| wrong(text))
	}
}

/// A time of day in ms since midnight, if it is one with which an interval begins: a multiple of what an interval stands for.
fn time_of_day(text: &str, time: u64) -> Result<u64, String> {
	let before = time - time % INTERVAL_MILLIS;
	if before == time {
		return Ok(time);
	}
	let show = |time: u64| format!("{}:{:02}", time % DAY / HOUR, time % HOUR / MINUTE);
	let after = before + INTERVAL_MILLIS;
	Err(format!("no interval begins at {text}: write {} or {}", show(before), show(after)))
}

fn wrong(text: &str) -> String {
	format!(
		"`{text}` is no moment: write +3 (intervals from now), 90m, 6h or 2d, 18:15 (UTC), a day such as 2026-10-31, or the \
		 number of an interval"
	)
}

impl When {
	/// The interval that is meant: the one that begins at a time of day, the last one of a day. A span of time is so many
	/// intervals, rounded up.
	fn meant(&self, clock: Clock) -> Interval {
		match self {
			Self::At(moment) => moment.last(clock.millis),
			Self::After(intervals) => clock.now.saturating_add(*intervals),
			Self::In(span) => {
				let intervals = span.div_ceil(clock.millis.max(1)).max(1);
				clock.now.saturating_add(Interval::try_from(intervals).unwrap_or(Interval::MAX))
			}
			Self::Next(time) => {
				let start = interval_start(clock.now, clock.millis);
				let today = interval_at(start - start % DAY + time, clock.millis);
				match today > clock.now {
					true => today,
					false => interval_at(start - start % DAY + DAY + time, clock.millis),
				}
			}
		}
	}

	/// The last interval of what lasts until then: the one before a time of day.
	pub fn last(&self, clock: Clock) -> Interval {
		let meant = self.meant(clock);
		match self {
			Self::Next(_) => meant.saturating_sub(1),
			_ => meant,
		}
	}

	/// The interval with whose beginning something is over that lasts until then. A span of time and a day are over when all
	/// of them is: as some of the interval that runs has passed, that is one interval more.
	pub fn end(&self, clock: Clock) -> Interval {
		let meant = self.meant(clock);
		match self {
			Self::In(_) | Self::At(Moment::Day(_)) => meant.saturating_add(1),
			_ => meant,
		}
	}

	/// The one interval that is meant. Errors when it is a whole day, or a span of time that ends within an interval.
	pub fn one(&self, clock: Clock) -> anyhow::Result<Interval> {
		match self {
			Self::At(Moment::Day(_)) => {
				anyhow::bail!("a day has 96 intervals; name one, such as +3 or 18:15")
			}
			Self::In(span) if !span.is_multiple_of(clock.millis.max(1)) => {
				let after = self.span(clock);
				anyhow::bail!(
					"that is no whole number of intervals; name one by +{} or +{after}",
					after.saturating_sub(1)
				)
			}
			when => Ok(when.meant(clock)),
		}
	}

	/// How many intervals there are from the one that runs up to the one that is meant.
	pub fn span(&self, clock: Clock) -> Interval {
		self.meant(clock).saturating_sub(clock.now)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	/// 2026-10-31 12:07, in intervals of a quarter of an hour.
	fn noon() -> Clock {
		let day = "2026-10-31".parse::<When>().expect("a day");
		let clock = Clock { now: 0, millis: 900_000 };
		Clock { now: day.last(clock) - 95 + 48, ..clock }
	}

	fn when(text: &str) -> When {
		text.parse().expect(text)
	}

	fn interval(text: &str) -> Interval {
		when(text).meant(noon())
	}

	#[test]
	fn moment_is_an_interval_of_the_chain() {
		let now = noon().now;
		assert_eq!(noon().show(now), "2026-10-31 12:00");
		assert_eq!(noon().time(now), "12:00");
		for (text, expected) in [
			("+0", now),
			("+3", now + 3),
			("45m", now + 3),
			("50m", now + 4),
			("1m", now + 1),
			("6h", now + 24),
			("2d", now + 192),
			("18:15", now + 25),
			("12:15", now + 1),
			("12:00", now + 96),
			("0:00", now + 48),
			("2026-10-31", now + 47),
			("1984320", 1_984_320),
		] {
			assert_eq!(interval(text), expected, "{text}");
		}
	}

	#[test]
	fn moment_is_refused_when_it_is_none() {
		for text in
			["", "+", "+x", "-1", "24:00", "12:60", "12:5", "1.5h", "h", "tomorrow", "+99999999999"]
		{
			let error = text.parse::<When>().expect_err(text);
			assert!(error.contains("18:15"), "{error}");
		}
	}

	#[test]
	fn time_of_day_is_refused_with_both_neighbours_when_no_interval_begins_at_it() {
		for (text, before, after) in [
			("18:20", "18:15", "18:30"),
			("18:01", "18:00", "18:15"),
			("0:14", "0:00", "0:15"),
			("23:59", "23:45", "0:00"),
		] {
			let error = text.parse::<When>().expect_err(text);
			assert!(error.contains(&format!("write {before} or {after}")), "{error}");
		}
	}

	#[test]
	fn order_expires_with_the_time_of_day_that_is_named() {
		let Clock { now, millis } = noon();
		for (text, last) in [
			// At 12:07, until 12:15: the interval that runs is the last one.
			("12:15", now),
			("18:15", now + 24),
			// The next one, which is tomorrow's.
			("12:00", now + 95),
			("2026-10-31", now + 47),
			("+3", now + 3),
			("20m", now + 2),
		] {
			assert_eq!(when(text).last(noon()), last, "{text}");
		}
		let end = when("18:15").last(noon()) + 1;
		assert_eq!(calendar::show_interval(end, millis), "2026-10-31 18:15");
	}

	#[test]
	fn auction_lasts_at_least_as_long_as_its_duration() {
		let Clock { now, .. } = noon();
		for (text, end) in [
			// At 12:14:50 no less than until 12:29:50, so until 12:30.
			("15m", now + 2),
			("1m", now + 2),
			("16m", now + 3),
			("6h", now + 25),
			("2026-10-31", now + 48),
			("18:15", now + 25),
			("+3", now + 3),
			("1984320", 1_984_320),
		] {
			assert_eq!(when(text).end(noon()), end, "{text}");
		}
	}

	#[test]
	fn slot_is_one_interval() {
		let one = |text| when(text).one(noon());
		assert!(one("2026-10-31").unwrap_err().to_string().contains("96"));
		let error = one("20m").unwrap_err().to_string();
		assert!(error.contains("+1 or +2"), "{error}");
		let now = noon().now;
		for (text, interval) in [("+3", now + 3), ("45m", now + 3), ("18:15", now + 25)] {
			assert_eq!(one(text).expect(text), interval, "{text}");
		}
	}

	#[test]
	fn span_is_a_number_of_intervals() {
		for (text, span) in [("+24", 24), ("6h", 24), ("2d", 192), ("20m", 2), ("12:15", 1)] {
			assert_eq!(when(text).span(noon()), span, "{text}");
		}
	}

	#[test]
	fn far_future_is_the_last_interval() {
		assert_eq!(interval("+4294967295"), Interval::MAX);
		assert_eq!(interval("200000000000d"), Interval::MAX);
	}
}
