//! Nodes: how they come, what their bond answers for, and how they go.

use crate::*;
use heliograph_primitives::units::KWH;

impl<T: Config> Pallet<T> {
	/// Registers a node, or one that was closed anew.
	pub(crate) fn register(
		owner: T::AccountId,
		id: MinerId,
		meters: NodeMeters,
		capacity: Energy,
	) -> DispatchResult {
		let miner = T::Miners::miner(id).ok_or(Error::<T>::UnknownMiner)?;
		ensure!(miner.owner == owner, Error::<T>::NotOwner);
		ensure!(miner.kind == MinerKind::Storage, Error::<T>::NotAStorageMiner);
		ensure!(miner.active, Error::<T>::MinerNotActive);
		let before = Nodes::<T>::get(id);
		let is_free = before.as_ref().is_none_or(|old| old.status == NodeStatus::Closed);
		ensure!(is_free, Error::<T>::AlreadyRegistered);
		// Deposits in a node that vanished are not taken over; anyone may end them.
		let has_deposits = before.as_ref().is_some_and(|old| !old.deposits.is_zero());
		ensure!(!has_deposits, Error::<T>::DepositsLeft);
		ensure!((1..=MAX_CAPACITY).contains(&capacity), Error::<T>::CapacityOutOfRange);
		Self::ensure_meter_of(id, meters.charge, Flow::Charge)?;
		Self::ensure_meter_of(id, meters.discharge, Flow::Discharge)?;
		if let Some(loss) = meters.loss {
			Self::ensure_meter_of(id, loss, Flow::Consumption)?;
		}
		let bond = Self::required_bond(capacity).ok_or(ArithmeticError::Overflow)?;
		T::Currency::hold(&HoldReason::Bond.into(), &owner, bond)?;

		let now = T::CurrentInterval::get();
		if let Some(old) = &before {
			// What senders can still take of the last intervals before it was closed stays. Nothing of the others goes back:
			// what it held for tokens was paid for or written off.
			Rings::<T>::mutate(id, |ring| ring.clear(old.cursor, now));
		}
		let report = T::Reports::report(meters.charge);
		let node = Node {
			meters,
			capacity,
			bonder: owner.clone(),
			bond,
			required: bond,
			status: NodeStatus::Open,
			registered: now,
			leaving_since: None,
			takes_deposits: true,
			cursor: now,
			charged_until: report.map_or(0, |report| report.last_interval),
			seen: Seen {
				charged: Self::standing(meters.charge),
				discharged: Self::attested(meters.discharge),
				lost: meters.loss.map_or(0, Self::attested),
			},
			outflow: Outflow::default(),
			deposits: 0,
			last_end: 0,
			withdrawals: 0,
			promised: 0,
			uncovered_since: None,
			books: before.map(|old| old.books).unwrap_or_default(),
		};
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::NodeRegistered { node: id, owner, meters, capacity, bond });
		Ok(())
	}

	/// Fills a bond up, and moves it to the owner from whoever was it before.
	pub(crate) fn fill_bond(owner: T::AccountId, id: MinerId) -> DispatchResult {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		Self::ensure_owner(&owner, id)?;
		let required = Self::required_bond(node.capacity).ok_or(ArithmeticError::Overflow)?;
		let has_moved = node.bonder != owner;
		let is_low = node.bond < required.max(node.required);
		ensure!(has_moved || is_low, Error::<T>::BondIsEnough);
		let reason = HoldReason::Bond.into();
		if has_moved && !node.bond.is_zero() {
			// By force: a freeze of the old account, to vote with it, does not tie the bond to it.
			T::Currency::transfer_on_hold(
				&reason,
				&node.bonder,
				&owner,
				node.bond,
				Precision::Exact,
				Restriction::OnHold,
				Fortitude::Force,
			)?;
		}
		let missing = required.saturating_sub(node.bond);
		if !missing.is_zero() {
			T::Currency::hold(&reason, &owner, missing)?;
		}
		node.bonder = owner.clone();
		node.bond = node.bond.saturating_add(missing);
		node.required = required;
		let bond = node.bond;
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::BondToppedUp { node: id, owner, bond });
		Ok(())
	}

	/// Changes an open node by the word of its owner.
	pub(crate) fn mutate_open(
		who: &T::AccountId,
		id: MinerId,
		change: impl FnOnce(&mut NodeOf<T>),
	) -> DispatchResult {
		Nodes::<T>::try_mutate(id, |node| {
			let node = node.as_mut().ok_or(Error::<T>::UnknownNode)?;
			ensure!(node.status == NodeStatus::Open, Error::<T>::NodeNotOpen);
			Self::ensure_owner(who, id)?;
			change(node);
			Ok(())
		})
	}

	/// Lets an open node leave. The miner of one that was revoked has no owner: then it is by the word of whoever gave the
	/// bond, who could not get it back otherwise.
	pub(crate) fn begin_to_leave(who: T::AccountId, id: MinerId) -> DispatchResult {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status == NodeStatus::Open, Error::<T>::NodeNotOpen);
		let is_owner = match T::Miners::miner(id) {
			Some(miner) => miner.owner == who,
			None => node.bonder == who,
		};
		ensure!(is_owner, Error::<T>::NotOwner);
		node.status = NodeStatus::Leaving;
		node.leaving_since = Some(T::CurrentInterval::get());
		Nodes::<T>::insert(id, node);
		Self::deposit_event(Event::NodeLeaving { node: id });
		Ok(())
	}

	/// Closes a node that left in order. If it still holds energy for tokens that nobody drew in the time that it let them, the
	/// bond pays for it, and it is written off.
	pub(crate) fn close(id: MinerId) -> DispatchResult {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status == NodeStatus::Leaving, Error::<T>::NotLeaving);
		ensure!(node.deposits.is_zero(), Error::<T>::DepositsLeft);
		ensure!(node.withdrawals.is_zero(), Error::<T>::WithdrawalsLeft);
		ensure!(node.cursor >= node.last_end, Error::<T>::NotAccounted);
		let before = node.books;
		let lost = node.books.close();
		let mut paid = Balance::zero();
		if !lost.is_zero() {
			let until = node.leaving_since.map(|since| since.saturating_add(T::CoverWindow::get()));
			let has_waited = until.is_some_and(|until| T::CurrentInterval::get() >= until);
			ensure!(has_waited, Error::<T>::EnergyOwed);
			paid = lost.saturating_mul(T::PenaltyPrice::get().into()).min(node.bond);
			Self::pay_from_bond(&mut node, &T::FeeDestination::get(), paid)?;
		}
		let bond = core::mem::take(&mut node.bond);
		if !bond.is_zero() {
			T::Currency::release(&HoldReason::Bond.into(), &node.bonder, bond, Precision::Exact)?;
		}
		node.status = NodeStatus::Closed;
		node.leaving_since = None;
		Self::save(id, node, &before);
		Self::deposit_event(Event::NodeClosed { node: id, bond, paid, lost });
		Ok(())
	}

	/// Declares a node gone, and closes it if nothing of it is left to be refunded.
	pub(crate) fn vanish(id: MinerId) -> DispatchResult {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		let before = node.books;
		match node.status {
			NodeStatus::Closed => return Err(Error::<T>::NodeOver.into()),
			NodeStatus::Vanished => {
				ensure!(node.withdrawals.is_zero(), Error::<T>::WithdrawalsLeft)
			}
			NodeStatus::Open | NodeStatus::Leaving => {
				node.status = NodeStatus::Vanished;
				node.leaving_since = None;
				Self::deposit_event(Event::NodeVanished { node: id });
			}
		}
		Self::close_if_vanished(id, &mut node);
		Self::save(id, node, &before);
		Ok(())
	}

	/// Takes what is left of a vanished node's bond, and writes off what it held, once all its withdrawals are over. That the
	/// bond cannot be taken is told in an event, and stops nobody's refund.
	pub(crate) fn close_if_vanished(id: MinerId, node: &mut NodeOf<T>) {
		if node.status != NodeStatus::Vanished || !node.withdrawals.is_zero() {
			return;
		}
		let forfeited = node.bond;
		if let Err(error) = Self::pay_from_bond(node, &T::FeeDestination::get(), forfeited) {
			Self::deposit_event(Event::ForfeitFailed { node: id, error });
			return;
		}
		let lost = node.books.close();
		node.status = NodeStatus::Closed;
		Self::deposit_event(Event::VanishedNodeClosed { node: id, forfeited, lost });
	}

	/// Burns tokens for energy that a node holds for tokens.
	pub(crate) fn cover_energy(who: T::AccountId, id: MinerId, amount: Balance) -> DispatchResult {
		ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		let free = node.books.backing.saturating_sub(node.promised);
		ensure!(amount <= free, Error::<T>::CoverTooLarge);
		T::Kwh::burn_from(
			T::KwhId::get(),
			&who,
			amount,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Polite,
		)?;
		let before = node.books;
		node.books.cover(amount).ok_or(Error::<T>::CoverTooLarge)?;
		let uncovered = node.books.uncovered;
		Self::save(id, node, &before);
		Self::deposit_event(Event::Covered { node: id, who, amount, uncovered });
		Ok(())
	}

	/// Lets the bond pay for energy that has been missing for too long.
	pub(crate) fn slash(id: MinerId) -> DispatchResult {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		ensure!(Self::is_overdue(&node), Error::<T>::NotOverdue);
		let price = T::PenaltyPrice::get();
		// As much as the bond can pay in full. Without a price nothing can be paid, and nothing is written off.
		let payable = node.bond.checked_div(price.into()).unwrap_or(0);
		// What withdrawals may draw may have been drawn, and shows as missing until they are settled.
		let energy = node.books.uncovered.saturating_sub(node.promised).min(payable);
		ensure!(!energy.is_zero(), Error::<T>::NothingToSlash);
		let amount = energy.saturating_mul(price.into());
		let before = node.books;
		Self::pay_from_bond(&mut node, &T::FeeDestination::get(), amount)?;
		node.books.write_off(energy).ok_or(DispatchError::Corruption)?;
		Self::save(id, node, &before);
		Self::deposit_event(Event::UncoveredSlashed { node: id, energy, amount });
		Ok(())
	}

	/// Pays `amount`, at most the bond, out of the bond. Nothing changes if it fails.
	pub(crate) fn pay_from_bond(
		node: &mut NodeOf<T>,
		to: &T::AccountId,
		amount: Balance,
	) -> DispatchResult {
		if amount.is_zero() {
			return Ok(());
		}
		let rest = node.bond.checked_sub(amount).ok_or(ArithmeticError::Underflow)?;
		with_storage_layer(|| {
			// By force: a freeze, to vote with the bond, does not protect it.
			T::Currency::transfer_on_hold(
				&HoldReason::Bond.into(),
				&node.bonder,
				to,
				amount,
				Precision::Exact,
				Restriction::Free,
				Fortitude::Force,
			)
		})?;
		node.bond = rest;
		Ok(())
	}

	/// Stores a node whose books were `before`, and what follows from its books.
	pub(crate) fn save(id: MinerId, mut node: NodeOf<T>, before: &Books) {
		node.uncovered_since = if node.books.uncovered.is_zero() {
			None
		} else {
			node.uncovered_since.or_else(|| Some(T::CurrentInterval::get()))
		};
		let after = node.books;
		if after != *before {
			// Each sum holds what it held of this node before, and no total falls.
			let moved = |sum: u128, before: u128, after: u128| {
				sum.saturating_sub(before).saturating_add(after)
			};
			BookSums::<T>::mutate(|sums| {
				sums.backing = moved(sums.backing, before.backing, after.backing);
				sums.uncovered = moved(sums.uncovered, before.uncovered, after.uncovered);
				sums.allocated = moved(sums.allocated, before.allocated, after.allocated);
				sums.written_off = moved(sums.written_off, before.written_off, after.written_off);
				sums.returned = moved(sums.returned, before.returned, after.returned);
			});
		}
		Nodes::<T>::insert(id, node);
	}

	/// A node as people see it.
	pub(crate) fn view(id: MinerId, node: NodeOf<T>) -> NodeView<T::AccountId> {
		let is_live = node.status.is_live();
		NodeView {
			id,
			owner: T::Miners::miner(id).map(|miner| miner.owner),
			stored: node.books.stored(),
			available: if is_live { Self::available(&node) } else { 0 },
			room: if is_live { node.books.room(&Self::limits(&node)) } else { 0 },
			required_bond: Self::required_bond(node.capacity),
			overdue: Self::is_overdue(&node),
			node,
		}
	}

	/// What the bond for a capacity has to be today. Rounds up. `None` if it does not fit.
	pub(crate) fn required_bond(capacity: Energy) -> Option<Balance> {
		// With less than two penalties, a node could let a friend collect one for all that it holds, and answer for nothing.
		let two_penalties = cost(KWH, T::PenaltyPrice::get()).saturating_mul(2);
		let per_kwh = T::BondPerKwh::get().max(two_penalties);
		books::bond_for(capacity, per_kwh, T::MinBond::get())
	}

	/// What limits the energy that a node holds for others.
	pub(crate) fn limits(node: &NodeOf<T>) -> Limits {
		let secured = books::secured(node.capacity, node.bond, node.required);
		Limits { capacity: node.capacity, secured }
	}

	/// What can be drawn of a node: what is held for tokens, is there, and is not promised.
	pub(crate) fn available(node: &NodeOf<T>) -> u128 {
		node.books.sound().saturating_sub(node.promised)
	}

	/// Whether energy has been missing for longer than a node may take to cover it.
	pub(crate) fn is_overdue(node: &NodeOf<T>) -> bool {
		let now = T::CurrentInterval::get();
		node.uncovered_since.is_some_and(|since| now >= since.saturating_add(T::CoverWindow::get()))
	}

	/// Whether a node may take on something new: its miner is active, its bond is what it has to be, and nothing has been
	/// missing in it for too long.
	pub(crate) fn ensure_sound(id: MinerId, node: &NodeOf<T>) -> DispatchResult {
		ensure!(T::Miners::is_active(id), Error::<T>::MinerNotActive);
		let required = Self::required_bond(node.capacity).ok_or(ArithmeticError::Overflow)?;
		ensure!(node.bond >= required, Error::<T>::BondTooLow);
		ensure!(!Self::is_overdue(node), Error::<T>::UncoveredOverdue);
		Ok(())
	}

	/// Whether `who` owns the miner `id`.
	pub(crate) fn ensure_owner(who: &T::AccountId, id: MinerId) -> DispatchResult {
		let owner = T::Miners::miner(id).ok_or(Error::<T>::UnknownMiner)?.owner;
		ensure!(owner == *who, Error::<T>::NotOwner);
		Ok(())
	}

	fn ensure_meter_of(miner: MinerId, meter: MeterId, flow: Flow) -> DispatchResult {
		let info = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		ensure!(info.miner == miner, Error::<T>::MeterOfAnother);
		ensure!(info.flow == flow, Error::<T>::WrongFlow);
		ensure!(!info.retired, Error::<T>::MeterRetired);
		Ok(())
	}

	/// All that a meter attested, in mWh.
	pub(crate) fn attested(meter: MeterId) -> u128 {
		T::Energy::energy(meter).map_or(0, |energy| energy.attested)
	}

	/// What challenges took away of what a meter attested, in mWh.
	pub(crate) fn voided(meter: MeterId) -> u128 {
		T::Energy::energy(meter).map_or(0, |energy| energy.voided)
	}

	/// What a meter attested and no challenge took away, in mWh.
	pub(crate) fn standing(meter: MeterId) -> u128 {
		T::Energy::energy(meter).map_or(0, |energy| energy.attested.saturating_sub(energy.voided))
	}
}
