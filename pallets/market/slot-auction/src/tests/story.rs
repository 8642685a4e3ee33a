//! The scenarios of the pallet's page, with everybody's money to the base unit.

use super::*;

#[test]
fn neighbours_trade_when_their_limits_meet() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		let before = Ledger::now();
		offer(&OLGA, roof, 80_000, 1_500_000);
		bid(&KONRAD, home, 250_000, 1_500_000);
		assert_eq!(held(&OLGA), money(1_500_000, IMBALANCE));
		assert_eq!(held(&KONRAD), money(1_500_000, 250_000 + UNDRAWN));

		go_to(SLOT - 1);
		System::reset_events();
		assert_ok!(SlotAuction::clear(signed(&BOT), slot()));
		let price = Some(PRICE);
		let volume = 1_500_000;
		assert_eq!(events(), [Event::AuctionCleared { auction: slot(), price, volume, orders: 2 }]);
		collect_all(slot());
		assert_eq!(held(&OLGA), money(1_500_000, IMBALANCE));
		assert_eq!(held(&KONRAD), 0);
		let prepaid = money(1_500_000, PRICE + GRID_FEE + UNDRAWN);
		assert_eq!(before.gain(&KONRAD), -(prepaid as i128));

		go_to(SLOT + 1);
		measure(roof, SLOT, 1_600_000);
		measure(home, SLOT, 1_500_000);
		settle_all(slot());
		let amount = money(1_500_000, PRICE);
		let (fee, grid) = (fee_on(amount), money(1_500_000, GRID_FEE));
		assert_eq!(before.gain(&OLGA), (amount - fee) as i128);
		assert_eq!(before.gain(&KONRAD), -((amount + grid) as i128));
		assert_eq!(before.gain(&VERA), grid as i128);
		assert_eq!(before.gain(&TREASURY), fee as i128);
		assert_eq!(held(&OLGA), 0);
	});
}

#[test]
fn seller_pays_for_the_shortfall_when_a_cloud_comes() {
	build_and_execute(|| {
		let deal = deal(1_500_000);
		go_to(SLOT + 1);
		// 70 %.
		measure(deal.roof, SLOT, 1_050_000);
		measure(deal.home, SLOT, 1_500_000);
		settle_all(slot());
		let amount = money(1_050_000, PRICE);
		let (fee, grid) = (fee_on(amount), money(1_050_000, GRID_FEE));
		let fine = money(450_000, IMBALANCE);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee) as i128 - fine as i128);
		assert_eq!(deal.before.gain(&KONRAD), fine as i128 - (amount + grid) as i128);
		assert_eq!(deal.before.gain(&VERA), grid as i128);
		assert_eq!(deal.before.gain(&TREASURY), fee as i128);
	});
}

#[test]
fn seller_is_paid_in_full_when_the_buyer_drew_less() {
	build_and_execute(|| {
		let deal = deal(1_500_000);
		go_to(SLOT + 1);
		measure(deal.roof, SLOT, 1_500_000);
		measure(deal.home, SLOT, KWH);
		settle_all(slot());
		let amount = money(1_500_000, PRICE);
		let (fee, grid) = (fee_on(amount), money(1_500_000, GRID_FEE));
		let undrawn = money(500_000, UNDRAWN);
		assert_eq!(deal.before.gain(&OLGA), (amount - fee) as i128);
		assert_eq!(deal.before.gain(&KONRAD), -((amount + grid + undrawn) as i128));
		assert_eq!(deal.before.gain(&VERA), (grid + undrawn) as i128);
	});
}

#[test]
fn everybody_pays_one_price_when_the_slot_is_crowded() {
	build_and_execute(|| {
		// 1 kWh is offered at 0.080. Carol would pay 0.200 for 0.6 kWh, Konrad and Nora 0.150 for 0.4 and 0.8 kWh.
		let seller = roof(&OLGA);
		let homes = [home(&CAROL), home(&KONRAD), home(&NORA)];
		let sale = offer(&OLGA, seller, 80_000, KWH);
		let bids = [
			bid(&CAROL, homes[0], 200_000 + GRID_FEE, 600_000),
			bid(&KONRAD, homes[1], 150_000 + GRID_FEE, 400_000),
			bid(&NORA, homes[2], 150_000 + GRID_FEE, 800_000),
		];
		collect_all(slot());
		// From 0.080 to 0.150 are 1.8 kWh bid, and 1 kWh is traded, at all of these prices alike: 0.8 kWh too little is offered,
		// which presses the price up to the highest of them. Above, only 0.6 kWh would be traded.
		let cleared = Auctions::<Test>::get(slot()).unwrap().cleared.unwrap();
		assert_eq!((cleared.price(), cleared.clearing.unwrap().volume), (150_000, 1_000_000));
		assert_eq!(fill_of(sale), KWH);
		// Carol first; the 0.4 kWh that are left are a third of what the others bid.
		assert_eq!(bids.map(fill_of), [600_000, 133_333, 266_667]);
		go_to(SLOT + 1);
		measure(seller, SLOT, KWH);
		for (home, order) in homes.into_iter().zip(bids) {
			measure(home, SLOT, fill_of(order));
		}
		let before = Ledger::now();
		settle_all(slot());
		// What each paid in beyond price and grid fee is the price of undrawn energy, which all drew.
		assert_eq!(before.gain(&CAROL), money(600_000, UNDRAWN) as i128);
		assert_eq!(before.gain(&KONRAD), money(133_333, UNDRAWN) as i128);
		assert_eq!(before.gain(&NORA), money(266_667, UNDRAWN) as i128);
		assert_eq!(before.gain(&VERA), money(KWH, GRID_FEE) as i128);
	});
}
