//! `[store]` of the configuration: where the memory lies and how long it reaches back.

use std::path::PathBuf;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where claimwatch remembers, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The SQLite file (`url = "sqlite:var/claimwatch.db"`); relative to the working directory of the process.
    pub path: PathBuf,
    /// How long posts are kept, counted from when they were last seen.
    pub keep_posts: Duration,
    /// How long the reasons of sightings are kept.
    pub keep_reasons: Duration,
    /// Of a whole network's posts that repeat nothing, so many in a million are kept, for backtests.
    pub stream_sample_per_million: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            path: PathBuf::from("var/claimwatch.db"),
            keep_posts: 90 * DAY,
            keep_reasons: 365 * DAY,
            stream_sample_per_million: 10_000,
        }
    }
}
