//! A silence: somebody asked not to be written to about something, for a while.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::DeskName;
use super::claim::Claim;
use super::source::SourceName;

/// Row number of a silence in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SilenceId(pub i64);

/// What is not written about, who asked for it, why and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its row.
    pub id: SilenceId,
    /// What it covers.
    pub matchers: Matchers,
    /// Who laid it.
    pub author: String,
    /// Why.
    pub comment: String,
    /// Since when it holds.
    pub from: Timestamp,
    /// Until when; in the past, it has ended.
    pub to: Timestamp,
}

/// What a silence covers: every key that is named must match; of several values of one key, one. Case does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Matchers {
    /// Ids of claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Topics of claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub topics: Vec<String>,
    /// Tags of claims.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Names of sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// Authors of posts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// Names of desks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub desks: Vec<String>,
}

impl Silence {
    /// Whether it holds at that time.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.from <= now && now < self.to
    }

    /// Whether it covers a post about `claim` on its way to `desk`. A silence that names nothing covers nothing.
    pub fn covers(&self, claim: &Claim, desk: &DeskName, source: &SourceName, author: Option<&str>) -> bool {
        let Matchers { claims, topics, tags, sources, authors, desks } = &self.matchers;
        let one = |wanted: &[String], has: Option<&str>| {
            wanted.is_empty() || has.is_some_and(|has| wanted.iter().any(|wanted| same(wanted, has)))
        };
        !self.matchers.is_empty()
            && one(claims, Some(&claim.id.0))
            && one(topics, claim.topic.as_deref())
            && (tags.is_empty() || claim.tags.iter().any(|tag| one(tags, Some(tag))))
            && one(sources, Some(&source.0))
            && one(authors, author)
            && one(desks, Some(&desk.0))
    }
}

impl Matchers {
    /// Whether nothing is named.
    pub fn is_empty(&self) -> bool {
        self.named().all(|(_, values)| values.is_empty())
    }

    /// Whether one must look at the post itself.
    pub fn look_at_posts(&self) -> bool {
        !self.sources.is_empty() || !self.authors.is_empty()
    }

    fn named(&self) -> impl Iterator<Item = (&'static str, &Vec<String>)> {
        [
            ("claim", &self.claims),
            ("topic", &self.topics),
            ("tag", &self.tags),
            ("source", &self.sources),
            ("author", &self.authors),
            ("desk", &self.desks),
        ]
        .into_iter()
    }
}

impl std::fmt::Display for Matchers {
    /// `topic=moon desk=politics`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let named = self.named().flat_map(|(key, values)| values.iter().map(move |value| format!("{key}={value}")));
        f.write_str(&named.collect::<Vec<_>>().join(" "))
    }
}

fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}
