//! `[[source]]`: where posts come from.

use std::path::PathBuf;
use std::time::Duration;

use super::common::{self, Names, SecretOf};
use super::networks;
use crate::model::source::{Backfill, Source, SourceKind, SourceName};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table, shown};
use crate::rules::reading::value::Value;

const MINUTE: Duration = Duration::from_secs(60);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    File,
    Feed,
    Mastodon,
    Bluesky,
    Push,
    Jetstream,
    Telegram,
    Reddit,
}

const KINDS: [(&str, Kind); 8] = [
    ("file", Kind::File),
    ("feed", Kind::Feed),
    ("mastodon", Kind::Mastodon),
    ("bluesky", Kind::Bluesky),
    ("push", Kind::Push),
    ("jetstream", Kind::Jetstream),
    ("telegram", Kind::Telegram),
    ("reddit", Kind::Reddit),
];

impl Kind {
    /// The word for it, the keys it has besides `name`, `kind`, `every` and `backfill`, and how it is found.
    fn outline(self) -> (&'static str, &'static [&'static str], &'static str) {
        match self {
            Self::File => ("file", &["path"], "it is found by path = \"…\""),
            Self::Feed => ("feed", &["url", "allow_private"], "it is found by url = \"https://…\""),
            Self::Mastodon => (
                "mastodon",
                &["server", "tag", "account", "list", "public", "stream", "token_file", "allow_private"],
                "it is found by server = \"https://…\" and tag = \"…\"",
            ),
            Self::Bluesky => ("bluesky", &["server", "author", "list", "feed", "allow_private"], "it is found by author = \"…\""),
            Self::Jetstream => (
                "jetstream",
                &["version", "hosts", "languages", "accounts", "server", "lookups", "reposts", "allow_private"],
                "it is all of Bluesky; narrow it with languages = [\"en\"] or accounts = [\"did:plc:…\"]",
            ),
            Self::Telegram => ("telegram", &["server", "channel", "allow_private"], "it is found by channel = \"…\""),
            Self::Reddit => (
                "reddit",
                &["server", "subreddit", "client_id_file", "client_secret_file", "allow_private"],
                "it is found by subreddit = \"…\"",
            ),
            Self::Push => ("push", &[], "posts are brought to it by claimwatch ingest and POST /ingest"),
        }
    }

    fn is_network(self) -> bool {
        matches!(self, Self::Mastodon | Self::Bluesky | Self::Jetstream | Self::Telegram | Self::Reddit)
    }
}

/// Keys of all kinds of source.
const KEYS: [&str; 22] = [
    "url",
    "path",
    "allow_private",
    "server",
    "tag",
    "account",
    "list",
    "public",
    "author",
    "feed",
    "token_file",
    "version",
    "hosts",
    "languages",
    "accounts",
    "lookups",
    "reposts",
    "stream",
    "channel",
    "subreddit",
    "client_id_file",
    "client_secret_file",
];

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
    misplaced(&mut table, kind, notes);
    if kind.is_some_and(Kind::is_network) {
        networks::contact_is_needed(&span, has_contact, notes);
    }
    let place = match kind {
        Some(Kind::File) => {
            let path = table.need("path", "path = \"config/sample-feed.xml\"", notes).and_then(|value| value.text(notes));
            path.map(|words| SourceKind::File { path: PathBuf::from(words.text) })
        }
        Some(Kind::Feed) => {
            let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
            let url =
                table.need("url", "url = \"https://example.org/feed.xml\"", notes).and_then(|value| value.web_address(notes));
            url.map(|url| SourceKind::Feed { url, allow_private })
        }
        Some(Kind::Mastodon) => networks::mastodon(&mut table, secret, notes),
        Some(Kind::Bluesky) => networks::bluesky(&mut table, notes),
        Some(Kind::Push) => Some(SourceKind::Push),
        Some(Kind::Jetstream) => networks::jetstream(&mut table, notes),
        Some(Kind::Telegram) => networks::telegram(&mut table, notes),
        Some(Kind::Reddit) => networks::reddit(&mut table, secret, notes),
        None => None,
    };
    table.finish(notes);
    let default = match kind {
        Some(Kind::File | Kind::Push | Kind::Jetstream) => MINUTE,
        Some(Kind::Mastodon | Kind::Bluesky | Kind::Telegram | Kind::Reddit) => 5 * MINUTE,
        Some(Kind::Feed) | None => 15 * MINUTE,
    };
    // What somebody brings, he wants compared.
    let backfill = if kind == Some(Kind::Push) { Backfill::Everything } else { backfill };
    Some(Source { name: SourceName(name?.text), kind: place?, every: every.unwrap_or(default), backfill })
}

/// Takes out keys that belong to other kinds, and says so; of an unknown kind nothing sensible can be said.
fn misplaced(table: &mut Table<'_>, kind: Option<Kind>, notes: &mut Notes<'_>) {
    let outline = kind.map(Kind::outline);
    for key in KEYS {
        if outline.is_some_and(|(_, keys, _)| keys.contains(&key)) {
            continue;
        }
        if let (Some(value), Some((word, _, found))) = (table.take(key), outline) {
            let message = format!("a source of kind \"{word}\" has no `{key}`");
            notes.error(codes::CONFLICT, &value.span, message, found);
        }
    }
}

fn every(value: &Value<'_>, kind: Option<Kind>, notes: &mut Notes<'_>) -> Option<Duration> {
    let time = value.duration(notes)?;
    let floor = match kind {
        Some(Kind::Feed) => 5 * MINUTE,
        Some(Kind::Mastodon | Kind::Bluesky | Kind::Telegram | Kind::Reddit) => MINUTE,
        Some(Kind::File | Kind::Push | Kind::Jetstream) | None => Duration::from_secs(1),
    };
    if kind.is_some() && time < floor {
        let (message, help) = match kind {
            Some(Kind::Feed) => {
                ("that is more often than publishers like to be visited", "5 minutes is the least: every = \"5m\"")
            }
            Some(Kind::Mastodon | Kind::Bluesky | Kind::Telegram | Kind::Reddit) => {
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
