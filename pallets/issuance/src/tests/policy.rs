//! Small requests without a vote.

use crate::{mock::*, *};
use frame_support::assert_ok;

fn set(max_energy: Balance, daily_cap: Balance, min_reported: Permill) {
	let policy = Some(Policy { max_energy, daily_cap, min_reported });
	assert_ok!(Issuance::set_policy(RuntimeOrigin::root(), policy));
	System::assert_last_event(Event::PolicySet { policy }.into());
	assert_eq!(Issuance::policy(), policy);
}

fn generous() {
	set(100 * KWH, 1_000 * KWH, Permill::zero());
}

/// A roof with a request that the DAO approved.
fn trusted(owner: &AccountId) -> (MinerId, MeterId) {
	let (miner, meter) = roof(owner);
	mature_energy(meter, KWH);
	approve(&[request(owner, miner, &[meter], Payout::Direct)]).pop().unwrap().unwrap();
	(miner, meter)
}

/// The owner asks for all that matured. Whether the policy approved it.
fn is_automatic(owner: &AccountId, miner: MinerId, meter: MeterId) -> bool {
	System::reset_events();
	let id = request(owner, miner, &[meter], Payout::Direct);
	Issuance::request(id).is_none()
}

#[test]
fn policy_is_off_until_it_is_set_and_after_it_is_ended() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		mature_energy(meter, KWH);
		assert_eq!(Issuance::policy(), None);
		assert!(!is_automatic(&OLGA, miner, meter));
		Issuance::withdraw(signed(&OLGA), 1).unwrap();
		generous();
		assert_ok!(Issuance::set_policy(RuntimeOrigin::root(), None));
		assert!(!is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn small_request_of_a_clean_miner_is_paid_at_once() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		generous();
		mature_energy(meter, 100 * KWH);
		let before = wealth(&OLGA);
		assert!(is_automatic(&OLGA, miner, meter));
		let settlement = rulings().pop().unwrap().unwrap();
		System::assert_last_event(
			Event::Approved {
				request: 1,
				miner,
				owner: OLGA,
				node: None,
				automatic: true,
				settlement,
			}
			.into(),
		);
		assert_eq!(gain(&OLGA, before), Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 });
		assert_eq!(
			Issuance::record_of(miner),
			Record { approved: 1, automatic: 1, rejected: 0, clean: true }
		);
	});
}

#[test]
fn first_request_is_for_the_dao() {
	build_and_execute(|| {
		generous();
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		assert!(!is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn miner_with_a_rejection_is_for_the_dao_until_it_approves_again() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		mature_energy(meter, KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		reject(id);
		generous();
		// Neither a new request nor the rejected one slips through.
		assert_ok!(Issuance::resubmit(signed(&OLGA), id));
		assert!(Issuance::request(id + 1).is_some());
		assert_ok!(Issuance::withdraw(signed(&OLGA), id + 1));
		assert!(!is_automatic(&OLGA, miner, meter));
		assert!(approve(&[id + 2])[0].is_ok());
		mature_energy(meter, KWH);
		assert!(is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn request_above_the_size_is_for_the_dao() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		set(100 * KWH - 1, 1_000 * KWH, Permill::zero());
		mature_energy(meter, 100 * KWH);
		assert!(!is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn size_and_cap_are_judged_by_what_was_received() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		send_to_noras_node(meter);
		set(92 * KWH, 92 * KWH, Permill::zero());
		mature_energy(meter, 100 * KWH);
		node_received(meter, 100 * KWH, 92 * KWH);
		assert!(is_automatic(&OLGA, miner, meter));
		assert_eq!(AutoApproved::<Test>::get().energy, 92 * KWH);
		assert_eq!(Issued::<Test>::get(), 93 * KWH);
	});
}

#[test]
fn day_has_a_cap_over_all_miners() {
	build_and_execute(|| {
		let (olgas, peters) = (trusted(&OLGA), trusted(&PETER));
		set(100 * KWH, 150 * KWH, Permill::zero());
		deliver(olgas.1, 100 * KWH);
		deliver(peters.1, 51 * KWH);
		mature();
		assert!(is_automatic(&OLGA, olgas.0, olgas.1));
		assert_eq!(AutoApproved::<Test>::get().energy, 100 * KWH);
		assert!(!is_automatic(&PETER, peters.0, peters.1));
		// The next day has a cap of its own.
		let id = NextRequestId::<Test>::get() - 1;
		assert_ok!(Issuance::withdraw(signed(&PETER), id));
		go_to((Metering::current_interval() / 96 + 1) * 96);
		assert!(is_automatic(&PETER, peters.0, peters.1));
		assert_eq!(AutoApproved::<Test>::get().energy, 51 * KWH);
	});
}

#[test]
fn miner_that_was_voided_or_is_not_in_order_is_for_the_dao() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		generous();
		mature_energy(meter, KWH);
		Miners::set_hardware(signed(&OLGA), miner, HardwareStatus::Maintenance).unwrap();
		assert!(!is_automatic(&OLGA, miner, meter));
		Issuance::withdraw(signed(&OLGA), 1).unwrap();
		Miners::set_hardware(signed(&OLGA), miner, HardwareStatus::Ok).unwrap();
		deliver(meter, KWH);
		let evidence = b"the meter was bridged".to_vec().try_into().unwrap();
		Metering::challenge(signed(&CAROL), meter, evidence).unwrap();
		Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
		assert!(!is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn silent_meter_is_for_the_dao() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		// It is silent for a day while what it delivered matures.
		set(100 * KWH, 1_000 * KWH, Permill::from_percent(50));
		mature_energy(meter, KWH);
		assert!(!is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn meter_that_reports_enough_is_paid() {
	build_and_execute(|| {
		let (miner, meter) = trusted(&OLGA);
		set(1_000 * KWH, 1_000 * KWH, Permill::from_percent(50));
		for _ in 0..250 {
			deliver(meter, KWH);
		}
		assert!(is_automatic(&OLGA, miner, meter));
	});
}

#[test]
fn request_that_the_fund_cannot_pay_waits_for_the_dao() {
	ExtBuilder { fund: DECA, ..Default::default() }.execute(|| {
		let (miner, meter) = trusted(&OLGA);
		generous();
		mature_energy(meter, 100 * KWH);
		assert!(!is_automatic(&OLGA, miner, meter));
		assert_eq!(rulings(), vec![Err(Error::<Test>::FundTooLow.into())]);
		assert_eq!(AutoApproved::<Test>::get(), DaySum::default());
		assert_eq!(Issued::<Test>::get(), KWH);
	});
}
