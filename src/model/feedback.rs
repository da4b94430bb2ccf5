//! What people said about a sighting: right, or not this claim.

use jiff::Timestamp;

use super::claim::{ClaimId, Revision};
use super::sighting::SightingId;

/// What somebody thinks of a sighting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Opinion {
    /// The post repeats the claim.
    Confirmed,
    /// It does not: it, and what is like it, shall not come back while the rule stays as it is.
    Dismissed,
}

impl Opinion {
    /// The word for it in answers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Dismissed => "dismissed",
        }
    }
}

/// One word about one sighting; the newest about a sighting counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feedback {
    /// The sighting.
    pub sighting: SightingId,
    /// Its claim.
    pub claim: ClaimId,
    /// The wording of the rule that had decided.
    pub revision: Revision,
    /// What was said.
    pub opinion: Opinion,
    /// By whom.
    pub by: Option<String>,
    /// And why.
    pub why: Option<String>,
    /// When.
    pub said_at: Timestamp,
}
