//! What a meter measured lately, by day and by interval.

use super::*;
use heliograph_primitives::{
	history::{Day, DayEnergy, DAYS_KEPT},
	units::INTERVALS_PER_DAY,
};

/// The day that begins with `START`.
const TODAY: Day = START / INTERVALS_PER_DAY;

fn report(meter: MeterId) -> MeterReport {
	<Metering as MeterReports>::report(meter).expect("the meter has been read")
}

fn on(day: Day, energy: u64, intervals: u8) -> Option<DayEnergy> {
	Some(DayEnergy { day, energy, intervals })
}

#[test]
fn report_tells_energy_and_intervals_of_each_day() {
	with_energy(|| {
		submit(vec![signed(reading(0, START - 8, 1_000_300_000))]);
		go_to(START + 2);
		submit(vec![
			signed(reading(0, START - 1, 1_000_400_000)),
			signed(reading(0, START, 1_000_460_000)),
		]);
		let report = report(0);
		assert_eq!((report.first_interval, report.last_interval), (START - 10, START));
		assert!(!report.quarantined);
		assert_eq!(report.days.len(), DAYS_KEPT);
		assert_eq!(report.days[0].day, TODAY - 9);
		assert_eq!(report.day(TODAY - 1), on(TODAY - 1, 300_000, 2));
		assert_eq!(report.day(TODAY), on(TODAY, 60_000, 1));
		// Kept, and nothing measured; after the newest reading; not kept any more.
		assert_eq!(report.day(TODAY - 9), on(TODAY - 9, 0, 0));
		assert_eq!(report.day(TODAY + 1), on(TODAY + 1, 0, 0));
		assert_eq!(report.day(TODAY - 10), None);
		assert_eq!(Metering::report(0), Some(report));
	});
}

#[test]
fn report_of_a_meter_that_never_reported_is_none() {
	build_and_execute(|| {
		assert_eq!(<Metering as MeterReports>::report(0), None);
		assert_eq!(Metering::report(9), None);
	});
}

#[test]
fn recovered_energy_is_of_no_day() {
	with_energy(|| {
		let unseen =
			Reading { quality: Quality::Recovered, ..reading(0, START - 8, 1_000_300_000) };
		submit(vec![signed(unseen), signed(reading(0, START - 2, 1_001_000_000))]);
		let report = report(0);
		assert_eq!(report.day(TODAY - 1), on(TODAY - 1, 250_000, 1));
		assert_eq!(report.measured_in(START - 9), Some(250_000));
		assert_eq!((report.measured_in(START - 8), report.measured_in(START - 2)), (None, None));
	});
}

#[test]
fn day_is_kept_for_nine_days_after_it() {
	with_energy(|| {
		go_to(START + 9 * INTERVALS_PER_DAY);
		submit(vec![signed(reading(0, START + 9 * INTERVALS_PER_DAY - 1, 1_000_300_000))]);
		assert_eq!(report(0).day(TODAY - 1), on(TODAY - 1, 250_000, 1));
		assert_eq!(report(0).days[0].day, TODAY - 1);
		go_to(START + 9 * INTERVALS_PER_DAY + 1);
		submit(vec![signed(reading(0, START + 9 * INTERVALS_PER_DAY, 1_000_400_000))]);
		assert_eq!(report(0).day(TODAY - 1), None);
		// Its place belongs to the new day.
		assert_eq!(report(0).day(TODAY + 9), on(TODAY + 9, 100_000, 1));
		assert_eq!(state(0).energies.iter().sum::<u64>(), 100_000);
	});
}

#[test]
fn days_are_forgotten_when_a_site_was_offline_for_longer() {
	with_energy(|| {
		go_to(START + 80 * INTERVALS_PER_DAY);
		submit(vec![signed(reading(0, START + 79 * INTERVALS_PER_DAY, 1_009_000_000))]);
		assert!(report(0).days.iter().all(|kept| (kept.energy, kept.intervals) == (0, 0)));
		assert_eq!(report(0).profile, vec![None; 96]);
	});
}

#[test]
fn profile_holds_the_last_96_intervals_at_their_places() {
	with_energy(|| {
		let report = report(0);
		let expected = (0..96).map(|slot| (slot == (START - 9) % 96).then_some(250_000));
		assert_eq!(report.profile, expected.collect::<Vec<_>>());
		assert_eq!(report.measured_in(START - 9), Some(250_000));
		assert_eq!(report.measured_in(START - 9 + 96), None);
		assert_eq!(report.measured_in(START - 9 - 96), None);
	});
}

#[test]
fn upheld_challenge_takes_the_energy_of_the_days_and_leaves_their_intervals() {
	with_energy(|| {
		let evidence = b"hash".to_vec().try_into().unwrap();
		assert_ok!(Metering::challenge(RuntimeOrigin::signed(WANDA), 0, evidence));
		assert!(report(0).quarantined);
		assert_eq!(report(0).day(TODAY - 1), on(TODAY - 1, 250_000, 1));
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), 0));
		assert_eq!(report(0).day(TODAY - 1), on(TODAY - 1, 0, 1));
		assert_eq!(report(0).profile, vec![None; 96]);
		assert!(!report(0).quarantined);
		// And the meter goes on.
		submit(vec![signed(reading(0, START - 8, 1_000_300_000))]);
		assert_eq!(report(0).day(TODAY - 1), on(TODAY - 1, 50_000, 2));
	});
}

#[test]
fn upheld_challenge_takes_the_energy_of_days_that_had_matured() {
	with_energy(|| {
		go_to(MATURE);
		submit(vec![signed(reading(0, MATURE - 1, 1_000_300_000))]);
		let evidence = b"hash".to_vec().try_into().unwrap();
		assert_ok!(Metering::challenge(RuntimeOrigin::signed(WANDA), 0, evidence));
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), 0));
		assert_eq!(Metering::energy(0).unwrap().matured, 250_000);
		assert_eq!(report(0).day(TODAY - 1), on(TODAY - 1, 0, 1));
	});
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn report_for_benchmarks_is_full() {
	with_energy(|| {
		go_to(START + 50);
		// With readings, and without any.
		for meter in [0, 1] {
			Metering::report_for_benchmark(meter, 1_000);
			Metering::do_try_state().unwrap();
			let report = report(meter);
			for day in TODAY - 9..TODAY {
				assert_eq!(report.day(day), on(day, 96_000, 96));
			}
			assert_eq!(report.day(TODAY), on(TODAY, 50_000, 50));
			assert_eq!(report.profile, vec![Some(1_000); 96]);
		}
	});
}

#[cfg(feature = "runtime-benchmarks")]
#[test]
fn report_for_benchmarks_sets_a_clock_that_has_just_begun() {
	build_and_execute(|| {
		pallet_timestamp::Now::<Test>::put(0);
		Metering::report_for_benchmark(0, 1_000);
		assert_eq!(Metering::current_interval(), 2_000_000);
		assert_eq!(report(0).last_interval, 1_999_999);
	});
}
