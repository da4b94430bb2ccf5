//! A Mastodon-compatible timeline walked forward from where we stopped, so that nothing is skipped after days away.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::{clean, mastodon};
use crate::model::post::{Post, RawPost};
use crate::model::source::{Source, SourceKind, SourceName, SourceState, Timeline};

/// Pages read in one visit; what is left is read in the next, which follows at once.
const MOST_PAGES: usize = 25;

/// Where we stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The number of the account we follow.
    account: Option<String>,
    /// The newest status written down.
    newest: Option<String>,
}

/// Reads what was posted since the last visit; at a first visit, the newest page.
///
/// When a page fails after others were read, those are kept: the walk goes forward, so the next visit goes on behind them.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let SourceKind::Mastodon { server, timeline, token, allow_private, .. } = &source.kind else {
        return Ok(Gathered::nothing());
    };
    let mut cursor: Cursor = state.cursor.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let ask = async |url: Option<url::Url>| {
        let url = url.ok_or_else(|| Trouble::of_address(server))?;
        asking.fetcher.page(&url, allow_private, token.as_ref()).await.map_err(Trouble::from)
    };
    if let (Timeline::Account(account), None) = (timeline, &cursor.account) {
        cursor.account = Some(mastodon::account_number(&ask(mastodon::lookup(server, account)).await?)?);
    }
    let is_first = cursor.newest.is_none();
    let mut batch = Batch { title: Some(source.kind.place()), ..Batch::default() };
    for page in 0..MOST_PAGES {
        let address = mastodon::page_address(server, timeline, cursor.account.as_deref(), cursor.newest.as_deref());
        let read = match ask(address).await {
            Ok(body) => mastodon::read(&body, server).map_err(Trouble::from),
            Err(trouble) => Err(trouble),
        };
        let found = match read {
            Ok(found) => found,
            Err(_) if page > 0 => {
                batch.more = true;
                break;
            }
            Err(trouble) => return Err(trouble),
        };
        let goes_on = match (&found.newest, &cursor.newest) {
            (Some(newest), Some(before)) => mastodon::is_after(newest, before),
            (newest, None) => newest.is_some(),
            (None, Some(_)) => false,
        };
        batch.posts.extend(cleaned(found.posts, &source.name, asking.now).await);
        batch.standings.extend(found.standings);
        batch.more = goes_on && !is_first && page + 1 == MOST_PAGES;
        if goes_on {
            cursor.newest = found.newest;
        }
        // A server that gives the same page again does not know `min_id`: one page is all we can have.
        if is_first || !goes_on {
            break;
        }
    }
    batch.cursor = serde_json::to_string(&cursor).ok();
    Ok(Gathered::Batch(Box::new(batch)))
}

async fn cleaned(posts: Vec<RawPost>, name: &SourceName, now: Timestamp) -> Vec<Post> {
    let name = name.clone();
    tokio::task::spawn_blocking(move || clean::clean(posts, &name, now)).await.unwrap_or_default()
}
