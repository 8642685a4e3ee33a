//! The rules that always hold.

use crate::*;
use alloc::collections::{BTreeMap, BTreeSet};

/// What the records and the dues add up to.
#[derive(Default)]
struct Sums {
	/// Per pool and day: how many records are not collected, and their weights.
	open: BTreeMap<(u8, Day), (u32, RewardWeight)>,
	/// Per pool: what is due.
	due: [Balance; 4],
	/// In the escrow: what is due.
	escrow_due: Balance,
	/// In the escrow: what is for days that are not settled.
	escrow_held: Balance,
	/// Who has to stand in a group, by which meter, and how often.
	neighbours: BTreeMap<MinerId, MeterId>,
}

impl Sums {
	fn add_open(&mut self, category: Category, day: Day, weight: RewardWeight) {
		let (count, sum) = self.open.entry((category as u8, day)).or_default();
		*count = count.saturating_add(1);
		*sum = sum.saturating_add(weight);
	}

	fn add_due(&mut self, category: Category, amount: Balance) {
		let due = &mut self.due[category as usize];
		*due = due.saturating_add(amount);
	}
}

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. Nothing is lost in a pool: `funded = funds + reserved + due + paid`, and nothing in the escrow:
	///    `taken = held + due + paid`.
	/// 2. What is reserved in a pool is what is left of the budgets of its closed days; of no day more than its budget.
	/// 3. What is due in a pool is due to somebody: to miners, to the holders of units to the last base unit, to plants.
	/// 4. What the escrow holds is the price of exactly the days of all purchases that are not settled, and what it owes is
	///    what plants earned and what holders get back.
	/// 5. The account has what the books say, and beyond that what it needs to exist.
	/// 6. A day counts the records that are not collected, and those of a day that is not closed are all there are.
	/// 7. A miner has at most the days open that were recorded and not collected, oldest first, none of which can be
	///    recorded again. Only consumers that take part have a history, of at most 30 days in order.
	/// 8. No plant sells more units than it has: `active` and `sold` are what its purchases add up to, and at most
	///    `max_units`.
	/// 9. The days of a listing come one after the other: `listed - 1 <= settled <= rolled <= last`, and what waits are the
	///    days between the first two.
	/// 10. The boundaries of a listing are those of its purchases, and keep what was credited exactly where that is settled.
	/// 11. A purchase draws from one listing, which exists; who holds it finds it.
	/// 12. Groups are dense: the `n`th of a cell stands in group `n / 7`, and nobody stands anywhere who neither takes part
	///     nor is listed.
	/// 13. A plant is in one listing at a time whose last day was not rolled.
	/// 14. No number was handed out that the counter has not passed.
	/// 15. The pool of plants has no emission.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let mut sums = Sums::default();
		Self::try_enrolments(&mut sums)?;
		Self::try_listings(&mut sums)?;
		Self::try_groups(&sums)?;
		Self::try_days(&sums)?;
		Self::try_money(&sums)?;
		ensure!(
			!Emissions::<T>::contains_key(Category::Plant),
			"15: the pool of plants has an emission"
		);
		Ok(())
	}

	fn try_enrolments(sums: &mut Sums) -> Result<(), DispatchError> {
		for (miner, enrolment) in Enrolments::<T>::iter() {
			let mut before = None;
			for (day, weight) in &enrolment.open {
				ensure!(*day < enrolment.next, "7: an open day can be recorded again");
				ensure!(before < Some(*day), "7: open days are not in order");
				ensure!(!weight.is_zero(), "7: an open day has no weight");
				before = Some(*day);
				sums.add_open(enrolment.category, *day, *weight);
			}
			sums.add_due(enrolment.category, enrolment.due);
			ensure!(
				enrolment.category != Category::Plant,
				"7: a miner earns from the pool of plants"
			);
			ensure!(
				!enrolment.left || !enrolment.open.is_empty(),
				"7: a miner that left has nothing open and is still there"
			);
			if enrolment.category == Category::Generation && !enrolment.left {
				sums.neighbours.insert(miner, enrolment.meter);
			}
		}
		for (miner, history) in Histories::<T>::iter() {
			let takes_part = Enrolments::<T>::get(miner).is_some_and(|enrolment| {
				enrolment.category == Category::Consumption && !enrolment.left
			});
			ensure!(takes_part, "7: a history of somebody who does not take part as a consumer");
			let in_order = history.windows(2).all(|pair| pair[0].0 < pair[1].0);
			let span = match (history.first(), history.last()) {
				(Some((first, _)), Some((last, _))) => last.saturating_sub(*first),
				_ => 0,
			};
			ensure!(in_order && span < HISTORY, "7: a history is not of the last 30 days");
		}
		Ok(())
	}

	fn try_listings(sums: &mut Sums) -> Result<(), DispatchError> {
		let mut positions = BTreeMap::<ListingId, Vec<PositionOf<T>>>::new();
		let mut listed = 0usize;
		let mut held = 0usize;
		for (position, entry) in Positions::<T>::iter() {
			held = held.saturating_add(1);
			ensure!(
				position < NextPositionId::<T>::get(),
				"14: a position has a number from the future"
			);
			ensure!(
				PositionsByOwner::<T>::contains_key(&entry.owner, position),
				"11: a holder does not find a position"
			);
			ensure!(
				Listings::<T>::contains_key(entry.listing),
				"11: a position draws from a listing that does not exist"
			);
			ensure!(!entry.units.is_zero() && entry.from <= entry.until, "11: an empty position");
			positions.entry(entry.listing).or_default().push(entry);
		}
		ensure!(
			PositionsByOwner::<T>::iter_keys().count() == held,
			"11: somebody finds a position that does not exist"
		);
		let mut boundaries = 0usize;
		for (listing, plant) in Listings::<T>::iter() {
			ensure!(
				listing < NextListingId::<T>::get(),
				"14: a listing has a number from the future"
			);
			let of_plant = positions.remove(&listing).unwrap_or_default();
			boundaries =
				boundaries.saturating_add(Self::try_listing(listing, &plant, &of_plant, sums)?);
			if plant.last != Some(plant.rolled) {
				listed = listed.saturating_add(1);
				ensure!(
					ListedMiners::<T>::get(plant.miner) == Some(listing),
					"13: a plant is not known by its listing"
				);
				sums.neighbours.insert(plant.miner, plant.meter);
			}
		}
		ensure!(
			ListedMiners::<T>::iter_keys().count() == listed,
			"13: a plant is known by a listing whose days are over"
		);
		ensure!(
			Boundaries::<T>::iter_keys().count() == boundaries,
			"10: a boundary that no purchase needs"
		);
		Ok(())
	}

	/// The rules of one listing. Returns how many boundaries it has.
	fn try_listing(
		listing: ListingId,
		plant: &ListingOf<T>,
		positions: &[PositionOf<T>],
		sums: &mut Sums,
	) -> Result<usize, DispatchError> {
		let first = plant.listed.checked_sub(1).ok_or("9: a listing from before all days")?;
		ensure!(
			first <= plant.settled
				&& plant.settled <= plant.rolled
				&& plant.last.is_none_or(|last| plant.rolled <= last),
			"9: the days of a listing are out of order"
		);
		let waiting = plant.pending.iter().map(|day| day.day);
		ensure!(
			waiting.eq(plant.settled.saturating_add(1)..plant.rolled.saturating_add(1)),
			"9: the days that wait are not those that were rolled and not settled"
		);
		ensure!(plant.last.is_none() || !plant.selling, "9: a listing that has ended sells");
		for PlantDay { day, active, silent, weight, energy } in &plant.pending {
			ensure!(*active <= plant.max_units, "8: a plant fed more units than it has");
			ensure!(
				!*silent || (weight.is_zero() && energy.is_none()),
				"9: something was recorded of a silent day"
			);
			if !weight.is_zero() {
				sums.add_open(Category::Generation, *day, *weight);
			}
			if let Some(energy) = energy {
				sums.add_open(Category::Plant, *day, (*energy).into());
			}
		}

		let (mut sold, mut active, mut escrow) = (0u32, 0u32, 0 as Balance);
		let mut expected = BTreeMap::<Day, Boundary>::new();
		for position in positions {
			let Position { units, from, until, .. } = *position;
			let before = from.saturating_sub(1);
			ensure!(before >= first, "11: a position is older than its listing");
			if until > plant.rolled {
				sold = sold.saturating_add(units);
				if before <= plant.rolled {
					active = active.saturating_add(units);
				}
			}
			// The days of the purchase that are not settled.
			let days = until.saturating_sub(before.max(plant.settled));
			escrow = escrow.saturating_add(Self::cost(plant.price, units, days)?);
			let boundary = expected.entry(before).or_default();
			boundary.joining = boundary.joining.saturating_add(units);
			boundary.positions = boundary.positions.saturating_add(1);
			let boundary = expected.entry(until).or_default();
			boundary.leaving = boundary.leaving.saturating_add(units);
			boundary.positions = boundary.positions.saturating_add(1);

			let due = Self::due(plant, position)?.map(|(due, _)| due).unwrap_or_default();
			sums.add_due(Category::Generation, due.reward);
			sums.escrow_due = sums.escrow_due.saturating_add(due.refund);
			ensure!(
				position.claimed.is_none_or(|claimed| claimed.reward <= plant.accumulator.reward),
				"3: a position was paid more than was credited"
			);
		}
		ensure!(plant.sold == sold, "8: the units sold are not those of the purchases");
		ensure!(plant.active == active, "8: the units fed are not those of the purchases");
		ensure!(sold <= plant.max_units, "8: a plant sold more units than it has");
		ensure!(
			plant.positions as usize == positions.len(),
			"8: a plant does not know how many purchases it has"
		);
		ensure!(plant.escrow == escrow, "4: a listing holds another price than that of its days");
		sums.escrow_held = sums.escrow_held.saturating_add(escrow);
		sums.escrow_due = sums.escrow_due.saturating_add(plant.earned);
		sums.add_due(Category::Plant, plant.own);

		for (day, expected) in &expected {
			let boundary = Boundaries::<T>::get(listing, day).ok_or("10: a boundary is missing")?;
			ensure!(
				boundary.accumulator.is_some() == (*day <= plant.settled),
				"10: a boundary keeps a credit that is not settled, or none that is"
			);
			ensure!(
				boundary.accumulator.is_none_or(|then| {
					then.reward <= plant.accumulator.reward
						&& then.refund <= plant.accumulator.refund
				}),
				"10: a boundary keeps more than was ever credited"
			);
			ensure!(
				Boundary { accumulator: None, ..boundary } == *expected,
				"10: a boundary is not that of its purchases"
			);
		}
		Ok(expected.len())
	}

	fn try_groups(sums: &Sums) -> Result<(), DispatchError> {
		let mut standing = 0usize;
		let mut groups = 0usize;
		for (cell, count) in Cells::<T>::iter() {
			ensure!(!count.is_zero(), "12: an empty cell");
			for number in 0..count {
				let group = Groups::<T>::get(&cell, number / GROUP);
				let (miner, meter) =
					group.get((number % GROUP) as usize).copied().ok_or("12: a gap in a cell")?;
				ensure!(
					Places::<T>::get(miner) == Some(Place { cell: cell.clone(), number }),
					"12: a miner does not know its place"
				);
				ensure!(
					sums.neighbours.get(&miner) == Some(&meter),
					"12: a group has somebody who does not take part"
				);
				standing = standing.saturating_add(1);
			}
			groups = groups.saturating_add(count.div_ceil(GROUP) as usize);
			let in_last = Groups::<T>::get(&cell, count.saturating_sub(1) / GROUP).len();
			ensure!(
				in_last == (count.saturating_sub(1) % GROUP).saturating_add(1) as usize,
				"12: the last group is longer than its cell"
			);
		}
		ensure!(Places::<T>::iter_keys().count() == standing, "12: a place without a group");
		ensure!(sums.neighbours.len() == standing, "12: somebody takes part and has no place");
		ensure!(Groups::<T>::iter_keys().count() == groups, "12: a group outside of its cell");
		Ok(())
	}

	fn try_days(sums: &Sums) -> Result<(), DispatchError> {
		let mut days = BTreeSet::new();
		let mut reserved = [0 as Balance; 4];
		for (category, day, book) in DayBooks::<T>::iter() {
			let key = (category as u8, day);
			days.insert(key);
			let (count, weight) = sums.open.get(&key).copied().unwrap_or_default();
			ensure!(
				book.open == count && count > 0,
				"6: a day counts other records than there are"
			);
			ensure!(
				book.records >= count && book.weight >= weight,
				"6: more of a day is left than was recorded"
			);
			match book.closed {
				None => ensure!(
					book.records == count && book.weight == weight,
					"6: something was collected of a day that is not closed"
				),
				Some(Closed { budget, left, version }) => {
					ensure!(left <= budget, "2: more is left of a day than was reserved");
					ensure!(
						version.is_some() == (category == Category::Plant),
						"2: a version belongs to the days of plants"
					);
					// What is left is enough for whoever is left.
					ensure!(
						formula::share(weight, budget, book.weight) <= left,
						"2: too little is left of a day"
					);
					let sum = &mut reserved[category as usize];
					*sum = sum.saturating_add(left);
				}
			}
		}
		ensure!(
			sums.open.keys().all(|key| days.contains(key)),
			"6: something is open of a day that does not exist"
		);
		for category in Category::ALL {
			ensure!(
				Pools::<T>::get(category).reserved == reserved[category as usize],
				"2: what is reserved is not what is left of the days"
			);
		}
		Ok(())
	}

	fn try_money(sums: &Sums) -> Result<(), DispatchError> {
		let mut owed = T::Currency::minimum_balance();
		for category in Category::ALL {
			let Pool { funded, funds, reserved, due, paid, dust: _ } = Pools::<T>::get(category);
			let parts = plus(plus(funds, reserved)?, plus(due, paid)?)?;
			ensure!(funded == parts, "1: something was lost in a pool, or made");
			ensure!(
				due == sums.due[category as usize],
				"3: what is due in a pool is not what is due to somebody"
			);
			owed = plus(owed, minus(funded, paid)?)?;
		}
		let EscrowBook { taken, held, due, paid } = EscrowSums::<T>::get();
		ensure!(
			taken == plus(plus(held, due)?, paid)?,
			"1: something was lost in the escrow, or made"
		);
		ensure!(held == sums.escrow_held, "4: the escrow does not hold what it is for");
		ensure!(due == sums.escrow_due, "4: the escrow does not owe what is due to somebody");
		owed = plus(owed, minus(taken, paid)?)?;
		ensure!(
			T::Currency::balance(&Self::account_id()) >= owed,
			"5: the account has less than the books say"
		);
		Ok(())
	}
}
