//! 12,000 random calls over weeks of sun, outages, challenges and people who leave, with the rules checked on the way.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. After each call every account has changed by
//! what the events told, and by nothing else; every draw is what the meters' reports say, added up by hand. In the end
//! everything is wound down, and nothing is held. The seed is printed, and `HELIOGRAPH_FUZZ_SEED` and
//! `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use crate::{mock::*, *};
use frame_support::traits::GetCallMetadata;
use heliograph_fuzz::{forget_events, Plan, Rng};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

const CALLS: u64 = 12_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 200;
/// Enough to meet each other, few enough to have a life.
const MAX_MINERS: usize = 24;
/// Who buys and sells. The last four sell only, have one miner at a time, and sometimes leave with all that they
/// have.
const PEOPLE: [AccountId; 10] = [
	NORA,
	OLGA,
	PETER,
	CAROL,
	DAVE,
	PAUPER,
	AccountId::new([101; 32]),
	AccountId::new([102; 32]),
	AccountId::new([103; 32]),
	AccountId::new([104; 32]),
];
const RESIDENTS: usize = 6;
/// What must happen now and then, or the test says little.
const MUST_HAPPEN: [&str; 36] = [
	"LotAuctions::list",
	"LotAuctions::bid",
	"LotAuctions::close_auction",
	"LotAuctions::cancel_listing",
	"LotAuctions::draw",
	"LotAuctions::close_connection",
	"LotAuctions::expire",
	"Miners::suspend",
	"Miners::reinstate",
	"Miners::revoke",
	"Miners::recover",
	"Miners::retire_meter",
	"Metering::challenge",
	"Metering::dismiss",
	"Metering::uphold",
	"Metering::expire_challenge",
	"Balances::transfer_all",
	"outbid",
	"extended",
	"connected",
	"drawn something",
	"drawn nothing",
	"interval without both measurements",
	"draw while a meter is challenged",
	"draw over more than a day",
	"ended: drawn",
	"ended: closed by the seller",
	"ended: closed by the winner",
	"ended: expired",
	"ended: unsold",
	"ended: cancelled",
	"payment deferred",
	"diverted",
	"fee returned",
	"reading accepted",
	"reading refused",
];

/// What events told of a lot.
struct Book {
	meter: MeterId,
	energy: Energy,
	/// The best bid: whose, through which meter, at what price.
	bid: Option<(AccountId, MeterId, Price)>,
	closes: Interval,
	next: Interval,
	drawn: Energy,
	paid: Balance,
}

/// A device and its agent.
#[derive(Default)]
struct Device {
	register: u64,
	/// What it signed and did not send.
	spool: Vec<(Interval, u64)>,
	offline: bool,
}

struct Life {
	rng: Rng,
	counts: BTreeMap<String, (u64, u64)>,
	books: BTreeMap<LotId, Book>,
	devices: BTreeMap<MeterId, Device>,
	/// Up to where the intervals of a meter were settled in any lot.
	settled: BTreeMap<MeterId, Interval>,
}

impl Life {
	fn new(seed: u64) -> Self {
		Self {
			rng: Rng::new(seed),
			counts: BTreeMap::new(),
			books: BTreeMap::new(),
			devices: BTreeMap::new(),
			settled: BTreeMap::new(),
		}
	}

	fn count(&mut self, what: impl Into<String>, happened: bool) {
		let (good, bad) = self.counts.entry(what.into()).or_default();
		*(if happened { good } else { bad }) += 1;
	}

	/// Sends a call of another pallet as an extrinsic would be.
	fn elsewhere(&mut self, origin: RuntimeOrigin, call: impl Into<RuntimeCall>) -> bool {
		let call = call.into();
		let metadata = call.get_call_metadata();
		let name = format!("{}::{}", metadata.pallet_name, metadata.function_name);
		let happened = call.dispatch(origin).is_ok();
		self.count(name, happened);
		happened
	}

	/// Sends a call of this pallet, and checks that everybody has what the events say.
	fn call(&mut self, who: &AccountId, call: Call<Test>) -> bool {
		let payees = Lots::<Test>::iter()
			.map(|(id, lot)| (id, LotAuctions::payee(&lot)))
			.collect::<BTreeMap<_, _>>();
		let totals = || accounts().map(|who| Balances::total_balance(&who) as i128);
		let before = totals().collect::<Vec<_>>();
		forget_events();
		let call = RuntimeCall::from(call);
		let name = format!("LotAuctions::{}", call.get_call_metadata().function_name);
		let outcome = call.dispatch(signed(who));
		self.count(name, outcome.is_ok());
		if let Ok(info) = &outcome {
			self.count("fee returned", info.pays_fee == Pays::No);
		}
		let mut changes = BTreeMap::<AccountId, i128>::new();
		let mut diverted = Vec::new();
		for event in events() {
			self.book(event, &payees, &mut diverted, &mut changes);
		}
		for ((who, before), after) in accounts().zip(before).zip(totals()) {
			let told = changes.remove(&who).unwrap_or_default();
			assert_eq!(after - before, told, "{who:?} has something else than was told");
		}
		assert!(changes.is_empty(), "somebody unknown was paid: {changes:?}");
		outcome.is_ok()
	}

	fn book(
		&mut self,
		event: Event<Test>,
		payees: &BTreeMap<LotId, AccountId>,
		diverted: &mut Vec<(LotId, AccountId, Balance)>,
		changes: &mut BTreeMap<AccountId, i128>,
	) {
		let mut give = |who: &AccountId, amount: i128| {
			*changes.entry(who.clone()).or_default() += amount;
		};
		match event {
			Event::Listed { lot, meter, energy, closes, .. } => {
				let book = Book { meter, energy, bid: None, closes, next: 0, drawn: 0, paid: 0 };
				assert!(self.books.insert(lot, book).is_none(), "lot {lot} was there before");
			}
			Event::BidPlaced { lot, bidder, meter, price, held: sum, closes } => {
				let book = self.books.get_mut(&lot).expect("it was listed");
				let extended = closes > book.closes;
				if let Some((_, _, best)) = &book.bid {
					assert!(price > *best, "a bid did not raise");
				}
				assert_eq!(sum, u128::from(book.energy) * u128::from(price));
				book.bid = Some((bidder, meter, price));
				book.closes = closes;
				self.count("extended", extended);
			}
			Event::Outbid { lot, bidder, released } => {
				let book = &self.books[&lot];
				let (best, _, price) = book.bid.as_ref().expect("somebody led");
				assert_eq!(*best, bidder);
				assert_eq!(released, u128::from(book.energy) * u128::from(*price));
				self.count("outbid", true);
			}
			Event::Connected { lot, winner, price, from, .. } => {
				let book = self.books.get_mut(&lot).expect("it was listed");
				let (best, _, best_price) = book.bid.as_ref().expect("somebody won");
				assert_eq!((best, *best_price), (&winner, price));
				assert_eq!(book.closes, from);
				book.next = from;
				self.count("connected", true);
			}
			Event::Drawn { lot, next, intervals, measured, energy, amount, fee } => {
				let book = &self.books[&lot];
				let (winner, meter, price) = book.bid.clone().expect("somebody won");
				assert_eq!(intervals, next - book.next);
				let quarantined = self.check_energy(lot, next, measured, energy);
				let book = self.books.get_mut(&lot).expect("it was listed");
				for meter in [book.meter, meter] {
					let before = self.settled.insert(meter, next).unwrap_or_default();
					assert!(before <= book.next, "an interval was settled in two lots");
				}
				book.next = next;
				book.drawn += energy;
				book.paid += amount;
				assert!(book.paid <= u128::from(book.drawn) * u128::from(price));
				give(&winner, -(amount as i128));
				give(&payees[&lot], (amount - fee) as i128);
				give(&TREASURY, fee as i128);
				self.count("drawn something", energy > 0);
				self.count("drawn nothing", energy == 0);
				self.count("interval without both measurements", measured < intervals);
				self.count("draw while a meter is challenged", quarantined);
				self.count("draw over more than a day", intervals > 96);
			}
			Event::PaymentDeferred { .. } => self.count("payment deferred", true),
			Event::Diverted { lot, who, amount } => {
				assert!(amount < MINIMUM, "more was diverted than dust");
				let (bidder, ..) = self.books[&lot].bid.as_ref().expect("it was held of somebody");
				give(bidder, -(amount as i128));
				give(&TREASURY, amount as i128);
				diverted.push((lot, who, amount));
				self.count("diverted", true);
			}
			Event::Ended { lot, reason, drawn, paid, returned } => {
				let book = self.books.remove(&lot).expect("it was listed");
				assert_eq!(drawn, book.drawn);
				let Some((winner, _, price)) = book.bid else {
					assert!(matches!(reason, EndReason::Unsold | EndReason::Cancelled));
					assert_eq!((drawn, paid, returned), (0, 0, 0));
					self.count_end(reason);
					return;
				};
				// Money in is money out: what was held was paid, or came back.
				assert_eq!(paid, u128::from(drawn) * u128::from(price));
				assert_eq!(paid + returned, u128::from(book.energy) * u128::from(price));
				let at_the_end = paid - book.paid;
				let payee = &payees[&lot];
				let is_diverted = diverted.contains(&(lot, payee.clone(), at_the_end));
				if at_the_end > 0 && !is_diverted {
					give(&winner, -(at_the_end as i128));
					give(payee, at_the_end as i128);
				}
				self.count_end(reason);
			}
			_ => {}
		}
	}

	fn count_end(&mut self, reason: EndReason) {
		let how = match reason {
			EndReason::Drawn => "drawn",
			EndReason::Closed(Side::Seller) => "closed by the seller",
			EndReason::Closed(Side::Winner) => "closed by the winner",
			EndReason::Expired => "expired",
			EndReason::Unsold => "unsold",
			EndReason::Cancelled => "cancelled",
		};
		self.count(format!("ended: {how}"), true);
	}

	/// Adds up by hand what a settlement must have drawn. Whether a meter of the lot is challenged.
	fn check_energy(&self, lot: LotId, next: Interval, measured: u32, energy: Energy) -> bool {
		let book = &self.books[&lot];
		let (_, winner, _) = book.bid.as_ref().expect("somebody won");
		let reports = [book.meter, *winner].map(Metering::report);
		let quarantined = reports.iter().flatten().any(|report| report.quarantined);
		let (mut sum, mut count) = (0, 0);
		for interval in book.next..next {
			let [sold, used] =
				reports.each_ref().map(|report| report.as_ref()?.measured_in(interval));
			if let (Some(sold), Some(used), false) = (sold, used, quarantined) {
				count += 1;
				sum += u64::from(sold.min(used)).min(book.energy - book.drawn - sum);
			}
		}
		assert_eq!((sum, count), (energy, measured), "lot {lot} was settled wrongly");
		quarantined
	}

	fn person(&mut self) -> AccountId {
		self.rng.pick(&PEOPLE).expect("there are people")
	}

	/// The meters of these flows in service.
	fn meters(&self, flows: &[Flow]) -> Vec<MeterId> {
		let mut meters = pallet_miners::Meters::<Test>::iter()
			.filter(|(_, info)| !info.retired && flows.contains(&info.flow))
			.map(|(meter, _)| meter)
			.collect::<Vec<_>>();
		meters.sort_unstable();
		meters
	}

	/// A lot, mostly one that `wanted` says something of.
	fn lot(&mut self, wanted: impl Fn(&LotOf<Test>) -> bool) -> LotId {
		let mut lots = Lots::<Test>::iter().collect::<Vec<_>>();
		lots.sort_unstable_by_key(|(id, _)| *id);
		let wanted =
			lots.iter().filter(|(_, lot)| wanted(lot)).map(|(id, _)| *id).collect::<Vec<_>>();
		let all = lots.iter().map(|(id, _)| *id).collect::<Vec<_>>();
		match self.rng.pick(&wanted) {
			Some(lot) if !self.rng.one_in(12) => lot,
			_ => self.rng.pick(&all).unwrap_or(NextLotId::<Test>::get()),
		}
	}

	fn is_open(lot: &LotOf<Test>) -> bool {
		matches!(&lot.phase, Phase::Auction(auction) if now() < auction.closes)
	}

	/// Somebody builds something.
	fn build(&mut self) {
		let live = pallet_miners::Miners::<Test>::iter_values()
			.filter(|miner| miner.status == pallet_miners::Status::Active)
			.count();
		let owner = self.person();
		let is_resident = PEOPLE[..RESIDENTS].contains(&owner);
		let has_room = is_resident || Miners::miners_of(owner.clone()).is_empty();
		if live >= MAX_MINERS || deca(&owner) < 100 * DECA || !has_room {
			return;
		}
		let (kind, flows) = match self.rng.below(4) {
			// Nothing of theirs is held for a bid, so that they can leave.
			_ if !is_resident => (MinerKind::Standard, [Flow::Generation, Flow::Export]),
			0 => (MinerKind::Storage, [Flow::Discharge, Flow::Charge]),
			1 => (MinerKind::Standard, [Flow::Export, Flow::Import]),
			2 => (MinerKind::Consumer, [Flow::Import, Flow::Consumption]),
			_ => (MinerKind::Standard, [Flow::Generation, Flow::Export]),
		};
		admit(&owner, kind, &flows);
	}

	/// An interval passes, or a few days of which nobody takes notice. Meters of lots sign what they measured; their agents
	/// send it, if they are online, and not after they were suspended.
	fn pass_time(&mut self) {
		if self.rng.one_in(60) {
			pass(1 + self.rng.below(250) as Interval);
		}
		let interval = now();
		pass(1);
		let mut meters = MeterLots::<Test>::iter_keys().collect::<Vec<_>>();
		meters.sort_unstable();
		for meter in meters {
			let energy = match self.rng.below(8) {
				0 => 0,
				// So little that what it costs cannot make an account.
				_ if meter % 3 == 0 => self.rng.below(100),
				_ => self.rng.below(2 * KWH),
			};
			let turns = self.rng.one_in(15);
			let (is_lost, stays) = (self.rng.one_in(25), self.rng.one_in(2));
			let device = self.devices.entry(meter).or_default();
			device.register += energy;
			if !is_lost {
				device.spool.push((interval, device.register));
			}
			device.offline ^= turns;
			if device.offline && device.spool.len() < 120 {
				continue;
			}
			let sent = core::mem::take(&mut device.spool);
			if sent.is_empty() {
				continue;
			}
			let readings = sent
				.iter()
				.map(|(interval, register)| reading(meter, *interval, *register))
				.collect::<Vec<_>>();
			let count = readings.len();
			forget_events();
			let refused = submit(readings);
			if refused > 0 && stays && sent.len() < 100 {
				self.devices.entry(meter).or_default().spool = sent;
			}
			self.count("reading accepted", count > refused);
			self.count("reading refused", refused > 0);
		}
	}

	/// Something happens that this pallet is not asked about.
	fn fate(&mut self) {
		let involved = MeterLots::<Test>::iter_keys().collect::<Vec<_>>();
		let flows = [Flow::Export, Flow::Discharge, Flow::Import, Flow::Consumption, Flow::Charge];
		let any = self.meters(&flows);
		let from = if self.rng.one_in(3) { any } else { involved };
		let Some(meter) = self.rng.pick(&from) else { return };
		let miner = miner_of(meter);
		let reason: BoundedVec<u8, ConstU32<32>> = Default::default();
		let root = RuntimeOrigin::root();
		match self.rng.below(20) {
			0..=2 => {
				self.elsewhere(root, pallet_miners::Call::suspend { miner, reason });
			}
			3..=7 => {
				let suspended = pallet_miners::Miners::<Test>::iter()
					.filter(|(_, entry)| entry.status == pallet_miners::Status::Suspended)
					.map(|(miner, _)| miner)
					.collect::<Vec<_>>();
				if let Some(miner) = self.rng.pick(&suspended) {
					self.elsewhere(root, pallet_miners::Call::reinstate { miner });
				}
			}
			8 => {
				let forfeit = self.rng.one_in(2);
				self.elsewhere(root, pallet_miners::Call::revoke { miner, reason, forfeit });
			}
			9 => {
				let new_owner = self.person();
				self.elsewhere(root, pallet_miners::Call::recover { miner, new_owner });
			}
			10 => {
				self.elsewhere(root, pallet_miners::Call::retire_meter { meter });
			}
			11..=12 => {
				let evidence = b"it hums at night".to_vec().try_into().expect("short");
				let call = pallet_metering::Call::challenge { meter, evidence };
				self.elsewhere(signed(&WANDA), call);
			}
			13..=17 => {
				let challenged =
					pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>();
				let Some(meter) = self.rng.pick(&challenged) else { return };
				// Mostly nobody rules, so that some expire.
				match self.rng.below(8) {
					0 => {
						self.elsewhere(root, pallet_metering::Call::dismiss { meter });
					}
					1 => {
						self.elsewhere(root, pallet_metering::Call::uphold { meter });
					}
					_ => {
						let call = pallet_metering::Call::expire_challenge { meter };
						self.elsewhere(signed(&WANDA), call);
					}
				}
			}
			18 => {
				let who = self.person();
				self.leave(who);
			}
			_ => {
				let dest = PEOPLE.into_iter().min_by_key(deca).expect("there are people");
				let value = deca(&AGENT) / 8;
				let call = pallet_balances::Call::transfer_allow_death { dest, value };
				self.elsewhere(signed(&AGENT), call);
			}
		}
	}

	/// Somebody takes all that it may somewhere else.
	fn leave(&mut self, who: AccountId) {
		let call = pallet_balances::Call::transfer_all { dest: AGENT, keep_alive: false };
		self.elsewhere(signed(&who), call);
	}

	/// A seller who is no resident gives up, while a little of what was drawn from it is not paid yet.
	fn depart(&mut self) {
		let owes_little = |id: &LotId| {
			let drawable = LotAuctions::drawable(*id).map_or(0, |settlement| settlement.energy);
			(1..1_000).contains(&drawable)
		};
		let lots = Lots::<Test>::iter()
			.filter(|(id, _)| owes_little(id))
			.map(|(_, lot)| (lot.miner, LotAuctions::payee(&lot)))
			.filter(|(_, owner)| !PEOPLE[..RESIDENTS].contains(owner))
			.collect::<Vec<_>>();
		let Some((miner, owner)) = self.rng.pick(&lots) else { return };
		let (reason, forfeit) = (Default::default(), false);
		let root = RuntimeOrigin::root();
		self.elsewhere(root, pallet_miners::Call::revoke { miner, reason, forfeit });
		self.leave(owner);
	}

	fn govern(&mut self) {
		match self.rng.below(7) {
			0 => LotFee::set(&Permill::from_parts(self.rng.below(1_000_001) as u32)),
			1 => MinRaise::set(&Permill::from_parts(self.rng.below(100_000) as u32)),
			2 => ExtendWithin::set(&(self.rng.below(4) as Interval)),
			3 => DrawWindow::set(&(self.rng.below(150) as Interval)),
			4 => Grace::set(&(self.rng.below(30) as Interval)),
			5 => MinimumEnergy::set(&self.rng.below(KWH)),
			_ => MaxDuration::set(&(8 + self.rng.below(50) as Interval)),
		}
	}

	/// Mostly the owner of a meter of one of these flows that is in no lot, with that meter; sometimes anybody, with any.
	fn trader(&mut self, flows: &[Flow]) -> (AccountId, MeterId) {
		let mut free = self.meters(flows);
		free.retain(|meter| !MeterLots::<Test>::contains_key(meter));
		let any = self.rng.below(pallet_miners::NextMeterId::<Test>::get().into()) as MeterId;
		let meter = match self.rng.pick(&free) {
			Some(meter) if !self.rng.one_in(12) => meter,
			_ => any,
		};
		let owner = Miners::miner(miner_of(meter)).map(|entry| entry.owner);
		match owner {
			Some(owner) if !self.rng.one_in(12) => (owner, meter),
			_ => (self.person(), meter),
		}
	}

	fn list(&mut self) {
		let (who, meter) = self.trader(&[Flow::Export, Flow::Discharge]);
		let energy = match self.rng.below(4) {
			0 => self.rng.below(KWH / 2),
			_ => self.rng.below(12 * KWH),
		};
		let start_price = self.rng.below(200_000);
		let closes = now() + self.rng.below(12) as Interval;
		self.call(&who, Call::list { meter, energy, start_price, closes });
	}

	fn bid(&mut self) {
		let lot = self.lot(Self::is_open);
		let (who, meter) = self.trader(&[Flow::Import, Flow::Consumption, Flow::Charge]);
		let least = LotAuctions::least_bid(lot).unwrap_or(TENTH);
		let price = match self.rng.below(8) {
			0 => self.rng.below(least + 1),
			_ => least + self.rng.below(least / 5 + 1),
		};
		self.call(&who, Call::bid { lot, price, meter });
	}

	/// Mostly a side of the lot, sometimes anybody.
	fn side(&mut self, lot: LotId) -> AccountId {
		let sides = match LotAuctions::lot(lot) {
			Some(entry) if !self.rng.one_in(12) => {
				let owner_of = |meter| Some(Miners::miner(Miners::meter(meter)?.miner)?.owner);
				let winner = entry
					.bid()
					.into_iter()
					.flat_map(|bid| [bid.bidder.clone()].into_iter().chain(owner_of(bid.meter)));
				winner.chain([LotAuctions::payee(&entry)]).collect::<Vec<_>>()
			}
			_ => PEOPLE.to_vec(),
		};
		self.rng.pick(&sides).expect("there are people")
	}

	fn step(&mut self) {
		let is_over = |lot: &LotOf<Test>| !Self::is_open(lot);
		match self.rng.below(100) {
			0..=21 => self.pass_time(),
			22..=25 => self.build(),
			26..=30 => self.fate(),
			31 => self.govern(),
			32..=45 => self.list(),
			46..=63 => self.bid(),
			64..=68 => self.depart(),
			69..=74 => {
				let lot = self.lot(is_over);
				self.call(&WANDA, Call::close_auction { lot });
			}
			75..=77 => {
				let lot = self.lot(|lot| lot.bid().is_none());
				let who = self.side(lot);
				self.call(&who, Call::cancel_listing { lot });
			}
			78..=92 => {
				let lot = self.lot(is_over);
				self.call(&WANDA, Call::draw { lot });
			}
			93..=95 => {
				let lot = self.lot(is_over);
				let who = self.side(lot);
				self.call(&who, Call::close_connection { lot });
			}
			_ => {
				let over = |lot: &LotOf<Test>| {
					let connection = lot.connection(now());
					connection.is_some_and(|connection| connection.until <= now())
				};
				let lot = self.lot(over);
				self.call(&WANDA, Call::expire { lot });
			}
		}
	}

	/// Everything comes to its end.
	fn wind_down(&mut self) {
		for meter in pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>() {
			assert!(self.elsewhere(RuntimeOrigin::root(), pallet_metering::Call::dismiss { meter }));
		}
		// Beyond every auction, every window and every grace.
		pass(3_000);
		let mut lots = Lots::<Test>::iter_keys().collect::<Vec<_>>();
		lots.sort_unstable();
		for lot in lots {
			assert!(self.call(&WANDA, Call::expire { lot }), "lot {lot} does not end");
		}
		check_invariants();
		assert!(self.books.is_empty());
		assert_eq!(MeterLots::<Test>::iter_keys().count(), 0);
		assert_eq!(LotsByAccount::<Test>::iter_keys().count(), 0);
		assert_eq!(pallet_metering::Uses::<Test>::iter_keys().count(), 0);
		for who in accounts() {
			assert_eq!(held(&who), 0, "{who:?} has something held for nothing");
		}
	}
}

/// Everybody that money of a lot can come to.
fn accounts() -> impl Iterator<Item = AccountId> {
	PEOPLE.into_iter().chain([AGENT, WANDA, TREASURY, PENALTIES])
}

#[test]
fn nothing_is_lost_or_made_through_12_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_261_122, CALLS);
	new_test_ext().execute_with(|| {
		let mut life = Life::new(seed);
		for _ in 0..12 {
			life.build();
		}
		let (mut made, mut checked) = (0, 0);
		while made < calls {
			life.step();
			made = life
				.counts
				.iter()
				.filter(|(name, _)| name.starts_with("LotAuctions::"))
				.map(|(_, (good, bad))| good + bad)
				.sum::<u64>();
			if made / CHECK_EVERY > checked {
				checked = made / CHECK_EVERY;
				check_invariants();
			}
		}
		life.wind_down();
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
