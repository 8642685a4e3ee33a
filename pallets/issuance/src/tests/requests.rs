//! Asking for payment, and the evidence that the chain takes.

use crate::{mock::*, *};
use frame_support::{
	assert_noop, assert_ok,
	traits::fungible::{InspectHold, Mutate},
};
use heliograph_primitives::miner::Flow;

fn held(who: &AccountId) -> Balance {
	Balances::balance_on_hold(&HoldReason::Request.into(), who)
}

fn asks(owner: &AccountId, miner: MinerId, meters: Vec<AskedMeter>) -> DispatchResultWithPostInfo {
	Issuance::request_payment(signed(owner), miner, meters.try_into().unwrap(), Payout::Direct)
}

#[test]
fn request_freezes_evidence_and_holds_the_deposit() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		for _ in 0..4 {
			deliver(meter, 10 * KWH);
		}
		mature();
		let now = Metering::current_interval();
		System::reset_events();
		assert_ok!(asks(&OLGA, miner, vec![(meter, None)]));
		System::assert_last_event(
			Event::Requested { request: 0, miner, owner: OLGA, energy: 40 * KWH, deposit: DECA }
				.into(),
		);
		assert_eq!(held(&OLGA), DECA);
		let entry = Issuance::request(0).unwrap();
		assert_eq!(entry.status, Status::Open);
		assert_eq!((entry.miner, entry.depositor.clone(), entry.deposit), (miner, OLGA, DECA));
		assert_eq!((entry.taken, entry.node, entry.replaces), (now, None, None));
		// The base reading stands before the first interval that counts; the meter is silent since.
		let last = START + 3;
		let claim = MeterClaim {
			meter,
			from: 0,
			to: 40 * KWH,
			received: 40 * KWH,
			measured: 4,
			until: last,
		};
		assert_eq!(
			entry.evidence,
			Evidence {
				claims: vec![claim].try_into().unwrap(),
				sent: 40 * KWH,
				received: 40 * KWH,
				received_by: ReceivedBy::GridMeter,
				loss: 0,
				reported_intervals: 4,
				expected_intervals: now - 1 - (START - 1),
				work_shares: None,
				open_challenges: 0,
				hardware: HardwareStatus::Ok,
				from_interval: START,
				to_interval: last,
			}
		);
		// More energy matures: the frozen evidence does not see it.
		mature_energy(meter, KWH);
		assert_eq!(Issuance::request(0).unwrap(), entry);
		assert_eq!(Issuance::requests_of(miner), vec![0]);
		assert_eq!(Issuance::open_requests(None, 10), vec![(0, entry)]);
		assert_eq!(Issuance::open_requests(Some(0), 10), vec![]);
		assert_eq!(Issuance::open_requests(None, 0), vec![]);
	});
}

#[test]
fn evidence_counts_from_the_last_approved_request() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		approve(&[request(&OLGA, miner, &[meter], Payout::Direct)]);
		let paid_until = START;
		for _ in 0..3 {
			deliver(meter, KWH);
		}
		// The first of the three came after a silence: it belongs to no interval.
		mature();
		let evidence = Issuance::quote(miner, all_of(&[meter])).unwrap();
		assert_eq!(evidence.sent, 3 * KWH);
		assert_eq!(evidence.reported_intervals, 2);
		assert_eq!(evidence.expected_intervals, Metering::current_interval() - 1 - paid_until);
		assert_eq!(evidence.from_interval, paid_until + 1);
	});
}

#[test]
fn rejected_request_does_not_move_what_evidence_counts_from() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let before = Issuance::quote(miner, all_of(&[meter])).unwrap();
		reject(id);
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		assert_eq!(Issuance::quote(miner, all_of(&[meter])).unwrap(), before);
	});
}

#[test]
fn retired_meter_is_paid_and_owes_no_later_intervals() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		deliver(meter, 10 * KWH);
		deliver(meter, 10 * KWH);
		Miners::retire_meter(signed(&OLGA), meter).unwrap();
		mature();
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let evidence = Issuance::request(id).unwrap().evidence;
		assert_eq!((evidence.reported_intervals, evidence.expected_intervals), (2, 2));
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(wealth(&OLGA).kwh, 16 * KWH);
	});
}

#[test]
fn request_sums_several_meters_up_to_what_was_asked() {
	build_and_execute(|| {
		let flows = [Flow::Export, Flow::Export];
		let (miner, meters) = admit(&OLGA, MinerKind::Plant, &flows);
		deliver(meters[0], 10 * KWH);
		deliver(meters[1], 20 * KWH);
		mature();
		assert_ok!(asks(&OLGA, miner, vec![(meters[1], Some(5 * KWH)), (meters[0], None)]));
		let evidence = Issuance::request(0).unwrap().evidence;
		assert_eq!((evidence.sent, evidence.reported_intervals), (15 * KWH, 2));
		assert!(approve(&[0])[0].is_ok());
		// The rest of the second meter can be asked for next.
		assert_ok!(asks(&OLGA, miner, vec![(meters[1], None)]));
		assert_eq!(Issuance::request(1).unwrap().evidence.sent, 15 * KWH);
	});
}

#[test]
fn evidence_tells_of_work_and_hardware() {
	build_and_execute(|| {
		roof(&PETER);
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		Miners::set_hardware(signed(&OLGA), miner, HardwareStatus::Degraded).unwrap();
		let evidence = Issuance::quote(miner, all_of(&[meter])).unwrap();
		assert_eq!(evidence.work_shares, Some(42));
		assert_eq!(evidence.hardware, HardwareStatus::Degraded);
	});
}

#[test]
fn request_is_refused_when_the_miner_is_not_paid() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let ask = vec![(meter, None)];
		assert_noop!(asks(&OLGA, 9, ask.clone()), Error::<Test>::UnknownMiner);
		assert_noop!(asks(&PETER, miner, ask.clone()), Error::<Test>::NotOwner);
		assert_noop!(asks(&AGENT, miner, ask.clone()), Error::<Test>::NotOwner);
		for kind in [MinerKind::Consumer, MinerKind::Storage] {
			let (other, meters) = admit(&OLGA, kind, &[Flow::Export]);
			assert_noop!(asks(&OLGA, other, vec![(meters[0], None)]), Error::<Test>::KindNotPaid);
		}
		Miners::suspend(RuntimeOrigin::root(), miner, reason("look")).unwrap();
		assert_noop!(asks(&OLGA, miner, ask.clone()), Error::<Test>::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner).unwrap();
		assert_ok!(asks(&OLGA, miner, ask.clone()));
		Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false).unwrap();
		assert_noop!(asks(&OLGA, miner, ask), Error::<Test>::UnknownMiner);
	});
}

#[test]
fn request_is_refused_when_a_meter_is_wrong() {
	build_and_execute(|| {
		let (miner, meters) =
			admit(&OLGA, MinerKind::Standard, &[Flow::Export, Flow::Generation, Flow::Export]);
		let (_, peters) = roof(&PETER);
		let (export, generation, silent) = (meters[0], meters[1], meters[2]);
		for meter in [export, generation, peters] {
			mature_energy(meter, KWH);
		}
		let asks = |meters| asks(&OLGA, miner, meters);
		assert_noop!(asks(vec![]), Error::<Test>::NoMeters);
		assert_noop!(asks(vec![(export, None), (export, None)]), Error::<Test>::MeterNamedTwice);
		assert_noop!(asks(vec![(99, None)]), Error::<Test>::UnknownMeter);
		assert_noop!(asks(vec![(peters, None)]), Error::<Test>::MeterOfAnother);
		assert_noop!(asks(vec![(generation, None)]), Error::<Test>::NotExport);
		assert_noop!(asks(vec![(silent, None)]), Error::<Test>::NothingToClaim);
		assert_noop!(asks(vec![(export, Some(KWH + 1))]), Error::<Test>::NotMatured);
		assert_noop!(asks(vec![(export, Some(0))]), Error::<Test>::NothingToClaim);
		let node = send_to_noras_node(silent);
		deliver(silent, KWH);
		mature();
		node_received(silent, KWH, KWH);
		assert_noop!(asks(vec![(export, None), (silent, None)]), Error::<Test>::NodesDiffer);
		assert_ok!(asks(vec![(silent, None)]));
		assert_eq!(Issuance::request(0).unwrap().node, Some(node));
		assert_noop!(asks(vec![(silent, None)]), Error::<Test>::MeterBusy);
	});
}

#[test]
fn energy_is_not_paid_before_it_matured() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		deliver(meter, KWH);
		assert_noop!(asks(&OLGA, miner, vec![(meter, None)]), Error::<Test>::NothingToClaim);
		assert_noop!(asks(&OLGA, miner, vec![(meter, Some(KWH))]), Error::<Test>::NotMatured);
	});
}

#[test]
fn energy_is_not_paid_twice() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		approve(&[request(&OLGA, miner, &[meter], Payout::Direct)]);
		assert_noop!(asks(&OLGA, miner, vec![(meter, None)]), Error::<Test>::NothingToClaim);
	});
}

#[test]
fn request_is_refused_while_a_challenge_is_open() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		deliver(meter, KWH);
		let evidence = b"the roof is covered".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		assert_noop!(asks(&OLGA, miner, vec![(meter, None)]), Error::<Test>::MeterQuarantined);
		assert_eq!(Issuance::quote(miner, all_of(&[meter])).unwrap().open_challenges, 1);
		Metering::dismiss(RuntimeOrigin::root(), meter).unwrap();
		assert_ok!(asks(&OLGA, miner, vec![(meter, None)]));
	});
}

#[test]
fn voided_energy_is_never_paid() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		deliver(meter, 5 * KWH);
		let evidence = b"the meter was bridged".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		mature();
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		assert_eq!(Issuance::request(id).unwrap().evidence.sent, KWH);
	});
}

#[test]
fn request_is_refused_when_the_deposit_cannot_be_held() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		Balances::set_balance(&OLGA, DECA);
		assert!(asks(&OLGA, miner, vec![(meter, None)]).is_err());
		assert_eq!(NextRequestId::<Test>::get(), 0);
	});
}

#[test]
fn deposit_that_was_recorded_returns_when_the_governed_one_changed() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let before = wealth(&OLGA);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		RequestDeposit::set(&(7 * DECA));
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		assert_eq!((wealth(&OLGA), held(&OLGA)), (before, 0));
	});
}

#[test]
fn withdrawal_frees_the_meters() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		assert_noop!(Issuance::withdraw(signed(&PETER), id), Error::<Test>::NotOwner);
		assert_noop!(Issuance::withdraw(signed(&OLGA), 9), Error::<Test>::UnknownRequest);
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		System::assert_last_event(Event::Withdrawn { request: id, miner }.into());
		assert_noop!(Issuance::withdraw(signed(&OLGA), id), Error::<Test>::UnknownRequest);
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::UnknownRequest.into())]);
		request(&OLGA, miner, &[meter], Payout::Direct);
	});
}

#[test]
fn owner_of_a_revoked_miner_gets_its_deposit_back() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), true).unwrap();
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::UnknownMiner.into())]);
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		assert_eq!(held(&OLGA), 0);
	});
}

#[test]
fn recovered_owner_may_withdraw_and_the_deposit_returns_to_who_paid_it() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		Miners::recover(RuntimeOrigin::root(), miner, PETER).unwrap();
		let before = wealth(&OLGA);
		assert_ok!(Issuance::withdraw(signed(&PETER), id));
		assert_eq!(gain(&OLGA, before).deca, DECA);
	});
}
