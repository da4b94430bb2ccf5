//! What a stream does not say and an AppView does: the words of quoted posts, the names of authors. One request of each kind a
//! stretch, of 25 at the most; when the AppView is slow, refuses, or we read what is long past, posts go without.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use tracing::debug;
use url::Url;

use super::Follower;
use crate::daemon::stream::batch::{Stretch, Worked};
use crate::feeds::{bluesky, clean};
use crate::fetch::error::FetchError;
use crate::model::post::Post;
use crate::model::source::SourceKind;

/// Longest a stretch waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long an AppView is left alone after a failure.
const REST: Duration = Duration::from_secs(60);
/// Posts older than this are caught up with: there are too many of them to ask about.
const LATE_US: i64 = 30 * 1_000_000;

impl Follower {
    /// Puts the words of quoted posts that nobody remembers into the memory.
    pub(super) async fn look_up_quotes(&mut self, stretch: &Stretch) {
        let Some((server, networks)) = self.app_view() else { return };
        let newest = stretch.count.newest.map_or(0, |(time, _)| time);
        if self.house.clock.now().as_microsecond().saturating_sub(newest) > LATE_US {
            return;
        }
        let mut wanted = self.memory.unknown_quotes(&stretch.written);
        // The newest: nobody waits for the others any more.
        wanted.drain(..wanted.len().saturating_sub(bluesky::MOST_AT_ONCE));
        if let Some(url) = bluesky::posts_address(&server, &wanted).filter(|_| !wanted.is_empty())
            && let Some(body) = self.answer(self.house.clone().fetcher.page(&url, &networks, None)).await
            && let Ok(texts) = bluesky::texts(&body)
        {
            texts.iter().for_each(|(uri, text)| self.memory.learn(uri, text));
        }
    }

    /// Names the authors of posts that a desk may read of; the stream knows their DIDs only.
    pub(super) async fn name_authors(&mut self, worked: &mut Worked) {
        let is_seen = |post: &&mut Post| worked.sightings.iter().any(|(sighting, _)| sighting.post == post.key);
        let mut posts: Vec<&mut Post> = worked.kept.iter_mut().filter(is_seen).chain(&mut worked.changed).collect();
        if let Some((server, networks)) = self.app_view() {
            let unknown = |post: &&mut Post| post.author.as_deref().is_some_and(|did| self.memory.name_of(did).is_none());
            let mut wanted: Vec<String> =
                posts.iter().filter(|post| unknown(post)).filter_map(|post| post.author.clone()).collect();
            wanted.sort_unstable();
            wanted.dedup();
            wanted.truncate(bluesky::MOST_AT_ONCE);
            if let Some(url) = bluesky::profiles_address(&server, &wanted).filter(|_| !wanted.is_empty())
                && let Some(body) = self.answer(self.house.clone().fetcher.page(&url, &networks, None)).await
            {
                for (did, name) in bluesky::names(&body).unwrap_or_default() {
                    self.memory.name(did, name);
                }
            }
        }
        for post in &mut posts {
            let name = post.author.as_deref().and_then(|did| self.memory.name_of(did));
            if let Some(name) = name.and_then(|name| clean::author(name.to_owned())) {
                post.author = Some(name);
            }
        }
    }

    /// Whom to ask, and through which networks, unless it is left alone.
    fn app_view(&self) -> Option<(Url, Vec<ipnet::IpNet>)> {
        let SourceKind::Jetstream { app_view: Some(server), allow_private, .. } = &self.source.kind else { return None };
        let rests = self.lookups_rest_until.is_some_and(|until| until > Instant::now());
        (!rests).then(|| (server.clone(), allow_private.clone()))
    }

    async fn answer(&mut self, asked: impl Future<Output = Result<Bytes, FetchError>>) -> Option<Bytes> {
        match timeout(PATIENCE, asked).await {
            Ok(Ok(body)) => Some(body),
            failed => {
                self.lookups_rest_until = Some(Instant::now() + REST);
                if let Ok(Err(error)) = failed {
                    debug!(source.id = %self.source.name, "nothing could be looked up: {error}");
                }
                None
            }
        }
    }
}
