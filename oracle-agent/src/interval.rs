//! Turns the kept samples of a meter into the readings of finished intervals. Pure: no clock, no disk, no keys.
//!
//! A [`Maker`] is a fold over a meter's samples in the order in which they were kept. The reading of an interval is the last
//! good sample taken before the interval's end. It is made when a sample of a later interval arrives, or when
//! [`Maker::close`] is told that the end has passed, whichever comes first; both make the same reading, because the samples
//! of an interval are all kept before its end is announced.
//!
//! Nothing but three numbers has to survive a restart: the last interval made, its epoch, and the place of its sample in the
//! spool (the *cursor*). A new maker that is given the samples behind the cursor comes to the state of the old one. So a
//! kill at any moment, between any two steps, changes no reading and makes none twice.
//!
//! # Clocks that jump
//! - *Forward*: the intervals in between have no sample, hence no reading; the next reading spans them.
//! - *Backward within what was not made yet*: the interval that the wrong clock opened is dropped and the samples are
//!   counted where the clock now says. No energy is lost, since a register is cumulative.
//! - *Backward behind a reading that was made*: the samples are kept and make no reading until the clock has caught up.
//!   Intervals of readings are strictly increasing, always.

use std::time::Duration;

use heliograph_primitives::{
	units::{interval_at, interval_start, Interval},
	Quality,
};

/// What a maker needs to know about time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
	/// The length of an interval by the wall clock, in ms; a genesis constant of the chain.
	pub interval_millis: u64,
	/// How long before an interval's end a sample may lie for its energy to be assigned to the interval, in ms.
	pub tolerance_millis: u64,
}

impl Rules {
	/// The tolerance is two polls or 5 % of the interval, whichever is longer: one lost poll does not cost the interval its
	/// quality, and a slow poll on a fast chain is not punished for being what it is.
	pub fn new(interval_millis: u64, poll: Duration) -> Self {
		let two_polls = u64::try_from(poll.as_millis()).unwrap_or(u64::MAX).saturating_mul(2);
		Self {
			interval_millis: interval_millis.max(1),
			tolerance_millis: two_polls.max(interval_millis / 20),
		}
	}

	/// The moment at which `interval` ends, in ms since 1970; the first moment of the next one.
	pub fn end_of(&self, interval: Interval) -> u64 {
		interval_start(interval.saturating_add(1), self.interval_millis)
	}
}

/// A good sample in the spool.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kept {
	/// Its place among the samples of its meter, counting from 1.
	pub seq: u64,
	/// Wall clock when the device answered, ms since 1970.
	pub taken_at: u64,
	/// Which life of the counter it belongs to, as the counter counts them.
	pub epoch: u16,
	/// The register in mWh.
	pub register: u64,
}

/// How the epoch of the next reading follows from the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Origin {
	/// The last reading came from a sample of this epoch of the counter.
	Counter(u16),
	/// The last reading is only known from the chain, with its register in mWh: the spool is new. A register that is not
	/// lower than this one is the same life of the counter.
	Register(u64),
}

/// The last reading made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Last {
	/// Its interval.
	pub interval: Interval,
	/// The epoch that it was signed with.
	pub epoch: u16,
	/// What that epoch was derived from.
	pub origin: Origin,
}

/// A reading to be signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draft {
	/// The interval at whose end the register stood at `register`.
	pub interval: Interval,
	/// Exactly the epoch of the reading before it, or the next one. The chain takes no other, whatever the counter went
	/// through in the meantime.
	pub epoch: u16,
	/// In mWh.
	pub register: u64,
	/// Whether the sample is close enough to the interval's end.
	pub quality: Quality,
	/// The sample that it was made of: the cursor, once the reading is kept.
	pub sample: Kept,
}

/// Something about time that a person should be able to read about later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
	/// The wall clock went back to an interval that was not made yet: the one that it had opened is dropped.
	WentBack {
		/// The interval that the clock showed before.
		from: Interval,
		/// The interval that it shows now.
		to: Interval,
	},
	/// The sample falls into an interval that has its reading, or before it.
	AlreadyMade {
		/// The sample's interval.
		interval: Interval,
		/// The last interval made.
		last: Interval,
	},
}

/// Makes the readings of one meter.
#[derive(Clone, Debug)]
pub struct Maker {
	rules: Rules,
	last: Option<Last>,
	open: Option<Kept>,
}

impl Maker {
	/// A maker that goes on after `last`. It wants the samples behind the cursor first.
	pub fn new(rules: Rules, last: Option<Last>) -> Self {
		Self { rules, last, open: None }
	}

	/// The last reading made.
	pub fn last(&self) -> Option<Last> {
		self.last
	}

	/// When the open interval ends, ms since 1970; `None` when no sample waits.
	pub fn closes_at(&self) -> Option<u64> {
		self.open.map(|sample| self.rules.end_of(self.interval_of(&sample)))
	}

	/// Takes the next sample. Gives the reading of the interval that it finishes, if it finishes one.
	pub fn push(&mut self, sample: Kept) -> (Option<Draft>, Option<Note>) {
		let interval = self.interval_of(&sample);
		if let Some(last) = self.last.filter(|last| interval <= last.interval) {
			return (None, Some(Note::AlreadyMade { interval, last: last.interval }));
		}
		let Some(open) = self.open else {
			self.open = Some(sample);
			return (None, None);
		};
		let before = self.interval_of(&open);
		let draft = if interval > before { self.make(open) } else { None };
		self.open = Some(sample);
		let note = (interval < before).then_some(Note::WentBack { from: before, to: interval });
		(draft, note)
	}

	/// Makes the reading of the open interval if it ended at `now` (ms since 1970) or before. Every sample taken before
	/// `now` must have been pushed.
	pub fn close(&mut self, now: u64) -> Option<Draft> {
		if self.closes_at().is_none_or(|end| end > now) {
			return None;
		}
		let open = self.open.take()?;
		self.make(open)
	}

	fn make(&mut self, sample: Kept) -> Option<Draft> {
		let interval = self.interval_of(&sample);
		let epoch = match self.last {
			None => sample.epoch,
			Some(Last { epoch, origin, .. }) => {
				let same = match origin {
					Origin::Counter(counter) => sample.epoch == counter,
					Origin::Register(register) => sample.register >= register,
				};
				if same {
					epoch
				} else {
					epoch.checked_add(1)?
				}
			}
		};
		let age = self.rules.end_of(interval).saturating_sub(sample.taken_at);
		let quality =
			if age <= self.rules.tolerance_millis { Quality::Measured } else { Quality::Recovered };
		self.last = Some(Last { interval, epoch, origin: Origin::Counter(sample.epoch) });
		Some(Draft { interval, epoch, register: sample.register, quality, sample })
	}

	fn interval_of(&self, sample: &Kept) -> Interval {
		interval_at(sample.taken_at, self.rules.interval_millis)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const RULES: Rules = Rules { interval_millis: 1_000, tolerance_millis: 50 };

	fn kept(seq: u64, taken_at: u64, register: u64) -> Kept {
		Kept { seq, taken_at, epoch: 0, register }
	}

	fn make_all(samples: &[Kept]) -> Vec<Draft> {
		let mut maker = Maker::new(RULES, None);
		let mut drafts: Vec<_> =
			samples.iter().filter_map(|sample| maker.push(*sample).0).collect();
		drafts.extend(maker.close(u64::MAX));
		drafts
	}

	#[test]
	fn reading_is_the_last_sample_before_the_end() {
		let drafts = make_all(&[kept(1, 10_100, 5), kept(2, 10_990, 7), kept(3, 11_000, 8)]);
		assert_eq!(drafts.len(), 2);
		assert_eq!(
			(drafts[0].interval, drafts[0].register, drafts[0].quality),
			(10, 7, Quality::Measured)
		);
		assert_eq!(
			(drafts[1].interval, drafts[1].register, drafts[1].quality),
			(11, 8, Quality::Recovered)
		);
	}

	#[test]
	fn quality_is_measured_up_to_the_tolerance_and_not_beyond() {
		assert_eq!(make_all(&[kept(1, 10_950, 5)])[0].quality, Quality::Measured);
		assert_eq!(make_all(&[kept(1, 10_949, 5)])[0].quality, Quality::Recovered);
	}

	#[test]
	fn tolerance_is_two_polls_or_a_twentieth_of_the_interval() {
		assert_eq!(Rules::new(900_000, Duration::from_secs(5)).tolerance_millis, 45_000);
		assert_eq!(Rules::new(900_000, Duration::from_secs(60)).tolerance_millis, 120_000);
		assert_eq!(Rules::new(3_000, Duration::from_millis(250)).tolerance_millis, 500);
	}

	#[test]
	fn interval_without_a_sample_gives_no_reading() {
		let drafts = make_all(&[kept(1, 10_500, 5), kept(2, 14_500, 9)]);
		assert_eq!(drafts.iter().map(|draft| draft.interval).collect::<Vec<_>>(), [10, 14]);
	}

	#[test]
	fn interval_closes_exactly_at_its_end() {
		let mut maker = Maker::new(RULES, None);
		assert_eq!(maker.push(kept(1, 10_999, 5)), (None, None));
		assert_eq!(maker.closes_at(), Some(11_000));
		assert_eq!(maker.close(10_999), None);
		assert_eq!(maker.close(11_000).map(|draft| draft.interval), Some(10));
		assert_eq!(maker.close(u64::MAX), None);
	}

	#[test]
	fn clock_that_went_back_makes_nothing_until_it_caught_up() {
		let mut maker = Maker::new(RULES, None);
		maker.push(kept(1, 10_900, 5));
		maker.close(11_000).expect("made");
		for (seq, at) in [(2, 9_500), (3, 10_999)] {
			let interval = (at / 1_000) as u32;
			assert_eq!(
				maker.push(kept(seq, at, 6)),
				(None, Some(Note::AlreadyMade { interval, last: 10 }))
			);
		}
		assert_eq!(maker.close(u64::MAX), None);
		maker.push(kept(4, 11_999, 8));
		assert_eq!(
			maker.close(12_000).map(|draft| (draft.interval, draft.register)),
			Some((11, 8))
		);
	}

	#[test]
	fn interval_of_a_wrong_clock_is_dropped_when_the_clock_goes_back() {
		let mut maker = Maker::new(RULES, None);
		maker.push(kept(1, 99_500, 5));
		assert_eq!(maker.push(kept(2, 10_500, 6)).1, Some(Note::WentBack { from: 99, to: 10 }));
		assert_eq!(
			maker.close(11_000).map(|draft| (draft.interval, draft.register)),
			Some((10, 6))
		);
	}

	#[test]
	fn epoch_advances_by_one_whatever_the_counter_went_through() {
		let mut maker = Maker::new(RULES, None);
		maker.push(Kept { epoch: 3, ..kept(1, 10_000, 5) });
		assert_eq!(maker.close(11_000).map(|draft| draft.epoch), Some(3));
		maker.push(Kept { epoch: 7, ..kept(2, 11_000, 1) });
		assert_eq!(maker.close(12_000).map(|draft| draft.epoch), Some(4));
		maker.push(Kept { epoch: 7, ..kept(3, 12_000, 2) });
		assert_eq!(maker.close(13_000).map(|draft| draft.epoch), Some(4));
	}

	#[test]
	fn epoch_goes_on_from_the_chain_when_the_spool_is_new() {
		for (register, epoch) in [(500, 6), (499, 7)] {
			let last = Last { interval: 10, epoch: 6, origin: Origin::Register(500) };
			let mut maker = Maker::new(RULES, Some(last));
			maker.push(kept(1, 11_000, register));
			assert_eq!(maker.close(12_000).map(|draft| draft.epoch), Some(epoch));
			// From here on the counter decides.
			maker.push(kept(2, 12_000, register + 1));
			assert_eq!(maker.close(13_000).map(|draft| draft.epoch), Some(epoch));
		}
	}

	/// One step in the life of an agent.
	#[derive(Clone, Debug)]
	enum Step {
		/// The clock moves by so many ms (negative: it is set back) and a sample is taken.
		Sample { millis: i64, energy: u64, reset: bool },
		/// The end of the open interval is looked for.
		Close,
		/// kill -9, at one of the moments in which what is on disk differs.
		Kill(Moment),
	}

	#[derive(Clone, Copy, Debug)]
	enum Moment {
		/// Between two steps.
		Idle,
		/// After the next sample was committed, before anything was done with it.
		AfterSample,
		/// After a reading was made, before it was committed.
		BeforeReading,
	}

	/// What is on disk, and an agent that works on it.
	struct Agent {
		samples: Vec<Kept>,
		readings: Vec<Draft>,
		maker: Maker,
		now: u64,
		register: u64,
		epoch: u16,
		moment: Option<Moment>,
	}

	impl Agent {
		fn new() -> Self {
			Self {
				samples: Vec::new(),
				readings: Vec::new(),
				maker: Maker::new(RULES, None),
				now: 1_000_000,
				register: 0,
				epoch: 0,
				moment: None,
			}
		}

		fn restart(&mut self) {
			let last = self.readings.last().map(|draft| Last {
				interval: draft.interval,
				epoch: draft.epoch,
				origin: Origin::Counter(draft.sample.epoch),
			});
			let cursor = self.readings.last().map_or(0, |draft| draft.sample.seq);
			self.maker = Maker::new(RULES, last);
			for sample in self.samples.clone() {
				if sample.seq > cursor {
					let (draft, _) = self.maker.push(sample);
					self.readings.extend(draft);
				}
			}
		}

		fn keep(&mut self, draft: Option<Draft>) {
			if draft.is_some() && matches!(self.moment, Some(Moment::BeforeReading)) {
				self.moment = None;
				self.restart();
				return;
			}
			self.readings.extend(draft);
		}

		fn step(&mut self, step: &Step) {
			match step {
				Step::Sample { millis, energy, reset } => {
					self.now = self.now.saturating_add_signed(*millis);
					if *reset {
						(self.epoch, self.register) = (self.epoch + 1, 0);
					}
					self.register += energy;
					let seq = self.samples.len() as u64 + 1;
					let sample = Kept {
						seq,
						taken_at: self.now,
						epoch: self.epoch,
						register: self.register,
					};
					self.samples.push(sample);
					if matches!(self.moment, Some(Moment::AfterSample)) {
						self.moment = None;
						return self.restart();
					}
					let (draft, _) = self.maker.push(sample);
					self.keep(draft);
				}
				Step::Close => {
					let draft = self.maker.close(self.now);
					self.keep(draft);
				}
				Step::Kill(Moment::Idle) => self.restart(),
				Step::Kill(moment) => self.moment = Some(*moment),
			}
		}

		fn live(steps: &[Step]) -> Self {
			let mut agent = Self::new();
			steps.iter().for_each(|step| agent.step(step));
			agent
		}

		/// The end of the story: whatever waits is made.
		fn finish(mut self) -> Vec<Draft> {
			if matches!(self.moment, Some(Moment::BeforeReading)) {
				self.restart();
			}
			self.readings.extend(self.maker.close(u64::MAX));
			self.readings
		}
	}

	fn step(back: bool) -> impl Strategy<Value = Step> {
		let millis = if back { (-5_000i64..3_000).boxed() } else { (0i64..3_000).boxed() };
		prop_oneof![
			6 => (millis, 0u64..100, prop::bool::weighted(0.05))
				.prop_map(|(millis, energy, reset)| Step::Sample { millis, energy, reset }),
			3 => Just(Step::Close),
			1 => Just(Step::Kill(Moment::Idle)),
			1 => Just(Step::Kill(Moment::AfterSample)),
			1 => Just(Step::Kill(Moment::BeforeReading)),
		]
	}

	fn without_kills(steps: &[Step]) -> Vec<Step> {
		steps.iter().filter(|step| !matches!(step, Step::Kill(_))).cloned().collect()
	}

	proptest! {
		#![proptest_config(ProptestConfig::with_cases(1_000))]

		#[test]
		fn readings_are_the_same_when_the_agent_is_killed(steps in prop::collection::vec(step(false), 1..150)) {
			let killed = Agent::live(&steps).finish();
			let unharmed = Agent::live(&without_kills(&steps)).finish();
			prop_assert_eq!(&killed, &unharmed);
			// Nor does it matter when the ends are looked for.
			let late: Vec<_> = steps.iter().filter(|step| matches!(step, Step::Sample { .. })).cloned().collect();
			prop_assert_eq!(killed, Agent::live(&late).finish());
		}

		#[test]
		fn readings_are_made_once_and_in_order_whatever_the_clock_does(
			steps in prop::collection::vec(step(true), 1..150),
		) {
			let readings = Agent::live(&steps).finish();
			for pair in readings.windows(2) {
				prop_assert!(pair[0].interval < pair[1].interval);
				prop_assert!(pair[0].sample.seq < pair[1].sample.seq);
				prop_assert!(pair[1].epoch == pair[0].epoch || pair[1].epoch == pair[0].epoch + 1);
				if pair[0].epoch == pair[1].epoch {
					prop_assert!(pair[0].register <= pair[1].register);
				}
			}
		}

		#[test]
		fn every_interval_with_a_sample_has_its_reading_when_the_clock_is_sane(
			steps in prop::collection::vec(step(false), 1..150),
		) {
			let agent = Agent::live(&steps);
			let mut expected: Vec<_> =
				agent.samples.iter().map(|sample| interval_at(sample.taken_at, RULES.interval_millis)).collect();
			expected.dedup();
			let made: Vec<_> = agent.finish().iter().map(|draft| draft.interval).collect();
			prop_assert_eq!(made, expected);
		}
	}
}
