//! What people see, told by what they do.

mod arithmetic;
mod consumers;
mod cost;
mod fuzz;
mod invariants;
mod lottery;
mod miners;
mod neighbours;
mod plants;
mod pools;
mod units;

use crate::mock::*;
use heliograph_primitives::{history::Day, miner::MinerId};

/// Days pass: each miner and each plant measures `energy` mWh on the day that runs, and the bot does its round when it is
/// over.
fn live(miners: &[MinerId], plants: &[(MinerId, crate::ListingId)], days: Day, energy: u64) {
	for _ in 0..days {
		let day = today();
		for miner in miners.iter().chain(plants.iter().map(|(miner, _)| miner)) {
			sun(*miner, day, energy);
		}
		rest(miners, plants, 1);
	}
}

/// The same, and then the first day begins that is closed after it: `START`, which nobody has collected.
fn live_until_closed(miners: &[MinerId], energy: u64) {
	live(miners, &[], 3, energy);
	go_to(START + 4);
}

/// Days pass on which nobody measures anything; the bot does its rounds.
fn rest(miners: &[MinerId], plants: &[(MinerId, crate::ListingId)], days: Day) {
	let listings = plants.iter().map(|(_, listing)| *listing).collect::<Vec<_>>();
	for _ in 0..days {
		go_to(today() + 1);
		record(miners);
		advance(&listings);
	}
}
