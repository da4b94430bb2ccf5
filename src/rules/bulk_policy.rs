//! What becomes of bulk claims that posts repeat, and what such a claim is to everybody who writes about it.

use std::fmt::Write as _;

use jiff::civil::Date;
use sha2::{Digest, Sha256};
use url::Url;

use super::bulk::BulkClaim;
use super::import::verdict::verdict;
use crate::model::alert::DeskName;
use crate::model::claim::{CheckDate, Claim, ClaimId, FactCheck, Revision, Severity, Status};
use crate::model::post::Lang;
use crate::model::sighting::{Confidence, Decision, Stance, When};

/// How far sightings of bulk claims reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    /// Into the digest.
    #[default]
    Digest,
    /// Like those of an editor's rule: what asserts the claim is a letter of its own.
    Alert,
    /// Remembered and counted; nobody is written to.
    Count,
}

impl Reach {
    /// All of them with the words that the configuration has for them.
    pub const NAMES: [(&'static str, Self); 3] = [("digest", Self::Digest), ("alert", Self::Alert), ("count", Self::Count)];
}

/// What the configuration says about bulk claims.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// `bulk`
    pub reach: Reach,
    /// `bulk_alert`: surer than this is an alert.
    pub alert: Confidence,
    /// `bulk_possible`: surer than this is listed as possible.
    pub possible: Confidence,
    /// `bulk_desks`: who is told; archives name no desks, topics or tags.
    pub desks: Vec<DeskName>,
}

impl Default for Policy {
    fn default() -> Self {
        Self { reach: Reach::Digest, alert: Confidence::new(0.9), possible: Confidence::new(0.5), desks: Vec::new() }
    }
}

impl Policy {
    /// What is to happen with a post that repeats a claim this surely.
    pub fn decision(&self, confidence: Confidence) -> Decision {
        match confidence {
            sure if sure >= self.alert => Decision::Alert,
            sure if sure >= self.possible => Decision::Possible,
            _ => Decision::Below,
        }
    }

    /// Letter or digest.
    pub fn when(&self, stance: Stance) -> When {
        match self.reach {
            Reach::Alert => When::usual(stance),
            Reach::Digest | Reach::Count => When::Digest,
        }
    }

    /// The claim as stores and letters know it.
    pub fn claim(&self, bulk: &BulkClaim) -> Claim {
        let first = FactCheck {
            publisher: publisher(bulk.publisher.as_deref(), bulk.url.as_deref()),
            url: bulk.url.as_deref().and_then(address),
            title: bulk.title.clone(),
            rating: bulk.rating.clone(),
            verdict: bulk.rating.as_deref().map(verdict).unwrap_or_default(),
            date: bulk.date.as_deref().and_then(day),
            lang: bulk.lang.clone().map(Lang),
        };
        let others = bulk.also.iter().map(|check| FactCheck {
            publisher: publisher(check.publisher.as_deref(), check.url.as_deref()),
            url: check.url.as_deref().and_then(address),
            title: check.title.clone(),
            rating: check.rating.clone(),
            verdict: check.rating.as_deref().map(verdict).unwrap_or_default(),
            date: check.date.as_deref().and_then(day),
            lang: check.lang.clone().map(Lang),
        });
        Claim {
            id: ClaimId(bulk.id.clone()),
            claim: wording(bulk).to_owned(),
            claimant: None,
            said_on: None,
            topic: None,
            tags: Vec::new(),
            severity: Severity::default(),
            desks: self.desks.clone(),
            status: if self.reach == Reach::Count { Status::Test } else { Status::Active },
            fact_checks: std::iter::once(first).chain(others).collect(),
            revision: revision(bulk),
            bulk: true,
        }
    }
}

/// What it claims; the headline of the fact-check where the archive has no more.
pub fn wording(bulk: &BulkClaim) -> &str {
    let title = bulk.title.as_deref().filter(|_| !bulk.claim.chars().any(char::is_alphanumeric));
    title.unwrap_or(&bulk.claim)
}

/// First 12 hex digits of the SHA-256 of everything that decides about a post or is told to a desk.
pub fn revision(bulk: &BulkClaim) -> Revision {
    let digest = Sha256::digest(format!("claimwatch bulk 1\n{bulk:?}"));
    Revision(digest.iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// Its name, or the site it is read at.
fn publisher(name: Option<&str>, url: Option<&str>) -> String {
    let site = || url.and_then(address)?.host_str().map(|host| host.trim_start_matches("www.").to_owned());
    name.map(str::to_owned).or_else(site).unwrap_or_default()
}

fn address(text: &str) -> Option<Url> {
    Url::parse(text.trim()).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
}

/// A date as archives write it: `2015-05-26T…`, `26 May 2015`, `May 26, 2015`; else the year, if one is named.
fn day(text: &str) -> Option<CheckDate> {
    let text = text.trim();
    let whole = text.get(..10).and_then(|start| start.parse::<Date>().ok());
    let spelt = || ["%d %B %Y", "%B %d, %Y", "%d %b %Y", "%b %d, %Y"].iter().find_map(|f| Date::strptime(f, text).ok());
    let year = || {
        let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
        numbers.find_map(|digits| digits.parse::<i16>().ok()).filter(|year| (1900..2200).contains(year))
    };
    whole.or_else(spelt).map(CheckDate::Day).or_else(|| year().map(CheckDate::Year))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bulk(json: &str) -> BulkClaim {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_archive_line_becomes_a_claim_with_its_fact_check() {
        let line = bulk(
            r#"{"id":"A b","claim":"…","title":"Is the moon cheese?","url":"https://www.example.org/moon","rating":"Nonsense","date":"26 May 2015","lang":"en"}"#,
        );
        let claim = Policy { desks: vec![DeskName("science".into())], ..Policy::default() }.claim(&line);
        assert_eq!((claim.id.0.as_str(), claim.claim.as_str()), ("A b", "Is the moon cheese?"));
        assert_eq!(claim.fact_checks[0].publisher, "example.org");
        assert_eq!(claim.fact_checks[0].date.map(|date| date.to_string()).as_deref(), Some("2015-05-26"));
        assert_eq!((claim.status, claim.desks.len(), claim.revision.0.len()), (Status::Active, 1, 12));
    }

    #[test]
    fn dates_are_read_as_archives_write_them() {
        let read = |text: &str| day(text).map(|date| date.to_string()).unwrap_or_default();
        assert_eq!(read("2020-02-03T10:00:00Z"), "2020-02-03");
        assert_eq!(read("March 6, 2021"), "2021-03-06");
        assert_eq!(read("spring of 2019"), "2019");
        assert_eq!(read("yesterday"), "");
    }

    #[test]
    fn what_is_only_counted_writes_to_nobody_and_a_digest_is_no_letter() {
        let count = Policy { reach: Reach::Count, ..Policy::default() };
        assert_eq!(count.claim(&bulk(r#"{"id":"a","claim":"x"}"#)).status, Status::Test);
        assert_eq!(Policy::default().when(Stance::Assertion), When::Digest);
        let alert = Policy { reach: Reach::Alert, ..Policy::default() };
        assert_eq!((alert.when(Stance::Assertion), alert.when(Stance::Denial)), (When::Alert, When::Digest));
    }

    #[test]
    fn confidence_decides() {
        let policy = Policy::default();
        let decide = |sure| policy.decision(Confidence::new(sure));
        assert_eq!([0.95, 0.9, 0.6, 0.2].map(decide), [Decision::Alert, Decision::Alert, Decision::Possible, Decision::Below]);
    }

    #[test]
    fn another_verdict_is_another_revision() {
        let (one, other) = (bulk(r#"{"id":"a","claim":"x"}"#), bulk(r#"{"id":"a","claim":"x","rating":"False"}"#));
        assert_ne!(revision(&one), revision(&other));
        assert_eq!(revision(&one), revision(&one.clone()));
    }
}
