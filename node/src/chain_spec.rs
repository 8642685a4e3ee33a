//! The chains that this node knows by name, and how a spec is found for what the user typed.

use std::path::Path;

use heliograph_runtime::{Block, Runtime, WASM_BINARY};
use heliograph_service::chain_spec::{from_file, from_preset, Identity};
use sc_chain_spec::json_patch;
use sc_service::{ChainSpec, ChainType, Properties};
use sp_core::storage::{well_known_keys, Storage};
use sp_genesis_builder::runtime_decl_for_genesis_builder::GenesisBuilder;
use sp_state_machine::BasicExternalities;

/// Prefix of the network protocols' names. Nodes of different chains never connect whatever it is, because the genesis
/// hash is part of the names, too.
const PROTOCOL_ID: &str = "helio";
/// The native token.
const TOKEN_SYMBOL: &str = "DECA";
/// 1 DECA = 10^12 base units.
const TOKEN_DECIMALS: u32 = 12;
/// The generic address format; a prefix of its own comes with a public network.
const SS58_FORMAT: u32 = 42;

/// A chain that is built into this binary.
struct BuiltIn {
	/// What the user types, and the name of the runtime's genesis preset.
	preset: &'static str,
	name: &'static str,
	id: &'static str,
	chain_type: ChainType,
	/// For lists of what there is.
	about: &'static str,
}

const BUILT_IN: [BuiltIn; 3] = [
	BuiltIn {
		preset: "development",
		name: "Heliograph Development",
		id: "heliograph_dev",
		chain_type: ChainType::Development,
		about: "Alice validates alone, 2 s blocks (what --dev stands for)",
	},
	BuiltIn {
		preset: "local",
		name: "Heliograph Local",
		id: "heliograph_local",
		chain_type: ChainType::Local,
		about: "Alice and Bob validate, 6 s blocks",
	},
	BuiltIn {
		preset: "fast",
		name: "Heliograph Fast",
		id: "heliograph_fast",
		chain_type: ChainType::Development,
		about: "Alice validates alone, 1 s blocks, a metering day in 288 s",
	},
];

/// The built-in chains, one per line, and the other way to name a chain.
pub fn choices() -> String {
	BUILT_IN
		.iter()
		.map(|chain| (chain.preset, chain.about))
		.chain([("FILE.json", "a chain spec, as `export-chain-spec` writes it")])
		.map(|(name, about)| format!("  {name:<12} {about}"))
		.collect::<Vec<_>>()
		.join("\n")
}

/// The spec for `chain`, which is a built-in chain's name, `dev`, or the path of a spec file. That of a built-in chain has
/// the genesis state as a whole, which takes no time to start from.
///
/// # Errors
/// In words for the user, with what can be typed instead.
pub fn load(chain: &str) -> Result<Box<dyn ChainSpec>, String> {
	let mut spec = load_editable(chain)?;
	if let Some(built_in) = built_in(chain) {
		spec.set_storage(built_in.state(WASM_BINARY.unwrap_or_default())?);
	}
	Ok(spec)
}

/// The same spec with the runtime's genesis configuration in place of a state, as far as it came with one.
///
/// # Errors
/// As [`load`].
pub fn load_editable(chain: &str) -> Result<Box<dyn ChainSpec>, String> {
	if let Some(built_in) = built_in(chain) {
		return built_in.spec(WASM_BINARY);
	}
	if chain.is_empty() {
		// There is no public network yet that could be the default, and a name picked here would decide which
		// database `purge-chain` removes.
		return Err(format!(
			"no chain was chosen. Use --dev, or --chain with one of:\n{}",
			choices()
		));
	}
	if Path::new(chain).exists() {
		return from_file(chain.into());
	}
	Err(format!(
		"\"{chain}\" is neither a built-in chain nor a file. --chain takes one of:\n{}",
		choices()
	))
}

fn built_in(chain: &str) -> Option<&'static BuiltIn> {
	// The name that the SDK's command line gives to the chain of `--dev`.
	let preset = if chain == "dev" { "development" } else { chain };
	BUILT_IN.iter().find(|built_in| built_in.preset == preset)
}

impl BuiltIn {
	/// The genesis state of a chain that begins with the runtime `wasm`.
	///
	/// It is built by the same runtime, compiled into this binary. The SDK would compile `wasm` for it, which takes longer
	/// than all the rest of a start, and do so at each start, whether there is a genesis block already or not.
	fn state(&self, wasm: &[u8]) -> Result<Storage, String> {
		let json = |id: Option<&str>| {
			let json = <Runtime as GenesisBuilder<Block>>::get_preset(&id.map(Into::into));
			let json = json.ok_or_else(|| format!("the runtime has no preset {id:?}"))?;
			serde_json::from_slice::<serde_json::Value>(&json).map_err(|e| e.to_string())
		};
		let mut config = json(None)?;
		json_patch::merge(&mut config, json(Some(self.preset))?);

		let mut state = Storage::default();
		BasicExternalities::execute_with_storage(&mut state, || {
			<Runtime as GenesisBuilder<Block>>::build_state(config.to_string().into())
		})?;
		state.top.insert(well_known_keys::CODE.to_vec(), wasm.to_vec());
		Ok(state)
	}

	/// The spec with the runtime `wasm`, which is absent from a binary that was built without it.
	fn spec(&self, wasm: Option<&[u8]>) -> Result<Box<dyn ChainSpec>, String> {
		let wasm = wasm.ok_or_else(|| {
			format!(
				"this binary was built without the runtime (SKIP_WASM_BUILD was set), so it has no \"{}\" chain. \
				 Build it without that variable, or use --chain with a spec file.",
				self.preset
			)
		})?;
		Ok(from_preset(
			wasm,
			self.preset,
			Identity {
				name: self.name,
				id: self.id,
				protocol_id: PROTOCOL_ID,
				chain_type: self.chain_type.clone(),
				properties: properties(),
			},
		))
	}
}

/// What wallets show amounts and addresses with.
fn properties() -> Properties {
	Properties::from_iter([
		("tokenSymbol".into(), TOKEN_SYMBOL.into()),
		("tokenDecimals".into(), TOKEN_DECIMALS.into()),
		("ss58Format".into(), SS58_FORMAT.into()),
		("isEthereum".into(), false.into()),
	])
}

#[cfg(test)]
mod tests {
	use super::*;
	use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;

	fn error_of(chain: &str) -> String {
		load(chain).err().unwrap_or_else(|| panic!("\"{chain}\" must not load"))
	}

	#[test]
	fn built_in_chain_says_what_it_is_when_named() {
		for (chain, id, name) in [
			("development", "heliograph_dev", "Heliograph Development"),
			("local", "heliograph_local", "Heliograph Local"),
			("fast", "heliograph_fast", "Heliograph Fast"),
		] {
			let spec = load(chain).expect("is built in");

			assert_eq!((spec.id(), spec.name()), (id, name));
			assert_eq!(spec.protocol_id(), Some("helio"));
			let properties = spec.properties();
			assert_eq!(properties["tokenSymbol"], "DECA");
			assert_eq!(properties["tokenDecimals"], 12);
			assert_eq!(properties["ss58Format"], 42);
			assert_eq!(properties["isEthereum"], false);
		}
	}

	#[test]
	fn state_of_every_built_in_chain_is_what_the_compiled_runtime_builds() {
		// One caller for all, because it compiles the runtime when it is first asked.
		let wasm = WASM_BINARY.expect("built with its runtime");
		let runtime: GenesisConfigBuilderRuntimeCaller =
			GenesisConfigBuilderRuntimeCaller::new(wasm);
		for BuiltIn { preset, .. } in &BUILT_IN {
			let state = runtime.get_storage_for_named_preset(Some(&preset.to_string()));
			let mut state = state.expect("the runtime has the preset");
			state.top.insert(well_known_keys::CODE.to_vec(), wasm.to_vec());
			assert!(state.top.len() > 50, "{preset} has an empty genesis");

			let spec = load(preset).expect("is built in");
			let ours = spec.as_storage_builder().build_storage().expect("has a state");
			assert_eq!(ours.top, state.top, "{preset}");
			assert!(ours.children_default.is_empty() && state.children_default.is_empty());
		}
	}

	#[test]
	fn dev_is_the_development_chain_when_named_so() {
		assert_eq!(load("dev").expect("is built in").id(), "heliograph_dev");
	}

	#[test]
	fn error_lists_the_chains_when_none_or_an_unknown_one_is_named() {
		for chain in ["", "mainnet"] {
			let error = error_of(chain);
			for choice in ["development", "local", "fast", "FILE.json"] {
				assert!(error.contains(choice), "{choice} is not in: {error}");
			}
		}
		assert!(error_of("mainnet").contains("\"mainnet\""));
	}

	#[test]
	fn error_names_the_file_when_it_is_no_spec() {
		let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
		assert!(error_of(manifest).contains(manifest));
	}

	#[test]
	fn error_says_how_to_build_when_the_runtime_is_absent() {
		let Err(error) = BUILT_IN[0].spec(None) else { panic!("there is no runtime") };
		assert!(error.contains("SKIP_WASM_BUILD"), "{error}");
	}
}
