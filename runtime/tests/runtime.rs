//! The runtime as a whole: real blocks, real extrinsics, real fees.

use crate::common::*;
use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, GetDispatchInfo},
	traits::InstanceFilter,
};
use heliograph_primitives::reading::SignedReading;
use heliograph_runtime::{genesis, Metering, Miners, Runtime, RuntimeCall, RuntimeEvent, DECA};
use pallet_metering::Refusal;
use sp_keyring::Sr25519Keyring::{Bob, Charlie, Dave, Eve};
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

fn refusals() -> Vec<Refusal> {
	events(|event| match event {
		RuntimeEvent::Metering(pallet_metering::Event::ReadingRefused { reason, .. }) => {
			Some(reason)
		}
		_ => None,
	})
}

/// Whether Eve's batch cost her anything.
fn eve_pays(chain: &mut Chain, readings: Vec<SignedReading>) -> bool {
	let before = balance(Eve);
	chain.succeed(Eve, submit_readings(readings));
	balance(Eve) < before
}

#[test]
fn every_preset_builds() {
	for name in genesis::preset_names() {
		sp_io::TestExternalities::new(genesis_storage(name.as_ref())).execute_with(|| {
			assert!(!heliograph_runtime::Session::validators().is_empty(), "{name}");
			assert_eq!(heliograph_runtime::TechnicalMembership::members().len(), 3, "{name}");
		});
	}
	assert_eq!(genesis::preset(&"mainnet".into()), None);
}

#[test]
fn production_times_are_the_defaults_and_only_fast_bends_the_interval() {
	let lengths = |preset: &str| {
		sp_io::TestExternalities::new(genesis_storage(preset)).execute_with(|| {
			(
				pallet_metering::IntervalMillis::<Runtime>::get(),
				pallet_validator_set::SlotMillis::<Runtime>::get(),
			)
		})
	};
	assert_eq!(lengths(genesis::LOCAL), (900_000, 6_000));
	assert_eq!(lengths(genesis::DEVELOPMENT), (900_000, 2_000));
	assert_eq!(lengths(genesis::FAST), (3_000, 1_000));
	sp_io::TestExternalities::default().execute_with(|| {
		assert_eq!(pallet_metering::IntervalMillis::<Runtime>::get(), 900_000);
		assert_eq!(pallet_validator_set::SlotMillis::<Runtime>::get(), 6_000);
	});
}

#[test]
fn motion_of_the_technical_committee_admits_a_miner() {
	chain(|chain| {
		chain.succeed(Dave, application(&Dave.to_account_id(), 0..3));
		assert_eq!(Miners::open_applications(None, 10).len(), 1);
		assert_eq!(chain.motion(pallet_miners::Call::approve { application: 0 }), Ok(()));
		assert_eq!(Miners::miners_of(Dave.to_account_id()), vec![0]);
		assert_eq!(Miners::meters_of(0).len(), 3);
	});
}

#[test]
fn one_member_alone_admits_nobody() {
	chain(|chain| {
		chain.succeed(Dave, application(&Dave.to_account_id(), [0]));
		let proposal: RuntimeCall = pallet_miners::Call::approve { application: 0 }.into();
		let length_bound = proposal.encoded_size() as u32;
		// A motion with a threshold of one is executed at once, with the origin of one member of three.
		let call = pallet_collective::Call::<Runtime, pallet_collective::Instance1>::propose {
			threshold: 1,
			proposal: Box::new(proposal),
			length_bound,
		};
		chain.succeed(Charlie, call);
		assert!(Miners::miner(0).is_none());
		let refused = chain.submit(Charlie, pallet_miners::Call::approve { application: 0 });
		assert_eq!(refused.expect("valid"), Err(sp_runtime::DispatchError::BadOrigin));
	});
}

#[test]
fn signed_readings_are_attested_for_free() {
	chain(|chain| {
		dave_is_admitted(chain, 3);
		let last = Metering::current_interval() - 1;
		let base = (0..3).map(|meter| reading(meter, last - 1, 1_000)).collect();
		let next = (0..3).map(|meter| reading(meter, last, 251_000)).collect();
		assert!(!eve_pays(chain, base));
		assert!(!eve_pays(chain, next));
		assert_eq!(refusals(), vec![]);
		for meter in 0..3 {
			let state = Metering::meter_state(meter).expect("the meter has been read");
			assert_eq!((state.attested, state.measured_in(last)), (250_000, Some(250_000)));
		}
	});
}

#[test]
fn spammer_pays() {
	chain(|chain| {
		dave_is_admitted(chain, 3);
		let last = Metering::current_interval() - 1;
		// An operator with one bad reading among good ones, and with a replay.
		let forged = SignedReading { signature: [3; 64], ..reading(1, last, 5) };
		assert!(eve_pays(chain, vec![reading(0, last, 5), forged]));
		assert!(eve_pays(chain, vec![reading(0, last, 5)]));
		assert_eq!(refusals(), vec![Refusal::BadSignature, Refusal::Duplicate]);
		// Somebody who operates nothing.
		let before = balance(Bob);
		let refused = chain.submit(Bob, submit_readings(vec![reading(2, last, 5)]));
		assert_eq!(
			refused.expect("valid"),
			Err(pallet_metering::Error::<Runtime>::NotAnOperator.into())
		);
		assert!(balance(Bob) < before);
		assert_eq!(Metering::meter_state(2), None);
	});
}

#[test]
fn batch_that_is_a_little_too_long_fails_with_a_name() {
	chain(|chain| {
		dave_is_admitted(chain, 3);
		let one = reading(0, Metering::current_interval() - 1, 5);
		let refused = chain.submit(Eve, submit_readings(vec![one; 513]));
		assert_eq!(
			refused.expect("valid"),
			Err(pallet_metering::Error::<Runtime>::BatchTooLong.into())
		);
	});
}

#[test]
fn operator_that_cannot_lay_out_the_fee_submits_nothing() {
	chain(|chain| {
		dave_is_admitted(chain, 3);
		// Has no balance at genesis.
		let poor = sp_keyring::Sr25519Keyring::One;
		let dest = poor.to_account_id().into();
		chain.succeed(Bob, pallet_balances::Call::transfer_allow_death { dest, value: DECA / 100 });
		let operator = poor.to_account_id();
		chain.succeed(Dave, pallet_miners::Call::add_operator { miner: 0, operator });
		let last = Metering::current_interval() - 1;
		let many = (0..300).map(|i| reading(0, last - 300 + i, 5 + u64::from(i))).collect();
		assert_eq!(
			chain.submit(poor, submit_readings(many)),
			Err(TransactionValidityError::Invalid(InvalidTransaction::Payment))
		);
	});
}

#[test]
fn longest_batch_fits_a_block_several_times() {
	let limits = <Runtime as frame_system::Config>::BlockWeights::get();
	let normal = limits.get(DispatchClass::Normal).max_total.expect("normal is limited");
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let call: RuntimeCall = submit_readings(vec![reading(0, 1, 1); 512]).into();
		let weight = call.get_dispatch_info().call_weight;
		assert!(weight.all_lt(normal / 4), "{weight:?} of {normal:?}");
		let lengths = <Runtime as frame_system::Config>::BlockLength::get();
		let bytes = call.encoded_size() as u32;
		assert!(bytes * 4 < *lengths.max.get(DispatchClass::Normal));
		// What a reading takes in a block, its own signature included.
		assert!(bytes / 512 <= 80, "{} bytes per reading", bytes / 512);
	});
}

#[test]
fn weights_and_limits_are_set() {
	let weight = <Runtime as frame_system::Config>::DbWeight::get();
	assert_eq!((weight.read, weight.write), (8_000_000, 50_000_000), "ParityDB's weights");
	let weight = |call: RuntimeCall| call.get_dispatch_info().call_weight.ref_time();
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let submit = |count| weight(submit_readings(vec![reading(0, 1, 1); count]).into());
		// Checking a signature and writing a state take about 90 us.
		assert!((submit(512) - submit(1)) / 511 > 40_000_000, "a reading is not for nothing");
		// One write each, at the least.
		for call in [
			application(&Bob.to_account_id(), 0..1).into(),
			pallet_miners::Call::approve { application: 0 }.into(),
			pallet_metering::Call::<Runtime>::uphold { meter: 0 }.into(),
			pallet_issuance::Call::<Runtime>::withdraw { request: 0 }.into(),
			pallet_issuance::Call::<Runtime>::burn { amount: 1 }.into(),
			pallet_rec::Call::<Runtime>::cancel { request: 0 }.into(),
			pallet_rec::Call::<Runtime>::revoke { issuance: 0, reason: Default::default() }.into(),
			pallet_rewards::Call::<Runtime>::leave { miner: 0 }.into(),
			pallet_rewards::Call::<Runtime>::claim { miner: 0 }.into(),
			pallet_order_book::Call::<Runtime>::cancel_order { order: 0 }.into(),
			pallet_slot_auction::Call::<Runtime>::cancel {
				order: pallet_slot_auction::OrderId {
					auction: pallet_slot_auction::AuctionId { area: 0, interval: 0 },
					number: 0,
				},
			}
			.into(),
			pallet_lots::Call::<Runtime>::draw { lot: 0 }.into(),
			pallet_storage_nodes::Call::<Runtime>::settle_withdrawal { withdrawal: 0 }.into(),
		] {
			assert!(weight(call) > 50_000_000);
		}
	});
}

#[test]
fn longest_batches_of_certificates_and_rewards_fit_a_block() {
	let limits = <Runtime as frame_system::Config>::BlockWeights::get();
	// What no normal extrinsic may exceed; a motion may take half a block.
	let normal = limits.get(DispatchClass::Normal).max_extrinsic.expect("normal is limited");
	let motion = limits.max_block / 2;
	let numbers = |count| (0..count).collect::<Vec<u32>>();
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let certify: RuntimeCall = pallet_rec::Call::<Runtime>::certify {
			requests: numbers(32).try_into().expect("as many as there may be"),
		}
		.into();
		let weight = certify.get_dispatch_info().call_weight;
		assert!(weight.all_lt(motion), "{weight:?} of {motion:?}");
		let calls: [RuntimeCall; 4] = [
			pallet_rec::Call::<Runtime>::liquidise {
				certificates: numbers(32).try_into().expect("as many as there may be"),
			}
			.into(),
			pallet_rec::Call::<Runtime>::retire_fungible {
				amount: 1,
				details: pallet_rec::Details {
					beneficiary: Default::default(),
					entity: None,
					purpose: Default::default(),
					message: Default::default(),
					period: None,
				},
			}
			.into(),
			pallet_rewards::Call::<Runtime>::record {
				miners: numbers(16).try_into().expect("as many as there may be"),
			}
			.into(),
			pallet_rewards::Call::<Runtime>::advance_plants {
				listings: numbers(16).try_into().expect("as many as there may be"),
			}
			.into(),
		];
		for call in calls {
			let weight = call.get_dispatch_info().call_weight;
			assert!(weight.all_lt(normal), "{weight:?} of {normal:?} for {call:?}");
		}
	});
}

#[test]
fn longest_calls_of_trade_fit_a_block() {
	let limits = <Runtime as frame_system::Config>::BlockWeights::get();
	let normal = limits.get(DispatchClass::Normal).max_extrinsic.expect("normal is limited");
	let auction = pallet_slot_auction::AuctionId { area: 0, interval: 0 };
	let numbers = || (0..64).collect::<Vec<u32>>().try_into().expect("as many as there may be");
	let place = |side| pallet_order_book::Call::<Runtime>::place_order {
		side,
		price: 100,
		energy: 1_000,
		kind: pallet_order_book::Kind::Gtc,
		expires: None,
		self_trade: pallet_order_book::SelfTrade::CancelTaker,
		max_fills: 64,
	};
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let calls: [RuntimeCall; 11] = [
			place(pallet_order_book::Side::Buy).into(),
			place(pallet_order_book::Side::Sell).into(),
			pallet_order_book::Call::<Runtime>::amend_order {
				order: 0,
				price: 100,
				energy: 1_000,
				max_fills: 64,
			}
			.into(),
			pallet_order_book::Call::<Runtime>::cancel_all {}.into(),
			pallet_slot_auction::Call::<Runtime>::collect { auction, numbers: numbers() }.into(),
			pallet_slot_auction::Call::<Runtime>::settle { auction, numbers: numbers() }.into(),
			pallet_lots::Call::<Runtime>::draw { lot: 0 }.into(),
			pallet_storage_nodes::Call::<Runtime>::account { node: 0, intervals: 96 }.into(),
			pallet_storage_nodes::Call::<Runtime>::account_meter { meter: 0 }.into(),
			pallet_storage_nodes::Call::<Runtime>::settle_withdrawal { withdrawal: 0 }.into(),
			pallet_order_book::Call::<Runtime>::prune {
				orders: (0..64).collect::<Vec<u64>>().try_into().expect("as many as there may be"),
			}
			.into(),
		];
		for call in calls {
			let weight = call.get_dispatch_info().call_weight;
			assert!(weight.all_lt(normal), "{weight:?} of {normal:?} for {call:?}");
		}
	});
}

#[test]
fn proxy_of_a_miner_registers_and_submits_but_moves_no_money() {
	use heliograph_runtime::configs::ProxyType;
	let apply: RuntimeCall = pallet_miners::Call::withdraw { application: 0 }.into();
	let transfer: RuntimeCall =
		pallet_balances::Call::transfer_allow_death { dest: Bob.to_account_id().into(), value: 1 }
			.into();
	assert!(ProxyType::Miner.filter(&apply));
	assert!(!ProxyType::Miner.filter(&transfer));
	assert!(!ProxyType::NonTransfer.filter(&transfer));
	assert!(!ProxyType::Governance.filter(&apply));
	assert!(ProxyType::Any.is_superset(&ProxyType::Miner));
	assert!(!ProxyType::Miner.is_superset(&ProxyType::NonTransfer));
	let burn: RuntimeCall = pallet_issuance::Call::burn { amount: 1 }.into();
	let payment: RuntimeCall = pallet_issuance::Call::withdraw { request: 0 }.into();
	assert!(!ProxyType::Miner.filter(&burn) && !ProxyType::NonTransfer.filter(&burn));
	assert!(ProxyType::Miner.filter(&payment) && ProxyType::NonTransfer.filter(&payment));
	let tokens: RuntimeCall = pallet_assets::Call::<Runtime>::transfer {
		id: 1.into(),
		target: Bob.to_account_id().into(),
		amount: 1,
	}
	.into();
	assert!(!ProxyType::Miner.filter(&tokens) && !ProxyType::NonTransfer.filter(&tokens));
	let vote: RuntimeCall =
		pallet_conviction_voting::Call::remove_vote { class: None, index: 0 }.into();
	assert!(ProxyType::Governance.filter(&vote) && !ProxyType::Miner.filter(&vote));
}

#[test]
fn proxy_of_a_miner_asks_for_certificates_and_collects_rewards_but_gives_nothing_away() {
	use heliograph_runtime::configs::ProxyType;
	type Rec = pallet_rec::Call<Runtime>;
	type Rewards = pallet_rewards::Call<Runtime>;
	let to = Bob.to_account_id();
	let runs: Vec<RuntimeCall> = vec![
		Rec::request { miner: 0, meter: 0, documents: Default::default() }.into(),
		Rec::update { request: 0, documents: Default::default() }.into(),
		Rec::cancel { request: 0 }.into(),
		Rewards::enroll { miner: 0, meter: 0 }.into(),
		Rewards::leave { miner: 0 }.into(),
		Rewards::record { miners: Default::default() }.into(),
		Rewards::claim { miner: 0 }.into(),
		Rewards::set_selling { listing: 0, selling: false }.into(),
		Rewards::advance_plants { listings: Default::default() }.into(),
		Rewards::claim_plant { listing: 0 }.into(),
		Rewards::claim_units { position: 0 }.into(),
	];
	for call in runs {
		assert!(ProxyType::Miner.filter(&call) && ProxyType::NonTransfer.filter(&call), "{call:?}");
		assert!(!ProxyType::Governance.filter(&call), "{call:?}");
	}
	let gives: Vec<RuntimeCall> = vec![
		Rec::transfer { certificate: 0, to }.into(),
		Rec::offer { certificate: 0, price: None }.into(),
		Rec::buy { certificate: 0, min_energy: 1, max_price: 1 }.into(),
		Rec::liquidise { certificates: Default::default() }.into(),
		Rec::solidify { amount: 1 }.into(),
		Rewards::fund { category: pallet_rewards::Category::Plant, amount: 1 }.into(),
		Rewards::buy_units { listing: 0, units: 1, max_price: 1 }.into(),
		Rewards::rebind { position: 0, listing: 1, max_price: 1 }.into(),
	];
	for call in gives {
		assert!(
			!ProxyType::Miner.filter(&call) && !ProxyType::NonTransfer.filter(&call),
			"{call:?}"
		);
	}
	// The price of a plant's units is its owner's to choose.
	let list: RuntimeCall = Rewards::list_plant { miner: 0, meter: 0, price: 1 }.into();
	assert!(!ProxyType::Miner.filter(&list) && ProxyType::NonTransfer.filter(&list));
}

#[test]
fn proxy_of_a_miner_settles_what_was_traded_and_only_the_owner_trades() {
	use heliograph_runtime::configs::ProxyType;
	use pallet_order_book::{Kind, SelfTrade, Side};
	type Book = pallet_order_book::Call<Runtime>;
	type Slots = pallet_slot_auction::Call<Runtime>;
	type Lots = pallet_lots::Call<Runtime>;
	type Nodes = pallet_storage_nodes::Call<Runtime>;
	let auction = pallet_slot_auction::AuctionId { area: 0, interval: 0 };
	let settles: Vec<RuntimeCall> = vec![
		Book::prune { orders: Default::default() }.into(),
		Slots::clear { auction }.into(),
		Slots::collect { auction, numbers: Default::default() }.into(),
		Slots::settle { auction, numbers: Default::default() }.into(),
		Lots::draw { lot: 0 }.into(),
		Lots::expire { lot: 0 }.into(),
		Nodes::account { node: 0, intervals: 1 }.into(),
		Nodes::account_meter { meter: 0 }.into(),
		Nodes::settle_withdrawal { withdrawal: 0 }.into(),
	];
	for call in settles {
		assert!(ProxyType::Miner.filter(&call) && ProxyType::NonTransfer.filter(&call), "{call:?}");
	}
	let side = pallet_slot_auction::Side::Sell;
	let trades: Vec<RuntimeCall> = vec![
		Book::place_order {
			side: Side::Buy,
			price: 100,
			energy: 1_000,
			kind: Kind::Gtc,
			expires: None,
			self_trade: SelfTrade::CancelTaker,
			max_fills: 1,
		}
		.into(),
		Slots::place { meter: 0, interval: 0, side, limit: 1_000, energy: 1_000 }.into(),
		Lots::list { meter: 0, energy: 1, start_price: 1, closes: 1 }.into(),
		Lots::bid { lot: 0, price: 1, meter: 0 }.into(),
		Nodes::request_withdrawal { node: 0, meter: 0, energy: 1, duration: 1 }.into(),
		Nodes::accept_withdrawal { withdrawal: 0 }.into(),
		Nodes::cover { node: 0, amount: 1 }.into(),
	];
	for call in trades {
		assert!(
			!ProxyType::Miner.filter(&call) && !ProxyType::NonTransfer.filter(&call),
			"{call:?}"
		);
		assert!(ProxyType::Any.filter(&call) && !ProxyType::Governance.filter(&call), "{call:?}");
	}
	// What only gives back is open to who may move nothing.
	let cancel: RuntimeCall = Book::cancel_all {}.into();
	assert!(ProxyType::NonTransfer.filter(&cancel) && !ProxyType::Miner.filter(&cancel));
}
