//! Who bids how much, what is held of it, and how an auction closes.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_runtime::TokenError;

#[test]
fn first_bid_holds_what_all_of_the_lot_costs() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let meter = house(&DAVE);
		let before = deca(&DAVE);
		System::reset_events();
		assert_ok!(bid(&DAVE, lot, TENTH, meter));
		let closes = START + 4;
		let held_now = DECA / 2;
		assert_eq!(
			events(),
			[Event::BidPlaced { lot, bidder: DAVE, meter, price: TENTH, held: held_now, closes }]
		);
		assert_eq!((held(&DAVE), deca(&DAVE)), (held_now, before - held_now));
		assert_eq!(booked(meter), Some((MeterUse::Lot, 1)));
		assert_eq!(LotAuctions::meter_lot(meter), Some(lot));
	});
}

#[test]
fn money_and_meter_are_free_at_once_when_somebody_bids_more() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (peters, daves) = (house(&PETER), house(&DAVE));
		let before = deca(&PETER);
		assert_ok!(bid(&PETER, lot, TENTH, peters));
		System::reset_events();
		assert_ok!(bid(&DAVE, lot, 2 * TENTH, daves));
		assert_eq!(events()[0], Event::Outbid { lot, bidder: PETER, released: DECA / 2 });
		assert_eq!((deca(&PETER), held(&PETER), held(&DAVE)), (before, 0, DECA));
		assert_eq!((booked(peters), LotAuctions::meter_lot(peters)), (None, None));
		assert_eq!(LotAuctions::lots_of(PETER), []);
		// And he may come back with it.
		assert_ok!(bid(&PETER, lot, 3 * TENTH, peters));
		assert_eq!((held(&DAVE), booked(daves)), (0, None));
	});
}

#[test]
fn bid_is_refused_when_it_is_not_high_enough() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (peters, daves) = (house(&PETER), house(&DAVE));
		assert_noop!(bid(&PETER, lot, TENTH - 1, peters), Error::<Test>::BidTooLow);
		assert_ok!(bid(&PETER, lot, 200_050, peters));
		// A hundredth more, rounded up.
		assert_noop!(bid(&DAVE, lot, 202_050, daves), Error::<Test>::BidTooLow);
		assert_ok!(bid(&DAVE, lot, 202_051, daves));
		// At least the tick more.
		MinRaise::set(&Permill::zero());
		assert_noop!(bid(&PETER, lot, 203_050, peters), Error::<Test>::BidTooLow);
		assert_ok!(bid(&PETER, lot, 203_051, peters));
	});
}

#[test]
fn nothing_can_be_bid_when_no_price_is_higher() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (peters, daves) = (house(&PETER), house(&DAVE));
		assert_ok!(bid(&PETER, lot, TENTH, peters));
		Lots::<Test>::mutate(lot, |entry| {
			if let Some(Lot { phase: Phase::Auction(auction), .. }) = entry {
				auction.best.as_mut().expect("Peter has bid").price = u64::MAX;
			}
		});
		assert_eq!(LotAuctions::least_bid(lot), None);
		assert_noop!(bid(&DAVE, lot, u64::MAX, daves), Error::<Test>::BidTooLow);
		Lots::<Test>::mutate(lot, |entry| {
			if let Some(Lot { phase: Phase::Auction(auction), .. }) = entry {
				auction.best.as_mut().expect("Peter has bid").price = TENTH;
			}
		});
	});
}

#[test]
fn bid_is_refused_when_its_bidder_has_too_little() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let meter = house(&DAVE);
		assert_noop!(bid(&DAVE, lot, u64::MAX, meter), TokenError::FundsUnavailable);
		// All but what keeps the account alive can be bid, and not more.
		let price = ((deca(&DAVE) - MINIMUM) / u128::from(5 * KWH)) as Price;
		assert_noop!(bid(&DAVE, lot, price + 1, meter), TokenError::FundsUnavailable);
		assert_ok!(bid(&DAVE, lot, price, meter));
	});
}

#[test]
fn bid_is_refused_when_it_comes_from_the_seller() {
	build_and_execute(|| {
		let (lot, meter) = listed(5 * KWH);
		let noras = house(&NORA);
		assert_noop!(bid(&NORA, lot, TENTH, noras), Error::<Test>::SameOwner);
		// Nor from the account that the miner went to.
		let olgas = house(&OLGA);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(meter), OLGA));
		assert_noop!(bid(&OLGA, lot, TENTH, olgas), Error::<Test>::SameOwner);
		assert_noop!(bid(&NORA, lot, TENTH, noras), Error::<Test>::SameOwner);
	});
}

#[test]
fn bid_is_refused_when_it_would_beat_its_bidder() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (first, second) = (house(&DAVE), house(&DAVE));
		assert_ok!(bid(&DAVE, lot, TENTH, first));
		assert_noop!(bid(&DAVE, lot, 2 * TENTH, first), Error::<Test>::AlreadyLeading);
		assert_noop!(bid(&DAVE, lot, 2 * TENTH, second), Error::<Test>::AlreadyLeading);
	});
}

#[test]
fn bid_is_refused_when_its_meter_cannot_draw() {
	build_and_execute(|| {
		let (lot, noras) = listed(5 * KWH);
		let flows = [Flow::Export, Flow::Generation, Flow::Discharge];
		let (_, meters) = admit(&DAVE, MinerKind::Standard, &flows);
		for meter in meters {
			assert_noop!(bid(&DAVE, lot, TENTH, meter), Error::<Test>::CannotBuy);
		}
		assert_noop!(bid(&DAVE, lot, TENTH, 99), Error::<Test>::UnknownMeter);
		assert_noop!(bid(&DAVE, lot, TENTH, noras), Error::<Test>::NotOwner);
		let retired = house(&DAVE);
		assert_ok!(Miners::retire_meter(signed(&DAVE), retired));
		assert_noop!(bid(&DAVE, lot, TENTH, retired), Error::<Test>::MeterRetired);
		let used = house(&DAVE);
		assert_ok!(<Metering as MeterUses>::book(used, MeterUse::Withdrawal));
		let booked = pallet_metering::Error::<Test>::MeterBooked;
		assert_noop!(bid(&DAVE, lot, TENTH, used), booked);
		assert_noop!(bid(&DAVE, 9, TENTH, used), Error::<Test>::UnknownLot);
	});
}

#[test]
fn bid_is_taken_for_every_flow_that_draws() {
	build_and_execute(|| {
		let flows = [Flow::Import, Flow::Consumption, Flow::Charge];
		let (_, meters) = admit(&DAVE, MinerKind::Standard, &flows);
		for meter in meters {
			let (lot, _) = listed(5 * KWH);
			assert_ok!(bid(&DAVE, lot, TENTH, meter));
		}
	});
}

#[test]
fn meter_leads_in_one_lot_at_a_time() {
	build_and_execute(|| {
		let (first, _) = listed(5 * KWH);
		let (second, _) = listed(5 * KWH);
		let (daves, peters) = (house(&DAVE), house(&PETER));
		assert_ok!(bid(&DAVE, first, TENTH, daves));
		assert_noop!(bid(&DAVE, second, TENTH, daves), Error::<Test>::MeterInLot);
		// Outbid there, it is free for the other one.
		assert_ok!(bid(&PETER, first, 2 * TENTH, peters));
		assert_ok!(bid(&DAVE, second, TENTH, daves));
	});
}

#[test]
fn bid_is_refused_when_the_account_has_as_many_lots_as_it_may() {
	build_and_execute(|| {
		for _ in 0..3 {
			let (lot, _) = listed(5 * KWH);
			assert_ok!(bid(&DAVE, lot, TENTH, house(&DAVE)));
		}
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_ok!(list(&OLGA, meters[0], KWH, TENTH, START + 4));
		let daves = house(&DAVE);
		assert_noop!(bid(&DAVE, 3, TENTH, daves), Error::<Test>::TooManyLots);
		// Outbid somewhere, there is room.
		assert_ok!(bid(&PETER, 0, 2 * TENTH, house(&PETER)));
		assert_ok!(bid(&DAVE, 3, TENTH, daves));
	});
}

#[test]
fn late_bids_extend_the_auction_as_often_as_they_may() {
	build_and_execute(|| {
		ExtendWithin::set(&2);
		let (lot, _) = listed(5 * KWH);
		let (peters, daves) = (house(&PETER), house(&DAVE));
		let closes = START + 4;
		pass(1);
		assert_ok!(bid(&DAVE, lot, TENTH, daves));
		assert_eq!(auction(lot).closes, closes);
		pass(1);
		assert_ok!(bid(&PETER, lot, 2 * TENTH, peters));
		assert_eq!((auction(lot).closes, auction(lot).extensions), (closes + 2, 1));
		go_to(closes + 1);
		assert_ok!(bid(&DAVE, lot, 3 * TENTH, daves));
		assert_ok!(bid(&PETER, lot, 4 * TENTH, peters));
		// The second of them was not late any more.
		assert_eq!((auction(lot).closes, auction(lot).extensions), (closes + 4, 2));
		go_to(closes + 3);
		assert_ok!(bid(&DAVE, lot, 5 * TENTH, daves));
		assert_eq!((auction(lot).closes, auction(lot).extensions), (closes + 6, 3));
		go_to(closes + 5);
		assert_ok!(bid(&PETER, lot, 6 * TENTH, peters));
		assert_eq!((auction(lot).closes, auction(lot).extensions), (closes + 6, 3));
		pass(1);
		assert_noop!(bid(&DAVE, lot, 7 * TENTH, daves), Error::<Test>::AuctionOver);
	});
}

#[test]
fn nobody_can_bid_when_the_auction_is_over() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (peters, daves) = (house(&PETER), house(&DAVE));
		assert_ok!(bid(&DAVE, lot, TENTH, daves));
		assert_noop!(close_auction(lot), Error::<Test>::AuctionRuns);
		pass(4);
		assert_noop!(bid(&PETER, lot, 2 * TENTH, peters), Error::<Test>::AuctionOver);
		assert_ok!(close_auction(lot));
		assert_noop!(bid(&PETER, lot, 2 * TENTH, peters), Error::<Test>::AuctionOver);
		assert_noop!(close_auction(lot), Error::<Test>::AuctionOver);
		assert_noop!(close_auction(lot + 1), Error::<Test>::UnknownLot);
	});
}

#[test]
fn winner_draws_from_the_close_on_whenever_somebody_says_so() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		assert_ok!(bid(&DAVE, lot, TENTH, house(&DAVE)));
		pass(30);
		System::reset_events();
		assert_eq!(is_free(&WANDA, Call::close_auction { lot }), Ok(true));
		let (from, until) = (START + 4, START + 4 + 672);
		let expected = Event::Connected { lot, winner: DAVE, price: TENTH, from, until };
		assert_eq!(events(), [expected]);
		let connection = connection(lot);
		assert_eq!((connection.from, connection.next), (from, from));
		assert_eq!(held(&DAVE), DECA / 2);
	});
}

#[test]
fn lot_ends_when_nobody_bid() {
	build_and_execute(|| {
		for call in 0..4 {
			let (lot, meter) = listed(5 * KWH);
			pass(4);
			System::reset_events();
			assert_ok!(match call {
				0 => close_auction(lot),
				1 => draw(lot),
				2 => close(&WANDA, lot),
				_ => expire(lot),
			});
			let reason = EndReason::Unsold;
			assert_eq!(events(), [Event::Ended { lot, reason, drawn: 0, paid: 0, returned: 0 }]);
			assert_eq!(booked(meter), None);
		}
	});
}

#[test]
fn call_weighs_what_the_end_of_a_lot_does_when_nobody_bid() {
	build_and_execute(|| {
		let end = Weights::close_auction();
		let calls: [fn(LotId) -> Call<Test>; 4] = [
			|lot| Call::close_auction { lot },
			|lot| Call::close_connection { lot },
			|lot| Call::draw { lot },
			|lot| Call::expire { lot },
		];
		for call in calls {
			let (lot, _) = listed(5 * KWH);
			pass(4);
			let call = call(lot);
			let declared = call.get_dispatch_info();
			assert!(declared.call_weight.all_gte(end), "{call:?} declares too little");
			let is_draw = matches!(call, Call::draw { .. } | Call::expire { .. });
			let info = outcome(&WANDA, call).expect("the auction is over");
			let weighed = if is_draw { end } else { declared.call_weight };
			assert_eq!(info.calc_actual_weight(&declared), weighed);
		}
	});
}

#[test]
fn lot_keeps_the_terms_that_it_was_listed_with() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		LotFee::set(&Permill::from_percent(50));
		DrawWindow::set(&1);
		assert_eq!((entry(lot).fee, entry(lot).draw_window), (Permill::from_percent(1), 672));
		// What is set to nothing counts as one interval.
		DrawWindow::set(&0);
		let (lot, _) = listed(KWH);
		assert_eq!((entry(lot).fee, entry(lot).draw_window), (Permill::from_percent(50), 1));
	});
}

#[test]
fn bid_stands_in_nobodys_way_when_its_account_cannot_take_its_money_back() {
	build_and_execute(|| {
		// A lot that costs less than the existential deposit.
		let (lot, battery) = (0, battery());
		assert_ok!(list(&NORA, battery, KWH / 10, 1_000, START + 4));
		let (peters, daves) = (house(&PETER), house(&DAVE));
		assert_ok!(bid(&DAVE, lot, 5_000, daves));
		assert_eq!(held(&DAVE), MINIMUM / 2);
		// Something else keeps the account alive, and it is emptied.
		System::inc_providers(&DAVE);
		revoke(daves);
		assert_ok!(Balances::transfer_all(signed(&DAVE), AGENT, false));
		assert_eq!((deca(&DAVE), held(&DAVE)), (0, MINIMUM / 2));
		let treasury = deca(&TREASURY);
		System::reset_events();
		assert_ok!(bid(&PETER, lot, 2 * TENTH, peters));
		assert_eq!(events()[0], Event::Diverted { lot, who: DAVE, amount: MINIMUM / 2 });
		assert_eq!((held(&DAVE), deca(&TREASURY)), (0, treasury + MINIMUM / 2));
	});
}
