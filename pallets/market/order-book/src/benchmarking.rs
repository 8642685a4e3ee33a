//! Worst cases: every order alone at its price, and no two prices in one node of the ladder below its root, so that each
//! order that comes or goes writes three nodes; every list of orders and the history full; every maker another account,
//! and those that buy new to KWH.

use super::{Pallet as OrderBookPallet, *};
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use heliograph_primitives::units::INTERVALS_PER_DAY;

/// The interval that runs.
const NOW: Interval = 1_920_000;
/// So many ticks are under one bit of the root.
const APART: Tick = 1 << 16;
/// The best price of those who buy.
const BEST_BUY: Tick = 250 * APART;

fn set_clock<T: Config>() {
	T::BenchmarkHelper::go_to(NOW);
}

fn price<T: Config>(tick: Tick) -> Price {
	OrderBookPallet::<T>::price_of(tick)
}

/// The one who calls.
fn rich_caller<T: Config>() -> T::AccountId {
	let who = whitelisted_caller();
	OrderBookPallet::<T>::give_deca_for_benchmark(&who);
	OrderBookPallet::<T>::give_kwh_for_benchmark(&who);
	who
}

/// Lists as many orders for an account as it may have, less `free`. These do not exist.
fn crowd<T: Config>(who: &T::AccountId, free: u32) {
	OpenOrders::<T>::mutate(who, |open| {
		let limit = T::MaxOrders::get().saturating_sub(free) as usize;
		let mut list = core::mem::take(open).into_inner();
		while list.len() < limit {
			// What is looked for comes last.
			list.insert(0, OrderId::MAX);
		}
		*open = BoundedVec::truncate_from(list);
	});
}

/// Somebody's order, the only one at its price.
fn lone_order<T: Config>(number: u32, side: Side, tick: Tick) -> OrderId {
	let owner = OrderBookPallet::<T>::trader_for_benchmark("maker", number);
	OrderBookPallet::<T>::give_deca_for_benchmark(&owner);
	if side == Side::Sell {
		OrderBookPallet::<T>::give_kwh_for_benchmark(&owner);
	}
	let order = OrderBookPallet::<T>::rest_for_benchmark(&owner, side, price::<T>(tick), Some(NOW));
	crowd::<T>(&owner, 0);
	order
}

/// A day that was traded in but for the interval that runs, and somebody who gets the fees.
fn traded_day<T: Config>() {
	OrderBookPallet::<T>::give_deca_for_benchmark(&T::FeeDestination::get());
	let candles = (NOW + 1 - INTERVALS_PER_DAY..NOW)
		.map(|interval| Candle::of(interval, price::<T>(TICKS - 1), Energy::MAX))
		.collect::<Vec<_>>();
	let candles = BoundedVec::truncate_from(candles);
	Trades::<T>::put(History { last: candles.last().map(|candle| candle.close), candles });
}

/// Orders of the caller, each the only one at its price: to sell and to buy by turns, from the middle of all prices on.
fn own_orders<T: Config>(who: &T::AccountId, count: u32) -> Vec<OrderId> {
	const MIDDLE: u32 = TICKS / APART / 2;
	(0..count)
		.map(|number| {
			let (side, place) = match number % 2 {
				0 => (Side::Sell, MIDDLE + number),
				_ => (Side::Buy, MIDDLE - number),
			};
			let price = price::<T>(place * APART);
			OrderBookPallet::<T>::rest_for_benchmark(who, side, price, None)
		})
		.collect()
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn place_buy(n: Linear<0, { T::MaxFills::get() }>) {
		set_clock::<T>();
		traded_day::<T>();
		for number in 0..n {
			lone_order::<T>(number, Side::Sell, (number + 2) * APART);
		}
		// One that it does not reach, and one that it outbids.
		lone_order::<T>(n, Side::Sell, (n + 3) * APART);
		lone_order::<T>(n + 1, Side::Buy, 1);
		let caller = rich_caller::<T>();
		crowd::<T>(&caller, 1);
		let order = Tops::<T>::get().next;
		let energy = OrderBookPallet::<T>::least_energy() * Energy::from(n + 1);
		let limit = price::<T>((n + 1) * APART + APART / 2);
		#[extrinsic_call]
		place_order(
			RawOrigin::Signed(caller),
			Side::Buy,
			limit,
			energy,
			Kind::Gtc,
			None,
			SelfTrade::CancelTaker,
			n,
		);
		let left = Orders::<T>::get(order).expect("it rests").energy;
		assert_eq!(left, OrderBookPallet::<T>::least_energy());
		assert_eq!(Levels::<T>::iter_prefix(Side::Sell).count(), 1);
	}

	#[benchmark]
	fn place_sell(n: Linear<0, { T::MaxFills::get() }>) {
		set_clock::<T>();
		traded_day::<T>();
		for number in 0..n {
			lone_order::<T>(number, Side::Buy, BEST_BUY - number * APART);
		}
		// One that it does not reach, and one that it underbids.
		lone_order::<T>(n, Side::Buy, BEST_BUY - (n + 1) * APART);
		lone_order::<T>(n + 1, Side::Sell, TICKS - 1);
		let caller = rich_caller::<T>();
		crowd::<T>(&caller, 1);
		let order = Tops::<T>::get().next;
		let energy = OrderBookPallet::<T>::least_energy() * Energy::from(n + 1);
		let limit = price::<T>(BEST_BUY - n * APART + APART / 2);
		#[extrinsic_call]
		place_order(
			RawOrigin::Signed(caller),
			Side::Sell,
			limit,
			energy,
			Kind::Gtc,
			None,
			SelfTrade::CancelTaker,
			n,
		);
		let left = Orders::<T>::get(order).expect("it rests").energy;
		assert_eq!(left, OrderBookPallet::<T>::least_energy());
		assert_eq!(Levels::<T>::iter_prefix(Side::Buy).count(), 1);
	}

	#[benchmark]
	fn cancel_order() {
		set_clock::<T>();
		let caller = rich_caller::<T>();
		// To sell, like the first: energy takes more to release.
		let orders = own_orders::<T>(&caller, 3);
		crowd::<T>(&caller, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), orders[2]);
		assert!(!Orders::<T>::contains_key(orders[2]));
	}

	#[benchmark]
	fn cancel_all(n: Linear<0, { T::MaxOrders::get() }>) {
		set_clock::<T>();
		let caller = rich_caller::<T>();
		own_orders::<T>(&caller, n);
		// Both currencies are released.
		let prices = |side| Levels::<T>::iter_prefix(side).count() as u32;
		assert_eq!(Side::ALL.map(prices), [n / 2, n.div_ceil(2)]);
		#[extrinsic_call]
		_(RawOrigin::Signed(caller));
		assert_eq!(Orders::<T>::iter_keys().count(), 0);
	}

	#[benchmark]
	fn reduce_order() {
		set_clock::<T>();
		let caller = rich_caller::<T>();
		let orders = own_orders::<T>(&caller, 1);
		let order = Orders::<T>::get(orders[0]).expect("it rests");
		let (price, least) = (order.price, order.energy);
		let signed = RawOrigin::Signed(caller.clone());
		OrderBookPallet::<T>::amend_order(signed.clone().into(), orders[0], price, 2 * least, 0)
			.expect("the caller has plenty");
		#[extrinsic_call]
		amend_order(signed, orders[0], price, least, 0);
		assert_eq!(Orders::<T>::get(orders[0]).expect("it rests").energy, least);
	}

	#[benchmark]
	fn prune(n: Linear<0, { T::MaxBatch::get() }>) {
		set_clock::<T>();
		let orders = (0..n)
			.map(|number| lone_order::<T>(number, Side::Sell, (number + 1) * APART))
			.collect::<Vec<_>>();
		T::BenchmarkHelper::go_to(NOW + 1);
		let orders = BoundedVec::truncate_from(orders);
		let caller = rich_caller::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), orders);
		assert_eq!(Orders::<T>::iter_keys().count(), 0);
	}

	#[benchmark]
	fn reclaim() -> Result<(), BenchmarkError> {
		let owner = OrderBookPallet::<T>::trader_for_benchmark("owner", 0);
		OrderBookPallet::<T>::give_kwh_for_benchmark(&owner);
		let amount = Balance::from(OrderBookPallet::<T>::least_energy());
		OrderBookPallet::<T>::hold(Side::Sell, &owner, amount)?;
		Unreleased::<T>::insert(&owner, Side::Sell, amount);
		let caller = rich_caller::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(caller), owner.clone(), Side::Sell);
		assert_eq!(Unreleased::<T>::get(owner, Side::Sell), 0);
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::ExtBuilder.build(), crate::mock::Test);
}
