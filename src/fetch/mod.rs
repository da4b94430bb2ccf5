//! Asking for documents: over HTTP or from the disk, politely, with limits on time, size and address.

mod body;
pub mod error;
mod file;
pub mod guard;
mod headers;
pub mod host;
mod http;
pub mod settings;
pub mod socket;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::dns::Resolve;
use url::Url;

use self::error::FetchError;
use self::guard::SystemResolver;
use self::http::{Http, Manner};
use self::settings::Settings;
use self::socket::{Refused, Socket};
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
        Self { http: Arc::new(Http::new(settings.clone(), resolver)), file_bytes }
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
            SourceKind::Mastodon { server, .. } | SourceKind::Bluesky { server, .. } => Err(FetchError::Request {
                host: server.host_str().unwrap_or_default().to_owned(),
                detail: "a timeline is read page by page".to_owned(),
            }),
            SourceKind::Push | SourceKind::Jetstream { .. } => {
                Err(FetchError::Request { host: String::new(), detail: "nothing is fetched here".to_owned() })
            }
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
