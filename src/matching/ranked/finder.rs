//! One passage and the claims nearest to it: found, measured, ranked, and the probability of each.

use std::sync::Arc;

use super::doubles::{self, Quoted, without_doubles};
use super::model::{self, Model, Weighed};
use super::pair::{Facts, Measure};
use super::query::{Query, WEIGHT_UNIT};
use super::retrieval::{Found, Search, Sums, search};
use super::{SHORTLIST, Wanted, among, weights};
use crate::model::post::Post;
use crate::model::sighting::Span;
use crate::rules::bulk::BulkClaim;
use crate::rules::index::{BulkIndex, IMPACT_UNIT};

/// Where no claim's sum reaches this, absolute evidence is too thin: no probability above `LEAST_POSSIBLE`.
const LEAST_EVIDENCE: f32 = 50.0;

/// The more claims there are, the more one of them shares with any post by chance. From so many on more evidence is asked for …
const MANY: f32 = 15_000.0;

/// … by so much each time their number grows 2.7-fold (measured: of posts at .50 or more, the least sum is 45 with 14,231 claims,
/// 81 with 86,376).
const EVIDENCE_FOR_MORE: f32 = 11.0;

/// What thin evidence cannot reach.
const LEAST_POSSIBLE: f32 = 0.5;

/// So sure at least is a claim that a post holds word for word: the probability is fitted on posts that say things their own way.
const WORD_FOR_WORD: f32 = 0.95;

/// Memory that is used again from passage to passage.
#[derive(Debug)]
pub(super) struct Finder {
    model: Arc<Model>,
    sums: Sums,
    measure: Measure,
    facts: Vec<Facts>,
    quoted: Quoted,
}

impl Default for Finder {
    fn default() -> Self {
        Self {
            model: weights::embedded(),
            sums: Sums::default(),
            measure: Measure::default(),
            facts: Vec::new(),
            quoted: Quoted::default(),
        }
    }
}

/// A claim of one passage, before words are found for it.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    pub claim: u32,
    pub confidence: f32,
    pub spans: Vec<Span>,
}

/// The least sum that is evidence, in units of `retrieval`.
fn least_evidence(index: &BulkIndex) -> u32 {
    let more = (index.len() as f32 / MANY).max(1.0).ln() * EVIDENCE_FOR_MORE;
    ((LEAST_EVIDENCE + more) * IMPACT_UNIT * WEIGHT_UNIT) as u32
}

impl Finder {
    /// Memory for other weights than the embedded ones.
    pub(super) fn with(model: Arc<Model>) -> Self {
        Self { model, ..Self::default() }
    }

    /// Gives the measured shortlist of a passage.
    pub(super) fn shortlist(&mut self, query: &mut Query, index: &BulkIndex) -> Vec<Weighed> {
        let found = search(query, index, &mut self.sums, SHORTLIST, least_evidence(index), 1);
        query.complete();
        self.weigh(query, index, &found)
    }

    /// Adds the claims that a passage of `post` may repeat to `candidates`.
    pub(super) fn passage(
        &mut self,
        (post, query): (&Post, &mut Query),
        index: &BulkIndex,
        wanted: Wanted,
        candidates: &mut Vec<Candidate>,
    ) {
        let (evidence, most) = (least_evidence(index), SHORTLIST.max(wanted.top));
        // A look for evidence costs little; most posts have none.
        let mut search = Search::new(query, index, &mut self.sums);
        if !search.reaches(evidence) && wanted.at_least >= LEAST_POSSIBLE {
            return;
        }
        let mut found = search.best(most, 1);
        drop(search);
        let Some(best_sum) = found.first().map(|found| found.sum) else { return };
        query.complete();
        let rest = found.split_off(found.len().min(SHORTLIST));
        let in_order_found = self.weigh(query, index, &found);
        let mut order: Vec<(f32, u32, usize)> =
            (0..).zip(&in_order_found).map(|(place, weighed)| (weighed.score, weighed.claim, place)).collect();
        order.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let weighed: Vec<Weighed> = order.iter().map(|(_, _, place)| in_order_found[*place]).collect();
        let Some(best) = weighed.first() else { return };
        let measured = found.iter().map(|found| found.claim).zip(&self.facts);
        let alone = without_doubles(query, index, measured, &weighed);
        let standing = model::standing(alone.as_deref().unwrap_or(&weighed));
        let logit = model::dot(&self.model.accept, &standing) + self.model.accept_constant + model::among_few(index.len());
        let mut sure = model::probability(logit);
        let says_all = order.first().is_some_and(|(_, _, place)| doubles::says_all(&self.facts[*place]));
        let mut holds = |claim: &BulkClaim| says_all || self.quoted.holds_word_for_word(post, query, &claim.claim);
        if sure < WORD_FOR_WORD && index.claim(best.claim).is_some_and(&mut holds) {
            sure = WORD_FOR_WORD;
        }
        if best_sum < evidence {
            sure = sure.min(LEAST_POSSIBLE * 0.98);
        }
        let mut last = sure;
        for (claim, (_, _, place)) in weighed.iter().zip(order) {
            last = sure * model::beside(claim.score, best.score);
            if last >= wanted.at_least {
                candidates.push(Candidate { claim: claim.claim, confidence: last, spans: query.spans(self.facts[place].hit) });
            }
        }
        // Claims behind the shortlist keep the order of their sums.
        for found in rest {
            let confidence = last * found.sum as f32 / best_sum as f32;
            if confidence >= wanted.at_least {
                candidates.push(Candidate { claim: found.claim, confidence, spans: Vec::new() });
            }
        }
    }

    fn weigh(&mut self, query: &Query, index: &BulkIndex, found: &[Found]) -> Vec<Weighed> {
        self.measure.begin(query, index);
        self.facts.clear();
        self.facts.extend(found.iter().map(|found| self.measure.facts(query, index, found.claim, found.sum)));
        self.measure.end(query, index);
        among::compare(query, &mut self.facts);
        let weighed = found.iter().zip(&self.facts).map(|(found, facts)| {
            let (features, article) = (model::features(facts), model::article(facts));
            let score = self.model.score(&features, article);
            Weighed { claim: found.claim, features, article, sum: facts.sum, score }
        });
        weighed.collect()
    }
}
