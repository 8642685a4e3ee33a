//! Worst cases: nodes with a full memory, intervals in which all meters measured something, withdrawals that end with a
//! penalty and close a vanished node.

use super::{Pallet as StoragePallet, *};
use frame_benchmarking::v2::*;
use frame_support::traits::fungible::Unbalanced;
use frame_system::RawOrigin;

/// The interval that runs: the start of a day in the year 2027.
const NOW: Interval = 20_900 * RING;
/// What each meter measures in an interval, in mWh.
const ENERGY: u32 = 100_000;
/// 100 kWh.
const CAPACITY: Energy = 100_000_000;
/// What a node holds for tokens, in mWh.
const BACKING: u64 = 50_000_000;
/// 1,000,000 DECA.
const FUND: Balance = 1_000_000_000_000_000_000;

fn funded<T: Config>(name: &'static str) -> T::AccountId {
	let who: T::AccountId = account(name, 0, 0);
	fund::<T>(&who);
	who
}

fn fund<T: Config>(who: &T::AccountId) {
	T::Currency::increase_balance(who, FUND, Precision::Exact).expect("the account takes funds");
}

fn signed<T: Config>(who: &T::AccountId) -> T::RuntimeOrigin {
	RawOrigin::Signed(who.clone()).into()
}

/// A storage miner, all meters of which have measured ten days.
fn storage<T: Config>() -> (T::AccountId, MinerId, NodeMeters) {
	T::BenchmarkHelper::go_to(NOW);
	let owner = funded::<T>("owner");
	let (miner, charge) = T::BenchmarkHelper::register(&owner, MinerKind::Storage, Flow::Charge);
	let discharge = T::BenchmarkHelper::add_meter(miner, Flow::Discharge);
	let loss = T::BenchmarkHelper::add_meter(miner, Flow::Consumption);
	for meter in [charge, discharge, loss] {
		T::Reports::report_for_benchmark(meter, ENERGY);
	}
	(owner, miner, NodeMeters { charge, discharge, loss: Some(loss) })
}

/// A node that holds `BACKING`.
fn node<T: Config>() -> Result<(T::AccountId, MinerId), BenchmarkError> {
	let (owner, id, meters) = storage::<T>();
	fund::<T>(&T::FeeDestination::get());
	StoragePallet::<T>::register_node(signed::<T>(&owner), id, meters, CAPACITY)?;
	change::<T>(id, |node| {
		let books = &mut node.books;
		(books.charged, books.allocated, books.backing) =
			(BACKING.into(), BACKING.into(), BACKING.into());
	});
	BookSums::<T>::put(Sums {
		backing: BACKING.into(),
		allocated: BACKING.into(),
		..Default::default()
	});
	Ok((owner, id))
}

fn change<T: Config>(id: MinerId, change: impl FnOnce(&mut NodeOf<T>)) {
	Nodes::<T>::mutate(id, |node| change(node.as_mut().expect("it was just registered")));
}

/// The first of `n` intervals that have not been accounted for and can be.
fn first<T: Config>(n: u32) -> Interval {
	NOW - StoragePallet::<T>::grace() - n
}

/// Lets `n` intervals be to be accounted for, in which something was sent.
fn unaccounted<T: Config>(id: MinerId, n: u32) {
	change::<T>(id, |node| node.cursor = first::<T>(n));
	for interval in first::<T>(n)..NOW {
		T::BenchmarkHelper::send(id, interval, 2 * u64::from(ENERGY));
	}
}

/// A roof that asks a node to take its energy.
fn asked<T: Config>(id: MinerId) -> Result<(T::AccountId, MeterId), BenchmarkError> {
	let sender = funded::<T>("sender");
	let (_, meter) = T::BenchmarkHelper::register(&sender, MinerKind::Standard, Flow::Export);
	T::Reports::report_for_benchmark(meter, ENERGY);
	StoragePallet::<T>::ask_deposit(signed::<T>(&sender), meter, id)?;
	Ok((sender, meter))
}

fn sending<T: Config>(
	owner: &T::AccountId,
	id: MinerId,
) -> Result<(T::AccountId, MeterId), BenchmarkError> {
	let (sender, meter) = asked::<T>(id)?;
	StoragePallet::<T>::accept_deposit(signed::<T>(owner), meter)?;
	Ok((sender, meter))
}

/// What a node received of a meter and nobody asked payment for.
fn received<T: Config>(id: MinerId) -> Receipt {
	let registered = Nodes::<T>::get(id).expect("it was just registered").registered;
	let energy = u128::from(ENERGY);
	Receipt { node: id, registered, counted: energy, received: energy, voided: 0 }
}

/// A home whose meter has measured ten days, with tokens.
fn home<T: Config>() -> Result<(T::AccountId, MeterId), BenchmarkError> {
	let drawer = funded::<T>("drawer");
	let (_, meter) = T::BenchmarkHelper::register(&drawer, MinerKind::Consumer, Flow::Import);
	T::Reports::report_for_benchmark(meter, ENERGY);
	T::Kwh::mint_into(T::KwhId::get(), &drawer, Balance::from(BACKING).saturating_mul(2))?;
	Ok((drawer, meter))
}

fn requested<T: Config>(id: MinerId) -> Result<(T::AccountId, WithdrawalId), BenchmarkError> {
	let (drawer, meter) = home::<T>()?;
	let withdrawal = NextWithdrawalId::<T>::get();
	let origin = signed::<T>(&drawer);
	StoragePallet::<T>::request_withdrawal(origin, id, meter, BACKING, MAX_DURATION)?;
	Ok((drawer, withdrawal))
}

fn running<T: Config>(
	owner: &T::AccountId,
	id: MinerId,
) -> Result<(T::AccountId, WithdrawalId), BenchmarkError> {
	let (drawer, withdrawal) = requested::<T>(id)?;
	StoragePallet::<T>::accept_withdrawal(signed::<T>(owner), withdrawal)?;
	// It owes a penalty, too.
	Withdrawals::<T>::mutate(withdrawal, |entry| {
		entry.as_mut().expect("it was just accepted").failed = BACKING;
	});
	Ok((drawer, withdrawal))
}

#[benchmarks]
mod benchmarks {
	use super::*;

	#[benchmark]
	fn register_node() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let meters = Nodes::<T>::get(id).expect("it was just registered").meters;
		// Closed long ago, so that its memory has to be cleared.
		change::<T>(id, |node| (node.status, node.cursor) = (NodeStatus::Closed, 0));
		Rings::<T>::insert(id, NodeRing::default());
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, meters, CAPACITY);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.status), Some(NodeStatus::Open));
		Ok(())
	}

	#[benchmark]
	fn top_up_bond() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let before = funded::<T>("before");
		let half = Nodes::<T>::get(id).expect("it was just registered").bond / 2;
		T::Currency::hold(&HoldReason::Bond.into(), &before, half)?;
		change::<T>(id, |node| (node.bonder, node.bond) = (before, half));
		#[extrinsic_call]
		_(RawOrigin::Signed(owner.clone()), id);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.bonder), Some(owner));
		Ok(())
	}

	#[benchmark]
	fn set_open() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, false);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.takes_deposits), Some(false));
		Ok(())
	}

	#[benchmark]
	fn leave() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.status), Some(NodeStatus::Leaving));
		Ok(())
	}

	#[benchmark]
	fn close_node() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		// The bond pays for what it holds for tokens, and is more than that.
		change::<T>(id, |node| (node.status, node.leaving_since) = (NodeStatus::Leaving, Some(0)));
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.status), Some(NodeStatus::Closed));
		assert_eq!(BookSums::<T>::get().written_off, u128::from(BACKING));
		Ok(())
	}

	#[benchmark]
	fn declare_vanished() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let origin =
			T::DaoOrigin::try_successful_origin().map_err(|_| BenchmarkError::Weightless)?;
		#[extrinsic_call]
		_(origin as T::RuntimeOrigin, id);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.status), Some(NodeStatus::Closed));
		Ok(())
	}

	#[benchmark]
	fn ask_deposit() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let (sender, meter) = asked::<T>(id)?;
		StoragePallet::<T>::cancel_ask(signed::<T>(&sender), meter)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(sender), meter, id);
		assert_eq!(Asks::<T>::get(meter), Some(id));
		Ok(())
	}

	#[benchmark]
	fn cancel_ask() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let (sender, meter) = asked::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(sender), meter);
		assert_eq!(Asks::<T>::get(meter), None);
		Ok(())
	}

	#[benchmark]
	fn accept_deposit() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, meter) = asked::<T>(id)?;
		let ended = Some(Ending { until: 0, standing: 0, voided: 0 });
		let registered = NOW;
		let last =
			Deposit { node: id, registered, cursor: 0, seen: 0, late: 0, late_until: 0, ended };
		Deposits::<T>::insert(meter, last);
		Receipts::<T>::insert(meter, received::<T>(id));
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), meter);
		assert_eq!(Senders::<T>::get(id, meter), Some(Sender::Sends));
		Ok(())
	}

	#[benchmark]
	fn end_deposit() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, meter) = sending::<T>(&owner, id)?;
		// Some of it is still to be accounted for, so that it stays.
		Deposits::<T>::mutate(meter, |deposit| {
			let deposit = deposit.as_mut().expect("it was just accepted");
			(deposit.cursor, deposit.seen) = (NOW - 3, 0);
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), meter);
		assert_eq!(Senders::<T>::get(id, meter), None);
		Ok(())
	}

	#[benchmark]
	fn account(n: Linear<1, 48>) -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		unaccounted::<T>(id, n);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id, RING);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.cursor), Some(first::<T>(0)));
		Ok(())
	}

	#[benchmark]
	fn account_meter(n: Linear<1, 48>) -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		unaccounted::<T>(id, n);
		StoragePallet::<T>::account(signed::<T>(&owner), id, RING)
			.map_err(|failed| failed.error)?;
		let (_, meter) = sending::<T>(&owner, id)?;
		for interval in first::<T>(n)..NOW {
			// More was sent than the node knew of.
			T::BenchmarkHelper::send(id, interval, 3 * u64::from(ENERGY));
		}
		Receipts::<T>::insert(meter, received::<T>(id));
		Deposits::<T>::mutate(meter, |deposit| {
			let deposit = deposit.as_mut().expect("it was just accepted");
			(deposit.cursor, deposit.seen) = (first::<T>(n), 0);
			(deposit.late, deposit.late_until) = (1_000, 0);
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), meter);
		let receipt = Receipts::<T>::get(meter).expect("something was received");
		assert!(receipt.counted > u128::from(ENERGY) * u128::from(n + 1));
		Ok(())
	}

	#[benchmark]
	fn request_withdrawal() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let (drawer, meter) = home::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(drawer), id, meter, BACKING, MAX_DURATION);
		assert!(MeterWithdrawal::<T>::contains_key(meter));
		Ok(())
	}

	#[benchmark]
	fn accept_withdrawal() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, withdrawal) = requested::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), withdrawal);
		assert_eq!(Nodes::<T>::get(id).map(|node| node.withdrawals), Some(1));
		Ok(())
	}

	#[benchmark]
	fn cancel_withdrawal() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, withdrawal) = requested::<T>(id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), withdrawal);
		assert!(!Withdrawals::<T>::contains_key(withdrawal));
		Ok(())
	}

	#[benchmark]
	fn settle_withdrawal(n: Linear<1, 48>) -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, withdrawal) = running::<T>(&owner, id)?;
		unaccounted::<T>(id, n);
		StoragePallet::<T>::account(signed::<T>(&owner), id, RING)
			.map_err(|failed| failed.error)?;
		Withdrawals::<T>::mutate(withdrawal, |entry| {
			let entry = entry.as_mut().expect("it was just accepted");
			let from = first::<T>(n);
			let (until, cursor) = (first::<T>(0), from);
			let penalty = T::PenaltyPrice::get();
			entry.state = WithdrawalState::Running { from, until, cursor, penalty };
		});
		change::<T>(id, |node| node.status = NodeStatus::Vanished);
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), withdrawal);
		assert!(!Withdrawals::<T>::contains_key(withdrawal));
		let node = Nodes::<T>::get(id).expect("it stays");
		assert_eq!(node.status, NodeStatus::Closed);
		assert_eq!(node.books.delivered, u128::from(ENERGY) * u128::from(n));
		Ok(())
	}

	#[benchmark]
	fn end_withdrawal() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		let (_, withdrawal) = running::<T>(&owner, id)?;
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), withdrawal);
		assert!(!Withdrawals::<T>::contains_key(withdrawal));
		Ok(())
	}

	#[benchmark]
	fn cover() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let (who, _) = home::<T>()?;
		#[extrinsic_call]
		_(RawOrigin::Signed(who), id, BACKING.into());
		assert_eq!(Nodes::<T>::get(id).map(|node| node.books.backing), Some(0));
		Ok(())
	}

	#[benchmark]
	fn slash_uncovered() -> Result<(), BenchmarkError> {
		let (owner, id) = node::<T>()?;
		change::<T>(id, |node| {
			node.books.discharge(BACKING.into());
			node.uncovered_since = Some(0);
		});
		#[extrinsic_call]
		_(RawOrigin::Signed(owner), id);
		assert!(BookSums::<T>::get().written_off > 0);
		Ok(())
	}

	#[benchmark]
	fn give_up_receipt() -> Result<(), BenchmarkError> {
		let (_, id) = node::<T>()?;
		let (sender, meter) = asked::<T>(id)?;
		let receipt = received::<T>(id);
		Receipts::<T>::insert(meter, receipt);
		// As long ago as nobody remembers.
		let ending = Ending { until: NOW - RING - 1, standing: u128::from(ENERGY), voided: 0 };
		let deposit = Deposit {
			node: id,
			registered: receipt.registered,
			cursor: ending.until,
			seen: 0,
			late: 0,
			late_until: 0,
			ended: Some(ending),
		};
		Deposits::<T>::insert(meter, deposit);
		#[extrinsic_call]
		_(RawOrigin::Signed(sender), meter);
		assert_eq!(Receipts::<T>::get(meter), None);
		assert_eq!(Deposits::<T>::get(meter), None);
		assert_eq!(BookSums::<T>::get().returned, u128::from(ENERGY));
		Ok(())
	}

	impl_benchmark_test_suite!(Pallet, crate::mock::new_test_ext(), crate::mock::Test);
}
