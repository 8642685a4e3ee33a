//! What a command works with, and which command is run.

use std::io::{self, IsTerminal, Write};

use heliograph_agent::screen;
use subxt::dynamic::Value;

use crate::{
	args::{Cli, Command},
	balance,
	book::{self, Side},
	chain::Session,
	lots,
	paint::Paint,
	report, slots, storage,
};

/// The width of pictures where there is no terminal.
const WIDTH: usize = 100;

/// A connection, and how to print what it says.
pub struct App {
	/// The connection.
	pub session: Session,
	/// The colours.
	pub paint: Paint,
	/// Whether to print JSON.
	pub json: bool,
}

/// Runs what the command line says.
pub async fn run(cli: Cli) -> anyhow::Result<()> {
	let session = Session::open(&cli.connection).await?;
	let app = App { session, paint: Paint::of_stdout(), json: cli.json };
	match cli.command {
		Command::Depth(args) => book::depth(&app, &args).await,
		Command::Quote(args) => book::quote(&app, &args).await,
		Command::Orders => book::orders(&app).await,
		Command::Buy(args) => book::place(&app, Side::Buy, &args).await,
		Command::Sell(args) => book::place(&app, Side::Sell, &args).await,
		Command::Amend(args) => book::amend(&app, &args).await,
		Command::Cancel(args) => book::cancel(&app, &args).await,
		Command::Reclaim => book::reclaim(&app).await,
		Command::History(args) => book::history(&app, &args).await,
		Command::Slots(args) => slots::show(&app, &args).await,
		Command::Slot(command) => slots::trade(&app, command).await,
		Command::Lots(args) => lots::show(&app, &args).await,
		Command::Lot(command) => lots::trade(&app, command).await,
		Command::Storage(args) => storage::show(&app, &args).await,
		Command::Deposit(command) => storage::deposit(&app, command).await,
		Command::Withdraw(args) => storage::withdraw(&app, &args).await,
		Command::Withdrawal(command) => storage::withdrawal(&app, command).await,
		Command::Node(command) => storage::node(&app, command).await,
		Command::Meters => balance::meters(&app).await,
		Command::Balance => balance::balance(&app).await,
	}
}

impl App {
	/// How many characters a line of a picture may have.
	pub fn width(&self) -> usize {
		match io::stdout().is_terminal() {
			true => screen::width(),
			false => WIDTH,
		}
	}

	/// Prints text.
	pub fn print(&self, text: &str) -> anyhow::Result<()> {
		let mut out = io::stdout().lock();
		out.write_all(text.as_bytes())?;
		Ok(out.flush()?)
	}

	/// Prints one line of JSON.
	pub fn print_json(&self, value: &serde_json::Value) -> anyhow::Result<()> {
		self.print(&format!("{value}\n"))
	}

	/// Signs and submits a call, and prints what came of it when its block is final. Errors when the chain refused it.
	pub async fn call(
		&self,
		pallet: &'static str,
		call: &'static str,
		fields: Vec<(&'static str, Value)>,
	) -> anyhow::Result<()> {
		let receipt = self.session.send(pallet, call, fields).await?;
		match self.json {
			true => self.print_json(&receipt.as_json()),
			false => {
				let lines = report::lines(&receipt, self.session.known_account(), self.paint);
				self.print(&(lines.join("\n") + "\n"))
			}
		}
	}
}
