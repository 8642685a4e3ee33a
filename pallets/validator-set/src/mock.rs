//! A runtime with sessions of five blocks.

use crate as pallet_validator_set;
use crate::*;
use frame_support::derive_impl;
use frame_system::EnsureRoot;
use sp_runtime::{impl_opaque_keys, testing::UintAuthorityId, traits::ConvertInto, BuildStorage};

type Block = frame_system::mocking::MockBlock<Test>;

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
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(2)]
	pub type ValidatorSet = pallet_validator_set;
	#[runtime::pallet_index(3)]
	pub type Session = pallet_session;
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
	type Block = Block;
	type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
	type AccountStore = System;
}

impl_opaque_keys! {
	pub struct MockKeys {
		pub dummy: UintAuthorityId,
	}
}

pub struct NoHandler;
impl pallet_session::SessionHandler<u64> for NoHandler {
	const KEY_TYPE_IDS: &'static [sp_runtime::KeyTypeId] =
		&[<UintAuthorityId as sp_runtime::RuntimeAppPublic>::ID];
	fn on_genesis_session<K: sp_runtime::traits::OpaqueKeys>(_: &[(u64, K)]) {}
	fn on_new_session<K: sp_runtime::traits::OpaqueKeys>(_: bool, _: &[(u64, K)], _: &[(u64, K)]) {}
	fn on_disabled(_: u32) {}
}

impl pallet_session::Config for Test {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = u64;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = ValidatorSet;
	type NextSessionRotation = ValidatorSet;
	type SessionManager = ValidatorSet;
	type SessionHandler = NoHandler;
	type Keys = MockKeys;
	type DisablingStrategy = ();
	type WeightInfo = ();
	type Currency = Balances;
	type KeyDeposit = ();
}

impl Config for Test {
	type GovernanceOrigin = EnsureRoot<u64>;
	type MinValidators = ConstU32<2>;
	type MaxValidators = ConstU32<4>;
	type WeightInfo = ();
}

/// Validators 1 to 3; accounts 1 to 6 have session keys.
pub fn build_and_execute(test: impl FnOnce()) {
	let mut storage = frame_system::GenesisConfig::<Test>::default().build_storage().unwrap();
	let account_and_keys = |i| (i, i, MockKeys { dummy: UintAuthorityId(i) });
	pallet_validator_set::GenesisConfig::<Test> {
		validators: vec![3, 1, 2],
		slot_millis: Some(2_000),
		session_blocks: Some(5),
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	pallet_session::GenesisConfig::<Test> {
		keys: (1..=3).map(account_and_keys).collect(),
		non_authority_keys: (4..=6).map(account_and_keys).collect(),
	}
	.assimilate_storage(&mut storage)
	.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		System::set_block_number(1);
		test();
		ValidatorSet::do_try_state().expect("the invariants hold");
	});
}

/// Runs through whole sessions.
pub fn pass_sessions(sessions: u64) {
	for _ in 0..sessions * 5 {
		let next = System::block_number() + 1;
		System::set_block_number(next);
		<Session as Hooks<u64>>::on_initialize(next);
	}
}
