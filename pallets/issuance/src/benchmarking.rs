//! Worst cases: every list full, for each meter another storage node that received its energy and may be disputed, one more
//! that shares, a pool that takes the payment, and a standing policy that is looked at.

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

/// Where the energy went.
#[derive(Clone, Copy, PartialEq)]
enum Way {
	/// To a storage node, to which all of the meters send. What there are receipts for another node received, for each meter a
	/// different one: the most that an approval looks at.
	Node,
	/// To a storage node that the meter sent to before, for each meter a different one. Only what the last meter sent arrived:
	/// the most that a request looks at before it knows that the grid meter does not stand for them.
	FormerNode,
}

/// Gives meters matured energy, for all of which there are receipts then: for nine tenths of it, or for nothing.
fn deliver<T: Config>(meters: &[MeterId], way: Way) {
	for (place, meter) in meters.iter().enumerate() {
		T::Energy::mature_for_benchmark(*meter, ENERGY);
		let energy = T::Energy::energy(*meter).expect("energy was just given to it");
		let known = token_pointer(&energy).saturating_add(Received::<T>::get(meter).energy);
		let due = energy.matured.saturating_sub(known);
		let arrives = way == Way::Node || place + 1 == meters.len();
		let received = if arrives { due / 10 * 9 } else { 0 };
		T::BenchmarkHelper::receive(*meter, due, received);
	}
}

/// An owner, its miner, and `m` meters with matured energy.
fn delivered<T: Config>(
	m: u32,
	way: Way,
) -> (T::AccountId, MinerId, BoundedVec<AskedMeter, T::MaxMeters>) {
	GridMeterCounts::<T>::put(true);
	let owner = funded::<T>("miner");
	let (miner, meters) = T::BenchmarkHelper::register(&owner, m, way == Way::Node);
	deliver::<T>(&meters, way);
	let asked = meters.into_iter().map(|meter| (meter, None)).collect::<Vec<_>>();
	(owner, miner, asked.try_into().expect("m is at most MaxMeters"))
}

fn requested<T: Config>(m: u32, way: Way) -> Result<(T::AccountId, RequestId), BenchmarkError> {
	let (owner, miner, meters) = delivered::<T>(m, way);
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
		let (owner, miner, meters) = delivered::<T>(m, Way::FormerNode);
		// Refuses on the last thing that is looked at.
		Records::<T>::insert(miner, Record { clean: true, ..Default::default() });
		StandingPolicy::<T>::put(Policy {
			max_energy: Balance::MAX,
			daily_cap: 0,
			min_reported: Permill::one(),
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meters, Payout::Liquidity);
		let entry = Requests::<T>::get(0).expect("it stands");
		assert_eq!(entry.evidence.received_by, ReceivedBy::FormerNode);
	}

	#[benchmark]
	fn approve(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		fund_and_pool::<T>()?;
		let (_, request) = requested::<T>(m, Way::Node)?;
		let requests = vec![request].try_into().expect("one is at most MaxBatch");
		let origin = issuance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, requests);
		let used = Issued::<T>::get() + Lost::<T>::get();
		assert!(used >= Balance::from(ENERGY) * Balance::from(m));
		assert!(Lost::<T>::get() > 0);
		Ok(())
	}

	#[benchmark]
	fn reject() -> Result<(), BenchmarkError> {
		let (_, request) = requested::<T>(T::MaxMeters::get(), Way::Node)?;
		let origin = issuance::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, request, longest_reason::<T>());
		let entry = Requests::<T>::get(request).expect("it stands");
		assert!(matches!(entry.status, Status::Rejected(_)));
		Ok(())
	}

	#[benchmark]
	fn resubmit(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, request) = requested::<T>(m, Way::FormerNode)?;
		IssuancePallet::<T>::reject(issuance::<T>()?, request, longest_reason::<T>())?;
		// More matures meanwhile, and so there is more to take.
		let meters = Requests::<T>::get(request).expect("it stands").meters;
		let meters = meters.into_iter().map(|(meter, _)| meter).collect::<Vec<_>>();
		deliver::<T>(&meters, Way::FormerNode);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), request);
		assert!(!Requests::<T>::contains_key(request));
		Ok(())
	}

	#[benchmark]
	fn withdraw(m: Linear<1, { T::MaxMeters::get() }>) -> Result<(), BenchmarkError> {
		let (owner, request) = requested::<T>(m, Way::Node)?;
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

	#[benchmark]
	fn set_grid_meter_counts() -> Result<(), BenchmarkError> {
		let origin =
			T::GridMeterOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, true);
		assert!(GridMeterCounts::<T>::get());
		Ok(())
	}

	impl_benchmark_test_suite!(
		Pallet,
		crate::mock::ExtBuilder::default().build(),
		crate::mock::Test
	);
}
