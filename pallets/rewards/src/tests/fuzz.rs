//! 60,000 random calls over years of sun, clouds, failures and governance, with the rules checked on the way.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. The seed is printed, and
//! `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use crate::{mock::*, *};
use frame_support::traits::GetCallMetadata;
use heliograph_fuzz::{forget_events, Plan, Rng};
use heliograph_primitives::miner::CollectionMethod;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

const CALLS: u64 = 60_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 200;
const PLACES: [&[u8]; 3] = [b"u33db", b"u33dc", b"gcpv"];
const PEOPLE: [AccountId; 9] = [OLGA, PETER, PETRA, NORA, KONRAD, CAROL, DAVE, BOT, DAO];

/// What must happen now and then, or the test says little.
const MUST_HAPPEN: [&str; 31] = [
	"Rewards::fund",
	"Rewards::sweep",
	"Rewards::set_emission",
	"Rewards::enroll",
	"Rewards::leave",
	"Rewards::record",
	"Rewards::claim",
	"Rewards::list_plant",
	"Rewards::set_selling",
	"Rewards::delist",
	"Rewards::buy_units",
	"Rewards::advance_plants",
	"Rewards::claim_plant",
	"Rewards::claim_units",
	"Rewards::rebind",
	"Rewards::refund",
	"day recorded",
	"day rolled",
	"day settled",
	"minted",
	"reward paid to a miner",
	"reward paid to a holder",
	"refund of a silent day",
	"reward of version A or B paid to a plant",
	"price earned by a plant",
	"position served",
	"moved to a dearer plant",
	"moved to a cheaper plant",
	"delisted by silence",
	"delisted by the owner",
	"all is paid out and the listing gone",
];

/// What must be so by what was told in events.
#[derive(Default)]
struct Books {
	/// Per pool.
	funded: [Balance; 4],
	paid: [Balance; 4],
	/// Of the escrow.
	taken: Balance,
	returned: Balance,
	/// What each purchase paid in, and got out of the escrow again.
	positions: BTreeMap<PositionId, (Balance, Balance)>,
}

struct Life {
	rng: Rng,
	counts: BTreeMap<String, (u64, u64)>,
	books: Books,
	miners: Vec<MinerId>,
}

impl Life {
	fn new(seed: u64) -> Self {
		let books = Books { funded: [FUNDS; 4], ..Default::default() };
		Self { rng: Rng::new(seed), counts: BTreeMap::new(), books, miners: Vec::new() }
	}

	fn count(&mut self, what: impl Into<String>, happened: bool) {
		let (good, bad) = self.counts.entry(what.into()).or_default();
		*(if happened { good } else { bad }) += 1;
	}

	fn count_all(&mut self, what: &str, times: u32) {
		self.counts.entry(what.into()).or_default().0 += u64::from(times);
	}

	/// Sends a call as an extrinsic would be, and books what it tells.
	fn call(&mut self, who: AccountId, call: Call<Test>) -> bool {
		let origin = if who == DAO && self.rng.one_in(2) {
			RuntimeOrigin::root()
		} else {
			RuntimeOrigin::signed(who)
		};
		let call = RuntimeCall::from(call);
		let metadata = call.get_call_metadata();
		let name = format!("{}::{}", metadata.pallet_name, metadata.function_name);
		forget_events();
		let listings = Listings::<Test>::iter_keys().count();
		let happened = call.dispatch(origin).is_ok();
		self.count(name, happened);
		let gone = Listings::<Test>::iter_keys().count() < listings;
		self.count("all is paid out and the listing gone", gone);
		for record in System::events() {
			if let RuntimeEvent::Rewards(event) = record.event {
				self.book(event);
			}
		}
		happened
	}

	fn book(&mut self, event: Event<Test>) {
		let books = &mut self.books;
		match event {
			Event::Funded { category, amount, .. } | Event::Swept { category, amount } => {
				books.funded[category as usize] += amount;
			}
			Event::Minted { category, amount } => {
				books.funded[category as usize] += amount;
				self.count("minted", true);
			}
			Event::Recorded { days, .. } => self.count_all("day recorded", days),
			Event::Claimed { miner, amount, .. } => {
				let category = Rewards::enrolment(miner).map(|enrolment| enrolment.category);
				// A miner that has left is gone; its kind says where it earned.
				let category = category.unwrap_or_else(|| self.category_of(miner));
				self.books.paid[category as usize] += amount;
				self.count("reward paid to a miner", true);
			}
			Event::PlantsAdvanced { rolled, settled, .. } => {
				self.count_all("day rolled", rolled);
				self.count_all("day settled", settled);
			}
			Event::Delisted { silent, .. } => {
				let by = if silent { "delisted by silence" } else { "delisted by the owner" };
				self.count(by, true);
			}
			Event::UnitsBought { position, paid, .. } => {
				books.taken += paid;
				books.positions.entry(position).or_default().0 += paid;
			}
			Event::PlantPaid { earned, own, .. } => {
				books.returned += earned;
				books.paid[Category::Plant as usize] += own;
				self.count("price earned by a plant", earned > 0);
				self.count("reward of version A or B paid to a plant", own > 0);
			}
			Event::UnitsPaid { position, reward, refund, .. } => {
				books.paid[Category::Generation as usize] += reward;
				books.returned += refund;
				books.positions.entry(position).or_default().1 += refund;
				self.count("reward paid to a holder", reward > 0);
				self.count("refund of a silent day", refund > 0);
			}
			Event::Refunded { position, amount, .. } => {
				books.returned += amount;
				books.positions.entry(position).or_default().1 += amount;
			}
			Event::Rebound { position, credit, cost, .. } => {
				let entry = books.positions.entry(position).or_default();
				books.taken += cost.saturating_sub(credit);
				entry.0 += cost.saturating_sub(credit);
				books.returned += credit.saturating_sub(cost);
				entry.1 += credit.saturating_sub(cost);
				self.count("moved to a dearer plant", cost > credit);
				self.count("moved to a cheaper plant", credit > cost);
			}
			Event::PositionServed { .. } => self.count("position served", true),
			_ => {}
		}
	}

	fn category_of(&self, miner: MinerId) -> Category {
		let flow = world(|world| world.meters.get(&meter_of(miner)).map(|meter| meter.flow));
		match flow {
			Some(Flow::Discharge) => Category::Storage,
			Some(Flow::Generation) => Category::Generation,
			_ => Category::Consumption,
		}
	}

	/// All rules, and those that need the past.
	fn check(&self, issuance: Balance) {
		check_invariants();
		let mut minted = 0;
		for category in Category::ALL {
			let pool = Rewards::pool(category);
			assert_eq!(pool.funded, self.books.funded[category as usize], "{category:?}: funded");
			assert_eq!(pool.paid, self.books.paid[category as usize], "{category:?}: paid");
			assert!(pool.dust <= pool.funded * 2, "{category:?}: dust");
			minted += pool.funded;
		}
		let escrow = Rewards::escrow();
		assert_eq!((escrow.taken, escrow.paid), (self.books.taken, self.books.returned));
		for (position, (paid, returned)) in &self.books.positions {
			assert!(returned <= paid, "position {position} got more of its price than it paid");
		}
		assert!(Balances::total_issuance() <= issuance + minted);
		let inboxes = Category::ALL.map(Rewards::inbox_account);
		let accounts = PEOPLE.iter().chain(&inboxes).copied().chain([Rewards::account(), PAUPER]);
		let all = accounts.map(Balances::free_balance).sum::<Balance>();
		assert_eq!(all, Balances::total_issuance(), "DECA came or went");
	}

	fn person(&mut self) -> AccountId {
		self.rng.pick(&PEOPLE).expect("there are people")
	}

	fn miner(&mut self) -> MinerId {
		let miners = self.miners.clone();
		self.rng.pick(&miners).unwrap_or_default()
	}

	/// Mostly the owner of `miner`, sometimes anybody.
	fn owner_of(&mut self, miner: MinerId) -> AccountId {
		match Registry::miner(miner) {
			Some(info) if !self.rng.one_in(16) => info.owner,
			_ => self.person(),
		}
	}

	fn listing(&mut self) -> ListingId {
		let known = Listings::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&known).unwrap_or_default()
	}

	fn position(&mut self) -> PositionId {
		let known = Positions::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&known).unwrap_or_default()
	}

	fn category(&mut self) -> Category {
		self.rng.pick(&Category::ALL).expect("there are four")
	}

	/// Somebody builds something.
	fn build(&mut self) {
		let live = self.miners.iter().filter(|miner| Registry::is_active(**miner)).count();
		if live > 32 {
			return;
		}
		let kinds = [
			(MinerKind::Standard, Flow::Generation),
			(MinerKind::Standard, Flow::Generation),
			(MinerKind::Plant, Flow::Generation),
			(MinerKind::Plant, Flow::Generation),
			(MinerKind::Consumer, Flow::Import),
			(MinerKind::Storage, Flow::Discharge),
			(MinerKind::Remote, Flow::Generation),
			(MinerKind::Standard, Flow::Export),
		];
		let (kind, flow) = self.rng.pick(&kinds).expect("there are kinds");
		let capacity = 1_500 + self.rng.below(39_000) as Watts;
		let miner = register(self.person(), kind, flow, capacity);
		let place = self.rng.pick(&PLACES).expect("there are places");
		let methods = [
			CollectionMethod::SmartMeter,
			CollectionMethod::Dongle,
			CollectionMethod::ApiPull,
			CollectionMethod::ApiPush,
		];
		let method = self.rng.pick(&methods).expect("there are methods");
		world(|world| {
			let info = world.miners.get_mut(&miner).expect("it was just registered");
			info.profile.location = place.to_vec().try_into().expect("short");
			info.profile.method = method;
		});
		self.miners.push(miner);
	}

	/// A day passes, or a few of which nobody takes notice.
	fn pass_time(&mut self) {
		let idle = if self.rng.one_in(40) { self.rng.below(14) as Day } else { 0 };
		let day = today() + idle;
		let light = PLACES.map(|_| 20 + self.rng.below(80));
		for miner in self.miners.clone() {
			let Some(info) = Registry::miner(miner) else { continue };
			// Some are broken for a while, some for a day, and some lie.
			let broken = (u64::from(miner) + u64::from(day / 9)) % 11 == 0;
			if broken || self.rng.one_in(25) {
				continue;
			}
			let place = PLACES.iter().position(|place| **place == info.profile.location[..]);
			let light = light[place.unwrap_or_default()];
			// Up to 8 of 12 hours at the nameplate.
			let mut peak = u64::from(info.profile.capacity) * 250 * light / 100;
			if self.rng.one_in(60) {
				peak *= 3;
			}
			let gap = self.rng.below(96) as u32;
			let width = if self.rng.one_in(6) { self.rng.below(96) as u32 } else { 0 };
			for slot in 0..INTERVALS_PER_DAY {
				if slot.wrapping_sub(gap) < width {
					continue;
				}
				let sun = 24u64.saturating_sub(u64::from(slot.abs_diff(48)));
				let energy = peak * sun / 16 * (50 + self.rng.below(50)) / 100;
				measure(meter_of(miner), day * INTERVALS_PER_DAY + slot, energy as u32);
			}
		}
		go_to(day + 1);
	}

	/// Something happens to a miner that this pallet is not asked about.
	fn fate(&mut self) {
		let miner = self.miner();
		let (meter, owner) = (meter_of(miner), self.person());
		let (dice, again) = (self.rng.below(24), self.rng.one_in(2));
		world(|world| {
			let info = world.miners.get_mut(&miner);
			match dice {
				0..=5 => {
					if let Some(info) = info {
						info.active = !info.active || again;
					}
				}
				6..=11 => {
					if let Some(readings) = world.readings.get_mut(&meter) {
						readings.quarantined = !readings.quarantined && again;
					}
				}
				12..=13 => {
					if let Some(info) = info {
						info.owner = owner;
					}
				}
				14 => {
					if let Some(meter) = world.meters.get_mut(&meter) {
						meter.retired = true;
					}
				}
				15 if again => {
					world.miners.remove(&miner);
					if let Some(meter) = world.meters.get_mut(&meter) {
						meter.retired = true;
					}
				}
				_ => {}
			}
		});
	}

	fn govern(&mut self) {
		match self.rng.below(14) {
			0 => UnitShare::set(&Permill::from_percent(self.rng.below(101) as u32)),
			1 => UnitLife::set(&(self.rng.below(40) as u32)),
			2 => SilentDays::set(&(1 + self.rng.below(4) as u32)),
			3 => MinDailyMinutes::set(&(self.rng.below(20) as u32)),
			4 => Version::set(if self.rng.one_in(2) { &PlantVersion::A } else { &PlantVersion::B }),
			5 => PlantDaily::set(&(u128::from(self.rng.below(700)) * DECA + 7)),
			6 => PlantCap::set(&(self.rng.below(5) as u32)),
			7 => {
				let share = Permill::from_percent(50 + self.rng.below(50) as u32);
				Lottery::set(&self.rng.one_in(3).then_some(share));
			}
			8 => SolarHours::set(&(6 + self.rng.below(10) as u32)),
			9 => NormThreshold::set(&self.rng.below(100 * KWH)),
			10 => Seed::set(&[self.rng.number() as u8; 32]),
			_ => {
				let category = self.category();
				let daily = u128::from(self.rng.below(2_000_000)) * (DECA / 1_000) + 13;
				let minted = self.rng.one_in(3);
				let source = if minted { EmissionSource::Mint } else { EmissionSource::Funds };
				let emission = (!self.rng.one_in(8)).then_some(Emission { daily, source });
				let who = if self.rng.one_in(10) { self.person() } else { DAO };
				self.call(who, Call::set_emission { category, emission });
			}
		}
	}

	/// The bot's round, mostly complete.
	fn round(&mut self) {
		let mut named = Vec::new();
		for miner in self.miners.clone() {
			if !self.rng.one_in(12) {
				named.push(miner);
			}
		}
		for some in named.chunks(16) {
			let miners = some.to_vec().try_into().expect("sixteen at most");
			self.call(BOT, Call::record { miners });
		}
		let mut listings = Listings::<Test>::iter_keys().collect::<Vec<_>>();
		listings.retain(|_| !self.rng.one_in(12));
		for some in listings.chunks(16) {
			let listings = some.to_vec().try_into().expect("sixteen at most");
			self.call(BOT, Call::advance_plants { listings });
		}
	}

	fn trade(&mut self) {
		let who = self.person();
		let listing = self.listing();
		let most = Rewards::listing(listing).map_or(0, |plant| u64::from(plant.free_units()));
		let units = self.rng.below(most / 2 + 3) as u32;
		let max_price = if self.rng.one_in(12) { 1 } else { Balance::MAX };
		self.call(who, Call::buy_units { listing, units, max_price });
	}

	/// Somebody does something with units of a plant that failed.
	fn rescue(&mut self) {
		let stranded = Positions::<Test>::iter()
			.filter(|(_, entry)| {
				let plant = Rewards::listing(entry.listing).expect("it is fed by somebody");
				plant.is_over()
			})
			.map(|(position, _)| position)
			.collect::<Vec<_>>();
		let position = match self.rng.pick(&stranded) {
			Some(position) if !self.rng.one_in(12) => position,
			_ => self.position(),
		};
		let holder = Rewards::position(position).map(|entry| entry.owner);
		let who = match holder {
			Some(holder) if !self.rng.one_in(12) => holder,
			_ => self.person(),
		};
		if self.rng.one_in(3) {
			self.call(who, Call::refund { position });
		} else {
			let selling = Listings::<Test>::iter()
				.filter(|(_, plant)| plant.free_units() > 0)
				.map(|(listing, _)| listing)
				.collect::<Vec<_>>();
			let listing = self.rng.pick(&selling).unwrap_or_default();
			let max_price = Balance::MAX;
			self.call(who, Call::rebind { position, listing, max_price });
		}
	}

	fn step(&mut self) {
		match self.rng.below(100) {
			0..=11 => {
				self.pass_time();
				if !self.rng.one_in(8) {
					self.round();
				}
			}
			12..=13 => self.fate(),
			14..=15 => self.govern(),
			16..=19 => self.build(),
			20..=29 => {
				let miner = self.miner();
				let (who, other) = (self.owner_of(miner), self.miner());
				let meter = meter_of(if self.rng.one_in(16) { other } else { miner });
				let plant =
					Registry::miner(miner).is_some_and(|info| info.kind == MinerKind::Plant);
				if plant != self.rng.one_in(20) {
					let price = u128::from(self.rng.below(100)) * (DECA / 500);
					self.call(who, Call::list_plant { miner, meter, price });
				} else {
					self.call(who, Call::enroll { miner, meter });
				}
			}
			30..=31 => {
				let miner = self.miner();
				let who = self.owner_of(miner);
				self.call(who, Call::leave { miner });
			}
			32..=45 => {
				let (who, miner) = (self.person(), self.miner());
				self.call(who, Call::claim { miner });
			}
			46..=48 => {
				let (who, category) = (self.person(), self.category());
				// The pool of plants would be empty most of the time.
				let many = if category == Category::Plant { 20 } else { 1 };
				let amount = u128::from(self.rng.below(200)) * (DECA / 10) * many;
				if self.rng.one_in(2) {
					self.call(who, Call::fund { category, amount });
				} else {
					let inbox = Rewards::inbox_account(category);
					// Nothing is sent where it is too little to exist.
					let sent = Balances::transfer_keep_alive(signed(who), inbox, amount);
					self.count("sent to an inbox", sent.is_ok());
					self.call(BOT, Call::sweep { category });
				}
			}
			49..=60 => self.trade(),
			61 => {
				let listing = self.listing();
				let owner = Rewards::listing(listing).map(|plant| plant.owner);
				let who = owner.filter(|_| !self.rng.one_in(8)).unwrap_or(BOT);
				if self.rng.one_in(4) {
					self.call(who, Call::delist { listing });
				} else {
					let selling = !self.rng.one_in(3);
					self.call(who, Call::set_selling { listing, selling });
				}
			}
			62..=70 => {
				let (who, listing) = (self.person(), self.listing());
				self.call(who, Call::claim_plant { listing });
			}
			71..=89 => {
				let (who, position) = (self.person(), self.position());
				self.call(who, Call::claim_units { position });
			}
			_ => self.rescue(),
		}
	}
}

#[test]
fn nothing_is_lost_or_made_through_60_000_random_calls() {
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
				.filter(|(name, _)| name.starts_with("Rewards::"))
				.map(|(_, (good, bad))| good + bad)
				.sum::<u64>();
			if made / CHECK_EVERY > checked {
				checked = made / CHECK_EVERY;
				life.check(issuance);
			}
		}
		life.check(issuance);
		println!("{} days", today() - START);
		println!("{:<48} {:>8} {:>8}", "", "good", "refused");
		for (what, (good, bad)) in &life.counts {
			println!("{what:<48} {good:>8} {bad:>8}");
		}
		for category in Category::ALL {
			println!("{category:?}: {:?}", Rewards::pool(category));
		}
		println!("{:?}", Rewards::escrow());
		let of = |what: &&str| life.counts.get(*what).map_or(0, |(good, _)| *good);
		if whole {
			for what in MUST_HAPPEN {
				assert!(of(&what) > 0, "{what} never happened: the test says nothing of it");
			}
		}
	});
}
