//! What clean energy earns besides: pools of rewards, plants and their units.

use super::{
	energy::CurrentInterval, governance::EnsureEmission, parameters, tokens::REWARDS_PALLET_ID,
};
use crate::{weights, Balances, Metering, Miners, Runtime, System};
use alloc::vec::Vec;
use frame_support::{
	parameter_types,
	traits::{ConstU32, Get},
	PalletId,
};

parameter_types! {
	pub const RewardsPalletId: PalletId = REWARDS_PALLET_ID;
}

/// From how many blocks the lottery draws.
const SEED_BLOCKS: u32 = 32;

/// What the lottery of the rewards draws from: a hash over those of the last 32 blocks, oldest first. A block that is not
/// known any more, or not yet, counts as zeros.
///
/// Whoever writes the last of them has some influence, see the documentation of the pallet.
pub struct RecentBlocks;
impl Get<[u8; 32]> for RecentBlocks {
	fn get() -> [u8; 32] {
		let now = System::block_number();
		let hashes: Vec<u8> =
			(now.saturating_sub(SEED_BLOCKS)..now).flat_map(|n| System::block_hash(n).0).collect();
		sp_io::hashing::blake2_256(&hashes)
	}
}

impl pallet_rewards::Config for Runtime {
	type Currency = Balances;
	type Miners = Miners;
	type Reports = Metering;
	/// Nothing offers flexibility events yet.
	type Flexibility = ();
	type CurrentInterval = CurrentInterval;
	type EmissionOrigin = EnsureEmission;
	type Seed = RecentBlocks;
	type NormThreshold = parameters::rewards::NormThreshold;
	type SolarHours = parameters::rewards::SolarHours;
	type UnitShare = parameters::rewards::UnitShare;
	type MinPlant = parameters::rewards::MinPlant;
	type MaxPlant = parameters::rewards::MaxPlant;
	type SilentDays = parameters::rewards::SilentDays;
	type MinDailyMinutes = parameters::rewards::MinDailyMinutes;
	type UnitLife = parameters::rewards::UnitLife;
	type PlantVersion = parameters::rewards::PlantVersion;
	type PlantDaily = parameters::rewards::PlantDaily;
	type PlantCap = parameters::rewards::PlantCap;
	type Lottery = parameters::rewards::Lottery;
	type PalletId = RewardsPalletId;
	type MaxBatch = ConstU32<16>;
	type WeightInfo = weights::pallet_rewards::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Register;
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmark_helpers {
	use super::*;
	use crate::AccountId;
	use codec::Encode;
	use heliograph_primitives::{
		keys::MeterKey,
		miner::{Flow, MeterDirectory, MeterId, MinerId, MinerKind, Source},
		units::{interval_start, Interval, Watts},
	};

	const CAPACITY: Watts = 10_000;

	/// Registers whom the benchmarks of rewards pay.
	pub struct Register;
	impl pallet_rewards::BenchmarkHelper<AccountId> for Register {
		fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
			let number = pallet_miners::NextMeterId::<Runtime>::get();
			let key = MeterKey::Ed25519(sp_io::hashing::blake2_256(&(owner, number).encode()));
			let meter = Miners::register_for_benchmark(owner, owner, key, CAPACITY);
			// A benchmark that cannot be set up must not be measured.
			let miner = pallet_miners::Meters::<Runtime>::mutate(meter, |info| {
				let info = info.as_mut().expect("registered");
				info.flow = flow;
				info.miner
			});
			pallet_miners::Miners::<Runtime>::mutate(miner, |miner| {
				let miner = miner.as_mut().expect("registered");
				miner.kind = kind;
				miner.profile.source = Source::Solar;
				miner.profile.capacity = CAPACITY;
				miner.profile.location = b"u33db".to_vec().try_into().expect("five characters");
			});
			(miner, meter)
		}

		fn go_to(interval: Interval) {
			let length = pallet_metering::IntervalMillis::<Runtime>::get();
			pallet_timestamp::Now::<Runtime>::put(interval_start(interval, length));
		}
	}
}
