use crate::support::*;
use heliograph_agent::{drivers::probe, model::Missing, profile::Table};

/// A SunSpec map at `base` of these models, each with its body.
fn put_models(image: &Image, base: u16, models: &[(u16, Vec<u16>)]) {
	let mut words = vec![0x5375, 0x6e53];
	for (id, body) in models {
		words.extend([*id, body.len() as u16]);
		words.extend(body);
	}
	words.extend([0xffff, 0]);
	image.set(1, Table::Holding, base, &words);
}

fn common(serial: &str) -> (u16, Vec<u16>) {
	let mut body = vec![0; 66];
	for (index, pair) in serial.as_bytes().chunks(2).enumerate() {
		body[48 + index] = u16::from(pair[0]) << 8 | u16::from(pair.get(1).copied().unwrap_or(0));
	}
	(1, body)
}

/// A three-phase meter. Offsets in the standard count from the id register, two before the body.
fn meter(export: u32, import: u32, factor: i16) -> (u16, Vec<u16>) {
	let mut body = vec![0xffff; 105];
	body[18 - 2] = -1_234i16 as u16;
	body[22 - 2] = -1i16 as u16;
	for (offset, value) in [(38, export), (46, import)] {
		body[offset - 2] = (value >> 16) as u16;
		body[offset - 1] = value as u16;
	}
	body[54 - 2] = factor as u16;
	(203, body)
}

async fn image_on_tcp() -> (Image, String) {
	let image = Image::default();
	let (listener, address) = listen().await;
	image.serve(listener);
	(image, link(address))
}

#[tokio::test]
async fn meter_is_found_at_every_base_and_behind_other_models() {
	for base in [0, 40_000, 50_000] {
		let (image, link) = image_on_tcp().await;
		put_models(&image, base, &[common("SN-77"), (120, vec![0; 26]), meter(123_456, 70_000, 1)]);
		let config = config(
			"1s",
			&device("grid", "sunspec-meter", &link, 1, &["import_energy", "export_energy"]),
		);
		let samples =
			probe(&config.devices[0]).await.unwrap_or_else(|error| panic!("{base}: {error}"));
		// Wh times ten.
		assert_eq!(samples[0].register, Ok(700_000_000));
		assert_eq!(samples[1].register, Ok(1_234_560_000));
		assert_eq!((samples[0].power, samples[1].power), (Some(-123.4), Some(123.4)));
		assert_eq!(samples[0].serial.as_deref(), Some("SN-77"));
		// Totals, powers and their scale factors came in one request.
		let model = base + 2 + 68 + 28;
		let inside = (model + 2)..(model + 107);
		let reads: Vec<_> =
			image.asked().into_iter().filter(|asked| inside.contains(&asked.2)).collect();
		assert_eq!(reads, [(1, Table::Holding, model + 18, 37)]);
	}
}

#[tokio::test]
async fn float_models_serve_when_there_is_no_integer_model() {
	let (image, link) = image_on_tcp().await;
	let mut body = vec![0xffff; 60];
	for (offset, value) in [(22, 2_500.0f32), (32, 1_000_000.0)] {
		body[offset - 2] = (value.to_bits() >> 16) as u16;
		body[offset - 1] = value.to_bits() as u16;
	}
	put_models(&image, 40_000, &[common("F"), (113, body)]);
	let config =
		config("1s", &device("roof", "sunspec-inverter", &link, 1, &["generation_energy"]));
	let samples = probe(&config.devices[0]).await.expect("read");
	assert_eq!((samples[0].register.clone(), samples[0].power), (Ok(1_000_000_000), Some(2_500.0)));
}

#[tokio::test]
async fn total_is_missing_when_it_or_its_factor_is_not_implemented() {
	for (export, factor) in [(0, 0), (u32::MAX, 0), (5_000, i16::MIN), (5_000, 11)] {
		let (image, link) = image_on_tcp().await;
		put_models(&image, 40_000, &[common("X"), meter(export, 70_000, factor)]);
		let config = config("1s", &device("grid", "sunspec-meter", &link, 1, &["export_energy"]));
		let samples = probe(&config.devices[0]).await.expect("it answers");
		match (export, &samples[0].register) {
			(0, Err(Missing::Zero)) | (1.., Err(Missing::Sentinel(_))) => {}
			(_, other) => panic!("{export}, {factor}: {other:?}"),
		}
	}
}

#[tokio::test]
async fn device_is_refused_when_it_is_another_kind() {
	let (image, link) = image_on_tcp().await;
	put_models(&image, 40_000, &[common("X"), meter(1, 1, 0)]);
	let inverter =
		config("1s", &device("roof", "sunspec-inverter", &link, 1, &["generation_energy"]));
	let error = probe(&inverter.devices[0]).await.expect_err("a meter").to_string();
	assert!(error.contains("the device has the SunSpec models [1, 203]"), "{error}");

	let (image, link) = image_on_tcp().await;
	image.set(1, Table::Holding, 0, &[0; 200]);
	let meter = config("1s", &device("grid", "sunspec-meter", &link, 1, &["export_energy"]));
	let error = probe(&meter.devices[0]).await.expect_err("zeros").to_string();
	assert!(error.contains("no SunSpec marker at [40000, 0, 50000]"), "{error}");
}

#[tokio::test]
async fn chain_without_an_end_is_an_error() {
	let (image, link) = image_on_tcp().await;
	image.set(1, Table::Holding, 40_000, &[0x5375, 0x6e53]);
	image.set(1, Table::Holding, 40_002, &[0; 100]);
	let zeros = config("1s", &device("grid", "sunspec-meter", &link, 1, &["export_energy"]));
	let error = probe(&zeros.devices[0]).await.expect_err("no end").to_string();
	assert!(error.contains("broken at address 40002"), "{error}");

	// Models without a body, up to the last register.
	image.set(1, Table::Holding, 40_002, &[[120, 0]; 12_000].concat());
	let error = probe(&zeros.devices[0]).await.expect_err("no end").to_string();
	assert!(error.contains("is broken at address"), "{error}");
}
