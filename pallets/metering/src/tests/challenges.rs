//! Challenges: what they cost, what they take back, and what they cannot.

use super::*;
use frame_support::traits::fungible::MutateFreeze;
use sp_runtime::TokenError;
use ClaimKind::Token;

fn evidence() -> Evidence {
	b"ipfs://bafy".to_vec().try_into().unwrap()
}

fn challenge(who: u64, meter: MeterId) -> DispatchResult {
	Metering::challenge(RuntimeOrigin::signed(who), meter, evidence())
}

fn uphold(meter: MeterId) -> DispatchResult {
	Metering::uphold(RuntimeOrigin::root(), meter)
}

fn dismiss(meter: MeterId) -> DispatchResult {
	Metering::dismiss(RuntimeOrigin::root(), meter)
}

fn expire(meter: MeterId) -> DispatchResult {
	Metering::expire_challenge(RuntimeOrigin::signed(STRANGER), meter)
}

/// Wanda challenged meter 0, of which 250,000 mWh arrived in `START`.
fn with_challenge(test: impl FnOnce()) {
	with_energy(|| {
		assert_ok!(challenge(WANDA, 0));
		test();
	});
}

#[test]
fn challenge_holds_a_bond_and_quarantines_the_meter() {
	with_challenge(|| {
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT - 20, 20));
		assert_eq!(
			last_event(),
			Event::Challenged {
				meter: 0,
				miner: 0,
				challenger: WANDA,
				bond: 20,
				evidence: evidence(),
				expires: START + 672,
			}
		);
		assert_eq!(
			Metering::challenge_of(0),
			Some(Challenge {
				challenger: WANDA,
				miner: 0,
				bond: 20,
				evidence: evidence(),
				opened: START,
				expires: START + 672,
			})
		);
		assert!(Metering::energy(0).unwrap().quarantined);
		go_to(MATURE + 200);
		assert_eq!(Metering::energy(0).unwrap().matured, 0);
	});
}

#[test]
fn quarantined_meter_cannot_be_claimed_from() {
	with_energy(|| {
		go_to(MATURE);
		submit(vec![signed(reading(0, MATURE - 1, 1_000_300_000))]);
		assert_ok!(challenge(WANDA, 0));
		// Not even what had matured before.
		assert_noop!(Metering::claim(0, Token, 250_000), Error::<Test>::Quarantined);
		assert_ok!(dismiss(0));
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn readings_are_taken_in_quarantine() {
	with_challenge(|| {
		assert_eq!(submit(vec![signed(reading(0, START - 8, 1_000_400_000))]), vec![]);
		assert_eq!(state(0).attested, 400_000);
		go_to(MATURE);
		assert_ok!(dismiss(0));
		assert_eq!(Metering::energy(0).unwrap().matured, 400_000);
	});
}

#[test]
fn upheld_challenge_takes_back_unmatured_energy_and_pays_the_challenger() {
	with_challenge(|| {
		assert_ok!(uphold(0));
		assert_eq!(
			last_event(),
			Event::ChallengeUpheld {
				meter: 0,
				challenger: WANDA,
				voided: 250_000,
				compensation: 20
			}
		);
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT + 20, 0));
		assert_eq!(Miners::get(0).unwrap().deposit, DEPOSIT - 20);
		assert_eq!(Metering::challenge_of(0), None);
		go_to(MATURE + 500);
		let energy = Metering::energy(0).unwrap();
		assert_eq!((energy.attested, energy.matured, energy.voided), (250_000, 0, 250_000));
		assert_noop!(Metering::claim(0, Token, 1), Error::<Test>::NotMatured);
	});
}

#[test]
fn upheld_challenge_cannot_take_matured_energy() {
	with_energy(|| {
		go_to(MATURE);
		submit(vec![signed(reading(0, MATURE - 1, 1_000_300_000))]);
		assert_ok!(challenge(WANDA, 0));
		assert_ok!(uphold(0));
		let energy = Metering::energy(0).unwrap();
		assert_eq!((energy.matured, energy.voided), (250_000, 50_000));
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn upheld_challenge_takes_what_was_detained_and_what_came_since() {
	with_challenge(|| {
		go_to(MATURE + 3);
		submit(vec![signed(reading(0, MATURE + 2, 1_000_300_000))]);
		assert_eq!((state(0).detained, state(0).unmatured()), (250_000, 300_000));
		assert_ok!(uphold(0));
		assert_eq!((state(0).voided, state(0).matured, state(0).detained), (300_000, 0, 0));
	});
}

#[test]
fn upheld_challenge_clears_the_ring_and_the_meter_goes_on() {
	with_challenge(|| {
		assert_eq!(state(0).measured_in(START - 9), Some(250_000));
		assert_ok!(uphold(0));
		assert_eq!(state(0).ring, [NOT_MEASURED; 96]);
		assert_eq!(submit(vec![signed(reading(0, START - 8, 1_000_400_000))]), vec![]);
		assert_eq!(state(0).measured_in(START - 8), Some(150_000));
		go_to(MATURE);
		assert_ok!(Metering::claim(0, Token, 150_000));
	});
}

#[test]
fn challenger_gets_what_is_left_when_owner_holds_less() {
	with_challenge(|| {
		Registry::set_miner(0, |miner| miner.deposit = 5);
		assert_ok!(uphold(0));
		assert_eq!(free(WANDA), ENDOWMENT + 5);
		assert_eq!(Miners::get(0).unwrap().deposit, 0);
	});
}

#[test]
fn ruling_stands_when_owner_cannot_be_slashed() {
	with_challenge(|| {
		Registry::set_miner(0, |miner| miner.revoked = true);
		assert_ok!(uphold(0));
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT, 0));
		assert_eq!(state(0).voided, 250_000);
		let error = DispatchError::Unavailable;
		System::assert_has_event(Event::CompensationFailed { meter: 0, miner: 0, error }.into());
		assert_eq!(
			last_event(),
			Event::ChallengeUpheld {
				meter: 0,
				challenger: WANDA,
				voided: 250_000,
				compensation: 0
			}
		);
	});
}

#[test]
fn dismissed_challenge_costs_its_bond_and_the_owner_nothing() {
	with_challenge(|| {
		go_to(MATURE);
		assert_ok!(dismiss(0));
		assert_eq!(
			last_event(),
			Event::ChallengeDismissed { meter: 0, challenger: WANDA, slashed: 20 }
		);
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT - 20, 0));
		assert_eq!(free(TREASURY), ENDOWMENT + 20);
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn dismissal_within_the_window_shortens_no_wait() {
	with_challenge(|| {
		assert_ok!(dismiss(0));
		go_to(MATURE - 1);
		assert_noop!(Metering::claim(0, Token, 1), Error::<Test>::NotMatured);
		go_to(MATURE);
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn frozen_balance_does_not_save_a_bond() {
	with_challenge(|| {
		Balances::set_freeze(&(), &WANDA, ENDOWMENT).unwrap();
		assert_ok!(dismiss(0));
		assert_eq!(free(TREASURY), ENDOWMENT + 20);
	});
}

#[test]
fn challenge_that_nobody_rules_on_expires() {
	with_challenge(|| {
		go_to(START + 671);
		assert_noop!(expire(0), Error::<Test>::NotExpired);
		go_to(START + 672);
		assert_ok!(expire(0));
		assert_eq!(last_event(), Event::ChallengeExpired { meter: 0, challenger: WANDA });
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT, 0));
		assert_ok!(Metering::claim(0, Token, 250_000));
	});
}

#[test]
fn challenge_can_be_ruled_on_after_it_expired_while_nobody_closed_it() {
	with_challenge(|| {
		go_to(START + 1_000);
		assert_ok!(uphold(0));
		assert_eq!(state(0).voided, 250_000);
	});
}

#[test]
fn challenge_keeps_the_terms_that_it_was_opened_with() {
	with_challenge(|| {
		Bond::set(&500);
		Timeout::set(&1);
		go_to(START + 2);
		assert_noop!(expire(0), Error::<Test>::NotExpired);
		assert_ok!(uphold(0));
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT + 20, 0));
	});
}

#[test]
fn challenge_fails_when_meter_is_unknown() {
	with_energy(|| {
		assert_noop!(challenge(WANDA, 9), Error::<Test>::UnknownMeter);
		Registry::set_miner(0, |miner| miner.revoked = true);
		assert_noop!(challenge(WANDA, 0), Error::<Test>::UnknownMeter);
	});
}

#[test]
fn challenge_fails_when_meter_is_challenged_already() {
	with_challenge(|| {
		assert_noop!(challenge(WANDA, 0), Error::<Test>::AlreadyChallenged);
		assert_noop!(challenge(STRANGER, 0), Error::<Test>::AlreadyChallenged);
	});
}

#[test]
fn challenge_fails_when_nothing_is_left_to_take_back() {
	with_energy(|| {
		// Never read; with nothing but a base; with all of its energy matured; with all of it voided.
		assert_noop!(challenge(WANDA, 1), Error::<Test>::NothingToChallenge);
		submit(vec![signed(reading(1, START - 9, 5))]);
		assert_noop!(challenge(WANDA, 1), Error::<Test>::NothingToChallenge);
		assert_ok!(challenge(WANDA, 0));
		assert_ok!(uphold(0));
		assert_noop!(challenge(WANDA, 0), Error::<Test>::NothingToChallenge);
		submit(vec![signed(reading(0, START - 8, 1_000_300_000))]);
		go_to(MATURE);
		assert_noop!(challenge(WANDA, 0), Error::<Test>::NothingToChallenge);
	});
}

#[test]
fn challenge_fails_when_challenger_owns_the_meter() {
	with_energy(|| {
		assert_noop!(challenge(OLGA, 0), Error::<Test>::OwnMeter);
	});
}

#[test]
fn challenge_fails_without_evidence() {
	with_energy(|| {
		assert_noop!(
			Metering::challenge(RuntimeOrigin::signed(WANDA), 0, Default::default()),
			Error::<Test>::NoEvidence
		);
	});
}

#[test]
fn challenge_fails_when_bond_cannot_be_paid() {
	with_energy(|| {
		assert_noop!(challenge(STRANGER, 0), TokenError::FundsUnavailable);
		assert!(!Metering::energy(0).unwrap().quarantined);
	});
}

#[test]
fn ruling_fails_when_meter_is_not_challenged() {
	with_energy(|| {
		assert_noop!(uphold(0), Error::<Test>::NotChallenged);
		assert_noop!(dismiss(0), Error::<Test>::NotChallenged);
		assert_noop!(expire(0), Error::<Test>::NotChallenged);
	});
}

#[test]
fn ruling_is_for_the_dao_only() {
	with_challenge(|| {
		for who in [OLGA, WANDA, STRANGER] {
			let origin = RuntimeOrigin::signed(who);
			assert_noop!(Metering::uphold(origin.clone(), 0), DispatchError::BadOrigin);
			assert_noop!(Metering::dismiss(origin, 0), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn bonds_of_several_challenges_are_kept_apart() {
	with_challenge(|| {
		submit(vec![signed(reading(1, START - 9, 0)), signed(reading(1, START - 8, 70_000))]);
		Bond::set(&30);
		assert_ok!(challenge(WANDA, 1));
		assert_eq!(held(WANDA), 50);
		Metering::do_try_state().unwrap();
		assert_ok!(dismiss(0));
		assert_eq!(held(WANDA), 30);
		assert_ok!(uphold(1));
		assert_eq!((free(WANDA), held(WANDA)), (ENDOWMENT - 20 + 30, 0));
	});
}
