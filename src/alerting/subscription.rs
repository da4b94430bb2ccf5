//! A desk: who reads, and what they asked to know.

use std::time::Duration;

use serde::Deserialize;

use crate::model::alert::DeskName;
use crate::model::post::Lang;

/// `[[desk]]` of the configuration.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// Its name; rules name it in `desks`.
    pub name: DeskName,
    /// Its recipients.
    pub to: Vec<String>,
    /// Topics it subscribes to.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Tags it subscribes to.
    #[serde(default)]
    pub tags: Vec<String>,
    /// How long the first letter of an alert waits for more sightings.
    #[serde(with = "crate::model::units::duration", default = "sixty_seconds")]
    pub gather: Duration,
    /// IANA time zone its letters give times in.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// Language of its letters.
    #[serde(default = "english")]
    pub language: Lang,
}

fn sixty_seconds() -> Duration {
    Duration::from_secs(60)
}

fn utc() -> String {
    "UTC".to_owned()
}

fn english() -> Lang {
    Lang("en".to_owned())
}
