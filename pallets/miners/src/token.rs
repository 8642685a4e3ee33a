//! The soul-bound token: what a wallet sees of a miner.
//!
//! The tokens are items of a collection of `pallet-nfts` that belongs to a keyless account. Four things bind an item to
//! its holder, each enough by itself against a transfer:
//!
//! - transfer is disabled by a system attribute, which also refuses `burn` by the holder (the settings below do not);
//! - the item is not transferable by its own settings, nor is anything in the collection by the collection's;
//! - its metadata and attributes are locked, and only the keyless owner has a role that could write them;
//! - the runtime switches trading, approvals, swaps and attributes off (`Features`), so that nobody can write attributes
//!   of its own to the token, in the holder's or in a delegate's name.
//!
//! Since nothing in the collection is transferable, a recovery burns the token and mints the same number anew.

use super::*;
use alloc::{format, string::String, vec, vec::Vec};
use frame_support::traits::tokens::nonfungibles_v2::{Inspect, Mutate, Transfer};
use frame_system::RawOrigin;
use heliograph_primitives::miner::HardwareStatus;
use pallet_nfts::{
	AttributeNamespace, CollectionConfig, CollectionSetting, CollectionSettings, ItemConfig,
	ItemSetting, ItemSettings, MintSettings, MintType, PalletAttributes,
};
use sp_runtime::traits::StaticLookup;

/// The collection of the soul-bound tokens: the first of the chain.
pub const COLLECTION: u32 = 0;

/// The attributes that a token can have. They are in the namespace of the collection's owner, as text.
pub const ATTRIBUTES: [&str; 10] = [
	"kind",
	"source",
	"method",
	"capacity",
	"location",
	"grid_area",
	"commissioned",
	"status",
	"hardware",
	"pool",
];

/// The longest text of an attribute, that of `pool`.
const MAX_VALUE: usize = 64;
/// The longest metadata, see [`metadata`].
const MAX_METADATA: usize = 128;

/// Tokens that their holders can neither move, burn nor edit. The number of a token is that of its miner.
pub trait SoulboundTokens<AccountId> {
	/// Makes the collection, at genesis and without a deposit, for the keyless account `owner`.
	fn create_collection(owner: &AccountId) -> DispatchResult;

	/// Makes a token and binds it to `owner`. Takes no deposit.
	fn mint(token: MinerId, owner: &AccountId) -> DispatchResult;

	/// Gives a token, with all that is written on it, to another holder, bound as before.
	fn reissue(token: MinerId, owner: &AccountId) -> DispatchResult;

	/// Destroys a token and what is written on it.
	fn burn(token: MinerId) -> DispatchResult;

	/// Writes what wallets show: a small JSON object.
	fn set_metadata(token: MinerId, data: &[u8]) -> DispatchResult;

	/// Writes an attribute; an empty value removes it.
	fn set_attribute(token: MinerId, key: &str, value: &[u8]) -> DispatchResult;

	/// Who holds a token, if it exists.
	fn owner(token: MinerId) -> Option<AccountId>;

	/// Whether its holder can neither move nor burn a token.
	fn is_bound(token: MinerId) -> bool;

	/// How many tokens there are.
	fn count() -> u32;

	/// Whether a key, a value and metadata of these lengths can be written.
	fn fits(key: usize, value: usize, metadata: usize) -> bool;
}

/// Needs `ForceOrigin` to accept the root origin: by it the collection is made without a deposit, and attributes are
/// written while the feature is off for everybody else.
impl<T, I> SoulboundTokens<T::AccountId> for pallet_nfts::Pallet<T, I>
where
	I: 'static,
	T: pallet_nfts::Config<I, CollectionId = u32, ItemId = MinerId>,
{
	fn create_collection(owner: &T::AccountId) -> DispatchResult {
		let locked = CollectionSetting::TransferableItems
			| CollectionSetting::UnlockedMetadata
			| CollectionSetting::UnlockedAttributes
			| CollectionSetting::UnlockedMaxSupply
			| CollectionSetting::DepositRequired;
		let config = CollectionConfig {
			settings: CollectionSettings::from_disabled(locked),
			max_supply: None,
			mint_settings: MintSettings {
				mint_type: MintType::Issuer,
				default_item_settings: item_config().settings,
				..Default::default()
			},
		};
		Self::force_create(RawOrigin::Root.into(), T::Lookup::unlookup(owner.clone()), config)?;
		// Fails if the chain had a collection before.
		let is_first = <Self as Inspect<_>>::collection_owner(&COLLECTION).as_ref() == Some(owner);
		ensure!(is_first, DispatchError::Other("the collection of the miners is not the first"));
		<Self as Mutate<_, _>>::set_collection_metadata(
			None,
			&COLLECTION,
			br#"{"name":"Heliograph miners","description":"Registered clean-energy systems"}"#,
		)
	}

	fn mint(token: MinerId, owner: &T::AccountId) -> DispatchResult {
		<Self as Mutate<_, _>>::mint_into(&COLLECTION, &token, owner, &item_config(), true)?;
		<Self as Transfer<_>>::disable_transfer(&COLLECTION, &token)
	}

	fn reissue(token: MinerId, owner: &T::AccountId) -> DispatchResult {
		// What is locked, and so metadata and attributes here, outlives the burn.
		unbind::<T, I>(token)?;
		<Self as Mutate<_, ItemConfig>>::burn(&COLLECTION, &token, None)?;
		<Self as SoulboundTokens<_>>::mint(token, owner)
	}

	fn burn(token: MinerId) -> DispatchResult {
		for key in ATTRIBUTES {
			<Self as SoulboundTokens<_>>::set_attribute(token, key, &[])?;
		}
		if <Self as Inspect<_>>::attribute(&COLLECTION, &token, &[]).is_some() {
			<Self as Mutate<_, ItemConfig>>::clear_item_metadata(None, &COLLECTION, &token)?;
		}
		unbind::<T, I>(token)?;
		<Self as Mutate<_, ItemConfig>>::burn(&COLLECTION, &token, None)
	}

	fn set_metadata(token: MinerId, data: &[u8]) -> DispatchResult {
		<Self as Mutate<_, ItemConfig>>::set_item_metadata(None, &COLLECTION, &token, data)
	}

	fn set_attribute(token: MinerId, key: &str, value: &[u8]) -> DispatchResult {
		// Not by `Mutate::set_attribute`: that writes to the pallet's own namespace, which wallets do not look at.
		let namespace = AttributeNamespace::CollectionOwner;
		let bounded = Self::construct_attribute_key(key.as_bytes().to_vec())?;
		if !value.is_empty() {
			Self::force_set_attribute(
				RawOrigin::Root.into(),
				None,
				COLLECTION,
				Some(token),
				namespace,
				bounded,
				Self::construct_attribute_value(value.to_vec())?,
			)
		} else if <Self as Inspect<_>>::attribute(&COLLECTION, &token, key.as_bytes()).is_some() {
			Self::clear_attribute(
				RawOrigin::Root.into(),
				COLLECTION,
				Some(token),
				namespace,
				bounded,
			)
		} else {
			Ok(())
		}
	}

	fn owner(token: MinerId) -> Option<T::AccountId> {
		<Self as Inspect<_>>::owner(&COLLECTION, &token)
	}

	fn is_bound(token: MinerId) -> bool {
		Self::has_system_attribute(&COLLECTION, &token, PalletAttributes::TransferDisabled)
			.unwrap_or(false)
	}

	fn count() -> u32 {
		pallet_nfts::Collection::<T, I>::get(COLLECTION).map_or(0, |collection| collection.items)
	}

	fn fits(key: usize, value: usize, metadata: usize) -> bool {
		key <= T::KeyLimit::get() as usize
			&& value <= T::ValueLimit::get() as usize
			&& metadata <= T::StringLimit::get() as usize
	}
}

/// Lets a token be burned. Does nothing to one that is not bound, so that a governance that unbound it by hand does not
/// get in its own way.
fn unbind<T, I>(token: MinerId) -> DispatchResult
where
	I: 'static,
	T: pallet_nfts::Config<I, CollectionId = u32, ItemId = MinerId>,
{
	if pallet_nfts::Pallet::<T, I>::is_bound(token) {
		<pallet_nfts::Pallet<T, I> as Transfer<_>>::enable_transfer(&COLLECTION, &token)?;
	}
	Ok(())
}

fn item_config() -> ItemConfig {
	let locked =
		ItemSetting::Transferable | ItemSetting::UnlockedMetadata | ItemSetting::UnlockedAttributes;
	ItemConfig { settings: ItemSettings::from_disabled(locked) }
}

impl<T: Config> Pallet<T> {
	/// Makes the token of a new miner, with all that is to be seen on it.
	pub(crate) fn issue_token(id: MinerId, miner: &MinerOf<T>) -> DispatchResult {
		T::Tokens::mint(id, &miner.owner)?;
		T::Tokens::set_metadata(id, &metadata(id, miner.kind, &miner.profile))?;
		for (key, value) in attributes(miner.kind, &miner.profile) {
			T::Tokens::set_attribute(id, key, &value)?;
		}
		Self::write_status(id, miner.status)?;
		Self::write_hardware(id, miner.hardware)
	}

	/// Writes a miner's status on its token.
	pub(crate) fn write_status(id: MinerId, status: Status) -> DispatchResult {
		T::Tokens::set_attribute(id, "status", status_text(status).as_bytes())
	}

	/// Writes the state of a miner's hardware on its token.
	pub(crate) fn write_hardware(id: MinerId, hardware: HardwareStatus) -> DispatchResult {
		T::Tokens::set_attribute(id, "hardware", hardware_text(hardware).as_bytes())
	}

	/// Whether all that this pallet writes fits into a token. For [`Hooks::integrity_test`].
	pub(crate) fn tokens_fit() -> bool {
		let key = ATTRIBUTES.iter().map(|key| key.len()).max().unwrap_or_default();
		T::Tokens::fits(key, MAX_VALUE, MAX_METADATA)
	}
}

/// What wallets show of a miner. Holds only what never changes; the rest is in the attributes.
pub(crate) fn metadata(id: MinerId, kind: MinerKind, profile: &Profile) -> Vec<u8> {
	format!(
		r#"{{"name":"Heliograph miner {id}","description":"{}, {}, {} W"}}"#,
		kind_text(kind),
		source_text(profile.source),
		profile.capacity
	)
	.into_bytes()
}

/// The attributes that were admitted and do not change.
fn attributes(kind: MinerKind, profile: &Profile) -> Vec<(&'static str, Vec<u8>)> {
	vec![
		("kind", kind_text(kind).into()),
		("source", source_text(profile.source).into()),
		("method", method_text(profile.method).into()),
		("capacity", format!("{} W", profile.capacity).into_bytes()),
		("location", profile.location.to_vec()),
		("grid_area", profile.grid_area.to_vec()),
		("commissioned", date(profile.commissioned).into_bytes()),
	]
}

// The words are written out and not taken from `Debug`: they are state, and a renamed variant must not change them.

fn kind_text(kind: MinerKind) -> &'static str {
	match kind {
		MinerKind::Standard => "Standard",
		MinerKind::Plant => "Plant",
		MinerKind::Remote => "Remote",
		MinerKind::Storage => "Storage",
		MinerKind::Consumer => "Consumer",
	}
}

fn source_text(source: Source) -> &'static str {
	match source {
		Source::Solar => "Solar",
		Source::Wind => "Wind",
		Source::Hydro => "Hydro",
		Source::Biogas => "Biogas",
		Source::Battery => "Battery",
		Source::Grid => "Grid",
	}
}

fn method_text(method: CollectionMethod) -> &'static str {
	match method {
		CollectionMethod::SmartMeter => "Smart meter",
		CollectionMethod::Dongle => "Dongle",
		CollectionMethod::Plug => "Plug",
		CollectionMethod::ApiPush => "API push",
		CollectionMethod::ApiPull => "API pull",
	}
}

fn status_text(status: Status) -> &'static str {
	match status {
		Status::Active => "Active",
		Status::Suspended => "Suspended",
		Status::Revoked => "Revoked",
	}
}

fn hardware_text(hardware: HardwareStatus) -> &'static str {
	match hardware {
		HardwareStatus::Ok => "Ok",
		HardwareStatus::Degraded => "Degraded",
		HardwareStatus::Offline => "Offline",
		HardwareStatus::Maintenance => "Maintenance",
	}
}

/// The date that lies `days` days after 1970-01-01, as `YYYY-MM-DD`.
///
/// The way of H. Hinnant's `civil_from_days`: years begin in March, so that the leap day is the last of its year, and
/// 400 years have 146,097 days. All divisions are of positive numbers and round down.
pub(crate) fn date(days: u32) -> String {
	// 719,468 days lie between 0000-03-01 and 1970-01-01.
	let days = u64::from(days).saturating_add(719_468);
	let (era, day) = (days / 146_097, days % 146_097);
	let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
	let day = day - (365 * year + year / 4 - year / 100);
	let month = (5 * day + 2) / 153;
	let day = day - (153 * month + 2) / 5 + 1;
	let month = if month < 10 { month + 3 } else { month - 9 };
	let year = era * 400 + year + u64::from(month <= 2);
	format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn date_is_right_on_both_sides_of_leap_days() {
		for (days, expected) in [
			(0, "1970-01-01"),
			(58, "1970-02-28"),
			(59, "1970-03-01"),
			(789, "1972-02-29"),
			(790, "1972-03-01"),
			(11_016, "2000-02-29"),
			(11_017, "2000-03-01"),
			(19_000, "2022-01-08"),
			(20_454, "2026-01-01"),
			// 2100 is no leap year.
			(47_540, "2100-02-28"),
			(47_541, "2100-03-01"),
		] {
			assert_eq!(date(days), expected);
		}
		assert_eq!(date(u32::MAX), "11761191-01-20");
	}

	#[test]
	fn metadata_is_json_within_its_bound() {
		let profile = Profile {
			source: Source::Battery,
			method: CollectionMethod::SmartMeter,
			capacity: u32::MAX,
			location: Default::default(),
			grid_area: Default::default(),
			commissioned: 0,
		};
		let data = metadata(MinerId::MAX, MinerKind::Standard, &profile);
		assert_eq!(
			data,
			br#"{"name":"Heliograph miner 4294967295","description":"Standard, Battery, 4294967295 W"}"#
		);
		assert!(data.len() <= MAX_METADATA);
	}
}
