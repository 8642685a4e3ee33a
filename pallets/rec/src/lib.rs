//! # Rec: certificates of matured energy
//!
//! A certificate says that a watt-hour of clean energy was made, by which device, when, and how that can be proven. It can
//! be split, given away, sold, put into a pool of equals, and used **once**: retired in somebody's name, or as carbon.
//!
//! ## Terminology
//!
//! - **Request**: asks to have a meter's matured energy certified. The chain says how much; nobody else does.
//! - **Checkpoint**: a moment in a meter's history: register, epoch, interval, and the hash of all readings up to it. Who
//!   kept the readings can prove the energy of every interval between two checkpoints.
//! - **Issuance**: what was certified at once: the part of a meter's matured total between two checkpoints. Carries all
//!   that is known of the energy, once, however many certificates it is split into.
//! - **Certificate**: a range `[from, to)` in mWh of an issuance, with one owner.
//! - **Retirement**: energy used for good, with in whose name and what for, and a soul-bound token for who did it.
//! - **Pool**: certificates that were made equal. One base unit of the `REC` asset stands for one mWh in it, and who uses
//!   `REC` uses the oldest certificates in it.
//! - **Revocation window**: the time in which the DAO can take an issuance back. What is fungible (`REC`, `CO2`) and what
//!   is stored is only made of certificates of which the window is over.
//!
//! ## States
//!
//! ```text
//! request:      Pending -> certified | Rejected | cancelled;   Rejected -> Pending (under a new number) | cancelled
//! certificate:  Live -> Live (split, transfer, sale) | Pledged | Liquidised | Retired | Converted
//!               Pledged -> Live | Converted;   Liquidised -> Live (solidify) | Retired
//! ```
//! A live certificate is *expired* from the interval that its issuance names on, and *revoked* when its issuance is. Both
//! are looked up when it is used, so that neither costs anything by itself, wherever its parts are.
//!
//! ## Scenarios
//!
//! ### 1. A month is certified, and half of it sold
//! Olga's roof has made 320 kWh that matured. She calls [`request`](Pallet::request); a deposit and the fee are held. A
//! member of the DAO moves to [`certify`](Pallet::certify): the meter's pointer of certificates moves over the 320 kWh,
//! which can never be certified again, the fee goes to the treasury, and Olga has one certificate. She
//! [`split`](Pallet::split)s 160 kWh off and [`offer`](Pallet::offer)s them for 20 DECA; Peter [`buy`](Pallet::buy)s them.
//!
//! ### 2. Energy is used
//! Peter [`retire`](Pallet::retire)s 100 kWh in the name of his bakery. A token that cannot be moved appears in his wallet,
//! his certificate has 60 kWh left. He wrote "bakry" and mends it within three days
//! ([`edit_retirement`](Pallet::edit_retirement)); what was retired nobody can mend.
//!
//! ### 3. Something does not fit
//! The DAO sees a wrong document, and [`reject`](Pallet::reject)s with the reason. Deposit and fee return at once. Olga
//! [`update`](Pallet::update)s: the request gets new checkpoints **under a new number**, so that a motion about the old one
//! cannot certify what nobody saw.
//!
//! ### 4. Certificates become money
//! A week after the issue, when nothing of it can be revoked any more, Olga [`liquidise`](Pallet::liquidise)s 160 kWh and
//! has 160 REC. She sells them anywhere. Who has them [`retire_fungible`](Pallet::retire_fungible)s, which uses up the
//! oldest certificates in the pool and may span several; or takes certificates out again for a fee
//! ([`solidify`](Pallet::solidify)).
//!
//! ### 5. Something was wrong
//! Three days after the issue the DAO learns that Peter's inverter was fed from the grid, and [`revoke`](Pallet::revoke)s
//! the issuance. Nothing of it can be used any more, whoever has it by now. What was retired before stays retired, and the
//! event says how much that is; nothing of it was in the pool or is carbon.
//!
//! ### 6. A battery
//! Nora's storage node let 40 kWh out. She owns certificates of 50 kWh of her neighbours' and calls
//! [`request_storage`](Pallet::request_storage): 50 kWh went in, 40 came out, and these certificates stand for what went
//! in. They are pledged. When the DAO certifies they are retired for good first, then the 40 kWh are issued as stored
//! energy with an efficiency of 80 %, and expire when the first of the originals would have.
//!
//! ### 7. Carbon
//! Olga [`retire_as_carbon`](Pallet::retire_as_carbon)s 10 kWh. The area's factor was 400 g/kWh when they were certified:
//! she gets 4 CO2 (kg). The attribute is used once either way.
//!
//! ## What cannot be certified
//!
//! Energy that did not mature, was voided, was certified before, or is of a meter under challenge. That of plants, which
//! feeds remote miners. That of the grid. Batteries only by scenario 6. What was estimated never enters the attested total
//! and a bonus exists in rewards only, so neither has a position that a checkpoint could lie beyond. Recovered energy can
//! be certified, and the issuance says how much of it there is.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod certificates;
mod invariants;
#[cfg(test)]
mod mock;
mod pool;
mod requests;
mod retirements;
mod storage;
#[cfg(test)]
mod tests;
pub mod token;
mod types;
mod views;
pub mod weights;

pub use pallet::*;
pub use token::RetirementTokens;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use frame_support::{
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Mutate as _, MutateHold as _},
		fungibles::{self, Mutate as _},
		tokens::{Fortitude, Precision, Preservation, Restriction},
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	claim::{ClaimKind, EnergyClaims},
	history::{Checkpoint, EnergyHistory},
	miner::{MeterDirectory, MeterId, MinerId},
	units::{Energy, Interval},
};
use sp_runtime::{
	traits::{AccountIdConversion, Zero},
	ArithmeticError,
};

/// The most entries of one page of a view function.
pub const MAX_PAGE: u32 = 100;
/// The most entries that a view function looks at to fill a page.
pub const MAX_SCAN: u32 = 1_000;

/// A request as this runtime stores it.
pub type RequestOf<T> = Request<
	<T as frame_system::Config>::AccountId,
	<T as Config>::MaxParts,
	<T as Config>::MaxReasonLength,
>;
/// An issuance as this runtime stores it.
pub type IssuanceOf<T> = Issuance<
	<T as frame_system::Config>::AccountId,
	<T as Config>::MaxParts,
	<T as Config>::MaxReasonLength,
>;
/// A certificate as this runtime stores it.
pub type CertificateOf<T> = Certificate<<T as frame_system::Config>::AccountId>;
/// A certificate's way as this runtime stores it.
pub type TrailOf<T> = Trail<<T as frame_system::Config>::AccountId>;
/// A retirement as this runtime stores it.
pub type RetirementOf<T> =
	Retirement<<T as frame_system::Config>::AccountId, <T as Config>::MaxParts>;
/// What a retirement is for, in this runtime.
pub type DetailsOf<T> = Details<<T as frame_system::Config>::AccountId>;
/// A page of certificates in this runtime.
pub type PageOf<T> = Page<<T as frame_system::Config>::AccountId>;
/// The whole way of a certificate in this runtime.
pub type HistoryOf<T> =
	History<<T as frame_system::Config>::AccountId, IssuanceOf<T>, RetirementOf<T>>;
/// A reason in the DAO's words.
pub type ReasonOf<T> = BoundedVec<u8, <T as Config>::MaxReasonLength>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what deposits and fees are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what deposits, fees and prices are paid in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Where `REC` and `CO2` live. This pallet's account is their owner, issuer and admin, and no key controls it.
		type Assets: fungibles::Mutate<Self::AccountId, AssetId = u32, Balance = Balance>
			+ fungibles::roles::Inspect<Self::AccountId>;

		/// The asset that stands for certificates in the pool: one base unit is one mWh.
		#[pallet::constant]
		type RecId: Get<u32>;

		/// The asset that energy becomes when it is retired as carbon: one base unit is one mg CO2e.
		#[pallet::constant]
		type Co2Id: Get<u32>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// Whose energy matured, the way to claim it once, and what proves it.
		type Energy: EnergyClaims + EnergyHistory;

		/// The soul-bound tokens of retirements.
		type Tokens: RetirementTokens<Self::AccountId>;

		/// The number of the tokens' collection. It is made at genesis and must be the next free one then.
		#[pallet::constant]
		type RetirementCollection: Get<u32>;

		/// Certifies and rejects: the Technical DAO, or a referendum.
		type IssuanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Revokes issuances.
		type RevocationOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Sets the emission factors of areas.
		type EmissionOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// Held while a request is pending, and returned. Governed.
		type RequestDeposit: Get<Balance>;

		/// Held while a request is pending, and paid when it is certified. Governed.
		type CertificationFee: Get<Balance>;

		/// What it costs to take certificates out of the pool. Governed.
		type SolidifyFee: Get<Balance>;

		/// For how many intervals after its issue an issuance can be revoked. Governed; an issuance keeps its own.
		type RevocationWindow: Get<Interval>;

		/// For how many intervals after its issue a certificate can be used. Governed; an issuance keeps its own.
		type Validity: Get<Interval>;

		/// For how many intervals the texts of a retirement can be mended.
		#[pallet::constant]
		type EditWindow: Get<Interval>;

		/// Who gets the fees. The account must exist, or a fee be at least the existential deposit.
		type Treasury: Get<Self::AccountId>;

		/// Names this pallet's account: the issuer of `REC` and `CO2`, the owner of the tokens' collection, and the holder of
		/// what is in the pool.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The most requests of one certification, and the most certificates that are liquidised at once.
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// The most certificates that one retirement or one solidification takes out of the pool, and the most originals of
		/// one request for stored energy.
		#[pallet::constant]
		type MaxParts: Get<u32>;

		/// The longest reason of a rejection or revocation, in bytes.
		#[pallet::constant]
		type MaxReasonLength: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Registers miners for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Deposit and fee of a pending request.
		#[codec(index = 0)]
		Request,
	}

	// The chain assigns the numbers that are keys below, so they need no hashing.

	/// The requests that stand: pending ones, and rejected ones until they are updated or cancelled.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Identity, RequestId, RequestOf<T>, OptionQuery>;

	/// The number that the next request gets.
	#[pallet::storage]
	pub type NextRequestId<T: Config> = StorageValue<_, RequestId, ValueQuery>;

	/// The requests of a miner that stand.
	#[pallet::storage]
	pub type RequestsByMiner<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, RequestId, (), OptionQuery>;

	/// The standing request that names a meter.
	#[pallet::storage]
	pub type MeterRequest<T: Config> = StorageMap<_, Identity, MeterId, RequestId, OptionQuery>;

	/// Where the last issuance of a meter ended. Of meters of generation and discharge that ever had one.
	#[pallet::storage]
	pub type CertifiedUntil<T: Config> = StorageMap<_, Identity, MeterId, Checkpoint, OptionQuery>;

	/// How far the charge of a meter stands behind certificates of stored energy.
	#[pallet::storage]
	pub type Charged<T: Config> = StorageMap<_, Identity, MeterId, ChargedUntil, OptionQuery>;

	/// All issuances. They stay: certificates and retirements refer to them.
	#[pallet::storage]
	pub type Issuances<T: Config> = StorageMap<_, Identity, IssuanceId, IssuanceOf<T>, OptionQuery>;

	/// The number that the next issuance gets.
	#[pallet::storage]
	pub type NextIssuanceId<T: Config> = StorageValue<_, IssuanceId, ValueQuery>;

	/// All certificates, used ones too, so that the way of each can be told.
	#[pallet::storage]
	pub type Certificates<T: Config> =
		StorageMap<_, Identity, CertificateId, CertificateOf<T>, OptionQuery>;

	/// The number that the next certificate gets.
	#[pallet::storage]
	pub type NextCertificateId<T: Config> = StorageValue<_, CertificateId, ValueQuery>;

	/// The certificates of an account that are not used for good. Those of the pool are the pallet's account's.
	#[pallet::storage]
	pub type CertificatesByOwner<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Identity,
		CertificateId,
		(),
		OptionQuery,
	>;

	/// All certificates of a miner's energy, used ones too.
	#[pallet::storage]
	pub type CertificatesByMiner<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, CertificateId, (), OptionQuery>;

	/// The ways of the certificates.
	#[pallet::storage]
	pub type Trails<T: Config> = StorageMap<_, Identity, CertificateId, TrailOf<T>, ValueQuery>;

	/// All retirements. They stay for good.
	#[pallet::storage]
	pub type Retirements<T: Config> =
		StorageMap<_, Identity, RetirementId, RetirementOf<T>, OptionQuery>;

	/// The number that the next retirement gets.
	#[pallet::storage]
	pub type NextRetirementId<T: Config> = StorageValue<_, RetirementId, ValueQuery>;

	/// The retirements of an account.
	#[pallet::storage]
	pub type RetirementsByOwner<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Identity,
		RetirementId,
		(),
		OptionQuery,
	>;

	/// The certificates in the pool, by their place in the queue.
	#[pallet::storage]
	pub type Queue<T: Config> = StorageMap<_, Identity, u64, CertificateId, OptionQuery>;

	/// Where the queue begins and ends, and what is in it.
	#[pallet::storage]
	pub type PoolState<T: Config> = StorageValue<_, Pool, ValueQuery>;

	/// What became of all energy that was ever certified.
	#[pallet::storage]
	pub type TotalEnergy<T: Config> = StorageValue<_, Totals, ValueQuery>;

	/// The emission factors of areas. Governed; an issuance keeps the one that held when it was certified.
	#[pallet::storage]
	pub type EmissionFactors<T: Config> =
		StorageMap<_, Blake2_128Concat, Area, EmissionFactor, OptionQuery>;

	/// Makes the collection of the retirements' tokens. There is nothing to configure.
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
			T::Tokens::create_collection(T::RetirementCollection::get(), &Pallet::<T>::account())
				.expect("the collection of the retirements can be made on a new chain");
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A miner asks for a certificate.
		Requested {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
			/// The meter.
			meter: MeterId,
			/// Its owner, who asked.
			owner: T::AccountId,
			/// The energy, in mWh.
			energy: Energy,
			/// The rejected request that it replaces, which is gone.
			replaces: Option<RequestId>,
		},
		/// A request was certified: its deposit was released, and its fee paid.
		Certified {
			/// The number of the request.
			request: RequestId,
			/// The issuance.
			issuance: IssuanceId,
			/// The certificate over all of it.
			certificate: CertificateId,
			/// The miner.
			miner: MinerId,
			/// Its owner, who has the certificate.
			owner: T::AccountId,
			/// The energy, in mWh.
			energy: Energy,
		},
		/// A request could not be certified. It stays as it was.
		CertificationFailed {
			/// The number of the request.
			request: RequestId,
			/// Why.
			error: DispatchError,
		},
		/// A request was refused. Deposit and fee were released.
		Rejected {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
			/// Why, in the DAO's words.
			reason: ReasonOf<T>,
		},
		/// A request was taken back. What was still held for it was released.
		Cancelled {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
		},
		/// The upper part of a certificate was split off.
		Split {
			/// The certificate, which keeps the lower part.
			certificate: CertificateId,
			/// The new one.
			part: CertificateId,
			/// The energy of the new one, in mWh.
			energy: Energy,
		},
		/// A certificate changed hands.
		Transferred {
			/// The certificate.
			certificate: CertificateId,
			/// Who had it.
			from: T::AccountId,
			/// Who has it.
			to: T::AccountId,
		},
		/// A certificate was put up for sale, or is not for sale any more.
		Offered {
			/// The certificate.
			certificate: CertificateId,
			/// For how much DECA.
			price: Option<Balance>,
		},
		/// A certificate was sold, and paid.
		Sold {
			/// The certificate.
			certificate: CertificateId,
			/// Who had it, and was paid.
			from: T::AccountId,
			/// Who has it, and paid.
			to: T::AccountId,
			/// How much DECA.
			price: Balance,
		},
		/// Energy was used for good.
		Retired {
			/// The number of the retirement and of its soul-bound token.
			retirement: RetirementId,
			/// Who retired it.
			retired_by: T::AccountId,
			/// The energy, in mWh.
			energy: u128,
			/// The carbon in mg that was made of it, if it was retired as carbon.
			as_carbon: Option<u128>,
		},
		/// The texts of a retirement were mended.
		RetirementEdited {
			/// The retirement.
			retirement: RetirementId,
		},
		/// Certificates went into the pool.
		Liquidised {
			/// Whose they were.
			who: T::AccountId,
			/// How many.
			certificates: u32,
			/// Their energy in mWh, and so many `REC` were made.
			energy: u128,
		},
		/// Certificates came out of the pool.
		Solidified {
			/// Whose they are, and whose `REC` were burned.
			who: T::AccountId,
			/// Which.
			certificates: Vec<CertificateId>,
			/// Their energy, in mWh.
			energy: u128,
			/// What was paid for it, in DECA.
			fee: Balance,
		},
		/// An issuance was revoked. Nothing of it can be used any more; what was retired stays retired.
		Revoked {
			/// The issuance.
			issuance: IssuanceId,
			/// What was taken away, in mWh.
			revoked: Energy,
			/// What had been retired before, and stays so, in mWh.
			retired: Energy,
			/// Why, in the DAO's words.
			reason: ReasonOf<T>,
		},
		/// The emission factor of an area was set or removed.
		EmissionFactorSet {
			/// The area.
			area: Area,
			/// What holds for what is certified from now on.
			factor: Option<EmissionFactor>,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No registered miner has this number.
		UnknownMiner,
		/// Only the owner of the miner may do this.
		NotOwner,
		/// The energy of a plant feeds remote miners, and cannot be certified.
		PlantCannotCertify,
		/// Miners of this kind have nothing to certify. Storage nodes use `requestStorage`.
		KindCannotCertify,
		/// Only storage nodes have stored energy. Use `request`.
		NotStorage,
		/// The source of this miner is the grid or a battery: what it makes is not known to be clean.
		SourceNotClean,
		/// The miner is suspended. It can be certified once the DAO reinstates it.
		MinerNotActive,
		/// No registered miner has a meter of this number.
		UnknownMeter,
		/// The meter belongs to another miner.
		MeterOfAnother,
		/// Only what a meter of generation counts is certified so.
		NotGeneration,
		/// What came out of a battery is counted by a meter of discharge.
		NotDischarge,
		/// What went into a battery is counted by a meter of charge.
		NotCharge,
		/// A standing request names this meter. Wait for the DAO; or update or cancel it if it was rejected.
		MeterBusy,
		/// A challenge of the meter is open. Wait for the ruling.
		MeterQuarantined,
		/// The meter has no energy beyond what was certified that can be proven and not be voided any more. That takes up to
		/// two days.
		NothingToCertify,
		/// No pending or rejected request has this number. It may have been certified, cancelled, or updated under another.
		UnknownRequest,
		/// The request was rejected. Its owner can update or cancel it.
		NotPending,
		/// The request was not rejected: it still waits for the DAO.
		NotRejected,
		/// The miner has another owner since the request was made. Reject it; the new owner can make one.
		OwnerChanged,
		/// The meter's pointer moved since the checkpoints were taken. Reject the request, so that it can be updated.
		EvidenceOutdated,
		/// More came out of the battery than is said to have gone in. Name as much charge as there was.
		ChargeBelowDischarge,
		/// More charge is named than the charge meter can prove and was not used before.
		ChargeNotProven,
		/// The charge begins after the discharge ended: it cannot be what came out.
		ChargeAfterDischarge,
		/// The certificates do not sum to exactly the charge. Split one.
		OriginalsDiffer,
		/// What was stored before cannot stand for what went in: it would be stored twice.
		OriginalIsStored,
		/// No certificate has this number.
		UnknownCertificate,
		/// Only the owner of the certificate may do this.
		NotHolder,
		/// The certificate was used for good.
		AlreadyRetired,
		/// The certificate is in the pool: take it out with `solidify`, or use it with `retireFungible`.
		InPool,
		/// The certificate stands for a request for stored energy. Cancel the request to free it.
		Pledged,
		/// The DAO revoked the issuance of the certificate.
		Revoked,
		/// The certificate's time is over.
		Expired,
		/// The DAO can still revoke the issuance of the certificate. `issuance` says until when; wait until then.
		StillRevocable,
		/// An amount of zero.
		AmountIsZero,
		/// More than the certificate has; or, to split, not less than it has.
		MoreThanLeft,
		/// Who gets the certificate has it already.
		SameOwner,
		/// The certificate is not for sale.
		NotForSale,
		/// The certificate has less energy than the buyer asked for: a part of it was split off.
		EnergyTooLow,
		/// The price is above the most that the buyer would pay.
		PriceTooHigh,
		/// A retirement must say in whose name it is.
		NoBeneficiary,
		/// A text is not UTF-8, or has control characters.
		BadText,
		/// The period ends before it begins.
		BadPeriod,
		/// No retirement has this number.
		UnknownRetirement,
		/// Only who retired may mend the texts.
		NotRetirer,
		/// The time in which the texts of a retirement can be mended is over.
		EditWindowOver,
		/// The amount spans more certificates of the pool than can be taken at once. Take less, several times.
		SpansTooMany,
		/// The oldest certificates of the pool are expired and cannot be used alone. They can be retired with
		/// `retireFungible`; what comes after them can be taken out then.
		HeadExpired,
		/// The issuance has no emission factor: none was set for its area then, or it is of stored energy.
		NoEmissionFactor,
		/// The energy is worth less than one mg of carbon.
		NoCarbon,
		/// No issuance has this number.
		UnknownIssuance,
		/// The issuance was revoked before.
		AlreadyRevoked,
		/// The time in which the issuance could be revoked is over.
		WindowOver,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(T::MaxBatch::get() > 0, "a batch must be able to name something");
			assert!(T::MaxParts::get() > 0, "a retirement must be able to use a certificate");
			assert!(T::RecId::get() != T::Co2Id::get(), "carbon and certificates are not the same");
			assert!(Self::tokens_fit(), "what is written on a retirement's token must fit on it");
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Ask for a certificate over the matured energy of a meter.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// For all energy beyond what was certified that can be proven and not be voided any more. Deposit and fee are held
		/// while the request is pending.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::PlantCannotCertify`], [`Error::KindCannotCertify`],
		/// [`Error::SourceNotClean`], [`Error::MinerNotActive`], [`Error::NotOwner`], [`Error::UnknownMeter`],
		/// [`Error::MeterOfAnother`], [`Error::NotGeneration`], [`Error::MeterBusy`], [`Error::MeterQuarantined`],
		/// [`Error::NothingToCertify`], [`Error::BadText`], or that of the currency when too little can be held.
		///
		/// ## Events
		/// [`Event::Requested`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::request())]
		pub fn request(
			origin: OriginFor<T>,
			miner: MinerId,
			meter: MeterId,
			documents: Documents,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_request(who, miner, meter, documents)
		}

		/// Put a rejected request to the DAO again, with other documents and new checkpoints.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// The new request has a new number, so that a motion that is still open cannot certify what nobody saw when it was
		/// made. Deposit and fee are held again. A request for stored energy names the same charge and pledges the same
		/// certificates again; to name others, cancel it and make a new one.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotRejected`], and those of [`Pallet::request`] or
		/// [`Pallet::request_storage`] but [`Error::MeterBusy`].
		///
		/// ## Events
		/// [`Event::Requested`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::update(T::MaxParts::get()))]
		pub fn update(
			origin: OriginFor<T>,
			request: RequestId,
			documents: Documents,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let originals = Self::do_update(who, request, documents)?;
			Ok(Some(T::WeightInfo::update(originals.max(1))).into())
		}

		/// Certify requests: the energy is claimed, and the certificates are issued.
		///
		/// ## Dispatch Origin
		/// [`Config::IssuanceOrigin`].
		///
		/// ## Details
		/// Each request is judged by itself: one that cannot be certified any more stays as it is with an event that says
		/// why, and the others are certified. The fee goes to the treasury, the deposit is released, and who asked has one
		/// certificate over all of the energy. Of stored energy the pledged certificates are retired before it is issued.
		///
		/// ## Errors
		/// Those of a request stand in its event: [`Error::UnknownRequest`], [`Error::NotPending`], [`Error::OwnerChanged`],
		/// [`Error::EvidenceOutdated`], [`Error::Expired`] of a pledged certificate, those of [`Pallet::request`] that
		/// concern miner and meter, or that of the currency when the treasury cannot take the fee.
		///
		/// ## Events
		/// For each request [`Event::Certified`] or [`Event::CertificationFailed`].
		#[pallet::call_index(2)]
		#[pallet::weight(
			T::WeightInfo::certify(T::MaxParts::get()).saturating_mul(requests.len().max(1) as u64)
		)]
		pub fn certify(
			origin: OriginFor<T>,
			requests: BoundedVec<RequestId, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			T::IssuanceOrigin::ensure_origin(origin)?;
			let mut weight = Weight::zero();
			for request in requests {
				let originals = match with_storage_layer(|| Self::certify_one(request)) {
					Ok(originals) => originals,
					Err(error) => {
						Self::deposit_event(Event::CertificationFailed { request, error });
						// How far it came is not known.
						T::MaxParts::get()
					}
				};
				weight.saturating_accrue(T::WeightInfo::certify(originals.max(1)));
			}
			Ok(Some(weight).into())
		}

		/// Refuse a request, and say why.
		///
		/// ## Dispatch Origin
		/// [`Config::IssuanceOrigin`].
		///
		/// ## Details
		/// Deposit and fee return at once, and pledged certificates are free. The owner reads the reason in the request, and
		/// may update or cancel it.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotPending`].
		///
		/// ## Events
		/// [`Event::Rejected`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::reject(T::MaxParts::get()))]
		pub fn reject(
			origin: OriginFor<T>,
			request: RequestId,
			reason: ReasonOf<T>,
		) -> DispatchResultWithPostInfo {
			T::IssuanceOrigin::ensure_origin(origin)?;
			let originals = Self::do_reject(request, reason)?;
			Ok(Some(T::WeightInfo::reject(originals.max(1))).into())
		}

		/// Take a request back, pending or rejected.
		///
		/// ## Dispatch Origin
		/// Signed, by who made it, or by the miner's owner.
		///
		/// ## Details
		/// What is still held returns to who made it, and the meters are free for another request.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::Cancelled`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::cancel(T::MaxParts::get()))]
		pub fn cancel(origin: OriginFor<T>, request: RequestId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let originals = Self::do_cancel(who, request)?;
			Ok(Some(T::WeightInfo::cancel(originals.max(1))).into())
		}

		/// Split the upper part of a certificate off, to the mWh.
		///
		/// ## Dispatch Origin
		/// Signed, by the certificate's owner, who gets the new one. An offer ends.
		///
		/// ## Errors
		/// Those of using a certificate: [`Error::UnknownCertificate`], [`Error::AlreadyRetired`], [`Error::InPool`],
		/// [`Error::NotHolder`], [`Error::Pledged`], [`Error::Revoked`], [`Error::Expired`]; and [`Error::AmountIsZero`],
		/// [`Error::MoreThanLeft`].
		///
		/// ## Events
		/// [`Event::Split`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::split())]
		pub fn split(
			origin: OriginFor<T>,
			certificate: CertificateId,
			#[pallet::compact] amount: Energy,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let (mut entry, issuance) = Self::usable(&who, certificate)?;
			ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
			Self::split_off(certificate, &mut entry, issuance.miner, amount, &who)?;
			Ok(())
		}

		/// Give a certificate to somebody.
		///
		/// ## Dispatch Origin
		/// Signed, by the certificate's owner. An offer ends.
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`]; and [`Error::SameOwner`].
		///
		/// ## Events
		/// [`Event::Transferred`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::transfer())]
		pub fn transfer(
			origin: OriginFor<T>,
			certificate: CertificateId,
			to: T::AccountId,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let (entry, _) = Self::usable(&who, certificate)?;
			ensure!(to != who, Error::<T>::SameOwner);
			Self::hand_over(certificate, entry, &to, State::Live);
			Self::note(certificate, What::Transferred(to.clone()), &who);
			Self::deposit_event(Event::Transferred { certificate, from: who, to });
			Ok(())
		}

		/// Use a certificate, or a part of it, for good.
		///
		/// ## Dispatch Origin
		/// Signed, by the certificate's owner.
		///
		/// ## Details
		/// `amount` in mWh is split off first; without one all of it is retired. Who retires gets a token that can neither be
		/// moved nor burned, whose number is that of the retirement. It cannot be undone, also not by the DAO.
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`]; and [`Error::AmountIsZero`], [`Error::MoreThanLeft`],
		/// [`Error::NoBeneficiary`], [`Error::BadText`], [`Error::BadPeriod`].
		///
		/// ## Events
		/// [`Event::Split`] when a part is retired, and [`Event::Retired`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::retire())]
		pub fn retire(
			origin: OriginFor<T>,
			certificate: CertificateId,
			amount: Option<Energy>,
			details: DetailsOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::check_details(&details, true)?;
			let (part, entry, _) = Self::take_live(&who, certificate, amount)?;
			Self::retire_parts(who, [(part, entry)].into(), Sum::Live, details, None)
		}

		/// Mend the texts of a retirement.
		///
		/// ## Dispatch Origin
		/// Signed, by who retired, within [`Config::EditWindow`].
		///
		/// ## Details
		/// What was retired, the account and the period stay as they are.
		///
		/// ## Errors
		/// [`Error::UnknownRetirement`], [`Error::NotRetirer`], [`Error::EditWindowOver`], [`Error::NoBeneficiary`],
		/// [`Error::BadText`].
		///
		/// ## Events
		/// [`Event::RetirementEdited`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::edit_retirement())]
		pub fn edit_retirement(
			origin: OriginFor<T>,
			retirement: RetirementId,
			texts: Texts,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_edit_retirement(who, retirement, texts)
		}

		/// Put certificates into the pool, and get `REC` for them.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of all of them.
		///
		/// ## Details
		/// One base unit of `REC` for each mWh. Only certificates that cannot be revoked any more are taken, so that nothing
		/// in the pool ever is worth less than the rest. All are taken or none. They queue up behind those that are there.
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`]; and [`Error::StillRevocable`]; [`Error::AmountIsZero`] when
		/// none is named.
		///
		/// ## Events
		/// [`Event::Liquidised`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::liquidise(certificates.len() as u32))]
		pub fn liquidise(
			origin: OriginFor<T>,
			certificates: BoundedVec<CertificateId, T::MaxBatch>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_liquidise(who, certificates)
		}

		/// Use `REC` for good: the oldest certificates of the pool are retired.
		///
		/// ## Dispatch Origin
		/// Signed, by an account that has the `REC`.
		///
		/// ## Details
		/// `amount` in mWh. May span several certificates; the last one is split if need be. For the rest as
		/// [`Pallet::retire`]. What is in the pool does not expire for retirement: who holds `REC` did not choose which
		/// certificate is the oldest, and a thing that is as good as any other must not be worth nothing overnight. It was
		/// taken into the pool while it was valid.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], [`Error::SpansTooMany`], [`Error::NoBeneficiary`], [`Error::BadText`],
		/// [`Error::BadPeriod`], or that of the assets pallet when the caller has too few.
		///
		/// ## Events
		/// [`Event::Split`] when one is split, and [`Event::Retired`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::retire_fungible(T::MaxParts::get()))]
		pub fn retire_fungible(
			origin: OriginFor<T>,
			#[pallet::compact] amount: Balance,
			details: DetailsOf<T>,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let parts = Self::do_retire_fungible(who, amount, details)?;
			Ok(Some(T::WeightInfo::retire_fungible(parts)).into())
		}

		/// Turn `REC` back into certificates: the oldest ones of the pool.
		///
		/// ## Dispatch Origin
		/// Signed, by an account that has the `REC` and can pay [`Config::SolidifyFee`].
		///
		/// ## Details
		/// `amount` in mWh. May span several certificates; the last one is split if need be. They are live again, as long as
		/// they are valid.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], [`Error::SpansTooMany`], [`Error::HeadExpired`], that of the assets pallet when the
		/// caller has too few, or that of the currency when it cannot pay.
		///
		/// ## Events
		/// [`Event::Split`] when one is split, and [`Event::Solidified`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::solidify(T::MaxParts::get()))]
		pub fn solidify(
			origin: OriginFor<T>,
			#[pallet::compact] amount: Balance,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let parts = Self::do_solidify(who, amount)?;
			Ok(Some(T::WeightInfo::solidify(parts)).into())
		}

		/// Use a certificate, or a part of it, for good as carbon.
		///
		/// ## Dispatch Origin
		/// Signed, by the certificate's owner.
		///
		/// ## Details
		/// Makes `CO2` for the caller: the energy times the emission factor that the issuance carries, rounded down to the mg.
		/// Only of certificates that cannot be revoked any more, because `CO2` can be sold on. No beneficiary needs to be
		/// named: the claim is the carbon. For the rest as [`Pallet::retire`].
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`]; and [`Error::StillRevocable`],
		/// [`Error::NoEmissionFactor`], [`Error::NoCarbon`], [`Error::AmountIsZero`], [`Error::MoreThanLeft`],
		/// [`Error::BadText`], [`Error::BadPeriod`].
		///
		/// ## Events
		/// [`Event::Split`] when a part is retired, and [`Event::Retired`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::retire_as_carbon())]
		pub fn retire_as_carbon(
			origin: OriginFor<T>,
			certificate: CertificateId,
			amount: Option<Energy>,
			details: DetailsOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_retire_as_carbon(who, certificate, amount, details)
		}

		/// Take an issuance back.
		///
		/// ## Dispatch Origin
		/// [`Config::RevocationOrigin`], while the issuance can be revoked.
		///
		/// ## Details
		/// Costs the same whatever became of it: its live certificates cannot be used any more, whoever has them. What was
		/// retired stays retired; nothing of it is in the pool yet. The energy stays claimed, so it cannot be certified anew.
		///
		/// ## Errors
		/// [`Error::UnknownIssuance`], [`Error::AlreadyRevoked`], [`Error::WindowOver`].
		///
		/// ## Events
		/// [`Event::Revoked`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::revoke())]
		pub fn revoke(
			origin: OriginFor<T>,
			issuance: IssuanceId,
			reason: ReasonOf<T>,
		) -> DispatchResult {
			T::RevocationOrigin::ensure_origin(origin)?;
			let at = T::CurrentInterval::get();
			let (revoked, retired) = Issuances::<T>::try_mutate(issuance, |entry| {
				let entry = entry.as_mut().ok_or(Error::<T>::UnknownIssuance)?;
				ensure!(entry.revocation.is_none(), Error::<T>::AlreadyRevoked);
				ensure!(at < entry.revocable_until, Error::<T>::WindowOver);
				let live = entry.sums.live;
				entry.sums.shift(Sum::Live, Sum::Revoked, live)?;
				entry.revocation = Some(Revocation { at, reason: reason.clone() });
				Ok::<_, DispatchError>((live, entry.sums.retired))
			})?;
			Self::count(|totals| {
				totals.revoked = totals.revoked.checked_add(revoked.into())?;
				Some(())
			})?;
			Self::deposit_event(Event::Revoked { issuance, revoked, retired, reason });
			Ok(())
		}

		/// Set the emission factor of an area, or remove it.
		///
		/// ## Dispatch Origin
		/// [`Config::EmissionOrigin`].
		///
		/// ## Details
		/// Holds for what is certified from now on. What was certified keeps its own.
		///
		/// ## Events
		/// [`Event::EmissionFactorSet`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::set_emission_factor())]
		pub fn set_emission_factor(
			origin: OriginFor<T>,
			area: Area,
			factor: Option<EmissionFactor>,
		) -> DispatchResult {
			T::EmissionOrigin::ensure_origin(origin)?;
			EmissionFactors::<T>::set(&area, factor.clone());
			Self::deposit_event(Event::EmissionFactorSet { area, factor });
			Ok(())
		}

		/// Put a certificate up for sale, or end that.
		///
		/// ## Dispatch Origin
		/// Signed, by the certificate's owner.
		///
		/// ## Details
		/// For `price` in base units of DECA, for all of it. An offer ends with whatever happens to the certificate.
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`]; and [`Error::AmountIsZero`] for a price of zero.
		///
		/// ## Events
		/// [`Event::Offered`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::offer())]
		pub fn offer(
			origin: OriginFor<T>,
			certificate: CertificateId,
			price: Option<Balance>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let (mut entry, _) = Self::usable(&who, certificate)?;
			ensure!(price != Some(0), Error::<T>::AmountIsZero);
			entry.price = price;
			Certificates::<T>::insert(certificate, entry);
			Self::deposit_event(Event::Offered { certificate, price });
			Ok(())
		}

		/// Buy a certificate that is for sale.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone but its owner.
		///
		/// ## Details
		/// Payment and certificate change hands at once. The buyer pays the price that was asked, no more than `max_price`, and
		/// gets no less than `min_energy` mWh: a price that was raised meanwhile, or a part that was split off before the
		/// certificate was put up for sale again, does not surprise it.
		///
		/// ## Errors
		/// Those of using a certificate, see [`Pallet::split`], but [`Error::NotHolder`]; and [`Error::SameOwner`],
		/// [`Error::NotForSale`], [`Error::EnergyTooLow`], [`Error::PriceTooHigh`], or that of the currency when the buyer
		/// cannot pay.
		///
		/// ## Events
		/// [`Event::Sold`].
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::buy())]
		pub fn buy(
			origin: OriginFor<T>,
			certificate: CertificateId,
			#[pallet::compact] min_energy: Energy,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let to = ensure_signed(origin)?;
			let (entry, _) = Self::usable_of_anyone(certificate)?;
			let from = entry.owner.clone();
			ensure!(to != from, Error::<T>::SameOwner);
			let price = entry.price.ok_or(Error::<T>::NotForSale)?;
			ensure!(entry.energy() >= min_energy, Error::<T>::EnergyTooLow);
			ensure!(price <= max_price, Error::<T>::PriceTooHigh);
			T::Currency::transfer(&to, &from, price, Preservation::Preserve)?;
			Self::hand_over(certificate, entry, &to, State::Live);
			Self::note(certificate, What::Sold { from: from.clone(), price }, &to);
			Self::deposit_event(Event::Sold { certificate, from, to, price });
			Ok(())
		}

		/// Ask for a certificate over what came out of a battery, in place of certificates over what went in.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the miner, a storage node, and of the certificates.
		///
		/// ## Details
		/// Certified is all that the discharge meter counted beyond what was certified. `charged` mWh at the charge meter,
		/// from where the last one ended, stand behind it: first in, first out, because both pointers only move forward. The
		/// certificates must sum to exactly that, and cannot be revoked any more. They are pledged until the DAO rules.
		///
		/// ## Errors
		/// As [`Pallet::request`], with [`Error::NotStorage`], [`Error::NotDischarge`] and [`Error::NotCharge`]; those of
		/// using a certificate, see [`Pallet::split`]; and [`Error::StillRevocable`], [`Error::OriginalIsStored`],
		/// [`Error::OriginalsDiffer`], [`Error::ChargeBelowDischarge`], [`Error::ChargeNotProven`],
		/// [`Error::ChargeAfterDischarge`].
		///
		/// ## Events
		/// [`Event::Requested`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::request_storage(certificates.len() as u32))]
		pub fn request_storage(
			origin: OriginFor<T>,
			miner: MinerId,
			discharge_meter: MeterId,
			charge_meter: MeterId,
			#[pallet::compact] charged: Energy,
			certificates: BoundedVec<CertificateId, T::MaxParts>,
			documents: Documents,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let meters = (discharge_meter, charge_meter);
			Self::do_request_storage(who, miner, meters, charged, certificates, documents)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A request that stands, by its number.
		pub fn request_by_id(request: RequestId) -> Option<RequestOf<T>> {
			Requests::<T>::get(request)
		}

		/// The requests that stand, in the order of the storage: pending ones (`false`), or rejected ones (`true`), or both;
		/// up to `limit` of them, at most [`MAX_PAGE`], after the one with the number `after`, or from the first one on.
		pub fn requests_open(
			rejected: Option<bool>,
			after: Option<RequestId>,
			limit: u32,
		) -> Vec<(RequestId, RequestOf<T>)> {
			Self::page_of_requests(rejected, after, limit)
		}

		/// The numbers of a miner's requests that stand; at most [`MAX_PAGE`].
		pub fn requests_of(miner: MinerId) -> Vec<RequestId> {
			RequestsByMiner::<T>::iter_key_prefix(miner).take(MAX_PAGE as usize).collect()
		}

		/// A certificate, by its number.
		pub fn certificate(certificate: CertificateId) -> Option<Listed<T::AccountId>> {
			Self::listed(certificate)
		}

		/// An issuance, by its number.
		pub fn issuance(issuance: IssuanceId) -> Option<IssuanceOf<T>> {
			Issuances::<T>::get(issuance)
		}

		/// All certificates in the order of the storage, or those with one status, from the one after the number `after` on;
		/// up to `limit`, at most [`MAX_PAGE`].
		pub fn certificates(
			status: Option<Status>,
			after: Option<CertificateId>,
			limit: u32,
		) -> PageOf<T> {
			Self::page(Self::ids_of_all(after), status, limit)
		}

		/// The certificates of an account that are not used for good; for the rest as [`Pallet::certificates`].
		pub fn certificates_of(
			owner: T::AccountId,
			status: Option<Status>,
			after: Option<CertificateId>,
			limit: u32,
		) -> PageOf<T> {
			Self::page(Self::ids_of_owner(owner, after), status, limit)
		}

		/// All certificates of a miner's energy; for the rest as [`Pallet::certificates`].
		pub fn certificates_of_miner(
			miner: MinerId,
			status: Option<Status>,
			after: Option<CertificateId>,
			limit: u32,
		) -> PageOf<T> {
			Self::page(Self::ids_of_miner(miner, after), status, limit)
		}

		/// The whole way of a certificate, from the claim to where it stands.
		pub fn history_of(certificate: CertificateId) -> Option<HistoryOf<T>> {
			Self::history(certificate)
		}

		/// A retirement, by its number.
		pub fn retirement(retirement: RetirementId) -> Option<RetirementOf<T>> {
			Retirements::<T>::get(retirement)
		}

		/// The numbers of an account's retirements, after the number `after`; up to `limit`, at most [`MAX_PAGE`].
		pub fn retirements_of(
			owner: T::AccountId,
			after: Option<RetirementId>,
			limit: u32,
		) -> Vec<RetirementId> {
			Self::page_of_retirements(owner, after, limit)
		}

		/// What is in the pool.
		pub fn pool() -> Pool {
			PoolState::<T>::get()
		}

		/// The oldest certificates in the pool, which are used first: up to `limit`, at most [`MAX_PAGE`].
		pub fn pool_head(limit: u32) -> Vec<Listed<T::AccountId>> {
			Self::page_of_pool(limit)
		}

		/// What became of all energy that was ever certified.
		pub fn totals() -> Totals {
			TotalEnergy::<T>::get()
		}

		/// The emission factor of an area.
		pub fn emission_factor(area: Area) -> Option<EmissionFactor> {
			EmissionFactors::<T>::get(area)
		}

		/// How much of a meter's energy a request would be for now, in mWh, or why it would be refused. Also of a meter that
		/// is in a request.
		pub fn certifiable(miner: MinerId, meter: MeterId) -> Result<Energy, DispatchError> {
			let (from, to) = Self::certifiable_span(miner, meter)?;
			Ok(to.position.saturating_sub(from.position))
		}

		/// The account that issues `REC` and `CO2` and holds what is in the pool.
		pub fn rec_account() -> T::AccountId {
			Self::account()
		}
	}
}

impl<T: Config> Pallet<T> {
	/// This pallet's account. No key controls it.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// Changes the totals; fails when one would overflow.
	pub(crate) fn count(change: impl FnOnce(&mut Totals) -> Option<()>) -> DispatchResult {
		TotalEnergy::<T>::try_mutate(|totals| {
			change(totals).ok_or(DispatchError::Arithmetic(ArithmeticError::Overflow))
		})
	}
}
