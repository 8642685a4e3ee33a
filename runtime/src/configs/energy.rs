//! Who measures, and how much.

use crate::{weights, Balance, Balances, Miners, Runtime, RuntimeHoldReason, DECA};
use frame_support::{parameter_types, traits::ConstU32};

use super::EnsureTechnicalDao;

parameter_types! {
	pub const ApplicationDeposit: Balance = 10 * DECA;
	pub const MeterDeposit: Balance = DECA;
}

impl pallet_miners::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type AdmissionOrigin = EnsureTechnicalDao;
	type ApplicationDeposit = ApplicationDeposit;
	type MeterDeposit = MeterDeposit;
	type MaxMeters = ConstU32<32>;
	type MaxOperators = ConstU32<8>;
	type MaxReasonLength = ConstU32<256>;
	type WeightInfo = weights::pallet_miners::WeightInfo<Runtime>;
}

impl pallet_metering::Config for Runtime {
	type Miners = Miners;
	type MaxBatch = ConstU32<512>;
	type FeelessReadingsPerBlock = ConstU32<1_024>;
	type WeightInfo = weights::pallet_metering::WeightInfo<Runtime>;
}
