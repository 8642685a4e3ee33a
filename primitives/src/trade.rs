//! What trade is counted in, and what the pallets that trade energy ask each other.

use crate::{
	miner::{MeterId, MinerId},
	units::Energy,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_runtime::{DispatchError, DispatchResult, Permill};

/// A price: base units of DECA for one mWh. One DECA has 10^12 base units and one kWh 10^6 mWh, so 1 DECA per kWh is
/// 1,000,000. What energy costs is a product and needs no rounding.
pub type Price = u64;

/// What `energy` mWh cost at `price`, in base units of DECA. Exact: the product of two `u64` fits.
pub fn cost(energy: Energy, price: Price) -> u128 {
	u128::from(energy) * u128::from(price)
}

/// The fee of `rate` on `amount`. Rounds up, in favour of who collects it.
pub fn fee(amount: u128, rate: Permill) -> u128 {
	const ONE: u128 = 1_000_000;
	let parts = u128::from(rate.deconstruct());
	// Split so that no product overflows: the whole millions of `amount`, and what is left.
	let whole = (amount / ONE).saturating_mul(parts);
	let rest = (amount % ONE).saturating_mul(parts).div_ceil(ONE);
	whole.saturating_add(rest)
}

/// A quantity that is shared out among parts of known size, one part at a time, to the last unit.
///
/// Each part gets `size x left / of`, rounded down, where `left` and `of` are what the parts before it left over. So no part
/// gets more than its size if the quantity is not above the sum of sizes, and the last part gets all that is left: nothing is
/// lost and nothing is made, in whatever order the parts come.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	Debug,
	Default,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Apportionment {
	/// What is not given out yet.
	pub left: u128,
	/// The sum of the sizes of the parts that did not take theirs yet.
	pub of: u128,
}

impl Apportionment {
	/// The share of a part of `size`, taken out. All that is left if `size` is all that is left. `None`, and nothing is
	/// taken, if `size` is more than the parts that did not take theirs, or if a product overflows.
	pub fn take(&mut self, size: u128) -> Option<u128> {
		let of = self.of.checked_sub(size)?;
		let share = match of {
			0 => self.left,
			_ => size.checked_mul(self.left)? / self.of,
		};
		*self = Self { left: self.left.checked_sub(share)?, of };
		Some(share)
	}

	/// What [`Self::take`] would give a part of `size` now.
	pub fn preview(&self, size: u128) -> Option<u128> {
		let mut copy = *self;
		copy.take(size)
	}
}

/// For what a meter's energy of each interval is spoken for. One mWh passes a meter once and is traded once.
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
pub enum MeterUse {
	/// Orders of slot auctions.
	#[codec(index = 0)]
	Slots,
	/// A lot that is listed, or drawn.
	#[codec(index = 1)]
	Lot,
	/// Withdrawals from a storage node.
	#[codec(index = 2)]
	Withdrawal,
}

/// A register of what meters are used for in trade. Offered by the metering pallet.
///
/// A meter has one use at a time, as often as its user books it. How its energy is shared among bookings of one use is the
/// matter of the pallet that books.
pub trait MeterUses {
	/// Books `meter` for `purpose` once more. Fails, and books nothing, while it is booked for another one.
	fn book(meter: MeterId, purpose: MeterUse) -> DispatchResult;

	/// Takes one booking back. Fails if there is none of that purpose.
	fn free(meter: MeterId, purpose: MeterUse) -> DispatchResult;

	/// What `meter` is booked for, and how often.
	fn booked(meter: MeterId) -> Option<(MeterUse, u32)>;
}

/// How a pallet that agrees deliveries lets meters send to a storage node. Offered by the miners pallet.
pub trait NodeAssignment {
	/// Lets the energy through the export meter `meter` go to `node`, or to none. Fails as
	/// `pallet_miners::Pallet::assign_node` does.
	fn assign(meter: MeterId, node: Option<MinerId>) -> DispatchResult;
}

/// What storage nodes received of what meters sent. Offered by the storage nodes pallet, used by issuance.
pub trait NodeReceipts {
	/// How much of `energy` mWh, the next that is claimed of what `meter` sent, its node received: what tokens may be minted
	/// for. `None` while the node has not accounted for that much, or the meter sends to none.
	fn received(meter: MeterId, energy: u128) -> Option<u128>;

	/// Takes it, once. Fails, and changes nothing, where [`Self::received`] gives `None`.
	fn take(meter: MeterId, energy: u128) -> Result<u128, DispatchError>;

	/// The node that received the newest of what `meter` sent and was not taken, or that has still to account for a deposit
	/// of it; also when the meter does not send there any more, however long ago, and while that node is disputed. `None` if
	/// there is none, or if nothing was received of all that is not taken.
	fn receiver(meter: MeterId) -> Option<MinerId>;

	/// Whether the charge meter of `node` is challenged now: what it says went in may not be there.
	fn disputed(node: MinerId) -> bool;
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn one_deca_per_kwh_is_a_million_per_mwh() {
		assert_eq!(cost(1_000_000, 1_000_000), 1_000_000_000_000);
		assert_eq!(cost(u64::MAX, u64::MAX), u128::from(u64::MAX) * u128::from(u64::MAX));
	}

	#[test]
	fn fee_rounds_up() {
		assert_eq!(fee(1, Permill::from_parts(1)), 1);
		assert_eq!(fee(1_000_000, Permill::from_parts(1)), 1);
		assert_eq!(fee(1_000_001, Permill::from_parts(1)), 2);
		assert_eq!(fee(10, Permill::zero()), 0);
		assert_eq!(fee(u128::MAX, Permill::one()), u128::MAX);
	}

	#[test]
	fn part_takes_nothing_when_it_is_larger_than_what_is_left() {
		let mut pot = Apportionment { left: 5, of: 10 };
		assert_eq!(pot.take(11), None);
		assert_eq!(pot, Apportionment { left: 5, of: 10 });
	}

	proptest! {
		#[test]
		fn fee_is_the_quotient_rounded_up(amount in 0u128..1 << 100, parts in 0u32..=1_000_000) {
			let exact = (amount * u128::from(parts)).div_ceil(1_000_000);
			prop_assert_eq!(fee(amount, Permill::from_parts(parts)), exact);
		}

		#[test]
		fn apportionment_gives_all_and_no_part_more_than_its_size(
			sizes in proptest::collection::vec(0u64..1 << 40, 1..50),
			fraction in 0u32..=1_000_000,
		) {
			let of: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
			let total = of * u128::from(fraction) / 1_000_000;
			let mut pot = Apportionment { left: total, of };
			let mut given = 0;
			for size in &sizes {
				let share = pot.take(u128::from(*size)).expect("sizes add up");
				prop_assert!(share <= u128::from(*size));
				given += share;
			}
			prop_assert_eq!(given, total);
		}
	}
}
