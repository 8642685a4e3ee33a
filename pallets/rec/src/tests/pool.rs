//! Certificates that become money, and come back.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::fungibles::Mutate};

const AMOUNT: Balance = KWH as Balance;

fn give(from: &AccountId, to: &AccountId, amount: Balance) {
	<Assets as Mutate<_>>::transfer(REC_ID, from, to, amount, Preservation::Expendable).unwrap();
}

#[test]
fn liquidised_certificates_become_as_many_units_as_mwh() {
	build_and_execute(|| {
		let ids = [certificate(&OLGA, 2 * KWH), certificate(&OLGA, 3 * KWH + 1)];
		let batch: BoundedVec<_, _> = ids.to_vec().try_into().unwrap();
		outlast_revocation();
		System::reset_events();
		assert_ok!(Rec::liquidise(signed(&OLGA), batch.clone()));
		let energy = 5 * AMOUNT + 1;
		System::assert_last_event(Event::Liquidised { who: OLGA, certificates: 2, energy }.into());
		assert_eq!(rec(&OLGA), energy);
		assert_eq!(Rec::pool(), Pool { head: 0, tail: 2, energy });
		let head = Rec::pool_head(1);
		assert_eq!((head.len(), head[0].id, head[0].status), (1, ids[0], Status::Liquidised));
		assert_eq!(Rec::pool_head(9).len(), 2);
		assert_eq!(entry(ids[1]).owner, Rec::account());
		assert_eq!(live(&OLGA), NONE);
		assert_noop!(Rec::liquidise(signed(&OLGA), batch), Error::<Test>::InPool);
	});
}

#[test]
fn liquidising_is_all_or_nothing() {
	build_and_execute(|| {
		let (mine, peters) = (final_certificate(&OLGA, KWH), final_certificate(&PETER, KWH));
		let liquidise = |ids: &[CertificateId]| {
			let certificates = ids.to_vec().try_into().unwrap();
			send(&OLGA, Call::liquidise { certificates })
		};
		assert_noop!(liquidise(&[]), Error::<Test>::AmountIsZero);
		assert_noop!(liquidise(&[mine, peters]), Error::<Test>::NotHolder);
		assert_noop!(liquidise(&[mine, mine]), Error::<Test>::InPool);
		assert_noop!(liquidise(&[mine, 99]), Error::<Test>::UnknownCertificate);
		let young = certificate(&OLGA, KWH);
		assert_noop!(liquidise(&[mine, young]), Error::<Test>::StillRevocable);
		assert_ok!(liquidise(&[mine]));
	});
}

#[test]
fn fungible_retirement_uses_the_oldest_and_spans_several() {
	build_and_execute(|| {
		let ids = pooled(&OLGA, &[2 * KWH, 3 * KWH, 4 * KWH]);
		give(&OLGA, &PETER, 6 * AMOUNT);
		assert_ok!(Rec::retire_fungible(signed(&PETER), 6 * AMOUNT, details()));
		let retirement = Rec::retirement(0).unwrap();
		assert_eq!((retirement.retired_by, retirement.energy), (PETER, 6 * AMOUNT));
		let parts = retirement.parts.iter().map(|part| (part.certificate, part.from, part.to));
		// Of the third the upper kWh was split off.
		let split = ids[2] + 1;
		assert_eq!(
			parts.collect::<Vec<_>>(),
			vec![(ids[0], 0, 2 * KWH), (ids[1], 0, 3 * KWH), (split, 3 * KWH, 4 * KWH)]
		);
		assert_eq!(Rec::pool(), Pool { head: 2, tail: 3, energy: 3 * AMOUNT });
		assert_eq!((rec(&OLGA), rec(&PETER)), (3 * AMOUNT, 0));
		assert_eq!(Rec::pool_head(9)[0].energy, 3 * KWH);
		assert_eq!(pallet_nfts::Pallet::<Test>::owner(RETIREMENTS, 0), Some(PETER));
		assert_ok!(Rec::retire_fungible(signed(&OLGA), 3 * AMOUNT, details()));
		assert_eq!(Rec::pool(), Pool { head: 3, tail: 3, energy: 0 });
	});
}

#[test]
fn fungible_retirement_is_bounded_and_can_be_repeated() {
	build_and_execute(|| {
		pooled(&OLGA, &[KWH; 6]);
		let retire = |amount| send(&OLGA, Call::retire_fungible { amount, details: details() });
		assert_noop!(retire(4 * AMOUNT + 1), Error::<Test>::SpansTooMany);
		assert_ok!(retire(4 * AMOUNT));
		assert_ok!(retire(2 * AMOUNT));
		assert_eq!(rec(&OLGA), 0);
	});
}

#[test]
fn fungible_retirement_is_refused_without_enough_or_without_a_name() {
	build_and_execute(|| {
		pooled(&OLGA, &[KWH]);
		let retire =
			|who: &AccountId, amount, details| send(who, Call::retire_fungible { amount, details });
		assert_noop!(retire(&OLGA, 0, details()), Error::<Test>::AmountIsZero);
		assert_noop!(retire(&OLGA, 1, no_details()), Error::<Test>::NoBeneficiary);
		assert!(retire(&OLGA, AMOUNT + 1, details()).is_err());
		assert!(retire(&PETER, 1, details()).is_err());
		assert_eq!(rec(&OLGA), AMOUNT);
		assert_eq!(Rec::totals().retired, 0);
	});
}

#[test]
fn solidified_certificates_are_live_again_for_a_fee() {
	build_and_execute(|| {
		let ids = pooled(&OLGA, &[2 * KWH, 3 * KWH]);
		give(&OLGA, &PETER, 3 * AMOUNT);
		let (peter, treasury) = (deca(&PETER), deca(&TREASURY));
		System::reset_events();
		assert_ok!(Rec::solidify(signed(&PETER), 3 * AMOUNT));
		let part = ids[1] + 1;
		System::assert_last_event(
			Event::Solidified {
				who: PETER,
				certificates: vec![ids[0], part],
				energy: 3 * AMOUNT,
				fee: DECA / 10,
			}
			.into(),
		);
		assert_eq!((peter - deca(&PETER), deca(&TREASURY) - treasury), (DECA / 10, DECA / 10));
		assert_eq!((rec(&PETER), rec(&OLGA)), (0, 2 * AMOUNT));
		assert_eq!(live(&PETER), vec![ids[0], part]);
		assert_eq!((entry(part).from, entry(part).to), (2 * KWH, 3 * KWH));
		assert_eq!(Rec::pool(), Pool { head: 1, tail: 2, energy: 2 * AMOUNT });
		// And again into the pool, behind what is there.
		let batch = vec![ids[0]].try_into().unwrap();
		assert_ok!(Rec::liquidise(signed(&PETER), batch));
		assert_eq!(entry(ids[0]).state, State::Liquidised(2));
		assert_ok!(Rec::retire(signed(&PETER), part, None, details()));
	});
}

#[test]
fn solidifying_is_refused_without_enough_of_either() {
	build_and_execute(|| {
		pooled(&OLGA, &[KWH; 5]);
		let solidify = |who: &AccountId, amount| send(who, Call::solidify { amount });
		assert_noop!(solidify(&OLGA, 0), Error::<Test>::AmountIsZero);
		assert!(solidify(&PETER, 1).is_err());
		assert_noop!(solidify(&OLGA, 4 * AMOUNT + 1), Error::<Test>::SpansTooMany);
		// No DECA for the fee.
		give(&OLGA, &PAUPER, AMOUNT);
		assert!(solidify(&PAUPER, AMOUNT).is_err());
		assert_eq!(rec(&PAUPER), AMOUNT);
		SolidifyFee::set(&0);
		assert_ok!(solidify(&PAUPER, AMOUNT));
	});
}

#[test]
fn expired_head_can_be_retired_but_not_solidified() {
	build_and_execute(|| {
		let old = pooled(&OLGA, &[KWH]);
		let expires = Rec::issuance(entry(old[0]).issuance).unwrap().expires;
		go_to(expires - 100);
		let young = pooled(&OLGA, &[KWH]);
		assert!(Metering::current_interval() >= expires);
		assert_noop!(send(&OLGA, Call::solidify { amount: 1 }), Error::<Test>::HeadExpired);
		assert_ok!(Rec::retire_fungible(signed(&OLGA), AMOUNT, details()));
		assert_eq!(entry(old[0]).state, State::Retired(0));
		assert_ok!(Rec::solidify(signed(&OLGA), AMOUNT));
		assert_eq!(live(&OLGA), young);
	});
}

#[test]
fn pooled_certificate_cannot_be_used_by_its_former_owner() {
	build_and_execute(|| {
		let id = pooled(&OLGA, &[KWH])[0];
		let in_pool: DispatchError = Error::<Test>::InPool.into();
		assert_noop!(Rec::retire(signed(&OLGA), id, None, details()), in_pool);
		assert_noop!(Rec::transfer(signed(&OLGA), id, PETER), in_pool);
		assert_noop!(Rec::split(signed(&OLGA), id, 1), in_pool);
		assert_noop!(Rec::offer(signed(&OLGA), id, Some(1)), in_pool);
	});
}
