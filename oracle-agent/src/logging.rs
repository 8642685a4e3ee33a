//! Structured logs on standard error.

use std::io::IsTerminal;

use tracing_subscriber::{filter::LevelFilter, EnvFilter};

/// The environment variable that selects what is logged, e.g. `debug` or `heliograph_agent::submit=trace`.
pub const FILTER_VARIABLE: &str = "HELIOGRAPH_LOG";

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, clap::ValueEnum)]
pub enum LogFormat {
	/// Lines for people.
	#[default]
	Text,
	/// One JSON object a line, for log collectors.
	Json,
}

/// Starts logging. Standard output stays free for what a command prints.
///
/// Errors when the filter in [`FILTER_VARIABLE`] is malformed, or logging was started before.
pub fn init(format: LogFormat) -> anyhow::Result<()> {
	let filter = EnvFilter::builder()
		.with_default_directive(LevelFilter::INFO.into())
		.with_env_var(FILTER_VARIABLE)
		.from_env()
		.map_err(|error| anyhow::anyhow!("{FILTER_VARIABLE} is not a log filter: {error}"))?;
	let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
	match format {
		LogFormat::Text => {
			builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init()
		}
		LogFormat::Json => builder.json().flatten_event(true).try_init(),
	}
	.map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))
}
