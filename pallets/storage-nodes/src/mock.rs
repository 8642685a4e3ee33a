//! A runtime in which everything is real but the votes: who admits, rules and declares is root. Tokens are minted for what
//! was received, as the issuance pallet does once energy has matured and the DAO approved.

use crate as pallet_storage_nodes;
use crate::*;
use frame_support::{derive_impl, parameter_types, traits::AsEnsureOriginWithArg, PalletId};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{
	keys::MeterKey,
	reading::{possession_payload, Quality, Reading, SignedReading},
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{AccountIdConversion, IdentityLookup, Verify},
	AccountId32, BuildStorage, MultiSignature,
};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = AccountId32;

/// Owns a battery.
pub const NORA: AccountId = AccountId::new([1; 32]);
/// Own roofs.
pub const OLGA: AccountId = AccountId::new([2; 32]);
pub const PETER: AccountId = AccountId::new([3; 32]);
/// Draw energy.
pub const WANDA: AccountId = AccountId::new([4; 32]);
pub const DAVE: AccountId = AccountId::new([5; 32]);
/// Submits everybody's readings.
pub const AGENT: AccountId = AccountId::new([6; 32]);
/// Calls what anyone may, and challenges.
pub const CAROL: AccountId = AccountId::new([7; 32]);
pub const TREASURY: AccountId = AccountId::new([9; 32]);
/// Gets what other pallets slash.
pub const PENALTIES: AccountId = AccountId::new([10; 32]);

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One kWh, and one KWH.
pub const KWH: u64 = 1_000_000;
/// The same where intervals are told, which are 32 bits wide.
pub const KWH_32: u32 = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 10_000 * DECA;
/// What an account needs to exist.
pub const MINIMUM: Balance = DECA / 1_000;
pub const KWH_ID: u32 = 1;
/// The nameplate of every meter, in W: 275 kWh at most in an interval.
pub const NAMEPLATE: u32 = 1_000_000;
/// The interval in which tests begin: the start of a day.
pub const START: Interval = 2_000_064;
/// How long readings are waited for, in the tests.
pub const GRACE: Interval = 2;
/// The capacity of a battery, and its bond at one DECA per kWh.
pub const CAPACITY: Energy = 100 * KWH;
pub const BOND: Balance = 100 * DECA;
/// 0.3 DECA per kWh.
pub const PENALTY: Price = 300_000;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeHoldReason,
		RuntimeFreezeReason,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Test;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(3)]
	pub type Nfts = pallet_nfts;
	#[runtime::pallet_index(4)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(5)]
	pub type AssetsHolder = pallet_assets_holder;
	#[runtime::pallet_index(6)]
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(7)]
	pub type Metering = pallet_metering;
	#[runtime::pallet_index(8)]
	pub type StorageNodes = pallet_storage_nodes;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type AccountId = AccountId;
	type Lookup = IdentityLookup<AccountId>;
	type Block = Block;
	type AccountData = pallet_balances::AccountData<Balance>;
}

#[derive_impl(pallet_timestamp::config_preludes::TestDefaultConfig)]
impl pallet_timestamp::Config for Test {}

parameter_types! {
	pub const ExistentialDeposit: Balance = MINIMUM;
	pub const Nothing: Balance = 0;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

impl pallet_assets::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1000>;
	type AssetId = u32;
	type AssetIdParameter = u32;
	type ReserveData = ();
	type Currency = Balances;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureNever<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = Nothing;
	type AssetAccountDeposit = Nothing;
	type MetadataDepositBase = Nothing;
	type MetadataDepositPerByte = Nothing;
	type ApprovalDeposit = Nothing;
	type StringLimit = ConstU32<50>;
	type Holder = AssetsHolder;
	type Freezer = ();
	type Extra = ();
	type WeightInfo = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	pallet_assets::runtime_benchmarks_enabled! {
		type BenchmarkHelper = ();
	}
}

impl pallet_assets_holder::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
	/// As in the runtime: nobody may do any of these.
	pub NftFeatures: pallet_nfts::PalletFeatures = pallet_nfts::PalletFeatures::from_disabled(
		pallet_nfts::PalletFeature::Trading
			| pallet_nfts::PalletFeature::Attributes
			| pallet_nfts::PalletFeature::Approvals
			| pallet_nfts::PalletFeature::Swaps
	);
}

impl pallet_nfts::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type CollectionId = u32;
	type ItemId = u32;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<AccountId>;
	type CreateOrigin = AsEnsureOriginWithArg<EnsureNever<AccountId>>;
	type Locker = ();
	type CollectionDeposit = Nothing;
	type ItemDeposit = Nothing;
	type MetadataDepositBase = Nothing;
	type AttributeDepositBase = Nothing;
	type DepositPerByte = Nothing;
	type StringLimit = ConstU32<256>;
	type KeyLimit = ConstU32<64>;
	type ValueLimit = ConstU32<256>;
	type ApprovalsLimit = ConstU32<1>;
	type ItemAttributesApprovalsLimit = ConstU32<1>;
	type MaxTips = ConstU32<1>;
	type MaxDeadlineDuration = frame_support::traits::ConstU64<100>;
	type MaxAttributesPerCall = ConstU32<1>;
	type Features = NftFeatures;
	type OffchainSignature = MultiSignature;
	type OffchainPublic = <MultiSignature as Verify>::Signer;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = ();
	type BlockNumberProvider = System;
}

parameter_types! {
	pub const ApplicationDeposit: Balance = 10 * DECA;
	pub const MeterDeposit: Balance = DECA;
	pub const ChallengeBond: Balance = 5 * DECA;
	pub const ChallengeTimeout: Interval = 672;
	pub CollectionOwner: AccountId = PalletId(*b"hlg/mine").into_account_truncating();
	pub const PenaltyAccount: AccountId = PENALTIES;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub CurrentInterval: Interval = Metering::current_interval();
	pub storage MinBond: Balance = 10 * DECA;
	pub storage BondPerKwh: Balance = DECA;
	pub storage PenaltyPrice: Price = PENALTY;
	pub storage Grace: Interval = GRACE;
	pub storage AcceptWindow: Interval = 8;
	pub storage CoverWindow: Interval = 20;
	/// Tokens that are not for energy in a battery of a test.
	pub storage Given: Balance = 0;
}

impl pallet_miners::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Tokens = Nfts;
	type CollectionOwner = CollectionOwner;
	type AdmissionOrigin = EnsureRoot<AccountId>;
	type SlashDestination = PenaltyAccount;
	type ApplicationDeposit = ApplicationDeposit;
	type MeterDeposit = MeterDeposit;
	type MaxMeters = ConstU32<6>;
	type MaxOperators = ConstU32<3>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
}

impl pallet_metering::Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Miners = Miners;
	type Bonds = Miners;
	type ChallengeOrigin = EnsureRoot<AccountId>;
	type ChallengeBond = ChallengeBond;
	type ChallengeTimeout = ChallengeTimeout;
	type SlashDestination = PenaltyAccount;
	type MaxBatch = ConstU32<128>;
	type FeelessReadingsPerBlock = ConstU32<256>;
	type WeightInfo = ();
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = AssetsHolder;
	type Kwh = Assets;
	type KwhId = ConstU32<KWH_ID>;
	type Miners = Miners;
	type Assignment = Miners;
	type Reports = Metering;
	type Energy = Metering;
	type Inflows = Metering;
	type Uses = Metering;
	type CurrentInterval = CurrentInterval;
	type DaoOrigin = EnsureRoot<AccountId>;
	type FeeDestination = TreasuryAccount;
	type MinBond = MinBond;
	type BondPerKwh = BondPerKwh;
	type PenaltyPrice = PenaltyPrice;
	type Grace = Grace;
	type AcceptWindow = AcceptWindow;
	type CoverWindow = CoverWindow;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// Registers miners for benchmarks, as the runtime does.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registry;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId, kind: MinerKind, flow: Flow) -> (MinerId, MeterId) {
		let number = pallet_miners::NextMeterId::<Test>::get();
		let key = MeterKey::Ed25519(device(number).public().0);
		let meter = Miners::register_for_benchmark(owner, owner, key, NAMEPLATE);
		let miner = pallet_miners::Meters::<Test>::mutate(meter, |info| {
			let info = info.as_mut().expect("registered");
			info.flow = flow;
			info.miner
		});
		pallet_miners::Miners::<Test>::mutate(miner, |entry| {
			entry.as_mut().expect("registered").kind = kind;
		});
		(miner, meter)
	}

	fn add_meter(miner: MinerId, flow: Flow) -> MeterId {
		let number = pallet_miners::NextMeterId::<Test>::get();
		pallet_miners::NextMeterId::<Test>::put(number + 1);
		let info = MeterInfo {
			miner,
			key: MeterKey::Ed25519(device(number).public().0),
			flow,
			nameplate: NAMEPLATE,
			node: None,
			retired: false,
		};
		pallet_miners::Meters::<Test>::insert(number, info);
		number
	}

	fn send(node: MinerId, interval: Interval, energy: u64) {
		let inflow = heliograph_primitives::claim::NodeInflow { interval, energy, meters: 1 };
		pallet_metering::NodeFlows::<Test>::insert(node, (interval % RING) as u8, inflow);
	}

	fn go_to(interval: Interval) {
		go_to(interval);
	}
}

/// A chain at the beginning of interval `START`, with people who have `ENDOWMENT`, and the energy token.
pub fn new_test_ext() -> sp_io::TestExternalities {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let people = [NORA, OLGA, PETER, WANDA, DAVE, AGENT, CAROL].map(|who| (who, ENDOWMENT));
	let funds = [(TREASURY, DECA), (PENALTIES, DECA)];
	pallet_balances::GenesisConfig::<Test> {
		balances: people.into_iter().chain(funds).collect(),
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_assets::GenesisConfig::<Test> {
		assets: vec![(KWH_ID, TREASURY, true, 1)],
		metadata: vec![(KWH_ID, b"Heliograph kilowatt-hour".to_vec(), b"KWH".to_vec(), 6)],
		..Default::default()
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
	let mut ext = sp_io::TestExternalities::new(storage);
	ext.execute_with(|| {
		System::set_block_number(1);
		go_to(START);
	});
	ext
}

/// Runs a test and checks the invariants of all pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		test();
		check_invariants();
	});
}

/// The rules of the pallets, and what can be said when all of them are seen.
pub fn check_invariants() {
	Miners::do_try_state().expect("the invariants of miners hold");
	Metering::do_try_state().expect("the invariants of metering hold");
	StorageNodes::do_try_state().expect("the invariants of the storage nodes hold");
	let Parity { supply, backing, lost, .. } = StorageNodes::parity();
	assert!(supply <= backing + lost + Given::get(), "tokens are out for energy that nobody had");
	let held = pallet_assets::Account::<Test>::iter_key_prefix(KWH_ID)
		.map(|who| tokens(&who) + tokens_held(&who))
		.sum::<Balance>();
	assert_eq!(held, supply, "the accounts do not hold the supply");
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * pallet_metering::IntervalMillis::<Test>::get());
}

pub fn now() -> Interval {
	Metering::current_interval()
}

/// The device of a meter, whose number it has: the helpers here number them so.
pub fn device(meter: MeterId) -> ed25519::Pair {
	let mut seed = [0; 32];
	seed[..4].copy_from_slice(&meter.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

/// Admits a miner of `owner` with meters of these flows, operated by `AGENT`. Returns it and its meters.
pub fn admit(owner: &AccountId, kind: MinerKind, flows: &[Flow]) -> (MinerId, Vec<MeterId>) {
	let first = pallet_miners::NextMeterId::<Test>::get();
	let ids = (first..).take(flows.len()).collect::<Vec<_>>();
	let meters = ids
		.iter()
		.zip(flows)
		.map(|(id, flow)| pallet_miners::MeterApplication {
			key: MeterKey::Ed25519(device(*id).public().0),
			flow: *flow,
			nameplate: NAMEPLATE,
			possession: device(*id).sign(&possession_payload(&Miners::genesis_hash(), owner)).0,
		})
		.collect::<Vec<_>>();
	let profile = pallet_miners::Profile {
		source: pallet_miners::Source::Solar,
		method: pallet_miners::CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: Default::default(),
		commissioned: 19_000,
	};
	let application = pallet_miners::NextApplicationId::<Test>::get();
	let miner = pallet_miners::NextMinerId::<Test>::get();
	Miners::apply(signed(owner), kind, profile, meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	Miners::add_operator(signed(owner), miner, AGENT).unwrap();
	(miner, ids)
}

/// A battery and its meters.
#[derive(Clone, Copy, Debug)]
pub struct Battery {
	pub node: MinerId,
	pub charge: MeterId,
	pub discharge: MeterId,
	pub loss: MeterId,
}

impl Battery {
	pub fn meters(&self) -> NodeMeters {
		NodeMeters { charge: self.charge, discharge: self.discharge, loss: Some(self.loss) }
	}

	pub fn get(&self) -> NodeOf<Test> {
		Nodes::<Test>::get(self.node).unwrap()
	}

	pub fn books(&self) -> Books {
		self.get().books
	}

	/// Anyone accounts for it, as far as it goes.
	pub fn account(&self) {
		StorageNodes::account(signed(&CAROL), self.node, RING).unwrap();
	}
}

/// A miner of `owner` that can be registered as a node, and its meters.
pub fn storage(owner: &AccountId) -> Battery {
	let flows = [Flow::Charge, Flow::Discharge, Flow::Consumption];
	let (node, meters) = admit(owner, MinerKind::Storage, &flows);
	Battery { node, charge: meters[0], discharge: meters[1], loss: meters[2] }
}

/// Nora's node, of `CAPACITY`, whose meters have reported.
pub fn battery() -> Battery {
	let battery = storage(&NORA);
	StorageNodes::register_node(signed(&NORA), battery.node, battery.meters(), CAPACITY).unwrap();
	quarter(&[(battery.charge, 0), (battery.discharge, 0), (battery.loss, 0)]);
	battery
}

/// The export meter of a new roof of `owner`, which has reported.
pub fn roof(owner: &AccountId) -> MeterId {
	let (_, meters) = admit(owner, MinerKind::Standard, &[Flow::Export]);
	base(meters[0]);
	meters[0]
}

/// The import meter of a new home of `owner`, which has reported.
pub fn home(owner: &AccountId) -> MeterId {
	let (_, meters) = admit(owner, MinerKind::Consumer, &[Flow::Import]);
	base(meters[0]);
	meters[0]
}

/// `meter` sends to `battery` from now on.
pub fn deposit(owner: &AccountId, meter: MeterId, battery: &Battery) {
	StorageNodes::ask_deposit(signed(owner), meter, battery.node).unwrap();
	StorageNodes::accept_deposit(signed(&NORA), meter).unwrap();
}

/// The first reading of a meter, of the interval before the one that runs.
pub fn base(meter: MeterId) {
	submit(vec![(meter, now() - 1, 0, Quality::Measured)]);
}

/// Readings of meters: of which interval, and what is added to the register, which is signed by the device and submitted.
pub fn submit(readings: Vec<(MeterId, Interval, u64, Quality)>) {
	let batch = readings
		.into_iter()
		.map(|(meter, interval, energy, quality)| {
			let before = Metering::meter_state(meter).map_or(0, |state| state.register);
			let register = before + energy;
			let reading = Reading { meter, epoch: 0, interval, register, quality };
			let signature = device(meter).sign(&reading.signing_payload(&Miners::genesis_hash())).0;
			SignedReading { reading, signature }
		})
		.collect::<Vec<_>>();
	let count = batch.len() as u32;
	System::reset_events();
	Metering::submit_readings(signed(&AGENT), batch.try_into().unwrap()).unwrap();
	System::assert_last_event(
		pallet_metering::Event::BatchJudged { operator: AGENT, accepted: count, refused: 0 }.into(),
	);
}

/// The interval that runs passes, and these meters report what they measured in it.
pub fn quarter(energies: &[(MeterId, u32)]) {
	let interval = now();
	for (meter, _) in energies {
		if Metering::meter_state(*meter).is_none() {
			base(*meter);
		}
	}
	go_to(interval + 1);
	let reading = |(meter, energy): &(MeterId, u32)| {
		(*meter, interval, u64::from(*energy), Quality::Measured)
	};
	submit(energies.iter().map(reading).collect());
}

/// So many intervals pass in which these meters measure nothing, and say so.
pub fn idle(intervals: Interval, meters: &[MeterId]) {
	for _ in 0..intervals {
		quarter(&meters.iter().map(|meter| (*meter, 0)).collect::<Vec<_>>());
	}
}

/// Free energy tokens.
pub fn tokens(who: &AccountId) -> Balance {
	Assets::balance(KWH_ID, who)
}

/// Energy tokens on hold.
pub fn tokens_held(who: &AccountId) -> Balance {
	<AssetsHolder as fungibles::InspectHold<_>>::total_balance_on_hold(KWH_ID, who)
}

/// Free DECA.
pub fn deca(who: &AccountId) -> Balance {
	<Balances as fungible::Inspect<_>>::balance(who)
}

/// DECA on hold for nodes.
pub fn bond_of(who: &AccountId) -> Balance {
	<Balances as fungible::InspectHold<_>>::balance_on_hold(&HoldReason::Bond.into(), who)
}

/// Anyone accounts for the meter.
pub fn account_meter(meter: MeterId) {
	StorageNodes::account_meter(signed(&CAROL), meter).unwrap();
}

/// What was received of a meter and is not minted: sent, and received.
pub fn receipt(meter: MeterId) -> (u128, u128) {
	let Receipt { counted, received, .. } = StorageNodes::deposit(meter).receipt;
	(counted, received)
}

/// Mints tokens for all that was received of a meter. Returns how many.
pub fn mint(meter: MeterId, to: &AccountId) -> Balance {
	let (counted, _) = receipt(meter);
	let received = <StorageNodes as NodeReceipts>::take(meter, counted).unwrap();
	Assets::mint_into(KWH_ID, to, received).unwrap();
	received
}

/// Tokens for energy that is not in a battery of the test.
pub fn give(to: &AccountId, amount: Balance) {
	Assets::mint_into(KWH_ID, to, amount).unwrap();
	Given::set(&(Given::get() + amount));
}

/// A battery into which Olga's roof has sent `energy`, for which she has the tokens. All meters have reported, and all is
/// accounted for. Returns it and the meter of the roof.
pub fn filled(energy: u32) -> (Battery, MeterId) {
	let battery = battery();
	let meter = roof(&OLGA);
	deposit(&OLGA, meter, &battery);
	let Battery { charge, discharge, loss, .. } = battery;
	quarter(&[(meter, energy), (charge, energy), (discharge, 0), (loss, 0)]);
	idle(GRACE, &[meter, charge, discharge, loss]);
	battery.account();
	account_meter(meter);
	assert_eq!(mint(meter, &OLGA), energy.into());
	(battery, meter)
}

/// Wanda asks `battery` for energy that Olga gave her the tokens for, and Nora accepts. Returns the number and her meter.
pub fn drawing(battery: &Battery, energy: u64, duration: Interval) -> (WithdrawalId, MeterId) {
	let meter = home(&WANDA);
	give_on(&OLGA, &WANDA, Balance::from(energy) + 1);
	let withdrawal = NextWithdrawalId::<Test>::get();
	let call =
		StorageNodes::request_withdrawal(signed(&WANDA), battery.node, meter, energy, duration);
	call.unwrap();
	StorageNodes::accept_withdrawal(signed(&NORA), withdrawal).unwrap();
	(withdrawal, meter)
}

/// Somebody gives tokens to somebody else; what is lacking comes from nowhere.
pub fn give_on(from: &AccountId, to: &AccountId, amount: Balance) {
	let there = tokens(from).min(amount);
	if there > 0 {
		Assets::transfer(signed(from), KWH_ID, to.clone(), there).unwrap();
	}
	if amount > there {
		give(to, amount - there);
	}
}

/// The events of this pallet since they were last reset.
pub fn events() -> Vec<Event<Test>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::StorageNodes(event) => Some(event),
			_ => None,
		})
		.collect()
}

/// The last event of this pallet.
pub fn last_event() -> Event<Test> {
	events().pop().expect("something happened")
}
