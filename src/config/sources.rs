//! `[[source]]`: where posts come from.

use std::path::PathBuf;
use std::time::Duration;

use super::networks;
use super::read::{self, SecretOf};
use crate::model::source::{Backfill, Source, SourceKind, SourceName};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table, shown};
use crate::rules::reading::value::{Value, Words};

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    File,
    Feed,
    Mastodon,
    Bluesky,
}

const KINDS: [(&str, Kind); 4] =
    [("file", Kind::File), ("feed", Kind::Feed), ("mastodon", Kind::Mastodon), ("bluesky", Kind::Bluesky)];

/// Keys that only sources on networks have.
const NETWORK_KEYS: [&str; 8] = ["server", "tag", "account", "list", "public", "author", "feed", "token_file"];

/// Reads all sources; two of one name are an error, because everything remembered hangs on the name.
pub(super) fn read(tables: Vec<Table<'_>>, has_contact: bool, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Vec<Source> {
    let mut names = Names::default();
    tables.into_iter().filter_map(|table| source(table, &mut names, has_contact, secret, notes)).collect()
}

fn source(
    mut table: Table<'_>,
    names: &mut Names,
    has_contact: bool,
    secret: SecretOf<'_>,
    notes: &mut Notes<'_>,
) -> Option<Source> {
    let span = table.span.clone();
    let name = table.need("name", "name = \"bbc\"", notes).and_then(|value| names.take("source", &value, notes));
    let kind = table.need("kind", "kind = \"feed\"", notes).and_then(|value| value.choice(&KINDS, notes));
    let every = table.take("every").and_then(|value| every(&value, kind, notes));
    let backfill = table.take("backfill").and_then(|value| backfill(&value, notes)).unwrap_or_default();
    let place = match kind {
        Some(Kind::File) => {
            misplaced(&mut table, &NETWORK_KEYS, "file", "path = \"…\"", notes);
            misplaced(&mut table, &["url", "allow_private"], "file", "path = \"…\"", notes);
            let path = table.need("path", "path = \"config/sample-feed.xml\"", notes).and_then(|value| value.text(notes));
            path.map(|words| SourceKind::File { path: PathBuf::from(words.text) })
        }
        Some(Kind::Feed) => {
            misplaced(&mut table, &NETWORK_KEYS, "feed", "url = \"https://…\"", notes);
            misplaced(&mut table, &["path"], "feed", "url = \"https://…\"", notes);
            let allow_private = table.take("allow_private").map(|value| read::networks(&value, notes)).unwrap_or_default();
            let url =
                table.need("url", "url = \"https://example.org/feed.xml\"", notes).and_then(|value| value.web_address(notes));
            url.map(|url| SourceKind::Feed { url, allow_private })
        }
        Some(Kind::Mastodon) => {
            misplaced(
                &mut table,
                &["url", "path", "author", "feed"],
                "mastodon",
                "server = \"https://…\" and tag = \"…\"",
                notes,
            );
            networks::contact_is_needed(&span, has_contact, notes);
            networks::mastodon(&mut table, secret, notes)
        }
        Some(Kind::Bluesky) => {
            misplaced(&mut table, &["url", "path", "tag", "account", "public", "token_file"], "bluesky", "author = \"…\"", notes);
            networks::contact_is_needed(&span, has_contact, notes);
            networks::bluesky(&mut table, notes)
        }
        None => {
            // Their kind is unknown: nothing sensible can be said about these.
            let _ = NETWORK_KEYS.map(|key| table.take(key).is_some());
            let _ = ["url", "path", "allow_private"].map(|key| table.take(key).is_some());
            None
        }
    };
    table.finish(notes);
    let default = match kind {
        Some(Kind::File) => MINUTE,
        Some(Kind::Mastodon | Kind::Bluesky) => 5 * MINUTE,
        Some(Kind::Feed) | None => 15 * MINUTE,
    };
    Some(Source { name: SourceName(name?.text), kind: place?, every: every.unwrap_or(default), backfill })
}

fn misplaced(table: &mut Table<'_>, keys: &[&'static str], kind: &str, instead: &str, notes: &mut Notes<'_>) {
    for key in keys {
        if let Some(value) = table.take(key) {
            let message = format!("a source of kind \"{kind}\" has no `{key}`");
            notes.error(codes::CONFLICT, &value.span, message, format!("it is found by {instead}"));
        }
    }
}

fn every(value: &Value<'_>, kind: Option<Kind>, notes: &mut Notes<'_>) -> Option<Duration> {
    let time = value.duration(notes)?;
    let floor = match kind {
        Some(Kind::Feed) => 5 * MINUTE,
        Some(Kind::Mastodon | Kind::Bluesky) => MINUTE,
        Some(Kind::File) | None => Duration::from_secs(1),
    };
    if kind.is_some() && time < floor {
        let (message, help) = match kind {
            Some(Kind::Feed) => {
                ("that is more often than publishers like to be visited", "5 minutes is the least: every = \"5m\"")
            }
            Some(Kind::Mastodon | Kind::Bluesky) => {
                ("that is more often than networks like to be asked", "a minute is the least: every = \"1m\"")
            }
            _ => ("that is too often", "a second is the least: every = \"1s\""),
        };
        notes.error(codes::BAD_NUMBER, &value.span, message, help);
        return None;
    }
    if time > 24 * 60 * MINUTE {
        notes.error(
            codes::BAD_NUMBER,
            &value.span,
            "that is less often than once a day",
            "24 hours is the most: every = \"24h\"",
        );
        return None;
    }
    Some(time)
}

/// `"none"`, `"24h"`, `10`, `"all"`.
fn backfill(value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Backfill> {
    const HELP: &str = "write \"none\", \"all\", a time such as \"24h\", or a number of posts such as 10 (without quotes)";
    if value.inner.is_integer() {
        return value.whole_in(0..=100_000, notes).map(Backfill::Newest);
    }
    let Some(text) = value.inner.as_str() else {
        value.wrong_kind("a word, a time or a number", HELP, notes);
        return None;
    };
    match text.trim() {
        "none" => Some(Backfill::Nothing),
        "all" => Some(Backfill::Everything),
        other => {
            let time = humantime::parse_duration(other).ok().map(Backfill::Within);
            if time.is_none() {
                notes.error(codes::NOT_A_CHOICE, &value.span, format!("`backfill` cannot be \"{}\"", shown(other)), HELP);
            }
            time
        }
    }
}

/// Names of sources or desks given out so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: Vec<Words>,
}

impl Names {
    /// A name that nobody else has.
    pub(super) fn take(&mut self, what: &str, value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Words> {
        let words = value.text(notes)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if words.text.len() > 64 || !words.text.chars().all(plain) {
            let help = "up to 64 letters a–z, digits, dots and hyphens, no blanks";
            notes.error(codes::BAD_ID, &value.span, format!("\"{}\" cannot be the name of a {what}", shown(&words.text)), help);
            return None;
        }
        if let Some(first) = self.taken.iter().find(|other| other.text == words.text) {
            let first = notes.document.place(&first.span);
            notes.error(
                codes::USED_TWICE,
                &value.span,
                format!("two {what}s are called \"{}\"", words.text),
                "give each a name of its own",
            );
            if let Some(last) = notes.found.last_mut() {
                last.also = Some((first, "the first of that name".to_owned()));
            }
            return None;
        }
        self.taken.push(words.clone());
        Some(words)
    }
}
