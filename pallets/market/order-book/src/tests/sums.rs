//! Arithmetic that must not be off by one.

use crate::{
	arithmetic::{need, Fill, Party},
	*,
};
use proptest::prelude::*;

fn rate() -> impl Strategy<Value = Permill> {
	prop_oneof![Just(0u32), Just(1), 0..20_000u32, 0..=1_000_000u32].prop_map(Permill::from_parts)
}

fn seller() -> Party {
	let rate = Permill::from_parts(1_000);
	Party { energy: Energy::MAX, limit: 1, rate, covered: rate }
}

#[test]
fn buyer_needs_cost_and_fee_and_seller_its_energy() {
	let rate = Permill::from_parts(1_000);
	assert_eq!(need(Side::Buy, 1_000, 300_000, rate), Some(300_300_000));
	assert_eq!(need(Side::Buy, 1, 1, rate), Some(2));
	assert_eq!(need(Side::Sell, 1_000, 300_000, rate), Some(1_000));
	assert_eq!(need(Side::Buy, Energy::MAX, Price::MAX, Permill::one()), None);
}

#[test]
fn no_fill_is_larger_than_an_order() {
	let buyer = Party { energy: 5, ..seller() };
	assert_eq!(Fill::between(&buyer, &seller(), 6, 1), None);
	assert!(Fill::between(&buyer, &seller(), 5, 1).is_some());
	// Nor above the buyer's limit.
	assert_eq!(Fill::between(&buyer, &seller(), 5, 3), None);
}

proptest! {
	/// A buyer that rests is filled in any pieces: each takes exactly what it frees, and all of them the cost and the fee
	/// of the whole.
	#[test]
	fn pieces_of_an_order_that_rests_cost_what_the_whole_does(
		pieces in prop::collection::vec(1u64..1 << 40, 1..20),
		price in 1u64..1 << 31,
		rate in rate(),
	) {
		let whole = pieces.iter().sum::<u64>();
		let covers = |energy| need(Side::Buy, energy, price, rate).unwrap();
		let (mut left, mut paid) = (whole, 0);
		for piece in &pieces {
			let buyer = Party { energy: left, limit: price, rate, covered: rate };
			let fill = Fill::between(&buyer, &seller(), *piece, price).unwrap();
			prop_assert_eq!(fill.paid(), covers(left) - covers(left - piece));
			prop_assert!(fill.buyer_fee <= fee(fill.cost, rate));
			prop_assert!(fill.buyer_fee + 1 >= fee(fill.cost, rate));
			paid += fill.paid();
			left -= piece;
		}
		prop_assert_eq!(paid, covers(whole));
		prop_assert_eq!(paid, cost(whole, price) + fee(cost(whole, price), rate));
	}

	/// A buyer that comes is filled at any prices within its limit, and rests with what is left at the rate of makers: it
	/// never needs more than was held.
	#[test]
	fn what_was_held_is_enough_for_a_buyer_that_comes(
		pieces in prop::collection::vec((1u64..1 << 40, 0u64..1 << 31), 1..20),
		rest in 0u64..1 << 40,
		limit in 1u64..1 << 31,
		taker in rate(),
		maker in rate(),
	) {
		let covered = taker.max(maker);
		let mut left = pieces.iter().map(|(energy, _)| energy).sum::<u64>() + rest;
		let mut held = need(Side::Buy, left, limit, covered).unwrap();
		for (energy, better) in pieces {
			let price = limit - better % limit;
			let buyer = Party { energy: left, limit, rate: taker, covered };
			let fill = Fill::between(&buyer, &seller(), energy, price).unwrap();
			prop_assert!(fill.buyer_fee <= fee(fill.cost, taker));
			prop_assert!(fill.buyer_fee + 1 >= fee(fill.cost, taker));
			prop_assert!(fill.paid() <= held);
			held -= fill.paid();
			left -= energy;
		}
		prop_assert!(need(Side::Buy, rest, limit, maker).unwrap() <= held);
	}

	/// What the buyer pays is what the seller gets and what is collected.
	#[test]
	fn money_in_is_money_out(
		energy in 1u64..1 << 40,
		price in 1u64..1 << 31,
		buyer in rate(),
		seller in rate(),
	) {
		let buyer = Party { energy, limit: price, rate: buyer, covered: buyer };
		let seller = Party { energy, limit: price, rate: seller, covered: seller };
		let fill = Fill::between(&buyer, &seller, energy, price).unwrap();
		prop_assert_eq!(fill.paid(), fill.proceeds() + fill.fees());
		prop_assert!(fill.seller_fee <= fill.cost);
		prop_assert_eq!(fill.cost, u128::from(energy) * u128::from(price));
	}

	/// Candles of one interval join to what one candle of all trades is, and a history holds a day.
	#[test]
	fn history_tells_first_last_lowest_and_highest(
		trades in prop::collection::vec((0u32..3, 1u64..1_000, 1u64..1_000), 1..400),
	) {
		let mut history = History::default();
		let mut now = 1_000;
		let mut told = Vec::<(Interval, Price, Energy)>::new();
		for (pause, price, energy) in trades {
			now += pause;
			told.push((now, price, energy));
			history.record(Candle::of(now, price, energy));
		}
		prop_assert_eq!(history.last, told.last().map(|(_, price, _)| *price));
		let mut intervals = told.iter().map(|(interval, ..)| *interval).collect::<Vec<_>>();
		intervals.dedup();
		intervals.retain(|interval| now - interval < 96);
		let expected = intervals.iter().map(|interval| {
			let of = || told.iter().filter(|(other, ..)| other == interval);
			Candle {
				interval: *interval,
				open: of().next().unwrap().1,
				high: of().map(|(_, price, _)| *price).max().unwrap(),
				low: of().map(|(_, price, _)| *price).min().unwrap(),
				close: of().next_back().unwrap().1,
				volume: of().map(|(.., energy)| u128::from(*energy)).sum(),
			}
		});
		prop_assert_eq!(history.candles.into_inner(), expected.collect::<Vec<_>>());
	}
}
