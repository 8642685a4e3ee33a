//! Fills the book, for benchmarks and tests.

use crate::*;
use codec::{Decode, Encode};
use frame_support::traits::{fungible::Mutate as _, fungibles::Unbalanced as _};
use sp_runtime::traits::TrailingZeroInput;

/// A billion DECA, and a billion KWH.
const DECA: Balance = 1_000_000_000_000_000_000_000;
const KWH: Balance = 1_000_000_000_000_000;

impl<T: Config> Pallet<T> {
	/// A trader by name and number, without anything.
	pub fn trader_for_benchmark(name: &str, number: u32) -> T::AccountId {
		let seed = sp_io::hashing::blake2_256(&(name, number).encode());
		T::AccountId::decode(&mut TrailingZeroInput::new(&seed)).expect("there is input enough")
	}

	/// Gives an account a billion DECA.
	pub fn give_deca_for_benchmark(who: &T::AccountId) {
		T::Currency::mint_into(who, DECA).expect("a billion DECA fit");
	}

	/// Gives an account a billion KWH.
	pub fn give_kwh_for_benchmark(who: &T::AccountId) {
		let kwh = T::KwhId::get();
		T::Assets::increase_balance(kwh, who, KWH, Precision::Exact)
			.expect("the energy token exists, and a billion of it fit");
		T::Assets::set_total_issuance(kwh, T::Assets::total_issuance(kwh).saturating_add(KWH));
	}

	/// The least energy that an order can be for.
	pub fn least_energy() -> Energy {
		let lot = T::LotSize::get();
		T::MinimumEnergy::get().max(lot).next_multiple_of(lot)
	}

	/// Lets an account rest an order of the least energy in the book, which nothing crosses, and returns its number.
	pub fn rest_for_benchmark(
		owner: &T::AccountId,
		side: Side,
		price: Price,
		expires: Option<Interval>,
	) -> OrderId {
		let (energy, self_trade) = (Self::least_energy(), SelfTrade::CancelTaker);
		let wish = Wish { side, price, energy, kind: Kind::PostOnly, expires, self_trade };
		let order = Tops::<T>::get().next;
		Self::place(owner.clone(), wish, 0, &mut 0).expect("the owner has plenty");
		order
	}

	/// Rests so many orders in the book, of as many traders as it takes, at the prices that `price` gives for their
	/// numbers from zero on.
	pub fn fill_for_benchmark(side: Side, orders: u32, price: impl Fn(u32) -> Price) {
		let per_trader = T::MaxOrders::get();
		let name = match side {
			Side::Buy => "buyer",
			Side::Sell => "seller",
		};
		let mut trader = None;
		for number in 0..orders {
			let owner = match trader.take().filter(|_| number % per_trader != 0) {
				Some(owner) => owner,
				None => {
					let owner = Self::trader_for_benchmark(name, number);
					Self::give_deca_for_benchmark(&owner);
					Self::give_kwh_for_benchmark(&owner);
					owner
				}
			};
			Self::rest_for_benchmark(&owner, side, price(number), None);
			trader = Some(owner);
		}
	}
}
