//! # Storage nodes: energy in, energy out
//!
//! People without a battery of their own send what they have too much of to somebody who has one, and draw it again at
//! night. The chain compares the meters of both sides in every quarter of an hour: what arrived becomes energy tokens, what
//! is drawn is paid with them, and a bond answers for what is in the battery.
//!
//! ## Terminology
//!
//! - **Node**: a battery, registered by the owner of a miner of kind `Storage`. Its number is that of the miner. Its *charge*,
//!   *discharge* and *loss* meters belong to that miner.
//! - **Deposit**: an agreement by which an export meter sends to a node. All that the meter measures while it lasts is sent.
//! - **Sent, charged**: what the meters that send to a node measured together in an interval, and what went into the battery.
//! - **Allocated**: the part of what was charged that belongs to those who sent: as much as they sent, and at most what was
//!   charged. What is missing was lost on the way, and is missing for all of them in proportion. What was charged beyond it
//!   is the node's own.
//! - **Received**: what of a meter's energy was allocated to it. Tokens are minted for that, see
//!   [`NodeReceipts`](heliograph_primitives::trade::NodeReceipts).
//! - **Backing**: the energy in the battery that is held for tokens, minted or still to be minted. **Surplus**: what is in it
//!   beyond that, the node's own. **Uncovered**: what is missing of the backing.
//! - **Withdrawal**: energy drawn from a node in the intervals after it was accepted, paid with tokens that are held from the
//!   request on. **Promised**: what accepted withdrawals may still draw.
//! - **Cover**: to burn tokens, so that energy held for tokens becomes the node's own.
//! - **Parity**: that there is a mWh in the batteries for each token.
//!
//! ## Scenarios
//!
//! ### 1. A battery for the street
//! Nora has 100 kWh in her cellar. She calls [`register_node`](Pallet::register_node), and a bond for the capacity is held.
//! Olga's roof exports at noon. Olga calls [`ask_deposit`](Pallet::ask_deposit), Nora
//! [`accept_deposit`](Pallet::accept_deposit). From now on what Olga's export meter measures is sent to Nora's node.
//!
//! ### 2. Eight per cent are lost
//! In one quarter of an hour Olga sends 1 kWh, and 0.92 kWh go into the battery. Anyone calls
//! [`account`](Pallet::account) for the node: 0.92 kWh are allocated. Anyone calls [`account_meter`](Pallet::account_meter)
//! for Olga's meter: 1 kWh counted, 0.92 kWh received. When it has matured, and the DAO approved, 0.92 KWH are minted.
//! Somebody has to do both, at least every twelve hours and in this order, and gets the fee back.
//!
//! ### 3. A withdrawal
//! Wanda has 0.92 KWH and calls [`request_withdrawal`](Pallet::request_withdrawal): they are held, and her import meter is
//! booked. Nora calls [`accept_withdrawal`](Pallet::accept_withdrawal). In each following interval, what Nora's battery
//! gave *and* Wanda's meter took was delivered, see [`settle_withdrawal`](Pallet::settle_withdrawal): as many tokens are
//! burned. When the time is over, or one of them called [`end_withdrawal`](Pallet::end_withdrawal), the rest returns.
//!
//! In each interval Nora owes an even part: what was asked for divided by its time. One day Wanda took 0.1 kWh of it that Nora did not
//! give, and in the end 0.1 kWh or more were not delivered: a penalty for 0.1 kWh goes from Nora's bond to Wanda. There is none
//! when Wanda only drew less than she could have, nor when Nora gave all that she owed and somebody else got it, who was
//! settled first.
//!
//! ### 4. An empty battery
//! Nobody can ask for more than there is: what is backed, not missing, and not promised to others.
//!
//! ### 5. A battery loses a little
//! Nora's loss meter shows 10 Wh in an interval. They come out of her own energy, and when there is none, they are uncovered:
//! tokens are out for energy that is gone. Nora has [`Config::CoverWindow`] to [`cover`](Pallet::cover) them with tokens, of
//! which she gets a share of all that is minted, or to charge energy of her own. It is the same when she uses energy that is
//! not hers. After that she gets no deposits and no withdrawals, and anyone can call
//! [`slash_uncovered`](Pallet::slash_uncovered): her bond pays for the missing energy, and it is written off.
//!
//! ### 6. Data comes late
//! Olga's agent was offline for an hour. A reading of one quarter of an hour that comes late, but within a day, is added to
//! what was sent then: if it had gone into the battery it is still there as surplus, and Olga gets it. Energy that belongs to
//! no single interval any more, because a reading spans several, cannot be compared. It draws on the surplus that there is
//! when both Olga's and Nora's meters have reported beyond it, and what the surplus lacks counts as lost.
//!
//! A reading of Nora's own meter is waited for half a day. What arrives later goes into her surplus, and so do the senders'
//! parts of it, as just said. An interval that nobody accounted for in a day is passed by in the same way. What came out of the
//! battery is booked however late it is told: first as what Nora used of her own, and when there is none, as uncovered.
//!
//! If nobody accounts for Olga's meter in a day after that, her share of an interval goes back into Nora's surplus. She does not
//! lose it: as soon as somebody does, it is drawn from the surplus, as far as Nora has not used it.
//!
//! ### 7. Somebody does not report
//! Wanda's agent is silent: what her meter does not show, she did not draw. No tokens burn for it, and Nora, who sees no
//! readings, ends the withdrawal. If Nora is silent, or suspended so that her readings are refused, she did not deliver.
//!
//! ### 8. A node leaves
//! Nora calls [`leave`](Pallet::leave), ends the deposits with [`end_deposit`](Pallet::end_deposit), lets others draw what is
//! left or covers it with tokens, and gets her bond back by [`close_node`](Pallet::close_node). What senders received before,
//! they can still have minted. If nobody wants what is left, tokens for it are lost, or a mWh of it is dust, she waits for
//! [`Config::CoverWindow`]; then her bond pays for it, the energy is written off, and she gets the rest.
//!
//! When her miner was revoked, nobody owns it. Whoever gave the bond can leave all the same.
//!
//! ### 9. A node vanishes
//! Nora is gone, and so is the battery. The DAO calls [`declare_vanished`](Pallet::declare_vanished). Withdrawals are refunded
//! as soon as anyone settles them, with the penalty for all that they could still draw; the rest of the bond goes to the
//! treasury. What the battery held for tokens is written off, and [`parity`](Pallet::parity) shows it.
//!
//! ### 10. Nora loses her key
//! The DAO gives her miner to a new account. There she calls [`top_up_bond`](Pallet::top_up_bond): the bond moves along.
//!
//! ## Why no more is minted than is held
//!
//! Tokens are minted for what [`NodeReceipts::take`](heliograph_primitives::trade::NodeReceipts::take) gave out, which takes
//! it out of what meters received. Meters receive, in shares rounded down, what was allocated: of each interval no more than
//! the pot of that interval, which holds what was allocated in it, and beyond that what was drawn from the surplus, which is
//! allocated just then. Each mWh that is allocated is added to the backing in the same moment. The backing falls only by
//! energy for which as many tokens were burned, that was written off, or that returned to the node because nobody can have
//! tokens for it any more: its share was forgotten, voided or given up, and is neither in a pot nor in a receipt. So
//! `minted - burned <= backing + written off`, for all nodes together; energy that was allocated and is never minted, because
//! it is dust, is on the safe side.
//!
//! That the backing is in the battery is what meters show, and what the bond is for: no more is allocated than the battery
//! can hold and the bond answers for.
//!
//! ## Challenges
//!
//! While a node's charge meter is challenged, nothing is received of it: no tokens are minted for what may not be there. If
//! the challenge is upheld, what was voided is missing from the battery, and uncovered. Withdrawals go on being settled by
//! what was measured, so that nobody gets energy for nothing by a challenge.
//!
//! When a challenge of a sender's meter is upheld, its receipts are worth nothing until [`account_meter`](Pallet::account_meter)
//! took out what was voided; what had been received of it is the node's own. Else they would be there for energy that the
//! meter sends into the grid later.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod accounting;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod books;
mod deposits;
mod invariants;
#[cfg(test)]
mod mock;
mod nodes;
mod receipts;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;
mod withdrawals;

pub use books::{Books, NodeInterval, RING};
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use books::Limits;
use frame_support::{
	dispatch::PostDispatchInfo,
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, InspectHold as _, MutateHold as _},
		fungibles::{self, Inspect as _, InspectHold as _, Mutate as _, MutateHold as _},
		tokens::{Fortitude, Precision, Preservation, Restriction},
	},
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	claim::{EnergyClaims, NodeInflows},
	history::{MeterReport, MeterReports},
	miner::{Flow, MeterDirectory, MeterId, MeterInfo, MinerId, MinerKind},
	trade::{cost, MeterUse, MeterUses, NodeAssignment, NodeReceipts, Price},
	units::{Energy, Interval},
};
use sp_runtime::{traits::Zero, ArithmeticError};

/// The most entries that a view function returns at once.
pub const MAX_PAGE: u32 = 100;

/// A node as this runtime stores it.
pub type NodeOf<T> = Node<<T as frame_system::Config>::AccountId>;
/// A withdrawal as this runtime stores it.
pub type WithdrawalOf<T> = Withdrawal<<T as frame_system::Config>::AccountId>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what bonds and tokens are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what bonds and penalties are paid in.
		type Currency: fungible::MutateHold<
			Self::AccountId,
			Balance = Balance,
			Reason = Self::RuntimeHoldReason,
		>;

		/// Where energy tokens are held.
		type Assets: fungibles::MutateHold<
			Self::AccountId,
			AssetId = u32,
			Balance = Balance,
			Reason = Self::RuntimeHoldReason,
		>;

		/// Where energy tokens live that are not held.
		type Kwh: fungibles::Mutate<Self::AccountId, AssetId = u32, Balance = Balance>;

		/// The energy token.
		#[pallet::constant]
		type KwhId: Get<u32>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// The way to let a meter send to a node.
		type Assignment: NodeAssignment;

		/// What was measured lately.
		type Reports: MeterReports;

		/// What was attested altogether.
		type Energy: EnergyClaims;

		/// What was sent to a node.
		type Inflows: NodeInflows;

		/// What meters are used for in trade.
		type Uses: MeterUses;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// Declares that a node vanished: the Technical DAO.
		type DaoOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Who gets what bonds pay for missing energy: the treasury. The account must exist.
		type FeeDestination: Get<Self::AccountId>;

		/// The least bond of a node. Governed; a node keeps the bond that it gave, but gets nothing new below today's.
		type MinBond: Get<Balance>;

		/// The bond for a kWh of capacity, in base units of DECA. At least twice the penalty for a kWh counts, whatever is
		/// set, so that a node that failed to deliver all it holds still answers for all it holds. Governed.
		type BondPerKwh: Get<Balance>;

		/// What a node pays for a mWh that it did not deliver, or that is missing. Governed.
		type PenaltyPrice: Get<Price>;

		/// How many intervals must have passed after one before it is accounted for, so that readings can arrive. At most 47
		/// counts, whatever is set. Governed.
		type Grace: Get<Interval>;

		/// How long a request for a withdrawal waits for the node, in intervals. At least 1 counts. Governed.
		type AcceptWindow: Get<Interval>;

		/// How long energy may be missing before the bond pays for it, in intervals. Governed.
		type CoverWindow: Get<Interval>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Registers miners and moves the clock, for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// DECA: for a node.
		#[codec(index = 0)]
		Bond,
		/// Energy tokens: for a withdrawal that is asked for or runs.
		#[codec(index = 1)]
		Withdrawal,
	}

	/// The nodes, closed ones too. The chain assigns the numbers, so they need no hashing.
	#[pallet::storage]
	pub type Nodes<T: Config> = StorageMap<_, Identity, MinerId, NodeOf<T>, OptionQuery>;

	/// The last 96 intervals of each node.
	#[pallet::storage]
	pub type Rings<T: Config> = StorageMap<_, Identity, MinerId, NodeRing, ValueQuery>;

	/// The node that the owner of an export meter asks to take its energy.
	#[pallet::storage]
	pub type Asks<T: Config> = StorageMap<_, Identity, MeterId, MinerId, OptionQuery>;

	/// The deposits: those that run, and those that have ended and are not accounted to their end.
	#[pallet::storage]
	pub type Deposits<T: Config> = StorageMap<_, Identity, MeterId, Deposit, OptionQuery>;

	/// The meters that ask a node, or send to it.
	#[pallet::storage]
	pub type Senders<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, MeterId, Sender, OptionQuery>;

	/// What was received of each meter and not used for tokens yet. Outlives the deposit, as energy matures a day later.
	#[pallet::storage]
	pub type Receipts<T: Config> = StorageMap<_, Identity, MeterId, Receipt, OptionQuery>;

	/// The withdrawals that are asked for or run.
	#[pallet::storage]
	pub type Withdrawals<T: Config> =
		StorageMap<_, Identity, WithdrawalId, WithdrawalOf<T>, OptionQuery>;

	/// The number that the next withdrawal gets.
	#[pallet::storage]
	pub type NextWithdrawalId<T: Config> = StorageValue<_, WithdrawalId, ValueQuery>;

	/// The withdrawal of the meter that shows what arrives: one at a time.
	#[pallet::storage]
	pub type MeterWithdrawal<T: Config> =
		StorageMap<_, Identity, MeterId, WithdrawalId, OptionQuery>;

	/// The withdrawals of an account.
	#[pallet::storage]
	pub type WithdrawalsByDrawer<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Identity,
		WithdrawalId,
		(),
		OptionQuery,
	>;

	/// The withdrawals of a node.
	#[pallet::storage]
	pub type WithdrawalsByNode<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, WithdrawalId, (), OptionQuery>;

	/// The books of all nodes together.
	#[pallet::storage]
	pub type BookSums<T: Config> = StorageValue<_, Sums, ValueQuery>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A battery was registered.
		NodeRegistered {
			/// Its number, which is that of its miner.
			node: MinerId,
			/// Who owns it.
			owner: T::AccountId,
			/// What measures it.
			meters: NodeMeters,
			/// The most energy that it can hold, in mWh.
			capacity: Energy,
			/// What is held.
			bond: Balance,
		},
		/// A node's bond was filled up, or moved to the account that owns the node now.
		BondToppedUp {
			/// The node.
			node: MinerId,
			/// From whom it is held.
			owner: T::AccountId,
			/// What is held.
			bond: Balance,
		},
		/// The owner of a node opened it for new deposits, or closed it to them.
		OpenSet {
			/// The node.
			node: MinerId,
			/// Whether it takes new deposits.
			open: bool,
		},
		/// A node takes no deposits any more, and closes when it owes nothing.
		NodeLeaving {
			/// The node.
			node: MinerId,
		},
		/// A node left in order, and its bond was released.
		NodeClosed {
			/// The node.
			node: MinerId,
			/// What was released.
			bond: Balance,
			/// What the bond paid for energy that the node still held for tokens.
			paid: Balance,
			/// That energy, in mWh. It is written off.
			lost: u128,
		},
		/// The DAO declared that a node is gone.
		NodeVanished {
			/// The node.
			node: MinerId,
		},
		/// All withdrawals of a vanished node were refunded, and what is left of its bond was taken.
		VanishedNodeClosed {
			/// The node.
			node: MinerId,
			/// What was taken of the bond.
			forfeited: Balance,
			/// The energy in mWh that it held for tokens, and that is lost.
			lost: u128,
		},
		/// What is left of the bond of a vanished node could not be taken. The DAO can try again.
		ForfeitFailed {
			/// The node.
			node: MinerId,
			/// Why.
			error: DispatchError,
		},
		/// The owner of a meter asks a node to take its energy.
		DepositAsked {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
		},
		/// A request for a deposit was taken back or declined.
		AskCancelled {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
		},
		/// A meter sends to a node from now on.
		DepositAccepted {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
			/// The first interval that counts: the first one that the meter has not reported.
			from: Interval,
		},
		/// A meter sends to a node no more.
		DepositEnded {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
			/// The first interval that counts no more.
			until: Interval,
		},
		/// A node's energy was accounted for, up to the interval `to`, which is the next one.
		Accounted {
			/// The node.
			node: MinerId,
			/// The first interval.
			from: Interval,
			/// The first one that is not accounted for.
			to: Interval,
			/// What went in, in mWh.
			charged: u128,
			/// What of it was allocated to those who sent, in mWh.
			allocated: u128,
			/// What came out, in mWh.
			discharged: u128,
			/// What was lost, in mWh.
			lost: u128,
			/// What had been allocated a day before and nobody took: it went back into the surplus; in mWh.
			returned: u128,
			/// What is missing now, in mWh.
			uncovered: u128,
		},
		/// Nobody accounted for a node in a day. Of these intervals nothing is known any more: what was charged in them goes
		/// into the surplus, on which draw who sent.
		IntervalsSkipped {
			/// The node.
			node: MinerId,
			/// The first interval.
			from: Interval,
			/// The first one that was not skipped.
			to: Interval,
		},
		/// The energy of a meter that sends to a node was accounted for.
		MeterAccounted {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
			/// The next interval.
			to: Interval,
			/// What it sent, in mWh.
			counted: u128,
			/// What was received of it, in mWh.
			received: u128,
		},
		/// What was received was taken to mint tokens for.
		ReceiptTaken {
			/// The meter.
			meter: MeterId,
			/// The energy that it had sent, in mWh.
			energy: u128,
			/// What was received of it, in mWh.
			received: u128,
		},
		/// A challenge took energy away that had been received. It is out of the receipts, and what had been received of it is
		/// the node's own, unless that is promised to withdrawals, or the node was closed since.
		ReceiptVoided {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
			/// The energy that it had sent, in mWh.
			energy: u128,
			/// What had been received of it, in mWh.
			received: u128,
		},
		/// The owner of a meter gave up what was received of it. That is the node's own, unless it is promised to withdrawals,
		/// or the node was closed since.
		ReceiptGivenUp {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
			/// The energy that it had sent, in mWh.
			energy: u128,
			/// What had been received of it, in mWh.
			received: u128,
		},
		/// Somebody wants to draw energy. Its tokens are held.
		WithdrawalRequested {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// The node.
			node: MinerId,
			/// Who asks.
			drawer: T::AccountId,
			/// The meter that will show what arrives.
			meter: MeterId,
			/// The energy, in mWh, and the tokens that are held.
			energy: Energy,
			/// From this interval on it cannot be accepted any more.
			expires: Interval,
		},
		/// A request for a withdrawal was taken back, declined, or expired. The tokens are released.
		WithdrawalCancelled {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
		},
		/// A node accepted a withdrawal.
		WithdrawalAccepted {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// The first interval that counts.
			from: Interval,
			/// The first one that counts no more.
			until: Interval,
		},
		/// Energy was delivered, and as many tokens were burned.
		Delivered {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// The energy, in mWh.
			energy: Energy,
			/// What can still be drawn, in mWh.
			rest: Energy,
		},
		/// A withdrawal ends earlier.
		WithdrawalEnding {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// The first interval that counts no more.
			until: Interval,
		},
		/// A withdrawal is over, and the tokens that were not burned are released.
		WithdrawalClosed {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// What was delivered, in mWh.
			delivered: Energy,
			/// The tokens that returned.
			returned: Energy,
			/// The energy in mWh that the node failed to deliver.
			failed: Energy,
			/// What the drawer got of the node's bond for it.
			penalty: Balance,
		},
		/// The drawer could not be paid the penalty. It stays in the node's bond.
		PenaltyFailed {
			/// The number of the withdrawal.
			withdrawal: WithdrawalId,
			/// Why.
			error: DispatchError,
		},
		/// Tokens were burned, and as much energy that a node held for tokens is its own.
		Covered {
			/// The node.
			node: MinerId,
			/// Whose tokens.
			who: T::AccountId,
			/// How many, in mWh.
			amount: Balance,
			/// What is still missing, in mWh.
			uncovered: u128,
		},
		/// A node's bond paid for missing energy, which is written off.
		UncoveredSlashed {
			/// The node.
			node: MinerId,
			/// The energy, in mWh.
			energy: u128,
			/// What the bond paid.
			amount: Balance,
		},
		/// The owner of a meter gave up what could still be accounted for of a deposit that ended more than a day ago.
		DepositGivenUp {
			/// The meter.
			meter: MeterId,
			/// The node.
			node: MinerId,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No node has this number. The owner of a storage miner registers it with `storageNodes.registerNode`.
		UnknownNode,
		/// No registered miner has this number; or it was revoked.
		UnknownMiner,
		/// Only the owner of the node, of the meter or of the withdrawal may do this.
		NotOwner,
		/// The miner is suspended. It can take part once the DAO reinstates it.
		MinerNotActive,
		/// Only a miner of kind `Storage` can be a node.
		NotAStorageMiner,
		/// The node is registered, and not closed.
		AlreadyRegistered,
		/// No registered miner has a meter of this number.
		UnknownMeter,
		/// The meter belongs to another miner.
		MeterOfAnother,
		/// The meter measures something else than is needed here: charge, discharge and consumption for a node, export for a
		/// deposit, import or charge for a withdrawal.
		WrongFlow,
		/// The meter was taken out of service.
		MeterRetired,
		/// The capacity is zero or above 1 TWh.
		CapacityOutOfRange,
		/// The node is leaving, vanished or closed.
		NodeNotOpen,
		/// The node vanished or is closed.
		NodeOver,
		/// The node's owner takes no new deposits. Ask another node.
		NoNewDeposits,
		/// The node's bond is less than it has to be today. Its owner fills it up with `storageNodes.topUpBond`.
		BondTooLow,
		/// The bond is all that it has to be, and held from the owner.
		BondIsEnough,
		/// Energy has been missing in the node for too long. Its owner covers it with `storageNodes.cover`.
		UncoveredOverdue,
		/// The node must call `storageNodes.leave` first.
		NotLeaving,
		/// Meters still send to the node. End their deposits with `storageNodes.endDeposit`.
		DepositsLeft,
		/// Withdrawals of the node are not over. Settle them with `storageNodes.settleWithdrawal`.
		WithdrawalsLeft,
		/// The node still holds energy for tokens. Let it be drawn, cover it with `storageNodes.cover`, or wait until it has been
		/// leaving for the cover window: then its bond pays for it.
		EnergyOwed,
		/// The node has not accounted for the time until the last deposit ended. Call `storageNodes.account`.
		NotAccounted,
		/// Only standard miners and plants, which are paid for energy, send to a node.
		KindCannotDeposit,
		/// The meter's owner already asks a node. Cancel that with `storageNodes.cancelAsk`.
		AlreadyAsked,
		/// The meter's owner asks no node.
		NotAsked,
		/// The meter's energy is traded in a market. Wait until that is settled, or cancel it.
		MeterInTrade,
		/// The meter sends to a node already. End that deposit with `storageNodes.endDeposit`.
		AlreadyDeposits,
		/// The last deposit of the meter is not accounted for to its end, or what a challenge took away since is not. Call
		/// `storageNodes.accountMeter`.
		DepositNotSettled,
		/// Another node received energy of the meter that was not asked payment for. Ask for it with
		/// `issuance.requestPayment`, or give it up with `storageNodes.giveUpReceipt`.
		ReceivedElsewhere,
		/// The meter has not reported for half a day. Let its agent bring its readings up to date first.
		MeterSilent,
		/// The meter has no deposit, and no challenge took away what was received of it.
		NoDeposit,
		/// The deposit has ended.
		DepositOver,
		/// The amount is zero.
		AmountIsZero,
		/// A withdrawal runs for at least one interval and at most 96.
		DurationOutOfRange,
		/// The owner of a node cannot draw from it by a withdrawal. What it holds becomes its own by `storageNodes.cover`.
		SameOwner,
		/// The meter is in another withdrawal.
		MeterBusy,
		/// The node has less than that: it holds it for tokens, or it is missing, or promised to others.
		EmptyBattery,
		/// No withdrawal of this number is asked for or runs.
		UnknownWithdrawal,
		/// The withdrawal was accepted. It can be ended with `storageNodes.endWithdrawal`.
		AlreadyAccepted,
		/// The withdrawal was not accepted yet. It can be cancelled with `storageNodes.cancelWithdrawal`.
		NotAccepted,
		/// The node did not accept the withdrawal in time. Cancel it, and ask anew.
		RequestExpired,
		/// The withdrawal ends that early anyway.
		AlreadyEnding,
		/// More than the node holds for tokens beside what it promised to withdrawals.
		CoverTooLarge,
		/// No energy has been missing for so long that the bond has to pay for it.
		NotOverdue,
		/// The bond has nothing left, or what is missing may be what withdrawals got that are not settled yet.
		NothingToSlash,
		/// The node has not accounted for so much of what the meter sent, or not for what a challenge took away; or its charge
		/// meter is challenged.
		NotReceived,
		/// Nothing was received of the meter that was not used for tokens, and no deposit of it ended more than a day ago that is
		/// still to be accounted for.
		NoReceipt,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Register a battery as a node.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the miner, whose kind is `Storage`.
		///
		/// ## Details
		/// Holds the bond. What is in the battery before counts for nothing. A node that was closed can be registered anew.
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::NotAStorageMiner`], [`Error::MinerNotActive`],
		/// [`Error::AlreadyRegistered`], [`Error::DepositsLeft`] of a node that vanished, [`Error::CapacityOutOfRange`]; for
		/// each meter [`Error::UnknownMeter`], [`Error::MeterOfAnother`], [`Error::WrongFlow`], [`Error::MeterRetired`]; or
		/// that of the currency when the bond cannot be held.
		///
		/// ## Events
		/// [`Event::NodeRegistered`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::register_node())]
		pub fn register_node(
			origin: OriginFor<T>,
			node: MinerId,
			meters: NodeMeters,
			#[pallet::compact] capacity: Energy,
		) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::register(owner, node, meters, capacity)
		}

		/// Fill the bond of a node up to what it has to be today.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the node.
		///
		/// ## Details
		/// A bond that is held from somebody who owned the node before moves to the owner.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeOver`], [`Error::UnknownMiner`], [`Error::NotOwner`],
		/// [`Error::BondIsEnough`], or that of the currency when the bond cannot be held.
		///
		/// ## Events
		/// [`Event::BondToppedUp`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::top_up_bond())]
		pub fn top_up_bond(origin: OriginFor<T>, node: MinerId) -> DispatchResult {
			let owner = ensure_signed(origin)?;
			Self::fill_bond(owner, node)
		}

		/// Open a node for new deposits, or close it to them. Deposits that run are not touched.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the node.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeNotOpen`], [`Error::UnknownMiner`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::OpenSet`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::set_open())]
		pub fn set_open(origin: OriginFor<T>, node: MinerId, open: bool) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::mutate_open(&who, node, |entry| entry.takes_deposits = open)?;
			Self::deposit_event(Event::OpenSet { node, open });
			Ok(())
		}

		/// Begin to leave: no new deposits are agreed any more, and anyone may end those that run.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the node; by the account that gave the bond if the miner was revoked.
		///
		/// ## Details
		/// The node can still be drawn from, and covered. When it owes nothing, or has been leaving for
		/// [`Config::CoverWindow`], [`Pallet::close_node`] releases the bond.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeNotOpen`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::NodeLeaving`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::leave())]
		pub fn leave(origin: OriginFor<T>, node: MinerId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::begin_to_leave(who, node)
		}

		/// Close a node that left, and release its bond.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone.
		///
		/// ## Details
		/// All deposits have ended and the node has accounted for their time, all withdrawals are over, and no energy is held for
		/// tokens. What is left in the battery is the node's own.
		///
		/// A node that let others draw and agree to withdrawals for [`Config::CoverWindow`] since it began to leave may close
		/// while energy is held for tokens: it pays [`Config::PenaltyPrice`] for each mWh, as far as the bond goes, to
		/// [`Config::FeeDestination`], and the energy is written off. Else tokens that are lost, receipts that nobody asks
		/// payment for and the dust of divisions would hold the bond for good.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NotLeaving`], [`Error::DepositsLeft`], [`Error::WithdrawalsLeft`],
		/// [`Error::NotAccounted`], [`Error::EnergyOwed`], or that of the currency.
		///
		/// ## Events
		/// [`Event::NodeClosed`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::close_node())]
		pub fn close_node(origin: OriginFor<T>, node: MinerId) -> DispatchResult {
			ensure_signed(origin)?;
			Self::close(node)
		}

		/// Declare that a node is gone.
		///
		/// ## Dispatch Origin
		/// [`Config::DaoOrigin`].
		///
		/// ## Details
		/// Anyone may end its deposits and settle its withdrawals, which are refunded with the penalty for all that they
		/// could still draw. With the last of them the rest of the bond goes to [`Config::FeeDestination`], and the energy
		/// that the node held for tokens is written off. If that failed, this call does it again.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeOver`] when it is closed, [`Error::WithdrawalsLeft`] when it was declared
		/// before.
		///
		/// ## Events
		/// [`Event::NodeVanished`]; then [`Event::VanishedNodeClosed`] or [`Event::ForfeitFailed`] if no withdrawal is left.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::declare_vanished())]
		pub fn declare_vanished(origin: OriginFor<T>, node: MinerId) -> DispatchResult {
			T::DaoOrigin::ensure_origin(origin)?;
			Self::vanish(node)
		}

		/// Ask a node to take what an export meter sends.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::NotOwner`], [`Error::KindCannotDeposit`], [`Error::MinerNotActive`],
		/// [`Error::WrongFlow`], [`Error::MeterRetired`], [`Error::AlreadyAsked`], [`Error::AlreadyDeposits`]; of the node
		/// [`Error::UnknownNode`], [`Error::NodeNotOpen`], [`Error::MinerNotActive`], [`Error::NoNewDeposits`],
		/// [`Error::BondTooLow`], [`Error::UncoveredOverdue`].
		///
		/// ## Events
		/// [`Event::DepositAsked`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::ask_deposit())]
		pub fn ask_deposit(origin: OriginFor<T>, meter: MeterId, node: MinerId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::ask(who, meter, node)
		}

		/// Take a request for a deposit back, or decline it.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter or of the node; by anyone when the miner of either was revoked, the meter is out
		/// of service, or the node is not open any more.
		///
		/// ## Errors
		/// [`Error::NotAsked`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::AskCancelled`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::cancel_ask())]
		pub fn cancel_ask(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let node = Asks::<T>::get(meter).ok_or(Error::<T>::NotAsked)?;
			ensure!(Self::may_part(&who, meter, node), Error::<T>::NotOwner);
			Asks::<T>::remove(meter);
			Senders::<T>::remove(node, meter);
			Self::deposit_event(Event::AskCancelled { meter, node });
			Ok(())
		}

		/// Agree to a deposit: the meter sends to the node from now on.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the node.
		///
		/// ## Details
		/// Counted is what the meter reports from now on, so from the first interval that it has not reported.
		///
		/// ## Errors
		/// [`Error::NotAsked`]; of the node as in [`Pallet::ask_deposit`], and [`Error::NotOwner`]; of the meter
		/// [`Error::UnknownMeter`], [`Error::MeterRetired`], [`Error::MinerNotActive`], [`Error::MeterInTrade`],
		/// [`Error::DepositNotSettled`], [`Error::MeterSilent`].
		///
		/// ## Events
		/// [`Event::DepositAccepted`].
		#[pallet::call_index(8)]
		#[pallet::weight(T::WeightInfo::accept_deposit())]
		pub fn accept_deposit(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::accept_ask(who, meter)
		}

		/// End a deposit: the meter sends to the node no more.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter or of the node; by anyone when the miner of either was revoked, the meter is out
		/// of service or was assigned otherwise, or the node is not open any more.
		///
		/// ## Details
		/// What the meter has reported until now counts, the next reading counts no more. What was received can be used for
		/// tokens later.
		///
		/// ## Errors
		/// [`Error::NoDeposit`], [`Error::DepositOver`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::DepositEnded`].
		#[pallet::call_index(9)]
		#[pallet::weight(T::WeightInfo::end_deposit())]
		pub fn end_deposit(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let deposit = Deposits::<T>::get(meter).ok_or(Error::<T>::NoDeposit)?;
			ensure!(deposit.ended.is_none(), Error::<T>::DepositOver);
			ensure!(Self::may_part(&who, meter, deposit.node), Error::<T>::NotOwner);
			Self::part(meter, deposit).map(drop)
		}

		/// Account for the energy of a node, in up to `intervals` intervals and at most 96.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone. The fee is returned when something was accounted for.
		///
		/// ## Details
		/// An interval is accounted for when [`Config::Grace`] has passed since, and the charge and the discharge meter have
		/// reported it; a meter that has not after half a day is silent, and has measured nothing. What was sent and not lost
		/// is allocated to those who sent; the rest of what went in is the node's own. What came out is the node's, until a
		/// withdrawal shows that it was delivered. What was allocated a day before, and nobody took, goes back into the surplus.
		/// After the last interval, energy that belongs to no single one is booked: at
		/// once what went in, and what came out when the node has passed the time that it can be from.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeOver`].
		///
		/// ## Events
		/// [`Event::Accounted`], and before it [`Event::IntervalsSkipped`] when nobody accounted for more than a day.
		#[pallet::call_index(10)]
		#[pallet::weight(T::WeightInfo::account((*intervals).min(RING)))]
		pub fn account(
			origin: OriginFor<T>,
			node: MinerId,
			#[pallet::compact] intervals: u32,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (steps, did) = Self::account_node(node, intervals.min(RING))?;
			Ok(returned_if(did, T::WeightInfo::account(steps)))
		}

		/// Account for what a meter sent to its node, in all intervals that the node has accounted for.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone. The fee is returned when something was accounted for.
		///
		/// ## Details
		/// Of each interval the meter receives its share of what was allocated. When both meters have reported beyond it,
		/// what belongs to no single interval draws on the surplus of the node, and so does what nobody took in a day. A
		/// deposit whose meter was assigned otherwise ends here.
		///
		/// What a challenge of the meter took away since is taken out of what was received of it, also when its deposit is over:
		/// then all that was voided, whenever it was sent.
		///
		/// ## Errors
		/// [`Error::NoDeposit`].
		///
		/// ## Events
		/// [`Event::ReceiptVoided`] when something was taken out; [`Event::MeterAccounted`] when something was counted;
		/// [`Event::DepositEnded`].
		#[pallet::call_index(11)]
		#[pallet::weight(T::WeightInfo::account_meter(RING).max(T::WeightInfo::end_deposit()))]
		pub fn account_meter(origin: OriginFor<T>, meter: MeterId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (weight, did) = Self::account_deposit(meter)?;
			Ok(returned_if(did, weight))
		}

		/// Ask to draw energy from a node with the meter that shows what arrives.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter, of flow `Import` or `Charge`; not by the owner of the node.
		///
		/// ## Details
		/// Holds as many energy tokens as mWh are asked for; an account keeps at least one base unit beside them. The node has
		/// [`Config::AcceptWindow`] to accept. The meter is booked until the withdrawal is over. In each of the `duration`
		/// intervals the node owes an even part of the energy; it may give more, as the drawer may take more or less.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], [`Error::DurationOutOfRange`], [`Error::UnknownMeter`], [`Error::NotOwner`],
		/// [`Error::WrongFlow`], [`Error::MeterRetired`], [`Error::MinerNotActive`], [`Error::MeterBusy`],
		/// [`Error::UnknownNode`], [`Error::NodeOver`], [`Error::UnknownMiner`], [`Error::SameOwner`],
		/// [`Error::EmptyBattery`], [`Error::MeterInTrade`], or that of the assets when the tokens cannot be held.
		///
		/// ## Events
		/// [`Event::WithdrawalRequested`].
		#[pallet::call_index(12)]
		#[pallet::weight(T::WeightInfo::request_withdrawal())]
		pub fn request_withdrawal(
			origin: OriginFor<T>,
			node: MinerId,
			meter: MeterId,
			#[pallet::compact] energy: Energy,
			#[pallet::compact] duration: Interval,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::request(who, node, meter, energy, duration)
		}

		/// Agree to a withdrawal. It runs from the next interval on.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the node.
		///
		/// ## Details
		/// The node owes the drawer what it takes in each interval, up to an even part of the energy. Its discharge meter is
		/// booked until all its withdrawals are over.
		///
		/// ## Errors
		/// [`Error::UnknownWithdrawal`], [`Error::AlreadyAccepted`], [`Error::RequestExpired`], [`Error::NodeOver`],
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::MinerNotActive`], [`Error::BondTooLow`],
		/// [`Error::UncoveredOverdue`], [`Error::EmptyBattery`]; of the drawer's meter [`Error::UnknownMeter`],
		/// [`Error::MeterRetired`], [`Error::MinerNotActive`]; or that of metering when the discharge meter is booked for
		/// another purpose.
		///
		/// ## Events
		/// [`Event::WithdrawalAccepted`].
		#[pallet::call_index(13)]
		#[pallet::weight(T::WeightInfo::accept_withdrawal())]
		pub fn accept_withdrawal(origin: OriginFor<T>, withdrawal: WithdrawalId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::accept(who, withdrawal)
		}

		/// Take a request for a withdrawal back, decline it, or clear away one that expired.
		///
		/// ## Dispatch Origin
		/// Signed, by the drawer or by the owner of the node; by anyone when it has expired, who gets the fee back then.
		///
		/// ## Errors
		/// [`Error::UnknownWithdrawal`], [`Error::AlreadyAccepted`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::WithdrawalCancelled`].
		#[pallet::call_index(14)]
		#[pallet::weight(T::WeightInfo::cancel_withdrawal())]
		pub fn cancel_withdrawal(
			origin: OriginFor<T>,
			withdrawal: WithdrawalId,
		) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let expired = Self::cancel(who, withdrawal)?;
			let pays_fee = if expired { Pays::No } else { Pays::Yes };
			Ok(pays_fee.into())
		}

		/// Settle a withdrawal by what both meters measured, in all intervals that the node has accounted for.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone. The fee is returned when something was settled.
		///
		/// ## Details
		/// In each interval delivered is the least of what the node's discharge meter gave and no other withdrawal got, what
		/// the drawer's meter took, and what is left of the withdrawal. In each interval the node owes an even part of the
		/// energy, rounded up, as far as the drawer takes it; what it did not give of that it failed to deliver, unless
		/// withdrawals that were settled before got as much of this interval beyond their even parts. The reading of the
		/// drawer's meter is waited for half a day, and then it took nothing. Of an interval that nobody accounted for in a day
		/// nothing is known: nothing was delivered, and nobody failed.
		///
		/// When all is delivered, the time is over, or the node vanished, the rest of the tokens is released. The penalty is
		/// for what the node failed to deliver, but for no more than was not delivered in the end, and at most the bond.
		///
		/// ## Errors
		/// [`Error::UnknownWithdrawal`], [`Error::NotAccepted`].
		///
		/// ## Events
		/// [`Event::Delivered`], [`Event::WithdrawalClosed`], [`Event::PenaltyFailed`]; of a vanished node with its last
		/// withdrawal [`Event::VanishedNodeClosed`] or [`Event::ForfeitFailed`].
		#[pallet::call_index(15)]
		#[pallet::weight(T::WeightInfo::settle_withdrawal(RING))]
		pub fn settle_withdrawal(
			origin: OriginFor<T>,
			withdrawal: WithdrawalId,
		) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			let (steps, did) = Self::settle(withdrawal)?;
			Ok(returned_if(did, T::WeightInfo::settle_withdrawal(steps)))
		}

		/// End a withdrawal early: the interval that runs is the last one that counts.
		///
		/// ## Dispatch Origin
		/// Signed, by the drawer or by the owner of the node.
		///
		/// ## Details
		/// What was taken until then is settled as ever; then the rest of the tokens is released. One with a node that vanished
		/// is over: anyone settles it with [`Pallet::settle_withdrawal`], and the penalty is paid.
		///
		/// ## Errors
		/// [`Error::UnknownWithdrawal`], [`Error::NotAccepted`], [`Error::NotOwner`], [`Error::NodeOver`],
		/// [`Error::AlreadyEnding`].
		///
		/// ## Events
		/// [`Event::WithdrawalEnding`]; [`Event::WithdrawalClosed`] at once if it had not begun.
		#[pallet::call_index(16)]
		#[pallet::weight(T::WeightInfo::end_withdrawal())]
		pub fn end_withdrawal(origin: OriginFor<T>, withdrawal: WithdrawalId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::end(who, withdrawal)
		}

		/// Burn energy tokens of one's own, so that as much energy that a node holds for tokens becomes the node's own.
		///
		/// ## Dispatch Origin
		/// Signed, by anyone; in general by the owner of the node.
		///
		/// ## Details
		/// What is missing in the node is covered first.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], [`Error::UnknownNode`], [`Error::NodeOver`], [`Error::CoverTooLarge`], or that of the
		/// assets when the caller has too few tokens.
		///
		/// ## Events
		/// [`Event::Covered`].
		#[pallet::call_index(17)]
		#[pallet::weight(T::WeightInfo::cover())]
		pub fn cover(
			origin: OriginFor<T>,
			node: MinerId,
			#[pallet::compact] amount: Balance,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::cover_energy(who, node, amount)
		}

		/// Let the bond of a node pay for energy that has been missing for [`Config::CoverWindow`].
		///
		/// ## Dispatch Origin
		/// Signed, by anyone. The fee is returned.
		///
		/// ## Details
		/// Pays [`Config::PenaltyPrice`] for each mWh that is missing, as far as the bond goes, to
		/// [`Config::FeeDestination`]. The energy is written off: tokens are out for it, which the treasury may buy and burn
		/// with what it got. As much as is promised to withdrawals may have been delivered already; it stays out of account
		/// until they are settled.
		///
		/// ## Errors
		/// [`Error::UnknownNode`], [`Error::NodeOver`], [`Error::NotOverdue`], [`Error::NothingToSlash`], or that of the
		/// currency.
		///
		/// ## Events
		/// [`Event::UncoveredSlashed`].
		#[pallet::call_index(18)]
		#[pallet::weight(T::WeightInfo::slash_uncovered())]
		pub fn slash_uncovered(origin: OriginFor<T>, node: MinerId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::slash(node)?;
			Ok(Pays::No.into())
		}

		/// Give up what a node received of a meter and was not used for tokens.
		///
		/// ## Dispatch Origin
		/// Signed, by the owner of the meter.
		///
		/// ## Details
		/// The energy that was received is the node's own. Before the meter sends to another node, its owner asks payment for
		/// what this one received, or gives it up. Payments claim a meter's energy in the order in which it was sent, so that
		/// receipts which were given up are missing for the energy that is claimed last.
		///
		/// A deposit that ended more than a day ago is given up, too. So who has nobody to account for it, as the node's meter is
		/// silent, can be paid for what the meter sent into the grid since, where that counts.
		///
		/// ## Errors
		/// [`Error::UnknownMeter`], [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::NoReceipt`].
		///
		/// ## Events
		/// [`Event::DepositGivenUp`], [`Event::ReceiptGivenUp`].
		#[pallet::call_index(19)]
		#[pallet::weight(T::WeightInfo::give_up_receipt())]
		pub fn give_up_receipt(origin: OriginFor<T>, meter: MeterId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::give_up(who, meter)
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A node by its number.
		pub fn node(node: MinerId) -> Option<NodeView<T::AccountId>> {
			Nodes::<T>::get(node).map(|entry| Self::view(node, entry))
		}

		/// The nodes, closed ones too, in the order of the storage: up to `limit` of them, at most [`MAX_PAGE`], after the
		/// one with the number `after`, or from the first one on.
		pub fn nodes(after: Option<MinerId>, limit: u32) -> Vec<NodeView<T::AccountId>> {
			let entries = match after {
				Some(node) => Nodes::<T>::iter_from_key(node),
				None => Nodes::<T>::iter(),
			};
			entries
				.take(limit.min(MAX_PAGE) as usize)
				.map(|(node, entry)| Self::view(node, entry))
				.collect()
		}

		/// How the energy in the batteries compares with the tokens that there are.
		pub fn parity() -> Parity {
			let Sums { backing, uncovered, written_off: lost, .. } = BookSums::<T>::get();
			let supply = T::Kwh::total_issuance(T::KwhId::get());
			let ratio = books::billionths(backing.saturating_sub(uncovered), supply);
			Parity { supply, backing, uncovered, lost, ratio }
		}

		/// What is kept of an interval of a node, if it is one of the last 96 that it has passed.
		pub fn interval_of(node: MinerId, interval: Interval) -> Option<NodeInterval> {
			let cursor = Nodes::<T>::get(node)?.cursor;
			Rings::<T>::get(node).at(interval, cursor).copied()
		}

		/// How a meter stands to the node that it sends to, and what was received of it.
		pub fn deposit(meter: MeterId) -> DepositView {
			DepositView {
				asks: Asks::<T>::get(meter),
				deposit: Deposits::<T>::get(meter),
				receipt: Receipts::<T>::get(meter).unwrap_or_default(),
			}
		}

		/// The meters that ask a node or send to it, in the order of the storage: up to `limit` of them, at most
		/// [`MAX_PAGE`], after the one with the number `after`, or from the first one on.
		pub fn senders(
			node: MinerId,
			after: Option<MeterId>,
			limit: u32,
		) -> Vec<(MeterId, Sender)> {
			let entries = match after {
				Some(meter) => {
					Senders::<T>::iter_prefix_from(node, Senders::<T>::hashed_key_for(node, meter))
				}
				None => Senders::<T>::iter_prefix(node),
			};
			entries.take(limit.min(MAX_PAGE) as usize).collect()
		}

		/// A withdrawal that is asked for or runs.
		pub fn withdrawal(withdrawal: WithdrawalId) -> Option<WithdrawalOf<T>> {
			Withdrawals::<T>::get(withdrawal)
		}

		/// The withdrawals that an account asked for, at most [`MAX_PAGE`].
		pub fn withdrawals_of(who: T::AccountId) -> Vec<(WithdrawalId, WithdrawalOf<T>)> {
			WithdrawalsByDrawer::<T>::iter_key_prefix(who)
				.take(MAX_PAGE as usize)
				.filter_map(|id| Withdrawals::<T>::get(id).map(|entry| (id, entry)))
				.collect()
		}

		/// The withdrawals that a node is asked for or accepted, in the order of the storage: up to `limit` of them, at most
		/// [`MAX_PAGE`], after the one with the number `after`, or from the first one on.
		pub fn withdrawals_from(
			node: MinerId,
			after: Option<WithdrawalId>,
			limit: u32,
		) -> Vec<(WithdrawalId, WithdrawalOf<T>)> {
			let ids = match after {
				Some(id) => WithdrawalsByNode::<T>::iter_key_prefix_from(
					node,
					WithdrawalsByNode::<T>::hashed_key_for(node, id),
				),
				None => WithdrawalsByNode::<T>::iter_key_prefix(node),
			};
			ids.take(limit.min(MAX_PAGE) as usize)
				.filter_map(|id| Withdrawals::<T>::get(id).map(|entry| (id, entry)))
				.collect()
		}

		/// The bond for a capacity in mWh, as it is governed today. `None` if no bond could be that large.
		pub fn bond_for(capacity: Energy) -> Option<Balance> {
			Self::required_bond(capacity)
		}
	}
}

/// The weight that a call took, and no fee if it did something that others can rely on.
fn returned_if(did: bool, weight: Weight) -> PostDispatchInfo {
	let pays_fee = if did { Pays::No } else { Pays::Yes };
	PostDispatchInfo { actual_weight: Some(weight), pays_fee }
}
