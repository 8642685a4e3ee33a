//! The runtime as a whole, natively and by extrinsics alone. One file for each thing that it does.

mod certificates;
mod common;
mod governance;
mod migrations;
mod rewards;
mod runtime;
mod tokens;
