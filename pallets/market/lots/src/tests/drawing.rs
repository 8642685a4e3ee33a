//! What is drawn, when it is settled, and what is paid for it.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::reading::{Quality, Reading, SignedReading};
use sp_core::Pair;

/// The interval with which the connections of these tests begin.
const FROM: Interval = START + 4;

/// The last settlement that was told: intervals, measured ones, energy.
fn told() -> (u32, u32, Energy) {
	let drawn = events().into_iter().rev().find_map(|event| match event {
		Event::Drawn { intervals, measured, energy, .. } => Some((intervals, measured, energy)),
		_ => None,
	});
	drawn.expect("something was settled")
}

#[test]
fn interval_is_paid_as_soon_as_both_meters_have_reported_it() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, 2 * TENTH);
		let (nora, dave, treasury) = (deca(&NORA), deca(&DAVE), deca(&TREASURY));
		flow(&[(seller, KWH), (winner, 600_000)]);
		System::reset_events();
		assert_ok!(draw(lot));
		// 0.6 kWh at 0.2 DECA, and a hundredth of it.
		let (amount, fee) = (120_000_000_000, 1_200_000_000);
		let expected = Event::Drawn {
			lot,
			next: FROM + 1,
			intervals: 1,
			measured: 1,
			energy: 600_000,
			amount,
			fee,
		};
		assert_eq!(events(), [expected]);
		assert_eq!(deca(&NORA), nora + amount - fee);
		assert_eq!(deca(&TREASURY), treasury + fee);
		// What was paid came out of what was held.
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave, DECA - amount));
		let connection = connection(lot);
		assert_eq!((connection.drawn, connection.paid), (600_000, amount));
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
	});
}

#[test]
fn nothing_is_drawn_when_the_auction_runs() {
	build_and_execute(|| {
		let (lot, seller) = listed(5 * KWH);
		let winner = house(&DAVE);
		assert_ok!(bid(&DAVE, lot, TENTH, winner));
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_noop!(draw(lot), Error::<Test>::AuctionRuns);
		assert_noop!(close(&DAVE, lot), Error::<Test>::AuctionRuns);
		assert_noop!(expire(lot), Error::<Test>::AuctionRuns);
		assert_noop!(draw(lot + 1), Error::<Test>::UnknownLot);
		assert_eq!(LotAuctions::drawable(lot), None);
	});
}

#[test]
fn energy_from_before_the_close_is_not_drawn() {
	build_and_execute(|| {
		let (lot, seller) = listed(5 * KWH);
		let winner = house(&DAVE);
		assert_ok!(bid(&DAVE, lot, TENTH, winner));
		for _ in 0..5 {
			flow(&[(seller, KWH), (winner, KWH)]);
		}
		// Nobody has closed the auction: the draw does.
		System::reset_events();
		assert_ok!(draw(lot));
		assert!(matches!(events()[0], Event::Connected { from: FROM, .. }));
		assert_eq!(told(), (1, 1, KWH));
	});
}

#[test]
fn interval_that_one_meter_did_not_report_is_settled_with_nothing_after_the_grace() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		catch_up(winner);
		flow(&[(seller, KWH)]);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 8);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 9);
		// Nothing was paid, so it is not free.
		assert_eq!(is_free(&WANDA, Call::draw { lot }), Ok(false));
		assert_eq!(told(), (1, 0, 0));
		assert_eq!(connection(lot).next, FROM + 1);
	});
}

#[test]
fn late_reading_counts_when_its_interval_is_not_settled() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		catch_up(winner);
		flow(&[(seller, KWH)]);
		// Three hours later, and nobody has drawn meanwhile.
		go_to(FROM + 13);
		assert_eq!(submit(vec![reading(winner, FROM, KWH)]), 0);
		assert_ok!(draw(lot));
		assert_eq!(told(), (5, 1, KWH));
	});
}

#[test]
fn late_reading_is_too_late_when_its_interval_is_settled() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		catch_up(winner);
		flow(&[(seller, KWH)]);
		go_to(FROM + 9);
		assert_ok!(draw(lot));
		let dave = (deca(&DAVE), held(&DAVE));
		assert_eq!(submit(vec![reading(winner, FROM, KWH)]), 0);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		pass(1);
		assert_ok!(draw(lot));
		assert_eq!(told(), (1, 0, 0));
		assert_eq!((deca(&DAVE), held(&DAVE)), dave);
	});
}

#[test]
fn recovered_energy_is_not_paid() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		catch_up(winner);
		flow(&[(seller, KWH)]);
		flow(&[(seller, KWH)]);
		// One reading over two intervals, and one that says so itself.
		assert_eq!(submit(vec![reading(winner, FROM + 1, 2 * KWH)]), 0);
		assert_ok!(draw(lot));
		assert_eq!(told(), (2, 0, 0));
		flow(&[(seller, KWH)]);
		let unseen =
			Reading { quality: Quality::Recovered, ..reading(winner, FROM + 2, 3 * KWH).reading };
		let payload = unseen.signing_payload(&Miners::genesis_hash());
		let signature = device(winner).sign(&payload).0;
		assert_eq!(submit(vec![SignedReading { reading: unseen, signature }]), 0);
		assert_ok!(draw(lot));
		assert_eq!(told(), (1, 0, 0));
		assert_eq!(connection(lot).drawn, 0);
	});
}

#[test]
fn intervals_that_meters_forgot_are_not_paid() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(50 * KWH, TENTH);
		for _ in 0..100 {
			flow(&[(seller, 1_000), (winner, 1_000)]);
		}
		assert_ok!(draw(lot));
		assert_eq!(told(), (100, 96, 96_000));
	});
}

#[test]
fn draw_of_a_week_is_one_settlement() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(50 * KWH, TENTH);
		go_to(FROM + 600);
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_ok!(draw(lot));
		assert_eq!(told(), (601, 1, KWH));
	});
}

#[test]
fn fee_is_the_same_in_however_many_draws() {
	build_and_execute(|| {
		let fees_of = |draw_each: bool| {
			let treasury = deca(&TREASURY);
			let (lot, seller, winner) = connected(5 * KWH, 100_003);
			for _ in 0..7 {
				flow(&[(seller, 1_037), (winner, 2_000)]);
				if draw_each {
					assert_ok!(draw(lot));
				}
			}
			if !draw_each {
				assert_ok!(draw(lot));
			}
			assert_eq!(connection(lot).paid, 7 * 1_037 * 100_003);
			deca(&TREASURY) - treasury
		};
		let exact = fee(7 * 1_037 * 100_003, Permill::from_percent(1));
		assert_eq!((fees_of(true), fees_of(false)), (exact, exact));
	});
}

#[test]
fn seller_gets_all_when_there_is_no_fee_and_nothing_when_the_fee_is_all() {
	build_and_execute(|| {
		for (rate, earned) in [(Permill::zero(), DECA / 10), (Permill::one(), 0)] {
			LotFee::set(&rate);
			let (lot, seller, winner) = connected(5 * KWH, TENTH);
			let nora = deca(&NORA);
			flow(&[(seller, KWH), (winner, KWH)]);
			assert_ok!(draw(lot));
			assert_eq!(deca(&NORA), nora + earned);
		}
	});
}

#[test]
fn lot_ends_by_itself_when_all_of_it_is_drawn() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		let (nora, dave) = (deca(&NORA), deca(&DAVE));
		flow(&[(seller, 3 * KWH), (winner, 3 * KWH)]);
		flow(&[(seller, 3 * KWH), (winner, 3 * KWH)]);
		flow(&[(seller, 3 * KWH), (winner, 3 * KWH)]);
		System::reset_events();
		assert_eq!(is_free(&WANDA, Call::draw { lot }), Ok(true));
		// The third interval is not looked at any more.
		assert_eq!(told(), (2, 2, 5 * KWH));
		let paid = DECA / 2;
		let ended =
			Event::Ended { lot, reason: EndReason::Drawn, drawn: 5 * KWH, paid, returned: 0 };
		assert_eq!(events()[1], ended);
		assert_eq!(deca(&NORA), nora + paid - paid / 100);
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave, 0));
		assert_eq!((booked(seller), booked(winner)), (None, None));
		assert_eq!((LotAuctions::lots_of(NORA), LotAuctions::lots_of(DAVE)), (vec![], vec![]));
	});
}

#[test]
fn intervals_wait_when_a_meter_is_challenged() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		challenge(seller);
		// Beyond the grace, and within a day.
		go_to(FROM + 50);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		assert_ok!(Metering::dismiss(RuntimeOrigin::root(), seller));
		assert_ok!(draw(lot));
		assert_eq!(told(), (42, 1, KWH));
	});
}

#[test]
fn nothing_is_paid_when_a_challenge_takes_longer_than_a_day() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		challenge(winner);
		go_to(FROM + 96);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 97);
		assert_ok!(draw(lot));
		assert_eq!(told(), (1, 0, 0));
	});
}

#[test]
fn nothing_is_paid_when_a_challenge_is_upheld() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		challenge(seller);
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), seller));
		assert_ok!(draw(lot));
		assert_eq!(told(), (1, 0, 0));
		// What is measured from then on counts again.
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_ok!(draw(lot));
		assert_eq!(told(), (1, 1, KWH));
	});
}

#[test]
fn grace_counts_up_to_a_day() {
	build_and_execute(|| {
		Grace::set(&Interval::MAX);
		let (lot, seller, _) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH)]);
		go_to(FROM + 96);
		assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
		go_to(FROM + 97);
		assert_ok!(draw(lot));
		Grace::set(&0);
		assert_ok!(draw(lot));
		assert_eq!(connection(lot).next, FROM + 97);
	});
}
