//! `prove`: holds the kept readings of meters against the history hashes of the finalised chain.
//!
//! The chain keeps 32 bytes per meter, a hash over all readings that it accepted. The spool keeps the readings, and the hash
//! after each. [`verify`] goes from a hash that is known to the chain's and says where the readings depart from it. What
//! holds can be written to a file, with which anybody can do the same without the spool: see [`file`].

use std::{
	collections::BTreeMap,
	io::{IsTerminal, Write as _},
	path::{Path, PathBuf},
	time::{Duration, Instant},
};

use anyhow::{bail, Context};
use heliograph_primitives::{units::Interval, MeterId, MeterKey};
use serde::Serialize;

use self::verify::{verify, Accepted, Finding, Kind, Terms, Verdict};
use crate::{
	calendar::{self, Moment},
	chain::{At, Chain, ChainError, KeyUse, MeterState},
	config, settle,
	spool::{
		HistoryMeter, KeptInterval, Link, LinkOrigin, ReadingState, Spool, SpoolError,
		StoredReading,
	},
	submit::check_genesis,
};

mod file;
#[cfg(test)]
mod tests;
pub mod verify;

/// What to prove.
#[derive(clap::Args, Debug)]
pub struct ProveArgs {
	/// The configuration, for the spool and the node.
	#[arg(short, long, value_name = "FILE", default_value = "agent.toml")]
	pub config: PathBuf,
	/// Only this meter, by the name that `status` shows: device/point. May be given several times.
	#[arg(long, value_name = "NAME")]
	pub meter: Vec<String>,
	/// Only this month (UTC), such as 2026-10.
	#[arg(long, value_name = "MONTH", conflicts_with_all = ["from", "to"])]
	pub month: Option<String>,
	/// From this day (2026-10-01, UTC) or interval on.
	#[arg(long, value_name = "DAY")]
	pub from: Option<String>,
	/// Up to and including this day or interval.
	#[arg(long, value_name = "DAY")]
	pub to: Option<String>,
	/// Write the readings of that time with their signatures and the hashes at both ends to a file, if they hold: JSON
	/// lines, which `prove --file` checks.
	#[arg(long, value_name = "FILE")]
	pub export: Option<PathBuf>,
	/// Check such files instead of the spool. Several are put together where one ends with the hash that another begins
	/// with, so that months which were exported one by one are proven by the last.
	#[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["meter", "month", "from", "to", "export"])]
	pub file: Vec<PathBuf>,
	/// The node to ask; by default that of the configuration.
	#[arg(long, value_name = "URL")]
	pub url: Option<String>,
	/// Print JSON.
	#[arg(long)]
	pub json: bool,
}

/// What is to be proven of each meter: the intervals from the first to the last, all where there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Range {
	from: Option<Interval>,
	to: Option<Interval>,
}

impl Range {
	fn new(args: &ProveArgs, interval_millis: u64) -> anyhow::Result<Self> {
		if let Some(month) = &args.month {
			let days = calendar::month(month).map_err(anyhow::Error::msg)?;
			let (from, to) = (Moment::Day(*days.start()), Moment::Day(*days.end()));
			return Ok(Self {
				from: Some(from.first(interval_millis)),
				to: Some(to.last(interval_millis)),
			});
		}
		let moment = |text: &Option<String>| {
			text.as_deref().map(Moment::parse).transpose().map_err(anyhow::Error::msg)
		};
		let from = moment(&args.from)?.map(|moment| moment.first(interval_millis));
		let to = moment(&args.to)?.map(|moment| moment.last(interval_millis));
		if let (Some(from), Some(to)) = (from, to) {
			anyhow::ensure!(from <= to, "--from is behind --to");
		}
		Ok(Self { from, to })
	}

	fn holds(&self, interval: Interval) -> bool {
		self.from.is_none_or(|from| from <= interval) && self.to.is_none_or(|to| interval <= to)
	}
}

/// What the chain says about a meter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct OnChain {
	state: Option<MeterState>,
	/// The keys that it has known for the meter, the one of today first.
	keys: Vec<MeterKey>,
}

/// What came out for one meter.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Proof {
	/// Its number on the chain.
	meter: MeterId,
	/// Its names in the spool; the file's, for one that was exported.
	name: String,
	/// How many readings of the time that was asked for are proven, or would be.
	readings: usize,
	/// The intervals of the first and of the last of them.
	first: Option<Interval>,
	last: Option<Interval>,
	/// The history hash before the first and after the last, as hexadecimal digits.
	#[serde(serialize_with = "digits")]
	begin: [u8; 32],
	#[serde(serialize_with = "digits")]
	end: [u8; 32],
	/// The number of a finalised block whose state had the latter, if one is known.
	block: Option<u64>,
	/// What is wrong; nothing, when it holds.
	findings: Vec<Finding>,
	#[serde(skip)]
	accepted: Vec<Accepted>,
	#[serde(skip)]
	keys: Vec<MeterKey>,
}

fn digits<S: serde::Serializer>(hash: &[u8; 32], serializer: S) -> Result<S::Ok, S::Error> {
	serializer.serialize_str(&format!("0x{}", hex::encode(hash)))
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
struct Report {
	url: String,
	genesis: String,
	/// The finalised block that the history hashes are from.
	block: u64,
	block_hash: String,
	interval_millis: u64,
	meters: Vec<Proof>,
	/// What is wrong with the spool as a whole.
	findings: Vec<Finding>,
}

/// Runs the command. Errors when anything does not hold.
pub async fn run(args: ProveArgs) -> anyhow::Result<()> {
	let report = match args.file.is_empty() {
		true => prove_spool(&args).await?,
		false => file::prove(&args).await?,
	};
	match args.json {
		true => println!("{}", serde_json::to_string_pretty(&report)?),
		false => print!("{}", render(&report)),
	}
	let failed = report.meters.iter().filter(|proof| !proof.findings.is_empty()).count();
	match (failed, report.findings.is_empty(), report.meters.len()) {
		(0, true, _) => (),
		(0, false, _) => bail!("the spool holds readings that belong to nothing"),
		(_, _, 1) => bail!("the history of the meter does not hold"),
		(_, _, meters) => bail!("the history of {failed} of {meters} meters does not hold"),
	}
	if let Some(path) = &args.export {
		let block = report.block;
		file::export(path, &report).with_context(|| format!("cannot write {}", path.display()))?;
		eprintln!("written to {}", path.display());
		for proof in &report.meters {
			match proof.block {
				Some(at) if at == block => (),
				Some(at) => eprintln!(
					"meter {}: the end is held against block {at}, so whoever checks the file needs a node that keeps old \
					 states, or the files up to today",
					proof.meter
				),
				None => eprintln!(
					"meter {}: no block is known whose state ended with this reading, so the file can only be checked together \
					 with those up to today",
					proof.meter
				),
			}
		}
	}
	Ok(())
}

async fn connect(url: &str) -> anyhow::Result<Chain> {
	Chain::connect(url).await.with_context(|| {
		format!(
			"cannot ask {url} for the history hashes; start the node, or name another one by --url"
		)
	})
}

async fn prove_spool(args: &ProveArgs) -> anyhow::Result<Report> {
	let config = config::load(&args.config)?;
	let spool = Spool::open_read_only(&config.agent.spool)?;
	let url = args.url.as_deref().unwrap_or(&config.chain.url);
	let chain = connect(url).await?;
	let genesis = chain.genesis();
	check_genesis(url, genesis, config.chain.genesis, spool.genesis()?)?;
	// First the chain, then the spool: what the spool learns in between is left aside.
	let at = chain.finalised().await?;
	let interval_millis = at.interval_millis().await?;
	let range = Range::new(args, interval_millis)?;
	let meters = chosen(spool.history_meters()?, &args.meter)?;
	let mut report = Report {
		url: url.into(),
		genesis: format!("0x{}", hex::encode(genesis)),
		block: at.number(),
		block_hash: format!("0x{}", hex::encode(at.hash())),
		interval_millis,
		meters: Vec::new(),
		findings: Vec::new(),
	};
	for (meter, interval) in spool.orphans()? {
		report.findings.push(Finding {
			interval: Some(interval),
			kind: Kind::Added,
			kept: format!("a reading of the meter in row {meter}"),
			why: "the spool has no such meter: the row was added or its meter was changed".into(),
		});
	}
	for (number, rows) in meters {
		let (on_chain, mut wrong) = ask(&at, number, &rows).await?;
		let name = rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>().join(", ");
		let mut line = Progress::new(&name);
		let kept = Kept::load(&spool, number, &rows, range.from)?;
		let mut proof =
			kept.prove(number, name, &genesis, &on_chain, range, |done, all| line.show(done, all));
		line.end();
		let last = on_chain.state.as_ref().map(|state| state.last_interval);
		if last.is_some() && proof.last == last {
			proof.block = Some(at.number());
		}
		// A running agent may have settled more since: then a newer block has it.
		if let Some(ahead) = kept.ahead_of(last) {
			let now = chain.finalised().await?.states(&[number]).await?.pop().flatten();
			let now = now.map(|state| state.last_interval);
			if now.is_none_or(|now| now < ahead) {
				wrong.push(Finding {
					interval: Some(ahead.into()),
					kind: Kind::Added,
					kept: "a reading that the chain accepted".into(),
					why: match now {
						Some(now) => format!("the last interval that the chain accepted is {now}"),
						None => "the chain has accepted no reading of this meter".into(),
					},
				});
			}
		}
		wrong.append(&mut proof.findings);
		proof.findings = wrong;
		report.meters.push(proof);
	}
	Ok(report)
}

/// The meters that are asked for and known to the chain, by their numbers. A meter has several rows when its key was lost
/// and replaced: its history goes on in the next one.
fn chosen(
	meters: Vec<HistoryMeter>,
	names: &[String],
) -> anyhow::Result<BTreeMap<MeterId, Vec<HistoryMeter>>> {
	for name in names {
		if !meters.iter().any(|meter| meter.name == *name) {
			let known: Vec<_> = meters.iter().map(|meter| meter.name.as_str()).collect();
			bail!("the spool has no meter `{name}`; it has {}", known.join(", "));
		}
	}
	let mut chosen = BTreeMap::<_, Vec<_>>::new();
	for meter in meters {
		let is_asked_for = names.is_empty() || names.contains(&meter.name);
		if let Some(number) = meter.number.filter(|_| is_asked_for) {
			chosen.entry(number).or_default().push(meter);
		}
	}
	if chosen.is_empty() {
		bail!("no such meter was found on the chain yet, so there is nothing to prove");
	}
	Ok(chosen)
}

/// What the chain says about the meter `number`, and what is wrong with the keys that are kept for it.
async fn ask(
	at: &At,
	number: MeterId,
	rows: &[HistoryMeter],
) -> Result<(OnChain, Vec<Finding>), ChainError> {
	let state = at.states(&[number]).await?.pop().flatten();
	let registration = at.registrations(&[number]).await?.pop().flatten();
	let kept: Vec<_> = rows.iter().flat_map(|row| row.keys.iter().copied()).collect();
	let uses = at.key_uses(&kept).await?;
	let today = registration.and_then(|registration| registration.key);
	let (keys, mut wrong) = known_keys(number, today, &kept, &uses);
	for row in rows {
		let is_known = |key: &MeterKey| key_bytes(key) == row.public_key;
		if !keys.iter().any(is_known) {
			wrong.push(of_meter(
				format!("the key 0x{}", hex::encode(&row.public_key)),
				format!("the chain does not know it for meter {number}"),
			));
		}
	}
	Ok((OnChain { state, keys }, wrong))
}

/// The keys that the chain has known for the meter `number`: `today`'s, and those of the `kept` ones of which the chain says
/// so.
fn known_keys(
	number: MeterId,
	today: Option<MeterKey>,
	kept: &[MeterKey],
	uses: &[Option<KeyUse>],
) -> (Vec<MeterKey>, Vec<Finding>) {
	let mut keys: Vec<_> = today.into_iter().collect();
	let mut wrong = Vec::new();
	for (key, usage) in kept.iter().zip(uses) {
		if usage.as_ref().and_then(KeyUse::meter) != Some(number) {
			let why = match usage {
				Some(usage) => format!("the chain has it as {usage:?}, and not for meter {number}"),
				None => "the chain does not know it".into(),
			};
			wrong.push(of_meter(format!("the key 0x{}", hex::encode(key_bytes(key))), why));
		} else if !keys.contains(key) {
			keys.push(*key);
		}
	}
	(keys, wrong)
}

fn of_meter(kept: String, why: String) -> Finding {
	Finding { interval: None, kind: Kind::Meter, kept, why }
}

fn key_bytes(key: &MeterKey) -> &[u8] {
	match key {
		MeterKey::Ed25519(key) | MeterKey::Sr25519(key) => key,
		MeterKey::Ecdsa(key) => key,
		MeterKey::Oracles(_) => &[],
	}
}

/// What the spool keeps of a meter.
struct Kept {
	intervals: Vec<(i64, KeptInterval)>,
	/// Whether the first of them is only there for the hash after it.
	begins_with_hash: bool,
}

impl Kept {
	/// Loads what is needed to prove the meter from the interval `from` on. Begins with a hash that was kept before: the last
	/// but one, so that the last is checked, too, unless it was taken over from the chain.
	fn load(
		spool: &Spool,
		number: MeterId,
		rows: &[HistoryMeter],
		from: Option<Interval>,
	) -> Result<Self, SpoolError> {
		// By interval; whether any row has it from a reading of its own.
		let mut before = BTreeMap::<Interval, bool>::new();
		if let Some(from) = from {
			for row in rows {
				for (interval, is_own) in spool.links_before(row.id, from)? {
					*before.entry(interval).or_default() |= is_own;
				}
			}
		}
		let mut latest = before.into_iter().rev();
		let begin = match (latest.next(), latest.next()) {
			(Some((_, true)), Some((last_but_one, _))) => Some(last_but_one),
			(last, _) => last.map(|(interval, _)| interval),
		};
		let mut intervals = BTreeMap::<i64, KeptInterval>::new();
		for row in rows {
			for (interval, kept) in spool.history(row.id, number, begin)? {
				merge(intervals.entry(interval).or_default(), kept);
			}
		}
		Ok(Self { intervals: intervals.into_iter().collect(), begins_with_hash: begin.is_some() })
	}

	/// The last interval that is kept as accepted, if it is behind `last`.
	fn ahead_of(&self, last: Option<Interval>) -> Option<Interval> {
		let is_accepted = |kept: &KeptInterval| {
			kept.reading.as_ref().is_some_and(|row| row.state == Ok(ReadingState::Attested))
		};
		let (interval, _) = self.intervals.iter().rev().find(|(_, kept)| is_accepted(kept))?;
		let interval = Interval::try_from(*interval).ok()?;
		last.is_none_or(|last| last < interval).then_some(interval)
	}

	/// Holds what is kept against what the chain says.
	fn prove(
		&self,
		number: MeterId,
		name: String,
		genesis: &[u8; 32],
		on_chain: &OnChain,
		range: Range,
		mut progress: impl FnMut(usize, usize),
	) -> Proof {
		let (end, last) = match &on_chain.state {
			Some(state) => (state.history, i64::from(state.last_interval)),
			None => ([0; 32], -1),
		};
		let (start, mut kept, mut findings) = self.begin(range);
		kept.retain(|(interval, _)| *interval <= last);
		settle_tail(number, start, &mut kept, &end);
		let terms = Terms { genesis, keys: &on_chain.keys, start, end };
		let all = kept.len();
		let Verdict { findings: found, accepted } =
			verify(&kept, &terms, |done| progress(done, all));
		findings.extend(found);
		explain_end(&mut findings, &kept, on_chain);

		let in_range = |accepted: &&Accepted| range.holds(accepted.reading.interval);
		let first = accepted.iter().position(|accepted| range.holds(accepted.reading.interval));
		let begin = match first {
			Some(0) | None => start,
			Some(place) => accepted[place - 1].history,
		};
		let accepted: Vec<_> = accepted.iter().filter(in_range).copied().collect();
		let link = accepted.last().and_then(|last| {
			let interval = i64::from(last.reading.interval);
			kept.iter().find(|(other, _)| *other == interval)?.1.link.clone()?.ok()
		});
		Proof {
			meter: number,
			name,
			readings: accepted.len(),
			first: accepted.first().map(|accepted| accepted.reading.interval),
			last: accepted.last().map(|accepted| accepted.reading.interval),
			begin,
			end: accepted.last().map_or(begin, |accepted| accepted.history),
			block: link.and_then(|link| link.block),
			findings,
			accepted,
			keys: on_chain.keys.clone(),
		}
	}

	/// The hash to begin with, what follows it, and what cannot be proven because it is before the first hash.
	fn begin(&self, range: Range) -> ([u8; 32], Vec<(i64, KeptInterval)>, Vec<Finding>) {
		let linked = |(_, kept): &(i64, KeptInterval)| match &kept.link {
			Some(Err(_)) => !self.begins_with_hash,
			link => link.is_some(),
		};
		let base = self.intervals.iter().position(linked).and_then(|place| {
			match &self.intervals[place].1.link {
				Some(Ok(link)) if self.begins_with_hash || link.origin == LinkOrigin::Chain => {
					Some((place, link.hash))
				}
				_ => None,
			}
		});
		let Some((place, start)) = base else {
			return ([0; 32], self.intervals.clone(), Vec::new());
		};
		let mut findings = Vec::new();
		let mut unproven = Vec::new();
		// The hash from which all begins is only as good as what follows: its own reading is not proven by it.
		let before = if self.begins_with_hash { &[] } else { &self.intervals[..=place] };
		for (interval, kept) in before {
			match &kept.reading {
				Some(row) if row.state != Ok(ReadingState::Attested) => (),
				Some(row) => match &row.signed {
					Ok((reading, _)) if !range.holds(reading.interval) => (),
					Ok(_) => unproven.push(*interval),
					Err(why) => findings.push(Finding {
						interval: Some(*interval),
						kind: Kind::Unreadable,
						kept: "a row that is no reading".into(),
						why: why.clone(),
					}),
				},
				None => (),
			}
		}
		if let (Some(first), Some(last)) = (unproven.first(), unproven.last()) {
			findings.push(Finding {
				interval: Some(*last),
				kind: Kind::Unprovable,
				kept: format!(
					"{} readings of the intervals {first} to {last}, as accepted",
					unproven.len()
				),
				why: format!(
					"no history hash from before them is kept: the first one is that of interval {last}; prove what is behind it \
					 by --from {}",
					last + 1
				),
			});
		}
		(start, self.intervals[place + 1..].to_vec(), findings)
	}
}

/// Puts together what two rows of the same meter keep of an interval: one has the reading, the other began with its hash.
fn merge(kept: &mut KeptInterval, other: KeptInterval) {
	let counts = |kept: &KeptInterval| {
		kept.reading.as_ref().is_some_and(|row| row.state == Ok(ReadingState::Attested))
	};
	if kept.reading.is_none() || (!counts(kept) && counts(&other)) {
		kept.reading = other.reading.or(kept.reading.take());
	}
	let is_own = |link: &Option<Result<Link, String>>| matches!(link, Some(Ok(link)) if link.origin == LinkOrigin::Reading);
	if kept.link.is_none() || (!is_own(&kept.link) && is_own(&other.link)) {
		kept.link = other.link;
	}
}

/// Takes those open readings as accepted that lead from the last hash to the chain's: the agent was ended before it saw what
/// became of them.
fn settle_tail(number: MeterId, start: [u8; 32], kept: &mut [(i64, KeptInterval)], end: &[u8; 32]) {
	let tail = kept.iter().rposition(|(_, kept)| kept.link.is_some()).map_or(0, |last| last + 1);
	let base = match tail.checked_sub(1).map(|last| &kept[last].1.link) {
		Some(Some(Ok(link))) => link.hash,
		Some(_) => return,
		None => start,
	};
	let mut open = Vec::new();
	for (place, (_, interval)) in kept.iter().enumerate().skip(tail) {
		let Some(row) = &interval.reading else { continue };
		let (Ok((reading, signature)), Ok(ReadingState::Pending | ReadingState::Sent)) =
			(&row.signed, row.state)
		else {
			continue;
		};
		open.push((
			place,
			StoredReading {
				meter: 0,
				interval: reading.interval,
				epoch: reading.epoch,
				register: reading.register,
				quality: reading.quality,
				signature: *signature,
				state: ReadingState::Attested,
			},
		));
	}
	let readings: Vec<_> = open.iter().map(|(_, reading)| *reading).collect();
	let Some(links) = settle::accepted(number, base, &readings, end, |_| false) else { return };
	for ((place, _), hash) in open.into_iter().zip(links) {
		let Some(hash) = hash else { continue };
		let interval = &mut kept[place].1;
		interval.link = Some(Ok(Link { hash, origin: LinkOrigin::Reading, block: None }));
		if let Some(row) = &mut interval.reading {
			row.state = Ok(ReadingState::Attested);
		}
	}
}

/// Says what it means that what is kept does not lead to the chain's hash.
fn explain_end(findings: &mut [Finding], kept: &[(i64, KeptInterval)], on_chain: &OnChain) {
	let is_only_one = findings.len() == 1;
	let Some(finding) = findings.last_mut().filter(|finding| finding.kind == Kind::End) else {
		return;
	};
	let Some(state) = &on_chain.state else {
		finding.why = "the chain has accepted no reading of this meter".into();
		return;
	};
	let last = kept.iter().rev().find(|(_, kept)| kept.link.is_some()).map(|(last, _)| *last);
	let open = kept.iter().filter(|(interval, _)| last.is_none_or(|last| *interval > last)).count();
	finding.why += &match last {
		Some(last) if last >= i64::from(state.last_interval) && is_only_one => {
			", and reading, signature and hash agree in every row: whoever changed them had the meter's key".to_owned()
		}
		Some(last) if last < i64::from(state.last_interval) => format!(
			" after interval {}: the chain accepted readings after interval {last} that are not kept as accepted here{}",
			state.last_interval,
			match open {
				0 => String::new(),
				open => format!("; what became of {open} of this time is not settled, let the agent run and prove again"),
			}
		),
		None => format!(
			" after interval {}: of what the chain accepted nothing is kept as accepted here",
			state.last_interval
		),
		Some(_) => String::new(),
	};
}

/// A line that says how far a long proof is, where somebody watches.
struct Progress {
	name: String,
	shown: Option<Instant>,
	began: Instant,
	is_watched: bool,
}

impl Progress {
	const EVERY: Duration = Duration::from_millis(200);

	fn new(name: &str) -> Self {
		let is_watched = std::io::stderr().is_terminal();
		Self { name: name.into(), shown: None, began: Instant::now(), is_watched }
	}

	fn show(&mut self, done: usize, all: usize) {
		let due = self.shown.unwrap_or(self.began) + Self::EVERY;
		if !self.is_watched || Instant::now() < due {
			return;
		}
		self.shown = Some(Instant::now());
		let left = self.began.elapsed().mul_f64((all - done) as f64 / done.max(1) as f64);
		eprint!(
			"\r{}: {done} of {all} readings, {} %, {} s left \x1b[K",
			self.name,
			100 * done / all.max(1),
			left.as_secs()
		);
		// Whether anybody sees it is no matter of the proof.
		std::io::stderr().flush().unwrap_or_default();
	}

	fn end(&self) {
		if self.shown.is_some() {
			eprint!("\r\x1b[K");
		}
	}
}

/// Findings of a meter that are shown; the rest is counted.
const SHOWN: usize = 20;

fn render(report: &Report) -> String {
	let mut text = String::new();
	let when = |interval: Interval| calendar::show_interval(interval, report.interval_millis);
	for proof in &report.meters {
		let verdict = match (proof.findings.is_empty(), proof.readings) {
			(true, 0) => "holds, without a reading in this time",
			(true, _) => "proven",
			(false, _) => "NOT PROVEN",
		};
		text += &format!("{} (meter {}): {verdict}\n", proof.name, proof.meter);
		if let (Some(first), Some(last), true) =
			(proof.first, proof.last, proof.findings.is_empty())
		{
			text += &format!(
				"  {} readings, intervals {first} to {last} ({} to {} UTC)\n  history hash before 0x{}\n  history hash after  0x{}\n",
				proof.readings,
				when(first),
				when(last),
				hex::encode(proof.begin),
				hex::encode(proof.end)
			);
		}
		text += &list(&proof.findings, report.interval_millis);
	}
	text += &list(&report.findings, report.interval_millis);
	text + &format!(
		"held against the finalised block {} ({}) of the chain {} at {}\n",
		report.block, report.block_hash, report.genesis, report.url
	)
}

fn list(findings: &[Finding], interval_millis: u64) -> String {
	let mut text = String::new();
	for finding in findings.iter().take(SHOWN) {
		let place = match finding.interval.map(|interval| (interval, u32::try_from(interval))) {
			None => "as a whole".into(),
			Some((_, Ok(interval))) => format!(
				"interval {interval} ({} UTC)",
				calendar::show_interval(interval, interval_millis)
			),
			Some((interval, Err(_))) => format!("interval {interval}"),
		};
		text += &format!(
			"  {place}: {}\n    kept   {}\n    wrong  {}\n",
			finding.kind.word(),
			finding.kept,
			finding.why
		);
	}
	match findings.len().saturating_sub(SHOWN) {
		0 => text,
		more => text + &format!("  and {more} more\n"),
	}
}

impl Kind {
	fn word(self) -> &'static str {
		match self {
			Self::Changed => "the reading was changed",
			Self::Signature => "the signature was changed",
			Self::Missing => "a reading is missing",
			Self::Added => "a reading was added",
			Self::Hash => "the kept hash was changed",
			Self::State => "what became of the reading is kept wrongly",
			Self::Unreadable => "the row cannot be read",
			Self::Broken => "reading, signature and hash do not agree",
			Self::Hole => "readings are missing that were never kept here",
			Self::Unprovable => "readings that cannot be proven",
			Self::End => "the chain's hash is not reached",
			Self::Meter => "what is kept of the meter is wrong",
		}
	}
}

/// Opens a file, with its name in the error.
fn open(path: &Path) -> anyhow::Result<std::fs::File> {
	std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))
}
