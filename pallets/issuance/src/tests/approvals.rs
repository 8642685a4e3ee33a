//! What the DAO rules.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::traits::BadOrigin;

#[test]
fn nobody_but_the_dao_rules() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		for origin in [signed(&OLGA), signed(&Issuance::account()), RuntimeOrigin::none()] {
			let ids = vec![id].try_into().unwrap();
			assert_noop!(Issuance::approve(origin.clone(), ids), BadOrigin);
			assert_noop!(Issuance::reject(origin.clone(), id, reason("no")), BadOrigin);
			assert_noop!(Issuance::set_policy(origin, None), BadOrigin);
		}
	});
}

#[test]
fn approval_claims_mints_pays_and_tells() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 100 * KWH);
		let before = wealth(&OLGA);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		System::assert_has_event(
			Event::Approved {
				request: id,
				miner,
				owner: OLGA,
				node: None,
				automatic: false,
				settlement,
			}
			.into(),
		);
		assert_eq!((settlement.energy, settlement.payment), (100 * KWH, 10 * DECA));
		assert_eq!(gain(&OLGA, before), Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 });
		assert_eq!(Issued::<Test>::get(), 100 * KWH);
		assert_eq!(Metering::energy(meter).unwrap().claimed, [100 * KWH, 0]);
		assert_eq!(Issuance::request(id), None);
		assert_eq!(
			Issuance::record_of(miner),
			Record { approved: 1, automatic: 0, rejected: 0, clean: true }
		);
		assert_eq!(Reported::<Test>::get(meter), Some(ReportedUntil { measured: 1, until: START }));
	});
}

#[test]
fn request_is_not_approved_twice() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let unknown = Error::<Test>::UnknownRequest.into();
		let results = approve(&[id, id]);
		assert!(results[0].is_ok());
		assert_eq!(results[1], Err(unknown));
		assert_eq!(approve(&[id, 77]), vec![Err(unknown); 2]);
		assert_eq!(Issued::<Test>::get(), KWH);
	});
}

#[test]
fn one_that_fails_does_not_stop_the_batch() {
	build_and_execute(|| {
		let people = [&OLGA, &PETER, &NORA];
		let roofs = people.map(roof);
		for (_, meter) in roofs {
			deliver(meter, 10 * KWH);
		}
		mature();
		let ids =
			[0, 1, 2].map(|n| request(people[n], roofs[n].0, &[roofs[n].1], Payout::Liquidity));
		let fund = wealth(&Issuance::account());
		let before = wealth(&PETER);
		Miners::suspend(RuntimeOrigin::root(), roofs[1].0, reason("look")).unwrap();
		let results = approve(&ids);
		assert!(results[0].is_ok() && results[2].is_ok());
		assert_eq!(results[1], Err(Error::<Test>::MinerNotActive.into()));
		System::assert_has_event(
			Event::ApprovalFailed { request: ids[1], error: Error::<Test>::MinerNotActive.into() }
				.into(),
		);
		// It stands as it was, and is paid once the miner is back.
		assert_eq!(wealth(&PETER), before);
		assert_eq!(fund.deca - wealth(&Issuance::account()).deca, 2 * DECA);
		Miners::reinstate(RuntimeOrigin::root(), roofs[1].0).unwrap();
		assert!(approve(&ids)[1].is_ok());
		assert_eq!(Issued::<Test>::get(), 30 * KWH);
	});
}

#[test]
fn rejected_request_tells_why_is_resubmitted_and_approved() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let before = wealth(&OLGA);
		let old = request(&OLGA, miner, &[meter], Payout::Direct);
		assert_noop!(Issuance::resubmit(signed(&OLGA), old), Error::<Test>::NotRejected);
		System::reset_events();
		reject(old);
		let why = reason("two days are missing");
		System::assert_last_event(
			Event::Rejected { request: old, miner, reason: why.clone() }.into(),
		);
		assert_eq!(Issuance::request(old).unwrap().status, Status::Rejected(why));
		assert_eq!(approve(&[old]), vec![Err(Error::<Test>::NotOpen.into())]);
		assert_noop!(
			Issuance::reject(RuntimeOrigin::root(), old, reason("again")),
			Error::<Test>::NotOpen
		);

		// The missing days arrive.
		mature_energy(meter, 5 * KWH);
		assert_noop!(Issuance::resubmit(signed(&PETER), old), Error::<Test>::NotOwner);
		assert_ok!(Issuance::resubmit(signed(&OLGA), old));
		let new = old + 1;
		System::assert_last_event(
			Event::Resubmitted { request: old, replacement: new, miner, energy: 15 * KWH }.into(),
		);
		let entry = Issuance::request(new).unwrap();
		assert_eq!((entry.evidence.sent, entry.replaces), (15 * KWH, Some(old)));
		assert_eq!(Issuance::requests_of(miner), vec![new]);
		// A motion that names the old one approves nothing.
		assert_eq!(approve(&[old]), vec![Err(Error::<Test>::UnknownRequest.into())]);
		assert_noop!(Issuance::resubmit(signed(&OLGA), old), Error::<Test>::UnknownRequest);
		assert!(approve(&[new])[0].is_ok());
		// Only one deposit was ever held, and it is back.
		assert_eq!(gain(&OLGA, before), Part { deca: 12 * DECA / 10, kwh: 12 * KWH, lp: 0 });
		assert_eq!(
			Issuance::record_of(miner),
			Record { approved: 1, automatic: 0, rejected: 1, clean: true }
		);
	});
}

#[test]
fn rejected_request_keeps_deposit_and_meters_until_it_is_withdrawn() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let before = wealth(&OLGA);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		reject(id);
		assert_eq!(before.deca - wealth(&OLGA).deca, DECA);
		assert_noop!(
			Issuance::request_payment(signed(&OLGA), miner, all_of(&[meter]), Payout::Direct),
			Error::<Test>::MeterBusy
		);
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		assert_eq!(wealth(&OLGA), before);
		assert_noop!(
			Issuance::reject(RuntimeOrigin::root(), id, reason("again")),
			Error::<Test>::UnknownRequest
		);
	});
}

#[test]
fn resubmission_is_refused_while_a_challenge_is_open() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		reject(id);
		deliver(meter, KWH);
		let evidence = b"the roof is covered".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		assert_noop!(Issuance::resubmit(signed(&OLGA), id), Error::<Test>::MeterQuarantined);
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		assert_ok!(Issuance::resubmit(signed(&OLGA), id));
	});
}

#[test]
fn quarantined_meter_is_not_paid_until_the_ruling() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		deliver(meter, KWH);
		let evidence = b"the roof is covered".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::MeterQuarantined.into())]);
		assert_eq!(Issued::<Test>::get(), 0);
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		// What had matured before stays the owner's.
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(Issued::<Test>::get(), 10 * KWH);
	});
}

#[test]
fn outdated_evidence_is_not_approved() {
	// The invariants are not asked: somebody else moved the pointer, which only this test can.
	ExtBuilder::default().build().execute_with(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		<Metering as EnergyClaims>::claim(meter, ClaimKind::Token, KWH).unwrap();
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::EvidenceOutdated.into())]);
		assert_eq!(Issued::<Test>::get(), 0);
		// Certificates have a pointer of their own.
		reject(id);
		assert_ok!(Issuance::resubmit(signed(&OLGA), id));
		<Metering as EnergyClaims>::claim(meter, ClaimKind::Certificate, KWH).unwrap();
		assert!(approve(&[id + 1])[0].is_ok());
		assert_eq!(Issued::<Test>::get(), 9 * KWH);
	});
}

#[test]
fn fund_keeps_its_existential_deposit() {
	let ed = ExistentialDeposit::get();
	ExtBuilder { fund: DECA + ed - 1, ..Default::default() }.execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Liquidity);
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::FundTooLow.into())]);
		assert_eq!((Issued::<Test>::get(), wealth(&OLGA).kwh), (0, 0));
		assert_eq!(Metering::energy(meter).unwrap().claimed, [0, 0]);
		// Anyone may fill it.
		Balances::transfer_allow_death(signed(&CAROL), Issuance::payment_account(), ed).unwrap();
		assert!(approve(&[id])[0].is_ok());
	});
}

#[test]
fn empty_fund_pays_nothing_and_mints_nothing() {
	ExtBuilder { fund: 0, ..Default::default() }.execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::FundTooLow.into())]);
		assert_eq!(Issuance::supply(), Supply { issued: 0, burned: 0, circulating: 0 });
	});
}

#[test]
fn rate_and_shares_are_those_of_the_approval() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		DecaPerKwh::set(&(2 * DECA));
		MinerShare::set(&Permill::from_percent(50));
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.payment, 20 * DECA);
		assert_eq!(settlement.miner, Part { deca: 10 * DECA, kwh: 5 * KWH, lp: 0 });
	});
}
