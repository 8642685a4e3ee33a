//! Who vouches for whom.

use super::*;
use crate::*;
use frame_support::assert_ok;

/// Roofs of Olga under one sun, which all measured the day before `START`.
fn roofs(count: u32) -> Vec<MinerId> {
	let miners = (0..count).map(|_| roof(OLGA)).collect::<Vec<_>>();
	suns(&miners, START - 1..START, 4 * KWH);
	miners
}

fn votes(miner: MinerId) -> u32 {
	Rewards::weight_of(miner, START - 1).unwrap().votes
}

#[test]
fn neighbours_under_the_same_sun_vote_for_each_other() {
	build_and_execute(|| {
		let miners = roofs(3);
		for miner in &miners {
			let weighing = Rewards::weight_of(*miner, START - 1).unwrap();
			assert_eq!((weighing.votes, weighing.trust), (2, 880_797));
		}
	});
}

#[test]
fn group_has_seven_and_the_next_one_begins() {
	build_and_execute(|| {
		let miners = roofs(9);
		assert_eq!(Rewards::group_of(miners[6]), miners[..7]);
		assert_eq!(Rewards::group_of(miners[7]), miners[7..]);
		assert_eq!(votes(miners[0]), 6);
		assert_eq!(votes(miners[8]), 1);
	});
}

#[test]
fn last_of_the_cell_takes_the_place_of_who_leaves() {
	build_and_execute(|| {
		let miners = roofs(9);
		assert_ok!(Rewards::leave(signed(OLGA), miners[2]));
		let [a, b, _, d, e, f, g, h, last] = miners[..] else { unreachable!() };
		assert_eq!(Rewards::group_of(a), [a, b, last, d, e, f, g]);
		assert_eq!(Rewards::group_of(h), [h]);
		check_invariants();
		// The last group may end with it, and the last of all may leave.
		assert_ok!(Rewards::leave(signed(OLGA), h));
		assert!(Rewards::group_of(h).is_empty());
		for miner in [a, b, last, d, e, f, g] {
			assert_ok!(Rewards::leave(signed(OLGA), miner));
			check_invariants();
		}
		assert_eq!(Cells::<Test>::iter().count(), 0);
		assert_eq!(Groups::<Test>::iter().count(), 0);
	});
}

#[test]
fn miners_of_other_places_do_not_vote() {
	build_and_execute(|| {
		let here = roofs(1)[0];
		let there = register(PETER, MinerKind::Standard, Flow::Generation, ROOF);
		world(|world| {
			let info = world.miners.get_mut(&there).unwrap();
			info.profile.location = b"u33".to_vec().try_into().unwrap();
		});
		assert_ok!(Rewards::enroll(signed(PETER), there, meter_of(there)));
		sun(there, START - 1, 4 * KWH);
		assert_eq!((votes(here), votes(there)), (0, 0));
	});
}

#[test]
fn plant_and_roof_vote_for_each_other() {
	build_and_execute(|| {
		let miner = roofs(1)[0];
		let (plant, listing) = listed(PETRA);
		sun(plant, START - 1, 4 * KWH);
		assert_eq!(Rewards::group_of(miner), [miner, plant]);
		assert_eq!(votes(miner), 1);
		// Listed and ended on the same day: it leaves at once.
		assert_ok!(Rewards::delist(signed(PETRA), listing));
		assert_eq!(votes(miner), 0);
	});
}

#[test]
fn quarantined_neighbour_does_not_vote() {
	build_and_execute(|| {
		let miners = roofs(3);
		world(|world| {
			world.readings.get_mut(&meter_of(miners[1])).unwrap().quarantined = true;
		});
		assert_eq!(votes(miners[0]), 1);
	});
}

#[test]
fn neighbour_with_another_sun_does_not_vote() {
	build_and_execute(|| {
		let miners = roofs(2);
		// This one says that its sun shines at night.
		let moon = roof(PETER);
		for place in 0..INTERVALS_PER_DAY {
			let energy = if (24..72).contains(&place) { 0 } else { 80_000 };
			measure(meter_of(moon), (START - 1) * INTERVALS_PER_DAY + place, energy);
		}
		assert_eq!(votes(miners[0]), 1);
		assert_eq!(votes(moon), 0);
	});
}

#[test]
fn consumers_have_no_neighbours() {
	build_and_execute(|| {
		let miners = [consumer(KONRAD), consumer(KONRAD)];
		suns(&miners, START - 1..START, 4 * KWH);
		let weighing = Rewards::weight_of(miners[0], START - 1).unwrap();
		assert_eq!((weighing.votes, weighing.trust), (0, 1_000_000));
	});
}
