//! What a session does for the meters: finds them on the chain, sends their readings, settles what became of them.

use std::{
	collections::{HashMap, HashSet},
	sync::Arc,
	time::{Duration, Instant},
};

use heliograph_primitives::{
	units::{interval_at, Interval},
	MeterKey, SignedReading,
};
use sp_core::Pair;

use super::{SessionError, QUIET};
use crate::{
	backoff::Backoff,
	chain::{At, Chain, ChainError, Judgement, KeyUse, MeterOnChain, Registration},
	interval::{Last, Origin},
	keys::{self, SigningKey},
	metrics,
	settle::{self, Judged},
	site::{ChainPin, Site},
	spool::{
		Checkpoint, Event, MeterPin, Outcome, ReadingState, RowId, Settled, SpoolError,
		StoredReading,
	},
	status::{now_millis, saturate},
};

/// Readings in a batch. Half of what the chain takes, so that a batch fits beside others in a block.
const BATCH: usize = 256;

/// How often a meter that is not admitted is looked for.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// How often the meters are looked at while nothing is submitted: what the status page says of them may have changed.
const LOOK_AROUND: Duration = Duration::from_secs(15);

/// How long a meter is left alone whose readings the chain would not take at present.
const HOLD: Duration = Duration::from_secs(6);

/// How long a batch of before may keep a new one waiting. Longer than it stays valid.
const ORPHAN: Duration = Duration::from_secs(600);

/// How far the two clocks may differ before somebody is told.
const SKEW_MILLIS: u64 = 60_000;

/// What a session works with.
pub(super) struct Work<'a> {
	site: &'a Arc<Site>,
	chain: Chain,
	pin: ChainPin,
	backoff: Backoff,
	/// After a batch that was not taken: when to send the next one.
	resume_at: Option<Instant>,
	/// Since when a batch of before may still be under way.
	orphan: Option<Instant>,
	/// Meters that are left alone until a moment.
	hold: HashMap<usize, Instant>,
	/// Meters whose key the spool has written down in this session.
	remembered: HashSet<usize>,
	looked: Instant,
	/// When all meters were looked at last.
	looked_around: Instant,
	skewed: bool,
}

/// A meter in the making of a batch.
struct Candidate {
	meter: usize,
	number: u32,
	open: Vec<StoredReading>,
}

impl<'a> Work<'a> {
	/// Begins to work for `site` on `chain`.
	pub(super) fn new(
		site: &'a Arc<Site>,
		chain: Chain,
		pin: ChainPin,
	) -> Result<Self, SpoolError> {
		// What was sent and not settled may be in a pool or in a block that is not final.
		let orphan = site.spool(|spool| spool.any_sent())?.then(Instant::now);
		Ok(Self {
			site,
			chain,
			pin,
			backoff: Backoff::new(Duration::from_secs(1), Duration::from_secs(120)),
			resume_at: None,
			orphan,
			hold: HashMap::new(),
			remembered: HashSet::new(),
			looked: Instant::now(),
			looked_around: Instant::now(),
			skewed: false,
		})
	}

	/// Asks the node whether it is there.
	pub(super) async fn ping(&self) -> Result<(), ChainError> {
		self.chain.ping().await
	}

	/// Does what can be done now.
	pub(super) async fn turn(&mut self) -> Result<(), SessionError> {
		let missing: Vec<_> = self
			.site
			.pins
			.borrow()
			.meters
			.iter()
			.enumerate()
			.filter(|(_, pin)| pin.is_none())
			.map(|(i, _)| i)
			.collect();
		if !missing.is_empty() && self.looked.elapsed() >= LOOK_AGAIN {
			let at = self.chain.finalised().await?;
			self.look_for(&at, missing).await?;
		}
		while self.submit().await? {}
		if self.looked_around.elapsed() >= LOOK_AROUND {
			let at = self.chain.finalised().await?;
			self.look_at_all(&at).await?;
		}
		Ok(())
	}

	/// Looks on the chain for the numbers of `meters` by their keys.
	pub(super) async fn look_for(
		&mut self,
		at: &At,
		meters: Vec<usize>,
	) -> Result<(), SessionError> {
		self.looked = Instant::now();
		// A meter may have several keys on file: it is found by any of them that the chain ever knew for it.
		let mut rings = Vec::with_capacity(meters.len());
		for i in meters {
			match self.site.meters[i].ring() {
				Ok(ring) => rings.push((i, ring)),
				Err(error) => self.trouble(i, error.to_string()),
			}
		}
		let keys: Vec<_> =
			rings.iter().flat_map(|(_, ring)| ring.iter().map(SigningKey::public)).collect();
		let mut uses = at.key_uses(&keys).await?.into_iter();
		let mut found = Vec::new();
		for (i, ring) in rings {
			let uses: Vec<_> = uses.by_ref().take(ring.len()).flatten().collect();
			let is_current = |usage: &&KeyUse| matches!(usage, KeyUse::Meter(_));
			let meter = uses.iter().rev().find(is_current).or(uses.last()).and_then(KeyUse::meter);
			match (meter, uses.last()) {
				(Some(number), _) => found.push((i, number, ring)),
				(None, Some(KeyUse::Application(number))) => {
					self.trouble(i, format!("application {number} waits for the Technical Committee"))
				}
				(None, Some(usage)) => {
					self.trouble(i, format!("the chain uses its key for something else: {usage:?}"))
				}
				(None, None) => self.trouble(
					i,
					"its key is not registered on the chain: apply for it (heliograph-agent keys application --help)".into(),
				),
			}
		}
		let numbers: Vec<_> = found.iter().map(|(_, number, _)| *number).collect();
		let registrations = at.registrations(&numbers).await?;
		let mut new = Vec::new();
		for ((i, number, ring), registration) in found.into_iter().zip(registrations) {
			let Some(registration) = registration else {
				self.trouble(i, format!("the chain knows its key and not its number {number}"));
				continue;
			};
			let pin = MeterPin {
				meter: number,
				miner: registration.miner,
				nameplate: registration.nameplate,
			};
			if self.site.pins.borrow().meters[i] == Some(pin) {
				// What changed of its key is seen when its state is looked at, after it was settled.
				continue;
			}
			match ring.into_iter().find(|key| Some(key.public()) == registration.key) {
				Some(key) => {
					self.use_key(i, key, number)?;
					new.push((i, pin));
				}
				// Without a number no reading is made, hence none is signed.
				None => self.trouble(i, self.no_key(i, number, &registration)),
			}
		}
		let asked: Vec<_> = new.iter().map(|(_, pin)| (pin.meter, pin.miner)).collect();
		let on_chain = at.meters(&self.site.operator.public().0, &asked).await?;
		for ((i, pin), on_chain) in new.into_iter().zip(on_chain) {
			self.pin_meter(i, pin, &on_chain)?;
			self.show(i, &on_chain);
		}
		Ok(())
	}

	fn pin_meter(
		&self,
		i: usize,
		pin: MeterPin,
		on_chain: &MeterOnChain,
	) -> Result<(), SessionError> {
		let meter = &self.site.meters[i];
		let genesis = self.pin.genesis;
		// A spool that knows no reading of this meter goes on from what the chain has.
		let state = on_chain.state.as_ref();
		let last = state.map(|state| Last {
			interval: state.last_interval,
			epoch: state.epoch,
			origin: Origin::Register(state.register),
		});
		self.site.spool(|spool| {
			let is_new = spool.row(meter.row)?.last.is_none();
			spool.pin_meter(meter.row, pin, last, |reading| {
				meter.sign(&genesis, &reading.reading(pin.meter))
			})?;
			if let Some(state) = state.filter(|_| is_new) {
				let settled = Settled { interval: state.last_interval, history: state.history };
				let checkpoint = Checkpoint { meter: meter.row, settled, block: on_chain.block };
				spool.settle(&[], &[checkpoint], &[])?;
			}
			// Under the spool's lock, as the collector expects it.
			self.site.pins.send_modify(|pins| pins.meters[i] = Some(pin));
			Ok::<_, SpoolError>(())
		})?;
		self.site.board.update(|report| report.meters[i].chain_meter = Some(pin.meter));
		tracing::info!(meter = %meter.name, number = pin.meter, miner = pin.miner, "found on the chain");
		if pin.nameplate != meter.nameplate {
			tracing::warn!(
				meter = %meter.name,
				configured = meter.nameplate,
				registered = pin.nameplate,
				"the nameplate in the configuration is not the registered one; the chain judges by the latter"
			);
		}
		Ok(())
	}

	/// Reads the state of all meters that have a number, and settles what it says.
	pub(super) async fn look_at_all(&mut self, at: &At) -> Result<(), SessionError> {
		self.looked_around = Instant::now();
		let candidates = self.candidates(|_| true, Vec::new());
		let on_chain = self.ask(at, &candidates).await?;
		for (candidate, on_chain) in candidates.iter().zip(&on_chain) {
			self.settle(candidate, on_chain, &Judged::default())?;
			self.follow_key(candidate, on_chain)?;
			self.show(candidate.meter, on_chain);
		}
		Ok(())
	}

	/// Goes over to the key that the finalised chain knows for a meter, when it is on file. Tells whether the open readings
	/// were signed again. They are to be settled before: the chain may have taken them with the old signatures.
	fn follow_key(
		&mut self,
		candidate: &Candidate,
		on_chain: &MeterOnChain,
	) -> Result<bool, SessionError> {
		let (i, meter) = (candidate.meter, &self.site.meters[candidate.meter]);
		let Some(key) = on_chain.registration.and_then(|registration| registration.key) else {
			return Ok(false);
		};
		let before = meter.public();
		if key == before {
			if self.remembered.insert(i) {
				self.site.spool(|spool| spool.remember_key(meter.row, &key))?;
			}
			return Ok(false);
		}
		// A file that cannot be used shows as a key that is not there.
		let ring = meter.ring().unwrap_or_default();
		let Some(new) = ring.into_iter().find(|new| new.public() == key) else { return Ok(false) };
		let detail = format!(
			"the chain has replaced the key of meter {}: 0x{} signs from now on, and has signed again what was open",
			candidate.number,
			hex::encode(new.public_bytes())
		);
		self.site.spool(|spool| spool.remember_key(meter.row, &before))?;
		self.use_key(i, new, candidate.number)?;
		tracing::info!(meter = %meter.name, "{detail}");
		let event = Event { at: now_millis(), meter: Some(meter.row), kind: "key".into(), detail };
		self.site.spool(|spool| spool.put_events(&[event]))?;
		Ok(true)
	}

	/// Lets `key` sign for a meter, which the chain knows for it. The spool comes first, and both at once for whoever makes
	/// readings: that is done under the spool's lock.
	fn use_key(&self, i: usize, key: SigningKey, number: u32) -> Result<(), SpoolError> {
		let (meter, genesis) = (&self.site.meters[i], self.pin.genesis);
		let public = key.public();
		self.site.spool(|spool| {
			if meter.public() == public {
				return spool.remember_key(meter.row, &public);
			}
			spool.adopt_key(meter.row, &public, &key.public_bytes(), |reading| {
				key.sign(&reading.reading(number).signing_payload(&genesis))
			})?;
			meter.use_key(key);
			Ok(())
		})
	}

	/// What to say when no key on file is the one that the chain knows.
	fn no_key(&self, i: usize, number: u32, registration: &Registration) -> String {
		let file = self.site.meters[i].key_file.display();
		match registration.key {
			Some(MeterKey::Oracles(_)) => settle::explained("NeedsOracles"),
			Some(MeterKey::Ed25519(key) | MeterKey::Sr25519(key)) => missing_key(number, &key, file),
			Some(MeterKey::Ecdsa(key)) => missing_key(number, &key, file),
			None => format!(
				"meter {number} has a key of a kind that this version does not know: run a newer heliograph-agent"
			),
		}
	}

	fn candidates(
		&self,
		wanted: impl Fn(usize) -> bool,
		open: Vec<StoredReading>,
	) -> Vec<Candidate> {
		let mut by_row: HashMap<RowId, Vec<StoredReading>> = HashMap::new();
		for reading in open {
			by_row.entry(reading.meter).or_default().push(reading);
		}
		let pins = self.site.pins.borrow();
		pins.meters
			.iter()
			.enumerate()
			.filter(|(i, _)| wanted(*i))
			.filter_map(|(i, pin)| {
				let open = by_row.remove(&self.site.meters[i].row).unwrap_or_default();
				Some(Candidate { meter: i, number: pin.as_ref()?.meter, open })
			})
			.collect()
	}

	async fn ask(
		&self,
		at: &At,
		candidates: &[Candidate],
	) -> Result<Vec<MeterOnChain>, SessionError> {
		let asked: Vec<_> = {
			let pins = self.site.pins.borrow();
			let miner = |i: usize| pins.meters[i].map_or(0, |pin| pin.miner);
			candidates.iter().map(|candidate| (candidate.number, miner(candidate.meter))).collect()
		};
		Ok(at.meters(&self.site.operator.public().0, &asked).await?)
	}

	/// Sends one batch, if there is anything to send, and waits for what becomes of it. True when there may be more to do
	/// at once.
	async fn submit(&mut self) -> Result<bool, SessionError> {
		let now = Instant::now();
		self.hold.retain(|_, until| *until > now);
		if self.resume_at.is_some_and(|at| at > now) {
			return Ok(false);
		}
		let rows: Vec<RowId> = self
			.candidates(|i| !self.hold.contains_key(&i), Vec::new())
			.iter()
			.map(|candidate| self.site.meters[candidate.meter].row)
			.collect();
		if rows.is_empty() || self.site.spool(|spool| spool.oldest_open())?.is_none() {
			return Ok(false);
		}
		let clock = self.chain.best_millis().await?;
		self.compare_clocks(clock);
		let current = interval_at(clock, self.pin.interval_millis);
		let open = self.site.spool(|spool| spool.open_readings(&rows, current, BATCH))?;
		if open.is_empty() {
			return Ok(false);
		}
		let with_open: Vec<_> =
			open.iter().filter_map(|reading| self.site.index_of(reading.meter)).collect();
		let candidates = self.candidates(|i| with_open.contains(&i), open);
		let at = self.chain.finalised().await?;
		let on_chain = self.ask(&at, &candidates).await?;
		let (batch, settled) = self.plan(&candidates, &on_chain, current)?;
		if batch.is_empty() {
			return Ok(settled);
		}
		if self.waits_for_orphan(&at).await? {
			return Ok(false);
		}
		self.send(&at, &candidates, batch).await
	}

	/// Settles what the finalised state says already, and picks the readings to send. Also tells whether any were settled.
	fn plan(
		&mut self,
		candidates: &[Candidate],
		on_chain: &[MeterOnChain],
		current: Interval,
	) -> Result<(Vec<(usize, StoredReading)>, bool), SessionError> {
		let mut batch = Vec::new();
		let mut settled = false;
		for (candidate, on_chain) in candidates.iter().zip(on_chain) {
			let i = candidate.meter;
			settled |= self.settle(candidate, on_chain, &Judged::default())?;
			if self.follow_key(candidate, on_chain)? {
				// What is at hand has the old signatures.
				settled = true;
				continue;
			}
			let registration = on_chain.registration.as_ref();
			if let Some(reason) = registration.and_then(Registration::refuses_for_good) {
				let refused = settle::refuse_all(&candidate.open, on_chain.state.as_ref(), reason);
				settled |= !refused.is_empty();
				self.write_down(i, refused, None)?;
			}
			if !self.show(i, on_chain) {
				self.hold.insert(i, Instant::now() + HOLD);
				continue;
			}
			let nameplate = self.site.pins.borrow().meters[i].map_or(0, |pin| pin.nameplate);
			let plan = settle::plan(&candidate.open, on_chain.state.as_ref(), nameplate, current);
			settled |= !plan.refused.is_empty();
			self.write_down(i, plan.refused, None)?;
			batch.extend(plan.send.into_iter().map(|reading| (i, reading)));
		}
		Ok((batch, settled))
	}

	/// Whether a batch of before is still on its way into the chain.
	async fn waits_for_orphan(&mut self, at: &At) -> Result<bool, SessionError> {
		let Some(since) = self.orphan else { return Ok(false) };
		let operator = self.site.operator.public().0;
		let under_way = self.chain.next_index(&operator).await? > at.nonce(&operator).await?;
		if under_way && since.elapsed() < ORPHAN {
			tracing::debug!("a batch of before is on its way; waiting for it");
			return Ok(true);
		}
		self.orphan = None;
		Ok(false)
	}

	async fn send(
		&mut self,
		at: &At,
		candidates: &[Candidate],
		batch: Vec<(usize, StoredReading)>,
	) -> Result<bool, SessionError> {
		let sent: Vec<_> = batch
			.iter()
			.map(|(_, reading)| Outcome {
				meter: reading.meter,
				interval: reading.interval,
				state: ReadingState::Sent,
				reason: None,
				history: None,
			})
			.collect();
		self.site.spool(|spool| spool.settle(&sent, &[], &[]))?;
		let number = |i: usize| {
			candidates
				.iter()
				.find(|candidate| candidate.meter == i)
				.map(|candidate| candidate.number)
		};
		let readings: Vec<_> = batch
			.iter()
			.filter_map(|(i, stored)| {
				Some(SignedReading {
					reading: stored.reading(number(*i)?),
					signature: stored.signature,
				})
			})
			.collect();
		tracing::debug!(readings = readings.len(), "batch on its way");
		let judgement = match self.submit_to_live_node(at, &readings).await {
			Ok(judgement) => judgement,
			Err(error) => {
				metrics::submitted(if error.is_about_the_batch() { "rejected" } else { "lost" });
				self.orphan = Some(Instant::now());
				if !error.is_about_the_batch() {
					return Err(error.into());
				}
				self.pause(error.to_string());
				return Ok(false);
			}
		};
		if let Some(error) = &judgement.failed {
			metrics::submitted("failed");
			self.pause(format!(
				"the chain refused the batch: {error}; the operator is {}",
				keys::address(&self.site.operator.public().0.into())
			));
			return Ok(false);
		}
		metrics::submitted("finalised");
		let then = self.chain.at(judgement.block).await?;
		let on_chain = self.ask(&then, candidates).await?;
		let mut must_wait = false;
		for (candidate, on_chain) in candidates.iter().zip(&on_chain) {
			// Refused because the key was replaced while the batch was on its way: signed again, they are as good as before.
			let key = on_chain.registration.and_then(|registration| registration.key);
			let is_rotated =
				key.is_some_and(|key| key != self.site.meters[candidate.meter].public());
			let refused: HashMap<_, _> = judgement
				.refused
				.iter()
				.filter(|refused| refused.meter == candidate.number)
				.map(|refused| (refused.interval, refused.reason.clone()))
				.collect();
			let comes_again = |interval: &Interval| {
				is_rotated && refused.get(interval).is_some_and(|reason| reason == "BadSignature")
			};
			let judged = Judged {
				batch: batch
					.iter()
					.filter(|(i, _)| *i == candidate.meter)
					.map(|(_, reading)| reading.interval)
					.filter(|interval| !comes_again(interval))
					.collect(),
				refused: refused
					.iter()
					.filter(|(interval, _)| !comes_again(interval))
					.map(|(interval, reason)| (*interval, reason.clone()))
					.collect(),
			};
			self.settle(candidate, on_chain, &judged)?;
			self.follow_key(candidate, on_chain)?;
			self.show(candidate.meter, on_chain);
			if let Some(reason) = judged.refused.values().find(|reason| settle::may_pass(reason)) {
				must_wait = true;
				self.trouble(
					candidate.meter,
					format!("the chain does not take its readings at present: {reason}"),
				);
			}
		}
		tracing::info!(
			readings = readings.len(),
			refused = judgement.refused.len(),
			block = then.number(),
			"batch finalised"
		);
		if must_wait {
			// A refused reading costs the fee: not again at once.
			self.resume_at = Some(Instant::now() + self.backoff.pause());
			return Ok(false);
		}
		self.backoff.reset();
		self.site.board.update(|report| report.chain.trouble.clear());
		Ok(true)
	}

	/// Submits, and asks the node once in a while whether it is there: waiting for a dead one could take very long.
	async fn submit_to_live_node(
		&self,
		at: &At,
		readings: &[SignedReading],
	) -> Result<Judgement, ChainError> {
		let submission = self.chain.submit(at, &self.site.operator, readings);
		tokio::pin!(submission);
		loop {
			tokio::select! {
				judgement = &mut submission => return judgement,
				() = tokio::time::sleep(QUIET) => self.chain.ping().await?,
			}
		}
	}

	/// Writes down what became of the open readings of a meter. Tells whether any is settled now.
	fn settle(
		&self,
		candidate: &Candidate,
		on_chain: &MeterOnChain,
		judged: &Judged,
	) -> Result<bool, SessionError> {
		let meter = &self.site.meters[candidate.meter];
		let until = on_chain.state.as_ref().map(|state| state.last_interval);
		let outcomes = self.site.spool(|spool| {
			let row = spool.row(meter.row)?;
			// All open ones that the chain passed, not only those of the batch; and the batch, which it may have refused.
			let until = judged.batch.iter().copied().chain(until).max();
			let open = until.map_or(Ok(Vec::new()), |until| spool.open_until(meter.row, until))?;
			Ok::<_, SpoolError>(settle::reconcile(
				candidate.number,
				&open,
				row.settled,
				on_chain.state.as_ref(),
				judged,
			))
		})?;
		let any = !outcomes.is_empty();
		let checkpoint = on_chain.state.as_ref().map(|state| Checkpoint {
			meter: meter.row,
			settled: Settled { interval: state.last_interval, history: state.history },
			block: on_chain.block,
		});
		self.write_down(candidate.meter, outcomes, checkpoint)?;
		Ok(any)
	}

	fn write_down(
		&self,
		i: usize,
		outcomes: Vec<Outcome>,
		checkpoint: Option<Checkpoint>,
	) -> Result<(), SessionError> {
		let meter = &self.site.meters[i];
		let mut events = Vec::new();
		for outcome in &outcomes {
			let reason = settle::explained(outcome.reason.as_deref().unwrap_or_default());
			match outcome.state {
				ReadingState::Refused | ReadingState::Superseded => {
					let (kind, interval) = (outcome.state.name(), outcome.interval);
					tracing::warn!(meter = %meter.name, interval, reason, "reading {kind}");
					events.push(Event {
						at: now_millis(),
						meter: Some(meter.row),
						kind: kind.into(),
						detail: format!("the reading of interval {interval}: {reason}"),
					});
				}
				_ => {
					tracing::debug!(meter = %meter.name, interval = outcome.interval, "reading attested")
				}
			}
		}
		let checkpoints: Vec<_> = checkpoint.into_iter().collect();
		if outcomes.is_empty() && checkpoints.is_empty() {
			return Ok(());
		}
		self.site.spool(|spool| {
			let known = spool.row(meter.row)?.settled;
			let is_known = |checkpoint: &Checkpoint| Some(checkpoint.settled) == known;
			if outcomes.is_empty() && checkpoints.iter().all(is_known) {
				return Ok(());
			}
			spool.settle(&outcomes, &checkpoints, &events)
		})?;
		self.site.board.update(|report| {
			let line = &mut report.meters[i];
			for outcome in outcomes {
				line.count(outcome.state);
				if outcome.state == ReadingState::Refused {
					line.last_refusal = outcome.reason;
				}
			}
		});
		Ok(())
	}

	/// Shows what the chain says of a meter. Tells whether its readings can be submitted.
	fn show(&self, i: usize, on_chain: &MeterOnChain) -> bool {
		let miner = self.site.pins.borrow().meters[i].map_or(0, |pin| pin.miner);
		let trouble = match on_chain.status.as_deref() {
			None => format!("there is no miner {miner} on the chain any more"),
			Some("Active") if on_chain.operated => self.key_trouble(i, on_chain),
			Some("Active") => format!(
				"{} may not submit for miner {miner}: its owner has to call miners.addOperator",
				keys::address(&self.site.operator.public().0.into())
			),
			Some("Revoked") => format!(
				"miner {miner} was revoked by the Technical Committee: the chain takes no reading of its meters any more"
			),
			Some(status) => format!("miner {miner} is {}", status.to_lowercase()),
		};
		let fine = trouble.is_empty();
		if let Some(state) = &on_chain.state {
			self.site.board.update(|report| {
				let line = &mut report.meters[i];
				line.attested_mwh = Some(saturate(state.attested));
				line.recovered_mwh = Some(saturate(state.recovered));
			});
		} else {
			self.site.board.update(|report| report.meters[i].attested_mwh = Some(0));
		}
		self.trouble(i, trouble);
		fine
	}

	/// What stands in the way of readings signed with the meter's key; empty when nothing does.
	fn key_trouble(&self, i: usize, on_chain: &MeterOnChain) -> String {
		let number = self.site.pins.borrow().meters[i].map_or(0, |pin| pin.meter);
		match on_chain.registration {
			None => format!("meter {number} is not registered on the chain any more"),
			Some(registration) => match registration.refuses_for_good() {
				Some(reason) => settle::explained(reason),
				None if registration.key == Some(self.site.meters[i].public()) => String::new(),
				None => self.no_key(i, number, &registration),
			},
		}
	}

	fn trouble(&self, i: usize, trouble: String) {
		self.site.board.update(|report| {
			let line = &mut report.meters[i];
			if line.chain_trouble != trouble {
				match trouble.is_empty() {
					true => tracing::info!(meter = line.name, "its readings can be submitted"),
					false => tracing::warn!(meter = line.name, "{trouble}"),
				}
				line.chain_trouble = trouble;
			}
		});
	}

	fn pause(&mut self, trouble: String) {
		let pause = self.backoff.pause();
		tracing::warn!("{trouble}; trying again in {:.1} s", pause.as_secs_f64());
		self.site.board.update(|report| report.chain.trouble = trouble);
		self.resume_at = Some(Instant::now() + pause);
	}

	fn compare_clocks(&mut self, chain: u64) {
		let here = now_millis();
		// A chain that stands still for a while is not a wrong clock; one that is ahead of us is, and so is a long delay.
		let allowed = SKEW_MILLIS.max(2 * self.pin.interval_millis);
		let skewed = here.abs_diff(chain) > allowed;
		if skewed && !self.skewed {
			let detail = format!(
				"the clock here shows {here} ms since 1970 and the chain's {chain}: set this machine's clock (NTP), or look why \
				 the chain stands still"
			);
			tracing::warn!("{detail}");
			let event = Event { at: here, meter: None, kind: "skew".into(), detail };
			if let Err(error) = self.site.spool(|spool| spool.put_events(&[event])) {
				tracing::error!(%error, "an event could not be written down");
			}
		}
		self.skewed = skewed;
	}
}

fn missing_key(number: u32, key: &[u8], file: impl std::fmt::Display) -> String {
	format!(
		"the chain knows the key 0x{} for meter {number}, and it is neither in {file} nor beside it: put its file there as \
		 {file}.rotated-N; if it is lost, the Technical Committee can replace it (heliograph-agent keys rotate --help)",
		hex::encode(key)
	)
}
