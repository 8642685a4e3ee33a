//! What the agent says about itself: the report behind `/status.json`, the status page, `watch` and `status`.

use std::{
	fmt::Write as _,
	net::SocketAddr,
	sync::RwLock,
	time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	net::TcpStream,
};

use crate::{
	config::Config,
	keys,
	spool::{MeterRow, ReadingState, Spool, SpoolError},
};

/// The whole report.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Report {
	/// The agent's version.
	pub version: String,
	/// When the agent started, ms since 1970.
	pub started_millis: u64,
	/// When the report was made, ms since 1970.
	pub now_millis: u64,
	/// The chain.
	pub chain: ChainReport,
	/// The meters, in the order of the configuration.
	pub meters: Vec<MeterReport>,
}

/// The chain as the agent sees it.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct ChainReport {
	/// The node's address.
	pub url: String,
	/// The genesis hash with `0x`, once known.
	pub genesis: Option<String>,
	/// The address of the account that submits.
	pub operator: String,
	/// Whether the node answers.
	pub connected: bool,
	/// What is wrong, in words; empty when nothing is.
	pub trouble: String,
	/// The best block's number.
	pub best: u64,
	/// The last finalised block's number.
	pub finalised: u64,
	/// The length of an interval in ms, once known.
	pub interval_millis: Option<u64>,
}

/// A meter.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct MeterReport {
	/// `device/point`.
	pub name: String,
	/// The device.
	pub device: String,
	/// Its number on the chain, once it is admitted.
	pub chain_meter: Option<u32>,
	/// What it measures, e.g. `Generation`.
	pub flow: String,
	/// In W.
	pub nameplate_w: u32,
	/// Momentary power in W, where the device tells it and answers.
	pub power_w: Option<f64>,
	/// The register at the last good sample, in mWh.
	pub register_mwh: Option<u64>,
	/// The register of the first signed reading of this epoch, in mWh.
	pub first_register_mwh: Option<u64>,
	/// Energy measured since the first signed reading, over all epochs, in mWh.
	pub measured_mwh: u64,
	/// Energy attested by the finalised chain, in mWh.
	pub attested_mwh: Option<u64>,
	/// The part of it that belongs to no single interval, in mWh.
	pub recovered_mwh: Option<u64>,
	/// The epoch of the last reading.
	pub epoch: u16,
	/// When the last good sample was taken, ms since 1970.
	pub last_sample_millis: Option<u64>,
	/// The interval of the last signed reading.
	pub last_interval: Option<u32>,
	/// Readings whose fate is open.
	pub pending: u64,
	/// Readings that the chain accepted.
	pub attested: u64,
	/// Readings that the chain refused.
	pub refused: u64,
	/// Readings that the chain moved past; their energy is part of later ones.
	pub superseded: u64,
	/// Why the last refused reading was refused.
	pub last_refusal: Option<String>,
	/// Whether the device answers with a register.
	pub up: bool,
	/// What is wrong with the device, in words; empty when nothing is.
	pub device_trouble: String,
	/// What stands between the readings and the chain, in words; empty when nothing does.
	pub chain_trouble: String,
	/// `ok`, or what is wrong.
	pub state: String,
}

impl MeterReport {
	/// Counts a reading that is settled, or a new one when `state` is open.
	pub fn count(&mut self, state: ReadingState) {
		match state {
			ReadingState::Pending | ReadingState::Sent => {
				self.pending += 1;
				return;
			}
			ReadingState::Attested => self.attested += 1,
			ReadingState::Refused => self.refused += 1,
			ReadingState::Superseded => self.superseded += 1,
		}
		self.pending = self.pending.saturating_sub(1);
	}
}

/// The report as it is now. Written by those who know, read by those who show.
#[derive(Debug, Default)]
pub struct Board(RwLock<Report>);

impl Board {
	/// A board that starts with `report`.
	pub fn new(report: Report) -> Self {
		Self(RwLock::new(report))
	}

	/// Changes the report.
	pub fn update(&self, change: impl FnOnce(&mut Report)) {
		// A panic while writing cannot leave a report half changed that anything depends on.
		change(&mut self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner()));
	}

	/// The report at this moment.
	pub fn report(&self) -> Report {
		let mut report = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
		report.now_millis = now_millis();
		for meter in &mut report.meters {
			meter.state = [&meter.device_trouble, &meter.chain_trouble]
				.into_iter()
				.find(|trouble| !trouble.is_empty())
				.map_or_else(|| "ok".to_owned(), Clone::clone);
		}
		report
	}
}

/// The wall clock in ms since 1970. Zero before 1970, which no interval of any chain has.
pub fn now_millis() -> u64 {
	let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
	u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// The report of the agent that listens on `address`, or `None` when none does.
pub async fn fetch(address: SocketAddr) -> anyhow::Result<Option<Report>> {
	match get(&address.to_string(), "/status.json").await {
		Ok(body) => Ok(Some(serde_json::from_slice(&body)?)),
		Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Ok(None),
		Err(error) => Err(error.into()),
	}
}

/// What is at `path` of the HTTP server `host:port`. For the agent's own pages: no redirects, no encryption.
pub async fn get(host: &str, path: &str) -> std::io::Result<Vec<u8>> {
	let exchange = async {
		let mut stream = TcpStream::connect(host).await?;
		// Version 1.0: the answer comes in one piece and ends with the connection.
		let request = format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n");
		stream.write_all(request.as_bytes()).await?;
		let mut answer = Vec::new();
		stream.read_to_end(&mut answer).await?;
		Ok::<_, std::io::Error>(answer)
	};
	let answer: Vec<u8> = tokio::time::timeout(Duration::from_secs(5), exchange)
		.await
		.map_err(|_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in 5 s"))??;
	body_of(&answer).map_err(std::io::Error::other)
}

fn body_of(answer: &[u8]) -> Result<Vec<u8>, String> {
	let end = answer
		.windows(4)
		.position(|window| window == b"\r\n\r\n")
		.ok_or("the answer is not HTTP")?;
	let head = String::from_utf8_lossy(&answer[..end]);
	let status = head.split(' ').nth(1).unwrap_or_default();
	if status != "200" {
		return Err(format!("the server answers with status {status}"));
	}
	Ok(answer[end + 4..].to_vec())
}

/// What the spool of `config` says, for when there is no agent to ask.
pub fn from_spool(config: &Config) -> anyhow::Result<Report> {
	let spool = Spool::open_read_only(&config.agent.spool)?;
	let why = match Spool::is_in_use(&config.agent.spool) {
		true => "the agent cannot be asked (agent.http); this is from its spool",
		false => "the agent does not run",
	};
	let mut report = Report {
		version: env!("CARGO_PKG_VERSION").into(),
		now_millis: now_millis(),
		chain: ChainReport {
			url: config.chain.url.clone(),
			genesis: spool.genesis()?.map(|genesis| format!("0x{}", hex::encode(genesis))),
			trouble: why.into(),
			interval_millis: spool.interval_millis()?,
			..ChainReport::default()
		},
		..Report::default()
	};
	for device in &config.devices {
		for meter in &device.meters {
			let mut line = MeterReport {
				name: meter.name.to_string(),
				device: device.name.clone(),
				flow: format!("{:?}", meter.flow),
				nameplate_w: meter.nameplate,
				device_trouble: why.into(),
				state: why.into(),
				..MeterReport::default()
			};
			match keys::load_ring(&meter.key) {
				Err(error) => line.state = error.to_string(),
				Ok(ring) => {
					// Its row has the key that the chain knew last.
					for key in ring.iter().rev() {
						if let Some(row) = spool.find_meter(&line.name, &key.public_bytes())? {
							fill(&mut line, &spool, &row)?;
							break;
						}
					}
				}
			}
			report.meters.push(line);
		}
	}
	Ok(report)
}

/// Fills a meter's line with what the spool knows.
pub fn fill(line: &mut MeterReport, spool: &Spool, row: &MeterRow) -> Result<(), SpoolError> {
	let counts = spool.counts(row.id)?;
	let count = |state| counts.get(&state).copied().unwrap_or_default();
	let signed = spool.signed(row.id)?;
	let sample = spool.last_sample(row.id)?;
	line.chain_meter = row.pin.map(|pin| pin.meter);
	line.register_mwh = sample.map(|sample| sample.register);
	line.last_sample_millis = sample.map(|sample| sample.taken_at);
	line.first_register_mwh = signed.first_register;
	line.measured_mwh = sample.map_or(0, |sample| saturate(signed.energy(sample.register)));
	line.epoch = signed.epoch;
	line.last_interval = row.last.map(|last| last.interval);
	line.pending = count(ReadingState::Pending) + count(ReadingState::Sent);
	line.attested = count(ReadingState::Attested);
	line.refused = count(ReadingState::Refused);
	line.superseded = count(ReadingState::Superseded);
	Ok(())
}

/// An energy for a report, where `u64` reaches far enough for any plant on earth.
pub fn saturate(energy: u128) -> u64 {
	u64::try_from(energy).unwrap_or(u64::MAX)
}

/// The report as a table for people.
pub fn table(report: &Report) -> String {
	let mut text = String::new();
	let chain = &report.chain;
	let connection = match (chain.connected, chain.trouble.is_empty()) {
		(true, true) => format!("best block {}, finalised {}", chain.best, chain.finalised),
		(true, false) => {
			format!("best block {}, finalised {}; {}", chain.best, chain.finalised, chain.trouble)
		}
		(false, true) => "not connected".into(),
		(false, false) => format!("not connected: {}", chain.trouble),
	};
	// Writing to a String cannot fail.
	writeln!(text, "chain     {}  {}", chain.url, connection).expect("writing to a String; qed");
	if let Some(genesis) = &chain.genesis {
		writeln!(text, "genesis   {genesis}").expect("writing to a String; qed");
	}
	if !chain.operator.is_empty() {
		writeln!(text, "operator  {}", chain.operator).expect("writing to a String; qed");
	}
	let width = report.meters.iter().map(|meter| meter.name.len()).max().unwrap_or(0).max(5);
	writeln!(
		text,
		"\n{:<width$} {:>7} {:<11} {:>9} {:>14} {:>14} {:>7}  state",
		"meter", "number", "flow", "power", "measured", "attested", "pending"
	)
	.expect("writing to a String; qed");
	for meter in &report.meters {
		writeln!(
			text,
			"{:<width$} {:>7} {:<11} {:>9} {:>14} {:>14} {:>7}  {}{}",
			meter.name,
			meter.chain_meter.map_or_else(|| "-".into(), |number| number.to_string()),
			meter.flow,
			meter.power_w.map_or_else(|| "-".into(), |power| format!("{power:.0} W")),
			kwh(Some(meter.measured_mwh)),
			kwh(meter.attested_mwh),
			meter.pending,
			meter.state,
			match (&meter.last_refusal, meter.refused) {
				(_, 0) => String::new(),
				(None, count) => format!(" ({count} refused)"),
				(Some(reason), count) => format!(" ({count} refused, the last one: {reason})"),
			}
		)
		.expect("writing to a String; qed");
	}
	text
}

/// An energy in mWh as kWh with three decimals, rounded down.
pub fn kwh(energy: Option<u64>) -> String {
	energy.map_or_else(
		|| "-".into(),
		|energy| format!("{}.{:03} kWh", energy / 1_000_000, energy / 1_000 % 1_000),
	)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn energy_is_shown_in_kwh_rounded_down() {
		assert_eq!(kwh(Some(0)), "0.000 kWh");
		assert_eq!(kwh(Some(1_234_999)), "1.234 kWh");
		assert_eq!(kwh(Some(12_000_999)), "12.000 kWh");
		assert_eq!(kwh(None), "-");
	}

	#[test]
	fn state_names_the_device_before_the_chain() {
		let board =
			Board::new(Report { meters: vec![MeterReport::default()], ..Report::default() });
		assert_eq!(board.report().meters[0].state, "ok");
		board.update(|report| report.meters[0].chain_trouble = "not admitted".into());
		assert_eq!(board.report().meters[0].state, "not admitted");
		board.update(|report| report.meters[0].device_trouble = "no answer".into());
		assert_eq!(board.report().meters[0].state, "no answer");
	}

	#[test]
	fn counts_follow_a_reading_to_its_end() {
		let mut meter = MeterReport::default();
		meter.count(ReadingState::Pending);
		meter.count(ReadingState::Pending);
		meter.count(ReadingState::Attested);
		assert_eq!((meter.pending, meter.attested), (1, 1));
		meter.count(ReadingState::Refused);
		assert_eq!((meter.pending, meter.refused), (0, 1));
	}

	#[test]
	fn table_shows_each_meter_and_its_trouble() {
		let meter = MeterReport {
			name: "roof/import_energy".into(),
			flow: "Generation".into(),
			chain_meter: Some(3),
			power_w: Some(1_234.6),
			measured_mwh: 5_500_000,
			attested_mwh: Some(5_000_000),
			refused: 1,
			last_refusal: Some("BadSignature".into()),
			state: "ok".into(),
			..MeterReport::default()
		};
		let text = table(&Report { meters: vec![meter], ..Report::default() });
		for part in [
			"roof/import_energy",
			"1235 W",
			"5.500 kWh",
			"5.000 kWh",
			"BadSignature",
			"not connected",
		] {
			assert!(text.contains(part), "{part} is missing in\n{text}");
		}
	}

	#[test]
	fn answer_is_refused_when_it_is_not_a_success() {
		assert_eq!(body_of(b"HTTP/1.0 200 OK\r\nA: b\r\n\r\nhello"), Ok(b"hello".to_vec()));
		assert!(body_of(b"HTTP/1.0 404 Not Found\r\n\r\n").is_err());
		assert!(body_of(b"SSH-2.0").is_err());
	}
}
