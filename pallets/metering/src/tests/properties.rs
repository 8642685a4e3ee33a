//! Properties of one meter's state over random lives.

use super::*;
use heliograph_primitives::{history::DAYS_KEPT, units::CHALLENGE_WINDOW};
use proptest::prelude::*;
use sp_io::hashing::blake2_256;

/// A device's life: at each step some intervals go by, its register moves, and it may be reset.
#[derive(Clone, Debug)]
struct Step {
	gap: u32,
	energy: u64,
	reset: bool,
	recovered: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (1..4u32, 0..2_000_000u64, prop::bool::weighted(0.05), prop::bool::weighted(0.1))
		.prop_map(|(gap, energy, reset, recovered)| Step { gap, energy, reset, recovered });
	prop::collection::vec(step, 1..300)
}

proptest! {
	/// The state after any history equals what a plain list of that history adds up to.
	#[test]
	fn state_agrees_with_a_list_of_everything(steps in steps()) {
		let mut now = Reading { meter: 0, epoch: 0, interval: START, register: 7, quality: Quality::Measured };
		let mut state = MeterState::first(&now);
		// (interval, energy) of what was measured, and the sum of what was recovered.
		let (mut measured, mut recovered) = (Vec::<(u32, u64)>::new(), 0u128);
		for step in steps {
			let before = (state.clone(), now);
			now.interval += step.gap;
			now.register = if step.reset { step.energy } else { now.register + step.energy };
			now.epoch += u16::from(step.reset);
			now.quality = if step.recovered { Quality::Recovered } else { Quality::Measured };
			match state.judge(&now, NAMEPLATE) {
				Ok(credit) => {
					state.apply(&now, credit, now.interval + 1);
					prop_assert!(step.reset || step.energy <= u64::from(step.gap) * 1_375_000);
					match (step.reset, step.gap, step.recovered) {
						(true, ..) => {},
						(_, 1, false) => measured.push((now.interval, step.energy)),
						_ => recovered += u128::from(step.energy),
					}
				},
				Err(reason) => {
					prop_assert_eq!(reason, Refusal::AboveNameplate);
					prop_assert!(step.energy > u64::from(step.gap) * 1_375_000);
					(state, now) = before;
				},
			}
			let sum = measured.iter().map(|(_, energy)| u128::from(*energy)).sum::<u128>();
			prop_assert_eq!(state.attested, sum + recovered);
			prop_assert_eq!(state.recovered, recovered);
			let day = measured.iter().filter(|(i, _)| now.interval - i < 96);
			prop_assert_eq!(state.ring_total(), day.map(|(_, e)| u128::from(*e)).sum::<u128>());
		}
		let report = state.report();
		for (interval, energy) in &measured {
			if now.interval - interval < 96 {
				prop_assert_eq!(state.measured_in(*interval).map(u64::from), Some(*energy));
				prop_assert_eq!(report.measured_in(*interval).map(u64::from), Some(*energy));
			}
		}
		prop_assert_eq!(report.days.len(), DAYS_KEPT);
		for (age, kept) in (0..DAYS_KEPT as u32).rev().zip(&report.days) {
			prop_assert_eq!(kept.day, now.interval / 96 - age);
			let of_day = measured.iter().filter(|(i, _)| i / 96 == kept.day);
			prop_assert_eq!(kept.energy, of_day.clone().map(|(_, energy)| energy).sum::<u64>());
			prop_assert_eq!(usize::from(kept.intervals), of_day.count());
		}
	}

	/// No reading whatever, in any order, makes the attested total fall or credits more than the nameplate allows.
	#[test]
	fn any_readings_keep_the_totals_monotone_and_bounded(
		readings in prop::collection::vec((0..4u16, 0..40u32, any::<u64>(), any::<bool>()), 1..100)
	) {
		let base = Reading { meter: 0, epoch: 0, interval: START, register: 0, quality: Quality::Measured };
		let mut state = MeterState::first(&base);
		for (epoch, interval, register, measured) in readings {
			let quality = if measured { Quality::Measured } else { Quality::Recovered };
			let register = register % 50_000_000;
			let reading = Reading { epoch, interval: START + interval, register, quality, ..base };
			let before = state.attested;
			if let Ok(credit) = state.judge(&reading, NAMEPLATE) {
				state.apply(&reading, credit, START + 100);
			}
			prop_assert!(state.attested >= before);
			let elapsed = u128::from(state.last_interval - START);
			prop_assert!(state.attested <= elapsed * 1_375_000);
			prop_assert!(state.recovered <= state.attested);
		}
	}

	/// Whatever happens to a meter, in whatever order: no energy appears or is lost, none matures before its time, none
	/// is claimed twice, pointers only move forward, and what was voided is never claimed. What is ripe has matured, never
	/// goes back, and is exactly what the readings up to it add up to.
	#[test]
	fn energy_is_conserved_and_never_early(acts in prop::collection::vec(act(), 1..400)) {
		let mut life = Life::new();
		for act in acts {
			life.perform(act)?;
		}
		// In the end all that was not voided matures, once no challenge is open.
		let mut state = life.state;
		state.acquit(life.now);
		state.advance(life.now + 2 * CHALLENGE_WINDOW);
		prop_assert_eq!(state.matured + state.voided, state.attested);
		prop_assert_eq!(state.ripe, state.checkpoint());
		prop_assert_eq!(u128::from(state.ripe.position), state.matured);
	}
}

/// Something that can happen to a meter.
#[derive(Clone, Copy, Debug)]
enum Act {
	/// Time goes by.
	Wait(Interval),
	/// A reading arrives of an interval that is `late` before the newest possible one.
	Read {
		late: Interval,
		energy: u64,
		measured: bool,
		reset: bool,
	},
	/// A look, at what is due.
	Advance,
	Challenge,
	Uphold,
	Acquit,
	/// A claim of so many thousandths of what has matured.
	Claim {
		certificate: bool,
		thousandths: u128,
	},
}

fn act() -> impl Strategy<Value = Act> {
	prop_oneof![
		3 => (1..20u32).prop_map(Act::Wait),
		1 => (1..400u32).prop_map(Act::Wait),
		6 => (0..10u32, 0..1_500_000u64, any::<bool>(), prop::bool::weighted(0.1)).prop_map(
			|(late, energy, measured, reset)| Act::Read { late, energy, measured, reset }
		),
		1 => Just(Act::Advance),
		1 => Just(Act::Challenge),
		1 => Just(Act::Uphold),
		1 => Just(Act::Acquit),
		3 => (any::<bool>(), 0..1_100u128)
			.prop_map(|(certificate, thousandths)| Act::Claim { certificate, thousandths }),
	]
}

/// A state, and beside it every arrival of its life in a plain list.
struct Life {
	now: Interval,
	state: MeterState,
	/// What arrived when, and was not voided.
	arrivals: Vec<(Interval, u128)>,
	voided: u128,
	claimed: [u128; ClaimKind::COUNT],
	/// Every reading that was accepted.
	accepted: Vec<Accepted>,
	/// How many of them there were when energy was last voided.
	judged: usize,
}

/// An accepted reading, and what the readings up to it add up to, by the test's own reckoning.
#[derive(Clone, Copy, Debug)]
struct Accepted {
	reading: Reading,
	arrived: Interval,
	energy: u64,
	attested: u64,
	recovered: u64,
	history: [u8; 32],
}

impl Life {
	fn new() -> Self {
		let base = reading(0, START - 1, 0);
		let accepted = Accepted {
			reading: base,
			arrived: START,
			energy: 0,
			attested: 0,
			recovered: 0,
			history: blake2_256(&([0u8; 32], base).encode()),
		};
		Self {
			now: START,
			state: MeterState::first(&base),
			arrivals: Vec::new(),
			voided: 0,
			claimed: [0; ClaimKind::COUNT],
			accepted: vec![accepted],
			judged: 0,
		}
	}

	fn accept(&mut self, reading: Reading, energy: u64, measured: bool) {
		let last = self.accepted.last().expect("there is the base");
		let recovered = if measured { 0 } else { energy };
		let accepted = Accepted {
			reading,
			arrived: self.now,
			energy,
			attested: last.attested + energy,
			recovered: last.recovered + recovered,
			history: blake2_256(&(last.history, reading).encode()),
		};
		self.accepted.push(accepted);
	}

	fn perform(&mut self, act: Act) -> Result<(), TestCaseError> {
		let before = self.state.clone();
		match act {
			Act::Wait(intervals) => self.now += intervals,
			Act::Read { late, energy, measured, reset } => {
				let quality = if measured { Quality::Measured } else { Quality::Recovered };
				let next = Reading {
					epoch: before.epoch + u16::from(reset),
					register: if reset { energy } else { before.register + energy },
					quality,
					..reading(0, self.now - 1 - late, 0)
				};
				if let Ok(credit) = self.state.judge(&next, NAMEPLATE) {
					self.state.apply(&next, credit, self.now);
					let credited = if reset { 0 } else { energy };
					prop_assert_eq!(self.state.attested - before.attested, u128::from(credited));
					self.arrivals.push((self.now, credited.into()));
					let single = next.interval == before.last_interval + 1;
					self.accept(next, credited, measured && single);
				}
			}
			Act::Advance => self.state.advance(self.now),
			Act::Challenge => self.state.quarantine(self.now),
			Act::Uphold if before.quarantined => {
				let voided = self.state.void(self.now);
				prop_assert_eq!(self.state.matured, before.matured);
				prop_assert_eq!(self.state.unmatured(), 0);
				prop_assert_eq!(self.state.ring_total(), 0);
				prop_assert_eq!(before.unmatured(), voided);
				// What is left had matured, whenever it came.
				self.arrivals = vec![(0, self.state.matured)];
				self.voided += voided;
				self.judged = self.accepted.len();
				prop_assert_eq!(self.state.ripe, self.state.checkpoint());
				prop_assert_eq!(u128::from(self.state.ripe.position), self.state.matured);
				prop_assert_eq!(self.state.energies, [0; DAYS_KEPT]);
				prop_assert_eq!(self.state.days, before.days);
			}
			Act::Acquit if before.quarantined => self.state.acquit(self.now),
			Act::Uphold | Act::Acquit => {}
			Act::Claim { certificate, thousandths } => {
				let kind = if certificate { ClaimKind::Certificate } else { ClaimKind::Token };
				// Rounds down.
				let up_to = self.state.matured * thousandths / 1_000;
				let pointer = self.claimed[kind as usize];
				match self.state.claim(kind, up_to, self.now) {
					Ok(claim) => {
						prop_assert_eq!(claim, Claim { from: pointer, to: up_to });
						prop_assert!(up_to > pointer && up_to <= self.state.matured);
						prop_assert!(!before.quarantined);
						self.claimed[kind as usize] = up_to;
					}
					Err(Unclaimable::Quarantined) => prop_assert!(before.quarantined),
					Err(Unclaimable::NotMatured) => prop_assert!(up_to > self.state.matured),
					Err(Unclaimable::NothingToClaim) => prop_assert!(up_to <= pointer),
				}
			}
		}
		self.check(&before)
	}

	fn check(&self, before: &MeterState) -> Result<(), TestCaseError> {
		let state = &self.state;
		prop_assert_eq!(state.check(self.now), Ok(()));
		prop_assert!(state.matured >= before.matured && state.attested >= before.attested);
		prop_assert_eq!(state.claimed, self.claimed);
		prop_assert_eq!(state.voided, self.voided);
		let sum = |newest: Interval| {
			let old = self.arrivals.iter().filter(|(arrived, _)| *arrived <= newest);
			old.map(|(_, energy)| energy).sum::<u128>()
		};
		prop_assert_eq!(sum(self.now) + self.voided, state.attested);
		// Never earlier than the window.
		prop_assert!(state.matured <= sum(self.now - CHALLENGE_WINDOW));
		// And not later than a bucket after it, once the state is moved to now.
		let mut moved = state.clone();
		moved.advance(self.now);
		if !state.quarantined {
			prop_assert!(moved.matured >= sum(self.now - CHALLENGE_WINDOW - energy::BUCKET));
		} else if before.quarantined {
			prop_assert_eq!(moved.matured, before.matured);
		}
		self.check_ripe(state, before)?;
		prop_assert_eq!(moved.check(self.now), Ok(()));
		self.check_ripe(&moved, state)
	}

	/// What is ripe in `state`, which comes after `before`, against the list of what was accepted.
	fn check_ripe(&self, state: &MeterState, before: &MeterState) -> Result<(), TestCaseError> {
		let ripe = state.ripe;
		prop_assert!(u128::from(ripe.position) <= state.matured);
		prop_assert!(ripe.position >= before.ripe.position);
		prop_assert!(ripe.interval >= before.ripe.interval);
		let upto = self.accepted.partition_point(|one| one.reading.interval <= ripe.interval);
		let last = self.accepted[upto - 1];
		prop_assert_eq!(
			(ripe.interval, ripe.epoch, ripe.register),
			(last.reading.interval, last.reading.epoch, last.reading.register)
		);
		prop_assert_eq!(ripe.history, last.history);
		prop_assert_eq!(u128::from(ripe.voided), self.voided);
		prop_assert_eq!(ripe.position + ripe.voided, last.attested);
		prop_assert_eq!(ripe.recovered, last.recovered);
		// What was accepted since energy was last voided and is ripe now arrived at least the window ago.
		for one in self.accepted[..upto].iter().skip(self.judged) {
			prop_assert!(one.energy == 0 || one.arrived + CHALLENGE_WINDOW <= self.now);
		}
		Ok(())
	}
}
