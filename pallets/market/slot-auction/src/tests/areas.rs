//! Areas and what governance says of them.

use super::*;
use frame_support::{assert_noop, traits::fungible::Mutate};
use heliograph_primitives::miner::{Flow, MinerKind};
use sp_runtime::traits::BadOrigin;

#[test]
fn area_gets_the_next_number_when_it_is_new() {
	build_and_execute(|| {
		let hill = AreaCode::try_from(b"HILL-1.a_b".to_vec()).unwrap();
		assert_ok!(SlotAuction::set_area(RuntimeOrigin::root(), hill.clone(), rules()));
		let event = Event::AreaSet { code: hill.clone(), area: 1, terms: rules() };
		assert_eq!(last_event(), event);
		assert_eq!(SlotAuction::area(hill.clone()), Some((1, rules())));
		// The same name keeps its number.
		let dearer = Area { grid_fee: 70_000, ..rules() };
		assert_ok!(SlotAuction::set_area(RuntimeOrigin::root(), hill.clone(), dearer.clone()));
		assert_eq!(SlotAuction::area(hill), Some((1, dearer)));
		assert_eq!(NextAreaId::<Test>::get(), 2);
	});
}

#[test]
fn area_is_refused_when_it_is_nonsense() {
	build_and_execute(|| {
		let set = |code: &[u8], area| {
			let code = AreaCode::try_from(code.to_vec()).unwrap();
			SlotAuction::set_area(RuntimeOrigin::root(), code, area)
		};
		for code in [&b""[..], b"a b", b"a/b", b"\xff"] {
			assert_noop!(set(code, rules()), Error::<Test>::BadAreaCode);
		}
		let most = MAX_AREA_PRICE;
		for area in [
			Area { grid_fee: most + 1, ..rules() },
			Area { imbalance: most + 1, ..rules() },
			Area { undrawn: most + 1, ..rules() },
		] {
			assert_noop!(set(b"HILL", area), Error::<Test>::AreaPriceTooHigh);
		}
		let dearest = Area { grid_fee: most, imbalance: most, undrawn: most, ..rules() };
		assert_ok!(set(b"HILL", dearest));
		NextAreaId::<Test>::put(AreaId::MAX);
		assert_noop!(set(b"DALE", rules()), Error::<Test>::TooManyAreas);
		// One that there is can still be changed.
		assert_ok!(set(b"HILL", rules()));
	});
}

#[test]
fn area_is_refused_when_it_is_not_set_by_governance() {
	build_and_execute(|| {
		assert_noop!(SlotAuction::set_area(signed(&VERA), valley(), rules()), BadOrigin);
	});
}

#[test]
fn area_is_refused_when_the_escrow_has_no_account() {
	build_and_execute(|| {
		let escrow = SlotAuction::escrow_account();
		let all = Balances::total_balance(&escrow);
		assert_ok!(Balances::burn_from(
			&escrow,
			all,
			Preservation::Expendable,
			Precision::Exact,
			Fortitude::Force
		));
		assert_noop!(
			SlotAuction::set_area(RuntimeOrigin::root(), valley(), rules()),
			Error::<Test>::NoEscrowAccount
		);
		assert_ok!(Balances::mint_into(&escrow, all));
		assert_ok!(SlotAuction::set_area(RuntimeOrigin::root(), valley(), rules()));
	});
}

#[test]
fn order_is_refused_when_its_area_is_unknown_or_closed() {
	build_and_execute(|| {
		let place = |meter| SlotAuction::place(signed(&OLGA), meter, SLOT, Side::Sell, 80_000, KWH);
		let (_, nowhere) = admit_in(b"NOWHERE", &OLGA, MinerKind::Standard, &[Flow::Export]);
		assert_noop!(place(nowhere[0]), Error::<Test>::UnknownArea);
		let meter = roof(&OLGA);
		let order = offer(&OLGA, meter, 80_000, KWH);
		set_area(|area| area.open = false);
		assert_noop!(place(meter), Error::<Test>::AreaClosed);
		// What stands goes on.
		assert_ok!(SlotAuction::cancel(signed(&OLGA), order));
	});
}

#[test]
fn auction_keeps_its_terms_when_governance_changes_everything() {
	build_and_execute(|| {
		let (roof, home) = (roof(&OLGA), home(&KONRAD));
		let before = Ledger::now();
		offer(&OLGA, roof, 80_000, KWH);
		set_area(|area| {
			*area = Area { grid_fee: 1, operator: PENALTIES, imbalance: 2, undrawn: 3, open: true }
		});
		SlotFee::set(&Permill::from_percent(50));
		GateClosure::set(&5);
		Grace::set(&80);
		// With the grid fee of 0.060 that the auction was opened with.
		bid(&KONRAD, home, 190_000 + GRID_FEE, KWH);
		go_to(SLOT - 1);
		collect_all(slot());
		assert_eq!(now(), SLOT - 1);
		go_to(SLOT + 1);
		measure(roof, SLOT, KWH);
		measure(home, SLOT, KWH);
		go_to(SLOT + 9);
		settle_all(slot());
		assert_eq!(now(), SLOT + 9);
		let amount = money(KWH, PRICE);
		assert_eq!(before.gain(&OLGA), (amount - fee_on(amount)) as i128);
		assert_eq!(before.gain(&VERA), money(KWH, GRID_FEE) as i128);
		assert_eq!(before.gain(&PENALTIES), 0);
	});
}

#[test]
#[should_panic(expected = "a code has at most 16 characters")]
fn genesis_is_refused_when_a_code_is_too_long() {
	build().execute_with(|| {
		GenesisConfig::<Test> { areas: vec![(vec![b'x'; 17], rules())] }.build();
	});
}
