//! When energy matures, and that it is claimed at most once per kind.

use super::*;
use heliograph_primitives::units::CHALLENGE_WINDOW;
use ClaimKind::{Certificate, Token};

fn matured(meter: MeterId) -> u128 {
	Metering::energy(meter).expect("the meter has been read").matured
}

#[test]
fn energy_matures_24_to_27_hours_after_it_arrived() {
	with_energy(|| {
		go_to(MATURE - 1);
		assert_eq!(matured(0), 0);
		go_to(MATURE);
		assert_eq!(matured(0), 250_000);
		assert_eq!(Metering::energy(0).unwrap().attested, 250_000);
		assert_eq!(MATURE - START, 27 * 4);
	});
	// Arrived in the last interval of its bucket, it waits the window and no more.
	build_and_execute(|| {
		submit(vec![signed(reading(0, START - 10, 0))]);
		go_to(START + 11);
		submit(vec![signed(reading(0, START - 9, 250_000))]);
		go_to(START + 11 + CHALLENGE_WINDOW);
		assert_eq!(matured(0), 0);
		go_to(START + 11 + CHALLENGE_WINDOW + 1);
		assert_eq!(matured(0), 250_000);
	});
}

#[test]
fn maturity_counts_from_arrival_when_data_is_late() {
	build_and_execute(|| {
		let month_ago = START - 30 * 96;
		submit(vec![signed(reading(0, month_ago, 0)), signed(reading(0, month_ago + 1, 250_000))]);
		assert_eq!(matured(0), 0);
		go_to(MATURE);
		assert_eq!(matured(0), 250_000);
	});
}

#[test]
fn energy_matures_whether_or_not_readings_go_on() {
	with_energy(|| {
		go_to(MATURE + 500);
		submit(vec![signed(reading(0, MATURE + 400, 1_000_300_000))]);
		assert_eq!((state(0).matured, state(0).unmatured()), (250_000, 50_000));
	});
}

#[test]
fn claim_moves_the_pointer_of_its_kind_and_returns_what_it_passed() {
	with_energy(|| {
		go_to(MATURE);
		assert_eq!(Metering::claim(0, Token, 100_000), Ok(Claim { from: 0, to: 100_000 }));
		assert_eq!(last_event(), Event::Claimed { meter: 0, kind: Token, from: 0, to: 100_000 });
		let rest = Metering::claim(0, Token, 250_000).unwrap();
		assert_eq!((rest.from, rest.energy()), (100_000, 150_000));
		// A certificate of the same energy is another thing.
		assert_eq!(Metering::claim(0, Certificate, 250_000), Ok(Claim { from: 0, to: 250_000 }));
		assert_eq!(state(0).claimed, [250_000, 250_000]);
	});
}

#[test]
fn claim_fails_when_energy_was_claimed_before() {
	with_energy(|| {
		go_to(MATURE);
		assert_noop!(Metering::claim(0, Token, 0), Error::<Test>::NothingToClaim);
		assert_ok!(Metering::claim(0, Token, 200_000));
		assert_noop!(Metering::claim(0, Token, 200_000), Error::<Test>::NothingToClaim);
		assert_noop!(Metering::claim(0, Token, 100_000), Error::<Test>::NothingToClaim);
	});
}

#[test]
fn claim_fails_when_energy_has_not_matured() {
	with_energy(|| {
		go_to(MATURE - 1);
		assert_noop!(Metering::claim(0, Token, 1), Error::<Test>::NotMatured);
		go_to(MATURE);
		assert_noop!(Metering::claim(0, Token, 250_001), Error::<Test>::NotMatured);
		assert_noop!(Metering::claim(0, Token, u128::MAX), Error::<Test>::NotMatured);
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn claim_fails_when_meter_is_unknown() {
	with_energy(|| {
		// Never registered; registered, and never read; of a miner that was revoked.
		assert_noop!(Metering::claim(9, Token, 1), Error::<Test>::UnknownMeter);
		assert_noop!(Metering::claim(1, Token, 1), Error::<Test>::UnknownMeter);
		assert_eq!((Metering::energy(9), Metering::energy(1)), (None, None));
		go_to(MATURE);
		Registry::set_miner(0, |miner| miner.revoked = true);
		assert_noop!(Metering::claim(0, Token, 1), Error::<Test>::UnknownMeter);
	});
}

#[test]
fn energy_of_a_retired_meter_can_be_claimed() {
	with_energy(|| {
		Registry::set_meter(0, |info| info.retired = true);
		go_to(MATURE);
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn energy_tells_what_the_state_says() {
	with_energy(|| {
		submit(vec![signed(reading(0, START - 5, 1_000_300_000))]);
		go_to(MATURE);
		assert_ok!(Metering::claim(0, Certificate, 40_000));
		assert_eq!(
			<Metering as EnergyClaims>::energy(0),
			Some(MeterEnergy {
				attested: 300_000,
				matured: 300_000,
				voided: 0,
				recovered: 50_000,
				claimed: [0, 40_000],
				quarantined: false,
				measured_intervals: 1,
				first_interval: START - 10,
				last_interval: START - 5,
			})
		);
	});
}

#[test]
fn state_is_shown_as_of_now() {
	with_energy(|| {
		go_to(MATURE);
		assert_eq!(state(0).matured, 0);
		assert_eq!(Metering::meter_state(0).unwrap().matured, 250_000);
	});
}
