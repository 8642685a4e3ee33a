//! Thousands of random calls over weeks of sun, clouds, failures and governance, with the rules checked on the way, and with
//! books of its own that are kept by what the events tell.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. The seed is printed, and
//! `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use super::*;
use frame_support::traits::{fungible::MutateFreeze, GetCallMetadata};
use heliograph_fuzz::{forget_events, Plan, Rng};
use heliograph_primitives::miner::{Flow, MinerId, MinerKind};
use sp_runtime::traits::Dispatchable;
use std::collections::{BTreeMap, BTreeSet};

const CALLS: u64 = 20_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 100;
const TRADERS: [AccountId; 5] = [OLGA, PETER, NORA, KONRAD, CAROL];
const HILL: &[u8] = b"HILL";

/// What must happen now and then, or the test says little.
const MUST_HAPPEN: [&str; 28] = [
	"SlotAuction::set_area",
	"SlotAuction::place",
	"SlotAuction::cancel",
	"SlotAuction::clear",
	"SlotAuction::collect",
	"SlotAuction::settle",
	"cleared with a price",
	"cleared without a price",
	"a bid was filled in part",
	"an offer was filled in part",
	"an order got nothing",
	"a seller delivered all",
	"a seller delivered a part",
	"a seller delivered nothing",
	"a sale was settled under challenge",
	"a purchase was settled under challenge",
	"a sale was void because the day was forgotten",
	"a buyer drew all",
	"a buyer drew a part",
	"a purchase was void",
	"a buyer was compensated",
	"a payment was redirected",
	"an auction ended",
	"a suspended miner's order was settled",
	"a miner was handed over with orders",
	"a new owner cancelled what the old one placed",
	"a day was skipped",
	"refused: OtherSide",
];

/// An order, by what was told of it.
struct Told {
	owner: AccountId,
	meter: MeterId,
	side: Side,
	limit: Price,
	energy: Energy,
	fill: Option<Energy>,
	secured: Balance,
}

/// An auction, by what was told of it.
#[derive(Default)]
struct Book {
	orders: BTreeMap<u32, Told>,
	grid_fee: Price,
	price: Option<Price>,
	volume: u128,
	/// By side.
	filled: [u128; 2],
	delivered: [u128; 2],
	/// What came into the escrow, and what left it.
	paid_in: Balance,
	paid_out: Balance,
}

struct Life {
	rng: Rng,
	counts: BTreeMap<String, (u64, u64)>,
	books: BTreeMap<AuctionId, Book>,
	/// All meters, with the side that they are on.
	meters: Vec<(MeterId, Side)>,
	/// What each meter measured in single intervals.
	measured: BTreeMap<(MeterId, Interval), Energy>,
	/// What of that was sold, or drawn of what was bought.
	used: BTreeMap<(MeterId, Interval), Energy>,
}

impl Life {
	fn new(seed: u64) -> Self {
		assert_ok!(SlotAuction::set_area(
			RuntimeOrigin::root(),
			HILL.to_vec().try_into().unwrap(),
			Area { grid_fee: 33_500, ..rules() }
		));
		let homes: [(&[u8], AccountId, MinerKind, &[Flow]); 7] = [
			(VALLEY, OLGA, MinerKind::Standard, &[Flow::Export, Flow::Export, Flow::Import]),
			(VALLEY, PETER, MinerKind::Standard, &[Flow::Export]),
			(HILL, PETER, MinerKind::Standard, &[Flow::Export]),
			(VALLEY, NORA, MinerKind::Storage, &[Flow::Charge, Flow::Discharge]),
			(VALLEY, KONRAD, MinerKind::Consumer, &[Flow::Import, Flow::Consumption]),
			(HILL, KONRAD, MinerKind::Consumer, &[Flow::Import]),
			(VALLEY, CAROL, MinerKind::Consumer, &[Flow::Import]),
		];
		let mut meters = Vec::new();
		for (area, owner, kind, flows) in homes {
			let (_, ids) = admit_in(area, &owner, kind, flows);
			let sides = flows.iter().map(|flow| Side::of(kind, *flow).expect("all of them trade"));
			meters.extend(ids.into_iter().zip(sides));
		}
		Self {
			rng: Rng::new(seed),
			counts: BTreeMap::new(),
			books: BTreeMap::new(),
			meters,
			measured: BTreeMap::new(),
			used: BTreeMap::new(),
		}
	}

	fn count(&mut self, what: impl Into<String>, happened: bool) {
		let (good, bad) = self.counts.entry(what.into()).or_default();
		*(if happened { good } else { bad }) += 1;
	}

	/// Sends a call as an extrinsic would be, and books what it tells.
	fn call(&mut self, who: Option<AccountId>, call: Call<Test>) -> bool {
		let origin = who.map_or(RuntimeOrigin::root(), RuntimeOrigin::signed);
		let call = RuntimeCall::from(call);
		let metadata = call.get_call_metadata();
		let name = format!("{}::{}", metadata.pallet_name, metadata.function_name);
		forget_events();
		let result = call.dispatch(origin);
		self.count(name, result.is_ok());
		let result: DispatchResult = result.map(drop).map_err(|failed| failed.error);
		if let Err(error) = result {
			let why: &str = error.into();
			self.count(format!("refused: {why}"), true);
		}
		for event in events() {
			self.book(event);
		}
		result.is_ok()
	}

	fn book_of(&mut self, id: OrderId) -> (&mut Book, Told) {
		let book = self.books.get_mut(&id.auction).expect("it was opened");
		let told = book.orders.remove(&id.number).expect("it was placed");
		(book, told)
	}

	fn book(&mut self, event: Event<Test>) {
		match event {
			Event::Placed { order, owner, meter, side, limit, energy, held } => {
				let Terms { grid_fee, imbalance, undrawn, .. } =
					Auctions::<Test>::get(order.auction).unwrap().terms;
				match side {
					Side::Buy => {
						assert_eq!((limit - grid_fee) % SLOT_TICK, 0, "a limit is no tick");
						assert_eq!(held, money(energy, limit + undrawn));
					}
					Side::Sell => assert_eq!(held, money(energy, imbalance)),
				}
				let book = self.books.entry(order.auction).or_default();
				book.grid_fee = grid_fee;
				let others = book.orders.values().filter(|told| told.owner == owner);
				assert!(others.clone().all(|told| told.side == side), "an account on both sides");
				let told = Told { owner, meter, side, limit, energy, fill: None, secured: 0 };
				assert!(book.orders.insert(order.number, told).is_none(), "a number twice");
			}
			Event::Cancelled { order, owner } => {
				let (book, told) = self.book_of(order);
				assert_eq!(told.owner, owner, "the money went to somebody else");
				if book.orders.is_empty() {
					self.books.remove(&order.auction);
				}
			}
			Event::AuctionCleared { auction, price, volume, orders } => {
				self.count("cleared with a price", price.is_some());
				self.count("cleared without a price", price.is_none());
				let book = self.books.get_mut(&auction).expect("it was opened");
				assert_eq!(book.orders.len(), orders as usize);
				(book.price, book.volume) = (price, volume);
			}
			Event::Collected { order, fill, secured, .. } => {
				let (book, mut told) = self.book_of(order);
				book.filled[told.side as usize] += u128::from(fill);
				assert!(book.filled[told.side as usize] <= book.volume);
				assert!(fill <= told.energy);
				if fill > 0 {
					let price = book.price.expect("something is traded");
					match told.side {
						Side::Buy => assert!(price + book.grid_fee <= told.limit),
						Side::Sell => assert!(price >= told.limit),
					}
				}
				let partly = fill > 0 && fill < told.energy;
				let side = told.side;
				if side == Side::Buy {
					book.paid_in += secured;
				}
				if fill > 0 {
					(told.fill, told.secured) = (Some(fill), secured);
					book.orders.insert(order.number, told);
				}
				self.count("an order got nothing", fill == 0);
				self.count("a bid was filled in part", partly && side == Side::Buy);
				self.count("an offer was filled in part", partly && side == Side::Sell);
			}
			Event::SaleSettled { order, seller, fill, delivered, paid, fee, fine, void } => {
				let (book, told) = self.book_of(order);
				assert_eq!((&told.owner, told.fill), (&seller, Some(fill)));
				assert_eq!(book.filled, [book.volume; 2], "settled before all was collected");
				let price = book.price.expect("something is traded");
				assert_eq!(paid + fee, money(delivered, price));
				assert!(fine <= told.secured);
				book.delivered[Side::Sell as usize] += u128::from(delivered);
				book.paid_in += fine;
				book.paid_out += paid;
				let (meter, interval) = (told.meter, order.auction.interval);
				match void {
					Some(Void::Forgotten) => {
						assert_eq!((delivered, paid, fee, fine), (0, 0, 0, 0));
						self.count("a sale was void because the day was forgotten", true);
					}
					None => {
						self.use_up(meter, interval, fill, delivered);
						let is_challenged =
							pallet_metering::Challenges::<Test>::contains_key(meter);
						self.count("a sale was settled under challenge", is_challenged);
						self.count("a seller delivered all", delivered == fill);
						self.count("a seller delivered a part", delivered > 0 && delivered < fill);
						self.count("a seller delivered nothing", delivered == 0);
					}
				}
				self.count_suspended(meter);
			}
			Event::PurchaseSettled {
				order,
				buyer,
				fill,
				delivered,
				drawn,
				paid,
				grid,
				undrawn,
				compensation,
				returned,
				void,
			} => {
				let (book, told) = self.book_of(order);
				assert_eq!((&told.owner, told.fill), (&buyer, Some(fill)));
				assert!(
					book.orders.values().all(|told| told.side == Side::Buy),
					"a bid was settled before an offer"
				);
				let price = book.price.expect("something is traded");
				assert_eq!(paid, money(delivered, price));
				assert_eq!(grid, money(delivered, book.grid_fee));
				assert!(paid + grid <= money(delivered, told.limit), "paid above the limit");
				assert_eq!(paid + grid + undrawn + returned, told.secured + compensation);
				assert!(drawn <= delivered && delivered <= fill);
				book.delivered[Side::Buy as usize] += u128::from(delivered);
				book.paid_out += returned;
				let (meter, interval) = (told.meter, order.auction.interval);
				match void {
					Some(_) => assert_eq!((drawn, undrawn), (delivered, 0)),
					None => {
						self.use_up(meter, interval, delivered, drawn);
						let is_challenged =
							pallet_metering::Challenges::<Test>::contains_key(meter);
						self.count("a purchase was settled under challenge", is_challenged);
					}
				}
				self.count("a purchase was void", void.is_some());
				self.count("a buyer drew all", drawn == delivered && delivered > 0);
				self.count("a buyer drew a part", drawn < delivered && drawn > 0);
				self.count("a buyer was compensated", compensation > 0);
				self.count_suspended(meter);
			}
			Event::AuctionEnded { auction, delivered, grid, fees } => {
				let book = self.books.remove(&auction).expect("it was opened");
				assert!(book.orders.is_empty());
				assert_eq!(book.filled, [book.volume; 2], "bought is not sold");
				assert_eq!(book.delivered, [delivered; 2], "energy came or went");
				assert_eq!(book.paid_in, book.paid_out + grid + fees, "money came or went");
				self.count("an auction ended", true);
			}
			Event::PaymentRedirected { .. } => self.count("a payment was redirected", true),
			Event::OrderSkipped { order, error } => panic!("{order:?} was skipped: {error:?}"),
			Event::BookingMissing { meter, .. } => panic!("the booking of {meter} is missing"),
			_ => {}
		}
	}

	/// Of what a meter measured up to `most` counts, challenged or not, and the same mWh once.
	fn use_up(&mut self, meter: MeterId, interval: Interval, most: Energy, energy: Energy) {
		let used = self.used.entry((meter, interval)).or_default();
		let measured = self.measured.get(&(meter, interval)).copied().unwrap_or_default();
		assert_eq!(energy, measured.saturating_sub(*used).min(most), "it measured something else");
		*used += energy;
	}

	fn count_suspended(&mut self, meter: MeterId) {
		let active = <Miners as MeterDirectory<AccountId>>::is_active(miner_of(meter));
		self.count("a suspended miner's order was settled", !active);
	}

	/// All rules, and what is known of everybody's money.
	fn check(&self, issuance: Balance) {
		check_invariants();
		let escrow = SlotAuction::escrow_account();
		let accounts = PEOPLE.iter().chain([&escrow]);
		let all = accounts.map(Balances::total_balance).sum::<Balance>();
		assert_eq!(all, Balances::total_issuance(), "DECA came or went");
		assert_eq!(all, issuance, "DECA was made or burned");
		let books = self.books.keys().copied().collect::<BTreeSet<_>>();
		let auctions = Auctions::<Test>::iter_keys().collect::<BTreeSet<_>>();
		assert_eq!(books, auctions, "the books know other auctions");
		for (id, book) in &self.books {
			let known = book.orders.keys().copied().collect::<Vec<_>>();
			assert_eq!(known, numbers(*id), "the books know other orders");
		}
	}

	fn trader(&mut self) -> AccountId {
		self.rng.pick(&TRADERS).expect("there are traders")
	}

	/// Mostly the owner of `meter`, sometimes anybody.
	fn owner_of(&mut self, meter: MeterId) -> AccountId {
		let owner = <Miners as MeterDirectory<AccountId>>::miner(miner_of(meter)).map(|m| m.owner);
		match owner {
			Some(owner) if !self.rng.one_in(20) => owner,
			_ => self.trader(),
		}
	}

	fn auction(&mut self) -> Option<AuctionId> {
		let known = Auctions::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&known)
	}

	fn order(&mut self) -> OrderId {
		let known = Orders::<Test>::iter_keys().collect::<Vec<_>>();
		let (auction, number) = self.rng.pick(&known).unwrap_or((slot(), 0));
		OrderId { auction, number }
	}

	/// Some of an auction's orders, mostly all, in a random order.
	fn some_of(&mut self, id: AuctionId) -> Vec<u32> {
		let mut left = numbers(id);
		let mut some = Vec::new();
		while !left.is_empty() {
			let number = left.swap_remove(self.rng.below(left.len() as u64) as usize);
			if !self.rng.one_in(12) {
				some.push(number);
			}
			if self.rng.one_in(30) {
				some.push(number);
			}
		}
		some
	}

	/// An interval passes, or a few, or a day that nobody takes notice of.
	fn pass_time(&mut self) {
		let skipped = self.rng.one_in(60);
		let intervals =
			if skipped { 60 + self.rng.below(100) as u32 } else { 1 + self.rng.below(3) as u32 };
		self.count("a day was skipped", skipped && intervals > 96);
		// Who has nothing gives away what it got.
		let all = free(&PAUPER);
		assert_ok!(Balances::transfer_allow_death(signed(&PAUPER), BOT, all));
		let from = now();
		go_to(from + intervals);
		// What passed while nobody looked is not reported but for the end of it.
		for interval in (from..from + intervals).rev().take(3).rev() {
			for (meter, _) in self.meters.clone() {
				let active = <Miners as MeterDirectory<AccountId>>::is_active(miner_of(meter));
				if !active || self.rng.one_in(9) {
					continue;
				}
				let energy = match self.rng.below(6) {
					0 => 0,
					1 => self.rng.below(100_000),
					2..=3 => self.rng.below(1_500_000),
					_ => self.rng.below(2_700_000),
				};
				let state = Metering::meter_state(meter);
				let register = state.as_ref().map_or(0, |state| state.register);
				let follows = state.is_some_and(|state| state.last_interval + 1 == interval);
				submit(meter, interval, register + energy);
				if follows {
					self.measured.insert((meter, interval), energy);
				}
			}
		}
	}

	/// Something happens that this pallet is not asked about.
	fn fate(&mut self) {
		let (meter, _) = self.rng.pick(&self.meters.clone()).expect("there are meters");
		let miner: MinerId = miner_of(meter);
		let reason = || b"fate".to_vec().try_into().unwrap();
		match self.rng.below(12) {
			0 => {
				let done = Miners::suspend(RuntimeOrigin::root(), miner, reason());
				self.count("suspended", done.is_ok());
			}
			1..=2 => {
				for (meter, _) in self.meters.clone() {
					let done = Miners::reinstate(RuntimeOrigin::root(), miner_of(meter));
					self.count("reinstated", done.is_ok());
				}
			}
			3 => {
				// Handed over and, mostly, given back.
				let had = Stands::<Test>::iter().count() > 0;
				let who = self.trader();
				let done =
					with_storage_layer(|| Miners::recover(RuntimeOrigin::root(), miner, who));
				self.count("a miner was handed over with orders", done.is_ok() && had);
			}
			4..=6 => {
				let evidence = b"odd".to_vec().try_into().unwrap();
				let done =
					with_storage_layer(|| Metering::challenge(signed(&WANDA), meter, evidence));
				self.count("challenged", done.is_ok());
			}
			7..=9 => {
				for meter in pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>() {
					if self.rng.one_in(4) {
						// Nobody has an upheld challenge's energy any more.
						assert_ok!(Metering::uphold(RuntimeOrigin::root(), meter));
						self.measured.retain(|(of, _), _| *of != meter);
					} else if self.rng.one_in(2) {
						assert_ok!(Metering::dismiss(RuntimeOrigin::root(), meter));
					}
				}
			}
			10 => {
				let who = self.trader();
				let amount = if self.rng.one_in(2) { ENDOWMENT } else { 0 };
				assert_ok!(Balances::set_freeze(&(), &who, amount));
			}
			_ => {
				// Somebody has too little for a while.
				let (who, other) = (self.trader(), self.trader());
				let amount = free(&who) / 2;
				let done = Balances::transfer_keep_alive(signed(&who), other, amount);
				self.count("moved money", done.is_ok());
			}
		}
	}

	fn govern(&mut self) {
		match self.rng.below(8) {
			0 => SlotFee::set(&Permill::from_parts(self.rng.below(1_000_001) as u32)),
			1 => GateOpening::set(&(self.rng.below(220) as u32)),
			2 => GateClosure::set(&(self.rng.below(3) as u32)),
			3 => Grace::set(&(self.rng.below(12) as u32)),
			4 => MinimumEnergy::set(&self.rng.below(20_000)),
			5 => {
				let destination = if self.rng.one_in(3) { PAUPER } else { TREASURY };
				FeeDestination::set(&destination);
			}
			_ => {
				let code = if self.rng.one_in(2) { VALLEY } else { HILL };
				// What the one without an account would get is often too little to make one.
				let poor = self.rng.one_in(3);
				let (operator, most) = if poor { (PAUPER, 50) } else { (VERA, 120_000) };
				let terms = Area {
					grid_fee: self.rng.below(most),
					operator,
					imbalance: self.rng.below(500_000),
					undrawn: self.rng.below(most / 2),
					open: !self.rng.one_in(20),
				};
				let who = if self.rng.one_in(10) { Some(self.trader()) } else { None };
				let code = code.to_vec().try_into().unwrap();
				self.call(who, Call::set_area { code, terms });
			}
		}
	}

	fn trade(&mut self) {
		let (meter, mut side) = self.rng.pick(&self.meters.clone()).expect("there are meters");
		if self.rng.one_in(30) {
			side = if side == Side::Buy { Side::Sell } else { Side::Buy };
		}
		let who = self.owner_of(meter);
		// Mostly a few auctions, so that many meet.
		let interval = match self.rng.below(12) {
			0 => now() + self.rng.below(250) as u32,
			1 => now(),
			_ => SlotAuction::gate().0 + self.rng.below(3) as u32,
		};
		let ticks =
			if self.rng.one_in(4) { 1 + self.rng.below(1_030) } else { 80 + self.rng.below(60) };
		let mut limit = ticks * SLOT_TICK;
		if side == Side::Buy {
			limit += 60_000 + self.rng.below(30_000);
		} else if self.rng.one_in(40) {
			limit += 1;
		}
		let mut energy = (1 + self.rng.below(900)) * LOT_SIZE;
		if self.rng.one_in(40) {
			energy += 1;
		}
		self.call(Some(who), Call::place { meter, interval, side, limit, energy });
	}

	/// The bot's round, mostly complete.
	fn round(&mut self) {
		for id in Auctions::<Test>::iter_keys().collect::<Vec<_>>() {
			let Some(auction) = Auctions::<Test>::get(id) else { continue };
			match SlotAuction::stage(&auction, now()) {
				_ if self.rng.one_in(6) => {}
				Stage::ToCollect => self.collect(id),
				Stage::ToSettle => self.settle(id),
				_ => {}
			}
		}
	}

	fn collect(&mut self, id: AuctionId) {
		for some in self.some_of(id).chunks(16) {
			self.call(Some(BOT), Call::collect { auction: id, numbers: batch(some) });
		}
	}

	fn settle(&mut self, id: AuctionId) {
		for some in self.some_of(id).chunks(16) {
			self.call(Some(BOT), Call::settle { auction: id, numbers: batch(some) });
		}
	}

	fn step(&mut self) {
		match self.rng.below(100) {
			0..=2 => {
				self.pass_time();
				if !self.rng.one_in(5) {
					self.round();
				}
			}
			3..=5 => self.fate(),
			6 => self.govern(),
			7..=88 => self.trade(),
			89..=94 => {
				let order = self.order();
				let known = Orders::<Test>::get(order.auction, order.number);
				let placer = known.as_ref().map(|order| order.owner.clone());
				let who = match known {
					Some(_) if self.rng.one_in(8) => BOT,
					Some(order) if self.rng.one_in(2) => self.owner_of(order.meter),
					Some(order) => order.owner,
					None => BOT,
				};
				let is_new = placer.as_ref() != Some(&who);
				let done = self.call(Some(who), Call::cancel { order });
				self.count("a new owner cancelled what the old one placed", done && is_new);
			}
			95..=96 => {
				if let Some(auction) = self.auction() {
					self.call(Some(BOT), Call::clear { auction });
				}
			}
			97..=98 => {
				if let Some(auction) = self.auction() {
					self.collect(auction);
				}
			}
			_ => {
				if let Some(auction) = self.auction() {
					self.settle(auction);
				}
			}
		}
	}

	/// Everything comes to its end: no auction, no order, nothing held, nothing in escrow.
	fn end(&mut self) {
		go_to(now() + 400);
		// A round passes some by; many do not.
		for _ in 0..200 {
			for id in Auctions::<Test>::iter_keys().collect::<Vec<_>>() {
				self.collect(id);
				self.settle(id);
			}
		}
		assert_eq!(Auctions::<Test>::iter().count(), 0);
		assert_eq!(Orders::<Test>::iter().count(), 0);
		assert_eq!(Stands::<Test>::iter().count(), 0);
		assert_eq!(MeterBooks::<Test>::iter().count(), 0);
		assert_eq!(pallet_metering::Uses::<Test>::iter().count(), 0);
		assert!(PEOPLE.iter().all(|who| held(who) == 0), "something is held for nothing");
		assert!(self.books.is_empty());
	}
}

#[test]
fn nothing_is_lost_or_made_through_20_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_261_122, CALLS);
	build().execute_with(|| {
		let mut life = Life::new(seed);
		let issuance = Balances::total_issuance();
		let (mut made, mut checked) = (0, 0);
		while made < calls {
			life.step();
			made = life
				.counts
				.iter()
				.filter(|(name, _)| name.starts_with("SlotAuction::"))
				.map(|(_, (good, bad))| good + bad)
				.sum::<u64>();
			if made / CHECK_EVERY > checked {
				checked = made / CHECK_EVERY;
				life.check(issuance);
			}
		}
		life.check(issuance);
		life.end();
		life.check(issuance);
		println!("{} intervals", now() - START);
		println!("{:<48} {:>8} {:>8}", "", "good", "refused");
		for (what, (good, bad)) in &life.counts {
			println!("{what:<48} {good:>8} {bad:>8}");
		}
		let of = |what: &&str| life.counts.get(*what).map_or(0, |(good, _)| *good);
		if whole {
			for what in MUST_HAPPEN {
				assert!(of(&what) > 0, "{what} never happened: the test says nothing of it");
			}
		}
	});
}
