//! `POST /ingest`: posts pushed in by others, one JSON object a line, for those who know the token.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tracing::{info, warn};

use crate::feeds::pushed::Pushed;
use crate::model::source::{SourceName, Token};
use crate::model::units::counted;
use crate::store::Store;

/// Largest body.
const LONGEST_BODY_BYTES: usize = 4 << 20;
/// Most posts in one request.
const MOST_POSTS: usize = 5000;
/// A body must be here by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// Requests a minute, and how many of them may come at once.
const REQUESTS_A_MINUTE: f64 = 120.0;
/// Wrong tokens a minute before nobody is listened to for a while.
const WRONG_A_MINUTE: f64 = 10.0;
/// Posts that may wait for the daemon before no more are taken.
const MOST_WAITING: u64 = 100_000;
/// Bad lines told one by one.
const MOST_TOLD: usize = 20;

/// Takes posts in.
#[derive(Debug)]
pub struct Ingest {
    store: Store,
    /// SHA-256 of the token: compared in constant time whatever its length.
    token: [u8; 32],
    sources: Vec<SourceName>,
    knock: Arc<Notify>,
    requests: Allowance,
    wrong: Allowance,
}

impl Ingest {
    /// Prepares to take posts in for `sources`, the first of them where a request names none; `knock` is rung after each.
    pub fn new(store: Store, token: &Token, sources: Vec<SourceName>, knock: Arc<Notify>) -> Self {
        let (requests, wrong) = (Allowance::of(REQUESTS_A_MINUTE), Allowance::of(WRONG_A_MINUTE));
        Self { store, token: Sha256::digest(token.0.as_bytes()).into(), sources, knock, requests, wrong }
    }
}

/// The page.
pub(super) fn routes(ingest: Arc<Ingest>) -> Router {
    Router::new().route("/ingest", post(take)).with_state(ingest)
}

async fn take(State(ingest): State<Arc<Ingest>>, RawQuery(query): RawQuery, headers: HeaderMap, body: Body) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let source = pairs.find_map(|(key, value)| (key == "source").then_some(value));
    match ingest.take(source.as_deref(), &headers, body).await {
        Ok(taken) => (StatusCode::ACCEPTED, as_json(&taken)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Ingest {
    async fn take(&self, source: Option<&str>, headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
        self.let_in(headers)?;
        let source = self.source(source)?;
        let is_long = || {
            let limit = format!("the body is larger than {} MiB; send it in pieces", LONGEST_BODY_BYTES >> 20);
            refusal(StatusCode::PAYLOAD_TOO_LARGE, &limit)
        };
        let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > LONGEST_BODY_BYTES) {
            return Err(is_long());
        }
        let Ok(body) = timeout(PATIENCE, to_bytes(body, LONGEST_BODY_BYTES)).await else {
            return Err(refusal(StatusCode::REQUEST_TIMEOUT, "the body did not arrive within 30 seconds"));
        };
        let body = body.map_err(|_| is_long())?;
        let (good, bad) = read(&body)?;
        if good.is_empty() {
            let says = json!({ "taken": 0, "bad": bad.len(), "faults": told(&bad), "error": "no post could be read" });
            return Err(Refusal { status: StatusCode::BAD_REQUEST, says, wait: None });
        }
        self.write_down(source, &good).await?;
        info!(source.id = %source, posts.new = good.len(), "{source}: {} pushed in, {} lines could not be read", counted(good.len(), "post"), bad.len());
        Ok(json!({ "source": source.0, "taken": good.len(), "bad": bad.len(), "faults": told(&bad) }))
    }

    fn let_in(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let too_many = |wait: Duration| {
            let seconds = wait.as_secs().max(1);
            let sentence = format!("too many requests; ask again in {seconds} s");
            Refusal { wait: Some(seconds), ..refusal(StatusCode::TOO_MANY_REQUESTS, &sentence) }
        };
        if let Some(wait) = self.wrong.is_used_up() {
            return Err(too_many(wait));
        }
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let sent = sent.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let digest: [u8; 32] = Sha256::digest(sent.map(|(_, token)| token.trim()).unwrap_or_default().as_bytes()).into();
        if sent.is_none() || !bool::from(digest.ct_eq(&self.token)) {
            self.wrong.spend();
            warn!("somebody without the right token wanted to push posts in");
            return Err(refusal(StatusCode::UNAUTHORIZED, "send the header: Authorization: Bearer TOKEN"));
        }
        match self.requests.is_used_up() {
            Some(wait) => Err(too_many(wait)),
            None => {
                self.requests.spend();
                Ok(())
            }
        }
    }

    fn source(&self, wanted: Option<&str>) -> Result<&SourceName, Refusal> {
        let found = match wanted {
            Some(name) => self.sources.iter().find(|source| source.0 == name),
            None => self.sources.first(),
        };
        found.ok_or_else(|| {
            let names = self.sources.iter().map(|source| source.0.as_str()).collect::<Vec<_>>().join(", ");
            let sentence = format!("no source of kind \"push\" has that name; there are: {names}");
            refusal(StatusCode::NOT_FOUND, &sentence)
        })
    }

    async fn write_down(&self, source: &SourceName, posts: &[String]) -> Result<(), Refusal> {
        let trouble = |sentence: &str| Refusal { wait: Some(30), ..refusal(StatusCode::SERVICE_UNAVAILABLE, sentence) };
        let waiting = self.store.waiting().await.map_err(|error| trouble(&error.to_string()))?;
        if waiting.iter().map(|(_, number)| number).sum::<u64>() >= MOST_WAITING {
            return Err(trouble("too many posts wait to be read already"));
        }
        self.store.push(source, posts, Timestamp::now()).await.map_err(|error| {
            warn!(source.id = %source, "posts pushed in could not be written down: {error}");
            trouble(&error.to_string())
        })?;
        self.knock.notify_one();
        Ok(())
    }
}

/// Good posts, and the lines that hold none.
type Read = (Vec<String>, Vec<(usize, String)>);

fn read(body: &[u8]) -> Result<Read, Refusal> {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        if good.len() + bad.len() == MOST_POSTS {
            let sentence = format!("more than {MOST_POSTS} lines; send them in pieces");
            return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, &sentence));
        }
        match Pushed::read(line) {
            Ok(post) => good.push(post.line()),
            Err(why) => bad.push((number, why)),
        }
    }
    Ok((good, bad))
}

fn told(bad: &[(usize, String)]) -> Vec<Value> {
    bad.iter().take(MOST_TOLD).map(|(line, why)| json!({ "line": line, "why": why })).collect()
}

/// Why nothing was taken.
struct Refusal {
    status: StatusCode,
    says: Value,
    /// Seconds after which it may be tried again.
    wait: Option<u64>,
}

fn refusal(status: StatusCode, sentence: &str) -> Refusal {
    Refusal { status, says: json!({ "error": sentence }), wait: None }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (self.status, as_json(&self.says)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(wait) = self.wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

fn as_json(value: &Value) -> impl IntoResponse + use<> {
    ([(header::CONTENT_TYPE, "application/json")], format!("{value}\n"))
}

/// So many a minute; what was not used for a minute may be used at once.
#[derive(Debug)]
struct Allowance {
    a_minute: f64,
    left: Mutex<(f64, Instant)>,
}

impl Allowance {
    fn of(a_minute: f64) -> Self {
        Self { a_minute, left: Mutex::new((a_minute, Instant::now())) }
    }

    /// How long until there is one again, if none is left.
    fn is_used_up(&self) -> Option<Duration> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let grown = left.0 + now.duration_since(left.1).as_secs_f64() / 60.0 * self.a_minute;
        *left = (grown.min(self.a_minute), now);
        (left.0 < 1.0).then(|| Duration::from_secs_f64((1.0 - left.0) * 60.0 / self.a_minute))
    }

    fn spend(&self) {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).0 -= 1.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_allowance_runs_out_and_comes_back() {
        let allowance = Allowance::of(10.0);
        (0..10).for_each(|_| allowance.spend());
        assert!(allowance.is_used_up().is_some_and(|wait| wait <= Duration::from_secs(6)));
        tokio::time::advance(Duration::from_secs(7)).await;
        assert_eq!(allowance.is_used_up(), None);
    }
}
