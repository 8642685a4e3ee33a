//! The pool: certificates that were made equal, first in, first out.
//!
//! A queue of certificates by place. What is in it was valid and could not be revoked any more when it came, so each mWh
//! of it is as good as any other, and one base unit of `REC` stands for one of them. Work is bounded: a call takes at most
//! [`Config::MaxParts`] certificates out, and splits at most one.

use crate::*;
use certificates::Numbered;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_liquidise(
		who: T::AccountId,
		certificates: BoundedVec<CertificateId, T::MaxBatch>,
	) -> DispatchResult {
		ensure!(!certificates.is_empty(), Error::<T>::AmountIsZero);
		let account = Self::account();
		let mut pool = PoolState::<T>::get();
		let mut energy = 0u128;
		let count = certificates.len() as u32;
		for certificate in certificates {
			// A certificate that is named twice is in the pool when its second turn comes.
			let (entry, issuance) = Self::usable(&who, certificate)?;
			Self::ensure_irrevocable(&issuance)?;
			energy = energy.saturating_add(entry.energy().into());
			Self::shift(entry.issuance, Sum::Live, Sum::Liquidised, entry.energy())?;
			let place = pool.tail;
			pool.tail = place.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Queue::<T>::insert(place, certificate);
			Self::hand_over(certificate, entry, &account, State::Liquidised(place));
			Self::note(certificate, What::Liquidised, &who);
		}
		pool.energy = pool.energy.checked_add(energy).ok_or(ArithmeticError::Overflow)?;
		PoolState::<T>::put(pool);
		T::Assets::mint_into(T::RecId::get(), &who, energy)?;
		Self::deposit_event(Event::Liquidised { who, certificates: count, energy });
		Ok(())
	}

	/// Returns how many certificates were retired.
	pub(crate) fn do_retire_fungible(
		who: T::AccountId,
		amount: Balance,
		details: DetailsOf<T>,
	) -> Result<u32, DispatchError> {
		Self::check_details(&details, true)?;
		let parts = Self::take_from_pool(&who, amount)?;
		let count = parts.len() as u32;
		Self::retire_parts(who, parts, Sum::Liquidised, details, None)?;
		Ok(count)
	}

	/// Returns how many certificates were taken out.
	pub(crate) fn do_solidify(who: T::AccountId, amount: Balance) -> Result<u32, DispatchError> {
		let parts = Self::take_from_pool(&who, amount)?;
		let fee = T::SolidifyFee::get();
		if !fee.is_zero() {
			T::Currency::transfer(&who, &T::Treasury::get(), fee, Preservation::Preserve)?;
		}
		let now = T::CurrentInterval::get();
		let mut certificates = Vec::with_capacity(parts.len());
		for (certificate, entry) in parts {
			let issuance = Self::issuance_of(&entry)?;
			ensure!(now < issuance.expires, Error::<T>::HeadExpired);
			Self::shift(entry.issuance, Sum::Liquidised, Sum::Live, entry.energy())?;
			Self::hand_over(certificate, entry, &who, State::Live);
			Self::note(certificate, What::Solidified, &who);
			certificates.push(certificate);
		}
		let count = certificates.len() as u32;
		Self::deposit_event(Event::Solidified { who, certificates, energy: amount, fee });
		Ok(count)
	}

	/// Burns `amount` of `REC` of `who`, and takes as many mWh out of the pool, oldest first. Of the last certificate the
	/// upper part is taken, and the rest keeps its place. What is returned has no place in the queue any more, but still
	/// says so: the caller gives it another state.
	fn take_from_pool(
		who: &T::AccountId,
		amount: Balance,
	) -> Result<Vec<Numbered<T>>, DispatchError> {
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		T::Assets::burn_from(
			T::RecId::get(),
			who,
			amount,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Polite,
		)?;
		let mut pool = PoolState::<T>::get();
		// Cannot fail: invariant 4, there is as much in the pool as there is `REC`.
		pool.energy = pool.energy.checked_sub(amount).ok_or(DispatchError::Corruption)?;
		let mut taken = Vec::new();
		let mut left = amount;
		while !left.is_zero() {
			ensure!((taken.len() as u32) < T::MaxParts::get(), Error::<T>::SpansTooMany);
			let id = Queue::<T>::get(pool.head).ok_or(DispatchError::Corruption)?;
			let mut entry = Certificates::<T>::get(id).ok_or(DispatchError::Corruption)?;
			let energy = Balance::from(entry.energy());
			if energy <= left {
				Queue::<T>::remove(pool.head);
				pool.head = pool.head.checked_add(1).ok_or(ArithmeticError::Overflow)?;
				taken.push((id, entry));
				left = left.saturating_sub(energy);
			} else {
				// Less than the certificate's energy, which is 64 bits.
				let part = Energy::try_from(left).map_err(|_| DispatchError::Corruption)?;
				let miner = Self::issuance_of(&entry)?.miner;
				taken.push(Self::split_off(id, &mut entry, miner, part, who)?);
				left = 0;
			}
		}
		PoolState::<T>::put(pool);
		Ok(taken)
	}
}
