//! The slot auctions: energy of future intervals, at one price for all.

use std::{collections::BTreeMap, fmt, str::FromStr};

use anyhow::{ensure, Context};
use heliograph_agent::{
	chain::variant,
	screen::{bar, cut},
};
use heliograph_primitives::{
	trade::Price,
	units::{Energy, Interval},
};
use serde_json::json;
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType};

use crate::{
	app::App,
	args::{EstimateArgs, SlotCommand, SlotOrderArgs, SlotsArgs},
	book::{on_lot, on_tick, Side},
	candles::spark,
	chain::{account_value, name, number, option, Answer, View},
	json::keyed,
	paint::{cell, Align, Paint, Table, Tone},
	report::words,
	units::{deca, kwh, price, Kwh, PerKwh},
	when::Clock,
};

/// As the runtime calls it.
const PALLET: &str = "SlotAuction";

/// How many entries are asked for at once.
const PAGE: u32 = 100;

/// How many auctions are looked at.
const MOST: usize = 2_000;

/// The longest bar.
const CELLS: usize = 40;

/// An auction, as people write it: `area:interval`, with the number of the area.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct AuctionRef {
	/// The number of the area.
	pub area: u16,
	/// The interval.
	pub interval: Interval,
}

/// An order of an auction, as people write it: `area:interval/number`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
pub struct OrderRef {
	/// The auction.
	pub auction: AuctionRef,
	/// Its number in it.
	pub number: u32,
}

impl fmt::Display for AuctionRef {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}:{}", self.area, self.interval)
	}
}

impl fmt::Display for OrderRef {
	fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
		write!(f, "{}/{}", self.auction, self.number)
	}
}

impl FromStr for AuctionRef {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let parts = text.split_once(':').and_then(|(area, interval)| {
			Some(Self { area: area.parse().ok()?, interval: interval.parse().ok()? })
		});
		parts
			.ok_or_else(|| format!("`{text}` is not an auction, such as 0:1984320 (area:interval)"))
	}
}

impl FromStr for OrderRef {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		let parts = text.split_once('/').and_then(|(auction, number)| {
			Some(Self { auction: auction.parse().ok()?, number: number.parse().ok()? })
		});
		parts.ok_or_else(|| {
			format!("`{text}` is not an order, such as 0:1984320/4 (area:interval/number)")
		})
	}
}

impl AuctionRef {
	fn value(&self) -> Value {
		Value::named_composite([("area", number(self.area)), ("interval", number(self.interval))])
	}
}

impl OrderRef {
	fn value(&self) -> Value {
		Value::named_composite([("auction", self.auction.value()), ("number", number(self.number))])
	}
}

/// What governance sets for an area.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Area {
	grid_fee: Price,
	imbalance: Price,
	undrawn: Price,
	open: bool,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Terms {
	closes: Interval,
	settles: Interval,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Auction {
	terms: Terms,
	orders: u32,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Level {
	price: Price,
	demand: Energy,
	supply: Energy,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AuctionView {
	id: AuctionRef,
	stage: Value,
	auction: Auction,
	depth: Vec<Level>,
	price: Option<Price>,
	volume: u128,
}

/// An order of the account.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Order {
	meter: u32,
	side: Side,
	limit: Price,
	energy: Energy,
	fill: Option<Energy>,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct OrderView {
	order: Order,
	stage: Value,
	held: u128,
	prepaid: u128,
	fill: Energy,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct SlotResult {
	interval: Interval,
	price: Option<Price>,
	volume: u128,
	delivered: Option<u128>,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Estimate {
	price: Option<Price>,
	volume: u128,
	fill: Energy,
	held: u128,
}

/// The code of an area as an argument.
fn code_value(code: &[u8]) -> Value {
	Value::from_bytes(code)
}

/// All auctions that have orders, area by area, the earliest first.
async fn auctions(view: &View) -> anyhow::Result<Vec<AuctionRef>> {
	let mut all = Vec::<AuctionRef>::new();
	loop {
		let after = option(all.last().map(AuctionRef::value));
		let page = view.ask(PALLET, "auctions", vec![after, number(PAGE)]).await?;
		// Each with its stage.
		let page: Vec<(AuctionRef, Value)> = page.as_type()?;
		let is_last = page.len() < PAGE as usize;
		all.extend(page.iter().map(|(auction, _)| *auction));
		if is_last || all.len() >= MOST {
			all.sort();
			return Ok(all);
		}
	}
}

/// All orders of the account, if there is one.
async fn own_orders(app: &App, view: &View) -> anyhow::Result<Vec<Answer>> {
	let Some(account) = app.session.known_account() else { return Ok(Vec::new()) };
	let mut pages = Vec::new();
	let mut after = None;
	loop {
		let arguments = vec![account_value(account), option(after), number(PAGE)];
		let page = view.ask(PALLET, "orders_of", arguments).await?;
		let orders: Vec<(OrderRef, OrderView)> = page.as_type()?;
		pages.push(page);
		// Orders come by whole auctions, so the last one's auction is where the next page begins.
		match orders.last() {
			Some((last, _)) if orders.len() >= PAGE as usize && pages.len() < 20 => {
				after = Some(last.auction.value());
			}
			_ => return Ok(pages),
		}
	}
}

/// Shows areas with their next auctions, or one auction.
pub async fn show(app: &App, args: &SlotsArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	if let (Some(code), Some(when)) = (&args.area, &args.interval) {
		return show_auction(app, &view, code, when.one(view.clock)?).await;
	}
	let areas = areas(&view, args.area.as_deref()).await?;
	let gate = view.ask(PALLET, "gate", vec![]).await?;
	let pages = own_orders(app, &view).await?;
	let auctions = auctions(&view).await?;
	if app.json {
		let mut shown = Vec::new();
		for (code, id, _) in &areas {
			let mut views = Vec::new();
			for auction in first_of(&auctions, *id, args.limit) {
				views.push(auction_view(&view, code, auction.interval).await?.as_json()?);
			}
			let terms = view.ask(PALLET, "area", vec![code_value(code)]).await?.as_json()?;
			let results = view.ask(PALLET, "prices", vec![code_value(code)]).await?.as_json()?;
			let code = String::from_utf8_lossy(code);
			shown.push(json!({
				"code": code, "id": id, "terms": terms[1], "auctions": views, "results": results,
			}));
		}
		let mut orders = Vec::new();
		for page in &pages {
			if let serde_json::Value::Array(page) = keyed(page.as_json()?, "id") {
				orders.extend(page);
			}
		}
		return app.print_json(&json!({
			"block": view.block(), "now": view.now(), "gate": gate.as_json()?, "areas": shown, "orders": orders,
		}));
	}
	let (first, last): (Interval, Interval) = gate.as_type()?;
	let mut orders = Vec::<(OrderRef, OrderView)>::new();
	for page in &pages {
		orders.extend(page.as_type::<Vec<(OrderRef, OrderView)>>()?);
	}
	let mut text = format!(
		"orders are taken for {} to {} (+{} to +{})\n",
		view.clock.show(first),
		view.clock.show(last),
		first.saturating_sub(view.now()),
		last.saturating_sub(view.now())
	);
	for (code, id, area) in &areas {
		text += "\n";
		text += &heading(&String::from_utf8_lossy(code), *id, area, app.paint);
		let mut table = auction_table();
		for auction in first_of(&auctions, *id, args.limit) {
			let answer = auction_view(&view, code, auction.interval).await?;
			if let Some(entry) = answer.as_type::<Option<AuctionView>>()? {
				auction_row(&mut table, &entry, &orders, view.clock);
			}
		}
		text += &table.text(app.paint, "no auction has orders");
		let results = view.ask(PALLET, "prices", vec![code_value(code)]).await?;
		text += &past(&results.as_type::<Vec<SlotResult>>()?, view.clock, app.paint);
	}
	if !orders.is_empty() {
		text += "\n";
		text += &order_table(&orders, view.clock).text(app.paint, "");
	}
	app.print(&text)
}

/// An area, or all of them.
async fn areas(view: &View, code: Option<&str>) -> anyhow::Result<Vec<(Vec<u8>, u16, Area)>> {
	let Some(code) = code else {
		let all = view.ask(PALLET, "areas", vec![option(None), number(PAGE)]).await?;
		return all.as_type();
	};
	let answer = view.ask(PALLET, "area", vec![code_value(code.as_bytes())]).await?;
	let (id, area) = answer.as_type::<Option<(u16, Area)>>()?.with_context(|| {
		format!("nothing is traded in an area called {code}; `heliograph slots` shows the areas")
	})?;
	Ok(vec![(code.into(), id, area)])
}

/// The first auctions of an area: those that are not settled, and then the next ones.
fn first_of(auctions: &[AuctionRef], area: u16, limit: usize) -> impl Iterator<Item = &AuctionRef> {
	auctions.iter().filter(move |auction| auction.area == area).take(limit)
}

async fn auction_view(view: &View, code: &[u8], interval: Interval) -> anyhow::Result<Answer> {
	view.ask(PALLET, "auction", vec![code_value(code), number(interval)]).await
}

fn heading(code: &str, id: u16, area: &Area, paint: Paint) -> String {
	let name = paint.tone(Tone::Mine, format!("area {code} ({id})"));
	let closed = if area.open { "" } else { "; it takes no orders at the moment" };
	format!(
		"{name}: the grid costs {}; not delivered {}, not drawn {}{closed}\n",
		PerKwh(area.grid_fee),
		PerKwh(area.imbalance),
		PerKwh(area.undrawn)
	)
}

fn auction_table() -> Table {
	Table::new([
		("auction", Align::Left),
		("begins", Align::Left),
		("stage", Align::Left),
		("orders", Align::Right),
		("DECA/kWh", Align::Right),
		("kWh", Align::Right),
		("yours", Align::Left),
	])
}

fn auction_row(
	table: &mut Table,
	entry: &AuctionView,
	orders: &[(OrderRef, OrderView)],
	clock: Clock,
) {
	let mine = orders.iter().filter(|(id, _)| id.auction == entry.id).map(|(_, view)| {
		let Order { side, limit, energy, .. } = &view.order;
		format!("{} {} at {}", side.word(), kwh((*energy).into()), price(*limit))
	});
	let mine = mine.collect::<Vec<_>>().join("; ");
	table.row([
		entry.id.to_string().into(),
		clock.show(entry.id.interval).into(),
		words(&variant(&entry.stage)).into(),
		entry.auction.orders.to_string().into(),
		entry.price.map_or_else(|| "-".into(), price).into(),
		kwh(entry.volume).into(),
		cell(Tone::Mine, mine),
	]);
}

/// The orders of the account.
fn order_table(orders: &[(OrderRef, OrderView)], clock: Clock) -> Table {
	let mut table = Table::new([
		("order", Align::Left),
		("begins", Align::Left),
		("side", Align::Left),
		("limit", Align::Right),
		("kWh", Align::Right),
		("gets", Align::Right),
		("meter", Align::Right),
		("held", Align::Right),
		("paid in", Align::Right),
		("stage", Align::Left),
	]);
	for (id, OrderView { order, stage, held, prepaid, fill }) in orders {
		// Before it is collected, what it would get.
		let gets = match order.fill {
			Some(fill) => kwh(fill.into()),
			None => format!("~{}", kwh((*fill).into())),
		};
		table.row([
			id.to_string().into(),
			clock.show(id.auction.interval).into(),
			cell(order.side.tone(), order.side.word()),
			price(order.limit).into(),
			kwh(order.energy.into()).into(),
			gets.into(),
			order.meter.to_string().into(),
			deca(*held).into(),
			deca(*prepaid).into(),
			words(&variant(stage)).into(),
		]);
	}
	table
}

/// What came of the last auctions, in a line or two.
fn past(results: &[SlotResult], clock: Clock, paint: Paint) -> String {
	let Some(last) = results.last() else { return "no auction was cleared yet\n".into() };
	let traded = match last.price {
		Some(at) => format!("{} kWh at {}", kwh(last.volume), PerKwh(at)),
		None => "nothing".into(),
	};
	let delivered = last.delivered.map_or_else(String::new, |delivered| {
		format!(", of which {} kWh were delivered", kwh(delivered))
	});
	let prices = paint.tone(Tone::Dim, spark(results.iter().map(|result| result.price)));
	format!("prices {prices}\nlast: {traded} for {}{delivered}\n", clock.show(last.interval))
}

async fn show_auction(
	app: &App,
	view: &View,
	code: &str,
	interval: Interval,
) -> anyhow::Result<()> {
	let answer = auction_view(view, code.as_bytes(), interval).await?;
	if app.json {
		return app.print_json(&json!({ "block": view.block(), "auction": answer.as_json()? }));
	}
	let entry: AuctionView = answer.as_type::<Option<_>>()?.with_context(|| {
		format!(
			"the auction of {code} for {} has no orders, or all of it is settled",
			view.clock.show(interval)
		)
	})?;
	app.print(&(ladder(&entry, view.clock, app.width(), app.paint).join("\n") + "\n"))
}

/// An auction with its ladder as a picture, the highest price above.
fn ladder(entry: &AuctionView, clock: Clock, width: usize, paint: Paint) -> Vec<String> {
	let AuctionView { id, auction: Auction { terms, orders }, .. } = entry;
	let head = format!("auction {id}, which begins {}", clock.show(id.interval));
	let mut lines = vec![paint.tone(Tone::Mine, cut(&head, width))];
	let stage = format!(
		"{}, {orders} orders; the gate closes {}, settled from {} on",
		words(&variant(&entry.stage)),
		clock.show(terms.closes),
		clock.show(terms.settles)
	);
	lines.push(cut(&stage, width));
	let price_line = match entry.price {
		Some(at) => format!("{} kWh at {}", kwh(entry.volume), PerKwh(at)),
		None => "nothing is traded".into(),
	};
	lines.push(cut(&price_line, width));
	let most = entry.depth.iter().map(|level| level.demand.max(level.supply)).max().unwrap_or(0);
	let row = |mark: &str, texts: [&str; 3]| {
		let [price, demand, supply] = texts;
		format!("{mark:<1} {price:>8} {demand:>11} {supply:>11} ")
	};
	if !entry.depth.is_empty() {
		let header = row("", ["DECA/kWh", "bid", "offered"]);
		lines.push(paint.tone(Tone::Dim, cut(&header, width)));
	}
	for level in entry.depth.iter().rev() {
		let mark = if entry.price == Some(level.price) { ">" } else { "" };
		let energy = |energy: Energy| match energy {
			0 => String::new(),
			energy => kwh(energy.into()),
		};
		let texts = [price(level.price), energy(level.demand), energy(level.supply)];
		let text = cut(&row(mark, [&texts[0], &texts[1], &texts[2]]), width);
		// Both bars side by side.
		let cells = (width.saturating_sub(text.chars().count()) / 2).min(CELLS);
		let bar = |energy: Energy| {
			bar(energy as f64 / most.max(1) as f64, cells).trim_end_matches('·').to_owned()
		};
		let (bid, offered) = (bar(level.demand), bar(level.supply));
		let (bid, offered) = (paint.tone(Tone::Buy, bid), paint.tone(Tone::Sell, offered));
		lines.push(format!("{text}{bid}{offered}"));
	}
	lines
}

/// Runs what changes something, or estimates it.
pub async fn trade(app: &App, command: SlotCommand) -> anyhow::Result<()> {
	match command {
		SlotCommand::Buy(args) => place(app, Side::Buy, &args).await,
		SlotCommand::Sell(args) => place(app, Side::Sell, &args).await,
		SlotCommand::Estimate(args) => estimate(app, &args).await,
		SlotCommand::Cancel { order } => {
			app.call(PALLET, "cancel", vec![("order", order.value())]).await
		}
		SlotCommand::Clear { auction } => {
			app.call(PALLET, "clear", vec![("auction", auction.value())]).await
		}
		SlotCommand::Collect { auction } => settle(app, "collect", "ToCollect", auction).await,
		SlotCommand::Settle { auction } => settle(app, "settle", "ToSettle", auction).await,
	}
}

async fn place(app: &App, side: Side, args: &SlotOrderArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let energy = on_lot(args.energy, view.constant(PALLET, "lot_size")?)?;
	let at = match side {
		// The chain takes the grid fee off a bid and rounds the rest down to a tick; what is told and shown then is the limit
		// that holds.
		Side::Buy => args.at,
		Side::Sell => on_tick(args.at, view.constant(PALLET, "slot_tick")?)?,
	};
	let fields = vec![
		("meter", number(args.meter)),
		("interval", number(args.interval.one(view.clock)?)),
		("side", name(side.as_str())),
		("limit", number(at.0)),
		("energy", number(energy.0)),
	];
	app.call(PALLET, "place", fields).await
}

async fn estimate(app: &App, args: &EstimateArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let interval = args.interval.one(view.clock)?;
	let arguments = vec![
		code_value(args.area.as_bytes()),
		number(interval),
		name(args.side.as_str()),
		number(args.at.0),
		number(args.energy.0),
	];
	let answer = view.ask(PALLET, "estimate", arguments).await?;
	if app.json {
		return app.print_json(&json!({ "block": view.block(), "estimate": answer.as_json()? }));
	}
	let found: Estimate = answer.as_type::<Option<_>>()?.with_context(|| {
		format!(
			"nothing can be said: no area is called {}, the price is not on its ladder, or the auction is \
			 cleared",
			args.area
		)
	})?;
	app.print(&guess(args.energy, &found))
}

/// An estimate in words.
fn guess(wanted: Kwh, found: &Estimate) -> String {
	let Estimate { price: at, volume, fill, held } = found;
	let held = deca(*held);
	match at {
		Some(at) => format!(
			"it would get {} of {wanted}, at {}, where {} kWh are traded; {held} DECA would be held\n",
			Kwh(*fill),
			PerKwh(*at),
			kwh(*volume)
		),
		None => format!("nothing would be traded; {held} DECA would be held\n"),
	}
}

/// Collects or settles orders: all of an auction, or the account's own in each auction in that stage.
async fn settle(
	app: &App,
	call: &'static str,
	stage: &str,
	auction: Option<AuctionRef>,
) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let orders = match auction {
		Some(auction) => {
			let numbers = due(call, &orders_in(&view, auction).await?);
			ensure!(!numbers.is_empty(), "no order of the auction {auction} waits for that");
			vec![(auction, numbers)]
		}
		None => {
			app.session.account()?;
			let mut mine = Vec::<(OrderRef, OrderView)>::new();
			for page in own_orders(app, &view).await? {
				mine.extend(page.as_type::<Vec<(OrderRef, OrderView)>>()?);
			}
			let numbers = own_due(call, stage, &mine);
			ensure!(!numbers.is_empty(), "no order of this account waits for that");
			numbers
		}
	};
	let batches = batches(&orders, view.constant(PALLET, "MaxBatch")?);
	for (done, (auction, numbers)) in batches.iter().enumerate() {
		if !app.json {
			app.print(&progress(done, batches.len()))?;
		}
		let numbers = Value::unnamed_composite(numbers.iter().map(|order| number(*order)));
		app.call(PALLET, call, vec![("auction", auction.value()), ("numbers", numbers)])
			.await
			.with_context(|| format!("auction {auction}"))?;
	}
	Ok(())
}

/// Which of the account's own orders a call is for, auction by auction.
fn own_due(call: &str, stage: &str, mine: &[(OrderRef, OrderView)]) -> Vec<(AuctionRef, Vec<u32>)> {
	let mut auctions = BTreeMap::<AuctionRef, Vec<(u32, Order)>>::new();
	for (id, view) in mine.iter().filter(|(_, view)| variant(&view.stage) == stage) {
		auctions.entry(id.auction).or_default().push((id.number, view.order.clone()));
	}
	let numbers = auctions.into_iter().map(|(auction, orders)| (auction, due(call, &orders)));
	numbers.filter(|(_, numbers)| !numbers.is_empty()).collect()
}

/// One transaction each: orders of one auction, at most so many.
fn batches(orders: &[(AuctionRef, Vec<u32>)], most: u32) -> Vec<(AuctionRef, &[u32])> {
	let most = most.max(1) as usize;
	orders
		.iter()
		.flat_map(|(auction, numbers)| numbers.chunks(most).map(move |batch| (*auction, batch)))
		.collect()
}

/// Which transaction is on its way, where there are several: each waits until its block is final.
fn progress(done: usize, batches: usize) -> String {
	match batches {
		0 | 1 => String::new(),
		_ => format!("batch {} of {batches}\n", done.saturating_add(1)),
	}
}

/// Which orders a call is for: offers before bids, which are settled when all offers are.
fn due(call: &str, orders: &[(u32, Order)]) -> Vec<u32> {
	let of = |side: Side| {
		orders
			.iter()
			.filter(move |(_, order)| order.side == side)
			.filter(move |(_, order)| call == "settle" || order.fill.is_none())
			.map(|(number, _)| *number)
	};
	of(Side::Sell).chain(of(Side::Buy)).collect()
}

/// All orders of an auction.
async fn orders_in(view: &View, auction: AuctionRef) -> anyhow::Result<Vec<(u32, Order)>> {
	let mut all = Vec::<(u32, Order)>::new();
	loop {
		let after = option(all.last().map(|(order, _)| number(*order)));
		let arguments = vec![auction.value(), after, number(PAGE)];
		let page: Vec<(u32, Order)> = view.ask(PALLET, "orders_in", arguments).await?.as_type()?;
		let is_last = page.len() < PAGE as usize;
		all.extend(page);
		if is_last {
			return Ok(all);
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	const CLOCK: Clock = Clock { now: 1_984_320, millis: 900_000 };

	fn auction() -> AuctionRef {
		AuctionRef { area: 0, interval: CLOCK.now + 3 }
	}

	fn entry() -> AuctionView {
		AuctionView {
			id: auction(),
			stage: name("Open"),
			auction: Auction {
				terms: Terms { closes: CLOCK.now + 2, settles: CLOCK.now + 12 },
				orders: 3,
			},
			depth: vec![
				Level { price: 120_000, demand: 0, supply: 2_000_000 },
				Level { price: 200_000, demand: 3_000_000, supply: 0 },
			],
			price: Some(120_000),
			volume: 2_000_000,
		}
	}

	fn order(side: Side, fill: Option<Energy>) -> OrderView {
		let order = Order { meter: 7, side, limit: 120_000, energy: 2_000_000, fill };
		let stage = name("Open");
		OrderView { order, stage, held: 1_000_000_000_000, prepaid: 0, fill: 1_500_000 }
	}

	#[test]
	fn order_is_read_as_it_is_shown() {
		let order = OrderRef { auction: auction(), number: 4 };
		assert_eq!(order.to_string(), "0:1984323/4");
		assert_eq!(order.to_string().parse(), Ok(order));
		assert_eq!(auction().to_string().parse(), Ok(auction()));
		for text in ["", "1984323/4", "0:1984323", "0:1984323/", "a:1/2", "0:1/2/3", "70000:1/2"] {
			assert!(text.parse::<OrderRef>().is_err(), "{text}");
		}
		assert!("0:1984323/4".parse::<AuctionRef>().is_err());
	}

	#[test]
	fn ladder_shows_both_sides_and_the_price() {
		let lines = ladder(&entry(), CLOCK, 80, Paint::new(false));
		assert!(lines[0].starts_with("auction 0:1984323, which begins "), "{}", lines[0]);
		assert!(lines[1].starts_with("open, 3 orders; "), "{}", lines[1]);
		assert_eq!(lines[2], "2.000 kWh at 0.1200 DECA/kWh");
		assert_eq!(lines[3].trim_end(), "  DECA/kWh         bid     offered");
		assert!(lines[4].starts_with("    0.2000       3.000             ████"), "{}", lines[4]);
		assert!(lines[5].starts_with(">   0.1200                   2.000 ███"), "{}", lines[5]);
		for width in [1, 20, 40, 80] {
			for line in ladder(&entry(), CLOCK, width, Paint::new(false)) {
				assert!(line.chars().count() <= width, "{line:?} in {width}");
			}
		}
	}

	#[test]
	fn own_orders_stand_beside_their_auction() {
		let id = OrderRef { auction: auction(), number: 4 };
		let orders = [(id, order(Side::Sell, None))];
		let mut table = auction_table();
		auction_row(&mut table, &entry(), &orders, CLOCK);
		let lines = table.lines(Paint::new(false));
		assert!(lines[1].ends_with("sell 2.000 at 0.1200"), "{}", lines[1]);
		let lines = order_table(&orders, CLOCK).lines(Paint::new(false));
		assert!(lines[1].contains("0:1984323/4") && lines[1].contains("~1.500"), "{}", lines[1]);
		let filled = [(id, order(Side::Sell, Some(2_000_000)))];
		let lines = order_table(&filled, CLOCK).lines(Paint::new(false));
		assert!(!lines[1].contains('~') && lines[1].contains("1.0000"), "{}", lines[1]);
	}

	#[test]
	fn offers_are_settled_before_bids() {
		let orders: Vec<_> = [
			order(Side::Buy, Some(1)),
			order(Side::Sell, Some(1)),
			order(Side::Buy, None),
			order(Side::Sell, None),
		]
		.into_iter()
		.map(|view| view.order)
		.zip(0..)
		.map(|(order, number)| (number, order))
		.collect();
		assert_eq!(due("settle", &orders), [1, 3, 0, 2]);
		assert_eq!(due("collect", &orders), [3, 2]);
	}

	#[test]
	fn collect_without_an_auction_is_for_own_orders_that_wait() {
		let at = |interval, number| {
			let auction = AuctionRef { area: 0, interval };
			OrderRef { auction, number }
		};
		let in_stage = |stage, side, fill| OrderView { stage: name(stage), ..order(side, fill) };
		let mine = [
			(at(6, 9), in_stage("ToCollect", Side::Buy, None)),
			(at(5, 70), in_stage("ToCollect", Side::Buy, None)),
			(at(5, 71), in_stage("ToCollect", Side::Sell, None)),
			// Collected, while others of this auction wait.
			(at(5, 72), in_stage("ToCollect", Side::Sell, Some(1))),
			(at(4, 0), in_stage("ToCollect", Side::Sell, Some(1))),
			(at(3, 8), in_stage("ToSettle", Side::Sell, Some(1))),
			(at(7, 1), in_stage("Open", Side::Sell, None)),
		];
		let auction = |interval| at(interval, 0).auction;
		let expected = [(auction(5), vec![71, 70]), (auction(6), vec![9])];
		assert_eq!(own_due("collect", "ToCollect", &mine), expected);
		assert_eq!(own_due("settle", "ToSettle", &mine), [(auction(3), vec![8])]);
		assert_eq!(own_due("settle", "ToSettle", &mine[..2]), []);
	}

	#[test]
	fn batches_are_told_where_there_are_several() {
		let orders: [(AuctionRef, Vec<u32>); 2] =
			[(auction(), (0..100_000).collect()), (auction(), vec![3])];
		let all = batches(&orders[..1], 64);
		assert_eq!((all.len(), all[0].1.len(), all[1562].1.len()), (1_563, 64, 32));
		assert_eq!(batches(&orders, 100_000).len(), 2);
		assert_eq!(batches(&orders[1..], 0), [(auction(), &[3][..])]);
		assert_eq!(progress(2, 1_563), "batch 3 of 1563\n");
		assert_eq!(progress(0, 1), "");
	}

	#[test]
	fn auctions_of_other_areas_are_left_out() {
		let at = |area, interval| AuctionRef { area, interval };
		let all = [at(0, 5), at(0, 6), at(0, 7), at(1, 5)];
		let shown: Vec<_> = first_of(&all, 0, 2).map(|auction| auction.interval).collect();
		assert_eq!(shown, [5, 6]);
		assert_eq!(first_of(&all, 1, 2).count(), 1);
	}

	#[test]
	fn past_says_what_came_of_the_last_auction() {
		let result =
			|price, delivered| SlotResult { interval: 9, price, volume: 2_000_000, delivered };
		let results = [result(None, None), result(Some(150_000), Some(1_400_000))];
		let text = past(&results, CLOCK, Paint::new(false));
		assert!(text.contains("2.000 kWh at 0.1500 DECA/kWh"), "{text}");
		assert!(text.contains("1.400 kWh were delivered"), "{text}");
		assert!(past(&[], CLOCK, Paint::new(false)).contains("no auction"));
	}

	#[test]
	fn estimate_says_what_would_be_held() {
		let found = Estimate { price: Some(120_000), volume: 5_000_000, fill: 2_000_000, held: 10 };
		let text = guess(Kwh(3_000_000), &found);
		assert!(text.contains("2.000 kWh of 3.000 kWh"), "{text}");
		assert!(text.contains("0.00000000001 DECA would be held"), "{text}");
		let nothing = Estimate { price: None, ..found };
		assert!(guess(Kwh(1), &nothing).contains("nothing would be traded"));
	}
}
