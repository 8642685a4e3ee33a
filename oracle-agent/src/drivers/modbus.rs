//! A Modbus bus: one connection or serial port, one request at a time.
//!
//! After anything but a regular answer the connection is dropped and made anew before the next request. A reply that
//! comes too late would otherwise be taken for the answer to the next question. RTU frames carry no number that tells
//! one from the other, so on a serial bus more is done: after a failure the bus rests for as long as an answer may take,
//! and whatever arrived before a request is thrown away.

use super::dialogue::Dialogue;
use crate::{
	config::Link,
	profile::{Parity, Profile, Span, Table},
};
use std::{io, time::Duration};
use tokio::{
	net::TcpStream,
	time::{sleep_until, timeout, Instant},
};
use tokio_modbus::{
	client::{rtu, tcp, Client, Context},
	slave::{Slave, SlaveContext},
	Error, ExceptionCode, Request, Response,
};
use tokio_serial::{SerialPort, SerialStream};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const FIRST_BACKOFF: Duration = Duration::from_millis(250);
/// A bus that is plugged in again is read again well within half a minute.
pub const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BusError {
	/// The connection or the port cannot be opened.
	#[error("cannot open {link}: {why}")]
	Connect { link: String, why: String },
	/// Nothing came back in time.
	#[error("no answer within {} ms", .0.as_millis())]
	Timeout(Duration),
	/// The device, or a gateway before it, refused.
	#[error("exception 0x{0:02x}: {text}", text = exception_text(*.0))]
	Exception(u8),
	/// The connection broke, or what came back is no answer to the request.
	#[error("{0}")]
	Broken(String),
}

fn exception_text(code: u8) -> &'static str {
	match code {
		0x01 => "the device does not know this function",
		0x02 => "the device has no such registers",
		0x03 => "the device refuses this number of registers",
		0x04 => "the device failed to read its registers",
		0x05 | 0x06 => "the device is busy",
		0x08 => "the device found its memory corrupted",
		0x0a => "the gateway has no path to this unit",
		0x0b => "the gateway got no answer from this unit",
		_ => "not in the standard",
	}
}

/// How a device wants to be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Manners {
	/// How long to wait for an answer, on top of the bytes' time on the line.
	pub timeout: Duration,
	/// How long the bus rests after a request.
	pub pause: Duration,
}

impl From<&Profile> for Manners {
	fn from(profile: &Profile) -> Self {
		Self { timeout: profile.timeout, pause: profile.pause }
	}
}

/// The bus behind one link.
pub struct Bus {
	link: Link,
	context: Option<Context>,
	/// No request before this moment: the silence that ends an RTU frame, and the pause that a device asked for.
	quiet_until: Instant,
	down: Option<Down>,
}

/// A link that could not be opened.
struct Down {
	failures: u32,
	retry_at: Instant,
	error: BusError,
}

impl Bus {
	/// A bus that is opened at the first request.
	pub fn new(link: Link) -> Self {
		Self { link, context: None, quiet_until: Instant::now(), down: None }
	}

	/// The link.
	pub fn link(&self) -> &Link {
		&self.link
	}

	/// While the link cannot be opened: when the next attempt is due. Requests before that fail at once.
	pub fn retry_at(&self) -> Option<Instant> {
		self.down.as_ref().map(|down| down.retry_at)
	}

	/// Reads the registers of `span` from `unit`.
	pub async fn read(
		&mut self,
		unit: u8,
		span: Span,
		manners: Manners,
	) -> Result<Vec<u16>, BusError> {
		let request = match span.table {
			Table::Holding => Request::ReadHoldingRegisters(span.start, span.len),
			Table::Input => Request::ReadInputRegisters(span.start, span.len),
		};
		let patience = manners.timeout + self.time_on_the_line(8 + 5 + 2 * u32::from(span.len));
		if let Some(down) = self.down.as_ref().filter(|down| Instant::now() < down.retry_at) {
			return Err(down.error.clone());
		}
		sleep_until(self.quiet_until).await;
		self.open().await?;
		// Taken out: whatever leaves this function early, leaves the bus without the connection.
		let Some(mut context) = self.context.take() else {
			return Err(BusError::Broken("the connection is closed".into()));
		};
		context.set_slave(Slave(unit));
		let answer = timeout(patience, context.call(request)).await;
		let done = Instant::now();
		// As after a failure, until it is known to be none.
		self.quiet_until = done + if self.is_rtu() { patience } else { manners.pause };
		let regular = done + manners.pause.max(self.frame_silence());
		let words = match answer {
			Err(_) => Err(BusError::Timeout(patience)),
			Ok(Err(Error::Transport(error))) => Err(BusError::Broken(error.to_string())),
			Ok(Err(Error::Protocol(_))) => Err(BusError::Broken(
				"the answer is to another request, or from another unit".into(),
			)),
			Ok(Ok(Err(exception))) => {
				(self.context, self.quiet_until) = (Some(context), regular);
				return Err(BusError::Exception(ExceptionCode::into(exception)));
			}
			Ok(Ok(Ok(
				Response::ReadHoldingRegisters(words) | Response::ReadInputRegisters(words),
			))) => Ok(words),
			Ok(Ok(Ok(other))) => Err(BusError::Broken(format!("an unexpected answer: {other:?}"))),
		}?;
		if words.len() != usize::from(span.len) {
			return Err(BusError::Broken(format!(
				"{} registers instead of {}",
				words.len(),
				span.len
			)));
		}
		(self.context, self.quiet_until) = (Some(context), regular);
		Ok(words)
	}

	async fn open(&mut self) -> Result<(), BusError> {
		if self.context.is_some() {
			return Ok(());
		}
		let opened = timeout(CONNECT_TIMEOUT, connect(&self.link)).await;
		match opened.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer"))) {
			Ok(context) => {
				if self.down.take().is_some() {
					tracing::info!(link = %self.link, "the link is open again");
				}
				self.context = Some(context);
				Ok(())
			}
			Err(error) => {
				let failures = self.down.as_ref().map_or(0, |down| down.failures) + 1;
				let error =
					BusError::Connect { link: self.link.to_string(), why: error.to_string() };
				let retry_at = Instant::now() + backoff(failures);
				self.down = Some(Down { failures, retry_at, error: error.clone() });
				Err(error)
			}
		}
	}

	fn is_rtu(&self) -> bool {
		!matches!(self.link, Link::Tcp { .. })
	}

	/// How long `bytes` take on a serial line, at eleven bits each; nothing on TCP.
	fn time_on_the_line(&self, bytes: u32) -> Duration {
		match self.link {
			Link::Rtu { baud, .. } => Duration::from_secs(1) * (11 * bytes) / baud.max(1),
			Link::Tcp { .. } | Link::RtuOverTcp { .. } => Duration::ZERO,
		}
	}

	/// Three and a half characters of silence separate two RTU frames; above 19,200 baud a fixed 1.75 ms.
	fn frame_silence(&self) -> Duration {
		match self.link {
			Link::Rtu { baud, .. } if baud <= 19_200 => self.time_on_the_line(7) / 2,
			Link::Rtu { .. } => Duration::from_micros(1_750),
			Link::Tcp { .. } | Link::RtuOverTcp { .. } => Duration::ZERO,
		}
	}
}

/// How long to wait after the `failures`-th failure in a row: doubling, up to [`MAX_BACKOFF`].
pub fn backoff(failures: u32) -> Duration {
	FIRST_BACKOFF.saturating_mul(2u32.saturating_pow(failures.saturating_sub(1))).min(MAX_BACKOFF)
}

async fn connect(link: &Link) -> io::Result<Context> {
	// The unit is set before each request; this one is never sent to.
	let nobody = Slave(0);
	match link {
		Link::Tcp { host, port } => {
			Ok(tcp::attach_slave(Dialogue::tcp(tcp_stream(host, *port).await?), nobody))
		}
		Link::RtuOverTcp { host, port } => {
			Ok(rtu::attach_slave(Dialogue::rtu(tcp_stream(host, *port).await?), nobody))
		}
		Link::Rtu { path, baud, parity, stop_bits } => {
			let port = tokio_serial::new(path, *baud)
				.data_bits(tokio_serial::DataBits::Eight)
				.flow_control(tokio_serial::FlowControl::None)
				.parity(match parity {
					Parity::None => tokio_serial::Parity::None,
					Parity::Even => tokio_serial::Parity::Even,
					Parity::Odd => tokio_serial::Parity::Odd,
				})
				.stop_bits(match stop_bits {
					2 => tokio_serial::StopBits::Two,
					_ => tokio_serial::StopBits::One,
				});
			// Opening a port may block for as long as its driver likes.
			let opened = tokio::task::spawn_blocking(move || {
				let stream = SerialStream::open(&port)?;
				stream.clear(tokio_serial::ClearBuffer::All)?;
				Ok::<_, tokio_serial::Error>(stream)
			});
			let stream = opened.await.map_err(io::Error::other)?.map_err(io::Error::from)?;
			Ok(rtu::attach_slave(Dialogue::rtu(stream), nobody))
		}
	}
}

async fn tcp_stream(host: &str, port: u16) -> io::Result<TcpStream> {
	let stream = TcpStream::connect((host, port)).await?;
	stream.set_nodelay(true)?;
	Ok(stream)
}

/// The fewest requests that read all of `wanted`, each of at most `max_registers`, reading along gaps of at most
/// `max_gap` registers. A span is never torn apart: what must be read together is.
pub fn plan(mut wanted: Vec<Span>, max_registers: u16, max_gap: u16) -> Vec<Span> {
	wanted.sort();
	let mut blocks: Vec<Span> = Vec::new();
	for span in wanted {
		if let Some(block) = blocks.last_mut() {
			let end = block.end().max(span.end());
			let together = end - u32::from(block.start);
			if block.table == span.table
				&& u32::from(span.start) <= block.end() + u32::from(max_gap)
				&& together <= u32::from(max_registers)
			{
				block.len = together as u16;
				continue;
			}
		}
		blocks.push(span);
	}
	blocks
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const fn input(start: u16, len: u16) -> Span {
		Span { table: Table::Input, start, len }
	}

	#[test]
	fn plan_reads_neighbours_in_one_request() {
		// SDM630: the system's power and both energies.
		assert_eq!(
			plan(vec![input(0x4A, 2), input(0x34, 2), input(0x48, 2)], 60, 20),
			[input(0x34, 24)]
		);
		// SDM120: the power is too far away.
		assert_eq!(
			plan(vec![input(0x0C, 2), input(0x48, 2)], 60, 8),
			[input(0x0C, 2), input(0x48, 2)]
		);
		let holding = Span { table: Table::Holding, ..input(2, 2) };
		assert_eq!(plan(vec![input(0, 2), holding], 60, 8), [holding, input(0, 2)]);
		assert_eq!(plan(vec![input(65_530, 6), input(65_520, 2)], 60, 8), [input(65_520, 16)]);
	}

	#[test]
	fn backoff_doubles_up_to_its_cap() {
		assert_eq!(
			[1, 2, 3, 6, 200].map(|n| backoff(n).as_millis()),
			[250, 500, 1_000, 5_000, 5_000]
		);
	}

	#[test]
	fn serial_line_adds_the_time_of_its_bytes() {
		let at = |baud| {
			Bus::new(Link::Rtu { path: "x".into(), baud, parity: Parity::None, stop_bits: 1 })
		};
		let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
		let _guard = runtime.enter();
		assert_eq!(at(2_400).time_on_the_line(240).as_millis(), 1_100);
		assert_eq!(at(2_400).frame_silence().as_micros(), 16_041);
		assert_eq!(at(115_200).frame_silence().as_micros(), 1_750);
	}

	proptest! {
		#[test]
		fn plan_covers_every_span_within_the_bounds(
			spans in proptest::collection::vec((0u16..300, 1u16..6), 1..30),
			max_registers in 6u16..125,
			max_gap in 0u16..40,
		) {
			let wanted: Vec<_> = spans.into_iter().map(|(start, len)| input(start, len)).collect();
			let blocks = plan(wanted.clone(), max_registers, max_gap);
			prop_assert!(blocks.len() <= wanted.len());
			prop_assert!(blocks.iter().all(|block| block.len <= max_registers));
			for span in wanted {
				prop_assert!(blocks.iter().any(|block| block.contains(&span)), "{span:?} in {blocks:?}");
			}
		}
	}
}
