//! Chain specifications, from a runtime's genesis preset or from a file.
//!
//! A spec can execute its runtime, in order to build the genesis state, and so brings the whole WebAssembly executor
//! with it. That is why it is made in this crate and handed out behind `dyn ChainSpec`.

use std::path::PathBuf;

use sc_service::{ChainSpec, ChainType, GenericChainSpec, Properties};

/// What a chain is called, and everything else of a spec that is not its genesis state.
pub struct Identity<'a> {
	/// For humans; shown by wallets and telemetry.
	pub name: &'a str,
	/// For machines; names the database's directory.
	pub id: &'a str,
	/// Prefix of the network protocols' names.
	pub protocol_id: &'a str,
	pub chain_type: ChainType,
	/// Token symbol, decimals and address format, for wallets.
	pub properties: Properties,
}

/// A spec whose genesis state is what the runtime `code` (WebAssembly) offers under the name `preset`.
///
/// The runtime is not executed yet: a preset that it does not have is reported when the spec is exported or the genesis
/// block is built.
pub fn from_preset(code: &[u8], preset: &str, identity: Identity) -> Box<dyn ChainSpec> {
	Box::new(
		GenericChainSpec::<sc_service::NoExtension>::builder(code, None)
			.with_name(identity.name)
			.with_id(identity.id)
			.with_protocol_id(identity.protocol_id)
			.with_chain_type(identity.chain_type)
			.with_properties(identity.properties)
			.with_genesis_config_preset_name(preset)
			.build(),
	)
}

/// The spec in the JSON file at `path`.
///
/// # Errors
/// When the file cannot be read or is no chain spec, with the path.
pub fn from_file(path: PathBuf) -> Result<Box<dyn ChainSpec>, String> {
	let shown = path.display().to_string();
	GenericChainSpec::<sc_service::NoExtension>::from_json_file(path)
		.map(|spec| Box::new(spec) as Box<dyn ChainSpec>)
		.map_err(|e| format!("{shown} is no usable chain spec. {e}"))
}
