//! The order book as a picture.

use heliograph_agent::screen::{bar, cut};
use heliograph_primitives::trade::Price;
use subxt::ext::scale_decode::DecodeAsType;

use crate::{
	book::Side,
	paint::{Paint, Tone},
	units::{kwh, price},
};

/// The longest bar.
const CELLS: usize = 60;

/// A price and what waits at it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct Level {
	/// The price.
	pub price: Price,
	/// In mWh.
	pub energy: u128,
	/// How many orders there are.
	pub orders: u32,
}

/// Both sides of the book at a block.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Depth {
	/// The block's number.
	pub block: u64,
	/// What buyers offer, best first.
	pub buys: Vec<Level>,
	/// What sellers ask for, best first.
	pub sells: Vec<Level>,
	/// The price of the last trade.
	pub last: Option<Price>,
	/// At which prices orders of the reader wait.
	pub mine: Vec<(Side, Price)>,
}

impl Depth {
	/// The picture, in lines of at most `width` characters: sellers above, buyers below, the best prices in the middle, a bar
	/// for what waits at each.
	pub fn lines(&self, width: usize, paint: Paint) -> Vec<String> {
		let last = match self.last {
			Some(last) => format!("last {}", price(last)),
			None => "nothing was traded yet".into(),
		};
		let head = format!("KWH for DECA   block {}   {last}", self.block);
		let mut lines = vec![paint.tone(Tone::Mine, cut(&head, width))];
		let rows = Rows::of(self);
		lines.push(paint.tone(Tone::Dim, cut(&rows.header(), width)));
		// The worst price stands outermost.
		let mut sells = rows.lines(self, Side::Sell, width, paint);
		sells.reverse();
		lines.append(&mut sells);
		lines.push(paint.tone(Tone::Dim, cut(&self.middle(), width)));
		lines.append(&mut rows.lines(self, Side::Buy, width, paint));
		if !self.mine.is_empty() {
			lines.push(paint.tone(Tone::Dim, cut("* has orders of yours", width)));
		}
		lines
	}

	/// What lies between the two sides.
	fn middle(&self) -> String {
		match (self.buys.first(), self.sells.first()) {
			(None, None) => "nobody sells, nobody buys".into(),
			(Some(_), None) => "nobody sells".into(),
			(None, Some(_)) => "nobody buys".into(),
			(Some(buy), Some(sell)) => {
				let spread = sell.price.saturating_sub(buy.price);
				// Hundredths of a percent, rounded down.
				let share = u128::from(spread) * 10_000 / u128::from(sell.price.max(1));
				format!("── spread {} ({}.{:02} %) ──", price(spread), share / 100, share % 100)
			}
		}
	}
}

/// How wide the columns are, and how much the longest bar stands for.
struct Rows {
	price: usize,
	energy: usize,
	sum: usize,
	most: u128,
}

impl Rows {
	fn of(depth: &Depth) -> Self {
		let levels = || depth.buys.iter().chain(&depth.sells);
		let widest = |text: fn(&Level) -> String, least: usize| {
			levels().map(|level| text(level).len()).max().unwrap_or(0).max(least)
		};
		let total = |side: &[Level]| {
			kwh(side.iter().map(|level| level.energy).fold(0, u128::saturating_add)).len()
		};
		Self {
			price: widest(|level| price(level.price), "DECA/kWh".len()),
			energy: widest(|level| kwh(level.energy), "kWh".len()),
			sum: total(&depth.buys).max(total(&depth.sells)).max("in all".len()),
			most: levels().map(|level| level.energy).max().unwrap_or(0),
		}
	}

	fn header(&self) -> String {
		self.row("", "", ["DECA/kWh", "kWh", "in all", "orders"])
	}

	fn row(&self, mark: &str, side: &str, [price, energy, sum, orders]: [&str; 4]) -> String {
		let (first, second, third) = (self.price, self.energy, self.sum);
		format!(
			"{mark:<1} {side:<4} {price:>first$}  {energy:>second$}  {sum:>third$}  {orders:>6}  "
		)
	}

	/// A side's lines, best first.
	fn lines(&self, depth: &Depth, side: Side, width: usize, paint: Paint) -> Vec<String> {
		let (levels, name, tone) = match side {
			Side::Buy => (&depth.buys, "buy", Tone::Buy),
			Side::Sell => (&depth.sells, "sell", Tone::Sell),
		};
		let mut sum = 0u128;
		let line = |level: &Level| {
			sum = sum.saturating_add(level.energy);
			let is_mine = depth.mine.contains(&(side, level.price));
			let mark = if is_mine { "*" } else { "" };
			let orders = level.orders.to_string();
			let texts = [&price(level.price), &kwh(level.energy), &kwh(sum), &orders];
			let row = cut(&self.row(mark, name, texts.map(String::as_str)), width);
			let cells = width.saturating_sub(row.chars().count()).min(CELLS);
			let share = level.energy as f64 / self.most.max(1) as f64;
			let bar = bar(share, cells);
			let row = paint.tone(if is_mine { Tone::Mine } else { Tone::Plain }, row);
			format!("{row}{}", paint.tone(tone, bar.trim_end_matches('·')))
		};
		levels.iter().map(line).collect()
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn level(price: Price, energy: u128, orders: u32) -> Level {
		Level { price, energy, orders }
	}

	fn depth() -> Depth {
		Depth {
			block: 41,
			buys: vec![level(250_000, 4_000_000, 1), level(240_000, 8_000_000, 2)],
			sells: vec![level(260_000, 2_000_000, 1), level(300_000, 100_000_000, 12)],
			last: Some(255_000),
			mine: vec![(Side::Buy, 250_000)],
		}
	}

	#[test]
	fn picture_has_the_best_prices_in_the_middle() {
		let lines = depth().lines(80, Paint::new(false));
		assert_eq!(lines[0], "KWH for DECA   block 41   last 0.2550");
		assert_eq!(lines[1].trim_end(), "       DECA/kWh      kWh   in all  orders");
		assert_eq!(lines[4], "── spread 0.0100 (3.84 %) ──");
		for (line, start) in [
			(2, "  sell   0.3000  100.000  102.000      12  █████"),
			(3, "  sell   0.2600    2.000    2.000       1  "),
			(5, "* buy    0.2500    4.000    4.000       1  "),
			(6, "  buy    0.2400    8.000   12.000       2  "),
		] {
			assert!(lines[line].starts_with(start), "{}", lines[line]);
		}
		assert_eq!(lines[7], "* has orders of yours");
		assert_eq!(lines.len(), 8);
	}

	#[test]
	fn longest_bar_is_what_most_waits_at() {
		let lines = depth().lines(80, Paint::new(false));
		let cells = |line: &str| line.chars().filter(|c| "█▉▊▋▌▍▎▏".contains(*c)).count();
		assert_eq!(lines[2].chars().count(), 80);
		let most = cells(&lines[2]);
		// A twenty-fifth of it.
		assert_eq!(cells(&lines[5]), most.div_ceil(25));
		assert!(lines.iter().all(|line| cells(line) <= most));
	}

	#[test]
	fn picture_says_so_when_a_side_is_empty() {
		let nothing = Depth { block: 1, ..Depth::default() };
		let text = nothing.lines(80, Paint::new(false)).join("\n");
		assert!(text.contains("nobody sells, nobody buys"), "{text}");
		assert!(text.contains("nothing was traded"), "{text}");
		let text = Depth { buys: vec![], ..depth() }.lines(80, Paint::new(false)).join("\n");
		assert!(text.contains("nobody buys"), "{text}");
		let text = Depth { sells: vec![], ..depth() }.lines(80, Paint::new(false)).join("\n");
		assert!(text.contains("nobody sells"), "{text}");
	}

	#[test]
	fn picture_never_exceeds_the_terminal() {
		for width in [1, 10, 40, 47, 80, 200] {
			for paint in [Paint::new(false), Paint::new(true)] {
				for line in depth().lines(width, paint) {
					let line = anstream::adapter::strip_str(&line).to_string();
					assert!(line.chars().count() <= width, "{line:?} in {width}");
				}
			}
		}
	}

	#[test]
	fn buyers_are_green_and_sellers_red() {
		let lines = depth().lines(80, Paint::new(true));
		assert!(lines[2].contains("\u{1b}[31m█"), "{:?}", lines[2]);
		assert!(lines[6].contains("\u{1b}[32m█"), "{:?}", lines[6]);
	}
}
