//! What a request is judged by, taken from what devices signed.

use crate::*;
use heliograph_primitives::miner::{Flow, MinerInfo};

/// Evidence, and what goes with it.
pub(crate) struct Taken<T: Config> {
	/// What the DAO votes on.
	pub evidence: EvidenceOf<T>,
	/// The storage node that all of the meters send to.
	pub node: Option<MinerId>,
	/// Whether a challenge ever took energy from one of the meters.
	pub ever_voided: bool,
}

impl<T: Config> Pallet<T> {
	/// The miner, if its energy is paid for.
	pub(crate) fn paid_miner(miner: MinerId) -> Result<MinerInfo<T::AccountId>, DispatchError> {
		let info = T::Miners::miner(miner).ok_or(Error::<T>::UnknownMiner)?;
		ensure!(
			matches!(info.kind, MinerKind::Standard | MinerKind::Plant),
			Error::<T>::KindNotPaid
		);
		ensure!(info.active, Error::<T>::MinerNotActive);
		Ok(info)
	}

	/// Takes the evidence for a payment to `miner`. Reads eight items per meter at most and writes nothing.
	///
	/// What was received is what the storage node accounted for. Of meters that send to none it is what the one received that
	/// they sent to before. Only when there is nothing of that left it is, where the grid meter counts, all that was sent:
	/// whoever ends a deposit has neither what was lost before paid, nor the receipts for what goes into the grid afterwards.
	pub(crate) fn take_evidence(
		miner: MinerId,
		info: &MinerInfo<T::AccountId>,
		meters: &[AskedMeter],
	) -> Result<Taken<T>, DispatchError> {
		// The interval before the one that runs: the newest that can have been reported.
		let newest = T::CurrentInterval::get().saturating_sub(1);
		let grid_meter_counts = GridMeterCounts::<T>::get();
		let mut claims = BoundedVec::<MeterClaim, T::MaxMeters>::new();
		let (mut sent, mut received) = (0u128, 0u128);
		let (mut node, mut received_by) = (None, ReceivedBy::GridMeter);
		let (mut reported, mut expected, mut challenges) = (0u32, 0u32, 0u32);
		let (mut from_interval, mut to_interval) = (Interval::MAX, 0);
		let mut ever_voided = false;

		for (meter, up_to) in meters {
			let meter = *meter;
			ensure!(claims.iter().all(|claim| claim.meter != meter), Error::<T>::MeterNamedTwice);
			let registered = T::Miners::meter(meter).ok_or(Error::<T>::UnknownMeter)?;
			ensure!(registered.miner == miner, Error::<T>::MeterOfAnother);
			ensure!(registered.flow == Flow::Export, Error::<T>::NotExport);
			if claims.is_empty() {
				node = registered.node;
				received_by = match node {
					Some(node) => ReceivedBy::StorageNode(node),
					None if !grid_meter_counts => ReceivedBy::FormerNode,
					None if meters.iter().any(|(meter, _)| Self::was_received(*meter)) => {
						ReceivedBy::FormerNode
					}
					None => ReceivedBy::GridMeter,
				};
			}
			ensure!(registered.node == node, Error::<T>::NodesDiffer);

			let energy = T::Energy::energy(meter).ok_or(Error::<T>::NothingToClaim)?;
			let from = token_pointer(&energy);
			let to = up_to.unwrap_or(energy.matured);
			ensure!(to <= energy.matured, Error::<T>::NotMatured);
			ensure!(to > from, Error::<T>::NothingToClaim);
			let sent_by_it = to.saturating_sub(from);
			let received_of_it = match received_by {
				ReceivedBy::GridMeter => sent_by_it,
				ReceivedBy::StorageNode(_) => {
					Self::received_of(meter, sent_by_it)?.ok_or(Error::<T>::NotReceivedYet)?
				}
				ReceivedBy::FormerNode => Self::received_of(meter, sent_by_it)?.ok_or_else(
					|| match T::Receipts::receiver(meter) {
						Some(_) => Error::<T>::NotReceivedYet,
						None => Error::<T>::NoStorageNode,
					},
				)?,
			};
			sent = sent.checked_add(sent_by_it).ok_or(ArithmeticError::Overflow)?;
			received = received.checked_add(received_of_it).ok_or(ArithmeticError::Overflow)?;

			// Of a meter that was never paid for, the first reading is a base and measures nothing.
			let before = Reported::<T>::get(meter)
				.unwrap_or(ReportedUntil { measured: 0, until: energy.first_interval });
			// A silent meter still owes its intervals; a retired one does not.
			let due = if registered.retired { energy.last_interval } else { newest };
			reported.saturating_accrue(energy.measured_intervals.saturating_sub(before.measured));
			expected.saturating_accrue(due.saturating_sub(before.until));
			from_interval = from_interval.min(before.until.saturating_add(1));
			to_interval = to_interval.max(energy.last_interval);
			challenges.saturating_accrue(u32::from(energy.quarantined));
			ever_voided |= !energy.voided.is_zero();

			let claim = MeterClaim {
				meter,
				from,
				to,
				received: received_of_it,
				measured: energy.measured_intervals,
				until: energy.last_interval,
			};
			// Cannot fail: what is walked has the same bound.
			claims.try_push(claim).map_err(|_| DispatchError::Corruption)?;
		}
		ensure!(!claims.is_empty(), Error::<T>::NoMeters);
		ensure!(!received.is_zero(), Error::<T>::NothingReceived);

		let evidence = Evidence {
			claims,
			sent,
			received,
			received_by,
			// Of no meter more was received than it sent.
			loss: sent.saturating_sub(received),
			reported_intervals: reported,
			expected_intervals: expected,
			work_shares: T::WorkShares::since(miner, from_interval),
			open_challenges: challenges,
			hardware: info.hardware,
			from_interval,
			to_interval,
		};
		Ok(Taken { evidence, node, ever_voided })
	}

	/// Whether the standing policy approves this request. Nothing is approved while there is none.
	///
	/// What was voided and what is challenged is looked up for the meters of the request.
	pub(crate) fn is_within_policy(request: &RequestOf<T>, ever_voided: bool) -> bool {
		let Some(policy) = StandingPolicy::<T>::get() else { return false };
		let evidence = &request.evidence;
		let today = Self::approved_today().energy.checked_add(evidence.received);
		Records::<T>::get(request.miner).clean
			&& !ever_voided
			&& evidence.open_challenges.is_zero()
			&& evidence.hardware == HardwareStatus::Ok
			&& evidence.received <= policy.max_energy
			&& today.is_some_and(|sum| sum <= policy.daily_cap)
			&& split::is_reported(
				evidence.reported_intervals,
				evidence.expected_intervals,
				policy.min_reported,
			)
	}

	/// What the standing policy approved on the day that runs.
	pub(crate) fn approved_today() -> DaySum {
		let day = T::CurrentInterval::get() / INTERVALS_PER_DAY;
		let known = AutoApproved::<T>::get();
		if known.day == day {
			known
		} else {
			DaySum { day, energy: 0 }
		}
	}
}

/// How far a meter's energy has become tokens, in mWh.
pub(crate) fn token_pointer(energy: &MeterEnergy) -> u128 {
	energy.claimed[ClaimKind::Token as usize]
}
