//! Which words of a wording to watch for, so that no wording that could count is ever missed.
//!
//! A variant counts from a certain share of its weight on. Take its heaviest words until those that are left weigh less
//! than that share: a post without any of the taken words cannot reach it. So it is enough to watch the taken ones (the prefix
//! filter of Chaudhuri, Ganti and Kaushik 2006, AllPairs 2007), and the heaviest are the rarest, so they seldom turn up for nothing.
//! A phrase needs all its words: watching the rarest is enough.

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

/// Gives the terms of which at least one is in every post that holds `least` thousandths of the wording.
pub fn terms_to_watch(kind: WordingKind, row: &Row, least: u32) -> Vec<TermId> {
    if kind != WordingKind::Variant {
        return row.weights.first().map(|(term, _)| *term).into_iter().collect();
    }
    let may_miss = may_miss(kind, row, least);
    let mut missing = 0;
    let mut taken = Vec::new();
    for (term, weight) in &row.weights {
        if missing > may_miss {
            break;
        }
        missing += 100 * u64::from(*weight);
        taken.push(*term);
    }
    taken
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
            let taken = terms_to_watch(WordingKind::Variant, &row, least).len();
            let left: u32 = row.weights[taken..].iter().map(|(_, w)| w).sum();
            assert!(u64::from(left) * 1000 < u64::from(row.total) * u64::from(least));
        }
    }

    #[test]
    fn few_words_are_watched() {
        assert_eq!(terms_to_watch(WordingKind::Variant, &row(&[1000, 900, 700, 400, 300, 50, 40]), 600), [0, 1]);
        assert_eq!(terms_to_watch(WordingKind::Phrase, &row(&[1000, 900]), 600), [0]);
    }
}
