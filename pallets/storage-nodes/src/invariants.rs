//! The rules that always hold.

use crate::*;
use alloc::collections::BTreeMap;

/// What the records add up to.
struct Tally<T: Config> {
	bonds: BTreeMap<T::AccountId, Balance>,
	tokens: BTreeMap<T::AccountId, Balance>,
	/// Of each node: how many withdrawals run, and what they may still draw.
	promised: BTreeMap<MinerId, (u32, u128)>,
	/// Of each node: how many meters send to it.
	deposits: BTreeMap<MinerId, u32>,
	sums: Sums,
	/// What was allocated and nobody has taken, as far as it is remembered.
	left: u128,
}

fn plus<K: Ord>(map: &mut BTreeMap<K, Balance>, key: K, amount: Balance) {
	let sum = map.entry(key).or_default();
	*sum = sum.saturating_add(amount);
}

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. What a node stores is what went in less what came out, and is not below zero nor above its capacity:
	///    `backing + surplus - uncovered = charged + found - discharged - lost`. No more is missing than it holds for
	///    tokens; and nothing is missing, or was found, while it has a surplus.
	/// 2. What was allocated to senders is held, or was delivered, covered or written off, or returned to the node.
	/// 3. No interval gave senders more than was allocated in it, or withdrawals more than came out; no more of that went
	///    beyond even parts than was delivered.
	/// 4. No more was received than was allocated and did not return to the nodes: what tokens were taken for, what can still
	///    be taken, and what is left in the intervals. No meter received more than it sent.
	/// 5. The sums over all nodes are the sums over all nodes.
	/// 6. What a node promised is what its withdrawals may still draw; it holds as much.
	/// 7. The bonds held are the bonds recorded.
	/// 8. The tokens held are what withdrawals may still draw.
	/// 9. A node's discharge meter is booked as often as it has withdrawals that run, a drawer's meter once.
	/// 10. A withdrawal is found by its meter, its drawer and its node, and nothing else is; it has something left to draw,
	///     and its intervals are in order. No number was handed out that the counter has not passed.
	/// 11. The meters that ask a node or send to it are those with an open request or a deposit that runs. Nobody asks and
	///     sends at once.
	/// 12. A node has passed no interval that is not over; it knows since when something is missing just while something is,
	///     and since when it is leaving just while it is; one that is closed has no bond, no energy and no withdrawals.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let mut tally = Tally::<T> {
			bonds: BTreeMap::new(),
			tokens: BTreeMap::new(),
			promised: BTreeMap::new(),
			deposits: BTreeMap::new(),
			sums: Sums::default(),
			left: 0,
		};
		Self::try_withdrawals(&mut tally)?;
		Self::try_senders(&mut tally)?;
		Self::try_nodes(&mut tally)?;
		Self::try_receipts(&tally)?;
		for (who, bond) in &tally.bonds {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), who) == *bond,
				"7: what is held of somebody is not the bonds recorded"
			);
		}
		for (who, tokens) in &tally.tokens {
			let reason = HoldReason::Withdrawal.into();
			ensure!(
				T::Assets::balance_on_hold(T::KwhId::get(), &reason, who) == *tokens,
				"8: the tokens held are not what withdrawals may draw"
			);
		}
		Ok(())
	}

	fn try_withdrawals(tally: &mut Tally<T>) -> DispatchResult {
		let mut count = 0usize;
		for (id, entry) in Withdrawals::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(id < NextWithdrawalId::<T>::get(), "10: a number from the future");
			ensure!(
				MeterWithdrawal::<T>::get(entry.meter) == Some(id)
					&& WithdrawalsByDrawer::<T>::contains_key(&entry.drawer, id)
					&& WithdrawalsByNode::<T>::contains_key(entry.node, id),
				"10: a withdrawal is not found"
			);
			ensure!(
				entry.rest > 0 && entry.rest <= entry.energy,
				"10: a withdrawal has nothing left to draw, or more than was asked for"
			);
			ensure!(
				T::Uses::booked(entry.meter) == Some((MeterUse::Withdrawal, 1)),
				"9: a drawer's meter is not booked once"
			);
			match entry.state {
				WithdrawalState::Asked { .. } => ensure!(
					entry.rest == entry.energy && entry.failed == 0,
					"10: a withdrawal was drawn before it was accepted"
				),
				WithdrawalState::Running { from, until, cursor, .. } => {
					ensure!(from <= cursor && cursor < until, "10: intervals out of order");
					let (runs, promised) = tally.promised.entry(entry.node).or_default();
					*runs = runs.saturating_add(1);
					*promised = promised.saturating_add(entry.rest.into());
				}
			}
			plus(&mut tally.tokens, entry.drawer, entry.rest.into());
		}
		ensure!(
			MeterWithdrawal::<T>::iter_keys().count() == count
				&& WithdrawalsByDrawer::<T>::iter_keys().count() == count
				&& WithdrawalsByNode::<T>::iter_keys().count() == count,
			"10: a withdrawal is found that does not exist"
		);
		Ok(())
	}

	fn try_senders(tally: &mut Tally<T>) -> DispatchResult {
		let mut count = 0usize;
		for (meter, node) in Asks::<T>::iter() {
			count = count.saturating_add(1);
			ensure!(Nodes::<T>::contains_key(node), "11: a node is asked that does not exist");
			ensure!(
				Senders::<T>::get(node, meter) == Some(Sender::Asks),
				"11: a node does not find who asks it"
			);
			let runs = Deposits::<T>::get(meter).is_some_and(|deposit| deposit.ended.is_none());
			ensure!(!runs, "11: a meter asks and sends at once");
		}
		for (meter, deposit) in Deposits::<T>::iter() {
			ensure!(Nodes::<T>::contains_key(deposit.node), "11: a deposit in no node");
			if deposit.ended.is_some() {
				continue;
			}
			count = count.saturating_add(1);
			ensure!(
				Senders::<T>::get(deposit.node, meter) == Some(Sender::Sends),
				"11: a node does not find who sends to it"
			);
			let deposits = tally.deposits.entry(deposit.node).or_default();
			*deposits = deposits.saturating_add(1);
		}
		ensure!(
			Senders::<T>::iter_keys().count() == count,
			"11: a node finds a meter that neither asks nor sends"
		);
		Ok(())
	}

	fn try_nodes(tally: &mut Tally<T>) -> DispatchResult {
		let now = T::CurrentInterval::get();
		let mut with_withdrawals = 0usize;
		for (id, node) in Nodes::<T>::iter() {
			node.books.check(node.capacity)?;
			for entry in &Rings::<T>::get(id).0 {
				entry.check()?;
				tally.left = tally.left.saturating_add(entry.left.into());
			}
			let sums = &mut tally.sums;
			sums.backing = sums.backing.saturating_add(node.books.backing);
			sums.uncovered = sums.uncovered.saturating_add(node.books.uncovered);
			sums.allocated = sums.allocated.saturating_add(node.books.allocated);
			sums.written_off = sums.written_off.saturating_add(node.books.written_off);
			sums.returned = sums.returned.saturating_add(node.books.returned);

			let (runs, promised) = tally.promised.get(&id).copied().unwrap_or_default();
			with_withdrawals = with_withdrawals.saturating_add((runs > 0).into());
			ensure!(
				node.withdrawals == runs && node.promised == promised,
				"6: a node promised something else than its withdrawals may draw"
			);
			ensure!(promised <= node.books.backing, "6: a node promised more than it holds");
			let booked = match T::Uses::booked(node.meters.discharge) {
				Some((MeterUse::Withdrawal, count)) => count,
				_ => 0,
			};
			ensure!(booked == runs, "9: a discharge meter is not booked for each withdrawal");
			let deposits = tally.deposits.get(&id).copied().unwrap_or_default();
			ensure!(node.deposits == deposits, "11: a node counts other meters than send to it");
			ensure!(node.cursor <= now, "12: a node passed an interval that is not over");
			ensure!(
				node.uncovered_since.is_some() == (node.books.uncovered > 0),
				"12: a node does not know since when something is missing"
			);
			ensure!(
				node.leaving_since.is_some() == (node.status == NodeStatus::Leaving),
				"12: a node does not know since when it is leaving"
			);
			ensure!(
				node.status != NodeStatus::Closed
					|| (node.bond.is_zero() && node.books.stored().is_zero() && runs == 0),
				"12: a closed node has kept something"
			);
			plus(&mut tally.bonds, node.bonder, node.bond);
		}
		ensure!(tally.promised.len() == with_withdrawals, "6: a withdrawal draws from no node");
		Ok(())
	}

	fn try_receipts(tally: &Tally<T>) -> DispatchResult {
		let sums = BookSums::<T>::get();
		ensure!(
			Sums { taken: sums.taken, ..tally.sums } == sums,
			"5: the sums are not those of the nodes"
		);
		let mut received = sums.taken.saturating_add(tally.left).saturating_add(sums.returned);
		for (_, receipt) in Receipts::<T>::iter() {
			ensure!(
				receipt.counted > 0 && receipt.received <= receipt.counted,
				"4: a meter received more than it sent"
			);
			received = received.saturating_add(receipt.received);
		}
		ensure!(received <= sums.allocated, "4: more was received or returned than was allocated");
		Ok(())
	}
}
