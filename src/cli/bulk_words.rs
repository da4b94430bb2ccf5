//! What `explain` says of claims from archives (bulk claims).

use serde_json::json;

use super::ConfigPath;
use super::ahead::{Fate, Way, way_json, way_lines};
use super::marks::{cue_words, marked, shortened};
use super::output::Paint;
use super::trial::stance_name;
use crate::config;
use crate::matching::bulk::BulkJudgement;
use crate::model::post::Post;
use crate::model::sighting::{Decision, Sighting, When};
use crate::rules::bulk_policy::{Policy, Reach, wording};
use crate::rules::diagnostic::Level;

/// What the configuration says about bulk claims; the defaults where there is none.
pub(super) fn policy_of(config: &ConfigPath) -> Policy {
    config::read(&config.config, Level::Warning).config.map(|config| config.bulk).unwrap_or_default()
}

/// One bulk claim, for people.
pub(super) fn bulk_block(post: &Post, judgement: &BulkJudgement<'_>, policy: &Policy, ways: &[Way], paint: Paint) -> String {
    let (sighting, claim) = (&judgement.sighting, judgement.found.claim);
    let name = match sighting.decision {
        Decision::Alert if policy.reach == Reach::Count => paint.odd("COUNT"),
        Decision::Alert if sighting.when == When::Digest => paint.odd("LATER"),
        Decision::Alert => paint.bad("ALERT"),
        Decision::Possible => paint.odd("NEAR "),
        Decision::Below => paint.dim("no   "),
    };
    let sure = sighting.confidence.value();
    let against = |bar: f32| if sure >= bar { format!("≥ {bar:.2}") } else { format!("< {bar:.2}") };
    let bar = if sure >= policy.alert.value() { policy.alert } else { policy.possible };
    let mut text = format!(
        "{name}  {}  confidence {sure:.2} {}   {}\n",
        paint.strong(&shortened(&claim.id, 0, 80)),
        against(bar.value()),
        paint.dim("bulk claim")
    );
    text.push_str(&format!("  {}\n", marked(post, &judgement.found.spans, &[], paint)));
    text.push_str(&format!("  claim    {:.2}  \"{}\"\n", sighting.strength.value(), shortened(wording(claim), 0, 120)));
    if let Some(address) = &judgement.found.address {
        text.push_str(&format!("  address  {}\n", shortened(address, 0, 120)));
    }
    if sighting.decision != Decision::Below {
        text.push_str(&format!("  stance   {}{}\n", stance_name(sighting.stance), cue_words(sighting.cue.as_ref())));
    }
    text + &format!("  so       {}\n{}\n", bulk_words(sighting, policy, ways), way_lines(ways))
}

fn bulk_words(sighting: &Sighting, policy: &Policy, ways: &[Way]) -> &'static str {
    let is_held = !ways.is_empty() && ways.iter().all(|way| way.fate != Fate::Told);
    match (sighting.decision, policy.reach, sighting.when) {
        (Decision::Below, ..) => "no alert: not sure enough",
        (_, Reach::Count, _) => "counted, but nobody is told: the configuration says bulk = \"count\"",
        (Decision::Possible, ..) => "no alert: not sure enough; listed as possible in the digest",
        (Decision::Alert, _, When::Digest) => "no letter of its own: for the digest",
        (Decision::Alert, ..) if is_held => "would alert, but is held back",
        (Decision::Alert, ..) => "the desk is told",
    }
}

/// One bulk claim, for programs.
pub(super) fn bulk_json(judgement: &BulkJudgement<'_>, ways: &[Way]) -> serde_json::Value {
    let sighting = &judgement.sighting;
    json!({
        "claim": sighting.claim,
        "revision": sighting.revision,
        "strength": sighting.strength,
        "confidence": sighting.confidence,
        "decision": sighting.decision,
        "stance": sighting.stance,
        "cue": sighting.cue,
        "when": sighting.when,
        "evidence": sighting.evidence,
        "ways": ways.iter().map(way_json).collect::<Vec<_>>(),
    })
}
