//! How many orders of each kind fit a block, beside balance transfers in the same run, with 100, 10,000 and 100,000 orders
//! resting; and how long it takes to clear an auction of so many.
//!
//! The compiled runtime, in the executor that a node uses, applies signed extrinsics over a trie in memory: decoding,
//! signature, fees, storage, and their share of the state root. Six people send one extrinsic of a kind each, into a block
//! that is dropped afterwards. *By time* is what three quarters of the two seconds for a block would take of it, *by weight*
//! what the chain lets in: by what was charged in the end, as an order that names more fills than it meets gets the rest
//! back. Run with `scripts/benchmark trade`.

// It signs extrinsics as the runtime's tests do.
#[path = "../tests/common/mod.rs"]
mod common;

use codec::{Decode, Encode};
use common::{sign, AREA};
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::{fungible::Mutate as _, fungibles::Mutate as _},
	weights::Weight,
};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, Flow, HardwareStatus, MeterInfo, MinerKind, Profile, Source},
	trade::Price,
	units::{Energy, Interval, INTERVAL_MILLIS},
};
use heliograph_runtime::{
	configs::tokens::KWH, genesis, AccountId, Assets, Balances, Header, OrderBook, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeOrigin, SlotAuction, System, UncheckedExtrinsic, DECA,
	WASM_BINARY,
};
use pallet_order_book::{Kind as OrderKind, OrderId, SelfTrade, Side};
use pallet_slot_auction::AuctionId;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_executor::WasmExecutor;
use sp_core::{
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	H256,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	traits::{BlakeTwo256, Header as _},
	ApplyExtrinsicResult, Digest, DigestItem, MultiAddress,
};
use sp_state_machine::TestExternalities;
use std::time::{Duration, Instant};

const SIZES: [u32; 3] = [100, 10_000, 100_000];
const ROUNDS: usize = 21;
const SLOT_MILLIS: u64 = 2_000;
/// The interval in which orders come, and the one that is traded in slots.
const NOW: Interval = 2_000_000;
const SLOT: Interval = NOW + 10;

const PEOPLE: [Sr25519Keyring; 6] = [Alice, Bob, Charlie, Dave, Eve, Ferdie];
/// Everybody's DECA and KWH, beside what people have at genesis.
const FUNDS: u128 = 10_000 * DECA;
const TOKENS: u128 = 1_000_000_000;

/// The middle of the order book, in ticks of 100 base units of DECA per mWh; below it are bids, above it offers.
const MIDDLE: u64 = 100_000;
const TICK: Price = 100;
/// Energy of an order, in mWh: the least.
const ENERGY: Energy = 100_000;
/// The best offers stand alone on their levels, as many as the takers of a block meet; all others share so many levels.
const ALONE: u32 = 8 * PEOPLE.len() as u32;
const SHARED: u64 = 2_000;
/// Orders that an account can have in the book, and in an auction.
const IN_BOOK: u32 = 64;
const IN_AUCTION: u32 = 16;

/// Energy of an order in an auction, in mWh: the least.
const SLOT_ENERGY: Energy = 10_000;
const SLOT_TICK: Price = 1_000;
const GRID_FEE: Price = 20_000;
/// Orders that are collected by one call.
const BATCH: u32 = 64;

fn account(number: u32) -> AccountId {
	sp_io::hashing::blake2_256(&number.to_le_bytes()).into()
}

/// A miner with one meter, both of this number.
fn register(number: u32, owner: AccountId, flow: Flow) {
	let info = MeterInfo {
		miner: number,
		key: MeterKey::Ed25519(sp_io::hashing::blake2_256(&(b"key", number).encode())),
		flow,
		nameplate: 5_000,
		node: None,
		retired: false,
	};
	pallet_miners::Meters::<Runtime>::insert(number, info);
	let profile = Profile {
		source: Source::Solar,
		method: CollectionMethod::SmartMeter,
		capacity: 5_000,
		location: b"u33db".to_vec().try_into().expect("five characters"),
		grid_area: AREA.to_vec().try_into().expect("sixteen characters"),
		commissioned: 0,
	};
	let miner = pallet_miners::Miner {
		owner,
		kind: MinerKind::Standard,
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

type BookCall = pallet_order_book::Call<Runtime>;
type SlotCall = pallet_slot_auction::Call<Runtime>;

fn order(side: Side, tick: u64, energy: Energy) -> BookCall {
	BookCall::place_order {
		side,
		price: tick * TICK,
		energy,
		kind: OrderKind::Gtc,
		expires: None,
		self_trade: SelfTrade::CancelTaker,
		max_fills: 8,
	}
}

/// An order that rests. Returns its number.
fn rest(who: AccountId, side: Side, tick: u64, energy: Energy) -> OrderId {
	let number = pallet_order_book::Tops::<Runtime>::get().next;
	let origin = RuntimeOrigin::signed(who);
	let (kind, trade) = (OrderKind::Gtc, SelfTrade::CancelTaker);
	OrderBook::place_order(origin, side, tick * TICK, energy, kind, None, trade, 0)
		.expect("placed");
	assert!(OrderBook::order(number).is_some(), "it rests");
	number
}

/// Fills the book with so many orders. Returns two of each of the six people, which lie among the others.
fn fill_book(resting: u32) -> Vec<[OrderId; 2]> {
	let makers = resting.div_ceil(IN_BOOK) + 1;
	for maker in 0..makers {
		Balances::mint_into(&account(maker), FUNDS).expect("minted");
		Assets::mint_into(KWH, &account(maker), TOKENS).expect("minted");
	}
	for who in PEOPLE {
		Assets::mint_into(KWH, &who.to_account_id(), TOKENS).expect("minted");
	}
	let mut placed = 0;
	let mut add = |side, tick| {
		rest(account(placed / IN_BOOK), side, tick, ENERGY);
		placed += 1;
	};
	for level in 1..=ALONE {
		add(Side::Sell, MIDDLE + u64::from(level));
	}
	// Of what is left, two of each of the six people's.
	let others = resting - ALONE - 2 * PEOPLE.len() as u32;
	let tick = |i: u32| 100 + u64::from(i) % SHARED;
	let half = others / 2;
	for i in 0..half / 2 {
		add(Side::Sell, MIDDLE + tick(i));
		add(Side::Buy, MIDDLE - tick(i));
	}
	let own = PEOPLE.map(|who| {
		[0, 1].map(|i| rest(who.to_account_id(), Side::Sell, MIDDLE + tick(i), 2 * ENERGY))
	});
	for i in 0..half - half / 2 {
		add(Side::Sell, MIDDLE + tick(i));
		add(Side::Buy, MIDDLE - tick(i));
	}
	own.to_vec()
}

/// The limit of an order of an auction: they are all over the ladder.
fn limit(number: u32) -> Price {
	Price::from(number * 7 % 1_000 + 1) * SLOT_TICK
}

fn bid(meter: u32, number: u32) -> SlotCall {
	let limit = GRID_FEE + limit(number);
	let side = pallet_slot_auction::Side::Buy;
	SlotCall::place { meter, interval: SLOT, side, limit, energy: SLOT_ENERGY }
}

/// Fills an auction with so many orders, the first six of which are people's.
fn fill_auction(orders: u32) {
	let people = PEOPLE.len() as u32;
	for (meter, who) in (0..).zip(PEOPLE) {
		register(meter, who.to_account_id(), Flow::Import);
		place(who.to_account_id(), bid(meter, meter));
	}
	for number in people..orders {
		let meter = people + number / IN_AUCTION;
		let owner = account(meter);
		let sells = meter % 2 == 1;
		if !pallet_miners::Meters::<Runtime>::contains_key(meter) {
			let flow = if sells { Flow::Export } else { Flow::Import };
			register(meter, owner.clone(), flow);
			Balances::mint_into(&owner, FUNDS).expect("minted");
		}
		let call = if sells {
			let side = pallet_slot_auction::Side::Sell;
			let limit = limit(number);
			SlotCall::place { meter, interval: SLOT, side, limit, energy: SLOT_ENERGY }
		} else {
			bid(meter, number)
		};
		place(owner, call);
	}
	let (area, _) = SlotAuction::area(AREA.to_vec().try_into().expect("sixteen characters"))
		.expect("the preset has it");
	let id = AuctionId { area, interval: SLOT };
	let auction = pallet_slot_auction::Auctions::<Runtime>::get(id).expect("has orders");
	assert_eq!(auction.orders, orders);
}

fn place(who: AccountId, call: SlotCall) {
	use sp_runtime::traits::Dispatchable;
	RuntimeCall::from(call).dispatch(RuntimeOrigin::signed(who)).expect("placed");
}

/// What is measured in a block.
struct Kind {
	name: &'static str,
	/// When the block comes.
	interval: Interval,
	/// What is applied before, and not measured.
	before: Vec<Vec<u8>>,
	extrinsics: Vec<Vec<u8>>,
	/// How many orders one extrinsic concerns.
	orders: u32,
	/// How many fills all of them have to bring about.
	fills: usize,
	/// Of one extrinsic, with its base weight: declared, and charged in the end.
	declared: Weight,
	charged: Weight,
	/// How long all extrinsics took, and the end of the block with the state root, round by round.
	took: Vec<Duration>,
	root: Vec<Duration>,
}

impl Kind {
	/// One call of each of some people.
	fn new(name: &'static str, calls: Vec<(Sr25519Keyring, RuntimeCall)>) -> Self {
		let signed = calls.into_iter().map(|(who, call)| sign(who, call)).collect::<Vec<_>>();
		let base = limits().get(DispatchClass::Normal).base_extrinsic;
		let declared = signed.first().map_or(Weight::zero(), |extrinsic| {
			extrinsic.get_dispatch_info().total_weight().saturating_add(base)
		});
		Self {
			name,
			interval: NOW,
			before: Vec::new(),
			extrinsics: signed.iter().map(Encode::encode).collect(),
			orders: 1,
			fills: 0,
			declared,
			charged: Weight::zero(),
			took: Vec::new(),
			root: Vec::new(),
		}
	}

	/// What one extrinsic takes, in microseconds, with its share of what the end of a block takes longer than that of an
	/// empty one.
	fn micros(&self, empty: f64) -> f64 {
		let root = (median(&self.root) - empty).max(0.0);
		(median(&self.took) + root) / self.extrinsics.len() as f64
	}
}

fn limits() -> frame_system::limits::BlockWeights {
	<Runtime as frame_system::Config>::BlockWeights::get()
}

/// What normal extrinsics may take of a block.
fn normal() -> Weight {
	limits().get(DispatchClass::Normal).max_total.expect("normal is limited")
}

/// A call of each of the six people.
fn of_each(call: impl Fn(usize) -> RuntimeCall) -> Vec<(Sr25519Keyring, RuntimeCall)> {
	PEOPLE.into_iter().enumerate().map(|(i, who)| (who, call(i))).collect()
}

/// All kinds, with the orders that the six people have.
fn kinds(own: &[[OrderId; 2]]) -> Vec<Kind> {
	let (area, _) = SlotAuction::area(AREA.to_vec().try_into().expect("sixteen characters"))
		.expect("the preset has it");
	let auction = AuctionId { area, interval: SLOT };
	let highest = MIDDLE + u64::from(ALONE);
	let collect = SlotCall::collect {
		auction,
		numbers: (0..BATCH).collect::<Vec<_>>().try_into().expect("a batch"),
	};
	let clear = RuntimeCall::from(SlotCall::clear { auction });
	vec![
		Kind::new("nothing", vec![]),
		Kind::new(
			"balance transfer",
			of_each(|_| {
				let dest = MultiAddress::Id(account(0));
				pallet_balances::Call::transfer_keep_alive { dest, value: DECA }.into()
			}),
		),
		Kind::new(
			"place, resting",
			// Each on a level, and in a corner of the ladder, of its own.
			of_each(|i| order(Side::Buy, MIDDLE / 2 - 1_000 * i as u64, ENERGY).into()),
		),
		Kind {
			fills: PEOPLE.len(),
			..Kind::new(
				"place, filled at 1 level",
				of_each(|_| order(Side::Buy, highest, ENERGY).into()),
			)
		},
		Kind {
			fills: 8 * PEOPLE.len(),
			..Kind::new(
				"place, filled at 8 levels",
				of_each(|_| order(Side::Buy, highest, 8 * ENERGY).into()),
			)
		},
		Kind::new("cancel", of_each(|i| BookCall::cancel_order { order: own[i][0] }.into())),
		Kind::new(
			"amend, smaller",
			of_each(|i| {
				let price = (MIDDLE + 101) * TICK;
				let order = own[i][1];
				BookCall::amend_order { order, price, energy: ENERGY, max_fills: 0 }.into()
			}),
		),
		Kind::new(
			"amend, another price",
			of_each(|i| {
				let price = (MIDDLE * 2 + 1_000 * i as u64) * TICK;
				let order = own[i][1];
				BookCall::amend_order { order, price, energy: 2 * ENERGY, max_fills: 0 }.into()
			}),
		),
		Kind::new("slot: bid", of_each(|i| bid(i as u32, 500 + i as u32).into())),
		Kind::new(
			"slot: cancel",
			of_each(|i| {
				let order = pallet_slot_auction::OrderId { auction, number: i as u32 };
				SlotCall::cancel { order }.into()
			}),
		),
		Kind { interval: SLOT, ..Kind::new("slot: clear", vec![(Alice, clear.clone())]) },
		Kind {
			interval: SLOT,
			before: vec![sign(Alice, clear).encode()],
			orders: BATCH,
			..Kind::new("slot: collect", vec![(Bob, collect.into())])
		},
	]
}

type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;

/// The hash of the block before the measured one, which also stands for that of the genesis.
fn parent() -> H256 {
	H256::repeat_byte(69)
}

/// A chain with so many orders in the book, and as many in an auction, in which each kind can be carried out again and
/// again.
struct Chain {
	code: &'static [u8],
	ext: TestExternalities<BlakeTwo256>,
	kinds: Vec<Kind>,
}

impl Chain {
	fn new(code: &'static [u8], orders: u32) -> Self {
		let storage = GenesisConfigBuilderRuntimeCaller::<sp_io::SubstrateHostFunctions>::new(code)
			.get_storage_for_named_preset(Some(&genesis::DEVELOPMENT.into()))
			.expect("the preset builds");
		let mut ext = TestExternalities::<BlakeTwo256>::new_with_code(code, storage);
		let kinds = ext.execute_with(|| {
			pallet_timestamp::Now::<Runtime>::put(u64::from(NOW) * INTERVAL_MILLIS);
			frame_system::BlockHash::<Runtime>::insert(0, parent());
			let own = fill_book(orders);
			fill_auction(orders);
			kinds(&own)
		});
		ext.commit_all().expect("no transaction is open");
		Self { code, ext, kinds }
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

	/// Applies an extrinsic that must succeed.
	fn apply(&mut self, executor: &Executor, extrinsic: &[u8]) {
		let result = self.call(executor, "BlockBuilder_apply_extrinsic", extrinsic);
		ApplyExtrinsicResult::decode(&mut &result[..])
			.expect("decodes")
			.expect("valid")
			.expect("succeeds");
	}

	fn normal_weight(&mut self) -> Weight {
		self.ext.execute_with(|| *System::block_weight().get(DispatchClass::Normal))
	}

	/// Carries out a kind in a block, which is dropped afterwards.
	fn run(&mut self, executor: &Executor, kind: usize) {
		let Kind { name, interval, ref before, ref extrinsics, fills, .. } = self.kinds[kind];
		let (before, extrinsics) = (before.clone(), extrinsics.clone());
		let slot = u64::from(interval) * INTERVAL_MILLIS / SLOT_MILLIS + 1;
		let logs = vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode())];
		let nothing = H256::default();
		let header = Header::new(1, nothing, nothing, parent(), Digest { logs });
		self.call(executor, "Core_initialize_block", &header.encode());
		let clock = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS }.into();
		self.apply(executor, &UncheckedExtrinsic::new_bare(clock).encode());
		for extrinsic in &before {
			self.apply(executor, extrinsic);
		}

		let weight = self.normal_weight();
		let started = Instant::now();
		for extrinsic in &extrinsics {
			self.apply(executor, extrinsic);
		}
		let took = started.elapsed();
		let charged = self.normal_weight().saturating_sub(weight);
		let started = Instant::now();
		self.call(executor, "BlockBuilder_finalize_block", &[]);
		let root = started.elapsed();

		let filled = |event: &RuntimeEvent| {
			matches!(event, RuntimeEvent::OrderBook(pallet_order_book::Event::Filled { .. }))
		};
		let seen = self.ext.execute_with(|| {
			System::events().iter().filter(|record| filled(&record.event)).count()
		});
		assert_eq!(seen, fills, "fills of {name:?}");
		self.ext.reset_overlay();
		let kind = &mut self.kinds[kind];
		kind.took.push(took);
		kind.root.push(root);
		kind.charged = charged / (extrinsics.len() as u64).max(1);
	}

	fn print(&self, orders: u32) {
		let empty = median(&self.kinds[0].root);
		let transfer = self.kinds[1].micros(empty);
		let micros = |weight: Weight| weight.ref_time() as f64 / 1e6;
		println!("\nWith {orders} orders in the book, and {orders} in the auction:");
		println!("                                              weight, us             per block");
		println!("kind                        time, us  ratio   declared   charged   by time   by weight");
		for kind in &self.kinds[1..] {
			let per_order = |all: f64| all / f64::from(kind.orders);
			let time = per_order(kind.micros(empty));
			let charged = per_order(micros(kind.charged));
			println!(
				"{:<27} {:>8.1} {:>6.2} {:>10.1} {:>9.1} {:>9.0} {:>11.0}",
				kind.name,
				time,
				time / transfer,
				per_order(micros(kind.declared)),
				charged,
				micros(normal()) / time,
				micros(normal()) / charged,
			);
		}
	}
}

/// In microseconds.
fn median(all: &[Duration]) -> f64 {
	let mut all = all.to_vec();
	all.sort();
	all[all.len() / 2].as_secs_f64() * 1e6
}

/// Those that `SIZES` names, or all of them. `cargo test` runs benches, too, to see that they work: the smallest is enough.
fn sizes(is_bench: bool) -> Vec<u32> {
	match std::env::var("SIZES") {
		Ok(sizes) if is_bench => sizes
			.split_whitespace()
			.map(|size| size.parse().expect("SIZES has numbers of orders"))
			.collect(),
		_ if is_bench => SIZES.to_vec(),
		_ => SIZES[..1].to_vec(),
	}
}

fn main() {
	let is_bench = std::env::args().any(|arg| arg == "--bench");
	let rounds = if is_bench { ROUNDS } else { 1 };
	let code = WASM_BINARY.expect("the runtime was built with its blob");
	let executor = Executor::builder().build();
	println!(
		"Six extrinsics of a kind in a block (one that clears, one that collects {BATCH} orders, of which one is counted), with \
		 signature, fee and state root; median of {rounds} rounds. A block takes {:.0} us of normal extrinsics.",
		normal().ref_time() as f64 / 1e6,
	);
	for orders in sizes(is_bench) {
		let started = Instant::now();
		let mut chain = Chain::new(code, orders);
		eprintln!("{orders} orders of each placed in {:.1} s", started.elapsed().as_secs_f64());
		// The first call compiles the runtime, and the first block of each kind reads what the others find read.
		for kind in 0..chain.kinds.len() {
			chain.run(&executor, kind);
		}
		for kind in &mut chain.kinds {
			kind.took.clear();
			kind.root.clear();
		}
		// By turns, so that a machine that slows down slows all of them down.
		for _ in 0..rounds {
			for kind in 0..chain.kinds.len() {
				chain.run(&executor, kind);
			}
		}
		chain.print(orders);
	}
}
