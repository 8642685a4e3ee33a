//! An auction with as many orders as one likes, for benchmarks and tests.

use crate::{clearing::limit_of, *};
use codec::Encode;
use frame_support::{Blake2_256, StorageHasher};
use sp_runtime::traits::TrailingZeroInput;

/// The first of the meters that orders here name. They are registered nowhere, which only `place` looks at.
const METERS: MeterId = 3_000_000_000;

impl<T: Config> Pallet<T> {
	/// Places `n` orders in an auction of an area that is set, whose gate is open: of many accounts on both sides, on all
	/// pages of the ladder, through the books that [`Pallet::place`] goes through.
	pub fn fill_auction(
		code: AreaCode,
		interval: Interval,
		n: u32,
	) -> Result<AuctionId, DispatchError> {
		let (area, rules) = Areas::<T>::get(code).ok_or(Error::<T>::UnknownArea)?;
		let id = AuctionId { area, interval };
		let lots = T::MinimumEnergy::get().max(LOT_SIZE).div_ceil(LOT_SIZE);
		// Small auctions have two sides as well.
		let orders_of_one = T::MaxOrders::get().min(n / 2).max(1);
		for i in 0..n {
			let auction = match Auctions::<T>::get(id) {
				Some(auction) => auction,
				None => Self::open_auction(interval, rules.clone())?,
			};
			let account = i / orders_of_one;
			let side = if account % 2 == 0 { Side::Buy } else { Side::Sell };
			// Page after page; on each page the ticks 1 to 62.
			let tick = (i % u32::from(PAGES)) * (PAGE as u32) + 1 + (i / u32::from(PAGES)) % 62;
			let tick = Tick::try_from(tick).map_err(|_| Error::<T>::PriceOutOfRange)?;
			let limit = limit_of(side, tick, auction.terms.grid_fee);
			let energy = LOT_SIZE.saturating_mul(lots.saturating_add((i % 4).into()));
			let held = auction.terms.hold(side, energy, limit).ok_or(ArithmeticError::Overflow)?;
			let owner = Self::somebody(account);
			let needed = held.saturating_add(T::Currency::minimum_balance());
			T::Currency::mint_into(&owner, needed)?;
			let meter = METERS.saturating_add(account);
			let order = Order { owner, meter, side, tick, limit, energy, fill: None };
			Self::add_order(id, auction, order, held)?;
		}
		Ok(id)
	}

	/// The account of this number.
	fn somebody(number: u32) -> T::AccountId {
		let seed = Blake2_256::hash(&(b"slot auction", number).encode());
		T::AccountId::decode(&mut TrailingZeroInput::new(&seed))
			.expect("an account is made of bytes, of which there is no end")
	}
}
