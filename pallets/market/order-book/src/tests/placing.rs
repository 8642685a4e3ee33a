//! What an order must be, and what it holds.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn seller_holds_energy_when_its_order_rests() {
	build_and_execute(|| {
		System::reset_events();
		let order = sell(&OLGA, 30 * CENT, 10 * KWH);
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE - 10 * KWH_TOKEN, 10 * KWH_TOKEN));
		assert_eq!((deca(&OLGA), deca_held(&OLGA)), (ENDOWMENT, 0));
		assert_eq!(depth(Side::Sell), [(30 * CENT, 10 * KWH_TOKEN)]);
		let placed = Event::OrderPlaced {
			order,
			owner: OLGA,
			side: Side::Sell,
			price: 30 * CENT,
			energy: 10 * KWH,
			kind: Kind::Gtc,
			expires: START + LIFETIME,
		};
		assert_eq!(own_events(), [placed]);
	});
}

#[test]
fn buyer_holds_cost_and_fee_of_makers_when_its_order_rests() {
	build_and_execute(|| {
		// 4 kWh at 0.32 DECA are 1.28 DECA, and 0.1 % of that the fee.
		buy(&CAROL, 32 * CENT, 4 * KWH);
		let held = 1_280_000_000_000 + 1_280_000_000;
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT - held, held));
		assert_eq!((kwh(&CAROL), kwh_held(&CAROL)), (STORE, 0));
		assert_eq!(depth(Side::Buy), [(32 * CENT, 4 * KWH_TOKEN)]);
	});
}

#[test]
fn trade_moves_exactly_what_it_should_when_a_buyer_meets_a_seller() {
	build_and_execute(|| {
		let offer = sell(&OLGA, 30 * CENT, 10 * KWH);
		System::reset_events();
		let bid = buy(&CAROL, 32 * CENT, 4 * KWH);
		// 1.2 DECA; 0.3 % for the taker, 0.1 % for the maker.
		let (cost, taken, made) = (1_200_000_000_000, 3_600_000_000, 1_200_000_000);
		assert_eq!(deca(&CAROL), ENDOWMENT - cost - taken);
		assert_eq!(deca(&OLGA), ENDOWMENT + cost - made);
		assert_eq!(deca(&FEES), DECA + taken + made);
		assert_eq!(kwh(&CAROL), STORE + 4 * KWH_TOKEN);
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE - 10 * KWH_TOKEN, 6 * KWH_TOKEN));
		assert_eq!(deca_held(&CAROL), 0);
		assert_eq!(left(offer), 6 * KWH);
		assert_eq!(OrderBook::order(bid), None);
		let filled = Event::Filled {
			maker: offer,
			taker: bid,
			buyer: CAROL,
			seller: OLGA,
			price: 30 * CENT,
			energy: 4 * KWH,
			buyer_fee: taken,
			seller_fee: made,
		};
		assert_eq!(own_events()[1], filled);
		assert_eq!(closed(), [(bid, CloseReason::Filled, 0)]);
	});
}

#[test]
fn trade_is_at_the_price_of_who_was_there_when_a_seller_comes() {
	build_and_execute(|| {
		buy(&CAROL, 32 * CENT, 4 * KWH);
		sell(&OLGA, 30 * CENT, 4 * KWH);
		let (cost, taken, made) = (1_280_000_000_000, 3_840_000_000, 1_280_000_000);
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT - cost - made, 0));
		assert_eq!(deca(&OLGA), ENDOWMENT + cost - taken);
		assert_eq!(deca(&FEES), DECA + taken + made);
		assert_eq!(OpenOrders::<Test>::iter().count(), 0);
	});
}

#[test]
fn order_is_refused_when_its_price_is_none() {
	build_and_execute(|| {
		let highest = 100 * ((1 << 24) - 1);
		let try_at = |price| place(&CAROL, Side::Buy, price, KWH / 10, Terms::default());
		assert_noop!(try_at(0), Error::<Test>::PriceOutOfRange);
		assert_noop!(try_at(99), Error::<Test>::PriceOutOfRange);
		assert_noop!(try_at(highest + 100), Error::<Test>::PriceOutOfRange);
		assert_noop!(try_at(Price::MAX), Error::<Test>::PriceOutOfRange);
		assert_noop!(try_at(101), Error::<Test>::PriceOffTick);
		assert_ok!(try_at(100));
		assert_ok!(try_at(highest));
	});
}

#[test]
fn order_is_refused_when_its_energy_is_none() {
	build_and_execute(|| {
		let try_for = |energy| place(&OLGA, Side::Sell, CENT, energy, Terms::default());
		assert_noop!(try_for(KWH + 1), Error::<Test>::EnergyOffLot);
		assert_noop!(try_for(0), Error::<Test>::BelowMinimum);
		assert_noop!(try_for(KWH / 10 - 1_000), Error::<Test>::BelowMinimum);
		assert_ok!(try_for(KWH / 10));
		// A lot is the least, whatever is governed.
		MinimumEnergy::set(&0);
		assert_noop!(try_for(0), Error::<Test>::BelowMinimum);
		assert_ok!(try_for(1_000));
		MinimumEnergy::set(&1_500);
		assert_noop!(try_for(1_000), Error::<Test>::BelowMinimum);
		assert_ok!(try_for(2_000));
	});
}

#[test]
fn order_is_refused_when_it_expired_before_it_came() {
	build_and_execute(|| {
		let until = |last| Terms { expires: Some(last), ..Default::default() };
		let try_until = |last| place(&OLGA, Side::Sell, CENT, KWH, until(last));
		assert_noop!(try_until(START - 1), Error::<Test>::AlreadyExpired);
		assert_ok!(try_until(START));
	});
}

#[test]
fn order_is_refused_when_it_would_stay_too_long() {
	build_and_execute(|| {
		for kind in [Kind::Gtc, Kind::Ioc, Kind::PostOnly] {
			let until = |last| Terms { expires: Some(last), kind, ..Default::default() };
			let try_until = |last| place(&OLGA, Side::Sell, CENT, KWH, until(last));
			assert_noop!(try_until(START + LIFETIME + 1), Error::<Test>::ExpiresTooLate);
			assert_noop!(try_until(Interval::MAX), Error::<Test>::ExpiresTooLate);
			assert_ok!(try_until(START + LIFETIME));
		}
	});
}

#[test]
fn order_stays_as_long_as_it_may_when_no_end_is_named() {
	build_and_execute(|| {
		go_to(START + 5);
		let order = sell(&OLGA, 30 * CENT, KWH);
		assert_eq!(OrderBook::order(order).unwrap().expires, START + 5 + LIFETIME);
	});
}

#[test]
fn order_is_refused_when_it_asks_for_too_many_steps() {
	build_and_execute(|| {
		let steps = |max_fills| Terms { max_fills, ..Default::default() };
		let try_with = |max_fills| place(&OLGA, Side::Sell, CENT, KWH, steps(max_fills));
		assert_noop!(try_with(17), Error::<Test>::TooManyFills);
		assert_ok!(try_with(16));
	});
}

#[test]
fn order_is_refused_when_the_owner_has_too_little() {
	build_and_execute(|| {
		let short = TokenError::FundsUnavailable;
		assert_noop!(place(&CAROL, Side::Buy, 1_000 * CENT, 1_000 * KWH, Kind::Gtc), short);
		// The minimum balance of KWH, a mWh, cannot be held.
		assert_noop!(place(&OLGA, Side::Sell, CENT, 1_000 * KWH, Kind::Gtc), short);
		assert_ok!(place(&OLGA, Side::Sell, CENT, 1_000 * KWH - 1_000, Kind::Gtc));
	});
}

#[test]
fn order_is_refused_when_more_would_be_held_than_there_can_be() {
	build_and_execute(|| {
		let highest = 100 * ((1 << 24) - 1);
		let energy = Energy::MAX - Energy::MAX % 1_000;
		assert_noop!(
			place(&CAROL, Side::Buy, highest, energy, Kind::Gtc),
			TokenError::FundsUnavailable
		);
		assert_noop!(
			place(&OLGA, Side::Sell, highest, energy, Kind::Gtc),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn order_that_would_rest_is_refused_when_the_account_has_too_many() {
	build_and_execute(|| {
		for number in 1..=8 {
			sell(&OLGA, number * CENT, KWH);
		}
		let ninth = |kind| place(&OLGA, Side::Sell, 20 * CENT, KWH, kind);
		assert_noop!(ninth(Kind::Gtc), Error::<Test>::TooManyOrders);
		assert_noop!(ninth(Kind::PostOnly), Error::<Test>::TooManyOrders);
		assert_ok!(ninth(Kind::Ioc));
		// Others may still have some, and one that is filled makes room.
		buy(&CAROL, CENT, KWH);
		assert_ok!(ninth(Kind::Gtc));
	});
}

#[test]
fn seller_without_deca_is_refused_when_a_lot_is_worth_less_than_an_account() {
	build_and_execute(|| {
		// A lot at 0.3 DECA per kWh is worth 0.0003 DECA, and an account needs 0.001.
		let refused = Error::<Test>::CannotBePaid;
		assert_noop!(place(&PAUPER, Side::Sell, 30 * CENT, KWH, Kind::Gtc), refused);
		// Two DECA per kWh are enough, with which the account begins.
		sell(&PAUPER, 200 * CENT, KWH);
		buy(&CAROL, 200 * CENT, KWH / 10);
		assert_eq!(deca(&PAUPER), 200_000_000_000 - 200_000_000);
	});
}

#[test]
fn buyer_is_refused_when_its_account_is_blocked_for_energy() {
	build_and_execute(|| {
		assert_ok!(Assets::block(signed(&GUARD), KWH_ID, CAROL));
		let refused = Error::<Test>::CannotBePaid;
		assert_noop!(place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Gtc), refused);
	});
}

#[test]
fn buyer_is_refused_when_its_deca_is_locked() {
	build_and_execute(|| {
		lock(&CAROL);
		let refused = Error::<Test>::FundsLocked;
		assert_noop!(place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Gtc), refused);
		unlock(&CAROL);
		assert_ok!(place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Gtc));
	});
}

#[test]
fn numbers_go_on_when_an_order_was_refused() {
	build_and_execute(|| {
		let first = sell(&OLGA, 30 * CENT, KWH);
		assert_noop!(
			place(&OLGA, Side::Sell, 30 * CENT, 2_000 * KWH, Kind::Gtc),
			TokenError::FundsUnavailable
		);
		assert_eq!(sell(&OLGA, 30 * CENT, KWH), first + 1);
	});
}

#[test]
fn caller_pays_for_the_steps_that_were_taken() {
	build_and_execute(|| {
		for number in 1..=3 {
			sell(&OLGA, number * CENT, KWH);
		}
		let place = |kind, energy| {
			let (side, own) = (Side::Buy, SelfTrade::CancelTaker);
			OrderBook::place_order(signed(&CAROL), side, 3 * CENT, energy, kind, None, own, 16)
		};
		let weight = |n| Some(Weight::from_parts(n, 0));
		assert_eq!(place(Kind::Gtc, 2 * KWH).unwrap().actual_weight, weight(1_002));
		// Also for those of an order that came to nothing.
		let failed = place(Kind::Fok, 2 * KWH).unwrap_err();
		assert_eq!(failed.error, Error::<Test>::NotFilled.into());
		assert_eq!(failed.post_info.actual_weight, weight(1_001));
		let rested = OrderBook::place_order(
			signed(&OLGA),
			Side::Sell,
			9 * CENT,
			KWH,
			Kind::Gtc,
			None,
			SelfTrade::CancelTaker,
			16,
		);
		assert_eq!(rested.unwrap().actual_weight, weight(2_000));
	});
}
