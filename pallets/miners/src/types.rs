//! What the miners pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::*;
use heliograph_primitives::{
	keys::{MeterKey, MeterSignature},
	miner::{Flow, MeterId, MinerKind},
	units::Watts,
};

/// The number of an application.
pub type ApplicationId = u32;

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
	/// The grid or market area, for example an EIC code.
	pub grid_area: BoundedVec<u8, ConstU32<16>>,
	/// Commissioning date as days since 1970-01-01.
	pub commissioned: u32,
}

/// A meter that an applicant wants to register.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MeterApplication {
	/// The key that its readings will be signed with.
	pub key: MeterKey,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: Watts,
	/// The key's signature over the owner's account, see `possession_payload`.
	pub possession: MeterSignature,
}

/// A meter whose proof of possession was seen, waiting for admission.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ProposedMeter {
	/// The key that its readings will be signed with.
	pub key: MeterKey,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: Watts,
}

/// A request to become a miner, open until the Technical DAO rules on it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxMeters))]
pub struct Application<AccountId, Balance, MaxMeters: Get<u32>> {
	/// Who applies, and will hold the soul-bound token.
	pub owner: AccountId,
	/// What kind of miner it wants to be.
	pub kind: MinerKind,
	/// What it says of the system.
	pub profile: Profile,
	/// Its meters, in the order in which they will be numbered.
	pub meters: BoundedVec<ProposedMeter, MaxMeters>,
	/// What is held from the owner for it.
	pub deposit: Balance,
}

/// Whether a miner takes part.
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
pub enum Status {
	/// Its readings are accepted.
	#[codec(index = 0)]
	Active,
	/// Its readings are refused until the Technical DAO reinstates it.
	#[codec(index = 1)]
	Suspended,
}

/// A registered clean-energy system. Its number is that of its soul-bound token, which never moves.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxMeters))]
pub struct Miner<AccountId, Balance, MaxMeters: Get<u32>> {
	/// Who holds the soul-bound token.
	pub owner: AccountId,
	/// What kind of system it is.
	pub kind: MinerKind,
	/// What was admitted.
	pub profile: Profile,
	/// Whether it takes part.
	pub status: Status,
	/// Its meters.
	pub meters: BoundedVec<MeterId, MaxMeters>,
	/// How many operators it has.
	pub operators: u32,
	/// What is held from the owner for it.
	pub deposit: Balance,
}

/// What a meter key is in use for. A key is used once, ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum KeyUse {
	/// By a meter of an open application. Freed when the application is rejected or withdrawn.
	#[codec(index = 0)]
	Application(ApplicationId),
	/// By a registered meter.
	#[codec(index = 1)]
	Meter(MeterId),
}
