//! What a registry page shows.

use crate::*;

impl<T: Config> Pallet<T> {
	pub(crate) fn page_of_requests(
		rejected: Option<bool>,
		after: Option<RequestId>,
		limit: u32,
	) -> Vec<(RequestId, RequestOf<T>)> {
		let entries = match after {
			Some(id) => Requests::<T>::iter_from_key(id),
			None => Requests::<T>::iter(),
		};
		let wanted = |request: &RequestOf<T>| {
			rejected.is_none_or(|rejected| rejected == (request.status != RequestStatus::Pending))
		};
		entries
			.take(MAX_SCAN as usize)
			.filter(|(_, request)| wanted(request))
			.take(limit.min(MAX_PAGE) as usize)
			.collect()
	}

	/// The numbers of all certificates after the one with the number `after`, in the order of the storage.
	pub(crate) fn ids_of_all(after: Option<CertificateId>) -> impl Iterator<Item = CertificateId> {
		match after {
			Some(id) => Certificates::<T>::iter_keys_from_key(id),
			None => Certificates::<T>::iter_keys(),
		}
	}

	/// Those of an account that are not used for good.
	pub(crate) fn ids_of_owner(
		owner: T::AccountId,
		after: Option<CertificateId>,
	) -> impl Iterator<Item = CertificateId> {
		type Index<T> = CertificatesByOwner<T>;
		match after {
			Some(id) => {
				let start = Index::<T>::hashed_key_for(&owner, id);
				Index::<T>::iter_key_prefix_from(&owner, start)
			}
			None => Index::<T>::iter_key_prefix(&owner),
		}
	}

	/// Those of a miner's energy.
	pub(crate) fn ids_of_miner(
		miner: MinerId,
		after: Option<CertificateId>,
	) -> impl Iterator<Item = CertificateId> {
		type Index<T> = CertificatesByMiner<T>;
		match after {
			Some(id) => {
				let start = Index::<T>::hashed_key_for(miner, id);
				Index::<T>::iter_key_prefix_from(miner, start)
			}
			None => Index::<T>::iter_key_prefix(miner),
		}
	}

	pub(crate) fn page_of_retirements(
		owner: T::AccountId,
		after: Option<RetirementId>,
		limit: u32,
	) -> Vec<RetirementId> {
		type Index<T> = RetirementsByOwner<T>;
		let ids = match after {
			Some(id) => {
				let start = Index::<T>::hashed_key_for(&owner, id);
				Index::<T>::iter_key_prefix_from(&owner, start)
			}
			None => Index::<T>::iter_key_prefix(&owner),
		};
		ids.take(limit.min(MAX_PAGE) as usize).collect()
	}

	pub(crate) fn page_of_pool(limit: u32) -> Vec<Listed<T::AccountId>> {
		let Pool { head, tail, .. } = PoolState::<T>::get();
		(head..tail)
			.take(limit.min(MAX_PAGE) as usize)
			.filter_map(Queue::<T>::get)
			.filter_map(Self::listed)
			.collect()
	}

	/// Up to `limit` certificates with these numbers and this status; at least one is asked for. Looks at no more than [`MAX_SCAN`]: a page may be
	/// short, or empty, and not be the last.
	pub(crate) fn page(
		ids: impl Iterator<Item = CertificateId>,
		status: Option<Status>,
		limit: u32,
	) -> PageOf<T> {
		// A page of nothing would lead nowhere.
		let limit = limit.clamp(1, MAX_PAGE) as usize;
		let mut page = Page { certificates: Vec::new(), next: None };
		let mut ids = ids.take(MAX_SCAN as usize).peekable();
		let mut looked_at = 0u32;
		while let Some(id) = ids.next() {
			looked_at = looked_at.saturating_add(1);
			let wanted = |listed: &Listed<_>| status.is_none_or(|status| status == listed.status);
			page.certificates.extend(Self::listed(id).filter(wanted));
			let is_full = page.certificates.len() >= limit;
			if (is_full && ids.peek().is_some()) || looked_at >= MAX_SCAN {
				page.next = Some(id);
			}
			if is_full {
				break;
			}
		}
		page
	}

	pub(crate) fn listed(id: CertificateId) -> Option<Listed<T::AccountId>> {
		let certificate = Certificates::<T>::get(id)?;
		let issuance = Issuances::<T>::get(certificate.issuance)?;
		let status = match certificate.state {
			State::Liquidised(_) => Status::Liquidised,
			State::Retired(_) => Status::Retired,
			State::Converted(_) => Status::Converted,
			_ if issuance.revocation.is_some() => Status::Revoked,
			_ if T::CurrentInterval::get() >= issuance.expires => Status::Expired,
			State::Pledged(_) => Status::Pledged,
			State::Live => Status::Live,
		};
		let energy = certificate.energy();
		Some(Listed { id, certificate, status, energy })
	}

	pub(crate) fn history(id: CertificateId) -> Option<HistoryOf<T>> {
		let certificate = Self::listed(id)?;
		let issuance = Issuances::<T>::get(certificate.certificate.issuance)?;
		let mut ancestors = Vec::new();
		let mut next = certificate.certificate.parent;
		while let Some(parent) = next {
			if ancestors.len() >= MAX_PAGE as usize {
				break;
			}
			ancestors.push((parent, Trails::<T>::get(parent)));
			next = Certificates::<T>::get(parent).and_then(|entry| entry.parent);
		}
		let retirement = match certificate.certificate.state {
			State::Retired(retirement) => Retirements::<T>::get(retirement),
			_ => None,
		};
		Some(History { certificate, issuance, trail: Trails::<T>::get(id), ancestors, retirement })
	}
}
