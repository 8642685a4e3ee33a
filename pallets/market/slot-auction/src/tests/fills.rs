//! Clearing and collecting on the chain.

use super::*;
use frame_support::{assert_noop, traits::fungible::MutateFreeze};

/// Collects as the bot does; all of it or nothing, as an extrinsic.
fn collects(id: AuctionId, numbers: &[u32]) -> DispatchResultWithPostInfo {
	with_storage_layer(|| SlotAuction::collect(signed(&BOT), id, batch(numbers)))
}

/// The price of a [`small_book`]: more is offered than bid.
const CHEAP: Price = 80_000;

/// A kWh for 0.080 by Olga, and half of that for 0.190 by Konrad.
fn small_book() -> (OrderId, OrderId) {
	let (roof, home) = (roof(&OLGA), home(&KONRAD));
	(offer(&OLGA, roof, CHEAP, KWH), bid(&KONRAD, home, 250_000, 500_000))
}

#[test]
fn collecting_gives_fills_and_releases_the_rest_at_once() {
	build_and_execute(|| {
		let (sale, purchase) = small_book();
		go_to(SLOT - 1);
		System::reset_events();
		assert_ok!(collects(slot(), &[0]));
		let cleared = Event::AuctionCleared {
			auction: slot(),
			price: Some(CHEAP),
			volume: 500_000,
			orders: 2,
		};
		let bond = money(500_000, IMBALANCE);
		let collected = |order, owner, side, secured| Event::Collected {
			order,
			owner,
			side,
			fill: 500_000,
			secured,
		};
		assert_eq!(events(), [cleared, collected(sale, OLGA, Side::Sell, bond)]);
		assert_eq!(held(&OLGA), bond);
		// Konrad is not collected, and nothing of his moved.
		assert_eq!(held(&KONRAD), money(500_000, 250_000 + UNDRAWN));
		check_invariants();

		System::reset_events();
		let before = Ledger::now();
		assert_ok!(collects(slot(), &[1]));
		let prepaid = money(500_000, CHEAP + GRID_FEE + UNDRAWN);
		assert_eq!(events(), [collected(purchase, KONRAD, Side::Buy, prepaid)]);
		assert_eq!((held(&KONRAD), before.gain(&KONRAD)), (0, -(prepaid as i128)));
		let escrow = Balances::free_balance(SlotAuction::escrow_account());
		assert_eq!(escrow, prepaid + ExistentialDeposit::get());
	});
}

#[test]
fn fee_is_returned_when_something_was_done() {
	build_and_execute(|| {
		small_book();
		go_to(SLOT - 1);
		let info = SlotAuction::clear(signed(&BOT), slot()).unwrap();
		assert_eq!(info.pays_fee, Pays::No);
		// Numbers that name nothing do not matter.
		let info = collects(slot(), &[7, 0, 0, 1]).unwrap();
		assert_eq!(info.pays_fee, Pays::No);
		assert_noop!(collects(slot(), &[0, 1]), Error::<Test>::NothingToCollect);
		assert_noop!(collects(slot(), &[]), Error::<Test>::NothingToCollect);
		go_to(SLOT + 9);
		let settles = |numbers: &[u32]| SlotAuction::settle(signed(&BOT), slot(), batch(numbers));
		assert_noop!(settles(&[7]), Error::<Test>::NothingToSettle);
		assert_noop!(settles(&[1]), Error::<Test>::NothingToSettle);
		let info = settles(&[0, 1]).unwrap();
		assert_eq!(info.pays_fee, Pays::No);
	});
}

#[test]
fn numbers_that_are_passed_over_weigh_a_read_each_when_orders_are_collected() {
	build_and_execute(|| {
		small_book();
		go_to(SLOT - 1);
		// One order, and what names none or the same.
		let info = collects(slot(), &[0, 0, 7, 8, 9]).unwrap();
		let weight = Counted::collect(1) + reads(4) + Counted::clear();
		assert_eq!(info.actual_weight, Some(weight));
		// The auction is cleared, and an order that was collected before is no more than looked at.
		let info = collects(slot(), &[0, 1, 7]).unwrap();
		assert_eq!(info.actual_weight, Some(Counted::collect(1) + reads(2)));
		go_to(SLOT + 9);
		let settles = |numbers: &[u32]| SlotAuction::settle(signed(&BOT), slot(), batch(numbers));
		// Both sides had their turn.
		let info = settles(&[0, 7, 8]).unwrap();
		assert_eq!(info.actual_weight, Some(Counted::settle(1) + reads(2 * 2)));
		let info = settles(&[0, 1, 1, 7]).unwrap();
		assert_eq!(info.actual_weight, Some(Counted::settle(1) + reads(2 * 3)));
	});
}

#[test]
fn numbers_are_looked_up_for_one_side_when_bids_have_to_wait() {
	build_and_execute(|| {
		small_book();
		let second = roof(&PETER);
		offer(&PETER, second, CHEAP, KWH);
		collect_all(slot());
		go_to(SLOT + 9);
		let info = SlotAuction::settle(signed(&BOT), slot(), batch(&[0, 1, 7])).unwrap();
		assert_eq!(info.actual_weight, Some(Counted::settle(1) + reads(2)));
	});
}

#[test]
fn order_stands_in_nobodys_way_when_its_account_cannot_take_its_money_back() {
	build_and_execute(|| {
		small_book();
		let flat = home(&CAROL);
		// Gets nothing, and what is held is less than the existential deposit.
		bid(&CAROL, flat, GRID_FEE + 1_000, 10_000);
		let amount = money(10_000, GRID_FEE + 1_000 + UNDRAWN);
		assert!(amount < ExistentialDeposit::get());
		emptied(&CAROL, flat);
		assert_eq!((free(&CAROL), held(&CAROL)), (0, amount));
		let before = Ledger::now();
		collect_all(slot());
		assert!(events().contains(&Event::PaymentRedirected { to: CAROL, amount }));
		assert_eq!((held(&CAROL), before.gain(&TREASURY)), (0, amount as i128));
		settle_all(slot());
	});
}

#[test]
fn auction_stays_uncleared_when_nothing_is_collected_with_it() {
	build_and_execute(|| {
		small_book();
		go_to(SLOT - 1);
		assert_noop!(collects(slot(), &[7]), Error::<Test>::NothingToCollect);
		assert_eq!(Auctions::<Test>::get(slot()).unwrap().cleared, None);
	});
}

#[test]
fn order_is_gone_when_it_got_nothing() {
	build_and_execute(|| {
		let (_, purchase) = small_book();
		let meter = roof(&PETER);
		let dear = offer(&PETER, meter, 900_000, KWH);
		go_to(SLOT - 1);
		assert_ok!(collects(slot(), &[dear.number]));
		let event =
			Event::Collected { order: dear, owner: PETER, side: Side::Sell, fill: 0, secured: 0 };
		assert_eq!(last_event(), event);
		assert_eq!(SlotAuction::order(dear), None);
		assert_eq!((held(&PETER), Metering::use_of(meter)), (0, None));
		assert_eq!(fill_of(purchase), 0);
		collect_all(slot());
		assert_eq!(fill_of(purchase), 500_000);
	});
}

#[test]
fn auction_ends_when_nothing_is_traded_and_all_is_collected() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		offer(&OLGA, roof, 200_000, KWH);
		bid(&KONRAD, home, 250_000, KWH);
		let before = Ledger::now();
		go_to(SLOT - 1);
		assert_ok!(collects(slot(), &[0, 1]));
		let auction = slot();
		assert_eq!(last_event(), Event::AuctionEnded { auction, delivered: 0, grid: 0, fees: 0 });
		assert_eq!((held(&OLGA), held(&KONRAD)), (0, 0));
		assert!(PEOPLE.iter().all(|who| before.gain(who) == 0));
		let result = SlotResult { interval: SLOT, price: None, volume: 0, delivered: Some(0) };
		assert_eq!(SlotAuction::prices(valley()), [result]);
	});
}

#[test]
fn margin_is_shared_exactly_in_whatever_order_it_is_collected() {
	for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
		build_and_execute(|| {
			let seller = roof(&OLGA);
			offer(&OLGA, seller, 80_000, KWH);
			for who in [&KONRAD, &CAROL, &NORA] {
				let meter = home(who);
				bid(who, meter, 250_000, KWH);
			}
			go_to(SLOT - 1);
			for number in order {
				assert_ok!(collects(slot(), &[number]));
				check_invariants();
			}
			let bids = (1..4).map(|number| fill_of(OrderId { auction: slot(), number }));
			let bids = bids.collect::<Vec<_>>();
			assert_eq!(bids.iter().sum::<Energy>(), KWH);
			assert!(bids.iter().all(|fill| fill.abs_diff(KWH / 3) <= 1), "{bids:?}");
		});
	}
}

#[test]
fn buyer_pays_when_its_money_is_frozen() {
	build_and_execute(|| {
		small_book();
		// As for a vote.
		assert_ok!(Balances::set_freeze(&(), &KONRAD, ENDOWMENT));
		assert_ok!(Balances::set_freeze(&(), &OLGA, ENDOWMENT));
		collect_all(slot());
		assert_eq!(held(&KONRAD), 0);
		settle_all(slot());
		assert_eq!(held(&OLGA), 0);
	});
}

#[test]
fn broken_order_is_skipped_and_the_others_are_collected() {
	build().execute_with(|| {
		small_book();
		let meter = roof(&PETER);
		let dear = offer(&PETER, meter, 900_000, KWH);
		Stands::<Test>::remove(PETER, slot());
		go_to(SLOT - 1);
		assert_noop!(collects(slot(), &[dear.number]), Error::<Test>::BooksDisagree);
		let info = collects(slot(), &[dear.number, 0, 1]).unwrap();
		// What failed was tried.
		assert_eq!(info.actual_weight, Some(Counted::collect(3) + Counted::clear()));
		let error = Error::<Test>::BooksDisagree.into();
		assert!(events().contains(&Event::OrderSkipped { order: dear, error }));
		let cleared = Auctions::<Test>::get(slot()).unwrap().cleared.unwrap();
		assert_eq!((cleared.uncollected, cleared.sells, cleared.buys), (1, 1, 1));
		assert_eq!(held(&PETER), money(KWH, IMBALANCE));
	});
}

#[test]
fn results_of_the_last_96_auctions_are_kept() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		for interval in [START + 2, START + 3, START + 98, START + 100] {
			place(&OLGA, roof, interval, Side::Sell, 80_000, KWH);
			place(&KONRAD, home, interval, Side::Buy, 250_000, KWH);
		}
		let intervals = || {
			let kept = SlotAuction::prices(valley());
			kept.iter().map(|result| result.interval - START).collect::<Vec<_>>()
		};
		go_to(START + 99);
		let clear = |interval| {
			assert_ok!(SlotAuction::clear(signed(&BOT), AuctionId { area: 0, interval }));
		};
		clear(START + 3);
		clear(START + 98);
		clear(START + 100);
		assert_eq!(intervals(), [3, 98, 100]);
		// A day late: the place is that of a newer one.
		clear(START + 2);
		assert_eq!(intervals(), [3, 98, 100]);
		for age in [2, 3, 98] {
			let id = AuctionId { area: 0, interval: START + age };
			collect_all(id);
			go_to(now().max(START + age + 9));
			settle_all(id);
		}
		// Nobody delivered anything.
		let delivered =
			SlotAuction::prices(valley()).iter().map(|r| r.delivered).collect::<Vec<_>>();
		assert_eq!(delivered, [Some(0), Some(0), None]);
	});
}
