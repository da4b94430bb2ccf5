//! An alert: the thread of one claim at one desk. Its letters are instalments.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claim::ClaimId;
use super::digest::Reason;
use super::letter::Occasion;
use super::silence::{Silence, SilenceId};

/// The name of a desk in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeskName(pub String);

impl std::fmt::Display for DeskName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The desk of the operator: `[operator]` in the configuration. No `[[desk]]` may bear its name.
pub const OPERATOR: &str = "operator";

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
    /// Counts its letters, those that were not sent included.
    pub instalments: u32,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When the newest sighting joined it.
    pub last_sighting: Timestamp,
    /// When its last letter was closed and sent; `None` before that.
    pub last_letter: Option<Timestamp>,
    /// Letters closed and sent within the last day.
    pub letters_today: u32,
    /// When a letter last said that the claim is spreading fast.
    pub last_spike: Option<Timestamp>,
    /// Sightings within the last hour, the visit's own not counted.
    pub last_hour: u64,
    /// Sightings within the seven days before, that hour not counted.
    pub last_week: u64,
    /// The letter that still gathers sightings, if there is one.
    pub gathering: Option<Gathering>,
}

/// A letter that still gathers sightings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gathering {
    /// Its row.
    pub letter: LetterId,
    /// When it is due.
    pub due_at: Timestamp,
    /// Why it will be written.
    pub occasion: Occasion,
}

/// What the store knows when a visit is recorded.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The newest alert of every desk about every claim of the visit.
    pub alerts: BTreeMap<Topic, AlertState>,
    /// The silences that hold now.
    pub silences: Vec<Silence>,
    /// Which of the visit's sightings no other visit has recorded (indices).
    pub fresh: BTreeSet<usize>,
}

/// A letter to be begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextLetter {
    /// When it is due.
    pub due_at: Timestamp,
    /// What it waits for until then.
    pub waits: Waits,
    /// Why it will be written.
    pub occasion: Occasion,
}

/// What an open letter waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Waits {
    /// More sightings: the desk's gathering time.
    Gathering,
    /// Its turn: letters of one thread keep a distance that grows.
    Spaced,
    /// The end of the desk's quiet hours.
    QuietHours,
}

impl Waits {
    /// Its word in the store and in metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gathering => "gathering",
            Self::Spaced => "spaced",
            Self::QuietHours => "quiet_hours",
        }
    }
}

/// What the store is to do with sightings of a visit, decided by `alerting::group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Open an alert and begin its first letter.
    Open {
        /// Claim and desk.
        topic: Topic,
        /// 1 for the first, one more for each resurgence.
        episode: u32,
        /// The letter.
        letter: NextLetter,
        /// Which of the visit's sightings it holds (indices).
        sightings: Vec<usize>,
    },
    /// Add to the letter that is still gathering.
    Join {
        /// The letter.
        letter: LetterId,
        /// The alert it belongs to.
        alert: AlertId,
        /// Due sooner, and for another reason, than it was begun for.
        hasten: Option<NextLetter>,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
    /// Begin the next letter of an open alert.
    Continue {
        /// The alert.
        alert: AlertId,
        /// Number of the letter in its thread.
        instalment: u32,
        /// The letter.
        letter: NextLetter,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
    /// Note them in the alert, which is opened where there is none, and keep them for the digest.
    Keep {
        /// Claim and desk.
        topic: Topic,
        /// The alert; `None` opens the first.
        alert: Option<AlertId>,
        /// Why they have no letter.
        reason: Reason,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
    /// Keep them for the desk's digest, in no alert.
    Hold {
        /// The desk; nobody's for what nobody is ever told.
        desk: DeskName,
        /// Why they have no letter.
        reason: Reason,
        /// The silence that covers them.
        silence: Option<SilenceId>,
        /// Which of the visit's sightings (indices).
        sightings: Vec<usize>,
    },
}
