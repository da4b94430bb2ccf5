//! What a source has to say today: asked, read and cleaned, but not yet compared or remembered.

use super::connectors::{bluesky, feed, jetstream, mastodon, push, reddit, telegram};
use super::gathered::{Asking, Gathered};
use super::trouble::Trouble;
use crate::model::source::{Source, SourceKind, SourceState};

/// Asks a source once, politely, and reads what it says.
///
/// # Errors
/// See [`Trouble`].
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    match &source.kind {
        SourceKind::File { .. } | SourceKind::Feed { .. } => feed::gather(asking, source, state).await,
        SourceKind::Mastodon { .. } => mastodon::gather(asking, source, state).await,
        SourceKind::Bluesky { .. } => bluesky::gather(asking, source, state).await,
        SourceKind::Telegram { .. } => telegram::gather(asking, source, state).await,
        SourceKind::Reddit { .. } => reddit::gather(asking, source, state).await,
        SourceKind::Jetstream { .. } => jetstream::gather(asking, source).await,
        SourceKind::Push => push::gather(asking, source, state).await,
    }
}
