//! Worst cases: ladders with orders on every page, orders of as many accounts as there are orders, each with a meter that
//! becomes free, and meters that delivered a part, so that sellers are paid and fined.

use super::{
	clearing::{limit_of, price_of},
	Pallet as SlotAuction, *,
};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use heliograph_primitives::miner::{Flow, MinerKind};

/// The interval that runs at first.
const NOW: Interval = 20_000 * INTERVALS_PER_DAY;
/// A million DECA.
const SUM: Balance = 1_000_000_000_000_000_000;
const TICK: Tick = 500;

fn funded<T: Config>(name: &'static str, number: u32) -> T::AccountId {
	let who: T::AccountId = account(name, number, 0);
	T::Currency::mint_into(&who, SUM).expect("a new account takes funds");
	who
}

/// An account with a meter of this flow.
fn member<T: Config>(number: u32, flow: Flow) -> (T::AccountId, MeterId) {
	let owner = funded::<T>("member", number);
	let meter = metered::<T>(&owner, flow);
	(owner, meter)
}

fn metered<T: Config>(owner: &T::AccountId, flow: Flow) -> MeterId {
	T::BenchmarkHelper::register(owner, MinerKind::Standard, flow).1
}

/// What an area may be: every price at work, an operator with an account.
fn rules<T: Config>() -> AreaOf<T> {
	let operator = funded::<T>("operator", 0);
	Area { grid_fee: 60_000, operator, imbalance: 250_000, undrawn: 20_000, open: true }
}

/// Sets the clock, and the area in which all meters of the helper are. Returns its code, and the interval of an auction
/// that opens.
fn open<T: Config>() -> Result<(AreaCode, Interval), BenchmarkError> {
	T::BenchmarkHelper::go_to(NOW);
	SlotAuction::<T>::open_account();
	let (_, meter) = member::<T>(u32::MAX, Flow::Export);
	let info = T::Miners::meter(meter).ok_or(BenchmarkError::Stop("no meter was registered"))?;
	let miner =
		T::Miners::miner(info.miner).ok_or(BenchmarkError::Stop("no miner was registered"))?;
	let code = miner.profile.grid_area;
	SlotAuction::<T>::put_area(code.clone(), rules::<T>())?;
	T::Currency::mint_into(&T::FeeDestination::get(), SUM)?;
	let (first, _) = SlotAuction::<T>::gate();
	// A full memory of results.
	let (area, _) = Areas::<T>::get(&code).ok_or(BenchmarkError::Stop("it was just set"))?;
	LastResults::<T>::mutate(area, |results| {
		for interval in first - INTERVALS_PER_DAY..first {
			*results.entry(interval) = Some(SlotResult {
				interval,
				price: Some(SLOT_TICK),
				volume: u128::MAX,
				delivered: Some(u128::MAX),
			});
		}
	});
	Ok((code, first))
}

/// The least that an order can be for.
fn least<T: Config>() -> Energy {
	T::MinimumEnergy::get().max(LOT_SIZE).next_multiple_of(LOT_SIZE)
}

/// Places an order at `TICK`. Returns its number.
fn placed<T: Config>(
	id: AuctionId,
	owner: &T::AccountId,
	meter: MeterId,
	side: Side,
) -> Result<u32, BenchmarkError> {
	let number = Auctions::<T>::get(id).map_or(0, |auction| auction.placed);
	let limit = match side {
		Side::Buy => price_of(TICK) + 60_000,
		Side::Sell => price_of(TICK),
	};
	SlotAuction::<T>::do_place(owner.clone(), meter, id.interval, side, limit, least::<T>())?;
	Ok(number)
}

fn id_of<T: Config>(code: &AreaCode, interval: Interval) -> Result<AuctionId, BenchmarkError> {
	let (area, _) = Areas::<T>::get(code).ok_or(BenchmarkError::Stop("it is set"))?;
	Ok(AuctionId { area, interval })
}

fn batch<T: Config>(numbers: Vec<u32>) -> BoundedVec<u32, T::MaxBatch> {
	numbers.try_into().expect("at most MaxBatch of them")
}

/// The first interval in which the gate of an auction is closed.
fn closed<T: Config>(id: AuctionId) -> Interval {
	Auctions::<T>::get(id).map_or(Interval::MAX, |auction| auction.terms.closes)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn set_area() -> Result<(), BenchmarkError> {
		SlotAuction::<T>::open_account();
		let origin =
			T::MarketOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let code = AreaCode::try_from(vec![b'x'; 16]).map_err(|_| "sixteen fit")?;
		let rules = rules::<T>();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, code.clone(), rules.clone());
		assert_eq!(Areas::<T>::get(code).map(|(_, area)| area), Some(rules));
		Ok(())
	}

	#[benchmark]
	fn place() -> Result<(), BenchmarkError> {
		let (code, interval) = open::<T>()?;
		let id = SlotAuction::<T>::fill_auction(code, interval, 64)?;
		// The last order that the owner may have, and the first by this meter.
		let (owner, meter) = member::<T>(0, Flow::Import);
		for _ in 1..T::MaxOrders::get() {
			placed::<T>(id, &owner, meter, Side::Buy)?;
		}
		let meter = metered::<T>(&owner, Flow::Import);
		let number = Auctions::<T>::get(id).map_or(0, |auction| auction.placed);
		let limit = price_of(TICK) + 60_000;
		let energy = least::<T>();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), meter, interval, Side::Buy, limit, energy);
		assert!(Orders::<T>::contains_key(id, number));
		Ok(())
	}

	#[benchmark]
	fn cancel() -> Result<(), BenchmarkError> {
		let (code, interval) = open::<T>()?;
		let id = SlotAuction::<T>::fill_auction(code, interval, 64)?;
		// The first of as many orders as who placed it may have, and the only one by its meter, which is another's by now.
		let (owner, meter) = member::<T>(0, Flow::Import);
		let (heir, inherited) = member::<T>(1, Flow::Import);
		let auction = Auctions::<T>::get(id).ok_or(BenchmarkError::Stop("it was filled"))?;
		let (side, energy) = (Side::Buy, least::<T>());
		let limit = limit_of(side, TICK, auction.terms.grid_fee);
		let held = auction.terms.hold(side, energy, limit).ok_or("it can be held")?;
		let order = Order {
			owner: owner.clone(),
			meter: inherited,
			side,
			tick: TICK,
			limit,
			energy,
			fill: None,
		};
		let number = SlotAuction::<T>::add_order(id, auction, order, held)?;
		for _ in 1..T::MaxOrders::get() {
			placed::<T>(id, &owner, meter, side)?;
		}
		#[extrinsic_call]
		_(RawOrigin::Signed(heir), OrderId { auction: id, number });
		assert!(!Orders::<T>::contains_key(id, number));
		assert_eq!(T::Uses::booked(inherited), None);
		Ok(())
	}

	#[benchmark]
	fn clear() -> Result<(), BenchmarkError> {
		let (code, interval) = open::<T>()?;
		let id = SlotAuction::<T>::fill_auction(code, interval, 1_024)?;
		assert_eq!(Pages::<T>::iter_key_prefix(id).count(), usize::from(PAGES));
		T::BenchmarkHelper::go_to(closed::<T>(id));
		let who = funded::<T>("bot", 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id);
		assert!(Auctions::<T>::get(id).is_some_and(|auction| auction.cleared.is_some()));
		Ok(())
	}

	/// Orders that got nothing, the last ones of their auction: with each go the order, what its account has, and the booking
	/// of its meter, and with the last one the auction. To fill an order writes less.
	#[benchmark]
	fn collect(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
		let (code, interval) = open::<T>()?;
		let id = id_of::<T>(&code, interval)?;
		for number in 0..n {
			let (owner, meter) = member::<T>(number, Flow::Import);
			placed::<T>(id, &owner, meter, Side::Buy)?;
		}
		T::BenchmarkHelper::go_to(closed::<T>(id));
		let who = funded::<T>("bot", 0);
		SlotAuction::<T>::clear(RawOrigin::Signed(who.clone()).into(), id)
			.map_err(|failed| failed.error)?;
		let numbers = batch::<T>((0..n).collect());
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, numbers);
		assert!(!Auctions::<T>::contains_key(id));
		Ok(())
	}

	/// All offers of an auction and its one bid, which ends it. One order is the bid alone.
	#[benchmark]
	fn settle(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
		let (code, interval) = open::<T>()?;
		let id = id_of::<T>(&code, interval)?;
		let sellers = n.saturating_sub(1).max(1);
		let mut meters = Vec::new();
		for number in 0..sellers {
			let (owner, meter) = member::<T>(number, Flow::Export);
			placed::<T>(id, &owner, meter, Side::Sell)?;
			meters.push(meter);
		}
		let (owner, meter) = member::<T>(sellers, Flow::Import);
		let bid = placed::<T>(id, &owner, meter, Side::Buy)?;
		meters.push(meter);
		T::BenchmarkHelper::go_to(closed::<T>(id));
		let who = funded::<T>("bot", 0);
		let origin = RawOrigin::Signed(who);
		for number in 0..=bid {
			let numbers = batch::<T>(vec![number]);
			SlotAuction::<T>::collect(origin.clone().into(), id, numbers)
				.map_err(|failed| failed.error)?;
		}
		let settles = Auctions::<T>::get(id).map_or(0, |auction| auction.terms.settles);
		T::BenchmarkHelper::go_to(settles);
		for meter in meters {
			// Less than each fill: the sellers are paid and fined, the buyer pays for what it did not draw.
			T::Reports::report_for_benchmark(meter, 1);
		}
		let mut numbers = (0..=bid).collect::<Vec<_>>();
		if n == 1 {
			SlotAuction::<T>::settle(origin.clone().into(), id, batch::<T>(vec![0]))
				.map_err(|failed| failed.error)?;
			numbers = vec![bid];
		}
		let numbers = batch::<T>(numbers);
		#[extrinsic_call]
		_(origin, id, numbers);
		assert!(!Auctions::<T>::contains_key(id));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
