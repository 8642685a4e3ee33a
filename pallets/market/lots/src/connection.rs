//! From the bid that won to the last watt-hour: what was drawn is paid, the rest goes back.

use super::*;
use frame_support::dispatch::PostDispatchInfo;

/// What came of a draw.
pub(crate) struct Drawing {
	/// What the winner paid, in base units of DECA.
	pub paid: Balance,
	/// Whether the lot has ended.
	pub ended: bool,
	/// Whether nobody had bid: then it has ended, and there was nothing to settle.
	pub unsold: bool,
}

impl Drawing {
	/// What the call weighed, and whether it costs something: not if it moved money or ended the lot.
	pub fn info<T: Config>(&self) -> PostDispatchInfo {
		let did_something = self.ended || !self.paid.is_zero();
		PostDispatchInfo {
			actual_weight: self.unsold.then(T::WeightInfo::close_auction),
			pays_fee: if did_something { Pays::No } else { Pays::Yes },
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Who is paid for a lot, and may close it: who owns its miner now, or who listed it if the miner was revoked.
	pub(crate) fn payee(lot: &LotOf<T>) -> T::AccountId {
		T::Miners::miner(lot.miner).map_or_else(|| lot.seller.clone(), |miner| miner.owner)
	}

	/// Whether an account may close a lot as its winner: it bid, or it owns the miner of the winner's meter now.
	fn is_winner(who: &T::AccountId, winner: &Bid<T::AccountId>) -> bool {
		*who == winner.bidder
			|| T::Miners::meter(winner.meter)
				.and_then(|meter| T::Miners::miner(meter.miner))
				.is_some_and(|miner| miner.owner == *who)
	}

	/// What a draw would settle now.
	pub(crate) fn settlement(lot: &LotOf<T>, connection: &ConnectionOf<T>) -> Settlement {
		let span = Span {
			next: connection.next,
			until: connection.until,
			left: lot.energy.saturating_sub(connection.drawn),
			now: T::CurrentInterval::get(),
			grace: T::Grace::get(),
		};
		let seller = T::Reports::report(lot.meter);
		let winner = T::Reports::report(connection.winner.meter);
		span.settle(seller.as_ref(), winner.as_ref())
	}

	/// Settles what can be settled of a lot, pays for it, and ends the lot if nothing more can come.
	pub(crate) fn draw_lot(id: LotId) -> Result<Drawing, DispatchError> {
		let Some((lot, mut connection)) = Self::connected(id)? else {
			return Ok(Drawing { paid: 0, ended: true, unsold: true });
		};
		let Settlement { next, intervals, measured, energy } = Self::settlement(&lot, &connection);
		ensure!(!intervals.is_zero(), Error::<T>::NothingToDraw);
		connection.next = next;
		// At most what was left.
		connection.drawn = connection.drawn.saturating_add(energy);
		let (amount, fee) = Self::pay_seller(id, &lot, &mut connection);
		Self::deposit_event(Event::Drawn {
			lot: id,
			next,
			intervals,
			measured,
			energy,
			amount,
			fee,
		});
		let ended = connection.drawn >= lot.energy || connection.next >= connection.until;
		if ended {
			Self::end_connection(id, lot, connection)?;
		} else {
			Lots::<T>::insert(id, Lot { phase: Phase::Connection(connection), ..lot });
		}
		Ok(Drawing { paid: amount, ended, unsold: false })
	}

	pub(crate) fn close(who: T::AccountId, id: LotId) -> DispatchResult {
		let Some((lot, mut connection)) = Self::connected(id)? else { return Ok(()) };
		let side = if who == Self::payee(&lot) {
			Side::Seller
		} else if Self::is_winner(&who, &connection.winner) {
			Side::Winner
		} else {
			fail!(Error::<T>::NotASide)
		};
		// The interval that runs counts to its end: nobody draws for most of it and closes before it is measured.
		let until = T::CurrentInterval::get().saturating_add(1);
		ensure!(until < connection.until, Error::<T>::AlreadyClosing);
		(connection.until, connection.closed) = (until, Some(side));
		Lots::<T>::insert(id, Lot { phase: Phase::Connection(connection), ..lot });
		Self::deposit_event(Event::ConnectionClosed { lot: id, side, until });
		Ok(())
	}

	/// Pays what is due out of what is held of the winner. Returns how much of it, and the part of that which was the fee.
	///
	/// An account that is gone cannot take less than the existential deposit. Then nothing is paid, the sum stays due, and
	/// the next draw tries again with what was added.
	fn pay_seller(
		id: LotId,
		lot: &LotOf<T>,
		connection: &mut ConnectionOf<T>,
	) -> (Balance, Balance) {
		let due = connection.due();
		if due.is_zero() {
			return (0, 0);
		}
		let (from, to) = (&connection.winner.bidder, Self::payee(lot));
		// On all that was ever paid, less what was taken before: the same, rounded up once, in however many draws.
		let after = connection.paid.saturating_add(due);
		let rate = lot.fee;
		let fee = fee(after, rate).saturating_sub(fee(connection.paid, rate)).min(due);
		let paid = with_storage_layer(|| {
			let destination = T::FeeDestination::get();
			// What the destination cannot take is left to the seller.
			let taken =
				with_storage_layer(|| Self::move_held(from, &destination, fee)).map_or(0, |()| fee);
			Self::move_held(from, &to, due.saturating_sub(taken))?;
			Ok::<_, DispatchError>(taken)
		});
		match paid {
			Ok(taken) => {
				connection.paid = after;
				(due, taken)
			}
			Err(error) => {
				Self::deposit_event(Event::PaymentDeferred { lot: id, due, error });
				(0, 0)
			}
		}
	}

	/// Gives the winner back what was not drawn. What is still due then goes to the seller as one sum without a fee, or, if
	/// its account cannot take even that, where fees go.
	fn end_connection(id: LotId, lot: LotOf<T>, connection: ConnectionOf<T>) -> DispatchResult {
		let winner = &connection.winner;
		let due = connection.due();
		let returned = lot.cost(winner.price).saturating_sub(connection.paid).saturating_sub(due);
		Self::hand_over(id, &winner.bidder, &Self::payee(&lot), due)?;
		Self::hand_over(id, &winner.bidder, &winner.bidder, returned)?;
		let reason = match connection.closed {
			_ if connection.drawn >= lot.energy => EndReason::Drawn,
			Some(side) => EndReason::Closed(side),
			None => EndReason::Expired,
		};
		let (drawn, paid) = (connection.drawn, connection.paid.saturating_add(due));
		Self::remove(id, &Lot { phase: Phase::Connection(connection), ..lot });
		Self::deposit_event(Event::Ended { lot: id, reason, drawn, paid, returned });
		Ok(())
	}

	/// Gives `to` what is held of `from`, for good. What its account cannot take, because it is gone and the sum is below the
	/// existential deposit, goes where fees go: it must not stand in anybody's way.
	pub(crate) fn hand_over(
		id: LotId,
		from: &T::AccountId,
		to: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		let consequence = T::Currency::can_deposit(to, amount, Provenance::Extant);
		if consequence != DepositConsequence::Success {
			Self::move_held(from, &T::FeeDestination::get(), amount)?;
			Self::deposit_event(Event::Diverted { lot: id, who: to.clone(), amount });
		} else if from == to {
			T::Currency::release(&HoldReason::Bid.into(), from, amount, Precision::Exact)?;
		} else {
			Self::move_held(from, to, amount)?;
		}
		Ok(())
	}

	/// Pays out of what is held.
	fn move_held(from: &T::AccountId, to: &T::AccountId, amount: Balance) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::transfer_on_hold(
				&HoldReason::Bid.into(),
				from,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		Ok(())
	}
}
