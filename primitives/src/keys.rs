//! The keys that devices sign with.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::{ecdsa, ed25519, sr25519, ConstU32};
use sp_runtime::BoundedVec;

/// A meter's signature: 64 bytes whatever the scheme.
///
/// The scheme is known from the meter's key, so no tag is carried. For ECDSA the 64 bytes are the compact form of
/// [EIP-2098](https://eips.ethereum.org/EIPS/eip-2098): `r`, then `s` in its lower half with the recovery bit in its top
/// bit. One byte less per reading, and one width for all.
pub type MeterSignature = [u8; 64];

/// A meter's public key.
#[derive(
	Clone,
	Copy,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Debug,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum MeterKey {
	/// Ed25519, RFC 8032, over the message itself. What most secure elements and embedded libraries offer.
	Ed25519([u8; 32]),
	/// Schnorr over Ristretto25519 with the signing context `substrate`, as Substrate accounts use.
	Sr25519([u8; 32]),
	/// ECDSA over secp256k1 and the BLAKE2b-256 hash of the message; the compressed point.
	Ecdsa([u8; 33]),
	/// No key of its own: the numbers come from a vendor's interface, and oracles of this set sign what they saw there.
	/// No single signature verifies.
	Oracles(OracleSetId),
}

/// The number of a set of oracles. Chosen by the DAO.
pub type OracleSetId = u32;

/// The most oracles of one set.
pub const MAX_ORACLES: u32 = 16;

/// Who signs for meters without a key of their own, and how many of them must agree.
#[derive(
	Clone, PartialEq, Eq, Debug, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct OracleSet {
	/// How many of them must sign the same reading.
	pub threshold: u8,
	/// Their keys; none of them [`MeterKey::Oracles`].
	pub keys: BoundedVec<MeterKey, ConstU32<MAX_ORACLES>>,
}

impl MeterKey {
	/// Whether `signature` is this key's over `message`. One host call; 38 to 52 us on the reference machine.
	pub fn verify(&self, signature: &MeterSignature, message: &[u8]) -> bool {
		match self {
			Self::Ed25519(key) => sp_io::crypto::ed25519_verify(
				&ed25519::Signature::from_raw(*signature),
				message,
				&ed25519::Public::from_raw(*key),
			),
			Self::Sr25519(key) => sp_io::crypto::sr25519_verify(
				&sr25519::Signature::from_raw(*signature),
				message,
				&sr25519::Public::from_raw(*key),
			),
			Self::Ecdsa(key) => sp_io::crypto::ecdsa_verify(
				&ecdsa::Signature::from_raw(expand_ecdsa(signature)),
				message,
				&ecdsa::Public::from_raw(*key),
			),
			Self::Oracles(_) => false,
		}
	}

	/// Whether these bytes can be a key at all. An ECDSA key must be a compressed point; the other two are checked when
	/// they verify their proof of possession.
	pub fn is_well_formed(&self) -> bool {
		match self {
			Self::Ed25519(_) | Self::Sr25519(_) | Self::Oracles(_) => true,
			Self::Ecdsa(key) => matches!(key[0], 2 | 3),
		}
	}
}

/// A 65-byte ECDSA signature `r || s || v` in the compact form of EIP-2098, or `None` when `s` is not in its lower half
/// or `v` is neither 0 nor 1.
pub fn compact_ecdsa(signature: &[u8; 65]) -> Option<MeterSignature> {
	let (s_high, v) = (signature[32], signature[64]);
	if s_high & 0x80 != 0 || v > 1 {
		return None;
	}
	let mut compact = [0u8; 64];
	compact.copy_from_slice(&signature[..64]);
	compact[32] |= v << 7;
	Some(compact)
}

/// The 65 bytes `r || s || v` of a compact ECDSA signature.
fn expand_ecdsa(compact: &MeterSignature) -> [u8; 65] {
	let mut signature = [0u8; 65];
	signature[..64].copy_from_slice(compact);
	signature[32] &= 0x7f;
	signature[64] = compact[32] >> 7;
	signature
}

#[cfg(test)]
mod tests {
	use super::*;
	use sp_core::Pair;

	fn signed(message: &[u8]) -> [(MeterKey, MeterSignature); 3] {
		let (ed, sr, ec) = (
			ed25519::Pair::from_seed(&[1; 32]),
			sr25519::Pair::from_seed(&[2; 32]),
			ecdsa::Pair::from_seed(&[3; 32]),
		);
		[
			(MeterKey::Ed25519(ed.public().0), ed.sign(message).0),
			(MeterKey::Sr25519(sr.public().0), sr.sign(message).0),
			(
				MeterKey::Ecdsa(ec.public().0),
				compact_ecdsa(&ec.sign(message).0).expect("libsecp256k1 signs with low s"),
			),
		]
	}

	#[test]
	fn signature_verifies_with_each_scheme() {
		for (key, signature) in signed(b"a watt-hour") {
			assert!(key.is_well_formed());
			assert!(key.verify(&signature, b"a watt-hour"));
			assert!(!key.verify(&signature, b"two watt-hours"));
		}
	}

	#[test]
	fn signature_is_refused_when_any_bit_flips() {
		for (key, signature) in signed(b"m") {
			for bit in 0..512 {
				let mut bad = signature;
				bad[bit / 8] ^= 1 << (bit % 8);
				assert!(!key.verify(&bad, b"m"), "{key:?} accepts with bit {bit} flipped");
			}
		}
	}

	#[test]
	fn compact_form_keeps_every_bit() {
		for seed in 0..64u8 {
			let pair = ecdsa::Pair::from_seed(&[seed + 1; 32]);
			let raw = pair.sign(b"m").0;
			assert_eq!(expand_ecdsa(&compact_ecdsa(&raw).expect("low s")), raw);
		}
	}

	#[test]
	fn compact_form_is_refused_when_s_is_high() {
		let mut raw = ecdsa::Pair::from_seed(&[7; 32]).sign(b"m").0;
		raw[32] |= 0x80;
		assert_eq!(compact_ecdsa(&raw), None);
	}
}
