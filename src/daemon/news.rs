//! Which posts count as news: decided by first seen, so that history never alerts unless somebody asked for it.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::post::Post;
use crate::model::source::{Backfill, Source, SourceState};

/// A post dated further back than this is history although we see it for the first time.
const TOO_OLD: Duration = Duration::from_secs(14 * 24 * 60 * 60);
/// A source away for longer than this comes back with history in its hands…
const AWAY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// …of which only posts this young are news…
const AFTER_AWAY: Duration = Duration::from_secs(48 * 60 * 60);
/// …and at most so many of them.
const AFTER_AWAY_MOST: usize = 50;

/// Unknown posts, told apart.
#[derive(Debug, Default, PartialEq)]
pub struct Sorted {
    /// To be compared with the claims.
    pub news: Vec<Post>,
    /// Only to be remembered.
    pub history: Vec<Post>,
}

/// Tells news from history among posts that were never seen before. `state` is the source's state before this visit.
pub fn sort(unknown: Vec<Post>, source: &Source, state: &SourceState, now: Timestamp) -> Sorted {
    let younger = |post: &Post, than: Duration| post.published.is_none_or(|at| age(at, now) <= than);
    let away = state.last_success.map(|at| age(at, now));
    let mut sorted = Sorted::default();
    for (place, post) in unknown.into_iter().enumerate() {
        let is_news = match (away, source.backfill) {
            (_, Backfill::Everything) => true,
            (None, Backfill::Nothing) => false,
            (None, Backfill::Within(time)) => post.published.is_some_and(|at| age(at, now) <= time),
            (None, Backfill::Newest(most)) => place < most,
            (Some(away), _) if away > AWAY => younger(&post, AFTER_AWAY) && sorted.news.len() < AFTER_AWAY_MOST,
            (Some(_), _) => younger(&post, TOO_OLD),
        };
        if is_news { &mut sorted.news } else { &mut sorted.history }.push(post);
    }
    sorted
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::source::{SourceKind, SourceName};

    const HOUR: Duration = Duration::from_secs(60 * 60);

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn posts(ages_in_hours: &[Option<u64>]) -> Vec<Post> {
        let post = |hours: &Option<u64>| {
            let published = hours.map(|hours| now().saturating_sub(HOUR * u32::try_from(hours).unwrap()).unwrap());
            Post { published, ..Post::of_text(&format!("{hours:?}"), now()) }
        };
        ages_in_hours.iter().map(post).collect()
    }

    fn count(backfill: Backfill, last_success_hours_ago: Option<u64>, ages_in_hours: &[Option<u64>]) -> (usize, usize) {
        let kind = SourceKind::File { path: "feed.xml".into() };
        let source = Source { name: SourceName("s".to_owned()), kind, every: HOUR, backfill };
        let last_success = last_success_hours_ago.map(|h| now().saturating_sub(HOUR * u32::try_from(h).unwrap()).unwrap());
        let state = SourceState { last_success, ..SourceState::default() };
        let sorted = sort(posts(ages_in_hours), &source, &state, now());
        (sorted.news.len(), sorted.history.len())
    }

    #[test]
    fn a_first_visit_alerts_on_nothing_unless_told_to() {
        let ages = [Some(1), Some(30), None, Some(1000)];
        assert_eq!(count(Backfill::Nothing, None, &ages), (0, 4));
        assert_eq!(count(Backfill::Within(24 * HOUR), None, &ages), (1, 3));
        assert_eq!(count(Backfill::Newest(2), None, &ages), (2, 2));
        assert_eq!(count(Backfill::Everything, None, &ages), (4, 0));
    }

    #[test]
    fn afterwards_what_was_never_seen_is_news_unless_it_is_dated_long_ago() {
        assert_eq!(count(Backfill::Nothing, Some(1), &[Some(1), None, Some(15 * 24)]), (2, 1));
    }

    #[test]
    fn a_source_that_was_away_for_a_week_brings_only_what_is_young() {
        assert_eq!(count(Backfill::Nothing, Some(200), &[Some(1), Some(47), Some(49), None]), (3, 1));
        assert_eq!(count(Backfill::Nothing, Some(200), &[Some(1); 80]), (50, 30));
    }
}
