//! A desk: who reads, what they asked to know, and when they may be written to.

use std::time::Duration;

use jiff::civil::Time;

use crate::model::alert::{DeskName, OPERATOR};
use crate::model::claim::Severity;
use crate::model::feed::FEED;
use crate::model::hook::Hook;
use crate::model::post::Lang;
use crate::model::source::SourceName;

/// Subscribes to every topic.
pub const EVERYTHING: &str = "*";

/// Letters an hour unless the desk says otherwise; what comes beyond them becomes a digest.
pub const CAP: u32 = 20;

/// `[[desk]]` of the configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Desk {
    /// Its name; rules name it in `desks`.
    pub name: DeskName,
    /// Its recipients.
    pub to: Vec<String>,
    /// Programs and chat rooms that get its letters too.
    pub hooks: Vec<Hook>,
    /// Whether its letters stand in a feed too.
    pub feed: bool,
    /// Topics it subscribes to; [`EVERYTHING`] stands for all claims.
    pub topics: Vec<String>,
    /// Tags it subscribes to.
    pub tags: Vec<String>,
    /// Only posts in these languages, and those whose language is not known; empty: all.
    pub languages: Vec<Lang>,
    /// Only claims of these severities; empty: all.
    pub severities: Vec<Severity>,
    /// Only posts from these sources; empty: all.
    pub sources: Vec<SourceName>,
    /// How long the first letter of an alert waits for more sightings.
    pub gather: Duration,
    /// Whether claims get letters of their own; otherwise all waits for the digest, but for what spreads or is back.
    pub immediate: bool,
    /// Times of day its digests are due.
    pub digest: Vec<Time>,
    /// Whether one digest a day is sent also when there is nothing to tell.
    pub heartbeat: bool,
    /// When it is written to only about claims of severity high.
    pub quiet_hours: Option<QuietHours>,
    /// Letters about claims in an hour; what comes beyond becomes a digest.
    pub cap: u32,
    /// IANA time zone of its times, in letters and here.
    pub time_zone: String,
    /// Language of its letters.
    pub language: Lang,
}

/// From one time of day to another, over midnight where the second comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// First minute of quiet.
    pub from: Time,
    /// First minute after it.
    pub to: Time,
}

impl Desk {
    /// Gives a desk that has asked for nothing yet, with the defaults of DESIGN.
    pub fn new(name: &str, to: Vec<String>) -> Self {
        Self {
            name: DeskName(name.to_owned()),
            to,
            hooks: Vec::new(),
            feed: false,
            topics: Vec::new(),
            tags: Vec::new(),
            languages: Vec::new(),
            severities: Vec::new(),
            sources: Vec::new(),
            gather: Duration::from_secs(60),
            immediate: true,
            digest: vec![Time::constant(8, 0, 0, 0)],
            heartbeat: false,
            quiet_hours: None,
            cap: CAP,
            time_zone: "UTC".to_owned(),
            language: Lang("en".to_owned()),
        }
    }

    /// Gives the operator's desk: a digest at eight, every day.
    pub fn operator(to: Vec<String>) -> Self {
        Self { heartbeat: true, ..Self::new(OPERATOR, to) }
    }

    /// Gives all that its letters go to: mail addresses, and other ways out by name.
    pub fn recipients(&self) -> Vec<String> {
        let feed = self.feed.then(|| FEED.to_owned());
        self.to.iter().cloned().chain(self.hooks.iter().map(Hook::recipient)).chain(feed).collect()
    }

    /// Whether this is the operator's.
    pub fn is_operator(&self) -> bool {
        self.name.0 == OPERATOR
    }
}
