//! The migration that the rehearsed upgrade runs.

use crate::common::*;
use frame_support::{
	migrations::{SteppedMigration, SteppedMigrationError},
	weights::{Weight, WeightMeter},
};
use heliograph_runtime::{migrations::DropStaleOperatorUse, AccountId, Runtime};
use pallet_metering::OperatorUse;
use sp_keyring::Sr25519Keyring::{Dave, Eve};

const MUCH: Weight = Weight::from_parts(u64::MAX, u64::MAX);

/// What one entry costs: the smallest weight by which the migration gets on.
fn weight_of_one() -> Weight {
	match DropStaleOperatorUse::step(None, &mut WeightMeter::with_limit(Weight::zero())) {
		Err(SteppedMigrationError::InsufficientWeight { required }) => required,
		other => panic!("nothing can be done for nothing: {other:?}"),
	}
}

/// Eve operates a miner; a hundred others do not any more.
fn stale_entries(chain: &mut Chain) {
	dave_is_admitted(chain, 1);
	let last = heliograph_runtime::Metering::current_interval() - 1;
	chain.succeed(Eve, submit_readings(vec![reading(0, last, 5)]));
	for number in 0..100 {
		OperatorUse::<Runtime>::insert(AccountId::new([number; 32]), (1, 7));
	}
	assert_eq!(OperatorUse::<Runtime>::iter().count(), 101);
}

fn only_eve_is_left() {
	let left: Vec<AccountId> = OperatorUse::<Runtime>::iter_keys().collect();
	assert_eq!(left, vec![Eve.to_account_id()]);
}

#[test]
fn migration_drops_the_entries_of_those_who_operate_nothing() {
	chain(|chain| {
		stale_entries(chain);
		let before = OperatorUse::<Runtime>::get(Eve.to_account_id());
		let end = DropStaleOperatorUse::step(None, &mut WeightMeter::with_limit(MUCH));
		assert!(matches!(end, Ok(None)));
		only_eve_is_left();
		assert_eq!(OperatorUse::<Runtime>::get(Eve.to_account_id()), before);
	});
}

#[test]
fn migration_goes_on_where_it_stopped() {
	chain(|chain| {
		stale_entries(chain);
		// Enough for seven entries in each block.
		let limit = weight_of_one() * 7;
		let (mut cursor, mut blocks) = (None, 0);
		loop {
			let mut meter = WeightMeter::with_limit(limit);
			cursor = DropStaleOperatorUse::transactional_step(cursor, &mut meter).expect("enough");
			assert!(meter.consumed().all_lte(limit));
			blocks += 1;
			assert!(blocks <= 20, "it ends");
			if cursor.is_none() {
				break;
			}
		}
		// 101 entries, and one look beyond the last.
		assert_eq!(blocks, 15);
		only_eve_is_left();
	});
}

#[test]
fn migration_of_nothing_ends_at_once() {
	chain(|_| {
		let end = DropStaleOperatorUse::step(None, &mut WeightMeter::with_limit(MUCH));
		assert!(matches!(end, Ok(None)));
	});
}

#[test]
fn operator_that_is_removed_is_forgotten() {
	chain(|chain| {
		stale_entries(chain);
		let operator = Eve.to_account_id();
		chain.succeed(Dave, pallet_miners::Call::remove_operator { miner: 0, operator });
		let end = DropStaleOperatorUse::step(None, &mut WeightMeter::with_limit(MUCH));
		assert!(matches!(end, Ok(None)));
		assert_eq!(OperatorUse::<Runtime>::iter().count(), 0);
	});
}
