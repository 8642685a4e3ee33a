//! What is held, released and paid.

use crate::{
	arithmetic::{need, Fill},
	*,
};

impl<T: Config> Pallet<T> {
	/// What an order in the book holds.
	pub(crate) fn held(order: &OrderOf<T>) -> Balance {
		need(order.side, order.energy, order.price, order.fee)
			.defensive_proof("it was held when the order was placed, for no less energy; qed")
			.unwrap_or_default()
	}

	/// Holds what an order can owe. Fails when what is held could not be paid because it is locked: a hold may take what a
	/// lock keeps, a payment may not.
	pub(crate) fn hold(side: Side, who: &T::AccountId, amount: Balance) -> DispatchResult {
		match side {
			Side::Buy => {
				let reason = HoldReason::Buy.into();
				T::Currency::hold(&reason, who, amount)?;
				let payable = T::Currency::reducible_total_balance_on_hold(who, Fortitude::Polite);
				ensure!(
					payable >= T::Currency::balance_on_hold(&reason, who),
					Error::<T>::FundsLocked
				);
				Ok(())
			}
			Side::Sell => T::Assets::hold(T::KwhId::get(), &HoldReason::Sell.into(), who, amount),
		}
	}

	/// Releases what an order does not need any more.
	pub(crate) fn release(side: Side, who: &T::AccountId, amount: Balance) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		match side {
			Side::Buy => {
				T::Currency::release(&HoldReason::Buy.into(), who, amount, Precision::Exact)?
			}
			Side::Sell => T::Assets::release(
				T::KwhId::get(),
				&HoldReason::Sell.into(),
				who,
				amount,
				Precision::Exact,
			)?,
		};
		Ok(())
	}

	/// Releases what a closed order held. Somebody whose account cannot take it must not keep others from trading, nor the
	/// order in the book: it stays on hold then, and is written down.
	pub(crate) fn give_back(side: Side, owner: &T::AccountId, amount: Balance) {
		if with_storage_layer(|| Self::release(side, owner, amount)).is_ok() {
			return;
		}
		// Cannot saturate: it is held, and no more than all of a token is.
		Unreleased::<T>::mutate(owner, side, |sum| *sum = sum.saturating_add(amount));
		Self::deposit_event(Event::NotReleased { owner: owner.clone(), side, amount });
	}

	/// Whether an account can receive what it would be paid for the least that an order of `side` at `price` can trade.
	pub(crate) fn can_be_paid(side: Side, who: &T::AccountId, price: Price, rate: Permill) -> bool {
		let lot = T::LotSize::get();
		match side {
			Side::Buy => Self::can_take_kwh(who, lot.into()),
			Side::Sell => {
				let cost = cost(lot, price);
				Self::can_take_deca(who, cost.saturating_sub(fee(cost, rate)))
			}
		}
	}

	fn can_take_kwh(who: &T::AccountId, amount: Balance) -> bool {
		T::Assets::can_deposit(T::KwhId::get(), who, amount, Provenance::Extant)
			== DepositConsequence::Success
	}

	fn can_take_deca(who: &T::AccountId, amount: Balance) -> bool {
		T::Currency::can_deposit(who, amount, Provenance::Extant) == DepositConsequence::Success
	}

	/// Moves what a fill moves, all of it out of what both orders hold. What may fail for one of them comes first.
	pub(crate) fn pay(buyer: &T::AccountId, seller: &T::AccountId, fill: &Fill) -> DispatchResult {
		Self::pay_deca(buyer, seller, fill.proceeds())?;
		Self::pay_deca(buyer, &T::FeeDestination::get(), fill.fees())?;
		T::Assets::transfer_on_hold(
			T::KwhId::get(),
			&HoldReason::Sell.into(),
			seller,
			buyer,
			fill.energy.into(),
			Precision::Exact,
			Restriction::Free,
			Fortitude::Polite,
		)?;
		Ok(())
	}

	fn pay_deca(from: &T::AccountId, to: &T::AccountId, amount: Balance) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		T::Currency::transfer_on_hold(
			&HoldReason::Buy.into(),
			from,
			to,
			amount,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Polite,
		)?;
		Ok(())
	}

	/// Whether all that a fill needs of the taker and of the chain is there: if it failed all the same, it failed for the
	/// maker.
	pub(crate) fn could_settle(taker: &OrderOf<T>, fill: &Fill) -> bool {
		let who = &taker.owner;
		let taker_can = match taker.side {
			Side::Buy => {
				let payable = T::Currency::reducible_total_balance_on_hold(who, Fortitude::Polite);
				payable >= fill.paid() && Self::can_take_kwh(who, fill.energy.into())
			}
			Side::Sell => Self::can_take_deca(who, fill.proceeds()),
		};
		// Even nothing cannot be withdrawn of an asset that is frozen.
		let kwh_moves = T::Assets::can_withdraw(T::KwhId::get(), who, Zero::zero())
			== WithdrawConsequence::Success;
		taker_can && kwh_moves && Self::can_take_deca(&T::FeeDestination::get(), fill.fees())
	}
}
