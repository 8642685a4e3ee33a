//! The command line.

use std::{
	path::{Path, PathBuf},
	process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use serde_json::json;
use sp_core::crypto::{AccountId32, Ss58Codec};

use crate::{
	chain::Chain,
	check,
	config::{self, Config},
	keys::{self, KeyError, Scheme, SigningKey},
	logging::{self, LogFormat},
	prove, rotate, run, simulate, status, watch,
};

/// Reads meters, keeps every sample on disk, signs readings with each meter's own key and submits them to a Heliograph
/// chain.
#[derive(Parser, Debug)]
#[command(
	name = "heliograph-agent",
	version,
	after_long_help = "A first installation:
  1. Write agent.toml: the node's address, and each device with its meters (see agent.example.toml).
  2. heliograph-agent check            reads every device once and says what is wrong
  3. heliograph-agent keys new         makes a key for each meter and one for the operator account
  4. heliograph-agent keys application --owner ADDRESS --url ws://NODE:9944
                                       prints the meters for the owner's miners.apply
  5. Once admitted, the owner calls miners.addOperator with the operator's address and gives that account some DECA.
  6. heliograph-agent run              may be started at any time before: it keeps samples meanwhile

From time to time:
  heliograph-agent prove               proves the kept readings against the chain; --month 2026-10 --export FILE for others
  heliograph-agent keys rotate         replaces the key of a meter

Without hardware: heliograph-agent simulate is a site of meters that speak Modbus.
What is logged is chosen by the environment variable HELIOGRAPH_LOG, e.g. HELIOGRAPH_LOG=debug."
)]
struct Cli {
	/// How log lines look. They go to standard error.
	#[arg(long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
	log_format: LogFormat,
	#[command(subcommand)]
	command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
	/// Read the devices, sign and submit, until stopped.
	///
	/// Every sample is committed to the spool before anything else happens with it, so the process may be killed at any
	/// moment. While the node is away, samples and readings are kept, and submitted when it is back.
	Run(ConfigArg),
	/// Read every device once, and say what is wrong and what to do about it.
	Check(ConfigArg),
	/// Make and show keys.
	Keys {
		#[command(subcommand)]
		command: KeysCommand,
	},
	/// Prove the kept readings against the history hashes of the finalised chain, and find a changed, missing or added one.
	///
	/// Also while the agent runs. Fails when anything does not hold. Without --from, --to and --month all that is kept is
	/// proven; the keys' secret halves are not needed.
	Prove(prove::ProveArgs),
	/// Show the meters: from the running agent, or from the spool when none runs.
	Status(StatusArgs),
	/// Show a running agent live in the terminal.
	Watch(WatchArgs),
	/// Be a virtual site of meters that speak Modbus TCP.
	Simulate(simulate::SimulateArgs),
}

#[derive(Args, Debug)]
struct ConfigArg {
	/// The configuration.
	#[arg(short, long, value_name = "FILE", default_value = "agent.toml")]
	config: PathBuf,
}

#[derive(Args, Debug)]
struct StatusArgs {
	#[command(flatten)]
	config: ConfigArg,
	/// Print JSON.
	#[arg(long)]
	json: bool,
}

#[derive(Args, Debug)]
struct WatchArgs {
	/// The agent's status page.
	#[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9616")]
	url: String,
	/// Print once and end.
	#[arg(long)]
	once: bool,
}

#[derive(Subcommand, Debug)]
enum KeysCommand {
	/// Make a key file that only you can read. Never overwrites.
	Generate {
		/// The file to make.
		file: PathBuf,
		/// The signature scheme. An operator key has to be sr25519.
		#[arg(long, value_enum, default_value_t, value_name = "SCHEME")]
		scheme: Scheme,
		/// Derive the key from a secret URI such as //Alice instead of making a fresh one. For development chains: other
		/// users of this machine can see it while the command runs.
		#[arg(long, value_name = "URI")]
		suri: Option<String>,
	},
	/// Show the public half of a key and its address.
	Show {
		/// The key file.
		file: PathBuf,
	},
	/// Make every key that a configuration names and that does not exist yet.
	New {
		#[command(flatten)]
		config: ConfigArg,
		/// The scheme of the meters' keys. The operator's is always sr25519.
		#[arg(long, value_enum, default_value_t, value_name = "SCHEME")]
		scheme: Scheme,
	},
	/// Print the meters of a configuration as JSON for the `meters` argument of miners.apply, each with the proof that
	/// its key agrees to be registered by the owner.
	Application(ApplicationArgs),
	/// Make a new key for a meter and print, as JSON, the arguments of miners.rotateMeterKey: the proof that the new key
	/// agrees and the old key's signature for it.
	///
	/// The agent goes over to the new key by itself when the chain has finalised the call; it may run all the while. Run
	/// again, this prints the same until the chain has taken the key over. No key file is changed or removed.
	Rotate {
		#[command(flatten)]
		config: ConfigArg,
		#[command(flatten)]
		rotate: rotate::RotateArgs,
	},
}

#[derive(Args, Debug)]
struct ApplicationArgs {
	#[command(flatten)]
	config: ConfigArg,
	/// The address of the account that will apply.
	#[arg(long, value_name = "ADDRESS")]
	owner: String,
	#[command(flatten)]
	chain: ChainArgs,
}

#[derive(Args, Debug)]
#[group(multiple = false)]
struct ChainArgs {
	/// The genesis hash of the chain; by default the node of the configuration is asked.
	#[arg(long, value_name = "0xHASH")]
	genesis: Option<String>,
	/// The node to ask for the genesis hash.
	#[arg(long, value_name = "URL")]
	url: Option<String>,
}

/// Runs the program with the arguments that it was started with.
pub fn main() -> ExitCode {
	let cli = Cli::parse();
	match logging::init(cli.log_format).and_then(|()| start(cli.command)) {
		Ok(()) => ExitCode::SUCCESS,
		Err(error) => {
			eprintln!("error: {error:#}");
			ExitCode::FAILURE
		}
	}
}

fn start(command: Command) -> anyhow::Result<()> {
	let runtime = tokio::runtime::Builder::new_multi_thread()
		.enable_all()
		.build()
		.context("cannot start the tasks of this program")?;
	let result = runtime.block_on(execute(command));
	// A serial port or a resolver may block a thread for ever; that must not keep the process.
	runtime.shutdown_background();
	result
}

async fn execute(command: Command) -> anyhow::Result<()> {
	match command {
		Command::Run(args) => run::run(config::load(&args.config)?).await,
		Command::Check(args) => check::run(&config::load(&args.config)?).await,
		Command::Keys { command } => keys_command(command).await,
		Command::Prove(args) => prove::run(args).await,
		Command::Status(args) => show_status(&args).await,
		Command::Watch(args) => watch::run(&args.url, args.once).await,
		Command::Simulate(args) => simulate::run(args).await,
	}
}

async fn keys_command(command: KeysCommand) -> anyhow::Result<()> {
	match command {
		KeysCommand::Generate { file, scheme, suri } => {
			let key = keys::generate(&file, scheme, suri.as_deref())?;
			println!("{}", describe(&file, &key));
		}
		KeysCommand::Show { file } => println!("{}", describe(&file, &SigningKey::load(&file)?)),
		KeysCommand::New { config, scheme } => {
			let config = config::load(&config.config)?;
			let mut made = make_missing(&config.chain.operator_key, Scheme::Sr25519)?;
			for meter in config.devices.iter().flat_map(|device| &device.meters) {
				made |= make_missing(&meter.key, scheme)?;
			}
			if !made {
				println!("every key exists already");
			}
		}
		KeysCommand::Application(args) => {
			let config = config::load(&args.config.config)?;
			let owner = AccountId32::from_ss58check(&args.owner).map_err(|error| {
				anyhow::anyhow!("--owner {}: not an address ({error})", args.owner)
			})?;
			let genesis = genesis_of(&args.chain, &config).await?;
			println!("{}", serde_json::to_string_pretty(&application(&config, &owner, &genesis)?)?);
		}
		KeysCommand::Rotate { config, rotate } => {
			rotate::run(&config::load(&config.config)?, rotate).await?
		}
	}
	Ok(())
}

/// Makes the key at `path` unless it is there. An existing one has to be usable, or the surprise comes later.
fn make_missing(path: &Path, scheme: Scheme) -> anyhow::Result<bool> {
	match keys::load_ring(path) {
		Ok(_) => return Ok(false),
		Err(KeyError::Missing(_)) => (),
		Err(error) => return Err(error.into()),
	}
	println!("{}", describe(path, &keys::generate(path, scheme, None)?));
	Ok(true)
}

fn describe(path: &Path, key: &SigningKey) -> String {
	format!(
		"{}\n  scheme   {}\n  public   0x{}\n  address  {}",
		path.display(),
		key.scheme(),
		hex::encode(key.public_bytes()),
		keys::address(&key.account())
	)
}

/// The meters of `config` as miners.apply takes them, in the order of the configuration: the chain numbers them in it.
fn application(
	config: &Config,
	owner: &AccountId32,
	genesis: &[u8; 32],
) -> anyhow::Result<serde_json::Value> {
	let mut meters = Vec::new();
	for meter in config.devices.iter().flat_map(|device| &device.meters) {
		let key = SigningKey::load(&keys::newest(&meter.key)?)?;
		meters.push(json!({
			"key": { key.scheme().to_string(): format!("0x{}", hex::encode(key.public_bytes())) },
			"flow": format!("{:?}", meter.flow),
			"nameplate": meter.nameplate,
			"possession": format!("0x{}", hex::encode(key.sign_possession(genesis, owner))),
		}));
	}
	Ok(meters.into())
}

async fn genesis_of(args: &ChainArgs, config: &Config) -> anyhow::Result<[u8; 32]> {
	if let Some(text) = &args.genesis {
		return parse_hash(text).with_context(|| format!("--genesis {text}"));
	}
	if let (None, Some(genesis)) = (&args.url, config.chain.genesis) {
		return Ok(genesis);
	}
	let url = args.url.as_deref().unwrap_or(&config.chain.url);
	let chain =
		Chain::connect(url).await.with_context(|| {
			format!("cannot ask {url} for its genesis hash; start the node, or give the hash by --genesis")
		})?;
	let found = chain.genesis();
	crate::submit::check_genesis(url, found, config.chain.genesis, None)?;
	Ok(found)
}

fn parse_hash(text: &str) -> anyhow::Result<[u8; 32]> {
	let mut hash = [0; 32];
	hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut hash)
		.map_err(|error| anyhow::anyhow!("not a hash of 32 bytes in hexadecimal: {error}"))?;
	Ok(hash)
}

async fn show_status(args: &StatusArgs) -> anyhow::Result<()> {
	let config = config::load(&args.config.config)?;
	let running = match config.agent.http {
		Some(address) => status::fetch(address)
			.await
			.with_context(|| format!("cannot ask the agent on {address}"))?,
		None => None,
	};
	let report = match running {
		Some(report) => report,
		None => status::from_spool(&config)?,
	};
	if args.json {
		println!("{}", serde_json::to_string_pretty(&report)?);
	} else {
		print!("{}", status::table(&report));
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	#[test]
	fn command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn help_tells_the_way_from_configuration_to_submission() {
		let help = Cli::command().render_long_help().to_string();
		for word in [
			"check",
			"keys new",
			"keys application",
			"addOperator",
			"prove",
			"keys rotate",
			"simulate",
			"HELIOGRAPH_LOG",
		] {
			assert!(help.contains(word), "{word} is missing in\n{help}");
		}
	}

	#[test]
	fn hash_is_refused_when_it_is_not_32_bytes() {
		assert_eq!(parse_hash(&format!("0x{}", "ab".repeat(32))).expect("a hash"), [0xab; 32]);
		for text in ["", "0x", "0xzz", &"ab".repeat(31)] {
			assert!(parse_hash(text).is_err(), "{text}");
		}
	}
}
