//! A Telegram channel's public preview, read back from its newest post to the newest we know.

use serde::{Deserialize, Serialize};

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::{clean, telegram};
use crate::model::source::{Source, SourceKind, SourceState};

/// Pages read in one visit, some twenty posts each.
const MOST_PAGES: usize = 25;

/// Where we stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The number of the newest post written down.
    newest: u64,
}

/// Reads what was posted since the last visit; at a first visit, the newest page.
///
/// Read backwards there is no half: when a page fails the whole visit fails, or the rest would never be seen.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let SourceKind::Telegram { server, channel, allow_private } = &source.kind else {
        return Ok(Gathered::nothing());
    };
    let cursor: Cursor = state.cursor.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut batch = Batch { title: Some(source.kind.place()), ..Batch::default() };
    let (mut raw, mut newest, mut before) = (Vec::new(), None, None);
    for page in 1..=MOST_PAGES {
        let url = telegram::page_address(server, channel, before).ok_or_else(|| Trouble::of_address(server))?;
        let body = asking.fetcher.web_page(&url, allow_private).await?;
        let read = tokio::task::spawn_blocking(move || telegram::read(&body)).await;
        let found = read.map_err(|fault| Trouble::of_ours(&fault))??;
        newest = newest.max(found.newest);
        // Newest first, as all timelines are.
        raw.extend(found.posts.into_iter().rev());
        batch.title = found.title.or(batch.title);
        let goes_back = found.oldest.filter(|oldest| before.is_none_or(|before| *oldest < before));
        let Some(oldest) = goes_back.filter(|oldest| *oldest > cursor.newest + 1 && cursor.newest > 0) else { break };
        before = Some(oldest);
        if page == MOST_PAGES {
            batch.repaired.push("more was posted since the last visit than can be read back: the oldest was not seen".to_owned());
        }
    }
    let (name, now) = (source.name.clone(), asking.now);
    let cleaned = tokio::task::spawn_blocking(move || clean::clean(raw, &name, now)).await;
    batch.posts = cleaned.map_err(|fault| Trouble::of_ours(&fault))?;
    let newest = newest.map(|newest| Cursor { newest }).unwrap_or(cursor);
    batch.cursor = serde_json::to_string(&newest).ok();
    Ok(Gathered::Batch(Box::new(batch)))
}
