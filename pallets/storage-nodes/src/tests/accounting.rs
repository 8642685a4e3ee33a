//! What a node's meters say, booked interval by interval.

use super::*;
use frame_support::{assert_noop, assert_ok};

type Failure = Error<Test>;

fn account(node: MinerId, intervals: u32) -> DispatchResultWithPostInfo {
	StorageNodes::account(signed(&CAROL), node, intervals)
}

#[test]
fn interval_is_accounted_for_when_the_grace_has_passed() {
	build_and_execute(|| {
		let battery = battery();
		let first = battery.get().cursor;
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 900);
		// `first` was idle, the next one had energy.
		rest(&battery, GRACE - 1, &[olga]);
		let info = account(battery.node, RING).unwrap();
		assert_eq!((battery.get().cursor, info.pays_fee), (first + 1, Pays::No));
		assert_eq!(account(battery.node, RING).unwrap().pays_fee, Pays::Yes);
		rest(&battery, 1, &[olga]);
		assert_ok!(account(battery.node, RING));
		assert_eq!(battery.get().cursor, first + 2);
		assert_eq!(
			last_event(),
			Event::Accounted {
				node: battery.node,
				from: first + 1,
				to: first + 2,
				charged: 900,
				allocated: 900,
				discharged: 0,
				lost: 0,
				returned: 0,
				uncovered: 0,
			}
		);
		// Governance cannot make it so long that nothing is remembered.
		Grace::set(&1_000);
		assert_eq!(StorageNodes::grace(), 47);
	});
}

#[test]
fn intervals_are_accounted_for_one_by_one_when_that_is_asked() {
	build_and_execute(|| {
		let battery = battery();
		let first = battery.get().cursor;
		rest(&battery, 10, &[]);
		assert_ok!(account(battery.node, 3));
		assert_eq!(battery.get().cursor, first + 3);
		assert_ok!(account(battery.node, 3));
		assert_eq!(battery.get().cursor, first + 6);
		battery.account();
		assert_eq!(battery.get().cursor, now() - GRACE);
		assert_noop!(account(99, 1), Failure::UnknownNode);
	});
}

#[test]
fn what_was_charged_beyond_what_was_sent_is_the_nodes_own() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		sends(&battery, &[(olga, 1_000)], 1_500);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.stored()), (1_000, 500, 1_500));
		let view = StorageNodes::node(battery.node).unwrap();
		// Only what is held for tokens can be drawn.
		assert_eq!((view.stored, view.available), (1_500, 1_000));
		assert_eq!(view.room, u128::from(CAPACITY) - 1_000);
	});
}

#[test]
fn node_waits_half_a_day_for_its_meters() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		let silent = now();
		let Battery { charge, loss, .. } = battery;
		// The discharge meter falls silent.
		quarter(&[(charge, 1_000), (loss, 0), (olga, 1_000)]);
		idle(SILENCE - 2, &[charge, loss, olga]);
		battery.account();
		assert_eq!(battery.get().cursor, silent);
		idle(1, &[charge, loss, olga]);
		battery.account();
		assert_eq!(battery.get().cursor, silent);
		idle(1, &[charge, loss, olga]);
		battery.account();
		assert_eq!(battery.get().cursor, silent + 1);
		assert_eq!(battery.books().allocated, 1_000);
		// What came out meanwhile is booked when it is told at last.
		submit(vec![(battery.discharge, now() - 1, 700, Quality::Measured)]);
		battery.account();
		assert_eq!((battery.books().discharged, battery.get().outflow.discharged), (0, 700));
		rest(&battery, GRACE, &[olga]);
		battery.account();
		assert_eq!((battery.books().discharged, battery.books().uncovered), (700, 700));
	});
}

#[test]
fn charge_goes_into_the_surplus_when_it_comes_too_late() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		let silent = now();
		let Battery { charge, discharge, loss, .. } = battery;
		quarter(&[(discharge, 0), (loss, 0), (olga, 1_000)]);
		idle(SILENCE, &[discharge, loss, olga]);
		battery.account();
		assert_eq!(battery.get().cursor, silent + 1);
		let kept = StorageNodes::interval_of(battery.node, silent).unwrap();
		assert!(kept.accounted && !kept.pooled);
		// Olga's kWh waits for the charge meter, and is not lost.
		account_meter(olga);
		assert_eq!(receipt(olga), (0, 0));
		submit(vec![(charge, silent, 950, Quality::Measured)]);
		battery.account();
		assert_eq!(battery.books().surplus, 950);
		// It has reported no further, so nothing is known of the intervals after.
		account_meter(olga);
		assert_eq!(receipt(olga), (0, 0));
		submit(vec![(charge, now() - 1, 0, Quality::Measured)]);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 950));
		assert_eq!((battery.books().surplus, battery.books().backing), (0, 950));
	});
}

#[test]
fn intervals_are_skipped_when_nobody_accounts_for_a_day() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		let first = battery.get().cursor;
		sends(&battery, &[(olga, 1_000)], 900);
		rest(&battery, RING + 3, &[olga]);
		System::reset_events();
		battery.account();
		let oldest = now() - RING;
		let skipped = Event::IntervalsSkipped { node: battery.node, from: first, to: oldest };
		assert_eq!(events()[0], skipped);
		assert_eq!(battery.get().cursor, now() - GRACE);
		// What went in is the node's, until those draw on it who sent.
		assert_eq!((battery.books().surplus, battery.books().allocated), (900, 0));
		account_meter(olga);
		assert_eq!(StorageNodes::deposit(olga).deposit.unwrap().late, 1_000);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000, 900));
		assert_eq!((battery.books().surplus, battery.books().allocated), (0, 900));
	});
}

#[test]
fn battery_holds_no_more_than_its_capacity() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		// 90 of 100 kWh, of which 20 are the node's own.
		sends(&battery, &[(olga, 70 * KWH_32)], 90 * KWH_32);
		// Those who send come first.
		sends(&battery, &[(olga, 40 * KWH_32)], 40 * KWH_32);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		let books = battery.books();
		assert_eq!(books.backing, u128::from(100 * KWH));
		assert_eq!((books.surplus, books.stored()), (0, u128::from(100 * KWH)));
		// 10 had no room, and the node's 20 were not there.
		assert_eq!(books.lost, u128::from(30 * KWH));
		assert_eq!(StorageNodes::node(battery.node).unwrap().room, 0);
		account_meter(olga);
		assert_eq!(receipt(olga), (u128::from(110 * KWH), u128::from(100 * KWH)));
	});
}

#[test]
fn bond_answers_for_what_is_allocated() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		// A tenth of the bond is left.
		let taken = 9 * BOND / 10;
		<Balances as fungible::MutateHold<_>>::release(
			&HoldReason::Bond.into(),
			&NORA,
			taken,
			Precision::Exact,
		)
		.unwrap();
		Nodes::<Test>::mutate(battery.node, |node| node.as_mut().unwrap().bond -= taken);
		sends(&battery, &[(olga, 30 * KWH_32)], 30 * KWH_32);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		assert_eq!(battery.books().backing, u128::from(10 * KWH));
		assert_eq!(battery.books().surplus, u128::from(20 * KWH));
		assert_ok!(StorageNodes::top_up_bond(signed(&NORA), battery.node));
		let room = StorageNodes::node(battery.node).unwrap().room;
		assert_eq!(room, u128::from(90 * KWH));
	});
}

#[test]
fn own_use_and_losses_come_out_of_the_surplus_first() {
	build_and_execute(|| {
		let (battery, olga) = filled(10 * KWH_32);
		let Battery { charge, discharge, loss, .. } = battery;
		let meters = |charged, given, lost| {
			quarter(&[(charge, charged), (discharge, given), (loss, lost), (olga, 0)]);
			rest(&battery, GRACE, &[olga]);
			battery.account();
			let Books { surplus, uncovered, found, .. } = battery.books();
			(surplus, uncovered, found)
		};
		assert_eq!(meters(500, 0, 0), (500, 0, 0));
		assert_eq!(meters(0, 200, 100), (200, 0, 0));
		assert_eq!(meters(0, 150, 100), (0, 50, 0));
		// What the node charges covers what is missing.
		assert_eq!(meters(30, 0, 0), (0, 20, 0));
		assert_eq!(meters(30, 0, 0), (10, 0, 0));
		// More than it ever took in: the battery was not empty when it was registered.
		assert_eq!(meters(0, 11 * KWH_32, 0), (0, u128::from(10 * KWH), u128::from(KWH) - 10));
		assert_eq!(battery.books().stored(), 0);
	});
}

#[test]
fn recovered_energy_of_the_nodes_meters_counts_too() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let Battery { charge, discharge, loss, .. } = battery;
		// Nobody reports for an hour, and then all of it in one reading.
		let last = now() + 4;
		go_to(last + 1);
		submit(vec![
			(charge, last, 5_000, Quality::Measured),
			(discharge, last, 3_000, Quality::Measured),
			(loss, last, 1_000, Quality::Recovered),
		]);
		battery.account();
		// What came out waits for what may have gone in before.
		let outflow = Outflow { discharged: 3_000, lost: 1_000, until: last + 1 };
		assert_eq!((battery.books().surplus, battery.get().outflow), (5_000, outflow));
		rest(&battery, GRACE, &[]);
		battery.account();
		assert_eq!(battery.get().outflow, Outflow::default());
		let books = battery.books();
		assert_eq!((books.surplus, books.uncovered), (1_000, 0));
		assert_eq!((books.discharged, books.lost), (3_000, 1_000));
		// Nobody can say that a withdrawal got any of it.
		let kept = StorageNodes::interval_of(battery.node, last).unwrap();
		assert_eq!((kept.charged, kept.discharged, kept.pooled), (0, 0, false));
		// It is not booked again.
		battery.account();
		assert_eq!(battery.books(), books);
	});
}

#[test]
fn recovered_discharge_is_booked_after_what_went_in_before() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);
		let Battery { charge, discharge, loss, .. } = battery;
		// Olga sends, and Nora uses all of it at once, which shows in a reading over several intervals.
		for _ in 0..4 {
			quarter(&[(charge, 1_000), (loss, 0), (olga, 1_000)]);
		}
		submit(vec![(discharge, now() - 1, 4_000, Quality::Measured)]);
		// However the intervals are accounted for.
		for _ in 0..4 + GRACE {
			rest(&battery, 1, &[olga]);
			StorageNodes::account(signed(&NORA), battery.node, 1).unwrap();
		}
		rest(&battery, GRACE, &[olga]);
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.uncovered, books.found), (4_000, 4_000, 0));
	});
}

#[test]
fn voided_charge_is_missing_in_the_battery() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		challenge(battery.charge);
		Metering::uphold(RuntimeOrigin::root(), battery.charge).unwrap();
		battery.account();
		let books = battery.books();
		assert_eq!((books.backing, books.uncovered), (u128::from(10 * KWH), u128::from(10 * KWH)));
		assert_eq!(books.stored(), 0);
		assert_eq!(StorageNodes::node(battery.node).unwrap().available, 0);
		assert_eq!(StorageNodes::parity().ratio, Some(0));
	});
}

#[test]
fn silent_node_accounts_for_nothing_and_pays_the_fee() {
	build_and_execute(|| {
		let battery = storage(&NORA);
		let meters = battery.meters();
		StorageNodes::register_node(signed(&NORA), battery.node, meters, CAPACITY).unwrap();
		go_to(now() + 10);
		let info = account(battery.node, RING).unwrap();
		assert_eq!(info.pays_fee, Pays::Yes);
		assert_eq!(battery.get().cursor, START);
	});
}

/// Whoever accounts for a battery and a roof every so many intervals, as with a grace of 8. Returns what the roof had sent and
/// received in three days, and how many intervals were skipped.
fn accounted_every(intervals: Interval) -> ((u128, u128), Interval) {
	Grace::set(&8);
	let battery = battery();
	let olga = roof(&OLGA);
	deposit(&OLGA, olga, &battery);
	let mut skipped = 0;
	let mut account_both = || {
		System::reset_events();
		battery.account();
		StorageNodes::account_meter(signed(&CAROL), olga).unwrap();
		for event in events() {
			if let Event::IntervalsSkipped { from, to, .. } = event {
				skipped += to - from;
			}
		}
	};
	for _ in 0..3 * RING / intervals {
		for _ in 0..intervals {
			sends(&battery, &[(olga, 1_000)], 900);
		}
		account_both();
	}
	rest(&battery, 9, &[olga]);
	account_both();
	rest(&battery, 9, &[olga]);
	account_both();
	(receipt(olga), skipped)
}

#[test]
fn nothing_is_skipped_when_somebody_accounts_every_twelve_hours() {
	build_and_execute(|| {
		assert_eq!(accounted_every(RING / 2), ((288_000, 259_200), 0));
	});
}

#[test]
fn energy_of_skipped_intervals_is_drawn_late_when_somebody_accounts_once_a_day() {
	build_and_execute(|| {
		// The one in which the battery was registered, and eight on the second and on the third day.
		let ((sent, received), skipped) = accounted_every(RING);
		assert_eq!(skipped, 1 + 8 + 8);
		assert_eq!((sent, received), (288_000, 259_200));
	});
}

#[test]
fn withdrawal_is_settled_in_full_when_somebody_accounts_every_twelve_hours() {
	build_and_execute(|| {
		Grace::set(&8);
		let (battery, _) = {
			let battery = battery();
			let olga = roof(&OLGA);
			deposit(&OLGA, olga, &battery);
			sends(&battery, &[(olga, 10 * KWH_32)], 10 * KWH_32);
			rest(&battery, 8, &[olga]);
			battery.account();
			account_meter(olga);
			mint(olga, &OLGA);
			(battery, olga)
		};
		let (id, home) = drawing(&battery, 9_600_000, 96);
		rest(&battery, 1, &[home]);
		for _ in 0..2 {
			for _ in 0..RING / 2 {
				gives(&battery, 100_000, home, 100_000);
			}
			battery.account();
			settle(id);
		}
		rest(&battery, 8, &[home]);
		battery.account();
		System::reset_events();
		settle(id);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 9_600_000,
			returned: 0,
			failed: 0,
			penalty: 0,
		};
		assert_eq!(last_event(), closed);
	});
}

#[test]
fn call_weighs_what_it_looked_at() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let peter = roof(&PETER);
		deposit(&PETER, peter, &battery);
		let (id, home) = drawing(&battery, 4 * KWH, 8);
		rest(&battery, 5, &[peter, home]);
		let weight = |info: DispatchResultWithPostInfo| info.unwrap().actual_weight.unwrap();
		let of = |intervals: u64| Weight::from_parts(intervals, 0);
		assert_eq!(weight(account(battery.node, 3)), of(3));
		assert_eq!(weight(account(battery.node, RING)), of(2));
		assert_eq!(weight(account(battery.node, RING)), of(0));
		// The interval in which both agreed is the first one for Peter, and the one before it for Wanda.
		assert_eq!(weight(StorageNodes::account_meter(signed(&CAROL), peter)), of(3));
		assert_eq!(weight(StorageNodes::settle_withdrawal(signed(&CAROL), id)), of(2));
		// To end a deposit is not to look at no interval.
		Miners::assign_node(RuntimeOrigin::root(), peter, None).unwrap();
		let ended = StorageNodes::account_meter(signed(&CAROL), peter);
		assert_eq!(weight(ended), <() as WeightInfo>::end_deposit());
	});
}
