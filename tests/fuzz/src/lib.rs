//! What the random tests of the pallets share: where they begin, how long they go on, and events that are cheap to
//! forget.

use frame_support::storage::{storage_prefix, unhashed};

/// SplitMix64 (Steele, Lea and Flood: Fast Splittable Pseudorandom Number Generators, 2014): the same numbers from the
/// same seed on every machine, so that a run can be repeated.
pub struct Rng(u64);

impl Rng {
	pub fn new(seed: u64) -> Self {
		Self(seed)
	}

	/// Any number.
	pub fn number(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	/// Below `n`; zero if that is zero.
	pub fn below(&mut self, n: u64) -> u64 {
		self.number().checked_rem(n).unwrap_or(0)
	}

	/// True once in `n` times.
	pub fn one_in(&mut self, n: u64) -> bool {
		self.below(n) == 0
	}

	/// One of these; `None` if there are none.
	pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
		from.get(self.below(from.len() as u64) as usize).cloned()
	}
}

/// Where a random test begins, and how long it goes on.
pub struct Plan {
	pub seed: u64,
	pub calls: u64,
	/// Whether it is at least as long as planned. Only then must everything have happened that is expected to.
	pub whole: bool,
}

impl Plan {
	/// What the test planned, unless `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` say otherwise. Prints it, so that a
	/// run that failed can be repeated.
	///
	/// # Panics
	///
	/// If one of the two is not a number.
	pub fn from_env(seed: u64, calls: u64) -> Self {
		let planned = calls;
		let seed = number_of("HELIOGRAPH_FUZZ_SEED").unwrap_or(seed);
		let calls = number_of("HELIOGRAPH_FUZZ_CALLS").unwrap_or(planned);
		println!("seed {seed}, {calls} calls");
		Self { seed, calls, whole: calls >= planned }
	}
}

fn number_of(name: &str) -> Option<u64> {
	let text = std::env::var(name).ok()?;
	Some(text.parse().unwrap_or_else(|_| panic!("{name}: \"{text}\" is not a number")))
}

/// Forgets the events, as `System::reset_events` does, which looks through all that was ever written for topics of theirs
/// besides: in a test that goes on for years in one block, most of its time. The pallets' events have no topics.
pub fn forget_events() {
	for item in ["Events", "EventCount"] {
		unhashed::kill(&storage_prefix(b"System", item.as_bytes()));
	}
}
