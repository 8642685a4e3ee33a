//! Up to which reading nothing can be taken back any more.

use super::*;
use heliograph_primitives::units::{CHALLENGE_WINDOW, INTERVALS_PER_DAY};
use ClaimKind::Certificate;

fn ripe(meter: MeterId) -> Checkpoint {
	<Metering as EnergyHistory>::ripe(meter).expect("the meter has been read")
}

/// Position and interval of what is ripe of meter 0.
fn ripe_at() -> (u64, Interval) {
	(ripe(0).position, ripe(0).interval)
}

/// The history after these readings, from nothing.
fn chain(readings: &[Reading]) -> [u8; 32] {
	readings.iter().fold([0; 32], |history: [u8; 32], reading| {
		sp_io::hashing::blake2_256(&(history, reading).encode())
	})
}

/// Submits a reading of meter 0, whose register stood at 1,000 kWh at its base.
fn read(interval: Interval, energy: u64) {
	assert_eq!(submit(vec![signed(reading(0, interval, 1_000_000_000 + energy))]), vec![]);
}

fn challenge() {
	let evidence = b"hash".to_vec().try_into().unwrap();
	assert_ok!(Metering::challenge(RuntimeOrigin::signed(WANDA), 0, evidence));
}

/// The readings of [`with_energy`].
fn first_readings() -> [Reading; 2] {
	[reading(0, START - 10, 1_000_000_000), reading(0, START - 9, 1_000_250_000)]
}

#[test]
fn origin_is_the_base_with_an_empty_history() {
	with_energy(|| {
		let origin = <Metering as EnergyHistory>::origin(0).unwrap();
		assert_eq!(
			origin,
			Checkpoint {
				position: 0,
				recovered: 0,
				voided: 0,
				interval: START - 10,
				epoch: 0,
				register: 1_000_000_000,
				history: [0; 32],
			}
		);
		// It stays, whatever comes.
		let reset = Reading { epoch: 1, ..reading(0, START - 8, 7) };
		assert_eq!(submit(vec![signed(reset)]), vec![]);
		assert_eq!(<Metering as EnergyHistory>::origin(0), Some(origin));
	});
}

#[test]
fn origin_keeps_the_epoch_of_the_first_reading() {
	build_and_execute(|| {
		let late = Reading { epoch: 3, ..reading(0, START - 2, 500) };
		assert_eq!(submit(vec![signed(late)]), vec![]);
		let origin = <Metering as EnergyHistory>::origin(0).unwrap();
		assert_eq!((origin.epoch, origin.register), (3, 500));
		assert_eq!((ripe(0).epoch, ripe(0).history), (3, chain(&[late])));
	});
}

#[test]
fn meter_that_never_reported_has_no_history() {
	build_and_execute(|| {
		assert_eq!(<Metering as EnergyHistory>::origin(0), None);
		assert_eq!(<Metering as EnergyHistory>::ripe(0), None);
		assert_eq!(Metering::ripe(9), None);
	});
}

#[test]
fn base_is_ripe_at_once() {
	with_base(|| {
		assert_eq!(ripe_at(), (0, START - 10));
		assert_eq!(ripe(0).history, chain(&first_readings()[..1]));
	});
}

#[test]
fn meter_as_it_stands_is_ripe_when_all_of_it_has_matured() {
	with_energy(|| {
		go_to(MATURE - 1);
		assert_eq!(ripe_at(), (0, START - 10));
		go_to(MATURE);
		assert_eq!(
			Metering::ripe(0),
			Some(Checkpoint {
				position: 250_000,
				recovered: 0,
				voided: 0,
				interval: START - 9,
				epoch: 0,
				register: 1_000_250_000,
				history: chain(&first_readings()),
			})
		);
	});
}

#[test]
fn checkpoint_is_ripe_when_its_bucket_has_matured_while_readings_go_on() {
	with_energy(|| {
		// Still in the bucket of `START`; in the next one; in the one after that.
		go_to(START + 11);
		read(START - 8, 300_000);
		go_to(START + 12);
		read(START - 7, 400_000);
		go_to(START + 24);
		read(START - 6, 500_000);
		go_to(MATURE - 1);
		assert_eq!(ripe_at(), (0, START - 10));
		go_to(MATURE);
		let [base, first] = first_readings();
		let second = reading(0, START - 8, 1_000_300_000);
		assert_eq!(ripe_at(), (300_000, START - 8));
		assert_eq!(ripe(0).history, chain(&[base, first, second]));
		// The reading by which it was found out is not in it, and the next to ripen is the meter as it stood then.
		read(MATURE - 1, 900_000);
		assert_eq!((state(0).ripe, state(0).ripening.interval), (ripe(0), START - 6));
		assert_eq!(ripe_at(), (300_000, START - 8));
		go_to(START + 24 + 107);
		assert_eq!(ripe_at(), (300_000, START - 8));
		go_to(START + 24 + 108);
		assert_eq!(ripe_at(), (500_000, START - 6));
	});
}

#[test]
fn ripe_is_at_most_two_days_old_when_meter_reports_steadily() {
	with_base(|| {
		for now in START..START + 6 * INTERVALS_PER_DAY {
			go_to(now);
			read(now - 1, u64::from(now - START) * 1_000);
			if now >= START + 2 * INTERVALS_PER_DAY {
				// Since its last interval ended.
				let age = now - ripe(0).interval - 1;
				assert!((96..=192).contains(&age), "{age} intervals old in {now}");
			}
		}
	});
}

#[test]
fn ripe_energy_can_be_claimed_to_the_last_unit() {
	with_energy(|| {
		go_to(START + 12);
		read(START - 8, 300_000);
		go_to(MATURE);
		let up_to = ripe(0).position.into();
		assert_eq!(Metering::claim(0, Certificate, up_to), Ok(Claim { from: 0, to: 250_000 }));
		assert_noop!(Metering::claim(0, Certificate, up_to + 1), Error::<Test>::NotMatured);
	});
}

#[test]
fn ripe_tells_what_of_it_belongs_to_no_interval_and_in_which_epoch_it_ends() {
	with_energy(|| {
		read(START - 5, 900_000);
		let reset = Reading { epoch: 1, ..reading(0, START - 4, 0) };
		let after = Reading { epoch: 1, ..reading(0, START - 3, 80_000) };
		assert_eq!(submit(vec![signed(reset), signed(after)]), vec![]);
		go_to(MATURE);
		let ripe = ripe(0);
		assert_eq!((ripe.position, ripe.recovered), (980_000, 650_000));
		assert_eq!((ripe.epoch, ripe.register, ripe.interval), (1, 80_000, START - 3));
	});
}

#[test]
fn late_data_ripens_by_its_arrival() {
	build_and_execute(|| {
		let month_ago = START - 30 * INTERVALS_PER_DAY;
		submit(vec![signed(reading(0, month_ago, 0)), signed(reading(0, month_ago + 1, 250_000))]);
		go_to(MATURE - 1);
		assert_eq!(ripe_at(), (0, month_ago));
		go_to(MATURE);
		assert_eq!(ripe_at(), (250_000, month_ago + 1));
	});
}

#[test]
fn checkpoints_stand_still_in_quarantine_and_go_on_when_it_ends_well() {
	with_energy(|| {
		go_to(START + 12);
		read(START - 8, 300_000);
		challenge();
		go_to(MATURE + 300);
		assert_eq!(ripe_at(), (0, START - 10));
		read(MATURE + 295, 700_000);
		assert_eq!(ripe_at(), (0, START - 10));
		assert_ok!(Metering::dismiss(RuntimeOrigin::root(), 0));
		// What was taken before the challenge has matured; what came just now waits.
		assert_eq!(ripe_at(), (250_000, START - 9));
		assert_eq!(state(0).matured, 300_000);
		assert_eq!(state(0).ripening.interval, MATURE + 295);
		go_to(MATURE + 300 + 107);
		assert_eq!(ripe_at(), (250_000, START - 9));
		go_to(MATURE + 300 + 108);
		assert_eq!(ripe_at(), (700_000, MATURE + 295));
	});
}

#[test]
fn meter_as_it_stands_is_ripe_when_a_long_quarantine_ends_well() {
	with_energy(|| {
		challenge();
		go_to(START + 672);
		assert_eq!(ripe_at(), (0, START - 10));
		assert_ok!(Metering::expire_challenge(RuntimeOrigin::signed(STRANGER), 0));
		assert_eq!(state(0).ripe, ripe(0));
		assert_eq!(ripe_at(), (250_000, START - 9));
	});
}

#[test]
fn short_quarantine_shortens_no_ripening() {
	with_energy(|| {
		challenge();
		assert_ok!(Metering::dismiss(RuntimeOrigin::root(), 0));
		// Taken amid the bucket in which the energy arrived.
		assert_eq!(state(0).ripening.position, 250_000);
		go_to(START + 12);
		read(START - 8, 300_000);
		go_to(MATURE - 1);
		assert_eq!(ripe_at(), (0, START - 10));
		go_to(MATURE);
		assert_eq!(ripe_at(), (250_000, START - 9));
	});
}

#[test]
fn upheld_challenge_makes_the_meter_as_it_stands_ripe_without_what_was_voided() {
	with_energy(|| {
		// One checkpoint is ripe, and another one ripens, when all that waits is voided.
		go_to(START + 12);
		read(START - 5, 400_000);
		go_to(MATURE);
		read(START - 4, 700_000);
		assert_eq!(ripe_at(), (250_000, START - 9));
		assert_eq!(state(0).ripening.position, 400_000);
		challenge();
		go_to(MATURE + 500);
		read(MATURE + 490, 800_000);
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), 0));
		let ripe = ripe(0);
		assert_eq!((ripe.position, ripe.voided, ripe.recovered), (250_000, 550_000, 250_000));
		assert_eq!((ripe.interval, ripe.register), (MATURE + 490, 1_000_800_000));
		assert_eq!((ripe.history, state(0).ripening), (state(0).history, ripe));
		// What is measured from then on ripens as ever, on top of what was left.
		read(MATURE + 491, 810_000);
		go_to(MATURE + 500 + CHALLENGE_WINDOW + 12);
		assert_eq!(ripe_at(), (260_000, MATURE + 491));
		assert_eq!(Metering::claim(0, Certificate, 260_000), Ok(Claim { from: 0, to: 260_000 }));
	});
}

#[test]
fn next_checkpoint_is_taken_at_once_when_none_ripens() {
	with_energy(|| {
		challenge();
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), 0));
		read(START - 8, 300_000);
		// In the next bucket, and so that something waits all the time.
		go_to(START + 12);
		read(START - 7, 400_000);
		go_to(MATURE - 1);
		assert_eq!(ripe_at(), (0, START - 9));
		go_to(MATURE);
		assert_eq!(ripe_at(), (50_000, START - 8));
	});
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn energy_for_benchmarks_is_ripe() {
	with_energy(|| {
		// With energy that waits, and without any state.
		for meter in [0, 1] {
			Metering::mature_for_benchmark(meter, 1_000);
			Metering::do_try_state().unwrap();
		}
		assert_eq!((ripe(0).position, ripe(1).position), (251_000, 1_000));
		assert_ok!(Metering::claim(1, Certificate, 1_000));
	});
}
