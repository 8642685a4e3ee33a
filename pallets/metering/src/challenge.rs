//! Challenges: what anyone can do against energy that should not be there, until it matures.
//!
//! A challenge holds a bond and quarantines its meter. It ends in one of three ways: it is upheld, dismissed, or nobody
//! rules on it in time. None of them depends on anything that a party could withhold.

use crate::{
	BalanceOf, Challenges, Config, Error, Event, HoldReason, MeterState, MeterStates, Pallet,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	ensure,
	storage::with_storage_layer,
	traits::{
		fungible::MutateHold,
		tokens::{Fortitude, Precision, Restriction},
		Get,
	},
	BoundedVec,
};
use heliograph_primitives::{
	miner::{MeterDirectory, MeterId, MinerId, OwnerBonds},
	units::Interval,
};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::{traits::Zero, DispatchError, DispatchResult};

/// The longest word on where the evidence lies, in bytes.
pub const MAX_EVIDENCE: u32 = 128;

/// Where the evidence of a challenge lies: an address of a document, or its hash.
pub type Evidence = BoundedVec<u8, ConstU32<MAX_EVIDENCE>>;

/// An open challenge.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Challenge<AccountId, Balance> {
	/// Who says that something is wrong.
	pub challenger: AccountId,
	/// The miner of the meter.
	pub miner: MinerId,
	/// What is held of the challenger, and what the owner answers with.
	pub bond: Balance,
	/// Where the evidence lies.
	pub evidence: Evidence,
	/// The interval in which it was opened.
	pub opened: Interval,
	/// From this interval on it can be closed without a ruling.
	pub expires: Interval,
}

/// An open challenge as this runtime stores it.
pub type ChallengeOf<T> = Challenge<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

impl<T: Config> Pallet<T> {
	pub(crate) fn open_challenge(
		challenger: T::AccountId,
		meter: MeterId,
		evidence: Evidence,
	) -> DispatchResult {
		ensure!(!evidence.is_empty(), Error::<T>::NoEvidence);
		let miner = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?.miner;
		let owner = T::Miners::miner(miner).ok_or(Error::<T>::UnknownMeter)?.owner;
		ensure!(owner != challenger, Error::<T>::OwnMeter);
		ensure!(!Challenges::<T>::contains_key(meter), Error::<T>::AlreadyChallenged);
		let now = Self::current_interval();
		let mut state = MeterStates::<T>::get(meter).ok_or(Error::<T>::NothingToChallenge)?;
		state.quarantine(now);
		ensure!(!state.unmatured().is_zero(), Error::<T>::NothingToChallenge);

		let bond = T::ChallengeBond::get();
		T::Currency::hold(&HoldReason::Challenge.into(), &challenger, bond)?;
		let expires = now.saturating_add(T::ChallengeTimeout::get());
		let challenge = Challenge {
			challenger: challenger.clone(),
			miner,
			bond,
			evidence: evidence.clone(),
			opened: now,
			expires,
		};
		Challenges::<T>::insert(meter, challenge);
		MeterStates::<T>::insert(meter, state);
		Self::deposit_event(Event::Challenged {
			meter,
			miner,
			challenger,
			bond,
			evidence,
			expires,
		});
		Ok(())
	}

	pub(crate) fn uphold_challenge(meter: MeterId) -> DispatchResult {
		let (challenge, mut state) = Self::take_challenge(meter)?;
		let voided = state.void(Self::current_interval());
		MeterStates::<T>::insert(meter, state);
		Self::return_bond(&challenge)?;
		let compensation = Self::compensate(meter, &challenge);
		let challenger = challenge.challenger;
		Self::deposit_event(Event::ChallengeUpheld { meter, challenger, voided, compensation });
		Ok(())
	}

	pub(crate) fn dismiss_challenge(meter: MeterId) -> DispatchResult {
		let (Challenge { challenger, bond, .. }, mut state) = Self::take_challenge(meter)?;
		state.acquit(Self::current_interval());
		MeterStates::<T>::insert(meter, state);
		// By force: who freezes what is held, to vote with it, loses it all the same.
		let slashed = T::Currency::transfer_on_hold(
			&HoldReason::Challenge.into(),
			&challenger,
			&T::SlashDestination::get(),
			bond,
			Precision::Exact,
			Restriction::Free,
			Fortitude::Force,
		)?;
		Self::deposit_event(Event::ChallengeDismissed { meter, challenger, slashed });
		Ok(())
	}

	pub(crate) fn close_expired_challenge(meter: MeterId) -> DispatchResult {
		let (challenge, mut state) = Self::take_challenge(meter)?;
		let now = Self::current_interval();
		ensure!(now >= challenge.expires, Error::<T>::NotExpired);
		state.acquit(now);
		MeterStates::<T>::insert(meter, state);
		Self::return_bond(&challenge)?;
		let challenger = challenge.challenger;
		Self::deposit_event(Event::ChallengeExpired { meter, challenger });
		Ok(())
	}

	fn take_challenge(meter: MeterId) -> Result<(ChallengeOf<T>, MeterState), DispatchError> {
		let challenge = Challenges::<T>::take(meter).ok_or(Error::<T>::NotChallenged)?;
		// Invariant 7: a challenged meter has a state.
		let state = MeterStates::<T>::get(meter).ok_or(DispatchError::Corruption)?;
		Ok((challenge, state))
	}

	fn return_bond(challenge: &ChallengeOf<T>) -> DispatchResult {
		T::Currency::release(
			&HoldReason::Challenge.into(),
			&challenge.challenger,
			challenge.bond,
			Precision::Exact,
		)?;
		Ok(())
	}

	/// Pays the challenger as much as its bond out of what is held of the owner, or what is left of that.
	///
	/// That it cannot be paid, because the miner was revoked meanwhile, is told in an event and does not stop the ruling:
	/// otherwise the energy would mature after all, once the challenge expires.
	fn compensate(meter: MeterId, challenge: &ChallengeOf<T>) -> BalanceOf<T> {
		let miner = challenge.miner;
		with_storage_layer(|| T::Bonds::slash(miner, challenge.bond, &challenge.challenger))
			.unwrap_or_else(|error| {
				Self::deposit_event(Event::CompensationFailed { meter, miner, error });
				Zero::zero()
			})
	}
}
