//! Whatever the numbers are, what is paid out is what was minted and paid.

use crate::{mock::*, *};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Case {
	energies: Vec<u64>,
	liquidity: Vec<bool>,
	rate: Balance,
	miner_share: u32,
	node_share: u32,
	with_node: bool,
	/// What the node receives of what was sent, in millionths.
	received_share: u32,
}

fn case() -> impl Strategy<Value = Case> {
	(
		prop::collection::vec(1..250_000_000u64, 1..4),
		prop::collection::vec(any::<bool>(), 4),
		0..DECA,
		0..=1_000_000u32,
		0..=1_000_000u32,
		any::<bool>(),
		0..=1_000_000u32,
	)
		.prop_map(
			|(energies, liquidity, rate, miner_share, node_share, with_node, received_share)| {
				Case {
					energies,
					liquidity,
					rate,
					miner_share,
					node_share,
					with_node,
					received_share,
				}
			},
		)
}

fn check(case: Case) {
	build_and_execute(|| {
		DecaPerKwh::set(&case.rate);
		MinerShare::set(&Permill::from_parts(case.miner_share));
		NodeShare::set(&Permill::from_parts(case.node_share));
		let (miner, meter) = roof(&OLGA);
		if case.with_node {
			send_to_noras_node(meter);
		}
		let (mut sent, mut total) = (0, 0);
		for (energy, liquidity) in case.energies.iter().zip(&case.liquidity) {
			let energy = Balance::from(*energy);
			mature_energy(meter, energy);
			let mut received = energy;
			if case.with_node {
				received = (energy * Balance::from(case.received_share) / 1_000_000).max(1);
				node_received(meter, energy, received);
			}
			sent += energy;
			total += received;
			let payout = if *liquidity { Payout::Liquidity } else { Payout::Direct };
			let id = request(&OLGA, miner, &[meter], payout);
			let people = [OLGA, NORA, TREASURY];
			let before = people.clone().map(|who| wealth(&who));
			let fund = wealth(&Issuance::account()).deca;
			let paid = approve(&[id]).pop().unwrap().unwrap();

			let pooled = match paid.outcome {
				Outcome::Pooled(taken) => taken,
				_ => Deposited { deca: 0, kwh: 0, lp: 0 },
			};
			let parts = [paid.miner, paid.node, paid.dao];
			let sum = |of: fn(&Part) -> Balance| parts.iter().map(of).sum::<Balance>();
			assert_eq!(paid.energy, received);
			assert_eq!(paid.payment, paid.energy * case.rate / KWH);
			assert_eq!(sum(|part| part.kwh) + pooled.kwh, paid.energy);
			assert_eq!(sum(|part| part.deca) + pooled.deca, paid.payment);
			assert_eq!(sum(|part| part.lp), pooled.lp);
			// What the event says is what they got; Olga's deposit came back on top.
			let mut gains = [0, 1, 2].map(|n| gain(&people[n], before[n]));
			gains[0].deca -= DECA;
			assert_eq!(gains, parts);
			assert_eq!(fund - wealth(&Issuance::account()).deca, paid.payment);
			assert_eq!(wealth(&Issuance::account()).kwh, 0);
			assert_eq!(wealth(&Issuance::account()).lp, 0);
		}
		assert_eq!((Issued::<Test>::get(), Lost::<Test>::get()), (total, sent - total));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]

	#[test]
	fn parts_that_are_paid_sum_to_the_whole(case in case()) {
		check(case);
	}
}
