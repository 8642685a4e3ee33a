//! The rule of clearing, against trying everything.

use crate::{
	clearing::{clear, limit_of, price_of, tick_of, Clearing, Depth},
	Side, Tick, TICKS,
};
use heliograph_primitives::units::Energy;
use proptest::prelude::*;

/// The tick of an order's limit, and its energy.
type Order = (Tick, Energy);

fn ladder(bids: &[Order], offers: &[Order]) -> Vec<Depth> {
	let mut ladder = vec![Depth::default(); TICKS];
	for (tick, energy) in bids {
		ladder[usize::from(*tick)].demand += energy;
	}
	for (tick, energy) in offers {
		ladder[usize::from(*tick)].supply += energy;
	}
	ladder
}

/// How much each order gets, when they are collected in this order.
fn fills(clearing: &mut Clearing, side: Side, orders: &[Order]) -> Vec<Energy> {
	orders
		.iter()
		.map(|(tick, energy)| clearing.fill(side, *tick, *energy).expect("all are in the ladder"))
		.collect()
}

/// Price, volume and fills of a book.
fn outcome(bids: &[Order], offers: &[Order]) -> Option<(Tick, u128, Vec<Energy>, Vec<Energy>)> {
	let mut clearing = clear(&ladder(bids, offers))?;
	let (tick, volume) = (clearing.tick, clearing.volume);
	let bid_fills = fills(&mut clearing, Side::Buy, bids);
	let offer_fills = fills(&mut clearing, Side::Sell, offers);
	Some((tick, volume, bid_fills, offer_fills))
}

/// The price and the volume, by looking at every price by itself.
fn by_trying(bids: &[Order], offers: &[Order]) -> Option<(Tick, u128)> {
	let sides = |price: Tick| {
		let sum = |orders: &[Order], takes: &dyn Fn(Tick) -> bool| {
			let energies = orders.iter().filter(|(tick, _)| takes(*tick)).map(|(_, e)| *e);
			energies.map(u128::from).sum::<u128>()
		};
		let demand = sum(bids, &|tick| tick >= price);
		let supply = sum(offers, &|tick| tick <= price);
		(demand, supply)
	};
	let at = |price| {
		let (demand, supply) = sides(price);
		(demand.min(supply), demand.abs_diff(supply))
	};
	let prices = 0..TICKS as Tick;
	let volume = prices.clone().map(|price| at(price).0).max()?;
	if volume == 0 {
		return None;
	}
	let with_volume = prices.filter(|price| at(*price).0 == volume).collect::<Vec<_>>();
	let gap = with_volume.iter().map(|price| at(*price).1).min()?;
	let best = with_volume.into_iter().filter(|price| at(*price).1 == gap).collect::<Vec<_>>();
	let (lowest, highest) = (best[0], best[best.len() - 1]);
	assert_eq!(best, (lowest..=highest).collect::<Vec<_>>(), "there is a hole");
	let price = match gap {
		0 => (lowest + highest) / 2,
		_ => {
			let short = best.into_iter().filter(|price| sides(*price).0 > sides(*price).1);
			short.max().unwrap_or(lowest)
		}
	};
	Some((price, volume))
}

/// The welfare of fills, in ticks x mWh: what buyers would have paid at most less what sellers would have taken at least.
fn welfare(bids: &[Order], offers: &[Order], bid_fills: &[Energy], offer_fills: &[Energy]) -> i128 {
	let value = |orders: &[Order], fills: &[Energy]| {
		let values = orders.iter().zip(fills);
		values.map(|((tick, _), fill)| i128::from(*tick) * i128::from(*fill)).sum::<i128>()
	};
	value(bids, bid_fills) - value(offers, offer_fills)
}

/// A welfare that no allocation exceeds, by the duality of linear programs: at any price, what all could gain by it together.
fn welfare_bound(bids: &[Order], offers: &[Order]) -> i128 {
	let at = |price: Tick| {
		let buyers =
			bids.iter().map(|(tick, e)| i128::from(tick.saturating_sub(price)) * i128::from(*e));
		let sellers =
			offers.iter().map(|(tick, e)| i128::from(price.saturating_sub(*tick)) * i128::from(*e));
		buyers.sum::<i128>() + sellers.sum::<i128>()
	};
	(0..TICKS as Tick).map(at).min().expect("there are prices")
}

#[test]
fn nothing_is_traded_when_the_limits_do_not_meet() {
	assert_eq!(clear(&ladder(&[], &[])), None);
	assert_eq!(clear(&ladder(&[(500, 10)], &[])), None);
	assert_eq!(clear(&ladder(&[], &[(500, 10)])), None);
	assert_eq!(clear(&ladder(&[(499, 10)], &[(500, 10)])), None);
}

#[test]
fn price_is_the_middle_when_many_are_as_good() {
	assert_eq!(outcome(&[(200, 10)], &[(100, 10)]), Some((150, 10, vec![10], vec![10])));
	// Rounded down.
	assert_eq!(outcome(&[(201, 10)], &[(100, 10)]), Some((150, 10, vec![10], vec![10])));
	assert_eq!(outcome(&[(100, 10)], &[(100, 10)]), Some((100, 10, vec![10], vec![10])));
	let (lowest, highest) = (1, TICKS as Tick - 1);
	assert_eq!(outcome(&[(highest, 1)], &[(lowest, 1)]), Some((512, 1, vec![1], vec![1])));
}

#[test]
fn price_is_where_most_is_traded() {
	// At 300 only 10 would be.
	let bids = [(300, 10), (200, 20)];
	let offers = [(100, 25), (250, 100)];
	let filled = outcome(&bids, &offers);
	assert_eq!(filled, Some((200, 25, vec![10, 15], vec![25, 0])));
}

#[test]
fn price_is_the_highest_when_too_much_is_bid_and_the_lowest_when_too_much_is_offered() {
	assert_eq!(outcome(&[(290, 20)], &[(80, 10)]), Some((290, 10, vec![10], vec![10])));
	assert_eq!(outcome(&[(290, 10)], &[(80, 20)]), Some((80, 10, vec![10], vec![10])));
}

#[test]
fn price_is_where_too_much_is_bid_when_both_are_as_good() {
	// At 8 one too much is bid, at 9 one too much is offered. Who bid 8 gets nothing.
	let bids = [(8, 1), (9, 10)];
	let offers = [(8, 10), (9, 1)];
	assert_eq!(outcome(&bids, &offers), Some((8, 10, vec![0, 10], vec![10, 0])));
}

#[test]
fn price_is_where_sides_differ_least_when_the_same_is_traded() {
	// 10 at each of 8 and 9; at 8 one too much is bid, at 9 ninety too much is offered.
	let bids = [(9, 10), (8, 1)];
	let offers = [(8, 10), (9, 90)];
	// Who bid 8, which is the price, gets nothing: the margin of the bids lies above it.
	assert_eq!(outcome(&bids, &offers), Some((8, 10, vec![10, 0], vec![10, 0])));
}

#[test]
fn margin_of_the_offers_lies_below_the_price_when_they_are_too_many() {
	// The same from the other side: 10 are offered at 8, one more at 9, where as much is bid.
	let bids = [(8, 90), (9, 10)];
	let offers = [(8, 10), (9, 1)];
	assert_eq!(outcome(&bids, &offers), Some((9, 10, vec![0, 10], vec![10, 0])));
}

#[test]
fn margin_is_shared_pro_rata_to_the_last_mwh() {
	let bids = [(300, 100), (200, 100), (200, 100), (200, 101)];
	let offers = [(100, 200)];
	// 100 for 301 gives 33, 67 for 201 gives 33, and the last one gets the rest.
	let (_, _, bid_fills, _) = outcome(&bids, &offers).unwrap();
	assert_eq!(bid_fills, vec![100, 33, 33, 34]);
}

#[test]
fn fill_is_refused_when_more_is_asked_than_the_margin_has() {
	let mut clearing = clear(&ladder(&[(300, 10)], &[(100, 5)])).unwrap();
	assert_eq!(clearing.fill(Side::Buy, 300, 11), None);
	assert_eq!(clearing.fill(Side::Buy, 300, 10), Some(5));
	assert_eq!(clearing.fill(Side::Buy, 300, 1), None);
}

#[test]
fn tick_of_a_bid_is_rounded_down_after_the_grid_fee() {
	let tick = |side, limit| tick_of(side, limit, 60_500);
	assert_eq!(tick(Side::Buy, 61_499), None);
	assert_eq!(tick(Side::Buy, 61_500), Some(1));
	assert_eq!(tick(Side::Buy, 62_499), Some(1));
	assert_eq!(tick(Side::Buy, 62_500), Some(2));
	assert_eq!(tick(Side::Buy, 60_499), None);
	assert_eq!(tick(Side::Sell, 61_500), Some(61));
	assert_eq!(tick(Side::Sell, 1_023_999), Some(1_023));
	assert_eq!(tick(Side::Sell, 1_024_000), None);
	// 2^16 ticks and one: not the first tick again.
	assert_eq!(tick(Side::Sell, 65_537_000), None);
	assert_eq!(price_of(1_023), 1_023_000);
}

#[test]
fn limit_of_a_tick_is_the_least_that_is_rounded_to_it() {
	for tick in 1..1_024 {
		let bid = limit_of(Side::Buy, tick, 60_500);
		assert_eq!(bid, price_of(tick) + 60_500);
		assert_eq!(tick_of(Side::Buy, bid, 60_500), Some(tick));
		assert_ne!(tick_of(Side::Buy, bid - 1, 60_500), Some(tick));
		assert_eq!(limit_of(Side::Sell, tick, 60_500), price_of(tick));
	}
}

#[test]
fn clearing_is_exact_when_energies_are_the_largest() {
	let most = Energy::MAX;
	let (tick, volume, bids, offers) =
		outcome(&[(300, most), (400, most)], &[(100, most), (200, most)]).unwrap();
	assert_eq!((tick, volume), (250, 2 * u128::from(most)));
	assert_eq!((bids, offers), (vec![most; 2], vec![most; 2]));
}

/// Books with many orders at few ticks, and books with few at many.
fn orders() -> impl Strategy<Value = Vec<Order>> {
	let ticks = prop_oneof![Just(8), Just(40), Just(TICKS as Tick)];
	ticks.prop_flat_map(|ticks| {
		proptest::collection::vec((1..ticks, prop_oneof![1u64..6, 1u64..3_000_000]), 0..40)
	})
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(400))]

	#[test]
	fn price_and_volume_are_those_of_trying_every_price(bids in orders(), offers in orders()) {
		let found = clear(&ladder(&bids, &offers)).map(|found| (found.tick, found.volume));
		prop_assert_eq!(found, by_trying(&bids, &offers));
	}

	#[test]
	fn fills_are_fair_exact_and_of_the_highest_welfare(bids in orders(), offers in orders()) {
		let Some((tick, volume, bid_fills, offer_fills)) = outcome(&bids, &offers) else {
			prop_assert_eq!(welfare_bound(&bids, &offers), 0);
			return Ok(());
		};
		for (fills, orders) in [(&bid_fills, &bids), (&offer_fills, &offers)] {
			prop_assert_eq!(fills.iter().map(|fill| u128::from(*fill)).sum::<u128>(), volume);
			for (fill, (_, energy)) in fills.iter().zip(orders) {
				prop_assert!(fill <= energy);
			}
		}
		prop_assert!(bids.iter().zip(&bid_fills).all(|((at, _), fill)| *fill == 0 || *at >= tick));
		prop_assert!(offers.iter().zip(&offer_fills).all(|((at, _), fill)| *fill == 0 || *at <= tick));
		// Nobody waits who would take a worse price.
		let waits = |orders: &[Order], fills: &[Energy]| {
			let waiting = orders.iter().zip(fills).filter(|((_, energy), fill)| *fill < energy);
			waiting.map(|((limit, _), _)| *limit).collect::<Vec<_>>()
		};
		prop_assert!(waits(&bids, &bid_fills).into_iter().all(|limit| limit <= tick));
		prop_assert!(waits(&offers, &offer_fills).into_iter().all(|limit| limit >= tick));
		prop_assert_eq!(
			welfare(&bids, &offers, &bid_fills, &offer_fills),
			welfare_bound(&bids, &offers)
		);
	}

	#[test]
	fn shares_do_not_depend_on_who_comes_first_by_more_than_their_number(
		bids in orders(),
		offers in orders(),
	) {
		let Some((_, _, forward, _)) = outcome(&bids, &offers) else { return Ok(()) };
		let backward = bids.iter().rev().copied().collect::<Vec<_>>();
		let (_, _, mut fills, _) = outcome(&backward, &offers).expect("the same book");
		fills.reverse();
		let most = bids.len() as u64;
		prop_assert!(forward.iter().zip(&fills).all(|(a, b)| a.abs_diff(*b) <= most));
	}
}
