//! Devices to read, and short ways to read them.

use heliograph_agent::{
	config::{self, Config},
	drivers, keys,
	model::Sample,
	profile::Table,
	simulate::{SimulateArgs, Site},
};
use std::{
	collections::BTreeMap,
	future::{ready, Ready},
	net::SocketAddr,
	sync::{Arc, Mutex, MutexGuard},
	time::{Duration, Instant},
};
use tokio::{
	net::TcpListener,
	sync::{mpsc, watch},
	task::JoinHandle,
	time::timeout,
};
use tokio_modbus::{
	server::{tcp::Server, Service},
	ExceptionCode, Request, Response, SlaveRequest,
};

/// The configuration with these devices, read from a file as `run` and `check` do.
pub fn config(poll: &str, devices: &str) -> Config {
	let folder = tempfile::tempdir().expect("a folder");
	let path = folder.path().join("agent.toml");
	let text = format!(
		"[agent]\nspool = \"spool.db\"\npoll = \"{poll}\"\n\
		 [chain]\nurl = \"ws://127.0.0.1:9944\"\noperator_key = \"operator.key\"\n{devices}"
	);
	std::fs::write(&path, text).expect("written");
	config::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// Makes every key that a configuration names, in a folder that goes when the returned handle is dropped.
pub fn make_keys(config: &mut Config) -> tempfile::TempDir {
	let folder = tempfile::tempdir().expect("a folder");
	let meters = config.devices.iter_mut().flat_map(|device| &mut device.meters);
	for (number, meter) in meters.enumerate() {
		meter.key = folder.path().join(format!("{number}.key"));
		keys::generate(&meter.key, keys::Scheme::Ed25519, None).expect("a key");
	}
	config.chain.operator_key = folder.path().join("operator.key");
	keys::generate(&config.chain.operator_key, keys::Scheme::Sr25519, None).expect("a key");
	folder
}

/// A device with one meter per point, as configuration text.
pub fn device(name: &str, profile: &str, link: &str, unit: u8, points: &[&str]) -> String {
	let mut text =
		format!("[[device]]\nname = \"{name}\"\nprofile = \"{profile}\"\nlink = \"{link}\"\nunit = {unit}\n");
	for point in points {
		text.push_str(&format!(
			"[[device.meter]]\npoint = \"{point}\"\nflow = \"generation\"\nnameplate_w = 10000\n\
			 key = \"{name}-{point}.key\"\n"
		));
	}
	text
}

/// A free port on loopback.
pub async fn listen() -> (TcpListener, SocketAddr) {
	let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
	let address = listener.local_addr().expect("bound");
	(listener, address)
}

pub fn link(address: SocketAddr) -> String {
	format!("tcp:{address}")
}

/// A site that begins at noon.
pub fn site(speed: f64, once: bool) -> Arc<Site> {
	let args = SimulateArgs {
		listen: "127.0.0.1:0".parse().expect("an address"),
		speed,
		profile: None,
		start_day: None,
		start_hour: 10.0,
		pv_watts: None,
		once,
		days: 1.0,
	};
	Arc::new(Site::new(&args).expect("the modelled days"))
}

/// One request: unit, table, first register, how many.
pub type Asked = (u8, Table, u16, u16);

/// One register: unit, table, address.
type Place = (u8, Table, u16);

/// Devices that are nothing but registers.
#[derive(Clone, Default)]
pub struct Image {
	words: Arc<Mutex<BTreeMap<Place, u16>>>,
	asked: Arc<Mutex<Vec<Asked>>>,
	/// A serial bus has no gateway that speaks for a unit that is not there.
	is_serial: bool,
}

impl Image {
	/// Devices on a serial bus.
	pub fn on_serial_bus() -> Self {
		Self { is_serial: true, ..Self::default() }
	}

	pub fn set(&self, unit: u8, table: Table, start: u16, words: &[u16]) {
		let mut all = lock(&self.words);
		for (address, word) in (start..).zip(words) {
			all.insert((unit, table, address), *word);
		}
	}

	pub fn set_float(&self, unit: u8, start: u16, value: f32) {
		let bits = value.to_bits();
		self.set(unit, Table::Input, start, &[(bits >> 16) as u16, bits as u16]);
	}

	/// The requests since the last time.
	pub fn asked(&self) -> Vec<Asked> {
		std::mem::take(&mut lock(&self.asked))
	}

	pub fn serve(&self, listener: TcpListener) -> JoinHandle<()> {
		let image = self.clone();
		tokio::spawn(async move {
			let on_connected = |stream, _| {
				let image = image.clone();
				async move { Ok(Some((image, stream))) }
			};
			let served = Server::new(listener).serve(&on_connected, |_| ()).await;
			panic!("the listener failed: {served:?}");
		})
	}

	fn words(
		&self,
		unit: u8,
		table: Table,
		start: u16,
		count: u16,
	) -> Result<Vec<u16>, ExceptionCode> {
		lock(&self.asked).push((unit, table, start, count));
		let all = lock(&self.words);
		if !all.keys().any(|(known, _, _)| *known == unit) {
			return Err(ExceptionCode::GatewayTargetDevice);
		}
		(start..start + count)
			.map(|address| {
				all.get(&(unit, table, address)).copied().ok_or(ExceptionCode::IllegalDataAddress)
			})
			.collect()
	}
}

impl Service for Image {
	type Request = SlaveRequest<'static>;
	type Response = Option<Response>;
	type Exception = ExceptionCode;
	type Future = Ready<Result<Option<Response>, ExceptionCode>>;

	fn call(&self, request: Self::Request) -> Self::Future {
		let unit = request.slave;
		let answer = match request.request {
			Request::ReadInputRegisters(start, count) => {
				self.words(unit, Table::Input, start, count).map(Response::ReadInputRegisters)
			}
			Request::ReadHoldingRegisters(start, count) => {
				self.words(unit, Table::Holding, start, count).map(Response::ReadHoldingRegisters)
			}
			_ => Err(ExceptionCode::IllegalFunction),
		};
		ready(match answer {
			Err(ExceptionCode::GatewayTargetDevice) if self.is_serial => Ok(None),
			answer => answer.map(Some),
		})
	}
}

/// An SDM120 as `unit`, at `kwh`.
pub fn sdm120(image: &Image, unit: u8, kwh: f32) {
	image.set_float(unit, 0x0C, 1_500.0);
	image.set_float(unit, 0x48, kwh);
	image.set_float(unit, 0x4A, 1.0);
	image.set(unit, Table::Holding, 0xFC00, &[0, 4711]);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
	mutex.lock().expect("no test panics while it holds this")
}

/// The drivers at work.
pub struct Field {
	pub samples: mpsc::Receiver<Sample>,
	pub shutdown: watch::Sender<bool>,
	pub tasks: Vec<JoinHandle<()>>,
}

impl Field {
	pub fn start(config: &Config) -> Self {
		let (sender, samples) = mpsc::channel(64);
		let (shutdown, stop) = watch::channel(false);
		let tasks = drivers::spawn(config, Instant::now(), sender, stop);
		Self { samples, shutdown, tasks }
	}

	/// The next sample that is what is wanted, at most `seconds` from now.
	pub async fn wait_for(&mut self, seconds: u64, wanted: impl Fn(&Sample) -> bool) -> Sample {
		let search = async {
			loop {
				let sample = self.samples.recv().await.expect("the drivers run");
				if wanted(&sample) {
					return sample;
				}
			}
		};
		timeout(Duration::from_secs(seconds), search)
			.await
			.expect("the sample did not come in time")
	}

	/// Everything that comes within `duration`.
	pub async fn collect(&mut self, duration: Duration) -> Vec<Sample> {
		let mut samples = Vec::new();
		let end = tokio::time::Instant::now() + duration;
		while let Ok(Some(sample)) = tokio::time::timeout_at(end, self.samples.recv()).await {
			samples.push(sample);
		}
		samples
	}
}
