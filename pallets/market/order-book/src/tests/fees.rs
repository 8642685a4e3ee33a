//! What trading costs.

use crate::{mock::*, *};
use frame_support::assert_ok;

/// What the fees took since the beginning.
fn collected() -> Balance {
	deca(&FEES) - DECA
}

fn set_fees(taker: u32, maker: u32) {
	TakerFee::set(&Permill::from_parts(taker));
	MakerFee::set(&Permill::from_parts(maker));
}

#[test]
fn nobody_pays_when_there_are_no_fees() {
	build_and_execute(|| {
		set_fees(0, 0);
		sell(&OLGA, 30 * CENT, KWH);
		buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(deca(&OLGA), ENDOWMENT + 300_000_000_000);
		assert_eq!(deca(&CAROL), ENDOWMENT - 300_000_000_000);
		assert_eq!(collected(), 0);
	});
}

#[test]
fn order_that_rests_keeps_its_rate_when_another_is_governed() {
	for (rate, side) in
		[(0, Side::Buy), (500_000, Side::Buy), (0, Side::Sell), (500_000, Side::Sell)]
	{
		build_and_execute(|| {
			place(&OLGA, side, 30 * CENT, 2 * KWH, Kind::Gtc).unwrap();
			set_fees(rate, rate);
			place(&CAROL, side.opposite(), 30 * CENT, KWH, Kind::Gtc).unwrap();
			// The maker pays 0.1 % of 0.3 DECA, the taker what is governed now.
			let taken = 300_000_000_000 * Balance::from(rate) / 1_000_000;
			assert_eq!(collected(), 300_000_000 + taken);
		});
	}
}

#[test]
fn order_has_the_governed_rate_when_it_was_amended_and_came_anew() {
	build_and_execute(|| {
		let order = buy(&CAROL, 30 * CENT, 2 * KWH);
		set_fees(0, 10_000);
		assert_ok!(amend(&CAROL, order, 30 * CENT, KWH));
		assert_eq!(deca_held(&CAROL), 300_300_000_000);
		assert_ok!(amend(&CAROL, order, 30 * CENT, 2 * KWH));
		assert_eq!(deca_held(&CAROL), 606_000_000_000);
	});
}

#[test]
fn seller_gets_nothing_and_owes_nothing_when_the_fee_is_all() {
	build_and_execute(|| {
		set_fees(1_000_000, 1_000_000);
		sell(&OLGA, 30 * CENT, KWH);
		buy(&CAROL, 30 * CENT, KWH);
		assert_eq!(deca(&OLGA), ENDOWMENT);
		assert_eq!(deca(&CAROL), ENDOWMENT - 600_000_000_000);
		assert_eq!(collected(), 600_000_000_000);
	});
}

#[test]
fn buyer_that_rested_pays_the_fee_of_the_whole_when_it_is_filled_in_pieces() {
	build_and_execute(|| {
		// 0.0001 % of 7 lots at a tick of 100: 700,000 base units cost 0.7 of one, which rounds up to 1.
		set_fees(0, 1);
		MinimumEnergy::set(&1_000);
		buy(&CAROL, 100, 7_000);
		assert_eq!(deca_held(&CAROL), 700_001);
		for _ in 0..7 {
			sell(&OLGA, 100, 1_000);
		}
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (ENDOWMENT - 700_001, 0));
		assert_eq!((deca(&OLGA), collected()), (ENDOWMENT + 700_000, 1));
	});
}

#[test]
fn buyer_that_comes_never_pays_more_than_was_held_when_it_takes_many_pieces() {
	build_and_execute(|| {
		set_fees(1, 0);
		MinimumEnergy::set(&1_000);
		for _ in 0..7 {
			sell(&OLGA, 100, 1_000);
		}
		// It has exactly what is held, and what its account needs to exist.
		let rest = ENDOWMENT - 700_001 - DECA / 1_000;
		assert_ok!(Balances::transfer_keep_alive(signed(&CAROL), BOT, rest));
		buy(&CAROL, 100, 7_000);
		assert_eq!((deca(&CAROL), deca_held(&CAROL)), (DECA / 1_000, 0));
		assert_eq!(collected(), 1);
	});
}
