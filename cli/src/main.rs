//! The terminal for trade: what is bid and offered, one's own orders, and everything that a person does with them.
//!
//! Reads go through the view functions of the runtime, at the last finalised block; the depth of the order book at the best
//! one. What signs waits until its block is final.

mod app;
mod args;
mod balance;
mod book;
mod candles;
mod chain;
mod depth;
mod json;
mod lots;
mod paint;
mod report;
mod slots;
mod storage;
mod units;
mod when;

use std::{io, process::ExitCode};

use anyhow::Context;
use clap::Parser;

fn main() -> ExitCode {
	let cli = args::Cli::parse();
	match start(cli) {
		Ok(()) => ExitCode::SUCCESS,
		// Whoever reads has seen enough, as in `heliograph history | head -1`.
		Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn start(cli: args::Cli) -> anyhow::Result<()> {
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()
		.context("cannot start the tasks of this program")?;
	let result = runtime.block_on(app::run(cli));
	// A resolver may block a thread for ever; that must not keep the process.
	runtime.shutdown_background();
	result
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
	error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn reader_who_has_seen_enough_is_no_error() {
		let closed = io::Error::from(io::ErrorKind::BrokenPipe);
		assert!(is_closed_pipe(&anyhow::Error::from(closed)));
		assert!(!is_closed_pipe(&anyhow::Error::from(io::Error::from(io::ErrorKind::NotFound))));
		assert!(!is_closed_pipe(&anyhow::anyhow!("no order")));
	}
}
