//! What an upgrade changes in the state.
//!
//! None is due in this version. The one here belongs to the upgrade that is rehearsed (feature `rehearsal`), by which the
//! end-to-end tests show that a referendum can upgrade a chain while readings go on. It is compiled, and tested, always.

use crate::{AccountId, Miners, Runtime};
use frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	weights::{Weight, WeightMeter},
};
use heliograph_primitives::miner::MeterDirectory;
use pallet_metering::OperatorUse;

/// Forgets how many readings those accounts submitted last that are operators of no miner any more.
///
/// The entry of such an account would stay for ever. One entry is judged per step, and a block takes as many steps as its
/// weight allows; the cursor is the account that was judged last.
pub struct DropStaleOperatorUse;

impl DropStaleOperatorUse {
	/// Reading an entry, looking whether its account operates anything, and removing it.
	fn weight_of_one() -> Weight {
		<Runtime as frame_system::Config>::DbWeight::get().reads_writes(2, 1)
	}
}

impl SteppedMigration for DropStaleOperatorUse {
	type Cursor = AccountId;
	type Identifier = MigrationId<16>;

	fn id() -> Self::Identifier {
		MigrationId { pallet_id: *b"heliograph/quota", version_from: 0, version_to: 1 }
	}

	fn step(
		mut cursor: Option<Self::Cursor>,
		meter: &mut WeightMeter,
	) -> Result<Option<Self::Cursor>, SteppedMigrationError> {
		let required = Self::weight_of_one();
		// Nothing can be done in less, in no later block either.
		if !meter.can_consume(required) {
			return Err(SteppedMigrationError::InsufficientWeight { required });
		}
		while meter.try_consume(required).is_ok() {
			let mut rest = match &cursor {
				Some(last) => OperatorUse::<Runtime>::iter_keys_from(
					OperatorUse::<Runtime>::hashed_key_for(last),
				),
				None => OperatorUse::<Runtime>::iter_keys(),
			};
			let Some(account) = rest.next() else {
				return Ok(None);
			};
			if !<Miners as MeterDirectory<AccountId>>::is_any_operator(&account) {
				OperatorUse::<Runtime>::remove(&account);
			}
			cursor = Some(account);
		}
		Ok(cursor)
	}

	#[cfg(feature = "try-runtime")]
	fn post_upgrade(_: alloc::vec::Vec<u8>) -> Result<(), sp_runtime::TryRuntimeError> {
		let stale = OperatorUse::<Runtime>::iter_keys()
			.any(|account| !<Miners as MeterDirectory<AccountId>>::is_any_operator(&account));
		frame_support::ensure!(!stale, "an account that operates nothing still has an entry");
		Ok(())
	}
}
