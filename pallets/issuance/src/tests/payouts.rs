//! Who gets what, to the base unit.

use crate::{mock::*, *};
use frame_support::assert_ok;
use sp_runtime::traits::IntegerSquareRoot;

/// Olga's roof with matured energy, sent to Nora's node, which received all of it. Returns the request for it.
fn olga_asks(energy: Balance, payout: Payout) -> RequestId {
	let (miner, meter) = roof(&OLGA);
	send_to_noras_node(meter);
	mature_energy(meter, energy);
	node_received(meter, energy, energy);
	request(&OLGA, miner, &[meter], payout)
}

/// Carol adds liquidity at a price in base units of DECA per kWh. Peter's roof gives her the KWH.
fn pool_of(kwh: Balance, price: Balance) {
	let (miner, meter) = roof(&PETER);
	mature_energy(meter, 250 * KWH);
	approve(&[request(&PETER, miner, &[meter], Payout::Direct)]).pop().unwrap().unwrap();
	Assets::transfer(signed(&PETER), KWH_ID, CAROL, kwh + 1).unwrap();
	Pool::deposit(&CAROL, kwh * price / KWH, kwh).unwrap();
}

fn everybody() -> [Part; 4] {
	[OLGA, NORA, TREASURY, Issuance::account()].map(|who| wealth(&who))
}

#[test]
fn direct_payment_is_shared_by_three() {
	build_and_execute(|| {
		let id = olga_asks(100 * KWH, Payout::Direct);
		let [olga, nora, treasury, fund] = everybody();
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		let miner = Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 };
		let tenth = Part { deca: DECA, kwh: 10 * KWH, lp: 0 };
		assert_eq!(
			settlement,
			Settlement {
				energy: 100 * KWH,
				payment: 10 * DECA,
				miner,
				node: tenth,
				dao: tenth,
				outcome: Outcome::Direct,
			}
		);
		// Olga's deposit is back, too.
		assert_eq!(gain(&OLGA, olga), Part { deca: 9 * DECA, ..miner });
		assert_eq!(gain(&NORA, nora), tenth);
		assert_eq!(gain(&TREASURY, treasury), tenth);
		let left = wealth(&Issuance::account());
		assert_eq!(fund.deca - left.deca, 10 * DECA);
		assert_eq!((left.kwh, left.lp), (0, 0));
	});
}

#[test]
fn dust_goes_to_the_treasury() {
	build_and_execute(|| {
		// 100,000.1 base units of DECA per mWh.
		DecaPerKwh::set(&(DECA / 10 + 100_000));
		let id = olga_asks(7, Payout::Direct);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.payment, 700_000);
		assert_eq!(settlement.miner, Part { deca: 560_000, kwh: 5, lp: 0 });
		assert_eq!(settlement.node, Part { deca: 70_000, kwh: 0, lp: 0 });
		assert_eq!(settlement.dao, Part { deca: 70_000, kwh: 2, lp: 0 });
	});
}

#[test]
fn first_liquidity_sets_the_governed_price() {
	build_and_execute(|| {
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let [olga, nora, treasury, _] = everybody();
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		// As the pool reckons: the root of the product, of which it keeps 100.
		let lp = (9 * DECA * 90 * KWH).integer_sqrt() - 100;
		assert_eq!(
			settlement.outcome,
			Outcome::Pooled(Deposited { deca: 9 * DECA, kwh: 90 * KWH, lp })
		);
		assert_eq!(settlement.miner, Part { deca: 0, kwh: 0, lp: lp * 8 / 9 });
		assert_eq!(settlement.node, Part { deca: 0, kwh: 0, lp: lp / 9 });
		assert_eq!(
			settlement.dao,
			Part { deca: DECA, kwh: 10 * KWH, lp: lp - lp * 8 / 9 - lp / 9 }
		);
		assert_eq!(gain(&OLGA, olga), Part { deca: DECA, kwh: 0, lp: lp * 8 / 9 });
		assert_eq!(gain(&NORA, nora), settlement.node);
		assert_eq!(gain(&TREASURY, treasury), settlement.dao);
		assert_eq!(Pool::reserves(), Some((9 * DECA, 90 * KWH)));
		let left = wealth(&Issuance::account());
		assert_eq!((left.kwh, left.lp), (0, 0));
	});
}

#[test]
fn what_the_pool_leaves_is_paid_by_the_same_shares() {
	build_and_execute(|| {
		// A tenth above the governed rate: the pool takes all DECA, and less KWH.
		pool_of(100 * KWH, DECA / 10 * 11 / 10);
		let id = olga_asks(110 * KWH, Payout::Liquidity);
		let [olga, nora, ..] = everybody();
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		let Outcome::Pooled(taken) = settlement.outcome else { panic!("{settlement:?}") };
		assert_eq!((taken.deca, taken.kwh), (99 * DECA / 10, 90 * KWH));
		// 99 KWH were offered, 9 are left, 8 to 1.
		assert_eq!(settlement.miner, Part { deca: 0, kwh: 8 * KWH, lp: taken.lp * 8 / 9 });
		assert_eq!(settlement.node, Part { deca: 0, kwh: KWH, lp: taken.lp / 9 });
		assert_eq!(gain(&OLGA, olga).kwh, 8 * KWH);
		assert_eq!(gain(&NORA, nora).kwh, KWH);
		assert_eq!(wealth(&Issuance::account()).kwh, 0);
	});
}

#[test]
fn miner_and_node_see_their_share_of_the_pools_fees() {
	build_and_execute(|| {
		approve(&[olga_asks(250 * KWH, Payout::Liquidity)]).pop().unwrap().unwrap();
		let mine = wealth(&OLGA).lp;
		let supply = PoolAssets::total_issuance(Pool::lp_token().unwrap());
		let (deca, kwh) = Pool::reserves().unwrap();
		// Carol buys KWH and sells them again; what she loses stays in the pool.
		let swap = |from: NativeAsset, to: NativeAsset, amount| {
			let path = vec![Box::new(from), Box::new(to)];
			AssetConversion::swap_exact_tokens_for_tokens(
				signed(&CAROL),
				path,
				amount,
				1,
				CAROL,
				false,
			)
			.unwrap()
		};
		swap(Native::get(), Kwh::get(), 5 * DECA);
		swap(Kwh::get(), Native::get(), wealth(&CAROL).kwh);
		let (more_deca, same_kwh) = Pool::reserves().unwrap();
		assert_eq!(same_kwh, kwh);
		assert!(more_deca > deca);
		let before = wealth(&OLGA);
		let (native, energy) = (Box::new(Native::get()), Box::new(Kwh::get()));
		assert_ok!(AssetConversion::remove_liquidity(
			signed(&OLGA),
			native,
			energy,
			mine,
			1,
			1,
			OLGA
		));
		assert_eq!(wealth(&OLGA).deca - before.deca, mine * more_deca / supply);
		assert!(wealth(&OLGA).deca - before.deca > mine * deca / supply);
	});
}

type NativeAsset = frame_support::traits::fungible::NativeOrWithId<u32>;

#[test]
fn liquidity_is_paid_out_when_there_is_no_pool() {
	ExtBuilder { pool: false, ..Default::default() }.execute(|| {
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.outcome, Outcome::PaidInstead(PoolTrouble::NoPool));
		assert_eq!(settlement.miner, Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 });
		assert_eq!(settlement.node, Part { deca: DECA, kwh: 10 * KWH, lp: 0 });
	});
}

#[test]
fn liquidity_is_paid_out_when_the_pools_price_is_off() {
	for (price, outcome) in [
		(DECA / 10 * 121 / 100, PoolTrouble::PriceOff),
		(DECA / 10 * 79 / 100, PoolTrouble::PriceOff),
	] {
		build_and_execute(|| {
			pool_of(100 * KWH, price);
			let reserves = Pool::reserves();
			let id = olga_asks(100 * KWH, Payout::Liquidity);
			let settlement = approve(&[id]).pop().unwrap().unwrap();
			assert_eq!(settlement.outcome, Outcome::PaidInstead(outcome));
			assert_eq!(settlement.miner, Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 });
			assert_eq!(Pool::reserves(), reserves);
		});
	}
}

#[test]
fn liquidity_is_paid_out_when_the_pool_refuses_it() {
	build_and_execute(|| {
		pool_of(100 * KWH, DECA / 10);
		// A mWh: the miner's part of it is none.
		let id = olga_asks(1, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.outcome, Outcome::PaidInstead(PoolTrouble::Refused));
		assert_eq!((settlement.miner.kwh, settlement.dao.kwh), (0, 1));
		assert_eq!(Issued::<Test>::get(), 250 * KWH + 1);
	});
}

#[test]
fn donation_to_an_empty_pool_gains_nothing() {
	build_and_execute(|| {
		Balances::transfer_allow_death(signed(&CAROL), Pool::account(), 50 * DECA).unwrap();
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert!(matches!(settlement.outcome, Outcome::Pooled(_)));
		// All of what was donated belongs to those who now hold the pool's tokens.
		assert_eq!(Pool::reserves(), Some((59 * DECA, 90 * KWH)));
		assert_eq!(wealth(&CAROL).lp, 0);
	});
}

#[test]
fn pool_is_offered_one_unit_less_when_the_treasury_has_no_share() {
	build_and_execute(|| {
		MinerShare::set(&Permill::from_percent(90));
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		let Outcome::Pooled(taken) = settlement.outcome else { panic!("{settlement:?}") };
		assert_eq!((taken.deca, taken.kwh), (10 * DECA, 100 * KWH - 1));
		assert_eq!((settlement.dao.deca, settlement.dao.kwh), (0, 1));
	});
}

#[test]
fn treasury_gets_the_nodes_share_when_there_is_no_node() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 100 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		let Outcome::Pooled(taken) = settlement.outcome else { panic!("{settlement:?}") };
		assert_eq!((taken.deca, taken.kwh), (8 * DECA, 80 * KWH));
		assert_eq!(settlement.miner, Part { deca: 0, kwh: 0, lp: taken.lp });
		assert_eq!(settlement.node, Part::default());
		assert_eq!(settlement.dao, Part { deca: 2 * DECA, kwh: 20 * KWH, lp: 0 });
	});
}

#[test]
fn treasury_gets_the_share_of_a_revoked_node_and_a_suspended_one_keeps_its_own() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		let node = send_to_noras_node(meter);
		mature_energy(meter, 100 * KWH);
		node_received(meter, 200 * KWH, 200 * KWH);
		Miners::suspend(RuntimeOrigin::root(), node, reason("look")).unwrap();
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.node.kwh, 10 * KWH);

		mature_energy(meter, 100 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		Miners::revoke(RuntimeOrigin::root(), node, reason("gone"), true).unwrap();
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.node, Part::default());
		assert_eq!(settlement.dao.kwh, 20 * KWH);
	});
}

#[test]
fn owner_at_the_time_of_approval_is_paid() {
	build_and_execute(|| {
		let (miner, meter) = roof(&OLGA);
		mature_energy(meter, 100 * KWH);
		let id = request(&OLGA, miner, &[meter], Payout::Direct);
		let (olga, peter) = (wealth(&OLGA), wealth(&PETER));
		Miners::recover(RuntimeOrigin::root(), miner, PETER).unwrap();
		approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(gain(&PETER, peter), Part { deca: 8 * DECA, kwh: 80 * KWH, lp: 0 });
		// The deposit returns to who paid it.
		assert_eq!(gain(&OLGA, olga), Part { deca: DECA, kwh: 0, lp: 0 });
	});
}

#[test]
fn nothing_is_paid_in_deca_when_the_rate_is_zero() {
	build_and_execute(|| {
		DecaPerKwh::set(&0);
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		assert_eq!(settlement.outcome, Outcome::PaidInstead(PoolTrouble::Refused));
		assert_eq!((settlement.payment, settlement.miner.kwh), (0, 80 * KWH));
	});
}

#[test]
fn gift_of_tokens_to_the_account_changes_no_payment() {
	build_and_execute(|| {
		pool_of(100 * KWH, DECA / 10);
		Assets::transfer(signed(&PETER), KWH_ID, Issuance::account(), 3 * KWH).unwrap();
		let id = olga_asks(100 * KWH, Payout::Liquidity);
		let settlement = approve(&[id]).pop().unwrap().unwrap();
		let Outcome::Pooled(taken) = settlement.outcome else { panic!("{settlement:?}") };
		assert_eq!((taken.deca, taken.kwh), (9 * DECA, 90 * KWH));
		assert_eq!(wealth(&Issuance::account()).kwh, 3 * KWH);
	});
}
