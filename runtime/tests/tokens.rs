//! Tokens, pools and soul-bound miners as wallets reach them: by extrinsics alone.

use crate::common::*;
use frame_support::traits::{
	fungible::NativeOrWithId,
	fungibles::{metadata::Inspect as _, roles::Inspect as _, Inspect},
	schedule::DispatchTime,
};
use heliograph_runtime::{
	configs::{
		tokens::{account_of, AssetKind, KwhPool, StakeKind, Token, CO2, KWH, MAX, *},
		treasury_account,
	},
	genesis, AssetConversion, Assets, Balances, Nfts, PoolAssets, Runtime, DECA,
};
use pallet_issuance::LiquidityPool;
use sp_keyring::Sr25519Keyring::{Alice, Bob, Dave, Eve, Ferdie};
use sp_runtime::DispatchError;

const NATIVE: AssetKind = NativeOrWithId::Native;
const ASSET: AssetKind = NativeOrWithId::WithId(KWH);
/// The LP token of DECA and KWH: the first pool of the genesis.
const LP: u32 = 0;

type AssetsCall = pallet_assets::Call<Runtime>;
type PoolsCall = pallet_asset_conversion::Call<Runtime>;

fn lp(who: sp_keyring::Sr25519Keyring) -> u128 {
	PoolAssets::balance(LP, who.to_account_id())
}

fn add_liquidity(deca: u128, kwh: u128) -> PoolsCall {
	PoolsCall::add_liquidity {
		asset1: Box::new(NATIVE),
		asset2: Box::new(ASSET),
		amount1_desired: deca,
		amount2_desired: kwh,
		amount1_min: 1,
		amount2_min: 1,
		mint_to: Dave.to_account_id(),
	}
}

/// Dave has earned 4 KWH and put 2 of them into the pool, at 0.1 DECA each.
fn dave_adds_liquidity(chain: &mut Chain) {
	earn(chain);
	chain.succeed(Dave, add_liquidity(DECA / 5, 2_000_000));
}

#[test]
fn tokens_have_names_and_keyless_owners() {
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		for (id, name, symbol, decimals, pallet) in [
			(KWH, "Heliograph kilowatt-hour", "KWH", 6, *b"hlg/issu"),
			(CO2, "Heliograph carbon", "CO2", 6, *b"hlg/rec_"),
			(MAX, "MaxCoin", "MAX", 8, *b"hlg/pool"),
			(REC, "Heliograph certificate", "REC", 6, *b"hlg/rec_"),
		] {
			assert_eq!(Assets::name(id), name.as_bytes());
			assert_eq!(Assets::symbol(id), symbol.as_bytes());
			assert_eq!(Assets::decimals(id), decimals);
			assert_eq!((Assets::total_issuance(id), Assets::minimum_balance(id)), (0, 1));
			let keyless = Some(account_of(frame_support::PalletId(pallet)));
			for role in
				[Assets::owner(id), Assets::issuer(id), Assets::admin(id), Assets::freezer(id)]
			{
				assert_eq!(role, keyless);
			}
		}
	});
}

#[test]
fn pools_exist_from_the_beginning_and_are_empty() {
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		for (id, lp_token) in [(KWH, 0), (CO2, 1)] {
			let pool = (NATIVE, NativeOrWithId::WithId(id));
			let info = pallet_asset_conversion::Pools::<Runtime>::get(&pool).expect("exists");
			assert_eq!(info.lp_token, lp_token);
		}
		assert_eq!(KwhPool::reserves(), Some((0, 0)));
		let fund = Balances::free_balance(account_of(ISSUANCE_PALLET_ID));
		assert_eq!(fund, 100_000 * DECA);
	});
}

#[test]
fn collections_are_of_miners_and_of_retirements_and_nobodys() {
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		for (collection, pallet) in [(0, MINERS_PALLET_ID), (1, REC_PALLET_ID)] {
			assert_eq!(Nfts::collection_owner(collection), Some(account_of(pallet)));
			assert_eq!(Balances::reserved_balance(account_of(pallet)), 0);
		}
		assert_eq!(Nfts::collection_owner(2), None);
	});
}

#[test]
fn nobody_mints_tokens_with_the_assets_pallet() {
	chain(|chain| {
		earn(chain);
		let supply = [KWH, CO2, MAX, REC].map(Assets::total_issuance);
		let to = || Bob.to_account_id().into();
		for id in [KWH, CO2, MAX, REC] {
			let mint = || AssetsCall::mint { id: id.into(), beneficiary: to(), amount: 1 };
			for who in [Alice, Bob, Dave] {
				chain.fail(who, mint(), pallet_assets::Error::<Runtime>::NoPermission);
			}
			// Neither can the committee, nor root: minting is a matter of the issuer's signature, and there is none.
			assert_eq!(chain.motion(mint()), Err(DispatchError::BadOrigin));
			let root = frame_system::RawOrigin::Root;
			assert_eq!(chain.decide(root, mint()), Err(DispatchError::BadOrigin));
			for call in [
				AssetsCall::set_team { id: id.into(), issuer: to(), admin: to(), freezer: to() },
				AssetsCall::transfer_ownership { id: id.into(), owner: to() },
				AssetsCall::start_destroy { id: id.into() },
				AssetsCall::burn { id: id.into(), who: Dave.to_account_id().into(), amount: 1 },
			] {
				assert!(chain.submit(Bob, call).expect("valid").is_err());
			}
		}
		assert_eq!(supply, [KWH, CO2, MAX, REC].map(Assets::total_issuance));
	});
}

#[test]
fn nobody_creates_assets_or_collections() {
	chain(|chain| {
		let admin = || Alice.to_account_id().into();
		let create = AssetsCall::create { id: 9.into(), admin: admin(), min_balance: 1 };
		chain.fail(Alice, create.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(create), Err(DispatchError::BadOrigin));
		let create = pallet_assets::Call::<Runtime, PoolAssetsInstance>::create {
			id: 9,
			admin: admin(),
			min_balance: 1,
		};
		chain.fail(Alice, create, DispatchError::BadOrigin);
		let config = pallet_nfts::CollectionConfig {
			settings: pallet_nfts::CollectionSettings::all_enabled(),
			max_supply: None,
			mint_settings: Default::default(),
		};
		let create = pallet_nfts::Call::<Runtime>::create { admin: admin(), config };
		chain.fail(Alice, create, DispatchError::BadOrigin);
	});
}

#[test]
fn soul_bound_token_resists_its_holder() {
	chain(|chain| {
		dave_is_admitted(chain, 1);
		token_resists(chain, Dave, (0, 0), "status");
	});
}

#[test]
fn fee_is_paid_in_kwh_where_the_pool_has_some() {
	chain(|chain| {
		earn(chain);
		let remark = || frame_system::Call::<Runtime>::remark { remark: vec![1; 10] };
		// Nothing in the pool: the transaction is not valid.
		assert!(chain.submit_paying_kwh(Dave, remark()).is_err());
		chain.succeed(Dave, add_liquidity(DECA / 5, 2_000_000));
		let treasury = || Balances::free_balance(treasury_account());
		let before = (balance(Dave), kwh(&Dave.to_account_id()), treasury());
		chain.submit_paying_kwh(Dave, remark()).expect("valid").expect("succeeds");
		assert_eq!(balance(Dave), before.0);
		assert!(kwh(&Dave.to_account_id()) < before.1);
		assert!(treasury() > before.2);
		// Somebody without any KWH cannot.
		assert!(chain.submit_paying_kwh(Bob, remark()).is_err());
	});
}

#[test]
fn account_with_kwh_alone_pays_its_fees() {
	chain(|chain| {
		dave_adds_liquidity(chain);
		let one = sp_keyring::Sr25519Keyring::One;
		let target = || one.to_account_id().into();
		chain.succeed(
			Dave,
			AssetsCall::transfer { id: KWH.into(), target: target(), amount: 1_000_000 },
		);
		let back = AssetsCall::transfer {
			id: KWH.into(),
			target: Dave.to_account_id().into(),
			amount: 1_000,
		};
		assert!(chain.submit(one, back.clone()).is_err());
		chain.submit_paying_kwh(one, back).expect("valid").expect("succeeds");
	});
}

#[test]
fn liquidity_is_added_swapped_and_removed_with_a_fee_for_its_owners() {
	chain(|chain| {
		dave_adds_liquidity(chain);
		let (deca, kwh_in_pool) = KwhPool::reserves().expect("the pool exists");
		assert_eq!((deca, kwh_in_pool), (DECA / 5, 2_000_000));
		// sqrt(0.2 x 10^12 x 2 x 10^6) less what stays locked.
		assert_eq!(lp(Dave), 632_455_532 - 100);

		let before = kwh(&Bob.to_account_id());
		chain.succeed(
			Bob,
			PoolsCall::swap_exact_tokens_for_tokens {
				path: vec![Box::new(NATIVE), Box::new(ASSET)],
				amount_in: DECA / 100,
				amount_out_min: 1,
				send_to: Bob.to_account_id(),
				keep_alive: true,
			},
		);
		let bought = kwh(&Bob.to_account_id()) - before;
		// 0.3 % of what comes in stays in the pool for its owners: 2 x 10^6 x in / (0.2 x 10^12 + in).
		let in_after_fee = DECA / 100 * 997 / 1_000;
		assert_eq!(bought, 2_000_000 * in_after_fee / (DECA / 5 + in_after_fee));
		let (deca, kwh_in_pool) = KwhPool::reserves().expect("the pool exists");
		assert!(deca * kwh_in_pool > DECA / 5 * 2_000_000, "the fee makes the product grow");

		// All but a little: a pool keeps the minimum balance of both.
		let most = lp(Dave) * 99 / 100;
		let left = lp(Dave) - most;
		let before = kwh(&Dave.to_account_id());
		chain.succeed(
			Dave,
			PoolsCall::remove_liquidity {
				asset1: Box::new(NATIVE),
				asset2: Box::new(ASSET),
				lp_token_burn: most,
				amount1_min_receive: 1,
				amount2_min_receive: 1,
				withdraw_to: Dave.to_account_id(),
			},
		);
		assert_eq!(lp(Dave), left);
		assert!(kwh(&Dave.to_account_id()) > before);
	});
}

#[test]
fn pool_of_issuance_tells_what_it_took() {
	chain(|chain| {
		dave_adds_liquidity(chain);
		let dave = Dave.to_account_id();
		// Twice as much DECA as the ratio asks for.
		let deposited = KwhPool::deposit(&dave, DECA / 5, 1_000_000).expect("the pool takes it");
		assert_eq!((deposited.deca, deposited.kwh), (DECA / 10, 1_000_000));
		assert!(deposited.lp > 0);
		let owned = lp(Dave);
		KwhPool::transfer_lp(&dave, &Eve.to_account_id(), deposited.lp).expect("Dave has them");
		assert_eq!((lp(Dave), lp(Eve)), (owned - deposited.lp, deposited.lp));
		// More than there is, and nothing at all.
		assert!(KwhPool::deposit(&dave, u128::MAX, u128::MAX).is_err());
		assert!(KwhPool::deposit(&dave, 0, 0).is_err());
		assert!(KwhPool::transfer_lp(&dave, &Eve.to_account_id(), u128::MAX).is_err());
	});
}

#[test]
fn lp_tokens_are_staked_for_rewards() {
	chain(|chain| {
		dave_adds_liquidity(chain);
		type Rewards = pallet_asset_rewards::Call<Runtime>;
		let staked: StakeKind = NativeOrWithId::WithId(Token::Lp(LP));
		let create = Rewards::create_pool {
			staked_asset_id: Box::new(staked),
			reward_asset_id: Box::new(NativeOrWithId::Native),
			reward_rate_per_block: DECA,
			expiry: DispatchTime::After(1_000),
			admin: None,
		};
		chain.succeed(Alice, create);
		chain.succeed(Alice, Rewards::deposit_reward_tokens { pool_id: 0, amount: 1_000 * DECA });
		let all = lp(Dave);
		chain.succeed(Dave, Rewards::stake { pool_id: 0, amount: all });
		// What is staked is frozen, not gone.
		let elsewhere = pallet_assets::Call::<Runtime, PoolAssetsInstance>::transfer {
			id: LP,
			target: Eve.to_account_id().into(),
			amount: 1,
		};
		assert!(chain.submit(Dave, elsewhere.clone()).expect("valid").is_err());
		for _ in 0..10 {
			chain.next_block();
		}
		let before = balance(Dave);
		chain.succeed(Dave, Rewards::harvest_rewards { pool_id: 0, staker: None });
		let earned = balance(Dave) - before;
		// Ten blocks, rounded down, less the fee.
		assert!((99 * DECA / 10..=10 * DECA).contains(&earned), "{earned}");
		chain.succeed(Dave, Rewards::unstake { pool_id: 0, amount: all, staker: None });
		chain.succeed(Dave, elsewhere);
	});
}

#[test]
fn assets_that_trade_puts_on_hold_cannot_be_staked() {
	chain(|chain| {
		let create = pallet_asset_rewards::Call::<Runtime>::create_pool {
			staked_asset_id: Box::new(NativeOrWithId::WithId(Token::Asset(KWH))),
			reward_asset_id: Box::new(NativeOrWithId::Native),
			reward_rate_per_block: DECA,
			expiry: DispatchTime::After(1_000),
			admin: None,
		};
		let filtered = frame_system::Error::<Runtime>::CallFiltered;
		chain.fail(Alice, create.clone(), filtered);
		// Nor inside of another call.
		let batch = pallet_utility::Call::<Runtime>::batch_all { calls: vec![create.into()] };
		chain.fail(Alice, batch, frame_system::Error::<Runtime>::CallFiltered);
	});
}

#[test]
fn deca_is_one_side_of_every_pool() {
	chain(|chain| {
		let create = |asset1, asset2| PoolsCall::create_pool {
			asset1: Box::new(asset1),
			asset2: Box::new(asset2),
		};
		let kind = NativeOrWithId::WithId;
		let before = Balances::free_balance(treasury_account());
		chain.succeed(Ferdie, create(NATIVE, kind(MAX)));
		assert!(Balances::free_balance(treasury_account()) >= before + 10 * DECA);
		let error = pallet_asset_conversion::Error::<Runtime>::InvalidAssetPair;
		chain.fail(Ferdie, create(kind(KWH), kind(CO2)), error);
		assert!(AssetConversion::get_reserves(NATIVE, kind(MAX)).is_err());
	});
}
