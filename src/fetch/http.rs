//! One polite request, and the redirects that follow from it.

use std::collections::HashMap;
use std::error::Error as _;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION};
use reqwest::{Client, Response};
use tokio::time::{Instant, timeout};
use url::Url;

use super::Fetched;
use super::body;
use super::error::{FetchError, Step};
use super::guard::{Allowed, Blocked, Guard, host_of};
use super::headers;
use super::host::{HostKey, Lines, Turn, gap_after, is_reddit};
use super::settings::Settings;
use super::tls::{self, Tls};
use crate::model::source::{Token, Validators};

/// What we can read, best first; some servers answer 406 or a web page to those who do not say.
const WANTED: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";

/// How a request is made.
#[derive(Debug, Clone, Copy)]
pub struct Manner<'a> {
    wanted: &'static str,
    token: Option<&'a Token>,
    form: Option<(&'static str, (&'a Token, &'a Token))>,
}

impl<'a> Manner<'a> {
    /// For a feed.
    pub const FEED: Self = Self { wanted: WANTED, token: None, form: None };

    /// For a web page, as browsers ask for one.
    pub const DOCUMENT: Self = Self {
        wanted: "text/html, application/xhtml+xml, application/ld+json;q=0.9, application/json;q=0.9, */*;q=0.5",
        token: None,
        form: None,
    };

    /// For a page of a network's timeline.
    pub fn page(token: Option<&'a Token>) -> Self {
        Self { wanted: "application/json", token, form: None }
    }

    /// For a form that is sent with a name and a password.
    pub fn form(form: &'static str, login: (&'a Token, &'a Token)) -> Self {
        Self { wanted: "application/json", token: None, form: Some((form, login)) }
    }
}

/// Longest address that a redirect may lead to; servers refuse longer ones.
const LONGEST_ADDRESS: usize = 8 << 10;

/// Pause for a host that said "too many" without saying how long.
const UNTOLD_REST: Duration = Duration::from_secs(60);

/// Asks web servers.
pub struct Http {
    pub(super) settings: Settings,
    pub(super) lines: Lines,
    pub(super) tls: Tls,
    pub(super) resolver: Arc<dyn Resolve>,
    /// One client for each set of networks: a connection opened for a source that may go inside must not serve another.
    clients: Mutex<HashMap<Allowed, Client>>,
}

/// What one request led to.
enum Hop {
    Done(Fetched),
    MovedTo { next: Url, for_good: bool },
}

impl Http {
    /// Prepares to ask; a missing list of authorities is told only when https is needed.
    pub fn new(settings: Settings, resolver: Arc<dyn Resolve>) -> Self {
        let lines = Lines::new(settings.in_flight);
        Self { settings, lines, tls: tls::prepare(), resolver, clients: Mutex::default() }
    }

    /// Visits an address, following redirects; each hop is checked and waits for its turn like a request of its own.
    ///
    /// The time limit counts work, not the waiting in line.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn visit(
        &self,
        first: &Url,
        networks: &[IpNet],
        validators: &Validators,
        manner: Manner<'_>,
    ) -> Result<Fetched, FetchError> {
        let allowed = Allowed::new(&self.settings.allow_private, networks);
        let limits = &self.settings.limits;
        let mut left = limits.total;
        let mut been = Vec::new();
        let mut url = first.clone();
        let (mut moved, mut only_for_good) = (None, true);
        while been.len() <= limits.redirects {
            let rule = allowed.check(&url)?;
            let host = host_of(&url);
            let client = self.client(rule, &url)?;
            let gap = gap_after(&url, self.settings.gap);
            let entered = self.lines.enter(&HostKey::of(&url), gap).await;
            let turn = entered.map_err(|wait| FetchError::HostRests { host: host.clone(), wait })?;
            let began = Instant::now();
            let manner = if url.origin() == first.origin() { manner } else { Manner { token: None, form: None, ..manner } };
            let Ok(hop) = timeout(left, self.ask(&client, &url, validators, manner, &turn)).await else {
                return Err(FetchError::TimedOut { host, step: Step::Total, after: limits.total });
            };
            left = left.saturating_sub(began.elapsed());
            match hop? {
                Hop::Done(Fetched::News { body, content_type, url, validators, hint, hub, .. }) => {
                    return Ok(Fetched::News { body, content_type, url, validators, hint, moved, hub });
                }
                Hop::Done(Fetched::NotModified { validators, hint, .. }) => {
                    return Ok(Fetched::NotModified { validators, hint, moved });
                }
                Hop::MovedTo { next, for_good } => {
                    only_for_good &= for_good;
                    if only_for_good {
                        moved = Some(Box::new(next.clone()));
                    }
                    been.push(std::mem::replace(&mut url, next));
                    if been.contains(&url) {
                        return Err(FetchError::BadRedirect { host, detail: "it leads back to where we came from" });
                    }
                }
            }
        }
        Err(FetchError::TooManyRedirects { host: host_of(first), followed: limits.redirects })
    }

    async fn ask(
        &self,
        client: &Client,
        url: &Url,
        validators: &Validators,
        manner: Manner<'_>,
        turn: &Turn,
    ) -> Result<Hop, FetchError> {
        let host = host_of(url);
        let limits = &self.settings.limits;
        let request = match manner.form {
            Some((form, (name, password))) => {
                let form = client.post(url.clone()).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
                form.basic_auth(&name.0, Some(&password.0))
            }
            None => client.get(url.clone()),
        };
        let mut request = request.header(ACCEPT, manner.wanted).header(ACCEPT_ENCODING, body::ACCEPTED);
        for (name, sent) in [(IF_NONE_MATCH, &validators.etag), (IF_MODIFIED_SINCE, &validators.last_modified)] {
            if let Some(value) = sent.as_deref().and_then(headers::value) {
                request = request.header(name, value);
            }
        }
        if let Some(Token(token)) = manner.token {
            request = request.bearer_auth(token);
        }
        let Ok(answer) = timeout(limits.first_byte, request.send()).await else {
            return Err(FetchError::TimedOut { host, step: Step::FirstByte, after: limits.first_byte });
        };
        let response = answer.map_err(|error| why(&error, url, limits.connect))?;
        if let Some(wait) = headers::used_up(response.headers(), SystemTime::now()) {
            turn.hold(wait);
        }
        let hint = headers::hint(response.headers(), SystemTime::now());
        match response.status().as_u16() {
            200 | 203 => {
                let content_type = response.headers().get(CONTENT_TYPE);
                let content_type = content_type.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
                let validators = headers::validators(response.headers());
                let hub = headers::hub(response.headers(), url).map(Box::new);
                let body = body::read(response, &host, limits).await?;
                Ok(Hop::Done(Fetched::News { body, content_type, url: Some(url.clone()), validators, hint, moved: None, hub }))
            }
            304 if *validators != Validators::default() => {
                let validators = headers::renewed(validators, response.headers());
                Ok(Hop::Done(Fetched::NotModified { validators, hint, moved: None }))
            }
            status @ (301 | 302 | 303 | 307 | 308) => {
                if let Some(wait) = headers::retry_after(response.headers(), SystemTime::now()) {
                    turn.hold(wait);
                }
                let next = next_hop(url, response.headers().get(LOCATION))?;
                Ok(Hop::MovedTo { next, for_good: matches!(status, 301 | 308) })
            }
            _ => Err(refusal(&response, url, turn)),
        }
    }

    pub(super) fn client(&self, rule: Allowed, url: &Url) -> Result<Client, FetchError> {
        if let (Tls::Missing(detail), "https") = (&self.tls, url.scheme()) {
            return Err(FetchError::NoAuthorities { host: host_of(url), detail: detail.clone() });
        }
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&rule) {
            return Ok(client.clone());
        }
        let client = self.build(&rule).map_err(|detail| FetchError::Request { host: host_of(url), detail })?;
        clients.insert(rule, client.clone());
        Ok(client)
    }

    /// How we introduce ourselves.
    pub(super) fn name(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match &self.settings.contact {
            Some(contact) => format!("claimwatch/{version} (+{contact})"),
            None => format!("claimwatch/{version}"),
        }
    }

    fn build(&self, rule: &Allowed) -> Result<Client, String> {
        let tls = self.tls.client_config().map_err(|error| error.to_string())?;
        let mut builder = Client::builder()
            .user_agent(self.name())
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.settings.limits.connect)
            .http2_max_header_list_size(64 << 10)
            // As browsers do: a header nobody needs is no reason to lose a feed.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .pool_max_idle_per_host(1)
            .pool_idle_timeout(Duration::from_secs(20));
        if self.settings.environment_proxy {
            builder = builder.dns_resolver(Arc::clone(&self.resolver));
        } else {
            builder = builder.no_proxy().dns_resolver(Arc::new(Guard::new(rule.clone(), Arc::clone(&self.resolver))));
        }
        builder.build().map_err(|error| innermost(&error))
    }
}

/// Reads where a redirect leads; a password of ours goes along only to the same origin.
fn next_hop(url: &Url, location: Option<&HeaderValue>) -> Result<Url, FetchError> {
    let host = host_of(url);
    let bad = |detail| FetchError::BadRedirect { host: host.clone(), detail };
    let location = location.ok_or_else(|| bad("it did not say where to"))?;
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut next = url.join(location.trim()).map_err(|_| bad("the address cannot be read"))?;
    if next.as_str().len() > LONGEST_ADDRESS {
        return Err(bad("the address is longer than 8 KiB"));
    }
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(FetchError::Downgrade { host });
    }
    next.set_fragment(None);
    let same_origin = next.origin() == url.origin();
    // Both fail only where an address cannot have a user name at all.
    let _ = next.set_username(if same_origin { url.username() } else { "" });
    let _ = next.set_password(if same_origin { url.password() } else { None });
    Ok(next)
}

/// Reads what a status other than success means, and keeps the promise to stay away where it asks for one.
pub(super) fn refusal(response: &Response, url: &Url, turn: &Turn) -> FetchError {
    let host = host_of(url);
    let status = response.status().as_u16();
    let wait = headers::retry_after(response.headers(), SystemTime::now());
    let browser_check = headers::is_browser_check(response.headers());
    match status {
        // A check page is no plea for patience.
        403 | 429 | 503 if browser_check => FetchError::NotLetIn { host, status, browser_check },
        403 | 429 if status == 429 || is_reddit(url) => {
            let wait = wait.or_else(|| headers::rate_limit_reset(response.headers(), SystemTime::now()));
            turn.hold(wait.unwrap_or(UNTOLD_REST));
            FetchError::TooManyRequests { host, wait }
        }
        401 | 403 | 407 | 451 => FetchError::NotLetIn { host, status, browser_check },
        404 => FetchError::NotFound { host },
        410 => FetchError::Gone { host },
        500..=599 => {
            if let Some(wait) = wait {
                turn.hold(wait);
            }
            FetchError::ServerTrouble { host, status, wait }
        }
        _ => FetchError::OddAnswer { host, status },
    }
}

/// Finds out why no answer came. Nothing of the URL but its host gets into the message: it may hold a token.
pub(super) fn why(error: &reqwest::Error, url: &Url, connect: Duration) -> FetchError {
    let host = host_of(url);
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(blocked) = inner.downcast_ref::<Blocked>() {
            return FetchError::BlockedAddress { host, address: blocked.address };
        }
        if let Some(tls) = tls_fault(inner) {
            return FetchError::Tls { host, detail: body::clip(&tls.to_string()) };
        }
        if inner.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse) {
            return FetchError::Garbled { host, detail: body::clip(&inner.to_string()) };
        }
        cause = inner.source();
    }
    let detail = innermost(error);
    match () {
        () if error.is_timeout() => FetchError::TimedOut { host, step: Step::Connect, after: connect },
        () if error.is_dns() => FetchError::Dns { host },
        () if error.is_connect() => FetchError::Connect { host, detail },
        () if error.is_builder() => FetchError::Request { host, detail },
        () => FetchError::CutShort { host },
    }
}

/// Finds a TLS error in a cause; I/O errors wrap one another and keep what they wrap out of the chain of sources.
fn tls_fault<'e>(cause: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    tls_fault(cause.downcast_ref::<io::Error>()?.get_ref()?)
}

/// Gives the words of the innermost cause; the outer ones repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let mut cause = error.source();
    let mut words = String::new();
    while let Some(inner) = cause {
        words = inner.to_string();
        cause = inner.source();
    }
    body::clip(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(from: &str, to: &'static str) -> Result<String, FetchError> {
        next_hop(&Url::parse(from).unwrap(), Some(&HeaderValue::from_static(to))).map(|url| url.to_string())
    }

    #[test]
    fn a_redirect_may_climb_to_https_but_not_down() {
        assert_eq!(hop("http://example.org/a", "https://example.org/b#top").unwrap(), "https://example.org/b");
        assert!(matches!(hop("https://example.org/a", "http://example.org/b"), Err(FetchError::Downgrade { .. })));
    }

    #[test]
    fn a_password_stays_with_its_origin() {
        let from = "https://ann:secret@example.org/a";
        assert_eq!(hop(from, "https://example.org/b").unwrap(), "https://ann:secret@example.org/b");
        assert_eq!(hop(from, "https://example.net/b").unwrap(), "https://example.net/b");
        assert_eq!(hop(from, "https://example.org:8443/b").unwrap(), "https://example.org:8443/b");
    }
}
