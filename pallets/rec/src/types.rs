//! What the rec pallet stores, and the arithmetic of ranges and sums, which needs no storage.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use core::fmt::Debug;
use frame_support::{pallet_prelude::*, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use heliograph_primitives::{
	history::Checkpoint,
	miner::{MeterId, MinerId, Profile},
	units::{Energy, Interval},
};
use sp_runtime::{ArithmeticError, Permill};

/// The number of a request. Assigned by the chain, one after the other, never reused.
pub type RequestId = u32;
/// The number of an issuance. Assigned by the chain, one after the other, never reused.
pub type IssuanceId = u32;
/// The number of a certificate. Assigned by the chain, one after the other, never reused.
pub type CertificateId = u32;
/// The number of a retirement and of its soul-bound token. Assigned by the chain, one after the other, never reused.
pub type RetirementId = u32;

/// Base units of DECA (10^-12), of the `REC` asset (mWh), or of the `CO2` asset (mg).
pub type Balance = u128;

/// Bytes of at most `N`.
pub type Text<const N: u32> = BoundedVec<u8, ConstU32<N>>;

/// The grid or market area of a miner, as its profile names it.
pub type Area = BoundedVec<u8, ConstU32<16>>;

/// The most steps that are kept of a certificate's way.
pub const MAX_STEPS: u32 = 16;

/// What an owner says beside what was measured. Empty where there is nothing to say.
#[derive(
	Clone,
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
pub struct Documents {
	/// The content identifier (CID) of the documents that stand behind the request.
	pub evidence: Text<64>,
	/// Where they can be read.
	pub url: Text<128>,
	/// A word to the DAO and to whoever reads the certificate.
	pub memo: Text<128>,
}

/// Where a request stands. Certified and cancelled requests are not stored.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxReasonLength))]
pub enum RequestStatus<MaxReasonLength: Get<u32>> {
	/// It waits for the DAO.
	#[codec(index = 0)]
	Pending,
	/// The DAO refused it, and said why. Nothing is held for it any more; its owner may update or cancel it.
	#[codec(index = 1)]
	Rejected(BoundedVec<u8, MaxReasonLength>),
}

/// The charge that a request for stored energy is made from.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxParts))]
pub struct Charge<MaxParts: Get<u32>> {
	/// The meter that measured what went into the battery.
	pub meter: MeterId,
	/// Where its pointer of certificates stands, in mWh.
	pub from: Energy,
	/// Where the pointer moves on certification, in mWh.
	pub to: Energy,
	/// The interval up to which the charge before was known, or that of the meter's first reading.
	pub since: Interval,
	/// The meter when the request was made: what went in lies before it.
	pub until: Checkpoint,
	/// The certificates of the energy that went in: `to - from` of it together.
	pub originals: BoundedVec<CertificateId, MaxParts>,
}

impl<MaxParts: Get<u32>> Charge<MaxParts> {
	/// The energy that went in, in mWh.
	pub fn energy(&self) -> Energy {
		self.to.saturating_sub(self.from)
	}
}

/// Asks to have the matured energy of a meter certified.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxParts, MaxReasonLength))]
pub struct Request<
	AccountId: Clone + PartialEq + Eq + Debug,
	MaxParts: Get<u32>,
	MaxReasonLength: Get<u32>,
> {
	/// The miner that the meter belongs to.
	pub miner: MinerId,
	/// The meter: one of generation, or of discharge when `charge` is there.
	pub meter: MeterId,
	/// Who asked, from whom deposit and fee are held, and who gets the certificate.
	pub owner: AccountId,
	/// What is held and returned. 0 once it was returned.
	pub deposit: Balance,
	/// What is held and paid when it is certified. 0 once it was returned.
	pub fee: Balance,
	/// What the owner says.
	pub documents: Documents,
	/// Where the certified energy begins: the end of the issuance before, or the meter's first reading.
	pub from: Checkpoint,
	/// Where it ends.
	pub to: Checkpoint,
	/// The charge that it is made from, when it is stored energy.
	pub charge: Option<Charge<MaxParts>>,
	/// The interval in which the checkpoints were taken.
	pub taken: Interval,
	/// Where it stands.
	pub status: RequestStatus<MaxReasonLength>,
	/// The rejected request that it replaces.
	pub replaces: Option<RequestId>,
}

impl<AccountId: Clone + PartialEq + Eq + Debug, MaxParts: Get<u32>, MaxReasonLength: Get<u32>>
	Request<AccountId, MaxParts, MaxReasonLength>
{
	/// The energy that it asks certificates for, in mWh.
	pub fn energy(&self) -> Energy {
		self.to.position.saturating_sub(self.from.position)
	}

	/// How many certificates are pledged for it, or were until it was rejected.
	pub fn originals(&self) -> u32 {
		self.charge.as_ref().map_or(0, |charge| charge.originals.len() as u32)
	}
}

/// How much CO2e a kWh of clean energy is said to avoid in an area.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct EmissionFactor {
	/// mg CO2e per kWh.
	pub mg_per_kwh: u32,
	/// Who says so, and of what year.
	pub source: Text<64>,
}

impl EmissionFactor {
	/// The carbon of `energy` mWh, in mg. Rounds down: no carbon is made of what is less than a mg.
	pub fn carbon(&self, energy: Energy) -> u128 {
		const MILLI_WATT_HOURS_PER_KWH: u128 = 1_000_000;
		u128::from(energy).saturating_mul(self.mg_per_kwh.into()) / MILLI_WATT_HOURS_PER_KWH
	}
}

/// What an issuance of stored energy is made from.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxParts))]
pub struct StorageFacts<MaxParts: Get<u32>> {
	/// What went in, by which meter, and the certificates that were retired for it.
	pub charge: Charge<MaxParts>,
	/// What came out of what went in. Rounds down.
	pub efficiency: Permill,
	/// The same over the whole life of both meters up to the request: all discharge over all charge, at most 1. Rounds
	/// down. The owner chooses how much charge stands behind a discharge; this is what the meters say.
	pub measured: Permill,
}

/// Why an issuance was revoked, and when.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxReasonLength))]
pub struct Revocation<MaxReasonLength: Get<u32>> {
	/// When.
	pub at: Interval,
	/// Why, in the DAO's words.
	pub reason: BoundedVec<u8, MaxReasonLength>,
}

/// One of the sums that the energy of an issuance is spread over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sum {
	/// Held by accounts, also what is expired or pledged.
	Live,
	/// Used for good.
	Retired,
	/// In the pool.
	Liquidised,
	/// Taken away by the DAO.
	Revoked,
}

/// What has become of an issuance's energy, in mWh. The four always sum to its energy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Sums {
	/// Held by accounts, also what is expired or pledged.
	pub live: Energy,
	/// Used for good: in somebody's name, as carbon, or converted into certificates of stored energy.
	pub retired: Energy,
	/// In the pool.
	pub liquidised: Energy,
	/// Taken away by the DAO.
	pub revoked: Energy,
}

impl Sums {
	/// All of it is live.
	pub fn new(energy: Energy) -> Self {
		Self { live: energy, ..Default::default() }
	}

	/// Moves `energy` from one sum to another. Moves nothing when it fails.
	pub fn shift(&mut self, from: Sum, to: Sum, energy: Energy) -> Result<(), ArithmeticError> {
		let mut after = *self;
		let source = after.sum_mut(from);
		*source = source.checked_sub(energy).ok_or(ArithmeticError::Underflow)?;
		let target = after.sum_mut(to);
		*target = target.checked_add(energy).ok_or(ArithmeticError::Overflow)?;
		*self = after;
		Ok(())
	}

	/// All four together.
	pub fn total(&self) -> u128 {
		[self.live, self.retired, self.liquidised, self.revoked].map(u128::from).iter().sum()
	}

	fn sum_mut(&mut self, sum: Sum) -> &mut Energy {
		match sum {
			Sum::Live => &mut self.live,
			Sum::Retired => &mut self.retired,
			Sum::Liquidised => &mut self.liquidised,
			Sum::Revoked => &mut self.revoked,
		}
	}
}

/// What was certified at once: a part of one meter's matured total.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxParts, MaxReasonLength))]
pub struct Issuance<
	AccountId: Clone + PartialEq + Eq + Debug,
	MaxParts: Get<u32>,
	MaxReasonLength: Get<u32>,
> {
	/// The request that it came of.
	pub request: RequestId,
	/// The miner.
	pub miner: MinerId,
	/// The meter.
	pub meter: MeterId,
	/// Who the first certificate was given to: the miner's owner then.
	pub owner: AccountId,
	/// The miner then: its source, capacity, location, grid area, commissioning date and how it is measured.
	pub profile: Profile,
	/// Where the energy begins: register, epoch, interval, and the history hash up to there.
	pub from: Checkpoint,
	/// Where it ends.
	pub to: Checkpoint,
	/// The energy, in mWh: how far the pointer moved.
	pub energy: Energy,
	/// The part of it that cannot be assigned to single intervals, in mWh. At most `energy`.
	pub recovered: Energy,
	/// What was measured between the two ends and taken away by a challenge, in mWh. Not part of `energy`.
	pub voided: Energy,
	/// The charge and the efficiency, when it is stored energy.
	pub storage: Option<StorageFacts<MaxParts>>,
	/// The emission factor of the area then. None when none was set, and of stored energy.
	pub emission_factor: Option<EmissionFactor>,
	/// What the owner said.
	pub documents: Documents,
	/// When it was certified.
	pub issued: Interval,
	/// Until then, and not in that interval any more, the DAO can revoke it.
	pub revocable_until: Interval,
	/// From this interval on its live certificates cannot be used.
	pub expires: Interval,
	/// What has become of the energy.
	pub sums: Sums,
	/// Whether the DAO revoked it. What was live then can never be used.
	pub revocation: Option<Revocation<MaxReasonLength>>,
}

/// Where a certificate stands.
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
pub enum State {
	/// Its owner may use it, unless it is expired or its issuance revoked.
	#[codec(index = 0)]
	Live,
	/// It stands for a request for stored energy, and cannot be used meanwhile.
	#[codec(index = 1)]
	Pledged(RequestId),
	/// It is in the pool, at this place of the queue.
	#[codec(index = 2)]
	Liquidised(u64),
	/// It was used for good.
	#[codec(index = 3)]
	Retired(RetirementId),
	/// It was used for good, for this issuance of stored energy.
	#[codec(index = 4)]
	Converted(IssuanceId),
}

impl State {
	/// Whether it is used for good.
	pub const fn is_final(&self) -> bool {
		matches!(self, Self::Retired(_) | Self::Converted(_))
	}

	/// The sum of the issuance that its energy is in, as long as the issuance is not revoked.
	pub const fn sum(&self) -> Sum {
		match self {
			Self::Live | Self::Pledged(_) => Sum::Live,
			Self::Liquidised(_) => Sum::Liquidised,
			Self::Retired(_) | Self::Converted(_) => Sum::Retired,
		}
	}
}

/// A part of an issuance that one account has.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Certificate<AccountId> {
	/// The issuance that it is a part of.
	pub issuance: IssuanceId,
	/// Who has it, or had it when it was used for good. The pallet's account while it is in the pool.
	pub owner: AccountId,
	/// Where it begins, in mWh of the meter's matured total.
	pub from: Energy,
	/// Where it ends; that point is not part of it.
	pub to: Energy,
	/// Where it stands.
	pub state: State,
	/// For how much DECA anybody may buy it. None when it is not for sale.
	pub price: Option<Balance>,
	/// The certificate that it was split off from.
	pub parent: Option<CertificateId>,
}

impl<AccountId: Clone> Certificate<AccountId> {
	/// Its energy, in mWh.
	pub fn energy(&self) -> Energy {
		self.to.saturating_sub(self.from)
	}

	/// Splits the upper `amount` mWh off. None, and nothing changes, unless both parts have energy. An offer ends.
	pub fn split_off(&mut self, own: CertificateId, amount: Energy) -> Option<Self> {
		if amount == 0 || amount >= self.energy() {
			return None;
		}
		let cut = self.to.checked_sub(amount)?;
		self.price = None;
		let upper = Self { from: cut, parent: Some(own), ..self.clone() };
		self.to = cut;
		Some(upper)
	}
}

/// What happened to a certificate.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum What<AccountId> {
	/// It was issued.
	#[codec(index = 0)]
	Issued(IssuanceId),
	/// It was split off from this one.
	#[codec(index = 1)]
	SplitFrom(CertificateId),
	/// This one was split off from it.
	#[codec(index = 2)]
	SplitInto(CertificateId),
	/// It was given to this account.
	#[codec(index = 3)]
	Transferred(AccountId),
	/// It was bought for this price in DECA, from this account.
	#[codec(index = 4)]
	Sold {
		/// Who sold it.
		from: AccountId,
		/// For how much.
		price: Balance,
	},
	/// It went into the pool.
	#[codec(index = 5)]
	Liquidised,
	/// It came out of the pool.
	#[codec(index = 6)]
	Solidified,
	/// It was pledged for this request for stored energy.
	#[codec(index = 7)]
	Pledged(RequestId),
	/// The request was rejected or cancelled, and it can be used again.
	#[codec(index = 8)]
	Freed(RequestId),
	/// It was retired.
	#[codec(index = 9)]
	Retired(RetirementId),
	/// It was retired for this issuance of stored energy.
	#[codec(index = 10)]
	Converted(IssuanceId),
}

/// A step of a certificate's way.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Step<AccountId> {
	/// What happened.
	pub what: What<AccountId>,
	/// When.
	pub at: Interval,
	/// By whose doing; of what the DAO does, for whom.
	pub by: AccountId,
}

/// A certificate's way from its issue or its split on.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Trail<AccountId> {
	/// The steps, oldest first.
	pub steps: BoundedVec<Step<AccountId>, ConstU32<MAX_STEPS>>,
	/// How many were dropped to make room; they stand in the events of the chain.
	pub dropped: u32,
}

impl<AccountId> Default for Trail<AccountId> {
	fn default() -> Self {
		Self { steps: Default::default(), dropped: 0 }
	}
}

impl<AccountId> Trail<AccountId> {
	/// Adds a step. When there is no room the oldest change of hands is dropped; without one, the oldest step after the
	/// first, which says where the certificate comes from.
	pub fn push(&mut self, step: Step<AccountId>) {
		if self.steps.is_full() {
			let changed_hands = |step: &Step<AccountId>| {
				matches!(step.what, What::Transferred(_) | What::Sold { .. })
			};
			let oldest = self.steps.iter().position(changed_hands).unwrap_or(1);
			// Cannot be out of bounds: the list is full, and longer than one.
			if oldest < self.steps.len() {
				self.steps.remove(oldest);
				self.dropped = self.dropped.saturating_add(1);
			}
		}
		// There is room now.
		if self.steps.try_push(step).is_err() {
			self.dropped = self.dropped.saturating_add(1);
		}
	}
}

/// The time that a retirement is for: from the beginning of `from` to the end of `to`.
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
pub struct Period {
	/// Its first interval.
	pub from: Interval,
	/// Its last one.
	pub to: Interval,
}

/// In whose name energy is retired, and what for. Texts are UTF-8.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Details<AccountId> {
	/// In whose name. Not empty, unless it is retired as carbon.
	pub beneficiary: Text<64>,
	/// The beneficiary's account, if it has one.
	pub entity: Option<AccountId>,
	/// What for.
	pub purpose: Text<128>,
	/// A word to whoever reads it.
	pub message: Text<128>,
	/// The time in which the beneficiary used the energy.
	pub period: Option<Period>,
}

/// The texts of a retirement, which its author can mend for a while.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Texts {
	/// In whose name.
	pub beneficiary: Text<64>,
	/// What for.
	pub purpose: Text<128>,
	/// A word to whoever reads it.
	pub message: Text<128>,
}

/// A certificate that was used up by a retirement, with the energy that it had.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Part {
	/// The certificate.
	pub certificate: CertificateId,
	/// The issuance that it is a part of.
	pub issuance: IssuanceId,
	/// Where it begins, in mWh of the meter's matured total.
	pub from: Energy,
	/// Where it ends.
	pub to: Energy,
}

/// Energy that was used for good.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxParts))]
pub struct Retirement<AccountId: Clone + PartialEq + Eq + Debug, MaxParts: Get<u32>> {
	/// Who retired it, and holds the soul-bound token.
	pub retired_by: AccountId,
	/// In whose name, and what for.
	pub details: Details<AccountId>,
	/// What was used up.
	pub parts: BoundedVec<Part, MaxParts>,
	/// The energy of the parts, in mWh.
	pub energy: u128,
	/// When.
	pub at: Interval,
	/// The carbon in mg that it was turned into. None when it was retired in somebody's name.
	pub as_carbon: Option<u128>,
	/// When its texts were last mended.
	pub edited: Option<Interval>,
}

/// The queue of what is in the pool.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Pool {
	/// The place of the oldest certificate.
	pub head: u64,
	/// The place that the next one gets.
	pub tail: u64,
	/// The energy of all of them, in mWh. As many `REC` there are.
	pub energy: u128,
}

/// What became of all energy that was ever certified, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Totals {
	/// Certified, ever.
	pub certified: u128,
	/// Used for good, ever. Never falls.
	pub retired: u128,
	/// The part of `retired` that was converted into certificates of stored energy.
	pub converted: u128,
	/// Taken away by the DAO, ever.
	pub revoked: u128,
	/// Carbon made of retired energy, ever, in mg.
	pub carbon: u128,
}

/// How far the charge of a meter has become certificates of stored energy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ChargedUntil {
	/// Where its pointer stands, in mWh.
	pub position: Energy,
	/// The interval up to which the meter was known then.
	pub interval: Interval,
}

/// How a certificate looks to a reader: what it is by its own state, its issuance and the time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Status {
	/// Its owner can use it.
	#[codec(index = 0)]
	Live,
	/// It stands for a request for stored energy.
	#[codec(index = 1)]
	Pledged,
	/// It is in the pool.
	#[codec(index = 2)]
	Liquidised,
	/// It was retired.
	#[codec(index = 3)]
	Retired,
	/// It was retired for certificates of stored energy.
	#[codec(index = 4)]
	Converted,
	/// Its time is over.
	#[codec(index = 5)]
	Expired,
	/// The DAO took it away.
	#[codec(index = 6)]
	Revoked,
}

/// A certificate with what a list shows of it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Listed<AccountId> {
	/// Its number.
	pub id: CertificateId,
	/// Itself.
	pub certificate: Certificate<AccountId>,
	/// How it looks now.
	pub status: Status,
	/// Its energy, in mWh.
	pub energy: Energy,
}

/// A page of a list.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Page<AccountId> {
	/// What it shows.
	pub certificates: Vec<Listed<AccountId>>,
	/// After which number the next page begins; none when this is the last. A page that is not the last may be short, or
	/// empty, when few certificates have the status that was asked for.
	pub next: Option<CertificateId>,
}

/// The whole way of a certificate: from the claim to where it stands, and how it was used.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct History<AccountId, Issuance, Retirement> {
	/// The certificate.
	pub certificate: Listed<AccountId>,
	/// Its issuance: the request, the meter and the claimed range, with the history hashes at both ends.
	pub issuance: Issuance,
	/// Its own way.
	pub trail: Trail<AccountId>,
	/// The certificates that it was split off from, nearest first, each with its way; at most a page of them.
	pub ancestors: Vec<(CertificateId, Trail<AccountId>)>,
	/// How it was used for good.
	pub retirement: Option<Retirement>,
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of kind `Standard` with a profile as long as it can be and the source `Solar`, owned by
	/// `owner`, with one meter of flow `Generation`. The owner's account exists.
	fn register(owner: &AccountId) -> (MinerId, MeterId);

	/// Registers a live miner of kind `Storage`, owned by `owner`, with one meter of flow `Discharge` and one of flow
	/// `Charge`, in this order.
	fn register_storage(owner: &AccountId) -> (MinerId, MeterId, MeterId);
}
