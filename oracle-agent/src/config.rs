//! The configuration: one TOML file, checked as a whole before anything starts.
//!
//! Every refusal says where it is (file, line, column), what is wrong and what is allowed.

use crate::{
	model::MeterName,
	profile::{self, Parity, Profile, Serial, Transport},
};
use heliograph_primitives::{units::MAX_NAMEPLATE, Flow};
use serde::{de::DeserializeOwned, Deserialize};
use std::{
	fmt,
	net::SocketAddr,
	ops::Range,
	path::{Path, PathBuf},
	sync::Arc,
	time::Duration,
};
use toml::Spanned;

const DEFAULT_POLL: Duration = Duration::from_secs(5);
const MIN_POLL: Duration = Duration::from_millis(100);
/// A third of an interval: with fewer samples, an interval's end would rarely be seen.
const MAX_POLL: Duration = Duration::from_secs(300);
const DEFAULT_RETAIN_DAYS: u32 = 400;
const DEFAULT_TCP_PORT: u16 = 502;

/// What the agent is told to do.
#[derive(Clone, Debug)]
pub struct Config {
	pub agent: AgentConfig,
	pub chain: ChainConfig,
	pub devices: Vec<DeviceConfig>,
}

/// The agent itself.
#[derive(Clone, Debug)]
pub struct AgentConfig {
	/// The file that keeps every sample. Relative paths start at the configuration's folder, here and below.
	pub spool: PathBuf,
	/// How often each device is read. At least 100 ms.
	pub poll: Duration,
	/// Where the status page and the metrics are offered, if anywhere.
	pub http: Option<SocketAddr>,
	/// How long samples are kept after the chain attested them, in days.
	pub retain_days: u32,
}

/// The chain that the readings go to.
#[derive(Clone, Debug)]
pub struct ChainConfig {
	/// A node's WebSocket, `ws://` or `wss://`.
	pub url: String,
	/// Its genesis hash; any other chain is refused.
	pub genesis: Option<[u8; 32]>,
	/// The key of the account that submits.
	pub operator_key: PathBuf,
}

/// A device.
#[derive(Clone, Debug)]
pub struct DeviceConfig {
	/// Unique on this agent.
	pub name: String,
	/// What its registers mean.
	pub profile: Arc<Profile>,
	/// How it is reached.
	pub link: Link,
	/// Its Modbus unit identifier.
	pub unit: u8,
	/// The registers of it that are meters.
	pub meters: Vec<MeterConfig>,
}

/// A meter: one cumulative register of a device, with a key of its own.
#[derive(Clone, Debug)]
pub struct MeterConfig {
	/// `device/point`.
	pub name: MeterName,
	/// A counter of the device's profile.
	pub point: String,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: u32,
	/// The file of the key that signs its readings.
	pub key: PathBuf,
	/// Whether a lifetime total of zero is believed: a brand-new meter, or one whose energy never flowed yet.
	pub zero_is_valid: bool,
}

/// How a device is reached. Devices with the same link share a bus.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Link {
	/// Modbus TCP.
	Tcp { host: String, port: u16 },
	/// Modbus RTU on a serial port.
	Rtu { path: String, baud: u32, parity: Parity, stop_bits: u8 },
	/// Modbus RTU frames through a TCP connection.
	RtuOverTcp { host: String, port: u16 },
}

impl Link {
	/// Which way of reaching a device it is.
	pub fn transport(&self) -> Transport {
		match self {
			Self::Tcp { .. } => Transport::Tcp,
			Self::Rtu { .. } => Transport::Rtu,
			Self::RtuOverTcp { .. } => Transport::RtuOverTcp,
		}
	}

	/// Reads a link as it is written in a configuration. `defaults` fills what a serial link leaves open.
	pub fn parse(text: &str, defaults: &Serial) -> Result<Self, String> {
		const FORMS: &str = "allowed: \"tcp:HOST:PORT\", \"rtu-over-tcp:HOST:PORT\", \
			\"rtu:/dev/ttyUSB0?baud=9600&parity=none&stop=1\"";
		match text.split_once(':') {
			Some(("tcp", rest)) => {
				let (host, port) = parse_host(rest, Some(DEFAULT_TCP_PORT))?;
				Ok(Self::Tcp { host, port })
			}
			Some(("rtu-over-tcp", rest)) => {
				let (host, port) = parse_host(rest, None)?;
				Ok(Self::RtuOverTcp { host, port })
			}
			Some(("rtu", rest)) => parse_serial(rest, *defaults),
			_ => Err(format!("`{text}` is not a link; {FORMS}")),
		}
	}
}

impl fmt::Display for Link {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		let bracketed = |host: &str| {
			if host.contains(':') {
				format!("[{host}]")
			} else {
				host.to_owned()
			}
		};
		match self {
			Self::Tcp { host, port } => write!(f, "tcp:{}:{port}", bracketed(host)),
			Self::RtuOverTcp { host, port } => write!(f, "rtu-over-tcp:{}:{port}", bracketed(host)),
			Self::Rtu { path, baud, parity, stop_bits } => {
				write!(f, "rtu:{path}?baud={baud}&parity={parity}&stop={stop_bits}")
			}
		}
	}
}

fn parse_host(text: &str, default_port: Option<u16>) -> Result<(String, u16), String> {
	let bad =
		|| format!("`{text}` is not HOST:PORT, such as \"192.168.1.20:502\" or \"[fd00::20]:502\"");
	let (host, port) = match text.rsplit_once(':') {
		Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
		_ => (text, None),
	};
	let port = match (port, default_port) {
		(Some(port), _) => port.parse().ok().filter(|port| *port != 0).ok_or_else(bad)?,
		(None, Some(port)) => port,
		(None, None) => return Err(bad()),
	};
	let bare = match host.strip_prefix('[') {
		Some(inner) => inner.strip_suffix(']').ok_or_else(bad)?,
		None if host.contains(':') => return Err(bad()),
		None => host,
	};
	if bare.is_empty() {
		return Err(bad());
	}
	Ok((bare.to_owned(), port))
}

fn parse_serial(text: &str, mut serial: Serial) -> Result<Link, String> {
	let (path, settings) = text.split_once('?').unwrap_or((text, ""));
	if path.is_empty() {
		return Err("a serial link needs the port's path, such as \"rtu:/dev/ttyUSB0\"".into());
	}
	for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
		let number =
			|value: &str| value.parse().map_err(|_| format!("`{setting}` is not a number"));
		match setting.split_once('=') {
			Some(("baud", value)) => serial.baud = number(value)?,
			Some(("stop", value)) => {
				serial.stop_bits = u8::try_from(number(value)?).unwrap_or(u8::MAX)
			}
			Some(("parity", "none")) => serial.parity = Parity::None,
			Some(("parity", "even")) => serial.parity = Parity::Even,
			Some(("parity", "odd")) => serial.parity = Parity::Odd,
			Some(("parity", other)) => {
				return Err(format!("parity `{other}`; allowed: none, even, odd"));
			}
			_ => {
				return Err(format!(
					"`{setting}` is not a setting of a serial link; allowed: baud=…, parity=…, stop=…"
				))
			}
		}
	}
	profile::check_serial(&serial)?;
	let Serial { baud, parity, stop_bits } = serial;
	Ok(Link::Rtu { path: path.to_owned(), baud, parity, stop_bits })
}

/// A length of time as it is written in a configuration: `250ms`, `5s`, `2m`, `1h`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
	let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
	let (number, unit) = text.split_at(digits);
	let millis_per_unit: u64 = match unit.trim() {
		"ms" => 1,
		"s" => 1_000,
		"m" | "min" => 60_000,
		"h" => 3_600_000,
		_ => 0,
	};
	match number.parse::<u64>().ok().and_then(|number| number.checked_mul(millis_per_unit)) {
		Some(millis) if millis_per_unit > 0 => Ok(Duration::from_millis(millis)),
		_ => Err(format!("`{text}` is not a length of time, such as \"250ms\", \"5s\", \"2m\"")),
	}
}

// Errors. ------------------------------------------------------------------------------------------------------------

/// Why a configuration or a profile was refused.
#[derive(Debug)]
pub enum ConfigError {
	/// The file cannot be read.
	Unreadable { file: PathBuf, error: std::io::Error },
	/// Something in it is wrong.
	Invalid(Box<Invalid>),
}

/// A mistake in a file.
#[derive(Debug)]
pub struct Invalid {
	/// The file.
	pub file: PathBuf,
	/// Counted from 1.
	pub line: usize,
	/// Counted from 1, in characters.
	pub column: usize,
	/// The line itself.
	pub excerpt: String,
	/// What is wrong and what is allowed.
	pub message: String,
}

impl fmt::Display for ConfigError {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Unreadable { file, error } => {
				write!(f, "{}: cannot be read: {error}", file.display())
			}
			Self::Invalid(invalid) => {
				let Invalid { file, line, column, excerpt, message } = invalid.as_ref();
				writeln!(f, "{}:{line}:{column}: {message}", file.display())?;
				writeln!(f, "{line:>5} | {excerpt}")?;
				write!(f, "      | {}^", " ".repeat(column.saturating_sub(1)))
			}
		}
	}
}

// What a file cannot be read for stands in the message already, so there is no source to print after it.
impl std::error::Error for ConfigError {}

/// A text and the file that it is from, to tell where a mistake is.
pub(crate) struct Source<'a> {
	file: &'a Path,
	text: &'a str,
}

impl<'a> Source<'a> {
	pub(crate) fn new(file: &'a Path, text: &'a str) -> Self {
		Self { file, text }
	}

	/// The text of `file`.
	pub(crate) fn read(file: &Path) -> Result<String, ConfigError> {
		std::fs::read_to_string(file)
			.map_err(|error| ConfigError::Unreadable { file: file.to_owned(), error })
	}

	pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
		toml::from_str(self.text)
			.map_err(|error| self.error(error.span().unwrap_or(0..0), error.message()))
	}

	/// A mistake at the bytes `at` of the text.
	pub(crate) fn error(&self, at: Range<usize>, message: impl Into<String>) -> ConfigError {
		let start = at.start.min(self.text.len());
		let before = self.text.get(..start).unwrap_or_default();
		let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
		ConfigError::Invalid(Box::new(Invalid {
			file: self.file.to_owned(),
			line: before.matches('\n').count() + 1,
			column: before[line_start..].chars().count() + 1,
			// A tab would move the mark below it.
			excerpt: self.text[line_start..].lines().next().unwrap_or_default().replace('\t', " "),
			message: message.into(),
		}))
	}
}

// The file as it is written. -----------------------------------------------------------------------------------------

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConfig {
	agent: RawAgent,
	chain: RawChain,
	#[serde(default)]
	device: Vec<Spanned<RawDevice>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAgent {
	spool: PathBuf,
	poll: Option<Spanned<String>>,
	http: Option<Spanned<String>>,
	retain_days: Option<Spanned<u32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawChain {
	url: Spanned<String>,
	genesis: Option<Spanned<String>>,
	operator_key: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDevice {
	name: Spanned<String>,
	profile: Spanned<String>,
	link: Spanned<String>,
	unit: Spanned<u8>,
	#[serde(default)]
	meter: Vec<Spanned<RawMeter>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMeter {
	point: Spanned<String>,
	flow: RawFlow,
	nameplate_w: Spanned<u32>,
	key: Spanned<PathBuf>,
	#[serde(default)]
	zero_is_valid: bool,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum RawFlow {
	Generation,
	Consumption,
	Export,
	Import,
	Charge,
	Discharge,
}

impl From<RawFlow> for Flow {
	fn from(raw: RawFlow) -> Self {
		match raw {
			RawFlow::Generation => Self::Generation,
			RawFlow::Consumption => Self::Consumption,
			RawFlow::Export => Self::Export,
			RawFlow::Import => Self::Import,
			RawFlow::Charge => Self::Charge,
			RawFlow::Discharge => Self::Discharge,
		}
	}
}

/// Reads and checks the configuration in `path`.
pub fn load(path: &Path) -> Result<Config, ConfigError> {
	let text = Source::read(path)?;
	let folder = path.parent().unwrap_or(Path::new(""));
	parse(&Source::new(path, &text), folder)
}

fn parse(source: &Source<'_>, folder: &Path) -> Result<Config, ConfigError> {
	let raw: RawConfig = source.parse()?;
	let agent = parse_agent(source, raw.agent, folder)?;
	let chain = parse_chain(source, raw.chain, folder)?;
	if raw.device.is_empty() {
		return Err(source.error(
			source.text.len()..source.text.len(),
			"no device to read; add a [[device]] with name, profile, link, unit and a [[device.meter]]",
		));
	}
	let mut devices: Vec<DeviceConfig> = Vec::new();
	for raw in raw.device {
		let (link_at, unit_at) = (raw.get_ref().link.span(), raw.get_ref().unit.span());
		let (name_at, at) = (raw.get_ref().name.span(), raw.span());
		let keys_at: Vec<_> =
			raw.get_ref().meter.iter().map(|meter| meter.get_ref().key.span()).collect();
		let device = parse_device(source, raw.into_inner(), at, folder)?;
		for other in &devices {
			if other.name == device.name {
				return Err(
					source.error(name_at, format!("a second device called `{}`", device.name))
				);
			}
			check_shared_port(other, &device).map_err(|why| source.error(link_at.clone(), why))?;
			if (&other.link, other.unit, &other.profile.name)
				== (&device.link, device.unit, &device.profile.name)
			{
				let why =
					format!("`{}` is the same device: same link, unit and profile", other.name);
				return Err(source.error(unit_at, why));
			}
		}
		for (index, meter) in device.meters.iter().enumerate() {
			let mut earlier =
				devices.iter().flat_map(|other| &other.meters).chain(&device.meters[..index]);
			if let Some(other) = earlier.find(|other| other.key == meter.key) {
				let why = format!("the key of `{}`; every meter has a key of its own", other.name);
				return Err(source.error(keys_at[index].clone(), why));
			}
		}
		devices.push(device);
	}
	Ok(Config { agent, chain, devices })
}

fn parse_agent(
	source: &Source<'_>,
	raw: RawAgent,
	folder: &Path,
) -> Result<AgentConfig, ConfigError> {
	let poll = match &raw.poll {
		None => DEFAULT_POLL,
		Some(text) => parse_duration(text.get_ref())
			.and_then(|poll| {
				if (MIN_POLL..=MAX_POLL).contains(&poll) {
					Ok(poll)
				} else {
					Err(format!("poll = \"{}\"; allowed: \"100ms\" to \"5m\"", text.get_ref()))
				}
			})
			.map_err(|why| source.error(text.span(), why))?,
	};
	let http = match &raw.http {
		None => None,
		Some(text) => Some(text.get_ref().parse().map_err(|_| {
			let why =
				format!("`{}` is not ADDRESS:PORT, such as \"127.0.0.1:9616\"", text.get_ref());
			source.error(text.span(), why)
		})?),
	};
	let retain_days = match &raw.retain_days {
		None => DEFAULT_RETAIN_DAYS,
		Some(days) if *days.get_ref() == 0 => {
			return Err(source.error(days.span(), "retain_days = 0; allowed: 1 and more"))
		}
		Some(days) => *days.get_ref(),
	};
	Ok(AgentConfig { spool: folder.join(raw.spool), poll, http, retain_days })
}

fn parse_chain(
	source: &Source<'_>,
	raw: RawChain,
	folder: &Path,
) -> Result<ChainConfig, ConfigError> {
	let url = raw.url.get_ref();
	let host = url.strip_prefix("ws://").or(url.strip_prefix("wss://"));
	if host.is_none_or(str::is_empty) {
		let why = format!(
			"`{url}` is not a node's WebSocket; allowed: \"ws://HOST:PORT\", \"wss://HOST\""
		);
		return Err(source.error(raw.url.span(), why));
	}
	let genesis = match &raw.genesis {
		None => None,
		Some(text) => {
			let mut hash = [0u8; 32];
			let digits = text.get_ref().strip_prefix("0x");
			digits.and_then(|digits| hex::decode_to_slice(digits, &mut hash).ok()).ok_or_else(
				|| source.error(text.span(), "a genesis hash is 0x and 64 hexadecimal digits"),
			)?;
			Some(hash)
		}
	};
	Ok(ChainConfig { url: url.clone(), genesis, operator_key: folder.join(raw.operator_key) })
}

fn parse_device(
	source: &Source<'_>,
	raw: RawDevice,
	at: Range<usize>,
	folder: &Path,
) -> Result<DeviceConfig, ConfigError> {
	let name = raw.name.get_ref().clone();
	let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
	if name.trim().is_empty() || !name.chars().all(is_plain) {
		let why = format!(
			"`{name}` is no name for a device; allowed: letters, digits, `-`, `_`, `.`, space"
		);
		return Err(source.error(raw.name.span(), why));
	}
	let profile = parse_profile(source, &raw.profile, folder)?;
	let link = Link::parse(raw.link.get_ref(), &profile.serial)
		.map_err(|why| source.error(raw.link.span(), why))?;
	if !profile.transports.contains(&link.transport()) {
		let allowed: Vec<_> = profile.transports.iter().map(ToString::to_string).collect();
		let why = format!(
			"profile `{}` is not reached by {}; allowed: {}",
			profile.name,
			link.transport(),
			allowed.join(", ")
		);
		return Err(source.error(raw.link.span(), why));
	}
	let unit = *raw.unit.get_ref();
	// On a serial bus 0 is everybody and 248 to 255 are reserved; a TCP device may use them for itself.
	if link.transport() != Transport::Tcp && !(1..=247).contains(&unit) {
		return Err(source
			.error(raw.unit.span(), format!("unit = {unit}; allowed on a serial bus: 1 to 247")));
	}
	if raw.meter.is_empty() {
		let why = format!("device `{name}` has no meter; add a [[device.meter]] to it");
		return Err(source.error(at, why));
	}
	let mut meters: Vec<MeterConfig> = Vec::new();
	for meter in raw.meter {
		let point_at = meter.get_ref().point.span();
		let meter = parse_meter(source, meter.into_inner(), &name, &profile, folder)?;
		if meters.iter().any(|other| other.name == meter.name) {
			return Err(source.error(point_at, format!("a second meter on `{}`", meter.name)));
		}
		meters.push(meter);
	}
	Ok(DeviceConfig { name, profile, link, unit, meters })
}

fn parse_profile(
	source: &Source<'_>,
	text: &Spanned<String>,
	folder: &Path,
) -> Result<Arc<Profile>, ConfigError> {
	let name = text.get_ref();
	if let Some(built_in) = profile::built_in(name) {
		return built_in.map(Arc::new);
	}
	if name.ends_with(".toml") {
		let path = folder.join(name);
		return match profile::load(&path) {
			Err(ConfigError::Unreadable { error, .. }) => {
				let why = format!("the profile {} cannot be read: {error}", path.display());
				Err(source.error(text.span(), why))
			}
			other => other.map(Arc::new),
		};
	}
	let known: Vec<_> = profile::built_in_names().collect();
	let why = format!(
		"unknown profile `{name}`; known: {}; or the path of a profile that ends in .toml",
		known.join(", ")
	);
	Err(source.error(text.span(), why))
}

fn parse_meter(
	source: &Source<'_>,
	raw: RawMeter,
	device: &str,
	profile: &Profile,
	folder: &Path,
) -> Result<MeterConfig, ConfigError> {
	let point = raw.point.get_ref().clone();
	if !profile.counters().any(|counter| counter.name == point) {
		let allowed: Vec<_> = profile.counters().map(|counter| counter.name.as_str()).collect();
		let why = format!(
			"`{point}` is no counter of profile `{}`; allowed: {}",
			profile.name,
			allowed.join(", ")
		);
		return Err(source.error(raw.point.span(), why));
	}
	let nameplate = *raw.nameplate_w.get_ref();
	let largest = profile.max_nameplate.unwrap_or(MAX_NAMEPLATE).min(MAX_NAMEPLATE);
	if !(1..=largest).contains(&nameplate) {
		let why = format!(
			"nameplate_w = {nameplate}; allowed with profile `{}`: 1 to {largest} (W)",
			profile.name
		);
		return Err(source.error(raw.nameplate_w.span(), why));
	}
	Ok(MeterConfig {
		name: format!("{device}/{point}").into(),
		point,
		flow: raw.flow.into(),
		nameplate,
		key: folder.join(raw.key.get_ref()),
		zero_is_valid: raw.zero_is_valid,
	})
}

/// A port can only be open with one set of settings.
fn check_shared_port(a: &DeviceConfig, b: &DeviceConfig) -> Result<(), String> {
	match (&a.link, &b.link) {
		(Link::Rtu { path: first, .. }, Link::Rtu { path: second, .. })
			if first == second && a.link != b.link =>
		{
			Err(format!(
				"`{}` uses the same port as {}; write the same baud, parity and stop for both",
				a.name, a.link
			))
		}
		_ => Ok(()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const GOOD: &str = r#"
[agent]
spool = "spool.db"
poll = "250ms"
http = "127.0.0.1:9616"

[chain]
url = "ws://127.0.0.1:9944"
genesis = "0x0101010101010101010101010101010101010101010101010101010101010101"
operator_key = "operator.key"

[[device]]
name = "roof"
profile = "eastron-sdm120"
link = "rtu:/dev/ttyUSB0"
unit = 1
[[device.meter]]
point = "import_energy"
flow = "generation"
nameplate_w = 5000
key = "keys/roof.key"

[[device]]
name = "grid"
profile = "eastron-sdm630"
link = "tcp:meter.local"
unit = 255
[[device.meter]]
point = "import_energy"
flow = "import"
nameplate_w = 20_000
key = "keys/import.key"
zero_is_valid = true
[[device.meter]]
point = "export_energy"
flow = "export"
nameplate_w = 20_000
key = "keys/export.key"
"#;

	fn parse_text(text: &str) -> Result<Config, String> {
		let source = Source::new(Path::new("agent.toml"), text);
		parse(&source, Path::new("/etc/heliograph")).map_err(|error| error.to_string())
	}

	#[test]
	fn config_is_read_with_defaults_and_paths_from_its_folder() {
		let config = parse_text(GOOD).expect("valid");
		assert_eq!(config.agent.spool, Path::new("/etc/heliograph/spool.db"));
		assert_eq!(config.agent.poll, Duration::from_millis(250));
		assert_eq!(config.agent.retain_days, 400);
		assert_eq!(config.chain.genesis, Some([1; 32]));
		let roof = &config.devices[0];
		// The serial settings are the profile's.
		let expected = Link::Rtu {
			path: "/dev/ttyUSB0".into(),
			baud: 2400,
			parity: Parity::None,
			stop_bits: 1,
		};
		assert_eq!(roof.link, expected);
		assert_eq!(&*roof.meters[0].name, "roof/import_energy");
		assert_eq!(roof.meters[0].flow, Flow::Generation);
		assert_eq!(roof.meters[0].key, Path::new("/etc/heliograph/keys/roof.key"));
		let grid = &config.devices[1];
		assert_eq!(grid.link, Link::Tcp { host: "meter.local".into(), port: 502 });
		assert!(grid.meters[0].zero_is_valid && !grid.meters[1].zero_is_valid);
	}

	#[test]
	fn config_is_refused_with_place_and_allowed_values() {
		for (from, to, place, expected) in [
			("[agent]", "[agent", "2:7", ""),
			("spool =", "spoool =", "3:1", "unknown field `spoool`, expected one of `spool`"),
			("spool = \"spool.db\"\n", "", "2:1", "missing field `spool`"),
			("\"250ms\"", "\"50ms\"", "4:8", "allowed: \"100ms\" to \"5m\""),
			("\"250ms\"", "\"soon\"", "4:8", "such as \"250ms\", \"5s\""),
			("127.0.0.1:9616", "localhost", "5:8", "is not ADDRESS:PORT"),
			("ws://", "http://", "8:7", "allowed: \"ws://HOST:PORT\""),
			("0x01", "0x1", "9:11", "64 hexadecimal digits"),
			("\"roof\"", "\"ro/of\"", "13:8", "allowed: letters"),
			("\"grid\"", "\"roof\"", "24:8", "a second device called `roof`"),
			(
				"eastron-sdm120",
				"eastron-sdm12",
				"14:11",
				"known: eastron-sdm120, eastron-sdm230, eastron-sdm630, sunspec-inverter, sunspec-meter",
			),
			("eastron-sdm120", "gone.toml", "14:11", "cannot be read"),
			("rtu:/dev/ttyUSB0", "usb:/dev/ttyUSB0", "15:8", "allowed: \"tcp:HOST:PORT\""),
			("rtu:/dev/ttyUSB0", "rtu:/dev/ttyUSB0?parity=mark", "15:8", "allowed: none, even, odd"),
			("rtu:/dev/ttyUSB0", "rtu:/dev/ttyUSB0?speed=1", "15:8", "allowed: baud"),
			("rtu:/dev/ttyUSB0", "rtu-over-tcp:host", "15:8", "is not HOST:PORT"),
			("unit = 1\n", "unit = 0\n", "16:8", "allowed on a serial bus: 1 to 247"),
			("unit = 255", "unit = 256", "27:8", "256"),
			("\"import_energy\"\nflow = \"gen", "\"total_energy\"\nflow = \"gen", "18:9", "allowed: import_energy, export_energy"),
			("\"export_energy\"", "\"import_energy\"", "35:9", "a second meter on `grid/import_energy`"),
			("\"generation\"", "\"solar\"", "19:8", "expected one of `generation`, `consumption`"),
			("nameplate_w = 5000", "nameplate_w = 0", "20:15", "1 to 12420 (W)"),
			("nameplate_w = 5000", "nameplate_w = 13000", "20:15", "1 to 12420 (W)"),
			("keys/export.key", "keys/roof.key", "38:7", "the key of `roof/import_energy`"),
		] {
			assert!(GOOD.contains(from), "{from}");
			let error = parse_text(&GOOD.replacen(from, to, 1)).expect_err(to);
			let start = format!("agent.toml:{place}: ");
			assert!(error.starts_with(&start) && error.contains(expected), "{to}: {error}");
		}
	}

	#[test]
	fn config_is_refused_when_a_device_or_a_port_is_used_in_two_ways() {
		let second =
			GOOD.replace("tcp:meter.local", "rtu:/dev/ttyUSB0").replace("unit = 255", "unit = 2");
		let error = parse_text(&second).expect_err("2400 and 9600 baud");
		assert!(error.contains("write the same baud, parity and stop for both"), "{error}");
		let agreed = second.replace("ttyUSB0", "ttyUSB0?baud=9600");
		assert_eq!(parse_text(&agreed).expect("agreed").devices[1].unit, 2);
		let same = agreed
			.replace("sdm630", "sdm120")
			.replace("unit = 2", "unit = 1")
			.replace("20_000", "9000");
		assert!(parse_text(&same).expect_err("twice").contains("`roof` is the same device"));
	}

	#[test]
	fn config_is_refused_when_nothing_is_to_be_read() {
		let text = &GOOD[..GOOD.find("[[device]]").expect("there")];
		assert!(parse_text(text).expect_err("no device").contains("add a [[device]]"));
		let no_meter = format!(
			"{text}[[device]]\nname = \"a\"\nprofile = \"sunspec-meter\"\nlink = \"tcp:h\"\nunit = 1\n"
		);
		assert!(parse_text(&no_meter).expect_err("no meter").contains("add a [[device.meter]]"));
	}

	#[test]
	fn config_error_says_so_when_the_file_is_missing() {
		let error = load(Path::new("nowhere/agent.toml")).expect_err("missing").to_string();
		assert!(error.starts_with("nowhere/agent.toml: cannot be read: "), "{error}");
	}

	#[test]
	fn link_reads_what_it_writes() {
		let serial = Serial { baud: 2400, parity: Parity::None, stop_bits: 1 };
		for text in [
			"tcp:192.168.1.20:1502",
			"tcp:[fd00::20]:502",
			"rtu-over-tcp:gateway:4001",
			"rtu:/dev/ttyUSB0?baud=19200&parity=even&stop=2",
		] {
			assert_eq!(Link::parse(text, &serial).expect(text).to_string(), text);
		}
		for text in
			["tcp:", "tcp:fd00::20:502", "tcp:host:0", "tcp:[fd00::20", "rtu:", "rtu:/dev/x?stop=3"]
		{
			assert!(Link::parse(text, &serial).is_err(), "{text}");
		}
	}

	#[test]
	fn example_configuration_is_valid() {
		let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("agent.example.toml");
		let config = load(&path).unwrap_or_else(|error| panic!("{error}"));
		let transports: Vec<_> = config.devices.iter().map(|d| d.link.transport()).collect();
		for transport in [Transport::Tcp, Transport::Rtu, Transport::RtuOverTcp] {
			assert!(transports.contains(&transport), "{transport} is not shown");
		}
	}
}
