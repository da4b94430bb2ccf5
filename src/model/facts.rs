//! What a letter says, for programs: webhooks, chat rooms and feeds are made from it, and headers that mail is sorted by.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::{Claim, ClaimId, FactCheck};
use super::post::{Lang, Post};
use super::sighting::{Confidence, Sighting, SightingId, Stance, Strength};

/// A letter for programs. Its JSON is `version` 1: fields may be added, none is renamed or removed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Facts {
    /// Why it was written.
    pub kind: Kind,
    /// Number of the letter in its thread, from 1; 0 for a digest.
    pub instalment: u32,
    /// Number of the thread among those of this claim and desk, from 1; 0 for a digest.
    pub episode: u32,
    /// Posts it tells of.
    pub posts: u64,
    /// Posts that earlier letters of the thread told of.
    pub told: u64,
    /// The claims it is about: one, or several in a digest.
    pub claims: Vec<ClaimFacts>,
    /// When it was written.
    pub written_at: Timestamp,
}

/// Why a letter was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The first of its thread.
    #[default]
    First,
    /// A later one.
    Update,
    /// The claim is back after quiet days.
    Resurgence,
    /// The claim is spreading fast.
    Spike,
    /// What earlier letters said no longer holds.
    Correction,
    /// What had no letter of its own.
    Digest,
    /// More than the desk may get in an hour.
    OverCap,
    /// A silence has ended.
    SilenceEnded,
    /// For the operator.
    Notices,
}

impl Kind {
    /// Its word in JSON, in feeds and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Update => "update",
            Self::Resurgence => "resurgence",
            Self::Spike => "spike",
            Self::Correction => "correction",
            Self::Digest => "digest",
            Self::OverCap => "over_cap",
            Self::SilenceEnded => "silence_ended",
            Self::Notices => "notices",
        }
    }
}

/// A claim, what was found, and posts that repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimFacts {
    /// Its name.
    pub id: ClaimId,
    /// Which wording of the rule.
    pub revision: String,
    /// What is claimed.
    pub claim: String,
    /// Who said it first.
    pub claimant: Option<String>,
    /// What was found; verdicts in the publishers' own words.
    pub fact_checks: Vec<CheckFacts>,
    /// Posts, oldest first; at most twenty.
    pub posts: Vec<PostFacts>,
}

/// A fact-check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckFacts {
    /// Who published it.
    pub publisher: String,
    /// Where.
    pub url: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// The verdict in the publisher's own words.
    pub rating: Option<String>,
    /// When, as far as is known: a day or a year.
    pub date: Option<String>,
}

/// A post.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PostFacts {
    /// The number people name it by.
    pub number: SightingId,
    /// Where it was found.
    pub source: String,
    /// Its address, as found: do not make it clickable.
    pub url: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Its words, the first of very many.
    pub text: String,
    /// Its language, where known.
    pub lang: Option<Lang>,
    /// When it was published, as its source says.
    pub published: Option<Timestamp>,
    /// When it was first seen.
    pub seen_at: Timestamp,
    /// How much of the wording it holds.
    pub strength: Strength,
    /// How probable it is that this is the right claim.
    pub confidence: Confidence,
    /// How it stands to the claim.
    pub stance: Stance,
}

/// Characters of a post's text that are kept.
const TEXT: usize = 1000;
/// Posts of a claim that are kept.
const POSTS: usize = 20;

impl ClaimFacts {
    /// A claim and the posts that repeat it.
    pub fn of<'a>(claim: &Claim, posts: impl Iterator<Item = (SightingId, &'a Post, &'a Sighting)>) -> Self {
        let check = |check: &FactCheck| CheckFacts {
            publisher: check.publisher.clone(),
            url: check.url.as_ref().map(|url| url.as_str().to_owned()),
            title: check.title.clone(),
            rating: check.rating.clone(),
            date: check.date.map(|date| date.to_string()),
        };
        Self {
            id: claim.id.clone(),
            revision: claim.revision.0.clone(),
            claim: claim.claim.chars().take(TEXT).collect(),
            claimant: claim.claimant.clone(),
            fact_checks: claim.fact_checks.iter().take(POSTS).map(check).collect(),
            posts: posts.take(POSTS).map(|(number, post, sighting)| PostFacts::of(number, post, sighting)).collect(),
        }
    }
}

impl PostFacts {
    fn of(number: SightingId, post: &Post, sighting: &Sighting) -> Self {
        let parts: Vec<&str> = post.parts.iter().map(|part| part.text.as_str()).collect();
        let short = |text: &str| text.chars().take(TEXT).collect::<String>();
        Self {
            number,
            source: post.source.0.clone(),
            url: post.url.as_deref().map(short),
            author: post.author.as_deref().map(short),
            text: short(&parts.join("\n")),
            lang: post.lang.clone(),
            published: post.published,
            seen_at: post.seen_at,
            strength: sighting.strength,
            confidence: sighting.confidence,
            stance: sighting.stance,
        }
    }
}

impl Facts {
    /// The greatest strength among its posts: what mail can be sorted by.
    pub fn score(&self) -> Option<Strength> {
        let all = self.claims.iter().flat_map(|claim| &claim.posts).map(|post| post.strength);
        all.max_by(|a, b| a.value().total_cmp(&b.value()))
    }
}
