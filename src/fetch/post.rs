//! Sending a document: one request, no redirects, and only the beginning of the answer is read.

use std::time::{Duration, SystemTime};

use ipnet::IpNet;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use tokio::time::timeout;
use url::Url;

use super::Fetcher;
use super::body::clip;
use super::error::{FetchError, Step};
use super::guard::{Allowed, host_of};
use super::headers;
use super::http::{Http, why};
use crate::model::source::Token;

/// Bytes of an answer that are read: enough for its first sentence.
const ANSWER: usize = 4 << 10;

/// JSON to be sent.
#[derive(Debug, Clone, Copy)]
pub struct Posting<'a> {
    /// `PUT` instead of `POST`.
    pub put: bool,
    /// Headers beside `Content-Type`.
    pub headers: &'a [(&'static str, String)],
    /// `Authorization: Bearer`.
    pub token: Option<&'a Token>,
    /// The document.
    pub body: &'a str,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Retry-After`.
    pub wait: Option<Duration>,
    /// The beginning of the body, on one line.
    pub words: String,
}

impl Fetcher {
    /// Sends JSON to an address, under the same rules about addresses as every visit; waits in no line.
    ///
    /// # Errors
    /// When no answer came; any answer is a [`Reply`].
    pub async fn post(&self, url: &Url, networks: &[IpNet], posting: Posting<'_>) -> Result<Reply, FetchError> {
        self.http.post(url, networks, "application/json", posting).await
    }
}

impl Fetcher {
    /// Sends a form, under the same rules.
    ///
    /// # Errors
    /// When no answer came; any answer is a [`Reply`].
    pub async fn send_form(&self, url: &Url, networks: &[IpNet], form: &str) -> Result<Reply, FetchError> {
        let posting = Posting { put: false, headers: &[], token: None, body: form };
        self.http.post(url, networks, "application/x-www-form-urlencoded", posting).await
    }
}

impl Http {
    async fn post(&self, url: &Url, networks: &[IpNet], kind: &'static str, posting: Posting<'_>) -> Result<Reply, FetchError> {
        let limits = &self.settings.limits;
        let rule = Allowed::new(&self.settings.allow_private, networks).check(url)?;
        let client = self.client(rule, url)?;
        let method = if posting.put { Method::PUT } else { Method::POST };
        let mut request = client.request(method, url.clone()).header(CONTENT_TYPE, kind);
        for (name, value) in posting.headers {
            request = request.header(*name, value);
        }
        if let Some(Token(token)) = posting.token {
            request = request.bearer_auth(token);
        }
        let request = request.body(posting.body.to_owned());
        let Ok(answer) = timeout(limits.first_byte, request.send()).await else {
            return Err(FetchError::TimedOut { host: host_of(url), step: Step::FirstByte, after: limits.first_byte });
        };
        let mut response = answer.map_err(|error| why(&error, url, limits.connect))?;
        let status = response.status().as_u16();
        let wait = headers::retry_after(response.headers(), SystemTime::now());
        let mut words = Vec::new();
        // The status has decided; a body that hangs or breaks off changes nothing.
        let _ = timeout(limits.idle, async {
            while words.len() < ANSWER
                && let Ok(Some(piece)) = response.chunk().await
            {
                words.extend_from_slice(&piece[..piece.len().min(ANSWER - words.len())]);
            }
        })
        .await;
        let words = String::from_utf8_lossy(&words).split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Reply { status, wait, words: clip(&words) })
    }
}
