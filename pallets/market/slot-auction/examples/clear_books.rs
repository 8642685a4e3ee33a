//! Clears books by the rule of the slot auction, so that it can be compared with one that was written from its description.
//!
//! Each line of standard input is a book, `{"bids": [[tick, energy], ...], "offers": [[tick, energy], ...]}`, with ticks from 0
//! to 1,023 and energies in mWh. Each line of standard output is what it comes to: `{"tick": t, "volume": v, "bid_fills": [...],
//! "offer_fills": [...]}`, where `tick` is null if nothing is traded, and the fills are in the order of the book, as if they
//! were collected in that order. The arithmetic is that of the chain, from the ladder to the last mWh at the margin.

use pallet_slot_auction::{
	clearing::{clear, Clearing, Depth},
	Side, Tick, TICKS,
};
use serde_json::{json, Value};
use std::io::{stdin, stdout, BufRead, BufWriter, Write};

/// The tick of an order's limit, and its energy.
type Order = (Tick, u64);

fn main() -> Result<(), String> {
	let mut output = BufWriter::new(stdout().lock());
	for (number, line) in stdin().lock().lines().enumerate() {
		let answer = line
			.map_err(|error| error.to_string())
			.and_then(|line| answer(&line))
			.map_err(|error| format!("line {}: {error}", number + 1))?;
		writeln!(output, "{answer}").map_err(|error| error.to_string())?;
	}
	output.flush().map_err(|error| error.to_string())
}

/// What the book of a line comes to.
fn answer(line: &str) -> Result<Value, String> {
	let book: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
	let bids = orders(&book, "bids")?;
	let offers = orders(&book, "offers")?;
	let mut ladder = vec![Depth::default(); TICKS];
	add(&mut ladder, Side::Buy, &bids)?;
	add(&mut ladder, Side::Sell, &offers)?;
	let Some(mut clearing) = clear(&ladder) else {
		return Ok(json!({
			"tick": null,
			"volume": 0,
			"bid_fills": vec![0; bids.len()],
			"offer_fills": vec![0; offers.len()],
		}));
	};
	let (tick, volume) = (clearing.tick, clearing.volume);
	let volume = u64::try_from(volume).map_err(|_| "the volume is beyond 64 bits")?;
	Ok(json!({
		"tick": tick,
		"volume": volume,
		"bid_fills": fills(&mut clearing, Side::Buy, &bids)?,
		"offer_fills": fills(&mut clearing, Side::Sell, &offers)?,
	}))
}

/// The orders of one side, as they stand in the line.
fn orders(book: &Value, side: &str) -> Result<Vec<Order>, String> {
	let wrong = || format!("{side} must be a list of [tick, energy]");
	let list = book.get(side).and_then(Value::as_array).ok_or_else(wrong)?;
	list.iter()
		.map(|order| {
			let [tick, energy] = order.as_array().ok_or_else(wrong)?.as_slice() else {
				return Err(wrong());
			};
			let tick = tick.as_u64().and_then(|tick| Tick::try_from(tick).ok());
			let tick = tick.filter(|tick| usize::from(*tick) < TICKS).ok_or_else(wrong)?;
			Ok((tick, energy.as_u64().ok_or_else(wrong)?))
		})
		.collect()
}

fn add(ladder: &mut [Depth], side: Side, orders: &[Order]) -> Result<(), String> {
	for (tick, energy) in orders {
		let depth = ladder.get_mut(usize::from(*tick)).ok_or("the tick is not on the ladder")?;
		let sum = depth.of_mut(side);
		*sum = sum.checked_add(*energy).ok_or("the energy at a tick is beyond 64 bits")?;
	}
	Ok(())
}

/// How much each order gets.
fn fills(clearing: &mut Clearing, side: Side, orders: &[Order]) -> Result<Vec<u64>, String> {
	let fill = |(tick, energy): &Order| {
		clearing.fill(side, *tick, *energy).ok_or_else(|| "a fill is out of range".to_string())
	};
	orders.iter().map(fill).collect()
}
