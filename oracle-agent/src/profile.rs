//! Device profiles: what the registers of a kind of device mean. Data, not code.
//!
//! A profile is a TOML file. The ones in `profiles/` are built in and known by name; a configuration may also point to
//! a file of its own. Everything that a wrong profile could do to a measurement is checked when it is loaded: a scale
//! factor must be readable in one request with its value, a counter must be in a unit of energy, and every variant of
//! a device must offer the same counters.

use crate::config::{parse_duration, ConfigError, Source};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path, time::Duration};
use toml::Spanned;

/// The profiles that are part of the program: name and text.
const BUILT_IN: &[(&str, &str)] = &[
	("eastron-sdm120", include_str!("../profiles/eastron-sdm120.toml")),
	("eastron-sdm230", include_str!("../profiles/eastron-sdm230.toml")),
	("eastron-sdm630", include_str!("../profiles/eastron-sdm630.toml")),
	("sunspec-inverter", include_str!("../profiles/sunspec-inverter.toml")),
	("sunspec-meter", include_str!("../profiles/sunspec-meter.toml")),
];

/// The Modbus application protocol's own limit: registers in one read.
const MODBUS_MAX_REGISTERS: u16 = 125;

/// The largest power of ten by which a profile may scale a value, either way.
const MAX_EXPONENT: i8 = 12;

/// The names of the built-in profiles.
pub fn built_in_names() -> impl Iterator<Item = &'static str> {
	BUILT_IN.iter().map(|(name, _)| *name)
}

/// The built-in profile called `name`, if there is one.
pub fn built_in(name: &str) -> Option<Result<Profile, ConfigError>> {
	let (name, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
	Some(parse(name, &Source::new(Path::new(&format!("profiles/{name}.toml")), text)))
}

/// The profile in the file `path`; its name is the file's, without the ending.
pub fn load(path: &Path) -> Result<Profile, ConfigError> {
	let text = Source::read(path)?;
	let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
	parse(name.as_deref().unwrap_or("profile"), &Source::new(path, &text))
}

/// A kind of device.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
	/// What a configuration calls it.
	pub name: String,
	/// For people.
	pub description: String,
	/// The links that it can be reached by.
	pub transports: Vec<Transport>,
	/// The serial settings that the device leaves the factory with.
	pub serial: Serial,
	/// How long to wait for an answer, on top of the time that the bytes take on a serial line.
	pub timeout: Duration,
	/// How long the bus rests after each request to this device.
	pub pause: Duration,
	/// The most registers that the device returns in one read.
	pub max_registers: u16,
	/// The most unwanted registers to read along for the sake of one request less.
	pub max_gap: u16,
	/// The largest nameplate in W that this device can measure, where its make sets one.
	pub max_nameplate: Option<u32>,
	/// Where a SunSpec device may begin its chain of models. `None`: addresses in the maps are absolute.
	pub sunspec_bases: Option<Vec<u16>>,
	/// Where the serial number stands.
	pub identity: Option<Identity>,
	/// One map per variant of the device, best first. A device without SunSpec has exactly one.
	pub maps: Vec<Map>,
}

impl Profile {
	/// The points that a meter may be configured on. The same in every map.
	pub fn counters(&self) -> impl Iterator<Item = &Point> {
		self.maps.first().into_iter().flat_map(Map::counters)
	}
}

/// What the registers of one variant of a device mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Map {
	/// The SunSpec models that look like this; empty when the device is no SunSpec device.
	pub models: Vec<u16>,
	/// Its points.
	pub points: Vec<Point>,
}

impl Map {
	/// The point called `name`.
	pub fn point(&self, name: &str) -> Option<&Point> {
		self.points.iter().find(|point| point.name == name)
	}

	/// The cumulative registers of energy.
	pub fn counters(&self) -> impl Iterator<Item = &Point> {
		self.points.iter().filter(|point| matches!(point.kind, Kind::Counter { .. }))
	}

	/// The registers that must come in one request to make sense of `point`: its own and those of its scale factor.
	pub fn span(&self, point: &Point) -> Span {
		let own = point.span();
		match point.scale_factor.as_deref().and_then(|name| self.point(name)) {
			Some(factor) => own.union(&factor.span()),
			None => own,
		}
	}
}

/// One value of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
	/// Unique in its map.
	pub name: String,
	/// What it says.
	pub kind: Kind,
	/// The table that it is in.
	pub table: Table,
	/// The address of its first register, counted from zero; of a SunSpec model, from the model's id register.
	pub address: u16,
	/// How it is coded.
	pub ty: Type,
	/// The order of its bytes.
	pub order: WordOrder,
	/// The value is what the registers say times ten to this power, in `unit`.
	pub exponent: i8,
	/// The unit.
	pub unit: Unit,
	/// The point that holds a further power of ten.
	pub scale_factor: Option<String>,
	/// Raw bits that mean "not available".
	pub sentinels: Vec<u64>,
}

impl Point {
	/// Its own registers.
	pub fn span(&self) -> Span {
		Span { table: self.table, start: self.address, len: self.ty.registers() }
	}
}

/// What a point says.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
	/// A cumulative register of energy.
	Counter {
		/// Whether a zero is believed without the configuration saying so.
		zero_is_valid: bool,
		/// The gauge of the momentary power that makes this register move.
		power: Option<PowerGauge>,
	},
	/// A momentary value.
	Gauge,
	/// A power of ten for other points.
	ScaleFactor,
}

/// Which gauge tells the power of a counter.
#[derive(Clone, Debug, PartialEq)]
pub struct PowerGauge {
	/// The gauge's name.
	pub point: String,
	/// Whether the counter runs while the gauge is negative.
	pub negative: bool,
}

/// Where the serial number stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
	/// The SunSpec model that it is in.
	pub model: Option<u16>,
	/// Its registers.
	pub span: Span,
	/// A string, or an integer that is written in decimal.
	pub ty: Type,
	/// The order of its bytes.
	pub order: WordOrder,
}

/// Registers next to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
	/// Their table.
	pub table: Table,
	/// The first.
	pub start: u16,
	/// How many.
	pub len: u16,
}

impl Span {
	/// One past the last register, which may be 65,536.
	pub fn end(&self) -> u32 {
		u32::from(self.start) + u32::from(self.len)
	}

	/// The smallest span around both. They are taken to be in one table, which [`parse`] checks.
	fn union(&self, other: &Self) -> Self {
		let start = self.start.min(other.start);
		let len = self.end().max(other.end()) - u32::from(start);
		Self { table: self.table, start, len: u16::try_from(len).unwrap_or(u16::MAX) }
	}

	/// Whether all of `other` is in it.
	pub fn contains(&self, other: &Self) -> bool {
		self.table == other.table && self.start <= other.start && other.end() <= self.end()
	}
}

/// A table of registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Table {
	/// Read by function 3.
	Holding,
	/// Read by function 4.
	Input,
}

/// How a value is coded in registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
	/// Unsigned, one register.
	U16,
	/// Two's complement, one register.
	S16,
	/// Unsigned, two registers.
	U32,
	/// Two's complement, two registers.
	S32,
	/// Unsigned, four registers.
	U64,
	/// Two's complement, four registers.
	S64,
	/// IEEE 754 single, two registers.
	F32,
	/// SunSpec accumulator, two registers.
	Acc32,
	/// SunSpec accumulator, four registers.
	Acc64,
	/// SunSpec scale factor: a power of ten from -10 to 10, one register.
	Sunssf,
	/// Text, two characters per register. For the identity only.
	String,
}

impl Type {
	/// How many registers it takes; 0 for a string, whose length the profile tells.
	pub const fn registers(self) -> u16 {
		match self {
			Self::U16 | Self::S16 | Self::Sunssf => 1,
			Self::U32 | Self::S32 | Self::F32 | Self::Acc32 => 2,
			Self::U64 | Self::S64 | Self::Acc64 => 4,
			Self::String => 0,
		}
	}
}

/// The order of the bytes of a value of two registers, written as the protocol delivers them; `A` is the most
/// significant byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum WordOrder {
	/// Big endian, as Modbus itself.
	#[default]
	Abcd,
	/// The low word first.
	Cdab,
	/// The bytes of each word swapped.
	Badc,
	/// Little endian.
	Dcba,
}

/// A unit, with the power of ten that leads to the agent's own: mWh for energy, W for power.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Unit {
	#[serde(rename = "mWh")]
	MilliWattHour,
	#[serde(rename = "Wh")]
	WattHour,
	#[serde(rename = "kWh")]
	KiloWattHour,
	#[serde(rename = "MWh")]
	MegaWattHour,
	#[serde(rename = "W")]
	Watt,
	#[serde(rename = "kW")]
	KiloWatt,
	/// A bare number.
	#[serde(rename = "1")]
	None,
}

impl Unit {
	/// Ten to this power of the agent's unit.
	pub const fn exponent(self) -> i32 {
		match self {
			Self::MilliWattHour | Self::Watt | Self::None => 0,
			Self::WattHour | Self::KiloWatt => 3,
			Self::KiloWattHour => 6,
			Self::MegaWattHour => 9,
		}
	}

	const fn is_energy(self) -> bool {
		matches!(
			self,
			Self::MilliWattHour | Self::WattHour | Self::KiloWattHour | Self::MegaWattHour
		)
	}

	const fn is_power(self) -> bool {
		matches!(self, Self::Watt | Self::KiloWatt)
	}
}

/// A way to reach a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
	/// Modbus TCP.
	Tcp,
	/// Modbus RTU on a serial port.
	Rtu,
	/// Modbus RTU frames through a TCP connection, as serial servers forward them.
	RtuOverTcp,
}

impl std::fmt::Display for Transport {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::Tcp => "tcp",
			Self::Rtu => "rtu",
			Self::RtuOverTcp => "rtu-over-tcp",
		})
	}
}

/// The settings of a serial line. Eight data bits always, as Modbus RTU demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serial {
	/// Bits per second.
	pub baud: u32,
	/// The parity bit.
	pub parity: Parity,
	/// 1 or 2.
	#[serde(rename = "stop")]
	pub stop_bits: u8,
}

/// The parity of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Parity {
	None,
	Even,
	Odd,
}

impl std::fmt::Display for Parity {
	fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
		f.write_str(match self {
			Self::None => "none",
			Self::Even => "even",
			Self::Odd => "odd",
		})
	}
}

// The file as it is written. -----------------------------------------------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProfile {
	description: String,
	transports: Vec<Transport>,
	serial: Spanned<Serial>,
	timeout: Spanned<String>,
	pause: Spanned<String>,
	max_registers: Spanned<u16>,
	max_gap: u16,
	max_nameplate_w: Option<u32>,
	sunspec: Option<RawSunSpec>,
	identity: Option<Spanned<RawIdentity>>,
	#[serde(default)]
	sentinels: BTreeMap<Type, Vec<Spanned<String>>>,
	map: Vec<Spanned<RawMap>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSunSpec {
	bases: Vec<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawIdentity {
	model: Option<u16>,
	table: Table,
	address: u16,
	#[serde(rename = "type")]
	ty: Type,
	length: Option<u16>,
	#[serde(default)]
	order: WordOrder,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
	#[serde(default)]
	models: Vec<u16>,
	point: Vec<Spanned<RawPoint>>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RawKind {
	Counter,
	Gauge,
	ScaleFactor,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPoint {
	name: String,
	kind: RawKind,
	table: Table,
	address: u16,
	#[serde(rename = "type")]
	ty: Type,
	#[serde(default)]
	order: WordOrder,
	#[serde(default)]
	exponent: i8,
	unit: Option<Unit>,
	scale_factor: Option<String>,
	#[serde(default)]
	sentinels: Vec<Spanned<String>>,
	#[serde(default)]
	zero_is_valid: bool,
	power: Option<String>,
}

fn parse(name: &str, source: &Source<'_>) -> Result<Profile, ConfigError> {
	let raw: RawProfile = source.parse()?;
	let duration = |text: &Spanned<String>| {
		parse_duration(text.get_ref()).map_err(|why| source.error(text.span(), why))
	};
	let max_registers = *raw.max_registers.get_ref();
	if !(4..=MODBUS_MAX_REGISTERS).contains(&max_registers) {
		let why = format!(
			"{max_registers} registers in one request; allowed: 4 to {MODBUS_MAX_REGISTERS}"
		);
		return Err(source.error(raw.max_registers.span(), why));
	}
	let serial = *raw.serial.get_ref();
	check_serial(&serial).map_err(|why| source.error(raw.serial.span(), why))?;

	let mut type_sentinels = BTreeMap::new();
	for (ty, values) in &raw.sentinels {
		type_sentinels.insert(*ty, parse_sentinels(source, values)?);
	}
	let mut maps = Vec::new();
	for raw_map in raw.map {
		let span = raw_map.span();
		let map = parse_map(source, raw_map.into_inner(), &type_sentinels, max_registers)?;
		if raw.sunspec.is_some() == map.models.is_empty() {
			let why = "`models` belongs to every map of a profile with a [sunspec] table, and to no other";
			return Err(source.error(span, why));
		}
		if maps.first().is_some_and(|first: &Map| !same_counters(first, &map)) {
			return Err(
				source.error(span, "every map must offer the same counters as the first one")
			);
		}
		if map.counters().next().is_none() {
			return Err(source.error(span, "a map without a counter cannot meter anything"));
		}
		maps.push(map);
	}
	if maps.is_empty() || (raw.sunspec.is_none() && maps.len() > 1) {
		let why = "a profile needs one [[map]]; several are for the models of a [sunspec] profile";
		return Err(source.error(0..0, why));
	}
	let identity = match raw.identity {
		Some(identity) => {
			Some(parse_identity(source, identity, raw.sunspec.is_some(), max_registers)?)
		}
		None => None,
	};
	Ok(Profile {
		name: name.to_owned(),
		description: raw.description,
		transports: raw.transports,
		serial,
		timeout: duration(&raw.timeout)?,
		pause: duration(&raw.pause)?,
		max_registers,
		max_gap: raw.max_gap,
		max_nameplate: raw.max_nameplate_w,
		sunspec_bases: raw.sunspec.map(|sunspec| sunspec.bases),
		identity,
		maps,
	})
}

/// Whether a serial line can be set so; otherwise what is allowed.
pub fn check_serial(serial: &Serial) -> Result<(), String> {
	if !(300..=1_000_000).contains(&serial.baud) {
		return Err(format!("baud = {}; allowed: 300 to 1000000", serial.baud));
	}
	if !(1..=2).contains(&serial.stop_bits) {
		return Err(format!("stop = {}; allowed: 1 or 2", serial.stop_bits));
	}
	Ok(())
}

fn same_counters(a: &Map, b: &Map) -> bool {
	let names = |map: &Map| {
		let mut names: Vec<_> = map.counters().map(|point| point.name.clone()).collect();
		names.sort();
		names
	};
	names(a) == names(b)
}

fn parse_sentinels(
	source: &Source<'_>,
	values: &[Spanned<String>],
) -> Result<Vec<u64>, ConfigError> {
	values
		.iter()
		.map(|value| {
			let digits = value.get_ref().strip_prefix("0x");
			digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(|| {
				source.error(
					value.span(),
					"a sentinel is the raw bits in hexadecimal, such as \"0x8000\"",
				)
			})
		})
		.collect()
}

fn parse_identity(
	source: &Source<'_>,
	raw: Spanned<RawIdentity>,
	is_sunspec: bool,
	max_registers: u16,
) -> Result<Identity, ConfigError> {
	let at = raw.span();
	let raw = raw.into_inner();
	let len = match (raw.ty, raw.length) {
		(Type::String, Some(length)) if (1..=max_registers).contains(&length) => length,
		(Type::String, _) => {
			let why =
				format!("a string needs its length in registers; allowed: 1 to {max_registers}");
			return Err(source.error(at, why));
		}
		(Type::F32 | Type::Sunssf, _) => {
			return Err(source.error(at, "a serial number is a string or an integer"))
		}
		(ty, None) => ty.registers(),
		(_, Some(_)) => return Err(source.error(at, "`length` is for strings only")),
	};
	if raw.model.is_some() != is_sunspec {
		let why =
			"`model` names the SunSpec model of the serial number; it goes with a [sunspec] table";
		return Err(source.error(at, why));
	}
	Ok(Identity {
		model: raw.model,
		span: Span { table: raw.table, start: raw.address, len },
		ty: raw.ty,
		order: raw.order,
	})
}

fn parse_map(
	source: &Source<'_>,
	raw: RawMap,
	type_sentinels: &BTreeMap<Type, Vec<u64>>,
	max_registers: u16,
) -> Result<Map, ConfigError> {
	let mut map = Map { models: raw.models, points: Vec::new() };
	let mut places = Vec::new();
	for raw_point in raw.point {
		let at = raw_point.span();
		let point = parse_point(source, raw_point, type_sentinels)?;
		if map.point(&point.name).is_some() {
			return Err(source.error(at, format!("`{}` is there twice", point.name)));
		}
		map.points.push(point);
		places.push(at);
	}
	for (point, at) in map.points.iter().zip(places) {
		check_references(&map, point, max_registers).map_err(|why| source.error(at, why))?;
	}
	Ok(map)
}

fn parse_point(
	source: &Source<'_>,
	raw: Spanned<RawPoint>,
	type_sentinels: &BTreeMap<Type, Vec<u64>>,
) -> Result<Point, ConfigError> {
	let at = raw.span();
	let raw = raw.into_inner();
	let fail = |why: String| Err(source.error(at.clone(), format!("point `{}`: {why}", raw.name)));
	let unit = raw.unit.unwrap_or(Unit::None);
	let kind = match raw.kind {
		RawKind::Counter if !unit.is_energy() => {
			return fail("a counter's unit is one of mWh, Wh, kWh, MWh".into())
		}
		RawKind::Counter => {
			let power = raw.power.as_deref().map(|name| match name.strip_prefix('-') {
				Some(name) => PowerGauge { point: name.to_owned(), negative: true },
				None => PowerGauge { point: name.to_owned(), negative: false },
			});
			Kind::Counter { zero_is_valid: raw.zero_is_valid, power }
		}
		_ if raw.power.is_some() || raw.zero_is_valid => {
			return fail("`power` and `zero_is_valid` belong to counters".into())
		}
		RawKind::Gauge => Kind::Gauge,
		RawKind::ScaleFactor if !matches!(raw.ty, Type::Sunssf | Type::S16) => {
			return fail("a scale factor's type is sunssf or s16".into())
		}
		RawKind::ScaleFactor => Kind::ScaleFactor,
	};
	if raw.ty == Type::String {
		return fail("a string is for the identity only".into());
	}
	if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&raw.exponent) {
		return fail(format!(
			"exponent = {}; allowed: -{MAX_EXPONENT} to {MAX_EXPONENT}",
			raw.exponent
		));
	}
	if u32::from(raw.address) + u32::from(raw.ty.registers()) > 0x1_0000 {
		return fail("its registers end beyond 65535".into());
	}
	let mut sentinels = parse_sentinels(source, &raw.sentinels)?;
	sentinels.extend(type_sentinels.get(&raw.ty).into_iter().flatten());
	Ok(Point {
		name: raw.name,
		kind,
		table: raw.table,
		address: raw.address,
		ty: raw.ty,
		order: raw.order,
		exponent: raw.exponent,
		unit,
		scale_factor: raw.scale_factor,
		sentinels,
	})
}

/// What a point says about other points of its map.
fn check_references(map: &Map, point: &Point, max_registers: u16) -> Result<(), String> {
	let name = &point.name;
	if let Some(wanted) = &point.scale_factor {
		let factor = map.point(wanted).filter(|factor| factor.kind == Kind::ScaleFactor);
		let factor = factor
			.ok_or(format!("point `{name}`: there is no scale factor `{wanted}` in this map"))?;
		// A value and a factor of two requests may belong to different moments, and then be wrong by powers of ten.
		if factor.table != point.table || map.span(point).len > max_registers {
			return Err(format!("point `{name}` and its scale factor do not fit into one request"));
		}
	}
	if let Kind::Counter { power: Some(power), .. } = &point.kind {
		let gauge = map.point(&power.point).filter(|gauge| gauge.kind == Kind::Gauge);
		if !gauge.is_some_and(|gauge| gauge.unit.is_power()) {
			return Err(format!(
				"point `{name}`: there is no gauge `{}` in W or kW in this map",
				power.point
			));
		}
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	fn parse_text(text: &str) -> Result<Profile, String> {
		parse("test", &Source::new(Path::new("test.toml"), text)).map_err(|error| error.to_string())
	}

	/// A minimal profile with `change` applied to its text.
	fn changed(from: &str, to: &str) -> Result<Profile, String> {
		let text = r#"
description = "d"
transports = ["tcp"]
serial = { baud = 9600, parity = "none", stop = 1 }
timeout = "1s"
pause = "0ms"
max_registers = 20
max_gap = 0
[[map]]
[[map.point]]
name = "sf"
kind = "scale-factor"
table = "input"
address = 19
type = "s16"
[[map.point]]
name = "energy"
kind = "counter"
table = "input"
address = 0
type = "u32"
unit = "Wh"
scale_factor = "sf"
"#;
		assert!(text.contains(from), "{from}");
		parse_text(&text.replace(from, to))
	}

	#[test]
	fn built_in_profiles_all_parse() {
		assert_eq!(built_in_names().count(), 5);
		for name in built_in_names() {
			let profile =
				built_in(name).expect("it is in the list").unwrap_or_else(|e| panic!("{e}"));
			assert_eq!(profile.name, name);
			assert!(profile.counters().count() > 0);
			assert!(profile.identity.is_some());
		}
		assert!(built_in("nothing").is_none());
	}

	#[test]
	fn sunspec_profiles_know_their_models_and_sentinels() {
		let profile = built_in("sunspec-inverter").expect("known").expect("valid");
		assert_eq!(profile.sunspec_bases.as_deref(), Some([40000, 0, 50000].as_slice()));
		assert_eq!(profile.maps[0].models, [101, 102, 103]);
		let power = profile.maps[0].point("power").expect("there");
		assert_eq!(power.sentinels, [0x8000]);
		// Value and factor are one span: read together or not at all.
		let energy = profile.maps[0].point("generation_energy").expect("there");
		let span = profile.maps[0].span(energy);
		assert_eq!((span.start, span.len), (24, 3));
	}

	#[test]
	fn profile_is_refused_with_place_and_allowed_values() {
		assert!(changed("max_gap = 0", "max_gap = 0").is_ok());
		for (from, to, expected) in [
			(
				"max_registers = 20",
				"max_registers = 126",
				"test.toml:7:17: 126 registers in one request; allowed: 4 to 125",
			),
			("max_registers = 20", "max_registers = 19", "do not fit into one request"),
			("unit = \"Wh\"", "unit = \"W\"", "a counter's unit is one of mWh, Wh, kWh, MWh"),
			("unit = \"Wh\"", "unit = \"Ws\"", "expected one of"),
			("type = \"u32\"", "type = \"u33\"", "test.toml:21:8"),
			("scale_factor = \"sf\"", "scale_factor = \"fs\"", "there is no scale factor `fs`"),
			("scale_factor = \"sf\"", "power = \"-w\"", "there is no gauge `w`"),
			("baud = 9600", "baud = 1", "allowed: 300 to 1000000"),
			("stop = 1", "stop = 3", "allowed: 1 or 2"),
			("timeout = \"1s\"", "timeout = \"1\"", "such as \"250ms\", \"5s\""),
			("address = 0\n", "address = 65535\n", "its registers end beyond 65535"),
			("[[map]]", "nonsense = 1\n[[map]]", "unknown field `nonsense`"),
			("name = \"energy\"", "name = \"sf\"", "`sf` is there twice"),
			("[[map]]", "[[map]]\nmodels = [101]", "`models` belongs"),
		] {
			let error = changed(from, to).expect_err(to);
			assert!(error.contains(expected), "{to}: {error}");
		}
	}
}
