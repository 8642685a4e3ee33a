//! # Metering: how much was measured
//!
//! Devices sign what their registers show at the end of each quarter of an hour. This pallet checks every signature and
//! every number, and keeps per meter one value of constant size that only moves forward.
//!
//! ## Terminology
//!
//! - **Interval**: 15 minutes of UTC, numbered `unix time / 900 s`. A development chain may let intervals pass faster, by
//!   [`IntervalMillis`]; what an interval *stands for* is 900 s everywhere.
//! - **Register**: a meter's cumulative energy in mWh. Energy is the difference of registers, never an integral of power.
//! - **Epoch**: counts a register's resets. A register that falls is believed only in a new epoch, which the device signs.
//! - **Attested total**: all energy accepted of a meter, over all epochs.
//! - **Recovered**: energy that counts but cannot be assigned to one interval, because the site was offline in between.
//!
//! ## Scenarios
//!
//! ### 1. An ordinary quarter of an hour
//! The agent of Olga's roof reads 1,234.567 kWh at 12:15, signs it for the interval that just ended, and submits it in a
//! batch. The chain knows 1,234.300 kWh at 12:00: 0.267 kWh are attested, and stand in the ring for that interval. The
//! whole batch was good, so its fee is returned.
//!
//! ### 2. A weekend offline
//! The site's network fails on Friday. On Monday the agent submits what it signed meanwhile, in order. Where a reading is
//! missing, the next one covers the span, and its energy is *recovered*: it counts, but settles no slot.
//!
//! ### 3. A bad reading
//! One of a batch claims 9 kWh from a 5 kW roof in 15 minutes. It is refused, an event names the meter, the interval and
//! the reason, the others stand, and the submitter pays the fee.
//!
//! ### 4. A swapped meter
//! The installer swaps the meter; the new one starts at zero. The agent quarantines the fall, and after it has confirmed
//! it, signs a new epoch. Its first reading is a base and credits nothing.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
pub mod state;
#[cfg(test)]
mod tests;
pub mod weights;

pub use pallet::*;
pub use state::{Credit, MeterState, Refusal};
pub use weights::WeightInfo;

use frame_support::pallet_prelude::*;
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	miner::{MeterDirectory, MeterId, MinerId},
	reading::SignedReading,
	units::{interval_at, Interval, INTERVAL_MILLIS},
};
use sp_runtime::traits::Zero;

/// The longest batch that the decoder takes. Above [`Config::MaxBatch`] on purpose: a batch that is a little too long
/// fails with an error that has a name, not as bytes that nobody can decode.
pub const DECODED_BATCH: u32 = 1_024;

/// The readings of one submission.
pub type Batch = BoundedVec<SignedReading, ConstU32<DECODED_BATCH>>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<Hash = sp_core::H256> + pallet_timestamp::Config<Moment = u64>
	{
		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// The most readings of one batch.
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// How many readings an operator may submit in one block with the fee returned.
		#[pallet::constant]
		type FeelessReadingsPerBlock: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The wall-clock length of an interval in milliseconds: 900,000 in production. Set at genesis and never changed.
	#[pallet::storage]
	pub type IntervalMillis<T: Config> = StorageValue<_, u64, ValueQuery, ProductionInterval>;

	/// The default of [`IntervalMillis`]: 15 minutes.
	#[pallet::type_value]
	pub fn ProductionInterval() -> u64 {
		INTERVAL_MILLIS
	}

	/// What is known of each meter's energy. The chain assigns the numbers, so they need no hashing, and a fleet's meters
	/// lie side by side.
	#[pallet::storage]
	pub type MeterStates<T: Config> = StorageMap<_, Identity, MeterId, MeterState, OptionQuery>;

	/// How many readings an operator submitted in the block in which it last did. One entry per operator.
	#[pallet::storage]
	pub type OperatorUse<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, (BlockNumberFor<T>, u32), ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The wall-clock length of an interval in milliseconds; 900,000 when absent.
		pub interval_millis: Option<u64>,
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Some(millis) = self.interval_millis {
				assert!(
					(1_000..=INTERVAL_MILLIS).contains(&millis),
					"metering.intervalMillis must be between 1,000 and 900,000, is {millis}"
				);
				IntervalMillis::<T>::put(millis);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A batch was judged, reading by reading.
		BatchJudged {
			/// Who submitted it.
			operator: T::AccountId,
			/// How many readings were accepted.
			accepted: u32,
			/// How many were refused; an event says why for each.
			refused: u32,
		},
		/// A reading was refused and changed nothing.
		ReadingRefused {
			/// The meter that it names.
			meter: MeterId,
			/// The interval that it names.
			interval: Interval,
			/// Why.
			reason: Refusal,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The submitter is an operator of no miner. The owner adds it with `miners.addOperator`.
		NotAnOperator,
		/// The batch has more readings than `metering.maxBatch`. Split it.
		BatchTooLong,
		/// The batch has no readings.
		EmptyBatch,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(
				(1..DECODED_BATCH).contains(&T::MaxBatch::get()),
				"a batch over MaxBatch must still be decodable"
			);
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Submit readings that devices signed.
		///
		/// ## Dispatch Origin
		/// Signed, by an operator of at least one miner.
		///
		/// ## Details
		/// Each reading is judged by itself: a bad one is refused with an event that says why, and the good ones stand.
		/// The fee is returned when the whole batch was good and within the operator's quota of this block.
		///
		/// ## Errors
		/// [`Error::NotAnOperator`], [`Error::BatchTooLong`], [`Error::EmptyBatch`]. They concern the batch; what is wrong
		/// with a reading stands in its event.
		///
		/// ## Events
		/// [`Event::BatchJudged`] once, [`Event::ReadingRefused`] per refused reading. An accepted reading has none.
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::submit_readings(readings.len() as u32))]
		pub fn submit_readings(
			origin: OriginFor<T>,
			readings: Batch,
		) -> DispatchResultWithPostInfo {
			let operator = ensure_signed(origin)?;
			let count = readings.len() as u32;
			ensure!(count > 0, Error::<T>::EmptyBatch);
			ensure!(count <= T::MaxBatch::get(), Error::<T>::BatchTooLong);
			ensure!(T::Miners::is_any_operator(&operator), Error::<T>::NotAnOperator);

			let mut desk = Desk::<T>::new(&operator);
			let mut refused = 0u32;
			for signed in &readings {
				if let Err(reason) = desk.take(signed) {
					refused = refused.saturating_add(1);
					let (meter, interval) = (signed.reading.meter, signed.reading.interval);
					Self::deposit_event(Event::ReadingRefused { meter, interval, reason });
				}
			}
			let pays_fee = if Self::within_quota(&operator, count) && refused.is_zero() {
				Pays::No
			} else {
				Pays::Yes
			};
			let accepted = count.saturating_sub(refused);
			Self::deposit_event(Event::BatchJudged { operator, accepted, refused });
			Ok(pays_fee.into())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// What is known of a meter's energy.
		pub fn meter_state(meter: MeterId) -> Option<MeterState> {
			MeterStates::<T>::get(meter)
		}

		/// The interval that is running. Readings are taken for the ones before it.
		pub fn current_interval() -> Interval {
			interval_at(pallet_timestamp::Now::<T>::get(), IntervalMillis::<T>::get())
		}
	}
}

/// Judges the readings of one batch, and remembers between them what they share.
struct Desk<'a, T: Config> {
	operator: &'a T::AccountId,
	genesis_hash: [u8; 32],
	current: Interval,
	/// The miner of the reading before, and whether this operator may submit for it: a batch sorted by meter asks once
	/// per miner.
	miner: Option<(MinerId, Result<(), Refusal>)>,
}

impl<'a, T: Config> Desk<'a, T> {
	fn new(operator: &'a T::AccountId) -> Self {
		Self {
			operator,
			genesis_hash: frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0,
			current: Pallet::<T>::current_interval(),
			miner: None,
		}
	}

	/// Accepts a reading, or says why not. The cheap rules come first, the signature last.
	fn take(&mut self, signed: &SignedReading) -> Result<(), Refusal> {
		let SignedReading { reading, signature } = signed;
		let meter = T::Miners::meter(reading.meter).ok_or(Refusal::UnknownMeter)?;
		self.ensure_may_submit_for(meter.miner)?;
		state::judge_time(reading.interval, self.current)?;
		let known = MeterStates::<T>::get(reading.meter);
		let credit = match &known {
			Some(state) => state.judge(reading, meter.nameplate)?,
			None => Credit::Base,
		};
		if !meter.key.verify(signature, &reading.signing_payload(&self.genesis_hash)) {
			return Err(Refusal::BadSignature);
		}
		let state = match known {
			Some(mut state) => {
				state.apply(reading, credit);
				state
			}
			None => MeterState::first(reading),
		};
		MeterStates::<T>::insert(reading.meter, state);
		Ok(())
	}

	fn ensure_may_submit_for(&mut self, miner: MinerId) -> Result<(), Refusal> {
		if let Some((asked, answer)) = self.miner {
			if asked == miner {
				return answer;
			}
		}
		let answer = if !T::Miners::is_operator(self.operator, miner) {
			Err(Refusal::NotOperator)
		} else if !T::Miners::is_active(miner) {
			Err(Refusal::MinerNotActive)
		} else {
			Ok(())
		};
		self.miner = Some((miner, answer));
		answer
	}
}

impl<T: Config> Pallet<T> {
	/// Books `count` readings on the operator's use of this block; whether it is within its quota.
	fn within_quota(operator: &T::AccountId, count: u32) -> bool {
		let now = frame_system::Pallet::<T>::block_number();
		OperatorUse::<T>::mutate(operator, |(block, used)| {
			let before = if *block == now { *used } else { 0 };
			(*block, *used) = (now, before.saturating_add(count));
			*used <= T::FeelessReadingsPerBlock::get()
		})
	}

	/// The rules that always hold.
	///
	/// 1. Recovered energy is a part of the attested total.
	/// 2. The ring agrees with the totals: what was measured in the last 96 intervals is part of what was measured at all.
	/// 3. No meter is ahead of the chain's clock.
	/// 4. Only registered meters have a state.
	/// 5. An interval lasts between a second and a quarter of an hour.
	pub fn do_try_state() -> Result<(), DispatchError> {
		ensure!(
			(1_000..=INTERVAL_MILLIS).contains(&IntervalMillis::<T>::get()),
			"5: the length of an interval is out of range"
		);
		let current = Self::current_interval();
		for (meter, state) in MeterStates::<T>::iter() {
			let measured = state
				.attested
				.checked_sub(state.recovered)
				.ok_or("1: more energy was recovered than attested")?;
			ensure!(state.ring_total() <= measured, "2: the ring holds more than was measured");
			ensure!(state.last_interval < current, "3: a meter is ahead of the chain's clock");
			ensure!(T::Miners::meter(meter).is_some(), "4: a state belongs to no meter");
		}
		Ok(())
	}
}
