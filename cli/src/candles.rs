//! The prices of the last day as a picture.

use heliograph_primitives::{
	trade::Price,
	units::{Interval, INTERVALS_PER_DAY},
};
use subxt::ext::scale_decode::DecodeAsType;

use crate::{
	paint::{Paint, Tone},
	units::{kwh, price},
	when::Clock,
};

/// The height of the picture, in lines.
const ROWS: usize = 12;

/// Heights of a bar of one line.
const EIGHTHS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What was traded in one interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Candle {
	/// The interval.
	pub interval: Interval,
	/// The first price.
	pub open: Price,
	/// The highest price.
	pub high: Price,
	/// The lowest price.
	pub low: Price,
	/// The last price.
	pub close: Price,
	/// All that was traded, in mWh.
	pub volume: u128,
}

/// The last `span` intervals, one column each, in lines of at most `width` characters: a box from the first to the last
/// price of an interval, solid where it rose and shaded where it fell, with lines to the highest and the lowest; below, how
/// much was traded.
pub fn draw(
	candles: &[Candle],
	span: Interval,
	clock: Clock,
	width: usize,
	paint: Paint,
) -> Vec<String> {
	let span = span.clamp(1, INTERVALS_PER_DAY);
	let first = clock.now.saturating_sub(span - 1);
	let shown: Vec<_> = candles.iter().filter(|candle| candle.interval >= first).collect();
	let highest = shown.iter().map(|candle| candle.high).max();
	let lowest = shown.iter().map(|candle| candle.low).min();
	let (Some(highest), Some(lowest)) = (highest, lowest) else {
		return vec![format!("nothing was traded in the last {span} intervals")];
	};
	let (top, bottom) = (price(highest), price(lowest));
	let label = top.len().max(bottom.len());
	let columns = width.saturating_sub(label + 2).clamp(1, span as usize);
	// Where there is no room for all, the oldest are left out.
	let first = clock.now.saturating_sub(columns as Interval - 1);
	let at = |column: usize| {
		let interval = first.saturating_add(column as Interval);
		shown.iter().find(|candle| candle.interval == interval)
	};
	let mut lines = Vec::with_capacity(ROWS + 2);
	for line in 0..ROWS {
		let row = ROWS - 1 - line;
		let mark = match line {
			0 => top.as_str(),
			line if line == ROWS - 1 => bottom.as_str(),
			_ => "",
		};
		let mut text = format!("{mark:>label$} ");
		text.push_str(&paint.tone(Tone::Dim, "│"));
		for column in 0..columns {
			match at(column).and_then(|candle| cell(candle, row, lowest, highest)) {
				Some((c, tone)) => text.push_str(&paint.tone(tone, c)),
				None => text.push(' '),
			}
		}
		lines.push(text.trim_end().to_owned());
	}
	let most = shown.iter().map(|candle| candle.volume).max().unwrap_or(0);
	let volumes = (0..columns).map(|column| level(at(column).map(|candle| candle.volume), most));
	let volumes = volumes.collect::<String>();
	lines.push(format!("{:>label$}  {}", "kWh", paint.tone(Tone::Dim, volumes.trim_end())));
	let (begin, end) = (clock.time(first), clock.time(clock.now));
	let room = columns.saturating_sub(end.len());
	let axis = if room > begin.len() { format!("{begin:<room$}{end}") } else { end };
	lines.push(format!("{:>label$}  {}", "UTC", paint.tone(Tone::Dim, axis)));
	let volume = shown.iter().map(|candle| candle.volume).fold(0u128, u128::saturating_add);
	let count = shown.len();
	lines.push(format!(
		"{} kWh from {bottom} to {top} DECA/kWh, in {count} of {span} intervals",
		kwh(volume)
	));
	lines
}

/// Prices one after the other, as bars of one line; a space where there is none.
pub fn spark(prices: impl IntoIterator<Item = Option<Price>>) -> String {
	let prices: Vec<_> = prices.into_iter().map(|price| price.map(u128::from)).collect();
	let most = prices.iter().flatten().copied().max().unwrap_or(0);
	prices.into_iter().map(|price| level(price, most)).collect()
}

/// A bar of one line: nothing for nothing, and something for anything.
fn level(part: Option<u128>, most: u128) -> char {
	match part {
		None | Some(0) => ' ',
		Some(part) => {
			let eighths = part.saturating_mul(8).div_ceil(most.max(1)).clamp(1, 8);
			EIGHTHS[eighths as usize - 1]
		}
	}
}

/// What a candle shows in a row, counted from the bottom.
fn cell(candle: &Candle, row: usize, lowest: Price, highest: Price) -> Option<(char, Tone)> {
	let row_of = |price: Price| {
		let range = u128::from(highest - lowest);
		let above = u128::from(price.clamp(lowest, highest) - lowest);
		match range {
			0 => ROWS / 2,
			// To the nearest row.
			_ => ((above * (ROWS as u128 - 1) + range / 2) / range) as usize,
		}
	};
	let rose = candle.close >= candle.open;
	let tone = if rose { Tone::Buy } else { Tone::Sell };
	let body = row_of(candle.open.min(candle.close))..=row_of(candle.open.max(candle.close));
	let wick = row_of(candle.low)..=row_of(candle.high);
	match (body.contains(&row), wick.contains(&row)) {
		(true, _) if rose => Some(('█', tone)),
		(true, _) => Some(('▒', tone)),
		(false, true) => Some(('│', tone)),
		(false, false) => None,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const CLOCK: Clock = Clock { now: 1_980_000, millis: 900_000 };

	fn candle(ago: Interval, [open, high, low, close]: [Price; 4], volume: u128) -> Candle {
		Candle { interval: CLOCK.now - ago, open, high, low, close, volume }
	}

	fn lines(candles: &[Candle], span: Interval, width: usize) -> Vec<String> {
		draw(candles, span, CLOCK, width, Paint::new(false))
	}

	#[test]
	fn picture_shows_bodies_wicks_and_volumes() {
		let candles = [
			candle(3, [200_000, 200_000, 200_000, 200_000], 1_000_000),
			candle(1, [200_000, 310_000, 200_000, 255_000], 8_000_000),
			candle(0, [310_000, 310_000, 200_000, 200_000], 4_000_000),
		];
		let lines = lines(&candles, 4, 80);
		assert_eq!(lines[0], "0.3100 │  │▒");
		assert_eq!(lines[4], "       │  │▒");
		assert_eq!(lines[5], "       │  █▒");
		assert_eq!(lines[10], "       │  █▒");
		assert_eq!(lines[11], "0.2000 │█ █▒");
		assert_eq!(lines[12], "   kWh  ▁ █▄");
		assert!(lines[13].starts_with("   UTC"), "{}", lines[13]);
		assert_eq!(lines[14], "13.000 kWh from 0.2000 to 0.3100 DECA/kWh, in 3 of 4 intervals");
	}

	#[test]
	fn one_price_is_a_line_in_the_middle() {
		let lines = lines(&[candle(0, [250_000; 4], 1_000)], 1, 80);
		let rows: Vec<_> = (0..ROWS).filter(|line| lines[*line].contains('█')).collect();
		assert_eq!(rows, [ROWS - 1 - ROWS / 2]);
	}

	#[test]
	fn what_is_older_is_left_out() {
		let old = candle(50, [900_000; 4], 1_000);
		let new = candle(2, [250_000; 4], 1_000);
		assert_eq!(lines(&[old], 8, 80), ["nothing was traded in the last 8 intervals"]);
		assert!(lines(&[old, new], 8, 80)[0].starts_with("0.2500"));
		assert_eq!(lines(&[], 96, 80).len(), 1);
	}

	#[test]
	fn spark_is_as_long_as_what_it_shows() {
		assert_eq!(spark([Some(1), None, Some(4), Some(8)]), "▁ ▄█");
		assert_eq!(spark([]), "");
		assert_eq!(spark([Some(0), Some(u64::MAX)]), " █");
	}

	proptest! {
		#[test]
		fn picture_never_exceeds_the_terminal(
			rows in proptest::collection::vec((0u32..100, any::<[Price; 4]>(), any::<u128>()), 0..20),
			span in 0u32..200,
			width in 30usize..120,
		) {
			let candles: Vec<_> = rows
				.into_iter()
				.map(|(ago, prices, volume)| {
					let (low, high) =
						(prices.iter().min().expect("four"), prices.iter().max().expect("four"));
					candle(ago, [prices[0], *high, *low, prices[3]], volume)
				})
				.collect();
			let lines = lines(&candles, span, width);
			// The last line is a sentence.
			for line in &lines[..lines.len() - 1] {
				prop_assert!(line.chars().count() <= width, "{} in {}", line, width);
			}
		}
	}
}
