//! Plays a scenario of rewards on the real runtime, in memory.
//!
//! Reads the scenario as JSON on standard input (`tests/model/scenario.py` makes it), carries it out block by block with
//! readings that devices sign, and prints as JSON what the chain says on every evening of it. An independent model follows
//! the same steps, and `tests/model/test_rewards.py` compares the two. All numbers are printed as text, which no reader of
//! JSON rounds.
//!
//! Panics, with the reason on standard error, when a step fails that must not, or an invariant of a pallet does not hold.

mod common;

use common::*;
use frame_support::{dispatch::Pays, traits::fungible::Inspect};
use heliograph_primitives::{
	keys::{MeterKey, OracleSet},
	miner::{MeterId, MinerId},
	reading::{AttestedReading, Quality, Reading},
	units::INTERVALS_PER_DAY,
};
use heliograph_runtime::{
	configs::parameters::{rewards, RuntimeParameters},
	AccountId, Balance, Balances, Hash, Issuance, Metering, Miners, Rewards, Runtime, RuntimeCall,
	RuntimeOrigin, DECA,
};
use pallet_rewards::{Category, Emission, EmissionSource, ListingId, PositionId};
use serde::Deserialize;
use serde_json::{json, Map, Value};
use sp_core::{ed25519, Pair};
use sp_runtime::{DispatchError, MultiAddress, Permill};
use std::collections::{BTreeMap, BTreeSet};

/// How many oracles sign for meters without a key, and how many of them sign each reading.
const ORACLES: u32 = 3;
const THRESHOLD: u8 = 2;
/// Oracles' devices have numbers from here on.
const FIRST_ORACLE: u32 = 1 << 30;

#[derive(Deserialize)]
struct Scenario {
	/// The day that the scenario counts from.
	first_day: u32,
	/// Everybody with what they own at first.
	accounts: BTreeMap<String, String>,
	miners: Vec<MinerEntry>,
	steps: Vec<Step>,
}

/// What is done in one block.
#[derive(Deserialize)]
struct Step {
	day: u32,
	interval: u32,
	actions: Vec<Action>,
}

#[derive(Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Action {
	Fund {
		by: String,
		pool: Category,
		amount: String,
	},
	SendToInbox {
		by: String,
		pool: Category,
		amount: String,
	},
	Sweep {
		pool: Category,
	},
	SetEmission {
		pool: Category,
		daily: Option<String>,
		mints: bool,
	},
	SetParameter {
		name: String,
		value: Value,
	},
	Enroll {
		miner: MinerId,
		meter: MeterId,
	},
	Leave {
		miner: MinerId,
	},
	Record {
		miners: Vec<MinerId>,
	},
	Claim {
		miner: MinerId,
	},
	ListPlant {
		miner: MinerId,
		meter: MeterId,
		price: String,
	},
	Delist {
		listing: ListingId,
	},
	BuyUnits {
		by: String,
		listing: ListingId,
		units: u32,
	},
	AdvancePlants {
		listings: Vec<ListingId>,
	},
	ClaimPlant {
		listing: ListingId,
	},
	ClaimUnits {
		position: PositionId,
	},
	Rebind {
		by: String,
		position: PositionId,
		listing: ListingId,
	},
	Refund {
		by: String,
		position: PositionId,
	},
	/// The registers of a meter at the ends of intervals without a hole; intervals count from the scenario's first one.
	Readings {
		meter: MeterId,
		epoch: u16,
		first: i64,
		registers: Vec<u64>,
		recovered: BTreeSet<i64>,
	},
	Challenge {
		by: String,
		meter: MeterId,
	},
	Dismiss {
		meter: MeterId,
	},
	Uphold {
		meter: MeterId,
	},
	Suspend {
		miner: MinerId,
	},
	Reinstate {
		miner: MinerId,
	},
	/// The chain has to refuse this.
	MustFail {
		action: Box<Action>,
	},
	/// Writes down what the chain says.
	Observe,
}

fn main() {
	let scenario: Scenario =
		serde_json::from_reader(std::io::stdin().lock()).expect("a scenario as JSON");
	// Its pools of rewards are empty and have no emission.
	let mut ext = sp_io::TestExternalities::new(genesis_without(&["rewards"]));
	let mut replay = Replay::new(&scenario);
	ext.execute_with(|| replay.set_up());
	for step in &scenario.steps {
		// Each block is written down, so that its root is computed over what changed in it alone.
		ext.commit_all().expect("no transaction is open between blocks");
		ext.execute_with(|| replay.play(step));
	}
	println!("{}", replay.results());
}

/// A governed number and its new value.
fn parameter(name: &str, value: &Value) -> RuntimeParameters {
	use pallet_rewards::PlantVersion;
	let number = || value.as_u64().and_then(|n| u32::try_from(n).ok()).expect("a number");
	RuntimeParameters::Rewards(match name {
		"unit_life" => rewards::Parameters::UnitLife(rewards::UnitLife, Some(number())),
		"plant_cap" => rewards::Parameters::PlantCap(rewards::PlantCap, Some(number())),
		"plant_daily" => {
			let daily = money(value.as_str().expect("an amount as text"));
			rewards::Parameters::PlantDaily(rewards::PlantDaily, Some(daily))
		}
		"plant_version" => {
			let version = match value.as_str() {
				Some("A") => PlantVersion::A,
				Some("B") => PlantVersion::B,
				_ => panic!("no version: {value}"),
			};
			rewards::Parameters::PlantVersion(rewards::PlantVersion, Some(version))
		}
		"lottery" => {
			let share = (!value.is_null()).then(|| Permill::from_parts(number()));
			rewards::Parameters::Lottery(rewards::Lottery, Some(share))
		}
		_ => panic!("no parameter: {name}"),
	})
}

/// The chain, and what it said so far.
struct Replay<'a> {
	scenario: &'a Scenario,
	chain: Chain,
	oracles: Vec<ed25519::Pair>,
	/// Of the running step, counted from the scenario's first day.
	today: u32,
	/// Readings that oracles signed, and that were not submitted.
	attested: Vec<AttestedReading>,
	/// What the chain began with, and the lots that it drew.
	genesis: Value,
	seeds: Map<String, Value>,
	/// Who was recorded for which day, with what weight.
	weights: Vec<Value>,
	/// The days of listings that stand in `weights`.
	seen: BTreeSet<(ListingId, u32)>,
	observations: Vec<Value>,
}

impl<'a> Replay<'a> {
	fn new(scenario: &'a Scenario) -> Self {
		Self {
			scenario,
			chain: Chain::new(&scenario.miners),
			oracles: (FIRST_ORACLE..FIRST_ORACLE + ORACLES).map(device).collect(),
			today: 0,
			attested: Vec::new(),
			genesis: Value::Null,
			seeds: Map::new(),
			weights: Vec::new(),
			seen: BTreeSet::new(),
			observations: Vec::new(),
		}
	}

	/// The day that runs, as the chain counts.
	fn day(&self) -> u32 {
		self.scenario.first_day + self.today
	}

	/// The first interval of the scenario's first day.
	fn first_interval(&self) -> u32 {
		self.scenario.first_day * INTERVALS_PER_DAY
	}

	/// A day of the chain as the scenario counts it.
	fn since_first(&self, day: u32) -> i64 {
		i64::from(day) - i64::from(self.scenario.first_day)
	}

	// --- Steps -----------------------------------------------------------------------------------------------------

	/// Everybody gets what they own, all miners are admitted, and one account operates them all.
	fn set_up(&mut self) {
		self.chain.begin_block(self.first_interval() - INTERVALS_PER_DAY / 2);
		endow(&self.scenario.accounts);
		let oracles = OracleSet {
			threshold: THRESHOLD,
			keys: self.oracles.iter().map(key).collect::<Vec<_>>().try_into().expect("a few"),
		};
		as_root(pallet_miners::Call::set_oracles { set: ORACLE_SET, oracles: Some(oracles) });
		self.chain.admit(&self.scenario.miners, self.scenario.first_day - 400);
		self.genesis = json!({
			"issuance": Balances::total_issuance().to_string(),
			"pot": Balances::total_balance(&Rewards::account()).to_string(),
			"pools": by_pool(|pool| Rewards::pool(pool).funds.to_string().into()),
			"inboxes": by_pool(|pool| {
				Balances::total_balance(&Rewards::inbox_account(pool)).to_string().into()
			}),
		});
		self.chain.end_block();
	}

	/// Carries out a step in a block of its own.
	fn play(&mut self, step: &Step) {
		self.today = step.day;
		let first = self.first_interval() + step.day * INTERVALS_PER_DAY;
		self.chain.begin_block(first + step.interval);
		for action in &step.actions {
			if !matches!(action, Action::Readings { .. }) {
				self.submit();
			}
			self.act(action);
		}
		self.submit();
		self.chain.end_block();
	}

	fn act(&mut self, action: &Action) {
		match action {
			Action::Readings { meter, epoch, first, registers, recovered } => {
				for (interval, register) in (*first..).zip(registers) {
					let seen = !recovered.contains(&interval);
					self.sign(*meter, *epoch, interval, *register, seen);
				}
			}
			Action::Observe => self.observe(),
			Action::MustFail { action } => {
				let (origin, call) = self.call(action);
				let error = dispatch(origin, call.clone()).expect_err("must fail").error;
				eprintln!("day {}: refused as it should be, {error:?}: {call:?}", self.today);
			}
			Action::Record { miners } => {
				let next = miners.iter().map(|miner| enrolment(*miner).next).collect::<Vec<_>>();
				let pays = self.succeed(action).pays_fee;
				let weights = self.weights.len();
				for (miner, next) in miners.iter().zip(next) {
					self.note_recorded_days(*miner, next);
				}
				let expected = if self.weights.len() > weights { Pays::No } else { Pays::Yes };
				assert_eq!(pays, expected, "the fee is returned if a day was recorded");
				self.note_seeds();
			}
			Action::AdvancePlants { listings } => {
				self.succeed(action);
				for listing in listings {
					self.note_rolled_days(*listing);
				}
				self.note_seeds();
			}
			// There may be nothing to claim. Whether there was is compared by balances.
			Action::Claim { .. } | Action::ClaimPlant { .. } | Action::ClaimUnits { .. } => {
				let (origin, call) = self.call(action);
				if let Err(failure) = dispatch(origin, call) {
					let error = failure.error;
					let harmless: [DispatchError; 2] = [
						pallet_rewards::Error::<Runtime>::NothingToClaim.into(),
						pallet_rewards::Error::<Runtime>::UnknownPosition.into(),
					];
					assert!(harmless.contains(&error), "day {}: {error:?}", self.today);
				}
			}
			_ => {
				self.succeed(action);
			}
		}
	}

	fn succeed(&self, action: &Action) -> frame_support::dispatch::PostDispatchInfo {
		let (origin, call) = self.call(action);
		dispatch(origin, call.clone())
			.unwrap_or_else(|failure| panic!("day {}: {:?}: {call:?}", self.today, failure.error))
	}

	/// An action as a call, and who sends it.
	fn call(&self, action: &Action) -> (RuntimeOrigin, RuntimeCall) {
		type Call = pallet_rewards::Call<Runtime>;
		let root = RuntimeOrigin::root;
		let signed = |name: &str| RuntimeOrigin::signed(account(name));
		// Records, advances and claims for others, who are paid all the same.
		let keeper = || signed("keeper");
		let owner = |miner: MinerId| signed(&self.scenario.miners[miner as usize].owner);
		let seller = |listing| owner(Rewards::listing(listing).expect("listed").miner);
		let any_price = Balance::MAX;
		match action {
			Action::Fund { by, pool, amount } => {
				(signed(by), Call::fund { category: *pool, amount: money(amount) }.into())
			}
			Action::SendToInbox { by, pool, amount } => {
				let dest = MultiAddress::Id(Rewards::inbox_account(*pool));
				let value = money(amount);
				let send = pallet_balances::Call::<Runtime>::transfer_keep_alive { dest, value };
				(signed(by), send.into())
			}
			Action::Sweep { pool } => (keeper(), Call::sweep { category: *pool }.into()),
			Action::SetEmission { pool, daily, mints } => {
				let source = if *mints { EmissionSource::Mint } else { EmissionSource::Funds };
				let emission = daily.as_ref().map(|daily| Emission { daily: money(daily), source });
				(root(), Call::set_emission { category: *pool, emission }.into())
			}
			Action::SetParameter { name, value } => {
				let key_value = parameter(name, value);
				(root(), pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into())
			}
			Action::Enroll { miner, meter } => {
				(owner(*miner), Call::enroll { miner: *miner, meter: *meter }.into())
			}
			Action::Leave { miner } => (owner(*miner), Call::leave { miner: *miner }.into()),
			Action::Record { miners } => {
				let miners = miners.clone().try_into().expect("not too many");
				(keeper(), Call::record { miners }.into())
			}
			Action::Claim { miner } => (keeper(), Call::claim { miner: *miner }.into()),
			Action::ListPlant { miner, meter, price } => {
				let (miner, meter, price) = (*miner, *meter, money(price));
				(owner(miner), Call::list_plant { miner, meter, price }.into())
			}
			Action::Delist { listing } => {
				(seller(*listing), Call::delist { listing: *listing }.into())
			}
			Action::BuyUnits { by, listing, units } => {
				let (listing, units) = (*listing, *units);
				(signed(by), Call::buy_units { listing, units, max_price: any_price }.into())
			}
			Action::AdvancePlants { listings } => {
				let listings = listings.clone().try_into().expect("not too many");
				(keeper(), Call::advance_plants { listings }.into())
			}
			Action::ClaimPlant { listing } => {
				(keeper(), Call::claim_plant { listing: *listing }.into())
			}
			Action::ClaimUnits { position } => {
				(keeper(), Call::claim_units { position: *position }.into())
			}
			Action::Rebind { by, position, listing } => {
				let (position, listing) = (*position, *listing);
				(signed(by), Call::rebind { position, listing, max_price: any_price }.into())
			}
			Action::Refund { by, position } => {
				(signed(by), Call::refund { position: *position }.into())
			}
			Action::Challenge { by, meter } => {
				let evidence = b"a photograph".to_vec().try_into().expect("short");
				let challenge = pallet_metering::Call::challenge { meter: *meter, evidence };
				(signed(by), challenge.into())
			}
			Action::Dismiss { meter } => {
				(root(), pallet_metering::Call::dismiss { meter: *meter }.into())
			}
			Action::Uphold { meter } => {
				(root(), pallet_metering::Call::uphold { meter: *meter }.into())
			}
			Action::Suspend { miner } => {
				let reason = b"an inspection".to_vec().try_into().expect("short");
				(root(), pallet_miners::Call::<Runtime>::suspend { miner: *miner, reason }.into())
			}
			Action::Reinstate { miner } => {
				(root(), pallet_miners::Call::reinstate { miner: *miner }.into())
			}
			Action::Readings { .. } | Action::MustFail { .. } | Action::Observe => {
				panic!("not a single call")
			}
		}
	}

	// --- Readings --------------------------------------------------------------------------------------------------

	fn sign(&mut self, meter: MeterId, epoch: u16, interval: i64, register: u64, seen: bool) {
		let interval = i64::from(self.first_interval()) + interval;
		let interval = interval.try_into().expect("an interval of the chain");
		let quality = if seen { Quality::Measured } else { Quality::Recovered };
		let reading = Reading { meter, epoch, interval, register, quality };
		let info = Miners::meter(meter).expect("registered");
		if !matches!(info.key, MeterKey::Oracles(_)) {
			self.chain.sign(reading);
			return;
		}
		let payload = reading.signing_payload(&self.chain.genesis_hash);
		let places = (0..THRESHOLD).zip(&self.oracles);
		let signatures =
			places.map(|(place, oracle)| (place, oracle.sign(&payload).0)).collect::<Vec<_>>();
		let signatures = signatures.try_into().expect("a few");
		self.attested.push(AttestedReading { reading, signatures });
	}

	fn submit(&mut self) {
		self.chain.submit();
		for batch in std::mem::take(&mut self.attested).chunks(BATCH / usize::from(THRESHOLD)) {
			let readings = batch.to_vec().try_into().expect("a batch");
			let submit = pallet_metering::Call::submit_attested_readings { readings };
			as_signed(account("operator"), submit);
		}
	}

	// --- What is seen ----------------------------------------------------------------------------------------------

	/// Writes down the days of a miner that were recorded since `next` was the first that could be.
	fn note_recorded_days(&mut self, miner: MinerId, next: u32) {
		let entry = enrolment(miner);
		for day in next.max(self.day() - 3)..entry.next {
			// One without a weight is not open: there is nothing to collect.
			let open = entry.open.iter().find(|(recorded, _)| *recorded == day);
			let weight = open.map_or(0, |(_, weight)| *weight);
			self.note_weight(format!("miner {miner}"), day, weight);
		}
	}

	/// Writes down the days of a plant that were recorded since it was looked at.
	fn note_rolled_days(&mut self, listing: ListingId) {
		let Some(plant) = Rewards::listing(listing) else { return };
		for rolled in plant.pending {
			if !rolled.silent && self.seen.insert((listing, rolled.day)) {
				self.note_weight(format!("listing {listing}"), rolled.day, rolled.weight);
			}
		}
	}

	fn note_weight(&mut self, whose: String, day: u32, weight: u128) {
		let day = self.since_first(day).to_string();
		self.weights.push(json!([whose, day, weight.to_string()]));
	}

	fn note_seeds(&mut self) {
		for day in self.day() - 3..self.day() {
			if let Some(seed) = Rewards::seed(day) {
				let day = self.since_first(day).to_string();
				self.seeds.insert(day, format!("{:?}", Hash::from(seed)).into());
			}
		}
	}

	fn observe(&mut self) {
		let accounts = self.scenario.accounts.keys();
		let balances = accounts
			.map(|name| (name.clone(), Balances::total_balance(&account(name)).to_string().into()))
			.collect::<Map<_, _>>();
		let positions = (0..pallet_rewards::NextPositionId::<Runtime>::get())
			.map(|position| Rewards::due_of(position).total().to_string())
			.collect::<Vec<_>>();
		let listings = (0..pallet_rewards::NextListingId::<Runtime>::get())
			.map(|listing| self.listing(listing))
			.collect::<Vec<_>>();
		let closing = self.day() - 3;
		self.observations.push(json!({
			"day": self.today,
			"issuance": Balances::total_issuance().to_string(),
			"pot": Balances::total_balance(&Rewards::account()).to_string(),
			"pools": by_pool(|pool| books(&Rewards::pool(pool))),
			"recorded": by_pool(|pool| {
				Rewards::day(pool, closing).map_or(0, |book| book.weight).to_string().into()
			}),
			"balances": balances,
			"positions": positions,
			"listings": listings,
		}));
		Miners::do_try_state().expect("the invariants of miners hold");
		Metering::do_try_state().expect("the invariants of metering hold");
		Issuance::do_try_state().expect("the invariants of issuance hold");
		Rewards::do_try_state().expect("the invariants of rewards hold");
		eprintln!(
			"day {} is over: block {}, {} readings accepted, {:.3} DECA paid",
			self.today,
			self.chain.number,
			self.chain.accepted,
			Category::ALL.map(|pool| Rewards::pool(pool).paid).iter().sum::<Balance>() as f64
				/ DECA as f64,
		);
	}

	/// What a listing says of itself; nothing once it is forgotten.
	fn listing(&self, listing: ListingId) -> Value {
		let Some(plant) = Rewards::listing(listing) else { return Value::Null };
		json!({
			"settled": self.since_first(plant.settled).to_string(),
			"earned": plant.earned.to_string(),
			"own_reward": plant.own.to_string(),
			"last": plant.last.map(|last| self.since_first(last).to_string()),
		})
	}

	fn results(mut self) -> Value {
		self.genesis["seeds"] = std::mem::take(&mut self.seeds).into();
		json!({
			"genesis": self.genesis,
			"weights": self.weights,
			"observations": self.observations,
			"readings": {
				"accepted": self.chain.accepted.to_string(),
				"refused": self.chain.refused.to_string(),
			},
		})
	}
}

fn enrolment(miner: MinerId) -> pallet_rewards::Enrolment<AccountId> {
	Rewards::enrolment(miner).expect("enrolled")
}

/// Something of each pool, by its name.
fn by_pool(of: impl Fn(Category) -> Value) -> Value {
	let entries = Category::ALL.map(|pool| (format!("{pool:?}"), of(pool)));
	Value::Object(entries.into_iter().collect())
}

fn books(pool: &pallet_rewards::Pool) -> Value {
	json!({
		"funds": pool.funds.to_string(),
		"reserved": pool.reserved.to_string(),
		"due": pool.due.to_string(),
		"paid": pool.paid.to_string(),
		"dust": pool.dust.to_string(),
		"funded": pool.funded.to_string(),
	})
}
