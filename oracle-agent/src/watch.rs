//! `watch`: a live view of a running agent in the terminal.

use std::{
	io::{self, IsTerminal, Write},
	time::Duration,
};

use anyhow::Context;
use crossterm::style::Stylize;
use heliograph_primitives::units::INTERVALS_PER_DAY;
use tokio::signal::unix::{signal, SignalKind};

use crate::{
	screen::{bar, cut, show, width, Keys, Screen},
	status::{self, kwh, Report},
};

/// How often the view is drawn.
const REFRESH: Duration = Duration::from_millis(500);

/// How often a line is printed where there is no terminal.
const PRINT: Duration = Duration::from_secs(5);

/// Shows the agent whose status page is at `url`; once, or until q or Ctrl-C.
pub async fn run(url: &str, once: bool) -> anyhow::Result<()> {
	let host = host_of(url)?;
	if once {
		let report = fetch(&host).await.with_context(|| no_agent(url))?;
		print!("{}", status::table(&report));
		return Ok(());
	}
	if io::stdout().is_terminal() {
		draw(&host, url).await
	} else {
		print_lines(&host, url).await
	}
}

fn no_agent(url: &str) -> String {
	format!("no agent answers at {url}: start one with agent.http set in its configuration, or name another address by --url")
}

/// `host:port` of an `http://` address.
fn host_of(url: &str) -> anyhow::Result<String> {
	let rest = url.strip_prefix("http://").unwrap_or(url);
	anyhow::ensure!(
		!rest.contains("://"),
		"{url}: the agent's status page is served by http:// only"
	);
	let host = rest.split('/').next().unwrap_or_default();
	let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
	anyhow::ensure!(has_port, "{url}: the address has to name a port, e.g. http://127.0.0.1:9616");
	Ok(host.to_owned())
}

async fn fetch(host: &str) -> anyhow::Result<Report> {
	Ok(serde_json::from_slice(&status::get(host, "/status.json").await?)?)
}

async fn print_lines(host: &str, url: &str) -> anyhow::Result<()> {
	let mut terminate = signal(SignalKind::terminate())?;
	let mut out = io::stdout();
	loop {
		match fetch(host).await {
			Ok(report) => writeln!(out, "{}", line(&report))?,
			Err(error) => writeln!(out, "no agent answers at {url}: {error}")?,
		}
		out.flush()?;
		tokio::select! {
			() = tokio::time::sleep(PRINT) => (),
			_ = terminate.recv() => return Ok(()),
			_ = tokio::signal::ctrl_c() => return Ok(()),
		}
	}
}

/// The report in one line.
fn line(report: &Report) -> String {
	let meters: Vec<_> = report
		.meters
		.iter()
		.map(|meter| {
			let power = meter.power_w.map_or_else(|| "-".into(), |power| format!("{power:.0} W"));
			let state =
				if meter.state == "ok" { String::new() } else { format!(" [{}]", meter.state) };
			format!(
				"{} {power} measured {} attested {}{state}",
				meter.name,
				kwh(Some(meter.measured_mwh)),
				kwh(meter.attested_mwh)
			)
		})
		.collect();
	format!(
		"block {} finalised {} | {}",
		report.chain.best,
		report.chain.finalised,
		meters.join(" | ")
	)
}

async fn draw(host: &str, url: &str) -> anyhow::Result<()> {
	let mut terminate = signal(SignalKind::terminate())?;
	let _screen = Screen::enter()?;
	let mut keys = Keys::listen();
	loop {
		let lines = match fetch(host).await {
			Ok(report) => view(&report, width()),
			Err(error) => vec![
				format!("No agent answers at {url} ({error})."),
				String::new(),
				"q quits.".into(),
			],
		};
		show(&lines)?;
		tokio::select! {
			() = tokio::time::sleep(REFRESH) => (),
			quit = keys.presses.recv() => if quit.is_none_or(|quit| quit) { return Ok(()) },
			_ = terminate.recv() => return Ok(()),
			_ = tokio::signal::ctrl_c() => return Ok(()),
		}
	}
}

/// The view, as lines of at most `width` characters, colours not counted.
fn view(report: &Report, width: usize) -> Vec<String> {
	let chain = &report.chain;
	let mut lines = vec![cut(&format!("HELIOGRAPH agent {}    q quits", report.version), width)
		.bold()
		.to_string()];
	let blocks =
		format!("block {:>7}   finalised {:>7}   {}", chain.best, chain.finalised, chain.url);
	lines.push(match (chain.connected, chain.trouble.is_empty()) {
		(true, true) => cut(&blocks, width),
		(true, false) => cut(&format!("{blocks}  {}", chain.trouble), width).yellow().to_string(),
		(false, _) => cut(&format!("not connected to {}: {}", chain.url, chain.trouble), width)
			.red()
			.to_string(),
	});
	if let Some(interval_millis) = chain.interval_millis.filter(|millis| *millis > 0) {
		lines.push(day(report.now_millis, interval_millis, width));
	}
	lines.push(String::new());
	let name = report
		.meters
		.iter()
		.map(|meter| meter.name.chars().count())
		.max()
		.unwrap_or(0)
		.clamp(5, 32);
	// What the numbers leave of a line is the bar's.
	let cells = width.saturating_sub(name + 62).min(24);
	let row = |meter: &str, flow: &str, power: &str, bar: &str, rest: [&str; 3]| {
		let [measured, attested, wait] = rest;
		let text = format!(
			"{meter:<name$} {flow:<11} {power:>9} {bar:<cells$} {measured:>15} {attested:>15} {wait:>6}"
		);
		cut(&text, width)
	};
	let header = row("meter", "flow", "power", "", ["measured", "attested", "wait"]);
	lines.push(header.dim().to_string());
	for meter in &report.meters {
		// Against the meter's direction nothing is measured.
		let share = meter.power_w.unwrap_or(0.0) / f64::from(meter.nameplate_w.max(1));
		let text = row(
			&cut(&meter.name, name),
			&meter.flow,
			&meter.power_w.map_or_else(|| "-".into(), |power| format!("{power:.0} W")),
			&bar(share, cells),
			[&kwh(Some(meter.measured_mwh)), &kwh(meter.attested_mwh), &meter.pending.to_string()],
		);
		lines.push(if meter.up { text } else { text.red().to_string() });
		if meter.state != "ok" {
			lines.push(cut(&format!("{:<name$} {}", "", meter.state), width).yellow().to_string());
		}
		if let (Some(reason), true) = (&meter.last_refusal, meter.refused > 0) {
			let refused =
				format!("{:<name$} {} refused, the last one: {reason}", "", meter.refused);
			lines.push(cut(&refused, width).yellow().to_string());
		}
	}
	lines
}

/// How far the day of 96 intervals has come.
fn day(now_millis: u64, interval_millis: u64, width: usize) -> String {
	let length = interval_millis * u64::from(INTERVALS_PER_DAY);
	let into = now_millis % length;
	let interval = into / interval_millis + 1;
	let label = format!("day  interval {interval:>2} of {INTERVALS_PER_DAY}  ");
	let cells = width.saturating_sub(label.len()).min(INTERVALS_PER_DAY as usize);
	cut(&format!("{label}{}", bar(into as f64 / length as f64, cells)), width)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::status::{ChainReport, MeterReport};

	fn report() -> Report {
		let meter = MeterReport {
			name: "pv/import_energy".into(),
			flow: "Generation".into(),
			nameplate_w: 5_000,
			power_w: Some(2_500.0),
			measured_mwh: 7_654_321,
			attested_mwh: Some(7_000_000),
			up: true,
			state: "ok".into(),
			..MeterReport::default()
		};
		let grid = MeterReport {
			name: "grid".into(),
			state: "no answer".into(),
			up: false,
			..meter.clone()
		};
		let chain = ChainReport {
			connected: true,
			best: 41,
			finalised: 39,
			interval_millis: Some(3_000),
			..ChainReport::default()
		};
		Report { now_millis: 144_000, chain, meters: vec![meter, grid], ..Report::default() }
	}

	fn plain(lines: &[String]) -> Vec<String> {
		let strip = |line: &String| {
			let mut plain = String::new();
			let mut in_escape = false;
			for c in line.chars() {
				match c {
					'\u{1b}' => in_escape = true,
					'm' if in_escape => in_escape = false,
					c if !in_escape => plain.push(c),
					_ => (),
				}
			}
			plain
		};
		lines.iter().map(strip).collect()
	}

	#[test]
	fn view_shows_power_energy_and_blocks() {
		let lines = plain(&view(&report(), 100));
		let text = lines.join("\n");
		for part in
			["41", "39", "2500 W", "7.654 kWh", "7.000 kWh", "no answer", "interval 49 of 96"]
		{
			assert!(text.contains(part), "{part} is missing in\n{text}");
		}
		let half = format!("{}{}", "█".repeat(11), "·".repeat(11));
		assert!(
			text.contains(&format!(" {half} ")),
			"half of the nameplate is half a bar:\n{text}"
		);
		let narrow = plain(&view(&report(), 80)).join("\n");
		assert!(narrow.contains("7.654 kWh") && narrow.contains("7.000 kWh"), "{narrow}");
	}

	#[test]
	fn view_never_exceeds_the_terminal() {
		for width in [1, 10, 40, 80, 200] {
			for line in plain(&view(&report(), width)) {
				assert!(line.chars().count() <= width, "{line:?} in {width}");
			}
		}
	}

	#[test]
	fn address_without_a_port_is_refused() {
		assert_eq!(host_of("http://127.0.0.1:9616/").expect("fine"), "127.0.0.1:9616");
		assert_eq!(host_of("[::1]:9616").expect("fine"), "[::1]:9616");
		for url in ["http://127.0.0.1", "https://127.0.0.1:9616", "http://"] {
			assert!(host_of(url).is_err(), "{url}");
		}
	}

	#[test]
	fn line_names_trouble() {
		let text = line(&report());
		assert!(text.starts_with("block 41 finalised 39 | pv/import_energy 2500 W"), "{text}");
		assert!(text.ends_with("[no answer]"), "{text}");
	}
}
