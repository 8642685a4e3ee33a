//! What the spool keeps so that its readings can be proven: the chain's history hash after each accepted reading, and the
//! keys that the chain has known for a meter.
//!
//! A hash is written in the same commit as the reading's state, and only after the chain's own hash has shown that it is
//! right. Where the chain has a hash that no choice of the kept readings leads to, because the meter was used before this
//! spool or beside it, the chain's hash is taken over: from there on the readings can be proven again.

use codec::{Decode, Encode};
use heliograph_primitives::{units::Interval, MeterId, MeterKey, MeterSignature, Quality, Reading};
use rusqlite::{params, types::Value, Connection, Transaction};

use super::{
	quality_code, select_readings, sign_again, signed, ReadingState, RowId, Spool, SpoolError,
	StoredReading,
};
use crate::chain::MeterState;

/// What layout 2 adds.
const SCHEMA: &str = "
CREATE TABLE history (
	meter INTEGER NOT NULL REFERENCES meters,
	interval INTEGER NOT NULL,
	hash BLOB NOT NULL,
	origin INTEGER NOT NULL,
	block INTEGER,
	PRIMARY KEY (meter, interval)
) WITHOUT ROWID;
CREATE TABLE keys (
	meter INTEGER NOT NULL REFERENCES meters,
	key BLOB NOT NULL,
	PRIMARY KEY (meter, key)
) WITHOUT ROWID;
";

/// Where a kept history hash comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkOrigin {
	/// From the hash before it and the reading of its interval; the chain had the same.
	Reading,
	/// From the chain alone: it had readings that this spool does not have.
	Chain,
}

impl LinkOrigin {
	fn code(self) -> i64 {
		match self {
			Self::Reading => 0,
			Self::Chain => 1,
		}
	}
}

/// The chain's history hash after the reading of some interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Link {
	/// The hash.
	pub hash: [u8; 32],
	/// Where it is from.
	pub origin: LinkOrigin,
	/// The number of a finalised block whose state had it, if any was looked at.
	pub block: Option<u64>,
}

/// A row of a table, as far as it makes sense: what a proof is about may have been changed by anybody.
pub type Sound<T> = Result<T, String>;

/// A reading's row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadingRow {
	/// The reading and its signature, or why that is none.
	pub signed: Sound<(Reading, MeterSignature)>,
	/// What became of it, or the number that stands there instead.
	pub state: Result<ReadingState, i64>,
	/// Why it was refused or passed over.
	pub reason: Option<String>,
}

/// What the spool keeps of one interval of a meter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct KeptInterval {
	/// The reading.
	pub reading: Option<ReadingRow>,
	/// The history hash after it.
	pub link: Option<Sound<Link>>,
}

/// A meter of which a history is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HistoryMeter {
	/// Its row.
	pub id: RowId,
	/// `device/point`.
	pub name: String,
	/// Its number on the chain.
	pub number: Option<MeterId>,
	/// The public half of its key, without the scheme.
	pub public_key: Vec<u8>,
	/// The keys that the chain has known for it.
	pub keys: Vec<MeterKey>,
}

/// Adds the tables, and fills them as far as an older spool tells: with all hashes where the readings lead from the very
/// first one to the chain's hash, else with the chain's hash alone.
pub(super) fn begin(transaction: &Transaction<'_>) -> Result<(), SpoolError> {
	transaction.execute_batch(SCHEMA)?;
	let mut meters = transaction.prepare(
		"SELECT id, chain_meter, settled_interval, settled_history FROM meters
		 WHERE chain_meter NOT NULL AND settled_interval NOT NULL AND settled_history NOT NULL",
	)?;
	let rows = meters.query_map([], |row| {
		Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get::<_, [u8; 32]>(3)?))
	})?;
	for row in rows {
		let (meter, number, until, settled): (RowId, MeterId, Interval, _) = row?;
		let readings = select_readings(
			transaction,
			"meter = ?1 AND state = ?2 AND interval <= ?3 ORDER BY interval",
			params![meter, ReadingState::Attested.code(), until],
		)?;
		let mut hash = [0; 32];
		let mut links = Vec::with_capacity(readings.len());
		for reading in readings {
			hash = MeterState::extend(&hash, &reading.reading(number));
			links.push((reading.interval, hash));
		}
		if hash == settled {
			for (interval, hash) in links {
				link(transaction, meter, interval, &hash)?;
			}
		} else {
			insert(transaction, meter, until, &settled, LinkOrigin::Chain, None)?;
		}
	}
	Ok(())
}

/// Keeps the hash after a reading that was accepted.
pub(super) fn link(
	transaction: &Transaction<'_>,
	meter: RowId,
	interval: Interval,
	hash: &[u8; 32],
) -> rusqlite::Result<()> {
	insert(transaction, meter, interval, hash, LinkOrigin::Reading, None)
}

/// Keeps that the chain had `hash` at `block`, `interval` being its last one.
pub(super) fn confirm(
	transaction: &Transaction<'_>,
	meter: RowId,
	interval: Interval,
	hash: &[u8; 32],
	block: u64,
) -> rusqlite::Result<()> {
	insert(transaction, meter, interval, hash, LinkOrigin::Chain, Some(block))?;
	let mut update = transaction.prepare_cached(
		"UPDATE history SET block = ?4 WHERE meter = ?1 AND interval = ?2 AND hash = ?3 AND block IS NULL",
	)?;
	update.execute(params![meter, interval, hash.as_slice(), signed(block)])?;
	Ok(())
}

fn insert(
	transaction: &Transaction<'_>,
	meter: RowId,
	interval: Interval,
	hash: &[u8; 32],
	origin: LinkOrigin,
	block: Option<u64>,
) -> rusqlite::Result<()> {
	let mut insert = transaction.prepare_cached(
		"INSERT INTO history (meter, interval, hash, origin, block) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
	)?;
	insert.execute(params![meter, interval, hash.as_slice(), origin.code(), block.map(signed)])?;
	Ok(())
}

impl Spool {
	/// Keeps that the chain knows `key` for `meter`.
	pub fn remember_key(&mut self, meter: RowId, key: &MeterKey) -> Result<(), SpoolError> {
		remember(&self.connection, meter, key)
	}

	/// Goes over to `key`, which is the one that the chain knows for `meter` now: its open readings are signed again by
	/// `resign`, in the same commit.
	pub fn adopt_key(
		&mut self,
		meter: RowId,
		key: &MeterKey,
		public_key: &[u8],
		resign: impl Fn(&StoredReading) -> MeterSignature,
	) -> Result<(), SpoolError> {
		let transaction = self.connection.transaction()?;
		// Ignored when an older row has this name and this key: the meter is found by its former key then, again.
		transaction.execute(
			"UPDATE OR IGNORE meters SET public_key = ?2 WHERE id = ?1",
			params![meter, public_key],
		)?;
		remember(&transaction, meter, key)?;
		sign_again(&transaction, meter, resign)?;
		Ok(transaction.commit()?)
	}

	/// The meters that were found on the chain, in the order in which they came into the spool.
	pub fn history_meters(&self) -> Result<Vec<HistoryMeter>, SpoolError> {
		let mut select = self
			.connection
			.prepare("SELECT id, name, chain_meter, public_key FROM meters ORDER BY id")?;
		let rows = select.query_map([], |row| {
			Ok(HistoryMeter {
				id: row.get(0)?,
				name: row.get(1)?,
				number: row.get(2)?,
				public_key: row.get(3)?,
				keys: Vec::new(),
			})
		})?;
		let mut meters = rows.collect::<Result<Vec<_>, _>>()?;
		let mut keys = self.connection.prepare("SELECT key FROM keys WHERE meter = ?1")?;
		for meter in &mut meters {
			for key in keys.query_map([meter.id], |row| row.get::<_, Vec<u8>>(0))? {
				let key = MeterKey::decode(&mut &key?[..]).map_err(|_| {
					SpoolError::Damaged(format!("a key of the meter {} is none", meter.name))
				})?;
				meter.keys.push(key);
			}
		}
		Ok(meters)
	}

	/// Readings that belong to no meter, by the row that should be there and the interval; a hundred at most.
	pub fn orphans(&self) -> Result<Vec<(i64, i64)>, SpoolError> {
		let mut select = self.connection.prepare(
			"SELECT meter, interval FROM readings WHERE meter NOT IN (SELECT id FROM meters) LIMIT 100",
		)?;
		let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	/// The intervals at which the last two hashes before `before` are kept, the later one first, and whether they are from
	/// readings.
	pub fn links_before(
		&self,
		meter: RowId,
		before: Interval,
	) -> Result<Vec<(Interval, bool)>, SpoolError> {
		let mut select = self.connection.prepare(
			"SELECT interval, origin = 0 FROM history WHERE meter = ?1 AND interval < ?2 AND interval >= 0
			 ORDER BY interval DESC LIMIT 2",
		)?;
		let rows =
			select.query_map(params![meter, before], |row| Ok((row.get(0)?, row.get(1)?)))?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	/// All that is kept of `meter`, which the chain calls `number`, from the interval `from` on, in order: readings and
	/// hashes, seen at one moment. Intervals are as they stand in the file, which may hold any number.
	pub fn history(
		&self,
		meter: RowId,
		number: MeterId,
		from: Option<Interval>,
	) -> Result<Vec<(i64, KeptInterval)>, SpoolError> {
		let from = from.map_or(i64::MIN, i64::from);
		let snapshot = self.connection.unchecked_transaction()?;
		let mut kept = std::collections::BTreeMap::<i64, KeptInterval>::new();
		let mut select = snapshot.prepare(
			"SELECT interval, epoch, register, quality, signature, state, reason FROM readings
			 WHERE meter = ?1 AND interval >= ?2",
		)?;
		let mut rows = select.query(params![meter, from])?;
		while let Some(row) = rows.next()? {
			let interval: i64 = row.get(0)?;
			let columns = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
			let code = match row.get(5)? {
				Value::Integer(code) => code,
				_ => -1,
			};
			let reason = match row.get(6)? {
				Value::Null => None,
				Value::Text(text) => Some(text),
				other => Some(format!("{other:?}")),
			};
			kept.entry(interval).or_default().reading = Some(ReadingRow {
				signed: sound_reading(number, interval, &columns),
				state: ReadingState::from_code(code).ok_or(code),
				reason,
			});
		}
		let mut select = snapshot.prepare(
			"SELECT interval, hash, origin, block FROM history WHERE meter = ?1 AND interval >= ?2",
		)?;
		let mut rows = select.query(params![meter, from])?;
		while let Some(row) = rows.next()? {
			let columns = [row.get(1)?, row.get(2)?, row.get(3)?];
			kept.entry(row.get(0)?).or_default().link = Some(sound_link(&columns));
		}
		Ok(kept.into_iter().collect())
	}
}

fn remember(connection: &Connection, meter: RowId, key: &MeterKey) -> Result<(), SpoolError> {
	connection.execute(
		"INSERT INTO keys (meter, key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
		params![meter, key.encode()],
	)?;
	Ok(())
}

fn sound_reading(
	meter: MeterId,
	interval: i64,
	[epoch, register, quality, signature]: &[Value; 4],
) -> Sound<(Reading, MeterSignature)> {
	let interval =
		Interval::try_from(interval).map_err(|_| format!("there is no interval {interval}"))?;
	let epoch = match epoch {
		Value::Integer(epoch) => {
			u16::try_from(*epoch).map_err(|_| format!("there is no epoch {epoch}"))?
		}
		other => return Err(format!("its epoch is {other:?}")),
	};
	let register = match register {
		Value::Integer(register) => *register as u64,
		other => return Err(format!("its register is {other:?}")),
	};
	let quality = match quality {
		Value::Integer(code) => [Quality::Measured, Quality::Recovered]
			.into_iter()
			.find(|quality| quality_code(*quality) == *code)
			.ok_or_else(|| format!("there is no quality {code}"))?,
		other => return Err(format!("its quality is {other:?}")),
	};
	let signature = match signature {
		Value::Blob(bytes) => <MeterSignature>::try_from(bytes.as_slice())
			.map_err(|_| format!("its signature has {} bytes and not 64", bytes.len()))?,
		other => return Err(format!("its signature is {other:?}")),
	};
	Ok((Reading { meter, epoch, interval, register, quality }, signature))
}

fn sound_link([hash, origin, block]: &[Value; 3]) -> Sound<Link> {
	let hash = match hash {
		Value::Blob(bytes) => bytes
			.as_slice()
			.try_into()
			.map_err(|_| format!("it has {} bytes and not 32", bytes.len()))?,
		other => return Err(format!("it is {other:?}")),
	};
	let origin = match origin {
		Value::Integer(code) => [LinkOrigin::Reading, LinkOrigin::Chain]
			.into_iter()
			.find(|origin| origin.code() == *code)
			.ok_or_else(|| format!("it is of the unknown origin {code}"))?,
		other => return Err(format!("its origin is {other:?}")),
	};
	let block = match block {
		Value::Null => None,
		Value::Integer(block) => Some(*block as u64),
		other => return Err(format!("its block is {other:?}")),
	};
	Ok(Link { hash, origin, block })
}
