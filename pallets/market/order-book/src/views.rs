//! What people see of the book.

use crate::*;

impl<T: Config> Pallet<T> {
	/// See [`Pallet::quote`].
	pub(crate) fn quoted(side: Side, energy: Energy) -> Quote {
		let (now, steps, rate) =
			(T::CurrentInterval::get(), T::MaxFills::get() as usize, T::TakerFee::get());
		let mut quote = Quote::default();
		for (step, order) in Self::best_orders(side.opposite()).enumerate() {
			let left = energy.saturating_sub(quote.energy);
			quote.out_of_fills = !left.is_zero() && step >= steps;
			if left.is_zero() || quote.out_of_fills {
				break;
			}
			if order.is_over(now) {
				continue;
			}
			let taken = order.energy.min(left);
			let cost = cost(taken, order.price);
			quote.energy = quote.energy.saturating_add(taken);
			quote.cost = quote.cost.saturating_add(cost);
			quote.fee = quote.fee.saturating_add(fee(cost, rate));
			quote.worst = Some(order.price);
		}
		quote
	}
}
