//! What the miners pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::*, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use heliograph_primitives::{
	keys::{MeterKey, MeterSignature},
	miner::{Flow, HardwareStatus, MeterId, MinerId, MinerKind},
	units::Watts,
};

pub use heliograph_primitives::miner::{CollectionMethod, Profile, Source};

/// The number of an application.
pub type ApplicationId = u32;

/// A meter that an applicant wants to register.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MeterApplication {
	/// The key that its readings will be signed with, or the oracles that sign in its place.
	pub key: MeterKey,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: Watts,
	/// The key's signature over the owner's account, see `possession_payload`. Not looked at for oracles.
	pub possession: MeterSignature,
}

/// A meter whose proof of possession was seen, waiting for admission.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ProposedMeter {
	/// The key that its readings will be signed with, or the oracles that sign in its place.
	pub key: MeterKey,
	/// What it measures.
	pub flow: Flow,
	/// The largest power that it can measure, in W.
	pub nameplate: Watts,
}

/// What an application asks for.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Target {
	/// A new miner with its meters.
	#[codec(index = 0)]
	New {
		/// What kind of miner it wants to be.
		kind: MinerKind,
		/// What the applicant says of the system.
		profile: Profile,
	},
	/// More meters for the miner with this number.
	#[codec(index = 1)]
	Existing(MinerId),
}

/// A request to become a miner or to get more meters, open until the Technical DAO rules on it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxMeters))]
pub struct Application<AccountId, Balance, MaxMeters: Get<u32>> {
	/// Who applies, and holds or will hold the soul-bound token.
	pub owner: AccountId,
	/// What it asks for.
	pub target: Target,
	/// Its meters, in the order in which they will be numbered.
	pub meters: BoundedVec<ProposedMeter, MaxMeters>,
	/// What is held from the owner for it.
	pub deposit: Balance,
}

/// Why an owner's last application was refused.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxReasonLength))]
pub struct Rejection<MaxReasonLength: Get<u32>> {
	/// The number that the application had.
	pub application: ApplicationId,
	/// Why, in the DAO's words.
	pub reason: BoundedVec<u8, MaxReasonLength>,
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
	/// It is out for good: its token is burned and its meters are retired. The record stays, so that what it measured
	/// can be traced to it.
	#[codec(index = 2)]
	Revoked,
}

/// What a miner says of the pool that it works for: text of at most 64 bytes.
pub type PoolData = BoundedVec<u8, ConstU32<64>>;

/// A registered clean-energy system. Its number is that of its soul-bound token, which never moves.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
#[scale_info(skip_type_params(MaxMeters, MaxOperators))]
pub struct Miner<AccountId, Balance, MaxMeters: Get<u32>, MaxOperators: Get<u32>> {
	/// Who holds the soul-bound token.
	pub owner: AccountId,
	/// What kind of system it is.
	pub kind: MinerKind,
	/// What was admitted.
	pub profile: Profile,
	/// Whether it takes part.
	pub status: Status,
	/// How its hardware is, as the owner's side reports it.
	pub hardware: HardwareStatus,
	/// Its mining pool, if it named one.
	pub pool: PoolData,
	/// Its meters in service. A retired meter is found by its own number only.
	pub meters: BoundedVec<MeterId, MaxMeters>,
	/// The accounts that may submit its readings.
	pub operators: BoundedVec<AccountId, MaxOperators>,
	/// What is held from the owner for it.
	pub deposit: Balance,
}

/// What a meter key is in use for. A key is used once, ever.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum KeyUse {
	/// By a meter of an open application. Freed when the application is rejected or withdrawn.
	#[codec(index = 0)]
	Application(ApplicationId),
	/// By a registered meter, in service or retired.
	#[codec(index = 1)]
	Meter(MeterId),
	/// By this meter once, before its key was rotated. Never again.
	#[codec(index = 2)]
	Former(MeterId),
}
