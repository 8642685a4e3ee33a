//! # Metering: how much was measured
//!
//! Devices sign what their registers show at the end of each quarter of an hour. This pallet checks every signature and
//! every number, keeps per meter one value of constant size that only moves forward, and lets other pallets use each
//! watt-hour once.
//!
//! ## Terminology
//!
//! - **Interval**: 15 minutes of UTC, numbered `unix time / 900 s`. A development chain may let intervals pass faster, by
//!   [`IntervalMillis`]; what an interval *stands for* is 900 s everywhere.
//! - **Register**: a meter's cumulative energy in mWh. Energy is the difference of registers, never an integral of power.
//! - **Epoch**: counts a register's resets. A register that falls is believed only in a new epoch, which the device signs.
//! - **Attested total**: all energy accepted of a meter, over all epochs.
//! - **Recovered**: energy that counts but cannot be assigned to one interval, because the site was offline in between.
//! - **Matured**: the part of the attested total that arrived longer ago than the challenge window, 24 hours. Only it can
//!   be claimed. Maturity counts from the *arrival*, so that late data can be challenged too.
//! - **Claim**: a use of matured energy. Each kind of claim has one pointer per meter, which only moves forward.
//! - **Checkpoint**: a meter between two of its readings: its register, its history hash, and where it stood in its matured
//!   total. It is **ripe** once all energy up to it has matured: then a challenge can void nothing of it any more.
//! - **Quarantine**: while a challenge is open, nothing of the meter matures and nothing can be claimed. What would have
//!   matured is *detained*.
//! - **Voided**: energy that an upheld challenge took away. It stays in the attested total and can never be claimed.
//! - **Oracle**: who signs for a meter without a key of its own, whose numbers come from a vendor's interface.
//! - **Use**: what a meter's energy is spoken for in trade. A meter has one use at a time, and is *booked* for it as often
//!   as who trades asks.
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
//! ### 5. Energy is used
//! A day later Olga's 0.267 kWh have matured. Another pallet calls `claim(meter, kind, up_to)`: the pointer of that kind
//! moves up to `up_to`, and the pallet gets exactly the energy that it passed. There is nothing left to claim twice.
//!
//! ### 6. A meter that cheats
//! Wanda sees that the meter of a 5 kW roof reports 5 kW at midnight. She calls [`challenge`](Pallet::challenge), which
//! holds a bond of hers and quarantines the meter. Readings are still taken. The Technical DAO looks at the evidence and
//! calls [`uphold`](Pallet::uphold): all energy that had not matured is voided, no energy of the last ten days earns a
//! reward, Wanda gets her bond back, and as much again out of the deposit of the roof's owner.
//!
//! ### 7. A frivolous challenge
//! Mallory challenges Olga's meter to stop her from claiming. The DAO calls [`dismiss`](Pallet::dismiss): the bond is gone,
//! and what was detained has matured. If the DAO does not rule within a week, anyone calls
//! [`expire_challenge`](Pallet::expire_challenge): Mallory gets the bond back, and Olga's meter is free.
//!
//! ### 8. A meter behind an interface
//! A vendor offers the numbers of an inverter in the cloud. Three oracles of a set of five sign the same reading, the
//! agent submits it with their signatures, and it counts as one signed by a device. A fourth that saw another number stands
//! in nobody's way.
//!
//! ### 9. A storage node's neighbours
//! The export meters of a street are assigned to a storage node. For each interval the chain adds up what they measured;
//! the node cannot have received more, and what it says it lost can be judged.
//!
//! ### 10. Energy that is proven reading by reading
//! Olga wants a certificate that anyone can check against her readings. The chain knows how much has matured, but no longer
//! what her register showed just then. So she gets it up to the *ripe* checkpoint, 24 to 48 hours old, of which it has kept
//! the register and the hash of all readings so far. Who has the readings since the checkpoint of her last certificate can
//! prove each of them.
//!
//! ### 11. A day is counted
//! Two days after a day is over, a pallet that pays rewards asks for the [`report`](Pallet::report) of Olga's meter: the
//! energy and the measured intervals of each of the last ten days, and the profile of the last 96 intervals, to compare with
//! her neighbours'. It is one read, and energy that was recovered is of no day.
//!
//! ### 12. Energy is sold once
//! Nora offers what her battery gives out tomorrow in three auctions of a quarter of an hour. Each offer books her discharge
//! meter for the auctions. While one of them stands she cannot list the same energy as a lot, nor have it counted as the
//! delivery of a withdrawal: another purpose finds the meter booked. When the last of them is settled, the meter is free.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod challenge;
mod desk;
pub mod energy;
#[cfg(test)]
mod mock;
pub mod ripening;
pub mod state;
#[cfg(test)]
mod tests;
mod uses;
pub mod weights;

pub use challenge::{Challenge, ChallengeOf, Evidence};
pub use pallet::*;
pub use state::{Credit, MeterState, Refusal};
pub use weights::WeightInfo;

use alloc::{collections::BTreeMap, vec::Vec};
use desk::Proven;
use energy::Unclaimable;
use frame_support::{
	pallet_prelude::*,
	traits::fungible::{Inspect, InspectHold, MutateHold},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	claim::{Claim, ClaimKind, EnergyClaims, MeterEnergy, NodeInflow, NodeInflows},
	history::{Checkpoint, EnergyHistory, MeterReport, MeterReports},
	miner::{MeterDirectory, MeterId, MinerId, OwnerBonds},
	reading::{AttestedReading, SignedReading},
	trade::MeterUse,
	units::{interval_at, Interval, INTERVAL_MILLIS},
};
use sp_runtime::traits::Saturating;

/// The longest batch that the decoder takes. Above [`Config::MaxBatch`] on purpose: a batch that is a little too long
/// fails with an error that has a name, not as bytes that nobody can decode.
pub const DECODED_BATCH: u32 = 1_024;

/// The readings of one submission.
pub type Batch = BoundedVec<SignedReading, ConstU32<DECODED_BATCH>>;

/// The readings of one submission that oracles signed.
pub type AttestedBatch = BoundedVec<AttestedReading, ConstU32<DECODED_BATCH>>;

/// The shortest interval of a development chain, in milliseconds of wall clock: a month takes two and a half minutes.
pub const MIN_INTERVAL_MILLIS: u64 = 50;

/// The balance of bonds.
pub type BalanceOf<T> =
	<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config:
		frame_system::Config<Hash = sp_core::H256> + pallet_timestamp::Config<Moment = u64>
	{
		/// Names what the bonds are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// What bonds are paid in.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// The deposits that owners of miners answer with.
		type Bonds: OwnerBonds<Self::AccountId, BalanceOf<Self>>;

		/// Rules on challenges: the Technical DAO.
		type ChallengeOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Held of a challenger, and paid to it out of the owner's deposit when it was right. May change: a challenge keeps
		/// the one that it was opened with.
		type ChallengeBond: Get<BalanceOf<Self>>;

		/// How long a challenge waits for a ruling before anyone can close it, in intervals. May change, like the bond.
		type ChallengeTimeout: Get<Interval>;

		/// Who gets the bonds of dismissed challenges: the treasury. The account must exist, or the bond be at least the
		/// existential deposit.
		type SlashDestination: Get<Self::AccountId>;

		/// The most readings of one batch, and the most oracles' signatures.
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// How many signatures an operator may have checked in one block with the fee returned: one per reading of a
		/// device. May change.
		type FeelessReadingsPerBlock: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For an open challenge.
		#[codec(index = 0)]
		Challenge,
	}

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

	/// The open challenges: one per meter at most.
	#[pallet::storage]
	pub type Challenges<T: Config> = StorageMap<_, Identity, MeterId, ChallengeOf<T>, OptionQuery>;

	/// What was measured, in each of the last 96 intervals, at the meters that send to a storage node; interval `i` at
	/// `i % 96`. What a reading added stays when a challenge later voids its energy: this is a record of what was said.
	#[pallet::storage]
	pub type NodeFlows<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, u8, NodeInflow, OptionQuery>;

	/// What the meters that energy is traded by are booked for, and how often. Those that are not booked have no entry.
	#[pallet::storage]
	pub type Uses<T: Config> = StorageMap<_, Identity, MeterId, (MeterUse, u32), OptionQuery>;

	/// How many signatures an operator had checked in the block in which it last submitted. One entry per operator.
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
					(MIN_INTERVAL_MILLIS..=INTERVAL_MILLIS).contains(&millis),
					"metering.intervalMillis must be between 50 and 900,000, is {millis}"
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
		/// A meter was challenged, and is quarantined.
		Challenged {
			/// The meter.
			meter: MeterId,
			/// Its miner.
			miner: MinerId,
			/// Who says that something is wrong.
			challenger: T::AccountId,
			/// What is held of the challenger.
			bond: BalanceOf<T>,
			/// Where the evidence lies.
			evidence: Evidence,
			/// From this interval on it can be closed without a ruling.
			expires: Interval,
		},
		/// A challenge was right. The quarantine is over, the bond returned.
		ChallengeUpheld {
			/// The meter.
			meter: MeterId,
			/// Who was right.
			challenger: T::AccountId,
			/// The energy in mWh that can never be claimed.
			voided: u128,
			/// What the challenger got of the owner's deposit.
			compensation: BalanceOf<T>,
		},
		/// The challenger of an upheld challenge could not be paid out of the owner's deposit.
		CompensationFailed {
			/// The meter.
			meter: MeterId,
			/// The miner whose deposit it was.
			miner: MinerId,
			/// What the miners pallet said.
			error: DispatchError,
		},
		/// A challenge was wrong. The quarantine is over.
		ChallengeDismissed {
			/// The meter.
			meter: MeterId,
			/// Who was wrong.
			challenger: T::AccountId,
			/// What it lost.
			slashed: BalanceOf<T>,
		},
		/// Nobody ruled on a challenge in time. The quarantine is over, the bond returned.
		ChallengeExpired {
			/// The meter.
			meter: MeterId,
			/// Who had challenged.
			challenger: T::AccountId,
		},
		/// Matured energy was claimed, once and for all for this kind of claim.
		Claimed {
			/// The meter.
			meter: MeterId,
			/// What for.
			kind: ClaimKind,
			/// Where the pointer stood, in mWh of the matured total.
			from: u128,
			/// Where it stands now.
			to: u128,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The submitter is an operator of no miner. The owner adds it with `miners.addOperator`.
		NotAnOperator,
		/// The batch has more readings, or more signatures of oracles, than `metering.maxBatch`. Split it.
		BatchTooLong,
		/// The batch has no readings.
		EmptyBatch,
		/// No live miner has a meter of this number, or it never reported.
		UnknownMeter,
		/// A challenge of this meter is open. Wait for the ruling.
		AlreadyChallenged,
		/// All energy of this meter has matured, or was voided: there is nothing that a challenge could take back.
		NothingToChallenge,
		/// An owner cannot challenge its own meter.
		OwnMeter,
		/// A challenge must say where its evidence lies.
		NoEvidence,
		/// No challenge of this meter is open.
		NotChallenged,
		/// The DAO still has time to rule on this challenge. `challengeOf` says until when.
		NotExpired,
		/// A challenge of this meter is open: nothing can be claimed of it.
		Quarantined,
		/// More energy than has matured. Energy matures 24 to 27 hours after it arrived.
		NotMatured,
		/// The energy up to there was claimed before.
		NothingToClaim,
		/// The meter is booked for another purpose of trade: `useOf` says which. Wait until that is settled, or cancel it.
		MeterBooked,
		/// The meter is not booked for this purpose.
		NotBooked,
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
			Self::judge_batch(operator, &readings, count)
		}

		/// Submit readings of meters without a key of their own, which oracles signed.
		///
		/// ## Dispatch Origin
		/// Signed, by an operator of at least one miner.
		///
		/// ## Details
		/// A reading is accepted when as many oracles of its meter's set signed it as must agree. Signatures that are wrong
		/// are passed over. For the rest as [`submit_readings`](Pallet::submit_readings). Each signature counts as one
		/// reading, in the limit of a batch and in the operator's quota.
		///
		/// ## Errors
		/// [`Error::NotAnOperator`], [`Error::BatchTooLong`], [`Error::EmptyBatch`].
		///
		/// ## Events
		/// As [`submit_readings`](Pallet::submit_readings).
		#[pallet::call_index(1)]
		#[pallet::weight(attested_weight::<<T as Config>::WeightInfo>(readings))]
		pub fn submit_attested_readings(
			origin: OriginFor<T>,
			readings: AttestedBatch,
		) -> DispatchResultWithPostInfo {
			let operator = ensure_signed(origin)?;
			ensure!(!readings.is_empty(), Error::<T>::EmptyBatch);
			let signatures = signatures_in(&readings).max(readings.len() as u32);
			ensure!(signatures <= T::MaxBatch::get(), Error::<T>::BatchTooLong);
			ensure!(T::Miners::is_any_operator(&operator), Error::<T>::NotAnOperator);
			Self::judge_batch(operator, &readings, signatures)
		}

		/// Say that the energy of a meter should not be there.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone but the owner of the meter's miner.
		///
		/// ## Details
		/// Holds [`Config::ChallengeBond`] and quarantines the meter: nothing of it matures and nothing can be claimed until
		/// the DAO rules or the challenge expires. Only energy that has not matured is at stake.
		///
		/// ## Errors
		/// [`Error::NoEvidence`], [`Error::UnknownMeter`], [`Error::OwnMeter`], [`Error::AlreadyChallenged`],
		/// [`Error::NothingToChallenge`], or that of the currency when the bond cannot be held.
		///
		/// ## Events
		/// [`Event::Challenged`].
		#[pallet::call_index(2)]
		#[pallet::weight(<T as Config>::WeightInfo::challenge())]
		pub fn challenge(
			origin: OriginFor<T>,
			meter: MeterId,
			evidence: Evidence,
		) -> DispatchResult {
			let challenger = ensure_signed(origin)?;
			Self::open_challenge(challenger, meter, evidence)
		}

		/// Rule that a challenge is right.
		///
		/// ## Dispatch Origin
		/// [`Config::ChallengeOrigin`].
		///
		/// ## Details
		/// All energy of the meter that has not matured is voided, also what arrived since the challenge. The last day settles
		/// nothing any more, and the energy of the last ten days counts for no reward, matured or not. The bond is returned,
		/// and as much is paid to the challenger out of what is held of the owner; less when less is held.
		///
		/// ## Errors
		/// [`Error::NotChallenged`].
		///
		/// ## Events
		/// [`Event::ChallengeUpheld`], and before it [`Event::CompensationFailed`] when the owner's deposit is gone.
		#[pallet::call_index(3)]
		#[pallet::weight(<T as Config>::WeightInfo::uphold())]
		pub fn uphold(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			T::ChallengeOrigin::ensure_origin(origin)?;
			Self::uphold_challenge(meter)
		}

		/// Rule that a challenge is wrong.
		///
		/// ## Dispatch Origin
		/// [`Config::ChallengeOrigin`].
		///
		/// ## Details
		/// The bond goes to [`Config::SlashDestination`]. Energy that would have matured meanwhile has matured.
		///
		/// ## Errors
		/// [`Error::NotChallenged`].
		///
		/// ## Events
		/// [`Event::ChallengeDismissed`].
		#[pallet::call_index(4)]
		#[pallet::weight(<T as Config>::WeightInfo::dismiss())]
		pub fn dismiss(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			T::ChallengeOrigin::ensure_origin(origin)?;
			Self::dismiss_challenge(meter)
		}

		/// Close a challenge that nobody ruled on.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// Possible once [`Config::ChallengeTimeout`] has passed since it was opened. The bond is returned, and energy that
		/// would have matured meanwhile has matured.
		///
		/// ## Errors
		/// [`Error::NotChallenged`], [`Error::NotExpired`].
		///
		/// ## Events
		/// [`Event::ChallengeExpired`].
		#[pallet::call_index(5)]
		#[pallet::weight(<T as Config>::WeightInfo::expire_challenge())]
		pub fn expire_challenge(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::close_expired_challenge(meter)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// All that is kept of a meter, moved to the present.
		pub fn meter_state(meter: MeterId) -> Option<MeterState> {
			let mut state = MeterStates::<T>::get(meter)?;
			state.advance(Self::current_interval());
			Some(state)
		}

		/// The interval that is running. Readings are taken for the ones before it.
		pub fn current_interval() -> Interval {
			interval_at(pallet_timestamp::Now::<T>::get(), IntervalMillis::<T>::get())
		}

		/// What a meter has attested, what of it has matured, and how far it was claimed.
		pub fn energy(meter: MeterId) -> Option<MeterEnergy> {
			Self::meter_state(meter).map(|state| state.energy())
		}

		/// The open challenge of a meter.
		pub fn challenge_of(meter: MeterId) -> Option<ChallengeOf<T>> {
			Challenges::<T>::get(meter)
		}

		/// How many intervals a meter measured in each of 10 days up to its newest reading, oldest first: `(day, intervals)`.
		/// A whole day has 96; day `d` begins with interval `96 d`. Empty when it never reported.
		pub fn completeness(meter: MeterId) -> Vec<(u32, u8)> {
			MeterStates::<T>::get(meter).map(|state| state.completeness()).unwrap_or_default()
		}

		/// The newest checkpoint kept of a meter of which all energy has matured. `None` if it never reported.
		pub fn ripe(meter: MeterId) -> Option<Checkpoint> {
			Self::meter_state(meter).map(|state| state.ripe)
		}

		/// What a meter measured lately: the energy in mWh and the intervals of each of 10 days up to its newest reading, and
		/// of each of the last 96 intervals. `None` if it never reported.
		pub fn report(meter: MeterId) -> Option<MeterReport> {
			MeterStates::<T>::get(meter).map(|state| state.report())
		}

		/// What the meters of a storage node sent to it in one of the last 96 intervals.
		pub fn node_inflow(node: MinerId, interval: Interval) -> Option<NodeInflow> {
			NodeFlows::<T>::get(node, desk::inflow_slot(interval))
				.filter(|inflow| inflow.interval == interval)
				.filter(|_| desk::is_recent(interval, Self::current_interval()))
		}

		/// What a meter is booked for in trade, and how often. `None` if it is free.
		pub fn use_of(meter: MeterId) -> Option<(MeterUse, u32)> {
			Uses::<T>::get(meter)
		}
	}
}

/// The signatures of all readings together. At most 16 times [`DECODED_BATCH`].
fn signatures_in(readings: &AttestedBatch) -> u32 {
	readings.iter().map(|attested| attested.signatures.len() as u32).sum()
}

/// Readings with one signature each, and the signatures that there are beyond that.
fn attested_weight<W: WeightInfo>(readings: &AttestedBatch) -> Weight {
	let count = readings.len() as u32;
	let further = signatures_in(readings).saturating_sub(count);
	W::submit_attested_readings(count).saturating_add(W::oracle_signatures(further))
}

impl<T: Config> EnergyClaims for Pallet<T> {
	fn energy(meter: MeterId) -> Option<MeterEnergy> {
		Self::energy(meter)
	}

	/// The meter of a revoked miner is unknown: nothing can be claimed of it any more.
	fn claim(meter: MeterId, kind: ClaimKind, up_to: u128) -> Result<Claim, DispatchError> {
		ensure!(T::Miners::meter(meter).is_some(), Error::<T>::UnknownMeter);
		let mut state = MeterStates::<T>::get(meter).ok_or(Error::<T>::UnknownMeter)?;
		let claim =
			state.claim(kind, up_to, Self::current_interval()).map_err(|reason| match reason {
				Unclaimable::Quarantined => Error::<T>::Quarantined,
				Unclaimable::NotMatured => Error::<T>::NotMatured,
				Unclaimable::NothingToClaim => Error::<T>::NothingToClaim,
			})?;
		MeterStates::<T>::insert(meter, state);
		let Claim { from, to } = claim;
		Self::deposit_event(Event::Claimed { meter, kind, from, to });
		Ok(claim)
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn mature_for_benchmark(meter: MeterId, energy: u64) {
		let mut state = MeterStates::<T>::get(meter).unwrap_or_else(|| {
			let interval = Self::current_interval().saturating_sub(1);
			MeterState::first(&benchmarking::reading(meter, interval))
		});
		state.register = state.register.saturating_add(energy);
		state.attested = state.attested.saturating_add(energy.into());
		state.mature_all();
		MeterStates::<T>::insert(meter, state);
	}
}

impl<T: Config> EnergyHistory for Pallet<T> {
	fn origin(meter: MeterId) -> Option<Checkpoint> {
		MeterStates::<T>::get(meter).map(|state| state.origin())
	}

	fn ripe(meter: MeterId) -> Option<Checkpoint> {
		Self::ripe(meter)
	}
}

impl<T: Config> MeterReports for Pallet<T> {
	fn report(meter: MeterId) -> Option<MeterReport> {
		Self::report(meter)
	}

	/// Sets the clock to the year 2027 when it has not run for these days.
	#[cfg(feature = "runtime-benchmarks")]
	fn report_for_benchmark(meter: MeterId, energy: u32) {
		if state::day_of(Self::current_interval()) <= state::DAYS as u32 {
			benchmarking::set_clock::<T>();
		}
		let last = Self::current_interval().saturating_sub(1);
		let mut state = MeterStates::<T>::get(meter)
			.unwrap_or_else(|| MeterState::first(&benchmarking::reading(meter, last)));
		state.fill_days(last, energy);
		MeterStates::<T>::insert(meter, state);
	}
}

impl<T: Config> NodeInflows for Pallet<T> {
	fn sent_to(node: MinerId, interval: Interval) -> Option<NodeInflow> {
		Self::node_inflow(node, interval)
	}
}

impl<T: Config> Pallet<T> {
	/// Judges a batch that costs `signatures` checks, and decides about its fee.
	fn judge_batch<R: Proven>(
		operator: T::AccountId,
		batch: &[R],
		signatures: u32,
	) -> DispatchResultWithPostInfo {
		let refusals = desk::judge::<T, R>(&operator, batch);
		for (reading, reason) in &refusals {
			let (meter, interval, reason) = (reading.meter, reading.interval, *reason);
			Self::deposit_event(Event::ReadingRefused { meter, interval, reason });
		}
		let within_quota = Self::within_quota(&operator, signatures);
		let pays_fee = if within_quota && refusals.is_empty() { Pays::No } else { Pays::Yes };
		let refused = refusals.len() as u32;
		let accepted = (batch.len() as u32).saturating_sub(refused);
		Self::deposit_event(Event::BatchJudged { operator, accepted, refused });
		Ok(pays_fee.into())
	}

	/// Books `count` signatures on the operator's use of this block; whether it is within its quota.
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
	/// 2. The ring and the days agree with the totals: what was measured in the last 96 intervals is part of what was
	///    measured in the last 10 days, and that of what was measured at all, and of what was not voided.
	/// 3. No meter is ahead of the chain's clock.
	/// 4. No energy appears or is lost: what was attested has matured, or is detained, or waits, or was voided.
	/// 5. An interval lasts between 50 ms and a quarter of an hour.
	/// 6. Nothing is claimed that has not matured.
	/// 7. A meter is quarantined exactly while a challenge of it is open, and only then is energy detained.
	/// 8. What is held of challengers is what their challenges say.
	/// 9. No more intervals were measured than there were.
	/// 10. The sum of a node stands in the slot of its interval, which is over, and at least one meter is in it.
	/// 11. What is ripe has matured. From a meter's origin over the ripe checkpoint and the one that ripens to its newest
	///     reading nothing goes back. Nothing was voided since either was taken, and the one that ripens holds nothing that
	///     arrived after its bucket.
	/// 12. A meter that has a use is booked for it at least once.
	pub fn do_try_state() -> Result<(), DispatchError> {
		ensure!(
			(MIN_INTERVAL_MILLIS..=INTERVAL_MILLIS).contains(&IntervalMillis::<T>::get()),
			"5: the length of an interval is out of range"
		);
		let current = Self::current_interval();
		for (meter, state) in MeterStates::<T>::iter() {
			state.check(current)?;
			ensure!(
				state.quarantined == Challenges::<T>::contains_key(meter),
				"7: a meter is quarantined without a challenge, or challenged without quarantine"
			);
		}
		let mut bonds = BTreeMap::<T::AccountId, BalanceOf<T>>::new();
		for (meter, challenge) in Challenges::<T>::iter() {
			ensure!(MeterStates::<T>::contains_key(meter), "7: a challenged meter has no state");
			bonds.entry(challenge.challenger).or_default().saturating_accrue(challenge.bond);
		}
		for (challenger, bond) in bonds {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Challenge.into(), &challenger) == bond,
				"8: what is held of a challenger is not what its challenges say"
			);
		}
		for (_, slot, inflow) in NodeFlows::<T>::iter() {
			ensure!(
				slot == desk::inflow_slot(inflow.interval)
					&& inflow.interval < current
					&& inflow.meters > 0,
				"10: the sum of a node is not of its slot"
			);
		}
		for (_, count) in Uses::<T>::iter_values() {
			ensure!(count > 0, "12: a meter has a use that nobody booked it for");
		}
		Ok(())
	}
}
