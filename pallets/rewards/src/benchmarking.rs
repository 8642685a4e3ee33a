//! Worst cases: full groups of neighbours that all agree, budgets that are minted, plants with 1,000,000 units and a
//! boundary at every day. How many units there are makes no difference, which `scripts/benchmark units` shows.

use super::{Pallet as RewardsPallet, *};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// The day that runs.
const TODAY: Day = 20_000;
/// Below what 10 kW of sun can be on any day: 96 kWh.
const ENERGY: u32 = 1_000_000;
/// 1,000 DECA.
const SUM: Balance = 1_000_000_000_000_000;
const UNITS: u32 = 1_000_000;
const PRICE: Balance = 1_000;

fn set_clock<T: Config>() {
	T::BenchmarkHelper::go_to(TODAY * INTERVALS_PER_DAY);
}

fn funded<T: Config>(name: &'static str, number: u32) -> T::AccountId {
	let who: T::AccountId = account(name, number, 0);
	T::Currency::mint_into(&who, SUM).expect("a new account takes funds");
	who
}

/// A pool that mints, and already owes something.
fn fill<T: Config>(category: Category) {
	let account = RewardsPallet::<T>::account_id();
	T::Currency::mint_into(&account, 3 * SUM).expect("the account takes funds");
	Pools::<T>::insert(
		category,
		Pool { funded: 2 * SUM, funds: SUM, due: SUM, ..Default::default() },
	);
	if category != Category::Plant {
		let emission = Emission { daily: SUM, source: EmissionSource::Mint };
		Emissions::<T>::insert(category, emission);
	}
}

/// A day that is closed, not reserved, and has another record beside the one of `weight`.
fn open_day<T: Config>(category: Category, day: Day, weight: RewardWeight) {
	let book = DayBook { weight: 3 * weight, records: 2, open: 2, closed: None };
	DayBooks::<T>::insert(category, day, book);
}

/// Miners of `kind` with their meters, which measured ten days.
fn measured<T: Config>(kind: MinerKind, count: u32) -> Vec<(T::AccountId, MinerId, MeterId)> {
	(0..count)
		.map(|number| {
			let owner = funded::<T>("owner", number);
			let (miner, meter) = T::BenchmarkHelper::register(&owner, kind, Flow::Generation);
			T::Reports::report_for_benchmark(meter, ENERGY);
			(owner, miner, meter)
		})
		.collect()
}

/// As many neighbours that take part, the first of which has two days to collect and two to record.
fn enrolled<T: Config>(count: u32) -> Result<(T::AccountId, MinerId), BenchmarkError> {
	set_clock::<T>();
	fill::<T>(Category::Generation);
	let miners = measured::<T>(MinerKind::Standard, count);
	for (owner, miner, meter) in &miners {
		RewardsPallet::<T>::enroll(RawOrigin::Signed(owner.clone()).into(), *miner, *meter)?;
	}
	let (owner, first, _) = miners[0].clone();
	Enrolments::<T>::mutate(first, |entry| {
		let enrolment = entry.as_mut().expect("it just enrolled");
		enrolment.next = TODAY - 3;
		enrolment.due = SUM / 2;
		for day in [TODAY - 5, TODAY - 4] {
			enrolment.open.try_push((day, 1_000)).expect("two fit");
			open_day::<T>(Category::Generation, day, 1_000);
		}
	});
	Ok((owner, first))
}

/// A plant with six neighbours, listed long ago, that feeds `UNITS` units. Its days through `rolled` are rolled.
fn listed<T: Config>(
	rolled: Day,
	last: Option<Day>,
) -> Result<(T::AccountId, ListingId), BenchmarkError> {
	set_clock::<T>();
	fill::<T>(Category::Generation);
	fill::<T>(Category::Plant);
	let plants = measured::<T>(MinerKind::Plant, GROUP);
	let listing = NextListingId::<T>::get();
	for (owner, miner, meter) in &plants {
		let origin = RawOrigin::Signed(owner.clone()).into();
		RewardsPallet::<T>::list_plant(origin, *miner, *meter, PRICE)?;
	}
	Listings::<T>::mutate(listing, |entry| {
		let plant = entry.as_mut().expect("it was just listed");
		plant.listed = TODAY - 30;
		(plant.rolled, plant.settled) = (rolled, rolled);
		(plant.last, plant.selling) = (last, last.is_none());
		plant.max_units = 2 * UNITS;
		(plant.active, plant.sold, plant.positions) = (UNITS, UNITS, 1);
		plant.accumulator = Accumulator { reward: 10, refund: 10 };
		plant.escrow = SUM;
		(plant.earned, plant.own) = (SUM / 4, SUM / 4);
	});
	EscrowSums::<T>::put(EscrowBook { taken: 2 * SUM, held: SUM, due: SUM, paid: 0 });
	T::Currency::mint_into(&RewardsPallet::<T>::account_id(), 2 * SUM)?;
	Ok((plants[0].0.clone(), listing))
}

/// A purchase of all units of a listing, with its boundaries.
fn bought<T: Config>(listing: ListingId, from: Day, until: Day) -> (T::AccountId, PositionId) {
	let owner = funded::<T>("holder", 0);
	let settled = Listings::<T>::get(listing).expect("it is listed").settled;
	let accumulator = |day| (day <= settled).then(Accumulator::default);
	let joining = Boundary {
		joining: UNITS,
		positions: 1,
		accumulator: accumulator(from - 1),
		..Default::default()
	};
	Boundaries::<T>::insert(listing, from - 1, joining);
	let mut leaving = Boundary { leaving: UNITS, positions: 1, ..Default::default() };
	leaving.accumulator = accumulator(until).map(|_| Accumulator { reward: 10, refund: 10 });
	Boundaries::<T>::insert(listing, until, leaving);
	let position = NextPositionId::<T>::get();
	NextPositionId::<T>::put(position + 1);
	let entry =
		Position { owner: owner.clone(), listing, units: UNITS, from, until, claimed: None };
	Positions::<T>::insert(position, entry);
	PositionsByOwner::<T>::insert(&owner, position, ());
	(owner, position)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn fund() {
		let who = funded::<T>("giver", 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), Category::Storage, SUM / 2);
		assert!(Pools::<T>::get(Category::Storage).funded >= SUM / 2);
	}

	#[benchmark]
	fn sweep() -> Result<(), BenchmarkError> {
		let who = funded::<T>("sweeper", 0);
		let inbox = RewardsPallet::<T>::inbox(Category::Storage);
		T::Currency::mint_into(&inbox, SUM)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who), Category::Storage);
		assert!(T::Currency::balance(&inbox).is_zero());
		Ok(())
	}

	#[benchmark]
	fn set_emission() -> Result<(), BenchmarkError> {
		let origin =
			T::EmissionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		let emission = Some(Emission { daily: SUM, source: EmissionSource::Funds });
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Category::Storage, emission);
		assert_eq!(Emissions::<T>::get(Category::Storage), emission);
		Ok(())
	}

	#[benchmark]
	fn enroll() -> Result<(), BenchmarkError> {
		enrolled::<T>(GROUP - 1)?;
		let owner = funded::<T>("new owner", 0);
		let (miner, meter) =
			T::BenchmarkHelper::register(&owner, MinerKind::Standard, Flow::Generation);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meter);
		assert!(Enrolments::<T>::contains_key(miner));
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		// The one that takes its place stands in another group.
		let (owner, miner) = enrolled::<T>(2 * GROUP)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner);
		assert!(!Enrolments::<T>::contains_key(miner));
		Ok(())
	}

	#[benchmark]
	fn record() -> Result<(), BenchmarkError> {
		let (_, miner) = enrolled::<T>(GROUP)?;
		let who = funded::<T>("bot", 0);
		let miners = vec![miner].try_into().expect("one is at most MaxBatch");
		#[extrinsic_call]
		_(RawOrigin::Signed(who), miners);
		let enrolment = Enrolments::<T>::get(miner).expect("it takes part");
		assert_eq!(enrolment.next, TODAY - 1);
		assert!(enrolment.due > SUM / 2, "two days were collected");
		Ok(())
	}

	#[benchmark]
	fn claim() -> Result<(), BenchmarkError> {
		let (_, miner) = enrolled::<T>(GROUP)?;
		let who = funded::<T>("bot", 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), miner);
		let enrolment = Enrolments::<T>::get(miner).expect("it takes part");
		assert!(enrolment.due.is_zero() && enrolment.open.is_empty());
		Ok(())
	}

	#[benchmark]
	fn list_plant() -> Result<(), BenchmarkError> {
		set_clock::<T>();
		let plants = measured::<T>(MinerKind::Plant, GROUP);
		for (owner, miner, meter) in &plants[1..] {
			let origin = RawOrigin::Signed(owner.clone()).into();
			RewardsPallet::<T>::list_plant(origin, *miner, *meter, PRICE)?;
		}
		let (owner, miner, meter) = plants[0].clone();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meter, PRICE);
		assert!(ListedMiners::<T>::contains_key(miner));
		Ok(())
	}

	#[benchmark]
	fn set_selling() -> Result<(), BenchmarkError> {
		let (owner, listing) = listed::<T>(TODAY - 2, None)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), listing, false);
		assert!(Listings::<T>::get(listing).is_some_and(|plant| !plant.selling));
		Ok(())
	}

	#[benchmark]
	fn delist() -> Result<(), BenchmarkError> {
		// On its first day, when it leaves its group at once.
		let (owner, listing) = listed::<T>(TODAY, None)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), listing);
		assert!(Listings::<T>::get(listing).is_some_and(|plant| plant.is_over()));
		Ok(())
	}

	#[benchmark]
	fn buy_units() -> Result<(), BenchmarkError> {
		let (_, listing) = listed::<T>(TODAY - 2, None)?;
		let who = funded::<T>("buyer", 0);
		T::Currency::mint_into(&who, RewardsPallet::<T>::cost(PRICE, UNITS, MAX_LIFE)?)?;
		let position = NextPositionId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(who), listing, UNITS, PRICE);
		assert!(Positions::<T>::contains_key(position));
		Ok(())
	}

	#[benchmark]
	fn advance_plants(d: Linear<0, { MAX_ROLLED }>) -> Result<(), BenchmarkError> {
		// The last two of the days that are rolled can be recorded, and the last one ends the listing. Two days more wait.
		let rolled = TODAY - 2 - d.max(2);
		let (_, listing) = listed::<T>(rolled, Some(rolled + d))?;
		let weight = 1_000_000;
		Listings::<T>::mutate(listing, |entry| {
			let plant = entry.as_mut().expect("it is listed");
			plant.settled = rolled - 2;
			for day in [rolled - 1, rolled] {
				let waiting =
					PlantDay { day, active: UNITS, silent: false, weight, energy: Some(1_000) };
				plant.pending.try_push(waiting).expect("two fit");
				open_day::<T>(Category::Generation, day, weight);
				open_day::<T>(Category::Plant, day, 1_000);
			}
		});
		for day in rolled - 1..=rolled + d {
			let boundary = Boundary { positions: 1, ..Default::default() };
			Boundaries::<T>::insert(listing, day, boundary);
		}
		let who = funded::<T>("bot", 0);
		let listings = vec![listing].try_into().expect("one is at most MaxBatch");
		#[extrinsic_call]
		_(RawOrigin::Signed(who), listings);
		let plant = Listings::<T>::get(listing).expect("it owes");
		assert_eq!(plant.rolled, rolled + d);
		assert!(plant.settled >= rolled && plant.earned > SUM / 4);
		Ok(())
	}

	#[benchmark]
	fn claim_plant() -> Result<(), BenchmarkError> {
		let (_, listing) = listed::<T>(TODAY - 4, Some(TODAY - 4))?;
		Listings::<T>::mutate(listing, |plant| {
			if let Some(plant) = plant {
				plant.positions = 0;
			}
		});
		let who = funded::<T>("bot", 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), listing);
		assert!(!Listings::<T>::contains_key(listing));
		Ok(())
	}

	#[benchmark]
	fn claim_units() -> Result<(), BenchmarkError> {
		let (_, listing) = listed::<T>(TODAY - 4, None)?;
		let (_, position) = bought::<T>(listing, TODAY - 20, TODAY - 5);
		let who = funded::<T>("bot", 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(who), position);
		assert!(!Positions::<T>::contains_key(position));
		Ok(())
	}

	#[benchmark]
	fn rebind() -> Result<(), BenchmarkError> {
		let (_, listing) = listed::<T>(TODAY - 4, Some(TODAY - 4))?;
		let (owner, position) = bought::<T>(listing, TODAY - 20, TODAY + 20);
		let target = listing + 1;
		Listings::<T>::mutate(target, |plant| {
			if let Some(plant) = plant {
				plant.max_units = UNITS;
				plant.price = 2 * PRICE;
			}
		});
		T::Currency::mint_into(&owner, RewardsPallet::<T>::cost(PRICE, UNITS, 24)?)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), position, target, 2 * PRICE);
		assert!(Positions::<T>::get(position).is_some_and(|entry| entry.listing == target));
		Ok(())
	}

	#[benchmark]
	fn refund() -> Result<(), BenchmarkError> {
		let (_, listing) = listed::<T>(TODAY - 4, Some(TODAY - 4))?;
		let (owner, position) = bought::<T>(listing, TODAY - 20, TODAY + 20);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), position);
		assert!(!Positions::<T>::contains_key(position));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::build(), crate::mock::Test);
}
