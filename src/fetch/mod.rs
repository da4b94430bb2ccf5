//! Asking for documents: over HTTP or from the disk, politely, with limits on time, size and address.

mod body;
pub mod error;
pub mod events;
mod file;
pub mod guard;
mod headers;
pub mod host;
mod http;
pub mod post;
pub mod settings;
pub mod socket;
mod tls;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::Resolve;
use tokio::time::Instant;
use url::Url;

use self::error::FetchError;
use self::events::Events;
use self::guard::{SystemResolver, host_of};
use self::http::{Http, Manner};
use self::settings::Settings;
use self::socket::{Refused, Socket};
use crate::model::hub::Hub;
use crate::model::source::{Source, SourceKind, Token, Validators};

/// What a visit brought.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// Nothing has changed since the validators were given out.
    NotModified {
        /// Newer validators, if the answer carried any.
        validators: Option<Validators>,
        /// The server asks to wait this long.
        hint: Option<Duration>,
        /// Where permanent redirects (301, 308) led, as far as there was no other among them.
        moved: Option<Box<Url>>,
    },
    /// A document.
    News {
        /// Its body, decoded.
        body: Bytes,
        /// `Content-Type`.
        content_type: Option<String>,
        /// Where it came from after redirects.
        url: Option<Url>,
        /// What to ask with next time.
        validators: Validators,
        /// The server asks to wait this long.
        hint: Option<Duration>,
        /// Where permanent redirects (301, 308) led, as far as there was no other among them.
        moved: Option<Box<Url>>,
        /// A hub that pushes it (`Link` headers).
        hub: Option<Box<Hub>>,
    },
}

/// A web page that a person asked for.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its body, decoded.
    pub body: Bytes,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// Where it came from after redirects.
    pub url: Url,
}

/// The one who asks: holds connections, limits, the lines in front of hosts and the rules about addresses. Cheap to clone.
#[derive(Clone)]
pub struct Fetcher {
    http: Arc<Http>,
    file_bytes: u64,
    /// Tokens given out for keys, and until when they hold; never written down.
    tokens: Arc<Mutex<HashMap<String, (Token, Instant)>>>,
}

impl std::fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fetcher").finish_non_exhaustive()
    }
}

impl Fetcher {
    /// Prepares to ask, by these settings.
    pub fn new(settings: &Settings) -> Self {
        Self::with_resolver(settings, Arc::new(SystemResolver))
    }

    /// Prepares to ask, looking names up by `resolver`; its answers are checked like everybody's.
    pub fn with_resolver(settings: &Settings, resolver: Arc<dyn Resolve>) -> Self {
        let file_bytes = settings.limits.decoded_bytes;
        Self { http: Arc::new(Http::new(settings.clone(), resolver)), file_bytes, tokens: Arc::default() }
    }

    /// Visits a source once.
    ///
    /// Waits for its turn at the host first; [`FetchError::HostRests`] comes at once when that turn is far off.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn fetch(&self, source: &Source, validators: &Validators) -> Result<Fetched, FetchError> {
        match &source.kind {
            SourceKind::File { path } => file::read(path, validators, self.file_bytes).await,
            SourceKind::Feed { url, allow_private } => self.http.visit(url, allow_private, validators, Manner::FEED).await,
            other => Err(FetchError::Request {
                host: other.url().map(host_of).unwrap_or_default(),
                detail: "this source is no document".to_owned(),
            }),
        }
    }

    /// Asks for one page of a network's timeline, as politely as for a feed. Gives its body.
    ///
    /// The token goes to the server it is for, and nowhere else however we are sent on.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn page(&self, url: &Url, networks: &[ipnet::IpNet], token: Option<&Token>) -> Result<Bytes, FetchError> {
        match self.http.visit(url, networks, &Validators::default(), Manner::page(token)).await? {
            Fetched::News { body, .. } => Ok(body),
            Fetched::NotModified { .. } => Ok(Bytes::new()),
        }
    }

    /// Asks for a web page, as politely as for a feed. Gives its body.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn web_page(&self, url: &Url, networks: &[ipnet::IpNet]) -> Result<Bytes, FetchError> {
        match self.http.visit(url, networks, &Validators::default(), Manner::DOCUMENT).await? {
            Fetched::News { body, .. } => Ok(body),
            Fetched::NotModified { .. } => Ok(Bytes::new()),
        }
    }

    /// Sends a form with a name and a password (`POST`); both go to the server they are for, and nowhere else.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn form(
        &self,
        url: &Url,
        networks: &[ipnet::IpNet],
        form: &'static str,
        login: (&Token, &Token),
    ) -> Result<Bytes, FetchError> {
        match self.http.visit(url, networks, &Validators::default(), Manner::form(form, login)).await? {
            Fetched::News { body, .. } => Ok(body),
            Fetched::NotModified { .. } => Ok(Bytes::new()),
        }
    }

    /// Opens a stream of events (SSE), under the same rules as every request.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn events(&self, url: &Url, networks: &[ipnet::IpNet], token: Option<&Token>) -> Result<Events, FetchError> {
        self.http.events(url, networks, token).await
    }

    /// Keeps a token in memory for so long, under the name of the key it was given for.
    pub fn keep_token(&self, key: &Token, token: &Token, time: Duration) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.insert(key.0.clone(), (token.clone(), Instant::now() + time));
    }

    /// Gives a token that is kept and still holds.
    pub fn kept_token(&self, key: &Token) -> Option<Token> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.get(&key.0).filter(|(_, until)| *until > Instant::now()).map(|(token, _)| token.clone())
    }

    /// Forgets a token that was refused.
    pub fn forget_token(&self, key: &Token) {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner).remove(&key.0);
    }

    /// Asks for one web page, under the limits of a visit to a feed.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn document(&self, url: &Url) -> Result<Document, FetchError> {
        match self.http.visit(url, &[], &Validators::default(), Manner::DOCUMENT).await? {
            Fetched::News { body, content_type, url: found, .. } => {
                Ok(Document { body, content_type, url: found.unwrap_or_else(|| url.clone()) })
            }
            Fetched::NotModified { .. } => Ok(Document { body: Bytes::new(), content_type: None, url: url.clone() }),
        }
    }

    /// Opens a WebSocket, under the same rules about addresses as every request.
    ///
    /// # Errors
    /// See [`Refused`].
    pub async fn socket(&self, url: &Url, networks: &[ipnet::IpNet]) -> Result<Socket, Refused> {
        self.http.socket(url, networks).await
    }
}
