use std::process::ExitCode;

fn main() -> ExitCode {
	heliograph_agent::cli::main()
}
