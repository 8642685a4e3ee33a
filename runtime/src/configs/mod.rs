//! Configuration of the pallets, by area.

mod accounts;
#[cfg(feature = "runtime-benchmarks")]
mod benchmark_helpers;
mod certificates;
mod consensus;
mod energy;
mod governance;
mod market;
pub mod origins;
pub mod parameters;
mod rewards;
pub mod safety;
mod storage;
mod system;
pub mod tokens;
mod tracks;

pub use accounts::ProxyType;
pub use governance::{
	treasury_account, EnsureAdmission, EnsureIssuance, EnsureTechnicalDao, TechnicalCollective,
	TreasuryAccount, TREASURY_PALLET_ID,
};
pub use rewards::RecentBlocks;
pub use system::{MAXIMUM_BLOCK_WEIGHT, NORMAL_DISPATCH_RATIO};
pub use tracks::{TrackId, Tracks};
