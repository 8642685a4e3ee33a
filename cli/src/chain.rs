//! The chain as a trader sees it: questions to view functions and to storage at a block, and signed calls with what came of
//! them.
//!
//! Everything is encoded and decoded by the names in the runtime's own metadata, so a runtime upgrade that adds to a value
//! does not stop this program.

use std::io::{self, IsTerminal};

use anyhow::{bail, Context};
use codec::{Decode, Encode};
use heliograph_agent::{
	chain::{answer, failed, foreign, At, Chain, ChainError},
	keys,
};
use heliograph_primitives::units::Interval;
use serde_json::json;
use sp_core::{
	crypto::{AccountId32, Ss58Codec},
	sr25519, Pair,
};
use subxt::{
	dynamic::{self, Value},
	error::{DispatchError, TokenError},
	ext::{
		scale_decode::{DecodeAsType, Field},
		scale_value::{scale, Composite},
	},
	metadata::ArcMetadata,
	transactions::DynamicPayload,
};

use crate::{
	args::Connection,
	json::{fields_to_json, to_json},
	when::Clock,
};

/// The bytes of a view function's number, which stand before its arguments.
const FUNCTION_ID: usize = 32;

/// A connection to a node, and whose orders this is about.
pub struct Session {
	chain: Chain,
	account: Option<AccountId32>,
	key: Option<sr25519::Pair>,
}

impl Session {
	/// Connects as the command line says.
	pub async fn open(args: &Connection) -> anyhow::Result<Self> {
		let key = key_of(args)?;
		let named = args.account.as_deref().map(address).transpose()?;
		let own = key.as_ref().map(|key| AccountId32::new(key.public().0));
		let chain = Chain::connect(&args.url).await.with_context(|| {
			format!("cannot reach {}; start a node, or name another one by --url", args.url)
		})?;
		Ok(Self { chain, account: named.or(own), key })
	}

	/// The connection itself.
	pub fn chain(&self) -> &Chain {
		&self.chain
	}

	/// Whose orders are shown.
	pub fn account(&self) -> anyhow::Result<&AccountId32> {
		self.account.as_ref().context(
			"whose? Name the account by --account ADDRESS, or its key by --key FILE or --suri-env VARIABLE",
		)
	}

	/// Whose orders are shown, if that was said.
	pub fn known_account(&self) -> Option<&AccountId32> {
		self.account.as_ref()
	}

	/// The chain at the last finalised block.
	pub async fn finalised(&self) -> anyhow::Result<View> {
		View::of(self.chain.finalised().await?).await
	}

	/// The chain at the best block.
	pub async fn best(&self) -> anyhow::Result<View> {
		View::of(self.chain.best().await?).await
	}

	/// Signs and submits a call, waits until its block is final, and says what came of it. Errors when the chain refused it.
	pub async fn send(
		&self,
		pallet: &'static str,
		call: &'static str,
		fields: Vec<(&'static str, Value)>,
	) -> anyhow::Result<Receipt> {
		let key = self.key.as_ref().context(
			"nothing can be signed without a key: --key FILE names one that `heliograph-agent keys generate FILE --scheme \
			 sr25519` made, --suri-env VARIABLE a variable of the environment that holds a secret URI",
		)?;
		let at = self.chain.finalised().await?;
		let payload: DynamicPayload<Composite<()>> =
			dynamic::tx(pallet, call, Composite::named(fields));
		let is_watched = io::stderr().is_terminal();
		let included = self.chain.send(&at, key, &payload, |block| {
			if is_watched {
				eprintln!("in block {block:?}, which is not final yet");
			}
		});
		let included = included.await?;
		let at = &included.at;
		let metadata = at.block().metadata();
		let events = included.events().await?;
		let mut happened = Vec::new();
		for event in events.iter() {
			let event = event.map_err(failed)?;
			if event.phase() != included.phase() {
				continue;
			}
			if (event.pallet_name(), event.event_name()) == ("System", "ExtrinsicFailed") {
				let error = DispatchError::decode_from(event.field_bytes(), metadata.clone());
				bail!("{}", error.map_or_else(|error| error.to_string(), |error| explain(&error)));
			}
			let fields = metadata
				.pallet_by_event_index(event.pallet_index())
				.and_then(|pallet| pallet.event_variant_by_index(event.event_index()))
				.map(|variant| &variant.fields)
				.context("the metadata has events without fields")?;
			let mut types =
				fields.iter().map(|field| Field::new(field.ty.id, field.name.as_deref()));
			let fields =
				scale::decode_as_fields(&mut event.field_bytes(), &mut types, metadata.types())
					.with_context(|| format!("cannot read the event {}", event.event_name()))?;
			happened.push(Happened {
				pallet: event.pallet_name().to_owned(),
				event: event.event_name().to_owned(),
				fields: fields_to_json(&fields, metadata.types()),
			});
		}
		let hash = at.hash().0;
		let view = View::of(included.at).await?;
		Ok(Receipt { block: view.block(), hash, clock: view.clock, events: happened })
	}
}

/// The key that signs, if there is one.
fn key_of(args: &Connection) -> anyhow::Result<Option<sr25519::Pair>> {
	if let Some(variable) = &args.suri_env {
		let suri = std::env::var(variable)
			.map_err(|_| anyhow::anyhow!("--suri-env: the environment has no {variable}"))?;
		return key_of_suri(variable, &suri).map(Some);
	}
	let Some(path) = &args.key else { return Ok(None) };
	match keys::SigningKey::load(path)? {
		keys::SigningKey::Sr25519(pair) => Ok(Some(*pair)),
		other => bail!(
			"the key {} is {}, and an account that trades has to be sr25519; make one with `heliograph-agent keys generate FILE \
			 --scheme sr25519`",
			path.display(),
			other.scheme()
		),
	}
}

/// The key of the secret URI that the variable of the environment holds.
fn key_of_suri(variable: &str, suri: &str) -> anyhow::Result<sr25519::Pair> {
	// The error's own text could quote the secret.
	sr25519::Pair::from_string(suri, None).map_err(|_| {
		anyhow::anyhow!(
			"--suri-env: what {variable} holds is not a secret URI, such as //Alice or a mnemonic"
		)
	})
}

/// Reads an address.
pub fn address(text: &str) -> anyhow::Result<AccountId32> {
	AccountId32::from_ss58check(text)
		.map_err(|error| anyhow::anyhow!("`{text}` is not an address ({error})"))
}

/// An account as an argument of a view function or a call.
pub fn account_value(account: &AccountId32) -> Value {
	let bytes: &[u8; 32] = account.as_ref();
	Value::from_bytes(bytes)
}

/// An optional argument.
pub fn option(value: Option<Value>) -> Value {
	match value {
		Some(value) => Value::unnamed_variant("Some", [value]),
		None => Value::unnamed_variant("None", []),
	}
}

/// The name of a variant that carries nothing.
pub fn name(variant: &str) -> Value {
	Value::unnamed_variant(variant, [])
}

/// A call as an argument of another one.
pub fn call_value(pallet: &str, call: &str, fields: Vec<(&'static str, Value)>) -> Value {
	Value::unnamed_variant(pallet, [Value::named_variant(call, fields)])
}

/// A number.
pub fn number(number: impl Into<u128>) -> Value {
	Value::u128(number.into())
}

/// The chain at one block.
pub struct View {
	at: At,
	/// The interval that ran, and how long an interval is.
	pub clock: Clock,
}

impl View {
	async fn of(at: At) -> anyhow::Result<Self> {
		let millis = at.interval_millis().await?;
		let mut view = Self { at, clock: Clock { now: 0, millis } };
		view.clock.now = view.ask("Metering", "current_interval", vec![]).await?.as_type()?;
		Ok(view)
	}

	/// The block's number.
	pub fn block(&self) -> u64 {
		self.at.number()
	}

	/// The interval that ran at this block.
	pub fn now(&self) -> Interval {
		self.clock.now
	}

	/// Asks a view function.
	///
	/// FRAME's runtime API takes its number and the arguments as bytes with their length, and gives the answer's bytes in a
	/// `Result`. subxt 0.51 joins the arguments to the number and expects the bare answer, so the frame is put around here.
	pub async fn ask(
		&self,
		pallet: &'static str,
		function: &'static str,
		arguments: Vec<Value>,
	) -> anyhow::Result<Answer> {
		let functions = self.at.block().view_functions();
		let payload = dynamic::view_function_call::<Vec<Value>, Value>(pallet, function, arguments);
		let encoded = functions.encode_args(&payload).map_err(foreign)?;
		let missing =
			|| ChainError::Foreign(format!("it has no view function {pallet}.{function}"));
		let (id, input) = encoded.split_at_checked(FUNCTION_ID).ok_or_else(missing)?;
		let question = [id, input.encode().as_slice()].concat();
		let response = functions.call_raw(Some(question.as_slice()));
		let response = answer("answer a view function", response, failed).await?;
		let bytes = unframe(&response)
			.with_context(|| format!("the node does not answer {pallet}.{function}"))?;
		let metadata = self.at.block().metadata();
		let ty = metadata
			.pallet_by_name(pallet)
			.and_then(|pallet| pallet.view_function_by_name(function))
			.ok_or_else(missing)?
			.output_ty();
		Ok(Answer { what: format!("{pallet}.{function}"), bytes, ty, metadata })
	}

	/// Reads a value of the chain's storage; `None` where there is none.
	pub async fn read(
		&self,
		pallet: &'static str,
		entry: &'static str,
		keys: Vec<Value>,
	) -> anyhow::Result<Option<Answer>> {
		let address = dynamic::storage::<Vec<Value>, Value>(pallet, entry);
		let storage = self.at.block().storage().entry(address).map_err(foreign)?;
		let value = answer("read storage", storage.try_fetch(keys), failed).await?;
		Ok(value.map(|value| Answer {
			what: format!("{pallet}.{entry}"),
			bytes: value.bytes().to_vec(),
			ty: value.type_id(),
			metadata: self.at.block().metadata(),
		}))
	}

	/// A constant of a pallet.
	pub fn constant<T: DecodeAsType>(
		&self,
		pallet: &'static str,
		constant: &'static str,
	) -> anyhow::Result<T> {
		let address = dynamic::constant::<T>(pallet, constant);
		Ok(self.at.block().constants().entry(address).map_err(foreign)?)
	}
}

/// What is inside the answer of FRAME's runtime API for view functions.
fn unframe(response: &[u8]) -> anyhow::Result<Vec<u8>> {
	// Of the error, the first byte is enough.
	match Result::<Vec<u8>, u8>::decode(&mut &response[..]) {
		Ok(Ok(bytes)) => Ok(bytes),
		Ok(Err(0)) => bail!("the runtime has no view functions"),
		Ok(Err(1)) => bail!("the runtime does not know this view function"),
		Ok(Err(_)) => bail!("the runtime does not understand the arguments"),
		Err(error) => bail!("the answer is malformed: {error}"),
	}
}

/// What the chain said, as bytes with their type.
pub struct Answer {
	what: String,
	bytes: Vec<u8>,
	ty: u32,
	metadata: ArcMetadata,
}

impl Answer {
	/// As a type of this program, field by field by their names.
	pub fn as_type<T: DecodeAsType>(&self) -> anyhow::Result<T> {
		T::decode_as_type(&mut self.bytes.as_slice(), self.ty, self.metadata.types())
			.with_context(|| format!("{} is not what this version knows", self.what))
	}

	/// As JSON, with all that is in it.
	pub fn as_json(&self) -> anyhow::Result<serde_json::Value> {
		let value =
			scale::decode_as_type(&mut self.bytes.as_slice(), self.ty, self.metadata.types())
				.with_context(|| format!("cannot read {}", self.what))?;
		Ok(to_json(&value, self.metadata.types()))
	}
}

/// An event of a transaction.
#[derive(Clone, PartialEq, Debug)]
pub struct Happened {
	/// The pallet's name.
	pub pallet: String,
	/// The event's name.
	pub event: String,
	/// Its fields.
	pub fields: serde_json::Value,
}

/// What came of a transaction, in a finalised block.
#[derive(Clone, PartialEq, Debug)]
pub struct Receipt {
	/// The block's number.
	pub block: u64,
	/// Its hash.
	pub hash: [u8; 32],
	/// The chain's clock in it.
	pub clock: Clock,
	/// The transaction's events, in their order.
	pub events: Vec<Happened>,
}

impl Receipt {
	/// As JSON.
	pub fn as_json(&self) -> serde_json::Value {
		let events = self.events.iter().map(
			|happened| json!({ "pallet": happened.pallet, "event": happened.event, "fields": happened.fields }),
		);
		json!({
			"block": self.block,
			"hash": format!("0x{}", hex::encode(self.hash)),
			"events": events.collect::<Vec<_>>(),
		})
	}
}

/// Why the chain refused a call, with what its own documentation says about it.
fn explain(error: &DispatchError) -> String {
	match error {
		DispatchError::Module(module) => match module.details() {
			Ok(details) => refusal(
				details.pallet.name(),
				&details.variant.name,
				&details.variant.docs.join(" "),
			),
			Err(_) => format!("the chain refused it: {error}"),
		},
		DispatchError::Token(TokenError::FundsUnavailable) => {
			"the chain refused it: the account has too little that is free for what has to be held or paid; `heliograph balance` \
			 shows what it has"
				.into()
		}
		error => format!("the chain refused it: {error}"),
	}
}

fn refusal(pallet: &str, error: &str, docs: &str) -> String {
	// Links of rustdoc.
	let docs = docs.replace("[`", "`").replace("`]", "`");
	let words = docs.split_whitespace().collect::<Vec<_>>().join(" ");
	match words.is_empty() {
		true => format!("the chain refused it: {pallet}.{error}"),
		false => format!("the chain refused it: {words} ({pallet}.{error})"),
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn refusal_says_what_the_chain_documents() {
		let text = refusal("OrderBook", "WouldCross", " The order would  match; see [`place`]. ");
		assert_eq!(
			text,
			"the chain refused it: The order would match; see `place`. (OrderBook.WouldCross)"
		);
		assert_eq!(refusal("A", "B", ""), "the chain refused it: A.B");
		let text = explain(&DispatchError::Token(TokenError::FundsUnavailable));
		assert!(text.contains("heliograph balance"), "{text}");
	}

	#[test]
	fn answer_is_taken_out_of_its_frame() {
		let framed = Ok::<_, u8>(vec![1u8, 2, 3]).encode();
		assert_eq!(unframe(&framed).expect("an answer"), [1, 2, 3]);
		assert!(unframe(&[1, 2]).unwrap_err().to_string().contains("arguments"));
		assert!(unframe(&[1, 1, 9, 9]).unwrap_err().to_string().contains("does not know"));
		assert!(unframe(&[]).is_err());
	}

	#[test]
	fn secret_is_not_shown_when_it_is_malformed() {
		let Err(error) = key_of_suri("TRADER", "three secret words") else {
			panic!("three words are no key")
		};
		let error = format!("{error:#}");
		assert!(error.contains("TRADER") && !error.contains("words"), "{error}");
		let key = key_of_suri("TRADER", "//Alice").expect("a key");
		let alice = address("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY").expect("Alice");
		assert_eq!(AccountId32::new(key.public().0), alice);
	}

	#[test]
	fn variable_of_the_environment_is_named_when_it_is_missing() {
		let variable = Some("HELIOGRAPH_NO_SUCH_VARIABLE".to_owned());
		let args = Connection { suri_env: variable, ..Connection::default() };
		let Err(error) = key_of(&args) else { panic!("a key from nowhere") };
		assert!(error.to_string().contains("HELIOGRAPH_NO_SUCH_VARIABLE"), "{error}");
	}

	#[tokio::test]
	async fn connection_says_what_to_do_when_nobody_listens() {
		let args = Connection { url: "ws://127.0.0.1:1".into(), ..Connection::default() };
		let Err(error) = Session::open(&args).await else { panic!("connected to nothing") };
		assert!(format!("{error:#}").contains("--url"), "{error:#}");
	}
}
