use crate::{
	mock::{Miners, *},
	*,
};
use frame_support::{assert_noop, assert_ok};
use heliograph_primitives::{keys::compact_ecdsa, miner::Flow};
use sp_core::{ecdsa, sr25519, Pair};
use sp_runtime::DispatchError::BadOrigin;

fn held(who: u64) -> u64 {
	Balances::balance_on_hold(&HoldReason::Registration.into(), &who)
}

fn last_event() -> RuntimeEvent {
	System::events().pop().expect("an event").event
}

fn apply_with(
	owner: u64,
	kind: MinerKind,
	profile: Profile,
	meters: Vec<MeterApplication>,
) -> DispatchResult {
	Miners::apply(RuntimeOrigin::signed(owner), kind, profile, meters.try_into().unwrap())
}

#[test]
fn application_holds_deposit_and_reserves_keys() {
	build_and_execute(|| {
		let application = olga_applies(&[1, 2]);
		assert_eq!(held(OLGA), 120);
		assert_eq!(KeyUses::<Test>::get(key(1)), Some(KeyUse::Application(application)));
		assert_eq!(last_event(), Event::Applied { application, owner: OLGA, deposit: 120 }.into());
		assert_eq!(Miners::open_applications().len(), 1);
	});
}

#[test]
fn application_takes_keys_of_every_scheme() {
	build_and_execute(|| {
		let payload = possession_payload(&Miners::genesis_hash(), &OLGA);
		let sr = sr25519::Pair::from_seed(&[5; 32]);
		let ec = ecdsa::Pair::from_seed(&[6; 32]);
		let meters = vec![
			meter(4, OLGA),
			MeterApplication {
				key: MeterKey::Sr25519(sr.public().0),
				possession: sr.sign(&payload).0,
				..meter(4, OLGA)
			},
			MeterApplication {
				key: MeterKey::Ecdsa(ec.public().0),
				possession: compact_ecdsa(&ec.sign(&payload).0).unwrap(),
				..meter(4, OLGA)
			},
		];
		assert_ok!(apply_with(OLGA, MinerKind::Storage, profile(), meters));
		assert_ok!(Miners::approve(RuntimeOrigin::root(), 0));
		assert_eq!(Miners::meters_of(0).len(), 3);
	});
}

#[test]
fn application_is_refused_when_proof_is_for_another_owner() {
	build_and_execute(|| {
		// Peter saw Olga's key and its proof on the chain and wants to be first.
		assert_noop!(
			apply_with(PETER, MinerKind::Standard, profile(), vec![meter(1, OLGA)]),
			Error::<Test>::BadPossessionProof
		);
	});
}

#[test]
fn application_is_refused_when_proof_is_for_another_chain() {
	build_and_execute(|| {
		let possession = device(1).sign(&possession_payload(&[9; 32], &OLGA)).0;
		let meters = vec![MeterApplication { possession, ..meter(1, OLGA) }];
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), meters),
			Error::<Test>::BadPossessionProof
		);
	});
}

#[test]
fn application_is_refused_when_key_is_in_use() {
	build_and_execute(|| {
		// Twice in one application.
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![meter(1, OLGA), meter(1, OLGA)]),
			Error::<Test>::KeyInUse
		);
		// In another open application, though the device vouches for both.
		olga_applies(&[1]);
		assert_noop!(
			apply_with(PETER, MinerKind::Standard, profile(), vec![meter(1, PETER)]),
			Error::<Test>::KeyInUse
		);
		// By a registered meter.
		assert_ok!(Miners::approve(RuntimeOrigin::root(), 0));
		assert_noop!(
			apply_with(PETER, MinerKind::Standard, profile(), vec![meter(1, PETER)]),
			Error::<Test>::KeyInUse
		);
	});
}

#[test]
fn application_is_refused_when_key_is_malformed() {
	build_and_execute(|| {
		let meters = vec![MeterApplication { key: MeterKey::Ecdsa([4; 33]), ..meter(1, OLGA) }];
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), meters),
			Error::<Test>::MalformedKey
		);
	});
}

#[test]
fn application_is_refused_when_nameplate_is_out_of_range() {
	build_and_execute(|| {
		for nameplate in [0, MAX_NAMEPLATE + 1, u32::MAX] {
			let meters = vec![MeterApplication { nameplate, ..meter(1, OLGA) }];
			assert_noop!(
				apply_with(OLGA, MinerKind::Standard, profile(), meters),
				Error::<Test>::NameplateOutOfRange
			);
		}
	});
}

#[test]
fn application_is_refused_when_profile_makes_no_sense() {
	build_and_execute(|| {
		let without_power = Profile { capacity: 0, ..profile() };
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, without_power, vec![meter(1, OLGA)]),
			Error::<Test>::CapacityIsZero
		);
		for location in ["", "U33DB", "u33a", "ü"] {
			let location = location.as_bytes().to_vec().try_into().unwrap();
			assert_noop!(
				apply_with(
					OLGA,
					MinerKind::Standard,
					Profile { location, ..profile() },
					vec![meter(1, OLGA)]
				),
				Error::<Test>::BadLocation
			);
		}
	});
}

#[test]
fn application_is_refused_when_meters_do_not_fit_the_kind() {
	build_and_execute(|| {
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![]),
			Error::<Test>::NoMeters
		);
		assert_noop!(
			apply_with(OLGA, MinerKind::Remote, profile(), vec![meter(1, OLGA)]),
			Error::<Test>::RemoteHasMeters
		);
		assert_ok!(apply_with(OLGA, MinerKind::Remote, profile(), vec![]));
		assert_eq!(held(OLGA), 100);
	});
}

#[test]
fn application_is_refused_when_deposit_cannot_be_held() {
	build_and_execute(|| {
		assert_noop!(
			apply_with(PAUPER, MinerKind::Standard, profile(), vec![meter(1, PAUPER)]),
			sp_runtime::TokenError::FundsUnavailable
		);
	});
}

#[test]
fn withdrawal_frees_deposit_and_keys() {
	build_and_execute(|| {
		let application = olga_applies(&[1]);
		assert_noop!(
			Miners::withdraw(RuntimeOrigin::signed(PETER), application),
			Error::<Test>::NotOwner
		);
		assert_ok!(Miners::withdraw(RuntimeOrigin::signed(OLGA), application));
		assert_eq!(last_event(), Event::Withdrawn { application, owner: OLGA }.into());
		assert_eq!(held(OLGA), 0);
		assert_noop!(
			Miners::withdraw(RuntimeOrigin::signed(OLGA), application),
			Error::<Test>::UnknownApplication
		);
		olga_applies(&[1]);
	});
}

#[test]
fn rejection_says_why_and_lets_the_applicant_try_again() {
	build_and_execute(|| {
		let application = olga_applies(&[1, 2]);
		let reason: BoundedVec<u8, _> = b"nameplate differs".to_vec().try_into().unwrap();
		assert_noop!(
			Miners::reject(RuntimeOrigin::signed(PETER), application, reason.clone()),
			BadOrigin
		);
		assert_ok!(Miners::reject(RuntimeOrigin::root(), application, reason.clone()));
		assert_eq!(last_event(), Event::Rejected { application, owner: OLGA, reason }.into());
		assert_eq!(held(OLGA), 0);
		assert_noop!(
			Miners::reject(RuntimeOrigin::root(), application, Default::default()),
			Error::<Test>::UnknownApplication
		);
		// Numbers are not reused.
		assert_eq!(olga_applies(&[1, 2]), application + 1);
	});
}

#[test]
fn approval_numbers_miner_and_meters() {
	build_and_execute(|| {
		assert_eq!(olga_is_admitted(&[1, 2]), 0);
		assert_eq!(
			last_event(),
			Event::Admitted { application: 0, miner: 0, owner: OLGA, first_meter: 0, meters: 2 }
				.into()
		);
		assert_eq!(olga_is_admitted(&[3]), 1);
		assert_eq!(Miners::miners_of(OLGA), vec![0, 1]);
		assert_eq!(
			Meters::<Test>::get(2),
			Some(MeterInfo { miner: 1, key: key(3), flow: Flow::Generation, nameplate: 5_000 })
		);
		assert_eq!(held(OLGA), 230);
		assert!(Miners::is_active(0));
		assert_eq!(Miners::miner(1).unwrap().profile, profile());
	});
}

#[test]
fn approval_is_refused_when_application_was_approved_before() {
	build_and_execute(|| {
		olga_is_admitted(&[1]);
		assert_noop!(Miners::approve(RuntimeOrigin::root(), 0), Error::<Test>::UnknownApplication);
	});
}

#[test]
fn approval_is_refused_when_origin_is_not_the_dao() {
	build_and_execute(|| {
		let application = olga_applies(&[1]);
		assert_noop!(Miners::approve(RuntimeOrigin::signed(OLGA), application), BadOrigin);
	});
}

#[test]
fn operator_serves_only_the_miners_that_name_it() {
	build_and_execute(|| {
		let (first, second) = (olga_is_admitted(&[1]), olga_is_admitted(&[2]));
		assert_noop!(
			Miners::add_operator(RuntimeOrigin::signed(PETER), first, AGENT),
			Error::<Test>::NotOwner
		);
		assert_noop!(
			Miners::add_operator(RuntimeOrigin::signed(OLGA), 7, AGENT),
			Error::<Test>::UnknownMiner
		);
		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), first, AGENT));
		assert_eq!(last_event(), Event::OperatorAdded { miner: first, operator: AGENT }.into());
		assert_noop!(
			Miners::add_operator(RuntimeOrigin::signed(OLGA), first, AGENT),
			Error::<Test>::AlreadyOperator
		);
		assert!(Miners::is_operator(&AGENT, first));
		assert!(!Miners::is_operator(&AGENT, second));
		assert!(Miners::is_any_operator(&AGENT));
		assert!(!Miners::is_any_operator(&OLGA));

		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), first, PETER));
		assert_noop!(
			Miners::add_operator(RuntimeOrigin::signed(OLGA), first, PAUPER),
			Error::<Test>::TooManyOperators
		);
	});
}

#[test]
fn operator_serves_no_longer_when_removed() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
		assert_noop!(
			Miners::remove_operator(RuntimeOrigin::signed(PETER), miner, AGENT),
			Error::<Test>::NotOwner
		);
		assert_ok!(Miners::remove_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
		assert_eq!(last_event(), Event::OperatorRemoved { miner, operator: AGENT }.into());
		assert!(!Miners::is_any_operator(&AGENT));
		assert_noop!(
			Miners::remove_operator(RuntimeOrigin::signed(OLGA), miner, AGENT),
			Error::<Test>::NotAnOperator
		);
	});
}

#[test]
fn suspension_and_reinstatement_belong_to_the_dao() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_noop!(Miners::suspend(RuntimeOrigin::signed(OLGA), miner), BadOrigin);
		assert_noop!(Miners::reinstate(RuntimeOrigin::root(), miner), Error::<Test>::NotSuspended);
		assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner));
		assert_eq!(last_event(), Event::Suspended { miner }.into());
		assert!(!Miners::is_active(miner));
		assert_noop!(
			Miners::suspend(RuntimeOrigin::root(), miner),
			Error::<Test>::AlreadySuspended
		);
		assert_noop!(Miners::reinstate(RuntimeOrigin::signed(OLGA), miner), BadOrigin);
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner));
		assert_eq!(last_event(), Event::Reinstated { miner }.into());
		assert!(Miners::is_active(miner));
		assert_noop!(Miners::suspend(RuntimeOrigin::root(), 9), Error::<Test>::UnknownMiner);
	});
}

#[test]
fn invariants_notice_when_state_is_broken() {
	type Breakage = fn();
	let breakages: [(&str, Breakage); 6] = [
		("1", || MinersByOwner::<Test>::insert(PETER, 0, ())),
		("2", || Meters::<Test>::remove(1)),
		("3", || KeyUses::<Test>::insert(key(9), KeyUse::Meter(0))),
		("4", || {
			Balances::release(&HoldReason::Registration.into(), &OLGA, 1, Precision::Exact)
				.unwrap();
		}),
		("5", || Operators::<Test>::insert(PETER, 0, ())),
		("6", || NextMinerId::<Test>::put(0)),
	];
	for (number, breakage) in breakages {
		new_test_ext().execute_with(|| {
			olga_is_admitted(&[1, 2]);
			olga_applies(&[3]);
			assert_ok!(Miners::do_try_state());
			breakage();
			let error = Miners::do_try_state().expect_err(number);
			let sp_runtime::DispatchError::Other(text) = error else { panic!("{error:?}") };
			assert!(text.starts_with(number), "breaking {number} gave: {text}");
		});
	}
}
