//! Bulk claims: the claims nearest to a post, ranked, with the probability that the post repeats them.
//!
//! A post becomes a [`query`] (long ones several), [`retrieval`] finds the claims that share most with it, [`pair`] measures what each
//! of them shares, [`model`] turns the measures into a ranking and a probability.

pub mod model;
pub mod pair;
pub mod query;
pub mod retrieval;
mod strength;
pub mod weights;

use std::sync::Arc;

use crate::model::post::Post;
use crate::model::sighting::{Confidence, Span, Strength};
use crate::rules::bulk::BulkClaim;
use crate::rules::index::{BulkIndex, IMPACT_UNIT};
use model::{Model, Weighed};
use pair::Measure;
use query::{Asker, Query, WEIGHT_UNIT};
use retrieval::{Sums, search};
use strength::PostTerms;

/// Claims of the shortlist that are measured.
pub const SHORTLIST: usize = 20;

/// A post whose best claim reaches less than this sum is never more than [`LEAST_POSSIBLE`] sure: absolute evidence is too thin.
pub const LEAST_EVIDENCE: f32 = 50.0;

/// What thin evidence cannot reach.
const LEAST_POSSIBLE: f32 = 0.5;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wanted {
    /// So many claims at most.
    pub top: usize,
    /// None less sure than this. From .5 upwards most posts are done with after a look at the rarest words.
    pub at_least: f32,
}

/// A bulk claim that a post may repeat.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked<'i> {
    /// The claim.
    pub claim: &'i BulkClaim,
    /// How probable it is that it is the right one.
    pub confidence: Confidence,
    /// How much of its wording the post holds.
    pub strength: Strength,
    /// The words they share, where they stand in the post.
    pub spans: Vec<Span>,
}

/// Memory that is used again from post to post; one for each thread. It may be used with any index.
#[derive(Debug, Default)]
pub struct Scratch {
    asker: Asker,
    finder: Finder,
}

#[derive(Debug)]
struct Finder {
    model: Arc<Model>,
    sums: Sums,
    measure: Measure,
}

impl Default for Finder {
    fn default() -> Self {
        Self { model: weights::embedded(), sums: Sums::default(), measure: Measure::default() }
    }
}

impl Scratch {
    /// Memory for other weights than the embedded ones.
    pub fn with(model: Arc<Model>) -> Self {
        Self { finder: Finder { model, ..Finder::default() }, ..Self::default() }
    }
}

/// A claim of one passage, before words are found for it.
#[derive(Debug, Clone)]
struct Candidate {
    claim: u32,
    confidence: f32,
    spans: Vec<Span>,
}

/// Gives the claims that `post` may repeat, surest first; of equally sure ones, the lower id first.
pub fn rank<'i>(post: &Post, index: &'i BulkIndex, scratch: &mut Scratch, wanted: Wanted) -> Vec<Ranked<'i>> {
    let Scratch { asker, finder } = scratch;
    let mut candidates: Vec<Candidate> = Vec::new();
    asker.passages(post, index, |query| finder.passage(query, index, wanted, &mut candidates));
    if candidates.is_empty() {
        return Vec::new();
    }
    // Of a claim met in several passages the surest counts.
    candidates.sort_by(|a, b| a.claim.cmp(&b.claim).then(b.confidence.total_cmp(&a.confidence)));
    candidates.dedup_by_key(|candidate| candidate.claim);
    candidates.sort_by(|a, b| b.confidence.total_cmp(&a.confidence).then(a.claim.cmp(&b.claim)));
    candidates.truncate(wanted.top);
    let mut terms = PostTerms::of(post);
    let ranked = candidates.into_iter().filter_map(|candidate| {
        let claim = index.claim(candidate.claim)?;
        let confidence = Confidence::new(candidate.confidence);
        Some(Ranked { claim, confidence, strength: terms.strength(claim), spans: candidate.spans })
    });
    ranked.collect()
}

/// Gives the measured shortlist of a post of usual length (its first passage), for [`super::fit`].
pub fn shortlist(post: &Post, index: &BulkIndex, scratch: &mut Scratch) -> Vec<Weighed> {
    let Scratch { asker, finder } = scratch;
    let mut first = None;
    asker.passages(post, index, |query| {
        first.get_or_insert_with(|| {
            let found = search(query, index, &mut finder.sums, SHORTLIST, 1);
            finder.weigh(query, index, &found).into_iter().map(|(weighed, _)| weighed).collect()
        });
    });
    first.unwrap_or_default()
}

impl Finder {
    fn passage(&mut self, query: &Query, index: &BulkIndex, wanted: Wanted, candidates: &mut Vec<Candidate>) {
        let thin = (LEAST_EVIDENCE * IMPACT_UNIT * WEIGHT_UNIT) as u32;
        if wanted.at_least >= LEAST_POSSIBLE && search(query, index, &mut self.sums, 1, thin).is_empty() {
            return;
        }
        let mut found = search(query, index, &mut self.sums, SHORTLIST.max(wanted.top), 1);
        let Some(best_sum) = found.first().map(|found| found.sum) else { return };
        let rest = found.split_off(found.len().min(SHORTLIST));
        let mut shortlist = self.weigh(query, index, &found);
        shortlist.sort_by(|(a, _), (b, _)| b.score.total_cmp(&a.score).then(a.claim.cmp(&b.claim)));
        let (weighed, hits): (Vec<Weighed>, Vec<u64>) = shortlist.into_iter().unzip();
        let Some(best) = weighed.first() else { return };
        let logit = model::dot(&self.model.accept, &model::standing(&weighed)) + self.model.accept_constant;
        let mut sure = model::probability(logit);
        if best_sum < thin {
            sure = sure.min(LEAST_POSSIBLE * 0.98);
        }
        let mut least = sure;
        for (claim, hit) in weighed.iter().zip(hits) {
            least = sure * model::beside(claim.score, best.score);
            if least >= wanted.at_least {
                candidates.push(Candidate { claim: claim.claim, confidence: least, spans: spans(query, hit) });
            }
        }
        // Claims behind the shortlist keep the order of their sums.
        for found in rest {
            let confidence = least * found.sum as f32 / best_sum as f32;
            if confidence >= wanted.at_least {
                candidates.push(Candidate { claim: found.claim, confidence, spans: Vec::new() });
            }
        }
    }

    fn weigh(&mut self, query: &Query, index: &BulkIndex, found: &[retrieval::Found]) -> Vec<(Weighed, u64)> {
        self.measure.begin(query, index);
        let weighed = found.iter().map(|found| {
            let facts = self.measure.facts(query, index, found.claim, found.sum);
            let features = model::features(&facts);
            let score = model::dot(&self.model.rank, &features);
            (Weighed { claim: found.claim, features, sum: facts.sum, score }, facts.hit)
        });
        let weighed = weighed.collect();
        self.measure.end(query);
        weighed
    }
}

fn spans(query: &Query, hit: u64) -> Vec<Span> {
    let hits = query.row.iter().filter(|standing| !standing.joined && hit & 1 << standing.slot != 0);
    let mut spans: Vec<Span> = hits.map(|standing| standing.span).collect();
    spans.dedup();
    spans
}
