//! A runtime in which everything is real but the votes: who admits, rules and approves is root. And but the storage nodes,
//! whose pallet depends on this one's token: here they have received what a test says.

use crate as pallet_issuance;
use crate::*;
use frame_support::{
	derive_impl,
	instances::{Instance1, Instance2},
	parameter_types, storage_alias,
	traits::{
		fungible::{NativeFromLeft, NativeOrWithId, UnionOf},
		AsEnsureOriginWithArg,
	},
};
use frame_system::{EnsureNever, EnsureRoot};
use heliograph_primitives::{
	keys::MeterKey,
	miner::Flow,
	reading::{possession_payload, Quality, Reading, SignedReading},
	units::CHALLENGE_WINDOW,
};
use pallet_asset_conversion::{
	AccountIdConverter, AddLiquidityAsset, Ascending, MutateLiquidity, PoolLocator as _,
};
use sp_core::{ed25519, Pair};
use sp_runtime::{
	traits::{IdentityLookup, Verify},
	AccountId32, BuildStorage, MultiSignature,
};

type Block = frame_system::mocking::MockBlock<Test>;
pub type AccountId = AccountId32;

/// Owns a roof.
pub const OLGA: AccountId = AccountId::new([1; 32]);
/// Owns another one.
pub const PETER: AccountId = AccountId::new([2; 32]);
/// Owns a storage node.
pub const NORA: AccountId = AccountId::new([3; 32]);
/// Submits everybody's readings.
pub const AGENT: AccountId = AccountId::new([4; 32]);
/// Challenges, swaps, gets things.
pub const CAROL: AccountId = AccountId::new([5; 32]);
/// Has nothing.
pub const PAUPER: AccountId = AccountId::new([6; 32]);
pub const TREASURY: AccountId = AccountId::new([7; 32]);
/// Gets what is slashed.
pub const PENALTIES: AccountId = AccountId::new([8; 32]);

/// One DECA.
pub const DECA: Balance = 1_000_000_000_000;
/// One KWH, which is a kWh.
pub const KWH: Balance = 1_000_000;
/// What each person has at first.
pub const ENDOWMENT: Balance = 10_000 * DECA;
/// What the payment fund has at first.
pub const FUND: Balance = 100_000 * DECA;
pub const KWH_ID: u32 = 1;
/// The nameplate of every meter, in W: 275 kWh at most in an interval.
pub const NAMEPLATE: u32 = 1_000_000;
/// The interval in which tests begin: the start of a day.
pub const START: Interval = 2_000_064;

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
	pub type Assets = pallet_assets<Instance1>;
	#[runtime::pallet_index(5)]
	pub type PoolAssets = pallet_assets<Instance2>;
	#[runtime::pallet_index(6)]
	pub type AssetConversion = pallet_asset_conversion;
	#[runtime::pallet_index(7)]
	pub type Miners = pallet_miners;
	#[runtime::pallet_index(8)]
	pub type Metering = pallet_metering;
	#[runtime::pallet_index(9)]
	pub type Issuance = pallet_issuance;
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
	pub const ExistentialDeposit: Balance = DECA / 1_000;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type Balance = Balance;
	type ExistentialDeposit = ExistentialDeposit;
	type AccountStore = System;
}

parameter_types! {
	pub const Nothing: Balance = 0;
	pub const ConversionPalletId: PalletId = PalletId(*b"py/ascon");
	pub ConversionAccount: AccountId = ConversionPalletId::get().into_account_truncating();
	pub const Native: NativeOrWithId<u32> = NativeOrWithId::Native;
	pub const Kwh: NativeOrWithId<u32> = NativeOrWithId::WithId(KWH_ID);
	pub LpFee: Permill = Permill::from_rational(3u32, 1_000u32);
	pub MaxSwapFee: Permill = Permill::from_percent(10);
}

impl pallet_assets::Config<Instance1> for Test {
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
	type Holder = ();
	type Freezer = ();
	type Extra = ();
	type WeightInfo = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	pallet_assets::runtime_benchmarks_enabled! {
		type BenchmarkHelper = ();
	}
}

impl pallet_assets::Config<Instance2> for Test {
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
	type Holder = ();
	type Freezer = ();
	type Extra = ();
	type WeightInfo = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	pallet_assets::runtime_benchmarks_enabled! {
		type BenchmarkHelper = ();
	}
}

pub type NativeAndAssets =
	UnionOf<Balances, Assets, NativeFromLeft, NativeOrWithId<u32>, AccountId>;
pub type PoolLocator = Ascending<
	AccountId,
	NativeOrWithId<u32>,
	AccountIdConverter<ConversionPalletId, (NativeOrWithId<u32>, NativeOrWithId<u32>)>,
>;

impl pallet_asset_conversion::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type HigherPrecisionBalance = sp_core::U256;
	type AssetKind = NativeOrWithId<u32>;
	type Assets = NativeAndAssets;
	type PoolId = (NativeOrWithId<u32>, NativeOrWithId<u32>);
	type PoolLocator = PoolLocator;
	type PoolAssetId = u32;
	type PoolAssets = PoolAssets;
	type LPFee = LpFee;
	type AdminOrigin = EnsureRoot<AccountId>;
	type MaxSwapFee = MaxSwapFee;
	type PoolSetupFee = Nothing;
	type PoolSetupFeeAsset = Native;
	type PoolSetupFeeTarget = ();
	type LiquidityWithdrawalFee = ();
	type MintMinLiquidity = frame_support::traits::ConstU128<100>;
	type MaxSwapPathLength = ConstU32<4>;
	type PalletId = ConversionPalletId;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

/// The pool of DECA and KWH of the real asset-conversion pallet.
pub struct Pool;

impl Pool {
	pub fn account() -> AccountId {
		PoolLocator::pool_address(&Native::get(), &Kwh::get()).expect("they differ")
	}

	pub fn lp_token() -> Option<u32> {
		let id = PoolLocator::pool_id(&Native::get(), &Kwh::get()).ok()?;
		pallet_asset_conversion::Pools::<Test>::get(id).map(|pool| pool.lp_token)
	}
}

impl LiquidityPool<AccountId, Balance> for Pool {
	fn reserves() -> Option<(Balance, Balance)> {
		Self::lp_token()?;
		Some((
			NativeAndAssets::balance(Native::get(), &Self::account()),
			NativeAndAssets::balance(Kwh::get(), &Self::account()),
		))
	}

	fn deposit(
		who: &AccountId,
		deca: Balance,
		kwh: Balance,
	) -> Result<Deposited<Balance>, DispatchError> {
		let before = Self::reserves().ok_or(DispatchError::Unavailable)?;
		let offer =
			|asset, amount_desired| AddLiquidityAsset { asset, amount_desired, amount_min: 1 };
		let lp = <AssetConversion as MutateLiquidity<AccountId>>::add_liquidity(
			who,
			offer(Native::get(), deca),
			offer(Kwh::get(), kwh),
			who,
		)?;
		let after = Self::reserves().ok_or(DispatchError::Unavailable)?;
		Ok(Deposited {
			deca: after.0.saturating_sub(before.0),
			kwh: after.1.saturating_sub(before.1),
			lp,
		})
	}

	fn transfer_lp(from: &AccountId, to: &AccountId, amount: Balance) -> DispatchResult {
		let lp = Self::lp_token().ok_or(DispatchError::Unavailable)?;
		<PoolAssets as fungibles::Mutate<AccountId>>::transfer(
			lp,
			from,
			to,
			amount,
			Preservation::Expendable,
		)?;
		Ok(())
	}
}

parameter_types! {
	pub storage DecaPerKwh: Balance = DECA / 10;
	pub storage MinerShare: Permill = Permill::from_percent(80);
	pub storage NodeShare: Permill = Permill::from_percent(10);
	pub storage MaxPoolDeviation: Permill = Permill::from_percent(20);
	pub storage RequestDeposit: Balance = DECA;
	pub const TreasuryAccount: AccountId = TREASURY;
	pub const PenaltyAccount: AccountId = PENALTIES;
	pub const IssuancePalletId: PalletId = PalletId(*b"hlg/issu");
	pub CurrentInterval: Interval = Metering::current_interval();
}

/// Liveness work of odd miners.
pub struct OddMinersWork;

impl WorkShares for OddMinersWork {
	fn since(miner: MinerId, _: Interval) -> Option<u32> {
		(miner % 2 == 1).then_some(42)
	}
}

/// What the storage nodes have accounted for of each meter and was not taken.
#[storage_alias]
pub type Accounted = StorageMap<Nodes, Identity, MeterId, Receipt, ValueQuery>;

/// Storage nodes that received what a test says, in mWh of all that they accounted for of a meter.
pub struct Nodes;

impl NodeReceipts for Nodes {
	fn received(meter: MeterId, energy: u128) -> Option<u128> {
		let Receipt { energy: counted, received, node } = Accounted::get(meter);
		let there = (1..=counted).contains(&energy) && !Self::disputed(node);
		there.then(|| received * energy / counted)
	}

	fn take(meter: MeterId, energy: u128) -> Result<u128, DispatchError> {
		let received = Self::received(meter, energy).ok_or(DispatchError::Unavailable)?;
		Accounted::mutate(meter, |left| {
			left.energy -= energy;
			left.received -= received;
		});
		Ok(received)
	}

	fn receiver(meter: MeterId) -> Option<MinerId> {
		let Receipt { received, node, .. } = Accounted::get(meter);
		let due = Due::get(meter);
		(received > 0).then_some(node).or(due)
	}

	/// Any challenged meter of the miner will do here.
	fn disputed(node: MinerId) -> bool {
		let challenged = |meter| Metering::energy(meter).is_some_and(|energy| energy.quarantined);
		Miners::meters_of(node).into_iter().any(|(meter, _)| challenged(meter))
	}
}

/// The nodes that have still to account for what a meter sent.
#[storage_alias]
pub type Due = StorageMap<Nodes, Identity, MeterId, MinerId, OptionQuery>;

/// The node of `meter` accounts for `energy` mWh more that the meter sent, of which it received `received`.
pub fn node_received(meter: MeterId, energy: Balance, received: Balance) {
	Accounted::mutate(meter, |sum| {
		sum.energy += energy;
		sum.received += received;
		sum.node = Miners::meter(meter).and_then(|info| info.node).unwrap_or(sum.node);
	});
}

impl Config for Test {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Assets = Assets;
	type KwhId = ConstU32<KWH_ID>;
	type Pool = Pool;
	type Miners = Miners;
	type Energy = Metering;
	type Receipts = Nodes;
	type WorkShares = OddMinersWork;
	type CurrentInterval = CurrentInterval;
	type IssuanceOrigin = EnsureRoot<AccountId>;
	type GridMeterOrigin = EnsureRoot<AccountId>;
	type DecaPerKwh = DecaPerKwh;
	type MinerShare = MinerShare;
	type NodeShare = NodeShare;
	type MaxPoolDeviation = MaxPoolDeviation;
	type RequestDeposit = RequestDeposit;
	type Treasury = TreasuryAccount;
	type PalletId = IssuancePalletId;
	type MaxMeters = ConstU32<4>;
	type MaxBatch = ConstU32<4>;
	type MaxReasonLength = ConstU32<32>;
	type WeightInfo = ();
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = Registry;
}

/// Registers miners for benchmarks, as the runtime does.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registry;

#[cfg(feature = "runtime-benchmarks")]
impl BenchmarkHelper<AccountId> for Registry {
	fn register(owner: &AccountId, meters: u32, sends: bool) -> (MinerId, Vec<MeterId>) {
		let register = |owner: &AccountId, number| {
			Miners::register_for_benchmark(
				owner,
				&AGENT,
				MeterKey::Ed25519([number; 32]),
				NAMEPLATE,
			)
		};
		let sent_to = register(&NORA, 1);
		let first = register(owner, 2);
		let node = Miners::meter(sent_to).map(|info| info.miner).filter(|_| sends);
		let info = Miners::meter(first).expect("it was just registered");
		// The miner lists as many meters as it can have; these numbers are theirs.
		let numbers = (first..first + meters).collect::<Vec<_>>();
		for number in &numbers {
			let info = heliograph_primitives::MeterInfo { node, ..info };
			pallet_miners::Meters::<Test>::insert(number, info);
		}
		(info.miner, numbers)
	}

	fn receive(meter: MeterId, energy: u128, received: u128) {
		node_received(meter, energy, received);
	}
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

/// A chain at the beginning of interval `START`, with people who have `ENDOWMENT`, a payment fund, the energy token, and
/// an empty pool. The grid meter counts, as most of what is tested here has nothing to do with storage nodes.
pub struct ExtBuilder {
	pub pool: bool,
	pub fund: Balance,
	pub grid_meter_counts: bool,
}

impl Default for ExtBuilder {
	fn default() -> Self {
		Self { pool: true, fund: FUND, grid_meter_counts: true }
	}
}

impl ExtBuilder {
	pub fn build(self) -> sp_io::TestExternalities {
		let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
		let people = [OLGA, PETER, NORA, AGENT, CAROL].map(|who| (who, ENDOWMENT));
		let funds = [(TREASURY, DECA), (PENALTIES, DECA), (Issuance::account(), self.fund)];
		pallet_balances::GenesisConfig::<Test> {
			balances: people.into_iter().chain(funds).filter(|(_, sum)| *sum > 0).collect(),
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		pallet_assets::GenesisConfig::<Test, Instance1> {
			assets: vec![(KWH_ID, Issuance::account(), true, 1)],
			metadata: vec![(KWH_ID, b"Heliograph kilowatt-hour".to_vec(), b"KWH".to_vec(), 6)],
			..Default::default()
		}
		.assimilate_storage(&mut storage)
		.unwrap();
		if self.pool {
			pallet_asset_conversion::GenesisConfig::<Test> {
				pools: vec![(Native::get(), Kwh::get(), CAROL, 0, 0)],
			}
			.assimilate_storage(&mut storage)
			.unwrap();
		}
		pallet_miners::GenesisConfig::<Test>::default().assimilate_storage(&mut storage).unwrap();
		let grid_meter_counts = self.grid_meter_counts;
		pallet_issuance::GenesisConfig::<Test> { grid_meter_counts, ..Default::default() }
			.assimilate_storage(&mut storage)
			.unwrap();
		let mut ext = sp_io::TestExternalities::new(storage);
		ext.execute_with(|| {
			System::set_block_number(1);
			go_to(START);
		});
		ext
	}

	/// Runs a test and checks the invariants of all pallets after it.
	pub fn execute(self, test: impl FnOnce()) {
		self.build().execute_with(|| {
			test();
			check_invariants();
		});
	}
}

/// Runs a test and checks the invariants of all pallets after it.
pub fn build_and_execute(test: impl FnOnce()) {
	ExtBuilder::default().execute(test);
}

/// The rules of the pallets, and what can be said when all of them are seen.
pub fn check_invariants() {
	Miners::do_try_state().expect("the invariants of miners hold");
	Metering::do_try_state().expect("the invariants of metering hold");
	Issuance::do_try_state().expect("the invariants of issuance hold");
	let claimed = pallet_metering::MeterStates::<Test>::iter()
		.map(|(_, state)| state.claimed[ClaimKind::Token as usize])
		.sum::<u128>();
	let used = Issued::<Test>::get() + Lost::<Test>::get();
	assert_eq!(used, claimed, "what was claimed of all meters was neither issued nor lost");
	let Supply { issued, burned, circulating } = Issuance::supply();
	assert_eq!(circulating, issued - burned, "supply is not issued less burned");
	let held = pallet_assets::Account::<Test, Instance1>::iter_key_prefix(KWH_ID)
		.map(|who| Assets::balance(KWH_ID, &who))
		.sum::<Balance>();
	assert_eq!(held, circulating, "the accounts do not hold the supply");
}

pub fn signed(who: &AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who.clone())
}

/// Moves the clock to the beginning of an interval.
pub fn go_to(interval: Interval) {
	Timestamp::set_timestamp(u64::from(interval) * pallet_metering::IntervalMillis::<Test>::get());
}

/// Lets so much time pass that all that has arrived matures.
pub fn mature() {
	go_to(Metering::current_interval() + CHALLENGE_WINDOW + 13);
}

/// The device of a meter, whose number it has: the helpers here number them so.
pub fn device(meter: MeterId) -> ed25519::Pair {
	let mut seed = [0; 32];
	seed[..4].copy_from_slice(&meter.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

/// A meter of this device, with its proof of possession for `owner`.
pub fn meter_of_device(
	number: u32,
	flow: Flow,
	owner: &AccountId,
) -> pallet_miners::MeterApplication {
	let pair = device(number);
	pallet_miners::MeterApplication {
		key: MeterKey::Ed25519(pair.public().0),
		flow,
		nameplate: NAMEPLATE,
		possession: pair.sign(&possession_payload(&Miners::genesis_hash(), owner)).0,
	}
}

pub fn profile() -> pallet_miners::Profile {
	pallet_miners::Profile {
		source: pallet_miners::Source::Solar,
		method: pallet_miners::CollectionMethod::SmartMeter,
		capacity: NAMEPLATE,
		location: b"u33db".to_vec().try_into().unwrap(),
		grid_area: Default::default(),
		commissioned: 19_000,
	}
}

/// Admits a miner of `owner` with meters of these flows, operated by `AGENT`. Returns it and its meters.
pub fn admit(owner: &AccountId, kind: MinerKind, flows: &[Flow]) -> (MinerId, Vec<MeterId>) {
	let first = pallet_miners::NextMeterId::<Test>::get();
	let ids = (first..).take(flows.len()).collect::<Vec<_>>();
	let meters = ids
		.iter()
		.zip(flows)
		.map(|(id, flow)| meter_of_device(*id, *flow, owner))
		.collect::<Vec<_>>();
	let application = pallet_miners::NextApplicationId::<Test>::get();
	let miner = pallet_miners::NextMinerId::<Test>::get();
	Miners::apply(signed(owner), kind, profile(), meters.try_into().unwrap()).unwrap();
	Miners::approve(RuntimeOrigin::root(), application).unwrap();
	Miners::add_operator(signed(owner), miner, AGENT).unwrap();
	(miner, ids)
}

/// A standard miner of `owner` with one export meter.
pub fn roof(owner: &AccountId) -> (MinerId, MeterId) {
	let (miner, meters) = admit(owner, MinerKind::Standard, &[Flow::Export]);
	(miner, meters[0])
}

/// Nora's storage node; `meter` sends to it from now on.
pub fn send_to_noras_node(meter: MeterId) -> MinerId {
	let (node, _) = admit(&NORA, MinerKind::Storage, &[Flow::Charge]);
	Miners::assign_node(RuntimeOrigin::root(), meter, Some(node)).unwrap();
	node
}

/// The reading of `meter`'s device.
pub fn reading(meter: MeterId, interval: Interval, register: u64) -> SignedReading {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&Miners::genesis_hash())).0;
	SignedReading { reading, signature }
}

pub fn submit(readings: Vec<SignedReading>) {
	System::reset_events();
	Metering::submit_readings(signed(&AGENT), readings.try_into().unwrap()).unwrap();
	for record in System::events() {
		if let RuntimeEvent::Metering(event @ pallet_metering::Event::ReadingRefused { .. }) =
			record.event
		{
			panic!("{event:?}");
		}
	}
}

/// `meter` measures `energy` mWh in the interval that runs, which passes. It has not matured.
pub fn deliver(meter: MeterId, energy: Balance) {
	let now = Metering::current_interval();
	let register = match Metering::meter_state(meter) {
		Some(state) => state.register,
		None => {
			submit(vec![reading(meter, now - 1, 0)]);
			0
		}
	};
	go_to(now + 1);
	submit(vec![reading(meter, now, register + energy as u64)]);
}

/// `meter` measures `energy` mWh, and they mature.
pub fn mature_energy(meter: MeterId, energy: Balance) {
	deliver(meter, energy);
	mature();
}

/// The owner asks for all that matured at these meters. Returns the request's number.
pub fn request(owner: &AccountId, miner: MinerId, meters: &[MeterId], payout: Payout) -> RequestId {
	let request = NextRequestId::<Test>::get();
	Issuance::request_payment(signed(owner), miner, all_of(meters), payout).unwrap();
	request
}

/// All that matured at these meters.
pub fn all_of(meters: &[MeterId]) -> BoundedVec<AskedMeter, ConstU32<4>> {
	meters.iter().map(|meter| (*meter, None)).collect::<Vec<_>>().try_into().unwrap()
}

/// The DAO approves. Returns how each was paid, or why it was not.
pub fn approve(requests: &[RequestId]) -> Vec<Result<Settlement, DispatchError>> {
	System::reset_events();
	Issuance::approve(RuntimeOrigin::root(), requests.to_vec().try_into().unwrap()).unwrap();
	rulings()
}

/// What was approved or failed to be, since the events were last reset.
pub fn rulings() -> Vec<Result<Settlement, DispatchError>> {
	System::events()
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Issuance(Event::Approved { settlement, .. }) => Some(Ok(settlement)),
			RuntimeEvent::Issuance(Event::ApprovalFailed { error, .. }) => Some(Err(error)),
			_ => None,
		})
		.collect()
}

/// The DAO refuses, and says why.
pub fn reject(request: RequestId) {
	Issuance::reject(RuntimeOrigin::root(), request, reason("two days are missing")).unwrap();
}

pub fn reason(text: &str) -> BoundedVec<u8, ConstU32<32>> {
	text.as_bytes().to_vec().try_into().unwrap()
}

/// Free DECA, KWH and liquidity tokens.
pub fn wealth(who: &AccountId) -> Part {
	Part {
		deca: Balances::balance(who),
		kwh: Assets::balance(KWH_ID, who),
		lp: Pool::lp_token().map(|lp| PoolAssets::balance(lp, who)).unwrap_or_default(),
	}
}

/// What somebody has more than before.
pub fn gain(who: &AccountId, before: Part) -> Part {
	let now = wealth(who);
	Part { deca: now.deca - before.deca, kwh: now.kwh - before.kwh, lp: now.lp - before.lp }
}

/// Only who somebody is matters: `AccountId32` of `n`.
pub fn person(n: u8) -> AccountId {
	AccountId::new([100 + n; 32])
}
