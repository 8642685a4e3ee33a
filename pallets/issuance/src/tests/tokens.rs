//! The energy token: who mints, and who burns.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::{traits::BadOrigin, TokenError};

type AssetsError = pallet_assets::Error<Test, frame_support::instances::Instance1>;

/// Olga has 80 KWH.
fn olga_is_paid() {
	let (miner, meter) = roof(&OLGA);
	mature_energy(meter, 100 * KWH);
	approve(&[request(&OLGA, miner, &[meter], Payout::Direct)]).pop().unwrap().unwrap();
}

#[test]
fn nobody_mints_energy_tokens() {
	build_and_execute(|| {
		for who in [OLGA, AGENT, TREASURY, Pool::account(), ConversionAccount::get()] {
			assert_noop!(
				Assets::mint(signed(&who), KWH_ID, who.clone(), KWH),
				AssetsError::NoPermission
			);
		}
		assert_noop!(Assets::mint(RuntimeOrigin::root(), KWH_ID, OLGA, KWH), BadOrigin);
		assert_noop!(Assets::mint(RuntimeOrigin::none(), KWH_ID, OLGA, KWH), BadOrigin);
	});
}

#[test]
fn nobody_changes_the_energy_token_or_takes_it_away() {
	build_and_execute(|| {
		olga_is_paid();
		let no_permission = DispatchError::from(AssetsError::NoPermission);
		for who in [OLGA, PETER, TREASURY] {
			let origin = || signed(&who);
			assert_noop!(Assets::burn(origin(), KWH_ID, OLGA, KWH), no_permission);
			assert_noop!(Assets::set_team(origin(), KWH_ID, OLGA, OLGA, OLGA), no_permission);
			assert_noop!(Assets::transfer_ownership(origin(), KWH_ID, OLGA), no_permission);
			assert_noop!(Assets::freeze(origin(), KWH_ID, OLGA), no_permission);
			assert_noop!(Assets::freeze_asset(origin(), KWH_ID), no_permission);
			assert_noop!(Assets::force_transfer(origin(), KWH_ID, OLGA, PETER, KWH), no_permission);
			assert_noop!(Assets::start_destroy(origin(), KWH_ID), no_permission);
			assert_noop!(Assets::create(origin(), 7, who.clone(), 1), BadOrigin);
		}
	});
}

#[test]
fn holder_burns_its_own() {
	build_and_execute(|| {
		olga_is_paid();
		System::reset_events();
		assert_ok!(Issuance::burn(signed(&OLGA), 30 * KWH));
		System::assert_last_event(Event::TokensBurned { who: OLGA, amount: 30 * KWH }.into());
		assert_eq!(wealth(&OLGA).kwh, 50 * KWH);
		assert_eq!(
			Issuance::supply(),
			Supply { issued: 100 * KWH, burned: 30 * KWH, circulating: 70 * KWH }
		);
		// All of it, too.
		assert_ok!(Issuance::burn(signed(&OLGA), 50 * KWH));
		assert_eq!(Issuance::supply().circulating, 20 * KWH);
	});
}

#[test]
fn burning_is_refused_when_nothing_or_too_much_is_asked() {
	build_and_execute(|| {
		olga_is_paid();
		assert_noop!(Issuance::burn(signed(&OLGA), 0), Error::<Test>::AmountIsZero);
		assert_noop!(Issuance::burn(signed(&OLGA), 80 * KWH + 1), TokenError::FundsUnavailable);
		assert_noop!(Issuance::burn(signed(&PETER), 1), TokenError::FundsUnavailable);
		assert_noop!(Issuance::burn(RuntimeOrigin::root(), 1), BadOrigin);
	});
}

#[test]
fn tokens_destroyed_with_an_account_are_never_more() {
	// The stricter rule of the mock, that supply is issued less burned, does not hold here.
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(Assets::touch(signed(&CAROL), KWH_ID));
		olga_is_paid();
		assert_ok!(Assets::transfer(signed(&OLGA), KWH_ID, CAROL, KWH));
		assert_ok!(Assets::refund(signed(&CAROL), KWH_ID, true));
		assert_eq!(
			Issuance::supply(),
			Supply { issued: 100 * KWH, burned: 0, circulating: 99 * KWH }
		);
		assert_ok!(Issuance::do_try_state());
	});
}

#[test]
fn token_under_another_key_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		assert_ok!(Issuance::do_try_state());
		Assets::force_asset_status(
			RuntimeOrigin::root(),
			KWH_ID,
			OLGA,
			OLGA,
			OLGA,
			OLGA,
			1,
			true,
			false,
		)
		.unwrap();
		assert!(Issuance::do_try_state().is_err());
	});
}

#[test]
fn token_from_nowhere_is_found() {
	ExtBuilder::default().build().execute_with(|| {
		use frame_support::traits::fungibles::Mutate;
		Assets::mint_into(KWH_ID, &OLGA, 1).unwrap();
		assert!(Issuance::do_try_state().is_err());
	});
}
