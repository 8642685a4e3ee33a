use crate::support::*;
use heliograph_agent::{check, profile::Table, simulate};

#[tokio::test]
async fn check_shows_a_table_when_all_is_well() {
	let (listener, address) = listen().await;
	tokio::spawn(simulate::serve(listener, site(1.0, false)));
	let mut config = config(
		"1s",
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
	let report = check::report(&config).await;
	assert_eq!((report.meters, report.failed), (3, 0), "{}", report.text);
	let lines: Vec<_> = report.text.lines().collect();
	assert_eq!(lines.len(), 4, "{}", report.text);
	for (line, word) in
		[(0, "register kWh"), (1, "4321.0"), (2, "eastron-sdm630"), (3, "VIRTUAL-3")]
	{
		assert!(lines[line].contains(word), "{}", report.text);
	}
	assert!(lines[1..].iter().all(|line| line.ends_with("ok")), "{}", report.text);
	let keys = make_keys(&mut config);
	check::run(&config).await.expect("all is well");
	drop(keys);
	let error = check::run(&config).await.expect_err("the keys are gone").to_string();
	assert_eq!(error, "4 key files cannot be used");
}

#[tokio::test]
async fn check_says_what_to_do_when_a_device_cannot_be_read() {
	let image = Image::default();
	sdm120(&image, 1, 0.0);
	sdm120(&image, 2, f32::NAN);
	image.set(3, Table::Input, 0, &[0xffff; 100]);
	image.set(4, Table::Input, 0x0C, &[0; 2]);
	put_sunspec_all_ones(&image, 5);
	let (listener, address) = listen().await;
	image.serve(listener);
	let (closed, closed_address) = listen().await;
	drop(closed);
	let (_silent, silent_address) = listen().await;
	let good =
		|name: &str, unit| device(name, "eastron-sdm120", &link(address), unit, &["import_energy"]);
	let cases = [
		(good("zero", 1), "a lifetime total of zero is not a measurement", "zero_is_valid = true"),
		(good("nan", 2), "NaN is not an energy", "is this point the"),
		(good("ones", 3), "NaN is not an energy", "is it a device of profile `eastron-sdm120`"),
		(
			good("refused", 4),
			"exception 0x02: the device has no such registers",
			"is it another model?",
		),
		(
			device("sun", "sunspec-meter", &link(address), 5, &["import_energy"]),
			"the value is not available (0xffffffff)",
			"is it a device of profile `sunspec-meter`",
		),
		(good("unit", 9), "unit 9): exception 0x0b", "no device has the unit id 9 there"),
		(
			device("closed", "eastron-sdm120", &link(closed_address), 1, &["import_energy"]),
			"cannot open tcp:127.0.0.1",
			"is the device switched on",
		),
		(
			device("silent", "eastron-sdm120", &link(silent_address), 1, &["import_energy"]),
			"no answer within 1000 ms",
			"the unit id (Modbus address) is shown in the device's menu",
		),
		(
			device("port", "eastron-sdm120", "rtu:/dev/nowhere", 1, &["import_energy"]),
			"cannot open rtu:/dev/nowhere?baud=2400",
			"is the adapter plugged in",
		),
	];
	let devices: String = cases.iter().map(|(device, _, _)| device.as_str()).collect();
	let mut config = config("1s", &devices);
	let report = check::report(&config).await;
	assert_eq!((report.meters, report.failed), (9, 9), "{}", report.text);
	for (_, what, advice) in &cases {
		assert!(report.text.contains(what), "{what}:\n{}", report.text);
		assert!(report.text.contains(advice), "{advice}:\n{}", report.text);
	}
	let _keys = make_keys(&mut config);
	let error = check::run(&config).await.expect_err("nothing can be read").to_string();
	assert_eq!(error, "9 of 9 meters cannot be read");
}

/// A SunSpec meter whose every value is unset.
fn put_sunspec_all_ones(image: &Image, unit: u8) {
	let mut words = vec![0x5375, 0x6e53, 203, 105];
	words.extend([0xffff; 105]);
	// A factor that is there, so that it is the total that is missing.
	words[4 + 52] = 0;
	words.extend([0xffff, 0]);
	image.set(unit, Table::Holding, 40_000, &words);
}
