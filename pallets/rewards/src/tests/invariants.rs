//! The rules find what they are there to find.

use super::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};

const DAY: u64 = 50 * KWH;

/// A life in which every kind of entry exists: days open and reserved, units fed, dues of all kinds.
fn full_life() {
	Version::set(&PlantVersion::B);
	let roofs = [roof(OLGA), roof(PETER)];
	let house = consumer(KONRAD);
	let (failing, working) = (listed(PETRA), listed(PETRA));
	buy(CAROL, failing.1, 10);
	buy(DAVE, working.1, 20);
	live(&[roofs[0], roofs[1], house], &[working], 12, DAY);
	advance(&[failing.1]);
	assert!(Rewards::listing(failing.1).unwrap().is_over());
	assert_ok!(Rewards::claim_units(signed(BOT), 1));
	assert_ok!(Rewards::do_try_state());
}

/// Runs the life, breaks something, and expects the rule of this number to say so.
fn breaks(rule: u32, what: impl FnOnce()) {
	build().execute_with(|| {
		full_life();
		what();
		match Rewards::do_try_state() {
			Err(DispatchError::Other(said)) => {
				assert!(
					said.starts_with(&format!("{rule}: ")),
					"rule {rule} was broken, and {said:?}"
				)
			}
			other => panic!("rule {rule} was broken, and {other:?}"),
		}
	});
}

fn change_plant(listing: ListingId, change: impl FnOnce(&mut ListingOf<Test>)) {
	Listings::<Test>::mutate(listing, |plant| change(plant.as_mut().unwrap()));
}

#[test]
fn rule_1_finds_money_that_is_in_no_column() {
	breaks(1, || Pools::<Test>::mutate(Category::Storage, |pool| pool.funded += 1));
	breaks(1, || Pools::<Test>::mutate(Category::Storage, |pool| pool.paid += 1));
	breaks(1, || EscrowSums::<Test>::mutate(|book| book.taken += 1));
}

#[test]
fn rule_2_finds_a_reserve_that_is_of_no_day() {
	breaks(2, || {
		Pools::<Test>::mutate(Category::Generation, |pool| {
			pool.reserved += 1;
			pool.funds -= 1;
		});
	});
	breaks(2, || {
		go_to(today() + 1);
		assert_ok!(Rewards::claim(signed(BOT), 0));
		let (category, day, mut book) =
			DayBooks::<Test>::iter().find(|(_, _, book)| book.closed.is_some()).unwrap();
		if let Some(closed) = &mut book.closed {
			closed.left = 0;
		}
		DayBooks::<Test>::insert(category, day, book);
	});
}

#[test]
fn rule_3_finds_dues_of_nobody() {
	let lend = |category| {
		Pools::<Test>::mutate(category, |pool| {
			pool.due += 1;
			pool.funds -= 1;
		});
	};
	breaks(3, || lend(Category::Generation));
	breaks(3, || lend(Category::Plant));
	breaks(3, || change_plant(1, |plant| plant.own += 1));
	breaks(3, || change_plant(1, |plant| plant.accumulator.reward += 1));
}

#[test]
fn rule_4_finds_an_escrow_that_is_for_no_day() {
	breaks(4, || change_plant(1, |plant| plant.escrow += 1));
	breaks(4, || change_plant(1, |plant| plant.earned += 1));
	breaks(4, || {
		EscrowSums::<Test>::mutate(|book| {
			book.held -= 1;
			book.due += 1;
		});
	});
}

#[test]
fn rule_5_finds_an_account_that_has_too_little() {
	use frame_support::traits::fungible::Mutate;
	use frame_support::traits::tokens::{Fortitude, Precision, Preservation};
	breaks(5, || {
		let account = Rewards::account();
		let burned = Balances::burn_from(
			&account,
			1,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Force,
		);
		assert_ok!(burned);
	});
}

#[test]
fn rule_6_finds_a_day_that_counts_other_records() {
	let change = |change: fn(&mut DayBook)| {
		let day = today() - 2;
		DayBooks::<Test>::mutate(Category::Generation, day, |book| change(book.as_mut().unwrap()));
	};
	breaks(6, || change(|book| book.open += 1));
	breaks(6, || change(|book| book.weight += 1));
	breaks(6, || change(|book| book.records -= 1));
	breaks(6, || DayBooks::<Test>::remove(Category::Generation, today() - 2));
}

#[test]
fn rule_7_finds_days_that_can_be_recorded_twice() {
	breaks(7, || {
		Enrolments::<Test>::mutate(0, |entry| entry.as_mut().unwrap().next -= 1);
	});
	breaks(7, || {
		Enrolments::<Test>::mutate(0, |entry| entry.as_mut().unwrap().open.as_mut().reverse())
	});
	breaks(7, || {
		Histories::<Test>::mutate(2, |history| history.as_mut().reverse());
	});
	breaks(7, || {
		let history = Histories::<Test>::take(2);
		Histories::<Test>::insert(0, history);
	});
}

#[test]
fn rule_8_finds_units_that_nobody_holds() {
	breaks(8, || change_plant(1, |plant| plant.sold += 1));
	breaks(8, || change_plant(1, |plant| plant.active -= 1));
	breaks(8, || change_plant(1, |plant| plant.max_units = 19));
	breaks(8, || change_plant(1, |plant| plant.positions += 1));
}

#[test]
fn rule_9_finds_days_out_of_order() {
	breaks(9, || change_plant(1, |plant| plant.last = Some(plant.rolled - 1)));
	breaks(9, || change_plant(1, |plant| plant.pending.remove(0).day = 0));
	breaks(9, || change_plant(0, |plant| plant.selling = true));
}

#[test]
fn rule_10_finds_a_boundary_that_is_not_that_of_its_purchases() {
	let change = |day, change: fn(&mut Boundary)| {
		Boundaries::<Test>::mutate(1, day, |boundary| change(boundary.as_mut().unwrap()));
	};
	breaks(10, || change(START, |boundary| boundary.joining -= 1));
	breaks(10, || change(START, |boundary| boundary.accumulator = None));
	breaks(10, || change(START + 20, |boundary| boundary.accumulator = Some(Default::default())));
	breaks(10, || change(START + 20, |boundary| boundary.positions += 1));
	breaks(10, || Boundaries::<Test>::insert(1, START + 7, Boundary::default()));
}

#[test]
fn rule_11_finds_a_purchase_that_nobody_finds() {
	breaks(11, || PositionsByOwner::<Test>::remove(DAVE, 1));
	breaks(11, || PositionsByOwner::<Test>::insert(DAVE, 0, ()));
	breaks(11, || Positions::<Test>::mutate(1, |entry| entry.as_mut().unwrap().listing = 7));
}

#[test]
fn rule_12_finds_gaps_among_neighbours() {
	let cell = || Places::<Test>::get(0).unwrap().cell;
	breaks(12, || Places::<Test>::remove(0));
	breaks(12, || Cells::<Test>::mutate(cell(), |count| *count -= 1));
	breaks(12, || Groups::<Test>::mutate(cell(), 0, |group| group.as_mut().swap(0, 1)));
	breaks(12, || {
		Groups::<Test>::mutate(cell(), 0, |group| group[0].1 = 7);
	});
}

#[test]
fn rule_13_finds_a_plant_that_does_not_know_its_listing() {
	breaks(13, || ListedMiners::<Test>::insert(4, 0));
	breaks(13, || ListedMiners::<Test>::insert(3, 0));
}

#[test]
fn rule_14_finds_numbers_from_the_future() {
	breaks(14, || NextListingId::<Test>::put(1));
	breaks(14, || NextPositionId::<Test>::put(1));
}

#[test]
fn rule_15_finds_an_emission_of_plants() {
	let emission = Emission { daily: 1, source: EmissionSource::Funds };
	breaks(15, || Emissions::<Test>::insert(Category::Plant, emission));
}

#[test]
fn nothing_is_paid_when_the_books_disagree() {
	build().execute_with(|| {
		let miner = roof(OLGA);
		live_until_closed(&[miner], 4 * KWH);
		DayBooks::<Test>::remove(Category::Generation, START);
		assert_noop!(Rewards::claim(signed(BOT), miner), Error::<Test>::BooksDisagree);
		// Nor does a record of it succeed; the others of its batch do.
		let other = storage_node(NORA);
		live(&[other], &[], 2, 4 * KWH);
		assert_eq!(record(&[miner]), 0);
		live(&[other], &[], 1, 4 * KWH);
		assert!(recorded(other, today() - 2).is_some());
	});
}
