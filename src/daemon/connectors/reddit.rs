//! A subreddit's newest posts: through its feed at Reddit's slow rate, or with keys through its interface.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::daemon::gathered::{Asking, Batch, Gathered};
use crate::daemon::trouble::Trouble;
use crate::feeds::reddit::{self, Page, Stretch};
use crate::feeds::{clean, syndication};
use crate::fetch::Fetched;
use crate::model::source::{Backfill, RedditKeys, Source, SourceKind, SourceState, Token, Validators};

/// Pages read in one visit; Reddit lists no more than a thousand posts.
const MOST_PAGES: usize = 10;
/// Names remembered of the newest posts: one may be deleted, all hardly.
const ANCHORS: usize = 10;

/// Where we stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Cursor {
    /// The newest posts written down, newest first.
    anchors: Vec<String>,
}

/// Reads what was posted since the last visit; at a first visit, the newest page.
pub async fn gather(asking: &Asking<'_>, source: &Source, state: &SourceState) -> Result<Gathered, Trouble> {
    let SourceKind::Reddit { feed_server, server, subreddit, keys, allow_private } = &source.kind else {
        return Ok(Gathered::nothing());
    };
    let Some(keys) = keys else {
        let url = reddit::feed_address(feed_server, subreddit).ok_or_else(|| Trouble::of_address(feed_server))?;
        return feed(asking, source, state, url, allow_private).await;
    };
    let token = token(asking, feed_server, keys, allow_private).await?;
    let listed = listed(asking, source, state, server, subreddit, &token, allow_private).await;
    if matches!(&listed, Err(trouble) if trouble.class == "not_let_in") {
        // It may have been withdrawn: the next visit asks for another.
        asking.fetcher.forget_token(&keys.id);
    }
    listed
}

async fn feed(
    asking: &Asking<'_>,
    source: &Source,
    state: &SourceState,
    url: Url,
    allow_private: &[ipnet::IpNet],
) -> Result<Gathered, Trouble> {
    let kind = SourceKind::Feed { url, allow_private: allow_private.to_vec() };
    let as_feed = Source { name: source.name.clone(), kind, every: source.every, backfill: Backfill::Nothing };
    let (body, content_type, url, validators, hint) = match asking.fetcher.fetch(&as_feed, &state.validators).await? {
        Fetched::NotModified { validators, hint, .. } => return Ok(Gathered::Unchanged { validators, hint, moved: None }),
        Fetched::News { body, content_type, url, validators, hint, .. } => (body, content_type, url, validators, hint),
    };
    let (name, now) = (source.name.clone(), asking.now);
    let read = tokio::task::spawn_blocking(move || {
        let mut document = syndication::read(&body, content_type.as_deref(), url.as_ref())?;
        for post in &mut document.posts {
            post.everywhere = post.guid.as_deref().and_then(reddit::everywhere);
        }
        let (title, repaired, cut_short) = (document.title, document.repaired, document.cut_short);
        let posts = clean::clean(document.posts, &name, now);
        Ok::<_, crate::feeds::error::ReadError>((Batch { posts, title, url, repaired, ..Batch::default() }, cut_short))
    });
    let (batch, cut_short) = read.await.map_err(|fault| Trouble::of_ours(&fault))??;
    let validators = if cut_short { Validators::default() } else { validators };
    Ok(Gathered::Batch(Box::new(Batch { hint, validators, ..batch })))
}

/// Gives the token that the keys were exchanged for, or exchanges them.
async fn token(asking: &Asking<'_>, server: &Url, keys: &RedditKeys, allow_private: &[ipnet::IpNet]) -> Result<Token, Trouble> {
    if let Some(token) = asking.fetcher.kept_token(&keys.id) {
        return Ok(token);
    }
    let url = reddit::token_address(server).ok_or_else(|| Trouble::of_address(server))?;
    let form = "grant_type=client_credentials";
    let body = asking.fetcher.form(&url, allow_private, form, (&keys.id, &keys.secret)).await?;
    let (token, seconds) = reddit::token(&body)?;
    let token = Token(token);
    // A minute early, so that it does not run out under way.
    asking.fetcher.keep_token(&keys.id, &token, Duration::from_secs(seconds.saturating_sub(60)));
    Ok(token)
}

async fn listed(
    asking: &Asking<'_>,
    source: &Source,
    state: &SourceState,
    server: &Url,
    subreddit: &str,
    token: &Token,
    allow_private: &[ipnet::IpNet],
) -> Result<Gathered, Trouble> {
    let cursor: Cursor = state.cursor.as_deref().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let ask = async |stretch: Stretch<'_>| -> Result<Page, Trouble> {
        let url = reddit::listing_address(server, subreddit, stretch).ok_or_else(|| Trouble::of_address(server))?;
        Ok(reddit::read(&asking.fetcher.page(&url, allow_private, Some(token)).await?)?)
    };
    let mut batch = Batch { title: Some(source.kind.place()), ..Batch::default() };
    let mut raw = Vec::new();
    let mut names: Vec<String> = Vec::new();
    // Forward from the newest we know, as long as there is something newer.
    if let Some(newest) = cursor.anchors.first() {
        let mut from = newest.clone();
        for _ in 0..MOST_PAGES {
            let page = ask(Stretch::NewerThan(&from)).await?;
            let Some(first) = page.names.first().filter(|first| **first != from) else { break };
            from = first.clone();
            names.splice(0..0, page.names);
            raw.splice(0..0, page.posts);
        }
    }
    if names.is_empty() {
        // Nothing is newer, or the post we went by was deleted: the newest page tells which, and is read back to one we know.
        let mut stretch: Option<String> = None;
        for page_number in 1..=MOST_PAGES {
            let page = ask(stretch.as_deref().map_or(Stretch::Newest, Stretch::OlderThan)).await?;
            let known = page.names.iter().any(|name| cursor.anchors.contains(name));
            let last = page.names.last().cloned();
            names.extend(page.names);
            raw.extend(page.posts);
            if known || cursor.anchors.is_empty() || last.is_none() || last == stretch {
                break;
            }
            if page_number == MOST_PAGES {
                batch.repaired.push("more was posted since the last visit than Reddit lists: the oldest was not seen".to_owned());
            }
            stretch = last;
        }
    }
    let (name, now) = (source.name.clone(), asking.now);
    let cleaned = tokio::task::spawn_blocking(move || clean::clean(raw, &name, now)).await;
    batch.posts = cleaned.map_err(|fault| Trouble::of_ours(&fault))?;
    let mut anchors: Vec<String> = names;
    anchors.extend(cursor.anchors);
    let mut seen = std::collections::HashSet::new();
    anchors.retain(|name| seen.insert(name.clone()));
    anchors.truncate(ANCHORS);
    batch.cursor = serde_json::to_string(&Cursor { anchors }).ok();
    Ok(Gathered::Batch(Box::new(batch)))
}
