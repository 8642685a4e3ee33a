//! An exported history: JSON lines that anybody can check against the chain, without the spool.
//!
//! ```text
//! {"heliograph":"history/v1","genesis":"0x…","interval_millis":900000}
//! {"meter":4,"keys":[{"ed25519":"0x…"}],"history":"0x…"}                    per meter: the hash before its first reading
//! {"interval":1980000,"epoch":0,"register":5000000,"quality":"Measured","signature":"0x…","history":"0x…"}   after it
//! {"end":4,"readings":2976,"history":"0x…","block":123456}                  and a block whose state had the last hash
//! ```
//!
//! What stands in the file is not believed: each signature is verified, each hash is made anew, the keys have to be those
//! that the chain has known for the meter, and the last hash has to be the chain's, now or at the block that is named.

use std::{
	collections::BTreeMap,
	io::{BufRead, BufReader, BufWriter, Write},
	path::Path,
};

use anyhow::{bail, Context};
use heliograph_primitives::{units::Interval, MeterId, MeterKey, Quality, Reading};
use serde::{de::DeserializeOwned, Deserialize, Serialize};
use subxt::utils::H256;

use super::{
	connect, known_keys, of_meter, open, verify, Finding, Kind, Progress, Proof, ProveArgs, Report,
	Terms, Verdict,
};
use crate::{
	chain::{At, Chain},
	config,
	spool::{KeptInterval, Link, LinkOrigin, ReadingRow, ReadingState},
	submit::check_genesis,
};

/// What the first line says of the layout.
const LAYOUT: &str = "history/v1";

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
	heliograph: String,
	genesis: Hex<32>,
	interval_millis: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Begin {
	meter: MeterId,
	keys: Vec<Key>,
	history: Hex<32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
	interval: Interval,
	epoch: u16,
	register: u64,
	quality: Quality,
	signature: Hex<64>,
	history: Hex<32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
	end: MeterId,
	readings: usize,
	history: Hex<32>,
	block: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
	Ed25519(Hex<32>),
	Sr25519(Hex<32>),
	Ecdsa(Hex<33>),
}

impl Key {
	/// `None` for a meter of oracles, which has none.
	fn of(key: &MeterKey) -> Option<Self> {
		match key {
			MeterKey::Ed25519(key) => Some(Self::Ed25519(Hex(*key))),
			MeterKey::Sr25519(key) => Some(Self::Sr25519(Hex(*key))),
			MeterKey::Ecdsa(key) => Some(Self::Ecdsa(Hex(*key))),
			MeterKey::Oracles(_) => None,
		}
	}
}

impl From<Key> for MeterKey {
	fn from(key: Key) -> Self {
		match key {
			Key::Ed25519(key) => Self::Ed25519(key.0),
			Key::Sr25519(key) => Self::Sr25519(key.0),
			Key::Ecdsa(key) => Self::Ecdsa(key.0),
		}
	}
}

/// Bytes as `0x` and lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Hex<const N: usize>([u8; N]);

impl<const N: usize> From<Hex<N>> for String {
	fn from(bytes: Hex<N>) -> Self {
		format!("0x{}", hex::encode(bytes.0))
	}
}

impl<const N: usize> TryFrom<String> for Hex<N> {
	type Error = String;

	fn try_from(text: String) -> Result<Self, String> {
		let mut bytes = [0; N];
		let digits = text.strip_prefix("0x");
		digits
			.and_then(|digits| hex::decode_to_slice(digits, &mut bytes).ok())
			.ok_or_else(|| format!("`{text}` is not 0x and {} hexadecimal digits", 2 * N))?;
		Ok(Self(bytes))
	}
}

/// Writes what was proven.
pub(super) fn export(path: &Path, report: &Report) -> anyhow::Result<()> {
	let mut file = BufWriter::new(std::fs::File::create(path)?);
	write(&mut file, report)?;
	file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
	Ok(())
}

pub(super) fn write(to: &mut impl Write, report: &Report) -> anyhow::Result<()> {
	let mut line =
		|line: serde_json::Result<String>| -> anyhow::Result<()> { Ok(writeln!(to, "{}", line?)?) };
	line(serde_json::to_string(&Head {
		heliograph: LAYOUT.into(),
		genesis: Hex::try_from(report.genesis.clone()).map_err(anyhow::Error::msg)?,
		interval_millis: report.interval_millis,
	}))?;
	for proof in &report.meters {
		line(serde_json::to_string(&Begin {
			meter: proof.meter,
			keys: proof.keys.iter().filter_map(Key::of).collect(),
			history: Hex(proof.begin),
		}))?;
		for accepted in &proof.accepted {
			let Reading { interval, epoch, register, quality, meter: _ } = accepted.reading;
			let (signature, history) = (Hex(accepted.signature), Hex(accepted.history));
			let reading = Line { interval, epoch, register, quality, signature, history };
			line(serde_json::to_string(&reading))?;
		}
		line(serde_json::to_string(&End {
			end: proof.meter,
			readings: proof.readings,
			history: Hex(proof.end),
			block: proof.block,
		}))?;
	}
	Ok(())
}

/// A file that was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct History {
	head: Head,
	sections: Vec<Section>,
}

/// What a file has of one meter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Section {
	file: String,
	begin: Begin,
	lines: Vec<Line>,
	end: End,
}

/// Reads a file, and says at which line it is none.
pub(super) fn read(name: &str, from: impl BufRead) -> anyhow::Result<History> {
	let mut head = None;
	let mut sections = Vec::new();
	let mut section: Option<(Begin, Vec<Line>)> = None;
	for (place, line) in from.lines().enumerate() {
		let place = format!("{name}, line {}", place + 1);
		let line = line.with_context(|| place.clone())?;
		let value: serde_json::Value = serde_json::from_str(&line)
			.with_context(|| format!("{place} was changed: it is not JSON"))?;
		let has = |field| value.get(field).is_some();
		let unexpected = || format!("{place} was changed, or lines are missing before it");
		match (&head, &mut section) {
			(None, _) => {
				let found: Head = parse(value, &place)?;
				if found.heliograph != LAYOUT {
					bail!(
						"{name} has the layout {}, and this version reads {LAYOUT}",
						found.heliograph
					);
				}
				head = Some(found);
			}
			(Some(_), None) if has("meter") => section = Some((parse(value, &place)?, Vec::new())),
			(Some(_), Some((begin, lines))) if has("end") => {
				let end: End = parse(value, &place)?;
				if end.end != begin.meter {
					bail!(
						"{}: it ends meter {}, and meter {} was begun",
						unexpected(),
						end.end,
						begin.meter
					);
				}
				let (begin, lines) = (begin.clone(), std::mem::take(lines));
				sections.push(Section { file: name.into(), begin, lines, end });
				section = None;
			}
			(Some(_), Some((_, lines))) => lines.push(parse(value, &place)?),
			(Some(_), None) => bail!("{}: no meter was begun", unexpected()),
		}
	}
	let head = head.with_context(|| format!("{name} is empty"))?;
	if let Some((begin, _)) = section {
		bail!("{name} ends in the midst of meter {}: lines are missing", begin.meter);
	}
	Ok(History { head, sections })
}

fn parse<T: DeserializeOwned>(value: serde_json::Value, place: &str) -> anyhow::Result<T> {
	serde_json::from_value(value).with_context(|| format!("{place} was changed"))
}

#[cfg(test)]
impl History {
	/// Whether head, keys and numbers of the meters are the same.
	pub(super) fn is_same_but_for_readings(&self, other: &Self) -> bool {
		let begins = |history: &Self| {
			let begin = |section: &Section| (section.begin.meter, section.begin.keys.clone());
			history.sections.iter().map(begin).collect::<Vec<_>>()
		};
		self.head == other.head && begins(self) == begins(other)
	}
}

impl Section {
	/// What `prove` of a spool goes through, of a file.
	fn kept(&self) -> Vec<(i64, KeptInterval)> {
		let kept = |line: &Line| {
			let Line { interval, epoch, register, quality, signature, history } = *line;
			let reading = Reading { meter: self.begin.meter, epoch, interval, register, quality };
			let row = ReadingRow {
				signed: Ok((reading, signature.0)),
				state: Ok(ReadingState::Attested),
				reason: None,
			};
			let link = Link { hash: history.0, origin: LinkOrigin::Reading, block: None };
			(i64::from(interval), KeptInterval { reading: Some(row), link: Some(Ok(link)) })
		};
		self.lines.iter().map(kept).collect()
	}

	/// Checks the section by itself: whether it leads from its first hash to its last.
	pub(super) fn prove(
		&self,
		genesis: &[u8; 32],
		keys: &[MeterKey],
		progress: impl FnMut(usize),
	) -> Proof {
		let kept = self.kept();
		let terms = Terms { genesis, keys, start: self.begin.history.0, end: self.end.history.0 };
		let Verdict { mut findings, accepted } = verify::verify(&kept, &terms, progress);
		if self.end.readings != self.lines.len() {
			findings.push(of_meter(
				format!("{} readings", self.lines.len()),
				format!(
					"the last line says {}: lines are missing or were added",
					self.end.readings
				),
			));
		}
		Proof {
			meter: self.begin.meter,
			name: self.file.clone(),
			readings: self.lines.len(),
			first: self.lines.first().map(|line| line.interval),
			last: self.lines.last().map(|line| line.interval),
			begin: self.begin.history.0,
			end: self.end.history.0,
			block: self.end.block,
			findings,
			accepted,
			keys: keys.to_vec(),
		}
	}
}

/// What files have of one meter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Joined<'a> {
	/// In the order of time.
	pub(super) sections: Vec<&'a Section>,
	/// Where one does not go on where the other ended.
	pub(super) findings: Vec<Finding>,
}

/// Puts together what files have of each meter.
pub(super) fn join(files: &[History]) -> BTreeMap<MeterId, Joined<'_>> {
	let mut meters = BTreeMap::<_, Joined<'_>>::new();
	for section in files.iter().flat_map(|file| &file.sections) {
		meters.entry(section.begin.meter).or_default().sections.push(section);
	}
	for Joined { sections, findings } in meters.values_mut() {
		sections.sort_by_key(|section| section.lines.first().map(|line| line.interval));
		for pair in sections.windows(2) {
			if pair[0].end.history != pair[1].begin.history {
				findings.push(Finding {
					interval: pair[1].lines.first().map(|line| line.interval.into()),
					kind: Kind::Hole,
					kept: format!("{} and {}", pair[0].file, pair[1].file),
					why: "the one does not begin with the hash that the other ends with: what is between them is missing, or \
						they overlap"
						.into(),
				});
			}
		}
	}
	meters
}

/// Checks files against the chain.
pub(super) async fn prove(args: &ProveArgs) -> anyhow::Result<Report> {
	let mut files = Vec::new();
	for path in &args.file {
		files.push(read(&path.display().to_string(), BufReader::new(open(path)?))?);
	}
	// An auditor has no configuration, and names the node.
	let (url, configured) = match &args.url {
		Some(url) => (url.clone(), None),
		None => {
			let config = config::load(&args.config)
				.context("name a node by --url, or a configuration that does")?;
			(config.chain.url, config.chain.genesis)
		}
	};
	let chain = connect(&url).await?;
	let genesis = chain.genesis();
	check_genesis(&url, genesis, configured, None)?;
	let at = chain.finalised().await?;
	let interval_millis = at.interval_millis().await?;
	for (path, file) in args.file.iter().zip(&files) {
		if file.head.genesis.0 != genesis {
			bail!(
				"{} is of the chain 0x{}, and the one at {url} is 0x{}",
				path.display(),
				hex::encode(file.head.genesis.0),
				hex::encode(genesis)
			);
		}
		if file.head.interval_millis != interval_millis {
			bail!(
				"{} was changed: it says that intervals have {} ms, and the chain's have {interval_millis}",
				path.display(),
				file.head.interval_millis
			);
		}
	}
	let meters = join(&files);
	if meters.is_empty() {
		bail!("there is no meter in it");
	}
	let mut report = Report {
		url,
		genesis: format!("0x{}", hex::encode(genesis)),
		block: at.number(),
		block_hash: format!("0x{}", hex::encode(at.hash())),
		interval_millis,
		meters: Vec::new(),
		findings: Vec::new(),
	};
	for (meter, Joined { sections, findings: mut apart }) in meters {
		let registration = at.registrations(&[meter]).await?.pop().flatten();
		let today = registration.and_then(|registration| registration.key);
		for (place, section) in sections.iter().enumerate() {
			let named: Vec<_> = section.begin.keys.iter().map(|key| MeterKey::from(*key)).collect();
			let uses = at.key_uses(&named).await?;
			let (keys, wrong) = known_keys(meter, today, &named, &uses);
			let mut line = Progress::new(&section.file);
			let all = section.lines.len();
			let mut proof = section.prove(&genesis, &keys, |done| line.show(done, all));
			line.end();
			proof.findings.extend(wrong);
			if place + 1 == sections.len() {
				proof.findings.append(&mut apart);
				proof.findings.extend(anchored(&chain, &at, section).await?);
			}
			report.meters.push(proof);
		}
	}
	Ok(report)
}

/// Whether the chain has, or had, the hash that the section ends with.
async fn anchored(chain: &Chain, at: &At, section: &Section) -> anyhow::Result<Option<Finding>> {
	let meter = section.begin.meter;
	let now = at.states(&[meter]).await?.pop().flatten();
	if now.as_ref().is_some_and(|state| state.history == section.end.history.0) {
		return Ok(None);
	}
	let finding = |why: String| {
		Some(Finding {
			interval: None,
			kind: Kind::End,
			kept: format!(
				"readings that end with the history hash {}",
				String::from(section.end.history)
			),
			why,
		})
	};
	let newer = match now {
		Some(state) => format!(
			"the chain's is now 0x{} (interval {})",
			hex::encode(state.history),
			state.last_interval
		),
		None => return Ok(finding("the chain has accepted no reading of this meter".into())),
	};
	let Some(block) = section.end.block else {
		return Ok(finding(format!(
			"{newer}, and the file names no block: check it together with the files up to today"
		)));
	};
	if block > at.number() {
		return Ok(finding(format!(
			"{newer}, and the block {block} that the file names is not finalised"
		)));
	}
	let Some(hash) = chain.hash_of(block).await? else {
		return Ok(finding(format!(
			"{newer}, and the node does not have the block {block} that the file names"
		)));
	};
	Ok(match state_at(chain, hash, meter).await {
		Ok(then) if then == Some(section.end.history.0) => None,
		Ok(Some(then)) => finding(format!("{newer}, and at block {block} it was 0x{}", hex::encode(then))),
		Ok(None) => finding(format!("{newer}, and at block {block} there was none")),
		Err(error) => finding(format!(
			"{newer}, and the node does not show the state of block {block} that the file names ({error}): ask one that keeps \
			 old states (--state-pruning archive) by --url, or check the file together with those up to today"
		)),
	})
}

async fn state_at(
	chain: &Chain,
	block: H256,
	meter: MeterId,
) -> Result<Option<[u8; 32]>, crate::chain::ChainError> {
	let at = chain.at(block).await?;
	Ok(at.states(&[meter]).await?.pop().flatten().map(|state| state.history))
}
