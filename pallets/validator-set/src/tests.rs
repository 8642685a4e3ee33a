use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError::BadOrigin;

fn active() -> Vec<u64> {
	Session::validators()
}

fn offend(validator: u64) {
	let details = OffenceDetails { offender: (validator, ()), reporters: Vec::<u64>::new() };
	<ValidatorSet as OnOffenceHandler<u64, (u64, ()), Weight>>::on_offence(
		&[details],
		&[Perbill::from_percent(100)],
		0,
	);
}

#[test]
fn genesis_sorts_validators_and_sets_lengths() {
	build_and_execute(|| {
		assert_eq!(Validators::<Test>::get(), vec![1, 2, 3]);
		assert_eq!(active(), vec![1, 2, 3]);
		assert_eq!(SlotMillis::<Test>::get(), 2_000);
	});
}

#[test]
fn added_validator_is_active_two_sessions_later() {
	build_and_execute(|| {
		assert_ok!(ValidatorSet::add_validator(RuntimeOrigin::root(), 4));
		pass_sessions(1);
		assert_eq!(active(), vec![1, 2, 3]);
		pass_sessions(1);
		assert_eq!(active(), vec![1, 2, 3, 4]);
	});
}

#[test]
fn removed_validator_is_inactive_two_sessions_later() {
	build_and_execute(|| {
		assert_ok!(ValidatorSet::remove_validator(RuntimeOrigin::root(), 1));
		pass_sessions(2);
		assert_eq!(active(), vec![2, 3]);
	});
}

#[test]
fn unchanged_set_is_not_planned_anew() {
	build_and_execute(|| {
		assert_eq!(<ValidatorSet as SessionManager<u64>>::new_session(1), None);
		assert_ok!(ValidatorSet::add_validator(RuntimeOrigin::root(), 4));
		assert_eq!(<ValidatorSet as SessionManager<u64>>::new_session(1), Some(vec![1, 2, 3, 4]));
		pass_sessions(1);
		assert_eq!(<ValidatorSet as SessionManager<u64>>::new_session(2), None);
	});
}

#[test]
fn addition_is_refused_when_origin_keys_or_room_are_missing() {
	build_and_execute(|| {
		assert_noop!(ValidatorSet::add_validator(RuntimeOrigin::signed(4), 4), BadOrigin);
		assert_noop!(
			ValidatorSet::add_validator(RuntimeOrigin::root(), 9),
			Error::<Test>::NoSessionKeys
		);
		assert_noop!(
			ValidatorSet::add_validator(RuntimeOrigin::root(), 2),
			Error::<Test>::AlreadyValidator
		);
		assert_ok!(ValidatorSet::add_validator(RuntimeOrigin::root(), 4));
		assert_noop!(
			ValidatorSet::add_validator(RuntimeOrigin::root(), 5),
			Error::<Test>::TooManyValidators
		);
	});
}

#[test]
fn removal_is_refused_when_too_few_would_remain() {
	build_and_execute(|| {
		assert_noop!(ValidatorSet::remove_validator(RuntimeOrigin::signed(1), 1), BadOrigin);
		assert_noop!(
			ValidatorSet::remove_validator(RuntimeOrigin::root(), 4),
			Error::<Test>::NotValidator
		);
		assert_ok!(ValidatorSet::remove_validator(RuntimeOrigin::root(), 3));
		assert_noop!(
			ValidatorSet::remove_validator(RuntimeOrigin::root(), 2),
			Error::<Test>::TooFewValidators
		);
	});
}

#[test]
fn offender_is_removed_while_enough_remain() {
	build_and_execute(|| {
		offend(2);
		assert_eq!(Validators::<Test>::get(), vec![1, 3]);
		// Reported again: nothing more happens.
		offend(2);
		offend(3);
		assert_eq!(Validators::<Test>::get(), vec![1, 3]);
		assert_eq!(
			System::events().pop().unwrap().event,
			Event::OffenderKept { validator: 3 }.into()
		);
	});
}

#[test]
fn session_length_is_estimated() {
	build_and_execute(|| {
		assert_eq!(ValidatorSet::average_session_length(), 5);
		assert_eq!(ValidatorSet::estimate_next_session_rotation(7).0, Some(10));
		assert_eq!(ValidatorSet::estimate_next_session_rotation(10).0, Some(15));
		assert_eq!(
			ValidatorSet::estimate_current_session_progress(7).0,
			Some(sp_runtime::Permill::from_percent(40))
		);
	});
}
