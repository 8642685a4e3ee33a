//! The agent's small web server: the status page, the same as JSON, and the metrics.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context;
use axum::{
	extract::State,
	http::{header, StatusCode},
	response::{Html, IntoResponse},
	routing::get,
	Json, Router,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::watch};

use crate::{
	metrics,
	status::{Board, Report},
};

const PAGE: &str = include_str!("status.html");

struct Server {
	board: Arc<Board>,
	prometheus: PrometheusHandle,
}

/// Takes the address. Errors when it is taken or not ours.
pub async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
	TcpListener::bind(address).await.with_context(|| {
		format!(
			"cannot offer the status page on {address}: choose another address in agent.http of the configuration, or leave \
			 it out"
		)
	})
}

/// Serves until `shutdown` turns true.
pub async fn serve(
	listener: TcpListener,
	board: Arc<Board>,
	prometheus: PrometheusHandle,
	mut shutdown: watch::Receiver<bool>,
) -> std::io::Result<()> {
	let router = Router::new()
		.route("/", get(|| async { Html(PAGE) }))
		.route("/status.json", get(status))
		.route("/metrics", get(render))
		.fallback(|| async { (StatusCode::NOT_FOUND, "There are /, /status.json and /metrics.\n") })
		.with_state(Arc::new(Server { board, prometheus }));
	axum::serve(listener, router)
		.with_graceful_shutdown(async move {
			// An error means that whoever could ask us to stop is gone.
			if shutdown.wait_for(|stop| *stop).await.is_err() {
				tracing::debug!("the web server stops with the agent");
			}
		})
		.await
}

async fn status(State(server): State<Arc<Server>>) -> Json<Report> {
	Json(server.board.report())
}

async fn render(State(server): State<Arc<Server>>) -> impl IntoResponse {
	metrics::show(&server.board.report());
	([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], server.prometheus.render())
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::status::{self, MeterReport};
	use metrics_exporter_prometheus::PrometheusBuilder;

	#[tokio::test]
	async fn server_offers_page_status_and_metrics_until_it_is_stopped() {
		let meter = MeterReport { name: "roof/import_energy".into(), ..MeterReport::default() };
		let board = Arc::new(Board::new(Report { meters: vec![meter], ..Report::default() }));
		let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.expect("a free port");
		let address = listener.local_addr().expect("bound");
		let (stop, shutdown) = watch::channel(false);
		let handle = PrometheusBuilder::new().build_recorder().handle();
		let server = tokio::spawn(serve(listener, board, handle, shutdown));

		let report = status::fetch(address).await.expect("an answer").expect("an agent");
		assert_eq!(report.meters[0].name, "roof/import_energy");
		let page = status::get(&address.to_string(), "/").await.expect("an answer");
		assert!(String::from_utf8(page).expect("text").contains("status.json"));
		status::get(&address.to_string(), "/metrics").await.expect("an answer");
		assert!(status::get(&address.to_string(), "/nothing").await.is_err());

		let error = bind(address).await.expect_err("it is taken").to_string();
		assert!(error.contains("agent.http"), "{error}");
		stop.send(true).expect("somebody listens");
		server.await.expect("no panic").expect("no error");
		assert_eq!(status::fetch(address).await.expect("a refusal is no error"), None);
	}
}
