//! The collector: takes samples, keeps them, and makes signed readings of them.
//!
//! One task owns the counters and the makers of all meters, so their state needs no locks and the order of what is on disk
//! is the order in which things happened.

use std::{
	collections::HashMap,
	sync::Arc,
	time::{Duration, Instant},
};

use heliograph_primitives::units::INTERVAL_MILLIS;
use tokio::sync::{mpsc, watch};

use crate::{
	counter::{CounterRules, CounterState, Verdict},
	interval::{Draft, Kept, Last, Maker, Note, Rules},
	metrics,
	model::{Missing, Sample},
	site::{ChainPin, Pins, Site},
	spool::{
		Batch, Event, NewReading, NewSample, ReadingState, RowId, Signed, SpoolError, StoredReading,
	},
	status::{now_millis, saturate},
};

/// How long after an interval's end it is closed, so that a sample which was taken just before the end is there.
const GRACE: Duration = Duration::from_millis(200);

/// How many samples are committed together at most.
const BATCH: usize = 1_024;

/// How many kept samples are read at once when readings are caught up with.
const PAGE: usize = 20_000;

/// How often old samples are deleted.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// How many samples of a meter are deleted at once, so that a purge never holds up the samples that come in.
const PURGE: usize = 10_000;

/// The collector.
pub struct Collector {
	site: Arc<Site>,
	by_name: HashMap<String, usize>,
	meters: Vec<MeterWork>,
	pins: Pins,
	purged: Option<Instant>,
}

/// What is known of a meter.
struct MeterWork {
	row: RowId,
	counter: CounterState,
	rules: CounterRules,
	/// Makes readings; `None` until the chain and the meter's number are known.
	maker: Option<Maker>,
	/// The trouble that was written down last, so that it is written down once.
	trouble: Option<&'static str>,
	/// Whether samples were falling into intervals that have their reading.
	behind: bool,
	signed: Signed,
	last_register: Option<u64>,
}

impl Collector {
	/// A collector that goes on where the spool is.
	pub fn new(site: Arc<Site>) -> Result<Self, SpoolError> {
		let by_name =
			site.meters.iter().enumerate().map(|(i, meter)| (meter.name.to_string(), i)).collect();
		let mut meters = Vec::with_capacity(site.meters.len());
		for meter in &site.meters {
			let (row, signed) = site.spool(|spool| {
				let row = spool.row(meter.row)?;
				let signed = spool.signed(row.id)?;
				Ok::<_, SpoolError>((row, signed))
			})?;
			let counter = match row.counter.as_deref().map(serde_json::from_str) {
				None => CounterState::default(),
				Some(Ok(counter)) => counter,
				Some(Err(error)) => {
					return Err(SpoolError::Damaged(format!(
						"the counter of {} is not readable: {error}",
						meter.name
					)))
				}
			};
			meters.push(MeterWork {
				row: row.id,
				counter,
				rules: CounterRules::new(meter.nameplate, INTERVAL_MILLIS),
				maker: None,
				trouble: None,
				behind: false,
				signed,
				last_register: row.last_register,
			});
		}
		let mut collector = Self { site, by_name, meters, pins: Pins::default(), purged: None };
		let pins = collector.site.pins.borrow().clone();
		collector.adopt(pins)?;
		Ok(collector)
	}

	/// Takes samples until the drivers are gone.
	pub async fn run(
		mut self,
		mut samples: mpsc::Receiver<Sample>,
		mut pins: watch::Receiver<Pins>,
	) {
		let mut taken = Vec::with_capacity(BATCH);
		let mut learning = true;
		loop {
			tokio::select! {
				count = samples.recv_many(&mut taken, BATCH) => if count == 0 { break },
				changed = pins.changed(), if learning => match changed {
					Ok(()) => {
						let pins = pins.borrow_and_update().clone();
						self.insist("catching up with readings", |collector| collector.adopt(pins.clone())).await;
					},
					// Nobody is left who could learn anything new.
					Err(_) => learning = false,
				},
				() = tokio::time::sleep(self.until_next_close()) => (),
			}
			if !taken.is_empty() {
				let batch = self.observe(&taken);
				taken.clear();
				let kept = self
					.insist("keeping samples", |collector| {
						collector.site.spool(|spool| spool.keep(&batch))
					})
					.await;
				let drafts = self.push(&kept);
				self.insist("keeping readings", |collector| collector.put(&drafts)).await;
			}
			if samples.is_empty() {
				self.close(now_millis().saturating_sub(GRACE.as_millis() as u64)).await;
				self.purge();
			}
		}
		tracing::debug!("the collector has kept everything it was given");
	}

	/// Does work that has to be done, again and again until the spool takes it. A full disk is waited for: samples back up
	/// to the drivers meanwhile, nothing is thrown away.
	async fn insist<T>(
		&mut self,
		what: &'static str,
		mut work: impl FnMut(&mut Self) -> Result<T, SpoolError>,
	) -> T {
		loop {
			match work(self) {
				Ok(done) => return done,
				Err(error) => {
					tracing::error!(%error, "{what} failed; trying again in a second");
					tokio::time::sleep(Duration::from_secs(1)).await;
				}
			}
		}
	}

	/// Lets the counters judge `samples`. Gives what has to be committed.
	fn observe(&mut self, samples: &[Sample]) -> Batch {
		let mut batch = Batch::default();
		let mut changed = vec![false; self.meters.len()];
		for sample in samples {
			let Some(&i) = self.by_name.get(&*sample.meter) else {
				tracing::error!(meter = %sample.meter, "a sample of a meter that is not configured");
				continue;
			};
			let meter = &mut self.meters[i];
			let verdict = meter.counter.observe(sample, &meter.rules);
			changed[i] = true;
			let (result, trouble, text) = match &verdict {
				Verdict::Good { .. } => ("good", None, String::new()),
				Verdict::NewEpoch { .. } => ("reset", None, String::new()),
				Verdict::Missing(missing @ Missing::Unreachable(_)) => {
					("missing", Some("unreachable"), missing.to_string())
				}
				Verdict::Missing(missing) => ("missing", Some("missing"), missing.to_string()),
				Verdict::Held(reason) => ("held", Some("held"), reason.to_string()),
			};
			metrics::sampled(&sample.meter, result);
			let mut event = |kind: &str, detail: String| {
				batch.events.push(Event {
					at: sample.taken_at,
					meter: Some(meter.row),
					kind: kind.into(),
					detail,
				});
			};
			match (trouble, meter.trouble) {
				(Some(kind), before) if before != Some(kind) => {
					tracing::warn!(meter = %sample.meter, "{text}");
					event(kind, text.clone());
				}
				(None, Some(before)) => {
					tracing::info!(meter = %sample.meter, "the meter is back");
					event("back", format!("after {before}"));
				}
				_ => (),
			}
			meter.trouble = trouble;
			let good = match verdict {
				Verdict::Good { epoch, register } => Some((epoch, register)),
				Verdict::NewEpoch { epoch, register } => {
					tracing::warn!(meter = %sample.meter, epoch, register, "the register was reset: a new epoch begins");
					event("reset", format!("epoch {epoch} begins at {register} mWh"));
					Some((epoch, register))
				}
				Verdict::Missing(_) | Verdict::Held(_) => None,
			};
			if let Some((epoch, register)) = good {
				let (taken_at, power) = (sample.taken_at, sample.power);
				batch.samples.push(NewSample {
					meter: meter.row,
					taken_at,
					epoch,
					register,
					power,
				});
			}
			let measured = good.map(|(_, register)| saturate(meter.signed.energy(register)));
			self.site.board.update(|report| {
				let line = &mut report.meters[i];
				line.up = good.is_some();
				line.device_trouble = text;
				line.power_w = sample.power;
				if let (Some((_, register)), Some(measured)) = (good, measured) {
					line.register_mwh = Some(register);
					line.last_sample_millis = Some(sample.taken_at);
					line.measured_mwh = line.measured_mwh.max(measured);
				}
			});
		}
		for (meter, _) in self.meters.iter().zip(changed).filter(|(_, changed)| *changed) {
			// Numbers and strings always have a JSON form.
			let state = serde_json::to_string(&meter.counter)
				.expect("a counter has no map with odd keys; qed");
			batch.counters.push((meter.row, state));
		}
		batch
	}

	/// Shows kept samples to the makers. Gives the readings that they finish.
	fn push(&mut self, kept: &[(RowId, Kept)]) -> Vec<Made> {
		let mut made = Vec::new();
		for (row, sample) in kept {
			let Some(i) = self.meters.iter().position(|meter| meter.row == *row) else { continue };
			let meter = &mut self.meters[i];
			let Some(maker) = &mut meter.maker else { continue };
			let before = maker.last();
			let (draft, note) = maker.push(*sample);
			made.extend(draft.map(|draft| Made { meter: i, draft, before }));
			let behind = matches!(note, Some(Note::AlreadyMade { .. }));
			// Once per jump: the first sample tells.
			if note.is_some() && !(behind && meter.behind) {
				self.note(i, sample.taken_at, note);
			}
			self.meters[i].behind = behind;
		}
		made
	}

	fn note(&self, i: usize, at: u64, note: Option<Note>) {
		let detail = match note {
			None => return,
			Some(Note::WentBack { from, to }) => {
				format!("the clock went back from interval {from} to {to}; no reading was made of the former yet")
			},
			Some(Note::AlreadyMade { interval, last }) => format!(
				"the clock shows interval {interval}, and there is a reading for interval {last} already: samples are kept, \
				 and make no reading until the clock has passed it"
			),
		};
		tracing::warn!(meter = %self.site.meters[i].name, "{detail}");
		let event = Event { at, meter: Some(self.meters[i].row), kind: "clock".into(), detail };
		if let Err(error) = self.site.spool(|spool| spool.put_events(&[event])) {
			tracing::error!(%error, "an event could not be written down");
		}
	}

	/// Makes the readings of the intervals that ended before `now`.
	async fn close(&mut self, now: u64) {
		let mut made = Vec::new();
		for (i, meter) in self.meters.iter_mut().enumerate() {
			let Some(maker) = &mut meter.maker else { continue };
			let before = maker.last();
			made.extend(maker.close(now).map(|draft| Made { meter: i, draft, before }));
		}
		if !made.is_empty() {
			self.insist("keeping readings", |collector| collector.put(&made)).await;
		}
	}

	/// Signs and commits readings.
	fn put(&mut self, made: &[Made]) -> Result<(), SpoolError> {
		if made.is_empty() {
			return Ok(());
		}
		let site = self.site.clone();
		site.spool(|spool| {
			// Under the spool's lock: whoever changes a meter's number does so under it too, and signs again what is there.
			let pins = site.pins.borrow();
			let mut readings = Vec::with_capacity(made.len());
			let mut events = Vec::new();
			for Made { meter, draft, before } in made {
				let (Some(chain), Some(pin)) = (pins.chain, pins.meters[*meter]) else {
					return Err(SpoolError::Damaged(
						"a reading was made for a meter without a number".into(),
					));
				};
				let meter = &site.meters[*meter];
				let stored = StoredReading {
					meter: meter.row,
					interval: draft.interval,
					epoch: draft.epoch,
					register: draft.register,
					quality: draft.quality,
					signature: [0; 64],
					state: ReadingState::Pending,
				};
				let signature = meter.sign(&chain.genesis, &stored.reading(pin.meter));
				readings.push(NewReading { meter: meter.row, draft: *draft, signature });
				events.extend(gap(meter.row, *before, draft));
			}
			spool.put_readings(&readings, &events)
		})
		.or_else(|error| match error {
			// Cannot happen as the makers are built. If it did, the one thing never to do is a second reading.
			SpoolError::NotNewer { .. } => {
				tracing::error!(%error, "readings were thrown away");
				Ok(())
			}
			error => Err(error),
		})?;
		for Made { meter, draft, .. } in made {
			let work = &mut self.meters[*meter];
			work.signed.add(draft.epoch, draft.register, work.last_register);
			work.last_register = Some(draft.register);
			tracing::debug!(
				meter = %site.meters[*meter].name,
				interval = draft.interval,
				register = draft.register,
				quality = ?draft.quality,
				"reading signed"
			);
			site.board.update(|report| {
				let line = &mut report.meters[*meter];
				line.count(ReadingState::Pending);
				line.epoch = draft.epoch;
				line.last_interval = Some(draft.interval);
				line.first_register_mwh = work.signed.first_register;
			});
		}
		site.fresh.notify_one();
		Ok(())
	}

	/// Takes over what was learnt of the chain, and makes the readings that could not be made before.
	fn adopt(&mut self, pins: Pins) -> Result<(), SpoolError> {
		let Some(chain) = pins.chain else { return Ok(()) };
		for i in 0..self.meters.len() {
			if self.pins.chain != pins.chain {
				self.meters[i].rules =
					CounterRules::new(self.site.meters[i].nameplate, chain.interval_millis);
			}
			if pins.meters[i].is_some() && self.meters[i].maker.is_none() {
				self.catch_up(i, chain)?;
			}
		}
		self.pins = pins;
		Ok(())
	}

	fn catch_up(&mut self, i: usize, chain: ChainPin) -> Result<(), SpoolError> {
		let meter = &self.site.meters[i];
		let row = self.site.spool(|spool| spool.row(meter.row))?;
		let mut maker =
			Maker::new(Rules::new(chain.interval_millis, self.site.config.agent.poll), row.last);
		let mut after = row.cursor;
		loop {
			let page = self.site.spool(|spool| spool.samples_after(row.id, after, PAGE))?;
			let Some(end) = page.last() else { break };
			after = end.seq;
			let mut made = Vec::new();
			for sample in page {
				let before = maker.last();
				// What the clock did was written down when it did it.
				made.extend(maker.push(sample).0.map(|draft| Made { meter: i, draft, before }));
			}
			self.put(&made)?;
		}
		self.meters[i].maker = Some(maker);
		Ok(())
	}

	fn until_next_close(&self) -> Duration {
		let close = self.meters.iter().filter_map(|meter| meter.maker.as_ref()?.closes_at()).min();
		// The wall clock may jump while we sleep: look at it once in a while.
		close.map_or(Duration::from_secs(5), |at| {
			// One more millisecond, since the clock is read in whole ones.
			Duration::from_millis(at.saturating_sub(now_millis()) + 1).min(Duration::from_secs(5))
				+ GRACE
		})
	}

	fn purge(&mut self) {
		if self.purged.is_some_and(|at| at.elapsed() < PURGE_EVERY) {
			return;
		}
		let age = Duration::from_secs(86_400) * self.site.config.agent.retain_days;
		let before =
			now_millis().saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX));
		match self.site.spool(|spool| spool.purge(before, PURGE)) {
			// There may be more: go on at the next turn.
			Ok(count) if count >= PURGE => (),
			Ok(count) => {
				if count > 0 {
					tracing::info!(
						count,
						days = self.site.config.agent.retain_days,
						"old samples deleted"
					);
				}
				self.purged = Some(Instant::now());
			}
			Err(error) => {
				tracing::error!(%error, "old samples could not be deleted");
				self.purged = Some(Instant::now());
			}
		}
	}
}

/// A reading that a maker made.
#[derive(Clone, Copy)]
struct Made {
	meter: usize,
	draft: Draft,
	before: Option<Last>,
}

/// The event of the intervals without a sample between two readings.
fn gap(row: RowId, before: Option<Last>, draft: &Draft) -> Option<Event> {
	let first = before?.interval + 1;
	(first < draft.interval).then(|| Event {
		at: draft.sample.taken_at,
		meter: Some(row),
		kind: "gap".into(),
		detail: format!(
			"no good sample in the intervals {first} to {}; their energy is in the reading of interval {}",
			draft.interval - 1,
			draft.interval
		),
	})
}

#[cfg(test)]
mod tests;
