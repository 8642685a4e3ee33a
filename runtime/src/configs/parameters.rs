//! Numbers that governance sets while the chain runs, and their defaults.
//!
//! Each is read where it is used, so a change holds from the next extrinsic on. What was recorded before it (a deposit,
//! the evidence of a request) stays as it was recorded.

use super::{origins::EnsureParameters, EnsureTechnicalDao};
use crate::{AccountId, Balance, Runtime, RuntimeEvent, RuntimeOrigin, DECA};
use frame_support::{
	dynamic_params::{dynamic_pallet_params, dynamic_params},
	traits::{EitherOfDiverse, EnsureOrigin, EnsureOriginWithArg},
};
use frame_system::EnsureRoot;
use heliograph_primitives::units::{Interval, INTERVALS_PER_DAY};
use sp_runtime::Permill;

pub use dynamic_params::{issuance, metering, miners};

/// The governed numbers, by what they govern.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic_params {
	use super::*;

	/// From energy to tokens.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod issuance {
		/// What the payment fund pays for one KWH.
		#[codec(index = 0)]
		pub static DecaPerKwh: Balance = DECA / 10;

		/// The miner's share of what is minted and paid.
		#[codec(index = 1)]
		pub static MinerShare: Permill = Permill::from_percent(80);

		/// The storage node's share. What is left of the whole goes to the treasury.
		#[codec(index = 2)]
		pub static NodeShare: Permill = Permill::from_percent(10);

		/// How far the pool's price may lie from `DecaPerKwh` for a payout as liquidity.
		#[codec(index = 3)]
		pub static MaxPoolDeviation: Permill = Permill::from_percent(20);

		/// The share of the Technical Committee that approves payment requests: two thirds, rounded down, so that two of
		/// three members reach it. Below one half it counts as one half.
		#[codec(index = 4)]
		pub static Threshold: Permill = Permill::from_parts(666_666);

		/// Held while a payment request waits.
		#[codec(index = 5)]
		pub static RequestDeposit: Balance = DECA;
	}

	/// Readings and challenges.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod metering {
		/// How many readings an operator may submit in one block with the fee returned.
		#[codec(index = 0)]
		pub static FeelessReadingsPerBlock: u32 = 1_024;

		/// Held from whoever challenges a meter, and what a challenge that is upheld takes from the owner.
		#[codec(index = 1)]
		pub static ChallengeBond: Balance = 100 * DECA;

		/// After how many intervals a challenge that nobody ruled on can be closed by anyone.
		#[codec(index = 2)]
		pub static ChallengeTimeout: Interval = 7 * INTERVALS_PER_DAY;
	}

	/// Registration.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod miners {
		/// Held per application, and kept for the miner that it becomes.
		#[codec(index = 0)]
		pub static ApplicationDeposit: Balance = 10 * DECA;

		/// Held per meter, on top of it.
		#[codec(index = 1)]
		pub static MeterDeposit: Balance = DECA;
	}
}

/// Root, or a referendum on the track of parameters.
type EnsurePublic = EitherOfDiverse<EnsureRoot<AccountId>, EnsureParameters>;

/// Who may set which number: the public all of them, the Technical DAO all but its own threshold.
pub struct EnsureMaySet;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for EnsureMaySet {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, key: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
		use dynamic_params::issuance::ParametersKey;
		match key {
			RuntimeParametersKey::Issuance(ParametersKey::Threshold(_)) => {
				EnsurePublic::try_origin(origin).map(drop)
			}
			RuntimeParametersKey::Issuance(_)
			| RuntimeParametersKey::Metering(_)
			| RuntimeParametersKey::Miners(_) => {
				EitherOfDiverse::<EnsurePublic, EnsureTechnicalDao>::try_origin(origin).map(drop)
			}
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
		Ok(RuntimeOrigin::root())
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		use dynamic_params::issuance;
		Self::Issuance(issuance::Parameters::DecaPerKwh(issuance::DecaPerKwh, Some(DECA)))
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = EnsureMaySet;
	/// The crate does not publish the weights with the chain's own database costs; these are higher.
	type WeightInfo = ();
}
