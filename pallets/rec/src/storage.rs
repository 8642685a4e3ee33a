//! Stored energy: certificates over what came out of a battery, in place of those over what went in.
//!
//! Charge and discharge are linked first in, first out: each has a pointer of its own that only moves forward, so a mWh of
//! either stands behind one issuance at most. How much charge is behind a discharge depends on what is still in the
//! battery, which no meter shows; the owner says it, between what came out and what the charge meter can prove, and gives
//! up certificates for all of it. The issuance states the efficiency that follows, and the one that the meters measured
//! over their whole life.

use crate::*;
use certificates::Numbered;
use heliograph_primitives::miner::Flow;
use requests::{pointer, Span};
use sp_runtime::Permill;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_request_storage(
		who: T::AccountId,
		miner: MinerId,
		(discharge_meter, charge_meter): (MeterId, MeterId),
		charged: Energy,
		originals: BoundedVec<CertificateId, T::MaxParts>,
		documents: Documents,
	) -> DispatchResult {
		let info = Self::storing_miner(miner)?;
		ensure!(info.owner == who, Error::<T>::NotOwner);
		Self::check_documents(&documents)?;
		let span = Self::span(miner, discharge_meter, Flow::Discharge)?;
		let charge = Self::charge(miner, charge_meter, charged, &span, originals)?;
		for meter in [discharge_meter, charge_meter] {
			ensure!(!MeterRequest::<T>::contains_key(meter), Error::<T>::MeterBusy);
		}
		let id = Self::next_request()?;
		Self::pledge(&who, id, &charge)?;
		Self::open(id, who, miner, discharge_meter, span, Some(charge), documents, None)
	}

	/// The next `charged` mWh of a charge meter, as what went in for the discharge of `span`.
	///
	/// It must begin before the discharge ends. That it began before the discharge *began* is not asked: meters that were
	/// built in at different moments could then never be certified.
	pub(crate) fn charge(
		miner: MinerId,
		meter: MeterId,
		charged: Energy,
		(discharge_from, discharge_to): &Span,
		originals: BoundedVec<CertificateId, T::MaxParts>,
	) -> Result<Charge<T::MaxParts>, DispatchError> {
		let energy = Self::meter_energy(miner, meter, Flow::Charge)?;
		let origin = T::Energy::origin(meter).ok_or(Error::<T>::ChargeNotProven)?;
		let ChargedUntil { position: from, interval: since } = Charged::<T>::get(meter)
			.unwrap_or(ChargedUntil { position: 0, interval: origin.interval });
		ensure!(pointer(&energy) == from.into(), Error::<T>::EvidenceOutdated);
		let until = T::Energy::ripe(meter).ok_or(Error::<T>::ChargeNotProven)?;
		let to = from.checked_add(charged).ok_or(Error::<T>::ChargeNotProven)?;
		ensure!(to <= until.position, Error::<T>::ChargeNotProven);
		let discharged = discharge_to.position.saturating_sub(discharge_from.position);
		ensure!(charged >= discharged, Error::<T>::ChargeBelowDischarge);
		ensure!(since <= discharge_to.interval, Error::<T>::ChargeAfterDischarge);
		Ok(Charge { meter, from, to, since, until, originals })
	}

	/// Binds the originals of a charge to a request.
	pub(crate) fn pledge(
		who: &T::AccountId,
		request: RequestId,
		charge: &Charge<T::MaxParts>,
	) -> DispatchResult {
		let mut sum = 0u128;
		for original in &charge.originals {
			// A certificate that is named twice is pledged when its second turn comes.
			let (entry, issuance) = Self::usable(who, *original)?;
			ensure!(issuance.storage.is_none(), Error::<T>::OriginalIsStored);
			Self::ensure_irrevocable(&issuance)?;
			sum = sum.saturating_add(entry.energy().into());
			Self::hand_over(*original, entry, who, State::Pledged(request));
			Self::note(*original, What::Pledged(request), who);
		}
		ensure!(sum == charge.energy().into(), Error::<T>::OriginalsDiffer);
		Ok(())
	}

	/// Lets the originals of a request that was not certified be used again.
	pub(crate) fn free(
		owner: &T::AccountId,
		request: RequestId,
		charge: &Charge<T::MaxParts>,
	) -> DispatchResult {
		for (id, entry) in Self::pledged(request, charge)? {
			Self::hand_over(id, entry, owner, State::Live);
			Self::note(id, What::Freed(request), owner);
		}
		Ok(())
	}

	/// Retires the originals of a request for good, claims the charge, and returns what is to be said of it and the
	/// interval in which the first of the originals expires.
	pub(crate) fn convert(
		request: &RequestOf<T>,
		charge: &Charge<T::MaxParts>,
		id: RequestId,
		issuance: IssuanceId,
	) -> Result<(StorageFacts<T::MaxParts>, Interval), DispatchError> {
		let energy = Self::meter_energy(request.miner, charge.meter, Flow::Charge)?;
		ensure!(pointer(&energy) == charge.from.into(), Error::<T>::EvidenceOutdated);
		let claim = T::Energy::claim(charge.meter, ClaimKind::Certificate, charge.to.into())?;
		ensure!(claim.energy() == charge.energy().into(), Error::<T>::EvidenceOutdated);
		let interval = charge.until.interval;
		Charged::<T>::insert(charge.meter, ChargedUntil { position: charge.to, interval });

		let (mut converted, mut expires) = (0u128, Interval::MAX);
		for (original, entry) in Self::pledged(id, charge)? {
			let of = Self::issuance_of(&entry)?;
			Self::ensure_valid(&of)?;
			expires = expires.min(of.expires);
			let energy = entry.energy();
			converted = converted.saturating_add(energy.into());
			Self::shift(entry.issuance, Sum::Live, Sum::Retired, energy)?;
			Self::hand_over(original, entry, &request.owner, State::Converted(issuance));
			Self::note(original, What::Converted(issuance), &request.owner);
		}
		ensure!(converted == charge.energy().into(), Error::<T>::OriginalsDiffer);
		Self::count(|totals| {
			totals.retired = totals.retired.checked_add(converted)?;
			totals.converted = totals.converted.checked_add(converted)?;
			Some(())
		})?;
		let facts = StorageFacts {
			charge: charge.clone(),
			efficiency: efficiency(request.energy(), charge.energy()),
			measured: efficiency(request.to.position, charge.until.position),
		};
		Ok((facts, expires))
	}

	/// The certificates that are pledged for a request.
	fn pledged(
		request: RequestId,
		charge: &Charge<T::MaxParts>,
	) -> Result<Vec<Numbered<T>>, DispatchError> {
		charge
			.originals
			.iter()
			.map(|original| {
				// Invariant 12: what a pending request names is pledged for it.
				Certificates::<T>::get(original)
					.filter(|entry| entry.state == State::Pledged(request))
					.map(|entry| (*original, entry))
					.ok_or(DispatchError::Corruption)
			})
			.collect()
	}
}

/// What came out over what went in, at most 1. Rounds down, against the claimer. 1 when nothing did either.
pub(crate) fn efficiency(discharged: Energy, charged: Energy) -> Permill {
	const ONE: u128 = 1_000_000;
	let parts = u128::from(discharged).saturating_mul(ONE).checked_div(charged.into());
	// At most a million, which is 32 bits.
	Permill::from_parts(parts.unwrap_or(ONE).min(ONE) as u32)
}
