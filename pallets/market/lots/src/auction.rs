//! From a listing to the bid that wins.

use super::*;

/// A lot and its connection, or none if the lot has ended.
type Connected<T> = Option<(LotOf<T>, ConnectionOf<T>)>;

impl<T: Config> Pallet<T> {
	pub(crate) fn open_lot(
		seller: T::AccountId,
		meter: MeterId,
		energy: Energy,
		start_price: Price,
		closes: Interval,
	) -> DispatchResult {
		let (info, kind) = Self::usable_meter(&seller, meter)?;
		// Of two meters in series only one gives energy away.
		ensure!(info.flow == kind.gives_by(), Error::<T>::CannotSell);
		ensure!(info.node.is_none(), Error::<T>::SendsToNode);
		let draw_window = T::DrawWindow::get().max(1);
		ensure!(energy >= T::MinimumEnergy::get().max(1), Error::<T>::EnergyTooSmall);
		let most = plausible_energy(info.nameplate, draw_window);
		ensure!(energy <= most, Error::<T>::EnergyTooLarge);
		ensure!(start_price >= T::PriceTick::get(), Error::<T>::PriceTooLow);
		let now = T::CurrentInterval::get();
		ensure!(closes > now, Error::<T>::ClosesTooEarly);
		ensure!(closes.saturating_sub(now) <= T::MaxDuration::get(), Error::<T>::ClosesTooLate);

		let id = NextLotId::<T>::get();
		let next = id.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		Self::take_meter(id, meter)?;
		Self::enlist(id, &seller)?;
		let lot = Lot {
			seller: seller.clone(),
			miner: info.miner,
			meter,
			energy,
			start_price,
			fee: T::Fee::get(),
			draw_window,
			phase: Phase::Auction(Auction { closes, extensions: 0, best: None }),
		};
		NextLotId::<T>::put(next);
		Lots::<T>::insert(id, lot);
		Self::deposit_event(Event::Listed { lot: id, seller, meter, energy, start_price, closes });
		Ok(())
	}

	pub(crate) fn take_bid(
		bidder: T::AccountId,
		id: LotId,
		price: Price,
		meter: MeterId,
	) -> DispatchResult {
		let mut lot = Lots::<T>::get(id).ok_or(Error::<T>::UnknownLot)?;
		let now = T::CurrentInterval::get();
		let mut auction = match &lot.phase {
			Phase::Auction(auction) if now < auction.closes => auction.clone(),
			_ => fail!(Error::<T>::AuctionOver),
		};
		ensure!(bidder != lot.seller, Error::<T>::SameOwner);
		Self::ensure_can_deliver(&bidder, &lot)?;
		let least = Self::least_price(&lot, &auction).ok_or(Error::<T>::BidTooLow)?;
		ensure!(price >= least, Error::<T>::BidTooLow);
		let beaten = auction.best.take();
		let leads_already = beaten.as_ref().is_some_and(|best| best.bidder == bidder);
		ensure!(!leads_already, Error::<T>::AlreadyLeading);
		let (info, _) = Self::usable_meter(&bidder, meter)?;
		ensure!(
			matches!(info.flow, Flow::Import | Flow::Consumption | Flow::Charge),
			Error::<T>::CannotBuy
		);

		let held = lot.cost(price);
		T::Currency::hold(&HoldReason::Bid.into(), &bidder, held)?;
		Self::take_meter(id, meter)?;
		Self::enlist(id, &bidder)?;
		if let Some(beaten) = beaten {
			Self::give_meter_back(beaten.meter);
			Self::delist(id, &beaten.bidder);
			let released = lot.cost(beaten.price);
			Self::hand_over(id, &beaten.bidder, &beaten.bidder, released)?;
			Self::deposit_event(Event::Outbid { lot: id, bidder: beaten.bidder, released });
		}
		if auction.extensions < T::MaxExtensions::get() {
			if let Some(closes) = extended(auction.closes, now, T::ExtendWithin::get()) {
				auction.closes = closes;
				auction.extensions = auction.extensions.saturating_add(1);
			}
		}
		let closes = auction.closes;
		auction.best = Some(Bid { bidder: bidder.clone(), meter, price });
		lot.phase = Phase::Auction(auction);
		Lots::<T>::insert(id, lot);
		Self::deposit_event(Event::BidPlaced { lot: id, bidder, meter, price, held, closes });
		Ok(())
	}

	pub(crate) fn cancel(who: T::AccountId, id: LotId) -> DispatchResult {
		let lot = Lots::<T>::get(id).ok_or(Error::<T>::UnknownLot)?;
		ensure!(who == Self::payee(&lot), Error::<T>::NotOwner);
		ensure!(lot.bid().is_none(), Error::<T>::HasBid);
		Self::end_without_bid(id, &lot, EndReason::Cancelled);
		Ok(())
	}

	/// The lowest price that a bid must name now. `None` if there is none.
	pub(crate) fn least_price(lot: &LotOf<T>, auction: &Auction<T::AccountId>) -> Option<Price> {
		match &auction.best {
			Some(best) => least_raise(best.price, T::PriceTick::get(), T::MinRaise::get()),
			None => Some(lot.start_price),
		}
	}

	/// The lot with its connection, which opens now if the auction is over and was not closed. `None` if nobody bid: then
	/// the lot has ended.
	pub(crate) fn connected(id: LotId) -> Result<Connected<T>, DispatchError> {
		let lot = Lots::<T>::get(id).ok_or(Error::<T>::UnknownLot)?;
		let now = T::CurrentInterval::get();
		let was_open = match &lot.phase {
			Phase::Auction(auction) => {
				ensure!(now >= auction.closes, Error::<T>::AuctionRuns);
				false
			}
			Phase::Connection(_) => true,
		};
		let Some(connection) = lot.connection(now) else {
			Self::end_without_bid(id, &lot, EndReason::Unsold);
			return Ok(None);
		};
		if !was_open {
			Self::deposit_event(Event::Connected {
				lot: id,
				winner: connection.winner.bidder.clone(),
				price: connection.winner.price,
				from: connection.from,
				until: connection.until,
			});
		}
		Ok(Some((lot, connection)))
	}

	/// A meter in service of an active miner of `owner`, and of what kind that miner is.
	fn usable_meter(
		owner: &T::AccountId,
		meter: MeterId,
	) -> Result<(MeterInfo, MinerKind), DispatchError> {
		let info = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		let miner = T::Miners::miner(info.miner).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(miner.owner == *owner, Error::<T>::NotOwner);
		ensure!(miner.active, Error::<T>::MinerNotActive);
		ensure!(!info.retired, Error::<T>::MeterRetired);
		Ok((info, miner.kind))
	}

	/// Nobody should bid for what cannot come any more, or for its own.
	fn ensure_can_deliver(bidder: &T::AccountId, lot: &LotOf<T>) -> DispatchResult {
		let miner = T::Miners::miner(lot.miner).ok_or(Error::<T>::SellerCannotDeliver)?;
		ensure!(miner.owner != *bidder, Error::<T>::SameOwner);
		let can_deliver = miner.active
			&& T::Miners::meter(lot.meter)
				.is_some_and(|meter| !meter.retired && meter.node.is_none());
		ensure!(can_deliver, Error::<T>::SellerCannotDeliver);
		Ok(())
	}

	/// Books a meter for a lot: none is in two.
	fn take_meter(id: LotId, meter: MeterId) -> DispatchResult {
		ensure!(!MeterLots::<T>::contains_key(meter), Error::<T>::MeterInLot);
		T::Uses::book(meter, MeterUse::Lot)?;
		MeterLots::<T>::insert(meter, id);
		Ok(())
	}

	/// Lets a meter of a lot be used otherwise. Cannot stand in the way of the money: that it was booked is a rule of
	/// [`Pallet::do_try_state`].
	fn give_meter_back(meter: MeterId) {
		MeterLots::<T>::remove(meter);
		T::Uses::free(meter, MeterUse::Lot)
			.defensive_proof("the meters of a lot are booked for it; qed")
			.unwrap_or_default();
	}

	fn enlist(id: LotId, who: &T::AccountId) -> DispatchResult {
		LotsByAccount::<T>::try_mutate(who, |lots| lots.try_push(id))
			.map_err(|_| Error::<T>::TooManyLots.into())
	}

	fn delist(id: LotId, who: &T::AccountId) {
		LotsByAccount::<T>::mutate_exists(who, |entry| {
			if let Some(lots) = entry {
				lots.retain(|lot| *lot != id);
				if lots.is_empty() {
					*entry = None;
				}
			}
		});
	}

	fn end_without_bid(id: LotId, lot: &LotOf<T>, reason: EndReason) {
		Self::remove(id, lot);
		Self::deposit_event(Event::Ended { lot: id, reason, drawn: 0, paid: 0, returned: 0 });
	}

	/// Forgets a lot of which nothing is held any more, and lets its meters go.
	pub(crate) fn remove(id: LotId, lot: &LotOf<T>) {
		Lots::<T>::remove(id);
		Self::give_meter_back(lot.meter);
		Self::delist(id, &lot.seller);
		if let Some(bid) = lot.bid() {
			Self::give_meter_back(bid.meter);
			Self::delist(id, &bid.bidder);
		}
	}
}
