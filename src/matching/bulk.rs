//! Sightings of bulk claims: what `ranked` finds, decided by confidence as the configuration says.

use super::ranked::{Ranked, Scratch, Wanted, rank};
use super::stance::BulkStances;
use crate::model::claim::ClaimId;
use crate::model::post::{Lang, Post};
use crate::model::sighting::{Decision, Evidence, Sighting, Stance, Strength, When, WordingKind};
use crate::rules::bulk_policy::{Policy, revision, wording};
use crate::rules::compile::RuleSet;

/// A post repeats few claims at once; near-copies in archives are not worth a list.
const MOST: usize = 5;

/// A bulk claim that a post may repeat, with what is to happen: what `explain` shows and `examine` reads.
#[derive(Debug, Clone, PartialEq)]
pub struct BulkJudgement<'r> {
    /// The claim and how surely the post repeats it.
    pub found: Ranked<'r>,
    /// The sighting it is, if it is one.
    pub sighting: Sighting,
}

/// Gives the bulk claims that `post` may repeat at least this surely, surest first, each with what is to happen.
pub fn weigh_bulk<'r>(post: &Post, rules: &'r RuleSet, scratch: &mut Scratch, wanted: Wanted) -> Vec<BulkJudgement<'r>> {
    if rules.bulk.is_empty() {
        return Vec::new();
    }
    let ranked = rank(post, &rules.bulk, scratch, wanted);
    let stances = BulkStances::of(post);
    ranked.into_iter().map(|found| judged(post, found, &rules.bulk_policy, &stances)).collect()
}

/// Gives the sightings of bulk claims, surest first.
pub(super) fn sightings(post: &Post, rules: &RuleSet, scratch: &mut Scratch) -> Vec<Sighting> {
    let wanted = Wanted { top: MOST, at_least: rules.bulk_policy.possible.value().max(f32::MIN_POSITIVE) };
    weigh_bulk(post, rules, scratch, wanted).into_iter().map(|judgement| judgement.sighting).collect()
}

fn judged<'r>(post: &Post, found: Ranked<'r>, policy: &Policy, stances: &BulkStances<'_>) -> BulkJudgement<'r> {
    let claim = found.claim;
    let decision = policy.decision(found.confidence);
    // Stance is worth its cost only for what somebody will read.
    let (stance, cue) = if decision == Decision::Below { (Stance::default(), None) } else { stances.to(&found) };
    let mut evidence = vec![Evidence {
        kind: WordingKind::Variant,
        wording: wording(claim).to_owned(),
        lang: claim.lang.clone().map(Lang),
        strength: found.strength,
        spans: found.spans.clone(),
    }];
    if let Some(address) = &found.address {
        let (wording, strength) = (address.clone(), Strength::new(1.0));
        evidence.insert(0, Evidence { kind: WordingKind::Url, wording, lang: None, strength, spans: Vec::new() });
    }
    let sighting = Sighting {
        claim: ClaimId(claim.id.clone()),
        revision: revision(claim),
        source: post.source.clone(),
        post: post.key.clone(),
        strength: found.strength,
        confidence: found.confidence,
        decision,
        stance,
        cue,
        when: if decision == Decision::Alert { policy.when(stance) } else { When::Digest },
        evidence,
        gate_spans: Vec::new(),
    };
    BulkJudgement { found, sighting }
}
