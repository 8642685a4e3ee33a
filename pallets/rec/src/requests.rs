//! From matured energy to an issuance: requests, and what the DAO says to them.

use crate::*;
use heliograph_primitives::{
	claim::MeterEnergy,
	miner::{Flow, MinerInfo, MinerKind, Source},
};

/// The energy of a meter that a request is for: from where the last issuance ended to where it can be proven.
pub(crate) type Span = (Checkpoint, Checkpoint);

impl<T: Config> Pallet<T> {
	pub(crate) fn do_request(
		who: T::AccountId,
		miner: MinerId,
		meter: MeterId,
		documents: Documents,
	) -> DispatchResult {
		let info = Self::generating_miner(miner)?;
		ensure!(info.owner == who, Error::<T>::NotOwner);
		Self::check_documents(&documents)?;
		let span = Self::span(miner, meter, Flow::Generation)?;
		ensure!(!MeterRequest::<T>::contains_key(meter), Error::<T>::MeterBusy);
		Self::open(Self::next_request()?, who, miner, meter, span, None, documents, None)
	}

	/// Returns how many certificates it pledged.
	pub(crate) fn do_update(
		who: T::AccountId,
		id: RequestId,
		documents: Documents,
	) -> Result<u32, DispatchError> {
		let old = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(matches!(old.status, RequestStatus::Rejected(_)), Error::<T>::NotRejected);
		let info = Self::miner_of(&old)?;
		ensure!(info.owner == who, Error::<T>::NotOwner);
		Self::check_documents(&documents)?;
		Self::forget(id, &old);
		let originals = old.originals();
		let (miner, meter) = (old.miner, old.meter);
		let span = Self::span(miner, meter, Self::flow_of(&old))?;
		let replacement = Self::next_request()?;
		let charge = match old.charge {
			Some(charge) => {
				let charge =
					Self::charge(miner, charge.meter, charge.energy(), &span, charge.originals)?;
				Self::pledge(&who, replacement, &charge)?;
				Some(charge)
			}
			None => None,
		};
		Self::open(replacement, who, miner, meter, span, charge, documents, Some(id))?;
		Ok(originals)
	}

	/// Certifies one request, and returns how many certificates were converted for it. Run in a storage layer: what it did
	/// before it fails is to be undone.
	pub(crate) fn certify_one(id: RequestId) -> Result<u32, DispatchError> {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(request.status == RequestStatus::Pending, Error::<T>::NotPending);
		let info = Self::miner_of(&request)?;
		ensure!(info.owner == request.owner, Error::<T>::OwnerChanged);
		let flow = Self::flow_of(&request);
		let energy = Self::meter_energy(request.miner, request.meter, flow)?;
		ensure!(
			Self::certified_until(request.meter)?.position == request.from.position
				&& pointer(&energy) == request.from.position.into(),
			Error::<T>::EvidenceOutdated
		);
		let claim =
			T::Energy::claim(request.meter, ClaimKind::Certificate, request.to.position.into())?;
		// What is issued is what was claimed, and nothing else.
		ensure!(claim.energy() == request.energy().into(), Error::<T>::EvidenceOutdated);

		if !request.fee.is_zero() {
			// By force: who freezes what is held, to vote with it, pays all the same.
			T::Currency::transfer_on_hold(
				&HoldReason::Request.into(),
				&request.owner,
				&T::Treasury::get(),
				request.fee,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		Self::release(&request.owner, request.deposit)?;
		Self::forget(id, &request);

		let originals = request.originals();
		// The originals are used up before anything is made in their place.
		let issuance = Self::next_issuance()?;
		let (storage, limit) = match &request.charge {
			Some(charge) => {
				let (facts, expires) = Self::convert(&request, charge, id, issuance)?;
				(Some(facts), Some(expires))
			}
			None => (None, None),
		};
		Self::issue(issuance, id, request, info, storage, limit)?;
		Ok(originals)
	}

	/// Returns how many certificates it freed.
	pub(crate) fn do_reject(id: RequestId, reason: ReasonOf<T>) -> Result<u32, DispatchError> {
		let mut request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(request.status == RequestStatus::Pending, Error::<T>::NotPending);
		Self::give_back(id, &mut request)?;
		let miner = request.miner;
		let originals = request.originals();
		request.status = RequestStatus::Rejected(reason.clone());
		Requests::<T>::insert(id, request);
		Self::deposit_event(Event::Rejected { request: id, miner, reason });
		Ok(originals)
	}

	/// Returns how many certificates it freed, or were named.
	pub(crate) fn do_cancel(who: T::AccountId, id: RequestId) -> Result<u32, DispatchError> {
		let mut request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		// The owner of a revoked miner is not known here; it still gets back what is held.
		let owns = || T::Miners::miner(request.miner).is_some_and(|info| info.owner == who);
		ensure!(request.owner == who || owns(), Error::<T>::NotOwner);
		if request.status == RequestStatus::Pending {
			Self::give_back(id, &mut request)?;
		}
		Self::forget(id, &request);
		Self::deposit_event(Event::Cancelled { request: id, miner: request.miner });
		Ok(request.originals())
	}

	/// What a request for this meter of generation would be for now.
	pub(crate) fn certifiable_span(miner: MinerId, meter: MeterId) -> Result<Span, DispatchError> {
		Self::generating_miner(miner)?;
		Self::span(miner, meter, Flow::Generation)
	}

	/// The miner, if what it generates can be certified.
	fn generating_miner(miner: MinerId) -> Result<MinerInfo<T::AccountId>, DispatchError> {
		let info = T::Miners::miner(miner).ok_or(Error::<T>::UnknownMiner)?;
		match info.kind {
			MinerKind::Standard => {}
			MinerKind::Plant => return Err(Error::<T>::PlantCannotCertify.into()),
			MinerKind::Remote | MinerKind::Storage | MinerKind::Consumer => {
				return Err(Error::<T>::KindCannotCertify.into())
			}
		}
		ensure!(
			!matches!(info.profile.source, Source::Grid | Source::Battery),
			Error::<T>::SourceNotClean
		);
		ensure!(info.active, Error::<T>::MinerNotActive);
		Ok(info)
	}

	/// The miner, if what it stores can be certified.
	pub(crate) fn storing_miner(miner: MinerId) -> Result<MinerInfo<T::AccountId>, DispatchError> {
		let info = T::Miners::miner(miner).ok_or(Error::<T>::UnknownMiner)?;
		ensure!(info.kind == MinerKind::Storage, Error::<T>::NotStorage);
		ensure!(info.active, Error::<T>::MinerNotActive);
		Ok(info)
	}

	/// The miner of a request, if it still may be certified.
	fn miner_of(request: &RequestOf<T>) -> Result<MinerInfo<T::AccountId>, DispatchError> {
		match request.charge {
			Some(_) => Self::storing_miner(request.miner),
			None => Self::generating_miner(request.miner),
		}
	}

	/// What the meter of a request measures.
	fn flow_of(request: &RequestOf<T>) -> Flow {
		match request.charge {
			Some(_) => Flow::Discharge,
			None => Flow::Generation,
		}
	}

	/// What a meter of `miner` that measures `flow` has, if nothing of it is in doubt.
	pub(crate) fn meter_energy(
		miner: MinerId,
		meter: MeterId,
		flow: Flow,
	) -> Result<MeterEnergy, DispatchError> {
		let registered = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(registered.miner == miner, Error::<T>::MeterOfAnother);
		ensure!(
			registered.flow == flow,
			match flow {
				Flow::Discharge => Error::<T>::NotDischarge,
				Flow::Charge => Error::<T>::NotCharge,
				_ => Error::<T>::NotGeneration,
			}
		);
		let energy = T::Energy::energy(meter).ok_or(Error::<T>::NothingToCertify)?;
		ensure!(!energy.quarantined, Error::<T>::MeterQuarantined);
		Ok(energy)
	}

	/// Where the energy of a meter that was not certified yet begins.
	pub(crate) fn certified_until(meter: MeterId) -> Result<Checkpoint, DispatchError> {
		CertifiedUntil::<T>::get(meter)
			.or_else(|| T::Energy::origin(meter))
			.ok_or(Error::<T>::NothingToCertify.into())
	}

	/// The energy of a meter that can be certified now. Nobody says how much it is: it is what lies between the pointer
	/// and the newest checkpoint of which all energy has matured.
	pub(crate) fn span(miner: MinerId, meter: MeterId, flow: Flow) -> Result<Span, DispatchError> {
		let energy = Self::meter_energy(miner, meter, flow)?;
		let from = Self::certified_until(meter)?;
		ensure!(pointer(&energy) == from.position.into(), Error::<T>::EvidenceOutdated);
		let to = T::Energy::ripe(meter).ok_or(Error::<T>::NothingToCertify)?;
		ensure!(to.position > from.position, Error::<T>::NothingToCertify);
		Ok((from, to))
	}

	/// Takes the next number of a request.
	pub(crate) fn next_request() -> Result<RequestId, DispatchError> {
		let id = NextRequestId::<T>::get();
		NextRequestId::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Ok(id)
	}

	/// Takes the next number of an issuance.
	fn next_issuance() -> Result<IssuanceId, DispatchError> {
		let id = NextIssuanceId::<T>::get();
		NextIssuanceId::<T>::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Ok(id)
	}

	/// Stores a pending request, and holds what it costs.
	#[allow(clippy::too_many_arguments)]
	pub(crate) fn open(
		id: RequestId,
		owner: T::AccountId,
		miner: MinerId,
		meter: MeterId,
		(from, to): Span,
		charge: Option<Charge<T::MaxParts>>,
		documents: Documents,
		replaces: Option<RequestId>,
	) -> DispatchResult {
		let (deposit, fee) = (T::RequestDeposit::get(), T::CertificationFee::get());
		let cost = deposit.checked_add(fee).ok_or(ArithmeticError::Overflow)?;
		T::Currency::hold(&HoldReason::Request.into(), &owner, cost)?;
		MeterRequest::<T>::insert(meter, id);
		if let Some(charge) = &charge {
			MeterRequest::<T>::insert(charge.meter, id);
		}
		RequestsByMiner::<T>::insert(miner, id, ());
		let request = Request {
			miner,
			meter,
			owner: owner.clone(),
			deposit,
			fee,
			documents,
			from,
			to,
			charge,
			taken: T::CurrentInterval::get(),
			status: RequestStatus::Pending,
			replaces,
		};
		let energy = request.energy();
		Requests::<T>::insert(id, request);
		Self::deposit_event(Event::Requested {
			request: id,
			miner,
			meter,
			owner,
			energy,
			replaces,
		});
		Ok(())
	}

	/// Makes the issuance of a certified request, and its first certificate.
	fn issue(
		issuance: IssuanceId,
		id: RequestId,
		request: RequestOf<T>,
		info: MinerInfo<T::AccountId>,
		storage: Option<StorageFacts<T::MaxParts>>,
		limit: Option<Interval>,
	) -> DispatchResult {
		let energy = request.energy();
		let Request { miner, meter, owner, from, to, documents, .. } = request;
		let now = T::CurrentInterval::get();
		let expires = now.saturating_add(T::Validity::get());
		let emission_factor = match storage {
			// What went in was counted by the originals.
			Some(_) => None,
			None => EmissionFactors::<T>::get(&info.profile.grid_area),
		};
		let entry = Issuance {
			request: id,
			miner,
			meter,
			owner: owner.clone(),
			profile: info.profile,
			from,
			to,
			energy,
			// What was voided may have been recovered too, so the difference can be more than what is left.
			recovered: to.recovered.saturating_sub(from.recovered).min(energy),
			voided: to.voided.saturating_sub(from.voided),
			storage,
			emission_factor,
			documents,
			issued: now,
			revocable_until: now.saturating_add(T::RevocationWindow::get()),
			expires: limit.map_or(expires, |limit| limit.min(expires)),
			sums: Sums::new(energy),
			revocation: None,
		};
		Issuances::<T>::insert(issuance, entry);
		CertifiedUntil::<T>::insert(meter, to);
		Self::count(|totals| {
			totals.certified = totals.certified.checked_add(energy.into())?;
			Some(())
		})?;
		let certificate = Certificate {
			issuance,
			owner: owner.clone(),
			from: from.position,
			to: to.position,
			state: State::Live,
			price: None,
			parent: None,
		};
		let certificate = Self::create(miner, &certificate, What::Issued(issuance), &owner)?;
		Self::deposit_event(Event::Certified {
			request: id,
			issuance,
			certificate,
			miner,
			owner,
			energy,
		});
		Ok(())
	}

	/// Removes a request, and frees its meters.
	fn forget(id: RequestId, request: &RequestOf<T>) {
		MeterRequest::<T>::remove(request.meter);
		if let Some(charge) = &request.charge {
			MeterRequest::<T>::remove(charge.meter);
		}
		RequestsByMiner::<T>::remove(request.miner, id);
		Requests::<T>::remove(id);
	}

	/// Returns what is held for a pending request, and frees its pledged certificates.
	fn give_back(id: RequestId, request: &mut RequestOf<T>) -> DispatchResult {
		let held = request.deposit.checked_add(request.fee).ok_or(ArithmeticError::Overflow)?;
		Self::release(&request.owner, held)?;
		(request.deposit, request.fee) = (0, 0);
		if let Some(charge) = &request.charge {
			Self::free(&request.owner, id, charge)?;
		}
		Ok(())
	}

	fn release(owner: &T::AccountId, amount: Balance) -> DispatchResult {
		T::Currency::release(&HoldReason::Request.into(), owner, amount, Precision::Exact)?;
		Ok(())
	}

	pub(crate) fn check_documents(documents: &Documents) -> DispatchResult {
		Self::check_texts(&[&documents.evidence, &documents.url, &documents.memo])
	}
}

/// How far a meter's energy has become certificates, in mWh.
pub(crate) fn pointer(energy: &MeterEnergy) -> u128 {
	energy.claimed[ClaimKind::Certificate as usize]
}
