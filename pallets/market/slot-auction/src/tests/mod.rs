//! What people see, told by what they do.

mod areas;
mod clearing;
mod cost;
mod fills;
mod fuzz;
mod gate;
mod invariants;
mod orders;
mod settlement;
mod standing;
mod story;
mod views;

use crate::{mock::*, *};
use frame_support::assert_ok;

/// Everybody's money at a moment, free and held.
struct Ledger(Vec<(AccountId, Balance)>);

impl Ledger {
	fn now() -> Self {
		Self(PEOPLE.map(|who| (who.clone(), Balances::total_balance(&who))).to_vec())
	}

	/// What somebody has more since then.
	fn gain(&self, who: &AccountId) -> i128 {
		let (_, before) = self.0.iter().find(|(known, _)| known == who).expect("a known person");
		Balances::total_balance(who) as i128 - *before as i128
	}
}

/// The fee on what a seller gets, of 0.25 %.
fn fee_on(amount: Balance) -> Balance {
	amount.div_ceil(400)
}

/// What `energy` mWh cost at `price`.
fn money(energy: Energy, price: Price) -> Balance {
	Balance::from(energy) * Balance::from(price)
}

/// A seller and a buyer with a deal over `energy` at 0.135 DECA per kWh: who offers at 0.080 and who bids 0.190 and the grid
/// fee. All is collected.
struct Deal {
	roof: MeterId,
	home: MeterId,
	sale: OrderId,
	purchase: OrderId,
	/// Everybody's money before.
	before: Ledger,
}

/// The price of a [`Deal`].
const PRICE: Price = 135_000;

fn deal(energy: Energy) -> Deal {
	let (roof, home) = (roof(&OLGA), home(&KONRAD));
	let before = Ledger::now();
	let sale = offer(&OLGA, roof, 80_000, energy);
	let purchase = bid(&KONRAD, home, 250_000, energy);
	collect_all(slot());
	Deal { roof, home, sale, purchase, before }
}

/// Something else keeps the account of `who` alive, and it is emptied but for what is held for orders: its one miner, whose
/// `meter` that is, is revoked.
fn emptied(who: &AccountId, meter: MeterId) {
	System::inc_providers(who);
	let reason = b"moves".to_vec().try_into().unwrap();
	assert_ok!(Miners::revoke(RuntimeOrigin::root(), miner_of(meter), reason, false));
	assert_ok!(Balances::transfer_all(signed(who), BOT, false));
}

fn set_area(change: impl FnOnce(&mut Area<AccountId>)) {
	let mut area = rules();
	change(&mut area);
	assert_ok!(SlotAuction::set_area(RuntimeOrigin::root(), valley(), area));
}
