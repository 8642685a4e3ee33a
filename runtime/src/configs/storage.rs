//! Batteries: who takes energy in, who draws it, and what answers for it.

use super::{
	energy::{CurrentInterval, TreasuryVault},
	parameters,
	tokens::KWH,
	EnsureTechnicalDao,
};
use crate::{
	weights, Assets, AssetsHolder, Balances, Metering, Miners, Runtime, RuntimeHoldReason,
};
use frame_support::traits::ConstU32;

impl pallet_storage_nodes::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = AssetsHolder;
	type Kwh = Assets;
	type KwhId = ConstU32<KWH>;
	type Miners = Miners;
	type Assignment = Miners;
	type Reports = Metering;
	type Energy = Metering;
	type Inflows = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type DaoOrigin = EnsureTechnicalDao;
	type FeeDestination = TreasuryVault;
	type MinBond = parameters::storage_nodes::MinBond;
	type BondPerKwh = parameters::storage_nodes::BondPerKwh;
	type PenaltyPrice = parameters::storage_nodes::PenaltyPrice;
	type Grace = parameters::storage_nodes::Grace;
	type AcceptWindow = parameters::storage_nodes::AcceptWindow;
	type CoverWindow = parameters::storage_nodes::CoverWindow;
	type WeightInfo = weights::pallet_storage_nodes::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmark_helpers::Register;
}
