//! What a registry page shows.

use crate::{mock::*, *};
use frame_support::assert_ok;

#[test]
fn pages_lead_through_all_certificates() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 100 * KWH);
		for _ in 0..4 {
			assert_ok!(Rec::split(signed(&OLGA), id, KWH));
		}
		assert_ok!(Rec::transfer(signed(&OLGA), id + 1, PETER));
		assert_ok!(Rec::retire(signed(&OLGA), id + 2, None, details()));
		let walk = |page: &dyn Fn(Option<CertificateId>) -> PageOf<Test>| {
			let (mut seen, mut after) = (Vec::new(), None);
			loop {
				let page = page(after);
				assert!(page.certificates.len() <= 2);
				seen.extend(page.certificates.into_iter().map(|listed| listed.id));
				after = page.next;
				if after.is_none() {
					seen.sort_unstable();
					return seen;
				}
			}
		};
		assert_eq!(walk(&|after| Rec::certificates(None, after, 2)), vec![0, 1, 2, 3, 4]);
		assert_eq!(
			walk(&|after| Rec::certificates_of(OLGA, None, after, 2)),
			vec![id, id + 3, id + 4]
		);
		assert_eq!(
			walk(&|after| Rec::certificates_of_miner(0, None, after, 2)),
			vec![0, 1, 2, 3, 4]
		);
		let retired = Some(Status::Retired);
		assert_eq!(walk(&|after| Rec::certificates(retired, after, 2)), vec![id + 2]);
		assert_eq!(walk(&|after| Rec::certificates_of_miner(0, retired, after, 2)), vec![id + 2]);
		assert_eq!(walk(&|after| Rec::certificates_of(PETER, None, after, 2)), vec![id + 1]);
		assert_eq!(walk(&|after| Rec::certificates_of(CAROL, None, after, 2)), NONE);
		// A page of nothing would lead nowhere: it has one.
		assert_eq!(ids(Rec::certificates(None, None, 0)).len(), 1);
	});
}

#[test]
fn history_leads_from_the_retirement_to_the_claim() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 100 * KWH);
		assert_ok!(Rec::split(signed(&OLGA), id, 10 * KWH));
		assert_ok!(Rec::transfer(signed(&OLGA), id + 1, PETER));
		assert_ok!(Rec::retire(signed(&PETER), id + 1, Some(KWH), details()));
		let history = Rec::history_of(id + 2).unwrap();
		assert_eq!(
			(history.certificate.status, history.certificate.energy),
			(Status::Retired, KWH)
		);
		assert_eq!((history.issuance.request, history.issuance.meter), (0, 0));
		assert_eq!(history.trail.steps[0].what, What::SplitFrom(id + 1));
		let ancestors = history.ancestors.iter().map(|(id, _)| *id).collect::<Vec<_>>();
		assert_eq!(ancestors, vec![id + 1, id]);
		assert_eq!(history.ancestors[0].1.steps[1].what, What::Transferred(PETER));
		assert_eq!(history.ancestors[1].1.steps[0].what, What::Issued(0));
		assert_eq!(history.retirement, Rec::retirement(0));
		assert!(history.retirement.is_some());
		assert_eq!(Rec::history_of(id).unwrap().retirement, None);
		assert_eq!(Rec::history_of(99), None);
	});
}

#[test]
fn retirements_of_an_account_are_listed() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 100 * KWH);
		for _ in 0..3 {
			assert_ok!(Rec::retire(signed(&OLGA), id, Some(KWH), details()));
		}
		assert_eq!(Rec::retirements_of(OLGA, None, 10), vec![0, 1, 2]);
		assert_eq!(Rec::retirements_of(OLGA, Some(0), 1), vec![1]);
		assert_eq!(Rec::retirements_of(PETER, None, 10), Vec::<RetirementId>::new());
		assert_eq!(Rec::rec_account(), Rec::account());
	});
}
