//! What a reading costs the chain, beside one bare signature verification in the same run.
//!
//! The compiled runtime, in the executor that a node uses, applies whole batches as signed extrinsics over a trie in
//! memory: decoding, fees, every check, storage, and the state root of the block. The bare verification is the same host
//! function on the same signatures, with nothing around it. Run with `scripts/benchmark readings`.

use codec::{Decode, Encode};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{Flow, HardwareStatus, MeterInfo, MinerKind},
	reading::{Quality, Reading, SignedReading},
};
use heliograph_runtime::{
	genesis, Header, Runtime, RuntimeCall, SignedPayload, System, TxExtension, UncheckedExtrinsic,
	WASM_BINARY,
};
use pallet_metering::{MeterState, MeterStates};
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_executor::WasmExecutor;
use sp_core::{
	ed25519, sr25519,
	traits::{CallContext, CodeExecutor, RuntimeCode, WrappedRuntimeCode},
	Pair, H256,
};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era, traits::BlakeTwo256, traits::Header as _, ApplyExtrinsicResult, Digest,
	DigestItem, MultiAddress,
};
use sp_state_machine::TestExternalities;
use std::time::{Duration, Instant};

/// Readings in a batch, and batches in a block.
const BATCH: u32 = 512;
const BATCHES: u32 = 4;
const ROUNDS: usize = 5;
const SLOT_MILLIS: u64 = 2_000;
const FIRST_SLOT: u64 = 900_000_000;
const INTERVAL: u32 = (FIRST_SLOT * SLOT_MILLIS / 900_000) as u32 - 1;

/// A scheme that devices sign with.
#[derive(Clone, Copy, PartialEq)]
enum Scheme {
	Ed25519,
	Sr25519,
}

impl Scheme {
	fn seed(number: u32) -> [u8; 32] {
		sp_io::hashing::blake2_256(&number.to_le_bytes())
	}

	fn key(self, number: u32) -> MeterKey {
		match self {
			Self::Ed25519 => {
				MeterKey::Ed25519(ed25519::Pair::from_seed(&Self::seed(number)).public().0)
			}
			Self::Sr25519 => {
				MeterKey::Sr25519(sr25519::Pair::from_seed(&Self::seed(number)).public().0)
			}
		}
	}

	fn sign(self, number: u32, message: &[u8]) -> [u8; 64] {
		match self {
			Self::Ed25519 => ed25519::Pair::from_seed(&Self::seed(number)).sign(message).0,
			Self::Sr25519 => sr25519::Pair::from_seed(&Self::seed(number)).sign(message).0,
		}
	}
}

/// Each meter belongs to a home of its own, has a day behind it, and Alice operates them all.
fn register_fleet(scheme: Scheme, meters: u32) {
	let operator = Sr25519Keyring::Alice.to_account_id();
	for number in 0..meters {
		let owner: heliograph_runtime::AccountId = Scheme::seed(number).into();
		let info = MeterInfo {
			miner: number,
			key: scheme.key(number),
			flow: Flow::Export,
			nameplate: 5_000,
			node: None,
			retired: false,
		};
		pallet_miners::Meters::<Runtime>::insert(number, info);
		pallet_miners::Operators::<Runtime>::insert(&operator, number, ());
		let profile = pallet_miners::Profile {
			source: pallet_miners::Source::Solar,
			method: pallet_miners::CollectionMethod::SmartMeter,
			capacity: 5_000,
			location: b"u33db".to_vec().try_into().expect("five characters"),
			grid_area: Default::default(),
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
			operators: vec![operator.clone()].try_into().expect("one fits"),
			deposit: 0,
		};
		pallet_miners::Miners::<Runtime>::insert(number, miner);
		let last = reading(number, INTERVAL - 1, 1_000_000);
		let ring = [100_000; 96];
		let attested = 9_600_000;
		let state = MeterState { ring, attested, ..MeterState::first(&last) };
		MeterStates::<Runtime>::insert(number, state);
	}
}

fn reading(meter: u32, interval: u32, register: u64) -> Reading {
	Reading { meter, epoch: 0, interval, register, quality: Quality::Measured }
}

fn signed_readings(scheme: Scheme, genesis_hash: &[u8; 32]) -> Vec<SignedReading> {
	(0..BATCH * BATCHES)
		.map(|number| {
			let reading = reading(number, INTERVAL, 1_250_000);
			let signature = scheme.sign(number, &reading.signing_payload(genesis_hash));
			SignedReading { reading, signature }
		})
		.collect()
}

fn sign(call: RuntimeCall, nonce: u32) -> UncheckedExtrinsic {
	let alice = Sr25519Keyring::Alice;
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_skip_feeless_payment::SkipCheckIfFeeless::from(
			pallet_asset_conversion_tx_payment::ChargeAssetTxPayment::from(0, None),
		),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).expect("every part of it is known");
	let signature = payload.using_encoded(|bytes| alice.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	let account = MultiAddress::Id(alice.to_account_id());
	UncheckedExtrinsic::new_signed(call, account, signature.into(), extension)
}

/// Time of the batches of one block, of the block's end with its state root, and bytes of the batches.
struct Measured {
	batches: Duration,
	root: Duration,
	bytes: usize,
}

fn run_block(executor: &WasmExecutor<sp_io::SubstrateHostFunctions>, scheme: Scheme) -> Measured {
	let code = WASM_BINARY.expect("the runtime was built with its blob");
	let storage = GenesisConfigBuilderRuntimeCaller::<sp_io::SubstrateHostFunctions>::new(code)
		.get_storage_for_named_preset(Some(&genesis::DEVELOPMENT.into()))
		.expect("the preset builds");
	let mut ext = TestExternalities::<BlakeTwo256>::new_with_code(code, storage);
	let parent = H256::repeat_byte(69);
	let extrinsics: Vec<Vec<u8>> = ext.execute_with(|| {
		register_fleet(scheme, BATCH * BATCHES);
		frame_system::BlockHash::<Runtime>::insert(0, parent);
		signed_readings(scheme, &parent.0)
			.chunks(BATCH as usize)
			.zip(System::account_nonce(Sr25519Keyring::Alice.to_account_id())..)
			.map(|(batch, nonce)| {
				let readings = batch.to_vec().try_into().expect("a batch is decodable");
				let call = pallet_metering::Call::<Runtime>::submit_readings { readings };
				sign(call.into(), nonce).encode()
			})
			.collect()
	});
	ext.commit_all().expect("the fleet is registered");

	let fetcher = WrappedRuntimeCode(code.into());
	let runtime_code =
		RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash: b"bench".to_vec() };
	let mut call = |method: &str, data: &[u8]| {
		let mut ext = ext.ext();
		let (result, _) = executor.call(
			&mut ext,
			&runtime_code,
			method,
			data,
			CallContext::Onchain { import: true },
		);
		result.unwrap_or_else(|error| panic!("{method}: {error}"))
	};
	let apply = |bytes: &[u8]| {
		ApplyExtrinsicResult::decode(&mut &bytes[..])
			.expect("decodes")
			.expect("valid")
			.expect("succeeds")
	};
	let digest = Digest {
		logs: vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, FIRST_SLOT.encode())],
	};
	let header = Header::new(1, Default::default(), Default::default(), parent, digest);
	call("Core_initialize_block", &header.encode());
	let clock = pallet_timestamp::Call::<Runtime>::set { now: FIRST_SLOT * SLOT_MILLIS }.into();
	apply(&call("BlockBuilder_apply_extrinsic", &UncheckedExtrinsic::new_bare(clock).encode()));

	let started = Instant::now();
	for extrinsic in &extrinsics {
		apply(&call("BlockBuilder_apply_extrinsic", extrinsic));
	}
	let batches = started.elapsed();
	let started = Instant::now();
	call("BlockBuilder_finalize_block", &[]);
	let root = started.elapsed();
	ext.execute_with(|| {
		for number in 0..BATCH * BATCHES {
			let state = MeterStates::<Runtime>::get(number).expect("registered");
			assert_eq!(state.attested, 9_850_000, "meter {number} was not attested");
		}
	});
	Measured { batches, root, bytes: extrinsics.iter().map(Vec::len).sum() }
}

/// One host call per signature, over the same readings.
fn bare_verification(scheme: Scheme) -> Duration {
	let genesis_hash = [69; 32];
	let all: Vec<_> = signed_readings(scheme, &genesis_hash)
		.into_iter()
		.map(|signed| {
			let key = scheme.key(signed.reading.meter);
			(key, signed.signature, signed.reading.signing_payload(&genesis_hash))
		})
		.collect();
	let started = Instant::now();
	for (key, signature, payload) in &all {
		assert!(key.verify(signature, payload));
	}
	started.elapsed()
}

fn median(mut all: Vec<Duration>) -> Duration {
	all.sort();
	all[all.len() / 2]
}

fn main() {
	// `cargo test` runs benches too, to see that they work: one round is enough for that.
	let rounds = if std::env::args().any(|arg| arg == "--bench") { ROUNDS } else { 1 };
	let count = BATCH * BATCHES;
	let per_reading = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(count);
	let executor = WasmExecutor::<sp_io::SubstrateHostFunctions>::builder().build();
	println!(
		"{count} readings in {BATCHES} batches of {BATCH}, each of another meter of another miner; \
		 median of {rounds} rounds\n"
	);
	println!("scheme   bare verify  batch call  + state root  ratio (bare / all)  bytes/reading");
	for (name, scheme) in [("ed25519", Scheme::Ed25519), ("sr25519", Scheme::Sr25519)] {
		let blocks: Vec<_> = (0..rounds).map(|_| run_block(&executor, scheme)).collect();
		let bare = per_reading(median((0..rounds).map(|_| bare_verification(scheme)).collect()));
		let batch = per_reading(median(blocks.iter().map(|block| block.batches).collect()));
		let root = per_reading(median(blocks.iter().map(|block| block.root).collect()));
		println!(
			"{name}  {bare:>8.1} us  {batch:>7.1} us  {root:>9.1} us  {:>17.0} %  {:>13.1}",
			100.0 * bare / (batch + root),
			blocks[0].bytes as f64 / f64::from(count),
		);
	}
}
