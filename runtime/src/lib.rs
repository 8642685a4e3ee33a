//! The state transition function of Heliograph.
//!
//! Configuration stands in [`configs`], grouped by area; the chains that it can start in [`genesis`]; what a node and a
//! client may ask in `apis`.

#![cfg_attr(not(feature = "std"), no_std)]
// The runtime macro nests deeply.
#![recursion_limit = "256"]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod genesis;
pub mod migrations;
pub mod weights;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::{runtime_version, RuntimeVersion};

/// The number of a block.
pub type BlockNumber = u32;
/// An account's signature: ed25519, sr25519 or ECDSA.
pub type Signature = MultiSignature;
/// An account.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount of DECA, in 10^-12.
pub type Balance = u128;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// A hash: BLAKE2b-256.
pub type Hash = sp_core::H256;
/// How extrinsics name an account.
pub type Address = MultiAddress<AccountId, ()>;
/// The header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// An extrinsic as it stands in a block.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What the signature of a long extrinsic, and a client, computes over.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// What every extrinsic passes, in this order.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_skip_feeless_payment::SkipCheckIfFeeless<
		Runtime,
		pallet_asset_conversion_tx_payment::ChargeAssetTxPayment<Runtime>,
	>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// Runs blocks.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

impl_opaque_keys! {
	/// The keys of a validator.
	pub struct SessionKeys {
		/// Authors blocks.
		pub aura: Aura,
		/// Finalises them.
		pub grandpa: Grandpa,
	}
}

/// The version of this runtime. `spec_version` grows with every change of what blocks do.
#[cfg(not(feature = "rehearsal"))]
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("heliograph"),
	impl_name: Cow::Borrowed("heliograph"),
	authoring_version: 1,
	spec_version: 1,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	// State trie version 1. Version 2 would also change the extrinsics root, which light clients compute.
	system_version: 1,
};

/// The version of the runtime that comes after this one, in the rehearsal of an upgrade. Written out again because the
/// macro, which also puts it into the blob's custom section, takes literals only.
#[cfg(feature = "rehearsal")]
#[runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("heliograph"),
	impl_name: Cow::Borrowed("heliograph"),
	authoring_version: 1,
	spec_version: 2,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	// State trie version 1. Version 2 would also change the extrinsics root, which light clients compute.
	system_version: 1,
};

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// A thousandth of a DECA.
pub const MILLI_DECA: Balance = DECA / 1_000;
/// The smallest balance that an account can have.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_DECA;

/// Blocks in an hour of production, where a slot takes six seconds. For periods that SDK pallets count in blocks.
pub const HOURS: BlockNumber = 600;
/// Blocks in a day of production.
pub const DAYS: BlockNumber = 24 * HOURS;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(3)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(4)]
	pub type SkipFeelessPayment = pallet_skip_feeless_payment;
	#[runtime::pallet_index(5)]
	pub type SafeMode = pallet_safe_mode;
	#[runtime::pallet_index(6)]
	pub type TxPause = pallet_tx_pause;
	#[runtime::pallet_index(7)]
	pub type MultiBlockMigrations = pallet_migrations;

	// Consensus. The validator set stands before the session, whose genesis asks it.
	#[runtime::pallet_index(10)]
	pub type Authorship = pallet_authorship;
	#[runtime::pallet_index(11)]
	pub type ValidatorSet = pallet_validator_set;
	#[runtime::pallet_index(12)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(13)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(14)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(15)]
	pub type Aura = pallet_aura;
	#[runtime::pallet_index(16)]
	pub type Grandpa = pallet_grandpa;

	// Governance. The names are those that Polkadot.js Apps looks for.
	#[runtime::pallet_index(20)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;
	#[runtime::pallet_index(21)]
	pub type TechnicalMembership = pallet_membership<Instance1>;
	#[runtime::pallet_index(22)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(23)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(24)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(25)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(26)]
	pub type Whitelist = pallet_whitelist;
	#[runtime::pallet_index(27)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(28)]
	pub type Origins = crate::configs::origins;
	#[runtime::pallet_index(29)]
	pub type Parameters = pallet_parameters;

	// Accounts.
	#[runtime::pallet_index(30)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(31)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(32)]
	pub type Proxy = pallet_proxy;

	// Tokens. They stand before energy, whose genesis makes the collections of miners and of retirements, in this order.
	#[runtime::pallet_index(50)]
	pub type Nfts = pallet_nfts;
	#[runtime::pallet_index(51)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(52)]
	pub type PoolAssets = pallet_assets<Instance1>;
	#[runtime::pallet_index(53)]
	pub type AssetConversion = pallet_asset_conversion;
	#[runtime::pallet_index(54)]
	pub type AssetTxPayment = pallet_asset_conversion_tx_payment;
	#[runtime::pallet_index(55)]
	pub type AssetsHolder = pallet_assets_holder;
	#[runtime::pallet_index(56)]
	pub type AssetsFreezer = pallet_assets_freezer;
	#[runtime::pallet_index(57)]
	pub type PoolAssetsFreezer = pallet_assets_freezer<Instance1>;
	#[runtime::pallet_index(58)]
	pub type AssetRewards = pallet_asset_rewards;
	#[runtime::pallet_index(59)]
	pub type AssetRate = pallet_asset_rate;

	// Energy.
	#[runtime::pallet_index(40)]
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(41)]
	pub type Metering = pallet_metering;
	#[runtime::pallet_index(42)]
	pub type Issuance = pallet_issuance;
	#[runtime::pallet_index(43)]
	pub type Rec = pallet_rec;
	#[runtime::pallet_index(44)]
	pub type Rewards = pallet_rewards;

	// Trade, and batteries.
	#[runtime::pallet_index(45)]
	pub type OrderBook = pallet_order_book;
	#[runtime::pallet_index(46)]
	pub type SlotAuction = pallet_slot_auction;
	#[runtime::pallet_index(47)]
	pub type Lots = pallet_lots;
	#[runtime::pallet_index(48)]
	pub type StorageNodes = pallet_storage_nodes;

	#[cfg(feature = "sudo")]
	#[runtime::pallet_index(255)]
	pub type Sudo = pallet_sudo;
}
