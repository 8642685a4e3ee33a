//! What an approval does: the claims, the minting, the payment.

use crate::*;
use split::{Parts, Shares};

/// Liquidity tokens by party, and what the pool took for them.
struct Pooled {
	deposited: Deposited<Balance>,
	lp: Parts,
}

impl<T: Config> Pallet<T> {
	/// Approves one request, and returns how many meters it names. Run in a storage layer: what it did before it fails is
	/// to be undone.
	pub(crate) fn approve_one(id: RequestId, automatic: bool) -> Result<u32, DispatchError> {
		let request = Requests::<T>::get(id).ok_or(Error::<T>::UnknownRequest)?;
		ensure!(request.status == Status::Open, Error::<T>::NotOpen);
		let owner = Self::paid_miner(request.miner)?.owner;
		let evidence = &request.evidence;
		let by_grid_meter = evidence.received_by == ReceivedBy::GridMeter;
		ensure!(!by_grid_meter || GridMeterCounts::<T>::get(), Error::<T>::NoStorageNode);
		// What a node said of energy that was asked for may be doubted since then.
		if let ReceivedBy::StorageNode(node) = evidence.received_by {
			ensure!(!T::Receipts::disputed(node), Error::<T>::NodeDisputed);
		}

		let (mut claimed, mut received) = (0u128, 0u128);
		for claim in &evidence.claims {
			let energy = T::Energy::energy(claim.meter).ok_or(Error::<T>::UnknownMeter)?;
			ensure!(!energy.quarantined, Error::<T>::MeterQuarantined);
			ensure!(token_pointer(&energy) == claim.from, Error::<T>::EvidenceOutdated);
			let moved = T::Energy::claim(claim.meter, ClaimKind::Token, claim.to)?;
			claimed = claimed.checked_add(moved.energy()).ok_or(ArithmeticError::Overflow)?;
			received = received.checked_add(claim.received).ok_or(ArithmeticError::Overflow)?;
			if !by_grid_meter {
				Self::use_receipt(claim)?;
			}
			let MeterClaim { measured, until, .. } = *claim;
			Reported::<T>::insert(claim.meter, ReportedUntil { measured, until });
		}
		// What was claimed and what was received is what was voted on, and no more is minted than was received.
		ensure!(claimed == evidence.sent, Error::<T>::EvidenceOutdated);
		ensure!(received == evidence.received, Error::<T>::EvidenceOutdated);
		let loss = claimed.checked_sub(received).ok_or(Error::<T>::EvidenceOutdated)?;

		let energy = received;
		let payment =
			split::payment(energy, T::DecaPerKwh::get()).ok_or(ArithmeticError::Overflow)?;
		let account = Self::account();
		ensure!(
			T::Currency::reducible_balance(&account, Preservation::Preserve, Fortitude::Polite)
				>= payment,
			Error::<T>::FundTooLow
		);
		T::Assets::mint_into(T::KwhId::get(), &account, energy)?;
		Issued::<T>::try_mutate(|issued| {
			*issued = issued.checked_add(energy).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(())
		})?;
		Lost::<T>::try_mutate(|lost| {
			*lost = lost.checked_add(loss).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(())
		})?;

		// A node that was revoked has no owner, and its share is the treasury's.
		let node = request.node.and_then(T::Miners::miner).map(|node| node.owner);
		let settlement = Self::settle(&owner, node.as_ref(), energy, payment, request.payout)?;

		Self::forget(id, &request)?;
		Records::<T>::mutate(request.miner, |record| {
			if automatic {
				record.automatic.saturating_inc();
			} else {
				record.approved.saturating_inc();
				record.clean = true;
			}
		});
		Self::deposit_event(Event::Approved {
			request: id,
			miner: request.miner,
			owner,
			node,
			automatic,
			settlement,
		});
		Ok(request.meters.len() as u32)
	}

	/// Approves a request that the standing policy allows; whether it did. One that fails stays open for the DAO.
	pub(crate) fn approve_by_policy(
		id: RequestId,
		request: &RequestOf<T>,
		ever_voided: bool,
	) -> bool {
		if !Self::is_within_policy(request, ever_voided) {
			return false;
		}
		let result = with_storage_layer(|| {
			Self::approve_one(id, true)?;
			let mut today = Self::approved_today();
			today.energy = today
				.energy
				.checked_add(request.evidence.received)
				.ok_or(DispatchError::Arithmetic(ArithmeticError::Overflow))?;
			AutoApproved::<T>::put(today);
			Ok::<_, DispatchError>(())
		});
		if let Err(error) = result {
			Self::deposit_event(Event::ApprovalFailed { request: id, error });
			return false;
		}
		true
	}

	/// Removes a request, frees its meters and returns its deposit.
	pub(crate) fn forget(id: RequestId, request: &RequestOf<T>) -> DispatchResult {
		for (meter, _) in &request.meters {
			MeterRequest::<T>::remove(meter);
		}
		RequestsByMiner::<T>::remove(request.miner, id);
		Requests::<T>::remove(id);
		T::Currency::release(
			&HoldReason::Request.into(),
			&request.depositor,
			request.deposit,
			Precision::Exact,
		)?;
		Ok(())
	}

	/// Pays `payment` and the energy tokens of `energy`, both of which lie in the pallet's account, to the miner's owner,
	/// the storage node's and the treasury.
	fn settle(
		owner: &T::AccountId,
		node: Option<&T::AccountId>,
		energy: u128,
		payment: Balance,
		payout: Payout,
	) -> Result<Settlement, DispatchError> {
		let shares = Shares::new(T::MinerShare::get(), node.is_some().then(T::NodeShare::get));
		let (deca, kwh) = (shares.of(payment), shares.of(energy));
		let treasury = T::Treasury::get();
		// First, so that a new treasury can hold dust of other tokens.
		Self::pay(&treasury, deca.dao, 0)?;

		let mut miner = Part { deca: deca.miner, kwh: kwh.miner, lp: 0 };
		let mut of_node = Part { deca: deca.node, kwh: kwh.node, lp: 0 };
		let mut dao = Part { deca: 0, kwh: kwh.dao, lp: 0 };
		let outcome = match payout {
			Payout::Direct => Outcome::Direct,
			Payout::Liquidity => {
				// The parts are at most the whole, which fits.
				let offered_deca = deca.miner.saturating_add(deca.node);
				let offered_kwh = kwh.miner.saturating_add(kwh.node);
				let attempt = with_storage_layer(|| {
					Self::into_pool(shares, owner, node, &treasury, offered_deca, offered_kwh)
				});
				match attempt {
					Ok(Pooled { deposited, lp }) => {
						// What the pool left is paid by the same shares.
						let deca = shares.between(offered_deca.saturating_sub(deposited.deca));
						let kwh = shares.between(offered_kwh.saturating_sub(deposited.kwh));
						miner = Part { deca: deca.miner, kwh: kwh.miner, lp: lp.miner };
						of_node = Part { deca: deca.node, kwh: kwh.node, lp: lp.node };
						dao.deca = deca.dao;
						dao.kwh = dao.kwh.saturating_add(kwh.dao);
						dao.lp = lp.dao;
						Outcome::Pooled(deposited)
					}
					Err(trouble) => Outcome::PaidInstead(trouble),
				}
			}
		};
		Self::pay(owner, miner.deca, miner.kwh)?;
		if let Some(node) = node {
			Self::pay(node, of_node.deca, of_node.kwh)?;
		}
		Self::pay(&treasury, dao.deca, dao.kwh)?;
		dao.deca = dao.deca.saturating_add(deca.dao);
		Ok(Settlement { energy, payment, miner, node: of_node, dao, outcome })
	}

	/// Adds up to `deca` and `kwh` to the pool, and shares its tokens. Run in a storage layer.
	fn into_pool(
		shares: Shares,
		owner: &T::AccountId,
		node: Option<&T::AccountId>,
		treasury: &T::AccountId,
		deca: Balance,
		kwh: Balance,
	) -> Result<Pooled, PoolTrouble> {
		let (deca_reserve, kwh_reserve) = T::Pool::reserves().ok_or(PoolTrouble::NoPool)?;
		// An empty pool has no price: the first to add sets it, here at the governed rate.
		let is_empty = deca_reserve.is_zero() || kwh_reserve.is_zero();
		let rate = T::DecaPerKwh::get();
		if !is_empty
			&& !split::price_is_near(deca_reserve, kwh_reserve, rate, T::MaxPoolDeviation::get())
		{
			return Err(PoolTrouble::PriceOff);
		}
		let account = Self::account();
		// The pool may leave a minimum balance with whoever adds to it. What it leaves here is paid out.
		let spendable = T::Assets::reducible_balance(
			T::KwhId::get(),
			&account,
			Preservation::Preserve,
			Fortitude::Polite,
		);
		let kwh = kwh.min(spendable);
		let deposited = T::Pool::deposit(&account, deca, kwh)?;
		if deposited.deca > deca || deposited.kwh > kwh {
			return Err(PoolTrouble::Refused);
		}
		let lp = shares.between(deposited.lp);
		let nodes = node.unwrap_or(treasury);
		for (to, amount) in [(owner, lp.miner), (nodes, lp.node), (treasury, lp.dao)] {
			if !amount.is_zero() {
				T::Pool::transfer_lp(&account, to, amount)?;
			}
		}
		Ok(Pooled { deposited, lp })
	}

	/// Pays out of the pallet's account.
	fn pay(to: &T::AccountId, deca: Balance, kwh: Balance) -> DispatchResult {
		let account = Self::account();
		if !deca.is_zero() {
			T::Currency::transfer(&account, to, deca, Preservation::Preserve)?;
		}
		if !kwh.is_zero() {
			T::Assets::transfer(T::KwhId::get(), &account, to, kwh, Preservation::Expendable)?;
		}
		Ok(())
	}
}
