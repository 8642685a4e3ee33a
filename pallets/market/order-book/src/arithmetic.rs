//! What orders hold, and what a fill moves. Plain functions, apart from storage.
//!
//! A buyer holds what its order can still cost, with the fee on it: `need(e) = e x price + fee(e x price)`, where a fee
//! rounds up. A fill of `q` frees `need(e) - need(e - q)`, and the buyer pays at most that. Were each fee rounded up by
//! itself, two fills could cost one base unit more than what was held for both; so a fee rounds up only as far as what the
//! fill frees, and an order that is filled in many pieces at its own price pays exactly the fee of the whole.

use crate::{Balance, Side};
use heliograph_primitives::{
	trade::{cost, fee, Price},
	units::Energy,
};
use sp_runtime::Permill;

/// What an order that can still trade `energy` at `price` holds, and a fee at `rate` with it: base units of DECA for a
/// buyer, mWh for a seller, whose fee comes out of what it is paid. `None` if that is more than there can be.
pub fn need(side: Side, energy: Energy, price: Price, rate: Permill) -> Option<Balance> {
	match side {
		Side::Buy => {
			let cost = cost(energy, price);
			cost.checked_add(fee(cost, rate))
		}
		Side::Sell => Some(energy.into()),
	}
}

/// One of the two whose orders meet, before they do.
#[derive(Clone, Copy, Debug)]
pub struct Party {
	/// What its order can still trade, in mWh.
	pub energy: Energy,
	/// The price of its order.
	pub limit: Price,
	/// The rate of its fee.
	pub rate: Permill,
	/// The rate of fee that what it holds covers: at least `rate`.
	pub covered: Permill,
}

/// What one fill moves.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
	/// From the seller to the buyer, in mWh.
	pub energy: Energy,
	/// What a mWh costs.
	pub price: Price,
	/// What the energy costs, in base units of DECA.
	pub cost: Balance,
	/// What the buyer pays on top.
	pub buyer_fee: Balance,
	/// What comes out of the cost before the seller gets it.
	pub seller_fee: Balance,
}

impl Fill {
	/// What moves when `buyer` gets `energy` of `seller` at `price`, which is within both limits. `None` if the orders are
	/// not that large, or if that is more than there can be.
	pub fn between(buyer: &Party, seller: &Party, energy: Energy, price: Price) -> Option<Self> {
		let covers = |energy| need(Side::Buy, energy, buyer.limit, buyer.covered);
		let freed =
			covers(buyer.energy)?.checked_sub(covers(buyer.energy.checked_sub(energy)?)?)?;
		let cost = cost(energy, price);
		let buyer_fee = fee(cost, buyer.rate).min(freed.checked_sub(cost)?);
		let seller_fee = fee(cost, seller.rate);
		Some(Self { energy, price, cost, buyer_fee, seller_fee })
	}

	/// What the buyer pays.
	pub fn paid(&self) -> Balance {
		self.cost.saturating_add(self.buyer_fee)
	}

	/// What the seller gets. A fee is no more than the cost, as no rate is above one.
	pub fn proceeds(&self) -> Balance {
		self.cost.saturating_sub(self.seller_fee)
	}

	/// What is collected.
	pub fn fees(&self) -> Balance {
		self.buyer_fee.saturating_add(self.seller_fee)
	}
}
