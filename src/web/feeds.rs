//! `GET /desks/NAME/alerts.atom`: a desk's letters as an Atom feed, for those who may read them.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;
use tracing::warn;
use url::{Host, Url};

use super::settings::Settings;
use crate::alerting::feed;
use crate::alerting::subscription::Desk;
use crate::store::Store;

/// Letters in a feed.
const MOST: i64 = 50;
/// The year 10000: no header has room for it.
const NEVER: u64 = 253_402_300_800;

/// Gives feeds of alerts.
#[derive(Debug)]
pub struct Feeds {
    store: Store,
    /// The desks of the moment; those with `feed = true` have one.
    desks: watch::Receiver<Arc<[Desk]>>,
    /// Domain of letters: ids begin with it.
    domain: String,
    /// SHA-256 of the token: compared in constant time whatever its length.
    token: Option<[u8; 32]>,
    /// The address that others reach us by.
    url: Option<Url>,
}

impl Feeds {
    /// Prepares to give feeds of `desks`; `domain` is the right side of Message-IDs.
    pub fn new(store: Store, settings: &Settings, desks: watch::Receiver<Arc<[Desk]>>, domain: &str) -> Self {
        let token = settings.feed_token.as_ref().map(|token| Sha256::digest(token.0.as_bytes()).into());
        Self { store, desks, domain: domain.to_owned(), token, url: settings.url.clone() }
    }
}

/// The path of a desk's feed.
pub fn path(desk: &str) -> String {
    // Any base does: only the path is used, and it is encoded as addresses are.
    let mut url = Url::parse("http://localhost/").ok();
    if let Some(mut segments) = url.as_mut().and_then(|url| url.path_segments_mut().ok()) {
        segments.clear().extend(["desks", desk, "alerts.atom"]);
    }
    url.map(|url| url.path().to_owned()).unwrap_or_default()
}

/// The pages.
pub(super) fn routes(feeds: Arc<Feeds>) -> Router {
    Router::new().route("/desks/{desk}/alerts.atom", get(give)).with_state(feeds)
}

async fn give(
    State(feeds): State<Arc<Feeds>>,
    Path(desk): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let mut response = feeds.answer(&desk, query.as_deref().unwrap_or_default(), &headers).await;
    let always = [
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    for (name, value) in always {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

impl Feeds {
    async fn answer(&self, name: &str, query: &str, headers: &HeaderMap) -> Response {
        if let Some(refusal) = self.refusal(query, headers) {
            return refusal;
        }
        let desks = Arc::clone(&self.desks.borrow());
        let Some(desk) = desks.iter().find(|desk| desk.feed && desk.name.0 == name) else {
            return (StatusCode::NOT_FOUND, offers(&desks)).into_response();
        };
        let shelf = match self.store.shelf(&desk.name, &self.domain, MOST).await {
            Ok(shelf) => shelf,
            Err(error) => {
                warn!(desk = %desk.name, %error, "the feed of desk {} could not be written", desk.name);
                let mut answer = (StatusCode::SERVICE_UNAVAILABLE, "the feed cannot be written now\n").into_response();
                answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
                return answer;
            }
        };
        let body = feed::write(desk, &shelf, &self.address(name, headers));
        let tag = format!("\"{}\"", hex(&Sha256::digest(body.as_bytes())));
        let changed = feed::updated(&shelf);
        let mut answer = match is_known(headers, &tag, changed) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")], body).into_response(),
        };
        answer.headers_mut().extend(HeaderValue::try_from(tag).ok().map(|tag| (header::ETAG, tag)));
        // A date of whole seconds says nothing of a letter that is written later in the same second.
        if Timestamp::now().duration_since(changed) > SignedDuration::from_secs(2) {
            answer.headers_mut().extend(http_date(changed).map(|date| (header::LAST_MODIFIED, date)));
        }
        answer
    }

    /// Why somebody gets no feed: no token, or, where none is needed, a name that only a foreign web page would call us by.
    fn refusal(&self, query: &str, headers: &HeaderMap) -> Option<Response> {
        let Some(token) = &self.token else {
            let told = "call this machine by its address or as localhost, or name a feed_token_file under [web]\n";
            return (!is_local(headers)).then(|| (StatusCode::MISDIRECTED_REQUEST, told).into_response());
        };
        let sent = sent_token(query, headers);
        let digest: [u8; 32] = Sha256::digest(sent.as_deref().unwrap_or_default()).into();
        if sent.is_some() && bool::from(digest.ct_eq(token)) {
            return None;
        }
        let told = "send the feed token: as a password, as Authorization: Bearer TOKEN, or as ?token=TOKEN\n";
        let mut refusal = (StatusCode::UNAUTHORIZED, told).into_response();
        let ways = HeaderValue::from_static("Basic realm=\"claimwatch\", charset=\"UTF-8\"");
        refusal.headers_mut().insert(header::WWW_AUTHENTICATE, ways);
        Some(refusal)
    }

    /// The feed's own address, as its reader should keep it; a token is never part of it.
    fn address(&self, desk: &str, headers: &HeaderMap) -> String {
        let base = self.url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
        let asked = || host(headers).map(|host| format!("http://{host}"));
        format!("{}{}", base.or_else(asked).unwrap_or_default(), path(desk))
    }
}

/// The token of a request: a password of any user, a bearer's, or a part of the address for readers that know no other way.
fn sent_token(query: &str, headers: &HeaderMap) -> Option<Vec<u8>> {
    let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.split_once(' '));
    match sent {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Some(token.trim().as_bytes().to_vec()),
        Some((scheme, both)) if scheme.eq_ignore_ascii_case("basic") => {
            let both = STANDARD.decode(both.trim()).ok()?;
            let colon = both.iter().position(|byte| *byte == b':')?;
            both.get(colon + 1..).map(<[u8]>::to_vec)
        }
        _ => {
            let mut pairs = url::form_urlencoded::parse(query.as_bytes());
            pairs.find_map(|(key, value)| (key == "token").then(|| value.as_bytes().to_vec()))
        }
    }
}

/// The name and port we were called by, if that is one.
fn host(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let url = Url::parse(&format!("http://{host}/")).ok().filter(|url| url.path() == "/" && url.username().is_empty())?;
    let name = url.host_str()?;
    Some(url.port().map_or(name.to_owned(), |port| format!("{name}:{port}")))
}

/// Whether we were called by an address or as `localhost`: a page of the web that had its own name lead here (DNS rebinding)
/// calls us by that name.
fn is_local(headers: &HeaderMap) -> bool {
    let url = host(headers).and_then(|host| Url::parse(&format!("http://{host}/")).ok());
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost" || name.parse::<IpAddr>().is_ok(),
        Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
        None => false,
    }
}

/// Whether the reader has it already: the tag decides; a date only where no tag was sent (RFC 9110 §13.2.2).
fn is_known(headers: &HeaderMap, tag: &str, changed: Timestamp) -> bool {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        return tags.split(',').map(|one| one.trim().trim_start_matches("W/")).any(|one| one == tag || one == "*");
    }
    let since = text(header::IF_MODIFIED_SINCE).and_then(|date| httpdate::parse_http_date(date).ok());
    since.and_then(|since| Timestamp::try_from(since).ok()).is_some_and(|since| changed.as_second() <= since.as_second())
}

/// Which desks have a feed.
fn offers(desks: &[Desk]) -> String {
    let named: Vec<String> = desks.iter().filter(|desk| desk.feed).map(|desk| path(&desk.name.0)).collect();
    if named.is_empty() {
        return "no desk has a feed; feed = true in a [[desk]] gives it one\n".to_owned();
    }
    format!("no desk of that name has a feed; there are:\n{}\n", named.join("\n"))
}

/// A date for a header; none where it has no place in one.
fn http_date(at: Timestamp) -> Option<HeaderValue> {
    let seconds = u64::try_from(at.as_second()).ok().filter(|seconds| *seconds < NEVER)?;
    HeaderValue::try_from(httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))).ok()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_names_that_no_page_of_the_web_can_have_are_local() {
        for (host, wanted) in [
            ("127.0.0.1:9187", true),
            ("[::1]:9187", true),
            ("localhost", true),
            ("10.0.0.7", true),
            ("evil.example:9187", false),
            ("localhost.evil.example", false),
            ("x/../", false),
            ("a@127.0.0.1", false),
        ] {
            assert_eq!(is_local(&headers(header::HOST, host)), wanted, "{host}");
        }
        assert!(!is_local(&HeaderMap::new()));
    }

    #[test]
    fn a_token_may_come_in_three_ways() {
        let none = HeaderMap::new();
        let ways = [
            ("", headers(header::AUTHORIZATION, "Bearer sesame")),
            ("", headers(header::AUTHORIZATION, "basic YW55Ym9keTpzZXNhbWU=")),
            ("a=b&token=sesame", none.clone()),
        ];
        assert!(ways.iter().all(|(query, headers)| sent_token(query, headers) == Some(b"sesame".to_vec())));
        assert_eq!(sent_token("", &none), None);
    }

    #[test]
    fn the_tag_counts_before_the_date() {
        let changed = Timestamp::constant(1_790_000_000, 7);
        let date = "Mon, 21 Sep 2026 14:13:20 GMT";
        assert!(is_known(&headers(header::IF_NONE_MATCH, "\"a\", W/\"b\""), "\"b\"", changed));
        assert!(is_known(&headers(header::IF_MODIFIED_SINCE, date), "\"b\"", changed));
        assert!(!is_known(&headers(header::IF_MODIFIED_SINCE, "Mon, 21 Sep 2026 14:13:19 GMT"), "\"b\"", changed));
        let mut both = headers(header::IF_NONE_MATCH, "\"old\"");
        both.insert(header::IF_MODIFIED_SINCE, HeaderValue::from_static(date));
        assert!(!is_known(&both, "\"b\"", changed));
    }

    #[test]
    fn the_name_of_a_desk_stands_in_its_path_whatever_it_is() {
        assert_eq!(path("politics"), "/desks/politics/alerts.atom");
        assert_eq!(path("a/b ü?"), "/desks/a%2Fb%20%C3%BC%3F/alerts.atom");
    }
}
