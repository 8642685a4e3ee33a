//! The rules that always hold.

use crate::*;
use alloc::collections::BTreeMap;
use frame_support::traits::fungible::InspectHold;

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. What is held of a bidder is what its lots can still cost: for each one that it leads or draws, energy times price
	///    less what was paid.
	/// 2. A meter is in one lot, which names it, and is booked for that lot, once.
	/// 3. A lot is listed for its seller and its bidder, and no other is.
	/// 4. Nobody leads or draws its own lot, and no bid is below the start price.
	/// 5. An auction was extended as often as it may be, at most.
	/// 6. A connection is not over: neither is all of the lot drawn nor all of its time settled. It begins before it ends.
	/// 7. No more was paid than what was drawn costs.
	/// 8. No number was handed out that the counter has not passed.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let mut held = BTreeMap::<T::AccountId, Balance>::new();
		let (mut meters, mut listed) = (0usize, 0usize);
		for (id, lot) in Lots::<T>::iter() {
			ensure!(id < NextLotId::<T>::get(), "8: a lot has a number from the future");
			Self::check_meter(id, lot.meter)?;
			Self::check_index(id, &lot.seller)?;
			meters = meters.saturating_add(1);
			listed = listed.saturating_add(1);
			if let Some(bid) = lot.bid() {
				let sum = held.entry(bid.bidder.clone()).or_default();
				*sum = sum.saturating_add(lot.held());
				Self::check_meter(id, bid.meter)?;
				Self::check_index(id, &bid.bidder)?;
				meters = meters.saturating_add(1);
				listed = listed.saturating_add(1);
				ensure!(bid.bidder != lot.seller, "4: somebody bids for its own lot");
				ensure!(bid.price >= lot.start_price, "4: a bid is below the start price");
			}
			match &lot.phase {
				Phase::Auction(auction) => ensure!(
					auction.extensions <= T::MaxExtensions::get(),
					"5: an auction was extended too often"
				),
				Phase::Connection(connection) => Self::check_connection(&lot, connection)?,
			}
		}
		for (who, needed) in held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bid.into(), &who) == needed,
				"1: what is held is not what lots can cost"
			);
		}
		ensure!(
			MeterLots::<T>::iter_keys().count() == meters,
			"2: a meter is in a lot that does not name it"
		);
		let indexed = LotsByAccount::<T>::iter_values().map(|lots| lots.len()).sum::<usize>();
		ensure!(indexed == listed, "3: a lot is listed for somebody who has no part in it");
		Ok(())
	}

	fn check_meter(id: LotId, meter: MeterId) -> DispatchResult {
		ensure!(
			MeterLots::<T>::get(meter) == Some(id),
			"2: a meter is not recorded for the lot that names it"
		);
		ensure!(
			T::Uses::booked(meter) == Some((MeterUse::Lot, 1)),
			"2: a meter of a lot is not booked for it"
		);
		Ok(())
	}

	fn check_index(id: LotId, who: &T::AccountId) -> DispatchResult {
		let times = LotsByAccount::<T>::get(who).into_iter().filter(|lot| *lot == id).count();
		ensure!(times == 1, "3: a lot is not listed for a side of it");
		Ok(())
	}

	fn check_connection(lot: &LotOf<T>, connection: &ConnectionOf<T>) -> DispatchResult {
		let Connection { winner, from, until, next, drawn, paid, .. } = connection;
		ensure!(drawn < &lot.energy, "6: a lot was drawn to its end, and has not ended");
		ensure!(from <= next && next < until, "6: a connection has no time, and has not ended");
		ensure!(
			*paid <= heliograph_primitives::trade::cost(*drawn, winner.price),
			"7: more was paid than was drawn"
		);
		Ok(())
	}
}
