//! Where orders wait: the ladder of prices, the levels, and the queue of each level.
//!
//! A queue is linked both ways, so that an order leaves it from anywhere at the cost of its two neighbours. Whatever is
//! done here, the number of items that are read and written is the same in a book of ten orders and of a million.

use crate::*;

/// The ladder of one side, as it is stored: the root beside what every call reads, the other nodes by themselves.
struct LadderOf<T>(Side, core::marker::PhantomData<T>);

impl<T: Config> ladder::Nodes for LadderOf<T> {
	fn read(&self, node: ladder::Node) -> Bits {
		match node.depth {
			0 => *Tops::<T>::get().root(self.0),
			depth => Nodes::<T>::get((self.0, depth, node.index)),
		}
	}

	fn write(&mut self, node: ladder::Node, bits: Bits) {
		match node.depth {
			0 => Tops::<T>::mutate(|top| *top.root(self.0) = bits),
			depth if bits.is_empty() => Nodes::<T>::remove((self.0, depth, node.index)),
			depth => Nodes::<T>::insert((self.0, depth, node.index), bits),
		}
	}
}

/// From the best price of a side to the worst.
const fn from_best(side: Side) -> Way {
	match side {
		Side::Buy => Way::Down,
		Side::Sell => Way::Up,
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn ladder(side: Side) -> impl ladder::Nodes {
		LadderOf::<T>(side, core::marker::PhantomData)
	}

	/// The number of a price that may be one.
	pub(crate) fn checked_tick(price: Price) -> Result<Tick, DispatchError> {
		let size = T::TickSize::get();
		let ticks = price.checked_div(size).ok_or(ArithmeticError::DivisionByZero)?;
		ensure!((1..u64::from(TICKS)).contains(&ticks), Error::<T>::PriceOutOfRange);
		ensure!(ticks.checked_mul(size) == Some(price), Error::<T>::PriceOffTick);
		Tick::try_from(ticks).map_err(|_| Error::<T>::PriceOutOfRange.into())
	}

	/// The number of the price of an order that was accepted.
	pub(crate) fn tick_of(order: &OrderOf<T>) -> Tick {
		let ticks = order.price.checked_div(T::TickSize::get()).unwrap_or_default();
		// It was checked to be below `TICKS` before the order was accepted.
		(ticks & u64::from(TICKS - 1)) as Tick
	}

	/// The price of this number.
	pub(crate) fn price_of(tick: Tick) -> Price {
		T::TickSize::get().saturating_mul(tick.into())
	}

	/// The best price of a side, by number.
	pub(crate) fn best_tick(side: Side) -> Option<Tick> {
		ladder::first(&Self::ladder(side), from_best(side))
	}

	/// The levels of a side with their prices, best first. Whoever takes them says how many.
	pub(crate) fn best_levels(side: Side) -> impl Iterator<Item = (Price, Level)> {
		let nodes = Self::ladder(side);
		let ticks = core::iter::successors(Self::best_tick(side), move |tick| {
			ladder::after(&nodes, *tick, from_best(side))
		});
		ticks.filter_map(move |tick| Some((Self::price_of(tick), Levels::<T>::get(side, tick)?)))
	}

	/// The orders of a side, best first. Whoever takes them says how many.
	pub(crate) fn best_orders(side: Side) -> impl Iterator<Item = OrderOf<T>> {
		Self::best_levels(side).flat_map(|(_, level)| {
			let first = Orders::<T>::get(level.head);
			core::iter::successors(first, |order| Orders::<T>::get(order.next?))
		})
	}

	/// The order that this one would trade with first, if the book has one at its price or better.
	pub(crate) fn crossed_by(order: &OrderOf<T>) -> Option<OrderId> {
		let side = order.side.opposite();
		let best = Self::best_tick(side)?;
		let own = Self::tick_of(order);
		let crosses = match order.side {
			Side::Buy => best <= own,
			Side::Sell => best >= own,
		};
		if !crosses {
			return None;
		}
		Levels::<T>::get(side, best).map(|level| level.head)
	}

	/// Puts an order at the end of its queue, and on its owner's list.
	pub(crate) fn append(id: OrderId, mut order: OrderOf<T>) -> DispatchResult {
		OpenOrders::<T>::try_mutate(&order.owner, |open| open.try_push(id))
			.map_err(|_| Error::<T>::TooManyOrders)?;
		let (side, tick) = (order.side, Self::tick_of(&order));
		order.next = None;
		let level = match Levels::<T>::get(side, tick) {
			Some(level) => {
				Self::link(level.tail, |last| last.next = Some(id));
				order.previous = Some(level.tail);
				Level {
					tail: id,
					energy: level.energy.saturating_add(order.energy.into()),
					orders: level.orders.saturating_add(1),
					..level
				}
			}
			None => {
				ladder::insert(&mut Self::ladder(side), tick);
				order.previous = None;
				Level { head: id, tail: id, energy: order.energy.into(), orders: 1 }
			}
		};
		Levels::<T>::insert(side, tick, level);
		Orders::<T>::insert(id, order);
		Ok(())
	}

	/// Takes an order, as it is stored, out of its queue and off its owner's list, and with the last order of a level its
	/// price out of the ladder.
	pub(crate) fn take_out(id: OrderId, order: &OrderOf<T>) {
		Orders::<T>::remove(id);
		OpenOrders::<T>::mutate_exists(&order.owner, |open| {
			*open = open.take().and_then(|mut list| {
				list.retain(|other| *other != id);
				(!list.is_empty()).then_some(list)
			});
		});
		if let Some(previous) = order.previous {
			Self::link(previous, |entry| entry.next = order.next);
		}
		if let Some(next) = order.next {
			Self::link(next, |entry| entry.previous = order.previous);
		}
		let (side, tick) = (order.side, Self::tick_of(order));
		let left = Levels::<T>::mutate_exists(side, tick, |entry| {
			*entry = entry.and_then(|level| {
				// The one at an end has no neighbour there; alone in the level, it has none at all.
				let head = if order.previous.is_none() { order.next } else { Some(level.head) };
				let tail = if order.next.is_none() { order.previous } else { Some(level.tail) };
				Some(Level {
					head: head?,
					tail: tail?,
					energy: level.energy.saturating_sub(order.energy.into()),
					orders: level.orders.saturating_sub(1),
				})
			});
			entry.is_some()
		});
		if !left {
			ladder::remove(&mut Self::ladder(side), tick);
		}
	}

	/// Makes an order, as it is stored, smaller by `energy`, which it has more than. It keeps its place.
	pub(crate) fn shrink(id: OrderId, order: OrderOf<T>, energy: Energy) -> OrderOf<T> {
		let tick = Self::tick_of(&order);
		Levels::<T>::mutate(order.side, tick, |entry| {
			if let Some(level) = entry {
				level.energy = level.energy.saturating_sub(energy.into());
			}
		});
		let order = Order { energy: order.energy.saturating_sub(energy), ..order };
		Orders::<T>::insert(id, &order);
		order
	}

	/// Changes the links of an order.
	fn link(id: OrderId, change: impl FnOnce(&mut OrderOf<T>)) {
		Orders::<T>::mutate(id, |entry| {
			if let Some(order) = entry {
				change(order);
			}
		});
	}
}
