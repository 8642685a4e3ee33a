//! What becomes of a lot when a miner is suspended, revoked or given to another account, or an account is gone.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

/// The interval with which the connections of these tests begin.
const FROM: Interval = START + 4;

#[test]
fn suspended_owner_neither_lists_nor_bids() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let (battery, daves) = (battery(), house(&DAVE));
		suspend(battery);
		suspend(daves);
		assert_noop!(
			list(&NORA, battery, 5 * KWH, TENTH, START + 4),
			Error::<Test>::MinerNotActive
		);
		assert_noop!(bid(&DAVE, lot, TENTH, daves), Error::<Test>::MinerNotActive);
	});
}

#[test]
fn nobody_bids_when_the_seller_cannot_deliver_any_more() {
	build_and_execute(|| {
		let daves = house(&DAVE);
		let node = miner_of(battery());
		let refused = |lot| {
			assert_noop!(bid(&DAVE, lot, TENTH, daves), Error::<Test>::SellerCannotDeliver);
		};
		let (lot, meter) = listed(5 * KWH);
		suspend(meter);
		refused(lot);
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner_of(meter)));
		assert_ok!(Miners::retire_meter(signed(&NORA), meter));
		refused(lot);
		revoke(meter);
		refused(lot);
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_ok!(list(&OLGA, meters[0], KWH, TENTH, START + 4));
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), meters[0], Some(node)));
		refused(lot + 1);
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), meters[0], None));
		assert_ok!(bid(&DAVE, lot + 1, TENTH, daves));
	});
}

#[test]
fn nothing_is_drawn_when_a_side_is_suspended_and_either_closes() {
	build_and_execute(|| {
		for suspend_seller in [true, false] {
			let (lot, seller, winner) = connected(5 * KWH, TENTH);
			flow(&[(seller, KWH), (winner, KWH)]);
			assert_ok!(draw(lot));
			let suspended = if suspend_seller { seller } else { winner };
			suspend(suspended);
			let (interval, nora, dave) = (now(), deca(&NORA), deca(&DAVE));
			pass(1);
			let readings = [seller, winner].map(|meter| reading(meter, interval, 2 * KWH));
			// The readings of the one that is suspended are refused.
			assert_eq!(submit(readings.to_vec()), 1);
			assert_noop!(draw(lot), Error::<Test>::NothingToDraw);
			// Suspended or not, both may close.
			assert_ok!(close(if suspend_seller { &NORA } else { &DAVE }, lot));
			pass(10);
			assert_ok!(draw(lot));
			assert_eq!(deca(&NORA), nora);
			assert_eq!((deca(&DAVE), held(&DAVE)), (dave + DECA * 4 / 10, 0));
			assert_eq!((booked(seller), booked(winner)), (None, None));
		}
	});
}

#[test]
fn readings_count_again_when_a_suspended_miner_is_reinstated_in_time() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		suspend(winner);
		pass(1);
		assert_eq!(submit(vec![reading(winner, FROM + 1, 2 * KWH)]), 1);
		assert_eq!(submit(vec![reading(seller, FROM + 1, 2 * KWH)]), 0);
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner_of(winner)));
		assert_eq!(submit(vec![reading(winner, FROM + 1, 2 * KWH)]), 0);
		assert_ok!(draw(lot));
		assert_eq!(connection(lot).drawn, 2 * KWH);
	});
}

#[test]
fn suspended_bidder_wins_what_it_leads() {
	build_and_execute(|| {
		let (lot, _) = listed(5 * KWH);
		let daves = house(&DAVE);
		assert_ok!(bid(&DAVE, lot, TENTH, daves));
		suspend(daves);
		pass(4);
		assert_ok!(close_auction(lot));
		assert_eq!(connection(lot).winner.bidder, DAVE);
		// Its money is held on, until a side closes or the time is over.
		assert_eq!(held(&DAVE), DECA / 2);
		assert_ok!(close(&NORA, lot));
		pass(9);
		assert_ok!(draw(lot));
		assert_eq!(held(&DAVE), 0);
	});
}

#[test]
fn revoked_seller_is_paid_for_what_was_drawn_and_the_winner_has_the_rest() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		revoke(seller);
		let (nora, dave) = (deca(&NORA), deca(&DAVE));
		assert_ok!(draw(lot));
		assert_eq!(deca(&NORA), nora + DECA / 10 - DECA / 1_000);
		// Nora can still close what she listed.
		assert_ok!(close(&NORA, lot));
		pass(10);
		assert_ok!(draw(lot));
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave + DECA * 4 / 10, 0));
	});
}

#[test]
fn listing_of_a_revoked_miner_goes_back() {
	build_and_execute(|| {
		let (lot, meter) = listed(5 * KWH);
		revoke(meter);
		assert_noop!(cancel(&OLGA, lot), Error::<Test>::NotOwner);
		assert_ok!(cancel(&NORA, lot));
		assert_eq!(booked(meter), None);
	});
}

#[test]
fn new_account_is_paid_and_closes_when_the_miner_was_recovered() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(seller), OLGA));
		let (nora, olga) = (deca(&NORA), deca(&OLGA));
		assert_ok!(draw(lot));
		assert_eq!((deca(&NORA), deca(&OLGA)), (nora, olga + DECA / 10 - DECA / 1_000));
		assert_noop!(close(&NORA, lot), Error::<Test>::NotASide);
		assert_ok!(close(&OLGA, lot));
	});
}

#[test]
fn new_account_closes_when_the_winners_miner_was_recovered() {
	build_and_execute(|| {
		for who in [OLGA, DAVE] {
			let (lot, seller, winner) = connected(5 * KWH, TENTH);
			flow(&[(seller, KWH), (winner, KWH)]);
			assert_noop!(close(&OLGA, lot), Error::<Test>::NotASide);
			assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(winner), OLGA));
			let (dave, olga) = (deca(&DAVE), deca(&OLGA));
			assert_noop!(close(&PETER, lot), Error::<Test>::NotASide);
			assert_ok!(close(&who, lot));
			assert_eq!(connection(lot).closed, Some(Side::Winner));
			pass(10);
			assert_ok!(draw(lot));
			// What was not drawn was held of Dave, and is his again.
			assert_eq!((deca(&DAVE), held(&DAVE)), (dave + DECA * 4 / 10, 0));
			assert_eq!(deca(&OLGA), olga);
		}
	});
}

#[test]
fn nobody_but_who_bid_closes_as_the_winner_when_its_miner_was_revoked() {
	build_and_execute(|| {
		let (lot, _, winner) = connected(5 * KWH, TENTH);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(winner), OLGA));
		revoke(winner);
		assert_noop!(close(&OLGA, lot), Error::<Test>::NotASide);
		assert_ok!(close(&DAVE, lot));
	});
}

#[test]
fn winner_pays_itself_when_the_miner_went_to_it() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, KWH), (winner, KWH)]);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(seller), DAVE));
		let dave = deca(&DAVE);
		assert_ok!(draw(lot));
		assert_eq!(deca(&DAVE), dave + DECA / 10 - DECA / 1_000);
		assert_eq!(held(&DAVE), DECA * 4 / 10);
		// It is both sides; as an owner it is the seller.
		assert_ok!(close(&DAVE, lot));
		assert_eq!(connection(lot).closed, Some(Side::Seller));
	});
}

/// Nora's miner is revoked, and she takes all that she has somewhere else.
fn nora_leaves(meter: MeterId) {
	revoke(meter);
	assert_ok!(Balances::transfer_all(signed(&NORA), AGENT, false));
	assert_eq!(deca(&NORA), 0);
	assert!(!System::account_exists(&NORA));
}

#[test]
fn payment_waits_when_the_account_is_gone_and_it_would_not_make_one() {
	build_and_execute(|| {
		// A mWh costs 100,000 base units, so the existential deposit is what 10,000 mWh cost.
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		catch_up(winner);
		flow(&[(seller, 6_000)]);
		flow(&[(seller, 6_000)]);
		nora_leaves(seller);
		let treasury = deca(&TREASURY);
		assert_eq!(submit(vec![reading(winner, FROM, KWH)]), 0);
		System::reset_events();
		// No money moved, so it is not free.
		assert_eq!(is_free(&WANDA, Call::draw { lot }), Ok(false));
		let due = 6_000 * 100_000;
		assert!(matches!(events()[0], Event::PaymentDeferred { due: told, .. } if told == due));
		assert!(matches!(events()[1], Event::Drawn { amount: 0, fee: 0, energy: 6_000, .. }));
		assert_eq!((connection(lot).paid, connection(lot).due()), (0, due));
		assert_eq!((deca(&TREASURY), held(&DAVE)), (treasury, DECA / 2));
		check_invariants();
		// With the next interval it is enough.
		assert_eq!(submit(vec![reading(winner, FROM + 1, 2 * KWH)]), 0);
		assert_ok!(draw(lot));
		assert_eq!((connection(lot).paid, connection(lot).due()), (2 * due, 0));
		assert_eq!(deca(&NORA), 2 * due - 2 * due / 100);
		assert_eq!(deca(&TREASURY), treasury + 2 * due / 100);
		assert_eq!(held(&DAVE), DECA / 2 - 2 * due);
	});
}

#[test]
fn draw_is_free_when_it_pays_what_was_due_and_nothing_more_was_drawn() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, 6_000), (winner, KWH)]);
		nora_leaves(seller);
		assert_ok!(draw(lot));
		let due = connection(lot).due();
		assert_eq!(due, 6_000 * 100_000);
		assert_ok!(Balances::transfer_allow_death(signed(&WANDA), NORA, MINIMUM));
		pass(9);
		assert_eq!(is_free(&WANDA, Call::draw { lot }), Ok(true));
		assert_eq!((connection(lot).drawn, connection(lot).due()), (6_000, 0));
		assert_eq!(deca(&NORA), MINIMUM + due - due / 100);
	});
}

#[test]
fn payment_goes_where_fees_go_when_the_lot_ends_and_no_account_can_take_it() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, 6_000), (winner, KWH)]);
		nora_leaves(seller);
		let (dave, treasury) = (deca(&DAVE), deca(&TREASURY));
		assert_ok!(close(&DAVE, lot));
		pass(10);
		System::reset_events();
		assert_ok!(draw(lot));
		let due = 6_000 * 100_000;
		assert!(matches!(events()[0], Event::PaymentDeferred { .. }));
		assert_eq!(events()[2], Event::Diverted { lot, who: NORA, amount: due });
		let (reason, returned) = (EndReason::Closed(Side::Winner), DECA / 2 - due);
		let ended = Event::Ended { lot, reason, drawn: 6_000, paid: due, returned };
		assert_eq!(events()[3], ended);
		assert_eq!(deca(&TREASURY), treasury + due);
		assert_eq!((deca(&DAVE), held(&DAVE)), (dave + returned, 0));
		assert!(!System::account_exists(&NORA));
	});
}

#[test]
fn payment_makes_an_account_when_it_is_large_enough() {
	build_and_execute(|| {
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		flow(&[(seller, 20_000), (winner, KWH)]);
		nora_leaves(seller);
		assert_ok!(draw(lot));
		let paid = 20_000 * 100_000;
		assert_eq!(deca(&NORA), paid - paid / 100);
	});
}

#[test]
fn seller_keeps_the_fee_when_its_destination_cannot_take_it() {
	build_and_execute(|| {
		assert_ok!(Balances::transfer_all(signed(&TREASURY), AGENT, false));
		let (lot, seller, winner) = connected(5 * KWH, TENTH);
		let nora = deca(&NORA);
		flow(&[(seller, 50_000), (winner, KWH)]);
		System::reset_events();
		assert_ok!(draw(lot));
		let paid = 50_000 * 100_000;
		assert_eq!(deca(&NORA), nora + paid);
		assert!(matches!(events()[0], Event::Drawn { fee: 0, amount, .. } if amount == paid));
		assert_eq!(deca(&TREASURY), 0);
	});
}
