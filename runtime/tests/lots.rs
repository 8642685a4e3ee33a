//! Lots of stored energy, on real blocks: who bids has its money back when it is outbid, and pays for what both meters saw.

use crate::common::*;
use heliograph_primitives::{
	miner::{Flow, MeterId, MinerKind},
	trade::{cost, fee, MeterUse, MeterUses, Price},
	units::{Energy, Interval, KWH},
};
use heliograph_runtime::{
	configs::{parameters::dynamic_params, parameters::RuntimeParameters, treasury_account},
	Balance, Balances, Lots, Metering, Runtime, RuntimeEvent, DECA,
};
use pallet_lots::{EndReason, LotId, Side};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Ferdie};
use sp_runtime::{DispatchError, Permill};

type LotCall = pallet_lots::Call<Runtime>;
type LotError = pallet_lots::Error<Runtime>;

const LOT: LotId = 0;
/// 0.08 DECA per kWh.
const START: Price = 80_000;
/// What is kept of what sellers get.
const FEE: Permill = Permill::from_percent(1);
/// What is held of everybody for a miner with one meter.
const REGISTRATION: Balance = 11 * DECA;

/// Dave has a battery, the others have homes. Their meters are those that are returned.
fn people(chain: &mut Chain) -> [MeterId; 4] {
	let kinds = [
		(Dave, MinerKind::Storage, Flow::Discharge),
		(Bob, MinerKind::Consumer, Flow::Import),
		(Charlie, MinerKind::Consumer, Flow::Import),
		(Ferdie, MinerKind::Consumer, Flow::Import),
	];
	let meters = kinds.map(|(who, kind, flow)| {
		let (_, meters) = chain.admit(who, kind, &[flow]);
		chain.next_block();
		meters[0]
	});
	// Their registers are known from the interval on that has just ended.
	let last = Metering::current_interval() - 1;
	for meter in meters {
		chain.read(meter, last, 1_000);
	}
	chain.next_block();
	meters
}

fn list(meter: MeterId, energy: Energy, closes: Interval) -> LotCall {
	LotCall::list { meter, energy, start_price: START, closes }
}

fn bid(price: Price, meter: MeterId) -> LotCall {
	LotCall::bid { lot: LOT, price, meter }
}

fn draw() -> LotCall {
	LotCall::draw { lot: LOT }
}

/// What a lot of 5 kWh costs at a price.
fn all_at(price: Price) -> Balance {
	cost(5 * KWH, price)
}

fn treasury() -> Balance {
	Balances::free_balance(treasury_account())
}

#[track_caller]
fn for_nothing(chain: &mut Chain, who: Sr25519Keyring, call: LotCall) {
	let before = balance(who);
	chain.succeed(who, call);
	assert_eq!(balance(who), before, "the fee is returned");
}

/// Dave lists 5 kWh, Bob wins them at 0.10 DECA, and the first interval of the connection runs. Returns it.
fn bob_wins(chain: &mut Chain, [battery, bobs, ..]: [MeterId; 4]) -> Interval {
	let closes = Metering::current_interval() + 2;
	chain.succeed(Dave, list(battery, 5 * KWH, closes));
	chain.succeed(Bob, bid(100_000, bobs));
	chain.go_to(closes);
	chain.read(battery, closes - 1, 1_000);
	chain.read(bobs, closes - 1, 1_000);
	for_nothing(chain, Alice, LotCall::close_auction { lot: LOT });
	closes
}

#[test]
fn highest_of_three_draws_3_2_of_5_kwh_and_closes() {
	chain(|chain| {
		let meters = people(chain);
		let [battery, bobs, charlies, ferdies] = meters;
		let everybody = [Dave, Bob, Charlie, Ferdie];
		let before = everybody.map(balance);
		let mut paid = [0; 4];
		let now = Metering::current_interval();

		paid[0] += chain.fee_of(Dave, list(battery, 5 * KWH, now + 4));
		chain.fail(Ferdie, bid(START - 1_000, ferdies), LotError::BidTooLow);
		paid[3] += fees_paid(Ferdie);
		chain.next_block();
		paid[1] += chain.fee_of(Bob, bid(100_000, bobs));
		assert_eq!(held(Bob), REGISTRATION + all_at(100_000));
		paid[2] += chain.fee_of(Charlie, bid(120_000, charlies));
		// In the same extrinsic.
		assert_eq!((held(Bob), held(Charlie)), (REGISTRATION, REGISTRATION + all_at(120_000)));
		assert_eq!((Metering::booked(bobs), balance(Bob)), (None, before[1] - paid[1]));
		// In the last quarter of an hour: the auction goes on for another one.
		chain.go_to(now + 3);
		paid[3] += chain.fee_of(Ferdie, bid(150_000, ferdies));
		assert_eq!((held(Charlie), held(Ferdie)), (REGISTRATION, REGISTRATION + all_at(150_000)));
		chain.go_to(now + 4);
		chain.fail(Alice, LotCall::close_auction { lot: LOT }, LotError::AuctionRuns);

		let first = now + 5;
		chain.go_to(first);
		for_nothing(chain, Alice, LotCall::close_auction { lot: LOT });
		assert_eq!(Metering::booked(battery), Some((MeterUse::Lot, 1)));
		chain.read(battery, first - 1, 1_000);
		chain.read(ferdies, first - 1, 1_000);
		// 1.2, 1.2 and 0.8 kWh, of which both meters tell.
		let mut drawn = 1_000;
		for (interval, energy) in (first..).zip([1_200_000, 1_200_000, 800_000]) {
			drawn += energy;
			chain.go_to(interval + 1);
			chain.read(battery, interval, drawn);
			chain.read(ferdies, interval, drawn);
			if interval == first {
				for_nothing(chain, Alice, draw());
			}
		}
		// The interval that runs is the last one that counts.
		paid[3] += chain.fee_of(Ferdie, LotCall::close_connection { lot: LOT });
		chain.go_to(first + 4);
		chain.read(battery, first + 3, drawn);
		chain.read(ferdies, first + 3, drawn);
		let fund = treasury();
		for_nothing(chain, Alice, draw());

		let price = cost(3_200_000, 150_000);
		let kept = fee(price, FEE);
		assert_eq!((price, kept), (480_000_000_000, 4_800_000_000));
		assert_eq!(balance(Dave), before[0] + price - kept - paid[0]);
		assert_eq!(balance(Bob), before[1] - paid[1]);
		assert_eq!(balance(Charlie), before[2] - paid[2]);
		assert_eq!(balance(Ferdie), before[3] - price - paid[3]);
		assert_eq!(everybody.map(held), [REGISTRATION; 4]);
		assert_eq!(treasury() - fund, kept - fee(cost(1_200_000, 150_000), FEE));
		let ended = events(|event| match event {
			RuntimeEvent::Lots(pallet_lots::Event::Ended {
				reason, drawn, paid, returned, ..
			}) => Some((reason, drawn, paid, returned)),
			_ => None,
		});
		let rest = all_at(150_000) - price;
		assert_eq!(rest, 270_000_000_000);
		assert_eq!(ended, vec![(EndReason::Closed(Side::Winner), 3_200_000, price, rest)]);
		assert_eq!(meters.map(Metering::booked), [None; 4]);
		assert_eq!(Lots::lot(LOT), None);
	});
}

#[test]
fn nobody_bids_for_its_own_nor_below_the_least_raise() {
	chain(|chain| {
		let [battery, bobs, charlies, _] = people(chain);
		let (_, own) = chain.admit(Dave, MinerKind::Consumer, &[Flow::Import]);
		chain.next_block();
		let closes = Metering::current_interval() + 10;
		chain.succeed(Dave, list(battery, 5 * KWH, closes));
		chain.fail(Dave, bid(START, own[0]), LotError::SameOwner);
		chain.succeed(Bob, bid(200_000, bobs));
		// 1 % of 0.20 DECA.
		assert_eq!(Lots::least_bid(LOT), Some(202_000));
		chain.fail(Charlie, bid(201_999, charlies), LotError::BidTooLow);
		// Somebody else's meter.
		chain.fail(Charlie, bid(202_000, bobs), LotError::NotOwner);
		chain.fail(Dave, LotCall::cancel_listing { lot: LOT }, LotError::HasBid);
		chain.succeed(Charlie, bid(202_000, charlies));
		assert_eq!((held(Bob), held(Charlie)), (REGISTRATION, REGISTRATION + all_at(202_000)));
	});
}

#[test]
fn suspended_seller_delivers_nothing_and_the_winner_has_all_back() {
	chain(|chain| {
		let meters = people(chain);
		let first = bob_wins(chain, meters);
		let reason = b"the battery burnt".to_vec().try_into().expect("short");
		let suspend = pallet_miners::Call::<Runtime>::suspend { miner: 0, reason };
		assert_eq!(chain.motion(suspend), Ok(()));
		let again = list(meters[0], KWH, first + 10);
		chain.fail(Dave, again, LotError::MinerNotActive);
		chain.succeed(Bob, LotCall::close_connection { lot: LOT });
		// What Bob's meter drew came from elsewhere.
		chain.go_to(first + 1);
		chain.read(meters[1], first, 1_000 + KWH);
		chain.go_to(first + 9);
		let (dave, bob) = (balance(Dave), balance(Bob));
		for_nothing(chain, Alice, draw());
		assert_eq!((balance(Dave), balance(Bob)), (dave, bob + all_at(100_000)));
		assert_eq!((held(Bob), Lots::lot(LOT)), (REGISTRATION, None));
	});
}

#[test]
fn lot_that_nobody_wants_ends_and_one_that_is_won_expires() {
	use dynamic_params::lots::{DrawWindow, MinimumEnergy, Parameters};
	chain(|chain| {
		let meters = people(chain);
		let set = |parameter| pallet_parameters::Call::<Runtime>::set_parameter {
			key_value: RuntimeParameters::Lots(parameter),
		};
		let window = set(Parameters::DrawWindow(DrawWindow, Some(4)));
		chain.fail(Ferdie, window.clone(), DispatchError::BadOrigin);
		assert_eq!(chain.motion(window), Ok(()));
		let least = set(Parameters::MinimumEnergy(MinimumEnergy, Some(KWH)));
		assert_eq!(chain.motion(least), Ok(()));
		let closes = Metering::current_interval() + 1;
		chain.fail(Dave, list(meters[0], KWH - 1, closes), LotError::EnergyTooSmall);
		chain.succeed(Dave, list(meters[0], 5 * KWH, closes));
		chain.go_to(closes);
		for_nothing(chain, Alice, LotCall::close_auction { lot: LOT });
		assert_eq!((Lots::lot(LOT), Metering::booked(meters[0])), (None, None));

		let closes = Metering::current_interval() + 2;
		chain.succeed(Dave, list(meters[0], 5 * KWH, closes));
		chain.succeed(Bob, LotCall::bid { lot: 1, price: 100_000, meter: meters[1] });
		// Four intervals, and the grace.
		chain.go_to(closes + 11);
		chain.fail(Alice, LotCall::expire { lot: 1 }, LotError::NotExpired);
		chain.go_to(closes + 12);
		for_nothing(chain, Alice, LotCall::expire { lot: 1 });
		assert_eq!((held(Bob), Lots::lot(1)), (REGISTRATION, None));
	});
}

#[test]
fn safe_mode_stops_bids_and_leaves_the_way_out() {
	chain(|chain| {
		let meters = people(chain);
		let first = bob_wins(chain, meters);
		chain.go_to(first + 1);
		for meter in [meters[0], meters[1]] {
			chain.read(meter, first, 1_000 + KWH);
		}
		assert_eq!(chain.motion(pallet_safe_mode::Call::<Runtime>::force_enter {}), Ok(()));
		let filtered: DispatchError = frame_system::Error::<Runtime>::CallFiltered.into();
		chain.fail(Ferdie, bid(150_000, meters[3]), filtered);
		chain.fail(Dave, list(meters[0], KWH, first + 10), filtered);
		chain.succeed(Alice, draw());
		assert_eq!(held(Bob), REGISTRATION + all_at(100_000) - cost(KWH, 100_000));
		chain.succeed(Dave, LotCall::close_connection { lot: LOT });
		chain.go_to(first + 20);
		chain.succeed(Alice, LotCall::expire { lot: LOT });
		assert_eq!((held(Bob), Lots::lot(LOT)), (REGISTRATION, None));
	});
}
