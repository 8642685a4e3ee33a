//! The days of a pool: what was recorded, what is set apart for it, and how it is shared.
//!
//! A day exists from its first record until its last one was collected. Whatever the number of miners, a collection touches
//! one day and one pool.

use super::*;

/// Days between a day and the first one on which it can be recorded: itself and one day of grace for late readings.
pub const RECORDED_AFTER: Day = 2;

/// Days between a day and the first one on which it is closed.
pub const CLOSED_AFTER: Day = 4;

/// What a collection took out of a day.
pub(crate) struct Collected {
	/// The share, still set apart: it has to be credited.
	pub share: Balance,
	/// How the rewards of plants are computed on the day.
	pub version: Option<PlantVersion>,
	/// What nobody gets of the day: it has to go back. Zero unless this was its last record.
	left: Balance,
}

impl Collected {
	/// What has to go back when `credited` of the share is.
	pub(crate) fn dust(&self, credited: Balance) -> Result<Balance, DispatchError> {
		plus(self.left, minus(self.share, credited)?)
	}
}

impl<T: Config> Pallet<T> {
	/// The day that runs.
	pub(crate) fn today() -> Day {
		T::CurrentInterval::get() / INTERVALS_PER_DAY
	}

	/// The days that can be recorded now, oldest first: the one before the last, and the one before that.
	pub(crate) fn recordable(today: Day) -> core::ops::Range<Day> {
		let end = (today + 1).saturating_sub(RECORDED_AFTER);
		end.saturating_sub(OPEN_DAYS)..end
	}

	/// Whether a day is closed: nothing can be recorded any more, and it can be collected.
	pub(crate) fn is_closed(day: Day, today: Day) -> bool {
		today.saturating_sub(day) >= CLOSED_AFTER
	}

	/// Adds a record to a day that is not closed.
	pub(crate) fn add_record(category: Category, day: Day, weight: RewardWeight) -> DispatchResult {
		DayBooks::<T>::try_mutate(category, day, |entry| {
			let book = entry.get_or_insert_with(DayBook::default);
			book.weight = book.weight.checked_add(weight).ok_or(ArithmeticError::Overflow)?;
			book.records = book.records.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			book.open = book.open.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok(())
		})
	}

	/// Collects a record of a closed day, which is reserved now if it was not. The record is to be forgotten after it.
	pub(crate) fn collect(
		category: Category,
		day: Day,
		weight: RewardWeight,
	) -> Result<Collected, DispatchError> {
		let mut book = DayBooks::<T>::get(category, day).ok_or(Error::<T>::BooksDisagree)?;
		let mut closed = match book.closed {
			Some(closed) => closed,
			None => Self::close(category, &book)?,
		};
		let share = formula::share(weight, closed.budget, book.weight);
		closed.left = minus(closed.left, share)?;
		book.open = book.open.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		let version = closed.version;
		if book.open.is_zero() {
			DayBooks::<T>::remove(category, day);
			return Ok(Collected { share, version, left: closed.left });
		}
		book.closed = Some(closed);
		DayBooks::<T>::insert(category, day, book);
		Ok(Collected { share, version, left: 0 })
	}

	/// Collects a record, and credits all of its share. Returns it.
	pub(crate) fn collect_and_credit(
		category: Category,
		day: Day,
		weight: RewardWeight,
	) -> Result<Balance, DispatchError> {
		let collected = Self::collect(category, day, weight)?;
		Self::credit(category, collected.share, collected.dust(collected.share)?)?;
		Ok(collected.share)
	}

	/// Sets the budget of a day apart.
	fn close(category: Category, book: &DayBook) -> Result<Closed, DispatchError> {
		let version = (category == Category::Plant).then(T::PlantVersion::get);
		let wanted = match (version, Emissions::<T>::get(category)) {
			// Nobody would get any of it.
			_ if book.weight.is_zero() => 0,
			// What plants earn does not depend on their energy: it is half of what their units do.
			(Some(PlantVersion::A), _) => 0,
			(Some(PlantVersion::B), _) => {
				let plants = book.records.min(T::PlantCap::get());
				T::PlantDaily::get().saturating_mul(plants.into())
			}
			(None, Some(Emission { daily, source: EmissionSource::Funds })) => daily,
			(None, Some(Emission { daily, source: EmissionSource::Mint })) => {
				Self::mint(category, daily)?;
				daily
			}
			(None, None) => 0,
		};
		let budget = Self::reserve(category, wanted)?;
		Ok(Closed { budget, left: budget, version })
	}
}
