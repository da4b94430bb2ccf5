//! An alert: the thread of one claim at one desk. Its letters are instalments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::ClaimId;

/// The name of a desk in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeskName(pub String);

impl std::fmt::Display for DeskName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Row number of an alert in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(pub i64);

/// Row number of a letter in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LetterId(pub i64);

/// Which claim at which desk: what an alert is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic {
    /// The claim.
    pub claim: ClaimId,
    /// The desk.
    pub desk: DeskName,
}

/// The newest alert about a claim at a desk, as the store remembers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertState {
    /// Its row.
    pub id: AlertId,
    /// Counts the alerts of this claim and desk: 1 for the first, one more for each resurgence.
    pub episode: u32,
    /// Counts its letters.
    pub instalments: u32,
    /// When the newest sighting joined it.
    pub last_sighting: Timestamp,
    /// When its last letter was closed; `None` while the first is still gathering.
    pub last_letter: Option<Timestamp>,
    /// The letter that still gathers sightings, if there is one.
    pub gathering: Option<LetterId>,
}

/// What the store is to do with a sighting, decided by `alerting::group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Open an alert whose first letter is due then.
    Open {
        /// Claim and desk.
        topic: Topic,
        /// 1 for the first, one more for each resurgence.
        episode: u32,
        /// When its first letter is due.
        due_at: Timestamp,
        /// Which of the visit's sightings it holds (indices).
        sightings: Vec<usize>,
    },
    /// Add to the letter that is still gathering.
    Join {
        /// The letter.
        letter: LetterId,
        /// The alert it belongs to.
        alert: AlertId,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
    /// Begin the next letter of an open alert.
    Continue {
        /// The alert.
        alert: AlertId,
        /// Number of the letter in its thread.
        instalment: u32,
        /// When it is due.
        due_at: Timestamp,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
}
