//! Readings of meters without a key of their own.

use super::*;
use heliograph_primitives::keys::{MeterSignature, OracleSet, OracleSetId};
use sp_core::Pair;

const SET: OracleSetId = 7;

/// The device that is the oracle at this place of every set here.
const fn oracle(place: u8) -> u8 {
	100 + place
}

/// Meter 0 is attested by three of the five oracles of set 7, and stood at 1,000 kWh at the end of `START - 10`.
fn with_oracles(test: impl FnOnce()) {
	build_and_execute(|| {
		define(SET, 3, 5);
		Registry::set_meter(0, |info| info.key = MeterKey::Oracles(SET));
		assert_eq!(attest(vec![attested(BASE, &[0, 1, 2])]), vec![]);
		test();
	});
}

const BASE: Reading = Reading {
	meter: 0,
	epoch: 0,
	interval: START - 10,
	register: 1_000_000_000,
	quality: Quality::Measured,
};
const NEXT: Reading = Reading { interval: START - 9, register: 1_000_250_000, ..BASE };

fn define(set: OracleSetId, threshold: u8, size: u8) {
	let keys = (0..size)
		.map(|place| MeterKey::Ed25519(device(oracle(place)).public().0))
		.collect::<Vec<_>>();
	OracleSets::insert(set, OracleSet { threshold, keys: keys.try_into().unwrap() });
}

fn signature(reading: &Reading, place: u8) -> (u8, MeterSignature) {
	(place, device(oracle(place)).sign(&reading.signing_payload(&genesis_hash())).0)
}

fn attested(reading: Reading, places: &[u8]) -> AttestedReading {
	let signatures = places.iter().map(|place| signature(&reading, *place)).collect::<Vec<_>>();
	AttestedReading { reading, signatures: signatures.try_into().unwrap() }
}

fn attest(readings: Vec<AttestedReading>) -> Vec<Refusal> {
	System::reset_events();
	let readings = readings.try_into().unwrap();
	Metering::submit_attested_readings(RuntimeOrigin::signed(AGENT), readings).unwrap();
	refusals()
}

#[track_caller]
fn assert_not_attested(bad: AttestedReading, reason: Refusal) {
	let before = MeterStates::<Test>::iter().collect::<Vec<_>>();
	assert_eq!(attest(vec![bad]), vec![reason]);
	assert_eq!(MeterStates::<Test>::iter().collect::<Vec<_>>(), before);
}

#[test]
fn reading_counts_when_enough_oracles_agree() {
	with_oracles(|| {
		assert_eq!(attest(vec![attested(NEXT, &[4, 0, 2])]), vec![]);
		assert_eq!(state(0).attested, 250_000);
		assert_eq!(state(0).measured_in(START - 9), Some(250_000));
		assert_eq!(last_event(), Event::BatchJudged { operator: AGENT, accepted: 1, refused: 0 });
	});
}

#[test]
fn reading_is_refused_when_too_few_oracles_agree() {
	with_oracles(|| {
		assert_not_attested(attested(NEXT, &[]), Refusal::TooFewOracles);
		assert_not_attested(attested(NEXT, &[0, 1]), Refusal::TooFewOracles);
		// The same oracle twice is one oracle.
		assert_not_attested(attested(NEXT, &[0, 1, 1, 0]), Refusal::TooFewOracles);
		// A place that the set does not have is none.
		assert_not_attested(attested(NEXT, &[0, 1, 5]), Refusal::TooFewOracles);
		assert_not_attested(attested(NEXT, &[0, 1, 120]), Refusal::TooFewOracles);
	});
}

#[test]
fn reading_is_refused_when_oracles_saw_another_number() {
	with_oracles(|| {
		let other = Reading { register: NEXT.register + 1, ..NEXT };
		let mut mixed = attested(NEXT, &[0, 1]);
		mixed.signatures.try_push(signature(&other, 2)).unwrap();
		assert_not_attested(mixed, Refusal::TooFewOracles);
	});
}

#[test]
fn wrong_first_attester_does_not_block_the_rest() {
	with_oracles(|| {
		let mut signatures = vec![(3, [7; 64]), (9, [0; 64]), (0, [0; 64])];
		signatures.extend([0, 1, 2].map(|place| signature(&NEXT, place)));
		let reading = AttestedReading { reading: NEXT, signatures: signatures.try_into().unwrap() };
		assert_eq!(attest(vec![reading]), vec![]);
		assert_eq!(state(0).attested, 250_000);
	});
}

#[test]
fn reading_is_refused_when_set_is_unknown() {
	with_oracles(|| {
		OracleSets::remove(SET);
		assert_not_attested(attested(NEXT, &[0, 1, 2]), Refusal::UnknownOracleSet);
	});
}

#[test]
fn reading_is_refused_when_threshold_is_zero_and_nobody_signed() {
	with_oracles(|| {
		define(SET, 0, 5);
		assert_not_attested(attested(NEXT, &[]), Refusal::TooFewOracles);
	});
}

#[test]
fn reading_is_refused_when_meter_signs_for_itself() {
	with_oracles(|| {
		let of_device = Reading { meter: 1, ..NEXT };
		assert_not_attested(attested(of_device, &[0, 1, 2]), Refusal::NotAnOracleMeter);
	});
}

#[test]
fn device_signature_does_not_replace_oracles() {
	with_oracles(|| assert_refused(signed(NEXT), Refusal::NeedsOracles));
}

#[test]
fn rules_of_readings_hold_for_attested_ones() {
	with_oracles(|| {
		let all = [0, 1, 2];
		for (reading, reason) in [
			(Reading { meter: 9, ..NEXT }, Refusal::UnknownMeter),
			(Reading { interval: START, ..NEXT }, Refusal::IntervalNotOver),
			(Reading { register: 5, ..NEXT }, Refusal::RegisterWentBack),
			(Reading { register: 2_000_000_000, ..NEXT }, Refusal::AboveNameplate),
			(BASE, Refusal::Duplicate),
		] {
			assert_not_attested(attested(reading, &all), reason);
		}
		Registry::set_miner(0, |miner| miner.suspended = true);
		assert_not_attested(attested(NEXT, &all), Refusal::MinerNotActive);
	});
}

#[test]
fn sets_may_differ_between_readings_of_a_batch() {
	with_oracles(|| {
		define(8, 1, 1);
		Registry::set_meter(1, |info| info.key = MeterKey::Oracles(8));
		Registry::set_meter(2, |info| info.key = MeterKey::Oracles(9));
		let batch = vec![
			attested(NEXT, &[0, 1, 2]),
			attested(Reading { meter: 1, ..NEXT }, &[0]),
			attested(Reading { meter: 2, ..NEXT }, &[0]),
			attested(Reading { interval: START - 8, ..NEXT }, &[0]),
		];
		assert_eq!(attest(batch), vec![Refusal::UnknownOracleSet, Refusal::TooFewOracles]);
		assert_eq!((state(0).attested, state(1).register), (250_000, NEXT.register));
	});
}

#[test]
fn attested_batch_is_refused_when_it_is_not_in_order() {
	with_oracles(|| {
		let submit = |who, readings: Vec<AttestedReading>| {
			Metering::submit_attested_readings(
				RuntimeOrigin::signed(who),
				readings.try_into().unwrap(),
			)
		};
		assert_noop!(submit(AGENT, vec![]), Error::<Test>::EmptyBatch);
		// Nine readings without a signature, and two readings with nine together.
		assert_noop!(submit(AGENT, vec![attested(NEXT, &[]); 9]), Error::<Test>::BatchTooLong);
		let nine = vec![attested(NEXT, &[0, 1, 2, 3, 4]), attested(NEXT, &[0, 1, 2, 3])];
		assert_noop!(submit(AGENT, nine), Error::<Test>::BatchTooLong);
		assert_noop!(
			submit(STRANGER, vec![attested(NEXT, &[0, 1, 2])]),
			Error::<Test>::NotAnOperator
		);
	});
}

fn fee_of(reading: AttestedReading) -> Pays {
	Metering::submit_attested_readings(
		RuntimeOrigin::signed(AGENT),
		vec![reading].try_into().unwrap(),
	)
	.unwrap()
	.pays_fee
}

#[test]
fn fee_of_attested_readings_is_returned_by_the_same_rule() {
	with_oracles(|| {
		System::set_block_number(2);
		// Five signatures of the quota of twelve, one of them wrong: the reading is good.
		let mut good = attested(NEXT, &[0, 1, 2, 3]);
		good.signatures.try_insert(0, (4, [9; 64])).unwrap();
		assert_eq!(fee_of(good.clone()), Pays::No);
		// A replay is spam.
		assert_eq!(fee_of(good), Pays::Yes);
		// Ten are used.
		let next = Reading { interval: START - 8, ..NEXT };
		assert_eq!(fee_of(attested(next, &[0, 1, 2])), Pays::Yes);
		System::set_block_number(3);
		let next = Reading { interval: START - 7, ..NEXT };
		assert_eq!(fee_of(attested(next, &[0, 1, 2])), Pays::No);
	});
}

#[test]
fn weight_grows_with_readings_and_signatures() {
	struct PerItem;
	impl WeightInfo for PerItem {
		fn submit_readings(_: u32) -> Weight {
			Weight::zero()
		}
		fn submit_attested_readings(n: u32) -> Weight {
			Weight::from_parts(1_000 * u64::from(n), 0)
		}
		fn oracle_signatures(s: u32) -> Weight {
			Weight::from_parts(s.into(), 0)
		}
		fn challenge() -> Weight {
			Weight::zero()
		}
		fn uphold() -> Weight {
			Weight::zero()
		}
		fn dismiss() -> Weight {
			Weight::zero()
		}
		fn expire_challenge() -> Weight {
			Weight::zero()
		}
	}
	new_test_ext().execute_with(|| {
		let batch =
			vec![attested(NEXT, &[0, 1, 2, 3]), attested(BASE, &[0, 1])].try_into().unwrap();
		assert_eq!(attested_weight::<PerItem>(&batch).ref_time(), 2_004);
		let unsigned = vec![attested(NEXT, &[]); 3].try_into().unwrap();
		assert_eq!(attested_weight::<PerItem>(&unsigned).ref_time(), 3_000);
	});
}
