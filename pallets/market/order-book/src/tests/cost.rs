//! What it costs does not depend on how large the book is.
//!
//! The overlay holds every entry that a call wrote. What is read from a trie grows with its depth, whatever is stored in
//! it; times are measured by `scripts/benchmark`.

use crate::{mock::*, *};

/// How many entries an act wrote.
fn writes<R>(ext: &mut sp_io::TestExternalities, act: impl FnOnce() -> R) -> usize {
	ext.commit_all().expect("nothing is open");
	ext.execute_with(|| {
		System::reset_events();
		act();
	});
	ext.overlayed_changes().changes().count()
}

/// What some acts write in a book with so many orders on each side, each at a price of its own.
fn acts_in_a_book_of(orders: u32) -> Vec<usize> {
	let mut ext = ExtBuilder.build();
	ext.execute_with(|| {
		// From a tick far up and one far down on.
		let ticks = |number: u32| 100 * Price::from(number);
		OrderBook::fill_for_benchmark(Side::Sell, orders, |number| ticks(9_000_000 + number));
		OrderBook::fill_for_benchmark(Side::Buy, orders, |number| ticks(8_000_000 - number));
	});
	let mut costs = vec![];
	let (price, least) = (100 * 8_500_000, KWH / 10);
	// To where nobody is, and to the end of a queue.
	for who in [&OLGA, &PETER, &DAVE] {
		costs.push(writes(&mut ext, || sell(who, price, least)));
	}
	// Into a trade.
	costs.push(writes(&mut ext, || buy(&CAROL, price, least)));
	let [peters, daves] =
		[PETER, DAVE].map(|who| ext.execute_with(|| OrderBook::orders_of(who)[0].0));
	// From one price to another, and out of the book.
	costs.push(writes(&mut ext, || amend(&DAVE, daves, price + 100, least).unwrap()));
	costs.push(writes(&mut ext, || OrderBook::cancel_order(signed(&PETER), peters).unwrap()));
	ext.execute_with(|| OrderBook::do_try_state().unwrap());
	costs
}

#[test]
fn large_book_costs_what_a_small_one_does() {
	let small = acts_in_a_book_of(10);
	assert!(small.iter().all(|writes| *writes > 0));
	assert_eq!(small, acts_in_a_book_of(100));
	assert_eq!(small, acts_in_a_book_of(2_000));
}
