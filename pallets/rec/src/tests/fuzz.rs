//! 40,000 random calls over miners, metering and certificates, with the rules checked on the way.
//!
//! Most calls are likely to make sense, some are not; none may break a rule. The seed is printed, and
//! `HELIOGRAPH_FUZZ_SEED` and `HELIOGRAPH_FUZZ_CALLS` choose another one, and how many calls there are.

use crate::{mock::*, *};
use frame_support::traits::{fungible::Mutate as _, GetCallMetadata};
use heliograph_fuzz::{forget_events, Plan, Rng};
use heliograph_primitives::{
	miner::{Flow, MinerKind},
	units::plausible_energy,
};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

const CALLS: u64 = 40_000;
/// How many calls there are between two checks of all rules.
const CHECK_EVERY: u64 = 2_000;
/// The most energy of one reading, in mWh.
const MOST: u64 = 5_000_000;

/// What must succeed now and then, or the test says little.
const MUST_HAPPEN: [&str; 38] = [
	"Rec::request",
	"Rec::update",
	"Rec::certify",
	"Rec::reject",
	"Rec::cancel",
	"Rec::split",
	"Rec::transfer",
	"Rec::retire",
	"Rec::edit_retirement",
	"Rec::liquidise",
	"Rec::retire_fungible",
	"Rec::solidify",
	"Rec::retire_as_carbon",
	"Rec::revoke",
	"Rec::set_emission_factor",
	"Rec::offer",
	"Rec::buy",
	"Rec::request_storage",
	"Assets::transfer",
	"Metering::submit_readings",
	"Metering::challenge",
	"Metering::uphold",
	"Metering::dismiss",
	"Miners::suspend",
	"Miners::reinstate",
	"Miners::recover",
	"certified",
	"certified with recovered energy",
	"certified after energy was voided",
	"stored energy certified",
	"stored energy rejected",
	"certification failed",
	"retired over several certificates",
	"retired out of an expired head",
	"revoked after a part was retired",
	"refused: Expired",
	"refused: Revoked",
	"refused: PlantCannotCertify",
];

/// What nobody may ever do.
const MUST_NOT_HAPPEN: [&str; 5] =
	["Assets::mint", "Assets::burn", "Assets::set_team", "Nfts::transfer", "Nfts::burn"];

/// What must be so by what was told in events.
#[derive(Default)]
struct Books {
	totals: Totals,
	pool: u128,
	/// Certified per meter.
	certified: BTreeMap<MeterId, u128>,
	/// The most that was ever seen retired.
	retired: u128,
}

struct World {
	rng: Rng,
	people: Vec<AccountId>,
	/// Meters by what they measure.
	generation: Vec<(MinerId, MeterId)>,
	batteries: Vec<(MinerId, MeterId, MeterId)>,
	meters: Vec<MeterId>,
	counts: BTreeMap<String, (u64, u64)>,
	books: Books,
}

impl World {
	fn new(seed: u64) -> Self {
		let people = (0..6).map(person).collect::<Vec<_>>();
		for who in &people {
			Balances::mint_into(who, 100 * ENDOWMENT).unwrap();
		}
		let mut world = Self {
			rng: Rng::new(seed),
			people: people.clone(),
			generation: Vec::new(),
			batteries: Vec::new(),
			meters: Vec::new(),
			counts: BTreeMap::new(),
			books: Books::default(),
		};
		for (number, owner) in people.iter().enumerate() {
			for _ in 0..2 {
				let (miner, meter) = roof(owner);
				world.generation.push((miner, meter));
				world.meters.push(meter);
			}
			if number < 3 {
				let flows = [Flow::Discharge, Flow::Charge];
				let (miner, meters) = admit(owner, MinerKind::Storage, &flows);
				world.batteries.push((miner, meters[0], meters[1]));
				world.meters.extend(meters);
			}
		}
		let (plant, meters) = admit(&people[0], MinerKind::Plant, &[Flow::Generation]);
		world.generation.push((plant, meters[0]));
		world.meters.extend(meters);
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
		let result = call.dispatch(origin);
		self.count(&*name, result.is_ok());
		if let Err(failed) = &result {
			if let DispatchError::Module(error) = failed.error {
				self.count(format!("refused: {}", error.message.unwrap_or_default()), true);
			}
		}
		for record in System::events() {
			if let RuntimeEvent::Rec(event) = record.event {
				if let ("Rec::retire_fungible", Event::Retired { energy, .. }) = (&*name, &event) {
					self.books.pool -= energy;
				}
				self.book(event);
			}
		}
		result.is_ok()
	}

	fn book(&mut self, event: Event<Test>) {
		match event {
			Event::Certified { issuance, miner, energy, .. } => {
				let entry = Rec::issuance(issuance).expect("it was just made");
				let kind = Miners::miner(miner).expect("it is registered").kind;
				let expected = match entry.storage {
					Some(_) => MinerKind::Storage,
					None => MinerKind::Standard,
				};
				assert_eq!(kind, expected, "something else was certified");
				let meter = Metering::energy(entry.meter).expect("it reported");
				assert!(!meter.quarantined, "challenged energy was certified");
				self.books.totals.certified += u128::from(energy);
				*self.books.certified.entry(entry.meter).or_default() += u128::from(energy);
				self.count("certified", true);
				self.count("certified with recovered energy", entry.recovered > 0);
				self.count("certified after energy was voided", entry.voided > 0);
				self.count("stored energy certified", entry.storage.is_some());
				if let Some(storage) = entry.storage {
					self.books.totals.retired += u128::from(storage.charge.energy());
					self.books.totals.converted += u128::from(storage.charge.energy());
				}
			}
			Event::CertificationFailed { .. } => self.count("certification failed", true),
			Event::Rejected { request, .. } => {
				let of_storage = Rec::request_by_id(request).is_some_and(|r| r.charge.is_some());
				self.count("stored energy rejected", of_storage);
			}
			Event::Retired { retirement, energy, as_carbon, .. } => {
				let entry = Rec::retirement(retirement).expect("it was just made");
				self.count("retired over several certificates", entry.parts.len() > 1);
				let now = Metering::current_interval();
				let expired = entry.parts.iter().any(|part| {
					Rec::issuance(part.issuance).is_some_and(|issuance| issuance.expires <= now)
				});
				self.count("retired out of an expired head", expired);
				self.books.totals.retired += energy;
				self.books.totals.carbon += as_carbon.unwrap_or_default();
			}
			Event::Revoked { revoked, retired, .. } => {
				self.books.totals.revoked += u128::from(revoked);
				self.count("revoked after a part was retired", retired > 0);
			}
			Event::Liquidised { energy, .. } => self.books.pool += energy,
			Event::Solidified { energy, .. } => self.books.pool -= energy,
			_ => {}
		}
	}

	/// All rules, and those that need the past.
	fn check(&mut self) {
		check_invariants();
		assert_eq!(Rec::totals(), self.books.totals, "the totals are not what was told");
		assert_eq!(Rec::pool().energy, self.books.pool, "the pool is not what was told");
		assert!(Rec::totals().retired >= self.books.retired, "what was retired fell");
		self.books.retired = Rec::totals().retired;
		for (meter, certified) in &self.books.certified {
			let energy = Metering::energy(*meter).expect("it reported");
			assert!(*certified <= energy.matured, "more was certified than matured");
			assert!(energy.matured + energy.voided <= energy.attested);
		}
	}

	fn person(&mut self) -> AccountId {
		let people = self.people.clone();
		self.rng.pick(&people).expect("there are people")
	}

	fn person_of(&mut self, who: Option<AccountId>) -> RuntimeOrigin {
		match who {
			Some(who) if !self.rng.one_in(20) => RuntimeOrigin::signed(who),
			_ => RuntimeOrigin::signed(self.person()),
		}
	}

	/// Mostly the owner of `miner`, sometimes anybody.
	fn owner_of(&mut self, miner: MinerId) -> RuntimeOrigin {
		let owner = Miners::miner(miner).map(|entry| entry.owner);
		self.person_of(owner)
	}

	/// Mostly the DAO, sometimes anybody.
	fn dao(&mut self) -> RuntimeOrigin {
		if self.rng.one_in(20) {
			RuntimeOrigin::signed(self.person())
		} else {
			RuntimeOrigin::root()
		}
	}

	fn submit(&mut self) {
		let now = Metering::current_interval();
		let mut batch = Vec::new();
		for _ in 0..1 + self.rng.below(6) {
			let meters = self.meters.clone();
			let meter = self.rng.pick(&meters).expect("there are meters");
			let (last, register) = match Metering::meter_state(meter) {
				Some(state) => (state.last_interval, state.register),
				None => (now - 4, 0),
			};
			let next = if self.rng.one_in(2) { last + 1 } else { now - 1 };
			let elapsed = next.saturating_sub(last);
			let flow = Miners::meter(meter).map(|info| info.flow);
			// A battery gives less than it takes.
			let most = if flow == Some(Flow::Discharge) { MOST / 4 } else { MOST };
			let energy = self.rng.below(plausible_energy(NAMEPLATE, elapsed).min(most) + 1);
			batch.push(reading(meter, next, register + energy));
		}
		let readings = batch.try_into().expect("six at most");
		let call = pallet_metering::Call::submit_readings { readings };
		self.call(RuntimeOrigin::signed(AGENT), call);
	}

	fn request(&mut self) {
		let generation = self.generation.clone();
		let (miner, mut meter) = self.rng.pick(&generation).expect("there are roofs");
		if self.rng.one_in(20) {
			let meters = self.meters.clone();
			meter = self.rng.pick(&meters).expect("there are meters");
		}
		let owner = self.owner_of(miner);
		self.call(owner, Call::request { miner, meter, documents: documents() });
	}

	fn standing(&mut self) -> RequestId {
		let open = Requests::<Test>::iter_keys().collect::<Vec<_>>();
		self.rng.pick(&open).unwrap_or(NextRequestId::<Test>::get())
	}

	fn rejected(&mut self) -> RequestId {
		let rejected = Rec::requests_open(Some(true), None, MAX_PAGE).into_iter().map(|(id, _)| id);
		let rejected = rejected.collect::<Vec<_>>();
		match self.rng.pick(&rejected) {
			Some(id) if !self.rng.one_in(20) => id,
			_ => self.standing(),
		}
	}

	fn owner_of_request(&mut self, request: RequestId) -> RuntimeOrigin {
		let owner = Rec::request_by_id(request).map(|request| request.owner);
		self.person_of(owner)
	}

	/// A certificate with a status that is likely to be wanted, and its owner, who is sometimes somebody else.
	fn some_certificate(&mut self, status: Status) -> (CertificateId, RuntimeOrigin) {
		let all = u64::from(NextCertificateId::<Test>::get());
		for _ in 0..60 {
			// Mostly of the youngest: the others are used, or expired.
			let young = all.saturating_sub(1 + self.rng.below(200)) as CertificateId;
			let any = self.rng.below(all) as CertificateId;
			let id = if self.rng.one_in(4) { any } else { young };
			let Some(listed) = Rec::certificate(id) else { continue };
			if listed.status == status || self.rng.one_in(200) {
				let owner = self.person_of(Some(listed.certificate.owner));
				return (id, owner);
			}
		}
		(self.rng.below(all + 1) as CertificateId, RuntimeOrigin::signed(self.person()))
	}

	/// A part of `energy`, or all, or sometimes too much or nothing.
	fn amount(&mut self, energy: u64) -> u64 {
		match self.rng.below(20) {
			0 => 0,
			1 => energy + 1,
			2 => energy,
			3 => 1,
			_ => self.rng.below(energy) + 1,
		}
	}

	fn use_certificate(&mut self) {
		let (certificate, owner) = self.some_certificate(Status::Live);
		let energy = Rec::certificate(certificate).map_or(1, |listed| listed.energy);
		match self.rng.below(9) {
			0 => {
				let amount = self.amount(energy);
				self.call(owner, Call::split { certificate, amount });
			}
			1 => {
				let to = self.person();
				self.call(owner, Call::transfer { certificate, to });
			}
			2 => {
				let amount = (!self.rng.one_in(3)).then(|| self.amount(energy));
				self.call(owner, Call::retire { certificate, amount, details: details() });
			}
			3 | 4 => {
				let amount = (!self.rng.one_in(3)).then(|| self.amount(energy));
				let details = no_details();
				self.call(owner, Call::retire_as_carbon { certificate, amount, details });
			}
			5 => {
				let price =
					(!self.rng.one_in(5)).then(|| 1 + u128::from(self.rng.below(100)) * DECA);
				if self.call(owner, Call::offer { certificate, price }) {
					let buyer = RuntimeOrigin::signed(self.person());
					let max_price = u128::from(self.rng.below(150)) * DECA;
					let min_energy = if self.rng.one_in(10) { energy + 1 } else { energy };
					self.call(buyer, Call::buy { certificate, min_energy, max_price });
				}
			}
			_ => {
				let listed = Rec::certificate(certificate);
				let mut batch = vec![certificate];
				if let Some(listed) = listed {
					let of = listed.certificate.owner;
					let page = Rec::certificates_of(of, Some(Status::Live), None, 3);
					batch.extend(ids(page).into_iter().filter(|id| *id != certificate));
				}
				batch.truncate(1 + self.rng.below(3) as usize);
				let certificates = batch.try_into().expect("three at most");
				self.call(owner, Call::liquidise { certificates });
			}
		}
	}

	/// Something with a certificate that cannot be used.
	fn misuse_certificate(&mut self) {
		let statuses = [Status::Expired, Status::Revoked, Status::Retired, Status::Pledged];
		let status = self.rng.pick(&statuses).expect("there are some");
		let (certificate, owner) = self.some_certificate(status);
		let call = match self.rng.below(4) {
			0 => Call::retire { certificate, amount: None, details: details() },
			1 => Call::transfer { certificate, to: self.person() },
			2 => Call::split { certificate, amount: 1 },
			_ => Call::liquidise { certificates: vec![certificate].try_into().expect("one") },
		};
		self.call(owner, call);
	}

	fn use_pool(&mut self) {
		let people = self.people.clone();
		let rich = people.into_iter().filter(|who| rec(who) > 0).collect::<Vec<_>>();
		let who = self.rng.pick(&rich).unwrap_or(PAUPER);
		let places = 1 + self.rng.below(MAX_PARTS.into()) as u32;
		let oldest = Rec::pool_head(places).iter().map(|listed| listed.energy).sum::<u64>();
		let most = rec(&who).min(oldest.into()) as u64;
		let amount = u128::from(if self.rng.one_in(3) { most } else { self.amount(most) });
		let signed = RuntimeOrigin::signed(who);
		match self.rng.below(5) {
			0 | 1 => {
				self.call(signed, Call::retire_fungible { amount, details: details() });
			}
			2 | 3 => {
				self.call(signed, Call::solidify { amount });
			}
			_ => {
				let target = self.person();
				let call = pallet_assets::Call::transfer { id: REC_ID, target, amount };
				self.call(signed, call);
			}
		}
	}

	/// Certificates of the owner that sum to what a discharge needs, split to fit.
	fn request_storage(&mut self) {
		let batteries = self.batteries.clone();
		let (miner, discharge_meter, charge_meter) =
			self.rng.pick(&batteries).expect("there are batteries");
		let Some(owner) = Miners::miner(miner).map(|entry| entry.owner) else { return };
		let from = Charged::<Test>::get(charge_meter).unwrap_or_default().position;
		let ripe = |meter| <Metering as EnergyHistory>::ripe(meter).unwrap_or_default().position;
		let room = ripe(charge_meter).saturating_sub(from);
		let done = CertifiedUntil::<Test>::get(discharge_meter).unwrap_or_default().position;
		let discharged = ripe(discharge_meter).saturating_sub(done);
		if discharged == 0 || room < discharged {
			return;
		}
		let now = Metering::current_interval();
		let wanted = discharged + self.rng.below((room - discharged).min(discharged) + 1);
		let mut certificates = Vec::new();
		let mut left = wanted;
		let newest = NextCertificateId::<Test>::get();
		let mut usable = (newest.saturating_sub(400)..newest)
			.filter_map(Rec::certificate)
			.filter(|listed| listed.status == Status::Live)
			.collect::<Vec<_>>();
		usable.sort_by_key(|listed| core::cmp::Reverse(listed.energy));
		for Listed { id, certificate, energy, .. } in usable {
			let issuance = Rec::issuance(certificate.issuance).expect("it exists");
			let fits = issuance.storage.is_none() && now >= issuance.revocable_until;
			if (!fits && !self.rng.one_in(300)) || certificates.len() >= MAX_PARTS as usize {
				continue;
			}
			if certificate.owner != owner {
				let to = owner.clone();
				let signed = RuntimeOrigin::signed(certificate.owner);
				self.call(signed, Call::transfer { certificate: id, to });
			}
			if energy > left {
				let signed = RuntimeOrigin::signed(owner.clone());
				self.call(signed, Call::split { certificate: id, amount: energy - left });
			}
			certificates.push(id);
			left = left.saturating_sub(energy);
			if left == 0 {
				break;
			}
		}
		let certificates = certificates.try_into().expect("no more than there may be");
		let signed = self.person_of(Some(owner));
		let call = Call::request_storage {
			miner,
			discharge_meter,
			charge_meter,
			charged: wanted,
			certificates,
			documents: documents(),
		};
		self.call(signed, call);
	}

	fn certify_some(&mut self) {
		let requests = (0..1 + self.rng.below(4)).map(|_| self.standing()).collect::<Vec<_>>();
		let requests = requests.try_into().expect("four at most");
		let dao = self.dao();
		self.call(dao, Call::certify { requests });
	}

	fn rule_on_meters(&mut self) {
		let challenged = pallet_metering::Challenges::<Test>::iter_keys().collect::<Vec<_>>();
		match self.rng.pick(&challenged) {
			Some(meter) if self.rng.one_in(2) => {
				let dao = self.dao();
				if self.rng.one_in(2) {
					self.call(dao, pallet_metering::Call::uphold { meter });
				} else {
					self.call(dao, pallet_metering::Call::dismiss { meter });
				}
			}
			_ => {
				let meters = self.meters.clone();
				let meter = self.rng.pick(&meters).expect("there are meters");
				let evidence = b"look at it".to_vec().try_into().expect("short");
				let call = pallet_metering::Call::challenge { meter, evidence };
				self.call(RuntimeOrigin::signed(CAROL), call);
			}
		}
	}

	fn rule_on_miners(&mut self) {
		let all = u64::from(pallet_miners::NextMinerId::<Test>::get());
		let suspended = pallet_miners::Miners::<Test>::iter()
			.filter(|(_, entry)| entry.status == pallet_miners::Status::Suspended)
			.map(|(id, _)| id)
			.collect::<Vec<_>>();
		let dao = self.dao();
		match self.rng.pick(&suspended) {
			Some(miner) => {
				self.call(dao, pallet_miners::Call::reinstate { miner });
			}
			None => {
				let miner = self.rng.below(all) as MinerId;
				if self.rng.one_in(3) {
					let new_owner = self.person();
					self.call(dao, pallet_miners::Call::recover { miner, new_owner });
				} else {
					let reason = reason("look");
					self.call(dao, pallet_miners::Call::suspend { miner, reason });
				}
			}
		}
	}

	fn govern(&mut self) {
		match self.rng.below(6) {
			0 => RequestDeposit::set(&(u128::from(self.rng.below(3)) * DECA)),
			1 => CertificationFee::set(&(u128::from(self.rng.below(3)) * DECA / 10)),
			2 => SolidifyFee::set(&(u128::from(self.rng.below(3)) * DECA / 10)),
			3 => RevocationWindow::set(&(50 + self.rng.below(150) as Interval)),
			4 => Validity::set(&(600 + self.rng.below(1_500) as Interval)),
			_ => {
				let mg_per_kwh = self.rng.below(900_000) as u32;
				let factor = EmissionFactor { mg_per_kwh, source: text("governed") };
				let factor = (!self.rng.one_in(4)).then_some(factor);
				let dao = self.dao();
				self.call(dao, Call::set_emission_factor { area: area(), factor });
			}
		}
	}

	fn revoke(&mut self) {
		let all = u64::from(NextIssuanceId::<Test>::get());
		let issuance = all.saturating_sub(1 + self.rng.below(4)) as IssuanceId;
		let dao = self.dao();
		self.call(dao, Call::revoke { issuance, reason: reason("from the grid") });
	}

	fn edit(&mut self) {
		let all = u64::from(NextRetirementId::<Test>::get());
		let retirement = all.saturating_sub(1 + self.rng.below(5)) as RetirementId;
		let author = Rec::retirement(retirement).map(|entry| entry.retired_by);
		let author = self.person_of(author);
		let texts =
			Texts { beneficiary: text("mended"), purpose: text(""), message: text("mended") };
		self.call(author, Call::edit_retirement { retirement, texts });
	}

	fn attack(&mut self) {
		let who = self.person();
		let origin = RuntimeOrigin::signed(who.clone());
		let item = self.rng.below(NextRetirementId::<Test>::get().into()) as u32;
		let id = if self.rng.one_in(2) { REC_ID } else { CO2_ID };
		match self.rng.below(5) {
			0 => {
				let call = pallet_assets::Call::mint { id, beneficiary: who, amount: 1 };
				self.call(origin, call);
			}
			1 => {
				let call = pallet_assets::Call::burn { id, who, amount: 1 };
				self.call(origin, call);
			}
			2 => {
				let (issuer, admin, freezer) = (who.clone(), who.clone(), who);
				let call = pallet_assets::Call::set_team { id, issuer, admin, freezer };
				self.call(origin, call);
			}
			kind => {
				let owner = Rec::retirement(item).map_or(who, |entry| entry.retired_by);
				let origin = RuntimeOrigin::signed(owner);
				let collection = RETIREMENTS;
				if kind == 3 {
					let dest = self.person();
					self.call(origin, pallet_nfts::Call::transfer { collection, item, dest });
				} else {
					self.call(origin, pallet_nfts::Call::burn { collection, item });
				}
			}
		}
	}

	fn step(&mut self) {
		match self.rng.below(100) {
			0..=24 => self.submit(),
			25..=33 => pass(1 + self.rng.below(20) as Interval),
			34..=41 => self.request(),
			42..=48 => self.certify_some(),
			49 => {
				let (request, dao) = (self.standing(), self.dao());
				self.call(dao, Call::reject { request, reason: reason("more, please") });
			}
			50..=51 => {
				let request = self.rejected();
				let owner = self.owner_of_request(request);
				self.call(owner, Call::update { request, documents: documents() });
			}
			52 => {
				let request = self.standing();
				let owner = self.owner_of_request(request);
				self.call(owner, Call::cancel { request });
			}
			53..=76 => self.use_certificate(),
			77..=79 => self.misuse_certificate(),
			80..=87 => self.use_pool(),
			88..=90 => self.request_storage(),
			91..=92 => self.rule_on_meters(),
			93 => self.rule_on_miners(),
			94 => self.govern(),
			95 => self.revoke(),
			96..=97 => self.edit(),
			_ => self.attack(),
		}
	}
}

#[test]
fn rules_hold_through_40_000_random_calls() {
	let Plan { seed, calls, whole } = Plan::from_env(20_260_929, CALLS);
	new_test_ext().execute_with(|| {
		RevocationWindow::set(&100);
		Validity::set(&1_500);
		let factor = EmissionFactor { mg_per_kwh: 400_000, source: text("governed") };
		EmissionFactors::<Test>::insert(area(), factor);
		Balances::mint_into(&CAROL, 1_000 * ENDOWMENT).unwrap();
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
		assert_eq!(Balances::total_issuance(), issuance, "DECA came or went");
		println!("{:<48} {:>8} {:>8}", "", "good", "refused");
		for (what, (good, bad)) in &world.counts {
			println!("{what:<48} {good:>8} {bad:>8}");
		}
		println!("{:?} {:?}", Rec::totals(), Rec::pool());
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
