//! Using energy for good: in somebody's name, and as carbon.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

fn factor(mg_per_kwh: u32) {
	let factor = EmissionFactor { mg_per_kwh, source: text("UBA 2025") };
	Rec::set_emission_factor(RuntimeOrigin::root(), area(), Some(factor)).unwrap();
}

fn attribute(retirement: RetirementId, key: &str) -> Option<String> {
	<Nfts as RetirementTokens<AccountId>>::attribute(RETIREMENTS, retirement, key)
		.map(|value| String::from_utf8(value).unwrap())
}

#[test]
fn retirement_is_recorded_with_its_parts_and_details() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		System::reset_events();
		assert_ok!(Rec::retire(signed(&OLGA), id, None, details()));
		System::assert_last_event(
			Event::Retired {
				retirement: 0,
				retired_by: OLGA,
				energy: 10 * u128::from(KWH),
				as_carbon: None,
			}
			.into(),
		);
		let part = Part { certificate: id, issuance: 0, from: 0, to: 10 * KWH };
		assert_eq!(
			Rec::retirement(0).unwrap(),
			Retirement {
				retired_by: OLGA,
				details: details(),
				parts: vec![part].try_into().unwrap(),
				energy: 10 * u128::from(KWH),
				at: Metering::current_interval(),
				as_carbon: None,
				edited: None,
			}
		);
		assert_eq!(Rec::retirements_of(OLGA, None, 10), vec![0]);
		assert_eq!(sums(id), Sums { retired: 10 * KWH, ..Default::default() });
		assert_eq!(live(&OLGA), NONE);
		assert_eq!(Rec::totals().retired, 10 * u128::from(KWH));
	});
}

#[test]
fn part_of_a_certificate_can_be_retired() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		assert_ok!(Rec::transfer(signed(&OLGA), id, PETER));
		assert_ok!(Rec::retire(signed(&PETER), id, Some(3 * KWH), details()));
		assert_eq!((entry(id).energy(), entry(id).state), (7 * KWH, State::Live));
		let part = entry(id + 1);
		assert_eq!((part.energy(), part.state), (3 * KWH, State::Retired(0)));
		assert_eq!(live(&PETER), vec![id]);
		assert_eq!(sums(id), Sums { live: 7 * KWH, retired: 3 * KWH, ..Default::default() });
	});
}

#[test]
fn more_than_is_left_cannot_be_retired() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		let retire = |amount| Rec::retire(signed(&OLGA), id, Some(amount), details());
		assert_noop!(retire(10 * KWH + 1), Error::<Test>::MoreThanLeft);
		assert_noop!(retire(0), Error::<Test>::AmountIsZero);
		assert_ok!(retire(4 * KWH));
		assert_noop!(retire(6 * KWH + 1), Error::<Test>::MoreThanLeft);
		assert_ok!(retire(6 * KWH));
	});
}

#[test]
fn what_is_retired_cannot_be_used_again() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		assert_noop!(Rec::retire(signed(&PETER), id, None, details()), Error::<Test>::NotHolder);
		assert_ok!(Rec::retire(signed(&OLGA), id, None, details()));
		let retired: DispatchError = Error::<Test>::AlreadyRetired.into();
		assert_noop!(Rec::retire(signed(&OLGA), id, None, details()), retired);
		assert_noop!(Rec::retire(signed(&OLGA), id, Some(1), details()), retired);
		assert_noop!(Rec::retire_as_carbon(signed(&OLGA), id, None, details()), retired);
		assert_noop!(Rec::split(signed(&OLGA), id, 1), retired);
		assert_noop!(Rec::transfer(signed(&OLGA), id, PETER), retired);
		assert_noop!(Rec::offer(signed(&OLGA), id, Some(1)), retired);
		assert_noop!(Rec::buy(signed(&PETER), id, 1, 1), retired);
		let batch = vec![id].try_into().unwrap();
		assert_noop!(Rec::liquidise(signed(&OLGA), batch), retired);
	});
}

#[test]
fn retirement_is_refused_with_wrong_details() {
	build_and_execute(|| {
		let id = certificate(&OLGA, KWH);
		let retire = |details| Rec::retire(signed(&OLGA), id, None, details);
		assert_noop!(retire(no_details()), Error::<Test>::NoBeneficiary);
		let wrong = Details { message: text("bell\u{7}"), ..details() };
		assert_noop!(retire(wrong), Error::<Test>::BadText);
		let wrong = Details { purpose: vec![0xc3].try_into().unwrap(), ..details() };
		assert_noop!(retire(wrong), Error::<Test>::BadText);
		let wrong = Details { period: Some(Period { from: 2, to: 1 }), ..details() };
		assert_noop!(retire(wrong), Error::<Test>::BadPeriod);
		let fine = Details { beneficiary: text("Bäckerei Peter 🥨"), ..details() };
		assert_ok!(retire(fine));
	});
}

#[test]
fn token_of_a_retirement_tells_what_was_retired() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH + 1);
		assert_ok!(Rec::retire(signed(&OLGA), id, None, details()));
		assert_eq!(pallet_nfts::Pallet::<Test>::owner(RETIREMENTS, 0), Some(OLGA));
		assert_eq!(attribute(0, "energy").unwrap(), "10.000001 kWh");
		assert_eq!(attribute(0, "beneficiary").unwrap(), "Peter's bakery");
		assert_eq!(attribute(0, "purpose").unwrap(), "bread of the year 2026");
		assert_eq!(attribute(0, "message").unwrap(), "baked by the sun");
		assert_eq!(attribute(0, "interval"), Some(Metering::current_interval().to_string()));
		assert_eq!(attribute(0, "carbon"), None);
	});
}

#[test]
fn token_of_a_retirement_cannot_move_burn_or_be_written_on() {
	build_and_execute(|| {
		let id = certificate(&OLGA, KWH);
		assert_ok!(Rec::retire(signed(&OLGA), id, None, details()));
		assert!(Nfts::transfer(signed(&OLGA), RETIREMENTS, 0, PETER).is_err());
		assert!(Nfts::burn(signed(&OLGA), RETIREMENTS, 0).is_err());
		assert!(Nfts::approve_transfer(signed(&OLGA), RETIREMENTS, 0, PETER, None).is_err());
		assert!(Nfts::set_metadata(signed(&OLGA), RETIREMENTS, 0, Default::default()).is_err());
		let key: BoundedVec<u8, ConstU32<64>> = b"energy".to_vec().try_into().unwrap();
		let value: BoundedVec<u8, ConstU32<256>> = b"1 GWh".to_vec().try_into().unwrap();
		for namespace in [
			pallet_nfts::AttributeNamespace::ItemOwner,
			pallet_nfts::AttributeNamespace::CollectionOwner,
		] {
			assert!(Nfts::set_attribute(
				signed(&OLGA),
				RETIREMENTS,
				Some(0),
				namespace,
				key.clone(),
				value.clone()
			)
			.is_err());
		}
		assert!(Nfts::mint(signed(&OLGA), RETIREMENTS, 1, OLGA, None).is_err());
	});
}

#[test]
fn texts_can_be_mended_for_three_days_by_who_retired() {
	build_and_execute(|| {
		let id = certificate(&OLGA, KWH);
		assert_ok!(Rec::retire(signed(&OLGA), id, None, details()));
		let before = Rec::retirement(0).unwrap();
		let texts = |beneficiary: &str| Texts {
			beneficiary: text(beneficiary),
			purpose: text("cakes"),
			message: text(""),
		};
		let edit =
			|who: &AccountId, beneficiary| Rec::edit_retirement(signed(who), 0, texts(beneficiary));
		assert_noop!(edit(&PETER, "Peter"), Error::<Test>::NotRetirer);
		assert_noop!(edit(&OLGA, ""), Error::<Test>::NoBeneficiary);
		assert_noop!(edit(&OLGA, "\n"), Error::<Test>::BadText);
		assert_noop!(
			Rec::edit_retirement(signed(&OLGA), 1, texts("x")),
			Error::<Test>::UnknownRetirement
		);
		pass(287);
		assert_ok!(edit(&OLGA, "Peter's cakes"));
		System::assert_last_event(Event::RetirementEdited { retirement: 0 }.into());
		let now = Metering::current_interval();
		let after = Rec::retirement(0).unwrap();
		assert_eq!(after.details.beneficiary, texts("Peter's cakes").beneficiary);
		assert_eq!(
			(after.details.entity.clone(), after.details.period),
			(Some(PETER), before.details.period)
		);
		assert_eq!((after.parts, after.energy), (before.parts, before.energy));
		assert_eq!((after.at, after.edited), (before.at, Some(now)));
		assert_eq!(attribute(0, "beneficiary").unwrap(), "Peter's cakes");
		assert_eq!(
			(attribute(0, "purpose").unwrap(), attribute(0, "message")),
			("cakes".into(), None)
		);
		pass(1);
		assert_noop!(edit(&OLGA, "Peter"), Error::<Test>::EditWindowOver);
	});
}

#[test]
fn carbon_is_energy_times_the_factor_rounded_down() {
	build_and_execute(|| {
		factor(400_001);
		let id = final_certificate(&OLGA, 10 * KWH);
		// The factor of the issue holds, not the one that is set later.
		factor(1);
		System::reset_events();
		assert_ok!(Rec::retire_as_carbon(signed(&OLGA), id, Some(2_500_001), no_details()));
		// 2.500001 kWh x 400.001 g/kWh = 1000.0029 g.
		assert_eq!(co2(&OLGA), 1_000_002);
		System::assert_last_event(
			Event::Retired {
				retirement: 0,
				retired_by: OLGA,
				energy: 2_500_001,
				as_carbon: Some(1_000_002),
			}
			.into(),
		);
		assert_eq!(attribute(0, "carbon").unwrap(), "1.000002 kg CO2e");
		assert_eq!(Rec::retirement(0).unwrap().as_carbon, Some(1_000_002));
		assert_eq!(Rec::totals().carbon, 1_000_002);
		assert_eq!(entry(id).energy(), 10 * KWH - 2_500_001);
		assert_ok!(Rec::retire_as_carbon(signed(&OLGA), id, None, no_details()));
		assert_eq!(co2(&OLGA), 1_000_002 + 3_000_007);
	});
}

#[test]
fn carbon_needs_a_factor_and_enough_energy() {
	build_and_execute(|| {
		let without = final_certificate(&OLGA, KWH);
		let retire = |certificate, amount| {
			let details = no_details();
			send(&OLGA, Call::retire_as_carbon { certificate, amount, details })
		};
		assert_noop!(retire(without, None), Error::<Test>::NoEmissionFactor);
		factor(400_000);
		assert_noop!(retire(without, None), Error::<Test>::NoEmissionFactor);
		let with = certificate(&OLGA, KWH);
		assert_noop!(retire(with, None), Error::<Test>::StillRevocable);
		outlast_revocation();
		assert_noop!(retire(with, Some(2)), Error::<Test>::NoCarbon);
		assert_noop!(retire(with, Some(0)), Error::<Test>::AmountIsZero);
		assert_noop!(retire(with, Some(KWH + 1)), Error::<Test>::MoreThanLeft);
		assert_ok!(retire(with, Some(3)));
		assert_eq!(co2(&OLGA), 1);
		let wrong = Details { period: Some(Period { from: 1, to: 0 }), ..no_details() };
		assert_noop!(
			Rec::retire_as_carbon(signed(&OLGA), with, None, wrong),
			Error::<Test>::BadPeriod
		);
	});
}

#[test]
fn factor_can_be_set_read_and_removed() {
	build_and_execute(|| {
		factor(400_000);
		assert_eq!(Rec::emission_factor(area()).unwrap().mg_per_kwh, 400_000);
		assert_ok!(Rec::set_emission_factor(RuntimeOrigin::root(), area(), None));
		System::assert_last_event(Event::EmissionFactorSet { area: area(), factor: None }.into());
		assert_eq!(Rec::emission_factor(area()), None);
	});
}

#[test]
fn nobody_else_makes_or_destroys_the_assets() {
	build_and_execute(|| {
		pooled(&OLGA, &[KWH]);
		for asset in [REC_ID, CO2_ID] {
			assert!(Assets::mint(signed(&OLGA), asset, OLGA, 1).is_err());
			assert!(Assets::burn(signed(&OLGA), asset, OLGA, 1).is_err());
			assert!(Assets::set_team(signed(&OLGA), asset, OLGA, OLGA, OLGA).is_err());
		}
	});
}
