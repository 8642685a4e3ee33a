//! Energy that is used for good.

use crate::*;
use certificates::Numbered;

impl<T: Config> Pallet<T> {
	/// Retires certificates whose energy is in the sum `from` of their issuances. Where they come from has checked that
	/// they may be used. At most [`Config::MaxParts`] of them.
	pub(crate) fn retire_parts(
		who: T::AccountId,
		certificates: Vec<Numbered<T>>,
		from: Sum,
		details: DetailsOf<T>,
		as_carbon: Option<u128>,
	) -> DispatchResult {
		let retirement = NextRetirementId::<T>::get();
		NextRetirementId::<T>::put(retirement.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		let mut parts = BoundedVec::<Part, T::MaxParts>::new();
		let mut energy = 0u128;
		for (certificate, entry) in certificates {
			let Certificate { issuance, from: start, to, .. } = entry;
			energy = energy.saturating_add(entry.energy().into());
			Self::shift(issuance, from, Sum::Retired, entry.energy())?;
			Self::hand_over(certificate, entry, &who, State::Retired(retirement));
			Self::note(certificate, What::Retired(retirement), &who);
			parts
				.try_push(Part { certificate, issuance, from: start, to })
				.map_err(|_| Error::<T>::SpansTooMany)?;
		}
		Self::count(|totals| {
			totals.retired = totals.retired.checked_add(energy)?;
			totals.carbon = totals.carbon.checked_add(as_carbon.unwrap_or_default())?;
			Some(())
		})?;
		let entry = Retirement {
			retired_by: who.clone(),
			details,
			parts,
			energy,
			at: T::CurrentInterval::get(),
			as_carbon,
			edited: None,
		};
		Self::issue_token(retirement, &entry)?;
		RetirementsByOwner::<T>::insert(&who, retirement, ());
		Retirements::<T>::insert(retirement, entry);
		Self::deposit_event(Event::Retired { retirement, retired_by: who, energy, as_carbon });
		Ok(())
	}

	pub(crate) fn do_retire_as_carbon(
		who: T::AccountId,
		certificate: CertificateId,
		amount: Option<Energy>,
		details: DetailsOf<T>,
	) -> DispatchResult {
		Self::check_details(&details, false)?;
		let (part, entry, issuance) = Self::take_live(&who, certificate, amount)?;
		Self::ensure_irrevocable(&issuance)?;
		let factor = issuance.emission_factor.ok_or(Error::<T>::NoEmissionFactor)?;
		let carbon = factor.carbon(entry.energy());
		ensure!(!carbon.is_zero(), Error::<T>::NoCarbon);
		T::Assets::mint_into(T::Co2Id::get(), &who, carbon)?;
		Self::retire_parts(who, [(part, entry)].into(), Sum::Live, details, Some(carbon))
	}

	pub(crate) fn do_edit_retirement(
		who: T::AccountId,
		id: RetirementId,
		texts: Texts,
	) -> DispatchResult {
		let mut entry = Retirements::<T>::get(id).ok_or(Error::<T>::UnknownRetirement)?;
		ensure!(entry.retired_by == who, Error::<T>::NotRetirer);
		let now = T::CurrentInterval::get();
		ensure!(now < entry.at.saturating_add(T::EditWindow::get()), Error::<T>::EditWindowOver);
		let Texts { beneficiary, purpose, message } = texts;
		entry.details = Details { beneficiary, purpose, message, ..entry.details };
		Self::check_details(&entry.details, entry.as_carbon.is_none())?;
		entry.edited = Some(now);
		Self::write_texts(id, &entry.details)?;
		Retirements::<T>::insert(id, entry);
		Self::deposit_event(Event::RetirementEdited { retirement: id });
		Ok(())
	}

	/// Whether a retirement can be made with these details.
	pub(crate) fn check_details(details: &DetailsOf<T>, needs_beneficiary: bool) -> DispatchResult {
		let Details { beneficiary, purpose, message, period, entity: _ } = details;
		ensure!(!needs_beneficiary || !beneficiary.is_empty(), Error::<T>::NoBeneficiary);
		ensure!(period.is_none_or(|period| period.from <= period.to), Error::<T>::BadPeriod);
		Self::check_texts(&[beneficiary, purpose, message])
	}

	/// Texts are shown to people: UTF-8 without control characters.
	pub(crate) fn check_texts(texts: &[&[u8]]) -> DispatchResult {
		let readable = |text: &[u8]| {
			core::str::from_utf8(text).is_ok_and(|text| !text.chars().any(char::is_control))
		};
		ensure!(texts.iter().all(|text| readable(text)), Error::<T>::BadText);
		Ok(())
	}
}
