//! `simulate`: a virtual site on Modbus TCP, for a first look, for demonstrations and for tests.
//!
//! Three devices answer on one port, as behind a gateway:
//!
//! | unit | device | registers |
//! |---|---|---|
//! | 1 | Eastron SDM630 at the grid connection | import and export |
//! | 2 | Eastron SDM120 at the inverter | generation, as `import_energy` |
//! | 3 | SunSpec inverter (models 1 and 103) of the same plant | generation |
//!
//! They live through a recorded or modelled day at any speed. Energy is integrated exactly, in microjoules; each device
//! shows it as its make does: a single-precision float of kWh, or whole watt-hours.

use anyhow::{bail, ensure, Context};
use std::{
	future::{ready, Ready},
	io,
	net::SocketAddr,
	path::{Path, PathBuf},
	sync::Arc,
	time::{Duration, Instant},
};
use tokio::net::TcpListener;
use tokio_modbus::{
	server::{tcp::Server, Service},
	ExceptionCode, Request, Response, SlaveRequest,
};

/// Modelled, not measured: see `data/README.md`.
const MODELLED_DAYS: &str = include_str!("../data/modelled_household_pv.csv");

const GRID_UNIT: u8 = 1;
const PLANT_UNIT: u8 = 2;
const INVERTER_UNIT: u8 = 3;

/// What the registers stood at when the virtual day began, in mWh. A meter that has ever run is not at zero.
const IMPORT_BASE: u64 = 4_321_000_000;
const EXPORT_BASE: u64 = 2_345_500_000;
const GENERATION_BASE: u64 = 6_543_250_000;

const MICROJOULES_PER_MILLI_WATT_HOUR: u128 = 3_600_000;
const DAY_MILLIS: u64 = 86_400_000;

/// The virtual site.
#[derive(clap::Args, Clone, Debug)]
pub struct SimulateArgs {
	/// Where the devices answer.
	#[arg(long, default_value = "127.0.0.1:5020", value_name = "ADDRESS:PORT")]
	pub listen: SocketAddr,
	/// How much faster than the clock the virtual day passes. On the chain `fast` 300 is its own pace.
	#[arg(long, default_value_t = 1.0)]
	pub speed: f64,
	/// Days to replay: lines of local time, consumption in kW, generation in kW, below the line `,GC,GG`. Without it,
	/// three modelled days.
	#[arg(long, value_name = "FILE.csv")]
	pub profile: Option<PathBuf>,
	/// The day to begin with; the first one of the profile if left out.
	#[arg(long, value_name = "YYYY-MM-DD")]
	pub start_day: Option<String>,
	/// The hour of the day to begin at.
	#[arg(long, default_value_t = 4.0)]
	pub start_hour: f64,
	/// Scale the generation so that its peak is this many W.
	#[arg(long)]
	pub pv_watts: Option<u32>,
	/// Stop after `--days` virtual days: power is 0, and the registers stand still. Otherwise the profile repeats.
	#[arg(long)]
	pub once: bool,
	/// How many virtual days `--once` lasts.
	#[arg(long, default_value_t = 1.0)]
	pub days: f64,
}

/// Runs a virtual site until Ctrl-C.
///
/// # Errors
/// The profile cannot be read, or the port is taken.
pub async fn run(args: SimulateArgs) -> anyhow::Result<()> {
	let listener = TcpListener::bind(args.listen).await.with_context(|| {
		format!("cannot listen on {}; choose another place with --listen", args.listen)
	})?;
	let site = Arc::new(Site::new(&args)?);
	let source = match &args.profile {
		Some(path) => path.display().to_string(),
		None => "three modelled days (modelled, not measured)".into(),
	};
	println!("virtual site on tcp:{}, {}x, replaying {source}", listener.local_addr()?, args.speed);
	println!("  unit {GRID_UNIT}  eastron-sdm630    grid connection: import_energy, export_energy");
	println!("  unit {PLANT_UNIT}  eastron-sdm120    generation: import_energy");
	println!("  unit {INVERTER_UNIT}  sunspec-inverter  generation: generation_energy");
	let ended = async {
		match site.lasts() {
			Some(lasts) => tokio::time::sleep(lasts).await,
			None => std::future::pending().await,
		}
		let Snapshot { import, export, generation, .. } = site.snapshot();
		println!(
			"the virtual time is over, the registers stand still: import {import} mWh, export {export} mWh, generation \
			 {generation} mWh"
		);
		std::future::pending::<()>().await;
	};
	tokio::select! {
		served = serve(listener, site.clone()) => served.context("the virtual site stopped"),
		() = ended => Ok(()),
		signal = tokio::signal::ctrl_c() => signal.context("cannot wait for Ctrl-C"),
	}
}

/// Answers on `listener` until it fails.
pub async fn serve(listener: TcpListener, site: Arc<Site>) -> io::Result<()> {
	let on_connected = |stream: tokio::net::TcpStream, _| {
		let service = VirtualBus(site.clone());
		async move {
			stream.set_nodelay(true)?;
			Ok(Some((service, stream)))
		}
	};
	let on_error = |error: io::Error| tracing::debug!(%error, "a client of the virtual site left");
	Server::new(listener).serve(&on_connected, on_error).await
}

/// The devices of a site, as a Modbus server asks for them.
#[derive(Clone)]
pub struct VirtualBus(pub Arc<Site>);

impl Service for VirtualBus {
	type Request = SlaveRequest<'static>;
	type Response = Response;
	type Exception = ExceptionCode;
	type Future = Ready<Result<Response, ExceptionCode>>;

	fn call(&self, request: Self::Request) -> Self::Future {
		ready(self.0.answer(request.slave, &request.request))
	}
}

// The site. ----------------------------------------------------------------------------------------------------------

/// A virtual site. Its time begins when it is made.
#[derive(Debug)]
pub struct Site {
	series: Series,
	/// Where in the series it begins, in virtual milliseconds.
	begin: u64,
	speed: f64,
	/// How much virtual time it has, in milliseconds; `None` without end.
	lasts: Option<u64>,
	born: Instant,
	/// The power of ten by which the inverter's power is scaled, so that its peak fits 16 bits.
	power_factor: i16,
}

/// What the site's registers and powers are at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot {
	/// Energy from the grid, mWh.
	pub import: u64,
	/// Energy to the grid, mWh.
	pub export: u64,
	/// Energy of the plant, mWh.
	pub generation: u64,
	/// Power from the grid, W; negative to the grid.
	pub grid_power: f64,
	/// Power of the plant, W.
	pub plant_power: f64,
}

impl Site {
	/// The site that the arguments describe.
	///
	/// # Errors
	/// The profile cannot be read or is not of the shape it must have; an argument makes no sense.
	pub fn new(args: &SimulateArgs) -> anyhow::Result<Self> {
		ensure!(
			args.speed.is_finite() && args.speed > 0.0 && args.speed <= 1e6,
			"--speed {}: must be above 0, at most 1000000",
			args.speed
		);
		ensure!(
			(0.0..24.0).contains(&args.start_hour),
			"--start-hour {}: must be 0 to 23.99",
			args.start_hour
		);
		ensure!(args.days > 0.0 && args.days <= 36_600.0, "--days {}: must be above 0", args.days);
		let series = match &args.profile {
			Some(path) => {
				let text = std::fs::read_to_string(path)
					.with_context(|| format!("cannot read the profile {}", path.display()))?;
				Series::parse(path, &text, args.pv_watts)?
			}
			None => Series::parse(Path::new("the modelled days"), MODELLED_DAYS, args.pv_watts)?,
		};
		let begin = series.moment(args.start_day.as_deref(), args.start_hour)?;
		let peak = series.steps.iter().map(|step| step.generation).max().unwrap_or(0) / 1_000;
		let power_factor =
			(0..10).find(|e| peak / 10u64.pow(*e) <= i16::MAX as u64).unwrap_or(9) as i16;
		let lasts = args.once.then_some((args.days * DAY_MILLIS as f64) as u64);
		Ok(Self { series, begin, speed: args.speed, lasts, born: Instant::now(), power_factor })
	}

	/// How much real time is left until the registers stand still.
	pub fn lasts(&self) -> Option<Duration> {
		let whole = Duration::from_millis(self.lasts?).div_f64(self.speed);
		Some(whole.saturating_sub(self.born.elapsed()))
	}

	/// The site now.
	pub fn snapshot(&self) -> Snapshot {
		self.snapshot_at(self.born.elapsed())
	}

	fn snapshot_at(&self, age: Duration) -> Snapshot {
		let virtual_age = (age.as_secs_f64() * self.speed * 1_000.0) as u64;
		let is_over = self.lasts.is_some_and(|lasts| virtual_age >= lasts);
		let now = self.begin + self.lasts.map_or(virtual_age, |lasts| virtual_age.min(lasts));
		let (first, last) = (self.series.energy(self.begin), self.series.energy(now));
		let register = |base: u64, of: fn(&Energy) -> u128| {
			base + ((of(&last) - of(&first)) / MICROJOULES_PER_MILLI_WATT_HOUR) as u64
		};
		let Step { load, generation } =
			if is_over { Step::default() } else { self.series.step(now) };
		Snapshot {
			import: register(IMPORT_BASE, |energy| energy.import),
			export: register(EXPORT_BASE, |energy| energy.export),
			generation: register(GENERATION_BASE, |energy| energy.generation),
			grid_power: (load as f64 - generation as f64) / 1_000.0,
			plant_power: generation as f64 / 1_000.0,
		}
	}

	fn answer(&self, unit: u8, request: &Request<'_>) -> Result<Response, ExceptionCode> {
		let now = self.snapshot();
		match (unit, request) {
			(GRID_UNIT, Request::ReadInputRegisters(start, count)) => {
				Ok(Response::ReadInputRegisters(cut(&grid_registers(&now), 0, *start, *count)?))
			}
			(PLANT_UNIT, Request::ReadInputRegisters(start, count)) => {
				Ok(Response::ReadInputRegisters(cut(&plant_registers(&now), 0, *start, *count)?))
			}
			(GRID_UNIT | PLANT_UNIT, Request::ReadHoldingRegisters(start, count)) => {
				let serial = 630_120_000 + u32::from(unit);
				let words = [(serial >> 16) as u16, serial as u16];
				Ok(Response::ReadHoldingRegisters(cut(&words, SDM_SERIAL, *start, *count)?))
			}
			(INVERTER_UNIT, Request::ReadHoldingRegisters(start, count)) => {
				let words = inverter_registers(&now, self.power_factor);
				Ok(Response::ReadHoldingRegisters(cut(&words, SUNSPEC_BASE, *start, *count)?))
			}
			(GRID_UNIT | PLANT_UNIT | INVERTER_UNIT, _) => Err(ExceptionCode::IllegalFunction),
			_ => Err(ExceptionCode::GatewayTargetDevice),
		}
	}
}

// The devices' registers. --------------------------------------------------------------------------------------------

/// Where an SDM's serial number is, in its holding registers.
const SDM_SERIAL: u16 = 0xFC00;
/// One past an SDM's last input register that the site has: the total at 0x156.
const SDM_END: usize = 0x158;
const SUNSPEC_BASE: u16 = 40_000;
const VOLTAGE: f64 = 230.0;
const FREQUENCY: f64 = 50.0;

/// `count` words from `start`, of words that begin at `first`.
fn cut(words: &[u16], first: u16, start: u16, count: u16) -> Result<Vec<u16>, ExceptionCode> {
	if !(1..=125).contains(&count) {
		return Err(ExceptionCode::IllegalDataValue);
	}
	let from = start.checked_sub(first).map(usize::from);
	let part = from.and_then(|from| words.get(from..from + usize::from(count)));
	part.map(<[u16]>::to_vec).ok_or(ExceptionCode::IllegalDataAddress)
}

fn put_float(words: &mut [u16], address: usize, value: f64) {
	let bits = (value as f32).to_bits();
	words[address] = (bits >> 16) as u16;
	words[address + 1] = bits as u16;
}

/// mWh as the kWh of a meter's display.
fn kilowatt_hours(register: u64) -> f64 {
	register as f64 / 1e6
}

/// Input registers of the SDM630.
fn grid_registers(now: &Snapshot) -> Vec<u16> {
	let mut words = vec![0; SDM_END];
	for phase in 0..3 {
		put_float(&mut words, 2 * phase, VOLTAGE);
		put_float(&mut words, 0x06 + 2 * phase, now.grid_power.abs() / 3.0 / VOLTAGE);
		put_float(&mut words, 0x0C + 2 * phase, now.grid_power / 3.0);
	}
	put_float(&mut words, 0x34, now.grid_power);
	put_float(&mut words, 0x38, now.grid_power.abs());
	put_float(&mut words, 0x3E, 1.0);
	put_float(&mut words, 0x46, FREQUENCY);
	put_float(&mut words, 0x48, kilowatt_hours(now.import));
	put_float(&mut words, 0x4A, kilowatt_hours(now.export));
	put_float(&mut words, 0x156, kilowatt_hours(now.import + now.export));
	words
}

/// Input registers of the SDM120.
fn plant_registers(now: &Snapshot) -> Vec<u16> {
	let mut words = vec![0; SDM_END];
	put_float(&mut words, 0x00, VOLTAGE);
	put_float(&mut words, 0x06, now.plant_power / VOLTAGE);
	put_float(&mut words, 0x0C, now.plant_power);
	put_float(&mut words, 0x12, now.plant_power);
	put_float(&mut words, 0x1E, 1.0);
	put_float(&mut words, 0x46, FREQUENCY);
	put_float(&mut words, 0x48, kilowatt_hours(now.generation));
	put_float(&mut words, 0x156, kilowatt_hours(now.generation));
	words
}

/// Holding registers of the inverter from [`SUNSPEC_BASE`] on: marker, common model, model 103, end.
fn inverter_registers(now: &Snapshot, power_factor: i16) -> Vec<u16> {
	const NOT_IMPLEMENTED: u16 = 0xffff;
	const NO_SIGNED: u16 = 0x8000;
	let mut words = vec![0x5375, 0x6e53];

	let mut common = vec![0; 68];
	common[..2].copy_from_slice(&[1, 66]);
	for (at, text) in [(2, "Heliograph"), (18, "Virtual inverter"), (42, "1"), (50, "VIRTUAL-3")] {
		for (index, pair) in text.as_bytes().chunks(2).enumerate() {
			common[at + index] =
				u16::from(pair[0]) << 8 | u16::from(pair.get(1).copied().unwrap_or(0));
		}
	}
	common[66] = u16::from(INVERTER_UNIT);
	words.extend(common);

	let mut inverter = vec![NOT_IMPLEMENTED; 52];
	inverter[..2].copy_from_slice(&[103, 50]);
	// Currents in 0.01 A, voltages in 0.1 V, frequency in 0.01 Hz.
	let current = now.plant_power / 3.0 / VOLTAGE * 100.0;
	inverter[2] = (current * 3.0) as u16;
	inverter[3..6].fill(current as u16);
	inverter[6] = -2i16 as u16;
	inverter[10..13].fill((VOLTAGE * 10.0) as u16);
	inverter[13] = -1i16 as u16;
	inverter[14] = (now.plant_power / 10f64.powi(power_factor.into())) as i16 as u16;
	inverter[15] = power_factor as u16;
	inverter[16] = (FREQUENCY * 100.0) as u16;
	inverter[17] = -2i16 as u16;
	for unused in [18, 19, 20, 21, 22, 23, 28, 30, 31, 32, 33, 34, 35, 36, 37] {
		inverter[unused] = NO_SIGNED;
	}
	// A SunSpec accumulator starts anew after 2^32.
	let watt_hours = (now.generation / 1_000) as u32;
	inverter[24] = (watt_hours >> 16) as u16;
	inverter[25] = watt_hours as u16;
	inverter[26] = 0;
	// Feeding in, or asleep.
	inverter[38] = if now.plant_power > 0.0 { 4 } else { 2 };
	inverter[40..44].fill(0);
	words.extend(inverter);

	words.extend([0xffff, 0]);
	words
}

// The recorded days. -------------------------------------------------------------------------------------------------

/// The mean powers of one step, in mW.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Step {
	load: u64,
	generation: u64,
}

/// Energy in microjoules (1 mW for 1 ms).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Energy {
	import: u128,
	export: u128,
	generation: u128,
}

impl Energy {
	/// After `millis` more of `step`.
	fn after(self, step: Step, millis: u64) -> Self {
		let part = |power: u64| u128::from(power) * u128::from(millis);
		Self {
			import: self.import + part(step.load.saturating_sub(step.generation)),
			export: self.export + part(step.generation.saturating_sub(step.load)),
			generation: self.generation + part(step.generation),
		}
	}
}

/// Days in even steps, repeated for ever.
#[derive(Debug)]
struct Series {
	/// The local time of the first step, milliseconds since 1970.
	start: u64,
	step_millis: u64,
	steps: Vec<Step>,
	/// The energy before each step, and after the last one.
	totals: Vec<Energy>,
}

impl Series {
	fn parse(file: &Path, text: &str, pv_watts: Option<u32>) -> anyhow::Result<Self> {
		let file = file.display();
		let mut reader = csv::Reader::from_reader(text.as_bytes());
		let headers = reader.headers().with_context(|| format!("{file}: no first line"))?;
		let column = |name: &str| {
			headers.iter().position(|header| header.trim() == name).with_context(|| {
				format!("{file}:1: no column `{name}`; the first line must be `,GC,GG`: time, consumption, generation")
			})
		};
		let (load_column, generation_column) = (column("GC")?, column("GG")?);
		let mut times = Vec::new();
		let mut powers = Vec::new();
		for record in reader.records() {
			let record = record.with_context(|| format!("{file}: not a table"))?;
			let line = record.position().map_or(0, csv::Position::line);
			let field = |column: usize| record.get(column).unwrap_or("").trim();
			let power = |column: usize| {
				let value = field(column).parse::<f64>().ok();
				let value = value.filter(|kilowatts| (0.0..=1e6).contains(kilowatts));
				value.with_context(|| {
					format!("{file}:{line}: `{}` is not a power in kW", field(column))
				})
			};
			let time = parse_time(field(0)).with_context(|| {
				format!("{file}:{line}: `{}` is not a time such as 2025-06-21 04:30:00", field(0))
			})?;
			times.push((time, line));
			powers.push((power(load_column)?, power(generation_column)?));
		}
		let [(start, _), (second, _), ..] = times[..] else {
			bail!("{file}: fewer than two lines of data")
		};
		let step_millis = second.saturating_sub(start);
		ensure!(
			(1..=3_600_000).contains(&step_millis),
			"{file}:3: the step must be above 0, at most an hour"
		);
		for pair in times.windows(2) {
			let (earlier, (later, line)) = (pair[0].0, pair[1]);
			let is_even = later.checked_sub(earlier) == Some(step_millis);
			ensure!(
				is_even,
				"{file}:{line}: not {} s after the line before it",
				step_millis / 1_000
			);
		}
		let peak = powers.iter().map(|(_, generation)| *generation).fold(0.0, f64::max);
		let factor = match pv_watts {
			Some(watts) if peak > 0.0 => f64::from(watts) / 1_000.0 / peak,
			Some(_) => bail!("{file}: no generation to scale with --pv-watts"),
			None => 1.0,
		};
		let milliwatts = |kilowatts: f64| (kilowatts * 1e6).round() as u64;
		let steps: Vec<_> = powers
			.into_iter()
			.map(|(load, generation)| Step {
				load: milliwatts(load),
				generation: milliwatts(generation * factor),
			})
			.collect();
		let mut totals = vec![Energy::default()];
		for (index, step) in steps.iter().enumerate() {
			totals.push(totals[index].after(*step, step_millis));
		}
		Ok(Self { start, step_millis, steps, totals })
	}

	fn length(&self) -> u64 {
		self.step_millis * self.steps.len() as u64
	}

	/// The virtual milliseconds from the series' start to `hour` of `day`, by default of its first day.
	fn moment(&self, day: Option<&str>, hour: f64) -> anyhow::Result<u64> {
		let midnight = match day {
			Some(day) => parse_date(day)
				.with_context(|| format!("--start-day {day}: not a day such as 2025-06-21"))?,
			None => self.start - self.start % DAY_MILLIS,
		};
		let moment = midnight + (hour * 3_600_000.0) as u64;
		let offset = match moment.checked_sub(self.start) {
			// Without a day, an hour before the first line is that hour of the next round.
			None if day.is_none() => Some(moment + self.length() - self.start),
			offset => offset,
		};
		let offset = offset.filter(|offset| *offset < self.length());
		offset.context("the profile does not have the day and hour to begin with")
	}

	fn step(&self, at: u64) -> Step {
		self.steps[(at % self.length() / self.step_millis) as usize]
	}

	/// Energy from the series' start to the virtual millisecond `at`.
	fn energy(&self, at: u64) -> Energy {
		let rounds = u128::from(at / self.length());
		let within = at % self.length();
		let index = (within / self.step_millis) as usize;
		let part = self.totals[index].after(self.steps[index], within % self.step_millis);
		let round = self.totals[self.steps.len()];
		Energy {
			import: rounds * round.import + part.import,
			export: rounds * round.export + part.export,
			generation: rounds * round.generation + part.generation,
		}
	}
}

/// `YYYY-MM-DD HH:MM:SS`, seconds optional, in milliseconds since 1970 of the same clock.
fn parse_time(text: &str) -> Option<u64> {
	let (date, time) = text.split_once([' ', 'T'])?;
	let mut parts = time.split(':').map(|part| part.parse::<u64>().ok());
	let (hours, minutes, seconds) =
		(parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
	if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
		return None;
	}
	Some(parse_date(date)? + ((hours * 60 + minutes) * 60 + seconds) * 1_000)
}

/// `YYYY-MM-DD` in milliseconds since 1970.
fn parse_date(text: &str) -> Option<u64> {
	let mut parts = text.split('-').map(|part| part.parse::<u64>().ok());
	let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
	if parts.next().is_some() || !(1970..=9999).contains(&year) {
		return None;
	}
	let is_leap = |year: u64| {
		year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
	};
	let lengths = [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
	let length = *lengths.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
	if !(1..=length).contains(&day) {
		return None;
	}
	let years: u64 = (1970..year).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
	let months: u64 = lengths[..month as usize - 1].iter().sum();
	Some((years + months + day - 1) * DAY_MILLIS)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	fn args() -> SimulateArgs {
		SimulateArgs {
			listen: "127.0.0.1:0".parse().expect("an address"),
			speed: 1.0,
			profile: None,
			start_day: None,
			start_hour: 4.0,
			pv_watts: None,
			once: false,
			days: 1.0,
		}
	}

	fn series(text: &str) -> anyhow::Result<Series> {
		Series::parse(Path::new("days.csv"), text, None)
	}

	#[test]
	fn modelled_days_have_a_cloud_and_a_night() {
		let site = Site::new(&args()).expect("valid");
		assert_eq!((site.series.step_millis, site.series.steps.len()), (300_000, 3 * 288));
		let generation =
			|hour: f64| site.series.step((hour * 3_600_000.0) as u64).generation / 1_000;
		assert_eq!(generation(2.0), 0);
		assert!(generation(11.5) > 3_500);
		assert!(generation(12.9) < 1_200, "the cloud");
		assert!(generation(14.5) > 3_000);
		assert_eq!(generation(22.0), 0);
	}

	#[test]
	fn registers_hold_the_energy_of_the_day_when_it_is_over() {
		let site = Site::new(&SimulateArgs { once: true, speed: 1e6, ..args() }).expect("valid");
		let end = site.snapshot_at(Duration::from_secs(1));
		assert_eq!(end, site.snapshot_at(Duration::from_secs(100)));
		assert_eq!((end.grid_power, end.plant_power), (0.0, 0.0));
		// From 04:00 to 04:00, summed step by step.
		let (mut load, mut generation) = (0u128, 0u128);
		for step in &site.series.steps[48..48 + 288] {
			load += u128::from(step.load) * 300_000;
			generation += u128::from(step.generation) * 300_000;
		}
		let (import, export) = (end.import - IMPORT_BASE, end.export - EXPORT_BASE);
		assert_eq!(u128::from(end.generation - GENERATION_BASE), generation / 3_600_000);
		assert!(import > 1_000_000 && export > 1_000_000);
		// What is used is what was generated and not sent, and what was received; to the rounding of three registers.
		let used = (end.generation - GENERATION_BASE) as i128 + import as i128 - export as i128;
		assert!((used - (load / 3_600_000) as i128).abs() <= 2, "{used}");
	}

	#[test]
	fn generation_is_scaled_to_the_plant() {
		let site = Site::new(&SimulateArgs { pv_watts: Some(100_000), ..args() }).expect("valid");
		let peak = site.series.steps.iter().map(|step| step.generation).max();
		assert_eq!(peak, Some(100_000_000));
		// 100 kW does not fit into 16 bits of W.
		assert_eq!(site.power_factor, 1);
	}

	#[test]
	fn profile_is_refused_with_its_line_when_it_is_not_a_day() {
		let good = ",GC,GG\n2011-07-01 00:00:00,0.4,0.0\n2011-07-01 00:30:00,0.5,1.5\n2011-07-01 01:00:00,0.5,1\n";
		assert_eq!(series(good).expect("good").step_millis, 1_800_000);
		for (from, to, expected) in [
			(",GC,GG", ",GC,PV", "days.csv:1: no column `GG`"),
			("01:00:00", "01:30:00", "days.csv:4: not 1800 s after the line before it"),
			("00:30:00", "24:30:00", "days.csv:3: `2011-07-01 24:30:00` is not a time"),
			("1.5", "-1.5", "days.csv:3: `-1.5` is not a power in kW"),
			("1.5", "NaN", "days.csv:3: `NaN` is not a power in kW"),
			(
				"2011-07-01 00:30:00,0.5,1.5\n2011-07-01 01:00:00,0.5,1\n",
				"",
				"fewer than two lines",
			),
		] {
			assert!(good.contains(from), "{from}");
			let error = series(&good.replace(from, to)).expect_err(to).to_string();
			assert!(error.contains(expected), "{to}: {error}");
		}
	}

	#[test]
	fn start_is_a_day_and_an_hour_of_the_profile() {
		let site = |args: SimulateArgs| Site::new(&args);
		let second =
			SimulateArgs { start_day: Some("2025-06-22".into()), start_hour: 0.5, ..args() };
		assert_eq!(site(second).expect("there").begin, DAY_MILLIS + 1_800_000);
		for day in ["2025-06-24", "2025-06-20", "2025-02-29", "midsummer"] {
			assert!(site(SimulateArgs { start_day: Some(day.into()), ..args() }).is_err(), "{day}");
		}
		assert!(site(SimulateArgs { start_hour: 24.0, ..args() }).is_err());
		assert!(site(SimulateArgs { speed: 0.0, ..args() }).is_err());
		assert!(site(SimulateArgs { profile: Some("nowhere.csv".into()), ..args() }).is_err());
	}

	#[test]
	fn dates_are_counted_from_1970() {
		assert_eq!(parse_time("1970-01-02 00:00:01"), Some(DAY_MILLIS + 1_000));
		assert_eq!(parse_time("2024-02-29T12:30"), Some(1_709_209_800_000));
		assert_eq!(parse_time("2100-02-29 00:00:00"), None);
	}

	#[test]
	fn inverter_registers_are_a_whole_sunspec_map() {
		let site = Site::new(&args()).expect("valid");
		let words = inverter_registers(&site.snapshot(), 0);
		assert_eq!(words.len(), 2 + 68 + 52 + 2);
		assert_eq!((words[70], words[71], words[122]), (103, 50, 0xffff));
		let watt_hours = u64::from(words[70 + 24]) << 16 | u64::from(words[70 + 25]);
		assert_eq!(watt_hours, GENERATION_BASE / 1_000);
	}

	proptest! {
		#[test]
		fn registers_never_fall(a in 0u64..10_000_000, b in 0u64..10_000_000, speed in 0.1f64..3_000.0) {
			let site = Site::new(&SimulateArgs { speed, ..args() }).expect("valid");
			let (early, late) = (a.min(b), a.max(b));
			let early = site.snapshot_at(Duration::from_millis(early));
			let late = site.snapshot_at(Duration::from_millis(late));
			prop_assert!(early.import <= late.import);
			prop_assert!(early.export <= late.export);
			prop_assert!(early.generation <= late.generation);
		}
	}
}
