//! What a filled order comes to in money, as plain arithmetic. Energies are mWh, money is base units of DECA. Only the fee is
//! ever rounded, up; all else are products.

use heliograph_primitives::{
	trade::{cost, fee, Price},
	units::Energy,
};
use sp_runtime::Permill;

/// The prices that hold for an order that was filled, per mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rates {
	/// The one price of the auction.
	pub price: Price,
	/// What a buyer pays to the area's operator for what was delivered.
	pub grid_fee: Price,
	/// What a seller owes to the buyers for what it did not deliver.
	pub imbalance: Price,
	/// What a buyer owes to the area's operator for what was delivered to it and not drawn.
	pub undrawn: Price,
	/// What of the price is kept of a seller, as a share.
	pub fee: Permill,
}

/// What a seller gets and owes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sale {
	/// The price of what was delivered.
	pub amount: u128,
	/// What of it is kept.
	pub fee: u128,
	/// What is owed for the rest.
	pub fine: u128,
}

/// What a buyer pays.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Purchase {
	/// The price of what was delivered.
	pub amount: u128,
	/// The grid fee on it.
	pub grid: u128,
	/// What is owed for what was delivered and not drawn.
	pub undrawn: u128,
	/// What of the prepayment is left.
	pub rest: u128,
}

impl Rates {
	/// All that `energy` can cost a buyer. `None` beyond `u128`.
	pub fn prepayment(&self, energy: Energy) -> Option<u128> {
		cost(energy, self.price)
			.checked_add(cost(energy, self.grid_fee))?
			.checked_add(cost(energy, self.undrawn))
	}

	/// Of a seller that sold `fill`, and delivered `delivered` of it. Who delivered all owes nothing.
	pub fn sale(&self, fill: Energy, delivered: Energy) -> Sale {
		let amount = cost(delivered, self.price);
		Sale {
			amount,
			fee: fee(amount, self.fee),
			fine: cost(fill.saturating_sub(delivered), self.imbalance),
		}
	}

	/// Of a buyer that bought `fill`, to which `delivered` of it was delivered, of which it drew `drawn`. `None` if that is
	/// more than the one before it.
	pub fn purchase(&self, fill: Energy, delivered: Energy, drawn: Energy) -> Option<Purchase> {
		if delivered > fill {
			return None;
		}
		let amount = cost(delivered, self.price);
		let grid = cost(delivered, self.grid_fee);
		let undrawn = cost(delivered.checked_sub(drawn)?, self.undrawn);
		let rest =
			self.prepayment(fill)?.checked_sub(amount)?.checked_sub(grid)?.checked_sub(undrawn)?;
		Some(Purchase { amount, grid, undrawn, rest })
	}
}

/// All that a bid can cost as long as it is not filled: its limit is all that it pays per mWh, and on top of it comes what it
/// owes if it does not draw. `None` beyond `u128`.
pub fn hold_of_bid(energy: Energy, limit: Price, undrawn: Price) -> Option<u128> {
	cost(energy, limit).checked_add(cost(energy, undrawn))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const RATES: Rates = Rates {
		price: 135_000,
		grid_fee: 60_000,
		imbalance: 250_000,
		undrawn: 20_000,
		fee: Permill::from_parts(2_500),
	};

	#[test]
	fn seller_of_70_percent_gets_their_price_and_owes_the_rest() {
		let sale = RATES.sale(1_000_000, 700_000);
		assert_eq!(sale.amount, 94_500_000_000);
		assert_eq!(sale.fee, 236_250_000);
		assert_eq!(sale.fine, 75_000_000_000);
	}

	#[test]
	fn fee_rounds_up_when_it_is_no_whole_number() {
		let rates = Rates { price: 1_001, ..RATES };
		assert_eq!(rates.sale(1, 1).fee, 3);
	}

	#[test]
	fn purchase_is_refused_when_the_parts_are_larger_than_the_whole() {
		assert_eq!(RATES.purchase(10, 11, 11), None);
		assert_eq!(RATES.purchase(10, 5, 6), None);
	}

	proptest! {
		#[test]
		fn buyer_never_pays_more_than_it_prepaid_and_that_never_more_than_was_held(
			fill in 0u64..1 << 33,
			delivered in 0.0f64..=1.0,
			drawn in 0.0f64..=1.0,
			price in 1u64..1 << 20,
			grid_fee in 0u64..1 << 40,
			undrawn in 0u64..1 << 40,
			above in 0u64..1 << 20,
		) {
			let rates = Rates { price, grid_fee, undrawn, ..RATES };
			let delivered = (fill as f64 * delivered) as u64;
			let drawn = (delivered as f64 * drawn) as u64;
			let bill = rates.purchase(fill, delivered, drawn).expect("parts of the whole");
			let prepaid = rates.prepayment(fill).expect("in range");
			prop_assert_eq!(bill.amount + bill.grid + bill.undrawn + bill.rest, prepaid);
			let held = hold_of_bid(fill, price + grid_fee + above, undrawn).expect("in range");
			prop_assert!(prepaid <= held);
		}

		#[test]
		fn fee_never_exceeds_what_the_seller_gets(
			fill in 0u64..1 << 33,
			price in 0u64..1 << 20,
			parts in 0u32..=1_000_000,
		) {
			let rates = Rates { price, fee: Permill::from_parts(parts), ..RATES };
			let sale = rates.sale(fill, fill);
			prop_assert!(sale.fee <= sale.amount);
			prop_assert_eq!(sale.fine, 0);
		}
	}
}
