//! How a connection ends: closed by a side, or over.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

/// The interval with which the connections of these tests begin.
const FROM: Interval = START + 4;

#[test]
fn connection_ends_with_the_interval_that_runs_when_a_side_closes_it() {
	build_and_execute(|| {
		for (who, side) in [(NORA, Side::Seller), (DAVE, Side::Winner)] {
			let (lot, seller, winner) = connected(5 * KWH, TENTH);
			let from = now();
			flow(&[(seller, KWH), (winner, KWH)]);
			assert_noop!(close(&PETER, lot), Error::<Test>::NotASide);
			System::reset_events();
			assert_ok!(close(&who, lot));
			let until = from + 2;
			assert_eq!(events(), [Event::ConnectionClosed { lot, side, until }]);
			// The money of what can still be drawn stays held.
			assert_eq!(held(&DAVE), DECA / 2);
			assert_ok!(draw(lot));
			assert_eq!(held(&DAVE), DECA * 4 / 10);
			// Most of the interval was over, and counts.
			flow(&[(seller, KWH), (winner, KWH)]);
			flow(&[(seller, KWH), (winner, KWH)]);
			System::reset_events();
			assert_ok!(draw(lot));
			let (reason, returned) = (EndReason::Closed(side), DECA * 3 / 10);
			let (drawn, paid) = (2 * KWH, DECA * 2 / 10);
			assert_eq!(events()[1], Event::Ended { lot, reason, drawn, paid, returned });
			assert_eq!(held(&DAVE), 0);
			assert_eq!((booked(seller), booked(winner)), (None, None));
		}
	});
}

#[test]
fn connection_closes_once() {
	build_and_execute(|| {
		let (lot, _, _) = connected(5 * KWH, TENTH);
		assert_ok!(close(&NORA, lot));
		assert_noop!(close(&DAVE, lot), Error::<Test>::AlreadyClosing);
		assert_noop!(close(&NORA, lot), Error::<Test>::AlreadyClosing);
		pass(1);
		assert_noop!(close(&DAVE, lot), Error::<Test>::AlreadyClosing);
		assert_noop!(close(&DAVE, lot + 1), Error::<Test>::UnknownLot);
		assert_eq!(connection(lot).closed, Some(Side::Seller));
	});
}

#[test]
fn connection_cannot_be_closed_when_it_ends_anyway() {
	build_and_execute(|| {
		let (first, _, _) = connected(5 * KWH, TENTH);
		go_to(FROM + 671);
		assert_noop!(close(&DAVE, first), Error::<Test>::AlreadyClosing);
		let (second, _, _) = connected(5 * KWH, TENTH);
		pass(670);
		assert_ok!(close(&DAVE, second));
		assert_eq!(connection(second).until, now() + 1);
	});
}

#[test]
fn winner_gets_everything_back_when_nothing_was_drawn() {
	build_and_execute(|| {
		let (lot, _, _) = connected(5 * KWH, TENTH);
		let dave = deca(&DAVE);
		assert_ok!(close(&DAVE, lot));
		go_to(FROM + 8);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 9);
		assert_ok!(draw(lot));
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave + DECA / 2, 0));
		assert_eq!(LotAuctions::lot(lot), None);
	});
}

#[test]
fn side_closes_at_once_when_nobody_has_closed_the_auction() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		assert_ok!(bid(&DAVE, lot, TENTH, house(&DAVE)));
		go_to(FROM);
		assert_noop!(close(&PETER, lot), Error::<Test>::NotASide);
		System::reset_events();
		assert_ok!(close(&DAVE, lot));
		assert!(matches!(events()[0], Event::Connected { until, .. } if until == FROM + 672));
		assert_eq!(connection(lot).until, FROM + 1);
	});
}

#[test]
fn anyone_expires_a_lot_when_its_time_is_over() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		let dave = deca(&DAVE);
		go_to(FROM + 671);
		assert_noop!(expire(lot), Error::<Test>::NotExpired);
		flow(&[(seller, KWH), (winner, KWH)]);
		System::reset_events();
		assert_eq!(is_free(&WANDA, Call::expire { lot }), Ok(true));
		let (reason, returned) = (EndReason::Expired, DECA * 4 / 10);
		let (drawn, paid) = (KWH, DECA / 10);
		assert_eq!(events()[1], Event::Ended { lot, reason, drawn, paid, returned });
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave + returned, 0));
		assert_noop!(expire(lot), Error::<Test>::UnknownLot);
	});
}

#[test]
fn lot_is_not_expired_when_its_last_readings_may_come() {
	build_and_execute(|| {
		let (lot, _, _) = connected(5 * KWH, TENTH);
		go_to(FROM + 671 + 8);
		assert_noop!(expire(lot), Error::<Test>::NotExpired);
		// The draw that it would be is good, and not the last.
		assert_ok!(draw(lot));
		assert_noop!(expire(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 671 + 9);
		assert_ok!(expire(lot));
	});
}

#[test]
fn expired_lot_ends_when_nobody_has_ever_touched_it() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		assert_ok!(bid(&DAVE, lot, TENTH, house(&DAVE)));
		let dave = deca(&DAVE);
		go_to(FROM + 10_000);
		assert_ok!(expire(lot));
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave + DECA / 2, 0));
	});
}

#[test]
fn meters_are_in_the_next_lot_when_the_last_one_has_ended() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_noop!(list(&NORA, seller, KWH, TENTH, now() + 1), Error::<Test>::MeterInLot);
		assert_ok!(draw(lot));
		assert_ok!(list(&NORA, seller, KWH, TENTH, now() + 1));
		assert_ok!(bid(&DAVE, lot + 1, TENTH, winner));
		// The energy of the first lot is not sold again: the second begins with its own close.
		flow(&[(seller, KWH), (winner, KWH)]);
		flow(&[(seller, KWH), (winner, KWH)]);
		flow(&[(seller, 400_000), (winner, KWH)]);
		assert_ok!(draw(lot + 1));
		// A late bid had moved it by one interval.
		assert_eq!(connection(lot + 1).from, FROM + 3);
		assert_eq!(connection(lot + 1).drawn, 400_000);
	});
}
