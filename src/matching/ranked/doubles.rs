//! What is said word for word: by claims of an archive that several publishers checked, by a post that quotes a claim.

use super::among;
use super::model::{self, Weighed};
use super::pair::Facts;
use super::query::Query;
use crate::model::post::Post;
use crate::rules::index::BulkIndex;
use crate::rules::index::profile::plain;

/// Leaves out the claims that say the same as the best one: two checks of one claim are no reason to doubt that the claim is meant.
///
/// `shortlist` is sorted, best first; `measured` holds the facts of all its claims. `None` where nothing says the same.
pub(super) fn without_doubles<'f>(
    query: &Query,
    index: &BulkIndex,
    measured: impl Iterator<Item = (u32, &'f Facts)>,
    shortlist: &[Weighed],
) -> Option<Vec<Weighed>> {
    let (best, others) = shortlist.split_first()?;
    let print = index.profile(best.claim)?.print;
    let has_print = |number: u32| index.profile(number).is_some_and(|profile| profile.print == print);
    let mut doubles: Vec<u32> = others.iter().map(|other| other.claim).filter(|other| has_print(*other)).collect();
    let words = &index.claim(best.claim)?.claim;
    doubles.retain(|other| index.claim(*other).is_some_and(|other| same_words(&other.claim, words)));
    if doubles.is_empty() {
        return None;
    }
    let kept = measured.filter(|(claim, _)| !doubles.contains(claim));
    let (claims, mut facts): (Vec<u32>, Vec<Facts>) = kept.map(|(claim, facts)| (claim, *facts)).unzip();
    among::compare(query, &mut facts);
    let of_best = claims.iter().zip(&facts).find(|(claim, _)| **claim == best.claim)?.1;
    let best = Weighed { features: model::features(of_best), ..*best };
    let others = others.iter().filter(|other| !doubles.contains(&other.claim)).copied();
    Some(std::iter::once(best).chain(others).collect())
}

/// Whether two texts are the same but for capitals, blanks and punctuation.
fn same_words(a: &str, b: &str) -> bool {
    let [a, b] = [a, b].map(|text| {
        let mut out = String::new();
        plain(text, &mut out);
        out
    });
    a == b
}

/// A claim of fewer words than this may stand in a post by chance.
const FEWEST_WORDS: usize = 5;

/// Whether a post says all that a claim does and hardly anything else, in whatever order.
pub(super) fn says_all(facts: &Facts) -> bool {
    facts.count >= FEWEST_WORDS as f32 && facts.count >= 0.9 * facts.length && facts.shared >= 0.9 * facts.of_text
}

/// Bytes before and after the terms of a passage in which its first and last words are looked for: words that tell nothing are no terms.
const AROUND: usize = 100;

/// Memory to look for claims in posts, used again from post to post.
#[derive(Debug, Default)]
pub(super) struct Quoted {
    claim: String,
    passage: String,
}

impl Quoted {
    /// Whether the passage of a post that was asked about holds all of a claim, word for word.
    pub(super) fn holds_word_for_word(&mut self, post: &Post, query: &Query, claim: &str) -> bool {
        let (Some(first), Some(last)) = (query.row.first(), query.row.last()) else { return false };
        if claim.split_whitespace().nth(FEWEST_WORDS - 1).is_none() {
            return false;
        }
        plain(claim, &mut self.claim);
        (first.span.part..=last.span.part).filter_map(|part| Some((part, &post.parts.get(part)?.text))).any(|(part, text)| {
            let from = if part == first.span.part { first.span.start.saturating_sub(AROUND) } else { 0 };
            let to = if part == last.span.part { last.span.end.saturating_add(AROUND).min(text.len()) } else { text.len() };
            let passage = text.get(text.floor_char_boundary(from)..text.ceil_char_boundary(to)).unwrap_or_default();
            // Most passages are shorter than the claim, which is seen before anything is read.
            passage.len() >= self.claim.len() && {
                plain(passage, &mut self.passage);
                self.passage.len() >= self.claim.len() && self.passage.contains(&self.claim)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matching::ranked::asker::Asker;
    use crate::rules::bulk::Archive;

    #[test]
    fn the_same_words_are_the_same_however_they_are_set() {
        assert!(same_words("The moon is made of cheese!", "the Moon is made of  \u{201c}cheese\u{201d}"));
        assert!(!same_words("The moon is made of cheese", "The moon is not made of cheese"));
    }

    #[test]
    fn a_post_holds_a_claim_word_for_word_or_not() {
        let mut archive = Archive::default();
        archive.read("a.jsonl", &br#"{"id":"moon","claim":"The moon is made of cheese."}"#[..]).unwrap();
        let index = BulkIndex::build(archive.claims);
        let holds = |text: &str, claim: &str| {
            let (post, mut held) = (Post::of_text(text, jiff::Timestamp::UNIX_EPOCH), false);
            Asker::default().passages(&post, &index, |query| held |= Quoted::default().holds_word_for_word(&post, query, claim));
            held
        };
        let claim = "The moon is made of cheese.";
        assert!(holds("Did you know? The Moon is made of \u{201c}cheese\u{201d}, says NASA", claim));
        assert!(!holds("The moon is not made of cheese", claim));
        assert!(!holds("the moon is made", claim));
        assert!(!holds("The moon is big", "The moon is big"), "said by chance");
    }
}
