use super::*;
use crate::{
	config,
	keys::{self, Scheme},
	spool::MeterPin,
};
use heliograph_primitives::{units::Interval, Quality};
use proptest::prelude::*;
use tempfile::{tempdir, TempDir};

const INTERVAL: u64 = 3_000;
const GENESIS: [u8; 32] = [7; 32];
const PIN: MeterPin = MeterPin { meter: 4, miner: 1, nameplate: 5_000 };
/// The beginning of an interval.
const START: u64 = 1_800_000_000_000;

fn folder() -> TempDir {
	let folder = tempdir().expect("a folder");
	let text = r#"
[agent]
spool = "spool.db"
poll = "250ms"
[chain]
url = "ws://127.0.0.1:9944"
operator_key = "operator.key"
[[device]]
name = "roof"
profile = "eastron-sdm120"
link = "tcp:127.0.0.1:5020"
unit = 2
[[device.meter]]
point = "import_energy"
flow = "generation"
nameplate_w = 5000
key = "roof.key"
"#;
	std::fs::write(folder.path().join("agent.toml"), text).expect("written");
	keys::generate(&folder.path().join("operator.key"), Scheme::Sr25519, Some("//Alice"))
		.expect("made");
	keys::generate(&folder.path().join("roof.key"), Scheme::Ed25519, None).expect("made");
	folder
}

fn site(folder: &TempDir) -> Arc<Site> {
	let config = config::load(&folder.path().join("agent.toml")).expect("a good configuration");
	Arc::new(Site::open(config).expect("opens"))
}

/// Tells the site what it would learn from the chain.
fn admit(site: &Site) {
	let row = site.meters[0].row;
	site.spool(|spool| {
		if spool.genesis().expect("read").is_none() {
			spool.pin_chain(&GENESIS, INTERVAL).expect("pinned");
		}
		spool.pin_meter(row, PIN, None, |_| panic!("nothing to sign again")).expect("pinned");
	});
	site.pins.send_modify(|pins| {
		pins.chain = Some(ChainPin { genesis: GENESIS, interval_millis: INTERVAL });
		pins.meters[0] = Some(PIN);
	});
}

/// A sample `millis` after the start, of a plant that runs at 3 kW on the chain's time scale: 250 mWh a millisecond.
fn sample(millis: u64) -> Sample {
	Sample {
		meter: "roof/import_energy".into(),
		taken_at: START + millis,
		since_start: Duration::from_millis(millis),
		register: Ok(5_000_000 + 250 * millis),
		power: Some(3_000.0),
		serial: None,
	}
}

fn feed(collector: &mut Collector, samples: &[Sample]) {
	let batch = collector.observe(samples);
	let kept = collector.site.clone().spool(|spool| spool.keep(&batch)).expect("kept");
	let made = collector.push(&kept);
	collector.put(&made).expect("kept");
}

fn readings(site: &Site) -> Vec<StoredReading> {
	site.spool(|spool| spool.open_until(site.meters[0].row, Interval::MAX)).expect("read")
}

fn said(site: &Site) -> Vec<(Interval, u64, Quality)> {
	readings(site)
		.iter()
		.map(|reading| (reading.interval, reading.register, reading.quality))
		.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn samples_become_signed_readings_that_the_chain_can_verify() {
	let folder = folder();
	let site = site(&folder);
	admit(&site);
	let mut collector = Collector::new(site.clone()).expect("starts");
	for millis in (0..9_100).step_by(250) {
		feed(&mut collector, &[sample(millis)]);
	}
	let first = (START / INTERVAL) as Interval;
	assert_eq!(
		said(&site),
		[
			(first, 5_000_000 + 250 * 2_750, Quality::Measured),
			(first + 1, 5_000_000 + 250 * 5_750, Quality::Measured),
			(first + 2, 5_000_000 + 250 * 8_750, Quality::Measured),
		]
	);
	for stored in readings(&site) {
		let payload = stored.reading(PIN.meter).signing_payload(&GENESIS);
		assert!(site.meters[0].public().verify(&stored.signature, &payload));
	}
	let line = &site.board.report().meters[0];
	assert_eq!((line.pending, line.power_w, line.up), (3, Some(3_000.0), true));
	assert_eq!(line.measured_mwh, 250 * (9_000 - 2_750));
}

#[tokio::test(flavor = "multi_thread")]
async fn readings_are_made_afterwards_when_the_meter_is_admitted_later() {
	let folder = folder();
	let early = site(&folder);
	let mut collector = Collector::new(early.clone()).expect("starts");
	for millis in (0..12_100).step_by(250) {
		// Before the chain was seen its pace is not known: most of these are faster than the nameplate allows.
		feed(&mut collector, &[sample(millis)]);
	}
	assert_eq!(said(&early), []);
	admit(&early);
	let pins = early.pins.borrow().clone();
	collector.adopt(pins).expect("caught up");
	for millis in (12_250..15_100).step_by(250) {
		feed(&mut collector, &[sample(millis)]);
	}
	let first = (START / INTERVAL) as Interval;
	let intervals: Vec<_> = said(&early).iter().map(|(interval, ..)| *interval).collect();
	assert_eq!(intervals, [first, first + 4]);
	let gap = early.spool(|spool| spool.last_events(20)).expect("read");
	assert!(gap.iter().any(|event| event.kind == "gap"), "{gap:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_written_down_once_and_ends_the_up_state() {
	let folder = folder();
	let site = site(&folder);
	admit(&site);
	let mut collector = Collector::new(site.clone()).expect("starts");
	feed(&mut collector, &[sample(0)]);
	for millis in (250..2_000).step_by(250) {
		let silent = Sample {
			register: Err(Missing::Unreachable("timeout".into())),
			power: None,
			..sample(millis)
		};
		feed(&mut collector, &[silent]);
	}
	let line = site.board.report().meters[0].clone();
	assert!(!line.up);
	assert!(line.state.contains("timeout"), "{}", line.state);
	assert_eq!((line.power_w, line.register_mwh), (None, Some(5_000_000)));
	feed(&mut collector, &[sample(2_000)]);
	assert!(site.board.report().meters[0].up);
	let kinds: Vec<_> = site
		.spool(|spool| spool.last_events(20))
		.expect("read")
		.into_iter()
		.map(|e| e.kind)
		.collect();
	assert_eq!(kinds, ["back", "unreachable"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn collector_closes_an_interval_by_the_clock_and_ends_with_its_drivers() {
	let folder = folder();
	let site = site(&folder);
	admit(&site);
	let (sender, samples) = mpsc::channel(16);
	let collector = Collector::new(site.clone()).expect("starts");
	let running = tokio::spawn(collector.run(samples, site.pins.subscribe()));
	let now = now_millis();
	let last = Sample { taken_at: now, since_start: Duration::ZERO, ..sample(0) };
	sender.send(last).await.expect("somebody listens");
	let rang = tokio::time::timeout(Duration::from_secs(10), site.fresh.notified()).await;
	rang.expect("the reading is made without another sample");
	assert_eq!(said(&site).len(), 1);
	drop(sender);
	running.await.expect("no panic");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_key_signs_only_after_the_chain_has_taken_it_over() {
	let folder = folder();
	let old = site(&folder).meters[0].public();
	let (_, new) =
		keys::generate_next(&folder.path().join("roof.key"), Scheme::Sr25519).expect("made");
	// It lies there, and the chain knows nothing of it; a restart changes nothing.
	let agent = site(&folder);
	assert_eq!(agent.meters[0].public(), old);
	admit(&agent);
	let mut collector = Collector::new(agent.clone()).expect("starts");
	for millis in (0..3_100).step_by(250) {
		feed(&mut collector, &[sample(millis)]);
	}
	let verifies = |site: &Site, key: &heliograph_primitives::MeterKey| {
		let stored = readings(site);
		assert!(!stored.is_empty());
		stored.iter().all(|stored| {
			let payload = stored.reading(PIN.meter).signing_payload(&GENESIS);
			key.verify(&stored.signature, &payload)
		})
	};
	assert!(verifies(&agent, &old));
	// The chain has finalised the rotation: what is open is signed again, and what comes is signed with the new key.
	let row = agent.meters[0].row;
	agent.spool(|spool| {
		let payload = |stored: &StoredReading| stored.reading(PIN.meter).signing_payload(&GENESIS);
		spool
			.adopt_key(row, &new.public(), &new.public_bytes(), |stored| new.sign(&payload(stored)))
			.expect("adopted");
		agent.meters[0].use_key(new.clone());
	});
	for millis in (3_250..6_100).step_by(250) {
		feed(&mut collector, &[sample(millis)]);
	}
	assert_eq!(readings(&agent).len(), 2);
	assert!(verifies(&agent, &new.public()));
	// Killed and started again.
	drop((collector, agent));
	let agent = site(&folder);
	assert_eq!((agent.meters[0].public(), agent.meters[0].row), (new.public(), row));
	assert_eq!(readings(&agent).len(), 2);
}

/// What happens to an agent.
#[derive(Clone, Debug)]
enum Step {
	Sample(u64),
	Close,
	/// kill -9 after a sample was committed, before its reading; or between two samples.
	Kill {
		sample: Option<u64>,
	},
}

fn step() -> impl Strategy<Value = Step> {
	prop_oneof![
		6 => (1u64..2_500).prop_map(Step::Sample),
		2 => Just(Step::Close),
		1 => prop::option::of(1u64..2_500).prop_map(|sample| Step::Kill { sample }),
	]
}

async fn live(steps: &[Step], with_kills: bool) -> Vec<(Interval, u64, Quality)> {
	let folder = folder();
	let mut millis = 0;
	let mut agent = site(&folder);
	admit(&agent);
	let mut collector = Collector::new(agent.clone()).expect("starts");
	for step in steps {
		match step {
			Step::Sample(pause) => {
				millis += pause;
				feed(&mut collector, &[sample(millis)]);
			}
			Step::Close => collector.close(START + millis).await,
			Step::Kill { sample: in_the_middle } => {
				if let Some(pause) = in_the_middle {
					millis += pause;
					if with_kills {
						let batch = collector.observe(&[sample(millis)]);
						collector.site.spool(|spool| spool.keep(&batch)).expect("kept");
					} else {
						feed(&mut collector, &[sample(millis)]);
					}
				}
				if with_kills {
					drop(collector);
					drop(agent);
					agent = site(&folder);
					collector = Collector::new(agent.clone()).expect("starts again");
				}
			}
		}
	}
	collector.close(u64::MAX).await;
	said(&agent)
}

proptest! {
	#![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

	#[test]
	fn spool_holds_the_same_readings_when_the_agent_is_killed(steps in prop::collection::vec(step(), 1..40)) {
		let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
		let (killed, unharmed) = runtime.block_on(async { (live(&steps, true).await, live(&steps, false).await) });
		prop_assert_eq!(&killed, &unharmed);
		for pair in killed.windows(2) {
			prop_assert!(pair[0].0 < pair[1].0);
		}
	}
}
