//! Worst case: every reading of another meter of another miner, signed with sr25519, the slowest of the three schemes to
//! verify, and accepted, which costs a write more than being refused.

use super::{Pallet as MeteringPallet, *};
use frame_benchmarking::v2::*;
use frame_system::RawOrigin;
use heliograph_primitives::{
	keys::MeterKey,
	reading::{Quality, Reading},
	units::MAX_NAMEPLATE,
};
use sp_core::crypto::KeyTypeId;

const KEY_TYPE: KeyTypeId = KeyTypeId(*b"hlgb");

/// A reading of a new meter that has a full day behind it and nothing for two days, so that the whole ring is cleared.
fn reading_of_new_meter<T: Config>(operator: &T::AccountId) -> SignedReading {
	let public = sp_io::crypto::sr25519_generate(KEY_TYPE, None);
	let key = MeterKey::Sr25519(public.0);
	let meter = T::Miners::register_for_benchmark(operator, key, MAX_NAMEPLATE);
	let interval = MeteringPallet::<T>::current_interval() - 1;
	let past = Reading {
		meter,
		epoch: 0,
		interval: interval - 192,
		register: u64::MAX / 2,
		quality: Quality::Measured,
	};
	let ring = [1_000_000; state::RING];
	let attested = 1_000_000 * state::RING as u128;
	MeterStates::<T>::insert(meter, MeterState { ring, attested, ..MeterState::first(&past) });
	let reading = Reading { interval, register: past.register + 1_000_000, ..past };
	let genesis_hash = frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0;
	let signature =
		sp_io::crypto::sr25519_sign(KEY_TYPE, &public, &reading.signing_payload(&genesis_hash))
			.expect("the key was just made");
	SignedReading { reading, signature: signature.0 }
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn submit_readings(n: Linear<1, { T::MaxBatch::get() }>) {
		pallet_timestamp::Now::<T>::put(1_800_000_000_000u64);
		let operator: T::AccountId = account("operator", 0, 0);
		let batch =
			(0..n).map(|_| reading_of_new_meter::<T>(&operator)).collect::<alloc::vec::Vec<_>>();
		let batch = Batch::try_from(batch).expect("n is at most MaxBatch");
		let last = batch.last().expect("n is at least 1").reading;
		#[extrinsic_call]
		_(RawOrigin::Signed(operator), batch);
		let state = MeterStates::<T>::get(last.meter).expect("the reading was accepted");
		assert_eq!(state.last_interval, last.interval);
	}
}
