//! Off by default, and fair when it is on.

use super::*;
use crate::*;

#[test]
fn everybody_takes_part_when_it_is_off() {
	build_and_execute(|| {
		let miner = roof(OLGA);
		live(&[miner], &[], 3, 4 * KWH);
		assert!(recorded(miner, START).is_some());
		assert_eq!(Rewards::seed(START), None);
	});
}

#[test]
fn drawn_are_those_whose_ticket_is_low() {
	build_and_execute(|| {
		Lottery::set(&Some(Permill::from_percent(50)));
		let miners = (0..40).map(|_| storage_node(NORA)).collect::<Vec<_>>();
		suns(&miners, START..START + 1, 4 * KWH);
		go_to(START + 2);
		for some in miners.chunks(16) {
			record(some);
		}
		let seed = Rewards::seed(START).unwrap();
		assert_eq!(seed, [7; 32]);
		let mut drawn = 0;
		for miner in &miners {
			let hash = sp_io::hashing::blake2_256(&[&seed[..], &miner.to_le_bytes()].concat());
			let ticket = u64::from_le_bytes(hash[..8].try_into().unwrap());
			assert_eq!(recorded(*miner, START).is_some(), ticket < 1 << 63);
			drawn += u32::from(ticket < 1 << 63);
			let withheld = Rewards::weight_of(*miner, START).unwrap().withheld;
			assert_eq!(withheld, (ticket >= 1 << 63).then_some(Withheld::NotDrawn));
		}
		assert!((10..=30).contains(&drawn), "{drawn} of 40");
	});
}

#[test]
fn seed_of_a_day_is_fixed_by_its_first_record() {
	build_and_execute(|| {
		Lottery::set(&Some(Permill::one()));
		let miners = [roof(OLGA), roof(PETER)];
		suns(&miners, START..START + 2, 4 * KWH);
		go_to(START + 2);
		record(&miners[..1]);
		Seed::set(&[8; 32]);
		record(&miners[1..]);
		go_to(START + 3);
		record(&miners);
		assert_eq!(Rewards::seed(START), Some([7; 32]));
		assert_eq!(Rewards::seed(START + 1), Some([8; 32]));
		// Seeds of days that cannot be recorded any more are forgotten.
		suns(&miners, START + 2..START + 4, 4 * KWH);
		go_to(START + 5);
		record(&miners);
		assert_eq!(Rewards::seed(START + 1), None);
		assert_eq!(Seeds::<Test>::get().len(), 2);
	});
}

#[test]
fn plants_are_not_drawn_for() {
	build_and_execute(|| {
		Lottery::set(&Some(Permill::zero()));
		let miner = roof(OLGA);
		let (plant, listing) = listed(PETRA);
		buy(CAROL, listing, 10);
		live(&[miner], &[(plant, listing)], 4, 40 * KWH);
		assert_eq!(recorded(miner, START), None);
		let weight = Rewards::listing(listing).unwrap().pending[0].weight;
		assert!(weight > 0);
		assert!(Rewards::seed(START + 1).is_some());
	});
}
