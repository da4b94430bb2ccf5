//! Posts that a stream brings, told apart as a visit tells them: never seen, known, edited.

use std::collections::HashSet;

use jiff::Timestamp;

use crate::daemon::comparing::{Compared, compare};
use crate::daemon::news::{self, Sorted};
use crate::daemon::recognise::{self, Sifted};
use crate::daemon::round::House;
use crate::daemon::trouble::Trouble;
use crate::feeds::key;
use crate::model::post::{Alias, Post, PostKey};
use crate::model::source::{Source, SourceState};
use crate::store::identity::Identity;

/// Edits that wait for their time; beyond it the oldest are forgotten.
const MOST_WAITING: usize = 1000;

/// Posts told apart and compared.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Taken {
    /// What the new and the edited ones repeat.
    pub compared: Compared,
    /// Posts never seen, but too old to be news.
    pub history: Vec<Post>,
    /// Known ones.
    pub seen_again: Vec<PostKey>,
    /// By what they are recognised.
    pub identity: Identity,
}

impl Taken {
    /// The keys of its history.
    pub(in crate::daemon) fn history_keys(&self) -> HashSet<PostKey> {
        self.history.iter().map(|post| post.key.clone()).collect()
    }
}

/// Tells posts apart and compares what is new in them.
pub(in crate::daemon) async fn take(house: &House, source: &Source, posts: Vec<Post>) -> Result<Taken, Trouble> {
    if posts.is_empty() {
        return Ok(Taken::default());
    }
    let now = house.clock.now();
    let aliases = key::aliases(&posts);
    let asked: Vec<(PostKey, Alias)> =
        posts.iter().zip(&aliases).map(|(post, alias)| (post.key.clone(), alias.clone())).collect();
    let known = house.store.recognise(&source.name, &asked).await?;
    let Sifted { unknown, seen_again, edited, mut identity, .. } = recognise::sift(posts, aliases, known);
    // What a stream brings is posted while we listen; an old post may still come up because it was edited.
    let listening = SourceState { last_success: Some(now), ..SourceState::default() };
    let Sorted { news, history } = news::sort(unknown, source, &listening, now);
    let compared = compare((&house.rules, &house.metrics), news, edited, &mut identity, now).await?;
    Ok(Taken { compared, history, seen_again, identity })
}

/// Edits of which a desk may be told only later: a stream does not bring them again. They do not outlive the process.
#[derive(Debug, Default)]
pub(in crate::daemon) struct Waiting(Vec<(Post, Timestamp)>);

impl Waiting {
    /// Keeps edits until they are due, of each post the last.
    pub(in crate::daemon) fn put(&mut self, later: Vec<(Post, Timestamp)>) {
        for (post, due) in later {
            self.0.retain(|(other, _)| other.key != post.key);
            self.0.push((post, due));
        }
        self.0.drain(..self.0.len().saturating_sub(MOST_WAITING));
    }

    /// Takes out those that are due.
    pub(in crate::daemon) fn take_due(&mut self, now: Timestamp) -> Vec<Post> {
        self.0.extract_if(.., |(_, due)| *due <= now).map(|(post, _)| post).collect()
    }

    /// Drops those that were deleted, or have come again.
    pub(in crate::daemon) fn drop_all(&mut self, keys: &[PostKey]) {
        self.0.retain(|(post, _)| !keys.contains(&post.key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_waits_for_its_time_and_only_the_last_of_a_post() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let post = |key: &str, text: &str| Post { key: PostKey(key.into()), ..Post::of_text(text, at(0)) };
        let mut waiting = Waiting::default();
        waiting.put(vec![(post("a", "one"), at(10)), (post("b", "x"), at(10)), (post("c", "x"), at(30))]);
        waiting.put(vec![(post("a", "two"), at(20))]);
        waiting.drop_all(&[PostKey("b".into())]);
        assert!(waiting.take_due(at(19)).is_empty());
        assert_eq!(waiting.take_due(at(20)), [post("a", "two")]);
        assert_eq!(waiting.take_due(at(99)).len(), 1);
        waiting.put((0..2000).map(|n| (post(&n.to_string(), "x"), at(1))).collect());
        assert_eq!(waiting.take_due(at(1)).len(), MOST_WAITING);
    }
}
