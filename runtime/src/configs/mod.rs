//! Configuration of the pallets, by area.

mod accounts;
mod consensus;
mod energy;
mod governance;
mod system;

pub use accounts::ProxyType;
pub use governance::{EnsureTechnicalDao, TechnicalCollective};
pub use system::{MAXIMUM_BLOCK_WEIGHT, NORMAL_DISPATCH_RATIO};
