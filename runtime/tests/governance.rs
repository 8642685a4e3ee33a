//! Who decides what, in how much time, and what no emergency can stop.

use crate::common::*;
use codec::Encode;
use frame_support::traits::{fungible::NativeOrWithId, Contains, GetCallMetadata};
use heliograph_runtime::{
	configs::{
		origins::Origin,
		parameters::{dynamic_params, RuntimeParameters},
		safety::{NeverPaused, WorksInSafeMode, READINGS, UNSTOPPABLE},
		tokens::KWH,
		treasury_account, Tracks,
	},
	genesis, Balances, BlockNumber, Issuance, Miners, OriginCaller, Runtime, RuntimeCall,
	RuntimeEvent, SafeMode, DECA,
};
use pallet_referenda::{ReferendumInfo, ReferendumInfoFor, TracksInfo};
use sp_keyring::Sr25519Keyring::{Alice, Bob, Charlie, Dave, Eve, Ferdie, One};
use sp_runtime::{DispatchError, Permill};

fn root() -> OriginCaller {
	frame_system::RawOrigin::Root.into()
}

type Committee = pallet_membership::Call<Runtime, pallet_membership::Instance1>;

fn add_member(who: sp_keyring::Sr25519Keyring) -> Committee {
	Committee::add_member { who: who.to_account_id().into() }
}

fn set_threshold(parts: u32) -> pallet_parameters::Call<Runtime> {
	set(RuntimeParameters::Issuance(dynamic_params::issuance::Parameters::Threshold(
		dynamic_params::issuance::Threshold,
		Some(Permill::from_parts(parts)),
	)))
}

fn set(key_value: RuntimeParameters) -> pallet_parameters::Call<Runtime> {
	pallet_parameters::Call::set_parameter { key_value }
}

/// Number, name, and in blocks: preparing, deciding, confirming, and waiting before enactment.
fn periods(preset: Option<&str>) -> Vec<(u16, String, [BlockNumber; 4])> {
	let storage = preset.map(genesis_storage).unwrap_or_default();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		Tracks::check_integrity().expect("the tracks are sorted");
		Tracks::tracks()
			.map(|track| {
				let info = &track.info;
				let name = String::from_utf8(info.name.to_vec()).expect("names are ASCII");
				let blocks = [
					info.prepare_period,
					info.decision_period,
					info.confirm_period,
					info.min_enactment_period,
				];
				(track.id, name.trim_end_matches('\0').into(), blocks)
			})
			.collect()
	})
}

#[test]
fn production_periods_are_the_defaults_and_those_of_a_local_network() {
	let (hour, day) = (600, 14_400);
	let expected = [
		(0, "root", [2 * hour, 14 * day, day, day]),
		(1, "whitelisted_caller", [hour, 14 * day, hour, hour]),
		(10, "treasurer", [2 * hour, 14 * day, 2 * day, day]),
		(20, "miner_admission", [hour, 7 * day, day / 2, hour]),
		(21, "minting", [2 * hour, 7 * day, day, hour]),
		(30, "parameters", [2 * hour, 14 * day, day, day]),
		(40, "referendum_canceller", [2 * hour, 7 * day, 3 * hour, hour]),
		(41, "referendum_killer", [2 * hour, 7 * day, 3 * hour, hour]),
	]
	.map(|(id, name, blocks)| (id, name.to_string(), blocks));
	assert_eq!(periods(None), expected);
	assert_eq!(periods(Some(genesis::LOCAL)), expected);
}

#[test]
fn development_periods_are_short_and_never_zero() {
	// Blocks of two seconds, and of one.
	for (preset, day) in [(genesis::DEVELOPMENT, 6), (genesis::FAST, 12)] {
		let periods = periods(Some(preset));
		assert_eq!(periods[0].2, [1, 14 * day, day, day], "{preset}");
		assert_eq!(periods[4].2, [1, 7 * day, day, 1], "{preset}");
		for (_, name, blocks) in periods {
			assert!(blocks.iter().all(|blocks| *blocks >= 1), "{preset}, {name}: {blocks:?}");
		}
	}
}

#[test]
fn every_origin_has_a_track_and_nobody_else_has() {
	let track = |caller: OriginCaller| Tracks::track_for(&caller);
	let known: Vec<u16> = periods(None).into_iter().map(|(id, ..)| id).collect();
	assert_eq!(known.len(), 8);
	assert_eq!(track(root()), Ok(0));
	for (origin, id) in [
		(Origin::WhitelistedCaller, 1),
		(Origin::Treasurer, 10),
		(Origin::MinerAdmission, 20),
		(Origin::Minting, 21),
		(Origin::Parameters, 30),
		(Origin::ReferendumCanceller, 40),
		(Origin::ReferendumKiller, 41),
	] {
		assert_eq!(track(origin.into()), Ok(id));
		assert!(known.contains(&id));
	}
	assert!(track(frame_system::RawOrigin::Signed(Alice.to_account_id()).into()).is_err());
}

#[test]
fn referendum_as_root_changes_the_committee_in_about_a_minute() {
	chain(|chain| {
		let began = chain.number();
		assert_eq!(chain.decide(root(), add_member(Dave)), Ok(()));
		// Two seconds each.
		let blocks = chain.number() - began;
		assert!((10..=30).contains(&blocks), "it took {blocks} blocks");
		let members = heliograph_runtime::TechnicalMembership::members();
		assert!(members.contains(&Dave.to_account_id()));
	});
}

#[test]
fn referendum_that_is_refused_changes_nothing() {
	chain(|chain| {
		let index = chain.referendum(root(), add_member(Dave));
		chain.all_vote(index, false);
		assert_eq!(chain.enact(index), None);
		assert!(matches!(
			ReferendumInfoFor::<Runtime>::get(index),
			Some(ReferendumInfo::Rejected(..))
		));
		assert_eq!(heliograph_runtime::TechnicalMembership::members().len(), 3);
	});
}

#[test]
fn few_votes_carry_no_referendum() {
	chain(|chain| {
		// All votes are in favour, and they are less than a hundredth of all DECA.
		let index = chain.referendum(Origin::MinerAdmission, add_member(Dave));
		let vote = pallet_conviction_voting::AccountVote::Standard {
			vote: pallet_conviction_voting::Vote {
				aye: true,
				conviction: pallet_conviction_voting::Conviction::Locked6x,
			},
			balance: 100_000 * DECA,
		};
		chain.succeed(
			Alice,
			pallet_conviction_voting::Call::<Runtime>::vote { poll_index: index, vote },
		);
		assert_eq!(chain.enact(index), None);
	});
}

#[test]
fn whitelisted_call_is_carried_out_as_root() {
	chain(|chain| {
		let call: RuntimeCall = add_member(Dave).into();
		let call_hash = sp_io::hashing::blake2_256(&call.encode()).into();
		let dispatch = || pallet_whitelist::Call::dispatch_whitelisted_call_with_preimage {
			call: Box::new(call.clone()),
		};
		// Alone, no member can put it on the list.
		chain.fail(
			Alice,
			pallet_whitelist::Call::<Runtime>::whitelist_call { call_hash },
			DispatchError::BadOrigin,
		);
		assert_eq!(
			chain.motion(pallet_whitelist::Call::<Runtime>::whitelist_call { call_hash }),
			Ok(())
		);
		assert_eq!(chain.decide(Origin::WhitelistedCaller, dispatch()), Ok(()));
		let members = heliograph_runtime::TechnicalMembership::members();
		assert!(members.contains(&Dave.to_account_id()));
	});
}

#[test]
fn call_that_is_not_whitelisted_waits_for_the_committee() {
	chain(|chain| {
		let members = || heliograph_runtime::TechnicalMembership::members().len();
		let call: RuntimeCall = add_member(Dave).into();
		let call_hash = sp_io::hashing::blake2_256(&call.encode()).into();
		let dispatch = || pallet_whitelist::Call::dispatch_whitelisted_call_with_preimage {
			call: Box::new(call.clone()),
		};
		// The public has decided, and nothing happens.
		assert_eq!(chain.decide(Origin::WhitelistedCaller, dispatch()), Ok(()));
		assert_eq!(members(), 3);
		assert!(chain.submit(PASSER_BY, dispatch()).expect("valid").is_err());
		assert_eq!(members(), 3);
		// The committee agrees later, and then anybody carries it out.
		let list = pallet_whitelist::Call::<Runtime>::whitelist_call { call_hash };
		assert_eq!(chain.motion(list), Ok(()));
		chain.succeed(PASSER_BY, dispatch());
		assert_eq!(members(), 4);
	});
}

fn spend(asset: Option<u32>, amount: u128) -> pallet_treasury::Call<Runtime> {
	pallet_treasury::Call::spend {
		asset_kind: Box::new(asset.map_or(NativeOrWithId::Native, NativeOrWithId::WithId)),
		amount,
		beneficiary: Box::new(One.to_account_id().into()),
		valid_from: None,
	}
}

#[test]
fn treasurer_spends_deca_and_tokens_up_to_a_limit() {
	chain(|chain| {
		earn(chain);
		let treasury = treasury_account();
		let dest = treasury.clone().into();
		let value = 1_000 * DECA;
		chain.succeed(Bob, pallet_balances::Call::transfer_keep_alive { dest, value });

		assert_eq!(chain.decide(Origin::Treasurer, spend(None, 500 * DECA)), Ok(()));
		chain.succeed(PASSER_BY, pallet_treasury::Call::<Runtime>::payout { index: 0 });
		assert_eq!(balance(One), 500 * DECA);

		// What KWH counts in DECA has to be said before it can be measured against the limit.
		let some = kwh(&treasury) / 2;
		assert!(some > 0, "the treasury has its share");
		assert!(chain.decide(Origin::Treasurer, spend(Some(KWH), some)).is_err());
		// One mWh counts as 10^-7 DECA.
		let create = pallet_asset_rate::Call::<Runtime>::create {
			asset_kind: Box::new(NativeOrWithId::WithId(KWH)),
			rate: 100_000.into(),
		};
		assert_eq!(chain.motion(create), Ok(()));
		assert_eq!(chain.decide(Origin::Treasurer, spend(Some(KWH), some)), Ok(()));
		chain.succeed(PASSER_BY, pallet_treasury::Call::<Runtime>::payout { index: 1 });
		assert_eq!(kwh(&One.to_account_id()), some);

		let too_much = chain.decide(Origin::Treasurer, spend(None, 100_001 * DECA));
		let error = pallet_treasury::Error::<Runtime>::InsufficientPermission;
		assert_eq!(too_much, Err(error.into()));
	});
}

/// Somebody without any role.
const PASSER_BY: sp_keyring::Sr25519Keyring = Ferdie;

#[test]
fn referendum_admits_a_miner() {
	chain(|chain| {
		chain.succeed(Dave, application(&Dave.to_account_id(), 0..1));
		let approve = pallet_miners::Call::approve { application: 0 };
		assert_eq!(chain.decide(Origin::MinerAdmission, approve), Ok(()));
		assert_eq!(Miners::miners_of(Dave.to_account_id()), vec![0]);
	});
}

#[test]
fn referendum_mints() {
	chain(|chain| {
		let request = ask_for_payment(chain);
		let requests = vec![request].try_into().expect("one fits");
		let approve = pallet_issuance::Call::approve { requests };
		assert_eq!(chain.decide(Origin::Minting, approve), Ok(()));
		assert!(kwh(&Dave.to_account_id()) > 0);
	});
}

#[test]
fn tracks_do_not_decide_for_each_other() {
	chain(|chain| {
		let request = ask_for_payment(chain);
		let requests: Vec<u32> = vec![request];
		let approve =
			pallet_issuance::Call::approve { requests: requests.try_into().expect("one fits") };
		assert_eq!(
			chain.decide(Origin::MinerAdmission, approve.clone()),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(
			chain.decide(Origin::Minting, set_threshold(500_000)),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(
			chain.decide(Origin::Parameters, add_member(Dave)),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(kwh(&Dave.to_account_id()), 0);
		// Nor does a member, nor the miner itself.
		for who in [Alice, Dave] {
			chain.fail(who, approve.clone(), DispatchError::BadOrigin);
		}
	});
}

#[test]
fn threshold_of_the_committee_is_governed_by_the_public() {
	chain(|chain| {
		let request = ask_for_payment(chain);
		let approve = || pallet_issuance::Call::approve {
			requests: vec![request].try_into().expect("one fits"),
		};
		// The committee cannot move its own threshold, the public can.
		assert_eq!(chain.motion(set_threshold(500_000)), Err(DispatchError::BadOrigin));
		assert_eq!(chain.decide(Origin::Parameters, set_threshold(1_000_000)), Ok(()));
		assert_eq!(chain.motion(approve()), Err(DispatchError::BadOrigin));
		assert_eq!(chain.motion_by(&[Alice, Bob, Charlie], approve()), Ok(()));
		assert!(Issuance::request(request).is_none());
	});
}

#[test]
fn threshold_below_a_half_counts_as_a_half() {
	chain(|chain| {
		let request = ask_for_payment(chain);
		let approve = || pallet_issuance::Call::approve {
			requests: vec![request].try_into().expect("one fits"),
		};
		assert_eq!(chain.decide(Origin::Parameters, set_threshold(0)), Ok(()));
		// A motion with a threshold of one is executed at once, with the origin of one member of three.
		let proposal: RuntimeCall = approve().into();
		let length_bound = proposal.encoded_size() as u32;
		let call = pallet_collective::Call::<Runtime, pallet_collective::Instance1>::propose {
			threshold: 1,
			proposal: Box::new(proposal),
			length_bound,
		};
		chain.succeed(Charlie, call);
		assert!(Issuance::request(request).is_some());
		assert_eq!(chain.motion(approve()), Ok(()));
		assert!(Issuance::request(request).is_none());
	});
}

#[test]
fn governed_number_holds_from_the_next_extrinsic_on() {
	chain(|chain| {
		let held =
			|who: sp_keyring::Sr25519Keyring| Balances::reserved_balance(who.to_account_id());
		chain.succeed(Dave, application(&Dave.to_account_id(), 0..1));
		assert_eq!(held(Dave), 11 * DECA);
		let dearer =
			set(RuntimeParameters::Miners(dynamic_params::miners::Parameters::ApplicationDeposit(
				dynamic_params::miners::ApplicationDeposit,
				Some(20 * DECA),
			)));
		chain.fail(Alice, dearer.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(dearer), Ok(()));
		chain.succeed(Eve, application(&Eve.to_account_id(), 1..2));
		assert_eq!((held(Dave), held(Eve)), (11 * DECA, 21 * DECA));
	});
}

#[test]
fn parameter_is_written_as_clients_write_it() {
	// { Issuance: { DecaPerKwh: [null, 200000000000] } }
	let call: RuntimeCall =
		set(RuntimeParameters::Issuance(dynamic_params::issuance::Parameters::DecaPerKwh(
			dynamic_params::issuance::DecaPerKwh,
			Some(DECA / 5),
		)))
		.into();
	assert_eq!(call.encode(), [vec![29, 0, 0, 0, 1], (DECA / 5).encode()].concat());
	// { Rec: { RevocationWindow: [null, 96] } }
	use dynamic_params::{rec, rewards};
	let call: RuntimeCall = set(RuntimeParameters::Rec(rec::Parameters::RevocationWindow(
		rec::RevocationWindow,
		Some(96),
	)))
	.into();
	assert_eq!(call.encode(), [29, 0, 3, 3, 1, 96, 0, 0, 0]);
	// { Rewards: { Lottery: [null, 250000] } }
	let quarter = Permill::from_percent(25);
	let call: RuntimeCall = set(RuntimeParameters::Rewards(rewards::Parameters::Lottery(
		rewards::Lottery,
		Some(Some(quarter)),
	)))
	.into();
	assert_eq!(call.encode(), [vec![29, 0, 4, 11, 1, 1], quarter.encode()].concat());
	// { OrderBook: { TakerFee: [null, 2500] } }, { SlotAuction: { Grace: [null, 4] } },
	// { Lots: { ExtendWithin: [null, 2] } }, { StorageNodes: { PenaltyPrice: [null, 300000] } }
	use dynamic_params::{lots, order_book, slot_auction, storage_nodes};
	let rate = Permill::from_parts(2_500);
	let call: RuntimeCall = set(RuntimeParameters::OrderBook(order_book::Parameters::TakerFee(
		order_book::TakerFee,
		Some(rate),
	)))
	.into();
	assert_eq!(call.encode(), [vec![29, 0, 5, 0, 1], rate.encode()].concat());
	let call: RuntimeCall = set(RuntimeParameters::SlotAuction(slot_auction::Parameters::Grace(
		slot_auction::Grace,
		Some(4),
	)))
	.into();
	assert_eq!(call.encode(), [29, 0, 6, 2, 1, 4, 0, 0, 0]);
	let call: RuntimeCall =
		set(RuntimeParameters::Lots(lots::Parameters::ExtendWithin(lots::ExtendWithin, Some(2))))
			.into();
	assert_eq!(call.encode(), [29, 0, 7, 4, 1, 2, 0, 0, 0]);
	let call: RuntimeCall = set(RuntimeParameters::StorageNodes(
		storage_nodes::Parameters::PenaltyPrice(storage_nodes::PenaltyPrice, Some(300_000)),
	))
	.into();
	assert_eq!(call.encode(), [vec![29, 0, 8, 2, 1], 300_000u64.encode()].concat());
}

#[test]
fn referendum_is_cancelled_and_its_deposits_return() {
	chain(|chain| {
		let target = chain.referendum(root(), add_member(Dave));
		let cancel = pallet_referenda::Call::<Runtime>::cancel { index: target };
		chain.fail(Alice, cancel.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.decide(Origin::ReferendumCanceller, cancel), Ok(()));
		let info = ReferendumInfoFor::<Runtime>::get(target);
		assert!(matches!(info, Some(ReferendumInfo::Cancelled(_, Some(_), Some(_)))));
		let before = balance(Ferdie);
		chain.succeed(
			PASSER_BY,
			pallet_referenda::Call::<Runtime>::refund_decision_deposit { index: target },
		);
		assert!(balance(Ferdie) > before + 9_999 * DECA);
	});
}

#[test]
fn referendum_is_killed_and_its_deposits_go_to_the_treasury() {
	chain(|chain| {
		let target = chain.referendum(root(), add_member(Dave));
		let kill = pallet_referenda::Call::<Runtime>::kill { index: target };
		let before = Balances::free_balance(treasury_account());
		assert_eq!(chain.decide(Origin::ReferendumKiller, kill), Ok(()));
		assert!(matches!(
			ReferendumInfoFor::<Runtime>::get(target),
			Some(ReferendumInfo::Killed(_))
		));
		// The submission's and the decision's, and some fees.
		let gained = Balances::free_balance(treasury_account()) - before;
		assert!((10_010 * DECA..10_011 * DECA).contains(&gained), "{gained}");
	});
}

#[test]
fn fees_go_to_the_treasury() {
	chain(|chain| {
		let treasury = || Balances::free_balance(treasury_account());
		let before = (balance(Bob), treasury());
		chain.succeed(Bob, frame_system::Call::remark { remark: vec![1; 100] });
		let paid = before.0 - balance(Bob);
		assert!(paid > 0);
		assert_eq!(treasury() - before.1, paid);
	});
}

fn enter_safe_mode(chain: &mut Chain) {
	let enter = || pallet_safe_mode::Call::<Runtime>::force_enter {};
	chain.fail(Alice, enter(), DispatchError::BadOrigin);
	assert_eq!(chain.motion(enter()), Ok(()));
	assert!(SafeMode::is_entered());
}

#[test]
fn safe_mode_lets_readings_and_exits_through_and_stops_new_risk() {
	chain(|chain| {
		let request = ask_for_payment(chain);
		enter_safe_mode(chain);
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		let dest = || Bob.to_account_id().into();
		let transfer = || pallet_balances::Call::transfer_keep_alive { dest: dest(), value: DECA };
		chain.fail(Dave, transfer(), filtered);
		chain.fail(Eve, application(&Eve.to_account_id(), 7..8), filtered);
		// A motion, a batch and a referendum carry nothing out that would not work by itself.
		let requests: Vec<u32> = vec![request];
		let approve =
			pallet_issuance::Call::approve { requests: requests.try_into().expect("one fits") };
		assert_eq!(chain.motion(approve.clone()), Err(filtered));
		assert_eq!(chain.decide(Origin::Minting, approve), Err(filtered));
		let batch = pallet_utility::Call::batch_all { calls: vec![transfer().into()] };
		chain.fail(Dave, batch, filtered);

		let last = heliograph_runtime::Metering::current_interval() - 1;
		chain.succeed(Eve, submit_readings(vec![reading(0, last, 6_000_000)]));
		assert_eq!(
			heliograph_runtime::Metering::meter_state(0).map(|m| m.last_interval),
			Some(last)
		);
		chain.succeed(Dave, pallet_issuance::Call::withdraw { request });
		let operator = Eve.to_account_id();
		chain.succeed(Dave, pallet_miners::Call::remove_operator { miner: 0, operator });

		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_exit {}), Ok(()));
		chain.succeed(Dave, transfer());
	});
}

#[test]
fn safe_mode_ends_by_itself_after_a_week() {
	chain(|chain| {
		enter_safe_mode(chain);
		for _ in 0..=7 * 6 {
			assert!(SafeMode::is_entered());
			chain.next_block();
		}
		chain.next_block();
		assert!(!SafeMode::is_entered());
	});
}

#[test]
fn nobody_enters_safe_mode_by_paying() {
	chain(|chain| {
		chain.fail(
			Alice,
			pallet_safe_mode::Call::<Runtime>::enter {},
			pallet_safe_mode::Error::<Runtime>::NotConfigured,
		);
	});
}

#[test]
fn names_in_the_lists_of_what_is_never_stopped_exist() {
	let modules = RuntimeCall::get_module_names();
	for (pallet, calls) in UNSTOPPABLE.iter().chain(READINGS) {
		if *pallet == "Sudo" && !modules.contains(pallet) {
			continue;
		}
		assert!(modules.contains(pallet), "there is no {pallet}");
		for call in calls.unwrap_or_default() {
			let known = RuntimeCall::get_call_names(pallet);
			assert!(known.contains(call), "there is no {pallet}.{call}: {known:?}");
		}
	}
}

#[test]
fn what_takes_on_new_risk_is_in_no_list() {
	let stopped = [
		("Balances", "transfer_keep_alive"),
		("Assets", "transfer"),
		("AssetConversion", "swap_exact_tokens_for_tokens"),
		("AssetConversion", "add_liquidity"),
		("AssetRewards", "stake"),
		("Miners", "apply"),
		("Miners", "approve"),
		("Miners", "add_operator"),
		("Issuance", "request_payment"),
		("Issuance", "approve"),
		("Issuance", "set_policy"),
		("Rec", "request"),
		("Rec", "certify"),
		("Rec", "transfer"),
		("Rec", "buy"),
		("Rec", "liquidise"),
		("Rec", "retire"),
		("Rewards", "fund"),
		("Rewards", "set_emission"),
		("Rewards", "enroll"),
		("Rewards", "list_plant"),
		("Rewards", "buy_units"),
		("Rewards", "rebind"),
		("Issuance", "set_grid_meter_counts"),
		("OrderBook", "place_order"),
		("OrderBook", "amend_order"),
		("SlotAuction", "set_area"),
		("SlotAuction", "place"),
		("Lots", "list"),
		("Lots", "bid"),
		("StorageNodes", "register_node"),
		("StorageNodes", "ask_deposit"),
		("StorageNodes", "accept_deposit"),
		("StorageNodes", "request_withdrawal"),
		("StorageNodes", "accept_withdrawal"),
	];
	for (pallet, call) in stopped {
		assert!(RuntimeCall::get_call_names(pallet).contains(&call), "{pallet}.{call}");
		assert!(!NeverPaused::contains(&name(pallet, call)), "{pallet}.{call}");
	}
	let transfer: RuntimeCall =
		pallet_balances::Call::transfer_all { dest: Bob.to_account_id().into(), keep_alive: true }
			.into();
	assert!(!WorksInSafeMode::contains(&transfer));
}

fn name(pallet: &str, call: &str) -> pallet_tx_pause::RuntimeCallNameOf<Runtime> {
	let bounded = |text: &str| text.as_bytes().to_vec().try_into().expect("names are short");
	(bounded(pallet), bounded(call))
}

#[test]
fn committee_pauses_a_call_but_no_exit_and_no_governance() {
	chain(|chain| {
		let pause = |pallet, call| pallet_tx_pause::Call::<Runtime>::pause {
			full_name: name(pallet, call),
		};
		let unpausable: DispatchError = pallet_tx_pause::Error::<Runtime>::Unpausable.into();
		for (pallet, calls) in UNSTOPPABLE {
			if !RuntimeCall::get_module_names().contains(pallet) {
				continue;
			}
			let all = RuntimeCall::get_call_names(pallet);
			for call in calls.unwrap_or(all) {
				assert!(NeverPaused::contains(&name(pallet, call)), "{pallet}.{call}");
			}
		}
		assert_eq!(chain.motion(pause("Issuance", "withdraw")), Err(unpausable));
		assert_eq!(chain.motion(pause("ConvictionVoting", "vote")), Err(unpausable));
		assert_eq!(chain.motion(pause("Timestamp", "set")), Err(unpausable));
		assert_eq!(chain.motion(pause("OrderBook", "cancel_order")), Err(unpausable));
		assert_eq!(chain.motion(pause("StorageNodes", "account")), Err(unpausable));

		let dest = || Bob.to_account_id().into();
		let transfer = || pallet_balances::Call::transfer_keep_alive { dest: dest(), value: DECA };
		chain.succeed(Dave, transfer());
		assert_eq!(chain.motion(pause("Balances", "transfer_keep_alive")), Ok(()));
		chain.fail(Dave, transfer(), frame_system::Error::<Runtime>::CallFiltered);
		assert_eq!(
			chain.motion(pallet_tx_pause::Call::<Runtime>::unpause {
				ident: name("Balances", "transfer_keep_alive")
			}),
			Ok(())
		);
		chain.succeed(Dave, transfer());
	});
}

#[test]
fn entering_safe_mode_is_an_event_that_says_until_when() {
	chain(|chain| {
		enter_safe_mode(chain);
		let until = events(|event| match event {
			RuntimeEvent::SafeMode(pallet_safe_mode::Event::Entered { until }) => Some(until),
			_ => None,
		});
		assert_eq!(until, vec![chain.number() + 7 * 6]);
	});
}
