//! What can be typed.

use std::path::PathBuf;

use clap::{CommandFactory, FromArgMatches};
use sc_cli::{RunCmd, SubstrateCli};

use crate::chain_spec;

#[derive(Debug, clap::Parser)]
pub struct Cli {
	#[command(subcommand)]
	pub subcommand: Option<Subcommand>,

	#[command(flatten)]
	pub run: RunCmd,

	/// Where compiled runtimes are kept, so that the next start takes no time to compile.
	///
	/// In the base path unless named here. Several nodes can share one. Whoever can write there can have this node run
	/// anything: treat it as you treat the database.
	#[arg(long, value_name = "FOLDER")]
	pub runtime_cache: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
// One value of this type exists, once per process.
#[allow(clippy::large_enum_variant)]
pub enum Subcommand {
	/// Make, show and insert keys: node keys, accounts, session keys.
	#[command(subcommand)]
	Key(sc_cli::KeySubcommand),

	/// Write a chain's spec as JSON.
	///
	/// The spec can be edited and used with `--chain FILE.json`. With `--raw` it holds the whole genesis state instead
	/// of the runtime's genesis configuration, which is the form to publish: it does not depend on how a later binary
	/// builds a genesis state.
	ExportChainSpec(sc_cli::ExportChainSpecCmd),

	/// Check a block of the database by importing it again.
	CheckBlock(sc_cli::CheckBlockCmd),

	/// Write blocks to a file.
	ExportBlocks(sc_cli::ExportBlocksCmd),

	/// Write the state of a block as a chain spec that starts from it.
	ExportState(sc_cli::ExportStateCmd),

	/// Import blocks from a file.
	ImportBlocks(sc_cli::ImportBlocksCmd),

	/// Remove a chain's database. Keys stay.
	PurgeChain(sc_cli::PurgeChainCmd),

	/// Take the newest blocks back, down to the finalised one at most.
	Revert(sc_cli::RevertCmd),

	/// Print best, finalised and genesis block of the database as JSON.
	ChainInfo(sc_cli::ChainInfoCmd),
}

impl Cli {
	/// Reads the command line of this process. Prints a message and ends the process if it is wrong, or asks for help.
	pub fn parse() -> Self {
		let matches = command().get_matches();
		Self::from_arg_matches(&matches).unwrap_or_else(|e| e.exit())
	}
}

/// The SDK's command line, with what is different here.
fn command() -> clap::Command {
	describe_chains(Cli::setup_command(Cli::command())).mut_subcommand("key", |key| {
		key.mut_subcommand("generate-node-key", |command| {
			// The chain only decides in which directory the key is put. So it must be named for these, and can be
			// left out for a key that goes to a file or to standard output.
			command
				.mut_arg("base_path", |arg| arg.requires("chain"))
				.mut_arg("default_base_path", |arg| arg.requires("chain"))
		})
	})
}

/// Replaces the SDK's texts about chains, which name those of other projects, in `command` and all below it.
fn describe_chains(command: clap::Command) -> clap::Command {
	let replace = |command: clap::Command, arg: &str, short: &'static str, long: String| {
		if command.get_arguments().any(|known| known.get_id() == arg) {
			command.mut_arg(arg, |arg| arg.help(short).long_help(long))
		} else {
			command
		}
	};
	let command = replace(
		command,
		"chain",
		"The chain: development, local, fast, or a spec file",
		format!("The chain. One of:\n\n{}", chain_spec::choices()),
	);
	let command = replace(
		command,
		"dev",
		"Run the development chain and forget it at exit",
		"Run the development chain and forget it at exit.\n\nSets `--chain development`, `--alice`, `--tmp`, \
		 `--force-authoring` and `--rpc-cors all`, each unless it is given explicitly, and looks for no other nodes. \
		 With `--chain fast` it does the same for that chain."
			.into(),
	);

	let names = command.get_subcommands().map(|below| below.get_name().to_owned());
	names
		.collect::<Vec<_>>()
		.into_iter()
		.fold(command, |command, name| command.mut_subcommand(name, describe_chains))
}

impl SubstrateCli for Cli {
	fn impl_name() -> String {
		"Heliograph Node".into()
	}

	fn impl_version() -> String {
		env!("SUBSTRATE_CLI_IMPL_VERSION").into()
	}

	fn description() -> String {
		"Heliograph's validator and full node: the appchain on which metered clean energy is attested.".into()
	}

	fn author() -> String {
		env!("CARGO_PKG_AUTHORS").into()
	}

	fn support_url() -> String {
		"the issue tracker of the Heliograph repository".into()
	}

	fn copyright_start_year() -> i32 {
		2026
	}

	fn load_spec(&self, chain: &str) -> Result<Box<dyn sc_service::ChainSpec>, String> {
		chain_spec::load(chain)
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	fn rejection(arguments: &[&str]) -> String {
		command().try_get_matches_from(arguments).expect_err("must be rejected").to_string()
	}

	#[test]
	fn command_line_is_consistent() {
		command().debug_assert();
	}

	#[test]
	fn help_names_the_chains_when_asked_at_any_level() {
		for arguments in [
			&["heliograph-node", "--help"][..],
			&["heliograph-node", "purge-chain", "--help"],
			&["heliograph-node", "export-chain-spec", "--help"],
		] {
			let help = rejection(arguments);
			assert!(help.contains("fast "), "{arguments:?} shows: {help}");
			assert!(!help.contains("staging"), "{arguments:?} shows: {help}");
		}
	}

	#[test]
	fn node_key_needs_a_chain_when_it_goes_to_a_base_path() {
		let generate = ["heliograph-node", "key", "generate-node-key"];
		let error = rejection(&[&generate[..], &["--base-path", "data"]].concat());
		assert!(error.contains("--chain"), "{error}");

		for arguments in [&["--file", "node-key"][..], &["--base-path", "data", "--chain", "local"]]
		{
			assert!(command().try_get_matches_from([&generate[..], arguments].concat()).is_ok());
		}
	}
}
