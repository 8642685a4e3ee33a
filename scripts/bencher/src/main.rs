//! `frame-omni-bencher v1 benchmark pallet`, by its library. See `scripts/benchmark weights`.

use clap::Parser;
use frame_benchmarking_cli::PalletCmd;
use sp_runtime::traits::BlakeTwo256;

/// Run the benchmarks of a runtime blob's pallets.
#[derive(Parser)]
struct Cli {
	#[command(flatten)]
	pallet: PalletCmd,
}

fn main() -> sc_cli::Result<()> {
	// What the runtime may call beside the functions that the runner brings itself: nothing.
	Cli::parse().pallet.run_with_spec::<BlakeTwo256, ()>(None)
}
