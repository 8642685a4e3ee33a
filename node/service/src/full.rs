//! A running node: network, RPC server, block authoring and finality.

use std::{path::PathBuf, sync::Arc, time::Duration};

use sc_client_api::{Backend, HeaderBackend};
use sc_consensus_aura::{SlotProportion, StartAuraParams};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaParams, SharedVoterState, VotingRulesBuilder,
};
use sc_network::{
	config::{FullNetworkConfiguration, NetworkBackendType},
	Litep2pNetworkBackend as Network, NetworkBackend,
};
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	BuildNetworkParams, Configuration, Error as ServiceError, SpawnTasksParams, TaskManager,
	WarpSyncConfig,
};
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;

use crate::{
	interface::{Block, Hash},
	partial::{inherent_data_providers, new_partial, Partial, JUSTIFICATION_PERIOD},
	rpc,
};

/// How long GRANDPA waits for votes to travel: two of these are the least time that a round takes.
const GOSSIP_DURATION: Duration = Duration::from_millis(333);

/// The part of a slot that an author may spend on filling its block. The rest is for the block to travel and to be
/// executed by the others before the next author's slot begins.
const PROPOSAL_PORTION: f32 = 2.0 / 3.0;

/// Starts a full node, or a validator if `config.role` says so.
///
/// The node runs on the tasks of the returned manager, until one of the essential ones ends or the manager is dropped.
/// Must be called within the Tokio runtime of `config.tokio_handle`.
///
/// # Errors
/// As [`new_partial`], and when the network, the RPC server or the Prometheus endpoint cannot start.
pub fn new_full(
	config: Configuration,
	runtime_cache: Option<PathBuf>,
) -> Result<TaskManager, ServiceError> {
	// Both speak the same protocols, so nobody needs the older one to reach anybody; and generic code over both is
	// compiled twice, which takes minutes.
	if matches!(config.network.network_backend, NetworkBackendType::Libp2p) {
		return Err(ServiceError::Other(
			"This node has no libp2p backend. Leave --network-backend out: litep2p reaches the same peers.".into(),
		));
	}
	let partial = new_partial(&config, runtime_cache)?;
	let import_queue =
		partial.import_queue(&config, &partial.task_manager.spawn_essential_handle())?;
	let Partial {
		client,
		backend,
		mut task_manager,
		keystore_container,
		select_chain,
		block_import,
		grandpa_link,
		mut telemetry,
	} = partial;
	let transaction_pool = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);

	let mut net_config = FullNetworkConfiguration::<Block, Hash, Network>::new(
		&config.network,
		config.prometheus_registry().cloned(),
	);
	let metrics = <Network as NetworkBackend<Block, Hash>>::register_notification_metrics(
		config.prometheus_registry(),
	);

	let grandpa_protocol = sc_consensus_grandpa::protocol_standard_name(
		&client.info().genesis_hash,
		&config.chain_spec,
	);
	let (grandpa_peers, grandpa_notifications) =
		sc_consensus_grandpa::grandpa_peers_set_config::<Block, Network>(
			grandpa_protocol.clone(),
			metrics.clone(),
			net_config.peer_store_handle(),
		);
	net_config.add_notification_protocol(grandpa_peers);

	// Proves the changes of the validator set to whoever syncs by finality proofs: light clients, and new full nodes
	// with `--sync warp`.
	let warp_sync = Arc::new(sc_consensus_grandpa::warp_proof::NetworkProvider::new(
		backend.clone(),
		grandpa_link.shared_authority_set().clone(),
		Vec::new(),
	));

	// This also starts the handlers that serve state proofs to light clients.
	let (network, system_rpc_tx, tx_handler_controller, sync_service, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config,
			client: client.clone(),
			transaction_pool: transaction_pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(warp_sync)),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;

	let role = config.role;
	let is_authority = role.is_authority();
	let prometheus_registry = config.prometheus_registry().cloned();

	if config.offchain_worker.enabled {
		let workers = OffchainWorkers::new(OffchainWorkerOptions {
			runtime_api_provider: client.clone(),
			keystore: Some(keystore_container.keystore()),
			offchain_db: backend.offchain_storage(),
			transaction_pool: Some(OffchainTransactionPoolFactory::new(transaction_pool.clone())),
			network_provider: Arc::new(network.clone()),
			is_validator: is_authority,
			// Devices are read by the agent. The runtime has no business with the web, so an upgrade that was voted in
			// cannot make the nodes call out.
			enable_http_requests: false,
			custom_extensions: |_| Vec::new(),
		})?;
		task_manager.spawn_handle().spawn(
			"offchain-workers-runner",
			"offchain-worker",
			workers.run(client.clone(), task_manager.spawn_handle()),
		);
	}

	let voter_state = SharedVoterState::empty();
	let rpc_builder = {
		let client = client.clone();
		let pool = transaction_pool.clone();
		let grandpa = rpc::GrandpaDeps {
			voter_state: voter_state.clone(),
			authority_set: grandpa_link.shared_authority_set().clone(),
			justifications: grandpa_link.justification_stream(),
			finality_proofs: FinalityProofProvider::new_for_service(
				backend.clone(),
				Some(grandpa_link.shared_authority_set().clone()),
			),
		};
		Box::new(move |executor| {
			rpc::module(client.clone(), pool.clone(), grandpa.clone(), executor)
		})
	};

	let force_authoring = config.force_authoring;
	let grandpa_enabled = !config.disable_grandpa;
	let node_name = config.network.node_name.clone();

	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client: client.clone(),
		backend,
		task_manager: &mut task_manager,
		keystore: keystore_container.keystore(),
		transaction_pool: transaction_pool.clone(),
		rpc_builder,
		network: network.clone(),
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync_service.clone(),
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;
	let telemetry = telemetry.as_ref().map(|telemetry| telemetry.handle());

	if is_authority {
		let proposer_factory = sc_basic_authorship::ProposerFactory::new(
			task_manager.spawn_handle(),
			client.clone(),
			transaction_pool.clone(),
			prometheus_registry.as_ref(),
			telemetry.clone(),
		);
		let authoring = sc_consensus_aura::start_aura::<AuraPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration: sc_consensus_aura::slot_duration(&*client)?,
				client: client.clone(),
				select_chain,
				block_import,
				proposer_factory,
				sync_oracle: sync_service.clone(),
				justification_sync_link: sync_service.clone(),
				create_inherent_data_providers: {
					let client = client.clone();
					move |parent, ()| {
						let client = client.clone();
						async move { inherent_data_providers(&client, parent) }
					}
				},
				force_authoring,
				// Readings keep being recorded while finality lags; the voting rules below let it catch up.
				backoff_authoring_blocks: None::<()>,
				keystore: keystore_container.keystore(),
				block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
				max_block_proposal_slot_portion: None,
				telemetry: telemetry.clone(),
				compatibility_mode: Default::default(),
			},
		)?;
		// Essential: a validator that cannot author any more is better stopped than kept running in silence.
		task_manager.spawn_essential_handle().spawn_blocking(
			"aura",
			Some("block-authoring"),
			authoring,
		);
	}

	if grandpa_enabled {
		let voter = sc_consensus_grandpa::run_grandpa_voter(GrandpaParams {
			config: sc_consensus_grandpa::Config {
				gossip_duration: GOSSIP_DURATION,
				justification_generation_period: JUSTIFICATION_PERIOD,
				observer_enabled: false,
				local_role: role,
				name: Some(node_name),
				// Without the keystore the voter only follows the votes of others, as a full node shall.
				keystore: is_authority.then(|| keystore_container.keystore()),
				telemetry: telemetry.clone(),
				protocol_name: grandpa_protocol,
			},
			link: grandpa_link,
			network,
			sync: sync_service,
			notification_service: grandpa_notifications,
			voting_rule: VotingRulesBuilder::default().build(),
			prometheus_registry,
			shared_voter_state: voter_state,
			telemetry,
			// Where a proof of a double vote that this node witnessed is submitted.
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(transaction_pool),
		})?;
		// Essential: a voter that fails has seen finality break.
		task_manager.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
	}

	Ok(task_manager)
}
