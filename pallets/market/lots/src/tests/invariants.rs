//! The rules find what they are there to find.

use crate::{mock::*, *};
use frame_support::assert_ok;

/// A life in which every kind of entry exists. Lot 0 is drawn by Dave, Peter leads in lot 1, lot 2 waits for a bid.
fn full_life() {
	let (drawn, seller, winner) = connected(5 * KWH, TENTH);
	flow(&[(seller, KWH), (winner, KWH)]);
	assert_ok!(draw(drawn));
	let (led, _) = listed(5 * KWH);
	assert_ok!(bid(&PETER, led, TENTH, house(&PETER)));
	listed(5 * KWH);
	check_invariants();
}

/// Runs the life, breaks something, and expects the rule of this number to say so.
fn breaks(rule: u32, what: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		full_life();
		what();
		match LotAuctions::do_try_state() {
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

fn change(lot: LotId, change: impl FnOnce(&mut LotOf<Test>)) {
	Lots::<Test>::mutate(lot, |entry| change(entry.as_mut().unwrap()));
}

fn change_connection(to: impl FnOnce(&mut ConnectionOf<Test>)) {
	change(0, |lot| match &mut lot.phase {
		Phase::Connection(connection) => to(connection),
		Phase::Auction(_) => panic!("it is drawn"),
	});
}

fn change_auction(to: impl FnOnce(&mut Auction<AccountId>)) {
	change(1, |lot| match &mut lot.phase {
		Phase::Auction(auction) => to(auction),
		Phase::Connection(_) => panic!("it can be bid for"),
	});
}

#[test]
fn rule_1_finds_money_that_is_held_for_nothing_or_not_held() {
	breaks(1, || {
		assert_ok!(Balances::hold(&HoldReason::Bid.into(), &DAVE, 1));
	});
	breaks(1, || {
		assert_ok!(Balances::release(&HoldReason::Bid.into(), &PETER, 1, Precision::Exact));
	});
	breaks(1, || change(1, |lot| lot.energy += 1));
	breaks(1, || change_connection(|connection| connection.paid -= 1));
}

#[test]
fn rule_2_finds_a_meter_that_is_used_twice_or_not_booked() {
	breaks(2, || {
		MeterLots::<Test>::insert(entry(2).meter, 1);
	});
	breaks(2, || MeterLots::<Test>::insert(99, 2));
	breaks(2, || {
		assert_ok!(<Metering as MeterUses>::free(entry(2).meter, MeterUse::Lot));
	});
	breaks(2, || {
		assert_ok!(<Metering as MeterUses>::book(entry(2).meter, MeterUse::Lot));
	});
}

#[test]
fn rule_3_finds_a_lot_that_is_listed_for_others() {
	breaks(3, || LotsByAccount::<Test>::remove(PETER));
	breaks(3, || {
		assert_ok!(LotsByAccount::<Test>::try_append(CAROL, 1));
	});
	breaks(3, || {
		assert_ok!(LotsByAccount::<Test>::try_append(PETER, 1));
	});
}

#[test]
fn rule_4_finds_a_bid_that_nobody_could_make() {
	breaks(4, || change(1, |lot| lot.start_price = TENTH + 1));
	breaks(4, || {
		change(2, |lot| {
			let bid = Bid { bidder: NORA, meter: lot.meter, price: TENTH };
			lot.phase = Phase::Auction(Auction { closes: 0, extensions: 0, best: Some(bid) });
		});
	});
}

#[test]
fn rule_5_finds_an_auction_without_an_end() {
	breaks(5, || change_auction(|auction| auction.extensions = 4));
}

#[test]
fn rule_6_finds_a_connection_that_is_over() {
	breaks(6, || change_connection(|connection| connection.drawn = 5 * KWH));
	breaks(6, || change_connection(|connection| connection.until = connection.next));
	breaks(6, || change_connection(|connection| connection.next = connection.from - 1));
}

#[test]
fn rule_7_finds_a_payment_for_nothing() {
	breaks(7, || change_connection(|connection| connection.drawn -= 1));
}

#[test]
fn rule_8_finds_a_number_from_the_future() {
	breaks(8, || NextLotId::<Test>::put(2));
}
