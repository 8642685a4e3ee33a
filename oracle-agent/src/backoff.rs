//! How long to wait before trying again.

use std::{
	hash::{BuildHasher, RandomState},
	time::Duration,
};

/// Pauses that double, up to a bound, each varied by a quarter so that a fleet does not come back in step.
#[derive(Debug)]
pub struct Backoff {
	first: Duration,
	longest: Duration,
	failures: u32,
}

impl Backoff {
	/// Begins with `first`, and never takes longer than `longest` and a quarter.
	pub fn new(first: Duration, longest: Duration) -> Self {
		Self { first, longest, failures: 0 }
	}

	/// It worked: begin again.
	pub fn reset(&mut self) {
		self.failures = 0;
	}

	/// How long to wait after one more failure.
	pub fn pause(&mut self) -> Duration {
		let pause = self
			.first
			.saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX))
			.min(self.longest);
		self.failures = (self.failures + 1).min(31);
		// The hasher's keys are random, which is all the randomness that this needs.
		let random = RandomState::new().hash_one(self.failures) as u32;
		pause.mul_f64(0.75 + 0.5 * f64::from(random) / f64::from(u32::MAX))
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn pause_doubles_up_to_its_bound_with_some_variation() {
		let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(20));
		for expected in [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0] {
			let pause = backoff.pause().as_secs_f64();
			assert!((0.75 * expected..=1.25 * expected).contains(&pause), "{pause} for {expected}");
		}
		(0..100).for_each(|_| assert!(backoff.pause() <= Duration::from_secs(25)));
		backoff.reset();
		assert!(backoff.pause() <= Duration::from_millis(1_250));
		let pauses: Vec<_> = (0..8)
			.map(|_| Backoff::new(Duration::from_secs(1), Duration::from_secs(1)).pause())
			.collect();
		assert!(pauses.windows(2).any(|pair| pair[0] != pair[1]), "all the same: {pauses:?}");
	}
}
