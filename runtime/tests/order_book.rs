//! The order book as wallets reach it: real extrinsics with real fees, holds of both currencies, fees for the treasury.

use crate::common::*;
use frame_support::traits::fungibles::Inspect;
use heliograph_primitives::{
	trade::{cost, fee, Price},
	units::{Energy, Interval, KWH},
};
use heliograph_runtime::{
	configs::{
		parameters::{dynamic_params::order_book, RuntimeParameters},
		tokens::KWH as KWH_ID,
		treasury_account,
	},
	Assets, Balance, Balances, Metering, OrderBook, Runtime, RuntimeEvent, DECA,
};
use pallet_order_book::{CloseReason, Kind, OrderId, SelfTrade, Side};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Ferdie};
use sp_runtime::{DispatchError, Permill};

type BookCall = pallet_order_book::Call<Runtime>;
type BookError = pallet_order_book::Error<Runtime>;

/// 0.30 DECA per kWh.
const PRICE: Price = 300_000;
/// What is held of Dave for his miner with one meter.
const REGISTRATION: Balance = 11 * DECA;
/// What the orders of these tests pay by default.
const TAKER: Permill = Permill::from_parts(2_000);
const MAKER: Permill = Permill::from_parts(1_000);

fn place(
	side: Side,
	price: Price,
	energy: Energy,
	kind: Kind,
	expires: Option<Interval>,
) -> BookCall {
	let self_trade = SelfTrade::CancelTaker;
	BookCall::place_order { side, price, energy, kind, expires, self_trade, max_fills: 8 }
}

fn sell(price: Price, energy: Energy) -> BookCall {
	place(Side::Sell, price, energy, Kind::Gtc, None)
}

fn buy(price: Price, energy: Energy) -> BookCall {
	place(Side::Buy, price, energy, Kind::Gtc, None)
}

/// The number of the order that is placed next.
fn next_order() -> OrderId {
	pallet_order_book::Tops::<Runtime>::get().next
}

fn prune(order: OrderId) -> BookCall {
	BookCall::prune { orders: vec![order].try_into().expect("one fits") }
}

/// The orders that ended since the block began.
fn closed() -> Vec<(OrderId, CloseReason)> {
	events(|event| match event {
		RuntimeEvent::OrderBook(pallet_order_book::Event::OrderClosed {
			order, reason, ..
		}) => Some((order, reason)),
		_ => None,
	})
}

/// Who bought of whom how much since the block began.
fn fills() -> Vec<(OrderId, OrderId, Energy)> {
	events(|event| match event {
		RuntimeEvent::OrderBook(pallet_order_book::Event::Filled {
			maker, taker, energy, ..
		}) => Some((maker, taker, energy)),
		_ => None,
	})
}

fn treasury() -> Balance {
	Balances::free_balance(treasury_account())
}

fn kwh_of(who: Sr25519Keyring) -> Balance {
	kwh(&who.to_account_id())
}

#[test]
fn orders_trade_in_part_and_every_balance_is_exact() {
	chain(|chain| {
		earn(chain);
		chain.next_block();
		let supply = Assets::total_issuance(KWH_ID);
		let before = (balance(Dave), kwh_of(Dave));
		let placing = chain.fee_of(Dave, sell(PRICE, 3 * KWH));
		assert_eq!((kwh_held(Dave), kwh_of(Dave)), (3_000_000, before.1 - 3_000_000));
		assert_eq!(balance(Dave), before.0 - placing);

		// Bob would pay more, and pays what Dave asks for.
		let (bob, fund) = (balance(Bob), treasury());
		let paid = chain.fee_of(Bob, buy(PRICE + 20_000, KWH));
		let price = cost(KWH, PRICE);
		let (taken, made) = (fee(price, TAKER), fee(price, MAKER));
		assert_eq!((price, taken, made), (300_000_000_000, 600_000_000, 300_000_000));
		assert_eq!(balance(Bob), bob - price - taken - paid);
		assert_eq!(balance(Dave), before.0 - placing + price - made);
		assert_eq!(treasury(), fund + taken + made + paid);
		assert_eq!((kwh_of(Bob), kwh_held(Dave), held(Bob)), (1_000_000, 2_000_000, 0));
		assert_eq!(fills(), vec![(0, 1, KWH)]);

		// Charlie wants more than there is: the rest of the order waits, with what it can come to cost.
		let charlie = balance(Charlie);
		let paid = chain.fee_of(Charlie, buy(PRICE, 5 * KWH));
		let (bought, waits) = (cost(2 * KWH, PRICE), cost(3 * KWH, PRICE));
		let waiting = waits + fee(waits, MAKER);
		assert_eq!(held(Charlie), waiting);
		assert_eq!(balance(Charlie), charlie - bought - fee(bought, TAKER) - waiting - paid);
		assert_eq!((kwh_of(Charlie), kwh_held(Dave)), (2_000_000, 0));
		assert_eq!(closed(), vec![(1, CloseReason::Filled), (0, CloseReason::Filled)]);
		let best = OrderBook::best();
		assert_eq!((best.buy, best.sell), (Some(PRICE), None));
		let history = OrderBook::history();
		assert_eq!((history.last, history.candles.len()), (Some(PRICE), 1));
		assert_eq!(history.candles[0].volume, 3_000_000);

		// What is cancelled is all back, and no energy came or went.
		let free = balance(Charlie);
		let paid = chain.fee_of(Charlie, BookCall::cancel_order { order: 2 });
		assert_eq!((balance(Charlie), held(Charlie)), (free + waiting - paid, 0));
		assert_eq!(Assets::total_issuance(KWH_ID), supply);
	});
}

#[test]
fn orders_of_one_owner_never_meet() {
	chain(|chain| {
		earn(chain);
		chain.next_block();
		chain.succeed(Dave, sell(PRICE, KWH));
		chain.succeed(Dave, buy(PRICE, KWH));
		assert_eq!((fills(), closed()), (vec![], vec![(1, CloseReason::SelfTrade)]));
		let instead = BookCall::place_order {
			side: Side::Buy,
			price: PRICE,
			energy: KWH,
			kind: Kind::Gtc,
			expires: None,
			self_trade: SelfTrade::CancelMaker,
			max_fills: 8,
		};
		chain.succeed(Dave, instead);
		assert_eq!((fills(), kwh_held(Dave)), (vec![], 0));
		let best = OrderBook::best();
		assert_eq!((best.buy, best.sell), (Some(PRICE), None));
		chain.succeed(Dave, BookCall::cancel_all {});
		assert_eq!(held(Dave), REGISTRATION);
	});
}

#[test]
fn expired_order_is_pruned_for_nothing_and_its_owner_has_all_back() {
	chain(|chain| {
		earn(chain);
		let now = Metering::current_interval();
		chain.succeed(Dave, place(Side::Sell, PRICE, KWH, Kind::Gtc, Some(now + 1)));
		chain.fail(
			Dave,
			place(Side::Sell, PRICE, KWH, Kind::Gtc, Some(now - 1)),
			BookError::AlreadyExpired,
		);
		chain.fail(
			Dave,
			place(Side::Sell, PRICE, KWH, Kind::Gtc, Some(now + 90 * 96 + 1)),
			BookError::ExpiresTooLate,
		);
		// It can be traded in its last interval, and nobody removes it for nothing.
		chain.wait(1);
		let before = balance(Ferdie);
		chain.succeed(Ferdie, prune(0));
		assert!(balance(Ferdie) < before);
		assert_eq!((closed(), kwh_held(Dave)), (vec![], 1_000_000));

		chain.wait(1);
		let before = balance(Ferdie);
		chain.succeed(Ferdie, prune(0));
		assert_eq!(balance(Ferdie), before, "who removes it has the fee back");
		assert_eq!((closed(), kwh_held(Dave)), (vec![(0, CloseReason::Expired)], 0));
		assert_eq!(OrderBook::order(0), None);
	});
}

#[test]
fn expired_order_is_not_traded_but_removed_by_who_meets_it() {
	chain(|chain| {
		earn(chain);
		let now = Metering::current_interval();
		chain.succeed(Dave, place(Side::Sell, PRICE, KWH, Kind::Gtc, Some(now)));
		chain.succeed(Dave, sell(PRICE + 10_000, KWH));
		chain.wait(1);
		chain.succeed(Bob, buy(PRICE + 10_000, KWH));
		assert_eq!(fills(), vec![(1, 2, KWH)]);
		assert_eq!(closed()[0], (0, CloseReason::Expired));
		assert_eq!((kwh_held(Dave), kwh_of(Bob)), (0, 1_000_000));
	});
}

#[test]
fn order_is_as_it_was_asked_for() {
	chain(|chain| {
		earn(chain);
		chain.succeed(Dave, sell(PRICE, KWH));
		let wanted = |kind| place(Side::Buy, PRICE, 2 * KWH, kind, None);
		chain.fail(Bob, wanted(Kind::Fok), BookError::NotFilled);
		chain.fail(Bob, wanted(Kind::PostOnly), BookError::WouldCross);
		assert_eq!((held(Bob), kwh_of(Bob)), (0, 0));
		chain.succeed(Bob, wanted(Kind::Ioc));
		assert_eq!((held(Bob), kwh_of(Bob)), (0, 1_000_000));

		// Off a tick, off a lot, and below what governance asks for.
		chain.fail(Bob, buy(PRICE + 1, KWH), BookError::PriceOffTick);
		chain.fail(Bob, buy(PRICE, KWH + 1), BookError::EnergyOffLot);
		chain.fail(Bob, buy(PRICE, KWH / 10 - 1_000), BookError::BelowMinimum);

		// Smaller in its place, and then anew at another price. The energy is what it is for in all.
		let order = next_order();
		chain.succeed(Bob, buy(PRICE, 2 * KWH));
		let amend = |price, energy| BookCall::amend_order { order, price, energy, max_fills: 8 };
		chain.succeed(Bob, amend(PRICE, KWH));
		let needed = |price| cost(KWH, price) + fee(cost(KWH, price), MAKER);
		assert_eq!(held(Bob), needed(PRICE));
		chain.succeed(Bob, amend(PRICE - 10_000, KWH));
		assert_eq!(held(Bob), needed(PRICE - 10_000));
		chain.fail(Charlie, amend(PRICE, KWH), BookError::NotOwner);
		chain.succeed(Bob, BookCall::cancel_all {});
		assert_eq!(held(Bob), 0);
	});
}

#[test]
fn fees_are_governed_and_a_waiting_order_keeps_its_own() {
	chain(|chain| {
		earn(chain);
		chain.succeed(Dave, sell(PRICE, 2 * KWH));
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::OrderBook(parameter),
		};
		let half = Some(Permill::from_percent(50));
		let maker = set(order_book::Parameters::MakerFee(order_book::MakerFee, half));
		chain.fail(Alice, maker.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(maker), Ok(()));
		let nothing = Some(Permill::zero());
		let taker = set(order_book::Parameters::TakerFee(order_book::TakerFee, nothing));
		assert_eq!(chain.motion(taker), Ok(()));

		chain.next_block();
		let (bob, dave) = (balance(Bob), balance(Dave));
		let paid = chain.fee_of(Bob, buy(PRICE, KWH));
		let price = cost(KWH, PRICE);
		assert_eq!(balance(Bob), bob - price - paid, "takers pay nothing now");
		assert_eq!(balance(Dave), dave + price - fee(price, MAKER), "as when it was placed");
	});
}

#[test]
fn what_an_order_holds_cannot_be_spent_twice() {
	chain(|chain| {
		earn(chain);
		let all = u64::try_from(kwh_of(Dave)).expect("a few kWh");
		chain.succeed(Dave, sell(PRICE, all - KWH));
		assert!(chain.submit(Dave, sell(PRICE, KWH)).expect("valid").is_err(), "one mWh stays");
		let target = Bob.to_account_id().into();
		let amount = u128::from(KWH) + 1;
		let send = pallet_assets::Call::<Runtime>::transfer { id: KWH_ID.into(), target, amount };
		assert!(chain.submit(Dave, send).expect("valid").is_err());
		let burn = pallet_issuance::Call::<Runtime>::burn { amount };
		assert!(chain.submit(Dave, burn).expect("valid").is_err());
		assert_eq!(kwh_held(Dave), u128::from(all - KWH));
	});
}

#[test]
fn safe_mode_stops_orders_and_leaves_the_way_out() {
	chain(|chain| {
		earn(chain);
		let now = Metering::current_interval();
		chain.succeed(Dave, sell(PRICE, KWH));
		chain.succeed(Dave, place(Side::Sell, PRICE, KWH, Kind::Gtc, Some(now)));
		chain.succeed(Dave, sell(PRICE, KWH));
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		chain.fail(Bob, buy(PRICE, KWH), filtered);
		let amend = BookCall::amend_order { order: 0, price: 400_000, energy: KWH, max_fills: 1 };
		chain.fail(Dave, amend, filtered);
		chain.succeed(Dave, BookCall::cancel_order { order: 0 });
		chain.wait(1);
		chain.succeed(Bob, prune(1));
		assert_eq!(kwh_held(Dave), 1_000_000);
		chain.succeed(Dave, BookCall::cancel_all {});
		assert_eq!(kwh_held(Dave), 0);
	});
}
