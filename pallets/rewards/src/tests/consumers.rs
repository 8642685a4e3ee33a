//! Consumers that save.

use super::*;
use crate::*;
use frame_support::assert_ok;

/// The term of a consumer that reported its week in full, with these factors in thousandths.
fn full(save: u128, flex: u128) -> RewardWeight {
	1100 * (14_000_000 * save * flex / 1_000_000) * 672 * 1_000_000
}

#[test]
fn consumer_weighs_the_same_whatever_it_uses() {
	build_and_execute(|| {
		let (small, large) = (consumer(KONRAD), consumer(OLGA));
		for day in START - 6..START + 1 {
			sun(small, day, KWH);
			sun(large, day, 100 * KWH);
		}
		go_to(START + 2);
		record(&[small, large]);
		assert_eq!(recorded(small, START), Some(full(1000, 1000)));
		assert_eq!(recorded(large, START), Some(full(1000, 1000)));
	});
}

#[test]
fn consumer_that_saves_weighs_more() {
	build_and_execute(|| {
		let house = consumer(KONRAD);
		suns(&[house], START - 6..START, 10 * KWH);
		live(&[house], &[], 20, 10 * KWH);
		// 20 days were used alike; the 19th of them is the last that is recorded by now.
		assert_eq!(Histories::<Test>::get(house).len(), 19);
		live(&[house], &[], 1, 9 * KWH);
		assert_eq!(recorded(house, today() - 2), Some(full(1000, 1000)));
		live(&[house], &[], 1, 9 * KWH);
		// The day of 9 kWh was recorded, and is below the mean.
		assert_eq!(recorded(house, today() - 2), Some(full(1100, 1000)));
		// Below 20 kWh again after a week of it, the mean of the month has come down, and is still above.
		live(&[house], &[], 20, 9 * KWH);
		assert_eq!(recorded(house, today() - 2), Some(full(1100, 1000)));
		assert_eq!(Histories::<Test>::get(house).len(), 30);
		// After a month of it there is no saving.
		live(&[house], &[], 12, 9 * KWH);
		assert_eq!(recorded(house, today() - 2), Some(full(1000, 1000)));
	});
}

#[test]
fn days_without_data_are_not_known() {
	build_and_execute(|| {
		let house = consumer(KONRAD);
		live(&[house], &[], 5, 10 * KWH);
		rest(&[house], &[], 5);
		let known = Histories::<Test>::get(house).into_iter().map(|(day, _)| day);
		assert_eq!(known.collect::<Vec<_>>(), (START..START + 5).collect::<Vec<_>>());
		// A day that is withheld is known all the same.
		world(|world| world.miners.get_mut(&house).unwrap().active = false);
		live(&[house], &[], 3, 10 * KWH);
		assert_eq!(Histories::<Test>::get(house).len(), 7);
		assert_ok!(Rewards::leave(signed(KONRAD), house));
		assert!(Histories::<Test>::get(house).is_empty());
	});
}

#[test]
fn energy_that_was_voided_does_not_look_like_saving() {
	build_and_execute(|| {
		let house = consumer(KONRAD);
		live(&[house], &[], 24, 10 * KWH);
		let known = Histories::<Test>::get(house).len();
		// An upheld challenge leaves the intervals, and takes the energy.
		void(house);
		let last = today() - 1;
		let weighing = Rewards::weight_of(house, last).unwrap();
		assert_eq!((weighing.weight, weighing.withheld), (0, Some(Withheld::NothingUsed)));
		rest(&[house], &[], 1);
		assert_eq!(Histories::<Test>::get(house).len(), known, "the day is recorded and not known");
		assert_eq!(recorded(house, today() - 2), None);
		// It goes on as before: rewarded, and not for saving.
		live(&[house], &[], 3, 10 * KWH);
		assert_eq!(Rewards::weight_of(house, today() - 1).unwrap().energy_term, 14_000_000);
	});
}

#[test]
fn flexibility_multiplies_the_weight() {
	build_and_execute(|| {
		let house = consumer(KONRAD);
		world(|world| world.flexibility.insert((house, START), 1250));
		suns(&[house], START - 6..START + 1, 10 * KWH);
		go_to(START + 2);
		record(&[house]);
		assert_eq!(recorded(house, START), Some(full(1000, 1250)));
	});
}

#[test]
fn consumer_cannot_use_more_than_its_meter_carries() {
	build_and_execute(|| {
		let house = consumer(KONRAD);
		// The nameplate is 5 kW: 120 kWh a day. What the profile says is not asked.
		world(|world| world.miners.get_mut(&house).unwrap().profile.capacity = 1);
		sun(house, START, 120 * KWH);
		assert_eq!(Rewards::weight_of(house, START).unwrap().withheld, None);
		sun(house, START + 1, 121 * KWH);
		let withheld = Rewards::weight_of(house, START + 1).unwrap().withheld;
		assert_eq!(withheld, Some(Withheld::AboveMaximum));
	});
}
