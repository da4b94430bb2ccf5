//! Which words of a wording to watch for, so that no wording that could count is ever missed.
//!
//! A variant counts from a certain share of its weight on. Take its heaviest words until those that are left weigh less
//! than that share: a post without any of the taken words cannot reach it. So it is enough to watch the taken ones (the prefix
//! filter of Chaudhuri, Ganti and Kaushik 2006, AllPairs 2007), and the heaviest are the rarest, so they seldom turn up for nothing.
//! A phrase needs all its words: watching the rarest is enough.
//!
//! A watched word is met far more often than its wording, so what is listed under it carries its own first question: of the
//! three heaviest words after it, is enough there? Heavier words need not be asked for: if one is there, the wording is
//! found under that one.

use super::Row;
use super::vocabulary::TermId;
use crate::model::sighting::WordingKind;

/// Gives how much of a wording's weight, times a hundred, a post may lack and still hold `least` thousandths of it.
pub fn may_miss(kind: WordingKind, row: &Row, least: u32) -> u64 {
    if kind != WordingKind::Variant {
        // All words must be there; as mistyped as may be.
        return u64::from(row.total) * 100 / 4;
    }
    let whole = u64::from(row.total) * 100;
    // Half a thousandth more: strengths are rounded to thousandths.
    let lacking = 1000 - u64::from(least.min(1000));
    (whole * (2 * lacking + 1)).div_ceil(2000)
}

/// A word to watch, and which of the next heaviest words must be there with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// The word.
    pub term: TermId,
    /// The three heaviest after it; where there are fewer, itself.
    pub next: [TermId; 3],
    /// Bit `b` is set if the wording may still count when those of `next` are there whose bits are set in `b`.
    pub enough: u8,
}

/// Gives the words of which at least one is in every post that holds `least` thousandths of the wording, the heaviest first.
pub fn words_to_watch(kind: WordingKind, row: &Row, least: u32) -> Vec<Watch> {
    let may_miss = may_miss(kind, row, least);
    let most = if kind == WordingKind::Variant { usize::MAX } else { 1 };
    let mut missing = 0;
    let mut watches = Vec::new();
    for (rank, (term, weight)) in row.weights.iter().enumerate().take(most) {
        if missing > may_miss {
            break;
        }
        let after =
            |n: usize| row.weights.get(rank + 1 + n).map_or((*term, 0), |(term, weight)| (*term, 100 * u64::from(*weight)));
        let next = [after(0), after(1), after(2)];
        let lacking = |there: u8| (0..3).filter(|bit| there & (1 << bit) == 0).map(|bit| next[bit].1).sum::<u64>();
        let enough = (0..8).filter(|there| missing + lacking(*there) <= may_miss).fold(0, |enough, there| enough | 1 << there);
        watches.push(Watch { term: *term, next: next.map(|(term, _)| term), enough });
        missing += 100 * u64::from(*weight);
    }
    watches
}

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

    #[test]
    fn the_words_left_out_cannot_make_up_the_share() {
        let row = row(&[1000, 900, 700, 400, 300, 50, 40]);
        for least in [1, 250, 450, 600, 700, 999, 1000] {
            let taken = words_to_watch(WordingKind::Variant, &row, least).len();
            let left: u32 = row.weights[taken..].iter().map(|(_, w)| w).sum();
            assert!(u64::from(left) * 1000 < u64::from(row.total) * u64::from(least));
        }
    }

    #[test]
    fn few_words_are_watched() {
        let terms = |kind| {
            words_to_watch(kind, &row(&[1000, 900, 700, 400, 300, 50, 40]), 600)
                .iter()
                .map(|watch| watch.term)
                .collect::<Vec<_>>()
        };
        assert_eq!(terms(WordingKind::Variant), [0, 1]);
        assert_eq!(terms(WordingKind::Phrase), [0]);
    }

    #[test]
    fn a_watched_word_asks_for_those_after_it() {
        let watches = words_to_watch(WordingKind::Variant, &row(&[1000, 900, 700, 400, 300, 50, 40]), 600);
        // With the second word only: the first is missing, so of the rest hardly anything may be.
        assert_eq!(watches[1].next, [2, 3, 4]);
        assert_eq!(watches[1].enough, 1 << 0b111 | 1 << 0b011);
    }
}
