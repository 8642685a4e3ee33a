//! Withdrawals: who draws, what both meters say of it, and what is owed when it is over.

use crate::*;

/// A withdrawal that runs, taken apart.
struct Run {
	until: Interval,
	cursor: Interval,
	penalty: Price,
}

impl<T: Config> Pallet<T> {
	/// Asks a node for energy, and holds the tokens for it.
	pub(crate) fn request(
		drawer: T::AccountId,
		id: MinerId,
		meter: MeterId,
		energy: Energy,
		duration: Interval,
	) -> DispatchResult {
		ensure!(!energy.is_zero(), Error::<T>::AmountIsZero);
		ensure!((1..=MAX_DURATION).contains(&duration), Error::<T>::DurationOutOfRange);
		let info = Self::active_meter(meter)?;
		Self::ensure_owner(&drawer, info.miner)?;
		ensure!(matches!(info.flow, Flow::Import | Flow::Charge), Error::<T>::WrongFlow);
		ensure!(!MeterWithdrawal::<T>::contains_key(meter), Error::<T>::MeterBusy);
		let node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		let owner = T::Miners::miner(id).ok_or(Error::<T>::UnknownMiner)?.owner;
		ensure!(owner != drawer, Error::<T>::SameOwner);
		ensure!(u128::from(energy) <= Self::available(&node), Error::<T>::EmptyBattery);

		// It is in no withdrawal, so that this would be for another purpose.
		ensure!(T::Uses::booked(meter).is_none(), Error::<T>::MeterInTrade);
		T::Assets::hold(T::KwhId::get(), &HoldReason::Withdrawal.into(), &drawer, energy.into())?;
		T::Uses::book(meter, MeterUse::Withdrawal)?;
		let withdrawal = NextWithdrawalId::<T>::get();
		NextWithdrawalId::<T>::put(withdrawal.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		let window = T::AcceptWindow::get().max(1);
		let expires = T::CurrentInterval::get().saturating_add(window);
		let entry = Withdrawal {
			node: id,
			drawer: drawer.clone(),
			meter,
			energy,
			rest: energy,
			failed: 0,
			duration,
			state: WithdrawalState::Asked { expires },
		};
		Withdrawals::<T>::insert(withdrawal, entry);
		MeterWithdrawal::<T>::insert(meter, withdrawal);
		WithdrawalsByDrawer::<T>::insert(&drawer, withdrawal, ());
		WithdrawalsByNode::<T>::insert(id, withdrawal, ());
		Self::deposit_event(Event::WithdrawalRequested {
			withdrawal,
			node: id,
			drawer,
			meter,
			energy,
			expires,
		});
		Ok(())
	}

	/// Lets a withdrawal run from the next interval on.
	pub(crate) fn accept(who: T::AccountId, withdrawal: WithdrawalId) -> DispatchResult {
		let mut entry = Withdrawals::<T>::get(withdrawal).ok_or(Error::<T>::UnknownWithdrawal)?;
		let WithdrawalState::Asked { expires } = entry.state else {
			return Err(Error::<T>::AlreadyAccepted.into());
		};
		let now = T::CurrentInterval::get();
		ensure!(now < expires, Error::<T>::RequestExpired);
		let mut node = Nodes::<T>::get(entry.node).ok_or(DispatchError::Corruption)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		Self::ensure_owner(&who, entry.node)?;
		Self::ensure_sound(entry.node, &node)?;
		ensure!(u128::from(entry.energy) <= Self::available(&node), Error::<T>::EmptyBattery);
		// One that cannot report would only tie up what others could draw.
		Self::active_meter(entry.meter)?;

		T::Uses::book(node.meters.discharge, MeterUse::Withdrawal)?;
		node.withdrawals = node.withdrawals.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		node.promised = node
			.promised
			.checked_add(entry.energy.into())
			.ok_or(DispatchError::Arithmetic(ArithmeticError::Overflow))?;
		let from = now.saturating_add(1);
		let until = from.saturating_add(entry.duration);
		let penalty = T::PenaltyPrice::get();
		entry.state = WithdrawalState::Running { from, until, cursor: from, penalty };
		Nodes::<T>::insert(entry.node, node);
		Withdrawals::<T>::insert(withdrawal, entry);
		Self::deposit_event(Event::WithdrawalAccepted { withdrawal, from, until });
		Ok(())
	}

	/// Cancels a withdrawal that was not accepted. Returns whether it had expired.
	pub(crate) fn cancel(
		who: T::AccountId,
		withdrawal: WithdrawalId,
	) -> Result<bool, DispatchError> {
		let entry = Withdrawals::<T>::get(withdrawal).ok_or(Error::<T>::UnknownWithdrawal)?;
		let WithdrawalState::Asked { expires } = entry.state else {
			return Err(Error::<T>::AlreadyAccepted.into());
		};
		let expired = T::CurrentInterval::get() >= expires;
		let owns = || T::Miners::miner(entry.node).is_some_and(|node| node.owner == who);
		ensure!(expired || entry.drawer == who || owns(), Error::<T>::NotOwner);
		Self::forget(withdrawal, &entry)?;
		Self::deposit_event(Event::WithdrawalCancelled { withdrawal });
		Ok(expired)
	}

	/// Lets a withdrawal end with the interval that runs.
	pub(crate) fn end(who: T::AccountId, withdrawal: WithdrawalId) -> DispatchResult {
		let mut entry = Withdrawals::<T>::get(withdrawal).ok_or(Error::<T>::UnknownWithdrawal)?;
		let WithdrawalState::Running { from, until, cursor, penalty } = entry.state else {
			return Err(Error::<T>::NotAccepted.into());
		};
		let owns = || T::Miners::miner(entry.node).is_some_and(|node| node.owner == who);
		ensure!(entry.drawer == who || owns(), Error::<T>::NotOwner);
		let mut node = Nodes::<T>::get(entry.node).ok_or(DispatchError::Corruption)?;
		// Else a vanished node would owe no penalty for what it will never give. Anyone can settle it.
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		let last = T::CurrentInterval::get().saturating_add(1).max(from);
		ensure!(last < until, Error::<T>::AlreadyEnding);
		entry.state = WithdrawalState::Running { from, until: last, cursor, penalty };
		Self::deposit_event(Event::WithdrawalEnding { withdrawal, until: last });
		if cursor >= last {
			let before = node.books;
			let id = entry.node;
			Self::finish(withdrawal, entry, &mut node, penalty)?;
			Self::save(id, node, &before);
		} else {
			Withdrawals::<T>::insert(withdrawal, entry);
		}
		Ok(())
	}

	/// Settles a withdrawal as far as it is known. Returns how many intervals it looked at, and whether anything changed.
	pub(crate) fn settle(withdrawal: WithdrawalId) -> Result<(u32, bool), DispatchError> {
		let mut entry = Withdrawals::<T>::get(withdrawal).ok_or(Error::<T>::UnknownWithdrawal)?;
		let WithdrawalState::Running { from, until, cursor, penalty } = entry.state else {
			return Err(Error::<T>::NotAccepted.into());
		};
		let id = entry.node;
		let mut node = Nodes::<T>::get(id).ok_or(DispatchError::Corruption)?;
		let mut ring = Rings::<T>::get(id);
		let before = node.books;
		let mut run = Run { until, cursor, penalty };
		let rest_before = entry.rest;
		let steps = Self::walk(&mut entry, &mut run, &node, &mut ring);
		let delivered = rest_before.saturating_sub(entry.rest);
		if !delivered.is_zero() {
			let energy = Balance::from(delivered);
			// By force: it is used up, whatever else the tokens are frozen for.
			T::Assets::burn_held(
				T::KwhId::get(),
				&HoldReason::Withdrawal.into(),
				&entry.drawer,
				energy,
				Precision::Exact,
				Fortitude::Force,
			)?;
			// What was promised is held.
			node.books.deliver(energy).ok_or(DispatchError::Corruption)?;
			node.promised = node.promised.checked_sub(energy).ok_or(ArithmeticError::Underflow)?;
			let rest = entry.rest;
			Self::deposit_event(Event::Delivered { withdrawal, energy: delivered, rest });
		}
		if steps > 0 {
			// Also when nothing was delivered: what others got may excuse what was missed once.
			Rings::<T>::insert(id, ring);
		}
		let has_vanished = node.status == NodeStatus::Vanished;
		if has_vanished {
			// It will never give what is left.
			entry.failed = entry.rest;
		}
		let is_over = has_vanished || entry.rest.is_zero() || run.cursor >= run.until;
		if is_over {
			Self::finish(withdrawal, entry, &mut node, run.penalty)?;
		} else if steps > 0 {
			let Run { until, cursor, penalty } = run;
			entry.state = WithdrawalState::Running { from, until, cursor, penalty };
			Withdrawals::<T>::insert(withdrawal, entry);
		}
		Self::save(id, node, &before);
		Ok((steps, is_over || steps > 0))
	}

	/// Goes through the intervals that the node has passed and the drawer's meter has reported, or was silent on for too long.
	/// At most as many as a withdrawal can have.
	///
	/// A node owes an even part in each interval, rounded up: else who draws all at once would be owed a power that no battery
	/// has, and could collect the penalty for it. And it did not fail while it gave all withdrawals together what it owed them:
	/// what one got beyond its even part, because it was settled first, excuses what another one missed in this interval.
	fn walk(
		entry: &mut WithdrawalOf<T>,
		run: &mut Run,
		node: &NodeOf<T>,
		ring: &mut NodeRing,
	) -> u32 {
		let report = T::Reports::report(entry.meter);
		let now = T::CurrentInterval::get();
		let even_part = entry.energy.div_ceil(entry.duration.max(1).into());
		let mut steps = 0u32;
		while run.cursor < run.until.min(node.cursor) && !entry.rest.is_zero() {
			let interval = run.cursor;
			let is_awaited = now.saturating_sub(interval) <= SILENCE;
			if is_awaited && !accounting::knows(&report, interval) {
				break;
			}
			let known = ring.at_mut(interval, node.cursor).filter(|known| known.accounted);
			if let Some(known) = known {
				let took = accounting::measured_in(&report, interval).unwrap_or(0);
				let wanted = Energy::from(took).min(entry.rest);
				// Fits, as what was taken does.
				let given = u32::try_from(wanted).unwrap_or(took).min(known.available());
				known.delivered = known.delivered.saturating_add(given);
				entry.rest = entry.rest.saturating_sub(given.into());
				// At most what was given, which fits.
				let beyond = Energy::from(given).saturating_sub(even_part);
				known.beyond = known.beyond.saturating_add(u32::try_from(beyond).unwrap_or(given));
				let missed = wanted.min(even_part).saturating_sub(given.into());
				let excused = known.beyond.min(u32::try_from(missed).unwrap_or(u32::MAX));
				known.beyond = known.beyond.saturating_sub(excused);
				entry.failed = entry.failed.saturating_add(missed.saturating_sub(excused.into()));
			}
			run.cursor = interval.saturating_add(1);
			steps = steps.saturating_add(1);
		}
		steps
	}

	/// Ends a withdrawal that was accepted: pays the penalty, and releases the tokens and the meters.
	fn finish(
		withdrawal: WithdrawalId,
		entry: WithdrawalOf<T>,
		node: &mut NodeOf<T>,
		penalty: Price,
	) -> DispatchResult {
		// What was missed in one interval and delivered in a later one was late, not missed.
		let failed = entry.failed.min(entry.rest);
		let owed = cost(failed, penalty).min(node.bond);
		let paid = match Self::pay_from_bond(node, &entry.drawer, owed) {
			Ok(()) => owed,
			Err(error) => {
				Self::deposit_event(Event::PenaltyFailed { withdrawal, error });
				Zero::zero()
			}
		};
		node.promised = node
			.promised
			.checked_sub(entry.rest.into())
			.ok_or(DispatchError::Arithmetic(ArithmeticError::Underflow))?;
		node.withdrawals = node.withdrawals.checked_sub(1).ok_or(ArithmeticError::Underflow)?;
		T::Uses::free(node.meters.discharge, MeterUse::Withdrawal)?;
		Self::forget(withdrawal, &entry)?;
		Self::deposit_event(Event::WithdrawalClosed {
			withdrawal,
			delivered: entry.energy.saturating_sub(entry.rest),
			returned: entry.rest,
			failed,
			penalty: paid,
		});
		Self::close_if_vanished(entry.node, node);
		Ok(())
	}

	/// Removes a withdrawal, frees the drawer's meter and releases the tokens.
	fn forget(withdrawal: WithdrawalId, entry: &WithdrawalOf<T>) -> DispatchResult {
		Withdrawals::<T>::remove(withdrawal);
		MeterWithdrawal::<T>::remove(entry.meter);
		WithdrawalsByDrawer::<T>::remove(&entry.drawer, withdrawal);
		WithdrawalsByNode::<T>::remove(entry.node, withdrawal);
		T::Uses::free(entry.meter, MeterUse::Withdrawal)?;
		if !entry.rest.is_zero() {
			T::Assets::release(
				T::KwhId::get(),
				&HoldReason::Withdrawal.into(),
				&entry.drawer,
				entry.rest.into(),
				Precision::Exact,
			)?;
		}
		Ok(())
	}
}
