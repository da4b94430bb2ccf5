//! Asking for documents: over HTTP or from the disk, politely, with limits on time, size and address.

pub mod error;
pub mod settings;

use bytes::Bytes;

use crate::model::source::{Source, Validators};
use error::FetchError;

/// What a visit brought.
#[derive(Debug, Clone)]
pub enum Fetched {
    /// Nothing has changed since the validators were given out.
    NotModified {
        /// Newer validators, if the answer carried any.
        validators: Option<Validators>,
        /// The server asks to wait this long.
        hint: Option<std::time::Duration>,
    },
    /// A document.
    News {
        /// Its body, decoded.
        body: Bytes,
        /// `Content-Type`.
        content_type: Option<String>,
        /// Where it came from after redirects.
        url: Option<url::Url>,
        /// What to ask with next time.
        validators: Validators,
        /// The server asks to wait this long.
        hint: Option<std::time::Duration>,
    },
}

/// The one who asks: holds connections, limits and the rules about addresses.
#[derive(Debug, Clone)]
pub struct Fetcher {}

impl Fetcher {
    /// Visits a source once.
    ///
    /// # Errors
    /// See [`FetchError`]; each says whether and when to try again.
    pub async fn fetch(&self, source: &Source, validators: &Validators) -> Result<Fetched, FetchError> {
        let _ = (source, validators);
        todo!()
    }
}
