//! The claims that share most with a query, exactly, without looking at most that it shares words with.
//!
//! Asked for are the claims whose sum of weighed impacts reaches a bar. The postings of the query's terms come in levels of falling impact
//! ([`Level`]); they are taken in the order in which they tell most for their length, until those left could not lift any claim
//! over the bar by themselves (MaxScore, Turtle and Flood 1995, over impact-ordered lists, Anh and Moffat 2006). What has been taken
//! is summed in one byte a claim, rounded up, so it stays in the cache whatever the number of claims. A claim whose byte shows that it may
//! get there is summed exactly from its own terms, the most promising first, until the best are known. Where too few claims reach the
//! bar, it is lowered. Nothing is lost: the tests compare it with adding everything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::query::Query;
use crate::rules::index::{BulkIndex, Level};

/// A claim and the sum of the weighed impacts of the terms it shares with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub claim: u32,
    /// The sum, in units of 1 / (`IMPACT_UNIT` · `WEIGHT_UNIT`).
    pub sum: u32,
}

/// The bar in the bytes that sums are bounded with.
const FULL: u64 = 200;

/// Bars below this are told apart no further.
const LOWEST_BAR: u32 = 1 << 14;

/// Postings are taken until those left could lift a claim by no more than this part of the bar, so that few claims look promising.
const LEFT: u32 = 4;

/// A level of a term of the query.
#[derive(Debug, Clone, Copy)]
struct Step {
    weight: u32,
    level: Level,
    /// By how much less a claim can be lifted once it is taken.
    gain: u32,
    /// Postings for each unit gained, or for the level above where that is more.
    price: u64,
}

/// Memory that is used again from query to query.
#[derive(Debug, Default)]
pub struct Sums {
    /// Bounds of the sums so far, in parts of the bar.
    bounds: Vec<u8>,
    /// Claims whose bounds are promising; then the same in order.
    promising: Vec<u32>,
    in_order: Vec<u32>,
    /// What each term of the query weighs; 0 for all other terms.
    weights: Vec<u16>,
    steps: Vec<Step>,
    best: BinaryHeap<Reverse<(u32, Reverse<u32>)>>,
}

/// Gives the `most` claims with the greatest sums of at least `least`, greatest first; of equal sums, the lower number first.
///
/// `first` is where the bar stands to begin with: the nearer it is to the least sum that is found, the less it costs.
pub fn search(query: &Query, index: &BulkIndex, sums: &mut Sums, most: usize, first: u32, least: u32) -> Vec<Found> {
    let (most, least) = (most.max(1), least.max(1));
    sums.prepare(query, index);
    let mut bar = first.max(least);
    let found = loop {
        let found = sums.reaching(bar, most, index);
        if found.len() >= most || bar == least {
            break found;
        }
        bar = if bar / 2 < LOWEST_BAR { least } else { least.max(bar / 2) };
    };
    query.slots.iter().filter_map(|slot| slot.term).for_each(|term| sums.weights[term as usize] = 0);
    found
}

impl Sums {
    fn prepare(&mut self, query: &Query, index: &BulkIndex) {
        if self.bounds.len() != index.len() {
            self.bounds = vec![0; index.len()];
        }
        // All zero between queries.
        self.weights.resize(index.vocabulary().len(), 0);
        self.steps.clear();
        for (slot, term) in query.slots.iter().enumerate().filter_map(|(slot, s)| s.term.map(|term| (slot, term))) {
            let weight = query.weight(slot);
            self.weights[term as usize] = weight as u16;
            let (mut levels, mut price) = (index.levels(term).peekable(), 0);
            while let Some(level) = levels.next() {
                let gain = weight * u32::from(level.peak - levels.peek().map_or(0, |next| next.peak));
                // Never less than for the level above: that must be taken before.
                price = u64::max(price, (u64::from(level.to - level.from) << 24) / u64::from(gain.max(1)));
                self.steps.push(Step { weight, level, gain, price });
            }
        }
        // Stable: the levels of a term keep their order.
        self.steps.sort_by_key(|step| step.price);
    }

    /// The best `most` of the claims that reach `bar`.
    fn reaching(&mut self, bar: u32, most: usize, index: &BulkIndex) -> Vec<Found> {
        let mut left: u32 = self.steps.iter().map(|step| step.gain).sum();
        if left < bar {
            return Vec::new();
        }
        let mut taken = 0;
        while left > bar / LEFT
            && let Some(step) = self.steps.get(taken)
        {
            left -= step.gain;
            taken += 1;
        }
        let unit = u64::from(bar.max(LOWEST_BAR));
        let parts = |sum: u32| u64::from(sum) * FULL;
        // What a claim must have from the levels taken: the rest cannot lift it over the bar otherwise.
        let promising = ((parts(bar) - parts(left)) / unit).max(1) as u8;
        let bounds = self.bounds.as_mut_slice();
        for step in &self.steps[..taken] {
            let factor = (parts(step.weight) << 16).div_ceil(unit);
            for (claim, impact) in index.postings(step.level.from, step.level.to) {
                let Some(bound) = bounds.get_mut(claim as usize) else { continue };
                let (before, more) = (*bound, ((u64::from(impact) * factor) >> 16) + 1);
                let after = (u64::from(before) + more).min(u64::from(u8::MAX)) as u8;
                *bound = after;
                if after >= promising && before < promising {
                    self.promising.push(claim);
                }
            }
        }
        self.sort_promising();
        let found = self.finish(bar, most, index, |bound| match bound {
            u8::MAX => u64::MAX,
            bound => (u64::from(bound) * unit).div_ceil(FULL) + u64::from(left),
        });
        self.forget(taken, index);
        found
    }

    /// Brings those with the highest bounds to the front, by counting.
    fn sort_promising(&mut self) {
        let mut ends = [0_u32; 256];
        for claim in &self.promising {
            ends[usize::from(u8::MAX - self.bounds[*claim as usize])] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        self.in_order.resize(self.promising.len(), 0);
        for claim in self.promising.drain(..) {
            let place = &mut ends[usize::from(u8::MAX - self.bounds[claim as usize])];
            self.in_order[*place as usize] = claim;
            *place += 1;
        }
    }

    /// Sums up the promising claims, whose bounds fall, until no other can be among the best; `most_for` is the greatest sum for a bound.
    fn finish(&mut self, bar: u32, most: usize, index: &BulkIndex, most_for: impl Fn(u8) -> u64) -> Vec<Found> {
        for claim in self.in_order.drain(..) {
            let worst = self.best.peek().filter(|_| self.best.len() == most).map(|Reverse((sum, _))| *sum);
            if worst.is_some_and(|worst| u64::from(worst) > most_for(self.bounds[claim as usize])) {
                break;
            }
            let sum = index.held(claim).map(|(term, impact)| u32::from(self.weights[term as usize]) * u32::from(impact)).sum();
            if sum >= bar {
                self.best.push(Reverse((sum, Reverse(claim))));
                if self.best.len() > most {
                    self.best.pop();
                }
            }
        }
        let mut found: Vec<Found> = self.best.drain().map(|Reverse((sum, Reverse(claim)))| Found { claim, sum }).collect();
        found.sort_unstable_by_key(|found| (Reverse(found.sum), found.claim));
        found
    }

    /// Sets the bounds back: one by one where few were touched.
    fn forget(&mut self, taken: usize, index: &BulkIndex) {
        let taken = &self.steps[..taken];
        let touched: u32 = taken.iter().map(|step| step.level.to - step.level.from).sum();
        if touched as usize > self.bounds.len() / 16 {
            return self.bounds.fill(0);
        }
        for (claim, _) in taken.iter().flat_map(|step| index.postings(step.level.from, step.level.to)) {
            self.bounds[claim as usize] = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::Asker;
    use super::*;
    use crate::model::post::Post;
    use crate::rules::bulk::BulkClaim;
    use jiff::Timestamp;

    /// Numbers that look random and are the same every time (splitmix64).
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (mixed ^ (mixed >> 29)) % sides
        }

        /// Words whose frequencies fall as in a language, or nearly.
        fn words(&mut self, count: u64, vocabulary: u64) -> String {
            let word = |dice: &mut Self| {
                let top = 1 + dice.roll(vocabulary);
                format!("w{}x", letters(dice.roll(top)))
            };
            (0..count).map(|_| word(self)).collect::<Vec<_>>().join(" ")
        }
    }

    fn letters(mut number: u64) -> String {
        let mut out = String::new();
        loop {
            out.push((b'a' + (number % 26) as u8) as char);
            number /= 26;
            if number == 0 {
                return out;
            }
        }
    }

    fn claims(count: usize, dice: &mut Dice) -> Vec<BulkClaim> {
        (0..count)
            .map(|number| {
                let claim = format!("{{\"id\":\"c{number}\",\"claim\":\"\"}}");
                let mut claim: BulkClaim = serde_json::from_str(&claim).unwrap();
                (claim.claim, claim.title) = (dice.words(12, 900), (number % 3 == 0).then(|| dice.words(5, 900)));
                claim.summary = (number % 4 < 3).then(|| dice.words(15, 900));
                claim.url = (number % 2 == 0).then(|| format!("https://example.org/{}/", dice.words(5, 900).replace(' ', "-")));
                claim
            })
            .collect()
    }

    fn brute_force(query: &Query, index: &BulkIndex, most: usize, least: u32) -> Vec<Found> {
        let mut sums = vec![0; index.len()];
        for (slot, term) in query.slots.iter().enumerate().filter_map(|(slot, s)| s.term.map(|term| (slot, term))) {
            for (claim, impact) in index.levels(term).flat_map(|level| index.postings(level.from, level.to)) {
                sums[claim as usize] += query.weight(slot) * u32::from(impact);
            }
        }
        let mut found: Vec<Found> = (0..).zip(sums).map(|(claim, sum)| Found { claim, sum }).collect();
        found.retain(|found| found.sum >= least.max(1));
        found.sort_by_key(|found| (std::cmp::Reverse(found.sum), found.claim));
        found.truncate(most);
        found
    }

    #[test]
    fn what_is_found_is_what_adding_everything_finds() {
        for (count, seed) in [(1, 1), (40, 2), (700, 3), (5_000, 4)] {
            let mut dice = Dice(seed);
            let index = BulkIndex::build(claims(count, &mut dice));
            let (mut asker, mut sums) = (Asker::default(), Sums::default());
            for _ in 0..60 {
                let length = 1 + dice.roll(40);
                let post = Post::of_text(&dice.words(length, 900), Timestamp::UNIX_EPOCH);
                asker.passages(&post, &index, |query| {
                    for (most, first, least) in [
                        (10, 400_000, 1),
                        (1, 1, 1),
                        (20, 300_000, 300_000),
                        (10, 900_000, 900_000),
                        (60, 2_000_000, 1),
                        (5_000, 1, 1),
                    ] {
                        let found = search(query, &index, &mut sums, most, first, least);
                        assert_eq!(found, brute_force(query, &index, most, least), "{most} {first} {least}");
                    }
                });
            }
        }
    }
}
