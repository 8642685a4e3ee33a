//! The chains that this runtime can start.

use crate::{
	configs::tokens::{
		account_of, AssetKind, CO2, ISSUANCE_PALLET_ID, KWH, MAX, MINING_POOL_PALLET_ID,
		POOLS_PALLET_ID, REC, REC_PALLET_ID,
	},
	AccountId, AssetConversionConfig, AssetsConfig, Balance, BalancesConfig, IssuanceConfig,
	MeteringConfig, OriginsConfig, RewardsConfig, RuntimeGenesisConfig, SessionConfig, SessionKeys,
	SlotAuctionConfig, TechnicalMembershipConfig, ValidatorSetConfig, DAYS, DECA,
};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use heliograph_primitives::trade::Price;
use pallet_rewards::{Category, Emission, EmissionSource};
use pallet_slot_auction::Area;
use serde_json::Value;
use sp_genesis_builder::PresetId;
use sp_keyring::{Ed25519Keyring, Sr25519Keyring};

/// One validator, blocks every two seconds, intervals of a quarter of an hour; a day of governance takes 12 seconds. Energy
/// that goes into the public grid is minted, too.
pub const DEVELOPMENT: &str = "development";
/// Two validators, and the times of production.
pub const LOCAL: &str = "local";
/// One validator, blocks every second, and a day of 96 intervals in less than five minutes: for demonstrations and tests.
/// A day of governance takes 12 seconds here, too, and energy that goes into the public grid is minted.
pub const FAST: &str = "fast";

/// What each well-known account owns in these presets.
const ENDOWMENT: Balance = 1_000_000 * DECA;

/// What the payment fund begins with in these presets.
const PAYMENT_FUND: Balance = 100_000 * DECA;

/// What the keyless founder of the pools owns: it pays the deposits for the accounts of the pools.
const POOL_FOUNDATION: Balance = DECA;

/// What each pool of rewards begins with in these presets.
const REWARD_FUNDS: Balance = 100_000 * DECA;

/// The area of the slot market in these presets, by its energy identification code, and what it costs there in base units
/// of DECA per mWh: the grid 0.02 DECA per kWh, what is not delivered 0.1, what is not drawn 0.05. Ferdie runs its grid.
const AREA: &[u8] = b"10YDE-VE-------2";
const GRID_FEE: Price = 20_000;
const IMBALANCE: Price = 100_000;
const UNDRAWN: Price = 50_000;

/// How fast time passes.
struct Pace {
	slot_millis: u64,
	session_blocks: u32,
	interval_millis: u64,
	/// Blocks in a day of governance.
	blocks_per_day: u32,
}

const PRODUCTION: Pace = Pace {
	slot_millis: 6_000,
	session_blocks: 600,
	interval_millis: 900_000,
	blocks_per_day: DAYS,
};

fn session_keys(aura: Sr25519Keyring, grandpa: Ed25519Keyring) -> SessionKeys {
	SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() }
}

/// The tokens of the chain. No key controls any of them: their owners are accounts of pallets.
fn tokens() -> AssetsConfig {
	let token = |id, pallet, sufficient| (id, account_of(pallet), sufficient, 1);
	let name = |id, name: &str, symbol: &str, decimals| (id, name.into(), symbol.into(), decimals);
	AssetsConfig {
		assets: vec![
			// Fees can be paid in it, so an account can exist by it alone.
			token(KWH, ISSUANCE_PALLET_ID, true),
			token(CO2, REC_PALLET_ID, false),
			token(MAX, MINING_POOL_PALLET_ID, false),
			// Bought for DECA, it may be all that an account has until it retires it.
			token(REC, REC_PALLET_ID, true),
		],
		metadata: vec![
			name(KWH, "Heliograph kilowatt-hour", "KWH", 6),
			name(CO2, "Heliograph carbon", "CO2", 6),
			name(MAX, "MaxCoin", "MAX", 8),
			name(REC, "Heliograph certificate", "REC", 6),
		],
		..Default::default()
	}
}

/// Pools of DECA and KWH, and of DECA and CO2, that nobody has added to.
fn pools() -> AssetConversionConfig {
	let pool =
		|asset| (AssetKind::Native, AssetKind::WithId(asset), account_of(POOLS_PALLET_ID), 0, 0);
	AssetConversionConfig { pools: vec![pool(KWH), pool(CO2)] }
}

/// Pools of rewards that pay for a hundred days and more out of what they have.
fn rewards() -> RewardsConfig {
	let pool = |category, daily: Option<Balance>| {
		let emission =
			daily.map(|deca| Emission { daily: deca * DECA, source: EmissionSource::Funds });
		(category, REWARD_FUNDS, emission)
	};
	RewardsConfig {
		pools: vec![
			pool(Category::Generation, Some(1_000)),
			// What it pays in a day follows from the plants.
			pool(Category::Plant, None),
			pool(Category::Consumption, Some(200)),
			pool(Category::Storage, Some(200)),
		],
		..Default::default()
	}
}

/// The slot market of one area.
fn slot_auction() -> SlotAuctionConfig {
	let area = Area {
		grid_fee: GRID_FEE,
		operator: Sr25519Keyring::Ferdie.to_account_id(),
		imbalance: IMBALANCE,
		undrawn: UNDRAWN,
		open: true,
	};
	SlotAuctionConfig { areas: vec![(AREA.to_vec(), area)] }
}

/// A chain whose keys everybody knows: never for anything of value.
fn well_known(
	validators: Vec<(Sr25519Keyring, Ed25519Keyring)>,
	pace: Pace,
	grid_meter_counts: bool,
) -> Value {
	let accounts =
		Sr25519Keyring::well_known().map(|key| (key.to_account_id(), ENDOWMENT)).chain([
			(account_of(ISSUANCE_PALLET_ID), PAYMENT_FUND),
			(account_of(POOLS_PALLET_ID), POOL_FOUNDATION),
		]);
	let members: Vec<AccountId> =
		[Sr25519Keyring::Alice, Sr25519Keyring::Bob, Sr25519Keyring::Charlie]
			.map(|key| key.to_account_id())
			.to_vec();
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig { balances: accounts.collect::<Vec<_>>() },
		validator_set: ValidatorSetConfig {
			validators: validators.iter().map(|(key, _)| key.to_account_id()).collect::<Vec<_>>(),
			slot_millis: Some(pace.slot_millis),
			session_blocks: Some(pace.session_blocks),
		},
		session: SessionConfig {
			keys: validators
				.into_iter()
				.map(|(aura, grandpa)| {
					let account = aura.to_account_id();
					(account.clone(), account, session_keys(aura, grandpa))
				})
				.collect::<Vec<_>>(),
		},
		technical_membership: TechnicalMembershipConfig {
			members: members.try_into().expect("three members are fewer than a hundred; qed"),
		},
		metering: MeteringConfig { interval_millis: Some(pace.interval_millis) },
		origins: OriginsConfig { blocks_per_day: Some(pace.blocks_per_day) },
		assets: tokens(),
		asset_conversion: pools(),
		issuance: IssuanceConfig { grid_meter_counts },
		rewards: rewards(),
		slot_auction: slot_auction(),
	})
}

fn development() -> Value {
	well_known(
		vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
		Pace { slot_millis: 2_000, session_blocks: 30, blocks_per_day: 6, ..PRODUCTION },
		true,
	)
}

fn local() -> Value {
	well_known(
		vec![
			(Sr25519Keyring::Alice, Ed25519Keyring::Alice),
			(Sr25519Keyring::Bob, Ed25519Keyring::Bob),
		],
		PRODUCTION,
		false,
	)
}

fn fast() -> Value {
	well_known(
		vec![(Sr25519Keyring::Alice, Ed25519Keyring::Alice)],
		Pace { slot_millis: 1_000, session_blocks: 60, interval_millis: 3_000, blocks_per_day: 12 },
		true,
	)
}

/// The names of the presets.
pub fn preset_names() -> Vec<PresetId> {
	[DEVELOPMENT, LOCAL, FAST].map(PresetId::from).to_vec()
}

/// A preset as JSON, to be laid over the default genesis.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEVELOPMENT => development(),
		LOCAL => local(),
		FAST => fast(),
		_ => return None,
	};
	// Writing a value that was just built into a vector cannot fail.
	serde_json::to_vec(&patch).ok()
}
