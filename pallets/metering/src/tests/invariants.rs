//! That each invariant is noticed when it is broken.

use super::*;
use codec::MaxEncodedLen;

#[test]
fn state_has_constant_size() {
	with_base(|| {
		assert_eq!(state(0).encoded_size(), 871);
		go_to(START + 500);
		for i in 0..400 {
			submit(vec![signed(reading(0, START + i, 1_000_000_000 + u64::from(i) * 1_000))]);
		}
		assert_eq!(state(0).encoded_size(), 871);
		assert_eq!(MeterState::max_encoded_len(), 871);
	});
}

#[track_caller]
fn assert_broken(number: &str) {
	match Metering::do_try_state() {
		Err(DispatchError::Other(text)) if text.starts_with(&format!("{number}: ")) => {}
		other => panic!("breaking {number} gave {other:?}"),
	}
}

fn break_state(breakage: impl FnOnce(&mut MeterState)) {
	MeterStates::<Test>::mutate(0, |state| breakage(state.as_mut().unwrap()));
}

#[test]
fn invariants_notice_when_state_is_broken() {
	type Breakage = fn(&mut MeterState);
	let breakages: [(&str, Breakage); 32] = [
		("1", |state| state.recovered = state.attested + 1),
		("2", |state| state.ring[5] = 250_001),
		("2", |state| {
			// As a void would leave it that forgot the ring.
			(state.voided, state.pending) = (250_000, [0; energy::BUCKETS]);
		}),
		("2", |state| {
			// As a void would leave it that forgot the days.
			(state.voided, state.pending) = (250_000, [0; energy::BUCKETS]);
			state.ring = [NOT_MEASURED; 96];
		}),
		("2", |state| state.energies[0] += 1),
		("2", |state| state.energies = [0; 10]),
		("3", |state| state.last_interval = START),
		("3", |state| state.bucket += 1),
		("4", |state| state.attested += 1),
		("4", |state| state.matured += 1),
		("4", |state| state.pending[0] += 1),
		("4", |state| state.voided = 250_001),
		("4", |state| {
			state.attested += u128::from(u64::MAX);
			state.matured += u128::from(u64::MAX);
		}),
		("6", |state| state.claimed[0] = 1),
		("6", |state| state.claimed[1] = 1),
		("7", |state| {
			(state.detained, state.pending) = (250_000, [0; energy::BUCKETS]);
		}),
		("7", |state| state.quarantined = true),
		("9", |state| state.measured_intervals = 0),
		("9", |state| state.measured_intervals = 2),
		("9", |state| state.days[0] = 97),
		("9", |state| state.ring[0] = 0),
		("11", |state| state.ripe.position = 1),
		("11", |state| (state.ripe.position, state.ripening.position) = (1, 1)),
		("11", |state| state.ripening.position = 1),
		("11", |state| state.ripening.position = 250_001),
		("11", |state| state.ripening.recovered = 1),
		("11", |state| state.ripe.interval = START - 9),
		("11", |state| state.ripening.interval = START - 8),
		("11", |state| state.ripe.interval = START - 11),
		("11", |state| state.ripe.epoch = 1),
		("11", |state| state.ripening_bucket = state.bucket + 1),
		("11", |state| {
			// As a void would leave it that kept the checkpoints.
			(state.voided, state.pending) = (250_000, [0; energy::BUCKETS]);
			(state.ring, state.energies) = ([NOT_MEASURED; 96], [0; 10]);
		}),
	];
	for (number, breakage) in breakages {
		new_test_ext().execute_with(|| {
			submit(vec![signed(reading(0, START - 10, 0))]);
			submit(vec![signed(reading(0, START - 9, 250_000))]);
			Metering::do_try_state().unwrap();
			break_state(breakage);
			assert_broken(number);
		});
	}
}

#[test]
fn invariants_notice_when_length_of_interval_is_out_of_range() {
	for millis in [49, 900_001] {
		new_test_ext().execute_with(|| {
			IntervalMillis::<Test>::put(millis);
			assert_broken("5");
		});
	}
}

#[test]
fn invariants_notice_when_challenges_are_broken() {
	type Breakage = fn();
	let breakages: [(&str, Breakage); 4] = [
		("7", || break_state(|state| state.quarantined = false)),
		("7", || Challenges::<Test>::remove(0)),
		("7", || MeterStates::<Test>::remove(0)),
		("8", || {
			Challenges::<Test>::mutate(0, |challenge| challenge.as_mut().unwrap().bond += 1);
		}),
	];
	for (number, breakage) in breakages {
		new_test_ext().execute_with(|| {
			submit(vec![signed(reading(0, START - 10, 0)), signed(reading(0, START - 9, 9))]);
			let evidence = b"hash".to_vec().try_into().unwrap();
			Metering::challenge(RuntimeOrigin::signed(WANDA), 0, evidence).unwrap();
			Metering::do_try_state().unwrap();
			breakage();
			assert_broken(number);
		});
	}
}

#[test]
fn invariants_notice_when_sum_of_a_node_is_broken() {
	let good = NodeInflow { interval: START - 1, energy: 5, meters: 1 };
	let slot = desk::inflow_slot(good.interval);
	for (slot, inflow) in [
		(slot - 1, good),
		(0, NodeInflow { interval: START, ..good }),
		(slot, NodeInflow { meters: 0, ..good }),
	] {
		new_test_ext().execute_with(|| {
			NodeFlows::<Test>::insert(0, desk::inflow_slot(good.interval), good);
			Metering::do_try_state().unwrap();
			NodeFlows::<Test>::insert(0, slot, inflow);
			assert_broken("10");
		});
	}
}

#[test]
fn invariants_notice_when_a_use_is_booked_by_nobody() {
	new_test_ext().execute_with(|| {
		Uses::<Test>::insert(0, (MeterUse::Lot, 1));
		Metering::do_try_state().unwrap();
		Uses::<Test>::insert(0, (MeterUse::Lot, 0));
		assert_broken("12");
	});
}
