use crate::support::*;
use heliograph_agent::{
	drivers::probe,
	model::{Missing, Sample},
	profile::Table,
	simulate,
};
use std::{
	sync::{
		atomic::{AtomicUsize, Ordering},
		Arc,
	},
	time::Duration,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const TABLES: [Table; 2] = [Table::Input, Table::Holding];

/// What a meter that holds kWh in a single shows of a register, in mWh.
fn as_single(register: u64) -> u64 {
	(f64::from((register as f64 / 1e6) as f32) * 1e6).floor() as u64
}

#[tokio::test]
async fn virtual_site_is_read_to_the_milli_watt_hour_when_its_day_is_over() {
	let site = site(1e6, true);
	let (listener, address) = listen().await;
	tokio::spawn(simulate::serve(listener, site.clone()));
	tokio::time::sleep(site.lasts().expect("a day")).await;

	let config = config(
		"1s",
		&[
			device(
				"grid",
				"eastron-sdm630",
				&link(address),
				1,
				&["import_energy", "export_energy"],
			),
			device("roof", "eastron-sdm120", &link(address), 2, &["import_energy"]),
			device("inverter", "sunspec-inverter", &link(address), 3, &["generation_energy"]),
		]
		.concat(),
	);
	let end = site.snapshot();
	let mut found = Vec::new();
	for device in &config.devices {
		let samples = probe(device).await.unwrap_or_else(|error| panic!("{error}"));
		found.extend(samples.into_iter().map(|sample| {
			assert_eq!(sample.power.map(f64::abs), Some(0.0));
			(
				sample.meter.to_string(),
				sample.register.expect("a register"),
				sample.serial.expect("a serial"),
			)
		}));
	}
	let row = |meter: &str, register, serial: &str| (meter.to_owned(), register, serial.into());
	assert_eq!(
		found,
		[
			row("grid/import_energy", as_single(end.import), "630120001"),
			row("grid/export_energy", as_single(end.export), "630120001"),
			row("roof/import_energy", as_single(end.generation), "630120002"),
			row("inverter/generation_energy", end.generation / 1_000 * 1_000, "VIRTUAL-3"),
		]
	);
	assert_eq!(site.snapshot(), end);
}

#[tokio::test]
async fn drivers_send_one_sample_per_meter_and_poll() {
	let (listener, address) = listen().await;
	tokio::spawn(simulate::serve(listener, site(300.0, false)));
	let config = config(
		"100ms",
		&[
			device(
				"grid",
				"eastron-sdm630",
				&link(address),
				1,
				&["import_energy", "export_energy"],
			),
			device("inverter", "sunspec-inverter", &link(address), 3, &["generation_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	// Devices on one link share a task.
	assert_eq!(field.tasks.len(), 1);
	let samples = field.collect(Duration::from_secs(3)).await;
	for name in ["grid/import_energy", "grid/export_energy", "inverter/generation_energy"] {
		let of_meter: Vec<_> = samples.iter().filter(|sample| &*sample.meter == name).collect();
		// Thirty polls; a busy machine may skip some, and none comes twice.
		assert!((10..=31).contains(&of_meter.len()), "{name}: {} samples", of_meter.len());
		for pair in of_meter.windows(2) {
			assert!(pair[0].since_start < pair[1].since_start);
			assert!(
				pair[0].register.clone().expect("read") <= pair[1].register.clone().expect("read")
			);
		}
	}
	let generation = |sample: &&Sample| &*sample.meter == "inverter/generation_energy";
	let first = samples.iter().find(generation).expect("a sample");
	let last = samples.iter().rfind(generation).expect("a sample");
	// Ten to the clock, the plant makes more than 2 kW; at 300x that is more than 100 Wh in two thirds of the time.
	assert!(last.register.clone().expect("read") > first.register.clone().expect("read") + 100_000);
	assert!(last.power.expect("a power") > 2_000.0);

	field.shutdown.send(true).expect("the drivers listen");
	for task in field.tasks {
		tokio::time::timeout(Duration::from_secs(2), task)
			.await
			.expect("it ends")
			.expect("without a panic");
	}
}

#[tokio::test]
async fn drivers_end_when_nobody_wants_samples() {
	let (listener, address) = listen().await;
	tokio::spawn(simulate::serve(listener, site(1.0, false)));
	let config =
		config("5m", &device("roof", "eastron-sdm120", &link(address), 2, &["import_energy"]));
	let field = Field::start(&config);
	let Field { samples, tasks, shutdown } = field;
	drop(samples);
	for task in tasks {
		tokio::time::timeout(Duration::from_secs(2), task)
			.await
			.expect("it ends")
			.expect("without a panic");
	}
	drop(shutdown);
}

#[tokio::test]
async fn device_is_read_in_few_requests() {
	let image = Image::default();
	sdm120(&image, 1, 100.0);
	let (listener, address) = listen().await;
	image.serve(listener);
	let config = config(
		"1s",
		&device("roof", "eastron-sdm120", &link(address), 1, &["import_energy", "export_energy"]),
	);
	let samples = probe(&config.devices[0]).await.expect("read");
	assert_eq!(samples[0].register, Ok(100_000_000));
	// The power of the exporting direction is the power turned around.
	assert_eq!((samples[0].power, samples[1].power), (Some(1_500.0), Some(-1_500.0)));
	let expected =
		[(1, Table::Input, 0x0C, 2), (1, Table::Input, 0x48, 4), (1, Table::Holding, 0xFC00, 2)];
	assert_eq!(image.asked(), expected);
}

#[tokio::test]
async fn energy_is_read_when_the_device_refuses_another_block() {
	let image = Image::default();
	image.set_float(1, 0x48, 100.0);
	let (listener, address) = listen().await;
	image.serve(listener);
	let config =
		config("1s", &device("roof", "eastron-sdm120", &link(address), 1, &["import_energy"]));
	let samples = probe(&config.devices[0]).await.expect("read");
	assert_eq!(samples[0].register, Ok(100_000_000));
	assert_eq!((samples[0].power, samples[0].serial.clone()), (None, None));
}

#[tokio::test]
async fn serial_number_is_asked_again_when_a_register_falls() {
	let image = Image::default();
	sdm120(&image, 1, 100.0);
	let (listener, address) = listen().await;
	image.serve(listener);
	let config =
		config("100ms", &device("roof", "eastron-sdm120", &link(address), 1, &["import_energy"]));
	let mut field = Field::start(&config);
	let first = field.wait_for(5, |sample| sample.register.is_ok()).await;
	assert_eq!(first.serial.as_deref(), Some("4711"));
	// Another meter takes its place.
	image.set(1, Table::Holding, 0xFC00, &[0, 4712]);
	image.set_float(1, 0x48, 7.0);
	let fallen = field.wait_for(5, |sample| sample.register == Ok(7_000_000)).await;
	assert_eq!(fallen.serial.as_deref(), Some("4712"));
}

#[tokio::test]
async fn stuck_link_never_stops_the_others() {
	let image = Image::default();
	sdm120(&image, 1, 100.0);
	let (listener, address) = listen().await;
	image.serve(listener);
	// Accepted by the system, never answered by anybody.
	let (_silent, silent_address) = listen().await;
	let config = config(
		"100ms",
		&[
			device("good", "eastron-sdm120", &link(address), 1, &["import_energy"]),
			device("stuck", "eastron-sdm120", &link(silent_address), 1, &["import_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	assert_eq!(field.tasks.len(), 2);
	let samples = field.collect(Duration::from_secs(4)).await;
	let (good, stuck): (Vec<_>, Vec<_>) =
		samples.iter().partition(|sample| sample.meter.starts_with("good"));
	assert!(good.len() >= 15, "{} samples", good.len());
	for pair in good.windows(2) {
		assert!(pair[1].register.is_ok());
		assert!(pair[1].since_start - pair[0].since_start < Duration::from_millis(900));
	}
	assert!(!stuck.is_empty());
	for sample in stuck {
		let expected = Missing::Unreachable("no answer within 1000 ms".into());
		assert_eq!(sample.register, Err(expected));
	}
}

#[tokio::test]
async fn silent_unit_leaves_the_bus_to_the_others() {
	let image = Image::default();
	sdm120(&image, 1, 100.0);
	let (listener, address) = listen().await;
	image.serve(listener);
	let config = config(
		"200ms",
		&[
			device("good", "eastron-sdm120", &link(address), 1, &["import_energy"]),
			device("gone", "eastron-sdm120", &link(address), 9, &["import_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	assert_eq!(field.tasks.len(), 1);
	let samples = field.collect(Duration::from_secs(3)).await;
	let good = samples.iter().filter(|sample| sample.register == Ok(100_000_000)).count();
	assert!(good >= 7, "{good} samples");
	let gone: Vec<_> = samples.iter().filter(|sample| sample.meter.starts_with("gone")).collect();
	// Every poll has its sample, also while the device is left alone for a while.
	assert!(gone.len() >= 7, "{} samples", gone.len());
	let asked = image.asked().iter().filter(|asked| asked.0 == 9).count();
	assert!(asked < gone.len() * 2, "{asked} requests to the silent unit");
}

#[tokio::test]
async fn link_recovers_when_the_device_comes_back() {
	let image = Image::default();
	sdm120(&image, 1, 100.0);
	let (listener, address) = listen().await;
	let server = image.serve(listener);
	let config =
		config("200ms", &device("roof", "eastron-sdm120", &link(address), 1, &["import_energy"]));
	let mut field = Field::start(&config);
	field.wait_for(5, |sample| sample.register.is_ok()).await;

	server.abort();
	assert!(server.await.expect_err("aborted").is_cancelled());
	let lost = field.wait_for(5, |sample| sample.register.is_err()).await;
	assert!(matches!(lost.register, Err(Missing::Unreachable(_))), "{lost:?}");
	// Long enough for the pauses between attempts to grow.
	field.collect(Duration::from_secs(4)).await;

	sdm120(&image, 1, 101.0);
	let listener = tokio::net::TcpListener::bind(address).await.expect("the port is free again");
	image.serve(listener);
	let back = field.wait_for(12, |sample| sample.register.is_ok()).await;
	assert_eq!(back.register, Ok(101_000_000));
}

#[tokio::test]
async fn late_answer_is_never_taken_for_another_one() {
	// Answers every request with its number as the register, the first one after the patience of the client is over.
	let (listener, address) = listen().await;
	let connections = Arc::new(AtomicUsize::new(0));
	let counted = connections.clone();
	tokio::spawn(async move {
		let mut number = 0u16;
		while let Ok((mut stream, _)) = listener.accept().await {
			counted.fetch_add(1, Ordering::SeqCst);
			let mut request = [0u8; 12];
			while stream.read_exact(&mut request).await.is_ok() {
				number += 1;
				if number == 1 {
					tokio::time::sleep(Duration::from_millis(1_300)).await;
				}
				let count = usize::from(request[11]);
				let mut reply = request[..4].to_vec();
				reply.extend([0, 3 + 2 * count as u8, request[6], request[7], 2 * count as u8]);
				let value = f32::from(number).to_bits().to_be_bytes();
				(0..count / 2).for_each(|_| reply.extend(value));
				if stream.write_all(&reply).await.is_err() {
					break;
				}
			}
		}
	});
	let config =
		config("100ms", &device("roof", "eastron-sdm120", &link(address), 1, &["import_energy"]));
	let mut field = Field::start(&config);
	let first = field.wait_for(8, |sample| sample.register.is_ok()).await;
	assert!(
		connections.load(Ordering::SeqCst) >= 2,
		"the connection with the late answer is given up"
	);
	// Request 1 was the power and came too late; 2 is the power again, 3 the energy.
	assert_eq!((first.power, first.register), (Some(2.0), Ok(3_000_000)));
}

#[tokio::test]
async fn two_meters_on_one_link_read_their_own_tables() {
	let image = Image::default();
	for (unit, kwh) in [(1, 10.0), (2, 20.0)] {
		sdm120(&image, unit, kwh);
	}
	let (listener, address) = listen().await;
	image.serve(listener);
	let config = config(
		"1s",
		&[
			device("a", "eastron-sdm120", &link(address), 1, &["import_energy"]),
			device("b", "eastron-sdm120", &link(address), 2, &["import_energy"]),
		]
		.concat(),
	);
	let mut field = Field::start(&config);
	for (name, register) in [("a/import_energy", 10_000_000), ("b/import_energy", 20_000_000)] {
		let sample = field.wait_for(5, |sample| &*sample.meter == name).await;
		assert_eq!(sample.register, Ok(register));
	}
	assert!(image.asked().iter().all(|(_, table, _, _)| TABLES.contains(table)));
}
