//! A kWh into a battery and out again, with eight per cent lost on the way, and every figure exact.

use super::*;
use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

#[test]
fn round_trip_loses_eight_per_cent_and_ends_where_it_began() {
	build_and_execute(|| {
		let battery = battery();
		let olga = roof(&OLGA);
		deposit(&OLGA, olga, &battery);

		// In: one kWh sent, 0.92 arrive.
		sends(&battery, &[(olga, KWH_32)], 920_000);
		rest(&battery, GRACE, &[olga]);
		battery.account();
		let interval = StorageNodes::interval_of(battery.node, now() - GRACE - 1).unwrap();
		assert_eq!((interval.sent, interval.charged, interval.allocated), (KWH, 920_000, 920_000));
		account_meter(olga);
		assert_eq!(receipt(olga), (1_000_000, 920_000));
		assert_eq!(mint(olga, &WANDA), 920_000);
		assert_eq!(receipt(olga), (0, 0));
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing, parity.uncovered), (920_000, 920_000, 0));
		assert_eq!(parity.ratio, Some(1_000_000_000));

		// Out: the account keeps one base unit, so that it lives.
		let home = home(&WANDA);
		assert_noop!(ask(&battery, home, 920_000, 4), TokenError::FundsUnavailable);
		assert_ok!(ask(&battery, home, 919_999, 4));
		assert_eq!((tokens(&WANDA), tokens_held(&WANDA)), (1, 919_999));
		assert_ok!(StorageNodes::accept_withdrawal(signed(&NORA), 0));
		// It runs from the next interval on.
		rest(&battery, 1, &[home]);
		gives(&battery, 500_000, home, 500_000);
		gives(&battery, 419_999, home, 600_000);
		rest(&battery, GRACE, &[home]);
		battery.account();
		System::reset_events();
		settle(0);
		assert_eq!(
			events(),
			[
				Event::Delivered { withdrawal: 0, energy: 919_999, rest: 0 },
				Event::WithdrawalClosed {
					withdrawal: 0,
					delivered: 919_999,
					returned: 0,
					failed: 0,
					penalty: 0,
				},
			]
		);
		assert_eq!((tokens(&WANDA), tokens_held(&WANDA)), (1, 0));
		let books = battery.books();
		assert_eq!((books.backing, books.surplus, books.uncovered), (1, 0, 0));
		assert_eq!((books.charged, books.discharged, books.delivered), (920_000, 919_999, 919_999));
		let parity = StorageNodes::parity();
		assert_eq!((parity.supply, parity.backing), (1, 1));
		assert_eq!(battery.get().promised, 0);
		assert_eq!((deca(&WANDA), bond_of(&NORA)), (ENDOWMENT - 11 * DECA, BOND));
	});
}

#[test]
fn round_trip_settles_day_by_day_when_it_takes_long() {
	build_and_execute(|| {
		let (battery, _) = filled(10 * KWH_32);
		let (id, home) = drawing(&battery, 9 * KWH, 96);
		rest(&battery, 1, &[home]);
		for hour in 0u64..9 {
			gives(&battery, KWH_32, home, KWH_32);
			rest(&battery, GRACE, &[home]);
			battery.account();
			settle(id);
			let left = StorageNodes::withdrawal(id).map(|entry| entry.rest);
			let expected = (hour < 8).then_some((8 - hour) * KWH);
			assert_eq!(left, expected);
		}
		assert_eq!(battery.books().backing, u128::from(KWH));
		assert_eq!(battery.books().uncovered, 0);
	});
}
