//! The node's service, for any runtime with Heliograph's interface.
//!
//! This crate holds everything that makes a full node or a validator out of the SDK's parts: the block import pipeline
//! (Aura authoring, GRANDPA finality), the network, the transaction pool, the RPC server and the operations on a
//! database that the command line offers.
//!
//! It depends on the runtime's *interface* only ([`interface`]), never on the runtime's crate, and every item that it
//! exports is a concrete type or a function without type parameters. So the expensive instantiation of the SDK's
//! generics happens here once, and a change in the runtime costs the node's binary a relink
//! (`docs/decisions/0002-generic-service-crate.md`).

pub mod chain_spec;
pub mod commands;
mod full;
pub mod interface;
mod partial;
mod rpc;

pub use full::new_full;
pub use interface::Block;
pub use partial::{new_partial, FullBackend, FullClient, Partial};
