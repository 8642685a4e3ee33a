use std::io::Cursor;

use rusqlite::{params, Connection};
use tempfile::{tempdir, TempDir};

use super::*;
use crate::{
	chain::Registration,
	interval::{Draft, Kept as KeptSample},
	keys::{Scheme, SigningKey},
	spool::{Checkpoint, MeterPin, NewReading, Outcome, RowId, Settled},
};
use heliograph_primitives::{Quality, Reading};

const GENESIS: [u8; 32] = [7; 32];
const METER: MeterId = 4;
const FIRST: Interval = 1_980_000;

/// A spool whose readings the chain accepted, and that chain.
struct Site {
	folder: TempDir,
	row: RowId,
	keys: Vec<SigningKey>,
	readings: Vec<Reading>,
	history: [u8; 32],
}

impl Site {
	fn new() -> Self {
		let folder = tempdir().expect("a folder");
		let key = SigningKey::from_seed(Scheme::Ed25519, &[1; 32]);
		let mut site =
			Self { folder, row: 0, keys: vec![key], readings: Vec::new(), history: [0; 32] };
		let mut spool = site.open();
		spool.pin_chain(&GENESIS, 900_000).expect("pinned");
		site.row =
			spool.meter("roof/import_energy", &site.keys[0].public_bytes()).expect("made").id;
		let pin = MeterPin { meter: METER, miner: 1, nameplate: 5_000 };
		spool.pin_meter(site.row, pin, None, |_| panic!("nothing to sign")).expect("pinned");
		spool.remember_key(site.row, &site.keys[0].public()).expect("kept");
		site
	}

	/// With readings of `count` intervals, accepted one by one.
	fn with(count: u32) -> Self {
		let mut site = Self::new();
		for step in 0..count {
			site.accept(&[site.reading(FIRST + step)]);
		}
		site
	}

	fn path(&self) -> PathBuf {
		self.folder.path().join("spool.db")
	}

	fn open(&self) -> Spool {
		Spool::open(&self.path()).expect("opens")
	}

	fn reading(&self, interval: Interval) -> Reading {
		// Odd and even intervals differ in quality, so that every change of it is one.
		let quality = [Quality::Measured, Quality::Recovered][interval as usize % 2];
		let register = 5_000_000 + 1_001 * u64::from(interval - FIRST + 1);
		Reading { meter: METER, epoch: 3, interval, register, quality }
	}

	fn sign(&self, reading: &Reading) -> [u8; 64] {
		self.keys.last().expect("a key").sign(&reading.signing_payload(&GENESIS))
	}

	/// Keeps signed readings.
	fn put(&self, readings: &[Reading]) {
		let new: Vec<_> = readings
			.iter()
			.map(|reading| {
				let Reading { epoch, interval, register, quality, .. } = *reading;
				let sample = KeptSample { seq: u64::from(interval), taken_at: 0, epoch, register };
				let draft = Draft { interval, epoch, register, quality, sample };
				NewReading { meter: self.row, draft, signature: self.sign(reading) }
			})
			.collect();
		self.open().put_readings(&new, &[]).expect("kept");
	}

	/// Keeps readings that the chain accepts, in one batch.
	fn accept(&mut self, readings: &[Reading]) {
		self.put(readings);
		let mut outcomes = Vec::new();
		for reading in readings {
			self.history = MeterState::extend(&self.history, reading);
			outcomes.push(Outcome {
				meter: self.row,
				interval: reading.interval,
				state: ReadingState::Attested,
				reason: None,
				history: Some(self.history),
			});
		}
		self.readings.extend(readings);
		self.settle(&outcomes);
	}

	fn settle(&self, outcomes: &[Outcome]) {
		let last = self.readings.last().expect("a reading").interval;
		let settled = Settled { interval: last, history: self.history };
		let block = u64::from(last - FIRST) + 100;
		let checkpoint = Checkpoint { meter: self.row, settled, block };
		self.open().settle(outcomes, &[checkpoint], &[]).expect("settled");
	}

	fn state(&self) -> Option<MeterState> {
		let last = self.readings.last()?;
		Some(MeterState {
			epoch: last.epoch,
			last_interval: last.interval,
			register: last.register,
			attested: 0,
			recovered: 0,
			history: self.history,
		})
	}

	fn on_chain(&self) -> OnChain {
		let keys = self.keys.iter().rev().map(SigningKey::public).collect();
		OnChain { state: self.state(), keys }
	}

	fn prove(&self, range: Range) -> Proof {
		let spool = Spool::open_read_only(&self.path()).expect("opens");
		let meters = chosen(spool.history_meters().expect("read"), &[]).expect("a meter");
		let rows = &meters[&METER];
		let kept = Kept::load(&spool, METER, rows, range.from).expect("loaded");
		kept.prove(METER, "roof".into(), &GENESIS, &self.on_chain(), range, |_, _| ())
	}

	fn findings(&self) -> Vec<(Option<i64>, Kind)> {
		let proof = self.prove(Range::default());
		proof.findings.iter().map(|finding| (finding.interval, finding.kind)).collect()
	}

	/// Does something to the file behind the spool's back.
	fn tamper(&self, statement: &str, parameters: impl rusqlite::Params) {
		let connection = Connection::open(self.path()).expect("opens");
		connection.pragma_update(None, "foreign_keys", false).expect("set");
		let changed = connection.execute(statement, parameters).expect(statement);
		assert!(changed > 0, "{statement} changed nothing");
	}

	/// Flips a bit of an integer in the row of `interval`, lets `look` look, and flips it back.
	fn flip(&self, table: &str, column: &str, interval: Interval, bit: u32, look: impl FnOnce()) {
		let mask = 1i64 << bit;
		// SQLite has no exclusive or.
		let flipped = format!("({column} | {mask}) - ({column} & {mask})");
		self.tamper(
			&format!("UPDATE {table} SET {column} = {flipped} WHERE meter = ?1 AND interval = ?2"),
			params![self.row, interval],
		);
		look();
		let (mut row, mut place) = (self.row, i64::from(interval));
		match column {
			"meter" => row ^= mask,
			"interval" => place ^= mask,
			_ => (),
		}
		self.tamper(
			&format!("UPDATE {table} SET {column} = {flipped} WHERE meter = ?1 AND interval = ?2"),
			params![row, place],
		);
	}

	/// Flips a bit of a blob in the row of `interval`.
	fn flip_blob(&self, table: &str, column: &str, interval: Interval, bit: usize) {
		let connection = Connection::open(self.path()).expect("opens");
		let mut bytes: Vec<u8> = connection
			.query_row(
				&format!("SELECT {column} FROM {table} WHERE meter = ?1 AND interval = ?2"),
				params![self.row, interval],
				|row| row.get(0),
			)
			.expect("there");
		bytes[bit / 8] ^= 1 << (bit % 8);
		self.tamper(
			&format!("UPDATE {table} SET {column} = ?3 WHERE meter = ?1 AND interval = ?2"),
			params![self.row, interval, bytes],
		);
	}
}

fn at(interval: Interval) -> Option<i64> {
	Some(i64::from(interval))
}

const COUNT: u32 = 12;
/// The first, one in the midst, the last.
const PLACES: [Interval; 3] = [FIRST, FIRST + 5, FIRST + COUNT - 1];

#[test]
fn untouched_history_is_proven() {
	let site = Site::with(COUNT);
	let proof = site.prove(Range::default());
	assert_eq!(proof.findings, []);
	assert_eq!((proof.readings, proof.first, proof.last), (12, Some(FIRST), Some(FIRST + 11)));
	assert_eq!((proof.begin, proof.end), ([0; 32], site.history));
	assert_eq!(proof.block, Some(111));
	let report = render(&report(vec![proof]));
	assert!(report.contains("proven") && report.contains("12 readings"), "{report}");
}

#[test]
fn part_of_the_time_is_proven_from_a_kept_hash_on() {
	let site = Site::with(COUNT);
	let hash = |count: usize| {
		site.readings[..count].iter().fold([0; 32], |h, reading| MeterState::extend(&h, reading))
	};
	for (from, to, first, last) in [(4, 7, 4, 7), (0, 3, 0, 3), (1, 1, 1, 1), (9, 30, 9, 11)] {
		let range = Range { from: Some(FIRST + from), to: Some(FIRST + to) };
		let proof = site.prove(range);
		assert_eq!(proof.findings, []);
		assert_eq!((proof.first, proof.last), (Some(FIRST + first), Some(FIRST + last)));
		assert_eq!(proof.begin, hash(first as usize));
		assert_eq!(proof.end, hash(last as usize + 1));
		assert_eq!(proof.block, Some(100 + u64::from(last)));
	}
	// What was changed before that time is no matter; what was changed behind it is, since the chain's hash is at the end.
	site.tamper("UPDATE readings SET register = 1 WHERE interval = ?1", [FIRST + 2]);
	let range = Range { from: Some(FIRST + 6), to: Some(FIRST + 7) };
	assert_eq!(site.prove(range).findings, []);
	site.tamper("UPDATE readings SET register = 1 WHERE interval = ?1", [FIRST + 9]);
	assert_eq!(site.prove(range).findings.len(), 1);
}

#[test]
fn flipped_bit_in_a_number_of_a_reading_is_found_and_named() {
	let site = Site::with(COUNT);
	for interval in PLACES {
		for (column, bits) in [("epoch", 20), ("register", 64), ("quality", 5)] {
			for bit in 0..bits {
				site.flip("readings", column, interval, bit, || {
					let findings = site.findings();
					let [(place, kind)] = findings[..] else {
						panic!("{column}, bit {bit} of {interval}: {findings:?}")
					};
					assert_eq!(place, at(interval), "{column}, bit {bit}");
					assert!(
						matches!(kind, Kind::Changed | Kind::Unreadable),
						"{column}, bit {bit}: {kind:?}"
					);
				});
			}
		}
	}
	assert_eq!(site.findings(), []);
}

#[test]
fn finding_says_which_meter_and_interval_what_is_kept_and_why_it_is_wrong() {
	let site = Site::with(COUNT);
	site.tamper("UPDATE readings SET register = 77 WHERE interval = ?1", [FIRST + 5]);
	let proof = site.prove(Range::default());
	let finding = &proof.findings[0];
	assert_eq!(finding.kept, "epoch 3, register 77 mWh, Recovered, attested");
	assert!(finding.why.contains("signature") && finding.why.contains("hash"), "{}", finding.why);
	let text = render(&report(vec![proof]));
	for part in
		["roof (meter 4): NOT PROVEN", "interval 1980005 (2026-06-21 01:15 UTC)", "register 77"]
	{
		assert!(text.contains(part), "{part} is missing in\n{text}");
	}
}

#[test]
fn flipped_bit_in_a_signature_is_found_and_named() {
	let site = Site::with(COUNT);
	for interval in PLACES {
		for bit in (0..512).step_by(41) {
			site.flip_blob("readings", "signature", interval, bit);
			assert_eq!(site.findings(), [(at(interval), Kind::Signature)], "bit {bit}");
			site.flip_blob("readings", "signature", interval, bit);
		}
	}
}

#[test]
fn flipped_bit_in_a_kept_hash_is_found_and_named() {
	let site = Site::with(COUNT);
	for interval in PLACES {
		for bit in (0..256).step_by(41) {
			site.flip_blob("history", "hash", interval, bit);
			assert_eq!(site.findings(), [(at(interval), Kind::Hash)], "bit {bit}");
			site.flip_blob("history", "hash", interval, bit);
		}
	}
}

#[test]
fn flipped_bit_in_the_place_of_a_reading_is_found_and_named() {
	let site = Site::with(COUNT);
	for interval in PLACES {
		for (column, bits) in [("interval", 40), ("meter", 8)] {
			for bit in 0..bits {
				// Where another row is already, SQLite refuses.
				let target = interval ^ 1u32.checked_shl(bit).unwrap_or(0);
				let taken = (FIRST..FIRST + COUNT).contains(&target);
				if column == "interval" && (taken && bit < 32) {
					continue;
				}
				site.flip("readings", column, interval, bit, || {
					let findings = site.findings();
					assert!(
						findings.contains(&(at(interval), Kind::Missing)),
						"{column}, bit {bit} of {interval}: {findings:?}"
					);
				});
			}
		}
	}
	site.flip("readings", "meter", FIRST + 5, 3, || {
		assert_eq!(site.open().orphans().expect("read"), [(site.row ^ 8, i64::from(FIRST + 5))]);
	});
}

#[test]
fn changed_fate_of_a_reading_is_found_and_named() {
	let site = Site::with(COUNT);
	for interval in PLACES {
		for bit in 0..6 {
			site.flip("readings", "state", interval, bit, || {
				assert_eq!(site.findings(), [(at(interval), Kind::State)], "bit {bit}");
			});
		}
		site.tamper("UPDATE readings SET reason = 'TooOld' WHERE interval = ?1", [interval]);
		assert_eq!(site.findings(), [(at(interval), Kind::State)]);
		site.tamper("UPDATE readings SET reason = NULL WHERE interval = ?1", [interval]);
	}
}

#[test]
fn missing_reading_is_named() {
	for interval in PLACES {
		let site = Site::with(COUNT);
		site.tamper("DELETE FROM readings WHERE interval = ?1", [interval]);
		assert_eq!(site.findings(), [(at(interval), Kind::Missing)]);
	}
	// Together with its hash: the next one shows it, and at the end the chain does.
	let site = Site::with(COUNT);
	for table in ["readings", "history"] {
		site.tamper(&format!("DELETE FROM {table} WHERE interval = ?1"), [FIRST + 5]);
	}
	assert_eq!(site.findings(), [(at(FIRST + 6), Kind::Missing)]);
	let site = Site::with(COUNT);
	for table in ["readings", "history"] {
		site.tamper(&format!("DELETE FROM {table} WHERE interval >= ?1"), [FIRST + 10]);
	}
	let proof = site.prove(Range::default());
	assert_eq!(proof.findings.len(), 1);
	assert!(
		proof.findings[0].why.contains("after interval 1980009 that are not kept"),
		"{:?}",
		proof.findings
	);
}

#[test]
fn added_reading_is_named() {
	for signed in [true, false] {
		let mut site = Site::with(3);
		let added = FIRST + 3;
		let forged = site.reading(added);
		let after = site.reading(FIRST + 4);
		site.accept(&[after]);
		let signature = if signed { site.sign(&forged) } else { [9; 64] };
		site.tamper(
			"INSERT INTO readings (meter, interval, epoch, register, quality, signature, state)
			 VALUES (?1, ?2, ?3, ?4, 0, ?5, 2)",
			params![site.row, added, forged.epoch, forged.register as i64, signature.as_slice()],
		);
		assert_eq!(site.findings(), [(at(added), Kind::Added)], "signed: {signed}");
		// One that is not kept as accepted is no claim that it was.
		site.tamper("UPDATE readings SET state = 3 WHERE interval = ?1", [added]);
		assert_eq!(site.findings(), []);
	}
}

#[test]
fn hash_that_is_not_kept_is_named_and_made_up_for() {
	let site = Site::with(COUNT);
	site.tamper("DELETE FROM history WHERE interval = ?1", [FIRST + 5]);
	assert_eq!(site.findings(), [(at(FIRST + 5), Kind::Hash)]);
	site.tamper("DELETE FROM history WHERE interval > ?1", [FIRST]);
	let findings = site.findings();
	assert_eq!(findings.len(), 11);
	assert!(findings.iter().all(|(_, kind)| *kind == Kind::Hash), "{findings:?}");
}

#[test]
fn two_changes_are_both_named() {
	let site = Site::with(COUNT);
	for interval in [FIRST + 3, FIRST + 4, FIRST + 9] {
		site.tamper("UPDATE readings SET register = register + 1 WHERE interval = ?1", [interval]);
	}
	let changed = |step| (at(FIRST + step), Kind::Changed);
	assert_eq!(site.findings(), [changed(3), changed(4), changed(9)]);
}

/// Makes all kept hashes anew, as a forger would.
fn forge_hashes(site: &Site) {
	let mut history = [0; 32];
	for reading in &site.readings {
		history = MeterState::extend(&history, reading);
		site.tamper(
			"UPDATE history SET hash = ?2 WHERE interval = ?1",
			params![reading.interval, history.as_slice()],
		);
	}
}

#[test]
fn forger_who_makes_all_hashes_anew_is_given_away_by_the_signature() {
	let mut site = Site::with(COUNT);
	let state = site.history;
	site.readings[5].register += 1;
	site.tamper("UPDATE readings SET register = register + 1 WHERE interval = ?1", [FIRST + 5]);
	forge_hashes(&site);
	site.history = state;
	assert_eq!(site.findings(), [(at(FIRST + 5), Kind::Changed), (None, Kind::End)]);
}

#[test]
fn forger_who_has_the_key_is_given_away_by_the_chain() {
	let mut site = Site::with(COUNT);
	let state = site.history;
	site.readings[5].register += 1;
	let signature = site.sign(&site.readings[5]);
	site.tamper(
		"UPDATE readings SET register = register + 1, signature = ?2 WHERE interval = ?1",
		params![FIRST + 5, signature.as_slice()],
	);
	forge_hashes(&site);
	site.history = state;
	let proof = site.prove(Range::default());
	assert_eq!(proof.findings.len(), 1);
	assert_eq!(proof.findings[0].kind, Kind::End);
	assert!(proof.findings[0].why.contains("had the meter's key"), "{:?}", proof.findings);
}

#[test]
fn chain_without_the_meter_proves_nothing() {
	let mut site = Site::with(3);
	site.readings.clear();
	let proof = site.prove(Range::default());
	assert_eq!(proof.findings.len(), 0);
	assert_eq!(proof.readings, 0);
	// What is kept as accepted and is ahead of the chain is asked for again, at a newer block.
	let spool = Spool::open_read_only(&site.path()).expect("opens");
	let meters = chosen(spool.history_meters().expect("read"), &[]).expect("a meter");
	let kept = Kept::load(&spool, METER, &meters[&METER], None).expect("loaded");
	assert_eq!(kept.ahead_of(None), Some(FIRST + 2));
	assert_eq!(kept.ahead_of(Some(FIRST + 1)), Some(FIRST + 2));
	assert_eq!(kept.ahead_of(Some(FIRST + 2)), None);
}

#[test]
fn spool_that_is_newer_than_the_meter_begins_with_the_hash_of_the_chain() {
	let mut site = Site::new();
	// Another spool had these.
	site.readings = vec![site.reading(FIRST)];
	site.history = MeterState::extend(&[0; 32], &site.readings[0]);
	site.settle(&[]);
	for step in 1..4 {
		site.accept(&[site.reading(FIRST + step)]);
	}
	let proof = site.prove(Range::default());
	assert_eq!((proof.findings, proof.readings), (vec![], 3));
	// And then another one had some in between.
	let foreign = site.reading(FIRST + 5);
	site.readings.push(foreign);
	site.history = MeterState::extend(&site.history, &foreign);
	site.settle(&[]);
	site.accept(&[site.reading(FIRST + 6)]);
	assert_eq!(site.findings(), [(at(FIRST + 5), Kind::Hole)]);
	let range = Range { from: Some(FIRST + 6), to: None };
	assert_eq!(site.prove(range).findings, []);
}

#[test]
fn batch_is_proven_reading_by_reading() {
	let mut site = Site::with(2);
	let batch: Vec<_> = (2..9).map(|step| site.reading(FIRST + step)).collect();
	site.accept(&batch);
	assert_eq!(site.findings(), []);
	// In the midst of a batch no block is known whose state had that hash.
	let range = |to| Range { from: None, to: Some(FIRST + to) };
	assert_eq!(site.prove(range(5)).block, None);
	assert_eq!(site.prove(range(8)).block, Some(108));
	site.tamper("UPDATE readings SET register = 1 WHERE interval = ?1", [FIRST + 5]);
	assert_eq!(site.findings(), [(at(FIRST + 5), Kind::Changed)]);
}

#[test]
fn readings_of_which_the_agent_does_not_know_yet_are_proven_by_the_chain() {
	let mut site = Site::with(3);
	let sent: Vec<_> = (3..6).map(|step| site.reading(FIRST + step)).collect();
	site.put(&sent);
	// Not accepted yet: no claim.
	assert_eq!(site.findings(), []);
	// The chain accepted the first and the last of them, and the agent was ended before it saw that.
	for reading in [sent[0], sent[2]] {
		site.history = MeterState::extend(&site.history, &reading);
		site.readings.push(reading);
	}
	let proof = site.prove(Range::default());
	assert_eq!((proof.findings, proof.readings), (vec![], 5));
	// It accepted something else.
	site.history = [9; 32];
	let proof = site.prove(Range::default());
	assert_eq!(proof.findings.len(), 1);
	assert!(proof.findings[0].why.contains("is not settled"), "{:?}", proof.findings);
}

#[test]
fn readings_are_proven_across_a_rotation_of_the_key() {
	let mut site = Site::with(3);
	let new = SigningKey::from_seed(Scheme::Sr25519, &[2; 32]);
	site.open()
		.adopt_key(site.row, &new.public(), &new.public_bytes(), |_| panic!("nothing is open"))
		.expect("adopted");
	site.keys.push(new);
	for step in 3..6 {
		site.accept(&[site.reading(FIRST + step)]);
	}
	assert_eq!(site.findings(), []);
	let spool = Spool::open_read_only(&site.path()).expect("opens");
	let meters = spool.history_meters().expect("read");
	assert_eq!(meters.len(), 1);
	let keys: Vec<_> = site.keys.iter().map(SigningKey::public).collect();
	assert!(keys.iter().all(|key| meters[0].keys.contains(key)));
	assert_eq!(meters[0].public_key, site.keys[1].public_bytes());
}

#[test]
fn history_goes_on_in_another_row_when_a_lost_key_was_replaced() {
	let mut site = Site::with(3);
	let new = SigningKey::from_seed(Scheme::Sr25519, &[2; 32]);
	let mut spool = site.open();
	let row = spool.meter("roof/import_energy", &new.public_bytes()).expect("made").id;
	let pin = MeterPin { meter: METER, miner: 1, nameplate: 5_000 };
	spool.pin_meter(row, pin, None, |_| panic!("nothing to sign")).expect("pinned");
	drop(spool);
	site.keys.push(new);
	site.row = row;
	site.settle(&[]);
	for step in 3..6 {
		site.accept(&[site.reading(FIRST + step)]);
	}
	let proof = site.prove(Range::default());
	assert_eq!((proof.findings, proof.readings), (vec![], 6));
}

#[test]
fn keys_are_those_that_the_chain_has_known() {
	let key = |seed| SigningKey::from_seed(Scheme::Ed25519, &[seed; 32]).public();
	let kept = [key(1), key(2), key(3), key(4)];
	let uses =
		[Some(KeyUse::Former(METER)), Some(KeyUse::Meter(METER)), Some(KeyUse::Meter(9)), None];
	let (keys, wrong) = known_keys(METER, Some(key(2)), &kept, &uses);
	assert_eq!(keys, [key(2), key(1)]);
	assert_eq!(wrong.len(), 2);
	assert!(wrong[0].why.contains("Meter(9)"), "{wrong:?}");
	// What signs today is enough for a spool that wrote none down.
	let registration = Registration { miner: 1, key: Some(key(1)), nameplate: 1, retired: true };
	assert_eq!(known_keys(METER, registration.key, &[], &[]).0, [key(1)]);
}

/// Makes a spool of the layout before the hashes were kept.
fn age(site: &Site) {
	let connection = Connection::open(site.path()).expect("opens");
	connection
		.execute_batch("DROP TABLE history; DROP TABLE keys; PRAGMA user_version = 1")
		.expect("done");
}

#[test]
fn older_spool_is_brought_up_to_date() {
	let site = Site::with(COUNT);
	age(&site);
	let error = Spool::open_read_only(&site.path()).expect_err("too old").to_string();
	assert!(error.contains("heliograph-agent run"), "{error}");
	drop(site.open());
	assert_eq!(site.findings(), []);
	let mut site = site;
	site.accept(&[site.reading(FIRST + COUNT)]);
	assert_eq!(site.findings(), []);
}

#[test]
fn older_spool_that_does_not_reach_back_is_proven_from_where_it_was_brought_up_to_date() {
	let mut site = Site::new();
	site.readings = vec![site.reading(FIRST)];
	site.history = MeterState::extend(&[0; 32], &site.readings[0]);
	site.settle(&[]);
	for step in 1..4 {
		site.accept(&[site.reading(FIRST + step)]);
	}
	age(&site);
	drop(site.open());
	for step in 4..6 {
		site.accept(&[site.reading(FIRST + step)]);
	}
	let proof = site.prove(Range::default());
	assert_eq!(proof.readings, 2);
	assert_eq!(proof.findings.len(), 1);
	assert_eq!(proof.findings[0].kind, Kind::Unprovable);
	assert!(proof.findings[0].why.contains("--from 1980004"), "{:?}", proof.findings);
	let proof = site.prove(Range { from: Some(FIRST + 4), to: None });
	assert_eq!((proof.findings, proof.readings), (vec![], 2));
}

#[test]
fn range_is_the_days_and_intervals_that_are_named() {
	let parse = |arguments: &[&str]| {
		#[derive(clap::Parser)]
		struct Line {
			#[command(flatten)]
			prove: ProveArgs,
		}
		let line = <Line as clap::Parser>::try_parse_from([&["prove"], arguments].concat());
		Range::new(&line.map_err(anyhow::Error::from)?.prove, 900_000)
	};
	assert_eq!(parse(&[]).expect("all"), Range::default());
	let october = parse(&["--month", "2026-10"]).expect("a month");
	let (from, to) = (october.from.expect("bounded"), october.to.expect("bounded"));
	assert_eq!(to - from + 1, 31 * 96);
	assert_eq!(parse(&["--from", "2026-10-01", "--to", "2026-10-31"]).expect("days"), october);
	let intervals = parse(&["--from", "5", "--to", "5"]).expect("intervals");
	assert_eq!(intervals, Range { from: Some(5), to: Some(5) });
	for wrong in [
		&["--from", "6", "--to", "5"][..],
		&["--month", "2026-13"],
		&["--month", "2026-10", "--to", "5"],
	] {
		assert!(parse(wrong).is_err(), "{wrong:?}");
	}
}

fn report(meters: Vec<Proof>) -> Report {
	Report {
		url: "ws://node".into(),
		genesis: format!("0x{}", hex::encode(GENESIS)),
		block: 500,
		block_hash: "0x00".into(),
		interval_millis: 900_000,
		meters,
		findings: Vec::new(),
	}
}

fn exported(site: &Site, range: Range) -> String {
	let mut text = Vec::new();
	file::write(&mut text, &report(vec![site.prove(range)])).expect("written");
	String::from_utf8(text).expect("text")
}

fn read(name: &str, text: &str) -> anyhow::Result<file::History> {
	file::read(name, Cursor::new(text))
}

/// What is wrong with files by themselves.
fn wrong_in(site: &Site, files: &[file::History]) -> Vec<(Option<i64>, Kind)> {
	let keys = site.on_chain().keys;
	let mut findings = Vec::new();
	for mut joined in file::join(files).into_values() {
		for section in &joined.sections {
			findings.extend(section.prove(&GENESIS, &keys, |_| ()).findings);
		}
		findings.append(&mut joined.findings);
	}
	findings.iter().map(|finding| (finding.interval, finding.kind)).collect()
}

#[test]
fn exported_file_is_proven_without_the_spool() {
	let site = Site::with(COUNT);
	let text = exported(&site, Range::default());
	assert_eq!(text.lines().count(), 12 + 3);
	assert!(text.starts_with("{\"heliograph\":\"history/v1\",\"genesis\":\"0x0707"), "{text}");
	assert!(text.contains("{\"meter\":4,\"keys\":[{\"ed25519\":\"0x"), "{text}");
	assert_eq!(wrong_in(&site, &[read("f", &text).expect("read")]), []);
}

#[test]
fn months_that_were_exported_one_by_one_are_put_together() {
	let site = Site::with(COUNT);
	let part = |from, to| {
		let range = Range { from: Some(FIRST + from), to: Some(FIRST + to) };
		read(&format!("{from}"), &exported(&site, range)).expect("read")
	};
	// In any order.
	assert_eq!(wrong_in(&site, &[part(8, 11), part(0, 3), part(4, 7)]), []);
	assert_eq!(wrong_in(&site, &[part(0, 3), part(5, 11)]), [(at(FIRST + 5), Kind::Hole)]);
	assert_eq!(wrong_in(&site, &[part(0, 4), part(4, 11)]), [(at(FIRST + 4), Kind::Hole)]);
}

#[test]
fn missing_added_and_moved_lines_of_a_file_are_found() {
	let site = Site::with(6);
	let text = exported(&site, Range::default());
	let lines: Vec<_> = text.lines().collect();
	let look = |lines: Vec<&str>| match read("f", &lines.join("\n")) {
		Err(error) => Err(error.to_string()),
		Ok(history) => Ok(wrong_in(&site, &[history])),
	};
	let mut without = lines.clone();
	without.remove(4);
	let found = look(without).expect("read");
	assert!(found.contains(&(at(FIRST + 3), Kind::Missing)), "{found:?}");
	let mut moved = lines.clone();
	moved.swap(3, 4);
	assert!(!look(moved).expect("read").is_empty());
	let mut doubled = lines.clone();
	doubled.insert(4, lines[4]);
	assert!(!look(doubled).expect("read").is_empty());
	assert!(look(lines[..5].to_vec()).expect_err("cut").contains("ends in the midst of meter 4"));
	assert!(look(lines[1..].to_vec()).expect_err("no head").contains("line 1"));
	let headless = [&lines[..1], &lines[2..]].concat();
	assert!(look(headless).expect_err("no meter").contains("line 2"));
}

#[test]
fn flipped_bit_anywhere_in_a_file_is_found() {
	let site = Site::with(3);
	let text = exported(&site, Range::default());
	let whole = read("f", &text).expect("read");
	let end_of_end = text.rfind("\"block\":").expect("there");
	for place in 0..text.len() {
		let mut bytes = text.clone().into_bytes();
		bytes[place] ^= 1;
		let Ok(flipped) = String::from_utf8(bytes) else { continue };
		let Ok(history) = read("f", &flipped) else { continue };
		// These are compared with the chain: what it is, the keys that it has known, its hash at the block that is named.
		if !whole.is_same_but_for_readings(&history) || place > end_of_end {
			continue;
		}
		assert!(!wrong_in(&site, &[history]).is_empty(), "byte {place} of\n{flipped}");
	}
}
