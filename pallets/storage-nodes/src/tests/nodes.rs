//! How a node comes, and what its bond is.

use super::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

type Failure = Error<Test>;

fn register(
	who: &AccountId,
	node: MinerId,
	meters: NodeMeters,
	capacity: Energy,
) -> DispatchResult {
	StorageNodes::register_node(signed(who), node, meters, capacity)
}

#[test]
fn node_is_registered_with_a_bond_for_its_capacity() {
	build_and_execute(|| {
		let battery = storage(&NORA);
		let meters = battery.meters();
		assert_ok!(register(&NORA, battery.node, meters, CAPACITY));
		let node = battery.node;
		let owner = NORA;
		let event = Event::NodeRegistered { node, owner, meters, capacity: CAPACITY, bond: BOND };
		assert_eq!(last_event(), event);
		assert_eq!(bond_of(&NORA), BOND);
		let view = StorageNodes::node(node).unwrap();
		assert_eq!(view.owner, Some(NORA));
		assert_eq!((view.stored, view.available, view.room), (0, 0, CAPACITY.into()));
		assert_eq!((view.required_bond, view.overdue), (Some(BOND), false));
		assert_eq!(StorageNodes::nodes(None, 10), [view]);
		assert!(StorageNodes::nodes(Some(node), 10).is_empty());
		assert!(StorageNodes::nodes(None, 0).is_empty());
	});
}

#[test]
fn bond_rounds_up_and_is_never_too_small() {
	build_and_execute(|| {
		// One mWh more than a kWh.
		BondPerKwh::set(&(20 * DECA + 1));
		assert_eq!(StorageNodes::bond_for(KWH + 1), Some(20 * DECA + 1 + 20_000_001));
		assert_eq!(StorageNodes::bond_for(1), Some(10 * DECA));
		// Twice the penalty, whatever else is set.
		BondPerKwh::set(&0);
		assert_eq!(StorageNodes::bond_for(100 * KWH), Some(60 * DECA));
		BondPerKwh::set(&Balance::MAX);
		assert_eq!(StorageNodes::bond_for(2 * KWH), None);
	});
}

#[test]
fn node_is_refused_when_it_is_not_its_owners_battery() {
	build_and_execute(|| {
		let battery = storage(&NORA);
		let (node, meters) = (battery.node, battery.meters());
		let export = roof(&NORA);
		assert_noop!(register(&NORA, 99, meters, CAPACITY), Failure::UnknownMiner);
		assert_noop!(register(&OLGA, node, meters, CAPACITY), Failure::NotOwner);
		assert_noop!(
			register(&NORA, miner_of(export), meters, CAPACITY),
			Failure::NotAStorageMiner
		);
		for capacity in [0, MAX_CAPACITY + 1] {
			assert_noop!(register(&NORA, node, meters, capacity), Failure::CapacityOutOfRange);
		}
		let with = |change: fn(&mut NodeMeters, MeterId), meter| {
			let mut meters = meters;
			change(&mut meters, meter);
			register(&NORA, node, meters, CAPACITY)
		};
		assert_noop!(with(|meters, meter| meters.charge = meter, 99), Failure::UnknownMeter);
		assert_noop!(with(|meters, meter| meters.charge = meter, export), Failure::MeterOfAnother);
		let Battery { charge, discharge, .. } = battery;
		assert_noop!(with(|meters, meter| meters.charge = meter, discharge), Failure::WrongFlow);
		assert_noop!(with(|meters, meter| meters.discharge = meter, charge), Failure::WrongFlow);
		assert_noop!(with(|meters, meter| meters.loss = Some(meter), charge), Failure::WrongFlow);
		assert_ok!(with(|meters, _| meters.loss = None, 0));
		assert_noop!(register(&NORA, node, meters, CAPACITY), Failure::AlreadyRegistered);
	});
}

#[test]
fn node_is_refused_when_its_miner_or_a_meter_is_out_of_service() {
	build_and_execute(|| {
		let battery = storage(&NORA);
		let (node, meters) = (battery.node, battery.meters());
		suspend(node);
		assert_noop!(register(&NORA, node, meters, CAPACITY), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), node).unwrap();
		Miners::retire_meter(signed(&NORA), battery.loss).unwrap();
		assert_noop!(register(&NORA, node, meters, CAPACITY), Failure::MeterRetired);
		revoke(node);
		assert_noop!(register(&NORA, node, meters, CAPACITY), Failure::UnknownMiner);
	});
}

#[test]
fn node_is_refused_when_its_owner_cannot_pay_the_bond() {
	build_and_execute(|| {
		let battery = storage(&NORA);
		let meters = battery.meters();
		assert_noop!(
			register(&NORA, battery.node, meters, 10_000 * KWH),
			TokenError::FundsUnavailable
		);
		BondPerKwh::set(&Balance::MAX);
		assert_noop!(register(&NORA, battery.node, meters, CAPACITY), ArithmeticError::Overflow);
	});
}

#[test]
fn bond_is_filled_up_when_it_has_to_be_more() {
	build_and_execute(|| {
		let (battery, _) = filled(KWH_32);
		let fill = |who: &AccountId, node| StorageNodes::top_up_bond(signed(who), node);
		assert_noop!(fill(&NORA, battery.node), Failure::BondIsEnough);
		assert_noop!(fill(&NORA, 99), Failure::UnknownNode);
		BondPerKwh::set(&(2 * DECA));
		assert_noop!(fill(&OLGA, battery.node), Failure::NotOwner);
		// Nothing new for the node until then.
		let meter = roof(&PETER);
		let ask = || StorageNodes::ask_deposit(signed(&PETER), meter, battery.node);
		assert_noop!(ask(), Failure::BondTooLow);
		assert_ok!(fill(&NORA, battery.node));
		let event = Event::BondToppedUp { node: battery.node, owner: NORA, bond: 2 * BOND };
		assert_eq!(last_event(), event);
		assert_eq!(bond_of(&NORA), 2 * BOND);
		assert_ok!(ask());
		// It is not given back when less is asked for.
		BondPerKwh::set(&DECA);
		assert_noop!(fill(&NORA, battery.node), Failure::BondIsEnough);
	});
}

#[test]
fn bond_moves_when_the_dao_gives_the_miner_to_another_account() {
	build_and_execute(|| {
		let battery = battery();
		Miners::recover(RuntimeOrigin::root(), battery.node, DAVE).unwrap();
		assert_noop!(StorageNodes::top_up_bond(signed(&NORA), battery.node), Failure::NotOwner);
		assert_ok!(StorageNodes::top_up_bond(signed(&DAVE), battery.node));
		assert_eq!((bond_of(&NORA), bond_of(&DAVE)), (0, BOND));
		assert_eq!(battery.get().bonder, DAVE);
		assert_noop!(StorageNodes::top_up_bond(signed(&DAVE), battery.node), Failure::BondIsEnough);
	});
}

#[test]
fn node_takes_no_new_deposits_when_its_owner_does_not_want_them() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		let set_open = |who: &AccountId, open| StorageNodes::set_open(signed(who), node, open);
		assert_noop!(set_open(&OLGA, false), Failure::NotOwner);
		assert_noop!(StorageNodes::set_open(signed(&NORA), 99, true), Failure::UnknownNode);
		assert_ok!(set_open(&NORA, false));
		assert_eq!(last_event(), Event::OpenSet { node, open: false });
		let ask = || StorageNodes::ask_deposit(signed(&OLGA), meter, node);
		assert_noop!(ask(), Failure::NoNewDeposits);
		assert_ok!(set_open(&NORA, true));
		assert_ok!(ask());
		assert_ok!(StorageNodes::leave(signed(&NORA), node));
		assert_noop!(set_open(&NORA, true), Failure::NodeNotOpen);
	});
}
