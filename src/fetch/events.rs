//! Answers that do not end: server-sent events, opened under the same rules as every request and read as long as they last.

use bytes::Bytes;
use ipnet::IpNet;
use reqwest::Response;
use reqwest::header::{ACCEPT, CACHE_CONTROL};
use tokio::time::timeout;
use url::Url;

use super::body;
use super::error::{FetchError, Step};
use super::guard::{Allowed, host_of};
use super::host::{HostKey, gap_after};
use super::http::{Http, refusal, why};
use crate::model::source::Token;

/// An answer that does not end.
#[derive(Debug)]
pub struct Events {
    response: Response,
}

impl Events {
    /// Gives the next bytes, nothing when the server has ended. Dropping the future loses nothing.
    ///
    /// # Errors
    /// When the connection breaks; why, for people.
    pub async fn next(&mut self) -> Result<Option<Bytes>, String> {
        self.response
            .chunk()
            .await
            .map_err(|error| format!("the connection broke: {}", body::clip(&error.without_url().to_string())))
    }
}

impl Http {
    /// Opens a stream of events. It takes its turn at the host like a request, but does not hold the line; redirects are not followed.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn events(&self, url: &Url, networks: &[IpNet], token: Option<&Token>) -> Result<Events, FetchError> {
        let rule = Allowed::new(&self.settings.allow_private, networks).check(url)?;
        let host = host_of(url);
        let client = self.client(rule, url)?;
        let entered = self.lines.enter(&HostKey::of(url), gap_after(url, self.settings.gap)).await;
        let turn = entered.map_err(|wait| FetchError::HostRests { host: host.clone(), wait })?;
        let limits = &self.settings.limits;
        let mut request = client.get(url.clone()).header(ACCEPT, "text/event-stream").header(CACHE_CONTROL, "no-cache");
        if let Some(Token(token)) = token {
            request = request.bearer_auth(token);
        }
        let Ok(answer) = timeout(limits.first_byte, request.send()).await else {
            return Err(FetchError::TimedOut { host, step: Step::FirstByte, after: limits.first_byte });
        };
        let response = answer.map_err(|error| why(&error, url, limits.connect))?;
        match response.status().as_u16() {
            200 => Ok(Events { response }),
            300..=399 => Err(FetchError::BadRedirect { host, detail: "a stream is not followed elsewhere" }),
            _ => Err(refusal(&response, url, &turn)),
        }
    }
}
