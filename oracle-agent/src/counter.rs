//! What a meter's register may be believed to say.
//!
//! A register only ever grows, and no faster than its nameplate allows. Whatever contradicts that is held back:
//!
//! - A register **above** what the nameplate allows since the last good read is held until it is plausible. The chain
//!   judges by the same bound, so a reading made of it would be refused there.
//! - A register that **fell** is quarantined, and the old one stays the base. If it comes back, the dip never was, and
//!   no energy is counted for it: 35.6, 0, 35.6 kWh is not 35.6 kWh.
//! - If it stays down, that is a reset. Three reads, at least [`CounterRules::confirm_after`] apart, none below the one
//!   before it, none faster than the nameplate, all with one serial number, open a new **epoch**. An epoch's first
//!   register is its base and is worth nothing.
//! - Another **serial number** is another device, whose register says nothing about the old one's. It is quarantined in
//!   the same way, also when its register happens to look plausible.
//!
//! Elapsed time is measured on the monotonic clock, and on the wall clock across a restart only. No I/O happens here.

use crate::model::{Missing, Sample};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// How many agreeing reads make a new epoch.
const CONFIRMATIONS: u8 = 3;

/// What is known of a counter. Kept with the samples, so that a restart changes nothing.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Default)]
pub struct CounterState {
	/// Counts the register's resets.
	pub epoch: u16,
	/// The last register that was believed, in mWh.
	pub register: Option<u64>,
	/// When it was, by the wall clock, in milliseconds since 1970 UTC.
	pub taken_at: u64,
	/// The serial number of the device that it is from.
	pub serial: Option<String>,
	/// The same moment on this process's monotonic clock.
	#[serde(skip)]
	anchor: Option<Anchor>,
	/// A reset that waits for its confirmation. A restart makes it wait from the beginning.
	#[serde(skip)]
	candidate: Option<Candidate>,
}

/// A moment on the monotonic clock, and how long before it the last good read was.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Anchor {
	since_start: Duration,
	before: Duration,
}

/// Reads that agree with each other, and not with the past.
#[derive(Clone, Debug, PartialEq)]
struct Candidate {
	register: u64,
	seen: Duration,
	serial: Option<String>,
	counted: u8,
	counted_at: Duration,
}

/// How a counter is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct CounterRules {
	/// The largest power that the meter can measure, in W.
	pub nameplate: u32,
	/// How much faster than the clock energy flows: `900,000 / interval_millis` of the chain. More than 1 on a chain that
	/// lets an interval pass faster.
	pub energy_speed: f64,
	/// The least time between the reads that confirm a reset: a minute, divided by `energy_speed`.
	pub confirm_after: Duration,
}

impl CounterRules {
	/// The rules for a meter of `nameplate` W on a chain whose intervals take `interval_millis`.
	pub fn new(nameplate: u32, interval_millis: u64) -> Self {
		let energy_speed =
			heliograph_primitives::units::INTERVAL_MILLIS as f64 / interval_millis.max(1) as f64;
		Self {
			nameplate,
			energy_speed,
			confirm_after: Duration::from_secs(60).div_f64(energy_speed),
		}
	}

	/// The most energy in mWh that the meter is believed to measure in `elapsed`: 1.1 times its nameplate. Rounds down.
	pub fn bound(&self, elapsed: Duration) -> u64 {
		// The product is far below 2^127: 15 MW x 11 x ten thousand years in milliseconds is below 2^80.
		let millis = (elapsed.as_secs_f64() * self.energy_speed * 1_000.0) as u64;
		// 1 W for 1 ms is 1/3,600 mWh.
		let bound = u128::from(self.nameplate) * u128::from(millis) * 11 / 36_000;
		u64::try_from(bound).unwrap_or(u64::MAX)
	}
}

/// What to make of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
	/// The register is believed.
	Good { epoch: u16, register: u64 },
	/// The sample has no register.
	Missing(Missing),
	/// The register is not believed for now. Nothing is lost: the next good one covers the time.
	Held(HeldReason),
	/// A reset is confirmed; the register is the new epoch's base and credits nothing.
	NewEpoch { epoch: u16, register: u64 },
}

/// Why a register is not believed for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldReason {
	/// It rose by more than the nameplate allows.
	Jumped { from: u64, to: u64, allowed: u64 },
	/// It fell. A new epoch begins when `confirmed` reaches `needed`.
	Fell { from: u64, to: u64, confirmed: u8, needed: u8 },
	/// It is from another device. A new epoch begins when `confirmed` reaches `needed`.
	OtherDevice { was: String, is: String, confirmed: u8, needed: u8 },
}

impl fmt::Display for HeldReason {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		match self {
			Self::Jumped { from, to, allowed } => write!(
				f,
				"the register rose by {} mWh, from {from} to {to}; the nameplate allows {allowed} since then",
				to - from
			),
			Self::Fell { from, to, confirmed, needed } => {
				write!(f, "the register fell from {from} to {to} mWh; {confirmed} of {needed} reads confirm it")
			}
			Self::OtherDevice { was, is, confirmed, needed } => write!(
				f,
				"the serial number changed from {was} to {is}; {confirmed} of {needed} reads confirm it"
			),
		}
	}
}

impl CounterState {
	/// Judges a sample and remembers what follows from it. Samples of one meter come in the order they were taken.
	pub fn observe(&mut self, sample: &Sample, rules: &CounterRules) -> Verdict {
		let register = match &sample.register {
			Ok(register) => *register,
			Err(missing) => return Verdict::Missing(missing.clone()),
		};
		let Some(base) = self.register else { return self.accept(register, sample) };
		let elapsed = self.elapsed(sample);
		if let (Some(was), Some(is)) = (&self.serial, &sample.serial) {
			if was.as_str() != &**is {
				let (was, is) = (was.clone(), is.to_string());
				let held = |confirmed| HeldReason::OtherDevice {
					was,
					is,
					confirmed,
					needed: CONFIRMATIONS,
				};
				return self.quarantine(register, sample, rules, held);
			}
		}
		if register < base {
			let held = |confirmed| HeldReason::Fell {
				from: base,
				to: register,
				confirmed,
				needed: CONFIRMATIONS,
			};
			return self.quarantine(register, sample, rules, held);
		}
		// It is where it was or above: whatever was going to be a reset is none.
		self.candidate = None;
		let allowed = rules.bound(elapsed);
		if register - base > allowed {
			return Verdict::Held(HeldReason::Jumped { from: base, to: register, allowed });
		}
		self.accept(register, sample)
	}

	fn accept(&mut self, register: u64, sample: &Sample) -> Verdict {
		self.register = Some(register);
		self.taken_at = sample.taken_at;
		self.anchor = Some(Anchor { since_start: sample.since_start, before: Duration::ZERO });
		self.candidate = None;
		if let Some(serial) = &sample.serial {
			self.serial = Some(serial.to_string());
		}
		Verdict::Good { epoch: self.epoch, register }
	}

	/// Counts reads that agree with each other until they are enough for a new epoch.
	fn quarantine(
		&mut self,
		register: u64,
		sample: &Sample,
		rules: &CounterRules,
		held: impl FnOnce(u8) -> HeldReason,
	) -> Verdict {
		let now = sample.since_start;
		let serial = sample.serial.as_deref();
		let confirmed = match &mut self.candidate {
			Some(candidate) if candidate.goes_on_with(register, serial, now, rules) => {
				if now - candidate.counted_at >= rules.confirm_after {
					candidate.counted += 1;
					candidate.counted_at = now;
				}
				candidate.register = register;
				candidate.seen = now;
				if let Some(serial) = serial {
					candidate.serial = Some(serial.to_owned());
				}
				candidate.counted
			}
			other => {
				let serial = serial.map(ToOwned::to_owned);
				*other =
					Some(Candidate { register, seen: now, serial, counted: 1, counted_at: now });
				1
			}
		};
		if confirmed < CONFIRMATIONS {
			return Verdict::Held(held(confirmed));
		}
		// The last epoch stays: a meter that was reset 65,535 times is not one.
		let Some(epoch) = self.epoch.checked_add(1) else { return Verdict::Held(held(confirmed)) };
		self.epoch = epoch;
		self.accept(register, sample);
		Verdict::NewEpoch { epoch, register }
	}

	/// Time since the last good read.
	fn elapsed(&mut self, sample: &Sample) -> Duration {
		let anchor = match self.anchor {
			Some(anchor) if sample.since_start >= anchor.since_start => anchor,
			// A restart: the wall clock tells how long ago it was. If it went backwards, time counts from now on.
			_ => {
				let before = Duration::from_millis(sample.taken_at.saturating_sub(self.taken_at));
				*self.anchor.insert(Anchor { since_start: sample.since_start, before })
			}
		};
		anchor.before + (sample.since_start - anchor.since_start)
	}
}

impl Candidate {
	/// Whether a read may follow the candidate's last one.
	fn goes_on_with(
		&self,
		register: u64,
		serial: Option<&str>,
		now: Duration,
		rules: &CounterRules,
	) -> bool {
		let same_device = match (self.serial.as_deref(), serial) {
			(Some(was), Some(is)) => was == is,
			_ => true,
		};
		let Some(elapsed) = now.checked_sub(self.seen) else { return false };
		same_device && register >= self.register && register - self.register <= rules.bound(elapsed)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const RULES: CounterRules = CounterRules {
		nameplate: 3_600,
		energy_speed: 1.0,
		confirm_after: Duration::from_secs(60),
	};
	/// 3.6 kW for a second is 1,000 mWh; with the tolerance 1,100.
	const PER_SECOND: u64 = 1_100;
	const BASE: u64 = 35_600_000;

	fn sample(seconds: u64, register: u64) -> Sample {
		Sample {
			meter: "roof/energy".into(),
			taken_at: 1_700_000_000_000 + seconds * 1_000,
			since_start: Duration::from_secs(seconds),
			register: Ok(register),
			power: None,
			serial: Some("A".into()),
		}
	}

	fn good(epoch: u16, register: u64) -> Verdict {
		Verdict::Good { epoch, register }
	}

	fn started() -> CounterState {
		let mut state = CounterState::default();
		assert_eq!(state.observe(&sample(0, BASE), &RULES), good(0, BASE));
		state
	}

	#[test]
	fn bound_is_the_chains_bound() {
		assert_eq!(RULES.bound(Duration::from_secs(1)), PER_SECOND);
		for nameplate in [1, 5_000, 15_000_000] {
			let rules = CounterRules { nameplate, ..RULES };
			let interval = Duration::from_secs(900);
			assert_eq!(
				rules.bound(interval),
				heliograph_primitives::units::plausible_energy(nameplate, 1)
			);
			let fast = CounterRules::new(nameplate, 3_000);
			assert_eq!(fast.bound(Duration::from_secs(3)), rules.bound(interval));
			assert_eq!(fast.confirm_after, Duration::from_millis(200));
		}
	}

	#[test]
	fn register_is_good_when_it_grows_within_the_nameplate() {
		let mut state = started();
		assert_eq!(state.observe(&sample(5, BASE), &RULES), good(0, BASE));
		assert_eq!(
			state.observe(&sample(10, BASE + 5 * PER_SECOND), &RULES),
			good(0, BASE + 5 * PER_SECOND)
		);
	}

	#[test]
	fn register_is_held_when_it_jumps_until_time_makes_it_plausible() {
		let mut state = started();
		let high = BASE + 10 * PER_SECOND;
		assert_eq!(
			state.observe(&sample(5, high), &RULES),
			Verdict::Held(HeldReason::Jumped { from: BASE, to: high, allowed: 5 * PER_SECOND })
		);
		// Repeating it does not make it true.
		assert!(matches!(state.observe(&sample(9, high), &RULES), Verdict::Held(_)));
		assert_eq!(state.observe(&sample(10, high), &RULES), good(0, high));
	}

	#[test]
	fn dip_counts_nothing_when_the_register_comes_back() {
		let mut state = started();
		for (seconds, low) in [(60, 0), (120, 100), (121, 0)] {
			assert!(matches!(
				state.observe(&sample(seconds, low), &RULES),
				Verdict::Held(HeldReason::Fell { .. })
			));
		}
		assert_eq!(state.observe(&sample(180, BASE), &RULES), good(0, BASE));
		assert_eq!(state.candidate, None);
	}

	#[test]
	fn reset_opens_an_epoch_when_three_reads_a_minute_apart_agree() {
		let mut state = started();
		let reads = [(10, 50), (11, 60), (70, 70), (75, 80), (129, 90), (130, 100)];
		let confirmed = [1, 1, 2, 2, 2];
		for ((seconds, register), confirmed) in reads.into_iter().zip(confirmed) {
			let expected = HeldReason::Fell { from: BASE, to: register, confirmed, needed: 3 };
			assert_eq!(state.observe(&sample(seconds, register), &RULES), Verdict::Held(expected));
		}
		assert_eq!(
			state.observe(&sample(130, 100), &RULES),
			Verdict::NewEpoch { epoch: 1, register: 100 }
		);
		assert_eq!(state.observe(&sample(131, 200), &RULES), good(1, 200));
		// The old register is now a jump.
		assert!(matches!(
			state.observe(&sample(132, BASE), &RULES),
			Verdict::Held(HeldReason::Jumped { .. })
		));
	}

	#[test]
	fn reset_starts_over_when_the_reads_disagree() {
		for spoiler in [
			Sample { serial: Some("B".into()), ..sample(75, 80) },
			sample(75, 40),
			sample(75, 50 + 66 * PER_SECOND),
		] {
			let mut state = started();
			for read in [sample(10, 50), sample(70, 70), spoiler.clone()] {
				assert!(matches!(state.observe(&read, &RULES), Verdict::Held(_)));
			}
			assert_eq!(
				state.candidate.as_ref().map(|candidate| candidate.counted),
				Some(1),
				"{spoiler:?}"
			);
			assert_eq!(state.epoch, 0);
		}
	}

	#[test]
	fn exchanged_device_opens_an_epoch_even_when_its_register_looks_plausible() {
		let mut state = started();
		let other =
			|seconds, register| Sample { serial: Some("B".into()), ..sample(seconds, register) };
		for (seconds, register) in [(60, BASE + 10), (120, BASE + 20)] {
			let verdict = state.observe(&other(seconds, register), &RULES);
			assert!(
				matches!(verdict, Verdict::Held(HeldReason::OtherDevice { .. })),
				"{verdict:?}"
			);
		}
		assert_eq!(
			state.observe(&other(180, BASE + 30), &RULES),
			Verdict::NewEpoch { epoch: 1, register: BASE + 30 }
		);
		assert_eq!(state.serial.as_deref(), Some("B"));
	}

	#[test]
	fn unknown_serial_number_neither_helps_nor_hinders() {
		let mut state = started();
		let nameless = Sample { serial: None, ..sample(5, BASE + 1) };
		assert_eq!(state.observe(&nameless, &RULES), good(0, BASE + 1));
		assert_eq!(state.serial.as_deref(), Some("A"));
	}

	#[test]
	fn missing_sample_changes_nothing() {
		let mut state = started();
		let before = state.clone();
		let missing = Sample { register: Err(Missing::Zero), ..sample(5, 0) };
		assert_eq!(state.observe(&missing, &RULES), Verdict::Missing(Missing::Zero));
		assert_eq!(state, before);
	}

	#[test]
	fn restart_measures_the_gap_by_the_wall_clock() {
		let kept = serde_json::to_string(&started()).expect("serialises");
		let restart = || serde_json::from_str::<CounterState>(&kept).expect("deserialises");
		let after = |wall_seconds: u64, seconds: u64, register| Sample {
			since_start: Duration::from_secs(seconds),
			..sample(wall_seconds, register)
		};
		let delta = 100 * PER_SECOND;
		assert_eq!(restart().observe(&after(100, 1, BASE + delta), &RULES), good(0, BASE + delta));
		assert!(matches!(restart().observe(&after(99, 1, BASE + delta), &RULES), Verdict::Held(_)));
		// The wall clock stands an hour earlier than it did: time counts from the restart.
		let mut state = restart();
		let mut early = after(0, 1, BASE + delta);
		early.taken_at -= 3_600_000;
		assert!(matches!(state.observe(&early, &RULES), Verdict::Held(_)));
		early.since_start = Duration::from_secs(101);
		assert_eq!(state.observe(&early, &RULES), good(0, BASE + delta));
	}

	#[test]
	fn wall_clock_is_not_asked_while_the_process_runs() {
		let mut state = started();
		let mut later = sample(5, BASE + 100 * PER_SECOND);
		later.taken_at += 3_600_000;
		assert!(matches!(state.observe(&later, &RULES), Verdict::Held(HeldReason::Jumped { .. })));
	}

	/// One look at a meter with every fault that has been seen in the field.
	#[derive(Clone, Debug)]
	enum Look {
		True,
		Missing,
		Dip(u64),
		Jump(u64),
		OtherSerial(u64),
	}

	fn look() -> impl Strategy<Value = (u64, u64, Look)> {
		let kind = prop_oneof![
			6 => Just(Look::True),
			1 => Just(Look::Missing),
			2 => (0..BASE).prop_map(Look::Dip),
			1 => (1..BASE).prop_map(Look::Jump),
			1 => (0..2 * BASE).prop_map(Look::OtherSerial),
		];
		// Seconds since the last look, and the share of the nameplate in percent.
		(1u64..90, 0u64..=100, kind)
	}

	proptest! {
		#[test]
		fn credited_energy_never_exceeds_the_bound(looks in proptest::collection::vec(look(), 1..80)) {
			let (mut state, mut now, mut truth) = (CounterState::default(), 0u64, BASE);
			let mut last: Option<(u16, u64, u64)> = None;
			for (seconds, percent, kind) in looks {
				now += seconds;
				truth += seconds * 1_000 * percent / 100;
				let mut read = sample(now, truth);
				match kind {
					Look::True => {},
					Look::Missing => read.register = Err(Missing::Zero),
					Look::Dip(to) => read.register = Ok(to),
					Look::Jump(by) => read.register = Ok(truth + by),
					Look::OtherSerial(to) => {
						read.register = Ok(to);
						read.serial = Some("B".into());
					},
				}
				match state.observe(&read, &RULES) {
					Verdict::Good { epoch, register } => {
						if let Some((old_epoch, old, at)) = last {
							prop_assert_eq!(epoch, old_epoch);
							prop_assert!(register >= old);
							prop_assert!(register - old <= (now - at) * PER_SECOND);
						}
						last = Some((epoch, register, now));
					},
					Verdict::NewEpoch { epoch, register } => {
						prop_assert_eq!(Some(epoch), last.map(|(old, _, _)| old + 1));
						last = Some((epoch, register, now));
					},
					Verdict::Missing(_) | Verdict::Held(_) => {},
				}
			}
		}

		#[test]
		fn short_dip_never_changes_what_is_credited(
			looks in proptest::collection::vec((1u64..59, 0u64..=100, proptest::option::weighted(0.3, 0..BASE)), 2..80)
		) {
			let (mut state, mut now, mut truth) = (started(), 0u64, BASE);
			let mut dipped = 0;
			for (seconds, percent, dip) in looks {
				now += seconds;
				truth += seconds * 1_000 * percent / 100;
				// Two dips in a row, less than a minute apart, are never three reads a minute apart.
				let dip = dip.filter(|_| dipped < 2);
				dipped = if dip.is_some() { dipped + 1 } else { 0 };
				let verdict = state.observe(&sample(now, dip.unwrap_or(truth)), &RULES);
				match dip {
					Some(_) => {
						let is_held = matches!(verdict, Verdict::Held(HeldReason::Fell { .. }));
						prop_assert!(is_held, "{:?}", verdict);
					},
					None => prop_assert_eq!(verdict, good(0, truth)),
				}
			}
		}

		#[test]
		fn epoch_begins_only_after_three_agreeing_reads(
			looks in proptest::collection::vec((1u64..70, 0..BASE), 1..60)
		) {
			// Every register here is below the base: what is not held must have been confirmed.
			let mut state = started();
			let mut run: Vec<(u64, u64)> = Vec::new();
			let mut now = 0;
			let mut register = 0;
			for (seconds, random) in looks {
				now += seconds;
				// Mostly a meter that was reset and counts on, sometimes noise.
				register = if random % 8 == 0 { random } else { register + random % 50 };
				prop_assume!(register < BASE);
				let held = state.observe(&sample(now, register), &RULES);
				if run.last().is_some_and(|(at, was)| register < *was || register - was > (now - at) * PER_SECOND) {
					run.clear();
				}
				run.push((now, register));
				if let Verdict::NewEpoch { epoch, register: base } = held {
					prop_assert_eq!((epoch, base), (1, register));
					prop_assert!(run.len() >= 3);
					prop_assert!(now - run[0].0 >= 120);
					return Ok(());
				}
				let is_fall = matches!(held, Verdict::Held(HeldReason::Fell { .. }));
				prop_assert!(is_fall, "{:?}", held);
			}
		}
	}
}
