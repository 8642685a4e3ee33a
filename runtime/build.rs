//! Compiles the runtime to the WebAssembly blob that goes on chain.

fn main() {
	// Clippy puts itself in the compiler's place. The blob is another compiler's work, which it cannot stand in for.
	std::env::remove_var("RUSTC_WORKSPACE_WRAPPER");

	// Without optimisation over the borders of crates the blob of the profile `release` compiles in half of the time and is a
	// tenth larger. The profile `production`, for what is published, has a setting of its own (docs/decisions/0014).
	std::env::set_var("CARGO_PROFILE_RELEASE_LTO", "off");

	#[cfg(all(feature = "std", not(feature = "metadata-hash")))]
	substrate_wasm_builder::WasmBuilder::build_using_defaults();

	#[cfg(all(feature = "std", feature = "metadata-hash"))]
	substrate_wasm_builder::WasmBuilder::init_with_defaults()
		.enable_metadata_hash("DECA", 12)
		.build();
}
