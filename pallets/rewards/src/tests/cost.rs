//! What it costs does not depend on how many units there are.
//!
//! A proof holds every node of the state that a call read, and the overlay every entry that it wrote. Weights are compared
//! by `scripts/benchmark units`.

use super::*;
use crate::*;
use frame_support::assert_ok;

/// How many nodes and bytes were read, and how many entries were written.
fn cost(ext: &mut sp_io::TestExternalities, act: impl FnOnce() -> DispatchResult) -> [usize; 3] {
	ext.commit_all().expect("nothing is open");
	let (result, proof) = ext.execute_and_prove(|| {
		System::reset_events();
		act()
	});
	assert_ok!(result);
	[proof.len(), proof.encoded_size(), ext.overlayed_changes().changes().count()]
}

/// A plant that feeds `units`, all of them in one purchase, through its rolling, settling, claims and end.
fn life_of_a_plant(units: u32) -> Vec<[usize; 3]> {
	let mut ext = build();
	ext.execute_with(|| {
		MaxPlant::set(&u32::MAX);
		UnitShare::set(&Permill::one());
		let miner = register(PETRA, MinerKind::Plant, Flow::Generation, 100_000_000);
		// One base unit a day, so that the escrow's numbers are of one width with any number of units.
		assert_ok!(Rewards::list_plant(signed(PETRA), miner, meter_of(miner), 1));
		buy(CAROL, 0, units);
		suns(&[miner], START..START + 3, 100_000 * KWH);
		go_to(START + 3);
	});
	let advance = || {
		let listings = vec![0].try_into().expect("one fits");
		Rewards::advance_plants(signed(BOT), listings).map(drop).map_err(|failed| failed.error)
	};
	let plant = |ext: &mut sp_io::TestExternalities| {
		ext.execute_with(|| Rewards::listing(0).expect("it is listed"))
	};
	let mut costs = vec![cost(&mut ext, advance)];
	assert_eq!(plant(&mut ext).rolled, START + 1);
	ext.execute_with(|| go_to(START + 5));
	costs.push(cost(&mut ext, advance));
	assert_eq!((plant(&mut ext).settled, plant(&mut ext).active), (START + 1, units));
	costs.push(cost(&mut ext, || Rewards::claim_units(signed(BOT), 0)));
	costs.push(cost(&mut ext, || Rewards::claim_plant(signed(BOT), 0)));
	ext.execute_with(|| {
		assert_ok!(Rewards::delist(signed(PETRA), 0));
		go_to(START + 9);
		assert_ok!(advance());
	});
	costs.push(cost(&mut ext, || Rewards::refund(signed(CAROL), 0)));
	ext.execute_with(check_invariants);
	costs
}

#[test]
fn million_units_cost_what_ten_do() {
	let ten = life_of_a_plant(10);
	assert_eq!(ten, life_of_a_plant(1_000));
	assert_eq!(ten, life_of_a_plant(1_000_000));
}
