//! Orders, and why one is refused.

use super::*;
use frame_support::assert_noop;
use heliograph_primitives::miner::{Flow, MinerKind};

/// What somebody tries to sell.
fn sells(who: &AccountId, meter: MeterId, limit: Price, energy: Energy) -> DispatchResult {
	with_storage_layer(|| SlotAuction::place(signed(who), meter, SLOT, Side::Sell, limit, energy))
}

/// What somebody tries to buy.
fn buys(who: &AccountId, meter: MeterId, limit: Price, energy: Energy) -> DispatchResult {
	with_storage_layer(|| SlotAuction::place(signed(who), meter, SLOT, Side::Buy, limit, energy))
}

#[test]
fn order_stands_in_all_books_when_it_is_placed() {
	build_and_execute(|| {
		let meter = home(&KONRAD);
		System::reset_events();
		let order = bid(&KONRAD, meter, 250_999, 40_000);
		assert_eq!(order, OrderId { auction: slot(), number: 0 });
		// 190,999 without the grid fee: rounded down, and no more is held than that can come to.
		let held = money(40_000, 250_000 + UNDRAWN);
		assert_eq!(
			last_event(),
			Event::Placed {
				order,
				owner: KONRAD,
				meter,
				side: Side::Buy,
				limit: 250_000,
				energy: 40_000,
				held,
			}
		);
		assert_eq!(super::held(&KONRAD), held);
		let stored = Orders::<Test>::get(slot(), 0).unwrap();
		assert_eq!((stored.tick, stored.limit), (190, 250_000));
		assert_eq!((stored.energy, stored.fill), (40_000, None));
		let page = Pages::<Test>::get(slot(), 2);
		assert_eq!(page.0[190 - 128].demand, 40_000);
		let book = MeterBook { orders: 1, energy: 40_000, allotted: 0 };
		assert_eq!(MeterBooks::<Test>::get(meter, SLOT), Some(book));
		assert_eq!(Metering::use_of(meter), Some((MeterUse::Slots, 1)));
		let stand = Stands::<Test>::get(KONRAD, slot()).unwrap();
		assert_eq!((stand.side, stand.numbers.to_vec()), (Side::Buy, vec![0]));
	});
}

#[test]
fn meter_is_booked_once_for_each_interval_of_its_orders() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let first = offer(&OLGA, meter, 80_000, KWH);
		let second = offer(&OLGA, meter, 90_000, KWH);
		let later = place(&OLGA, meter, SLOT + 1, Side::Sell, 80_000, KWH);
		assert_eq!(Metering::use_of(meter), Some((MeterUse::Slots, 2)));
		for order in [first, later] {
			assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
			let event = Event::Cancelled { order, owner: OLGA };
			assert_eq!(last_event(), event);
		}
		assert_eq!(Metering::use_of(meter), Some((MeterUse::Slots, 1)));
		assert_ok!(SlotAuction::cancel(signed(&OLGA), second));
		assert_eq!(Metering::use_of(meter), None);
	});
}

#[test]
fn order_is_refused_when_the_meter_is_not_the_callers_to_trade() {
	build_and_execute(|| {
		let (meter, other) = (roof(&OLGA), roof(&PETER));
		assert_noop!(sells(&OLGA, 999, 80_000, KWH), Error::<Test>::UnknownMeter);
		assert_noop!(sells(&PETER, meter, 80_000, KWH), Error::<Test>::NotOwner);
		// The agent submits for it, and may not sell.
		assert_noop!(sells(&AGENT, meter, 80_000, KWH), Error::<Test>::NotOwner);
		assert_ok!(Miners::retire_meter(signed(&PETER), other));
		assert_noop!(sells(&PETER, other, 80_000, KWH), Error::<Test>::MeterRetired);
	});
}

#[test]
fn order_is_refused_when_energy_does_not_flow_that_way() {
	build_and_execute(|| {
		let flows = [
			(Flow::Export, Some(Side::Sell)),
			(Flow::Discharge, Some(Side::Sell)),
			(Flow::Import, Some(Side::Buy)),
			(Flow::Consumption, Some(Side::Buy)),
			(Flow::Charge, Some(Side::Buy)),
			(Flow::Generation, None),
		];
		for (flow, side) in flows {
			let meter = metered(&NORA, flow);
			let tries = [
				(Side::Sell, sells(&NORA, meter, 80_000, 10_000)),
				(Side::Buy, buys(&NORA, meter, 250_000, 10_000)),
			];
			for (tried, result) in tries {
				if side == Some(tried) {
					assert_ok!(result);
					assert_ok!(SlotAuction::cancel(
						signed(&NORA),
						OrderId { auction: slot(), number: 0 }
					));
				} else {
					assert_eq!(result, Err(Error::<Test>::WrongFlow.into()), "{flow:?}");
				}
			}
		}
	});
}

#[test]
fn storage_miner_sells_what_it_discharges_and_all_others_what_they_export() {
	build_and_execute(|| {
		// The energy of a battery passes one meter, and then where the house meets the grid another one.
		let flows = [Flow::Discharge, Flow::Export];
		let (_, battery) = admit_in(VALLEY, &NORA, MinerKind::Storage, &flows);
		let (_, house) = admit_in(VALLEY, &OLGA, MinerKind::Standard, &flows);
		assert_noop!(sells(&NORA, battery[1], 80_000, KWH), Error::<Test>::WrongFlow);
		assert_noop!(sells(&OLGA, house[0], 80_000, KWH), Error::<Test>::WrongFlow);
		assert_ok!(sells(&NORA, battery[0], 80_000, KWH));
		assert_ok!(sells(&OLGA, house[1], 80_000, KWH));
	});
}

#[test]
fn bid_is_held_for_no_more_than_it_can_owe_when_its_limit_is_between_two_ticks() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		let before = Ledger::now();
		bid(&KONRAD, home, 250_999, KWH);
		// The price is the highest that he can come to pay.
		offer(&OLGA, roof, 190_000, KWH);
		let owed = money(KWH, 190_000 + GRID_FEE + UNDRAWN);
		assert_eq!(held(&KONRAD), owed);
		collect_all(slot());
		assert_eq!((held(&KONRAD), before.gain(&KONRAD)), (0, -(owed as i128)));
	});
}

#[test]
fn order_is_refused_when_the_energy_goes_to_a_storage_node() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let (node, _) = admit_in(VALLEY, &NORA, MinerKind::Storage, &[Flow::Charge]);
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), meter, Some(node)));
		assert_noop!(sells(&OLGA, meter, 80_000, KWH), Error::<Test>::SentToNode);
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), meter, None));
		assert_ok!(sells(&OLGA, meter, 80_000, KWH));
	});
}

#[test]
fn order_is_refused_when_the_meter_is_booked_for_something_else() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		assert_ok!(<Metering as MeterUses>::book(meter, MeterUse::Lot));
		assert_noop!(sells(&OLGA, meter, 80_000, KWH), pallet_metering::Error::<Test>::MeterBooked);
		assert_ok!(<Metering as MeterUses>::free(meter, MeterUse::Lot));
		assert_ok!(sells(&OLGA, meter, 80_000, KWH));
		assert_noop!(
			<Metering as MeterUses>::book(meter, MeterUse::Lot),
			pallet_metering::Error::<Test>::MeterBooked
		);
	});
}

#[test]
fn order_is_refused_when_its_energy_is_too_little_or_no_lot() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		assert_noop!(sells(&OLGA, meter, 80_000, 0), Error::<Test>::TooSmall);
		assert_noop!(sells(&OLGA, meter, 80_000, 9_000), Error::<Test>::TooSmall);
		assert_noop!(sells(&OLGA, meter, 80_000, 10_001), Error::<Test>::OffLot);
		assert_ok!(sells(&OLGA, meter, 80_000, 10_000));
		// Governance cannot allow less than a lot.
		MinimumEnergy::set(&0);
		assert_noop!(sells(&OLGA, meter, 80_000, 0), Error::<Test>::TooSmall);
		assert_noop!(sells(&OLGA, meter, 80_000, 999), Error::<Test>::TooSmall);
		assert_ok!(sells(&OLGA, meter, 80_000, 1_000));
	});
}

#[test]
fn order_is_refused_when_its_limit_is_not_on_the_ladder() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		assert_noop!(sells(&OLGA, roof, 0, KWH), Error::<Test>::PriceOutOfRange);
		assert_noop!(sells(&OLGA, roof, 80_001, KWH), Error::<Test>::OffTick);
		assert_noop!(sells(&OLGA, roof, 1_024_000, KWH), Error::<Test>::PriceOutOfRange);
		assert_noop!(sells(&OLGA, roof, 65_600_000, KWH), Error::<Test>::PriceOutOfRange);
		assert_ok!(sells(&OLGA, roof, 1_000, KWH));
		assert_ok!(sells(&OLGA, roof, 1_023_000, KWH));
		for limit in [0, GRID_FEE - 1, GRID_FEE, GRID_FEE + 999, GRID_FEE + 1_024_000, Price::MAX] {
			assert_noop!(buys(&KONRAD, home, limit, KWH), Error::<Test>::PriceOutOfRange);
		}
		assert_ok!(buys(&KONRAD, home, GRID_FEE + 1_000, KWH));
		assert_ok!(buys(&KONRAD, home, GRID_FEE + 1_023_999, KWH));
	});
}

#[test]
fn order_is_refused_when_the_meter_cannot_carry_all_of_them() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		// 10 kW are 2.75 kWh at most in a quarter of an hour.
		assert_noop!(sells(&OLGA, meter, 80_000, 2_751_000), Error::<Test>::AboveNameplate);
		let first = offer(&OLGA, meter, 80_000, 2 * KWH);
		assert_noop!(sells(&OLGA, meter, 90_000, 751_000), Error::<Test>::AboveNameplate);
		assert_ok!(sells(&OLGA, meter, 90_000, 750_000));
		// Another interval is another matter.
		place(&OLGA, meter, SLOT + 1, Side::Sell, 80_000, 2_750_000);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), first));
		assert_ok!(sells(&OLGA, meter, 70_000, 2 * KWH));
	});
}

#[test]
fn account_is_on_one_side_of_an_auction() {
	build_and_execute(|| {
		let (_, meters) =
			admit_in(VALLEY, &OLGA, MinerKind::Standard, &[Flow::Export, Flow::Import]);
		let order = offer(&OLGA, meters[0], 80_000, KWH);
		assert_noop!(buys(&OLGA, meters[1], 250_000, KWH), Error::<Test>::OtherSide);
		// The next interval is another auction, and after the offer is gone there is no other side.
		place(&OLGA, meters[1], SLOT + 1, Side::Buy, 250_000, KWH);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
		assert_ok!(buys(&OLGA, meters[1], 250_000, KWH));
		assert_noop!(sells(&OLGA, meters[0], 80_000, KWH), Error::<Test>::OtherSide);
	});
}

#[test]
fn account_has_so_many_orders_in_an_auction_and_no_more() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		for _ in 0..4 {
			offer(&OLGA, meter, 80_000, 10_000);
		}
		assert_noop!(sells(&OLGA, meter, 80_000, 10_000), Error::<Test>::TooManyOrders);
		place(&OLGA, meter, SLOT + 1, Side::Sell, 80_000, 10_000);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), OrderId { auction: slot(), number: 2 }));
		// Numbers go on.
		let order = offer(&OLGA, meter, 80_000, 10_000);
		assert_eq!(order.number, 4);
	});
}

#[test]
fn order_is_refused_when_nothing_more_fits_at_its_price() {
	build().execute_with(|| {
		let meter = roof(&OLGA);
		offer(&OLGA, meter, 80_000, 10_000);
		Pages::<Test>::mutate(slot(), 1, |page| page.0[80 - 64].supply = MAX_AT_TICK - 10_000);
		assert_noop!(sells(&OLGA, meter, 80_000, 11_000), Error::<Test>::TickFull);
		assert_ok!(sells(&OLGA, meter, 80_000, 10_000));
		assert_ok!(sells(&OLGA, meter, 81_000, 10_000));
	});
}

#[test]
fn order_is_refused_when_its_owner_cannot_answer_for_it() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		set_area(|area| area.imbalance = DECA_PER_KWH * 9_000);
		assert_ok!(sells(&OLGA, roof, 80_000, KWH));
		let poor = sp_runtime::TokenError::FundsUnavailable;
		assert_noop!(sells(&OLGA, roof, 80_000, KWH), poor);
		let spent = free(&KONRAD) - 2 * ExistentialDeposit::get();
		assert_ok!(Balances::transfer_allow_death(signed(&KONRAD), BOT, spent));
		assert_noop!(buys(&KONRAD, home, 250_000, KWH), poor);
		// A hold takes nobody's account away.
		assert_ok!(buys(&KONRAD, home, 80_000, 10_000));
	});
}

#[test]
fn bond_is_nothing_when_the_imbalance_is_free() {
	build_and_execute(|| {
		set_area(|area| (area.imbalance, area.undrawn) = (0, 0));
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		let order = offer(&OLGA, roof, 80_000, KWH);
		assert_eq!(held(&OLGA), 0);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
		offer(&OLGA, roof, 80_000, KWH);
		bid(&KONRAD, home, 250_000, KWH);
		collect_all(slot());
		// Nothing is delivered, and nothing costs anything.
		let before = Ledger::now();
		go_to(SLOT + 1);
		settle_all(slot());
		assert_eq!(before.gain(&OLGA), 0);
		assert_eq!(before.gain(&KONRAD), money(KWH, PRICE + GRID_FEE) as i128);
	});
}

#[test]
fn order_is_cancelled_only_by_who_placed_it() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		let cancel = |who, order| SlotAuction::cancel(signed(who), order);
		assert_noop!(cancel(&PETER, order), Error::<Test>::NotYourOrder);
		let unknown = OrderId { number: 1, ..order };
		assert_noop!(cancel(&OLGA, unknown), Error::<Test>::UnknownOrder);
		assert_ok!(cancel(&OLGA, order));
		assert_noop!(cancel(&OLGA, order), Error::<Test>::UnknownOrder);
		assert_eq!(free(&OLGA), Balances::total_balance(&OLGA) - 11 * DECA);
	});
}

#[test]
fn order_stays_when_the_books_contradict_it() {
	build().execute_with(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		Pages::<Test>::remove(slot(), 1);
		let cancel = || with_storage_layer(|| SlotAuction::cancel(signed(&OLGA), order));
		assert_noop!(cancel(), Error::<Test>::BooksDisagree);
	});
}

#[test]
fn money_is_released_when_a_booking_is_missing() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		assert_ok!(<Metering as MeterUses>::free(meter, MeterUse::Slots));
		assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
		let error = pallet_metering::Error::<Test>::NotBooked.into();
		assert!(events().contains(&Event::BookingMissing { meter, error }));
		assert_eq!(held(&OLGA), 0);
	});
}
