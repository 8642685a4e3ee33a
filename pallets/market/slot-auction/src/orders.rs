//! Areas, gates, and orders that come and go.

use crate::{
	clearing::{limit_of, tick_of},
	*,
};

/// The page that a tick is on, and its place there.
pub(crate) fn place_of(tick: Tick) -> (u8, usize) {
	let tick = usize::from(tick);
	// A tick of the ladder is below 1,024, so that its page is below 16.
	((tick / PAGE) as u8, tick % PAGE)
}

impl<T: Config> Pallet<T> {
	/// The escrow. No key controls it.
	pub fn account_id() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// Gives the account what it needs to exist, unless it has it: it is no buyer's. For the genesis only.
	pub(crate) fn open_account() {
		let account = Self::account_id();
		let missing = T::Currency::minimum_balance().saturating_sub(T::Currency::balance(&account));
		if !missing.is_zero() {
			T::Currency::mint_into(&account, missing).expect("a new account takes its minimum");
		}
	}

	/// Checks and stores what holds for an area. Returns its number.
	pub(crate) fn put_area(code: AreaCode, area: AreaOf<T>) -> Result<AreaId, DispatchError> {
		let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
		ensure!(!code.is_empty() && code.iter().all(is_letter), Error::<T>::BadAreaCode);
		let highest = area.grid_fee.max(area.imbalance).max(area.undrawn);
		ensure!(highest <= MAX_AREA_PRICE, Error::<T>::AreaPriceTooHigh);
		let id = match Areas::<T>::get(&code) {
			Some((id, _)) => id,
			None => {
				let id = NextAreaId::<T>::get();
				NextAreaId::<T>::put(id.checked_add(1).ok_or(Error::<T>::TooManyAreas)?);
				id
			}
		};
		Areas::<T>::insert(code, (id, area));
		Ok(id)
	}

	/// How many intervals before its own an auction's gate opens and closes. It closes at least one before, and opens
	/// before it closes.
	pub(crate) fn gate_lengths() -> (Interval, Interval) {
		let closure = T::GateClosure::get().max(1);
		(T::GateOpening::get().max(closure.saturating_add(1)), closure)
	}

	/// An auction without orders, on the terms of this moment.
	pub(crate) fn open_auction(
		interval: Interval,
		area: AreaOf<T>,
	) -> Result<AuctionOf<T>, DispatchError> {
		let now = T::CurrentInterval::get();
		let (opening, closure) = Self::gate_lengths();
		let closes = interval.saturating_sub(closure);
		ensure!(now < closes, Error::<T>::GateClosed);
		ensure!(interval.saturating_sub(now) <= opening, Error::<T>::GateNotOpen);
		let grace = T::Grace::get().min(MAX_GRACE);
		let Area { grid_fee, operator, imbalance, undrawn, open: _ } = area;
		Ok(Auction {
			terms: Terms {
				operator,
				grid_fee,
				imbalance,
				undrawn,
				fee: T::SlotFee::get(),
				closes,
				settles: interval.saturating_add(1).saturating_add(grace),
			},
			placed: 0,
			orders: 0,
			cleared: None,
		})
	}

	pub(crate) fn do_place(
		owner: T::AccountId,
		meter: MeterId,
		interval: Interval,
		side: Side,
		limit: Price,
		energy: Energy,
	) -> DispatchResult {
		let info = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		let miner = T::Miners::miner(info.miner).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(miner.owner == owner, Error::<T>::NotOwner);
		ensure!(miner.active, Error::<T>::MinerNotActive);
		ensure!(!info.retired, Error::<T>::MeterRetired);
		ensure!(Side::of(miner.kind, info.flow) == Some(side), Error::<T>::WrongFlow);
		ensure!(side == Side::Buy || info.node.is_none(), Error::<T>::SentToNode);
		let (area, rules) =
			Areas::<T>::get(&miner.profile.grid_area).ok_or(Error::<T>::UnknownArea)?;
		ensure!(rules.open, Error::<T>::AreaClosed);
		let id = AuctionId { area, interval };
		let auction = match Auctions::<T>::get(id) {
			Some(auction) => auction,
			None => Self::open_auction(interval, rules)?,
		};
		ensure!(T::CurrentInterval::get() < auction.terms.closes, Error::<T>::GateClosed);

		ensure!(energy >= T::MinimumEnergy::get().max(LOT_SIZE), Error::<T>::TooSmall);
		ensure!(energy.is_multiple_of(LOT_SIZE), Error::<T>::OffLot);
		// What is left of a bid's limit is rounded down; an offer's would be, at the cost of the seller.
		ensure!(side == Side::Buy || limit.is_multiple_of(SLOT_TICK), Error::<T>::OffTick);
		let tick =
			tick_of(side, limit, auction.terms.grid_fee).ok_or(Error::<T>::PriceOutOfRange)?;
		// What was rounded off can never be owed, and is not held.
		let limit = limit_of(side, tick, auction.terms.grid_fee);
		let promised = MeterBooks::<T>::get(meter, interval).map_or(0, |book| book.energy);
		ensure!(
			promised.saturating_add(energy) <= plausible_energy(info.nameplate, 1),
			Error::<T>::AboveNameplate
		);

		let held = auction.terms.hold(side, energy, limit).ok_or(ArithmeticError::Overflow)?;
		let order = Order { owner: owner.clone(), meter, side, tick, limit, energy, fill: None };
		let number = Self::add_order(id, auction, order, held)?;
		let order = OrderId { auction: id, number };
		Self::deposit_event(Event::Placed { order, owner, meter, side, limit, energy, held });
		Ok(())
	}

	/// Adds an order that was checked to all books, and holds `held` for it. Returns its number.
	pub(crate) fn add_order(
		id: AuctionId,
		mut auction: AuctionOf<T>,
		order: OrderOf<T>,
		held: Balance,
	) -> Result<u32, DispatchError> {
		let Order { ref owner, meter, side, tick, energy, .. } = order;
		let number = auction.placed;
		auction.placed = number.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		auction.orders = auction.orders.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		Auctions::<T>::insert(id, auction);

		Stands::<T>::try_mutate(owner, id, |entry| {
			let stand = entry.get_or_insert_with(|| Stand { side, numbers: Default::default() });
			ensure!(stand.side == side, Error::<T>::OtherSide);
			stand.numbers.try_push(number).map_err(|_| Error::<T>::TooManyOrders)?;
			Ok::<_, DispatchError>(())
		})?;

		let (page, place) = place_of(tick);
		Pages::<T>::try_mutate(id, page, |page| {
			let depth = page.0.get_mut(place).ok_or(Error::<T>::BooksDisagree)?.of_mut(side);
			*depth = depth
				.checked_add(energy)
				.filter(|sum| *sum <= MAX_AT_TICK)
				.ok_or(Error::<T>::TickFull)?;
			Ok::<_, DispatchError>(())
		})?;

		let book = MeterBooks::<T>::get(meter, id.interval);
		if book.is_none() {
			T::Uses::book(meter, MeterUse::Slots)?;
		}
		let mut book = book.unwrap_or_default();
		book.orders = book.orders.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		book.energy = book.energy.checked_add(energy).ok_or(ArithmeticError::Overflow)?;
		MeterBooks::<T>::insert(meter, id.interval, book);

		if !held.is_zero() {
			T::Currency::hold(&Self::reason(side), owner, held)?;
		}
		Orders::<T>::insert(id, number, order);
		Ok(number)
	}

	pub(crate) fn do_cancel(who: T::AccountId, id: OrderId) -> DispatchResult {
		let OrderId { auction: auction_id, number } = id;
		let order = Orders::<T>::get(auction_id, number).ok_or(Error::<T>::UnknownOrder)?;
		ensure!(order.owner == who || Self::owns(&who, order.meter), Error::<T>::NotYourOrder);
		let mut auction = Auctions::<T>::get(auction_id).ok_or(Error::<T>::BooksDisagree)?;
		ensure!(T::CurrentInterval::get() < auction.terms.closes, Error::<T>::GateClosed);

		let Order { side, tick, limit, energy, .. } = order;
		let held = auction.terms.hold(side, energy, limit).ok_or(ArithmeticError::Overflow)?;
		Self::release(side, &order.owner, held)?;
		let (page, place) = place_of(tick);
		Pages::<T>::try_mutate_exists(auction_id, page, |entry| {
			let page = entry.as_mut().ok_or(Error::<T>::BooksDisagree)?;
			let depth = page.0.get_mut(place).ok_or(Error::<T>::BooksDisagree)?.of_mut(side);
			*depth = depth.checked_sub(energy).ok_or(Error::<T>::BooksDisagree)?;
			if page.is_empty() {
				*entry = None;
			}
			Ok::<_, DispatchError>(())
		})?;
		Self::remove_order(id, &order)?;
		auction.orders = auction.orders.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		if auction.orders.is_zero() {
			Auctions::<T>::remove(auction_id);
		} else {
			Auctions::<T>::insert(auction_id, auction);
		}
		Self::deposit_event(Event::Cancelled { order: id, owner: order.owner });
		Ok(())
	}

	/// Whether the miner of `meter` is `who`'s.
	fn owns(who: &T::AccountId, meter: MeterId) -> bool {
		T::Miners::meter(meter)
			.and_then(|info| T::Miners::miner(info.miner))
			.is_some_and(|miner| miner.owner == *who)
	}

	/// Takes an order out of the books of its owner and of its meter. Its auction counts it on.
	pub(crate) fn remove_order(id: OrderId, order: &OrderOf<T>) -> DispatchResult {
		let OrderId { auction, number } = id;
		Orders::<T>::remove(auction, number);
		Stands::<T>::try_mutate_exists(&order.owner, auction, |entry| {
			let stand = entry.as_mut().ok_or(Error::<T>::BooksDisagree)?;
			stand.numbers.retain(|kept| *kept != number);
			if stand.numbers.is_empty() {
				*entry = None;
			}
			Ok::<_, DispatchError>(())
		})?;
		let last = MeterBooks::<T>::try_mutate_exists(order.meter, auction.interval, |entry| {
			let book = entry.as_mut().ok_or(Error::<T>::BooksDisagree)?;
			book.orders = book.orders.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
			book.energy = book.energy.checked_sub(order.energy).ok_or(Error::<T>::BooksDisagree)?;
			let last = book.orders.is_zero();
			if last {
				*entry = None;
			}
			Ok::<_, DispatchError>(last)
		})?;
		if last {
			if let Err(error) = T::Uses::free(order.meter, MeterUse::Slots) {
				Self::deposit_event(Event::BookingMissing { meter: order.meter, error });
			}
		}
		Ok(())
	}

	/// What an order on this side is held for.
	pub(crate) fn reason(side: Side) -> T::RuntimeHoldReason {
		match side {
			Side::Buy => HoldReason::Bid,
			Side::Sell => HoldReason::Bond,
		}
		.into()
	}

	/// Releases what is held for an order on this side.
	pub(crate) fn release(side: Side, who: &T::AccountId, amount: Balance) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::release(&Self::reason(side), who, amount, Precision::Exact)?;
		}
		Ok(())
	}

	/// Releases what is held for an order of an auction that is cleared. Nobody is held up by somebody who cannot take it: it
	/// goes where the fees go.
	pub(crate) fn release_or_redirect(
		side: Side,
		who: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if with_storage_layer(|| Self::release(side, who, amount)).is_err() {
			Self::take_held(side, who, amount)?;
			Self::deposit_event(Event::PaymentRedirected { to: who.clone(), amount });
			Self::pay_fees(amount);
		}
		Ok(())
	}

	/// Moves an amount that is held for an order on this side into the pallet's account.
	///
	/// By force: the owner may have frozen what is held, for instance for votes, and cannot shield it by that.
	pub(crate) fn take_held(side: Side, who: &T::AccountId, amount: Balance) -> DispatchResult {
		if !amount.is_zero() {
			T::Currency::transfer_on_hold(
				&Self::reason(side),
				who,
				&Self::account_id(),
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)?;
		}
		Ok(())
	}
}
