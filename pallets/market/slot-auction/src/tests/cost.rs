//! What clearing costs does not depend on how many orders there are.
//!
//! A proof holds every node of the state that a call read, and the overlay every entry that it wrote. Times are compared by
//! `scripts/benchmark trade`.

use super::*;

/// How many nodes and bytes clearing an auction of `orders` reads, and how many entries it writes.
fn cost_of_clearing(orders: u32) -> [usize; 3] {
	let mut ext = build();
	let id = ext.execute_with(|| {
		let id = SlotAuction::fill_auction(valley(), SLOT, orders).unwrap();
		assert_eq!(Pages::<Test>::iter_key_prefix(id).count(), usize::from(PAGES));
		// Where nothing stands yet, a proof of that shows how many neighbours it would have.
		LastResults::<Test>::insert(id.area, Results::default());
		let length = pallet_metering::IntervalMillis::<Test>::get();
		pallet_metering::IntervalMillis::<Test>::put(length);
		go_to(SLOT - 1);
		System::reset_events();
		id
	});
	ext.commit_all().expect("nothing is open");
	let (result, proof) = ext.execute_and_prove(|| SlotAuction::clear(signed(&BOT), id));
	assert_ok!(result);
	let cost = [proof.len(), proof.encoded_size(), ext.overlayed_changes().changes().count()];
	ext.execute_with(|| {
		let cleared = Auctions::<Test>::get(id).unwrap().cleared.unwrap();
		assert!(cleared.clearing.is_some_and(|clearing| clearing.volume > 0));
		assert_eq!(cleared.uncollected, orders);
		check_invariants();
	});
	cost
}

#[test]
fn clearing_3_200_orders_costs_what_64_do() {
	assert_eq!(cost_of_clearing(64), cost_of_clearing(3_200));
}

#[test]
fn filled_auction_is_collected_and_settled_to_the_last_base_unit() {
	build_and_execute(|| {
		let id = SlotAuction::fill_auction(valley(), SLOT, 200).unwrap();
		let issuance = Balances::total_issuance();
		check_invariants();
		collect_all(id);
		check_invariants();
		settle_all(id);
		assert_eq!(Balances::total_issuance(), issuance);
	});
}
