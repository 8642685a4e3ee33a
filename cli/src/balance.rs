//! What an account has: money, tokens, meters.

use std::collections::BTreeMap;

use heliograph_agent::{chain::variant, keys};
use serde_json::json;
use subxt::{
	dynamic::Value,
	ext::{
		scale_decode::DecodeAsType,
		scale_value::{Composite, ValueDef},
	},
};

use crate::{
	app::App,
	chain::{account_value, number, Answer, View},
	json::keyed,
	paint::{cell, Align, Table, Tone},
	report::words,
	units::{deca, kwh},
};

#[derive(Clone, Copy, Debug, Default, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountData {
	free: u128,
	reserved: u128,
}

#[derive(Clone, Copy, Debug, Default, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AccountInfo {
	data: AccountData,
}

#[derive(Clone, Copy, Debug, Default, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct AssetAccount {
	balance: u128,
}

/// What is held for a purpose.
#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Hold {
	id: Value,
	amount: u128,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Profile {
	grid_area: Vec<u8>,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Miner {
	kind: Value,
	status: Value,
	profile: Profile,
}

#[derive(Clone, Debug, DecodeAsType)]
#[decode_as_type(crate_path = "subxt::ext::scale_decode")]
struct Meter {
	flow: Value,
	nameplate: u32,
	node: Option<u32>,
}

/// One kind of money of an account.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Purse {
	free: u128,
	/// By purpose, as `Pallet.Reason`.
	held: BTreeMap<String, u128>,
}

impl Purse {
	fn new(free: u128, holds: &[Hold]) -> Self {
		let mut held = BTreeMap::new();
		for Hold { id, amount } in holds {
			let sum = held.entry(purpose(id)).or_insert(0u128);
			*sum = sum.saturating_add(*amount);
		}
		Self { free, held }
	}

	fn total(&self) -> u128 {
		self.held.values().fold(self.free, |sum, amount| sum.saturating_add(*amount))
	}

	fn as_json(&self) -> serde_json::Value {
		let entry =
			|(purpose, amount): (&String, &u128)| (purpose.clone(), json!(amount.to_string()));
		let held = self.held.iter().map(entry).collect::<serde_json::Map<_, _>>();
		json!({ "free": self.free.to_string(), "held": held })
	}

	fn lines(&self, name: &str, show: fn(u128) -> String) -> String {
		let mut text = format!("{} {name}\n  free  {}\n", show(self.total()), show(self.free));
		for (purpose, amount) in &self.held {
			text += &format!("  held  {} for {purpose}\n", show(*amount));
		}
		text
	}
}

/// A purpose of a hold, as `Pallet.Reason`.
fn purpose(id: &Value) -> String {
	match &id.value {
		ValueDef::Variant(outer) => match outer.values.values().next() {
			Some(inner) => format!("{}.{}", outer.name, variant(inner)),
			None => outer.name.clone(),
		},
		ValueDef::Composite(Composite::Unnamed(values)) if values.len() == 1 => purpose(&values[0]),
		_ => id.to_string(),
	}
}

/// Shows what the account has, and what is held of it.
pub async fn balance(app: &App) -> anyhow::Result<()> {
	let account = app.session.account()?;
	let key = || account_value(account);
	let view = app.session.finalised().await?;
	let token: u32 = view.constant("OrderBook", "KwhId")?;
	let info: AccountInfo = read(&view, "System", "Account", vec![key()]).await?;
	let holds: Vec<Hold> = read(&view, "Balances", "Holds", vec![key()]).await?;
	let tokens: AssetAccount = read(&view, "Assets", "Account", vec![number(token), key()]).await?;
	let token_holds: Vec<Hold> =
		read(&view, "AssetsHolder", "Holds", vec![number(token), key()]).await?;
	let deca_purse = Purse::new(info.data.free, &holds);
	let kwh_purse = Purse::new(tokens.balance, &token_holds);
	if app.json {
		return app.print_json(&json!({
			"block": view.block(), "account": keys::address(account),
			"deca": deca_purse.as_json(), "kwh": kwh_purse.as_json(),
		}));
	}
	let mut text = format!("{}\n", keys::address(account));
	text += &deca_purse.lines("DECA", deca);
	// What older ways of setting money aside took.
	let other = info.data.reserved.saturating_sub(deca_purse.total() - deca_purse.free);
	if other > 0 {
		text += &format!("  also reserved  {}\n", deca(other));
	}
	text += &kwh_purse.lines("KWH", kwh);
	app.print(&text)
}

/// A value of the storage, or the default where there is none.
async fn read<T: DecodeAsType + Default>(
	view: &View,
	pallet: &'static str,
	entry: &'static str,
	keys: Vec<Value>,
) -> anyhow::Result<T> {
	match view.read(pallet, entry, keys).await? {
		Some(value) => value.as_type(),
		None => Ok(T::default()),
	}
}

/// All that is known of a meter for trade.
struct MeterLine {
	id: u32,
	meter: Meter,
	booked: Option<(Value, u32)>,
	deposit: Answer,
}

/// Shows the account's meters.
pub async fn meters(app: &App) -> anyhow::Result<()> {
	let account = app.session.account()?;
	let view = app.session.finalised().await?;
	let miners = view.ask("Miners", "miners_of", vec![account_value(account)]).await?;
	let mut shown = Vec::new();
	let mut text = String::new();
	for miner in miners.as_type::<Vec<u32>>()? {
		let entry = view.ask("Miners", "miner", vec![number(miner)]).await?;
		let listed = view.ask("Miners", "meters_of", vec![number(miner)]).await?;
		let mut lines = Vec::new();
		for (id, meter) in listed.as_type::<Vec<(u32, Meter)>>()? {
			let booked = view.ask("Metering", "use_of", vec![number(id)]).await?.as_type()?;
			let deposit = view.ask("StorageNodes", "deposit", vec![number(id)]).await?;
			lines.push(MeterLine { id, meter, booked, deposit });
		}
		if app.json {
			let mut deposits = serde_json::Map::new();
			for line in &lines {
				deposits.insert(line.id.to_string(), line.deposit.as_json()?);
			}
			shown.push(json!({
				"miner": miner, "entry": entry.as_json()?, "meters": keyed(listed.as_json()?, "meter"),
				"booked": lines.iter().map(booking_json).collect::<serde_json::Map<_, _>>(),
				"deposits": deposits,
			}));
			continue;
		}
		let entry: Option<Miner> = entry.as_type()?;
		text += &heading(miner, entry.as_ref());
		text += &table(&lines).text(app.paint, "  no meter is in service");
	}
	if app.json {
		return app.print_json(&json!({ "block": view.block(), "miners": shown }));
	}
	if text.is_empty() {
		text = "this account has no miner; who has a plant, a battery or a meter applies with miners.apply\n"
			.into();
	}
	app.print(&text)
}

fn booking_json(line: &MeterLine) -> (String, serde_json::Value) {
	let booked = match &line.booked {
		Some((purpose, times)) => json!({ "use": variant(purpose), "times": times }),
		None => serde_json::Value::Null,
	};
	(line.id.to_string(), booked)
}

fn heading(miner: u32, entry: Option<&Miner>) -> String {
	match entry {
		Some(Miner { kind, status, profile }) => format!(
			"miner {miner}: {}, {}, in {}\n",
			words(&variant(kind)),
			words(&variant(status)),
			String::from_utf8_lossy(&profile.grid_area)
		),
		None => format!("miner {miner}\n"),
	}
}

fn table(lines: &[MeterLine]) -> Table {
	let mut table = Table::new([
		("meter", Align::Right),
		("measures", Align::Left),
		("W", Align::Right),
		("sends to", Align::Left),
		("booked for", Align::Left),
	]);
	for MeterLine { id, meter, booked, .. } in lines {
		let node = meter.node.map_or_else(|| "-".into(), |node| format!("node {node}"));
		let booked = match booked {
			Some((purpose, times)) => {
				cell(Tone::Warn, format!("{} ({times})", words(&variant(purpose))))
			}
			None => "-".into(),
		};
		table.row([
			id.to_string().into(),
			words(&variant(&meter.flow)).into(),
			meter.nameplate.to_string().into(),
			node.into(),
			booked,
		]);
	}
	table
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::chain::name;

	fn hold(pallet: &str, reason: &str, amount: u128) -> Hold {
		Hold { id: Value::unnamed_variant(pallet, [name(reason)]), amount }
	}

	#[test]
	fn purse_says_what_is_held_for_what() {
		let holds =
			[hold("OrderBook", "Buy", 1_280_000_000_000), hold("Lots", "Bid", 750_000_000_000)];
		let purse = Purse::new(10_000_000_000_000, &holds);
		let text = purse.lines("DECA", deca);
		assert_eq!(
			text,
			"12.0300 DECA\n  free  10.0000\n  held  0.7500 for Lots.Bid\n  held  1.2800 for OrderBook.Buy\n"
		);
		let expected = json!({
			"free": "10000000000000",
			"held": { "Lots.Bid": "750000000000", "OrderBook.Buy": "1280000000000" },
		});
		assert_eq!(purse.as_json(), expected);
		assert_eq!(Purse::default().lines("KWH", kwh), "0.000 KWH\n  free  0.000\n");
	}

	#[test]
	fn holds_of_one_purpose_are_one() {
		let holds = [hold("OrderBook", "Buy", 1), hold("OrderBook", "Buy", u128::MAX)];
		assert_eq!(Purse::new(0, &holds).held["OrderBook.Buy"], u128::MAX);
	}

	#[test]
	fn miner_is_introduced_by_kind_and_area() {
		let miner = Miner {
			kind: name("Standard"),
			status: name("Active"),
			profile: Profile { grid_area: b"10YDE-VE-------2".to_vec() },
		};
		assert_eq!(heading(4, Some(&miner)), "miner 4: standard, active, in 10YDE-VE-------2\n");
		assert_eq!(heading(4, None), "miner 4\n");
	}
}
