//! Days, and the intervals in them. All times are UTC, in the proleptic Gregorian calendar.

use std::ops::RangeInclusive;

use heliograph_primitives::units::{interval_at, interval_start, Interval};

const DAY_MILLIS: u64 = 86_400_000;

/// A span of time as a person names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
	/// A whole day, as days since 1970-01-01.
	Day(u64),
	/// An interval by its number.
	Interval(Interval),
}

impl Moment {
	/// Reads `2026-10-31` or the number of an interval.
	pub fn parse(text: &str) -> Result<Self, String> {
		if let Ok(interval) = text.parse() {
			return Ok(Self::Interval(interval));
		}
		let parts: Vec<_> = text.split('-').collect();
		let day = match parts[..] {
			[year, month, day] => parse_day(year, month, day),
			_ => None,
		};
		day.map(Self::Day).ok_or_else(|| {
			format!("`{text}` is neither a day (2026-10-31) nor the number of an interval")
		})
	}

	/// Its first interval, on a chain whose intervals have `interval_millis`.
	pub fn first(self, interval_millis: u64) -> Interval {
		match self {
			Self::Day(day) => interval_at(day * DAY_MILLIS, interval_millis),
			Self::Interval(interval) => interval,
		}
	}

	/// Its last interval.
	pub fn last(self, interval_millis: u64) -> Interval {
		match self {
			Self::Day(day) => interval_at((day + 1) * DAY_MILLIS - 1, interval_millis),
			Self::Interval(interval) => interval,
		}
	}
}

/// The first and the last day of the month `2026-10`, as days since 1970-01-01.
pub fn month(text: &str) -> Result<RangeInclusive<u64>, String> {
	let wrong = || format!("`{text}` is not a month, such as 2026-10");
	let (year, month) = text.split_once('-').ok_or_else(wrong)?;
	let first = parse_day(year, month, "1").ok_or_else(wrong)?;
	let (_, month, _) = civil(first);
	let last = (first..first + 31).rev().find(|day| civil(*day).1 == month).ok_or_else(wrong)?;
	Ok(first..=last)
}

/// `2026-10-31 23:45`, and the seconds where there are any: when `millis` since 1970 was.
pub fn show(millis: u64) -> String {
	let (year, month, day) = civil(millis / DAY_MILLIS);
	let seconds = millis % DAY_MILLIS / 1_000;
	let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
	let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
	match second {
		0 => text,
		second => format!("{text}:{second:02}"),
	}
}

/// When `interval` begins.
pub fn show_interval(interval: Interval, interval_millis: u64) -> String {
	show(interval_start(interval, interval_millis))
}

/// Years from 1970 to 9999.
fn parse_day(year: &str, month: &str, day: &str) -> Option<u64> {
	let number = |text: &str| {
		let digits = (1..=4).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_digit());
		digits.then(|| text.parse::<u64>().ok()).flatten()
	};
	let date @ (year, month, day) = (number(year)?, number(month)?, number(day)?);
	if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
		return None;
	}
	let days = days_since_1970(year, month, day);
	// The 31st of a month that has 30 days is none.
	(civil(days) == date).then_some(days)
}

/// Days from 1970-01-01 to a date of 1970 or later. Years are counted from March, so that a leap day is a year's last.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
	let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
	// A month begins (153 m + 2) / 5 days after March begins; 719,468 days lie between 0000-03-01 and 1970-01-01.
	365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468
}

/// The date of a day: the inverse of [`days_since_1970`].
fn civil(days: u64) -> (u64, u64, u64) {
	// 146,097 days are 400 years, 36,524 a century without its leap day, 1,461 four years.
	let days = days + 719_468;
	let (era, in_era) = (days / 146_097, days % 146_097);
	let year = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
	let in_year = in_era - (365 * year + year / 4 - year / 100);
	let month = (5 * in_year + 2) / 153;
	let day = in_year - (153 * month + 2) / 5 + 1;
	let year = 400 * era + year;
	if month < 10 {
		(year, month + 3, day)
	} else {
		(year + 1, month - 9, day)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_day_comes_back_as_it_was() {
		let mut before = (1969, 12, 31);
		for days in 0..200_000 {
			let date @ (year, month, day) = civil(days);
			assert_eq!(days_since_1970(year, month, day), days);
			assert!(date > before, "{date:?}");
			before = date;
		}
		assert_eq!(civil(0), (1970, 1, 1));
		assert_eq!(days_since_1970(2026, 11, 22), 20_779);
	}

	#[test]
	fn month_has_as_many_days_as_the_calendar_says() {
		for (text, days) in
			[("2026-10", 31), ("2026-11", 30), ("2026-02", 28), ("2028-02", 29), ("2100-02", 28)]
		{
			assert_eq!(month(text).expect(text).count(), days, "{text}");
		}
		for text in ["2026", "2026-13", "2026-0", "1969-12", "x-1", "2026-+1", ""] {
			assert!(month(text).is_err(), "{text}");
		}
	}

	#[test]
	fn day_is_96_intervals_of_a_quarter_of_an_hour() {
		let day = Moment::parse("2026-10-31").expect("a day");
		assert_eq!(day.last(900_000) - day.first(900_000), 95);
		assert_eq!(show_interval(day.first(900_000), 900_000), "2026-10-31 00:00");
		assert_eq!(show_interval(day.last(900_000), 900_000), "2026-10-31 23:45");
		assert_eq!(show(1_800_000_003_000), "2027-01-15 08:00:03");
		let interval = Moment::parse("1980000").expect("an interval");
		assert_eq!((interval.first(900_000), interval.last(900_000)), (1_980_000, 1_980_000));
		for text in ["2026-02-29", "2026-10-32", "2026-10", "yesterday", "2026-10-1x", ""] {
			assert!(Moment::parse(text).is_err(), "{text}");
		}
	}
}
