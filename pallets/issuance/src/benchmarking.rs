//! Worst cases: every list full, a storage node that shares, a pool that takes the payment, and a standing policy that
//! is looked at.

use super::{Pallet as IssuancePallet, *};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// 1,000 kWh in each meter, beside what it has.
const ENERGY: u64 = 1_000_000_000;
/// 1,000 DECA.
const FUND: Balance = 1_000_000_000_000_000;

/// An account that can pay.
fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	give::<T>(&who, FUND);
	who
}

fn give<T: Config>(who: &T::AccountId, amount: Balance) {
	T::Currency::mint_into(who, amount).expect("the account takes funds");
}

/// An owner, its miner, and `m` meters with matured energy.
fn delivered<T: Config>(m: u32) -> (T::AccountId, MinerId, BoundedVec<AskedMeter, T::MaxMeters>) {
	let owner = funded::<T>("miner");
	let (miner, meters) = T::BenchmarkHelper::register(&owner, m);
	let asked = meters
		.into_iter()
		.map(|meter| {
			T::Energy::mature_for_benchmark(meter, ENERGY);
			(meter, None)
		})
		.collect::<Vec<_>>()
		.try_into()
		.expect("m is at most MaxMeters");
	(owner, miner, asked)
}

fn requested<T: Config>(m: u32) -> Result<(T::AccountId, RequestId), BenchmarkError> {
	let (owner, miner, meters) = delivered::<T>(m);
	let request = NextRequestId::<T>::get();
	IssuancePallet::<T>::request_payment(
		RawOrigin::Signed(owner.clone()).into(),
		miner,
		meters,
		Payout::Liquidity,
	)
	.map_err(|failed| failed.error)?;
	Ok((owner, request))
}

/// A payment fund that can pay, and a pool at the governed rate.
fn fund_and_pool<T: Config>() -> Result<(), BenchmarkError> {
	// Twice as much as what is added for the benchmark, for what the meters have beside it.
	let energy = Balance::from(ENERGY).saturating_mul(2).saturating_mul(T::MaxMeters::get().into());
	let payment = split::payment(energy, T::DecaPerKwh::get())
		.ok_or(BenchmarkError::Stop("the governed rate is out of range"))?;
	let account = IssuancePallet::<T>::account();
	give::<T>(&account, payment.saturating_mul(2).saturating_add(FUND));
	give::<T>(&T::Treasury::get(), FUND);
	// The pool: at the rate, and beyond what is paid into it.
	let provider = funded::<T>("provider");
	give::<T>(&provider, payment);
	T::Assets::mint_into(T::KwhId::get(), &provider, energy.saturating_add(1))?;
	T::Pool::deposit(&provider, payment, energy)?;
	Ok(())
}

fn issuance<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::IssuanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn longest_reason<T: Config>() -> BoundedVec<u8, T::MaxReasonLength> {
	vec![b'x'; T::MaxReasonLength::get() as usize].try_into().expect("as long as it may be")
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn request_payment(m: Linear<1, { T::MaxMeters::get() }>) {
		let (owner, miner, meters) = delivered::<T>(m);
		// Refuses on the last thing that is looked at.
		Records::<T>::insert(miner, Record { clean: true, ..Default::default() });
		StandingPolicy::<T>::put(Policy {
			max_energy: Balance::MAX,
			daily_cap: 0,
			min_reported: Permill::one(),
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meters, Payout::Liquidity);
		assert_eq!(NextRequestId::<T>::get(), 1);
	}

	#[benchmark]
	fn approve(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		fund_and_pool::<T>()?;
		let (_, request) = requested::<T>(m)?;
		let requests = vec![request].try_into().expect("one is at most MaxBatch");
		let origin = issuance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, requests);
		assert!(Issued::<T>::get() >= Balance::from(ENERGY) * Balance::from(m));
		Ok(())
	}

	#[benchmark]
	fn reject() -> Result<(), BenchmarkError> {
		let (_, request) = requested::<T>(T::MaxMeters::get())?;
		let origin = issuance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, request, longest_reason::<T>());
		let entry = Requests::<T>::get(request).expect("it stands");
		assert!(matches!(entry.status, Status::Rejected(_)));
		Ok(())
	}

	#[benchmark]
	fn resubmit(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, request) = requested::<T>(m)?;
		IssuancePallet::<T>::reject(issuance::<T>()?, request, longest_reason::<T>())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), request);
		assert!(!Requests::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn withdraw(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, request) = requested::<T>(m)?;
		IssuancePallet::<T>::reject(issuance::<T>()?, request, longest_reason::<T>())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), request);
		assert!(!Requests::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn set_policy() -> Result<(), BenchmarkError> {
		let policy = Policy { max_energy: 1, daily_cap: 1, min_reported: Permill::one() };
		let origin = issuance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, Some(policy));
		assert_eq!(StandingPolicy::<T>::get(), Some(policy));
		Ok(())
	}

	#[benchmark]
	fn burn() -> Result<(), BenchmarkError> {
		let who = funded::<T>("holder");
		T::Assets::mint_into(T::KwhId::get(), &who, ENERGY.into())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who), ENERGY.into());
		assert_eq!(Burned::<T>::get(), Balance::from(ENERGY));
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
