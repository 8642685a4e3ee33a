use crate::support::*;
use heliograph_agent::{drivers::probe, model::Missing};
use std::{os::unix::fs::symlink, path::Path, time::Duration};
use tokio::{
	io::{AsyncReadExt, AsyncWriteExt},
	sync::mpsc,
	task::JoinHandle,
};
use tokio_modbus::server::{rtu, rtu_over_tcp};
use tokio_serial::{SerialPort, SerialStream};

/// A serial adapter at `path` with the devices of `image` behind it.
struct Adapter {
	server: JoinHandle<()>,
	/// The far end stays open, or the pseudo-terminal would hang up whenever the agent closes it.
	_port: SerialStream,
}

impl Adapter {
	fn plug_in(path: &Path, image: &Image) -> Self {
		let (near, far) = SerialStream::pair().expect("a pseudo-terminal");
		symlink(far.name().expect("it has a name"), path).expect("a free path");
		let image = image.clone();
		let server = tokio::spawn(async move {
			let served = rtu::Server::new(near).serve_forever(image).await;
			panic!("the pseudo-terminal failed: {served:?}");
		});
		Self { server, _port: far }
	}

	async fn unplug(self, path: &Path) {
		std::fs::remove_file(path).expect("it was there");
		self.server.abort();
		assert!(self.server.await.expect_err("aborted").is_cancelled());
	}
}

#[tokio::test]
async fn devices_share_a_serial_bus() {
	let folder = tempfile::tempdir().expect("a folder");
	let path = folder.path().join("ttyUSB0");
	let image = Image::on_serial_bus();
	sdm120(&image, 1, 10.0);
	sdm120(&image, 2, 20.0);
	let _adapter = Adapter::plug_in(&path, &image);
	let link = format!("rtu:{}?baud=9600", path.display());
	let config = config(
		"300ms",
		&[
			device("a", "eastron-sdm120", &link, 1, &["import_energy"]),
			device("gone", "eastron-sdm120", &link, 7, &["import_energy"]),
			device("b", "eastron-sdm120", &link, 2, &["import_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	let samples = field.collect(Duration::from_secs(6)).await;
	for (name, register) in [("a/import_energy", 10_000_000), ("b/import_energy", 20_000_000)] {
		let good =
			samples.iter().filter(|s| &*s.meter == name && s.register == Ok(register)).count();
		assert!(good >= 6, "{name}: {good} good samples in {samples:?}");
		assert!(samples.iter().all(|s| &*s.meter != name || s.register == Ok(register)));
	}
	let gone = samples.iter().find(|sample| sample.meter.starts_with("gone")).expect("also sent");
	assert!(
		matches!(&gone.register, Err(Missing::Unreachable(why)) if why.starts_with("no answer within"))
	);
}

#[tokio::test]
async fn serial_bus_recovers_when_it_is_plugged_in_again_and_the_others_never_stop() {
	let folder = tempfile::tempdir().expect("a folder");
	let path = folder.path().join("ttyUSB0");
	let image = Image::on_serial_bus();
	sdm120(&image, 1, 10.0);
	let adapter = Adapter::plug_in(&path, &image);
	let other = Image::default();
	sdm120(&other, 1, 99.0);
	let (listener, address) = listen().await;
	other.serve(listener);
	let config = config(
		"200ms",
		&[
			device(
				"serial",
				"eastron-sdm120",
				&format!("rtu:{}", path.display()),
				1,
				&["import_energy"],
			),
			device("tcp", "eastron-sdm120", &link(address), 1, &["import_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	field.wait_for(5, |sample| sample.meter.starts_with("serial") && sample.register.is_ok()).await;

	adapter.unplug(&path).await;
	field
		.wait_for(5, |sample| sample.meter.starts_with("serial") && sample.register.is_err())
		.await;
	let meanwhile = field.collect(Duration::from_secs(4)).await;
	let (serial, tcp): (Vec<_>, Vec<_>) =
		meanwhile.iter().partition(|sample| sample.meter.starts_with("serial"));
	assert!(tcp.len() >= 10 && tcp.iter().all(|sample| sample.register == Ok(99_000_000)));
	assert!(!serial.is_empty() && serial.iter().all(|sample| sample.register.is_err()));

	sdm120(&image, 1, 11.0);
	let _adapter = Adapter::plug_in(&path, &image);
	let back = field
		.wait_for(12, |sample| sample.meter.starts_with("serial") && sample.register.is_ok())
		.await;
	assert_eq!(back.register, Ok(11_000_000));
}

#[tokio::test]
async fn rtu_frames_are_read_through_tcp() {
	let image = Image::on_serial_bus();
	sdm120(&image, 5, 12.5);
	let (listener, address) = listen().await;
	let served = image.clone();
	tokio::spawn(async move {
		let on_connected = |stream, _| {
			let image = served.clone();
			async move { Ok(Some((image, stream))) }
		};
		rtu_over_tcp::Server::new(listener).serve(&on_connected, |_| ()).await
	});
	let link = format!("rtu-over-tcp:{address}");
	let config = config("1s", &device("roof", "eastron-sdm120", &link, 5, &["import_energy"]));
	let samples = probe(&config.devices[0]).await.expect("read");
	assert_eq!(samples[0].register, Ok(12_500_000));
	assert_eq!(samples[0].serial.as_deref(), Some("4711"));
}

/// The check sum of an RTU frame, low byte first.
fn crc(frame: &[u8]) -> [u8; 2] {
	let crc = frame.iter().fold(0xffffu16, |crc, byte| {
		(0..8).fold(
			crc ^ u16::from(*byte),
			|crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xA001 } else { crc >> 1 },
		)
	});
	crc.to_le_bytes()
}

type Request = [u8; 8];

/// What an SDM120 at 1,500 W and 100 kWh answers.
fn right_answer(request: &Request) -> Vec<u8> {
	let value = match request[3] {
		0x0C => 1_500f32.to_bits(),
		0x48 => 100f32.to_bits(),
		_ => 4_711,
	};
	let mut reply = [&request[..2], &[4], &value.to_be_bytes()[..]].concat();
	reply.extend(crc(&reply));
	reply
}

/// A device that answers each request, counted from 0, with these bytes after this many milliseconds, and is at work on
/// several at once. Keep what is returned.
fn strange_device(path: &Path, answer: fn(u64, &Request) -> (u64, Vec<u8>)) -> SerialStream {
	let (near, far) = SerialStream::pair().expect("a pseudo-terminal");
	symlink(far.name().expect("it has a name"), path).expect("a free path");
	let (mut requests, mut answers) = tokio::io::split(near);
	let (sender, mut replies) = mpsc::unbounded_channel::<Vec<u8>>();
	tokio::spawn(async move {
		while let Some(reply) = replies.recv().await {
			answers.write_all(&reply).await.expect("the pseudo-terminal is open");
		}
	});
	tokio::spawn(async move {
		let mut request = [0u8; 8];
		for number in 0.. {
			requests.read_exact(&mut request).await.expect("the pseudo-terminal is open");
			let (delay, reply) = answer(number, &request);
			let sender = sender.clone();
			tokio::spawn(async move {
				tokio::time::sleep(Duration::from_millis(delay)).await;
				sender.send(reply)
			});
		}
	});
	far
}

/// Reads a strange device for a while. Whatever it does, a register that comes through is the right one.
async fn read_strange_device(
	seconds: u64,
	answer: fn(u64, &Request) -> (u64, Vec<u8>),
) -> (usize, usize) {
	let folder = tempfile::tempdir().expect("a folder");
	let path = folder.path().join("ttyUSB0");
	let _far = strange_device(&path, answer);
	let link = format!("rtu:{}?baud=115200", path.display());
	let config = config("100ms", &device("roof", "eastron-sdm120", &link, 1, &["import_energy"]));
	let mut field = Field::start(&config);
	let samples = field.collect(Duration::from_secs(seconds)).await;
	let (good, bad): (Vec<_>, Vec<_>) = samples.iter().partition(|sample| sample.register.is_ok());
	for sample in &good {
		assert_eq!(sample.register, Ok(100_000_000));
		assert!(sample.power.is_none_or(|watts| watts == 1_500.0), "{sample:?}");
	}
	(good.len(), bad.len())
}

#[tokio::test]
async fn late_frame_is_never_taken_for_the_answer_to_a_later_request() {
	// Power and energy are the same number of registers of the same unit: nothing in a reply tells which of the two it is.
	let (good, bad) = read_strange_device(15, |number, request| {
		(if number % 7 < 2 { 1_400 } else { 0 }, right_answer(request))
	})
	.await;
	assert!(good >= 4 && bad >= 4, "{good} good, {bad} bad");
}

#[tokio::test]
async fn broken_frame_is_no_answer() {
	let (good, bad) = read_strange_device(15, |number, request| {
		let mut reply = right_answer(request);
		match number % 40 {
			5 => reply[4] ^= 0x40,
			17 => reply.truncate(5),
			30 => reply[0] = 2,
			_ => {}
		}
		(0, reply)
	})
	.await;
	assert!(good >= 20 && bad >= 3, "{good} good, {bad} bad");
}

#[tokio::test]
async fn echo_of_the_adapter_is_skipped() {
	let (good, bad) =
		read_strange_device(3, |_, request| (0, [&request[..], &right_answer(request)].concat()))
			.await;
	assert!(good >= 10 && bad == 0, "{good} good, {bad} bad");
}
