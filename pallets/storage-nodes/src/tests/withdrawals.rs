//! Energy that is drawn, what both meters say of it, and what it costs whom.

use super::*;
use frame_support::{assert_noop, assert_ok};

type Failure = Error<Test>;

fn accept(withdrawal: WithdrawalId) -> DispatchResult {
	StorageNodes::accept_withdrawal(signed(&NORA), withdrawal)
}

fn cancel(who: &AccountId, withdrawal: WithdrawalId) -> DispatchResultWithPostInfo {
	StorageNodes::cancel_withdrawal(signed(who), withdrawal)
}

fn end(who: &AccountId, withdrawal: WithdrawalId) -> DispatchResult {
	StorageNodes::end_withdrawal(signed(who), withdrawal)
}

/// Intervals pass until the last ones are accounted for, and the withdrawal is settled. Returns what this told.
fn settled(battery: &Battery, withdrawal: WithdrawalId, home: MeterId) -> Vec<Event<Test>> {
	rest(battery, GRACE, &[home]);
	battery.account();
	System::reset_events();
	settle(withdrawal);
	events()
}

/// Wanda's meter, and tokens for her.
fn wanda(amount: u64) -> MeterId {
	give(&WANDA, u128::from(amount) + 1);
	home(&WANDA)
}

#[test]
fn delivered_is_what_the_node_gave_and_the_drawer_took() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 4);
		// The interval in which it was accepted does not count.
		gives(&battery, KWH_32, home, KWH_32);
		gives(&battery, 2 * KWH_32, home, 2 * KWH_32);
		gives(&battery, 3 * KWH_32, home, KWH_32);
		gives(&battery, 0, home, KWH_32);
		gives(&battery, 2 * KWH_32, home, 3 * KWH_32);
		let kwh = u128::from(KWH);
		// What Nora did not give in one interval she gave in the next: she owes nothing.
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 5 * KWH,
			returned: 0,
			failed: 0,
			penalty: 0,
		};
		let delivered = Event::Delivered { withdrawal: id, energy: 5 * KWH, rest: 0 };
		assert_eq!(settled(&battery, id, home), [delivered, closed]);
		// Three kWh that nobody drew are missing.
		let books = battery.books();
		assert_eq!((books.backing, books.uncovered), (5 * kwh, 3 * kwh));
		assert_eq!(books.stored(), 2 * kwh);
		assert_eq!((tokens(&WANDA), tokens_held(&WANDA)), (1, 0));
		assert_eq!(<Metering as MeterUses>::booked(home), None);
		assert_eq!(<Metering as MeterUses>::booked(battery.discharge), None);
		assert_noop!(
			StorageNodes::settle_withdrawal(signed(&CAROL), id),
			Failure::UnknownWithdrawal
		);
	});
}

#[test]
fn node_pays_a_penalty_when_the_drawer_took_more_than_it_gave() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 2);
		let (wanda, treasury) = (deca(&WANDA), deca(&TREASURY));
		rest(&battery, 1, &[home]);
		// Of five kWh in two intervals, Nora owes two and a half in each.
		gives(&battery, KWH_32, home, 3 * KWH_32);
		gives(&battery, 0, home, 0);
		let events = settled(&battery, id, home);
		let penalty = 45 * DECA / 100;
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: KWH,
			returned: 4 * KWH,
			failed: 1_500_000,
			penalty,
		};
		assert_eq!(events.last(), Some(&closed));
		assert_eq!((deca(&WANDA), deca(&TREASURY)), (wanda + penalty, treasury));
		assert_eq!((bond_of(&NORA), battery.get().bond), (BOND - penalty, BOND - penalty));
		assert_eq!(tokens(&WANDA), u128::from(4 * KWH) + 1);
	});
}

#[test]
fn node_owes_an_even_part_in_each_interval() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, KWH, 8);
		rest(&battery, 1, &[home]);
		// Wanda takes all at once in three intervals, and gets a part in one of them.
		gives(&battery, 0, home, KWH_32);
		gives(&battery, 100_000, home, KWH_32);
		gives(&battery, 0, home, KWH_32);
		rest(&battery, 5, &[home]);
		let events = settled(&battery, id, home);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 100_000,
			returned: 900_000,
			failed: 125_000 + 25_000 + 125_000,
			penalty: 275_000 * u128::from(PENALTY),
		};
		assert_eq!(events.last(), Some(&closed));
	});
}

#[test]
fn penalty_is_for_no_more_than_was_not_delivered() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, KWH, 3);
		rest(&battery, 1, &[home]);
		// Nora is late with the first two thirds, and makes up for most of it.
		gives(&battery, 0, home, KWH_32);
		gives(&battery, 0, home, KWH_32);
		gives(&battery, 900_000, home, KWH_32);
		let events = settled(&battery, id, home);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 900_000,
			returned: 100_000,
			failed: 100_000,
			penalty: 3 * DECA / 100,
		};
		assert_eq!(events.last(), Some(&closed));
	});
}

#[test]
fn node_pays_nothing_when_only_the_drawer_drew_less() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 2);
		rest(&battery, 1, &[home]);
		gives(&battery, 4 * KWH_32, home, KWH_32);
		gives(&battery, 0, home, 0);
		let events = settled(&battery, id, home);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: KWH,
			returned: 4 * KWH,
			failed: 0,
			penalty: 0,
		};
		assert_eq!(events.last(), Some(&closed));
		assert_eq!(bond_of(&NORA), BOND);
	});
}

#[test]
fn penalty_is_at_most_what_is_left_of_the_bond() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 10 * KWH, 1);
		let reason = HoldReason::Bond.into();
		<Balances as fungible::MutateHold<_>>::release(
			&reason,
			&NORA,
			BOND - DECA,
			Precision::Exact,
		)
		.unwrap();
		Nodes::<Test>::mutate(battery.node, |node| node.as_mut().unwrap().bond = DECA);
		rest(&battery, 1, &[home]);
		gives(&battery, 0, home, 10 * KWH_32);
		let events = settled(&battery, id, home);
		assert!(matches!(
			events[..],
			[Event::WithdrawalClosed { failed: 10_000_000, penalty: DECA, .. }]
		));
		assert_eq!(bond_of(&NORA), 0);
	});
}

#[test]
fn withdrawal_closes_when_its_drawer_cannot_be_paid() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, KWH, 1);
		rest(&battery, 1, &[home]);
		// 1 mWh is missing; the penalty for it would not make an account.
		gives(&battery, 0, home, 1);
		revoke(miner_of(home));
		Balances::transfer_all(signed(&WANDA), CAROL, false).unwrap();
		assert_eq!(deca(&WANDA), 0);
		rest(&battery, GRACE, &[]);
		battery.account();
		System::reset_events();
		settle(id);
		let events = events();
		assert!(matches!(events[0], Event::PenaltyFailed { withdrawal, .. } if withdrawal == id));
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 0,
			returned: KWH,
			failed: 1,
			penalty: 0,
		};
		assert_eq!(events[1], closed);
		assert_eq!(bond_of(&NORA), BOND);
		assert_eq!(tokens(&WANDA), u128::from(KWH) + 1);
	});
}

#[test]
fn withdrawals_share_what_came_out() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (wandas, home) = drawing(&battery, 4 * KWH, 1);
		let other = super::home(&DAVE);
		give_on(&OLGA, &DAVE, u128::from(4 * KWH) + 1);
		let request = |energy| {
			StorageNodes::request_withdrawal(signed(&DAVE), battery.node, other, energy, 1)
		};
		// Six are left, and Wanda's four are promised.
		assert_noop!(request(6 * KWH + 1), Failure::EmptyBattery);
		assert_ok!(request(4 * KWH));
		let daves = wandas + 1;
		assert_ok!(accept(daves));
		assert_eq!(
			<Metering as MeterUses>::booked(battery.discharge),
			Some((MeterUse::Withdrawal, 2))
		);
		assert_eq!(battery.get().promised, u128::from(8 * KWH));
		rest(&battery, 1, &[home, other]);
		let Battery { charge, discharge, loss, .. } = battery;
		let took = 2 * KWH_32;
		quarter(&[(charge, 0), (discharge, 3 * KWH_32), (loss, 0), (home, took), (other, took)]);
		rest(&battery, GRACE, &[home, other]);
		battery.account();
		settle(wandas);
		settle(daves);
		// Whoever is settled first gets what is there; all of it together is what came out.
		let events = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::WithdrawalClosed { delivered, failed, .. } => Some((delivered, failed)),
				_ => None,
			})
			.collect::<Vec<_>>();
		assert_eq!(events, [(2 * KWH, 0), (KWH, KWH)]);
		let kept = StorageNodes::interval_of(battery.node, now() - GRACE - 1).unwrap();
		assert_eq!((kept.discharged, kept.delivered), (3 * KWH_32, 3 * KWH_32));
		assert_eq!(battery.books().uncovered, 0);
	});
}

/// Wanda asks for 2 kWh in one interval, her friend Dave for 2 kWh in a day, and Nora gives both together what she owes them in
/// the first interval: 2.021 kWh. Returns what Wanda was told in the end, if they are settled in this order.
fn shared_with_a_friend(wanda_first: bool) -> Event<Test> {
	let (battery, _) = filled(10 * KWH_32);
	let (wandas, home) = drawing(&battery, 2 * KWH, 1);
	let other = super::home(&DAVE);
	give_on(&OLGA, &DAVE, u128::from(2 * KWH) + 1);
	let origin = signed(&DAVE);
	assert_ok!(StorageNodes::request_withdrawal(origin, battery.node, other, 2 * KWH, 96));
	let daves = wandas + 1;
	assert_ok!(accept(daves));
	rest(&battery, 1, &[home, other]);
	let Battery { charge, discharge, loss, .. } = battery;
	let took = 2 * KWH_32;
	quarter(&[(charge, 0), (discharge, 2_021_000), (loss, 0), (home, took), (other, took)]);
	rest(&battery, GRACE, &[home, other]);
	battery.account();
	System::reset_events();
	for id in if wanda_first { [wandas, daves] } else { [daves, wandas] } {
		settle(id);
	}
	assert_eq!(bond_of(&NORA), BOND);
	assert_eq!(battery.books().delivered, 2_021_000);
	let of_wanda = |event: &Event<Test>| matches!(event, Event::WithdrawalClosed { withdrawal, .. } if *withdrawal == wandas);
	events().into_iter().find(of_wanda).expect("her time is over")
}

#[test]
fn node_that_gave_all_that_it_owed_pays_nothing_in_whatever_order_it_is_settled() {
	build_and_execute(|| {
		let told = shared_with_a_friend(true);
		assert!(matches!(told, Event::WithdrawalClosed { delivered: 2_000_000, failed: 0, .. }));
	});
	build_and_execute(|| {
		let told = shared_with_a_friend(false);
		let returned = 2 * KWH - 21_000;
		let (withdrawal, failed, penalty) = (0, 0, 0);
		let delivered = 21_000;
		assert_eq!(
			told,
			Event::WithdrawalClosed { withdrawal, delivered, returned, failed, penalty }
		);
	});
}

#[test]
fn energy_beyond_an_even_part_excuses_no_more_than_it_was() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (wandas, home) = drawing(&battery, 2 * KWH, 1);
		let other = super::home(&DAVE);
		give_on(&OLGA, &DAVE, u128::from(2 * KWH) + 1);
		let origin = signed(&DAVE);
		assert_ok!(StorageNodes::request_withdrawal(origin, battery.node, other, 2 * KWH, 2));
		assert_ok!(accept(wandas + 1));
		rest(&battery, 1, &[home, other]);
		let Battery { charge, discharge, loss, .. } = battery;
		let took = 2 * KWH_32;
		// Of three kWh that Nora owes, she gives one and a half, and Dave takes it all.
		quarter(&[(charge, 0), (discharge, 1_500_000), (loss, 0), (home, took), (other, took)]);
		rest(&battery, GRACE, &[home, other]);
		battery.account();
		settle(wandas + 1);
		let kept = StorageNodes::interval_of(battery.node, now() - GRACE - 1).unwrap();
		assert_eq!((kept.delivered, kept.beyond), (1_500_000, 500_000));
		System::reset_events();
		settle(wandas);
		assert!(matches!(last_event(), Event::WithdrawalClosed { failed: 1_500_000, .. }));
		let kept = StorageNodes::interval_of(battery.node, now() - GRACE - 1).unwrap();
		assert_eq!((kept.delivered, kept.beyond), (1_500_000, 0));
	});
}

#[test]
fn withdrawal_from_a_vanished_node_is_settled_and_not_ended() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, _) = drawing(&battery, 2 * KWH, 8);
		assert_ok!(StorageNodes::declare_vanished(RuntimeOrigin::root(), battery.node));
		// In the interval of its acceptance, too: it would be over, without the penalty.
		for who in [WANDA, NORA] {
			assert_noop!(end(&who, id), Failure::NodeOver);
		}
		settle(id);
		let penalty = 6 * DECA / 10;
		assert!(events().iter().any(|event| matches!(
			event,
			Event::WithdrawalClosed { failed: 2_000_000, penalty: paid, .. } if *paid == penalty
		)));
	});
}

#[test]
fn withdrawal_is_refused_when_the_battery_is_empty() {
	build_and_execute(|| {
		let battery = battery();
		let home = wanda(5 * KWH);
		assert_noop!(ask(&battery, home, 1, 4), Failure::EmptyBattery);
		let (battery, _) = {
			let olga = roof(&OLGA);
			deposit(&OLGA, olga, &battery);
			sends(&battery, &[(olga, 3_000), (home, 0)], 3_000);
			rest(&battery, GRACE, &[home]);
			battery.account();
			(battery, olga)
		};
		assert_noop!(ask(&battery, home, 3_001, 4), Failure::EmptyBattery);
		assert_ok!(ask(&battery, home, 3_000, 4));
		// Meanwhile somebody else drew it.
		give(&CAROL, 1_000);
		assert_ok!(StorageNodes::cover(signed(&CAROL), battery.node, 1_000));
		assert_noop!(accept(0), Failure::EmptyBattery);
	});
}

#[test]
fn withdrawal_is_refused_when_meter_or_numbers_are_wrong() {
	build_and_execute(|| {
		let (battery, meter) = filled(10 * KWH_32);
		let home = wanda(5 * KWH);
		assert_noop!(ask(&battery, home, 0, 4), Failure::AmountIsZero);
		for duration in [0, 97] {
			assert_noop!(ask(&battery, home, 1, duration), Failure::DurationOutOfRange);
		}
		assert_noop!(ask(&battery, 99, 1, 4), Failure::UnknownMeter);
		assert_noop!(ask(&battery, meter, 1, 4), Failure::NotOwner);
		let wandas = roof(&WANDA);
		assert_noop!(ask(&battery, wandas, 1, 4), Failure::WrongFlow);
		let nowhere = Battery { node: 99, ..battery };
		assert_noop!(ask(&nowhere, home, 1, 4), Failure::UnknownNode);
		suspend(miner_of(home));
		assert_noop!(ask(&battery, home, 1, 4), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner_of(home)).unwrap();
		<Metering as MeterUses>::book(home, MeterUse::Lot).unwrap();
		assert_noop!(ask(&battery, home, 1, 4), Failure::MeterInTrade);
		<Metering as MeterUses>::free(home, MeterUse::Lot).unwrap();
		assert_ok!(ask(&battery, home, 1, 4));
		assert_noop!(ask(&battery, home, 1, 4), Failure::MeterBusy);
		assert_ok!(cancel(&WANDA, 0));
		Miners::retire_meter(signed(&WANDA), home).unwrap();
		assert_noop!(ask(&battery, home, 1, 4), Failure::MeterRetired);
	});
}

#[test]
fn owner_of_a_node_does_not_draw_from_it() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let home = home(&NORA);
		give(&NORA, 10);
		let call = StorageNodes::request_withdrawal(signed(&NORA), battery.node, home, 5, 4);
		assert_eq!(call, Err(Failure::SameOwner.into()));
		// Nor is anything asked of a node that nobody owns.
		let wanda = wanda(10);
		revoke(battery.node);
		assert_noop!(ask(&battery, wanda, 5, 4), Failure::UnknownMiner);
	});
}

#[test]
fn another_battery_can_draw() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let other = storage(&WANDA);
		give(&WANDA, u128::from(KWH) + 1);
		StorageNodes::register_node(signed(&WANDA), other.node, other.meters(), KWH).unwrap();
		assert_ok!(ask(&battery, other.charge, KWH, 1));
		assert_ok!(accept(0));
		base(other.charge);
		base(other.discharge);
		rest(&battery, 1, &[other.charge, other.discharge]);
		let Battery { charge, discharge, loss, .. } = battery;
		let all = [
			(charge, 0),
			(discharge, KWH_32),
			(loss, 0),
			(other.charge, KWH_32),
			(other.discharge, 0),
		];
		quarter(&all);
		rest(&battery, GRACE, &[other.charge, other.discharge]);
		battery.account();
		other.account();
		settle(0);
		// Paid for, it is Wanda's own, and nobody's tokens come of it.
		assert_eq!(battery.books().delivered, KWH.into());
		assert_eq!((other.books().surplus, other.books().allocated), (KWH.into(), 0));
	});
}

#[test]
fn acceptance_is_refused_when_it_comes_too_late_or_from_somebody_else() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let home = wanda(5 * KWH);
		assert_noop!(accept(0), Failure::UnknownWithdrawal);
		assert_ok!(ask(&battery, home, 1_000, 4));
		let event = Event::WithdrawalRequested {
			withdrawal: 0,
			node: battery.node,
			drawer: WANDA,
			meter: home,
			energy: 1_000,
			expires: now() + 8,
		};
		assert_eq!(last_event(), event);
		assert_noop!(StorageNodes::accept_withdrawal(signed(&WANDA), 0), Failure::NotOwner);
		let settle = StorageNodes::settle_withdrawal(signed(&CAROL), 0);
		assert_eq!(settle.unwrap_err().error, Failure::NotAccepted.into());
		assert_noop!(end(&WANDA, 0), Failure::NotAccepted);
		suspend(battery.node);
		assert_noop!(accept(0), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), battery.node).unwrap();
		suspend(miner_of(home));
		assert_noop!(accept(0), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner_of(home)).unwrap();
		<Metering as MeterUses>::book(battery.discharge, MeterUse::Slots).unwrap();
		assert_noop!(accept(0), pallet_metering::Error::<Test>::MeterBooked);
		<Metering as MeterUses>::free(battery.discharge, MeterUse::Slots).unwrap();
		BondPerKwh::set(&(2 * DECA));
		assert_noop!(accept(0), Failure::BondTooLow);
		BondPerKwh::set(&DECA);

		go_to(now() + 7);
		assert_ok!(accept(0));
		let (from, until) = (now() + 1, now() + 5);
		assert_eq!(last_event(), Event::WithdrawalAccepted { withdrawal: 0, from, until });
		assert_noop!(accept(0), Failure::AlreadyAccepted);
		assert_noop!(cancel(&WANDA, 0), Failure::AlreadyAccepted);
	});
}

#[test]
fn request_is_cancelled_by_either_side_or_by_anyone_when_it_expired() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let home = wanda(5 * KWH);
		assert_noop!(cancel(&WANDA, 0), Failure::UnknownWithdrawal);
		for (id, who) in [WANDA, NORA].iter().enumerate() {
			assert_ok!(ask(&battery, home, 1_000, 4));
			assert_noop!(cancel(&CAROL, id as u32), Failure::NotOwner);
			assert_eq!(cancel(who, id as u32).unwrap().pays_fee, Pays::Yes);
			let event = Event::WithdrawalCancelled { withdrawal: id as u32 };
			assert_eq!(last_event(), event);
			assert_eq!((tokens(&WANDA), tokens_held(&WANDA)), (u128::from(5 * KWH) + 1, 0));
			assert_eq!(<Metering as MeterUses>::booked(home), None);
		}
		assert_ok!(ask(&battery, home, 1_000, 4));
		go_to(now() + 7);
		assert_noop!(cancel(&CAROL, 2), Failure::NotOwner);
		go_to(now() + 1);
		assert_noop!(accept(2), Failure::RequestExpired);
		assert_eq!(cancel(&CAROL, 2).unwrap().pays_fee, Pays::No);
		// It is never so short that nobody could accept.
		AcceptWindow::set(&0);
		assert_ok!(ask(&battery, home, 1_000, 4));
		assert_ok!(accept(3));
	});
}

#[test]
fn withdrawal_ends_early_by_either_side() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (first, home) = drawing(&battery, 5 * KWH, 8);
		rest(&battery, 1, &[home]);
		gives(&battery, KWH_32, home, KWH_32);
		assert_noop!(end(&CAROL, first), Failure::NotOwner);
		assert_noop!(end(&CAROL, 99), Failure::UnknownWithdrawal);
		assert_ok!(end(&WANDA, first));
		let until = now() + 1;
		assert_eq!(last_event(), Event::WithdrawalEnding { withdrawal: first, until });
		assert_noop!(end(&NORA, first), Failure::AlreadyEnding);
		// The interval that runs still counts, the next one does not.
		gives(&battery, KWH_32, home, KWH_32);
		gives(&battery, KWH_32, home, 3 * KWH_32);
		let events = settled(&battery, first, home);
		let closed = Event::WithdrawalClosed {
			withdrawal: first,
			delivered: 2 * KWH,
			returned: 3 * KWH,
			failed: 0,
			penalty: 0,
		};
		assert_eq!(events.last(), Some(&closed));

		// One that has not begun is over at once.
		assert_ok!(ask(&battery, home, KWH, 4));
		assert_ok!(accept(first + 1));
		assert_ok!(end(&NORA, first + 1));
		assert!(matches!(last_event(), Event::WithdrawalClosed { returned: KWH, .. }));
		assert_eq!(battery.get().withdrawals, 0);
	});
}

#[test]
fn drawer_that_does_not_report_did_not_draw() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 2);
		rest(&battery, 1, &[home]);
		let Battery { charge, discharge, loss, .. } = battery;
		let begun = now();
		quarter(&[(charge, 0), (discharge, 2 * KWH_32), (loss, 0)]);
		quarter(&[(charge, 0), (discharge, 2 * KWH_32), (loss, 0)]);
		// It is waited for half a day.
		rest(&battery, SILENCE - 2, &[]);
		assert_eq!(now() - begun, SILENCE);
		battery.account();
		let info = StorageNodes::settle_withdrawal(signed(&CAROL), id).unwrap();
		assert_eq!(info.pays_fee, Pays::Yes);
		rest(&battery, 2, &[]);
		battery.account();
		System::reset_events();
		settle(id);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 0,
			returned: 5 * KWH,
			failed: 0,
			penalty: 0,
		};
		assert_eq!(events(), [closed]);
		assert_eq!(battery.books().uncovered, u128::from(4 * KWH));
		// What it says after that is too late.
		submit(vec![(home, now() - 1, 4 * KWH, Quality::Measured)]);
		assert_eq!(StorageNodes::withdrawal(id), None);
	});
}

#[test]
fn node_that_does_not_report_did_not_deliver() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 1);
		rest(&battery, 1, &[home]);
		// The node is suspended: its readings are refused.
		suspend(battery.node);
		quarter(&[(home, 2 * KWH_32)]);
		idle(SILENCE, &[home]);
		battery.account();
		System::reset_events();
		settle(id);
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: 0,
			returned: 5 * KWH,
			failed: 2 * KWH,
			penalty: 6 * DECA / 10,
		};
		assert_eq!(events(), [closed]);
	});
}

#[test]
fn interval_that_nobody_settled_in_a_day_counts_for_nobody() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 2);
		rest(&battery, 1, &[home]);
		gives(&battery, KWH_32, home, 3 * KWH_32);
		gives(&battery, KWH_32, home, KWH_32);
		rest(&battery, RING - 1, &[home]);
		battery.account();
		System::reset_events();
		settle(id);
		// Of the first interval nothing is known, the second one is the last that is.
		let delivered = Event::Delivered { withdrawal: id, energy: KWH, rest: 4 * KWH };
		let closed = Event::WithdrawalClosed {
			withdrawal: id,
			delivered: KWH,
			returned: 4 * KWH,
			failed: 0,
			penalty: 0,
		};
		assert_eq!(events(), [delivered, closed]);
	});
}

#[test]
fn withdrawal_of_a_revoked_drawer_is_settled_by_what_was_measured() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 1);
		rest(&battery, 1, &[home]);
		gives(&battery, 2 * KWH_32, home, 2 * KWH_32);
		revoke(miner_of(home));
		rest(&battery, GRACE, &[]);
		battery.account();
		settle(id);
		assert_eq!(tokens(&WANDA), u128::from(3 * KWH) + 1);
		assert_eq!(battery.books().delivered, u128::from(2 * KWH));
	});
}

#[test]
fn challenge_does_not_stop_a_settlement() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 5 * KWH, 1);
		rest(&battery, 1, &[home]);
		gives(&battery, 2 * KWH_32, home, 2 * KWH_32);
		// Else who challenges would get energy for nothing.
		challenge(battery.discharge);
		challenge(home);
		settled(&battery, id, home);
		assert_eq!(battery.books().delivered, u128::from(2 * KWH));
		assert_eq!(tokens(&WANDA), u128::from(3 * KWH) + 1);
	});
}

#[test]
fn withdrawals_are_found_by_their_drawer_and_their_node() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, _) = drawing(&battery, 5 * KWH, 8);
		let entry = StorageNodes::withdrawal(id).unwrap();
		assert_eq!((entry.energy, entry.rest, entry.failed), (5 * KWH, 5 * KWH, 0));
		let found = vec![(id, entry)];
		assert_eq!(StorageNodes::withdrawals_of(WANDA), found);
		assert_eq!(StorageNodes::withdrawals_from(battery.node, None, 10), found);
		assert!(StorageNodes::withdrawals_from(battery.node, Some(id), 10).is_empty());
		assert!(StorageNodes::withdrawals_of(OLGA).is_empty());
	});
}
