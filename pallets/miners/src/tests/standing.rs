use super::*;
use frame_support::traits::{LockableCurrency, WithdrawReasons};
use sp_runtime::TokenError;

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
		let why = reason("roof is empty");
		assert_noop!(Miners::suspend(RuntimeOrigin::signed(OLGA), miner, why.clone()), BadOrigin);
		assert_noop!(Miners::reinstate(RuntimeOrigin::root(), miner), Error::<Test>::NotSuspended);
		assert_ok!(Miners::suspend(RuntimeOrigin::root(), miner, why.clone()));
		assert_eq!(last_event(), Event::Suspended { miner, reason: why.clone() }.into());
		assert!(!Miners::is_active(miner));
		assert!(!directory_miner(miner).unwrap().active);
		// It is still there: what it measured can be traced and its meters can be asked for.
		assert!(directory_meter(0).is_some());
		assert_noop!(
			Miners::suspend(RuntimeOrigin::root(), miner, why.clone()),
			Error::<Test>::AlreadySuspended
		);
		assert_noop!(Miners::reinstate(RuntimeOrigin::signed(OLGA), miner), BadOrigin);
		assert_ok!(Miners::reinstate(RuntimeOrigin::root(), miner));
		assert_eq!(last_event(), Event::Reinstated { miner }.into());
		assert!(Miners::is_active(miner));
		assert_noop!(Miners::suspend(RuntimeOrigin::root(), 9, why), Error::<Test>::UnknownMiner);
	});
}

#[test]
fn revocation_returns_the_deposit_and_ends_everything_else() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
		assert_ok!(Miners::retire_meter(RuntimeOrigin::signed(OLGA), 1));
		let why = reason("moved away");
		assert_noop!(
			Miners::revoke(RuntimeOrigin::signed(OLGA), miner, why.clone(), false),
			BadOrigin
		);
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, why.clone(), false));
		assert_eq!(last_event(), Event::Revoked { miner, reason: why, forfeited: 0 }.into());
		assert_eq!((held(OLGA), Balances::free_balance(OLGA)), (0, ENDOWMENT));
		assert_eq!((directory_meter(0), directory_meter(1)), (None, None));
		assert_eq!(directory_miner(miner), None);
		assert!(!Miners::is_active(miner));
		assert!(!Miners::is_any_operator(&AGENT));
		assert!(Miners::miners_of(OLGA).is_empty());
		// The records stay for whoever wants to trace energy.
		assert_eq!(Miners::miner(miner).unwrap().status, Status::Revoked);
		assert!(Miners::meter(0).unwrap().retired);
		// A key is used once, ever.
		assert_noop!(
			apply_with(OLGA, MinerKind::Standard, profile(), vec![meter(1, OLGA)]),
			Error::<Test>::KeyInUse
		);
	});
}

#[test]
fn revocation_forfeits_the_deposit_to_the_treasury_when_asked_to() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		let other = olga_is_admitted(&[3]);
		let why = reason("fraud");
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, why.clone(), true));
		assert_eq!(last_event(), Event::Revoked { miner, reason: why, forfeited: 120 }.into());
		assert_eq!(Balances::free_balance(TREASURY), 120);
		assert_eq!((held(OLGA), Miners::miner(other).unwrap().deposit), (110, 110));
	});
}

#[test]
fn revocation_forfeits_the_deposit_also_when_the_owner_locked_its_funds() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		Balances::set_lock(*b"forvotes", &OLGA, ENDOWMENT, WithdrawReasons::all());
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("fraud"), true));
		assert_eq!(Balances::free_balance(TREASURY), 110);
	});
}

#[test]
fn revoked_miner_does_nothing_and_does_not_come_back() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let application = olga_applies_for_meters(miner, &[2]);
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), false));
		let (olga, root) = (RuntimeOrigin::signed(OLGA), RuntimeOrigin::root());
		let why = reason("why");
		for outcome in [
			Miners::suspend(root.clone(), miner, why.clone()),
			Miners::reinstate(root.clone(), miner),
			Miners::recover(root.clone(), miner, PETER),
			Miners::add_operator(olga.clone(), miner, AGENT),
			Miners::remove_operator(olga.clone(), miner, AGENT),
			Miners::set_hardware(olga.clone(), miner, HardwareStatus::Offline),
			Miners::set_pool(olga.clone(), miner, Default::default()),
			Miners::apply_meters(olga.clone(), miner, vec![meter(3, OLGA)].try_into().unwrap()),
		] {
			assert_eq!(outcome, Err(Error::<Test>::MinerRevoked.into()));
		}
		assert_noop!(Miners::revoke(root.clone(), miner, why, true), Error::<Test>::MinerRevoked);
		assert_noop!(Miners::approve(root, application), Error::<Test>::MinerRevoked);
		// Its meters are retired, so that no call about them works either.
		assert_noop!(Miners::retire_meter(olga.clone(), 0), Error::<Test>::MeterRetired);
		assert_ok!(Miners::withdraw(olga, application));
		assert_eq!(held(OLGA), 0);
	});
}

#[test]
fn recovery_moves_token_deposit_and_rights_to_the_new_owner() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
		assert_noop!(Miners::recover(RuntimeOrigin::signed(OLGA), miner, PETER), BadOrigin);
		assert_noop!(Miners::recover(RuntimeOrigin::root(), miner, OLGA), Error::<Test>::SameOwner);
		assert_noop!(Miners::recover(RuntimeOrigin::root(), 9, PETER), Error::<Test>::UnknownMiner);
		// Whoever took Olga's keys cannot shield her deposit either.
		Balances::set_lock(*b"forvotes", &OLGA, ENDOWMENT, WithdrawReasons::all());
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner, PETER));
		assert_eq!(last_event(), Event::Recovered { miner, from: OLGA, to: PETER }.into());
		assert_eq!((held(OLGA), held(PETER)), (0, 120));
		assert_eq!(Balances::free_balance(OLGA), ENDOWMENT - 120);
		assert_eq!(Balances::free_balance(PETER), ENDOWMENT);
		assert_eq!(Nfts::owner(crate::token::COLLECTION, miner), Some(PETER));
		assert_eq!((Miners::miners_of(OLGA), Miners::miners_of(PETER)), (vec![], vec![miner]));
		// Readings go on.
		assert!(Miners::is_operator(&AGENT, miner));
		assert_noop!(
			Miners::remove_operator(RuntimeOrigin::signed(OLGA), miner, AGENT),
			Error::<Test>::NotOwner
		);
		assert_ok!(Miners::remove_operator(RuntimeOrigin::signed(PETER), miner, AGENT));
	});
}

#[test]
fn recovery_is_refused_when_new_owner_has_no_account() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_noop!(
			Miners::recover(RuntimeOrigin::root(), miner, 1_234),
			TokenError::CannotCreateHold
		);
	});
}

#[test]
fn recovery_closes_the_way_for_the_old_owners_applications() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let application = olga_applies_for_meters(miner, &[2]);
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner, PETER));
		assert_noop!(
			Miners::approve(RuntimeOrigin::root(), application),
			Error::<Test>::OwnerChanged
		);
		assert_ok!(Miners::withdraw(RuntimeOrigin::signed(OLGA), application));
		assert_eq!((held(OLGA), held(PETER)), (0, 110));
	});
}

#[test]
fn slash_takes_no_more_than_the_deposit() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1, 2]);
		let other = olga_is_admitted(&[3]);
		assert_eq!(Miners::slash(miner, 50, &PETER), Ok(50));
		assert_eq!(
			last_event(),
			Event::DepositSlashed { miner, amount: 50, beneficiary: PETER }.into()
		);
		assert_eq!(Balances::free_balance(PETER), ENDOWMENT + 50);
		assert_eq!((Miners::miner(miner).unwrap().deposit, held(OLGA)), (70, 180));
		Balances::set_lock(*b"forvotes", &OLGA, ENDOWMENT, WithdrawReasons::all());
		assert_eq!(Miners::slash(miner, 1_000, &PETER), Ok(70));
		assert_eq!(Miners::slash(miner, 1_000, &PETER), Ok(0));
		assert_eq!((Miners::miner(other).unwrap().deposit, held(OLGA)), (110, 110));
		// It is no reason to fail later.
		assert_ok!(Miners::recover(RuntimeOrigin::root(), miner, PETER));
		assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner, reason("gone"), true));
		assert_eq!(Miners::slash(miner, 1, &PETER), Ok(0));
		assert_noop!(Miners::slash(99, 1, &PETER), Error::<Test>::UnknownMiner);
	});
}

#[test]
fn hardware_is_reported_by_owner_or_operator() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		assert_eq!(directory_miner(miner).unwrap().hardware, HardwareStatus::Ok);
		assert_noop!(
			Miners::set_hardware(RuntimeOrigin::signed(AGENT), miner, HardwareStatus::Degraded),
			Error::<Test>::NotOwnerOrOperator
		);
		assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
		for (who, hardware) in
			[(AGENT, HardwareStatus::Degraded), (OLGA, HardwareStatus::Maintenance)]
		{
			assert_ok!(Miners::set_hardware(RuntimeOrigin::signed(who), miner, hardware));
			assert_eq!(last_event(), Event::HardwareSet { miner, hardware }.into());
			assert_eq!(directory_miner(miner).unwrap().hardware, hardware);
		}
		assert_noop!(
			Miners::set_hardware(RuntimeOrigin::signed(OLGA), 9, HardwareStatus::Ok),
			Error::<Test>::UnknownMiner
		);
	});
}

#[test]
fn pool_is_named_by_the_owner_as_text() {
	build_and_execute(|| {
		let miner = olga_is_admitted(&[1]);
		let pool: PoolData = b"stratum.example:3333".to_vec().try_into().unwrap();
		assert_noop!(
			Miners::set_pool(RuntimeOrigin::signed(PETER), miner, pool.clone()),
			Error::<Test>::NotOwner
		);
		assert_ok!(Miners::set_pool(RuntimeOrigin::signed(OLGA), miner, pool.clone()));
		assert_eq!(last_event(), Event::PoolSet { miner, pool: pool.clone() }.into());
		assert_eq!(Miners::miner(miner).unwrap().pool, pool);
		for bad in [vec![0xff], b"a\nb".to_vec()] {
			assert_noop!(
				Miners::set_pool(RuntimeOrigin::signed(OLGA), miner, bad.try_into().unwrap()),
				Error::<Test>::BadPool
			);
		}
	});
}
