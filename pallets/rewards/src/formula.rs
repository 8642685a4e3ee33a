//! The arithmetic of `docs/rewards.md`, apart from storage: whole numbers, every division rounds down.

use crate::types::{Balance, Category, RewardWeight};
use heliograph_primitives::{
	history::{Day, DayEnergy, MeterReport},
	miner::{CollectionMethod, Source},
	units::{Energy, Watts, INTERVALS_PER_DAY},
};
use sp_core::U256;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// Days of the week that a weight looks back on, its own day included.
pub const WEEK: Day = 7;

/// Intervals of a week.
pub const WEEK_INTERVALS: u32 = WEEK * INTERVALS_PER_DAY;

/// What [`trust`] and flexibility and saving are measured in.
pub const MILLION: u128 = 1_000_000;

/// A unit, in W.
pub const UNIT: Watts = 100;

/// What a day without data counts for a unit in the first week, in mWh: two hours of its nameplate.
pub const GRACE_ENERGY: Energy = 200_000;

/// What stands for the energy of a consumer, in mWh.
const CONSUMPTION: u128 = 14_000_000;

/// The most that is put under the fifth root, and the highest threshold, in mWh: 100 GWh a week. Keeps the root's argument
/// within 128 bits.
const MOST: u128 = 100_000_000_000_000;

/// Of how many days of the last 30 something must be known before a consumer can save.
const KNOWN_DAYS: u128 = 20;

/// How many intervals two neighbours must have in common.
const COMMON_INTERVALS: u32 = 48;

/// The fifth root, rounded down.
pub fn root5(n: u128) -> u128 {
	/// The largest number whose fifth power fits in 128 bits.
	const LARGEST: u128 = 50_859_008;
	let (mut low, mut high) = (0u128, LARGEST);
	// low^5 <= n < (high + 1)^5, until both meet: 26 rounds.
	while low < high {
		let middle = (low + high).div_ceil(2);
		match middle.checked_pow(5) {
			Some(power) if power <= n => low = middle,
			_ => high = middle - 1,
		}
	}
	low
}

/// The energy of a week as it counts: in full up to `threshold`, by the fifth root beyond it. All in mWh.
pub fn norm(energy: u128, threshold: Energy) -> u128 {
	/// In kWh the excess is `x / 10^6` and its root is wanted times 10^6: `(x * 10^24)^(1/5)`.
	const SCALE: u128 = 1_000_000_000_000_000_000_000_000;
	let threshold = u128::from(threshold).min(MOST);
	match energy.checked_sub(threshold) {
		// At most 10^14 * 10^24, which fits.
		Some(excess) => threshold + root5(excess.min(MOST) * SCALE),
		None => energy,
	}
}

/// `a * b / c`, rounded down. Zero when `c` is; saturates, which it cannot where `a <= c`.
pub fn mul_div(a: u128, b: u128, c: u128) -> u128 {
	if c == 0 {
		return 0;
	}
	multiply_by_rational_with_rounding(a, b, c, Rounding::Down).unwrap_or(u128::MAX)
}

/// What `weight` of `total` gets of `budget`. Rounds down, so that all shares together are at most the budget.
pub fn share(weight: RewardWeight, budget: Balance, total: RewardWeight) -> Balance {
	mul_div(weight.min(total), budget, total)
}

/// Factor of the way in which a miner is measured, in thousandths.
pub fn method(method: CollectionMethod) -> u32 {
	match method {
		CollectionMethod::Dongle => 1200,
		CollectionMethod::SmartMeter | CollectionMethod::Plug => 1100,
		CollectionMethod::ApiPush => 500,
		CollectionMethod::ApiPull => 700,
	}
}

/// Factor of a remote unit, in thousandths.
pub const REMOTE: u32 = 1000;

/// What `votes` are worth, in millionths: `1 / (1 + e^-votes)`, rounded to the nearest.
pub fn trust(votes: u32) -> u32 {
	const SIGMOID: [u32; 7] = [500_000, 731_059, 880_797, 952_574, 982_014, 993_307, 997_527];
	let most = SIGMOID.len() - 1;
	SIGMOID[(votes as usize).min(most)]
}

/// The product of all factors. With every factor at its largest it stays below 10^27.
pub fn weight(method: u32, energy_term: u128, reported: u32, trust: u32) -> RewardWeight {
	u128::from(method)
		.saturating_mul(energy_term)
		.saturating_mul(reported.into())
		.saturating_mul(trust.into())
}

/// What stands for the energy of a consumer, in mWh, with `save` and `flex` in thousandths.
pub fn consumption_term(save: u32, flex: u32) -> u128 {
	CONSUMPTION * u128::from(save) * u128::from(flex) / MILLION
}

/// Whether a consumer used less on the known days of the week that ends with `day` than on those of the last 30, in
/// thousandths. `known` are pairs of a day and its energy in mWh.
pub fn save(known: &[(Day, Energy)], day: Day, history: Day) -> u32 {
	let since = |days: Day| {
		known
			.iter()
			.filter(move |(known, _)| *known <= day && day - *known < days)
			.fold((0u128, 0u128), |(sum, count), (_, energy)| {
				(sum + u128::from(*energy), count + 1)
			})
	};
	let ((sum_7, days_7), (sum_30, days_30)) = (since(WEEK), since(history));
	// 30 days of 64 bits, times 30.
	let saves = days_30 >= KNOWN_DAYS && sum_7 * days_30 < sum_30 * days_7;
	if saves {
		1100
	} else {
		1000
	}
}

/// The most energy that `capacity` W can yield in a day, in mWh.
pub fn maximum(capacity: Watts, hours: u32) -> u128 {
	u128::from(capacity) * 1000 * u128::from(hours)
}

/// For how many hours a day a source is believed to work at its nameplate.
pub fn hours(category: Category, source: Source, solar: u32) -> u32 {
	match (category, source) {
		(Category::Consumption, _) => 24,
		(_, Source::Solar) => solar,
		_ => 24,
	}
}

/// The week that ends with `day`, oldest first. A day that is not kept any more counts as empty.
pub fn week(report: &MeterReport, day: Day) -> [DayEnergy; WEEK as usize] {
	core::array::from_fn(|place| {
		let back = WEEK - 1 - place as Day;
		match day.checked_sub(back) {
			Some(day) => report.day(day).unwrap_or(DayEnergy { day, energy: 0, intervals: 0 }),
			None => DayEnergy::default(),
		}
	})
}

/// The energy of a week in mWh, and how many of its intervals were measured.
pub fn sums(week: &[DayEnergy]) -> (u128, u32) {
	let energy = week.iter().map(|day| u128::from(day.energy)).sum();
	let reported = week.iter().map(|day| u32::from(day.intervals)).sum::<u32>();
	(energy, reported.min(WEEK_INTERVALS))
}

/// The same for a unit of a plant of `capacity` W that was listed from the day `listed` on. In its first seven days, days
/// before it and days without data count as two hours of sun, fully reported: for rewards only.
pub fn unit_sums(week: &[DayEnergy], day: Day, listed: Day, capacity: Watts) -> (u128, u32) {
	let has_grace = day.saturating_sub(listed) < WEEK;
	let (mut energy, mut reported) = (0u128, 0u32);
	for past in week {
		if has_grace && (past.day < listed || past.intervals == 0) {
			energy += u128::from(GRACE_ENERGY);
			reported += INTERVALS_PER_DAY;
		} else {
			let of_unit = u128::from(past.energy) * u128::from(UNIT);
			energy += of_unit.checked_div(capacity.into()).unwrap_or_default();
			reported += u32::from(past.intervals);
		}
	}
	(energy, reported.min(WEEK_INTERVALS))
}

/// The energy in mWh below which the day of a plant is silent.
pub fn minimum(capacity: Watts, minutes: u32) -> u128 {
	u128::from(capacity) * 1000 * u128::from(minutes) / 60
}

/// Whether `other` measured a day like `mine`: over the intervals that both measured among the last 96 of `mine`, at least
/// 48, the cosine between them is above one half.
pub fn is_like(mine: &MeterReport, other: &MeterReport) -> bool {
	let (mut dot, mut of_mine, mut of_other, mut common) = (0u128, 0u128, 0u128, 0u32);
	for age in 0..INTERVALS_PER_DAY {
		let Some(interval) = mine.last_interval.checked_sub(age) else { break };
		if let (Some(a), Some(b)) = (mine.measured_in(interval), other.measured_in(interval)) {
			let (a, b) = (u128::from(a), u128::from(b));
			// 96 products of 32 bits each.
			(dot, of_mine, of_other) = (dot + a * b, of_mine + a * a, of_other + b * b);
			common += 1;
		}
	}
	let square = |n: u128| U256::from(n) * U256::from(n);
	common >= COMMON_INTERVALS
		&& dot > 0
		&& square(dot) * U256::from(4u8) > U256::from(of_mine) * U256::from(of_other)
}

/// Whether the lottery draws a miner whose ticket is `ticket`, when `parts` of a million take part.
pub fn is_drawn(ticket: u64, parts: u32) -> bool {
	u128::from(ticket) < (u128::from(parts) << 64) / MILLION
}

/// How many units of a plant of `capacity` W may be sold, when `parts` of a million of it may.
pub fn max_units(capacity: Watts, parts: u32) -> u32 {
	let watts = u128::from(capacity) * u128::from(parts.min(MILLION as u32)) / MILLION;
	// Not more than the capacity, which is a `u32`.
	(watts as u32) / UNIT
}
