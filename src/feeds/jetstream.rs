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
        return commit.record.and_then(|record| record::reposted(record)).map_or(What::Other, What::Reposted);
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
mod tests {
    use super::*;
    use crate::model::post::Markup;

    const ALL: Wanted<'_> = Wanted { languages: &[], accounts: &[] };
    const RECORD: &str = r##"{"$type": "app.bsky.feed.post", "text": "look \"here\" bit.ly/x", "createdAt": "2026-11-01T09:59:00Z",
        "langs": ["en-GB"], "labels": {"values": [{"val": "graphic-media"}]},
        "facets": [{"features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://bit.example/xyz"}, {"did": "did:plc:b"}]}],
        "embed": {"$type": "app.bsky.embed.recordWithMedia", "record": {"record": {"uri": "at://x/app.bsky.feed.post/1", "cid": "c"}},
          "media": {"$type": "app.bsky.embed.images", "images": [{"alt": "a <moon>"}, {"alt": ""}],
            "external": {"uri": "https://p.example/", "title": "T", "description": "D"}}}}"##;

    fn v1(operation: &str, record: &str) -> String {
        format!(
            r#"{{"did": "did:plc:a", "time_us": 1700000000000001, "kind": "commit",
                "commit": {{"rev": "r", "operation": "{operation}", "collection": "app.bsky.feed.post", "rkey": "3k"{record}}}}}"#
        )
    }

    fn v2(kind: &str, rest: &str) -> String {
        format!(
            r#"{{"$type": "message", "payload": {{"$type": "network.bsky.jetstream.subscribeEvents#{kind}", "seq": 7,
                "did": "did:plc:a", "time": "2023-11-14T22:13:20.000001Z"{rest}}}}}"#
        )
    }

    #[test]
    fn both_versions_give_the_same_post_with_all_that_can_be_matched() {
        let first = read(&v1("create", &format!(", \"record\": {RECORD}")), Wire::V1, ALL).unwrap();
        let rest = format!(r#", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": {RECORD}"#);
        let second = read(&v2("commit", &rest), Wire::V2, ALL).unwrap();
        assert_eq!((first.time_us, first.number), (1_700_000_000_000_001, None));
        assert_eq!((second.time_us, second.number), (1_700_000_000_000_001, Some(7)));
        assert_eq!(first.what, second.what);
        let What::Written(written) = first.what else { panic!("a post") };
        let Written { post, quotes, is_edit } = *written;
        assert_eq!((quotes.as_deref(), is_edit), (Some("at://x/app.bsky.feed.post/1"), false));
        assert_eq!(post.everywhere.as_deref(), Some("bluesky|at://did:plc:a/app.bsky.feed.post/3k"));
        assert_eq!(post.url.as_deref(), Some("https://bsky.app/profile/did:plc:a/post/3k"));
        assert_eq!(post.body, Some(Markup::Plain("look \"here\" bit.ly/x".into())));
        assert_eq!(post.captions, ["a &lt;moon>"]);
        assert_eq!(post.card.as_deref(), Some("T\nD"));
        assert_eq!(post.links, ["https://bit.example/xyz", "https://p.example/"]);
        assert_eq!((post.lang.as_deref(), post.warning.as_deref()), (Some("en-GB"), Some("graphic-media")));
    }

    #[test]
    fn deletions_and_departures_are_told_and_other_things_only_move_the_clock() {
        let what = |frame: &str| read(frame, Wire::V1, ALL).unwrap().what;
        assert_eq!(what(&v1("delete", "")), What::Deleted("bluesky|at://did:plc:a/app.bsky.feed.post/3k".into()));
        let account = |rest: &str| format!(r#"{{"did": "did:plc:a", "time_us": 5, "kind": "account", "account": {{{rest}}}}}"#);
        assert_eq!(
            what(&account(r#""active": false, "status": "deleted""#)),
            What::Gone("https://bsky.app/profile/did:plc:a/".into())
        );
        assert_eq!(what(&account(r#""active": false, "status": "deactivated""#)), What::Other);
        assert_eq!(what(r#"{"did": "did:plc:a", "time_us": 5, "kind": "identity", "identity": {"seq": 1}}"#), What::Other);
        let named = what(r#"{"did": "did:plc:a", "time_us": 5, "kind": "identity", "identity": {"handle": "ann.example"}}"#);
        assert_eq!(named, What::Named { did: "did:plc:a".into(), handle: "ann.example".into() });
        assert!(matches!(what(&v1("update", &format!(", \"record\": {RECORD}"))), What::Written(written) if written.is_edit));
        let repost = v1("create", r#", "record": {"subject": {"uri": "at://did:plc:b/app.bsky.feed.post/9", "cid": "c"}}"#);
        let repost = repost.replacen("app.bsky.feed.post", "app.bsky.feed.repost", 1);
        assert_eq!(what(&repost), What::Reposted("bluesky|at://did:plc:b/app.bsky.feed.post/9".into()));
        assert_eq!(what(&v1("create", ", \"record\": {\"text\": 7}")), What::Unreadable);
        let gone = read(&v2("account", r#", "account": {"active": false, "status": "takendown"}"#), Wire::V2, ALL);
        assert!(matches!(gone.unwrap().what, What::Gone(_)));
    }

    #[test]
    fn languages_and_accounts_choose_and_undeclared_languages_pass() {
        let wanted = [Lang("fr".into())];
        let what = |langs: &str| {
            let record = format!(", \"record\": {{\"text\": \"a\", \"langs\": [{langs}]}}");
            read(&v1("create", &record), Wire::V1, Wanted { languages: &wanted, accounts: &[] }).unwrap().what
        };
        assert!(matches!(what("\"en\", \"fr-CA\""), What::Written(_)));
        assert!(matches!(what(""), What::Written(_)));
        assert_eq!(what("\"en\""), What::Other);
        let accounts = ["did:plc:b".to_owned()];
        let record = ", \"record\": {\"text\": \"a\"}";
        let wanted = Wanted { languages: &[], accounts: &accounts };
        assert_eq!(read(&v1("create", record), Wire::V1, wanted).unwrap().what, What::Other);
    }

    #[test]
    fn what_is_no_event_is_told_apart() {
        for garbage in ["", "{", "[]", "{\"time_us\": \"x\"}", "nonsense"] {
            assert_eq!(read(garbage, Wire::V1, ALL), Err(NoEvent::Garbage), "{garbage}");
            assert_eq!(read(garbage, Wire::V2, ALL), Err(NoEvent::Garbage), "{garbage}");
        }
        let error = r#"{"$type": "error", "error": "ConsumerTooSlow", "message": "x"}"#;
        assert_eq!(read(error, Wire::V2, ALL), Err(NoEvent::SentAway));
        assert_eq!(read(&v2("info", r#", "name": "OutdatedCursor""#), Wire::V2, ALL), Err(NoEvent::Clamped));
    }

    proptest::proptest! {
        #[test]
        fn no_frame_makes_it_panic(cut in 0usize..900, put in "\\PC{0,4}", second in proptest::bool::ANY) {
            let rest = format!(r#", "operation": "create", "collection": "app.bsky.feed.post", "rkey": "3k", "record": {RECORD}"#);
            let (frame, wire) = match second {
                true => (v2("commit", &rest), Wire::V2),
                false => (v1("create", &format!(", \"record\": {RECORD}")), Wire::V1),
            };
            let cut = frame.floor_char_boundary(cut);
            let _ = read(&format!("{}{put}{}", &frame[..cut], &frame[cut..]), wire, ALL);
            let _ = read(&frame[..cut], wire, ALL);
        }
    }

    #[test]
    fn subscriptions_name_what_is_wanted() {
        let host = Url::parse("https://jetstream.example").unwrap();
        let dids = ["did:plc:a".to_owned()];
        let first = address(&host, Wire::V1, &dids, false, Place::Time(5));
        assert_eq!(
            first.as_str(),
            "https://jetstream.example/subscribe?wantedCollections=app.bsky.feed.post&wantedDids=did%3Aplc%3Aa&cursor=5"
        );
        let second = address(&host, Wire::V2, &[], true, Place::Event(9));
        assert!(
            second.as_str().ends_with("/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&collections=app.bsky.feed.repost&cursor=9")
        );
        assert!(!address(&host, Wire::V2, &vec!["did:plc:a".to_owned(); 101], false, Place::Now).as_str().contains("dids"));
    }
}
