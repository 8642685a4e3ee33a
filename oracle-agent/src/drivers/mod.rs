//! Reading devices: one task per link, each device once per poll, one [`Sample`] per meter and poll.
//!
//! Devices on one link share a bus and are asked one after the other. Links know nothing of each other: a bus that is
//! stuck, or a task that panics, leaves the others running.

pub mod decode;
mod dialogue;
pub mod modbus;
pub mod sunspec;

use crate::{
	config::{Config, DeviceConfig, Link, MeterConfig},
	model::{Missing, Sample},
	profile::{Kind, Map, Span},
};
use decode::Block;
use futures::FutureExt;
use modbus::{backoff, plan, Bus, BusError, Manners, MAX_BACKOFF};
use std::{
	panic::AssertUnwindSafe,
	sync::Arc,
	time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use sunspec::SunSpecError;
use tokio::{
	sync::{mpsc, watch},
	task::JoinHandle,
	time,
};

/// A device may be exchanged behind the same address: its serial number is asked for again this often.
const IDENTITY_EVERY: Duration = Duration::from_secs(60);
/// A device that leaves this many requests for its serial number unanswered is not asked any more.
const IDENTITY_STRIKES: u8 = 3;

/// Starts one task per link. Every `poll`, every device is read once, and one sample per meter is sent, also when the
/// device does not answer; a device that answers again between two polls sends its samples at once.
///
/// `started` is the zero of [`Sample::since_start`]. The tasks end when `shutdown` turns true or the receiver of the
/// samples is dropped.
pub fn spawn(
	config: &Config,
	started: Instant,
	samples: mpsc::Sender<Sample>,
	shutdown: watch::Receiver<bool>,
) -> Vec<JoinHandle<()>> {
	let mut links: Vec<(Link, Vec<DeviceConfig>)> = Vec::new();
	for device in &config.devices {
		match links.iter_mut().find(|(link, _)| *link == device.link) {
			Some((_, devices)) => devices.push(device.clone()),
			None => links.push((device.link.clone(), vec![device.clone()])),
		}
	}
	let poll = config.agent.poll;
	links
		.into_iter()
		.map(|(link, devices)| {
			let work = LinkWork { link, devices, poll, started, samples: samples.clone() };
			tokio::spawn(supervise(work, shutdown.clone()))
		})
		.collect()
}

/// Reads a device once, on a connection of its own.
///
/// An `Ok` may hold samples without a register: the device answers, but not with an energy.
pub async fn probe(device: &DeviceConfig) -> Result<Vec<Sample>, ProbeError> {
	let mut bus = Bus::new(device.link.clone());
	let mut reader = Reader::new(device.clone(), Instant::now());
	reader.read(&mut bus).await.map_err(|error| ProbeError { device: device.clone(), error })
}

/// Why a device gave no samples at all.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ReadError {
	/// A request failed.
	#[error(transparent)]
	Bus(#[from] BusError),
	/// The SunSpec models were not found.
	#[error(transparent)]
	SunSpec(SunSpecError),
	/// The device has other SunSpec models than the profile.
	#[error(
		"the device has the SunSpec models {found:?}, and the profile needs one of {wanted:?}"
	)]
	NoModel { found: Vec<u16>, wanted: Vec<u16> },
}

impl From<SunSpecError> for ReadError {
	fn from(error: SunSpecError) -> Self {
		match error {
			SunSpecError::Bus(error) => Self::Bus(error),
			other => Self::SunSpec(other),
		}
	}
}

/// A device that [`probe`] could not read.
#[derive(Debug, thiserror::Error)]
#[error("device `{name}` ({link}, unit {unit}): {error}", name = .device.name, link = .device.link, unit = .device.unit)]
pub struct ProbeError {
	/// Which device.
	pub device: DeviceConfig,
	/// What went wrong.
	pub error: ReadError,
}

impl ProbeError {
	/// What to do about it.
	pub fn hint(&self) -> String {
		let DeviceConfig { profile, link, unit, .. } = &self.device;
		let is_serial = matches!(link, Link::Rtu { .. });
		match &self.error {
			ReadError::Bus(BusError::Connect { .. }) if is_serial => {
				"is the adapter plugged in (`ls -l /dev/serial/by-id`), does the user belong to the group that may use \
				 the port (often `dialout`), and does no other program hold it?"
					.into()
			},
			ReadError::Bus(BusError::Connect { .. }) => {
				"is the device switched on, are address and port right, is Modbus enabled in its menu? Many devices \
				 accept one client only: stop other programs that read it"
					.into()
			},
			ReadError::Bus(BusError::Timeout(_)) if is_serial => format!(
				"nobody on this bus answers as unit {unit} with these settings: compare unit (Modbus address), baud and \
				 parity with the device's menu, then the wires A and B; profile `{}` expects {} baud, parity {}",
				profile.name, profile.serial.baud, profile.serial.parity
			),
			ReadError::Bus(BusError::Timeout(_) | BusError::Exception(0x0a | 0x0b)) => format!(
				"no device has the unit id {unit} there: the unit id (Modbus address) is shown in the device's menu"
			),
			ReadError::Bus(BusError::Exception(0x01..=0x03)) => {
				format!("this is not what profile `{}` ({}) describes: is it another model?", profile.name, profile.description)
			},
			ReadError::Bus(BusError::Exception(_)) => "the device has trouble of its own: try again, restart it".into(),
			ReadError::Bus(BusError::Broken(_)) => {
				"does another master use this bus, is the link of the right kind (tcp and rtu-over-tcp look alike), does \
				 the device accept one client only?"
					.into()
			},
			ReadError::SunSpec(_) => {
				"the device answers, but not as a SunSpec device: is SunSpec switched on in its menu, the unit id right?"
					.into()
			},
			ReadError::NoModel { .. } => "is there another profile for it? Inverters and meters differ".into(),
		}
	}
}

/// The devices of one link, and where their samples go.
struct LinkWork {
	link: Link,
	devices: Vec<DeviceConfig>,
	poll: Duration,
	started: Instant,
	samples: mpsc::Sender<Sample>,
}

/// Keeps one link going until the agent stops.
async fn supervise(work: LinkWork, mut shutdown: watch::Receiver<bool>) {
	loop {
		tokio::select! {
			outcome = AssertUnwindSafe(poll_link(&work)).catch_unwind() => match outcome {
				Ok(()) => return,
				Err(_) => tracing::error!(link = %work.link, "reading this link panicked; it starts again"),
			},
			() = stopped(&mut shutdown) => return,
			() = work.samples.closed() => return,
		}
		tokio::select! {
			() = time::sleep(MAX_BACKOFF) => {},
			() = stopped(&mut shutdown) => return,
		}
	}
}

/// Waits for the order to stop. An agent that merely forgot to keep the sender did not give it.
async fn stopped(shutdown: &mut watch::Receiver<bool>) {
	if shutdown.wait_for(|stop| *stop).await.is_err() {
		std::future::pending::<()>().await;
	}
}

/// Reads the devices of a link in turn until nobody wants their samples.
async fn poll_link(work: &LinkWork) {
	let mut bus = Bus::new(work.link.clone());
	let begin = time::Instant::now();
	let is_shared = work.devices.len() > 1;
	let poller = |device: &DeviceConfig| Poller {
		reader: Reader::new(device.clone(), work.started),
		poll: work.poll,
		is_shared,
		next_poll: begin,
		trouble: None,
	};
	let mut pollers: Vec<_> = work.devices.iter().map(poller).collect();
	while let Some(poller) = pollers.iter_mut().min_by_key(|poller| poller.due()) {
		time::sleep_until(poller.due()).await;
		for sample in poller.step(&mut bus).await {
			if work.samples.send(sample).await.is_err() {
				return;
			}
		}
	}
}

/// When a device is asked: on a fixed grid, and while it does not answer also in between, ever more rarely.
struct Poller {
	reader: Reader,
	poll: Duration,
	/// Whether other devices are on the same bus.
	is_shared: bool,
	next_poll: time::Instant,
	trouble: Option<Trouble>,
}

/// A device that did not answer the last time.
struct Trouble {
	failures: u32,
	retry_at: time::Instant,
	error: ReadError,
}

impl Poller {
	fn due(&self) -> time::Instant {
		self.trouble.as_ref().map_or(self.next_poll, |trouble| trouble.retry_at.min(self.next_poll))
	}

	async fn step(&mut self, bus: &mut Bus) -> Vec<Sample> {
		let now = time::Instant::now();
		let is_poll = now >= self.next_poll;
		while self.next_poll <= now {
			self.next_poll += self.poll;
		}
		if let Some(trouble) = self.trouble.as_ref().filter(|trouble| now < trouble.retry_at) {
			return self.reader.unreachable(&trouble.error);
		}
		let device = self.reader.device.name.clone();
		match self.reader.read(bus).await {
			Ok(samples) => {
				if let Some(trouble) = self.trouble.take() {
					tracing::info!(device, failures = trouble.failures, "the device answers again");
				}
				samples
			}
			Err(error) => {
				let failures = self.trouble.as_ref().map_or(0, |trouble| trouble.failures) + 1;
				if failures == 1 {
					tracing::warn!(device, link = %bus.link(), %error, "the device does not answer");
				} else {
					tracing::debug!(device, failures, %error, "the device still does not answer");
				}
				let mut rest = backoff(failures);
				if self.is_shared {
					// A silent device takes a bus away from the others: it rests four times as long as it took.
					rest = rest.max(4 * now.elapsed()).min(MAX_BACKOFF);
				}
				let retry_at = bus.retry_at().unwrap_or(time::Instant::now() + rest);
				let samples = if is_poll { self.reader.unreachable(&error) } else { Vec::new() };
				self.trouble = Some(Trouble { failures, retry_at, error });
				samples
			}
		}
	}
}

/// Reads one device.
struct Reader {
	device: DeviceConfig,
	started: Instant,
	placed: Option<Placed>,
	/// Where a SunSpec device's map began the last time.
	known_base: Option<u16>,
	identity_strikes: u8,
	/// The registers of the last poll, by meter, to notice one that fell.
	last: Vec<Option<u64>>,
}

/// What is known of a device while it answers.
struct Placed {
	/// Which of the profile's maps it has.
	map: usize,
	/// What the map's addresses are counted from.
	origin: u16,
	/// The requests that read all that is wanted.
	blocks: Vec<Span>,
	/// Where its serial number stands.
	identity: Option<Span>,
	serial: Option<Arc<str>>,
	serial_asked: Option<time::Instant>,
}

/// The moment of an answer, on both clocks.
#[derive(Clone, Copy)]
struct Stamp {
	taken_at: u64,
	since_start: Duration,
}

impl Stamp {
	fn now(started: Instant) -> Self {
		let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
		Self {
			taken_at: u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX),
			since_start: started.elapsed(),
		}
	}
}

/// A block as it was read, or why not.
type BlockAnswer = (Span, Result<(Vec<u16>, Stamp), BusError>);

impl Reader {
	fn new(device: DeviceConfig, started: Instant) -> Self {
		let last = vec![None; device.meters.len()];
		Self { device, started, placed: None, known_base: None, identity_strikes: 0, last }
	}

	/// One sample per meter. An error means that no meter of the device could be read.
	async fn read(&mut self, bus: &mut Bus) -> Result<Vec<Sample>, ReadError> {
		let mut placed = match self.placed.take() {
			Some(placed) => placed,
			None => self.place(bus).await?,
		};
		let answers = self.read_blocks(bus, &placed.blocks).await;
		let broken = answers.iter().any(
			|(_, answer)| matches!(answer, Err(error) if !matches!(error, BusError::Exception(_))),
		);
		let mut samples = self.samples(&placed, &answers)?;

		let registers: Vec<_> = samples.iter().map(|sample| sample.register.clone().ok()).collect();
		let fell = self
			.last
			.iter()
			.zip(&registers)
			.any(|(last, now)| matches!((last, now), (Some(a), Some(b)) if b < a));
		for (last, now) in self.last.iter_mut().zip(registers) {
			*last = now.or(*last);
		}
		if !broken {
			let stale = placed.serial_asked.is_none_or(|asked| asked.elapsed() >= IDENTITY_EVERY);
			if stale || fell {
				self.ask_identity(bus, &mut placed).await;
			}
			for sample in &mut samples {
				sample.serial.clone_from(&placed.serial);
			}
			self.placed = Some(placed);
		}
		Ok(samples)
	}

	/// What is sent while the device does not answer.
	fn unreachable(&self, error: &ReadError) -> Vec<Sample> {
		let Stamp { taken_at, since_start } = Stamp::now(self.started);
		let why = error.to_string();
		let silent = |meter: &MeterConfig| Sample {
			meter: meter.name.clone(),
			taken_at,
			since_start,
			register: Err(Missing::Unreachable(why.clone())),
			power: None,
			serial: None,
		};
		self.device.meters.iter().map(silent).collect()
	}

	fn manners(&self) -> Manners {
		Manners::from(&*self.device.profile)
	}

	/// Finds out where the wanted registers are.
	async fn place(&mut self, bus: &mut Bus) -> Result<Placed, ReadError> {
		let profile = self.device.profile.clone();
		let (map, origin, identity_origin) = match &profile.sunspec_bases {
			None => (0, 0, Some(0)),
			Some(bases) => {
				let (unit, manners) = (self.device.unit, self.manners());
				let base = sunspec::find_base(bus, unit, manners, bases, self.known_base).await?;
				let models = sunspec::walk(bus, unit, manners, base).await?;
				self.known_base = Some(base);
				let found = profile.maps.iter().enumerate().find_map(|(index, map)| {
					let model = models.iter().find(|model| map.models.contains(&model.id))?;
					Some((index, model.address))
				});
				let Some((map, origin)) = found else {
					return Err(ReadError::NoModel {
						found: models.iter().map(|model| model.id).collect(),
						wanted: profile.maps.iter().flat_map(|map| map.models.clone()).collect(),
					});
				};
				let identity_model = profile.identity.as_ref().and_then(|identity| identity.model);
				let identity_origin = models
					.iter()
					.find(|model| Some(model.id) == identity_model)
					// An older device may have a shorter common model, without the serial number.
					.filter(|model| {
						profile.identity.as_ref().is_some_and(|i| i.span.end() <= model.len)
					})
					.map(|model| model.address);
				(map, origin, identity_origin)
			}
		};
		let wanted =
			self.wanted(&profile.maps[map]).filter_map(|span| shift(span, origin)).collect();
		let identity = profile.identity.as_ref().zip(identity_origin);
		Ok(Placed {
			map,
			origin,
			blocks: plan(wanted, profile.max_registers, profile.max_gap),
			identity: identity.and_then(|(identity, origin)| shift(identity.span, origin)),
			serial: None,
			serial_asked: None,
		})
	}

	/// The spans of the configured counters and of the gauges that go with them.
	fn wanted<'a>(&'a self, map: &'a Map) -> impl Iterator<Item = Span> + 'a {
		self.device.meters.iter().filter_map(|meter| map.point(&meter.point)).flat_map(|counter| {
			let gauge = match &counter.kind {
				Kind::Counter { power: Some(power), .. } => map.point(&power.point),
				_ => None,
			};
			std::iter::once(counter).chain(gauge).map(|point| map.span(point))
		})
	}

	async fn read_blocks(&self, bus: &mut Bus, blocks: &[Span]) -> Vec<BlockAnswer> {
		let mut answers: Vec<BlockAnswer> = Vec::with_capacity(blocks.len());
		let mut gave_up: Option<BusError> = None;
		for span in blocks {
			let answer = match &gave_up {
				Some(error) => Err(error.clone()),
				None => bus.read(self.device.unit, *span, self.manners()).await,
			};
			// A device that refuses one block may well answer the next; one that is silent will not.
			if let Err(
				error @ (BusError::Connect { .. } | BusError::Timeout(_) | BusError::Broken(_)),
			) = &answer
			{
				gave_up = Some(error.clone());
			}
			answers.push((*span, answer.map(|words| (words, Stamp::now(self.started)))));
		}
		answers
	}

	fn samples(&self, placed: &Placed, answers: &[BlockAnswer]) -> Result<Vec<Sample>, ReadError> {
		let map = &self.device.profile.maps[placed.map];
		let mut reached = false;
		let mut first_error = None;
		let mut samples = Vec::with_capacity(self.device.meters.len());
		for meter in &self.device.meters {
			let mut sample = Sample {
				meter: meter.name.clone(),
				taken_at: 0,
				since_start: Duration::ZERO,
				register: Err(Missing::Unreachable(format!("the device has no `{}`", meter.point))),
				power: None,
				serial: None,
			};
			let mut stamp = Stamp::now(self.started);
			if let Some(point) = map.point(&meter.point) {
				match find(answers, map.span(point), placed.origin) {
					Some(Ok((block, at))) => {
						reached = true;
						stamp = at;
						sample.register = decode::energy(map, point, &block, meter.zero_is_valid);
					}
					Some(Err(error)) => {
						sample.register = Err(Missing::Unreachable(error.to_string()));
						first_error.get_or_insert_with(|| error.clone());
					}
					None => {}
				}
				if let Kind::Counter { power: Some(power), .. } = &point.kind {
					let gauge = map.point(&power.point);
					let block =
						gauge.and_then(|gauge| find(answers, map.span(gauge), placed.origin)?.ok());
					if let Some((gauge, (block, _))) = gauge.zip(block) {
						let watts = decode::power(map, gauge, &block).ok();
						sample.power =
							watts.map(|watts| if power.negative { -watts } else { watts });
					}
				}
			}
			(sample.taken_at, sample.since_start) = (stamp.taken_at, stamp.since_start);
			samples.push(sample);
		}
		match first_error {
			Some(error) if !reached => Err(error.into()),
			_ => Ok(samples),
		}
	}

	/// Asks for the serial number. Without one, a counter is judged by its register alone.
	async fn ask_identity(&mut self, bus: &mut Bus, placed: &mut Placed) {
		let Some((identity, span)) = self.device.profile.identity.as_ref().zip(placed.identity)
		else {
			return;
		};
		if self.identity_strikes >= IDENTITY_STRIKES {
			return;
		}
		placed.serial_asked = Some(time::Instant::now());
		match bus.read(self.device.unit, span, self.manners()).await {
			Ok(words) => {
				self.identity_strikes = 0;
				placed.serial =
					decode::identity(identity.ty, identity.order, &words).map(Into::into);
			}
			Err(BusError::Exception(_)) => placed.serial = None,
			Err(error) => {
				self.identity_strikes += 1;
				placed.serial = None;
				tracing::debug!(device = self.device.name, %error, "the serial number cannot be read");
			}
		}
	}
}

/// `span` counted from `origin`; `None` beyond the last register.
fn shift(span: Span, origin: u16) -> Option<Span> {
	let start = span.start.checked_add(origin)?;
	let shifted = Span { start, ..span };
	(shifted.end() <= 0x1_0000).then_some(shifted)
}

/// The block that holds `span`, moved back to the map's own addresses.
fn find(
	answers: &[BlockAnswer],
	span: Span,
	origin: u16,
) -> Option<Result<(Block<'_>, Stamp), &BusError>> {
	let absolute = shift(span, origin)?;
	let (block, answer) = answers.iter().find(|(block, _)| block.contains(&absolute))?;
	Some(match answer {
		Ok((words, stamp)) => {
			let span = Span { start: block.start.checked_sub(origin)?, ..*block };
			Ok((Block { span, words }, *stamp))
		}
		Err(error) => Err(error),
	})
}
