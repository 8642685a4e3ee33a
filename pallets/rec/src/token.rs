//! The soul-bound token of a retirement: what a wallet sees of energy that was used.
//!
//! The tokens are items of a collection of `pallet-nfts` that belongs to this pallet's keyless account, bound to their
//! holders like those of the miners pallet: transfer is disabled by a system attribute, which also refuses `burn`; the
//! item is not transferable by its own settings, nor is anything in the collection by the collection's; metadata and
//! attributes are locked, and only the keyless owner has a role that could write them; and the runtime switches trading,
//! approvals, swaps and attributes off (`Features`). A retirement is for good, so nothing here burns or moves a token.

use crate::*;
use alloc::{format, string::String, vec::Vec};
use frame_support::traits::tokens::nonfungibles_v2::{Inspect, Mutate, Transfer};
use frame_system::RawOrigin;
use pallet_nfts::{
	AttributeNamespace, CollectionConfig, CollectionSetting, CollectionSettings, ItemConfig,
	ItemSetting, ItemSettings, MintSettings, MintType, PalletAttributes,
};
use sp_runtime::traits::StaticLookup;

/// The attributes that a token can have. They are in the namespace of the collection's owner, as text.
pub const ATTRIBUTES: [&str; 6] =
	["energy", "beneficiary", "purpose", "message", "interval", "carbon"];

/// The longest text of an attribute: a purpose or a message.
const MAX_VALUE: usize = 128;
/// The longest metadata, see [`metadata`].
const MAX_METADATA: usize = 192;

/// Tokens that their holders can neither move, burn nor edit, in a collection of their own.
pub trait RetirementTokens<AccountId> {
	/// Makes the collection, at genesis and without a deposit, for the keyless account `owner`. Fails unless `collection`
	/// is the next free number.
	fn create_collection(collection: u32, owner: &AccountId) -> DispatchResult;

	/// Makes a token and binds it to `owner`. Takes no deposit.
	fn mint(collection: u32, token: RetirementId, owner: &AccountId) -> DispatchResult;

	/// Writes what wallets show: a small JSON object.
	fn set_metadata(collection: u32, token: RetirementId, data: &[u8]) -> DispatchResult;

	/// Writes an attribute; an empty value removes it.
	fn set_attribute(
		collection: u32,
		token: RetirementId,
		key: &str,
		value: &[u8],
	) -> DispatchResult;

	/// An attribute, if it was written.
	fn attribute(collection: u32, token: RetirementId, key: &str) -> Option<Vec<u8>>;

	/// Who holds a token, if it exists.
	fn owner(collection: u32, token: RetirementId) -> Option<AccountId>;

	/// Whether its holder can neither move nor burn a token.
	fn is_bound(collection: u32, token: RetirementId) -> bool;

	/// How many tokens there are.
	fn count(collection: u32) -> u32;

	/// Whether a key, a value and metadata of these lengths can be written.
	fn fits(key: usize, value: usize, metadata: usize) -> bool;
}

/// Needs `ForceOrigin` to accept the root origin: by it the collection is made without a deposit, and attributes are
/// written while the feature is off for everybody else.
impl<T, I> RetirementTokens<T::AccountId> for pallet_nfts::Pallet<T, I>
where
	I: 'static,
	T: pallet_nfts::Config<I, CollectionId = u32, ItemId = RetirementId>,
{
	fn create_collection(collection: u32, owner: &T::AccountId) -> DispatchResult {
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
		ensure!(
			<Self as Inspect<_>>::collection_owner(&collection).is_none(),
			DispatchError::Other("the number of the retirements' collection is taken")
		);
		Self::force_create(RawOrigin::Root.into(), T::Lookup::unlookup(owner.clone()), config)?;
		ensure!(
			<Self as Inspect<_>>::collection_owner(&collection).as_ref() == Some(owner),
			DispatchError::Other("the collection of the retirements has another number")
		);
		<Self as Mutate<_, _>>::set_collection_metadata(
			None,
			&collection,
			br#"{"name":"Heliograph retirements","description":"Certified clean energy that was used"}"#,
		)
	}

	fn mint(collection: u32, token: RetirementId, owner: &T::AccountId) -> DispatchResult {
		<Self as Mutate<_, _>>::mint_into(&collection, &token, owner, &item_config(), true)?;
		<Self as Transfer<_>>::disable_transfer(&collection, &token)
	}

	fn set_metadata(collection: u32, token: RetirementId, data: &[u8]) -> DispatchResult {
		<Self as Mutate<_, ItemConfig>>::set_item_metadata(None, &collection, &token, data)
	}

	fn set_attribute(
		collection: u32,
		token: RetirementId,
		key: &str,
		value: &[u8],
	) -> DispatchResult {
		// Not by `Mutate::set_attribute`: that writes to the pallet's own namespace, which wallets do not look at.
		let namespace = AttributeNamespace::CollectionOwner;
		let bounded = Self::construct_attribute_key(key.as_bytes().to_vec())?;
		if !value.is_empty() {
			Self::force_set_attribute(
				RawOrigin::Root.into(),
				None,
				collection,
				Some(token),
				namespace,
				bounded,
				Self::construct_attribute_value(value.to_vec())?,
			)
		} else if <Self as RetirementTokens<_>>::attribute(collection, token, key).is_some() {
			Self::clear_attribute(
				RawOrigin::Root.into(),
				collection,
				Some(token),
				namespace,
				bounded,
			)
		} else {
			Ok(())
		}
	}

	fn attribute(collection: u32, token: RetirementId, key: &str) -> Option<Vec<u8>> {
		<Self as Inspect<_>>::attribute(&collection, &token, key.as_bytes())
	}

	fn owner(collection: u32, token: RetirementId) -> Option<T::AccountId> {
		<Self as Inspect<_>>::owner(&collection, &token)
	}

	fn is_bound(collection: u32, token: RetirementId) -> bool {
		Self::has_system_attribute(&collection, &token, PalletAttributes::TransferDisabled)
			.unwrap_or(false)
	}

	fn count(collection: u32) -> u32 {
		pallet_nfts::Collection::<T, I>::get(collection).map_or(0, |entry| entry.items)
	}

	fn fits(key: usize, value: usize, metadata: usize) -> bool {
		key <= T::KeyLimit::get() as usize
			&& value <= T::ValueLimit::get() as usize
			&& metadata <= T::StringLimit::get() as usize
	}
}

fn item_config() -> ItemConfig {
	let locked =
		ItemSetting::Transferable | ItemSetting::UnlockedMetadata | ItemSetting::UnlockedAttributes;
	ItemConfig { settings: ItemSettings::from_disabled(locked) }
}

impl<T: Config> Pallet<T> {
	/// Makes the token of a new retirement, with all that is to be seen on it.
	pub(crate) fn issue_token(id: RetirementId, retirement: &RetirementOf<T>) -> DispatchResult {
		let collection = T::RetirementCollection::get();
		T::Tokens::mint(collection, id, &retirement.retired_by)?;
		T::Tokens::set_metadata(collection, id, &metadata(id, retirement.energy))?;
		let energy = with_six_decimals(retirement.energy, "kWh");
		T::Tokens::set_attribute(collection, id, "energy", energy.as_bytes())?;
		let interval = format!("{}", retirement.at);
		T::Tokens::set_attribute(collection, id, "interval", interval.as_bytes())?;
		if let Some(carbon) = retirement.as_carbon {
			let carbon = with_six_decimals(carbon, "kg CO2e");
			T::Tokens::set_attribute(collection, id, "carbon", carbon.as_bytes())?;
		}
		Self::write_texts(id, &retirement.details)
	}

	/// Writes the texts of a retirement on its token.
	pub(crate) fn write_texts(id: RetirementId, details: &DetailsOf<T>) -> DispatchResult {
		let collection = T::RetirementCollection::get();
		T::Tokens::set_attribute(collection, id, "beneficiary", &details.beneficiary)?;
		T::Tokens::set_attribute(collection, id, "purpose", &details.purpose)?;
		T::Tokens::set_attribute(collection, id, "message", &details.message)
	}

	/// Whether all that this pallet writes fits into a token. For [`Hooks::integrity_test`].
	pub(crate) fn tokens_fit() -> bool {
		let key = ATTRIBUTES.iter().map(|key| key.len()).max().unwrap_or_default();
		T::Tokens::fits(key, MAX_VALUE, MAX_METADATA)
	}
}

/// What wallets show of a retirement. Holds only what never changes; the texts are in the attributes.
fn metadata(id: RetirementId, energy: u128) -> Vec<u8> {
	format!(
		r#"{{"name":"Heliograph retirement {id}","description":"{} of certified clean energy, used for good"}}"#,
		with_six_decimals(energy, "kWh")
	)
	.into_bytes()
}

/// Millionths as a number with six decimals: mWh as kWh, mg as kg.
fn with_six_decimals(millionths: u128, unit: &str) -> String {
	format!("{}.{:06} {unit}", millionths / 1_000_000, millionths % 1_000_000)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn numbers_are_written_to_the_last_millionth() {
		assert_eq!(with_six_decimals(100_000_001, "kWh"), "100.000001 kWh");
		assert_eq!(with_six_decimals(999_999, "kg"), "0.999999 kg");
	}

	#[test]
	fn metadata_is_json_within_its_bound() {
		assert_eq!(
			metadata(7, 1_500_000),
			br#"{"name":"Heliograph retirement 7","description":"1.500000 kWh of certified clean energy, used for good"}"#
		);
		assert!(metadata(RetirementId::MAX, u128::MAX).len() <= MAX_METADATA);
	}
}
