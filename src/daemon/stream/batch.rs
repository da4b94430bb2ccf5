//! What a stretch of a stream holds: frames read, posts compared, and which of them are kept. No waiting, no store.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::memory::Memory;
use crate::daemon::comparing::examined;
use crate::feeds::jetstream::{self, NoEvent, Wanted, What, Written};
use crate::feeds::{clean, key};
use crate::model::claim::Claim;
use crate::model::post::{Markup, Post, PostKey, Standing};
use crate::model::sighting::Sighting;
use crate::model::source::{SourceName, Wire};
use crate::rules::compile::RuleSet;

/// A stretch of a stream, read but not compared.
#[derive(Debug, Clone, Default)]
pub struct Stretch {
    /// Posts written and changed, in order.
    pub written: Vec<Written>,
    /// Posts that were deleted.
    pub deleted: HashSet<PostKey>,
    /// How the addresses of posts of accounts begin that are gone.
    pub gone: Vec<String>,
    /// How often posts were reposted.
    pub reposted: HashMap<String, u32>,
    /// Accounts and what they are called.
    pub names: Vec<(String, String)>,
    /// What it was made of.
    pub count: Count,
}

/// What a stretch was made of.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
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

/// What is to become of a stretch of a stream.
#[derive(Debug, Clone, Default)]
pub struct Worked {
    /// Posts to be kept: those that repeat a claim or nearly do, and a sample of the others.
    pub kept: Vec<Post>,
    /// What was seen in them.
    pub sightings: Vec<(Sighting, Claim)>,
    /// Posts that were there before, with other words: whether they are known is for the store to say.
    pub changed: Vec<Post>,
    /// Posts that were deleted.
    pub deleted: Vec<PostKey>,
    /// How the addresses of posts of accounts begin that are gone.
    pub gone: Vec<String>,
    /// How often posts were reposted.
    pub standings: Vec<Standing>,
    /// What it was made of.
    pub count: Count,
}

/// How a stretch is worked through.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// The source.
    pub source: &'a SourceName,
    /// The rules of the moment.
    pub rules: &'a RuleSet,
    /// The time.
    pub now: Timestamp,
    /// Of a million posts that repeat nothing, so many are kept.
    pub sample_per_million: u32,
}

/// Reads frames in their order. Reposts seen before `since_us` were counted already.
pub fn read(frames: &[Utf8Bytes], wire: Wire, wanted: Wanted<'_>, since_us: i64) -> Stretch {
    let mut stretch = Stretch::default();
    let count = &mut stretch.count;
    for frame in frames {
        let event = match jetstream::read(frame, wire, wanted) {
            Ok(event) => event,
            Err(no) => {
                count.is_clamped |= no == NoEvent::Clamped;
                count.is_sent_away |= no == NoEvent::SentAway;
                count.odd += usize::from(no == NoEvent::Garbage);
                continue;
            }
        };
        count.events += 1;
        count.first_us.get_or_insert(event.time_us);
        let (time, number) = count.newest.unwrap_or((event.time_us, event.number));
        count.newest = Some((time.max(event.time_us), number.max(event.number)));
        match event.what {
            What::Written(written) => take(&mut stretch.written, *written),
            What::Deleted(name) => drop(stretch.deleted.insert(key::everywhere(&name))),
            What::Gone(address) => stretch.gone.push(address),
            What::Reposted(name) if event.time_us > since_us => *stretch.reposted.entry(name).or_default() += 1,
            What::Named { did, handle } => stretch.names.push((did, handle)),
            What::Unreadable => count.odd += 1,
            What::Reposted(_) | What::Other => {}
        }
    }
    count.posts = stretch.written.len();
    stretch
}

/// Of a post that is written and changed within the stretch the last words count.
fn take(all: &mut Vec<Written>, written: Written) {
    let same = |earlier: &&mut Written| written.is_edit && earlier.post.guid == written.post.guid;
    match all.iter_mut().rev().find(same) {
        Some(earlier) => *earlier = Written { is_edit: earlier.is_edit, ..written },
        None => all.push(written),
    }
}

/// Compares the posts of a stretch. Quoted words are put in where `memory` has them; the stretch's own words go into it.
pub fn compare(stretch: Stretch, how: &Work<'_>, memory: &mut Memory) -> Worked {
    let Stretch { written, deleted, gone, reposted, count, .. } = stretch;
    let mut raw = Vec::with_capacity(written.len());
    let mut edits = HashSet::new();
    for Written { mut post, quotes, is_edit } in written {
        post.quoted = quotes.and_then(|uri| memory.text(&uri)).map(|text| Markup::Plain(text.to_owned()));
        if let (Some(uri), Some(Markup::Plain(text))) = (&post.guid, &post.body) {
            memory.learn(uri, text);
        }
        if let Some(name) = post.everywhere.as_deref().filter(|_| is_edit) {
            edits.insert(key::everywhere(name));
        }
        raw.push(post);
    }
    let mut posts = clean::clean(raw, how.source, how.now);
    // Written and deleted within a breath: it never was.
    let is_gone = |post: &Post| {
        deleted.contains(&post.key) || post.url.as_deref().is_some_and(|url| gone.iter().any(|gone| url.starts_with(gone)))
    };
    posts.retain(|post| !is_gone(post));
    let (changed, mut posts): (Vec<Post>, Vec<Post>) = posts.into_iter().partition(|post| edits.contains(&post.key));
    let mut worked = Worked { changed, gone, count, ..Worked::default() };
    clean::name_languages(&mut posts);
    for post in posts {
        let seen = examined(&post, how.rules);
        if !seen.is_empty() || is_sampled(&post.key, how.sample_per_million) {
            worked.kept.push(post);
        }
        worked.sightings.extend(seen);
    }
    worked.deleted = deleted.into_iter().collect();
    let counted = |(name, more): (String, u32)| Standing { key: key::everywhere(&name), number: None, reposts: 0, more };
    worked.standings = reposted.into_iter().map(counted).collect();
    worked
}

/// Chosen by the key, so that a post that comes again is chosen again.
pub(super) fn is_sampled(key: &PostKey, per_million: u32) -> bool {
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
