//! Estimates until the first run of `scripts/benchmark`.
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> pallet_miners::WeightInfo for WeightInfo<T> {
	fn apply(m: u32) -> Weight {
		Weight::from_parts(50_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(Weight::from_parts(80_000_000, 3_000).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 2).saturating_mul(m.into()))
	}
	fn withdraw(m: u32) -> Weight {
		Weight::from_parts(50_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(Weight::from_parts(80_000_000, 3_000).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 2).saturating_mul(m.into()))
	}
	fn approve(m: u32) -> Weight {
		Weight::from_parts(50_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(Weight::from_parts(80_000_000, 3_000).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 2).saturating_mul(m.into()))
	}
	fn reject(m: u32) -> Weight {
		Weight::from_parts(50_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(Weight::from_parts(80_000_000, 3_000).saturating_mul(m.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 2).saturating_mul(m.into()))
	}
	fn add_operator() -> Weight {
		Weight::from_parts(50_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn remove_operator() -> Weight {
		Weight::from_parts(50_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn suspend() -> Weight {
		Weight::from_parts(50_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	fn reinstate() -> Weight {
		Weight::from_parts(50_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
}
