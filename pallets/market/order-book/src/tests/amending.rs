//! Orders that change.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

#[test]
fn order_keeps_its_place_when_it_gets_smaller() {
	build_and_execute(|| {
		let first = sell(&OLGA, 30 * CENT, 5 * KWH);
		let second = sell(&PETER, 30 * CENT, 5 * KWH);
		System::reset_events();
		assert_ok!(amend(&OLGA, first, 30 * CENT, 2 * KWH));
		let amended = Event::OrderAmended {
			order: first,
			price: 30 * CENT,
			energy: 2 * KWH,
			rest: 2 * KWH,
			kept_place: true,
		};
		assert_eq!(own_events(), [amended]);
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE - 2 * KWH_TOKEN, 2 * KWH_TOKEN));
		assert_eq!(depth(Side::Sell), [(30 * CENT, 7 * KWH_TOKEN)]);
		assert_eq!(OrderBook::order(first).unwrap().placed, 2 * KWH);
		let taker = buy(&CAROL, 30 * CENT, 3 * KWH);
		assert_eq!(fills(), [(first, taker, 30 * CENT, 2 * KWH), (second, taker, 30 * CENT, KWH)]);
	});
}

/// An order to buy 10 kWh at 0.30, of which 4 are traded.
fn half_filled() -> OrderId {
	let order = buy(&CAROL, 30 * CENT, 10 * KWH);
	sell(&OLGA, 30 * CENT, 4 * KWH);
	System::reset_events();
	order
}

/// What an order to buy so much at a price holds.
fn needed(price: Price, energy: Energy) -> Balance {
	let cost = Balance::from(price) * Balance::from(energy);
	cost + cost / 1_000
}

#[test]
fn order_is_for_so_much_in_all_when_it_gets_smaller_after_a_fill() {
	build_and_execute(|| {
		let order = half_filled();
		let other = buy(&DAVE, 30 * CENT, KWH);
		System::reset_events();
		assert_ok!(amend(&CAROL, order, 30 * CENT, 7 * KWH));
		let amended = Event::OrderAmended {
			order,
			price: 30 * CENT,
			energy: 7 * KWH,
			rest: 3 * KWH,
			kept_place: true,
		};
		assert_eq!(own_events(), [amended]);
		let entry = OrderBook::order(order).unwrap();
		assert_eq!((entry.energy, entry.placed, entry.traded()), (3 * KWH, 7 * KWH, 4 * KWH));
		assert_eq!(deca_held(&CAROL), needed(30 * CENT, 3 * KWH));
		let taker = sell(&OLGA, 30 * CENT, 4 * KWH);
		assert_eq!(fills(), [(order, taker, 30 * CENT, 3 * KWH), (other, taker, 30 * CENT, KWH)]);
		assert_eq!(kwh(&CAROL), STORE + 7 * KWH_TOKEN);
	});
}

#[test]
fn what_was_traded_is_not_bought_again_when_the_price_changes_after_a_fill() {
	build_and_execute(|| {
		let order = half_filled();
		assert_ok!(amend(&CAROL, order, 31 * CENT, 10 * KWH));
		let amended = Event::OrderAmended {
			order,
			price: 31 * CENT,
			energy: 10 * KWH,
			rest: 6 * KWH,
			kept_place: false,
		};
		assert_eq!(own_events(), [amended]);
		let entry = OrderBook::order(order).unwrap();
		assert_eq!((entry.energy, entry.placed), (6 * KWH, 10 * KWH));
		assert_eq!(deca_held(&CAROL), needed(31 * CENT, 6 * KWH));
		// And again, also when it is filled as it comes anew.
		sell(&PETER, 32 * CENT, 5 * KWH);
		assert_ok!(amend(&CAROL, order, 32 * CENT, 10 * KWH));
		let entry = OrderBook::order(order).unwrap();
		assert_eq!((entry.energy, entry.placed), (KWH, 10 * KWH));
		sell(&OLGA, 32 * CENT, 5 * KWH);
		assert_eq!((kwh(&CAROL), deca_held(&CAROL)), (STORE + 10 * KWH_TOKEN, 0));
	});
}

#[test]
fn reduction_stays_one_when_the_order_is_filled_before_it_comes() {
	build_and_execute(|| {
		// Carol sees 10 kWh waiting and wants no more than 8; before her call Olga sells 4.
		let order = half_filled();
		assert_ok!(amend(&CAROL, order, 30 * CENT, 8 * KWH));
		assert!(matches!(own_events()[0], Event::OrderAmended { kept_place: true, .. }));
		sell(&OLGA, 30 * CENT, 20 * KWH);
		assert_eq!(kwh(&CAROL), STORE + 8 * KWH_TOKEN);
	});
}

#[test]
fn amendment_is_refused_when_as_much_is_traded_already() {
	build_and_execute(|| {
		let order = half_filled();
		for energy in [0, KWH, 4 * KWH] {
			for price in [30 * CENT, 31 * CENT] {
				let refused = Error::<Test>::AlreadyFilled;
				assert_noop!(amend(&CAROL, order, price, energy), refused);
			}
		}
		// What is left of it has to be an order, too.
		let least = 4 * KWH + KWH / 10;
		assert_noop!(amend(&CAROL, order, 30 * CENT, least - 1_000), Error::<Test>::BelowMinimum);
		assert_noop!(amend(&CAROL, order, 30 * CENT, least + 1), Error::<Test>::EnergyOffLot);
		assert_noop!(amend(&CAROL, order, 30 * CENT, 10 * KWH), Error::<Test>::Unchanged);
		assert_ok!(amend(&CAROL, order, 30 * CENT, 6 * KWH));
		assert_ok!(amend(&CAROL, order, 30 * CENT, least));
		assert_eq!(left(order), KWH / 10);
	});
}

#[test]
fn order_loses_its_place_when_it_gets_larger_after_a_fill() {
	build_and_execute(|| {
		let order = half_filled();
		let other = buy(&DAVE, 30 * CENT, KWH);
		System::reset_events();
		// More than is left now is not more than there was.
		assert_ok!(amend(&CAROL, order, 30 * CENT, 11 * KWH));
		assert!(matches!(
			own_events()[0],
			Event::OrderAmended { kept_place: false, rest, .. } if rest == 7 * KWH
		));
		let taker = sell(&OLGA, 30 * CENT, 2 * KWH);
		assert_eq!(fills(), [(other, taker, 30 * CENT, KWH), (order, taker, 30 * CENT, KWH)]);
	});
}

#[test]
fn order_expires_when_it_did_before_it_was_amended() {
	build_and_execute(|| {
		let order = sell(&OLGA, 30 * CENT, 2 * KWH);
		go_to(START + 10);
		assert_ok!(amend(&OLGA, order, 30 * CENT, KWH));
		assert_ok!(amend(&OLGA, order, 31 * CENT, KWH));
		let entry = OrderBook::order(order).unwrap();
		assert_eq!((entry.since, entry.expires), (START + 10, START + LIFETIME));
	});
}

#[test]
fn buyer_gets_back_what_a_smaller_order_does_not_need() {
	build_and_execute(|| {
		let order = buy(&CAROL, 30 * CENT, 5 * KWH);
		assert_ok!(amend(&CAROL, order, 30 * CENT, 2 * KWH));
		let held = 600_000_000_000 + 600_000_000;
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT - held, held));
	});
}

#[test]
fn order_loses_its_place_when_it_gets_larger_or_has_another_price() {
	build_and_execute(|| {
		let larger = sell(&OLGA, 30 * CENT, KWH);
		let moved = sell(&OLGA, 29 * CENT, KWH);
		let other = sell(&PETER, 30 * CENT, KWH);
		System::reset_events();
		assert_ok!(amend(&OLGA, larger, 30 * CENT, 2 * KWH));
		assert_ok!(amend(&OLGA, moved, 30 * CENT, KWH / 2));
		assert!(own_events()
			.iter()
			.all(|event| matches!(event, Event::OrderAmended { kept_place: false, .. })));
		let taker = buy(&CAROL, 30 * CENT, 3 * KWH + KWH / 2);
		assert_eq!(
			fills(),
			[
				(other, taker, 30 * CENT, KWH),
				(larger, taker, 30 * CENT, 2 * KWH),
				(moved, taker, 30 * CENT, KWH / 2)
			]
		);
	});
}

#[test]
fn order_is_filled_when_its_new_price_crosses() {
	build_and_execute(|| {
		let offer = sell(&OLGA, 30 * CENT, KWH);
		let order = buy(&CAROL, 29 * CENT, 3 * KWH);
		System::reset_events();
		assert_ok!(amend(&CAROL, order, 31 * CENT, 2 * KWH));
		assert_eq!(fills(), [(offer, order, 30 * CENT, KWH)]);
		assert_eq!(left(order), KWH);
		let held = 310_000_000_000 + 310_000_000;
		assert_eq!(deca_held(&CAROL), held);
		assert_eq!(deca(&CAROL), ENDOWMENT - held - 300_900_000_000);
	});
}

#[test]
fn order_is_gone_when_its_new_price_fills_it() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let order = buy(&CAROL, 29 * CENT, KWH);
		assert_ok!(amend(&CAROL, order, 30 * CENT, KWH));
		assert_eq!(OrderBook::order(order), None);
		assert_eq!(OrderBook::orders_of(CAROL), []);
		assert_eq!(deca_held(&CAROL), 0);
	});
}

#[test]
fn post_only_stays_so_when_it_is_amended() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let order = place(&CAROL, Side::Buy, 28 * CENT, KWH, Kind::PostOnly).unwrap();
		assert_noop!(amend(&CAROL, order, 30 * CENT, KWH), Error::<Test>::WouldCross);
		assert_ok!(amend(&CAROL, order, 29 * CENT, KWH));
	});
}

#[test]
fn order_ends_when_its_new_price_meets_its_owner() {
	build_and_execute(|| {
		let own = sell(&CAROL, 30 * CENT, KWH);
		let order = buy(&CAROL, 28 * CENT, KWH);
		System::reset_events();
		assert_ok!(amend(&CAROL, order, 30 * CENT, KWH));
		assert_eq!(closed(), [(order, CloseReason::SelfTrade, KWH)]);
		assert_eq!(left(own), KWH);
	});
}

#[test]
fn order_goes_back_when_its_new_price_crosses_more_than_its_steps() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let order = buy(&CAROL, 28 * CENT, KWH);
		System::reset_events();
		assert_ok!(OrderBook::amend_order(signed(&CAROL), order, 30 * CENT, KWH, 0));
		assert_eq!(closed(), [(order, CloseReason::OutOfFills, KWH)]);
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT, 0));
	});
}

#[test]
fn amendment_is_refused_when_the_order_cannot_have_it() {
	build_and_execute(|| {
		let order = sell(&OLGA, 30 * CENT, KWH);
		let noop = |price, energy, error: Error<Test>| {
			assert_noop!(amend(&OLGA, order, price, energy), error);
		};
		noop(30 * CENT, KWH, Error::Unchanged);
		noop(30 * CENT + 1, KWH, Error::PriceOffTick);
		noop(0, KWH, Error::PriceOutOfRange);
		noop(30 * CENT, KWH - 1, Error::EnergyOffLot);
		noop(30 * CENT, 0, Error::BelowMinimum);
		assert_noop!(amend(&PETER, order, 31 * CENT, KWH), Error::<Test>::NotOwner);
		assert_noop!(amend(&OLGA, order + 1, 31 * CENT, KWH), Error::<Test>::UnknownOrder);
		assert_noop!(
			amend(&OLGA, order, 31 * CENT, 2_000 * KWH),
			sp_runtime::TokenError::FundsUnavailable
		);
		let too_far = OrderBook::amend_order(signed(&OLGA), order, 31 * CENT, KWH, 17);
		assert_eq!(too_far.unwrap_err().error, Error::<Test>::TooManyFills.into());
	});
}

#[test]
fn amendment_is_refused_when_the_order_expired() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		let order = place(&OLGA, Side::Sell, 30 * CENT, 2 * KWH, until).unwrap();
		go_to(START + 1);
		assert_noop!(amend(&OLGA, order, 30 * CENT, KWH), Error::<Test>::OrderExpired);
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), order));
	});
}

#[test]
fn order_can_be_amended_when_its_owner_has_as_many_as_there_may_be() {
	build_and_execute(|| {
		let orders = (1..=8).map(|number| sell(&OLGA, number * CENT, KWH)).collect::<Vec<_>>();
		assert_ok!(amend(&OLGA, orders[0], 9 * CENT, KWH));
		let listed = OrderBook::orders_of(OLGA).into_iter().map(|(order, _)| order);
		assert!(listed.eq(orders[1..].iter().copied().chain([orders[0]])));
	});
}

#[test]
fn caller_pays_for_what_an_amendment_did() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let order = buy(&CAROL, 28 * CENT, 3 * KWH);
		let weight = |price, energy| {
			let amended = OrderBook::amend_order(signed(&CAROL), order, price, energy, 16);
			amended.unwrap().actual_weight.unwrap().ref_time()
		};
		assert_eq!(weight(28 * CENT, 2 * KWH), 3_000);
		assert_eq!(weight(29 * CENT, 2 * KWH), 12_000);
		assert_eq!(weight(30 * CENT, 2 * KWH), 12_001);
	});
}
