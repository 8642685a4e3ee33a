//! What people write and what the chain counts: exact decimals both ways, without a float in between.
//!
//! | on the chain | for people |
//! |---|---|
//! | mWh | kWh, six decimals |
//! | base units of DECA | DECA, twelve decimals |
//! | base units of DECA per mWh | DECA per kWh, six decimals |

use std::{fmt, str::FromStr};

use heliograph_primitives::{trade::Price, units::Energy};

/// Decimals of a kWh in mWh, and of a price.
const KWH_DECIMALS: usize = 6;
/// Decimals of DECA.
const DECA_DECIMALS: usize = 12;

/// An energy as a person writes it: `3.2`, `3.2 kWh`, `500Wh`, `1.5MWh`, `250mWh`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Kwh(pub Energy);

/// A price as a person writes it, in DECA per kWh: `0.25`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct PerKwh(pub Price);

impl FromStr for Kwh {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
		let unit = &text[number.len()..];
		let decimals = match unit {
			"" | "kWh" | "kwh" | "KWH" => KWH_DECIMALS,
			"Wh" | "wh" => 3,
			"MWh" => 9,
			"mWh" => 0,
			// One of the two readings would be wrong by nine orders of magnitude.
			"mwh" | "MWH" => return Err(format!("`{unit}` is MWh or mWh: write it exactly")),
			_ => return Err(format!("`{unit}` is not a unit of energy; write kWh, Wh or MWh")),
		};
		let energy = parse(number.trim_end(), decimals)?;
		Energy::try_from(energy).map(Self).map_err(|_| "this is more than the chain counts".into())
	}
}

impl FromStr for PerKwh {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let number = text.strip_suffix("DECA/kWh").unwrap_or(text);
		let price = parse(number.trim_end(), KWH_DECIMALS)?;
		Price::try_from(price).map(Self).map_err(|_| "this is more than the chain counts".into())
	}
}

/// In kWh with its unit.
impl fmt::Display for Kwh {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.pad(&format!("{} kWh", kwh(self.0.into())))
	}
}

/// In DECA per kWh with its unit.
impl fmt::Display for PerKwh {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.pad(&format!("{} DECA/kWh", price(self.0)))
	}
}

/// An energy in mWh, in kWh: exact, at least three decimals.
pub fn kwh(energy: u128) -> String {
	show(energy, KWH_DECIMALS, 3)
}

/// A price, in DECA per kWh: exact, at least four decimals, which is what a tick of the order book takes.
pub fn price(price: Price) -> String {
	show(price.into(), KWH_DECIMALS, 4)
}

/// Base units of DECA, in DECA: exact, at least four decimals.
pub fn deca(amount: u128) -> String {
	show(amount, DECA_DECIMALS, 4)
}

/// Parts in a billion, in percent: exact, at least one decimal.
pub fn percent(billionths: u128) -> String {
	format!("{} %", show(billionths, 7, 1))
}

/// Reads a decimal number as a count of units, of which one has `decimals` decimals. Nothing is rounded.
fn parse(text: &str, decimals: usize) -> Result<u128, String> {
	let wrong = || format!("`{text}` is not a number such as 3 or 0.25");
	let (whole, part) = text.split_once('.').unwrap_or((text, ""));
	if text.contains(',') {
		return Err(format!("`{text}` has a comma; the decimals stand behind a point: 1.5"));
	}
	let digits = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
	if (whole.is_empty() && part.is_empty()) || !digits(whole) || !digits(part) {
		return Err(wrong());
	}
	// Zeros at the end say nothing.
	let part = part.trim_end_matches('0');
	if part.len() > decimals {
		return Err(match decimals {
			0 => format!("`{text}` has decimals, and there is nothing smaller than one"),
			_ => format!("`{text}` has more than {decimals} decimals, and nothing is rounded"),
		});
	}
	let units = format!("{whole}{part:0<decimals$}");
	let units = units.trim_start_matches('0');
	match units.is_empty() {
		true => Ok(0),
		false => units.parse().map_err(|_| format!("`{text}` is more than the chain counts")),
	}
}

/// The inverse of [`parse`], with at least `least` decimals.
fn show(units: u128, decimals: usize, least: usize) -> String {
	let one = 10u128.pow(decimals as u32);
	let (whole, part) = (units / one, units % one);
	let mut part = format!("{part:0>decimals$}");
	while part.len() > least && part.ends_with('0') {
		part.pop();
	}
	format!("{whole}.{part}")
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn energy(text: &str) -> Result<Energy, String> {
		text.parse::<Kwh>().map(|energy| energy.0)
	}

	#[test]
	fn energy_is_read_exactly_in_every_unit() {
		for (text, expected) in [
			("3.2", 3_200_000),
			("3.2kWh", 3_200_000),
			("3.2 kWh", 3_200_000),
			("500Wh", 500_000),
			("1.5MWh", 1_500_000_000),
			("250mWh", 250),
			("0.000001", 1),
			(".5", 500_000),
			("5.", 5_000_000),
			("007.10", 7_100_000),
			("1.0000000000", 1_000_000),
			("18446744073709.551615", u64::MAX),
		] {
			assert_eq!(energy(text), Ok(expected), "{text}");
		}
	}

	#[test]
	fn number_is_refused_when_it_cannot_be_kept_exactly() {
		for text in [
			"",
			".",
			"-1",
			"+1",
			"1e3",
			"1,5",
			"1_000",
			" 1",
			"0.0000001",
			"0.5mWh",
			"1 2",
			"one",
			"1.2.3",
			"3 mwh",
			"3MWH",
			"3 kW",
			"18446744073709.551616",
			"0x10",
			"٣",
		] {
			assert!(energy(text).is_err(), "{text}");
		}
		assert!("0.0000001".parse::<PerKwh>().is_err());
		let long = "9".repeat(80);
		assert!(energy(&long).is_err());
	}

	#[test]
	fn refusal_says_what_to_write() {
		assert!(energy("1,5").unwrap_err().contains("point"));
		assert!(energy("0.12345678").unwrap_err().contains("6 decimals"));
		assert!(energy("3mwh").unwrap_err().contains("exactly"));
	}

	#[test]
	fn one_deca_per_kwh_is_a_million() {
		assert_eq!("1".parse(), Ok(PerKwh(1_000_000)));
		assert_eq!("0.2541".parse(), Ok(PerKwh(254_100)));
		assert_eq!("0.25 DECA/kWh".parse(), Ok(PerKwh(250_000)));
		assert_eq!(PerKwh(254_100).to_string(), "0.2541 DECA/kWh");
	}

	#[test]
	fn amounts_are_shown_exactly() {
		assert_eq!(Kwh(3_200_000).to_string(), "3.200 kWh");
		assert_eq!(kwh(1), "0.000001");
		assert_eq!(deca(800_800_000_000), "0.8008");
		assert_eq!(deca(1_000_000_000_001), "1.000000000001");
		assert_eq!(deca(0), "0.0000");
		assert_eq!(price(254_150), "0.25415");
		assert_eq!(percent(920_000_000), "92.0 %");
		assert_eq!(percent(1_000_000_000), "100.0 %");
		assert_eq!(format!("[{:>11}]", Kwh(5_000_000)), "[  5.000 kWh]");
	}

	proptest! {
		#[test]
		fn what_is_shown_is_read_back(units in any::<u64>(), amount in any::<u128>()) {
			prop_assert_eq!(Kwh(units).to_string().parse::<Kwh>(), Ok(Kwh(units)));
			prop_assert_eq!(PerKwh(units).to_string().parse::<PerKwh>(), Ok(PerKwh(units)));
			prop_assert_eq!(parse(&deca(amount), DECA_DECIMALS), Ok(amount));
		}

		#[test]
		fn nothing_that_people_type_is_a_panic(text in "\\PC*") {
			drop(text.parse::<Kwh>());
			drop(text.parse::<PerKwh>());
		}
	}
}
