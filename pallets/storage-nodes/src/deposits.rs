//! Deposits: who sends to whom, and what was received of it.
//!
//! ## What is counted, and how it is told apart
//!
//! A meter's readings arrive in the order of their intervals. So all that it reports after the deposit was accepted is sent to
//! the node, and the metering pallet adds it to what was sent then, and nothing that it reported before; and when the deposit
//! ends, what it has reported until then was, and nothing later. That is why a deposit goes from the first interval that the
//! meter had not reported when it began to the last one that it had reported when it ended.
//!
//! - *In an interval*: the meter measured just this interval, the node's charge meter measured it too, and the meter's energy
//!   is part of what was sent to the node. Then it takes its share of the pot of the interval.
//! - *Late*: all else that the meter attested in the deposit and no challenge took away, which is its total less what was
//!   counted and what is in intervals still to come. It was recovered over several intervals, or one of the two meters did
//!   not measure the interval, or nobody accounted for it in time. Which interval it is from is not known, but it is from
//!   none after the meter's newest reading. So it is remembered with that one, and counted when the node has passed it and
//!   its charge meter has reported it: then whatever went in with it is in the surplus, of which it gets as much as there is.
//! - *Voided*: what was counted, or is in intervals still to come, beyond the meter's total: a challenge took it away after it
//!   had been received. The receipts lose as much, and what was received of it is the node's own again. Once a deposit has
//!   ended, nobody can tell what was sent before and what after it: then all that is voided counts as sent before.

use crate::*;

impl<T: Config> Pallet<T> {
	/// Asks a node to take what a meter sends.
	pub(crate) fn ask(who: T::AccountId, meter: MeterId, id: MinerId) -> DispatchResult {
		let info = Self::active_meter(meter)?;
		let miner = T::Miners::miner(info.miner).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(miner.owner == who, Error::<T>::NotOwner);
		let is_paid = matches!(miner.kind, MinerKind::Standard | MinerKind::Plant);
		ensure!(is_paid, Error::<T>::KindCannotDeposit);
		ensure!(info.flow == Flow::Export, Error::<T>::WrongFlow);
		ensure!(!Asks::<T>::contains_key(meter), Error::<T>::AlreadyAsked);
		let runs = Deposits::<T>::get(meter).is_some_and(|deposit| deposit.ended.is_none());
		ensure!(!runs, Error::<T>::AlreadyDeposits);
		Self::taking_node(id)?;
		Asks::<T>::insert(meter, id);
		Senders::<T>::insert(id, meter, Sender::Asks);
		Self::deposit_event(Event::DepositAsked { meter, node: id });
		Ok(())
	}

	/// Lets a meter that was asked for send to its node.
	pub(crate) fn accept_ask(who: T::AccountId, meter: MeterId) -> DispatchResult {
		let id = Asks::<T>::get(meter).ok_or(Error::<T>::NotAsked)?;
		Self::ensure_owner(&who, id)?;
		let mut node = Self::taking_node(id)?;
		Self::active_meter(meter)?;
		// Else the same energy would be sold and become tokens.
		ensure!(T::Uses::booked(meter).is_none(), Error::<T>::MeterInTrade);
		if let Some(last) = Deposits::<T>::get(meter) {
			let is_over = Self::is_settled(&last)? || Self::is_forgotten(&last);
			ensure!(is_over, Error::<T>::DepositNotSettled);
		}
		if let Some(receipt) = Receipts::<T>::get(meter) {
			// A meter's receipts are those of one node: who is paid beside its owner, and whose challenge stops payment.
			ensure!(receipt.node == id, Error::<T>::ReceivedElsewhere);
			ensure!(Self::is_current(meter, &receipt), Error::<T>::DepositNotSettled);
		}
		// Of a meter that never reported, the first reading is a base and carries nothing. One that was silent for long could
		// bring energy from before the deposit in a reading that spans it.
		let now = T::CurrentInterval::get();
		let from =
			T::Reports::report(meter).map_or(now, |report| report.last_interval.saturating_add(1));
		ensure!(now.saturating_sub(from) <= SILENCE, Error::<T>::MeterSilent);
		T::Assignment::assign(meter, Some(id))?;
		let deposit = Deposit {
			node: id,
			registered: node.registered,
			cursor: from,
			seen: Self::standing(meter),
			late: 0,
			late_until: 0,
			ended: None,
		};
		Deposits::<T>::insert(meter, deposit);
		Asks::<T>::remove(meter);
		Senders::<T>::insert(id, meter, Sender::Sends);
		node.deposits = node.deposits.checked_add(1).ok_or(ArithmeticError::Overflow)?;
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::DepositAccepted { meter, node: id, from });
		Ok(())
	}

	/// Ends a deposit that runs, and returns what is left of it to account for.
	pub(crate) fn part(meter: MeterId, mut deposit: Deposit) -> Result<Deposit, DispatchError> {
		let id = deposit.node;
		let mut node = Nodes::<T>::get(id).ok_or(DispatchError::Corruption)?;
		let info = T::Miners::meter(meter);
		let ending = if info.is_some_and(|info| info.node == Some(id)) {
			let until = T::Reports::report(meter)
				.map_or(0, |report| report.last_interval.saturating_add(1))
				.max(deposit.cursor);
			Ending { until, standing: Self::standing(meter), voided: Self::voided(meter) }
		} else {
			// Somebody assigned it otherwise, who knows when, or the miner was revoked: what is not counted yet may have been
			// sent elsewhere.
			Ending { until: deposit.cursor, standing: deposit.seen, voided: Self::voided(meter) }
		};
		if info.is_some_and(|info| info.node == Some(id) && !info.retired) {
			T::Assignment::assign(meter, None)?;
		}
		deposit.ended = Some(ending);
		node.deposits = node.deposits.checked_sub(1).ok_or(ArithmeticError::Underflow)?;
		node.last_end = node.last_end.max(ending.until);
		Nodes::<T>::insert(id, node);
		Senders::<T>::remove(id, meter);
		if Self::is_settled(&deposit)? {
			Deposits::<T>::remove(meter);
		} else {
			Deposits::<T>::insert(meter, deposit);
		}
		Self::deposit_event(Event::DepositEnded { meter, node: id, until: ending.until });
		Ok(deposit)
	}

	/// Whether `who` may end what `meter` and the node `id` have with each other.
	pub(crate) fn may_part(who: &T::AccountId, meter: MeterId, id: MinerId) -> bool {
		let owner_of = |miner| T::Miners::miner(miner).map(|miner| miner.owner);
		let is_open = Nodes::<T>::get(id).is_some_and(|node| node.status == NodeStatus::Open);
		let Some(info) = T::Miners::meter(meter).filter(|info| !info.retired) else { return true };
		let (Some(sender), Some(taker)) = (owner_of(info.miner), owner_of(id)) else {
			return true;
		};
		let runs = Deposits::<T>::get(meter)
			.is_some_and(|deposit| deposit.node == id && deposit.ended.is_none());
		let is_elsewhere = runs && info.node != Some(id);
		!is_open || is_elsewhere || sender == *who || taker == *who
	}

	/// Accounts for what a meter sent to its node. Returns what that weighed, and whether anything changed.
	pub(crate) fn account_deposit(meter: MeterId) -> Result<(Weight, bool), DispatchError> {
		let Some(mut deposit) = Deposits::<T>::get(meter) else {
			Self::account_void(meter)?;
			return Ok((T::WeightInfo::account_meter(0), true));
		};
		let id = deposit.node;
		let sends = T::Miners::meter(meter).is_some_and(|info| info.node == Some(id));
		if deposit.ended.is_none() && !sends {
			Self::part(meter, deposit)?;
			return Ok((T::WeightInfo::end_deposit(), true));
		}
		let report = T::Reports::report(meter);
		let Some(reported) = &report else {
			return Ok((T::WeightInfo::account_meter(0), false));
		};
		let mut node = Nodes::<T>::get(id).ok_or(DispatchError::Corruption)?;
		let mut ring = Rings::<T>::get(id);
		let (before, books_before) = (deposit, node.books);
		let is_live = Self::is_held(&deposit, &node);
		let limits = Self::limits(&node);

		// All that counts was reported before this interval.
		let limit = match deposit.ended {
			Some(ending) => ending.until,
			None => reported.last_interval.saturating_add(1),
		};
		let end = limit.min(node.cursor);
		let from = deposit.cursor.max(node.cursor.saturating_sub(RING));
		let (mut steps, mut counted, mut received) = (0u32, 0u128, 0u128);
		for interval in from..end {
			steps = steps.saturating_add(1);
			let energy = reported.measured_in(interval).unwrap_or(0);
			let Some(entry) = ring.at_mut(interval, node.cursor).filter(|_| energy > 0) else {
				continue;
			};
			if is_live {
				let sent = T::Inflows::sent_to(id, interval).map_or(0, |inflow| inflow.energy);
				let room = node.books.room(&limits);
				entry.add_sent(sent, &mut node.books, room);
			}
			if let Some(share) = entry.share(energy) {
				counted = counted.saturating_add(energy.into());
				received = received.saturating_add(share.into());
			}
		}
		deposit.seen = deposit.seen.saturating_add(counted);
		deposit.cursor = deposit.cursor.max(end);

		let (attested, voided) =
			T::Energy::energy(meter).map_or((0, 0), |energy| (energy.attested, energy.voided));
		let total = match &mut deposit.ended {
			Some(ending) => {
				let more = voided.saturating_sub(ending.voided);
				ending.standing = ending.standing.saturating_sub(more);
				ending.voided = voided;
				ending.standing
			}
			None => attested.saturating_sub(voided),
		};
		let to_come = accounting::measured_between(reported, deposit.cursor, limit);
		let void = deposit.seen.saturating_add(to_come).saturating_sub(total);
		deposit.seen = deposit.seen.saturating_sub(void);
		let mut late = total.saturating_sub(deposit.seen).saturating_sub(to_come);
		// What is remembered, and then what came since: at once if the node is that far.
		for _ in 0..2 {
			if deposit.late.is_zero() && late.is_zero() {
				break;
			}
			if deposit.late.is_zero() {
				(deposit.late, deposit.late_until) = (late, limit);
			}
			let has_passed = node.cursor >= deposit.late_until
				&& node.charged_until.saturating_add(1) >= deposit.late_until;
			if !(is_live && has_passed) {
				break;
			}
			// Less than what is remembered when a challenge took some of it away.
			let due = core::mem::take(&mut deposit.late).min(late);
			let room = node.books.room(&limits);
			let drawn = node.books.draw(due.min(room));
			counted = counted.saturating_add(due);
			received = received.saturating_add(drawn);
			deposit.seen = deposit.seen.saturating_add(due);
			late = late.saturating_sub(due);
		}

		let did = deposit != before || Self::is_settled(&deposit)?;
		let new = Receipt { node: id, registered: deposit.registered, counted, received, voided };
		Self::add_to_receipt(meter, new, void, &mut node);
		if counted > 0 {
			let to = deposit.cursor;
			Self::deposit_event(Event::MeterAccounted { meter, node: id, to, counted, received });
		}
		if counted > 0 || node.books != books_before {
			Rings::<T>::insert(id, ring);
			Self::save(id, node, &books_before);
		}
		if Self::is_settled(&deposit)? {
			Deposits::<T>::remove(meter);
		} else {
			Deposits::<T>::insert(meter, deposit);
		}
		Ok((T::WeightInfo::account_meter(steps), did))
	}

	/// Whether the node of a deposit still holds what was sent in it: it is not closed, also not before it was registered anew.
	fn is_held(deposit: &Deposit, node: &NodeOf<T>) -> bool {
		node.status.is_live() && node.registered == deposit.registered
	}

	/// Whether nothing is left of a deposit that has ended: all of it was counted, or cannot be any more.
	fn is_settled(deposit: &Deposit) -> Result<bool, DispatchError> {
		let Some(Ending { until, standing, .. }) = deposit.ended else { return Ok(false) };
		let node = Nodes::<T>::get(deposit.node).ok_or(DispatchError::Corruption)?;
		let has_passed = deposit.cursor >= until;
		// A node that was closed accounts for nothing more.
		let is_final = !Self::is_held(deposit, &node) && deposit.cursor >= until.min(node.cursor);
		Ok(is_final || (has_passed && deposit.seen >= standing))
	}

	/// Whether a deposit ended so long ago that nobody remembers its intervals. The owner of the meter may leave it behind then,
	/// for another one or none, with what could still be drawn for it.
	pub(crate) fn is_forgotten(deposit: &Deposit) -> bool {
		let now = T::CurrentInterval::get();
		deposit.ended.is_some_and(|ending| now > ending.until.saturating_add(RING))
	}

	/// A meter in service of an active miner.
	pub(crate) fn active_meter(meter: MeterId) -> Result<MeterInfo, DispatchError> {
		let info = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(!info.retired, Error::<T>::MeterRetired);
		ensure!(T::Miners::is_active(info.miner), Error::<T>::MinerNotActive);
		Ok(info)
	}

	/// A node that takes new deposits.
	fn taking_node(id: MinerId) -> Result<NodeOf<T>, DispatchError> {
		let node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status == NodeStatus::Open, Error::<T>::NodeNotOpen);
		ensure!(node.takes_deposits, Error::<T>::NoNewDeposits);
		Self::ensure_sound(id, &node)?;
		Ok(node)
	}
}
