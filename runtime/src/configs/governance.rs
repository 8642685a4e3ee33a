//! Who decides.

use super::{
	origins::{
		days, EnsureMinerAdmission, EnsureMinting, EnsureReferendumCanceller,
		EnsureReferendumKiller, EnsureTreasurer, EnsureWhitelistedCaller,
	},
	parameters::{issuance::Threshold, EnsurePublic},
	tokens::{AssetKind, NativeAndAssets},
	tracks::Tracks,
	MAXIMUM_BLOCK_WEIGHT,
};
use crate::{
	AccountId, AssetRate, Balance, Balances, BlockNumber, OriginCaller, Preimage, Referenda,
	Runtime, RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, Scheduler, System,
	TechnicalCommittee, Treasury, DAYS, DECA, MILLI_DECA,
};
use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration,
		tokens::{currency::ActiveIssuanceOf, pay::PayAssetFromAccount, UnityOrOuterConversion},
		AsEnsureOriginWithArg, ConstBool, ConstU32, Contains, EitherOf, EitherOfDiverse,
		EnsureOrigin, EqualPrivilegeOnly, Get, LinearStoragePrice, MapSuccess,
	},
	weights::Weight,
	PalletId,
};
use frame_system::{EnsureRoot, EnsureRootWithSuccess, EnsureSigned};
use pallet_collective::{Instance1, PrimeDefaultVote, RawOrigin};
use sp_runtime::{traits::Replace, PerThing, Perbill, Permill};

/// The instance of the collective that is the Technical DAO.
pub type TechnicalCollective = Instance1;

/// Two thirds of the Technical DAO, or root.
pub type EnsureTechnicalDao = EitherOfDiverse<
	EnsureRoot<AccountId>,
	pallet_collective::EnsureProportionAtLeast<AccountId, TechnicalCollective, 2, 3>,
>;

/// As many members of the Technical DAO as governance requires for payment requests, see
/// [`Threshold`]. Never less than half of them.
pub struct EnsureMintingThreshold;
impl EnsureOrigin<RuntimeOrigin> for EnsureMintingThreshold {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		let origin: Result<RawOrigin<AccountId, TechnicalCollective>, RuntimeOrigin> =
			origin.into();
		match origin? {
			RawOrigin::Members(ayes, seats) if reaches(minting_threshold(), ayes, seats) => Ok(()),
			other => Err(other.into()),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		Ok(RawOrigin::<AccountId, TechnicalCollective>::Members(1, 1).into())
	}
}

fn minting_threshold() -> Permill {
	Threshold::get().max(Permill::from_percent(50))
}

/// Whether `ayes` of `seats` are at least `share`, exactly, and at least one.
fn reaches(share: Permill, ayes: u32, seats: u32) -> bool {
	let needed = u64::from(share.deconstruct()) * u64::from(seats);
	ayes > 0 && u64::from(ayes) * u64::from(Permill::ACCURACY) >= needed
}

/// Who admits, suspends and revokes miners: the Technical DAO, or a referendum on that track.
pub type EnsureAdmission = EitherOfDiverse<EnsureTechnicalDao, EnsureMinerAdmission>;

/// Who approves payment requests and certificates: the Technical DAO at the governed threshold, a referendum on the minting
/// track, or root.
pub type EnsureIssuance =
	EitherOfDiverse<EnsureRoot<AccountId>, EitherOfDiverse<EnsureMintingThreshold, EnsureMinting>>;

/// Who revokes what was certified: the Technical DAO.
pub type EnsureRevocation = EnsureTechnicalDao;

/// Who sets the emission of a pool of rewards, and whether it may be minted: the public may have it minted; the Technical
/// DAO pays out of what the pool has.
pub type EnsureEmission = EitherOf<
	MapSuccess<EnsurePublic, Replace<ConstBool<true>>>,
	MapSuccess<EnsureTechnicalDao, Replace<ConstBool<false>>>,
>;

parameter_types! {
	pub const MotionDuration: BlockNumber = 3 * DAYS;
	/// A motion may take half a block.
	pub MaxProposalWeight: Weight = Perbill::from_percent(50) * MAXIMUM_BLOCK_WEIGHT;
}

/// The most members of the Technical DAO.
pub const MAX_MEMBERS: u32 = 100;

impl pallet_collective::Config<TechnicalCollective> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = MotionDuration;
	type MaxProposals = ConstU32<100>;
	type MaxMembers = ConstU32<MAX_MEMBERS>;
	type DefaultVote = PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type Consideration = ();
}

impl pallet_membership::Config<TechnicalCollective> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type AddOrigin = EnsureTechnicalDao;
	type RemoveOrigin = EnsureTechnicalDao;
	type SwapOrigin = EnsureTechnicalDao;
	type ResetOrigin = EnsureTechnicalDao;
	type PrimeOrigin = EnsureTechnicalDao;
	type MembershipInitialized = TechnicalCommittee;
	type MembershipChanged = TechnicalCommittee;
	type MaxMembers = ConstU32<MAX_MEMBERS>;
	type WeightInfo = pallet_membership::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	pub const PreimageBaseDeposit: Balance = DECA;
	pub const PreimageByteDeposit: Balance = MILLI_DECA;
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
}

parameter_types! {
	pub MaximumSchedulerWeight: Weight = Perbill::from_percent(60) * MAXIMUM_BLOCK_WEIGHT;
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = MaximumSchedulerWeight;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

parameter_types! {
	/// A vote with conviction locks its DECA for so long, times two to the power of the conviction less one.
	pub VoteLockingPeriod: BlockNumber = days(7);
}

impl pallet_conviction_voting::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_conviction_voting::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type Polls = Referenda;
	/// Support is measured against all DECA but the treasury's.
	type MaxTurnout = ActiveIssuanceOf<Balances, AccountId>;
	type MaxVotes = ConstU32<512>;
	type VoteLockingPeriod = VoteLockingPeriod;
	type BlockNumberProvider = System;
	type VotingHooks = ();
}

parameter_types! {
	pub const SubmissionDeposit: Balance = 10 * DECA;
	/// A referendum for which nobody places the decision deposit ends after this time.
	pub UndecidingTimeout: BlockNumber = days(14);
}

impl pallet_referenda::Config for Runtime {
	type RuntimeCall = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_referenda::weights::SubstrateWeight<Runtime>;
	type Scheduler = Scheduler;
	type Currency = Balances;
	type SubmitOrigin = AsEnsureOriginWithArg<EnsureSigned<AccountId>>;
	type CancelOrigin = EitherOfDiverse<EnsureRoot<AccountId>, EnsureReferendumCanceller>;
	type KillOrigin = EitherOfDiverse<EnsureRoot<AccountId>, EnsureReferendumKiller>;
	type Slash = Treasury;
	type Votes = pallet_conviction_voting::VotesOf<Runtime>;
	type Tally = pallet_conviction_voting::TallyOf<Runtime>;
	type SubmissionDeposit = SubmissionDeposit;
	type MaxQueued = ConstU32<100>;
	type UndecidingTimeout = UndecidingTimeout;
	type AlarmInterval = ConstU32<1>;
	type Tracks = Tracks;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}

parameter_types! {
	/// When the public decides on a call before the committee has put it on the list, the committee has so long to do it;
	/// anybody can carry the call out then.
	pub DeferredDispatchExpiration: BlockNumber = days(7);
}

impl pallet_whitelist::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type WhitelistOrigin = EnsureTechnicalDao;
	type DispatchWhitelistedOrigin =
		EitherOfDiverse<EnsureRoot<AccountId>, EnsureWhitelistedCaller>;
	type Preimages = Preimage;
	type DeferredDispatchExpiration = DeferredDispatchExpiration;
	type BlockNumberProvider = System;
	type WeightInfo = pallet_whitelist::weights::SubstrateWeight<Runtime>;
}

/// Holds what the DAO owns: fees, its share of what is minted, forfeited deposits. Nobody has its key.
pub const TREASURY_PALLET_ID: PalletId = PalletId(*b"hlg/trea");
/// [`treasury_account`] as a type.
pub type TreasuryAccount = pallet_treasury::TreasuryAccountId<Runtime>;

/// The account of the treasury.
pub fn treasury_account() -> AccountId {
	Treasury::account_id()
}

parameter_types! {
	pub const TreasuryPalletId: PalletId = TREASURY_PALLET_ID;
	pub SpendPeriod: BlockNumber = days(7);
	/// A spend that was approved can be claimed for so long.
	pub PayoutPeriod: BlockNumber = days(30);
	pub const Burn: Permill = Permill::zero();
	/// The most, in DECA or counted in DECA, that the treasurer's track spends at once.
	pub const TreasurerLimit: Balance = 100_000 * DECA;
	pub const NoLimit: Balance = Balance::MAX;
}

/// DECA counts as itself; everything else needs a rate.
pub struct IsNative;
impl Contains<AssetKind> for IsNative {
	fn contains(kind: &AssetKind) -> bool {
		matches!(kind, AssetKind::Native)
	}
}

impl pallet_treasury::Config for Runtime {
	type Currency = Balances;
	type RejectOrigin = EitherOfDiverse<EnsureRoot<AccountId>, EnsureTreasurer>;
	type RuntimeEvent = RuntimeEvent;
	type SpendPeriod = SpendPeriod;
	type Burn = Burn;
	type PalletId = TreasuryPalletId;
	type BurnDestination = ();
	type WeightInfo = pallet_treasury::weights::SubstrateWeight<Runtime>;
	type SpendFunds = ();
	type MaxApprovals = ConstU32<100>;
	type SpendOrigin = EitherOf<
		EnsureRootWithSuccess<AccountId, NoLimit>,
		MapSuccess<EnsureTreasurer, Replace<TreasurerLimit>>,
	>;
	type AssetKind = AssetKind;
	type Beneficiary = AccountId;
	type BeneficiaryLookup = <Runtime as frame_system::Config>::Lookup;
	type Paymaster = PayAssetFromAccount<NativeAndAssets, TreasuryAccount>;
	type BalanceConverter = UnityOrOuterConversion<IsNative, AssetRate>;
	type PayoutPeriod = PayoutPeriod;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::tokens::Kinds;
	type BlockNumberProvider = System;
}
