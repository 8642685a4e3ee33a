use super::*;
use crate::token::{ATTRIBUTES, COLLECTION};
use pallet_nfts::{
	AttributeNamespace, PalletAttributes, PalletFeatures, PreSignedAttributes, PreSignedMint,
};
use sp_runtime::testing::TestSignature;

type NftError = pallet_nfts::Error<Test>;

fn attribute(miner: MinerId, key: &str) -> Option<String> {
	use frame_support::traits::tokens::nonfungibles_v2::Inspect;
	let value = <Nfts as Inspect<u64>>::attribute(&COLLECTION, &miner, key.as_bytes());
	value.map(|text| String::from_utf8(text).unwrap())
}

fn olga() -> RuntimeOrigin {
	RuntimeOrigin::signed(OLGA)
}

#[test]
fn collection_is_made_at_genesis_without_a_deposit() {
	build_and_execute(|| {
		let collection = pallet_nfts::Collection::<Test>::get(COLLECTION).unwrap();
		assert_eq!(collection.owner, COLLECTION_OWNER);
		assert_eq!(Balances::total_balance(&COLLECTION_OWNER), 0);
		let metadata = pallet_nfts::CollectionMetadataOf::<Test>::get(COLLECTION).unwrap();
		assert!(metadata.data.starts_with(br#"{"name":"Heliograph miners""#));
		// The next collection gets the next number.
		assert_eq!(pallet_nfts::NextCollectionId::<Test>::get(), Some(1));
		assert_noop!(Nfts::create(olga(), OLGA, Default::default()), BadOrigin);
	});
}

#[test]
fn token_shows_what_was_admitted() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_eq!(Nfts::owner(COLLECTION, miner), Some(OLGA));
		assert!(Nfts::is_bound(miner));
		for (key, value) in [
			("kind", Some("Standard")),
			("source", Some("Solar")),
			("method", Some("Smart meter")),
			("capacity", Some("5000 W")),
			("location", Some("u33db")),
			("grid_area", Some("10YDE-VE-------2")),
			("commissioned", Some("2022-01-08")),
			("status", Some("Active")),
			("hardware", Some("Ok")),
			("pool", None),
		] {
			assert_eq!(attribute(miner, key).as_deref(), value, "{key}");
		}
		assert_eq!(
			attribute(miner, "").as_deref(),
			Some(r#"{"name":"Heliograph miner 0","description":"Standard, Solar, 5000 W"}"#)
		);
		// Nobody pays but for the registration.
		assert_eq!(Balances::reserved_balance(OLGA), 110);
		assert_eq!(Balances::total_balance(&COLLECTION_OWNER), 0);
	});
}

#[test]
fn token_follows_what_changes() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner, reason("why")));
		assert_eq!(attribute(miner, "status").as_deref(), Some("Suspended"));
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner));
		assert_eq!(attribute(miner, "status").as_deref(), Some("Active"));
		assert_ok!(Miners::set_hardware(olga(), miner, HardwareStatus::Maintenance));
		assert_eq!(attribute(miner, "hardware").as_deref(), Some("Maintenance"));
		let pool: PoolData = "pool.example".as_bytes().to_vec().try_into().unwrap();
		assert_ok!(Miners::set_pool(olga(), miner, pool));
		assert_eq!(attribute(miner, "pool").as_deref(), Some("pool.example"));
		assert_ok!(Miners::set_pool(olga(), miner, Default::default()));
		assert_eq!(attribute(miner, "pool"), None);
	});
}

#[test]
fn token_is_gone_when_the_miner_is_revoked() {
	build_and_execute(|| {
		let (miner, other) = (olga_is_admitted(&[1]), olga_is_admitted(&[2]));
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false));
		assert_eq!(Nfts::owner(COLLECTION, miner), None);
		for key in ATTRIBUTES {
			assert_eq!(attribute(miner, key), None);
		}
		assert_eq!(attribute(miner, ""), None);
		assert_eq!(Nfts::owner(COLLECTION, other), Some(OLGA));
	});
}

#[test]
fn token_is_as_bound_and_as_written_after_recovery() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let before = ATTRIBUTES.map(|key| attribute(miner, key));
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner, PETER));
		assert_eq!(Nfts::owner(COLLECTION, miner), Some(PETER));
		assert_eq!(ATTRIBUTES.map(|key| attribute(miner, key)), before);
		assert!(attribute(miner, "").is_some());
		for who in [OLGA, PETER] {
			let origin = RuntimeOrigin::signed(who);
			assert_noop!(Nfts::transfer(origin, COLLECTION, miner, OLGA), NftError::ItemLocked);
		}
		// And once more, and to the end.
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner, OLGA));
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false));
	});
}

#[test]
fn revocation_works_when_governance_unbound_the_token_by_hand() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let key = codec::Encode::encode(&PalletAttributes::<u32>::TransferDisabled);
		assert_ok!(Nfts::clear_attribute(
			RuntimeOrigin::root(),
			COLLECTION,
			Some(miner),
			AttributeNamespace::Pallet,
			key.try_into().unwrap(),
		));
		assert!(Miners::do_try_state().is_err());
		// Its other locks still hold.
		assert_noop!(
			Nfts::transfer(olga(), COLLECTION, miner, PETER),
			NftError::ItemsNonTransferable
		);
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false));
	});
}

#[test]
fn holder_cannot_move_burn_or_sell_the_token() {
	build_and_execute(|| {
		let (miner, other) = (olga_is_admitted(&[1]), olga_is_admitted(&[2]));
		assert_noop!(Nfts::transfer(olga(), COLLECTION, miner, PETER), NftError::ItemLocked);
		assert_noop!(Nfts::burn(olga(), COLLECTION, miner), NftError::ItemLocked);
		assert_noop!(
			Nfts::approve_transfer(olga(), COLLECTION, miner, PETER, None),
			NftError::MethodDisabled
		);
		assert_noop!(
			Nfts::transfer(RuntimeOrigin::signed(PETER), COLLECTION, miner, PETER),
			NftError::ItemLocked
		);
		assert_noop!(
			Nfts::create_swap(olga(), COLLECTION, miner, COLLECTION, Some(other), None, 10),
			NftError::MethodDisabled
		);
		assert_noop!(
			Nfts::claim_swap(olga(), COLLECTION, miner, COLLECTION, other, None),
			NftError::MethodDisabled
		);
		assert_noop!(
			Nfts::set_price(olga(), COLLECTION, miner, Some(1), None),
			NftError::MethodDisabled
		);
		assert_noop!(
			Nfts::buy_item(RuntimeOrigin::signed(PETER), COLLECTION, miner, 1),
			NftError::MethodDisabled
		);
		assert_noop!(Nfts::unlock_item_transfer(olga(), COLLECTION, miner), NftError::NoPermission);
		assert_noop!(Nfts::lock_item_transfer(olga(), COLLECTION, miner), NftError::NoPermission);
		assert_noop!(
			Nfts::lock_item_properties(olga(), COLLECTION, miner, true, true),
			NftError::NoPermission
		);
	});
}

#[test]
fn holder_cannot_write_on_the_token() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let (key, value) = (b"capacity".to_vec(), b"9999 W".to_vec());
		for namespace in [
			AttributeNamespace::Pallet,
			AttributeNamespace::CollectionOwner,
			AttributeNamespace::ItemOwner,
			AttributeNamespace::Account(OLGA),
		] {
			assert_noop!(
				Nfts::set_attribute(
					olga(),
					COLLECTION,
					Some(miner),
					namespace,
					key.clone().try_into().unwrap(),
					value.clone().try_into().unwrap(),
				),
				NftError::MethodDisabled
			);
		}
		assert_noop!(
			Nfts::force_set_attribute(
				olga(),
				Some(OLGA),
				COLLECTION,
				Some(miner),
				AttributeNamespace::CollectionOwner,
				key.clone().try_into().unwrap(),
				value.clone().try_into().unwrap(),
			),
			BadOrigin
		);
		assert_noop!(
			Nfts::clear_attribute(
				olga(),
				COLLECTION,
				Some(miner),
				AttributeNamespace::CollectionOwner,
				key.clone().try_into().unwrap(),
			),
			NftError::NoPermission
		);
		// The attribute that disables transfers.
		let transfer_disabled = codec::Encode::encode(&PalletAttributes::<u32>::TransferDisabled);
		assert_noop!(
			Nfts::clear_attribute(
				olga(),
				COLLECTION,
				Some(miner),
				AttributeNamespace::Pallet,
				transfer_disabled.try_into().unwrap(),
			),
			NftError::NoPermission
		);
		assert_noop!(
			Nfts::approve_item_attributes(olga(), COLLECTION, miner, PETER),
			NftError::MethodDisabled
		);
		assert_noop!(
			Nfts::set_metadata(olga(), COLLECTION, miner, value.clone().try_into().unwrap()),
			NftError::NoPermission
		);
		assert_noop!(Nfts::clear_metadata(olga(), COLLECTION, miner), NftError::NoPermission);
		let data = PreSignedAttributes {
			collection: COLLECTION,
			item: miner,
			attributes: vec![(key, value)],
			namespace: AttributeNamespace::Account(PETER),
			deadline: 10,
		};
		let signature = TestSignature(PETER, codec::Encode::encode(&data));
		assert_noop!(
			Nfts::set_attributes_pre_signed(olga(), data, signature, PETER),
			NftError::MethodDisabled
		);
	});
}

#[test]
fn nobody_mints_a_token_or_takes_the_collection() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_noop!(Nfts::mint(olga(), COLLECTION, miner + 1, OLGA, None), NftError::NoPermission);
		assert_noop!(
			Nfts::force_mint(olga(), COLLECTION, miner + 1, OLGA, Default::default()),
			NftError::NoPermission
		);
		let mint = PreSignedMint {
			collection: COLLECTION,
			item: miner + 1,
			attributes: vec![],
			metadata: vec![],
			only_account: None,
			deadline: 10,
			mint_price: None,
		};
		let signature = TestSignature(PETER, codec::Encode::encode(&mint));
		assert_noop!(
			Nfts::mint_pre_signed(olga(), Box::new(mint), signature, PETER),
			NftError::NoPermission
		);
		assert_ok!(Nfts::set_accept_ownership(olga(), Some(COLLECTION)));
		assert_noop!(Nfts::transfer_ownership(olga(), COLLECTION, OLGA), NftError::NoPermission);
		assert_noop!(
			Nfts::set_team(olga(), COLLECTION, Some(OLGA), Some(OLGA), Some(OLGA)),
			NftError::NoPermission
		);
		assert_noop!(
			Nfts::set_collection_metadata(olga(), COLLECTION, Default::default()),
			NftError::NoPermission
		);
		assert_noop!(
			Nfts::set_collection_max_supply(olga(), COLLECTION, 1),
			NftError::MaxSupplyLocked
		);
		assert_noop!(
			Nfts::update_mint_settings(olga(), COLLECTION, Default::default()),
			NftError::NoPermission
		);
		let witness = pallet_nfts::Collection::<Test>::get(COLLECTION).unwrap().destroy_witness();
		assert_noop!(Nfts::destroy(olga(), COLLECTION, witness), NftError::NoPermission);
	});
}

#[test]
fn holder_cannot_move_the_token_even_when_every_feature_is_on() {
	build_and_execute(|| {
		let (miner, other) = (olga_is_admitted(&[1]), olga_is_admitted(&[2]));
		NftFeatures::set(&PalletFeatures::all_enabled());
		assert_noop!(Nfts::transfer(olga(), COLLECTION, miner, PETER), NftError::ItemLocked);
		assert_noop!(Nfts::burn(olga(), COLLECTION, miner), NftError::ItemLocked);
		assert_noop!(
			Nfts::approve_transfer(olga(), COLLECTION, miner, PETER, None),
			NftError::ItemsNonTransferable
		);
		assert_noop!(
			Nfts::set_price(olga(), COLLECTION, miner, Some(1), None),
			NftError::ItemsNonTransferable
		);
		assert_ok!(Nfts::create_swap(olga(), COLLECTION, miner, COLLECTION, Some(other), None, 10));
		assert_noop!(
			Nfts::claim_swap(olga(), COLLECTION, other, COLLECTION, miner, None),
			NftError::ItemLocked
		);
		for namespace in [AttributeNamespace::Pallet, AttributeNamespace::CollectionOwner] {
			let (key, value) = (b"capacity".to_vec(), b"9999 W".to_vec());
			assert_noop!(
				Nfts::set_attribute(
					olga(),
					COLLECTION,
					Some(miner),
					namespace,
					key.try_into().unwrap(),
					value.try_into().unwrap(),
				),
				NftError::NoPermission
			);
		}
	});
}
