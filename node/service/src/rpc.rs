//! JSON-RPC methods beyond those that every Substrate node has (`chain_*`, `state_*`, `author_*`, `chainHead_v1_*`,
//! `transaction_v1_*`, ... come with the service).

use std::sync::Arc;

use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sc_service::Error as ServiceError;
use sc_transaction_pool::TransactionPoolHandle;
use substrate_frame_rpc_system::{System, SystemApiServer};

use crate::{
	interface::{Block, BlockNumber, Hash},
	partial::{FullBackend, FullClient},
};

/// What the GRANDPA methods report from.
#[derive(Clone)]
pub(crate) struct GrandpaDeps {
	pub(crate) voter_state: SharedVoterState,
	pub(crate) authority_set: SharedAuthoritySet<Hash, BlockNumber>,
	pub(crate) justifications: GrandpaJustificationStream<Block>,
	pub(crate) finality_proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

/// The node's own methods: `system_accountNextIndex`, `system_dryRun`, `payment_*` and `grandpa_*`.
pub(crate) fn module(
	client: Arc<FullClient>,
	pool: Arc<TransactionPoolHandle<Block, FullClient>>,
	grandpa: GrandpaDeps,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, ServiceError> {
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc()).map_err(clash)?;
	module.merge(TransactionPayment::new(client).into_rpc()).map_err(clash)?;
	module
		.merge(
			Grandpa::new(
				executor,
				grandpa.authority_set,
				grandpa.voter_state,
				grandpa.justifications,
				grandpa.finality_proofs,
			)
			.into_rpc(),
		)
		.map_err(clash)?;
	Ok(module)
}

/// Two groups of methods that share a name.
fn clash(error: jsonrpsee::core::RegisterMethodError) -> ServiceError {
	ServiceError::Application(error.into())
}
