//! Worst cases: lists of lots that are full, a bid that beats another, an auction without a bid, a side that did not bid
//! itself, and a draw over 96 measured intervals that pays, ends the lot and has to close its auction first. How many lots
//! there are, and for how long nobody drew, makes no difference.

use super::{Pallet as LotsPallet, *};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Mutate as _;
use frame_system::RawOrigin;
use heliograph_primitives::{trade::cost, units::INTERVALS_PER_DAY};

/// The interval in which the auctions begin.
const BEGIN: Interval = 2_000_000;
/// What both meters measure in each interval, in mWh: less than 10 kW carry.
const PER_INTERVAL: u32 = 1_000_000;
/// 1,000,000 DECA.
const SUM: Balance = 1_000_000_000_000_000_000;

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Currency::mint_into(&who, SUM).expect("a new account takes funds");
	who
}

/// An account with a meter, and with one place left in its list of lots.
fn trader<T: Config>(name: &'static str, kind: MinerKind, flow: Flow) -> (T::AccountId, MeterId) {
	let who = funded::<T>(name);
	let (_, meter) = T::BenchmarkHelper::register(&who, kind, flow);
	let others = LotId::MAX - T::MaxLots::get()..LotId::MAX - 1;
	let lots = BoundedVec::<_, T::MaxLots>::try_from(others.collect::<Vec<_>>());
	LotsByAccount::<T>::insert(&who, lots.expect("one less than MaxLots"));
	(who, meter)
}

/// All that both meters measure in 96 intervals and a little more, or what governance wants of a lot.
fn energy<T: Config>() -> Energy {
	let more = Energy::from(PER_INTERVAL) * Energy::from(INTERVALS_PER_DAY + 1);
	more.max(T::MinimumEnergy::get())
}

/// A lot that somebody listed, until the interval after the one that runs.
fn listed<T: Config>() -> Result<(T::AccountId, LotId, MeterId), BenchmarkError> {
	T::BenchmarkHelper::go_to(BEGIN);
	T::Currency::mint_into(&T::FeeDestination::get(), SUM)?;
	let (seller, meter) = trader::<T>("seller", MinerKind::Storage, Flow::Discharge);
	let lot = NextLotId::<T>::get();
	let origin = RawOrigin::Signed(seller.clone()).into();
	LotsPallet::<T>::list(origin, meter, energy::<T>(), T::PriceTick::get(), BEGIN + 1)?;
	Ok((seller, lot, meter))
}

/// A lot that somebody leads, and both meters.
fn led<T: Config>() -> Result<(T::AccountId, LotId, [MeterId; 2]), BenchmarkError> {
	let (_, lot, sellers) = listed::<T>()?;
	let (bidder, bidders) = trader::<T>("first bidder", MinerKind::Consumer, Flow::Import);
	let origin = RawOrigin::Signed(bidder.clone()).into();
	LotsPallet::<T>::bid(origin, lot, T::PriceTick::get(), bidders)?;
	Ok((bidder, lot, [sellers, bidders]))
}

/// The interval in which the auction of a lot is over.
fn closes<T: Config>(lot: LotId) -> Interval {
	match Lots::<T>::get(lot).expect("it was just listed").phase {
		Phase::Auction(auction) => auction.closes,
		Phase::Connection(connection) => connection.from,
	}
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn list() -> Result<(), BenchmarkError> {
		T::BenchmarkHelper::go_to(BEGIN);
		let (seller, meter) = trader::<T>("seller", MinerKind::Storage, Flow::Discharge);
		let lot = NextLotId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), meter, energy::<T>(), T::PriceTick::get(), BEGIN + 1);
		assert!(Lots::<T>::contains_key(lot));
		Ok(())
	}

	#[benchmark]
	fn bid() -> Result<(), BenchmarkError> {
		let (first, lot, _) = led::<T>()?;
		let (second, meter) = trader::<T>("second bidder", MinerKind::Consumer, Flow::Import);
		let before = closes::<T>(lot);
		T::BenchmarkHelper::go_to(before - 1);
		let price = LotsPallet::<T>::least_bid(lot).expect("the auction runs");
		#[extrinsic_call]
		_(RawOrigin::Signed(second), lot, price, meter);
		assert!(closes::<T>(lot) > before);
		assert_eq!(LotsByAccount::<T>::get(first).len() as u32, T::MaxLots::get() - 1);
		Ok(())
	}

	#[benchmark]
	fn close_auction() -> Result<(), BenchmarkError> {
		let (_, lot, _) = listed::<T>()?;
		T::BenchmarkHelper::go_to(closes::<T>(lot));
		let who = funded::<T>("anyone");
		#[extrinsic_call]
		_(RawOrigin::Signed(who), lot);
		assert!(!Lots::<T>::contains_key(lot));
		Ok(())
	}

	#[benchmark]
	fn cancel_listing() -> Result<(), BenchmarkError> {
		let (seller, lot, _) = listed::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(seller), lot);
		assert!(!Lots::<T>::contains_key(lot));
		Ok(())
	}

	#[benchmark]
	fn draw() -> Result<(), BenchmarkError> {
		let (winner, lot, meters) = led::<T>()?;
		let from = closes::<T>(lot);
		Lots::<T>::mutate(lot, |entry| {
			if let Some(entry) = entry {
				entry.draw_window = INTERVALS_PER_DAY;
			}
		});
		T::BenchmarkHelper::go_to(from + INTERVALS_PER_DAY);
		for meter in meters {
			T::Reports::report_for_benchmark(meter, PER_INTERVAL);
		}
		let settled = LotsPallet::<T>::drawable(lot).expect("somebody won");
		assert_eq!(settled.measured, INTERVALS_PER_DAY);
		let before = T::Currency::total_balance(&winner);
		let who = funded::<T>("anyone");
		#[extrinsic_call]
		_(RawOrigin::Signed(who), lot);
		assert!(!Lots::<T>::contains_key(lot));
		let paid = cost(settled.energy, T::PriceTick::get());
		assert_eq!(T::Currency::total_balance(&winner), before - paid);
		Ok(())
	}

	#[benchmark]
	fn close_connection() -> Result<(), BenchmarkError> {
		let (owner, lot, _) = led::<T>()?;
		T::BenchmarkHelper::go_to(closes::<T>(lot));
		// Another account bid through the meter of a miner that is this one's now.
		let bidder = funded::<T>("lost");
		Lots::<T>::mutate(lot, |entry| {
			if let Some(Lot { phase: Phase::Auction(Auction { best: Some(best), .. }), .. }) = entry
			{
				best.bidder = bidder;
			}
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), lot);
		let entry = Lots::<T>::get(lot).expect("it is drawn");
		assert!(matches!(
			entry.phase,
			Phase::Connection(Connection { closed: Some(Side::Winner), .. })
		));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
