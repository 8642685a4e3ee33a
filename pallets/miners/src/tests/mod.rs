//! Named actors: Olga has a roof, Peter is her neighbour, the agent submits for her, the pauper cannot pay.

mod applications;
mod invariants;
mod meters;
mod standing;
mod token;

use crate::{
	mock::{Miners, *},
	*,
};
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::miner::{MeterDirectory, MinerInfo, OwnerBonds};
use sp_runtime::DispatchError::BadOrigin;

fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Registration.into(), &who)
}

fn last_event() -> RuntimeEvent {
	System::events().pop().expect("an event").event
}

fn apply_with(
	owner: u64,
	kind: MinerKind,
	profile: Profile,
	meters: Vec<MeterApplication>,
) -> DispatchResult {
	Miners::apply(RuntimeOrigin::signed(owner), kind, profile, meters.try_into().unwrap())
}

/// Olga asks for more meters with the devices of these numbers. Returns the application's number.
fn olga_applies_for_meters(miner: MinerId, devices: &[u8]) -> ApplicationId {
	let application = NextApplicationId::<Test>::get();
	let meters = devices.iter().map(|n| meter(*n, OLGA)).collect::<Vec<_>>();
	let origin = RuntimeOrigin::signed(OLGA);
	Miners::apply_meters(origin, miner, meters.try_into().unwrap()).unwrap();
	application
}

/// What other pallets see of a meter.
fn directory_meter(meter: MeterId) -> Option<MeterInfo> {
	<Miners as MeterDirectory<u64>>::meter(meter)
}

/// What other pallets see of a miner.
fn directory_miner(miner: MinerId) -> Option<MinerInfo<u64>> {
	<Miners as MeterDirectory<u64>>::miner(miner)
}
