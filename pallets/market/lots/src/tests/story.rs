//! The first scenario of the documentation, to the base unit.

use crate::{mock::*, *};
use frame_support::assert_ok;

/// 0.48 DECA: 3.2 kWh at 0.15 DECA.
const COST: Balance = 480_000_000_000;
/// A hundredth of it.
const FEE: Balance = 4_800_000_000;
/// What was held for the other 1.8 kWh.
const REST: Balance = 270_000_000_000;

/// In thousandths of a DECA.
fn milli(amount: Balance) -> Balance {
	amount * DECA / 1_000
}

#[test]
fn winner_pays_for_what_it_drew_when_it_closes_before_the_lot_is_empty() {
	build_and_execute(|| {
		let battery = battery();
		let [peters, carols, daves] = [PETER, CAROL, DAVE].map(|who| house(&who));
		let people = [NORA, PETER, CAROL, DAVE, TREASURY];
		let before = people.each_ref().map(deca);
		let changed_by = |i: usize, change: i128| {
			let expected = before[i] as i128 + change;
			assert_eq!(deca(&people[i]) as i128, expected, "person {i}");
		};
		assert_ok!(list(&NORA, battery, 5 * KWH, 80_000, START + 10));

		// Three bid, and only the best one's money is held: all of the lot at its price.
		assert_ok!(bid(&PETER, 0, 100_000, peters));
		assert_eq!([held(&PETER), held(&CAROL), held(&DAVE)], [milli(500), 0, 0]);
		pass(3);
		assert_ok!(bid(&CAROL, 0, 120_000, carols));
		assert_eq!([held(&PETER), held(&CAROL), held(&DAVE)], [0, milli(600), 0]);
		changed_by(1, 0);
		// Dave's comes in the last interval: the auction goes on for another one.
		go_to(START + 9);
		assert_ok!(bid(&DAVE, 0, 150_000, daves));
		assert_eq!([held(&PETER), held(&CAROL), held(&DAVE)], [0, 0, milli(750)]);
		changed_by(2, 0);
		assert_eq!(auction(0).closes, START + 11);
		go_to(START + 11);
		assert_ok!(close_auction(0));

		// 3.2 kWh pass both meters. Dave also uses energy of the grid, and the battery serves others, too.
		flow(&[(battery, KWH + 200_000), (daves, 4 * KWH)]);
		assert_ok!(draw(0));
		changed_by(4, 1_800_000_000);
		flow(&[(battery, 7 * KWH), (daves, KWH)]);
		assert_ok!(close(&DAVE, 0));
		flow(&[(battery, KWH), (daves, KWH + 1)]);
		// After the last interval of the connection: not Dave's any more, whatever both measure.
		flow(&[(battery, KWH), (daves, KWH)]);
		System::reset_events();
		assert_ok!(draw(0));

		let drawn = Event::Drawn {
			lot: 0,
			next: START + 14,
			intervals: 2,
			measured: 2,
			energy: 2 * KWH,
			amount: milli(300),
			fee: milli(3),
		};
		let ended = Event::Ended {
			lot: 0,
			reason: EndReason::Closed(Side::Winner),
			drawn: 3 * KWH + 200_000,
			paid: COST,
			returned: REST,
		};
		assert_eq!(events(), [drawn, ended]);
		let (paid, taken) = (COST as i128, FEE as i128);
		changed_by(0, paid - taken);
		changed_by(1, 0);
		changed_by(2, 0);
		changed_by(3, -paid);
		changed_by(4, taken);
		assert_eq!(held(&DAVE), 0);
		for meter in [battery, peters, carols, daves] {
			assert_eq!(booked(meter), None);
		}
		assert_eq!(LotAuctions::lot(0), None);
		assert_eq!(REST + COST, milli(750));
	});
}
