//! What the collector and the submitter of one agent share.

use std::{
	path::PathBuf,
	sync::{Arc, Mutex, RwLock},
};

use heliograph_primitives::{MeterKey, MeterSignature, Reading};
use sp_core::{sr25519, Pair};
use tokio::sync::{watch, Notify};

use crate::{
	config::Config,
	keys::{self, KeyError, SigningKey},
	model::MeterName,
	spool::{MeterPin, RowId, Spool, SpoolError},
	status::{self, Board, ChainReport, MeterReport, Report},
};

/// A configured meter with its key.
#[derive(Debug)]
pub struct Meter {
	/// `device/point`.
	pub name: MeterName,
	/// In W, as configured.
	pub nameplate: u32,
	/// The file of its first key; newer ones lie beside it.
	pub key_file: PathBuf,
	/// Its row in the spool.
	pub row: RowId,
	/// Signs its readings: of the keys on file the one that the finalised chain knew last. Changed under the spool's lock
	/// only, together with the signatures of the open readings.
	key: RwLock<SigningKey>,
}

/// The chain that readings are signed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainPin {
	/// Which chain.
	pub genesis: [u8; 32],
	/// The length of its intervals in ms.
	pub interval_millis: u64,
}

/// What was learnt of the chain, and is needed to make readings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Pins {
	/// `None` until the chain was seen for the first time.
	pub chain: Option<ChainPin>,
	/// By meter, in the order of [`Site::meters`]; `None` until the meter is admitted.
	pub meters: Vec<Option<MeterPin>>,
}

/// An agent's parts.
pub struct Site {
	/// What it was told.
	pub config: Config,
	/// Its meters, in the order of the configuration.
	pub meters: Vec<Meter>,
	/// Signs what is submitted.
	pub operator: sr25519::Pair,
	/// What it says about itself.
	pub board: Arc<Board>,
	/// What it knows of the chain.
	pub pins: watch::Sender<Pins>,
	/// Rings when there are new readings.
	pub fresh: Notify,
	spool: Mutex<Spool>,
}

impl Site {
	/// Loads the keys and opens the spool of `config`. Refuses with the first thing that is wrong.
	pub fn open(config: Config) -> anyhow::Result<Self> {
		let operator = SigningKey::load_operator(&config.chain.operator_key)?;
		let configured = || {
			config
				.devices
				.iter()
				.flat_map(|device| device.meters.iter().map(move |meter| (device, meter)))
		};
		let mut loaded: Vec<Vec<SigningKey>> = Vec::new();
		for (_, meter) in configured() {
			let ring = keys::load_ring(&meter.key)?;
			let known = |key: &SigningKey| {
				loaded.iter().flatten().any(|other| other.public() == key.public())
			};
			anyhow::ensure!(
				!ring.iter().any(known),
				"a key of `{}` is a key of another meter, too (in {} or beside it); every meter has a key of its own",
				meter.name,
				meter.key.display()
			);
			loaded.push(ring);
		}
		let mut spool = Spool::open(&config.agent.spool)?;
		let chain = match (spool.genesis()?, spool.interval_millis()?) {
			(Some(genesis), Some(interval_millis)) => Some(ChainPin { genesis, interval_millis }),
			_ => None,
		};
		if let (Some(configured), Some(chain)) = (config.chain.genesis, chain) {
			anyhow::ensure!(
				configured == chain.genesis,
				"chain.genesis in the configuration is 0x{}, and the spool {} was filled for the chain 0x{}: readings are \
				 signed for one chain; correct the configuration, or give this chain another spool (agent.spool)",
				hex::encode(configured),
				config.agent.spool.display(),
				hex::encode(chain.genesis)
			);
		}
		let (mut meters, mut pins, mut lines) = (Vec::new(), Vec::new(), Vec::new());
		for ((device, meter), ring) in configured().zip(loaded) {
			let key = known_key(&spool, &meter.name, ring)?;
			let row = spool.meter(&meter.name, &key.public_bytes())?;
			let mut line = MeterReport {
				name: meter.name.to_string(),
				device: device.name.clone(),
				flow: format!("{:?}", meter.flow),
				nameplate_w: meter.nameplate,
				device_trouble: "not read yet".into(),
				chain_trouble: "the chain was not asked yet".into(),
				..MeterReport::default()
			};
			status::fill(&mut line, &spool, &row)?;
			pins.push(row.pin);
			lines.push(line);
			meters.push(Meter {
				name: meter.name.clone(),
				nameplate: meter.nameplate,
				key_file: meter.key.clone(),
				row: row.id,
				key: RwLock::new(key),
			});
		}
		let report = Report {
			version: env!("CARGO_PKG_VERSION").into(),
			started_millis: status::now_millis(),
			now_millis: status::now_millis(),
			chain: ChainReport {
				url: config.chain.url.clone(),
				genesis: chain.map(|chain| format!("0x{}", hex::encode(chain.genesis))),
				operator: keys::address(&operator.public().0.into()),
				trouble: "not connected yet".into(),
				interval_millis: chain.map(|chain| chain.interval_millis),
				..ChainReport::default()
			},
			meters: lines,
		};
		Ok(Self {
			config,
			meters,
			operator,
			board: Arc::new(Board::new(report)),
			pins: watch::Sender::new(Pins { chain, meters: pins }),
			fresh: Notify::new(),
			spool: Mutex::new(spool),
		})
	}

	/// Works on the spool. Disk access is allowed to take its time here: other tasks go on meanwhile.
	pub fn spool<R>(&self, work: impl FnOnce(&mut Spool) -> R) -> R {
		tokio::task::block_in_place(|| {
			// SQLite rolls back what a panic interrupted, so the spool is whole.
			work(&mut self.spool.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
		})
	}

	/// The meter in `row`, by its place in [`Site::meters`].
	pub fn index_of(&self, row: RowId) -> Option<usize> {
		self.meters.iter().position(|meter| meter.row == row)
	}
}

/// Of the keys of `ring` the one under which the spool knows the meter, or the first when it does not know it.
///
/// A key that a rotation has made is not used before the chain knows it.
fn known_key(spool: &Spool, name: &str, ring: Vec<SigningKey>) -> Result<SigningKey, SpoolError> {
	for key in ring.iter().rev() {
		if spool.find_meter(name, &key.public_bytes())?.is_some() {
			return Ok(key.clone());
		}
	}
	let first = ring.into_iter().next();
	first.ok_or_else(|| SpoolError::Damaged(format!("the meter {name} has no key")))
}

impl Meter {
	/// Signs `reading` for the chain `genesis`.
	pub fn sign(&self, genesis: &[u8; 32], reading: &Reading) -> MeterSignature {
		self.with_key(|key| key.sign(&reading.signing_payload(genesis)))
	}

	/// The public half of the key that signs now.
	pub fn public(&self) -> MeterKey {
		self.with_key(SigningKey::public)
	}

	/// The keys on file, the oldest first. Read again each time: a rotation makes one while the agent runs.
	pub fn ring(&self) -> Result<Vec<SigningKey>, KeyError> {
		keys::load_ring(&self.key_file)
	}

	/// Lets `key` sign from now on. To be called under the spool's lock, after the spool has adopted it.
	pub fn use_key(&self, key: SigningKey) {
		*self.key.write().unwrap_or_else(|poisoned| poisoned.into_inner()) = key;
	}

	fn with_key<R>(&self, work: impl FnOnce(&SigningKey) -> R) -> R {
		// A key is replaced as a whole, so a panic leaves a whole one.
		work(&self.key.read().unwrap_or_else(|poisoned| poisoned.into_inner()))
	}
}
