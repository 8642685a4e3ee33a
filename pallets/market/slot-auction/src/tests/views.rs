//! What a user interface reads.

use super::*;

#[test]
fn auction_shows_its_depth_and_what_it_comes_to() {
	build_and_execute(|| {
		assert_eq!(SlotAuction::auction(valley(), SLOT), None);
		let (seller, house) = (roof(&OLGA), home(&KONRAD));
		offer(&OLGA, seller, 80_000, KWH);
		offer(&OLGA, seller, 80_000, 10_000);
		offer(&OLGA, seller, 300_000, 20_000);
		bid(&KONRAD, house, 250_000, 500_000);
		let view = SlotAuction::auction(valley(), SLOT).unwrap();
		assert_eq!((view.id, view.stage), (slot(), Stage::Open));
		let level = |price, demand, supply| Level { price, demand, supply };
		let depth =
			[level(80_000, 0, 1_010_000), level(190_000, 500_000, 0), level(300_000, 0, 20_000)];
		assert_eq!(view.depth, depth);
		assert_eq!((view.price, view.volume), (Some(80_000), 500_000));
		assert_eq!(view.auction, Auctions::<Test>::get(slot()).unwrap());

		collect_all(slot());
		let view = SlotAuction::auction(valley(), SLOT).unwrap();
		assert_eq!((view.stage, view.depth.len()), (Stage::ToDeliver, 0));
		assert_eq!((view.price, view.volume), (Some(80_000), 500_000));
		let nowhere = AreaCode::try_from(b"NOWHERE".to_vec()).unwrap();
		assert_eq!(SlotAuction::auction(nowhere, SLOT), None);
	});
}

#[test]
fn auctions_are_listed_with_their_stages() {
	build_and_execute(|| {
		let (seller, house) = (roof(&OLGA), home(&KONRAD));
		for interval in SLOT..SLOT + 4 {
			place(&OLGA, seller, interval, Side::Sell, 80_000, KWH);
			place(&KONRAD, house, interval, Side::Buy, 250_000, KWH);
		}
		let id = |age| AuctionId { area: 0, interval: SLOT + age };
		go_to(SLOT + 9);
		collect_all(id(0));
		collect_all(id(1));
		place(&OLGA, seller, SLOT + 20, Side::Sell, 80_000, KWH);
		let mut listed = SlotAuction::auctions(None, 100);
		listed.sort_by_key(|(id, _)| *id);
		let stages = [
			(id(0), Stage::ToSettle),
			(id(1), Stage::ToDeliver),
			(id(2), Stage::ToCollect),
			(id(3), Stage::ToCollect),
			(id(20), Stage::Open),
		];
		assert_eq!(listed, stages);
		// Page by page the same.
		let mut paged = Vec::<(AuctionId, Stage)>::new();
		while let [found] = SlotAuction::auctions(paged.last().map(|(id, _)| *id), 1)[..] {
			paged.push(found);
		}
		paged.sort_by_key(|(id, _)| *id);
		assert_eq!(paged, stages);
	});
}

#[test]
fn order_shows_where_it_is_and_its_money() {
	build_and_execute(|| {
		let (seller, house) = (roof(&OLGA), home(&KONRAD));
		let sale = offer(&OLGA, seller, 80_000, KWH);
		let purchase = bid(&KONRAD, house, 250_000, 500_000);
		let money_of = |order| {
			let view = SlotAuction::order(order).unwrap();
			(view.stage, view.held, view.prepaid, view.price, view.fill)
		};
		let price = Some(80_000);
		let bond = money(KWH, IMBALANCE);
		let cost = money(500_000, 250_000 + UNDRAWN);
		assert_eq!(money_of(sale), (Stage::Open, bond, 0, price, 500_000));
		assert_eq!(money_of(purchase), (Stage::Open, cost, 0, price, 500_000));
		go_to(SLOT - 1);
		assert_ok!(SlotAuction::collect(signed(&BOT), slot(), batch(&[0])));
		assert_eq!(money_of(sale), (Stage::ToCollect, bond / 2, 0, price, 500_000));
		assert_eq!(money_of(purchase), (Stage::ToCollect, cost, 0, price, 500_000));
		collect_all(slot());
		let prepaid = money(500_000, 80_000 + GRID_FEE + UNDRAWN);
		assert_eq!(money_of(purchase), (Stage::ToDeliver, 0, prepaid, price, 500_000));
		go_to(SLOT + 9);
		assert_eq!(money_of(sale), (Stage::ToSettle, bond / 2, 0, price, 500_000));
		settle_all(slot());
		assert_eq!(SlotAuction::order(sale), None);
	});
}

#[test]
fn orders_of_an_account_and_of_an_auction_are_paged() {
	build_and_execute(|| {
		let seller = roof(&OLGA);
		let mut all = Vec::new();
		for interval in SLOT..SLOT + 5 {
			for _ in 0..3 {
				all.push(place(&OLGA, seller, interval, Side::Sell, 80_000, 10_000));
			}
		}
		let house = home(&KONRAD);
		bid(&KONRAD, house, 250_000, KWH);
		let mut found = SlotAuction::orders_of(OLGA, None, 100);
		found.sort_by_key(|(id, _)| *id);
		assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), all);
		assert!(found.iter().all(|(_, view)| view.order.owner == OLGA));
		// An auction is in the answer with all of its orders, or not at all.
		let mut paged = Vec::new();
		loop {
			let after = paged.last().map(|id: &OrderId| id.auction);
			let page = SlotAuction::orders_of(OLGA, after, 4);
			if page.is_empty() {
				break;
			}
			assert!(page.len().is_multiple_of(3) && page.len() <= 6);
			paged.extend(page.iter().map(|(id, _)| *id));
		}
		paged.sort();
		assert_eq!(paged, all);
		assert!(SlotAuction::orders_of(OLGA, None, 0).is_empty());

		let numbers = |after, limit| {
			let page = SlotAuction::orders_in(slot(), after, limit);
			page.iter().map(|(number, _)| *number).collect::<Vec<_>>()
		};
		assert_eq!(numbers(None, 100), [0, 1, 2, 3]);
		assert_eq!(numbers(None, 2), [0, 1]);
		assert_eq!(numbers(Some(1), 100), [2, 3]);
	});
}

#[test]
fn areas_are_listed() {
	build_and_execute(|| {
		let hill = AreaCode::try_from(b"HILL".to_vec()).unwrap();
		assert_ok!(SlotAuction::set_area(RuntimeOrigin::root(), hill.clone(), rules()));
		let mut codes = SlotAuction::areas(None, 100).into_iter().map(|(code, id, _)| (id, code));
		let (first, second) = (codes.next().unwrap(), codes.next().unwrap());
		assert_eq!(codes.next(), None);
		let rest = SlotAuction::areas(Some(first.1.clone()), 100);
		assert_eq!(rest, [(second.1.clone(), second.0, rules())]);
		let mut both = [first, second];
		both.sort();
		assert_eq!(both, [(0, valley()), (1, hill)]);
	});
}

#[test]
fn estimate_is_what_an_order_would_get() {
	build_and_execute(|| {
		let estimate =
			|side, limit, energy| SlotAuction::estimate(valley(), SLOT, side, limit, energy);
		// Nobody is there.
		let held = money(KWH, 250_000 + UNDRAWN);
		let nothing = Estimate { price: None, volume: 0, fill: 0, held };
		assert_eq!(estimate(Side::Buy, 250_000, KWH), Some(nothing));
		assert_eq!(estimate(Side::Buy, 250_999, KWH), Some(nothing));
		let seller = roof(&OLGA);
		offer(&OLGA, seller, 80_000, 600_000);
		let partly = Estimate { price: Some(190_000), volume: 600_000, fill: 600_000, held };
		assert_eq!(estimate(Side::Buy, 250_000, KWH), Some(partly));
		assert_eq!(estimate(Side::Buy, GRID_FEE, KWH), None);
		// And it is so.
		let house = home(&KONRAD);
		let order = bid(&KONRAD, house, 250_000, KWH);
		collect_all(slot());
		assert_eq!(fill_of(order), 600_000);
		assert_eq!(estimate(Side::Buy, 250_000, KWH), None);
		assert_eq!(SlotAuction::estimate(valley(), SLOT + 500, Side::Buy, 250_000, KWH), None);
	});
}
