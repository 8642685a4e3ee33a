//! The formulas, against what they are said to be.

use crate::{formula::*, types::*};
use heliograph_primitives::{
	history::{Day, DayEnergy, MeterReport},
	miner::{CollectionMethod, Source},
};
use proptest::prelude::*;

fn day(day: Day, energy: u64, intervals: u8) -> DayEnergy {
	DayEnergy { day, energy, intervals }
}

/// A meter that measured all of the last 96 intervals, up to interval 995.
fn report(profile: impl Fn(u32) -> Option<u32>) -> MeterReport {
	let mut slots = vec![None; 96];
	for interval in 900..996u32 {
		slots[interval as usize % 96] = profile(interval);
	}
	MeterReport {
		first_interval: 0,
		last_interval: 995,
		quarantined: false,
		days: vec![],
		profile: slots,
	}
}

#[test]
fn root_is_that_of_small_and_of_the_largest_numbers() {
	assert_eq!([0u128, 1, 31, 32, 33, 242, 243].map(root5), [0, 1, 1, 2, 2, 2, 3]);
	assert_eq!(root5(10u128.pow(35)), 10u128.pow(7));
	assert_eq!(root5(u128::MAX), 50_859_008);
}

#[test]
fn norm_counts_in_full_up_to_the_threshold() {
	assert_eq!(norm(0, 28_000_000), 0);
	assert_eq!(norm(27_999_999, 28_000_000), 27_999_999);
	assert_eq!(norm(28_000_000, 28_000_000), 28_000_000);
	// One kWh above it, and 32.
	assert_eq!(norm(29_000_000, 28_000_000), 29_000_000);
	assert_eq!(norm(60_000_000, 28_000_000), 30_000_000);
	// 72 kWh above it: 72^(1/5) = 2.3521...
	assert_eq!(norm(100_000_000, 28_000_000), 30_352_158);
	// A mWh above it counts (10^-6)^(1/5) of a kWh.
	assert_eq!(norm(28_000_001, 28_000_000), 28_063_095);
}

#[test]
fn trust_is_the_sigmoid_of_votes() {
	for votes in 0..=6 {
		let exact = 1_000_000.0 / (1.0 + (-f64::from(votes)).exp());
		assert_eq!(trust(votes), exact.round() as u32);
	}
	assert_eq!(trust(7), trust(6));
}

#[test]
fn methods_weigh_as_published() {
	use CollectionMethod::*;
	assert_eq!(
		[Dongle, SmartMeter, Plug, ApiPush, ApiPull].map(method),
		[1200, 1100, 1100, 500, 700]
	);
}

#[test]
fn sun_shines_for_fewer_hours_than_wind_blows() {
	assert_eq!(maximum(5_000, hours(Category::Generation, Source::Solar, 12)), 60_000_000);
	assert_eq!(maximum(5_000, hours(Category::Generation, Source::Wind, 12)), 120_000_000);
	assert_eq!(maximum(5_000, hours(Category::Consumption, Source::Solar, 12)), 120_000_000);
}

#[test]
fn consumer_saves_when_the_week_is_below_the_month() {
	// 20 days of 10 kWh are known, and the week, two days of which are known, was lower.
	let mut known = (0..18).map(|d| (100 + d, 10_000_000)).collect::<Vec<_>>();
	known.extend([(128, 9_000_000), (129, 10_000_000)]);
	assert_eq!(save(&known, 129, 30), 1100);
	// Equal means are no saving.
	known[18].1 = 10_000_000;
	assert_eq!(save(&known, 129, 30), 1000);
	// 19 known days are too few. The day 99 is 30 days before 129, and does not count.
	known[18].1 = 9_000_000;
	known[0].0 = 99;
	assert_eq!(save(&known, 129, 30), 1000);
	// Without a known day in the week there is nothing to compare.
	let older = (100..122).map(|d| (d, 10_000_000)).collect::<Vec<_>>();
	assert_eq!(save(&older, 129, 30), 1000);
	assert_eq!(save(&[], 129, 30), 1000);
	assert_eq!(consumption_term(1100, 1000), 15_400_000);
	assert_eq!(consumption_term(1000, 1500), 21_000_000);
}

#[test]
fn grace_fills_what_was_not_measured_in_the_first_week() {
	let week: Vec<_> = (10..17).map(|d| day(d, 60_000_000, 96)).collect();
	// 60 kWh of 10 kW are 0.6 kWh of a unit. Listed from day 14 on: days 10 to 13 count 0.2 kWh.
	assert_eq!(unit_sums(&week, 16, 14, 10_000), (3 * 600_000 + 4 * 200_000, 672));
	// A day without data counts as well, a day with a little counts what it has.
	let mut gaps = week.clone();
	(gaps[5], gaps[6]) = (day(15, 0, 0), day(16, 1_000_099, 7));
	assert_eq!(unit_sums(&gaps, 16, 14, 10_000), (600_000 + 10_000 + 5 * 200_000, 6 * 96 + 7));
	// The grace is over on the eighth day: 17 - 10 = 7.
	let later: Vec<_> = (11..18).map(|d| day(d, 0, 0)).collect();
	assert_eq!(unit_sums(&later, 17, 10, 10_000), (0, 0));
	assert_eq!(unit_sums(&later, 17, 11, 10_000), (7 * 200_000, 672));
	assert_eq!(unit_sums(&later, 17, 11, 0), (7 * 200_000, 672));
}

#[test]
fn silence_is_below_the_governed_minutes_of_nameplate() {
	// 6 minutes of 10 kW are 1 kWh.
	assert_eq!(minimum(10_000, 6), 1_000_000);
	assert_eq!(minimum(10_000, 0), 0);
}

#[test]
fn week_begins_six_days_before() {
	let mut kept = report(|_| None);
	kept.days = (0..10).map(|d| day(d, u64::from(d), 1)).collect();
	let found = week(&kept, 8);
	assert_eq!(found.map(|day| day.day), [2, 3, 4, 5, 6, 7, 8]);
	assert_eq!(sums(&found), (2 + 3 + 4 + 5 + 6 + 7 + 8, 7));
	// Days that are not kept any more are empty, and so is what has not been reported yet.
	assert_eq!(week(&kept, 12).map(|day| day.energy), [6, 7, 8, 9, 0, 0, 0]);
	assert_eq!(sums(&week(&kept, 3)).1, 4);
}

#[test]
fn profiles_are_alike_when_their_cosine_is_above_one_half() {
	let sun = report(|interval| Some(interval % 48));
	assert!(is_like(&sun, &sun));
	let clouds = report(|interval| Some((interval % 48) / 3));
	assert!(is_like(&sun, &clouds) && is_like(&clouds, &sun));
	let night = report(|interval| Some(if interval % 2 == 0 { 0 } else { 7 }));
	let day = report(|interval| Some(if interval % 2 == 0 { 7 } else { 0 }));
	assert!(!is_like(&day, &night), "nothing in common");
	let dark = report(|_| Some(0));
	assert!(!is_like(&dark, &dark), "nothing at all");
	// Exactly one half is not above it: (1, 0) and (1, sqrt 3) by counts, three intervals to one.
	let one = report(|interval| Some(u32::from(interval % 4 == 0)));
	let all = report(|_| Some(1));
	assert!(!is_like(&one, &all));
	let more = report(|interval| Some(u32::from(interval % 4 == 0 || interval == 901)));
	assert!(is_like(&more, &all));
}

#[test]
fn profiles_need_half_a_day_in_common() {
	let all = report(|_| Some(5));
	let half = report(|interval| (interval % 2 == 0).then_some(5));
	assert!(is_like(&all, &half));
	let less = report(|interval| (interval % 2 == 0 && interval != 900).then_some(5));
	assert!(!is_like(&all, &less));
	// A meter that fell silent two days ago shares nothing.
	let mut old = report(|_| Some(5));
	old.last_interval -= 192;
	assert!(!is_like(&all, &old));
}

#[test]
fn lottery_draws_nobody_and_everybody_at_its_ends() {
	assert!(!is_drawn(0, 0));
	assert!(is_drawn(u64::MAX, 1_000_000));
	assert!(is_drawn(u64::MAX / 2, 500_000));
	assert!(!is_drawn(u64::MAX / 2 + 1, 500_000));
}

#[test]
fn units_are_a_share_of_the_capacity() {
	assert_eq!(max_units(10_000, 800_000), 80);
	assert_eq!(max_units(3_000, 1_000_000), 30);
	// 2,099 W: 80 % are 1,679 W, which are 16 units.
	assert_eq!(max_units(2_099, 800_000), 16);
	assert_eq!(max_units(u32::MAX, u32::MAX), u32::MAX / 100);
}

proptest! {
	#[test]
	fn root_is_the_largest_whose_power_fits(n in any::<u128>(), shift in 0u32..128) {
		let n = n >> shift;
		let root = root5(n);
		prop_assert!(root.pow(5) <= n);
		prop_assert!((root + 1).checked_pow(5).is_none_or(|power| power > n));
	}

	#[test]
	fn norm_grows_and_never_exceeds_one_to_one_by_much(e in 0u128..1 << 60, more in 0u128..1 << 40, t in 0u64..1 << 50) {
		prop_assert!(norm(e, t) <= norm(e + more, t));
		// Beyond a kWh the root is below the excess.
		prop_assert!(norm(e, t) <= e + 1_000_000);
	}

	#[test]
	fn shares_never_exceed_the_budget(
		weights in prop::collection::vec(0u128..1 << 90, 1..50),
		budget in 0u128..1 << 100,
	) {
		let total = weights.iter().sum::<u128>();
		let paid = weights.iter().map(|weight| share(*weight, budget, total)).sum::<u128>();
		prop_assert!(paid <= budget);
		// Dust is less than a base unit for each.
		prop_assert!(total == 0 || budget - paid < weights.len() as u128);
	}

	#[test]
	fn mul_div_is_exact(a in any::<u64>(), b in any::<u64>(), c in 1u128..) {
		prop_assert_eq!(mul_div(a.into(), b.into(), c), u128::from(a) * u128::from(b) / c);
		prop_assert_eq!(mul_div(c, u128::MAX, c), u128::MAX);
		prop_assert_eq!(mul_div(a.into(), b.into(), 0), 0);
	}

	#[test]
	fn likeness_is_that_of_exact_cosines(
		a in prop::collection::vec(0u32..1000, 96),
		b in prop::collection::vec(0u32..1000, 96),
	) {
		let (mine, other) = (
			report(|interval| Some(a[interval as usize % 96])),
			report(|interval| Some(b[interval as usize % 96])),
		);
		let dot = a.iter().zip(&b).map(|(a, b)| u64::from(*a) * u64::from(*b)).sum::<u64>();
		let norm = |v: &[u32]| v.iter().map(|x| u64::from(*x) * u64::from(*x)).sum::<u64>();
		let wanted = dot > 0
			&& 4 * u128::from(dot) * u128::from(dot) > u128::from(norm(&a)) * u128::from(norm(&b));
		prop_assert_eq!(is_like(&mine, &other), wanted);
		prop_assert_eq!(is_like(&other, &mine), wanted);
	}

	#[test]
	fn grace_never_gives_more_than_a_full_week(
		energies in prop::collection::vec((0u64..100_000_000, 0u8..=96), 7),
		listed in 0u32..40,
		capacity in 2_000u32..40_000,
	) {
		let week = energies.iter().zip(20u32..).map(|((energy, intervals), d)| day(d, *energy, *intervals));
		let week = week.collect::<Vec<_>>();
		let (energy, reported) = unit_sums(&week, 26, listed, capacity);
		prop_assert!(reported <= WEEK_INTERVALS);
		let measured = week.iter().map(|d| u128::from(d.energy) * 100 / u128::from(capacity)).sum::<u128>();
		prop_assert!(energy <= measured + 7 * u128::from(GRACE_ENERGY));
	}
}
