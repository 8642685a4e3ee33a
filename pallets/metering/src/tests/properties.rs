//! Properties of one meter's state over random lives.

use super::*;
use heliograph_primitives::units::CHALLENGE_WINDOW;
use proptest::prelude::*;

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
		for (interval, energy) in measured {
			if now.interval - interval < 96 {
				prop_assert_eq!(state.measured_in(interval).map(u64::from), Some(energy));
			}
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
	/// is claimed twice, pointers only move forward, and what was voided is never claimed.
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
}

impl Life {
	fn new() -> Self {
		let base = reading(0, START - 1, 0);
		Self {
			now: START,
			state: MeterState::first(&base),
			arrivals: Vec::new(),
			voided: 0,
			claimed: [0; ClaimKind::COUNT],
		}
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
		Ok(())
	}
}
