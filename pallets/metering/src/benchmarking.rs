//! Worst case: every reading of another meter of another miner that sends to another storage node, of a state in which
//! every slot is full and every bucket falls due, signed with sr25519, the slowest of the three schemes to verify, and
//! accepted, which costs two writes more than being refused.

use super::{Pallet as MeteringPallet, *};
use alloc::{format, vec};
use frame_benchmarking::v2::*;
use frame_support::traits::{fungible::Unbalanced, tokens::Precision};
use frame_system::RawOrigin;
use heliograph_primitives::{
	keys::{MeterKey, MeterSignature, OracleSet, MAX_ORACLES},
	reading::{Quality, Reading},
	units::{INTERVALS_PER_DAY, MAX_NAMEPLATE},
};
use sp_core::{crypto::KeyTypeId, sr25519};
use sp_runtime::traits::Zero;

const KEY_TYPE: KeyTypeId = KeyTypeId(*b"hlgb");

/// A key of its own for each number. From a seed: a phrase would take 2,048 rounds of hashing.
fn device(number: u32) -> sr25519::Public {
	let seed = format!("0x{:064x}", u64::from(number) + 1);
	sp_io::crypto::sr25519_generate(KEY_TYPE, Some(seed.into_bytes()))
}

fn sign<T: Config>(key: &sr25519::Public, reading: &Reading) -> MeterSignature {
	let genesis_hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0;
	sp_io::crypto::sr25519_sign(KEY_TYPE, key, &reading.signing_payload(&genesis_hash))
		.expect("the key was just made")
		.0
}

/// The year 2027, in whatever intervals the preset has.
pub(super) fn set_clock<T: Config>() {
	pallet_timestamp::Now::<T>::put(1_800_000_000_000u64);
}

pub(super) fn reading(meter: MeterId, interval: Interval) -> Reading {
	Reading { meter, epoch: 0, interval, register: u64::MAX / 2, quality: Quality::Measured }
}

/// A state that ends with `last` and has full days behind it, energy in every bucket, checkpoints that move on, and claims
/// of each kind.
fn state_after_full_days(last: &Reading) -> MeterState {
	let pending = [1_000_000; energy::BUCKETS];
	let intervals = state::DAYS as u32 * INTERVALS_PER_DAY;
	let matured = 1_000_000 * u128::from(intervals);
	MeterState {
		ring: [1_000_000; state::RING],
		days: [INTERVALS_PER_DAY as u8; state::DAYS],
		energies: [1_000_000 * u64::from(INTERVALS_PER_DAY); state::DAYS],
		measured_intervals: intervals,
		first_interval: last.interval.saturating_sub(intervals),
		attested: matured + pending.iter().map(|energy| u128::from(*energy)).sum::<u128>(),
		matured,
		pending,
		claimed: [matured / 2; ClaimKind::COUNT],
		..MeterState::first(last)
	}
}

/// A meter with a full state, and its next reading. The slot of its node is taken by an older interval.
fn reading_of_new_meter<T: Config>(number: u32, operator: &T::AccountId, key: MeterKey) -> Reading {
	let owner: T::AccountId = account("owner", number, 0);
	let meter = T::Miners::register_for_benchmark(&owner, operator, key, MAX_NAMEPLATE);
	let interval = MeteringPallet::<T>::current_interval() - 1;
	let last = reading(meter, interval - 1);
	MeterStates::<T>::insert(meter, state_after_full_days(&last));
	let node = T::Miners::meter(meter)
		.and_then(|info| info.node)
		.expect("the worst case of a meter sends to a storage node");
	let older = NodeInflow { interval: interval - INTERVALS_PER_DAY, energy: 1_000_000, meters: 1 };
	NodeFlows::<T>::insert(node, desk::inflow_slot(interval), older);
	Reading { interval, register: last.register + 1_000_000, ..last }
}

/// An account with four bonds.
fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who: T::AccountId = account(name, 0, 0);
	let amount = T::ChallengeBond::get()
		.saturating_add(T::Currency::minimum_balance())
		.saturating_mul(4u32.into());
	T::Currency::increase_balance(&who, amount, Precision::Exact)
		.expect("a new account takes funds");
	who
}

/// A meter with energy in every bucket.
fn challengeable<T: Config>() -> MeterId {
	set_clock::<T>();
	let (operator, key) = (account("operator", 0, 0), MeterKey::Sr25519(device(0).0));
	let next = reading_of_new_meter::<T>(0, &operator, key);
	let now = MeteringPallet::<T>::current_interval();
	MeterStates::<T>::mutate(next.meter, |state| {
		if let Some(state) = state {
			state.bucket = now / energy::BUCKET;
		}
	});
	next.meter
}

/// The same, challenged.
fn challenged<T: Config>() -> Result<MeterId, BenchmarkError> {
	let meter = challengeable::<T>();
	let challenger = RawOrigin::Signed(funded::<T>("challenger"));
	MeteringPallet::<T>::challenge(challenger.into(), meter, longest_evidence())?;
	Ok(meter)
}

fn longest_evidence() -> Evidence {
	vec![b'x'; challenge::MAX_EVIDENCE as usize].try_into().expect("as long as it may be")
}

fn ruling<T: Config>() -> Result<T::RuntimeOrigin, BenchmarkError> {
	T::ChallengeOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn submit_readings(n: Linear<1, { T::MaxBatch::get() }>) {
		set_clock::<T>();
		let operator: T::AccountId = account("operator", 0, 0);
		let batch = (0..n)
			.map(|number| {
				let key = device(number);
				let reading =
					reading_of_new_meter::<T>(number, &operator, MeterKey::Sr25519(key.0));
				SignedReading { reading, signature: sign::<T>(&key, &reading) }
			})
			.collect::<Vec<_>>();
		let batch = Batch::try_from(batch).expect("n is at most MaxBatch");
		let last = batch.last().expect("n is at least 1").reading;
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), batch);
		let state = MeterStates::<T>::get(last.meter).expect("the reading was accepted");
		assert_eq!(state.last_interval, last.interval);
	}

	#[benchmark]
	fn submit_attested_readings(n: Linear<1, { T::MaxBatch::get() }>) {
		set_clock::<T>();
		let operator: T::AccountId = account("operator", 0, 0);
		let oracles = (0..MAX_ORACLES).map(device).collect::<Vec<_>>();
		let keys = oracles.iter().map(|key| MeterKey::Sr25519(key.0)).collect::<Vec<_>>();
		let set = OracleSet { threshold: 1, keys: keys.try_into().expect("MAX_ORACLES of them") };
		let place = MAX_ORACLES - 1;
		let batch = (0..n)
			.map(|number| {
				T::Miners::set_oracles_for_benchmark(number, set.clone());
				let reading =
					reading_of_new_meter::<T>(number, &operator, MeterKey::Oracles(number));
				let signature = sign::<T>(&oracles[place as usize], &reading);
				let signatures = vec![(place as u8, signature)];
				AttestedReading { reading, signatures: signatures.try_into().expect("one fits") }
			})
			.collect::<Vec<_>>();
		let batch = AttestedBatch::try_from(batch).expect("n is at most MaxBatch");
		let last = batch.last().expect("n is at least 1").reading;
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), batch);
		let state = MeterStates::<T>::get(last.meter).expect("the reading was accepted");
		assert_eq!(state.last_interval, last.interval);
	}

	#[benchmark]
	fn oracle_signatures(s: Linear<0, { T::MaxBatch::get() }>) {
		let key = device(0);
		let reading = reading(0, 0);
		let signature = sign::<T>(&key, &reading);
		let genesis_hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0;
		let payload = reading.signing_payload(&genesis_hash);
		let mut valid = 0;
		#[block]
		{
			for _ in 0..s {
				valid += u32::from(MeterKey::Sr25519(key.0).verify(&signature, &payload));
			}
		}
		assert_eq!(valid, s);
	}

	#[benchmark]
	fn challenge() {
		let meter = challengeable::<T>();
		let challenger = funded::<T>("challenger");
		#[extrinsic_call]
		_(RawOrigin::Signed(challenger), meter, longest_evidence());
		assert!(Challenges::<T>::contains_key(meter));
	}

	#[benchmark]
	fn uphold() -> Result<(), BenchmarkError> {
		let meter = challenged::<T>()?;
		let origin = ruling::<T>()?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, meter);
		let state = MeterStates::<T>::get(meter).expect("it has one");
		assert!(!state.voided.is_zero());
		Ok(())
	}

	#[benchmark]
	fn dismiss() -> Result<(), BenchmarkError> {
		let meter = challenged::<T>()?;
		let origin = ruling::<T>()?;
		T::Currency::increase_balance(
			&T::SlashDestination::get(),
			T::Currency::minimum_balance(),
			Precision::Exact,
		)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, meter);
		assert!(!Challenges::<T>::contains_key(meter));
		Ok(())
	}

	#[benchmark]
	fn expire_challenge() -> Result<(), BenchmarkError> {
		let meter = challenged::<T>()?;
		Challenges::<T>::mutate(meter, |entry| {
			if let Some(entry) = entry {
				entry.expires = entry.opened;
			}
		});
		let anyone: T::AccountId = account("anyone", 0, 0);
		#[extrinsic_call]
		_(RawOrigin::Signed(anyone), meter);
		assert!(!Challenges::<T>::contains_key(meter));
		Ok(())
	}
}
