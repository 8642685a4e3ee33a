//! Asking for certificates, and what the DAO says.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{InspectHold, Mutate},
};
use heliograph_primitives::miner::{Flow, MinerKind, Profile, Source};

fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Request.into(), who)
}

fn asks(owner: &AccountId, miner: MinerId, meter: MeterId) -> DispatchResult {
	Rec::request(signed(owner), miner, meter, documents())
}

#[test]
fn request_freezes_checkpoints_and_holds_deposit_and_fee() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		for _ in 0..4 {
			deliver(meter, 10 * KWH);
		}
		mature();
		let now = Metering::current_interval();
		System::reset_events();
		assert_ok!(asks(&OLGA, miner, meter));
		System::assert_last_event(
			Event::Requested {
				request: 0,
				miner,
				meter,
				owner: OLGA,
				energy: 40 * KWH,
				replaces: None,
			}
			.into(),
		);
		assert_eq!(held(&OLGA), DECA + DECA / 10);
		let entry = Rec::request_by_id(0).unwrap();
		assert_eq!(entry.status, RequestStatus::Pending);
		assert_eq!((entry.deposit, entry.fee, entry.taken), (DECA, DECA / 10, now));
		assert_eq!((entry.from.position, entry.from.history), (0, [0; 32]));
		assert_eq!((entry.to.position, entry.to.register), (40 * KWH, 40 * KWH));
		assert_eq!(entry.to.interval, START + 3);
		assert_eq!(entry.documents, documents());
		// More energy matures: the frozen checkpoints do not see it.
		mature_energy(meter, KWH);
		assert_eq!(Rec::request_by_id(0).unwrap(), entry);
		assert_eq!(Rec::requests_of(miner), vec![0]);
		certify(&[0]);
		assert_eq!(Rec::certifiable(miner, meter), Ok(KWH));
	});
}

#[test]
fn certification_issues_what_was_claimed_and_pays_the_fee() {
	build_and_execute(|| {
		let factor = EmissionFactor { mg_per_kwh: 400_000, source: text("UBA 2025") };
		assert_ok!(Rec::set_emission_factor(RuntimeOrigin::root(), area(), Some(factor.clone())));
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let (before, treasury) = (deca(&OLGA), deca(&TREASURY));
		let request = request(&OLGA, miner, meter);
		let frozen = Rec::request_by_id(request).unwrap();
		let certificate = certify(&[request])[0].unwrap();
		assert_eq!((before - deca(&OLGA), held(&OLGA)), (DECA / 10, 0));
		assert_eq!(deca(&TREASURY) - treasury, DECA / 10);
		assert_eq!(
			entry(certificate),
			Certificate {
				issuance: 0,
				owner: OLGA,
				from: 0,
				to: 10 * KWH,
				state: State::Live,
				price: None,
				parent: None,
			}
		);
		let now = Metering::current_interval();
		assert_eq!(
			Rec::issuance(0).unwrap(),
			Issuance {
				request,
				miner,
				meter,
				owner: OLGA,
				profile: profile(),
				from: frozen.from,
				to: frozen.to,
				energy: 10 * KWH,
				recovered: 0,
				voided: 0,
				storage: None,
				emission_factor: Some(factor),
				documents: documents(),
				issued: now,
				revocable_until: now + 672,
				expires: now + 35_040,
				sums: Sums::new(10 * KWH),
				revocation: None,
			}
		);
		assert_ne!(frozen.to.history, [0; 32]);
		assert_eq!(Rec::request_by_id(request), None);
		assert_eq!(Rec::requests_of(miner), Vec::<RequestId>::new());
		assert_eq!(live(&OLGA), vec![certificate]);
	});
}

#[test]
fn energy_is_not_certified_twice() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let first = certify_all(&OLGA, miner, meter);
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::NothingToCertify);
		mature_energy(meter, 5 * KWH);
		let second = certify_all(&OLGA, miner, meter);
		assert_eq!((entry(first).from, entry(first).to), (0, 10 * KWH));
		assert_eq!((entry(second).from, entry(second).to), (10 * KWH, 15 * KWH));
		// Where one ends the next begins, hash by hash.
		let (first, second) = (Rec::issuance(0).unwrap(), Rec::issuance(1).unwrap());
		assert_eq!(first.to, second.from);
		assert_eq!(Rec::totals().certified, 15 * u128::from(KWH));
	});
}

#[test]
fn request_certified_before_cannot_be_certified_again() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, meter);
		assert_eq!(certify(&[id, id])[1], Err(Error::<Test>::UnknownRequest.into()));
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::UnknownRequest.into())]);
		assert_eq!(Rec::totals().certified, KWH.into());
	});
}

#[test]
fn energy_is_not_certified_before_it_matured() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		deliver(meter, KWH);
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::NothingToCertify);
		mature();
		assert_ok!(asks(&OLGA, miner, meter));
	});
}

#[test]
fn energy_of_a_plant_is_not_certified() {
	build_and_execute(|| {
		let (plant, meters) = admit(&OLGA, MinerKind::Plant, &[Flow::Generation]);
		mature_energy(meters[0], 100 * KWH);
		assert_noop!(asks(&OLGA, plant, meters[0]), Error::<Test>::PlantCannotCertify);
		assert_eq!(
			Rec::certifiable(plant, meters[0]),
			Err(Error::<Test>::PlantCannotCertify.into())
		);
	});
}

#[test]
fn energy_of_other_kinds_and_of_unclean_sources_is_not_certified() {
	build_and_execute(|| {
		for kind in [MinerKind::Consumer, MinerKind::Storage] {
			let (miner, meters) = admit(&OLGA, kind, &[Flow::Generation]);
			mature_energy(meters[0], KWH);
			assert_noop!(asks(&OLGA, miner, meters[0]), Error::<Test>::KindCannotCertify);
		}
		for source in [Source::Grid, Source::Battery] {
			let profile = Profile { source, ..profile() };
			let (miner, meters) =
				admit_with(&OLGA, MinerKind::Standard, profile, &[Flow::Generation]);
			mature_energy(meters[0], KWH);
			assert_noop!(asks(&OLGA, miner, meters[0]), Error::<Test>::SourceNotClean);
		}
	});
}

#[test]
fn request_is_refused_when_the_miner_or_the_meter_is_wrong() {
	build_and_execute(|| {
		let flows = [Flow::Generation, Flow::Export, Flow::Generation];
		let (miner, meters) = admit(&OLGA, MinerKind::Standard, &flows);
		let (_, peters) = roof(&PETER);
		let (meter, export, silent) = (meters[0], meters[1], meters[2]);
		for meter in [meter, export, peters] {
			mature_energy(meter, KWH);
		}
		assert_noop!(asks(&OLGA, 99, meter), Error::<Test>::UnknownMiner);
		assert_noop!(asks(&PETER, miner, meter), Error::<Test>::NotOwner);
		assert_noop!(asks(&AGENT, miner, meter), Error::<Test>::NotOwner);
		assert_noop!(asks(&OLGA, miner, 99), Error::<Test>::UnknownMeter);
		assert_noop!(asks(&OLGA, miner, peters), Error::<Test>::MeterOfAnother);
		assert_noop!(asks(&OLGA, miner, export), Error::<Test>::NotGeneration);
		assert_noop!(asks(&OLGA, miner, silent), Error::<Test>::NothingToCertify);
		let bad = Documents { memo: text("two\nlines"), ..documents() };
		assert_noop!(Rec::request(signed(&OLGA), miner, meter, bad), Error::<Test>::BadText);
		let bad = Documents { url: vec![0xff].try_into().unwrap(), ..documents() };
		assert_noop!(Rec::request(signed(&OLGA), miner, meter, bad), Error::<Test>::BadText);
		Miners::suspend(RuntimeOrigin::root(), miner, reason("look")).unwrap();
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner).unwrap();
		assert_ok!(asks(&OLGA, miner, meter));
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::MeterBusy);
		Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false).unwrap();
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::UnknownMiner);
	});
}

#[test]
fn energy_is_not_certified_while_a_challenge_is_open() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, meter);
		deliver(meter, KWH);
		challenge(meter);
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::MeterQuarantined.into())]);
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::MeterQuarantined);
		Metering::dismiss(RuntimeOrigin::root(), meter).unwrap();
		assert_ok!(asks(&OLGA, miner, meter));
	});
}

#[test]
fn voided_energy_is_never_certified() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		deliver(meter, 5 * KWH);
		challenge(meter);
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		mature_energy(meter, 2 * KWH);
		certify_all(&OLGA, miner, meter);
		let issuance = Rec::issuance(0).unwrap();
		assert_eq!((issuance.energy, issuance.voided), (3 * KWH, 5 * KWH));
		// The register counted the voided energy too.
		assert_eq!(issuance.to.register, 8 * KWH);
	});
}

#[test]
fn recovered_energy_is_certified_and_shown() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 4 * KWH);
		// After a silence: 3 kWh belong to no single interval, 2 to one.
		deliver(meter, 3 * KWH);
		deliver(meter, 2 * KWH);
		mature();
		certify_all(&OLGA, miner, meter);
		let issuance = Rec::issuance(0).unwrap();
		assert_eq!((issuance.energy, issuance.recovered), (9 * KWH, 3 * KWH));
		mature_energy(meter, KWH);
		certify_all(&OLGA, miner, meter);
		let issuance = Rec::issuance(1).unwrap();
		assert_eq!((issuance.energy, issuance.recovered), (KWH, KWH));
	});
}

#[test]
fn estimated_energy_has_no_way_into_a_certificate() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		// What is not a register reading signed by the device is refused before it is attested.
		let mut estimate = reading(meter, Metering::current_interval() - 1, 50 * KWH);
		estimate.signature = [7; 64];
		let batch = vec![estimate].try_into().unwrap();
		assert_ok!(Metering::submit_readings(signed(&AGENT), batch));
		mature();
		certify_all(&OLGA, miner, meter);
		assert_eq!(Rec::issuance(0).unwrap().energy, KWH);
	});
}

#[test]
fn rejection_returns_deposit_and_fee_at_once() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let before = deca(&OLGA);
		let id = request(&OLGA, miner, meter);
		System::reset_events();
		reject(id);
		let reason = reason("a page is missing");
		System::assert_last_event(
			Event::Rejected { request: id, miner, reason: reason.clone() }.into(),
		);
		assert_eq!((deca(&OLGA), held(&OLGA)), (before, 0));
		let entry = Rec::request_by_id(id).unwrap();
		assert_eq!(entry.status, RequestStatus::Rejected(reason));
		assert_eq!((entry.deposit, entry.fee), (0, 0));
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::NotPending.into())]);
		assert_noop!(
			Rec::reject(RuntimeOrigin::root(), id, Default::default()),
			Error::<Test>::NotPending
		);
		assert_noop!(
			Rec::reject(RuntimeOrigin::root(), 9, Default::default()),
			Error::<Test>::UnknownRequest
		);
		// It still stands in the way of another.
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::MeterBusy);
	});
}

#[test]
fn update_makes_a_new_number_with_new_checkpoints() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let old = request(&OLGA, miner, meter);
		assert_noop!(Rec::update(signed(&OLGA), old, documents()), Error::<Test>::NotRejected);
		reject(old);
		mature_energy(meter, KWH);
		assert_noop!(Rec::update(signed(&PETER), old, documents()), Error::<Test>::NotOwner);
		let bad = Documents { memo: text("\u{7}"), ..documents() };
		assert_noop!(Rec::update(signed(&OLGA), old, bad), Error::<Test>::BadText);
		let better = Documents { memo: text("now with the page"), ..documents() };
		assert_ok!(Rec::update(signed(&OLGA), old, better.clone()));
		let new = NextRequestId::<Test>::get() - 1;
		assert_ne!(new, old);
		assert_eq!(Rec::request_by_id(old), None);
		let entry = Rec::request_by_id(new).unwrap();
		assert_eq!((entry.energy(), entry.replaces), (2 * KWH, Some(old)));
		assert_eq!((entry.documents, held(&OLGA)), (better, DECA + DECA / 10));
		assert_noop!(Rec::update(signed(&OLGA), old, documents()), Error::<Test>::UnknownRequest);
		// A motion about the old number certifies nothing.
		assert_eq!(certify(&[old]), vec![Err(Error::<Test>::UnknownRequest.into())]);
		assert!(certify(&[new])[0].is_ok());
	});
}

#[test]
fn cancellation_returns_what_is_held_and_frees_the_meter() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let before = deca(&OLGA);
		let id = request(&OLGA, miner, meter);
		assert_noop!(Rec::cancel(signed(&PETER), id), Error::<Test>::NotOwner);
		assert_noop!(Rec::cancel(signed(&OLGA), 9), Error::<Test>::UnknownRequest);
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		System::assert_last_event(Event::Cancelled { request: id, miner }.into());
		assert_eq!((deca(&OLGA), held(&OLGA)), (before, 0));
		let id = request(&OLGA, miner, meter);
		reject(id);
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		assert_eq!((deca(&OLGA), held(&OLGA)), (before, 0));
		assert_ok!(asks(&OLGA, miner, meter));
	});
}

#[test]
fn what_was_held_returns_when_the_governed_amounts_changed() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let before = deca(&OLGA);
		let id = request(&OLGA, miner, meter);
		RequestDeposit::set(&(7 * DECA));
		CertificationFee::set(&0);
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		assert_eq!((deca(&OLGA), held(&OLGA)), (before, 0));
		// Without a fee nothing is paid.
		let treasury = deca(&TREASURY);
		certify_all(&OLGA, miner, meter);
		assert_eq!((deca(&OLGA), deca(&TREASURY)), (before, treasury));
	});
}

#[test]
fn request_is_refused_when_too_little_can_be_held() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		Balances::set_balance(&OLGA, DECA);
		assert!(asks(&OLGA, miner, meter).is_err());
		assert_eq!(Rec::requests_of(miner), Vec::<RequestId>::new());
	});
}

#[test]
fn request_of_a_revoked_miner_is_not_certified_and_can_be_cancelled() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, meter);
		Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), true).unwrap();
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::UnknownMiner.into())]);
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		assert_eq!(held(&OLGA), 0);
	});
}

#[test]
fn request_is_not_certified_after_the_miner_changed_hands() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, meter);
		Miners::recover(RuntimeOrigin::root(), miner, PETER).unwrap();
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::OwnerChanged.into())]);
		// The new owner clears the way; what was held returns to who paid it.
		let before = deca(&OLGA);
		assert_ok!(Rec::cancel(signed(&PETER), id));
		assert_eq!(deca(&OLGA) - before, DECA + DECA / 10);
		assert_ok!(asks(&PETER, miner, meter));
	});
}

#[test]
fn certification_fails_when_the_pointer_moved_meanwhile() {
	// Nobody else claims this kind of energy; what if somebody did? Not under the rules, which would be broken.
	new_test_ext().execute_with(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 2 * KWH);
		let id = request(&OLGA, miner, meter);
		Metering::claim(meter, ClaimKind::Certificate, KWH.into()).unwrap();
		assert_eq!(certify(&[id]), vec![Err(Error::<Test>::EvidenceOutdated.into())]);
		assert_eq!(Rec::totals(), Totals::default());
		assert_ok!(Rec::cancel(signed(&OLGA), id));
		assert_noop!(asks(&OLGA, miner, meter), Error::<Test>::EvidenceOutdated);
	});
}

#[test]
fn failing_request_of_a_batch_stays_and_the_others_are_certified() {
	build_and_execute(|| {
		let (olgas, meter) = roof(&OLGA);
		let (peters, other) = roof(&PETER);
		mature_energy(meter, KWH);
		mature_energy(other, KWH);
		let (first, second) = (request(&OLGA, olgas, meter), request(&PETER, peters, other));
		Miners::suspend(RuntimeOrigin::root(), olgas, reason("look")).unwrap();
		let results = certify(&[first, second]);
		assert_eq!(results[0], Err(Error::<Test>::MinerNotActive.into()));
		assert!(results[1].is_ok());
		assert_eq!(held(&OLGA), DECA + DECA / 10);
		Miners::reinstate(RuntimeOrigin::root(), olgas).unwrap();
		assert!(certify(&[first])[0].is_ok());
	});
}

#[test]
fn only_the_dao_certifies_rejects_revokes_and_sets_factors() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, meter);
		let bad = DispatchError::BadOrigin;
		let batch = vec![id].try_into().unwrap();
		assert_eq!(Rec::certify(signed(&OLGA), batch).unwrap_err().error, bad);
		assert_noop!(Rec::reject(signed(&OLGA), id, Default::default()), bad);
		certify(&[id]);
		assert_noop!(Rec::revoke(signed(&OLGA), 0, Default::default()), bad);
		assert_noop!(Rec::set_emission_factor(signed(&OLGA), area(), None), bad);
	});
}

#[test]
fn open_requests_are_listed_by_status() {
	build_and_execute(|| {
		let mut ids = Vec::new();
		for _ in 0..3 {
			let (miner, meter) = roof(&OLGA);
			mature_energy(meter, KWH);
			ids.push(request(&OLGA, miner, meter));
		}
		reject(ids[1]);
		let numbers = |rejected, after, limit| {
			let page = Rec::requests_open(rejected, after, limit);
			page.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
		};
		assert_eq!(numbers(None, None, 10), ids);
		assert_eq!(numbers(None, Some(ids[0]), 10), ids[1..]);
		assert_eq!(numbers(Some(true), None, 10), vec![ids[1]]);
		assert_eq!(numbers(Some(false), None, 10), vec![ids[0], ids[2]]);
		assert_eq!(numbers(Some(false), None, 1), vec![ids[0]]);
		assert_eq!(numbers(None, None, 0), Vec::<RequestId>::new());
	});
}
