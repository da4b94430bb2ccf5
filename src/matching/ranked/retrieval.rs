//! The claims that share most with a query, exactly: term by term, the rarest first, new claims only while they could still get in.
//!
//! MaxScore (Turtle and Flood 1995) over an array of sums. The bar is the evidence asked for, or the sum that the k-th of the leading
//! claims is sure to reach. Once the lists left could not lift a claim that stands in none of the earlier ones over it, those claims
//! that can still get over it, few by then, are finished one by one. Nothing is lost: the tests compare it with adding everything.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::query::Query;
use crate::rules::index::{BulkIndex, Postings};

/// A claim and the sum of the weighed impacts of the terms it shares with a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// Its number.
    pub claim: u32,
    /// The sum, in units of 1 / (`IMPACT_UNIT` · `WEIGHT_UNIT`).
    pub sum: u32,
}

/// A term of a query that claims hold.
#[derive(Debug, Clone, Copy)]
struct Asked<'i> {
    weight: u32,
    /// The most it can add to a sum.
    peak: u32,
    postings: Postings<'i>,
}

impl Asked<'_> {
    /// What the term adds to the sum of one claim.
    fn on(&self, claim: u32) -> u32 {
        let at = self.postings.claims.binary_search(&claim).ok();
        at.and_then(|at| self.postings.impacts.get(at)).map_or(0, |impact| self.weight * u32::from(*impact))
    }
}

/// Lists shorter than this are added without asking whether they must be.
const WORTH_A_LOOK: usize = 500;

/// Looking one claim up in a list costs as much as going through so many postings.
const LOOKUP_COSTS: usize = 40;

/// Memory that is used again from query to query.
#[derive(Debug, Default)]
pub struct Sums {
    of_claim: Vec<u32>,
    met: Vec<u32>,
    /// The claims that lead so far, the last of them on top.
    leading: BinaryHeap<Reverse<(u32, u32)>>,
}

/// Gives the `most` claims with the greatest sums of at least `least`, greatest first; of equal sums, the lower number first.
pub fn search(query: &Query, index: &BulkIndex, sums: &mut Sums, most: usize, least: u32) -> Vec<Found> {
    let mut asked: Vec<Asked<'_>> = (0..query.slots.len())
        .filter_map(|slot| {
            let term = query.slots[slot].term?;
            let (weight, postings) = (query.weight(slot), index.postings(term));
            (!postings.claims.is_empty()).then(|| Asked { weight, peak: weight * u32::from(index.peak(term)), postings })
        })
        .collect();
    // The longest lists last: they are the ones worth skipping.
    asked.sort_by_key(|term| term.postings.claims.len());
    if sums.of_claim.len() != index.len() {
        sums.of_claim = vec![0; index.len()];
    }
    sums.search(&asked, most.max(1), least.max(1))
}

impl Sums {
    fn search(&mut self, asked: &[Asked<'_>], most: usize, least: u32) -> Vec<Found> {
        let mut bar = least;
        let mut left: u32 = asked.iter().map(|term| term.peak).sum();
        let (mut place, mut added) = (0, 0);
        self.met.clear();
        while let Some(term) = asked.get(place).filter(|_| left >= bar) {
            let to_come = term.postings.claims.len();
            if to_come > WORTH_A_LOOK + added && self.met.len() >= most {
                bar = bar.max(self.sure_bar(most, &asked[place..]));
                if left < bar {
                    break;
                }
            }
            self.add(term);
            added += to_come;
            left -= term.peak;
            place += 1;
        }
        for (term, at) in asked.iter().zip(0..).skip(place) {
            if self.met.len() > 2 * most && at == place {
                bar = bar.max(self.sure_bar(most, &asked[place..]));
            }
            self.drop_hopeless(left, bar);
            self.carry_on(term);
            left -= term.peak;
        }
        self.best_of_met(most, bar)
    }

    /// Adds a term to the claims that are met already: by looking each up, or by going through the list where that is shorter.
    fn carry_on(&mut self, term: &Asked<'_>) {
        if self.met.len() * LOOKUP_COSTS < term.postings.claims.len() {
            for claim in &self.met {
                self.of_claim[*claim as usize] += term.on(*claim);
            }
            return;
        }
        for (claim, impact) in term.postings.claims.iter().zip(term.postings.impacts) {
            let Some(sum) = self.of_claim.get_mut(*claim as usize) else { continue };
            // Without a jump: whether a claim is met cannot be foreseen.
            *sum += term.weight * u32::from(*impact) * u32::from(*sum > 0);
        }
    }

    /// Finishes the sums of the claims that lead so far, for a look: the least of them is a bar that the final list cannot fall below.
    fn sure_bar(&mut self, most: usize, rest: &[Asked<'_>]) -> u32 {
        self.leading.clear();
        let mut least = 0;
        for claim in &self.met {
            let sum = self.of_claim[*claim as usize];
            if sum > least || self.leading.len() < most {
                if self.leading.len() == most {
                    self.leading.pop();
                }
                self.leading.push(Reverse((sum, *claim)));
                least = self.leading.peek().map_or(0, |Reverse((sum, _))| *sum);
            }
        }
        let finished =
            self.leading.iter().map(|Reverse((sum, claim))| sum + rest.iter().map(|term| term.on(*claim)).sum::<u32>());
        finished.min().unwrap_or(0)
    }

    /// Adds a term to all claims that hold it.
    fn add(&mut self, term: &Asked<'_>) {
        for (claim, impact) in term.postings.claims.iter().zip(term.postings.impacts) {
            let Some(sum) = self.of_claim.get_mut(*claim as usize) else { continue };
            if *sum == 0 {
                self.met.push(*claim);
            }
            *sum += term.weight * u32::from(*impact);
        }
    }

    /// Drops claims that the terms left cannot lift to the bar.
    fn drop_hopeless(&mut self, left: u32, bar: u32) {
        let of_claim = &mut self.of_claim;
        self.met.retain(|claim| {
            let sum = &mut of_claim[*claim as usize];
            let hopeful = *sum + left >= bar;
            if !hopeful {
                *sum = 0;
            }
            hopeful
        });
    }

    fn best_of_met(&mut self, most: usize, bar: u32) -> Vec<Found> {
        let of_claim = &mut self.of_claim;
        let sums = self.met.drain(..).map(|claim| Found { claim, sum: std::mem::take(&mut of_claim[claim as usize]) });
        let mut found: Vec<Found> = sums.filter(|found| found.sum >= bar).collect();
        let order = |a: &Found, b: &Found| b.sum.cmp(&a.sum).then(a.claim.cmp(&b.claim));
        if found.len() > most {
            found.select_nth_unstable_by(most - 1, order);
            found.truncate(most);
        }
        found.sort_unstable_by(order);
        found
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
                claim
            })
            .collect()
    }

    fn brute_force(query: &Query, index: &BulkIndex, most: usize, least: u32) -> Vec<Found> {
        let mut sums = vec![0; index.len()];
        for (slot, term) in query.slots.iter().enumerate().filter_map(|(slot, s)| s.term.map(|term| (slot, term))) {
            let postings = index.postings(term);
            for (claim, impact) in postings.claims.iter().zip(postings.impacts) {
                sums[*claim as usize] += query.weight(slot) * u32::from(*impact);
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
        for (count, seed) in [(1, 1), (40, 2), (700, 3), (6_000, 4)] {
            let mut dice = Dice(seed);
            let index = BulkIndex::build(claims(count, &mut dice));
            let (mut asker, mut sums) = (Asker::default(), Sums::default());
            for _ in 0..60 {
                let length = 1 + dice.roll(40);
                let post = Post::of_text(&dice.words(length, 900), Timestamp::UNIX_EPOCH);
                asker.passages(&post, &index, |query| {
                    for (most, least) in [(10, 1), (1, 1), (20, 300_000), (10, 900_000), (60, 1)] {
                        assert_eq!(search(query, &index, &mut sums, most, least), brute_force(query, &index, most, least));
                    }
                });
            }
        }
    }
}
