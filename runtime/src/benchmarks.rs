//! Which pallets are benchmarked, and how the benchmarks are run.

use crate::*;
use alloc::{string::String, vec::Vec};
use frame_benchmarking::{BenchmarkBatch, BenchmarkConfig, BenchmarkList};
use frame_support::traits::{StorageInfo, StorageInfoTrait, WhitelistedStorageKeys};

frame_benchmarking::define_benchmarks!(
	[frame_benchmarking, BaselineBench::<Runtime>]
	[frame_system, SystemBench::<Runtime>]
	[pallet_balances, Balances]
	[pallet_timestamp, Timestamp]
	[pallet_miners, Miners]
	[pallet_metering, Metering]
	[pallet_issuance, Issuance]
	[pallet_rec, Rec]
	[pallet_rewards, Rewards]
	[pallet_order_book, OrderBook]
	[pallet_slot_auction, SlotAuction]
	[pallet_lots, Lots]
	[pallet_storage_nodes, StorageNodes]
	[pallet_validator_set, ValidatorSet]
);

type SystemBench<T> = frame_system_benchmarking::Pallet<T>;
type BaselineBench<T> = frame_benchmarking::baseline::Pallet<T>;

impl frame_system_benchmarking::Config for Runtime {}
impl frame_benchmarking::baseline::Config for Runtime {}

pub(crate) fn metadata(extra: bool) -> (Vec<BenchmarkList>, Vec<StorageInfo>) {
	let mut list = Vec::new();
	list_benchmarks!(list, extra);
	(list, AllPalletsWithSystem::storage_info())
}

pub(crate) fn dispatch(config: BenchmarkConfig) -> Result<Vec<BenchmarkBatch>, String> {
	let whitelist = AllPalletsWithSystem::whitelisted_storage_keys();
	let mut batches = Vec::new();
	let params = (&config, &whitelist);
	add_benchmarks!(params, batches);
	Ok(batches)
}
