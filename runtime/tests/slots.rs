//! The auctions of energy in quarters of an hour, on real blocks: gates, meters, the money of everybody.

use crate::common::*;
use heliograph_primitives::{
	miner::{Flow, MeterId, MinerKind},
	trade::{fee, MeterUse, MeterUses, Price},
	units::{Energy, Interval, KWH},
};
use heliograph_runtime::{
	configs::{
		origins::Origin,
		parameters::{dynamic_params, RuntimeParameters},
		treasury_account,
	},
	Balance, Balances, Metering, Miners, Runtime, RuntimeEvent, SlotAuction, DECA,
	EXISTENTIAL_DEPOSIT,
};
use pallet_slot_auction::{Area, AreaCode, AuctionId, OrderId, Side, Stage};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{DispatchError, Permill};

type SlotCall = pallet_slot_auction::Call<Runtime>;
type SlotError = pallet_slot_auction::Error<Runtime>;

/// What the area of the presets costs, in base units of DECA per mWh, and its number.
const GRID_FEE: Price = 20_000;
const IMBALANCE: Price = 100_000;
const UNDRAWN: Price = 50_000;
const AREA_ID: u16 = 0;
/// What the auctions keep of sellers.
const FEE: Permill = Permill::from_parts(2_500);
/// Dave offers for 0.08 DECA, Bob bids 0.20 with the grid fee in it: in the middle of 0.08 and 0.18 lies the price.
const OFFER: Price = 80_000;
const BID: Price = 200_000;
const PRICE: Price = 130_000;
/// What is held of Dave for his miner with one meter.
const REGISTRATION: Balance = 11 * DECA;

const ROOF: MeterId = 0;
const HOME: MeterId = 1;

fn area() -> AreaCode {
	AREA.to_vec().try_into().expect("sixteen characters")
}

fn auction(interval: Interval) -> AuctionId {
	AuctionId { area: AREA_ID, interval }
}

fn order(interval: Interval, number: u32) -> OrderId {
	OrderId { auction: auction(interval), number }
}

fn sell(interval: Interval, energy: Energy) -> SlotCall {
	SlotCall::place { meter: ROOF, interval, side: Side::Sell, limit: OFFER, energy }
}

fn buy(interval: Interval, energy: Energy) -> SlotCall {
	SlotCall::place { meter: HOME, interval, side: Side::Buy, limit: BID, energy }
}

fn clear(interval: Interval) -> SlotCall {
	SlotCall::clear { auction: auction(interval) }
}

fn collect(interval: Interval, numbers: &[u32]) -> SlotCall {
	let numbers = numbers.to_vec().try_into().expect("a few");
	SlotCall::collect { auction: auction(interval), numbers }
}

fn settle(interval: Interval, numbers: &[u32]) -> SlotCall {
	let numbers = numbers.to_vec().try_into().expect("a few");
	SlotCall::settle { auction: auction(interval), numbers }
}

fn money(energy: Energy, price: Price) -> Balance {
	Balance::from(energy) * Balance::from(price)
}

fn treasury() -> Balance {
	Balances::free_balance(treasury_account())
}

fn escrow() -> Balance {
	Balances::free_balance(SlotAuction::escrow_account()) - EXISTENTIAL_DEPOSIT
}

/// Dave has a roof and Bob a home, which are miners 0 and 1 with one meter each.
fn neighbours(chain: &mut Chain) {
	assert_eq!(chain.admit(Dave, MinerKind::Standard, &[Flow::Export]), (0, vec![ROOF]));
	assert_eq!(chain.admit(Bob, MinerKind::Consumer, &[Flow::Import]), (1, vec![HOME]));
	chain.next_block();
}

/// A call that pays whoever sends it nothing, and costs nothing.
#[track_caller]
fn for_nothing(chain: &mut Chain, who: Sr25519Keyring, call: SlotCall) {
	let before = balance(who);
	chain.succeed(who, call);
	assert_eq!(balance(who), before, "the fee is returned");
}

/// Dave sells Bob a kWh of an interval, both orders are collected, and the interval runs. Returns it.
fn a_kwh_is_sold(chain: &mut Chain) -> Interval {
	neighbours(chain);
	let slot = Metering::current_interval() + 3;
	chain.succeed(Dave, sell(slot, KWH));
	chain.succeed(Bob, buy(slot, KWH));
	chain.go_to(slot - 1);
	for_nothing(chain, Charlie, collect(slot, &[0, 1]));
	chain.go_to(slot);
	// From here on their registers are known.
	chain.read(ROOF, slot - 1, 1_000);
	chain.read(HOME, slot - 1, 2_000);
	slot
}

#[test]
fn neighbours_trade_a_slot_and_one_delivers_70_percent() {
	chain(|chain| {
		neighbours(chain);
		let now = Metering::current_interval();
		let slot = now + 3;
		assert_eq!(SlotAuction::gate(), (now + 2, now + 192));
		chain.fail(Dave, sell(now + 1, KWH), SlotError::GateClosed);
		chain.fail(Dave, sell(now + 193, KWH), SlotError::GateNotOpen);

		let (dave, bob, ferdie) = (balance(Dave), balance(Bob), balance(Ferdie));
		let dave_paid = chain.fee_of(Dave, sell(slot, KWH));
		let bob_paid = chain.fee_of(Bob, buy(slot, KWH));
		let bond = money(KWH, IMBALANCE);
		assert_eq!(held(Dave), REGISTRATION + bond);
		assert_eq!(held(Bob), REGISTRATION + money(KWH, BID + UNDRAWN));
		assert_eq!(Metering::booked(ROOF), Some((MeterUse::Slots, 1)));
		let view = SlotAuction::auction(area(), slot).expect("has orders");
		assert_eq!((view.stage, view.price), (Stage::Open, Some(PRICE)));

		// Before the gate closes nobody clears, and after it nobody cancels.
		chain.fail(Charlie, clear(slot), SlotError::GateStillOpen);
		chain.go_to(slot - 1);
		chain.fail(Dave, SlotCall::cancel { order: order(slot, 0) }, SlotError::GateClosed);
		let dave_paid = dave_paid + fees_paid(Dave);
		for_nothing(chain, Charlie, clear(slot));
		for_nothing(chain, Charlie, collect(slot, &[0, 1]));
		chain.fail(Charlie, collect(slot, &[0, 1]), SlotError::NothingToCollect);
		assert_eq!(held(Dave), REGISTRATION + bond);
		assert_eq!(held(Bob), REGISTRATION);
		assert_eq!(escrow(), money(KWH, PRICE + GRID_FEE + UNDRAWN));

		chain.go_to(slot);
		chain.read(ROOF, slot - 1, 1_000);
		chain.read(HOME, slot - 1, 2_000);
		chain.go_to(slot + 1);
		let delivered = KWH * 7 / 10;
		chain.read(ROOF, slot, 1_000 + delivered);
		chain.read(HOME, slot, 2_000 + KWH);
		chain.fail(Charlie, settle(slot, &[0, 1]), SlotError::TooEarly);
		chain.go_to(slot + 9);
		let fund = treasury();
		// The buyer's turn comes after the seller's, in whatever order they are named.
		for_nothing(chain, Charlie, settle(slot, &[1, 0]));

		let (got, missing) = (money(delivered, PRICE), money(KWH - delivered, IMBALANCE));
		let kept = fee(got, FEE);
		assert_eq!((got, missing, kept), (91_000_000_000, 30_000_000_000, 227_500_000));
		assert_eq!(balance(Dave), dave + got - kept - missing - dave_paid);
		let grid = money(delivered, GRID_FEE);
		assert_eq!(balance(Bob), bob - got - grid + missing - bob_paid);
		assert_eq!(balance(Ferdie), ferdie + grid);
		assert_eq!(treasury(), fund + kept);
		assert_eq!((held(Dave), held(Bob), escrow()), (REGISTRATION, REGISTRATION, 0));
		assert_eq!((Metering::booked(ROOF), Metering::booked(HOME)), (None, None));
		assert_eq!(SlotAuction::auction(area(), slot), None);
		let result = SlotAuction::prices(area()).pop().expect("was cleared");
		assert_eq!((result.interval, result.price), (slot, Some(PRICE)));
		let (volume, delivered) = (u128::from(KWH), u128::from(delivered));
		assert_eq!((result.volume, result.delivered), (volume, Some(delivered)));
	});
}

#[test]
fn reading_that_comes_after_the_settlement_changes_nothing() {
	chain(|chain| {
		let slot = a_kwh_is_sold(chain);
		chain.go_to(slot + 9);
		// Bob's agent reports, Dave's is offline.
		chain.read(HOME, slot, 2_000 + KWH);
		let (dave, bob, ferdie) = (balance(Dave), balance(Bob), balance(Ferdie));
		for_nothing(chain, Charlie, settle(slot, &[0, 1]));
		let missing = money(KWH, IMBALANCE);
		// All of his bond, which had left what he could dispose of before.
		assert_eq!((balance(Dave), held(Dave)), (dave, REGISTRATION));
		let prepaid = money(KWH, PRICE + GRID_FEE + UNDRAWN);
		assert_eq!((balance(Bob), held(Bob)), (bob + prepaid + missing, REGISTRATION));
		assert_eq!(balance(Ferdie), ferdie);

		chain.read(ROOF, slot, 1_000 + KWH);
		let attested = Metering::meter_state(ROOF).expect("reported").attested;
		assert_eq!(attested, u128::from(KWH), "the energy counts for everything else");
		chain.fail(Charlie, settle(slot, &[0]), SlotError::UnknownAuction);
		assert_eq!((balance(Dave), balance(Bob)), (dave, bob + prepaid + missing));
		assert_eq!(escrow(), 0);
	});
}

#[test]
fn reading_within_the_grace_counts_and_recovered_energy_does_not() {
	chain(|chain| {
		let slot = a_kwh_is_sold(chain);
		// Dave's next reading spans two intervals; nobody knows which energy was of which.
		chain.go_to(slot + 8);
		chain.read(ROOF, slot + 1, 1_000 + 2 * KWH);
		chain.read(HOME, slot, 2_000 + KWH / 2);
		chain.go_to(slot + 9);
		for_nothing(chain, Charlie, settle(slot, &[0, 1]));
		let settled = events(|event| match event {
			RuntimeEvent::SlotAuction(pallet_slot_auction::Event::SaleSettled {
				delivered,
				fine,
				void,
				..
			}) => Some((delivered, fine, void)),
			_ => None,
		});
		assert_eq!(settled, vec![(0, money(KWH, IMBALANCE), None)]);
	});
}

#[test]
fn buyer_that_draws_less_pays_the_operator_and_the_seller_nothing() {
	chain(|chain| {
		let slot = a_kwh_is_sold(chain);
		chain.go_to(slot + 1);
		chain.read(ROOF, slot, 1_000 + KWH);
		chain.read(HOME, slot, 2_000 + KWH / 4);
		chain.go_to(slot + 9);
		let (dave, bob, ferdie) = (balance(Dave), balance(Bob), balance(Ferdie));
		for_nothing(chain, Charlie, settle(slot, &[0, 1]));
		let got = money(KWH, PRICE);
		let bond = money(KWH, IMBALANCE);
		assert_eq!(balance(Dave), dave + got - fee(got, FEE) + bond);
		// Of what he paid in, a quarter of what is for undrawn energy comes back.
		let not_drawn = money(KWH * 3 / 4, UNDRAWN);
		assert_eq!(balance(Bob), bob + money(KWH, UNDRAWN) - not_drawn);
		assert_eq!(balance(Ferdie), ferdie + money(KWH, GRID_FEE) + not_drawn);
	});
}

#[test]
fn suspended_miner_places_nothing_and_what_it_placed_is_settled() {
	chain(|chain| {
		neighbours(chain);
		let slot = Metering::current_interval() + 3;
		chain.succeed(Dave, sell(slot, KWH));
		chain.succeed(Bob, buy(slot, KWH));
		chain.succeed(Dave, sell(slot + 1, KWH));
		let reason = b"the meter was moved".to_vec().try_into().expect("short");
		let suspend = pallet_miners::Call::<Runtime>::suspend { miner: 0, reason };
		assert_eq!(chain.motion(suspend), Ok(()));
		chain.fail(Dave, sell(slot + 2, KWH), SlotError::MinerNotActive);
		// The way out is open while the gate is.
		chain.succeed(Dave, SlotCall::cancel { order: order(slot + 1, 0) });
		assert_eq!(held(Dave), REGISTRATION + money(KWH, IMBALANCE));

		chain.go_to(slot - 1);
		for_nothing(chain, Charlie, collect(slot, &[0, 1]));
		chain.go_to(slot + 1);
		// No reading of it is taken, whatever its meter says.
		let readings = vec![reading(ROOF, slot - 1, 1_000), reading(ROOF, slot, 1_000 + KWH)];
		let ignored = chain.submit(Eve, submit_readings(readings)).expect("valid");
		assert!(ignored.is_err() || Metering::meter_state(ROOF).is_none());
		chain.go_to(slot + 9);
		let (dave, bob) = (balance(Dave), balance(Bob));
		for_nothing(chain, Charlie, settle(slot, &[0, 1]));
		let prepaid = money(KWH, PRICE + GRID_FEE + UNDRAWN);
		assert_eq!((balance(Dave), held(Dave)), (dave, REGISTRATION));
		assert_eq!(balance(Bob), bob + prepaid + money(KWH, IMBALANCE));
		assert_eq!(escrow(), 0);
	});
}

#[test]
fn order_that_got_nothing_ends_with_its_gate_and_all_comes_back() {
	chain(|chain| {
		neighbours(chain);
		let slot = Metering::current_interval() + 3;
		let dave = balance(Dave);
		let paid = chain.fee_of(Dave, sell(slot, KWH));
		// Nobody bids.
		chain.go_to(slot + 500);
		for_nothing(chain, Charlie, collect(slot, &[0]));
		assert_eq!((balance(Dave), held(Dave)), (dave - paid, REGISTRATION));
		assert_eq!(Metering::booked(ROOF), None);
		assert_eq!(SlotAuction::auctions(None, 10), vec![]);
		chain.fail(Charlie, collect(slot, &[0]), SlotError::UnknownAuction);
	});
}

#[test]
fn area_is_governed_and_an_auction_keeps_what_it_was_opened_with() {
	chain(|chain| {
		neighbours(chain);
		let terms = |grid_fee, open| Area {
			grid_fee,
			operator: Alice.to_account_id(),
			imbalance: IMBALANCE,
			undrawn: UNDRAWN,
			open,
		};
		let set =
			|grid_fee, open| SlotCall::set_area { code: area(), terms: terms(grid_fee, open) };
		let slot = Metering::current_interval() + 100;
		chain.succeed(Dave, sell(slot, KWH));
		for who in [Alice, Dave, Ferdie] {
			chain.fail(who, set(1_000, true), DispatchError::BadOrigin);
		}
		assert_eq!(chain.decide(Origin::Minting, set(1_000, true)), Err(DispatchError::BadOrigin));
		assert_eq!(chain.decide(Origin::Parameters, set(1_000, true)), Ok(()));
		chain.succeed(Bob, buy(slot, KWH));
		let view = SlotAuction::auction(area(), slot).expect("has orders").auction;
		assert_eq!(view.terms.grid_fee, GRID_FEE);
		assert_eq!(view.terms.operator, Ferdie.to_account_id());
		chain.succeed(Bob, buy(slot + 1, KWH));
		let view = SlotAuction::auction(area(), slot + 1).expect("has orders").auction;
		assert_eq!((view.terms.grid_fee, view.terms.operator), (1_000, Alice.to_account_id()));
		assert_eq!(chain.motion(set(1_000, false)), Ok(()));
		chain.fail(Bob, buy(slot + 2, KWH), SlotError::AreaClosed);
		assert_eq!(SlotAuction::area(area()), Some((AREA_ID, terms(1_000, false))));
	});
}

#[test]
fn gate_and_grace_are_governed() {
	use dynamic_params::slot_auction::{GateClosure, Grace, Parameters};
	chain(|chain| {
		neighbours(chain);
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::SlotAuction(parameter),
		};
		let closure = set(Parameters::GateClosure(GateClosure, Some(4)));
		chain.fail(Dave, closure.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(closure), Ok(()));
		assert_eq!(chain.motion(set(Parameters::Grace(Grace, Some(2)))), Ok(()));
		let now = Metering::current_interval();
		assert_eq!(SlotAuction::gate().0, now + 5);
		chain.fail(Dave, sell(now + 4, KWH), SlotError::GateClosed);
		chain.succeed(Dave, sell(now + 5, KWH));
		let terms = SlotAuction::auction(area(), now + 5).expect("has an order").auction.terms;
		assert_eq!((terms.closes, terms.settles), (now + 1, now + 8));
	});
}

#[test]
fn meter_that_is_sold_in_a_slot_is_sold_nowhere_else() {
	chain(|chain| {
		neighbours(chain);
		let battery = [Flow::Charge, Flow::Discharge];
		let (node, meters) = chain.admit(Charlie, MinerKind::Storage, &battery);
		chain.next_block();
		let meters = pallet_storage_nodes::NodeMeters {
			charge: meters[0],
			discharge: meters[1],
			loss: None,
		};
		let capacity = 10 * KWH;
		type Nodes = pallet_storage_nodes::Call<Runtime>;
		chain.succeed(Charlie, Nodes::register_node { node, meters, capacity });
		let slot = Metering::current_interval() + 3;
		chain.succeed(Dave, sell(slot, KWH));

		let closes = slot + 10;
		let list = || pallet_lots::Call::<Runtime>::list {
			meter: ROOF,
			energy: KWH,
			start_price: OFFER,
			closes,
		};
		let booked: DispatchError = pallet_metering::Error::<Runtime>::MeterBooked.into();
		chain.fail(Dave, list(), booked);
		chain.succeed(Dave, Nodes::ask_deposit { meter: ROOF, node });
		let in_trade = pallet_storage_nodes::Error::<Runtime>::MeterInTrade;
		chain.fail(Charlie, Nodes::accept_deposit { meter: ROOF }, in_trade);

		// When the order is gone, and the deposit agreed, the energy is the node's.
		chain.succeed(Dave, SlotCall::cancel { order: order(slot, 0) });
		chain.succeed(Charlie, Nodes::accept_deposit { meter: ROOF });
		assert_eq!(Miners::meter(ROOF).and_then(|info| info.node), Some(node));
		chain.fail(Dave, sell(slot, KWH), SlotError::SentToNode);
		chain.fail(Dave, list(), pallet_lots::Error::<Runtime>::SendsToNode);
	});
}

#[test]
fn safe_mode_stops_orders_and_settles_what_was_sold() {
	chain(|chain| {
		let slot = a_kwh_is_sold(chain);
		chain.succeed(Dave, sell(slot + 20, KWH));
		chain.succeed(Dave, sell(slot + 6, KWH));
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		chain.fail(Bob, buy(slot + 20, KWH), filtered);
		let reopen = Area {
			grid_fee: 0,
			operator: Alice.to_account_id(),
			imbalance: 0,
			undrawn: 0,
			open: true,
		};
		let set = SlotCall::set_area { code: area(), terms: reopen };
		assert_eq!(chain.motion(set), Err(filtered));
		chain.succeed(Dave, SlotCall::cancel { order: order(slot + 20, 0) });
		chain.go_to(slot + 1);
		chain.read(ROOF, slot, 1_000 + KWH);
		chain.read(HOME, slot, 2_000 + KWH);
		chain.go_to(slot + 9);
		assert!(heliograph_runtime::SafeMode::is_entered());
		chain.succeed(Charlie, settle(slot, &[0, 1]));
		chain.succeed(Charlie, clear(slot + 6));
		chain.succeed(Charlie, collect(slot + 6, &[0]));
		assert_eq!((held(Dave), held(Bob), escrow()), (REGISTRATION, REGISTRATION, 0));
	});
}
