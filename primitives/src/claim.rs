//! What attested energy may be used for, and how a pallet uses it once.
//!
//! Energy *matures*: what arrived longer ago than the challenge window, and was not voided, joins the matured total. Every
//! use of energy is a *claim*, which moves a pointer into that total, and pointers only move forward. Per meter there is
//! one pointer for each [`ClaimKind`]; so a watt-hour becomes at most one token and at most one certificate.

use crate::{
	miner::{MeterId, MinerId},
	units::Interval,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// What a claim is for. Each kind has a pointer of its own.
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
pub enum ClaimKind {
	/// Energy tokens.
	#[codec(index = 0)]
	Token = 0,
	/// Renewable energy certificates.
	#[codec(index = 1)]
	Certificate = 1,
}

impl ClaimKind {
	/// How many kinds there are.
	pub const COUNT: usize = 2;
}

/// Energy that was claimed: the part `[from, to)` of a meter's matured total, in mWh.
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
pub struct Claim {
	/// Where the pointer stood.
	pub from: u128,
	/// Where it stands now.
	pub to: u128,
}

impl Claim {
	/// How much energy it is, in mWh.
	pub fn energy(&self) -> u128 {
		self.to.saturating_sub(self.from)
	}
}

/// A meter's energy at this moment, in mWh. `attested = matured + waiting + voided`, where only `attested` and `matured`
/// need naming here.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, TypeInfo)]
pub struct MeterEnergy {
	/// All energy that was ever accepted.
	pub attested: u128,
	/// The part of it that can be claimed, claimed or not.
	pub matured: u128,
	/// The part of it that a challenge took away for good.
	pub voided: u128,
	/// The part of `attested` that belongs to no single interval.
	pub recovered: u128,
	/// How far each kind of claim has come; indexed by `ClaimKind as usize`.
	pub claimed: [u128; ClaimKind::COUNT],
	/// Whether a challenge is open: nothing matures and nothing can be claimed.
	pub quarantined: bool,
	/// How many intervals were measured, ever.
	pub measured_intervals: u32,
	/// The interval of the first reading.
	pub first_interval: Interval,
	/// The interval of the newest reading.
	pub last_interval: Interval,
}

/// How other pallets use attested energy. Offered by the metering pallet.
pub trait EnergyClaims {
	/// What is known of `meter` now, or `None` if it never reported.
	fn energy(meter: MeterId) -> Option<MeterEnergy>;

	/// Moves the pointer of `kind` to `up_to`, and returns exactly the energy that it passed.
	///
	/// `up_to` is a position in the matured total, in mWh. Fails, and moves nothing, when the meter is unknown or
	/// quarantined, when `up_to` is beyond what has matured, or when the pointer is there already.
	fn claim(meter: MeterId, kind: ClaimKind, up_to: u128) -> Result<Claim, DispatchError>;

	/// Gives a registered meter `energy` mWh that matured, for benchmarks.
	#[cfg(feature = "runtime-benchmarks")]
	fn mature_for_benchmark(meter: MeterId, energy: u64);
}

/// What was measured at the meters that send to one storage node in one interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NodeInflow {
	/// The interval.
	pub interval: Interval,
	/// The energy that they sent, in mWh.
	pub energy: u64,
	/// How many of them reported it.
	pub meters: u32,
}

/// How other pallets ask what a storage node should have received. Offered by the metering pallet.
pub trait NodeInflows {
	/// What was sent to `node` in `interval`, if anything was and the interval lies in the last 96.
	fn sent_to(node: MinerId, interval: Interval) -> Option<NodeInflow>;
}
