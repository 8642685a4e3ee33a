//! Any value of the chain as JSON, by what the metadata says of its type.
//!
//! Numbers of up to 64 bits are JSON numbers; those of 128 bits, which money and sums are, are text, since most readers of
//! JSON round numbers beyond 2^53. An account is its address, a name is text where it is one, other bytes are hexadecimal.

use heliograph_agent::keys;
use scale_info::{form::PortableForm, PortableRegistry, Type, TypeDef, TypeDefPrimitive};
use serde_json::{json, Map};
use sp_core::crypto::AccountId32;
use subxt::ext::scale_value::{Composite, Primitive, Value, ValueDef, Variant};

/// `value`, decoded with the types `types`, as JSON.
pub fn to_json(value: &Value<u32>, types: &PortableRegistry) -> serde_json::Value {
	let ty = types.resolve(value.context);
	match &value.value {
		ValueDef::Primitive(primitive) => json_primitive(primitive, is_wide(value.context, types)),
		ValueDef::Composite(composite) => json_composite(composite, ty, types),
		ValueDef::Variant(variant) => json_variant(variant, ty, types),
		ValueDef::BitSequence(bits) => bits.iter().collect::<Vec<bool>>().into(),
	}
}

/// A list of pairs `[key, object]` as a list of objects, each with its key under `name`.
pub fn keyed(pairs: serde_json::Value, name: &str) -> serde_json::Value {
	let join = |pair: serde_json::Value| match pair.as_array().map(Vec::as_slice) {
		Some([key, serde_json::Value::Object(fields)]) => {
			let mut fields = fields.clone();
			fields.insert(name.to_owned(), key.clone());
			fields.into()
		}
		_ => pair,
	};
	match pairs {
		serde_json::Value::Array(pairs) => pairs.into_iter().map(join).collect::<Vec<_>>().into(),
		other => other,
	}
}

/// The fields of an event as a JSON object; as an array, if they have no names.
pub fn fields_to_json(fields: &Composite<u32>, types: &PortableRegistry) -> serde_json::Value {
	match fields {
		Composite::Named(fields) => {
			let fields = fields.iter().map(|(name, value)| (name.clone(), to_json(value, types)));
			fields.collect::<Map<_, _>>().into()
		}
		Composite::Unnamed(fields) => {
			fields.iter().map(|value| to_json(value, types)).collect::<Vec<_>>().into()
		}
	}
}

fn json_primitive(primitive: &Primitive, is_wide: bool) -> serde_json::Value {
	match primitive {
		Primitive::Bool(value) => (*value).into(),
		Primitive::Char(value) => value.to_string().into(),
		Primitive::String(value) => value.clone().into(),
		Primitive::U128(value) => match u64::try_from(*value) {
			Ok(number) if !is_wide => number.into(),
			_ => value.to_string().into(),
		},
		Primitive::I128(value) => match i64::try_from(*value) {
			Ok(number) if !is_wide => number.into(),
			_ => value.to_string().into(),
		},
		Primitive::U256(bytes) | Primitive::I256(bytes) => hexadecimal(bytes),
	}
}

fn json_composite(
	composite: &Composite<u32>,
	ty: Option<&Type<PortableForm>>,
	types: &PortableRegistry,
) -> serde_json::Value {
	let Some(ty) = ty else { return fields_to_json(composite, types) };
	if ty.path.segments.last().is_some_and(|name| name == "AccountId32") {
		if let Some(account) = bytes(composite).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok()) {
			return keys::address(&AccountId32::new(account)).into();
		}
	}
	match &ty.type_def {
		// A wrapper around one thing is that thing.
		TypeDef::Composite(definition)
			if definition.fields.len() == 1 && definition.fields[0].name.is_none() =>
		{
			match composite.values().next() {
				Some(inner) => to_json(inner, types),
				None => serde_json::Value::Null,
			}
		}
		TypeDef::Sequence(sequence) if is_byte(sequence.type_param.id, types) => {
			let bytes = bytes(composite).unwrap_or_default();
			match String::from_utf8(bytes) {
				Ok(text) if !text.chars().any(char::is_control) => text.into(),
				Ok(text) => hexadecimal(text.as_bytes()),
				Err(error) => hexadecimal(error.as_bytes()),
			}
		}
		TypeDef::Array(array) if is_byte(array.type_param.id, types) => {
			hexadecimal(&bytes(composite).unwrap_or_default())
		}
		_ => fields_to_json(composite, types),
	}
}

fn json_variant(
	variant: &Variant<u32>,
	ty: Option<&Type<PortableForm>>,
	types: &PortableRegistry,
) -> serde_json::Value {
	let is_option = ty.is_some_and(|ty| ty.path.segments == ["Option"]);
	let mut values = variant.values.values();
	match (variant.name.as_str(), values.next(), &variant.values) {
		("None", None, _) if is_option => serde_json::Value::Null,
		("Some", Some(inner), _) if is_option => to_json(inner, types),
		(name, None, _) => name.into(),
		(name, Some(inner), Composite::Unnamed(fields)) if fields.len() == 1 => {
			json!({ name: to_json(inner, types) })
		}
		(name, Some(_), fields) => json!({ name: fields_to_json(fields, types) }),
	}
}

/// Whether a number of this type has 128 bits, in whatever form it is encoded.
fn is_wide(ty: u32, types: &PortableRegistry) -> bool {
	types.resolve(ty).is_some_and(|ty| match &ty.type_def {
		TypeDef::Primitive(primitive) => {
			matches!(primitive, TypeDefPrimitive::U128 | TypeDefPrimitive::I128)
		}
		TypeDef::Compact(compact) => is_wide(compact.type_param.id, types),
		_ => false,
	})
}

fn is_byte(ty: u32, types: &PortableRegistry) -> bool {
	types
		.resolve(ty)
		.is_some_and(|ty| matches!(ty.type_def, TypeDef::Primitive(TypeDefPrimitive::U8)))
}

/// All numbers in `composite` as bytes, however deep they lie; `None` when one of them is none.
fn bytes(composite: &Composite<u32>) -> Option<Vec<u8>> {
	let mut bytes = Vec::new();
	for value in composite.values() {
		match &value.value {
			ValueDef::Composite(inner) => bytes.extend(self::bytes(inner)?),
			_ => bytes.push(u8::try_from(value.as_u128()?).ok()?),
		}
	}
	Some(bytes)
}

fn hexadecimal(bytes: &[u8]) -> serde_json::Value {
	format!("0x{}", hex::encode(bytes)).into()
}

#[cfg(test)]
mod tests {
	use super::*;
	use codec::Encode;
	use scale_info::{MetaType, Registry, TypeInfo};
	use subxt::ext::scale_value::scale::decode_as_type;

	/// `value` through SCALE and back, as it comes from a node.
	fn of<T: Encode + TypeInfo + 'static>(value: T) -> serde_json::Value {
		let mut registry = Registry::new();
		let ty = registry.register_type(&MetaType::new::<T>()).id;
		let types = PortableRegistry::from(registry);
		let bytes = value.encode();
		let decoded = decode_as_type(&mut bytes.as_slice(), ty, &types).expect("what was encoded");
		to_json(&decoded, &types)
	}

	#[derive(Encode, TypeInfo)]
	struct Level {
		price: u64,
		energy: u64,
		cost: u128,
		owner: Option<AccountId32>,
	}

	#[derive(Encode, TypeInfo)]
	struct Candle {
		#[codec(compact)]
		close: u64,
		#[codec(compact)]
		volume: u128,
	}

	#[derive(Encode, TypeInfo)]
	struct Wrapped(Vec<u8>);

	#[derive(Encode, TypeInfo)]
	enum State {
		Open,
		Cleared { tick: u16 },
		Settled(u32),
		Pair(u8, u8),
	}

	#[test]
	fn numbers_keep_every_digit() {
		assert_eq!(of(5u8), json!(5));
		assert_eq!(of(u64::MAX), json!(u64::MAX));
		assert_eq!(of(5u128), json!("5"));
		assert_eq!(of(u128::MAX), json!("340282366920938463463374607431768211455"));
		assert_eq!(of(-3i32), json!(-3));
		assert_eq!(of((true, 7u32)), json!([true, 7]));
		assert_eq!(of(Candle { close: 5, volume: 5 }), json!({ "close": 5, "volume": "5" }));
	}

	#[test]
	fn struct_is_an_object_and_an_account_its_address() {
		let owner = Some(AccountId32::new([7; 32]));
		let level = |owner| Level { price: 1, energy: 2, cost: 3, owner };
		let address = keys::address(&AccountId32::new([7; 32]));
		assert_eq!(
			of(level(owner)),
			json!({ "price": 1, "energy": 2, "cost": "3", "owner": address })
		);
		assert_eq!(of(level(None))["owner"], json!(null));
	}

	#[test]
	fn list_of_one_stays_a_list() {
		let level = Level { price: 1, energy: 2, cost: 3, owner: None };
		assert_eq!(of(vec![level])[0]["price"], json!(1));
		assert_eq!(of(Vec::<u32>::new()), json!([]));
		assert_eq!(of(vec![9u32]), json!([9]));
		assert_eq!(of(vec![vec![9u32]]), json!([[9]]));
	}

	#[test]
	fn name_is_text_and_other_bytes_are_hexadecimal() {
		assert_eq!(of(Wrapped(b"10YDE-VE-------2".to_vec())), json!("10YDE-VE-------2"));
		assert_eq!(of(Wrapped(b"A".to_vec())), json!("A"));
		assert_eq!(of(Wrapped(vec![])), json!(""));
		assert_eq!(of(Wrapped(vec![0, 255])), json!("0x00ff"));
		assert_eq!(of(Wrapped(vec![7])), json!("0x07"));
		assert_eq!(of([1u8; 4]), json!("0x01010101"));
	}

	#[test]
	fn pair_with_a_key_becomes_one_object() {
		let pairs = json!([[7, { "side": "Buy" }], [8, { "side": "Sell" }]]);
		let expected = json!([{ "order": 7, "side": "Buy" }, { "order": 8, "side": "Sell" }]);
		assert_eq!(keyed(pairs, "order"), expected);
		assert_eq!(keyed(json!([]), "order"), json!([]));
		for other in [json!([[7, 8], [9]]), json!("text"), json!([1, [2, 3, 4]])] {
			assert_eq!(keyed(other.clone(), "order"), other);
		}
	}

	#[test]
	fn variant_is_its_name_with_what_it_carries() {
		assert_eq!(of(State::Open), json!("Open"));
		assert_eq!(of(State::Cleared { tick: 4 }), json!({ "Cleared": { "tick": 4 } }));
		assert_eq!(of(State::Settled(4)), json!({ "Settled": 4 }));
		assert_eq!(of(State::Pair(1, 2)), json!({ "Pair": [1, 2] }));
		assert_eq!(of(Some(State::Open)), json!("Open"));
		assert_eq!(of(None::<u32>), json!(null));
	}
}
