//! The desk at which a batch is judged, reading by reading.
//!
//! It remembers between readings what they share, so that a batch sorted by meter reads and writes each meter's state once,
//! asks about each miner once, and writes each node's sum of an interval once. A reading that is refused leaves no trace:
//! its rules are all asked before anything moves, the cheap ones first and the signature last.

use crate::{
	state::judge_time, Config, Credit, MeterState, MeterStates, NodeFlows, Pallet, Refusal,
};
use alloc::{collections::BTreeMap, vec::Vec};
use frame_system::pallet_prelude::BlockNumberFor;
use heliograph_primitives::{
	claim::NodeInflow,
	keys::{MeterKey, MeterSignature, OracleSet, OracleSetId},
	miner::{MeterDirectory, MeterId, MeterInfo, MinerId},
	reading::{AttestedReading, Reading, SignedReading},
	units::{Interval, INTERVALS_PER_DAY},
};
use sp_runtime::traits::Zero;

/// A reading with what proves it.
pub(crate) trait Proven {
	/// What is said.
	fn reading(&self) -> &Reading;

	/// Whether this is the kind of proof that a meter of this key needs.
	fn ensure_suits(key: &MeterKey) -> Result<(), Refusal>;

	/// Whether the meter's key, or its oracles, stand behind the reading.
	fn ensure_proven<T: Config>(
		&self,
		key: &MeterKey,
		desk: &mut Desk<'_, T>,
	) -> Result<(), Refusal>;
}

impl Proven for SignedReading {
	fn reading(&self) -> &Reading {
		&self.reading
	}

	fn ensure_suits(key: &MeterKey) -> Result<(), Refusal> {
		match key {
			MeterKey::Oracles(_) => Err(Refusal::NeedsOracles),
			_ => Ok(()),
		}
	}

	fn ensure_proven<T: Config>(
		&self,
		key: &MeterKey,
		desk: &mut Desk<'_, T>,
	) -> Result<(), Refusal> {
		let payload = self.reading.signing_payload(&desk.genesis_hash);
		key.verify(&self.signature, &payload).then_some(()).ok_or(Refusal::BadSignature)
	}
}

impl Proven for AttestedReading {
	fn reading(&self) -> &Reading {
		&self.reading
	}

	fn ensure_suits(key: &MeterKey) -> Result<(), Refusal> {
		match key {
			MeterKey::Oracles(_) => Ok(()),
			_ => Err(Refusal::NotAnOracleMeter),
		}
	}

	fn ensure_proven<T: Config>(
		&self,
		key: &MeterKey,
		desk: &mut Desk<'_, T>,
	) -> Result<(), Refusal> {
		let MeterKey::Oracles(set) = key else { return Err(Refusal::NotAnOracleMeter) };
		let payload = self.reading.signing_payload(&desk.genesis_hash);
		let oracles = desk.oracle_set(*set).ok_or(Refusal::UnknownOracleSet)?;
		agree(oracles, &self.signatures, &payload).then_some(()).ok_or(Refusal::TooFewOracles)
	}
}

/// Whether enough different oracles of the set signed `payload`.
///
/// A wrong signature, a place that the set does not have, and a second signature of the same oracle are passed over: one
/// that is wrong cannot undo the others. What is left is not looked at once enough agree.
fn agree(oracles: &OracleSet, signatures: &[(u8, MeterSignature)], payload: &[u8]) -> bool {
	let needed = u32::from(oracles.threshold.max(1));
	if (signatures.len() as u32) < needed {
		return false;
	}
	// One bit per place. A set has at most 16.
	let mut agreed = 0u32;
	for (place, signature) in signatures {
		let Some(key) = oracles.keys.get(usize::from(*place)) else { continue };
		let bit = 1u32.checked_shl(u32::from(*place)).unwrap_or(0);
		if agreed & bit == 0 && key.verify(signature, payload) {
			agreed |= bit;
			if agreed.count_ones() >= needed {
				return true;
			}
		}
	}
	false
}

/// The meter of the reading before.
struct OpenMeter {
	meter: MeterId,
	info: MeterInfo,
	state: Option<MeterState>,
	changed: bool,
}

/// Judges the readings of one batch.
pub(crate) struct Desk<'a, T: Config> {
	operator: &'a T::AccountId,
	genesis_hash: [u8; 32],
	current: Interval,
	/// Stored when another meter's turn comes, and when the desk closes.
	open: Option<OpenMeter>,
	/// The miner of the reading before, and whether this operator may submit for it.
	miner: Option<(MinerId, Result<(), Refusal>)>,
	/// The oracles of the reading before.
	oracles: Option<(OracleSetId, Option<OracleSet>)>,
	/// What this batch adds to the sums of storage nodes. At most one entry per reading.
	inflows: BTreeMap<(MinerId, Interval), NodeInflow>,
}

impl<'a, T: Config> Desk<'a, T> {
	pub(crate) fn new(operator: &'a T::AccountId) -> Self {
		Self {
			operator,
			genesis_hash: frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0,
			current: Pallet::<T>::current_interval(),
			open: None,
			miner: None,
			oracles: None,
			inflows: BTreeMap::new(),
		}
	}

	/// Accepts a reading, or says why not.
	pub(crate) fn take<R: Proven>(&mut self, proven: &R) -> Result<(), Refusal> {
		let reading = proven.reading();
		let info = self.open(reading.meter)?;
		R::ensure_suits(&info.key)?;
		if info.retired {
			return Err(Refusal::MeterRetired);
		}
		self.ensure_may_submit_for(info.miner)?;
		judge_time(reading.interval, self.current)?;
		let credit = match self.open.as_ref().and_then(|open| open.state.as_ref()) {
			Some(state) => state.judge(reading, info.nameplate)?,
			None => Credit::Base,
		};
		proven.ensure_proven(&info.key, self)?;
		self.record(reading, credit, info.node);
		Ok(())
	}

	/// Writes what was accepted.
	pub(crate) fn close(mut self) {
		self.store();
		for ((node, interval), new) in self.inflows {
			let slot = inflow_slot(interval);
			let known = NodeFlows::<T>::get(node, slot);
			if let Some(sum) = joined(known, new) {
				NodeFlows::<T>::insert(node, slot, sum);
			}
		}
	}

	/// Fetches `meter`, unless it is the one at hand.
	fn open(&mut self, meter: MeterId) -> Result<MeterInfo, Refusal> {
		if let Some(open) = self.open.as_ref().filter(|open| open.meter == meter) {
			return Ok(open.info);
		}
		let info = T::Miners::meter(meter).ok_or(Refusal::UnknownMeter)?;
		self.store();
		let state = MeterStates::<T>::get(meter);
		self.open = Some(OpenMeter { meter, info, state, changed: false });
		Ok(info)
	}

	/// Stores the meter at hand, if readings of it were accepted.
	fn store(&mut self) {
		if let Some(OpenMeter { meter, state: Some(state), changed: true, .. }) = self.open.take() {
			MeterStates::<T>::insert(meter, state);
		}
	}

	fn record(&mut self, reading: &Reading, credit: Credit, node: Option<MinerId>) {
		if let Some(open) = self.open.as_mut() {
			match open.state.as_mut() {
				Some(state) => state.apply(reading, credit, self.current),
				None => open.state = Some(MeterState::first(reading)),
			}
			open.changed = true;
		}
		let (Some(node), Credit::Measured(energy)) = (node, credit) else { return };
		let interval = reading.interval;
		if is_recent(interval, self.current) {
			let none = NodeInflow { interval, energy: 0, meters: 0 };
			let sum = self.inflows.entry((node, interval)).or_insert(none);
			// Out of reach: 2^32 meters of less than 2^32 mWh.
			sum.energy = sum.energy.saturating_add(energy.into());
			sum.meters = sum.meters.saturating_add(1);
		}
	}

	fn ensure_may_submit_for(&mut self, miner: MinerId) -> Result<(), Refusal> {
		if let Some((asked, answer)) = self.miner {
			if asked == miner {
				return answer;
			}
		}
		let answer = if !T::Miners::is_operator(self.operator, miner) {
			Err(Refusal::NotOperator)
		} else if !T::Miners::is_active(miner) {
			Err(Refusal::MinerNotActive)
		} else {
			Ok(())
		};
		self.miner = Some((miner, answer));
		answer
	}

	fn oracle_set(&mut self, set: OracleSetId) -> Option<&OracleSet> {
		if self.oracles.as_ref().map(|(asked, _)| *asked) != Some(set) {
			self.oracles = Some((set, T::Miners::oracle_set(set)));
		}
		self.oracles.as_ref().and_then(|(_, oracles)| oracles.as_ref())
	}
}

/// The slot of a node that holds the sum of `interval`.
pub(crate) fn inflow_slot(interval: Interval) -> u8 {
	(interval % INTERVALS_PER_DAY) as u8
}

/// Whether `interval` is over and lies in the last 96, while `current` runs.
pub(crate) fn is_recent(interval: Interval, current: Interval) -> bool {
	current.checked_sub(interval).is_some_and(|age| (1..=INTERVALS_PER_DAY).contains(&age))
}

/// What a slot holds after `new` came, or `None` when it is of a newer interval and stays as it is.
fn joined(known: Option<NodeInflow>, new: NodeInflow) -> Option<NodeInflow> {
	match known {
		Some(known) if known.interval > new.interval => None,
		Some(known) if known.interval == new.interval => Some(NodeInflow {
			interval: known.interval,
			energy: known.energy.saturating_add(new.energy),
			meters: known.meters.saturating_add(new.meters),
		}),
		_ => Some(new),
	}
}

/// Judges all of a batch. Returns what was refused, in the order of the batch.
pub(crate) fn judge<'r, T: Config, R: Proven>(
	operator: &T::AccountId,
	batch: &'r [R],
) -> Vec<(&'r Reading, Refusal)> {
	let mut desk = Desk::<T>::new(operator);
	let refusals = batch
		.iter()
		.filter_map(|proven| desk.take(proven).err().map(|reason| (proven.reading(), reason)))
		.collect();
	desk.close();
	refusals
}
