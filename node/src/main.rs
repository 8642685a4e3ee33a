//! Heliograph's validator and full node.

mod chain_spec;
mod cli;
mod command;

use std::process::ExitCode;

fn main() -> ExitCode {
	match command::run(&cli::Cli::parse()) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("Error: {error}");
			ExitCode::FAILURE
		}
	}
}
