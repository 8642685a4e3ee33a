//! The arithmetic of money: what energy is paid with, how it is shared, whether a pool's price may be trusted.
//!
//! Plain functions over plain values. Whatever is shared, the parts sum to the whole, and what a division leaves goes to
//! the treasury, never to a claimer.

use crate::types::Balance;
use heliograph_primitives::units;
use sp_core::U256;
use sp_runtime::{
	helpers_128bit::multiply_by_rational_with_rounding, traits::Zero, Permill, Rounding,
};

/// The whole of which shares are parts.
const ONE: u32 = 1_000_000;

/// mWh in a kWh.
const KWH: u128 = units::KWH as u128;

/// How a payment is shared: parts per million of the miner and of the storage node; the rest is the treasury's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shares {
	miner: u32,
	node: u32,
}

/// An amount in three parts that sum to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parts {
	/// The miner's. Rounded down.
	pub miner: u128,
	/// The storage node's. Rounded down.
	pub node: u128,
	/// The treasury's: the rest.
	pub dao: u128,
}

impl Shares {
	/// The miner's share, and the node's if there is a node; cut off where both exceed the whole.
	pub fn new(miner: Permill, node: Option<Permill>) -> Self {
		let miner = miner.deconstruct().min(ONE);
		let node = node.unwrap_or_else(Permill::zero).deconstruct().min(ONE.saturating_sub(miner));
		Self { miner, node }
	}

	/// `amount` shared between miner, node and treasury.
	pub fn of(&self, amount: u128) -> Parts {
		let miner = fraction(amount, self.miner, ONE);
		let node = fraction(amount, self.node, ONE);
		Parts { miner, node, dao: amount.saturating_sub(miner).saturating_sub(node) }
	}

	/// `amount` shared between miner and node alone, in the ratio of their shares; only dust is the treasury's. With
	/// shares of zero all of it is dust.
	pub fn between(&self, amount: u128) -> Parts {
		// Both are at most `ONE`.
		let both = self.miner.saturating_add(self.node);
		if both.is_zero() {
			return Parts { dao: amount, ..Default::default() };
		}
		let miner = fraction(amount, self.miner, both);
		let node = fraction(amount, self.node, both);
		Parts { miner, node, dao: amount.saturating_sub(miner).saturating_sub(node) }
	}
}

/// `amount x n / d` for `n <= d`, rounded down. Exact, and cannot overflow: the first product is at most `amount`, the
/// second below 2^64.
fn fraction(amount: u128, n: u32, d: u32) -> u128 {
	if d.is_zero() {
		return 0;
	}
	let (n, d) = (u128::from(n), u128::from(d));
	(amount / d).saturating_mul(n).saturating_add((amount % d).saturating_mul(n) / d)
}

/// What `energy` mWh cost at `rate` base units of DECA per kWh. Rounds down, for the fund. `None` when it does not fit.
pub fn payment(energy: u128, rate: Balance) -> Option<Balance> {
	multiply_by_rational_with_rounding(energy, rate, KWH, Rounding::Down)
}

/// Whether a pool that holds `deca` and `kwh` values a kWh at `rate`, give or take `deviation` of it. Exact, without a
/// division; what does not fit into 256 bits is a price that is off.
pub fn price_is_near(deca: Balance, kwh: u128, rate: Balance, deviation: Permill) -> bool {
	let (deca, kwh, rate) = (U256::from(deca), U256::from(kwh), U256::from(rate));
	// |deca / (kwh / KWH) - rate| <= deviation x rate, times kwh, times a million.
	let is_near = || {
		let is = deca.checked_mul(KWH.into())?;
		let should_be = kwh.checked_mul(rate)?;
		let off = if is > should_be { is - should_be } else { should_be - is };
		let off = off.checked_mul(ONE.into())?;
		Some(off <= should_be.checked_mul(deviation.deconstruct().into())?)
	};
	is_near().unwrap_or(false)
}

/// Whether `reported` of `expected` intervals are at least the share `min`. Nothing expected is all reported.
pub fn is_reported(reported: u32, expected: u32, min: Permill) -> bool {
	u64::from(reported) * u64::from(ONE) >= u64::from(expected) * u64::from(min.deconstruct())
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const DECA: u128 = 1_000_000_000_000;

	fn shares(miner: u32, node: u32) -> Shares {
		Shares::new(Permill::from_parts(miner), Some(Permill::from_parts(node)))
	}

	#[test]
	fn documented_shares_split_as_documented() {
		assert_eq!(shares(800_000, 100_000).of(1_000), Parts { miner: 800, node: 100, dao: 100 });
		let alone = Shares::new(Permill::from_percent(80), None);
		assert_eq!(alone.of(1_000), Parts { miner: 800, node: 0, dao: 200 });
		assert_eq!(alone.between(1_000), Parts { miner: 1_000, node: 0, dao: 0 });
	}

	#[test]
	fn dust_is_the_treasurys() {
		assert_eq!(shares(333_333, 333_333).of(10), Parts { miner: 3, node: 3, dao: 4 });
		assert_eq!(shares(800_000, 100_000).between(10), Parts { miner: 8, node: 1, dao: 1 });
		assert_eq!(shares(0, 0).between(10), Parts { miner: 0, node: 0, dao: 10 });
	}

	#[test]
	fn node_gets_what_is_left_when_shares_exceed_the_whole() {
		assert_eq!(shares(800_000, 900_000).of(1_000), Parts { miner: 800, node: 200, dao: 0 });
	}

	#[test]
	fn payment_is_rate_times_energy_rounded_down() {
		assert_eq!(payment(1_000_000, DECA / 10), Some(DECA / 10));
		assert_eq!(payment(1_999_999, 1), Some(1));
		assert_eq!(payment(0, DECA), Some(0));
		assert_eq!(payment(u128::MAX, 1_000_001), None);
	}

	#[test]
	fn price_is_judged_on_both_sides_to_the_unit() {
		let fifth = Permill::from_percent(20);
		let near = |deca| price_is_near(deca, 1_000_000, 100, fifth);
		assert!(near(80) && near(100) && near(120));
		assert!(!near(79) && !near(121) && !near(0));
		assert!(price_is_near(100, 1_000_000, 100, Permill::zero()));
		assert!(!price_is_near(u128::MAX, u128::MAX, u128::MAX, Permill::one()));
		assert!(!price_is_near(1, 1, 0, Permill::one()));
	}

	#[test]
	fn share_of_intervals_is_met_exactly() {
		let most = Permill::from_percent(90);
		assert!(is_reported(90, 100, most) && is_reported(0, 0, most));
		assert!(!is_reported(89, 100, most));
		assert!(is_reported(u32::MAX, u32::MAX, Permill::one()));
	}

	proptest! {
		#[test]
		fn parts_sum_to_the_whole(amount: u128, miner in 0..=1_000_000u32, node: u32) {
			for parts in [shares(miner, node).of(amount), shares(miner, node).between(amount)] {
				let sum = parts.miner.checked_add(parts.node).and_then(|s| s.checked_add(parts.dao));
				prop_assert_eq!(sum, Some(amount));
			}
		}

		#[test]
		fn nobody_gets_more_than_the_exact_share(
			amount in 0..u128::from(u64::MAX),
			miner in 0..=1_000_000u32,
			node in 0..=1_000_000u32,
		) {
			let node = node.min(1_000_000 - miner);
			let of = shares(miner, node).of(amount);
			prop_assert_eq!(of.miner, amount * u128::from(miner) / 1_000_000);
			prop_assert_eq!(of.node, amount * u128::from(node) / 1_000_000);
			let between = shares(miner, node).between(amount);
			if miner + node > 0 {
				prop_assert_eq!(between.miner, amount * u128::from(miner) / u128::from(miner + node));
				prop_assert!(between.dao <= 1);
			}
		}

		#[test]
		fn splitting_a_claim_never_pays_more(a in 0..u128::from(u64::MAX), b in 0..u128::from(u64::MAX), rate: u64) {
			let rate = u128::from(rate);
			let (a_alone, b_alone) = (payment(a, rate).unwrap(), payment(b, rate).unwrap());
			prop_assert!(a_alone + b_alone <= payment(a + b, rate).unwrap());
		}

		#[test]
		fn pool_filled_at_the_rate_is_near(kwh in 1_000_000..u128::from(u64::MAX), rate in 1u128..1_000_000_000_000) {
			let deca = payment(kwh, rate).unwrap();
			// At most one base unit is rounded away.
			let tolerance = Permill::from_percent(1);
			if deca >= 100 {
				prop_assert!(price_is_near(deca, kwh, rate, tolerance));
			}
			prop_assert!(!price_is_near(deca * 2 + 2, kwh, rate, tolerance));
		}
	}
}
