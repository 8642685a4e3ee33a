//! # Miners: who measures
//!
//! A *miner* is a registered clean-energy system. It exists because the Technical DAO looked at an application and
//! admitted it, and it is soul-bound: its number is that of a token which never moves.
//!
//! ## Terminology
//!
//! - **Applicant**: an account that asks for its system, or for more meters, to be registered, and pays a deposit.
//! - **Meter**: one measured channel of a miner, with a key of its own that lives in or beside the device.
//! - **Proof of possession**: a signature by a meter's key over the applicant's account. Without it anyone could
//!   register another's public key, and lock its owner out.
//! - **Oracles**: who signs for meters that are read from a vendor's interface and have no key of their own. A set of
//!   them is named by the DAO, with the number that must agree.
//! - **Operator**: the hot account of an agent that submits readings. It can also report the state of the hardware and
//!   hand in a new key that the old one vouches for. It holds no value.
//! - **Token**: the item of `pallet-nfts` that stands for a miner in wallets, see [`token`].
//!
//! ## Scenarios
//!
//! ### 1. A home is registered
//! Olga has 5 kW on her roof, with one meter on the inverter and one at the grid. Her installer lets the agent make two
//! keys and prints their proofs of possession for Olga's account. Olga calls [`apply`](Pallet::apply): the proofs are
//! checked, a deposit is held, and the keys are reserved. A member of the Technical DAO moves to
//! [`approve`](Pallet::approve); two thirds agree; Olga's miner and its two meters get their numbers, and the token
//! appears in her wallet. She calls [`add_operator`](Pallet::add_operator) for the agent's account, and readings may come.
//!
//! ### 2. An application is refused
//! The nameplate does not match the photograph. The DAO calls [`reject`](Pallet::reject) with a reason. The deposit is
//! released and the keys are free again. Olga reads the reason by [`rejection_of`](Pallet::rejection_of), and applies
//! with the right number.
//!
//! ### 3. A miner is suspended, or revoked
//! Something looks wrong. The DAO calls [`suspend`](Pallet::suspend); readings are refused from the next block on, and
//! nothing that was attested is lost. [`reinstate`](Pallet::reinstate) opens the way again; or
//! [`revoke`](Pallet::revoke) ends it: the token is burned, and the deposit is returned or forfeited. It is also how an
//! honest owner leaves.
//!
//! ### 4. A device, a meter, a key is lost
//! A logger is exchanged: the old key signs for the new one ([`rotate_meter_key`](Pallet::rotate_meter_key)), or, if it
//! broke, the DAO looks at the case ([`force_rotate_meter_key`](Pallet::force_rotate_meter_key)). A battery is built in:
//! Olga applies for one more meter ([`apply_meters`](Pallet::apply_meters)). She loses the phone with her account: the
//! DAO gives the miner to her new one ([`recover`](Pallet::recover)).
//!
//! ### 5. Energy is sent to a storage node
//! Olga and Nora, who has a battery, agree a deposit in the pallet of the storage nodes. It lets Olga's export meter send to
//! Nora's node ([`NodeAssignment`]), as the DAO can with [`assign_node`](Pallet::assign_node), and no longer when the deposit
//! ends.
//!
//! ### 6. A meter that trades goes out of service
//! Nora's meter stands in open trades when she retires it, or when the DAO revokes her miner. Neither waits for the trades,
//! and no trade waits for them: what a meter measured stays with the metering pallet, and settles them.
//!
//! ## Deposits
//!
//! One for the application and one per meter, as they stand when they are held; what is recorded with the application or
//! the miner counts from then on. They answer for the miner: a challenge that is upheld takes from them
//! ([`OwnerBonds`](heliograph_primitives::miner::OwnerBonds)). A retired meter's deposit stays held, as its record stays.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod admission;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod checks;
mod directory;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
pub mod token;
mod types;
pub mod weights;

pub use pallet::*;
pub use token::SoulboundTokens;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::{
	pallet_prelude::*,
	traits::{
		fungible::{Inspect, InspectHold, MutateHold},
		tokens::{Fortitude, Precision, Restriction},
	},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	keys::{MeterKey, MeterSignature, OracleSet, OracleSetId},
	miner::{Flow, HardwareStatus, MeterId, MeterInfo, MinerId, MinerKind},
	reading::rotation_payload,
	trade::NodeAssignment,
};
use sp_runtime::{
	traits::{CheckedAdd, CheckedMul, Saturating, Zero},
	ArithmeticError,
};

/// The most that a view function returns at once.
pub const MAX_PAGE: u32 = 100;

/// The balance of the deposits.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
/// An application as this runtime stores it.
pub type ApplicationOf<T> =
	Application<<T as frame_system::Config>::AccountId, BalanceOf<T>, <T as Config>::MaxMeters>;
/// A miner as this runtime stores it.
pub type MinerOf<T> = Miner<
	<T as frame_system::Config>::AccountId,
	BalanceOf<T>,
	<T as Config>::MaxMeters,
	<T as Config>::MaxOperators,
>;
/// A reason in the DAO's words.
pub type ReasonOf<T> = BoundedVec<u8, <T as Config>::MaxReasonLength>;

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

		/// The soul-bound tokens.
		type Tokens: SoulboundTokens<Self::AccountId>;

		/// The keyless account that the collection of the tokens belongs to.
		#[pallet::constant]
		type CollectionOwner: Get<Self::AccountId>;

		/// Admits, rejects, suspends, revokes and recovers, and names oracles and nodes: the Technical DAO.
		type AdmissionOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Who gets a deposit that is forfeited: the treasury.
		type SlashDestination: Get<Self::AccountId>;

		/// Held per application for a miner, and kept for the miner. May change; what was held stays.
		type ApplicationDeposit: Get<BalanceOf<Self>>;

		/// Held per meter, on top of the application's deposit. May change; what was held stays.
		type MeterDeposit: Get<BalanceOf<Self>>;

		/// The most meters of one miner.
		#[pallet::constant]
		type MaxMeters: Get<u32>;

		/// The most operators of one miner.
		#[pallet::constant]
		type MaxOperators: Get<u32>;

		/// The longest reason of a rejection, suspension or revocation, in bytes.
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

	/// Why each owner's last application was refused. One entry per owner; goes when the owner applies again.
	#[pallet::storage]
	pub type Rejections<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Rejection<T::MaxReasonLength>, OptionQuery>;

	/// The miners, revoked ones too. The key is the number of the soul-bound token; the chain assigns it, so it needs no
	/// hashing.
	#[pallet::storage]
	pub type Miners<T: Config> = StorageMap<_, Identity, MinerId, MinerOf<T>, OptionQuery>;

	/// The number that the next miner gets.
	#[pallet::storage]
	pub type NextMinerId<T: Config> = StorageValue<_, MinerId, ValueQuery>;

	/// The miners of an owner: the way back from an account to its soul-bound tokens.
	#[pallet::storage]
	pub type MinersByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, MinerId, (), OptionQuery>;

	/// The registered meters, retired ones too. Read once per reading, so it holds just what a reading is judged by.
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

	/// The oracles that sign for meters without a key of their own. The DAO chooses the numbers.
	#[pallet::storage]
	pub type OracleSets<T: Config> =
		StorageMap<_, Twox64Concat, OracleSetId, OracleSet, OptionQuery>;

	/// For how many meters, in service or applied for, each set of oracles signs.
	#[pallet::storage]
	pub type OracleUses<T: Config> = StorageMap<_, Twox64Concat, OracleSetId, u32, ValueQuery>;

	/// Makes the collection of the soul-bound tokens. There is nothing to configure.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Binds the type to the runtime.
		#[serde(skip)]
		pub marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			T::Tokens::create_collection(&T::CollectionOwner::get())
				.expect("the first collection of a new chain can be made");
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody wants to register a system, or more meters of one.
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
			reason: ReasonOf<T>,
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
			/// Why, in the DAO's words.
			reason: ReasonOf<T>,
		},
		/// A miner's readings are accepted again.
		Reinstated {
			/// The miner.
			miner: MinerId,
		},
		/// A miner is out for good.
		Revoked {
			/// The miner.
			miner: MinerId,
			/// Why, in the DAO's words.
			reason: ReasonOf<T>,
			/// What was taken of its deposit; the rest was released.
			forfeited: BalanceOf<T>,
		},
		/// A miner, its token and its deposit went to another account.
		Recovered {
			/// The miner.
			miner: MinerId,
			/// Who had it.
			from: T::AccountId,
			/// Who has it.
			to: T::AccountId,
		},
		/// More meters of a miner were registered.
		MetersAdded {
			/// The number of the application.
			application: ApplicationId,
			/// The miner.
			miner: MinerId,
			/// The number of the first of them; the others follow in the order of the application.
			first_meter: MeterId,
			/// How many they are.
			meters: u32,
		},
		/// A meter's readings are signed by another key from now on.
		MeterKeyRotated {
			/// The meter.
			meter: MeterId,
			/// What signed until now.
			old_key: MeterKey,
			/// What signs from now on.
			new_key: MeterKey,
		},
		/// A meter was taken out of service.
		MeterRetired {
			/// The meter.
			meter: MeterId,
		},
		/// The owner's side reported how the hardware is.
		HardwareSet {
			/// The miner.
			miner: MinerId,
			/// How it is.
			hardware: HardwareStatus,
		},
		/// The owner named a mining pool, or none.
		PoolSet {
			/// The miner.
			miner: MinerId,
			/// What it said; empty for none.
			pool: PoolData,
		},
		/// The energy through a meter goes to a storage node from now on, or to none.
		NodeAssigned {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: Option<MinerId>,
		},
		/// A set of oracles was named, or changed.
		OraclesSet {
			/// The number of the set.
			set: OracleSetId,
			/// How many of them must agree.
			threshold: u8,
			/// How many they are.
			oracles: u32,
		},
		/// A set of oracles was removed.
		OraclesRemoved {
			/// The number of the set.
			set: OracleSetId,
		},
		/// A part of a miner's deposit was taken from its owner.
		DepositSlashed {
			/// The miner.
			miner: MinerId,
			/// What was taken.
			amount: BalanceOf<T>,
			/// Who got it.
			beneficiary: T::AccountId,
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
		/// The meter key is or was registered, or is named in another open application, or twice in this one. Make another.
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
		/// The miner was revoked, and does not come back. Apply anew.
		MinerRevoked,
		/// No meter has this number.
		UnknownMeter,
		/// The meter was taken out of service.
		MeterRetired,
		/// The miner would have more meters than it can have. Retire some, or register another miner.
		TooManyMeters,
		/// The miner went to another owner since the application was made. Withdraw or reject it.
		OwnerChanged,
		/// The account is the owner already.
		SameOwner,
		/// Only the miner's owner or one of its operators may do this.
		NotOwnerOrOperator,
		/// The signature is not the old key's over this meter, this new key and this chain.
		BadRotationProof,
		/// Meters that are read from a vendor's interface are signed for by oracles. Name an existing set as the key.
		OraclesRequired,
		/// Oracles sign only for meters that are read from a vendor's interface. Give the key of the device.
		OraclesNotAllowed,
		/// No set of oracles has this number.
		UnknownOracleSet,
		/// Meters are registered or applied for with these oracles. Move them to another set, or retire or reject them.
		OracleSetInUse,
		/// The threshold is zero, or larger than the number of oracles.
		ThresholdOutOfRange,
		/// The same oracle is named twice, and would count twice.
		OracleTwice,
		/// A meter's node must be a miner of kind `Storage`.
		NotAStorageNode,
		/// The storage node is suspended or revoked.
		NodeNotActive,
		/// Only a meter of flow `Export` sends to a storage node.
		NotAnExportMeter,
		/// The grid area is not made of letters, digits, `-`, `.` and `_`.
		BadGridArea,
		/// The pool is not UTF-8 text without control characters.
		BadPool,
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
			assert!(Self::tokens_fit(), "what is written on a token must fit its limits");
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
		/// Each meter comes with its key's signature over the owner's account; or, if the system is read from a vendor's
		/// interface, with the oracles that sign for it. The application's deposit and one per meter are held until it is
		/// rejected or withdrawn; once admitted they stay held for the miner. What was said of an earlier rejection is
		/// forgotten.
		///
		/// ## Errors
		/// [`Error::CapacityIsZero`], [`Error::BadLocation`], [`Error::BadGridArea`], [`Error::NoMeters`],
		/// [`Error::RemoteHasMeters`], [`Error::NameplateOutOfRange`], [`Error::OraclesRequired`],
		/// [`Error::OraclesNotAllowed`], [`Error::UnknownOracleSet`], [`Error::MalformedKey`], [`Error::KeyInUse`],
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
			let method = profile.method;
			let deposit = T::ApplicationDeposit::get();
			Self::file_application(owner, Target::New { kind, profile }, method, meters, deposit)
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

		/// Grant what an application asks for: its miner and its meters get their numbers.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// A new miner gets its soul-bound token. More meters go to the miner that they were applied for, and so does
		/// their deposit.
		///
		/// ## Errors
		/// [`Error::UnknownApplication`]; also when it was approved before. For more meters also
		/// [`Error::MinerRevoked`], [`Error::OwnerChanged`], [`Error::TooManyMeters`].
		///
		/// ## Events
		/// [`Event::Admitted`] or [`Event::MetersAdded`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::approve(T::MaxMeters::get()))]
		pub fn approve(
			origin: OriginFor<T>,
			application: ApplicationId,
		) -> DispatchResultWithPostInfo {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let meters = Self::admit(application)?;
			Ok(Some(T::WeightInfo::approve(meters)).into())
		}

		/// Refuse an application, and say why.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// The deposit is released and the meter keys are free again: the applicant can mend what was wrong and apply
		/// anew. Until then the reason can be read by [`Pallet::rejection_of`].
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
			reason: ReasonOf<T>,
		) -> DispatchResultWithPostInfo {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let entry =
				Applications::<T>::get(application).ok_or(Error::<T>::UnknownApplication)?;
			let meters = Self::close_application(application, &entry)?;
			let rejection = Rejection { application, reason: reason.clone() };
			Rejections::<T>::insert(&entry.owner, rejection);
			Self::deposit_event(Event::Rejected { application, owner: entry.owner, reason });
			Ok(Some(T::WeightInfo::reject(meters)).into())
		}

		/// Let an account submit readings for a miner.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotOwner`], [`Error::AlreadyOperator`],
		/// [`Error::TooManyOperators`].
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
				entry
					.operators
					.try_push(operator.clone())
					.map_err(|_| Error::<T>::TooManyOperators)?;
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
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotOwner`], [`Error::NotAnOperator`].
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
				entry.operators.retain(|account| *account != operator);
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
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::AlreadySuspended`].
		///
		/// ## Events
		/// [`Event::Suspended`], with the reason.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::suspend())]
		pub fn suspend(
			origin: OriginFor<T>,
			miner: MinerId,
			reason: ReasonOf<T>,
		) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.status == Status::Active, Error::<T>::AlreadySuspended);
				entry.status = Status::Suspended;
				Self::write_status(miner, entry.status)
			})?;
			Self::deposit_event(Event::Suspended { miner, reason });
			Ok(())
		}

		/// Accept a suspended miner's readings again.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotSuspended`].
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
				Self::write_status(miner, entry.status)
			})?;
			Self::deposit_event(Event::Reinstated { miner });
			Ok(())
		}

		/// End a miner for good.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// Its token is burned, its operators are cut off and its meters are retired; their keys stay used for ever. The
		/// deposit goes to [`Config::SlashDestination`] if `forfeit`, and back to the owner if not. The record of the miner
		/// stays.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`]; or that of the currency when the destination has no account
		/// and the deposit is too small to make one.
		///
		/// ## Events
		/// [`Event::Revoked`], with the reason.
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::revoke(T::MaxMeters::get()))]
		pub fn revoke(
			origin: OriginFor<T>,
			miner: MinerId,
			reason: ReasonOf<T>,
			forfeit: bool,
		) -> DispatchResultWithPostInfo {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let (meters, forfeited) = Self::end_miner(miner, forfeit)?;
			Self::deposit_event(Event::Revoked { miner, reason, forfeited });
			Ok(Some(T::WeightInfo::revoke(meters)).into())
		}

		/// Give a miner to another account of its owner, whose keys were lost or stolen.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// The token is burned and minted anew, under the same number, for the new owner; the deposit moves and stays
		/// held. Meters and operators stay, so that readings go on; the new owner can remove operators. Applications of the
		/// old owner for more meters cannot be approved any more.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::SameOwner`]; or that of the currency when the new
		/// owner has no account that something could be held in.
		///
		/// ## Events
		/// [`Event::Recovered`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::recover())]
		pub fn recover(
			origin: OriginFor<T>,
			miner: MinerId,
			new_owner: T::AccountId,
		) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let from = Self::hand_over(miner, &new_owner)?;
			Self::deposit_event(Event::Recovered { miner, from, to: new_owner });
			Ok(())
		}

		/// Let a new key sign for a meter, by the word of the old one.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner or one of its operators.
		///
		/// ## Details
		/// `possession` is the new key's signature over the owner's account, as in [`Pallet::apply`]; `handover` is the old
		/// key's over [`rotation_payload`]. Readings that the old key signed and that are not in a block yet are refused
		/// from then on. Neither key can be registered again.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::MeterRetired`], [`Error::NotOwnerOrOperator`], [`Error::OraclesRequired`] when
		/// the meter has no key of its own, [`Error::BadRotationProof`], [`Error::OraclesNotAllowed`],
		/// [`Error::MalformedKey`], [`Error::KeyInUse`], [`Error::BadPossessionProof`].
		///
		/// ## Events
		/// [`Event::MeterKeyRotated`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::rotate_meter_key())]
		pub fn rotate_meter_key(
			origin: OriginFor<T>,
			meter: MeterId,
			new_key: MeterKey,
			possession: MeterSignature,
			handover: MeterSignature,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let info = Self::meter_in_service(meter)?;
			let miner = Miners::<T>::get(info.miner).ok_or(Error::<T>::UnknownMiner)?;
			Self::ensure_owner_or_operator(&who, info.miner, &miner)?;
			// Which oracles to trust is for the DAO to say.
			let has_key = !matches!(info.key, MeterKey::Oracles(_));
			ensure!(has_key, Error::<T>::OraclesRequired);
			let payload = rotation_payload(&Self::genesis_hash(), meter, &new_key);
			ensure!(info.key.verify(&handover, &payload), Error::<T>::BadRotationProof);
			Self::replace_key(meter, info, &miner, new_key, &possession)
		}

		/// Let a new key, or other oracles, sign for a meter, by the word of the DAO.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// For a device that broke or was stolen. The new key proves that the owner has it, as in [`Pallet::apply`]; for
		/// oracles `possession` is not looked at. The old key cannot be registered again.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::MeterRetired`], [`Error::OraclesRequired`], [`Error::OraclesNotAllowed`],
		/// [`Error::UnknownOracleSet`], [`Error::MalformedKey`], [`Error::KeyInUse`], [`Error::BadPossessionProof`].
		///
		/// ## Events
		/// [`Event::MeterKeyRotated`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::force_rotate_meter_key())]
		pub fn force_rotate_meter_key(
			origin: OriginFor<T>,
			meter: MeterId,
			new_key: MeterKey,
			possession: MeterSignature,
		) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			let info = Self::meter_in_service(meter)?;
			let miner = Miners::<T>::get(info.miner).ok_or(Error::<T>::UnknownMiner)?;
			Self::replace_key(meter, info, &miner, new_key, &possession)
		}

		/// Ask for more meters of a miner to be registered.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// Makes an application, which is approved, rejected and withdrawn like one for a miner. One deposit per meter is
		/// held.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotOwner`], [`Error::RemoteHasMeters`],
		/// [`Error::NoMeters`], [`Error::TooManyMeters`], and for each meter as in [`Pallet::apply`].
		///
		/// ## Events
		/// [`Event::Applied`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::apply_meters(meters.len() as u32))]
		pub fn apply_meters(
			origin: OriginFor<T>,
			miner: MinerId,
			meters: BoundedVec<MeterApplication, T::MaxMeters>,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let entry = Miners::<T>::get(miner).ok_or(Error::<T>::UnknownMiner)?;
			ensure!(entry.status != Status::Revoked, Error::<T>::MinerRevoked);
			ensure!(entry.owner == owner, Error::<T>::NotOwner);
			ensure!(entry.kind != MinerKind::Remote, Error::<T>::RemoteHasMeters);
			ensure!(!meters.is_empty(), Error::<T>::NoMeters);
			// Asked again on approval: other applications may come first.
			let total = entry.meters.len().saturating_add(meters.len());
			ensure!(total <= T::MaxMeters::get() as usize, Error::<T>::TooManyMeters);
			let (target, method) = (Target::Existing(miner), entry.profile.method);
			Self::file_application(owner, target, method, meters, Zero::zero())
		}

		/// Take a meter out of service.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner; or [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// Its readings are refused from then on; what it measured before can still be claimed. Its number and key are
		/// never used again. Its deposit stays held for the miner, as its record stays.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::MeterRetired`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::MeterRetired`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::retire_meter())]
		pub fn retire_meter(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			let signer = match T::AdmissionOrigin::try_origin(origin) {
				Ok(_) => None,
				Err(origin) => Some(ensure_signed(origin)?),
			};
			let info = Self::meter_in_service(meter)?;
			Self::mutate_miner(info.miner, |entry| {
				let is_allowed = signer.is_none_or(|who| who == entry.owner);
				ensure!(is_allowed, Error::<T>::NotOwner);
				entry.meters.retain(|id| *id != meter);
				Self::retire(meter)
			})?;
			Self::deposit_event(Event::MeterRetired { meter });
			Ok(())
		}

		/// Report how a miner's hardware is.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner or one of its operators.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotOwnerOrOperator`].
		///
		/// ## Events
		/// [`Event::HardwareSet`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::set_hardware())]
		pub fn set_hardware(
			origin: OriginFor<T>,
			miner: MinerId,
			hardware: HardwareStatus,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::mutate_miner(miner, |entry| {
				Self::ensure_owner_or_operator(&who, miner, entry)?;
				entry.hardware = hardware;
				Self::write_hardware(miner, hardware)
			})?;
			Self::deposit_event(Event::HardwareSet { miner, hardware });
			Ok(())
		}

		/// Name the mining pool that a miner works for. Empty for none.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Errors
		/// [`Error::BadPool`], [`Error::UnknownMiner`], [`Error::MinerRevoked`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::PoolSet`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::set_pool())]
		pub fn set_pool(origin: OriginFor<T>, miner: MinerId, pool: PoolData) -> DispatchResult {
			let who = ensure_signed(origin)?;
			// It is written on the token as text.
			let text = core::str::from_utf8(&pool).map_err(|_| Error::<T>::BadPool)?;
			ensure!(!text.chars().any(char::is_control), Error::<T>::BadPool);
			Self::mutate_miner(miner, |entry| {
				ensure!(entry.owner == who, Error::<T>::NotOwner);
				entry.pool = pool.clone();
				T::Tokens::set_attribute(miner, "pool", &pool)
			})?;
			Self::deposit_event(Event::PoolSet { miner, pool });
			Ok(())
		}

		/// Say which storage node the energy through a meter goes to, or that it goes to none.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Details
		/// Owners of meters and of storage nodes agree deposits between themselves, and the meters are assigned then; this is
		/// for the cases that they leave behind. Should the node be suspended or revoked later, the assignment stays until it
		/// is changed; who reads it asks whether the node is active.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::MeterRetired`], [`Error::NotAnExportMeter`], [`Error::UnknownMiner`],
		/// [`Error::NotAStorageNode`], [`Error::NodeNotActive`].
		///
		/// ## Events
		/// [`Event::NodeAssigned`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::assign_node())]
		pub fn assign_node(
			origin: OriginFor<T>,
			meter: MeterId,
			node: Option<MinerId>,
		) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			<Self as NodeAssignment>::assign(meter, node)
		}

		/// Name the oracles of a set, change them, or remove the set.
		///
		/// ## Dispatch Origin
		/// [`Config::AdmissionOrigin`].
		///
		/// ## Errors
		/// [`Error::ThresholdOutOfRange`], [`Error::MalformedKey`] also for oracles of oracles, [`Error::OracleTwice`]; for
		/// a removal [`Error::UnknownOracleSet`], [`Error::OracleSetInUse`].
		///
		/// ## Events
		/// [`Event::OraclesSet`] or [`Event::OraclesRemoved`].
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::set_oracles(
			oracles.as_ref().map_or(0, |oracles| oracles.keys.len() as u32)
		))]
		pub fn set_oracles(
			origin: OriginFor<T>,
			set: OracleSetId,
			oracles: Option<OracleSet>,
		) -> DispatchResult {
			T::AdmissionOrigin::ensure_origin(origin)?;
			if let Some(oracles) = oracles {
				Self::ensure_oracles(&oracles)?;
				let (threshold, count) = (oracles.threshold, oracles.keys.len() as u32);
				OracleSets::<T>::insert(set, oracles);
				Self::deposit_event(Event::OraclesSet { set, threshold, oracles: count });
			} else {
				ensure!(OracleUses::<T>::get(set) == 0, Error::<T>::OracleSetInUse);
				OracleSets::<T>::take(set).ok_or(Error::<T>::UnknownOracleSet)?;
				Self::deposit_event(Event::OraclesRemoved { set });
			}
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A miner by its number, revoked or not.
		pub fn miner(miner: MinerId) -> Option<MinerOf<T>> {
			Miners::<T>::get(miner)
		}

		/// The numbers of an owner's miners that were not revoked; at most [`MAX_PAGE`].
		pub fn miners_of(owner: T::AccountId) -> Vec<MinerId> {
			MinersByOwner::<T>::iter_key_prefix(owner).take(MAX_PAGE as usize).collect()
		}

		/// The meters of a miner that are in service, each with its number.
		pub fn meters_of(miner: MinerId) -> Vec<(MeterId, MeterInfo)> {
			let meters = Miners::<T>::get(miner).map(|entry| entry.meters).unwrap_or_default();
			meters
				.into_iter()
				.filter_map(|id| Meters::<T>::get(id).map(|info| (id, info)))
				.collect()
		}

		/// A meter by its number, retired or not.
		pub fn meter(meter: MeterId) -> Option<MeterInfo> {
			Meters::<T>::get(meter)
		}

		/// The applications that wait for a ruling: at most `limit` and [`MAX_PAGE`] of them, in no particular order. `after`
		/// is the last one of the page before, if there was one.
		pub fn open_applications(
			after: Option<ApplicationId>,
			limit: u32,
		) -> Vec<(ApplicationId, ApplicationOf<T>)> {
			let applications = match after {
				Some(id) => Applications::<T>::iter_from(Applications::<T>::hashed_key_for(id)),
				None => Applications::<T>::iter(),
			};
			applications.take(limit.min(MAX_PAGE) as usize).collect()
		}

		/// Why an owner's last application was refused, if it has not applied again since.
		pub fn rejection_of(owner: T::AccountId) -> Option<Rejection<T::MaxReasonLength>> {
			Rejections::<T>::get(owner)
		}

		/// A set of oracles by its number.
		pub fn oracles(set: OracleSetId) -> Option<OracleSet> {
			OracleSets::<T>::get(set)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The hash of block 0, which binds a device's signature to this chain.
	pub fn genesis_hash() -> [u8; 32] {
		frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::zero()).0
	}
}
