use crate::{mock::*, state::NOT_MEASURED, *};
use frame_support::{assert_noop, dispatch::PostDispatchInfo};
use heliograph_primitives::{
	reading::{Quality, Reading},
	units::MAX_LATENESS,
};
use proptest::prelude::*;
use sp_core::Pair;
use sp_io::hashing::blake2_256;

/// Nothing of `meter` changes when `bad` is submitted, and it is refused for `reason`.
#[track_caller]
fn assert_refused(bad: SignedReading, reason: Refusal) {
	let before = MeterStates::<Test>::iter().collect::<Vec<_>>();
	assert_eq!(submit(vec![bad]), vec![reason]);
	assert_eq!(MeterStates::<Test>::iter().collect::<Vec<_>>(), before);
}

/// Meter 0 stood at 1,000 kWh at the end of interval `START - 10`.
fn with_base(test: impl FnOnce()) {
	build_and_execute(|| {
		assert_eq!(submit(vec![signed(reading(0, START - 10, 1_000_000_000))]), vec![]);
		test();
	});
}

#[test]
fn first_reading_is_a_base_and_credits_nothing() {
	with_base(|| {
		let state = state(0);
		assert_eq!((state.attested, state.recovered), (0, 0));
		assert_eq!((state.register, state.last_interval), (1_000_000_000, START - 10));
		assert_eq!(state.ring, [NOT_MEASURED; 96]);
	});
}

#[test]
fn next_interval_is_measured_and_stands_in_the_ring() {
	with_base(|| {
		assert_eq!(submit(vec![signed(reading(0, START - 9, 1_000_250_000))]), vec![]);
		let state = state(0);
		assert_eq!((state.attested, state.recovered), (250_000, 0));
		assert_eq!(state.measured_in(START - 9), Some(250_000));
		assert_eq!(state.measured_in(START - 10), None);
		assert_eq!(state.measured_in(START - 8), None);
	});
}

#[test]
fn span_over_several_intervals_is_recovered_and_stands_in_no_slot() {
	with_base(|| {
		submit(vec![signed(reading(0, START - 9, 1_000_250_000))]);
		assert_eq!(submit(vec![signed(reading(0, START - 5, 1_001_000_000))]), vec![]);
		let state = state(0);
		assert_eq!((state.attested, state.recovered), (1_000_000, 750_000));
		assert_eq!(state.measured_in(START - 9), Some(250_000));
		for interval in START - 8..START {
			assert_eq!(state.measured_in(interval), None);
		}
	});
}

#[test]
fn interval_whose_end_was_not_seen_is_recovered() {
	with_base(|| {
		let late = Reading { quality: Quality::Recovered, ..reading(0, START - 9, 1_000_250_000) };
		assert_eq!(submit(vec![signed(late)]), vec![]);
		assert_eq!((state(0).attested, state(0).recovered), (250_000, 250_000));
		assert_eq!(state(0).measured_in(START - 9), None);
	});
}

#[test]
fn ring_forgets_what_is_a_day_old() {
	with_base(|| {
		submit(vec![signed(reading(0, START - 9, 1_000_250_000))]);
		go_to(START + 200);
		submit(vec![signed(reading(0, START - 9 + 96, 1_000_500_000))]);
		// The same slot, another interval.
		assert_eq!(state(0).measured_in(START - 9), None);
		assert_eq!(state(0).measured_in(START - 9 + 96), None);
		assert_eq!(state(0).ring_total(), 0);
		assert_eq!(state(0).attested, 500_000);
	});
}

#[test]
fn new_epoch_is_a_base_and_keeps_what_was_attested() {
	with_base(|| {
		submit(vec![signed(reading(0, START - 9, 1_000_250_000))]);
		let reset = Reading { epoch: 1, ..reading(0, START - 8, 40_000) };
		let after = Reading { epoch: 1, ..reading(0, START - 7, 140_000) };
		assert_eq!(submit(vec![signed(reset), signed(after)]), vec![]);
		assert_eq!((state(0).epoch, state(0).attested), (1, 350_000));
		assert_eq!(state(0).measured_in(START - 8), None);
		assert_eq!(state(0).measured_in(START - 7), Some(100_000));
	});
}

#[test]
fn reading_is_refused_when_signature_is_wrong() {
	with_base(|| {
		let good = signed(reading(0, START - 9, 1_000_250_000));
		// Signed by another meter's device; of another register; for another chain; not at all.
		let by_another = device(1).sign(&good.reading.signing_payload(&genesis_hash())).0;
		let of_another = signed(Reading { register: 1_000_250_001, ..good.reading }).signature;
		let for_another = device(0).sign(&good.reading.signing_payload(&[7; 32])).0;
		for signature in [by_another, of_another, for_another, [0; 64]] {
			assert_refused(SignedReading { signature, ..good }, Refusal::BadSignature);
		}
		assert_eq!(submit(vec![good]), vec![]);
	});
}

#[test]
fn reading_is_refused_when_meter_is_unknown() {
	build_and_execute(|| assert_refused(signed(reading(3, START - 1, 1)), Refusal::UnknownMeter));
}

#[test]
fn reading_is_refused_when_operator_serves_another_miner() {
	build_and_execute(|| {
		register(OLGA, &[3]);
		assert_refused(signed(reading(3, START - 1, 1)), Refusal::NotOperator);
	});
}

#[test]
fn batch_is_refused_when_submitter_operates_nothing() {
	build_and_execute(|| {
		let batch: Batch = vec![signed(reading(0, START - 1, 1))].try_into().unwrap();
		assert_noop!(
			Metering::submit_readings(RuntimeOrigin::signed(STRANGER), batch.clone()),
			Error::<Test>::NotAnOperator
		);
		Miners::remove_operator(RuntimeOrigin::signed(OLGA), 0, AGENT).unwrap();
		assert_noop!(
			Metering::submit_readings(RuntimeOrigin::signed(AGENT), batch),
			Error::<Test>::NotAnOperator
		);
	});
}

#[test]
fn reading_is_refused_when_interval_is_not_over() {
	build_and_execute(|| {
		for interval in [START, START + 1, u32::MAX] {
			assert_refused(signed(reading(0, interval, 1)), Refusal::IntervalNotOver);
		}
		assert_eq!(submit(vec![signed(reading(0, START - 1, 1))]), vec![]);
	});
}

#[test]
fn reading_is_refused_when_older_than_90_days() {
	build_and_execute(|| {
		assert_refused(signed(reading(0, START - MAX_LATENESS - 1, 1)), Refusal::TooOld);
		assert_eq!(submit(vec![signed(reading(0, START - MAX_LATENESS, 1))]), vec![]);
	});
}

#[test]
fn reading_is_reported_as_duplicate_when_repeated() {
	with_base(|| {
		let good = signed(reading(0, START - 9, 1_000_250_000));
		assert_eq!(submit(vec![good, good]), vec![Refusal::Duplicate]);
		assert_refused(good, Refusal::Duplicate);
		assert_eq!(state(0).attested, 250_000);
	});
}

#[test]
fn reading_is_accepted_once_when_two_operators_submit_it() {
	with_base(|| {
		Miners::add_operator(RuntimeOrigin::signed(OLGA), 0, STRANGER).unwrap();
		let good = signed(reading(0, START - 9, 1_000_250_000));
		assert_eq!(submit(vec![good]), vec![]);
		System::reset_events();
		Metering::submit_readings(RuntimeOrigin::signed(STRANGER), vec![good].try_into().unwrap())
			.unwrap();
		assert_eq!(refusals(), vec![Refusal::Duplicate]);
		assert_eq!(state(0).attested, 250_000);
	});
}

#[test]
fn reading_is_refused_when_interval_is_not_newer() {
	with_base(|| {
		// Another register for the same interval, and an older interval.
		assert_refused(signed(reading(0, START - 10, 1_000_000_001)), Refusal::IntervalNotNewer);
		assert_refused(signed(reading(0, START - 11, 1_000_000_001)), Refusal::IntervalNotNewer);
	});
}

#[test]
fn reading_is_refused_when_register_went_back() {
	with_base(|| {
		assert_refused(signed(reading(0, START - 9, 999_999_999)), Refusal::RegisterWentBack);
		// A spurious zero is not an energy.
		assert_refused(signed(reading(0, START - 9, 0)), Refusal::RegisterWentBack);
	});
}

#[test]
fn reading_is_refused_when_energy_is_above_nameplate() {
	with_base(|| {
		let bound = 5_000 * 275;
		assert_refused(
			signed(reading(0, START - 9, 1_000_000_000 + bound + 1)),
			Refusal::AboveNameplate,
		);
		assert_eq!(submit(vec![signed(reading(0, START - 9, 1_000_000_000 + bound))]), vec![]);
		// The bound grows with the time that went by.
		assert_eq!(submit(vec![signed(reading(0, START - 6, 1_000_000_000 + 4 * bound))]), vec![]);
	});
}

#[test]
fn reading_is_refused_when_epoch_is_old_or_skipped() {
	with_base(|| {
		let reset = Reading { epoch: 1, ..reading(0, START - 9, 5) };
		assert_eq!(submit(vec![signed(reset)]), vec![]);
		assert_refused(signed(reading(0, START - 8, 1_000_250_000)), Refusal::OldEpoch);
		let skipped = Reading { epoch: 3, ..reading(0, START - 8, 6) };
		assert_refused(signed(skipped), Refusal::EpochSkipped);
	});
}

#[test]
fn reading_is_refused_while_miner_is_suspended() {
	with_base(|| {
		let good = signed(reading(0, START - 9, 1_000_250_000));
		Miners::suspend(RuntimeOrigin::root(), 0).unwrap();
		assert_refused(good, Refusal::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), 0).unwrap();
		assert_eq!(submit(vec![good]), vec![]);
	});
}

#[test]
fn good_readings_stand_beside_bad_ones() {
	build_and_execute(|| {
		let bad = SignedReading { signature: [1; 64], ..signed(reading(1, START - 1, 5)) };
		let batch = vec![
			signed(reading(0, START - 1, 5)),
			bad,
			signed(reading(9, START - 1, 5)),
			signed(reading(2, START - 1, 5)),
		];
		assert_eq!(submit(batch), vec![Refusal::BadSignature, Refusal::UnknownMeter]);
		assert_eq!(MeterStates::<Test>::iter_keys().count(), 2);
		assert_eq!(
			System::events().pop().unwrap().event,
			Event::BatchJudged { operator: AGENT, accepted: 2, refused: 2 }.into()
		);
	});
}

#[test]
fn batch_is_refused_when_empty_or_too_long() {
	build_and_execute(|| {
		assert_noop!(
			Metering::submit_readings(RuntimeOrigin::signed(AGENT), Default::default()),
			Error::<Test>::EmptyBatch
		);
		let nine = vec![signed(reading(0, START - 1, 5)); 9];
		assert_noop!(
			Metering::submit_readings(RuntimeOrigin::signed(AGENT), nine.try_into().unwrap()),
			Error::<Test>::BatchTooLong
		);
	});
}

fn fee_of(readings: Vec<SignedReading>) -> Pays {
	let PostDispatchInfo { pays_fee, .. } =
		Metering::submit_readings(RuntimeOrigin::signed(AGENT), readings.try_into().unwrap())
			.unwrap();
	pays_fee
}

#[test]
fn fee_is_returned_only_when_whole_batch_was_good() {
	build_and_execute(|| {
		let good = signed(reading(0, START - 2, 5));
		assert_eq!(fee_of(vec![good]), Pays::No);
		// A replay is spam too.
		assert_eq!(fee_of(vec![good]), Pays::Yes);
		let bad = SignedReading { signature: [1; 64], ..signed(reading(1, START - 1, 5)) };
		assert_eq!(fee_of(vec![signed(reading(0, START - 1, 5)), bad]), Pays::Yes);
	});
}

#[test]
fn fee_is_returned_only_within_the_quota_of_a_block() {
	build_and_execute(|| {
		let batch = |from: u32| {
			(from..from + 8)
				.map(|i| signed(reading(0, START - 100 + i, i.into())))
				.collect::<Vec<_>>()
		};
		assert_eq!(fee_of(batch(0)), Pays::No);
		assert_eq!(fee_of(batch(8)), Pays::Yes);
		System::set_block_number(2);
		assert_eq!(fee_of(batch(16)), Pays::No);
	});
}

#[test]
fn interval_length_is_a_genesis_constant() {
	use sp_runtime::BuildStorage;
	let storage = GenesisConfig::<Test> { interval_millis: Some(3_000), ..Default::default() }
		.build_storage()
		.unwrap();
	sp_io::TestExternalities::new(storage).execute_with(|| {
		Timestamp::set_timestamp(3_000 * 7 + 2_999);
		assert_eq!(Metering::current_interval(), 7);
	});
	new_test_ext().execute_with(|| assert_eq!(Metering::current_interval(), START));
}

#[test]
fn history_proves_exactly_the_accepted_readings() {
	with_base(|| {
		let mut expected = blake2_256(&([0u8; 32], reading(0, START - 10, 1_000_000_000)).encode());
		assert_eq!(state(0).history, expected);
		submit(vec![signed(reading(0, START - 9, 0))]);
		assert_eq!(state(0).history, expected);
		submit(vec![signed(reading(0, START - 9, 1_000_000_001))]);
		expected = blake2_256(&(expected, reading(0, START - 9, 1_000_000_001)).encode());
		assert_eq!(state(0).history, expected);
	});
}

#[test]
fn state_has_constant_size() {
	with_base(|| {
		let size = state(0).encoded_size();
		go_to(START + 500);
		for i in 0..400 {
			submit(vec![signed(reading(0, START + i, 1_000_000_000 + u64::from(i) * 1_000))]);
		}
		assert_eq!(state(0).encoded_size(), size);
		assert!(size <= MeterState::max_encoded_len());
	});
}

#[test]
fn invariants_notice_when_state_is_broken() {
	type Breakage = fn(&mut MeterState);
	let breakages: [(&str, Breakage); 3] = [
		("1", |state| state.recovered = state.attested + 1),
		("2", |state| state.ring[5] = 250_001),
		("3", |state| state.last_interval = START),
	];
	for (number, breakage) in breakages {
		new_test_ext().execute_with(|| {
			submit(vec![signed(reading(0, START - 10, 0))]);
			submit(vec![signed(reading(0, START - 9, 250_000))]);
			Metering::do_try_state().unwrap();
			MeterStates::<Test>::mutate(0, |state| breakage(state.as_mut().unwrap()));
			assert_broken(number);
		});
	}
	new_test_ext().execute_with(|| {
		MeterStates::<Test>::insert(9, MeterState::first(&reading(9, START - 1, 0)));
		assert_broken("4");
	});
	new_test_ext().execute_with(|| {
		IntervalMillis::<Test>::put(999);
		assert_broken("5");
	});
}

#[track_caller]
fn assert_broken(number: &str) {
	match Metering::do_try_state() {
		Err(DispatchError::Other(text)) if text.starts_with(number) => {}
		other => panic!("breaking {number} gave {other:?}"),
	}
}

/// A device's life: at each step some intervals go by, its register moves, and it may be reset.
#[derive(Clone, Debug)]
struct Step {
	gap: u32,
	energy: u64,
	reset: bool,
	recovered: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
	let step = (1..4u32, 0..2_000_000u64, prop::bool::weighted(0.05), prop::bool::weighted(0.1))
		.prop_map(|(gap, energy, reset, recovered)| Step { gap, energy, reset, recovered });
	prop::collection::vec(step, 1..300)
}

proptest! {
	/// The state after any history equals what a plain list of that history adds up to.
	#[test]
	fn state_agrees_with_a_list_of_everything(steps in steps()) {
		let mut now = Reading { meter: 0, epoch: 0, interval: START, register: 7, quality: Quality::Measured };
		let mut state = MeterState::first(&now);
		// (interval, energy) of what was measured, and the sum of what was recovered.
		let (mut measured, mut recovered) = (Vec::<(u32, u64)>::new(), 0u128);
		for step in steps {
			let before = (state.clone(), now);
			now.interval += step.gap;
			now.register = if step.reset { step.energy } else { now.register + step.energy };
			now.epoch += u16::from(step.reset);
			now.quality = if step.recovered { Quality::Recovered } else { Quality::Measured };
			match state.judge(&now, NAMEPLATE) {
				Ok(credit) => {
					state.apply(&now, credit);
					prop_assert!(step.reset || step.energy <= u64::from(step.gap) * 1_375_000);
					match (step.reset, step.gap, step.recovered) {
						(true, ..) => {},
						(_, 1, false) => measured.push((now.interval, step.energy)),
						_ => recovered += u128::from(step.energy),
					}
				},
				Err(reason) => {
					prop_assert_eq!(reason, Refusal::AboveNameplate);
					prop_assert!(step.energy > u64::from(step.gap) * 1_375_000);
					(state, now) = before;
				},
			}
			let sum = measured.iter().map(|(_, energy)| u128::from(*energy)).sum::<u128>();
			prop_assert_eq!(state.attested, sum + recovered);
			prop_assert_eq!(state.recovered, recovered);
			let day = measured.iter().filter(|(i, _)| now.interval - i < 96);
			prop_assert_eq!(state.ring_total(), day.map(|(_, e)| u128::from(*e)).sum::<u128>());
		}
		for (interval, energy) in measured {
			if now.interval - interval < 96 {
				prop_assert_eq!(state.measured_in(interval).map(u64::from), Some(energy));
			}
		}
	}

	/// No reading whatever, in any order, makes the attested total fall or credits more than the nameplate allows.
	#[test]
	fn any_readings_keep_the_totals_monotone_and_bounded(
		readings in prop::collection::vec((0..4u16, 0..40u32, any::<u64>(), any::<bool>()), 1..100)
	) {
		let base = Reading { meter: 0, epoch: 0, interval: START, register: 0, quality: Quality::Measured };
		let mut state = MeterState::first(&base);
		for (epoch, interval, register, measured) in readings {
			let quality = if measured { Quality::Measured } else { Quality::Recovered };
			let register = register % 50_000_000;
			let reading = Reading { epoch, interval: START + interval, register, quality, ..base };
			let before = state.attested;
			if let Ok(credit) = state.judge(&reading, NAMEPLATE) {
				state.apply(&reading, credit);
			}
			prop_assert!(state.attested >= before);
			let elapsed = u128::from(state.last_interval - START);
			prop_assert!(state.attested <= elapsed * 1_375_000);
			prop_assert!(state.recovered <= state.attested);
		}
	}
}
