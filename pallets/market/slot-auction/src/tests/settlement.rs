//! Who is paid and who owes when the interval is over.

use super::*;
use frame_support::{assert_noop, traits::fungible::Mutate};
use heliograph_primitives::miner::{Flow, MinerKind};

/// Settles as the bot does; all of it or nothing, as an extrinsic.
fn settles(numbers: &[u32]) -> DispatchResultWithPostInfo {
	with_storage_layer(|| SlotAuction::settle(signed(&BOT), slot(), batch(numbers)))
}

/// What happened to a seller, to be found in the events.
fn sale_of(order: OrderId) -> (Energy, Balance, Balance, Option<Void>) {
	let found = events().into_iter().find_map(|event| match event {
		Event::SaleSettled { order: of, delivered, paid, fine, void, .. } if of == order => {
			Some((delivered, paid, fine, void))
		}
		_ => None,
	});
	found.expect("it was settled")
}

/// What happened to a buyer: what was delivered, what was drawn, and why not.
fn purchase_of(order: OrderId) -> (Energy, Energy, Option<Void>) {
	let found = events().into_iter().find_map(|event| match event {
		Event::PurchaseSettled { order: of, delivered, drawn, void, .. } if of == order => {
			Some((delivered, drawn, void))
		}
		_ => None,
	});
	found.expect("it was settled")
}

#[test]
fn settlement_waits_for_the_grace_and_for_all_orders() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		offer(&OLGA, roof, 80_000, KWH);
		bid(&KONRAD, home, 250_000, KWH);
		assert_noop!(settles(&[0, 1]), Error::<Test>::TooEarly);
		go_to(SLOT + 9);
		// Nobody cleared it yet, nor collected all of it.
		assert_noop!(settles(&[0, 1]), Error::<Test>::NotCollected);
		assert_ok!(SlotAuction::collect(signed(&BOT), slot(), batch(&[0])));
		assert_noop!(settles(&[0, 1]), Error::<Test>::NotCollected);
		assert_ok!(SlotAuction::collect(signed(&BOT), slot(), batch(&[1])));
		go_to(SLOT + 9);
		assert_ok!(settles(&[0, 1]));
	});
}

#[test]
fn settlement_is_refused_in_the_last_interval_of_the_grace() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 8);
		assert_noop!(settles(&[0, 1]), Error::<Test>::TooEarly);
		// The reading arrives at the very end of it.
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		go_to(SLOT + 9);
		System::reset_events();
		assert_ok!(settles(&[0, 1]));
		assert_eq!(sale_of(deal.sale).0, KWH);
		assert_eq!(purchase_of(deal.purchase), (KWH, KWH, None));
	});
}

#[test]
fn bids_wait_until_all_offers_are_settled() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 9);
		assert_noop!(settles(&[1]), Error::<Test>::NothingToSettle);
		// In one call the order of the numbers does not matter.
		assert_ok!(settles(&[1, 0]));
		let kinds = events()
			.iter()
			.filter_map(|event| match event {
				Event::SaleSettled { order, .. } | Event::PurchaseSettled { order, .. } => {
					Some(*order)
				}
				_ => None,
			})
			.collect::<Vec<_>>();
		assert_eq!(kinds, [deal.sale, deal.purchase]);
		assert_noop!(settles(&[0, 1]), Error::<Test>::UnknownAuction);
	});
}

#[test]
fn order_named_twice_is_settled_once() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		go_to(SLOT + 9);
		assert_ok!(settles(&[0, 0, 1, 1, 0]));
		let amount = money(KWH, PRICE);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128);
	});
}

#[test]
fn nothing_is_delivered_or_drawn_when_no_reading_came() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		// The seller's meter says nothing, the buyer's was never heard of.
		measure(deal.roof, SLOT - 1, KWH);
		settle_all(slot());
		let fine = money(KWH, IMBALANCE);
		assert_eq!(sale_of(deal.sale), (0, 0, fine, None));
		assert_eq!(purchase_of(deal.purchase), (0, 0, None));
		assert_eq!(deal.before.gain(&OLGA), -(fine as i128));
		assert_eq!(deal.before.gain(&KONRAD), fine as i128);
	});
}

#[test]
fn buyer_pays_for_all_as_undrawn_when_its_meter_is_silent() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		settle_all(slot());
		assert_eq!(purchase_of(deal.purchase), (KWH, 0, None));
		let all = money(KWH, PRICE + GRID_FEE + UNDRAWN);
		assert_eq!(deal.before.gain(&KONRAD), -(all as i128));
	});
}

#[test]
fn recovered_energy_is_not_paid() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 2);
		measure(deal.home, SLOT, KWH);
		// Two intervals in one reading: 2 kWh for sure, and nobody knows how much in which.
		submit(deal.roof, SLOT - 1, 0);
		submit(deal.roof, SLOT + 1, 2 * KWH);
		settle_all(slot());
		assert_eq!(sale_of(deal.sale), (0, 0, money(KWH, IMBALANCE), None));
	});
}

#[test]
fn readings_change_nothing_when_they_come_after_the_settlement() {
	build_and_execute(|| {
		let deal = deal(KWH);
		settle_all(slot());
		let before = Ledger::now();
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		assert_noop!(settles(&[0, 1]), Error::<Test>::UnknownAuction);
		assert!(PEOPLE.iter().all(|who| before.gain(who) == 0));
		assert_eq!(sale_of(deal.sale).2, money(KWH, IMBALANCE));
	});
}

/// Somebody says that a meter is wrong, and nobody has ruled on it yet.
fn challenge(who: &AccountId, meter: MeterId) {
	let evidence = b"at night".to_vec().try_into().unwrap();
	assert_ok!(Metering::challenge(signed(who), meter, evidence));
}

#[test]
fn challenge_by_the_buyer_changes_nothing() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, KWH);
		// Konrad has drawn it, and would rather have it for nothing.
		challenge(&KONRAD, deal.roof);
		settle_all(slot());
		let amount = money(KWH, PRICE);
		assert_eq!(sale_of(deal.sale), (KWH, amount - fee_on(amount), 0, None));
		assert_eq!(purchase_of(deal.purchase), (KWH, KWH, None));
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128);
		assert_eq!(deal.before.gain(&KONRAD), -(money(KWH, PRICE + GRID_FEE) as i128));
		assert_eq!(deal.before.gain(&VERA), money(KWH, GRID_FEE) as i128);
	});
}

#[test]
fn challenge_by_a_friend_of_the_seller_changes_nothing() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 400_000);
		measure(deal.home, SLOT, KWH);
		// Olga delivered less, and Peter would spare her the fine.
		challenge(&PETER, deal.roof);
		settle_all(slot());
		let (amount, fine) = (money(400_000, PRICE), money(600_000, IMBALANCE));
		assert_eq!(sale_of(deal.sale), (400_000, amount - fee_on(amount), fine, None));
		assert_eq!(purchase_of(deal.purchase), (400_000, 400_000, None));
		assert_eq!(deal.before.gain(&OLGA), (amount - fee_on(amount)) as i128 - fine as i128);
		let cost = money(400_000, PRICE + GRID_FEE);
		assert_eq!(deal.before.gain(&KONRAD), fine as i128 - cost as i128);
	});
}

#[test]
fn challenge_by_a_friend_of_the_buyer_changes_nothing() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, 1_000);
		// Konrad drew less, and Carol would spare him the price of that.
		challenge(&CAROL, deal.home);
		settle_all(slot());
		assert_eq!(purchase_of(deal.purchase), (KWH, 1_000, None));
		let cost = money(KWH, PRICE + GRID_FEE) + money(KWH - 1_000, UNDRAWN);
		assert_eq!(deal.before.gain(&KONRAD), -(cost as i128));
	});
}

#[test]
fn readings_count_when_they_come_while_the_meter_is_challenged() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT - 1, 5_000);
		challenge(&WANDA, deal.roof);
		measure(deal.roof, SLOT, KWH);
		settle_all(slot());
		assert_eq!(sale_of(deal.sale).0, KWH);
	});
}

#[test]
fn seller_owes_all_when_a_challenge_was_upheld() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, KWH);
		challenge(&WANDA, deal.roof);
		assert_ok!(Metering::uphold(RuntimeOrigin::root(), deal.roof));
		settle_all(slot());
		assert_eq!(sale_of(deal.sale), (0, 0, money(KWH, IMBALANCE), None));
	});
}

#[test]
fn orders_are_void_when_the_day_is_forgotten() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 97);
		measure(deal.roof, SLOT, KWH);
		measure(deal.home, SLOT, 1_000);
		// Each meter reports on, until its ring holds the slot no more.
		measure(deal.roof, SLOT + 96, 0);
		measure(deal.home, SLOT + 96, 0);
		settle_all(slot());
		assert_eq!(sale_of(deal.sale), (0, 0, 0, Some(Void::Forgotten)));
		assert_eq!(purchase_of(deal.purchase), (0, 0, Some(Void::Forgotten)));
		assert_eq!(deal.before.gain(&OLGA), 0);
		assert_eq!(deal.before.gain(&KONRAD), 0);
	});
}

#[test]
fn orders_are_settled_by_their_meters_until_the_day_is_forgotten() {
	build_and_execute(|| {
		let deal = deal(KWH);
		go_to(SLOT + 96);
		measure(deal.roof, SLOT, KWH);
		measure(deal.roof, SLOT + 95, 0);
		// The buyer's meter is silent since long before the slot, and had a hundred intervals to report.
		measure(deal.home, SLOT - 2, 0);
		settle_all(slot());
		assert_eq!(sale_of(deal.sale).0, KWH);
		assert_eq!(purchase_of(deal.purchase), (KWH, 0, None));
	});
}

#[test]
fn energy_of_a_meter_counts_once_when_several_orders_name_it() {
	build_and_execute(|| {
		let (_, meters) =
			admit_in(VALLEY, &OLGA, MinerKind::Standard, &[Flow::Export, Flow::Export]);
		let (house, flat) = (home(&KONRAD), home(&CAROL));
		let before = Ledger::now();
		let sales = [
			offer(&OLGA, meters[0], 80_000, 600_000),
			offer(&OLGA, meters[0], 80_000, 600_000),
			offer(&OLGA, meters[1], 80_000, 600_000),
		];
		let purchases = [
			bid(&KONRAD, house, 250_000, 500_000),
			bid(&KONRAD, house, 250_000, 400_000),
			bid(&CAROL, flat, 250_000, 900_000),
		];
		collect_all(slot());
		go_to(SLOT + 1);
		// 1 kWh for 1.2 that were sold by the first meter; the second has more than it sold.
		measure(meters[0], SLOT, KWH);
		measure(meters[1], SLOT, 2 * KWH);
		measure(house, SLOT, 800_000);
		measure(flat, SLOT, 2 * KWH);
		settle_all(slot());
		assert_eq!(sales.map(|order| sale_of(order).0), [600_000, 400_000, 600_000]);
		let fine = money(200_000, IMBALANCE);
		assert_eq!(sale_of(sales[1]).2, fine);
		// 1.6 of 1.8 kWh came: 444,444 + 355,555 + 800,001. Konrad's meter has 800,000 for both of his: one is left over.
		let parts = purchases.map(purchase_of);
		assert_eq!(parts.map(|part| part.0), [444_444, 355_555, 800_001]);
		assert_eq!(parts.map(|part| part.1), [444_444, 355_555, 800_001]);
		let amount = money(1_600_000, PRICE);
		let fees = fee_on(money(600_000, PRICE)) * 2 + fee_on(money(400_000, PRICE));
		assert_eq!(before.gain(&OLGA), (amount - fees) as i128 - fine as i128);
		let paid = money(1_600_000, PRICE + GRID_FEE) as i128 - fine as i128;
		assert_eq!(before.gain(&KONRAD) + before.gain(&CAROL), -paid);
		assert_eq!(before.gain(&VERA), money(1_600_000, GRID_FEE) as i128);
	});
}

#[test]
fn drawn_energy_counts_once_when_several_orders_name_the_meter() {
	build_and_execute(|| {
		let (seller, house) = (roof(&OLGA), home(&KONRAD));
		offer(&OLGA, seller, 80_000, KWH);
		let purchases =
			[bid(&KONRAD, house, 250_000, 600_000), bid(&KONRAD, house, 250_000, 400_000)];
		collect_all(slot());
		let before = Ledger::now();
		go_to(SLOT + 1);
		measure(seller, SLOT, KWH);
		measure(house, SLOT, 700_000);
		settle_all(slot());
		let parts = purchases.map(purchase_of);
		assert_eq!(parts.map(|part| (part.0, part.1)), [(600_000, 600_000), (400_000, 100_000)]);
		// Of what he had paid in for drawing nothing, 0.7 kWh return.
		assert_eq!(before.gain(&KONRAD), money(700_000, UNDRAWN) as i128);
	});
}

#[test]
fn compensation_is_shared_by_all_buyers_to_the_last_base_unit() {
	build_and_execute(|| {
		let seller = roof(&OLGA);
		offer(&OLGA, seller, 80_000, KWH);
		let buyers = [&KONRAD, &CAROL, &NORA];
		for who in buyers {
			let meter = home(who);
			bid(who, meter, 250_000, KWH);
		}
		let before = Ledger::now();
		collect_all(slot());
		settle_all(slot());
		let fine = money(KWH, IMBALANCE) as i128;
		assert_eq!(before.gain(&OLGA), -fine);
		let gains = buyers.map(|who| before.gain(who));
		assert_eq!(gains.iter().sum::<i128>(), fine);
		// A third each, within what the mWh at the margin are worth.
		assert!(gains.iter().all(|gain| (gain - fine / 3).abs() <= IMBALANCE as i128));
	});
}

#[test]
fn nobody_is_held_up_when_a_buyer_cannot_be_paid() {
	build_and_execute(|| {
		set_area(|area| area.undrawn = 1);
		let deal = deal(100_000);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 100_000);
		measure(deal.home, SLOT, 100_000);
		// Konrad has given everything away; 100,000 base units would return, too little to make an account.
		assert_ok!(Miners::revoke(
			RuntimeOrigin::root(),
			miner_of(deal.home),
			b"moves".to_vec().try_into().unwrap(),
			false
		));
		let all = free(&KONRAD);
		assert_ok!(Balances::transfer_allow_death(signed(&KONRAD), BOT, all));
		assert_eq!(System::providers(&KONRAD), 0);
		let before = Ledger::now();
		settle_all(slot());
		let event = Event::PaymentRedirected { to: KONRAD, amount: 100_000 };
		assert!(events().contains(&event));
		let amount = money(100_000, PRICE);
		assert_eq!(before.gain(&OLGA), (amount - fee_on(amount)) as i128);
		assert_eq!(before.gain(&KONRAD), 0);
		assert_eq!(before.gain(&TREASURY), (fee_on(amount) + 100_000) as i128);
	});
}

#[test]
fn nobody_is_held_up_when_a_seller_cannot_take_its_bond_back() {
	build_and_execute(|| {
		set_area(|area| area.imbalance = IMBALANCE / 5);
		let deal = deal(10_000);
		let bond = money(10_000, IMBALANCE / 5);
		assert!(bond < ExistentialDeposit::get());
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 10_000);
		measure(deal.home, SLOT, 10_000);
		emptied(&OLGA, deal.roof);
		assert_eq!((free(&OLGA), held(&OLGA)), (0, bond));
		let before = Ledger::now();
		settle_all(slot());
		assert!(events().contains(&Event::PaymentRedirected { to: OLGA, amount: bond }));
		let amount = money(10_000, PRICE);
		assert_eq!(before.gain(&TREASURY), (bond + fee_on(amount)) as i128);
		// The price is enough for an account.
		assert_eq!((free(&OLGA), held(&OLGA)), (amount - fee_on(amount), 0));
	});
}

#[test]
fn fees_are_kept_when_their_destination_cannot_take_them() {
	build_and_execute(|| {
		FeeDestination::set(&PAUPER);
		set_area(|area| area.operator = PAUPER);
		let deal = deal(10_000);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 10_000);
		measure(deal.home, SLOT, 10_000);
		settle_all(slot());
		// The grid fee of 10 Wh and a fee, both below the existential deposit.
		let kept = money(10_000, GRID_FEE) + fee_on(money(10_000, PRICE));
		assert!(kept < ExistentialDeposit::get());
		assert_eq!(Kept::<Test>::get(), kept);
		check_invariants();
		// The end of the next auction takes them along, though it has no fees of its own: nothing is delivered.
		assert_ok!(Balances::mint_into(&PAUPER, ExistentialDeposit::get()));
		for (who, side, limit) in [(&OLGA, Side::Sell, 80_000), (&KONRAD, Side::Buy, 250_000)] {
			let meter = if side == Side::Sell { deal.roof } else { deal.home };
			place(who, meter, SLOT + 12, side, limit, 10_000);
		}
		let next = AuctionId { interval: SLOT + 12, ..slot() };
		collect_all(next);
		settle_all(next);
		assert_eq!(Kept::<Test>::get(), 0);
		assert_eq!(free(&PAUPER), ExistentialDeposit::get() + kept);
	});
}

#[test]
fn broken_order_is_skipped_and_the_others_are_settled() {
	build().execute_with(|| {
		let (first, second, house) = (roof(&OLGA), roof(&PETER), home(&KONRAD));
		let broken = offer(&OLGA, first, 80_000, KWH);
		offer(&PETER, second, 80_000, KWH);
		bid(&KONRAD, house, 250_000, 2 * KWH);
		collect_all(slot());
		Stands::<Test>::remove(OLGA, slot());
		go_to(SLOT + 9);
		assert_noop!(settles(&[0]), Error::<Test>::BooksDisagree);
		assert_ok!(settles(&[0, 1, 2]));
		let error = Error::<Test>::BooksDisagree.into();
		assert!(events().contains(&Event::OrderSkipped { order: broken, error }));
		assert_eq!(held(&OLGA), money(KWH, IMBALANCE));
		assert_eq!(held(&PETER), 0);
	});
}
