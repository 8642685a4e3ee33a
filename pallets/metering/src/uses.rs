//! What meters are used for in trade: a register that keeps each of them to one purpose at a time.
//!
//! It only counts. Who may book a meter, and how its energy is shared among the bookings of one purpose, is the matter of
//! the pallets that trade. A booking has nothing to do with readings: they are judged and counted as ever, and a meter that
//! is retired, or whose miner is revoked, stays booked until what it was booked for is settled by what it measured.

use crate::{Config, Error, Pallet, Uses};
use frame_support::ensure;
use heliograph_primitives::{
	miner::MeterId,
	trade::{MeterUse, MeterUses},
};
use sp_runtime::{ArithmeticError, DispatchResult};

impl<T: Config> MeterUses for Pallet<T> {
	fn book(meter: MeterId, purpose: MeterUse) -> DispatchResult {
		Uses::<T>::try_mutate(meter, |entry| {
			let (booked, count) = entry.unwrap_or((purpose, 0));
			ensure!(booked == purpose, Error::<T>::MeterBooked);
			*entry = Some((purpose, count.checked_add(1).ok_or(ArithmeticError::Overflow)?));
			Ok(())
		})
	}

	fn free(meter: MeterId, purpose: MeterUse) -> DispatchResult {
		Uses::<T>::try_mutate_exists(meter, |entry| {
			let (_, count) =
				entry.filter(|(booked, _)| *booked == purpose).ok_or(Error::<T>::NotBooked)?;
			let left = count.saturating_sub(1);
			*entry = (left > 0).then_some((purpose, left));
			Ok(())
		})
	}

	fn booked(meter: MeterId) -> Option<(MeterUse, u32)> {
		Self::use_of(meter)
	}
}
