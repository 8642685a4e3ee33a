//! What becomes of what cannot be traded at once.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

#[test]
fn immediate_order_gives_back_the_rest_when_the_book_has_too_little() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		System::reset_events();
		let taker = place(&CAROL, Side::Buy, 32 * CENT, 3 * KWH, Kind::Ioc).unwrap();
		assert_eq!(fills().len(), 1);
		assert_eq!(closed().last(), Some(&(taker, CloseReason::Immediate, 2 * KWH)));
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT - 300_900_000_000, 0));
	});
}

#[test]
fn immediate_order_is_filled_when_the_book_has_enough() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		System::reset_events();
		let taker = place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Ioc).unwrap();
		assert_eq!(closed().last(), Some(&(taker, CloseReason::Filled, 0)));
	});
}

#[test]
fn nothing_happens_when_fill_or_kill_cannot_be_filled() {
	build_and_execute(|| {
		let stale = Terms { expires: Some(START), ..Default::default() };
		assert_ok!(place(&DAVE, Side::Sell, 29 * CENT, KWH, stale));
		sell(&OLGA, 30 * CENT, KWH);
		sell(&PETER, 31 * CENT, KWH);
		go_to(START + 1);
		let fok = |price, energy, max_fills| {
			let terms = Terms { kind: Kind::Fok, max_fills, ..Default::default() };
			place(&CAROL, Side::Buy, price, energy, terms)
		};
		// Too much, too cheap, too few steps.
		assert_noop!(fok(31 * CENT, 3 * KWH, 16), Error::<Test>::NotFilled);
		assert_noop!(fok(30 * CENT, 2 * KWH, 16), Error::<Test>::NotFilled);
		assert_noop!(fok(31 * CENT, 2 * KWH, 2), Error::<Test>::NotFilled);
		assert_ok!(fok(31 * CENT, 2 * KWH, 3));
		assert_eq!(kwh(&CAROL), STORE + 2 * KWH_TOKEN);
	});
}

#[test]
fn nothing_happens_when_fill_or_kill_would_meet_its_owner() {
	build_and_execute(|| {
		sell(&CAROL, 30 * CENT, KWH);
		sell(&PETER, 30 * CENT, KWH);
		assert_noop!(place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Fok), Error::<Test>::NotFilled);
	});
}

#[test]
fn post_only_is_refused_when_it_would_be_filled() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let post = |who, price| place(who, Side::Buy, price, KWH, Kind::PostOnly);
		assert_noop!(post(&CAROL, 30 * CENT), Error::<Test>::WouldCross);
		assert_noop!(post(&OLGA, 31 * CENT), Error::<Test>::WouldCross);
		assert_ok!(post(&CAROL, 30 * CENT - 100));
	});
}

#[test]
fn post_only_is_laid_down_when_what_it_crosses_has_expired() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		let stale = place(&OLGA, Side::Sell, 29 * CENT, KWH, until).unwrap();
		go_to(START + 1);
		System::reset_events();
		let post = |max_fills| {
			let terms = Terms { kind: Kind::PostOnly, max_fills, ..Default::default() };
			place(&CAROL, Side::Buy, 30 * CENT, KWH, terms)
		};
		// It takes a step to remove it.
		assert_noop!(post(0), Error::<Test>::WouldCross);
		let order = post(1).unwrap();
		assert_eq!(closed(), [(stale, CloseReason::Expired, KWH)]);
		assert_eq!(left(order), KWH);
	});
}

#[test]
fn post_only_needs_the_fee_of_makers_only() {
	build_and_execute(|| {
		// All that can be held: 10,000 DECA less what the account needs to exist. With 0.1 % it buys at this price, and
		// with 0.3 % it would not.
		let energy = 9_989 * KWH;
		assert!(place(&CAROL, Side::Buy, 100 * CENT, energy, Kind::Gtc).is_err());
		assert_ok!(place(&CAROL, Side::Buy, 100 * CENT, energy, Kind::PostOnly));
		assert_eq!(deca_held(&CAROL), 9_989 * DECA + 9_989 * DECA / 1_000);
	});
}
