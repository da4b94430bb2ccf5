//! Rounded sums: what has been taken of a query's postings, claim by claim, in 16 bits.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::query::Query;
use crate::rules::index::BulkIndex;
use crate::rules::index::postings::{BLOCK, Level, PARTS, Run};

/// All terms of a query together lift a rounded sum by no more than this; rounding adds [`PARTS`] for each of 64 terms at most, so it stays
/// below 32,768: of numbers with a sign the greatest is found faster.
const FULL: u32 = 16_000;

/// Claims looked at together.
const STRIDE: usize = 32;

/// A level of a term of the query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub level: Level,
    /// By how much less a claim can be lifted once it is taken.
    pub gain: u32,
    /// What the greatest impact of the term weighs.
    pub peak: u32,
    /// What a part of that adds to a rounded sum, in 65,536ths.
    pub factor: u32,
}

/// Memory that is used again from query to query.
#[derive(Debug, Default)]
pub struct Sums {
    /// The rounded sum of each claim; all 0 between queries.
    blocks: Vec<[i16; BLOCK]>,
    /// What each term of the query weighs; 0 for all other terms, and between queries.
    pub(super) weights: Vec<u16>,
    pub(super) steps: Vec<Step>,
    /// Numbers of steps under their price, in the order in which they are to be taken.
    order: Vec<u64>,
    /// Claims that may be wanted under their rounded sums.
    pub(super) promising: Vec<u64>,
    /// Claims that were noted, some more than once.
    noted: Vec<u32>,
    crossed: Vec<u16>,
    pub(super) best: BinaryHeap<Reverse<(u32, Reverse<u32>)>>,
}

impl Sums {
    /// Puts the levels of the query's terms in the order in which they are to be taken; gives by how much all of them could lift a claim,
    /// what 1 stands for in a rounded sum, and the number of terms.
    ///
    /// What costs least for each unit gained comes first, but never before the level above.
    pub(super) fn plan(&mut self, query: &Query, index: &BulkIndex) -> (u32, u32, u32) {
        if self.blocks.len() != index.postings().blocks() {
            self.blocks = vec![[0; BLOCK]; index.postings().blocks()];
        }
        self.weights.resize(index.vocabulary().len(), 0);
        self.steps.clear();
        self.order.clear();
        self.noted.clear();
        let mut terms = 0;
        for (slot, term) in query.slots.iter().enumerate().filter_map(|(slot, s)| s.term.map(|term| (slot, term))) {
            let weight = query.weight(slot);
            self.weights[term as usize] = weight as u16;
            terms += 1;
            let (mut levels, mut price, mut peak) = (index.postings().levels(term).peekable(), 0.0_f32, 0);
            while let Some(level) = levels.next() {
                let gain = weight * u32::from(level.peak - levels.peek().map_or(0, |next| next.peak));
                price = price.max(level.count as f32 / gain.max(1) as f32);
                peak = peak.max(weight * u32::from(level.peak));
                // Bits of numbers that are not negative are in the order of the numbers.
                self.order.push(u64::from(price.to_bits()) << 32 | self.steps.len() as u64);
                self.steps.push(Step { level, gain, peak, factor: 0 });
            }
        }
        self.order.sort_unstable();
        let all: u32 = self.steps.iter().map(|step| step.gain).sum();
        let unit = all.div_ceil(FULL).max(1);
        for step in &mut self.steps {
            let factor = (u64::from(step.peak) << 16).div_ceil(u64::from(unit * PARTS)) as u32;
            // Whatever a claim shares with the query shows in its rounded sum.
            step.factor = factor.max(1 << 16);
        }
        (all, unit, terms)
    }

    pub(super) fn step(&self, at: usize) -> Option<&Step> {
        self.order.get(at).and_then(|key| self.steps.get(*key as u32 as usize))
    }

    /// Takes steps, block by block, and notes the claims whose rounded sums come to `promising`.
    pub(super) fn take(&mut self, steps: Range<usize>, index: &BulkIndex, promising: i16) {
        let Self { blocks, steps: all, order, noted, crossed, .. } = self;
        for (number, block) in blocks.iter_mut().enumerate() {
            for key in order.get(steps.clone()).unwrap_or_default() {
                let step = &all[*key as u32 as usize];
                add(block, index.postings().run(step.level.number, number), step.factor, promising, crossed);
            }
            noted.extend(crossed.drain(..).map(|claim| (number * BLOCK) as u32 + u32::from(claim)));
        }
    }

    /// Makes those promising, in order, of the claims noted whose rounded sums have come to `least`.
    pub(super) fn pick(&mut self, least: i16) {
        let Self { blocks, noted, promising, .. } = self;
        let rounded = |claim: u32| blocks[claim as usize / BLOCK][claim as usize % BLOCK];
        promising.clear();
        promising
            .extend(noted.iter().map(|claim| key_of(rounded(*claim), *claim as usize)).filter(|key| rounded_of(*key) >= least));
        promising.sort_unstable();
        promising.dedup();
    }

    /// Makes the claims promising, in order, that may be among the best `most` if rounded sums tell all but `slack`. Gives the greatest
    /// rounded sum that it passed over; 0 if it passed over none.
    pub(super) fn gather(&mut self, claims: usize, most: usize, slack: u32) -> i16 {
        let Self { blocks, promising, .. } = self;
        promising.clear();
        let (mut least, mut enough) = (1, 4 * most);
        for (number, block) in blocks.iter().enumerate() {
            let used = &block[..BLOCK.min(claims - number * BLOCK)];
            for (stride, sums) in used.chunks(STRIDE).enumerate() {
                if sums.iter().fold(0, |greatest, sum| i16::max(greatest, *sum)) < least {
                    continue;
                }
                let kept = (stride * STRIDE..).zip(sums).filter(|(_, sum)| **sum >= least);
                promising.extend(kept.map(|(claim, sum)| key_of(*sum, number * BLOCK + claim)));
                if promising.len() >= enough {
                    least = least.max(thin_out(promising, most, slack));
                    enough = 2 * promising.len().max(2 * most);
                }
            }
        }
        if promising.len() > most {
            least = least.max(thin_out(promising, most, slack));
        }
        promising.sort_unstable();
        least - 1
    }

    /// Sets the rounded sums back: one by one where few were touched.
    pub(super) fn forget(&mut self, taken: usize, index: &BulkIndex) {
        let steps = (0..taken).filter_map(|at| self.step(at));
        let touched: u32 = steps.clone().map(|step| step.level.count).sum();
        if touched as usize > index.len() / 8 {
            let mut left = index.len();
            for block in &mut self.blocks {
                block[..left.min(BLOCK)].fill(0);
                left = left.saturating_sub(BLOCK);
            }
            return;
        }
        let levels: Vec<u32> = steps.map(|step| step.level.number).collect();
        for (number, block) in self.blocks.iter_mut().enumerate() {
            for level in &levels {
                index.postings().run(*level, number).claims.iter().for_each(|claim| block[usize::from(*claim)] = 0);
            }
        }
    }
}

/// Adds postings to rounded sums; notes the claims that come to `promising` by that, some more than once.
fn add(block: &mut [i16; BLOCK], run: Run<'_>, factor: u32, promising: i16, crossed: &mut Vec<u16>) {
    let mut add = |claim: u16, part: u8| {
        let sum = &mut block[usize::from(claim)];
        *sum = sum.wrapping_add(((u32::from(part) * factor) >> 16) as i16);
        if *sum >= promising {
            crossed.push(claim);
        }
    };
    // Four at a time, which takes fewer steps.
    let ((claims, last_claims), (parts, last_parts)) = (run.claims.as_chunks::<4>(), run.parts.as_chunks::<4>());
    for (claims, parts) in claims.iter().zip(parts) {
        claims.iter().zip(parts).for_each(|(claim, part)| add(*claim, *part));
    }
    last_claims.iter().zip(last_parts).for_each(|(claim, part)| add(*claim, *part));
}

/// A claim under its rounded sum.
fn key_of(rounded: i16, claim: usize) -> u64 {
    u64::from(rounded.unsigned_abs()) << 32 | claim as u64
}

/// The rounded sum of it.
pub(super) fn rounded_of(key: u64) -> i16 {
    (key >> 32) as i16
}

/// Keeps those whose rounded sums are less than `slack` below the `most`th; gives the least kept.
fn thin_out(promising: &mut Vec<u64>, most: usize, slack: u32) -> i16 {
    let (_, last, _) = promising.select_nth_unstable_by_key(most - 1, |key| Reverse(*key));
    let least = ((*last >> 32) as u32).saturating_sub(slack).max(1);
    promising.retain(|key| (key >> 32) as u32 >= least);
    least as i16
}
