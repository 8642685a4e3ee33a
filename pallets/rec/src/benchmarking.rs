//! Worst cases: texts as long as they may be, trails that are full and drop a step, certificates that are split, each of
//! an issuance of its own.

use super::{Pallet as RecPallet, *};
use alloc::vec;
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;

/// 1,000 kWh.
const ENERGY: Energy = 1_000_000_000;
/// 1,000 DECA.
const FUND: Balance = 1_000_000_000_000_000;

/// An account that can pay.
fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who = account(name, 0, 0);
	T::Currency::mint_into(&who, FUND).expect("the account takes funds");
	who
}

/// The treasury exists, so that it takes any fee.
fn treasury<T: Config>() {
	T::Currency::mint_into(&T::Treasury::get(), FUND).expect("the account takes funds");
}

fn longest<const N: u32>() -> Text<N> {
	vec![b'x'; N as usize].try_into().expect("as long as it may be")
}

fn documents() -> Documents {
	Documents { evidence: longest(), url: longest(), memo: longest() }
}

fn details<T: Config>(who: &T::AccountId) -> DetailsOf<T> {
	Details {
		beneficiary: longest(),
		entity: Some(who.clone()),
		purpose: longest(),
		message: longest(),
		period: Some(Period { from: 0, to: Interval::MAX }),
	}
}

fn longest_reason<T: Config>() -> ReasonOf<T> {
	vec![b'x'; T::MaxReasonLength::get() as usize].try_into().expect("as long as it may be")
}

fn issuance_origin<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::IssuanceOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

fn factor() -> EmissionFactor {
	EmissionFactor { mg_per_kwh: u32::MAX, source: longest() }
}

/// A miner of `owner` with matured energy, in an area that has an emission factor.
fn generated<T: Config>(owner: &T::AccountId) -> (MinerId, MeterId) {
	let (miner, meter) = T::BenchmarkHelper::register(owner);
	T::Energy::mature_for_benchmark(meter, ENERGY);
	if let Some(info) = T::Miners::miner(miner) {
		EmissionFactors::<T>::insert(info.profile.grid_area, factor());
	}
	(miner, meter)
}

fn requested<T: Config>(owner: &T::AccountId) -> Result<RequestId, BenchmarkError> {
	let (miner, meter) = generated::<T>(owner);
	let request = NextRequestId::<T>::get();
	let origin = RawOrigin::Signed(owner.clone()).into();
	RecPallet::<T>::request(origin, miner, meter, documents())?;
	Ok(request)
}

/// Fills the trail of a certificate with changes of hands, so that the next step drops one.
fn fill_trail<T: Config>(certificate: CertificateId, who: &T::AccountId) {
	Trails::<T>::mutate(certificate, |trail| {
		while !trail.steps.is_full() {
			let what = What::Sold { from: who.clone(), price: Balance::MAX };
			trail.push(Step { what, at: Interval::MAX, by: who.clone() });
		}
	});
}

/// A certificate of an issuance of its own, for sale, with a full trail, that cannot be revoked any more.
fn certified<T: Config>(owner: &T::AccountId) -> Result<CertificateId, BenchmarkError> {
	let request = requested::<T>(owner)?;
	let certificate = NextCertificateId::<T>::get();
	RecPallet::<T>::certify_one(request)?;
	fill_trail::<T>(certificate, owner);
	let origin = RawOrigin::Signed(owner.clone()).into();
	RecPallet::<T>::offer(origin, certificate, Some(1_000_000_000_000))?;
	set_window::<T>(certificate, 0);
	Ok(certificate)
}

/// Lets the issuance of a certificate be revocable until this interval.
fn set_window<T: Config>(certificate: CertificateId, until: Interval) {
	if let Some(entry) = Certificates::<T>::get(certificate) {
		Issuances::<T>::mutate(entry.issuance, |issuance| {
			if let Some(issuance) = issuance {
				issuance.revocable_until = until;
			}
		});
	}
}

fn several<T: Config>(owner: &T::AccountId, n: u32) -> Result<Vec<CertificateId>, BenchmarkError> {
	(0..n).map(|_| certified::<T>(owner)).collect()
}

/// `n` certificates in the pool, and what it takes to use all of them but one mWh of the last.
fn pooled<T: Config>(owner: &T::AccountId, n: u32) -> Result<Balance, BenchmarkError> {
	let mut energy = 0u128;
	for certificate in several::<T>(owner, n)? {
		energy += Certificates::<T>::get(certificate).map_or(0, |entry| entry.energy().into());
		let batch = vec![certificate].try_into().expect("one is at most MaxBatch");
		RecPallet::<T>::liquidise(RawOrigin::Signed(owner.clone()).into(), batch)?;
		fill_trail::<T>(certificate, owner);
	}
	Ok(energy - 1)
}

/// What [`Pallet::request_storage`] takes.
type StorageRequest<T> =
	(MinerId, (MeterId, MeterId), Energy, BoundedVec<CertificateId, <T as Config>::MaxParts>);

/// A battery of `owner` that took what `n` certificates say, and gave it all back.
fn stored<T: Config>(owner: &T::AccountId, n: u32) -> Result<StorageRequest<T>, BenchmarkError> {
	let originals = several::<T>(owner, n)?;
	let charged = originals
		.iter()
		.filter_map(Certificates::<T>::get)
		.map(|entry| entry.energy())
		.fold(0, Energy::saturating_add);
	let (miner, discharge, charge) = T::BenchmarkHelper::register_storage(owner);
	T::Energy::mature_for_benchmark(discharge, charged);
	T::Energy::mature_for_benchmark(charge, charged);
	let originals = originals.try_into().expect("n is at most MaxParts");
	Ok((miner, (discharge, charge), charged, originals))
}

fn requested_storage<T: Config>(owner: &T::AccountId, n: u32) -> Result<RequestId, BenchmarkError> {
	let (miner, (discharge, charge), charged, originals) = stored::<T>(owner, n)?;
	let request = NextRequestId::<T>::get();
	RecPallet::<T>::request_storage(
		RawOrigin::Signed(owner.clone()).into(),
		miner,
		discharge,
		charge,
		charged,
		originals.clone(),
		documents(),
	)?;
	for original in originals {
		fill_trail::<T>(original, owner);
	}
	Ok(request)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn request() {
		let owner = funded::<T>("owner");
		let (miner, meter) = generated::<T>(&owner);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, meter, documents());
		assert_eq!(NextRequestId::<T>::get(), 1);
	}

	#[benchmark]
	fn update(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let number = requested_storage::<T>(&owner, n)?;
		RecPallet::<T>::do_reject(number, longest_reason::<T>())?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), number, documents());
		assert!(!Requests::<T>::contains_key(number));
		assert!(Requests::<T>::contains_key(number + 1));
		Ok(())
	}

	#[benchmark]
	fn certify(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let number = requested_storage::<T>(&owner, n)?;
		let issuance = NextIssuanceId::<T>::get();
		let requests = vec![number].try_into().expect("one is at most MaxBatch");
		let origin = issuance_origin::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, requests);
		assert!(Issuances::<T>::contains_key(issuance));
		Ok(())
	}

	#[benchmark]
	fn reject(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let number = requested_storage::<T>(&owner, n)?;
		let origin = issuance_origin::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, number, longest_reason::<T>());
		let entry = Requests::<T>::get(number).expect("it stands");
		assert!(matches!(entry.status, RequestStatus::Rejected(_)));
		Ok(())
	}

	#[benchmark]
	fn cancel(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let number = requested_storage::<T>(&owner, n)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), number);
		assert!(!Requests::<T>::contains_key(number));
		Ok(())
	}

	#[benchmark]
	fn split() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), certificate, 1);
		assert!(Certificates::<T>::contains_key(certificate + 1));
		Ok(())
	}

	#[benchmark]
	fn transfer() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		let to: T::AccountId = account("to", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), certificate, to.clone());
		assert!(CertificatesByOwner::<T>::contains_key(to, certificate));
		Ok(())
	}

	#[benchmark]
	fn retire() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		let details = details::<T>(&owner);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), certificate, Some(1), details);
		assert_eq!(TotalEnergy::<T>::get().retired, 1);
		Ok(())
	}

	#[benchmark]
	fn edit_retirement() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		let details = details::<T>(&owner);
		let origin = RawOrigin::Signed(owner.clone()).into();
		RecPallet::<T>::retire(origin, certificate, None, details)?;
		let texts = Texts { beneficiary: longest(), purpose: longest(), message: longest() };
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), 0, texts);
		assert!(Retirements::<T>::get(0).is_some_and(|entry| entry.edited.is_some()));
		Ok(())
	}

	#[benchmark]
	fn liquidise(n: Linear<1, { T::MaxBatch::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let batch = several::<T>(&owner, n)?.try_into().expect("n is at most MaxBatch");
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), batch);
		assert_eq!(PoolState::<T>::get().tail, u64::from(n));
		Ok(())
	}

	#[benchmark]
	fn retire_fungible(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let amount = pooled::<T>(&owner, n)?;
		let details = details::<T>(&owner);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), amount, details);
		assert_eq!(TotalEnergy::<T>::get().retired, amount);
		Ok(())
	}

	#[benchmark]
	fn solidify(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let amount = pooled::<T>(&owner, n)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), amount);
		assert_eq!(PoolState::<T>::get().energy, 1);
		Ok(())
	}

	#[benchmark]
	fn retire_as_carbon() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		let details = details::<T>(&owner);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), certificate, Some(ENERGY / 2), details);
		assert!(TotalEnergy::<T>::get().carbon > 0);
		Ok(())
	}

	#[benchmark]
	fn revoke() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		set_window::<T>(certificate, Interval::MAX);
		let origin =
			T::RevocationOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, 0, longest_reason::<T>());
		assert!(TotalEnergy::<T>::get().revoked > 0);
		Ok(())
	}

	#[benchmark]
	fn set_emission_factor() -> Result<(), BenchmarkError> {
		let area: Area = longest();
		let origin =
			T::EmissionOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, area.clone(), Some(factor()));
		assert!(EmissionFactors::<T>::contains_key(area));
		Ok(())
	}

	#[benchmark]
	fn offer() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), certificate, Some(7));
		assert_eq!(Certificates::<T>::get(certificate).and_then(|entry| entry.price), Some(7));
		Ok(())
	}

	#[benchmark]
	fn buy() -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let certificate = certified::<T>(&owner)?;
		let buyer = funded::<T>("buyer");
		#[extrinsic_call]
		_(RawOrigin::Signed(buyer.clone()), certificate, ENERGY, Balance::MAX);
		assert!(CertificatesByOwner::<T>::contains_key(buyer, certificate));
		Ok(())
	}

	#[benchmark]
	fn request_storage(n: Linear<1, { T::MaxParts::get() }>) -> Result<(), BenchmarkError> {
		let owner = funded::<T>("owner");
		treasury::<T>();
		let (miner, (discharge, charge), charged, originals) = stored::<T>(&owner, n)?;
		let number = NextRequestId::<T>::get();
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), miner, discharge, charge, charged, originals, documents());
		assert!(Requests::<T>::contains_key(number));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
