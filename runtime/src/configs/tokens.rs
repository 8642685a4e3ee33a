//! Tokens beside DECA: the soul-bound miners and retirements, KWH, CO2, MAX and REC, the pools that they are traded in,
//! fees paid in them.

use super::{
	governance::{EnsureTechnicalDao, TreasuryAccount},
	origins::EnsureParameters,
};
use crate::{
	AccountId, AssetConversion, AssetRewards, Assets, AssetsFreezer, AssetsHolder, Balance,
	Balances, PoolAssets, PoolAssetsFreezer, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeFreezeReason, RuntimeHoldReason, Signature, System, DECA, MILLI_DECA,
};
use codec::{Compact, Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	instances::Instance1,
	parameter_types,
	traits::{
		fungible::{HoldConsideration, NativeFromLeft, NativeOrWithId, UnionOf as WithNative},
		fungibles::{Inspect, Mutate, UnionOf},
		tokens::{imbalance::ResolveAssetTo, Preservation},
		AsEnsureOriginWithArg, ConstU32, Contains, EitherOfDiverse, LinearStoragePrice,
		NeverEnsureOrigin,
	},
	PalletId,
};
use frame_system::{EnsureRoot, EnsureSigned};
use pallet_asset_conversion::{
	AccountIdConverter, AddLiquidityAsset, MutateLiquidity, PoolLocator, WithFirstAsset,
};
use pallet_asset_conversion_tx_payment::SwapAssetAdapter;
use pallet_issuance::{Deposited, LiquidityPool};
use pallet_nfts::{PalletFeature, PalletFeatures};
use scale_info::TypeInfo;
use sp_runtime::{
	traits::{AccountIdConversion, Convert, Verify},
	DispatchError, DispatchResult, Either, Permill,
};

/// The number of an asset.
pub type AssetId = u32;
/// DECA, or an asset by its number: what pools, fees and the treasury deal in.
pub type AssetKind = NativeOrWithId<AssetId>;
/// DECA and the assets as one family.
pub type NativeAndAssets = WithNative<Balances, Assets, NativeFromLeft, AssetKind, AccountId>;

/// One KWH is a kilowatt-hour that was delivered; its base unit is 1 mWh.
pub const KWH: AssetId = 1;
/// One CO2 is a kilogram of it not emitted; its base unit is 1 mg.
pub const CO2: AssetId = 2;
/// MaxCoin: pays for liveness work.
pub const MAX: AssetId = 3;
/// One REC is a kilowatt-hour whose certificate lies in the pool of certificates; its base unit is 1 mWh.
pub const REC: AssetId = 4;

/// The collection of soul-bound retirements; that of the miners is 0.
pub const RETIREMENTS: u32 = 1;

/// Holds the payment fund and mints KWH. Nobody has its key.
pub const ISSUANCE_PALLET_ID: PalletId = PalletId(*b"hlg/issu");
/// Mints REC and CO2, owns the collection of retirements. Nobody has its key.
pub const REC_PALLET_ID: PalletId = PalletId(*b"hlg/rec_");
/// Will mint MAX. Nobody has its key.
pub const MINING_POOL_PALLET_ID: PalletId = PalletId(*b"hlg/pool");
/// Owns the collection of soul-bound miners. Nobody has its key.
pub const MINERS_PALLET_ID: PalletId = PalletId(*b"hlg/mine");
/// Founds the pools that exist from the beginning. Nobody has its key.
pub const POOLS_PALLET_ID: PalletId = PalletId(*b"hlg/swap");
/// Holds what is paid to stakers of LP tokens. Nobody has its key.
pub const LP_REWARDS_PALLET_ID: PalletId = PalletId(*b"hlg/lprw");
/// Holds the pools of rewards, what they owe, and what was paid for units of plants. Nobody has its key.
pub const REWARDS_PALLET_ID: PalletId = PalletId(*b"hlg/rwrd");

/// Holds what was paid in for energy of quarters of an hour until it is delivered. Nobody has its key.
pub const SLOT_AUCTION_PALLET_ID: PalletId = PalletId(*b"hlg/slot");

/// The account of a pallet.
pub fn account_of(pallet: PalletId) -> AccountId {
	pallet.into_account_truncating()
}

parameter_types! {
	/// What the holder of a token could do with it against its being soul-bound, is switched off for everybody. Pallets
	/// still set attributes.
	pub NftFeatures: PalletFeatures = PalletFeatures::from_disabled(
		PalletFeature::Trading
			| PalletFeature::Attributes
			| PalletFeature::Approvals
			| PalletFeature::Swaps,
	);
	pub const CollectionDeposit: Balance = 100 * DECA;
	pub const ItemDeposit: Balance = DECA;
	pub const NftMetadataDeposit: Balance = DECA;
	pub const NftDepositPerByte: Balance = MILLI_DECA;
}

impl pallet_nfts::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type CollectionId = u32;
	type ItemId = u32;
	type Currency = Balances;
	type ForceOrigin = EnsureRoot<AccountId>;
	/// Collections are the chain's own.
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type Locker = ();
	type CollectionDeposit = CollectionDeposit;
	type ItemDeposit = ItemDeposit;
	type MetadataDepositBase = NftMetadataDeposit;
	type AttributeDepositBase = NftMetadataDeposit;
	type DepositPerByte = NftDepositPerByte;
	type StringLimit = ConstU32<256>;
	type KeyLimit = ConstU32<64>;
	type ValueLimit = ConstU32<256>;
	type ApprovalsLimit = ConstU32<20>;
	type ItemAttributesApprovalsLimit = ConstU32<20>;
	type MaxTips = ConstU32<10>;
	type MaxDeadlineDuration = ConstU32<{ 30 * crate::DAYS }>;
	type MaxAttributesPerCall = ConstU32<10>;
	type Features = NftFeatures;
	type OffchainSignature = Signature;
	type OffchainPublic = <Signature as Verify>::Signer;
	#[cfg(feature = "runtime-benchmarks")]
	type Helper = ();
	type WeightInfo = pallet_nfts::weights::SubstrateWeight<Runtime>;
	type BlockNumberProvider = System;
}

parameter_types! {
	pub const AssetDeposit: Balance = 100 * DECA;
	pub const AssetAccountDeposit: Balance = 100 * MILLI_DECA;
	pub const AssetMetadataDeposit: Balance = DECA;
	pub const AssetMetadataDepositPerByte: Balance = MILLI_DECA;
	pub const ApprovalDeposit: Balance = 100 * MILLI_DECA;
	pub const NoDeposit: Balance = 0;
}

impl pallet_assets::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = Compact<AssetId>;
	type ReserveData = ();
	type Currency = Balances;
	/// Assets are the chain's own.
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = AssetDeposit;
	type AssetAccountDeposit = AssetAccountDeposit;
	type MetadataDepositBase = AssetMetadataDeposit;
	type MetadataDepositPerByte = AssetMetadataDepositPerByte;
	type ApprovalDeposit = ApprovalDeposit;
	type StringLimit = ConstU32<50>;
	type Freezer = AssetsFreezer;
	type Holder = AssetsHolder;
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_assets_holder::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type RuntimeEvent = RuntimeEvent;
}

impl pallet_assets_freezer::Config for Runtime {
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RuntimeEvent = RuntimeEvent;
}

/// The LP tokens.
pub type PoolAssetsInstance = Instance1;

impl pallet_assets::Config<PoolAssetsInstance> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type RemoveItemsLimit = ConstU32<1_000>;
	type AssetId = AssetId;
	type AssetIdParameter = AssetId;
	type ReserveData = ();
	type Currency = Balances;
	/// Pools alone make LP tokens.
	type CreateOrigin = AsEnsureOriginWithArg<NeverEnsureOrigin<AccountId>>;
	type ForceOrigin = EnsureRoot<AccountId>;
	type AssetDeposit = NoDeposit;
	type AssetAccountDeposit = AssetAccountDeposit;
	type MetadataDepositBase = NoDeposit;
	type MetadataDepositPerByte = NoDeposit;
	type ApprovalDeposit = ApprovalDeposit;
	type StringLimit = ConstU32<50>;
	type Freezer = PoolAssetsFreezer;
	type Holder = ();
	type Extra = ();
	type CallbackHandle = ();
	type AssetIdAllocator = ();
	type WeightInfo = pallet_assets::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = ();
}

impl pallet_assets_freezer::Config<PoolAssetsInstance> for Runtime {
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type RuntimeEvent = RuntimeEvent;
}

parameter_types! {
	pub const Native: AssetKind = NativeOrWithId::Native;
	pub const LpFee: Permill = Permill::from_parts(3_000);
	pub const MaxSwapFee: Permill = Permill::from_percent(5);
	pub const PoolSetupFee: Balance = 10 * DECA;
	pub const LiquidityWithdrawalFee: Permill = Permill::zero();
	pub const MintMinLiquidity: Balance = 100;
	pub const PoolsPalletId: PalletId = POOLS_PALLET_ID;
}

impl pallet_asset_conversion::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Balance = Balance;
	type HigherPrecisionBalance = sp_core::U256;
	type AssetKind = AssetKind;
	type Assets = NativeAndAssets;
	type PoolId = (AssetKind, AssetKind);
	/// DECA is one side of every pool.
	type PoolLocator = WithFirstAsset<
		Native,
		AccountId,
		AssetKind,
		AccountIdConverter<PoolsPalletId, (AssetKind, AssetKind)>,
	>;
	type PoolAssetId = AssetId;
	type PoolAssets = PoolAssets;
	type LPFee = LpFee;
	type AdminOrigin = EnsureTechnicalDao;
	type MaxSwapFee = MaxSwapFee;
	type PoolSetupFee = PoolSetupFee;
	type PoolSetupFeeAsset = Native;
	type PoolSetupFeeTarget = ResolveAssetTo<TreasuryAccount, NativeAndAssets>;
	type LiquidityWithdrawalFee = LiquidityWithdrawalFee;
	type MintMinLiquidity = MintMinLiquidity;
	type MaxSwapPathLength = ConstU32<3>;
	type PalletId = PoolsPalletId;
	type WeightInfo = pallet_asset_conversion::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = pallet_asset_conversion::NativeOrWithIdFactory<AssetId>;
}

impl pallet_asset_conversion_tx_payment::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type AssetId = AssetKind;
	/// A fee paid in KWH is swapped for DECA in the pool, and the DECA goes where all fees go.
	type OnChargeAssetTransaction = SwapAssetAdapter<
		Native,
		NativeAndAssets,
		AssetConversion,
		ResolveAssetTo<TreasuryAccount, NativeAndAssets>,
	>;
	type WeightInfo = pallet_asset_conversion_tx_payment::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Fees;
}

/// An asset of the chain, or an LP token.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Token {
	/// An asset by its number.
	#[codec(index = 0)]
	Asset(AssetId),
	/// An LP token by its number.
	#[codec(index = 1)]
	Lp(AssetId),
}

/// Says where a [`Token`] is kept: assets to the left, LP tokens to the right.
pub struct LpFromRight;
impl Convert<Token, Either<AssetId, AssetId>> for LpFromRight {
	fn convert(token: Token) -> Either<AssetId, AssetId> {
		match token {
			Token::Asset(id) => Either::Left(id),
			Token::Lp(id) => Either::Right(id),
		}
	}
}

/// DECA, an asset or an LP token: what can be paid as a reward, and, but for assets ([`StakesStay`]), staked.
pub type StakeKind = NativeOrWithId<Token>;
type AllTokens = WithNative<
	Balances,
	UnionOf<Assets, PoolAssets, LpFromRight, Token, AccountId>,
	NativeFromLeft,
	StakeKind,
	AccountId,
>;
type AllFreezers = WithNative<
	Balances,
	UnionOf<AssetsFreezer, PoolAssetsFreezer, LpFromRight, Token, AccountId>,
	NativeFromLeft,
	StakeKind,
	AccountId,
>;

parameter_types! {
	pub const LpRewardsPalletId: PalletId = LP_REWARDS_PALLET_ID;
	pub const RewardPoolBase: Balance = DECA;
	pub const RewardPoolByte: Balance = MILLI_DECA;
	pub const RewardPoolHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::AssetRewards(pallet_asset_rewards::HoldReason::PoolCreation);
}

type RewardPoolPrice = LinearStoragePrice<RewardPoolBase, RewardPoolByte, Balance>;

/// What is held from whoever opens a pool of rewards.
pub fn reward_pool_deposit() -> Balance {
	RewardPoolPrice::convert(AssetRewards::pool_creation_footprint())
}

impl pallet_asset_rewards::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type PalletId = LpRewardsPalletId;
	type AssetId = StakeKind;
	type Balance = Balance;
	/// Whoever pays the deposit, and then the rewards.
	type CreatePoolOrigin = EnsureSigned<AccountId>;
	type Assets = AllTokens;
	type AssetsFreezer = AllFreezers;
	type RuntimeFreezeReason = RuntimeFreezeReason;
	type Consideration =
		HoldConsideration<AccountId, Balances, RewardPoolHoldReason, RewardPoolPrice>;
	/// The crate does not publish the weights with the chain's own database costs; these are higher.
	type WeightInfo = ();
	type BlockNumberProvider = System;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Rewards;
}

impl pallet_asset_rate::Config for Runtime {
	type WeightInfo = pallet_asset_rate::weights::SubstrateWeight<Runtime>;
	type RuntimeEvent = RuntimeEvent;
	type CreateOrigin = EnsureRates;
	type RemoveOrigin = EnsureRates;
	type UpdateOrigin = EnsureRates;
	type Currency = Balances;
	type AssetKind = AssetKind;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = benchmark_helpers::Kinds;
}

/// All calls but those that open a pool of rewards whose stake could be sold. What is on hold of an asset counts towards what
/// is frozen of it, and can be taken all the same: KWH could be offered in the order book, staked, sold, and staked again by
/// who bought them. LP tokens are never on hold, and DECA that is frozen stays when what is on hold is taken.
pub struct StakesStay;
impl Contains<RuntimeCall> for StakesStay {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::AssetRewards(pallet_asset_rewards::Call::create_pool {
				staked_asset_id,
				..
			}) => !matches!(**staked_asset_id, NativeOrWithId::WithId(Token::Asset(_))),
			_ => true,
		}
	}
}

/// Who says what an asset counts in DECA when the treasury spends it: as with the governed numbers.
type EnsureRates = EitherOfDiverse<EnsureTechnicalDao, EnsureParameters>;

type PoolError = pallet_asset_conversion::Error<Runtime>;

/// The pool of DECA and KWH as the issuance pallet uses it.
pub struct KwhPool;

impl KwhPool {
	const NATIVE: AssetKind = NativeOrWithId::Native;
	const ASSET: AssetKind = NativeOrWithId::WithId(KWH);

	/// The number of its LP token and its account, if the pool exists.
	fn find() -> Option<(AssetId, AccountId)> {
		type Locator = <Runtime as pallet_asset_conversion::Config>::PoolLocator;
		let id = Locator::pool_id(&Self::NATIVE, &Self::ASSET).ok()?;
		let lp_token = pallet_asset_conversion::Pools::<Runtime>::get(&id)?.lp_token;
		Some((lp_token, Locator::address(&id).ok()?))
	}

	fn holdings(account: &AccountId) -> (Balance, Balance) {
		(
			NativeAndAssets::balance(Self::NATIVE, account),
			NativeAndAssets::balance(Self::ASSET, account),
		)
	}
}

impl LiquidityPool<AccountId, Balance> for KwhPool {
	fn reserves() -> Option<(Balance, Balance)> {
		Self::find().map(|(_, account)| Self::holdings(&account))
	}

	fn deposit(
		who: &AccountId,
		deca: Balance,
		kwh: Balance,
	) -> Result<Deposited<Balance>, DispatchError> {
		let (_, account) = Self::find().ok_or(PoolError::PoolNotFound)?;
		let before = Self::holdings(&account);
		let side =
			|asset, amount_desired| AddLiquidityAsset { asset, amount_desired, amount_min: 1 };
		let lp = <AssetConversion as MutateLiquidity<_>>::add_liquidity(
			who,
			side(Self::NATIVE, deca),
			side(Self::ASSET, kwh),
			who,
		)?;
		// The pool says what it minted, not what it took.
		let after = Self::holdings(&account);
		Ok(Deposited {
			deca: after.0.saturating_sub(before.0),
			kwh: after.1.saturating_sub(before.1),
			lp,
		})
	}

	fn transfer_lp(from: &AccountId, to: &AccountId, amount: Balance) -> DispatchResult {
		let (lp_token, _) = Self::find().ok_or(PoolError::PoolNotFound)?;
		<PoolAssets as Mutate<_>>::transfer(lp_token, from, to, amount, Preservation::Expendable)
			.map(drop)
	}
}

#[cfg(feature = "runtime-benchmarks")]
mod benchmark_helpers {
	use super::*;
	use frame_support::traits::fungibles::Create;

	/// Assets that a fee is paid in.
	pub struct Fees;
	impl pallet_asset_conversion_tx_payment::BenchmarkHelperTrait<AccountId, AssetKind, AssetKind>
		for Fees
	{
		fn create_asset_id_parameter(id: u32) -> (AssetKind, AssetKind) {
			(NativeOrWithId::WithId(id), NativeOrWithId::WithId(id))
		}

		fn setup_balances_and_pool(asset: AssetKind, account: AccountId) {
			let amount = 1_000_000 * DECA;
			let NativeOrWithId::WithId(id) = asset.clone() else { return };
			// A benchmark that cannot be set up must not be measured.
			<Assets as Create<_>>::create(id, account.clone(), true, 1).expect("the asset is new");
			for kind in [NativeOrWithId::Native, asset.clone()] {
				NativeAndAssets::mint_into(kind, &account, 2 * amount).expect("it can be minted");
			}
			type Pools = AssetConversion;
			<Pools as MutateLiquidity<_>>::create_pool(
				&account,
				NativeOrWithId::Native,
				asset.clone(),
			)
			.expect("the pool is new");
			let side = |asset| AddLiquidityAsset { asset, amount_desired: amount, amount_min: 1 };
			<Pools as MutateLiquidity<_>>::add_liquidity(
				&account,
				side(NativeOrWithId::Native),
				side(asset),
				&account,
			)
			.expect("the account has both");
		}
	}

	/// Assets that are staked and paid.
	pub struct Rewards;
	impl pallet_asset_rewards::benchmarking::BenchmarkHelper<StakeKind> for Rewards {
		fn staked_asset() -> StakeKind {
			NativeOrWithId::WithId(Token::Asset(100))
		}

		fn reward_asset() -> StakeKind {
			NativeOrWithId::WithId(Token::Asset(101))
		}
	}

	/// Assets that have a rate, or that the treasury spends.
	pub struct Kinds;
	impl pallet_asset_rate::AssetKindFactory<AssetKind> for Kinds {
		fn create_asset_kind(seed: u32) -> AssetKind {
			NativeOrWithId::WithId(seed)
		}
	}
	impl pallet_treasury::ArgumentsFactory<AssetKind, AccountId> for Kinds {
		fn create_asset_kind(seed: u32) -> AssetKind {
			NativeOrWithId::WithId(seed)
		}

		fn create_beneficiary(seed: [u8; 32]) -> AccountId {
			seed.into()
		}
	}
}
#[cfg(feature = "runtime-benchmarks")]
pub use benchmark_helpers::Kinds;
