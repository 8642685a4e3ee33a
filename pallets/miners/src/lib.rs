//! # Miners: who measures
//!
//! A *miner* is a registered clean-energy system. It exists because the Technical DAO looked at an application and
//! admitted it, and it is soul-bound: its number is that of a token which never moves.
//!
//! ## Terminology
//!
//! - **Applicant**: an account that asks for its system to be registered, and pays a deposit while it asks.
//! - **Meter**: one measured channel of a miner, with a key of its own that lives in or beside the device.
//! - **Proof of possession**: a signature by a meter's key over the applicant's account. Without it anyone could
//!   register another's public key, and lock its owner out.
//! - **Operator**: the hot account of an agent that submits readings. It can do nothing else, and holds no value.
//!
//! ## Scenarios
//!
//! ### 1. A home is registered
//! Olga has 5 kW on her roof, with one meter on the inverter and one at the grid. Her installer lets the agent make two
//! keys and prints their proofs of possession for Olga's account. Olga calls [`apply`](Pallet::apply): the proofs are
//! checked, a deposit is held, and the keys are reserved. A member of the Technical DAO moves to
//! [`approve`](Pallet::approve); two thirds agree; Olga's miner and its two meters get their numbers. She calls
//! [`add_operator`](Pallet::add_operator) for the agent's account, and readings may come.
//!
//! ### 2. An application is refused
//! The nameplate does not match the photograph. The DAO calls [`reject`](Pallet::reject) with a reason. The deposit is
//! released, the keys are free again, and Olga can apply with the right number.
//!
//! ### 3. A miner is suspended
//! Something looks wrong. The DAO calls [`suspend`](Pallet::suspend); readings are refused from the next block on, and
//! nothing that was attested is lost. [`reinstate`](Pallet::reinstate) opens the way again.
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
mod types;
pub mod weights;

pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Inspect, InspectHold, MutateHold},
		tokens::Precision,
	},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	keys::MeterKey,
	miner::{MeterDirectory, MeterId, MeterInfo, MinerId, MinerKind},
	reading::possession_payload,
	units::MAX_NAMEPLATE,
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul, Saturating, Zero},
	ArithmeticError,
};

/// The balance of the deposits.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// An application as this runtime stores it.
pub type ApplicationOf<T> =
	Application<<T as frame_system::Config>::AccountId, BalanceOf<T>, <T as Config>::MaxMeters>;
/// A miner as this runtime stores it.
pub type MinerOf<T> =
	Miner<<T as frame_system::Config>::AccountId, BalanceOf<T>, <T as Config>::MaxMeters>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config<Hash = sp_core::H256> {
		/// Names what the deposits are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// What deposits are paid in.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Admits, rejects, suspends and reinstates: the Technical DAO.
		type AdmissionOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Held per application, and kept for the miner that it becomes.
		#[pallet::constant]
		type ApplicationDeposit: Get<BalanceOf<Self>>;

		/// Held per meter, on top of the application's deposit.
		#[pallet::constant]
		type MeterDeposit: Get<BalanceOf<Self>>;

		/// The most meters of one miner.
		#[pallet::constant]
		type MaxMeters: Get<u32>;

		/// The most operators of one miner.
		#[pallet::constant]
		type MaxOperators: Get<u32>;

		/// The longest reason of a rejection, in bytes.
		#[pallet::constant]
		type MaxReasonLength: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For an open application, and for the miner that it became.
		#[codec(index = 0)]
		Registration,
	}

	/// Applications that wait for a ruling.
	#[pallet::storage]
	pub type Applications<T: Config> =
		StorageMap<_, Twox64Concat, ApplicationId, ApplicationOf<T>, OptionQuery>;

	/// The number that the next application gets.
	#[pallet::storage]
	pub type NextApplicationId<T: Config> = StorageValue<_, ApplicationId, ValueQuery>;

	/// The miners. The key is the number of the soul-bound token; the chain assigns it, so it needs no hashing.
	#[pallet::storage]
	pub type Miners<T: Config> = StorageMap<_, Identity, MinerId, MinerOf<T>, OptionQuery>;

	/// The number that the next miner gets.
	#[pallet::storage]
	pub type NextMinerId<T: Config> = StorageValue<_, MinerId, ValueQuery>;

	/// The miners of an owner: the way back from an account to its soul-bound tokens.
	#[pallet::storage]
	pub type MinersByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, MinerId, (), OptionQuery>;

	/// The registered meters. Read once per reading, so it holds just what a reading is judged by.
	#[pallet::storage]
	pub type Meters<T: Config> = StorageMap<_, Identity, MeterId, MeterInfo, OptionQuery>;

	/// The number that the next meter gets.
	#[pallet::storage]
	pub type NextMeterId<T: Config> = StorageValue<_, MeterId, ValueQuery>;

	/// What each meter key is used for.
	#[pallet::storage]
	pub type KeyUses<T: Config> = StorageMap<_, Blake2_128Concat, MeterKey, KeyUse, OptionQuery>;

	/// Which account may submit readings for which miners.
	#[pallet::storage]
	pub type Operators<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, MinerId, (), OptionQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody wants to register a system.
		Applied {
			/// The number of the application.
			application: ApplicationId,
			/// Who applies.
			owner: T::AccountId,
			/// What is held.
			deposit: BalanceOf<T>,
		},
		/// An application was taken back by its applicant, and its deposit released.
		Withdrawn {
			/// The number of the application.
			application: ApplicationId,
			/// Who had applied.
			owner: T::AccountId,
		},
		/// An application was refused, and its deposit released.
		Rejected {
			/// The number of the application.
			application: ApplicationId,
			/// Who had applied.
			owner: T::AccountId,
			/// Why, in the DAO's words.
			reason: BoundedVec<u8, T::MaxReasonLength>,
		},
		/// A miner was registered.
		Admitted {
			/// The number of the application.
			application: ApplicationId,
			/// The number of the miner and of its soul-bound token.
			miner: MinerId,
			/// Who holds the token.
			owner: T::AccountId,
			/// The number of its first meter; the others follow in the order of the application.
			first_meter: MeterId,
			/// How many meters it has.
			meters: u32,
		},
		/// An account may submit readings for a miner.
		OperatorAdded {
			/// The miner.
			miner: MinerId,
			/// The account.
			operator: T::AccountId,
		},
		/// An account may no longer submit readings for a miner.
		OperatorRemoved {
			/// The miner.
			miner: MinerId,
			/// The account.
			operator: T::AccountId,
		},
		/// A miner's readings are refused from now on.
		Suspended {
			/// The miner.
			miner: MinerId,
		},
		/// A miner's readings are accepted again.
		Reinstated {
			/// The miner.
			miner: MinerId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No open application has this number.
		UnknownApplication,
		/// No miner has this number.
		UnknownMiner,
		/// Only the owner of the miner or of the application may do this.
		NotOwner,
		/// This kind of miner needs at least one meter.
		NoMeters,
		/// A remote miner is fed by a plant and has no meters of its own.
		RemoteHasMeters,
		/// The key is not a key of its scheme.
		MalformedKey,
		/// The meter key is registered already, or named in another open application, or twice in this one.
		KeyInUse,
		/// The proof of possession is not the meter key's signature over this owner and this chain.
		BadPossessionProof,
		/// A nameplate is zero or above 15 MW. Register a larger site as several meters.
		NameplateOutOfRange,
		/// The capacity of the system is zero.
		CapacityIsZero,
		/// The location is not a geohash: digits and lower-case letters without a, i, l and o.
		BadLocation,
		/// The account is an operator of this miner already.
		AlreadyOperator,
		/// The account is not an operator of this miner.
		NotAnOperator,
		/// The miner has as many operators as it can have.
		TooManyOperators,
		/// The miner is suspended already.
		AlreadySuspended,
		/// The miner is not suspended.
		NotSuspended,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(T::MaxMeters::get() > 0, "a miner must be able to have a meter");
			assert!(T::MaxOperators::get() > 0, "a miner must be able to have an operator");
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Ask for a system to be registered.
		///
		/// ## Dispatch Origin
		/// Signed, by the account that will own the miner.
		///
		/// ## Details
		/// Each meter comes with its key's signature over the owner's account. The application's deposit and one per
		/// meter are held until it is rejected or withdrawn; once admitted they stay held for the miner.
		///
		/// ## Errors
		/// [`Error::CapacityIsZero`], [`Error::BadLocation`], [`Error::NoMeters`], [`Error::RemoteHasMeters`],
		/// [`Error::NameplateOutOfRange`], [`Error::MalformedKey`], [`Error::KeyInUse`],
		/// [`Error::BadPossessionProof`], or that of the currency when the deposit cannot be held.
		///
		/// ## Events
		/// [`Event::Applied`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::apply(meters.len() as u32))]
		pub fn apply(
			origin: OriginFor<T>,
			kind: MinerKind,
			profile: Profile,
			meters: BoundedVec<MeterApplication, T::MaxMeters>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::ensure_profile(&profile)?;
			match kind {
				MinerKind::Remote => ensure!(meters.is_empty(), Error::<T>::RemoteHasMeters),
				_ => ensure!(!meters.is_empty(), Error::<T>::NoMeters),
			}
			let application = Self::next_id::<NextApplicationId<T>>()?;
			let payload = possession_payload(&Self::genesis_hash(), &owner);
			let mut proposed = BoundedVec::new();
			for meter in meters {
				ensure!(
					(1..=MAX_NAMEPLATE).contains(&meter.nameplate),
					Error::<T>::NameplateOutOfRange
				);
				ensure!(meter.key.is_well_formed(), Error::<T>::MalformedKey);
				ensure!(!KeyUses::<T>::contains_key(meter.key), Error::<T>::KeyInUse);
				ensure!(
					meter.key.verify(&meter.possession, &payload),
					Error::<T>::BadPossessionProof
				);
				KeyUses::<T>::insert(meter.key, KeyUse::Application(application));
				let MeterApplication { key, flow, nameplate, possession: _ } = meter;
				// Cannot fail: the vector that is walked has the same bound.
				proposed
					.try_push(ProposedMeter { key, flow, nameplate })
					.map_err(|_| DispatchError::Corruption)?;
			}
			let deposit = Self::deposit_for(proposed.len() as u32)?;
			T::Currency::hold(&HoldReason::Registration.into(), &owner, deposit)?;
			Applications::<T>::insert(
				application,
				Application { owner: owner.clone(), kind, profile, meters: proposed, deposit },
			);
			Self::deposit_event(Event::Applied { application, owner, deposit });
			Ok(())
		}

		/// Take an open application back.
		///
		/// ## Dispatch Origin
		/// Signed, by the applicant.
		///
		/// ## Details
		/// The deposit is released and the meter keys are free again.
		///
		/// ## Errors
		/// [`Error::UnknownApplication`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::Withdrawn`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::withdraw(T::MaxMeters::get()))]
		pub fn withdraw(
			origin: OriginFor<T>,
			application: ApplicationId,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let entry =
				Applications::<T>::get(application).ok_or(Error::<T>::UnknownApplication)?;
			ensure!(entry.owner == who, Error::<T>::NotOwner);
			let meters = Self::close_application(application, &entry)?;
			Self::deposit_event(Event::Withdrawn { application, owner: entry.owner });
			Ok(Some(T::WeightInfo::withdraw(meters)).into())
		}

		/// Admit an applicant: its miner and its meters get their numbers.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Errors
		/// [`Error::UnknownApplication`]; also when it was approved before.
		///
		/// ## Events
		/// [`Event::Admitted`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::approve(T::MaxMeters::get()))]
		pub fn approve(
			origin: OriginFor<T>,
			application: ApplicationId,
		) -> DispatchResultWithPostInfo {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let Application { owner, kind, profile, meters: proposed, deposit } =
				Applications::<T>::take(application).ok_or(Error::<T>::UnknownApplication)?;
			let miner = Self::next_id::<NextMinerId<T>>()?;
			let first_meter = NextMeterId::<T>::get();
			let mut meters = BoundedVec::new();
			for ProposedMeter { key, flow, nameplate } in proposed {
				let meter = Self::next_id::<NextMeterId<T>>()?;
				Meters::<T>::insert(meter, MeterInfo { miner, key, flow, nameplate });
				KeyUses::<T>::insert(key, KeyUse::Meter(meter));
				// Cannot fail: the vector that is walked has the same bound.
				meters.try_push(meter).map_err(|_| DispatchError::Corruption)?;
			}
			let count = meters.len() as u32;
			MinersByOwner::<T>::insert(&owner, miner, ());
			Miners::<T>::insert(
				miner,
				Miner {
					owner: owner.clone(),
					kind,
					profile,
					status: Status::Active,
					meters,
					operators: 0,
					deposit,
				},
			);
			Self::deposit_event(Event::Admitted {
				application,
				miner,
				owner,
				first_meter,
				meters: count,
			});
			Ok(Some(T::WeightInfo::approve(count)).into())
		}

		/// Refuse an application, and say why.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// The deposit is released and the meter keys are free again: the applicant can mend what was wrong and apply
		/// anew.
		///
		/// ## Errors
		/// [`Error::UnknownApplication`].
		///
		/// ## Events
		/// [`Event::Rejected`], with the reason.
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::reject(T::MaxMeters::get()))]
		pub fn reject(
			origin: OriginFor<T>,
			application: ApplicationId,
			reason: BoundedVec<u8, T::MaxReasonLength>,
		) -> DispatchResultWithPostInfo {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let entry =
				Applications::<T>::get(application).ok_or(Error::<T>::UnknownApplication)?;
			let meters = Self::close_application(application, &entry)?;
			Self::deposit_event(Event::Rejected { application, owner: entry.owner, reason });
			Ok(Some(T::WeightInfo::reject(meters)).into())
		}

		/// Let an account submit readings for a miner.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::AlreadyOperator`], [`Error::TooManyOperators`].
		///
		/// ## Events
		/// [`Event::OperatorAdded`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::add_operator())]
		pub fn add_operator(
			origin: OriginFor<T>,
			miner: MinerId,
			operator: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.owner == who, Error::<T>::NotOwner);
				ensure!(
					!Operators::<T>::contains_key(&operator, miner),
					Error::<T>::AlreadyOperator
				);
				ensure!(entry.operators < T::MaxOperators::get(), Error::<T>::TooManyOperators);
				entry.operators.saturating_inc();
				Operators::<T>::insert(&operator, miner, ());
				Ok(())
			})?;
			Self::deposit_event(Event::OperatorAdded { miner, operator });
			Ok(())
		}

		/// Take the right to submit readings for a miner away from an account.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::NotAnOperator`].
		///
		/// ## Events
		/// [`Event::OperatorRemoved`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::remove_operator())]
		pub fn remove_operator(
			origin: OriginFor<T>,
			miner: MinerId,
			operator: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.owner == who, Error::<T>::NotOwner);
				Operators::<T>::take(&operator, miner).ok_or(Error::<T>::NotAnOperator)?;
				entry.operators.saturating_dec();
				Ok(())
			})?;
			Self::deposit_event(Event::OperatorRemoved { miner, operator });
			Ok(())
		}

		/// Refuse a miner's readings from now on. Nothing that was attested is lost.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::AlreadySuspended`].
		///
		/// ## Events
		/// [`Event::Suspended`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(origin: OriginFor<T>, miner: MinerId) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.status == Status::Active, Error::<T>::AlreadySuspended);
				entry.status = Status::Suspended;
				Ok(())
			})?;
			Self::deposit_event(Event::Suspended { miner });
			Ok(())
		}

		/// Accept a suspended miner's readings again.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotSuspended`].
		///
		/// ## Events
		/// [`Event::Reinstated`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::reinstate())]
		pub fn reinstate(origin: OriginFor<T>, miner: MinerId) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.status == Status::Suspended, Error::<T>::NotSuspended);
				entry.status = Status::Active;
				Ok(())
			})?;
			Self::deposit_event(Event::Reinstated { miner });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A miner by its number.
		pub fn miner(miner: MinerId) -> Option<MinerOf<T>> {
			Miners::<T>::get(miner)
		}

		/// The numbers of an owner's miners.
		pub fn miners_of(owner: T::AccountId) -> Vec<MinerId> {
			MinersByOwner::<T>::iter_key_prefix(owner).collect()
		}

		/// The meters of a miner, each with its number.
		pub fn meters_of(miner: MinerId) -> Vec<(MeterId, MeterInfo)> {
			let meters = Miners::<T>::get(miner).map(|entry| entry.meters).unwrap_or_default();
			meters
				.into_iter()
				.filter_map(|id| Meters::<T>::get(id).map(|info| (id, info)))
				.collect()
		}

		/// The applications that wait for a ruling.
		pub fn open_applications() -> Vec<(ApplicationId, ApplicationOf<T>)> {
			Applications::<T>::iter().collect()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The hash of block 0, which binds a device's signature to this chain.
	pub fn genesis_hash() -> [u8; 32] {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0
	}

	/// What is held for a registration with `meters` meters.
	fn deposit_for(meters: u32) -> Result<BalanceOf<T>, DispatchError> {
		T::MeterDeposit::get()
			.checked_mul(&meters.into())
			.and_then(|deposit| deposit.checked_add(&T::ApplicationDeposit::get()))
			.ok_or_else(|| ArithmeticError::Overflow.into())
	}

	fn ensure_profile(profile: &Profile) -> DispatchResult {
		const GEOHASH: &[u8] = b"0123456789bcdefghjkmnpqrstuvwxyz";
		ensure!(!profile.capacity.is_zero(), Error::<T>::CapacityIsZero);
		let is_geohash =
			!profile.location.is_empty() && profile.location.iter().all(|c| GEOHASH.contains(c));
		ensure!(is_geohash, Error::<T>::BadLocation);
		Ok(())
	}

	/// The number that a counter stands at; the counter moves on. Numbers are never reused.
	fn next_id<Counter: frame_support::StorageValue<u32, Query = u32>>(
	) -> Result<u32, DispatchError> {
		let id = Counter::get();
		Counter::put(id.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		Ok(id)
	}

	/// Frees the keys and the deposit of an application that does not become a miner. Returns how many meters it had.
	fn close_application(
		application: ApplicationId,
		entry: &ApplicationOf<T>,
	) -> Result<u32, DispatchError> {
		for meter in &entry.meters {
			KeyUses::<T>::remove(meter.key);
		}
		T::Currency::release(
			&HoldReason::Registration.into(),
			&entry.owner,
			entry.deposit,
			Precision::Exact,
		)?;
		Applications::<T>::remove(application);
		Ok(entry.meters.len() as u32)
	}

	fn mutate_miner(
		miner: MinerId,
		change: impl FnOnce(&mut MinerOf<T>) -> DispatchResult,
	) -> DispatchResult {
		Miners::<T>::try_mutate(miner, |entry| {
			change(entry.as_mut().ok_or(Error::<T>::UnknownMiner)?)
		})
	}

	/// The rules that always hold.
	///
	/// 1. One soul-bound token per miner, and back: `MinersByOwner` and `Miners` agree.
	/// 2. Every meter belongs to one live miner, which lists it once.
	/// 3. A meter key is used once: by one meter, or by one open application.
	/// 4. The deposits held equal the deposits recorded.
	/// 5. A miner's count of operators is the number of its entries in `Operators`.
	/// 6. No number was handed out that the counters have not passed.
	pub fn do_try_state() -> Result<(), DispatchError> {
		use alloc::collections::BTreeMap;

		let mut deposits = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		let mut keys = 0usize;
		let mut meters = 0usize;
		let mut owners = 0usize;
		let mut operators = BTreeMap::<MinerId, u32>::new();
		for (_, miner) in Operators::<T>::iter_keys() {
			operators.entry(miner).or_default().saturating_inc();
		}
		for (id, miner) in Miners::<T>::iter() {
			ensure!(
				MinersByOwner::<T>::contains_key(&miner.owner, id),
				"1: a miner's owner does not hold its token"
			);
			owners.saturating_inc();
			for meter in &miner.meters {
				let info = Meters::<T>::get(meter)
					.ok_or("2: a miner lists a meter that does not exist")?;
				ensure!(info.miner == id, "2: a miner lists a meter of another one");
				ensure!(
					KeyUses::<T>::get(info.key) == Some(KeyUse::Meter(*meter)),
					"3: a meter's key is not recorded as its own"
				);
				ensure!(
					*meter < NextMeterId::<T>::get(),
					"6: a meter has a number from the future"
				);
				meters.saturating_inc();
				keys.saturating_inc();
			}
			ensure!(
				operators.remove(&id).unwrap_or_default() == miner.operators,
				"5: a miner's count of operators is wrong"
			);
			ensure!(id < NextMinerId::<T>::get(), "6: a miner has a number from the future");
			let held = deposits.entry(miner.owner).or_default();
			*held = held.saturating_add(miner.deposit);
		}
		ensure!(operators.is_empty(), "5: an operator serves a miner that does not exist");
		ensure!(
			MinersByOwner::<T>::iter_keys().count() == owners,
			"1: somebody holds a token of no miner"
		);
		ensure!(Meters::<T>::iter_keys().count() == meters, "2: a meter belongs to no live miner");
		for (id, application) in Applications::<T>::iter() {
			for meter in &application.meters {
				ensure!(
					KeyUses::<T>::get(meter.key) == Some(KeyUse::Application(id)),
					"3: an application's key is not recorded as its own"
				);
				keys.saturating_inc();
			}
			ensure!(
				id < NextApplicationId::<T>::get(),
				"6: an application has a number from the future"
			);
			let held = deposits.entry(application.owner).or_default();
			*held = held.saturating_add(application.deposit);
		}
		ensure!(KeyUses::<T>::iter_keys().count() == keys, "3: a key is recorded for no use");
		for (owner, recorded) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Registration.into(), &owner) == recorded,
				"4: deposits held differ from deposits recorded"
			);
		}
		Ok(())
	}
}

impl<T: Config> MeterDirectory<T::AccountId> for Pallet<T> {
	fn meter(meter: MeterId) -> Option<MeterInfo> {
		Meters::<T>::get(meter)
	}

	fn is_active(miner: MinerId) -> bool {
		Miners::<T>::get(miner).is_some_and(|entry| entry.status == Status::Active)
	}

	fn is_operator(account: &T::AccountId, miner: MinerId) -> bool {
		Operators::<T>::contains_key(account, miner)
	}

	fn is_any_operator(account: &T::AccountId) -> bool {
		Operators::<T>::iter_key_prefix(account).next().is_some()
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn register_for_benchmark(
		operator: &T::AccountId,
		key: MeterKey,
		nameplate: heliograph_primitives::units::Watts,
	) -> MeterId {
		benchmarking::register::<T>(operator, key, nameplate)
	}
}
