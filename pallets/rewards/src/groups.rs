//! Neighbours: the miners of a cell stand in groups of seven, and each vouches for the others of its group.
//!
//! A cell is numbered without gaps, and number `n` stands in group `n / 7`. So joining touches the last group, leaving two,
//! and a vote one, however many live there.

use super::*;

impl<T: Config> Pallet<T> {
	/// Puts a miner at the end of its cell.
	pub(crate) fn join_group(cell: &Cell, member: Neighbour) -> DispatchResult {
		let number = Cells::<T>::get(cell);
		Cells::<T>::insert(cell, number.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Groups::<T>::try_mutate(cell, number / GROUP, |group| {
			group.try_push(member).map_err(|_| Error::<T>::BooksDisagree)
		})?;
		Places::<T>::insert(member.0, Place { cell: cell.clone(), number });
		Ok(())
	}

	/// Takes a miner out of its cell, and puts the last of the cell in its place. Nothing if it stands in none.
	pub(crate) fn leave_group(miner: MinerId) -> DispatchResult {
		let Some(Place { cell, number }) = Places::<T>::take(miner) else { return Ok(()) };
		let last = Cells::<T>::get(&cell).checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		let mover = Groups::<T>::try_mutate_exists(&cell, last / GROUP, |entry| {
			let group = entry.as_mut().ok_or(Error::<T>::BooksDisagree)?;
			let mover = group.pop().ok_or(Error::<T>::BooksDisagree)?;
			if group.is_empty() {
				*entry = None;
			}
			Ok::<_, DispatchError>(mover)
		})?;
		if last.is_zero() {
			Cells::<T>::remove(&cell);
		} else {
			Cells::<T>::insert(&cell, last);
		}
		if number != last {
			Groups::<T>::try_mutate(&cell, number / GROUP, |group| {
				let place = (number % GROUP) as usize;
				*group.get_mut(place).ok_or(Error::<T>::BooksDisagree)? = mover;
				Ok::<_, DispatchError>(())
			})?;
			Places::<T>::insert(mover.0, Place { cell, number });
		}
		Ok(())
	}

	/// How many neighbours of `miner` measured a day like `report`.
	pub(crate) fn votes(miner: MinerId, report: &MeterReport) -> u32 {
		let Some(Place { cell, number }) = Places::<T>::get(miner) else { return 0 };
		let votes = Groups::<T>::get(cell, number / GROUP)
			.into_iter()
			.filter(|(neighbour, _)| *neighbour != miner)
			.filter_map(|(_, meter)| T::Reports::report(meter))
			.filter(|other| !other.quarantined && formula::is_like(report, other))
			.count();
		// Six at most.
		votes as u32
	}
}
