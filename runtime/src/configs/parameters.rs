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
use heliograph_primitives::{
	trade::Price,
	units::{Energy, Interval, Watts, INTERVALS_PER_DAY, KWH},
};
use sp_runtime::Permill;

pub use dynamic_params::{
	issuance, lots, metering, miners, order_book, rec, rewards, slot_auction, storage_nodes,
};

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

	/// Certificates.
	#[dynamic_pallet_params]
	#[codec(index = 3)]
	pub mod rec {
		/// Held while a request for a certificate waits.
		#[codec(index = 0)]
		pub static RequestDeposit: Balance = DECA;

		/// Held with it, and paid to the treasury when the certificate is issued.
		#[codec(index = 1)]
		pub static CertificationFee: Balance = DECA / 10;

		/// Paid to the treasury for turning REC back into certificates.
		#[codec(index = 2)]
		pub static SolidifyFee: Balance = DECA / 10;

		/// For how many intervals after its issue what was certified can be revoked, and cannot go into the pool of
		/// certificates.
		#[codec(index = 3)]
		pub static RevocationWindow: Interval = 7 * INTERVALS_PER_DAY;

		/// For how many intervals after its issue a certificate is valid.
		#[codec(index = 4)]
		pub static Validity: Interval = 365 * INTERVALS_PER_DAY;
	}

	/// Rewards, plants and their units.
	#[dynamic_pallet_params]
	#[codec(index = 4)]
	pub mod rewards {
		/// The energy of a week, in mWh, that counts in full; what is above it counts by its fifth root.
		#[codec(index = 0)]
		pub static NormThreshold: Energy = 28 * KWH;

		/// For how many hours of a day the sun is believed to shine on a module at its nameplate.
		#[codec(index = 1)]
		pub static SolarHours: u32 = 12;

		/// The share of its capacity that a plant may sell as units.
		#[codec(index = 2)]
		pub static UnitShare: Permill = Permill::from_percent(80);

		/// The smallest plant that can be listed, in W.
		#[codec(index = 3)]
		pub static MinPlant: Watts = 2_000;

		/// The largest, in W.
		#[codec(index = 4)]
		pub static MaxPlant: Watts = 40_000;

		/// After how many silent days in a row a plant is delisted.
		#[codec(index = 5)]
		pub static SilentDays: u32 = 3;

		/// How many minutes at its nameplate a plant has to measure on a day that is not silent.
		#[codec(index = 6)]
		pub static MinDailyMinutes: u32 = 6;

		/// For how many days a unit is fed.
		#[codec(index = 7)]
		pub static UnitLife: u32 = 365;

		/// How a plant's own reward is computed. A day keeps the version that held when it was closed.
		#[codec(index = 8)]
		pub static PlantVersion: pallet_rewards::PlantVersion = pallet_rewards::PlantVersion::A;

		/// What version B pays for a day, times the number of plants.
		#[codec(index = 9)]
		pub static PlantDaily: Balance = 675 * DECA;

		/// The most plants that it is multiplied by.
		#[codec(index = 10)]
		pub static PlantCap: u32 = 330;

		/// The share of miners that take part in a day; all of them when there is none.
		#[codec(index = 11)]
		pub static Lottery: Option<Permill> = None;
	}

	/// The order book of KWH and DECA.
	#[dynamic_pallet_params]
	#[codec(index = 5)]
	pub mod order_book {
		/// What an order that is filled as it comes pays of what the energy costs.
		#[codec(index = 0)]
		pub static TakerFee: Permill = Permill::from_parts(2_000);

		/// What an order pays that waited in the book. It keeps the share that held when it was placed.
		#[codec(index = 1)]
		pub static MakerFee: Permill = Permill::from_parts(1_000);

		/// The least energy of an order, in mWh.
		#[codec(index = 2)]
		pub static MinimumEnergy: Energy = KWH / 10;
	}

	/// The auctions of energy in quarters of an hour.
	#[dynamic_pallet_params]
	#[codec(index = 6)]
	pub mod slot_auction {
		/// How many intervals before its own the orders of an auction are taken from.
		#[codec(index = 0)]
		pub static GateOpening: Interval = 2 * INTERVALS_PER_DAY;

		/// How many intervals before its own they are not taken any more.
		#[codec(index = 1)]
		pub static GateClosure: Interval = 1;

		/// How many intervals after its own an auction waits for readings.
		#[codec(index = 2)]
		pub static Grace: Interval = 8;

		/// What is kept of what sellers get.
		#[codec(index = 3)]
		pub static SlotFee: Permill = Permill::from_parts(2_500);

		/// The least energy of an order, in mWh.
		#[codec(index = 4)]
		pub static MinimumEnergy: Energy = KWH / 100;
	}

	/// Stored energy that is sold as a lot.
	#[dynamic_pallet_params]
	#[codec(index = 7)]
	pub mod lots {
		/// What is kept of what sellers get. A lot keeps the share with which it was listed.
		#[codec(index = 0)]
		pub static Fee: Permill = Permill::from_percent(1);

		/// By what share of the best bid the next one has to be higher.
		#[codec(index = 1)]
		pub static MinRaise: Permill = Permill::from_percent(1);

		/// The least energy of a lot, in mWh.
		#[codec(index = 2)]
		pub static MinimumEnergy: Energy = KWH / 10;

		/// For how many intervals a lot can be listed.
		#[codec(index = 3)]
		pub static MaxDuration: Interval = 7 * INTERVALS_PER_DAY;

		/// How many intervals before the close a bid is late, and by how many it extends the auction.
		#[codec(index = 4)]
		pub static ExtendWithin: Interval = 1;

		/// For how many intervals the winner can draw.
		#[codec(index = 5)]
		pub static DrawWindow: Interval = 7 * INTERVALS_PER_DAY;

		/// How many intervals after its own a reading is waited for.
		#[codec(index = 6)]
		pub static Grace: Interval = 8;
	}

	/// Batteries.
	#[dynamic_pallet_params]
	#[codec(index = 8)]
	pub mod storage_nodes {
		/// The least bond of a node.
		#[codec(index = 0)]
		pub static MinBond: Balance = 10 * DECA;

		/// The bond for a kWh of capacity: ten times what the payment fund pays for one.
		#[codec(index = 1)]
		pub static BondPerKwh: Balance = DECA;

		/// What a node pays for a mWh that it did not deliver, or that is missing: 0.3 DECA per kWh.
		#[codec(index = 2)]
		pub static PenaltyPrice: Price = 300_000;

		/// How many intervals have to pass after one before it is accounted for.
		#[codec(index = 3)]
		pub static Grace: Interval = 8;

		/// For how many intervals a request for a withdrawal waits for the node.
		#[codec(index = 4)]
		pub static AcceptWindow: Interval = INTERVALS_PER_DAY;

		/// For how many intervals energy may be missing before the bond pays for it.
		#[codec(index = 5)]
		pub static CoverWindow: Interval = 7 * INTERVALS_PER_DAY;
	}
}

/// Root, or a referendum on the track of parameters.
pub type EnsurePublic = EitherOfDiverse<EnsureRoot<AccountId>, EnsureParameters>;

/// The public, or the Technical DAO: who sets numbers.
pub type EnsureNumbers = EitherOfDiverse<EnsurePublic, EnsureTechnicalDao>;

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
			| RuntimeParametersKey::Miners(_)
			| RuntimeParametersKey::Rec(_)
			| RuntimeParametersKey::Rewards(_)
			| RuntimeParametersKey::OrderBook(_)
			| RuntimeParametersKey::SlotAuction(_)
			| RuntimeParametersKey::Lots(_)
			| RuntimeParametersKey::StorageNodes(_) => EnsureNumbers::try_origin(origin).map(drop),
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
