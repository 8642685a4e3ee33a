//! Words shared by the pallets, the agent and the tests.
//!
//! Everything that a device signs, and every unit that a number on the chain is in, is defined here and nowhere else,
//! so that the two sides of a signature cannot drift apart.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod claim;
pub mod history;
pub mod keys;
pub mod miner;
pub mod reading;
pub mod trade;
pub mod units;

pub use claim::{Claim, ClaimKind, EnergyClaims, MeterEnergy};
pub use keys::{MeterKey, MeterSignature};
pub use miner::{Flow, MeterDirectory, MeterId, MeterInfo, MinerId, MinerKind};
pub use reading::{AttestedReading, Quality, Reading, SignedReading};
