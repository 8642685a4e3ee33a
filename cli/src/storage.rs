//! Batteries: parity, nodes, deposits and withdrawals.

use anyhow::{ensure, Context};
use heliograph_agent::{chain::variant, keys};
use heliograph_primitives::units::{Energy, Interval, INTERVALS_PER_DAY};
use serde_json::json;
use sp_core::crypto::AccountId32;
use subxt::{dynamic::Value, ext::scale_decode::DecodeAsType, utils};

use crate::{
	app::App,
	args::{DepositCommand, NodeCommand, StorageArgs, WithdrawArgs, WithdrawalCommand},
	chain::{account_value, number, option, View},
	json::keyed,
	paint::{cell, Align, Table, Tone},
	report::words,
	units::{deca, kwh, percent, Kwh},
	when::Clock,
};

/// As the runtime calls it.
const PALLET: &str = "StorageNodes";

/// How many nodes, meters or withdrawals are shown at once.
const PAGE: u32 = 100;

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Parity {
	supply: u128,
	backing: u128,
	uncovered: u128,
	lost: u128,
	ratio: Option<u128>,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Meters {
	charge: u32,
	discharge: u32,
	loss: Option<u32>,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Books {
	backing: u128,
	surplus: u128,
	uncovered: u128,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Node {
	meters: Meters,
	capacity: Energy,
	bond: u128,
	status: Value,
	takes_deposits: bool,
	cursor: Interval,
	deposits: u32,
	withdrawals: u32,
	promised: u128,
	books: Books,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct NodeView {
	id: u32,
	owner: Option<utils::AccountId32>,
	node: Node,
	stored: u128,
	available: u128,
	room: u128,
	overdue: bool,
}

#[derive(Clone, Copy, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
enum WithdrawalState {
	Asked { expires: Interval },
	Running { from: Interval, until: Interval, cursor: Interval },
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Withdrawal {
	node: u32,
	drawer: utils::AccountId32,
	meter: u32,
	energy: Energy,
	rest: Energy,
	failed: Energy,
	duration: Interval,
	state: WithdrawalState,
}

/// An account as people recognise it: `you`, or the two ends of its address.
pub fn who(account: &utils::AccountId32, reader: Option<&AccountId32>) -> String {
	let account = AccountId32::new(account.0);
	if reader == Some(&account) {
		return "you".into();
	}
	let address = keys::address(&account);
	match (address.get(..6), address.get(address.len().saturating_sub(4)..)) {
		(Some(head), Some(tail)) => format!("{head}…{tail}"),
		_ => address,
	}
}

/// Shows parity, the nodes and the account's withdrawals, or one node.
pub async fn show(app: &App, args: &StorageArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	if let Some(node) = args.node {
		return show_node(app, &view, node).await;
	}
	let parity = view.ask(PALLET, "parity", vec![]).await?;
	let after = option(args.after.map(number));
	let nodes = view.ask(PALLET, "nodes", vec![after, number(PAGE)]).await?;
	let reader = app.session.known_account();
	let mine = match reader {
		Some(account) => {
			Some(view.ask(PALLET, "withdrawals_of", vec![account_value(account)]).await?)
		}
		None => None,
	};
	if app.json {
		let mine = match &mine {
			Some(mine) => keyed(mine.as_json()?, "withdrawal"),
			None => json!([]),
		};
		return app.print_json(&json!({
			"block": view.block(), "now": view.now(), "parity": parity.as_json()?, "nodes": nodes.as_json()?,
			"withdrawals": mine,
		}));
	}
	let nodes: Vec<NodeView> = nodes.as_type()?;
	let mut text = parity_line(&parity.as_type()?);
	text += "\n";
	text += &node_table(&nodes, reader).text(app.paint, "no battery is registered");
	if nodes.len() >= PAGE as usize {
		text += &nodes
			.last()
			.map_or_else(String::new, |last| format!("there may be more: --after {}\n", last.id));
	}
	if let Some(mine) = mine {
		let mine: Vec<(u32, Withdrawal)> = mine.as_type()?;
		if !mine.is_empty() {
			text += "\n";
			text += &withdrawal_table(&mine, view.clock, reader).text(app.paint, "");
		}
	}
	app.print(&text)
}

/// How the energy compares with the tokens, in words.
fn parity_line(parity: &Parity) -> String {
	let Parity { supply, backing, uncovered, lost, ratio } = *parity;
	let sound = backing.saturating_sub(uncovered);
	let share = match ratio {
		// Hundredths of a percent, rounded down.
		Some(ratio) => format!(": {}", percent(ratio - ratio % 100_000)),
		None => String::new(),
	};
	let mut text =
		format!("parity: {} kWh in batteries for {} KWH{share}\n", kwh(sound), kwh(supply));
	if uncovered > 0 {
		text += &format!("{} kWh are missing, and must be covered\n", kwh(uncovered));
	}
	if lost > 0 {
		text += &format!("{} kWh are lost for good\n", kwh(lost));
	}
	text
}

fn node_table(nodes: &[NodeView], reader: Option<&AccountId32>) -> Table {
	let mut table = Table::new([
		("node", Align::Right),
		("owner", Align::Left),
		("status", Align::Left),
		("capacity", Align::Right),
		("stored", Align::Right),
		("to draw", Align::Right),
		("room", Align::Right),
		("deposits", Align::Right),
		("withdrawals", Align::Right),
	]);
	for entry in nodes {
		let NodeView { id, owner, node, stored, available, room, overdue } = entry;
		let status = match (variant(&node.status).as_str(), node.takes_deposits, *overdue) {
			("Open", _, true) => cell(Tone::Warn, "energy is missing"),
			("Open", false, false) => "open, no new deposits".into(),
			(status, ..) => words(status).into(),
		};
		let owner = owner.as_ref().map_or_else(|| "nobody".into(), |owner| who(owner, reader));
		let tone = if owner == "you" { Tone::Mine } else { Tone::Plain };
		table.row([
			id.to_string().into(),
			cell(tone, owner),
			status,
			kwh(node.capacity.into()).into(),
			kwh(*stored).into(),
			kwh(*available).into(),
			kwh(*room).into(),
			node.deposits.to_string().into(),
			node.withdrawals.to_string().into(),
		]);
	}
	table
}

fn withdrawal_table(
	withdrawals: &[(u32, Withdrawal)],
	clock: Clock,
	reader: Option<&AccountId32>,
) -> Table {
	let mut table = Table::new([
		("withdrawal", Align::Right),
		("node", Align::Right),
		("drawer", Align::Left),
		("meter", Align::Right),
		("kWh", Align::Right),
		("left", Align::Right),
		("failed", Align::Right),
		("state", Align::Left),
	]);
	for (id, withdrawal) in withdrawals {
		let Withdrawal { node, drawer, meter, energy, rest, failed, duration, state } = withdrawal;
		let state = match state {
			WithdrawalState::Asked { expires } if clock.now >= *expires => {
				format!("expired {}; cancel it", clock.show(*expires))
			}
			WithdrawalState::Asked { expires } => {
				format!("waits until {} to run {duration} intervals", clock.show(*expires))
			}
			WithdrawalState::Running { from, until, cursor } => format!(
				"runs {} to {}, settled up to {}",
				clock.show(*from),
				clock.show(*until),
				clock.show(*cursor)
			),
		};
		table.row([
			id.to_string().into(),
			node.to_string().into(),
			who(drawer, reader).into(),
			meter.to_string().into(),
			kwh((*energy).into()).into(),
			kwh((*rest).into()).into(),
			kwh((*failed).into()).into(),
			state.into(),
		]);
	}
	table
}

async fn show_node(app: &App, view: &View, node: u32) -> anyhow::Result<()> {
	let answer = view.ask(PALLET, "node", vec![number(node)]).await?;
	let arguments = || vec![number(node), option(None), number(PAGE)];
	let senders = view.ask(PALLET, "senders", arguments()).await?;
	let withdrawals = view.ask(PALLET, "withdrawals_from", arguments()).await?;
	if app.json {
		return app.print_json(&json!({
			"block": view.block(), "now": view.now(), "node": answer.as_json()?,
			"senders": senders.as_json()?,
			"withdrawals": keyed(withdrawals.as_json()?, "withdrawal"),
		}));
	}
	let entry: NodeView = answer.as_type::<Option<_>>()?.with_context(|| {
		format!("no node has the number {node}; `heliograph storage` shows them")
	})?;
	let reader = app.session.known_account();
	let mut text = node_table(std::slice::from_ref(&entry), reader).text(app.paint, "");
	text += &details(&entry, view.clock);
	let senders: Vec<(u32, Value)> = senders.as_type()?;
	for (meter, how) in &senders {
		text += &format!("meter {meter} {}\n", words(&variant(how)));
	}
	let withdrawals: Vec<(u32, Withdrawal)> = withdrawals.as_type()?;
	if !withdrawals.is_empty() {
		text += "\n";
		text += &withdrawal_table(&withdrawals, view.clock, reader).text(app.paint, "");
	}
	app.print(&text)
}

/// What the table does not say of a node.
fn details(entry: &NodeView, clock: Clock) -> String {
	let Node { meters, bond, cursor, promised, books, .. } = &entry.node;
	let loss = meters.loss.map_or_else(String::new, |loss| format!(", loss {loss}"));
	let mut text = format!(
		"meters: charge {}, discharge {}{loss}\nbond: {} DECA; accounted for up to {}\n\
		 held for tokens {} kWh, promised to withdrawals {} kWh, its own {} kWh\n",
		meters.charge,
		meters.discharge,
		deca(*bond),
		clock.show(*cursor),
		kwh(books.backing),
		kwh(*promised),
		kwh(books.surplus)
	);
	if books.uncovered > 0 {
		let missing = kwh(books.uncovered);
		text += &format!(
			"{missing} kWh are missing: `heliograph node cover {missing} --node {}`\n",
			entry.id
		);
	}
	text
}

/// Lets a meter send to a battery, or ends that.
pub async fn deposit(app: &App, command: DepositCommand) -> anyhow::Result<()> {
	let (call, meter) = match command {
		DepositCommand::Ask { meter, node } => {
			let fields = vec![("meter", number(meter)), ("node", number(node))];
			return app.call(PALLET, "ask_deposit", fields).await;
		}
		DepositCommand::Accept { meter } => ("accept_deposit", meter),
		DepositCommand::Cancel { meter } => ("cancel_ask", meter),
		DepositCommand::End { meter } => ("end_deposit", meter),
		DepositCommand::Account { meter } => ("account_meter", meter),
		DepositCommand::GiveUp { meter } => ("give_up_receipt", meter),
	};
	app.call(PALLET, call, vec![("meter", number(meter))]).await
}

/// Asks to draw energy.
pub async fn withdraw(app: &App, args: &WithdrawArgs) -> anyhow::Result<()> {
	let view = app.session.finalised().await?;
	let duration = args.within.span(view.clock);
	ensure!(
		(1..=INTERVALS_PER_DAY).contains(&duration),
		"--within: a withdrawal runs for at least one interval and at most {INTERVALS_PER_DAY}, such as +24 or 6h"
	);
	let Kwh(energy) = args.energy;
	let fields = vec![
		("node", number(args.node)),
		("meter", number(args.meter)),
		("energy", number(energy)),
		("duration", number(duration)),
	];
	app.call(PALLET, "request_withdrawal", fields).await
}

/// Answers, settles or ends a withdrawal.
pub async fn withdrawal(app: &App, command: WithdrawalCommand) -> anyhow::Result<()> {
	let (call, withdrawal) = match command {
		WithdrawalCommand::Accept { withdrawal } => ("accept_withdrawal", withdrawal),
		WithdrawalCommand::Cancel { withdrawal } => ("cancel_withdrawal", withdrawal),
		WithdrawalCommand::Settle { withdrawal } => ("settle_withdrawal", withdrawal),
		WithdrawalCommand::End { withdrawal } => ("end_withdrawal", withdrawal),
	};
	app.call(PALLET, call, vec![("withdrawal", number(withdrawal))]).await
}

/// Runs a battery.
pub async fn node(app: &App, command: NodeCommand) -> anyhow::Result<()> {
	let (call, node, more) = match command {
		NodeCommand::Register { node, capacity, charge, discharge, loss } => {
			let meters = Value::named_composite([
				("charge", number(charge)),
				("discharge", number(discharge)),
				("loss", option(loss.map(number))),
			]);
			("register_node", node, vec![("meters", meters), ("capacity", number(capacity.0))])
		}
		NodeCommand::TopUp { node } => ("top_up_bond", node, vec![]),
		NodeCommand::Open { node } => ("set_open", node, vec![("open", Value::bool(true))]),
		NodeCommand::Shut { node } => ("set_open", node, vec![("open", Value::bool(false))]),
		NodeCommand::Account { node, intervals } => {
			("account", node, vec![("intervals", number(intervals))])
		}
		NodeCommand::Cover { energy, node } => ("cover", node, vec![("amount", number(energy.0))]),
		NodeCommand::Slash { node } => ("slash_uncovered", node, vec![]),
		NodeCommand::Leave { node } => ("leave", node, vec![]),
		NodeCommand::Close { node } => ("close_node", node, vec![]),
	};
	let mut fields = vec![("node", number(node))];
	fields.extend(more);
	app.call(PALLET, call, fields).await
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{chain::name, paint::Paint};

	const CLOCK: Clock = Clock { now: 1_984_320, millis: 900_000 };

	fn entry() -> NodeView {
		let books = Books { backing: 920_000, surplus: 0, uncovered: 10_000 };
		let node = Node {
			meters: Meters { charge: 4, discharge: 5, loss: Some(6) },
			capacity: 100_000_000,
			bond: 50_000_000_000_000,
			status: name("Open"),
			takes_deposits: true,
			cursor: CLOCK.now - 8,
			deposits: 1,
			withdrawals: 0,
			promised: 0,
			books,
		};
		NodeView {
			id: 3,
			owner: Some(utils::AccountId32([7; 32])),
			node,
			stored: 910_000,
			available: 910_000,
			room: 99_080_000,
			overdue: false,
		}
	}

	#[test]
	fn parity_is_told_in_percent_rounded_down() {
		let parity = Parity {
			supply: 1_000_000,
			backing: 920_000,
			uncovered: 10_000,
			lost: 0,
			ratio: Some(909_999_999),
		};
		let text = parity_line(&parity);
		assert!(
			text.starts_with("parity: 0.910 kWh in batteries for 1.000 KWH: 90.99 %\n"),
			"{text}"
		);
		assert!(text.contains("0.010 kWh are missing") && !text.contains("lost"), "{text}");
		let none = Parity { supply: 0, backing: 0, uncovered: 0, lost: 5, ratio: None };
		let text = parity_line(&none);
		assert!(text.contains("0.000005 kWh are lost") && !text.contains('%'), "{text}");
	}

	#[test]
	fn node_is_shown_with_what_can_be_drawn() {
		let nora = AccountId32::new([7; 32]);
		let lines = node_table(&[entry()], Some(&nora)).lines(Paint::new(false));
		for part in ["you", "open", "100.000", "0.910", "99.080"] {
			assert!(lines[1].contains(part), "{part} is missing in {}", lines[1]);
		}
		let late = NodeView { overdue: true, ..entry() };
		let lines = node_table(&[late], None).lines(Paint::new(false));
		assert!(lines[1].contains("energy is missing"), "{}", lines[1]);
		let gone = NodeView { owner: None, ..entry() };
		let lines = node_table(&[gone], None).lines(Paint::new(false));
		assert!(lines[1].contains("nobody"), "{}", lines[1]);
	}

	#[test]
	fn missing_energy_comes_with_the_command_that_covers_it() {
		let text = details(&entry(), CLOCK);
		assert!(text.contains("heliograph node cover 0.010 --node 3"), "{text}");
		assert!(text.contains("bond: 50.0000 DECA") && text.contains("loss 6"), "{text}");
	}

	#[test]
	fn withdrawal_says_what_it_waits_for() {
		let drawer = utils::AccountId32([9; 32]);
		let asked = Withdrawal {
			node: 3,
			drawer,
			meter: 8,
			energy: 920_000,
			rest: 920_000,
			failed: 0,
			duration: 24,
			state: WithdrawalState::Asked { expires: CLOCK.now + 4 },
		};
		let expired =
			Withdrawal { state: WithdrawalState::Asked { expires: CLOCK.now }, ..asked.clone() };
		let (from, until) = (CLOCK.now - 2, CLOCK.now + 22);
		let running = Withdrawal {
			rest: 500_000,
			state: WithdrawalState::Running { from, until, cursor: CLOCK.now - 1 },
			..asked.clone()
		};
		let all = [(0, asked), (1, expired), (2, running)];
		let lines = withdrawal_table(&all, CLOCK, None).lines(Paint::new(false));
		assert!(lines[1].ends_with("to run 24 intervals"), "{}", lines[1]);
		assert!(lines[2].ends_with("cancel it"), "{}", lines[2]);
		assert!(lines[3].contains("0.500") && lines[3].contains("runs "), "{}", lines[3]);
	}

	#[test]
	fn account_is_recognised() {
		let account = utils::AccountId32([7; 32]);
		assert_eq!(who(&account, Some(&AccountId32::new([7; 32]))), "you");
		let text = who(&account, None);
		assert_eq!(text.chars().count(), 11);
		assert!(keys::address(&AccountId32::new([7; 32])).starts_with(&text[..6]), "{text}");
	}
}
