//! Miners that earn by their own meter.

use super::*;
use crate::*;
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::miner::CollectionMethod;
use sp_runtime::TokenError;

/// What a roof of 5 kW with a smart meter weighs that measured 28 kWh in a full week, with no votes.
const FULL: RewardWeight = 1100 * 28_000_000 * 672 * 500_000;

/// Changes what is registered of a miner.
fn change(
	miner: MinerId,
	change: impl FnOnce(&mut heliograph_primitives::miner::MinerInfo<AccountId>),
) {
	world(|world| change(world.miners.get_mut(&miner).unwrap()));
}

/// A roof that measured 28 kWh in the week that ends today.
fn roof_with_a_week() -> MinerId {
	let miner = roof(OLGA);
	suns(&[miner], START - 6..START + 1, 4 * KWH);
	miner
}

#[test]
fn miner_earns_by_the_meter_of_its_kind() {
	build_and_execute(|| {
		let cases = [
			(MinerKind::Standard, Flow::Generation, Category::Generation),
			(MinerKind::Storage, Flow::Discharge, Category::Storage),
			(MinerKind::Consumer, Flow::Consumption, Category::Consumption),
			(MinerKind::Consumer, Flow::Import, Category::Consumption),
		];
		for (kind, flow, category) in cases {
			let miner = register(OLGA, kind, flow, ROOF);
			let meter = meter_of(miner);
			assert_ok!(Rewards::enroll(signed(OLGA), miner, meter));
			System::assert_last_event(Event::Enrolled { miner, meter, category }.into());
			assert_eq!(Rewards::enrolment(miner).unwrap().category, category);
		}
		let wrong = [
			(MinerKind::Standard, Flow::Export),
			(MinerKind::Standard, Flow::Consumption),
			(MinerKind::Storage, Flow::Charge),
			(MinerKind::Consumer, Flow::Generation),
		];
		for (kind, flow) in wrong {
			let miner = register(OLGA, kind, flow, ROOF);
			let call = Rewards::enroll(signed(OLGA), miner, meter_of(miner));
			assert_noop!(call, Error::<Test>::WrongFlow);
		}
		for kind in [MinerKind::Plant, MinerKind::Remote] {
			let miner = register(OLGA, kind, Flow::Generation, ROOF);
			let call = Rewards::enroll(signed(OLGA), miner, meter_of(miner));
			assert_noop!(call, Error::<Test>::KindNotRewarded);
		}
	});
}

#[test]
fn miner_does_not_enrol_when_anything_is_wrong() {
	build_and_execute(|| {
		let enroll = |who, miner, meter| Rewards::enroll(signed(who), miner, meter);
		let miner = register(OLGA, MinerKind::Standard, Flow::Generation, ROOF);
		let other = register(PETER, MinerKind::Standard, Flow::Generation, ROOF);
		let meter = meter_of(miner);
		assert_noop!(enroll(OLGA, 99, meter), Error::<Test>::UnknownMiner);
		assert_noop!(enroll(PETER, miner, meter), Error::<Test>::NotOwner);
		assert_noop!(enroll(OLGA, miner, 7), Error::<Test>::UnknownMeter);
		assert_noop!(enroll(OLGA, miner, meter_of(other)), Error::<Test>::MeterOfAnother);
		change(miner, |info| info.active = false);
		assert_noop!(enroll(OLGA, miner, meter), Error::<Test>::MinerNotActive);
		change(miner, |info| info.active = true);
		world(|world| world.meters.get_mut(&meter).unwrap().retired = true);
		assert_noop!(enroll(OLGA, miner, meter), Error::<Test>::MeterRetired);
		world(|world| world.meters.get_mut(&meter).unwrap().retired = false);
		assert_ok!(enroll(OLGA, miner, meter));
		assert_noop!(enroll(OLGA, miner, meter), Error::<Test>::AlreadyEnrolled);
	});
}

#[test]
fn day_is_recorded_two_and_three_days_after_it() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		for (today, days) in [(START, 0), (START + 1, 0), (START + 2, 1)] {
			go_to(today);
			assert_eq!(record(&[miner]), days);
		}
		assert_eq!(recorded(miner, START), Some(FULL));
		assert_eq!(Rewards::day(Category::Generation, START).unwrap().weight, FULL);
		// Once.
		assert_eq!(record(&[miner, miner]), 0);
		// Two days at once, the older one first.
		suns(&[miner], START + 1..START + 4, 4 * KWH);
		go_to(START + 4);
		assert_eq!(record(&[miner]), 2);
		let open = Rewards::enrolment(miner).unwrap().open;
		assert_eq!(open.into_inner(), [(START + 1, FULL), (START + 2, FULL)]);
	});
}

#[test]
fn day_is_lost_when_it_is_not_recorded_in_time() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 4);
		// The days after START, on which nothing was measured; not START itself.
		assert_eq!(record(&[miner]), 2);
		assert!(Rewards::enrolment(miner).unwrap().open.is_empty());
		assert_eq!(Rewards::day(Category::Generation, START), None);
	});
}

#[test]
fn days_before_the_enrolment_do_not_count() {
	build_and_execute(|| {
		let miner = register(OLGA, MinerKind::Standard, Flow::Generation, ROOF);
		suns(&[miner], START - 6..START + 1, 4 * KWH);
		go_to(START + 1);
		assert_ok!(Rewards::enroll(signed(OLGA), miner, meter_of(miner)));
		go_to(START + 3);
		assert_eq!(record(&[miner]), 1);
		assert_eq!(Rewards::enrolment(miner).unwrap().next, START + 2);
	});
}

#[test]
fn weight_is_the_product_of_its_factors() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		let weighing = Rewards::weight_of(miner, START).unwrap();
		assert_eq!(
			weighing,
			Weighing {
				method: 1100,
				energy_term: 28_000_000,
				reported: 672,
				votes: 0,
				trust: 500_000,
				withheld: None,
				weight: FULL,
			}
		);
		change(miner, |info| info.profile.method = CollectionMethod::ApiPush);
		assert_eq!(Rewards::weight_of(miner, START).unwrap().weight, FULL / 1100 * 500);
		// What is above the threshold counts by its fifth root: 8 kWh less than 28.
		NormThreshold::set(&(20 * KWH));
		let term = 20_000_000 + formula::root5(8_000_000 * 10u128.pow(24));
		assert_eq!(Rewards::weight_of(miner, START).unwrap().energy_term, term);
		assert_eq!(term, 21_515_716);
		assert_eq!(Rewards::weight_of(99, START), None);
	});
}

#[test]
fn storage_node_needs_no_neighbours() {
	build_and_execute(|| {
		let miner = storage_node(NORA);
		suns(&[miner], START - 6..START + 1, 4 * KWH);
		let weighing = Rewards::weight_of(miner, START).unwrap();
		assert_eq!((weighing.trust, weighing.weight), (1_000_000, 2 * FULL));
		assert!(Rewards::group_of(miner).is_empty());
	});
}

#[test]
fn weight_is_withheld_when_anything_is_wrong() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		let meter = meter_of(miner);
		let withheld = || {
			let weighing = Rewards::weight_of(miner, START).unwrap();
			assert_eq!(weighing.weight.is_zero(), weighing.withheld.is_some());
			weighing.withheld
		};
		assert_eq!(withheld(), None);
		change(miner, |info| info.active = false);
		assert_eq!(withheld(), Some(Withheld::NotActive));
		change(miner, |info| info.active = true);
		world(|world| world.meters.get_mut(&meter).unwrap().retired = true);
		assert_eq!(withheld(), Some(Withheld::MeterRetired));
		world(|world| world.meters.get_mut(&meter).unwrap().retired = false);
		world(|world| world.readings.get_mut(&meter).unwrap().quarantined = true);
		assert_eq!(withheld(), Some(Withheld::Quarantined));
		world(|world| world.readings.get_mut(&meter).unwrap().quarantined = false);
		change(miner, |info| info.profile.capacity = 333);
		assert_eq!(withheld(), Some(Withheld::AboveMaximum));
		change(miner, |info| info.profile.capacity = 334);
		assert_eq!(withheld(), None);
		// 168 W around the clock are 4.03 kWh, if there is wind.
		change(miner, |info| (info.profile.capacity, info.profile.source) = (168, Source::Wind));
		assert_eq!(withheld(), None);
		let nothing = Rewards::weight_of(miner, START + 1).unwrap().withheld;
		assert_eq!(nothing, Some(Withheld::NothingMeasured));
		let silent = roof(PETER);
		let never = Rewards::weight_of(silent, START).unwrap().withheld;
		assert_eq!(never, Some(Withheld::NeverReported));
	});
}

#[test]
fn withheld_day_is_recorded_for_good() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		world(|world| world.readings.get_mut(&meter_of(miner)).unwrap().quarantined = true);
		assert_eq!(record(&[miner]), 1);
		world(|world| world.readings.get_mut(&meter_of(miner)).unwrap().quarantined = false);
		go_to(START + 3);
		record(&[miner]);
		assert_eq!(recorded(miner, START), None);
		assert_eq!(Rewards::enrolment(miner).unwrap().next, START + 2);
	});
}

#[test]
fn energy_of_one_day_withholds_the_seven_days_that_look_back_on_it() {
	build_and_execute(|| {
		let miner = roof(OLGA);
		suns(&[miner], START - 6..START, 4 * KWH);
		live(&[miner], &[], 1, 61 * KWH);
		live(&[miner], &[], 8, 4 * KWH);
		let withheld = (START..START + 8)
			.map(|day| Rewards::weight_of(miner, day).unwrap().withheld.is_some())
			.collect::<Vec<_>>();
		assert_eq!(withheld, [true, true, true, true, true, true, true, false]);
	});
}

#[test]
fn fee_is_returned_when_a_day_was_recorded() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		let record = |miners: Vec<MinerId>| {
			Rewards::record(signed(BOT), miners.try_into().unwrap()).unwrap().pays_fee
		};
		assert_eq!(record(vec![]), Pays::Yes);
		assert_eq!(record(vec![77]), Pays::Yes);
		assert_eq!(record(vec![77, miner]), Pays::No);
		System::assert_last_event(Event::Recorded { miners: 1, days: 1 }.into());
		assert_eq!(record(vec![miner]), Pays::Yes);
	});
}

#[test]
fn shares_follow_the_weights() {
	build_and_execute(|| {
		let (olga, peter) = (storage_node(OLGA), storage_node(PETER));
		suns(&[olga], START - 6..START + 1, 4 * KWH);
		// 12 kWh in three days: three sevenths of the energy, reported for three sevenths of the time.
		suns(&[peter], START - 2..START + 1, 4 * KWH);
		go_to(START + 2);
		record(&[olga, peter]);
		go_to(START + 4);
		let of_olga = gain(OLGA, || Rewards::claim(signed(BOT), olga));
		let of_peter = gain(PETER, || Rewards::claim(signed(BOT), peter));
		assert_eq!(of_olga, DAILY * 49 / 58);
		assert_eq!(of_peter, DAILY * 9 / 58);
		assert_eq!(Rewards::pool(Category::Storage).dust, 1);
	});
}

#[test]
fn nothing_is_paid_before_the_day_is_closed() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		assert_noop!(Rewards::claim(signed(BOT), 99), Error::<Test>::NotEnrolled);
		go_to(START + 2);
		record(&[miner]);
		go_to(START + 3);
		assert_noop!(Rewards::claim(signed(BOT), miner), Error::<Test>::NothingToClaim);
		assert_eq!(Rewards::due_of_miner(miner), 0);
		go_to(START + 4);
		assert_eq!(gain(OLGA, || Rewards::claim(signed(BOT), miner)), DAILY);
		System::assert_last_event(Event::Claimed { miner, to: OLGA, amount: DAILY }.into());
		assert_noop!(Rewards::claim(signed(BOT), miner), Error::<Test>::NothingToClaim);
	});
}

#[test]
fn due_is_shown_once_the_budget_is_reserved() {
	build_and_execute(|| {
		let (olga, peter) = (storage_node(OLGA), storage_node(PETER));
		live_until_closed(&[olga, peter], 4 * KWH);
		assert_eq!(Rewards::due_of_miner(olga), 0);
		assert_ok!(Rewards::claim(signed(BOT), peter));
		assert_eq!(Rewards::due_of_miner(olga), DAILY / 2);
		assert_eq!(Rewards::due_of_miner(99), 0);
	});
}

#[test]
fn recording_collects_what_is_closed() {
	build_and_execute(|| {
		let miner = roof(OLGA);
		live(&[miner], &[], 10, 4 * KWH);
		let enrolment = Rewards::enrolment(miner).unwrap();
		// The days START to START + 6 are closed on START + 10, and START + 6 was not collected yet.
		assert_eq!(enrolment.open.len(), 2);
		assert_eq!(enrolment.due, 7 * DAILY);
		assert_eq!(gain(OLGA, || Rewards::claim(signed(BOT), miner)), 7 * DAILY);
	});
}

#[test]
fn reward_goes_to_whoever_owns_the_miner_now() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		record(&[miner]);
		go_to(START + 4);
		change(miner, |info| info.owner = PETER);
		assert_eq!(gain(PETER, || Rewards::claim(signed(BOT), miner)), DAILY);
	});
}

#[test]
fn reward_of_a_revoked_miner_goes_to_its_last_owner() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		change(miner, |info| info.owner = PETER);
		record(&[miner]);
		world(|world| world.miners.remove(&miner));
		go_to(START + 4);
		assert_eq!(gain(PETER, || Rewards::claim(signed(BOT), miner)), DAILY);
	});
}

#[test]
fn reward_stays_due_when_the_owner_cannot_hold_it() {
	build_and_execute(|| {
		let emission = Some(Emission { daily: 5, source: EmissionSource::Funds });
		assert_ok!(Rewards::set_emission(RuntimeOrigin::root(), Category::Generation, emission));
		let miner = roof_with_a_week();
		go_to(START + 2);
		record(&[miner]);
		change(miner, |info| info.owner = PAUPER);
		go_to(START + 4);
		assert_noop!(Rewards::claim(signed(BOT), miner), TokenError::BelowMinimum);
		assert_ok!(Balances::transfer_allow_death(signed(CAROL), PAUPER, DECA));
		assert_eq!(gain(PAUPER, || Rewards::claim(signed(BOT), miner)), 5);
	});
}

#[test]
fn miner_that_leaves_is_paid_and_gone() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		record(&[miner]);
		go_to(START + 4);
		assert_noop!(Rewards::leave(signed(PETER), miner), Error::<Test>::NotOwner);
		assert_noop!(Rewards::leave(signed(OLGA), 99), Error::<Test>::NotEnrolled);
		assert_eq!(gain(OLGA, || Rewards::leave(signed(OLGA), miner)), DAILY);
		System::assert_has_event(Event::Left { miner }.into());
		assert_eq!(Rewards::enrolment(miner), None);
		assert!(Rewards::group_of(miner).is_empty());
		assert_ok!(Rewards::enroll(signed(OLGA), miner, meter_of(miner)));
	});
}

#[test]
fn miner_that_leaves_keeps_its_open_days_until_they_are_paid() {
	build_and_execute(|| {
		let miner = roof(OLGA);
		live(&[miner], &[], 3, 4 * KWH);
		assert_ok!(Rewards::leave(signed(OLGA), miner));
		assert!(Rewards::group_of(miner).is_empty());
		assert_noop!(Rewards::leave(signed(OLGA), miner), Error::<Test>::NotEnrolled);
		assert_noop!(
			Rewards::enroll(signed(OLGA), miner, meter_of(miner)),
			Error::<Test>::AlreadyEnrolled
		);
		// Nothing more is recorded.
		go_to(START + 4);
		assert_eq!(record(&[miner]), 0);
		go_to(START + 5);
		assert_eq!(gain(OLGA, || Rewards::claim(signed(BOT), miner)), 2 * DAILY);
		assert_eq!(Rewards::enrolment(miner), None);
	});
}

#[test]
fn anyone_frees_the_place_of_a_miner_whose_meter_is_out_of_service() {
	build_and_execute(|| {
		let (retired, revoked, working) = (roof(OLGA), roof(OLGA), roof(OLGA));
		let leave = |miner| Rewards::leave(signed(BOT), miner);
		assert_noop!(leave(retired), Error::<Test>::NotOwner);
		world(|world| {
			world.meters.get_mut(&meter_of(retired)).unwrap().retired = true;
			world.miners.remove(&revoked);
			world.meters.remove(&meter_of(revoked));
		});
		assert_ok!(leave(retired));
		assert_ok!(leave(revoked));
		assert_noop!(leave(working), Error::<Test>::NotOwner);
		assert_eq!(Rewards::group_of(working), [working]);
	});
}

#[test]
fn miner_that_comes_back_earns_no_day_twice() {
	build_and_execute(|| {
		let miner = roof_with_a_week();
		go_to(START + 2);
		record(&[miner]);
		go_to(START + 4);
		assert_ok!(Rewards::leave(signed(OLGA), miner));
		assert_ok!(Rewards::enroll(signed(OLGA), miner, meter_of(miner)));
		assert_eq!(record(&[miner]), 0);
		assert_eq!(Rewards::enrolment(miner).unwrap().next, START + 4);
	});
}
