//! Certificates as wallets reach them: from a reading to a soul-bound retirement, by extrinsics alone.

use crate::common::*;
use frame_support::{traits::fungibles::Inspect, BoundedVec};
use heliograph_primitives::miner::{Flow, MinerKind};
use heliograph_runtime::{
	configs::{
		origins::Origin,
		parameters::{dynamic_params, RuntimeParameters},
		tokens::{CO2, REC, RETIREMENTS},
		treasury_account,
	},
	Assets, Balances, Metering, Nfts, Rec, Runtime, RuntimeEvent, DECA,
};
use pallet_rec::{CertificateId, Details, DetailsOf, Documents, EmissionFactor, Status, Text};
use sp_core::ConstU32;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::DispatchError;

type RecCall = pallet_rec::Call<Runtime>;
type RecError = pallet_rec::Error<Runtime>;

/// What Dave's roof makes, in mWh.
const MADE: u64 = 4_000_000;
/// The part of it that is known of three intervals together only.
const RECOVERED: u64 = 3_000_000;
/// What is held of Dave for his miner with one meter.
const REGISTRATION: u128 = 11 * DECA;

fn text<const N: u32>(text: &str) -> Text<N> {
	text.as_bytes().to_vec().try_into().expect("short")
}

fn list<const N: u32>(number: u32) -> BoundedVec<u32, ConstU32<N>> {
	vec![number].try_into().expect("one fits")
}

fn in_the_name_of(beneficiary: &str) -> DetailsOf<Runtime> {
	Details {
		beneficiary: text(beneficiary),
		entity: None,
		purpose: text("Baking in the year 2027"),
		message: text(""),
		period: None,
	}
}

fn held(who: Sr25519Keyring) -> u128 {
	Balances::reserved_balance(who.to_account_id())
}

fn rec(who: Sr25519Keyring) -> u128 {
	Assets::balance(REC, who.to_account_id())
}

fn status(certificate: CertificateId) -> Option<Status> {
	Rec::certificate(certificate).map(|listed| listed.status)
}

/// Dave's system makes 4 kWh, which mature.
fn dave_makes_energy(chain: &mut Chain) {
	let dave = Dave.to_account_id();
	let apply = application_as(MinerKind::Standard, Flow::Generation, &dave, 0..1);
	assert_eq!(dave_is_admitted_with(chain, apply), 0);
	let last = Metering::current_interval() - 1;
	chain.succeed(
		Eve,
		submit_readings(vec![
			reading(0, last - 4, 1_000),
			reading(0, last - 1, 1_000 + RECOVERED),
			reading(0, last, 1_000 + MADE),
		]),
	);
	// A day and up to three hours more.
	chain.wait_hours(28);
}

fn request() -> RecCall {
	RecCall::request { miner: 0, meter: 0, documents: Documents::default() }
}

fn certify(request: u32) -> RecCall {
	RecCall::certify { requests: list(request) }
}

/// Dave has certificate 0 over 4 kWh.
fn dave_is_certified(chain: &mut Chain) {
	dave_makes_energy(chain);
	chain.succeed(Dave, request());
	assert_eq!(chain.motion(certify(0)), Ok(()));
	assert_eq!(status(0), Some(Status::Live));
}

/// Waits until what was certified cannot be revoked any more.
fn let_the_window_pass(chain: &mut Chain) {
	chain.wait_hours(7 * 24);
}

#[test]
fn certificate_goes_from_a_reading_to_a_soul_bound_retirement() {
	chain(|chain| {
		dave_makes_energy(chain);
		chain.succeed(Dave, request());
		assert_eq!(held(Dave), REGISTRATION + DECA + DECA / 10);
		let treasury = || Balances::free_balance(treasury_account());
		let before = treasury();
		assert_eq!(chain.motion(certify(0)), Ok(()));
		// The deposit is back; the treasury has the fee, and those of the motion.
		assert_eq!(held(Dave), REGISTRATION);
		assert!(treasury() >= before + DECA / 10);
		let issuance = Rec::issuance(0).expect("was certified");
		assert_eq!((issuance.energy, issuance.recovered), (MADE, RECOVERED));
		assert_eq!(issuance.sums.live, MADE);
		let state = Metering::meter_state(0).expect("has reported");
		let end = (issuance.to.register, issuance.to.interval);
		assert_eq!(end, (1_000 + MADE, state.last_interval));

		// Half of it is sold.
		chain.succeed(Dave, RecCall::split { certificate: 0, amount: MADE / 2 });
		chain.succeed(Dave, RecCall::offer { certificate: 1, price: Some(3 * DECA) });
		let before = balance(Dave);
		let buy = |max_price| RecCall::buy { certificate: 1, min_energy: MADE / 2, max_price };
		chain.fail(Bob, buy(3 * DECA - 1), RecError::PriceTooHigh);
		chain.succeed(Bob, buy(3 * DECA));
		assert_eq!(balance(Dave) - before, 3 * DECA);

		// It becomes money when nobody can take it back any more.
		let liquidise = || RecCall::liquidise { certificates: list(1) };
		chain.fail(Bob, liquidise(), RecError::StillRevocable);
		let_the_window_pass(chain);
		chain.succeed(Bob, liquidise());
		assert_eq!((rec(Bob), status(1)), (u128::from(MADE) / 2, Some(Status::Liquidised)));
		chain.succeed(
			Bob,
			pallet_assets::Call::<Runtime>::transfer {
				id: REC.into(),
				target: Charlie.to_account_id().into(),
				amount: 1_500_000,
			},
		);

		// And is used once.
		let amount = 1_200_000;
		let details = in_the_name_of("Bakery Sunrise");
		let retire = || RecCall::retire_fungible { amount, details: details.clone() };
		chain.succeed(Charlie, retire());
		assert_eq!(rec(Charlie), 1_500_000 - amount);
		assert!(chain.submit(Charlie, retire()).expect("valid").is_err(), "only 0.3 kWh are left");
		let retirement = Rec::retirement(0).expect("was retired");
		assert_eq!((retirement.energy, retirement.details), (amount, details));
		assert_eq!(retirement.retired_by, Charlie.to_account_id());
		let (issuance, pool) = (Rec::issuance(0).expect("stays"), Rec::pool());
		assert_eq!(u128::from(issuance.sums.retired), amount);
		assert_eq!(pool.energy, u128::from(MADE) / 2 - amount);
		assert_eq!(pool.energy, Assets::total_issuance(REC));

		// The token of it is bound to who retired.
		assert_eq!(Nfts::owner(RETIREMENTS, 0), Some(Charlie.to_account_id()));
		token_resists(chain, Charlie, (RETIREMENTS, 0), "beneficiary");
	});
}

#[test]
fn rec_turns_back_into_certificates_for_a_fee() {
	chain(|chain| {
		dave_is_certified(chain);
		let_the_window_pass(chain);
		chain.succeed(Dave, RecCall::liquidise { certificates: list(0) });
		let amount = u128::from(MADE);
		let before = Balances::free_balance(treasury_account());
		chain.succeed(Dave, RecCall::solidify { amount });
		assert!(Balances::free_balance(treasury_account()) >= before + DECA / 10);
		assert_eq!((rec(Dave), status(0)), (0, Some(Status::Live)));
		let energy = Rec::certificate(0).map(|listed| listed.energy);
		assert_eq!(energy, Some(MADE));
	});
}

#[test]
fn carbon_comes_of_retirement_alone_and_at_the_governed_factor() {
	chain(|chain| {
		let set = |mg_per_kwh| RecCall::set_emission_factor {
			area: text("10YDE-VE-------2"),
			factor: Some(EmissionFactor { mg_per_kwh, source: text("UBA 2026") }),
		};
		chain.fail(Alice, set(400_000), DispatchError::BadOrigin);
		assert_eq!(chain.decide(Origin::Minting, set(400_000)), Err(DispatchError::BadOrigin));
		assert_eq!(chain.motion(set(400_000)), Ok(()));
		dave_is_certified(chain);
		// Changes nothing of what was certified.
		assert_eq!(chain.decide(Origin::Parameters, set(1)), Ok(()));
		let_the_window_pass(chain);
		assert_eq!(Assets::total_issuance(CO2), 0);
		let details = in_the_name_of("");
		let retire =
			|| RecCall::retire_as_carbon { certificate: 0, amount: None, details: details.clone() };
		chain.succeed(Dave, retire());
		// 4 kWh at 400 g.
		assert_eq!(Assets::total_issuance(CO2), 1_600_000);
		assert_eq!(Assets::balance(CO2, Dave.to_account_id()), 1_600_000);
		chain.fail(Dave, retire(), RecError::AlreadyRetired);
	});
}

#[test]
fn nobody_but_the_dao_certifies() {
	chain(|chain| {
		dave_makes_energy(chain);
		chain.succeed(Dave, request());
		for who in [Alice, Dave, Ferdie] {
			chain.fail(who, certify(0), DispatchError::BadOrigin);
		}
		for origin in [Origin::MinerAdmission, Origin::Parameters, Origin::Treasurer] {
			assert_eq!(chain.decide(origin, certify(0)), Err(DispatchError::BadOrigin));
		}
		assert_eq!(status(0), None);
		// The public can, on the track on which it mints.
		assert_eq!(chain.decide(Origin::Minting, certify(0)), Ok(()));
		assert_eq!(status(0), Some(Status::Live));
		// The energy is used: nothing is left to ask for, and nothing to certify a second time.
		chain.fail(Dave, request(), RecError::NothingToCertify);
		assert_eq!(chain.motion(certify(0)), Ok(()));
		assert_eq!(Rec::totals().certified, u128::from(MADE));
	});
}

#[test]
fn refused_request_costs_nothing_and_is_asked_again_under_a_new_number() {
	chain(|chain| {
		dave_makes_energy(chain);
		chain.succeed(Dave, request());
		let reason: BoundedVec<u8, ConstU32<256>> =
			b"The photo of the inverter is missing".to_vec().try_into().expect("short");
		let reject = || RecCall::reject { request: 0, reason: reason.clone() };
		chain.fail(Dave, reject(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(reject()), Ok(()));
		assert_eq!(held(Dave), REGISTRATION);
		let documents = Documents { url: text("ipfs://inverter"), ..Documents::default() };
		chain.succeed(Dave, RecCall::update { request: 0, documents: documents.clone() });
		assert_eq!(Rec::request_by_id(1).map(|request| request.documents), Some(documents));
		// A motion about the old number does nothing.
		assert_eq!(chain.motion(certify(0)), Ok(()));
		assert_eq!(status(0), None);
		assert_eq!(chain.motion(certify(1)), Ok(()));
		assert_eq!(status(0), Some(Status::Live));
	});
}

#[test]
fn issuance_is_revoked_by_the_committee_within_the_window() {
	chain(|chain| {
		dave_is_certified(chain);
		chain.succeed(Dave, RecCall::split { certificate: 0, amount: 1_000_000 });
		chain.succeed(Dave, RecCall::transfer { certificate: 1, to: Bob.to_account_id() });
		let retire = RecCall::retire {
			certificate: 1,
			amount: Some(400_000),
			details: in_the_name_of("Bob's mill"),
		};
		chain.succeed(Bob, retire.clone());
		let reason: BoundedVec<u8, ConstU32<256>> =
			b"Fed from the grid".to_vec().try_into().expect("short");
		let revoke = || RecCall::revoke { issuance: 0, reason: reason.clone() };
		chain.fail(Alice, revoke(), DispatchError::BadOrigin);
		assert_eq!(chain.decide(Origin::Minting, revoke()), Err(DispatchError::BadOrigin));
		assert_eq!(chain.motion(revoke()), Ok(()));
		// What Bob has left is worth nothing, what he retired stays retired.
		chain.fail(Bob, retire, RecError::Revoked);
		let sums = Rec::issuance(0).expect("stays").sums;
		assert_eq!((sums.live, sums.retired, sums.revoked), (0, 400_000, MADE - 400_000));
		// Nor can the energy be certified again.
		chain.fail(Dave, request(), RecError::NothingToCertify);
	});
}

#[test]
fn issuance_cannot_be_revoked_after_the_window() {
	chain(|chain| {
		dave_is_certified(chain);
		let_the_window_pass(chain);
		let revoke = RecCall::revoke { issuance: 0, reason: Default::default() };
		assert_eq!(chain.motion(revoke), Err(RecError::WindowOver.into()));
	});
}

#[test]
fn deposit_fee_and_window_are_governed() {
	use dynamic_params::rec::{CertificationFee, Parameters, RequestDeposit, RevocationWindow};
	chain(|chain| {
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::Rec(parameter),
		};
		let changes = [
			Parameters::RequestDeposit(RequestDeposit, Some(5 * DECA)),
			Parameters::CertificationFee(CertificationFee, Some(2 * DECA)),
			Parameters::RevocationWindow(RevocationWindow, Some(0)),
		];
		chain.fail(Alice, set(changes[0].clone()), DispatchError::BadOrigin);
		for change in changes {
			assert_eq!(chain.motion(set(change)), Ok(()));
		}
		dave_makes_energy(chain);
		chain.succeed(Dave, request());
		assert_eq!(held(Dave), REGISTRATION + 7 * DECA);
		assert_eq!(chain.motion(certify(0)), Ok(()));
		// Nothing can be revoked, so it goes into the pool at once.
		chain.succeed(Dave, RecCall::liquidise { certificates: list(0) });
		assert_eq!(rec(Dave), u128::from(MADE));
	});
}

#[test]
fn plant_cannot_certify() {
	chain(|chain| {
		let dave = Dave.to_account_id();
		let apply = application_as(MinerKind::Plant, Flow::Generation, &dave, 0..1);
		assert_eq!(dave_is_admitted_with(chain, apply), 0);
		let last = Metering::current_interval() - 1;
		chain.succeed(
			Eve,
			submit_readings(vec![reading(0, last - 1, 1_000), reading(0, last, 1_001_000)]),
		);
		chain.wait_hours(28);
		chain.fail(Dave, request(), RecError::PlantCannotCertify);
	});
}

#[test]
fn safe_mode_stops_certificates_and_leaves_the_way_out() {
	chain(|chain| {
		dave_is_certified(chain);
		let last = Metering::current_interval() - 1;
		chain.succeed(Eve, submit_readings(vec![reading(0, last, 2_000 + MADE)]));
		chain.wait_hours(28);
		chain.succeed(Dave, request());
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		let filtered = frame_system::Error::<Runtime>::CallFiltered;
		assert_eq!(chain.motion(certify(1)), Err(filtered.into()));
		for call in [
			request(),
			RecCall::split { certificate: 0, amount: 1 },
			RecCall::transfer { certificate: 0, to: Bob.to_account_id() },
			RecCall::offer { certificate: 0, price: Some(1) },
		] {
			chain.fail(Dave, call, frame_system::Error::<Runtime>::CallFiltered);
		}
		chain.succeed(Dave, RecCall::cancel { request: 1 });
		assert_eq!(held(Dave), REGISTRATION);
		let revoke = RecCall::revoke { issuance: 0, reason: Default::default() };
		assert_eq!(chain.motion(revoke), Ok(()));
		let revoked = events(|event| match event {
			RuntimeEvent::Rec(pallet_rec::Event::Revoked { issuance, revoked, .. }) => {
				Some((issuance, revoked))
			}
			_ => None,
		});
		assert_eq!(revoked, vec![(0, MADE)]);
	});
}
