//! The parts of the service that work without a network: client, database and import pipeline.

use std::{
	path::{self, PathBuf},
	sync::Arc,
};

use log::warn;
use sc_client_api::HeaderBackend;
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_aura::ImportQueueParams;
use sc_consensus_grandpa::GrandpaPruningFilter;
use sc_executor::{HeapAllocStrategy, WasmExecutor, DEFAULT_HEAP_ALLOC_STRATEGY};
use sc_service::{
	config::ExecutorConfiguration, Configuration, Error as ServiceError, KeystoreContainer,
	TaskManager,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sp_consensus_aura::sr25519::AuthorityPair as AuraPair;
use sp_core::traits::SpawnEssentialNamed;

use crate::interface::{self, Block, Hash, RuntimeApi};

/// What the runtime's WebAssembly may call in the node.
type HostFunctions = sp_io::SubstrateHostFunctions;
/// The client: chain data, state and the runtime that runs on them.
pub type FullClient = sc_service::TFullClient<Block, RuntimeApi, WasmExecutor<HostFunctions>>;
/// The database.
pub type FullBackend = sc_service::TFullBackend<Block>;
pub(crate) type SelectChain = LongestChain<FullBackend, Block>;
pub(crate) type GrandpaBlockImport =
	sc_consensus_grandpa::GrandpaBlockImport<FullBackend, Block, FullClient, SelectChain>;
pub(crate) type GrandpaLink = sc_consensus_grandpa::LinkHalf<Block, FullClient, SelectChain>;

/// The service without a network.
///
/// It has no transaction pool and no import queue, because both are essential tasks: whoever makes one needs it until the
/// end, or the task manager takes it for broken.
pub struct Partial {
	/// Chain data, state and runtime.
	pub client: Arc<FullClient>,
	/// The database below the client.
	pub backend: Arc<FullBackend>,
	/// Runs the service's tasks, and ends them when it is dropped.
	pub task_manager: TaskManager,
	pub(crate) keystore_container: KeystoreContainer,
	pub(crate) select_chain: SelectChain,
	pub(crate) block_import: GrandpaBlockImport,
	pub(crate) grandpa_link: GrandpaLink,
	pub(crate) telemetry: Option<Telemetry>,
}

/// Every how many finalised blocks a GRANDPA justification is kept with its block.
///
/// Whoever syncs block by block, a full node or a light client, can finalise only at blocks that come with a
/// justification, so this is the step in which finality follows on it. The 512 that is common elsewhere means 51 minutes
/// on a chain with 6 s blocks; 32 means 3 minutes, and costs about 100 bytes per validator and step. Warp sync proofs,
/// which a light client starts with, end at the newest finalised block whatever this value is.
pub(crate) const JUSTIFICATION_PERIOD: u32 = 32;

/// How many telemetry messages wait for a slow endpoint before they are dropped.
const TELEMETRY_BUFFER: usize = 16;

/// Opens the database, building the genesis block if there is none yet.
///
/// What the runtime is compiled to is kept in `runtime_cache`, or in the base path when none is named, so that the next
/// start need not compile it again.
///
/// # Errors
/// When the database or the keystore cannot be opened, when the chain spec has no valid genesis state, or when the
/// chain's runtime is not one that this node can run ([`interface`]). When `runtime_cache` is relative, and there is no
/// working directory.
pub fn new_partial(
	config: &Configuration,
	runtime_cache: Option<PathBuf>,
) -> Result<Partial, ServiceError> {
	let telemetry = config
		.telemetry_endpoints
		.clone()
		.filter(|endpoints| !endpoints.is_empty())
		.map(|endpoints| -> Result<_, sc_telemetry::Error> {
			let worker = TelemetryWorker::new(TELEMETRY_BUFFER)?;
			let telemetry = worker.handle().new_telemetry(endpoints);
			Ok((worker, telemetry))
		})
		.transpose()?;

	// Wasmtime keeps nothing at a relative path.
	let runtime_cache = path::absolute(
		runtime_cache.unwrap_or_else(|| config.base_path.path().join("compiled-runtimes")),
	)?;
	let executor = new_executor(&config.executor, runtime_cache);
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			// A node that prunes block bodies must keep the justified ones, or it can no longer prove the changes of
			// the validator set to those who warp sync from it.
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);
	check_runtime(&client)?;

	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});

	let select_chain = LongestChain::new(backend.clone());
	let (block_import, grandpa_link) = sc_consensus_grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;

	Ok(Partial {
		client,
		backend,
		task_manager,
		keystore_container,
		select_chain,
		block_import,
		grandpa_link,
		telemetry,
	})
}

impl Partial {
	/// Starts the way of blocks into the database: Aura's checks, then GRANDPA's. `spawner` runs its worker.
	///
	/// # Errors
	/// When the metrics of the queue cannot be registered.
	pub(crate) fn import_queue(
		&self,
		config: &Configuration,
		spawner: &impl SpawnEssentialNamed,
	) -> Result<DefaultImportQueue<Block>, ServiceError> {
		let client = self.client.clone();
		Ok(sc_consensus_aura::import_queue::<AuraPair, _, _, _, _, _>(ImportQueueParams {
			block_import: self.block_import.clone(),
			justification_import: Some(Box::new(self.block_import.clone())),
			client: self.client.clone(),
			create_inherent_data_providers: move |parent, ()| {
				let client = client.clone();
				async move { inherent_data_providers(&client, parent) }
			},
			spawner,
			registry: config.prometheus_registry(),
			check_for_equivocation: Default::default(),
			telemetry: self.telemetry.as_ref().map(Telemetry::handle),
			compatibility_mode: Default::default(),
		})?)
	}
}

/// What `sc_service::new_wasm_executor` makes, and with a place for compiled runtimes, which it has no option for.
fn new_executor(config: &ExecutorConfiguration, cache: PathBuf) -> WasmExecutor<HostFunctions> {
	let heap = config
		.default_heap_pages
		// As the SDK: the command line's number is small.
		.map_or(DEFAULT_HEAP_ALLOC_STRATEGY, |pages| HeapAllocStrategy::Static {
			extra_pages: u32::try_from(pages).unwrap_or(u32::MAX),
		});
	WasmExecutor::builder()
		.with_execution_method(config.wasm_method)
		.with_onchain_heap_alloc_strategy(heap)
		.with_offchain_heap_alloc_strategy(heap)
		.with_max_runtime_instances(config.max_runtime_instances)
		.with_runtime_cache_size(config.runtime_cache_size)
		.with_cache_path(cache)
		.build()
}

/// Refuses a chain whose runtime lacks an API that the node calls.
fn check_runtime(client: &FullClient) -> Result<(), ServiceError> {
	let best = client.info().best_hash;
	if let Err(e) = client.state_at(best) {
		// A warp sync that was interrupted leaves blocks without state; it goes on and brings the state.
		warn!(
			"The chain's runtime was not checked against this node, block {best} has no state: {e}"
		);
		return Ok(());
	}
	interface::check(client, best)
}

/// The slot and the time, as a block on top of `parent` has to state them.
///
/// The slot's length is asked of the runtime at that block, because it is a genesis constant that differs from chain to
/// chain.
pub(crate) fn inherent_data_providers(
	client: &FullClient,
	parent: Hash,
) -> Result<
	(sp_consensus_aura::inherents::InherentDataProvider, sp_timestamp::InherentDataProvider),
	Box<dyn std::error::Error + Send + Sync>,
> {
	let slot_duration = sc_consensus_aura::standalone::slot_duration_at(client, parent)?;
	let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
	let slot = sp_consensus_aura::inherents::InherentDataProvider::from_timestamp_and_slot_duration(
		*timestamp,
		slot_duration,
	);
	Ok((slot, timestamp))
}
