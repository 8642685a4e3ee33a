//! What the storage nodes pallet stores and shows, and what its benchmarks ask of others.

use crate::books::{received_of, Books, NodeInterval, RING};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use heliograph_primitives::{
	miner::{MeterId, MinerId},
	trade::Price,
	units::{Energy, Interval, INTERVALS_PER_DAY},
};
use scale_info::TypeInfo;

/// The number of a withdrawal. Assigned by the chain, one after the other, never reused.
pub type WithdrawalId = u32;

/// Base units of DECA (10^-12) or of the energy token (mWh).
pub type Balance = u128;

/// The largest capacity of a node, in mWh: 1 TWh. Keeps every sum far from the end of its type.
pub const MAX_CAPACITY: Energy = 1_000_000_000_000_000;

/// The longest withdrawal, in intervals: a day, as meters remember single intervals for no longer.
pub const MAX_DURATION: Interval = INTERVALS_PER_DAY;

/// How long the chain waits for the reading of an interval before it counts as silence, in intervals: half a day. The other
/// half of what meters remember is left to settle by what is known then.
pub const SILENCE: Interval = INTERVALS_PER_DAY / 2;

/// The meters of a node. All belong to its miner.
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
pub struct NodeMeters {
	/// Measures what goes into the battery; of flow `Charge`.
	pub charge: MeterId,
	/// Measures what comes out of it; of flow `Discharge`.
	pub discharge: MeterId,
	/// Measures what the battery uses itself, self-discharge among it; of flow `Consumption`.
	pub loss: Option<MeterId>,
}

/// Where a node stands.
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
pub enum NodeStatus {
	/// It works.
	#[codec(index = 0)]
	Open,
	/// It takes no new deposits, and closes when it owes nothing, or has let others draw for long enough. It can still be
	/// drawn from.
	#[codec(index = 1)]
	Leaving,
	/// The DAO declared it gone. Its withdrawals are being refunded.
	#[codec(index = 2)]
	Vanished,
	/// It owes nothing, or all that it owed was written off. Its miner may register it anew.
	#[codec(index = 3)]
	Closed,
}

impl NodeStatus {
	/// Whether its battery still counts.
	pub const fn is_live(&self) -> bool {
		matches!(self, Self::Open | Self::Leaving)
	}
}

/// How much of what each meter of a node attested is in its books, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Seen {
	/// Of the charge meter: what it attested and no challenge took away.
	pub charged: u128,
	/// Of the discharge meter.
	pub discharged: u128,
	/// Of the loss meter.
	pub lost: u128,
}

/// What came out of a battery and is of no single interval, found but not booked yet: what went in before has to be booked
/// first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Outflow {
	/// By the discharge meter, in mWh.
	pub discharged: u128,
	/// By the loss meter, in mWh.
	pub lost: u128,
	/// The node must have passed the intervals before this one: all that these meters had reported then.
	pub until: Interval,
}

impl Outflow {
	/// Whether nothing came out.
	pub fn is_empty(&self) -> bool {
		self.discharged == 0 && self.lost == 0
	}
}

/// A storage node. Its number is that of its miner; its owner is who owns the miner.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Node<AccountId> {
	/// What measures it.
	pub meters: NodeMeters,
	/// The most energy that it can hold, in mWh.
	pub capacity: Energy,
	/// From whom the bond is held.
	pub bonder: AccountId,
	/// What is held.
	pub bond: Balance,
	/// What the bond had to be when it was last given: the whole capacity may be filled while it is that much.
	pub required: Balance,
	/// Where the node stands.
	pub status: NodeStatus,
	/// The interval in which it was registered, the last time if it was closed before.
	pub registered: Interval,
	/// Since when it is leaving, if it is.
	pub leaving_since: Option<Interval>,
	/// Whether its owner takes new deposits.
	pub takes_deposits: bool,
	/// The next interval that will be accounted for.
	pub cursor: Interval,
	/// The interval of the charge meter's newest reading that is in the books.
	pub charged_until: Interval,
	/// What of each meter is in the books.
	pub seen: Seen,
	/// What is to be booked when the node has passed the time that it can be from.
	pub outflow: Outflow,
	/// How many meters send to it by a deposit.
	pub deposits: u32,
	/// The interval before which the last of the ended deposits ended.
	pub last_end: Interval,
	/// How many withdrawals it accepted that are not over.
	pub withdrawals: u32,
	/// What they may still draw, in mWh.
	pub promised: u128,
	/// Since when energy is missing that the node must cover, if any is.
	pub uncovered_since: Option<Interval>,
	/// Its energy.
	pub books: Books,
}

impl<AccountId> Node<AccountId> {
	/// Makes energy its own again for which nobody can have tokens any more, but nothing that is promised to withdrawals.
	/// Only what it received since it was last registered, as `registered` tells: before that, it closed, and what it held
	/// for tokens was paid for or written off.
	pub fn take_back(&mut self, energy: u128, registered: Interval) {
		if self.status.is_live() && self.registered == registered {
			self.books.give_back(energy, self.promised);
		}
	}
}

/// A node's last 96 intervals, each at its number modulo 96.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct NodeRing(pub [NodeInterval; RING as usize]);

impl Default for NodeRing {
	fn default() -> Self {
		Self([NodeInterval::default(); RING as usize])
	}
}

impl NodeRing {
	fn slot(interval: Interval) -> usize {
		(interval % RING) as usize
	}

	/// What is kept of `interval`, if the node, whose next interval is `cursor`, has passed it and not forgotten it.
	pub fn at(&self, interval: Interval, cursor: Interval) -> Option<&NodeInterval> {
		self.0.get(Self::slot(interval)).filter(|_| is_kept(interval, cursor))
	}

	/// As [`Self::at`], to be changed.
	pub fn at_mut(&mut self, interval: Interval, cursor: Interval) -> Option<&mut NodeInterval> {
		self.0.get_mut(Self::slot(interval)).filter(|_| is_kept(interval, cursor))
	}

	/// Keeps `entry` for `interval`. Returns what was kept in its place: of the interval a day before.
	pub fn put(&mut self, interval: Interval, entry: NodeInterval) -> NodeInterval {
		match self.0.get_mut(Self::slot(interval)) {
			Some(place) => core::mem::replace(place, entry),
			None => NodeInterval::default(),
		}
	}

	/// Forgets the intervals `from..to` and what their places held: nothing is known of them. At most 96 steps.
	pub fn clear(&mut self, from: Interval, to: Interval) {
		for interval in from.max(to.saturating_sub(RING))..to {
			self.put(interval, NodeInterval::default());
		}
	}
}

/// Whether `interval` lies in the last 96 before `cursor`.
fn is_kept(interval: Interval, cursor: Interval) -> bool {
	cursor.checked_sub(interval).is_some_and(|age| (1..=RING).contains(&age))
}

/// A meter that sends to a node by agreement of both owners.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Deposit {
	/// The node that it sends to.
	pub node: MinerId,
	/// When that node had been registered.
	pub registered: Interval,
	/// The next interval of the meter that will be accounted for.
	pub cursor: Interval,
	/// What the meter had attested, less what was voided, when the deposit began, and what was counted since, in mWh.
	pub seen: u128,
	/// What was found to be late and is not counted yet, in mWh.
	pub late: u128,
	/// The node must have passed the intervals before this one for that to be counted: all that the meter had reported then.
	pub late_until: Interval,
	/// What counts at most, if the deposit has ended.
	pub ended: Option<Ending>,
}

/// The end of a deposit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Ending {
	/// The first interval that belongs to it no more: what the meter reported for the ones before had arrived.
	pub until: Interval,
	/// What the meter had attested then, less what was voided, and less what was voided since, whenever it was sent; in mWh.
	pub standing: u128,
	/// What of the meter's energy was voided, ever, as far as that is taken off; in mWh.
	pub voided: u128,
}

/// What was received of what a meter sent, and not used for tokens yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Receipt {
	/// The node that received it.
	pub node: MinerId,
	/// When that node had been registered that received the oldest of it.
	pub registered: Interval,
	/// What the meter sent, in mWh.
	pub counted: u128,
	/// What was received of it, in mWh. At most all.
	pub received: u128,
	/// What of the meter's energy was voided, ever, as far as that is taken off; in mWh.
	pub voided: u128,
}

impl Receipt {
	/// Takes up to `energy` mWh out that the meter sent. Returns what had been received of them: in proportion, rounded up, so
	/// that the rest is never worth more than before.
	pub fn lose(&mut self, energy: u128) -> u128 {
		let rest = self.counted.saturating_sub(energy);
		let kept = received_of(self.received, self.counted, rest).unwrap_or(0);
		let lost = self.received.saturating_sub(kept);
		(self.counted, self.received) = (rest, kept);
		lost
	}
}

/// How a meter stands to a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum Sender {
	/// Its owner asks whether it may send.
	#[codec(index = 0)]
	Asks,
	/// It sends.
	#[codec(index = 1)]
	Sends,
}

/// Where a withdrawal stands. Those that are over are not stored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub enum WithdrawalState {
	/// It waits for the owner of the node.
	#[codec(index = 0)]
	Asked {
		/// From this interval on it cannot be accepted any more, and anyone can cancel it.
		expires: Interval,
	},
	/// The node accepted it.
	#[codec(index = 1)]
	Running {
		/// The first interval that counts.
		from: Interval,
		/// The first one that counts no more.
		until: Interval,
		/// The next one that will be settled.
		cursor: Interval,
		/// What the node owes for a mWh that it fails to deliver, in base units of DECA: as it was governed when it accepted.
		penalty: Price,
	},
}

/// Energy that somebody draws from a node, and pays for with energy tokens.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Withdrawal<AccountId> {
	/// The node.
	pub node: MinerId,
	/// Who draws, and of whom the tokens are held.
	pub drawer: AccountId,
	/// The meter that shows what arrived.
	pub meter: MeterId,
	/// What was asked for, in mWh.
	pub energy: Energy,
	/// What of it was not delivered yet, in mWh: as many tokens are held.
	pub rest: Energy,
	/// What the drawer took while the node did not give it, in mWh: in each interval of an even part at most.
	pub failed: Energy,
	/// For how many intervals it runs once it was accepted.
	pub duration: Interval,
	/// Where it stands.
	pub state: WithdrawalState,
}

/// The books of all nodes together, in mWh.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Sums {
	/// What nodes hold for tokens, minted or still to be minted.
	pub backing: u128,
	/// The part of it that is missing.
	pub uncovered: u128,
	/// What was allocated to senders, ever.
	pub allocated: u128,
	/// What was held for tokens and is lost for good: no node answers for it any more.
	pub written_off: u128,
	/// What was held for tokens that nobody can have any more, and became the nodes' own again.
	pub returned: u128,
	/// What was received, and was taken to mint tokens for.
	pub taken: u128,
}

/// A node as people see it.
#[derive(Clone, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct NodeView<AccountId> {
	/// Its number.
	pub id: MinerId,
	/// Who owns it. Nobody when its miner was revoked.
	pub owner: Option<AccountId>,
	/// What is stored of it.
	pub node: Node<AccountId>,
	/// The energy that its battery must hold by its books, in mWh.
	pub stored: u128,
	/// What can be asked for as a withdrawal, in mWh.
	pub available: u128,
	/// What can still be allocated to senders, in mWh.
	pub room: u128,
	/// What the bond would have to be today for the whole capacity.
	pub required_bond: Option<Balance>,
	/// Whether energy has been missing for too long: the node gets no deposits and no withdrawals until it is covered.
	pub overdue: bool,
}

/// A deposit as people see it: how it runs, and what was received and not used for tokens yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct DepositView {
	/// The node that the meter's owner asks, if an answer is open.
	pub asks: Option<MinerId>,
	/// The deposit, running or not yet accounted to its end.
	pub deposit: Option<Deposit>,
	/// What tokens can be asked for.
	pub receipt: Receipt,
}

/// How the energy in the batteries compares with the tokens that there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Encode, Decode, TypeInfo)]
pub struct Parity {
	/// Energy tokens that there are, in mWh.
	pub supply: u128,
	/// What nodes hold for tokens, minted or still to be minted, in mWh.
	pub backing: u128,
	/// The part of it that is missing, and that nodes must cover, in mWh.
	pub uncovered: u128,
	/// What nodes held for tokens and is lost for good, in mWh. Counts for nothing in the ratio.
	pub lost: u128,
	/// `(backing - uncovered) / supply` in billionths, rounded down: 10^9 and more is parity. `None` while there are no
	/// tokens.
	pub ratio: Option<u128>,
}

/// What the benchmarks need of other pallets.
#[cfg(feature = "runtime-benchmarks")]
pub trait BenchmarkHelper<AccountId> {
	/// Registers a live miner of this kind owned by `owner`, who exists, with one meter of this flow.
	fn register(
		owner: &AccountId,
		kind: heliograph_primitives::MinerKind,
		flow: heliograph_primitives::Flow,
	) -> (MinerId, MeterId);

	/// One more meter of this flow for a miner that was just registered.
	fn add_meter(miner: MinerId, flow: heliograph_primitives::Flow) -> MeterId;

	/// Lets this much have been sent to `node` in `interval`, as the metering pallet tells by `NodeInflows`.
	fn send(node: MinerId, interval: Interval, energy: u64);

	/// Moves the clock to the beginning of an interval.
	fn go_to(interval: Interval);
}
