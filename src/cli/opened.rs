//! What editors' commands look at: the rules as they lie in the files, and the memory beside a running claimwatch.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::output::{Answer, drawn, tally};
use super::{ConfigPath, Exit};
use crate::config::{self, Config, Reading};
use crate::rules::diagnostic::{Level, any_error};
use crate::store::Store;

/// Rules, configuration and memory, as far as they are there.
pub(super) struct Opened {
    /// The rules, without errors.
    pub reading: Reading,
    /// The configuration; `None` where only rule files were named and there is none.
    pub config: Option<Config>,
    /// The memory, or why there is none.
    pub store: Result<Store, String>,
}

/// Reads the rules (`paths`, or those of the configuration) and opens the memory, which need not be there.
///
/// # Errors
/// The answer to give when the rules have errors or the configuration cannot be read.
pub(super) async fn open(at: &ConfigPath, paths: &[PathBuf]) -> Result<Opened, Answer> {
    // Editors and CI have none of the operator's secrets.
    let whole = config::read(&at.config, Level::Warning);
    let config = whole.config.clone();
    let reading = match paths {
        [] => whole,
        paths => config::read_rules(paths, Some(&at.config)),
    };
    if any_error(&reading.report.found) {
        let drawn = drawn(&reading.report, false);
        return Err(Answer::trouble(format!("{drawn}There are errors; mend them first.\n"), Exit::Unreadable));
    }
    let store = match &config {
        None => Err(format!("{} cannot be read, and it says where the database is", at.config.display())),
        Some(config) => Store::beside(&config.store).await.map_err(|error| error.to_string()),
    };
    Ok(Opened { reading, config, store })
}

/// Reads the configuration for a command that needs no rules; secrets only where they are needed.
///
/// # Errors
/// The answer to give when it cannot be read.
pub(super) fn configuration(path: &Path, secrets: Level) -> Result<Config, Answer> {
    match config::read(path, secrets) {
        Reading { config: Some(config), .. } => Ok(config),
        Reading { report, .. } => {
            let text = format!("{}The configuration cannot be read: {}.\n", drawn(&report, false), tally(&report));
            Err(Answer::trouble(text, Exit::Unreadable))
        }
    }
}

impl Opened {
    /// The memory, for commands that are nothing without it; `instead` says what else could be done.
    ///
    /// # Errors
    /// The answer to give when it is not there.
    pub(super) fn memory(&self, instead: &str) -> Result<&Store, Answer> {
        self.store.as_ref().map_err(|why| Answer::trouble(format!("{}{instead}\n", sentence(why)), Exit::World))
    }

    /// Lets go of the memory.
    pub(super) async fn close(&self) {
        if let Ok(store) = &self.store {
            store.close().await;
        }
    }
}

/// A word that begins a sentence gets a capital; a path keeps what it has.
fn sentence(words: &str) -> String {
    let words = words.trim_end_matches('.');
    let is_path = words.split(' ').next().is_some_and(|first| first.contains(['/', '.']));
    match words.chars().next() {
        Some(first) if !is_path => format!("{}{}. ", first.to_uppercase(), &words[first.len_utf8()..]),
        _ => format!("{words}. "),
    }
}

/// How far to look back: a time ("90d", "36h") or a day ("2026-09-01").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// From this day on.
    Day(Date),
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(day) = text.parse::<Date>() {
            return Ok(Self::Day(day));
        }
        humantime::parse_duration(text)
            .map(Self::Ago)
            .map_err(|_| "write a number and a unit, \"90d\" or \"36h\", or a day, \"2026-09-01\"".to_owned())
    }
}

impl Since {
    /// The moment it means; a time longer than the calendar means all there is.
    pub fn before(self, now: Timestamp) -> Timestamp {
        let at = match self {
            Self::Ago(time) => SignedDuration::try_from(time).ok().and_then(|time| now.checked_sub(time).ok()),
            Self::Day(day) => day.to_zoned_datetime(TimeZone::system()).ok().map(|start| start.timestamp()),
        };
        at.unwrap_or(Timestamp::MIN)
    }
}

impl std::fmt::Display for Since {
    /// "90 days", "since 2026-09-01"
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => write!(f, "since {day}"),
            Self::Ago(time) if time.as_secs() > 0 && time.as_secs() % 86_400 == 0 => {
                let days = time.as_secs() / 86_400;
                write!(f, "{days} day{}", if days == 1 { "" } else { "s" })
            }
            Self::Ago(time) => write!(f, "{}", humantime::format_duration(*time)),
        }
    }
}

/// The day of a moment, where the editor sits.
pub(super) fn day(at: Timestamp) -> Date {
    at.to_zoned_datetime(TimeZone::system()).date()
}

/// "today", "yesterday", "5 days ago", or the day itself when that is long ago.
pub(super) fn days_ago(at: Timestamp, now: Timestamp) -> String {
    let day_of = day(at);
    match day(now).since(day_of).map(|span| span.get_days()) {
        Ok(0) => "today".to_owned(),
        Ok(1) => "yesterday".to_owned(),
        Ok(days @ 2..=99) => format!("{days} days ago"),
        _ => day_of.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_back_is_asked_for_by_time_or_by_day() {
        let now: Timestamp = "2026-11-25T12:00:00Z".parse().unwrap();
        let ninety: Since = "90d".parse().unwrap();
        assert_eq!(ninety.before(now).to_string(), "2026-08-27T12:00:00Z");
        assert_eq!(ninety.to_string(), "90 days");
        assert_eq!("36h".parse::<Since>().unwrap().to_string(), "1day 12h");
        assert!(matches!("2026-09-01".parse(), Ok(Since::Day(_))));
        assert!("soon".parse::<Since>().unwrap_err().contains("90d"));
        assert_eq!("1000000y".parse::<Since>().unwrap().before(now), Timestamp::MIN);
    }
}
