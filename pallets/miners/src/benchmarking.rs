//! Worst cases: every meter with an sr25519 key, the slowest of the three schemes to verify, and every list full; or,
//! where keys are given back, every meter with a set of oracles of its own, whose count of uses must be read.

use super::{Pallet as MinersPallet, *};
use alloc::{format, vec};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Unbalanced;
use frame_system::RawOrigin;
use heliograph_primitives::{
	keys::MAX_ORACLES,
	reading::possession_payload,
	units::{Watts, MAX_NAMEPLATE},
};
use sp_core::{crypto::KeyTypeId, sr25519};

const KEY_TYPE: KeyTypeId = KeyTypeId(*b"hlgb");

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who: T::AccountId = account(name, index, 0);
	fund::<T>(&who);
	who
}

/// Enough for the deposits of several full miners. Their own size, so that holding does not take the account below its
/// existential deposit.
fn fund<T: Config>(who: &T::AccountId) {
	let deposit = full_deposit::<T>();
	// Were the deposits zero, an account would still need something to live.
	let amount = deposit.saturating_add(T::Currency::minimum_balance());
	T::Currency::increase_balance(who, amount.saturating_mul(8u32.into()), Precision::Exact)
		.expect("a new account takes funds");
}

fn full_deposit<T: Config>() -> BalanceOf<T> {
	MinersPallet::<T>::deposit_for(T::ApplicationDeposit::get(), T::MaxMeters::get())
		.expect("deposits are far from overflow")
}

fn full_profile(method: CollectionMethod) -> Profile {
	Profile {
		source: Source::Solar,
		method,
		capacity: MAX_NAMEPLATE,
		location: vec![b'z'; 5].try_into().expect("five characters fit"),
		grid_area: vec![b'z'; 16].try_into().expect("sixteen characters fit"),
		commissioned: u32::MAX,
	}
}

/// A key of its own for each number. From a seed, because making one from a phrase takes thousands of hashes.
fn device(number: u32) -> sr25519::Public {
	sp_io::crypto::sr25519_generate(KEY_TYPE, Some(format!("0x{number:064x}").into_bytes()))
}

fn sign(key: &sr25519::Public, message: &[u8]) -> MeterSignature {
	sp_io::crypto::sr25519_sign(KEY_TYPE, key, message).expect("the key was just made").0
}

fn possession<T: Config>(key: &sr25519::Public, owner: &T::AccountId) -> MeterSignature {
	sign(key, &possession_payload(&MinersPallet::<T>::genesis_hash(), owner))
}

/// Meters with the keys from number `first` on.
fn meters<T: Config>(
	owner: &T::AccountId,
	first: u32,
	m: u32,
) -> BoundedVec<MeterApplication, T::MaxMeters> {
	(first..first + m)
		.map(|number| {
			let key = device(number);
			MeterApplication {
				key: MeterKey::Sr25519(key.0),
				flow: Flow::Export,
				nameplate: MAX_NAMEPLATE,
				possession: possession::<T>(&key, owner),
			}
		})
		.collect::<Vec<_>>()
		.try_into()
		.expect("m is at most MaxMeters")
}

/// An own set of oracles for each of `m` meters.
fn api_meters<T: Config>(m: u32) -> BoundedVec<MeterApplication, T::MaxMeters> {
	(0..m)
		.map(|set| {
			OracleSets::<T>::insert(set, full_oracles(1));
			MeterApplication {
				key: MeterKey::Oracles(set),
				flow: Flow::Export,
				nameplate: MAX_NAMEPLATE,
				possession: [0; 64],
			}
		})
		.collect::<Vec<_>>()
		.try_into()
		.expect("m is at most MaxMeters")
}

fn full_oracles(n: u32) -> OracleSet {
	let keys = (0..n).map(|i| MeterKey::Ed25519([i as u8; 32])).collect::<Vec<_>>();
	OracleSet { threshold: n as u8, keys: keys.try_into().expect("n is at most MAX_ORACLES") }
}

fn full_reason<T: Config>() -> ReasonOf<T> {
	let reason = vec![b'x'; T::MaxReasonLength::get() as usize];
	reason.try_into().expect("as long as it may be")
}

fn applied<T: Config>(kind: MinerKind, m: u32) -> (T::AccountId, ApplicationId) {
	let application = NextApplicationId::<T>::get();
	let owner = funded::<T>("owner", application);
	let first = (application + 1) * T::MaxMeters::get();
	MinersPallet::<T>::apply(
		RawOrigin::Signed(owner.clone()).into(),
		kind,
		full_profile(CollectionMethod::SmartMeter),
		meters::<T>(&owner, first, m),
	)
	.expect("the application is in order");
	(owner, application)
}

fn api_applied<T: Config>(m: u32) -> (T::AccountId, ApplicationId) {
	let application = NextApplicationId::<T>::get();
	let owner = funded::<T>("owner", application);
	MinersPallet::<T>::apply(
		RawOrigin::Signed(owner.clone()).into(),
		MinerKind::Standard,
		full_profile(CollectionMethod::ApiPull),
		api_meters::<T>(m),
	)
	.expect("the application is in order");
	(owner, application)
}

fn admission<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::AdmissionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn approved<T: Config>(application: ApplicationId) -> Result<MinerId, BenchmarkError> {
	let miner = NextMinerId::<T>::get();
	MinersPallet::<T>::approve(admission::<T>()?, application).map_err(|e| e.error)?;
	Ok(miner)
}

/// A miner with `m` meters and all the operators that it can have.
fn admitted<T: Config>(kind: MinerKind, m: u32) -> Result<(T::AccountId, MinerId), BenchmarkError> {
	let (owner, application) = applied::<T>(kind, m);
	let miner = approved::<T>(application)?;
	fill_operators::<T>(miner, T::MaxOperators::get());
	Ok((owner, miner))
}

fn fill_operators<T: Config>(miner: MinerId, count: u32) {
	let operators: Vec<T::AccountId> = (0..count).map(|i| account("operator", i, miner)).collect();
	for operator in &operators {
		Operators::<T>::insert(operator, miner, ());
	}
	Miners::<T>::mutate(miner, |entry| {
		if let Some(entry) = entry {
			entry.operators = operators.try_into().expect("count is at most MaxOperators");
		}
	});
}

/// See `MeterDirectory::register_for_benchmark`: an own miner for each meter, with full lists and a deposit that is held,
/// so that nothing that a call looks up or takes is shared or small. The meter sends to a node of its own, for which the
/// miner stands itself. Without a token, which no other pallet looks up.
pub(crate) fn register<T: Config>(
	owner: &T::AccountId,
	operator: &T::AccountId,
	key: MeterKey,
	nameplate: Watts,
) -> MeterId {
	let id = NextMinerId::<T>::mutate(|id| core::mem::replace(id, *id + 1));
	let first = NextMeterId::<T>::mutate(|id| core::mem::replace(id, *id + T::MaxMeters::get()));
	let deposit = full_deposit::<T>();
	fund::<T>(owner);
	T::Currency::hold(&HoldReason::Registration.into(), owner, deposit)
		.expect("the owner was just funded");
	let info =
		MeterInfo { miner: id, key, flow: Flow::Export, nameplate, node: Some(id), retired: false };
	Meters::<T>::insert(first, info);
	MinersPallet::<T>::use_key(key, KeyUse::Meter(first));
	let method = match key {
		MeterKey::Oracles(_) => CollectionMethod::ApiPush,
		_ => CollectionMethod::SmartMeter,
	};
	let meters = (first..first + T::MaxMeters::get()).collect::<Vec<_>>();
	let miner = Miner {
		owner: owner.clone(),
		kind: MinerKind::Standard,
		profile: full_profile(method),
		status: Status::Active,
		hardware: HardwareStatus::Ok,
		pool: vec![b'z'; 64].try_into().expect("64 characters fit"),
		meters: meters.try_into().expect("MaxMeters of them"),
		operators: Default::default(),
		deposit,
	};
	MinersByOwner::<T>::insert(owner, id, ());
	Miners::<T>::insert(id, miner);
	fill_operators::<T>(id, T::MaxOperators::get().saturating_sub(1));
	Operators::<T>::insert(operator, id, ());
	Miners::<T>::mutate(id, |entry| {
		if let Some(entry) = entry {
			entry.operators.try_push(operator.clone()).expect("one place was left");
		}
	});
	first
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn apply(m: Linear<1, { T::MaxMeters::get() }>) {
		let owner = funded::<T>("owner", 0);
		let rejection = Rejection { application: 0, reason: full_reason::<T>() };
		Rejections::<T>::insert(&owner, rejection);
		let meters = meters::<T>(&owner, 1, m);
		let profile = full_profile(CollectionMethod::SmartMeter);
		let application = NextApplicationId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), MinerKind::Standard, profile, meters);
		assert!(Applications::<T>::contains_key(application));
	}

	#[benchmark]
	fn withdraw(m: Linear<1, { T::MaxMeters::get() }>) {
		let (owner, application) = api_applied::<T>(m);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), application);
		assert!(!Applications::<T>::contains_key(application));
	}

	#[benchmark]
	fn approve(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (_, application) = applied::<T>(MinerKind::Standard, m);
		let origin = admission::<T>()?;
		let next = NextMeterId::<T>::get();
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, application);
		assert_eq!(NextMeterId::<T>::get(), next + m);
		Ok(())
	}

	#[benchmark]
	fn reject(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (_, application) = api_applied::<T>(m);
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, application, full_reason::<T>());
		assert!(!Applications::<T>::contains_key(application));
		Ok(())
	}

	#[benchmark]
	fn add_operator() -> Result<(), BenchmarkError> {
		let (owner, application) = applied::<T>(MinerKind::Standard, T::MaxMeters::get());
		let miner = approved::<T>(application)?;
		fill_operators::<T>(miner, T::MaxOperators::get().saturating_sub(1));
		let operator: T::AccountId = account("new", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, operator.clone());
		assert!(Operators::<T>::contains_key(operator, miner));
		Ok(())
	}

	#[benchmark]
	fn remove_operator() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let operator: T::AccountId = account("operator", 0, miner);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, operator.clone());
		assert!(!Operators::<T>::contains_key(operator, miner));
		Ok(())
	}

	#[benchmark]
	fn suspend() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner, full_reason::<T>());
		assert_eq!(Miners::<T>::get(miner).map(|entry| entry.status), Some(Status::Suspended));
		Ok(())
	}

	#[benchmark]
	fn reinstate() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let origin = admission::<T>()?;
		MinersPallet::<T>::suspend(origin.clone(), miner, full_reason::<T>())?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner);
		assert_eq!(Miners::<T>::get(miner).map(|entry| entry.status), Some(Status::Active));
		Ok(())
	}

	#[benchmark]
	fn revoke(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, application) = api_applied::<T>(m);
		let miner = approved::<T>(application)?;
		fill_operators::<T>(miner, T::MaxOperators::get());
		let pool = vec![b'z'; 64].try_into().expect("64 characters fit");
		MinersPallet::<T>::set_pool(RawOrigin::Signed(owner).into(), miner, pool)?;
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner, full_reason::<T>(), true);
		assert_eq!(Miners::<T>::get(miner).map(|entry| entry.status), Some(Status::Revoked));
		Ok(())
	}

	#[benchmark]
	fn recover() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let new_owner = funded::<T>("new", 0);
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner, new_owner.clone());
		assert!(MinersByOwner::<T>::contains_key(new_owner, miner));
		Ok(())
	}

	#[benchmark]
	fn rotate_meter_key() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let meter = Miners::<T>::get(miner).expect("it was just admitted").meters[0];
		let Some(MeterInfo { key: MeterKey::Sr25519(old), .. }) = Meters::<T>::get(meter) else {
			return Err(BenchmarkError::Stop("the meter has an sr25519 key"));
		};
		let new = device(0x00ff_ffff);
		let new_key = MeterKey::Sr25519(new.0);
		let payload = rotation_payload(&MinersPallet::<T>::genesis_hash(), meter, &new_key);
		let handover = sign(&sr25519::Public::from_raw(old), &payload);
		let possession = possession::<T>(&new, &owner);
		// An operator, whose right is looked up.
		let operator: T::AccountId = account("operator", 0, miner);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), meter, new_key, possession, handover);
		assert_eq!(KeyUses::<T>::get(new_key), Some(KeyUse::Meter(meter)));
		Ok(())
	}

	#[benchmark]
	fn force_rotate_meter_key() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let meter = Miners::<T>::get(miner).expect("it was just admitted").meters[0];
		let new = device(0x00ff_ffff);
		let new_key = MeterKey::Sr25519(new.0);
		let possession = possession::<T>(&new, &owner);
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, meter, new_key, possession);
		assert_eq!(KeyUses::<T>::get(new_key), Some(KeyUse::Meter(meter)));
		Ok(())
	}

	#[benchmark]
	fn apply_meters(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>(MinerKind::Standard, 1)?;
		let meter = Miners::<T>::get(miner).expect("it was just admitted").meters[0];
		MinersPallet::<T>::retire_meter(RawOrigin::Signed(owner.clone()).into(), meter)?;
		let rejection = Rejection { application: 0, reason: full_reason::<T>() };
		Rejections::<T>::insert(&owner, rejection);
		let meters = meters::<T>(&owner, 0x00ff_0000, m);
		let application = NextApplicationId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meters);
		assert!(Applications::<T>::contains_key(application));
		Ok(())
	}

	#[benchmark]
	fn retire_meter() -> Result<(), BenchmarkError> {
		let (owner, application) = api_applied::<T>(T::MaxMeters::get());
		let miner = approved::<T>(application)?;
		fill_operators::<T>(miner, T::MaxOperators::get());
		let meter = Miners::<T>::get(miner).expect("it was just admitted").meters[0];
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), meter);
		assert_eq!(Meters::<T>::get(meter).map(|info| info.retired), Some(true));
		Ok(())
	}

	#[benchmark]
	fn set_hardware() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let hardware = HardwareStatus::Maintenance;
		let operator: T::AccountId = account("operator", 0, miner);
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), miner, hardware);
		assert_eq!(Miners::<T>::get(miner).map(|entry| entry.hardware), Some(hardware));
		Ok(())
	}

	#[benchmark]
	fn set_pool() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>(MinerKind::Standard, T::MaxMeters::get())?;
		let pool: PoolData = vec![b'z'; 64].try_into().expect("64 characters fit");
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, pool.clone());
		assert_eq!(Miners::<T>::get(miner).map(|entry| entry.pool), Some(pool));
		Ok(())
	}

	#[benchmark]
	fn assign_node() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>(MinerKind::Standard, 1)?;
		let (_, node) = admitted::<T>(MinerKind::Storage, T::MaxMeters::get())?;
		let meter = Miners::<T>::get(miner).expect("it was just admitted").meters[0];
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, meter, Some(node));
		assert_eq!(Meters::<T>::get(meter).and_then(|info| info.node), Some(node));
		Ok(())
	}

	#[benchmark]
	fn set_oracles(n: Linear<1, MAX_ORACLES>) -> Result<(), BenchmarkError> {
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, Some(full_oracles(n)));
		assert!(OracleSets::<T>::contains_key(0));
		Ok(())
	}
}
