//! The rules that always hold.

use crate::{
	ladder::{child, Node, Nodes as _, DEPTHS},
	*,
};
use alloc::collections::BTreeMap;
use frame_support::traits::fungibles::InspectHold as _;
use heliograph_primitives::units::INTERVALS_PER_DAY;

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. Each account that has orders of a side in the book, or something of it that could not be released, holds exactly
	///    what is needed for both: DECA for its orders to buy, KWH for its orders to sell. No more, no less. That the others
	///    hold nothing cannot be seen from here; the tests of the pallet and of the runtime look at everybody.
	/// 2. The queue of each level is sound: it goes from the head to the tail and back, its orders are of its side and
	///    price, and their number and energies sum to what it says. Every order is in one queue.
	/// 3. The ladders tell of exactly the prices that have a level, and no node is kept that is empty.
	/// 4. The book is not crossed.
	/// 5. Every order is on its owner's list, once, and no list names another.
	/// 6. Of an order a positive number of lots is left, no more than it is for in all, which is a number of lots, too. It
	///    has a price that it may have, and expires no later than `MaxLifetime` after it came.
	/// 7. No number was handed out that the counter has not passed.
	/// 8. The history is in order, of one day, and each candle's prices lie between its lowest and its highest.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let needs = Self::try_orders()?;
		Self::try_levels()?;
		Self::try_ladder(Side::Buy)?;
		Self::try_ladder(Side::Sell)?;
		Self::try_history()?;
		for ((owner, side), needed) in needs {
			let held = match side {
				Side::Buy => T::Currency::balance_on_hold(&HoldReason::Buy.into(), &owner),
				Side::Sell => {
					let reason = HoldReason::Sell.into();
					T::Assets::balance_on_hold(T::KwhId::get(), &reason, &owner)
				}
			};
			ensure!(held == needed, "1: an account does not hold what its orders need");
		}
		let best = |side| Self::best_tick(side);
		if let Some((buy, sell)) = best(Side::Buy).zip(best(Side::Sell)) {
			ensure!(buy < sell, "4: the book is crossed");
		}
		Ok(())
	}

	/// Rules 5 to 7. Returns what each account has to hold.
	fn try_orders() -> Result<BTreeMap<(T::AccountId, Side), Balance>, DispatchError> {
		let mut needs = BTreeMap::<_, Balance>::new();
		for (owner, side, amount) in Unreleased::<T>::iter() {
			needs.insert((owner, side), amount);
		}
		let mut orders = 0usize;
		for (id, order) in Orders::<T>::iter() {
			orders = orders.saturating_add(1);
			ensure!(id < Tops::<T>::get().next, "7: an order has a number from the future");
			ensure!(!order.energy.is_zero(), "6: an order is for nothing");
			ensure!(
				[order.energy, order.placed]
					.into_iter()
					.all(|energy| energy.checked_rem(T::LotSize::get()) == Some(0)),
				"6: an order is not for whole lots"
			);
			ensure!(order.energy <= order.placed, "6: more of an order is left than it is for");
			ensure!(
				order.expires <= order.since.saturating_add(T::MaxLifetime::get()),
				"6: an order expires too late"
			);
			ensure!(
				Self::checked_tick(order.price).is_ok(),
				"6: an order has a price that it may not have"
			);
			let list = OpenOrders::<T>::get(&order.owner);
			let named = list.iter().filter(|open| **open == id).count();
			ensure!(named == 1, "5: an order is not on its owner's list once");
			let needed = needs.entry((order.owner.clone(), order.side)).or_default();
			*needed = needed.saturating_add(Self::held(&order));
		}
		let listed = OpenOrders::<T>::iter().map(|(_, list)| list.len()).sum::<usize>();
		ensure!(listed == orders, "5: a list names an order that is not its account's");
		ensure!(
			OpenOrders::<T>::iter().all(|(_, list)| !list.is_empty()),
			"5: a list is kept that is empty"
		);
		Ok(needs)
	}

	/// Rule 2.
	fn try_levels() -> DispatchResult {
		let mut queued = 0usize;
		for (side, tick, level) in Levels::<T>::iter() {
			let (mut energy, mut orders, mut last) = (0u128, 0u32, None);
			let mut next = Some(level.head);
			while let Some(id) = next {
				let order = Orders::<T>::get(id).ok_or("2: a queue names an order that is not")?;
				ensure!(
					order.side == side && order.price == Self::price_of(tick),
					"2: a queue has an order of another level"
				);
				ensure!(order.previous == last, "2: a queue does not go back");
				energy = energy.saturating_add(order.energy.into());
				orders = orders.saturating_add(1);
				ensure!(orders <= level.orders, "2: a queue is longer than its level says");
				last = Some(id);
				next = order.next;
			}
			ensure!(last == Some(level.tail), "2: a queue does not end at its tail");
			ensure!(orders == level.orders, "2: a level miscounts its orders");
			ensure!(energy == level.energy, "2: a level missums its energy");
			queued = queued.saturating_add(orders as usize);
		}
		ensure!(queued == Orders::<T>::iter_keys().count(), "2: an order is in no queue");
		Ok(())
	}

	/// Rule 3, of one side.
	fn try_ladder(side: Side) -> DispatchResult {
		let nodes = Self::ladder(side);
		let mut reached = 0usize;
		let mut level = alloc::vec![Node::ROOT];
		for depth in 0..DEPTHS {
			let children = level
				.iter()
				.flat_map(|node| nodes.read(*node).slots().map(move |slot| child(*node, slot)))
				.collect::<Vec<_>>();
			if depth + 1 < DEPTHS {
				ensure!(
					children.iter().all(|node| !nodes.read(*node).is_empty()),
					"3: a bit stands for a node that is empty"
				);
				reached = reached.saturating_add(children.len());
			}
			level = children;
		}
		let kept = Nodes::<T>::iter().filter(|((of, ..), _)| *of == side);
		ensure!(kept.count() == reached, "3: a node is kept that no bit stands for");
		ensure!(
			level.iter().all(|tick| Levels::<T>::contains_key(side, tick.index)),
			"3: a bit stands for a price that has no level"
		);
		ensure!(
			level.len() == Levels::<T>::iter_prefix(side).count(),
			"3: no bit stands for a price that has a level"
		);
		Ok(())
	}

	/// Rule 8.
	fn try_history() -> DispatchResult {
		let History { last, candles } = Trades::<T>::get();
		for candle in &candles {
			let Candle { open, high, low, close, volume, .. } = *candle;
			ensure!(
				low <= open.min(close) && open.max(close) <= high && !volume.is_zero(),
				"8: a candle is not one"
			);
		}
		ensure!(
			candles.windows(2).all(|pair| pair[0].interval < pair[1].interval),
			"8: the history is not in order"
		);
		let ends = candles.first().zip(candles.last());
		ensure!(
			ends.is_none_or(|(first, last)| {
				last.interval.saturating_sub(first.interval) < INTERVALS_PER_DAY
			}),
			"8: the history is longer than a day"
		);
		ensure!(
			candles.last().is_none_or(|candle| last == Some(candle.close)),
			"8: the last price is not the last one"
		);
		Ok(())
	}
}
