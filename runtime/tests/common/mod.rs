//! A chain in memory: real genesis, real blocks, real extrinsics, run through `Executive`.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]

use codec::Encode;
use heliograph_primitives::{
	keys::MeterKey,
	miner::{Flow, MeterId, MinerKind},
	reading::{possession_payload, Quality, Reading, SignedReading},
};
use heliograph_runtime::{
	genesis, AccountId, Executive, Header, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeGenesisConfig, SignedPayload, System, TxExtension, UncheckedExtrinsic,
};
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{
	generic::Era, traits::Header as _, ApplyExtrinsicResult, BuildStorage, Digest, DigestItem,
	MultiAddress,
};

/// The slot of block 1, and the moment at which it is authored: an interval boundary of the development preset.
const FIRST_SLOT: u64 = 900_000_000;
const SLOT_MILLIS: u64 = 2_000;

/// The genesis state of a preset, built as the node builds it: the patch laid over the defaults.
pub fn genesis_storage(preset: &str) -> sp_runtime::Storage {
	fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
		match (base, patch) {
			(serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
				for (key, value) in patch {
					merge(base.entry(key).or_insert(serde_json::Value::Null), value);
				}
			}
			(base, patch) => *base = patch,
		}
	}
	let patch = genesis::preset(&preset.into()).expect("the preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
	merge(&mut config, serde_json::from_slice(&patch).expect("a preset is JSON"));
	let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
	config.build_storage().expect("the genesis is in order")
}

/// A chain with the development preset that is ready for block 1. Invariants are checked at the end of `test`.
pub fn chain(test: impl FnOnce(&mut Chain)) {
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let mut chain = Chain { number: 0 };
		chain.begin_block();
		test(&mut chain);
		heliograph_runtime::Miners::do_try_state().expect("the invariants of miners hold");
		heliograph_runtime::Metering::do_try_state().expect("the invariants of metering hold");
		heliograph_runtime::ValidatorSet::do_try_state().expect("those of the validators hold");
	});
}

pub struct Chain {
	number: u32,
}

impl Chain {
	/// Ends the running block and begins the next one.
	pub fn next_block(&mut self) {
		Executive::finalize_block();
		self.begin_block();
	}

	/// Begins a block with its timestamp.
	fn begin_block(&mut self) {
		self.number += 1;
		let slot = FIRST_SLOT + u64::from(self.number) - 1;
		let digest = Digest {
			logs: vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode())],
		};
		Executive::initialize_block(&Header::new(
			self.number,
			Default::default(),
			Default::default(),
			// Stands for the genesis hash when block 1 begins.
			[69; 32].into(),
			digest,
		));
		let call = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS }.into();
		Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(call))
			.expect("valid")
			.expect("the clock moves");
	}

	/// Applies a call as an extrinsic that `who` signed.
	pub fn submit(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> ApplyExtrinsicResult {
		Executive::apply_extrinsic(sign(who, call.into()))
	}

	/// Applies a call that must succeed.
	#[track_caller]
	pub fn succeed(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		self.submit(who, call).expect("valid").expect("succeeds");
	}
}

/// An extrinsic with the sender's next nonce and no tip.
pub fn sign(who: Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	let account = who.to_account_id();
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(System::account_nonce(&account)),
		frame_system::CheckWeight::new(),
		pallet_skip_feeless_payment::SkipCheckIfFeeless::from(
			pallet_transaction_payment::ChargeTransactionPayment::from(0),
		),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).expect("every part of it is known");
	let signature = payload.using_encoded(|bytes| who.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(call, MultiAddress::Id(account), signature.into(), extension)
}

/// The events of one pallet since the block began.
pub fn events<E: Clone>(of: impl Fn(RuntimeEvent) -> Option<E>) -> Vec<E> {
	System::events().into_iter().filter_map(|record| of(record.event)).collect()
}

/// The device of a meter.
pub fn device(number: u32) -> ed25519::Pair {
	let mut seed = [1; 32];
	seed[..4].copy_from_slice(&number.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

pub fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// What `owner` sends to register devices, each a 5 kW meter.
pub fn application(
	owner: &AccountId,
	devices: impl IntoIterator<Item = u32>,
) -> pallet_miners::Call<Runtime> {
	let meters = devices
		.into_iter()
		.map(|number| pallet_miners::MeterApplication {
			key: MeterKey::Ed25519(device(number).public().0),
			flow: Flow::Generation,
			nameplate: 5_000,
			possession: device(number).sign(&possession_payload(&genesis_hash(), owner)).0,
		})
		.collect::<Vec<_>>();
	pallet_miners::Call::apply {
		kind: MinerKind::Standard,
		profile: pallet_miners::Profile {
			source: pallet_miners::Source::Solar,
			method: pallet_miners::CollectionMethod::SmartMeter,
			capacity: 5_000,
			location: b"u33db".to_vec().try_into().expect("five characters"),
			grid_area: b"10YDE-VE-------2".to_vec().try_into().expect("sixteen characters"),
			commissioned: 19_000,
		},
		meters: meters.try_into().expect("not too many"),
	}
}

/// A reading signed by the device that has the meter's number.
pub fn reading(meter: MeterId, interval: u32, register: u64) -> SignedReading {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&genesis_hash())).0;
	SignedReading { reading, signature }
}

pub fn submit_readings(readings: Vec<SignedReading>) -> pallet_metering::Call<Runtime> {
	pallet_metering::Call::submit_readings { readings: readings.try_into().expect("decodable") }
}
