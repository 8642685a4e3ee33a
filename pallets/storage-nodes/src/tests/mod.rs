//! What people see, told by what they do.

mod accounting;
mod arithmetic;
mod cover;
mod deposits;
mod fuzz;
mod invariants;
mod late;
mod leaving;
mod nodes;
mod receipts;
mod round_trip;
mod withdrawals;

use crate::{mock::*, *};
use heliograph_primitives::reading::Quality;

/// An interval passes in which the battery gives, and a home takes.
fn gives(battery: &Battery, given: u32, home: MeterId, took: u32) {
	let Battery { charge, discharge, loss, .. } = *battery;
	quarter(&[(charge, 0), (discharge, given), (loss, 0), (home, took)]);
}

/// So many intervals pass in which neither the battery nor these meters do anything.
fn rest(battery: &Battery, intervals: Interval, others: &[MeterId]) {
	let Battery { charge, discharge, loss, .. } = *battery;
	idle(intervals, &[&[charge, discharge, loss], others].concat());
}

/// An interval passes in which roofs send, and the battery is charged.
fn sends(battery: &Battery, sent: &[(MeterId, u32)], charged: u32) {
	let Battery { charge, discharge, loss, .. } = *battery;
	quarter(&[&[(charge, charged), (discharge, 0), (loss, 0)], sent].concat());
}

/// Anyone settles a withdrawal.
fn settle(withdrawal: WithdrawalId) {
	StorageNodes::settle_withdrawal(signed(&CAROL), withdrawal).unwrap();
}

/// What Wanda asks for.
fn ask(battery: &Battery, meter: MeterId, energy: u64, duration: Interval) -> DispatchResult {
	StorageNodes::request_withdrawal(signed(&WANDA), battery.node, meter, energy, duration)
}

fn suspend(miner: MinerId) {
	Miners::suspend(RuntimeOrigin::root(), miner, reason("look")).unwrap();
}

fn revoke(miner: MinerId) {
	Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), true).unwrap();
}

fn reason(text: &str) -> BoundedVec<u8, ConstU32<32>> {
	text.as_bytes().to_vec().try_into().unwrap()
}

fn miner_of(meter: MeterId) -> MinerId {
	<Miners as MeterDirectory<AccountId>>::meter(meter).unwrap().miner
}

fn challenge(meter: MeterId) {
	let evidence = b"seen from the street".to_vec().try_into().unwrap();
	Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
}
