//! The engine: takes posts and a compiled rule set, gives sightings; knows nothing of files or time.
//!
//! # How it works
//!
//! 1. `glance`: the post's words are folded (`text::words`), and each is looked up once: which terms of the rules may it stand for?
//!    The word itself, another ending, or a typing mistake. Terms that differ only in their endings share a *root*; kept are the roots
//!    that the post holds, and which stand where.
//! 2. `shortlist`: every rule has, in each wording, a few pairs of roots without which the wording cannot count
//!    (`rules::compile::prefix`). Only rules of which such a pair is there, and whose words there could add up, are judged; the words of a
//!    phrase must stand beside each other. Nine posts in ten are done with here. For the others `reading` lists the hits of the terms of
//!    these rules: term, place, likeness, span.
//! 3. `score`: a phrase is walked along word by word, with one gap at most. For a variant a window slides over its hits and sums
//!    what the words in it tell; a negation, a point of the compass or a number that stands against it lowers the sum.
//! 4. `judge`: the strongest wording is the rule's strength; with the gates it gives the decision. Everything that led
//!    to it is kept in the [`Judgement`].
//! 5. `stance`: where the post repeats the claim or nearly does, visible cues around the matched words tell whether it asserts, quotes, reports,
//!    asks, denies or checks it, and so whether it is worth a letter.
//!
//! Bulk claims (`rules::bulk`) go another way, through [`ranked`] and [`bulk`]: a ranked search and a probability instead of phrases and gates.
//!
//! A strength depends on the post, the rule and the tables of ordinary words, on nothing else.
//! [`weigh`] judges every rule, [`examine`] those on the shortlist; the tests hold that nothing is lost between them.

pub mod bulk;
pub mod figures;
pub mod fit;
mod glance;
pub mod judge;
pub mod lint;
pub mod phrases;
mod quotation;
pub mod ranked;
mod reading;
pub mod score;
mod shortlist;
pub mod stance;

use std::collections::BTreeMap;

use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting, When};
use crate::rules::compile::RuleSet;
use judge::{Case, Gate, GateKind, Judgement};
use ranked::Scratch;
use reading::Reading;
use stance::Addresses;

/// Finds every claim that `post` repeats (or nearly: near-misses come as `Decision::Possible`), surest first.
///
/// The stance moves a sighting between letter and digest (`Sighting::when`); only what a rule ignores is left out.
/// A post of fewer than three words is only compared with phrases and addresses: texts that short look alike by chance.
pub fn examine(post: &Post, rules: &RuleSet) -> Vec<Sighting> {
    examine_with(post, rules, &mut Scratch::default())
}

/// [`examine`] with memory for the bulk claims that is used again from post to post.
pub fn examine_with(post: &Post, rules: &RuleSet, scratch: &mut Scratch) -> Vec<Sighting> {
    let mut sightings = examine_rules(post, rules);
    let of_bulk = bulk::sightings(post, rules, scratch);
    if !of_bulk.is_empty() {
        sightings.extend(of_bulk);
        // Stable: what editors wrote stands before an archive's claim that is as sure.
        sightings.sort_by(|a, b| {
            let sure = b.confidence.value().total_cmp(&a.confidence.value());
            b.decision.cmp(&a.decision).then(sure)
        });
    }
    sightings
}

/// [`examine`] without the bulk claims.
pub fn examine_rules(post: &Post, rules: &RuleSet) -> Vec<Sighting> {
    let mut reading = Reading::at_a_glance(post, rules);
    let named = shortlist::named(post, rules);
    let (glance, lists) = reading.glance();
    let candidates = shortlist::shortlist(glance, rules, &named, lists);
    if candidates.is_empty() {
        reading.put_away();
        return Vec::new();
    }
    let reading = reading.for_rules(&candidates, rules);
    let mut judgements = judge_all(post, &reading, rules, &named, candidates.into_iter(), |case| case.judge_near());
    reading.put_away();
    judgements.retain(|judgement| judgement.decision > Decision::Below && judgement.when != When::Ignore);
    judgements.into_iter().map(|judgement| judgement.into_sighting(post)).collect()
}

/// Gives the judgement of every claim that shares anything with `post`, surest first: what `explain` shows and `examine` reads.
pub fn weigh<'r>(post: &Post, rules: &'r RuleSet) -> Vec<Judgement<'r>> {
    let reading = Reading::of(post, rules);
    let named = shortlist::named(post, rules);
    let mut judgements = judge_all(post, &reading, rules, &named, 0..rules.len() as u32, |case| Some(case.judge()));
    reading.put_away();
    judgements.retain(|judgement| !judgement.evidence.is_empty() || judgement.gates.iter().any(|gate| gate.hit.is_some()));
    judgements
}

fn judge_all<'r>(
    post: &Post,
    reading: &Reading,
    rules: &'r RuleSet,
    named: &BTreeMap<u32, usize>,
    candidates: impl Iterator<Item = u32>,
    judge: impl Fn(Case<'_, 'r>) -> Option<Judgement<'r>>,
) -> Vec<Judgement<'r>> {
    let addresses = Addresses::of(post);
    let mut judgements: Vec<Judgement<'r>> = candidates
        .filter_map(|number| {
            let compiled = rules.rules().get(number as usize)?;
            let named = named.get(&number).and_then(|address| compiled.rule.urls.get(*address)).map(String::as_str);
            judge(Case { post, reading, set: rules, compiled, named, addresses: &addresses })
        })
        .collect();
    // The id last: no order of rules, files or threads shows in the result.
    judgements.sort_by(|a, b| {
        let strength = b.strength.value().total_cmp(&a.strength.value());
        b.decision.cmp(&a.decision).then(strength).then_with(|| a.rule.claim.id.cmp(&b.rule.claim.id))
    });
    judgements
}

impl Judgement<'_> {
    /// What is reported of it: the wordings that came near, or the strongest if none did.
    pub fn into_sighting(self, post: &Post) -> Sighting {
        let kept = judge::near(self.rule, &self.evidence);
        let asks = |gate: &&Gate<'_>| gate.kind != GateKind::NoneOf;
        Sighting {
            claim: self.rule.claim.id.clone(),
            revision: self.rule.claim.revision.clone(),
            source: post.source.clone(),
            post: post.key.clone(),
            strength: self.strength,
            confidence: self.confidence,
            decision: self.decision,
            stance: self.stance,
            cue: self.cue,
            when: self.when,
            gate_spans: self.gates.iter().filter(asks).filter_map(|gate| gate.hit.map(|(_, span)| span)).collect(),
            evidence: self.evidence.into_iter().take(kept).collect(),
        }
    }
}
