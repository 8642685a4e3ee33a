//! What a user interface reads.

use crate::{mock::*, *};
use frame_support::assert_ok;

#[test]
fn lots_come_in_pages() {
	build_and_execute(|| {
		for _ in 0..3 {
			listed(5 * KWH);
		}
		let ids = |after, limit| {
			LotAuctions::lots(after, limit).into_iter().map(|(id, _)| id).collect::<Vec<_>>()
		};
		assert_eq!(ids(None, 2), [0, 1]);
		assert_eq!(ids(Some(1), 2), [2]);
		assert_eq!(ids(None, u32::MAX), [0, 1, 2]);
		assert_eq!(ids(None, 0), [0; 0]);
		assert_eq!(LotAuctions::lot(1), Some(entry(1)));
		assert_eq!(LotAuctions::lot(3), None);
	});
}

#[test]
fn lots_of_an_account_are_those_that_it_sells_leads_and_draws() {
	build_and_execute(|| {
		let (drawn, ..) = connected(5 * KWH, TENTH);
		let (led, _) = listed(5 * KWH);
		assert_ok!(bid(&DAVE, led, TENTH, house(&DAVE)));
		let ids = |who| LotAuctions::lots_of(who).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
		assert_eq!(ids(NORA), [drawn, led]);
		assert_eq!(ids(DAVE), [drawn, led]);
		assert_ok!(bid(&PETER, led, 2 * TENTH, house(&PETER)));
		assert_eq!((ids(DAVE), ids(PETER)), (vec![drawn], vec![led]));
		assert_eq!(ids(PAUPER), [0; 0]);
	});
}

#[test]
fn least_bid_is_what_a_bid_must_name() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		assert_eq!(LotAuctions::least_bid(lot), Some(TENTH));
		assert_ok!(bid(&DAVE, lot, 2 * TENTH, house(&DAVE)));
		let least = LotAuctions::least_bid(lot).unwrap();
		assert_eq!(least, 202_000);
		assert_ok!(bid(&PETER, lot, least, house(&PETER)));
		pass(4);
		assert_eq!(LotAuctions::least_bid(lot), None);
		assert_ok!(close_auction(lot));
		assert_eq!(LotAuctions::least_bid(lot), None);
		assert_eq!(LotAuctions::least_bid(lot + 1), None);
	});
}

#[test]
fn drawable_is_what_a_draw_settles() {
	build_and_execute(|| {
		let (lot, seller) = listed(5 * KWH);
		let winner = house(&DAVE);
		assert_eq!(LotAuctions::drawable(lot), None);
		assert_ok!(bid(&DAVE, lot, TENTH, winner));
		pass(4);
		// Over, and nobody has said so.
		let from = START + 4;
		let nothing = Settlement { next: from, intervals: 0, measured: 0, energy: 0 };
		assert_eq!(LotAuctions::drawable(lot), Some(nothing));
		flow(&[(seller, KWH), (winner, 400_000)]);
		let settled = Settlement { next: from + 1, intervals: 1, measured: 1, energy: 400_000 };
		assert_eq!(LotAuctions::drawable(lot), Some(settled));
		assert_ok!(draw(lot));
		assert_eq!(connection(lot).drawn, 400_000);
		assert_eq!(LotAuctions::drawable(lot), Some(Settlement { next: from + 1, ..nothing }));
	});
}
