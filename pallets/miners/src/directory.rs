//! What other pallets ask of this one.

use super::*;
use heliograph_primitives::{
	keys::{OracleSet, OracleSetId},
	miner::{MeterDirectory, MinerInfo, OwnerBonds},
};

impl<T: Config> MeterDirectory<T::AccountId> for Pallet<T> {
	fn meter(meter: MeterId) -> Option<MeterInfo> {
		let info = Meters::<T>::get(meter)?;
		// Only live miners have meters in service, so that one read is enough for a reading.
		let is_live = !info.retired || <Self as MeterDirectory<_>>::miner(info.miner).is_some();
		is_live.then_some(info)
	}

	fn miner(miner: MinerId) -> Option<MinerInfo<T::AccountId>> {
		let entry = Miners::<T>::get(miner)?;
		(entry.status != Status::Revoked).then_some(MinerInfo {
			owner: entry.owner,
			kind: entry.kind,
			active: entry.status == Status::Active,
			hardware: entry.hardware,
			profile: entry.profile,
		})
	}

	fn meters(miner: MinerId) -> Vec<MeterId> {
		Miners::<T>::get(miner).map(|entry| entry.meters.into_inner()).unwrap_or_default()
	}

	fn is_active(miner: MinerId) -> bool {
		Miners::<T>::get(miner).is_some_and(|entry| entry.status == Status::Active)
	}

	fn is_operator(account: &T::AccountId, miner: MinerId) -> bool {
		Operators::<T>::contains_key(account, miner)
	}

	fn is_any_operator(account: &T::AccountId) -> bool {
		Operators::<T>::iter_key_prefix(account).next().is_some()
	}

	fn oracle_set(set: OracleSetId) -> Option<OracleSet> {
		OracleSets::<T>::get(set)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(
		owner: &T::AccountId,
		operator: &T::AccountId,
		key: MeterKey,
		nameplate: heliograph_primitives::units::Watts,
	) -> MeterId {
		benchmarking::register::<T>(owner, operator, key, nameplate)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn set_oracles_for_benchmark(set: OracleSetId, oracles: OracleSet) {
		OracleSets::<T>::insert(set, oracles);
	}
}

impl<T: Config> OwnerBonds<T::AccountId, BalanceOf<T>> for Pallet<T> {
	/// Fails when there is no such miner, or when `beneficiary` has no account and the amount is too small to make one.
	/// The owner's account lives on: what is held is no part of the balance that keeps it alive.
	fn slash(
		miner: MinerId,
		amount: BalanceOf<T>,
		beneficiary: &T::AccountId,
	) -> Result<BalanceOf<T>, DispatchError> {
		Miners::<T>::try_mutate(miner, |entry| {
			let entry = entry.as_mut().ok_or(Error::<T>::UnknownMiner)?;
			let amount = amount.min(entry.deposit);
			if amount.is_zero() {
				return Ok(amount);
			}
			Self::move_deposit(&entry.owner, beneficiary, amount, Restriction::Free)?;
			entry.deposit = entry.deposit.saturating_sub(amount);
			Self::deposit_event(Event::DepositSlashed {
				miner,
				amount,
				beneficiary: beneficiary.clone(),
			});
			Ok(amount)
		})
	}
}

impl<T: Config> NodeAssignment for Pallet<T> {
	fn assign(meter: MeterId, node: Option<MinerId>) -> DispatchResult {
		let info = Self::meter_in_service(meter)?;
		if let Some(node) = node {
			ensure!(info.flow == Flow::Export, Error::<T>::NotAnExportMeter);
			let entry = Miners::<T>::get(node).ok_or(Error::<T>::UnknownMiner)?;
			ensure!(entry.kind == MinerKind::Storage, Error::<T>::NotAStorageNode);
			ensure!(entry.status == Status::Active, Error::<T>::NodeNotActive);
		}
		Meters::<T>::insert(meter, MeterInfo { node, ..info });
		Self::deposit_event(Event::NodeAssigned { meter, node });
		Ok(())
	}
}
