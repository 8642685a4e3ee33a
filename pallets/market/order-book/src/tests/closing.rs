//! Orders that end before they are filled.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, BoundedVec};

/// Whether the bot paid, and what it weighed.
fn prune(orders: &[OrderId]) -> (Pays, u64) {
	let orders = BoundedVec::truncate_from(orders.to_vec());
	let done = OrderBook::prune(signed(&BOT), orders).unwrap();
	(done.pays_fee, done.actual_weight.expect("it is told").ref_time())
}

/// An order of a kWh that is good for so many intervals more.
fn good_for(who: &AccountId, side: Side, price: Price, intervals: Interval) -> OrderId {
	let expires = Some(CurrentInterval::get() + intervals);
	place(who, side, price, KWH, Terms { expires, ..Default::default() }).unwrap()
}

#[test]
fn owner_has_all_again_when_its_order_is_cancelled() {
	build_and_execute(|| {
		let offer = sell(&OLGA, 30 * CENT, 3 * KWH);
		let bid = buy(&CAROL, 29 * CENT, 3 * KWH);
		System::reset_events();
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), offer));
		assert_ok!(OrderBook::cancel_order(signed(&CAROL), bid));
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE, 0));
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT, 0));
		let reason = CloseReason::Cancelled;
		assert_eq!(closed(), [(offer, reason, 3 * KWH), (bid, reason, 3 * KWH)]);
		assert_eq!(Nodes::<Test>::iter().count() + Levels::<Test>::iter().count(), 0);
	});
}

#[test]
fn owner_has_the_rest_again_when_a_half_filled_order_is_cancelled() {
	build_and_execute(|| {
		let offer = sell(&OLGA, 30 * CENT, 3 * KWH);
		buy(&CAROL, 30 * CENT, KWH);
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), offer));
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE - KWH_TOKEN, 0));
	});
}

#[test]
fn others_keep_their_places_when_one_leaves_the_queue() {
	// The first, the one in the middle, the last.
	for gone in 0..3 {
		build_and_execute(|| {
			let mut orders = [&OLGA, &PETER, &DAVE].map(|who| sell(who, 30 * CENT, KWH)).to_vec();
			let owner = [&OLGA, &PETER, &DAVE][gone];
			assert_ok!(OrderBook::cancel_order(signed(owner), orders.remove(gone)));
			System::reset_events();
			let taker = buy(&CAROL, 30 * CENT, 2 * KWH);
			let expected = orders.into_iter().map(|order| (order, taker, 30 * CENT, KWH));
			assert_eq!(fills(), expected.collect::<Vec<_>>());
		});
	}
}

#[test]
fn cancelling_is_refused_when_the_order_is_not_the_callers() {
	build_and_execute(|| {
		let order = sell(&OLGA, 30 * CENT, KWH);
		let cancel = |who, order| OrderBook::cancel_order(signed(who), order);
		assert_noop!(cancel(&PETER, order), Error::<Test>::NotOwner);
		assert_noop!(cancel(&OLGA, order + 1), Error::<Test>::UnknownOrder);
		assert_ok!(cancel(&OLGA, order));
		assert_noop!(cancel(&OLGA, order), Error::<Test>::UnknownOrder);
	});
}

#[test]
fn nothing_is_held_when_all_orders_are_cancelled() {
	build_and_execute(|| {
		for number in 1..=3 {
			sell(&OLGA, (40 + number) * CENT, KWH);
			buy(&OLGA, (30 - number) * CENT, KWH);
		}
		let other = sell(&PETER, 41 * CENT, KWH);
		let cancel = || OrderBook::cancel_all(signed(&OLGA)).unwrap().actual_weight.unwrap();
		assert_eq!(cancel().ref_time(), 20_006);
		assert_eq!((deca(&OLGA), deca_held(&OLGA)), (ENDOWMENT, 0));
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE, 0));
		assert_eq!(OrderBook::orders_of(OLGA), []);
		assert_eq!(left(other), KWH);
		assert_eq!(cancel().ref_time(), 20_000);
	});
}

#[test]
fn bot_removes_what_expired_for_nothing() {
	build_and_execute(|| {
		let stale =
			[good_for(&OLGA, Side::Sell, 30 * CENT, 2), good_for(&CAROL, Side::Buy, 29 * CENT, 2)];
		let fresh = good_for(&PETER, Side::Sell, 30 * CENT, 3);
		let endless = sell(&PETER, 31 * CENT, KWH);
		let all = [stale[0], fresh, stale[1], endless, 99];
		go_to(START + 2);
		// None is over yet, and the bot pays for having looked.
		assert_eq!(prune(&all), (Pays::Yes, 40_000 + 5 * READ));
		go_to(START + 3);
		System::reset_events();
		assert_eq!(prune(&all), (Pays::No, 40_002 + 3 * READ));
		let expired = stale.map(|order| (order, CloseReason::Expired, KWH));
		assert_eq!(closed(), expired);
		assert_eq!(own_events().last(), Some(&Event::Pruned { orders: 2 }));
		assert_eq!(prune(&all), (Pays::Yes, 40_000 + 5 * READ));
		assert_eq!((kwh(&OLGA), deca(&CAROL)), (STORE, ENDOWMENT));
		assert_eq!((left(fresh), left(endless)), (KWH, KWH));
	});
}

#[test]
fn one_order_is_removed_once_when_it_is_named_twice() {
	build_and_execute(|| {
		let stale = good_for(&OLGA, Side::Sell, 30 * CENT, 0);
		go_to(START + 1);
		System::reset_events();
		assert_eq!(prune(&[stale, stale]), (Pays::No, 40_001 + READ));
		assert_eq!(own_events().last(), Some(&Event::Pruned { orders: 1 }));
		assert_eq!(kwh(&OLGA), STORE);
	});
}

#[test]
fn no_block_is_filled_for_nothing_when_one_of_many_numbers_was_removed() {
	build_and_execute(|| {
		let stale = good_for(&OLGA, Side::Sell, 30 * CENT, 0);
		go_to(START + 1);
		let all = [stale, 91, 92, 93, 94, 95, 96, 97];
		assert_eq!(prune(&all), (Pays::No, 40_001 + 7 * READ));
	});
}

#[test]
fn anyone_removes_an_order_that_was_to_stay_when_its_longest_time_is_over() {
	build_and_execute(|| {
		let order = sell(&OLGA, 30 * CENT, KWH);
		go_to(START + LIFETIME);
		assert_eq!(prune(&[order]).0, Pays::Yes);
		assert_eq!(left(order), KWH);
		go_to(START + LIFETIME + 1);
		assert_eq!(prune(&[order]).0, Pays::No);
		assert_eq!((kwh(&OLGA), OrderBook::order(order)), (STORE, None));
	});
}

#[test]
fn owner_takes_back_what_expired() {
	build_and_execute(|| {
		let stale = good_for(&OLGA, Side::Sell, 30 * CENT, 0);
		good_for(&OLGA, Side::Sell, 31 * CENT, 0);
		go_to(START + 1);
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), stale));
		assert_ok!(OrderBook::cancel_all(signed(&OLGA)));
		assert_eq!(kwh(&OLGA), STORE);
	});
}
