//! Posts out of the inbox, where `claimwatch ingest` and `POST /ingest` have put them.

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::clean;
use crate::feeds::pushed::Pushed;
use crate::model::source::{Source, SourceState};

/// Posts taken in one visit, and so in one transaction.
const AT_ONCE: i64 = 500;

/// Reads what waits. The cursor is the number of the last one read; recording the visit takes them out.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let after = state.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0);
    let rows = match asking.store {
        Some(store) => store.inbox(&source.name, after, AT_ONCE).await?,
        None => Vec::new(),
    };
    let Some((last, _)) = rows.last() else { return Ok(Gathered::nothing()) };
    let (cursor, more) = (Some(last.to_string()), rows.len() as i64 == AT_ONCE);
    let name = source.name.clone();
    let now = asking.now;
    let read = tokio::task::spawn_blocking(move || {
        let posts = rows.iter().filter_map(|(_, line)| Pushed::read(line.as_bytes()).ok());
        clean::clean(posts.map(|post| post.into_raw(&name)).collect(), &name, now)
    });
    let posts = read.await.map_err(|fault| Trouble::of_ours(&fault))?;
    Ok(Gathered::Batch(Box::new(Batch { posts, cursor, more, ..Batch::default() })))
}
