//! Worst cases: every meter with an sr25519 key, the slowest of the three schemes to verify, and every list full.

use super::{Pallet as MinersPallet, *};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Unbalanced;
use frame_system::RawOrigin;
use heliograph_primitives::{
	miner::Flow,
	units::{Watts, MAX_NAMEPLATE},
};
use sp_core::crypto::KeyTypeId;

const KEY_TYPE: KeyTypeId = KeyTypeId(*b"hlgb");

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
	let who: T::AccountId = account(name, index, 0);
	// The deposits and as much again, so that holding them does not take the account below its existential deposit.
	let amount = MinersPallet::<T>::deposit_for(T::MaxMeters::get())
		.expect("deposits are far from overflow")
		.saturating_mul(2u32.into());
	T::Currency::increase_balance(&who, amount, Precision::Exact)
		.expect("a new account takes funds");
	who
}

fn full_profile() -> Profile {
	Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: MAX_NAMEPLATE,
		location: vec![b'z'; 5].try_into().expect("five characters fit"),
		grid_area: vec![b'z'; 16].try_into().expect("sixteen characters fit"),
		commissioned: u32::MAX,
	}
}

fn meters<T: Config>(owner: &T::AccountId, m: u32) -> BoundedVec<MeterApplication, T::MaxMeters> {
	let payload = possession_payload(&MinersPallet::<T>::genesis_hash(), owner);
	(0..m)
		.map(|_| {
			let key = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
			let possession = sp_io::crypto::sr25519_sign(KEY_TYPE, &key, &payload)
				.expect("the key was just made");
			MeterApplication {
				key: MeterKey::Sr25519(key.0),
				flow: Flow::Generation,
				nameplate: MAX_NAMEPLATE,
				possession: possession.0,
			}
		})
		.collect::<Vec<_>>()
		.try_into()
		.expect("m is at most MaxMeters")
}

fn applied<T: Config>(m: u32) -> (T::AccountId, ApplicationId) {
	let owner = funded::<T>("owner", NextApplicationId::<T>::get());
	let application = NextApplicationId::<T>::get();
	MinersPallet::<T>::apply(
		RawOrigin::Signed(owner.clone()).into(),
		MinerKind::Standard,
		full_profile(),
		meters::<T>(&owner, m),
	)
	.expect("the application is in order");
	(owner, application)
}

fn admission<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::AdmissionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn admitted<T: Config>() -> Result<(T::AccountId, MinerId), BenchmarkError> {
	let (owner, application) = applied::<T>(T::MaxMeters::get());
	let miner = NextMinerId::<T>::get();
	MinersPallet::<T>::approve(admission::<T>()?, application).map_err(|e| e.error)?;
	Ok((owner, miner))
}

/// See [`MeterDirectory::register_for_benchmark`]: an own miner for each meter, with full lists, so that nothing that a
/// reading looks up is shared or small.
pub(crate) fn register<T: Config>(
	operator: &T::AccountId,
	key: MeterKey,
	nameplate: Watts,
) -> MeterId {
	let miner = NextMinerId::<T>::mutate(|id| core::mem::replace(id, *id + 1));
	let first = NextMeterId::<T>::mutate(|id| core::mem::replace(id, *id + T::MaxMeters::get()));
	let owner: T::AccountId = account("owner", miner, 1);
	Meters::<T>::insert(first, MeterInfo { miner, key, flow: Flow::Generation, nameplate });
	KeyUses::<T>::insert(key, KeyUse::Meter(first));
	MinersByOwner::<T>::insert(&owner, miner, ());
	Operators::<T>::insert(operator, miner, ());
	let meters = (first..first + T::MaxMeters::get()).collect::<Vec<_>>();
	Miners::<T>::insert(
		miner,
		Miner {
			owner,
			kind: MinerKind::Standard,
			profile: full_profile(),
			status: Status::Active,
			meters: meters.try_into().expect("MaxMeters of them"),
			operators: 1,
			deposit: Zero::zero(),
		},
	);
	first
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn apply(m: Linear<1, { T::MaxMeters::get() }>) {
		let owner = funded::<T>("owner", 0);
		let meters = meters::<T>(&owner, m);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), MinerKind::Standard, full_profile(), meters);
		assert!(Applications::<T>::contains_key(0));
	}

	#[benchmark]
	fn withdraw(m: Linear<1, { T::MaxMeters::get() }>) {
		let (owner, application) = applied::<T>(m);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), application);
		assert!(!Applications::<T>::contains_key(application));
	}

	#[benchmark]
	fn approve(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (_, application) = applied::<T>(m);
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, application);
		assert_eq!(NextMeterId::<T>::get(), m);
		Ok(())
	}

	#[benchmark]
	fn reject(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (_, application) = applied::<T>(m);
		let origin = admission::<T>()?;
		let reason = vec![b'x'; T::MaxReasonLength::get() as usize];
		let reason = reason.try_into().expect("as long as it may be");
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, application, reason);
		assert!(!Applications::<T>::contains_key(application));
		Ok(())
	}

	#[benchmark]
	fn add_operator() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>()?;
		let operator: T::AccountId = account("operator", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, operator.clone());
		assert!(Operators::<T>::contains_key(operator, miner));
		Ok(())
	}

	#[benchmark]
	fn remove_operator() -> Result<(), BenchmarkError> {
		let (owner, miner) = admitted::<T>()?;
		let operator: T::AccountId = account("operator", 0, 0);
		let origin = RawOrigin::Signed(owner);
		MinersPallet::<T>::add_operator(origin.clone().into(), miner, operator.clone())?;
		#[extrinsic_call]
		_(origin, miner, operator.clone());
		assert!(!Operators::<T>::contains_key(operator, miner));
		Ok(())
	}

	#[benchmark]
	fn suspend() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>()?;
		let origin = admission::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner);
		assert!(!MinersPallet::<T>::is_active(miner));
		Ok(())
	}

	#[benchmark]
	fn reinstate() -> Result<(), BenchmarkError> {
		let (_, miner) = admitted::<T>()?;
		let origin = admission::<T>()?;
		MinersPallet::<T>::suspend(origin.clone(), miner)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, miner);
		assert!(MinersPallet::<T>::is_active(miner));
		Ok(())
	}
}
