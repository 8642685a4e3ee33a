//! How a node goes: in order, or without a word.

use super::*;
use frame_support::{assert_noop, assert_ok};

type Failure = Error<Test>;

fn leave(battery: &Battery) -> DispatchResult {
	StorageNodes::leave(signed(&NORA), battery.node)
}

fn close(battery: &Battery) -> DispatchResult {
	StorageNodes::close_node(signed(&CAROL), battery.node)
}

fn vanish(battery: &Battery) -> DispatchResult {
	StorageNodes::declare_vanished(RuntimeOrigin::root(), battery.node)
}

#[test]
fn node_leaves_in_order() {
	build_and_execute(|| {
		let (battery, meter) = filled(10 * KWH_32);
		let node = battery.node;
		assert_noop!(close(&battery), Failure::NotLeaving);
		assert_noop!(StorageNodes::leave(signed(&OLGA), node), Failure::NotOwner);
		assert_ok!(leave(&battery));
		assert_eq!(last_event(), Event::NodeLeaving { node });
		assert_noop!(leave(&battery), Failure::NodeNotOpen);
		let other = roof(&PETER);
		assert_noop!(StorageNodes::ask_deposit(signed(&PETER), other, node), Failure::NodeNotOpen);

		// Olga still sends.
		assert_noop!(close(&battery), Failure::DepositsLeft);
		sends(&battery, &[(meter, KWH_32)], KWH_32);
		assert_ok!(StorageNodes::end_deposit(signed(&NORA), meter));
		assert_noop!(close(&battery), Failure::NotAccounted);
		rest(&battery, GRACE, &[]);
		battery.account();
		account_meter(meter);
		assert_noop!(close(&battery), Failure::EnergyOwed);

		// Wanda draws nine of the eleven kWh.
		let (id, home) = drawing(&battery, 9 * KWH, 1);
		assert_noop!(close(&battery), Failure::WithdrawalsLeft);
		rest(&battery, 1, &[home]);
		gives(&battery, 9 * KWH_32, home, 9 * KWH_32);
		rest(&battery, GRACE, &[home]);
		battery.account();
		settle(id);
		assert_noop!(close(&battery), Failure::EnergyOwed);

		// Nora buys what is left of it.
		give_on(&OLGA, &NORA, u128::from(2 * KWH));
		assert_ok!(StorageNodes::cover(signed(&NORA), node, u128::from(2 * KWH)));
		assert_ok!(close(&battery));
		assert_eq!(last_event(), Event::NodeClosed { node, bond: BOND, paid: 0, lost: 0 });
		assert_eq!((bond_of(&NORA), deca(&NORA)), (0, ENDOWMENT - 13 * DECA));
		assert_eq!(battery.get().status, NodeStatus::Closed);
		assert_eq!(battery.books().stored(), 0);
		// What was received before can still become tokens.
		assert_eq!(mint(meter, &OLGA), KWH.into());
		let account = StorageNodes::account(signed(&CAROL), node, RING);
		assert_eq!(account.unwrap_err().error, Failure::NodeOver.into());
	});
}

#[test]
fn node_can_be_registered_anew_when_it_was_closed() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, KWH_32)], KWH_32);
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		assert_ok!(leave(&battery));
		rest(&battery, GRACE, &[]);
		battery.account();
		give(&NORA, KWH.into());
		assert_ok!(StorageNodes::cover(signed(&NORA), battery.node, KWH.into()));
		assert_ok!(close(&battery));
		rest(&battery, 3, &[]);
		let meters = battery.meters();
		assert_ok!(StorageNodes::register_node(signed(&NORA), battery.node, meters, 50 * KWH));
		// What happened meanwhile counts for nothing, what Olga sent before is still hers.
		assert_eq!(battery.books().stored(), 0);
		account_meter(meter);
		assert_eq!(receipt(meter), (KWH.into(), KWH.into()));
		assert_eq!(StorageNodes::interval_of(battery.node, now() - 1).unwrap().sent, 0);
		// The tokens that Nora burned were for it.
		assert_eq!(mint(meter, &OLGA), KWH.into());
	});
}

#[test]
fn vanished_node_refunds_its_withdrawals_and_forfeits_its_bond() {
	build_and_execute(|| {
		let (battery, meter) = filled(10 * KWH_32);
		let node = battery.node;
		let (id, home) = drawing(&battery, 4 * KWH, 4);
		rest(&battery, 1, &[home]);
		gives(&battery, KWH_32, home, KWH_32);
		rest(&battery, GRACE, &[home]);
		battery.account();

		let origin = signed(&NORA);
		assert_noop!(StorageNodes::declare_vanished(origin, node), DispatchError::BadOrigin);
		assert_noop!(
			StorageNodes::declare_vanished(RuntimeOrigin::root(), 99),
			Failure::UnknownNode
		);
		assert_ok!(vanish(&battery));
		assert_eq!(last_event(), Event::NodeVanished { node });
		assert_noop!(vanish(&battery), Failure::WithdrawalsLeft);
		assert_noop!(StorageNodes::cover(signed(&OLGA), node, 1), Failure::NodeOver);
		assert_noop!(StorageNodes::slash_uncovered(signed(&CAROL), node), Failure::NodeOver);
		assert_noop!(StorageNodes::top_up_bond(signed(&NORA), node), Failure::NodeOver);
		let before = (deca(&WANDA), deca(&TREASURY));
		System::reset_events();
		settle(id);
		// One kWh had been delivered. For three Wanda gets the penalty, and her tokens back.
		let penalty = 9 * DECA / 10;
		let lost = u128::from(9 * KWH);
		assert_eq!(
			events(),
			[
				Event::Delivered { withdrawal: id, energy: KWH, rest: 3 * KWH },
				Event::WithdrawalClosed {
					withdrawal: id,
					delivered: KWH,
					returned: 3 * KWH,
					failed: 3 * KWH,
					penalty,
				},
				Event::VanishedNodeClosed { node, forfeited: BOND - penalty, lost },
			]
		);
		assert_eq!(tokens(&WANDA), u128::from(3 * KWH) + 1);
		assert_eq!(
			(deca(&WANDA), deca(&TREASURY)),
			(before.0 + penalty, before.1 + BOND - penalty)
		);
		assert_eq!(bond_of(&NORA), 0);
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.lost), (0, lost));
		assert_eq!(parity.ratio, Some(0));
		assert_noop!(vanish(&battery), Failure::NodeOver);

		// Anyone ends the deposit, and Olga sends to nobody. Nora could not go on as if nothing had been.
		let register =
			|| StorageNodes::register_node(signed(&NORA), node, battery.meters(), CAPACITY);
		assert_noop!(register(), Failure::DepositsLeft);
		assert_ok!(StorageNodes::end_deposit(signed(&CAROL), meter));
		account_meter(meter);
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_ok!(register());
		assert_eq!(battery.books().backing, 0);
	});
}

#[test]
fn vanished_node_closes_at_once_when_nobody_draws() {
	build_and_execute(|| {
		let (battery, meter) = filled(10 * KWH_32);
		// What was sent and not minted yet can still be minted.
		sends(&battery, &[(meter, KWH_32)], KWH_32);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		let treasury = deca(&TREASURY);
		assert_ok!(vanish(&battery));
		assert_eq!(deca(&TREASURY), treasury + BOND);
		assert_eq!(battery.get().status, NodeStatus::Closed);
		account_meter(meter);
		assert_eq!(mint(meter, &OLGA), KWH.into());
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing, parity.lost), (11_000_000, 0, 11_000_000));
	});
}

#[test]
fn vanished_node_waits_when_its_bond_cannot_be_taken() {
	build_and_execute(|| {
		let (battery, _) = filled(KWH_32);
		// A treasury without an account takes nothing below the existential deposit.
		let all = deca(&TREASURY);
		Balances::transfer_allow_death(signed(&TREASURY), CAROL, all).unwrap();
		let reason = HoldReason::Bond.into();
		let most = BOND - 1;
		<Balances as fungible::MutateHold<_>>::release(&reason, &NORA, most, Precision::Exact)
			.unwrap();
		Nodes::<Test>::mutate(battery.node, |node| node.as_mut().unwrap().bond = 1);
		assert_ok!(vanish(&battery));
		assert!(matches!(last_event(), Event::ForfeitFailed { .. }));
		assert_eq!(battery.get().status, NodeStatus::Vanished);
		Balances::transfer_allow_death(signed(&CAROL), TREASURY, DECA).unwrap();
		assert_ok!(vanish(&battery));
		let lost = KWH.into();
		let event = Event::VanishedNodeClosed { node: battery.node, forfeited: 1, lost };
		assert_eq!(last_event(), event);
	});
}

#[test]
fn node_of_a_revoked_miner_is_left_by_everybody() {
	build_and_execute(|| {
		let (battery, meter) = filled(KWH_32);
		let node = battery.node;
		revoke(node);
		// Nobody is its owner any more, but the bond is still Nora's.
		assert_eq!(StorageNodes::node(node).unwrap().owner, None);
		assert_noop!(StorageNodes::leave(signed(&OLGA), node), Failure::NotOwner);
		assert_ok!(leave(&battery));
		assert_ok!(StorageNodes::end_deposit(signed(&CAROL), meter));
		give_on(&OLGA, &NORA, KWH.into());
		assert_ok!(StorageNodes::cover(signed(&NORA), node, KWH.into()));
		go_to(now() + SILENCE + 1);
		battery.account();
		assert_ok!(close(&battery));
		assert_eq!(last_event(), Event::NodeClosed { node, bond: BOND, paid: 0, lost: 0 });
		assert_eq!(bond_of(&NORA), 0);
	});
	build_and_execute(|| {
		let (battery, meter) = filled(KWH_32);
		revoke(battery.node);
		assert_ok!(StorageNodes::end_deposit(signed(&CAROL), meter));
		assert_ok!(vanish(&battery));
		assert_eq!((battery.get().status, bond_of(&NORA)), (NodeStatus::Closed, 0));
	});
}

#[test]
fn miner_given_to_another_account_is_not_left_by_the_one_before() {
	build_and_execute(|| {
		let battery = battery();
		Miners::recover(RuntimeOrigin::root(), battery.node, DAVE).unwrap();
		assert_noop!(leave(&battery), Failure::NotOwner);
		assert_ok!(StorageNodes::leave(signed(&DAVE), battery.node));
	});
}

/// A battery that left, of which nobody draws any more what it holds. Returns it, a roof's meter and when it closes.
fn left(energy: u32) -> (Battery, MeterId, Interval) {
	let (battery, meter) = filled(energy);
	assert_ok!(leave(&battery));
	let closes = now() + CoverWindow::get();
	assert_eq!(battery.get().leaving_since, Some(now()));
	assert_ok!(StorageNodes::end_deposit(signed(&NORA), meter));
	rest(&battery, GRACE, &[]);
	battery.account();
	(battery, meter, closes)
}

#[test]
fn node_pays_for_what_nobody_drew_and_closes() {
	build_and_execute(|| {
		let (battery, _, closes) = left(10 * KWH_32);
		go_to(closes - 1);
		assert_noop!(close(&battery), Failure::EnergyOwed);
		go_to(closes);
		let (nora, treasury) = (deca(&NORA), deca(&TREASURY));
		assert_ok!(close(&battery));
		let (paid, lost) = (3 * DECA, u128::from(10 * KWH));
		let event = Event::NodeClosed { node: battery.node, bond: BOND - paid, paid, lost };
		assert_eq!(last_event(), event);
		assert_eq!((bond_of(&NORA), deca(&NORA)), (0, nora + BOND - paid));
		assert_eq!(deca(&TREASURY), treasury + paid);
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.lost, parity.ratio), (0, lost, Some(0)));
		assert_eq!(battery.get().leaving_since, None);
	});
}

#[test]
fn node_closes_when_nobody_asks_payment_for_what_it_received() {
	build_and_execute(|| {
		let battery = battery();
		let (olga, peter) = (roof(&OLGA), roof(&PETER));
		deposit(&OLGA, olga, &battery);
		deposit(&PETER, peter, &battery);
		sends(&battery, &[(olga, KWH_32), (peter, KWH_32)], 2 * KWH_32);
		for meter in [olga, peter] {
			assert_ok!(StorageNodes::end_deposit(signed(&NORA), meter));
		}
		assert_ok!(leave(&battery));
		rest(&battery, GRACE, &[]);
		battery.account();
		// Olga does not ask, and for Peter nobody has even accounted.
		account_meter(olga);
		go_to(now() + CoverWindow::get());
		assert_ok!(close(&battery));
		let (paid, lost) = (6 * DECA / 10, u128::from(2 * KWH));
		let event = Event::NodeClosed { node: battery.node, bond: BOND - paid, paid, lost };
		assert_eq!(last_event(), event);
		// They still can.
		account_meter(peter);
		assert_eq!((mint(olga, &OLGA), mint(peter, &PETER)), (KWH.into(), KWH.into()));
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing, parity.lost), (lost, 0, lost));
	});
}

#[test]
fn node_pays_for_dust_and_no_more_than_its_bond() {
	build_and_execute(|| {
		let (battery, _, closes) = left(KWH_32);
		// All tokens but one, which was lost with a key.
		give_on(&OLGA, &NORA, u128::from(KWH) - 1);
		assert_ok!(StorageNodes::cover(signed(&NORA), battery.node, u128::from(KWH) - 1));
		go_to(closes);
		assert_ok!(close(&battery));
		let paid = u128::from(PENALTY);
		let event = Event::NodeClosed { node: battery.node, bond: BOND - paid, paid, lost: 1 };
		assert_eq!(last_event(), event);
	});
	build_and_execute(|| {
		let (battery, _, closes) = left(KWH_32);
		PenaltyPrice::set(&(BOND as Price));
		go_to(closes);
		assert_ok!(close(&battery));
		let lost = KWH.into();
		let event = Event::NodeClosed { node: battery.node, bond: 0, paid: BOND, lost };
		assert_eq!(last_event(), event);
	});
}

#[test]
fn node_that_leaves_does_not_close_while_somebody_draws() {
	build_and_execute(|| {
		let (battery, meter) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 4 * KWH, 96);
		assert_ok!(leave(&battery));
		assert_ok!(StorageNodes::end_deposit(signed(&NORA), meter));
		for _ in 0..2 {
			rest(&battery, RING / 2, &[home]);
			battery.account();
		}
		assert_noop!(close(&battery), Failure::WithdrawalsLeft);
		rest(&battery, 1 + GRACE, &[home]);
		battery.account();
		settle(id);
		assert_ok!(close(&battery));
	});
}
