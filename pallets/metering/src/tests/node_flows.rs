//! What meters send to their storage node, per interval.

use super::*;

const NODE: MinerId = 40;

/// The meters 0 and 1 send to node 40, meter 2 to none. All stood at zero at the end of `START - 10`.
fn with_node(test: impl FnOnce()) {
	build_and_execute(|| {
		for meter in [0, 1] {
			Registry::set_meter(meter, |info| info.node = Some(NODE));
		}
		for meter in 0..3 {
			submit(vec![signed(reading(meter, START - 10, 0))]);
		}
		test();
	});
}

fn inflow(interval: Interval) -> Option<(u64, u32)> {
	let inflow = <Metering as NodeInflows>::sent_to(NODE, interval)?;
	assert_eq!(inflow.interval, interval);
	Some((inflow.energy, inflow.meters))
}

#[test]
fn energy_of_a_node_is_the_sum_of_its_meters() {
	with_node(|| {
		let batch = [(0, 9, 100), (0, 8, 250), (1, 9, 1_000), (2, 9, 5_000)]
			.map(|(meter, ago, register)| signed(reading(meter, START - ago, register)));
		assert_eq!(submit(batch.to_vec()), vec![]);
		assert_eq!(inflow(START - 9), Some((1_100, 2)));
		assert_eq!(inflow(START - 8), Some((150, 1)));
		assert_eq!(inflow(START - 10), None);
		// Another batch adds to it.
		submit(vec![signed(reading(1, START - 8, 1_500))]);
		assert_eq!(inflow(START - 8), Some((650, 2)));
	});
}

#[test]
fn refused_reading_adds_nothing_to_the_node() {
	with_node(|| {
		let good = signed(reading(0, START - 9, 100));
		submit(vec![good, good]);
		submit(vec![
			good,
			SignedReading { signature: [1; 64], ..signed(reading(1, START - 9, 7)) },
		]);
		assert_eq!(inflow(START - 9), Some((100, 1)));
	});
}

#[test]
fn recovered_energy_belongs_to_no_interval_of_the_node() {
	with_node(|| {
		submit(vec![signed(reading(0, START - 5, 100))]);
		let unseen = Reading { quality: Quality::Recovered, ..reading(1, START - 9, 100) };
		submit(vec![signed(unseen)]);
		assert_eq!(NodeFlows::<Test>::iter().count(), 0);
	});
}

#[test]
fn newer_interval_takes_the_slot_and_an_older_one_does_not_take_it_back() {
	with_node(|| {
		submit(vec![signed(reading(0, START - 9, 100))]);
		go_to(START + 90);
		// In the same slot, a day later.
		let later = START - 9 + 96;
		submit(vec![signed(reading(0, later - 1, 200)), signed(reading(0, later, 500))]);
		assert_eq!(inflow(later), Some((300, 1)));
		assert_eq!(inflow(START - 9), None);
		// Meter 1 was offline, and now reports what it measured a day ago: too late for the sum, not for its energy.
		submit(vec![signed(reading(1, START - 9, 1_000))]);
		assert_eq!((inflow(later), inflow(START - 9)), (Some((300, 1)), None));
		assert_eq!(state(1).attested, 1_000);
		assert_eq!(NodeFlows::<Test>::iter().count(), 1);
	});
}

#[test]
fn sum_is_answered_only_for_the_last_96_intervals() {
	with_node(|| {
		submit(vec![signed(reading(0, START - 9, 100))]);
		go_to(START - 9 + 96);
		assert_eq!(inflow(START - 9), Some((100, 1)));
		go_to(START - 9 + 97);
		assert_eq!(inflow(START - 9), None);
		assert_eq!(inflow(START + 500), None);
	});
}
