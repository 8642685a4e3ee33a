//! Whether kept readings lead from one history hash to another, and where they do not: which reading is wrong, and why.
//!
//! Pure. The chain extends its hash by each reading that it accepts, `h' = blake2_256(h || SCALE(reading))`. So the readings
//! that lead to the chain's hash are exactly those that it accepted, in their order: no other row of readings has the same
//! hash. Everything else here only tells *where* kept readings depart from that, from three witnesses that an accident or a
//! forger would have to change all at once: the reading, the meter's signature under it, and the hash kept after it.

use heliograph_primitives::{MeterKey, MeterSignature, Reading};
use serde::Serialize;

use crate::{
	chain::MeterState,
	spool::{KeptInterval, Link, LinkOrigin, ReadingRow, ReadingState},
};

/// What is wrong with what is kept of an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
	/// The reading is not the one that the chain accepted.
	Changed,
	/// The reading is the one that the chain accepted, the signature under it is not the meter's.
	Signature,
	/// The chain accepted a reading that is not kept.
	Missing,
	/// A reading is kept as accepted, and the chain's history has none.
	Added,
	/// The reading is right, and what is kept of the history hash after it is not.
	Hash,
	/// What became of the reading is kept wrongly.
	State,
	/// The row cannot be read.
	Unreadable,
	/// Reading, signature and hash do not agree, and it cannot be told which of them is right.
	Broken,
	/// The chain accepted readings that were never kept here.
	Hole,
	/// The readings are kept without a hash to begin from.
	Unprovable,
	/// What is kept does not lead to the chain's hash.
	End,
	/// What is kept of the meter itself is wrong.
	Meter,
}

/// Something that is wrong.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Finding {
	/// Of which interval; `None` when it is not about one.
	pub interval: Option<i64>,
	/// What kind of wrong it is.
	pub kind: Kind,
	/// What is kept.
	pub kept: String,
	/// Why it is wrong.
	pub why: String,
}

/// What the readings of one meter are held against.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
	/// The chain that they were signed for.
	pub genesis: &'a [u8; 32],
	/// The keys that the chain has known for the meter, the one of today first.
	pub keys: &'a [MeterKey],
	/// The hash before the first reading.
	pub start: [u8; 32],
	/// The hash that the last one has to lead to.
	pub end: [u8; 32],
}

/// What came out.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
	/// What is wrong, in the order of the intervals. Nothing: the history is proven.
	pub findings: Vec<Finding>,
	/// The accepted readings with the hash after each.
	pub accepted: Vec<Accepted>,
}

/// A reading that has a part in the history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Accepted {
	/// The reading.
	pub reading: Reading,
	/// The meter's.
	pub signature: MeterSignature,
	/// The history hash after it.
	pub history: [u8; 32],
}

/// Goes through what is kept, in the order of intervals. `progress` is told how many intervals are done.
pub fn verify(
	kept: &[(i64, KeptInterval)],
	terms: &Terms<'_>,
	mut progress: impl FnMut(usize),
) -> Verdict {
	let mut walk = Walk {
		kept,
		terms,
		history: terms.start,
		last: None,
		is_lost: false,
		leads_until: 0,
		key: 0,
		verdict: Verdict::default(),
	};
	for i in 0..kept.len() {
		walk.step(i);
		progress(i + 1);
	}
	walk.finish()
}

struct Walk<'a> {
	kept: &'a [(i64, KeptInterval)],
	terms: &'a Terms<'a>,
	/// The hash so far: the chain's, as long as nothing was found.
	history: [u8; 32],
	/// The interval that it belongs to.
	last: Option<i64>,
	/// Whether the hash so far is in doubt, so that a break says nothing about the reading behind it.
	is_lost: bool,
	/// Up to where, by place, readings without a hash are known to lead to the next hash.
	leads_until: usize,
	/// The key that verified last, by its place.
	key: usize,
	verdict: Verdict,
}

impl Walk<'_> {
	fn step(&mut self, i: usize) {
		let (interval, KeptInterval { reading, link }) = &self.kept[i];
		let link = match link {
			None => None,
			Some(Ok(link)) => Some(link),
			Some(Err(why)) => {
				let why = format!("the hash kept after it is none: {why}");
				self.find(*interval, Kind::Unreadable, describe(reading), why);
				None
			}
		};
		match (reading, link) {
			(None, None) => (),
			(None, Some(link)) => self.link_alone(*interval, link),
			(Some(row), link) => match &row.signed {
				Ok((reading, signature)) => {
					self.reading(i, row, reading, signature, link);
				}
				Err(why) => {
					// Of a refused reading nothing is to be proven.
					if link.is_some() || counts(row) {
						let why = format!("{why}; the row was changed");
						self.find(
							*interval,
							Kind::Unreadable,
							"a row that is no reading".into(),
							why,
						);
					}
					self.jump(*interval, link);
				}
			},
		}
	}

	/// A hash without its reading.
	fn link_alone(&mut self, interval: i64, link: &Link) {
		match (link.origin, self.last) {
			// What the spool was begun with.
			(LinkOrigin::Chain, None) => (),
			(LinkOrigin::Chain, Some(last)) if link.hash != self.history => {
				let kept = format!("nothing between the intervals {last} and {interval}");
				let why = "the chain accepted readings there that are not kept: another agent submitted them, or \
					another spool has them; prove what is behind it by itself (--from)";
				self.find(interval, Kind::Hole, kept, why.into());
			}
			(LinkOrigin::Chain, Some(_)) => (),
			(LinkOrigin::Reading, _) => {
				let why = "the chain accepted a reading of this interval: the hash after it is kept, the row is missing";
				self.find(interval, Kind::Missing, "no reading".into(), why.into());
			}
		}
		self.jump(interval, Some(link));
	}

	fn reading(
		&mut self,
		i: usize,
		row: &ReadingRow,
		reading: &Reading,
		signature: &MeterSignature,
		link: Option<&Link>,
	) {
		if link.is_none() && !counts(row) {
			return;
		}
		let interval = self.kept[i].0;
		let with = MeterState::extend(&self.history, reading);
		let is_signed = self.is_signed(reading, signature);
		let kept = describe(&self.kept[i].1.reading);
		let rest = i + 1;
		let Some(link) = link else {
			return self.without_link(rest, reading, signature, is_signed, kept);
		};
		if with == link.hash {
			// Also when the row was changed together with its hash: then the next one does not follow.
			let goes_on = self.leads_on(&with, rest) != Some(false);
			if !is_signed && goes_on {
				self.find(interval, Kind::Signature, kept, NOT_SIGNED.into());
			} else if !goes_on && !is_signed {
				let why = format!("{NOT_SIGNED}, and the history does not go on from it");
				self.find(interval, Kind::Changed, kept, why);
				self.is_lost = true;
			} else if row.state != Ok(ReadingState::Attested) || row.reason.is_some() {
				self.find(interval, Kind::State, kept, "the chain accepted it".into());
			} else {
				self.is_lost = false;
			}
			return self.accept(reading, signature, with);
		}
		let (by_reading, by_link) = (self.leads_on(&with, rest), self.leads_on(&link.hash, rest));
		if by_reading == Some(true) {
			let why = "the history goes on from the reading, and not from the hash kept after it: the hash was changed";
			self.find(interval, Kind::Hash, kept, why.into());
			if !is_signed {
				let kept = describe(&self.kept[i].1.reading);
				self.find(interval, Kind::Signature, kept, NOT_SIGNED.into());
			}
			self.is_lost = false;
			return self.accept(reading, signature, with);
		}
		if !is_signed {
			let why = format!("{NOT_SIGNED}, and the hash kept after it does not follow from it");
			self.find(interval, Kind::Changed, kept, why);
		} else if link.origin == LinkOrigin::Chain {
			if !self.is_lost {
				let why = "the meter signed it, and the chain's hash after it does not follow from what is kept before: the \
					chain accepted readings that are not kept, from another agent or another spool";
				self.find(interval, Kind::Hole, kept, why.into());
			}
		} else if by_link == Some(true) {
			if !self.is_lost {
				let why = match self.last {
					Some(last) => format!(
						"the meter signed it, and the hash kept after it does not follow from what is kept up to \
						 interval {last}: a reading in between is missing, or the chain accepted another one of this interval"
					),
					None => "the meter signed it, and the hash kept after it does not follow from the one to begin from: \
						a reading before it is missing, or the chain accepted another one of this interval"
						.into(),
				};
				self.find(interval, Kind::Missing, kept, why);
			}
		} else {
			let why = "the meter signed it, and the hash kept after it follows neither from what is before nor leads to what is \
				behind it";
			self.find(interval, Kind::Broken, kept, why.into());
		}
		self.is_lost = by_link != Some(true);
		self.accept(reading, signature, link.hash);
	}

	/// A reading that is kept as accepted, and no hash after it.
	fn without_link(
		&mut self,
		rest: usize,
		reading: &Reading,
		signature: &MeterSignature,
		is_signed: bool,
		kept: String,
	) {
		let interval = i64::from(reading.interval);
		let with = MeterState::extend(&self.history, reading);
		if rest <= self.leads_until || self.leads_on(&with, rest) == Some(true) {
			let linked = |(_, kept): &(i64, KeptInterval)| kept.link.is_some();
			let next = self.kept[rest..].iter().position(linked);
			self.leads_until = next.map_or(self.kept.len(), |next| rest + next);
			let why = "the history goes on from it, and the hash after it is not kept";
			self.find(interval, Kind::Hash, kept.clone(), why.into());
			if !is_signed {
				self.find(interval, Kind::Signature, kept, NOT_SIGNED.into());
			}
			return self.accept(reading, signature, with);
		}
		let why = match (self.leads_on(&self.history, rest), is_signed) {
			(Some(true), true) => {
				"the meter signed it, and the chain's history goes on without it: the chain never accepted it".into()
			}
			(_, true) => {
				"the meter signed it, and nothing shows that the chain accepted it: no hash is kept after it".into()
			}
			(Some(true), false) => format!("{NOT_SIGNED}, and the chain's history goes on without it"),
			(_, false) => format!("{NOT_SIGNED}, and no hash is kept after it"),
		};
		self.find(interval, Kind::Added, kept, why);
	}

	/// Whether the next hash that is kept, or the end, follows from `history` by the readings up to it. `None` when that
	/// cannot be told.
	fn leads_on(&self, history: &[u8; 32], rest: usize) -> Option<bool> {
		/// Readings without a hash that are looked through: a month. They are an accident by themselves.
		const FAR: usize = 3_000;
		let mut history = *history;
		for (steps, (_, KeptInterval { reading, link })) in self.kept[rest..].iter().enumerate() {
			if steps == FAR {
				return None;
			}
			let sound = reading.as_ref().map(|row| (counts(row), &row.signed));
			match (sound, link) {
				(_, Some(Err(_))) | (None | Some((_, Err(_))), Some(Ok(_))) => return None,
				(Some((_, Ok((reading, _)))), Some(Ok(link))) => {
					return Some(MeterState::extend(&history, reading) == link.hash)
				}
				(Some((true, Ok((reading, _)))), None) => {
					history = MeterState::extend(&history, reading)
				}
				(_, None) => (),
			}
		}
		Some(history == self.terms.end)
	}

	fn is_signed(&mut self, reading: &Reading, signature: &MeterSignature) -> bool {
		let payload = reading.signing_payload(self.terms.genesis);
		// A meter signs with one key for a long time.
		let count = self.terms.keys.len();
		let place = (0..count)
			.map(|step| (self.key + step) % count)
			.find(|place| self.terms.keys[*place].verify(signature, &payload));
		self.key = place.unwrap_or(self.key);
		place.is_some()
	}

	fn accept(&mut self, reading: &Reading, signature: &MeterSignature, history: [u8; 32]) {
		self.verdict.accepted.push(Accepted { reading: *reading, signature: *signature, history });
		self.history = history;
		self.last = Some(i64::from(reading.interval));
	}

	/// Goes on from a hash whose reading is not there.
	fn jump(&mut self, interval: i64, link: Option<&Link>) {
		if let Some(link) = link {
			self.history = link.hash;
			self.is_lost = false;
			self.last = Some(interval);
		}
	}

	fn find(&mut self, interval: i64, kind: Kind, kept: String, why: String) {
		self.verdict.findings.push(Finding { interval: Some(interval), kind, kept, why });
	}

	fn finish(mut self) -> Verdict {
		if self.history == self.terms.end {
			return self.verdict;
		}
		// Whoever changed a row may have made all hashes behind it anew. The signature still tells.
		for finding in &mut self.verdict.findings {
			if finding.kind == Kind::Signature {
				finding.kind = Kind::Changed;
				finding.why =
					format!("{NOT_SIGNED}, and what is kept does not lead to the chain's hash");
			}
		}
		self.verdict.findings.push(Finding {
			interval: None,
			kind: Kind::End,
			kept: match self.last {
				Some(last) => format!(
					"readings up to interval {last} that lead to the history hash 0x{}",
					hex::encode(self.history)
				),
				None => "no reading".into(),
			},
			why: format!("the history hash is 0x{}", hex::encode(self.terms.end)),
		});
		self.verdict
	}
}

const NOT_SIGNED: &str = "the signature under it is not one of the meter's keys over it";

/// Whether the row is kept as one that the chain accepted. A state that makes no sense is no reason to leave it out.
fn counts(row: &ReadingRow) -> bool {
	matches!(row.state, Ok(ReadingState::Attested) | Err(_))
}

fn describe(row: &Option<ReadingRow>) -> String {
	let Some(row) = row else { return "no reading".into() };
	let state = match row.state {
		Ok(state) => state.name().to_owned(),
		Err(code) => format!("in the unknown state {code}"),
	};
	let reason = match &row.reason {
		Some(reason) => format!(" ({reason})"),
		None => String::new(),
	};
	match &row.signed {
		Ok((reading, _)) => format!(
			"epoch {}, register {} mWh, {:?}, {state}{reason}",
			reading.epoch, reading.register, reading.quality
		),
		Err(_) => format!("a row that is no reading, {state}{reason}"),
	}
}
