//! What meters are booked for in trade.

use super::*;
use heliograph_primitives::trade::MeterUses;
use sp_runtime::ArithmeticError;

const PURPOSES: [MeterUse; 3] = [MeterUse::Slots, MeterUse::Lot, MeterUse::Withdrawal];

fn book(meter: MeterId, purpose: MeterUse) -> DispatchResult {
	<Metering as MeterUses>::book(meter, purpose)
}

fn free_from(meter: MeterId, purpose: MeterUse) -> DispatchResult {
	<Metering as MeterUses>::free(meter, purpose)
}

fn booked(meter: MeterId) -> Option<(MeterUse, u32)> {
	let booked = <Metering as MeterUses>::booked(meter);
	assert_eq!(Metering::use_of(meter), booked);
	booked
}

#[test]
fn meter_is_booked_as_often_as_asked_for_one_purpose() {
	build_and_execute(|| {
		for purpose in PURPOSES {
			assert_eq!(booked(0), None);
			for count in 1..=3 {
				assert_ok!(book(0, purpose));
				assert_eq!(booked(0), Some((purpose, count)));
			}
			for left in [2, 1] {
				assert_ok!(free_from(0, purpose));
				assert_eq!(booked(0), Some((purpose, left)));
			}
			assert_ok!(free_from(0, purpose));
		}
		// Nothing is left of it.
		assert_eq!(Uses::<Test>::iter().count(), 0);
	});
}

#[test]
fn meter_is_not_booked_when_it_has_another_use() {
	build_and_execute(|| {
		for purpose in PURPOSES {
			assert_ok!(book(0, purpose));
			for other in PURPOSES.into_iter().filter(|other| *other != purpose) {
				assert_noop!(book(0, other), Error::<Test>::MeterBooked);
				assert_noop!(free_from(0, other), Error::<Test>::NotBooked);
			}
			// Each meter for itself.
			assert_eq!(booked(1), None);
			assert_ok!(book(1, MeterUse::Slots));
			assert_ok!(free_from(1, MeterUse::Slots));
			assert_ok!(free_from(0, purpose));
		}
	});
}

#[test]
fn meter_is_not_freed_when_it_is_not_booked() {
	build_and_execute(|| {
		for purpose in PURPOSES {
			assert_noop!(free_from(0, purpose), Error::<Test>::NotBooked);
		}
		assert_ok!(book(0, MeterUse::Lot));
		assert_ok!(free_from(0, MeterUse::Lot));
		assert_noop!(free_from(0, MeterUse::Lot), Error::<Test>::NotBooked);
	});
}

#[test]
fn meter_is_not_booked_when_the_count_is_at_its_end() {
	build_and_execute(|| {
		Uses::<Test>::insert(0, (MeterUse::Slots, u32::MAX));
		assert_noop!(book(0, MeterUse::Slots), ArithmeticError::Overflow);
		assert_ok!(free_from(0, MeterUse::Slots));
		assert_eq!(booked(0), Some((MeterUse::Slots, u32::MAX - 1)));
	});
}

#[test]
fn booking_outlives_the_retirement_of_the_meter_and_the_end_of_its_miner() {
	with_energy(|| {
		assert_ok!(book(0, MeterUse::Lot));
		assert_ok!(book(0, MeterUse::Lot));
		// Booked or not, readings are taken.
		assert_eq!(submit(vec![signed(reading(0, START - 8, 1_000_500_000))]), vec![]);
		Registry::set_meter(0, |info| info.retired = true);
		assert_ok!(free_from(0, MeterUse::Lot));
		Registry::set_miner(0, |entry| entry.revoked = true);
		assert_eq!(booked(0), Some((MeterUse::Lot, 1)));
		// What it measured until then settles what it was booked for.
		let report = <Metering as MeterReports>::report(0).unwrap();
		assert_eq!(report.measured_in(START - 8), Some(250_000));
		assert_ok!(free_from(0, MeterUse::Lot));
		assert_eq!(booked(0), None);
	});
}
