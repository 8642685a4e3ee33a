//! The order book: depth, orders, what was traded.

use std::io::{self, IsTerminal};

use anyhow::{bail, ensure, Context};
use heliograph_agent::screen::{self, Keys, Screen};
use heliograph_primitives::{
	trade::Price,
	units::{Energy, Interval},
};
use serde_json::json;
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType};

use crate::{
	app::App,
	args::{AmendArgs, CancelArgs, DepthArgs, HistoryArgs, OrderArgs, QuoteArgs},
	candles::{self, Candle},
	chain::{account_value, call_value, name, number, option, Answer, View},
	depth::{Depth, Level},
	json::keyed,
	paint::{cell, Align, Table, Tone},
	units::{deca, kwh, price, Kwh, PerKwh},
	when::Clock,
};

/// As the runtime calls it.
const PALLET: &str = "OrderBook";

/// For whom an order is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, DecodeAsType, clap::ValueEnum)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub enum Side {
	/// For who wants KWH.
	Buy,
	/// For who wants DECA.
	Sell,
}

impl Side {
	/// As the chain names it.
	pub fn as_str(self) -> &'static str {
		match self {
			Self::Buy => "Buy",
			Self::Sell => "Sell",
		}
	}

	/// As people name it.
	pub fn word(self) -> &'static str {
		match self {
			Self::Buy => "buy",
			Self::Sell => "sell",
		}
	}

	/// Its colour.
	pub fn tone(self) -> Tone {
		match self {
			Self::Buy => Tone::Buy,
			Self::Sell => Tone::Sell,
		}
	}
}

/// An order in the book.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Order {
	side: Side,
	price: Price,
	energy: Energy,
	placed: Energy,
	since: Interval,
	expires: Interval,
}

impl Order {
	/// Whether its last interval is over.
	fn is_over(&self, now: Interval) -> bool {
		now > self.expires
	}
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct History {
	last: Option<Price>,
	candles: Vec<Candle>,
}

#[derive(DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Quote {
	energy: Energy,
	cost: u128,
	fee: u128,
	worst: Option<Price>,
	out_of_fills: bool,
}

impl Quote {
	/// Whether an order of the side that was asked for may meet this one.
	fn meets(&self, side: Side, order: &Order, now: Interval) -> bool {
		let is_reached = self.worst.is_some_and(|worst| match side {
			Side::Buy => order.price <= worst,
			Side::Sell => order.price >= worst,
		});
		order.side != side && is_reached && !order.is_over(now)
	}
}

/// Shows the book; again with every block, if that is asked for.
pub async fn depth(app: &App, args: &DepthArgs) -> anyhow::Result<()> {
	if !args.watch {
		return show_depth(app, args, &app.session.best().await?).await;
	}
	let (finalised, mut heads) = app.session.chain().heads().await?;
	drop(finalised);
	let draws = io::stdout().is_terminal() && !app.json;
	let _screen = draws.then(Screen::enter).transpose()?;
	let mut keys = draws.then(Keys::listen);
	loop {
		let view = app.session.best().await?;
		if draws {
			let depth = read_depth(app, args, &view).await?;
			let mut lines = depth.lines(screen::width(), app.paint);
			lines.push(app.paint.tone(Tone::Dim, screen::cut("q quits", screen::width())));
			screen::show(&lines)?;
		} else {
			show_depth(app, args, &view).await?;
		}
		tokio::select! {
			head = heads.next() => match head {
				Some(head) => drop(head.context("the node stopped telling of blocks")?),
				None => bail!("the node stopped telling of blocks; start again when it is back"),
			},
			quit = pressed(&mut keys) => if quit { return Ok(()) },
			_ = tokio::signal::ctrl_c() => return Ok(()),
		}
	}
}

/// Whether a key was pressed that ends the view. Never, where no keys are listened to.
async fn pressed(keys: &mut Option<Keys>) -> bool {
	match keys {
		Some(keys) => keys.presses.recv().await.is_none_or(|quit| quit),
		None => std::future::pending().await,
	}
}

async fn show_depth(app: &App, args: &DepthArgs, view: &View) -> anyhow::Result<()> {
	if app.json {
		let buys = levels(view, Side::Buy, args.levels).await?;
		let sells = levels(view, Side::Sell, args.levels).await?;
		let history = view.ask(PALLET, "history", vec![]).await?;
		return app.print_json(&json!({
			"block": view.block(),
			"buys": buys.as_json()?,
			"sells": sells.as_json()?,
			"history": history.as_json()?,
		}));
	}
	let depth = read_depth(app, args, view).await?;
	app.print(&(depth.lines(app.width(), app.paint).join("\n") + "\n"))
}

/// The best levels of a side.
async fn levels(view: &View, side: Side, levels: u32) -> anyhow::Result<Answer> {
	view.ask(PALLET, "depth", vec![name(side.as_str()), number(levels)]).await
}

async fn read_depth(app: &App, args: &DepthArgs, view: &View) -> anyhow::Result<Depth> {
	let buys: Vec<Level> = levels(view, Side::Buy, args.levels).await?.as_type()?;
	let sells: Vec<Level> = levels(view, Side::Sell, args.levels).await?.as_type()?;
	let History { last, .. } = view.ask(PALLET, "history", vec![]).await?.as_type()?;
	let orders = orders_of_reader(app, view).await?;
	let mine = orders.iter().map(|(_, order)| (order.side, order.price)).collect();
	Ok(Depth { block: view.block(), buys, sells, last, mine })
}

/// The reader's orders in the book; none where nobody is known to read.
async fn orders_of_reader(app: &App, view: &View) -> anyhow::Result<Vec<(u64, Order)>> {
	match app.session.known_account() {
		Some(account) => {
			view.ask(PALLET, "orders_of", vec![account_value(account)]).await?.as_type()
		}
		None => Ok(Vec::new()),
	}
}

/// Shows the orders of an account.
pub async fn orders(app: &App) -> anyhow::Result<()> {
	let account = app.session.account()?;
	let view = app.session.finalised().await?;
	let answer = view.ask(PALLET, "orders_of", vec![account_value(account)]).await?;
	let mut unreleased = [0u128; 2];
	for (amount, side) in unreleased.iter_mut().zip([Side::Buy, Side::Sell]) {
		let arguments = vec![account_value(account), name(side.as_str())];
		*amount = view.ask(PALLET, "unreleased", arguments).await?.as_type()?;
	}
	if app.json {
		return app.print_json(&json!({
			"block": view.block(),
			"orders": keyed(answer.as_json()?, "order"),
			"unreleased": { "deca": unreleased[0].to_string(), "kwh": unreleased[1].to_string() },
		}));
	}
	let orders: Vec<(u64, Order)> = answer.as_type()?;
	let table = table(&orders, view.clock);
	let mut text = table.text(app.paint, "no order of this account is in the book");
	if unreleased != [0, 0] {
		let [deca_held, kwh_held] = unreleased;
		text += &format!(
			"held for orders that are gone: {} DECA and {} KWH, which the account could not take; `heliograph reclaim` releases \
			 it\n",
			deca(deca_held),
			kwh(kwh_held)
		);
	}
	app.print(&text)
}

fn table(orders: &[(u64, Order)], clock: Clock) -> Table {
	let mut table = Table::new([
		("order", Align::Right),
		("side", Align::Left),
		("DECA/kWh", Align::Right),
		("kWh", Align::Right),
		("of", Align::Right),
		("since", Align::Left),
		("until", Align::Left),
	]);
	for (id, order) in orders {
		let tone = if order.is_over(clock.now) { Tone::Warn } else { Tone::Plain };
		table.row([
			id.to_string().into(),
			cell(order.side.tone(), order.side.word()),
			price(order.price).into(),
			kwh(order.energy.into()).into(),
			kwh(order.placed.into()).into(),
			clock.show(order.since).into(),
			cell(tone, clock.show(order.expires.saturating_add(1))),
		]);
	}
	table
}

/// Shows what an order would be filled with now.
pub async fn quote(app: &App, args: &QuoteArgs) -> anyhow::Result<()> {
	let side = args.side;
	let view = app.session.best().await?;
	let arguments = vec![name(side.as_str()), number(args.energy.0)];
	let answer = view.ask(PALLET, "quote", arguments).await?;
	if app.json {
		return app.print_json(&json!({ "block": view.block(), "quote": answer.as_json()? }));
	}
	let quote: Quote = answer.as_type()?;
	let mut text = sentence(side, args.energy, &quote, max_fills(None, &view)?);
	let orders = orders_of_reader(app, &view).await?;
	if orders.iter().any(|(_, order)| quote.meets(side, order, view.now())) {
		text += "orders of yours wait at these prices: a new one stops at them, or closes them with --cancel-maker\n";
	}
	app.print(&text)
}

/// A quote in words, where an order meets so many others at most.
fn sentence(side: Side, wanted: Kwh, quote: &Quote, max_fills: u32) -> String {
	let Some(worst) = quote.worst else {
		return match quote.out_of_fills {
			true => format!("the best {max_fills} orders expired, and one order removes no more\n"),
			false => "nobody is on the other side of the book\n".into(),
		};
	};
	let (energy, worst) = (Kwh(quote.energy), PerKwh(worst));
	let mut text = match side {
		Side::Buy => format!(
			"{energy} cost {} DECA and {} DECA of fees; the highest price is {worst}\n",
			deca(quote.cost),
			deca(quote.fee)
		),
		Side::Sell => format!(
			"{energy} bring {} DECA less {} DECA of fees; the lowest price is {worst}\n",
			deca(quote.cost),
			deca(quote.fee)
		),
	};
	if quote.out_of_fills {
		text += &format!(
			"one order meets {max_fills} others at most; place another one for the rest of the {wanted}\n"
		);
	} else if energy < wanted {
		text += &format!("for the rest of the {wanted} the book has nobody\n");
	}
	text
}

/// Places an order.
pub async fn place(app: &App, side: Side, args: &OrderArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let self_trade = if args.cancel_maker { "CancelMaker" } else { "CancelTaker" };
	let at = on_tick(args.at, view.constant(PALLET, "TickSize")?)?;
	let energy = on_lot(args.energy, view.constant(PALLET, "LotSize")?)?;
	let fields = vec![
		("side", name(side.as_str())),
		("price", number(at.0)),
		("energy", number(energy.0)),
		("kind", name(args.kind.as_str())),
		("expires", option(args.expires.map(|when| number(when.last(view.clock))))),
		("self_trade", name(self_trade)),
		("max_fills", number(max_fills(args.max_fills, &view)?)),
	];
	app.call(PALLET, "place_order", fields).await
}

/// What the caller said, or all that one call may take: what is not needed is not paid for.
fn max_fills(said: Option<u32>, view: &View) -> anyhow::Result<u32> {
	match said {
		Some(fills) => Ok(fills),
		None => view.constant(PALLET, "MaxFills"),
	}
}

/// The price, if it is a multiple of the tick.
pub fn on_tick(at: PerKwh, tick: Price) -> anyhow::Result<PerKwh> {
	let below = at.0 - at.0 % tick.max(1);
	ensure!(
		below == at.0,
		"{at} lies between two ticks; the nearest prices are {} and {}",
		price(below),
		price(below.saturating_add(tick))
	);
	Ok(at)
}

/// The energy, if it is a multiple of the lot.
pub fn on_lot(energy: Kwh, lot: Energy) -> anyhow::Result<Kwh> {
	let below = energy.0 - energy.0 % lot.max(1);
	ensure!(
		below == energy.0,
		"{energy} is not a multiple of {}; the nearest energies are {} and {}",
		Kwh(lot),
		Kwh(below),
		Kwh(below.saturating_add(lot))
	);
	Ok(energy)
}

/// Takes orders back.
pub async fn cancel(app: &App, args: &CancelArgs) -> anyhow::Result<()> {
	if args.all {
		return app.call(PALLET, "cancel_all", vec![]).await;
	}
	match args.orders[..] {
		[] => bail!(
			"which? Name orders by their numbers, as `heliograph orders` shows them, or all by --all"
		),
		[order] => app.call(PALLET, "cancel_order", vec![("order", number(order))]).await,
		// All of them or none, in one transaction.
		ref orders => {
			let call =
				|order: &u64| call_value(PALLET, "cancel_order", vec![("order", number(*order))]);
			let calls = Value::unnamed_composite(orders.iter().map(call));
			app.call("Utility", "batch_all", vec![("calls", calls)]).await
		}
	}
}

/// Changes an order.
pub async fn amend(app: &App, args: &AmendArgs) -> anyhow::Result<()> {
	ensure!(
		args.at.is_some() || args.energy.is_some(),
		"nothing to change: name a price by --at, or how much it is for in all by --energy"
	);
	let view = app.session.finalised().await?;
	let order = view.ask(PALLET, "order", vec![number(args.order)]).await?;
	let order: Order = order.as_type::<Option<_>>()?.with_context(|| {
		format!(
			"no order in the book has the number {}: it may be filled, cancelled or expired",
			args.order
		)
	})?;
	let at = args.at.unwrap_or(PerKwh(order.price));
	let at = on_tick(at, view.constant(PALLET, "TickSize")?)?;
	// In all, so that it stays right if some of the order is traded before the call is carried out.
	let energy = args.energy.unwrap_or(Kwh(order.placed));
	let energy = on_lot(energy, view.constant(PALLET, "LotSize")?)?;
	let fields = vec![
		("order", number(args.order)),
		("price", number(at.0)),
		("energy", number(energy.0)),
		("max_fills", number(max_fills(args.max_fills, &view)?)),
	];
	app.call(PALLET, "amend_order", fields).await
}

/// Releases what the account could not take when its orders were closed.
pub async fn reclaim(app: &App) -> anyhow::Result<()> {
	let account = app.session.account()?;
	let view = app.session.finalised().await?;
	let mut is_done = false;
	for side in [Side::Buy, Side::Sell] {
		let arguments = vec![account_value(account), name(side.as_str())];
		let amount: u128 = view.ask(PALLET, "unreleased", arguments).await?.as_type()?;
		if amount > 0 {
			let fields = vec![("owner", account_value(account)), ("side", name(side.as_str()))];
			app.call(PALLET, "reclaim", fields).await?;
			is_done = true;
		}
	}
	ensure!(is_done, "nothing is held for orders of this account that are gone");
	Ok(())
}

/// Shows what was traded in the last day.
pub async fn history(app: &App, args: &HistoryArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let answer = view.ask(PALLET, "history", vec![]).await?;
	if app.json {
		return app.print_json(&json!({ "block": view.block(), "history": answer.as_json()? }));
	}
	let History { last, candles } = answer.as_type()?;
	let mut lines = candles::draw(&candles, args.intervals, view.clock, app.width(), app.paint);
	lines.extend(last.map(|last| format!("the last trade was at {}", PerKwh(last))));
	app.print(&(lines.join("\n") + "\n"))
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::paint::Paint;

	#[test]
	fn price_between_two_ticks_is_refused_with_both() {
		assert_eq!(on_tick(PerKwh(254_100), 100).expect("a tick"), PerKwh(254_100));
		let error = on_tick(PerKwh(254_150), 100).unwrap_err().to_string();
		assert!(error.contains("0.25415") && error.contains("0.2541 and 0.2542"), "{error}");
		on_tick(PerKwh(5), 0).expect("no tick, no bound");
	}

	#[test]
	fn energy_between_two_lots_is_refused_with_both() {
		assert_eq!(on_lot(Kwh(3_200_000), 1_000).expect("a lot"), Kwh(3_200_000));
		let error = on_lot(Kwh(3_200_001), 1_000).unwrap_err().to_string();
		assert!(error.contains("3.200 kWh and 3.201 kWh"), "{error}");
		on_lot(Kwh(u64::MAX), 1_000).expect_err("the next lot is beyond what is counted");
	}

	#[test]
	fn quote_says_what_is_paid_and_what_is_missing() {
		let quote = Quote {
			energy: 2_000_000,
			cost: 500_000_000_000,
			fee: 1_000_000_000,
			worst: Some(260_000),
			out_of_fills: false,
		};
		let sentence = |side, wanted, quote: &Quote| sentence(side, Kwh(wanted), quote, 64);
		let text = sentence(Side::Buy, 3_000_000, &quote);
		assert_eq!(
			text,
			"2.000 kWh cost 0.5000 DECA and 0.0010 DECA of fees; the highest price is 0.2600 DECA/kWh\n\
			 for the rest of the 3.000 kWh the book has nobody\n"
		);
		assert!(sentence(Side::Sell, 2_000_000, &quote).contains("lowest"));
		assert!(!sentence(Side::Sell, 2_000_000, &quote).contains("rest"));
		// The book has more, and one order does not reach it.
		let text = sentence(Side::Buy, 3_000_000, &Quote { out_of_fills: true, ..quote });
		assert!(text.contains("64 others") && !text.contains("nobody"), "{text}");
		let nothing = Quote { energy: 0, cost: 0, fee: 0, worst: None, out_of_fills: false };
		assert!(sentence(Side::Buy, 1, &nothing).contains("nobody"));
		let text = sentence(Side::Buy, 1, &Quote { out_of_fills: true, ..nothing });
		assert!(text.contains("64 orders expired") && !text.contains("nobody"), "{text}");
	}

	#[test]
	fn quote_meets_orders_of_the_reader_on_the_other_side_within_its_prices() {
		let quote = |worst| Quote { energy: 1, cost: 1, fee: 1, worst, out_of_fills: false };
		let offer =
			Order { side: Side::Sell, price: 250_000, energy: 1, placed: 1, since: 1, expires: 5 };
		let bid = Order { side: Side::Buy, ..offer.clone() };
		assert!(quote(Some(250_000)).meets(Side::Buy, &offer, 5));
		assert!(!quote(Some(250_000)).meets(Side::Buy, &offer, 6));
		assert!(!quote(Some(249_900)).meets(Side::Buy, &offer, 5));
		assert!(!quote(Some(250_000)).meets(Side::Buy, &bid, 5));
		assert!(quote(Some(250_000)).meets(Side::Sell, &bid, 5));
		assert!(!quote(Some(250_100)).meets(Side::Sell, &bid, 5));
		assert!(!quote(None).meets(Side::Buy, &offer, 5));
	}

	#[test]
	fn orders_are_shown_with_what_is_left_and_until_when() {
		let clock = Clock { now: 1_984_320, millis: 900_000 };
		let order = Order {
			side: Side::Sell,
			price: 300_000,
			energy: 6_000_000,
			placed: 10_000_000,
			since: clock.now - 4,
			expires: clock.now - 1,
		};
		let other = Order { side: Side::Buy, expires: clock.now + 7, ..order.clone() };
		let lines = table(&[(7, order), (12, other)], clock).lines(Paint::new(false));
		assert!(lines[1].starts_with("    7  sell    0.3000  6.000  10.000  "), "{}", lines[1]);
		assert!(lines[1].ends_with(&clock.show(clock.now)), "{}", lines[1]);
		assert!(lines[2].ends_with(&clock.show(clock.now + 8)), "{}", lines[2]);
	}
}
