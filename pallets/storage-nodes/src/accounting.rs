//! Accounting for a node: interval by interval, and then what belongs to none.
//!
//! A meter shows energy in two ways: by the interval, and as a total that it attested. What is in the intervals that a node
//! passes is booked with them. The rest of the total, less what is in intervals still to come, was recovered, or arrived
//! after its interval was passed: it is told apart by the difference alone, and booked as a sum. So nothing that a meter
//! attests is booked twice, and nothing is left out; a battery that reports its discharges late does not hide them.
//!
//! Energy that went in so is booked at once. Energy that came out is booked when the node has passed the newest reading that
//! it can be from: before that, what went in earlier may still have to be booked, and what came out would look as if it had
//! never gone in.

use crate::*;

/// What the meters of a node reported lately.
struct Reported {
	charge: Option<MeterReport>,
	discharge: Option<MeterReport>,
	loss: Option<MeterReport>,
}

impl<T: Config> Pallet<T> {
	/// How long readings of an interval are waited for in any case, in intervals. Less than [`SILENCE`].
	pub(crate) fn grace() -> Interval {
		T::Grace::get().min(SILENCE.saturating_sub(1))
	}

	/// Accounts for up to `most` intervals of a node. Returns for how many it did, and whether anything changed.
	pub(crate) fn account_node(id: MinerId, most: u32) -> Result<(u32, bool), DispatchError> {
		let mut node = Nodes::<T>::get(id).ok_or(Error::<T>::UnknownNode)?;
		ensure!(node.status.is_live(), Error::<T>::NodeOver);
		let now = T::CurrentInterval::get();
		let reported = Reported {
			charge: T::Reports::report(node.meters.charge),
			discharge: T::Reports::report(node.meters.discharge),
			loss: node.meters.loss.and_then(T::Reports::report),
		};
		let mut ring = Rings::<T>::get(id);
		let (books, seen, outflow) = (node.books, node.seen, node.outflow);

		let oldest = now.saturating_sub(RING);
		let skipped = node.cursor < oldest;
		if skipped {
			let from = core::mem::replace(&mut node.cursor, oldest);
			for interval in from.max(oldest.saturating_sub(RING))..oldest {
				Self::forget_day_before(&mut node, &mut ring, interval);
			}
			Self::deposit_event(Event::IntervalsSkipped { node: id, from, to: oldest });
		}
		let from = node.cursor;
		let limits = Self::limits(&node);
		let mut steps = 0u32;
		while steps < most {
			let interval = node.cursor;
			let age = now.saturating_sub(interval);
			let is_complete =
				knows(&reported.charge, interval) && knows(&reported.discharge, interval);
			if age <= Self::grace() || (age <= SILENCE && !is_complete) {
				break;
			}
			let measured = books::Measured {
				sent: T::Inflows::sent_to(id, interval).map_or(0, |inflow| inflow.energy),
				charged: measured_in(&reported.charge, interval),
				discharged: measured_in(&reported.discharge, interval).unwrap_or(0),
				lost: measured_in(&reported.loss, interval).unwrap_or(0),
			};
			Self::forget_day_before(&mut node, &mut ring, interval);
			ring.put(interval, node.books.book(&measured, &limits));
			let charged = measured.charged.unwrap_or(0);
			node.seen.charged = node.seen.charged.saturating_add(charged.into());
			node.seen.discharged = node.seen.discharged.saturating_add(measured.discharged.into());
			node.seen.lost = node.seen.lost.saturating_add(measured.lost.into());
			node.cursor = interval.saturating_add(1);
			steps = steps.saturating_add(1);
		}
		Self::book_rest(&mut node, &reported, &limits);

		let (to, now_books) = (node.cursor, node.books);
		let is_new = node.seen != seen || node.outflow != outflow || now_books != books;
		let did = skipped || steps > 0 || is_new;
		if did {
			Rings::<T>::insert(id, ring);
			Self::deposit_event(Event::Accounted {
				node: id,
				from,
				to,
				charged: now_books.charged.saturating_sub(books.charged),
				allocated: now_books.allocated.saturating_sub(books.allocated),
				discharged: now_books.discharged.saturating_sub(books.discharged),
				lost: now_books.lost.saturating_sub(books.lost),
				returned: now_books.returned.saturating_sub(books.returned),
				uncovered: now_books.uncovered,
			});
		}
		// Also the newest reading of the charge meter is worth storing.
		Self::save(id, node, &books);
		Ok((steps, did))
	}

	/// Makes room for `interval` in what a node remembers. What was allocated a day before, and nobody took, goes back into its
	/// surplus: a sender who comes now draws on that.
	fn forget_day_before(node: &mut NodeOf<T>, ring: &mut NodeRing, interval: Interval) {
		let forgotten = ring.put(interval, NodeInterval::default());
		if interval >= node.registered.saturating_add(RING) {
			node.take_back(forgotten.left.into(), node.registered);
		}
	}

	/// Books what the meters of a node attested beyond the intervals that it passed and those still to come.
	fn book_rest(node: &mut NodeOf<T>, reported: &Reported, limits: &Limits) {
		let cursor = node.cursor;
		let due = |total: u128, report: &Option<MeterReport>| {
			let to_come =
				report.as_ref().map_or(0, |it| measured_between(it, cursor, Interval::MAX));
			total.saturating_sub(to_come)
		};
		let charged = due(Self::standing(node.meters.charge), &reported.charge);
		node.books.charge(charged.saturating_sub(node.seen.charged));
		// A challenge took away what had been booked: it had not gone in.
		node.books.lose(node.seen.charged.saturating_sub(charged));
		node.seen.charged = charged;
		if let Some(report) = &reported.charge {
			node.charged_until = report.last_interval;
		}

		let discharged = due(Self::attested(node.meters.discharge), &reported.discharge);
		let lost = due(node.meters.loss.map_or(0, Self::attested), &reported.loss);
		let until = [&reported.discharge, &reported.loss]
			.into_iter()
			.flatten()
			.map(|report| report.last_interval.saturating_add(1))
			.max()
			.unwrap_or(0);
		// What is remembered, and then what came since: at once if the node is that far.
		for _ in 0..2 {
			if node.outflow.is_empty() {
				node.outflow = Outflow {
					discharged: discharged.saturating_sub(node.seen.discharged),
					lost: lost.saturating_sub(node.seen.lost),
					until,
				};
			}
			if node.outflow.is_empty() || cursor < node.outflow.until {
				break;
			}
			let Outflow { discharged, lost, .. } = core::mem::take(&mut node.outflow);
			node.books.discharge(discharged);
			node.books.lose(lost);
			node.seen.discharged = node.seen.discharged.saturating_add(discharged);
			node.seen.lost = node.seen.lost.saturating_add(lost);
		}
		if node.outflow.is_empty() {
			node.outflow = Outflow::default();
		}
		node.books.spill(limits);
	}
}

/// Whether a meter has reported `interval`, or a later one: what it did not say of it, it will not say any more.
pub(crate) fn knows(report: &Option<MeterReport>, interval: Interval) -> bool {
	report.as_ref().is_some_and(|report| report.last_interval >= interval)
}

/// The energy that was measured in just this interval, in mWh.
pub(crate) fn measured_in(report: &Option<MeterReport>, interval: Interval) -> Option<u32> {
	report.as_ref().and_then(|report| report.measured_in(interval))
}

/// The energy that a meter measured in single intervals from `from` on and before `to`, in mWh. Looks at 96 of them at most:
/// it remembers no more.
pub(crate) fn measured_between(report: &MeterReport, from: Interval, to: Interval) -> u128 {
	let end = report.last_interval.saturating_add(1);
	(from.max(end.saturating_sub(RING))..to.min(end))
		.filter_map(|interval| report.measured_in(interval))
		.map(u128::from)
		.sum()
}
