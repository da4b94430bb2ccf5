//! A letter: one instalment in the thread of an alert, as every recipient reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::{Claim, FactCheck};
use super::facts::Facts;
use super::post::{Lang, Post};
use super::sighting::{Sighting, SightingId};
use super::source::SourceName;

/// The RFC 5322 Message-ID of a letter at one recipient, without angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub String);

/// Why a letter about a claim is written now.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// A first letter, or an update of its thread.
    #[default]
    News,
    /// The claim is back after quiet days.
    Resurgence,
    /// The claim is seen far more often than in the last week.
    Spike {
        /// Posts in the last hour.
        last_hour: u64,
        /// What an hour of the last week brought, in hundredths of a post.
        usual_hundredths: u64,
    },
    /// What earlier letters of the thread said no longer holds.
    Correction(Change),
}

/// What changed about a claim that a desk was told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The editors took the rule out of use: earlier letters of the thread should not be relied on.
    Retired,
    /// The fact-checks were changed: the claim of the dossier has the new ones.
    FactChecks {
        /// What earlier letters said.
        before: Vec<FactCheck>,
    },
}

/// What a letter is written from: frozen with the letter, so that a retry says the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The claim.
    pub claim: Claim,
    /// Why it is written.
    #[serde(default)]
    pub occasion: Occasion,
    /// Number of the alert among those of this claim and desk, from 1: above that the claim has come back after quiet days.
    pub episode: u32,
    /// Number of the letter in its thread, from 1.
    pub instalment: u32,
    /// Posts that repeat it, with the evidence, oldest first; the first of many where there are very many.
    pub sightings: Vec<Seen>,
    /// How many posts the letter tells of: as many as `sightings` holds, or more.
    pub posts: u64,
    /// How many posts the earlier letters of the thread told of.
    pub told: u64,
    /// Sightings of the claim at any desk, in each hour of the last eight days that had one, oldest first.
    pub trend: Vec<Hour>,
    /// When the letter is closed.
    pub at: Timestamp,
}

/// A sighting as a letter quotes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The number people name it by: `claimwatch feedback NUMBER`.
    pub number: SightingId,
    /// The post.
    pub post: Post,
    /// Which claim it repeats, and why we think so.
    pub sighting: Sighting,
    /// Further posts that say nearly the same and are told of with it, by source.
    #[serde(default)]
    pub copies: Vec<(SourceName, u64)>,
}

/// Sightings of one hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hour {
    /// When it began.
    pub from: Timestamp,
    /// How many sightings fell into it.
    pub sightings: u64,
}

/// A letter, written but not addressed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// Subject line, free of control characters.
    pub subject: String,
    /// The text part: complete in itself.
    pub text: String,
    /// The HTML part: the same, easier on the eye.
    pub html: String,
    /// Language it is written in.
    pub lang: Lang,
    /// The same for programs; letters written before there was any have none.
    #[serde(default)]
    pub facts: Facts,
}
