//! Lots: energy that is sold as one to the highest bidder, and paid as it is drawn.

use anyhow::Context;
use heliograph_primitives::{
	trade::{cost, Price},
	units::{Energy, Interval},
};
use serde_json::json;
use sp_core::crypto::AccountId32;
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType, utils};

use crate::{
	app::App,
	args::{LotCommand, LotsArgs},
	chain::{account_value, number, option, View},
	json::keyed,
	paint::{cell, Align, Table, Tone},
	storage::who,
	units::{deca, kwh, price, Kwh, PerKwh},
	when::Clock,
};

/// As the runtime calls it.
const PALLET: &str = "Lots";

/// How many lots are shown at once.
const PAGE: u32 = 100;

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Bid {
	bidder: utils::AccountId32,
	meter: u32,
	price: Price,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Auction {
	closes: Interval,
	best: Option<Bid>,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Connection {
	winner: Bid,
	from: Interval,
	until: Interval,
	next: Interval,
	drawn: Energy,
	paid: u128,
	closed: Option<Value>,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
enum Phase {
	Auction(Auction),
	Connection(Connection),
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Lot {
	seller: utils::AccountId32,
	meter: u32,
	energy: Energy,
	start_price: Price,
	phase: Phase,
}

/// What a draw would settle.
#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Settlement {
	intervals: u32,
	measured: u32,
	energy: Energy,
}

/// Shows one lot, those of the account, or a page of all.
pub async fn show(app: &App, args: &LotsArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	if let Some(lot) = args.lot {
		return show_lot(app, &view, lot).await;
	}
	let answer = match args.mine {
		true => {
			let account = app.session.account()?;
			view.ask(PALLET, "lots_of", vec![account_value(account)]).await?
		}
		false => {
			let after = option(args.after.map(number));
			view.ask(PALLET, "lots", vec![after, number(PAGE)]).await?
		}
	};
	if app.json {
		return app.print_json(&json!({
			"block": view.block(), "now": view.now(), "lots": keyed(answer.as_json()?, "lot"),
		}));
	}
	let lots: Vec<(u32, Lot)> = answer.as_type()?;
	let mut text = table(&lots, view.clock, app.session.known_account())
		.text(app.paint, "no lot can be bid for or is drawn");
	if let (Some((last, _)), false, true) = (lots.last(), args.mine, lots.len() >= PAGE as usize) {
		text += &format!("there may be more: --after {last}\n");
	}
	app.print(&text)
}

fn table(lots: &[(u32, Lot)], clock: Clock, reader: Option<&AccountId32>) -> Table {
	let mut table = Table::new([
		("lot", Align::Right),
		("seller", Align::Left),
		("meter", Align::Right),
		("kWh", Align::Right),
		("DECA/kWh", Align::Right),
		("state", Align::Left),
	]);
	for (id, lot) in lots {
		let at = match &lot.phase {
			Phase::Auction(Auction { best: None, .. }) => lot.start_price,
			Phase::Auction(Auction { best: Some(bid), .. }) => bid.price,
			Phase::Connection(connection) => connection.winner.price,
		};
		let is_mine = |account: &utils::AccountId32| who(account, reader) == "you";
		let is_of_reader = is_mine(&lot.seller) || bid(lot).is_some_and(|bid| is_mine(&bid.bidder));
		let tone = if is_of_reader { Tone::Mine } else { Tone::Plain };
		table.row([
			id.to_string().into(),
			who(&lot.seller, reader).into(),
			lot.meter.to_string().into(),
			kwh(lot.energy.into()).into(),
			price(at).into(),
			cell(tone, state(lot, clock, reader)),
		]);
	}
	table
}

/// The bid that money is held for, if there is one.
fn bid(lot: &Lot) -> Option<&Bid> {
	match &lot.phase {
		Phase::Auction(auction) => auction.best.as_ref(),
		Phase::Connection(connection) => Some(&connection.winner),
	}
}

/// What a lot is doing, in words.
fn state(lot: &Lot, clock: Clock, reader: Option<&AccountId32>) -> String {
	match &lot.phase {
		Phase::Auction(Auction { closes, best }) => {
			let leads = match best {
				Some(bid) => format!("the best bid is of {}", who(&bid.bidder, reader)),
				None => "nobody has bid".into(),
			};
			match clock.now < *closes {
				true => format!("closes {}, {leads}", clock.show(*closes)),
				false => format!("closed {}, {leads}", clock.show(*closes)),
			}
		}
		Phase::Connection(connection) => {
			let Connection { winner, until, drawn, closed, .. } = connection;
			let ends = if closed.is_some() { "closed from" } else { "until" };
			format!(
				"drawn by {}, {} kWh so far, {ends} {}",
				who(&winner.bidder, reader),
				kwh((*drawn).into()),
				clock.show(*until)
			)
		}
	}
}

async fn show_lot(app: &App, view: &View, lot: u32) -> anyhow::Result<()> {
	let answer = view.ask(PALLET, "lot", vec![number(lot)]).await?;
	let least = view.ask(PALLET, "least_bid", vec![number(lot)]).await?;
	let drawable = view.ask(PALLET, "drawable", vec![number(lot)]).await?;
	if app.json {
		return app.print_json(&json!({
			"block": view.block(), "now": view.now(), "id": lot, "lot": answer.as_json()?,
			"least_bid": least.as_json()?, "drawable": drawable.as_json()?,
		}));
	}
	let entry: Lot = answer
		.as_type::<Option<_>>()?
		.with_context(|| format!("no lot has the number {lot}: it may have ended"))?;
	let (least, drawable) = (least.as_type()?, drawable.as_type()?);
	app.print(&describe(lot, &entry, least, drawable, view.clock, app.session.known_account()))
}

/// All about a lot, in words.
fn describe(
	id: u32,
	lot: &Lot,
	least: Option<Price>,
	drawable: Option<Settlement>,
	clock: Clock,
	reader: Option<&AccountId32>,
) -> String {
	let mut text = format!(
		"lot {id}: {} from {}, through meter {}, from {} on\n{}\n",
		Kwh(lot.energy),
		who(&lot.seller, reader),
		lot.meter,
		PerKwh(lot.start_price),
		state(lot, clock, reader)
	);
	if let Some(bid) = bid(lot) {
		let paid = match &lot.phase {
			Phase::Auction(_) => 0,
			Phase::Connection(connection) => connection.paid,
		};
		text += &format!(
			"at {}, through meter {}; {} DECA are held for it\n",
			PerKwh(bid.price),
			bid.meter,
			deca(cost(lot.energy, bid.price).saturating_sub(paid))
		);
	}
	if let Some(least) = least {
		text += &format!("a bid has to be at least {}\n", PerKwh(least));
	}
	if let Phase::Connection(connection) = &lot.phase {
		text += &format!(
			"drawn since {}, settled up to {}, {} DECA paid\n",
			clock.show(connection.from),
			clock.show(connection.next),
			deca(connection.paid)
		);
	}
	if let Some(Settlement { intervals: 1.., measured, energy }) = drawable {
		let energy = Kwh(energy);
		text +=
			&format!("`heliograph lot draw {id}` would settle {energy} of {measured} intervals\n");
	}
	text
}

/// Runs what changes something.
pub async fn trade(app: &App, command: LotCommand) -> anyhow::Result<()> {
	let (call, lot) = match command {
		LotCommand::List { energy, from, meter, closes } => {
			let view = app.session.finalised().await?;
			let fields = vec![
				("meter", number(meter)),
				("energy", number(energy.0)),
				("start_price", number(from.0)),
				("closes", number(closes.end(view.clock))),
			];
			return app.call(PALLET, "list", fields).await;
		}
		LotCommand::Bid { lot, at, meter } => {
			let fields =
				vec![("lot", number(lot)), ("price", number(at.0)), ("meter", number(meter))];
			return app.call(PALLET, "bid", fields).await;
		}
		LotCommand::Connect { lot } => ("close_auction", lot),
		LotCommand::Draw { lot } => ("draw", lot),
		LotCommand::Close { lot } => ("close_connection", lot),
		LotCommand::Cancel { lot } => ("cancel_listing", lot),
		LotCommand::Expire { lot } => ("expire", lot),
	};
	app.call(PALLET, call, vec![("lot", number(lot))]).await
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::paint::Paint;

	const CLOCK: Clock = Clock { now: 1_984_320, millis: 900_000 };

	fn lot(phase: Phase) -> Lot {
		let seller = utils::AccountId32([1; 32]);
		Lot { seller, meter: 2, energy: 5_000_000, start_price: 80_000, phase }
	}

	fn bid_of(bidder: u8) -> Bid {
		Bid { bidder: utils::AccountId32([bidder; 32]), meter: 9, price: 150_000 }
	}

	fn connection() -> Connection {
		Connection {
			winner: bid_of(7),
			from: CLOCK.now - 3,
			until: CLOCK.now + 600,
			next: CLOCK.now,
			drawn: 3_200_000,
			paid: 480_000_000_000,
			closed: None,
		}
	}

	#[test]
	fn lots_are_shown_with_their_state() {
		let dave = AccountId32::new([7; 32]);
		let open = lot(Phase::Auction(Auction { closes: CLOCK.now + 4, best: None }));
		let led = lot(Phase::Auction(Auction { closes: CLOCK.now, best: Some(bid_of(7)) }));
		let drawn = lot(Phase::Connection(connection()));
		let lots = [(0, open), (1, led), (2, drawn)];
		let lines = table(&lots, CLOCK, Some(&dave)).lines(Paint::new(false));
		assert!(lines[1].contains("0.0800"), "{}", lines[1]);
		assert!(lines[1].ends_with("nobody has bid"), "{}", lines[1]);
		assert!(lines[2].contains("0.1500") && lines[2].contains("closed"), "{}", lines[2]);
		assert!(lines[2].ends_with("the best bid is of you"), "{}", lines[2]);
		assert!(lines[3].contains("drawn by you, 3.200 kWh so far, until"), "{}", lines[3]);
	}

	#[test]
	fn connection_says_what_is_held_and_what_a_draw_would_settle() {
		let drawable = Settlement { intervals: 3, measured: 2, energy: 400_000 };
		let entry = lot(Phase::Connection(connection()));
		let text = describe(2, &entry, None, Some(drawable), CLOCK, None);
		// 5 kWh at 0.15 are 0.75, of which 0.48 are paid.
		assert!(text.contains("0.2700 DECA are held"), "{text}");
		assert!(text.contains("0.4800 DECA paid"), "{text}");
		assert!(text.contains("lot draw 2` would settle 0.400 kWh of 2 intervals"), "{text}");
		let nothing = Settlement { intervals: 0, measured: 0, energy: 0 };
		let text = describe(2, &entry, None, Some(nothing), CLOCK, None);
		assert!(!text.contains("would settle"), "{text}");
	}

	#[test]
	fn auction_says_the_least_bid() {
		let entry = lot(Phase::Auction(Auction { closes: CLOCK.now + 4, best: Some(bid_of(7)) }));
		let text = describe(1, &entry, Some(157_500), None, CLOCK, None);
		assert!(text.contains("at least 0.1575 DECA/kWh"), "{text}");
		assert!(text.contains("0.7500 DECA are held"), "{text}");
	}
}
