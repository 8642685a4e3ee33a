//! What it costs to feed remote units: the settling of a plant's day, and a holder's claim, at 10, 1,000 and 1,000,000
//! units in the same run.
//!
//! The compiled runtime, in the executor that a node uses, applies the two calls as signed extrinsics over a trie in memory.
//! The plant has six neighbours, the most there are, and each call does what it does on every day: one day is settled, one
//! is rolled; the units of a purchase draw what two days earned. Run with `scripts/benchmark units`.

// It signs extrinsics as the runtime's tests do.
#[path = "../tests/common/mod.rs"]
mod common;

use codec::{Decode, Encode};
use common::sign;
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::fungible::{Inspect, Mutate},
	weights::Weight,
};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, Flow, HardwareStatus, MeterInfo, MinerKind, Profile, Source},
	reading::{Quality, Reading},
	units::{INTERVALS_PER_DAY, INTERVAL_MILLIS},
};
use heliograph_runtime::{
	configs::parameters::{rewards, RuntimeParameters},
	genesis, AccountId, Balance, Balances, Header, Parameters, Rewards, Runtime, RuntimeCall,
	RuntimeOrigin, UncheckedExtrinsic, DECA, WASM_BINARY,
};
use pallet_metering::{state::DAYS, MeterState, MeterStates};
use pallet_rewards::Category;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_executor::WasmExecutor;
use sp_core::{
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	H256,
};
use sp_keyring::Sr25519Keyring::{Alice, Bob};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Header as _},
	ApplyExtrinsicResult, Digest, DigestItem,
};
use sp_state_machine::TestExternalities;
use std::time::{Duration, Instant};

const UNITS: [u32; 3] = [10, 1_000, 1_000_000];
/// The units belong to as many holders as there are units, but at most to so many.
const HOLDERS: u32 = 1_000;
/// Their accounts have numbers from here on.
const FIRST_HOLDER: u32 = 1_000_000;
const ROUNDS: usize = 51;
const SLOT_MILLIS: u64 = 2_000;
/// The day on which the plant is listed and its units are sold.
const LISTED: u32 = 20_834;
/// The day on which it is measured: its first day is settled, two wait, and on each day one is settled and one rolled.
const MEASURED: u32 = LISTED + 6;
/// 80 % of it are a million units.
const CAPACITY: u32 = 125_000_000;
const NEIGHBOURS: u32 = 6;
/// What each meter measures in an interval, in mWh.
const ENERGY: u32 = 4_000_000_000;

fn account(number: u32) -> AccountId {
	sp_io::hashing::blake2_256(&number.to_le_bytes()).into()
}

/// A miner with one meter, both of this number, at the place of all others.
fn register(number: u32, kind: MinerKind) {
	let owner = account(number);
	let info = MeterInfo {
		miner: number,
		key: MeterKey::Ed25519(sp_io::hashing::blake2_256(&(b"key", number).encode())),
		flow: Flow::Generation,
		nameplate: 15_000_000,
		node: None,
		retired: false,
	};
	pallet_miners::Meters::<Runtime>::insert(number, info);
	let profile = Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: CAPACITY,
		location: b"u33db".to_vec().try_into().expect("five characters"),
		grid_area: Default::default(),
		commissioned: 0,
	};
	let miner = pallet_miners::Miner {
		owner,
		kind,
		profile,
		status: pallet_miners::Status::Active,
		hardware: HardwareStatus::Ok,
		pool: Default::default(),
		meters: vec![number].try_into().expect("one fits"),
		operators: Default::default(),
		deposit: 0,
	};
	pallet_miners::Miners::<Runtime>::insert(number, miner);
}

/// The interval that runs at eight in the morning of a day.
fn morning(day: u32) -> u32 {
	day * INTERVALS_PER_DAY + 32
}

/// Moves the clock to a morning, up to which every meter has measured all that it keeps.
fn go_to(day: u32) {
	let interval = morning(day);
	pallet_timestamp::Now::<Runtime>::put(u64::from(interval) * INTERVAL_MILLIS);
	for meter in 0..=NEIGHBOURS {
		let (epoch, register, quality) = (0, u64::from(ENERGY), Quality::Measured);
		let last = Reading { meter, epoch, interval: interval - 1, register, quality };
		let state = MeterState {
			ring: [ENERGY; INTERVALS_PER_DAY as usize],
			days: [INTERVALS_PER_DAY as u8; DAYS],
			energies: [u64::from(ENERGY) * u64::from(INTERVALS_PER_DAY); DAYS],
			..MeterState::first(&last)
		};
		MeterStates::<Runtime>::insert(meter, state);
	}
}

fn set(parameter: rewards::Parameters) {
	let key_value = RuntimeParameters::Rewards(parameter);
	Parameters::set_parameter(RuntimeOrigin::root(), key_value).expect("root sets numbers");
}

/// The two calls: what a keeper does once a day, and what a holder does once in a while.
fn calls() -> [RuntimeCall; 2] {
	let listings = vec![0].try_into().expect("one fits");
	[
		pallet_rewards::Call::<Runtime>::advance_plants { listings }.into(),
		pallet_rewards::Call::<Runtime>::claim_units { position: 0 }.into(),
	]
}

/// A plant that feeds so many units, on the morning before it is measured.
fn feed(units: u32) {
	go_to(LISTED);
	set(rewards::Parameters::MaxPlant(rewards::MaxPlant, Some(CAPACITY)));
	register(0, MinerKind::Plant);
	Rewards::list_plant(RuntimeOrigin::signed(account(0)), 0, 0, 1).expect("listed");
	for number in 1..=NEIGHBOURS {
		register(number, MinerKind::Standard);
		Rewards::enroll(RuntimeOrigin::signed(account(number)), number, number).expect("enrolled");
	}
	let holders = units.min(HOLDERS);
	for holder in 0..holders {
		let holder = account(FIRST_HOLDER + holder);
		Balances::mint_into(&holder, DECA).expect("minted");
		Rewards::buy_units(RuntimeOrigin::signed(holder), 0, units / holders, Balance::MAX)
			.expect("sold");
	}
	for day in LISTED + 3..MEASURED {
		go_to(day);
		let [advance, _] = calls();
		advance.dispatch(RuntimeOrigin::signed(account(0))).expect("advanced");
	}
	go_to(MEASURED);
}

/// The weight that a call declares, and the one that it says it took, without keeping what it does.
fn weights(call: &RuntimeCall) -> (Weight, Weight) {
	let declared = call.get_dispatch_info().call_weight;
	let result = call.clone().dispatch(RuntimeOrigin::signed(account(0))).expect("succeeds");
	(declared, result.actual_weight.unwrap_or(declared))
}

type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;

/// The hash of the block before the measured one, which also stands for that of the genesis.
fn parent() -> H256 {
	H256::repeat_byte(69)
}

/// A chain with a plant that feeds so many units, in which the two calls can be carried out again and again.
struct Chain {
	units: u32,
	code: &'static [u8],
	ext: TestExternalities<BlakeTwo256>,
	extrinsics: [Vec<u8>; 2],
	weights: [(Weight, Weight); 2],
	/// How long each of the two took, round by round.
	took: [Vec<Duration>; 2],
}

impl Chain {
	fn new(code: &'static [u8], units: u32) -> Self {
		let storage = GenesisConfigBuilderRuntimeCaller::<sp_io::SubstrateHostFunctions>::new(code)
			.get_storage_for_named_preset(Some(&genesis::DEVELOPMENT.into()))
			.expect("the preset builds");
		let mut ext = TestExternalities::<BlakeTwo256>::new_with_code(code, storage);
		let extrinsics = ext.execute_with(|| {
			feed(units);
			frame_system::BlockHash::<Runtime>::insert(0, parent());
			let [advance, claim] = calls();
			[sign(Alice, advance).encode(), sign(Bob, claim).encode()]
		});
		ext.commit_all().expect("no transaction is open");
		let weights = ext.execute_with(|| calls().map(|call| weights(&call)));
		ext.reset_overlay();
		Self { units, code, ext, extrinsics, weights, took: Default::default() }
	}

	fn call(&mut self, executor: &Executor, method: &str, data: &[u8]) -> Vec<u8> {
		let fetcher = WrappedRuntimeCode(self.code.into());
		let code =
			RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash: b"bench".to_vec() };
		let mut ext = self.ext.ext();
		let context = CallContext::Onchain { import: true };
		let (result, _) = executor.call(&mut ext, &code, method, data, context);
		result.unwrap_or_else(|error| panic!("{method}: {error}"))
	}

	/// Applies an extrinsic that must succeed. Returns how long it took.
	fn apply(&mut self, executor: &Executor, extrinsic: &[u8]) -> Duration {
		let started = Instant::now();
		let result = self.call(executor, "BlockBuilder_apply_extrinsic", extrinsic);
		let took = started.elapsed();
		ApplyExtrinsicResult::decode(&mut &result[..])
			.expect("decodes")
			.expect("valid")
			.expect("succeeds");
		took
	}

	/// Carries out both calls in a block, which is dropped afterwards. Returns how long each took.
	fn run(&mut self, executor: &Executor) -> [Duration; 2] {
		let slot = u64::from(morning(MEASURED) + 1) * INTERVAL_MILLIS / SLOT_MILLIS;
		let logs = vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode())];
		let nothing = H256::default();
		let header = Header::new(1, nothing, nothing, parent(), Digest { logs });
		self.call(executor, "Core_initialize_block", &header.encode());
		let clock = pallet_timestamp::Call::<Runtime>::set { now: slot * SLOT_MILLIS }.into();
		self.apply(executor, &UncheckedExtrinsic::new_bare(clock).encode());
		let took = self.extrinsics.clone().map(|extrinsic| self.apply(executor, &extrinsic));
		self.ext.execute_with(|| {
			let plant = Rewards::listing(0).expect("listed");
			assert_eq!((plant.settled, plant.rolled), (MEASURED - 4, MEASURED - 2));
			assert_eq!(plant.active, self.units);
			let recorded = Rewards::day(Category::Generation, MEASURED - 2).expect("recorded");
			assert!(recorded.weight > 0, "the plant's units have a weight");
			let holder = Balances::total_balance(&account(FIRST_HOLDER));
			assert!(holder > DECA, "the holder was paid");
		});
		self.ext.reset_overlay();
		took
	}
}

/// In microseconds.
fn median(mut all: Vec<Duration>) -> f64 {
	all.sort();
	all[all.len() / 2].as_secs_f64() * 1e6
}

fn main() {
	// `cargo test` runs benches too, to see that they work: one round is enough for that.
	let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 1 };
	let code = WASM_BINARY.expect("the runtime was built with its blob");
	let executor = Executor::builder().build();
	let mut chains = UNITS.map(|units| Chain::new(code, units));
	// The first call compiles the runtime.
	for chain in &mut chains {
		chain.run(&executor);
	}
	// By turns, so that a machine that slows down slows all of them down.
	for _ in 0..rounds {
		for chain in &mut chains {
			let [settle, claim] = chain.run(&executor);
			chain.took[0].push(settle);
			chain.took[1].push(claim);
		}
	}

	println!("Settling a day of a plant with {NEIGHBOURS} neighbours and rolling another, and a holder's claim of two days;");
	println!("median of {rounds} rounds, with signature and fee\n");
	println!("                     time, us          declared weight, us     charged weight, us");
	println!("    units  holders     settle    claim     settle      claim     settle      claim");
	let micros = |weight: Weight| weight.ref_time() as f64 / 1e6;
	let mut times = Vec::new();
	for chain in &mut chains {
		let time = std::mem::take(&mut chain.took).map(median);
		let [(settle, charged_settle), (claim, charged_claim)] = chain.weights;
		println!(
			"{:>9} {:>8} {:>10.1} {:>8.1} {:>10.1} {:>10.1} {:>10.1} {:>10.1}",
			chain.units,
			chain.units.min(HOLDERS),
			time[0],
			time[1],
			micros(settle),
			micros(claim),
			micros(charged_settle),
			micros(charged_claim),
		);
		times.push(time);
	}
	println!();
	for (chain, time) in chains.iter().zip(&times).skip(1) {
		println!(
			"{} units / {} units: settling {:.2}, claim {:.2}",
			chain.units,
			chains[0].units,
			time[0] / times[0][0],
			time[1] / times[0][1],
		);
	}
	// Time varies; the weights may not.
	for chain in &chains {
		assert_eq!(chain.weights, chains[0].weights, "the weights of {} units", chain.units);
	}
	println!("The weights are identical.");
}
