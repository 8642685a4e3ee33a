use super::*;
use crate::{
	interval::Draft,
	keys::{Scheme, SigningKey},
};
use heliograph_primitives::Reading;
use tempfile::{tempdir, TempDir};

fn spool() -> (TempDir, Spool, RowId) {
	let folder = tempdir().expect("a folder");
	let mut spool = Spool::open(&folder.path().join("spool.db")).expect("opens");
	let meter = spool.meter("roof/import_energy", &[1; 32]).expect("a meter").id;
	(folder, spool, meter)
}

fn reopen(folder: &TempDir, spool: Spool) -> Spool {
	drop(spool);
	Spool::open(&folder.path().join("spool.db")).expect("opens again")
}

fn sample(meter: RowId, taken_at: u64, register: u64) -> NewSample {
	NewSample { meter, taken_at, epoch: 0, register, power: Some(1.5) }
}

fn keep(spool: &mut Spool, samples: &[NewSample]) -> Vec<(RowId, Kept)> {
	spool.keep(&Batch { samples: samples.to_vec(), ..Batch::default() }).expect("kept")
}

fn reading(meter: RowId, interval: Interval, epoch: u16, register: u64) -> NewReading {
	let sample = Kept { seq: u64::from(interval), taken_at: 0, epoch, register };
	let draft = Draft { interval, epoch, register, quality: Quality::Measured, sample };
	NewReading { meter, draft, signature: [interval as u8; 64] }
}

fn outcome(meter: RowId, interval: Interval, state: ReadingState) -> Outcome {
	Outcome { meter, interval, state, reason: None, history: None }
}

#[test]
fn samples_come_back_in_order_after_a_restart() {
	let (folder, mut spool, meter) = spool();
	let other = spool.meter("grid/export_energy", &[2; 32]).expect("a meter").id;
	let kept =
		keep(&mut spool, &[sample(meter, 10, 1), sample(other, 11, 5), sample(meter, 9, u64::MAX)]);
	assert_eq!(
		kept.iter().map(|(meter, kept)| (*meter, kept.seq)).collect::<Vec<_>>(),
		[(meter, 1), (other, 1), (meter, 2)]
	);
	let mut spool = reopen(&folder, spool);
	let third = keep(&mut spool, &[sample(meter, 12, 3)]);
	assert_eq!(third[0].1.seq, 3);
	let back = spool.samples_after(meter, 0, 10).expect("read");
	assert_eq!(
		back.iter().map(|kept| (kept.taken_at, kept.register)).collect::<Vec<_>>(),
		[(10, 1), (9, u64::MAX), (12, 3)]
	);
	assert_eq!(spool.samples_after(meter, 2, 10).expect("read").len(), 1);
	assert_eq!(spool.last_sample(meter).expect("read").map(|sample| sample.register), Some(3));
}

#[test]
fn file_is_in_write_ahead_mode_with_full_synchronisation() {
	let (_folder, spool, _) = spool();
	let pragma =
		|name| spool.connection.pragma_query_value(None, name, |row| row.get::<_, String>(0));
	assert_eq!(pragma("journal_mode").expect("read"), "wal");
	let synchronous: i64 =
		spool.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).expect("read");
	assert_eq!(synchronous, 2, "2 is FULL");
}

#[test]
fn spool_is_refused_when_another_agent_has_it() {
	let (folder, first, _) = spool();
	let path = folder.path().join("spool.db");
	assert!(matches!(Spool::open(&path), Err(SpoolError::InUse(_))));
	Spool::open_read_only(&path).expect("looking is allowed");
	assert!(Spool::is_in_use(&path));
	drop(first);
	assert!(!Spool::is_in_use(&path));
}

#[test]
fn spool_of_a_newer_version_is_refused() {
	let (folder, spool, _) = spool();
	spool.connection.pragma_update(None, "user_version", SCHEMA_VERSION + 1).expect("set");
	drop(spool);
	let path = folder.path().join("spool.db");
	assert!(matches!(Spool::open(&path), Err(SpoolError::Newer { found: 3, .. })));
	assert!(matches!(Spool::open_read_only(&path), Err(SpoolError::Newer { found: 3, .. })));
}

#[test]
fn reading_is_refused_when_it_is_not_newer_than_the_last() {
	let (folder, mut spool, meter) = spool();
	spool.put_readings(&[reading(meter, 5, 0, 100)], &[]).expect("kept");
	for interval in [5, 4] {
		// The whole batch is refused: nothing of it must be half there.
		let batch = [reading(meter, interval, 0, 200), reading(meter, 9, 0, 300)];
		assert!(matches!(
			spool.put_readings(&batch, &[]),
			Err(SpoolError::NotNewer { last: 5, .. })
		));
	}
	let spool = reopen(&folder, spool);
	assert_eq!(spool.open_readings(&[meter], 100, 10).expect("read").len(), 1);
	let row = spool.find_meter("roof/import_energy", &[1; 32]).expect("read").expect("there");
	assert_eq!(row.cursor, 5);
	assert_eq!(row.last, Some(Last { interval: 5, epoch: 0, origin: Origin::Counter(0) }));
}

#[test]
fn open_readings_are_the_oldest_of_the_meters_asked_for() {
	let (_folder, mut spool, meter) = spool();
	let other = spool.meter("other", &[2; 32]).expect("a meter").id;
	let batch: Vec<_> = (1..=4)
		.flat_map(|i| [reading(meter, i, 0, i.into()), reading(other, i, 0, i.into())])
		.collect();
	spool.put_readings(&batch, &[]).expect("kept");
	let list = |meters: &[RowId], before, limit| {
		let readings = spool.open_readings(meters, before, limit).expect("read");
		readings.iter().map(|reading| (reading.interval, reading.meter)).collect::<Vec<_>>()
	};
	assert_eq!(list(&[meter, other], 4, 3), [(1, meter), (1, other), (2, meter)]);
	assert_eq!(list(&[other], 4, 9), [(1, other), (2, other), (3, other)]);
	assert_eq!(list(&[], 4, 9), []);
	assert_eq!(spool.oldest_open().expect("read"), Some(1));
}

#[test]
fn settled_reading_is_never_settled_again() {
	let (folder, mut spool, meter) = spool();
	spool.put_readings(&[reading(meter, 1, 0, 10), reading(meter, 2, 0, 20)], &[]).expect("kept");
	spool.settle(&[outcome(meter, 1, ReadingState::Sent)], &[], &[]).expect("settled");
	assert!(spool.any_sent().expect("read"));
	let settled = Settled { interval: 1, history: [3; 32] };
	let checkpoint = Checkpoint { meter, settled, block: 12 };
	spool
		.settle(&[outcome(meter, 1, ReadingState::Attested)], &[checkpoint], &[])
		.expect("settled");
	spool.settle(&[outcome(meter, 1, ReadingState::Refused)], &[], &[]).expect("settled");
	let spool = reopen(&folder, spool);
	let counts = spool.counts(meter).expect("read");
	assert_eq!(counts.get(&ReadingState::Attested), Some(&1));
	assert_eq!(counts.get(&ReadingState::Pending), Some(&1));
	assert_eq!(counts.get(&ReadingState::Refused), None);
	let row = spool.find_meter("roof/import_energy", &[1; 32]).expect("read").expect("there");
	assert_eq!(row.settled, Some(settled));
	assert!(!spool.any_sent().expect("read"));
}

#[test]
fn meter_with_another_key_is_another_meter() {
	let (_folder, mut spool, meter) = spool();
	assert_eq!(spool.meter("roof/import_energy", &[1; 32]).expect("found").id, meter);
	assert_ne!(spool.meter("roof/import_energy", &[9; 32]).expect("made").id, meter);
}

#[test]
fn chain_is_pinned_once() {
	let (folder, mut spool, _) = spool();
	assert_eq!(
		(spool.genesis().expect("read"), spool.interval_millis().expect("read")),
		(None, None)
	);
	spool.pin_chain(&[7; 32], 3_000).expect("pinned");
	assert!(spool.pin_chain(&[8; 32], 900_000).is_err());
	let spool = reopen(&folder, spool);
	assert_eq!(spool.genesis().expect("read"), Some([7; 32]));
	assert_eq!(spool.interval_millis().expect("read"), Some(3_000));
}

#[test]
fn open_readings_are_signed_again_when_the_chain_renumbers_the_meter() {
	let (_folder, mut spool, meter) = spool();
	let pin = MeterPin { meter: 4, miner: 1, nameplate: 5_000 };
	spool.pin_meter(meter, pin, None, |_| panic!("nothing to sign")).expect("pinned");
	spool.put_readings(&[reading(meter, 1, 0, 10), reading(meter, 2, 0, 20)], &[]).expect("kept");
	spool.settle(&[outcome(meter, 1, ReadingState::Attested)], &[], &[]).expect("settled");
	spool.pin_meter(meter, pin, None, |_| panic!("nothing changed")).expect("pinned");
	spool.pin_meter(meter, MeterPin { meter: 5, ..pin }, None, |_| [0xaa; 64]).expect("pinned");
	let open = spool.open_until(meter, 9).expect("read");
	assert_eq!(open.len(), 1);
	assert_eq!((open[0].interval, open[0].signature), (2, [0xaa; 64]));
}

#[test]
fn last_reading_is_taken_from_the_chain_only_when_the_spool_has_none() {
	let (_folder, mut spool, meter) = spool();
	let pin = MeterPin { meter: 4, miner: 1, nameplate: 5_000 };
	let last = Last { interval: 7, epoch: 2, origin: Origin::Register(1_000) };
	spool.pin_meter(meter, pin, Some(last), |_| [0; 64]).expect("pinned");
	let row = |spool: &Spool| {
		spool.find_meter("roof/import_energy", &[1; 32]).expect("read").expect("there")
	};
	assert_eq!(row(&spool).last, Some(last));
	spool.put_readings(&[reading(meter, 9, 3, 10)], &[]).expect("kept");
	spool.pin_meter(meter, pin, Some(last), |_| [0; 64]).expect("pinned");
	assert_eq!(row(&spool).last.map(|last| last.interval), Some(9));
}

#[test]
fn signed_energy_adds_up_over_epochs() {
	let (_folder, mut spool, meter) = spool();
	assert_eq!(spool.signed(meter).expect("read").energy(500), 0);
	let batch = [
		reading(meter, 1, 0, 100),
		reading(meter, 2, 0, 150),
		reading(meter, 3, 1, 7),
		reading(meter, 4, 1, 10),
		reading(meter, 5, 2, 1),
	];
	spool.put_readings(&batch, &[]).expect("kept");
	let signed = spool.signed(meter).expect("read");
	assert_eq!(signed.energy(21), 50 + 3 + 20);
	// The same, counted as the readings come.
	let mut live = Signed::default();
	let mut last = None;
	for NewReading { draft, .. } in batch {
		live.add(draft.epoch, draft.register, last);
		last = Some(draft.register);
	}
	assert_eq!(live, signed);
}

#[test]
fn purge_takes_old_samples_that_are_in_readings() {
	let (folder, mut spool, meter) = spool();
	keep(&mut spool, &(1..=10).map(|i| sample(meter, i * 100, i)).collect::<Vec<_>>());
	// The cursor stands at sample 6.
	spool.put_readings(&[reading(meter, 6, 0, 6)], &[]).expect("kept");
	assert_eq!(spool.purge(301, 100).expect("purged"), 3);
	assert_eq!(spool.purge(u64::MAX / 4, 1).expect("purged"), 1);
	assert_eq!(spool.purge(u64::MAX / 4, 100).expect("purged"), 1);
	let left: Vec<_> =
		spool.samples_after(meter, 0, 100).expect("read").iter().map(|kept| kept.seq).collect();
	assert_eq!(left, [6, 7, 8, 9, 10]);
	// Numbers of samples are never used again.
	let mut spool = reopen(&folder, spool);
	assert_eq!(keep(&mut spool, &[sample(meter, 9_999, 11)])[0].1.seq, 11);
}

#[test]
fn hash_is_kept_with_the_reading_that_was_accepted() {
	let (folder, mut spool, meter) = spool();
	let readings: Vec<_> = (1..=3).map(|i| reading(meter, i, 0, i.into())).collect();
	spool.put_readings(&readings, &[]).expect("kept");
	let accepted = |interval: Interval| Outcome {
		history: Some([interval as u8; 32]),
		..outcome(meter, interval, ReadingState::Attested)
	};
	let checkpoint = |interval: Interval| Checkpoint {
		meter,
		settled: Settled { interval, history: [interval as u8; 32] },
		block: 70,
	};
	spool.settle(&[accepted(1), accepted(2)], &[checkpoint(2)], &[]).expect("settled");
	// Settled already: nothing is written twice.
	let again = Outcome { history: Some([9; 32]), ..accepted(1) };
	spool.settle(&[again], &[checkpoint(2)], &[]).expect("settled");
	// The chain went on by itself.
	spool.settle(&[], &[checkpoint(5)], &[]).expect("settled");
	let spool = reopen(&folder, spool);
	let link = |hash: u8, origin, block| Some(Ok(Link { hash: [hash; 32], origin, block }));
	let links: Vec<_> = spool
		.history(meter, 4, None)
		.expect("read")
		.into_iter()
		.map(|(interval, kept)| (interval, kept.link))
		.collect();
	assert_eq!(
		links,
		[
			(1, link(1, LinkOrigin::Reading, None)),
			(2, link(2, LinkOrigin::Reading, Some(70))),
			(3, None),
			(5, link(5, LinkOrigin::Chain, Some(70))),
		]
	);
	assert_eq!(spool.links_before(meter, 5).expect("read"), [(2, true), (1, true)]);
	assert_eq!(spool.links_before(meter, 9).expect("read"), [(5, false), (2, true)]);
	assert_eq!(spool.links_before(meter, 1).expect("read"), []);
}

#[test]
fn open_readings_are_signed_again_when_the_key_is_replaced() {
	let (folder, mut spool, meter) = spool();
	let batch: Vec<_> = (1..=3).map(|i| reading(meter, i, 0, i.into())).collect();
	spool.put_readings(&batch, &[]).expect("kept");
	let fates = [outcome(meter, 1, ReadingState::Attested), outcome(meter, 2, ReadingState::Sent)];
	spool.settle(&fates, &[], &[]).expect("settled");
	let new = SigningKey::from_seed(Scheme::Ed25519, &[2; 32]);
	let (key, bytes) = (new.public(), new.public_bytes());
	spool.adopt_key(meter, &key, &bytes, |_| [0xaa; 64]).expect("adopted");
	let spool = reopen(&folder, spool);
	let open = spool.open_until(meter, 9).expect("read");
	let open: Vec<_> =
		open.iter().map(|open| (open.interval, open.state, open.signature)).collect();
	let again = |interval| (interval, ReadingState::Pending, [0xaa; 64]);
	assert_eq!(open, [again(2), again(3)]);
	assert_eq!(spool.find_meter("roof/import_energy", &[1; 32]).expect("read"), None);
	let row = spool.find_meter("roof/import_energy", &bytes).expect("read").expect("there");
	assert_eq!(row.id, meter);
	assert_eq!(spool.history_meters().expect("read")[0].keys, [key]);
}

#[test]
fn key_that_another_row_has_is_adopted_all_the_same() {
	let (_folder, mut spool, meter) = spool();
	let new = SigningKey::from_seed(Scheme::Ed25519, &[2; 32]);
	let other = spool.meter("roof/import_energy", &new.public_bytes()).expect("made").id;
	spool.adopt_key(meter, &new.public(), &new.public_bytes(), |_| [0; 64]).expect("adopted");
	assert_eq!(
		spool.find_meter("roof/import_energy", &[1; 32]).expect("read").map(|row| row.id),
		Some(meter)
	);
	assert_ne!(other, meter);
}

#[test]
fn events_are_kept_with_what_they_are_about() {
	let (_folder, mut spool, meter) = spool();
	let event =
		|kind: &str| Event { at: 5, meter: Some(meter), kind: kind.into(), detail: "why".into() };
	spool.put_events(&[event("gap"), event("reset")]).expect("kept");
	let kinds: Vec<_> =
		spool.last_events(1).expect("read").into_iter().map(|event| event.kind).collect();
	assert_eq!(kinds, ["reset"]);
}

/// `cargo test --release -p heliograph-agent spool_rate -- --ignored --nocapture`
#[test]
#[ignore = "a measurement; its result depends on the machine"]
fn spool_rate() {
	let (_folder, mut spool, _) = spool();
	let key = SigningKey::from_seed(Scheme::Ed25519, &[1; 32]);
	let meters: Vec<_> = (0..1_000u32)
		.map(|i| spool.meter(&format!("meter {i}"), &i.to_be_bytes()).expect("a meter").id)
		.collect();
	let rounds = 20u32;
	let start = std::time::Instant::now();
	for interval in 1..=rounds {
		let batch: Vec<_> = meters
			.iter()
			.map(|meter| {
				let mut new = reading(*meter, interval, 0, u64::from(interval));
				let payload = Reading {
					meter: *meter as u32,
					epoch: 0,
					interval,
					register: new.draft.register,
					quality: Quality::Measured,
				}
				.signing_payload(&[0; 32]);
				new.signature = key.sign(&payload);
				new
			})
			.collect();
		spool.put_readings(&batch, &[]).expect("kept");
	}
	let rate = f64::from(rounds) * meters.len() as f64 / start.elapsed().as_secs_f64();
	println!("signed and kept {rate:.0} readings/s, 1,000 a commit");
	assert!(rate > 20_000.0, "{rate:.0} readings/s");
}
