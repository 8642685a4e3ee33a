//! Tokens are minted for what a storage node received, not for what was sent.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::miner::Flow;
use sp_runtime::traits::BadOrigin;

/// A chain on which the grid meter of a miner without a node does not count, as in production.
fn in_production(test: impl FnOnce()) {
	ExtBuilder { grid_meter_counts: false, ..Default::default() }.execute(test);
}

/// Olga's roof, which sends to Nora's node. Returns the miner, its meter, and the node.
fn roof_with_node() -> (MinerId, MeterId, MinerId) {
	let (miner, meter) = roof(&OLGA);
	let node = send_to_noras_node(meter);
	(miner, meter, node)
}

fn olga_asks(miner: MinerId, meter: MeterId, up_to: Option<Balance>) -> DispatchResultWithPostInfo {
	let meters = vec![(meter, up_to)].try_into().unwrap();
	Issuance::request_payment(signed(&OLGA), miner, meters, Payout::Direct)
}

/// Olga asks for what her meter sent up to a position. Returns the request.
fn olga_requests(miner: MinerId, meter: MeterId, up_to: Balance) -> RequestId {
	let request = NextRequestId::<Test>::get();
	assert_ok!(olga_asks(miner, meter, Some(up_to)));
	request
}

/// The energy that was asked for, received, and lost.
fn figures(request: RequestId) -> [u128; 3] {
	let evidence = Issuance::request(request).expect("it stands").evidence;
	[evidence.sent, evidence.received, evidence.loss]
}

/// What is kept for a meter, of whatever node.
fn kept(meter: MeterId) -> Receipt {
	Receipt { node: 0, ..Issuance::received(meter) }
}

/// What its nodes have accounted for and was not taken.
fn accounted(meter: MeterId) -> Receipt {
	Receipt { node: 0, ..Accounted::get(meter) }
}

fn receipt(energy: u128, received: u128) -> Receipt {
	Receipt { energy, received, node: 0 }
}

/// Peter's storage node; `meter` sends to it from now on.
fn send_to_peters_node(meter: MeterId) -> MinerId {
	let (node, _) = admit(&PETER, MinerKind::Storage, &[Flow::Charge]);
	Miners::assign_node(RuntimeOrigin::root(), meter, Some(node)).unwrap();
	node
}

/// The deposit of `meter` ends.
fn part(meter: MeterId) {
	Miners::assign_node(RuntimeOrigin::root(), meter, None).unwrap();
}

/// Carol challenges the charge meter of a node. Returns the meter.
fn challenge_node(node: MinerId) -> MeterId {
	let (charge, _) = Miners::meters_of(node)[0];
	deliver(charge, KWH);
	let evidence = b"there is no battery".to_vec().try_into().unwrap();
	Metering::challenge(signed(&CAROL), charge, evidence).unwrap();
	charge
}

/// The DAO is asked to approve, and cannot while the node is disputed. Nothing has changed then.
fn approval_waits(request: RequestId) {
	let entry = Issuance::request(request);
	let before = (Issued::<Test>::get(), Lost::<Test>::get());
	assert_eq!(approve(&[request]), vec![Err(Error::<Test>::NodeDisputed.into())]);
	assert_eq!(Issuance::request(request), entry);
	assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), before);
}

fn received_by(request: RequestId) -> ReceivedBy {
	Issuance::request(request).expect("it stands").evidence.received_by
}

#[test]
fn loss_of_8_percent_mints_92() {
	in_production(|| {
		let (miner, meter, node) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		let (olga, nora, treasury) = (wealth(&OLGA), wealth(&NORA), wealth(&TREASURY));
		let id = olga_requests(miner, meter, 100 * KWH);
		let entry = Issuance::request(id).unwrap();
		assert_eq!(figures(id), [100 * KWH, 92 * KWH, 8 * KWH]);
		assert_eq!(entry.evidence.received_by, ReceivedBy::StorageNode(node));
		assert_eq!(entry.evidence.claims[0].received, 92 * KWH);
		assert_eq!(entry.node, Some(node));

		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!((settlement.energy, settlement.payment), (92 * KWH, 92 * DECA / 10));
		let miners = Part { deca: 736 * DECA / 100, kwh: 736 * KWH / 10, lp: 0 };
		let tenth = Part { deca: 92 * DECA / 100, kwh: 92 * KWH / 10, lp: 0 };
		// Olga's deposit is back.
		assert_eq!(gain(&OLGA, olga), miners);
		assert_eq!(gain(&NORA, nora), tenth);
		assert_eq!(gain(&TREASURY, treasury), tenth);
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (92 * KWH, 8 * KWH));
		// All that was sent is used up.
		assert_eq!(Metering::energy(meter).unwrap().claimed, [100 * KWH, 0]);
		assert_eq!((kept(meter), accounted(meter)), (receipt(0, 0), receipt(0, 0)));
		assert_eq!(Received::<Test>::iter().count(), 0);
	});
}

#[test]
fn event_of_a_request_tells_what_was_received() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let id = olga_requests(miner, meter, 10 * KWH);
		let (owner, energy) = (OLGA, 9 * KWH);
		System::assert_last_event(
			Event::Requested { request: id, miner, owner, energy, deposit: DECA }.into(),
		);
	});
}

#[test]
fn energy_is_not_paid_before_the_node_accounted_for_it() {
	build_and_execute(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		// That the grid meter counts does not help a meter that sends to a node.
		assert!(Issuance::grid_meter_counts());
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		assert_eq!(
			Issuance::quote(miner, all_of(&[meter])),
			Err(Error::<Test>::NotReceivedYet.into())
		);
		node_received(meter, 60 * KWH, 54 * KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		assert_noop!(olga_asks(miner, meter, Some(60 * KWH + 1)), Error::<Test>::NotReceivedYet);
		// Less can be asked for.
		let id = olga_requests(miner, meter, 60 * KWH);
		assert_eq!(figures(id), [60 * KWH, 54 * KWH, 6 * KWH]);
		assert!(approve(&[id])[0].is_ok());
		// The node goes on, and the rest can be asked for.
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		node_received(meter, 40 * KWH, 30 * KWH);
		assert_ok!(olga_asks(miner, meter, None));
		assert_eq!(figures(id + 1), [40 * KWH, 30 * KWH, 10 * KWH]);
	});
}

#[test]
fn energy_is_not_paid_when_nothing_of_it_was_received() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 0);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NothingReceived);
		// A mWh in all of it is something; of half of it the share rounds down to nothing.
		node_received(meter, 0, 1);
		assert_noop!(olga_asks(miner, meter, Some(5 * KWH)), Error::<Test>::NothingReceived);
		let id = olga_requests(miner, meter, 10 * KWH);
		assert!(approve(&[id])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (1, 10 * KWH - 1));
	});
}

#[test]
fn evidence_stays_when_the_node_accounts_for_more() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		let id = olga_requests(miner, meter, 100 * KWH);
		let entry = Issuance::request(id).unwrap();
		// A day on which the node receives half, which anyone can let it account for.
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 50 * KWH);
		assert_eq!(Issuance::request(id).unwrap(), entry);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.energy, 92 * KWH);
		// What was lost then is in the next evidence.
		let next = olga_requests(miner, meter, 200 * KWH);
		assert_eq!(figures(next), [100 * KWH, 50 * KWH, 50 * KWH]);
		assert!(approve(&[next])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (142 * KWH, 58 * KWH));
	});
}

#[test]
fn receipts_stay_with_the_meter_when_a_request_is_withdrawn() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		let id = olga_requests(miner, meter, 100 * KWH);
		assert_eq!(kept(meter), receipt(100 * KWH, 92 * KWH));
		assert_eq!(accounted(meter), receipt(0, 0));
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
		assert_eq!(kept(meter), receipt(100 * KWH, 92 * KWH));
		// Half of it is asked for next: its share, and the other half keeps its own.
		let half = olga_requests(miner, meter, 50 * KWH);
		assert_eq!(figures(half), [50 * KWH, 46 * KWH, 4 * KWH]);
		assert!(approve(&[half])[0].is_ok());
		assert_eq!(kept(meter), receipt(50 * KWH, 46 * KWH));
		// Then the rest with what came meanwhile.
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, KWH);
		let rest = olga_requests(miner, meter, 110 * KWH);
		assert_eq!(figures(rest), [60 * KWH, 47 * KWH, 13 * KWH]);
		assert_eq!(accounted(meter), receipt(0, 0));
		assert!(approve(&[rest])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (93 * KWH, 17 * KWH));
	});
}

#[test]
fn resubmitted_request_takes_the_receipts_of_what_was_added() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		let id = NextRequestId::<Test>::get();
		assert_ok!(olga_asks(miner, meter, None));
		reject(id);
		mature_energy(meter, 10 * KWH);
		assert_noop!(Issuance::resubmit(signed(&OLGA), id), Error::<Test>::NotReceivedYet);
		node_received(meter, 10 * KWH, 4 * KWH);
		System::reset_events();
		assert_ok!(Issuance::resubmit(signed(&OLGA), id));
		let (replacement, energy) = (id + 1, 96 * KWH);
		System::assert_last_event(
			Event::Resubmitted { request: id, replacement, miner, energy }.into(),
		);
		assert_eq!(figures(replacement), [110 * KWH, 96 * KWH, 14 * KWH]);
		assert!(approve(&[replacement])[0].is_ok());
		assert_eq!(Issued::<Test>::get(), 96 * KWH);
		assert_eq!(kept(meter), receipt(0, 0));
	});
}

#[test]
fn nothing_is_minted_twice_however_it_is_asked_for() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		// A ratio that leaves something at each division.
		let all = 66_666_667;
		node_received(meter, 100 * KWH, all);
		let mut asked = 0;
		for part in [2, 33_333_333, 7, 12_345_678, 40_000_000] {
			asked += part;
			let withdrawn = olga_requests(miner, meter, asked);
			assert_ok!(Issuance::withdraw(signed(&OLGA), withdrawn));
			let id = olga_requests(miner, meter, asked);
			let results = approve(&[id, id]);
			assert!(results[0].is_ok());
			assert_eq!(results[1], Err(Error::<Test>::UnknownRequest.into()));
			// Never more than their share of all that was received.
			assert!(Issued::<Test>::get() * 100 * KWH <= all * asked);
		}
		let last = olga_requests(miner, meter, 100 * KWH);
		assert!(approve(&[last])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (all, 100 * KWH - all));
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NothingToClaim);
		mature_energy(meter, KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
	});
}

#[test]
fn receipts_of_several_meters_are_their_own() {
	in_production(|| {
		let flows = [Flow::Export, Flow::Export];
		let (miner, meters) = admit(&OLGA, MinerKind::Plant, &flows);
		let node = send_to_noras_node(meters[0]);
		Miners::assign_node(RuntimeOrigin::root(), meters[1], Some(node)).unwrap();
		for meter in &meters {
			deliver(*meter, 10 * KWH);
		}
		mature();
		// Of one nothing was received, of the other nearly all.
		node_received(meters[0], 10 * KWH, 0);
		node_received(meters[1], 10 * KWH, 9 * KWH);
		let id = request(&OLGA, miner, &meters, Payout::Direct);
		let evidence = Issuance::request(id).unwrap().evidence;
		let received = evidence.claims.iter().map(|claim| claim.received).collect::<Vec<_>>();
		assert_eq!(received, [0, 9 * KWH]);
		assert_eq!(figures(id), [20 * KWH, 9 * KWH, 11 * KWH]);
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(Received::<Test>::iter().count(), 0);
	});
}

#[test]
fn voided_energy_leaves_its_receipts_unused() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		deliver(meter, 5 * KWH);
		node_received(meter, 15 * KWH, 12 * KWH);
		let evidence = b"the meter was bridged".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		mature();
		let id = NextRequestId::<Test>::get();
		assert_ok!(olga_asks(miner, meter, None));
		assert_eq!(figures(id), [10 * KWH, 8 * KWH, 2 * KWH]);
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(accounted(meter), receipt(5 * KWH, 4 * KWH));
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NothingToClaim);
	});
}

#[test]
fn request_is_refused_when_the_meter_sends_to_no_node() {
	in_production(|| {
		assert!(!Issuance::grid_meter_counts());
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NoStorageNode);
		assert_eq!(
			Issuance::quote(miner, all_of(&[meter])),
			Err(Error::<Test>::NoStorageNode.into())
		);
		// Where the grid meter counts, all that was sent was received.
		assert_ok!(Issuance::set_grid_meter_counts(RuntimeOrigin::root(), true));
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!(figures(id), [10 * KWH, 10 * KWH, 0]);
		let evidence = Issuance::request(id).unwrap().evidence;
		assert_eq!(evidence.received_by, ReceivedBy::GridMeter);
		assert!(approve(&[id])[0].is_ok());
	});
}

#[test]
fn grid_meter_is_said_to_count_by_its_origin_alone() {
	in_production(|| {
		for origin in [signed(&OLGA), signed(&Issuance::account()), RuntimeOrigin::none()] {
			assert_noop!(Issuance::set_grid_meter_counts(origin, true), BadOrigin);
		}
		for counts in [true, false] {
			assert_ok!(Issuance::set_grid_meter_counts(RuntimeOrigin::root(), counts));
			System::assert_last_event(Event::GridMeterCountsSet { counts }.into());
			assert_eq!(Issuance::grid_meter_counts(), counts);
		}
	});
}

#[test]
fn request_by_the_grid_meter_is_not_approved_once_that_does_not_count() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 10 * KWH);
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_ok!(Issuance::set_grid_meter_counts(RuntimeOrigin::root(), false));
		assert_eq!(approve(&[id]), vec![Err(Error::<Test>::NoStorageNode.into())]);
		assert_eq!((Issued::<Test>::get(), wealth(&OLGA).kwh), (0, 0));
		reject(id);
		assert_noop!(Issuance::resubmit(signed(&OLGA), id), Error::<Test>::NoStorageNode);
		assert_ok!(Issuance::withdraw(signed(&OLGA), id));
	});
}

#[test]
fn what_a_former_node_received_is_paid_and_the_treasury_has_the_nodes_share() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 90 * KWH);
		let first = olga_requests(miner, meter, 40 * KWH);
		// They part. What stands is as it was; what was received until then is not lost.
		part(meter);
		let nora = wealth(&NORA);
		assert_eq!(approve(&[first]).pop().unwrap().unwrap().node.kwh, 36 * KWH / 10);
		assert_eq!(gain(&NORA, nora).kwh, 36 * KWH / 10);
		mature_energy(meter, 50 * KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		let last = olga_requests(miner, meter, 100 * KWH);
		assert_eq!(figures(last), [60 * KWH, 54 * KWH, 6 * KWH]);
		let entry = Issuance::request(last).unwrap();
		assert_eq!((entry.evidence.received_by, entry.node), (ReceivedBy::FormerNode, None));
		let settlement = approve(&[last]).pop().unwrap().unwrap();
		assert_eq!((settlement.node.kwh, settlement.dao.kwh), (0, 108 * KWH / 10));
		// What went to the grid since then is for no token.
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NoStorageNode);
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (90 * KWH, 10 * KWH));
	});
}

#[test]
fn request_is_not_approved_while_the_node_is_disputed_and_is_after_the_ruling() {
	for upheld in [false, true] {
		in_production(|| {
			let (miner, meter, node) = roof_with_node();
			mature_energy(meter, 10 * KWH);
			node_received(meter, 10 * KWH, 9 * KWH);
			let id = NextRequestId::<Test>::get();
			assert_ok!(olga_asks(miner, meter, None));
			let charge = challenge_node(node);
			approval_waits(id);
			assert_eq!(kept(meter), receipt(10 * KWH, 9 * KWH));
			// More than it took cannot be asked for meanwhile.
			mature_energy(meter, KWH);
			node_received(meter, KWH, KWH);
			reject(id);
			assert_noop!(Issuance::resubmit(signed(&OLGA), id), Error::<Test>::NotReceivedYet);
			if upheld {
				Metering::uphold(RuntimeOrigin::root(), charge).unwrap();
			} else {
				Metering::dismiss(RuntimeOrigin::root(), charge).unwrap();
			}
			assert_ok!(Issuance::resubmit(signed(&OLGA), id));
			assert!(approve(&[id + 1])[0].is_ok());
			assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (10 * KWH, KWH));
		});
	}
}

#[test]
fn request_of_its_own_is_approved_when_another_node_is_disputed() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let id = olga_requests(miner, meter, 10 * KWH);
		let (other, _) = admit(&PETER, MinerKind::Storage, &[Flow::Charge]);
		challenge_node(other);
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(Issued::<Test>::get(), 9 * KWH);
	});
}

#[test]
fn policy_does_not_approve_what_a_disputed_node_received() {
	in_production(|| {
		let (miner, meter, node) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let withdrawn = olga_requests(miner, meter, 10 * KWH);
		assert_ok!(Issuance::withdraw(signed(&OLGA), withdrawn));
		let charge = challenge_node(node);
		Records::<Test>::insert(miner, Record { clean: true, ..Default::default() });
		let (max_energy, daily_cap) = (Balance::MAX, Balance::MAX);
		let policy = Policy { max_energy, daily_cap, min_reported: Permill::zero() };
		assert_ok!(Issuance::set_policy(RuntimeOrigin::root(), Some(policy)));
		// All that it counts on was taken before, so that it can be made.
		System::reset_events();
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!(rulings(), vec![Err(Error::<Test>::NodeDisputed.into())]);
		assert_eq!(Issued::<Test>::get(), 0);
		Metering::dismiss(RuntimeOrigin::root(), charge).unwrap();
		assert!(approve(&[id])[0].is_ok());
	});
}

#[test]
fn dispute_of_a_former_node_stops_the_approval_of_what_it_received() {
	in_production(|| {
		let (miner, meter, node) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		part(meter);
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!(
			(received_by(id), Received::<Test>::get(meter).node),
			(ReceivedBy::FormerNode, node)
		);
		let charge = challenge_node(node);
		approval_waits(id);
		Metering::uphold(RuntimeOrigin::root(), charge).unwrap();
		assert!(approve(&[id])[0].is_ok());
		assert_eq!(Issued::<Test>::get(), 9 * KWH);
	});
}

#[test]
fn dispute_of_a_former_node_stops_the_approval_of_what_is_kept_of_it() {
	in_production(|| {
		let (miner, meter, noras) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let withdrawn = olga_requests(miner, meter, 10 * KWH);
		assert_ok!(Issuance::withdraw(signed(&OLGA), withdrawn));
		let peters = send_to_peters_node(meter);
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!(received_by(id), ReceivedBy::StorageNode(peters));
		let charge = challenge_node(noras);
		approval_waits(id);
		Metering::dismiss(RuntimeOrigin::root(), charge).unwrap();
		assert!(approve(&[id])[0].is_ok());
	});
}

#[test]
fn what_is_kept_of_one_node_is_asked_for_before_what_another_one_received() {
	in_production(|| {
		let (miner, meter, noras) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let withdrawn = olga_requests(miner, meter, 10 * KWH);
		assert_ok!(Issuance::withdraw(signed(&OLGA), withdrawn));
		let peters = send_to_peters_node(meter);
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 8 * KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NodesDiffer);
		let quote = Issuance::quote(miner, all_of(&[meter]));
		assert_eq!(quote, Err(Error::<Test>::NodesDiffer.into()));
		assert_noop!(olga_asks(miner, meter, Some(10 * KWH + 1)), Error::<Test>::NodesDiffer);
		assert_eq!(Issuance::received(meter).node, noras);
		let first = olga_requests(miner, meter, 10 * KWH);
		assert!(approve(&[first])[0].is_ok());
		let second = olga_requests(miner, meter, 20 * KWH);
		assert_eq!(figures(second), [10 * KWH, 8 * KWH, 2 * KWH]);
		assert_eq!(Issuance::received(meter).node, peters);
		assert!(approve(&[second])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (17 * KWH, 3 * KWH));
	});
}

#[test]
fn loss_stays_when_the_deposit_ends_although_the_grid_meter_counts() {
	build_and_execute(|| {
		assert!(Issuance::grid_meter_counts());
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		part(meter);
		let id = NextRequestId::<Test>::get();
		assert_ok!(olga_asks(miner, meter, None));
		assert_eq!(received_by(id), ReceivedBy::FormerNode);
		assert_eq!(figures(id), [100 * KWH, 92 * KWH, 8 * KWH]);
		assert!(approve(&[id])[0].is_ok());
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (92 * KWH, 8 * KWH));
	});
}

#[test]
fn former_nodes_receipts_are_not_left_for_energy_that_goes_into_the_grid() {
	build_and_execute(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		part(meter);
		mature_energy(meter, 50 * KWH);
		// What the node received first, and the rest by itself.
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		let first = olga_requests(miner, meter, 100 * KWH);
		assert!(approve(&[first])[0].is_ok());
		let rest = olga_requests(miner, meter, 150 * KWH);
		assert_eq!(received_by(rest), ReceivedBy::GridMeter);
		assert_eq!(figures(rest), [50 * KWH, 50 * KWH, 0]);
		assert!(approve(&[rest])[0].is_ok());
		assert_eq!((kept(meter), accounted(meter)), (receipt(0, 0), receipt(0, 0)));
		// Nothing is there for what comes when the grid meter does not count any more.
		assert_ok!(Issuance::set_grid_meter_counts(RuntimeOrigin::root(), false));
		mature_energy(meter, 100 * KWH);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NoStorageNode);
		assert_noop!(olga_asks(miner, meter, Some(151 * KWH)), Error::<Test>::NoStorageNode);
		assert_eq!(Issued::<Test>::get(), 142 * KWH);
	});
}

#[test]
fn withdrawn_requests_receipts_come_before_the_grid_meter() {
	build_and_execute(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let withdrawn = olga_requests(miner, meter, 10 * KWH);
		assert_ok!(Issuance::withdraw(signed(&OLGA), withdrawn));
		part(meter);
		mature_energy(meter, KWH);
		// No node has anything more to say of it.
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NoStorageNode);
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!((received_by(id), figures(id)[1]), (ReceivedBy::FormerNode, 9 * KWH));
	});
}

#[test]
fn grid_meter_waits_for_a_former_node_that_has_still_to_account_or_is_disputed() {
	build_and_execute(|| {
		let (miner, meter, node) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		part(meter);
		Due::insert(meter, node);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		Due::remove(meter);
		Accounted::insert(meter, Receipt { node, ..receipt(10 * KWH, 9 * KWH) });
		let charge = challenge_node(node);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
		Metering::dismiss(RuntimeOrigin::root(), charge).unwrap();
		let id = olga_requests(miner, meter, 10 * KWH);
		assert_eq!((received_by(id), figures(id)[1]), (ReceivedBy::FormerNode, 9 * KWH));
	});
}

#[test]
fn grid_meter_counts_for_meters_of_which_no_node_received_anything() {
	build_and_execute(|| {
		let flows = [Flow::Export, Flow::Export, Flow::Export];
		let (miner, meters) = admit(&OLGA, MinerKind::Plant, &flows);
		let [sent, lost, own] = meters[..] else { panic!("three were admitted") };
		let node = send_to_noras_node(sent);
		Miners::assign_node(RuntimeOrigin::root(), lost, Some(node)).unwrap();
		for meter in [sent, lost, own] {
			deliver(meter, 10 * KWH);
		}
		mature();
		node_received(sent, 10 * KWH, 9 * KWH);
		node_received(lost, 10 * KWH, 0);
		part(sent);
		part(lost);
		let ask = |meters: &[MeterId]| {
			Issuance::request_payment(signed(&OLGA), miner, all_of(meters), Payout::Direct)
		};
		// They do not go together, whichever comes first.
		for meters in [[sent, own], [own, sent]] {
			assert_noop!(ask(&meters), Error::<Test>::NoStorageNode);
		}
		let id = NextRequestId::<Test>::get();
		assert_ok!(ask(&[own, lost]));
		assert_eq!(received_by(id), ReceivedBy::GridMeter);
		assert_eq!(figures(id), [20 * KWH, 20 * KWH, 0]);
		assert_ok!(ask(&[sent]));
		assert_eq!(received_by(id + 1), ReceivedBy::FormerNode);
		assert!(approve(&[id, id + 1]).iter().all(Result::is_ok));
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (29 * KWH, KWH));
	});
}

#[test]
fn approval_fails_when_the_receipts_were_used_otherwise() {
	// The invariants are not asked: somebody else used the receipts, which only this test can.
	let builder = ExtBuilder { grid_meter_counts: false, ..Default::default() };
	builder.build().execute_with(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 9 * KWH);
		let id = olga_requests(miner, meter, 10 * KWH);
		for left in [receipt(10 * KWH - 1, 9 * KWH), receipt(10 * KWH, 9 * KWH - 1)] {
			Received::<Test>::insert(meter, left);
			assert_eq!(approve(&[id]), vec![Err(Error::<Test>::EvidenceOutdated.into())]);
			assert_eq!(kept(meter), left);
		}
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (0, 0));
		assert_eq!(Metering::energy(meter).unwrap().claimed, [0, 0]);
	});
}

#[test]
fn request_is_refused_when_the_node_says_more_than_was_sent() {
	in_production(|| {
		let (miner, meter, _) = roof_with_node();
		mature_energy(meter, 10 * KWH);
		node_received(meter, 10 * KWH, 10 * KWH + 1);
		assert_noop!(olga_asks(miner, meter, None), Error::<Test>::NotReceivedYet);
	});
}

#[test]
fn invariants_notice_when_receipts_are_broken() {
	type Breakage = fn(MeterId);
	fn change_request(change: fn(&mut RequestOf<Test>)) {
		Requests::<Test>::mutate(0, |entry| change(entry.as_mut().unwrap()));
	}
	let breakages: [(&str, Breakage); 9] = [
		("2", |_| Lost::<Test>::put(1)),
		("2", |_| Issued::<Test>::put(1)),
		("7", |_| change_request(|entry| entry.evidence.received -= 1)),
		("7", |_| change_request(|entry| entry.evidence.loss += 1)),
		("7", |meter| {
			change_request(|entry| {
				entry.evidence.claims[0].received = 0;
				(entry.evidence.received, entry.evidence.loss) = (0, entry.evidence.sent);
			});
			Received::<Test>::insert(meter, receipt(10 * KWH, 0));
		}),
		("9", |meter| Received::<Test>::remove(meter)),
		("9", |meter| Received::<Test>::insert(meter, receipt(10 * KWH, 9 * KWH - 1))),
		("9", |meter| Received::<Test>::insert(meter + 1, receipt(1, 2))),
		("9", |meter| Received::<Test>::insert(meter + 1, receipt(0, 0))),
	];
	for (place, (number, breakage)) in breakages.into_iter().enumerate() {
		let builder = ExtBuilder { grid_meter_counts: false, ..Default::default() };
		builder.build().execute_with(|| {
			let (miner, meter, _) = roof_with_node();
			mature_energy(meter, 10 * KWH);
			node_received(meter, 10 * KWH, 9 * KWH);
			assert_eq!(olga_requests(miner, meter, 10 * KWH), 0);
			assert_ok!(Issuance::do_try_state());
			breakage(meter);
			match Issuance::do_try_state() {
				Err(DispatchError::Other(text)) if text.starts_with(number) => {}
				other => panic!("breakage {place} gave {other:?}"),
			}
		});
	}
}
