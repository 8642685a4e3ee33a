//! What the collector and the submitter of one agent share.

use std::sync::{Arc, Mutex};

use heliograph_primitives::{MeterSignature, Reading};
use sp_core::{sr25519, Pair};
use tokio::sync::{watch, Notify};

use crate::{
	config::Config,
	keys::{self, SigningKey},
	model::MeterName,
	spool::{MeterPin, MeterRow, RowId, Spool},
	status::{self, Board, ChainReport, MeterReport, Report},
};

/// A configured meter with its key.
#[derive(Clone, Debug)]
pub struct Meter {
	/// `device/point`.
	pub name: MeterName,
	/// In W, as configured.
	pub nameplate: u32,
	/// Signs its readings.
	pub key: SigningKey,
	/// Its row in the spool.
	pub row: RowId,
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
		let mut loaded = Vec::new();
		for (_, meter) in configured() {
			loaded.push(SigningKey::load(&meter.key)?);
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
		for ((device, meter), key) in configured().zip(loaded) {
			let row: MeterRow = spool.meter(&meter.name, &key.public_bytes())?;
			let mut line = MeterReport {
				name: meter.name.to_string(),
				device: device.name.clone(),
				flow: format!("{:?}", meter.flow),
				nameplate_w: meter.nameplate,
				device_trouble: "not read yet".into(),
				chain_trouble: "the chain was not asked yet".into(),
				..MeterReport::default()
			};
			status::fill(&mut line, &spool, &key)?;
			pins.push(row.pin);
			lines.push(line);
			meters.push(Meter {
				name: meter.name.clone(),
				nameplate: meter.nameplate,
				key,
				row: row.id,
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

impl Meter {
	/// Signs `reading` for the chain `genesis`.
	pub fn sign(&self, genesis: &[u8; 32], reading: &Reading) -> MeterSignature {
		self.key.sign(&reading.signing_payload(genesis))
	}
}
