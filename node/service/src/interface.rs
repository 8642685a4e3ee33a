//! The runtime's interface, as the node calls it.
//!
//! The client finds the runtime that it executes in the chain's state, as WebAssembly. What the compiler needs to know
//! is only which runtime APIs exist and with which types. [`RuntimeInterface`] says that: a type that implements the
//! APIs and whose bodies are never run, because a call through the client goes to the chain's own runtime.
//!
//! A native runtime used to let the compiler check that node and runtime agree. [`check`] does that when the node
//! starts, against the runtime that is really on the chain.

use log::warn;
use sc_service::Error as ServiceError;
use sp_api::{impl_runtime_apis, ApiExt, ProvideRuntimeApi, RuntimeApiInfo};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::OpaqueMetadata;
use sp_runtime::{
	generic,
	traits::{BlakeTwo256, Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	AccountId32, ApplyExtrinsicResult, ExtrinsicInclusionMode, OpaqueExtrinsic, Weight,
};

use crate::FullClient;

/// A block whose extrinsics are bytes to the node; only the runtime knows what is in them.
pub type Block = generic::Block<Header, OpaqueExtrinsic>;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block's number.
pub type BlockNumber = u32;
/// The hash of a block.
pub type Hash = <Block as BlockT>::Hash;
/// An account.
pub type AccountId = AccountId32;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// An amount of the native token, in its base unit.
pub type Balance = u128;

/// Stands for the chain's runtime in the types of the client.
pub struct RuntimeInterface;

/// Says why a body below is unreachable.
macro_rules! on_chain {
	() => {
		unreachable!(
			"the client calls the chain's runtime, never this declaration of its interface"
		)
	};
}

impl_runtime_apis! {
	impl sp_api::Core<Block> for RuntimeInterface {
		fn version() -> sp_version::RuntimeVersion {
			on_chain!()
		}

		fn execute_block(_: <Block as BlockT>::LazyBlock) {
			on_chain!()
		}

		fn initialize_block(_: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
			on_chain!()
		}
	}

	impl sp_api::Metadata<Block> for RuntimeInterface {
		fn metadata() -> OpaqueMetadata {
			on_chain!()
		}

		fn metadata_at_version(_: u32) -> Option<OpaqueMetadata> {
			on_chain!()
		}

		fn metadata_versions() -> Vec<u32> {
			on_chain!()
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for RuntimeInterface {
		fn apply_extrinsic(_: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			on_chain!()
		}

		fn finalize_block() -> <Block as BlockT>::Header {
			on_chain!()
		}

		fn inherent_extrinsics(_: sp_inherents::InherentData) -> Vec<<Block as BlockT>::Extrinsic> {
			on_chain!()
		}

		fn check_inherents(
			_: <Block as BlockT>::LazyBlock,
			_: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			on_chain!()
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for RuntimeInterface {
		fn validate_transaction(
			_: TransactionSource,
			_: <Block as BlockT>::Extrinsic,
			_: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			on_chain!()
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for RuntimeInterface {
		fn offchain_worker(_: &<Block as BlockT>::Header) {
			on_chain!()
		}
	}

	impl sp_session::SessionKeys<Block> for RuntimeInterface {
		fn generate_session_keys(
			_: Vec<u8>,
			_: Option<Vec<u8>>,
		) -> sp_session::OpaqueGeneratedSessionKeys {
			on_chain!()
		}

		fn decode_session_keys(_: Vec<u8>) -> Option<Vec<(Vec<u8>, sp_core::crypto::KeyTypeId)>> {
			on_chain!()
		}
	}

	impl sp_consensus_aura::AuraApi<Block, AuraId> for RuntimeInterface {
		fn slot_duration() -> sp_consensus_aura::SlotDuration {
			on_chain!()
		}

		fn authorities() -> Vec<AuraId> {
			on_chain!()
		}
	}

	impl sp_consensus_grandpa::GrandpaApi<Block> for RuntimeInterface {
		fn grandpa_authorities() -> sp_consensus_grandpa::AuthorityList {
			on_chain!()
		}

		fn current_set_id() -> sp_consensus_grandpa::SetId {
			on_chain!()
		}

		fn submit_report_equivocation_unsigned_extrinsic(
			_: sp_consensus_grandpa::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
			_: sp_consensus_grandpa::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			on_chain!()
		}

		fn generate_key_ownership_proof(
			_: sp_consensus_grandpa::SetId,
			_: sp_consensus_grandpa::AuthorityId,
		) -> Option<sp_consensus_grandpa::OpaqueKeyOwnershipProof> {
			on_chain!()
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for RuntimeInterface {
		fn account_nonce(_: AccountId) -> Nonce {
			on_chain!()
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
		for RuntimeInterface
	{
		fn query_info(
			_: <Block as BlockT>::Extrinsic,
			_: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			on_chain!()
		}

		fn query_fee_details(
			_: <Block as BlockT>::Extrinsic,
			_: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::FeeDetails<Balance> {
			on_chain!()
		}

		fn query_weight_to_fee(_: Weight) -> Balance {
			on_chain!()
		}

		fn query_length_to_fee(_: u32) -> Balance {
			on_chain!()
		}
	}
}

/// A runtime API that the node calls.
struct RequiredApi {
	name: &'static str,
	/// The version that this node was written against.
	version: u32,
	/// The version that the chain's runtime has at a block, if it has the API at all.
	on_chain: fn(&FullClient, Hash) -> Result<Option<u32>, sp_api::ApiError>,
}

const fn required<Api: RuntimeApiInfo + ?Sized>(name: &'static str) -> RequiredApi {
	RequiredApi {
		name,
		version: Api::VERSION,
		on_chain: |client, at| client.runtime_api().api_version::<Api>(at),
	}
}

const REQUIRED_APIS: [RequiredApi; 10] = [
	required::<dyn sp_api::Core<Block>>("Core"),
	required::<dyn sp_api::Metadata<Block>>("Metadata"),
	required::<dyn sp_block_builder::BlockBuilder<Block>>("BlockBuilder"),
	required::<dyn sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block>>(
		"TaggedTransactionQueue",
	),
	required::<dyn sp_offchain::OffchainWorkerApi<Block>>("OffchainWorkerApi"),
	required::<dyn sp_session::SessionKeys<Block>>("SessionKeys"),
	required::<dyn sp_consensus_aura::AuraApi<Block, AuraId>>("AuraApi"),
	required::<dyn sp_consensus_grandpa::GrandpaApi<Block>>("GrandpaApi"),
	required::<dyn frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce>>(
		"AccountNonceApi",
	),
	required::<dyn pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>>(
		"TransactionPaymentApi",
	),
];

/// Compares the runtime at block `at` with the interface that this node was built for.
///
/// # Errors
/// When an API is missing: the chain of this spec is not one that this node can run. Another *version* of an API is
/// worth a warning only, since the SDK translates calls between many of them and a chain may be ahead of its nodes.
pub(crate) fn check(client: &FullClient, at: Hash) -> Result<(), ServiceError> {
	let mut missing = Vec::new();
	for api in &REQUIRED_APIS {
		match (api.on_chain)(client, at).map_err(|e| ServiceError::Application(e.into()))? {
			None => missing.push(api.name),
			Some(found) if found != api.version => warn!(
				"The chain's runtime has version {found} of {}, this node was written for version {}. \
				 Use the node's release that belongs to the runtime.",
				api.name, api.version
			),
			Some(_) => {}
		}
	}
	if missing.is_empty() {
		return Ok(());
	}
	Err(ServiceError::Other(format!(
		"The runtime of this chain lacks what this node needs: {}. Is the chain spec one of a Heliograph chain?",
		missing.join(", ")
	)))
}
