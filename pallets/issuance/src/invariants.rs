//! The rules that always hold.

use crate::*;
use alloc::collections::BTreeMap;
use frame_support::traits::{
	fungible::InspectHold,
	fungibles::{roles::Inspect as _, Inspect as _},
};

impl<T: Config> Pallet<T> {
	/// The rules that always hold.
	///
	/// 1. No energy token exists that was not issued for a claim: `supply + burned <= issued`. Less exists where another
	///    pallet burned tokens for energy that was drawn, and where a holder destroyed its own, by closing an account of the
	///    assets pallet that was not empty.
	/// 2. What was claimed was issued, or lost on the way: `issued + lost` is the sum over all meters of their pointers of
	///    token claims.
	/// 3. Nobody but this pallet's account is issuer, admin or owner of the energy token.
	/// 4. A meter is named by one standing request at most, which names it: `MeterRequest` and `Requests` agree.
	/// 5. The deposits held equal the deposits recorded.
	/// 6. A request is listed for its miner, and no other is: `RequestsByMiner` and `Requests` agree.
	/// 7. A request is for energy beyond the pointers: its claims go forward, start at the pointers, and sum to what it says
	///    was sent and received; what was sent was received or lost, and something was received.
	/// 8. No number was handed out that the counter has not passed.
	/// 9. Of no energy more was received than was sent, and the receipts that a request counts on are kept for its meters,
	///    unless the grid meter stands for them.
	pub fn do_try_state() -> Result<(), DispatchError> {
		let kwh = T::KwhId::get();
		let exists = T::Assets::total_issuance(kwh)
			.checked_add(Burned::<T>::get())
			.ok_or("1: supply and burned overflow")?;
		ensure!(exists <= Issued::<T>::get(), "1: more energy tokens exist than were issued");

		let mut claimed = 0u128;
		for (meter, _) in Reported::<T>::iter() {
			let energy =
				T::Energy::energy(meter).ok_or("2: a meter was paid that never reported")?;
			claimed = claimed.saturating_add(token_pointer(&energy));
		}
		let used = Issued::<T>::get().checked_add(Lost::<T>::get());
		ensure!(used == Some(claimed), "2: what was claimed was neither issued nor lost");

		let account = Some(Self::account());
		ensure!(T::Assets::issuer(kwh) == account, "3: another account can issue energy tokens");
		ensure!(T::Assets::admin(kwh) == account, "3: another account can burn energy tokens");
		ensure!(T::Assets::owner(kwh) == account, "3: another account owns the energy token");

		let mut deposits = BTreeMap::<T::AccountId, Balance>::new();
		let (mut meters, mut requests) = (0usize, 0usize);
		for (id, request) in Requests::<T>::iter() {
			requests.saturating_inc();
			ensure!(id < NextRequestId::<T>::get(), "8: a request has a number from the future");
			ensure!(
				RequestsByMiner::<T>::contains_key(request.miner, id),
				"6: a request is not listed for its miner"
			);
			let evidence = &request.evidence;
			let named = request.meters.iter().map(|(meter, _)| meter);
			ensure!(
				named.eq(evidence.claims.iter().map(|claim| &claim.meter)),
				"7: the evidence is about other meters"
			);
			let by_grid_meter = evidence.received_by == ReceivedBy::GridMeter;
			let (mut sent, mut received) = (0u128, 0u128);
			for claim in &evidence.claims {
				meters.saturating_inc();
				ensure!(
					MeterRequest::<T>::get(claim.meter) == Some(id),
					"4: a meter is not recorded for the request that names it"
				);
				let energy = T::Energy::energy(claim.meter)
					.ok_or("7: a meter of a request never reported")?;
				ensure!(claim.from < claim.to, "7: a claim does not go forward");
				ensure!(claim.to <= energy.matured, "7: a claim is beyond what matured");
				ensure!(
					claim.from == token_pointer(&energy),
					"7: a claim does not start at the pointer"
				);
				let kept = Received::<T>::get(claim.meter);
				ensure!(
					by_grid_meter || kept.less(claim.sent(), claim.received).is_some(),
					"9: the receipts that a request counts on are not kept"
				);
				sent = sent.saturating_add(claim.sent());
				received = received.saturating_add(claim.received);
			}
			ensure!(sent == evidence.sent, "7: the claims do not sum to what was sent");
			ensure!(received == evidence.received, "7: the claims do not sum to what was received");
			ensure!(received > 0, "7: a request is for nothing");
			ensure!(
				evidence.received.checked_add(evidence.loss) == Some(sent),
				"7: what was sent was neither received nor lost"
			);
			let held = deposits.entry(request.depositor).or_default();
			*held = held.saturating_add(request.deposit);
		}
		ensure!(
			MeterRequest::<T>::iter_keys().count() == meters,
			"4: a meter is recorded for a request that does not name it"
		);
		ensure!(
			RequestsByMiner::<T>::iter_keys().count() == requests,
			"6: a request is listed that does not stand"
		);
		for Receipt { energy, received, .. } in Received::<T>::iter_values() {
			ensure!(energy > 0 && received <= energy, "9: more was received than was sent");
		}
		for (depositor, recorded) in deposits {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Request.into(), &depositor) == recorded,
				"5: deposits held differ from deposits recorded"
			);
		}
		Ok(())
	}
}
