//! Plants: how they are listed, rolled, settled and delisted, and what they earn.

use super::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};

/// What a plant gives on an ordinary day: 50 kWh of 10 kW.
const DAY: u64 = 50 * KWH;

fn plant_of(listing: ListingId) -> ListingOf<Test> {
	Rewards::listing(listing).expect("it is listed")
}

#[test]
fn plant_is_listed_from_tomorrow_on_with_80_percent_of_its_capacity() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		System::assert_last_event(
			Event::Listed { listing, miner, price: PRICE, max_units: 80, first: START + 1 }.into(),
		);
		let plant = plant_of(listing);
		assert_eq!((plant.listed, plant.max_units, plant.free_units()), (START + 1, 80, 80));
		// What is governed later does not change it.
		UnitShare::set(&Permill::from_percent(10));
		assert_eq!(plant_of(listing).free_units(), 80);
		let (_, other) = listed(PETRA);
		assert_eq!(Rewards::listings(None, 100).len(), 2);
		assert_eq!(Rewards::listings(Some(listing), 100), [(other, plant_of(other), 10)]);
		assert_eq!(Rewards::listings(None, 1).len(), 1);
	});
}

#[test]
fn plant_is_not_listed_when_anything_is_wrong() {
	build_and_execute(|| {
		let list = |who, miner, meter| Rewards::list_plant(signed(who), miner, meter, PRICE);
		let miner = plant(PETRA);
		let meter = meter_of(miner);
		let other = plant(PETER);
		assert_noop!(list(PETRA, 99, meter), Error::<Test>::UnknownMiner);
		assert_noop!(list(PETER, miner, meter), Error::<Test>::NotOwner);
		assert_noop!(list(PETRA, miner, 7), Error::<Test>::UnknownMeter);
		assert_noop!(list(PETRA, miner, meter_of(other)), Error::<Test>::MeterOfAnother);
		world(|world| world.meters.get_mut(&meter).unwrap().retired = true);
		assert_noop!(list(PETRA, miner, meter), Error::<Test>::MeterRetired);
		world(|world| world.meters.get_mut(&meter).unwrap().retired = false);
		world(|world| world.miners.get_mut(&miner).unwrap().active = false);
		assert_noop!(list(PETRA, miner, meter), Error::<Test>::MinerNotActive);
		world(|world| world.miners.get_mut(&miner).unwrap().active = true);
		world(|world| world.meters.get_mut(&meter).unwrap().flow = Flow::Export);
		assert_noop!(list(PETRA, miner, meter), Error::<Test>::WrongFlow);
		world(|world| world.meters.get_mut(&meter).unwrap().flow = Flow::Generation);
		let roof = register(PETRA, MinerKind::Standard, Flow::Generation, PLANT);
		assert_noop!(list(PETRA, roof, meter_of(roof)), Error::<Test>::NotPlant);
		for (capacity, fits) in [(1_999, false), (2_000, true), (40_000, true), (40_001, false)] {
			let miner = register(PETRA, MinerKind::Plant, Flow::Generation, capacity);
			if fits {
				assert_ok!(list(PETRA, miner, meter_of(miner)));
			} else {
				let call = list(PETRA, miner, meter_of(miner));
				assert_noop!(call, Error::<Test>::CapacityOutOfRange);
			}
		}
		assert_ok!(list(PETRA, miner, meter));
		assert_noop!(list(PETRA, miner, meter), Error::<Test>::AlreadyListed);
	});
}

#[test]
fn day_is_rolled_after_two_days_and_settled_after_four() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		buy(DAVE, listing, 20);
		for (day, moved) in [
			(START + 1, (0, 0)),
			(START + 2, (0, 0)),
			(START + 3, (1, 0)),
			(START + 4, (1, 0)),
			(START + 5, (1, 1)),
			(START + 6, (1, 1)),
		] {
			sun(miner, day - 1, DAY);
			go_to(day);
			assert_eq!(advance(&[listing]), moved);
			assert_eq!(advance(&[listing]), (0, 0), "once");
		}
		let plant = plant_of(listing);
		assert_eq!((plant.rolled, plant.settled, plant.active), (START + 4, START + 2, 30));
		// Nobody else had a weight: each of 30 units got its part of two days.
		assert_eq!(plant.accumulator, Accumulator { reward: 2 * (DAILY / 30), refund: 0 });
		let dust = 2 * (DAILY - DAILY / 30 * 30);
		assert!(dust > 0);
		let pool = Rewards::pool(Category::Generation);
		assert_eq!((pool.due, pool.dust), (2 * DAILY - dust, dust));
		assert_eq!(plant.earned, 2 * 30 * PRICE);
		assert_eq!(plant.escrow, (20 - 2) * 30 * PRICE);
	});
}

#[test]
fn weight_of_units_is_that_of_a_hundred_watts_of_the_plant() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		suns(&[miner], START..START + 2, DAY);
		go_to(START + 3);
		advance(&[listing]);
		// 0.5 kWh of the first day; before it, 0.2 kWh a day of grace; no votes.
		let term = 500_000 + 6 * 200_000;
		let day = plant_of(listing).pending[0];
		assert_eq!(day.weight, 10 * 1000 * term * 672 * 500_000);
		assert_eq!((day.day, day.active, day.silent), (START + 1, 10, false));
		assert_eq!(day.energy, Some(DAY));
		let book = Rewards::day(Category::Plant, START + 1).unwrap();
		assert_eq!((book.weight, book.records), (u128::from(DAY), 1));
	});
}

#[test]
fn plant_and_roofs_share_the_pool_by_weight() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 40);
		let roof = roof(OLGA);
		suns(&[miner], START..START + 2, DAY);
		suns(&[roof], START - 6..START + 2, 4 * KWH);
		go_to(START + 3);
		record(&[roof]);
		advance(&[listing]);
		let of_roof = recorded(roof, START + 1).unwrap();
		let of_units = plant_of(listing).pending[0].weight;
		go_to(START + 5);
		advance(&[listing]);
		let per_unit = formula::mul_div(of_units, DAILY, of_roof + of_units) / 40;
		assert_eq!(plant_of(listing).accumulator.reward, per_unit);
		let share = formula::mul_div(of_roof, DAILY, of_roof + of_units);
		let before = Balances::free_balance(OLGA);
		assert_ok!(Rewards::claim(signed(BOT), roof));
		let others = Balances::free_balance(OLGA) - before - share;
		// The day before it was the roof's alone.
		assert_eq!(others, DAILY);
	});
}

#[test]
fn plant_without_units_records_its_energy_only() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		live(&[], &[(miner, listing)], 3, DAY);
		let day = plant_of(listing).pending[0];
		assert_eq!((day.weight, day.energy), (0, Some(DAY)));
		assert_eq!(Rewards::day(Category::Generation, START + 1), None);
	});
}

#[test]
fn implausible_plant_weighs_nothing_and_is_not_silent() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		// More than 12 hours of 10 kW.
		live(&[], &[(miner, listing)], 5, 121 * KWH);
		let plant = plant_of(listing);
		assert_eq!(plant.accumulator, Accumulator::default());
		assert_eq!((plant.silent, plant.earned, plant.own), (0, 10 * PRICE, 0));
		assert_eq!(Rewards::day(Category::Plant, START + 2), None);
	});
}

#[test]
fn silent_day_returns_the_price_to_the_holders() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let position = buy(CAROL, listing, 10);
		let plants = [(miner, listing)];
		live(&[], &plants, 2, DAY);
		rest(&[], &plants, 1);
		live(&[], &plants, 3, DAY);
		let plant = plant_of(listing);
		// START + 1 was fed, START + 2 silent.
		assert_eq!((plant.settled, plant.earned), (START + 2, 10 * PRICE));
		assert_eq!(plant.accumulator.refund, PRICE);
		assert_eq!(Rewards::due_of(position).refund, 10 * PRICE);
		assert_eq!(plant.silent, 0);
	});
}

#[test]
fn day_is_silent_below_the_minimum_or_when_the_plant_is_out_of_order() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let silent = |today| {
			go_to(today);
			advance(&[listing]);
			plant_of(listing).pending.last().unwrap().silent
		};
		// 6 minutes of 10 kW are 1 kWh.
		for (day, energy) in [(1, KWH - 1), (2, KWH), (3, DAY), (4, DAY), (5, DAY), (6, DAY)] {
			sun(miner, START + day, energy);
		}
		assert!(silent(START + 3), "a little less than the minimum");
		assert!(!silent(START + 4), "the minimum");
		world(|world| world.miners.get_mut(&miner).unwrap().active = false);
		assert!(silent(START + 5), "suspended");
		world(|world| world.miners.get_mut(&miner).unwrap().active = true);
		world(|world| world.readings.get_mut(&meter_of(miner)).unwrap().quarantined = true);
		assert!(silent(START + 6), "quarantined");
		world(|world| world.readings.get_mut(&meter_of(miner)).unwrap().quarantined = false);
		assert!(!silent(START + 7), "all is well");
		world(|world| world.meters.get_mut(&meter_of(miner)).unwrap().retired = true);
		assert!(silent(START + 8), "retired");
	});
}

#[test]
fn zero_minimum_still_asks_for_a_measured_interval() {
	build_and_execute(|| {
		MinDailyMinutes::set(&0);
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		sun(miner, START + 1, 0);
		go_to(START + 3);
		advance(&[listing]);
		let day = plant_of(listing).pending[0];
		assert_eq!((day.silent, day.energy), (false, Some(0)));
		go_to(START + 4);
		advance(&[listing]);
		assert!(plant_of(listing).pending[1].silent);
		go_to(START + 5);
		advance(&[listing]);
		assert_eq!(Rewards::day(Category::Plant, START + 1), None);
	});
}

#[test]
fn plant_is_delisted_after_three_silent_days_in_a_row() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		live(&[], &plants, 2, DAY);
		rest(&[], &plants, 2);
		live(&[], &plants, 1, DAY);
		rest(&[], &plants, 3);
		assert_eq!(plant_of(listing).last, None, "two in a row, then one day, then two");
		rest(&[], &plants, 1);
		let plant = plant_of(listing);
		assert_eq!((plant.last, plant.selling), (Some(START + 7), false));
		System::assert_has_event(Event::Delisted { listing, last: START + 7, silent: true }.into());
		// It can be listed anew, under another number.
		assert_eq!(ListedMiners::<Test>::get(miner), None);
		assert!(Rewards::group_of(miner).is_empty());
		assert_ok!(Rewards::list_plant(signed(PETRA), miner, meter_of(miner), PRICE));
		assert_eq!(ListedMiners::<Test>::get(miner), Some(listing + 1));
		// Nothing is rolled beyond the last day, and a listing that owes nothing is gone with it.
		rest(&[], &plants, 1);
		assert_eq!(plant_of(listing).rolled, START + 7);
		rest(&[], &plants, 1);
		assert_eq!(Rewards::listing(listing), None);
	});
}

#[test]
fn silence_is_governed() {
	build_and_execute(|| {
		SilentDays::set(&0);
		let (_, listing) = listed(PETRA);
		go_to(START + 3);
		advance(&[listing]);
		assert_eq!(plant_of(listing).last, Some(START + 1), "at least one day");
	});
}

#[test]
fn owner_ends_a_listing_today() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		let plants = [(miner, listing)];
		live(&[], &plants, 3, DAY);
		assert_noop!(Rewards::delist(signed(CAROL), listing), Error::<Test>::NotOwner);
		assert_noop!(Rewards::delist(signed(PETRA), 9), Error::<Test>::UnknownListing);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		System::assert_last_event(
			Event::Delisted { listing, last: START + 3, silent: false }.into(),
		);
		assert_noop!(Rewards::delist(signed(PETRA), listing), Error::<Test>::Delisted);
		let call = Rewards::set_selling(signed(PETRA), listing, true);
		assert_noop!(call, Error::<Test>::Delisted);
		assert_eq!(plant_of(listing).free_units(), 0);
		// Until its last day is rolled it keeps its neighbours, and cannot be listed again.
		live(&[], &plants, 1, DAY);
		assert_eq!(Rewards::group_of(miner), [miner]);
		let list = || Rewards::list_plant(signed(PETRA), miner, meter_of(miner), PRICE);
		assert_noop!(list(), Error::<Test>::AlreadyListed);
		live(&[], &plants, 2, DAY);
		assert_eq!(plant_of(listing).rolled, START + 3);
		assert!(Rewards::group_of(miner).is_empty());
		assert_ok!(list());
		live(&[], &plants, 2, DAY);
		// Settled to its end, and with nothing to pay.
		assert_eq!(Rewards::listing(listing), None);
	});
}

#[test]
fn silence_ends_a_listing_before_the_day_that_its_owner_chose() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		let position = buy(CAROL, listing, 1);
		go_to(START + 8);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		advance(&[listing]);
		let plant = plant_of(listing);
		assert_eq!((plant.last, plant.settled), (Some(START + 3), START + 3));
		assert!(plant.is_over());
		// Three days came back, and 17 were not served.
		assert_eq!(Rewards::due_of(position).refund, 3 * PRICE);
		let paid = gain(CAROL, || Rewards::refund(signed(CAROL), position));
		assert_eq!(paid, 20 * PRICE);
	});
}

#[test]
fn listing_that_never_began_is_gone_at_once() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		assert_eq!(Rewards::listing(listing), None);
		assert!(Rewards::group_of(miner).is_empty());
		assert_ok!(Rewards::list_plant(signed(PETRA), miner, meter_of(miner), PRICE));
		assert_eq!(NextListingId::<Test>::get(), 2);
	});
}

#[test]
fn late_plant_catches_up_eight_days_at_a_time() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		suns(&[miner], START + 1..START + 20, DAY);
		go_to(START + 13);
		// START + 1 and the two after it are not kept any more.
		SilentDays::set(&100);
		assert_eq!(advance(&[listing]), (8, 8));
		let plant = plant_of(listing);
		assert_eq!((plant.rolled, plant.settled), (START + 8, START + 8));
		// No day was in time: nobody earned from the pools. The plant was there all the same on those that are kept.
		assert_eq!(plant.accumulator.reward, 0);
		assert_eq!(plant.accumulator.refund + plant.earned / 10, 8 * PRICE);
		assert_eq!(plant.own, 0);
		assert_eq!(advance(&[listing]), (3, 1));
		assert_eq!(plant_of(listing).pending.len(), 2);
		assert!(plant_of(listing).pending.iter().all(|day| day.weight > 0));
	});
}

#[test]
fn fee_is_returned_when_a_plant_moved() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		let advance = |listings: Vec<ListingId>| {
			let listings = listings.try_into().unwrap();
			Rewards::advance_plants(signed(BOT), listings).unwrap().pays_fee
		};
		assert_eq!(advance(vec![]), Pays::Yes);
		assert_eq!(advance(vec![listing, 7]), Pays::Yes);
		go_to(START + 3);
		assert_eq!(advance(vec![7, listing]), Pays::No);
		System::assert_last_event(
			Event::PlantsAdvanced { plants: 1, rolled: 1, settled: 0 }.into(),
		);
		assert_eq!(advance(vec![listing]), Pays::Yes);
	});
}

#[test]
fn sale_can_be_closed_and_opened() {
	build_and_execute(|| {
		let (_, listing) = listed(PETRA);
		let set = |who, listing, selling| Rewards::set_selling(signed(who), listing, selling);
		assert_noop!(set(CAROL, listing, false), Error::<Test>::NotOwner);
		assert_noop!(set(PETRA, 9, false), Error::<Test>::UnknownListing);
		assert_ok!(set(PETRA, listing, false));
		System::assert_last_event(Event::SellingSet { listing, selling: false }.into());
		let buy_one = || Rewards::buy_units(signed(CAROL), listing, 1, PRICE);
		assert_noop!(buy_one(), Error::<Test>::NotSelling);
		assert_ok!(set(PETRA, listing, true));
		assert_ok!(buy_one());
	});
}

#[test]
fn version_a_gives_the_plant_half_of_what_its_units_get() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 30);
		live(&[], &[(miner, listing)], 5, DAY);
		let plant = plant_of(listing);
		let own = plant.accumulator.reward * 30 / 2;
		assert_eq!(plant.own, own);
		let pool = Rewards::pool(Category::Plant);
		assert_eq!((pool.funds, pool.due, pool.reserved), (FUNDS - own, own, 0));
		let gained = gain(PETRA, || Rewards::claim_plant(signed(BOT), listing));
		assert_eq!(gained, own + 30 * PRICE);
		System::assert_last_event(
			Event::PlantPaid { listing, to: PETRA, earned: 30 * PRICE, own }.into(),
		);
		assert_noop!(Rewards::claim_plant(signed(BOT), listing), Error::<Test>::NothingToClaim);
		assert_noop!(Rewards::claim_plant(signed(BOT), 9), Error::<Test>::UnknownListing);
	});
}

#[test]
fn version_a_gives_no_more_than_the_pool_has() {
	build_and_execute(|| {
		let daily = FUNDS - DECA;
		let emission = Some(Emission { daily, source: EmissionSource::Funds });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, emission));
		assert_ok!(Rewards::fund(signed(BOT), Category::Generation, 4 * FUNDS));
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 1);
		live(&[], &[(miner, listing)], 7, DAY);
		// Half of nearly 100,000 DECA for each of three days, and the pool has 100,000.
		assert_eq!(plant_of(listing).own, FUNDS);
		assert_eq!(Rewards::pool(Category::Plant).funds, 0);
	});
}

#[test]
fn version_b_shares_a_budget_by_energy() {
	build_and_execute(|| {
		Version::set(&PlantVersion::B);
		let (small, large) = (listed(PETRA), listed(PETER));
		// The version does not ask for units.
		for day in START..START + 3 {
			sun(small.0, day, 20 * KWH);
			sun(large.0, day, 70 * KWH);
			go_to(day + 1);
			advance(&[small.1, large.1]);
		}
		go_to(START + 5);
		advance(&[small.1]);
		let budget = 2 * 675 * DECA;
		let closed = Rewards::day(Category::Plant, START + 1).unwrap().closed.unwrap();
		assert_eq!((closed.budget, closed.version), (budget, Some(PlantVersion::B)));
		// The day keeps its version.
		Version::set(&PlantVersion::A);
		advance(&[large.1]);
		assert_eq!(plant_of(small.1).own, budget * 20 / 90);
		assert_eq!(plant_of(large.1).own, budget * 70 / 90);
		assert_eq!(
			Rewards::pool(Category::Plant).dust,
			budget - budget * 20 / 90 - budget * 70 / 90
		);
	});
}

#[test]
fn version_b_is_capped_by_plants_and_by_funds() {
	build_and_execute(|| {
		Version::set(&PlantVersion::B);
		PlantCap::set(&1);
		let plants = [listed(PETRA), listed(PETER)];
		let budget = |day| {
			advance(&[plants[0].1]);
			Rewards::day(Category::Plant, day).unwrap().closed.unwrap().budget
		};
		live(&[], &plants, 4, DAY);
		go_to(START + 5);
		assert_eq!(budget(START + 1), 675 * DECA);
		PlantDaily::set(&Balance::MAX);
		go_to(START + 6);
		assert_eq!(budget(START + 2), FUNDS - 675 * DECA);
	});
}

#[test]
fn owner_of_a_revoked_plant_is_still_paid() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		live(&[], &[(miner, listing)], 5, DAY);
		world(|world| world.miners.remove(&miner));
		let gained = gain(PETRA, || Rewards::claim_plant(signed(BOT), listing));
		assert!(gained > 10 * PRICE);
		assert_ok!(Rewards::delist(signed(PETRA), listing));
	});
}

#[test]
fn plant_changes_hands_and_pays_the_new_owner() {
	build_and_execute(|| {
		let (miner, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		live(&[], &[(miner, listing)], 5, DAY);
		world(|world| world.miners.get_mut(&miner).unwrap().owner = PETER);
		assert_noop!(Rewards::delist(signed(PETRA), listing), Error::<Test>::NotOwner);
		assert!(gain(PETER, || Rewards::claim_plant(signed(BOT), listing)) > 10 * PRICE);
	});
}
