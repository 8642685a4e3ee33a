//! The rules that always hold.

use crate::*;
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::traits::{
	fungible::InspectHold,
	fungibles::{roles::Inspect as _, Inspect as _},
};
use heliograph_primitives::claim::MeterEnergy;
use requests::pointer;

/// What the certificates of an issuance say.
#[derive(Default)]
struct Seen {
	/// Energy by state: live and pledged, used for good, in the pool.
	sums: Sums,
	/// Used for good by conversion.
	converted: u128,
	/// The ranges, with the numbers of the certificates.
	ranges: Vec<(Energy, Energy)>,
}

/// Whether ranges, in any order, cover `[from, to)` without a gap and without an overlap.
pub(crate) fn cover(mut ranges: Vec<(Energy, Energy)>, from: Energy, to: Energy) -> bool {
	ranges.sort_unstable();
	let mut at = from;
	for (start, end) in ranges {
		if start != at || end <= start {
			return false;
		}
		at = end;
	}
	at == to
}

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. The energy of an issuance is how far the pointer moved, and is live, retired, liquidised or revoked: the four sums
	///    make it up exactly. One that was revoked has nothing live and nothing in the pool; one that can be revoked has
	///    nothing in the pool.
	/// 2. The certificates of an issuance cover its range without gap or overlap, and each of its sums is what its
	///    certificates in that state have.
	/// 3. The issuances of a meter follow each other without gap or overlap from position 0 to where the meter's pointer of
	///    certificates stands: nothing is certified twice. The same holds of charges and the pointers of charge meters.
	/// 4. There is as much `REC` as energy in the pool, the queue holds exactly the certificates that say so, each in its
	///    place, and they are the pallet's account's.
	/// 5. There is as much `CO2` as was made by retirements, and nobody but this pallet's account can make either asset.
	/// 6. What is held of accounts is what their pending requests say; rejected requests hold nothing.
	/// 7. Every number is below the next one; a part has a higher number than what it was split off from.
	/// 8. Every retirement has a token that its author holds and cannot move, and there are no other tokens.
	/// 9. An account is listed with exactly the certificates that it has and that are not used for good; a miner with all.
	/// 10. The parts of a retirement are retired by it, and every retired certificate is a part of its retirement.
	/// 11. The totals are the sums over all issuances and retirements: what is retired in somebody's name, as carbon, or
	///     converted, is what is retired.
	/// 12. A meter is recorded for exactly the request that names it. A pending request begins where the pointer stands,
	///     and its originals, and no other certificates, are pledged for it.
	/// 13. Certificates of stored energy are no more than what went in; as much as went in was converted for them, and
	///     they expire no later than any of the originals.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let issuances = Issuances::<T>::iter().collect::<BTreeMap<_, _>>();
		let seen = Self::try_state_certificates(&issuances)?;
		let mut totals = Totals::default();
		for (id, issuance) in &issuances {
			let nothing = Seen::default();
			let seen = seen.get(id).unwrap_or(&nothing);
			Self::try_state_issuance(*id, issuance, seen)?;
			totals.certified = totals.certified.saturating_add(issuance.energy.into());
			totals.revoked = totals.revoked.saturating_add(issuance.sums.revoked.into());
			totals.retired = totals.retired.saturating_add(issuance.sums.retired.into());
			totals.converted = totals.converted.saturating_add(seen.converted);
		}
		Self::try_state_meters(&issuances)?;
		Self::try_state_pool(&issuances)?;
		let (retired, carbon) = Self::try_state_retirements()?;
		totals.carbon = carbon;
		ensure!(
			totals.retired == retired.saturating_add(totals.converted),
			"11: what is retired is neither in a retirement nor converted"
		);
		ensure!(totals == TotalEnergy::<T>::get(), "11: the totals are not the sums");
		Self::try_state_assets(carbon)?;
		Self::try_state_requests()
	}

	fn try_state_certificates(
		issuances: &BTreeMap<IssuanceId, IssuanceOf<T>>,
	) -> Result<BTreeMap<IssuanceId, Seen>, DispatchError> {
		let mut seen = BTreeMap::<IssuanceId, Seen>::new();
		let (mut all, mut owned) = (0usize, 0usize);
		for (id, entry) in Certificates::<T>::iter() {
			all = all.saturating_add(1);
			ensure!(id < NextCertificateId::<T>::get(), "7: a certificate is from the future");
			ensure!(
				entry.parent.is_none_or(|parent| parent < id),
				"7: a part is older than what it was split off from"
			);
			let issuance =
				issuances.get(&entry.issuance).ok_or("2: a certificate is of no issuance")?;
			ensure!(
				CertificatesByMiner::<T>::contains_key(issuance.miner, id),
				"9: a certificate is not listed with its miner"
			);
			let listed = CertificatesByOwner::<T>::contains_key(&entry.owner, id);
			ensure!(listed != entry.state.is_final(), "9: an owner's list is wrong");
			owned = owned.saturating_add(usize::from(listed));
			ensure!(
				entry.price.is_none() || entry.state == State::Live,
				"9: what cannot be used is for sale"
			);
			let steps = Trails::<T>::get(id).steps;
			ensure!(
				matches!(
					(steps.first().map(|step| &step.what), entry.parent),
					(Some(What::Issued(_)), None) | (Some(What::SplitFrom(_)), Some(_))
				),
				"9: the way of a certificate does not say where it comes from"
			);

			let issued = seen.entry(entry.issuance).or_default();
			issued.ranges.push((entry.from, entry.to));
			let energy = entry.energy();
			let sums = &mut issued.sums;
			let sum = match entry.state.sum() {
				Sum::Live if issuance.revocation.is_some() => &mut sums.revoked,
				Sum::Live | Sum::Revoked => &mut sums.live,
				Sum::Retired => &mut sums.retired,
				Sum::Liquidised => &mut sums.liquidised,
			};
			*sum = sum.saturating_add(energy);
			match entry.state {
				State::Retired(retirement) => {
					let part = Part {
						certificate: id,
						issuance: entry.issuance,
						from: entry.from,
						to: entry.to,
					};
					let retirement = Retirements::<T>::get(retirement)
						.ok_or("10: a certificate was retired by nothing")?;
					ensure!(
						retirement.parts.contains(&part) && retirement.retired_by == entry.owner,
						"10: a retired certificate is not part of its retirement"
					);
				}
				State::Converted(storage) => {
					issued.converted = issued.converted.saturating_add(energy.into());
					let storage = issuances
						.get(&storage)
						.and_then(|issuance| issuance.storage.as_ref())
						.ok_or("13: a certificate was converted into nothing")?;
					ensure!(
						storage.charge.originals.contains(&id),
						"13: a converted certificate is no original of its issuance"
					);
				}
				State::Pledged(request) => {
					let request = Requests::<T>::get(request)
						.filter(|request| request.status == RequestStatus::Pending)
						.ok_or("12: a certificate is pledged for nothing")?;
					ensure!(
						request.owner == entry.owner
							&& request
								.charge
								.as_ref()
								.is_some_and(|charge| charge.originals.contains(&id)),
						"12: a request does not name what is pledged for it"
					);
				}
				State::Liquidised(place) => {
					ensure!(
						Queue::<T>::get(place) == Some(id) && entry.owner == Self::account(),
						"4: a certificate of the pool is not in its place"
					);
				}
				State::Live => {}
			}
		}
		ensure!(
			CertificatesByOwner::<T>::iter_keys().count() == owned,
			"9: an account is listed with what it does not have"
		);
		ensure!(
			CertificatesByMiner::<T>::iter_keys().count() == all,
			"9: a miner is listed with what does not exist"
		);
		ensure!(Trails::<T>::iter_keys().count() == all, "9: there are ways of no certificate");
		Ok(seen)
	}

	fn try_state_issuance(
		id: IssuanceId,
		issuance: &IssuanceOf<T>,
		seen: &Seen,
	) -> Result<(), DispatchError> {
		let Issuance { from, to, energy, sums, .. } = issuance;
		ensure!(id < NextIssuanceId::<T>::get(), "7: an issuance is from the future");
		ensure!(issuance.request < NextRequestId::<T>::get(), "7: a request is from the future");
		ensure!(
			from.position.checked_add(*energy) == Some(to.position) && !energy.is_zero(),
			"1: the energy of an issuance is not how far the pointer moved"
		);
		ensure!(sums.total() == u128::from(*energy), "1: the sums do not make up the energy");
		ensure!(issuance.recovered <= *energy, "1: more was recovered than certified");
		let can_change = match issuance.revocation {
			Some(_) => sums.live.is_zero() && sums.liquidised.is_zero(),
			None => sums.revoked.is_zero(),
		};
		ensure!(can_change, "1: a revoked issuance has live energy, or another revoked one");
		ensure!(
			sums.liquidised.is_zero() || T::CurrentInterval::get() >= issuance.revocable_until,
			"1: what can be revoked is in the pool"
		);
		ensure!(seen.sums == *sums, "2: a sum is not what the certificates have");
		ensure!(
			cover(seen.ranges.clone(), from.position, to.position),
			"2: the certificates do not cover their issuance once"
		);
		let Some(StorageFacts { charge, .. }) = &issuance.storage else { return Ok(()) };
		ensure!(*energy <= charge.energy(), "13: more came out than went in");
		ensure!(issuance.emission_factor.is_none(), "13: stored energy has an emission factor");
		let mut converted = 0u128;
		for original in &charge.originals {
			let entry = Certificates::<T>::get(original).ok_or("13: an original does not exist")?;
			ensure!(entry.state == State::Converted(id), "13: an original was not converted");
			converted = converted.saturating_add(entry.energy().into());
			let of =
				Issuances::<T>::get(entry.issuance).ok_or("13: an original is of no issuance")?;
			ensure!(
				issuance.expires <= of.expires,
				"13: stored energy is valid for longer than what went in"
			);
			ensure!(of.storage.is_none(), "13: stored energy was stored again");
		}
		ensure!(converted == charge.energy().into(), "13: not as much was converted as went in");
		Ok(())
	}

	fn try_state_meters(
		issuances: &BTreeMap<IssuanceId, IssuanceOf<T>>,
	) -> Result<(), DispatchError> {
		let mut certified = BTreeMap::<MeterId, Vec<(Energy, Energy)>>::new();
		let mut charged = BTreeMap::<MeterId, Vec<(Energy, Energy)>>::new();
		for issuance in issuances.values() {
			let ranges = certified.entry(issuance.meter).or_default();
			ranges.push((issuance.from.position, issuance.to.position));
			if let Some(StorageFacts { charge, .. }) = &issuance.storage {
				charged.entry(charge.meter).or_default().push((charge.from, charge.to));
			}
		}
		ensure!(
			CertifiedUntil::<T>::iter_keys().count() == certified.len()
				&& Charged::<T>::iter_keys().count() == charged.len(),
			"3: a meter is recorded of which nothing was certified"
		);
		for (meter, ranges) in certified {
			let until = CertifiedUntil::<T>::get(meter)
				.ok_or("3: a meter of an issuance is not recorded")?
				.position;
			ensure!(cover(ranges, 0, until), "3: energy was certified twice, or passed over");
			ensure!(
				T::Energy::energy(meter).map(|energy| pointer(&energy)) == Some(until.into()),
				"3: the pointer of a meter is not where its issuances end"
			);
		}
		for (meter, ranges) in charged {
			let until = Charged::<T>::get(meter)
				.ok_or("3: a charge meter of an issuance is not recorded")?
				.position;
			ensure!(cover(ranges, 0, until), "3: a charge was used twice, or passed over");
			ensure!(
				T::Energy::energy(meter).map(|energy| pointer(&energy)) == Some(until.into()),
				"3: the pointer of a charge meter is not where its charges end"
			);
		}
		Ok(())
	}

	fn try_state_pool(
		issuances: &BTreeMap<IssuanceId, IssuanceOf<T>>,
	) -> Result<(), DispatchError> {
		let Pool { head, tail, energy } = PoolState::<T>::get();
		let length = tail.checked_sub(head).ok_or("4: the queue ends before it begins")?;
		ensure!(
			Queue::<T>::iter_keys().count() as u64 == length,
			"4: the queue is not as long as it says"
		);
		let mut queued = 0u128;
		for (place, id) in Queue::<T>::iter() {
			let entry =
				Certificates::<T>::get(id).ok_or("4: what does not exist is in the pool")?;
			ensure!(
				(head..tail).contains(&place) && entry.state == State::Liquidised(place),
				"4: a place of the queue holds something else"
			);
			queued = queued.saturating_add(entry.energy().into());
		}
		let liquidised = issuances
			.values()
			.map(|issuance| u128::from(issuance.sums.liquidised))
			.fold(0u128, |sum, energy| sum.saturating_add(energy));
		ensure!(queued == energy && liquidised == energy, "4: the pool does not have what it says");
		ensure!(
			T::Assets::total_issuance(T::RecId::get()) == energy,
			"4: there is not as much REC as energy in the pool"
		);
		Ok(())
	}

	/// Returns what was retired by retirements in mWh, and the carbon that was made in mg.
	fn try_state_retirements() -> Result<(u128, u128), DispatchError> {
		let collection = T::RetirementCollection::get();
		let (mut retired, mut carbon, mut count) = (0u128, 0u128, 0u32);
		for (id, entry) in Retirements::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(id < NextRetirementId::<T>::get(), "7: a retirement is from the future");
			let mut energy = 0u128;
			for part in &entry.parts {
				energy = energy.saturating_add(part.to.saturating_sub(part.from).into());
				let certificate = Certificates::<T>::get(part.certificate)
					.ok_or("10: what does not exist was retired")?;
				ensure!(
					certificate.state == State::Retired(id),
					"10: a part of a retirement is not retired by it"
				);
			}
			ensure!(
				energy == entry.energy && !energy.is_zero(),
				"10: the parts do not sum to what was retired"
			);
			retired = retired.saturating_add(energy);
			carbon = carbon.saturating_add(entry.as_carbon.unwrap_or_default());
			ensure!(
				T::Tokens::owner(collection, id).as_ref() == Some(&entry.retired_by)
					&& T::Tokens::is_bound(collection, id),
				"8: a retirement has no token that is bound to its author"
			);
			ensure!(
				RetirementsByOwner::<T>::contains_key(&entry.retired_by, id),
				"9: a retirement is not listed with its author"
			);
		}
		ensure!(
			T::Tokens::count(collection) == count
				&& NextRetirementId::<T>::get() == count
				&& RetirementsByOwner::<T>::iter_keys().count() == count as usize,
			"8: there are more tokens than retirements, or a retirement is gone"
		);
		Ok((retired, carbon))
	}

	fn try_state_assets(carbon: u128) -> Result<(), DispatchError> {
		let account = Some(Self::account());
		ensure!(
			T::Assets::total_issuance(T::Co2Id::get()) == carbon,
			"5: there is not as much CO2 as was made by retirements"
		);
		for asset in [T::RecId::get(), T::Co2Id::get()] {
			ensure!(T::Assets::owner(asset) == account, "5: another account owns an asset");
			ensure!(T::Assets::issuer(asset) == account, "5: another account can issue an asset");
			ensure!(T::Assets::admin(asset) == account, "5: another account can burn an asset");
		}
		Ok(())
	}

	fn try_state_requests() -> Result<(), DispatchError> {
		let at_pointer = |meter: MeterId, position: Energy| {
			let is_there = |energy: MeterEnergy| pointer(&energy) == position.into();
			T::Energy::energy(meter).is_some_and(is_there)
		};
		let mut held = BTreeMap::<T::AccountId, Balance>::new();
		let (mut requests, mut meters) = (0usize, BTreeSet::new());
		for (id, request) in Requests::<T>::iter() {
			requests = requests.saturating_add(1);
			ensure!(id < NextRequestId::<T>::get(), "7: a request is from the future");
			ensure!(
				RequestsByMiner::<T>::contains_key(request.miner, id),
				"9: a request is not listed with its miner"
			);
			let charge_meter = request.charge.as_ref().map(|charge| charge.meter);
			for meter in [Some(request.meter), charge_meter].into_iter().flatten() {
				ensure!(
					MeterRequest::<T>::get(meter) == Some(id) && meters.insert(meter),
					"12: a meter is not recorded for the one request that names it"
				);
			}
			let sum = held.entry(request.owner.clone()).or_default();
			*sum = sum.saturating_add(request.deposit).saturating_add(request.fee);
			if request.status != RequestStatus::Pending {
				ensure!(
					request.deposit.is_zero() && request.fee.is_zero(),
					"6: something is held for a rejected request"
				);
				continue;
			}
			ensure!(
				at_pointer(request.meter, request.from.position) && !request.energy().is_zero(),
				"12: a pending request does not begin where the pointer stands"
			);
			let Some(charge) = &request.charge else { continue };
			ensure!(
				at_pointer(charge.meter, charge.from),
				"12: the charge of a request does not begin where the pointer stands"
			);
			let mut pledged = 0u128;
			for original in &charge.originals {
				let entry =
					Certificates::<T>::get(original).ok_or("12: an original does not exist")?;
				ensure!(entry.state == State::Pledged(id), "12: an original is not pledged");
				pledged = pledged.saturating_add(entry.energy().into());
			}
			ensure!(pledged == charge.energy().into(), "12: not as much is pledged as went in");
		}
		ensure!(
			RequestsByMiner::<T>::iter_keys().count() == requests,
			"9: a request is listed that does not stand"
		);
		ensure!(
			MeterRequest::<T>::iter_keys().count() == meters.len(),
			"12: a meter is recorded for a request that does not name it"
		);
		for (owner, recorded) in held {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Request.into(), &owner) == recorded,
				"6: what is held differs from what requests say"
			);
		}
		Ok(())
	}
}
