//! 15,000 random calls over miners, metering, the storage nodes and the tokens, with the rules checked on the way.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. In the end everybody leaves, and nothing is
//! held of anybody. The seed is printed, and `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how
//! many calls there are.

use crate::{mock::*, *};
use frame_support::traits::GetCallMetadata;
use heliograph_fuzz::{forget_events, Plan, Rng};
use heliograph_primitives::reading::{Quality, Reading, SignedReading};
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

const CALLS: u64 = 15_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 500;
/// The most that a roof sends and a home takes in an interval, in mWh.
const MOST: u64 = 3_000_000;

/// What must succeed now and then, or the test says little.
const MUST_HAPPEN: [&str; 46] = [
	"StorageNodes::register_node",
	"StorageNodes::top_up_bond",
	"StorageNodes::set_open",
	"StorageNodes::leave",
	"StorageNodes::close_node",
	"StorageNodes::declare_vanished",
	"StorageNodes::ask_deposit",
	"StorageNodes::cancel_ask",
	"StorageNodes::accept_deposit",
	"StorageNodes::end_deposit",
	"StorageNodes::account",
	"StorageNodes::account_meter",
	"StorageNodes::request_withdrawal",
	"StorageNodes::accept_withdrawal",
	"StorageNodes::cancel_withdrawal",
	"StorageNodes::settle_withdrawal",
	"StorageNodes::end_withdrawal",
	"StorageNodes::cover",
	"StorageNodes::slash_uncovered",
	"StorageNodes::give_up_receipt",
	"Miners::suspend",
	"Miners::reinstate",
	"Miners::recover",
	"Miners::assign_node",
	"Metering::challenge",
	"Metering::uphold",
	"Metering::dismiss",
	"Assets::transfer",
	"minted",
	"counted",
	"received",
	"late energy received",
	"less received than sent",
	"delivered",
	"closed with a penalty",
	"closed without delivering",
	"closed after delivering all",
	"intervals skipped",
	"energy written off",
	"receipts voided",
	"share that nobody took",
	"closed for less than the bond",
	"closed while holding nothing",
	"surplus",
	"uncovered",
	"spilled or lost",
];

/// A meter's device: what its register shows, and what it has not told yet.
#[derive(Default)]
struct Device {
	register: u64,
	untold: Vec<(Interval, u64)>,
}

struct World {
	rng: Rng,
	people: Vec<AccountId>,
	batteries: Vec<Battery>,
	roofs: Vec<MeterId>,
	homes: Vec<MeterId>,
	devices: BTreeMap<MeterId, Device>,
	counts: BTreeMap<String, (u64, u64)>,
	/// Tokens by what was told of them.
	minted: Balance,
	burned: Balance,
	/// Of each node: what its totals were.
	totals: BTreeMap<MinerId, Books>,
}

impl World {
	fn new(seed: u64) -> Self {
		let people = vec![NORA, OLGA, PETER, WANDA, DAVE];
		let mut world = Self {
			rng: Rng::new(seed),
			people: people.clone(),
			batteries: vec![],
			roofs: vec![],
			homes: vec![],
			devices: BTreeMap::new(),
			counts: BTreeMap::new(),
			minted: 0,
			burned: 0,
			totals: BTreeMap::new(),
		};
		for owner in [NORA, PETER, NORA] {
			world.batteries.push(storage(&owner));
		}
		for owner in &people {
			let (_, meters) = admit(owner, MinerKind::Standard, &[Flow::Export, Flow::Import]);
			world.roofs.push(meters[0]);
			world.homes.push(meters[1]);
			let (_, meters) = admit(owner, MinerKind::Plant, &[Flow::Export]);
			world.roofs.push(meters[0]);
		}
		let of_batteries = world
			.batteries
			.iter()
			.flat_map(|battery| [battery.charge, battery.discharge, battery.loss])
			.collect::<Vec<_>>();
		for meter in of_batteries.into_iter().chain(world.roofs.clone()).chain(world.homes.clone())
		{
			world.devices.insert(meter, Device::default());
		}
		world
	}

	fn count(&mut self, what: impl Into<String>, happened: bool) {
		let (good, bad) = self.counts.entry(what.into()).or_default();
		*(if happened { good } else { bad }) += 1;
	}

	/// Sends a call as an extrinsic would be, and books what it tells.
	fn call(&mut self, origin: RuntimeOrigin, call: impl Into<RuntimeCall>) -> bool {
		let call = call.into();
		let metadata = call.get_call_metadata();
		let name = format!("{}::{}", metadata.pallet_name, metadata.function_name);
		forget_events();
		let happened = call.dispatch(origin).is_ok();
		self.count(name, happened);
		for event in events() {
			self.book(event);
		}
		happened
	}

	fn book(&mut self, event: Event<Test>) {
		match event {
			Event::MeterAccounted { counted, received, .. } => {
				self.count("counted", true);
				self.count("received", received > 0);
				self.count("less received than sent", received < counted);
			}
			Event::Delivered { energy, .. } => {
				self.burned += u128::from(energy);
				self.count("delivered", true);
			}
			Event::Covered { amount, .. } => self.burned += amount,
			Event::WithdrawalClosed { delivered, returned, penalty, .. } => {
				self.count("closed with a penalty", penalty > 0);
				self.count("closed without delivering", delivered == 0);
				self.count("closed after delivering all", returned == 0);
			}
			Event::IntervalsSkipped { .. } => self.count("intervals skipped", true),
			Event::UncoveredSlashed { .. } => self.count("energy written off", true),
			Event::ReceiptVoided { .. } => self.count("receipts voided", true),
			Event::Accounted { returned, .. } => self.count("share that nobody took", returned > 0),
			Event::NodeClosed { paid, lost, .. } => {
				self.count("closed for less than the bond", paid > 0);
				self.count("closed while holding nothing", lost == 0);
			}
			Event::PenaltyFailed { error, .. } | Event::ForfeitFailed { error, .. } => {
				panic!("nobody here is without an account: {error:?}")
			}
			_ => {}
		}
	}

	/// All rules, and those that need the past.
	fn check(&mut self) {
		check_invariants();
		let Parity { supply, .. } = StorageNodes::parity();
		assert_eq!(supply, self.minted - self.burned, "tokens came or went");
		for (id, node) in Nodes::<Test>::iter() {
			let now = node.books;
			let before = self.totals.insert(id, now).unwrap_or_default();
			let pairs = [
				(before.charged, now.charged),
				(before.discharged, now.discharged),
				(before.lost, now.lost),
				(before.allocated, now.allocated),
				(before.delivered, now.delivered),
				(before.covered, now.covered),
				(before.written_off, now.written_off),
				(before.returned, now.returned),
			];
			let forward = pairs.iter().all(|(before, now)| before <= now);
			assert!(forward, "node {id} went back: {before:?} to {now:?}");
			self.count("surplus", now.surplus > 0);
			self.count("uncovered", now.uncovered > 0);
			self.count("spilled or lost", now.lost > before.lost);
		}
	}

	fn person(&mut self) -> AccountId {
		let people = self.people.clone();
		self.rng.pick(&people).expect("there are people")
	}

	fn battery(&mut self) -> Battery {
		let batteries = self.batteries.clone();
		self.rng.pick(&batteries).expect("there are batteries")
	}

	fn roof(&mut self) -> MeterId {
		let roofs = self.roofs.clone();
		self.rng.pick(&roofs).expect("there are roofs")
	}

	fn home(&mut self) -> MeterId {
		let homes = self.homes.clone();
		self.rng.pick(&homes).expect("there are homes")
	}

	/// Mostly the owner of `miner`, sometimes anybody.
	fn owner_of(&mut self, miner: MinerId) -> RuntimeOrigin {
		let owner = Miners::miner(miner).map(|entry| entry.owner);
		match owner {
			Some(owner) if !self.rng.one_in(16) => RuntimeOrigin::signed(owner),
			_ => RuntimeOrigin::signed(self.person()),
		}
	}

	fn miner_of(&self, meter: MeterId) -> MinerId {
		Miners::meter(meter).expect("registered").miner
	}

	fn anyone(&mut self) -> RuntimeOrigin {
		RuntimeOrigin::signed(self.person())
	}

	/// Intervals pass, in the last of which everybody measures something.
	fn pass(&mut self) {
		let long = self.rng.one_in(400);
		let intervals = if long { 60 + self.rng.below(60) } else { 1 };
		let interval = now() + intervals as Interval - 1;
		go_to(interval + 1);
		let mut sent = BTreeMap::<MinerId, u64>::new();
		for meter in self.roofs.clone() {
			let energy = self.rng.below(MOST);
			if let Some(node) = Miners::meter(meter).and_then(|info| info.node) {
				*sent.entry(node).or_default() += energy;
			}
			self.measure(meter, interval, energy);
		}
		for meter in self.homes.clone() {
			let energy = self.rng.below(MOST);
			self.measure(meter, interval, energy);
		}
		for battery in self.batteries.clone() {
			let arrives = sent.get(&battery.node).copied().unwrap_or(0);
			let percent = 80 + self.rng.below(25);
			let own = if self.rng.one_in(6) { self.rng.below(MOST) } else { 0 };
			self.measure(battery.charge, interval, arrives * percent / 100 + own);
			let draws = Nodes::<Test>::get(battery.node).is_some_and(|node| node.withdrawals > 0);
			let given = match (draws, self.rng.below(24)) {
				(true, 0..=15) => self.rng.below(2 * MOST),
				(_, 23) => self.rng.below(MOST / 4),
				_ => 0,
			};
			self.measure(battery.discharge, interval, given);
			let lost = self.rng.below(2_000);
			self.measure(battery.loss, interval, lost);
		}
		// Most agents report at once, some are late, and forget something.
		for meter in self.devices.keys().copied().collect::<Vec<_>>() {
			if !self.rng.one_in(8) {
				self.tell(meter);
			}
		}
	}

	fn measure(&mut self, meter: MeterId, interval: Interval, energy: u64) {
		let device = self.devices.get_mut(&meter).expect("it has one");
		device.register += energy;
		device.untold.push((interval, device.register));
	}

	/// The device of a meter tells what it has measured.
	fn tell(&mut self, meter: MeterId) {
		let device = self.devices.get_mut(&meter).expect("it has one");
		let mut untold = core::mem::take(&mut device.untold);
		if untold.len() > 1 && self.rng.one_in(3) {
			let forgotten = self.rng.below(untold.len() as u64 - 1) as usize;
			untold.remove(forgotten);
		}
		for batch in untold.chunks(100) {
			let batch = batch
				.iter()
				.map(|(interval, register)| {
					let (interval, register) = (*interval, *register);
					let quality = Quality::Measured;
					let reading = Reading { meter, epoch: 0, interval, register, quality };
					let payload = reading.signing_payload(&Miners::genesis_hash());
					SignedReading {
						reading,
						signature: crate::mock::device(meter).sign(&payload).0,
					}
				})
				.collect::<Vec<_>>();
			Metering::submit_readings(signed(&AGENT), batch.try_into().unwrap()).unwrap();
		}
	}

	/// Somebody has tokens minted for what was received.
	fn mint_some(&mut self) {
		let meter = self.roof();
		let (counted, _) = receipt(meter);
		let energy = counted / (1 + u128::from(self.rng.below(3)));
		let owner = Miners::miner(self.miner_of(meter)).map(|entry| entry.owner);
		let (Some(owner), true) = (owner, energy > 0) else { return };
		let told = <StorageNodes as NodeReceipts>::received(meter, energy);
		let given = <StorageNodes as NodeReceipts>::take(meter, energy);
		assert_eq!(given.ok(), told, "what was told is not what was given");
		self.count("minted", told.is_some());
		let Some(received) = told else { return };
		if received > 0 {
			Assets::mint_into(KWH_ID, &owner, received).unwrap();
			self.minted += received;
		}
	}

	fn register(&mut self) {
		let battery = self.battery();
		let owner = self.owner_of(battery.node);
		let capacity = KWH * (20 + self.rng.below(200));
		let mut meters = battery.meters();
		if self.rng.one_in(4) {
			meters.loss = None;
		}
		let call = Call::register_node { node: battery.node, meters, capacity };
		self.call(owner, call);
	}

	fn ask(&mut self) {
		let (meter, node) = (self.roof(), self.battery().node);
		let owner = self.owner_of(self.miner_of(meter));
		self.call(owner, Call::ask_deposit { meter, node });
	}

	fn asked(&mut self) -> (MeterId, MinerId) {
		let asks = Asks::<Test>::iter().collect::<Vec<_>>();
		match self.rng.pick(&asks) {
			Some(found) => found,
			None => (self.roof(), self.battery().node),
		}
	}

	fn accept_deposit(&mut self) {
		let (meter, node) = self.asked();
		let owner = self.owner_of(node);
		self.call(owner, Call::accept_deposit { meter });
	}

	fn account(&mut self) {
		let node = self.battery().node;
		let intervals = if self.rng.one_in(4) { self.rng.below(5) as u32 } else { RING };
		let who = self.anyone();
		self.call(who, Call::account { node, intervals });
	}

	fn account_meter(&mut self) {
		let meter = self.roof();
		let waiting = StorageNodes::deposit(meter).deposit.map_or(0, |deposit| deposit.late);
		let drawn = |meter| StorageNodes::deposit(meter).receipt.received;
		let before = drawn(meter);
		let who = self.anyone();
		if self.call(who, Call::account_meter { meter }) {
			let left = StorageNodes::deposit(meter).deposit.map_or(0, |deposit| deposit.late);
			let happened = left < waiting && drawn(meter) > before;
			self.count("late energy received", happened);
		}
	}

	fn request(&mut self) {
		let (meter, battery) = (self.home(), self.battery());
		let owner = Miners::miner(self.miner_of(meter)).map(|entry| entry.owner);
		let owner = owner.expect("nobody is revoked");
		let most = tokens(&owner) as u64;
		let energy = if self.rng.one_in(16) { MOST * 100 } else { 1 + self.rng.below(most) };
		let longest = if self.rng.one_in(6) { 97 } else { 8 };
		let duration = 1 + self.rng.below(longest) as Interval;
		let node = battery.node;
		let call = Call::request_withdrawal { node, meter, energy, duration };
		self.call(RuntimeOrigin::signed(owner), call);
	}

	fn withdrawal(&mut self, asked: bool) -> (WithdrawalId, Option<WithdrawalOf<Test>>) {
		let found = Withdrawals::<Test>::iter()
			.filter(|(_, entry)| matches!(entry.state, WithdrawalState::Asked { .. }) == asked)
			.collect::<Vec<_>>();
		match self.rng.pick(&found) {
			Some((id, entry)) => (id, Some(entry)),
			None => (self.rng.below(1_000) as u32, None),
		}
	}

	fn of_node_or_drawer(&mut self, entry: &Option<WithdrawalOf<Test>>) -> RuntimeOrigin {
		match entry {
			Some(entry) if self.rng.one_in(2) => RuntimeOrigin::signed(entry.drawer.clone()),
			Some(entry) => self.owner_of(entry.node),
			None => self.anyone(),
		}
	}

	fn draw(&mut self) {
		match self.rng.below(16) {
			0..=3 => self.request(),
			4..=7 => {
				let (withdrawal, entry) = self.withdrawal(true);
				let owner = match &entry {
					Some(entry) => self.owner_of(entry.node),
					None => self.anyone(),
				};
				self.call(owner, Call::accept_withdrawal { withdrawal });
			}
			8 => {
				let (withdrawal, entry) = self.withdrawal(true);
				let who = self.of_node_or_drawer(&entry);
				self.call(who, Call::cancel_withdrawal { withdrawal });
			}
			9 => {
				let (withdrawal, entry) = self.withdrawal(false);
				let who = self.of_node_or_drawer(&entry);
				self.call(who, Call::end_withdrawal { withdrawal });
			}
			_ => {
				let (withdrawal, _) = self.withdrawal(false);
				let who = self.anyone();
				self.call(who, Call::settle_withdrawal { withdrawal });
			}
		}
	}

	fn trade(&mut self) {
		let (from, to) = (self.person(), self.person());
		let amount = tokens(&from) / (1 + u128::from(self.rng.below(4)));
		let call = pallet_assets::Call::transfer { id: KWH_ID, target: to, amount };
		self.call(RuntimeOrigin::signed(from), RuntimeCall::Assets(call));
	}

	fn cover(&mut self) {
		let battery = self.battery();
		let Some(node) = Nodes::<Test>::get(battery.node) else { return };
		let free = node.books.backing - node.promised;
		let who = self.person();
		let most = match self.rng.below(4) {
			0 => free + 1,
			1 => free,
			_ => node.books.uncovered.min(free),
		};
		let amount = most.min(tokens(&who));
		let call = Call::cover { node: battery.node, amount };
		self.call(RuntimeOrigin::signed(who), call);
	}

	fn manage(&mut self) {
		let battery = self.battery();
		let node = battery.node;
		let owner = self.owner_of(node);
		match self.rng.below(44) {
			40 => {
				let meter = self.roof();
				let owner = self.owner_of(self.miner_of(meter));
				self.call(owner, Call::give_up_receipt { meter });
			}
			0..=3 => {
				let open = !self.rng.one_in(3);
				self.call(owner, Call::set_open { node, open });
			}
			4..=9 => {
				self.call(owner, Call::top_up_bond { node });
			}
			10 => {
				if self.rng.one_in(2) {
					self.call(owner, Call::leave { node });
				}
			}
			11..=17 => self.wind_down(node),
			18 => {
				let dao = if self.rng.one_in(6) { RuntimeOrigin::root() } else { owner };
				self.call(dao, Call::declare_vanished { node });
			}
			19..=24 => {
				let who = self.anyone();
				self.call(who, Call::slash_uncovered { node });
			}
			25..=27 => {
				let (meter, node) = self.asked();
				let miner = if self.rng.one_in(2) { node } else { self.miner_of(meter) };
				let who = self.owner_of(miner);
				self.call(who, Call::cancel_ask { meter });
			}
			28..=30 => {
				let meter = self.roof();
				let deposit = StorageNodes::deposit(meter).deposit;
				let miner = match deposit {
					Some(deposit) if self.rng.one_in(2) => deposit.node,
					_ => self.miner_of(meter),
				};
				let who = self.owner_of(miner);
				self.call(who, Call::end_deposit { meter });
			}
			31 => {
				let meter = self.roof();
				let to = (!self.rng.one_in(3)).then_some(node);
				let call = pallet_miners::Call::assign_node { meter, node: to };
				self.call(RuntimeOrigin::root(), call);
			}
			32 => {
				let miner = self.rng.below(12) as MinerId;
				let reason = b"look".to_vec().try_into().expect("short");
				self.call(RuntimeOrigin::root(), pallet_miners::Call::suspend { miner, reason });
			}
			33..=36 => {
				let miner = self.rng.below(12) as MinerId;
				self.call(RuntimeOrigin::root(), pallet_miners::Call::reinstate { miner });
			}
			37 => {
				let new_owner = self.person();
				let call = pallet_miners::Call::recover { miner: node, new_owner };
				self.call(RuntimeOrigin::root(), call);
			}
			38 => match self.rng.below(4) {
				0 => BondPerKwh::set(&(DECA / 2 + u128::from(self.rng.below(4)) * DECA / 2)),
				1 => PenaltyPrice::set(&(100_000 * (1 + self.rng.below(4)))),
				2 => Grace::set(&(self.rng.below(6) as Interval)),
				_ => AcceptWindow::set(&(4 + self.rng.below(60) as Interval)),
			},
			_ => self.judge(),
		}
	}

	/// The owner of a node that is leaving ends what it has with others, buys all tokens that there are, and tries to close.
	fn wind_down(&mut self, node: MinerId) {
		let Some(entry) = Nodes::<Test>::get(node) else { return };
		if entry.status == NodeStatus::Open {
			let who = self.anyone();
			self.call(who, Call::close_node { node });
			return;
		}
		for (meter, sender) in Senders::<Test>::iter_prefix(node).collect::<Vec<_>>() {
			let who = self.anyone();
			match sender {
				Sender::Asks => self.call(who, Call::cancel_ask { meter }),
				Sender::Sends => self.call(who, Call::end_deposit { meter }),
			};
		}
		let owner = Miners::miner(node).expect("nobody is revoked").owner;
		for who in self.people.clone() {
			let amount = tokens(&who);
			if who != owner && amount > 0 {
				let call =
					pallet_assets::Call::transfer { id: KWH_ID, target: owner.clone(), amount };
				self.call(RuntimeOrigin::signed(who), RuntimeCall::Assets(call));
			}
		}
		let amount = (entry.books.backing - entry.promised).min(tokens(&owner));
		self.call(RuntimeOrigin::signed(owner), Call::cover { node, amount });
		let who = self.anyone();
		self.call(who, Call::close_node { node });
	}

	fn judge(&mut self) {
		let battery = self.battery();
		let meters = [battery.charge, battery.discharge, self.roof(), self.home()];
		let meter = self.rng.pick(&meters).expect("there are some");
		let evidence = b"seen from the street".to_vec().try_into().expect("short");
		let call = pallet_metering::Call::challenge { meter, evidence };
		if self.call(RuntimeOrigin::signed(CAROL), call) && self.rng.one_in(2) {
			if self.rng.one_in(2) {
				self.call(RuntimeOrigin::root(), pallet_metering::Call::uphold { meter });
			} else {
				self.call(RuntimeOrigin::root(), pallet_metering::Call::dismiss { meter });
			}
		} else {
			let open = pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>();
			if let Some(meter) = self.rng.pick(&open) {
				self.call(RuntimeOrigin::root(), pallet_metering::Call::dismiss { meter });
			}
		}
	}

	fn step(&mut self) {
		match self.rng.below(100) {
			0..=19 => self.pass(),
			20..=22 => self.register(),
			23..=33 => self.ask(),
			34..=38 => self.accept_deposit(),
			39..=48 => self.account(),
			49..=60 => self.account_meter(),
			61..=66 => self.mint_some(),
			67..=84 => self.draw(),
			85..=87 => self.trade(),
			88..=90 => self.cover(),
			_ => self.manage(),
		}
	}

	/// The node leaves in order: it lets others draw for as long as it must, and its bond pays for what is left.
	fn leave_in_order(&mut self, node: MinerId) {
		let owner = Miners::miner(node).expect("nobody is revoked").owner;
		if Nodes::<Test>::get(node).is_some_and(|entry| entry.status == NodeStatus::Open) {
			assert!(self.call(RuntimeOrigin::signed(owner.clone()), Call::leave { node }));
		}
		for (meter, sender) in Senders::<Test>::iter_prefix(node).collect::<Vec<_>>() {
			let who = self.anyone();
			assert!(match sender {
				Sender::Asks => self.call(who, Call::cancel_ask { meter }),
				Sender::Sends => self.call(who, Call::end_deposit { meter }),
			});
		}
		// All that runs is over, and nobody is waited for any more.
		go_to(now() + MAX_DURATION + SILENCE + CoverWindow::get() + 2);
		let who = self.anyone();
		assert!(self.call(who, Call::account { node, intervals: RING }));
		for withdrawal in WithdrawalsByNode::<Test>::iter_key_prefix(node).collect::<Vec<_>>() {
			let owner = RuntimeOrigin::signed(owner.clone());
			let entry = Withdrawals::<Test>::get(withdrawal).expect("it is found");
			assert!(match entry.state {
				WithdrawalState::Asked { .. } => {
					self.call(owner, Call::cancel_withdrawal { withdrawal })
				}
				WithdrawalState::Running { .. } => {
					self.call(owner, Call::settle_withdrawal { withdrawal })
				}
			});
		}
		let who = self.anyone();
		assert!(self.call(who, Call::close_node { node }), "a node does not close");
	}

	/// Everybody leaves. Nothing is held of anybody then.
	fn end(&mut self) {
		// All in order but the last one, which vanishes.
		for battery in self.batteries.split_last().map_or(vec![], |(_, others)| others.to_vec()) {
			if Nodes::<Test>::get(battery.node).is_some_and(|node| node.status.is_live()) {
				self.leave_in_order(battery.node);
				self.check();
			}
		}
		for battery in self.batteries.clone() {
			let node = battery.node;
			if Nodes::<Test>::get(node).is_none_or(|node| node.status == NodeStatus::Closed) {
				continue;
			}
			if Nodes::<Test>::get(node).is_some_and(|node| node.status.is_live()) {
				assert!(self.call(RuntimeOrigin::root(), Call::declare_vanished { node }));
			}
		}
		for (withdrawal, entry) in Withdrawals::<Test>::iter().collect::<Vec<_>>() {
			let who = RuntimeOrigin::signed(entry.drawer.clone());
			let done = match entry.state {
				WithdrawalState::Asked { .. } => {
					self.call(who, Call::cancel_withdrawal { withdrawal })
				}
				WithdrawalState::Running { .. } => {
					self.call(who, Call::settle_withdrawal { withdrawal })
				}
			};
			assert!(done, "a withdrawal does not end");
		}
		for (meter, deposit) in Deposits::<Test>::iter().collect::<Vec<_>>() {
			if deposit.ended.is_none() {
				let who = self.anyone();
				assert!(self.call(who, Call::end_deposit { meter }));
			}
			if Deposits::<Test>::contains_key(meter) {
				let who = self.anyone();
				assert!(self.call(who, Call::account_meter { meter }));
			}
		}
		self.check();
		for (id, node) in Nodes::<Test>::iter() {
			assert_eq!(node.status, NodeStatus::Closed, "node {id} did not close");
		}
		for who in self.people.clone() {
			assert_eq!((bond_of(&who), tokens_held(&who)), (0, 0), "something is still held");
		}
		assert_eq!(Deposits::<Test>::iter().count(), 0, "a deposit is left");
		assert_eq!(pallet_metering::Uses::<Test>::iter().count(), 0, "a meter is still booked");
	}
}

#[test]
fn rules_hold_through_15_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_261_122, CALLS);
	new_test_ext().execute_with(|| {
		use frame_support::traits::fungible::Mutate;
		for who in [NORA, OLGA, PETER, WANDA, DAVE, CAROL] {
			Balances::mint_into(&who, 100 * ENDOWMENT).unwrap();
		}
		let mut world = World::new(seed);
		let issuance = Balances::total_issuance();
		let mut made = 0;
		while made < calls {
			let before = world.counts.values().map(|(good, bad)| good + bad).sum::<u64>();
			world.step();
			let after = world.counts.values().map(|(good, bad)| good + bad).sum::<u64>();
			if after > before {
				made += 1;
				if made % CHECK_EVERY == 0 {
					world.check();
				}
			}
		}
		world.check();
		println!("{:?}", StorageNodes::parity());
		world.end();
		assert_eq!(Balances::total_issuance(), issuance, "DECA came or went");
		println!("{:<48} {:>8} {:>8}", "", "good", "refused");
		for (what, (good, bad)) in &world.counts {
			println!("{what:<48} {good:>8} {bad:>8}");
		}
		let of = |what: &&str| world.counts.get(*what).map_or(0, |(good, _)| *good);
		if whole {
			for what in MUST_HAPPEN {
				assert!(of(&what) > 0, "{what} never happened: the test says nothing of it");
			}
		}
	});
}
