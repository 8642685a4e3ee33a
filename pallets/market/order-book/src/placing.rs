//! How an order gets into the book, through it, and out of it.

use crate::{
	arithmetic::{need, Fill, Party},
	*,
};

/// What a caller asks for.
pub(crate) struct Wish {
	pub(crate) side: Side,
	pub(crate) price: Price,
	pub(crate) energy: Energy,
	pub(crate) kind: Kind,
	pub(crate) expires: Option<Interval>,
	pub(crate) self_trade: SelfTrade,
}

/// An order on its way through the book.
struct Taker<T: Config> {
	id: OrderId,
	order: OrderOf<T>,
	/// The rate of its fee.
	rate: Permill,
	/// The rate that what it holds covers: the higher one of takers and makers, as it may become either.
	covered: Permill,
	/// What is held for it.
	held: Balance,
	/// What it traded.
	trades: Option<Candle>,
}

impl<T: Config> Pallet<T> {
	/// An order in the book that is this account's.
	pub(crate) fn owned(who: &T::AccountId, id: OrderId) -> Result<OrderOf<T>, DispatchError> {
		let order = Orders::<T>::get(id).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(order.owner == *who, Error::<T>::NotOwner);
		Ok(order)
	}

	/// Whether an order can have this price and energy.
	fn check_terms(price: Price, energy: Energy) -> DispatchResult {
		Self::checked_tick(price)?;
		let lot = T::LotSize::get();
		ensure!(energy.checked_rem(lot) == Some(0), Error::<T>::EnergyOffLot);
		ensure!(energy >= T::MinimumEnergy::get().max(lot), Error::<T>::BelowMinimum);
		Ok(())
	}

	/// Places a new order. `steps` counts what it costs, also if it fails.
	pub(crate) fn place(
		owner: T::AccountId,
		wish: Wish,
		max_fills: u32,
		steps: &mut u32,
	) -> DispatchResult {
		let Wish { side, price, energy, kind, expires, self_trade } = wish;
		let now = T::CurrentInterval::get();
		ensure!(max_fills <= T::MaxFills::get(), Error::<T>::TooManyFills);
		Self::check_terms(price, energy)?;
		let latest = now.saturating_add(T::MaxLifetime::get());
		let expires = expires.unwrap_or(latest);
		ensure!(expires >= now, Error::<T>::AlreadyExpired);
		ensure!(expires <= latest, Error::<T>::ExpiresTooLate);
		let id = Tops::<T>::try_mutate(|top| {
			let id = top.next;
			top.next = id.checked_add(1).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(id)
		})?;
		let order = Order {
			owner: owner.clone(),
			side,
			price,
			energy,
			placed: energy,
			fee: T::MakerFee::get(),
			since: now,
			expires,
			post_only: kind == Kind::PostOnly,
			self_trade,
			previous: None,
			next: None,
		};
		Self::deposit_event(Event::OrderPlaced {
			order: id,
			owner,
			side,
			price,
			energy,
			kind,
			expires,
		});
		Self::send(id, order, kind, max_fills, steps)
	}

	/// Changes the terms of an order: its price, and how much it is for in all. Returns whether it kept its place. `steps`
	/// counts what it costs otherwise, also if it fails.
	pub(crate) fn amend(
		who: &T::AccountId,
		id: OrderId,
		price: Price,
		energy: Energy,
		max_fills: u32,
		steps: &mut u32,
	) -> Result<bool, DispatchError> {
		let order = Self::owned(who, id)?;
		let now = T::CurrentInterval::get();
		ensure!(max_fills <= T::MaxFills::get(), Error::<T>::TooManyFills);
		ensure!(!order.is_over(now), Error::<T>::OrderExpired);
		ensure!((price, energy) != (order.price, order.placed), Error::<T>::Unchanged);
		let traded = order.traded();
		ensure!(traded.is_zero() || energy > traded, Error::<T>::AlreadyFilled);
		let rest = energy.saturating_sub(traded);
		Self::check_terms(price, rest)?;
		let kept_place = price == order.price && rest <= order.energy;
		Self::deposit_event(Event::OrderAmended { order: id, price, energy, rest, kept_place });
		let before = Self::held(&order);
		if kept_place {
			let less = order.energy.saturating_sub(rest);
			let order = Self::shrink(id, Order { placed: energy, ..order }, less);
			let freed = before.saturating_sub(Self::held(&order));
			Self::release(order.side, who, freed)?;
			return Ok(true);
		}
		Self::take_out(id, &order);
		Self::release(order.side, who, before)?;
		let kind = if order.post_only { Kind::PostOnly } else { Kind::Gtc };
		let (fee, since) = (T::MakerFee::get(), now);
		let order = Order { price, energy: rest, placed: energy, fee, since, ..order };
		Self::send(id, order, kind, max_fills, steps)?;
		Ok(false)
	}

	/// Holds what an order can owe, fills it with what it crosses, and does with the rest what its kind says.
	fn send(
		id: OrderId,
		order: OrderOf<T>,
		kind: Kind,
		max_fills: u32,
		steps: &mut u32,
	) -> DispatchResult {
		let now = T::CurrentInterval::get();
		let mut taker = Self::cover(id, order, kind)?;
		let end = loop {
			if taker.order.energy.is_zero() {
				break Some(CloseReason::Filled);
			}
			let Some(maker_id) = Self::crossed_by(&taker.order) else { break None };
			if *steps >= max_fills {
				ensure!(kind != Kind::PostOnly, Error::<T>::WouldCross);
				break Some(CloseReason::OutOfFills);
			}
			*steps = steps.saturating_add(1);
			// A level always has its head.
			let maker = Orders::<T>::get(maker_id).ok_or(Error::<T>::UnknownOrder)?;
			if maker.is_over(now) {
				Self::close(maker_id, maker, CloseReason::Expired);
				continue;
			}
			ensure!(kind != Kind::PostOnly, Error::<T>::WouldCross);
			if maker.owner != taker.order.owner {
				Self::meet(&mut taker, maker_id, maker, now)?;
				continue;
			}
			match taker.order.self_trade {
				SelfTrade::CancelTaker => break Some(CloseReason::SelfTrade),
				SelfTrade::CancelMaker => Self::close(maker_id, maker, CloseReason::SelfTrade),
			}
		};
		ensure!(kind != Kind::Fok || end == Some(CloseReason::Filled), Error::<T>::NotFilled);
		if let Some(trades) = taker.trades {
			Trades::<T>::mutate(|history| history.record(trades));
		}
		let end = end.or((kind == Kind::Ioc).then_some(CloseReason::Immediate));
		Self::settle_down(taker, end)
	}

	/// Holds what an order can owe as a taker, or as a maker later.
	fn cover(id: OrderId, order: OrderOf<T>, kind: Kind) -> Result<Taker<T>, DispatchError> {
		let rate = match kind {
			Kind::PostOnly => order.fee,
			_ => T::TakerFee::get(),
		};
		let covered = rate.max(order.fee);
		let held = need(order.side, order.energy, order.price, covered)
			.ok_or(ArithmeticError::Overflow)?;
		ensure!(
			Self::can_be_paid(order.side, &order.owner, order.price, covered),
			Error::<T>::CannotBePaid
		);
		Self::hold(order.side, &order.owner, held)?;
		Ok(Taker { id, order, rate, covered, held, trades: None })
	}

	/// Trades as much as both orders have, or closes the maker's if that cannot be for its owner's sake.
	fn meet(
		taker: &mut Taker<T>,
		maker_id: OrderId,
		maker: OrderOf<T>,
		now: Interval,
	) -> DispatchResult {
		let energy = taker.order.energy.min(maker.energy);
		let new = Party {
			energy: taker.order.energy,
			limit: taker.order.price,
			rate: taker.rate,
			covered: taker.covered,
		};
		let old =
			Party { energy: maker.energy, limit: maker.price, rate: maker.fee, covered: maker.fee };
		let (newer, older) = (taker.order.owner.clone(), maker.owner.clone());
		let (buyer, seller, fill) = match taker.order.side {
			Side::Buy => (newer, older, Fill::between(&new, &old, energy, maker.price)),
			Side::Sell => (older, newer, Fill::between(&old, &new, energy, maker.price)),
		};
		let fill = fill.ok_or(ArithmeticError::Overflow)?;
		if let Err(error) = with_storage_layer(|| Self::pay(&buyer, &seller, &fill)) {
			ensure!(Self::could_settle(&taker.order, &fill), error);
			Self::close(maker_id, maker, CloseReason::Unpayable);
			return Ok(());
		}
		let spent = match taker.order.side {
			Side::Buy => fill.paid(),
			Side::Sell => fill.energy.into(),
		};
		taker.held = taker.held.checked_sub(spent).ok_or(ArithmeticError::Underflow)?;
		taker.order.energy = taker.order.energy.saturating_sub(energy);
		let trade = Candle::of(now, fill.price, energy);
		match &mut taker.trades {
			Some(trades) => trades.join(&trade),
			None => taker.trades = Some(trade),
		}
		Self::deposit_event(Event::Filled {
			maker: maker_id,
			taker: taker.id,
			buyer,
			seller,
			price: fill.price,
			energy,
			buyer_fee: fill.buyer_fee,
			seller_fee: fill.seller_fee,
		});
		if maker.energy > energy {
			Self::shrink(maker_id, maker, energy);
		} else {
			// A maker that buys paid all that it held, to the last unit; one that sells, its energy.
			Self::take_out(maker_id, &maker);
			Self::tell_closed(maker_id, maker.owner, CloseReason::Filled, 0);
		}
		Ok(())
	}

	/// Ends an order that came through the book, or lays it down in it. Releases what it does not need.
	fn settle_down(taker: Taker<T>, end: Option<CloseReason>) -> DispatchResult {
		let Taker { id, order, held, .. } = taker;
		if let Some(reason) = end {
			Self::release(order.side, &order.owner, held)?;
			Self::tell_closed(id, order.owner, reason, order.energy);
			return Ok(());
		}
		let needed = Self::held(&order);
		let free = held.checked_sub(needed).ok_or(ArithmeticError::Underflow)?;
		Self::release(order.side, &order.owner, free)?;
		Self::append(id, order)
	}

	/// Takes an order out of the book and gives back what it holds. Never fails, whoever the owner is.
	pub(crate) fn close(id: OrderId, order: OrderOf<T>, reason: CloseReason) {
		Self::take_out(id, &order);
		Self::give_back(order.side, &order.owner, Self::held(&order));
		Self::tell_closed(id, order.owner, reason, order.energy);
	}

	/// Takes all orders of an account out of the book. Returns how many there were.
	pub(crate) fn close_all(who: &T::AccountId) -> u32 {
		let mut closed = 0u32;
		for id in OpenOrders::<T>::get(who) {
			if let Some(order) = Orders::<T>::get(id) {
				Self::close(id, order, CloseReason::Cancelled);
				closed = closed.saturating_add(1);
			}
		}
		closed
	}

	/// Takes those of these orders out of the book that expired. Returns how many those were.
	pub(crate) fn close_expired(orders: &[OrderId]) -> u32 {
		let now = T::CurrentInterval::get();
		let mut closed = 0u32;
		for id in orders {
			if let Some(order) = Orders::<T>::get(id).filter(|order| order.is_over(now)) {
				Self::close(*id, order, CloseReason::Expired);
				closed = closed.saturating_add(1);
			}
		}
		closed
	}

	fn tell_closed(order: OrderId, owner: T::AccountId, reason: CloseReason, energy: Energy) {
		Self::deposit_event(Event::OrderClosed { order, owner, reason, energy });
	}
}
