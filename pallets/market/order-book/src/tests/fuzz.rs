//! 20,000 random calls, each with the outcome that the list on paper says, and with the rules checked on the way.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. The seed is printed, and
//! `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use super::model::{Asked, Model, Outcome, Told};
use crate::{mock::*, *};
use heliograph_fuzz::{forget_events, Plan, Rng};
use std::collections::BTreeMap;

const CALLS: u64 = 20_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 100;
/// Enough to do some of what they want, not enough for all of it.
const PURSE: Balance = 40 * DECA;
const CELLAR: Balance = 60 * KWH_TOKEN;

/// What must happen now and then, or the test says little.
const MUST_HAPPEN: [&str; 28] = [
	"placed",
	"amended in its place",
	"amended anew",
	"cancelled",
	"cancelled all",
	"pruned",
	"reclaimed",
	"traded",
	"Filled",
	"Cancelled",
	"Expired",
	"SelfTrade",
	"Unpayable",
	"Immediate",
	"OutOfFills",
	"not released",
	"WouldCross",
	"NotFilled",
	"TooManyOrders",
	"CannotBePaid",
	"FundsLocked",
	"NotOwner",
	"OrderExpired",
	"Unchanged",
	"AlreadyFilled",
	"ExpiresTooLate",
	"too little",
	"history has several intervals",
];

struct World {
	rng: Rng,
	people: Vec<AccountId>,
	/// What everybody has, whether it is held or not, by what was told.
	purses: Vec<(Balance, Balance)>,
	/// What was collected.
	fees: Balance,
	model: Model,
	counts: BTreeMap<String, u64>,
}

impl World {
	fn new(seed: u64) -> Self {
		use frame_support::traits::{fungible::Mutate as _, fungibles::Mutate};
		let people = (0..6u8).map(|n| AccountId::new([100 + n; 32])).collect::<Vec<_>>();
		for who in &people {
			Balances::mint_into(who, PURSE).unwrap();
			<Assets as Mutate<_>>::mint_into(KWH_ID, who, CELLAR).unwrap();
		}
		let purses = vec![(PURSE, CELLAR); people.len()];
		let model = Model {
			now: START,
			maker_fee: MakerFee::get(),
			minimum: MinimumEnergy::get(),
			max_orders: 8,
			max_fills: 16,
			lifetime: LIFETIME,
			..Default::default()
		};
		let counts = BTreeMap::new();
		Self { rng: Rng::new(seed), people, purses, fees: deca(&FEES), model, counts }
	}

	fn count(&mut self, what: impl Into<String>) {
		*self.counts.entry(what.into()).or_default() += 1;
	}

	fn pick<T: Clone>(&mut self, from: &[T]) -> T {
		self.rng.pick(from).expect("there is something to pick from")
	}

	fn number_of(&self, who: &AccountId) -> usize {
		self.people.iter().position(|other| other == who).expect("all are known")
	}

	/// Holds what happened against what the model says, and books it. Returns whether it happened.
	fn judge(
		&mut self,
		what: &str,
		done: Result<(), DispatchError>,
		expect: impl FnOnce(&mut Model) -> Outcome,
	) -> bool {
		let before = self.model.clone();
		let expected = expect(&mut self.model);
		let events = own_events();
		forget_events();
		if let Err(error) = done {
			self.model = before;
			let name = match error {
				DispatchError::Module(error) => error.message.expect("errors have names"),
				// What the model knows nothing of: how much everybody has.
				_ => "too little",
			};
			self.count(name);
			match expected {
				Err(error) => {
					assert!(name == error || name == "too little", "{what}: {name}, not {error}")
				}
				Ok(told) => assert_eq!(name, "too little", "{what}: expected {told:?}"),
			}
			return false;
		}
		let told = events.into_iter().filter_map(|event| self.book(event, &before)).collect();
		assert_eq!(Ok::<Vec<Told>, _>(told), expected, "{what}");
		self.count(what);
		true
	}

	/// Books an event, and says what of it the model tells, too.
	fn book(&mut self, event: Event<Test>, before: &Model) -> Option<Told> {
		match event {
			Event::Filled { maker, taker, buyer, seller, price, energy, buyer_fee, seller_fee } => {
				let (buyer, seller) = (self.number_of(&buyer), self.number_of(&seller));
				let line = before.line(maker).expect("it was in the book");
				let cost = Balance::from(energy) * Balance::from(price);
				// The one who came pays the governed rate, the one who was there its own.
				let taker_rate = TakerFee::get();
				let (buyer_rate, seller_rate) = match line.side {
					Side::Buy => (line.rate, taker_rate),
					Side::Sell => (taker_rate, line.rate),
				};
				let exact =
					|rate: Permill| (cost * Balance::from(rate.deconstruct())).div_ceil(1_000_000);
				assert_eq!(seller_fee, exact(seller_rate));
				assert!(buyer_fee <= exact(buyer_rate) && buyer_fee + 1 >= exact(buyer_rate));
				self.purses[buyer].0 -= cost + buyer_fee;
				self.purses[buyer].1 += Balance::from(energy);
				self.purses[seller].0 += cost - seller_fee;
				self.purses[seller].1 -= Balance::from(energy);
				self.fees += buyer_fee + seller_fee;
				self.count("traded");
				Some(Told::Traded { maker, taker, buyer, seller, price, energy })
			}
			Event::OrderClosed { order, reason, energy, .. } => {
				self.count(format!("{reason:?}"));
				Some(Told::Closed { order, reason, energy })
			}
			Event::NotReleased { .. } => {
				self.count("not released");
				None
			}
			_ => None,
		}
	}

	/// All rules, and what is known from what was told.
	fn check(&mut self) {
		check_invariants();
		for (who, (money, energy)) in self.people.iter().zip(&self.purses) {
			assert_eq!(deca(who) + deca_held(who), *money, "DECA of {who:?}");
			assert_eq!(kwh(who) + kwh_held(who), *energy, "KWH of {who:?}");
		}
		assert_eq!(deca(&FEES), self.fees, "fees");
		for (number, who) in self.people.iter().enumerate() {
			let of = self.model.lines.iter().filter(|line| line.owner == number);
			let expected = of.map(|line| {
				(line.id, line.side, line.price, line.energy, line.traded, line.expires)
			});
			let orders = OrderBook::orders_of(who.clone());
			let open = orders.into_iter().map(|(id, order)| {
				(id, order.side, order.price, order.energy, order.traded(), order.expires)
			});
			assert_eq!(open.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
		}
		if OrderBook::history().candles.len() > 1 {
			self.count("history has several intervals");
		}
	}

	fn person(&mut self) -> usize {
		self.rng.below(self.people.len() as u64) as usize
	}

	/// Where the other side is, or behind one's own, and at times anywhere.
	fn price(&mut self, side: Side) -> Price {
		let (middle, ticks) = (30 * CENT, 100 * self.rng.below(24));
		match self.rng.below(60) {
			0 => self.rng.below(200),
			1 => 100 * self.rng.below(1 << 24),
			2..=29 => middle + ticks - 1_200,
			_ if side == Side::Buy => middle - ticks,
			_ => middle + ticks,
		}
	}

	fn energy(&mut self) -> Energy {
		match self.rng.below(60) {
			0 => self.rng.below(200_000),
			1 => 1_000 * self.rng.below(100_000),
			_ => KWH / 10 + 25_000 * self.rng.below(60),
		}
	}

	fn terms(&mut self) -> Terms {
		let kinds = [Kind::Gtc, Kind::Gtc, Kind::Gtc, Kind::Gtc, Kind::Ioc, Kind::Fok];
		let kind = if self.rng.one_in(6) { Kind::PostOnly } else { self.pick(&kinds) };
		let far = if self.rng.one_in(30) { LIFETIME - 5 } else { 0 };
		let until = self.model.now + far + self.rng.below(12) as Interval;
		let expires = self.rng.one_in(3).then_some(until - self.rng.below(2) as Interval);
		let self_trade = self.pick(&[SelfTrade::CancelTaker, SelfTrade::CancelMaker]);
		let max_fills = if self.rng.one_in(2) { 16 } else { self.rng.below(18) as u32 };
		Terms { kind, expires, self_trade, max_fills }
	}

	fn place(&mut self) {
		let owner = self.person();
		let side = self.pick(&Side::ALL);
		let (price, energy) = (self.price(side), self.energy());
		let terms = self.terms();
		let done = place(&self.people[owner], side, price, energy, terms).map(|_| ());
		let Terms { kind, expires, self_trade, max_fills } = terms;
		let asked = Asked { side, price, energy, kind, expires, self_trade, max_fills };
		self.judge("placed", done, |model| model.place(owner, asked));
	}

	/// Mostly one that is in the book, with its owner.
	fn standing(&mut self) -> (usize, OrderId) {
		let lines = self.model.lines.iter().map(|line| (line.owner, line.id)).collect::<Vec<_>>();
		let id = self.rng.below(self.model.next + 1);
		let (owner, id) = if lines.is_empty() || self.rng.one_in(20) {
			(self.person(), id)
		} else {
			self.pick(&lines)
		};
		let who = if self.rng.one_in(20) { self.person() } else { owner };
		(who, id)
	}

	fn cancel(&mut self) {
		let (who, id) = self.standing();
		let done = OrderBook::cancel_order(signed(&self.people[who]), id);
		self.judge("cancelled", done, |model| model.cancel(who, id));
	}

	fn cancel_all(&mut self) {
		let who = self.person();
		let done = OrderBook::cancel_all(signed(&self.people[who]));
		let done = done.map(|_| ()).map_err(|failed| failed.error);
		self.judge("cancelled all", done, |model| model.cancel_all(who));
	}

	fn amend(&mut self) {
		let (who, id) = self.standing();
		let line = self.model.line(id).cloned();
		let (price, energy) = match line {
			Some(line) if self.rng.one_in(2) => {
				let lots = self.rng.below(line.energy / 1_000 + 10);
				// At times as if nothing was traded of it.
				let traded = if self.rng.one_in(4) { 0 } else { line.traded };
				(line.price, traded + lots * 1_000)
			}
			Some(line) if self.rng.one_in(8) => (line.price, line.energy + line.traded),
			Some(line) if self.rng.one_in(2) => (self.price(line.side), line.energy + line.traded),
			_ => (self.price(Side::Buy), self.energy()),
		};
		let max_fills = self.rng.below(18) as u32;
		let owner = signed(&self.people[who]);
		let done = OrderBook::amend_order(owner, id, price, energy, max_fills);
		let done = done.map(|_| ()).map_err(|failed| failed.error);
		let kept = own_events()
			.iter()
			.any(|event| matches!(event, Event::OrderAmended { kept_place: true, .. }));
		let what = if kept { "amended in its place" } else { "amended anew" };
		self.judge(what, done, |model| model.amend(who, id, price, energy, max_fills));
	}

	fn prune(&mut self) {
		let mut ids = (0..4).map(|_| self.standing().1).collect::<Vec<_>>();
		let over = self.model.lines.iter().filter(|line| line.expires < self.model.now);
		ids.extend(over.map(|line| line.id).take(4));
		let orders = BoundedVec::truncate_from(ids.clone());
		let done = OrderBook::prune(signed(&BOT), orders);
		let done = done.map(|_| ()).map_err(|failed| failed.error);
		self.judge("pruned", done, |model| model.prune(&ids));
	}

	/// Locks and blocks, and ends locks and blocks.
	fn trouble(&mut self) {
		let number = self.person();
		let who = self.people[number].clone();
		if self.rng.one_in(2) {
			if self.model.locked.remove(&number) {
				unlock(&who);
			} else if self.rng.one_in(6) {
				lock(&who);
				self.model.locked.insert(number);
			}
			return;
		}
		if self.model.blocked.remove(&number) {
			Assets::thaw(signed(&GUARD), KWH_ID, who.clone()).unwrap();
			for side in Side::ALL {
				if OrderBook::reclaim(signed(&BOT), who.clone(), side).is_ok() {
					self.count("reclaimed");
				}
			}
		} else if self.rng.one_in(6) {
			Assets::block(signed(&GUARD), KWH_ID, who).unwrap();
			self.model.blocked.insert(number);
		}
	}

	fn govern(&mut self) {
		let rates = [0, 1, 1_000, 3_000, 20_000].map(Permill::from_parts);
		TakerFee::set(&self.pick(&rates));
		MakerFee::set(&self.pick(&rates));
		MinimumEnergy::set(&self.pick(&[0, 1_000, KWH / 10, KWH / 10 + 500]));
		self.model.maker_fee = MakerFee::get();
		self.model.minimum = MinimumEnergy::get();
	}

	fn step(&mut self) {
		forget_events();
		match self.rng.below(100) {
			0..=59 => self.place(),
			60..=69 => self.cancel(),
			70 => self.cancel_all(),
			71..=84 => self.amend(),
			85..=88 => self.prune(),
			89..=94 => {
				self.model.now += self.rng.below(3) as Interval;
				go_to(self.model.now);
			}
			95..=98 => self.trouble(),
			_ => self.govern(),
		}
	}
}

#[test]
fn book_does_what_the_list_on_paper_does_through_20_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_260_930, CALLS);
	ExtBuilder.build().execute_with(|| {
		let mut world = World::new(seed);
		for call in 1..=calls {
			world.step();
			if call % CHECK_EVERY == 0 {
				world.check();
			}
		}
		world.check();
		for (what, count) in &world.counts {
			println!("{what:<48} {count:>8}");
		}
		if whole {
			for what in MUST_HAPPEN {
				let happened = world.counts.contains_key(what);
				assert!(happened, "{what} never happened: the test says nothing of it");
			}
		}

		// Everybody takes everything back, and nothing is held.
		for (number, who) in world.people.clone().into_iter().enumerate() {
			OrderBook::cancel_all(signed(&who)).unwrap();
			if world.model.blocked.contains(&number) {
				Assets::thaw(signed(&GUARD), KWH_ID, who.clone()).unwrap();
			}
			for side in Side::ALL {
				let waits = OrderBook::unreleased(who.clone(), side) > 0;
				let reclaimed = OrderBook::reclaim(signed(&BOT), who.clone(), side);
				assert_eq!(reclaimed.is_ok(), waits);
			}
			assert_eq!((deca_held(&who), kwh_held(&who)), (0, 0));
			assert_eq!((deca(&who), kwh(&who)), world.purses[number]);
		}
		world.model.lines.clear();
		world.check();
		let (top, left) = (Tops::<Test>::get(), Nodes::<Test>::iter_keys().count());
		assert!(top.buys.is_empty() && top.sells.is_empty() && left == 0);
	});
}
