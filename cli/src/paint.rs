//! Colours and tables for a terminal. Without a terminal, or where `NO_COLOR` is set, the same text without colours.

use std::{fmt::Display, io};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// Whether what is printed has colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paint {
	on: bool,
}

/// What a piece of text says by its colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
	/// Nothing.
	#[default]
	Plain,
	/// Demand: green.
	Buy,
	/// Supply: red.
	Sell,
	/// The caller's own: bold.
	Mine,
	/// Less important.
	Dim,
	/// Look at this: yellow.
	Warn,
}

impl Tone {
	fn style(self) -> Style {
		match self {
			Self::Plain => Style::new(),
			Self::Buy => AnsiColor::Green.on_default(),
			Self::Sell => AnsiColor::Red.on_default(),
			Self::Mine => Style::new().bold(),
			Self::Dim => Style::new().dimmed(),
			Self::Warn => AnsiColor::Yellow.on_default(),
		}
	}
}

impl Paint {
	/// Colours if standard output goes to a terminal that shows them and nobody asked for none.
	pub fn of_stdout() -> Self {
		Self { on: AutoStream::choice(&io::stdout()) != ColorChoice::Never }
	}

	/// Colours, or none.
	#[cfg(test)]
	pub fn new(on: bool) -> Self {
		Self { on }
	}

	/// `text` in `tone`.
	pub fn tone(&self, tone: Tone, text: impl Display) -> String {
		let style = tone.style();
		match self.on && style != Style::new() {
			true => format!("{style}{text}{style:#}"),
			false => text.to_string(),
		}
	}
}

/// The side of a column on which its cells stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Align {
	/// For words.
	Left,
	/// For numbers.
	Right,
}

/// A cell of a table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell(String, Tone);

impl From<String> for Cell {
	fn from(text: String) -> Self {
		Self(text, Tone::Plain)
	}
}

impl From<&str> for Cell {
	fn from(text: &str) -> Self {
		text.to_owned().into()
	}
}

/// A cell with a tone.
pub fn cell(tone: Tone, text: impl Into<String>) -> Cell {
	Cell(text.into(), tone)
}

/// Rows under a header, each column as wide as its widest cell.
pub struct Table {
	columns: Vec<(&'static str, Align)>,
	rows: Vec<Vec<Cell>>,
}

impl Table {
	/// A table with these columns and no row.
	pub fn new<const N: usize>(columns: [(&'static str, Align); N]) -> Self {
		Self { columns: columns.to_vec(), rows: Vec::new() }
	}

	/// One more row, a cell for each column.
	pub fn row<const N: usize>(&mut self, cells: [Cell; N]) {
		debug_assert_eq!(N, self.columns.len());
		self.rows.push(cells.into());
	}

	/// Whether there is no row.
	pub fn is_empty(&self) -> bool {
		self.rows.is_empty()
	}

	/// The table, a line each for the header and the rows.
	pub fn lines(&self, paint: Paint) -> Vec<String> {
		let width = |column: usize| {
			let cells = self.rows.iter().filter_map(|row| row.get(column));
			let widest = cells.map(|Cell(text, _)| text.chars().count()).max().unwrap_or(0);
			widest.max(self.columns[column].0.chars().count())
		};
		let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
		let line = |cells: &[Cell]| {
			let mut line = String::new();
			for (column, Cell(text, tone)) in cells.iter().enumerate() {
				if column > 0 {
					line.push_str("  ");
				}
				let room = " ".repeat(widths[column].saturating_sub(text.chars().count()));
				let is_last = column + 1 == cells.len();
				let text = paint.tone(*tone, text);
				match self.columns[column].1 {
					Align::Right => line.extend([room, text]),
					Align::Left if is_last => line.push_str(&text),
					Align::Left => line.extend([text, room]),
				}
			}
			line
		};
		let header: Vec<_> = self.columns.iter().map(|(name, _)| cell(Tone::Dim, *name)).collect();
		std::iter::once(line(&header)).chain(self.rows.iter().map(|row| line(row))).collect()
	}

	/// The table as text, or `empty` where there is no row.
	pub fn text(&self, paint: Paint, empty: &str) -> String {
		match self.is_empty() {
			true => format!("{empty}\n"),
			false => self.lines(paint).join("\n") + "\n",
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn text_is_plain_when_colours_are_off() {
		let plain = Paint::new(false);
		for tone in [Tone::Plain, Tone::Buy, Tone::Sell, Tone::Mine, Tone::Dim, Tone::Warn] {
			assert_eq!(plain.tone(tone, "3.2 kWh"), "3.2 kWh");
		}
		let colours = Paint::new(true);
		assert_eq!(colours.tone(Tone::Plain, "x"), "x");
		assert_eq!(colours.tone(Tone::Buy, "x"), "\u{1b}[32mx\u{1b}[0m");
	}

	#[test]
	fn columns_line_up_whatever_the_colours() {
		let mut table =
			Table::new([("id", Align::Right), ("side", Align::Left), ("kWh", Align::Right)]);
		table.row(["7".into(), cell(Tone::Buy, "buy"), "3.200".into()]);
		table.row(["1234".into(), cell(Tone::Sell, "sell"), "10.000".into()]);
		let expected = ["  id  side     kWh", "   7  buy    3.200", "1234  sell  10.000"];
		assert_eq!(table.lines(Paint::new(false)), expected);
		let coloured = table.lines(Paint::new(true)).join("\n");
		assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), expected.join("\n"));
		assert_ne!(coloured, expected.join("\n"));
	}

	#[test]
	fn table_says_so_when_it_is_empty() {
		let table = Table::new([("id", Align::Right)]);
		assert_eq!(table.text(Paint::new(true), "no order is open"), "no order is open\n");
	}
}
