//! The rules find what they are there to find.

use crate::{mock::*, *};
use frame_support::{assert_ok, traits::fungible::UnbalancedHold as _};

/// A book with queues on both sides, in which something was traded in two intervals, and something could not be released.
fn full_book() {
	for who in [&OLGA, &PETER, &DAVE] {
		sell(who, 30 * CENT, 2 * KWH);
		sell(who, 40 * CENT, 2 * KWH);
		buy(who, 20 * CENT, 2 * KWH);
	}
	buy(&CAROL, 30 * CENT, KWH);
	go_to(START + 1);
	sell(&CAROL, 20 * CENT, KWH);
	let stuck = sell(&BOT, 31 * CENT, KWH);
	assert_ok!(Assets::block(signed(&GUARD), KWH_ID, BOT));
	assert_ok!(OrderBook::cancel_order(signed(&BOT), stuck));
	check_invariants();
}

/// Fills the book, breaks something, and expects the rule of this number to say so.
fn breaks(rule: u32, what: impl FnOnce()) {
	ExtBuilder.build().execute_with(|| {
		full_book();
		what();
		match OrderBook::do_try_state() {
			Err(DispatchError::Other(said)) => {
				let prefix = format!("{rule}: ");
				assert!(said.starts_with(&prefix), "rule {rule} was broken, and {said:?}");
			}
			other => panic!("rule {rule} was broken, and {other:?}"),
		}
	});
}

fn change(order: OrderId, change: impl FnOnce(&mut OrderOf<Test>)) {
	Orders::<Test>::mutate(order, |entry| change(entry.as_mut().unwrap()));
}

/// The order of an account at a price.
fn order_at(who: &AccountId, price: Price) -> OrderId {
	let at = |(id, order): (_, OrderOf<Test>)| (order.price == price).then_some(id);
	OrderBook::orders_of(who.clone()).into_iter().find_map(at).unwrap()
}

fn change_level(side: Side, price: Price, change: impl FnOnce(&mut Level)) {
	let tick = (price / 100) as Tick;
	Levels::<Test>::mutate(side, tick, |entry| change(entry.as_mut().unwrap()));
}

#[test]
fn rule_1_finds_holds_that_are_too_small_or_too_large() {
	breaks(1, || {
		assert_ok!(Balances::hold(&HoldReason::Buy.into(), &OLGA, 1));
	});
	breaks(1, || {
		assert_ok!(Balances::decrease_balance_on_hold(
			&HoldReason::Buy.into(),
			&OLGA,
			1,
			Precision::Exact
		));
	});
	breaks(1, || OrderBook::release(Side::Sell, &PETER, 1).unwrap());
	breaks(1, || Unreleased::<Test>::insert(BOT, Side::Sell, 1));
	breaks(1, || Unreleased::<Test>::insert(CAROL, Side::Buy, 1));
	breaks(1, || change(order_at(&OLGA, 20 * CENT), |order| order.fee = Permill::zero()));
}

#[test]
fn rule_2_finds_queues_that_are_not_sound() {
	let (first, second, third) = (
		|| order_at(&OLGA, 40 * CENT),
		|| order_at(&PETER, 40 * CENT),
		|| order_at(&DAVE, 40 * CENT),
	);
	breaks(2, || change(second(), |order| order.previous = None));
	breaks(2, || change(third(), |order| order.previous = Some(0)));
	breaks(2, || change(second(), |order| order.next = None));
	breaks(2, || change(third(), |order| order.next = Some(order_at(&OLGA, 30 * CENT))));
	breaks(2, || change(third(), |order| order.next = Some(1_000)));
	breaks(2, || change(first(), |order| order.side = Side::Buy));
	breaks(2, || change(first(), |order| order.price += 100));
	breaks(2, || change_level(Side::Sell, 40 * CENT, |level| level.head = second()));
	breaks(2, || change_level(Side::Sell, 40 * CENT, |level| level.tail = second()));
	breaks(2, || change_level(Side::Sell, 40 * CENT, |level| level.orders += 1));
	breaks(2, || change_level(Side::Sell, 40 * CENT, |level| level.orders -= 1));
	breaks(2, || change_level(Side::Sell, 40 * CENT, |level| level.energy += 1));
	breaks(2, || Levels::<Test>::remove(Side::Sell, (40 * CENT / 100) as Tick));
}

#[test]
fn rule_3_finds_ladders_that_tell_of_other_prices() {
	breaks(3, || ladder::insert(&mut OrderBook::ladder(Side::Sell), 5_000));
	breaks(3, || ladder::remove(&mut OrderBook::ladder(Side::Buy), 2_000));
	breaks(3, || Nodes::<Test>::insert((Side::Buy, 2, 9), Bits::default()));
	breaks(3, || Tops::<Test>::mutate(|top| top.buys.set(9)));
	breaks(3, || {
		let mut bits = Bits::default();
		bits.set(7);
		Nodes::<Test>::insert((Side::Buy, 1, 9), bits);
	});
}

#[test]
fn rule_4_finds_a_crossed_book() {
	breaks(4, || {
		// A buyer at 0.30, where three sell.
		let (id, price) = (order_at(&OLGA, 20 * CENT), 30 * CENT);
		let order = OrderBook::order(id).unwrap();
		OrderBook::take_out(id, &order);
		let (order, before) = (Order { price, ..order.clone() }, OrderBook::held(&order));
		let more = OrderBook::held(&order) - before;
		assert_ok!(OrderBook::hold(Side::Buy, &OLGA, more));
		assert_ok!(OrderBook::append(id, order));
	});
}

#[test]
fn rule_5_finds_lists_that_name_others() {
	let list = |who: &AccountId, change: fn(&mut Vec<OrderId>)| {
		OpenOrders::<Test>::mutate(who, |open| {
			let mut list = core::mem::take(open).into_inner();
			change(&mut list);
			*open = BoundedVec::truncate_from(list);
		});
	};
	breaks(5, || list(&OLGA, |list| list.truncate(2)));
	breaks(5, || list(&OLGA, |list| list.push(list[0])));
	breaks(5, || list(&OLGA, |list| list.push(1_000)));
	breaks(5, || list(&CAROL, |list| list.push(0)));
	breaks(5, || list(&CAROL, |list| list.clear()));
}

#[test]
fn rule_6_finds_orders_that_could_not_have_been_placed() {
	let order = || order_at(&OLGA, 40 * CENT);
	breaks(6, || change(order(), |order| order.energy = 0));
	breaks(6, || change(order(), |order| order.energy += 1));
	breaks(6, || change(order(), |order| order.price += 1));
	breaks(6, || change(order(), |order| order.price = 0));
	breaks(6, || change(order(), |order| order.price = Price::MAX));
	breaks(6, || change(order(), |order| order.placed = order.energy - 1_000));
	breaks(6, || change(order(), |order| order.placed += 1));
	breaks(6, || change(order(), |order| order.expires += 1));
}

#[test]
fn rule_7_finds_a_number_from_the_future() {
	breaks(7, || Tops::<Test>::mutate(|top| top.next = 3));
}

#[test]
fn rule_8_finds_a_history_that_cannot_be() {
	let edit =
		|change: fn(&mut Candle)| Trades::<Test>::mutate(|history| change(&mut history.candles[0]));
	breaks(8, || edit(|candle| candle.low = candle.high + 1));
	breaks(8, || edit(|candle| candle.open = candle.high + 1));
	breaks(8, || edit(|candle| candle.close = candle.low - 1));
	breaks(8, || edit(|candle| candle.volume = 0));
	breaks(8, || edit(|candle| candle.interval = START + 1));
	breaks(8, || edit(|candle| candle.interval = START - 96));
	breaks(8, || Trades::<Test>::mutate(|history| history.last = None));
}
