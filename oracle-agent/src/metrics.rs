//! Prometheus metrics. Counters are counted where things happen; gauges are set from the [`Report`] when they are asked for.

use metrics::{counter, describe_counter, describe_gauge, gauge, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::status::Report;

/// Starts collecting. Once per process.
pub fn install() -> anyhow::Result<PrometheusHandle> {
	let handle = PrometheusBuilder::new().install_recorder()?;
	describe_counter!(
		"heliograph_samples_total",
		"Looks at a meter, by what they gave: good, missing, held, reset"
	);
	describe_counter!(
		"heliograph_submissions_total",
		"Batches given to a node, by what became of them"
	);
	describe_gauge!("heliograph_readings", "Signed readings in the spool, by state");
	describe_gauge!("heliograph_attested_mwh", "Energy attested by the finalised chain, in mWh");
	describe_gauge!(
		"heliograph_measured_mwh",
		"Energy measured since the first signed reading, in mWh"
	);
	describe_gauge!(
		"heliograph_register_mwh",
		"The meter's register at the last good sample, in mWh"
	);
	describe_gauge!(
		"heliograph_power_watts",
		"Momentary power in the direction of the meter's flow"
	);
	describe_gauge!(
		"heliograph_last_sample_seconds",
		Unit::Seconds,
		"When the last good sample was taken, since 1970"
	);
	describe_gauge!("heliograph_device_up", "1 when every meter of the device gives its register");
	describe_gauge!("heliograph_chain_connected", "1 when the node answers");
	describe_gauge!("heliograph_chain_best_block", "Number of the best block");
	describe_gauge!("heliograph_chain_finalised_block", "Number of the last finalised block");
	describe_gauge!("heliograph_spool_pending", "Readings whose fate is open, over all meters");
	Ok(handle)
}

/// Counts a look at a meter.
pub fn sampled(meter: &str, result: &'static str) {
	counter!("heliograph_samples_total", "meter" => meter.to_owned(), "result" => result)
		.increment(1);
}

/// Counts a batch.
pub fn submitted(result: &'static str) {
	counter!("heliograph_submissions_total", "result" => result).increment(1);
}

/// Sets the gauges.
pub fn show(report: &Report) {
	gauge!("heliograph_chain_connected").set(f64::from(u8::from(report.chain.connected)));
	gauge!("heliograph_chain_best_block").set(report.chain.best as f64);
	gauge!("heliograph_chain_finalised_block").set(report.chain.finalised as f64);
	gauge!("heliograph_spool_pending")
		.set(report.meters.iter().map(|meter| meter.pending).sum::<u64>() as f64);
	for meter in &report.meters {
		let name = || meter.name.clone();
		for (state, count) in [
			("pending", meter.pending),
			("attested", meter.attested),
			("refused", meter.refused),
			("superseded", meter.superseded),
		] {
			gauge!("heliograph_readings", "meter" => name(), "state" => state).set(count as f64);
		}
		gauge!("heliograph_measured_mwh", "meter" => name()).set(meter.measured_mwh as f64);
		// What is not known is not zero: NaN is how Prometheus says so.
		let known = |value: Option<u64>| value.map_or(f64::NAN, |value| value as f64);
		gauge!("heliograph_attested_mwh", "meter" => name()).set(known(meter.attested_mwh));
		gauge!("heliograph_register_mwh", "meter" => name()).set(known(meter.register_mwh));
		gauge!("heliograph_power_watts", "meter" => name()).set(meter.power_w.unwrap_or(f64::NAN));
		gauge!("heliograph_last_sample_seconds", "meter" => name())
			.set(known(meter.last_sample_millis) / 1_000.0);
		let device_up =
			report.meters.iter().filter(|other| other.device == meter.device).all(|other| other.up);
		gauge!("heliograph_device_up", "device" => meter.device.clone())
			.set(f64::from(u8::from(device_up)));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::status::{ChainReport, MeterReport};
	use metrics::with_local_recorder;

	#[test]
	fn gauges_show_the_report() {
		let recorder = PrometheusBuilder::new().build_recorder();
		let meter = MeterReport {
			name: "roof/import_energy".into(),
			device: "roof".into(),
			pending: 3,
			attested_mwh: Some(5_000),
			up: true,
			..MeterReport::default()
		};
		let grid = MeterReport { name: "roof/export_energy".into(), up: false, ..meter.clone() };
		let chain = ChainReport { best: 12, finalised: 10, ..ChainReport::default() };
		let text = with_local_recorder(&recorder, || {
			show(&Report { chain, meters: vec![meter, grid], ..Report::default() });
			sampled("roof/import_energy", "good");
			recorder.handle().render()
		});
		for line in [
			"heliograph_chain_finalised_block 10",
			"heliograph_spool_pending 6",
			"heliograph_attested_mwh{meter=\"roof/import_energy\"} 5000",
			"heliograph_register_mwh{meter=\"roof/import_energy\"} NaN",
			"heliograph_device_up{device=\"roof\"} 0",
			"heliograph_samples_total{meter=\"roof/import_energy\",result=\"good\"} 1",
		] {
			assert!(text.lines().any(|found| found == line), "{line} is missing in\n{text}");
		}
	}
}
