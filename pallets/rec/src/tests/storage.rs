//! What came out of a battery, in place of what went in.

use crate::{mock::*, *};
use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold};
use heliograph_primitives::miner::{Flow, MinerKind};
use sp_runtime::Permill;

/// Nora's battery took 50 kWh and gave 40 back, all of which matured, and she has certificates of 30 and 30 kWh.
struct Night {
	miner: MinerId,
	discharge: MeterId,
	charge: MeterId,
	originals: [CertificateId; 2],
}

impl Night {
	fn falls() -> Self {
		let originals = [certificate(&NORA, 30 * KWH), certificate(&NORA, 30 * KWH)];
		let (miner, discharge, charge) = battery();
		deliver(charge, 50 * KWH);
		deliver(discharge, 40 * KWH);
		mature();
		outlast_revocation();
		Self { miner, discharge, charge, originals }
	}

	fn asks(&self, charged: Energy, originals: &[CertificateId]) -> DispatchResult {
		send(
			&NORA,
			Call::request_storage {
				miner: self.miner,
				discharge_meter: self.discharge,
				charge_meter: self.charge,
				charged,
				certificates: originals.to_vec().try_into().unwrap(),
				documents: documents(),
			},
		)
	}

	/// Splits the second original, so that both sum to 50 kWh.
	fn fits(&self) {
		Rec::split(signed(&NORA), self.originals[1], 10 * KWH).unwrap();
	}

	/// Asks for 40 of 50 kWh. Returns the request.
	fn is_asked_for(&self) -> RequestId {
		self.fits();
		self.asks(50 * KWH, &self.originals).unwrap();
		NextRequestId::<Test>::get() - 1
	}
}

#[test]
fn stored_energy_is_certified_in_place_of_what_went_in() {
	build_and_execute(|| {
		let night = Night::falls();
		let request = night.is_asked_for();
		let frozen = Rec::request_by_id(request).unwrap();
		assert_eq!((frozen.energy(), frozen.originals()), (40 * KWH, 2));
		let firsts_end = Rec::issuance(0).unwrap().expires;
		System::reset_events();
		let certificate = certify(&[request])[0].unwrap();
		let issuance = Rec::issuance(entry(certificate).issuance).unwrap();
		assert_eq!((issuance.energy, issuance.meter), (40 * KWH, night.discharge));
		assert_eq!(issuance.expires, firsts_end);
		let storage = issuance.storage.unwrap();
		assert_eq!(storage.efficiency, Permill::from_percent(80));
		assert_eq!(storage.measured, Permill::from_percent(80));
		assert_eq!((storage.charge.from, storage.charge.to), (0, 50 * KWH));
		assert_eq!(storage.charge.originals.to_vec(), night.originals.to_vec());
		for original in night.originals {
			assert_eq!(entry(original).state, State::Converted(entry(certificate).issuance));
			assert_eq!(Rec::certificate(original).unwrap().status, Status::Converted);
			assert_noop!(
				Rec::retire(signed(&NORA), original, None, details()),
				Error::<Test>::AlreadyRetired
			);
		}
		let totals = Rec::totals();
		assert_eq!((totals.retired, totals.converted), (50_000_000, 50_000_000));
		// No token is made of a conversion.
		assert_eq!(NextRetirementId::<Test>::get(), 0);
		assert_eq!(live(&NORA), vec![night.originals[1] + 1, certificate]);
		// And it can be used as any other.
		assert_ok!(Rec::retire(signed(&NORA), certificate, None, details()));
	});
}

#[test]
fn originals_are_retired_before_stored_energy_is_issued() {
	build_and_execute(|| {
		let night = Night::falls();
		let request = night.is_asked_for();
		certify(&[request]);
		// The claim of the charge, and with it the conversion, comes before the issue.
		let charge_claim = System::events().iter().rposition(|record| {
			matches!(
				record.event,
				RuntimeEvent::Metering(pallet_metering::Event::Claimed { meter, .. })
					if meter == night.charge
			)
		});
		let issue = System::events()
			.iter()
			.position(|record| matches!(record.event, RuntimeEvent::Rec(Event::Certified { .. })));
		assert!(charge_claim.is_some() && charge_claim < issue);
		let step = Trails::<Test>::get(night.originals[0]).steps.last().unwrap().what.clone();
		assert_eq!(step, What::Converted(2));
	});
}

#[test]
fn pledged_certificate_cannot_be_used_until_it_is_free() {
	build_and_execute(|| {
		let night = Night::falls();
		assert_ok!(Rec::offer(signed(&NORA), night.originals[0], Some(DECA)));
		let request = night.is_asked_for();
		let id = night.originals[0];
		let pledged: DispatchError = Error::<Test>::Pledged.into();
		assert_eq!(Rec::certificate(id).unwrap().status, Status::Pledged);
		assert_noop!(Rec::retire(signed(&NORA), id, None, details()), pledged);
		assert_noop!(Rec::transfer(signed(&NORA), id, OLGA), pledged);
		assert_noop!(Rec::split(signed(&NORA), id, 1), pledged);
		assert_noop!(Rec::offer(signed(&NORA), id, None), pledged);
		assert_noop!(Rec::buy(signed(&OLGA), id, 1, DECA), pledged);
		let batch = vec![id].try_into().unwrap();
		assert_noop!(Rec::liquidise(signed(&NORA), batch), pledged);
		assert_ok!(Rec::cancel(signed(&NORA), request));
		assert_eq!(entry(id).price, None);
		assert_ok!(Rec::retire(signed(&NORA), id, None, details()));
	});
}

#[test]
fn rejected_request_frees_its_originals_and_update_pledges_them_again() {
	build_and_execute(|| {
		let night = Night::falls();
		let request = night.is_asked_for();
		let before = deca(&NORA);
		reject(request);
		assert_eq!(deca(&NORA) - before, DECA + DECA / 10);
		assert_eq!(entry(night.originals[0]).state, State::Live);
		// Meters stay bound to the rejected request.
		assert_noop!(night.asks(50 * KWH, &night.originals), Error::<Test>::MeterBusy);
		let update = || send(&NORA, Call::update { request, documents: documents() });
		assert_ok!(Rec::transfer(signed(&NORA), night.originals[0], OLGA));
		assert_noop!(update(), Error::<Test>::NotHolder);
		assert_ok!(Rec::transfer(signed(&OLGA), night.originals[0], NORA));
		assert_ok!(update());
		let new = request + 1;
		assert_eq!(entry(night.originals[0]).state, State::Pledged(new));
		let held = Balances::balance_on_hold(&HoldReason::Request.into(), &NORA);
		assert_eq!(held, DECA + DECA / 10);
		assert!(certify(&[new])[0].is_ok());
	});
}

#[test]
fn storage_request_is_refused_when_charge_and_discharge_do_not_match() {
	build_and_execute(|| {
		let night = Night::falls();
		night.fits();
		let [first, second] = night.originals;
		assert_noop!(night.asks(40 * KWH - 1, &[first]), Error::<Test>::ChargeBelowDischarge);
		assert_noop!(night.asks(50 * KWH + 1, &[first, second]), Error::<Test>::ChargeNotProven);
		assert_noop!(night.asks(u64::MAX, &[first]), Error::<Test>::ChargeNotProven);
		assert_noop!(night.asks(50 * KWH, &[first]), Error::<Test>::OriginalsDiffer);
		assert_noop!(night.asks(50 * KWH, &[]), Error::<Test>::OriginalsDiffer);
		assert_noop!(night.asks(50 * KWH, &[first, first]), Error::<Test>::Pledged);
		assert_noop!(night.asks(45 * KWH, &[first, second]), Error::<Test>::OriginalsDiffer);
		let peters = certificate(&PETER, 20 * KWH);
		assert_noop!(night.asks(50 * KWH, &[first, peters]), Error::<Test>::NotHolder);
		let young = certificate(&NORA, 20 * KWH);
		assert_noop!(night.asks(50 * KWH, &[first, young]), Error::<Test>::StillRevocable);
		assert_ok!(night.asks(50 * KWH, &[first, second]));
	});
}

#[test]
fn storage_request_is_refused_when_miner_or_meters_are_wrong() {
	build_and_execute(|| {
		let night = Night::falls();
		night.fits();
		let (roof, meter) = roof(&NORA);
		let asks = |who: &AccountId, miner, discharge_meter, charge_meter| {
			let certificates = night.originals.to_vec().try_into().unwrap();
			let (charged, documents) = (50 * KWH, documents());
			send(
				who,
				Call::request_storage {
					miner,
					discharge_meter,
					charge_meter,
					charged,
					certificates,
					documents,
				},
			)
		};
		let Night { miner, discharge, charge, .. } = night;
		assert_noop!(asks(&NORA, 99, discharge, charge), Error::<Test>::UnknownMiner);
		assert_noop!(asks(&NORA, roof, discharge, charge), Error::<Test>::NotStorage);
		assert_noop!(asks(&OLGA, miner, discharge, charge), Error::<Test>::NotOwner);
		assert_noop!(asks(&NORA, miner, charge, charge), Error::<Test>::NotDischarge);
		assert_noop!(asks(&NORA, miner, discharge, discharge), Error::<Test>::NotCharge);
		assert_noop!(asks(&NORA, miner, meter, charge), Error::<Test>::MeterOfAnother);
		assert_noop!(asks(&NORA, miner, discharge, 99), Error::<Test>::UnknownMeter);
		Miners::suspend(RuntimeOrigin::root(), miner, reason("look")).unwrap();
		assert_noop!(asks(&NORA, miner, discharge, charge), Error::<Test>::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner).unwrap();
		deliver(charge, KWH);
		challenge(charge);
		assert_noop!(asks(&NORA, miner, discharge, charge), Error::<Test>::MeterQuarantined);
		Metering::dismiss(RuntimeOrigin::root(), charge).unwrap();
		assert_ok!(asks(&NORA, miner, discharge, charge));
	});
}

#[test]
fn charge_that_was_never_measured_proves_nothing() {
	build_and_execute(|| {
		let original = certificate(&NORA, 40 * KWH);
		let (miner, discharge, charge) = battery();
		deliver(discharge, 40 * KWH);
		mature();
		outlast_revocation();
		let night = Night { miner, discharge, charge, originals: [original; 2] };
		assert_noop!(night.asks(40 * KWH, &[original]), Error::<Test>::NothingToCertify);
		// One reading is a base and no energy.
		submit(vec![reading(charge, Metering::current_interval() - 1, 0)]);
		assert_noop!(night.asks(40 * KWH, &[original]), Error::<Test>::ChargeNotProven);
		// Energy came in, but after what came out had come out.
		deliver(charge, 50 * KWH);
		mature();
		assert_noop!(night.asks(40 * KWH, &[original]), Error::<Test>::ChargeAfterDischarge);
	});
}

#[test]
fn stored_energy_cannot_be_stored_again() {
	build_and_execute(|| {
		let night = Night::falls();
		let stored = certify(&[night.is_asked_for()])[0].unwrap();
		deliver(night.charge, 40 * KWH);
		deliver(night.discharge, 30 * KWH);
		mature();
		outlast_revocation();
		assert_noop!(night.asks(40 * KWH, &[stored]), Error::<Test>::OriginalIsStored);
	});
}

#[test]
fn charges_follow_each_other_first_in_first_out() {
	build_and_execute(|| {
		let night = Night::falls();
		certify(&[night.is_asked_for()]);
		let rest = night.originals[1] + 1;
		deliver(night.charge, 12 * KWH);
		deliver(night.discharge, 8 * KWH);
		mature();
		assert_ok!(night.asks(10 * KWH, &[rest]));
		let request = NextRequestId::<Test>::get() - 1;
		let charge = Rec::request_by_id(request).unwrap().charge;
		assert_eq!(charge.map(|charge| (charge.from, charge.to)), Some((50 * KWH, 60 * KWH)));
		let certificate = certify(&[request])[0].unwrap();
		let issuance = Rec::issuance(entry(certificate).issuance).unwrap();
		assert_eq!((issuance.from.position, issuance.to.position), (40 * KWH, 48 * KWH));
		let storage = issuance.storage.unwrap();
		assert_eq!(storage.efficiency, Permill::from_percent(80));
		// 48 of 62 kWh over the whole life, rounded down.
		assert_eq!(storage.measured, Permill::from_parts(774_193));
	});
}

#[test]
fn storage_is_not_certified_with_an_original_that_expired_meanwhile() {
	build_and_execute(|| {
		let night = Night::falls();
		let request = night.is_asked_for();
		go_to(Rec::issuance(0).unwrap().expires);
		assert_eq!(certify(&[request]), vec![Err(Error::<Test>::Expired.into())]);
		assert_eq!(Rec::totals().retired, 0);
		assert_ok!(Rec::cancel(signed(&NORA), request));
		assert_eq!(Rec::certificate(night.originals[0]).unwrap().status, Status::Expired);
	});
}

#[test]
fn stored_energy_is_no_carbon() {
	build_and_execute(|| {
		let factor = EmissionFactor { mg_per_kwh: 400_000, source: text("UBA 2025") };
		assert_ok!(Rec::set_emission_factor(RuntimeOrigin::root(), area(), Some(factor)));
		let night = Night::falls();
		let stored = certify(&[night.is_asked_for()])[0].unwrap();
		outlast_revocation();
		assert_noop!(
			Rec::retire_as_carbon(signed(&NORA), stored, None, no_details()),
			Error::<Test>::NoEmissionFactor
		);
		assert_ok!(Rec::liquidise(signed(&NORA), vec![stored].try_into().unwrap()));
	});
}

#[test]
fn discharge_of_a_standard_miner_is_not_certified() {
	build_and_execute(|| {
		let (miner, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Discharge]);
		mature_energy(meters[0], KWH);
		assert_noop!(
			Rec::request(signed(&OLGA), miner, meters[0], documents()),
			Error::<Test>::NotGeneration
		);
	});
}
