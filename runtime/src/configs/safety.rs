//! Emergency: safe mode, pauses of single calls, and what neither of them may ever stop.

use super::{governance::EnsureTechnicalDao, origins::days, system::MAXIMUM_BLOCK_WEIGHT};
use crate::{
	AccountId, Balance, Balances, BlockNumber, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeHoldReason, SafeMode,
};
use frame_support::{
	migrations::{FailedMigrationHandler, FailedMigrationHandling},
	parameter_types,
	traits::{ConstU32, Contains, GetCallMetadata, MapSuccess, SafeMode as SafeModeControl},
	weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_tx_pause::RuntimeCallNameOf;
use sp_runtime::{traits::Replace, Perbill};

/// Some calls of a pallet by name, or all of them.
type Calls = (&'static str, Option<&'static [&'static str]>);

/// What always works: the chain's own running, governance, and every way out for what somebody has put in.
///
/// Calls inside a batch, a proxy, a multisig, a motion or a referendum are looked at again by themselves, so the wrappers
/// can stay open.
pub const UNSTOPPABLE: &[Calls] = &[
	// The chain.
	("System", None),
	("Timestamp", None),
	("Grandpa", None),
	("Session", None),
	("ValidatorSet", None),
	("Sudo", None),
	// Governance.
	("TechnicalCommittee", None),
	("TechnicalMembership", None),
	("Preimage", None),
	("Scheduler", None),
	("Referenda", None),
	("ConvictionVoting", None),
	("Whitelist", None),
	("Treasury", None),
	("Parameters", None),
	("SafeMode", None),
	("TxPause", None),
	// Accounts: wrappers.
	("Utility", None),
	("Multisig", None),
	("Proxy", None),
	// Ways out, and rulings.
	("Miners", Some(&MINERS)),
	("Metering", Some(&["uphold", "dismiss", "expire_challenge"])),
	("Issuance", Some(&["withdraw", "reject"])),
	("Rec", Some(&["cancel", "reject", "revoke"])),
	("Rewards", Some(&REWARDS)),
	("OrderBook", Some(&["cancel_order", "cancel_all", "prune", "reclaim"])),
	("SlotAuction", Some(&["cancel", "clear", "collect", "settle"])),
	("Lots", Some(&LOTS)),
	("StorageNodes", Some(&STORAGE_NODES)),
	("AssetConversion", Some(&["remove_liquidity"])),
	("AssetRewards", Some(&["unstake", "harvest_rewards"])),
];

const MINERS: [&str; 10] = [
	"withdraw",
	"reject",
	"remove_operator",
	"suspend",
	"reinstate",
	"revoke",
	"recover",
	"rotate_meter_key",
	"force_rotate_meter_key",
	"retire_meter",
];

/// No money comes back from a plant that is gone before its days are settled, so settling them is a way out, too.
const REWARDS: [&str; 7] =
	["claim", "claim_plant", "claim_units", "refund", "leave", "delist", "advance_plants"];

/// What a bid holds comes back when its lot has ended.
const LOTS: [&str; 5] = ["cancel_listing", "close_auction", "draw", "close_connection", "expire"];

/// A node's bond, and the tokens of who draws from it, come back when all is accounted for; meters remember a day. A bond
/// that is filled up moves to who owns the node now.
const STORAGE_NODES: [&str; 12] = [
	"cancel_ask",
	"end_deposit",
	"account",
	"account_meter",
	"cancel_withdrawal",
	"settle_withdrawal",
	"end_withdrawal",
	"cover",
	"top_up_bond",
	"leave",
	"close_node",
	"declare_vanished",
];

/// What works in safe mode besides, and can only be paused by name: the measurements go on, and the days that they earn are
/// recorded, which two days later would be lost.
pub const READINGS: &[Calls] = &[
	("Metering", Some(&["submit_readings", "submit_attested_readings", "challenge"])),
	("Rewards", Some(&["record"])),
];

fn lists(list: &[Calls], pallet: &str, call: &str) -> bool {
	list.iter()
		.any(|(name, calls)| *name == pallet && calls.is_none_or(|calls| calls.contains(&call)))
}

/// What works in safe mode.
pub struct WorksInSafeMode;
impl Contains<RuntimeCall> for WorksInSafeMode {
	fn contains(call: &RuntimeCall) -> bool {
		let name = call.get_call_metadata();
		lists(UNSTOPPABLE, name.pallet_name, name.function_name)
			|| lists(READINGS, name.pallet_name, name.function_name)
	}
}

/// What cannot be paused.
pub struct NeverPaused;
impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		match (core::str::from_utf8(pallet), core::str::from_utf8(call)) {
			(Ok(pallet), Ok(call)) => lists(UNSTOPPABLE, pallet, call),
			_ => false,
		}
	}
}

parameter_types! {
	/// Safe mode ends by itself after a week, unless it is extended or ended before.
	pub SafeModeDuration: BlockNumber = days(7);
	pub const NoPermissionlessEntry: Option<Balance> = None;
	pub const NoRelease: Option<BlockNumber> = None;
}

/// Two thirds of the Technical DAO, or root: for as long as is set above.
type EnsureSafeMode = MapSuccess<EnsureTechnicalDao, Replace<SafeModeDuration>>;

impl pallet_safe_mode::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WhitelistedCalls = WorksInSafeMode;
	type EnterDuration = SafeModeDuration;
	type ExtendDuration = SafeModeDuration;
	type EnterDepositAmount = NoPermissionlessEntry;
	type ExtendDepositAmount = NoPermissionlessEntry;
	type ForceEnterOrigin = EnsureSafeMode;
	type ForceExtendOrigin = EnsureSafeMode;
	type ForceExitOrigin = EnsureTechnicalDao;
	type ForceDepositOrigin = EnsureRoot<AccountId>;
	type Notify = ();
	type ReleaseDelay = NoRelease;
	type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
}

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = EnsureTechnicalDao;
	type UnpauseOrigin = EnsureTechnicalDao;
	type WhitelistedCalls = NeverPaused;
	type MaxNameLen = ConstU32<64>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// A migration may take this much of a block, while no extrinsics run beside it.
	pub MigrationWeight: Weight = Perbill::from_percent(80) * MAXIMUM_BLOCK_WEIGHT;
}

/// A migration that failed leaves a state that no call was written for, and a chain that takes no extrinsics, not even those
/// that would mend it. So the chain opens again in safe mode, without an end, until governance has put it right. Where safe
/// mode cannot be entered, it stays closed.
pub struct SafeModeAfterFailedMigration;
impl FailedMigrationHandler for SafeModeAfterFailedMigration {
	fn failed(_: Option<u32>) -> FailedMigrationHandling {
		let safe = if <SafeMode as SafeModeControl>::is_entered() {
			<SafeMode as SafeModeControl>::extend(BlockNumber::MAX)
		} else {
			<SafeMode as SafeModeControl>::enter(BlockNumber::MAX)
		};
		match safe {
			Ok(()) => FailedMigrationHandling::ForceUnstuck,
			Err(_) => FailedMigrationHandling::KeepStuck,
		}
	}
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(all(not(feature = "runtime-benchmarks"), not(feature = "rehearsal")))]
	type Migrations = ();
	#[cfg(all(not(feature = "runtime-benchmarks"), feature = "rehearsal"))]
	type Migrations = (crate::migrations::DropStaleOperatorUse,);
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	type FailedMigrationHandler = SafeModeAfterFailedMigration;
	type MaxServiceWeight = MigrationWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
