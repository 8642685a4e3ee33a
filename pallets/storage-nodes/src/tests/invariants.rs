//! That each rule notices when it is broken.

use super::*;

/// Breaks a world in which everything occurs, and sees which rule notices.
fn breaks(rule: u32, break_it: impl FnOnce(&Battery, WithdrawalId, MeterId)) {
	new_test_ext().execute_with(|| {
		let (battery, _) = filled(10 * KWH_32);
		// Somebody sends, somebody asks, somebody draws, and something is missing.
		let peter = roof(&PETER);
		deposit(&PETER, peter, &battery);
		let dave = roof(&DAVE);
		StorageNodes::ask_deposit(signed(&DAVE), dave, battery.node).unwrap();
		let (id, home) = drawing(&battery, 4 * KWH, 8);
		sends(&battery, &[(peter, 5_000), (home, 0)], 4_000);
		gives(&battery, KWH_32, home, 500_000);
		rest(&battery, GRACE, &[home]);
		battery.account();
		settle(id);
		account_meter(peter);
		sends(&battery, &[(home, 0)], 0);
		StorageNodes::do_try_state().unwrap();
		break_it(&battery, id, peter);
		let error = StorageNodes::do_try_state().expect_err("a broken rule is noticed");
		let DispatchError::Other(text) = error else { panic!("{error:?}") };
		assert!(text.starts_with(&format!("{rule}:")), "rule {rule} was to notice, but: {text}");
	});
}

fn change_node(battery: &Battery, change: impl FnOnce(&mut NodeOf<Test>)) {
	Nodes::<Test>::mutate(battery.node, |node| change(node.as_mut().unwrap()));
}

fn change_withdrawal(id: WithdrawalId, change: impl FnOnce(&mut WithdrawalOf<Test>)) {
	Withdrawals::<Test>::mutate(id, |entry| change(entry.as_mut().unwrap()));
}

#[test]
fn rule_1_finds_energy_from_nowhere() {
	breaks(1, |battery, _, _| change_node(battery, |node| node.books.charged += 1));
	breaks(1, |battery, _, _| change_node(battery, |node| node.books.lost += 1));
	breaks(1, |battery, _, _| change_node(battery, |node| node.books.surplus += 1));
	breaks(1, |battery, _, _| change_node(battery, |node| node.capacity = 1));
	breaks(1, |battery, _, _| {
		change_node(battery, |node| node.books.uncovered = node.books.backing + 1)
	});
}

#[test]
fn rule_2_finds_an_allocation_that_went_nowhere() {
	breaks(2, |battery, _, _| change_node(battery, |node| node.books.allocated += 1));
	breaks(2, |battery, _, _| change_node(battery, |node| node.books.covered += 1));
	breaks(2, |battery, _, _| change_node(battery, |node| node.books.returned += 1));
}

#[test]
fn rule_3_finds_an_interval_that_gave_too_much() {
	let change = |battery: &Battery, change: fn(&mut NodeInterval)| {
		Rings::<Test>::mutate(battery.node, |ring| {
			let entry = ring.0.iter_mut().find(|entry| entry.discharged > 0).unwrap();
			change(entry);
		});
	};
	breaks(3, |battery, _, _| change(battery, |entry| entry.delivered = entry.discharged + 1));
	breaks(3, |battery, _, _| change(battery, |entry| entry.beyond = entry.delivered + 1));
	breaks(3, |battery, _, _| change(battery, |entry| entry.left += 1));
	breaks(3, |battery, _, _| change(battery, |entry| entry.allocated = entry.charged + 1));
	breaks(3, |battery, _, _| change(battery, |entry| entry.accounted = false));
}

#[test]
fn rule_4_finds_receipts_of_nothing() {
	let change = |meter: MeterId, change: fn(&mut Receipt)| {
		Receipts::<Test>::mutate(meter, |receipt| change(receipt.as_mut().unwrap()));
	};
	breaks(4, |_, _, peter| change(peter, |receipt| receipt.received += 1));
	breaks(4, |_, _, peter| change(peter, |receipt| receipt.counted = receipt.received - 1));
	breaks(4, |_, _, _| BookSums::<Test>::mutate(|sums| sums.taken += 1));
	// The energy of a receipt that was not taken returns to the node.
	breaks(4, |battery, _, _| {
		change_node(battery, |node| {
			assert_eq!(node.books.give_back(1, 0), 1);
			node.uncovered_since = node.uncovered_since.filter(|_| node.books.uncovered > 0);
			BookSums::<Test>::mutate(|sums| {
				(sums.backing, sums.returned) = (sums.backing - 1, sums.returned + 1);
				sums.uncovered = node.books.uncovered;
			});
		})
	});
}

#[test]
fn rule_5_finds_sums_of_other_nodes() {
	breaks(5, |_, _, _| BookSums::<Test>::mutate(|sums| sums.backing += 1));
	breaks(5, |_, _, _| BookSums::<Test>::mutate(|sums| sums.uncovered += 1));
	breaks(5, |_, _, _| BookSums::<Test>::mutate(|sums| sums.allocated += 1));
	breaks(5, |_, _, _| BookSums::<Test>::mutate(|sums| sums.written_off += 1));
	breaks(5, |_, _, _| BookSums::<Test>::mutate(|sums| sums.returned += 1));
}

#[test]
fn rule_6_finds_promises_that_nobody_was_given() {
	breaks(6, |battery, _, _| change_node(battery, |node| node.promised += 1));
	breaks(6, |battery, _, _| change_node(battery, |node| node.withdrawals += 1));
	breaks(6, |battery, _, _| {
		change_node(battery, |node| {
			let gone = node.books.backing;
			node.books.write_off(gone).unwrap();
			// What it says is consistent but for the promise.
			node.uncovered_since = None;
		})
	});
}

#[test]
fn rule_7_finds_bonds_that_are_not_held() {
	breaks(7, |battery, _, _| change_node(battery, |node| node.bond += 1));
	breaks(7, |battery, _, _| change_node(battery, |node| node.bonder = OLGA));
}

#[test]
fn rule_8_finds_tokens_that_are_not_held() {
	breaks(8, |_, _, _| {
		let reason = HoldReason::Withdrawal.into();
		<AssetsHolder as fungibles::MutateHold<_>>::release(
			KWH_ID,
			&reason,
			&WANDA,
			1,
			Precision::Exact,
		)
		.unwrap();
	});
}

#[test]
fn rule_9_finds_meters_that_are_not_booked() {
	breaks(9, |battery, _, _| {
		<Metering as MeterUses>::free(battery.discharge, MeterUse::Withdrawal).unwrap()
	});
	breaks(9, |battery, _, _| {
		<Metering as MeterUses>::book(battery.discharge, MeterUse::Withdrawal).unwrap()
	});
	breaks(9, |_, id, _| {
		let meter = StorageNodes::withdrawal(id).unwrap().meter;
		<Metering as MeterUses>::free(meter, MeterUse::Withdrawal).unwrap()
	});
}

#[test]
fn rule_10_finds_withdrawals_that_nobody_finds() {
	breaks(10, |_, id, _| WithdrawalsByDrawer::<Test>::remove(WANDA, id));
	breaks(10, |battery, id, _| WithdrawalsByNode::<Test>::remove(battery.node, id));
	breaks(10, |_, id, _| {
		MeterWithdrawal::<Test>::remove(StorageNodes::withdrawal(id).unwrap().meter)
	});
	breaks(10, |_, _, _| MeterWithdrawal::<Test>::insert(99, 99));
	breaks(10, |_, _, _| NextWithdrawalId::<Test>::put(0));
	breaks(10, |_, id, _| change_withdrawal(id, |entry| entry.rest = 0));
	breaks(10, |_, id, _| change_withdrawal(id, |entry| entry.energy = entry.rest - 1));
	breaks(10, |_, id, _| {
		change_withdrawal(id, |entry| {
			if let WithdrawalState::Running { until, cursor, .. } = &mut entry.state {
				*cursor = *until;
			}
		})
	});
	breaks(10, |_, id, _| {
		change_withdrawal(id, |entry| {
			// It was drawn from already.
			entry.state = WithdrawalState::Asked { expires: 0 };
		})
	});
}

#[test]
fn rule_11_finds_senders_that_do_not_send() {
	breaks(11, |battery, _, peter| Senders::<Test>::remove(battery.node, peter));
	breaks(11, |battery, _, _| Senders::<Test>::insert(battery.node, 99, Sender::Sends));
	breaks(11, |battery, _, peter| Asks::<Test>::insert(peter, battery.node));
	breaks(11, |_, _, _| Asks::<Test>::insert(99, 99));
	breaks(11, |battery, _, _| change_node(battery, |node| node.deposits += 1));
	breaks(11, |_, _, peter| {
		Deposits::<Test>::mutate(peter, |deposit| deposit.as_mut().unwrap().node = 99)
	});
}

#[test]
fn rule_12_finds_nodes_ahead_of_their_time() {
	breaks(12, |battery, _, _| change_node(battery, |node| node.cursor = now() + 1));
	breaks(12, |battery, _, _| change_node(battery, |node| node.uncovered_since = None));
	breaks(12, |battery, _, _| change_node(battery, |node| node.status = NodeStatus::Closed));
	breaks(12, |battery, _, _| change_node(battery, |node| node.leaving_since = Some(0)));
}
