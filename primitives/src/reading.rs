//! What a device says, and the exact bytes that it signs.

use crate::{
	keys::{MeterKey, MeterSignature, MAX_ORACLES},
	units::Interval,
	MeterId,
};
use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ConstU32;
use sp_runtime::BoundedVec;

/// Domain of a reading's signature.
pub const READING_DOMAIN: &[u8] = b"heliograph/reading/v1";

/// Domain of a proof that the applicant holds a meter's key.
pub const POSSESSION_DOMAIN: &[u8] = b"heliograph/possession/v1";

/// Domain of the signature by which a meter's key hands over to the next.
pub const ROTATION_DOMAIN: &[u8] = b"heliograph/rotation/v1";

/// How far the device stands behind the interval that a reading is for.
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
#[cfg_attr(feature = "std", derive(serde::Serialize, serde::Deserialize))]
pub enum Quality {
	/// The register was read close enough to the interval's end to assign the energy to the interval.
	#[default]
	#[codec(index = 0)]
	Measured,
	/// The register is right, but it was not seen at the interval's end: the energy counts, and belongs to no interval.
	#[codec(index = 1)]
	Recovered,
}

/// The state of a meter's register at the end of an interval.
///
/// Numbers are SCALE compact, in the signed payload and on the chain alike: a reading is about 16 bytes, with its
/// signature 80.
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
pub struct Reading {
	/// The meter, as the chain numbered it.
	#[codec(compact)]
	pub meter: MeterId,
	/// Counts the register's resets. A register that fell is only believed in a new epoch.
	#[codec(compact)]
	pub epoch: u16,
	/// The interval at whose end the register stood at `register`.
	#[codec(compact)]
	pub interval: Interval,
	/// The cumulative register in mWh, rounded down.
	#[codec(compact)]
	pub register: u64,
	/// Whether the energy can be assigned to the interval.
	pub quality: Quality,
}

impl Reading {
	/// The bytes that the meter's key signs: `"heliograph/reading/v1" || genesis hash || SCALE(reading)`.
	///
	/// The genesis hash binds the reading to one chain: signed for another one, it does not verify.
	pub fn signing_payload(&self, genesis_hash: &[u8; 32]) -> Vec<u8> {
		payload(READING_DOMAIN, genesis_hash, self)
	}
}

/// A reading and the signature of its meter's key over [`Reading::signing_payload`].
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
pub struct SignedReading {
	/// What the device says.
	pub reading: Reading,
	/// 64 bytes, in the scheme of the meter's registered key.
	pub signature: MeterSignature,
}

/// A reading of a meter without a key of its own, and what oracles of its set signed.
///
/// Each signs [`Reading::signing_payload`]. Enough of them must agree; one that is wrong does not undo the others.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct AttestedReading {
	/// What the oracles saw.
	pub reading: Reading,
	/// The place of an oracle in its set, and its signature.
	pub signatures: BoundedVec<(u8, MeterSignature), ConstU32<MAX_ORACLES>>,
}

/// The bytes by which a meter's key shows that it agreed to be registered by `owner`:
/// `"heliograph/possession/v1" || genesis hash || SCALE(owner)`.
///
/// Without it, anyone could register somebody else's public key and block its true owner.
pub fn possession_payload<AccountId: Encode>(
	genesis_hash: &[u8; 32],
	owner: &AccountId,
) -> Vec<u8> {
	payload(POSSESSION_DOMAIN, genesis_hash, owner)
}

/// The bytes that a meter's key signs to hand over to `new_key`:
/// `"heliograph/rotation/v1" || genesis hash || SCALE(meter, new_key)`, the meter as a `u32` of fixed width.
///
/// It cannot be used twice: a key that was handed over is not taken again, on any meter.
pub fn rotation_payload(genesis_hash: &[u8; 32], meter: MeterId, new_key: &MeterKey) -> Vec<u8> {
	payload(ROTATION_DOMAIN, genesis_hash, &(meter, new_key))
}

/// `domain || genesis hash || SCALE(content)`. The domain is raw bytes, without a length, so that a device can prepend a
/// constant.
fn payload<T: Encode>(domain: &[u8], genesis_hash: &[u8; 32], content: &T) -> Vec<u8> {
	let mut bytes = Vec::with_capacity(domain.len() + genesis_hash.len() + content.size_hint());
	bytes.extend_from_slice(domain);
	bytes.extend_from_slice(genesis_hash);
	content.encode_to(&mut bytes);
	bytes
}

#[cfg(test)]
mod tests {
	use super::*;

	const READING: Reading = Reading {
		meter: 7,
		epoch: 1,
		interval: 1_980_000,
		register: 12_345_678_901,
		quality: Quality::Measured,
	};

	#[test]
	fn payload_is_domain_then_genesis_then_scale() {
		// Written out, so that firmware in another language can be checked against it.
		let expected = [
			b"heliograph/reading/v1".as_slice(),
			&[0xab; 32],
			&hex::decode("1c0482d9780007351cdcdf0200").expect("hex"),
		]
		.concat();
		assert_eq!(READING.signing_payload(&[0xab; 32]), expected);
	}

	#[test]
	fn signed_reading_takes_at_most_80_bytes_for_a_decade_of_a_home() {
		// A million meters, a register of 1,000 MWh, intervals to the year 2040.
		let reading =
			Reading { meter: 999_999, interval: 2_456_000, register: 1_000_000_000_000, ..READING };
		assert!(SignedReading { reading, signature: [0; 64] }.encoded_size() <= 80);
	}

	#[test]
	fn payload_differs_when_chain_or_any_field_differs() {
		let base = READING.signing_payload(&[0; 32]);
		for other in [
			Reading { meter: 8, ..READING },
			Reading { epoch: 2, ..READING },
			Reading { interval: 1_980_001, ..READING },
			Reading { register: 12_345_678_902, ..READING },
			Reading { quality: Quality::Recovered, ..READING },
		] {
			assert_ne!(other.signing_payload(&[0; 32]), base);
		}
		assert_ne!(READING.signing_payload(&[1; 32]), base);
		assert_ne!(possession_payload(&[0; 32], &[0u8; 32]), base);
	}

	#[test]
	fn rotation_differs_when_chain_meter_or_key_differs() {
		let key = |byte| MeterKey::Ed25519([byte; 32]);
		let base = rotation_payload(&[0; 32], 7, &key(1));
		let scale = [&[7, 0, 0, 0, 0][..], &[1; 32]].concat();
		assert_eq!(base, [ROTATION_DOMAIN, &[0; 32], &scale].concat());
		assert_ne!(rotation_payload(&[1; 32], 7, &key(1)), base);
		assert_ne!(rotation_payload(&[0; 32], 8, &key(1)), base);
		assert_ne!(rotation_payload(&[0; 32], 7, &key(2)), base);
	}
}
