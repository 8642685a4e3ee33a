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
	type BenchmarkHelper = super::benchmark_helpers::Register;
}
