//! The runtime as a whole, natively and by extrinsics alone. One file for each thing that it does.

mod certificates;
mod common;
mod governance;
mod issuance;
mod lots;
mod migrations;
mod order_book;
mod rewards;
mod runtime;
mod slots;
mod storage;
mod tokens;
