//! Which posts of a document are known, by whatever they can be recognised by, and what became of them.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::post::{Alias, Post, PostKey};
use crate::model::sighting::{Decision, Sighting};
use crate::store::identity::{Edited, Identity, Remembered, Renewed, Revised};

/// Posts in a document below which nothing can be said about its identifiers.
const FEWEST: usize = 10;
/// A post that was edited writes again only so long after the last time…
const BETWEEN_EDITS: Duration = Duration::from_secs(6 * 60 * 60);
/// …and at most so often in all.
const MOST_EDITS: u32 = 3;
/// Rise of confidence or strength that is worth writing again.
const RISE: f32 = 0.10;

/// The posts of a document, told apart.
#[derive(Debug, Default)]
pub struct Sifted {
    /// Never seen under any name.
    pub unknown: Vec<Post>,
    /// Known and still there.
    pub seen_again: Vec<PostKey>,
    /// Known, with other words than before.
    pub edited: Vec<(Post, Renewed, Edited)>,
    /// What the visit learned about identities.
    pub identity: Identity,
    /// Most posts came under new identifiers although they were known: so the rest is not trusted to be new.
    pub churned: bool,
}

/// Tells the posts of one document apart. `found` is what the store remembers of each.
pub fn sift(posts: Vec<Post>, aliases: Vec<Alias>, found: Vec<Option<Remembered>>) -> Sifted {
    let mut sifted = Sifted::default();
    let all = posts.len();
    let mut renamed = 0;
    for ((post, alias), found) in posts.into_iter().zip(aliases).zip(found) {
        let Some(known) = found else {
            sifted.identity.aliases.insert(post.key.clone(), alias);
            sifted.unknown.push(post);
            continue;
        };
        renamed += usize::from(known.by_alias);
        sifted.seen_again.push(known.key.clone());
        match known.edited {
            Some(edited) => {
                let post = Post { key: known.key.clone(), ..post };
                let renewed = Renewed { key: known.key, alias, text: Some(post.clone()) };
                sifted.edited.push((post, renewed, *edited));
            }
            None if known.renewed => sifted.identity.renewed.push(Renewed { key: known.key, alias, text: None }),
            None => {}
        }
    }
    sifted.churned = all >= FEWEST && renamed * 2 > all;
    sifted
}

/// A post after an edit that is worth a letter of its own.
#[derive(Debug)]
pub struct Again<C> {
    /// Its new text, under a key of its own.
    pub post: Post,
    /// Whose text it is.
    pub revised: Revised,
    /// What it repeats now and did not before, or much more surely.
    pub sightings: Vec<(Sighting, C)>,
}

/// What is to be done about an edited post.
#[derive(Debug)]
pub enum Edit<C> {
    /// Nothing new in it for a desk: only remembered.
    Note,
    /// A desk is told.
    Tell(Box<Again<C>>),
    /// A desk is to be told, but not before then: what is remembered stays as it was, so that the edit is found again.
    Later(Box<Post>, Timestamp),
}

/// Decides about an edited post. `before` and `after` are what its last text and its new one repeat, each with its claim.
pub fn weigh<C>(post: Post, edited: &Edited, before: &[(Sighting, C)], after: Vec<(Sighting, C)>, now: Timestamp) -> Edit<C> {
    if edited.before.is_none() {
        return Edit::Note;
    }
    let fresh: Vec<_> = after.into_iter().filter(|(sighting, _)| is_fresh(sighting, before)).collect();
    if fresh.is_empty() || edited.texts > MOST_EDITS {
        return Edit::Note;
    }
    let since = Duration::try_from(now.duration_since(edited.last_at)).unwrap_or_default();
    if edited.texts > 1 && since < BETWEEN_EDITS {
        return Edit::Later(Box::new(post), edited.last_at.saturating_add(BETWEEN_EDITS).unwrap_or(now));
    }
    let number = edited.texts + 1;
    let key = PostKey(format!("{}~{number}", post.key.0));
    let under_key = |(sighting, claim): (Sighting, C)| (Sighting { post: key.clone(), ..sighting }, claim);
    let sightings = fresh.into_iter().map(under_key).collect();
    let revised = Revised { of: post.key.clone(), number };
    Edit::Tell(Box::new(Again { post: Post { key: key.clone(), seen_at: now, ..post }, revised, sightings }))
}

fn is_fresh<C>(sighting: &Sighting, before: &[(Sighting, C)]) -> bool {
    let earlier = before.iter().find(|(earlier, _)| earlier.claim == sighting.claim).map(|(earlier, _)| earlier);
    match earlier {
        _ if sighting.decision != Decision::Alert => false,
        None => true,
        Some(earlier) if earlier.decision != Decision::Alert => true,
        Some(earlier) => {
            sighting.confidence.value() - earlier.confidence.value() >= RISE
                || sighting.strength.value() - earlier.strength.value() >= RISE
        }
    }
}

/// Leaves those posts that nothing but an untrusted identifier makes new.
pub fn tell_apart(unknown: Vec<Post>, aliases: &HashMap<PostKey, Alias>) -> (Vec<Post>, Vec<Post>) {
    let has_name = |post: &Post| aliases.get(&post.key).is_some_and(|alias| alias.url.is_some() || alias.tells);
    unknown.into_iter().partition(has_name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::claim::{ClaimId, Revision};
    use crate::model::sighting::{Confidence, Stance, Strength, When};
    use crate::model::source::SourceName;

    fn now() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    fn post(key: &str) -> Post {
        Post { key: PostKey(key.to_owned()), ..Post::of_text("They say it is so.", now()) }
    }

    fn sighting(claim: &str, confidence: f32, decision: Decision) -> (Sighting, ()) {
        let sighting = Sighting {
            claim: ClaimId(claim.to_owned()),
            revision: Revision(String::new()),
            source: SourceName("s".to_owned()),
            post: PostKey("a".to_owned()),
            strength: Strength::new(0.8),
            confidence: Confidence::new(confidence),
            decision,
            stance: Stance::Assertion,
            cue: None,
            when: When::Alert,
            evidence: Vec::new(),
            gate_spans: Vec::new(),
        };
        (sighting, ())
    }

    fn edited(texts: u32, hours_ago: i64) -> Edited {
        Edited { before: Some(post("a")), texts, last_at: now() - jiff::SignedDuration::from_hours(hours_ago) }
    }

    #[test]
    fn an_edit_writes_again_only_for_a_claim_that_is_new_or_much_surer() {
        let alert = |claim: &str, confidence| sighting(claim, confidence, Decision::Alert);
        let told =
            |before: &[(Sighting, ())], after| matches!(weigh(post("a"), &edited(1, 0), before, after, now()), Edit::Tell(_));
        assert!(told(&[], vec![alert("x", 0.95)]));
        assert!(!told(&[alert("x", 0.93)], vec![alert("x", 0.95)]));
        assert!(told(&[alert("x", 0.80)], vec![alert("x", 0.95)]));
        assert!(told(&[sighting("x", 0.9, Decision::Possible)], vec![alert("x", 0.95)]));
        assert!(!told(&[], vec![sighting("x", 0.9, Decision::Possible)]));
        assert!(told(&[alert("x", 0.93)], vec![alert("x", 0.93), alert("y", 0.91)]));
    }

    #[test]
    fn an_edit_writes_at_most_once_in_six_hours_and_three_times_in_all() {
        let how = |texts, hours_ago| {
            weigh(post("a"), &edited(texts, hours_ago), &[], vec![sighting("x", 0.95, Decision::Alert)], now())
        };
        assert!(matches!(how(2, 5), Edit::Later(..)));
        assert!(matches!(how(2, 7), Edit::Tell(_)));
        assert!(matches!(how(4, 100), Edit::Note));
        let Edit::Tell(again) = how(3, 7) else { panic!("the third letter is due") };
        assert_eq!((again.post.key.0.as_str(), again.sightings[0].0.post.0.as_str()), ("a~4", "a~4"));
        assert_eq!(again.revised, Revised { of: PostKey("a".to_owned()), number: 4 });
    }

    #[test]
    fn identifiers_that_change_at_every_visit_are_noticed() {
        let known = |by_alias| Some(Remembered { key: PostKey("k".to_owned()), by_alias, renewed: false, edited: None });
        let sifted = |renamed: usize, all: usize| {
            let posts: Vec<Post> = (0..all).map(|n| post(&n.to_string())).collect();
            let found = (0..all).map(|n| if n < renamed { known(true) } else { None }).collect();
            sift(posts, vec![Alias::default(); all], found)
        };
        assert!(sifted(6, 10).churned);
        assert!(!sifted(5, 10).churned, "half may be chance");
        assert!(!sifted(6, 9).churned, "too few to tell");
        assert_eq!(sifted(6, 10).unknown.len(), 4);
    }
}
