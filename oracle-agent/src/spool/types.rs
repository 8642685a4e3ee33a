//! What goes into the spool and comes out of it.

use std::path::PathBuf;

use heliograph_primitives::{units::Interval, MeterId, MeterSignature, MinerId, Quality, Reading};

use super::SCHEMA_VERSION;
use crate::interval::{Draft, Last};

/// Why the spool cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SpoolError {
	/// Another agent works on this file.
	#[error(
		"the spool {} is in use by another agent; two agents on one spool would count a meter twice: stop the other one, or \
		 give this one a spool of its own (agent.spool in the configuration)",
		.0.display()
	)]
	InUse(PathBuf),
	/// The file was written by a newer version.
	#[error(
		"the spool {} has layout {found}, and this version knows layouts up to {SCHEMA_VERSION}: run a newer heliograph-agent",
		.path.display()
	)]
	Newer {
		/// The file.
		path: PathBuf,
		/// Its layout.
		found: i64,
	},
	/// The file was written by an older version, and is only looked at.
	#[error(
		"the spool {} has layout {found}, and this version works with layout {SCHEMA_VERSION}: start the agent once with \
		 this version (heliograph-agent run), it brings the file up to date",
		.path.display()
	)]
	Older {
		/// The file.
		path: PathBuf,
		/// Its layout.
		found: i64,
	},
	/// The file cannot be opened.
	#[error("cannot open the spool {}: {why}", .path.display())]
	Open {
		/// The file.
		path: PathBuf,
		/// What the system says.
		why: String,
	},
	/// A statement failed, mostly because the disk is full or gone.
	#[error("the spool failed: {0}")]
	Sqlite(#[from] rusqlite::Error),
	/// A reading would be the second one of its interval, or come before the last one.
	#[error("meter {meter} has a reading for interval {last} already, so none is kept for interval {interval}")]
	NotNewer {
		/// Row of the meter.
		meter: RowId,
		/// Of the new reading.
		interval: Interval,
		/// Of the last one kept.
		last: Interval,
	},
	/// What is in the file contradicts itself.
	#[error("the spool is damaged: {0}")]
	Damaged(String),
}

/// A meter's row. Not the number that the chain gives it.
pub type RowId = i64;

/// What became of a reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum ReadingState {
	/// Kept and signed.
	Pending,
	/// Part of a batch that was given to a node; what became of it is not known yet.
	Sent,
	/// Accepted in a finalised block.
	Attested,
	/// Refused by the chain, or certain to be.
	Refused,
	/// The chain moved past its interval without it. Its energy is part of the next reading.
	Superseded,
}

impl ReadingState {
	/// All of them.
	pub const ALL: [Self; 5] =
		[Self::Pending, Self::Sent, Self::Attested, Self::Refused, Self::Superseded];

	/// Its name in logs and metrics.
	pub fn name(self) -> &'static str {
		match self {
			Self::Pending => "pending",
			Self::Sent => "sent",
			Self::Attested => "attested",
			Self::Refused => "refused",
			Self::Superseded => "superseded",
		}
	}

	/// As stored. The index of open readings depends on the first two.
	pub(super) fn code(self) -> i64 {
		match self {
			Self::Pending => 0,
			Self::Sent => 1,
			Self::Attested => 2,
			Self::Refused => 3,
			Self::Superseded => 4,
		}
	}

	pub(super) fn from_code(code: i64) -> Option<Self> {
		Self::ALL.into_iter().find(|state| state.code() == code)
	}
}

/// What the chain says about a meter for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MeterPin {
	/// Its number.
	pub meter: MeterId,
	/// The miner that it belongs to.
	pub miner: MinerId,
	/// Its registered nameplate in W.
	pub nameplate: u32,
}

/// A meter as the spool knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct MeterRow {
	/// Its row.
	pub id: RowId,
	/// The state of its counter, as JSON; `None` before the first sample.
	pub counter: Option<String>,
	/// Its registration, once it was found on the chain.
	pub pin: Option<MeterPin>,
	/// The samples up to this one are in readings.
	pub cursor: u64,
	/// The last reading made.
	pub last: Option<Last>,
	/// Its register in mWh.
	pub last_register: Option<u64>,
	/// Up to where the readings were compared with the finalised chain.
	pub settled: Option<Settled>,
}

/// A point up to which the readings of a meter are known to agree with the chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settled {
	/// The last interval that the chain had accepted.
	pub interval: Interval,
	/// The chain's history hash at that point.
	pub history: [u8; 32],
}

/// A meter that was seen settled in a finalised block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
	/// Which.
	pub meter: RowId,
	/// What the chain said.
	pub settled: Settled,
	/// The number of the block.
	pub block: u64,
}

/// A good sample on its way into the spool.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct NewSample {
	/// Whose.
	pub meter: RowId,
	/// Wall clock, ms since 1970.
	pub taken_at: u64,
	/// The counter's epoch.
	pub epoch: u16,
	/// In mWh.
	pub register: u64,
	/// In W, where the device tells it.
	pub power: Option<f64>,
}

/// Something that a person will ask about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Event {
	/// Wall clock, ms since 1970.
	pub at: u64,
	/// Whose; `None` for the agent itself.
	pub meter: Option<RowId>,
	/// A short constant, e.g. `gap`.
	pub kind: String,
	/// A sentence.
	pub detail: String,
}

/// What is committed together.
#[derive(Clone, Default, Debug)]
pub struct Batch {
	/// Good samples in the order in which they were taken.
	pub samples: Vec<NewSample>,
	/// The counters that changed, as JSON.
	pub counters: Vec<(RowId, String)>,
	/// What happened.
	pub events: Vec<Event>,
}

impl Batch {
	/// Whether there is nothing to commit.
	pub fn is_empty(&self) -> bool {
		self.samples.is_empty() && self.counters.is_empty() && self.events.is_empty()
	}
}

/// A reading with its signature, on its way into the spool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NewReading {
	/// Whose.
	pub meter: RowId,
	/// What it says.
	pub draft: Draft,
	/// By the meter's key.
	pub signature: MeterSignature,
}

/// A reading in the spool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StoredReading {
	/// Whose.
	pub meter: RowId,
	/// At whose end the register stood at `register`.
	pub interval: Interval,
	/// Counts the register's resets.
	pub epoch: u16,
	/// In mWh.
	pub register: u64,
	/// Whether the energy can be assigned to the interval.
	pub quality: Quality,
	/// By the meter's key.
	pub signature: MeterSignature,
	/// What became of it.
	pub state: ReadingState,
}

impl StoredReading {
	/// The reading as it was signed, for the meter that the chain calls `meter`.
	pub fn reading(&self, meter: MeterId) -> Reading {
		Reading {
			meter,
			epoch: self.epoch,
			interval: self.interval,
			register: self.register,
			quality: self.quality,
		}
	}
}

/// What became of one reading.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
	/// Whose.
	pub meter: RowId,
	/// Which.
	pub interval: Interval,
	/// Its new state.
	pub state: ReadingState,
	/// Why it was refused or passed over.
	pub reason: Option<String>,
	/// The chain's history hash after it, for an accepted one of which that is proven.
	pub history: Option<[u8; 32]>,
}

/// How much of a meter's energy the spool has signed readings of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Signed {
	/// The energy between the first and the last reading of every finished epoch, in mWh.
	pub finished_epochs: u128,
	/// The epoch of the last reading.
	pub epoch: u16,
	/// The register of that epoch's first reading, in mWh; `None` before the first reading.
	pub first_register: Option<u64>,
}

impl Signed {
	/// Takes the next reading into account.
	pub fn add(&mut self, epoch: u16, register: u64, last_register: Option<u64>) {
		match self.first_register {
			Some(first) if epoch != self.epoch => {
				self.finished_epochs +=
					u128::from(last_register.unwrap_or(first).saturating_sub(first));
				self.first_register = Some(register);
			}
			Some(_) => (),
			None => self.first_register = Some(register),
		}
		self.epoch = epoch;
	}

	/// The energy since the first reading when the register stands at `register`, in mWh.
	pub fn energy(&self, register: u64) -> u128 {
		let first = self.first_register.unwrap_or(register);
		self.finished_epochs + u128::from(register.saturating_sub(first))
	}
}
