//! What people see.

use crate::{
	clearing::{clear, limit_of, price_of, tick_of, Clearing},
	*,
};

impl<T: Config> Pallet<T> {
	/// Where an auction is while the interval `now` runs.
	pub(crate) fn stage(auction: &AuctionOf<T>, now: Interval) -> Stage {
		match auction.cleared {
			None if now < auction.terms.closes => Stage::Open,
			Some(cleared) if cleared.uncollected.is_zero() && now >= auction.terms.settles => {
				Stage::ToSettle
			}
			Some(cleared) if cleared.uncollected.is_zero() => Stage::ToDeliver,
			_ => Stage::ToCollect,
		}
	}

	/// What an auction comes to, or would if the gate closed now.
	fn outcome(id: AuctionId, auction: &AuctionOf<T>) -> Option<Clearing> {
		match auction.cleared {
			Some(cleared) => cleared.clearing,
			None => clear(&Self::ladder(id)),
		}
	}

	pub(crate) fn auction_view(id: AuctionId) -> Option<AuctionView<T::AccountId>> {
		let auction = Auctions::<T>::get(id)?;
		let outcome = Self::outcome(id, &auction);
		// The pages go when the auction is cleared.
		let depth = Self::ladder(id)
			.iter()
			.zip(0..)
			.filter(|(depth, _)| depth.demand > 0 || depth.supply > 0)
			.map(|(depth, tick)| Level {
				price: price_of(tick),
				demand: depth.demand,
				supply: depth.supply,
			})
			.collect();
		Some(AuctionView {
			id,
			stage: Self::stage(&auction, T::CurrentInterval::get()),
			auction,
			depth,
			price: outcome.map(|clearing| clearing.price()),
			volume: outcome.map_or(0, |clearing| clearing.volume),
		})
	}

	/// Orders of one auction, by their numbers; those that there are.
	pub(crate) fn order_views(
		id: AuctionId,
		numbers: &[u32],
	) -> Vec<(OrderId, OrderView<T::AccountId>)> {
		let Some(auction) = Auctions::<T>::get(id) else { return Vec::new() };
		let outcome = Self::outcome(id, &auction);
		let stage = Self::stage(&auction, T::CurrentInterval::get());
		let price = outcome.map(|clearing| clearing.price());
		numbers
			.iter()
			.filter_map(|number| {
				let order = Orders::<T>::get(id, number)?;
				let fill = order.fill.unwrap_or_else(|| {
					// On a copy: nothing is taken by looking.
					outcome
						.and_then(|mut clearing| {
							clearing.fill(order.side, order.tick, order.energy)
						})
						.unwrap_or_default()
				});
				let (held, prepaid) = Self::money_of(&order, &auction);
				let view = OrderView { order, stage, held, prepaid, price, fill };
				Some((OrderId { auction: id, number: *number }, view))
			})
			.collect()
	}

	/// What is held for an order, and what was paid in for it.
	pub(crate) fn money_of(order: &OrderOf<T>, auction: &AuctionOf<T>) -> (Balance, Balance) {
		let hold = |energy| auction.terms.hold(order.side, energy, order.limit).unwrap_or_default();
		match (order.side, order.fill) {
			(_, None) => (hold(order.energy), 0),
			(Side::Sell, Some(fill)) => (hold(fill), 0),
			(Side::Buy, Some(fill)) => {
				let price = auction.cleared.map_or(0, |cleared| cleared.price());
				(0, auction.terms.rates(price).prepayment(fill).unwrap_or_default())
			}
		}
	}

	pub(crate) fn account_view(
		account: T::AccountId,
		after: Option<AuctionId>,
		limit: u32,
	) -> Vec<(OrderId, OrderView<T::AccountId>)> {
		let entries = match after {
			Some(id) => {
				let start = Stands::<T>::hashed_key_for(&account, id);
				Stands::<T>::iter_prefix_from(&account, start)
			}
			None => Stands::<T>::iter_prefix(&account),
		};
		let most = limit.min(MAX_PAGE) as usize;
		let mut found = Vec::new();
		for (id, stand) in entries {
			if found.len() >= most {
				break;
			}
			found.extend(Self::order_views(id, &stand.numbers));
		}
		found
	}

	pub(crate) fn estimate_of(
		area: AreaCode,
		interval: Interval,
		side: Side,
		limit: Price,
		energy: Energy,
	) -> Option<Estimate> {
		let (area, rules) = Areas::<T>::get(area)?;
		let id = AuctionId { area, interval };
		let auction = match Auctions::<T>::get(id) {
			Some(auction) => auction,
			None => Self::open_auction(interval, rules).ok()?,
		};
		if auction.cleared.is_some() {
			return None;
		}
		let tick = tick_of(side, limit, auction.terms.grid_fee)?;
		let limit = limit_of(side, tick, auction.terms.grid_fee);
		let mut ladder = Self::ladder(id);
		let depth = ladder.get_mut(usize::from(tick))?.of_mut(side);
		*depth = depth.checked_add(energy)?;
		let outcome = clear(&ladder);
		let fill = match outcome {
			Some(mut clearing) => clearing.fill(side, tick, energy)?,
			None => 0,
		};
		Some(Estimate {
			price: outcome.map(|clearing| clearing.price()),
			volume: outcome.map_or(0, |clearing| clearing.volume),
			fill,
			held: auction.terms.hold(side, energy, limit)?,
		})
	}
}
