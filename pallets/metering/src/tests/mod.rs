//! Tests by what they are about. The names of accounts stand in the mock.

mod attested;
mod challenges;
mod claims;
mod history;
mod invariants;
mod node_flows;
mod properties;
mod readings;
mod reports;
mod uses;

use crate::{mock::*, state::NOT_MEASURED, *};
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::{
	keys::MeterKey,
	reading::{Quality, Reading},
	units::{plausible_energy, MAX_NAMEPLATE},
};

/// No meter's state changes when `bad` is submitted, and it is refused for `reason`.
#[track_caller]
fn assert_refused(bad: SignedReading, reason: Refusal) {
	let before = MeterStates::<Test>::iter().collect::<Vec<_>>();
	assert_eq!(submit(vec![bad]), vec![reason]);
	assert_eq!(MeterStates::<Test>::iter().collect::<Vec<_>>(), before);
}

/// Meter 0 stood at 1,000 kWh at the end of interval `START - 10`.
fn with_base(test: impl FnOnce()) {
	build_and_execute(|| {
		assert_eq!(submit(vec![signed(reading(0, START - 10, 1_000_000_000))]), vec![]);
		test();
	});
}

/// As [`with_base`], and 250,000 mWh arrived in interval `START`.
fn with_energy(test: impl FnOnce()) {
	with_base(|| {
		assert_eq!(submit(vec![signed(reading(0, START - 9, 1_000_250_000))]), vec![]);
		test();
	});
}

/// The first interval in which what arrived in `START` has matured: its bucket is the twelve intervals from `START` on.
const MATURE: Interval = START + 12 + 96;

fn free(who: u64) -> u64 {
	Balances::free_balance(who)
}

fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Challenge.into(), &who)
}
