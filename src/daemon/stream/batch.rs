//! What a stretch of a stream holds: frames read, posts compared, and which of them are kept. No waiting, no store.

use std::collections::HashSet;

use jiff::Timestamp;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use crate::daemon::round::examined;
use crate::feeds::jetstream::{self, NoEvent, Wanted, What};
use crate::feeds::{clean, key};
use crate::model::claim::Claim;
use crate::model::post::{Post, PostKey};
use crate::model::sighting::Sighting;
use crate::model::source::{SourceName, Wire};
use crate::rules::compile::RuleSet;

/// What is to become of a stretch of a stream.
#[derive(Debug, Clone, Default)]
pub struct Worked {
    /// Posts to be kept: those that repeat a claim or nearly do, and a sample of the others.
    pub kept: Vec<Post>,
    /// What was seen in them.
    pub sightings: Vec<(Sighting, Claim)>,
    /// Posts that were deleted.
    pub deleted: Vec<PostKey>,
    /// How the addresses of posts of accounts begin that are gone.
    pub gone: Vec<String>,
    /// Posts compared.
    pub posts: usize,
    /// Events read.
    pub events: usize,
    /// Frames that held none, and posts that could not be read.
    pub odd: usize,
    /// When the server saw the first event.
    pub first_us: Option<i64>,
    /// When it saw the newest, with its number.
    pub newest: Option<(i64, Option<i64>)>,
    /// The server said that it begins later than we asked for.
    pub is_clamped: bool,
    /// The server sent us away.
    pub is_sent_away: bool,
}

/// How a stretch is worked through.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The source.
    pub source: &'a SourceName,
    /// The language of its frames.
    pub wire: Wire,
    /// What is wanted of it.
    pub wanted: Wanted<'a>,
    /// The rules of the moment.
    pub rules: &'a RuleSet,
    /// The time.
    pub now: Timestamp,
    /// Of a million posts that repeat nothing, so many are kept.
    pub sample_per_million: u32,
}

/// Works through frames in their order.
pub fn work(frames: &[Utf8Bytes], how: &Work<'_>) -> Worked {
    let mut worked = Worked::default();
    let mut raw = Vec::new();
    let mut deleted = HashSet::new();
    for frame in frames {
        let event = match jetstream::read(frame, how.wire, how.wanted) {
            Ok(event) => event,
            Err(no) => {
                worked.is_clamped |= no == NoEvent::Clamped;
                worked.is_sent_away |= no == NoEvent::SentAway;
                worked.odd += usize::from(no == NoEvent::Garbage);
                continue;
            }
        };
        worked.events += 1;
        worked.first_us.get_or_insert(event.time_us);
        let (time, number) = worked.newest.unwrap_or((event.time_us, event.number));
        worked.newest = Some((time.max(event.time_us), number.max(event.number)));
        match event.what {
            What::Written(post) => raw.push(*post),
            What::Deleted(name) => drop(deleted.insert(key::everywhere(&name))),
            What::Gone(address) => worked.gone.push(address),
            What::Unreadable => worked.odd += 1,
            What::Other => {}
        }
    }
    worked.posts = raw.len();
    let mut posts = clean::clean(raw, how.source, how.now);
    // Written and deleted within a breath: it never was.
    let is_gone = |post: &Post| {
        deleted.contains(&post.key) || post.url.as_deref().is_some_and(|url| worked.gone.iter().any(|gone| url.starts_with(gone)))
    };
    posts.retain(|post| !is_gone(post));
    clean::name_languages(&mut posts);
    for post in posts {
        let seen = examined(&post, how.rules);
        if !seen.is_empty() || is_sampled(&post.key, how.sample_per_million) {
            worked.kept.push(post);
        }
        worked.sightings.extend(seen);
    }
    worked.deleted = deleted.into_iter().collect();
    worked
}

/// Chosen by the key, so that a post that comes again is chosen again.
fn is_sampled(key: &PostKey, per_million: u32) -> bool {
    let digits = key.0.get(1..9).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(u32::MAX);
    u64::from(digits) * 1_000_000 < u64::from(per_million) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_post_in_a_hundred_is_sampled_always_the_same() {
        let keys: Vec<_> = (0..20_000).map(|n| key::everywhere(&format!("bluesky|{n}"))).collect();
        let chosen = keys.iter().filter(|key| is_sampled(key, 10_000)).count();
        assert!((150..250).contains(&chosen), "{chosen}");
        assert!(keys.iter().all(|key| is_sampled(key, 1_000_000)) && !keys.iter().any(|key| is_sampled(key, 0)));
    }
}
