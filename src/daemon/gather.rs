//! What a source has to say today: asked, read and cleaned, but not yet compared or remembered.

use std::time::Duration;

use jiff::Timestamp;
use tokio::task::spawn_blocking;
use url::Url;

use super::trouble::Trouble;
use super::{bluesky, mastodon, push, stream};
use crate::feeds::error::ReadError;
use crate::feeds::{clean, syndication};
use crate::fetch::{Fetched, Fetcher};
use crate::model::post::Post;
use crate::model::source::{Source, SourceKind, SourceState, Validators};
use crate::store::Store;

/// What a source gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Gathered {
    /// Nothing has changed since the last visit.
    Unchanged {
        /// Newer validators, if the answer carried any.
        validators: Option<Validators>,
        /// The server asks to wait this long.
        hint: Option<Duration>,
    },
    /// Posts, known and unknown.
    Batch(Box<Batch>),
}

/// Posts, and how they were come by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// In the order of the source.
    pub posts: Vec<Post>,
    /// The source's own title.
    pub title: Option<String>,
    /// Where it was found after redirects.
    pub url: Option<Url>,
    /// What had to be repaired, in words.
    pub repaired: Vec<String>,
    /// The server asks to wait this long.
    pub hint: Option<Duration>,
    /// What to ask with next time.
    pub validators: Validators,
    /// Where to go on reading next time.
    pub cursor: Option<String>,
    /// There is more to be read at once.
    pub more: bool,
}

/// Whom a source is asked through.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The one who asks.
    pub fetcher: &'a Fetcher,
    /// What is remembered, where it matters which posts are known.
    pub store: Option<&'a Store>,
    /// The time.
    pub now: Timestamp,
}

/// Asks a source once, politely, and reads what it says.
///
/// # Errors
/// See [`Trouble`].
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    match &source.kind {
        SourceKind::File { .. } | SourceKind::Feed { .. } => document(asking.fetcher, source, state, asking.now).await,
        SourceKind::Mastodon { .. } => mastodon::gather(asking, source, state).await,
        SourceKind::Bluesky { .. } => bluesky::gather(asking, source, state).await,
        SourceKind::Jetstream { .. } => stream::look_into(asking, source).await,
        SourceKind::Push => push::gather(asking, source, state).await,
    }
}

async fn document(fetcher: &Fetcher, source: &Source, state: &SourceState, now: Timestamp) -> Result<Gathered, Trouble> {
    let (body, content_type, url, validators, hint) = match fetcher.fetch(source, &state.validators).await? {
        Fetched::NotModified { validators, hint } => return Ok(Gathered::Unchanged { validators, hint }),
        Fetched::News { body, content_type, url, validators, hint } => (body, content_type, url, validators, hint),
    };
    let name = source.name.clone();
    // Off the async threads: a feed may take seconds to read. A panic in the reader ends here, as a failed visit.
    let read = spawn_blocking(move || {
        let document = syndication::read(&body, content_type.as_deref(), url.as_ref())?;
        let (ttl, cut_short) = (document.ttl, document.cut_short);
        let posts = clean::clean(document.posts, &name, now);
        let batch = Batch { posts, title: document.title, url, repaired: document.repaired, ..Batch::default() };
        Ok::<_, ReadError>((batch, ttl, cut_short))
    });
    let (batch, ttl, cut_short) = read.await.unwrap_or(Err(ReadError::Panicked))?;
    // Half a document must be asked for again: with its validators the server would say "nothing new" for the other half.
    let validators = if cut_short { Validators::default() } else { validators };
    Ok(Gathered::Batch(Box::new(Batch { hint: hint.max(ttl), validators, ..batch })))
}
