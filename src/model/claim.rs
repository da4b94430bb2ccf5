//! A claim that somebody has already checked, and the fact-checks that say what was found.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use url::Url;

use super::alert::DeskName;
use super::post::Lang;

/// Names a claim: `[a-z0-9-]{3,64}` for an editor's rule, free text for a bulk claim.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClaimId(pub String);

impl std::fmt::Display for ClaimId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// First 12 hex digits of the SHA-256 of a rule's canonical form: tells which wording of the rule decided.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Revision(pub String);

/// Where in its life a rule stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Being written: not loaded.
    Draft,
    /// Matched and counted, nobody is written to.
    Test,
    /// Matched, alerts.
    #[default]
    Active,
    /// Switched off for now.
    Paused,
    /// Kept for history only.
    Retired,
}

/// How urgent a desk finds a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Can wait.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Must be seen at once.
    High,
}

/// A verdict on a scale that all publishers share; their own words stand beside it and come first in letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Found false.
    False,
    /// Found misleading.
    Misleading,
    /// No evidence either way.
    Unproven,
    /// Partly true.
    Mixed,
    /// Found true.
    True,
    /// Meant as a joke.
    Satire,
    /// The publisher gave none.
    #[default]
    Unrated,
}

/// A published fact-check (ClaimReview) of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactCheck {
    /// Who checked.
    pub publisher: String,
    /// Where to read it; `None` where no address is known (none is ever invented).
    pub url: Option<Url>,
    /// Its headline.
    pub title: Option<String>,
    /// The verdict in the publisher's own words.
    pub rating: Option<String>,
    /// The verdict on the shared scale.
    pub verdict: Verdict,
    /// When it was published; the year alone where only that is known.
    pub date: Option<CheckDate>,
    /// Language it is written in.
    pub lang: Option<Lang>,
}

/// The day a fact-check appeared, or the year where only that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckDate {
    /// A full date.
    Day(Date),
    /// Only the year.
    Year(i16),
}

impl std::fmt::Display for CheckDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Year(year) => write!(f, "{year}"),
        }
    }
}

/// What a claim says, who said it, who wants to know, and what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Its name.
    pub id: ClaimId,
    /// What is claimed, in one sentence.
    pub claim: String,
    /// Who said it first.
    pub claimant: Option<String>,
    /// When it was said.
    pub said_on: Option<Date>,
    /// Subject that desks subscribe to.
    pub topic: Option<String>,
    /// Further subjects.
    pub tags: Vec<String>,
    /// How urgent it is.
    pub severity: Severity,
    /// Desks the rule itself names.
    pub desks: Vec<DeskName>,
    /// Where in its life it stands.
    pub status: Status,
    /// What was found; the first is the one letters link to.
    pub fact_checks: Vec<FactCheck>,
    /// Which wording of the rule this is.
    pub revision: Revision,
    /// It comes from an archive, not from an editor's rule.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bulk: bool,
}
