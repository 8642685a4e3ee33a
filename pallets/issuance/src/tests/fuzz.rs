//! 100,000 random calls over miners, metering, issuance, the tokens and the pool, with the rules checked on the way. Storage
//! nodes receive a random part of what they account for.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. The seed is printed, and
//! `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use crate::{mock::*, *};
use frame_support::traits::GetCallMetadata;
use heliograph_fuzz::{forget_events, Plan, Rng};
use heliograph_primitives::{
	keys::{MeterKey, OracleSet, OracleSetId},
	miner::Flow,
	reading::{
		possession_payload, rotation_payload, AttestedReading, Quality, Reading, SignedReading,
	},
	units::{plausible_energy, Interval},
};
use sp_core::Pair;
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

const CALLS: u64 = 100_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 2_500;
/// Enough miners to meet each other, few enough to have a life.
const MAX_MINERS: u32 = 48;
/// The most energy of one reading, in mWh.
const MOST: u64 = 20_000_000;
const ORACLE_SETS: u32 = 3;
/// Oracles' devices have numbers from here on.
const ORACLES: u32 = 1 << 30;

/// Calls that must succeed now and then, or the test says little.
const MUST_HAPPEN: [&str; 50] = [
	"Miners::apply",
	"Miners::withdraw",
	"Miners::approve",
	"Miners::reject",
	"Miners::add_operator",
	"Miners::remove_operator",
	"Miners::suspend",
	"Miners::reinstate",
	"Miners::revoke",
	"Miners::recover",
	"Miners::rotate_meter_key",
	"Miners::force_rotate_meter_key",
	"Miners::apply_meters",
	"Miners::retire_meter",
	"Miners::set_hardware",
	"Miners::set_pool",
	"Miners::assign_node",
	"Miners::set_oracles",
	"Metering::submit_readings",
	"Metering::submit_attested_readings",
	"Metering::challenge",
	"Metering::uphold",
	"Metering::dismiss",
	"Metering::expire_challenge",
	"Issuance::request_payment",
	"Issuance::approve",
	"Issuance::reject",
	"Issuance::resubmit",
	"Issuance::withdraw",
	"Issuance::set_policy",
	"Issuance::burn",
	"Issuance::set_grid_meter_counts",
	"Assets::transfer",
	"Balances::transfer_allow_death",
	"AssetConversion::swap_exact_tokens_for_tokens",
	"AssetConversion::add_liquidity",
	"AssetConversion::remove_liquidity",
	"reading accepted",
	"reading refused",
	"approved by the DAO",
	"approved by policy",
	"approval failed",
	"paid directly",
	"paid into the pool",
	"paid instead",
	"paid to a node",
	"node accounts",
	"received by a node",
	"received by a former node",
	"received by the grid meter",
];

/// What nobody may ever do.
const MUST_NOT_HAPPEN: [&str; 8] = [
	"Assets::mint",
	"Assets::burn",
	"Assets::set_team",
	"Assets::force_transfer",
	"Nfts::transfer",
	"Nfts::burn",
	"Nfts::approve_transfer",
	"Nfts::set_attribute",
];

/// What must be so by what was told in events.
#[derive(Default)]
struct Books {
	issued: u128,
	burned: u128,
	fund: u128,
	/// Per meter: attested, matured, voided, and both pointers.
	meters: BTreeMap<MeterId, [u128; 5]>,
	/// Per meter: all that storage nodes ever accounted for.
	accounted: BTreeMap<MeterId, Receipt>,
}

struct World {
	rng: Rng,
	people: Vec<AccountId>,
	/// The device of each key.
	devices: BTreeMap<MeterKey, u32>,
	next_device: u32,
	counts: BTreeMap<String, (u64, u64)>,
	books: Books,
}

impl World {
	fn new(seed: u64) -> Self {
		let people = (0..12).map(person).collect::<Vec<_>>();
		let books = Books { fund: FUND, ..Default::default() };
		let (devices, counts) = (BTreeMap::new(), BTreeMap::new());
		Self { rng: Rng::new(seed), people, devices, next_device: 0, counts, books }
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
		for record in System::events() {
			self.book(record.event);
		}
		happened
	}

	fn book(&mut self, event: RuntimeEvent) {
		match event {
			RuntimeEvent::Issuance(Event::Approved { automatic, settlement, node, .. }) => {
				self.books.issued += settlement.energy;
				self.books.fund -= settlement.payment;
				let who = if automatic { "approved by policy" } else { "approved by the DAO" };
				self.count(who, true);
				self.count("paid to a node", node.is_some());
				let how = match settlement.outcome {
					Outcome::Direct => "paid directly",
					Outcome::Pooled(_) => "paid into the pool",
					Outcome::PaidInstead(_) => "paid instead",
				};
				self.count(how, true);
			}
			RuntimeEvent::Issuance(Event::ApprovalFailed { error, .. }) => {
				self.count("approval failed", true);
				if error == DispatchError::from(Error::<Test>::NodeDisputed) {
					self.count("node was disputed", true);
				}
			}
			RuntimeEvent::Issuance(
				Event::Requested { request, .. } | Event::Resubmitted { replacement: request, .. },
			) => {
				// Unless the policy approved it at once.
				let Some(entry) = Issuance::request(request) else { return };
				let by = match entry.evidence.received_by {
					ReceivedBy::StorageNode(_) => "received by a node",
					ReceivedBy::FormerNode => "received by a former node",
					ReceivedBy::GridMeter => "received by the grid meter",
				};
				self.count(by, true);
			}
			RuntimeEvent::Issuance(Event::TokensBurned { amount, .. }) => {
				self.books.burned += amount
			}
			RuntimeEvent::Metering(pallet_metering::Event::BatchJudged {
				accepted,
				refused,
				..
			}) => {
				for _ in 0..accepted {
					self.count("reading accepted", true);
				}
				for _ in 0..refused {
					self.count("reading refused", true);
				}
			}
			_ => {}
		}
	}

	/// All rules, and those that need the past.
	fn check(&mut self) {
		check_invariants();
		assert_eq!(Issued::<Test>::get(), self.books.issued, "issued is not what was approved");
		assert_eq!(Burned::<Test>::get(), self.books.burned, "burned is not what was told");
		let (mut energy, mut received) = (0, 0);
		for (meter, accounted) in &self.books.accounted {
			let (left, kept) = (Accounted::get(meter), Received::<Test>::get(meter));
			energy += accounted.energy - left.energy - kept.energy;
			received += accounted.received - left.received - kept.received;
		}
		// The grid meter loses nothing, so what was lost is what the nodes lost of what was claimed.
		assert_eq!(Lost::<Test>::get(), energy - received, "lost is not what the nodes lost");
		assert!(received <= self.books.issued, "receipts were used and no tokens minted");
		let fund = wealth(&Issuance::account());
		assert_eq!(fund.deca, self.books.fund, "the fund is not what was paid less");
		assert_eq!((fund.kwh, fund.lp), (0, 0), "something was left in the account");
		for (meter, state) in pallet_metering::MeterStates::<Test>::iter() {
			let now =
				[state.attested, state.matured, state.voided, state.claimed[0], state.claimed[1]];
			let before = self.books.meters.insert(meter, now).unwrap_or_default();
			let forward = before.iter().zip(&now).all(|(before, now)| before <= now);
			assert!(forward, "meter {meter} went back: {before:?} to {now:?}");
		}
	}

	fn person(&mut self) -> AccountId {
		let people = self.people.clone();
		self.rng.pick(&people).expect("there are people")
	}

	fn miner(&mut self) -> MinerId {
		self.rng.below(pallet_miners::NextMinerId::<Test>::get().into()) as MinerId
	}

	fn meter(&mut self) -> MeterId {
		self.rng.below(pallet_miners::NextMeterId::<Test>::get().into()) as MeterId
	}

	/// Mostly the owner of `miner`, sometimes anybody.
	fn owner_of(&mut self, miner: MinerId) -> RuntimeOrigin {
		let owner = Miners::miner(miner).map(|entry| entry.owner);
		match owner {
			Some(owner) if !self.rng.one_in(16) => RuntimeOrigin::signed(owner),
			_ => RuntimeOrigin::signed(self.person()),
		}
	}

	/// Mostly the DAO, sometimes anybody.
	fn dao(&mut self) -> RuntimeOrigin {
		if self.rng.one_in(16) {
			RuntimeOrigin::signed(self.person())
		} else {
			RuntimeOrigin::root()
		}
	}

	fn new_device(&mut self) -> (u32, MeterKey) {
		let number = self.next_device;
		self.next_device += 1;
		let key = MeterKey::Ed25519(device(number).public().0);
		self.devices.insert(key, number);
		(number, key)
	}

	fn flow(&mut self) -> Flow {
		let flows = [Flow::Export, Flow::Export, Flow::Export, Flow::Generation];
		self.rng.pick(&flows).expect("there are flows")
	}

	fn new_meters(
		&mut self,
		owner: &AccountId,
		oracles: Option<OracleSetId>,
	) -> BoundedVec<pallet_miners::MeterApplication, ConstU32<6>> {
		let count = 1 + self.rng.below(3);
		let meters = (0..count).map(|_| {
			let flow = self.flow();
			match oracles {
				Some(set) => pallet_miners::MeterApplication {
					key: MeterKey::Oracles(set),
					flow,
					nameplate: NAMEPLATE,
					possession: [0; 64],
				},
				None => {
					let reused = self.next_device > 0 && self.rng.one_in(20);
					let number = if reused {
						self.rng.below(self.next_device.into()) as u32
					} else {
						self.new_device().0
					};
					meter_of_device(number, flow, owner)
				}
			}
		});
		meters.collect::<Vec<_>>().try_into().expect("three at most")
	}

	fn apply(&mut self) {
		if pallet_miners::NextMinerId::<Test>::get() >= MAX_MINERS
			&& pallet_miners::Applications::<Test>::iter_keys().count() > 4
		{
			return;
		}
		let owner = self.person();
		let kinds = [
			MinerKind::Standard,
			MinerKind::Standard,
			MinerKind::Standard,
			MinerKind::Plant,
			MinerKind::Storage,
			MinerKind::Consumer,
		];
		let kind = self.rng.pick(&kinds).expect("there are kinds");
		let mut profile = profile();
		let oracles = self.rng.one_in(6).then(|| self.rng.below(ORACLE_SETS.into()) as u32);
		if oracles.is_some() {
			profile.method = pallet_miners::CollectionMethod::ApiPull;
		}
		let meters = self.new_meters(&owner, oracles);
		let call = pallet_miners::Call::apply { kind, profile, meters };
		self.call(RuntimeOrigin::signed(owner), call);
	}

	fn application(&mut self) -> u32 {
		let open = pallet_miners::Applications::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&open).unwrap_or(self.next_device)
	}

	fn approve_application(&mut self) {
		let application = self.application();
		let new = pallet_miners::Applications::<Test>::get(application)
			.is_some_and(|entry| matches!(entry.target, pallet_miners::Target::New { .. }));
		let miner = pallet_miners::NextMinerId::<Test>::get();
		if new && miner >= MAX_MINERS {
			// No more of them: the applicant waits, or is refused, or withdraws.
			return;
		}
		let dao = self.dao();
		if self.call(dao, pallet_miners::Call::approve { application }) && new {
			let owner = self.owner_of(miner);
			self.call(owner, pallet_miners::Call::add_operator { miner, operator: AGENT });
		}
	}

	fn operator(&mut self) -> AccountId {
		if self.rng.one_in(16) {
			self.person()
		} else {
			AGENT
		}
	}

	/// What a device would say next, or something wrong.
	fn next_reading(&mut self, meter: MeterId, now: Interval) -> Reading {
		let known = Metering::meter_state(meter);
		let (last, register, epoch) = match known {
			Some(state) => (state.last_interval, state.register, state.epoch),
			None => (now.saturating_sub(4), 0, 0),
		};
		let step = 1 + self.rng.below(2) as Interval;
		// Mostly the newest that can be: a site that was silent sends what its register shows now.
		let newest = self.rng.one_in(3) || last + step >= now;
		let interval = if newest { now.saturating_sub(1) } else { last + step };
		let elapsed = interval.saturating_sub(last);
		let energy = self.rng.below(plausible_energy(NAMEPLATE, elapsed).min(MOST) + 1);
		let mut reading = Reading {
			meter,
			epoch,
			interval,
			register: register.saturating_add(energy),
			quality: Quality::Measured,
		};
		match self.rng.below(40) {
			0 => reading.interval = now + 1,
			1 => reading.register = register / 2,
			2 => reading.register = reading.register.saturating_add(u64::MAX / 2),
			3 => (reading.epoch, reading.register) = (epoch.saturating_add(1), 0),
			4 => reading.quality = Quality::Recovered,
			_ => {}
		}
		reading
	}

	fn submit(&mut self) {
		let now = Metering::current_interval();
		let mut batch = Vec::new();
		for _ in 0..1 + self.rng.below(4) {
			let meter = self.meter();
			let Some(info) = Miners::meter(meter) else { continue };
			let number = match self.devices.get(&info.key) {
				Some(number) if !self.rng.one_in(50) => *number,
				_ => u32::MAX,
			};
			let reading = self.next_reading(meter, now);
			let payload = reading.signing_payload(&Miners::genesis_hash());
			batch.push(SignedReading { reading, signature: device(number).sign(&payload).0 });
		}
		let operator = self.operator();
		let readings = batch.try_into().expect("four at most");
		let call = pallet_metering::Call::submit_readings { readings };
		self.call(RuntimeOrigin::signed(operator), call);
	}

	fn submit_attested(&mut self) {
		let now = Metering::current_interval();
		let attested = pallet_miners::Meters::<Test>::iter()
			.filter_map(|(meter, info)| match info.key {
				MeterKey::Oracles(set) if !info.retired => Some((meter, set)),
				_ => None,
			})
			.collect::<Vec<_>>();
		let Some((meter, set)) = self.rng.pick(&attested) else { return };
		let Some(oracles) = pallet_miners::OracleSets::<Test>::get(set) else { return };
		let reading = self.next_reading(meter, now);
		let payload = reading.signing_payload(&Miners::genesis_hash());
		let signatures = oracles.keys.iter().enumerate().filter_map(|(place, key)| {
			let number = *self.devices.get(key)?;
			match self.rng.below(12) {
				0 => None,
				1 => Some((place as u8, [7; 64])),
				_ => Some((place as u8, device(number).sign(&payload).0)),
			}
		});
		let signatures = signatures.collect::<Vec<_>>().try_into().expect("a set is bounded");
		let readings = vec![AttestedReading { reading, signatures }].try_into().expect("one");
		let operator = self.operator();
		let call = pallet_metering::Call::submit_attested_readings { readings };
		self.call(RuntimeOrigin::signed(operator), call);
	}

	fn set_oracles(&mut self) {
		let set = self.rng.below(ORACLE_SETS.into()) as OracleSetId;
		let size = 1 + self.rng.below(4) as u32;
		let first = ORACLES + self.rng.below(100) as u32;
		let keys = (first..first + size)
			.map(|number| {
				let key = MeterKey::Ed25519(device(number).public().0);
				self.devices.insert(key, number);
				key
			})
			.collect::<Vec<_>>();
		let oracles = (!self.rng.one_in(8)).then(|| OracleSet {
			threshold: 1 + self.rng.below(u64::from(size) + 1) as u8 / 2,
			keys: keys.try_into().expect("four at most"),
		});
		let dao = self.dao();
		self.call(dao, pallet_miners::Call::set_oracles { set, oracles });
	}

	fn rotate(&mut self) {
		let meter = self.meter();
		let Some(info) = Miners::meter(meter) else { return };
		let (Some(entry), Some(old)) =
			(Miners::miner(info.miner), self.devices.get(&info.key).copied())
		else {
			return;
		};
		let (number, new_key) = self.new_device();
		let genesis = Miners::genesis_hash();
		let possession = device(number).sign(&possession_payload(&genesis, &entry.owner)).0;
		if self.rng.one_in(3) {
			let dao = self.dao();
			let call = pallet_miners::Call::force_rotate_meter_key { meter, new_key, possession };
			self.call(dao, call);
		} else {
			let payload = rotation_payload(&genesis, meter, &new_key);
			let handover = device(old).sign(&payload).0;
			let owner = self.owner_of(info.miner);
			let call =
				pallet_miners::Call::rotate_meter_key { meter, new_key, possession, handover };
			self.call(owner, call);
		}
	}

	fn request_payment(&mut self) {
		let meter = self.meter();
		let Some(info) = Miners::meter(meter) else { return };
		let mut meters = vec![(meter, None)];
		if self.rng.one_in(3) {
			// Another meter of that miner, or of anybody; or the same again.
			let others = Miners::meters_of(info.miner);
			let other = self.rng.pick(&others).map(|(meter, _)| meter).unwrap_or(meter);
			meters.push((other, None));
		}
		if self.rng.one_in(3) {
			let up_to = u128::from(self.rng.below(MOST * 20));
			meters[0].1 = Some(up_to);
		} else if self.rng.one_in(2) {
			meters[0].1 = self.all_that_was_received(meter);
		}
		let payout = if self.rng.one_in(2) { Payout::Direct } else { Payout::Liquidity };
		let owner = self.owner_of(info.miner);
		let meters = meters.try_into().expect("two at most");
		self.call(owner, Call::request_payment { miner: info.miner, meters, payout });
	}

	/// The position up to which storage nodes accounted for what `meter` sent, if they did.
	fn all_that_was_received(&self, meter: MeterId) -> Option<u128> {
		let energy = Metering::energy(meter)?;
		let known = Received::<Test>::get(meter).energy + Accounted::get(meter).energy;
		let position = energy.claimed[ClaimKind::Token as usize] + known;
		(known > 0).then(|| position.min(energy.matured))
	}

	/// A storage node accounts for what one of its meters sent, or for a part of it.
	fn account(&mut self) {
		let sending = pallet_miners::Meters::<Test>::iter()
			.filter(|(_, info)| info.node.is_some())
			.map(|(meter, _)| meter)
			.collect::<Vec<_>>();
		let Some(meter) = self.rng.pick(&sending) else { return };
		let Some(energy) = Metering::energy(meter) else { return };
		let sum = self.books.accounted.entry(meter).or_default();
		let mut due = energy.attested - sum.energy;
		if self.rng.one_in(3) {
			due /= 1 + u128::from(self.rng.below(5));
		}
		let received = due * u128::from(self.rng.below(101)) / 100;
		*sum = sum.plus(due, received).expect("no more is received than sent");
		node_received(meter, due, received);
		self.count("node accounts", due > 0);
	}

	fn standing(&mut self) -> RequestId {
		let standing = Requests::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&standing).unwrap_or(NextRequestId::<Test>::get())
	}

	/// One that was rejected, if there is one.
	fn rejected(&mut self) -> RequestId {
		let rejected = Requests::<Test>::iter()
			.filter(|(_, entry)| entry.status != Status::Open)
			.map(|(id, _)| id)
			.collect::<Vec<_>>();
		self.rng.pick(&rejected).unwrap_or(NextRequestId::<Test>::get())
	}

	fn owner_of_request(&mut self, request: RequestId) -> RuntimeOrigin {
		match Issuance::request(request) {
			Some(entry) => self.owner_of(entry.miner),
			None => RuntimeOrigin::signed(self.person()),
		}
	}

	fn approve_requests(&mut self) {
		let mut requests = vec![self.standing()];
		while self.rng.one_in(4) && requests.len() < 4 {
			requests.push(self.standing());
		}
		let dao = self.dao();
		self.call(dao, Call::approve { requests: requests.try_into().expect("four at most") });
	}

	fn govern(&mut self) {
		match self.rng.below(7) {
			0 => DecaPerKwh::set(&(DECA / 11 + u128::from(self.rng.below(20_000_000_000)))),
			1 => MinerShare::set(&Permill::from_parts(self.rng.below(1_000_001) as u32)),
			2 => NodeShare::set(&Permill::from_parts(self.rng.below(1_000_001) as u32)),
			3 => MaxPoolDeviation::set(&Permill::from_percent(20 + self.rng.below(60) as u32)),
			4 => RequestDeposit::set(&(u128::from(self.rng.below(3)) * DECA / 2)),
			5 => {
				let (counts, dao) = (self.rng.one_in(2), self.dao());
				self.call(dao, Call::set_grid_meter_counts { counts });
			}
			_ => {
				let policy = (!self.rng.one_in(4)).then(|| Policy {
					max_energy: u128::from(self.rng.below(MOST * 40)),
					daily_cap: u128::from(self.rng.below(MOST * 100)),
					min_reported: Permill::from_percent(self.rng.below(20) as u32),
				});
				let dao = self.dao();
				self.call(dao, Call::set_policy { policy });
			}
		}
	}

	fn trade(&mut self) {
		let who = self.person();
		let origin = RuntimeOrigin::signed(who.clone());
		let mine = wealth(&who);
		let part = |rng: &mut Rng, of: Balance| of / (1 + u128::from(rng.below(20)));
		let (native, kwh) = (Native::get(), Kwh::get());
		match self.rng.below(6) {
			0 => {
				let (dest, amount) = (self.person(), part(&mut self.rng, mine.kwh));
				let call = pallet_assets::Call::transfer { id: KWH_ID, target: dest, amount };
				self.call(origin, RuntimeCall::Assets(call));
			}
			1 => {
				let amount = part(&mut self.rng, mine.kwh / 10);
				self.call(origin, Call::burn { amount });
			}
			2 => {
				let (deca, energy) = Pool::reserves().expect("there is a pool");
				let sells = self.rng.one_in(2);
				let path = if sells { [kwh, native] } else { [native, kwh] };
				let amount_in = if sells { mine.kwh.min(energy / 50) } else { deca / 50 };
				let call = pallet_asset_conversion::Call::swap_exact_tokens_for_tokens {
					path: path.map(Box::new).to_vec(),
					amount_in: part(&mut self.rng, amount_in),
					amount_out_min: 1,
					send_to: who,
					keep_alive: true,
				};
				self.call(origin, call);
			}
			3 => {
				let amount2_desired = part(&mut self.rng, mine.kwh);
				let call = pallet_asset_conversion::Call::add_liquidity {
					asset1: Box::new(native),
					asset2: Box::new(kwh),
					amount1_desired: amount2_desired * DecaPerKwh::get() / KWH,
					amount2_desired,
					amount1_min: 0,
					amount2_min: 0,
					mint_to: who,
				};
				self.call(origin, call);
			}
			4 => {
				let call = pallet_asset_conversion::Call::remove_liquidity {
					asset1: Box::new(native),
					asset2: Box::new(kwh),
					lp_token_burn: part(&mut self.rng, mine.lp),
					amount1_min_receive: 1,
					amount2_min_receive: 1,
					withdraw_to: who,
				};
				self.call(origin, call);
			}
			_ => {
				// Somebody fills the fund.
				let value = u128::from(self.rng.below(40)) * DECA;
				let call = pallet_balances::Call::transfer_allow_death {
					dest: Issuance::account(),
					value,
				};
				if self.call(RuntimeOrigin::signed(CAROL), call) {
					self.books.fund += value;
				}
			}
		}
	}

	/// What must always fail.
	fn attack(&mut self) {
		let who = self.person();
		let origin = RuntimeOrigin::signed(who.clone());
		let victim = self.person();
		let item = self.miner();
		let call: RuntimeCall = match self.rng.below(8) {
			0 => RuntimeCall::Assets(pallet_assets::Call::mint {
				id: KWH_ID,
				beneficiary: who,
				amount: KWH,
			}),
			1 => RuntimeCall::Assets(pallet_assets::Call::burn {
				id: KWH_ID,
				who: victim,
				amount: KWH,
			}),
			2 => RuntimeCall::Assets(pallet_assets::Call::set_team {
				id: KWH_ID,
				issuer: who.clone(),
				admin: who.clone(),
				freezer: who,
			}),
			3 => RuntimeCall::Assets(pallet_assets::Call::force_transfer {
				id: KWH_ID,
				source: victim,
				dest: who,
				amount: KWH,
			}),
			4 => pallet_nfts::Call::transfer { collection: 0, item, dest: victim }.into(),
			5 => pallet_nfts::Call::burn { collection: 0, item }.into(),
			6 => pallet_nfts::Call::approve_transfer {
				collection: 0,
				item,
				delegate: victim,
				maybe_deadline: None,
			}
			.into(),
			_ => pallet_nfts::Call::set_attribute {
				collection: 0,
				maybe_item: Some(item),
				namespace: pallet_nfts::AttributeNamespace::ItemOwner,
				key: b"kind".to_vec().try_into().expect("short"),
				value: b"plant".to_vec().try_into().expect("short"),
			}
			.into(),
		};
		// The holder of the token is who tries.
		let origin = match (&call, Miners::miner(item)) {
			(RuntimeCall::Nfts(_), Some(entry)) => RuntimeOrigin::signed(entry.owner),
			_ => origin,
		};
		self.call(origin, call);
	}

	/// A meter that has reported of a storage node that received what a standing request is for, if there is one.
	fn meter_of_a_node(&mut self) -> Option<MeterId> {
		let nodes = Received::<Test>::iter()
			.filter(|(meter, _)| MeterRequest::<Test>::contains_key(meter))
			.map(|(_, kept)| kept.node)
			.collect::<Vec<_>>();
		let meters = Miners::meters_of(self.rng.pick(&nodes)?);
		let reported = meters.into_iter().map(|(meter, _)| meter);
		let reported = reported.filter(|meter| Metering::meter_state(*meter).is_some());
		self.rng.pick(&reported.collect::<Vec<_>>())
	}

	fn challenge(&mut self) {
		let of_a_node = if self.rng.one_in(2) { self.meter_of_a_node() } else { None };
		let meter = of_a_node.unwrap_or_else(|| self.meter());
		let evidence = b"seen from the street".to_vec().try_into().expect("short");
		let who = self.person();
		let call = pallet_metering::Call::challenge { meter, evidence };
		self.call(RuntimeOrigin::signed(who), call);
	}

	fn challenged(&mut self) -> MeterId {
		let open = pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>();
		match self.rng.pick(&open) {
			Some(meter) => meter,
			None => self.meter(),
		}
	}

	fn rule(&mut self) {
		let meter = self.challenged();
		let dao = self.dao();
		match self.rng.below(12) {
			0 => self.call(dao, pallet_metering::Call::uphold { meter }),
			1 => self.call(dao, pallet_metering::Call::dismiss { meter }),
			_ => {
				let who = RuntimeOrigin::signed(self.person());
				self.call(who, pallet_metering::Call::expire_challenge { meter })
			}
		};
	}

	fn manage(&mut self) {
		let miner = self.miner();
		let owner = self.owner_of(miner);
		let dao = self.dao();
		match self.rng.below(48) {
			0..=5 => {
				let operator = self.operator();
				self.call(owner, pallet_miners::Call::add_operator { miner, operator });
			}
			6..=7 => {
				let operator = self.operator();
				self.call(owner, pallet_miners::Call::remove_operator { miner, operator });
			}
			8..=9 => {
				let reason = reason("look");
				self.call(dao, pallet_miners::Call::suspend { miner, reason });
			}
			10..=21 => {
				self.call(dao, pallet_miners::Call::reinstate { miner });
			}
			22..=23 => {
				let new_owner = self.person();
				self.call(dao, pallet_miners::Call::recover { miner, new_owner });
			}
			24..=25 => {
				let set = Miners::miner(miner)
					.filter(|entry| entry.profile.method.needs_oracles())
					.map(|_| self.rng.below(ORACLE_SETS.into()) as u32);
				if let Some(entry) = Miners::miner(miner) {
					let meters = self.new_meters(&entry.owner, set);
					self.call(owner, pallet_miners::Call::apply_meters { miner, meters });
				}
			}
			26..=33 => {
				let all = [HardwareStatus::Ok, HardwareStatus::Ok, HardwareStatus::Offline];
				let hardware = self.rng.pick(&all).expect("there are some");
				self.call(owner, pallet_miners::Call::set_hardware { miner, hardware });
			}
			34 => {
				let pool = b"stratum".to_vec().try_into().expect("short");
				self.call(owner, pallet_miners::Call::set_pool { miner, pool });
			}
			35..=40 => {
				let meter = self.meter();
				let node = (!self.rng.one_in(4)).then(|| self.miner());
				self.call(dao, pallet_miners::Call::assign_node { meter, node });
			}
			41..=43 => self.set_oracles(),
			44..=46 => self.rotate(),
			_ => {
				// Rare: the end of something.
				if self.rng.one_in(8) {
					let (reason, forfeit) = (reason("gone"), self.rng.one_in(2));
					self.call(dao, pallet_miners::Call::revoke { miner, reason, forfeit });
				} else if self.rng.one_in(3) {
					let meter = self.meter();
					if let Some(info) = Miners::meter(meter) {
						let owner = self.owner_of(info.miner);
						self.call(owner, pallet_miners::Call::retire_meter { meter });
					}
				}
			}
		}
	}

	fn step(&mut self) {
		match self.rng.below(100) {
			0..=26 => self.submit(),
			27..=30 => self.account(),
			31..=34 => self.submit_attested(),
			35..=44 => {
				let step = 1 + self.rng.below(20) as Interval;
				go_to(Metering::current_interval() + step);
			}
			45..=59 => self.request_payment(),
			60..=64 => self.approve_requests(),
			65..=66 => {
				let (request, dao) = (self.standing(), self.dao());
				self.call(dao, Call::reject { request, reason: reason("more, please") });
			}
			67..=69 => {
				let request = self.rejected();
				let owner = self.owner_of_request(request);
				self.call(owner, Call::resubmit { request });
			}
			70..=71 => {
				let request = self.standing();
				let owner = self.owner_of_request(request);
				self.call(owner, Call::withdraw { request });
			}
			72..=78 => self.trade(),
			79..=80 => self.attack(),
			81..=82 => self.challenge(),
			83..=85 => self.rule(),
			86 => self.govern(),
			87..=88 => self.apply(),
			89..=90 => self.approve_application(),
			91 => {
				let (application, dao) = (self.application(), self.dao());
				if self.rng.one_in(2) {
					let reason = reason("no photograph");
					self.call(dao, pallet_miners::Call::reject { application, reason });
				} else {
					let owner = pallet_miners::Applications::<Test>::get(application)
						.map_or(PAUPER, |entry| entry.owner);
					let owner = RuntimeOrigin::signed(owner);
					self.call(owner, pallet_miners::Call::withdraw { application });
				}
			}
			_ => self.manage(),
		}
	}
}

#[test]
fn rules_hold_through_100_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_260_929, CALLS);
	ExtBuilder::default().build().execute_with(|| {
		let mut world = World::new(seed);
		for who in world.people.clone() {
			use frame_support::traits::fungible::Mutate;
			Balances::mint_into(&who, ENDOWMENT).unwrap();
		}
		{
			use frame_support::traits::fungible::Mutate;
			Balances::mint_into(&CAROL, 100 * ENDOWMENT).unwrap();
		}
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
		assert_eq!(Balances::total_issuance(), issuance, "DECA came or went");
		println!("{:<48} {:>8} {:>8}", "", "good", "refused");
		for (what, (good, bad)) in &world.counts {
			println!("{what:<48} {good:>8} {bad:>8}");
		}
		println!("{:?}", Issuance::supply());
		let of = |what: &&str| world.counts.get(*what).map_or(0, |(good, _)| *good);
		if whole {
			for what in MUST_HAPPEN {
				assert!(of(&what) > 0, "{what} never happened: the test says nothing of it");
			}
		}
		for what in MUST_NOT_HAPPEN {
			assert_eq!(of(&what), 0, "{what} happened");
		}
	});
}
