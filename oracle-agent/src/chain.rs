//! The chain as the agent sees it: a connection to one node, reads at a block, and the submission of a batch.
//!
//! The terminal for trade stands on the same connection: it asks by [`At::block`] and signs by [`Chain::send`].
//!
//! Values are decoded by the names of their fields in the runtime's own metadata, so a runtime upgrade that adds to a value
//! does not make the agent blind. What is signed and sent is encoded with the types of `heliograph_primitives`.

use std::{collections::HashMap, future::Future, time::Duration};

use codec::{Decode, Encode};
use heliograph_primitives::{units::Interval, MeterId, MeterKey, MinerId, SignedReading};
use sp_core::{sr25519, Pair};
use sp_crypto_hashing as hashing;
use subxt::{
	config::{substrate::SubstrateHeader, DefaultExtrinsicParamsBuilder, RpcConfigFor},
	dynamic::{self, Value},
	error::DispatchError,
	events::{Events, Phase},
	ext::{
		frame_decode::storage::{IntoDecodableValues, IntoEncodableValues},
		scale_decode::DecodeAsType,
		scale_encode::{self, EncodeAsFields, FieldIter},
		scale_type_resolver::TypeResolver,
		scale_value::ValueDef,
	},
	rpcs::{
		client::RpcSubscription, methods::legacy::TransactionStatus, LegacyRpcMethods, RpcClient,
	},
	transactions::{DynamicPayload, Payload, Signer},
	utils::{AccountId32, MultiSignature, Static, H256},
	OnlineClient, OnlineClientAtBlock, SubstrateConfig,
};

/// How long a node may take for one answer.
const ANSWER: Duration = Duration::from_secs(30);

/// How many blocks a submitted batch stays valid. Afterwards it is certain that it will never be included.
const MORTALITY: u64 = 64;

/// How long to wait for a batch to be finalised. Far longer than [`MORTALITY`] blocks in normal times.
const FINALITY: Duration = Duration::from_secs(15 * 60);

/// Why the chain could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
	/// No connection, or it broke, or the node could not answer.
	#[error("the node cannot be asked: {0}")]
	Rpc(String),
	/// The node answered something that cannot be worked with, or nothing.
	#[error("the node's answer is of no use: {0}")]
	Subxt(String),
	/// The node did not answer in time.
	#[error("the node did not answer in {} s when asked to {question}", ANSWER.as_secs())]
	Silent {
		/// What it was asked to do.
		question: &'static str,
	},
	/// The chain lacks something that every Heliograph chain has.
	#[error("the chain at this address is not a Heliograph chain, or one that this version does not know: {0}")]
	Foreign(String),
	/// The node's transaction pool did not take the transaction.
	#[error("the node did not take the transaction: {0}")]
	Rejected(String),
	/// The transaction was taken, and then fell out of the pool or of the chain.
	#[error("the transaction was not included: {0}")]
	Lost(String),
}

impl ChainError {
	/// Whether the connection is still good.
	pub fn is_about_the_batch(&self) -> bool {
		matches!(self, Self::Rejected(_) | Self::Lost(_))
	}
}

/// What becomes of an answer that cannot be worked with.
pub fn failed(error: impl Into<subxt::Error>) -> ChainError {
	ChainError::Subxt(plain(&error.into()))
}

fn rpc_failed(error: subxt::rpcs::Error) -> ChainError {
	ChainError::Rpc(plain(&error))
}

/// What an error says, without the names of the layers that it came through.
fn plain(error: &impl ToString) -> String {
	let mut text = error.to_string();
	for layer in ["RPC error: ", "client error: "] {
		text = text.replace(layer, "");
	}
	text
}

/// Waits for the answer to a question for as long as a node may take. `what` ends "asked to …".
pub async fn answer<T, E>(
	what: &'static str,
	question: impl Future<Output = Result<T, E>>,
	error: impl FnOnce(E) -> ChainError,
) -> Result<T, ChainError> {
	match tokio::time::timeout(ANSWER, question).await {
		Ok(result) => result.map_err(error),
		Err(_) => Err(ChainError::Silent { question: what }),
	}
}

/// What the chain keeps of a meter, as far as the agent needs it.
#[derive(Clone, PartialEq, Eq, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct MeterState {
	/// Counts the register's resets.
	pub epoch: u16,
	/// The interval of the last accepted reading.
	pub last_interval: Interval,
	/// Its register in mWh.
	pub register: u64,
	/// Accepted energy in mWh, over all epochs.
	pub attested: u128,
	/// The part of it that belongs to no single interval, in mWh.
	pub recovered: u128,
	/// `h' = blake2_256(h ++ SCALE(reading))` over all accepted readings.
	pub history: [u8; 32],
}

impl MeterState {
	/// The history hash after `reading` is accepted on top of `history`.
	pub fn extend(history: &[u8; 32], reading: &heliograph_primitives::Reading) -> [u8; 32] {
		let mut bytes = history.to_vec();
		reading.encode_to(&mut bytes);
		hashing::blake2_256(&bytes)
	}
}

/// What a key is registered for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum KeyUse {
	/// An application that is not decided yet.
	Application(u32),
	/// A meter.
	Meter(MeterId),
	/// A meter whose key it was before it was replaced. Keys are never free again.
	Former(MeterId),
	/// Something that this version does not know, by its name.
	Other(String),
}

/// What is registered of a meter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
	/// The miner that it belongs to.
	pub miner: MinerId,
	/// The key that its readings are judged by. `None` when it is of a kind that this version does not know.
	pub key: Option<MeterKey>,
	/// In W.
	pub nameplate: u32,
	/// Whether it was taken out of service, for good.
	pub retired: bool,
}

impl KeyUse {
	/// The meter that the key is or was registered for.
	pub fn meter(&self) -> Option<MeterId> {
		match self {
			Self::Meter(meter) | Self::Former(meter) => Some(*meter),
			Self::Application(_) | Self::Other(_) => None,
		}
	}
}

impl Registration {
	/// Why the chain will never take a reading of this meter from an agent, by the name that it gives to it.
	pub fn refuses_for_good(&self) -> Option<&'static str> {
		match self {
			Self { retired: true, .. } => Some("MeterRetired"),
			Self { key: Some(MeterKey::Oracles(_)), .. } => Some("NeedsOracles"),
			_ => None,
		}
	}
}

/// Enumerations are taken by the names of their variants, so that one which a later runtime adds is not an error.
#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct MeterInfo {
	miner: MinerId,
	key: Value,
	nameplate: u32,
	retired: bool,
}

impl From<MeterInfo> for Registration {
	fn from(MeterInfo { miner, key, nameplate, retired }: MeterInfo) -> Self {
		Self { miner, key: meter_key(&key), nameplate, retired }
	}
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Miner {
	/// By its name, for the same reason.
	status: Value,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct MinerOwner {
	owner: AccountId32,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct ReadingRefused {
	meter: MeterId,
	interval: Interval,
	reason: Value,
}

/// A meter on the chain at some block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MeterOnChain {
	/// The block's number.
	pub block: u64,
	/// What is registered of it; `None` when it belongs to no live miner.
	pub registration: Option<Registration>,
	/// `None` before the first accepted reading.
	pub state: Option<MeterState>,
	/// The miner's status; `None` when there is no such miner.
	pub status: Option<String>,
	/// Whether the operator may submit for the miner.
	pub operated: bool,
}

/// A reading that the chain refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
	/// By its number on the chain.
	pub meter: MeterId,
	/// Of the reading.
	pub interval: Interval,
	/// The reason's name, e.g. `BadSignature`.
	pub reason: String,
}

/// What a finalised block says about a batch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judgement {
	/// The block.
	pub block: H256,
	/// The error when the whole batch was refused.
	pub failed: Option<String>,
	/// The refused ones of a batch that was judged.
	pub refused: Vec<Refused>,
}

/// A transaction in a finalised block.
pub struct Included {
	/// The chain at the block.
	pub at: At,
	/// Which one of the block's transactions it is.
	pub index: u32,
}

/// A connection to a node.
#[derive(Clone)]
pub struct Chain {
	client: OnlineClient<SubstrateConfig>,
	rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
}

/// The stream of headers of a subscription.
pub type Headers = RpcSubscription<SubstrateHeader<H256>>;

impl Chain {
	/// Connects to the node at `url` (`ws://` or `wss://`).
	pub async fn connect(url: &str) -> Result<Self, ChainError> {
		let client = answer("connect", RpcClient::from_insecure_url(url), rpc_failed).await?;
		let rpc = LegacyRpcMethods::new(client.clone());
		// The classic methods only: they work through every proxy and against every node, and hold nothing pinned on it.
		let backend = subxt::backend::LegacyBackend::builder().build(client);
		let client = answer(
			"name its genesis",
			OnlineClient::from_backend(std::sync::Arc::new(backend)),
			failed,
		)
		.await?;
		Ok(Self { client, rpc })
	}

	/// The hash of the chain's first block: which chain this is.
	pub fn genesis(&self) -> [u8; 32] {
		self.client.genesis_hash().0
	}

	/// The chain at the last finalised block.
	pub async fn finalised(&self) -> Result<At, ChainError> {
		let block =
			answer("read the finalised head", self.client.at_current_block(), failed).await?;
		Ok(At { block, rpc: self.rpc.clone() })
	}

	/// The chain at the node's best block, which may still be taken back.
	pub async fn best(&self) -> Result<At, ChainError> {
		let question = self.rpc.chain_get_block_hash(None);
		let best = answer("name its best block", question, rpc_failed).await?;
		self.at(best.ok_or_else(|| ChainError::Foreign("it has no best block".into()))?).await
	}

	/// The chain at a block.
	pub async fn at(&self, block: H256) -> Result<At, ChainError> {
		let block = answer("read a block", self.client.at_block(block), failed).await?;
		Ok(At { block, rpc: self.rpc.clone() })
	}

	/// The chain's clock at its best block, ms since 1970.
	pub async fn best_millis(&self) -> Result<u64, ChainError> {
		let key = [hashing::twox_128(b"Timestamp"), hashing::twox_128(b"Now")].concat();
		let bytes =
			answer("read its clock", self.rpc.state_get_storage(&key, None), rpc_failed).await?;
		// Absent in the genesis block.
		let Some(bytes) = bytes else { return Ok(0) };
		u64::decode(&mut &bytes[..])
			.map_err(|error| ChainError::Foreign(format!("its clock is not a number: {error}")))
	}

	/// The hash of the block with this number on the node's best chain, if there is one.
	pub async fn hash_of(&self, block: u64) -> Result<Option<H256>, ChainError> {
		let question = self.rpc.chain_get_block_hash(Some(block.into()));
		answer("name a block", question, rpc_failed).await
	}

	/// The headers of finalised and of best blocks as they come.
	pub async fn heads(&self) -> Result<(Headers, Headers), ChainError> {
		let finalised = self.rpc.chain_subscribe_finalized_heads();
		let finalised = answer("tell of finalised blocks", finalised, rpc_failed).await?;
		let best =
			answer("tell of new blocks", self.rpc.chain_subscribe_new_heads(), rpc_failed).await?;
		Ok((finalised, best))
	}

	/// Asks the node for anything at all.
	pub async fn ping(&self) -> Result<(), ChainError> {
		answer("show that it is there", self.rpc.system_health(), rpc_failed).await.map(|_| ())
	}

	/// The number that the account's next transaction has to carry, those that wait in the node's pool included.
	pub async fn next_index(&self, account: &[u8; 32]) -> Result<u64, ChainError> {
		let account = AccountId32(*account);
		answer("count transactions", self.rpc.system_account_next_index(&account), rpc_failed).await
	}

	/// Submits a batch, signed by the operator, and waits until it is in a finalised block.
	pub async fn submit(
		&self,
		at: &At,
		operator: &sr25519::Pair,
		readings: &[SignedReading],
	) -> Result<Judgement, ChainError> {
		let call: DynamicPayload<Encoded> =
			subxt::transactions::dynamic("Metering", "submit_readings", Encoded(readings.encode()));
		let included = self.send(at, operator, &call, |_| ()).await?;
		included.judgement().await
	}

	/// Submits a call, signed by the account of `key`, and waits until it is in a finalised block. `seen` is told of each
	/// block that has it before that.
	pub async fn send<C: Payload>(
		&self,
		at: &At,
		key: &sr25519::Pair,
		call: &C,
		seen: impl FnMut(H256),
	) -> Result<Included, ChainError> {
		let signer = Account(key);
		let nonce = self.next_index(&key.public().0).await?;
		let params = DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new()
			.nonce(nonce)
			.mortal(MORTALITY)
			.build();
		let mut transactions = at.block.transactions();
		let signed = transactions.create_signed(call, &signer, params);
		let transaction = answer("prepare a transaction", signed, failed).await?;
		let bytes = transaction.encoded();
		let submission = self.rpc.author_submit_and_watch_extrinsic(bytes);
		let progress = answer("take a transaction", submission, |error| match error {
			subxt::rpcs::Error::User(error) => ChainError::Rejected(advice(&error)),
			error => rpc_failed(error),
		})
		.await?;
		let block = match tokio::time::timeout(FINALITY, finalised_in(progress, seen)).await {
			Ok(block) => block?,
			Err(_) => {
				let minutes = FINALITY.as_secs() / 60;
				return Err(ChainError::Lost(format!("it was not finalised in {minutes} minutes")));
			}
		};
		self.find(block, bytes).await
	}

	/// The transaction `bytes` in `block`.
	async fn find(&self, block: H256, bytes: &[u8]) -> Result<Included, ChainError> {
		let body =
			answer("show a block", self.rpc.chain_get_block(Some(block)), rpc_failed).await?;
		let index = body
			.and_then(|body| {
				body.block.extrinsics.iter().position(|extrinsic| extrinsic.0 == bytes)
			})
			.ok_or_else(|| {
				ChainError::Lost(format!(
					"block {block:?} was named as its block and does not have it"
				))
			})?;
		Ok(Included { at: self.at(block).await?, index: index as u32 })
	}
}

impl Included {
	/// The events of the whole block. Those of the transaction are of the phase that [`Self::phase`] names.
	pub async fn events(&self) -> Result<Events<SubstrateConfig>, ChainError> {
		let reader = self.at.block.events();
		answer("show a block's events", reader.fetch(), failed).await
	}

	/// The phase of the block in which the transaction was executed.
	pub fn phase(&self) -> Phase {
		Phase::ApplyExtrinsic(self.index)
	}

	/// What the block's events say about a batch.
	async fn judgement(&self) -> Result<Judgement, ChainError> {
		let events = self.events().await?;
		let mut judgement = Judgement { block: self.at.hash(), failed: None, refused: Vec::new() };
		for event in events.iter() {
			let event = event.map_err(failed)?;
			if event.phase() != self.phase() {
				continue;
			}
			match (event.pallet_name(), event.event_name()) {
				("Metering", "ReadingRefused") => {
					let ReadingRefused { meter, interval, reason } =
						event.decode_fields_unchecked_as().map_err(failed)?;
					judgement.refused.push(Refused { meter, interval, reason: variant(&reason) });
				}
				("System", "ExtrinsicFailed") => {
					let error =
						DispatchError::decode_from(event.field_bytes(), self.at.block.metadata());
					judgement.failed = Some(
						error.map_or_else(|error| error.to_string(), |error| error.to_string()),
					);
				}
				_ => (),
			}
		}
		Ok(judgement)
	}
}

/// The chain at one block.
pub struct At {
	block: OnlineClientAtBlock<SubstrateConfig>,
	rpc: LegacyRpcMethods<RpcConfigFor<SubstrateConfig>>,
}

impl At {
	/// The block's number.
	pub fn number(&self) -> u64 {
		self.block.block_number()
	}

	/// The block's hash.
	pub fn hash(&self) -> H256 {
		self.block.block_hash()
	}

	/// The block itself, for questions that have no name here.
	pub fn block(&self) -> &OnlineClientAtBlock<SubstrateConfig> {
		&self.block
	}

	/// The length of an interval in ms.
	pub async fn interval_millis(&self) -> Result<u64, ChainError> {
		let storage = self.block.storage();
		let entry = storage
			.entry(dynamic::storage::<(), u64>("Metering", "IntervalMillis"))
			.map_err(foreign)?;
		let value = answer("read the length of an interval", entry.fetch(()), failed).await?;
		value.decode().map_err(foreign)
	}

	/// The number of the account's next transaction at this block.
	pub async fn nonce(&self, account: &[u8; 32]) -> Result<u64, ChainError> {
		let transactions = self.block.transactions();
		answer("count transactions", transactions.account_nonce(&AccountId32(*account)), failed)
			.await
	}

	/// What each of `keys` is registered for.
	pub async fn key_uses(&self, keys: &[MeterKey]) -> Result<Vec<Option<KeyUse>>, ChainError> {
		let entry = Entry::new("Miners", "KeyUses");
		let places = keys
			.iter()
			.map(|key| entry.place(self, (Static(*key),)))
			.collect::<Result<Vec<_>, _>>()?;
		let values = self.fetch(&places).await?;
		places
			.iter()
			.map(|place| Ok(entry.decode(self, values.get(place))?.as_ref().map(key_use)))
			.collect()
	}

	/// What is registered of each of `meters`.
	pub async fn registrations(
		&self,
		meters: &[MeterId],
	) -> Result<Vec<Option<Registration>>, ChainError> {
		let entry = Entry::new("Miners", "Meters");
		let places = meters
			.iter()
			.map(|meter| entry.place(self, (*meter,)))
			.collect::<Result<Vec<_>, _>>()?;
		let values = self.fetch(&places).await?;
		places
			.iter()
			.map(|place| {
				Ok(entry.decode::<MeterInfo>(self, values.get(place))?.map(Registration::from))
			})
			.collect()
	}

	/// The account that owns `miner`.
	pub async fn owner(&self, miner: MinerId) -> Result<Option<[u8; 32]>, ChainError> {
		let entry = Entry::new("Miners", "Miners");
		let place = entry.place(self, (miner,))?;
		let values = self.fetch(std::slice::from_ref(&place)).await?;
		let miner: Option<MinerOwner> = entry.decode(self, values.get(&place))?;
		Ok(miner.map(|miner| miner.owner.0))
	}

	/// What the chain keeps of each of `meters`; `None` before the first accepted reading.
	pub async fn states(&self, meters: &[MeterId]) -> Result<Vec<Option<MeterState>>, ChainError> {
		let entry = Entry::new("Metering", "MeterStates");
		let places = meters
			.iter()
			.map(|meter| entry.place(self, (*meter,)))
			.collect::<Result<Vec<_>, _>>()?;
		let values = self.fetch(&places).await?;
		places.iter().map(|place| entry.decode(self, values.get(place))).collect()
	}

	/// The state of each of `meters` and what stands in the way of `operator` submitting for it. One question to the node.
	pub async fn meters(
		&self,
		operator: &[u8; 32],
		meters: &[(MeterId, MinerId)],
	) -> Result<Vec<MeterOnChain>, ChainError> {
		let states = Entry::new("Metering", "MeterStates");
		let miners = Entry::new("Miners", "Miners");
		let operators = Entry::new("Miners", "Operators");
		let registrations = Entry::new("Miners", "Meters");
		let mut places = Vec::with_capacity(4 * meters.len());
		for (meter, miner) in meters {
			places.push(states.place(self, (*meter,))?);
			places.push(miners.place(self, (*miner,))?);
			places.push(operators.place(self, (*operator, *miner))?);
			places.push(registrations.place(self, (*meter,))?);
		}
		let values = self.fetch(&places).await?;
		places
			.chunks_exact(4)
			.map(|places| {
				let miner: Option<Miner> = miners.decode(self, values.get(&places[1]))?;
				let info: Option<MeterInfo> = registrations.decode(self, values.get(&places[3]))?;
				Ok(MeterOnChain {
					block: self.number(),
					registration: info.map(Registration::from),
					state: states.decode(self, values.get(&places[0]))?,
					status: miner.map(|miner| variant(&miner.status)),
					operated: values.contains_key(&places[2]),
				})
			})
			.collect()
	}

	async fn fetch(&self, places: &[Vec<u8>]) -> Result<HashMap<Vec<u8>, Vec<u8>>, ChainError> {
		/// Keys per question: an answer stays below a megabyte.
		const KEYS: usize = 512;
		let mut values = HashMap::with_capacity(places.len());
		for places in places.chunks(KEYS) {
			let places = places.iter().map(Vec::as_slice);
			let question = self.rpc.state_query_storage_at(places, Some(self.block.block_hash()));
			for set in answer("read storage", question, rpc_failed).await? {
				values.extend(
					set.changes.into_iter().filter_map(|(key, value)| Some((key.0, value?.0))),
				);
			}
		}
		Ok(values)
	}
}

/// What becomes of an answer that no Heliograph chain gives.
pub fn foreign(error: impl Into<subxt::Error>) -> ChainError {
	ChainError::Foreign(error.into().to_string())
}

/// An entry of the chain's storage.
struct Entry {
	pallet: &'static str,
	name: &'static str,
}

impl Entry {
	fn new(pallet: &'static str, name: &'static str) -> Self {
		Self { pallet, name }
	}

	/// The storage key of one value, hashed as the runtime's metadata says.
	fn place<K: IntoEncodableValues + IntoDecodableValues>(
		&self,
		at: &At,
		key: K,
	) -> Result<Vec<u8>, ChainError> {
		let address = dynamic::storage::<K, Value>(self.pallet, self.name);
		at.block.storage().entry(address).and_then(|entry| entry.fetch_key(key)).map_err(foreign)
	}

	fn decode<T: DecodeAsType>(
		&self,
		at: &At,
		bytes: Option<&Vec<u8>>,
	) -> Result<Option<T>, ChainError> {
		let Some(bytes) = bytes else { return Ok(None) };
		let metadata = at.block.metadata_ref();
		let missing = || ChainError::Foreign(format!("it has no {}.{}", self.pallet, self.name));
		let value = metadata
			.pallet_by_name(self.pallet)
			.and_then(|pallet| pallet.storage())
			.and_then(|storage| storage.entry_by_name(self.name))
			.ok_or_else(missing)?
			.value_ty();
		T::decode_as_type(&mut bytes.as_slice(), value, metadata.types()).map(Some).map_err(
			|error| {
				ChainError::Foreign(format!(
					"{}.{} is not what it should be: {error}",
					self.pallet, self.name
				))
			},
		)
	}
}

/// Follows a submitted transaction to the block in which it was finalised.
async fn finalised_in(
	mut progress: RpcSubscription<TransactionStatus<H256>>,
	mut seen: impl FnMut(H256),
) -> Result<H256, ChainError> {
	while let Some(status) = progress.next().await {
		match status.map_err(rpc_failed)? {
			TransactionStatus::Finalized(block) => return Ok(block),
			TransactionStatus::InBlock(block) => seen(block),
			TransactionStatus::FinalityTimeout(block) => {
				return Err(ChainError::Lost(format!(
					"the chain does not finalise its block {block:?}"
				)))
			}
			TransactionStatus::Usurped(_) => {
				return Err(ChainError::Lost(
					"another transaction of the account took its place".into(),
				))
			}
			TransactionStatus::Dropped => {
				return Err(ChainError::Lost("the node's pool dropped it".into()))
			}
			TransactionStatus::Invalid => {
				return Err(ChainError::Lost("it became invalid in the node's pool".into()))
			}
			status => tracing::trace!(?status, "transaction on its way"),
		}
	}
	Err(ChainError::Lost("the node stopped telling of it".into()))
}

/// What a pool's refusal means, in words. The codes are those of `sc_rpc_api::author::error`.
fn advice(error: &subxt::rpcs::UserError) -> String {
	let detail =
		error.data.as_ref().map(|data| data.get().trim_matches('"').to_owned()).unwrap_or_default();
	let hint = match error.code {
		_ if detail.contains("pay some fees") => {
			"; the account has too little DECA for the fee, which must be there even where it is returned"
		},
		_ if detail.contains("outdated") || error.code == 1014 => {
			"; another transaction of the account is under way"
		},
		_ if detail.contains("bad signature") => "; the runtime has probably just been upgraded",
		_ => "",
	};
	let separator = if detail.is_empty() { "" } else { ": " };
	format!("{} ({}){separator}{detail}{hint}", error.message, error.code)
}

/// The name of a variant.
pub fn variant(value: &Value) -> String {
	match &value.value {
		ValueDef::Variant(variant) => variant.name.clone(),
		_ => value.to_string(),
	}
}

/// A key's use, from the enumeration that the chain keeps of it.
fn key_use(value: &Value) -> KeyUse {
	let number = numbers(value).next().and_then(|number| u32::try_from(number).ok());
	match (variant(value).as_str(), number) {
		("Application", Some(number)) => KeyUse::Application(number),
		("Meter", Some(number)) => KeyUse::Meter(number),
		("Former", Some(number)) => KeyUse::Former(number),
		(other, _) => KeyUse::Other(other.to_owned()),
	}
}

/// A meter's key, if it is of a kind that this version knows.
fn meter_key(value: &Value) -> Option<MeterKey> {
	let bytes = || numbers(value).map(u8::try_from).collect::<Result<Vec<_>, _>>().ok();
	match variant(value).as_str() {
		"Ed25519" => Some(MeterKey::Ed25519(bytes()?.try_into().ok()?)),
		"Sr25519" => Some(MeterKey::Sr25519(bytes()?.try_into().ok()?)),
		"Ecdsa" => Some(MeterKey::Ecdsa(bytes()?.try_into().ok()?)),
		"Oracles" => Some(MeterKey::Oracles(numbers(value).next()?.try_into().ok()?)),
		_ => None,
	}
}

/// All numbers in `value`, in order, however deep they lie.
fn numbers(value: &Value) -> Box<dyn Iterator<Item = u128> + '_> {
	match &value.value {
		ValueDef::Composite(fields) => Box::new(fields.values().flat_map(numbers)),
		ValueDef::Variant(variant) => Box::new(variant.values.values().flat_map(numbers)),
		_ => Box::new(value.as_u128().into_iter()),
	}
}

/// The account that submits.
struct Account<'a>(&'a sr25519::Pair);

impl Signer<SubstrateConfig> for Account<'_> {
	fn account_id(&self) -> AccountId32 {
		AccountId32(self.0.public().0)
	}

	fn sign(&self, payload: &[u8]) -> MultiSignature {
		MultiSignature::Sr25519(self.0.sign(payload).0)
	}
}

/// The arguments of a call, encoded already.
struct Encoded(Vec<u8>);

impl EncodeAsFields for Encoded {
	fn encode_as_fields_to<R: TypeResolver>(
		&self,
		_fields: &mut dyn FieldIter<'_, R::TypeId>,
		_types: &R,
		out: &mut Vec<u8>,
	) -> Result<(), scale_encode::Error> {
		out.extend_from_slice(&self.0);
		Ok(())
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use heliograph_primitives::{Quality, Reading};

	fn refusal(code: i32, data: &str) -> String {
		let data = serde_json::value::RawValue::from_string(format!("\"{data}\"")).expect("JSON");
		advice(&subxt::rpcs::UserError {
			code,
			message: "Invalid Transaction".into(),
			data: Some(data),
		})
	}

	#[test]
	fn pool_refusal_says_what_to_do() {
		assert!(refusal(1010, "Inability to pay some fees (e.g. account balance too low)")
			.contains("too little DECA"));
		assert!(refusal(1010, "Transaction is outdated").contains("under way"));
		assert!(refusal(1014, "The transaction has too low priority").contains("under way"));
		assert!(refusal(1010, "Transaction has a bad signature").contains("upgraded"));
		assert_eq!(refusal(1010, "else"), "Invalid Transaction (1010): else");
	}

	#[test]
	fn fee_is_paid_in_the_native_token_without_a_tip() {
		use subxt::{
			config::{transaction_extensions::ChargeAssetTxPaymentParams, Config},
			ext::frame_decode::extrinsics::TransactionExtension as _,
		};
		// What `submit` builds for the extension by which fees may be paid in other tokens, too.
		let params =
			DefaultExtrinsicParamsBuilder::<SubstrateConfig>::new().nonce(1).mortal(64).build();
		let charge: &ChargeAssetTxPaymentParams<SubstrateConfig> = &params.known().6;
		let expected = ChargeAssetTxPaymentParams::<SubstrateConfig>::no_tip();
		assert_eq!(format!("{charge:?}"), format!("{expected:?}"));
		type Charge = subxt::config::transaction_extensions::ChargeAssetTxPayment<SubstrateConfig>;
		assert_eq!(Charge::NAME, "ChargeAssetTxPayment");
		// As SCALE: a compact zero, and no asset, whatever the type of an asset's number is.
		assert_eq!(
			(codec::Compact(0u128), None::<<SubstrateConfig as Config>::AssetId>).encode(),
			[0, 0]
		);
	}

	#[test]
	fn registration_is_read_by_names() {
		let key = |name: &str, bytes: &[u8]| {
			let bytes =
				Value::unnamed_composite(bytes.iter().map(|byte| Value::u128((*byte).into())));
			Value::unnamed_variant(name, [bytes])
		};
		assert_eq!(meter_key(&key("Ed25519", &[7; 32])), Some(MeterKey::Ed25519([7; 32])));
		assert_eq!(meter_key(&key("Sr25519", &[8; 32])), Some(MeterKey::Sr25519([8; 32])));
		assert_eq!(meter_key(&key("Ecdsa", &[2; 33])), Some(MeterKey::Ecdsa([2; 33])));
		assert_eq!(meter_key(&key("Ed25519", &[7; 31])), None);
		assert_eq!(meter_key(&key("Falcon512", &[7; 32])), None);
		let oracles = Value::unnamed_variant("Oracles", [Value::u128(3)]);
		assert_eq!(meter_key(&oracles), Some(MeterKey::Oracles(3)));
		let usage = |name: &str| key_use(&Value::unnamed_variant(name, [Value::u128(9)]));
		assert_eq!(usage("Meter"), KeyUse::Meter(9));
		assert_eq!(usage("Former"), KeyUse::Former(9));
		assert_eq!(usage("Application"), KeyUse::Application(9));
		assert_eq!(usage("Spaceship"), KeyUse::Other("Spaceship".into()));
	}

	#[test]
	fn meter_is_refused_for_good_when_it_is_retired_or_needs_oracles() {
		let meter = Registration {
			miner: 1,
			key: Some(MeterKey::Ed25519([7; 32])),
			nameplate: 5_000,
			retired: false,
		};
		assert_eq!(meter.refuses_for_good(), None);
		assert_eq!(
			Registration { retired: true, ..meter }.refuses_for_good(),
			Some("MeterRetired")
		);
		let oracles = Registration { key: Some(MeterKey::Oracles(1)), ..meter };
		assert_eq!(oracles.refuses_for_good(), Some("NeedsOracles"));
	}

	#[test]
	fn history_depends_on_every_reading_and_their_order() {
		let reading = |interval| Reading {
			meter: 1,
			epoch: 0,
			interval,
			register: 5,
			quality: Quality::Measured,
		};
		let both =
			|a, b| MeterState::extend(&MeterState::extend(&[0; 32], &reading(a)), &reading(b));
		assert_ne!(both(1, 2), both(2, 1));
		let expected = hashing::blake2_256(&[[0u8; 32].to_vec(), reading(1).encode()].concat());
		assert_eq!(MeterState::extend(&[0; 32], &reading(1)), expected);
	}

	#[tokio::test]
	async fn connection_is_an_error_when_nobody_listens() {
		let Err(error) = Chain::connect("ws://127.0.0.1:1").await else {
			panic!("connected to nothing")
		};
		let text = error.to_string();
		assert!(matches!(error, ChainError::Rpc(_)), "{text}");
		assert!(text.contains("refused") && !text.contains("RPC"), "{text}");
	}
}
