//! Data that comes late, and what it is worth.

use super::*;

/// A battery to which Olga and Peter send.
fn street() -> (Battery, MeterId, MeterId) {
	let battery = battery();
	let (olga, peter) = (roof(&OLGA), roof(&PETER));
	deposit(&OLGA, olga, &battery);
	deposit(&PETER, peter, &battery);
	(battery, olga, peter)
}

/// Peter sends his reading of `interval` after the node accounted for it.
fn peter_is_late(battery: &Battery, olga: MeterId, peter: MeterId, charged: u32) -> Interval {
	let interval = now();
	sends(battery, &[(olga, 1_000)], charged);
	rest(battery, GRACE, &[olga]);
	battery.account();
	submit(vec![(peter, interval, 1_000, Quality::Measured)]);
	interval
}

#[test]
fn late_reading_of_an_interval_takes_its_share_when_it_went_in() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		// 1,900 of 2,000 went in, of which the node knows 1,000 to have been sent.
		peter_is_late(&battery, olga, peter, 1_900);
		assert_eq!((battery.books().allocated, battery.books().surplus), (1_000, 900));
		// The loss is shared by both, as Olga did not take her share before.
		account_meter(peter);
		assert_eq!(receipt(peter), (1_000, 950));
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 950));
		assert_eq!((battery.books().allocated, battery.books().surplus), (1_900, 0));
	});
}

#[test]
fn late_reading_gets_what_is_left_when_others_took_their_share() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		let interval = now();
		sends(&battery, &[(olga, 1_000)], 1_900);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 1_000));
		submit(vec![(peter, interval, 1_000, Quality::Measured)]);
		account_meter(peter);
		assert_eq!(receipt(peter), (1_000, 900));
		let kept = StorageNodes::interval_of(battery.node, interval).unwrap();
		assert_eq!((kept.sent, kept.allocated, kept.left, kept.unshared), (2_000, 1_900, 0, 0));
	});
}

#[test]
fn late_reading_shares_what_went_in_when_nothing_more_did() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		peter_is_late(&battery, olga, peter, 1_000);
		// It cannot take what Olga sent: they share what went in.
		account_meter(peter);
		assert_eq!(receipt(peter), (1_000, 500));
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 500));
		assert_eq!(battery.books().allocated, 1_000);
	});
}

#[test]
fn late_reading_draws_on_nothing_when_the_node_used_the_energy_meanwhile() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		let Battery { charge, discharge, loss, .. } = battery;
		let interval = now();
		sends(&battery, &[(olga, 1_000)], 1_900);
		quarter(&[(charge, 0), (discharge, 800), (loss, 0), (olga, 0)]);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		submit(vec![(peter, interval, 1_000, Quality::Measured)]);
		account_meter(peter);
		assert_eq!(receipt(peter), (1_000, 100));
	});
}

#[test]
fn recovered_energy_draws_on_the_surplus_when_the_node_has_passed_it() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		// Peter's site is offline for two intervals; what he sends goes into the battery all the same.
		sends(&battery, &[(olga, 1_000)], 1_900);
		sends(&battery, &[(olga, 1_000), (peter, 3_000)], 2_800);
		account_meter(peter);
		// Known, and waiting for the node.
		assert_eq!(StorageNodes::deposit(peter).deposit.unwrap().late, 3_000);
		assert_eq!(receipt(peter), (0, 0));
		rest(&battery, GRACE, &[olga, peter]);
		battery.account();
		// 900 and 1,800 beyond what Olga sent.
		assert_eq!((battery.books().allocated, battery.books().surplus), (2_000, 2_700));
		account_meter(peter);
		assert_eq!(receipt(peter), (3_000, 2_700));
		assert_eq!((battery.books().allocated, battery.books().surplus), (4_700, 0));
		// Once.
		rest(&battery, GRACE, &[olga, peter]);
		battery.account();
		account_meter(peter);
		assert_eq!(receipt(peter), (3_000, 2_700));
	});
}

#[test]
fn late_energy_waits_when_the_nodes_charge_meter_has_not_reported() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		let Battery { charge, discharge, loss, .. } = battery;
		// Neither Peter's meter nor the battery's is heard of, for longer than the node waits.
		quarter(&[(discharge, 0), (loss, 0), (olga, 0)]);
		idle(SILENCE + GRACE, &[discharge, loss, olga]);
		submit(vec![(peter, now() - 1, 1_000, Quality::Measured)]);
		battery.account();
		account_meter(peter);
		idle(SILENCE + GRACE, &[discharge, loss, olga, peter]);
		battery.account();
		account_meter(peter);
		// The node has passed it, but what went in is still to come.
		let deposit = StorageNodes::deposit(peter).deposit.unwrap();
		assert!(battery.get().cursor >= deposit.late_until);
		assert_eq!((receipt(peter), deposit.late), ((0, 0), 1_000));
		submit(vec![(charge, now() - 1, 980, Quality::Measured)]);
		battery.account();
		account_meter(peter);
		assert_eq!(receipt(peter), (1_000, 980));
	});
}

#[test]
fn late_energy_does_not_count_twice_when_part_of_it_is_voided() {
	build_and_execute(|| {
		let (battery, olga, peter) = street();
		sends(&battery, &[(olga, 0)], 5_000);
		sends(&battery, &[(olga, 0), (peter, 3_000)], 0);
		account_meter(peter);
		assert_eq!(StorageNodes::deposit(peter).deposit.unwrap().late, 3_000);
		challenge(peter);
		Metering::uphold(RuntimeOrigin::root(), peter).unwrap();
		rest(&battery, GRACE, &[olga, peter]);
		battery.account();
		account_meter(peter);
		assert_eq!(receipt(peter), (0, 0));
		assert_eq!(battery.books().surplus, 5_000);
	});
}

#[test]
fn energy_from_before_the_deposit_is_not_counted() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		let Battery { charge, discharge, loss, .. } = battery;
		quarter(&[(charge, 9_000), (discharge, 0), (loss, 0), (olga, 4_000)]);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 1_000);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 1_000));
		assert_eq!(battery.books().surplus, 9_000);
	});
}

/// Olga sent 1,000 mWh, of which 900 arrived, and nobody accounts for her meter in a day, but for the battery.
fn forgotten(battery: &Battery, olga: MeterId) {
	sends(battery, &[(olga, 1_000)], 900);
	for _ in 0..3 {
		rest(battery, RING / 3, &[olga]);
		battery.account();
		assert_eq!((battery.books().backing, battery.books().surplus), (900, 0));
	}
	rest(battery, GRACE, &[olga]);
	System::reset_events();
	battery.account();
}

#[test]
fn share_that_nobody_took_in_a_day_goes_back_and_is_drawn_late() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		forgotten(&battery, olga);
		assert!(matches!(last_event(), Event::Accounted { returned: 900, allocated: 0, .. }));
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (0, 900, 900));
		account_meter(olga);
		assert_eq!(StorageNodes::deposit(olga).deposit.unwrap().late, 1_000);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 900));
		assert_eq!((battery.books().backing, battery.books().surplus), (900, 0));
		assert_eq!(mint(olga, &OLGA), 900);
	});
}

#[test]
fn share_of_an_interval_goes_back_when_the_next_day_is_skipped() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		assert_eq!(battery.books().backing, 900);
		rest(&battery, 2 * RING, &[olga]);
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (0, 900, 900));
	});
}

#[test]
fn share_of_a_deposit_that_ended_is_drawn_late() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		StorageNodes::end_deposit(signed(&OLGA), olga).unwrap();
		for _ in 0..3 {
			rest(&battery, RING / 2, &[olga]);
			battery.account();
		}
		assert_eq!((battery.books().backing, battery.books().surplus), (0, 900));
		// It ended long before the battery's newest interval, so that nothing is to be waited for.
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 900));
		assert_eq!(StorageNodes::deposit(olga).deposit, None);
		assert_eq!((battery.books().backing, battery.books().surplus), (900, 0));
	});
}

#[test]
fn deposit_that_ended_is_kept_when_the_node_has_not_passed_it() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		StorageNodes::end_deposit(signed(&OLGA), olga).unwrap();
		rest(&battery, RING + 5, &[olga]);
		// Nobody made the node account: whoever does it for the meter first takes nothing from Olga.
		account_meter(olga);
		assert!(StorageNodes::deposit(olga).deposit.is_some());
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 900));
		assert_eq!(StorageNodes::deposit(olga).deposit, None);
	});
}

#[test]
fn share_of_a_meter_that_was_assigned_otherwise_goes_back_to_the_node() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		Miners::assign_node(RuntimeOrigin::root(), olga, None).unwrap();
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!((StorageNodes::deposit(olga).deposit, receipt(olga)), (None, (0, 0)));
		assert_eq!(battery.books().backing, 900);
		rest(&battery, RING, &[olga]);
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (0, 900, 900));
	});
}

#[test]
fn share_that_nobody_took_stays_when_it_is_promised() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		rest(&battery, RING - 10, &[olga]);
		battery.account();
		// Wanda has tokens of other energy.
		let (_, home) = drawing(&battery, 700, 96);
		rest(&battery, 10 + GRACE, &[olga, home]);
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (700, 200, 200));
	});
}

#[test]
fn share_of_a_node_that_was_closed_does_not_go_back_when_it_is_registered_anew() {
	build_and_execute(|| {
		let battery = battery();
		let (olga, peter) = (roof(&OLGA), roof(&PETER));
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 1_000);
		rest(&battery, GRACE, &[olga, peter]);
		battery.account();
		StorageNodes::end_deposit(signed(&OLGA), olga).unwrap();
		// What it held is written off.
		StorageNodes::declare_vanished(RuntimeOrigin::root(), battery.node).unwrap();
		let meters = battery.meters();
		StorageNodes::register_node(signed(&NORA), battery.node, meters, CAPACITY).unwrap();
		deposit(&PETER, peter, &battery);
		sends(&battery, &[(peter, 5_000)], 5_000);
		rest(&battery, RING / 2, &[peter]);
		battery.account();
		account_meter(peter);
		rest(&battery, RING / 2, &[peter]);
		battery.account();
		// Peter's is his, and Nora has nothing of it.
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (5_000, 0, 0));
		assert_eq!(receipt(peter), (5_000, 5_000));
	});
}
