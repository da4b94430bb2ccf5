//! Bulk claims: the claims nearest to a post, ranked, with the probability that the post repeats them.
//!
//! # How it works
//!
//! 1. [`asker`]: the post's words become terms (`rules::index::reading`: folded, stemmed, families and typing mistakes resolved). A [`query`]
//!    holds at most 64 different terms in numbered slots, so that a set of them is one machine word; a long post becomes several queries,
//!    *passages*, that end with a sentence. The author's name adds terms that count less and can never be the only evidence.
//! 2. [`retrieval`]: the twenty claims with the greatest sums of impacts, exactly. An impact is BM25F (claim, title, summary and the words
//!    of the address weighed together before saturation), written into the index as a whole number when it was built. A first look asks only
//!    whether any claim reaches the least sum that is evidence; most posts end there.
//! 3. [`pair`]: for each of the twenty, what it and the query share: how much, how rare, how close together, in which fields, in which order,
//!    how many numbers and names, and what the other nineteen do not share. Facts, in nats (−ln of the chance that an ordinary post has it).
//!    Most of it is read from the claim's terms, which are kept with where they stand (`rules::index::marks`): those that are something to
//!    the query (`places`) become sets of slots, which are weighed by a table ([`scale`]). Only the `order` is read from the fields.
//!    `alike`: a word of the post that the claim lacks counts in part where the claim has one that is used like it. `among`: how the claim
//!    stands among the other nineteen.
//! 4. [`model`]: facts become some forty features, which never decide by themselves. One linear model *ranks* the twenty: a conditional logit,
//!    with weights of its own for claims that are a sentence and for those that are the text of an article. Another says *how probable* it
//!    is that the best of them is right: a logistic regression on its features and its distance to the second, calibrated on a stream in which
//!    one post in ten repeats a claim. The other nineteen get a share of that probability by their distance in the ranking.
//!    Claims that say the same word for word are no rivals (`doubles`); what a post says in full or word for word is at least .95 sure.
//! 5. Of a claim met in several passages the surest counts. `named`: a post that is at or links to the place where a claim appeared
//!    repeats it, whatever it says. `strength` tells how much of the claim's wording the post holds; it decides nothing here.
//!
//! Ranking and probability are two models because a claim may well be the nearest of all and yet not meant: a raw sum carries no absolute
//! evidence.
//!
//! # Why it can be trusted
//!
//! Sums are of whole numbers, so no order of claims, terms or threads shows in them; ties go to the lower id. The shortlist is always the
//! same twenty, however much or little is asked for, so a probability does not depend on the question. The search is compared with adding
//! everything up (`retrieval`). Time and memory are bounded by the lengths in [`query`] and `rules::index`, not by what a stranger sends.
//!
//! # Where the numbers come from
//!
//! The weights stand in `weights.txt`; `claimwatch fit FOLDER…` makes them (see `matching::fit`) and tells how good they are on posts they
//! were not fitted on: no claim of a part that is tried was in the parts it is fitted on. What a longer list (60), gradient-boosted trees
//! on the same features, latent semantics of the collection (100 and 300 dimensions), products of the strongest features
//! or the age of a claim added was nothing that cross-validation could tell from chance; they were left out.
//! Nor was more found by adding related words, words of the best claims or of their neighbours to the search, nor by other weights of
//! fields, saturation or lengths. Words used alike (`alike`) raised MAP@5 from .899 to .904 and average precision from .815 to .822;
//! how a claim stands among the others (`among`), how much of its title is meant and what texts are about (`rules::index::direction`), to
//! .908 and .839, and on the mixed collection MAP@5 from .465 to .478. What was tried since: "How good matching is" in benches/README.md.

mod alike;
mod among;
pub mod asker;
mod doubles;
mod finder;
pub mod model;
mod named;
mod order;
pub mod pair;
mod places;
pub mod query;
pub mod retrieval;
mod rounded;
pub mod scale;
mod strength;
pub mod weights;

use std::sync::Arc;

use crate::model::post::Post;
use crate::model::sighting::{Confidence, Span, Strength};
use crate::rules::bulk::BulkClaim;
use crate::rules::index::BulkIndex;
use asker::Asker;
use finder::{Candidate, Finder};
use model::{Model, Weighed};
use strength::Strengths;

/// Claims of the shortlist that are measured.
pub const SHORTLIST: usize = 20;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// So many claims at most.
    pub top: usize,
    /// None less sure than this. From .5 upwards most posts are done with after a look at the rarest words.
    pub at_least: f32,
}

/// A bulk claim that a post may repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<'i> {
    /// The claim.
    pub claim: &'i BulkClaim,
    /// How probable it is that it is the right one.
    pub confidence: Confidence,
    /// How much of its wording the post holds.
    pub strength: Strength,
    /// The words they share, where they stand in the post.
    pub spans: Vec<Span>,
    /// The address where the claim appeared, if the post is there or links to it: a judgement of its own.
    pub address: Option<String>,
}

/// Memory that is used again from post to post; one for each thread. It may be used with any index.
#[derive(Debug, Default)]
pub struct Scratch {
    asker: Asker,
    finder: Finder,
    strengths: Strengths,
}

impl Scratch {
    /// Memory for other weights than the embedded ones.
    pub fn with(model: Arc<Model>) -> Self {
        Self { finder: Finder::with(model), ..Self::default() }
    }
}

/// Gives the claims that `post` may repeat, surest first; of equally sure ones, the lower id first.
pub fn rank<'i>(post: &Post, index: &'i BulkIndex, scratch: &mut Scratch, wanted: Wanted) -> Vec<Ranked<'i>> {
    let Scratch { asker, finder, strengths } = scratch;
    let mut candidates: Vec<Candidate> = Vec::new();
    asker.passages(post, index, |query| finder.passage((post, query), index, wanted, &mut candidates));
    let named = named::named(post, index);
    if candidates.is_empty() && named.is_empty() {
        return Vec::new();
    }
    // Of a claim met in several passages the surest counts.
    candidates.sort_by(|a, b| a.claim.cmp(&b.claim).then(b.confidence.total_cmp(&a.confidence)));
    candidates.dedup_by_key(|candidate| candidate.claim);
    let named = named::join(named, &mut candidates, wanted.at_least);
    candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.claim.cmp(&b.claim)));
    candidates.truncate(wanted.top);
    strengths.begin(post);
    let ranked = candidates.into_iter().filter_map(|candidate| {
        let claim = index.claim(candidate.claim)?;
        let confidence = Confidence::new(candidate.confidence);
        let address = named.get(&candidate.claim).cloned();
        Some(Ranked { claim, confidence, strength: strengths.of(claim), spans: candidate.spans, address })
    });
    ranked.collect()
}

/// Gives the measured shortlist of a post of usual length (its first passage), for [`super::fit`].
pub fn shortlist(post: &Post, index: &BulkIndex, scratch: &mut Scratch) -> Vec<Weighed> {
    let Scratch { asker, finder, .. } = scratch;
    let mut first = None;
    asker.passages(post, index, |query| {
        first.get_or_insert_with(|| finder.shortlist(query, index));
    });
    first.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::bulk::Archive;
    use jiff::Timestamp;

    const CLAIMS: &str = r#"{"id":"moon","claim":"The moon landing of 1969 was staged in a film studio in Nevada.","title":"Was the moon landing staged?"}
{"id":"vaccine","claim":"A vaccine against measles contains tracking microchips made by Microsoft.","title":"Microchips in measles vaccines"}
{"id":"sharks","claim":"A photograph shows a shark swimming on a flooded motorway in Houston.","title":"Shark on a flooded motorway"}"#;

    fn claims() -> Vec<BulkClaim> {
        let mut archive = Archive::default();
        archive.read("claims.jsonl", CLAIMS.as_bytes()).unwrap();
        archive.claims
    }

    fn ids(text: &str, index: &BulkIndex) -> Vec<(String, f32, f32)> {
        let post = Post::of_text(text, Timestamp::UNIX_EPOCH);
        let ranked = rank(&post, index, &mut Scratch::default(), Wanted { top: 5, at_least: 0.0 });
        ranked.iter().map(|r| (r.claim.id.clone(), r.confidence.value(), r.strength.value())).collect()
    }

    #[test]
    fn a_post_finds_the_claim_it_repeats_in_other_words() {
        let index = BulkIndex::build(claims());
        let found = ids("They STAGED the #MoonLanding in a Nevada film studio in 1969!!", &index);
        assert_eq!(found[0].0, "moon");
        assert!(found[0].1 > 0.5 && found[0].2 > 0.8, "{found:?}");
    }

    #[test]
    fn typing_mistakes_do_not_hide_a_claim() {
        let index = BulkIndex::build(claims());
        assert_eq!(ids("measels vacine full of trakcing microchips", &index)[0].0, "vaccine");
    }

    #[test]
    fn two_checks_of_one_claim_do_not_take_each_others_confidence() {
        let mut claims = claims();
        let text = "The moon landing of 1969 was staged in a film studio in Nevada";
        let alone = ids(text, &BulkIndex::build(claims.clone()));
        let again = |id: &str, claim: &str| BulkClaim { id: id.to_owned(), claim: claim.to_owned(), ..claims[0].clone() };
        let doubles = [again("moon 2", "The Moon landing of 1969 was staged in a film studio in Nevada!"), again("moon 3", text)];
        claims.extend(doubles);
        let found = ids(text, &BulkIndex::build(claims));
        assert!(found[0].1 >= alone[0].1 - 0.02, "{found:?} {alone:?}");
        assert!(found[..3].iter().all(|one| one.0.starts_with("moon") && one.1 > 0.5), "{found:?}");
    }

    #[test]
    fn the_order_of_claims_does_not_matter() {
        let text = "a shark in the flooded studio, a vaccine on the moon";
        let there = ids(text, &BulkIndex::build(claims()));
        let back = ids(text, &BulkIndex::build(claims().into_iter().rev().collect()));
        assert_eq!(there, back);
        assert_eq!(there.len(), 3);
    }

    #[test]
    fn memory_may_be_used_with_another_index() {
        let (one, other) = (BulkIndex::build(claims()), BulkIndex::build(claims().into_iter().skip(1).collect()));
        let mut scratch = Scratch::default();
        let post = Post::of_text("a shark on the flooded motorway in Houston", Timestamp::UNIX_EPOCH);
        for index in [&one, &other, &one] {
            let wanted = Wanted { top: 1, at_least: 0.0 };
            assert_eq!(rank(&post, index, &mut scratch, wanted), rank(&post, index, &mut Scratch::default(), wanted));
        }
    }

    #[test]
    fn asking_only_for_sure_claims_changes_no_probability() {
        let index = BulkIndex::build(claims());
        let post = Post::of_text("The moon landing of 1969 was staged in a film studio.", Timestamp::UNIX_EPOCH);
        let ask = |at_least| rank(&post, &index, &mut Scratch::default(), Wanted { top: 5, at_least });
        let all = ask(0.0);
        assert_eq!(ask(0.5)[..], all[..all.iter().take_while(|found| found.confidence.value() >= 0.5).count()]);
    }

    #[test]
    fn a_post_that_links_to_where_a_claim_appeared_repeats_it_whatever_it_says() {
        let mut claims = claims();
        claims[0].urls = vec!["https://web.archive.org/web/2019/https://twitter.com/a/status/77".to_owned()];
        claims[1].urls = vec!["https://www.facebook.com/".to_owned(), "https://example.org/talk".to_owned()];
        claims[2].urls = vec!["https://example.org/talk?utm_source=x".to_owned()];
        let index = BulkIndex::build(claims);
        let ask = |text: &str, at_least| {
            let post = Post::of_text(text, Timestamp::UNIX_EPOCH);
            let ranked = rank(&post, &index, &mut Scratch::default(), Wanted { top: 5, at_least });
            ranked.iter().map(|r| (r.claim.id.clone(), r.confidence.value(), r.address.clone())).collect::<Vec<_>>()
        };
        let found = ask("just look https://x.com/b/status/77?s=20", 0.9);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].0 == "moon" && found[0].2.as_deref().is_some_and(|address| address.ends_with("/a/status/77")),
            "{found:?}"
        );
        assert_eq!(ask("see https://facebook.com", 0.1), [], "an address that is only a site's tells nothing");
        let both = ask("https://m.example.org/talk", 0.5);
        assert_eq!(both.iter().map(|f| f.0.as_str()).collect::<Vec<_>>(), ["sharks", "vaccine"]);
        assert!(both.iter().all(|f| f.1 < 0.9), "one address of two claims does not say which: {both:?}");
    }

    #[test]
    fn spans_point_at_the_words_shared() {
        let index = BulkIndex::build(claims());
        let text = "Look: a SHARK on the flooded motorway";
        let post = Post::of_text(text, Timestamp::UNIX_EPOCH);
        let ranked = rank(&post, &index, &mut Scratch::default(), Wanted { top: 1, at_least: 0.0 });
        let words: Vec<&str> = ranked[0].spans.iter().map(|span| &text[span.start..span.end]).collect();
        assert_eq!(words, ["SHARK", "flooded", "motorway"]);
    }

    #[test]
    fn a_claim_deep_inside_a_long_post_is_found() {
        let index = BulkIndex::build(claims());
        let padding =
            "Nothing to see here today, my neighbours painted their garden fence blue again and the weather stays fine. ";
        let text = format!(
            "{}The moon landing of 1969 was staged in a film studio in Nevada. {}",
            padding.repeat(200),
            padding.repeat(200)
        );
        let found = ids(&text, &index);
        assert!(found[0].0 == "moon" && found[0].1 > 0.5, "{found:?}");
    }

    #[test]
    fn strange_posts_are_read_in_bounded_time() {
        let index = BulkIndex::build(claims());
        for text in [
            "",
            "\u{202e}\u{202e}",
            "moon ".repeat(200_000).as_str(),
            "x".repeat(1 << 20).as_str(),
            "#a".repeat(100_000).as_str(),
        ] {
            ids(text, &index);
        }
        assert!(ids("", &BulkIndex::build(Vec::new())).is_empty());
    }
}
