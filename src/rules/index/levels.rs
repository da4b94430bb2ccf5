//! From the terms of every claim to the claims of every term, level by level (see [`super::Level`]).

use super::BulkIndex;
use super::vocabulary::Term;

/// Levels of a term: equal steps from its greatest impact down.
const LEVELS: usize = 4;

/// Terms of fewer claims have one level: there is nothing to pass over.
const WORTH_LEVELS: u32 = 32;

#[derive(Debug, Clone, Copy, Default)]
struct Known {
    claims: u32,
    peak: u16,
}

impl Known {
    fn level(self, impact: u16) -> usize {
        let below = usize::from(self.peak.saturating_sub(impact));
        if self.claims < WORTH_LEVELS { 0 } else { below * LEVELS / (usize::from(self.peak) + 1) }
    }
}

/// Writes the postings; in each level the claims are in order.
pub(super) fn post(index: &mut BulkIndex) {
    let mut known = vec![Known::default(); index.weights.len()];
    for (term, impact) in held(index) {
        let known = &mut known[term as usize];
        (known.claims, known.peak) = (known.claims + 1, known.peak.max(impact));
    }
    // Every level of every term: how many postings, the greatest impact; then where the next posting goes.
    let row = |term: Term, impact: u16| term as usize * LEVELS + known[term as usize].level(impact);
    let mut levels = vec![Known::default(); known.len() * LEVELS];
    for (term, impact) in held(index) {
        let level = &mut levels[row(term, impact)];
        (level.claims, level.peak) = (level.claims + 1, level.peak.max(impact));
    }
    let mut next = Vec::with_capacity(levels.len());
    let (mut at, mut kept, mut kept_from) = (0, Vec::new(), Vec::with_capacity(known.len() + 1));
    for (number, level) in levels.iter().enumerate() {
        if number % LEVELS == 0 {
            kept_from.push(kept.len() as u32);
        }
        next.push(at);
        at += level.claims;
        if level.claims > 0 {
            kept.push((at, level.peak));
        }
    }
    kept_from.push(kept.len() as u32);
    kept.shrink_to_fit();
    let (mut claims, mut impacts) = (vec![0; at as usize], vec![0; at as usize]);
    for number in 0..index.held_to.len() as u32 {
        for (term, impact) in index.held(number) {
            let next = &mut next[row(term, impact)];
            (claims[*next as usize], impacts[*next as usize]) = (number, impact);
            *next += 1;
        }
    }
    (index.levels, index.levels_from, index.posted_claims, index.posted_impacts) = (kept, kept_from, claims, impacts);
}

fn held(index: &BulkIndex) -> impl Iterator<Item = (Term, u16)> {
    index.held_terms.iter().copied().zip(index.held_impacts.iter().copied())
}
