//! From registers to numbers. Exact: energy never passes through a float of ours.
//!
//! What a device marks as "not available" comes out as [`Missing`], never as a zero.

use crate::{
	model::Missing,
	profile::{Kind, Map, Point, Span, Type, WordOrder},
};

/// The powers of ten that a scale factor may ask for, as SunSpec bounds them.
const SCALE_FACTORS: std::ops::RangeInclusive<i128> = -10..=10;

/// Registers as they were read.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
	/// Which ones.
	pub span: Span,
	/// Their contents, `span.len` of them.
	pub words: &'a [u16],
}

impl<'a> Block<'a> {
	/// The words of `span`, or `None` when they are not all here.
	fn words(&self, span: &Span) -> Option<&'a [u16]> {
		if !self.span.contains(span) {
			return None;
		}
		let start = usize::from(span.start - self.span.start);
		self.words.get(start..start + usize::from(span.len))
	}
}

/// The register of the counter `point` in mWh, rounded down.
///
/// `block` must hold the point and its scale factor; without them the value counts as missing.
pub fn energy(
	map: &Map,
	point: &Point,
	block: &Block<'_>,
	zero_is_valid: bool,
) -> Result<u64, Missing> {
	let (number, bits) = number(point, block)?;
	// A register with every bit set is an erased or an absent one, whatever its maker says.
	if bits == all_ones(point.ty) {
		return Err(Missing::Sentinel(hexadecimal(bits, point.ty)));
	}
	let register = number.scaled(exponent(map, point, block)?)?;
	let believed = zero_is_valid || matches!(point.kind, Kind::Counter { zero_is_valid: true, .. });
	if register == 0 && !believed {
		return Err(Missing::Zero);
	}
	Ok(register)
}

/// The gauge `point` in W. For people and for cross-checks: a float is good enough.
pub fn power(map: &Map, point: &Point, block: &Block<'_>) -> Result<f64, Missing> {
	let (number, _) = number(point, block)?;
	let scale = 10f64.powi(exponent(map, point, block)?);
	let value = match number {
		Number::Integer(value) => value as f64 * scale,
		Number::Float(value) => f64::from(value) * scale,
	};
	if value.is_finite() {
		Ok(value)
	} else {
		Err(Missing::NotANumber(value.to_string()))
	}
}

/// A serial number: text without its padding, or an integer in decimal. `None` when the device left it blank.
pub fn identity(ty: Type, order: WordOrder, words: &[u16]) -> Option<String> {
	if ty != Type::String {
		let bits = bits(words, order);
		return (bits != 0 && bits != all_ones(ty)).then(|| bits.to_string());
	}
	let bytes: Vec<u8> =
		words.iter().flat_map(|word| in_order(*word, order).to_be_bytes()).collect();
	let text: String = String::from_utf8_lossy(&bytes)
		.chars()
		.take_while(|c| *c != '\0')
		.filter(|c| !c.is_control() && *c != char::REPLACEMENT_CHARACTER)
		.collect();
	let text = text.trim();
	(!text.is_empty()).then(|| text.to_owned())
}

/// A number as the device holds it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
	Integer(i128),
	Float(f32),
}

impl Number {
	/// The number times `10^exponent`, rounded down to an integer.
	///
	/// A float is `mantissa x 2^e` with a mantissa below 2^24; both are multiplied out in 128 bits, so nothing is lost
	/// that the device sent.
	fn scaled(self, exponent: i32) -> Result<u64, Missing> {
		let (mantissa, binary, text) = match self {
			Self::Integer(value) => (value, 0, value.to_string()),
			Self::Float(value) if value.is_finite() => {
				let bits = value.to_bits();
				let fraction = i128::from(bits & 0x7f_ffff);
				let (mantissa, binary) = match (bits >> 23) & 0xff {
					0 => (fraction, -149),
					biased => (fraction | 0x80_0000, biased as i32 - 150),
				};
				(
					if value.is_sign_negative() { -mantissa } else { mantissa },
					binary,
					value.to_string(),
				)
			}
			Self::Float(value) => return Err(Missing::NotANumber(value.to_string())),
		};
		if mantissa == 0 {
			return Ok(0);
		}
		let exact = || {
			let mantissa = u128::try_from(mantissa).ok()?;
			let ten = 10u128.checked_pow(exponent.unsigned_abs())?;
			// Multiplications first: what is rounded down is rounded down once.
			let value = if exponent >= 0 { mantissa.checked_mul(ten)? } else { mantissa };
			let value = match binary {
				0.. => value.checked_mul(2u128.checked_pow(binary.unsigned_abs())?)?,
				_ => value.checked_shr(binary.unsigned_abs()).unwrap_or(0),
			};
			u64::try_from(if exponent >= 0 { value } else { value / ten }).ok()
		};
		exact().ok_or(Missing::NotANumber(text))
	}
}

/// The number at `point`, and its raw bits.
fn number(point: &Point, block: &Block<'_>) -> Result<(Number, u64), Missing> {
	let words = block.words(&point.span());
	let words = words.ok_or_else(|| Missing::Unreachable("its registers were not read".into()))?;
	let bits = bits(words, point.order);
	if point.sentinels.contains(&bits) {
		return Err(Missing::Sentinel(hexadecimal(bits, point.ty)));
	}
	let number = match point.ty {
		Type::U16 | Type::U32 | Type::U64 | Type::Acc32 | Type::Acc64 | Type::String => {
			Number::Integer(i128::from(bits))
		}
		Type::S16 | Type::Sunssf => Number::Integer(i128::from(bits as u16 as i16)),
		Type::S32 => Number::Integer(i128::from(bits as u32 as i32)),
		Type::S64 => Number::Integer(i128::from(bits as i64)),
		Type::F32 => Number::Float(f32::from_bits(bits as u32)),
	};
	match number {
		Number::Float(value) if !value.is_finite() => Err(Missing::NotANumber(value.to_string())),
		_ => Ok((number, bits)),
	}
}

/// The power of ten between what `point` holds and the agent's unit: of the unit, of the profile, of the scale factor.
fn exponent(map: &Map, point: &Point, block: &Block<'_>) -> Result<i32, Missing> {
	let fixed = point.unit.exponent() + i32::from(point.exponent);
	let Some(name) = &point.scale_factor else { return Ok(fixed) };
	let missing = |why: &str| Missing::Sentinel(format!("its scale factor `{name}` {why}"));
	let factor = map.point(name).ok_or_else(|| missing("is not in the profile"))?;
	match number(factor, block) {
		Ok((Number::Integer(value), _)) if SCALE_FACTORS.contains(&value) => {
			Ok(fixed + value as i32)
		}
		Ok((Number::Integer(value), _)) => Err(missing(&format!("is {value}"))),
		Ok((Number::Float(_), _)) => Err(missing("is no integer")),
		Err(why) => Err(missing(&format!("is missing: {why}"))),
	}
}

/// The words as one number of 16, 32 or 64 bits.
fn bits(words: &[u16], order: WordOrder) -> u64 {
	let join = |bits: u64, word: &u16| bits << 16 | u64::from(in_order(*word, order));
	match order {
		WordOrder::Abcd | WordOrder::Badc => words.iter().fold(0, join),
		WordOrder::Cdab | WordOrder::Dcba => words.iter().rev().fold(0, join),
	}
}

/// The bytes inside of one word.
const fn in_order(word: u16, order: WordOrder) -> u16 {
	match order {
		WordOrder::Abcd | WordOrder::Cdab => word,
		WordOrder::Badc | WordOrder::Dcba => word.swap_bytes(),
	}
}

const fn all_ones(ty: Type) -> u64 {
	u64::MAX >> (64 - 16 * if ty.registers() == 0 { 1 } else { ty.registers() as u32 })
}

fn hexadecimal(bits: u64, ty: Type) -> String {
	format!("0x{bits:0width$x}", width = 4 * usize::from(ty.registers()))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::profile::{Table, Unit};
	use proptest::prelude::*;

	fn point(ty: Type, unit: Unit) -> Point {
		Point {
			name: "energy".into(),
			kind: Kind::Counter { zero_is_valid: false, power: None },
			table: Table::Input,
			address: 10,
			ty,
			order: WordOrder::Abcd,
			exponent: 0,
			unit,
			scale_factor: None,
			sentinels: Vec::new(),
		}
	}

	fn read(point: &Point, words: &[u16]) -> Result<u64, Missing> {
		let span = Span { table: Table::Input, start: 10, len: words.len() as u16 };
		let map = Map { models: Vec::new(), points: vec![point.clone()] };
		energy(&map, point, &Block { span, words }, false)
	}

	fn float(value: f32) -> [u16; 2] {
		[(value.to_bits() >> 16) as u16, value.to_bits() as u16]
	}

	#[test]
	fn word_orders_all_give_the_same_number() {
		for (order, words) in [
			(WordOrder::Abcd, [0x0102, 0x0304]),
			(WordOrder::Cdab, [0x0304, 0x0102]),
			(WordOrder::Badc, [0x0201, 0x0403]),
			(WordOrder::Dcba, [0x0403, 0x0201]),
		] {
			assert_eq!(bits(&words, order), 0x0102_0304, "{order:?}");
		}
		assert_eq!(bits(&[4, 3, 2, 1], WordOrder::Cdab), 0x0001_0002_0003_0004);
		assert_eq!(bits(&[0x0100], WordOrder::Dcba), 1);
	}

	#[test]
	fn energy_is_in_milli_watt_hours() {
		assert_eq!(read(&point(Type::F32, Unit::KiloWattHour), &float(1234.5)), Ok(1_234_500_000));
		assert_eq!(read(&point(Type::U32, Unit::WattHour), &[1, 2]), Ok(65_538_000));
		assert_eq!(
			read(&Point { exponent: -1, ..point(Type::U16, Unit::KiloWattHour) }, &[123]),
			Ok(12_300_000)
		);
		assert_eq!(read(&point(Type::U64, Unit::MilliWattHour), &[0, 0, 1, 0]), Ok(65_536));
		// 0.1 as a single is a little more than 0.1, 0.3 a little less than what 0.3 kWh would be.
		assert_eq!(read(&point(Type::F32, Unit::KiloWattHour), &float(0.1)), Ok(100_000));
		assert_eq!(read(&point(Type::F32, Unit::KiloWattHour), &float(35.6)), Ok(35_599_998));
	}

	#[test]
	fn energy_is_missing_when_the_register_cannot_be_one() {
		let kwh = point(Type::F32, Unit::KiloWattHour);
		for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.5, f32::MAX] {
			assert!(matches!(read(&kwh, &float(value)), Err(Missing::NotANumber(_))), "{value}");
		}
		assert_eq!(read(&kwh, &float(0.0)), Err(Missing::Zero));
		assert_eq!(read(&kwh, &float(-0.0)), Err(Missing::Zero));
		// Less than a mWh is a zero, too.
		assert_eq!(read(&kwh, &float(f32::MIN_POSITIVE)), Err(Missing::Zero));
		assert!(matches!(read(&kwh, &[0xffff, 0xffff]), Err(Missing::NotANumber(_))));
		for (ty, words) in [(Type::U16, 1), (Type::S32, 2), (Type::Acc32, 2), (Type::U64, 4)] {
			let found = read(&point(ty, Unit::WattHour), &vec![0xffff; words]);
			assert_eq!(found, Err(Missing::Sentinel(format!("0x{}", "ffff".repeat(words)))));
		}
		let declared = Point { sentinels: vec![0x8000], ..point(Type::U16, Unit::WattHour) };
		assert_eq!(read(&declared, &[0x8000]), Err(Missing::Sentinel("0x8000".into())));
		assert!(matches!(
			read(&point(Type::S16, Unit::WattHour), &[0xfffe]),
			Err(Missing::NotANumber(_))
		));
		assert!(matches!(
			read(&point(Type::U64, Unit::MegaWattHour), &[0x7fff; 4]),
			Err(Missing::NotANumber(_))
		));
		assert!(matches!(read(&kwh, &[1]), Err(Missing::Unreachable(_))));
	}

	#[test]
	fn zero_is_a_value_when_the_configuration_says_so() {
		let point = point(Type::Acc32, Unit::WattHour);
		let map = Map { models: Vec::new(), points: vec![point.clone()] };
		let block = Block { span: Span { table: Table::Input, start: 10, len: 2 }, words: &[0, 0] };
		assert_eq!(energy(&map, &point, &block, true), Ok(0));
		assert_eq!(energy(&map, &point, &block, false), Err(Missing::Zero));
	}

	#[test]
	fn scale_factor_shifts_the_value_or_makes_it_missing() {
		let energy_point =
			Point { scale_factor: Some("sf".into()), ..point(Type::Acc32, Unit::WattHour) };
		let factor = Point {
			name: "sf".into(),
			kind: Kind::ScaleFactor,
			address: 12,
			sentinels: vec![0x8000],
			..point(Type::Sunssf, Unit::None)
		};
		let map = Map { models: vec![103], points: vec![energy_point.clone(), factor] };
		let with = |factor: i16| {
			let words = [0, 1234, factor as u16];
			let block =
				Block { span: Span { table: Table::Input, start: 10, len: 3 }, words: &words };
			energy(&map, &energy_point, &block, false)
		};
		assert_eq!(with(0), Ok(1_234_000));
		assert_eq!(with(2), Ok(123_400_000));
		assert_eq!(with(-3), Ok(1_234));
		assert_eq!(with(-5), Ok(12));
		for bad in [11, -11, i16::MIN] {
			assert!(
				matches!(with(bad), Err(Missing::Sentinel(why)) if why.contains("`sf`")),
				"{bad}"
			);
		}
	}

	#[test]
	fn power_has_a_sign_and_may_be_missing() {
		let gauge =
			Point { kind: Kind::Gauge, sentinels: vec![0x8000], ..point(Type::S16, Unit::Watt) };
		let map = Map { models: Vec::new(), points: vec![gauge.clone()] };
		let read = |words: &[u16]| {
			power(
				&map,
				&gauge,
				&Block { span: Span { table: Table::Input, start: 10, len: 1 }, words },
			)
		};
		assert_eq!(read(&[(-250i16) as u16]), Ok(-250.0));
		assert_eq!(read(&[0]), Ok(0.0));
		assert!(matches!(read(&[0x8000]), Err(Missing::Sentinel(_))));
	}

	#[test]
	fn serial_number_is_text_or_a_number_or_none() {
		assert_eq!(
			identity(Type::String, WordOrder::Abcd, &[0x534e, 0x2d37, 0x2000, 0]),
			Some("SN-7".into())
		);
		assert_eq!(identity(Type::String, WordOrder::Badc, &[0x4e53]), Some("SN".into()));
		assert_eq!(identity(Type::String, WordOrder::Abcd, &[0; 4]), None);
		assert_eq!(identity(Type::String, WordOrder::Abcd, &[0xffff; 4]), None);
		assert_eq!(identity(Type::U32, WordOrder::Abcd, &[1, 0]), Some("65536".into()));
		assert_eq!(identity(Type::U32, WordOrder::Abcd, &[0xffff, 0xffff]), None);
	}

	proptest! {
		#[test]
		fn float_energy_is_exact_and_rounds_down(value in 0.001f32..100_000_000.0) {
			// A single times 10^6 needs 24 + 20 bits: the product is exact in a double, unlike in general.
			let exact = (f64::from(value) * 1e6).floor() as u64;
			prop_assert_eq!(read(&point(Type::F32, Unit::KiloWattHour), &float(value)), Ok(exact));
		}

		#[test]
		fn energy_never_panics(words in proptest::array::uniform4(any::<u16>()), exponent in -12i8..=12, ty in 0usize..9) {
			let ty = [Type::U16, Type::S16, Type::U32, Type::S32, Type::U64, Type::S64, Type::F32, Type::Acc32, Type::Acc64][ty];
			let scaled = Point { exponent, ..point(ty, Unit::MegaWattHour) };
			if let Ok(register) = read(&scaled, &words) {
				prop_assert!(register > 0);
			}
		}

		#[test]
		fn energy_grows_with_the_register(a in 1u32..u32::MAX, b in 1u32..u32::MAX, exponent in -5i8..=5) {
			let point = Point { exponent, ..point(Type::U32, Unit::WattHour) };
			let read = |value: u32| read(&point, &[(value >> 16) as u16, value as u16]).unwrap_or(0);
			prop_assert!(a > b || read(a) <= read(b));
		}
	}
}
