//! What the benchmarks of trade, batteries and rewards need of other pallets: miners, meters, and the clock.

use crate::{AccountId, Miners, Runtime};
use codec::Encode;
use heliograph_primitives::{
	claim::NodeInflow,
	keys::MeterKey,
	miner::{Flow, MeterDirectory, MeterId, MinerId, MinerKind, Source},
	units::{interval_start, Interval, Watts, INTERVALS_PER_DAY},
};
use pallet_miners::Meters;

/// Of a miner, and of each of its meters.
const CAPACITY: Watts = 10_000;

fn key(owner: &AccountId, number: u32) -> MeterKey {
	MeterKey::Ed25519(sp_io::hashing::blake2_256(&(owner, number).encode()))
}

/// A miner at the place and in the area of all others, with a meter that sends to no node.
fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
	let number = pallet_miners::NextMeterId::<Runtime>::get();
	let meter = Miners::register_for_benchmark(owner, owner, key(owner, number), CAPACITY);
	// A benchmark that cannot be set up must not be measured.
	let miner = Meters::<Runtime>::mutate(meter, |info| {
		let info = info.as_mut().expect("registered");
		info.flow = flow;
		info.node = None;
		info.miner
	});
	pallet_miners::Miners::<Runtime>::mutate(miner, |miner| {
		let miner = miner.as_mut().expect("registered");
		miner.kind = kind;
		miner.profile.source = Source::Solar;
		miner.profile.capacity = CAPACITY;
		miner.profile.location = b"u33db".to_vec().try_into().expect("five characters");
	});
	(miner, meter)
}

/// One more of the meters for which the miner has numbers, only the first of which is written out.
fn add_meter(miner: MinerId, flow: Flow) -> MeterId {
	let entry = pallet_miners::Miners::<Runtime>::get(miner).expect("registered");
	let free = |meter: &&MeterId| !Meters::<Runtime>::contains_key(**meter);
	let meter = *entry.meters.iter().find(free).expect("it has numbers for more");
	let first = entry.meters.first().and_then(Meters::<Runtime>::get).expect("registered");
	let info = heliograph_primitives::MeterInfo { key: key(&entry.owner, meter), flow, ..first };
	Meters::<Runtime>::insert(meter, info);
	meter
}

fn go_to(interval: Interval) {
	let length = pallet_metering::IntervalMillis::<Runtime>::get();
	pallet_timestamp::Now::<Runtime>::put(interval_start(interval, length));
}

/// Miners, and the clock.
pub struct Register;

impl pallet_rewards::BenchmarkHelper<AccountId> for Register {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		register(owner, kind, flow)
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

impl pallet_slot_auction::BenchmarkHelper<AccountId> for Register {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		register(owner, kind, flow)
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

impl pallet_lots::BenchmarkHelper<AccountId> for Register {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		register(owner, kind, flow)
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

impl pallet_storage_nodes::BenchmarkHelper<AccountId> for Register {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		register(owner, kind, flow)
	}

	fn add_meter(miner: MinerId, flow: Flow) -> MeterId {
		add_meter(miner, flow)
	}

	fn send(node: MinerId, interval: Interval, energy: u64) {
		let slot = (interval % INTERVALS_PER_DAY) as u8;
		let inflow = NodeInflow { interval, energy, meters: 1 };
		pallet_metering::NodeFlows::<Runtime>::insert(node, slot, inflow);
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

/// The clock alone.
pub struct Clock;

impl pallet_order_book::BenchmarkHelper for Clock {
	fn go_to(interval: Interval) {
		go_to(interval);
	}
}
