//! A digest: a letter about everything that was not worth, or not allowed, a letter of its own.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::DeskName;
use super::claim::Claim;
use super::letter::{Change, Seen};
use super::silence::SilenceId;
use super::source::SourceName;

/// Why a sighting has no letter of its own, or none yet: stored with it, counted under its word, told by `explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A near-miss.
    Possible,
    /// The post reports that somebody says it.
    Report,
    /// The post asks whether it is so.
    Question,
    /// The post says that it is wrong.
    Denial,
    /// The post is a fact-check itself.
    Factcheck,
    /// The rule sends posts of this stance to the digest.
    Rule,
    /// The claim comes from an archive, not from an editor's rule.
    Bulk,
    /// The desk reads digests only.
    DigestDesk,
    /// The desk had its letters of this hour.
    Cap,
    /// It is night at the desk.
    QuietHours,
    /// A silence covers it.
    Silenced,
    /// No desk asked for it: the operator is told.
    NoReader,
    /// The desk has no recipient that can be written to.
    NoRecipient,
    /// The rule was taken out of use before the letter left.
    Retired,
    /// The rule is on trial: counted, told to nobody.
    Trial,
    /// The rule ignores posts of this stance: told to nobody.
    Ignored,
    /// People said that it, or one like it, does not repeat the claim: told to nobody.
    Dismissed,
}

impl Reason {
    /// All of them, in the order of a digest's sections.
    pub const ALL: [Self; 17] = [
        Self::Cap,
        Self::Silenced,
        Self::QuietHours,
        Self::DigestDesk,
        Self::NoReader,
        Self::NoRecipient,
        Self::Retired,
        Self::Rule,
        Self::Report,
        Self::Question,
        Self::Denial,
        Self::Factcheck,
        Self::Possible,
        Self::Bulk,
        Self::Trial,
        Self::Ignored,
        Self::Dismissed,
    ];

    /// Its word in the store, in metrics and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Report => "report",
            Self::Question => "question",
            Self::Denial => "denial",
            Self::Factcheck => "factcheck",
            Self::Rule => "rule",
            Self::Bulk => "bulk",
            Self::DigestDesk => "digest_desk",
            Self::Cap => "cap",
            Self::QuietHours => "quiet_hours",
            Self::Silenced => "silenced",
            Self::NoReader => "no_reader",
            Self::NoRecipient => "no_recipient",
            Self::Retired => "retired",
            Self::Trial => "trial",
            Self::Ignored => "ignored",
            Self::Dismissed => "dismissed",
        }
    }

    /// Reads its word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }

    /// Whether nobody is ever told, because an editor said so.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Trial | Self::Ignored | Self::Dismissed)
    }
}

/// What a digest is written from: frozen with it, so that a retry says the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Digest {
    /// Why it is written now.
    pub kind: DigestKind,
    /// What it tells of began to gather then: the desk's last digest, or a day ago.
    pub since: Timestamp,
    /// When it was written.
    pub until: Timestamp,
    /// How claimwatch fared in that time: silence must not look like health.
    pub figures: Figures,
    /// What earlier digests told and no longer holds.
    pub corrections: Vec<Corrected>,
    /// What was held, by reason in the order of [`Reason::ALL`]; empty sections are left out.
    pub sections: Vec<Section>,
    /// What the operator should know; empty in the digests of other desks.
    pub notices: Vec<Notice>,
}

/// A claim that a digest told of, and what changed about it since.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// The claim as it is now; as it was told where it is out of use.
    pub claim: Claim,
    /// What changed.
    pub change: Change,
}

/// Why a digest is written now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DigestKind {
    /// Its time of day has come.
    Regular,
    /// The desk had its letters of the hour: what came beyond them.
    OverCap,
    /// A silence has ended: what it held back.
    SilenceEnded {
        /// Its number.
        silence: SilenceId,
        /// What it covered, in words.
        covered: String,
        /// Who laid it.
        author: String,
        /// Why.
        comment: String,
        /// Since when it held.
        from: Timestamp,
        /// Until when.
        to: Timestamp,
    },
    /// Something the operator should not wait for.
    Notices,
}

/// All that was held for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The reason.
    pub reason: Reason,
    /// How many posts.
    pub posts: u64,
    /// By claim, the most repeated first; the first of many where there are very many.
    pub claims: Vec<Gathered>,
    /// Claims beyond those in `claims`.
    pub more_claims: u64,
}

/// Posts about one claim in a section.
#[derive(Debug, Clone, PartialEq)]
pub struct Gathered {
    /// The claim.
    pub claim: Claim,
    /// How many posts.
    pub posts: u64,
    /// The first few of them, oldest first.
    pub items: Vec<Seen>,
}

/// What the store knows of a desk's digests.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeskState {
    /// Since when the desk is known; `None`: not yet.
    pub known_since: Option<Timestamp>,
    /// Names of the digests it got within the last days.
    pub slots: BTreeSet<String>,
    /// When it last got notices.
    pub last_notices: Option<Timestamp>,
    /// What waits for it, by reason.
    pub waiting: Vec<Waiting>,
    /// When the oldest correction of an earlier digest came up that it was not told.
    pub oldest_correction: Option<Timestamp>,
    /// When the oldest notice that it was not told came up.
    pub oldest_notice: Option<Timestamp>,
    /// Silences that have ended and held something back from it, or name it.
    pub ended: Vec<SilenceId>,
}

/// Sightings that wait for a digest, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// The reason.
    pub reason: Reason,
    /// How many.
    pub sightings: u64,
    /// When the first of them was held.
    pub oldest: Timestamp,
    /// When the last of them was held.
    pub newest: Timestamp,
}

/// A digest that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueDigest {
    /// What makes it one of its kind for the desk: two of one name are never sent.
    pub slot: String,
    /// Which day's thread it belongs to, as the number of the day.
    pub day: u32,
    /// What it tells.
    pub content: Content,
}

/// What a digest tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// All that waits, and no silence holds.
    All,
    /// What came beyond the hourly limit.
    OverCap,
    /// What a silence held back.
    Silence(SilenceId),
    /// Notices alone.
    Notices,
}

/// How claimwatch fared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figures {
    /// Sources it watches.
    pub sources: u64,
    /// Of these well: their last visit went well.
    pub healthy: u64,
    /// The others, by name.
    pub unwell: Vec<SourceName>,
    /// New posts read.
    pub posts: u64,
    /// Posts seen to repeat or nearly repeat a claim, whichever desk they went to.
    pub sightings: u64,
    /// Letters about claims sent to the desk.
    pub letters: u64,
    /// Sightings held for the desk, those in this digest included.
    pub held: Vec<(Reason, u64)>,
    /// Deliveries, to whomever, that wait for the relay now.
    pub waiting: u64,
}

/// Something the operator should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When it happened.
    pub at: Timestamp,
    /// What.
    pub matter: Matter,
}

/// What the operator is told of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// A letter was given up.
    LetterGivenUp {
        /// Its number: `claimwatch mail queue show NUMBER`.
        delivery: i64,
        /// The desk it was for.
        desk: DeskName,
        /// Who should have got it.
        recipient: String,
        /// The relay's last words.
        reply: String,
    },
    /// A recipient refused three letters for good and is no longer written to.
    RecipientPaused {
        /// Who.
        recipient: String,
        /// The relay's last words.
        reply: String,
    },
    /// A source failed three times in a row.
    SourceFailing {
        /// Which.
        source: SourceName,
        /// Why, in a sentence.
        why: String,
    },
    /// A source is given up on and only probed once a day.
    SourceSuspended {
        /// Which.
        source: SourceName,
        /// Why, in a sentence.
        why: String,
    },
    /// A source that failed is well again.
    SourceRecovered {
        /// Which.
        source: SourceName,
    },
    /// A program or a chat room refuses us: its letters wait.
    HookBarred {
        /// The desk.
        desk: DeskName,
        /// Which, as deliveries name it.
        hook: String,
        /// Its last words.
        reply: String,
    },
    /// The mail relay refuses us: all letters by mail wait.
    RelayBarred {
        /// Its last words.
        reply: String,
    },
    /// Letters to a desk reach nobody: all its recipients are paused, or it is gone from the configuration.
    DeskUnreachable {
        /// Which.
        desk: DeskName,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_and_can_be_read_back() {
        let mut all = Reason::ALL.to_vec();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), Reason::ALL.len());
        assert!(Reason::ALL.into_iter().all(|reason| Reason::of_word(reason.word()) == Some(reason)));
    }
}
