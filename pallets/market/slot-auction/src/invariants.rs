//! The rules that always hold.

use crate::{clearing::Depth, *};
use alloc::collections::{BTreeMap, BTreeSet};
use frame_support::traits::fungible::{Inspect as _, InspectHold as _};

/// What the orders add up to.
struct Sums<T: Config> {
	/// What is held of each account: for bids, for bonds.
	holds: BTreeMap<T::AccountId, (Balance, Balance)>,
	/// What each meter is promised for: how many orders, and how much energy.
	meters: BTreeMap<(MeterId, Interval), (u32, Energy)>,
	/// How many entries account for the orders of their owners.
	stands: usize,
	/// How many pages the auctions need.
	pages: usize,
	/// How many orders the auctions have.
	orders: usize,
	/// What the escrow has for the auctions.
	escrow: Balance,
}

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. What is held of an account is what its orders can still come to owe: of bids that are not collected their energy at
	///    the limit and at the price of undrawn energy; of offers their energy, or their fill, at the imbalance price.
	/// 2. The escrow is what its auctions say, and beyond that what is kept and what the account needs to exist.
	/// 3. What an auction has in escrow is what its buyers paid in and did not get back, less what sellers got, and what
	///    sellers paid: `grid + fees + prepayments of its bids - price x what was delivered and not given out + compensation
	///    not given out`. It covers what can still be paid.
	/// 4. Of an auction that is cleared as much is bought as sold: on each side the fills and what is not given out add up to
	///    the volume; and what is left to share is shared by exactly the bids that are not settled.
	/// 5. Nobody is filled above the limit of a bid, below that of an offer, or for more than was wanted. A limit is that of
	///    a tick, so that no more is held than can be owed.
	/// 6. The ladder of an auction holds exactly its orders, and is gone when it is cleared.
	/// 7. An auction counts its orders, has at least one, and gave out no number that it has not counted.
	/// 8. An account finds its orders, all on one side of an auction.
	/// 9. A meter is promised for what its orders want, and is booked once per interval in which it has any.
	/// 10. Areas have different numbers, below the next one, names of letters, and prices within bounds.
	/// 11. What came of an auction is remembered in its place.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let mut sums = Sums::<T> {
			holds: BTreeMap::new(),
			meters: BTreeMap::new(),
			stands: 0,
			pages: 0,
			orders: 0,
			escrow: 0,
		};
		for (id, auction) in Auctions::<T>::iter() {
			Self::try_auction(id, &auction, &mut sums)?;
		}
		ensure!(Orders::<T>::iter_keys().count() == sums.orders, "7: an order without an auction");
		ensure!(Pages::<T>::iter_keys().count() == sums.pages, "6: a page that no order needs");
		ensure!(
			Stands::<T>::iter_keys().count() == sums.stands,
			"8: somebody finds orders that there are not"
		);
		for (owner, (bids, bonds)) in &sums.holds {
			let held = |reason: HoldReason| T::Currency::balance_on_hold(&reason.into(), owner);
			ensure!(
				(held(HoldReason::Bid), held(HoldReason::Bond)) == (*bids, *bonds),
				"1: what is held is not what orders can owe"
			);
		}
		Self::try_meters(&sums)?;
		Self::try_areas()?;
		let owed = sums
			.escrow
			.checked_add(Kept::<T>::get())
			.and_then(|sum| sum.checked_add(T::Currency::minimum_balance()))
			.ok_or("2: the escrow overflows")?;
		ensure!(
			T::Currency::balance(&Self::account_id()) >= owed,
			"2: the escrow has less than the books say"
		);
		Ok(())
	}

	fn try_auction(id: AuctionId, auction: &AuctionOf<T>, sums: &mut Sums<T>) -> DispatchResult {
		let mut ladder = BTreeMap::<Tick, Depth>::new();
		let mut stands = BTreeMap::<T::AccountId, (Side, BTreeSet<u32>)>::new();
		let (mut orders, mut uncollected) = (0u32, 0u32);
		// By side: how many are filled, their fills, and what is certain to be filled or open at the margin.
		let mut filled = [0u32; 2];
		let mut fills = [0u128; 2];
		let mut certain = [0u128; 2];
		let mut at_margin = [0u128; 2];
		let mut prepaid = 0 as Balance;
		for (number, order) in Orders::<T>::iter_prefix(id) {
			orders = orders.saturating_add(1);
			ensure!(number < auction.placed, "7: an order has a number from the future");
			ensure!(
				order.energy >= LOT_SIZE && order.energy % LOT_SIZE == 0,
				"5: an order for something else than lots"
			);
			ensure!(
				clearing::tick_of(order.side, order.limit, auction.terms.grid_fee)
					== Some(order.tick)
					&& clearing::limit_of(order.side, order.tick, auction.terms.grid_fee)
						== order.limit,
				"5: an order is not at its limit"
			);
			let (side, numbers) =
				stands.entry(order.owner.clone()).or_insert((order.side, BTreeSet::new()));
			ensure!(*side == order.side, "8: an account is on both sides");
			numbers.insert(number);

			let (held, paid) = Self::money_of(&order, auction);
			let (bids, bonds) = sums.holds.entry(order.owner.clone()).or_default();
			let hold = if order.side == Side::Buy { bids } else { bonds };
			*hold = hold.saturating_add(held);
			prepaid = prepaid.saturating_add(paid);

			let (count, energy) = sums.meters.entry((order.meter, id.interval)).or_default();
			*count = count.saturating_add(1);
			*energy = energy.saturating_add(order.energy);

			let side = order.side as usize;
			let Some(fill) = order.fill else {
				uncollected = uncollected.saturating_add(1);
				let depth = ladder.entry(order.tick).or_default().of_mut(order.side);
				*depth = depth.saturating_add(order.energy);
				if let Some(clearing) = auction.cleared.and_then(|cleared| cleared.clearing) {
					let margin = if side == 0 { clearing.bids } else { clearing.offers };
					let better = match order.side {
						Side::Buy => order.tick > margin.tick,
						Side::Sell => order.tick < margin.tick,
					};
					if better {
						certain[side] = certain[side].saturating_add(order.energy.into());
					} else if order.tick == margin.tick {
						at_margin[side] = at_margin[side].saturating_add(order.energy.into());
					}
				}
				continue;
			};
			filled[side] = filled[side].saturating_add(1);
			fills[side] = fills[side].saturating_add(fill.into());
			let clearing = auction
				.cleared
				.and_then(|cleared| cleared.clearing)
				.ok_or("5: a fill of an auction in which nothing is traded")?;
			ensure!(fill > 0 && fill <= order.energy, "5: a fill is more than was wanted");
			let is_within = match order.side {
				Side::Buy => order.tick >= clearing.tick,
				Side::Sell => order.tick <= clearing.tick,
			};
			ensure!(is_within, "5: a fill is beyond the limit");
		}
		ensure!(orders == auction.orders && orders > 0, "7: an auction has other orders than that");
		sums.orders = sums.orders.saturating_add(orders as usize);
		for (owner, (side, numbers)) in stands {
			let stand = Stands::<T>::get(&owner, id).ok_or("8: an account does not find orders")?;
			let found = stand.numbers.iter().copied().collect::<BTreeSet<_>>();
			ensure!(
				stand.side == side && found == numbers && stand.numbers.len() == numbers.len(),
				"8: an account finds other orders than it has"
			);
			sums.stands = sums.stands.saturating_add(1);
		}

		let Some(cleared) = auction.cleared else {
			return Self::try_ladder(id, &ladder, sums);
		};
		ensure!(
			Pages::<T>::iter_key_prefix(id).next().is_none(),
			"6: a cleared auction has a ladder"
		);
		ensure!(
			(cleared.uncollected, cleared.buys, cleared.sells)
				== (uncollected, filled[0], filled[1]),
			"7: an auction has other orders to collect or to settle than it says"
		);
		let volume = cleared.clearing.map_or(0, |clearing| clearing.volume);
		if let Some(clearing) = cleared.clearing {
			for (side, margin) in [clearing.bids, clearing.offers].iter().enumerate() {
				ensure!(
					margin.pot.of == at_margin[side] && margin.pot.left <= margin.pot.of,
					"4: the margin is shared by others than its orders"
				);
				let sum = fills[side].saturating_add(certain[side]).saturating_add(margin.pot.left);
				// What is settled is gone; before that begins, all is there.
				let is_whole = uncollected > 0 || cleared.deliveries.of == volume;
				let settling = side == 1 && uncollected == 0;
				ensure!(
					!is_whole || settling || sum == volume,
					"4: the fills do not add up to the volume"
				);
				ensure!(sum <= volume, "4: more is filled than is traded");
			}
		}
		ensure!(
			cleared.deliveries.left <= cleared.delivered && cleared.delivered <= volume,
			"4: more was delivered than sold"
		);
		if uncollected == 0 {
			let of = [cleared.deliveries.of, cleared.compensation.of];
			ensure!(of == [fills[0]; 2], "4: something is shared by others than the open bids");
		}
		ensure!(
			cleared.sells == 0 || cleared.deliveries.of == volume,
			"4: a bid was settled before the offers were"
		);

		let price = Balance::from(cleared.price());
		let expected = cleared
			.grid
			.checked_add(cleared.fees)
			.and_then(|sum| sum.checked_add(prepaid))
			.and_then(|sum| sum.checked_add(cleared.compensation.left))
			.and_then(|sum| sum.checked_sub(cleared.deliveries.left.checked_mul(price)?))
			.ok_or("3: an auction owes more than it has")?;
		ensure!(cleared.escrow == expected, "3: an auction has another escrow than its orders say");
		sums.escrow = sums.escrow.saturating_add(cleared.escrow);
		Ok(())
	}

	fn try_ladder(
		id: AuctionId,
		ladder: &BTreeMap<Tick, Depth>,
		sums: &mut Sums<T>,
	) -> DispatchResult {
		let stored = Self::ladder(id);
		for (tick, depth) in stored.iter().enumerate() {
			let expected = Tick::try_from(tick).ok().and_then(|tick| ladder.get(&tick).copied());
			ensure!(
				*depth == expected.unwrap_or_default(),
				"6: the ladder is not that of the orders"
			);
		}
		let pages = ladder.keys().map(|tick| orders::place_of(*tick).0).collect::<BTreeSet<_>>();
		sums.pages = sums.pages.saturating_add(pages.len());
		Ok(())
	}

	fn try_meters(sums: &Sums<T>) -> DispatchResult {
		let mut bookings = BTreeMap::<MeterId, u32>::new();
		let mut books = 0usize;
		for (meter, interval, book) in MeterBooks::<T>::iter() {
			books = books.saturating_add(1);
			ensure!(
				sums.meters.get(&(meter, interval)) == Some(&(book.orders, book.energy)),
				"9: a meter is promised for other orders than there are"
			);
			let count = bookings.entry(meter).or_default();
			*count = count.saturating_add(1);
		}
		ensure!(books == sums.meters.len(), "9: orders name a meter that is not promised");
		for (meter, count) in bookings {
			ensure!(
				T::Uses::booked(meter) == Some((MeterUse::Slots, count)),
				"9: a meter is not booked as its orders say"
			);
		}
		Ok(())
	}

	fn try_areas() -> DispatchResult {
		let mut numbers = BTreeSet::new();
		for (code, (id, area)) in Areas::<T>::iter() {
			ensure!(
				id < NextAreaId::<T>::get() && numbers.insert(id),
				"10: two areas have one number, or one has a number from the future"
			);
			ensure!(!code.is_empty(), "10: an area has no name");
			ensure!(
				area.grid_fee.max(area.imbalance).max(area.undrawn) <= MAX_AREA_PRICE,
				"10: a price of an area is out of bounds"
			);
		}
		for (_, results) in LastResults::<T>::iter() {
			for (place, result) in results.0.iter().enumerate() {
				ensure!(
					result.is_none_or(|result| {
						(result.interval % INTERVALS_PER_DAY) as usize == place
							&& result.delivered.is_none_or(|delivered| delivered <= result.volume)
							&& result.price.is_some() == (result.volume > 0)
					}),
					"11: what came of an auction stands in the wrong place"
				);
			}
		}
		Ok(())
	}
}
