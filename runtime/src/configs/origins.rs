//! What a public referendum can decide as, and how long a day of governance is.
//!
//! Each track of the referenda ends in one of these origins. All periods of governance are told in hours and turned into
//! blocks by a number that is set at genesis, so one blob serves a production chain, where a day takes a day, and a
//! development chain, where it takes seconds.

use crate::{BlockNumber, Runtime, RuntimeOrigin};
use frame_support::traits::EnsureOrigin;

pub use pallet::*;

#[frame_support::pallet]
pub mod pallet {
	use super::production_day;
	use frame_support::pallet_prelude::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// How many blocks a day of governance has: 14,400 in production. Set at genesis and never changed.
	#[pallet::storage]
	pub type BlocksPerDay<T: Config> = StorageValue<_, u32, ValueQuery, ProductionDay>;

	/// The default of [`BlocksPerDay`].
	#[pallet::type_value]
	pub fn ProductionDay() -> u32 {
		production_day()
	}

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// How many blocks a day of governance has; 14,400 when absent.
		pub blocks_per_day: Option<u32>,
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			if let Some(blocks) = self.blocks_per_day {
				assert!(blocks > 0, "origins.blocksPerDay must be above zero");
				BlocksPerDay::<T>::put(blocks);
			}
		}
	}

	/// What a referendum decides as, below root.
	#[pallet::origin]
	#[derive(
		Clone,
		Copy,
		PartialEq,
		Eq,
		Debug,
		Encode,
		Decode,
		DecodeWithMemTracking,
		MaxEncodedLen,
		TypeInfo,
	)]
	pub enum Origin {
		/// Carries out as root what the Technical DAO has put on the whitelist.
		#[codec(index = 0)]
		WhitelistedCaller,
		/// Spends from the treasury, up to a limit.
		#[codec(index = 1)]
		Treasurer,
		/// Admits, suspends and revokes miners.
		#[codec(index = 2)]
		MinerAdmission,
		/// Approves payment requests.
		#[codec(index = 3)]
		Minting,
		/// Sets the governed numbers.
		#[codec(index = 4)]
		Parameters,
		/// Cancels a referendum; its deposits are returned.
		#[codec(index = 5)]
		ReferendumCanceller,
		/// Kills a referendum; its deposits go to the treasury.
		#[codec(index = 6)]
		ReferendumKiller,
	}
}

impl Config for Runtime {}

/// Blocks in a day of production, where a slot takes six seconds.
const fn production_day() -> u32 {
	crate::DAYS
}

/// So many hours of governance in blocks, at least one. Rounds down.
pub fn hours(hours: u32) -> BlockNumber {
	let blocks = u64::from(hours) * u64::from(BlocksPerDay::<Runtime>::get()) / 24;
	BlockNumber::try_from(blocks).unwrap_or(BlockNumber::MAX).max(1)
}

/// So many days of governance in blocks, at least one.
pub fn days(days: u32) -> BlockNumber {
	hours(days.saturating_mul(24))
}

macro_rules! ensures {
	($($(#[$doc:meta])* $name:ident is $origin:ident;)*) => {$(
		$(#[$doc])*
		pub struct $name;
		impl EnsureOrigin<RuntimeOrigin> for $name {
			type Success = ();

			fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
				let origin: Result<Origin, RuntimeOrigin> = origin.into();
				match origin? {
					Origin::$origin => Ok(()),
					other => Err(other.into()),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
				Ok(Origin::$origin.into())
			}
		}
	)*};
}

ensures! {
	/// A referendum on the track of whitelisted calls.
	EnsureWhitelistedCaller is WhitelistedCaller;
	/// A referendum on the treasurer's track.
	EnsureTreasurer is Treasurer;
	/// A referendum on the track of miner admission.
	EnsureMinerAdmission is MinerAdmission;
	/// A referendum on the minting track.
	EnsureMinting is Minting;
	/// A referendum on the track of parameters.
	EnsureParameters is Parameters;
	/// A referendum on the track that cancels referenda.
	EnsureReferendumCanceller is ReferendumCanceller;
	/// A referendum on the track that kills referenda.
	EnsureReferendumKiller is ReferendumKiller;
}
