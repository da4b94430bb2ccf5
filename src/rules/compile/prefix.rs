//! Which words of a wording to watch for, so that no wording that could count is ever missed.
//!
//! A variant counts from a certain share of its weight on. Take words of it until those that are left weigh less than that share: a post
//! without any of the taken words cannot reach it. So it is enough to watch the taken ones (the prefix filter of Chaudhuri, Ganti and
//! Kaushik 2006, AllPairs 2007), and those are taken that seldom turn up for nothing ([`Frequencies`]).
//! A phrase needs all its words: watching two that follow each other is enough.
//!
//! A watched word is met far more often than its wording, so the same is done once more: without any of the words that come next the
//! wording cannot count either, and it is listed under the watched word together with each of those. Then it asks its first question:
//! of the four that come after the two, is enough there? Those before need not be asked for: if one is there, the wording is found
//! under that one.
//!
//! Where a gate is shut only a wording as strong as an alert counts, so a near-miss is watched under the words of the gate alone.

use std::cmp::Reverse;

use super::vocabulary::{RootId, TermId, Vocabulary};
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

/// Two words to watch, and which of those that come next must be there too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The two, the lower root first; the same twice where one is enough.
    pub pair: (RootId, RootId),
    /// Those that come after the two; where there are fewer, one of them.
    pub next: [RootId; ASKED_FOR],
    /// Bit `b` is set if the wording may still count when those of `next` are there whose bits are set in `b`.
    pub enough: u16,
}

/// How often posts hold each root, as far as can be told without them.
///
/// Ordinary language is in the weights; but what many rules speak of, however rare it is elsewhere, many posts speak of too.
#[derive(Debug)]
pub struct Frequencies {
    /// Of each root, of so many posts.
    per_billion: Vec<u64>,
}

/// The counts of fewer wordings than some times this many tell little.
const FEW_WORDINGS: u64 = 100;

impl Frequencies {
    /// Reckons them for the roots of a vocabulary, from the roots of wordings, each once in each.
    pub fn of(wordings: &[Vec<(RootId, u32)>], vocabulary: &Vocabulary) -> Self {
        let mut per_billion = vec![0; vocabulary.roots()];
        for term in 0..vocabulary.len() as TermId {
            // A weight is the logarithm of a chance: see `text::frequency::weight`.
            let of_language = 1e9 * (-f64::from(vocabulary.get(term).weight) / 100.0).exp();
            let of_root = &mut per_billion[vocabulary.root(term) as usize];
            *of_root = (of_language as u64).max(*of_root);
        }
        let of_one = 1_000_000_000 / (wordings.len() as u64 + FEW_WORDINGS);
        wordings.iter().flatten().for_each(|(root, _)| per_billion[*root as usize] += of_one);
        Self { per_billion }
    }

    /// All roots, those first that are in most posts.
    pub fn common_first(&self) -> Vec<RootId> {
        let mut roots: Vec<RootId> = (0..self.per_billion.len() as RootId).collect();
        roots.sort_by_key(|root| Reverse(self.per_billion[*root as usize]));
        roots
    }

    /// Which root of a phrase and the one after it are in fewest posts together; the first of a phrase of one word.
    pub fn rarest_neighbours(&self, phrase: &[RootId]) -> usize {
        let of = |root: RootId| u128::from(self.per_billion[root as usize].max(1));
        let pairs = phrase[..phrase.len().min(LOOKED_AT)].windows(2).map(|pair| of(pair[0]) * of(pair[1]));
        pairs.enumerate().min_by_key(|(_, together)| *together).map_or(0, |(first, _)| first)
    }

    /// Puts the words of a wording in the order in which they are to be watched. Any will do that weigh enough together, so those come
    /// first that are in fewest posts for what they weigh.
    pub fn sort(&self, weights: &mut [(RootId, u32)]) {
        weights.sort_by_key(|(root, weight)| (self.per_billion[*root as usize] / u64::from((*weight).max(1)), *root));
    }
}

/// Gives pairs of words of which at least one is in every post that misses at most `may_miss` of the words of a variant, which come with
/// their weights in the order in which they are to be watched.
pub fn words_to_watch(weights: &[(RootId, u32)], may_miss: u64) -> Vec<Watch> {
    let (mut missing, mut watches) = (0, Vec::new());
    for (rank, (root, weight)) in weights.iter().enumerate() {
        if missing > may_miss {
            break;
        }
        words_beside(*root, &weights[rank + 1..], may_miss - missing, &mut watches);
        missing += 100 * u64::from(*weight);
    }
    watches
}

/// The same for posts that hold one of the words, or another word that a gate asks for; `weights` are those of the other words.
pub fn words_beside(held: RootId, weights: &[(RootId, u32)], may_miss: u64, watches: &mut Vec<Watch>) {
    let weight_at = |rank: usize| weights.get(rank).map_or(0, |(_, weight)| 100 * u64::from(*weight));
    let watch = |must: RootId, after: usize, missing: u64| {
        let next = std::array::from_fn(|n| weights.get(after + n).map_or(held, |(root, _)| *root));
        let lost =
            |there: u16| (0..ASKED_FOR).filter(|bit| there & (1 << bit) == 0).map(|bit| weight_at(after + bit)).sum::<u64>();
        let may_do = (0..1 << ASKED_FOR).filter(|there| missing + lost(*there) <= may_miss);
        let enough = may_do.fold(0, |enough, there| enough | 1 << there);
        Watch { pair: (held.min(must), held.max(must)), next, enough }
    };
    let (mut second, mut missing) = (0, 0);
    while missing <= may_miss {
        match weights.get(second).filter(|_| second < MOST_SECONDS) {
            Some((must, _)) => watches.push(watch(*must, second + 1, missing)),
            None => {
                watches.push(watch(held, second, missing));
                break;
            }
        }
        missing += weight_at(second);
        second += 1;
    }
}

/// Words of a phrase among which its pair is chosen: any pair will do, and a phrase may have ten thousand words.
const LOOKED_AT: usize = 40;

#[cfg(test)]
mod tests {
    use super::super::Row;
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

    fn watches(row: &Row, least: u32) -> Vec<Watch> {
        words_to_watch(&row.weights, may_miss(WordingKind::Variant, row.total, least))
    }

    /// The different words that are watched first.
    fn roots(row: &Row, least: u32) -> Vec<RootId> {
        let mut roots: Vec<RootId> = watches(row, least).iter().map(|watch| watch.pair.0).collect();
        roots.dedup();
        roots
    }

    /// Whether a post that holds the words whose bits are set is found under one of the watches.
    fn is_found(watches: &[Watch], there: u32) -> bool {
        let holds = |root: RootId| there & 1 << root != 0;
        watches.iter().any(|watch| {
            let bits = watch.next.iter().enumerate().fold(0, |bits, (n, root)| bits | u16::from(holds(*root)) << n);
            holds(watch.pair.0) && holds(watch.pair.1) && watch.enough & 1 << bits != 0
        })
    }

    fn missing(weights: &[(RootId, u32)], there: u32) -> u64 {
        weights.iter().filter(|(root, _)| there & 1 << root == 0).map(|(_, weight)| 100 * u64::from(*weight)).sum()
    }

    #[test]
    fn the_words_left_out_cannot_make_up_the_share() {
        let row = row(&[1000, 900, 700, 400, 300, 50, 40]);
        for least in [1, 250, 450, 600, 700, 999, 1000] {
            let taken = roots(&row, least).len();
            let left: u32 = row.weights[taken..].iter().map(|(_, w)| w).sum();
            assert!(u64::from(left) * 1000 < u64::from(row.total) * u64::from(least));
        }
    }

    #[test]
    fn few_words_are_watched() {
        let row = row(&[1000, 900, 700, 400, 300, 50, 40]);
        assert_eq!(roots(&row, 600), [0, 1]);
    }

    const WORDINGS: [&[u32]; 5] = [&[1000, 900, 700, 400, 300, 50, 40], &[500; 12], &[900, 10, 10, 10], &[300; 14], &[7]];

    #[test]
    fn every_set_of_words_that_may_count_is_found_under_a_watched_pair() {
        for weights in WORDINGS {
            let row = row(weights);
            for least in [1, 300, 600, 850, 1000] {
                let (watches, may_miss) = (watches(&row, least), may_miss(WordingKind::Variant, row.total, least));
                for there in 1..1u32 << weights.len() {
                    let counts = missing(&row.weights, there) <= may_miss;
                    assert!(is_found(&watches, there) || !counts, "{weights:?} {least} {there:b}");
                }
            }
        }
    }

    #[test]
    fn beside_a_word_that_is_there_every_set_of_words_that_may_count_is_found() {
        for weights in WORDINGS {
            let row = row(weights);
            for (least, held) in [1, 300, 600, 850, 1000].into_iter().flat_map(|least| [(least, 0), (least, 3), (least, 20)]) {
                let may_miss = may_miss(WordingKind::Variant, row.total, least);
                let others: Vec<_> = row.weights.iter().copied().filter(|(root, _)| *root != held).collect();
                let mut watches = Vec::new();
                words_beside(held, &others, may_miss, &mut watches);
                for there in (1..1u32 << weights.len()).map(|there| there | 1 << held) {
                    let counts = missing(&row.weights, there) <= may_miss;
                    assert!(is_found(&watches, there) || !counts, "{weights:?} {least} {held} {there:b}");
                }
            }
        }
    }

    #[test]
    fn a_wording_of_thousands_of_words_has_few_watches_for_each() {
        let long = row(&vec![500; 10_000]);
        assert!(watches(&long, 600).len() <= 10_000 * (MOST_SECONDS + 1));
    }

    #[test]
    fn of_a_phrase_the_rarest_two_neighbours_are_watched() {
        let frequencies = Frequencies { per_billion: vec![5, 0, 700, 1_000_000_000] };
        assert_eq!(frequencies.rarest_neighbours(&[0, 2, 3]), 0);
        assert_eq!(frequencies.rarest_neighbours(&[3, 0, 2, 1, 3]), 2);
        assert_eq!(frequencies.rarest_neighbours(&[3]), 0);
    }

    #[test]
    fn rare_and_heavy_words_are_watched_first() {
        let frequencies = Frequencies { per_billion: vec![1_000, 1_000, 10, 900_000_000] };
        let mut weights = vec![(0, 500), (1, 900), (2, 500), (3, 10)];
        frequencies.sort(&mut weights);
        assert_eq!(weights, [(2, 500), (1, 900), (0, 500), (3, 10)]);
        assert_eq!(frequencies.common_first(), [3, 0, 1, 2]);
    }
}
