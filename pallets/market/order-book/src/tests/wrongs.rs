//! What went wrong elsewhere, and does not here.

use crate::{mock::*, *};
use frame_support::assert_ok;

#[test]
fn no_order_is_matched_above_its_limit() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		sell(&PETER, 31 * CENT, KWH);
		System::reset_events();
		let taker = buy(&CAROL, 31 * CENT - 100, 2 * KWH);
		assert_eq!(fills().len(), 1);
		assert_eq!(left(taker), KWH);
	});
}

#[test]
fn one_bid_is_not_used_twice() {
	build_and_execute(|| {
		let bid = buy(&CAROL, 30 * CENT, KWH);
		System::reset_events();
		let first = sell(&OLGA, 30 * CENT, KWH);
		let second = sell(&PETER, 30 * CENT, KWH);
		assert_eq!(fills(), [(bid, first, 30 * CENT, KWH)]);
		assert_eq!(left(second), KWH);
		assert_eq!(kwh(&CAROL), STORE + KWH_TOKEN);
	});
}

#[test]
fn no_account_stands_on_both_sides_of_a_trade() {
	for self_trade in [SelfTrade::CancelTaker, SelfTrade::CancelMaker] {
		for side in Side::ALL {
			for kind in [Kind::Gtc, Kind::Ioc, Kind::Fok, Kind::PostOnly] {
				build_and_execute(|| {
					place(&OLGA, side, 30 * CENT, KWH, Kind::Gtc).unwrap();
					let terms = Terms { kind, self_trade, ..Default::default() };
					let placed = place(&OLGA, side.opposite(), 30 * CENT, KWH, terms);
					assert_eq!(placed.is_err(), matches!(kind, Kind::Fok | Kind::PostOnly));
					assert_eq!(fills(), []);
					assert_eq!(OrderBook::history(), History::default());
				});
			}
		}
	}
}

#[test]
fn no_residual_is_left_that_can_never_clear() {
	build_and_execute(|| {
		// The least that can be left is a lot, which any order can take.
		let order = sell(&OLGA, 30 * CENT, KWH);
		buy(&CAROL, 30 * CENT, KWH - 1_000);
		assert_eq!(left(order), 1_000);
		buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(OrderBook::order(order), None);
	});
}

#[test]
fn nobodys_funds_are_stranded_when_the_other_side_cancels() {
	build_and_execute(|| {
		let offer = sell(&OLGA, 31 * CENT, 2 * KWH);
		let bid = buy(&CAROL, 30 * CENT, 2 * KWH);
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), offer));
		assert_eq!(left(bid), 2 * KWH);
		let held = deca_held(&CAROL);
		assert_eq!(held, 600_600_000_000);
		assert_ok!(OrderBook::cancel_order(signed(&CAROL), bid));
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT, 0));
	});
}

#[test]
fn what_is_held_cannot_be_spent_otherwise() {
	build_and_execute(|| {
		buy(&CAROL, 100 * CENT, 9_000 * KWH);
		let spend = Balances::transfer_allow_death(signed(&CAROL), DAVE, 2_000 * DECA);
		assert!(spend.is_err());
		sell(&OLGA, 200 * CENT, 900 * KWH);
		assert!(Assets::transfer(signed(&OLGA), KWH_ID, DAVE, 200 * KWH_TOKEN).is_err());
		assert_eq!(OrderBook::orders_of(CAROL).len() + OrderBook::orders_of(OLGA).len(), 2);
	});
}

#[test]
fn book_is_not_crossed_whatever_order_comes_last() {
	build_and_execute(|| {
		for step in 0..8u64 {
			let terms = Terms { max_fills: step as u32 % 3, ..Default::default() };
			assert_ok!(place(&OLGA, Side::Sell, (30 + step % 5) * CENT, KWH, terms));
			assert_ok!(place(&CAROL, Side::Buy, (28 + step) * CENT, 2 * KWH, terms));
			let Best { buy, sell } = OrderBook::best();
			assert!(buy.zip(sell).is_none_or(|(buy, sell)| buy < sell));
		}
	});
}
