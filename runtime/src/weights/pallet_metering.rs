//! Estimates until the first run of `scripts/benchmark`.
use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

pub struct WeightInfo<T>(PhantomData<T>);
impl<T: frame_system::Config> pallet_metering::WeightInfo for WeightInfo<T> {
	fn submit_readings(n: u32) -> Weight {
		Weight::from_parts(50_000_000, 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(4, 4))
			.saturating_add(Weight::from_parts(80_000_000, 3_000).saturating_mul(n.into()))
			.saturating_add(T::DbWeight::get().reads_writes(4, 2).saturating_mul(n.into()))
	}
}
