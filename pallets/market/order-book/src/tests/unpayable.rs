//! Somebody who cannot pay, or cannot be paid, stands in nobody's way.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn buyer_is_passed_over_when_its_deca_was_locked_meanwhile() {
	build_and_execute(|| {
		let locked = buy(&CAROL, 31 * CENT, KWH);
		let other = buy(&DAVE, 30 * CENT, KWH);
		lock(&CAROL);
		System::reset_events();
		let taker = sell(&OLGA, 30 * CENT, KWH);
		assert_eq!(fills(), [(other, taker, 30 * CENT, KWH)]);
		assert_eq!(closed()[0], (locked, CloseReason::Unpayable, KWH));
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT, 0));
	});
}

#[test]
fn seller_is_passed_over_when_its_account_is_gone_and_the_payment_too_small_for_one() {
	build_and_execute(|| {
		// A tenth of a kWh at half a cent is worth half of what an account needs.
		let poor = sell(&PETER, CENT / 2, KWH);
		let other = sell(&OLGA, CENT, KWH);
		leave_deca(&PETER);
		System::reset_events();
		let taker = buy(&CAROL, CENT, KWH / 10);
		assert_eq!(fills(), [(other, taker, CENT, KWH / 10)]);
		assert_eq!(closed()[0], (poor, CloseReason::Unpayable, KWH));
		assert_eq!((kwh(&PETER), kwh_held(&PETER)), (STORE, 0));
	});
}

#[test]
fn seller_gets_a_new_account_when_the_payment_is_enough_for_one() {
	build_and_execute(|| {
		sell(&PETER, CENT, KWH);
		leave_deca(&PETER);
		buy(&CAROL, CENT, KWH);
		assert_eq!(deca(&PETER), 10_000_000_000 - 10_000_000);
	});
}

#[test]
fn buyer_is_passed_over_when_its_account_was_blocked_for_energy() {
	build_and_execute(|| {
		let blocked = buy(&CAROL, 31 * CENT, KWH);
		let other = buy(&DAVE, 30 * CENT, KWH);
		assert_ok!(Assets::block(signed(&GUARD), KWH_ID, CAROL));
		System::reset_events();
		let taker = sell(&OLGA, 30 * CENT, KWH);
		assert_eq!(fills(), [(other, taker, 30 * CENT, KWH)]);
		assert_eq!(closed()[0], (blocked, CloseReason::Unpayable, KWH));
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT, 0));
	});
}

#[test]
fn energy_waits_for_its_owner_when_it_cannot_be_released() {
	build_and_execute(|| {
		let until = Terms { expires: Some(START), ..Default::default() };
		let stale = place(&OLGA, Side::Sell, 30 * CENT, KWH, until).unwrap();
		let other = sell(&PETER, 30 * CENT, KWH);
		assert_ok!(Assets::block(signed(&GUARD), KWH_ID, OLGA));
		go_to(START + 1);
		System::reset_events();
		// Carol is served all the same.
		let taker = buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(fills(), [(other, taker, 30 * CENT, KWH)]);
		assert_eq!(closed()[0], (stale, CloseReason::Expired, KWH));
		let kept = Event::NotReleased { owner: OLGA, side: Side::Sell, amount: KWH_TOKEN };
		assert!(own_events().contains(&kept));
		assert_eq!(kwh_held(&OLGA), KWH_TOKEN);
		assert_eq!(OrderBook::unreleased(OLGA, Side::Sell), KWH_TOKEN);
		check_invariants();

		let reclaim = || OrderBook::reclaim(signed(&BOT), OLGA, Side::Sell);
		assert_noop!(reclaim(), TokenError::CannotCreate);
		assert_ok!(Assets::thaw(signed(&GUARD), KWH_ID, OLGA));
		System::reset_events();
		assert_ok!(reclaim());
		assert_eq!((kwh(&OLGA), kwh_held(&OLGA)), (STORE, 0));
		let back = Event::Reclaimed { owner: OLGA, side: Side::Sell, amount: KWH_TOKEN };
		assert_eq!(own_events(), [back]);
		assert_noop!(reclaim(), Error::<Test>::NothingToReclaim);
	});
}

#[test]
fn what_waits_adds_up_when_several_orders_could_not_be_released() {
	build_and_execute(|| {
		sell(&OLGA, 30 * CENT, KWH);
		sell(&OLGA, 31 * CENT, 2 * KWH);
		assert_ok!(Assets::block(signed(&GUARD), KWH_ID, OLGA));
		// Taking orders back never fails.
		assert_ok!(OrderBook::cancel_all(signed(&OLGA)));
		assert_eq!(OrderBook::unreleased(OLGA, Side::Sell), 3 * KWH_TOKEN);
		assert_noop!(
			OrderBook::reclaim(signed(&OLGA), OLGA, Side::Buy),
			Error::<Test>::NothingToReclaim
		);
	});
}

#[test]
fn makers_stay_when_no_energy_can_move() {
	build_and_execute(|| {
		let orders = [sell(&OLGA, 30 * CENT, KWH), sell(&PETER, 30 * CENT, KWH)];
		assert_ok!(Assets::freeze_asset(signed(&GUARD), KWH_ID));
		assert_noop!(
			place(&CAROL, Side::Buy, 30 * CENT, KWH, Kind::Gtc),
			pallet_assets::Error::<Test>::AssetNotLive
		);
		assert_ok!(Assets::thaw_asset(signed(&GUARD), KWH_ID));
		assert_eq!(orders.map(left), [KWH, KWH]);
		buy(&CAROL, 30 * CENT, KWH);
	});
}

#[test]
fn makers_stay_when_the_fees_have_nowhere_to_go() {
	build_and_execute(|| {
		let order = sell(&OLGA, CENT, KWH);
		FeeDestination::set(&AccountId::new([99; 32]));
		assert_noop!(place(&CAROL, Side::Buy, CENT, KWH, Kind::Gtc), TokenError::CannotCreate);
		assert_eq!(left(order), KWH);
		assert_ok!(OrderBook::cancel_order(signed(&OLGA), order));
	});
}

#[test]
fn closing_an_unpayable_order_is_a_step() {
	build_and_execute(|| {
		buy(&CAROL, 31 * CENT, KWH);
		buy(&DAVE, 30 * CENT, KWH);
		lock(&CAROL);
		System::reset_events();
		let terms = Terms { max_fills: 1, ..Default::default() };
		let taker = place(&OLGA, Side::Sell, 30 * CENT, KWH, terms).unwrap();
		assert_eq!(fills(), []);
		assert_eq!(closed().last(), Some(&(taker, CloseReason::OutOfFills, KWH)));
	});
}
