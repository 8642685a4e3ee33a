//! The agent's memory: a SQLite file that every sample and every reading is in before anything is done with it.
//!
//! Write-ahead log with `synchronous = FULL`: what was committed survives a kill and a power cut. Samples of several
//! meters that arrive together share one commit, and the state of a meter's counter is committed together with the sample
//! that changed it.
//!
//! | table | one row is |
//! |---|---|
//! | `pins` | what was learnt of the chain once and must never change: genesis hash, length of an interval |
//! | `meters` | a meter by name and key; its counter, its number on the chain, and where its readings have come to |
//! | `samples` | a good look at a meter; kept for `retain_days` |
//! | `readings` | a signed reading and what became of it; kept for ever, because with them the history hash on the chain can be proven |
//! | `history` | the chain's history hash after an accepted reading, so that a changed reading is found by the first hash that does not follow |
//! | `keys` | a key that the chain has known for a meter |
//! | `events` | a gap, a reset, a jump of the clock, a refusal: what a person will ask about |

use std::{
	collections::HashMap,
	fs::{File, OpenOptions, TryLockError},
	path::Path,
	time::Duration,
};

use heliograph_primitives::{units::Interval, MeterId, MeterSignature, Quality};
use rusqlite::{params, Connection, OpenFlags, OptionalExtension, Row, Transaction};

use crate::interval::{Kept, Last, Origin};

pub use history::*;
pub use types::*;

mod history;
mod types;

/// The layout that this version writes; `PRAGMA user_version` of the file.
pub(crate) const SCHEMA_VERSION: i64 = 2;

/// Layout 1. What later layouts add is added to it, so that a new file and an old one come out the same.
const SCHEMA: &str = "
CREATE TABLE pins (
	name TEXT PRIMARY KEY,
	value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE meters (
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL,
	public_key BLOB NOT NULL,
	counter TEXT,
	chain_meter INTEGER,
	miner INTEGER,
	nameplate INTEGER,
	cursor INTEGER NOT NULL DEFAULT 0,
	last_interval INTEGER,
	last_epoch INTEGER,
	last_counter_epoch INTEGER,
	last_register INTEGER,
	settled_interval INTEGER,
	settled_history BLOB,
	UNIQUE (name, public_key)
);
CREATE TABLE samples (
	meter INTEGER NOT NULL REFERENCES meters,
	seq INTEGER NOT NULL,
	taken_at INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	register INTEGER NOT NULL,
	power REAL,
	PRIMARY KEY (meter, seq)
) WITHOUT ROWID;
CREATE TABLE readings (
	meter INTEGER NOT NULL REFERENCES meters,
	interval INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	register INTEGER NOT NULL,
	quality INTEGER NOT NULL,
	signature BLOB NOT NULL,
	state INTEGER NOT NULL,
	reason TEXT,
	PRIMARY KEY (meter, interval)
) WITHOUT ROWID;
CREATE INDEX readings_open ON readings (interval, meter) WHERE state <= 1;
CREATE TABLE events (
	id INTEGER PRIMARY KEY,
	at INTEGER NOT NULL,
	meter INTEGER REFERENCES meters,
	kind TEXT NOT NULL,
	detail TEXT NOT NULL
);
";

/// The spool. One writer; [`Spool::open`] makes sure of it.
#[derive(Debug)]
pub struct Spool {
	connection: Connection,
	next_seq: HashMap<RowId, u64>,
	/// Holds the lock for as long as the spool is open.
	_lock: Option<File>,
}

impl Spool {
	/// Opens the spool at `path` for writing, and makes it if there is none. Refuses when another agent has it open.
	pub fn open(path: &Path) -> Result<Self, SpoolError> {
		let failed = |why: String| SpoolError::Open { path: path.into(), why };
		if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
			std::fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
		}
		let lock = lock(path)?;
		let connection = Connection::open(path).map_err(|error| failed(error.to_string()))?;
		connection.busy_timeout(Duration::from_secs(5))?;
		connection
			.pragma_update(None, "journal_mode", "WAL")
			.map_err(|error| failed(error.to_string()))?;
		connection.pragma_update(None, "synchronous", "FULL")?;
		connection.pragma_update(None, "foreign_keys", true)?;
		connection.set_prepared_statement_cache_capacity(64);
		let mut spool = Self { connection, next_seq: HashMap::new(), _lock: Some(lock) };
		spool.migrate(path)?;
		Ok(spool)
	}

	/// Whether an agent has the spool at `path` open for writing.
	pub fn is_in_use(path: &Path) -> bool {
		path.exists() && matches!(lock(path), Err(SpoolError::InUse(_)))
	}

	/// Opens the spool at `path` to look at it, also while an agent writes it.
	pub fn open_read_only(path: &Path) -> Result<Self, SpoolError> {
		let failed = |why: String| SpoolError::Open { path: path.into(), why };
		if !path.exists() {
			return Err(failed(
				"there is no such file; the agent has not run with this configuration yet".into(),
			));
		}
		let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
			.map_err(|error| failed(error.to_string()))?;
		connection.busy_timeout(Duration::from_secs(5))?;
		match layout(&connection).map_err(|error| failed(error.to_string()))? {
			SCHEMA_VERSION => Ok(Self { connection, next_seq: HashMap::new(), _lock: None }),
			0 => Err(failed("it is not a spool, or it is empty".into())),
			found if found < SCHEMA_VERSION => Err(SpoolError::Older { path: path.into(), found }),
			found => Err(SpoolError::Newer { path: path.into(), found }),
		}
	}

	/// Brings the file to the layout of this version, in one step that happens as a whole or not at all.
	fn migrate(&mut self, path: &Path) -> Result<(), SpoolError> {
		let found = layout(&self.connection)?;
		if found > SCHEMA_VERSION {
			return Err(SpoolError::Newer { path: path.into(), found });
		}
		if found == SCHEMA_VERSION {
			return Ok(());
		}
		let transaction = self.connection.transaction()?;
		if found < 1 {
			transaction.execute_batch(SCHEMA)?;
		}
		if found < 2 {
			history::begin(&transaction)?;
		}
		transaction.pragma_update(None, "user_version", SCHEMA_VERSION)?;
		Ok(transaction.commit()?)
	}

	/// What is pinned under `name`.
	pub fn pin(&self, name: &str) -> Result<Option<Vec<u8>>, SpoolError> {
		Ok(self
			.connection
			.query_row("SELECT value FROM pins WHERE name = ?1", [name], |row| row.get(0))
			.optional()?)
	}

	/// The genesis hash of the chain that this spool's readings are signed for.
	pub fn genesis(&self) -> Result<Option<[u8; 32]>, SpoolError> {
		self.pin("genesis")?
			.map(|bytes| {
				bytes
					.try_into()
					.map_err(|_| SpoolError::Damaged("the genesis hash has not 32 bytes".into()))
			})
			.transpose()
	}

	/// The length of an interval on that chain, in ms.
	pub fn interval_millis(&self) -> Result<Option<u64>, SpoolError> {
		self.pin("interval_millis")?
			.map(|bytes| {
				let bytes = bytes
					.try_into()
					.map_err(|_| SpoolError::Damaged("the interval has not 8 bytes".into()))?;
				Ok(u64::from_be_bytes(bytes))
			})
			.transpose()
	}

	/// Pins the chain. Must be called once only: everything that is signed depends on it.
	pub fn pin_chain(
		&mut self,
		genesis: &[u8; 32],
		interval_millis: u64,
	) -> Result<(), SpoolError> {
		let transaction = self.connection.transaction()?;
		for (name, value) in
			[("genesis", genesis.as_slice()), ("interval_millis", &interval_millis.to_be_bytes())]
		{
			transaction
				.execute("INSERT INTO pins (name, value) VALUES (?1, ?2)", params![name, value])?;
		}
		Ok(transaction.commit()?)
	}

	/// The row of the meter `name` with this key; a new one when there is none. A meter whose key was replaced is another
	/// meter.
	pub fn meter(&mut self, name: &str, public_key: &[u8]) -> Result<MeterRow, SpoolError> {
		self.connection.execute(
			"INSERT INTO meters (name, public_key) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
			params![name, public_key],
		)?;
		self.find_meter(name, public_key)?.ok_or_else(|| {
			SpoolError::Damaged(format!("the meter {name} was written and is not there"))
		})
	}

	/// The row of the meter `name` with this key, if there is one.
	pub fn find_meter(
		&self,
		name: &str,
		public_key: &[u8],
	) -> Result<Option<MeterRow>, SpoolError> {
		let mut select = self.connection.prepare_cached(&format!(
			"SELECT {METER_ROW} FROM meters WHERE name = ?1 AND public_key = ?2"
		))?;
		Ok(select.query_row(params![name, public_key], meter_row).optional()?)
	}

	/// The meter in row `id`, as it stands now.
	pub fn row(&self, id: RowId) -> Result<MeterRow, SpoolError> {
		let mut select = self
			.connection
			.prepare_cached(&format!("SELECT {METER_ROW} FROM meters WHERE id = ?1"))?;
		Ok(select.query_row([id], meter_row)?)
	}

	/// Commits samples, counters and events together. When it returns, they survive a power cut. Gives the samples with
	/// their places.
	pub fn keep(&mut self, batch: &Batch) -> Result<Vec<(RowId, Kept)>, SpoolError> {
		let mut next = HashMap::new();
		let mut kept = Vec::with_capacity(batch.samples.len());
		let transaction = self.connection.transaction()?;
		{
			let mut insert = transaction.prepare_cached(
				"INSERT INTO samples (meter, seq, taken_at, epoch, register, power) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
			)?;
			for sample in &batch.samples {
				let seq = match next.get(&sample.meter).or_else(|| self.next_seq.get(&sample.meter))
				{
					Some(seq) => *seq,
					None => next_seq(&transaction, sample.meter)?,
				};
				insert.execute(params![
					sample.meter,
					signed(seq),
					signed(sample.taken_at),
					sample.epoch,
					signed(sample.register),
					sample.power
				])?;
				next.insert(sample.meter, seq + 1);
				let NewSample { taken_at, epoch, register, .. } = *sample;
				kept.push((sample.meter, Kept { seq, taken_at, epoch, register }));
			}
			let mut update =
				transaction.prepare_cached("UPDATE meters SET counter = ?2 WHERE id = ?1")?;
			for (meter, counter) in &batch.counters {
				update.execute(params![meter, counter])?;
			}
			insert_events(&transaction, &batch.events)?;
		}
		transaction.commit()?;
		self.next_seq.extend(next);
		Ok(kept)
	}

	/// Commits signed readings, and moves the cursors of their meters. Refuses all of them when one is not newer than the
	/// last of its meter.
	pub fn put_readings(
		&mut self,
		readings: &[NewReading],
		events: &[Event],
	) -> Result<(), SpoolError> {
		let transaction = self.connection.transaction()?;
		{
			let mut advance = transaction.prepare_cached(
				"UPDATE meters SET cursor = ?2, last_interval = ?3, last_epoch = ?4, last_counter_epoch = ?5,
				 last_register = ?6 WHERE id = ?1 AND (last_interval IS NULL OR last_interval < ?3)",
			)?;
			let mut insert = transaction.prepare_cached(
				"INSERT INTO readings (meter, interval, epoch, register, quality, signature, state)
				 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0)",
			)?;
			for NewReading { meter, draft, signature } in readings {
				let moved = advance.execute(params![
					meter,
					signed(draft.sample.seq),
					draft.interval,
					draft.epoch,
					draft.sample.epoch,
					signed(draft.register)
				])?;
				if moved != 1 {
					let last = transaction.query_row(
						"SELECT last_interval FROM meters WHERE id = ?1",
						[meter],
						|row| row.get(0),
					)?;
					return Err(SpoolError::NotNewer {
						meter: *meter,
						interval: draft.interval,
						last,
					});
				}
				insert.execute(params![
					meter,
					draft.interval,
					draft.epoch,
					signed(draft.register),
					quality_code(draft.quality),
					signature.as_slice()
				])?;
			}
			insert_events(&transaction, events)?;
		}
		Ok(transaction.commit()?)
	}

	/// Writes down events.
	pub fn put_events(&mut self, events: &[Event]) -> Result<(), SpoolError> {
		self.keep(&Batch { events: events.to_vec(), ..Batch::default() }).map(|_| ())
	}

	/// Writes down what the chain says about a meter. When its number changed, which only a chain that was started anew can
	/// do, `resign` signs its open readings again.
	///
	/// `last` is taken over as the last reading made when the spool knows none: the chain had the meter before the spool.
	pub fn pin_meter(
		&mut self,
		meter: RowId,
		pin: MeterPin,
		last: Option<Last>,
		resign: impl Fn(&StoredReading) -> MeterSignature,
	) -> Result<(), SpoolError> {
		let transaction = self.connection.transaction()?;
		{
			let before: Option<MeterId> = transaction.query_row(
				"SELECT chain_meter FROM meters WHERE id = ?1",
				[meter],
				|row| row.get(0),
			)?;
			transaction.execute(
				"UPDATE meters SET chain_meter = ?2, miner = ?3, nameplate = ?4 WHERE id = ?1",
				params![meter, pin.meter, pin.miner, pin.nameplate],
			)?;
			if let Some(Last { interval, epoch, origin: Origin::Register(register) }) = last {
				transaction.execute(
					"UPDATE meters SET last_interval = ?2, last_epoch = ?3, last_register = ?4
					 WHERE id = ?1 AND last_interval IS NULL",
					params![meter, interval, epoch, signed(register)],
				)?;
			}
			if before.is_some_and(|before| before != pin.meter) {
				transaction.execute(
					"UPDATE meters SET settled_interval = NULL, settled_history = NULL WHERE id = ?1",
					[meter],
				)?;
				transaction.execute("DELETE FROM history WHERE meter = ?1", [meter])?;
				transaction.execute(
					"UPDATE readings SET state = ?2, reason = ?3 WHERE meter = ?1 AND state = ?4",
					params![
						meter,
						ReadingState::Superseded.code(),
						"the chain was started anew and knows nothing of it",
						ReadingState::Attested.code()
					],
				)?;
				sign_again(&transaction, meter, resign)?;
			}
		}
		Ok(transaction.commit()?)
	}

	/// Up to `limit` samples of a meter behind place `after`, in order.
	pub fn samples_after(
		&self,
		meter: RowId,
		after: u64,
		limit: usize,
	) -> Result<Vec<Kept>, SpoolError> {
		let mut select = self.connection.prepare_cached(
			"SELECT seq, taken_at, epoch, register FROM samples WHERE meter = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
		)?;
		let rows =
			select.query_map(params![meter, signed(after), signed(limit as u64)], |row| {
				Ok(Kept {
					seq: unsigned(row, 0)?,
					taken_at: unsigned(row, 1)?,
					epoch: row.get(2)?,
					register: unsigned(row, 3)?,
				})
			})?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	/// The readings whose fate is open and whose interval is before `before`, the oldest intervals first, at most `limit`
	/// of those `meters`.
	pub fn open_readings(
		&self,
		meters: &[RowId],
		before: Interval,
		limit: usize,
	) -> Result<Vec<StoredReading>, SpoolError> {
		let among = meters.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
		select_readings(
			&self.connection,
			&format!("state <= 1 AND interval < ?1 AND meter IN ({among}) ORDER BY interval, meter LIMIT ?2"),
			params![before, signed(limit as u64)],
		)
	}

	/// The open readings of `meter` up to and including `until`, in order.
	pub fn open_until(
		&self,
		meter: RowId,
		until: Interval,
	) -> Result<Vec<StoredReading>, SpoolError> {
		select_readings(
			&self.connection,
			"state <= 1 AND meter = ?1 AND interval <= ?2 ORDER BY interval",
			params![meter, until],
		)
	}

	/// Whether any reading's fate is open; when there are, the interval of the oldest one.
	pub fn oldest_open(&self) -> Result<Option<Interval>, SpoolError> {
		let mut select = self
			.connection
			.prepare_cached("SELECT min(interval) FROM readings WHERE state <= 1")?;
		Ok(select.query_row([], |row| row.get(0))?)
	}

	/// Whether a batch was sent whose fate is open.
	pub fn any_sent(&self) -> Result<bool, SpoolError> {
		let mut select = self
			.connection
			.prepare_cached("SELECT EXISTS (SELECT 1 FROM readings WHERE state = 1)")?;
		Ok(select.query_row([], |row| row.get(0))?)
	}

	/// Writes down what became of readings, and up to where their meters agree with the chain now.
	pub fn settle(
		&mut self,
		outcomes: &[Outcome],
		checkpoints: &[Checkpoint],
		events: &[Event],
	) -> Result<(), SpoolError> {
		let transaction = self.connection.transaction()?;
		{
			let mut update = transaction.prepare_cached(
				"UPDATE readings SET state = ?3, reason = ?4 WHERE meter = ?1 AND interval = ?2 AND state <= 1",
			)?;
			for outcome in outcomes {
				let settled = update.execute(params![
					outcome.meter,
					outcome.interval,
					outcome.state.code(),
					outcome.reason
				])?;
				if let (1, Some(hash)) = (settled, &outcome.history) {
					history::link(&transaction, outcome.meter, outcome.interval, hash)?;
				}
			}
			let mut advance = transaction.prepare_cached(
				"UPDATE meters SET settled_interval = ?2, settled_history = ?3 WHERE id = ?1",
			)?;
			for Checkpoint { meter, settled: Settled { interval, history }, block } in checkpoints {
				advance.execute(params![meter, interval, history.as_slice()])?;
				history::confirm(&transaction, *meter, *interval, history, *block)?;
			}
			insert_events(&transaction, events)?;
		}
		Ok(transaction.commit()?)
	}

	/// How many readings of `meter` there are in each state.
	pub fn counts(&self, meter: RowId) -> Result<HashMap<ReadingState, u64>, SpoolError> {
		let mut select = self.connection.prepare_cached(
			"SELECT state, count(*) FROM readings WHERE meter = ?1 GROUP BY state",
		)?;
		let rows = select.query_map([meter], |row| Ok((row.get(0)?, unsigned(row, 1)?)))?;
		rows.map(|row| {
			let (code, count) = row?;
			Ok((state_of(code)?, count))
		})
		.collect()
	}

	/// What the readings of `meter` say about its energy.
	pub fn signed(&self, meter: RowId) -> Result<Signed, SpoolError> {
		// A bare column beside a single min() or max() comes from the row that has it.
		let ends = |end: &str| -> Result<Vec<(u16, u64)>, SpoolError> {
			let mut select = self.connection.prepare_cached(&format!(
				"SELECT epoch, register, {end}(interval) FROM readings WHERE meter = ?1 GROUP BY epoch ORDER BY epoch"
			))?;
			let rows = select.query_map([meter], |row| Ok((row.get(0)?, unsigned(row, 1)?)))?;
			Ok(rows.collect::<Result<_, _>>()?)
		};
		let mut signed = Signed::default();
		let mut last = None;
		for ((epoch, first), (_, end)) in ends("min")?.into_iter().zip(ends("max")?) {
			signed.add(epoch, first, last);
			last = Some(end);
		}
		Ok(signed)
	}

	/// The last sample of `meter`: when, the register in mWh, the power in W.
	pub fn last_sample(&self, meter: RowId) -> Result<Option<NewSample>, SpoolError> {
		let mut select = self.connection.prepare_cached(
			"SELECT taken_at, epoch, register, power FROM samples WHERE meter = ?1 ORDER BY seq DESC LIMIT 1",
		)?;
		Ok(select
			.query_row([meter], |row| {
				Ok(NewSample {
					meter,
					taken_at: unsigned(row, 0)?,
					epoch: row.get(1)?,
					register: unsigned(row, 2)?,
					power: row.get(3)?,
				})
			})
			.optional()?)
	}

	/// The last `limit` events, the latest first.
	pub fn last_events(&self, limit: usize) -> Result<Vec<Event>, SpoolError> {
		let mut select = self.connection.prepare_cached(
			"SELECT at, meter, kind, detail FROM events ORDER BY id DESC LIMIT ?1",
		)?;
		let rows = select.query_map([signed(limit as u64)], |row| {
			Ok(Event {
				at: unsigned(row, 0)?,
				meter: row.get(1)?,
				kind: row.get(2)?,
				detail: row.get(3)?,
			})
		})?;
		Ok(rows.collect::<Result<_, _>>()?)
	}

	/// Deletes up to `limit` samples per meter that were taken before `before` (ms since 1970) and are in readings. Gives
	/// how many went.
	pub fn purge(&mut self, before: u64, limit: usize) -> Result<usize, SpoolError> {
		Ok(self.connection.execute(
			"DELETE FROM samples WHERE (meter, seq) IN (
				SELECT s.meter, s.seq FROM meters m JOIN samples s ON s.meter = m.id
				AND s.seq < m.cursor AND s.seq < (SELECT min(seq) FROM samples WHERE meter = m.id) + ?2
			) AND taken_at < ?1",
			params![signed(before), signed(limit as u64)],
		)?)
	}
}

/// Takes the lock beside the spool. The system releases it when the process ends, however it ends.
fn lock(path: &Path) -> Result<File, SpoolError> {
	let mut name = path.as_os_str().to_owned();
	name.push(".lock");
	let failed =
		|error: std::io::Error| SpoolError::Open { path: path.into(), why: error.to_string() };
	let file =
		OpenOptions::new().create(true).truncate(false).write(true).open(name).map_err(failed)?;
	match file.try_lock() {
		Ok(()) => Ok(file),
		Err(TryLockError::WouldBlock) => Err(SpoolError::InUse(path.into())),
		Err(TryLockError::Error(error)) => Err(failed(error)),
	}
}

fn layout(connection: &Connection) -> rusqlite::Result<i64> {
	connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn next_seq(transaction: &Transaction<'_>, meter: RowId) -> rusqlite::Result<u64> {
	// The cursor counts too: all samples before it may have been purged.
	transaction.query_row(
		"SELECT max(cursor, coalesce((SELECT max(seq) FROM samples WHERE meter = ?1), 0)) + 1 FROM meters WHERE id = ?1",
		[meter],
		|row| unsigned(row, 0),
	)
}

fn insert_events(transaction: &Transaction<'_>, events: &[Event]) -> rusqlite::Result<()> {
	let mut insert = transaction
		.prepare_cached("INSERT INTO events (at, meter, kind, detail) VALUES (?1, ?2, ?3, ?4)")?;
	for event in events {
		insert.execute(params![signed(event.at), event.meter, event.kind, event.detail])?;
	}
	Ok(())
}

/// Signs the open readings of `meter` again. What of them was under way is open again, too: with the old signature it is
/// refused, or it was accepted before and the history hash tells.
fn sign_again(
	transaction: &Transaction<'_>,
	meter: RowId,
	resign: impl Fn(&StoredReading) -> MeterSignature,
) -> Result<(), SpoolError> {
	let open =
		select_readings(transaction, "meter = ?1 AND state <= 1 ORDER BY interval", [meter])?;
	let mut update = transaction.prepare_cached(
		"UPDATE readings SET signature = ?3, state = 0 WHERE meter = ?1 AND interval = ?2",
	)?;
	for reading in open {
		update.execute(params![meter, reading.interval, resign(&reading).as_slice()])?;
	}
	Ok(())
}

fn select_readings(
	connection: &Connection,
	condition: &str,
	parameters: impl rusqlite::Params,
) -> Result<Vec<StoredReading>, SpoolError> {
	let mut select = connection.prepare_cached(&format!(
		"SELECT meter, interval, epoch, register, quality, signature, state FROM readings WHERE {condition}"
	))?;
	let mut rows = select.query(parameters)?;
	let mut readings = Vec::new();
	while let Some(row) = rows.next()? {
		readings.push(StoredReading {
			meter: row.get(0)?,
			interval: row.get(1)?,
			epoch: row.get(2)?,
			register: unsigned(row, 3)?,
			quality: if row.get::<_, i64>(4)? == quality_code(Quality::Measured) {
				Quality::Measured
			} else {
				Quality::Recovered
			},
			signature: row.get(5)?,
			state: state_of(row.get(6)?)?,
		});
	}
	Ok(readings)
}

/// What [`meter_row`] reads, in its order.
const METER_ROW: &str =
	"id, counter, chain_meter, miner, nameplate, cursor, last_interval, last_epoch, \
	last_counter_epoch, last_register, settled_interval, settled_history";

fn meter_row(row: &Row<'_>) -> rusqlite::Result<MeterRow> {
	let pin = match (row.get(2)?, row.get(3)?, row.get(4)?) {
		(Some(meter), Some(miner), Some(nameplate)) => Some(MeterPin { meter, miner, nameplate }),
		_ => None,
	};
	let last = match (
		row.get(6)?,
		row.get(7)?,
		row.get::<_, Option<u16>>(8)?,
		row.get::<_, Option<i64>>(9)?,
	) {
		(Some(interval), Some(epoch), Some(counter), _) => {
			Some(Last { interval, epoch, origin: Origin::Counter(counter) })
		}
		(Some(interval), Some(epoch), None, Some(register)) => {
			Some(Last { interval, epoch, origin: Origin::Register(register as u64) })
		}
		_ => None,
	};
	let settled = match (row.get(10)?, row.get(11)?) {
		(Some(interval), Some(history)) => Some(Settled { interval, history }),
		_ => None,
	};
	Ok(MeterRow {
		id: row.get(0)?,
		counter: row.get(1)?,
		pin,
		cursor: unsigned(row, 5)?,
		last,
		last_register: row.get::<_, Option<i64>>(9)?.map(|register| register as u64),
		settled,
	})
}

fn state_of(code: i64) -> Result<ReadingState, SpoolError> {
	ReadingState::from_code(code)
		.ok_or_else(|| SpoolError::Damaged(format!("a reading is in the unknown state {code}")))
}

fn quality_code(quality: Quality) -> i64 {
	match quality {
		Quality::Measured => 0,
		Quality::Recovered => 1,
	}
}

/// SQLite's integers are signed. The bits are kept, so that every register comes back as it was; none is compared in SQL.
fn signed(value: u64) -> i64 {
	value as i64
}

fn unsigned(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
	row.get::<_, i64>(index).map(|value| value as u64)
}

#[cfg(test)]
mod tests;
