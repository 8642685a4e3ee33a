//! The rules that always hold.

use super::*;
use alloc::collections::{BTreeMap, BTreeSet};
use heliograph_primitives::keys::OracleSetId;

/// What the records add up to, to be compared with what is held and counted.
struct Sums<T: Config> {
	deposits: BTreeMap<T::AccountId, BalanceOf<T>>,
	/// Keys of devices, in use or used.
	keys: usize,
	oracle_uses: BTreeMap<OracleSetId, u32>,
}

impl<T: Config> Sums<T> {
	fn add_deposit(&mut self, owner: T::AccountId, deposit: BalanceOf<T>) {
		let sum = self.deposits.entry(owner).or_default();
		*sum = sum.saturating_add(deposit);
	}

	/// Counts one use of a key; in service or not, a device's key stays used, while oracles are left.
	fn add_key(&mut self, key: MeterKey, in_service: bool) {
		match key {
			MeterKey::Oracles(set) if in_service => {
				self.oracle_uses.entry(set).or_default().saturating_inc()
			}
			MeterKey::Oracles(_) => {}
			_ => self.keys.saturating_inc(),
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. `MinersByOwner` lists exactly the miners that are not revoked, under their owners.
	/// 2. A meter in service is listed once, by the miner that it names, which is not revoked; a retired meter is listed by
	///    none. A meter's node is a storage node.
	/// 3. A device's key is used once: by one meter, now or formerly, or by one open application; and none is recorded
	///    without such a use.
	/// 4. The deposits held equal the deposits recorded.
	/// 5. The operators that a miner lists are those that `Operators` names for it.
	/// 6. No number was handed out that the counters have not passed.
	/// 7. Every miner that is not revoked has its soul-bound token, held by its owner, who can neither move nor burn it;
	///    there is no other token.
	/// 8. The uses of a set of oracles are its meters in service and applied for; every set in use exists; and oracles sign
	///    for meters that are read from an interface, and for no others.
	/// 9. A revoked miner has no meters in service, no operators and no deposit.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let mut sums =
			Sums::<T> { deposits: BTreeMap::new(), keys: 0, oracle_uses: BTreeMap::new() };
		Self::check_miners(&mut sums)?;
		Self::check_meters(&mut sums)?;
		Self::check_applications(&mut sums)?;
		Self::check_keys(&sums)?;
		for (owner, recorded) in sums.deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Registration.into(), &owner) == recorded,
				"4: deposits held differ from deposits recorded"
			);
		}
		for (set, uses) in &sums.oracle_uses {
			ensure!(OracleUses::<T>::get(set) == *uses, "8: a set's count of uses is wrong");
			ensure!(OracleSets::<T>::contains_key(set), "8: a set in use does not exist");
		}
		ensure!(
			OracleUses::<T>::iter_keys().count() == sums.oracle_uses.len(),
			"8: uses are counted of a set that nothing uses"
		);
		Ok(())
	}

	fn check_miners(sums: &mut Sums<T>) -> DispatchResult {
		let mut live = 0u32;
		let mut in_service = 0usize;
		let mut operators = 0usize;
		for (id, miner) in Miners::<T>::iter() {
			ensure!(id < NextMinerId::<T>::get(), "6: a miner has a number from the future");
			let is_listed = MinersByOwner::<T>::contains_key(&miner.owner, id);
			if miner.status == Status::Revoked {
				ensure!(!is_listed, "1: a revoked miner is listed");
				ensure!(
					miner.meters.is_empty()
						&& miner.operators.is_empty()
						&& miner.deposit.is_zero(),
					"9: a revoked miner has kept something"
				);
				continue;
			}
			live.saturating_inc();
			ensure!(is_listed, "1: a miner is not listed under its owner");
			ensure!(
				T::Tokens::owner(id).as_ref() == Some(&miner.owner),
				"7: a miner's token is not held by its owner"
			);
			ensure!(T::Tokens::is_bound(id), "7: a miner's token is not bound to its owner");
			for meter in &miner.meters {
				let info = Meters::<T>::get(meter)
					.ok_or("2: a miner lists a meter that does not exist")?;
				ensure!(info.miner == id, "2: a miner lists a meter of another one");
				ensure!(!info.retired, "2: a miner lists a retired meter");
				in_service.saturating_inc();
			}
			let distinct = miner.meters.iter().collect::<BTreeSet<_>>();
			ensure!(distinct.len() == miner.meters.len(), "2: a miner lists a meter twice");
			for operator in &miner.operators {
				ensure!(
					Operators::<T>::contains_key(operator, id),
					"5: an operator that a miner lists does not serve it"
				);
				operators.saturating_inc();
			}
			let distinct = miner.operators.iter().collect::<BTreeSet<_>>();
			ensure!(distinct.len() == miner.operators.len(), "5: a miner lists an operator twice");
			sums.add_deposit(miner.owner, miner.deposit);
		}
		ensure!(
			MinersByOwner::<T>::iter_keys().count() == live as usize,
			"1: somebody is listed as the owner of no miner"
		);
		ensure!(T::Tokens::count() == live, "7: there is a token of no live miner");
		ensure!(
			Operators::<T>::iter_keys().count() == operators,
			"5: an operator serves a miner that does not list it"
		);
		ensure!(
			Meters::<T>::iter_values().filter(|info| !info.retired).count() == in_service,
			"2: a meter in service belongs to no live miner"
		);
		Ok(())
	}

	fn check_meters(sums: &mut Sums<T>) -> DispatchResult {
		for (id, info) in Meters::<T>::iter() {
			ensure!(id < NextMeterId::<T>::get(), "6: a meter has a number from the future");
			let miner = Miners::<T>::get(info.miner).ok_or("2: a meter's miner does not exist")?;
			if let Some(node) = info.node {
				let is_node =
					Miners::<T>::get(node).is_some_and(|node| node.kind == MinerKind::Storage);
				ensure!(is_node, "2: a meter's node is no storage node");
			}
			let by_oracles = matches!(info.key, MeterKey::Oracles(_));
			ensure!(
				by_oracles == miner.profile.method.needs_oracles(),
				"8: the wrong kind of key signs for a meter"
			);
			ensure!(
				by_oracles || KeyUses::<T>::get(info.key) == Some(KeyUse::Meter(id)),
				"3: a meter's key is not recorded as its own"
			);
			sums.add_key(info.key, !info.retired);
		}
		Ok(())
	}

	fn check_applications(sums: &mut Sums<T>) -> DispatchResult {
		for (id, application) in Applications::<T>::iter() {
			ensure!(
				id < NextApplicationId::<T>::get(),
				"6: an application has a number from the future"
			);
			for meter in &application.meters {
				ensure!(
					matches!(meter.key, MeterKey::Oracles(_))
						|| KeyUses::<T>::get(meter.key) == Some(KeyUse::Application(id)),
					"3: an application's key is not recorded as its own"
				);
				sums.add_key(meter.key, true);
			}
			sums.add_deposit(application.owner, application.deposit);
		}
		Ok(())
	}

	fn check_keys(sums: &Sums<T>) -> DispatchResult {
		let mut current = 0usize;
		for (key, key_use) in KeyUses::<T>::iter() {
			match key_use {
				KeyUse::Application(_) | KeyUse::Meter(_) => current.saturating_inc(),
				KeyUse::Former(meter) => ensure!(
					Meters::<T>::get(meter).is_some_and(|info| info.key != key),
					"3: a former key is still in use"
				),
			}
		}
		ensure!(current == sums.keys, "3: a key is recorded for no use");
		Ok(())
	}
}
