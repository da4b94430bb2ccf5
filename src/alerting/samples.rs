//! Claims, desks, posts and sightings for tests.

use jiff::Timestamp;

use super::subscription::Desk;
use crate::model::claim::{Claim, ClaimId, Revision, Severity, Status};
use crate::model::post::{Post, PostKey};
use crate::model::sighting::{Confidence, Decision, Evidence, Sighting, Span, Stance, Strength, When, WordingKind};
use crate::model::source::SourceName;

/// A desk that has asked for nothing.
pub fn desk(name: &str) -> Desk {
    Desk::new(name, vec![format!("{name}@example.org")])
}

/// A claim about cheese.
pub fn claim(id: &str) -> Claim {
    Claim {
        id: ClaimId(id.to_owned()),
        claim: "The moon is made of cheese.".to_owned(),
        claimant: None,
        said_on: None,
        topic: None,
        tags: Vec::new(),
        severity: Severity::Normal,
        desks: Vec::new(),
        status: Status::Active,
        fact_checks: Vec::new(),
        revision: Revision("0123456789ab".to_owned()),
        bulk: false,
    }
}

/// A post of one text.
pub fn post(text: &str) -> Post {
    let mut post = Post::of_text(text, Timestamp::UNIX_EPOCH);
    post.key = PostKey(format!("key of {}", text.chars().take(20).collect::<String>()));
    post.source = SourceName("sample".to_owned());
    post
}

/// A sighting of `claim` in `post`, with the words at `marked` as its evidence.
pub fn sighting(claim: &Claim, post: &Post, marked: &str) -> Sighting {
    let spans = post
        .parts
        .iter()
        .enumerate()
        .filter_map(|(part, p)| p.text.find(marked).map(|start| Span { part, start, end: start + marked.len() }))
        .collect();
    Sighting {
        claim: claim.id.clone(),
        revision: claim.revision.clone(),
        source: post.source.clone(),
        post: post.key.clone(),
        strength: Strength::new(0.93),
        confidence: Confidence::new(0.97),
        decision: Decision::Alert,
        stance: Stance::Assertion,
        cue: None,
        when: When::Alert,
        evidence: vec![Evidence {
            kind: WordingKind::Phrase,
            wording: "made of cheese".to_owned(),
            lang: None,
            strength: Strength::new(0.93),
            spans,
        }],
        gate_spans: Vec::new(),
    }
}
