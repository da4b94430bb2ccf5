//! Bluesky's Jetstream, both versions: addresses to subscribe at, and frames as events; typed, and borrowed from the frame.

mod record;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use self::record::Record;
use crate::model::post::{Lang, RawPost};
use crate::model::source::Wire;

/// The records that are posts.
pub const POSTS: &str = "app.bsky.feed.post";
/// The records that are reposts.
const REPOSTS: &str = "app.bsky.feed.repost";
/// Accounts that are named in the address; a longer watch list is filtered here.
const MOST_IN_ADDRESS: usize = 100;

/// Where a stream is to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// With what is posted from now on.
    Now,
    /// At a time, in microseconds since 1970; both versions take it.
    Time(i64),
    /// At an event of this very server (version 2).
    Event(i64),
}

/// Gives the address of a subscription to posts, and `reposts` if wanted, of the whole network, or of `accounts` (DIDs).
pub fn address(host: &Url, wire: Wire, accounts: &[String], reposts: bool, place: Place) -> Url {
    let mut url = host.clone();
    let (path, collections, dids) = match wire {
        Wire::V1 => ("/subscribe", "wantedCollections", "wantedDids"),
        Wire::V2 => ("/xrpc/network.bsky.jetstream.subscribeEvents", "collections", "dids"),
    };
    if url.path() == "/" {
        url.set_path(path);
    }
    {
        let mut query = url.query_pairs_mut();
        query.append_pair(collections, POSTS);
        if reposts {
            query.append_pair(collections, REPOSTS);
        }
        for account in accounts.iter().filter(|_| accounts.len() <= MOST_IN_ADDRESS) {
            query.append_pair(dids, account);
        }
        if let Place::Time(number) | Place::Event(number) = place {
            query.append_pair("cursor", &number.to_string());
        }
    }
    url
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When the server saw it, in microseconds since 1970.
    pub time_us: i64,
    /// Its number at this server (version 2).
    pub number: Option<i64>,
    /// What happened.
    pub what: What,
}

/// What can happen on the network.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A post was written or changed.
    Written(Box<Written>),
    /// A post was reposted; the name under which its network knows it.
    Reposted(String),
    /// An account goes by this name from now on.
    Named {
        /// The account.
        did: String,
        /// Its name, without the `@`.
        handle: String,
    },
    /// A post was deleted; the name under which its network knows it.
    Deleted(String),
    /// An account is gone; how the addresses of all its posts begin.
    Gone(String),
    /// Something that is none of our business.
    Other,
    /// A post that cannot be read.
    Unreadable,
}

/// A post in the stream.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The post.
    pub post: RawPost,
    /// The post that it quotes (`at://…`): the stream does not carry its words.
    pub quotes: Option<String>,
    /// It was there before, with other words.
    pub is_edit: bool,
}

/// Why a frame holds no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoEvent {
    /// It is no JSON, or not that of a Jetstream.
    Garbage,
    /// The server says that our cursor was too old, and begins with the oldest it has.
    Clamped,
    /// The server sends us away ("ConsumerTooSlow").
    SentAway,
}

/// Text that is borrowed from the frame unless it holds escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct FrameV1<'a> {
    time_us: i64,
    #[serde(borrow)]
    did: Text<'a>,
    #[serde(borrow, default)]
    commit: Option<Commit<'a>>,
    #[serde(borrow, default)]
    account: Option<Account<'a>>,
    #[serde(borrow, default)]
    identity: Option<Identity<'a>>,
}

#[derive(Deserialize)]
struct FrameV2<'a> {
    #[serde(borrow, default)]
    payload: Option<Payload<'a>>,
    #[serde(borrow, default)]
    error: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Payload<'a> {
    #[serde(borrow, rename = "$type")]
    kind: Text<'a>,
    #[serde(default)]
    seq: Option<i64>,
    #[serde(borrow, default)]
    time: Option<Text<'a>>,
    #[serde(borrow, default)]
    did: Option<Text<'a>>,
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    account: Option<Account<'a>>,
    #[serde(borrow, default)]
    identity: Option<Identity<'a>>,
    #[serde(borrow, default)]
    operation: Option<Text<'a>>,
    #[serde(borrow, default)]
    collection: Option<Text<'a>>,
    #[serde(borrow, default)]
    rkey: Option<Text<'a>>,
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Commit<'a> {
    #[serde(borrow)]
    operation: Text<'a>,
    #[serde(borrow)]
    collection: Text<'a>,
    #[serde(borrow)]
    rkey: Text<'a>,
    // Nobody has checked what is in a record: read apart, so that a bad one does not hide when it came.
    #[serde(borrow, default)]
    record: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(default)]
    active: bool,
    #[serde(borrow, default)]
    status: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow, default)]
    handle: Option<Text<'a>>,
}

/// What is wanted of a stream.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Posts that declare languages must declare one of these; all posts where it is empty.
    pub languages: &'a [Lang],
    /// Only posts of these accounts; of all where it is empty.
    pub accounts: &'a [String],
}

/// Reads one frame.
///
/// # Errors
/// When it holds no event.
pub fn read(frame: &str, wire: Wire, wanted: Wanted<'_>) -> Result<Event, NoEvent> {
    match wire {
        Wire::V1 => {
            let frame: FrameV1<'_> = serde_json::from_str(frame).map_err(|_| NoEvent::Garbage)?;
            let what = match (&frame.commit, &frame.account) {
                (Some(commit), _) => change(&frame.did, commit, wanted),
                (None, Some(account)) => departure(&frame.did, account),
                (None, None) => named(&frame.did, frame.identity),
            };
            Ok(Event { time_us: frame.time_us, number: None, what })
        }
        Wire::V2 => second(serde_json::from_str(frame).map_err(|_| NoEvent::Garbage)?, wanted),
    }
}

fn second(frame: FrameV2<'_>, wanted: Wanted<'_>) -> Result<Event, NoEvent> {
    if frame.error.is_some() {
        return Err(NoEvent::SentAway);
    }
    let payload = frame.payload.ok_or(NoEvent::Garbage)?;
    if payload.kind.0.ends_with("#info") {
        let is_clamped = payload.name.is_some_and(|name| name.0 == "OutdatedCursor");
        return Err(if is_clamped { NoEvent::Clamped } else { NoEvent::Garbage });
    }
    let time: Timestamp = payload.time.and_then(|time| time.0.parse().ok()).ok_or(NoEvent::Garbage)?;
    let what = match (payload.did, payload.operation, payload.collection, payload.rkey) {
        (Some(did), Some(operation), Some(collection), Some(rkey)) => {
            change(&did, &Commit { operation, collection, rkey, record: payload.record }, wanted)
        }
        (Some(did), ..) => match payload.account {
            Some(account) => departure(&did, &account),
            None => named(&did, payload.identity),
        },
        _ => What::Other,
    };
    Ok(Event { time_us: time.as_microsecond(), number: payload.seq, what })
}

/// `deactivated` comes back as a rule; `deleted`, `takendown` and `suspended` must not be kept.
fn departure(did: &Text<'_>, account: &Account<'_>) -> What {
    let status = account.status.as_ref().map(|status| status.0.as_ref()).unwrap_or_default();
    match !account.active && ["deleted", "takendown", "suspended"].contains(&status) {
        true => What::Gone(format!("https://bsky.app/profile/{}/", did.0)),
        false => What::Other,
    }
}

fn named(did: &Text<'_>, identity: Option<Identity<'_>>) -> What {
    let handle = identity.and_then(|identity| identity.handle).filter(|handle| !handle.0.is_empty() && handle.0.len() < 256);
    handle.map_or(What::Other, |handle| What::Named { did: did.0.clone().into_owned(), handle: handle.0.into_owned() })
}

fn change(did: &Text<'_>, commit: &Commit<'_>, wanted: Wanted<'_>) -> What {
    if commit.collection.0 == REPOSTS && commit.operation.0 == "create" {
        return commit.record.and_then(record::reposted).map_or(What::Other, What::Reposted);
    }
    if commit.collection.0 != POSTS || !(wanted.accounts.is_empty() || wanted.accounts.iter().any(|one| *one == did.0)) {
        return What::Other;
    }
    let uri = format!("at://{}/{POSTS}/{}", did.0, commit.rkey.0);
    if commit.operation.0 == "delete" {
        return What::Deleted(format!("bluesky|{uri}"));
    }
    let Some(record) = commit.record.and_then(|record| serde_json::from_str::<Record<'_>>(record.get()).ok()) else {
        return What::Unreadable;
    };
    let speaks = |lang: &Text<'_>| {
        let primary = lang.0.split(['-', '_']).next().unwrap_or_default();
        wanted.languages.iter().any(|wanted| wanted.0.eq_ignore_ascii_case(primary))
    };
    // A post that declares none may be in any.
    if !(wanted.languages.is_empty() || record.langs.is_empty() || record.langs.iter().any(speaks)) {
        return What::Other;
    }
    What::Written(Box::new(record.into_post(uri, &did.0, &commit.rkey.0, commit.operation.0 == "update")))
}

#[cfg(test)]
mod tests;
