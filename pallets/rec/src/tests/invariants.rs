//! Each rule of `do_try_state` fires when it is broken.

use crate::{mock::*, *};
use frame_support::traits::fungibles::Mutate as _;

/// A chain with a bit of everything, on which `broken` is done; the rule with this number must complain.
fn fires(rule: &str, broken: impl FnOnce()) {
	new_test_ext().execute_with(|| {
		let factor = EmissionFactor { mg_per_kwh: 400_000, source: text("UBA 2025") };
		Rec::set_emission_factor(RuntimeOrigin::root(), area(), Some(factor)).unwrap();
		// 0 is live, 1 and 2 retired, 3 and 4 of another issuance: 3 in the pool, 4 retired out of it.
		let first = certificate(&OLGA, 10 * KWH);
		outlast_revocation();
		Rec::retire(signed(&OLGA), first, Some(KWH), details()).unwrap();
		Rec::retire_as_carbon(signed(&OLGA), first, Some(KWH), details()).unwrap();
		pooled(&OLGA, &[5 * KWH]);
		Rec::retire_fungible(signed(&OLGA), KWH.into(), details()).unwrap();
		let (miner, meter) = roof(&PETER);
		mature_energy(meter, KWH);
		request(&PETER, miner, meter);
		check_invariants();
		broken();
		let error = Rec::do_try_state().expect_err("a rule was broken");
		let DispatchError::Other(text) = error else { panic!("{error:?}") };
		assert!(text.starts_with(&format!("{rule}:")), "rule {rule} was broken, but: {text}");
	});
}

fn issuance(change: impl FnOnce(&mut IssuanceOf<Test>)) {
	Issuances::<Test>::mutate(0, |entry| change(entry.as_mut().unwrap()));
}

fn certificate_0(change: impl FnOnce(&mut CertificateOf<Test>)) {
	Certificates::<Test>::mutate(0, |entry| change(entry.as_mut().unwrap()));
}

#[test]
fn rules_about_issuances_fire() {
	fires("1", || issuance(|entry| entry.sums.live += 1));
	fires("1", || issuance(|entry| entry.energy += 1));
	fires("1", || issuance(|entry| entry.recovered = entry.energy + 1));
	fires("2", || issuance(|entry| entry.sums.shift(Sum::Live, Sum::Retired, 1).unwrap()));
	fires("1", || {
		issuance(|entry| {
			entry.revocation = Some(Revocation { at: 0, reason: reason("") });
		})
	});
	fires("1", || {
		Issuances::<Test>::mutate(1, |entry| entry.as_mut().unwrap().revocable_until = u32::MAX)
	});
	fires("2", || certificate_0(|entry| entry.from += 1));
	fires("2", || certificate_0(|entry| entry.issuance = 9));
}

#[test]
fn rules_about_meters_fire() {
	fires("3", || CertifiedUntil::<Test>::remove(0));
	fires("3", || CertifiedUntil::<Test>::mutate(0, |until| until.as_mut().unwrap().position += 1));
	fires("3", || {
		Charged::<Test>::insert(7, ChargedUntil::default());
	});
	fires("12", || MeterRequest::<Test>::insert(9, 0));
	fires("12", || Requests::<Test>::mutate(2, |entry| entry.as_mut().unwrap().from.position += 1));
}

#[test]
fn rules_about_pool_and_assets_fire() {
	fires("4", || PoolState::<Test>::mutate(|pool| pool.energy += 1));
	fires("4", || PoolState::<Test>::mutate(|pool| pool.tail += 1));
	fires("4", || Queue::<Test>::insert(0, 0));
	fires("4", || {
		Assets::mint_into(REC_ID, &OLGA, 1).unwrap();
	});
	fires("5", || {
		Assets::mint_into(CO2_ID, &OLGA, 1).unwrap();
	});
	fires("5", || {
		Assets::set_team(signed(&Rec::account()), REC_ID, OLGA, OLGA, OLGA).unwrap();
	});
}

#[test]
fn rules_about_requests_and_numbers_fire() {
	fires("6", || Requests::<Test>::mutate(2, |entry| entry.as_mut().unwrap().deposit += 1));
	fires("7", || NextCertificateId::<Test>::put(1));
	fires("7", || NextIssuanceId::<Test>::put(1));
	fires("7", || certificate_0(|entry| entry.parent = Some(0)));
	fires("9", || RequestsByMiner::<Test>::insert(9, 9, ()));
}

#[test]
fn rules_about_lists_and_retirements_fire() {
	fires("8", || {
		Retirements::<Test>::mutate(0, |entry| entry.as_mut().unwrap().retired_by = PETER);
		Certificates::<Test>::mutate(1, |entry| entry.as_mut().unwrap().owner = PETER);
		RetirementsByOwner::<Test>::insert(PETER, 0, ());
	});
	fires("8", || RetirementsByOwner::<Test>::insert(CAROL, 0, ()));
	fires("9", || certificate_0(|entry| entry.owner = PETER));
	fires("9", || CertificatesByOwner::<Test>::insert(PETER, 0, ()));
	fires("9", || CertificatesByMiner::<Test>::remove(0, 0));
	fires("9", || Trails::<Test>::remove(0));
	fires("10", || {
		Retirements::<Test>::remove(0);
	});
	fires("10", || Retirements::<Test>::mutate(0, |entry| entry.as_mut().unwrap().energy += 1));
	fires("11", || TotalEnergy::<Test>::mutate(|totals| totals.retired += 1));
	fires("11", || TotalEnergy::<Test>::mutate(|totals| totals.carbon += 1));
	fires("12", || certificate_0(|entry| entry.state = State::Pledged(9)));
	fires("13", || {
		Certificates::<Test>::mutate(1, |entry| {
			entry.as_mut().unwrap().state = State::Converted(0);
		})
	});
}
