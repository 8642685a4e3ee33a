//! Readings of devices: what is accepted, what is refused and why, and who pays.

use super::*;
use frame_support::dispatch::PostDispatchInfo;
use heliograph_primitives::units::MAX_LATENESS;
use sp_core::Pair;
use sp_io::hashing::blake2_256;

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
		Operators::remove(AGENT, 0);
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
		Operators::insert(STRANGER, 0, ());
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
		Registry::set_miner(0, |miner| miner.suspended = true);
		assert_refused(good, Refusal::MinerNotActive);
		Registry::set_miner(0, |miner| miner.suspended = false);
		assert_eq!(submit(vec![good]), vec![]);
	});
}

#[test]
fn reading_is_refused_when_miner_is_revoked() {
	with_base(|| {
		Registry::set_miner(0, |miner| miner.revoked = true);
		assert_refused(signed(reading(0, START - 9, 1_000_250_000)), Refusal::UnknownMeter);
	});
}

#[test]
fn reading_is_refused_when_meter_is_retired() {
	with_base(|| {
		Registry::set_meter(0, |info| info.retired = true);
		assert_refused(signed(reading(0, START - 9, 1_000_250_000)), Refusal::MeterRetired);
	});
}

#[test]
fn reading_is_refused_when_signed_by_the_key_before() {
	with_base(|| {
		let good = reading(0, START - 9, 1_000_250_000);
		Registry::set_meter(0, |info| info.key = MeterKey::Ed25519(device(9).public().0));
		assert_refused(signed(good), Refusal::BadSignature);
		let signature = device(9).sign(&good.signing_payload(&genesis_hash())).0;
		assert_eq!(submit(vec![SignedReading { reading: good, signature }]), vec![]);
	});
}

#[test]
fn reading_is_refused_when_meter_needs_oracles() {
	build_and_execute(|| {
		Registry::set_meter(0, |info| info.key = MeterKey::Oracles(0));
		assert_refused(signed(reading(0, START - 1, 1)), Refusal::NeedsOracles);
	});
}

#[test]
fn reading_is_refused_when_a_meter_would_attest_more_than_any_can() {
	let base = Reading { interval: 0, ..reading(0, 0, 0) };
	let full = MeterState { attested: u64::MAX.into(), ..MeterState::first(&base) };
	let more = reading(0, 1, 1);
	assert_eq!(full.judge(&more, NAMEPLATE), Err(Refusal::AboveNameplate));
	// Which is more than the largest meter carries in all intervals that there are.
	assert!(plausible_energy(MAX_NAMEPLATE, u32::MAX) < u64::MAX);
}

#[test]
fn batch_of_one_meter_moves_it_as_single_readings_do() {
	let readings = [(9, 0), (8, 250_000), (4, 900_000), (3, 950_000), (2, 1_200_000)]
		.map(|(ago, register)| reading(0, START - ago, register));
	let one_by_one = new_test_ext().execute_with(|| {
		for reading in readings {
			assert_eq!(submit(vec![signed(reading)]), vec![]);
		}
		state(0)
	});
	build_and_execute(|| {
		let wrong = SignedReading { signature: [1; 64], ..signed(readings[3]) };
		let mut batch = readings.map(signed).to_vec();
		batch.insert(3, wrong);
		assert_eq!(submit(batch), vec![Refusal::BadSignature]);
		assert_eq!(state(0), one_by_one);
	});
}

#[test]
fn batch_in_which_meters_take_turns_loses_nothing() {
	build_and_execute(|| {
		let batch = [(0, 9, 0), (1, 9, 0), (0, 8, 250), (7, 8, 1), (1, 8, 300), (0, 7, 600)]
			.map(|(meter, ago, register)| signed(reading(meter, START - ago, register)));
		assert_eq!(submit(batch.to_vec()), vec![Refusal::UnknownMeter]);
		assert_eq!((state(0).attested, state(1).attested), (600, 300));
		assert_eq!((state(0).last_interval, state(1).last_interval), (START - 7, START - 8));
	});
}

#[test]
fn measured_intervals_are_counted_by_day() {
	build_and_execute(|| {
		assert_eq!(Metering::completeness(0), vec![]);
		// The day before START: two measured, one recovered span, then one measured on the day of START.
		for (interval, register) in
			[(START - 9, 0), (START - 8, 100), (START - 7, 200), (START - 1, 300)]
		{
			assert_eq!(submit(vec![signed(reading(0, interval, register))]), vec![]);
		}
		go_to(START + 1);
		submit(vec![signed(reading(0, START, 400))]);
		let today = START / 96;
		let expected = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1];
		let expected = (today - 9..).zip(expected).collect::<Vec<_>>();
		assert_eq!(Metering::completeness(0), expected);
		assert_eq!((state(0).measured_intervals, state(0).first_interval), (3, START - 9));

		// Nine days later the first day is forgotten, the sum is not.
		go_to(START + 10 * 96);
		submit(vec![signed(reading(0, START + 9 * 96, 500))]);
		let expected = (0..10).map(|age| (today + age, u8::from(age == 0)));
		assert_eq!(Metering::completeness(0), expected.collect::<Vec<_>>());
		assert_eq!(state(0).measured_intervals, 3);
	});
}

#[test]
fn day_can_be_complete() {
	build_and_execute(|| {
		submit(vec![signed(reading(0, START - 1, 0))]);
		go_to(START + 96);
		for interval in START..START + 96 {
			submit(vec![signed(reading(0, interval, u64::from(interval - START) * 10))]);
		}
		assert_eq!(Metering::completeness(0).pop(), Some((START / 96, 96)));
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
#[should_panic = "metering.intervalMillis must be between 50 and 900,000, is 49"]
fn interval_length_is_refused_when_below_50_milliseconds() {
	use sp_runtime::BuildStorage;
	let genesis = GenesisConfig::<Test> { interval_millis: Some(49), ..Default::default() };
	assert!(genesis.build_storage().is_err());
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
