//! Receipts: what was received of a meter, and how it is used once for tokens.
//!
//! Two sums per meter, whatever became of its deposit: what it sent, and what was received of that, by one node. A mWh that is
//! used takes its part of both, rounded down, so that the rest is never worth less than before.
//!
//! Energy that a challenge voided is never claimed, and its receipts would be there for other energy, which went to no node.
//! So a receipt knows what was voided of its meter when it was last brought up to date. While more is, it is worth nothing;
//! `account_meter` takes it out, and what had been received of it is the node's own again.

use crate::*;

impl<T: Config> NodeReceipts for Pallet<T> {
	fn received(meter: MeterId, energy: u128) -> Option<u128> {
		let receipt = Receipts::<T>::get(meter)?;
		let is_sound = Self::is_current(meter, &receipt) && !Self::disputed(receipt.node);
		is_sound.then_some(())?;
		books::received_of(receipt.received, receipt.counted, energy)
	}

	fn take(meter: MeterId, energy: u128) -> Result<u128, DispatchError> {
		let given =
			<Self as NodeReceipts>::received(meter, energy).ok_or(Error::<T>::NotReceived)?;
		Receipts::<T>::try_mutate_exists(meter, |receipt| {
			let kept = receipt.as_mut().ok_or(Error::<T>::NotReceived)?;
			kept.counted = kept.counted.checked_sub(energy).ok_or(ArithmeticError::Underflow)?;
			kept.received = kept.received.checked_sub(given).ok_or(ArithmeticError::Underflow)?;
			if kept.counted.is_zero() {
				*receipt = None;
			}
			Ok::<_, DispatchError>(())
		})?;
		BookSums::<T>::try_mutate(|sums| {
			sums.taken = sums.taken.checked_add(given).ok_or(ArithmeticError::Overflow)?;
			Ok::<_, DispatchError>(())
		})?;
		Self::deposit_event(Event::ReceiptTaken { meter, energy, received: given });
		Ok(given)
	}

	fn receiver(meter: MeterId) -> Option<MinerId> {
		let received_by = Receipts::<T>::get(meter)
			.filter(|receipt| !receipt.received.is_zero())
			.map(|receipt| receipt.node);
		// Also of one that ended long ago: before its energy is paid for otherwise it is accounted for, or given up.
		received_by.or_else(|| Deposits::<T>::get(meter).map(|deposit| deposit.node))
	}

	/// What a challenged charge meter says went in may not be there.
	fn disputed(node: MinerId) -> bool {
		Nodes::<T>::get(node)
			.and_then(|entry| T::Energy::energy(entry.meters.charge))
			.is_some_and(|energy| energy.quarantined)
	}
}

impl<T: Config> Pallet<T> {
	/// Whether all that challenges took away of a meter is taken out of what was received of it.
	pub(crate) fn is_current(meter: MeterId, receipt: &Receipt) -> bool {
		Self::voided(meter) <= receipt.voided
	}

	/// Takes up to `void` mWh that a challenge took away out of what was received of a meter, the older first, and adds what is
	/// `new`. What had been received of the former becomes the node's own.
	pub(crate) fn add_to_receipt(meter: MeterId, new: Receipt, void: u128, node: &mut NodeOf<T>) {
		let kept = Receipts::<T>::get(meter);
		let mut receipt = kept.unwrap_or(Receipt { counted: 0, received: 0, ..new });
		let energy = void.min(receipt.counted.saturating_add(new.counted));
		let of_new = energy.saturating_sub(receipt.counted);
		let of_kept = receipt.lose(energy);
		receipt.counted = receipt.counted.saturating_add(new.counted);
		receipt.received = receipt.received.saturating_add(new.received);
		receipt.registered = receipt.registered.min(new.registered);
		receipt.voided = new.voided;
		let received = of_kept.saturating_add(receipt.lose(of_new));
		node.take_back(received, receipt.registered);
		let now = (!receipt.counted.is_zero()).then_some(receipt);
		if now != kept {
			Receipts::<T>::set(meter, now);
		}
		if !energy.is_zero() {
			let node = receipt.node;
			Self::deposit_event(Event::ReceiptVoided { meter, node, energy, received });
		}
	}

	/// Takes what challenges took away out of what was received of a meter whose deposits have ended. How much of it was sent to
	/// the node nobody can tell any more: all of it, as far as it goes.
	pub(crate) fn account_void(meter: MeterId) -> DispatchResult {
		let receipt = Receipts::<T>::get(meter).ok_or(Error::<T>::NoDeposit)?;
		let voided = Self::voided(meter);
		let void = voided.saturating_sub(receipt.voided);
		ensure!(!void.is_zero(), Error::<T>::NoDeposit);
		let mut node = Nodes::<T>::get(receipt.node).ok_or(DispatchError::Corruption)?;
		let before = node.books;
		let nothing = Receipt { counted: 0, received: 0, voided, ..receipt };
		Self::add_to_receipt(meter, nothing, void, &mut node);
		Self::save(receipt.node, node, &before);
		Ok(())
	}

	/// Gives up what was received of a meter, and what could still be of a deposit that ended so long ago that nobody remembers
	/// its intervals: its node has it for its own.
	pub(crate) fn give_up(who: T::AccountId, meter: MeterId) -> DispatchResult {
		let info = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
		Self::ensure_owner(&who, info.miner)?;
		let receipt = Receipts::<T>::take(meter);
		let forgotten = Deposits::<T>::get(meter).filter(Self::is_forgotten);
		ensure!(receipt.is_some() || forgotten.is_some(), Error::<T>::NoReceipt);
		if let Some(Deposit { node, .. }) = forgotten {
			Deposits::<T>::remove(meter);
			Self::deposit_event(Event::DepositGivenUp { meter, node });
		}
		if let Some(Receipt { node: id, registered, counted, received, .. }) = receipt {
			let mut node = Nodes::<T>::get(id).ok_or(DispatchError::Corruption)?;
			let before = node.books;
			node.take_back(received, registered);
			Self::save(id, node, &before);
			let energy = counted;
			Self::deposit_event(Event::ReceiptGivenUp { meter, node: id, energy, received });
		}
		Ok(())
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl<T: Config> Pallet<T> {
	/// Lets the node of a meter have accounted for `energy` mWh more that the meter sent, of which it received `received`, for
	/// benchmarks of who uses receipts.
	pub fn receive_for_benchmark(meter: MeterId, energy: u128, received: u128) {
		Receipts::<T>::mutate(meter, |receipt| {
			let kept = receipt.get_or_insert_with(Receipt::default);
			kept.counted = kept.counted.saturating_add(energy);
			kept.received = kept.received.saturating_add(received);
		});
	}
}
