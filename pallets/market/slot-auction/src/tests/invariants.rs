//! The rules find what they are there to find.

use super::*;

/// A life in which every kind of entry exists: an auction that is open, one that is half collected, one that is half
/// settled, and one that is over.
fn full_life() {
	let (first, second) = (roof(&OLGA), roof(&PETER));
	let (house, flat) = (home(&KONRAD), home(&CAROL));
	for interval in [SLOT, SLOT + 1, SLOT + 10, SLOT + 20] {
		place(&OLGA, first, interval, Side::Sell, 80_000, KWH);
		place(&PETER, second, interval, Side::Sell, 90_000, KWH);
		place(&KONRAD, house, interval, Side::Buy, 250_000, 500_000);
		place(&CAROL, flat, interval, Side::Buy, 250_000, 2 * KWH);
	}
	for id in [slot(), settling()] {
		collect_all(id);
	}
	go_to(SLOT + 2);
	for meter in [first, second, house, flat] {
		measure(meter, SLOT, 900_000);
		measure(meter, SLOT + 1, 900_000);
	}
	go_to(SLOT + 10);
	settle_all(slot());
	assert_ok!(SlotAuction::settle(signed(&BOT), settling(), batch(&[0, 1, 2])));
	assert_ok!(SlotAuction::collect(signed(&BOT), collecting(), batch(&[1, 2])));
	check_invariants();
}

fn settling() -> AuctionId {
	AuctionId { interval: SLOT + 1, ..slot() }
}

fn collecting() -> AuctionId {
	AuctionId { interval: SLOT + 10, ..slot() }
}

fn open() -> AuctionId {
	AuctionId { interval: SLOT + 20, ..slot() }
}

/// Runs the life, breaks something, and expects the rule of this number to say so.
fn breaks(rule: u32, what: impl FnOnce()) {
	build().execute_with(|| {
		full_life();
		what();
		match SlotAuction::do_try_state() {
			Err(DispatchError::Other(said)) => {
				assert!(
					said.starts_with(&format!("{rule}: ")),
					"rule {rule} was broken, and {said:?}"
				)
			}
			other => panic!("rule {rule} was broken, and {other:?}"),
		}
	});
}

fn change(id: AuctionId, change: impl FnOnce(&mut Cleared)) {
	Auctions::<Test>::mutate(id, |auction| {
		change(auction.as_mut().unwrap().cleared.as_mut().unwrap())
	});
}

fn change_order(id: AuctionId, number: u32, change: impl FnOnce(&mut OrderOf<Test>)) {
	Orders::<Test>::mutate(id, number, |order| change(order.as_mut().unwrap()));
}

#[test]
fn rule_1_finds_a_hold_that_is_not_what_orders_owe() {
	breaks(1, || {
		Auctions::<Test>::mutate(open(), |auction| auction.as_mut().unwrap().terms.imbalance += 1);
	});
	breaks(1, || {
		assert_ok!(<Balances as fungible::MutateHold<_>>::release(
			&HoldReason::Bid.into(),
			&CAROL,
			1,
			Precision::Exact
		));
	});
}

#[test]
fn rule_2_finds_an_escrow_with_too_little() {
	breaks(2, || Kept::<Test>::put(1));
}

#[test]
fn rule_3_finds_money_that_belongs_to_nobody() {
	breaks(3, || change(settling(), |cleared| cleared.escrow += 1));
	breaks(3, || change(settling(), |cleared| cleared.grid += 1));
	breaks(3, || change(settling(), |cleared| cleared.compensation.left += 1));
	breaks(3, || change(collecting(), |cleared| cleared.escrow -= 1));
}

#[test]
fn rule_4_finds_energy_that_is_sold_and_not_bought() {
	breaks(4, || {
		change(collecting(), |cleared| cleared.clearing.as_mut().unwrap().bids.pot.left -= 1)
	});
	breaks(4, || {
		change(collecting(), |cleared| cleared.clearing.as_mut().unwrap().bids.pot.of += 1)
	});
	breaks(4, || change(settling(), |cleared| cleared.deliveries.of -= 1));
	breaks(4, || change(settling(), |cleared| cleared.delivered = u128::MAX));
}

#[test]
fn rule_5_finds_a_fill_beyond_the_limit() {
	breaks(5, || change_order(settling(), 3, |order| order.fill = Some(3 * KWH)));
	breaks(5, || {
		change_order(settling(), 3, |order| (order.tick, order.limit) = (1, GRID_FEE + 1_000))
	});
	breaks(5, || change_order(open(), 0, |order| order.tick += 1));
	breaks(5, || change_order(open(), 2, |order| order.limit += 1));
	breaks(5, || change_order(open(), 0, |order| order.energy += 1));
}

#[test]
fn rule_6_finds_a_ladder_that_is_not_that_of_the_orders() {
	breaks(6, || Pages::<Test>::mutate(open(), 1, |page| page.0[80 - 64].supply += 1));
	breaks(6, || Pages::<Test>::remove(open(), 1));
	breaks(6, || Pages::<Test>::insert(open(), 15, Page::default()));
	breaks(6, || Pages::<Test>::insert(collecting(), 15, Page::default()));
}

#[test]
fn rule_7_finds_orders_that_are_not_counted() {
	breaks(7, || Auctions::<Test>::mutate(open(), |auction| auction.as_mut().unwrap().orders += 1));
	breaks(7, || Auctions::<Test>::mutate(open(), |auction| auction.as_mut().unwrap().placed = 3));
	breaks(7, || change(collecting(), |cleared| cleared.sells += 1));
	breaks(7, || Auctions::<Test>::remove(open()));
}

#[test]
fn rule_8_finds_an_order_that_its_owner_does_not_find() {
	breaks(8, || Stands::<Test>::remove(OLGA, open()));
	breaks(8, || {
		let stand = Stands::<Test>::get(OLGA, open()).unwrap();
		Stands::<Test>::insert(BOT, open(), stand);
	});
	breaks(8, || {
		Stands::<Test>::mutate(OLGA, open(), |stand| stand.as_mut().unwrap().side = Side::Buy)
	});
}

#[test]
fn rule_9_finds_a_meter_that_is_promised_for_nothing() {
	breaks(9, || MeterBooks::<Test>::insert(0, 0, MeterBook::default()));
	breaks(9, || {
		MeterBooks::<Test>::mutate(0, open().interval, |book| book.as_mut().unwrap().energy += 1)
	});
	breaks(9, || {
		assert_ok!(<Metering as MeterUses>::free(0, MeterUse::Slots));
	});
	breaks(9, || MeterBooks::<Test>::remove(0, open().interval));
}

#[test]
fn rule_10_finds_areas_that_cannot_be() {
	breaks(10, || NextAreaId::<Test>::put(0));
	breaks(10, || {
		let dear = Area { undrawn: MAX_AREA_PRICE + 1, ..rules() };
		Areas::<Test>::insert(valley(), (0, dear));
	});
	breaks(10, || Areas::<Test>::insert(AreaCode::default(), (0, rules())));
}

#[test]
fn rule_11_finds_a_result_in_the_wrong_place() {
	breaks(11, || {
		LastResults::<Test>::mutate(0, |results| {
			let result = *results.entry(SLOT);
			*results.entry(SLOT + 5) = result;
		});
	});
}
