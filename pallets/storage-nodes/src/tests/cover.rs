//! Energy that is missing: who covers it, and what the bond pays when nobody does.

use super::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

type Failure = Error<Test>;

/// A battery that holds 10 kWh for Olga's tokens, of which Nora has used `used`.
fn used(used: u32) -> Battery {
	let (battery, _) = filled(10 * KWH_32);
	let Battery { charge, discharge, loss, .. } = battery;
	quarter(&[(charge, 0), (discharge, used), (loss, 0)]);
	rest(&battery, GRACE, &[]);
	battery.account();
	battery
}

fn cover(who: &AccountId, battery: &Battery, amount: Balance) -> DispatchResult {
	StorageNodes::cover(signed(who), battery.node, amount)
}

fn slash(battery: &Battery) -> DispatchResultWithPostInfo {
	StorageNodes::slash_uncovered(signed(&CAROL), battery.node)
}

#[test]
fn missing_energy_is_covered_by_burning_tokens() {
	build_and_execute(|| {
		let battery = used(3 * KWH_32);
		let kwh = u128::from(KWH);
		assert_eq!(StorageNodes::node(battery.node).unwrap().available, 7 * kwh);
		assert_noop!(cover(&NORA, &battery, 0), Failure::AmountIsZero);
		assert_noop!(cover(&NORA, &battery, kwh), TokenError::FundsUnavailable);
		give_on(&OLGA, &NORA, 4 * kwh);
		assert_ok!(cover(&NORA, &battery, kwh));
		let event =
			Event::Covered { node: battery.node, who: NORA, amount: kwh, uncovered: 2 * kwh };
		assert_eq!(last_event(), event);
		assert!(battery.get().uncovered_since.is_some());
		// More than is missing becomes Nora's own energy.
		assert_ok!(cover(&NORA, &battery, 3 * kwh));
		let books = battery.books();
		assert_eq!((books.backing, books.uncovered, books.surplus), (6 * kwh, 0, kwh));
		assert_eq!(battery.get().uncovered_since, None);
		assert_eq!(StorageNodes::parity().ratio, Some(1_000_000_000));
		// And what she does not hold for tokens, she cannot cover.
		assert_noop!(cover(&OLGA, &battery, 6 * kwh + 1), Failure::CoverTooLarge);
		assert_ok!(cover(&OLGA, &battery, 6 * kwh));
		assert_eq!(tokens(&OLGA), 0);
	});
}

#[test]
fn promised_energy_cannot_be_covered() {
	build_and_execute(|| {
		let battery = used(0);
		let (_, _) = drawing(&battery, 8 * KWH, 4);
		give(&NORA, u128::from(10 * KWH));
		let free = u128::from(2 * KWH);
		assert_noop!(cover(&NORA, &battery, free + 1), Failure::CoverTooLarge);
		assert_ok!(cover(&NORA, &battery, free));
	});
}

#[test]
fn bond_pays_for_energy_that_is_missing_for_too_long() {
	build_and_execute(|| {
		let battery = used(3 * KWH_32);
		let node = battery.node;
		let since = battery.get().uncovered_since.unwrap();
		go_to(since + 19);
		assert_noop!(slash(&battery), Failure::NotOverdue);
		go_to(since + 20);
		let treasury = deca(&TREASURY);
		assert_eq!(slash(&battery).unwrap().pays_fee, Pays::No);
		let energy = u128::from(3 * KWH);
		let amount = 9 * DECA / 10;
		assert_eq!(last_event(), Event::UncoveredSlashed { node, energy, amount });
		assert_eq!((deca(&TREASURY), bond_of(&NORA)), (treasury + amount, BOND - amount));
		let books = battery.books();
		assert_eq!((books.backing, books.uncovered), (u128::from(7 * KWH), 0));
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.lost), (u128::from(7 * KWH), energy));
		assert_eq!(parity.ratio, Some(700_000_000));
		assert_noop!(slash(&battery), Failure::NotOverdue);
		// Nothing new until the bond is filled up.
		let meter = roof(&PETER);
		let ask = || StorageNodes::ask_deposit(signed(&PETER), meter, node);
		assert_noop!(ask(), Failure::BondTooLow);
		assert_ok!(StorageNodes::top_up_bond(signed(&NORA), node));
		assert_ok!(ask());
	});
}

#[test]
fn bond_pays_as_far_as_it_goes() {
	build_and_execute(|| {
		let battery = used(3 * KWH_32);
		go_to(now() + 20);
		// So dear that the bond is enough for 2 kWh and a half, and 99 mWh.
		let price = (BOND / 2_500_099) as Price;
		PenaltyPrice::set(&price);
		assert_ok!(slash(&battery));
		let Books { uncovered, written_off, .. } = battery.books();
		assert_eq!((uncovered, written_off), (499_901, 2_500_099));
		assert_eq!(bond_of(&NORA), BOND - 2_500_099 * u128::from(price));
		// Still overdue, with a bond that is less than a mWh costs.
		assert_noop!(slash(&battery), Failure::NothingToSlash);
		PenaltyPrice::set(&0);
		assert_noop!(slash(&battery), Failure::NothingToSlash);
	});
}

#[test]
fn bond_does_not_pay_for_what_withdrawals_may_have_got() {
	build_and_execute(|| {
		// A long neglected mWh, and then a delivery that nobody has settled.
		let battery = used(1);
		let (id, home) = drawing(&battery, 4 * KWH, 24);
		rest(&battery, 1, &[home]);
		gives(&battery, 3 * KWH_32, home, 3 * KWH_32);
		rest(&battery, 20, &[home]);
		battery.account();
		assert_eq!(battery.books().uncovered, u128::from(3 * KWH) + 1);
		assert_noop!(slash(&battery), Failure::NothingToSlash);
		// It gets nothing new, either.
		let other = roof(&PETER);
		assert_noop!(
			StorageNodes::ask_deposit(signed(&PETER), other, battery.node),
			Failure::UncoveredOverdue
		);
		settle(id);
		assert_eq!(battery.books().uncovered, 1);
		assert_noop!(slash(&battery), Failure::NothingToSlash);
		assert_ok!(StorageNodes::end_withdrawal(signed(&NORA), id));
		rest(&battery, 1 + GRACE, &[home]);
		battery.account();
		settle(id);
		assert_ok!(slash(&battery));
		assert_eq!(battery.books().uncovered, 0);
	});
}

#[test]
fn withdrawals_are_refused_when_energy_is_missing_for_too_long() {
	build_and_execute(|| {
		let battery = used(KWH_32);
		let home = home(&WANDA);
		give_on(&OLGA, &WANDA, u128::from(10 * KWH));
		// What is missing cannot be drawn.
		assert_noop!(ask(&battery, home, 9 * KWH + 1, 4), Failure::EmptyBattery);
		assert_ok!(ask(&battery, home, 9 * KWH, 4));
		AcceptWindow::set(&96);
		go_to(now() + 20);
		assert_noop!(StorageNodes::accept_withdrawal(signed(&NORA), 0), Failure::RequestExpired);
		assert_ok!(StorageNodes::cancel_withdrawal(signed(&CAROL), 0));
		assert_ok!(ask(&battery, home, 9 * KWH, 4));
		assert_noop!(StorageNodes::accept_withdrawal(signed(&NORA), 1), Failure::UncoveredOverdue);
	});
}
