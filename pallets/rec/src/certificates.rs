//! What happens to certificates, whoever asks for it: looked up, split, handed over, written down.

use crate::*;

/// A certificate with its number.
pub(crate) type Numbered<T> = (CertificateId, CertificateOf<T>);

impl<T: Config> Pallet<T> {
	/// A certificate that `who` may use now, and its issuance.
	pub(crate) fn usable(
		who: &T::AccountId,
		certificate: CertificateId,
	) -> Result<(CertificateOf<T>, IssuanceOf<T>), DispatchError> {
		let (entry, issuance) = Self::usable_of_anyone(certificate)?;
		ensure!(entry.owner == *who, Error::<T>::NotHolder);
		Ok((entry, issuance))
	}

	/// A certificate that its owner may use now, and its issuance.
	pub(crate) fn usable_of_anyone(
		certificate: CertificateId,
	) -> Result<(CertificateOf<T>, IssuanceOf<T>), DispatchError> {
		let entry = Certificates::<T>::get(certificate).ok_or(Error::<T>::UnknownCertificate)?;
		match entry.state {
			State::Live => {}
			State::Pledged(_) => return Err(Error::<T>::Pledged.into()),
			State::Liquidised(_) => return Err(Error::<T>::InPool.into()),
			State::Retired(_) | State::Converted(_) => {
				return Err(Error::<T>::AlreadyRetired.into())
			}
		}
		let issuance = Self::issuance_of(&entry)?;
		Self::ensure_valid(&issuance)?;
		Ok((entry, issuance))
	}

	/// The issuance that a certificate is a part of.
	pub(crate) fn issuance_of(
		certificate: &CertificateOf<T>,
	) -> Result<IssuanceOf<T>, DispatchError> {
		// Invariant 2: every certificate is of an issuance.
		Issuances::<T>::get(certificate.issuance).ok_or(DispatchError::Corruption)
	}

	/// Whether the live certificates of an issuance can be used now.
	pub(crate) fn ensure_valid(issuance: &IssuanceOf<T>) -> DispatchResult {
		ensure!(issuance.revocation.is_none(), Error::<T>::Revoked);
		ensure!(T::CurrentInterval::get() < issuance.expires, Error::<T>::Expired);
		Ok(())
	}

	/// Whether the DAO cannot revoke an issuance any more. What is fungible or stored is only made of such.
	pub(crate) fn ensure_irrevocable(issuance: &IssuanceOf<T>) -> DispatchResult {
		ensure!(T::CurrentInterval::get() >= issuance.revocable_until, Error::<T>::StillRevocable);
		Ok(())
	}

	/// Stores a new certificate under the next number.
	pub(crate) fn create(
		miner: MinerId,
		certificate: &CertificateOf<T>,
		origin: What<T::AccountId>,
		by: &T::AccountId,
	) -> Result<CertificateId, DispatchError> {
		let id = NextCertificateId::<T>::get();
		NextCertificateId::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Certificates::<T>::insert(id, certificate);
		CertificatesByOwner::<T>::insert(&certificate.owner, id, ());
		CertificatesByMiner::<T>::insert(miner, id, ());
		Self::note(id, origin, by);
		Ok(id)
	}

	/// Splits the upper `amount` mWh of a certificate off, and stores both. The part has owner and state of the whole.
	pub(crate) fn split_off(
		certificate: CertificateId,
		entry: &mut CertificateOf<T>,
		miner: MinerId,
		amount: Energy,
		by: &T::AccountId,
	) -> Result<Numbered<T>, DispatchError> {
		let part = entry.split_off(certificate, amount).ok_or(Error::<T>::MoreThanLeft)?;
		Certificates::<T>::insert(certificate, &*entry);
		let id = Self::create(miner, &part, What::SplitFrom(certificate), by)?;
		Self::note(certificate, What::SplitInto(id), by);
		Self::deposit_event(Event::Split { certificate, part: id, energy: amount });
		Ok((id, part))
	}

	/// The certificate if all of it is wanted, or the part of it that is. `who` may use it now.
	pub(crate) fn take_live(
		who: &T::AccountId,
		certificate: CertificateId,
		amount: Option<Energy>,
	) -> Result<(CertificateId, CertificateOf<T>, IssuanceOf<T>), DispatchError> {
		let (mut entry, issuance) = Self::usable(who, certificate)?;
		let amount = amount.unwrap_or(entry.energy());
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		if amount == entry.energy() {
			return Ok((certificate, entry, issuance));
		}
		let (id, part) = Self::split_off(certificate, &mut entry, issuance.miner, amount, who)?;
		Ok((id, part, issuance))
	}

	/// Gives a certificate another owner and another state. An offer ends.
	pub(crate) fn hand_over(
		certificate: CertificateId,
		mut entry: CertificateOf<T>,
		to: &T::AccountId,
		state: State,
	) {
		CertificatesByOwner::<T>::remove(&entry.owner, certificate);
		if !state.is_final() {
			CertificatesByOwner::<T>::insert(to, certificate, ());
		}
		(entry.owner, entry.state, entry.price) = (to.clone(), state, None);
		Certificates::<T>::insert(certificate, entry);
	}

	/// Moves energy of an issuance from one of its sums to another.
	pub(crate) fn shift(
		issuance: IssuanceId,
		from: Sum,
		to: Sum,
		energy: Energy,
	) -> DispatchResult {
		Issuances::<T>::try_mutate(issuance, |entry| {
			let entry = entry.as_mut().ok_or(DispatchError::Corruption)?;
			entry.sums.shift(from, to, energy)?;
			Ok(())
		})
	}

	/// Writes a step on a certificate's way.
	pub(crate) fn note(certificate: CertificateId, what: What<T::AccountId>, by: &T::AccountId) {
		let step = Step { what, at: T::CurrentInterval::get(), by: by.clone() };
		Trails::<T>::mutate(certificate, |trail| trail.push(step));
	}
}
