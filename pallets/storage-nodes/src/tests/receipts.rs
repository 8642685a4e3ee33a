//! What issuance asks and takes.

use super::*;
use frame_support::{assert_noop, assert_ok};

type Failure = Error<Test>;

fn received(meter: MeterId, energy: u128) -> Option<u128> {
	<StorageNodes as NodeReceipts>::received(meter, energy)
}

fn take(meter: MeterId, energy: u128) -> Result<u128, DispatchError> {
	<StorageNodes as NodeReceipts>::take(meter, energy)
}

/// The DAO rules that what the meter measured in the last day was not so.
fn void(meter: MeterId) {
	challenge(meter);
	Metering::uphold(RuntimeOrigin::root(), meter).unwrap();
}

/// A meter that sent 1,000 mWh, of which 700 were received, and its battery.
fn sent() -> (MeterId, Battery) {
	let battery = battery();
	let meter = roof(&OLGA);
	deposit(&OLGA, meter, &battery);
	sends(&battery, &[(meter, 1_000)], 700);
	rest(&battery, GRACE, &[meter]);
	battery.account();
	account_meter(meter);
	(meter, battery)
}

#[test]
fn receipts_are_taken_once_and_in_proportion() {
	build_and_execute(|| {
		let (meter, _) = sent();
		assert_eq!(received(meter, 0), Some(0));
		assert_eq!(received(meter, 1), Some(0));
		assert_eq!(received(meter, 1_000), Some(700));
		assert_eq!(received(meter, 1_001), None);
		assert_noop!(take(meter, 1_001), Failure::NotReceived);
		assert_noop!(take(99, 1), Failure::NotReceived);
		// Rounded down; the rest keeps what that leaves.
		assert_eq!(take(meter, 999), Ok(699));
		let event = Event::ReceiptTaken { meter, energy: 999, received: 699 };
		assert_eq!(last_event(), event);
		assert_eq!(receipt(meter), (1, 1));
		assert_eq!(take(meter, 1), Ok(1));
		assert_eq!(Receipts::<Test>::get(meter), None);
		assert_noop!(take(meter, 1), Failure::NotReceived);
		assert_eq!(BookSums::<Test>::get().taken, 700);
	});
}

#[test]
fn nothing_is_received_while_the_charge_meter_is_challenged() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		challenge(battery.charge);
		assert_eq!(received(meter, 1), None);
		assert_noop!(take(meter, 1), Failure::NotReceived);
		Metering::dismiss(RuntimeOrigin::root(), battery.charge).unwrap();
		assert_eq!(take(meter, 1_000), Ok(700));
	});
}

#[test]
fn receipts_outlive_the_deposit_and_the_next_one_adds_to_them() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!(receipt(meter), (1_000, 700));
		deposit(&OLGA, meter, &battery);
		sends(&battery, &[(meter, 500)], 400);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(receipt(meter), (1_500, 1_100));
	});
}

#[test]
fn voided_energy_is_taken_out_and_goes_back_to_the_node() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		void(meter);
		// Nothing of it can be used before that is accounted for.
		assert_eq!(received(meter, 1), None);
		assert_noop!(take(meter, 1), Failure::NotReceived);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		let node = battery.node;
		let event = Event::ReceiptVoided { meter, node, energy: 1_000, received: 700 };
		assert_eq!(last_event(), event);
		assert_eq!(Receipts::<Test>::get(meter), None);
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (0, 700, 700));
		// What it sends from then on counts again.
		sends(&battery, &[(meter, 500)], 400);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(receipt(meter), (500, 400));
		assert_eq!(take(meter, 500), Ok(400));
	});
}

#[test]
fn voided_energy_is_taken_out_of_the_older_receipts_first() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		void(meter);
		sends(&battery, &[(meter, 500)], 500);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(receipt(meter), (500, 500));
		assert_eq!((battery.books().backing, battery.books().surplus), (500, 700));
	});
}

#[test]
fn receipts_of_voided_energy_are_not_there_for_what_goes_into_the_grid() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		void(meter);
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		// Into the grid, and in due time matured.
		quarter(&[(meter, 5_000)]);
		assert_eq!(received(meter, 1_000), None);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!((received(meter, 1), receipt(meter)), (None, (0, 0)));
		assert_eq!(battery.books().returned, 700);
	});
}

#[test]
fn voided_energy_of_a_deposit_that_is_over_is_taken_out_too() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		void(meter);
		quarter(&[(meter, 5_000)]);
		assert_eq!(received(meter, 1_000), None);
		assert_noop!(take(meter, 1_000), Failure::NotReceived);
		// Nor does a new deposit make it good.
		assert_ok!(StorageNodes::ask_deposit(signed(&OLGA), meter, battery.node));
		let accept = || StorageNodes::accept_deposit(signed(&NORA), meter);
		assert_noop!(accept(), Failure::DepositNotSettled);
		let info = StorageNodes::account_meter(signed(&CAROL), meter).unwrap();
		assert_eq!(info.pays_fee, Pays::No);
		assert_eq!(Receipts::<Test>::get(meter), None);
		assert_eq!((battery.books().backing, battery.books().surplus), (0, 700));
		let again = StorageNodes::account_meter(signed(&CAROL), meter);
		assert_eq!(again.unwrap_err().error, Failure::NoDeposit.into());
		assert_ok!(accept());
	});
}

#[test]
fn energy_that_is_voided_after_the_end_of_its_deposit_is_not_late() {
	build_and_execute(|| {
		let battery = battery();
		let meter = roof(&OLGA);
		deposit(&OLGA, meter, &battery);
		// Nora has enough of her own.
		sends(&battery, &[(meter, 1_000)], 9_000);
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		void(meter);
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!((StorageNodes::deposit(meter).deposit, receipt(meter)), (None, (0, 0)));
		// What was allocated for it goes back in time.
		for _ in 0..3 {
			rest(&battery, RING / 2, &[]);
			battery.account();
		}
		assert_eq!((battery.books().backing, battery.books().surplus), (0, 9_000));
	});
}

#[test]
fn voided_energy_does_not_go_back_when_it_is_promised_or_the_node_was_closed() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		let _ = drawing(&battery, 600, 4);
		void(meter);
		account_meter(meter);
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (600, 100, 100));
	});
	build_and_execute(|| {
		let (meter, battery) = sent();
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		assert_ok!(StorageNodes::declare_vanished(RuntimeOrigin::root(), battery.node));
		let meters = battery.meters();
		assert_ok!(StorageNodes::register_node(signed(&NORA), battery.node, meters, CAPACITY));
		let peter = roof(&PETER);
		deposit(&PETER, peter, &battery);
		sends(&battery, &[(peter, 5_000)], 5_000);
		rest(&battery, GRACE, &[peter]);
		battery.account();
		// What is there now is Peter's.
		void(meter);
		account_meter(meter);
		assert_eq!(Receipts::<Test>::get(meter), None);
		assert_eq!((battery.books().backing, battery.books().surplus), (5_000, 0));
	});
}

#[test]
fn receipts_are_of_one_node() {
	build_and_execute(|| {
		let (meter, battery) = sent();
		let node = battery.node;
		let other = storage(&PETER);
		let meters = other.meters();
		assert_ok!(StorageNodes::register_node(signed(&PETER), other.node, meters, CAPACITY));
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_ok!(StorageNodes::ask_deposit(signed(&OLGA), meter, other.node));
		let accept = || StorageNodes::accept_deposit(signed(&PETER), meter);
		assert_noop!(accept(), Failure::ReceivedElsewhere);
		let give_up = |who: &AccountId, meter| StorageNodes::give_up_receipt(signed(who), meter);
		assert_noop!(give_up(&OLGA, 99), Failure::UnknownMeter);
		assert_noop!(give_up(&NORA, meter), Failure::NotOwner);
		// Olga takes a part of it, and does not want the rest.
		assert_eq!(take(meter, 400), Ok(280));
		Assets::mint_into(KWH_ID, &OLGA, 280).unwrap();
		assert_noop!(accept(), Failure::ReceivedElsewhere);
		assert_ok!(give_up(&OLGA, meter));
		let event = Event::ReceiptGivenUp { meter, node, energy: 600, received: 420 };
		assert_eq!(last_event(), event);
		assert_noop!(give_up(&OLGA, meter), Failure::NoReceipt);
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.returned), (280, 420, 420));
		assert_ok!(accept());
	});
}

#[test]
fn receiver_is_who_received_or_has_still_to_account() {
	build_and_execute(|| {
		let receiver = <StorageNodes as NodeReceipts>::receiver;
		let battery = battery();
		let meter = roof(&OLGA);
		assert_eq!(receiver(meter), None);
		deposit(&OLGA, meter, &battery);
		assert_eq!(receiver(meter), Some(battery.node));
		sends(&battery, &[(meter, 1_000)], 700);
		assert_ok!(StorageNodes::end_deposit(signed(&OLGA), meter));
		assert_eq!(receiver(meter), Some(battery.node));
		rest(&battery, GRACE, &[meter]);
		battery.account();
		account_meter(meter);
		assert_eq!(StorageNodes::deposit(meter).deposit, None);
		assert_eq!(receiver(meter), Some(battery.node));
		challenge(battery.charge);
		assert_eq!(receiver(meter), Some(battery.node));
		assert!(<StorageNodes as NodeReceipts>::disputed(battery.node));
		Metering::dismiss(RuntimeOrigin::root(), battery.charge).unwrap();
		assert!(!<StorageNodes as NodeReceipts>::disputed(battery.node));
		assert_eq!(take(meter, 1_000), Ok(700));
		assert_eq!(receiver(meter), None);
		Assets::mint_into(KWH_ID, &OLGA, 700).unwrap();
	});
}
