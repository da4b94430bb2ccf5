//! Health, metrics and feeds of alerts over HTTP; on loopback unless the operator says otherwise.

pub mod feeds;
pub mod ingest;
mod serve;
pub mod settings;
pub mod websub;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::feeds::Feeds;
use self::ingest::Ingest;
use self::websub::Hubs;
use crate::telemetry::metrics::Metrics;
use crate::telemetry::pulse::Pulse;

/// What the pages are made from.
#[derive(Debug, Clone)]
pub struct Window {
    /// The numbers.
    pub metrics: Arc<Metrics>,
    /// Whether the daemon is well.
    pub pulse: Arc<Pulse>,
    /// Who takes posts that are pushed in; nobody without a token.
    pub ingest: Option<Arc<Ingest>>,
    /// Who gives feeds of alerts.
    pub feeds: Option<Arc<Feeds>>,
    /// Who listens to hubs.
    pub hubs: Option<Arc<Hubs>>,
}

/// A server that listens but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes the address, so that a port in use is known before anything else starts.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(settings: &settings::Settings) -> io::Result<Self> {
        Ok(Self { listener: TcpListener::bind(settings.listen).await? })
    }

    /// Gives the address, with the port the system chose if it was 0.
    ///
    /// # Errors
    /// When the system does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until `stop`; answers in hand are finished.
    pub async fn run(self, window: Window, stop: CancellationToken) {
        serve::serve(self.listener, routes(window), stop).await;
    }
}

fn routes(window: Window) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .with_state(window.clone())
        .merge(window.ingest.map(ingest::routes).unwrap_or_default())
        .merge(window.feeds.map(feeds::routes).unwrap_or_default())
        .merge(window.hubs.map(websub::routes).unwrap_or_default())
}

/// OpenMetrics for who asks for it, as Prometheus does; the older text form for everybody else.
async fn metrics(State(window): State<Window>, headers: HeaderMap) -> Response {
    let asked = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let (form, text) = if asked.contains("application/openmetrics-text") {
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", window.metrics.encode())
    } else {
        ("text/plain; version=0.0.4; charset=utf-8", window.metrics.prometheus_text())
    };
    ([(header::CONTENT_TYPE, form)], text).into_response()
}

/// Alive: every part that has something to do has moved lately. A supervisor that gets 503 should restart us.
async fn live(State(window): State<Window>) -> Response {
    match window.pulse.stuck() {
        None => (StatusCode::OK, "alive\n").into_response(),
        Some((organ, silent)) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("{organ} has not moved for {} s\n", silent.as_secs())).into_response()
        }
    }
}

/// Ready: started in full and not going down.
async fn ready(State(window): State<Window>) -> Response {
    if window.pulse.is_ready() {
        (StatusCode::OK, "ready\n").into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting or stopping\n").into_response()
    }
}
