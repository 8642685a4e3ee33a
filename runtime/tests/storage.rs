//! Batteries on real blocks: what was sent, what arrived, the tokens for it, and what burns when it is drawn again.

use crate::common::*;
use frame_support::traits::fungibles::Inspect;
use heliograph_primitives::{
	miner::{Flow, MeterId, MinerId, MinerKind},
	trade::{MeterUse, MeterUses},
	units::{Energy, Interval, KWH},
};
use heliograph_runtime::{
	configs::{
		origins::Origin,
		parameters::{dynamic_params, RuntimeParameters},
		tokens::KWH as KWH_ID,
		treasury_account,
	},
	genesis, Assets, Balance, Balances, Issuance, Metering, Miners, Runtime, RuntimeEvent,
	StorageNodes, DECA,
};
use pallet_issuance::Payout;
use pallet_storage_nodes::{NodeMeters, NodeStatus, Receipt};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{DispatchError, Permill};

type NodeCall = pallet_storage_nodes::Call<Runtime>;
type NodeError = pallet_storage_nodes::Error<Runtime>;
type NodeEvent = pallet_storage_nodes::Event<Runtime>;
type IssuanceError = pallet_issuance::Error<Runtime>;

/// Bob's battery, and the meters of the street.
const NODE: MinerId = 1;
const ROOF: MeterId = 0;
const CHARGE: MeterId = 1;
const DISCHARGE: MeterId = 2;
const HOME: MeterId = 3;

/// Dave sends 1 kWh, of which 8 % are lost.
const SENT: Energy = KWH;
const RECEIVED: Energy = 920_000;
/// What all registers show at first.
const BASE: u64 = 1_000;
/// What is held of Bob for his miner with two meters, and of others for one with one.
const REGISTRATION: Balance = 11 * DECA;
const BOBS_REGISTRATION: Balance = 12 * DECA;
/// What answers for 10 kWh.
const BOND: Balance = 10 * DECA;

fn register(capacity: Energy) -> NodeCall {
	let meters = NodeMeters { charge: CHARGE, discharge: DISCHARGE, loss: None };
	NodeCall::register_node { node: NODE, meters, capacity }
}

fn account() -> NodeCall {
	NodeCall::account { node: NODE, intervals: 96 }
}

fn account_meter() -> NodeCall {
	NodeCall::account_meter { meter: ROOF }
}

fn request(energy: Energy, duration: Interval) -> NodeCall {
	NodeCall::request_withdrawal { node: NODE, meter: HOME, energy, duration }
}

fn settle() -> NodeCall {
	NodeCall::settle_withdrawal { withdrawal: 0 }
}

fn ask_payment() -> pallet_issuance::Call<Runtime> {
	let meters = vec![(ROOF, None)].try_into().expect("one fits");
	pallet_issuance::Call::request_payment { miner: 0, meters, payout: Payout::Direct }
}

fn receipt(counted: Energy, received: Energy) -> Receipt {
	let registered = StorageNodes::node(NODE).expect("it was registered").node.registered;
	let (counted, received) = (counted.into(), received.into());
	Receipt { node: NODE, registered, counted, received, voided: 0 }
}

fn supply() -> Balance {
	Assets::total_issuance(KWH_ID)
}

fn treasury() -> Balance {
	Balances::free_balance(treasury_account())
}

fn kwh_of(who: Sr25519Keyring) -> Balance {
	kwh(&who.to_account_id())
}

#[track_caller]
fn for_nothing(chain: &mut Chain, who: Sr25519Keyring, call: NodeCall) {
	let before = balance(who);
	chain.succeed(who, call);
	assert_eq!(balance(who), before, "the fee is returned");
}

/// Dave has a roof, Bob a battery of 10 kWh that is a node, Charlie a home; Dave's roof sends to the battery.
fn street(chain: &mut Chain) {
	assert_eq!(chain.admit(Dave, MinerKind::Standard, &[Flow::Export]), (0, vec![ROOF]));
	let battery = [Flow::Charge, Flow::Discharge];
	let admitted = chain.admit(Bob, MinerKind::Storage, &battery);
	assert_eq!(admitted, (NODE, vec![CHARGE, DISCHARGE]));
	assert_eq!(chain.admit(Charlie, MinerKind::Consumer, &[Flow::Import]), (2, vec![HOME]));
	chain.next_block();
	let last = Metering::current_interval() - 1;
	for meter in [ROOF, CHARGE, DISCHARGE, HOME] {
		chain.read(meter, last, BASE);
	}
	chain.succeed(Bob, register(10 * KWH));
	assert_eq!(held(Bob), BOBS_REGISTRATION + BOND);
	chain.succeed(Dave, NodeCall::ask_deposit { meter: ROOF, node: NODE });
	chain.succeed(Bob, NodeCall::accept_deposit { meter: ROOF });
	assert_eq!(Miners::meter(ROOF).and_then(|info| info.node), Some(NODE));
}

/// In the interval that runs Dave sends 1 kWh, of which 0.92 arrive. Returns it; it is over then.
fn sunshine(chain: &mut Chain) -> Interval {
	let noon = Metering::current_interval();
	chain.go_to(noon + 1);
	chain.read(ROOF, noon, BASE + SENT);
	chain.read(CHARGE, noon, BASE + RECEIVED);
	chain.read(DISCHARGE, noon, BASE);
	noon
}

/// The energy has matured and is paid for.
fn paid(chain: &mut Chain) {
	chain.wait_hours(28);
	let request = pallet_issuance::NextRequestId::<Runtime>::get();
	chain.succeed(Dave, ask_payment());
	let requests = vec![request].try_into().expect("one fits");
	assert_eq!(chain.motion(pallet_issuance::Call::approve { requests }), Ok(()));
}

/// 0.92 kWh are in the battery, and as many KWH are out.
fn filled(chain: &mut Chain) {
	street(chain);
	let noon = sunshine(chain);
	chain.go_to(noon + 9);
	for_nothing(chain, Ferdie, account());
	for_nothing(chain, Ferdie, account_meter());
	paid(chain);
	assert_eq!(supply(), u128::from(RECEIVED));
}

fn send(chain: &mut Chain, from: Sr25519Keyring, to: Sr25519Keyring, amount: Balance) {
	let target = to.to_account_id().into();
	let transfer = pallet_assets::Call::<Runtime>::transfer { id: KWH_ID.into(), target, amount };
	chain.succeed(from, transfer);
}

/// Charlie asks for half a kWh within four intervals, and Bob agrees. Returns the first of them; the registers are known up
/// to it.
fn half_a_kwh_is_drawn(chain: &mut Chain) -> Interval {
	send(chain, Dave, Charlie, 500_001);
	chain.succeed(Charlie, request(500_000, 4));
	chain.succeed(Bob, NodeCall::accept_withdrawal { withdrawal: 0 });
	let first = Metering::current_interval() + 1;
	chain.go_to(first);
	chain.read(CHARGE, first - 1, BASE + RECEIVED);
	chain.read(DISCHARGE, first - 1, BASE);
	chain.read(HOME, first - 1, BASE);
	first
}

/// What was given and taken in the interval that runs, which is over then; in the three that follow nothing is, and then all
/// can be accounted for.
fn given_and_taken(chain: &mut Chain, first: Interval, given: u64, taken: u64) {
	chain.go_to(first + 1);
	for last in [first, first + 3] {
		if last > first {
			chain.go_to(last + 1);
		}
		chain.read(CHARGE, last, BASE + RECEIVED);
		chain.read(DISCHARGE, last, BASE + given);
		chain.read(HOME, last, BASE + taken);
	}
	chain.go_to(first + 12);
}

#[test]
fn energy_goes_in_with_8_percent_lost_and_comes_out_again() {
	chain(|chain| {
		street(chain);
		let noon = sunshine(chain);
		// The grace is not over: nothing can be accounted for, and whoever tries pays.
		let before = balance(Ferdie);
		chain.succeed(Ferdie, account());
		assert!(balance(Ferdie) < before);
		chain.go_to(noon + 9);
		for_nothing(chain, Ferdie, account());
		for_nothing(chain, Ferdie, account_meter());
		assert_eq!(StorageNodes::deposit(ROOF).receipt, receipt(SENT, RECEIVED));

		// Tokens for what was received.
		paid(chain);
		assert_eq!(supply(), 920_000);
		let shares = [kwh_of(Dave), kwh_of(Bob), kwh(&treasury_account())];
		assert_eq!(shares, [736_000, 92_000, 92_000]);
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.uncovered, parity.lost), (920_000, 0, 0));
		assert_eq!((parity.supply, parity.ratio), (920_000, Some(1_000_000_000)));

		// Charlie draws 0.3 kWh of the half kWh that he asked for.
		chain.fail(Charlie, request(RECEIVED + 1, 4), NodeError::EmptyBattery);
		let first = half_a_kwh_is_drawn(chain);
		assert_eq!((kwh_held(Charlie), kwh_of(Charlie)), (500_000, 1));
		assert_eq!(Metering::booked(HOME), Some((MeterUse::Withdrawal, 1)));
		given_and_taken(chain, first, 300_000, 300_000);
		for_nothing(chain, Ferdie, account());
		let (bob, charlie) = (held(Bob), balance(Charlie));
		for_nothing(chain, Ferdie, settle());
		assert_eq!((supply(), kwh_of(Charlie), kwh_held(Charlie)), (620_000, 200_001, 0));
		assert_eq!((held(Bob), balance(Charlie)), (bob, charlie), "no penalty");
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.uncovered, parity.supply), (620_000, 0, 620_000));
		assert_eq!((Metering::booked(HOME), Metering::booked(DISCHARGE)), (None, None));
	});
}

#[test]
fn node_that_gives_less_than_was_taken_pays_out_of_its_bond() {
	chain(|chain| {
		filled(chain);
		let first = half_a_kwh_is_drawn(chain);
		given_and_taken(chain, first, 100_000, 300_000);
		chain.succeed(Ferdie, account());
		let charlie = balance(Charlie);
		chain.succeed(Ferdie, settle());
		// Half a kWh in an hour is 0.125 kWh a quarter of it, of which it gave 0.1: 0.025 kWh at 0.3 DECA.
		let penalty = 7_500_000_000;
		assert_eq!(balance(Charlie), charlie + penalty);
		assert_eq!(held(Bob), BOBS_REGISTRATION + BOND - penalty);
		assert_eq!((supply(), kwh_of(Charlie)), (820_000, 400_001));
	});
}

#[test]
fn nothing_is_minted_before_the_node_accounted_for_it() {
	chain(|chain| {
		street(chain);
		sunshine(chain);
		chain.wait_hours(28);
		chain.fail(Dave, ask_payment(), IssuanceError::NotReceivedYet);
		// A day late: what arrived is the node's own by then, and the sender's as far as it is there.
		chain.succeed(Ferdie, account());
		chain.succeed(Ferdie, account_meter());
		assert_eq!(StorageNodes::deposit(ROOF).receipt, receipt(SENT, RECEIVED));
		let request = pallet_issuance::NextRequestId::<Runtime>::get();
		chain.succeed(Dave, ask_payment());
		chain.fail(Dave, ask_payment(), IssuanceError::MeterBusy);
		let approve = || pallet_issuance::Call::<Runtime>::approve {
			requests: vec![request].try_into().expect("one fits"),
		};
		assert_eq!(chain.motion(approve()), Ok(()));
		// Once.
		assert_eq!(chain.motion(approve()), Ok(()));
		assert_eq!(supply(), u128::from(RECEIVED));
		chain.fail(Dave, ask_payment(), IssuanceError::NothingToClaim);
	});
}

#[test]
fn grid_meter_counts_while_governance_says_so() {
	for (preset, counts) in
		[(genesis::DEVELOPMENT, true), (genesis::FAST, true), (genesis::LOCAL, false)]
	{
		sp_io::TestExternalities::new(genesis_storage(preset)).execute_with(|| {
			assert_eq!(Issuance::grid_meter_counts(), counts, "{preset}");
		});
	}
	sp_io::TestExternalities::default().execute_with(|| assert!(!Issuance::grid_meter_counts()));
	chain(|chain| {
		let set = |counts| pallet_issuance::Call::<Runtime>::set_grid_meter_counts { counts };
		dave_is_admitted(chain, 1);
		let last = Metering::current_interval() - 1;
		chain.read(ROOF, last - 1, BASE);
		chain.read(ROOF, last, BASE + SENT);
		chain.wait_hours(28);
		for who in [Alice, Dave] {
			chain.fail(who, set(false), DispatchError::BadOrigin);
		}
		assert_eq!(chain.motion(set(false)), Ok(()));
		chain.fail(Dave, ask_payment(), IssuanceError::NoStorageNode);
		assert_eq!(chain.decide(Origin::Minting, set(true)), Err(DispatchError::BadOrigin));
		assert_eq!(chain.decide(Origin::Parameters, set(true)), Ok(()));
		chain.succeed(Dave, ask_payment());
		let requests = vec![0].try_into().expect("one fits");
		assert_eq!(chain.motion(pallet_issuance::Call::approve { requests }), Ok(()));
		assert_eq!(supply(), u128::from(SENT));
	});
}

#[test]
fn energy_of_an_ended_deposit_is_paid_for_once_where_the_grid_meter_counts() {
	chain(|chain| {
		assert!(Issuance::grid_meter_counts(), "the test says nothing otherwise");
		street(chain);
		sunshine(chain);
		chain.succeed(Dave, NodeCall::end_deposit { meter: ROOF });
		// So long that nobody remembers the interval, and nobody accounted for it. The node could still draw on its surplus for
		// it, so that the grid meter must not pay for it in the meantime.
		chain.wait_hours(28);
		chain.fail(Dave, ask_payment(), IssuanceError::NotReceivedYet);
		let give_up = || NodeCall::give_up_receipt { meter: ROOF };
		chain.fail(Bob, give_up(), NodeError::NotOwner);
		chain.succeed(Dave, give_up());
		chain.succeed(Ferdie, account());
		chain.fail(Ferdie, account_meter(), NodeError::NoDeposit);
		chain.succeed(Dave, ask_payment());
		let requests = vec![0].try_into().expect("one fits");
		assert_eq!(chain.motion(pallet_issuance::Call::approve { requests }), Ok(()));
		assert_eq!(supply(), u128::from(SENT));
		let books = StorageNodes::node(NODE).map(|view| view.node.books).expect("it is there");
		assert_eq!((books.backing, books.surplus), (0, RECEIVED.into()));
	});
}

#[test]
fn node_leaves_after_seven_days_when_its_tokens_do_not_come_back() {
	chain(|chain| {
		filled(chain);
		chain.succeed(Bob, NodeCall::leave { node: NODE });
		chain.succeed(Bob, NodeCall::end_deposit { meter: ROOF });
		chain.succeed(Ferdie, account());
		let close = || NodeCall::close_node { node: NODE };
		chain.wait_hours(6 * 24);
		chain.succeed(Ferdie, account());
		chain.fail(Ferdie, close(), NodeError::EnergyOwed);
		chain.wait_hours(25);
		chain.succeed(Ferdie, account());
		let (bob, before) = (balance(Bob), treasury());
		chain.succeed(Ferdie, close());
		// 0.92 kWh at 0.3 DECA, for the treasury, which gets a part of the fee besides.
		let penalty = 276_000_000_000;
		let told = events(|event| match event {
			RuntimeEvent::StorageNodes(NodeEvent::NodeClosed { bond, paid, lost, .. }) => {
				Some((bond, paid, lost))
			}
			_ => None,
		});
		assert_eq!(told, [(BOND - penalty, penalty, RECEIVED.into())]);
		assert!(treasury() >= before + penalty);
		assert_eq!((balance(Bob), held(Bob)), (bob + BOND - penalty, BOBS_REGISTRATION));
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing), (RECEIVED.into(), 0));
		let status = StorageNodes::node(NODE).map(|view| view.node.status);
		assert_eq!(status, Some(NodeStatus::Closed));
	});
}

#[test]
fn node_leaves_in_order_when_all_that_it_held_is_burned() {
	use dynamic_params::issuance::{MinerShare, NodeShare, Parameters};
	chain(|chain| {
		// So that Dave can have all the tokens.
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::Issuance(parameter),
		};
		let all = Some(Permill::one());
		assert_eq!(chain.motion(set(Parameters::MinerShare(MinerShare, all))), Ok(()));
		let nothing = Some(Permill::zero());
		assert_eq!(chain.motion(set(Parameters::NodeShare(NodeShare, nothing))), Ok(()));
		filled(chain);
		let close = || NodeCall::close_node { node: NODE };
		let leave = || NodeCall::leave { node: NODE };
		chain.fail(Ferdie, close(), NodeError::NotLeaving);
		chain.fail(Dave, leave(), NodeError::NotOwner);
		chain.succeed(Bob, leave());
		chain.fail(Ferdie, close(), NodeError::DepositsLeft);
		chain.succeed(Bob, NodeCall::end_deposit { meter: ROOF });
		assert_eq!(Miners::meter(ROOF).and_then(|info| info.node), None);
		chain.succeed(Ferdie, account());
		chain.fail(Ferdie, close(), NodeError::EnergyOwed);
		// Bob buys the tokens and burns them: the energy is his own now.
		send(chain, Dave, Bob, u128::from(RECEIVED));
		let cover = |amount| NodeCall::cover { node: NODE, amount };
		chain.fail(Bob, cover(u128::from(RECEIVED) + 1), NodeError::CoverTooLarge);
		chain.succeed(Bob, cover(RECEIVED.into()));
		chain.succeed(Ferdie, close());
		assert_eq!(held(Bob), BOBS_REGISTRATION);
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing, parity.ratio), (0, 0, None));
		let status = StorageNodes::node(NODE).map(|view| view.node.status);
		assert_eq!(status, Some(NodeStatus::Closed));
	});
}

#[test]
fn node_that_vanishes_answers_with_its_bond_and_parity_shows_what_is_lost() {
	chain(|chain| {
		filled(chain);
		half_a_kwh_is_drawn(chain);
		let vanish = || NodeCall::declare_vanished { node: NODE };
		for who in [Alice, Charlie] {
			chain.fail(who, vanish(), DispatchError::BadOrigin);
		}
		assert_eq!(chain.motion(vanish()), Ok(()));
		chain.next_block();
		let (charlie, fund) = (balance(Charlie), treasury());
		for_nothing(chain, Ferdie, settle());
		// All that he could still have drawn, at 0.3 DECA per kWh.
		let penalty = 150_000_000_000;
		assert_eq!(balance(Charlie), charlie + penalty);
		assert_eq!((kwh_of(Charlie), kwh_held(Charlie)), (500_001, 0));
		assert_eq!((treasury() - fund, held(Bob)), (BOND - penalty, BOBS_REGISTRATION));
		let parity = StorageNodes::parity();
		assert_eq!((parity.backing, parity.lost), (0, u128::from(RECEIVED)));
		assert_eq!((parity.supply, parity.ratio), (u128::from(RECEIVED), Some(0)));
		// Dave's roof is free, by anyone.
		chain.succeed(Ferdie, NodeCall::end_deposit { meter: ROOF });
		assert_eq!(Miners::meter(ROOF).and_then(|info| info.node), None);
	});
}

#[test]
fn bond_follows_the_governed_numbers() {
	use dynamic_params::storage_nodes::{BondPerKwh, MinBond, Parameters};
	chain(|chain| {
		street(chain);
		assert_eq!(StorageNodes::bond_for(10 * KWH), Some(BOND));
		assert_eq!(StorageNodes::bond_for(1_000 * KWH), Some(1_000 * DECA));
		assert_eq!(StorageNodes::bond_for(KWH), Some(10 * DECA));
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::StorageNodes(parameter),
		};
		let more = set(Parameters::BondPerKwh(BondPerKwh, Some(20 * DECA)));
		chain.fail(Bob, more.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(more), Ok(()));
		assert_eq!(StorageNodes::bond_for(10 * KWH), Some(200 * DECA));
		// Bob's stays as it was, and he has to fill it up before he agrees to anything new.
		assert_eq!(held(Bob), BOBS_REGISTRATION + BOND);
		chain.succeed(Bob, NodeCall::end_deposit { meter: ROOF });
		let ask = || NodeCall::ask_deposit { meter: ROOF, node: NODE };
		chain.fail(Dave, ask(), NodeError::BondTooLow);
		chain.succeed(Bob, NodeCall::top_up_bond { node: NODE });
		assert_eq!(held(Bob), BOBS_REGISTRATION + 200 * DECA);
		chain.succeed(Dave, ask());
		assert_eq!(chain.motion(set(Parameters::MinBond(MinBond, Some(1_000 * DECA)))), Ok(()));
		assert_eq!(StorageNodes::bond_for(KWH), Some(1_000 * DECA));
	});
}

#[test]
fn safe_mode_stops_deposits_and_withdrawals_and_leaves_the_way_out() {
	chain(|chain| {
		filled(chain);
		let first = half_a_kwh_is_drawn(chain);
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		chain.fail(Charlie, request(1, 1), filtered);
		chain.fail(Dave, NodeCall::ask_deposit { meter: ROOF, node: NODE }, filtered);
		chain.fail(Bob, NodeCall::set_open { node: NODE, open: true }, filtered);
		chain.succeed(Charlie, NodeCall::end_withdrawal { withdrawal: 0 });
		chain.succeed(Dave, NodeCall::end_deposit { meter: ROOF });
		given_and_taken(chain, first, 200_000, 200_000);
		assert!(heliograph_runtime::SafeMode::is_entered());
		chain.succeed(Eve, account());
		chain.succeed(Eve, settle());
		assert_eq!((kwh_held(Charlie), kwh_of(Charlie)), (0, 300_001));
		let closed = events(|event| match event {
			RuntimeEvent::StorageNodes(pallet_storage_nodes::Event::WithdrawalClosed {
				delivered,
				returned,
				failed,
				..
			}) => Some((delivered, returned, failed)),
			_ => None,
		});
		assert_eq!(closed, vec![(200_000, 300_000, 0)]);
		let amount = 1_000;
		chain.succeed(Dave, NodeCall::cover { node: NODE, amount });
		chain.succeed(Bob, NodeCall::leave { node: NODE });
		assert_eq!(held(Dave), REGISTRATION);
	});
}
