//! A sighting: a post seen to repeat a claim, with the evidence.

use serde::{Deserialize, Serialize};

use super::claim::{ClaimId, Revision};
use super::post::{Lang, PostKey};
use super::source::SourceName;

/// Row number of a sighting in the store: what people name it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SightingId(pub i64);

impl std::fmt::Display for SightingId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// How much of one claim's wording a post holds, 0..=1; depends on that post, that claim and the embedded word
/// frequencies only, never on other claims.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Strength(f32);

impl Strength {
    /// Gives the nearest value inside 0..=1; not-a-number becomes 0.
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The number, 0..=1.
    pub fn value(self) -> f32 {
        self.0
    }
}

/// A calibrated probability, 0..=1, that this claim is the right one for the post.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Confidence(f32);

impl Confidence {
    /// Gives the nearest value inside 0..=1; not-a-number becomes 0.
    pub fn new(value: f32) -> Self {
        Self(if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) })
    }

    /// The number, 0..=1.
    pub fn value(self) -> f32 {
        self.0
    }
}

/// A stretch of a post's text: bytes `start..end` of `post.parts[part].text`, always on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Which part of the post.
    pub part: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// What is to happen with a post that was compared with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Nothing.
    Below,
    /// A near-miss: logged, and listed as *possible* in the digest.
    Possible,
    /// The desk is told.
    Alert,
}

/// How a post stands to the claim it repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stance {
    /// Says it.
    #[default]
    Assertion,
    /// Quotes the claimant saying it.
    Quoted,
    /// Reports that somebody says it.
    Report,
    /// Asks whether it is so.
    Question,
    /// Says that it is wrong.
    Denial,
    /// Is itself a fact-check.
    Factcheck,
}

/// What shows a stance: words outside the matched ones, a question mark, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cue {
    /// As the post has them; the address for a fact-check.
    pub words: String,
    /// Where they stand; `None` for an address that the post is at or links to.
    pub span: Option<Span>,
}

/// Where a sighting goes, by its stance: the rule's `[claim.when]`, else [`When::usual`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Write at once.
    #[default]
    Alert,
    /// Put it into the digest.
    Digest,
    /// Do nothing.
    Ignore,
}

impl When {
    /// Where sightings go unless a rule says otherwise: only what asserts the claim is worth a letter of its own.
    pub fn usual(stance: Stance) -> Self {
        match stance {
            Stance::Assertion | Stance::Quoted => Self::Alert,
            Stance::Report | Stance::Question | Stance::Denial | Stance::Factcheck => Self::Digest,
        }
    }
}

/// Which kind of wording matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WordingKind {
    /// Near-verbatim wording: ordered words, at most one gap.
    Phrase,
    /// Paraphrase: any order inside a window.
    Variant,
    /// An address where the claim appeared.
    Url,
}

/// One wording of a claim found in a post: what a letter shows as the reason.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Which kind of wording.
    pub kind: WordingKind,
    /// The wording, as the rule has it.
    pub wording: String,
    /// Language the rule gives for it.
    pub lang: Option<Lang>,
    /// How much of it the post holds.
    pub strength: Strength,
    /// Where.
    pub spans: Vec<Span>,
}

/// A post seen to repeat a claim.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// The claim.
    pub claim: ClaimId,
    /// Wording of the rule that decided.
    pub revision: Revision,
    /// Where the post was found.
    pub source: SourceName,
    /// The post.
    pub post: PostKey,
    /// How much of the wording the post holds.
    pub strength: Strength,
    /// How probable it is that this is the right claim.
    pub confidence: Confidence,
    /// What is to happen.
    pub decision: Decision,
    /// How the post stands to the claim.
    pub stance: Stance,
    /// What shows it; none for an assertion.
    #[serde(default)]
    pub cue: Option<Cue>,
    /// Letter or digest: counts only where the decision is to alert.
    #[serde(default)]
    pub when: When,
    /// Wordings found, strongest first.
    pub evidence: Vec<Evidence>,
    /// Words that satisfied the rule's gates (`all_of`, `any_of`).
    pub gate_spans: Vec<Span>,
}
