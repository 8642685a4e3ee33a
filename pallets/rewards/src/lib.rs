//! # Rewards: what clean energy earns
//!
//! Pools pay for days. A miner whose day was good has a *weight* in the pool of its category, and gets the share of the
//! day's budget that its weight has in all weights. A plant lends its days to buyers of *units*, who earn as if each had a
//! piece of the plant on their own roof. The formulas stand in `docs/rewards.md`, from which an independent model computes
//! the same numbers.
//!
//! ## Terminology
//!
//! - **Pool**: the money of one category. Its books have four columns: free *funds*, *reserved* for closed days, *due* to
//!   earners, *paid*.
//! - **Record**: the weight of one miner on one day. Anyone may record, two or three days after it; the fee returns.
//! - **Closed**: a day is closed from the fourth day after it on. Its budget is then reserved by whoever collects first.
//! - **Collect**: to turn a record into what is due. Each record is collected once.
//! - **Listing**: a plant that sells units of 100 W, from the day after it was listed until it is delisted.
//! - **Position**: a purchase of units at one listing, for the days from `from` through `until`.
//! - **Rolled, settled**: a day of a listing is rolled when it was decided who is fed and whether it is silent, and settled
//!   when it was credited. Days go through both one after the other, without a gap.
//! - **Boundary**: the end of a day at which units join or leave a listing.
//! - **Escrow**: what buyers paid for days that are not settled.
//!
//! ## Scenarios
//!
//! ### 1. A roof earns
//! Olga's roof is a standard miner. She calls [`enroll`](Pallet::enroll) with its generation meter, and it joins a group of
//! neighbours. Two days after each day, a bot that somebody runs for nothing calls [`record`](Pallet::record) for sixteen
//! roofs at once: the week up to that day is weighed, and four of Olga's neighbours, whose sky was the same, vouch for her.
//! When she likes, she calls [`claim`](Pallet::claim): the days that are closed are collected, and what is due is paid.
//!
//! ### 2. A plant sells units
//! Petra lists a plant of 10 kW at a price of a tenth of a DECA for a unit and day with [`list_plant`](Pallet::list_plant).
//! 80 units can be sold. Carol, who has no roof, buys ten of them with [`buy_units`](Pallet::buy_units) and pays 365 DECA
//! into escrow. The bot calls [`advance_plants`](Pallet::advance_plants) every day; the cost of it does not depend on how
//! many units there are. Carol collects what her units earned with [`claim_units`](Pallet::claim_units), and Petra her
//! daily price, and what the pool of plants pays her, with [`claim_plant`](Pallet::claim_plant).
//!
//! ### 3. A plant fails
//! The inverter burns. On each silent day the holders get the price back; after the third the plant is delisted. Carol
//! moves her units to another plant with [`rebind`](Pallet::rebind): what she paid for the days that were not served pays there.
//! Dave would rather have his money back and calls [`refund`](Pallet::refund).
//!
//! ### 4. A challenged meter
//! A challenge of a meter is open while its day would be recorded. The day is recorded with no weight, and the neighbours
//! get no vote from that meter. What was recorded before is not touched: rewards are for days on which nothing was known
//! against them, and the challenge decides about the energy.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod days;
mod enrolment;
pub mod formula;
mod groups;
mod invariants;
#[cfg(test)]
mod mock;
mod plants;
mod pools;
#[cfg(test)]
mod tests;
mod types;
mod units;
pub mod weights;

pub use days::{CLOSED_AFTER, RECORDED_AFTER};
pub use pallet::*;
pub use plants::MAX_ROLLED;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use core::ops::Range;
use frame_support::{
	fail,
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Inspect as _, Mutate as _},
		tokens::{Fortitude, Preservation},
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	history::{Day, DayEnergy, MeterReport, MeterReports},
	miner::{Flow, MeterDirectory, MeterId, MinerId, MinerKind, Source},
	units::{Energy, Interval, Watts, INTERVALS_PER_DAY},
};
use plants::Moved;
use pools::{minus, plus, Payment};
use sp_runtime::{
	traits::{AccountIdConversion, Saturating, Zero},
	ArithmeticError, Permill,
};

/// The most listings of one page of [`Pallet::listings`], and the most that [`Pallet::positions_of`] returns.
pub const MAX_PAGE: u32 = 100;

/// The longest life of a unit, in days.
pub const MAX_LIFE: Day = 3_650;

/// An enrolment as this runtime stores it.
pub type EnrolmentOf<T> = Enrolment<<T as frame_system::Config>::AccountId>;
/// A listing as this runtime stores it.
pub type ListingOf<T> = Listing<<T as frame_system::Config>::AccountId>;
/// A position as this runtime stores it.
pub type PositionOf<T> = Position<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// DECA: what rewards and units are paid in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// What was measured lately.
		type Reports: MeterReports;

		/// What flexibility events earned a consumer; `()` is nothing.
		type Flexibility: FlexibilityFactors;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// Sets what a pool pays per day. Tells whether it may have it minted.
		type EmissionOrigin: EnsureOrigin<Self::RuntimeOrigin, Success = bool>;

		/// Randomness of the last blocks, for the lottery.
		type Seed: Get<[u8; 32]>;

		/// The energy of a week in mWh up to which every mWh counts in full. Governed.
		type NormThreshold: Get<Energy>;

		/// How many hours of its nameplate a solar system can yield in a day. Governed.
		type SolarHours: Get<u32>;

		/// The share of a plant's capacity that is sold as units. Governed.
		type UnitShare: Get<Permill>;

		/// The smallest plant that can be listed, in W. Governed.
		type MinPlant: Get<Watts>;

		/// The largest plant that can be listed, in W. Governed.
		type MaxPlant: Get<Watts>;

		/// After how many silent days in a row a plant is delisted. Governed.
		type SilentDays: Get<u32>;

		/// How many minutes of its nameplate a plant must yield for its day not to be silent. Governed.
		type MinDailyMinutes: Get<u32>;

		/// For how many days a unit is fed; kept within 1 and 3,650. Governed.
		type UnitLife: Get<u32>;

		/// How the plant's own reward is computed. Governed.
		type PlantVersion: Get<PlantVersion>;

		/// What version B pays per day and plant, in base units of DECA. Governed.
		type PlantDaily: Get<Balance>;

		/// The most plants that version B pays for. Governed.
		type PlantCap: Get<u32>;

		/// The share of miners that take part in a day; all when `None`. Governed.
		type Lottery: Get<Option<Permill>>;

		/// Names this pallet's account and the inboxes of the pools.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The most miners of one [`Pallet::record`], and the most listings of one [`Pallet::advance_plants`].
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Registers miners and moves the clock, for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The books of the pools.
	#[pallet::storage]
	pub type Pools<T: Config> = StorageMap<_, Identity, Category, Pool, ValueQuery>;

	/// What each pool pays for a day. The pool of plants has no entry: what it pays follows from the governed version.
	#[pallet::storage]
	pub type Emissions<T: Config> = StorageMap<_, Identity, Category, Emission, OptionQuery>;

	/// The days of which something was recorded and not all of it collected.
	#[pallet::storage]
	pub type DayBooks<T: Config> =
		StorageDoubleMap<_, Identity, Category, Identity, Day, DayBook, OptionQuery>;

	/// The miners that take part. The chain assigns the numbers, so they need no hashing.
	#[pallet::storage]
	pub type Enrolments<T: Config> = StorageMap<_, Identity, MinerId, EnrolmentOf<T>, OptionQuery>;

	/// The known days of consumers.
	#[pallet::storage]
	pub type Histories<T: Config> = StorageMap<_, Identity, MinerId, History, ValueQuery>;

	/// The seeds of the lottery, of the days that can be recorded.
	#[pallet::storage]
	pub type Seeds<T: Config> =
		StorageValue<_, BoundedVec<(Day, [u8; 32]), ConstU32<OPEN_DAYS>>, ValueQuery>;

	/// How many stand in a cell.
	#[pallet::storage]
	pub type Cells<T: Config> = StorageMap<_, Blake2_128Concat, Cell, u32, ValueQuery>;

	/// The groups of a cell, by number.
	#[pallet::storage]
	pub type Groups<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, Cell, Identity, u32, Group, ValueQuery>;

	/// Where a miner stands.
	#[pallet::storage]
	pub type Places<T: Config> = StorageMap<_, Identity, MinerId, Place, OptionQuery>;

	/// The plants that sell units, or did and still owe.
	#[pallet::storage]
	pub type Listings<T: Config> = StorageMap<_, Identity, ListingId, ListingOf<T>, OptionQuery>;

	/// The number that the next listing gets.
	#[pallet::storage]
	pub type NextListingId<T: Config> = StorageValue<_, ListingId, ValueQuery>;

	/// The listing of a plant whose last day was not rolled.
	#[pallet::storage]
	pub type ListedMiners<T: Config> = StorageMap<_, Identity, MinerId, ListingId, OptionQuery>;

	/// The ends of days at which units of a listing join or leave it.
	#[pallet::storage]
	pub type Boundaries<T: Config> =
		StorageDoubleMap<_, Identity, ListingId, Identity, Day, Boundary, OptionQuery>;

	/// The purchases of units.
	#[pallet::storage]
	pub type Positions<T: Config> = StorageMap<_, Identity, PositionId, PositionOf<T>, OptionQuery>;

	/// The number that the next position gets.
	#[pallet::storage]
	pub type NextPositionId<T: Config> = StorageValue<_, PositionId, ValueQuery>;

	/// Who holds which positions.
	#[pallet::storage]
	pub type PositionsByOwner<T: Config> =
		StorageDoubleMap<_, Blake2_128Concat, T::AccountId, Identity, PositionId, (), OptionQuery>;

	/// The books of what buyers of units paid in.
	#[pallet::storage]
	pub type EscrowSums<T: Config> = StorageValue<_, EscrowBook, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Pools, what is minted into their funds, and what they pay for a day.
		pub pools: Vec<(Category, Balance, Option<Emission>)>,
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		/// Also gives the pallet's account what it needs to exist, outside of every pool, unless it has it.
		fn build(&self) {
			Pallet::<T>::open_account();
			for (category, funds, emission) in &self.pools {
				Pallet::<T>::open_pool(*category, *funds, *emission);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Somebody gave to a pool.
		Funded {
			/// The pool.
			category: Category,
			/// Who.
			who: T::AccountId,
			/// How much, in base units of DECA.
			amount: Balance,
		},
		/// What lay in the inbox of a pool was taken in.
		Swept {
			/// The pool.
			category: Category,
			/// How much, in base units of DECA.
			amount: Balance,
		},
		/// The emission of a day was minted.
		Minted {
			/// The pool.
			category: Category,
			/// How much, in base units of DECA.
			amount: Balance,
		},
		/// What a pool pays for a day was set, or ended.
		EmissionSet {
			/// The pool.
			category: Category,
			/// What holds from now on, also for days that are not closed.
			emission: Option<Emission>,
		},
		/// A miner takes part.
		Enrolled {
			/// The miner.
			miner: MinerId,
			/// The meter that it earns by.
			meter: MeterId,
			/// The pool that it earns from.
			category: Category,
		},
		/// A miner takes part no more. What it has open is still collected and paid.
		Left {
			/// The miner.
			miner: MinerId,
		},
		/// Days were recorded.
		Recorded {
			/// For how many miners.
			miners: u32,
			/// How many days, over all of them.
			days: u32,
		},
		/// A miner's rewards were paid.
		Claimed {
			/// The miner.
			miner: MinerId,
			/// Its owner, who was paid.
			to: T::AccountId,
			/// How much, in base units of DECA.
			amount: Balance,
		},
		/// A plant sells units.
		Listed {
			/// The number of the listing.
			listing: ListingId,
			/// The plant.
			miner: MinerId,
			/// What a unit costs for a day, in base units of DECA.
			price: Balance,
			/// How many units it has.
			max_units: u32,
			/// Its first day.
			first: Day,
		},
		/// A listing opened or closed its sale.
		SellingSet {
			/// The number of the listing.
			listing: ListingId,
			/// Whether units can be bought.
			selling: bool,
		},
		/// A listing ends.
		Delisted {
			/// The number of the listing.
			listing: ListingId,
			/// Its last day.
			last: Day,
			/// Whether the plant was silent for too long; otherwise its owner did it.
			silent: bool,
		},
		/// Units were bought.
		UnitsBought {
			/// The number of the purchase.
			position: PositionId,
			/// Where.
			listing: ListingId,
			/// Who holds them.
			owner: T::AccountId,
			/// How many.
			units: u32,
			/// The first day on which they are fed.
			from: Day,
			/// The last one.
			until: Day,
			/// What was paid, in base units of DECA.
			paid: Balance,
		},
		/// Days of plants were rolled or settled.
		PlantsAdvanced {
			/// For how many plants.
			plants: u32,
			/// How many days were rolled.
			rolled: u32,
			/// How many days were settled.
			settled: u32,
		},
		/// The owner of a plant was paid.
		PlantPaid {
			/// The number of the listing.
			listing: ListingId,
			/// Who was paid.
			to: T::AccountId,
			/// For feeding units, in base units of DECA.
			earned: Balance,
			/// From the pool of plants, in base units of DECA.
			own: Balance,
		},
		/// The holder of units was paid.
		UnitsPaid {
			/// The number of the purchase.
			position: PositionId,
			/// Who was paid.
			to: T::AccountId,
			/// From the pool, in base units of DECA.
			reward: Balance,
			/// For silent days, in base units of DECA.
			refund: Balance,
		},
		/// A purchase was served to its last day, and is gone.
		PositionServed {
			/// The number of the purchase.
			position: PositionId,
		},
		/// Units of a plant that was delisted moved to another.
		Rebound {
			/// The number of the purchase, which it keeps.
			position: PositionId,
			/// The listing that feeds it now.
			listing: ListingId,
			/// The first day on which it does.
			from: Day,
			/// The last one.
			until: Day,
			/// What the days that were not served had cost, in base units of DECA.
			credit: Balance,
			/// What they cost now, in base units of DECA.
			cost: Balance,
		},
		/// The days that a delisted plant did not serve were paid back, and the purchase is gone.
		Refunded {
			/// The number of the purchase.
			position: PositionId,
			/// Who was paid.
			to: T::AccountId,
			/// For the days that were not served, in base units of DECA.
			amount: Balance,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// Nothing is nothing: name an amount.
		AmountIsZero,
		/// The inbox of this pool is empty.
		NothingToSweep,
		/// This origin may not have an emission minted. A referendum may.
		MayNotMint,
		/// The pool of plants has no emission: the governed version says what it pays for a day. Fund it.
		NotEmitted,
		/// No registered miner has this number.
		UnknownMiner,
		/// No registered miner has a meter of this number.
		UnknownMeter,
		/// Only the owner may do this.
		NotOwner,
		/// The miner is suspended. Wait until the DAO reinstates it.
		MinerNotActive,
		/// The meter belongs to another miner.
		MeterOfAnother,
		/// The meter was taken out of service.
		MeterRetired,
		/// Plants are listed, and remote units are bought; neither enrols.
		KindNotRewarded,
		/// Miners of this kind earn by a meter of another flow: standard ones by generation, storage nodes by discharge,
		/// consumers by consumption or import.
		WrongFlow,
		/// The miner takes part, or its last days are not collected. Claim them once they are closed.
		AlreadyEnrolled,
		/// The miner does not take part.
		NotEnrolled,
		/// There is nothing to pay yet. A day can be collected from the fourth day after it on.
		NothingToClaim,
		/// Only a plant can be listed.
		NotPlant,
		/// The plant is smaller or larger than a listed plant may be.
		CapacityOutOfRange,
		/// The plant is listed, or its last day is not rolled. Advance it two days after its last day.
		AlreadyListed,
		/// No listing has this number. It may have ended, with everything paid.
		UnknownListing,
		/// The listing has ended.
		Delisted,
		/// The owner does not sell units at the moment.
		NotSelling,
		/// Name at least one unit.
		NoUnits,
		/// The plant has fewer units left. It may sell a governed share of its capacity, and no more.
		TooFewUnits,
		/// The price is above the one that you named.
		PriceTooHigh,
		/// No purchase has this number. It may have been served to its end, or refunded.
		UnknownPosition,
		/// The plant still feeds these units, or its days are not settled to the last one. Advance it.
		NotOver,
		/// The plant fed these units to their last day. Claim what is due.
		FullyServed,
		/// Two entries of the chain's books contradict each other. Should never be seen; report it.
		BooksDisagree,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			assert!(T::MaxBatch::get() > 0, "a batch must take something");
			assert!(
				CLOSED_AFTER.checked_sub(RECORDED_AFTER) == Some(OPEN_DAYS),
				"a miner has room for exactly the days that can be recorded at once"
			);
			assert!(!T::Currency::minimum_balance().is_zero(), "the account must have to exist");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Give to a pool.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Details
		/// What is given stays: it is paid to earners, day by day.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], or that of the currency when the caller has too little.
		///
		/// ## Events
		/// [`Event::Funded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::fund())]
		pub fn fund(
			origin: OriginFor<T>,
			category: Category,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
			T::Currency::transfer(&who, &Self::account_id(), amount, Preservation::Expendable)?;
			Self::take_in(category, amount)?;
			Self::deposit_event(Event::Funded { category, who, amount });
			Ok(())
		}

		/// Take in what was sent to the inbox of a pool.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// A treasury pays to accounts. Each pool has one for that, which [`Pallet::inbox_account`] names.
		///
		/// ## Errors
		/// [`Error::NothingToSweep`].
		///
		/// ## Events
		/// [`Event::Swept`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::sweep())]
		pub fn sweep(origin: OriginFor<T>, category: Category) -> DispatchResult {
			ensure_signed(origin)?;
			let inbox = Self::inbox(category);
			let amount =
				T::Currency::reducible_balance(&inbox, Preservation::Expendable, Fortitude::Polite);
			ensure!(!amount.is_zero(), Error::<T>::NothingToSweep);
			T::Currency::transfer(&inbox, &Self::account_id(), amount, Preservation::Expendable)?;
			Self::take_in(category, amount)?;
			Self::deposit_event(Event::Swept { category, amount });
			Ok(())
		}

		/// Set what a pool pays for a day, or end it.
		///
		/// ## Dispatch Origin
		/// [`Config::EmissionOrigin`], which tells whether it may have the emission minted.
		///
		/// ## Details
		/// Holds for every day whose budget is not reserved yet.
		///
		/// ## Errors
		/// [`Error::NotEmitted`] for the pool of plants, [`Error::MayNotMint`].
		///
		/// ## Events
		/// [`Event::EmissionSet`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_emission())]
		pub fn set_emission(
			origin: OriginFor<T>,
			category: Category,
			emission: Option<Emission>,
		) -> DispatchResult {
			let may_mint = T::EmissionOrigin::ensure_origin(origin)?;
			ensure!(category != Category::Plant, Error::<T>::NotEmitted);
			let mints = emission.is_some_and(|emission| emission.source == EmissionSource::Mint);
			ensure!(may_mint || !mints, Error::<T>::MayNotMint);
			Emissions::<T>::set(category, emission);
			Self::deposit_event(Event::EmissionSet { category, emission });
			Ok(())
		}

		/// Take part with a miner, by one of its meters.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// From this day on. A standard miner earns by a meter of generation, a storage node by one of discharge, a consumer
		/// by one of consumption or import. A standard miner joins a group of neighbours at its place.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::MinerNotActive`], [`Error::UnknownMeter`],
		/// [`Error::MeterOfAnother`], [`Error::MeterRetired`], [`Error::KindNotRewarded`], [`Error::WrongFlow`],
		/// [`Error::AlreadyEnrolled`].
		///
		/// ## Events
		/// [`Event::Enrolled`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::enroll())]
		pub fn enroll(origin: OriginFor<T>, miner: MinerId, meter: MeterId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			let (info, of_meter) = Self::owned_meter(&owner, miner, meter)?;
			let category = Self::category(info.kind, of_meter.flow)?;
			ensure!(!Enrolments::<T>::contains_key(miner), Error::<T>::AlreadyEnrolled);
			if category == Category::Generation {
				Self::join_group(&info.profile.location, (miner, meter))?;
			}
			let enrolment = Enrolment {
				category,
				meter,
				owner,
				next: Self::today(),
				open: Default::default(),
				due: 0,
				left: false,
			};
			Enrolments::<T>::insert(miner, enrolment);
			Self::deposit_event(Event::Enrolled { miner, meter, category });
			Ok(())
		}

		/// Take part no more.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner; by anyone once the meter that it earns by is out of service, as when the miner is
		/// revoked, so that no place in a group stays empty.
		///
		/// ## Details
		/// Nothing is recorded any more, and its place in its group is free at once. What is due is paid. Days that were
		/// recorded and are not closed can be claimed when they are, and with the last of them the entry goes. What is known
		/// of a consumer's last 30 days is forgotten.
		///
		/// ## Errors
		/// [`Error::NotEnrolled`], also when it has left before, [`Error::NotOwner`], or that of the currency when the
		/// payment is below the minimum balance of an account that does not exist.
		///
		/// ## Events
		/// [`Event::Left`], and [`Event::Claimed`] if something was due.
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>, miner: MinerId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let mut enrolment = Enrolments::<T>::get(miner)
				.filter(|enrolment| !enrolment.left)
				.ok_or(Error::<T>::NotEnrolled)?;
			let in_service = T::Miners::meter(enrolment.meter).is_some_and(|meter| !meter.retired);
			let owns = || T::Miners::miner(miner).is_some_and(|info| info.owner == who);
			ensure!(!in_service || owns(), Error::<T>::NotOwner);
			Self::collect_days(&mut enrolment, Self::today())?;
			Self::leave_group(miner)?;
			Histories::<T>::remove(miner);
			enrolment.left = true;
			Self::deposit_event(Event::Left { miner });
			Self::pay_miner(miner, enrolment)
		}

		/// Record the days of miners that are over, and not yet closed.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// For each miner, the day before yesterday and the one before that, if they were not recorded: the week that ends
		/// with the day is weighed, and the weight added to the day of the pool. A day that is withheld is recorded with no
		/// weight, once and for all. A miner of which nothing can be recorded is passed over. What the miners have open from
		/// closed days is collected on the way. The fee is returned if any day was recorded.
		///
		/// ## Events
		/// [`Event::Recorded`], if any day was.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::record().saturating_mul(miners.len().max(1) as u64))]
		pub fn record(
			origin: OriginFor<T>,
			miners: BoundedVec<MinerId, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let today = Self::today();
			let (mut recorded, mut days) = (0u32, 0u32);
			for miner in miners {
				// One that fails is passed over, as if it had not been named.
				let count =
					with_storage_layer(|| Self::record_miner(miner, today)).unwrap_or_default();
				recorded.saturating_accrue(count.min(1));
				days.saturating_accrue(count);
			}
			if days.is_zero() {
				return Ok(Pays::Yes.into());
			}
			Self::deposit_event(Event::Recorded { miners: recorded, days });
			Ok(Pays::No.into())
		}

		/// Collect the closed days of a miner, and pay its owner all that is due.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// A share is the day's budget times the miner's weight divided by all weights, rounded down. The first to collect
		/// of a day has its budget reserved; with the last of them what rounding left goes back to the pool. Paid is who
		/// owns the miner now, or, if it was revoked, who owned it when it was last recorded or paid.
		///
		/// ## Errors
		/// [`Error::NotEnrolled`], [`Error::NothingToClaim`], or that of the currency when the payment is below the minimum
		/// balance of an account that does not exist.
		///
		/// ## Events
		/// [`Event::Claimed`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::claim())]
		pub fn claim(origin: OriginFor<T>, miner: MinerId) -> DispatchResult {
			ensure_signed(origin)?;
			let mut enrolment = Enrolments::<T>::get(miner).ok_or(Error::<T>::NotEnrolled)?;
			let open = enrolment.open.len();
			Self::collect_days(&mut enrolment, Self::today())?;
			// A share may be nothing, and still be the last that kept the entry.
			let collected = enrolment.open.len() < open;
			ensure!(collected || !enrolment.due.is_zero(), Error::<T>::NothingToClaim);
			Self::pay_miner(miner, enrolment)
		}

		/// List a plant: sell units of 100 W that it feeds.
		///
		/// ## Dispatch Origin
		/// Signed, by the plant's owner.
		///
		/// ## Details
		/// Its first day is tomorrow. `price` is what a unit costs for a day, in base units of DECA; the owner earns it for
		/// each day on which the plant is not silent. How many units there are follows from the capacity and the share that
		/// is governed now. The plant joins a group of neighbours at its place.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::MinerNotActive`], [`Error::UnknownMeter`],
		/// [`Error::MeterOfAnother`], [`Error::MeterRetired`], [`Error::NotPlant`], [`Error::WrongFlow`],
		/// [`Error::CapacityOutOfRange`], [`Error::AlreadyListed`].
		///
		/// ## Events
		/// [`Event::Listed`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::list_plant())]
		pub fn list_plant(
			origin: OriginFor<T>,
			miner: MinerId,
			meter: MeterId,
			#[pallet::compact] price: Balance,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::list(owner, miner, meter, price)
		}

		/// Open or close the sale of a plant's units.
		///
		/// ## Dispatch Origin
		/// Signed, by the plant's owner.
		///
		/// ## Details
		/// What was sold is fed on.
		///
		/// ## Errors
		/// [`Error::UnknownListing`], [`Error::NotOwner`], [`Error::Delisted`].
		///
		/// ## Events
		/// [`Event::SellingSet`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::set_selling())]
		pub fn set_selling(
			origin: OriginFor<T>,
			listing: ListingId,
			selling: bool,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let mut plant = Self::owned_listing(&who, listing)?;
			ensure!(plant.last.is_none(), Error::<T>::Delisted);
			plant.selling = selling;
			Listings::<T>::insert(listing, plant);
			Self::deposit_event(Event::SellingSet { listing, selling });
			Ok(())
		}

		/// End a listing: today is its last day.
		///
		/// ## Dispatch Origin
		/// Signed, by the plant's owner.
		///
		/// ## Details
		/// Its days are still recorded and settled through today. Then its holders can move what is left, or have it back.
		///
		/// ## Errors
		/// [`Error::UnknownListing`], [`Error::NotOwner`], [`Error::Delisted`].
		///
		/// ## Events
		/// [`Event::Delisted`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::delist())]
		pub fn delist(origin: OriginFor<T>, listing: ListingId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let mut plant = Self::owned_listing(&who, listing)?;
			ensure!(plant.last.is_none(), Error::<T>::Delisted);
			// On the day on which it was listed nothing was rolled or settled, and there is nothing to do.
			let last = Self::today().max(plant.rolled);
			plant.last = Some(last);
			plant.selling = false;
			Self::leave_when_rolled_out(&plant)?;
			Self::put_listing(listing, plant);
			Self::deposit_event(Event::Delisted { listing, last, silent: false });
			Ok(())
		}

		/// Buy units of a plant.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Details
		/// They are fed from tomorrow on, for as many days as a unit lives by the governed number. The price of all days is
		/// paid now, into escrow: day by day it goes to the plant's owner, or back to the holder for a silent one.
		///
		/// ## Errors
		/// [`Error::NoUnits`], [`Error::UnknownListing`], [`Error::PriceTooHigh`], [`Error::Delisted`],
		/// [`Error::NotSelling`], [`Error::MinerNotActive`], [`Error::TooFewUnits`], or that of the currency when the caller
		/// has too little.
		///
		/// ## Events
		/// [`Event::UnitsBought`].
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::buy_units())]
		pub fn buy_units(
			origin: OriginFor<T>,
			listing: ListingId,
			#[pallet::compact] units: u32,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			ensure!(!units.is_zero(), Error::<T>::NoUnits);
			Self::buy(owner, listing, units, max_price)
		}

		/// Move plants forward: settle the days that are closed, and roll those that are over.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// A day is rolled from the second day after it on, and recorded with that if it is not closed; a plant that nobody
		/// advances for too long loses the days in between, for its holders and itself. It is settled once it is closed. At
		/// most [`MAX_ROLLED`] days of a listing are rolled in one call. The cost is the same whatever the number of units.
		/// The fee is returned if any day was moved.
		///
		/// ## Events
		/// [`Event::PlantsAdvanced`] if any day was moved, and [`Event::Delisted`] for a plant that was silent for too long.
		#[pallet::call_index(11)]
		#[pallet::weight(
			T::WeightInfo::advance_plants(MAX_ROLLED).saturating_mul(listings.len().max(1) as u64)
		)]
		pub fn advance_plants(
			origin: OriginFor<T>,
			listings: BoundedVec<ListingId, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let mut weight = Weight::zero();
			let mut all = Moved::default();
			let mut plants = 0u32;
			for listing in listings {
				let moved = with_storage_layer(|| Self::advance(listing));
				// How far one came that failed is not known; it is passed over, as if it had not been named.
				let rolled = moved.as_ref().map_or(MAX_ROLLED, |moved| moved.rolled);
				weight.saturating_accrue(T::WeightInfo::advance_plants(rolled));
				let moved = moved.unwrap_or_default();
				plants.saturating_accrue(u32::from(moved.any()));
				all.add(moved);
			}
			if plants.is_zero() {
				return Ok((Some(weight), Pays::Yes).into());
			}
			let Moved { rolled, settled } = all;
			Self::deposit_event(Event::PlantsAdvanced { plants, rolled, settled });
			Ok((Some(weight), Pays::No).into())
		}

		/// Pay the owner of a plant what it earned by feeding units, and what the pool of plants owes it.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// Of the days that are settled. Paid is who owns the plant now, or, if it was revoked, who owned it when it was
		/// last advanced or paid.
		///
		/// ## Errors
		/// [`Error::UnknownListing`], [`Error::NothingToClaim`], or that of the currency when the payment is below the
		/// minimum balance of an account that does not exist.
		///
		/// ## Events
		/// [`Event::PlantPaid`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::claim_plant())]
		pub fn claim_plant(origin: OriginFor<T>, listing: ListingId) -> DispatchResult {
			ensure_signed(origin)?;
			let mut plant = Listings::<T>::get(listing).ok_or(Error::<T>::UnknownListing)?;
			let to = Self::plant_owner(&plant);
			let earned = core::mem::take(&mut plant.earned);
			let own = core::mem::take(&mut plant.own);
			let payment = Payment { pool: Some((Category::Plant, own)), escrow: earned };
			let paid = Self::pay(&to, payment)?;
			ensure!(!paid.is_zero(), Error::<T>::NothingToClaim);
			plant.owner = to.clone();
			Self::put_listing(listing, plant);
			Self::deposit_event(Event::PlantPaid { listing, to, earned, own });
			Ok(())
		}

		/// Pay the holder of units what they earned on the days that are settled.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// A purchase whose last day is settled is gone with it. The cost is the same whatever the number of units.
		///
		/// ## Errors
		/// [`Error::UnknownPosition`], [`Error::UnknownListing`], [`Error::NothingToClaim`], or that of the currency when
		/// the payment is below the minimum balance of an account that does not exist.
		///
		/// ## Events
		/// [`Event::UnitsPaid`] if anything was due, and [`Event::PositionServed`] with the last day.
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::claim_units())]
		pub fn claim_units(origin: OriginFor<T>, position: PositionId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::collect_units(position)
		}

		/// Move units of a plant that was delisted to another, for the days that were not served.
		///
		/// ## Dispatch Origin
		/// Signed, by the holder.
		///
		/// ## Details
		/// The first day at the new plant is tomorrow. What the days had cost at the old one pays for them at the new one;
		/// the difference is paid by the holder, or to it, together with what was still due. The purchase keeps its number,
		/// and draws from the new plant alone.
		///
		/// ## Errors
		/// [`Error::UnknownPosition`], [`Error::NotOwner`], [`Error::UnknownListing`], [`Error::NotOver`],
		/// [`Error::FullyServed`], [`Error::PriceTooHigh`], [`Error::Delisted`], [`Error::NotSelling`],
		/// [`Error::MinerNotActive`], [`Error::TooFewUnits`], or that of the currency when the caller has too little.
		///
		/// ## Events
		/// [`Event::Rebound`], and [`Event::UnitsPaid`] if anything was due.
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::rebind())]
		pub fn rebind(
			origin: OriginFor<T>,
			position: PositionId,
			listing: ListingId,
			#[pallet::compact] max_price: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::move_units(who, position, listing, max_price)
		}

		/// Have paid back what a delisted plant did not serve.
		///
		/// ## Dispatch Origin
		/// Signed, by the holder.
		///
		/// ## Details
		/// Together with what was still due. The purchase is gone.
		///
		/// ## Errors
		/// [`Error::UnknownPosition`], [`Error::NotOwner`], [`Error::UnknownListing`], [`Error::NotOver`],
		/// [`Error::FullyServed`], or that of the currency when the payment is below the minimum balance of an account that
		/// does not exist.
		///
		/// ## Events
		/// [`Event::Refunded`], and [`Event::UnitsPaid`] if anything was due.
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::refund())]
		pub fn refund(origin: OriginFor<T>, position: PositionId) -> DispatchResult {
			let to = ensure_signed(origin)?;
			Self::give_back(to, position)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// The account that holds everything.
		pub fn account() -> T::AccountId {
			Self::account_id()
		}

		/// Where money for a pool can be sent; [`Pallet::sweep`] takes it in.
		pub fn inbox_account(category: Category) -> T::AccountId {
			Self::inbox(category)
		}

		/// The books of a pool.
		pub fn pool(category: Category) -> Pool {
			Pools::<T>::get(category)
		}

		/// What a pool pays for a day. None for the pool of plants.
		pub fn emission(category: Category) -> Option<Emission> {
			Emissions::<T>::get(category)
		}

		/// A day of a pool, until all that was recorded of it is collected.
		pub fn day(category: Category, day: Day) -> Option<DayBook> {
			DayBooks::<T>::get(category, day)
		}

		/// What is known of a miner that takes part.
		pub fn enrolment(miner: MinerId) -> Option<EnrolmentOf<T>> {
			Enrolments::<T>::get(miner)
		}

		/// What a miner that takes part would weigh on a day if it was recorded now. For a day that the lottery has no seed
		/// of as if it was drawn. A consumer's history counts as it is: recording adds the day to it first.
		pub fn weight_of(miner: MinerId, day: Day) -> Option<Weighing> {
			let enrolment = Enrolments::<T>::get(miner)?;
			let sight = Self::sight(miner, enrolment.meter);
			let seed = T::Lottery::get().zip(Self::seed_of(day)).map(|(parts, seed)| (seed, parts));
			let mut votes = Default::default();
			Some(Self::weigh(miner, enrolment.category, &sight, &mut votes, seed, day))
		}

		/// The seed of the lottery of a day, as long as it can be recorded.
		pub fn seed(day: Day) -> Option<[u8; 32]> {
			Self::seed_of(day)
		}

		/// The neighbours of a miner, and itself.
		pub fn group_of(miner: MinerId) -> Vec<MinerId> {
			let Some(Place { cell, number }) = Places::<T>::get(miner) else {
				return Vec::new();
			};
			let group = Groups::<T>::get(cell, number / GROUP);
			group.into_iter().map(|(member, _)| member).collect()
		}

		/// What is due to a miner's owner, with what can be collected of closed days whose budget is reserved.
		pub fn due_of_miner(miner: MinerId) -> Balance {
			let Some(enrolment) = Enrolments::<T>::get(miner) else { return 0 };
			let collectable = enrolment.open.iter().filter_map(|(day, weight)| {
				let book = DayBooks::<T>::get(enrolment.category, day)?;
				Some(formula::share(*weight, book.closed?.budget, book.weight))
			});
			collectable.fold(enrolment.due, |sum, share| sum.saturating_add(share))
		}

		/// A listing.
		pub fn listing(listing: ListingId) -> Option<ListingOf<T>> {
			Listings::<T>::get(listing)
		}

		/// Listings in the order of the storage, each with how many units can be bought: up to `limit` of them, at most
		/// [`MAX_PAGE`], after the one with the number `after`, or from the first one on.
		pub fn listings(
			after: Option<ListingId>,
			limit: u32,
		) -> Vec<(ListingId, ListingOf<T>, u32)> {
			let entries = match after {
				Some(listing) => Listings::<T>::iter_from_key(listing),
				None => Listings::<T>::iter(),
			};
			entries
				.take(limit.min(MAX_PAGE) as usize)
				.map(|(listing, plant)| {
					let free = plant.free_units();
					(listing, plant, free)
				})
				.collect()
		}

		/// A purchase of units.
		pub fn position(position: PositionId) -> Option<PositionOf<T>> {
			Positions::<T>::get(position)
		}

		/// The numbers of somebody's purchases; at most [`MAX_PAGE`].
		pub fn positions_of(owner: T::AccountId) -> Vec<PositionId> {
			PositionsByOwner::<T>::iter_key_prefix(owner).take(MAX_PAGE as usize).collect()
		}

		/// What is due to the holder of a purchase.
		pub fn due_of(position: PositionId) -> Accumulator {
			Positions::<T>::get(position)
				.and_then(|entry| {
					let plant = Listings::<T>::get(entry.listing)?;
					Self::due(&plant, &entry).ok().flatten()
				})
				.map(|(due, _)| due)
				.unwrap_or_default()
		}

		/// What was paid in for units, and where it is.
		pub fn escrow() -> EscrowBook {
			EscrowSums::<T>::get()
		}
	}
}
