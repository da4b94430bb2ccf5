//! The claims that share most with a query, exactly: term by term, the rarest first, new claims only while they could still get in.
//!
//! MaxScore (Turtle and Flood 1995) over an array of sums: once the terms left could not lift a claim that holds none of the earlier
//! ones over the bar, only claims already met are carried on; those that cannot reach the bar any more are dropped on the way.
//! The bar is the evidence asked for, or the sum of the k-th best claim so far. Nothing is lost: see the tests.

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

/// Memory that is used again from query to query.
#[derive(Debug, Default)]
pub struct Sums {
    of_claim: Vec<u32>,
    met: Vec<u32>,
    best: Vec<u32>,
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
    asked.sort_by(|a, b| b.peak.cmp(&a.peak).then(a.postings.claims.len().cmp(&b.postings.claims.len())));
    if sums.of_claim.len() != index.len() {
        sums.of_claim = vec![0; index.len()];
    }
    sums.search(&asked, most.max(1), least.max(1))
}

impl Sums {
    fn search(&mut self, asked: &[Asked<'_>], most: usize, least: u32) -> Vec<Found> {
        let mut bar = least;
        let mut left: u32 = asked.iter().map(|term| term.peak).sum();
        let mut open = true;
        self.met.clear();
        for term in asked {
            if open && left < bar {
                open = false;
            }
            if open && self.met.len() >= most && term.postings.claims.len() > self.met.len() / 2 {
                bar = bar.max(self.kth_best(most));
                open = left >= bar;
            }
            if open {
                self.add(term);
                left -= term.peak;
            } else {
                self.drop_hopeless(left, bar);
                if self.met.is_empty() {
                    break;
                }
                self.carry_on(term);
                left -= term.peak;
                if self.met.len() > 4 * most {
                    bar = bar.max(self.kth_best(most));
                }
            }
        }
        self.best_of_met(most, bar)
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

    /// Adds a term to the claims that are met already.
    fn carry_on(&mut self, term: &Asked<'_>) {
        let Postings { claims, impacts } = term.postings;
        let steps = usize::BITS - claims.len().leading_zeros();
        if self.met.len() * (steps as usize) < claims.len() {
            for claim in &self.met {
                if let Ok(at) = claims.binary_search(claim) {
                    self.of_claim[*claim as usize] += term.weight * u32::from(impacts[at]);
                }
            }
        } else {
            for (claim, impact) in claims.iter().zip(impacts) {
                let Some(sum) = self.of_claim.get_mut(*claim as usize) else { continue };
                if *sum > 0 {
                    *sum += term.weight * u32::from(*impact);
                }
            }
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

    /// The `most`-th best sum so far: no claim below it can be wanted.
    fn kth_best(&mut self, most: usize) -> u32 {
        if self.met.len() < most {
            return 0;
        }
        self.best.clear();
        self.best.extend(self.met.iter().map(|claim| self.of_claim[*claim as usize]));
        *self.best.select_nth_unstable_by(most - 1, |a, b| b.cmp(a)).1
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
