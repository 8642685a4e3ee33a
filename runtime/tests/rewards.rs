//! Rewards as people reach them: funded by the treasury, governed by the public, earned by readings, collected in any case.

use crate::common::*;
use frame_support::traits::{fungible::NativeOrWithId, Get};
use heliograph_primitives::{
	history::Day,
	miner::{Flow, MinerKind},
	units::INTERVALS_PER_DAY,
};
use heliograph_runtime::{
	configs::{
		origins::Origin,
		parameters::{dynamic_params, RuntimeParameters},
		treasury_account, RecentBlocks,
	},
	genesis, Balance, Balances, Hash, Metering, Rewards, Runtime, RuntimeEvent, System, DECA,
	EXISTENTIAL_DEPOSIT,
};
use pallet_rewards::{Category, Emission, EmissionSource, Pool, Withheld};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{DispatchError, Permill};

type RewardsCall = pallet_rewards::Call<Runtime>;
type RewardsError = pallet_rewards::Error<Runtime>;

/// What each pool has in the presets, and what that of generation pays for a day.
const FUNDS: Balance = 100_000 * DECA;
const DAILY: Balance = 1_000 * DECA;

fn today() -> Day {
	Metering::current_interval() / INTERVALS_PER_DAY
}

fn pool() -> Pool {
	Rewards::pool(Category::Generation)
}

fn emission(category: Category, daily: Balance, source: EmissionSource) -> RewardsCall {
	RewardsCall::set_emission { category, emission: Some(Emission { daily, source }) }
}

fn set(parameter: dynamic_params::rewards::Parameters) -> pallet_parameters::Call<Runtime> {
	pallet_parameters::Call::set_parameter { key_value: RuntimeParameters::Rewards(parameter) }
}

fn record() -> RewardsCall {
	RewardsCall::record { miners: vec![0].try_into().expect("one fits") }
}

fn claim() -> RewardsCall {
	RewardsCall::claim { miner: 0 }
}

/// Dave's system is admitted as miner 0, with a meter of generation.
fn dave_has(chain: &mut Chain, kind: MinerKind) {
	let apply = application_as(kind, Flow::Generation, &Dave.to_account_id(), 0..1);
	assert_eq!(dave_is_admitted_with(chain, apply), 0);
}

/// Dave's roof takes part, and measures half a kWh today. Returns the day when it is over; it can be recorded a day later.
fn dave_has_a_good_day(chain: &mut Chain) -> Day {
	dave_has(chain, MinerKind::Standard);
	chain.succeed(Dave, RewardsCall::enroll { miner: 0, meter: 0 });
	let day = today();
	chain.wait_hours(24);
	let noon = day * INTERVALS_PER_DAY + 48;
	let readings = [(0, 1_000), (1, 251_000), (2, 501_000)]
		.map(|(after, register)| reading(0, noon + after, register));
	chain.succeed(Eve, submit_readings(readings.to_vec()));
	assert_eq!(today(), day + 1);
	day
}

#[test]
fn presets_begin_with_pools_that_pay() {
	for preset in genesis::preset_names() {
		sp_io::TestExternalities::new(genesis_storage(preset.as_ref())).execute_with(|| {
			for category in Category::ALL {
				let pool = Rewards::pool(category);
				assert_eq!((pool.funded, pool.funds), (FUNDS, FUNDS), "{preset}, {category:?}");
				let pays = Rewards::emission(category).is_some();
				assert_eq!(pays, category != Category::Plant, "{preset}, {category:?}");
			}
			let all = Balances::free_balance(Rewards::account());
			assert_eq!(all, 4 * FUNDS + EXISTENTIAL_DEPOSIT, "{preset}");
			Rewards::do_try_state().expect("the books are in order");
		});
	}
}

#[test]
fn funded_day_pays_who_measured_it() {
	chain(|chain| {
		let day = dave_has_a_good_day(chain);
		// Too early costs the fee.
		let before = balance(Bob);
		chain.succeed(Bob, record());
		assert!(balance(Bob) < before);
		assert_eq!(Rewards::day(Category::Generation, day), None);

		chain.wait_hours(24);
		let before = balance(Bob);
		chain.succeed(Bob, record());
		assert_eq!(balance(Bob), before, "who records gets the fee back");
		let book = Rewards::day(Category::Generation, day).expect("was recorded");
		assert_eq!((book.records, book.open, book.closed), (1, 1, None));
		assert!(book.weight > 0);
		chain.fail(Bob, claim(), RewardsError::NothingToClaim);

		chain.wait_hours(48);
		let before = (balance(Dave), Balances::total_issuance());
		// Anyone can see to it that Dave is paid.
		chain.succeed(Bob, claim());
		assert_eq!(balance(Dave) - before.0, DAILY);
		assert_eq!(Balances::total_issuance(), before.1, "out of what the pool had");
		let expected = Pool { funded: FUNDS, funds: FUNDS - DAILY, paid: DAILY, ..Pool::default() };
		assert_eq!(pool(), expected);
		chain.fail(Bob, claim(), RewardsError::NothingToClaim);
	});
}

#[test]
fn public_decides_on_minting_and_the_committee_only_on_what_the_pool_has() {
	chain(|chain| {
		let minted = || emission(Category::Generation, 5 * DECA, EmissionSource::Mint);
		let funded = |daily| emission(Category::Generation, daily, EmissionSource::Funds);
		for who in [Alice, Dave, Ferdie] {
			chain.fail(who, funded(1), DispatchError::BadOrigin);
		}
		for origin in [Origin::Treasurer, Origin::Minting] {
			assert_eq!(chain.decide(origin, minted()), Err(DispatchError::BadOrigin));
		}
		assert_eq!(chain.motion(minted()), Err(RewardsError::MayNotMint.into()));
		assert_eq!(chain.motion(funded(7 * DECA)), Ok(()));
		assert_eq!(Rewards::emission(Category::Generation).map(|e| e.daily), Some(7 * DECA));
		assert_eq!(chain.decide(Origin::Parameters, minted()), Ok(()));

		let day = dave_has_a_good_day(chain);
		chain.wait_hours(24);
		chain.succeed(Bob, record());
		assert!(Rewards::day(Category::Generation, day).is_some());
		chain.wait_hours(48);
		let before = (balance(Dave), Balances::total_issuance());
		chain.succeed(Bob, claim());
		assert_eq!(balance(Dave) - before.0, 5 * DECA);
		assert_eq!(Balances::total_issuance() - before.1, 5 * DECA);
		assert_eq!(pool().funds, FUNDS);
		// What was set can be ended by the committee.
		let end = RewardsCall::set_emission { category: Category::Generation, emission: None };
		assert_eq!(chain.motion(end), Ok(()));
		assert_eq!(Rewards::emission(Category::Generation), None);
	});
}

#[test]
fn treasury_pays_into_a_pool() {
	chain(|chain| {
		let dest = treasury_account().into();
		let value = 1_000 * DECA;
		chain.succeed(Bob, pallet_balances::Call::transfer_keep_alive { dest, value });
		let spend = pallet_treasury::Call::spend {
			asset_kind: Box::new(NativeOrWithId::Native),
			amount: 500 * DECA,
			beneficiary: Box::new(Rewards::inbox_account(Category::Storage).into()),
			valid_from: None,
		};
		let sweep = || RewardsCall::sweep { category: Category::Storage };
		chain.fail(Charlie, sweep(), RewardsError::NothingToSweep);
		assert_eq!(chain.decide(Origin::Treasurer, spend), Ok(()));
		chain.succeed(Charlie, pallet_treasury::Call::<Runtime>::payout { index: 0 });
		chain.succeed(Charlie, sweep());
		let pool = Rewards::pool(Category::Storage);
		assert_eq!((pool.funded, pool.funds), (FUNDS + 500 * DECA, FUNDS + 500 * DECA));
	});
}

#[test]
fn plants_and_units_follow_the_governed_numbers() {
	use dynamic_params::rewards::{MaxPlant, Parameters, UnitLife, UnitShare};
	chain(|chain| {
		dave_has(chain, MinerKind::Plant);
		let price = DECA / 10;
		let list = || RewardsCall::list_plant { miner: 0, meter: 0, price };
		let smaller = set(Parameters::MaxPlant(MaxPlant, Some(3_000)));
		chain.fail(Alice, smaller.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(smaller), Ok(()));
		chain.fail(Dave, list(), RewardsError::CapacityOutOfRange);
		// The default again, by the public.
		assert_eq!(
			chain.decide(Origin::Parameters, set(Parameters::MaxPlant(MaxPlant, None))),
			Ok(())
		);
		let half = Permill::from_percent(50);
		assert_eq!(chain.motion(set(Parameters::UnitShare(UnitShare, Some(half)))), Ok(()));
		assert_eq!(chain.motion(set(Parameters::UnitLife(UnitLife, Some(10)))), Ok(()));
		chain.succeed(Dave, list());
		let buy = |units| RewardsCall::buy_units { listing: 0, units, max_price: price };
		// Half of 5 kW in units of 100 W.
		chain.fail(Bob, buy(26), RewardsError::TooFewUnits);
		chain.succeed(Bob, buy(25));
		assert_eq!(Rewards::escrow().held, 25 * price * 10);
		let position = Rewards::position(0).expect("was bought");
		assert_eq!((position.from, position.until), (today() + 1, today() + 10));
	});
}

#[test]
fn lottery_is_off_until_it_is_governed_on() {
	use dynamic_params::rewards::{Lottery, Parameters};
	chain(|chain| {
		let day = dave_has_a_good_day(chain);
		let weighing = Rewards::weight_of(0, day).expect("takes part");
		assert_eq!(weighing.withheld, None);
		let nobody = set(Parameters::Lottery(Lottery, Some(Some(Permill::zero()))));
		assert_eq!(chain.motion(nobody), Ok(()));
		chain.wait_hours(24);
		let drawn_from = <RecentBlocks as Get<[u8; 32]>>::get();
		chain.succeed(Bob, record());
		assert_eq!(Rewards::seed(day), Some(drawn_from));
		let weighing = Rewards::weight_of(0, day).expect("takes part");
		assert_eq!((weighing.weight, weighing.withheld), (0, Some(Withheld::NotDrawn)));
		assert_eq!(Rewards::day(Category::Generation, day), None);
	});
}

#[test]
fn seed_is_a_hash_over_the_last_32_blocks() {
	chain(|chain| {
		let seed = <RecentBlocks as Get<[u8; 32]>>::get;
		let mut seen = vec![seed()];
		for _ in 0..40 {
			chain.next_block();
			let number = chain.number();
			// The headers of this chain in memory all name the same parent.
			let parent = Hash::repeat_byte(number as u8);
			frame_system::BlockHash::<Runtime>::insert(number - 1, parent);
			let mut hashes = Vec::new();
			for block in number.saturating_sub(32)..number {
				hashes.extend(System::block_hash(block).0);
			}
			assert_eq!(seed(), sp_io::hashing::blake2_256(&hashes));
			assert!(!seen.contains(&seed()));
			seen.push(seed());
		}
	});
}

#[test]
fn safe_mode_stops_new_risk_but_no_record_and_no_way_out() {
	chain(|chain| {
		dave_has_a_good_day(chain);
		chain.wait_hours(24);
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		for call in [
			RewardsCall::fund { category: Category::Plant, amount: DECA },
			RewardsCall::enroll { miner: 0, meter: 0 },
			RewardsCall::list_plant { miner: 0, meter: 0, price: 1 },
			RewardsCall::buy_units { listing: 0, units: 1, max_price: 1 },
			RewardsCall::rebind { position: 0, listing: 0, max_price: 1 },
		] {
			chain.fail(Dave, call, frame_system::Error::<Runtime>::CallFiltered);
		}
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		let more = emission(Category::Generation, 2 * DAILY, EmissionSource::Funds);
		assert_eq!(chain.motion(more), Err(filtered));
		// What would be lost in two days, and what is Dave's.
		chain.succeed(Bob, record());
		chain.wait_hours(48);
		assert!(heliograph_runtime::SafeMode::is_entered());
		let before = balance(Dave);
		chain.succeed(Bob, claim());
		assert_eq!(balance(Dave) - before, DAILY);
		chain.succeed(Dave, RewardsCall::leave { miner: 0 });
		assert_eq!(Rewards::enrolment(0), None);
		// These are let through, to find that there is no such thing.
		for (call, error) in [
			(RewardsCall::refund { position: 7 }, RewardsError::UnknownPosition),
			(RewardsCall::claim_units { position: 7 }, RewardsError::UnknownPosition),
			(RewardsCall::claim_plant { listing: 7 }, RewardsError::UnknownListing),
			(RewardsCall::delist { listing: 7 }, RewardsError::UnknownListing),
		] {
			chain.fail(Dave, call, error);
		}
	});
}

#[test]
fn record_can_be_paused_by_name_and_no_claim_can() {
	chain(|chain| {
		let pause = |call: &str| pallet_tx_pause::Call::<Runtime>::pause {
			full_name: (
				b"Rewards".to_vec().try_into().expect("short"),
				call.as_bytes().to_vec().try_into().expect("short"),
			),
		};
		let unpausable: DispatchError = pallet_tx_pause::Error::<Runtime>::Unpausable.into();
		for call in ["claim", "claim_plant", "claim_units", "refund", "leave", "advance_plants"] {
			assert_eq!(chain.motion(pause(call)), Err(unpausable), "{call}");
		}
		assert_eq!(chain.motion(pause("record")), Ok(()));
		chain.fail(Bob, record(), frame_system::Error::<Runtime>::CallFiltered);
		let paused = events(|event| match event {
			RuntimeEvent::TxPause(pallet_tx_pause::Event::CallPaused { full_name }) => {
				Some(full_name.1.into_inner())
			}
			_ => None,
		});
		assert_eq!(paused, vec![b"record".to_vec()]);
	});
}
