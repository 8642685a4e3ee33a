//! What to send, and what became of what was sent. Pure: decided from the spool and the finalised chain alone, so it comes
//! out the same after a kill at any moment.

use std::collections::{HashMap, HashSet};

use heliograph_primitives::{
	units::{plausible_energy, Interval, MAX_LATENESS},
	MeterId,
};

use crate::{
	chain::MeterState,
	spool::{Outcome, ReadingState, Settled, StoredReading},
};

/// The readings of one meter that are worth sending now, and those that are not worth sending ever.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Plan {
	/// To be sent, in order.
	pub send: Vec<StoredReading>,
	/// Certain to be refused: the fee of a batch with a bad reading is not returned, so they are not sent.
	pub refused: Vec<Outcome>,
}

/// Looks at the open `readings` of a meter, in order, as the chain will: on top of `state`, registered with `nameplate` W,
/// in the chain's interval `now`. Readings that are not newer than `state` are left to [`reconcile`].
pub fn plan(
	readings: &[StoredReading],
	state: Option<&MeterState>,
	nameplate: u32,
	now: Interval,
) -> Plan {
	let mut plan = Plan::default();
	let mut before = state.map(|state| (state.epoch, state.last_interval, state.register));
	for reading in readings {
		if before.is_some_and(|(_, interval, _)| reading.interval <= interval) {
			continue;
		}
		if let Some(reason) = certain_refusal(reading, before, nameplate, now) {
			plan.refused.push(Outcome {
				meter: reading.meter,
				interval: reading.interval,
				state: ReadingState::Refused,
				reason: Some(format!("{reason} (not sent)")),
				history: None,
			});
			continue;
		}
		before = Some((reading.epoch, reading.interval, reading.register));
		plan.send.push(*reading);
	}
	plan
}

fn certain_refusal(
	reading: &StoredReading,
	before: Option<(u16, Interval, u64)>,
	nameplate: u32,
	now: Interval,
) -> Option<&'static str> {
	if reading.interval.saturating_add(MAX_LATENESS) < now {
		return Some("TooOld");
	}
	let (epoch, interval, register) = before?;
	if reading.epoch == epoch {
		let Some(energy) = reading.register.checked_sub(register) else {
			return Some("RegisterWentBack");
		};
		return (energy > plausible_energy(nameplate, reading.interval - interval))
			.then_some("AboveNameplate");
	}
	match reading.epoch.checked_sub(epoch) {
		Some(1) => None,
		Some(_) => Some("EpochSkipped"),
		None => Some("OldEpoch"),
	}
}

/// What becomes of the open `readings` of a meter of which the chain will never take one again, for `reason`.
pub fn refuse_all(
	readings: &[StoredReading],
	state: Option<&MeterState>,
	reason: &str,
) -> Vec<Outcome> {
	readings
		.iter()
		.filter(|reading| state.is_none_or(|state| reading.interval > state.last_interval))
		.map(|reading| Outcome {
			meter: reading.meter,
			interval: reading.interval,
			state: ReadingState::Refused,
			reason: Some(format!("{reason} (not sent)")),
			history: None,
		})
		.collect()
}

/// What to do about a refusal that will not pass by itself, where the reason's name does not tell.
pub fn advice(reason: &str) -> Option<&'static str> {
	Some(match reason.trim_end_matches(" (not sent)") {
		"MeterRetired" => {
			"the meter was taken out of service on the chain, for good: take it out of the configuration; to measure here \
			 again, apply for a new meter with a new key (heliograph-agent keys application --help)"
		}
		"NeedsOracles" => {
			"on the chain this meter has no key of its own, its numbers are signed by a set of oracles: take it out of the \
			 configuration, or have the Technical Committee give it a key (miners.forceRotateMeterKey)"
		}
		"NotAnOracleMeter" | "UnknownOracleSet" | "TooFewOracles" => {
			"this is about readings that oracles signed, and this agent sends none: another program of this operator does"
		}
		"BadSignature" => {
			"the chain knows another key for this meter than the one that signed: compare `heliograph-agent keys show FILE` \
			 with miners.meters on the chain"
		}
		"UnknownMeter" => "no live miner has this meter: was the miner revoked?",
		_ => return None,
	})
}

/// A refusal's name with what to do about it.
pub fn explained(reason: &str) -> String {
	match advice(reason) {
		Some(advice) => format!("{reason}: {advice}"),
		None => reason.to_owned(),
	}
}

/// Whether a refusal may pass: the same reading can be accepted later.
pub fn may_pass(reason: &str) -> bool {
	matches!(reason, "UnknownMeter" | "NotOperator" | "MinerNotActive" | "IntervalNotOver")
}

/// What a finalised block said about a batch, for one meter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Judged {
	/// The intervals of the meter's readings in the batch.
	pub batch: HashSet<Interval>,
	/// Those that were refused, and why.
	pub refused: HashMap<Interval, String>,
}

/// What became of the open readings of the meter that the chain calls `meter`.
///
/// `open` are its open readings in order; `settled` is where spool and chain agreed last, `state` the finalised state now.
/// With the history hash it is proven which readings the chain accepted, also when nobody saw how: those whose hash is the
/// chain's. Where no choice of them has it, because somebody else submitted for the meter too, the events of the batch
/// (`judged`) tell, and without those the last register.
pub fn reconcile(
	meter: MeterId,
	open: &[StoredReading],
	settled: Option<Settled>,
	state: Option<&MeterState>,
	judged: &Judged,
) -> Vec<Outcome> {
	let refusal =
		|reading: &StoredReading| judged.refused.get(&reading.interval).map(String::as_str);
	let outcome = |reading: &StoredReading, state: ReadingState, reason: Option<&str>| Outcome {
		meter: reading.meter,
		interval: reading.interval,
		state,
		reason: reason.map(Into::into),
		history: None,
	};
	let last = state.map(|state| state.last_interval);
	let (mut outcomes, mut passed) = (Vec::new(), Vec::new());
	for reading in open {
		match refusal(reading) {
			// The chain moved past these; what that means for them is seen below.
			None | Some("Duplicate" | "IntervalNotNewer") => (),
			Some(reason) if may_pass(reason) => continue,
			Some(reason) => {
				outcomes.push(outcome(reading, ReadingState::Refused, Some(reason)));
				continue;
			}
		}
		if last.is_some_and(|last| reading.interval <= last) {
			passed.push(*reading);
		}
	}
	let Some(state) = state else { return outcomes };
	let seen = |reading: &StoredReading| {
		judged.batch.contains(&reading.interval) && refusal(reading).is_none()
	};
	let base = settled.map_or([0; 32], |settled| settled.history);
	let links = accepted(meter, base, &passed, &state.history, seen);
	for (i, reading) in passed.iter().enumerate() {
		let superseded = || {
			let reason = refusal(reading).unwrap_or("the chain moved past its interval");
			outcome(reading, ReadingState::Superseded, Some(reason))
		};
		outcomes.push(match &links {
			Some(links) => match links[i] {
				Some(history) => Outcome {
					history: Some(history),
					..outcome(reading, ReadingState::Attested, None)
				},
				None => superseded(),
			},
			None => {
				let is_last = (reading.epoch, reading.interval, reading.register)
					== (state.epoch, state.last_interval, state.register);
				match seen(reading) || is_last {
					true => outcome(reading, ReadingState::Attested, None),
					false => superseded(),
				}
			}
		});
	}
	outcomes
}

/// Which of `readings`, in order and on top of `base`, have the history hash `target`, by the hash after each that has a
/// part in it. `None` when no choice of them has it, or none was found in reasonable time.
///
/// All of them, or those that were `seen` to be accepted, are tried first: that is what nearly always happened.
pub fn accepted(
	meter: MeterId,
	base: [u8; 32],
	readings: &[StoredReading],
	target: &[u8; 32],
	seen: impl Fn(&StoredReading) -> bool,
) -> Option<Vec<Option<[u8; 32]>>> {
	/// Longer lists come from a spool that is far behind; then one of the two cases above is the truth, or nobody knows.
	const LENGTH: usize = 64;
	/// Some 50 ms of hashing.
	const STEPS: u32 = 1 << 17;
	let chosen = |take: &dyn Fn(&StoredReading) -> bool| {
		let mut history = base;
		let mut links = Vec::with_capacity(readings.len());
		for reading in readings {
			links.push(take(reading).then(|| {
				history = MeterState::extend(&history, &reading.reading(meter));
				history
			}));
		}
		(history == *target).then_some(links)
	};
	chosen(&|_| true).or_else(|| chosen(&seen)).or_else(|| {
		let (mut steps, mut links) = (STEPS, Vec::with_capacity(readings.len()));
		let found = readings.len() <= LENGTH
			&& search(meter, base, readings, target, &mut steps, &mut links);
		found.then_some(links)
	})
}

fn search(
	meter: MeterId,
	history: [u8; 32],
	readings: &[StoredReading],
	target: &[u8; 32],
	steps: &mut u32,
	links: &mut Vec<Option<[u8; 32]>>,
) -> bool {
	let Some((first, rest)) = readings.split_first() else { return history == *target };
	let Some(left) = steps.checked_sub(1) else { return false };
	*steps = left;
	let with = MeterState::extend(&history, &first.reading(meter));
	for (next, link) in [(with, Some(with)), (history, None)] {
		links.push(link);
		if search(meter, next, rest, target, steps, links) {
			return true;
		}
		links.pop();
	}
	false
}

#[cfg(test)]
mod tests {
	use super::*;
	use heliograph_primitives::Quality;
	use ReadingState::{Attested, Refused, Superseded};

	const METER: MeterId = 4;

	fn reading(interval: Interval, epoch: u16, register: u64) -> StoredReading {
		StoredReading {
			meter: 1,
			interval,
			epoch,
			register,
			quality: Quality::Measured,
			signature: [0; 64],
			state: ReadingState::Sent,
		}
	}

	/// The chain after it accepted `readings`.
	fn chain(readings: &[StoredReading]) -> Option<MeterState> {
		let last = readings.last()?;
		Some(MeterState {
			epoch: last.epoch,
			last_interval: last.interval,
			register: last.register,
			attested: 0,
			recovered: 0,
			history: readings.iter().fold([0; 32], |history, reading| {
				MeterState::extend(&history, &reading.reading(METER))
			}),
		})
	}

	fn states(outcomes: &[Outcome]) -> Vec<(Interval, ReadingState)> {
		let mut states: Vec<_> =
			outcomes.iter().map(|outcome| (outcome.interval, outcome.state)).collect();
		states.sort_by_key(|(interval, _)| *interval);
		states
	}

	fn intervals(plan: &Plan) -> (Vec<Interval>, Vec<(Interval, &str)>) {
		(
			plan.send.iter().map(|reading| reading.interval).collect(),
			plan.refused
				.iter()
				.map(|outcome| (outcome.interval, outcome.reason.as_deref().expect("always given")))
				.collect(),
		)
	}

	#[test]
	fn plan_sends_what_is_newer_than_the_finalised_state() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200), reading(8, 0, 300)];
		assert_eq!(intervals(&plan(&readings, None, 5_000, 9)).0, [5, 6, 8]);
		assert_eq!(
			intervals(&plan(&readings, chain(&readings[..2]).as_ref(), 5_000, 9)),
			(vec![8], vec![])
		);
		assert_eq!(plan(&readings, chain(&readings).as_ref(), 5_000, 9), Plan::default());
	}

	#[test]
	fn plan_holds_back_what_the_chain_would_refuse() {
		// 1 kW may bring 275,000 mWh an interval.
		let base = chain(&[reading(10, 1, 1_000_000)]);
		let judge =
			|readings: &[StoredReading]| plan(readings, base.as_ref(), 1_000, 11 + MAX_LATENESS);
		let above = judge(&[reading(11, 1, 1_275_001), reading(12, 1, 1_550_000)]);
		assert_eq!(intervals(&above), (vec![12], vec![(11, "AboveNameplate (not sent)")]));
		let back = judge(&[reading(11, 1, 999_999)]);
		assert_eq!(intervals(&back), (vec![], vec![(11, "RegisterWentBack (not sent)")]));
		let skipped = judge(&[reading(11, 3, 5), reading(12, 2, 5), reading(13, 3, 5)]);
		assert_eq!(intervals(&skipped), (vec![12, 13], vec![(11, "EpochSkipped (not sent)")]));
		assert_eq!(intervals(&judge(&[reading(11, 0, 5)])).1, [(11, "OldEpoch (not sent)")]);
		let old = plan(&[reading(9, 0, 5), reading(10, 0, 6)], None, 1_000, 10 + MAX_LATENESS);
		assert_eq!(intervals(&old), (vec![10], vec![(9, "TooOld (not sent)")]));
	}

	#[test]
	fn lost_answer_is_made_up_for_by_the_history_hash() {
		// Killed after the batch went out; the chain took all of it.
		let readings = [reading(5, 0, 100), reading(6, 0, 200), reading(8, 1, 3), reading(9, 1, 4)];
		let outcomes =
			reconcile(METER, &readings, None, chain(&readings[..3]).as_ref(), &Judged::default());
		assert_eq!(states(&outcomes), [(5, Attested), (6, Attested), (8, Attested)]);
	}

	#[test]
	fn history_hash_goes_on_from_where_it_was_settled() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200), reading(7, 0, 300)];
		let before = chain(&readings[..1]).expect("a state");
		let settled = Settled { interval: before.last_interval, history: before.history };
		let now = chain(&readings).expect("a state");
		let outcomes =
			reconcile(METER, &readings[1..], Some(settled), Some(&now), &Judged::default());
		assert_eq!(states(&outcomes), [(6, Attested), (7, Attested)]);
	}

	#[test]
	fn reading_that_the_chain_never_saw_is_superseded() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200), reading(7, 0, 300)];
		// The chain accepted 5 and 7.
		let state = chain(&[readings[0], readings[2]]);
		let outcomes = reconcile(METER, &readings, None, state.as_ref(), &Judged::default());
		assert_eq!(states(&outcomes), [(5, Attested), (6, Superseded), (7, Attested)]);
		let state = state.expect("a state");
		assert_eq!(outcomes.last().and_then(|outcome| outcome.history), Some(state.history));
		// Somebody else submitted, too: that 5 was accepted cannot be proven; that 7 was is plain.
		let foreign = MeterState { history: [9; 32], ..state };
		let outcomes = reconcile(METER, &readings, None, Some(&foreign), &Judged::default());
		assert_eq!(states(&outcomes), [(5, Superseded), (6, Superseded), (7, Attested)]);
		assert!(outcomes.iter().all(|outcome| outcome.history.is_none()));
	}

	#[test]
	fn each_accepted_reading_comes_with_the_hash_after_it() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200), reading(7, 0, 300)];
		let outcomes =
			reconcile(METER, &readings, None, chain(&readings).as_ref(), &Judged::default());
		for (i, outcome) in outcomes.iter().enumerate() {
			assert_eq!(outcome.history, chain(&readings[..=i]).map(|state| state.history));
		}
	}

	#[test]
	fn search_for_the_accepted_ones_ends_when_nothing_fits() {
		let readings: Vec<_> = (0..64).map(|i| reading(i, 0, u64::from(i))).collect();
		assert_eq!(accepted(METER, [0; 32], &readings, &[9; 32], |_| false), None);
		let many: Vec<_> = (0..1_000).map(|i| reading(i, 0, u64::from(i))).collect();
		assert_eq!(accepted(METER, [0; 32], &many, &[9; 32], |_| false), None);
		let all = chain(&many).expect("a state").history;
		assert!(accepted(METER, [0; 32], &many, &all, |_| false).is_some());
	}

	#[test]
	fn refusal_for_good_takes_all_that_is_newer_than_the_chain() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200)];
		let outcomes = refuse_all(&readings, chain(&readings[..1]).as_ref(), "MeterRetired");
		assert_eq!(states(&outcomes), [(6, Refused)]);
		assert_eq!(outcomes[0].reason.as_deref(), Some("MeterRetired (not sent)"));
		assert_eq!(
			states(&refuse_all(&readings, None, "NeedsOracles")),
			[(5, Refused), (6, Refused)]
		);
	}

	#[test]
	fn refusal_that_does_not_pass_says_what_to_do() {
		for reason in [
			"MeterRetired",
			"MeterRetired (not sent)",
			"NeedsOracles",
			"NotAnOracleMeter",
			"UnknownOracleSet",
			"TooFewOracles",
			"BadSignature",
		] {
			assert!(!may_pass(reason), "{reason}");
			let text = explained(reason);
			assert!(text.starts_with(reason) && text.len() > reason.len() + 20, "{text}");
		}
		assert_eq!(explained("TooOld"), "TooOld");
	}

	#[test]
	fn refusal_in_the_block_is_final_unless_it_may_pass() {
		let readings =
			[reading(5, 0, 100), reading(6, 0, 200), reading(7, 0, 300), reading(8, 0, 400)];
		let judged = Judged {
			batch: [5, 6, 7, 8].into(),
			refused: [(6, "BadSignature".to_owned()), (8, "IntervalNotOver".to_owned())].into(),
		};
		let state = chain(&[readings[0], readings[2]]);
		let outcomes = reconcile(METER, &readings, None, state.as_ref(), &judged);
		assert_eq!(states(&outcomes), [(5, Attested), (6, Refused), (7, Attested)]);
		assert_eq!(
			outcomes.iter().find_map(|outcome| outcome.reason.as_deref()),
			Some("BadSignature")
		);
		// All refused, and the chain still knows nothing of the meter.
		let refused = [5, 6, 7, 8].map(|interval| (interval, "BadSignature".to_owned())).into();
		let judged = Judged { batch: judged.batch, refused };
		let outcomes = reconcile(METER, &readings, None, None, &judged);
		assert_eq!(states(&outcomes), [(5, Refused), (6, Refused), (7, Refused), (8, Refused)]);
	}

	#[test]
	fn duplicate_is_an_accepted_reading() {
		// Sent twice: the first batch was accepted in the meantime.
		let readings = [reading(5, 0, 100), reading(6, 0, 200)];
		let refused = [(5, "IntervalNotNewer".to_owned()), (6, "Duplicate".to_owned())].into();
		let judged = Judged { batch: [5, 6].into(), refused };
		let outcomes = reconcile(METER, &readings, None, chain(&readings).as_ref(), &judged);
		assert_eq!(states(&outcomes), [(5, Attested), (6, Attested)]);
	}

	#[test]
	fn events_decide_when_another_agent_wrote_the_history() {
		let readings = [reading(5, 0, 100), reading(6, 0, 200)];
		let mut state = chain(&readings).expect("a state");
		state.history = [9; 32];
		let judged = Judged { batch: [5, 6].into(), refused: HashMap::new() };
		let outcomes = reconcile(METER, &readings, None, Some(&state), &judged);
		assert_eq!(states(&outcomes), [(5, Attested), (6, Attested)]);
	}
}
