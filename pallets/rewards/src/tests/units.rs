//! Units: bought, fed, moved, refunded, and never drawing from two plants.

use super::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

const DAY: u64 = 50 * KWH;
const LIFE: Balance = 20;

fn plant_of(listing: ListingId) -> ListingOf<Test> {
	Rewards::listing(listing).expect("it is listed")
}

fn position_of(position: PositionId) -> PositionOf<Test> {
	Rewards::position(position).expect("it is held")
}

/// Petra's plant with 10 units of Carol, delisted and settled: it served two days, `START + 1` and `START + 2`.
fn ended() -> (ListingId, PositionId) {
	let (miner, listing) = listed(PETRA);
	let position = buy(CAROL, listing, 10);
	let plants = [(miner, listing)];
	live(&[], &plants, 2, DAY);
	assert_ok!(Rewards::delist(signed(PETRA), listing));
	live(&[], &plants, 4, DAY);
	assert!(plant_of(listing).is_over());
	(listing, position)
}

#[test]
fn price_of_all_days_is_paid_into_escrow() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		let before = Balances::free_balance(CAROL);
		let position = buy(CAROL, listing, 10);
		let paid = before - Balances::free_balance(CAROL);
		assert_eq!(paid, 10 * LIFE * PRICE);
		System::assert_last_event(
			Event::UnitsBought {
				position,
				listing,
				owner: CAROL,
				units: 10,
				from: START + 1,
				until: START + 20,
				paid,
			}
			.into(),
		);
		assert_eq!(Rewards::escrow(), EscrowBook { taken: paid, held: paid, ..Default::default() });
		assert_eq!(Rewards::positions_of(CAROL), [position]);
		assert_eq!(plant_of(listing).free_units(), 70);
	});
}

#[test]
fn units_are_not_sold_when_anything_is_wrong() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let buy =
			|who, listing, units, price| Rewards::buy_units(signed(who), listing, units, price);
		assert_noop!(buy(CAROL, listing, 0, PRICE), Error::<Test>::NoUnits);
		assert_noop!(buy(CAROL, 9, 1, PRICE), Error::<Test>::UnknownListing);
		assert_noop!(buy(CAROL, listing, 1, PRICE - 1), Error::<Test>::PriceTooHigh);
		assert_noop!(buy(PAUPER, listing, 1, PRICE), TokenError::FundsUnavailable);
		world(|world| world.miners.get_mut(&miner).unwrap().active = false);
		assert_noop!(buy(CAROL, listing, 1, PRICE), Error::<Test>::MinerNotActive);
		world(|world| world.miners.get_mut(&miner).unwrap().active = true);
		go_to(START + 1);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		assert_noop!(buy(CAROL, listing, 1, PRICE), Error::<Test>::Delisted);
	});
}

#[test]
fn units_beyond_80_percent_are_not_sold() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		let buy = |units| Rewards::buy_units(signed(CAROL), listing, units, PRICE);
		assert_noop!(buy(81), Error::<Test>::TooFewUnits);
		assert_noop!(buy(u32::MAX), Error::<Test>::TooFewUnits);
		assert_ok!(buy(50));
		assert_noop!(buy(31), Error::<Test>::TooFewUnits);
		assert_ok!(buy(30));
		assert_noop!(buy(1), Error::<Test>::TooFewUnits);
		assert_eq!(plant_of(listing).sold, 80);
	});
}

#[test]
fn units_expire_and_can_be_sold_again() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		let position = buy(CAROL, listing, 80);
		live(&[], &plants, 21, DAY);
		// START + 20 is the last day, and not rolled yet.
		assert_eq!((plant_of(listing).rolled, plant_of(listing).sold), (START + 19, 80));
		live(&[], &plants, 1, DAY);
		assert_eq!((plant_of(listing).rolled, plant_of(listing).sold), (START + 20, 0));
		assert_eq!(plant_of(listing).active, 0);
		let other = buy(DAVE, listing, 80);
		live(&[], &plants, 2, DAY);
		// 20 days were fed, and nothing is fed twice.
		let due = Rewards::due_of(position);
		assert_eq!(due, Accumulator { reward: 20 * (DAILY / 80) * 80, refund: 0 });
		let gained = gain(CAROL, || Rewards::claim_units(signed(BOT), position));
		assert_eq!(gained, due.total());
		System::assert_last_event(Event::PositionServed { position }.into());
		assert_eq!(Rewards::position(position), None);
		assert!(Rewards::positions_of(CAROL).is_empty());
		assert_noop!(Rewards::claim_units(signed(BOT), position), Error::<Test>::UnknownPosition);
		// Dave's begin on the day after he bought them.
		assert_eq!(position_of(other).from, START + 23);
		assert_eq!(Rewards::due_of(other), Accumulator::default());
		let days = Boundaries::<Test>::iter_key_prefix(listing).count();
		assert_eq!(days, 2, "only those of Dave are left");
	});
}

#[test]
fn holders_are_paid_for_their_own_days() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		let early = buy(CAROL, listing, 10);
		live(&[], &plants, 3, DAY);
		// Bought on START + 3, fed from START + 4 on.
		let late = buy(DAVE, listing, 30);
		assert_noop!(Rewards::claim_units(signed(BOT), late), Error::<Test>::NothingToClaim);
		live(&[], &plants, 6, DAY);
		assert_eq!(plant_of(listing).settled, START + 5);
		let (alone, together) = (DAILY / 10, DAILY / 40);
		assert_eq!(Rewards::due_of(early).reward, 10 * (3 * alone + 2 * together));
		assert_eq!(Rewards::due_of(late).reward, 30 * 2 * together);
		assert_ok!(Rewards::claim_units(signed(BOT), early));
		System::assert_last_event(
			Event::UnitsPaid {
				position: early,
				to: CAROL,
				reward: 10 * (3 * alone + 2 * together),
				refund: 0,
			}
			.into(),
		);
		assert_noop!(Rewards::claim_units(signed(BOT), early), Error::<Test>::NothingToClaim);
		live(&[], &plants, 1, DAY);
		assert_eq!(Rewards::due_of(early).reward, 10 * together);
		assert_eq!(Rewards::due_of(late).reward, 30 * 3 * together);
	});
}

#[test]
fn life_is_governed_within_its_bounds() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		UnitLife::set(&0);
		let shortest = buy(CAROL, listing, 1);
		assert_eq!(position_of(shortest).until, START + 1);
		UnitLife::set(&u32::MAX);
		let longest = buy(CAROL, listing, 1);
		assert_eq!(position_of(longest).until, START + MAX_LIFE);
	});
}

#[test]
fn units_move_to_another_plant_for_the_days_that_were_not_served() {
	build_and_execute(|| {
		let (old, position) = ended();
		let (miner, new) = listed(PETER);
		let due = Rewards::due_of(position);
		assert_eq!(due.reward, 2 * DAILY);
		let before = Balances::free_balance(CAROL);
		assert_ok!(Rewards::rebind(signed(CAROL), position, new, PRICE));
		// The price is the same: what was due is paid, and no more.
		assert_eq!(Balances::free_balance(CAROL) - before, due.total());
		let today = today();
		System::assert_last_event(
			Event::Rebound {
				position,
				listing: new,
				from: today + 1,
				until: today + 18,
				credit: 18 * 10 * PRICE,
				cost: 18 * 10 * PRICE,
			}
			.into(),
		);
		assert_eq!(position_of(position).listing, new);
		assert_eq!(plant_of(new).escrow, 18 * 10 * PRICE);
		// The old plant is paid out and gone.
		assert_eq!(plant_of(old).escrow, 0);
		assert_ok!(Rewards::claim_plant(signed(BOT), old));
		assert_eq!(Rewards::listing(old), None);
		live(&[], &[(miner, new)], 24, DAY);
		let gained = gain(CAROL, || Rewards::claim_units(signed(BOT), position));
		assert_eq!(gained, 18 * DAILY);
		assert_eq!(Rewards::position(position), None);
	});
}

#[test]
fn old_plant_does_not_feed_units_after_they_moved() {
	build_and_execute(|| {
		let (old, position) = ended();
		let dave = {
			// Dave holds the same kind of units of the old plant and does not move.
			let settled = plant_of(old).settled;
			assert_eq!(settled, START + 2);
			Rewards::due_of(position)
		};
		let (_, new) = listed(PETER);
		assert_ok!(Rewards::rebind(signed(CAROL), position, new, PRICE));
		assert_eq!(Rewards::due_of(position), Accumulator::default());
		// The plant comes back under another number, and feeds nobody of before.
		let miner = plant_of(old).miner;
		assert_ok!(Rewards::list_plant(signed(PETRA), miner, meter_of(miner), PRICE));
		let again = ListedMiners::<Test>::get(miner).unwrap();
		live(&[], &[(miner, old), (miner, again)][1..], 6, DAY);
		advance(&[old, new]);
		assert_eq!(plant_of(again).active, 0);
		assert_eq!(plant_of(again).accumulator.reward, 0);
		// The new one was silent: the price of its days came back, and nothing was earned.
		let due = Rewards::due_of(position);
		assert_eq!(due.reward, 0);
		assert!(due.refund > 0 && dave.reward > 0);
		assert_noop!(
			Rewards::rebind(signed(CAROL), position, again, PRICE),
			Error::<Test>::NotOver
		);
	});
}

#[test]
fn dearer_plant_costs_the_difference_and_a_cheaper_one_returns_it() {
	build_and_execute(|| {
		let (_, position) = ended();
		assert_ok!(Rewards::claim_units(signed(BOT), position));
		let (dear, cheap) = (plant(PETER), plant(PETER));
		let list = |miner, price| {
			let listing = NextListingId::<Test>::get();
			assert_ok!(Rewards::list_plant(signed(PETER), miner, meter_of(miner), price));
			listing
		};
		let (dear, cheap) = (list(dear, 3 * PRICE), list(cheap, PRICE / 2));
		assert_noop!(
			Rewards::rebind(signed(CAROL), position, dear, 3 * PRICE - 1),
			Error::<Test>::PriceTooHigh
		);
		let before = Balances::free_balance(CAROL);
		assert_ok!(Rewards::rebind(signed(CAROL), position, dear, 3 * PRICE));
		assert_eq!(before - Balances::free_balance(CAROL), 18 * 10 * 2 * PRICE);
		check_invariants();
		// That one fails, too, and the next one is cheaper. Three silent days came back.
		let today = today();
		go_to(today + 10);
		advance(&[dear]);
		go_to(today + 12);
		advance(&[dear]);
		assert!(plant_of(dear).is_over());
		let gained = gain(CAROL, || Rewards::rebind(signed(CAROL), position, cheap, PRICE));
		assert_eq!(gained, 10 * (3 * 3 * PRICE + 15 * (3 * PRICE - PRICE / 2)));
		assert_eq!(plant_of(cheap).escrow, 15 * 10 * PRICE / 2);
	});
}

#[test]
fn units_do_not_move_when_anything_is_wrong() {
	build_and_execute(|| {
		let (miner, running) = listed(PETER);
		let fed = buy(CAROL, running, 1);
		let (_, position) = ended();
		let rebind =
			|who, position, listing| Rewards::rebind(signed(who), position, listing, PRICE);
		assert_noop!(rebind(CAROL, 99, running), Error::<Test>::UnknownPosition);
		assert_noop!(rebind(DAVE, position, running), Error::<Test>::NotOwner);
		assert_noop!(rebind(CAROL, fed, running), Error::<Test>::NotOver);
		assert_noop!(rebind(CAROL, position, 99), Error::<Test>::UnknownListing);
		let own = position_of(position).listing;
		assert_noop!(rebind(CAROL, position, own), Error::<Test>::Delisted);
		buy(DAVE, running, 70);
		assert_noop!(rebind(CAROL, position, running), Error::<Test>::TooFewUnits);
		assert_ok!(Rewards::set_selling(signed(PETER), running, false));
		assert_noop!(rebind(CAROL, position, running), Error::<Test>::NotSelling);
		assert_ok!(Rewards::set_selling(signed(PETER), running, true));
		world(|world| world.miners.get_mut(&miner).unwrap().active = false);
		assert_noop!(rebind(CAROL, position, running), Error::<Test>::MinerNotActive);
		assert_noop!(Rewards::refund(signed(DAVE), position), Error::<Test>::NotOwner);
		assert_noop!(Rewards::refund(signed(CAROL), 99), Error::<Test>::UnknownPosition);
		assert_noop!(Rewards::refund(signed(CAROL), fed), Error::<Test>::NotOver);
	});
}

#[test]
fn units_wait_until_the_last_day_is_settled() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let position = buy(CAROL, listing, 10);
		let plants = [(miner, listing)];
		live(&[], &plants, 2, DAY);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		for _ in 0..3 {
			live(&[], &plants, 1, DAY);
			assert_noop!(Rewards::refund(signed(CAROL), position), Error::<Test>::NotOver);
		}
		live(&[], &plants, 1, DAY);
		assert_ok!(Rewards::refund(signed(CAROL), position));
	});
}

#[test]
fn days_that_were_not_served_are_paid_back() {
	build_and_execute(|| {
		let (listing, position) = ended();
		let gained = gain(CAROL, || Rewards::refund(signed(CAROL), position));
		assert_eq!(gained, 2 * DAILY + 18 * 10 * PRICE);
		System::assert_last_event(
			Event::Refunded { position, to: CAROL, amount: 18 * 10 * PRICE }.into(),
		);
		assert_eq!(Rewards::position(position), None);
		assert_noop!(Rewards::refund(signed(CAROL), position), Error::<Test>::UnknownPosition);
		assert_eq!(gain(PETRA, || Rewards::claim_plant(signed(BOT), listing)), DAILY + 20 * PRICE);
		assert_eq!(Rewards::listing(listing), None);
		let escrow = Rewards::escrow();
		assert_eq!((escrow.held, escrow.due), (0, 0));
		assert_eq!(Boundaries::<Test>::iter().count(), 0);
	});
}

#[test]
fn units_that_were_bought_on_the_last_day_were_never_fed() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		live(&[], &plants, 2, DAY);
		let position = buy(DAVE, listing, 5);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		live(&[], &plants, 4, DAY);
		assert_noop!(Rewards::claim_units(signed(BOT), position), Error::<Test>::NothingToClaim);
		assert_eq!(gain(DAVE, || Rewards::refund(signed(DAVE), position)), LIFE * 5 * PRICE);
	});
}

#[test]
fn units_served_to_the_end_have_nothing_to_move() {
	build_and_execute(|| {
		UnitLife::set(&1);
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		let position = buy(CAROL, listing, 5);
		live(&[], &plants, 1, DAY);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		live(&[], &plants, 4, DAY);
		assert!(plant_of(listing).is_over());
		assert_noop!(Rewards::refund(signed(CAROL), position), Error::<Test>::FullyServed);
		let (_, other) = listed(PETER);
		assert_noop!(
			Rewards::rebind(signed(CAROL), position, other, PRICE),
			Error::<Test>::FullyServed
		);
		assert_eq!(gain(CAROL, || Rewards::claim_units(signed(BOT), position)), DAILY);
	});
}

#[test]
fn units_for_nothing_cost_nothing() {
	build_and_execute(|| {
		let miner = plant(PETRA);
		assert_ok!(Rewards::list_plant(signed(PETRA), miner, meter_of(miner), 0));
		assert_ok!(Rewards::buy_units(signed(PAUPER), 0, 80, 0));
		live(&[], &[(miner, 0)], 2, DAY);
		assert_ok!(Rewards::delist(signed(PETRA), 0));
		live(&[], &[(miner, 0)], 4, DAY);
		let gained = gain(PAUPER, || Rewards::refund(signed(PAUPER), 0));
		assert_eq!(gained, 2 * (DAILY / 80) * 80);
	});
}

#[test]
fn holders_and_owner_share_what_was_paid_to_the_last_unit() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		let carol = buy(CAROL, listing, 7);
		live(&[], &plants, 4, DAY);
		let dave = buy(DAVE, listing, 13);
		rest(&[], &plants, 2);
		live(&[], &plants, 30, DAY);
		for position in [carol, dave] {
			assert_ok!(Rewards::claim_units(signed(BOT), position));
			assert_eq!(Rewards::position(position), None);
		}
		assert_ok!(Rewards::claim_plant(signed(BOT), listing));
		let escrow = Rewards::escrow();
		assert_eq!((escrow.held, escrow.due), (0, 0));
		assert_eq!(escrow.paid, LIFE * (7 + 13) * PRICE);
		assert_eq!(Rewards::pool(Category::Generation).due, 0);
		assert_eq!(Rewards::pool(Category::Generation).reserved, 0);
	});
}
