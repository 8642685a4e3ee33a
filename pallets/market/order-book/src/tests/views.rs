//! What a terminal or a page shows.

use crate::{mock::*, *};

#[test]
fn depth_is_told_best_first() {
	build_and_execute(|| {
		for (price, energy) in [(31, 1), (33, 2), (31, 3), (32, 4)] {
			sell(&OLGA, price * CENT, energy * KWH);
			buy(&CAROL, (60 - price) * CENT, energy * KWH);
		}
		let level = |price, energy, orders| {
			let energy = u128::from(energy * KWH);
			DepthLevel { price: price * CENT, energy, orders }
		};
		assert_eq!(
			OrderBook::depth(Side::Sell, 10),
			[level(31, 4, 2), level(32, 4, 1), level(33, 2, 1)]
		);
		assert_eq!(
			OrderBook::depth(Side::Buy, 10),
			[level(29, 4, 2), level(28, 4, 1), level(27, 2, 1)]
		);
		assert_eq!(OrderBook::depth(Side::Buy, 1), [level(29, 4, 2)]);
		assert_eq!(OrderBook::depth(Side::Buy, 0), []);
		assert_eq!(OrderBook::best(), Best { buy: Some(29 * CENT), sell: Some(31 * CENT) });
		assert_eq!(OrderBook::spread(), Some(2 * CENT));
	});
}

#[test]
fn depth_is_bounded_when_the_book_is_deep() {
	build_and_execute(|| {
		OrderBook::fill_for_benchmark(Side::Sell, 150, |number| Price::from(number + 1) * 100);
		assert_eq!(OrderBook::depth(Side::Sell, u32::MAX).len(), 100);
	});
}

#[test]
fn empty_book_has_nothing_to_show() {
	build_and_execute(|| {
		assert_eq!(OrderBook::best(), Best::default());
		assert_eq!(OrderBook::spread(), None);
		assert_eq!(OrderBook::quote(Side::Buy, KWH), Quote::default());
		assert_eq!(OrderBook::history(), History::default());
		assert_eq!(OrderBook::orders_of(OLGA), []);
		assert_eq!(OrderBook::order(0), None);
	});
}

#[test]
fn one_side_alone_has_no_spread() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		assert_eq!(OrderBook::spread(), None);
	});
}

#[test]
fn orders_of_an_account_tell_what_is_left_of_them() {
	build_and_execute(|| {
		let first = sell(&OLGA, 30 * CENT, 3 * KWH);
		let second = buy(&OLGA, 20 * CENT, KWH);
		sell(&PETER, 30 * CENT, KWH);
		buy(&CAROL, 30 * CENT, KWH);
		let orders = OrderBook::orders_of(OLGA);
		assert_eq!(orders.iter().map(|(order, _)| *order).collect::<Vec<_>>(), [first, second]);
		let (_, order) = &orders[0];
		assert_eq!((order.energy, order.placed, order.since), (2 * KWH, 3 * KWH, START));
		assert_eq!(OrderBook::order(first).as_ref(), Some(order));
	});
}

#[test]
fn quote_tells_what_an_order_would_cost() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, 2 * KWH);
		sell(&PETER, 32 * CENT, 2 * KWH);
		let quote = OrderBook::quote(Side::Buy, 3 * KWH);
		let cost = 920_000_000_000;
		let fee = 2_760_000_000;
		let worst = Some(32 * CENT);
		assert_eq!(quote, Quote { energy: 3 * KWH, cost, fee, worst, out_of_fills: false });
		// And that is what it does cost.
		buy(&CAROL, 32 * CENT, 3 * KWH);
		assert_eq!(deca(&CAROL), ENDOWMENT - cost - fee);
		// The book has no more than it has.
		assert_eq!(OrderBook::quote(Side::Buy, 9 * KWH).energy, KWH);
		assert_eq!(OrderBook::quote(Side::Sell, KWH), Quote::default());
		assert_eq!(OrderBook::quote(Side::Buy, 0), Quote::default());
	});
}

#[test]
fn quote_passes_over_orders_that_expired() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		for price in [28, 29] {
			place(&OLGA, Side::Sell, price * CENT, KWH, until).unwrap();
		}
		sell(&PETER, 29 * CENT, KWH);
		sell(&PETER, 30 * CENT, KWH);
		go_to(START + 1);
		let quote = OrderBook::quote(Side::Buy, 3 * KWH);
		assert_eq!((quote.energy, quote.worst), (2 * KWH, Some(30 * CENT)));
		assert_eq!((quote.cost, quote.out_of_fills), (590_000_000_000, false));
	});
}

#[test]
fn quote_ends_with_the_steps_that_an_order_may_take() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		place(&DAVE, Side::Sell, 29 * CENT, KWH, until).unwrap();
		for who in [&OLGA, &PETER] {
			for _ in 0..8 {
				sell(who, 30 * CENT, KWH);
			}
		}
		// Seventeen orders at two prices; an order may meet sixteen, and the first expired.
		go_to(START + 1);
		let quote = OrderBook::quote(Side::Buy, 16 * KWH);
		assert_eq!((quote.energy, quote.out_of_fills), (15 * KWH, true));
		assert!(!OrderBook::quote(Side::Buy, 15 * KWH).out_of_fills);
		System::reset_events();
		buy(&CAROL, 30 * CENT, 16 * KWH);
		assert_eq!(fills().len(), 15);
		assert_eq!(closed().last().unwrap().1, CloseReason::OutOfFills);
		// Without the one that expired and the filled ones there is one left, and then nobody.
		let quote = OrderBook::quote(Side::Buy, 16 * KWH);
		assert_eq!((quote.energy, quote.out_of_fills), (KWH, false));
	});
}

#[test]
fn quote_rounds_the_fee_of_each_fill_up() {
	build_and_execute(|| {
		TakerFee::set(&Permill::from_parts(1));
		MinimumEnergy::set(&1_000);
		for _ in 0..3 {
			buy(&CAROL, 100, 1_000);
		}
		let quote = OrderBook::quote(Side::Sell, 3_000);
		assert_eq!((quote.cost, quote.fee), (300_000, 3));
		sell(&OLGA, 100, 3_000);
		assert_eq!(deca(&OLGA), ENDOWMENT + quote.cost - quote.fee);
	});
}

#[test]
fn history_tells_of_each_interval_in_which_something_was_traded() {
	build_and_execute(|| {
		for price in [30, 33, 29, 31] {
			sell(&OLGA, price * CENT, KWH);
			buy(&CAROL, price * CENT, KWH);
		}
		go_to(START + 2);
		// One order, two trades.
		sell(&OLGA, 35 * CENT, KWH);
		sell(&PETER, 36 * CENT, KWH);
		buy(&CAROL, 40 * CENT, 2 * KWH);
		let candle = |interval, open, high, low, close, volume| Candle {
			interval,
			open: open * CENT,
			high: high * CENT,
			low: low * CENT,
			close: close * CENT,
			volume: volume * KWH_TOKEN,
		};
		let candles = vec![candle(START, 30, 33, 29, 31, 4), candle(START + 2, 35, 36, 35, 36, 2)];
		let history = OrderBook::history();
		assert_eq!((history.last, history.candles.into_inner()), (Some(36 * CENT), candles));
		// A day later it is forgotten, but for the price.
		go_to(START + 2 + 95);
		assert_eq!(OrderBook::history().candles.len(), 1);
		go_to(START + 2 + 96);
		let history = OrderBook::history();
		assert_eq!((history.last, history.candles.len()), (Some(36 * CENT), 0));
	});
}

#[test]
fn history_is_untouched_when_an_order_came_to_nothing() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		assert!(place(&CAROL, Side::Buy, 30 * CENT, 2 * KWH, Kind::Fok).is_err());
		assert_eq!(OrderBook::history(), History::default());
	});
}
