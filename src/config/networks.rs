//! `[[source]]` on a network: which server, which of its lists, and what lets us in.

use std::ops::Range;

use url::Url;

use super::common::{self, SecretOf};
use crate::model::post::Lang;
use crate::model::source::{BlueskyList, RedditKeys, SourceKind, Timeline, Wire};
use crate::rules::codes;
use crate::rules::reading::table::{Notes, Table};
use crate::rules::reading::value::Words;

/// Where Bluesky lists posts for everybody.
const APP_VIEW: &str = "https://public.api.bsky.app";

/// Where Telegram shows public channels on the web.
const PREVIEWS: &str = "https://t.me";
/// Where Reddit has its feeds…
const REDDIT: &str = "https://www.reddit.com";
/// …and its interface for those with keys.
const REDDIT_WITH_KEYS: &str = "https://oauth.reddit.com";

/// Servers of the stream, version 1.
const STREAMS_V1: [&str; 4] = [
    "https://jetstream1.us-east.bsky.network",
    "https://jetstream2.us-east.bsky.network",
    "https://jetstream1.us-west.bsky.network",
    "https://jetstream2.us-west.bsky.network",
];
/// Version 2.
const STREAMS_V2: [&str; 2] = ["https://jetstream.us-east.bsky.network", "https://jetstream.us-west.bsky.network"];

/// Networks want to know whom to write to before they shut us out.
pub(super) fn contact_is_needed(span: &Range<usize>, has_contact: bool, notes: &mut Notes<'_>) {
    if !has_contact {
        let help = "add to [fetch]: contact = \"desk@example.org\" (it stands in our User-Agent)";
        notes.error(codes::MISSING_KEY, span, "networks must be able to reach you: `contact` is missing", help);
    }
}

/// `server`, and one of `tag`, `account`, `list`, `public`.
pub(super) fn mastodon(table: &mut Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<SourceKind> {
    let span = table.span.clone();
    let server = table.need("server", "server = \"https://mastodon.social\"", notes).and_then(|value| value.web_address(notes));
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    let token = table.take("token_file").and_then(|value| common::token(&value, secret, notes));
    let public = table.take("public").and_then(|value| value.choice(&[("local", true), ("all", false)], notes));
    let mut found: Vec<Timeline> = public.map(|local| Timeline::Public { local }).into_iter().collect();
    found.extend(name(table, "tag", &['#'], notes).map(Timeline::Tag));
    found.extend(name(table, "account", &['@'], notes).map(Timeline::Account));
    found.extend(name(table, "list", &[], notes).map(Timeline::List));
    let timeline = just_one(found, &span, "`tag`, `account`, `list` or `public`", "tag = \"northkorea\"", notes)?;
    let streams = match table.take("stream") {
        Some(value) => {
            let streams = value.flag(notes).unwrap_or_default();
            if streams && matches!(timeline, Timeline::Account(_)) {
                let help = "leave `stream` out, or follow a tag, a list or a public timeline";
                notes.error(codes::CONFLICT, &value.span, "servers have no stream of a single account", help);
            }
            streams
        }
        None => false,
    };
    Some(SourceKind::Mastodon { server: server?, timeline, token, streams, allow_private })
}

/// One of `author`, `list`, `feed`; `server` where it is not Bluesky's own.
pub(super) fn bluesky(table: &mut Table<'_>, notes: &mut Notes<'_>) -> Option<SourceKind> {
    let span = table.span.clone();
    let server = match table.take("server") {
        Some(value) => value.web_address(notes),
        None => Url::parse(APP_VIEW).ok(),
    };
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    let mut found = Vec::new();
    found.extend(name(table, "author", &['@'], notes).map(BlueskyList::Author));
    found.extend(at_uri(table, "list", notes).map(BlueskyList::List));
    found.extend(at_uri(table, "feed", notes).map(BlueskyList::Feed));
    let list = just_one(found, &span, "`author`, `list` or `feed`", "author = \"ann.example.org\"", notes)?;
    Some(SourceKind::Bluesky { server: server?, list, allow_private })
}

/// `channel`; `server` where previews are found elsewhere.
pub(super) fn telegram(table: &mut Table<'_>, notes: &mut Notes<'_>) -> Option<SourceKind> {
    let server = match table.take("server") {
        Some(value) => value.web_address(notes),
        None => Url::parse(PREVIEWS).ok(),
    };
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    let words = table.need("channel", "channel = \"durov\"", notes).and_then(|value| value.text(notes))?;
    let text = words.text.trim();
    let text = ["https://", "http://"].iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let text = ["t.me/s/", "t.me/"].iter().find_map(|host| text.strip_prefix(host)).unwrap_or(text);
    let channel = text.trim_start_matches('@').trim_end_matches('/');
    // What follows a plus sign invites to a private channel, which has no preview.
    if channel.is_empty() || !channel.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        let help = "write the public name alone: channel = \"durov\"; private channels have no preview";
        notes.error(codes::BAD_ADDRESS, &words.span, "this is not the name of a channel", help);
        return None;
    }
    Some(SourceKind::Telegram { server: server?, channel: channel.to_owned(), allow_private })
}

/// `subreddit`, and the files with the keys, both or none.
pub(super) fn reddit(table: &mut Table<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<SourceKind> {
    let span = table.span.clone();
    let (feed_server, server) = match table.take("server") {
        Some(value) => {
            let server = value.web_address(notes);
            (server.clone(), server)
        }
        None => (Url::parse(REDDIT).ok(), Url::parse(REDDIT_WITH_KEYS).ok()),
    };
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    let words = table.need("subreddit", "subreddit = \"worldnews\"", notes).and_then(|value| value.text(notes));
    let (id, password) = (table.take("client_id_file"), table.take("client_secret_file"));
    if id.is_some() != password.is_some() {
        let help = "name both files, client_id_file and client_secret_file, or none of them";
        notes.error(codes::MISSING_KEY, &span, "Reddit's keys come in pairs: an id and a secret", help);
    }
    let id = id.and_then(|value| common::token(&value, secret, notes));
    let password = password.and_then(|value| common::token(&value, secret, notes));
    let keys = id.zip(password).map(|(id, secret)| RedditKeys { id, secret });
    let words = words?;
    let text = words.text.trim().trim_start_matches('/');
    let subreddit = text.strip_prefix("r/").unwrap_or(text);
    if subreddit.is_empty() || !subreddit.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+".contains(&byte)) {
        let help = "write the name alone, several joined by a plus sign: \"worldnews+europe\"";
        notes.error(codes::BAD_ADDRESS, &words.span, "this is not the name of a subreddit", help);
        return None;
    }
    Some(SourceKind::Reddit { feed_server: feed_server?, server: server?, subreddit: subreddit.to_owned(), keys, allow_private })
}

/// All of Bluesky, or `accounts`; `languages` narrow it down, `version` and `hosts` say whom to ask.
pub(super) fn jetstream(table: &mut Table<'_>, notes: &mut Notes<'_>) -> Option<SourceKind> {
    let allow_private = table.take("allow_private").map(|value| common::networks(&value, notes)).unwrap_or_default();
    let version = table.take("version").map_or(Some(1), |value| value.whole_in(1..=2, notes));
    let wire = if version == Some(2) { Wire::V2 } else { Wire::V1 };
    let languages = table.take("languages").map(|value| value.texts(notes)).unwrap_or_default();
    let languages = languages.into_iter().filter_map(|words| language(&words, notes)).collect();
    let accounts = table.take("accounts").map(|value| value.texts(notes)).unwrap_or_default();
    let accounts: Vec<String> = accounts.into_iter().filter_map(|words| did(words, notes)).collect();
    let hosts: Vec<Url> = match table.take("hosts") {
        Some(value) => value.texts(notes).into_iter().filter_map(|words| stream_address(&words, notes)).collect(),
        None if wire == Wire::V1 => STREAMS_V1.iter().filter_map(|host| Url::parse(host).ok()).collect(),
        None => STREAMS_V2.iter().filter_map(|host| Url::parse(host).ok()).collect(),
    };
    let server = match table.take("server") {
        Some(value) => value.web_address(notes),
        None => Url::parse(APP_VIEW).ok(),
    };
    let mut flag = |key| table.take(key).and_then(|value| value.flag(notes)).unwrap_or(true);
    let (lookups, reposts) = (flag("lookups"), flag("reposts"));
    let app_view = server.filter(|_| lookups);
    if hosts.is_empty() {
        let help = "name one or leave `hosts` out: hosts = [\"wss://jetstream1.us-east.bsky.network\"]";
        notes.error(codes::MISSING_KEY, &table.span, "the stream has no server", help);
        return None;
    }
    Some(SourceKind::Jetstream { hosts, wire, languages, accounts, app_view, reposts, allow_private })
}

fn language(words: &Words, notes: &mut Notes<'_>) -> Option<Lang> {
    let lang = words.text.trim().to_ascii_lowercase();
    if (2..=3).contains(&lang.len()) && lang.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Some(Lang(lang));
    }
    let help = "write the short tag: \"en\", \"fr\", \"ko\"";
    notes.error(codes::NOT_A_CHOICE, &words.span, "this is not the tag of a language", help);
    None
}

fn did(words: Words, notes: &mut Notes<'_>) -> Option<String> {
    let is_plain = words.text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b":._-%".contains(&byte));
    if ["did:plc:", "did:web:"].iter().any(|start| words.text.starts_with(start)) && is_plain && words.text.len() > 8 {
        return Some(words.text);
    }
    let help =
        "write it as did:plc:…; bsky.app shows it under an account's name, or ask …/xrpc/com.atproto.identity.resolveHandle";
    notes.error(codes::BAD_ADDRESS, &words.span, "this is not the DID of an account", help);
    None
}

/// `wss://…`, kept as `https://…`, by which the rules about addresses know it.
fn stream_address(words: &Words, notes: &mut Notes<'_>) -> Option<Url> {
    let text = words.text.trim();
    let plain = [("wss://", "https://"), ("ws://", "http://"), ("https://", "https://"), ("http://", "http://")];
    let url = plain.iter().find_map(|(from, to)| Url::parse(&format!("{to}{}", text.strip_prefix(from)?)).ok());
    if url.is_none() {
        notes.error(codes::BAD_ADDRESS, &words.span, "this is not the address of a stream", "write it as \"wss://host.example\"");
    }
    url
}

fn words(table: &mut Table<'_>, key: &'static str, notes: &mut Notes<'_>) -> Option<Words> {
    table.take(key).and_then(|value| value.text(notes))
}

/// A name without the sign people write in front of it.
fn name(table: &mut Table<'_>, key: &'static str, sign: &[char], notes: &mut Notes<'_>) -> Option<String> {
    let words = words(table, key, notes)?;
    let plain = words.text.trim().trim_start_matches(sign);
    if !plain.is_empty() && !plain.contains(|c: char| c.is_whitespace() || c.is_control() || c == '/') {
        return Some(plain.to_owned());
    }
    let help = "write the name alone, without blanks and slashes";
    notes.error(codes::BAD_ADDRESS, &words.span, format!("this is not the name of a {key}"), help);
    None
}

fn at_uri(table: &mut Table<'_>, key: &'static str, notes: &mut Notes<'_>) -> Option<String> {
    let words = words(table, key, notes)?;
    if words.text.starts_with("at://") && words.text.split('/').filter(|step| !step.is_empty()).count() == 4 {
        return Some(words.text);
    }
    let help = "write it as at://did:plc:…/app.bsky.graph.list/… (lists) or at://did:plc:…/app.bsky.feed.generator/… (feeds)";
    notes.error(codes::BAD_ADDRESS, &words.span, format!("this is not the address of a {key} on Bluesky"), help);
    None
}

fn just_one<T>(mut found: Vec<T>, span: &Range<usize>, choices: &str, example: &str, notes: &mut Notes<'_>) -> Option<T> {
    match found.len() {
        1 => found.pop(),
        0 => {
            notes.error(codes::MISSING_KEY, span, format!("one of {choices} is needed"), format!("for example {example}"));
            None
        }
        _ => {
            let help = "make a [[source]] of its own for each";
            notes.error(codes::CONFLICT, span, format!("only one of {choices} can stand in a source"), help);
            None
        }
    }
}
