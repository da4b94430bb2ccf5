//! A letter: one instalment in the thread of an alert, as every recipient reads it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::post::{Lang, Post};
use super::sighting::{Sighting, SightingId};

/// The RFC 5322 Message-ID of a letter at one recipient, without angle brackets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub String);

/// What a letter is written from: frozen with the letter, so that a retry says the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Dossier {
    /// The claim.
    pub claim: Claim,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Subject line, free of control characters.
    pub subject: String,
    /// The text part: complete in itself.
    pub text: String,
    /// The HTML part: the same, easier on the eye.
    pub html: String,
    /// Language it is written in.
    pub lang: Lang,
}
