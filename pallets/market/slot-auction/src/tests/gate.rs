//! When orders come and go.

use super::*;
use frame_support::assert_noop;

fn tries(meter: MeterId, interval: Interval) -> DispatchResult {
	with_storage_layer(|| {
		SlotAuction::place(signed(&OLGA), meter, interval, Side::Sell, 80_000, KWH)
	})
}

#[test]
fn gate_is_open_from_192_intervals_to_1_interval_before() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		assert_eq!(SlotAuction::gate(), (START + 2, START + 192));
		assert_noop!(tries(meter, START + 193), Error::<Test>::GateNotOpen);
		assert_ok!(tries(meter, START + 192));
		assert_ok!(tries(meter, START + 2));
		assert_noop!(tries(meter, START + 1), Error::<Test>::GateClosed);
		assert_noop!(tries(meter, START), Error::<Test>::GateClosed);
		assert_noop!(tries(meter, START - 1), Error::<Test>::GateClosed);
		assert_noop!(tries(meter, 0), Error::<Test>::GateClosed);
		assert_noop!(tries(meter, Interval::MAX), Error::<Test>::GateNotOpen);
	});
}

#[test]
fn gate_is_closed_for_an_auction_that_has_orders() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		go_to(SLOT - 2);
		assert_ok!(tries(meter, SLOT));
		go_to(SLOT - 1);
		assert_noop!(tries(meter, SLOT), Error::<Test>::GateClosed);
		assert_noop!(SlotAuction::cancel(signed(&OLGA), order), Error::<Test>::GateClosed);
	});
}

#[test]
fn gate_stands_for_a_moment_when_governance_names_none() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		GateClosure::set(&0);
		GateOpening::set(&0);
		assert_eq!(SlotAuction::gate(), (START + 2, START + 2));
		assert_noop!(tries(meter, START + 1), Error::<Test>::GateClosed);
		assert_ok!(tries(meter, START + 2));
		assert_noop!(tries(meter, START + 3), Error::<Test>::GateNotOpen);
		GateClosure::set(&Interval::MAX);
		assert_noop!(tries(meter, SLOT), Error::<Test>::GateClosed);
	});
}

#[test]
fn grace_is_89_intervals_when_governance_names_more() {
	build_and_execute(|| {
		Grace::set(&1_000);
		let meter = roof(&OLGA);
		assert_ok!(tries(meter, SLOT));
		let terms = Auctions::<Test>::get(slot()).unwrap().terms;
		assert_eq!((terms.closes, terms.settles), (SLOT - 1, SLOT + 90));
	});
}

#[test]
fn clearing_waits_until_the_gate_is_closed() {
	build_and_execute(|| {
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		go_to(SLOT - 2);
		let clear = || SlotAuction::clear(signed(&BOT), slot());
		let collect = || SlotAuction::collect(signed(&BOT), slot(), batch(&[order.number]));
		assert_noop!(clear(), Error::<Test>::GateStillOpen);
		assert_noop!(collect(), Error::<Test>::GateStillOpen);
		go_to(SLOT - 1);
		assert_ok!(clear());
		assert_noop!(clear(), Error::<Test>::AlreadyCleared);
		assert_ok!(collect());
		// Nothing was traded, so that was all of it.
		assert_noop!(clear(), Error::<Test>::UnknownAuction);
		assert_noop!(collect(), Error::<Test>::UnknownAuction);
		assert_noop!(
			SlotAuction::settle(signed(&BOT), slot(), batch(&[order.number])),
			Error::<Test>::UnknownAuction
		);
	});
}

#[test]
fn auction_is_gone_when_its_last_order_is_cancelled() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		let sale = offer(&OLGA, roof, 80_000, KWH);
		let purchase = bid(&KONRAD, home, 250_000, KWH);
		assert_ok!(SlotAuction::cancel(signed(&OLGA), sale));
		assert_eq!(held(&OLGA), 0);
		assert_eq!(Auctions::<Test>::get(slot()).unwrap().orders, 1);
		assert_ok!(SlotAuction::cancel(signed(&KONRAD), purchase));
		assert_eq!(held(&KONRAD), 0);
		assert_eq!(Auctions::<Test>::iter().count(), 0);
		assert_eq!(Pages::<Test>::iter().count(), 0);
		assert_eq!(MeterBooks::<Test>::iter().count(), 0);
		// The next order finds the terms of its own day.
		set_area(|area| area.imbalance = 1);
		offer(&OLGA, roof, 80_000, KWH);
		assert_eq!(held(&OLGA), money(KWH, 1));
	});
}
