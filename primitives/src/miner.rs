//! Who measures: the identities that the chain hands out, and how a pallet asks about them.

use crate::{
	keys::{MeterKey, OracleSet, OracleSetId},
	units::Watts,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::{BoundedVec, DispatchError};

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

impl MinerKind {
	/// What meters measure through which a miner of this kind gives energy away in trade. Only one flow, because a
	/// battery's meter and the one behind it, where the house meets the grid, see the same energy.
	pub const fn gives_by(self) -> Flow {
		match self {
			Self::Storage => Flow::Discharge,
			Self::Standard | Self::Plant | Self::Remote | Self::Consumer => Flow::Export,
		}
	}
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

/// How the hardware of a miner is, as its owner reports it.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum HardwareStatus {
	/// It works.
	#[default]
	#[codec(index = 0)]
	Ok,
	/// It works, with less than its nameplate.
	#[codec(index = 1)]
	Degraded,
	/// It does not work.
	#[codec(index = 2)]
	Offline,
	/// It is being serviced.
	#[codec(index = 3)]
	Maintenance,
}

/// Where the energy comes from.
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
pub enum Source {
	/// Photovoltaic.
	#[codec(index = 0)]
	Solar,
	/// Wind turbine.
	#[codec(index = 1)]
	Wind,
	/// Running water.
	#[codec(index = 2)]
	Hydro,
	/// Biogas or biomass.
	#[codec(index = 3)]
	Biogas,
	/// Stored energy.
	#[codec(index = 4)]
	Battery,
	/// The public grid: a consumer without generation.
	#[codec(index = 5)]
	Grid,
}

/// How the measurements reach the agent.
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
pub enum CollectionMethod {
	/// A meter with current transformers or in the line, read over a bus.
	#[codec(index = 0)]
	SmartMeter,
	/// A dongle in the inverter.
	#[codec(index = 1)]
	Dongle,
	/// A measuring plug.
	#[codec(index = 2)]
	Plug,
	/// A vendor's cloud that pushes.
	#[codec(index = 3)]
	ApiPush,
	/// A vendor's cloud that is polled.
	#[codec(index = 4)]
	ApiPull,
}

impl CollectionMethod {
	/// Whether no device of the site signs, so that oracles must.
	pub const fn needs_oracles(&self) -> bool {
		matches!(self, Self::ApiPush | Self::ApiPull)
	}
}

/// What an applicant says of the system. The Technical DAO checks it before it admits.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Profile {
	/// Where the energy comes from.
	pub source: Source,
	/// How it is measured.
	pub method: CollectionMethod,
	/// The nameplate of the whole system, in W.
	pub capacity: Watts,
	/// Geohash of at most five characters, about 5 km: coarse on purpose, it is public.
	pub location: BoundedVec<u8, ConstU32<5>>,
	/// The grid or market area, for example an EIC code: letters, digits, `-`, `.` and `_`.
	pub grid_area: BoundedVec<u8, ConstU32<16>>,
	/// Commissioning date as days since 1970-01-01.
	pub commissioned: u32,
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
	/// The storage node that the energy through it is sent to, if it is sent to one.
	pub node: Option<MinerId>,
	/// Whether it was taken out of service: its readings are refused, what it measured before can still be claimed.
	pub retired: bool,
}

/// What other pallets judge a miner by.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MinerInfo<AccountId> {
	/// Who holds the soul-bound token.
	pub owner: AccountId,
	/// What kind of system it is.
	pub kind: MinerKind,
	/// Whether it is neither suspended nor revoked.
	pub active: bool,
	/// How its hardware is.
	pub hardware: HardwareStatus,
	/// What was admitted.
	pub profile: Profile,
}

/// How other pallets ask who is who. Offered by the miners pallet.
pub trait MeterDirectory<AccountId> {
	/// What is registered of `meter`, if it belongs to a live miner.
	fn meter(meter: MeterId) -> Option<MeterInfo>;

	/// What is registered of `miner`, if it was not revoked.
	fn miner(miner: MinerId) -> Option<MinerInfo<AccountId>>;

	/// The meters of `miner` that are in service; at most as many as a miner may have.
	fn meters(miner: MinerId) -> Vec<MeterId>;

	/// Whether `miner` is live and not suspended.
	fn is_active(miner: MinerId) -> bool;

	/// Whether `account` may submit readings for `miner`.
	fn is_operator(account: &AccountId, miner: MinerId) -> bool;

	/// Whether `account` may submit readings for any miner.
	fn is_any_operator(account: &AccountId) -> bool;

	/// The oracles that sign for meters without a key of their own.
	fn oracle_set(set: OracleSetId) -> Option<OracleSet>;

	/// Registers a live miner of kind `Standard` with one meter of flow `Export` under `key`, operated by `operator` and
	/// owned by the account `owner`, as a worst case for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(
		owner: &AccountId,
		operator: &AccountId,
		key: MeterKey,
		nameplate: Watts,
	) -> MeterId;

	/// Registers a set of oracles for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn set_oracles_for_benchmark(set: OracleSetId, oracles: OracleSet);
}

/// The deposits that owners of miners answer with. Offered by the miners pallet.
pub trait OwnerBonds<AccountId, Balance> {
	/// Moves up to `amount` of what is held for `miner` from its owner to the free balance of `beneficiary`. Returns what
	/// was moved: less than `amount` when less is held.
	fn slash(
		miner: MinerId,
		amount: Balance,
		beneficiary: &AccountId,
	) -> Result<Balance, DispatchError>;
}
