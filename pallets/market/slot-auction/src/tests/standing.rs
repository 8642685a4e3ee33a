//! Miners that are suspended, revoked or handed over while they have orders.

use super::*;
use frame_support::assert_noop;
use heliograph_primitives::miner::{Flow, MinerKind};

fn reason() -> BoundedVec<u8, ConstU32<32>> {
	b"something is wrong".to_vec().try_into().unwrap()
}

fn tries(who: &AccountId, meter: MeterId) -> DispatchResult {
	with_storage_layer(|| SlotAuction::place(signed(who), meter, SLOT, Side::Sell, 80_000, KWH))
}

#[test]
fn suspended_miner_cannot_place_and_can_cancel() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner_of(meter), reason()));
		assert_noop!(tries(&OLGA, meter), Error::<Test>::MinerNotActive);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner_of(meter)));
		assert_ok!(tries(&OLGA, meter));
	});
}

#[test]
fn suspended_seller_is_settled_by_what_was_measured() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 700_000);
		measure(deal.home, SLOT, KWH);
		// Between the readings and the settlement.
		for meter in [deal.roof, deal.home] {
			assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner_of(meter), reason()));
		}
		settle_all(slot());
		let amount = money(700_000, PRICE);
		let fine = money(300_000, IMBALANCE);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128 - fine as i128);
		let cost = money(700_000, PRICE + GRID_FEE);
		assert_eq!(deal.before.gain(&KONRAD), fine as i128 - cost as i128);
	});
}

#[test]
fn seller_has_delivered_nothing_when_it_was_suspended_before_the_interval() {
	build_and_execute(|| {
		let deal = deal(KWH);
		assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner_of(deal.roof), reason()));
		go_to(SLOT + 1);
		measure(deal.home, SLOT, KWH);
		settle_all(slot());
		assert_eq!(deal.before.gain(&OLGA), -(money(KWH, IMBALANCE) as i128));
	});
}

#[test]
fn revoked_miner_is_settled_and_its_meter_is_free() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		for meter in [deal.roof, deal.home] {
			let miner = miner_of(meter);
			assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason(), false));
		}
		settle_all(slot());
		let amount = money(KWH, PRICE);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128);
		assert_eq!(Metering::use_of(deal.roof), None);
		assert_noop!(tries(&OLGA, deal.roof), Error::<Test>::UnknownMeter);
	});
}

#[test]
fn order_stays_with_who_placed_it_when_the_miner_is_handed_over() {
	build_and_execute(|| {
		let (seller, house) = (roof(&OLGA), home(&KONRAD));
		let sale = offer(&OLGA, seller, 80_000, 600_000);
		// Olga lost her phone; Peter's account is hers as well.
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(seller), PETER));
		assert_noop!(tries(&OLGA, seller), Error::<Test>::NotOwner);
		assert_noop!(SlotAuction::cancel(signed(&CAROL), sale), Error::<Test>::NotYourOrder);
		offer(&PETER, seller, 80_000, 600_000);
		bid(&KONRAD, house, 250_000, 1_200_000);
		collect_all(slot());
		let before = Ledger::now();
		go_to(SLOT + 1);
		// The energy of the meter counts once, whoever sold it.
		measure(seller, SLOT, KWH);
		measure(house, SLOT, 1_200_000);
		settle_all(slot());
		let paid = |energy| (money(energy, PRICE) - fee_on(money(energy, PRICE))) as i128;
		assert_eq!(before.gain(&OLGA), paid(600_000));
		assert_eq!(before.gain(&PETER), paid(400_000) - money(200_000, IMBALANCE) as i128);
	});
}

#[test]
fn new_owner_of_a_meter_cancels_what_the_old_one_placed_until_the_gate_closes() {
	build_and_execute(|| {
		let (seller, other) = (roof(&OLGA), roof(&PETER));
		// All that the meter can carry.
		let sale = offer(&OLGA, seller, 80_000, 2_000_000);
		let late = offer(&OLGA, seller, 80_000, 750_000);
		let others = offer(&OLGA, roof(&OLGA), 80_000, KWH);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(seller), PETER));
		assert_noop!(tries(&PETER, seller), Error::<Test>::AboveNameplate);
		let cancel = |who, order| SlotAuction::cancel(signed(who), order);
		assert_noop!(cancel(&CAROL, sale), Error::<Test>::NotYourOrder);
		// What stands by another of her meters is hers alone.
		assert_noop!(cancel(&PETER, others), Error::<Test>::NotYourOrder);
		let before = (free(&OLGA), free(&PETER));
		assert_ok!(cancel(&PETER, sale));
		assert_eq!(last_event(), Event::Cancelled { order: sale, owner: OLGA });
		assert_eq!(free(&OLGA), before.0 + money(2_000_000, IMBALANCE));
		assert_eq!(free(&PETER), before.1);
		assert_ok!(tries(&PETER, seller));
		assert_ok!(tries(&PETER, other));
		// Who lost the miner can cancel, too, while the gate is open.
		go_to(SLOT - 1);
		assert_noop!(cancel(&PETER, late), Error::<Test>::GateClosed);
		assert_noop!(cancel(&OLGA, late), Error::<Test>::GateClosed);
	});
}

#[test]
fn order_is_cancelled_by_who_placed_it_when_the_miner_is_handed_over_or_gone() {
	build_and_execute(|| {
		let seller = roof(&OLGA);
		let (first, second) =
			(offer(&OLGA, seller, 80_000, KWH), offer(&OLGA, seller, 90_000, KWH));
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner_of(seller), PETER));
		assert_ok!(SlotAuction::cancel(signed(&OLGA), first));
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner_of(seller), reason(), false));
		assert_noop!(SlotAuction::cancel(signed(&PETER), second), Error::<Test>::NotYourOrder);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), second));
		assert_eq!(held(&OLGA), 0);
	});
}

#[test]
fn meter_is_settled_when_it_was_sent_to_a_storage_node_meanwhile() {
	build_and_execute(|| {
		let deal = deal(KWH);
		let (node, _) = admit_in(VALLEY, &NORA, MinerKind::Storage, &[Flow::Charge]);
		assert_ok!(Miners::assign_node(RuntimeOrigin::root(), deal.roof, Some(node)));
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		settle_all(slot());
		let amount = money(KWH, PRICE);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128);
	});
}
