use super::*;
use heliograph_primitives::{
	keys::compact_ecdsa, reading::possession_payload, units::MAX_NAMEPLATE,
};
use sp_core::{ecdsa, sr25519, Pair};

#[test]
fn application_holds_deposit_and_reserves_keys() {
	build_and_execute(|| {
		let application = olga_applies(&[1, 2]);
		assert_eq!(held(OLGA), 120);
		assert_eq!(KeyUses::<Test>::get(key(1)), Some(KeyUse::Application(application)));
		assert_eq!(last_event(), Event::Applied { application, owner: OLGA, deposit: 120 }.into());
		assert_eq!(Miners::open_applications(None, 10).len(), 1);
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
		for grid_area in ["\"", "10YDE VE", "ü"] {
			let grid_area = grid_area.as_bytes().to_vec().try_into().unwrap();
			assert_noop!(
				apply_with(
					OLGA,
					MinerKind::Standard,
					Profile { grid_area, ..profile() },
					vec![meter(1, OLGA)]
				),
				Error::<Test>::BadGridArea
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
		let reason = reason("nameplate differs");
		assert_noop!(
			Miners::reject(RuntimeOrigin::signed(PETER), application, reason.clone()),
			BadOrigin
		);
		assert_ok!(Miners::reject(RuntimeOrigin::root(), application, reason.clone()));
		let rejection = Rejection { application, reason: reason.clone() };
		assert_eq!(last_event(), Event::Rejected { application, owner: OLGA, reason }.into());
		assert_eq!(held(OLGA), 0);
		assert_eq!(Miners::rejection_of(OLGA), Some(rejection));
		assert_noop!(
			Miners::reject(RuntimeOrigin::root(), application, Default::default()),
			Error::<Test>::UnknownApplication
		);
		// Numbers are not reused.
		assert_eq!(olga_applies(&[1, 2]), application + 1);
		assert_eq!(Miners::rejection_of(OLGA), None);
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
			Some(MeterInfo {
				miner: 1,
				key: key(3),
				flow: Flow::Generation,
				nameplate: 5_000,
				node: None,
				retired: false
			})
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
fn rejection_stays_when_the_next_application_fails() {
	build_and_execute(|| {
		let application = olga_applies(&[1]);
		assert_ok!(Miners::reject(RuntimeOrigin::root(), application, reason("no")));
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![]),
			Error::<Test>::NoMeters
		);
		assert!(Miners::rejection_of(OLGA).is_some());
		// One entry per owner: the newest.
		let application = olga_applies(&[1]);
		assert_ok!(Miners::reject(RuntimeOrigin::root(), application, reason("again")));
		assert_eq!(
			Miners::rejection_of(OLGA),
			Some(Rejection { application, reason: reason("again") })
		);
	});
}

#[test]
fn application_releases_what_was_held_when_deposits_changed_since() {
	build_and_execute(|| {
		let (first, second) = (olga_applies(&[1]), olga_applies(&[2]));
		ApplicationDeposit::set(&300);
		MeterDeposit::set(&0);
		assert_eq!(held(OLGA), 220);
		assert_ok!(Miners::reject(RuntimeOrigin::root(), first, reason("no")));
		assert_eq!(held(OLGA), 110);
		assert_ok!(Miners::approve(RuntimeOrigin::root(), second));
		assert_eq!(Miners::miner(0).unwrap().deposit, 110);
		olga_applies(&[3]);
		assert_eq!(held(OLGA), 410);
	});
}

#[test]
fn application_for_interface_names_existing_oracles_and_no_device() {
	build_and_execute(|| {
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, api_profile(), vec![api_meter(7)]),
			Error::<Test>::UnknownOracleSet
		);
		assert_ok!(Miners::set_oracles(RuntimeOrigin::root(), 7, Some(oracles(1, &[9]))));
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, api_profile(), vec![meter(1, OLGA)]),
			Error::<Test>::OraclesRequired
		);
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![api_meter(7)]),
			Error::<Test>::OraclesNotAllowed
		);
		// The same oracles may sign for many meters.
		let meters = vec![api_meter(7), api_meter(7)];
		let miner = is_admitted(OLGA, MinerKind::Standard, api_profile(), meters);
		assert_eq!(directory_meter(0).unwrap().key, MeterKey::Oracles(7));
		assert_eq!(Miners::meters_of(miner).len(), 2);
		assert_eq!(OracleUses::<Test>::get(7), 2);
		assert_eq!(KeyUses::<Test>::iter().count(), 0);
	});
}

#[test]
fn open_applications_come_in_pages() {
	build_and_execute(|| {
		let expected = (1..=5).map(|n| olga_applies(&[n])).collect::<Vec<_>>();
		let (mut seen, mut after) = (vec![], None);
		loop {
			let page = Miners::open_applications(after, 2);
			assert!(page.len() <= 2);
			let Some((last, _)) = page.last() else { break };
			after = Some(*last);
			seen.extend(page.into_iter().map(|(id, _)| id));
		}
		seen.sort();
		assert_eq!(seen, expected);
		assert!(Miners::open_applications(None, 0).is_empty());
	});
}
