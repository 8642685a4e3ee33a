//! Carries out what was typed.

use heliograph_service::commands;
use sc_cli::{Error, KeySubcommand, Result, SubstrateCli};
use sc_service::{ChainType, Configuration};

use crate::{
	chain_spec,
	cli::{Cli, Subcommand},
};

/// Runs the subcommand, or the node if there is none.
///
/// # Errors
/// With a message for the user.
pub fn run(cli: &Cli) -> Result<()> {
	match &cli.subcommand {
		None => run_node(cli),
		// Where the chain matters the command line has made sure that it is there.
		Some(Subcommand::Key(KeySubcommand::GenerateNodeKey(command)))
			if command.chain.is_none() =>
		{
			command.run("", &Cli::executable_name())
		}
		Some(Subcommand::Key(command)) => command.run(cli),
		Some(Subcommand::ExportChainSpec(command)) if command.raw => {
			command.run(chain_spec::load(&command.chain)?)
		}
		Some(Subcommand::ExportChainSpec(command)) => {
			command.run(chain_spec::load_editable(&command.chain)?)
		}
		Some(Subcommand::CheckBlock(command)) => {
			cli.create_runner(command)?.async_run(|config| commands::check_block(config, command))
		}
		Some(Subcommand::ExportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| commands::export_blocks(config, command))
		}
		Some(Subcommand::ExportState(command)) => {
			cli.create_runner(command)?.async_run(|config| commands::export_state(config, command))
		}
		Some(Subcommand::ImportBlocks(command)) => {
			cli.create_runner(command)?.async_run(|config| commands::import_blocks(config, command))
		}
		Some(Subcommand::Revert(command)) => {
			cli.create_runner(command)?.async_run(|config| commands::revert(config, command))
		}
		Some(Subcommand::PurgeChain(command)) => {
			cli.create_runner(command)?.sync_run(|config| command.run(config.database))
		}
		Some(Subcommand::ChainInfo(command)) => {
			cli.create_runner(command)?.sync_run(|config| commands::chain_info(&config, command))
		}
	}
}

fn run_node(cli: &Cli) -> Result<()> {
	let runtime_cache = cli.runtime_cache.clone();
	cli.create_runner(&cli.run)?.run_node_until_exit(|config| async move {
		warn_if_nobody_authors(&config);
		heliograph_service::new_full(config, runtime_cache).map_err(Error::from)
	})
}

/// A development chain lives in one node, and stands still in one that does not hold its validator's keys. Whoever
/// types `--chain fast` alone would otherwise look for the reason elsewhere.
fn warn_if_nobody_authors(config: &Configuration) {
	if config.chain_spec.chain_type() == ChainType::Development
		&& !config.role.is_authority()
		&& config.network.boot_nodes.is_empty()
	{
		log::warn!(
			"This node follows \"{}\" without making blocks. To run that chain here, start with --dev or --alice.",
			config.chain_spec.name()
		);
	}
}
