//! The arithmetic of a battery, over random histories.

use crate::{books::*, Receipt};
use proptest::prelude::*;

const CAPACITY: u64 = 1_000_000;
const LIMITS: Limits = Limits { capacity: CAPACITY, secured: CAPACITY };

/// Something that happens to a battery.
#[derive(Clone, Debug)]
enum Step {
	Interval { sent: u64, charged: Option<u32>, discharged: u32, lost: u32 },
	Late { charged: u128, discharged: u128, lost: u128 },
	Draw(u128),
	Deliver(u128),
	Cover(u128),
	WriteOff(u128),
	GiveBack(u128, u128),
	Close,
}

fn energy() -> impl Strategy<Value = u32> {
	prop_oneof![Just(0u32), 0u32..1_000, 0u32..2_000_000, Just(u32::MAX - 1)]
}

fn step() -> impl Strategy<Value = Step> {
	let some = || energy().prop_map(u128::from);
	prop_oneof![
		4 => (energy(), proptest::option::of(energy()), energy(), 0u32..500).prop_map(
			|(sent, charged, discharged, lost)| Step::Interval {
				sent: sent.into(),
				charged,
				discharged,
				lost,
			}
		),
		1 => (some(), some(), some())
			.prop_map(|(charged, discharged, lost)| Step::Late { charged, discharged, lost }),
		1 => some().prop_map(Step::Draw),
		1 => some().prop_map(Step::Deliver),
		1 => some().prop_map(Step::Cover),
		1 => some().prop_map(Step::WriteOff),
		1 => (some(), some()).prop_map(|(most, promised)| Step::GiveBack(most, promised)),
		1 => Just(Step::Close),
	]
}

/// Lets it happen; whether what was asked for was there.
fn happens(books: &mut Books, step: &Step) -> bool {
	match step {
		Step::Interval { sent, charged, discharged, lost } => {
			let measured =
				Measured { sent: *sent, charged: *charged, discharged: *discharged, lost: *lost };
			let entry = books.book(&measured, &LIMITS);
			entry.check().expect("an interval gives no more than it has");
			assert_eq!(entry.pooled, charged.is_some());
			assert!(u64::from(entry.allocated) <= *sent);
			true
		}
		Step::Late { charged, discharged, lost } => {
			books.charge(*charged);
			books.discharge(*discharged);
			books.lose(*lost);
			books.spill(&LIMITS);
			true
		}
		Step::Draw(most) => {
			let room = books.room(&LIMITS);
			books.draw((*most).min(room));
			true
		}
		Step::Deliver(energy) => books.deliver(*energy).is_some(),
		Step::Cover(energy) => books.cover(*energy).is_some(),
		Step::WriteOff(energy) => books.write_off(*energy).is_some(),
		Step::GiveBack(most, promised) => {
			let (stored, backing, found) = (books.stored(), books.backing, books.found);
			let given = books.give_back(*most, *promised);
			assert_eq!(given, (*most).min(backing.saturating_sub(*promised)));
			assert_eq!(books.backing, backing - given);
			assert_eq!(books.stored(), stored - (found - books.found), "energy came or went");
			true
		}
		Step::Close => {
			let (backing, written_off) = (books.backing, books.written_off);
			assert_eq!(books.close(), backing);
			assert_eq!((books.stored(), books.written_off), (0, written_off + backing));
			true
		}
	}
}

proptest! {
	#[test]
	fn books_agree_whatever_happens(steps in proptest::collection::vec(step(), 1..100)) {
		let mut books = Books::default();
		for step in &steps {
			let before = books;
			let was_there = happens(&mut books, step);
			if !was_there {
				prop_assert_eq!(books, before, "what was refused changed something");
			}
			prop_assert_eq!(books.check(CAPACITY), Ok(()), "{:?} after {:?}", books, step);
			for (before, after) in [
				(before.charged, books.charged),
				(before.discharged, books.discharged),
				(before.lost, books.lost),
				(before.allocated, books.allocated),
				(before.delivered, books.delivered),
				(before.covered, books.covered),
				(before.written_off, books.written_off),
				(before.returned, books.returned),
			] {
				prop_assert!(before <= after, "a total fell");
			}
		}
	}

	#[test]
	fn shares_sum_to_what_was_allocated_in_whatever_order_they_come(
		meters in proptest::collection::vec((1u32..1_000_000, any::<bool>()), 1..20),
		percent in 0u64..=120,
		late_first in any::<bool>(),
	) {
		let total = meters.iter().map(|(energy, _)| u64::from(*energy)).sum::<u64>();
		let in_time = meters
			.iter()
			.filter(|(_, late)| !late)
			.map(|(energy, _)| u64::from(*energy))
			.sum::<u64>();
		let charged = (total * percent / 100) as u32;
		let mut books = Books::default();
		let limits = Limits { capacity: u64::MAX >> 8, secured: u64::MAX >> 8 };
		let measured = Measured { sent: in_time, charged: Some(charged), discharged: 0, lost: 0 };
		let mut entry = books.book(&measured, &limits);
		let mut received = 0u64;
		// Those in time, before or after the late ones are known of.
		let order = [late_first, !late_first];
		for late in order {
			for (energy, _) in meters.iter().filter(|(_, is_late)| *is_late == late) {
				if late {
					let sent = entry.sent + u64::from(*energy);
					let room = books.room(&limits);
					entry.add_sent(sent, &mut books, room);
				}
				let share = entry.share(*energy).expect("it is in what was sent");
				prop_assert!(share <= *energy, "more arrived than was sent");
				received += u64::from(share);
				prop_assert_eq!(entry.check(), Ok(()));
			}
		}
		prop_assert_eq!(received, u64::from(entry.allocated));
		prop_assert_eq!(entry.unshared, 0);
		prop_assert_eq!(books.allocated, u128::from(entry.allocated));
		prop_assert_eq!(u64::from(entry.allocated), total.min(charged.into()));
		// Nobody is left, and nothing.
		prop_assert_eq!(entry.share(1), None);
		prop_assert_eq!(entry.share(0), Some(0));
	}

	#[test]
	fn bond_secures_its_part_of_the_capacity(
		capacity in 1u64..=1_000_000_000_000_000,
		bond in any::<u64>(),
		required in any::<u64>(),
	) {
		let (bond, required) = (u128::from(bond), u128::from(required));
		let secured = secured(capacity, bond, required);
		if bond >= required {
			prop_assert_eq!(secured, capacity);
		} else {
			prop_assert_eq!(u128::from(secured), u128::from(capacity) * bond / required);
		}
	}

	#[test]
	fn receipts_that_are_used_leave_no_more_than_was_received(
		counted in 1u128..1 << 80,
		fraction in 0u128..=1_000,
		parts in proptest::collection::vec(1u128..=1_000, 1..30),
	) {
		let (mut left, mut received) = (counted, counted / 1_000 * fraction);
		let all = received;
		let mut given = 0;
		for part in parts {
			let energy = (left / 1_000 * part).max(1).min(left);
			let share = received_of(received, left, energy).expect("there is so much");
			prop_assert!(share <= energy && share <= received);
			given += share;
			(left, received) = (left - energy, received - share);
			prop_assert!(received <= left, "more arrived than was sent");
			if left == 0 {
				break;
			}
		}
		given += received_of(received, left, left).expect("all of it");
		prop_assert_eq!(given, all);
		prop_assert_eq!(received_of(received, left, left + 1), None);
	}
}

#[test]
fn receipt_loses_in_proportion_and_rounds_up_what_it_loses() {
	let mut receipt = Receipt { counted: 1_500, received: 1_100, ..Default::default() };
	// 366.67 of them.
	assert_eq!(receipt.lose(500), 367);
	assert_eq!((receipt.counted, receipt.received), (1_000, 733));
	assert_eq!(receipt.lose(0), 0);
	assert_eq!(receipt.lose(u128::MAX), 733);
	assert_eq!((receipt.counted, receipt.received), (0, 0));
	assert_eq!(receipt.lose(1), 0);
}

#[test]
fn parity_is_told_in_billionths() {
	assert_eq!(billionths(0, 0), None);
	assert_eq!(billionths(0, 7), Some(0));
	assert_eq!(billionths(2, 3), Some(666_666_666));
	assert_eq!(billionths(3, 2), Some(1_500_000_000));
	assert_eq!(billionths(u128::MAX, 1), Some(u128::MAX));
}

#[test]
fn discharge_that_is_told_before_its_charge_makes_no_energy() {
	let mut books = Books::default();
	let measured = Measured { sent: 10, charged: Some(10), discharged: 0, lost: 0 };
	books.book(&measured, &LIMITS);
	books.discharge(100);
	assert_eq!((books.uncovered, books.found, books.stored()), (10, 90, 0));
	books.charge(60);
	assert_eq!((books.uncovered, books.found, books.surplus), (0, 40, 0));
	books.charge(50);
	assert_eq!((books.uncovered, books.found, books.surplus), (0, 0, 10));
	assert_eq!(books.stored(), 20);
}

#[test]
fn interval_that_the_charge_meter_did_not_measure_is_shared_by_nobody() {
	let mut books = Books::default();
	let measured = Measured { sent: 1_000, charged: None, discharged: 0, lost: 0 };
	let mut entry = books.book(&measured, &LIMITS);
	assert_eq!(entry.share(1_000), None);
	entry.add_sent(2_000, &mut books, CAPACITY.into());
	assert_eq!(entry.sent, 1_000);
}

#[test]
fn energy_of_a_small_bond_goes_to_the_node() {
	let mut books = Books::default();
	let limits = Limits { capacity: CAPACITY, secured: 400 };
	let measured = Measured { sent: 1_000, charged: Some(900), discharged: 0, lost: 0 };
	let entry = books.book(&measured, &limits);
	assert_eq!((entry.allocated, books.backing, books.surplus), (400, 400, 500));
	assert_eq!(books.room(&limits), 0);
}
