//! Who is served first, and how far.

use crate::{mock::*, *};
use frame_support::assert_ok;

#[test]
fn best_price_is_served_first_when_there_are_several() {
	build_and_execute(|| {
		let dear = sell(&OLGA, 31 * CENT, KWH);
		let cheap = sell(&PETER, 29 * CENT, KWH);
		let middle = sell(&OLGA, 30 * CENT, KWH);
		System::reset_events();
		let taker = buy(&CAROL, 31 * CENT, 3 * KWH);
		assert_eq!(
			fills(),
			[
				(cheap, taker, 29 * CENT, KWH),
				(middle, taker, 30 * CENT, KWH),
				(dear, taker, 31 * CENT, KWH)
			]
		);
	});
	build_and_execute(|| {
		let low = buy(&CAROL, 29 * CENT, KWH);
		let high = buy(&DAVE, 31 * CENT, KWH);
		System::reset_events();
		let taker = sell(&OLGA, 29 * CENT, 2 * KWH);
		assert_eq!(fills(), [(high, taker, 31 * CENT, KWH), (low, taker, 29 * CENT, KWH)]);
	});
}

#[test]
fn oldest_order_is_served_first_at_one_price() {
	build_and_execute(|| {
		let orders = [&OLGA, &PETER, &DAVE].map(|who| sell(who, 30 * CENT, KWH));
		System::reset_events();
		let taker = buy(&CAROL, 30 * CENT, 2 * KWH + KWH / 2);
		let expected = [KWH, KWH, KWH / 2];
		let expected = orders.iter().zip(expected);
		let expected = expected.map(|(order, energy)| (*order, taker, 30 * CENT, energy));
		assert_eq!(fills(), expected.collect::<Vec<_>>());
		assert_eq!(left(orders[2]), KWH / 2);
	});
}

#[test]
fn order_keeps_its_place_when_it_is_filled_in_part() {
	build_and_execute(|| {
		let first = sell(&OLGA, 30 * CENT, 2 * KWH);
		let second = sell(&PETER, 30 * CENT, 2 * KWH);
		buy(&CAROL, 30 * CENT, KWH);
		System::reset_events();
		let taker = buy(&CAROL, 30 * CENT, 2 * KWH);
		assert_eq!(fills(), [(first, taker, 30 * CENT, KWH), (second, taker, 30 * CENT, KWH)]);
	});
}

#[test]
fn nothing_is_traded_when_prices_do_not_meet() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		buy(&CAROL, 30 * CENT - 100, KWH);
		assert_eq!(fills(), []);
		assert_eq!(OrderBook::spread(), Some(100));
	});
}

#[test]
fn rest_is_laid_down_when_the_book_has_too_little() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		let taker = buy(&CAROL, 32 * CENT, 3 * KWH);
		assert_eq!(left(taker), 2 * KWH);
		assert_eq!(depth(Side::Buy), [(32 * CENT, 2 * KWH_TOKEN)]);
		// 0.64 DECA, and the fee of makers on it.
		assert_eq!(deca_held(&CAROL), 640_000_000_000 + 640_000_000);
		assert_eq!(deca(&CAROL), ENDOWMENT - 300_900_000_000 - 640_640_000_000);
	});
}

#[test]
fn rest_goes_back_when_steps_are_used_up_and_it_still_crosses() {
	build_and_execute(|| {
		for who in [&OLGA, &PETER, &DAVE] {
			sell(who, 30 * CENT, KWH);
		}
		System::reset_events();
		let terms = Terms { max_fills: 2, ..Default::default() };
		let taker = place(&CAROL, Side::Buy, 30 * CENT, 5 * KWH, terms).unwrap();
		assert_eq!(fills().len(), 2);
		assert_eq!(closed().last(), Some(&(taker, CloseReason::OutOfFills, 3 * KWH)));
		assert_eq!(deca_held(&CAROL), 0);
		assert_eq!(OrderBook::best(), Best { buy: None, sell: Some(30 * CENT) });
	});
}

#[test]
fn rest_is_laid_down_when_steps_are_used_up_and_it_does_not_cross() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		sell(&PETER, 31 * CENT, KWH);
		let terms = Terms { max_fills: 1, ..Default::default() };
		let taker = place(&CAROL, Side::Buy, 30 * CENT, 5 * KWH, terms).unwrap();
		assert_eq!(left(taker), 4 * KWH);
	});
}

#[test]
fn order_goes_back_when_it_has_no_step_and_crosses() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		System::reset_events();
		let terms = Terms { max_fills: 0, ..Default::default() };
		let taker = place(&CAROL, Side::Buy, 30 * CENT, KWH, terms).unwrap();
		assert_eq!(closed(), [(taker, CloseReason::OutOfFills, KWH)]);
		assert_eq!(deca(&CAROL), ENDOWMENT);
	});
}

#[test]
fn taker_ends_when_it_would_meet_its_owner() {
	build_and_execute(|| {
		let own = sell(&CAROL, 30 * CENT, 5 * KWH);
		let other = sell(&PETER, 29 * CENT, 5 * KWH);
		System::reset_events();
		let taker = buy(&CAROL, 30 * CENT, 8 * KWH);
		assert_eq!(fills(), [(other, taker, 29 * CENT, 5 * KWH)]);
		assert_eq!(closed().last(), Some(&(taker, CloseReason::SelfTrade, 3 * KWH)));
		assert_eq!(left(own), 5 * KWH);
		assert_eq!(deca_held(&CAROL), 0);
	});
}

#[test]
fn maker_is_closed_when_it_would_meet_its_owner_who_chose_that() {
	build_and_execute(|| {
		let own = sell(&CAROL, 30 * CENT, 5 * KWH);
		let other = sell(&PETER, 30 * CENT, 5 * KWH);
		System::reset_events();
		let terms = Terms { self_trade: SelfTrade::CancelMaker, ..Default::default() };
		let taker = place(&CAROL, Side::Buy, 30 * CENT, 8 * KWH, terms).unwrap();
		assert_eq!(fills(), [(other, taker, 30 * CENT, 5 * KWH)]);
		assert_eq!(closed()[0], (own, CloseReason::SelfTrade, 5 * KWH));
		assert_eq!(kwh_held(&CAROL), 0);
		assert_eq!(left(taker), 3 * KWH);
	});
}

#[test]
fn expired_maker_is_removed_when_it_is_met() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START + 3), ..Default::default() };
		let stale = place(&OLGA, Side::Sell, 29 * CENT, KWH, until).unwrap();
		let fresh = sell(&PETER, 30 * CENT, KWH);
		go_to(START + 4);
		System::reset_events();
		let taker = buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(fills(), [(fresh, taker, 30 * CENT, KWH)]);
		assert_eq!(closed()[0], (stale, CloseReason::Expired, KWH));
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE, 0));
	});
}

#[test]
fn order_is_traded_in_its_last_interval() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START + 3), ..Default::default() };
		let order = place(&OLGA, Side::Sell, 29 * CENT, KWH, until).unwrap();
		go_to(START + 3);
		System::reset_events();
		let taker = buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(fills(), [(order, taker, 29 * CENT, KWH)]);
	});
}

#[test]
fn every_order_that_is_looked_at_is_a_step() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		assert_ok!(place(&OLGA, Side::Sell, 27 * CENT, KWH, until));
		let own = sell(&CAROL, 28 * CENT, KWH);
		let other = sell(&PETER, 29 * CENT, KWH);
		go_to(START + 1);
		let steps = |max_fills| {
			let self_trade = SelfTrade::CancelMaker;
			Terms { max_fills, self_trade, kind: Kind::Ioc, ..Default::default() }
		};
		System::reset_events();
		// One step removes the expired one, two close the own one, three would fill.
		let first = place(&CAROL, Side::Buy, 30 * CENT, KWH, steps(1)).unwrap();
		assert_eq!(closed().last(), Some(&(first, CloseReason::OutOfFills, KWH)));
		let second = place(&CAROL, Side::Buy, 30 * CENT, KWH, steps(1)).unwrap();
		assert_eq!(closed()[2], (own, CloseReason::SelfTrade, KWH));
		assert_eq!(closed().last(), Some(&(second, CloseReason::OutOfFills, KWH)));
		assert_eq!(fills(), []);
		let third = place(&CAROL, Side::Buy, 30 * CENT, KWH, steps(1)).unwrap();
		assert_eq!(fills(), [(other, third, 29 * CENT, KWH)]);
	});
}
