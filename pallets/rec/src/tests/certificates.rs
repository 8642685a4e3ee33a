//! Splitting, giving, selling, and what is told of it.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

#[test]
fn split_takes_the_upper_part_off_to_the_last_mwh() {
	build_and_execute(|| {
		let certificate = certificate(&OLGA, 10 * KWH);
		System::reset_events();
		assert_ok!(Rec::split(signed(&OLGA), certificate, 1));
		let part = certificate + 1;
		System::assert_last_event(Event::Split { certificate, part, energy: 1 }.into());
		assert_eq!((entry(certificate).from, entry(certificate).to), (0, 10 * KWH - 1));
		assert_eq!((entry(part).from, entry(part).to), (10 * KWH - 1, 10 * KWH));
		assert_eq!((entry(part).owner, entry(part).parent), (OLGA, Some(certificate)));
		assert_eq!(sums(certificate), Sums::new(10 * KWH));
		assert_noop!(Rec::split(signed(&OLGA), part, 1), Error::<Test>::MoreThanLeft);
		assert_noop!(Rec::split(signed(&OLGA), certificate, 0), Error::<Test>::AmountIsZero);
		assert_noop!(
			Rec::split(signed(&OLGA), certificate, 10 * KWH - 1),
			Error::<Test>::MoreThanLeft
		);
		assert_noop!(Rec::split(signed(&OLGA), certificate, u64::MAX), Error::<Test>::MoreThanLeft);
		assert_noop!(Rec::split(signed(&PETER), certificate, 1), Error::<Test>::NotHolder);
		assert_noop!(Rec::split(signed(&OLGA), 99, 1), Error::<Test>::UnknownCertificate);
	});
}

#[test]
fn transfer_gives_all_of_it() {
	build_and_execute(|| {
		let certificate = certificate(&OLGA, KWH);
		assert_noop!(Rec::transfer(signed(&OLGA), certificate, OLGA), Error::<Test>::SameOwner);
		assert_noop!(Rec::transfer(signed(&PETER), certificate, PETER), Error::<Test>::NotHolder);
		assert_noop!(Rec::transfer(signed(&OLGA), 99, PETER), Error::<Test>::UnknownCertificate);
		assert_ok!(Rec::transfer(signed(&OLGA), certificate, PETER));
		System::assert_last_event(Event::Transferred { certificate, from: OLGA, to: PETER }.into());
		assert_eq!((live(&OLGA), live(&PETER)), (NONE.to_vec(), vec![certificate]));
		assert_noop!(Rec::transfer(signed(&OLGA), certificate, PETER), Error::<Test>::NotHolder);
		assert_ok!(Rec::transfer(signed(&PETER), certificate, PAUPER));
		assert_eq!(entry(certificate).owner, PAUPER);
	});
}

#[test]
fn sale_moves_price_and_certificate_at_once() {
	build_and_execute(|| {
		let certificate = certificate(&OLGA, KWH);
		let buy = |who: &AccountId, max| Rec::buy(signed(who), certificate, KWH, max);
		assert_noop!(buy(&PETER, DECA), Error::<Test>::NotForSale);
		assert_noop!(Rec::offer(signed(&PETER), certificate, Some(1)), Error::<Test>::NotHolder);
		assert_noop!(Rec::offer(signed(&OLGA), certificate, Some(0)), Error::<Test>::AmountIsZero);
		assert_ok!(Rec::offer(signed(&OLGA), certificate, Some(20 * DECA)));
		System::assert_last_event(Event::Offered { certificate, price: Some(20 * DECA) }.into());
		assert_noop!(buy(&OLGA, 20 * DECA), Error::<Test>::SameOwner);
		assert_noop!(buy(&PETER, 20 * DECA - 1), Error::<Test>::PriceTooHigh);
		assert!(buy(&PAUPER, 20 * DECA).is_err());
		assert_eq!(entry(certificate).owner, OLGA);
		let (olga, peter) = (deca(&OLGA), deca(&PETER));
		assert_ok!(buy(&PETER, 30 * DECA));
		assert_eq!((deca(&OLGA) - olga, peter - deca(&PETER)), (20 * DECA, 20 * DECA));
		assert_eq!((entry(certificate).owner, entry(certificate).price), (PETER, None));
		System::assert_last_event(
			Event::Sold { certificate, from: OLGA, to: PETER, price: 20 * DECA }.into(),
		);
		assert_noop!(buy(&CAROL, 30 * DECA), Error::<Test>::NotForSale);
		assert_noop!(Rec::buy(signed(&CAROL), 99, 1, 1), Error::<Test>::UnknownCertificate);
	});
}

#[test]
fn buyer_is_not_sold_less_than_it_saw() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		assert_ok!(Rec::offer(signed(&OLGA), id, Some(DECA)));
		// While Peter's purchase is on its way, Olga splits most of it off and asks the same price again.
		assert_ok!(Rec::split(signed(&OLGA), id, 9 * KWH));
		assert_ok!(Rec::offer(signed(&OLGA), id, Some(DECA)));
		assert_noop!(Rec::buy(signed(&PETER), id, 10 * KWH, DECA), Error::<Test>::EnergyTooLow);
		assert_ok!(Rec::buy(signed(&PETER), id, KWH, DECA));
	});
}

#[test]
fn offer_ends_with_any_change() {
	build_and_execute(|| {
		let id = final_certificate(&OLGA, 10 * KWH);
		let offer = || Rec::offer(signed(&OLGA), id, Some(DECA)).unwrap();
		let is_over = || assert_eq!(entry(id).price, None);
		offer();
		assert_ok!(Rec::offer(signed(&OLGA), id, None));
		is_over();
		offer();
		assert_ok!(Rec::split(signed(&OLGA), id, KWH));
		is_over();
		assert_eq!(entry(id + 1).price, None);
		offer();
		assert_ok!(Rec::retire(signed(&OLGA), id, Some(KWH), details()));
		is_over();
		offer();
		assert_ok!(Rec::transfer(signed(&OLGA), id, PETER));
		is_over();
		assert_ok!(Rec::transfer(signed(&PETER), id, OLGA));
		offer();
		assert_ok!(Rec::liquidise(signed(&OLGA), vec![id].try_into().unwrap()));
		is_over();
		assert_noop!(Rec::buy(signed(&PETER), id, 1, DECA), Error::<Test>::InPool);
	});
}

#[test]
fn expired_certificate_cannot_be_used() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		let expires = Rec::issuance(0).unwrap().expires;
		assert_ok!(Rec::offer(signed(&OLGA), id, Some(DECA)));
		go_to(expires - 1);
		assert_ok!(Rec::retire(signed(&OLGA), id, Some(KWH), details()));
		assert_ok!(Rec::offer(signed(&OLGA), id, Some(DECA)));
		go_to(expires);
		let expired: DispatchError = Error::<Test>::Expired.into();
		assert_noop!(Rec::split(signed(&OLGA), id, 1), expired);
		assert_noop!(Rec::transfer(signed(&OLGA), id, PETER), expired);
		assert_noop!(Rec::offer(signed(&OLGA), id, None), expired);
		assert_noop!(Rec::buy(signed(&PETER), id, 1, DECA), expired);
		assert_noop!(Rec::retire(signed(&OLGA), id, None, details()), expired);
		assert_noop!(Rec::retire_as_carbon(signed(&OLGA), id, None, details()), expired);
		let batch = vec![id].try_into().unwrap();
		assert_noop!(Rec::liquidise(signed(&OLGA), batch), expired);
		assert_eq!(Rec::certificate(id).unwrap().status, Status::Expired);
		// It is still there, and counted.
		assert_eq!(sums(id), Sums { live: 9 * KWH, retired: KWH, ..Default::default() });
	});
}

#[test]
fn issuance_keeps_validity_and_window_when_the_governed_ones_change() {
	build_and_execute(|| {
		let id = certificate(&OLGA, KWH);
		let before = Rec::issuance(0).unwrap();
		Validity::set(&1);
		RevocationWindow::set(&100_000);
		assert_eq!(Rec::issuance(0).unwrap(), before);
		go_to(before.revocable_until);
		assert_ok!(Rec::liquidise(signed(&OLGA), vec![id].try_into().unwrap()));
	});
}

#[test]
fn trail_tells_every_step_and_who_took_it() {
	build_and_execute(|| {
		let id = final_certificate(&OLGA, 10 * KWH);
		let now = Metering::current_interval();
		assert_ok!(Rec::split(signed(&OLGA), id, KWH));
		assert_ok!(Rec::transfer(signed(&OLGA), id, PETER));
		assert_ok!(Rec::offer(signed(&PETER), id, Some(DECA)));
		assert_ok!(Rec::buy(signed(&CAROL), id, 9 * KWH, DECA));
		assert_ok!(Rec::liquidise(signed(&CAROL), vec![id].try_into().unwrap()));
		assert_ok!(Rec::solidify(signed(&CAROL), 9 * u128::from(KWH)));
		assert_ok!(Rec::retire(signed(&CAROL), id, None, details()));
		let steps = Trails::<Test>::get(id).steps.into_inner();
		let told = steps[1..].iter().map(|step| (step.what.clone(), step.by.clone()));
		assert_eq!(
			told.collect::<Vec<_>>(),
			vec![
				(What::SplitInto(id + 1), OLGA),
				(What::Transferred(PETER), OLGA),
				(What::Sold { from: PETER, price: DECA }, CAROL),
				(What::Liquidised, CAROL),
				(What::Solidified, CAROL),
				(What::Retired(0), CAROL),
			]
		);
		assert_eq!((steps[0].what.clone(), steps[0].by.clone()), (What::Issued(0), OLGA));
		assert!(steps[1..].iter().all(|step| step.at == now));
		let part = Trails::<Test>::get(id + 1).steps.into_inner();
		assert_eq!(part[0].what, What::SplitFrom(id));
	});
}

#[test]
fn full_trail_drops_the_oldest_change_of_hands() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 100 * KWH);
		assert_ok!(Rec::split(signed(&OLGA), id, KWH));
		for _ in 0..10 {
			assert_ok!(Rec::transfer(signed(&OLGA), id, PETER));
			assert_ok!(Rec::transfer(signed(&PETER), id, OLGA));
		}
		let trail = Trails::<Test>::get(id);
		assert_eq!((trail.steps.len(), trail.dropped), (MAX_STEPS as usize, 6));
		assert_eq!(trail.steps[0].what, What::Issued(0));
		assert_eq!(trail.steps[1].what, What::SplitInto(id + 1));
		for _ in 0..20 {
			assert_ok!(Rec::split(signed(&OLGA), id, KWH));
		}
		// Now there are no changes of hands left to drop.
		let trail = Trails::<Test>::get(id);
		assert_eq!((trail.steps.len(), trail.dropped), (MAX_STEPS as usize, 26));
		assert_eq!(trail.steps[0].what, What::Issued(0));
		assert!(matches!(trail.steps[1].what, What::SplitInto(_)));
	});
}
