//! What the replays share: the real runtime in memory, whose blocks begin when a scenario says, miners that are admitted,
//! readings that devices sign. Names of a scenario become accounts, and calls are dispatched without their extrinsics, so
//! that no fee is charged and every balance can be foretold.

// Each replay uses a part of this.
#![allow(dead_code)]

use codec::Encode;
use frame_support::dispatch::DispatchResultWithPostInfo;
use heliograph_primitives::{
	keys::MeterKey,
	miner::{CollectionMethod, Flow, MeterId, MinerId, MinerKind, Profile, Source},
	reading::{possession_payload, Reading, SignedReading},
	units::{Interval, INTERVAL_MILLIS},
};
use heliograph_runtime::{
	genesis, AccountId, Balance, Executive, Hash, Header, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeGenesisConfig, RuntimeOrigin, System, UncheckedExtrinsic,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use sp_core::{ed25519, Pair};
use sp_io::hashing::blake2_256;
use sp_runtime::{
	traits::{Dispatchable, Header as _},
	BuildStorage, Digest, DigestItem, MultiAddress,
};
use std::collections::BTreeMap;

/// Of the development preset.
const SLOT_MILLIS: u64 = 2_000;

/// The set of oracles that signs for meters without a key.
pub const ORACLE_SET: u32 = 0;

/// Signatures that a batch of readings can have.
pub const BATCH: usize = 512;

/// A miner of a scenario.
#[derive(Deserialize)]
pub struct MinerEntry {
	pub owner: String,
	pub kind: String,
	pub source: String,
	pub method: String,
	pub capacity: u32,
	pub location: String,
	#[serde(default = "area")]
	pub area: String,
	pub meters: Vec<MeterEntry>,
}

/// A meter of a scenario.
#[derive(Deserialize)]
pub struct MeterEntry {
	pub flow: String,
	pub nameplate: u32,
}

/// Where a miner is of which a scenario does not say it.
fn area() -> String {
	"10YDE-VE-------2".into()
}

/// The genesis of the development preset, but without what it says of some pallets: those begin with their defaults.
pub fn genesis_without(pallets: &[&str]) -> sp_runtime::Storage {
	fn merge(base: &mut Value, patch: Value) {
		match (base, patch) {
			(Value::Object(base), Value::Object(patch)) => {
				for (key, value) in patch {
					merge(base.entry(key).or_insert(Value::Null), value);
				}
			}
			(base, patch) => *base = patch,
		}
	}
	let patch = genesis::preset(&genesis::DEVELOPMENT.into()).expect("the preset exists");
	let mut patch: Map<String, Value> = serde_json::from_slice(&patch).expect("a JSON object");
	for pallet in pallets {
		patch.remove(*pallet).expect("the preset says something of it");
	}
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
	merge(&mut config, patch.into());
	let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
	config.build_storage().expect("the genesis is in order")
}

/// The account that goes by a name in the scenario.
pub fn account(name: &str) -> AccountId {
	blake2_256(name.as_bytes()).into()
}

pub fn device(number: u32) -> ed25519::Pair {
	ed25519::Pair::from_seed(&blake2_256(&(b"device", number).encode()))
}

pub fn key(device: &ed25519::Pair) -> MeterKey {
	MeterKey::Ed25519(device.public().0)
}

pub fn money(text: &str) -> Balance {
	text.parse().expect("an amount in base units")
}

fn kind(name: &str) -> MinerKind {
	match name {
		"Standard" => MinerKind::Standard,
		"Plant" => MinerKind::Plant,
		"Storage" => MinerKind::Storage,
		"Consumer" => MinerKind::Consumer,
		_ => panic!("no kind of miner: {name}"),
	}
}

fn source(name: &str) -> Source {
	match name {
		"Solar" => Source::Solar,
		"Wind" => Source::Wind,
		"Hydro" => Source::Hydro,
		"Battery" => Source::Battery,
		"Grid" => Source::Grid,
		_ => panic!("no source: {name}"),
	}
}

fn method(name: &str) -> CollectionMethod {
	match name {
		"SmartMeter" => CollectionMethod::SmartMeter,
		"Dongle" => CollectionMethod::Dongle,
		"Plug" => CollectionMethod::Plug,
		"ApiPush" => CollectionMethod::ApiPush,
		"ApiPull" => CollectionMethod::ApiPull,
		_ => panic!("no method: {name}"),
	}
}

fn flow(name: &str) -> Flow {
	match name {
		"Generation" => Flow::Generation,
		"Consumption" => Flow::Consumption,
		"Export" => Flow::Export,
		"Import" => Flow::Import,
		"Charge" => Flow::Charge,
		"Discharge" => Flow::Discharge,
		_ => panic!("no flow: {name}"),
	}
}

/// The chain in memory, and the readings that it was given.
pub struct Chain {
	/// Those of the meters, by their numbers.
	devices: Vec<ed25519::Pair>,
	pub genesis_hash: [u8; 32],
	/// Of the running block.
	pub number: u32,
	parent: Hash,
	/// Readings that were signed and not submitted.
	signed: Vec<SignedReading>,
	pub accepted: u32,
	pub refused: u32,
}

impl Chain {
	/// The chain on which these miners are going to be.
	pub fn new(miners: &[MinerEntry]) -> Self {
		let meters = miners.iter().map(|miner| miner.meters.len()).sum::<usize>() as u32;
		Self {
			devices: (0..meters).map(device).collect(),
			genesis_hash: [69; 32],
			number: 0,
			parent: [69; 32].into(),
			signed: Vec::new(),
			accepted: 0,
			refused: 0,
		}
	}

	/// Begins a block at the beginning of an interval.
	pub fn begin_block(&mut self, interval: Interval) {
		self.number += 1;
		let slot = u64::from(interval) * INTERVAL_MILLIS / SLOT_MILLIS;
		let digest = Digest {
			logs: vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode())],
		};
		let nothing = Hash::default();
		Executive::initialize_block(&Header::new(
			self.number,
			nothing,
			nothing,
			self.parent,
			digest,
		));
		let clock = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS }.into();
		Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(clock))
			.expect("valid")
			.expect("the clock moves");
	}

	/// Ends the block that runs. Counts the readings that were accepted in it.
	pub fn end_block(&mut self) {
		for record in System::events() {
			if let RuntimeEvent::Metering(event) = record.event {
				self.count_readings(event);
			}
		}
		self.parent = Executive::finalize_block().hash();
	}

	fn count_readings(&mut self, event: pallet_metering::Event<Runtime>) {
		match event {
			pallet_metering::Event::BatchJudged { accepted, refused, .. } => {
				self.accepted += accepted;
				self.refused += refused;
			}
			pallet_metering::Event::ReadingRefused { meter, interval, reason } => {
				eprintln!("meter {meter}, interval {interval}: refused, {reason:?}");
			}
			_ => {}
		}
	}

	/// Admits all miners, and lets one account operate them.
	pub fn admit(&self, miners: &[MinerEntry], commissioned: u32) {
		let mut devices = self.devices.iter();
		for (number, entry) in (0..).zip(miners) {
			self.register(number, entry, commissioned, &mut devices);
		}
	}

	fn register<'d>(
		&self,
		number: MinerId,
		entry: &MinerEntry,
		commissioned: u32,
		devices: &mut impl Iterator<Item = &'d ed25519::Pair>,
	) {
		let owner = account(&entry.owner);
		let by_oracles = method(&entry.method).needs_oracles();
		let payload = possession_payload(&self.genesis_hash, &owner);
		let meters = entry
			.meters
			.iter()
			.zip(devices)
			.map(|(meter, device)| pallet_miners::MeterApplication {
				key: if by_oracles { MeterKey::Oracles(ORACLE_SET) } else { key(device) },
				flow: flow(&meter.flow),
				nameplate: meter.nameplate,
				possession: device.sign(&payload).0,
			})
			.collect::<Vec<_>>();
		let profile = Profile {
			source: source(&entry.source),
			method: method(&entry.method),
			capacity: entry.capacity,
			location: entry.location.as_bytes().to_vec().try_into().expect("a geohash"),
			grid_area: entry.area.as_bytes().to_vec().try_into().expect("a code of an area"),
			commissioned,
		};
		let apply = pallet_miners::Call::<Runtime>::apply {
			kind: kind(&entry.kind),
			profile,
			meters: meters.try_into().expect("not too many"),
		};
		as_signed(owner.clone(), apply);
		// Each is admitted at once, so that applications and miners have the same numbers.
		as_root(pallet_miners::Call::approve { application: number });
		let operator = account("operator");
		as_signed(owner, pallet_miners::Call::add_operator { miner: number, operator });
	}

	/// Has the meter's own device sign a reading, to be submitted with others.
	pub fn sign(&mut self, reading: Reading) {
		let payload = reading.signing_payload(&self.genesis_hash);
		let signature = self.device(reading.meter).sign(&payload).0;
		self.signed.push(SignedReading { reading, signature });
	}

	fn device(&self, meter: MeterId) -> &ed25519::Pair {
		&self.devices[meter as usize]
	}

	/// Submits what was signed.
	pub fn submit(&mut self) {
		for batch in std::mem::take(&mut self.signed).chunks(BATCH) {
			let readings = batch.to_vec().try_into().expect("a batch");
			as_signed(account("operator"), pallet_metering::Call::submit_readings { readings });
		}
	}
}

/// Gives everybody what they own at first.
pub fn endow(accounts: &BTreeMap<String, String>) {
	for (name, amount) in accounts {
		let who = MultiAddress::Id(account(name));
		let new_free = money(amount);
		as_root(pallet_balances::Call::<Runtime>::force_set_balance { who, new_free });
	}
}

pub fn dispatch(origin: RuntimeOrigin, call: RuntimeCall) -> DispatchResultWithPostInfo {
	call.dispatch(origin)
}

/// Dispatches what must succeed.
#[track_caller]
pub fn as_signed(who: AccountId, call: impl Into<RuntimeCall>) {
	dispatch(RuntimeOrigin::signed(who), call.into()).expect("succeeds");
}

/// Dispatches what must succeed.
#[track_caller]
pub fn as_root(call: impl Into<RuntimeCall>) {
	dispatch(RuntimeOrigin::root(), call.into()).expect("succeeds");
}
