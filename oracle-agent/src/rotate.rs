//! `keys rotate`: replaces the key of a meter.
//!
//! 1. This command makes the new key, in a file beside the old one, and prints the arguments of `miners.rotateMeterKey`.
//! 2. The miner's owner or an operator submits that call.
//! 3. The agent sees in finalised state that the chain knows the new key, and signs with it from then on. What waits to be
//!    submitted is signed again. The agent may run all the while, or be started later.
//!
//! Nothing has to happen at one moment, and nothing is overwritten, so a crash anywhere leaves a state that goes on: the
//! agent signs with the key that the chain knew when it last looked, and both keys are on file. Run again, the command
//! prints the same new key; it makes another one only when the chain has taken over the last.

use std::{io::Write, path::PathBuf};

use anyhow::{bail, Context};
use heliograph_primitives::{reading::rotation_payload, MeterId, MeterKey};
use serde_json::json;
use sp_core::crypto::AccountId32;

use crate::{
	chain::{Chain, KeyUse},
	config::{Config, MeterConfig},
	keys::{self, Scheme, SigningKey},
};

/// What to rotate.
#[derive(clap::Args, Debug)]
pub struct RotateArgs {
	/// The meter, by the name that `status` shows: device/point.
	#[arg(long, value_name = "NAME")]
	pub meter: String,
	/// The scheme of the new key.
	#[arg(long, value_enum, default_value_t, value_name = "SCHEME")]
	pub scheme: Scheme,
	/// The meter's number on the chain, for when its key is lost. By default it is found by the keys on file.
	#[arg(long, value_name = "NUMBER")]
	pub number: Option<MeterId>,
	/// The node to ask; by default that of the configuration.
	#[arg(long, value_name = "URL")]
	pub url: Option<String>,
	/// Also write what is printed to a file.
	#[arg(long, value_name = "FILE")]
	pub output: Option<PathBuf>,
}

/// The arguments of a call, and what to say about them.
#[derive(Clone, PartialEq, Debug)]
struct Rotation {
	arguments: serde_json::Value,
	/// Whether the old key signed: then the owner's side can rotate, else only the Technical Committee can.
	is_handed_over: bool,
}

/// Runs the command.
pub async fn run(config: &Config, args: RotateArgs) -> anyhow::Result<()> {
	let mut meters = config.devices.iter().flat_map(|device| &device.meters);
	let meter = meters.clone().find(|meter| *meter.name == *args.meter).with_context(|| {
		let names: Vec<_> = meters.by_ref().map(|meter| &*meter.name).collect();
		format!("the configuration has no meter `{}`; it has {}", args.meter, names.join(", "))
	})?;
	let url = args.url.as_deref().unwrap_or(&config.chain.url);
	let chain = Chain::connect(url)
		.await
		.with_context(|| format!("cannot ask {url} which key the chain knows"))?;
	let genesis = chain.genesis();
	crate::submit::check_genesis(url, genesis, config.chain.genesis, None)?;
	let at = chain.finalised().await?;

	let ring = match keys::load_ring(&meter.key) {
		Ok(ring) => ring,
		// A key that is lost is what the Technical Committee replaces.
		Err(keys::KeyError::Missing(_)) if args.number.is_some() => Vec::new(),
		Err(error) => return Err(error.into()),
	};
	let uses = at.key_uses(&ring.iter().map(SigningKey::public).collect::<Vec<_>>()).await?;
	let number = match (args.number, uses.iter().flatten().find_map(KeyUse::meter)) {
		(Some(given), Some(found)) if given != found => {
			bail!("--number {given}: the keys of `{}` belong to meter {found}", meter.name)
		}
		(Some(number), _) | (None, Some(number)) => number,
		(None, None) => bail!(
			"the chain knows no key of `{}` as a meter's: before a meter is admitted there is nothing to rotate, and if \
			 its key is lost, name the meter by --number",
			meter.name
		),
	};
	let registration = at.registrations(&[number]).await?.pop().flatten();
	let registration =
		registration.with_context(|| format!("meter {number} is not registered on the chain"))?;
	if let Some(reason) = registration.refuses_for_good() {
		bail!("{}", crate::settle::explained(reason));
	}
	let owner = at
		.owner(registration.miner)
		.await?
		.with_context(|| format!("there is no miner {} on the chain", registration.miner))?;

	let old = ring.iter().position(|key| Some(key.public()) == registration.key);
	let new = next_key(meter, &ring, &uses, args.scheme)?;
	let rotation =
		rotation(&genesis, number, &AccountId32::new(owner), old.map(|old| &ring[old]), &new);
	let text = serde_json::to_string_pretty(&rotation.arguments)?;
	if let Some(file) = &args.output {
		let mut written = std::fs::File::create(file)
			.with_context(|| format!("cannot write {}", file.display()))?;
		writeln!(written, "{text}").with_context(|| format!("cannot write {}", file.display()))?;
	}
	println!("{text}");
	match rotation.is_handed_over {
		true => eprintln!(
			"The owner {} or an operator calls miners.rotateMeterKey with these. The agent goes over to the new key by \
			 itself when the call is finalised; until then it signs with the old one.",
			keys::address(&AccountId32::new(owner))
		),
		false => eprintln!(
			"The key that the chain knows for meter {number} is not on file, so it cannot hand over: only the Technical \
			 Committee can replace it, by miners.forceRotateMeterKey with these. The possession is for the owner {}.",
			keys::address(&AccountId32::new(owner))
		),
	}
	Ok(())
}

/// The key to go over to: the newest on file if the chain never heard of it, else one that is made now.
fn next_key(
	meter: &MeterConfig,
	ring: &[SigningKey],
	uses: &[Option<KeyUse>],
	scheme: Scheme,
) -> anyhow::Result<SigningKey> {
	if let (Some(last), Some(None)) = (ring.last(), uses.last()) {
		eprintln!("{} is new to the chain: it is used", keys::newest(&meter.key)?.display());
		return Ok(last.clone());
	}
	let (file, key) = match ring.is_empty() {
		true => (meter.key.clone(), keys::generate(&meter.key, scheme, None)?),
		false => keys::generate_next(&meter.key, scheme)?,
	};
	eprintln!("{}: a new key", file.display());
	Ok(key)
}

fn rotation(
	genesis: &[u8; 32],
	meter: MeterId,
	owner: &AccountId32,
	old: Option<&SigningKey>,
	new: &SigningKey,
) -> Rotation {
	let hex = |bytes: &[u8]| format!("0x{}", hex::encode(bytes));
	let key = |key: &SigningKey| json!({ key.scheme().to_string(): hex(&key.public_bytes()) });
	let mut arguments = json!({
		"meter": meter,
		"new_key": key(new),
		"possession": hex(&new.sign_possession(genesis, owner)),
	});
	let new: MeterKey = new.public();
	if let Some(old) = old {
		let handover = old.sign(&rotation_payload(genesis, meter, &new));
		arguments["handover"] = hex(&handover).into();
	}
	Rotation { arguments, is_handed_over: old.is_some() }
}

#[cfg(test)]
mod tests {
	use super::*;
	use heliograph_primitives::{reading::possession_payload, Flow, MeterSignature};
	use tempfile::tempdir;

	fn signature(rotation: &Rotation, name: &str) -> MeterSignature {
		let text = rotation.arguments[name].as_str().expect(name);
		let mut signature = [0; 64];
		hex::decode_to_slice(&text[2..], &mut signature).expect("64 bytes");
		signature
	}

	#[test]
	fn rotation_carries_both_signatures_as_the_chain_checks_them() {
		let old = SigningKey::from_seed(Scheme::Ed25519, &[1; 32]);
		let new = SigningKey::from_seed(Scheme::Ecdsa, &[2; 32]);
		let owner = AccountId32::new([3; 32]);
		let rotation = rotation(&[4; 32], 5, &owner, Some(&old), &new);
		let payload = rotation_payload(&[4; 32], 5, &new.public());
		assert!(old.public().verify(&signature(&rotation, "handover"), &payload));
		let payload = possession_payload(&[4; 32], &owner);
		assert!(new.public().verify(&signature(&rotation, "possession"), &payload));
		assert_eq!(rotation.arguments["meter"], 5);
		let key = format!("0x{}", hex::encode(new.public_bytes()));
		assert_eq!(rotation.arguments["new_key"], json!({ "ecdsa": key }));
		assert!(rotation.is_handed_over);
	}

	#[test]
	fn rotation_is_for_the_committee_when_the_old_key_is_lost() {
		let new = SigningKey::from_seed(Scheme::Sr25519, &[2; 32]);
		let rotation = rotation(&[4; 32], 5, &AccountId32::new([3; 32]), None, &new);
		assert!(!rotation.is_handed_over && rotation.arguments.get("handover").is_none());
	}

	#[test]
	fn next_key_is_made_once_until_the_chain_has_taken_it_over() {
		let folder = tempdir().expect("a folder");
		let meter = MeterConfig {
			name: "roof/import_energy".into(),
			point: "import_energy".into(),
			flow: Flow::Generation,
			nameplate: 5_000,
			key: folder.path().join("roof.key"),
			zero_is_valid: false,
		};
		let first = keys::generate(&meter.key, Scheme::Ed25519, None).expect("made");
		let ring = || keys::load_ring(&meter.key).expect("loaded");
		let next = |uses: &[Option<KeyUse>]| {
			next_key(&meter, &ring(), uses, Scheme::Ed25519).expect("a key").public()
		};
		let second = next(&[Some(KeyUse::Meter(4))]);
		assert_ne!(second, first.public());
		// Killed before the call was submitted, run again: the same.
		assert_eq!(next(&[Some(KeyUse::Meter(4)), None]), second);
		assert_eq!(ring().len(), 2);
		// The chain has taken it over: the next one is another.
		let third = next(&[Some(KeyUse::Former(4)), Some(KeyUse::Meter(4))]);
		assert!(third != second && third != first.public());
		assert_eq!(ring().len(), 3);
	}
}
