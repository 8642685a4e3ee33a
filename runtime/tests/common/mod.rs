//! A chain in memory: real genesis, real blocks, real extrinsics, run through `Executive`.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]

use codec::Encode;
use frame_support::{
	dispatch::GetDispatchInfo,
	traits::{fungible::NativeOrWithId, fungibles::InspectHold, schedule::DispatchTime, Bounded},
};
use heliograph_primitives::{
	keys::MeterKey,
	miner::{Flow, MeterId, MinerId, MinerKind},
	reading::{possession_payload, Quality, Reading, SignedReading},
	units::{Interval, INTERVAL_MILLIS},
};
use heliograph_runtime::{
	configs::tokens::{AssetKind, KWH},
	genesis, AccountId, Assets, AssetsHolder, Balance, Balances, Executive, Header, Metering, Nfts,
	OrderBook, OriginCaller, Runtime, RuntimeCall, RuntimeEvent, RuntimeGenesisConfig,
	RuntimeHoldReason, SignedPayload, System, TxExtension, UncheckedExtrinsic, DECA,
};
use pallet_conviction_voting::{AccountVote, Conviction, Vote};
use pallet_nfts::{
	AttributeNamespace, CancelAttributesApprovalWitness, ItemTip, PriceWithDirection,
};
use pallet_referenda::ReferendumInfo;
use sp_core::{ed25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
	generic::Era, traits::Header as _, ApplyExtrinsicResult, BuildStorage, Digest, DigestItem,
	DispatchResult, MultiAddress,
};

/// The slot of block 1, and the moment at which it is authored: an interval boundary of the development preset.
const FIRST_SLOT: u64 = 900_000_000;
const SLOT_MILLIS: u64 = 2_000;

/// The genesis state of a preset, built as the node builds it: the patch laid over the defaults.
pub fn genesis_storage(preset: &str) -> sp_runtime::Storage {
	fn merge(base: &mut serde_json::Value, patch: serde_json::Value) {
		match (base, patch) {
			(serde_json::Value::Object(base), serde_json::Value::Object(patch)) => {
				for (key, value) in patch {
					merge(base.entry(key).or_insert(serde_json::Value::Null), value);
				}
			}
			(base, patch) => *base = patch,
		}
	}
	let patch = genesis::preset(&preset.into()).expect("the preset exists");
	let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).expect("serialises");
	merge(&mut config, serde_json::from_slice(&patch).expect("a preset is JSON"));
	let config: RuntimeGenesisConfig = serde_json::from_value(config).expect("the preset fits");
	config.build_storage().expect("the genesis is in order")
}

/// A chain with the development preset that is ready for block 1. Invariants are checked at the end of `test`.
pub fn chain(test: impl FnOnce(&mut Chain)) {
	sp_io::TestExternalities::new(genesis_storage(genesis::DEVELOPMENT)).execute_with(|| {
		let mut chain = Chain { number: 0, slot: FIRST_SLOT };
		chain.begin_block();
		test(&mut chain);
		heliograph_runtime::Miners::do_try_state().expect("the invariants of miners hold");
		heliograph_runtime::Metering::do_try_state().expect("the invariants of metering hold");
		heliograph_runtime::Issuance::do_try_state().expect("the invariants of issuance hold");
		heliograph_runtime::Rec::do_try_state().expect("the invariants of certificates hold");
		heliograph_runtime::Rewards::do_try_state().expect("the invariants of rewards hold");
		heliograph_runtime::OrderBook::do_try_state().expect("those of the order book hold");
		heliograph_runtime::SlotAuction::do_try_state().expect("those of the slot auctions hold");
		heliograph_runtime::Lots::do_try_state().expect("the invariants of lots hold");
		heliograph_runtime::StorageNodes::do_try_state().expect("those of storage nodes hold");
		heliograph_runtime::ValidatorSet::do_try_state().expect("those of the validators hold");
		check_holds_of_the_book();
	});
}

/// Whoever holds something for the order book has orders of that side in it, or something that could not be released. The
/// pallet's rule says how much, and looks only at those who have.
fn check_holds_of_the_book() {
	use pallet_order_book::{HoldReason, Side};
	let waits = |who: &AccountId, side| {
		let orders = OrderBook::orders_of(who.clone());
		orders.iter().any(|(_, order)| order.side == side)
			|| OrderBook::unreleased(who.clone(), side) > 0
	};
	let [buy, sell] = [HoldReason::Buy, HoldReason::Sell].map(RuntimeHoldReason::from);
	for (who, holds) in pallet_balances::Holds::<Runtime>::iter() {
		let held = holds.iter().any(|hold| hold.id == buy && hold.amount > 0);
		assert!(!held || waits(&who, Side::Buy), "{who:?} holds DECA for no order");
	}
	// Whoever has KWH has an account.
	for who in frame_system::Account::<Runtime>::iter_keys() {
		let held = <AssetsHolder as InspectHold<AccountId>>::balance_on_hold(KWH, &sell, &who) > 0;
		assert!(!held || waits(&who, Side::Sell), "{who:?} holds KWH for no order");
	}
}

pub struct Chain {
	number: u32,
	/// That of the next block.
	slot: u64,
}

impl Chain {
	/// Ends the running block and begins the next one.
	pub fn next_block(&mut self) {
		Executive::finalize_block();
		self.begin_block();
	}

	/// Ends the running block; the next one comes so many hours later.
	pub fn wait_hours(&mut self, hours: u64) {
		self.slot += hours * 3_600_000 / SLOT_MILLIS;
		self.next_block();
	}

	/// Ends the running block; the next one comes when an interval begins that has not begun.
	pub fn go_to(&mut self, interval: Interval) {
		let slot = u64::from(interval) * INTERVAL_MILLIS / SLOT_MILLIS;
		assert!(slot >= self.slot, "time does not run backwards");
		self.slot = slot;
		self.next_block();
	}

	/// Ends the running block; the next one comes when so many intervals more have ended.
	pub fn wait(&mut self, intervals: u32) {
		self.go_to(Metering::current_interval() + intervals);
	}

	/// The number of the running block.
	pub fn number(&self) -> u32 {
		self.number
	}

	/// Begins a block with its timestamp.
	fn begin_block(&mut self) {
		let slot = self.slot;
		self.number += 1;
		self.slot += 1;
		let digest = Digest {
			logs: vec![DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode())],
		};
		Executive::initialize_block(&Header::new(
			self.number,
			Default::default(),
			Default::default(),
			// Stands for the genesis hash when block 1 begins.
			[69; 32].into(),
			digest,
		));
		let call = pallet_timestamp::Call::set { now: slot * SLOT_MILLIS }.into();
		Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(call))
			.expect("valid")
			.expect("the clock moves");
	}

	/// Applies a call as an extrinsic that `who` signed.
	pub fn submit(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> ApplyExtrinsicResult {
		Executive::apply_extrinsic(sign(who, call.into()))
	}

	/// Applies a call that must succeed.
	#[track_caller]
	pub fn succeed(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) {
		self.submit(who, call).expect("valid").expect("succeeds");
	}

	/// Applies a call that is valid and must fail.
	#[track_caller]
	pub fn fail(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
		error: impl Into<sp_runtime::DispatchError>,
	) {
		let call = call.into();
		let result = self.submit(who, call.clone()).expect("valid");
		assert_eq!(result, Err(error.into()), "{call:?}");
	}

	/// Applies a call that must succeed. Returns what its fee was.
	#[track_caller]
	pub fn fee_of(&mut self, who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> Balance {
		let before = fees_paid(who);
		self.succeed(who, call);
		fees_paid(who) - before
	}

	/// A system of `owner` is admitted, with meters of these flows, and Eve operates it. Returns its number and theirs.
	#[track_caller]
	pub fn admit(
		&mut self,
		owner: Sr25519Keyring,
		kind: MinerKind,
		flows: &[Flow],
	) -> (MinerId, Vec<MeterId>) {
		let first = pallet_miners::NextMeterId::<Runtime>::get();
		let meters: Vec<MeterId> = (first..).take(flows.len()).collect();
		let devices = meters.iter().copied().zip(flows.iter().copied());
		let application = pallet_miners::NextApplicationId::<Runtime>::get();
		let miner = pallet_miners::NextMinerId::<Runtime>::get();
		self.succeed(owner, application_with(kind, &owner.to_account_id(), devices));
		assert_eq!(self.motion(pallet_miners::Call::approve { application }), Ok(()));
		let operator = Eve.to_account_id();
		self.succeed(owner, pallet_miners::Call::add_operator { miner, operator });
		(miner, meters)
	}

	/// Eve submits one reading: the register of a meter at the end of an interval.
	#[track_caller]
	pub fn read(&mut self, meter: MeterId, interval: Interval, register: u64) {
		let refused = || {
			events(|event| match event {
				RuntimeEvent::Metering(pallet_metering::Event::ReadingRefused {
					meter,
					reason,
					..
				}) => Some((meter, reason)),
				_ => None,
			})
		};
		let before = refused();
		self.succeed(Eve, submit_readings(vec![reading(meter, interval, register)]));
		assert_eq!(refused(), before);
	}

	/// Applies a call whose fee is paid in KWH.
	pub fn submit_paying_kwh(
		&mut self,
		who: Sr25519Keyring,
		call: impl Into<RuntimeCall>,
	) -> ApplyExtrinsicResult {
		Executive::apply_extrinsic(sign_paying(who, call.into(), Some(NativeOrWithId::WithId(KWH))))
	}

	/// Alice proposes what only the Technical DAO may do, Bob agrees, and Alice closes: the three extrinsics that the Tech.
	/// comm. page of Polkadot.js Apps sends. Returns how the call went.
	#[track_caller]
	pub fn motion(&mut self, call: impl Into<RuntimeCall>) -> DispatchResult {
		self.motion_by(&[Alice, Bob], call)
	}

	/// The same with the votes of any members; as many as vote are the motion's threshold.
	#[track_caller]
	pub fn motion_by(
		&mut self,
		members: &[Sr25519Keyring],
		call: impl Into<RuntimeCall>,
	) -> DispatchResult {
		let proposal: RuntimeCall = call.into();
		let length_bound = proposal.encoded_size() as u32;
		let proposal_weight_bound = proposal.get_dispatch_info().call_weight;
		let index =
			pallet_collective::ProposalCount::<Runtime, pallet_collective::Instance1>::get();
		let hash = sp_io::hashing::blake2_256(&proposal.encode()).into();
		type Committee = pallet_collective::Call<Runtime, pallet_collective::Instance1>;
		self.succeed(
			members[0],
			Committee::propose {
				threshold: members.len() as u32,
				proposal: Box::new(proposal),
				length_bound,
			},
		);
		for member in members {
			self.succeed(*member, Committee::vote { proposal: hash, index, approve: true });
		}
		self.succeed(
			members[0],
			Committee::close { proposal_hash: hash, index, proposal_weight_bound, length_bound },
		);
		let executed = events(|event| match event {
			RuntimeEvent::TechnicalCommittee(pallet_collective::Event::Executed {
				result, ..
			}) => Some(result),
			_ => None,
		});
		*executed.last().expect("the motion was carried")
	}

	/// Submits a referendum and places its decision deposit, with the extrinsics that the Referenda page of Polkadot.js
	/// Apps sends. Returns its number.
	#[track_caller]
	pub fn referendum(
		&mut self,
		origin: impl Into<OriginCaller>,
		call: impl Into<RuntimeCall>,
	) -> u32 {
		let call: RuntimeCall = call.into();
		let bytes = call.encode();
		let (hash, len) = (sp_io::hashing::blake2_256(&bytes).into(), bytes.len() as u32);
		let proposal = match bytes.clone().try_into() {
			Ok(inline) => Bounded::Inline(inline),
			Err(_) => {
				self.succeed(Ferdie, pallet_preimage::Call::note_preimage { bytes });
				Bounded::Lookup { hash, len }
			}
		};
		let index = pallet_referenda::ReferendumCount::<Runtime>::get();
		self.succeed(
			Ferdie,
			pallet_referenda::Call::submit {
				proposal_origin: Box::new(origin.into()),
				proposal,
				enactment_moment: DispatchTime::After(1),
			},
		);
		self.succeed(Ferdie, pallet_referenda::Call::place_decision_deposit { index });
		index
	}

	/// Votes with most of what the six people have.
	pub fn all_vote(&mut self, poll_index: u32, aye: bool) {
		for who in [Alice, Bob, Charlie, Dave, Eve, Ferdie] {
			let vote = AccountVote::Standard {
				vote: Vote { aye, conviction: Conviction::Locked1x },
				balance: 900_000 * DECA,
			};
			self.succeed(who, pallet_conviction_voting::Call::vote { poll_index, vote });
		}
	}

	/// Lets blocks pass until a referendum has ended and what it decided was carried out. Returns how it went, if it was
	/// carried out.
	#[track_caller]
	pub fn enact(&mut self, index: u32) -> Option<DispatchResult> {
		let limit = self.number + 200;
		while self.number < limit {
			self.next_block();
			let dispatched = events(|event| match event {
				RuntimeEvent::Scheduler(pallet_scheduler::Event::Dispatched {
					id: Some(id),
					result,
					..
				}) => Some((id, result)),
				_ => None,
			});
			let enactment =
				(*b"assembly", "enactment", index).using_encoded(sp_io::hashing::blake2_256);
			if let Some((_, result)) = dispatched.into_iter().find(|(id, _)| *id == enactment) {
				return Some(result);
			}
			match pallet_referenda::ReferendumInfoFor::<Runtime>::get(index) {
				Some(ReferendumInfo::Ongoing(_) | ReferendumInfo::Approved(..)) => {}
				_ => return None,
			}
		}
		panic!("the referendum has not ended in {} blocks", 200)
	}

	/// A referendum that all are for. Returns how what it decided went.
	#[track_caller]
	pub fn decide(
		&mut self,
		origin: impl Into<OriginCaller>,
		call: impl Into<RuntimeCall>,
	) -> DispatchResult {
		let index = self.referendum(origin, call);
		self.all_vote(index, true);
		self.enact(index).expect("the referendum is approved")
	}
}

/// What a person paid in fees since the block began.
pub fn fees_paid(who: Sr25519Keyring) -> Balance {
	let account = who.to_account_id();
	events(|event| match event {
		RuntimeEvent::TransactionPayment(
			pallet_transaction_payment::Event::TransactionFeePaid { who, actual_fee, .. },
		) if who == account => Some(actual_fee),
		_ => None,
	})
	.into_iter()
	.sum()
}

/// What of a person's DECA is held.
pub fn held(who: Sr25519Keyring) -> Balance {
	Balances::reserved_balance(who.to_account_id())
}

/// What of a person's KWH is held.
pub fn kwh_held(who: Sr25519Keyring) -> Balance {
	<AssetsHolder as InspectHold<AccountId>>::total_balance_on_hold(KWH, &who.to_account_id())
}

/// What a person has in DECA, as far as it is not held.
pub fn balance(who: Sr25519Keyring) -> Balance {
	Balances::free_balance(who.to_account_id())
}

/// What an account has in KWH.
pub fn kwh(who: &AccountId) -> Balance {
	Assets::balance(KWH, who)
}

/// An extrinsic with the sender's next nonce and no tip.
pub fn sign(who: Sr25519Keyring, call: RuntimeCall) -> UncheckedExtrinsic {
	sign_paying(who, call, None)
}

/// An extrinsic whose fee is paid in DECA or in an asset.
pub fn sign_paying(
	who: Sr25519Keyring,
	call: RuntimeCall,
	asset: Option<AssetKind>,
) -> UncheckedExtrinsic {
	let account = who.to_account_id();
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(System::account_nonce(&account)),
		frame_system::CheckWeight::new(),
		pallet_skip_feeless_payment::SkipCheckIfFeeless::from(
			pallet_asset_conversion_tx_payment::ChargeAssetTxPayment::from(0, asset),
		),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let payload = SignedPayload::new(call, extension).expect("every part of it is known");
	let signature = payload.using_encoded(|bytes| who.sign(bytes));
	let (call, extension, _) = payload.deconstruct();
	UncheckedExtrinsic::new_signed(call, MultiAddress::Id(account), signature.into(), extension)
}

/// The events of one pallet since the block began.
pub fn events<E: Clone>(of: impl Fn(RuntimeEvent) -> Option<E>) -> Vec<E> {
	System::events().into_iter().filter_map(|record| of(record.event)).collect()
}

/// The device of a meter.
pub fn device(number: u32) -> ed25519::Pair {
	let mut seed = [1; 32];
	seed[..4].copy_from_slice(&number.to_le_bytes());
	ed25519::Pair::from_seed(&seed)
}

pub fn genesis_hash() -> [u8; 32] {
	System::block_hash(0).0
}

/// Dave's system with so many meters is admitted as miner 0, and Eve operates it.
pub fn dave_is_admitted(chain: &mut Chain, meters: u32) {
	dave_is_admitted_with(chain, application(&Dave.to_account_id(), 0..meters));
}

/// What Dave applies for is admitted as the next miner, and Eve operates it. Returns the number of the miner.
pub fn dave_is_admitted_with(chain: &mut Chain, apply: pallet_miners::Call<Runtime>) -> MinerId {
	let application = pallet_miners::NextApplicationId::<Runtime>::get();
	let miner = pallet_miners::NextMinerId::<Runtime>::get();
	chain.succeed(Dave, apply);
	assert_eq!(chain.motion(pallet_miners::Call::approve { application }), Ok(()));
	let operator = Eve.to_account_id();
	chain.succeed(Dave, pallet_miners::Call::add_operator { miner, operator });
	chain.next_block();
	miner
}

/// What Dave sends into the grid before he asks for payment, in mWh.
pub const EARNED: Balance = 5_000_000;

/// Dave's system with one meter sends 5 kWh, which mature, and Dave asks to be paid. Returns the number of the request.
pub fn ask_for_payment(chain: &mut Chain) -> u32 {
	dave_is_admitted(chain, 1);
	let last = Metering::current_interval() - 1;
	chain.succeed(
		Eve,
		submit_readings(vec![reading(0, last - 4, 1_000), reading(0, last, 1_000 + EARNED as u64)]),
	);
	// A day and up to three hours more.
	chain.wait_hours(28);
	let request = pallet_issuance::NextRequestId::<Runtime>::get();
	let meters = vec![(0, None)].try_into().expect("one fits");
	let payout = pallet_issuance::Payout::Direct;
	chain.succeed(Dave, pallet_issuance::Call::request_payment { miner: 0, meters, payout });
	request
}

/// Dave is paid for 5 kWh: he has 4 KWH then, the treasury 1.
pub fn earn(chain: &mut Chain) {
	let requests = vec![ask_for_payment(chain)].try_into().expect("one fits");
	assert_eq!(chain.motion(pallet_issuance::Call::approve { requests }), Ok(()));
	assert_eq!(kwh(&Dave.to_account_id()), EARNED * 4 / 5);
}

/// The grid area of all systems.
pub const AREA: &[u8; 16] = b"10YDE-VE-------2";

/// What `owner` sends to register devices, each a 5 kW meter at the grid.
pub fn application(
	owner: &AccountId,
	devices: impl IntoIterator<Item = u32>,
) -> pallet_miners::Call<Runtime> {
	application_as(MinerKind::Standard, Flow::Export, owner, devices)
}

/// What `owner` sends to register a 5 kW system of another kind, or with meters somewhere else.
pub fn application_as(
	kind: MinerKind,
	flow: Flow,
	owner: &AccountId,
	devices: impl IntoIterator<Item = u32>,
) -> pallet_miners::Call<Runtime> {
	application_with(kind, owner, devices.into_iter().map(|number| (number, flow)))
}

/// What `owner` sends to register a 5 kW system with meters of different flows.
pub fn application_with(
	kind: MinerKind,
	owner: &AccountId,
	devices: impl IntoIterator<Item = (u32, Flow)>,
) -> pallet_miners::Call<Runtime> {
	let meters = devices
		.into_iter()
		.map(|(number, flow)| pallet_miners::MeterApplication {
			key: MeterKey::Ed25519(device(number).public().0),
			flow,
			nameplate: 5_000,
			possession: device(number).sign(&possession_payload(&genesis_hash(), owner)).0,
		})
		.collect::<Vec<_>>();
	pallet_miners::Call::apply {
		kind,
		profile: pallet_miners::Profile {
			source: pallet_miners::Source::Solar,
			method: pallet_miners::CollectionMethod::SmartMeter,
			capacity: 5_000,
			location: b"u33db".to_vec().try_into().expect("five characters"),
			grid_area: AREA.to_vec().try_into().expect("sixteen characters"),
			commissioned: 19_000,
		},
		meters: meters.try_into().expect("not too many"),
	}
}

/// A reading signed by the device that has the meter's number.
pub fn reading(meter: MeterId, interval: u32, register: u64) -> SignedReading {
	let reading = Reading { meter, epoch: 0, interval, register, quality: Quality::Measured };
	let signature = device(meter).sign(&reading.signing_payload(&genesis_hash())).0;
	SignedReading { reading, signature }
}

pub fn submit_readings(readings: Vec<SignedReading>) -> pallet_metering::Call<Runtime> {
	pallet_metering::Call::submit_readings { readings: readings.try_into().expect("decodable") }
}

/// Tries whatever the pallet of tokens offers on a soul-bound token and an attribute of it: nothing that its holder or a
/// stranger does may change anything.
#[track_caller]
pub fn token_resists(
	chain: &mut Chain,
	holder: Sr25519Keyring,
	(collection, item): (u32, u32),
	attribute: &str,
) {
	type NftsCall = pallet_nfts::Call<Runtime>;
	assert_eq!(Nfts::owner(collection, item), Some(holder.to_account_id()));
	let stranger = if holder == Charlie { Bob } else { Charlie };
	let before = nfts_state();
	let other = || stranger.to_account_id().into();
	let key = || attribute.as_bytes().to_vec().try_into().expect("short");
	let text = || b"Active".to_vec().try_into().expect("short");
	let namespaces = [
		AttributeNamespace::CollectionOwner,
		AttributeNamespace::ItemOwner,
		AttributeNamespace::Account(holder.to_account_id()),
		AttributeNamespace::Pallet,
	];
	let maybe_item = Some(item);
	let mut calls = vec![
		NftsCall::transfer { collection, item, dest: other() },
		NftsCall::burn { collection, item },
		NftsCall::approve_transfer { collection, item, delegate: other(), maybe_deadline: None },
		NftsCall::create_swap {
			offered_collection: collection,
			offered_item: item,
			desired_collection: collection,
			maybe_desired_item: None,
			maybe_price: None::<PriceWithDirection<_>>,
			duration: 10,
		},
		NftsCall::set_price { collection, item, price: Some(1), whitelisted_buyer: None },
		NftsCall::approve_item_attributes { collection, item, delegate: other() },
		NftsCall::set_metadata { collection, item, data: text() },
		NftsCall::clear_metadata { collection, item },
		NftsCall::set_collection_metadata { collection, data: text() },
		NftsCall::clear_collection_metadata { collection },
		NftsCall::lock_item_transfer { collection, item },
		NftsCall::unlock_item_transfer { collection, item },
		NftsCall::lock_item_properties {
			collection,
			item,
			lock_metadata: false,
			lock_attributes: false,
		},
		NftsCall::transfer_ownership { collection, new_owner: other() },
		NftsCall::set_team { collection, issuer: None, admin: Some(other()), freezer: None },
		NftsCall::redeposit { collection, items: vec![item] },
		NftsCall::mint { collection, item: 7, mint_to: other(), witness_data: None },
		NftsCall::force_mint {
			collection,
			item: 7,
			mint_to: other(),
			item_config: Default::default(),
		},
	];
	for namespace in namespaces {
		calls.push(NftsCall::set_attribute {
			collection,
			maybe_item,
			namespace: namespace.clone(),
			key: key(),
			value: text(),
		});
		calls.push(NftsCall::clear_attribute { collection, maybe_item, namespace, key: key() });
	}
	for call in calls {
		let changed = chain.submit(holder, call.clone()).expect("valid").is_ok();
		// Whatever a call says, nothing may have changed.
		assert_eq!(nfts_state(), before, "{call:?}");
		if changed {
			// Calls that find nothing to do succeed: there was no such attribute, and there is none now.
			assert!(
				matches!(call, NftsCall::clear_attribute { .. } | NftsCall::redeposit { .. }),
				"{call:?}"
			);
		}
	}
	// No more can it be bought, swapped or taken by somebody else.
	for call in [
		NftsCall::buy_item { collection, item, bid_price: DECA },
		NftsCall::claim_swap {
			send_collection: collection,
			send_item: item,
			receive_collection: collection,
			receive_item: item,
			witness_price: None,
		},
		NftsCall::transfer { collection, item, dest: other() },
		NftsCall::burn { collection, item },
		NftsCall::cancel_item_attributes_approval {
			collection,
			item,
			delegate: other(),
			witness: CancelAttributesApprovalWitness { account_attributes: 0 },
		},
		NftsCall::pay_tips {
			tips: vec![ItemTip { collection, item, receiver: Bob.to_account_id(), amount: 1 }]
				.try_into()
				.expect("one fits"),
		},
	] {
		let tip = matches!(call, NftsCall::pay_tips { .. });
		let result = chain.submit(stranger, call.clone()).expect("valid");
		// A tip is money for somebody and touches no token.
		assert!(result.is_err() || tip, "{call:?}");
		assert_eq!(nfts_state(), before, "{call:?}");
	}
}

/// All that the pallet of tokens keeps.
fn nfts_state() -> Vec<(Vec<u8>, Vec<u8>)> {
	let prefix = sp_io::hashing::twox_128(b"Nfts");
	let mut state = Vec::new();
	let mut key = prefix.to_vec();
	while let Some(next) = sp_io::storage::next_key(&key) {
		if !next.starts_with(&prefix) {
			break;
		}
		state.push((next.clone(), sp_io::storage::get(&next).unwrap_or_default().to_vec()));
		key = next;
	}
	state
}
