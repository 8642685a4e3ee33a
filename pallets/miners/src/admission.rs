//! From an application to a miner and its meters, what becomes of their keys, and how a miner changes hands and ends.

use super::*;
use heliograph_primitives::{
	keys::{OracleSet, OracleSetId},
	miner::HardwareStatus,
	reading::possession_payload,
	units::MAX_NAMEPLATE,
};

impl<T: Config> Pallet<T> {
	/// What is held for a registration with `meters` meters, on top of `base`.
	pub(crate) fn deposit_for(
		base: BalanceOf<T>,
		meters: u32,
	) -> Result<BalanceOf<T>, DispatchError> {
		T::MeterDeposit::get()
			.checked_mul(&meters.into())
			.and_then(|deposit| deposit.checked_add(&base))
			.ok_or_else(|| ArithmeticError::Overflow.into())
	}

	pub(crate) fn ensure_profile(profile: &Profile) -> DispatchResult {
		const GEOHASH: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
		ensure!(!profile.capacity.is_zero(), Error::<T>::CapacityIsZero);
		let is_geohash =
			!profile.location.is_empty() && profile.location.iter().all(|c| GEOHASH.contains(c));
		ensure!(is_geohash, Error::<T>::BadLocation);
		// It is written on the token as text.
		let is_code = |c: &u8| c.is_ascii_alphanumeric() || b"-._".contains(c);
		ensure!(profile.grid_area.iter().all(is_code), Error::<T>::BadGridArea);
		Ok(())
	}

	/// The number that a counter stands at; the counter moves on. Numbers are never reused.
	pub(crate) fn next_id<Counter: frame_support::StorageValue<u32, Query = u32>>(
	) -> Result<u32, DispatchError> {
		let id = Counter::get();
		Counter::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Ok(id)
	}

	/// Checks the meters of an application, reserves their keys, holds the deposit and files it.
	pub(crate) fn file_application(
		owner: T::AccountId,
		target: Target,
		method: CollectionMethod,
		meters: BoundedVec<MeterApplication, T::MaxMeters>,
		base_deposit: BalanceOf<T>,
	) -> DispatchResult {
		let application = Self::next_id::<NextApplicationId<T>>()?;
		let mut proposed = BoundedVec::new();
		for MeterApplication { key, flow, nameplate, possession } in meters {
			ensure!((1..=MAX_NAMEPLATE).contains(&nameplate), Error::<T>::NameplateOutOfRange);
			Self::ensure_new_key(&owner, method, &key, &possession)?;
			Self::use_key(key, KeyUse::Application(application));
			// Cannot fail: the vector that is walked has the same bound.
			proposed
				.try_push(ProposedMeter { key, flow, nameplate })
				.map_err(|_| DispatchError::Corruption)?;
		}
		let deposit = Self::deposit_for(base_deposit, proposed.len() as u32)?;
		T::Currency::hold(&HoldReason::Registration.into(), &owner, deposit)?;
		Rejections::<T>::remove(&owner);
		Applications::<T>::insert(
			application,
			Application { owner: owner.clone(), target, meters: proposed, deposit },
		);
		Self::deposit_event(Event::Applied { application, owner, deposit });
		Ok(())
	}

	/// Checks that `key` may sign for a meter of a system that is read by `method`: a device's own and unused, with its
	/// proof of possession; or an existing set of oracles.
	pub(crate) fn ensure_new_key(
		owner: &T::AccountId,
		method: CollectionMethod,
		key: &MeterKey,
		possession: &MeterSignature,
	) -> DispatchResult {
		match key {
			MeterKey::Oracles(set) => {
				ensure!(method.needs_oracles(), Error::<T>::OraclesNotAllowed);
				ensure!(OracleSets::<T>::contains_key(set), Error::<T>::UnknownOracleSet);
			}
			_ => {
				ensure!(!method.needs_oracles(), Error::<T>::OraclesRequired);
				ensure!(key.is_well_formed(), Error::<T>::MalformedKey);
				ensure!(!KeyUses::<T>::contains_key(key), Error::<T>::KeyInUse);
				let payload = possession_payload(&Self::genesis_hash(), owner);
				ensure!(key.verify(possession, &payload), Error::<T>::BadPossessionProof);
			}
		}
		Ok(())
	}

	/// Records what a key is used for from now on. Of oracles, which sign for many meters, only the number is kept.
	pub(crate) fn use_key(key: MeterKey, key_use: KeyUse) {
		match key {
			MeterKey::Oracles(set) => OracleUses::<T>::mutate(set, |uses| uses.saturating_inc()),
			_ => KeyUses::<T>::insert(key, key_use),
		}
	}

	/// One meter less, registered or applied for, is signed for by these oracles.
	fn leave_oracles(set: OracleSetId) {
		OracleUses::<T>::mutate_exists(set, |uses| {
			*uses = uses.and_then(|uses| uses.checked_sub(1)).filter(|uses| *uses > 0);
		});
	}

	/// Frees the keys and the deposit of an application that is not admitted. Returns how many meters it had.
	pub(crate) fn close_application(
		application: ApplicationId,
		entry: &ApplicationOf<T>,
	) -> Result<u32, DispatchError> {
		for meter in &entry.meters {
			match meter.key {
				MeterKey::Oracles(set) => Self::leave_oracles(set),
				key => KeyUses::<T>::remove(key),
			}
		}
		T::Currency::release(
			&HoldReason::Registration.into(),
			&entry.owner,
			entry.deposit,
			Precision::Exact,
		)?;
		Applications::<T>::remove(application);
		Ok(entry.meters.len() as u32)
	}

	/// Makes what an application asked for, and says so. Returns how many meters were registered.
	pub(crate) fn admit(application: ApplicationId) -> Result<u32, DispatchError> {
		let Application { owner, target, meters: proposed, deposit } =
			Applications::<T>::take(application).ok_or(Error::<T>::UnknownApplication)?;
		let first_meter = NextMeterId::<T>::get();
		let meters = proposed.len() as u32;
		match target {
			Target::New { kind, profile } => {
				let id = Self::next_id::<NextMinerId<T>>()?;
				let mut miner = Miner {
					owner: owner.clone(),
					kind,
					profile,
					status: Status::Active,
					hardware: HardwareStatus::default(),
					pool: Default::default(),
					meters: Default::default(),
					operators: Default::default(),
					deposit,
				};
				Self::register_meters(id, &mut miner, proposed)?;
				Self::issue_token(id, &miner)?;
				MinersByOwner::<T>::insert(&owner, id, ());
				Miners::<T>::insert(id, miner);
				Self::deposit_event(Event::Admitted {
					application,
					miner: id,
					owner,
					first_meter,
					meters,
				});
			}
			Target::Existing(id) => {
				Self::mutate_miner(id, |miner| {
					// The proofs of possession name the applicant, and so does the hold.
					ensure!(miner.owner == owner, Error::<T>::OwnerChanged);
					miner.deposit =
						miner.deposit.checked_add(&deposit).ok_or(ArithmeticError::Overflow)?;
					Self::register_meters(id, miner, proposed)
				})?;
				Self::deposit_event(Event::MetersAdded {
					application,
					miner: id,
					first_meter,
					meters,
				});
			}
		}
		Ok(meters)
	}

	fn register_meters(
		id: MinerId,
		miner: &mut MinerOf<T>,
		proposed: BoundedVec<ProposedMeter, T::MaxMeters>,
	) -> DispatchResult {
		for ProposedMeter { key, flow, nameplate } in proposed {
			let meter = Self::next_id::<NextMeterId<T>>()?;
			miner.meters.try_push(meter).map_err(|_| Error::<T>::TooManyMeters)?;
			let info = MeterInfo { miner: id, key, flow, nameplate, node: None, retired: false };
			Meters::<T>::insert(meter, info);
			// A use of oracles was counted when the application was filed.
			if !matches!(key, MeterKey::Oracles(_)) {
				KeyUses::<T>::insert(key, KeyUse::Meter(meter));
			}
		}
		Ok(())
	}

	/// A meter in service, with its number's record.
	pub(crate) fn meter_in_service(meter: MeterId) -> Result<MeterInfo, DispatchError> {
		let info = Meters::<T>::get(meter).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(!info.retired, Error::<T>::MeterRetired);
		Ok(info)
	}

	/// Takes a meter out of service. Its key stays used.
	pub(crate) fn retire(meter: MeterId) -> DispatchResult {
		let info = Self::meter_in_service(meter)?;
		if let MeterKey::Oracles(set) = info.key {
			Self::leave_oracles(set);
		}
		Meters::<T>::insert(meter, MeterInfo { retired: true, ..info });
		Ok(())
	}

	/// Gives a meter in service another key. Its old key is never taken again.
	pub(crate) fn replace_key(
		meter: MeterId,
		info: MeterInfo,
		miner: &MinerOf<T>,
		new_key: MeterKey,
		possession: &MeterSignature,
	) -> DispatchResult {
		Self::ensure_new_key(&miner.owner, miner.profile.method, &new_key, possession)?;
		match info.key {
			MeterKey::Oracles(set) => Self::leave_oracles(set),
			old => KeyUses::<T>::insert(old, KeyUse::Former(meter)),
		}
		Self::use_key(new_key, KeyUse::Meter(meter));
		Meters::<T>::insert(meter, MeterInfo { key: new_key, ..info });
		Self::deposit_event(Event::MeterKeyRotated { meter, old_key: info.key, new_key });
		Ok(())
	}

	/// Checks that enough of these oracles can sign, and that none of them counts twice.
	pub(crate) fn ensure_oracles(oracles: &OracleSet) -> DispatchResult {
		let count = oracles.keys.len();
		ensure!(
			(1..=count).contains(&usize::from(oracles.threshold)),
			Error::<T>::ThresholdOutOfRange
		);
		// At most MAX_ORACLES of them, so comparing each with each is cheap.
		for (place, key) in oracles.keys.iter().enumerate() {
			let is_device_key = !matches!(key, MeterKey::Oracles(_)) && key.is_well_formed();
			ensure!(is_device_key, Error::<T>::MalformedKey);
			ensure!(!oracles.keys.iter().take(place).any(|k| k == key), Error::<T>::OracleTwice);
		}
		Ok(())
	}

	/// Changes a miner that was not revoked.
	pub(crate) fn mutate_miner<R>(
		miner: MinerId,
		change: impl FnOnce(&mut MinerOf<T>) -> Result<R, DispatchError>,
	) -> Result<R, DispatchError> {
		Miners::<T>::try_mutate(miner, |entry| {
			let entry = entry.as_mut().ok_or(Error::<T>::UnknownMiner)?;
			ensure!(entry.status != Status::Revoked, Error::<T>::MinerRevoked);
			change(entry)
		})
	}

	/// Takes a miner's token, operators, meters and deposit. Returns how many meters it had, and what was forfeited.
	pub(crate) fn end_miner(
		miner: MinerId,
		forfeit: bool,
	) -> Result<(u32, BalanceOf<T>), DispatchError> {
		Self::mutate_miner(miner, |entry| {
			let meters = core::mem::take(&mut entry.meters);
			for meter in &meters {
				Self::retire(*meter)?;
			}
			for operator in core::mem::take(&mut entry.operators) {
				Operators::<T>::remove(operator, miner);
			}
			let deposit = core::mem::take(&mut entry.deposit);
			let forfeited = if forfeit { deposit } else { Zero::zero() };
			let destination = T::SlashDestination::get();
			Self::move_deposit(&entry.owner, &destination, forfeited, Restriction::Free)?;
			T::Currency::release(
				&HoldReason::Registration.into(),
				&entry.owner,
				deposit.saturating_sub(forfeited),
				Precision::Exact,
			)?;
			entry.status = Status::Revoked;
			MinersByOwner::<T>::remove(&entry.owner, miner);
			T::Tokens::burn(miner)?;
			Ok((meters.len() as u32, forfeited))
		})
	}

	/// Gives a miner, its token and its deposit to another account. Returns who had it.
	pub(crate) fn hand_over(
		miner: MinerId,
		new_owner: &T::AccountId,
	) -> Result<T::AccountId, DispatchError> {
		Self::mutate_miner(miner, |entry| {
			ensure!(entry.owner != *new_owner, Error::<T>::SameOwner);
			Self::move_deposit(&entry.owner, new_owner, entry.deposit, Restriction::OnHold)?;
			T::Tokens::reissue(miner, new_owner)?;
			MinersByOwner::<T>::remove(&entry.owner, miner);
			MinersByOwner::<T>::insert(new_owner, miner, ());
			Ok(core::mem::replace(&mut entry.owner, new_owner.clone()))
		})
	}

	pub(crate) fn ensure_owner_or_operator(
		who: &T::AccountId,
		miner: MinerId,
		entry: &MinerOf<T>,
	) -> DispatchResult {
		let is_allowed = entry.owner == *who || Operators::<T>::contains_key(who, miner);
		ensure!(is_allowed, Error::<T>::NotOwnerOrOperator);
		Ok(())
	}

	/// Moves `amount` of what is held for registrations of `from` to `to`: held there for the same reason, or free.
	///
	/// By force: the owner may have frozen what is held, for instance for votes, and cannot shield a deposit by that.
	pub(crate) fn move_deposit(
		from: &T::AccountId,
		to: &T::AccountId,
		amount: BalanceOf<T>,
		restriction: Restriction,
	) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::transfer_on_hold(
				&HoldReason::Registration.into(),
				from,
				to,
				amount,
				Precision::Exact,
				restriction,
				Fortitude::Force,
			)?;
		}
		Ok(())
	}
}
