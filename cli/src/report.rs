//! What came of a transaction, in words.

use heliograph_agent::keys;
use serde_json::Value;
use sp_core::crypto::AccountId32;

use crate::{
	chain::{Happened, Receipt},
	paint::{Paint, Tone},
	units::{deca, kwh, price},
	when::Clock,
};

/// The pallets of which every event is told.
const TRADE: [&str; 4] = ["OrderBook", "SlotAuction", "Lots", "StorageNodes"];

/// Fields that are energies, in mWh.
const ENERGIES: [&str; 17] = [
	"allocated",
	"capacity",
	"charged",
	"counted",
	"delivered",
	"discharged",
	"drawn",
	"energy",
	"failed",
	"fill",
	"kwh",
	"lost",
	"received",
	"rest",
	"uncovered",
	"volume",
	"sent",
];

/// Fields that are prices, in base units of DECA per mWh.
const PRICES: [&str; 6] = ["grid_fee", "imbalance", "limit", "price", "start_price", "worst"];

/// Fields that are money, in base units of DECA.
const MONEY: [&str; 20] = [
	"amount",
	"bond",
	"buyer_fee",
	"compensation",
	"deca",
	"due",
	"fee",
	"fees",
	"fine",
	"forfeited",
	"grid",
	"held",
	"paid",
	"penalty",
	"released",
	"returned",
	"secured",
	"seller_fee",
	"undrawn",
	"actual_fee",
];

/// Fields that are intervals.
const INTERVALS: [&str; 7] = ["closes", "expires", "from", "interval", "next", "to", "until"];

/// What came of a transaction, a line for each event of trade, and what it cost.
pub fn lines(receipt: &Receipt, reader: Option<&AccountId32>, paint: Paint) -> Vec<String> {
	let reader = reader.map(keys::address);
	let words = Words { clock: receipt.clock, reader: reader.as_deref() };
	let told = receipt.events.iter().filter(|event| TRADE.contains(&event.pallet.as_str()));
	let mut lines: Vec<_> = told
		.map(|event| {
			let (tone, text) = words.sentence(event);
			paint.tone(tone, text)
		})
		.collect();
	let fee = receipt
		.events
		.iter()
		.filter(|event| event.event == "TransactionFeePaid")
		.filter_map(|event| integer(event.fields.get("actual_fee")?))
		.next_back();
	let fee = match fee {
		Some(fee) if fee > 0 => format!(", for a fee of {} DECA", deca(fee)),
		_ => String::new(),
	};
	lines.push(paint.tone(Tone::Dim, format!("final in block {}{fee}", receipt.block)));
	lines
}

struct Words<'a> {
	clock: Clock,
	/// The address of who reads this.
	reader: Option<&'a str>,
}

impl Words<'_> {
	fn sentence(&self, event: &Happened) -> (Tone, String) {
		match (event.pallet.as_str(), event.event.as_str()) {
			("OrderBook", "OrderPlaced") => placed(&event.fields),
			("OrderBook", "Filled") => self.filled(&event.fields),
			("OrderBook", "OrderClosed") => closed(&event.fields),
			(pallet, name) => {
				let tone = match name {
					"OrderSkipped" | "PaymentDeferred" | "PenaltyFailed" | "ForfeitFailed"
					| "NotReleased" | "Diverted" | "PaymentRedirected" => Tone::Warn,
					_ => Tone::Plain,
				};
				// Of the order book's holds, some are KWH.
				let is_energy = pallet == "OrderBook" && event.fields["side"] == "Sell"
					|| (pallet, name) == ("StorageNodes", "Covered")
					|| (pallet, name) == ("StorageNodes", "WithdrawalClosed");
				let fields = self.fields(&event.fields, is_energy);
				(tone, format!("{}: {fields}", words(name)))
			}
		}
	}

	fn filled(&self, fields: &Value) -> (Tone, String) {
		let is_reader =
			|field: &str| self.reader.is_some_and(|reader| fields[field].as_str() == Some(reader));
		let (tone, verb, fee) = match (is_reader("buyer"), is_reader("seller")) {
			(true, _) => (Tone::Buy, "bought", fields.get("buyer_fee")),
			(false, true) => (Tone::Sell, "sold", fields.get("seller_fee")),
			(false, false) => (Tone::Plain, "traded", None),
		};
		let energy = integer(&fields["energy"]).unwrap_or(0);
		let at = integer(&fields["price"]).unwrap_or(0);
		let mut text = format!(
			"{verb} {} kWh at {} DECA/kWh: {} DECA",
			kwh(energy),
			show_price(at),
			deca(energy.saturating_mul(at))
		);
		if let Some(fee) = fee.and_then(integer) {
			text += &format!(", fee {} DECA", deca(fee));
		}
		text += &format!(" (order {} took from order {})", fields["taker"], fields["maker"]);
		(tone, text)
	}

	/// The fields of an event, each with its unit. `is_energy` says that what is called an amount is one of energy.
	fn fields(&self, fields: &Value, is_energy: bool) -> String {
		let Some(fields) = fields.as_object() else { return fields.to_string() };
		let shown = fields.iter().map(|(name, value)| {
			let name = name.as_str();
			format!("{} {}", name.replace('_', " "), self.value(name, value, is_energy))
		});
		shown.collect::<Vec<_>>().join(", ")
	}

	fn value(&self, name: &str, value: &Value, is_energy: bool) -> String {
		let is_amount = ["amount", "held", "returned"].contains(&name);
		match (value, integer(value)) {
			(Value::Null, _) => "none".into(),
			(_, Some(number)) if ENERGIES.contains(&name) || (is_amount && is_energy) => {
				format!("{} kWh", kwh(number))
			}
			(_, Some(number)) if PRICES.contains(&name) => {
				format!("{} DECA/kWh", show_price(number))
			}
			(_, Some(number)) if MONEY.contains(&name) => format!("{} DECA", deca(number)),
			(_, Some(number)) if INTERVALS.contains(&name) => {
				self.clock.show(number.try_into().unwrap_or(u32::MAX))
			}
			(Value::String(text), _) if self.reader == Some(text.as_str()) => "you".into(),
			(Value::String(text), _) => text.clone(),
			(Value::Object(_), _) => match order_or_auction(value) {
				Some(text) => text,
				None => format!("({})", self.fields(value, is_energy)),
			},
			(value, _) => value.to_string(),
		}
	}
}

/// `area:interval/number` of an order of the slot auctions, `area:interval` of an auction.
fn order_or_auction(value: &Value) -> Option<String> {
	let auction = value.get("auction").unwrap_or(value);
	let text = format!("{}:{}", auction.get("area")?.as_u64()?, auction.get("interval")?.as_u64()?);
	match value.get("number") {
		Some(number) => Some(format!("{text}/{}", number.as_u64()?)),
		None => Some(text),
	}
}

/// A new order of the book.
fn placed(fields: &Value) -> (Tone, String) {
	let is_sale = fields["side"] == "Sell";
	let text = format!(
		"order {}: {} {} kWh at {} DECA/kWh",
		fields["order"],
		if is_sale { "sell" } else { "buy" },
		kwh(integer(&fields["energy"]).unwrap_or(0)),
		show_price(integer(&fields["price"]).unwrap_or(0))
	);
	(if is_sale { Tone::Sell } else { Tone::Buy }, text)
}

/// Why an order is no more.
fn closed(fields: &Value) -> (Tone, String) {
	let reason = fields["reason"].as_str().unwrap_or_default();
	let why = match reason {
		"Filled" => "all of it was traded",
		"Cancelled" => "cancelled",
		"Expired" => "expired",
		"SelfTrade" => "it would have met another order of its owner",
		"Unpayable" => "its owner could not pay or be paid",
		"Immediate" => "the book had no more",
		"OutOfFills" => "it met as many orders as it may; place another one for the rest",
		other => other,
	};
	let rest = match integer(&fields["energy"]) {
		None | Some(0) => String::new(),
		Some(energy) => format!(", {} kWh were not traded", kwh(energy)),
	};
	let tone = if matches!(reason, "Filled" | "Cancelled") { Tone::Plain } else { Tone::Warn };
	(tone, format!("order {} is closed: {why}{rest}", fields["order"]))
}

/// A number that JSON has as a number or as text.
fn integer(value: &Value) -> Option<u128> {
	match value {
		Value::Number(number) => number.as_u64().map(u128::from),
		Value::String(text) => text.parse().ok(),
		_ => None,
	}
}

fn show_price(number: u128) -> String {
	price(number.try_into().unwrap_or(u64::MAX))
}

/// A name of the chain as words: `ToCollect` as `to collect`.
pub fn words(name: &str) -> String {
	let mut words = String::new();
	for c in name.chars() {
		if c.is_uppercase() && !words.is_empty() {
			words.push(' ');
		}
		words.extend(c.to_lowercase());
	}
	words
}

#[cfg(test)]
mod tests {
	use super::*;
	use serde_json::json;

	const CLOCK: Clock = Clock { now: 1_984_320, millis: 900_000 };

	fn happened(pallet: &str, event: &str, fields: Value) -> Happened {
		Happened { pallet: pallet.into(), event: event.into(), fields }
	}

	fn told(events: Vec<Happened>) -> Vec<String> {
		let carol = AccountId32::new([7; 32]);
		let receipt = Receipt { block: 41, hash: [9; 32], clock: CLOCK, events };
		lines(&receipt, Some(&carol), Paint::new(false))
	}

	fn carol() -> String {
		keys::address(&AccountId32::new([7; 32]))
	}

	#[test]
	fn fill_says_what_the_reader_paid() {
		let fill = json!({
			"maker": 3, "taker": 9, "buyer": carol(), "seller": "5Olga", "price": 300_000, "energy": 4_000_000,
			"buyer_fee": "2400000000", "seller_fee": "1200000000",
		});
		assert_eq!(
			told(vec![happened("OrderBook", "Filled", fill.clone())]),
			[
				"bought 4.000 kWh at 0.3000 DECA/kWh: 1.2000 DECA, fee 0.0024 DECA (order 9 took from order 3)",
				"final in block 41",
			]
		);
		let mut sale = fill;
		sale["buyer"] = "5Olga".into();
		sale["seller"] = carol().into();
		let lines = told(vec![happened("OrderBook", "Filled", sale)]);
		assert!(lines[0].starts_with("sold 4.000 kWh"), "{}", lines[0]);
		assert!(lines[0].contains("fee 0.0012"), "{}", lines[0]);
	}

	#[test]
	fn new_order_is_told_by_its_number() {
		let order = json!({ "order": 9, "owner": carol(), "side": "Sell", "price": 254_100, "energy": 3_200_000 });
		let lines = told(vec![happened("OrderBook", "OrderPlaced", order)]);
		assert_eq!(lines[0], "order 9: sell 3.200 kWh at 0.2541 DECA/kWh");
	}

	#[test]
	fn closed_order_says_why_and_what_is_left() {
		let closed = |reason: &str, energy: u64| {
			let fields =
				json!({ "order": 9, "owner": carol(), "reason": reason, "energy": energy });
			told(vec![happened("OrderBook", "OrderClosed", fields)]).swap_remove(0)
		};
		assert_eq!(closed("Filled", 0), "order 9 is closed: all of it was traded");
		assert_eq!(
			closed("Immediate", 1_500_000),
			"order 9 is closed: the book had no more, 1.500 kWh were not traded"
		);
	}

	#[test]
	fn field_has_its_unit() {
		let bid = json!({
			"lot": 0, "bidder": carol(), "meter": 7, "price": 150_000, "held": "750000000000", "closes": CLOCK.now,
		});
		let lines = told(vec![happened("Lots", "BidPlaced", bid)]);
		for part in
			["bid placed: ", "bidder you", "meter 7", "price 0.1500 DECA/kWh", "held 0.7500 DECA"]
		{
			assert!(lines[0].contains(part), "{part} is missing in {}", lines[0]);
		}
		assert!(lines[0].contains(&format!("closes {}", CLOCK.show(CLOCK.now))), "{}", lines[0]);
		let cancelled = json!({ "order": { "auction": { "area": 0, "interval": 1984320 }, "number": 4 }, "owner": "5Olga" });
		let lines = told(vec![happened("SlotAuction", "Cancelled", cancelled)]);
		assert_eq!(lines[0], "cancelled: order 0:1984320/4, owner 5Olga");
	}

	#[test]
	fn amount_is_energy_where_tokens_are_meant() {
		let kept = |side: &str| {
			let fields = json!({ "owner": "5Olga", "side": side, "amount": "2000000" });
			told(vec![happened("OrderBook", "NotReleased", fields)]).swap_remove(0)
		};
		assert!(kept("Sell").contains("amount 2.000 kWh"), "{}", kept("Sell"));
		assert!(kept("Buy").contains("amount 0.000002 DECA"), "{}", kept("Buy"));
	}

	#[test]
	fn fee_is_told_and_other_pallets_are_not() {
		let fee = json!({ "who": carol(), "actual_fee": "1500000000", "tip": "0" });
		let events = vec![
			happened("Balances", "Withdraw", json!({ "who": carol(), "amount": "1" })),
			happened("TransactionPayment", "TransactionFeePaid", fee),
			happened("System", "ExtrinsicSuccess", json!({})),
		];
		assert_eq!(told(events), ["final in block 41, for a fee of 0.0015 DECA"]);
	}

	#[test]
	fn name_becomes_words() {
		assert_eq!(words("ToCollect"), "to collect");
		assert_eq!(words("OrderSkipped"), "order skipped");
		assert_eq!(words("Open"), "open");
	}
}
