//! After the gate: the price, and who gets how much.

use crate::{
	clearing::{Clearing, Depth},
	*,
};

impl<T: Config> Pallet<T> {
	/// The ladder of an auction that is not cleared.
	pub(crate) fn ladder(id: AuctionId) -> Vec<Depth> {
		(0..PAGES).flat_map(|page| Pages::<T>::get(id, page).0).collect()
	}

	/// Clears an auction: its pages go, and what came of it is remembered.
	pub(crate) fn clear_now(
		id: AuctionId,
		auction: &AuctionOf<T>,
	) -> Result<Cleared, DispatchError> {
		ensure!(T::CurrentInterval::get() >= auction.terms.closes, Error::<T>::GateStillOpen);
		let clearing = clearing::clear(&Self::ladder(id));
		for page in 0..PAGES {
			Pages::<T>::remove(id, page);
		}
		let price = clearing.map(|clearing| clearing.price());
		let volume = clearing.map_or(0, |clearing| clearing.volume);
		LastResults::<T>::mutate(id.area, |results| {
			let entry = results.entry(id.interval);
			// One that is cleared a day late does not push out a newer one.
			if entry.is_none_or(|kept| kept.interval <= id.interval) {
				*entry = Some(SlotResult { interval: id.interval, price, volume, delivered: None });
			}
		});
		let orders = auction.orders;
		Self::deposit_event(Event::AuctionCleared { auction: id, price, volume, orders });
		Ok(Cleared::new(clearing, orders))
	}

	/// Collects orders of an auction. Returns what was done, and whether it was cleared for that.
	pub(crate) fn do_collect(
		id: AuctionId,
		numbers: &[u32],
	) -> Result<(Round, bool), DispatchError> {
		let mut auction = Auctions::<T>::get(id).ok_or(Error::<T>::UnknownAuction)?;
		let known = auction.cleared;
		let mut cleared = match known {
			Some(cleared) => cleared,
			None => Self::clear_now(id, &auction)?,
		};
		let (mut gone, mut round, mut failed) = (0u32, Round::default(), None);
		for number in numbers {
			let order = OrderId { auction: id, number: *number };
			let before = cleared;
			match with_storage_layer(|| Self::collect_order(order, &auction.terms, &mut cleared)) {
				Ok(None) => round.reads.saturating_inc(),
				Ok(Some(fill)) => {
					round.done.saturating_inc();
					gone.saturating_accrue(u32::from(fill.is_zero()));
				}
				Err(error) => {
					cleared = before;
					round.failed.saturating_inc();
					failed = Some(error);
					Self::deposit_event(Event::OrderSkipped { order, error });
				}
			}
		}
		if round.done.is_zero() {
			return Err(failed.unwrap_or(Error::<T>::NothingToCollect.into()));
		}
		auction.orders = auction.orders.checked_sub(gone).ok_or(Error::<T>::BooksDisagree)?;
		auction.cleared = Some(cleared);
		Self::keep_or_end(id, auction)?;
		Ok((round, known.is_none()))
	}

	/// Gives an order its fill. Returns it, or nothing if the order does not wait for one.
	fn collect_order(
		id: OrderId,
		terms: &TermsOf<T>,
		cleared: &mut Cleared,
	) -> Result<Option<Energy>, DispatchError> {
		let Some(mut order) = Orders::<T>::get(id.auction, id.number) else { return Ok(None) };
		if order.fill.is_some() {
			return Ok(None);
		}
		let (side, energy) = (order.side, order.energy);
		let fill = match cleared.clearing.as_mut() {
			Some(clearing) => Self::take_fill(clearing, &order)?,
			None => 0,
		};
		let held = terms.hold(side, energy, order.limit).ok_or(ArithmeticError::Overflow)?;
		let secured = match side {
			Side::Buy => {
				let rates = terms.rates(cleared.price());
				let paid = rates.prepayment(fill).ok_or(ArithmeticError::Overflow)?;
				Self::secure(cleared, side, &order.owner, paid)?;
				paid
			}
			Side::Sell => terms.hold(side, fill, order.limit).ok_or(ArithmeticError::Overflow)?,
		};
		let rest = held.checked_sub(secured).ok_or(Error::<T>::BooksDisagree)?;
		Self::release_or_redirect(side, &order.owner, rest)?;
		cleared.uncollected =
			cleared.uncollected.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		let owner = order.owner.clone();
		if fill.is_zero() {
			Self::remove_order(id, &order)?;
		} else {
			match side {
				Side::Buy => cleared.buys.saturating_inc(),
				Side::Sell => cleared.sells.saturating_inc(),
			}
			order.fill = Some(fill);
			Orders::<T>::insert(id.auction, id.number, order);
		}
		Self::deposit_event(Event::Collected { order: id, owner, side, fill, secured });
		Ok(Some(fill))
	}

	fn take_fill(clearing: &mut Clearing, order: &OrderOf<T>) -> Result<Energy, DispatchError> {
		let Order { side, tick, energy, .. } = *order;
		clearing.fill(side, tick, energy).ok_or(Error::<T>::BooksDisagree.into())
	}

	/// Moves an amount that is held for an order on this side into the escrow, for its auction.
	pub(crate) fn secure(
		cleared: &mut Cleared,
		side: Side,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		Self::take_held(side, who, amount)?;
		cleared.escrow = cleared.escrow.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
		Ok(())
	}
}
