//! Money that comes in, and what a day pays.

use super::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, TokenError};

#[test]
fn gift_becomes_funds_of_its_pool() {
	build_and_execute(|| {
		assert_ok!(Rewards::fund(signed(CAROL), Category::Storage, 5 * DECA));
		System::assert_last_event(
			Event::Funded { category: Category::Storage, who: CAROL, amount: 5 * DECA }.into(),
		);
		let pool = Rewards::pool(Category::Storage);
		assert_eq!((pool.funded, pool.funds), (FUNDS + 5 * DECA, FUNDS + 5 * DECA));
		assert_eq!(Rewards::pool(Category::Plant).funds, FUNDS);
	});
}

#[test]
fn gift_is_refused_when_it_is_nothing_or_not_there() {
	build_and_execute(|| {
		assert_noop!(
			Rewards::fund(signed(CAROL), Category::Storage, 0),
			Error::<Test>::AmountIsZero
		);
		assert_noop!(
			Rewards::fund(signed(PAUPER), Category::Storage, DECA),
			TokenError::FundsUnavailable
		);
	});
}

#[test]
fn inbox_is_swept_to_the_last_unit() {
	build_and_execute(|| {
		let inbox = Rewards::inbox_account(Category::Generation);
		assert_ne!(inbox, Rewards::inbox_account(Category::Plant));
		assert_noop!(
			Rewards::sweep(signed(BOT), Category::Generation),
			Error::<Test>::NothingToSweep
		);
		assert_ok!(Balances::transfer_allow_death(signed(CAROL), inbox, 3 * DECA));
		assert_ok!(Rewards::sweep(signed(BOT), Category::Generation));
		System::assert_has_event(
			Event::Swept { category: Category::Generation, amount: 3 * DECA }.into(),
		);
		assert_eq!(Balances::free_balance(inbox), 0);
		assert_eq!(Rewards::pool(Category::Generation).funds, FUNDS + 3 * DECA);
	});
}

#[test]
fn emission_is_set_by_its_origin_only() {
	build_and_execute(|| {
		let funds = Some(Emission { daily: 7, source: EmissionSource::Funds });
		let mint = Some(Emission { daily: 7, source: EmissionSource::Mint });
		let set = Rewards::set_emission;
		assert_noop!(set(signed(CAROL), Category::Storage, funds), BadOrigin);
		assert_noop!(set(signed(DAO), Category::Storage, mint), Error::<Test>::MayNotMint);
		assert_ok!(set(signed(DAO), Category::Storage, funds));
		assert_eq!(Rewards::emission(Category::Storage), funds);
		assert_ok!(set(RuntimeOrigin::root(), Category::Storage, mint));
		// Who may not have it minted may still end it.
		assert_ok!(set(signed(DAO), Category::Storage, None));
		System::assert_last_event(
			Event::EmissionSet { category: Category::Storage, emission: None }.into(),
		);
		assert_eq!(Rewards::emission(Category::Storage), None);
	});
}

#[test]
fn pool_of_plants_has_no_emission() {
	build_and_execute(|| {
		let emission = Some(Emission { daily: 7, source: EmissionSource::Funds });
		assert_noop!(
			Rewards::set_emission(RuntimeOrigin::root(), Category::Plant, emission),
			Error::<Test>::NotEmitted
		);
	});
}

#[test]
fn account_keeps_what_it_needs_when_everything_is_paid() {
	build_and_execute(|| {
		// The day takes all that the pool has, and so do the other pools' days.
		let all = Some(Emission { daily: Balance::MAX, source: EmissionSource::Funds });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, all));
		let miner = roof(OLGA);
		live(&[miner], &[], 6, 4 * KWH);
		let gained = gain(OLGA, || Rewards::claim(signed(BOT), miner));
		assert_eq!(gained, FUNDS);
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.funds, pool.reserved, pool.due, pool.paid), (0, 0, 0, FUNDS));
		check_invariants();
	});
}

#[test]
fn day_reserves_its_budget_when_it_is_first_collected() {
	build_and_execute(|| {
		let miners = [roof(OLGA), roof(PETER), roof(NORA)];
		live_until_closed(&miners, 4 * KWH);
		assert_eq!(Rewards::pool(Category::Generation).funds, FUNDS);
		let book = Rewards::day(Category::Generation, START).unwrap();
		assert_eq!((book.records, book.open, book.closed), (3, 3, None));

		let third = DAILY / 3;
		let gained = gain(OLGA, || Rewards::claim(signed(BOT), miners[0]));
		assert_eq!(gained, third);
		let closed = Rewards::day(Category::Generation, START).unwrap().closed.unwrap();
		assert_eq!((closed.budget, closed.left, closed.version), (DAILY, DAILY - third, None));
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.funds, pool.reserved), (FUNDS - DAILY, DAILY - third));
		assert_eq!((pool.due, pool.paid, pool.dust), (0, third, 0));

		// With the last of them, what is left goes back.
		assert_ok!(Rewards::claim(signed(BOT), miners[1]));
		assert_ok!(Rewards::claim(signed(BOT), miners[2]));
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.funds, pool.reserved), (FUNDS - 3 * third, 0));
		assert_eq!((pool.paid, pool.dust), (3 * third, DAILY - 3 * third));
		assert!(pool.dust > 0);
		assert_eq!(Rewards::day(Category::Generation, START), None);
	});
}

#[test]
fn day_pays_no_more_than_the_pool_has() {
	build_and_execute(|| {
		let emission = Some(Emission { daily: FUNDS, source: EmissionSource::Funds });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, emission));
		let miner = roof(OLGA);
		live(&[miner], &[], 6, 4 * KWH);
		assert_ok!(Rewards::claim(signed(BOT), miner));
		// All of it went into the first of three days; the others have nothing, and are collected all the same.
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.paid, pool.funds), (FUNDS, 0));
		live(&[miner], &[], 1, 4 * KWH);
		assert_noop!(Rewards::claim(signed(BOT), miner), Error::<Test>::NothingToClaim);
		let enrolment = Rewards::enrolment(miner).unwrap();
		assert_eq!(enrolment.due, 0);
	});
}

#[test]
fn emission_is_minted_when_the_day_is_closed() {
	build_and_execute(|| {
		let emission = Some(Emission { daily: 9 * DECA, source: EmissionSource::Mint });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, emission));
		let miner = roof(OLGA);
		live_until_closed(&[miner], 4 * KWH);
		let issuance = Balances::total_issuance();
		assert_eq!(gain(OLGA, || Rewards::claim(signed(BOT), miner)), 9 * DECA);
		System::assert_has_event(
			Event::Minted { category: Category::Generation, amount: 9 * DECA }.into(),
		);
		assert_eq!(Balances::total_issuance(), issuance + 9 * DECA);
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.funded, pool.funds, pool.paid), (FUNDS + 9 * DECA, FUNDS, 9 * DECA));
	});
}

#[test]
fn day_without_weight_mints_and_reserves_nothing() {
	build_and_execute(|| {
		let emission = Some(Emission { daily: 9 * DECA, source: EmissionSource::Mint });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, emission));
		let miner = roof(OLGA);
		// More than 12 hours of 5 kW.
		live(&[miner], &[], 6, 61 * KWH);
		assert_eq!(Rewards::day(Category::Generation, START), None);
		assert_noop!(Rewards::claim(signed(BOT), miner), Error::<Test>::NothingToClaim);
		assert_eq!(Rewards::pool(Category::Generation).funded, FUNDS);
	});
}

#[test]
fn pool_without_emission_pays_nothing() {
	build_and_execute(|| {
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, None));
		let miner = roof(OLGA);
		live_until_closed(&[miner], 4 * KWH);
		assert_eq!(gain(OLGA, || Rewards::claim(signed(BOT), miner)), 0);
		assert_eq!(Rewards::pool(Category::Generation).funds, FUNDS);
	});
}

#[test]
fn pools_do_not_pay_for_each_other() {
	build_and_execute(|| {
		let (sun, battery, house) = (roof(OLGA), storage_node(NORA), consumer(KONRAD));
		live_until_closed(&[sun, battery, house], 4 * KWH);
		for (who, miner) in [(OLGA, sun), (NORA, battery), (KONRAD, house)] {
			assert_eq!(gain(who, || Rewards::claim(signed(BOT), miner)), DAILY);
		}
		for category in [Category::Generation, Category::Storage, Category::Consumption] {
			assert_eq!(Rewards::pool(category).paid, DAILY);
		}
		assert_eq!(Rewards::pool(Category::Plant).paid, 0);
	});
}

#[test]
fn genesis_refuses_an_emission_of_plants() {
	use sp_runtime::BuildStorage;
	let config = GenesisConfig::<Test> {
		pools: vec![(
			Category::Plant,
			0,
			Some(Emission { daily: 1, source: EmissionSource::Mint }),
		)],
		..Default::default()
	};
	let built = std::panic::catch_unwind(|| config.build_storage());
	assert!(built.is_err());
}
