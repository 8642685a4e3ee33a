//! # Issuance: from attested energy to tokens
//!
//! A miner that delivered energy asks to be paid for it. The chain takes the evidence, the DAO rules on it, and what was
//! approved becomes energy tokens, one base unit for each mWh, and a payment in DECA. Nothing else mints energy tokens.
//!
//! ## Terminology
//!
//! - **KWH**: the energy token. One base unit is one mWh; with 6 decimals 1 KWH is 1 kWh.
//! - **Request**: asks for payment of the matured energy of some meters of one miner. A meter is in one request at a time.
//! - **Evidence**: what the DAO votes on; computed on the chain, and frozen with the request.
//! - **Sent, received, loss**: what left the miner, what its storage node received of it, and the difference. Tokens are
//!   minted for what was *received*.
//! - **Receipt**: what a node has accounted for of a meter's energy. A request takes the receipts that it counts on, once;
//!   what is accounted for later is for the next request.
//! - **Grid meter**: the miner's own export register. Where [`GridMeterCounts`] it stands for a node that a meter does not
//!   send to, and of which it has no receipts left, and the evidence says so: for chains on which batteries are not what is tried out. Tokens that are minted so are
//!   backed by no battery.
//! - **Payment fund**: the DECA of this pallet's account, which no key controls. Anyone may send to it.
//! - **Shares**: of the payment and of the tokens, to the miner, to the storage node that it sends to, and to the treasury.
//! - **Standing policy**: a rule by which small requests of miners with a clean record need no vote. Off until voted.
//!
//! ## Scenarios
//!
//! ### 1. A month is paid
//! Olga's roof has sent 320 kWh to Nora's storage node, and they have matured. The node has accounted for them: 8 % were lost
//! on the way. Olga calls [`request_payment`](Pallet::request_payment) for her export meter and chooses liquidity; a deposit
//! is held. A member of the DAO compares the evidence with the registration and moves to [`approve`](Pallet::approve). The
//! meter's pointer moves over the 320 kWh, which can never be claimed as tokens again; 294.4 KWH are minted, and 29.44 DECA
//! come out of the fund at 0.1 DECA. The treasury gets its tenth; Olga's 80 % and Nora's 10 % go into the pool, and they get
//! its liquidity tokens, 8 to 1, and with them the pool's fees.
//!
//! ### 2. Something is missing
//! Two days of readings have not arrived. The DAO calls [`reject`](Pallet::reject) with the reason. The agent comes back
//! and sends them; Olga calls [`resubmit`](Pallet::resubmit), which takes the evidence anew **under a new number**: a
//! motion to approve what the DAO saw before cannot approve what it did not see.
//!
//! ### 3. A batch at the end of the month
//! The DAO approves fifty requests at once. One miner was suspended in between; its request stays open, an event says
//! why, and the others are paid.
//!
//! ### 4. Small requests
//! The DAO sets a policy: up to 50 kWh a request and 5 MWh a day, with 95 % of the intervals reported. Olga, who has one
//! approved request and none rejected since, is paid in the block in which she asks.
//!
//! ### 5. Somebody moves the pool's price
//! Before a large approval, somebody sells KWH into the pool to buy what comes in cheaply. The price is off the governed
//! rate, so nothing goes into the pool: the request is paid out directly, and the event says why.
//!
//! ### 6. The node lags behind
//! Nora's node has accounted for the intervals until Tuesday, and Olga asks for all that matured by Wednesday:
//! [`Error::NotReceivedYet`]. Anyone can let the node account for Wednesday; or Olga asks for less. While the DAO looks at
//! her request the node goes on, and loses more: that is in the evidence of her next request, not of this one.
//!
//! ### 7. A deposit ends
//! Olga and Nora part. What the node had received of Olga's energy by then she can still ask for, when it has matured; the
//! node's share of it is the treasury's. For what her roof sends to the grid afterwards there are no tokens:
//! [`Error::NoStorageNode`]. Where the grid meter counts, that is paid for, too, once what the node received is: first the
//! 92 of the 100 kWh that Nora's battery got, and then, by another request, all that went into the grid.
//!
//! ### 8. A battery is doubted
//! Olga has asked for 92 kWh that Nora's node received. Then Carol challenges the node's charge meter: nobody saw a battery
//! there. While the challenge is open the request cannot be approved, [`Error::NodeDisputed`], and so cannot any other for
//! what that node received, wherever its meter sends by now. After the ruling it can: what the challenge took away Nora's
//! bond answers for, and the DAO may reject the request.
//!
//! ## Why no more is minted than was received
//!
//! A node gives each receipt once, for energy that its charge meter counted. Approvals mint what the claims say was received,
//! and use up as much of the receipts taken for them; the shares of a receipt, each rounded down, sum to the whole. What a
//! challenge voids is never claimed, and its receipts are worth nothing: less is minted then, never more.
//!
//! ## Invariants
//!
//! Written in [`Pallet::do_try_state`], and run after every test.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod evidence;
mod invariants;
#[cfg(test)]
mod mock;
mod receipts;
mod settle;
pub mod split;
#[cfg(test)]
mod tests;
mod types;
pub mod weights;

pub use pallet::*;
pub use receipts::Receipt;
pub use types::*;
pub use weights::WeightInfo;

use alloc::vec::Vec;
use evidence::{token_pointer, Taken};
use frame_support::{
	pallet_prelude::*,
	storage::with_storage_layer,
	traits::{
		fungible::{self, Inspect as _, Mutate as _, MutateHold as _},
		fungibles::{self, Inspect as _, Mutate as _},
		tokens::{Fortitude, Precision, Preservation},
	},
	PalletId,
};
use frame_system::pallet_prelude::*;
use heliograph_primitives::{
	claim::{ClaimKind, EnergyClaims, MeterEnergy},
	miner::{HardwareStatus, MeterDirectory, MeterId, MinerId, MinerKind},
	trade::NodeReceipts,
	units::{Interval, INTERVALS_PER_DAY},
};
use sp_runtime::{
	traits::{AccountIdConversion, Saturating, Zero},
	ArithmeticError, Permill,
};

/// The most requests of one page of [`Pallet::open_requests`], and the most that [`Pallet::requests_of`] returns.
pub const MAX_PAGE: u32 = 100;

/// Evidence as this runtime stores it.
pub type EvidenceOf<T> = Evidence<<T as Config>::MaxMeters>;
/// A request as this runtime stores it.
pub type RequestOf<T> = PaymentRequest<
	<T as frame_system::Config>::AccountId,
	<T as Config>::MaxMeters,
	<T as Config>::MaxReasonLength,
>;

#[frame_support::pallet]
pub mod pallet {
	use super::*;

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(0);

	#[pallet::config]
	pub trait Config: frame_system::Config {
		/// Names what the deposits are held for.
		type RuntimeHoldReason: From<HoldReason>;

		/// DECA: what payments and deposits are made in.
		type Currency: fungible::Mutate<Self::AccountId, Balance = Balance>
			+ fungible::MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>;

		/// Where the energy token lives. This pallet's account is its owner, issuer and admin, and no key controls it.
		type Assets: fungibles::Mutate<Self::AccountId, AssetId = u32, Balance = Balance>
			+ fungibles::roles::Inspect<Self::AccountId>;

		/// The energy token.
		#[pallet::constant]
		type KwhId: Get<u32>;

		/// The pool of DECA and energy tokens.
		type Pool: LiquidityPool<Self::AccountId, Balance>;

		/// Who is who.
		type Miners: MeterDirectory<Self::AccountId>;

		/// Whose energy matured, and the way to claim it once.
		type Energy: EnergyClaims;

		/// What storage nodes received of what meters sent.
		type Receipts: NodeReceipts;

		/// Who does liveness work.
		type WorkShares: WorkShares;

		/// The interval that runs.
		type CurrentInterval: Get<Interval>;

		/// Approves and rejects requests, and sets the standing policy: the Technical DAO, or a referendum.
		type IssuanceOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Says whether the grid meter of a miner without a storage node counts: the public, as tokens are minted then that no
		/// battery backs.
		type GridMeterOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// What a kWh is paid with, in base units of DECA. Governed.
		type DecaPerKwh: Get<Balance>;

		/// The miner's share of payment and tokens. Governed.
		type MinerShare: Get<Permill>;

		/// The storage node's share, if there is one; without one it is the treasury's, like the rest. Governed.
		type NodeShare: Get<Permill>;

		/// How far the pool's price may be from [`Config::DecaPerKwh`] for a payment to go into it. Governed.
		type MaxPoolDeviation: Get<Permill>;

		/// Held while a request stands. Governed.
		type RequestDeposit: Get<Balance>;

		/// Who gets the DAO's share and all dust.
		type Treasury: Get<Self::AccountId>;

		/// Names this pallet's account: the issuer of the energy token, and the payment fund.
		#[pallet::constant]
		type PalletId: Get<PalletId>;

		/// The most meters of one request.
		#[pallet::constant]
		type MaxMeters: Get<u32>;

		/// The most requests of one approval.
		#[pallet::constant]
		type MaxBatch: Get<u32>;

		/// The longest reason of a rejection, in bytes.
		#[pallet::constant]
		type MaxReasonLength: Get<u32>;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// Registers miners for benchmarks.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: BenchmarkHelper<Self::AccountId>;
	}

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why an amount is held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// For a request that is open or rejected.
		#[codec(index = 0)]
		Request,
	}

	/// The requests that stand: open ones, and rejected ones until they are resubmitted or withdrawn. The chain assigns the
	/// numbers, so they need no hashing.
	#[pallet::storage]
	pub type Requests<T: Config> = StorageMap<_, Identity, RequestId, RequestOf<T>, OptionQuery>;

	/// The number that the next request gets.
	#[pallet::storage]
	pub type NextRequestId<T: Config> = StorageValue<_, RequestId, ValueQuery>;

	/// The requests of a miner that stand.
	#[pallet::storage]
	pub type RequestsByMiner<T: Config> =
		StorageDoubleMap<_, Identity, MinerId, Identity, RequestId, (), OptionQuery>;

	/// The standing request that names a meter.
	#[pallet::storage]
	pub type MeterRequest<T: Config> = StorageMap<_, Identity, MeterId, RequestId, OptionQuery>;

	/// What became of each miner's requests.
	#[pallet::storage]
	pub type Records<T: Config> = StorageMap<_, Identity, MinerId, Record, ValueQuery>;

	/// How far each meter had reported when it was last paid for. Every meter that was ever paid for has an entry.
	#[pallet::storage]
	pub type Reported<T: Config> = StorageMap<_, Identity, MeterId, ReportedUntil, OptionQuery>;

	/// The receipts that requests took for a meter and that no approval has used: what a standing request counts on, and what
	/// withdrawn ones left for the meter's next one. All of one node.
	#[pallet::storage]
	pub type Received<T: Config> = StorageMap<_, Identity, MeterId, Receipt, ValueQuery>;

	/// Whether the grid meter of a miner without a storage node counts as having received what it sent.
	#[pallet::storage]
	pub type GridMeterCounts<T: Config> = StorageValue<_, bool, ValueQuery>;

	/// All energy tokens that were ever minted, in mWh.
	#[pallet::storage]
	pub type Issued<T: Config> = StorageValue<_, u128, ValueQuery>;

	/// All energy that was claimed for tokens and not received, in mWh: what was lost on the way to the storage nodes.
	#[pallet::storage]
	pub type Lost<T: Config> = StorageValue<_, u128, ValueQuery>;

	/// All energy tokens that were ever burned with [`Pallet::burn`], in mWh.
	#[pallet::storage]
	pub type Burned<T: Config> = StorageValue<_, u128, ValueQuery>;

	/// By what rule small requests are approved without a vote. None until one is set.
	#[pallet::storage]
	pub type StandingPolicy<T: Config> = StorageValue<_, Policy, OptionQuery>;

	/// What the standing policy approved on the day on which it last did.
	#[pallet::storage]
	pub type AutoApproved<T: Config> = StorageValue<_, DaySum, ValueQuery>;

	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Whether the grid meter of a miner without a storage node counts; it does not when absent.
		pub grid_meter_counts: bool,
		#[serde(skip)]
		pub _marker: core::marker::PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			GridMeterCounts::<T>::put(self.grid_meter_counts);
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A miner asks to be paid.
		Requested {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
			/// Its owner, who asked.
			owner: T::AccountId,
			/// The energy that was received, for which it asks payment, in mWh.
			energy: u128,
			/// What is held.
			deposit: Balance,
		},
		/// A request was approved and paid, and its deposit released.
		Approved {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
			/// Its owner, who was paid.
			owner: T::AccountId,
			/// The owner of the storage node that it sends to, who was paid a share.
			node: Option<T::AccountId>,
			/// Whether the standing policy approved it, and not the DAO.
			automatic: bool,
			/// Who got what.
			settlement: Settlement,
		},
		/// A request could not be approved. It stays as it was.
		ApprovalFailed {
			/// The number of the request.
			request: RequestId,
			/// Why.
			error: DispatchError,
		},
		/// A request was refused.
		Rejected {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
			/// Why, in the DAO's words.
			reason: BoundedVec<u8, T::MaxReasonLength>,
		},
		/// A rejected request was replaced by a new one, with evidence taken anew. The deposit goes with it.
		Resubmitted {
			/// The number of the rejected request, which is gone.
			request: RequestId,
			/// The number of the new one.
			replacement: RequestId,
			/// The miner.
			miner: MinerId,
			/// The energy that was received, for which it asks payment, in mWh.
			energy: u128,
		},
		/// A request was taken back, and its deposit released.
		Withdrawn {
			/// The number of the request.
			request: RequestId,
			/// The miner.
			miner: MinerId,
		},
		/// The standing policy was set, or ended.
		PolicySet {
			/// What holds from now on.
			policy: Option<Policy>,
		},
		/// Energy tokens were burned.
		TokensBurned {
			/// Whose.
			who: T::AccountId,
			/// How many, in mWh.
			amount: Balance,
		},
		/// It was said whether the grid meter of a miner without a storage node counts.
		GridMeterCountsSet {
			/// What holds from now on.
			counts: bool,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// No registered miner has this number.
		UnknownMiner,
		/// Only the owner of the miner may do this.
		NotOwner,
		/// Only standard miners and plants are paid for energy.
		KindNotPaid,
		/// The miner is suspended. It can be paid once the DAO reinstates it.
		MinerNotActive,
		/// The request names no meter.
		NoMeters,
		/// The request names a meter twice.
		MeterNamedTwice,
		/// No registered miner has a meter of this number.
		UnknownMeter,
		/// The meter belongs to another miner.
		MeterOfAnother,
		/// Only what an export meter counts is paid for: name the meter at the grid.
		NotExport,
		/// The meters send to different storage nodes: make a request for each. Or what is kept for a meter was received by
		/// another node than what it sent later: ask, with a position for the meter, for what is kept, and then for the rest.
		NodesDiffer,
		/// The meter is in another request. Withdraw that one, or wait for the DAO.
		MeterBusy,
		/// A challenge of the meter is open. Wait for the ruling.
		MeterQuarantined,
		/// More was asked for than has matured. Energy matures a day after it arrived.
		NotMatured,
		/// The meter has no matured energy beyond what was paid for.
		NothingToClaim,
		/// No open or rejected request has this number. It may have been approved, withdrawn, or resubmitted under another.
		UnknownRequest,
		/// The request was rejected. Its owner can resubmit it.
		NotOpen,
		/// The request was not rejected: it still waits for the DAO.
		NotRejected,
		/// The energy or its receipts were used otherwise since the evidence was taken. Reject the request, so that it can be
		/// resubmitted.
		EvidenceOutdated,
		/// The payment fund has too little DECA. Send some to the account that `payment_account` names.
		FundTooLow,
		/// Nothing was to be burned.
		AmountIsZero,
		/// The storage node has not accounted for all of this energy. Let it, with `storageNodes.account` and then
		/// `storageNodes.accountMeter`, which anyone may call; or ask for less, with a position for the meter. While the meter
		/// by which the node receives is challenged, wait for the ruling. Of a meter that does not send there any more, ask for
		/// what the node received first, and then for what went into the grid; if nobody can account for it, because the node's
		/// meter is silent, give it up a day after the deposit ended, with `storageNodes.giveUpReceipt`.
		NotReceivedYet,
		/// The storage node received nothing of this energy: there is nothing to be paid for. Ask for more of it.
		NothingReceived,
		/// The meters send to no storage node, and none received this energy before. Agree a deposit with one, with
		/// `storageNodes.askDeposit`; or ask, with a position for the meter, for what the last one received. Where the grid meter
		/// counts, make a request of their own for meters of which a node received something.
		NoStorageNode,
		/// A challenge of the meter by which the storage node received this energy is open. The request stays: wait for the
		/// ruling, and approve it then.
		NodeDisputed,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}

		fn integrity_test() {
			assert!(T::MaxMeters::get() > 0, "a request must be able to name a meter");
			assert!(T::MaxBatch::get() > 0, "an approval must be able to name a request");
			let shares = T::MinerShare::get().deconstruct() + T::NodeShare::get().deconstruct();
			assert!(shares <= 1_000_000, "miner and node cannot share more than there is");
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Ask to be paid for delivered energy.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// Each meter is named with the position in its matured total, in mWh, up to which payment is asked, or with none
		/// for all that has matured. The evidence is taken now and frozen, and with it the receipts of the storage node that it
		/// counts on; a deposit is held while the request stands. When the standing policy allows it the request is approved at
		/// once, as if by [`Pallet::approve`].
		///
		/// ## Errors
		/// [`Error::UnknownMiner`], [`Error::NotOwner`], [`Error::KindNotPaid`], [`Error::MinerNotActive`],
		/// [`Error::NoMeters`], [`Error::MeterNamedTwice`], [`Error::UnknownMeter`], [`Error::MeterOfAnother`],
		/// [`Error::NotExport`], [`Error::NodesDiffer`], [`Error::MeterBusy`], [`Error::MeterQuarantined`],
		/// [`Error::NotMatured`], [`Error::NothingToClaim`], [`Error::NotReceivedYet`], [`Error::NoStorageNode`],
		/// [`Error::NothingReceived`], or that of the currency when the deposit cannot be held. What the standing policy
		/// could not approve stands in the event, as with [`Pallet::approve`].
		///
		/// ## Events
		/// [`Event::Requested`]; with a standing policy also [`Event::Approved`] or [`Event::ApprovalFailed`].
		#[pallet::call_index(0)]
		#[pallet::weight(
			T::WeightInfo::request_payment(meters.len() as u32)
				.saturating_add(T::WeightInfo::approve(meters.len() as u32))
		)]
		pub fn request_payment(
			origin: OriginFor<T>,
			miner: MinerId,
			meters: BoundedVec<AskedMeter, T::MaxMeters>,
			payout: Payout,
		) -> DispatchResultWithPostInfo {
			let owner = ensure_signed(origin)?;
			let count = meters.len() as u32;
			let info = Self::paid_miner(miner)?;
			ensure!(info.owner == owner, Error::<T>::NotOwner);
			for (meter, _) in &meters {
				ensure!(!MeterRequest::<T>::contains_key(meter), Error::<T>::MeterBusy);
			}
			let Taken { evidence, node, ever_voided } = Self::take_evidence(miner, &info, &meters)?;
			ensure!(evidence.open_challenges.is_zero(), Error::<T>::MeterQuarantined);
			Self::take_receipts(&evidence)?;
			let deposit = T::RequestDeposit::get();
			T::Currency::hold(&HoldReason::Request.into(), &owner, deposit)?;
			let energy = evidence.received;
			let entry = PaymentRequest {
				miner,
				depositor: owner.clone(),
				deposit,
				payout,
				meters,
				evidence,
				taken: T::CurrentInterval::get(),
				node,
				status: Status::Open,
				replaces: None,
			};
			let request = Self::record(&entry)?;
			Self::deposit_event(Event::Requested { request, miner, owner, energy, deposit });
			let mut weight = T::WeightInfo::request_payment(count);
			if Self::approve_by_policy(request, &entry, ever_voided) {
				weight.saturating_accrue(T::WeightInfo::approve(count));
			}
			Ok(Some(weight).into())
		}

		/// Approve requests: the energy is claimed, the tokens are minted, and the miners are paid.
		///
		/// ## Dispatch Origin
		/// [`Config::IssuanceOrigin`].
		///
		/// ## Details
		/// Each request is judged by itself: one that cannot be approved any more stays as it is with an event that says
		/// why, and the others are paid. Paid is whoever owns the miner now, at the rate and by the shares that are governed
		/// now, for the energy that was received. Payment and tokens are shared between miner, storage node and treasury;
		/// every division rounds down, and the treasury gets what is left. The shares of miner and node go into the pool if
		/// the miner chose so; they are paid out instead when there is no pool, when its price is off the governed rate, or
		/// when it does not take them.
		///
		/// ## Errors
		/// Those of a request stand in its event: [`Error::UnknownRequest`], also when it was approved before,
		/// [`Error::NotOpen`], [`Error::UnknownMiner`], [`Error::MinerNotActive`], [`Error::MeterQuarantined`],
		/// [`Error::NodeDisputed`], [`Error::NoStorageNode`] when the grid meter does not count any more,
		/// [`Error::EvidenceOutdated`], [`Error::FundTooLow`], or that of the currency when a payment is below the minimum balance of an account that does
		/// not exist.
		///
		/// ## Events
		/// For each request [`Event::Approved`] or [`Event::ApprovalFailed`].
		#[pallet::call_index(1)]
		#[pallet::weight(
			T::WeightInfo::approve(T::MaxMeters::get()).saturating_mul(requests.len().max(1) as u64)
		)]
		pub fn approve(
			origin: OriginFor<T>,
			requests: BoundedVec<RequestId, T::MaxBatch>,
		) -> DispatchResultWithPostInfo {
			T::IssuanceOrigin::ensure_origin(origin)?;
			let mut weight = Weight::zero();
			for request in requests {
				let meters = match with_storage_layer(|| Self::approve_one(request, false)) {
					Ok(meters) => meters,
					Err(error) => {
						Self::deposit_event(Event::ApprovalFailed { request, error });
						// How far it came is not known.
						T::MaxMeters::get()
					}
				};
				weight.saturating_accrue(T::WeightInfo::approve(meters));
			}
			Ok(Some(weight).into())
		}

		/// Refuse a request, and say why.
		///
		/// ## Dispatch Origin
		/// [`Config::IssuanceOrigin`].
		///
		/// ## Details
		/// The owner reads the reason in the request, and may resubmit or withdraw it. The deposit stays held meanwhile.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotOpen`].
		///
		/// ## Events
		/// [`Event::Rejected`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::reject())]
		pub fn reject(
			origin: OriginFor<T>,
			request: RequestId,
			reason: BoundedVec<u8, T::MaxReasonLength>,
		) -> DispatchResult {
			T::IssuanceOrigin::ensure_origin(origin)?;
			let miner = Requests::<T>::try_mutate(request, |entry| {
				let entry = entry.as_mut().ok_or(Error::<T>::UnknownRequest)?;
				ensure!(entry.status == Status::Open, Error::<T>::NotOpen);
				entry.status = Status::Rejected(reason.clone());
				Ok::<_, DispatchError>(entry.miner)
			})?;
			Records::<T>::mutate(miner, |record| {
				record.rejected.saturating_inc();
				record.clean = false;
			});
			Self::deposit_event(Event::Rejected { request, miner, reason });
			Ok(())
		}

		/// Put a rejected request to the DAO again, with evidence taken anew.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner.
		///
		/// ## Details
		/// The new request has a new number, so that a motion that is still open cannot approve evidence which nobody saw
		/// when it was made. Meters, payout and deposit are those of the rejected one, which is gone.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotRejected`], and those of [`Pallet::request_payment`] but
		/// [`Error::MeterBusy`].
		///
		/// ## Events
		/// [`Event::Resubmitted`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::resubmit(T::MaxMeters::get()))]
		pub fn resubmit(origin: OriginFor<T>, request: RequestId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let old = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
			ensure!(matches!(old.status, Status::Rejected(_)), Error::<T>::NotRejected);
			let miner = old.miner;
			let info = Self::paid_miner(miner)?;
			ensure!(info.owner == who, Error::<T>::NotOwner);
			// A request is approved by the DAO once it was rejected, so what the policy asks does not matter.
			let Taken { evidence, node, ever_voided: _ } =
				Self::take_evidence(miner, &info, &old.meters)?;
			ensure!(evidence.open_challenges.is_zero(), Error::<T>::MeterQuarantined);
			Self::take_receipts(&evidence)?;
			let (energy, count) = (evidence.received, old.meters.len() as u32);
			Requests::<T>::remove(request);
			RequestsByMiner::<T>::remove(miner, request);
			let replacement = Self::record(&PaymentRequest {
				evidence,
				taken: T::CurrentInterval::get(),
				node,
				status: Status::Open,
				replaces: Some(request),
				..old
			})?;
			Self::deposit_event(Event::Resubmitted { request, replacement, miner, energy });
			Ok(Some(T::WeightInfo::resubmit(count)).into())
		}

		/// Take a request back, open or rejected.
		///
		/// ## Dispatch Origin
		/// Signed, by the miner's owner, or by whoever paid the deposit.
		///
		/// ## Details
		/// The deposit returns to whoever paid it, and the meters are free for another request, which begins with the receipts
		/// that this one took.
		///
		/// ## Errors
		/// [`Error::UnknownRequest`], [`Error::NotOwner`].
		///
		/// ## Events
		/// [`Event::Withdrawn`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::withdraw(T::MaxMeters::get()))]
		pub fn withdraw(origin: OriginFor<T>, request: RequestId) -> DispatchResultWithPostInfo {
			let who = ensure_signed(origin)?;
			let entry = Requests::<T>::get(request).ok_or(Error::<T>::UnknownRequest)?;
			// The owner of a revoked miner is not known here; it still gets its deposit back.
			let owns = || T::Miners::miner(entry.miner).is_some_and(|info| info.owner == who);
			ensure!(entry.depositor == who || owns(), Error::<T>::NotOwner);
			Self::forget(request, &entry)?;
			Self::deposit_event(Event::Withdrawn { request, miner: entry.miner });
			Ok(Some(T::WeightInfo::withdraw(entry.meters.len() as u32)).into())
		}

		/// Set the rule by which small requests are approved without a vote, or end it.
		///
		/// ## Dispatch Origin
		/// [`Config::IssuanceOrigin`].
		///
		/// ## Details
		/// A request is approved when it is made if its energy is at most `max_energy`; the DAO approved a request of its
		/// miner before and rejected none since; none of its meters ever had energy voided by a challenge; the hardware is
		/// reported to be in order; at least the share `min_reported` of the intervals was reported; and all that the policy
		/// approved on this day stays within `daily_cap`.
		///
		/// ## Events
		/// [`Event::PolicySet`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::set_policy())]
		pub fn set_policy(origin: OriginFor<T>, policy: Option<Policy>) -> DispatchResult {
			T::IssuanceOrigin::ensure_origin(origin)?;
			StandingPolicy::<T>::set(policy);
			Self::deposit_event(Event::PolicySet { policy });
			Ok(())
		}

		/// Burn energy tokens of one's own: energy that was used.
		///
		/// ## Dispatch Origin
		/// Signed.
		///
		/// ## Errors
		/// [`Error::AmountIsZero`], or that of the assets pallet when the caller has too few.
		///
		/// ## Events
		/// [`Event::TokensBurned`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::burn())]
		pub fn burn(origin: OriginFor<T>, #[pallet::compact] amount: Balance) -> DispatchResult {
			let who = ensure_signed(origin)?;
			ensure!(!amount.is_zero(), Error::<T>::AmountIsZero);
			let amount = T::Assets::burn_from(
				T::KwhId::get(),
				&who,
				amount,
				Preservation::Expendable,
				Precision::Exact,
				Fortitude::Polite,
			)?;
			Burned::<T>::try_mutate(|burned| {
				*burned = burned.checked_add(amount).ok_or(ArithmeticError::Overflow)?;
				Ok::<_, DispatchError>(())
			})?;
			Self::deposit_event(Event::TokensBurned { who, amount });
			Ok(())
		}

		/// Say whether the grid meter of a miner without a storage node counts as having received what it sent.
		///
		/// ## Dispatch Origin
		/// [`Config::GridMeterOrigin`].
		///
		/// ## Details
		/// What was minted stays. A request whose evidence the grid meter gave cannot be approved once it does not count any
		/// more. Meters that send to a storage node are paid for what the node received, whatever is said here; and so are
		/// those that sent to one before, until nothing is left of what it received.
		///
		/// ## Events
		/// [`Event::GridMeterCountsSet`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::set_grid_meter_counts())]
		pub fn set_grid_meter_counts(origin: OriginFor<T>, counts: bool) -> DispatchResult {
			T::GridMeterOrigin::ensure_origin(origin)?;
			GridMeterCounts::<T>::put(counts);
			Self::deposit_event(Event::GridMeterCountsSet { counts });
			Ok(())
		}
	}

	#[pallet::view_functions]
	impl<T: Config> Pallet<T> {
		/// A request that stands, by its number.
		pub fn request(request: RequestId) -> Option<RequestOf<T>> {
			Requests::<T>::get(request)
		}

		/// The numbers of a miner's requests that stand; at most [`MAX_PAGE`].
		pub fn requests_of(miner: MinerId) -> Vec<RequestId> {
			RequestsByMiner::<T>::iter_key_prefix(miner).take(MAX_PAGE as usize).collect()
		}

		/// The requests that stand, open or rejected, in the order of the storage: up to `limit` of them, at most
		/// [`MAX_PAGE`], after the one with the number `after`, or from the first one on.
		pub fn open_requests(
			after: Option<RequestId>,
			limit: u32,
		) -> Vec<(RequestId, RequestOf<T>)> {
			let entries = match after {
				Some(request) => Requests::<T>::iter_from_key(request),
				None => Requests::<T>::iter(),
			};
			entries.take(limit.min(MAX_PAGE) as usize).collect()
		}

		/// What became of a miner's requests.
		pub fn record_of(miner: MinerId) -> Record {
			Records::<T>::get(miner)
		}

		/// The rule by which small requests are approved without a vote, if there is one.
		pub fn policy() -> Option<Policy> {
			StandingPolicy::<T>::get()
		}

		/// The evidence that a request would be made with now. Also for meters that are in a request or under challenge.
		pub fn quote(
			miner: MinerId,
			meters: BoundedVec<AskedMeter, T::MaxMeters>,
		) -> Result<EvidenceOf<T>, DispatchError> {
			let info = Self::paid_miner(miner)?;
			Self::take_evidence(miner, &info, &meters).map(|taken| taken.evidence)
		}

		/// The receipts that are kept for a meter: with what its storage node has accounted for beyond them, what can be asked.
		pub fn received(meter: MeterId) -> Receipt {
			Received::<T>::get(meter)
		}

		/// Whether the grid meter of a miner without a storage node counts.
		pub fn grid_meter_counts() -> bool {
			GridMeterCounts::<T>::get()
		}

		/// The account that issues energy tokens and pays miners. Its DECA is the payment fund.
		pub fn payment_account() -> T::AccountId {
			Self::account()
		}

		/// The supply of the energy token.
		pub fn supply() -> Supply {
			Supply {
				issued: Issued::<T>::get(),
				burned: Burned::<T>::get(),
				circulating: T::Assets::total_issuance(T::KwhId::get()),
			}
		}
	}
}

impl<T: Config> Pallet<T> {
	/// This pallet's account. No key controls it.
	pub fn account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// Stores a request under a new number, and records its meters as named by it.
	fn record(entry: &RequestOf<T>) -> Result<RequestId, DispatchError> {
		let request = NextRequestId::<T>::get();
		NextRequestId::<T>::put(request.checked_add(1).ok_or(ArithmeticError::Overflow)?);
		for (meter, _) in &entry.meters {
			MeterRequest::<T>::insert(meter, request);
		}
		RequestsByMiner::<T>::insert(entry.miner, request, ());
		Requests::<T>::insert(request, entry);
		Ok(request)
	}
}
