//! `check`: reads every device once and says what is wrong and what to do about it.

use crate::{
	config::{Config, DeviceConfig},
	drivers::{self, ProbeError},
	keys::{self, KeyError, SigningKey},
	model::{Missing, Sample},
};
use anyhow::bail;
use futures::future::join_all;
use std::fmt::Write;

/// What one device answered.
type Probe<'a> = (&'a DeviceConfig, Result<Vec<Sample>, ProbeError>);

/// Reads every device of a configuration once and prints a table of its meters, and for each trouble a way out.
///
/// Fails when any meter has no register, or a key file cannot be used. A configuration that is not valid does not get
/// here: see [`crate::config::load`].
pub async fn run(config: &Config) -> anyhow::Result<()> {
	let Report { text, meters, failed } = report(config).await;
	print!("{text}");
	let unusable = unusable_keys(config);
	for error in &unusable {
		println!("\n{error}");
	}
	match (failed, unusable.len()) {
		(0, 0) => Ok(()),
		(0, keys) => bail!("{keys} key files cannot be used"),
		(_, 0) => bail!("{failed} of {meters} meters cannot be read"),
		(_, keys) => {
			bail!("{failed} of {meters} meters cannot be read, and {keys} key files cannot be used")
		}
	}
}

/// What is wrong with the key files that `run` will need.
fn unusable_keys(config: &Config) -> Vec<KeyError> {
	let meters = config.devices.iter().flat_map(|device| &device.meters);
	let errors = meters.filter_map(|meter| keys::load_ring(&meter.key).err());
	errors.chain(SigningKey::load_operator(&config.chain.operator_key).err()).collect()
}

/// The outcome of [`report`].
#[derive(Debug)]
pub struct Report {
	/// The table and the advice, for people.
	pub text: String,
	/// How many meters are configured.
	pub meters: usize,
	/// How many of them have no register.
	pub failed: usize,
}

/// Reads every device once: links side by side, the devices of a link one after the other.
pub async fn report(config: &Config) -> Report {
	let mut links: Vec<Vec<&DeviceConfig>> = Vec::new();
	for device in &config.devices {
		match links.iter_mut().find(|devices| devices.iter().any(|other| other.link == device.link))
		{
			Some(devices) => devices.push(device),
			None => links.push(vec![device]),
		}
	}
	let probes = join_all(links.into_iter().map(|devices| async {
		let mut probes: Vec<Probe<'_>> = Vec::new();
		for device in devices {
			probes.push((device, drivers::probe(device).await));
		}
		probes
	}));
	let probes: Vec<_> = probes.await.into_iter().flatten().collect();
	render(&probes)
}

fn render(probes: &[Probe<'_>]) -> Report {
	let mut rows =
		vec![["meter", "link", "unit", "profile", "serial", "register kWh", "power W", ""]
			.map(String::from)];
	let mut troubles = Vec::new();
	let (mut meters, mut failed) = (0, 0);
	for (device, probe) in probes {
		if let Err(error) = probe {
			troubles.push(format!("{error}\n    {}", error.hint()));
		}
		for (index, meter) in device.meters.iter().enumerate() {
			let sample = probe.as_ref().ok().and_then(|samples| samples.get(index));
			let register = sample.map(|sample| &sample.register);
			meters += 1;
			let verdict = match register {
				Some(Ok(_)) => "ok",
				Some(Err(_)) => "NO VALUE",
				None => "NO ANSWER",
			};
			failed += usize::from(!matches!(register, Some(Ok(_))));
			if let Some(Err(missing)) = register {
				troubles.push(format!(
					"meter `{}`: {missing}\n    {}",
					meter.name,
					advice(missing, device)
				));
			}
			rows.push([
				meter.name.to_string(),
				device.link.to_string(),
				device.unit.to_string(),
				device.profile.name.clone(),
				sample.and_then(|sample| sample.serial.as_deref()).unwrap_or("-").to_owned(),
				match register {
					Some(Ok(register)) => kilowatt_hours(*register),
					_ => "-".into(),
				},
				sample
					.and_then(|sample| sample.power)
					.map_or("-".into(), |watts| format!("{watts:.0}")),
				verdict.to_owned(),
			]);
		}
	}
	let mut text = table(&rows);
	for trouble in troubles {
		// Writing to a string cannot fail.
		writeln!(text, "\n{trouble}").expect("a string takes everything; qed");
	}
	Report { text, meters, failed }
}

fn advice(missing: &Missing, device: &DeviceConfig) -> String {
	match missing {
		Missing::Zero => "if this meter is new, or energy never flowed this way, write `zero_is_valid = true` to it; \
			otherwise its register is not the one that the profile means"
			.into(),
		Missing::Sentinel(_) | Missing::NotANumber(_) => format!(
			"the device answers, but has no such energy: is it a device of profile `{}` ({}), and is this point the \
			 right one?",
			device.profile.name, device.profile.description
		),
		Missing::Unreachable(_) => format!(
			"the device refuses these registers: is it a device of profile `{}` ({})?",
			device.profile.name, device.profile.description
		),
	}
}

/// mWh as kWh with all digits.
fn kilowatt_hours(register: u64) -> String {
	format!("{}.{:06}", register / 1_000_000, register % 1_000_000)
}

/// Columns as wide as their widest cell; numbers to the right.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
	let width =
		|column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
	let widths: Vec<_> = (0..N).map(width).collect();
	let mut text = String::new();
	for row in rows {
		let mut line = String::new();
		for (cell, width) in row.iter().zip(&widths) {
			let padding = " ".repeat(width - cell.chars().count());
			let is_number = cell.starts_with(|c: char| c.is_ascii_digit() || c == '-');
			let cell =
				if is_number { format!("{padding}{cell}") } else { format!("{cell}{padding}") };
			line.push_str(&cell);
			line.push_str("  ");
		}
		text.push_str(line.trim_end());
		text.push('\n');
	}
	text
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn kilowatt_hours_keep_every_milli_watt_hour() {
		assert_eq!(kilowatt_hours(1), "0.000001");
		assert_eq!(kilowatt_hours(1_234_567_890), "1234.567890");
	}

	#[test]
	fn table_aligns_words_left_and_numbers_right() {
		let rows =
			[["name", "kWh"], ["a", "1.5"], ["long one", "12.5"]].map(|row| row.map(String::from));
		assert_eq!(table(&rows), "name      kWh\na          1.5\nlong one  12.5\n");
	}
}
