//! After the delivery: what the meters say, and who is paid.

use crate::*;

/// What a meter says of an interval.
enum Sight {
	/// How much it measured, in mWh: nothing if no reading came, or none that is of this interval alone.
	Measured(Energy),
	/// It is not asked.
	Nothing(Void),
}

fn plus(a: Balance, b: Balance) -> Result<Balance, DispatchError> {
	a.checked_add(b).ok_or_else(|| ArithmeticError::Overflow.into())
}

impl<T: Config> Pallet<T> {
	/// Settles orders of an auction: offers, and once there are none left, bids. Returns what was done.
	pub(crate) fn do_settle(id: AuctionId, numbers: &[u32]) -> Result<Round, DispatchError> {
		let mut auction = Auctions::<T>::get(id).ok_or(Error::<T>::UnknownAuction)?;
		ensure!(T::CurrentInterval::get() >= auction.terms.settles, Error::<T>::TooEarly);
		let mut cleared = auction.cleared.ok_or(Error::<T>::NotCollected)?;
		ensure!(cleared.uncollected.is_zero(), Error::<T>::NotCollected);
		let (mut round, mut passes, mut failed) = (Round::default(), 0u32, None);
		for side in [Side::Sell, Side::Buy] {
			if side == Side::Buy && !cleared.sells.is_zero() {
				break;
			}
			passes.saturating_inc();
			for number in numbers {
				let order = OrderId { auction: id, number: *number };
				let before = cleared;
				let settle = || Self::settle_order(order, side, &auction.terms, &mut cleared);
				match with_storage_layer(settle) {
					Ok(was_due) => round.done.saturating_accrue(u32::from(was_due)),
					Err(error) => {
						cleared = before;
						round.failed.saturating_inc();
						failed = Some(error);
						Self::deposit_event(Event::OrderSkipped { order, error });
					}
				}
			}
		}
		if round.done.is_zero() {
			return Err(failed.unwrap_or(Error::<T>::NothingToSettle.into()));
		}
		auction.orders = auction.orders.checked_sub(round.done).ok_or(Error::<T>::BooksDisagree)?;
		auction.cleared = Some(cleared);
		Self::keep_or_end(id, auction)?;
		// What the benchmark does not cover: a number that names no order that is due is looked up once for each side.
		let passed_over = (numbers.len() as u32).saturating_sub(round.tried());
		round.reads = passed_over.saturating_mul(passes);
		Ok(round)
	}

	/// Settles an order if it is on this side. Returns whether it was.
	fn settle_order(
		id: OrderId,
		side: Side,
		terms: &TermsOf<T>,
		cleared: &mut Cleared,
	) -> Result<bool, DispatchError> {
		let order = Orders::<T>::get(id.auction, id.number).filter(|order| order.side == side);
		let Some(order) = order else { return Ok(false) };
		// All orders of the auction are collected.
		let fill = order.fill.ok_or(Error::<T>::BooksDisagree)?;
		match side {
			Side::Sell => Self::settle_sale(id, &order, fill, terms, cleared)?,
			Side::Buy => Self::settle_purchase(id, &order, fill, terms, cleared)?,
		}
		Self::remove_order(id, &order)?;
		Ok(true)
	}

	fn settle_sale(
		id: OrderId,
		order: &OrderOf<T>,
		fill: Energy,
		terms: &TermsOf<T>,
		cleared: &mut Cleared,
	) -> DispatchResult {
		let seller = &order.owner;
		let (delivered, owed, void) = match Self::sight(order.meter, id.auction.interval) {
			Sight::Measured(energy) => {
				let delivered = Self::allot(order.meter, id.auction.interval, energy, fill)?;
				(delivered, fill, None)
			}
			// Undone: as if it had sold nothing.
			Sight::Nothing(void) => (0, 0, Some(void)),
		};
		let bill = terms.rates(cleared.price()).sale(owed, delivered);
		let bond = terms.hold(Side::Sell, fill, order.limit).ok_or(ArithmeticError::Overflow)?;
		Self::secure(cleared, Side::Sell, seller, bill.fine)?;
		let rest = bond.checked_sub(bill.fine).ok_or(Error::<T>::BooksDisagree)?;
		Self::release_or_redirect(Side::Sell, seller, rest)?;
		let paid = bill.amount.checked_sub(bill.fee).ok_or(ArithmeticError::Underflow)?;
		Self::pay_out(cleared, seller, paid)?;

		cleared.fees = plus(cleared.fees, bill.fee)?;
		cleared.delivered = plus(cleared.delivered, delivered.into())?;
		cleared.deliveries.left = plus(cleared.deliveries.left, delivered.into())?;
		cleared.compensation.left = plus(cleared.compensation.left, bill.fine)?;
		cleared.sells = cleared.sells.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		Self::deposit_event(Event::SaleSettled {
			order: id,
			seller: seller.clone(),
			fill,
			delivered,
			paid,
			fee: bill.fee,
			fine: bill.fine,
			void,
		});
		Ok(())
	}

	fn settle_purchase(
		id: OrderId,
		order: &OrderOf<T>,
		fill: Energy,
		terms: &TermsOf<T>,
		cleared: &mut Cleared,
	) -> DispatchResult {
		let buyer = &order.owner;
		let part = cleared.deliveries.take(fill.into()).ok_or(Error::<T>::BooksDisagree)?;
		let delivered = Energy::try_from(part).map_err(|_| ArithmeticError::Overflow)?;
		let compensation =
			cleared.compensation.take(fill.into()).ok_or(Error::<T>::BooksDisagree)?;
		let (drawn, void) = match Self::sight(order.meter, id.auction.interval) {
			Sight::Measured(energy) => {
				(Self::allot(order.meter, id.auction.interval, energy, delivered)?, None)
			}
			// What is not known is not fined.
			Sight::Nothing(void) => (delivered, Some(void)),
		};
		let bill = terms
			.rates(cleared.price())
			.purchase(fill, delivered, drawn)
			.ok_or(Error::<T>::BooksDisagree)?;
		let returned = plus(bill.rest, compensation)?;
		Self::pay_out(cleared, buyer, returned)?;

		cleared.grid = plus(plus(cleared.grid, bill.grid)?, bill.undrawn)?;
		cleared.buys = cleared.buys.checked_sub(1).ok_or(Error::<T>::BooksDisagree)?;
		Self::deposit_event(Event::PurchaseSettled {
			order: id,
			buyer: buyer.clone(),
			fill,
			delivered,
			drawn,
			paid: bill.amount,
			grid: bill.grid,
			undrawn: bill.undrawn,
			compensation,
			returned,
			void,
		});
		Ok(())
	}

	/// What `meter` says of `interval`.
	///
	/// It is not asked once its newest reading is so new that its ring holds the interval no more. Who never reported, or not
	/// since the interval, has measured nothing in it, however late one looks. An open challenge changes nothing: anyone can
	/// open one when the outcome is known. One that was upheld has emptied the ring.
	fn sight(meter: MeterId, interval: Interval) -> Sight {
		let Some(report) = T::Reports::report(meter) else { return Sight::Measured(0) };
		if report.last_interval.saturating_sub(interval) >= INTERVALS_PER_DAY {
			return Sight::Nothing(Void::Forgotten);
		}
		Sight::Measured(report.measured_in(interval).map_or(0, Energy::from))
	}

	/// Takes up to `most` of the `measured` energy of a meter that no order was settled by.
	fn allot(
		meter: MeterId,
		interval: Interval,
		measured: Energy,
		most: Energy,
	) -> Result<Energy, DispatchError> {
		MeterBooks::<T>::try_mutate(meter, interval, |entry| {
			let book = entry.as_mut().ok_or(Error::<T>::BooksDisagree)?;
			let taken = measured.saturating_sub(book.allotted).min(most);
			book.allotted = book.allotted.saturating_add(taken);
			Ok(taken)
		})
	}

	/// Pays out of what the escrow has for an auction.
	fn pay_out(cleared: &mut Cleared, to: &T::AccountId, amount: Balance) -> DispatchResult {
		cleared.escrow = cleared.escrow.checked_sub(amount).ok_or(Error::<T>::BooksDisagree)?;
		Self::pay(to, amount);
		Ok(())
	}

	/// Stores an auction; or ends it, if its last order is gone: operator and fees are paid, and nothing is left.
	pub(crate) fn keep_or_end(id: AuctionId, auction: AuctionOf<T>) -> DispatchResult {
		let Some(cleared) = auction.cleared.filter(|cleared| cleared.is_over()) else {
			Auctions::<T>::insert(id, auction);
			return Ok(());
		};
		let Cleared { delivered, escrow, grid, fees, .. } = cleared;
		ensure!(escrow == plus(grid, fees)?, Error::<T>::BooksDisagree);
		ensure!(auction.orders.is_zero(), Error::<T>::BooksDisagree);
		Self::pay(&auction.terms.operator, grid);
		Self::pay_fees(fees);
		LastResults::<T>::mutate(id.area, |results| {
			if let Some(result) = results.entry(id.interval) {
				if result.interval == id.interval {
					result.delivered = Some(delivered);
				}
			}
		});
		Auctions::<T>::remove(id);
		Self::deposit_event(Event::AuctionEnded { auction: id, delivered, grid, fees });
		Ok(())
	}

	/// Pays from the pallet's account. Nobody is held up by somebody who cannot be paid: that is who has no account, when the
	/// sum is too small to make one, and it goes where the fees go.
	fn pay(to: &T::AccountId, amount: Balance) {
		if !amount.is_zero() && Self::transfer(to, amount).is_err() {
			Self::deposit_event(Event::PaymentRedirected { to: to.clone(), amount });
			Self::pay_fees(amount);
		}
	}

	/// Pays fees, with what is kept of earlier ones; keeps them if the destination cannot take them.
	pub(crate) fn pay_fees(amount: Balance) {
		let sum = Kept::<T>::get().saturating_add(amount);
		if sum.is_zero() {
			return;
		}
		match Self::transfer(&T::FeeDestination::get(), sum) {
			Ok(()) => Kept::<T>::kill(),
			Err(_) => Kept::<T>::put(sum),
		}
	}

	fn transfer(to: &T::AccountId, amount: Balance) -> DispatchResult {
		with_storage_layer(|| {
			let account = Self::account_id();
			T::Currency::transfer(&account, to, amount, Preservation::Expendable)?;
			Ok(())
		})
	}
}
