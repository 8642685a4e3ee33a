//! Worst cases: the list of validators is full.

use super::*;
use frame_benchmarking::v2::*;

/// Fills the list up to `count` validators, of which the first is returned.
fn fill<T: Config>(count: u32) -> T::AccountId {
	let mut validators: Vec<T::AccountId> =
		(0..count).map(|i| account("validator", i, 0)).collect();
	validators.sort();
	let first = validators[0].clone();
	Validators::<T>::put(BoundedVec::try_from(validators).expect("count is at most MaxValidators"));
	first
}

fn governance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::GovernanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
	use super::*;
	use codec::Decode;
	use sp_runtime::traits::TrailingZeroInput;

	#[benchmark]
	fn add_validator() -> Result<(), BenchmarkError> {
		fill::<T>(T::MaxValidators::get() - 1);
		let newcomer: T::AccountId = account("newcomer", 0, 0);
		let keys = T::Keys::decode(&mut TrailingZeroInput::zeroes())
			.map_err(|_| BenchmarkError::Stop("session keys are made of zeros"))?;
		pallet_session::NextKeys::<T>::insert(&newcomer, keys);
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, newcomer.clone());
		assert!(Validators::<T>::get().contains(&newcomer));
		Ok(())
	}

	#[benchmark]
	fn remove_validator() -> Result<(), BenchmarkError> {
		let first = fill::<T>(T::MaxValidators::get());
		let origin = governance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, first.clone());
		assert!(!Validators::<T>::get().contains(&first));
		Ok(())
	}
}
