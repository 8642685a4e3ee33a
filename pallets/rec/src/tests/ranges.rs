//! The arithmetic of ranges, sums and rounding, apart from storage.

use crate::{invariants::cover, storage::efficiency, *};
use proptest::prelude::*;
use sp_runtime::Permill;

fn whole(from: Energy, energy: Energy) -> Certificate<u8> {
	let to = from + energy;
	Certificate {
		issuance: 0,
		owner: 7,
		from,
		to,
		state: State::Live,
		price: Some(1),
		parent: None,
	}
}

proptest! {
	#[test]
	fn splits_cover_the_whole_once(
		from in 0..u64::MAX / 2,
		energy in 1..u64::MAX / 2,
		cuts in prop::collection::vec((any::<prop::sample::Index>(), any::<u64>()), 0..40),
	) {
		let mut parts = vec![whole(from, energy)];
		for (which, amount) in cuts {
			let id = which.index(parts.len());
			let (before, amount) = (parts[id].clone(), amount % parts[id].energy().max(1));
			match parts[id].split_off(id as u32, amount) {
				Some(upper) => {
					prop_assert_eq!(upper.energy(), amount);
					prop_assert_eq!(upper.energy() + parts[id].energy(), before.energy());
					prop_assert!(upper.energy() > 0 && parts[id].energy() > 0);
					prop_assert_eq!((upper.price, parts[id].price), (None, None));
					prop_assert_eq!(upper.parent, Some(id as u32));
					parts.push(upper);
				}
				None => {
					prop_assert_eq!(amount, 0);
					prop_assert_eq!(&before, &parts[id]);
				}
			}
		}
		let ranges = parts.iter().map(|part| (part.from, part.to)).collect::<Vec<_>>();
		prop_assert!(cover(ranges.clone(), from, from + energy));
		// And less than that does not: one part too few, or one twice.
		prop_assert!(!cover(ranges[1..].to_vec(), from, from + energy));
		let twice = ranges.iter().chain(&ranges[..1]).copied().collect();
		prop_assert!(!cover(twice, from, from + energy));
	}

	#[test]
	fn split_never_gives_more_than_there_is(energy in 1u64.., amount in any::<u64>()) {
		let mut lower = whole(0, energy);
		let upper = lower.split_off(0, amount);
		prop_assert_eq!(upper.is_some(), amount > 0 && amount < energy);
		let sum = u128::from(lower.energy()) + upper.map_or(0, |part| part.energy().into());
		prop_assert_eq!(sum, u128::from(energy));
	}

	#[test]
	fn sums_are_kept_by_every_shift(
		energy in any::<u64>(),
		shifts in prop::collection::vec((0..4usize, 0..4usize, any::<u64>()), 0..50),
	) {
		let kinds = [Sum::Live, Sum::Retired, Sum::Liquidised, Sum::Revoked];
		let mut sums = Sums::new(energy);
		for (from, to, amount) in shifts {
			let before = sums;
			let moved = sums.shift(kinds[from], kinds[to], amount);
			prop_assert_eq!(sums.total(), u128::from(energy));
			if moved.is_err() {
				prop_assert_eq!(sums, before);
			}
		}
	}

	#[test]
	fn carbon_never_exceeds_the_exact_product(energy in any::<u64>(), mg_per_kwh in any::<u32>()) {
		let factor = EmissionFactor { mg_per_kwh, source: Default::default() };
		let exact = u128::from(energy) * u128::from(mg_per_kwh);
		let carbon = factor.carbon(energy);
		prop_assert!(carbon * 1_000_000 <= exact && exact < (carbon + 1) * 1_000_000);
	}

	#[test]
	fn carbon_of_the_parts_is_at_most_that_of_the_whole(
		energy in 2u64..,
		at in any::<u64>(),
		mg_per_kwh in any::<u32>(),
	) {
		let factor = EmissionFactor { mg_per_kwh, source: Default::default() };
		let cut = at % energy;
		prop_assert!(
			factor.carbon(cut) + factor.carbon(energy - cut) <= factor.carbon(energy)
		);
	}

	#[test]
	fn efficiency_rounds_down_and_is_at_most_one(out in any::<u64>(), into in 1u64..) {
		let parts = u128::from(efficiency(out, into).deconstruct());
		prop_assert!(parts <= 1_000_000);
		prop_assert!(parts * u128::from(into) <= u128::from(out) * 1_000_000);
		if out <= into {
			prop_assert!((parts + 1) * u128::from(into) > u128::from(out) * 1_000_000);
		}
	}

	#[test]
	fn trail_keeps_its_first_step_and_counts_what_it_drops(
		kinds in prop::collection::vec(0..3u8, 0..100),
	) {
		let mut trail = Trail::<u8>::default();
		let step = |what, at| Step { what, at, by: 0 };
		trail.push(step(What::Issued(0), 0));
		for (at, kind) in kinds.iter().enumerate() {
			let what = match kind {
				0 => What::Transferred(1),
				1 => What::Sold { from: 1, price: 1 },
				_ => What::SplitInto(1),
			};
			trail.push(step(what, at as u32 + 1));
		}
		prop_assert_eq!(&trail.steps[0].what, &What::Issued(0));
		prop_assert_eq!(trail.steps.len() + trail.dropped as usize, kinds.len() + 1);
		prop_assert_eq!(trail.steps.last().map(|step| step.at), Some(kinds.len() as u32));
		prop_assert!(trail.steps.windows(2).all(|pair| pair[0].at < pair[1].at));
	}
}

#[test]
fn efficiency_of_nothing_is_one() {
	assert_eq!(efficiency(0, 0), Permill::one());
	assert_eq!(efficiency(2, 3), Permill::from_parts(666_666));
}
