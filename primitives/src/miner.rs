//! Who measures: the identities that the chain hands out, and how a pallet asks about them.

use crate::{keys::MeterKey, units::Watts};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The number of a miner and of its soul-bound token.
pub type MinerId = u32;

/// The number of a meter. Assigned by the chain, one after the other, never reused.
pub type MeterId = u32;

/// What kind of system a miner is.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum MinerKind {
	/// A system with its own generation.
	#[codec(index = 0)]
	Standard,
	/// A generation whose data feeds remote miners.
	#[codec(index = 1)]
	Plant,
	/// Units fed by a plant; has no device.
	#[codec(index = 2)]
	Remote,
	/// An energy storage node.
	#[codec(index = 3)]
	Storage,
	/// A metered consumer.
	#[codec(index = 4)]
	Consumer,
}

/// The way in which energy passes a meter.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Flow {
	/// Produced on site.
	#[codec(index = 0)]
	Generation,
	/// Used on site.
	#[codec(index = 1)]
	Consumption,
	/// Sent to the grid.
	#[codec(index = 2)]
	Export,
	/// Received from the grid.
	#[codec(index = 3)]
	Import,
	/// Put into a battery.
	#[codec(index = 4)]
	Charge,
	/// Taken out of a battery.
	#[codec(index = 5)]
	Discharge,
}

/// What is registered of a meter.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct MeterInfo {
	/// The miner that it belongs to.
	pub miner: MinerId,
	/// The key that its readings are signed with.
	pub key: MeterKey,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: Watts,
}

/// How other pallets ask who is who. Offered by the miners pallet.
pub trait MeterDirectory<AccountId> {
	/// What is registered of `meter`, if it belongs to a live miner.
	fn meter(meter: MeterId) -> Option<MeterInfo>;

	/// Whether `miner` is live and not suspended.
	fn is_active(miner: MinerId) -> bool;

	/// Whether `account` may submit readings for `miner`.
	fn is_operator(account: &AccountId, miner: MinerId) -> bool;

	/// Whether `account` may submit readings for any miner.
	fn is_any_operator(account: &AccountId) -> bool;

	/// Registers a live miner with one meter under `key`, operated by `operator`, as a worst case for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(operator: &AccountId, key: MeterKey, nameplate: Watts) -> MeterId;
}
