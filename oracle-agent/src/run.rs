//! `run`: the agent at work. Starts the parts, keeps them running, and stops them in an order in which nothing is lost.

use std::{
	sync::Arc,
	time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{
	signal::unix::{signal, SignalKind},
	sync::{mpsc, watch},
};

use crate::{
	collect::Collector,
	config::Config,
	drivers, http, metrics,
	site::Site,
	submit::{self, WrongChain},
};

/// Samples on their way to the spool. When the disk is slow for longer, the drivers wait.
const SAMPLES: usize = 1_024;

/// How long the parts may take to stop.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the agent until it is told to stop by SIGTERM or SIGINT. A second signal ends it at once, which is safe too.
///
/// Errors when the configuration's files cannot be used, when the chain behind the URL is the wrong one, and when a part
/// that cannot be restarted died.
pub async fn run(config: Config) -> anyhow::Result<()> {
	let started = Instant::now();
	let prometheus = metrics::install()?;
	let site = Arc::new(Site::open(config)?);
	let listener = match site.config.agent.http {
		Some(address) => Some(http::bind(address).await?),
		None => None,
	};
	// Before anything starts, so that an early signal is not lost.
	let (mut terminate, mut interrupt) =
		(signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
	let (stop, shutdown) = watch::channel(false);

	let pins = site.pins.subscribe();
	let collector = Collector::new(site.clone())?;
	let (sender, samples) = mpsc::channel(SAMPLES);
	// One task per link, each of which outlives its own errors and panics.
	let devices = drivers::spawn(&site.config, started, sender, shutdown.clone());
	let mut collector = tokio::spawn(collector.run(samples, pins));
	let mut submitter = tokio::spawn(submit::run(site.clone(), shutdown.clone()));
	let server = listener.map(|listener| {
		if let Ok(address) = listener.local_addr() {
			tracing::info!("status page on http://{address}/, metrics on http://{address}/metrics");
		}
		tokio::spawn(http::serve(listener, site.board.clone(), prometheus, shutdown.clone()))
	});
	tracing::info!(
		meters = site.meters.len(),
		devices = site.config.devices.len(),
		spool = %site.config.agent.spool.display(),
		"heliograph-agent {} is running",
		env!("CARGO_PKG_VERSION")
	);

	let result = tokio::select! {
		_ = terminate.recv() => Ok(()),
		_ = interrupt.recv() => Ok(()),
		result = &mut submitter => verdict(result),
		result = &mut collector => {
			result.context("the collector died")?;
			Err(anyhow::anyhow!("all devices' tasks ended"))
		},
	};
	tracing::info!("stopping; a second signal ends at once");
	stop.send_replace(true);
	let stopped = async {
		// The drivers first: then the collector keeps the last samples, and ends when there are no more.
		for device in devices {
			log_end("a device's task", device.await);
		}
		if !collector.is_finished() {
			log_end("the collector", collector.await);
		}
		if !submitter.is_finished() {
			log_end("the submitter", submitter.await);
		}
		if let Some(server) = server {
			log_end("the web server", server.await);
		}
	};
	tokio::select! {
		() = stopped => tracing::info!("stopped"),
		() = tokio::time::sleep(PATIENCE) => tracing::warn!("not everything stopped in time; what was acknowledged is on disk"),
		_ = terminate.recv() => tracing::warn!("ended at once"),
		_ = interrupt.recv() => tracing::warn!("ended at once"),
	}
	result
}

fn verdict(result: Result<Result<(), WrongChain>, tokio::task::JoinError>) -> anyhow::Result<()> {
	match result {
		Ok(Ok(())) => Err(anyhow::anyhow!("the submitter ended by itself")),
		Ok(Err(wrong)) => Err(wrong.into()),
		Err(error) => Err(error).context("the submitter died"),
	}
}

fn log_end<T>(what: &str, result: Result<T, tokio::task::JoinError>) {
	if let Err(error) = result {
		tracing::error!(%error, "{what} died");
	}
}
