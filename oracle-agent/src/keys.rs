//! Key files, and the keys in them.
//!
//! A key file is two lines of TOML that only its owner may read:
//!
//! ```toml
//! scheme = "ed25519"
//! seed = "0x…32 bytes…"
//! ```
//!
//! Anyone who reads it can sign readings in the meter's name, so a file that other users can read is refused, not merely
//! warned about.
//!
//! A meter's key can be replaced. The new one lies beside the old one: `roof.key.rotated-1` beside `roof.key`, and so on.
//! No file is ever renamed or overwritten; which of the keys signs is what the finalised chain says. See [`crate::rotate`].

use std::{
	ffi::OsString,
	fmt,
	fs::{self, File, OpenOptions},
	io::{self, Write},
	os::unix::fs::{OpenOptionsExt, PermissionsExt},
	path::{Path, PathBuf},
};

use heliograph_primitives::{
	keys::compact_ecdsa, reading::possession_payload, MeterKey, MeterSignature,
};
use serde::{Deserialize, Serialize};
use sp_core::{
	crypto::{AccountId32, Ss58AddressFormat, Ss58Codec},
	ecdsa, ed25519, sr25519, Pair,
};

/// The address format of accounts: the generic Substrate prefix.
pub const SS58_PREFIX: u16 = 42;

/// What stands between the name of a meter's key file and the number of the rotation that made a newer key.
const ROTATED: &str = ".rotated-";

/// The signature scheme of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
	/// Ed25519: what most secure elements and embedded libraries offer.
	#[default]
	Ed25519,
	/// Schnorr over Ristretto25519: the scheme of Substrate accounts. The operator's key has to be of this one.
	Sr25519,
	/// ECDSA over secp256k1.
	Ecdsa,
}

impl fmt::Display for Scheme {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		f.write_str(match self {
			Self::Ed25519 => "ed25519",
			Self::Sr25519 => "sr25519",
			Self::Ecdsa => "ecdsa",
		})
	}
}

/// Why a key file cannot be used, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
	/// There is no such file.
	#[error(
		"the key file {} does not exist; make one with `heliograph-agent keys generate {}`, or every missing key of a \
		 configuration with `heliograph-agent keys new --config FILE`",
		.0.display(),
		.0.display()
	)]
	Missing(PathBuf),
	/// Somebody other than its owner may read or change the file.
	#[error(
		"the key file {} can be read or changed by other users (mode {mode:03o}): whoever reads it can sign in its name; \
		 close it with `chmod 600 {}`",
		.path.display(),
		.path.display()
	)]
	Exposed {
		/// The file.
		path: PathBuf,
		/// Its permission bits.
		mode: u32,
	},
	/// The file is not a key file.
	#[error(
		"the key file {} is not understood: {why}; it has two lines, `scheme = \"ed25519\"` (or sr25519, ecdsa) and \
		 `seed = \"0x…\"` with 64 hexadecimal digits",
		.path.display()
	)]
	Malformed {
		/// The file.
		path: PathBuf,
		/// What is wrong in it.
		why: String,
	},
	/// The operator's key is not sr25519.
	#[error(
		"the operator's key {} is {scheme}, but the account that submits readings needs an sr25519 key; make one with \
		 `heliograph-agent keys generate FILE --scheme sr25519`",
		.path.display()
	)]
	NotAnOperatorKey {
		/// The file.
		path: PathBuf,
		/// Its scheme.
		scheme: Scheme,
	},
	/// A key file is never overwritten.
	#[error("{} exists already; a key is never overwritten: move it away first", .0.display())]
	Exists(PathBuf),
	/// The secret URI could not be turned into a seed.
	#[error("the secret URI is not usable: {0}")]
	Suri(String),
	/// Reading or writing failed.
	#[error("cannot {action} the key file {}: {source}", .path.display())]
	Io {
		/// What was tried.
		action: &'static str,
		/// The file.
		path: PathBuf,
		/// What the system says.
		source: io::Error,
	},
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
	scheme: Scheme,
	seed: String,
}

/// A key that can sign.
#[derive(Clone)]
pub enum SigningKey {
	/// See [`Scheme::Ed25519`].
	Ed25519(Box<ed25519::Pair>),
	/// See [`Scheme::Sr25519`].
	Sr25519(Box<sr25519::Pair>),
	/// See [`Scheme::Ecdsa`].
	Ecdsa(ecdsa::Pair),
}

/// Shows the public half only.
impl fmt::Debug for SigningKey {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "SigningKey({} 0x{})", self.scheme(), hex::encode(self.public_bytes()))
	}
}

impl SigningKey {
	/// The key of `seed`.
	pub fn from_seed(scheme: Scheme, seed: &[u8; 32]) -> Self {
		match scheme {
			Scheme::Ed25519 => Self::Ed25519(Box::new(ed25519::Pair::from_seed(seed))),
			Scheme::Sr25519 => Self::Sr25519(Box::new(sr25519::Pair::from_seed(seed))),
			Scheme::Ecdsa => Self::Ecdsa(ecdsa::Pair::from_seed(seed)),
		}
	}

	/// Reads the key file at `path`. Refuses one that other users can read.
	pub fn load(path: &Path) -> Result<Self, KeyError> {
		let metadata = fs::metadata(path).map_err(|source| match source.kind() {
			io::ErrorKind::NotFound => KeyError::Missing(path.into()),
			_ => KeyError::Io { action: "look at", path: path.into(), source },
		})?;
		let mode = metadata.permissions().mode() & 0o777;
		if mode & 0o077 != 0 {
			return Err(KeyError::Exposed { path: path.into(), mode });
		}
		let text = fs::read_to_string(path).map_err(|source| KeyError::Io {
			action: "read",
			path: path.into(),
			source,
		})?;
		let malformed = |why: String| KeyError::Malformed { path: path.into(), why };
		// The parser's own message would quote the line, and with it the seed.
		let file: KeyFile =
			toml::from_str(&text).map_err(|error| malformed(error.message().to_owned()))?;
		let digits = file.seed.strip_prefix("0x").unwrap_or(&file.seed);
		let mut seed = [0u8; 32];
		hex::decode_to_slice(digits, &mut seed).map_err(|error| {
			malformed(format!(
				"the seed has {} characters after 0x, and as hexadecimal: {error}",
				digits.len()
			))
		})?;
		Ok(Self::from_seed(file.scheme, &seed))
	}

	/// Reads the key of the account that submits, which has to be sr25519.
	pub fn load_operator(path: &Path) -> Result<sr25519::Pair, KeyError> {
		match Self::load(path)? {
			Self::Sr25519(pair) => Ok(*pair),
			other => Err(KeyError::NotAnOperatorKey { path: path.into(), scheme: other.scheme() }),
		}
	}

	/// The scheme.
	pub fn scheme(&self) -> Scheme {
		match self {
			Self::Ed25519(_) => Scheme::Ed25519,
			Self::Sr25519(_) => Scheme::Sr25519,
			Self::Ecdsa(_) => Scheme::Ecdsa,
		}
	}

	/// The public half, as the chain registers it.
	pub fn public(&self) -> MeterKey {
		match self {
			Self::Ed25519(pair) => MeterKey::Ed25519(pair.public().0),
			Self::Sr25519(pair) => MeterKey::Sr25519(pair.public().0),
			Self::Ecdsa(pair) => MeterKey::Ecdsa(pair.public().0),
		}
	}

	/// The bytes of the public half: 32, or 33 for ECDSA.
	pub fn public_bytes(&self) -> Vec<u8> {
		match self.public() {
			MeterKey::Ed25519(key) | MeterKey::Sr25519(key) => key.to_vec(),
			MeterKey::Ecdsa(key) => key.to_vec(),
			// A key that can sign is of one of the three schemes.
			MeterKey::Oracles(_) => Vec::new(),
		}
	}

	/// The account that this key controls.
	pub fn account(&self) -> AccountId32 {
		match self.public() {
			MeterKey::Ed25519(key) | MeterKey::Sr25519(key) => AccountId32::new(key),
			_ => AccountId32::new(sp_crypto_hashing::blake2_256(&self.public_bytes())),
		}
	}

	/// Signs `message`: 64 bytes, in the form that [`MeterKey::verify`] takes.
	pub fn sign(&self, message: &[u8]) -> MeterSignature {
		match self {
			Self::Ed25519(pair) => pair.sign(message).0,
			Self::Sr25519(pair) => pair.sign(message).0,
			Self::Ecdsa(pair) => compact_ecdsa(&pair.sign(message).0)
				.expect("libsecp256k1 always signs with low s; qed"),
		}
	}

	/// Signs that this key agrees to be registered by `owner` on the chain `genesis`.
	pub fn sign_possession(&self, genesis: &[u8; 32], owner: &AccountId32) -> MeterSignature {
		let owner: &[u8; 32] = owner.as_ref();
		self.sign(&possession_payload(genesis, owner))
	}
}

/// The keys of the meter whose first key is at `path`: that one, and those that rotations made, the oldest first. Old files
/// may have been deleted; one has to be there.
pub fn load_ring(path: &Path) -> Result<Vec<SigningKey>, KeyError> {
	let mut ring = Vec::new();
	if path.exists() {
		ring.push(SigningKey::load(path)?);
	}
	for number in rotations(path)? {
		ring.push(SigningKey::load(&rotated(path, number))?);
	}
	match ring.is_empty() {
		true => Err(KeyError::Missing(path.into())),
		false => Ok(ring),
	}
}

/// Makes the next key of the meter whose first key is at `path`, in a file of its own. Gives the file, too.
pub fn generate_next(path: &Path, scheme: Scheme) -> Result<(PathBuf, SigningKey), KeyError> {
	let number = rotations(path)?.last().map_or(1, |last| last + 1);
	let next = rotated(path, number);
	let key = generate(&next, scheme, None)?;
	Ok((next, key))
}

/// The newest key file of the meter whose first key is at `path`.
pub fn newest(path: &Path) -> Result<PathBuf, KeyError> {
	Ok(rotations(path)?.last().map_or_else(|| path.into(), |number| rotated(path, *number)))
}

fn rotated(path: &Path, number: u32) -> PathBuf {
	let mut name = path.as_os_str().to_owned();
	name.push(format!("{ROTATED}{number}"));
	name.into()
}

/// The numbers of the rotations whose keys lie beside `path`, in order.
fn rotations(path: &Path) -> Result<Vec<u32>, KeyError> {
	let failed = |source| KeyError::Io { action: "look beside", path: path.into(), source };
	let Some(name) = path.file_name() else { return Ok(Vec::new()) };
	let mut start = OsString::from(name);
	start.push(ROTATED);
	let (Some(start), folder) = (start.to_str(), folder_of(path)) else { return Ok(Vec::new()) };
	let files = match fs::read_dir(folder) {
		Ok(files) => files,
		Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
		Err(error) => return Err(failed(error)),
	};
	let mut numbers = Vec::new();
	for file in files {
		let name = file.map_err(failed)?.file_name();
		let number = name.to_str().and_then(|name| name.strip_prefix(start)?.parse::<u32>().ok());
		numbers.extend(number);
	}
	numbers.sort_unstable();
	Ok(numbers)
}

fn folder_of(path: &Path) -> &Path {
	path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The address of `account` as wallets show it.
pub fn address(account: &AccountId32) -> String {
	account.to_ss58check_with_version(Ss58AddressFormat::custom(SS58_PREFIX))
}

/// Makes a key file at `path` that only its owner can read: with a fresh seed from the system's random source, or with the
/// seed of the secret URI `suri` (`//Alice`). Missing folders are made. Never overwrites.
pub fn generate(path: &Path, scheme: Scheme, suri: Option<&str>) -> Result<SigningKey, KeyError> {
	let seed = match suri {
		Some(suri) => seed_of(scheme, suri)?,
		None => ed25519::Pair::generate().1,
	};
	let file = KeyFile { scheme, seed: format!("0x{}", hex::encode(seed)) };
	let text = toml::to_string(&file)
		.map_err(|error| KeyError::Malformed { path: path.into(), why: error.to_string() })?;
	write_private(path, text.as_bytes())?;
	Ok(SigningKey::from_seed(scheme, &seed))
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), KeyError> {
	let failed = |action| move |source| KeyError::Io { action, path: path.into(), source };
	fs::create_dir_all(folder_of(path)).map_err(failed("make the folder of"))?;
	let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
		|source| match source.kind() {
			io::ErrorKind::AlreadyExists => KeyError::Exists(path.into()),
			_ => KeyError::Io { action: "make", path: path.into(), source },
		},
	)?;
	file.write_all(content).map_err(failed("write"))?;
	// A meter that was registered with a key which a power cut then took away could never sign again.
	file.sync_all().map_err(failed("write"))?;
	// The name of the file is in its folder.
	File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed("write"))
}

fn seed_of(scheme: Scheme, suri: &str) -> Result<[u8; 32], KeyError> {
	fn derive<P: Pair>(suri: &str) -> Result<Option<P::Seed>, KeyError> {
		P::from_string_with_seed(suri, None)
			.map(|(_, seed)| seed)
			.map_err(|error| KeyError::Suri(format!("{error:?}")))
	}
	match scheme {
		Scheme::Ed25519 => derive::<ed25519::Pair>(suri)?,
		Scheme::Sr25519 => derive::<sr25519::Pair>(suri)?,
		Scheme::Ecdsa => derive::<ecdsa::Pair>(suri)?,
	}
	.ok_or_else(|| {
		KeyError::Suri(
			"a soft derivation (one slash) has no seed; use hard ones (two slashes)".into(),
		)
	})
}

#[cfg(test)]
mod tests {
	use super::*;
	use heliograph_primitives::reading::rotation_payload;
	use tempfile::tempdir;

	const SCHEMES: [Scheme; 3] = [Scheme::Ed25519, Scheme::Sr25519, Scheme::Ecdsa];

	#[test]
	fn key_signs_the_same_when_loaded_again() {
		let folder = tempdir().expect("a folder");
		for scheme in SCHEMES {
			let path = folder.path().join("deep/er").join(scheme.to_string());
			let made = generate(&path, scheme, None).expect("made");
			let loaded = SigningKey::load(&path).expect("loaded");
			assert_eq!(made.public(), loaded.public());
			assert!(made.public().verify(&loaded.sign(b"a watt-hour"), b"a watt-hour"));
			assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
		}
	}

	#[test]
	fn possession_verifies_as_the_chain_checks_it() {
		for scheme in SCHEMES {
			let key = SigningKey::from_seed(scheme, &[7; 32]);
			let owner = AccountId32::new([9; 32]);
			let signature = key.sign_possession(&[1; 32], &owner);
			assert!(key.public().verify(&signature, &possession_payload(&[1; 32], &owner)));
			assert!(!key.public().verify(&signature, &possession_payload(&[2; 32], &owner)));
		}
	}

	#[test]
	fn key_file_is_refused_when_others_can_read_it() {
		let folder = tempdir().expect("a folder");
		let path = folder.path().join("roof.key");
		generate(&path, Scheme::Ed25519, None).expect("made");
		for mode in [0o640, 0o604, 0o660, 0o777] {
			fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("chmod");
			let error = SigningKey::load(&path).expect_err("exposed").to_string();
			assert!(error.contains(&format!("chmod 600 {}", path.display())), "{error}");
			assert!(error.contains(&format!("{mode:o}")), "{error}");
		}
		fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).expect("chmod");
		SigningKey::load(&path).expect("its owner may read it");
	}

	#[test]
	fn missing_key_file_says_how_to_make_it() {
		let error =
			SigningKey::load(Path::new("/nowhere/roof.key")).expect_err("missing").to_string();
		assert!(error.contains("keys generate /nowhere/roof.key"), "{error}");
	}

	#[test]
	fn malformed_key_file_is_refused_without_showing_the_seed() {
		let folder = tempdir().expect("a folder");
		let seed = "ab".repeat(31);
		for (i, text) in [
			format!("scheme = \"ed25519\"\nseed = \"0x{seed}\"\n"),
			format!("scheme = \"rsa\"\nseed = \"0x{seed}ab\"\n"),
			format!("seed = \"0x{seed}ab\"\n"),
			format!("scheme = \"ed25519\"\nseed = 0x{seed}\n"),
			format!("scheme = \"ed25519\"\nseed = \"0x{seed}zz\"\n"),
			String::new(),
		]
		.into_iter()
		.enumerate()
		{
			let path = folder.path().join(i.to_string());
			write_private(&path, text.as_bytes()).expect("written");
			let error = SigningKey::load(&path).expect_err("malformed").to_string();
			assert!(!error.contains(&seed), "the seed leaks: {error}");
			assert!(error.contains("two lines"), "{error}");
		}
	}

	#[test]
	fn key_is_never_overwritten() {
		let folder = tempdir().expect("a folder");
		let path = folder.path().join("k");
		let first = generate(&path, Scheme::Ed25519, None).expect("made");
		assert!(matches!(generate(&path, Scheme::Ed25519, None), Err(KeyError::Exists(_))));
		assert_eq!(SigningKey::load(&path).expect("still there").public(), first.public());
	}

	#[test]
	fn rotation_verifies_as_the_chain_checks_it() {
		for scheme in SCHEMES {
			let (old, new) =
				(SigningKey::from_seed(scheme, &[7; 32]), SigningKey::from_seed(scheme, &[8; 32]));
			let payload = rotation_payload(&[1; 32], 4, &new.public());
			assert!(old.public().verify(&old.sign(&payload), &payload));
		}
	}

	#[test]
	fn ring_is_the_first_key_and_those_of_the_rotations_in_order() {
		let folder = tempdir().expect("a folder");
		let path = folder.path().join("roof.key");
		assert!(matches!(load_ring(&path), Err(KeyError::Missing(_))));
		assert!(matches!(
			load_ring(&folder.path().join("no/such/roof.key")),
			Err(KeyError::Missing(_))
		));
		let mut made = vec![generate(&path, Scheme::Ed25519, None).expect("made")];
		for number in 1..=11 {
			let (file, key) = generate_next(&path, Scheme::Sr25519).expect("made");
			assert_eq!(file, folder.path().join(format!("roof.key.rotated-{number}")));
			assert_eq!(newest(&path).expect("read"), file);
			made.push(key);
		}
		// Not keys of this meter.
		fs::write(folder.path().join("roof.key.rotated-1.bak"), "x").expect("written");
		generate(&folder.path().join("other.key"), Scheme::Ed25519, None).expect("made");
		let keys = |ring: &[SigningKey]| ring.iter().map(SigningKey::public).collect::<Vec<_>>();
		assert_eq!(keys(&load_ring(&path).expect("loaded")), keys(&made));
		// Whoever tidies up may delete the old ones.
		fs::remove_file(&path).expect("removed");
		assert_eq!(keys(&load_ring(&path).expect("loaded")), keys(&made[1..]));
	}

	#[test]
	fn operator_key_is_refused_when_it_is_not_sr25519() {
		let folder = tempdir().expect("a folder");
		let path = folder.path().join("operator.key");
		generate(&path, Scheme::Ed25519, None).expect("made");
		let Err(error) = SigningKey::load_operator(&path) else {
			panic!("an ed25519 key was taken")
		};
		let error = error.to_string();
		assert!(error.contains("--scheme sr25519"), "{error}");
	}

	#[test]
	fn secret_uri_gives_the_well_known_account() {
		let folder = tempdir().expect("a folder");
		let alice =
			generate(&folder.path().join("alice"), Scheme::Sr25519, Some("//Alice")).expect("made");
		assert_eq!(address(&alice.account()), "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY");
		assert_eq!(
			SigningKey::load_operator(&folder.path().join("alice")).expect("loaded").public().0,
			*<AccountId32 as AsRef<[u8; 32]>>::as_ref(&alice.account()),
		);
		assert!(matches!(
			generate(&folder.path().join("soft"), Scheme::Sr25519, Some("//Alice/soft")),
			Err(KeyError::Suri(_))
		));
	}
}
