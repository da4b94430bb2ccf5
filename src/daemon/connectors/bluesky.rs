//! A Bluesky list read from its newest post back to what we know.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::{bluesky, clean};
use crate::model::post::PostKey;
use crate::model::source::{Source, SourceKind, SourceState};

/// Pages read in one visit: a thousand posts.
const MOST_PAGES: usize = 10;
/// Posts may appear among older ones so long after they were written.
const OVERLAP: Duration = Duration::from_secs(60 * 60);
/// Every so many visits a page more is read: a post dated back sorts in far below the newest.
const NOW_AND_THEN: u32 = 8;

/// What is remembered from visit to visit.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// Visits made since a page more was read.
    visits: u32,
}

/// Reads back to posts that are both known and older than the last visit; at a first visit, the newest page.
///
/// Read backwards there is no half: when a page fails the whole visit fails, or the next one would stop at what this one
/// wrote down and never see the rest.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let SourceKind::Bluesky { server, list, allow_private } = &source.kind else {
        return Ok(Gathered::nothing());
    };
    let mut batch = Batch { title: Some(source.kind.place()), ..Batch::default() };
    let mut cursor: Option<String> = None;
    let remembered: Cursor = state.cursor.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let visits = (remembered.visits + 1) % NOW_AND_THEN;
    batch.cursor = serde_json::to_string(&Cursor { visits }).ok();
    let mut pages_more = usize::from(visits == 0);
    let known_before = state.last_success.and_then(|at| at.saturating_sub(OVERLAP).ok());
    for page in 1..=MOST_PAGES {
        let url = bluesky::page_address(server, list, cursor.as_deref()).ok_or_else(|| Trouble::of_address(server))?;
        let found = bluesky::read(&asking.fetcher.page(&url, allow_private, None).await?)?;
        let posts = clean::clean(found.posts, &source.name, asking.now);
        let keys: Vec<PostKey> = posts.iter().map(|post| post.key.clone()).collect();
        let known = match asking.store {
            Some(store) => store.known(&source.name, &keys).await?.len(),
            None => 0,
        };
        batch.posts.extend(posts);
        batch.standings.extend(found.standings);
        let Some(known_before) = known_before else { break };
        let reaches_back = known > 0 && (known == keys.len() || found.oldest.is_some_and(|oldest| oldest < known_before));
        if found.cursor.is_none() || found.items == 0 || found.cursor == cursor {
            break;
        }
        if reaches_back {
            if pages_more == 0 {
                break;
            }
            pages_more -= 1;
        }
        if page == MOST_PAGES && !reaches_back {
            batch.repaired.push("more was posted since the last visit than can be read back: the oldest was not seen".to_owned());
        }
        cursor = found.cursor;
    }
    let mut seen = std::collections::HashSet::new();
    batch.posts.retain(|post| seen.insert(post.key.clone()));
    Ok(Gathered::Batch(Box::new(batch)))
}
