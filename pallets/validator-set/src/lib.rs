//! # Validator set: who makes and finalises blocks
//!
//! Governance names the validators. A change takes effect after the session that is running and the one that is already
//! planned. Validators caught equivocating are removed, as long as enough remain.
//!
//! ## Scenario
//!
//! Vera runs a node. She makes session keys on it with `author_rotateKeysWithOwner`, registers them with
//! `session.setKeys`, and asks the DAO to be a validator. The DAO calls [`add_validator`](Pallet::add_validator). Two
//! sessions later her node authors blocks. Later her node signs two blocks for one height; whoever sees it reports it,
//! the offence is proven on chain, and Vera is removed.
//!
//! The pallet also keeps the two lengths of time of the consensus, set at genesis, so that a development chain can be
//! fast with the same code: [`SlotMillis`] and [`SessionBlocks`].
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod weights;

pub use pallet::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::{
	pallet_prelude::*,
	traits::{EstimateNextSessionRotation, ValidatorRegistration},
};
use frame_system::pallet_prelude::*;
use pallet_session::SessionManager;
use sp_runtime::{traits::Zero, Perbill};
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config:
		frame_system::Config
		+ pallet_session::Config<ValidatorId = <Self as frame_system::Config>::AccountId>
	{
		/// Adds and removes validators.
		type GovernanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The fewest validators that there may be.
		#[pallet::constant]
		type MinValidators: Get<u32>;

		/// The most validators that there may be.
		#[pallet::constant]
		type MaxValidators: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The validators that governance wants, from the session after the next one on. Sorted.
	#[pallet::storage]
	pub type Validators<T: Config> =
		StorageValue<_, BoundedVec<T::AccountId, T::MaxValidators>, ValueQuery>;

	/// The length of an Aura slot in milliseconds, 6,000 in production. Set at genesis and never changed.
	#[pallet::storage]
	pub type SlotMillis<T: Config> = StorageValue<_, u64, ValueQuery, ProductionSlot>;

	/// The default of [`SlotMillis`].
	#[pallet::type_value]
	pub fn ProductionSlot() -> u64 {
		6_000
	}

	/// The length of a session in blocks, an hour in production. Set at genesis and never changed.
	#[pallet::storage]
	pub type SessionBlocks<T: Config> = StorageValue<_, u32, ValueQuery, ProductionSession>;

	/// The default of [`SessionBlocks`].
	#[pallet::type_value]
	pub fn ProductionSession() -> u32 {
		600
	}

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// The first validators; their keys stand in the session pallet's genesis.
		pub validators: Vec<T::AccountId>,
		/// The length of a slot in milliseconds; 6,000 when absent.
		pub slot_millis: Option<u64>,
		/// The length of a session in blocks; 600 when absent.
		pub session_blocks: Option<u32>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			let mut validators = self.validators.clone();
			validators.sort();
			validators.dedup();
			// None at all is the default that a chain specification is laid over, and starts no chain.
			assert!(
				validators.is_empty() || validators.len() >= T::MinValidators::get() as usize,
				"validatorSet.validators names too few validators"
			);
			let validators =
				validators.try_into().expect("validatorSet.validators names too many validators");
			Validators::<T>::put::<BoundedVec<_, _>>(validators);
			if let Some(millis) = self.slot_millis {
				assert!(millis >= 200, "validatorSet.slotMillis must be at least 200, is {millis}");
				SlotMillis::<T>::put(millis);
			}
			if let Some(blocks) = self.session_blocks {
				assert!(blocks >= 2, "validatorSet.sessionBlocks must be at least 2, is {blocks}");
				SessionBlocks::<T>::put(blocks);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// An account will validate.
		ValidatorAdded {
			/// Who.
			validator: T::AccountId,
		},
		/// An account will no longer validate.
		ValidatorRemoved {
			/// Who.
			validator: T::AccountId,
		},
		/// A validator misbehaved, and stays because too few would remain. Governance should add others and remove it.
		OffenderKept {
			/// Who.
			validator: T::AccountId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The account is a validator already.
		AlreadyValidator,
		/// The account is not a validator.
		NotValidator,
		/// The account has no session keys. Its node makes them, and it registers them with `session.setKeys`.
		NoSessionKeys,
		/// Fewer validators than `validatorSet.minValidators` would remain.
		TooFewValidators,
		/// There are as many validators as there may be.
		TooManyValidators,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(T::MinValidators::get() > 0, "a chain needs a validator");
			assert!(T::MinValidators::get() <= T::MaxValidators::get(), "the bounds are crossed");
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Make an account a validator.
		///
		/// ## Dispatch Origin
		/// [`Config::GovernanceOrigin`].
		///
		/// ## Errors
		/// [`Error::NoSessionKeys`], [`Error::AlreadyValidator`], [`Error::TooManyValidators`].
		///
		/// ## Events
		/// [`Event::ValidatorAdded`].
		#[pallet::call_index(0)]
		#[pallet::weight(<T as Config>::WeightInfo::add_validator())]
		pub fn add_validator(origin: OriginFor<T>, validator: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			ensure!(
				pallet_session::Pallet::<T>::is_registered(&validator),
				Error::<T>::NoSessionKeys
			);
			Validators::<T>::try_mutate(|validators| match validators.binary_search(&validator) {
				Ok(_) => Err(Error::<T>::AlreadyValidator),
				Err(place) => validators
					.try_insert(place, validator.clone())
					.map_err(|_| Error::<T>::TooManyValidators),
			})?;
			Self::deposit_event(Event::ValidatorAdded { validator });
			Ok(())
		}

		/// Let an account no longer validate.
		///
		/// ## Dispatch Origin
		/// [`Config::GovernanceOrigin`].
		///
		/// ## Errors
		/// [`Error::NotValidator`], [`Error::TooFewValidators`].
		///
		/// ## Events
		/// [`Event::ValidatorRemoved`].
		#[pallet::call_index(1)]
		#[pallet::weight(<T as Config>::WeightInfo::remove_validator())]
		pub fn remove_validator(origin: OriginFor<T>, validator: T::AccountId) -> DispatchResult {
			T::GovernanceOrigin::ensure_origin(origin)?;
			Self::do_remove(&validator)?;
			Self::deposit_event(Event::ValidatorRemoved { validator });
			Ok(())
		}
	}
}

impl<T: Config> Pallet<T> {
	fn do_remove(validator: &T::AccountId) -> Result<(), Error<T>> {
		Validators::<T>::try_mutate(|validators| {
			let place =
				validators.binary_search(validator).map_err(|_| Error::<T>::NotValidator)?;
			ensure!(
				validators.len() as u32 > T::MinValidators::get(),
				Error::<T>::TooFewValidators
			);
			validators.remove(place);
			Ok(())
		})
	}

	/// The rules that always hold.
	///
	/// 1. There are at least [`Config::MinValidators`].
	/// 2. Each is listed once, in order.
	/// 3. Slots and sessions have a length.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let validators = Validators::<T>::get();
		ensure!(
			validators.len() as u32 >= T::MinValidators::get(),
			"1: there are too few validators"
		);
		ensure!(
			validators.windows(2).all(|pair| pair[0] < pair[1]),
			"2: a validator is listed twice or out of order"
		);
		ensure!(
			!SlotMillis::<T>::get().is_zero() && !SessionBlocks::<T>::get().is_zero(),
			"3: a slot or a session has no length"
		);
		Ok(())
	}
}

impl<T: Config> SessionManager<T::AccountId> for Pallet<T> {
	/// The validators of the session after the planned one, or `None` when they stay the same: GRANDPA would otherwise
	/// hand over to an equal set every session, and a light client would have to follow each hand-over.
	fn new_session(_: SessionIndex) -> Option<Vec<T::AccountId>> {
		let wanted = Validators::<T>::get();
		let planned = pallet_session::QueuedKeys::<T>::get();
		let same = planned.iter().map(|(validator, _)| validator).eq(wanted.iter());
		(!same && !wanted.is_empty()).then(|| wanted.into_inner())
	}

	fn start_session(_: SessionIndex) {}

	fn end_session(_: SessionIndex) {}
}

/// For the record of past validators, by which an old offence is proven. An account identifies a validator entirely.
impl<T: Config> pallet_session::historical::SessionManager<T::AccountId, ()> for Pallet<T> {
	fn new_session(index: SessionIndex) -> Option<Vec<(T::AccountId, ())>> {
		let validators = <Self as SessionManager<T::AccountId>>::new_session(index)?;
		Some(validators.into_iter().map(|validator| (validator, ())).collect())
	}

	fn start_session(_: SessionIndex) {}

	fn end_session(_: SessionIndex) {}
}

/// Offenders are removed, and so author and finalise nothing after the sessions that are already planned. Nothing is
/// slashed: no stake is held.
impl<T: Config, Reporter, FullIdentification>
	OnOffenceHandler<Reporter, (T::AccountId, FullIdentification), Weight> for Pallet<T>
{
	fn on_offence(
		offenders: &[OffenceDetails<Reporter, (T::AccountId, FullIdentification)>],
		_: &[Perbill],
		_: SessionIndex,
	) -> Weight {
		let mut weight = Weight::zero();
		for OffenceDetails { offender: (validator, _), .. } in offenders {
			weight = weight.saturating_add(<T as Config>::WeightInfo::remove_validator());
			let validator = validator.clone();
			match Self::do_remove(&validator) {
				Ok(()) => Self::deposit_event(Event::ValidatorRemoved { validator }),
				Err(Error::TooFewValidators) => {
					Self::deposit_event(Event::OffenderKept { validator })
				}
				// Removed before, by governance or for another offence.
				Err(_) => {}
			}
		}
		weight
	}
}

impl<T: Config> pallet_session::ShouldEndSession<BlockNumberFor<T>> for Pallet<T> {
	fn should_end_session(now: BlockNumberFor<T>) -> bool {
		(now % SessionBlocks::<T>::get().max(1).into()).is_zero()
	}
}

impl<T: Config> EstimateNextSessionRotation<BlockNumberFor<T>> for Pallet<T> {
	fn average_session_length() -> BlockNumberFor<T> {
		SessionBlocks::<T>::get().into()
	}

	fn estimate_current_session_progress(
		now: BlockNumberFor<T>,
	) -> (Option<sp_runtime::Permill>, Weight) {
		let length: BlockNumberFor<T> = SessionBlocks::<T>::get().max(1).into();
		let progress = sp_runtime::Permill::from_rational(now % length, length);
		(Some(progress), T::DbWeight::get().reads(1))
	}

	fn estimate_next_session_rotation(
		now: BlockNumberFor<T>,
	) -> (Option<BlockNumberFor<T>>, Weight) {
		let length: BlockNumberFor<T> = SessionBlocks::<T>::get().max(1).into();
		(Some(now - now % length + length), T::DbWeight::get().reads(1))
	}
}
