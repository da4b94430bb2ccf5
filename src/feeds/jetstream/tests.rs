//! Frames of both versions, and what is read in them.

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
    assert!(second.as_str().ends_with(
        "/xrpc/network.bsky.jetstream.subscribeEvents?collections=app.bsky.feed.post&collections=app.bsky.feed.repost&cursor=9"
    ));
    assert!(!address(&host, Wire::V2, &vec!["did:plc:a".to_owned(); 101], false, Place::Now).as_str().contains("dids"));
}
