//! Payment for what a battery received, on real blocks: while the battery is doubted, and when the deposit has ended.

use crate::common::*;
use frame_support::traits::fungibles::Inspect;
use heliograph_primitives::{
	miner::{Flow, MeterId, MinerId, MinerKind},
	units::{Energy, KWH},
};
use heliograph_runtime::{
	configs::tokens::KWH as KWH_ID, Assets, Balance, Issuance, Metering, Miners, Runtime,
	RuntimeEvent,
};
use pallet_issuance::{Payout, ReceivedBy, RequestId};
use pallet_storage_nodes::NodeMeters;
use sp_keyring::Sr25519Keyring::{Bob, Dave, Ferdie};
use sp_runtime::DispatchError;

type IssuanceCall = pallet_issuance::Call<Runtime>;
type IssuanceError = pallet_issuance::Error<Runtime>;
type MeteringCall = pallet_metering::Call<Runtime>;
type NodeCall = pallet_storage_nodes::Call<Runtime>;

/// Bob's battery, Dave's roof, and their meters.
const NODE: MinerId = 1;
const ROOF: MeterId = 0;
const CHARGE: MeterId = 1;
const DISCHARGE: MeterId = 2;

/// Dave sends 1 kWh, of which 8 % are lost.
const SENT: Energy = KWH;
const RECEIVED: Energy = 920_000;
/// What all registers show at first.
const BASE: u64 = 1_000;

fn supply() -> Balance {
	Assets::total_issuance(KWH_ID)
}

/// Dave's roof sends 1 kWh to Bob's battery, which has accounted for it; it has matured.
fn received(chain: &mut Chain) {
	assert_eq!(chain.admit(Dave, MinerKind::Standard, &[Flow::Export]), (0, vec![ROOF]));
	let battery = [Flow::Charge, Flow::Discharge];
	let admitted = chain.admit(Bob, MinerKind::Storage, &battery);
	assert_eq!(admitted, (NODE, vec![CHARGE, DISCHARGE]));
	chain.next_block();
	let last = Metering::current_interval() - 1;
	for meter in [ROOF, CHARGE, DISCHARGE] {
		chain.read(meter, last, BASE);
	}
	let meters = NodeMeters { charge: CHARGE, discharge: DISCHARGE, loss: None };
	chain.succeed(Bob, NodeCall::register_node { node: NODE, meters, capacity: 10 * KWH });
	chain.succeed(Dave, NodeCall::ask_deposit { meter: ROOF, node: NODE });
	chain.succeed(Bob, NodeCall::accept_deposit { meter: ROOF });
	let noon = Metering::current_interval();
	chain.go_to(noon + 1);
	chain.read(ROOF, noon, BASE + SENT);
	chain.read(CHARGE, noon, BASE + RECEIVED);
	chain.read(DISCHARGE, noon, BASE);
	chain.go_to(noon + 9);
	chain.succeed(Ferdie, NodeCall::account { node: NODE, intervals: 96 });
	chain.succeed(Ferdie, NodeCall::account_meter { meter: ROOF });
	chain.wait_hours(28);
}

/// Dave asks to be paid for all that has matured. Returns the number of the request.
fn asked(chain: &mut Chain) -> RequestId {
	let request = pallet_issuance::NextRequestId::<Runtime>::get();
	let meters = vec![(ROOF, None)].try_into().expect("one fits");
	let payout = Payout::Direct;
	chain.succeed(Dave, IssuanceCall::request_payment { miner: 0, meters, payout });
	request
}

fn approve(chain: &mut Chain, request: RequestId) {
	let requests = vec![request].try_into().expect("one fits");
	assert_eq!(chain.motion(IssuanceCall::approve { requests }), Ok(()));
}

#[test]
fn nothing_is_minted_while_the_battery_is_doubted_after_the_request() {
	chain(|chain| {
		received(chain);
		let request = asked(chain);
		// A challenge is about energy that has not matured.
		let last = Metering::current_interval() - 1;
		chain.read(CHARGE, last, BASE + RECEIVED + 1_000);
		let evidence = b"there is no battery".to_vec().try_into().expect("short");
		chain.succeed(Ferdie, MeteringCall::challenge { meter: CHARGE, evidence });
		chain.next_block();
		approve(chain, request);
		let failed = events(|event| match event {
			RuntimeEvent::Issuance(pallet_issuance::Event::ApprovalFailed { error, .. }) => {
				Some(error)
			}
			_ => None,
		});
		assert_eq!(failed, vec![DispatchError::from(IssuanceError::NodeDisputed)]);
		assert_eq!(supply(), 0);
		assert_eq!(chain.motion(MeteringCall::dismiss { meter: CHARGE }), Ok(()));
		approve(chain, request);
		assert_eq!(supply(), u128::from(RECEIVED));
	});
}

#[test]
fn loss_stays_when_the_deposit_ends_where_the_grid_meter_counts() {
	chain(|chain| {
		received(chain);
		assert!(Issuance::grid_meter_counts());
		chain.succeed(Dave, NodeCall::end_deposit { meter: ROOF });
		assert_eq!(Miners::meter(ROOF).and_then(|info| info.node), None);
		let request = asked(chain);
		let evidence = Issuance::request(request).expect("it stands").evidence;
		assert_eq!(evidence.received_by, ReceivedBy::FormerNode);
		let (sent, received) = (u128::from(SENT), u128::from(RECEIVED));
		assert_eq!((evidence.sent, evidence.received), (sent, received));
		approve(chain, request);
		assert_eq!(supply(), u128::from(RECEIVED));
	});
}
