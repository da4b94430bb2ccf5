//! What the headers of an answer ask of us: when to come again, and what to ask with.

use std::time::{Duration, SystemTime};

use reqwest::header::{
    AGE, CACHE_CONTROL, DATE, ETAG, EXPIRES, HeaderMap, HeaderName, HeaderValue, LAST_MODIFIED, LINK, RETRY_AFTER,
};
use url::Url;

use crate::model::hub::Hub;
use crate::model::source::Validators;

/// Longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

/// Gives a header as text, one character for each byte, so that [`value`] can give the same bytes back.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

/// Makes a header of what [`text`] gave, byte for byte; `None` when it never was a header.
pub fn value(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// Longest validator that is sent back: servers refuse requests whose head is large.
const LONGEST_VALIDATOR: usize = 4 << 10;

/// Reads the validators to ask with next time.
///
/// One that is empty says nothing, and a bare `*` would say "if you have any such document at all", to which the answer is for
/// ever that nothing has changed (RFC 9110 §13.1.2).
pub fn validators(headers: &HeaderMap) -> Validators {
    let usable = |text: &String| !matches!(text.trim(), "" | "*") && text.len() <= LONGEST_VALIDATOR;
    Validators { etag: text(headers, &ETAG).filter(usable), last_modified: text(headers, &LAST_MODIFIED).filter(usable) }
}

/// Gives newer validators when a 304 carried any that differ from what was sent (RFC 9110 §15.4.5).
pub fn renewed(sent: &Validators, headers: &HeaderMap) -> Option<Validators> {
    let came = validators(headers);
    let merged = Validators {
        etag: came.etag.or_else(|| sent.etag.clone()),
        last_modified: came.last_modified.or_else(|| sent.last_modified.clone()),
    };
    (merged != *sent).then_some(merged)
}

fn seconds(text: &str) -> Option<Duration> {
    let text = text.trim().trim_matches('"');
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // More digits than fit mean "for ever".
    Some(text.parse().map_or(LONGEST_WAIT, Duration::from_secs).min(LONGEST_WAIT))
}

fn date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text.trim()).ok()
}

/// Reads `Retry-After`, seconds or a date (RFC 9110 §10.2.3), at most a day; a date gone by is no wait.
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, &RETRY_AFTER)?;
    let wait = seconds(&text).or_else(|| date(&text).map(|at| at.duration_since(now).unwrap_or_default()))?;
    Some(wait.min(LONGEST_WAIT))
}

/// Reads how long the answer stays fresh: `Cache-Control: max-age` less `Age`, else `Expires` less `Date` (RFC 9111 §4.2.1).
pub fn hint(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let directives = text(headers, &CACHE_CONTROL).unwrap_or_default().to_ascii_lowercase();
    let mut directives = directives.split(',').map(str::trim);
    if directives.clone().any(|directive| directive == "no-cache" || directive == "no-store") {
        return None;
    }
    let fresh = match directives.find_map(|directive| directive.strip_prefix("max-age=")) {
        Some(max_age) => {
            let age = text(headers, &AGE).as_deref().and_then(seconds).unwrap_or_default();
            seconds(max_age)?.saturating_sub(age)
        }
        None => {
            let expires = date(&text(headers, &EXPIRES)?)?;
            let sent = text(headers, &DATE).as_deref().and_then(date).unwrap_or(now);
            expires.duration_since(sent).ok()?
        }
    };
    (!fresh.is_zero()).then_some(fresh.min(LONGEST_WAIT))
}

/// Reads how long a rate limiter asks to wait: Reddit says seconds, Bluesky a Unix time, Mastodon a date.
pub fn rate_limit_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    /// Numbers above are times, not pauses.
    const A_TIME: u64 = 1_000_000_000;
    let said = either(headers, "x-ratelimit-reset", "ratelimit-reset")?;
    let today = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let until = |at: u64| Duration::from_secs(at).saturating_sub(today).min(LONGEST_WAIT);
    let whole = said.trim().split('.').next().unwrap_or_default();
    match whole.parse::<u64>() {
        Ok(at) if at >= A_TIME => Some(until(at)),
        Ok(pause) => Some(Duration::from_secs(pause).min(LONGEST_WAIT)),
        Err(_) => {
            let at = said.trim().parse::<jiff::Timestamp>().ok()?;
            Some(until(u64::try_from(at.as_second()).unwrap_or(0)))
        }
    }
}

/// Says how long to wait when this answer was the last one a rate limiter allows for now.
pub fn used_up(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let left = either(headers, "x-ratelimit-remaining", "ratelimit-remaining")?;
    let none_left = left.trim().parse::<f64>().is_ok_and(|left| left < 1.0);
    rate_limit_reset(headers, now).filter(|wait| none_left && !wait.is_zero())
}

fn either(headers: &HeaderMap, one: &'static str, other: &'static str) -> Option<String> {
    text(headers, &HeaderName::from_static(one)).or_else(|| text(headers, &HeaderName::from_static(other)))
}

/// Most `Link` headers that are read.
const MOST_LINKS: usize = 64;

/// Reads which hub pushes the document (`Link: <…>; rel="hub"`, RFC 8288), and the document's own address there.
pub fn hub(headers: &HeaderMap, base: &Url) -> Option<Hub> {
    let (mut hub, mut topic) = (None, None);
    for value in headers.get_all(LINK).iter().take(MOST_LINKS).filter_map(|value| value.to_str().ok()) {
        for (href, rel) in links(value) {
            let url = base.join(href).ok().filter(|url| ["http", "https"].contains(&url.scheme()));
            for rel in rel.split_ascii_whitespace() {
                match rel.to_ascii_lowercase().as_str() {
                    "hub" => hub = hub.or_else(|| url.clone()),
                    "self" => topic = topic.or_else(|| url.clone()),
                    _ => {}
                }
            }
        }
    }
    Some(Hub { hub: hub?, topic })
}

/// Cuts a `Link` header into addresses and their `rel`.
fn links(value: &str) -> Vec<(&str, &str)> {
    let mut links = Vec::new();
    let mut rest = value;
    while let Some((href, after)) = rest.split_once('<').and_then(|(_, rest)| rest.split_once('>')) {
        // Up to the comma that no quotation marks hide.
        let mut quoted = false;
        let end = after.find(|c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        });
        let (parameters, others) = after.split_at(end.unwrap_or(after.len()));
        let rel = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("rel").then(|| value.trim().trim_matches('"'))
        });
        links.extend(rel.map(|rel| (href.trim(), rel)));
        rest = others;
    }
    links
}

/// Says whether the answer is a check that only a browser passes.
pub fn is_browser_check(headers: &HeaderMap) -> bool {
    headers.contains_key("cf-mitigated")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> SystemTime {
        httpdate::parse_http_date("Sun, 08 Nov 2026 12:00:00 GMT").unwrap()
    }

    fn headers(lines: &[(&'static str, &[u8])]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap())).collect()
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let wait = |text: &[u8]| retry_after(&headers(&[("retry-after", text)]), now());
        assert_eq!(wait(b"120"), Some(Duration::from_secs(120)));
        assert_eq!(wait(b"0"), Some(Duration::ZERO));
        assert_eq!(wait(b"Sun, 08 Nov 2026 12:02:00 GMT"), Some(Duration::from_secs(120)));
        assert_eq!(wait(b"Sun, 08 Nov 2026 11:02:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait(b"999999999999999999999999"), Some(LONGEST_WAIT));
        assert_eq!(wait(b"soon"), None);
    }

    #[test]
    fn freshness_is_max_age_less_age_else_expires_less_date() {
        let fresh = |lines: &[(&'static str, &[u8])]| hint(&headers(lines), now()).map(|hint| hint.as_secs());
        assert_eq!(fresh(&[("cache-control", b"public, max-age=600"), ("age", b"100")]), Some(500));
        assert_eq!(fresh(&[("cache-control", b"max-age=600, no-cache")]), None);
        assert_eq!(
            fresh(&[("expires", b"Sun, 08 Nov 2026 12:10:00 GMT"), ("date", b"Sun, 08 Nov 2026 12:05:00 GMT")]),
            Some(300)
        );
        assert_eq!(fresh(&[("expires", b"0")]), None);
        assert_eq!(fresh(&[("cache-control", b"max-age=0")]), None);
    }

    #[test]
    fn rate_limiters_are_understood_in_seconds_unix_time_and_dates() {
        let wait = |lines: &[(&'static str, &[u8])]| used_up(&headers(lines), now()).map(|wait| wait.as_secs());
        let mastodon: &[u8] = b"2026-11-08T12:05:00.000Z";
        assert_eq!(wait(&[("x-ratelimit-remaining", b"0"), ("x-ratelimit-reset", mastodon)]), Some(300));
        assert_eq!(wait(&[("x-ratelimit-remaining", b"7"), ("x-ratelimit-reset", mastodon)]), None);
        assert_eq!(wait(&[("ratelimit-remaining", b"0"), ("ratelimit-reset", b"1794139260")]), Some(60));
        assert_eq!(wait(&[("x-ratelimit-remaining", b"0.0"), ("x-ratelimit-reset", b"42")]), Some(42));
        assert_eq!(wait(&[("x-ratelimit-remaining", b"0"), ("x-ratelimit-reset", b"soon")]), None);
    }

    #[test]
    fn a_validator_comes_back_byte_for_byte_even_when_it_is_no_text() {
        let odd = b"W/\"caf\xe9 \xff\"";
        let kept = validators(&headers(&[("etag", odd)]));
        assert_eq!(value(kept.etag.as_deref().unwrap()).unwrap().as_bytes(), odd);
    }

    #[test]
    fn a_hub_is_read_from_link_headers_however_they_are_written() {
        let base = Url::parse("https://example.org/feed").unwrap();
        let of = |lines: &[(&'static str, &[u8])]| {
            hub(&headers(lines), &base).map(|hub| (hub.hub.to_string(), hub.topic.map(|topic| topic.to_string())))
        };
        let both = Some(("https://hub.example/a,b".to_owned(), Some("https://example.org/own".to_owned())));
        assert_eq!(of(&[("link", b"<https://hub.example/a,b>; rel=hub, </own>; title=\"a, b\"; rel=\"alternate SELF\"")]), both);
        assert_eq!(
            of(&[("link", b"</x>; rel=next, <https://hub.example/>;REL=\"hub\"")]),
            Some(("https://hub.example/".into(), None))
        );
        for none in [&b"<https://hub.example/>"[..], b"rel=hub", b"<javascript:x>; rel=hub", b"<", b"\xff"] {
            assert_eq!(of(&[("link", none)]), None);
        }
    }

    #[test]
    fn a_304_renews_only_what_it_carries() {
        let sent = Validators { etag: Some("\"a\"".into()), last_modified: Some("then".into()) };
        let both = renewed(&sent, &headers(&[("etag", b"\"b\"")])).unwrap();
        assert_eq!(both, Validators { etag: Some("\"b\"".into()), last_modified: Some("then".into()) });
        assert_eq!(renewed(&sent, &headers(&[("etag", b"\"a\"")])), None);
    }
}
