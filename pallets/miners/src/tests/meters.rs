use super::*;
use frame_support::BoundedVec;
use sp_core::Pair;

const ROOT: fn() -> RuntimeOrigin = RuntimeOrigin::root;

fn olga() -> RuntimeOrigin {
	RuntimeOrigin::signed(OLGA)
}

fn rotate(who: u64, meter: MeterId, old: u8, new: u8) -> DispatchResult {
	Miners::rotate_meter_key(
		RuntimeOrigin::signed(who),
		meter,
		key(new),
		possession(new, OLGA),
		handover(old, meter, &key(new)),
	)
}

fn export_meter(number: u8) -> MeterApplication {
	MeterApplication { flow: Flow::Export, ..meter(number, OLGA) }
}

#[test]
fn meters_are_added_when_the_dao_approves() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let application = olga_applies_for_meters(miner, &[2, 3]);
		assert_eq!(last_event(), Event::Applied { application, owner: OLGA, deposit: 20 }.into());
		assert_eq!(Miners::open_applications(None, 1)[0].1.target, Target::Existing(miner));
		assert_eq!((directory_meter(1), held(OLGA)), (None, 130));
		assert_ok!(Miners::approve(ROOT(), application));
		assert_eq!(
			last_event(),
			Event::MetersAdded { application, miner, first_meter: 1, meters: 2 }.into()
		);
		assert_eq!(directory_meter(2).unwrap().key, key(3));
		assert_eq!(Miners::miner(miner).unwrap().meters.into_inner(), vec![0, 1, 2]);
		assert_eq!((Miners::miner(miner).unwrap().deposit, held(OLGA)), (130, 130));
		assert_noop!(Miners::approve(ROOT(), application), Error::<Test>::UnknownApplication);
	});
}

#[test]
fn meters_are_not_added_when_rejected_or_withdrawn() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let application = olga_applies_for_meters(miner, &[2]);
		assert_ok!(Miners::reject(ROOT(), application, reason("not seen")));
		assert_eq!(Miners::rejection_of(OLGA).unwrap().reason, reason("not seen"));
		let application = olga_applies_for_meters(miner, &[2]);
		assert_eq!(Miners::rejection_of(OLGA), None);
		assert_ok!(Miners::withdraw(olga(), application));
		assert_eq!((Miners::meters_of(miner).len(), held(OLGA)), (1, 110));
	});
}

#[test]
fn more_meters_are_refused_when_the_miner_cannot_have_them() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		let apply = |who, miner, meters: Vec<MeterApplication>| {
			Miners::apply_meters(RuntimeOrigin::signed(who), miner, meters.try_into().unwrap())
		};
		let remote = is_admitted(OLGA, MinerKind::Remote, profile(), vec![]);
		assert_noop!(apply(OLGA, 9, vec![meter(3, OLGA)]), Error::<Test>::UnknownMiner);
		assert_noop!(apply(PETER, miner, vec![meter(3, PETER)]), Error::<Test>::NotOwner);
		assert_noop!(apply(OLGA, remote, vec![meter(3, OLGA)]), Error::<Test>::RemoteHasMeters);
		assert_noop!(apply(OLGA, miner, vec![]), Error::<Test>::NoMeters);
		assert_noop!(
			apply(OLGA, miner, (3..6).map(|n| meter(n, OLGA)).collect()),
			Error::<Test>::TooManyMeters
		);
		assert_noop!(apply(OLGA, miner, vec![meter(1, OLGA)]), Error::<Test>::KeyInUse);
		assert_noop!(apply(OLGA, miner, vec![api_meter(0)]), Error::<Test>::OraclesNotAllowed);
	});
}

#[test]
fn approval_is_refused_when_other_meters_came_first() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		let (first, second) =
			(olga_applies_for_meters(miner, &[3, 4]), olga_applies_for_meters(miner, &[5]));
		assert_ok!(Miners::approve(ROOT(), first));
		assert_noop!(Miners::approve(ROOT(), second), Error::<Test>::TooManyMeters);
		// Retiring one makes room.
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_ok!(Miners::approve(ROOT(), second));
	});
}

#[test]
fn retired_meter_is_remembered_but_not_in_service() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		assert_noop!(
			Miners::retire_meter(RuntimeOrigin::signed(PETER), 0),
			Error::<Test>::NotOwner
		);
		assert_noop!(Miners::retire_meter(RuntimeOrigin::none(), 0), BadOrigin);
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_eq!(last_event(), Event::MeterRetired { meter: 0 }.into());
		assert!(directory_meter(0).unwrap().retired);
		assert_eq!(Miners::miner(miner).unwrap().meters.into_inner(), vec![1]);
		assert_noop!(Miners::retire_meter(ROOT(), 0), Error::<Test>::MeterRetired);
		assert_noop!(Miners::retire_meter(ROOT(), 9), Error::<Test>::UnknownMeter);
		// Its deposit stays, and so does the use of its key.
		assert_eq!(held(OLGA), 120);
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![meter(1, OLGA)]),
			Error::<Test>::KeyInUse
		);
		// The DAO may do it, too; a miner may be without meters.
		assert_ok!(Miners::retire_meter(ROOT(), 1));
		assert!(Miners::meters_of(miner).is_empty());
	});
}

#[test]
fn rotation_is_by_the_word_of_the_old_key() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_noop!(rotate(AGENT, 0, 1, 2), Error::<Test>::NotOwnerOrOperator);
		assert_noop!(rotate(OLGA, 0, 9, 2), Error::<Test>::BadRotationProof);
		assert_noop!(rotate(OLGA, 7, 1, 2), Error::<Test>::UnknownMeter);
		assert_ok!(rotate(OLGA, 0, 1, 2));
		assert_eq!(
			last_event(),
			Event::MeterKeyRotated { meter: 0, old_key: key(1), new_key: key(2) }.into()
		);
		assert_eq!(directory_meter(0).unwrap().key, key(2));
		assert_eq!(KeyUses::<Test>::get(key(1)), Some(KeyUse::Former(0)));
		assert_ok!(Miners::add_operator(olga(), miner, AGENT));
		assert_ok!(rotate(AGENT, 0, 2, 3));
		assert_eq!(directory_meter(0).unwrap().key, key(3));
	});
}

#[test]
fn rotation_is_refused_when_the_handover_is_for_something_else() {
	build_and_execute(|| {
		olga_is_admitted(&[1, 2]);
		let rotate =
			|handover| Miners::rotate_meter_key(olga(), 0, key(3), possession(3, OLGA), handover);
		let elsewhere = device(1).sign(&rotation_payload(&[9; 32], 0, &key(3))).0;
		for wrong in [handover(1, 1, &key(3)), handover(1, 0, &key(4)), elsewhere] {
			assert_noop!(rotate(wrong), Error::<Test>::BadRotationProof);
		}
		// A proof of possession is no handover.
		assert_noop!(rotate(possession(1, OLGA)), Error::<Test>::BadRotationProof);
		assert_noop!(
			Miners::rotate_meter_key(
				olga(),
				0,
				key(3),
				possession(3, PETER),
				handover(1, 0, &key(3))
			),
			Error::<Test>::BadPossessionProof
		);
	});
}

#[test]
fn revoked_key_is_never_taken_again() {
	build_and_execute(|| {
		olga_is_admitted(&[1, 2]);
		assert_ok!(rotate(OLGA, 0, 1, 3));
		// Back to the former key, to that of another meter, to itself.
		assert_noop!(rotate(OLGA, 0, 3, 1), Error::<Test>::KeyInUse);
		assert_noop!(rotate(OLGA, 0, 3, 2), Error::<Test>::KeyInUse);
		assert_noop!(rotate(OLGA, 0, 3, 3), Error::<Test>::KeyInUse);
		// By the DAO, or under another owner: not either.
		assert_noop!(
			Miners::force_rotate_meter_key(ROOT(), 0, key(1), possession(1, OLGA)),
			Error::<Test>::KeyInUse
		);
		assert_noop!(
			apply_with(PETER, MinerKind::Standard, profile(), vec![meter(1, PETER)]),
			Error::<Test>::KeyInUse
		);
		// The former key cannot rotate any more.
		assert_noop!(rotate(OLGA, 0, 1, 4), Error::<Test>::BadRotationProof);
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_noop!(rotate(OLGA, 0, 3, 4), Error::<Test>::MeterRetired);
	});
}

#[test]
fn dao_rotates_the_key_of_a_device_that_broke() {
	build_and_execute(|| {
		olga_is_admitted(&[1]);
		let force =
			|origin, key, possession| Miners::force_rotate_meter_key(origin, 0, key, possession);
		assert_noop!(force(olga(), key(2), possession(2, OLGA)), BadOrigin);
		assert_noop!(
			force(ROOT(), key(2), possession(2, PETER)),
			Error::<Test>::BadPossessionProof
		);
		assert_noop!(force(ROOT(), MeterKey::Ecdsa([4; 33]), [0; 64]), Error::<Test>::MalformedKey);
		assert_noop!(
			force(ROOT(), MeterKey::Oracles(0), [0; 64]),
			Error::<Test>::OraclesNotAllowed
		);
		assert_ok!(force(ROOT(), key(2), possession(2, OLGA)));
		assert_eq!(
			last_event(),
			Event::MeterKeyRotated { meter: 0, old_key: key(1), new_key: key(2) }.into()
		);
		assert_noop!(
			Miners::force_rotate_meter_key(ROOT(), 7, key(3), possession(3, OLGA)),
			Error::<Test>::UnknownMeter
		);
	});
}

#[test]
fn oracles_are_checked_when_they_are_set() {
	build_and_execute(|| {
		let set = |oracles| Miners::set_oracles(ROOT(), 7, Some(oracles));
		assert_noop!(Miners::set_oracles(olga(), 7, Some(oracles(1, &[1]))), BadOrigin);
		for threshold in [0, 3, 255] {
			assert_noop!(set(oracles(threshold, &[1, 2])), Error::<Test>::ThresholdOutOfRange);
		}
		assert_noop!(set(oracles(0, &[])), Error::<Test>::ThresholdOutOfRange);
		assert_noop!(set(oracles(1, &[])), Error::<Test>::ThresholdOutOfRange);
		assert_noop!(set(oracles(2, &[1, 2, 1])), Error::<Test>::OracleTwice);
		for key in [MeterKey::Ecdsa([4; 33]), MeterKey::Oracles(7)] {
			let keys = BoundedVec::truncate_from(vec![key]);
			assert_noop!(set(OracleSet { threshold: 1, keys }), Error::<Test>::MalformedKey);
		}
		assert_ok!(set(oracles(2, &[1, 2, 3])));
		assert_eq!(last_event(), Event::OraclesSet { set: 7, threshold: 2, oracles: 3 }.into());
		assert_eq!(Miners::oracle_set(7), Some(oracles(2, &[1, 2, 3])));
		// Changed while nobody uses it or somebody does.
		assert_ok!(set(oracles(1, &[4])));
		assert_eq!(Miners::oracles(7), Some(oracles(1, &[4])));
	});
}

#[test]
fn oracles_are_not_removed_while_meters_need_them() {
	build_and_execute(|| {
		let remove = || Miners::set_oracles(ROOT(), 7, None);
		assert_noop!(remove(), Error::<Test>::UnknownOracleSet);
		assert_ok!(Miners::set_oracles(ROOT(), 7, Some(oracles(1, &[9]))));
		assert_ok!(Miners::set_oracles(ROOT(), 8, Some(oracles(1, &[9]))));
		// Applied for, and withdrawn.
		assert_ok!(apply_with(OLGA, MinerKind::Standard, api_profile(), vec![api_meter(7)]));
		assert_noop!(remove(), Error::<Test>::OracleSetInUse);
		assert_ok!(Miners::withdraw(olga(), 0));
		// Registered, and retired, moved to another set, or revoked.
		let meters = vec![api_meter(7), api_meter(7), api_meter(7)];
		let miner = is_admitted(OLGA, MinerKind::Standard, api_profile(), meters);
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_eq!(OracleUses::<Test>::get(7), 2);
		assert_noop!(
			Miners::force_rotate_meter_key(ROOT(), 1, MeterKey::Oracles(6), [0; 64]),
			Error::<Test>::UnknownOracleSet
		);
		assert_noop!(
			Miners::force_rotate_meter_key(ROOT(), 1, key(1), possession(1, OLGA)),
			Error::<Test>::OraclesRequired
		);
		assert_ok!(Miners::force_rotate_meter_key(ROOT(), 1, MeterKey::Oracles(8), [0; 64]));
		// Which oracles to trust is not for the owner to say.
		assert_noop!(
			Miners::rotate_meter_key(olga(), 1, MeterKey::Oracles(7), [0; 64], [0; 64]),
			Error::<Test>::OraclesRequired
		);
		assert_eq!((OracleUses::<Test>::get(7), OracleUses::<Test>::get(8)), (1, 1));
		assert_noop!(remove(), Error::<Test>::OracleSetInUse);
		assert_ok!(Miners::do_try_state());
		assert_ok!(Miners::revoke(ROOT(), miner, reason("gone"), false));
		assert_ok!(remove());
		assert_eq!(last_event(), Event::OraclesRemoved { set: 7 }.into());
		assert_eq!(Miners::oracle_set(7), None);
	});
}

#[test]
fn node_is_assigned_by_the_dao_to_export_meters() {
	build_and_execute(|| {
		let standard = is_admitted(
			OLGA,
			MinerKind::Standard,
			profile(),
			vec![export_meter(1), meter(2, OLGA)],
		);
		let storage = is_admitted(OLGA, MinerKind::Storage, profile(), vec![meter(3, OLGA)]);
		let assign = |meter, node| Miners::assign_node(ROOT(), meter, node);
		assert_noop!(Miners::assign_node(olga(), 0, Some(storage)), BadOrigin);
		assert_noop!(assign(9, Some(storage)), Error::<Test>::UnknownMeter);
		assert_noop!(assign(0, Some(9)), Error::<Test>::UnknownMiner);
		assert_noop!(assign(0, Some(standard)), Error::<Test>::NotAStorageNode);
		assert_noop!(assign(1, Some(storage)), Error::<Test>::NotAnExportMeter);
		assert_ok!(Miners::suspend(ROOT(), storage, reason("service")));
		assert_noop!(assign(0, Some(storage)), Error::<Test>::NodeNotActive);
		assert_ok!(Miners::reinstate(ROOT(), storage));
		assert_ok!(assign(0, Some(storage)));
		assert_eq!(last_event(), Event::NodeAssigned { meter: 0, node: Some(storage) }.into());
		assert_eq!(directory_meter(0).unwrap().node, Some(storage));
		assert_ok!(assign(0, None));
		assert_eq!(directory_meter(0).unwrap().node, None);
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_noop!(assign(0, Some(storage)), Error::<Test>::MeterRetired);
	});
}

#[test]
fn node_is_assigned_by_another_pallet_as_by_the_dao() {
	build_and_execute(|| {
		let meters = vec![export_meter(1), meter(2, OLGA)];
		let standard = is_admitted(OLGA, MinerKind::Standard, profile(), meters);
		let storage = is_admitted(PETER, MinerKind::Storage, profile(), vec![meter(3, PETER)]);
		let assign = |meter, node| <Miners as NodeAssignment>::assign(meter, node);
		assert_noop!(assign(9, Some(storage)), Error::<Test>::UnknownMeter);
		assert_noop!(assign(0, Some(9)), Error::<Test>::UnknownMiner);
		assert_noop!(assign(0, Some(standard)), Error::<Test>::NotAStorageNode);
		assert_noop!(assign(1, Some(storage)), Error::<Test>::NotAnExportMeter);
		assert_ok!(Miners::suspend(ROOT(), storage, reason("service")));
		assert_noop!(assign(0, Some(storage)), Error::<Test>::NodeNotActive);
		assert_ok!(Miners::reinstate(ROOT(), storage));
		assert_ok!(assign(0, Some(storage)));
		assert_eq!(last_event(), Event::NodeAssigned { meter: 0, node: Some(storage) }.into());
		assert_eq!(directory_meter(0).unwrap().node, Some(storage));
		// A node that was revoked can still be left.
		assert_ok!(Miners::revoke(ROOT(), storage, reason("gone"), false));
		assert_noop!(assign(0, Some(storage)), Error::<Test>::NodeNotActive);
		assert_ok!(assign(0, None));
		assert_eq!(last_event(), Event::NodeAssigned { meter: 0, node: None }.into());
		assert_eq!(directory_meter(0).unwrap().node, None);
		assert_ok!(Miners::retire_meter(olga(), 0));
		assert_noop!(assign(0, None), Error::<Test>::MeterRetired);
	});
}
