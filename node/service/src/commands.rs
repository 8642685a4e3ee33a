//! What the command line does with a chain's database while the node is not running.
//!
//! Each function opens the database and returns the work as a future, with the manager of the tasks that it needs, in
//! the shape that `sc_cli::Runner::async_run` takes.

use futures::future::{BoxFuture, LocalBoxFuture};
use sc_cli::{
	ChainInfoCmd, CheckBlockCmd, Error, ExportBlocksCmd, ExportStateCmd, ImportBlocksCmd, Result,
	RevertCmd,
};
use sc_service::{Configuration, SpawnTaskHandle, TaskManager};
use sp_core::traits::{SpawnEssentialNamed, SpawnNamed};

use crate::{interface::Block, new_partial, Partial};

/// A command that is ready to run.
pub type Command<'a> = (LocalBoxFuture<'a, Result<()>>, TaskManager);

/// Imports a block of the database again, and so checks it.
///
/// # Errors
/// As [`new_partial`]; the future fails when the block is unknown or invalid.
pub fn check_block(config: Configuration, command: &CheckBlockCmd) -> Result<Command<'_>> {
	let partial = new_partial(&config, None)?;
	let import_queue =
		partial.import_queue(&config, &Worker(partial.task_manager.spawn_handle()))?;
	let Partial { client, task_manager, .. } = partial;
	Ok((Box::pin(command.run(client, import_queue)), task_manager))
}

/// Writes blocks to a file or to standard output.
///
/// # Errors
/// As [`new_partial`]; the future fails when a block is missing or the file cannot be written.
pub fn export_blocks(config: Configuration, command: &ExportBlocksCmd) -> Result<Command<'_>> {
	let Partial { client, task_manager, .. } = new_partial(&config, None)?;
	Ok((Box::pin(command.run(client, config.database)), task_manager))
}

/// Prints a chain spec whose genesis is the state of a block.
///
/// # Errors
/// As [`new_partial`]; the future fails when the block is unknown or its state was pruned.
pub fn export_state(config: Configuration, command: &ExportStateCmd) -> Result<Command<'_>> {
	let Partial { client, task_manager, .. } = new_partial(&config, None)?;
	Ok((Box::pin(command.run::<Block, _, _>(client, config.chain_spec)), task_manager))
}

/// Imports blocks from a file or from standard input.
///
/// # Errors
/// As [`new_partial`]; the future fails when the input cannot be read or a block is invalid.
pub fn import_blocks(config: Configuration, command: &ImportBlocksCmd) -> Result<Command<'_>> {
	let partial = new_partial(&config, None)?;
	let import_queue =
		partial.import_queue(&config, &Worker(partial.task_manager.spawn_handle()))?;
	let Partial { client, task_manager, .. } = partial;
	Ok((Box::pin(command.run::<Block, _, _>(client, import_queue)), task_manager))
}

/// Takes the newest blocks back, down to the finalised one at most.
///
/// # Errors
/// As [`new_partial`]; the future fails when the database refuses.
pub fn revert(config: Configuration, command: &RevertCmd) -> Result<Command<'_>> {
	let Partial { client, backend, task_manager, .. } = new_partial(&config, None)?;
	// Changes of the validator set that the reverted blocks announced must be forgotten with them.
	let revert_grandpa = Box::new(|client, _, blocks| {
		sc_consensus_grandpa::revert(client, blocks).map_err(Error::from)
	});
	Ok((Box::pin(command.run(client, backend, Some(revert_grandpa))), task_manager))
}

/// Prints best, finalised and genesis block of a database as JSON.
///
/// # Errors
/// When the database cannot be opened.
pub fn chain_info(config: &Configuration, command: &ChainInfoCmd) -> Result<()> {
	command.run::<Block>(config)
}

/// Runs the worker of an import queue, which ends with the command that feeds it. As an essential task it would be reported
/// as one that failed.
#[derive(Clone)]
struct Worker(SpawnTaskHandle);

impl SpawnEssentialNamed for Worker {
	fn spawn_essential(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		future: BoxFuture<'static, ()>,
	) {
		SpawnNamed::spawn(&self.0, name, group, future);
	}

	fn spawn_essential_blocking(
		&self,
		name: &'static str,
		group: Option<&'static str>,
		future: BoxFuture<'static, ()>,
	) {
		SpawnNamed::spawn_blocking(&self.0, name, group, future);
	}
}
