//! What the issuance pallet stores, and what it asks of others.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::*, CloneNoBound, DebugNoBound, EqNoBound, PartialEqNoBound};
use heliograph_primitives::{
	miner::{HardwareStatus, MeterId, MinerId},
	units::Interval,
};
use sp_runtime::Permill;

/// The number of a payment request. Assigned by the chain, one after the other, never reused.
pub type RequestId = u32;

/// Base units of DECA (10^-12), of the energy token (mWh), or of liquidity tokens.
pub type Balance = u128;

/// How a miner wants to be paid.
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
pub enum Payout {
	/// Energy tokens and DECA go into the pool; miner and storage node get its liquidity tokens, and so its fees.
	#[codec(index = 0)]
	Liquidity,
	/// Energy tokens and DECA are paid out.
	#[codec(index = 1)]
	Direct,
}

/// A meter of which payment is asked, and up to which position in its matured total in mWh; all of it when `None`.
pub type AskedMeter = (MeterId, Option<u128>);

/// The energy of one meter that a request is for, and how far the meter had reported.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MeterClaim {
	/// The meter.
	pub meter: MeterId,
	/// Where its pointer of token claims stands, in mWh.
	pub from: u128,
	/// Where the pointer moves on approval, in mWh.
	pub to: u128,
	/// How much of the energy between them was received, in mWh.
	pub received: u128,
	/// How many of its intervals had been measured, ever.
	pub measured: u32,
	/// The interval of its newest reading.
	pub until: Interval,
}

impl MeterClaim {
	/// The energy that left the miner, in mWh.
	pub fn sent(&self) -> u128 {
		self.to.saturating_sub(self.from)
	}
}

/// What shows how much energy was received.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum ReceivedBy {
	/// The export register of the miner's own grid meter: what was sent counts as received.
	#[codec(index = 0)]
	GridMeter,
	/// The meters of this storage node, which the miner sends to.
	#[codec(index = 1)]
	StorageNode(MinerId),
	/// The meters of storage nodes that the miner sent to before. The deposits ended; what was received until then is there.
	#[codec(index = 2)]
	FormerNode,
}

/// What the DAO votes on. Computed on the chain from what devices signed, and frozen with the request.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxMeters))]
pub struct Evidence<MaxMeters: Get<u32>> {
	/// The energy, meter by meter.
	pub claims: BoundedVec<MeterClaim, MaxMeters>,
	/// The energy that the miner sent: the sum of the claims, in mWh.
	pub sent: u128,
	/// The energy that arrived, in mWh: the sum over the claims, and never none. What is paid for.
	pub received: u128,
	/// What shows that it arrived.
	pub received_by: ReceivedBy,
	/// `sent - received`, in mWh.
	pub loss: u128,
	/// How many intervals were measured since the last approved request, summed over the meters.
	pub reported_intervals: u32,
	/// How many there were to measure in that time, summed over the meters.
	pub expected_intervals: u32,
	/// Shares of liveness work since then, if the miner does such work.
	pub work_shares: Option<u32>,
	/// How many of the meters are under an open challenge. None of them when a request is made.
	pub open_challenges: u32,
	/// How the owner says the hardware is.
	pub hardware: HardwareStatus,
	/// The first interval that the figures are about.
	pub from_interval: Interval,
	/// The newest interval that was reported.
	pub to_interval: Interval,
}

/// Where a request stands. Approved and withdrawn requests are not stored.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxReasonLength))]
pub enum Status<MaxReasonLength: Get<u32>> {
	/// It waits for the DAO.
	#[codec(index = 0)]
	Open,
	/// The DAO refused it, and said why. Its owner may resubmit or withdraw it.
	#[codec(index = 1)]
	Rejected(BoundedVec<u8, MaxReasonLength>),
}

/// A request to turn delivered energy into tokens.
#[derive(
	CloneNoBound, PartialEqNoBound, EqNoBound, DebugNoBound, Encode, Decode, MaxEncodedLen, TypeInfo,
)]
#[scale_info(skip_type_params(MaxMeters, MaxReasonLength))]
pub struct PaymentRequest<
	AccountId: Clone + PartialEq + Eq + core::fmt::Debug,
	MaxMeters: Get<u32>,
	MaxReasonLength: Get<u32>,
> {
	/// The miner that delivered. Its owner at the time of approval is paid.
	pub miner: MinerId,
	/// From whom the deposit is held, and to whom it returns.
	pub depositor: AccountId,
	/// What is held.
	pub deposit: Balance,
	/// How the miner wants to be paid.
	pub payout: Payout,
	/// What was asked for; evidence is taken from it anew when a rejected request is resubmitted.
	pub meters: BoundedVec<AskedMeter, MaxMeters>,
	/// What the DAO votes on.
	pub evidence: Evidence<MaxMeters>,
	/// The interval in which the evidence was taken.
	pub taken: Interval,
	/// The storage node that the energy was sent to, if it was sent to one.
	pub node: Option<MinerId>,
	/// Where it stands.
	pub status: Status<MaxReasonLength>,
	/// The rejected request that it replaces.
	pub replaces: Option<RequestId>,
}

/// What became of a miner's requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// How many the DAO approved.
	pub approved: u32,
	/// How many the standing policy approved.
	pub automatic: u32,
	/// How many the DAO rejected.
	pub rejected: u32,
	/// Whether the DAO approved one, and rejected none since.
	pub clean: bool,
}

/// How far a meter had reported when a request was made that was approved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct ReportedUntil {
	/// How many of its intervals had been measured, ever.
	pub measured: u32,
	/// The interval of its newest reading.
	pub until: Interval,
}

/// By what rule small requests are approved without a vote.
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
pub struct Policy {
	/// The most energy of one request, in mWh.
	pub max_energy: u128,
	/// The most energy of all requests that are approved so in one day, in mWh.
	pub daily_cap: u128,
	/// The least share of intervals that must have been reported.
	pub min_reported: Permill,
}

/// What the standing policy approved on one day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct DaySum {
	/// The day: the interval divided by 96.
	pub day: u32,
	/// The energy, in mWh.
	pub energy: u128,
}

/// What one party got.
#[derive(
	Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, DecodeWithMemTracking, TypeInfo,
)]
pub struct Part {
	/// DECA, in base units.
	pub deca: Balance,
	/// Energy tokens, in base units of a mWh.
	pub kwh: Balance,
	/// Liquidity tokens of the pool, in base units.
	pub lp: Balance,
}

/// Why energy tokens and DECA were paid out although the miner asked for liquidity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum PoolTrouble {
	/// There is no pool.
	#[codec(index = 0)]
	NoPool,
	/// The pool's price is too far from the governed rate; somebody may be moving it.
	#[codec(index = 1)]
	PriceOff,
	/// The pool did not take the amounts; for example they are too small.
	#[codec(index = 2)]
	Refused,
}

impl From<DispatchError> for PoolTrouble {
	fn from(_: DispatchError) -> Self {
		Self::Refused
	}
}

/// In which way a request was paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub enum Outcome {
	/// Paid out, as the miner asked.
	#[codec(index = 0)]
	Direct,
	/// Into the pool, as the miner asked.
	#[codec(index = 1)]
	Pooled(Deposited<Balance>),
	/// Paid out, although the miner asked for liquidity.
	#[codec(index = 2)]
	PaidInstead(PoolTrouble),
}

/// How an approved request was paid. `energy = miner.kwh + node.kwh + dao.kwh` and what the pool took, and likewise for
/// `payment` in DECA.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Settlement {
	/// The energy that was paid for, and as much was minted, in mWh.
	pub energy: u128,
	/// What was paid for it, in base units of DECA.
	pub payment: Balance,
	/// What the miner's owner got.
	pub miner: Part,
	/// What the storage node's owner got.
	pub node: Part,
	/// What the treasury got: its share and all dust.
	pub dao: Part,
	/// In which way.
	pub outcome: Outcome,
}

/// The supply of the energy token, in base units of a mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Supply {
	/// Minted, ever.
	pub issued: u128,
	/// Burned through this pallet, ever.
	pub burned: u128,
	/// What there is.
	pub circulating: u128,
}

/// What a pool took, and gave for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
pub struct Deposited<Balance> {
	/// DECA that it took.
	pub deca: Balance,
	/// Energy tokens that it took.
	pub kwh: Balance,
	/// Liquidity tokens that it gave.
	pub lp: Balance,
}

/// The pool of DECA and energy tokens.
pub trait LiquidityPool<AccountId, Balance> {
	/// How much of both it holds, DECA first. `None` when there is no pool; zeros while nobody has added to it.
	fn reserves() -> Option<(Balance, Balance)>;

	/// Adds up to `deca` and `kwh` from `who` in the pool's ratio, or all of both when it is empty. The liquidity tokens
	/// go to `who`, who may be asked to keep its minimum balance of either. Run in a storage layer: what it did before it
	/// fails is undone.
	fn deposit(
		who: &AccountId,
		deca: Balance,
		kwh: Balance,
	) -> Result<Deposited<Balance>, DispatchError>;

	/// Moves liquidity tokens, all of them if `from` has no more.
	fn transfer_lp(from: &AccountId, to: &AccountId, amount: Balance) -> DispatchResult;
}

/// Who knows of a miner's liveness work.
pub trait WorkShares {
	/// The shares of `miner` from `interval` on, or `None` if it does no such work.
	fn since(miner: MinerId, interval: Interval) -> Option<u32>;
}

/// Nobody does such work.
impl WorkShares for () {
	fn since(_: MinerId, _: Interval) -> Option<u32> {
		None
	}
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of kind `Standard` owned by `owner` with `meters` meters of flow `Export`, all of which send
	/// to one registered storage node of another owner, or, unless `sends`, to none. Both owners exist. Returns the miner and
	/// its meters.
	fn register(owner: &AccountId, meters: u32, sends: bool)
		-> (MinerId, alloc::vec::Vec<MeterId>);

	/// Lets a storage node that no other meter has sent to, and whose meters have reported, have accounted for `energy` mWh
	/// more that `meter` sent, and have received `received` of them.
	fn receive(meter: MeterId, energy: u128, received: u128);
}
