//! Units: how they are bought, what is due to their holder, and how they move or end.
//!
//! A purchase needs two boundaries of its listing, however many units it has: the one before its first day and that of its
//! last. The difference of what one unit was credited at both is what each of its units earned.

use super::*;

impl<T: Config> Pallet<T> {
	/// Buys units from tomorrow on.
	pub(crate) fn buy(
		owner: T::AccountId,
		listing: ListingId,
		units: u32,
		max_price: Balance,
	) -> DispatchResult {
		let mut plant = Listings::<T>::get(listing).ok_or(Error::<T>::UnknownListing)?;
		ensure!(plant.price <= max_price, Error::<T>::PriceTooHigh);
		let life = T::UnitLife::get().clamp(1, MAX_LIFE);
		let (from, until) = Self::days_from_tomorrow(life)?;
		Self::enter(listing, &mut plant, units, from, until)?;
		let paid = Self::cost(plant.price, units, life)?;
		Self::take_into_escrow(&owner, paid)?;
		plant.escrow = plus(plant.escrow, paid)?;
		Listings::<T>::insert(listing, plant);
		let position = NextPositionId::<T>::get();
		NextPositionId::<T>::put(position.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		let entry = Position { owner: owner.clone(), listing, units, from, until, claimed: None };
		Positions::<T>::insert(position, entry);
		PositionsByOwner::<T>::insert(&owner, position, ());
		Self::deposit_event(Event::UnitsBought {
			position,
			listing,
			owner,
			units,
			from,
			until,
			paid,
		});
		Ok(())
	}

	/// Pays the holder of a purchase what is due, and forgets it when its last day is settled.
	pub(crate) fn collect_units(position: PositionId) -> DispatchResult {
		let mut entry = Positions::<T>::get(position).ok_or(Error::<T>::UnknownPosition)?;
		let mut plant = Listings::<T>::get(entry.listing).ok_or(Error::<T>::UnknownListing)?;
		let (due, end) = Self::due(&plant, &entry)?.ok_or(Error::<T>::NothingToClaim)?;
		let served = entry.until <= plant.settled;
		ensure!(served || !due.total().is_zero(), Error::<T>::NothingToClaim);
		Self::pay_units(position, &entry.owner, due, 0)?;
		if served {
			Self::leave_plant(&mut plant, &entry)?;
			Self::put_listing(entry.listing, plant);
			Self::forget(position, &entry.owner);
			Self::deposit_event(Event::PositionServed { position });
		} else {
			entry.claimed = Some(end);
			Positions::<T>::insert(position, entry);
		}
		Ok(())
	}

	/// Moves what was not served of a purchase to another listing.
	pub(crate) fn move_units(
		who: T::AccountId,
		position: PositionId,
		listing: ListingId,
		max_price: Balance,
	) -> DispatchResult {
		let (old, mut from_plant, due, days) = Self::stranded(&who, position)?;
		let mut to_plant = Listings::<T>::get(listing).ok_or(Error::<T>::UnknownListing)?;
		ensure!(to_plant.price <= max_price, Error::<T>::PriceTooHigh);
		let (from, until) = Self::days_from_tomorrow(days)?;
		// The old listing is over, so it cannot be the new one: `enter` refuses it.
		Self::enter(listing, &mut to_plant, old.units, from, until)?;
		Self::leave_plant(&mut from_plant, &old)?;

		let credit = Self::cost(from_plant.price, old.units, days)?;
		let cost = Self::cost(to_plant.price, old.units, days)?;
		from_plant.escrow = minus(from_plant.escrow, credit)?;
		to_plant.escrow = plus(to_plant.escrow, cost)?;
		// What the days had cost stays in the escrow, but for the difference.
		Self::take_into_escrow(&who, cost.saturating_sub(credit))?;
		let returned = credit.saturating_sub(cost);
		Self::release_escrow(returned)?;
		Self::put_listing(old.listing, from_plant);
		Listings::<T>::insert(listing, to_plant);
		Positions::<T>::insert(position, Position { listing, from, until, claimed: None, ..old });
		Self::pay_units(position, &who, due, returned)?;
		Self::deposit_event(Event::Rebound { position, listing, from, until, credit, cost });
		Ok(())
	}

	/// Pays back what was not served of a purchase, and forgets it.
	pub(crate) fn give_back(to: T::AccountId, position: PositionId) -> DispatchResult {
		let (entry, mut plant, due, days) = Self::stranded(&to, position)?;
		let amount = Self::cost(plant.price, entry.units, days)?;
		plant.escrow = minus(plant.escrow, amount)?;
		Self::release_escrow(amount)?;
		Self::leave_plant(&mut plant, &entry)?;
		Self::put_listing(entry.listing, plant);
		Self::forget(position, &to);
		Self::pay_units(position, &to, due, amount)?;
		Self::deposit_event(Event::Refunded { position, to, amount });
		Ok(())
	}

	fn forget(position: PositionId, owner: &T::AccountId) {
		Positions::<T>::remove(position);
		PositionsByOwner::<T>::remove(owner, position);
	}

	/// The first and the last of `days` days, of which there is at least one, from tomorrow on.
	fn days_from_tomorrow(days: Day) -> Result<(Day, Day), DispatchError> {
		let today = Self::today();
		let from = today.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		Ok((from, today.checked_add(days).ok_or(ArithmeticError::Overflow)?))
	}

	/// Enters a purchase of `units` for the days `from..=until` at a plant that sells.
	fn enter(
		listing: ListingId,
		plant: &mut ListingOf<T>,
		units: u32,
		from: Day,
		until: Day,
	) -> DispatchResult {
		ensure!(plant.last.is_none(), Error::<T>::Delisted);
		ensure!(plant.selling, Error::<T>::NotSelling);
		ensure!(T::Miners::is_active(plant.miner), Error::<T>::MinerNotActive);
		ensure!(units <= plant.free_units(), Error::<T>::TooFewUnits);
		plant.sold = plant.sold.checked_add(units).ok_or(ArithmeticError::Overflow)?;
		plant.positions = plant.positions.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let before = from.checked_sub(1).ok_or(ArithmeticError::Underflow)?;
		let mut accumulator = None;
		if before <= plant.rolled {
			// The day before the listing's first: nothing will roll it, and nothing was credited through it.
			plant.active = plant.active.checked_add(units).ok_or(ArithmeticError::Overflow)?;
			accumulator = Some(plant.accumulator);
		}
		Self::change_boundary(listing, before, |boundary| {
			boundary.joining = boundary.joining.checked_add(units)?;
			boundary.positions = boundary.positions.checked_add(1)?;
			boundary.accumulator = boundary.accumulator.or(accumulator);
			Some(())
		})?;
		Self::change_boundary(listing, until, |boundary| {
			boundary.leaving = boundary.leaving.checked_add(units)?;
			boundary.positions = boundary.positions.checked_add(1)?;
			Some(())
		})
	}

	/// Takes a purchase that is served, or whose listing is over, out of its listing.
	fn leave_plant(plant: &mut ListingOf<T>, position: &PositionOf<T>) -> DispatchResult {
		let Position { listing, units, from, until, .. } = *position;
		let before = from.saturating_sub(1);
		Self::change_boundary(listing, before, |boundary| {
			boundary.joining = boundary.joining.checked_sub(units)?;
			boundary.positions = boundary.positions.checked_sub(1)?;
			Some(())
		})?;
		Self::change_boundary(listing, until, |boundary| {
			boundary.leaving = boundary.leaving.checked_sub(units)?;
			boundary.positions = boundary.positions.checked_sub(1)?;
			Some(())
		})?;
		if until > plant.rolled {
			plant.sold = plant.sold.checked_sub(units).ok_or(Error::<T>::BooksDisagree)?;
			if before <= plant.rolled {
				plant.active = plant.active.checked_sub(units).ok_or(Error::<T>::BooksDisagree)?;
			}
		}
		plant.positions = plant.positions.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		Ok(())
	}

	/// Changes a boundary. It is gone when no purchase needs it.
	fn change_boundary(
		listing: ListingId,
		day: Day,
		change: impl FnOnce(&mut Boundary) -> Option<()>,
	) -> DispatchResult {
		Boundaries::<T>::try_mutate_exists(listing, day, |entry| {
			let mut boundary = entry.take().unwrap_or_default();
			change(&mut boundary).ok_or(Error::<T>::BooksDisagree)?;
			*entry = (!boundary.positions.is_zero()).then_some(boundary);
			Ok(())
		})
	}

	/// What one unit of a listing was credited through `day`, at the boundary of a purchase. `None` if that is not settled.
	fn credited_through(listing: ListingId, plant: &ListingOf<T>, day: Day) -> Option<Accumulator> {
		if day <= plant.settled {
			Boundaries::<T>::get(listing, day)?.accumulator
		} else {
			plant.is_over().then_some(plant.accumulator)
		}
	}

	/// What is due to a purchase, and up to where it is paid with it. `None` as long as its first day is not settled.
	pub(crate) fn due(
		plant: &ListingOf<T>,
		position: &PositionOf<T>,
	) -> Result<Option<(Accumulator, Accumulator)>, DispatchError> {
		let Position { listing, from, until, units, claimed, .. } = *position;
		let start =
			claimed.or_else(|| Self::credited_through(listing, plant, from.saturating_sub(1)));
		let Some(start) = start else { return Ok(None) };
		let end = Self::credited_through(listing, plant, until).unwrap_or(plant.accumulator);
		Ok(Some((end.since(&start).times(units)?, end)))
	}

	/// For how many days a purchase will not be fed, because its listing is over. `None` as long as it is not.
	fn unserved(plant: &ListingOf<T>, position: &PositionOf<T>) -> Option<Day> {
		let last = plant.last.filter(|_| plant.is_over())?;
		Some(position.until.saturating_sub(last.max(position.from.saturating_sub(1))))
	}

	/// A purchase of the account `who` that is not served to its end and never will be, its listing, what is due of it, and
	/// for how many days it was not served.
	fn stranded(
		who: &T::AccountId,
		position: PositionId,
	) -> Result<(PositionOf<T>, ListingOf<T>, Accumulator, Day), DispatchError> {
		let entry = Positions::<T>::get(position).ok_or(Error::<T>::UnknownPosition)?;
		ensure!(entry.owner == *who, Error::<T>::NotOwner);
		let plant = Listings::<T>::get(entry.listing).ok_or(Error::<T>::UnknownListing)?;
		let days = Self::unserved(&plant, &entry).ok_or(Error::<T>::NotOver)?;
		ensure!(days > 0, Error::<T>::FullyServed);
		let due = Self::due(&plant, &entry)?.map(|(due, _)| due).unwrap_or_default();
		Ok((entry, plant, due, days))
	}

	/// Pays a holder what is due of its units, and what it gets `back` out of the escrow.
	fn pay_units(
		position: PositionId,
		to: &T::AccountId,
		due: Accumulator,
		back: Balance,
	) -> DispatchResult {
		let Accumulator { reward, refund } = due;
		let escrow = plus(refund, back)?;
		Self::pay(to, Payment { pool: Some((Category::Generation, reward)), escrow })?;
		// What comes back is told by the event of whoever gives it.
		if !due.total().is_zero() {
			Self::deposit_event(Event::UnitsPaid { position, to: to.clone(), reward, refund });
		}
		Ok(())
	}

	/// What `units` cost for `days`.
	pub(crate) fn cost(price: Balance, units: u32, days: Day) -> Result<Balance, DispatchError> {
		price
			.checked_mul(units.into())
			.and_then(|daily| daily.checked_mul(days.into()))
			.ok_or_else(|| ArithmeticError::Overflow.into())
	}
}
