//! Where hubs confirm subscriptions and deliver feeds (WebSub, W3C Recommendation, §5.3 and §7).
//!
//! The address ends in 256 bits of chance, so whoever knows it is the hub; what it delivers counts only when it is signed.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::timeout;
use tracing::{info, warn};

use crate::feeds::websub::is_signed;
use crate::model::hub::{Subscription, SubscriptionState};
use crate::model::source::SourceName;
use crate::model::units::in_words;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::telemetry::metrics::{ByVisit, Metrics};

/// Longest document.
const LONGEST_BODY_BYTES: usize = 5 << 20;
/// A body must be here by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bodies read at once; more hubs are asked to come again.
const AT_ONCE: usize = 4;
/// Longest text that is given back to confirm a subscription.
const LONGEST_CHALLENGE: usize = 4096;
/// Leases shorter or longer than this are taken as this.
const LEASES: (i64, i64) = (5 * 60, 30 * 24 * 3600);
/// The lease of a hub that does not say, in seconds.
const UNTOLD_LEASE: i64 = 24 * 3600;
/// A hub that does not want to is asked again after this.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(24);

/// A document that a hub delivered, signed.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The subscription.
    pub id: String,
    /// The source it is for.
    pub source: SourceName,
    /// The feed's own address.
    pub topic: String,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// The document.
    pub body: Bytes,
}

/// Listens to hubs.
#[derive(Debug)]
pub struct Hubs {
    store: Store,
    metrics: Arc<Metrics>,
    deliveries: mpsc::Sender<Delivery>,
    /// Rung when a subscription was confirmed or ended.
    changed: Arc<Notify>,
    reading: Semaphore,
}

impl Hubs {
    /// Prepares to listen; what is delivered goes to `deliveries`.
    pub fn new(store: Store, metrics: Arc<Metrics>, deliveries: mpsc::Sender<Delivery>, changed: Arc<Notify>) -> Self {
        Self { store, metrics, deliveries, changed, reading: Semaphore::new(AT_ONCE) }
    }
}

/// The page of each subscription.
pub(super) fn routes(hubs: Arc<Hubs>) -> Router {
    Router::new().route("/websub/{id}", get(confirm).post(deliver)).with_state(hubs)
}

async fn confirm(State(hubs): State<Arc<Hubs>>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let of = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(query.as_bytes());
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned())).unwrap_or_default()
    };
    let found = match hubs.store.subscription(&id).await {
        Ok(found) => found.filter(|one| one.topic == of("hub.topic")),
        Err(error) => return trouble(&error.to_string()),
    };
    // §5.3: whatever was not asked for is not found.
    let Some(one) = found else { return StatusCode::NOT_FOUND.into_response() };
    let challenge = of("hub.challenge");
    let (now, is_leaving) = (Timestamp::now(), one.state == SubscriptionState::Leaving);
    let done = match of("hub.mode").as_str() {
        "subscribe" if !is_leaving && !challenge.is_empty() => hubs.begin(one, &of("hub.lease_seconds"), now).await,
        "unsubscribe" if is_leaving && !challenge.is_empty() => hubs.store.drop_subscription(&id).await,
        "denied" if !is_leaving => hubs.refused(one, &of("hub.reason"), now).await,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    hubs.changed.notify_one();
    match done {
        Err(error) => trouble(&error.to_string()),
        Ok(()) if challenge.len() > LONGEST_CHALLENGE => StatusCode::BAD_REQUEST.into_response(),
        Ok(()) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")], challenge)
            .into_response(),
    }
}

impl Hubs {
    async fn begin(&self, one: Subscription, lease: &str, now: Timestamp) -> Result<(), StoreError> {
        let lease = lease.parse().unwrap_or(UNTOLD_LEASE).clamp(LEASES.0, LEASES.1);
        let (until, ask_at) = (now + SignedDuration::from_secs(lease), now + SignedDuration::from_secs(lease / 5 * 4));
        let long = in_words(Duration::from_secs(lease.unsigned_abs()));
        info!(source.id = %one.source, "{}: the hub confirmed that it pushes the feed, for {long}", one.source);
        let one =
            Subscription { state: SubscriptionState::Active, failures: 0, lease_until: Some(until), last_error: None, ..one };
        self.store.keep_subscription(&one, ask_at).await
    }

    async fn refused(&self, one: Subscription, why: &str, now: Timestamp) -> Result<(), StoreError> {
        let why: String = why.chars().filter(|c| !c.is_control()).take(120).collect();
        warn!(source.id = %one.source, "{}: the hub does not push the feed: \"{why}\"", one.source);
        let last_error = Some(format!("the hub refused: {why}"));
        let one = Subscription { state: SubscriptionState::Refused, lease_until: None, last_error, ..one };
        self.store.keep_subscription(&one, now + REFUSED_FOR).await
    }

    fn count(&self, source: &SourceName, outcome: &str) {
        self.metrics.source_visits.get_or_create(&ByVisit { source: source.0.clone(), outcome: outcome.to_owned() }).inc();
    }
}

async fn deliver(State(hubs): State<Arc<Hubs>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let one = match hubs.store.subscription(&id).await {
        Ok(Some(one)) => one,
        Ok(None) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => return trouble(&error.to_string()),
    };
    if one.state == SubscriptionState::Leaving {
        // §7: nobody listens any more.
        return StatusCode::GONE.into_response();
    }
    let Ok(_place) = hubs.reading.try_acquire() else { return trouble("too many deliveries at once") };
    let text = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    let body = match timeout(PATIENCE, to_bytes(body, LONGEST_BODY_BYTES)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let signature = text("x-hub-signature").unwrap_or_default();
    if !is_signed(&one.secret.0, &signature, &body) {
        // §8: ignored, and the sender learns nothing from the answer.
        warn!(source.id = %one.source, "{}: a delivery that the hub did not sign was ignored", one.source);
        hubs.count(&one.source, "unsigned");
        return StatusCode::ACCEPTED.into_response();
    }
    let delivery = Delivery { id, source: one.source.clone(), topic: one.topic, content_type: text("content-type"), body };
    if hubs.deliveries.try_send(delivery).is_err() {
        return trouble("too many deliveries wait already");
    }
    hubs.count(&one.source, "pushed");
    StatusCode::ACCEPTED.into_response()
}

fn trouble(why: &str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "60")], format!("{why}\n")).into_response()
}
