//! Plants: how their days are rolled, recorded and settled, for all their units at once.
//!
//! A plant knows how many units it feeds, and what one of them was ever credited. Buyers come and go at *boundaries*, the
//! ends of days; a settled boundary keeps what one unit was credited through that day. So a day of a plant costs the same
//! whether 10 or 1,000,000 units are fed on it.

use super::*;
use enrolment::{Sight, Votes};

/// The most days of a listing that are rolled in one call.
pub const MAX_ROLLED: u32 = 8;

/// How far a listing moved.
#[derive(Clone, Copy, Default)]
pub(crate) struct Moved {
	/// Days that were rolled.
	pub rolled: u32,
	/// Days that were settled.
	pub settled: u32,
}

impl Moved {
	/// Whether it moved at all.
	pub(crate) fn any(&self) -> bool {
		self.rolled > 0 || self.settled > 0
	}

	pub(crate) fn add(&mut self, other: Self) {
		self.rolled.saturating_accrue(other.rolled);
		self.settled.saturating_accrue(other.settled);
	}
}

impl<T: Config> Pallet<T> {
	/// Who is paid for a plant: its owner, or, if it was revoked, whoever owned it when it was last seen.
	pub(crate) fn plant_owner(plant: &ListingOf<T>) -> T::AccountId {
		T::Miners::miner(plant.miner).map_or_else(|| plant.owner.clone(), |info| info.owner)
	}

	/// A listing of the account `who`.
	pub(crate) fn owned_listing(
		who: &T::AccountId,
		listing: ListingId,
	) -> Result<ListingOf<T>, DispatchError> {
		let plant = Listings::<T>::get(listing).ok_or(Error::<T>::UnknownListing)?;
		ensure!(Self::plant_owner(&plant) == *who, Error::<T>::NotOwner);
		Ok(plant)
	}

	/// Lists a plant from tomorrow on.
	pub(crate) fn list(
		owner: T::AccountId,
		miner: MinerId,
		meter: MeterId,
		price: Balance,
	) -> DispatchResult {
		let (info, of_meter) = Self::owned_meter(&owner, miner, meter)?;
		ensure!(info.kind == MinerKind::Plant, Error::<T>::NotPlant);
		ensure!(of_meter.flow == Flow::Generation, Error::<T>::WrongFlow);
		let capacity = info.profile.capacity;
		let range = T::MinPlant::get()..=T::MaxPlant::get();
		ensure!(range.contains(&capacity), Error::<T>::CapacityOutOfRange);
		ensure!(!ListedMiners::<T>::contains_key(miner), Error::<T>::AlreadyListed);
		let max_units = formula::max_units(capacity, T::UnitShare::get().deconstruct());
		let today = Self::today();
		let listed = today.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let listing = NextListingId::<T>::get();
		NextListingId::<T>::put(listing.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Self::join_group(&info.profile.location, (miner, meter))?;
		ListedMiners::<T>::insert(miner, listing);
		let plant = Listing {
			miner,
			meter,
			owner,
			price,
			capacity,
			max_units,
			listed,
			last: None,
			selling: true,
			sold: 0,
			active: 0,
			positions: 0,
			rolled: today,
			settled: today,
			silent: 0,
			pending: Default::default(),
			accumulator: Default::default(),
			escrow: 0,
			earned: 0,
			own: 0,
		};
		Listings::<T>::insert(listing, plant);
		Self::deposit_event(Event::Listed { listing, miner, price, max_units, first: listed });
		Ok(())
	}

	/// Settles the days of a listing that are closed, and rolls those that are over. Run in a storage layer.
	pub(crate) fn advance(listing: ListingId) -> Result<Moved, DispatchError> {
		let today = Self::today();
		let mut moved = Moved::default();
		let Some(mut plant) = Listings::<T>::get(listing) else { return Ok(moved) };
		while let Some(day) = plant.pending.first().copied() {
			if !Self::is_closed(day.day, today) {
				break;
			}
			plant.pending.remove(0);
			Self::settle(listing, &mut plant, &day)?;
			moved.settled.saturating_inc();
		}
		let mut eyes = None;
		while moved.rolled < MAX_ROLLED && Self::can_roll(&plant, today) {
			let (sight, votes) = eyes
				.get_or_insert_with(|| (Self::sight(plant.miner, plant.meter), Votes::default()));
			let day = Self::roll(listing, &mut plant, sight, votes, today)?;
			moved.rolled.saturating_inc();
			if Self::is_closed(day.day, today) {
				Self::settle(listing, &mut plant, &day)?;
				moved.settled.saturating_inc();
			} else {
				plant.pending.try_push(day).map_err(|_| Error::<T>::BooksDisagree)?;
			}
		}
		if moved.any() {
			plant.owner = Self::plant_owner(&plant);
			Self::put_listing(listing, plant);
		}
		Ok(moved)
	}

	/// Whether the next day of a listing is one of its days, and can be recorded or could have been.
	fn can_roll(plant: &ListingOf<T>, today: Day) -> bool {
		plant.last.is_none_or(|last| plant.rolled < last)
			&& plant.rolled.saturating_add(1) < Self::recordable(today).end
	}

	/// Decides on the next day of a listing: who is fed, whether it is silent, and what it weighs if it is in time.
	fn roll(
		listing: ListingId,
		plant: &mut ListingOf<T>,
		sight: &Sight<T::AccountId>,
		votes: &mut Votes,
		today: Day,
	) -> Result<PlantDay, DispatchError> {
		let day = plant.rolled.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		let minimum = formula::minimum(plant.capacity, T::MinDailyMinutes::get());
		let measured = sight
			.in_standing()
			.ok()
			.and_then(|(info, _, report)| Some((info, report, report.day(day)?)))
			.filter(|(_, _, of_day)| of_day.intervals > 0 && u128::from(of_day.energy) >= minimum);
		let mut rolled = PlantDay {
			day,
			active: plant.active,
			silent: measured.is_none(),
			weight: 0,
			energy: None,
		};
		if let Some((info, report, of_day)) = measured {
			if Self::recordable(today).contains(&day) {
				let week = formula::week(report, day);
				let plausible = Self::ensure_plausible(
					Category::Plant,
					info.profile.source,
					plant.capacity,
					&week,
				);
				if T::Lottery::get().is_some() {
					Self::fix_seed(day, today)?;
				}
				if plausible.is_ok() {
					let votes = votes.of::<T>(plant.miner, report);
					rolled.weight = Self::weight_of_units(plant, &week, day, votes)?;
					if !rolled.weight.is_zero() {
						Self::add_record(Category::Generation, day, rolled.weight)?;
					}
					rolled.energy = Some(of_day.energy);
					Self::add_record(Category::Plant, day, of_day.energy.into())?;
				}
			}
		}
		// The end of the day: who comes and goes is known, for both was bought for a later day.
		let boundary = Boundaries::<T>::get(listing, day).unwrap_or_default();
		plant.active = plant
			.active
			.checked_add(boundary.joining)
			.and_then(|active| active.checked_sub(boundary.leaving))
			.ok_or(Error::<T>::BooksDisagree)?;
		plant.sold = plant.sold.checked_sub(boundary.leaving).ok_or(Error::<T>::BooksDisagree)?;
		plant.rolled = day;
		plant.silent = if rolled.silent { plant.silent.saturating_add(1) } else { 0 };
		if plant.silent >= T::SilentDays::get().max(1) && plant.last.is_none_or(|last| day < last) {
			plant.last = Some(day);
			plant.selling = false;
			Self::deposit_event(Event::Delisted { listing, last: day, silent: true });
		}
		Self::leave_when_rolled_out(plant)?;
		Ok(rolled)
	}

	/// What the units of a plant weigh together on `day`.
	pub(crate) fn weight_of_units(
		plant: &ListingOf<T>,
		week: &[DayEnergy],
		day: Day,
		votes: u32,
	) -> Result<RewardWeight, DispatchError> {
		let (energy, reported) = formula::unit_sums(week, day, plant.listed, plant.capacity);
		let term = formula::norm(energy, T::NormThreshold::get());
		let of_unit = formula::weight(formula::REMOTE, term, reported, formula::trust(votes));
		of_unit.checked_mul(plant.active.into()).ok_or_else(|| ArithmeticError::Overflow.into())
	}

	/// Frees the plant to be listed again when the last day of its listing was rolled.
	pub(crate) fn leave_when_rolled_out(plant: &ListingOf<T>) -> DispatchResult {
		if plant.last == Some(plant.rolled) {
			ListedMiners::<T>::remove(plant.miner);
			Self::leave_group(plant.miner)?;
		}
		Ok(())
	}

	/// Credits a day that is closed: its units, the owner, and the plant itself.
	fn settle(listing: ListingId, plant: &mut ListingOf<T>, day: &PlantDay) -> DispatchResult {
		let active = Balance::from(day.active);
		let mut per_unit = 0;
		let mut credited = 0;
		if !day.weight.is_zero() {
			let collected = Self::collect(Category::Generation, day.day, day.weight)?;
			per_unit = collected.share.checked_div(active).unwrap_or_default();
			// At most the share.
			credited = per_unit.saturating_mul(active);
			Self::credit(Category::Generation, credited, collected.dust(credited)?)?;
		}
		plant.accumulator.reward = plus(plant.accumulator.reward, per_unit)?;

		// Holders paid for the day; a silent one they get back, and any other the owner has earned.
		let price = plant.price.checked_mul(active).ok_or(ArithmeticError::Overflow)?;
		plant.escrow = minus(plant.escrow, price)?;
		Self::release_escrow(price)?;
		if day.silent {
			plant.accumulator.refund = plus(plant.accumulator.refund, plant.price)?;
		} else {
			plant.earned = plus(plant.earned, price)?;
		}

		if let Some(energy) = day.energy {
			let collected = Self::collect(Category::Plant, day.day, energy.into())?;
			let own = if collected.version == Some(PlantVersion::A) {
				Self::credit(Category::Plant, 0, collected.dust(0)?)?;
				Self::credit_from_funds(Category::Plant, credited / 2)?
			} else {
				Self::credit(Category::Plant, collected.share, collected.dust(collected.share)?)?;
				collected.share
			};
			plant.own = plus(plant.own, own)?;
		}

		plant.settled = day.day;
		Boundaries::<T>::mutate_exists(listing, day.day, |entry| {
			if let Some(boundary) = entry {
				boundary.accumulator = Some(plant.accumulator);
			}
		});
		Ok(())
	}

	/// Stores a listing, or forgets it when it is over and owes nothing to anybody.
	pub(crate) fn put_listing(listing: ListingId, plant: ListingOf<T>) {
		let is_done = plant.is_over()
			&& plant.positions.is_zero()
			&& plant.earned.is_zero()
			&& plant.own.is_zero();
		if is_done {
			Listings::<T>::remove(listing);
		} else {
			Listings::<T>::insert(listing, plant);
		}
	}
}
