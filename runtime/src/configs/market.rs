//! Trade: the order book of KWH and DECA, the auctions of energy in quarters of an hour, lots of stored energy.

use super::{
	energy::{CurrentInterval, TreasuryVault},
	parameters::{self, EnsureNumbers},
	tokens::{KWH, SLOT_AUCTION_PALLET_ID},
};
use crate::{weights, AssetsHolder, Balances, Metering, Miners, Runtime, RuntimeHoldReason};
use frame_support::{
	parameter_types,
	traits::{ConstU32, ConstU64},
	PalletId,
};
use heliograph_primitives::units::INTERVALS_PER_DAY;

/// Prices of the order book are multiples of 0.0001 DECA per kWh, its energies of a Wh.
const TICK: u64 = 100;
const LOT: u64 = 1_000;
/// An order can stay in the book for 90 days, about as long as brokers keep one that is good till cancelled.
const ORDER_LIFETIME: u32 = 90 * INTERVALS_PER_DAY;
/// Prices of lots are at least, and rise by, 0.001 DECA per kWh.
const LOT_PRICE_TICK: u64 = 1_000;

impl pallet_order_book::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = AssetsHolder;
	type KwhId = ConstU32<KWH>;
	type CurrentInterval = CurrentInterval;
	type TakerFee = parameters::order_book::TakerFee;
	type MakerFee = parameters::order_book::MakerFee;
	type FeeDestination = TreasuryVault;
	type MinimumEnergy = parameters::order_book::MinimumEnergy;
	type TickSize = ConstU64<TICK>;
	type LotSize = ConstU64<LOT>;
	type MaxOrders = ConstU32<64>;
	type MaxFills = ConstU32<64>;
	type MaxLifetime = ConstU32<ORDER_LIFETIME>;
	type MaxBatch = ConstU32<64>;
	type WeightInfo = weights::pallet_order_book::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmark_helpers::Clock;
}

parameter_types! {
	pub const SlotAuctionPalletId: PalletId = SLOT_AUCTION_PALLET_ID;
}

impl pallet_slot_auction::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Reports = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type MarketOrigin = EnsureNumbers;
	type FeeDestination = TreasuryVault;
	type SlotFee = parameters::slot_auction::SlotFee;
	type GateOpening = parameters::slot_auction::GateOpening;
	type GateClosure = parameters::slot_auction::GateClosure;
	type Grace = parameters::slot_auction::Grace;
	type MinimumEnergy = parameters::slot_auction::MinimumEnergy;
	type PalletId = SlotAuctionPalletId;
	type MaxOrders = ConstU32<16>;
	type MaxBatch = ConstU32<64>;
	type WeightInfo = weights::pallet_slot_auction::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmark_helpers::Register;
}

impl pallet_lots::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Reports = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type FeeDestination = TreasuryVault;
	type Fee = parameters::lots::Fee;
	type MinRaise = parameters::lots::MinRaise;
	type MinimumEnergy = parameters::lots::MinimumEnergy;
	type MaxDuration = parameters::lots::MaxDuration;
	type ExtendWithin = parameters::lots::ExtendWithin;
	type DrawWindow = parameters::lots::DrawWindow;
	type Grace = parameters::lots::Grace;
	type PriceTick = ConstU64<LOT_PRICE_TICK>;
	type MaxExtensions = ConstU32<8>;
	type MaxLots = ConstU32<32>;
	type WeightInfo = weights::pallet_lots::WeightInfo<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmark_helpers::Register;
}
