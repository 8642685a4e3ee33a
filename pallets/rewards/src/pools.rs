//! Where the money is: the pools, the escrow, and the one account that holds them all.
//!
//! Each function moves an amount between two columns of a book, and where it enters or leaves the account it moves that
//! too. Nothing else touches the books.

use super::*;

/// What a payment is taken from, in base units of DECA.
pub(crate) struct Payment {
	/// From the dues of a pool.
	pub pool: Option<(Category, Balance)>,
	/// From the dues of the escrow.
	pub escrow: Balance,
}

impl Payment {
	/// From the dues of one pool only.
	pub(crate) fn of_pool(category: Category, amount: Balance) -> Self {
		Self { pool: Some((category, amount)), escrow: 0 }
	}

	/// All of it.
	fn total(&self) -> Result<Balance, DispatchError> {
		let pool = self.pool.map(|(_, amount)| amount).unwrap_or_default();
		plus(pool, self.escrow)
	}
}

pub(crate) fn plus(a: Balance, b: Balance) -> Result<Balance, DispatchError> {
	a.checked_add(b).ok_or_else(|| ArithmeticError::Overflow.into())
}

pub(crate) fn minus(a: Balance, b: Balance) -> Result<Balance, DispatchError> {
	a.checked_sub(b).ok_or_else(|| ArithmeticError::Underflow.into())
}

impl<T: Config> Pallet<T> {
	/// The account that holds everything. No key controls it.
	pub fn account_id() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// The inbox of a pool: what is sent there is for [`Pallet::sweep`] to take in.
	pub fn inbox(category: Category) -> T::AccountId {
		T::PalletId::get().into_sub_account_truncating((b"in", category))
	}

	/// Gives the account what it needs to exist, unless it has it: it is in no pool. For the genesis only.
	pub(crate) fn open_account() {
		let account = Self::account_id();
		let missing = T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&account));
		if !missing.is_zero() {
			T::Currency::mint_into(&account, missing)
				.expect("rewards: the account cannot be given its existential deposit");
		}
	}

	/// Gives a pool its first funds and its emission. For the genesis only, which they may end.
	pub(crate) fn open_pool(category: Category, funds: Balance, emission: Option<Emission>) {
		assert!(
			category != Category::Plant || emission.is_none(),
			"rewards.pools: the pool of plants has no emission, its version says what it pays"
		);
		if !funds.is_zero() {
			T::Currency::mint_into(&Self::account_id(), funds)
				.expect("rewards.pools: the funds cannot be minted");
			Self::take_in(category, funds).expect("rewards.pools: the funds are too large");
		}
		Emissions::<T>::set(category, emission);
	}

	/// Books `amount` that came into the account as free funds of a pool.
	pub(crate) fn take_in(category: Category, amount: Balance) -> DispatchResult {
		Pools::<T>::try_mutate(category, |pool| {
			pool.funded = plus(pool.funded, amount)?;
			pool.funds = plus(pool.funds, amount)?;
			Ok(())
		})
	}

	/// Mints `amount` into the free funds of a pool. Nothing happens when the currency cannot take it.
	pub(crate) fn mint(category: Category, amount: Balance) -> DispatchResult {
		if amount.is_zero() || T::Currency::mint_into(&Self::account_id(), amount).is_err() {
			return Ok(());
		}
		Self::take_in(category, amount)?;
		Self::deposit_event(Event::Minted { category, amount });
		Ok(())
	}

	/// Sets up to `wanted` of the free funds of a pool apart. Returns how much it is.
	pub(crate) fn reserve(category: Category, wanted: Balance) -> Result<Balance, DispatchError> {
		Pools::<T>::try_mutate(category, |pool| {
			let amount = wanted.min(pool.funds);
			pool.funds = minus(pool.funds, amount)?;
			pool.reserved = plus(pool.reserved, amount)?;
			Ok(amount)
		})
	}

	/// Credits `credited` of what was set apart, and gives `dust` of it back to the funds.
	pub(crate) fn credit(category: Category, credited: Balance, dust: Balance) -> DispatchResult {
		Pools::<T>::try_mutate(category, |pool| {
			pool.reserved = minus(pool.reserved, plus(credited, dust)?)?;
			pool.due = plus(pool.due, credited)?;
			pool.funds = plus(pool.funds, dust)?;
			pool.dust = plus(pool.dust, dust)?;
			Ok(())
		})
	}

	/// Credits up to `wanted` straight from the free funds of a pool. Returns how much it is.
	pub(crate) fn credit_from_funds(
		category: Category,
		wanted: Balance,
	) -> Result<Balance, DispatchError> {
		Pools::<T>::try_mutate(category, |pool| {
			let amount = wanted.min(pool.funds);
			pool.funds = minus(pool.funds, amount)?;
			pool.due = plus(pool.due, amount)?;
			Ok(amount)
		})
	}

	/// Takes `amount` from a buyer into the escrow.
	pub(crate) fn take_into_escrow(from: &T::AccountId, amount: Balance) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::transfer(from, &Self::account_id(), amount, Preservation::Preserve)?;
		}
		EscrowSums::<T>::try_mutate(|book| {
			book.taken = plus(book.taken, amount)?;
			book.held = plus(book.held, amount)?;
			Ok(())
		})
	}

	/// Makes `amount` of the escrow due to somebody.
	pub(crate) fn release_escrow(amount: Balance) -> DispatchResult {
		EscrowSums::<T>::try_mutate(|book| {
			book.held = minus(book.held, amount)?;
			book.due = plus(book.due, amount)?;
			Ok(())
		})
	}

	/// Pays what is due. Returns how much that was; nothing at all is no payment.
	pub(crate) fn pay(to: &T::AccountId, payment: Payment) -> Result<Balance, DispatchError> {
		let total = payment.total()?;
		if let Some((category, amount)) = payment.pool {
			Pools::<T>::try_mutate(category, |pool| {
				pool.due = minus(pool.due, amount)?;
				pool.paid = plus(pool.paid, amount)?;
				Ok::<_, DispatchError>(())
			})?;
		}
		if !payment.escrow.is_zero() {
			EscrowSums::<T>::try_mutate(|book| {
				book.due = minus(book.due, payment.escrow)?;
				book.paid = plus(book.paid, payment.escrow)?;
				Ok::<_, DispatchError>(())
			})?;
		}
		if !total.is_zero() {
			// The account keeps its existential deposit, which is nobody's.
			T::Currency::transfer(&Self::account_id(), to, total, Preservation::Preserve)?;
		}
		Ok(total)
	}
}
