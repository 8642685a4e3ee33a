//! Who sends to whom, and what each received.

use super::*;
use frame_support::{assert_noop, assert_ok};

type Failure = Error<Test>;

fn ask(who: &AccountId, meter: MeterId, node: MinerId) -> DispatchResult {
	StorageNodes::ask_deposit(signed(who), meter, node)
}

fn accept(meter: MeterId) -> DispatchResult {
	StorageNodes::accept_deposit(signed(&NORA), meter)
}

fn end(who: &AccountId, meter: MeterId) -> DispatchResult {
	StorageNodes::end_deposit(signed(who), meter)
}

fn node_of(meter: MeterId) -> Option<MinerId> {
	<Miners as MeterDirectory<AccountId>>::meter(meter).unwrap().node
}

#[test]
fn deposit_is_agreed_by_both_owners() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		assert_ok!(ask(&OLGA, meter, node));
		assert_eq!(last_event(), Event::DepositAsked { meter, node });
		assert_eq!(StorageNodes::senders(node, None, 10), [(meter, Sender::Asks)]);
		assert_eq!(StorageNodes::deposit(meter).asks, Some(node));
		assert_eq!(node_of(meter), None);
		assert_noop!(StorageNodes::accept_deposit(signed(&OLGA), meter), Failure::NotOwner);
		assert_ok!(accept(meter));
		assert_eq!(last_event(), Event::DepositAccepted { meter, node, from: now() });
		assert_eq!(node_of(meter), Some(node));
		assert_eq!(StorageNodes::senders(node, None, 10), [(meter, Sender::Sends)]);
		assert!(StorageNodes::senders(node, Some(meter), 10).is_empty());
		assert_eq!(battery.get().deposits, 1);
		assert_noop!(accept(meter), Failure::NotAsked);
		assert_noop!(ask(&OLGA, meter, node), Failure::AlreadyDeposits);
	});
}

#[test]
fn request_is_refused_when_meter_or_miner_is_not_fit_for_it() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		let import = home(&WANDA);
		assert_noop!(ask(&OLGA, 99, node), Failure::UnknownMeter);
		assert_noop!(ask(&PETER, meter, node), Failure::NotOwner);
		assert_noop!(ask(&WANDA, import, node), Failure::KindCannotDeposit);
		assert_noop!(ask(&NORA, battery.discharge, node), Failure::KindCannotDeposit);
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Generation]);
		assert_noop!(ask(&OLGA, meters[0], node), Failure::WrongFlow);
		assert_noop!(ask(&OLGA, meter, 99), Failure::UnknownNode);
		suspend(miner_of(meter));
		assert_noop!(ask(&OLGA, meter, node), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), miner_of(meter)).unwrap();
		assert_ok!(ask(&OLGA, meter, node));
		assert_noop!(ask(&OLGA, meter, node), Failure::AlreadyAsked);
		Miners::retire_meter(signed(&OLGA), meter).unwrap();
		assert_noop!(accept(meter), Failure::MeterRetired);
		assert_ok!(StorageNodes::cancel_ask(signed(&CAROL), meter));
		assert_noop!(ask(&OLGA, meter, node), Failure::MeterRetired);
	});
}

#[test]
fn request_is_refused_when_the_node_is_not_sound() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let node = battery.node;
		let meter = roof(&PETER);
		assert_ok!(ask(&PETER, meter, node));
		let refused = |error: Failure| {
			let other = roof(&PETER);
			assert_noop!(ask(&PETER, other, node), error);
		};
		suspend(node);
		refused(Failure::MinerNotActive);
		assert_noop!(accept(meter), Failure::MinerNotActive);
		Miners::reinstate(RuntimeOrigin::root(), node).unwrap();
		BondPerKwh::set(&(2 * DECA));
		refused(Failure::BondTooLow);
		assert_noop!(accept(meter), Failure::BondTooLow);
		BondPerKwh::set(&DECA);
		// Nora uses what is not hers, and does not cover it.
		let Battery { charge, discharge, loss, .. } = battery;
		quarter(&[(charge, 0), (discharge, KWH_32), (loss, 0)]);
		rest(&battery, GRACE, &[]);
		battery.account();
		assert_eq!(battery.get().uncovered_since, Some(now()));
		assert_ok!(StorageNodes::cancel_ask(signed(&NORA), meter));
		assert_ok!(ask(&PETER, meter, node));
		go_to(now() + 20);
		assert!(StorageNodes::node(node).unwrap().overdue);
		refused(Failure::UncoveredOverdue);
		assert_noop!(accept(meter), Failure::UncoveredOverdue);
	});
}

#[test]
fn request_is_taken_back_or_declined() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		let cancel = |who: &AccountId| StorageNodes::cancel_ask(signed(who), meter);
		assert_noop!(cancel(&OLGA), Failure::NotAsked);
		for who in [OLGA, NORA] {
			assert_ok!(ask(&OLGA, meter, node));
			assert_noop!(cancel(&CAROL), Failure::NotOwner);
			assert_ok!(cancel(&who));
			assert_eq!(last_event(), Event::AskCancelled { meter, node });
			assert!(StorageNodes::senders(node, None, 10).is_empty());
		}
		// An earlier deposit elsewhere does not let anyone interfere.
		let other = storage(&NORA);
		StorageNodes::register_node(signed(&NORA), other.node, other.meters(), KWH).unwrap();
		assert_ok!(ask(&OLGA, meter, other.node));
		assert_ok!(accept(meter));
		sends(&battery, &[(meter, 1_000)], 0);
		assert_ok!(end(&OLGA, meter));
		assert_ok!(ask(&OLGA, meter, node));
		assert_noop!(cancel(&CAROL), Failure::NotOwner);
		assert_ok!(StorageNodes::leave(signed(&NORA), node));
		assert_ok!(cancel(&CAROL));
	});
}

#[test]
fn deposit_is_refused_when_the_energy_is_sold_otherwise() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		assert_ok!(ask(&OLGA, meter, battery.node));
		<Metering as MeterUses>::book(meter, MeterUse::Slots).unwrap();
		assert_noop!(accept(meter), Failure::MeterInTrade);
		<Metering as MeterUses>::free(meter, MeterUse::Slots).unwrap();
		assert_ok!(accept(meter));
	});
}

#[test]
fn deposit_is_refused_when_the_meter_was_silent_for_long() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		assert_ok!(ask(&OLGA, meter, battery.node));
		go_to(now() + SILENCE + 1);
		assert_noop!(accept(meter), Failure::MeterSilent);
		submit(vec![(meter, now() - 1, 9_000, Quality::Measured)]);
		assert_ok!(accept(meter));
		// What it brought up to then was sent before.
		assert_eq!(StorageNodes::deposit(meter).deposit.unwrap().seen, 9_000);
	});
}

#[test]
fn meter_that_never_reported_begins_with_the_interval_that_runs() {
	build_and_execute(|| {
		let battery = battery();
		let (_, meters) = admit(&OLGA, MinerKind::Standard, &[Flow::Export]);
		deposit(&OLGA, meters[0], &battery);
		let account = StorageNodes::account_meter(signed(&CAROL), meters[0]).unwrap();
		assert_eq!(account.pays_fee, Pays::Yes);
		sends(&battery, &[(meters[0], 1_000)], 1_000);
		rest(&battery, GRACE, &[meters[0]]);
		battery.account();
		account_meter(meters[0]);
		assert_eq!(receipt(meters[0]), (1_000, 1_000));
	});
}

#[test]
fn loss_is_shared_in_proportion_and_the_last_gets_the_dust() {
	build_and_execute(|| {
		let battery = battery();
		let meters = [OLGA, PETER, DAVE].map(|who| {
			let meter = roof(&who);
			deposit(&who, meter, &battery);
			meter
		});
		let sent = [333, 333, 334];
		let pairs = meters.iter().copied().zip(sent).collect::<Vec<_>>();
		sends(&battery, &pairs, 100);
		rest(&battery, GRACE, &meters);
		battery.account();
		for meter in meters {
			let account = StorageNodes::account_meter(signed(&CAROL), meter).unwrap();
			assert_eq!(account.pays_fee, Pays::No);
		}
		assert_eq!(meters.map(|meter| receipt(meter).1), [33, 33, 34]);
		assert_eq!(battery.books().allocated, 100);
		// There is nothing more to account for.
		let account = StorageNodes::account_meter(signed(&CAROL), meters[0]).unwrap();
		assert_eq!(account.pays_fee, Pays::Yes);
	});
}

#[test]
fn deposit_counts_what_was_reported_before_it_ended() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 1_000)], 2_000);
		let interval = now();
		assert_noop!(end(&CAROL, meter), Failure::NotOwner);
		assert_ok!(end(&NORA, meter));
		assert_eq!(last_event(), Event::DepositEnded { meter, node, until: interval });
		assert_eq!((node_of(meter), battery.get().deposits), (None, 0));
		assert_noop!(end(&OLGA, meter), Failure::DepositOver);
		assert_noop!(end(&OLGA, 99), Failure::NoDeposit);
		// The next reading is Olga's own.
		sends(&battery, &[(meter, 5_000)], 0);
		// She cannot deposit again before it is accounted for.
		assert_ok!(ask(&OLGA, meter, node));
		assert_noop!(accept(meter), Failure::DepositNotSettled);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(receipt(meter), (1_000, 1_000));
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		let account = StorageNodes::account_meter(signed(&CAROL), meter);
		assert_eq!(account.unwrap_err().error, Failure::NoDeposit.into());
		assert_ok!(accept(meter));
	});
}

#[test]
fn deposit_can_be_left_behind_when_nobody_remembers_it() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 1_000)], 1_000);
		assert_ok!(end(&OLGA, meter));
		assert_ok!(ask(&OLGA, meter, battery.node));
		go_to(now() + RING);
		submit(vec![(meter, now() - 1, 0, Quality::Measured)]);
		assert_noop!(accept(meter), Failure::DepositNotSettled);
		go_to(now() + 1);
		assert_ok!(accept(meter));
	});
}

#[test]
fn deposit_is_given_up_when_nobody_remembers_it() {
	build_and_execute(|| {
		let battery = battery();
		let (meter, node) = (roof(&OLGA), battery.node);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 1_000)], 1_000);
		assert_ok!(end(&OLGA, meter));
		let ended = now();
		let give_up = || StorageNodes::give_up_receipt(signed(&OLGA), meter);
		let receiver = || <StorageNodes as NodeReceipts>::receiver(meter);
		go_to(ended + RING);
		assert_noop!(give_up(), Failure::NoReceipt);
		go_to(ended + RING + 1);
		// Before that nothing else pays for its energy: anyone could have it accounted for still.
		assert_eq!(receiver(), Some(node));
		assert_ok!(give_up());
		assert_eq!(last_event(), Event::DepositGivenUp { meter, node });
		assert_eq!((receiver(), StorageNodes::deposit(meter).deposit), (None, None));
		// From now on nobody can: what went in is the node's own.
		let account = StorageNodes::account_meter(signed(&CAROL), meter);
		assert_eq!(account.unwrap_err().error, Failure::NoDeposit.into());
		submit(vec![(meter, now() - 1, 0, Quality::Measured)]);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		assert_eq!((receipt(meter), battery.books().backing), ((0, 0), 0));
		assert_noop!(give_up(), Failure::NoReceipt);
	});
}

#[test]
fn deposit_ends_when_the_dao_assigns_the_meter_otherwise() {
	build_and_execute(|| {
		let battery = battery();
		let node = battery.node;
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 1_000)], 1_000);
		Miners::assign_node(RuntimeOrigin::root(), meter, None).unwrap();
		sends(&battery, &[(meter, 7_000)], 7_000);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		let until = StorageNodes::deposit(meter).deposit.unwrap().cursor;
		let account = StorageNodes::account_meter(signed(&CAROL), meter).unwrap();
		assert_eq!(account.pays_fee, Pays::No);
		// Who knows when: what was not counted before is not counted.
		assert_eq!(last_event(), Event::DepositEnded { meter, node, until });
		assert_eq!(receipt(meter), (0, 0));
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!(battery.get().deposits, 0);

		// Or anyone says so.
		deposit(&OLGA, meter, &battery);
		Miners::assign_node(RuntimeOrigin::root(), meter, None).unwrap();
		assert_ok!(end(&CAROL, meter));
	});
}

#[test]
fn deposit_of_a_retired_meter_counts_what_it_measured() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 1_000)], 900);
		Miners::retire_meter(signed(&OLGA), meter).unwrap();
		rest(&battery, GRACE, &[]);
		battery.account();
		account_meter(meter);
		assert_eq!(receipt(meter), (1_000, 900));
		// It sends nothing more, and anyone clears it away.
		assert_ok!(end(&CAROL, meter));
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!(battery.get().deposits, 0);
	});
}

#[test]
fn deposit_of_a_revoked_miner_ends() {
	build_and_execute(|| {
		let (battery, meter) = filled(KWH_32);
		revoke(miner_of(meter));
		assert_ok!(end(&CAROL, meter));
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!(battery.get().deposits, 0);
	});
}
