use super::*;
use crate::token::COLLECTION;

/// Olga has a miner with two meters and an operator, an application with one meter, and a revoked miner; and there is a
/// miner that is read from an interface.
fn a_bit_of_everything() {
	let gone = olga_is_admitted(&[8]);
	assert_ok!(Miners::revoke(RuntimeOrigin::root(), gone, reason("gone"), false));
	let miner = olga_is_admitted(&[1, 2]);
	assert_ok!(Miners::add_operator(RuntimeOrigin::signed(OLGA), miner, AGENT));
	olga_applies(&[3]);
	assert_ok!(Miners::set_oracles(RuntimeOrigin::root(), 7, Some(oracles(1, &[9]))));
	is_admitted(PETER, MinerKind::Standard, api_profile(), vec![api_meter(7)]);
}

fn change_miner(id: MinerId, change: fn(&mut MinerOf<Test>)) {
	Miners::mutate_miner(id, |miner| {
		change(miner);
		Ok(())
	})
	.unwrap();
}

fn change_meter(id: MeterId, change: fn(&mut MeterInfo)) {
	Meters::<Test>::mutate(id, |info| change(info.as_mut().unwrap()));
}

#[test]
fn invariants_notice_when_state_is_broken() {
	type Breakage = fn();
	let breakages: &[(&str, Breakage)] = &[
		("1", || MinersByOwner::<Test>::insert(PETER, 1, ())),
		("1", || MinersByOwner::<Test>::remove(OLGA, 1)),
		("1", || MinersByOwner::<Test>::insert(OLGA, 0, ())),
		("2", || Meters::<Test>::remove(1)),
		("2", || change_meter(1, |info| info.retired = true)),
		("2", || change_meter(0, |info| info.retired = false)),
		("2", || change_meter(1, |info| info.miner = 2)),
		("2", || change_meter(1, |info| info.node = Some(1))),
		("2", || change_miner(1, |miner| miner.meters.try_push(1).unwrap())),
		("3", || KeyUses::<Test>::insert(key(5), KeyUse::Meter(0))),
		("3", || KeyUses::<Test>::insert(key(1), KeyUse::Former(1))),
		("3", || KeyUses::<Test>::insert(key(5), KeyUse::Former(9))),
		("3", || KeyUses::<Test>::remove(key(3))),
		("4", || {
			Balances::release(&HoldReason::Registration.into(), &OLGA, 1, Precision::Exact)
				.unwrap();
		}),
		("5", || Operators::<Test>::insert(PETER, 1, ())),
		("5", || Operators::<Test>::remove(AGENT, 1)),
		("5", || change_miner(1, |miner| miner.operators.try_push(AGENT).unwrap())),
		("6", || NextMinerId::<Test>::put(0)),
		("6", || NextMeterId::<Test>::put(0)),
		("6", || NextApplicationId::<Test>::put(0)),
		("7", || Nfts::reissue(1, &PETER).unwrap()),
		("7", || <Nfts as SoulboundTokens<u64>>::burn(1).unwrap()),
		("7", || <Nfts as SoulboundTokens<u64>>::mint(9, &OLGA).unwrap()),
		("8", || OracleUses::<Test>::insert(7, 2)),
		("8", || OracleUses::<Test>::insert(6, 1)),
		("8", || OracleSets::<Test>::remove(7)),
		("8", || change_miner(2, |miner| miner.profile.method = CollectionMethod::Plug)),
		("9", || {
			crate::Miners::<Test>::mutate(0, |miner| miner.as_mut().unwrap().deposit = 1);
		}),
	];
	for (place, (number, breakage)) in breakages.iter().enumerate() {
		new_test_ext().execute_with(|| {
			a_bit_of_everything();
			assert_ok!(Miners::do_try_state());
			breakage();
			let error = Miners::do_try_state().expect_err(number);
			let sp_runtime::DispatchError::Other(text) = error else { panic!("{error:?}") };
			assert!(text.starts_with(number), "breakage {place} gave: {text}");
		});
	}
	// Used above as the number of Olga's live miner.
	new_test_ext().execute_with(|| {
		a_bit_of_everything();
		assert_eq!(Nfts::owner(COLLECTION, 1), Some(OLGA));
	});
}
