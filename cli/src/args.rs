//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use heliograph_primitives::units::{Interval, INTERVALS_PER_DAY};

use crate::{
	book::Side,
	slots::{AuctionRef, OrderRef},
	units::{Kwh, PerKwh},
	when::When,
};

/// Trades energy from a terminal: the order book, the slot auctions, the lots and the batteries of a Heliograph chain.
#[derive(Parser, Debug)]
#[command(
	name = "heliograph",
	version,
	after_long_help = "Energies are in kWh (3.2) or with a unit (500Wh, 1.5MWh), prices in DECA per kWh (0.25); nothing is
rounded, but the limit of a slot's bid less the grid fee. Moments are +3 (intervals from now), 90m,
6h or 2d, 18:15 (UTC, a quarter of an hour), a day (2026-10-31) or the number of an interval.

A first trade:
  1. heliograph-agent keys generate trader.key --scheme sr25519
       makes a key, and prints the account that needs some DECA
  2. heliograph depth --watch
       shows what is bid and offered
  3. heliograph --key trader.key buy 5 --at 0.30
       holds what 5 kWh can cost, and buys what is offered at 0.30 or less
  4. heliograph --key trader.key orders
       shows what still waits; cancel takes it back

A slot: heliograph --key roof.key slot sell 2 --at 0.12 --meter 7 --in 18:15
A lot:  heliograph --key house.key lot bid 3 --at 0.15 --meter 9

What signs waits until its block is final, prints what came of it, and fails when the chain refused
it. With --json it prints one JSON object a line: money and sums as text in base units, energies in
mWh, prices in base units of DECA per mWh. There are no colours where NO_COLOR is set or the output
is not a terminal."
)]
pub struct Cli {
	/// The node and the account.
	#[command(flatten)]
	pub connection: Connection,
	/// Print JSON.
	#[arg(long, global = true)]
	pub json: bool,
	/// What to do.
	#[command(subcommand)]
	pub command: Command,
}

/// Where the chain is, and whose orders this is about.
#[derive(Args, Clone, Debug, Default)]
pub struct Connection {
	/// The node to ask.
	#[arg(
		long,
		global = true,
		env = "HELIOGRAPH_URL",
		default_value = "ws://127.0.0.1:9944",
		value_name = "URL"
	)]
	pub url: String,
	/// The key that signs: a key file of sr25519, as `heliograph-agent keys generate` makes it.
	#[arg(long, global = true, env = "HELIOGRAPH_KEY", value_name = "FILE")]
	pub key: Option<PathBuf>,
	/// Sign with the secret URI, such as //Alice, that this variable of the environment holds, instead of a key file. For
	/// development chains.
	#[arg(long, global = true, value_name = "VARIABLE")]
	pub suri_env: Option<String>,
	/// Show the orders of this account; by default of the one that signs.
	#[arg(long, global = true, value_name = "ADDRESS")]
	pub account: Option<String>,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
	/// Show what is bid and offered in the order book, at the best block.
	Depth(DepthArgs),
	/// Show what an order would be filled with now.
	Quote(QuoteArgs),
	/// Show the account's orders in the order book.
	Orders,
	/// Buy energy in the order book, at no more than a price.
	Buy(OrderArgs),
	/// Sell energy in the order book, at no less than a price.
	Sell(OrderArgs),
	/// Change an order's price, or how much it is for. It keeps its place only if it just gets smaller.
	Amend(AmendArgs),
	/// Take orders back.
	Cancel(CancelArgs),
	/// Release what the account could not take when its orders were closed.
	Reclaim,
	/// Show what was traded in the last day, as a picture.
	History(HistoryArgs),
	/// Show the slot auctions: the next ones, the account's orders, the last prices.
	Slots(SlotsArgs),
	/// Trade in the slot auctions.
	#[command(subcommand)]
	Slot(SlotCommand),
	/// Show lots that can be bid for or are drawn.
	Lots(LotsArgs),
	/// Trade lots.
	#[command(subcommand)]
	Lot(LotCommand),
	/// Show the batteries: parity, nodes, the account's withdrawals.
	Storage(StorageArgs),
	/// Let a meter send to a battery.
	#[command(subcommand)]
	Deposit(DepositCommand),
	/// Ask to draw energy from a battery, for as many KWH.
	Withdraw(WithdrawArgs),
	/// Answer, settle or end a withdrawal.
	#[command(subcommand)]
	Withdrawal(WithdrawalCommand),
	/// Run a battery.
	#[command(subcommand)]
	Node(NodeCommand),
	/// Show the account's meters: what they measure, where they send, what they are booked for.
	Meters,
	/// Show what the account has, and what is held of it for which purpose.
	Balance,
}

/// How much of the book to show.
#[derive(Args, Debug)]
pub struct DepthArgs {
	/// How many prices of each side, at most 100.
	#[arg(long, default_value_t = 10, value_name = "NUMBER")]
	pub levels: u32,
	/// Draw it again with every block, until q or Ctrl-C.
	#[arg(long)]
	pub watch: bool,
}

/// What to ask the book for.
#[derive(Args, Debug)]
pub struct QuoteArgs {
	/// What the order would do.
	#[arg(value_enum)]
	pub side: Side,
	/// How much.
	pub energy: Kwh,
}

/// A new order.
#[derive(Args, Debug)]
pub struct OrderArgs {
	/// How much.
	pub energy: Kwh,
	/// The worst price.
	#[arg(long, value_name = "PRICE")]
	pub at: PerKwh,
	/// What becomes of what cannot be traded at once.
	#[command(flatten)]
	pub kind: KindArgs,
	/// The last moment at which it can be traded; by default, and at most, as late as the chain allows: 8,640 intervals (90
	/// days) from now.
	#[arg(long, value_name = "MOMENT")]
	pub expires: Option<When>,
	/// Where it would meet an order of the same account, close that one and go on. By default the new one stops there.
	#[arg(long)]
	pub cancel_maker: bool,
	/// How many orders it may meet; by default as many as the chain allows. Only those that it met are paid for.
	#[arg(long, value_name = "NUMBER")]
	pub max_fills: Option<u32>,
}

/// Kinds of orders. Without any, what is left stays in the book.
#[derive(Args, Clone, Copy, Debug, Default)]
#[group(multiple = false)]
pub struct KindArgs {
	/// Immediate or cancel: what cannot be traded at once comes back.
	#[arg(long)]
	pub ioc: bool,
	/// Fill or kill: nothing is traded unless all of it is.
	#[arg(long)]
	pub fok: bool,
	/// Refuse to trade at once, so that only the fee of makers is paid.
	#[arg(long)]
	pub post_only: bool,
}

impl KindArgs {
	/// As the chain names it.
	pub fn as_str(self) -> &'static str {
		match self {
			Self { ioc: true, .. } => "Ioc",
			Self { fok: true, .. } => "Fok",
			Self { post_only: true, .. } => "PostOnly",
			_ => "Gtc",
		}
	}
}

/// A change of an order.
#[derive(Args, Debug)]
pub struct AmendArgs {
	/// Its number.
	pub order: u64,
	/// The new price.
	#[arg(long, value_name = "PRICE")]
	pub at: Option<PerKwh>,
	/// How much it is for in all from now on, with what was traded of it.
	#[arg(long, value_name = "ENERGY")]
	pub energy: Option<Kwh>,
	/// How many orders it may meet.
	#[arg(long, value_name = "NUMBER")]
	pub max_fills: Option<u32>,
}

/// Which orders.
#[derive(Args, Debug)]
pub struct CancelArgs {
	/// Their numbers.
	#[arg(value_name = "ORDER", conflicts_with = "all")]
	pub orders: Vec<u64>,
	/// All orders of the account.
	#[arg(long)]
	pub all: bool,
}

/// How much of the past to show.
#[derive(Args, Debug)]
pub struct HistoryArgs {
	/// How many intervals, at most the 96 of a day.
	#[arg(long, default_value_t = INTERVALS_PER_DAY, value_name = "NUMBER")]
	pub intervals: Interval,
}

/// Which auctions.
#[derive(Args, Debug)]
pub struct SlotsArgs {
	/// The code of the area; by default all.
	pub area: Option<String>,
	/// Show what is bid and offered in the auction of one interval.
	#[arg(requires = "area", value_name = "MOMENT")]
	pub interval: Option<When>,
	/// How many auctions of an area, beginning with those that are not settled.
	#[arg(long, default_value_t = 12, value_name = "NUMBER")]
	pub limit: usize,
}

/// Trade in the slot auctions.
#[derive(Subcommand, Debug)]
pub enum SlotCommand {
	/// Bid for energy that a meter will draw in an interval. The price is all-in: it includes the grid fee. What it is without
	/// that is rounded down to a tick.
	Buy(SlotOrderArgs),
	/// Offer energy that a meter will deliver in an interval.
	Sell(SlotOrderArgs),
	/// Show what an order would get if it was placed and the gate closed now.
	Estimate(EstimateArgs),
	/// Take an order back, until the gate closes.
	Cancel {
		/// The order, as `heliograph slots` shows it: area:interval/number.
		order: OrderRef,
	},
	/// Find the price of an auction whose gate is closed. Anyone can; the fee is returned.
	Clear {
		/// The auction: area:interval.
		auction: AuctionRef,
	},
	/// Give orders their fills. Anyone can; the fee is returned.
	Collect {
		/// The auction of which all orders are meant: area:interval. By default the account's own orders, of all auctions.
		auction: Option<AuctionRef>,
	},
	/// Settle orders by what was measured. Anyone can; the fee is returned. Bids wait until all offers of their auction are
	/// settled.
	Settle {
		/// The auction of which all orders are meant: area:interval. By default the account's own orders, of all auctions.
		auction: Option<AuctionRef>,
	},
}

/// A new order in a slot auction.
#[derive(Args, Debug)]
pub struct SlotOrderArgs {
	/// How much.
	pub energy: Kwh,
	/// The worst price.
	#[arg(long, value_name = "PRICE")]
	pub at: PerKwh,
	/// The number of the meter that will tell; `heliograph meters` shows them.
	#[arg(long, value_name = "NUMBER")]
	pub meter: u32,
	/// The interval.
	#[arg(long = "in", value_name = "MOMENT")]
	pub interval: When,
}

/// An order that is not placed.
#[derive(Args, Debug)]
pub struct EstimateArgs {
	/// What the order would do.
	#[arg(value_enum)]
	pub side: Side,
	/// How much.
	pub energy: Kwh,
	/// The worst price.
	#[arg(long, value_name = "PRICE")]
	pub at: PerKwh,
	/// The code of the area.
	#[arg(long, value_name = "CODE")]
	pub area: String,
	/// The interval.
	#[arg(long = "in", value_name = "MOMENT")]
	pub interval: When,
}

/// Which lots.
#[derive(Args, Debug)]
pub struct LotsArgs {
	/// The number of one lot, to show all of it; by default a page of them.
	pub lot: Option<u32>,
	/// Those that the account listed, leads or draws.
	#[arg(long, conflicts_with_all = ["lot", "after"])]
	pub mine: bool,
	/// The page after the lot with this number.
	#[arg(long, value_name = "LOT", conflicts_with = "lot")]
	pub after: Option<u32>,
}

/// Trade lots.
#[derive(Subcommand, Debug)]
pub enum LotCommand {
	/// Offer energy to the highest bidder.
	List {
		/// How much.
		energy: Kwh,
		/// The lowest price of a first bid.
		#[arg(long, value_name = "PRICE")]
		from: PerKwh,
		/// The meter through which the energy comes.
		#[arg(long, value_name = "NUMBER")]
		meter: u32,
		/// When the auction is over. 6h is at least that long: up to the beginning of the next interval.
		#[arg(long, value_name = "MOMENT")]
		closes: When,
	},
	/// Offer the highest price for a lot.
	Bid {
		/// The lot.
		lot: u32,
		/// The price; `heliograph lots LOT` shows the least that suffices.
		#[arg(long, value_name = "PRICE")]
		at: PerKwh,
		/// The meter through which you would draw.
		#[arg(long, value_name = "NUMBER")]
		meter: u32,
	},
	/// Connect the winner of an auction that is over. Anyone can; drawing does it, too.
	Connect {
		/// The lot.
		lot: u32,
	},
	/// Settle what was drawn, and pay for it. Anyone can; do it at least daily.
	Draw {
		/// The lot.
		lot: u32,
	},
	/// Close a connection: the interval that runs is the last one that counts.
	Close {
		/// The lot.
		lot: u32,
	},
	/// Take a lot back before anybody has bid.
	Cancel {
		/// The lot.
		lot: u32,
	},
	/// End a lot whose time to draw is over. Anyone can.
	Expire {
		/// The lot.
		lot: u32,
	},
}

/// Which batteries.
#[derive(Args, Debug)]
pub struct StorageArgs {
	/// The number of one node, to show all of it; by default a page of them.
	pub node: Option<u32>,
	/// The page after the node with this number.
	#[arg(long, value_name = "NODE", conflicts_with = "node")]
	pub after: Option<u32>,
}

/// Let a meter send to a battery.
#[derive(Subcommand, Debug)]
pub enum DepositCommand {
	/// Ask a node to take what an export meter sends.
	Ask {
		/// The meter.
		meter: u32,
		/// The node.
		#[arg(long, value_name = "NUMBER")]
		node: u32,
	},
	/// Agree, as the owner of the node.
	Accept {
		/// The meter.
		meter: u32,
	},
	/// Take the request back, or decline it as the owner of the node.
	Cancel {
		/// The meter.
		meter: u32,
	},
	/// End a deposit, from either side.
	End {
		/// The meter.
		meter: u32,
	},
	/// Account for what the meter sent. Anyone can; the fee is returned.
	Account {
		/// The meter.
		meter: u32,
	},
	/// Give up what a node received of the meter and was not used for tokens, so that it can send to another one; and what is
	/// still to be accounted for of a deposit that ended more than a day ago.
	GiveUp {
		/// The meter.
		meter: u32,
	},
}

/// A withdrawal to ask for.
#[derive(Args, Debug)]
pub struct WithdrawArgs {
	/// How much.
	pub energy: Kwh,
	/// The node.
	#[arg(long, value_name = "NUMBER")]
	pub node: u32,
	/// The meter that will show what arrives.
	#[arg(long, value_name = "NUMBER")]
	pub meter: u32,
	/// For how long it runs once it was accepted: +24 (intervals) or 6h, at most a day of 96 intervals.
	#[arg(long, default_value = "+96", value_name = "TIME")]
	pub within: When,
}

/// Answer, settle or end a withdrawal.
#[derive(Subcommand, Debug)]
pub enum WithdrawalCommand {
	/// Agree, as the owner of the node.
	Accept {
		/// The withdrawal.
		withdrawal: u32,
	},
	/// Take the request back, decline it as the owner of the node, or clear away one that expired.
	Cancel {
		/// The withdrawal.
		withdrawal: u32,
	},
	/// Settle it by what was measured. Anyone can; the fee is returned.
	Settle {
		/// The withdrawal.
		withdrawal: u32,
	},
	/// End it early, from either side: the interval that runs is the last one that counts.
	End {
		/// The withdrawal.
		withdrawal: u32,
	},
}

/// Run a battery.
#[derive(Subcommand, Debug)]
pub enum NodeCommand {
	/// Register a battery as a node. A bond for its capacity is held.
	Register {
		/// The number of the storage miner.
		node: u32,
		/// The most energy that it can hold.
		#[arg(long, value_name = "ENERGY")]
		capacity: Kwh,
		/// The meter of what goes in.
		#[arg(long, value_name = "METER")]
		charge: u32,
		/// The meter of what comes out.
		#[arg(long, value_name = "METER")]
		discharge: u32,
		/// The meter of what the battery uses itself.
		#[arg(long, value_name = "METER")]
		loss: Option<u32>,
	},
	/// Fill the bond up to what it has to be today.
	TopUp {
		/// The node.
		node: u32,
	},
	/// Take new deposits.
	Open {
		/// The node.
		node: u32,
	},
	/// Take no new deposits.
	Shut {
		/// The node.
		node: u32,
	},
	/// Account for the node's energy. Anyone can; the fee is returned.
	Account {
		/// The node.
		node: u32,
		/// For how many intervals at most.
		#[arg(long, default_value_t = INTERVALS_PER_DAY, value_name = "NUMBER")]
		intervals: Interval,
	},
	/// Burn KWH, so that energy that the node holds for tokens becomes its own. What is missing is covered first.
	Cover {
		/// How much.
		energy: Kwh,
		/// The node.
		#[arg(long, value_name = "NUMBER")]
		node: u32,
	},
	/// Let the bond pay for energy that has been missing for too long. Anyone can; the fee is returned.
	Slash {
		/// The node.
		node: u32,
	},
	/// Begin to leave: no new deposits.
	Leave {
		/// The node.
		node: u32,
	},
	/// Close a node that left and owes nothing, and release its bond. Anyone can.
	Close {
		/// The node.
		node: u32,
	},
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::CommandFactory;

	fn parse(line: &str) -> Result<Cli, clap::Error> {
		Cli::try_parse_from(line.split(' '))
	}

	#[test]
	fn command_line_is_consistent() {
		Cli::command().debug_assert();
	}

	#[test]
	fn order_is_read_as_people_write_it() {
		let line = "heliograph buy 3.2 --at 0.2541 --ioc --expires +4 --json";
		let cli = parse(line).expect("an order");
		let Command::Buy(order) = cli.command else { panic!("{:?}", cli.command) };
		assert_eq!((order.energy, order.at), (Kwh(3_200_000), PerKwh(254_100)));
		assert_eq!(order.kind.as_str(), "Ioc");
		assert_eq!(order.expires, Some(When::After(4)));
		assert!(cli.json);
		let cli = parse("heliograph sell 500Wh --at 1").expect("an order");
		let Command::Sell(order) = cli.command else { panic!("{:?}", cli.command) };
		assert_eq!((order.energy, order.kind.as_str()), (Kwh(500_000), "Gtc"));
	}

	#[test]
	fn kinds_of_orders_exclude_each_other() {
		parse("heliograph buy 3 --at 0.25 --fok").expect("one");
		parse("heliograph buy 3 --at 0.25 --fok --post-only").expect_err("two");
		parse("heliograph cancel 3 --all").expect_err("some, and all");
	}

	#[test]
	fn wrong_number_is_explained() {
		let error = parse("heliograph buy 3,2 --at 0.25").expect_err("a comma").to_string();
		assert!(error.contains("point"), "{error}");
		let error = parse("heliograph sell 3 --at cheap").expect_err("no price").to_string();
		assert!(error.contains("0.25"), "{error}");
	}

	#[test]
	fn slot_and_lot_commands_take_meters_and_moments() {
		let line = "heliograph slot sell 2 --at 0.12 --meter 7 --in 18:15";
		let Command::Slot(SlotCommand::Sell(order)) = parse(line).expect(line).command else {
			panic!("{line}")
		};
		assert_eq!((order.meter, order.energy), (7, Kwh(2_000_000)));
		parse("heliograph slot cancel 0:1984320/4").expect("an order of an auction");
		parse("heliograph slot settle 0:1984320").expect("an auction");
		parse("heliograph slots 10YDE-VE-------2 +3").expect("an auction of an area");
		parse("heliograph lot list 5 --from 0.08 --meter 2 --closes 6h").expect("a lot");
		parse("heliograph lot bid 0 --at 0.1 --meter 3").expect("a bid");
		parse("heliograph withdraw 3 --node 1 --meter 3").expect("a withdrawal");
		let line = "heliograph node register 1 --capacity 100 --charge 4 --discharge 5";
		parse(line).expect("a node");
	}

	#[test]
	fn help_tells_how_to_begin() {
		let help = Cli::command().render_long_help().to_string();
		for word in ["keys generate", "depth --watch", "NO_COLOR", "--json", "18:15"] {
			assert!(help.contains(word), "{word} is missing in\n{help}");
		}
	}
}
