//! Which words of a wording to watch for, so that no wording that could count is ever missed.
//!
//! A variant counts from a certain share of its weight on. Take its heaviest words until those that are left weigh less
//! than that share: a post without any of the taken words cannot reach it. So it is enough to watch the taken ones (the prefix
//! filter of Chaudhuri, Ganti and Kaushik 2006, AllPairs 2007), and the heaviest are the rarest, so they seldom turn up for nothing.
//! A phrase needs all its words: watching the rarest, or the rarest two that follow each other, is enough.
//!
//! A watched word is met far more often than its wording, so the same is done once more: without any of the next heaviest words the
//! wording cannot count either, and it is listed under the watched word together with each of those. Then it asks its first question:
//! of the four heaviest after the two, is enough there? Heavier words need not be asked for: if one is there, the wording is found
//! under that one.

use super::Row;
use super::vocabulary::{RootId, TermId};
use crate::model::sighting::WordingKind;

/// Gives how much of a wording's weight, times a hundred, a post may lack and still hold `least` thousandths of it.
pub fn may_miss(kind: WordingKind, total: u32, least: u32) -> u64 {
    if kind != WordingKind::Variant {
        // All words must be there; as mistyped as may be.
        return u64::from(total) * 100 / 4;
    }
    let whole = u64::from(total) * 100;
    // Half a thousandth more: strengths are rounded to thousandths.
    let lacking = 1000 - u64::from(least.min(1000));
    (whole * (2 * lacking + 1)).div_ceil(2000)
}

/// How many words a watched pair of words asks for at once.
pub const ASKED_FOR: usize = 4;

/// So many second words are listed; a wording of thousands of words would have thousands.
const MOST_SECONDS: usize = 8;

/// A word to watch, another that must be there with it, and which of the next heaviest must be there too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The word.
    pub root: RootId,
    /// The other; the word itself if none must be there.
    pub must: RootId,
    /// The heaviest after the two; where there are fewer, the word itself.
    pub next: [RootId; ASKED_FOR],
    /// Bit `b` is set if the wording may still count when those of `next` are there whose bits are set in `b`.
    pub enough: u16,
}

/// Gives pairs of words of which at least one is in every post that misses at most `may_miss` of the words of a wording, which come with
/// their weights in the order of their roots.
pub fn words_to_watch(kind: WordingKind, weights: &[(RootId, u32)], may_miss: u64) -> Vec<Watch> {
    let most = if kind == WordingKind::Variant { usize::MAX } else { 1 };
    let weight_at = |rank: usize| weights.get(rank).map_or(0, |(_, weight)| 100 * u64::from(*weight));
    let mut missing = 0;
    let mut watches = Vec::new();
    for (rank, (root, _)) in weights.iter().enumerate().take(most) {
        if missing > may_miss {
            break;
        }
        let watch = |must: TermId, after: usize, missing: u64| {
            let next = std::array::from_fn(|n| weights.get(after + n).map_or(*root, |(root, _)| *root));
            let lost =
                |there: u16| (0..ASKED_FOR).filter(|bit| there & (1 << bit) == 0).map(|bit| weight_at(after + bit)).sum::<u64>();
            let may_do = (0..1 << ASKED_FOR).filter(|there| missing + lost(*there) <= may_miss);
            Watch { root: *root, must, next, enough: may_do.fold(0, |enough, there| enough | 1 << there) }
        };
        let (mut second, mut missing_too) = (rank + 1, missing);
        while missing_too <= may_miss {
            match weights.get(second).filter(|_| second - rank <= MOST_SECONDS) {
                Some((must, _)) => watches.push(watch(*must, second + 1, missing_too)),
                None => {
                    watches.push(watch(*root, second, missing_too));
                    break;
                }
            }
            missing_too += weight_at(second);
            second += 1;
        }
        missing += weight_at(rank);
    }
    watches
}

/// Gives the two terms that follow each other in a phrase and together are rarest; nothing for a phrase of one word.
pub fn pair_to_watch(row: &Row) -> Option<(TermId, TermId)> {
    let weight = |term: TermId| row.weights.iter().find(|(other, _)| *other == term).map_or(0, |(_, weight)| *weight);
    let weights: Vec<u32> = row.terms.iter().take(LOOKED_AT).map(|term| weight(*term)).collect();
    let best = weights.windows(2).enumerate().max_by_key(|(_, pair)| pair[0] + pair[1])?.0;
    Some((row.terms[best], row.terms[best + 1]))
}

/// Words of a phrase among which its pair is chosen: any pair will do, and a phrase may have ten thousand words.
const LOOKED_AT: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    fn row(weights: &[u32]) -> Row {
        let weights: Vec<_> = weights.iter().enumerate().map(|(i, w)| (i as TermId, *w)).collect();
        Row {
            terms: weights.iter().map(|(t, _)| *t).collect(),
            total: weights.iter().map(|(_, w)| w).sum(),
            weights,
            negated: false,
        }
    }

    fn watches(kind: WordingKind, row: &Row, least: u32) -> Vec<Watch> {
        words_to_watch(kind, &row.weights, may_miss(kind, row.total, least))
    }

    /// The different words that are watched first.
    fn roots(kind: WordingKind, row: &Row, least: u32) -> Vec<RootId> {
        let mut roots: Vec<RootId> = watches(kind, row, least).iter().map(|watch| watch.root).collect();
        roots.dedup();
        roots
    }

    #[test]
    fn the_words_left_out_cannot_make_up_the_share() {
        let row = row(&[1000, 900, 700, 400, 300, 50, 40]);
        for least in [1, 250, 450, 600, 700, 999, 1000] {
            let taken = roots(WordingKind::Variant, &row, least).len();
            let left: u32 = row.weights[taken..].iter().map(|(_, w)| w).sum();
            assert!(u64::from(left) * 1000 < u64::from(row.total) * u64::from(least));
        }
    }

    #[test]
    fn few_words_are_watched() {
        let row = row(&[1000, 900, 700, 400, 300, 50, 40]);
        assert_eq!(roots(WordingKind::Variant, &row, 600), [0, 1]);
        assert_eq!(roots(WordingKind::Phrase, &row, 600), [0]);
    }

    #[test]
    fn every_set_of_words_that_may_count_is_found_under_a_watched_pair() {
        for weights in [&[1000, 900, 700, 400, 300, 50, 40][..], &[500; 12], &[900, 10, 10, 10], &[300; 14], &[7]] {
            let row = row(weights);
            for least in [1, 300, 600, 850, 1000] {
                let watches = watches(WordingKind::Variant, &row, least);
                let may_miss = may_miss(WordingKind::Variant, row.total, least);
                for there in 1..1u32 << weights.len() {
                    let holds = |term: TermId| there & 1 << term != 0;
                    let missing: u64 =
                        row.weights.iter().filter(|(term, _)| !holds(*term)).map(|(_, w)| 100 * u64::from(*w)).sum();
                    let found = watches.iter().any(|watch| {
                        let bits = watch.next.iter().enumerate().fold(0, |bits, (n, term)| bits | u16::from(holds(*term)) << n);
                        holds(watch.root) && holds(watch.must) && watch.enough & 1 << bits != 0
                    });
                    assert!(found || missing > may_miss, "{weights:?} {least} {there:b}");
                }
            }
        }
    }

    #[test]
    fn a_wording_of_thousands_of_words_has_few_watches_for_each() {
        let long = row(&vec![500; 10_000]);
        assert!(watches(WordingKind::Variant, &long, 600).len() <= 10_000 * (MOST_SECONDS + 1));
    }

    #[test]
    fn of_a_phrase_the_rarest_two_neighbours_are_watched() {
        assert_eq!(pair_to_watch(&row(&[1000, 900, 700])), Some((0, 1)));
        let mut phrase = row(&[1000, 900, 700]);
        phrase.terms = vec![0, 2, 1, 2];
        assert_eq!(pair_to_watch(&phrase), Some((0, 2)));
        assert_eq!(pair_to_watch(&row(&[1000])), None);
    }
}
