//! Receipts: how much of what a meter sent its storage node received.
//!
//! The node accounts for its intervals as time goes on, and anyone may make it do so. What it received of a kWh would so be
//! another figure when the DAO votes than when payment was asked for. Therefore a request *takes* the receipts that it counts
//! on, and they are kept here for the meter: whatever is accounted for meanwhile is for the next request. They stay when a
//! request is withdrawn, and the meter's next one begins with them. What was taken is there once, and is minted at most once.
//!
//! What is kept for a meter was received by one node. So nothing of it is minted while that node is disputed, wherever the
//! meter sends by then.

use crate::*;
use codec::{Decode, Encode, MaxEncodedLen};
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// What was received of some energy that a meter sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Receipt {
	/// The energy that the meter sent, in mWh.
	pub energy: u128,
	/// How much of it was received, in mWh. At most all.
	pub received: u128,
	/// The node that received it, if anything was.
	pub node: MinerId,
}

impl Receipt {
	/// How much of the next `energy` mWh was received, in mWh: their share of all that was, rounded down, so that what a
	/// division leaves stays with the rest. `None` if there is not so much energy, or none at all.
	pub fn share(&self, energy: u128) -> Option<u128> {
		if energy > self.energy {
			return None;
		}
		multiply_by_rational_with_rounding(self.received, energy, self.energy, Rounding::Down)
	}

	/// This, and that of `energy` mWh more `received` arrived. `None` if more arrived than was sent.
	pub fn plus(&self, energy: u128, received: u128) -> Option<Self> {
		let sum = Self {
			energy: self.energy.checked_add(energy)?,
			received: self.received.checked_add(received)?,
			..*self
		};
		(received <= energy).then_some(sum)
	}

	/// What is left without `energy` mWh, of which `received` arrived. `None` if they are not in it, or if more arrived of the
	/// rest than was sent.
	pub fn less(&self, energy: u128, received: u128) -> Option<Self> {
		let rest = Self {
			energy: self.energy.checked_sub(energy)?,
			received: self.received.checked_sub(received)?,
			..*self
		};
		(rest.received <= rest.energy).then_some(rest)
	}
}

impl<T: Config> Pallet<T> {
	/// Whether a storage node to which `meter` does not send any more received something of it that was not paid for, or has
	/// still to account for it.
	pub(crate) fn was_received(meter: MeterId) -> bool {
		T::Miners::meter(meter).is_some_and(|info| info.node.is_none())
			&& (!Received::<T>::get(meter).received.is_zero()
				|| T::Receipts::receiver(meter).is_some())
	}

	/// How much of the next `energy` mWh that `meter` claims was received: by what is kept for it, and for energy beyond that
	/// by what its storage node says. `None` where the node has not accounted for so much, or is disputed. Fails where what is
	/// kept was received by another node. Changes nothing.
	pub(crate) fn received_of(meter: MeterId, energy: u128) -> Result<Option<u128>, Error<T>> {
		let kept = Received::<T>::get(meter);
		let more = energy.saturating_sub(kept.energy);
		if more.is_zero() {
			return Ok(kept.share(energy));
		}
		let Some(received) = T::Receipts::received(meter, more) else { return Ok(None) };
		let node = T::Receipts::receiver(meter).unwrap_or(kept.node);
		ensure!(kept.received.is_zero() || kept.node == node, Error::<T>::NodesDiffer);
		Ok(kept.plus(more, received).and_then(|all| all.share(energy)))
	}

	/// Takes from the storage nodes what the claims of `evidence` count on beyond what is kept for their meters.
	pub(crate) fn take_receipts(evidence: &EvidenceOf<T>) -> DispatchResult {
		if evidence.received_by == ReceivedBy::GridMeter {
			return Ok(());
		}
		for claim in &evidence.claims {
			let mut kept = Received::<T>::get(claim.meter);
			let more = claim.sent().saturating_sub(kept.energy);
			if !more.is_zero() {
				// Asked first: nothing may be left when it is taken. It is the one that received what is kept, or nothing
				// was received of that, as the evidence was taken a moment ago.
				let node = T::Receipts::receiver(claim.meter).unwrap_or(kept.node);
				let received = T::Receipts::take(claim.meter, more)?;
				let all = kept.plus(more, received).ok_or(Error::<T>::EvidenceOutdated)?;
				kept = Receipt { node, ..all };
				Received::<T>::insert(claim.meter, kept);
			}
			// The node gives what it told a moment ago.
			ensure!(kept.share(claim.sent()) == Some(claim.received), Error::<T>::EvidenceOutdated);
		}
		Ok(())
	}

	/// Uses up what is kept for a claim that is approved. Fails while the node that received it is disputed.
	pub(crate) fn use_receipt(claim: &MeterClaim) -> DispatchResult {
		Received::<T>::try_mutate_exists(claim.meter, |kept| {
			let all = kept.unwrap_or_default();
			let disputed = !claim.received.is_zero() && T::Receipts::disputed(all.node);
			ensure!(!disputed, Error::<T>::NodeDisputed);
			let rest =
				all.less(claim.sent(), claim.received).ok_or(Error::<T>::EvidenceOutdated)?;
			*kept = (!rest.energy.is_zero()).then_some(rest);
			Ok(())
		})
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn receipt(energy: u128, received: u128) -> Receipt {
		Receipt { energy, received, node: 7 }
	}

	#[test]
	fn share_is_rounded_down_and_the_rest_keeps_what_that_leaves() {
		let three = receipt(3, 2);
		assert_eq!([1, 2, 3].map(|energy| three.share(energy)), [Some(0), Some(1), Some(2)]);
		assert_eq!(three.less(1, 0), Some(receipt(2, 2)));
		assert_eq!(receipt(1_000_000, 920_000).share(500_000), Some(460_000));
	}

	#[test]
	fn share_of_nothing_or_of_more_than_there_is_is_none() {
		assert_eq!(receipt(3, 2).share(4), None);
		assert_eq!(receipt(0, 0).share(0), None);
		assert_eq!(receipt(0, 0).share(1), None);
	}

	#[test]
	fn receipt_is_refused_when_more_arrived_than_was_sent() {
		assert_eq!(receipt(10, 0).plus(5, 6), None);
		assert_eq!(receipt(10, 0).plus(5, 5), Some(receipt(15, 5)));
		assert_eq!(receipt(u128::MAX, 0).plus(1, 0), None);
		assert_eq!(receipt(10, 10).less(5, 4), None);
		assert_eq!(receipt(10, 3).less(5, 4), None);
		assert_eq!(receipt(10, 3).less(11, 3), None);
		assert_eq!(receipt(10, 3).less(10, 3), Some(receipt(0, 0)));
	}

	proptest! {
		#[test]
		fn shares_taken_one_by_one_sum_to_what_was_received(
			energy in 1..u128::from(u64::MAX),
			fraction in 0u128..=1_000_000,
			parts in proptest::collection::vec(1u128..=1_000_000, 1..20),
		) {
			let received = energy / 1_000_000 * fraction;
			let mut kept = receipt(energy, received);
			let mut sum = 0;
			for part in parts {
				let asked = (kept.energy / 1_000_000 * part).max(1);
				let share = kept.share(asked).expect("there is so much");
				prop_assert!(share <= asked, "more arrived than was sent");
				sum += share;
				kept = kept.less(asked, share).expect("the rest arrived of the rest");
				if kept.energy == 0 {
					break;
				}
			}
			if kept.energy > 0 {
				sum += kept.share(kept.energy).expect("all of it");
			}
			prop_assert_eq!(sum, received);
		}
	}
}
