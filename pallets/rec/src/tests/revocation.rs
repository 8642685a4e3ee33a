//! What happens when the DAO takes an issuance back.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok};

fn revoke(issuance: IssuanceId) -> DispatchResult {
	Rec::revoke(RuntimeOrigin::root(), issuance, reason("fed from the grid"))
}

#[test]
fn revocation_reaches_every_live_part_whoever_has_it() {
	build_and_execute(|| {
		let id = certificate(&OLGA, 10 * KWH);
		assert_ok!(Rec::retire(signed(&OLGA), id, Some(KWH), details()));
		assert_ok!(Rec::split(signed(&OLGA), id, 3 * KWH));
		let part = id + 2;
		assert_ok!(Rec::transfer(signed(&OLGA), part, PETER));
		assert_ok!(Rec::offer(signed(&PETER), part, Some(DECA)));
		System::reset_events();
		assert_ok!(revoke(0));
		System::assert_last_event(
			Event::Revoked {
				issuance: 0,
				revoked: 9 * KWH,
				retired: KWH,
				reason: reason("fed from the grid"),
			}
			.into(),
		);
		assert_eq!(sums(id), Sums { retired: KWH, revoked: 9 * KWH, ..Default::default() });
		assert_eq!(Rec::totals().revoked, 9 * u128::from(KWH));
		let revoked: DispatchError = Error::<Test>::Revoked.into();
		for (who, id) in [(OLGA, id), (PETER, part)] {
			assert_noop!(Rec::split(signed(&who), id, 1), revoked);
			assert_noop!(Rec::transfer(signed(&who), id, CAROL), revoked);
			assert_noop!(Rec::retire(signed(&who), id, None, details()), revoked);
			assert_noop!(Rec::retire_as_carbon(signed(&who), id, None, details()), revoked);
			assert_noop!(Rec::offer(signed(&who), id, None), revoked);
			assert_noop!(Rec::liquidise(signed(&who), vec![id].try_into().unwrap()), revoked);
			assert_eq!(Rec::certificate(id).unwrap().status, Status::Revoked);
		}
		assert_noop!(Rec::buy(signed(&CAROL), part, 1, DECA), revoked);
		// What was retired stays retired.
		assert_eq!(entry(id + 1).state, State::Retired(0));
		assert_eq!(Rec::certificate(id + 1).unwrap().status, Status::Retired);
	});
}

#[test]
fn revocation_is_possible_in_its_window_and_once() {
	build_and_execute(|| {
		let first = certificate(&OLGA, KWH);
		let until = Rec::issuance(0).unwrap().revocable_until;
		let second = certificate(&OLGA, KWH);
		assert_noop!(revoke(9), Error::<Test>::UnknownIssuance);
		go_to(until);
		assert_noop!(revoke(0), Error::<Test>::WindowOver);
		assert_ok!(revoke(1));
		assert_noop!(revoke(1), Error::<Test>::AlreadyRevoked);
		assert_ok!(Rec::retire(signed(&OLGA), first, None, details()));
		assert_noop!(Rec::retire(signed(&OLGA), second, None, details()), Error::<Test>::Revoked);
	});
}

#[test]
fn nothing_enters_the_pool_while_it_can_be_revoked() {
	build_and_execute(|| {
		let id = certificate(&OLGA, KWH);
		let until = Rec::issuance(0).unwrap().revocable_until;
		let liquidise = || Rec::liquidise(signed(&OLGA), vec![id].try_into().unwrap());
		go_to(until - 1);
		assert_noop!(liquidise(), Error::<Test>::StillRevocable);
		go_to(until);
		assert_ok!(liquidise());
		assert_noop!(revoke(0), Error::<Test>::WindowOver);
	});
}

#[test]
fn revoked_energy_cannot_be_certified_anew() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, KWH);
		certify_all(&OLGA, miner, meter);
		assert_ok!(revoke(0));
		assert_noop!(
			Rec::request(signed(&OLGA), miner, meter, documents()),
			Error::<Test>::NothingToCertify
		);
		mature_energy(meter, 2 * KWH);
		certify_all(&OLGA, miner, meter);
		assert_eq!(Rec::issuance(1).unwrap().energy, 2 * KWH);
	});
}
