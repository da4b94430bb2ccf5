//! The claims that share most with a query, exactly, without looking at most that it shares words with.
//!
//! The postings of the query's terms come in levels of falling impact (`rules::index::postings`). They are taken in the order in which they tell most for
//! their length, until those left could lift a claim by little (MaxScore, Turtle and Flood 1995, over impact-ordered lists, Anh and Moffat
//! 2006). What has been taken is summed claim by claim, rounded ([`Sums`]); with what is left it bounds the claim's sum from above. A claim
//! whose bound reaches far enough is summed exactly from its own terms, the most promising first, until the best are known.
//!
//! A [`Search`] first looks whether any claim reaches a bar ([`Search::reaches`]): for most posts none does. The best whatever their sums
//! ([`Search::best`]) are found by going on from there. Nothing is lost: the tests compare both with adding everything.

use std::cmp::Reverse;
use std::ops::Range;

use super::query::Query;
pub use super::rounded::Sums;
use super::rounded::rounded_of;
use crate::rules::index::BulkIndex;
use crate::rules::index::postings::PARTS;

/// A claim and the sum of the weighed impacts of the terms it shares with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub claim: u32,
    /// The sum, in units of 1 / (`IMPACT_UNIT` · `WEIGHT_UNIT`).
    pub sum: u32,
}

/// Postings are taken until those left could lift a claim by no more than this part of the bar, so that few claims look promising.
const LEFT: u32 = 3;

/// The same for the best, of the bar that was tried before.
const LEFT_FOR_BEST: u32 = 8;

/// So few postings cost less than the exact sums that they save.
const FEW: u32 = 1_000;

/// The search for one query; when it is dropped, the memory is ready for the next.
#[derive(Debug)]
pub struct Search<'s> {
    query: &'s Query,
    index: &'s BulkIndex,
    sums: &'s mut Sums,
    /// Steps taken.
    taken: usize,
    /// By how much the steps left could lift a claim.
    left: u32,
    /// What 1 stands for in a rounded sum.
    unit: u32,
    /// A rounded sum is too small by less than this (1 for each term) and too great by no more than `over`.
    under: u32,
    over: u32,
    /// The bar that was tried.
    bar: u32,
    /// Claims with rounded sums from here on are noted.
    noted_from: i16,
    /// Exact sums made.
    #[cfg(test)]
    summed: std::cell::Cell<usize>,
}

/// Gives the `most` claims with the greatest sums of at least `least`, greatest first; of equal sums, the lower number first.
///
/// `first` is a bar that is tried before: the nearer it is to the least sum that is found, the less it costs.
pub fn search(query: &Query, index: &BulkIndex, sums: &mut Sums, most: usize, first: u32, least: u32) -> Vec<Found> {
    let mut search = Search::new(query, index, sums);
    search.reaches(first.max(least));
    search.best(most, least)
}

impl<'s> Search<'s> {
    /// Gets ready.
    pub fn new(query: &'s Query, index: &'s BulkIndex, sums: &'s mut Sums) -> Self {
        let (left, unit, under) = sums.plan(query, index);
        let over = left / unit / PARTS + 1;
        Self {
            query,
            index,
            sums,
            taken: 0,
            left,
            unit,
            under,
            over,
            bar: 0,
            noted_from: i16::MAX,
            #[cfg(test)]
            summed: Default::default(),
        }
    }

    /// Whether the sum of any claim reaches `bar`. To be asked once, before [`Search::best`].
    pub fn reaches(&mut self, bar: u32) -> bool {
        self.bar = bar.max(1);
        if self.left < self.bar {
            return false;
        }
        let steps = self.next_steps(self.bar / LEFT, 0);
        // What a claim must have from the steps taken: the rest cannot lift it over the bar otherwise.
        let least = (self.bar - self.left).div_ceil(self.unit).saturating_sub(self.under).max(1) as i16;
        // What the best ones usually have.
        let usual = (self.bar / 8 * 5 / self.unit).saturating_sub(self.under + self.over).max(1) as i16;
        self.noted_from = least.min(usual);
        self.sums.take(steps, self.index, self.noted_from);
        self.sums.pick(least);
        self.sums.promising.iter().rev().any(|key| self.sum(*key as u32) >= self.bar)
    }

    /// Gives the `most` claims with the greatest sums of at least `least`, whatever was asked before.
    pub fn best(&mut self, most: usize, least: u32) -> Vec<Found> {
        let (most, least) = (most.max(1), least.max(1));
        let steps = self.next_steps(self.bar / LEFT_FOR_BEST, FEW);
        self.sums.take(steps, self.index, self.noted_from);
        self.sums.pick(self.noted_from);
        let (mut passed_over, mut slack) = (self.noted_from - 1, self.left / self.unit + self.under + self.over);
        loop {
            let found = self.finish(least, most);
            let worst = found.get(most - 1).map_or(least, |found| found.sum);
            // A claim of which nothing was taken may have whatever is left.
            let bound = if passed_over == 0 { u64::from(self.left) } else { self.most_for(passed_over) };
            if bound < u64::from(worst) || passed_over == 0 && self.left == 0 {
                return found;
            }
            if passed_over == 0 {
                let steps = self.next_steps(0, 0);
                self.sums.take(steps, self.index, i16::MAX);
            }
            passed_over = self.sums.gather(self.index.len(), most, slack);
            slack = slack.saturating_mul(4);
        }
    }

    /// The sum of a claim.
    fn sum(&self, claim: u32) -> u32 {
        #[cfg(test)]
        self.summed.set(self.summed.get() + 1);
        let held = self.index.held(claim);
        held.map(|(term, impact)| u32::from(self.sums.weights[term as usize]) * u32::from(impact)).sum()
    }

    /// Gives the steps to be taken next so that those after them lift no claim by more than `may_lift`.
    fn next_steps(&mut self, may_lift: u32, few: u32) -> Range<usize> {
        let from = self.taken;
        while let Some(step) = self.sums.step(self.taken)
            && (self.left > may_lift || step.level.count < few)
        {
            self.left -= step.gain;
            self.taken += 1;
        }
        from..self.taken
    }

    /// The greatest sum that a claim with this rounded sum may have.
    fn most_for(&self, rounded: i16) -> u64 {
        u64::from(u32::from(rounded.unsigned_abs()) + self.under) * u64::from(self.unit) + u64::from(self.left)
    }

    /// Sums up the promising claims, the most promising first, until no other can be among the best `most`.
    fn finish(&mut self, least: u32, most: usize) -> Vec<Found> {
        let mut promising = std::mem::take(&mut self.sums.promising);
        let (mut best, mut worst) = (std::mem::take(&mut self.sums.best), 0);
        for (rounded, claim) in promising.drain(..).rev().map(|key| (rounded_of(key), key as u32)) {
            if u64::from(worst) > self.most_for(rounded) {
                break;
            }
            let sum = self.sum(claim);
            if sum >= least {
                best.push(Reverse((sum, Reverse(claim))));
                if best.len() > most {
                    best.pop();
                }
                if best.len() == most {
                    worst = best.peek().map_or(0, |Reverse((sum, _))| *sum);
                }
            }
        }
        let mut found: Vec<Found> = best.drain().map(|Reverse((sum, Reverse(claim)))| Found { claim, sum }).collect();
        found.sort_unstable_by_key(|found| (Reverse(found.sum), found.claim));
        (self.sums.promising, self.sums.best) = (promising, best);
        found
    }
}

impl Drop for Search<'_> {
    fn drop(&mut self) {
        self.query.slots.iter().filter_map(|slot| slot.term).for_each(|term| self.sums.weights[term as usize] = 0);
        self.sums.forget(self.taken, self.index);
    }
}

#[cfg(test)]
mod tests {
    use super::super::asker::Asker;
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
        let weight = |term| query.slots.iter().position(|slot| slot.term == Some(term)).map_or(0, |slot| query.weight(slot));
        let sums =
            (0..index.len() as u32).map(|claim| index.held(claim).map(|(term, impact)| weight(term) * u32::from(impact)).sum());
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

    /// Exact sums made for posts of two words that every fourth of so many claims says, all alike.
    fn summed(count: usize) -> usize {
        let mut claims = claims(count, &mut Dice(5));
        for (_, claim) in claims.iter_mut().enumerate().filter(|(number, _)| number % 4 == 0) {
            (claim.claim, claim.title, claim.summary, claim.url) = ("walrus narwhal".to_owned(), None, None, None);
        }
        let (index, mut sums, mut summed) = (BulkIndex::build(claims), Sums::default(), 0);
        let post = Post::of_text("walrus narwhal wax wbx", Timestamp::UNIX_EPOCH);
        Asker::default().passages(&post, &index, |query| {
            let mut search = Search::new(query, &index, &mut sums);
            search.reaches(100_000);
            assert_eq!(search.best(20, 1).len(), 20);
            summed = search.summed.get();
        });
        summed
    }

    #[test]
    fn however_many_claims_say_the_same_each_is_summed_a_few_times_at_most() {
        let (few, many) = (summed(1_000), summed(4_000));
        assert!(few <= 3 * 1_000 && many <= 3 * 4_000, "{few} {many}");
    }
}
