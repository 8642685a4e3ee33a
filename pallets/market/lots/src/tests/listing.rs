//! What can be listed, by whom, and taken back.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

const CLOSES: Interval = START + 4;

#[test]
fn owner_lists_energy_of_its_battery() {
	build_and_execute(|| {
		let meter = battery();
		System::reset_events();
		assert_ok!(list(&NORA, meter, 5 * KWH, TENTH, CLOSES));
		let listed = Event::Listed {
			lot: 0,
			seller: NORA,
			meter,
			energy: 5 * KWH,
			start_price: TENTH,
			closes: CLOSES,
		};
		assert_eq!(events(), [listed]);
		assert_eq!(booked(meter), Some((MeterUse::Lot, 1)));
		assert_eq!(LotAuctions::meter_lot(meter), Some(0));
		assert_eq!(held(&NORA), 0);
	});
}

#[test]
fn owner_lists_what_its_roof_sends_to_no_node() {
	build_and_execute(|| {
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_ok!(list(&OLGA, meters[0], 5 * KWH, TENTH, CLOSES));
	});
}

#[test]
fn listing_is_refused_when_the_meter_sends_to_a_storage_node() {
	build_and_execute(|| {
		let node = miner_of(battery());
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), meters[0], Some(node)));
		assert_noop!(list(&OLGA, meters[0], 5 * KWH, TENTH, CLOSES), Error::<Test>::SendsToNode);
	});
}

#[test]
fn listing_is_refused_when_the_meter_does_not_give_energy() {
	build_and_execute(|| {
		let flows = [Flow::Generation, Flow::Consumption, Flow::Import, Flow::Charge];
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &flows);
		for meter in meters {
			assert_noop!(list(&OLGA, meter, 5 * KWH, TENTH, CLOSES), Error::<Test>::CannotSell);
		}
	});
}

#[test]
fn listing_is_refused_when_its_miner_gives_energy_through_another_flow() {
	build_and_execute(|| {
		let flows = [Flow::Export, Flow::Discharge];
		let (_, noras) = admit(&NORA, MinerKind::Storage, &flows);
		let (_, olgas) = admit(&OLGA, MinerKind::Standard, &flows);
		// What a battery discharges passes the meter behind it, too, and would be sold twice.
		for (who, gives, other) in [(NORA, noras[1], noras[0]), (OLGA, olgas[0], olgas[1])] {
			assert_noop!(list(&who, other, KWH, TENTH, CLOSES), Error::<Test>::CannotSell);
			assert_ok!(list(&who, gives, KWH, TENTH, CLOSES));
		}
	});
}

#[test]
fn listing_is_refused_when_the_meter_is_unknown_or_anothers() {
	build_and_execute(|| {
		let meter = battery();
		assert_noop!(list(&NORA, 99, 5 * KWH, TENTH, CLOSES), Error::<Test>::UnknownMeter);
		assert_noop!(list(&OLGA, meter, 5 * KWH, TENTH, CLOSES), Error::<Test>::NotOwner);
		revoke(meter);
		assert_noop!(list(&NORA, meter, 5 * KWH, TENTH, CLOSES), Error::<Test>::UnknownMeter);
	});
}

#[test]
fn listing_is_refused_when_the_meter_was_taken_out_of_service() {
	build_and_execute(|| {
		let meter = battery();
		assert_ok!(Miners::retire_meter(signed(&NORA), meter));
		assert_noop!(list(&NORA, meter, 5 * KWH, TENTH, CLOSES), Error::<Test>::MeterRetired);
	});
}

#[test]
fn listing_is_refused_when_the_meter_is_in_a_lot_or_used_otherwise() {
	build_and_execute(|| {
		let (_, meter) = listed(5 * KWH);
		assert_noop!(list(&NORA, meter, 5 * KWH, TENTH, CLOSES), Error::<Test>::MeterInLot);
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_ok!(<Metering as MeterUses>::book(meters[0], MeterUse::Slots));
		assert_noop!(
			list(&OLGA, meters[0], 5 * KWH, TENTH, CLOSES),
			pallet_metering::Error::<Test>::MeterBooked
		);
	});
}

#[test]
fn listing_is_refused_when_it_is_too_small_or_more_than_the_meter_can_carry() {
	build_and_execute(|| {
		let meter = battery();
		assert_noop!(
			list(&NORA, meter, KWH / 10 - 1, TENTH, CLOSES),
			Error::<Test>::EnergyTooSmall
		);
		// 1 MW for a week, and a tenth more.
		let most = plausible_energy(NAMEPLATE, 672);
		assert_noop!(list(&NORA, meter, most + 1, TENTH, CLOSES), Error::<Test>::EnergyTooLarge);
		assert_ok!(list(&NORA, meter, most, TENTH, CLOSES));
		MinimumEnergy::set(&0);
		let other = battery();
		assert_noop!(list(&NORA, other, 0, TENTH, CLOSES), Error::<Test>::EnergyTooSmall);
		assert_ok!(list(&NORA, other, 1, TENTH, CLOSES));
	});
}

#[test]
fn listing_is_refused_when_its_price_is_below_the_tick() {
	build_and_execute(|| {
		let meter = battery();
		assert_noop!(list(&NORA, meter, 5 * KWH, 999, CLOSES), Error::<Test>::PriceTooLow);
		assert_ok!(list(&NORA, meter, 5 * KWH, 1_000, CLOSES));
	});
}

#[test]
fn listing_is_refused_when_it_closes_too_early_or_too_late() {
	build_and_execute(|| {
		let meter = battery();
		assert_noop!(list(&NORA, meter, 5 * KWH, TENTH, START), Error::<Test>::ClosesTooEarly);
		assert_noop!(list(&NORA, meter, 5 * KWH, TENTH, START + 673), Error::<Test>::ClosesTooLate);
		assert_ok!(list(&NORA, meter, 5 * KWH, TENTH, START + 672));
		assert_ok!(list(&NORA, battery(), 5 * KWH, TENTH, START + 1));
	});
}

#[test]
fn listing_is_refused_when_the_account_has_as_many_lots_as_it_may() {
	build_and_execute(|| {
		for _ in 0..3 {
			listed(5 * KWH);
		}
		let fourth = battery();
		assert_noop!(list(&NORA, fourth, 5 * KWH, TENTH, CLOSES), Error::<Test>::TooManyLots);
		assert_ok!(cancel(&NORA, 1));
		assert_ok!(list(&NORA, fourth, 5 * KWH, TENTH, CLOSES));
		assert_eq!(LotsByAccount::<Test>::get(NORA).into_inner(), [0, 2, 3]);
	});
}

#[test]
fn seller_takes_a_lot_back_when_nobody_has_bid() {
	build_and_execute(|| {
		let (lot, meter) = listed(5 * KWH);
		assert_noop!(cancel(&OLGA, lot), Error::<Test>::NotOwner);
		assert_noop!(cancel(&NORA, 7), Error::<Test>::UnknownLot);
		System::reset_events();
		assert_ok!(cancel(&NORA, lot));
		let reason = EndReason::Cancelled;
		assert_eq!(events(), [Event::Ended { lot, reason, drawn: 0, paid: 0, returned: 0 }]);
		assert_eq!((booked(meter), LotAuctions::meter_lot(meter)), (None, None));
		assert_eq!(LotAuctions::lots_of(NORA), []);
		assert_noop!(cancel(&NORA, lot), Error::<Test>::UnknownLot);
	});
}

#[test]
fn seller_cannot_take_a_lot_back_when_somebody_has_bid() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		assert_ok!(bid(&DAVE, lot, TENTH, house(&DAVE)));
		assert_noop!(cancel(&NORA, lot), Error::<Test>::HasBid);
		pass(4);
		assert_noop!(cancel(&NORA, lot), Error::<Test>::HasBid);
		assert_ok!(close_auction(lot));
		assert_noop!(cancel(&NORA, lot), Error::<Test>::HasBid);
	});
}

#[test]
fn numbers_of_lots_are_not_used_twice() {
	build_and_execute(|| {
		let (lot, meter) = listed(5 * KWH);
		assert_ok!(cancel(&NORA, lot));
		assert_ok!(list(&NORA, meter, 5 * KWH, TENTH, CLOSES));
		assert_eq!(LotAuctions::lots(None, 10)[0].0, lot + 1);
		NextLotId::<Test>::put(LotId::MAX);
		let other = battery();
		assert_noop!(list(&NORA, other, 5 * KWH, TENTH, CLOSES), ArithmeticError::Overflow);
	});
}
