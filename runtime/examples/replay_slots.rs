//! Plays a day of the slot market on the real runtime, in memory.
//!
//! Reads the day as JSON on standard input (`tests/market/households.py` makes it), carries it out block by block with
//! readings that devices sign, and prints as JSON what was cleared, filled and settled, and what everybody owned. An
//! independent reference follows the same steps, and `tests/market/test_households.py` compares the two. The format stands in
//! `tests/market/README.md`. All numbers are printed as text, which no reader of JSON rounds.
//!
//! Panics, with the reason on standard error, when a step fails that must not, or an invariant of a pallet does not hold.

mod common;

use common::*;
use frame_support::traits::fungible::{Inspect, InspectHold};
use heliograph_primitives::{
	miner::{MeterId, MinerId},
	reading::{Quality, Reading},
	units::{Interval, INTERVALS_PER_DAY},
};
use heliograph_runtime::{
	configs::{
		parameters::{slot_auction, RuntimeParameters},
		treasury_account,
	},
	AccountId, Balance, Balances, Metering, Miners, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeHoldReason, RuntimeOrigin, SlotAuction, System,
};
use pallet_slot_auction::{Area, AreaCode, AreaId, AuctionId, HoldReason, OrderId, Side};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use sp_runtime::{DispatchError, ModuleError, Permill};
use std::collections::{BTreeMap, BTreeSet};

/// Orders that a call can collect or settle.
const ORDERS: usize = 64;

/// What the scenario calls an order.
type Name = u32;

#[derive(Deserialize)]
struct Scenario {
	/// The day that the scenario counts from.
	first_day: u32,
	/// Everybody with what they own at first.
	accounts: BTreeMap<String, String>,
	parameters: Parameters,
	areas: Vec<AreaEntry>,
	miners: Vec<MinerEntry>,
	steps: Vec<Step>,
}

/// The governed numbers.
#[derive(Deserialize)]
struct Parameters {
	gate_opening: Interval,
	gate_closure: Interval,
	grace: Interval,
	minimum_energy: u64,
	/// In millionths.
	slot_fee: u32,
}

#[derive(Deserialize)]
struct AreaEntry {
	area: String,
	grid_fee: u64,
	operator: String,
	imbalance: u64,
	undrawn: u64,
	open: bool,
}

/// What is done in one block. Intervals count from the first one of the scenario's first day.
#[derive(Deserialize)]
struct Step {
	interval: i64,
	actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Action {
	/// The registers of a meter at the ends of intervals without a hole.
	Readings {
		meter: MeterId,
		epoch: u16,
		first: i64,
		registers: Vec<u64>,
		recovered: BTreeSet<i64>,
	},
	Place {
		order: Name,
		meter: MeterId,
		interval: i64,
		side: SideName,
		limit: u64,
		energy: u64,
	},
	Cancel {
		order: Name,
	},
	Clear {
		area: String,
		interval: i64,
	},
	Collect {
		orders: Vec<Name>,
	},
	Settle {
		orders: Vec<Name>,
	},
	Challenge {
		by: String,
		meter: MeterId,
	},
	Dismiss {
		meter: MeterId,
	},
	Suspend {
		miner: MinerId,
	},
	Reinstate {
		miner: MinerId,
	},
	SetArea(AreaEntry),
	/// The chain has to refuse this, for this reason.
	MustFail {
		action: Box<Action>,
		error: String,
	},
	/// Writes down what everybody has.
	Observe,
}

#[derive(Deserialize, Clone, Copy)]
enum SideName {
	Buy,
	Sell,
}

impl From<SideName> for Side {
	fn from(name: SideName) -> Self {
		match name {
			SideName::Buy => Self::Buy,
			SideName::Sell => Self::Sell,
		}
	}
}

fn main() {
	let scenario: Scenario =
		serde_json::from_reader(std::io::stdin().lock()).expect("a scenario as JSON");
	// The scenario has areas of its own, and nobody is paid but for energy.
	let mut ext = sp_io::TestExternalities::new(genesis_without(&["rewards", "slotAuction"]));
	let mut replay = Replay::new(&scenario);
	ext.execute_with(|| replay.set_up());
	for step in &scenario.steps {
		// Each block is written down, so that its root is computed over what changed in it alone.
		ext.commit_all().expect("no transaction is open between blocks");
		ext.execute_with(|| replay.play(step));
	}
	println!("{}", replay.results());
}

fn code(area: &str) -> AreaCode {
	area.as_bytes().to_vec().try_into().expect("at most 16 characters")
}

fn total(who: &AccountId) -> String {
	Balances::total_balance(who).to_string()
}

/// What the slot auction holds of somebody.
fn held(who: &AccountId) -> Balance {
	[HoldReason::Bid, HoldReason::Bond]
		.map(|reason| Balances::balance_on_hold(&RuntimeHoldReason::SlotAuction(reason), who))
		.iter()
		.sum()
}

fn money_now() -> (String, String) {
	(total(&treasury_account()), total(&SlotAuction::escrow_account()))
}

/// The chain, and what it said so far.
struct Replay<'a> {
	scenario: &'a Scenario,
	chain: Chain,
	/// The codes of the areas, by the numbers that the chain gave them.
	areas: BTreeMap<AreaId, String>,
	/// The miner that each meter is of.
	miners: Vec<&'a MinerEntry>,
	/// The orders' numbers on the chain, and the scenario's.
	orders: BTreeMap<Name, OrderId>,
	names: BTreeMap<OrderId, Name>,
	genesis: Value,
	auctions: Vec<Value>,
	fills: Map<String, Value>,
	settled: Map<String, Value>,
	observations: Vec<Value>,
}

impl<'a> Replay<'a> {
	fn new(scenario: &'a Scenario) -> Self {
		let of_meters = |miner: &'a MinerEntry| std::iter::repeat_n(miner, miner.meters.len());
		Self {
			scenario,
			chain: Chain::new(&scenario.miners),
			areas: BTreeMap::new(),
			miners: scenario.miners.iter().flat_map(of_meters).collect(),
			orders: BTreeMap::new(),
			names: BTreeMap::new(),
			genesis: Value::Null,
			auctions: Vec::new(),
			fills: Map::new(),
			settled: Map::new(),
			observations: Vec::new(),
		}
	}

	/// An interval as the chain counts.
	fn interval(&self, since_first: i64) -> Interval {
		let first = i64::from(self.scenario.first_day * INTERVALS_PER_DAY);
		(first + since_first).try_into().expect("an interval of the chain")
	}

	/// An interval of the chain as the scenario counts.
	fn since_first(&self, interval: Interval) -> i64 {
		i64::from(interval) - i64::from(self.scenario.first_day * INTERVALS_PER_DAY)
	}

	fn auction(&self, area: &str, interval: i64) -> AuctionId {
		let (area, _) = SlotAuction::area(code(area)).expect("the area was set");
		AuctionId { area, interval: self.interval(interval) }
	}

	/// Everybody gets what they own, all miners are admitted, and one account operates them all. Numbers and areas are set.
	fn set_up(&mut self) {
		self.chain.begin_block(self.interval(-i64::from(INTERVALS_PER_DAY / 2)));
		endow(&self.scenario.accounts);
		self.chain.admit(&self.scenario.miners, self.scenario.first_day - 400);
		use slot_auction::Parameters as Set;
		let Parameters { gate_opening, gate_closure, grace, minimum_energy, slot_fee } =
			self.scenario.parameters;
		let slot_fee = Permill::from_parts(slot_fee);
		for parameter in [
			Set::GateOpening(slot_auction::GateOpening, Some(gate_opening)),
			Set::GateClosure(slot_auction::GateClosure, Some(gate_closure)),
			Set::Grace(slot_auction::Grace, Some(grace)),
			Set::MinimumEnergy(slot_auction::MinimumEnergy, Some(minimum_energy)),
			Set::SlotFee(slot_auction::SlotFee, Some(slot_fee)),
		] {
			let key_value = RuntimeParameters::SlotAuction(parameter);
			as_root(pallet_parameters::Call::<Runtime>::set_parameter { key_value });
		}
		for area in &self.scenario.areas {
			as_root(set_area(area));
			self.note_area(area);
		}
		let (treasury, escrow) = money_now();
		self.genesis = json!({ "treasury": treasury, "escrow": escrow });
		self.chain.end_block();
	}

	fn note_area(&mut self, entry: &AreaEntry) {
		let (number, _) = SlotAuction::area(code(&entry.area)).expect("was just set");
		self.areas.insert(number, entry.area.clone());
	}

	/// Carries out a step in a block of its own.
	fn play(&mut self, step: &Step) {
		self.chain.begin_block(self.interval(step.interval));
		for action in &step.actions {
			if !matches!(action, Action::Readings { .. }) {
				self.chain.submit();
			}
			self.act(step.interval, action);
		}
		self.chain.submit();
		self.note_events();
		self.chain.end_block();
	}

	fn act(&mut self, now: i64, action: &Action) {
		match action {
			Action::Readings { meter, epoch, first, registers, recovered } => {
				for (interval, register) in (*first..).zip(registers) {
					let quality = match recovered.contains(&interval) {
						true => Quality::Recovered,
						false => Quality::Measured,
					};
					let (meter, epoch, register) = (*meter, *epoch, *register);
					let interval = self.interval(interval);
					self.chain.sign(Reading { meter, epoch, interval, register, quality });
				}
			}
			Action::Place { order, meter, interval, .. } => {
				let auction = self.auction(&self.miners[*meter as usize].area, *interval);
				let opened = pallet_slot_auction::Auctions::<Runtime>::get(auction);
				let number = opened.map_or(0, |auction| auction.placed);
				self.succeed(now, action);
				let id = OrderId { auction, number };
				assert!(SlotAuction::order(id).is_some(), "{now}: {id:?} was placed");
				assert_eq!(self.orders.insert(*order, id), None, "{now}: {order} comes twice");
				self.names.insert(id, *order);
			}
			Action::MustFail { action, error } => {
				for (origin, call) in self.calls(action) {
					let is = dispatch(origin, call.clone()).expect_err("must fail").error;
					let DispatchError::Module(ModuleError { message: Some(name), .. }) = is else {
						panic!("{now}: {is:?}: {call:?}")
					};
					assert_eq!(name, error, "{now}: {call:?}");
				}
			}
			Action::SetArea(area) => {
				self.succeed(now, action);
				self.note_area(area);
			}
			Action::Observe => self.observe(now),
			_ => self.succeed(now, action),
		}
	}

	#[track_caller]
	fn succeed(&self, now: i64, action: &Action) {
		for (origin, call) in self.calls(action) {
			if let Err(failure) = dispatch(origin, call.clone()) {
				panic!("interval {now}: {:?}: {call:?}", failure.error);
			}
		}
	}

	/// An action as calls, and who sends them.
	fn calls(&self, action: &Action) -> Vec<(RuntimeOrigin, RuntimeCall)> {
		type Call = pallet_slot_auction::Call<Runtime>;
		let root = RuntimeOrigin::root;
		let signed = |name: &str| RuntimeOrigin::signed(account(name));
		// Clears, collects and settles for others, who are paid all the same.
		let keeper = || signed("keeper");
		let call: (RuntimeOrigin, RuntimeCall) = match action {
			Action::Place { meter, interval, side, limit, energy, .. } => {
				let place = Call::place {
					meter: *meter,
					interval: self.interval(*interval),
					side: (*side).into(),
					limit: *limit,
					energy: *energy,
				};
				(signed(&self.miners[*meter as usize].owner), place.into())
			}
			Action::Cancel { order } => {
				let order = self.orders[order];
				// Whoever placed it; if it is gone, anyone finds that out.
				let owner = SlotAuction::order(order).map(|view| view.order.owner);
				let origin = owner.map_or_else(keeper, RuntimeOrigin::signed);
				(origin, Call::cancel { order }.into())
			}
			Action::Clear { area, interval } => {
				(keeper(), Call::clear { auction: self.auction(area, *interval) }.into())
			}
			Action::Collect { orders } => {
				let collect = |(auction, numbers): (AuctionId, Vec<u32>)| {
					let numbers = numbers.try_into().expect("a batch");
					(keeper(), Call::collect { auction, numbers }.into())
				};
				return self.batches(orders).into_iter().map(collect).collect();
			}
			Action::Settle { orders } => {
				let settle = |(auction, numbers): (AuctionId, Vec<u32>)| {
					let numbers = numbers.try_into().expect("a batch");
					(keeper(), Call::settle { auction, numbers }.into())
				};
				return self.batches(orders).into_iter().map(settle).collect();
			}
			Action::Challenge { by, meter } => {
				let evidence = b"a photograph".to_vec().try_into().expect("short");
				let challenge = pallet_metering::Call::challenge { meter: *meter, evidence };
				(signed(by), challenge.into())
			}
			Action::Dismiss { meter } => {
				(root(), pallet_metering::Call::dismiss { meter: *meter }.into())
			}
			Action::Suspend { miner } => {
				let reason = b"an inspection".to_vec().try_into().expect("short");
				(root(), pallet_miners::Call::<Runtime>::suspend { miner: *miner, reason }.into())
			}
			Action::Reinstate { miner } => {
				(root(), pallet_miners::Call::reinstate { miner: *miner }.into())
			}
			Action::SetArea(area) => (root(), set_area(area).into()),
			Action::Readings { .. } | Action::MustFail { .. } | Action::Observe => {
				panic!("not a call")
			}
		};
		vec![call]
	}

	/// Orders in their order, cut where the auction changes, and where a call would have too many.
	fn batches(&self, orders: &[Name]) -> Vec<(AuctionId, Vec<u32>)> {
		let mut batches: Vec<(AuctionId, Vec<u32>)> = Vec::new();
		for order in orders {
			let OrderId { auction, number } = self.orders[order];
			match batches.last_mut() {
				Some((last, numbers)) if *last == auction && numbers.len() < ORDERS => {
					numbers.push(number);
				}
				_ => batches.push((auction, vec![number])),
			}
		}
		batches
	}

	/// Writes down what the block cleared, filled and settled.
	fn note_events(&mut self) {
		for record in System::events() {
			let RuntimeEvent::SlotAuction(event) = record.event else { continue };
			self.note(event);
		}
	}

	fn note(&mut self, event: pallet_slot_auction::Event<Runtime>) {
		use pallet_slot_auction::Event;
		match event {
			Event::AuctionCleared { auction, price, volume, .. } => {
				self.auctions.push(json!([
					self.areas[&auction.area],
					self.since_first(auction.interval).to_string(),
					price.map(|price| price.to_string()),
					volume.to_string(),
				]));
			}
			Event::Collected { order, fill, .. } => {
				let name = self.names[&order].to_string();
				let before = self.fills.insert(name, fill.to_string().into());
				assert_eq!(before, None, "{order:?} was collected twice");
			}
			Event::SaleSettled { order, delivered, void, .. } => {
				let delivered = void.is_none().then(|| delivered.to_string());
				self.note_settled(order, delivered);
			}
			Event::PurchaseSettled { order, delivered, .. } => {
				self.note_settled(order, Some(delivered.to_string()));
			}
			Event::OrderSkipped { order, error } => panic!("{order:?} was skipped: {error:?}"),
			_ => {}
		}
	}

	fn note_settled(&mut self, order: OrderId, delivered: Option<String>) {
		let name = self.names[&order].to_string();
		let before = self.settled.insert(name, json!({ "delivered": delivered }));
		assert_eq!(before, None, "{order:?} was settled twice");
	}

	fn observe(&mut self, now: i64) {
		let of_all = |of: &dyn Fn(&AccountId) -> String| {
			let accounts = self.scenario.accounts.keys();
			accounts
				.map(|name| (name.clone(), of(&account(name)).into()))
				.collect::<Map<String, Value>>()
		};
		let (treasury, escrow) = money_now();
		let observation = json!({
			"interval": now.to_string(),
			"balances": of_all(&total),
			"held": of_all(&|who| held(who).to_string()),
			"treasury": treasury,
			"escrow": escrow,
		});
		self.observations.push(observation);
		Miners::do_try_state().expect("the invariants of miners hold");
		Metering::do_try_state().expect("the invariants of metering hold");
		SlotAuction::do_try_state().expect("the invariants of the slot auctions hold");
		eprintln!(
			"interval {now}: block {}, {} readings accepted, {} auctions cleared",
			self.chain.number,
			self.chain.accepted,
			self.auctions.len(),
		);
	}

	fn results(self) -> Value {
		json!({
			"genesis": self.genesis,
			"auctions": self.auctions,
			"fills": self.fills,
			"settled": self.settled,
			"observations": self.observations,
			"readings": {
				"accepted": self.chain.accepted.to_string(),
				"refused": self.chain.refused.to_string(),
			},
		})
	}
}

fn set_area(entry: &AreaEntry) -> pallet_slot_auction::Call<Runtime> {
	let terms = Area {
		grid_fee: entry.grid_fee,
		operator: account(&entry.operator),
		imbalance: entry.imbalance,
		undrawn: entry.undrawn,
		open: entry.open,
	};
	pallet_slot_auction::Call::set_area { code: code(&entry.area), terms }
}
