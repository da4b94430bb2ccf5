//! Networks: a faithful small Mastodon and a faithful small AppView, and the daemon reading them without gaps.

use std::sync::{Arc, Mutex};

use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::round::{self, House, Tally, Visited};
use claimwatch::daemon::stream::follow::Pace;
use claimwatch::daemon::stream::mastodon::Listener;
use claimwatch::fetch::Fetcher;
use claimwatch::fetch::settings::Settings;
use claimwatch::model::source::{Backfill, BlueskyList, Source, SourceKind, SourceName, SourceState, Timeline, Token};
use claimwatch::rules::RuleText;
use claimwatch::rules::compile::compile;
use claimwatch::rules::syntax;
use claimwatch::telemetry::metrics::Metrics;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::samples::{desk, open_store};
use crate::server::{Answer, Request, Server};

/// Statuses by number, and how the server is disposed.
#[derive(Default)]
struct Mastodon {
    statuses: Mutex<Vec<(u64, Value)>>,
    token: Option<&'static str>,
    /// Requests it allows before it says 429 with an empty body.
    allows: Option<usize>,
    /// Knows nothing of `min_id` and gives the newest page always.
    is_deaf: bool,
}

impl Mastodon {
    fn post(&self, number: u64, text: &str) {
        let status = json!({
            "id": number.to_string(), "uri": format!("https://far.example/s/{number}"), "url": null, "spoiler_text": "",
            "created_at": "2026-11-01T10:00:00.000Z", "edited_at": null, "language": "en", "reblog": null,
            "content": format!("<p>{text} <a href=\"https://x.example/\"><span class=\"invisible\">https://</span>x.example</a></p>"),
            "account": {"acct": "ann", "display_name": "", "url": "https://far.example/@ann"}, "media_attachments": []
        });
        self.statuses.lock().unwrap().push((number, status));
    }

    fn answer(&self, request: &Request) -> Answer {
        let url = Url::parse("http://fake.example").unwrap().join(&request.path).unwrap();
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if self.token.is_some_and(|token| request.header("authorization") != Some(format!("Bearer {token}").into_bytes())) {
            return Answer::ok(r#"{"error": "This method requires an authenticated user"}"#).with_status(401);
        }
        if self.allows.is_some_and(|allows| request.number > allows) {
            return Answer::status(429)
                .header("X-RateLimit-Remaining", "0")
                .header("X-RateLimit-Reset", "2999-01-01T00:00:00.000Z");
        }
        if url.path() == "/api/v1/accounts/lookup" {
            return Answer::ok(json!({"id": "77", "acct": query("acct")}).to_string());
        }
        let limit: usize = query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(20).min(40);
        let mut all = self.statuses.lock().unwrap().clone();
        all.sort_by_key(|(number, _)| *number);
        let chosen: Vec<_> = match query("min_id").filter(|_| !self.is_deaf).and_then(|id| id.parse::<u64>().ok()) {
            // Those just after `min_id`, and still newest first.
            Some(after) => {
                let mut next: Vec<_> = all.into_iter().filter(|(number, _)| *number > after).take(limit).collect();
                next.reverse();
                next
            }
            None => all.into_iter().rev().take(limit).collect(),
        };
        Answer::ok(Value::Array(chosen.into_iter().map(|(_, status)| status).collect()).to_string())
    }
}

async fn mastodon(fake: Mastodon) -> (Arc<Mastodon>, Server) {
    let fake = Arc::new(fake);
    let answering = Arc::clone(&fake);
    (fake, Server::start(move |request| answering.answer(request)).await)
}

pub fn source(name: &str, kind: SourceKind) -> Source {
    Source { name: SourceName(name.into()), kind, every: std::time::Duration::from_secs(300), backfill: Backfill::Nothing }
}

fn timeline(name: &str, server: &Server, timeline: Timeline, token: Option<&str>) -> Source {
    let token = token.map(|token| Token(token.to_owned()));
    let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    source(name, SourceKind::Mastodon { server: server.url("/"), timeline, token, streams: false, allow_private })
}

fn tag(name: &str, server: &Server) -> Source {
    timeline(name, server, Timeline::Tag("moon".into()), None)
}

pub struct Desk {
    _folder: TempDir,
    pub house: Arc<House>,
    pub states: std::collections::HashMap<SourceName, SourceState>,
}

impl Desk {
    pub async fn new() -> Self {
        Self::at(Clock::from("2026-11-01T12:00:00Z".parse().unwrap())).await
    }

    pub async fn at(clock: Clock) -> Self {
        let folder = TempDir::new().unwrap();
        let rules = "format = 1\n[[claim]]\nid = \"cheese\"\nclaim = \"The moon is made of green cheese.\"\ntopic = \"moon\"\n\
                     [claim.match]\nphrases = [\"the moon is made of green cheese\"]\n";
        let text = RuleText { name: "rules.toml".into(), bytes: rules.into() };
        let (rules, found) = syntax::read(&[text]);
        assert!(!rules.is_empty(), "{found:?}");
        let (sender, rules) = tokio::sync::watch::channel(Arc::new(compile(rules)));
        std::mem::forget(sender);
        let settings = Settings { contact: Some("desk@example.org".into()), ..Settings::default() };
        let house = Arc::new(House {
            store: open_store(folder.path()).await,
            fetcher: Fetcher::new(&settings),
            rules,
            desks: tokio::sync::watch::channel(Arc::from([desk("moon")])).1,
            metrics: Arc::new(Metrics::new("test")),
            clock,
        });
        Self { _folder: folder, house, states: Default::default() }
    }

    /// Visits once; what was remembered comes from the database, as after a restart.
    pub async fn visit(&mut self, source: &Source) -> Visited {
        let state = self.house.store.source_states().await.unwrap().remove(&source.name).unwrap_or_default();
        let (state, how) = round::visit(&self.house, source, &state, 0.5).await;
        self.states.insert(source.name.clone(), state);
        how
    }

    pub async fn read(&mut self, source: &Source) -> Tally {
        match self.visit(source).await {
            Visited::Read(tally) => tally,
            other => panic!("{other:?}"),
        }
    }
}

pub const CLAIM: &str = "I tell you: the moon is made of green cheese!";

#[tokio::test]
async fn after_days_away_a_timeline_is_read_without_a_gap() {
    let (fake, server) = mastodon(Mastodon::default()).await;
    (1..=60).for_each(|number| fake.post(number, &format!("post {number}")));
    let mut desk = Desk::new().await;
    let source = tag("tag", &server);
    let first = desk.read(&source).await;
    assert_eq!((first.posts, first.sightings), (40, 0), "a first visit reads one page and alerts on nothing");
    (61..=260).for_each(|number| fake.post(number, &format!("post {number}")));
    fake.post(261, CLAIM);
    let second = desk.read(&source).await;
    assert_eq!((second.new, second.sightings), (201, 1));
    assert_eq!(desk.read(&source).await.posts, 0);
}

#[tokio::test]
async fn a_post_found_through_two_sources_alerts_once() {
    let (fake, server) = mastodon(Mastodon::default()).await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let (one, other) = (tag("one", &server), timeline("other", &server, Timeline::Public { local: true }, None));
    desk.read(&one).await;
    desk.read(&other).await;
    fake.post(2, CLAIM);
    let (first, second) = (desk.read(&one).await, desk.read(&other).await);
    assert_eq!((first.sightings, first.letters), (1, 1));
    assert_eq!((second.new, second.sightings, second.letters), (0, 0, 0));
}

#[tokio::test]
async fn what_is_history_to_a_new_source_is_still_news_to_an_old_one() {
    let (fake, server) = mastodon(Mastodon::default()).await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let (old, new) = (tag("old", &server), timeline("new", &server, Timeline::Public { local: false }, None));
    desk.read(&old).await;
    fake.post(2, CLAIM);
    assert_eq!(desk.read(&new).await.letters, 0, "a first visit alerts on nothing");
    assert_eq!(desk.read(&old).await.letters, 1, "but takes no news from the others");
    assert_eq!(desk.read(&old).await.letters, 0);
}

#[tokio::test]
async fn a_throttled_walk_keeps_what_it_read_and_goes_on_from_there() {
    let (fake, server) = mastodon(Mastodon { allows: Some(3), ..Mastodon::default() }).await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let source = tag("tag", &server);
    desk.read(&source).await;
    (2..=200).for_each(|number| fake.post(number, &format!("post {number}")));
    let walked = desk.read(&source).await;
    assert_eq!(walked.new, 80, "two pages before the server had enough");
    assert!(matches!(desk.visit(&source).await, Visited::PutOff { .. }), "the host rests");
    assert_eq!(desk.states[&source.name].failures, 0, "being asked to wait is no failure");
    let requests = server.requests();
    assert!(requests.last().unwrap().path.contains("min_id=81"), "{}", requests.last().unwrap().path);
    assert_eq!(requests.len(), 4, "nothing is sent while the host rests");
}

#[tokio::test]
async fn a_closed_server_is_asked_with_its_token_and_an_account_is_looked_up_once() {
    let (fake, server) = mastodon(Mastodon { token: Some("sesame"), ..Mastodon::default() }).await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let stranger = timeline("stranger", &server, Timeline::Tag("moon".into()), None);
    assert!(matches!(desk.visit(&stranger).await, Visited::Failed { class: "not_let_in", .. }));
    let known = timeline("known", &server, Timeline::Account("ann".into()), Some("sesame"));
    assert_eq!(desk.read(&known).await.posts, 1);
    desk.read(&known).await;
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths.iter().filter(|path| path.contains("lookup")).count(), 1, "{paths:?}");
    assert!(paths.last().unwrap().starts_with("/api/v1/accounts/77/statuses"), "{paths:?}");
}

#[tokio::test]
async fn a_server_that_does_not_walk_is_not_asked_for_ever() {
    let (fake, server) = mastodon(Mastodon { is_deaf: true, ..Mastodon::default() }).await;
    (1..=50).for_each(|number| fake.post(number, "hello"));
    let mut desk = Desk::new().await;
    let source = tag("tag", &server);
    desk.read(&source).await;
    fake.post(51, CLAIM);
    assert_eq!(desk.read(&source).await.sightings, 1);
    assert!(server.requests().len() <= 3, "{}", server.requests().len());
}

/// Posts of an author, newest first, as an AppView gives them.
#[derive(Default)]
struct AppView {
    posts: Mutex<Vec<Value>>,
    fails_at: Mutex<Option<usize>>,
}

impl AppView {
    fn post(&self, number: u64, text: &str, reason: Option<&str>) {
        let at = format!("2026-11-01T{:02}:{:02}:00Z", 1 + number / 60, number % 60);
        let mut item = json!({"post": {
            "uri": format!("at://did:plc:ann/app.bsky.feed.post/{number}"), "cid": "c", "indexedAt": at,
            "author": {"did": "did:plc:ann", "handle": "ann.example"},
            "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": at, "langs": ["en"]}}});
        if let Some(reason) = reason {
            item["reason"] = json!({"$type": format!("app.bsky.feed.defs#{reason}")});
        }
        self.posts.lock().unwrap().insert(0, item);
    }

    fn answer(&self, request: &Request) -> Answer {
        let url = Url::parse("http://fake.example").unwrap().join(&request.path).unwrap();
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        if self.fails_at.lock().unwrap().is_some_and(|number| number == request.number) {
            return Answer::status(502);
        }
        if query("actor").as_deref() != Some("ann.example") {
            return Answer::ok(r#"{"error": "InvalidRequest", "message": "Profile not found"}"#).with_status(400);
        }
        let limit: usize = query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(50);
        let begin: usize = query("cursor").map_or(0, |cursor| cursor.trim_start_matches("opaque::").parse().unwrap());
        let all = self.posts.lock().unwrap();
        let page: Vec<_> = all.iter().skip(begin).take(limit).cloned().collect();
        let mut answer = json!({"feed": page});
        if begin + limit < all.len() {
            answer["cursor"] = json!(format!("opaque::{}", begin + limit));
        }
        Answer::ok(answer.to_string())
    }
}

async fn app_view() -> (Arc<AppView>, Server) {
    let fake = Arc::new(AppView::default());
    let answering = Arc::clone(&fake);
    (fake, Server::start(move |request| answering.answer(request)).await)
}

fn author(server: &Server, author: &str) -> Source {
    let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    source("bsky", SourceKind::Bluesky { server: server.url("/"), list: BlueskyList::Author(author.into()), allow_private })
}

#[tokio::test]
async fn a_bluesky_author_is_read_back_to_what_is_known() {
    let (fake, server) = app_view().await;
    (1..=250).for_each(|number| fake.post(number, &format!("post {number}"), None));
    let mut desk = Desk::new().await;
    let source = author(&server, "ann.example");
    assert_eq!(desk.read(&source).await.posts, 100);
    (251..=500).for_each(|number| fake.post(number, &format!("post {number}"), None));
    fake.post(501, CLAIM, None);
    let second = desk.read(&source).await;
    assert_eq!((second.new, second.sightings), (251, 1), "{second:?}");
}

#[tokio::test]
async fn a_post_dated_back_is_found_although_others_are_newer() {
    let (fake, server) = app_view().await;
    (1..=250).for_each(|number| fake.post(number, &format!("post {number}"), None));
    let mut desk = Desk::new().await;
    let source = author(&server, "ann.example");
    desk.read(&source).await;
    // Sorted in far below the newest hundred, while the author goes on posting.
    let late = json!({"post": {"uri": "at://did:plc:ann/app.bsky.feed.post/late", "cid": "c", "indexedAt": "2026-10-31T00:00:00Z",
        "author": {"did": "did:plc:ann", "handle": "ann.example"},
        "record": {"text": CLAIM, "createdAt": "2026-10-31T00:00:00Z"}}});
    fake.posts.lock().unwrap().insert(120, late);
    let mut sightings = 0;
    for visit in 0..8 {
        fake.post(1000 + visit, "more", None);
        sightings += desk.read(&source).await.sightings;
    }
    assert_eq!(sightings, 1);
}

#[tokio::test]
async fn a_page_that_fails_on_the_way_back_leaves_no_gap() {
    let (fake, server) = app_view().await;
    fake.post(1, "hello", None);
    let mut desk = Desk::new().await;
    let source = author(&server, "ann.example");
    desk.read(&source).await;
    fake.post(2, CLAIM, None);
    (3..=160).for_each(|number| fake.post(number, &format!("post {number}"), None));
    *fake.fails_at.lock().unwrap() = Some(3);
    assert!(matches!(desk.visit(&source).await, Visited::Failed { .. }));
    assert_eq!(desk.read(&source).await.sightings, 1);
}

#[tokio::test]
async fn reposts_and_unknown_authors_bring_no_posts() {
    let (fake, server) = app_view().await;
    fake.post(1, "hello", None);
    let mut desk = Desk::new().await;
    let source = author(&server, "ann.example");
    desk.read(&source).await;
    fake.post(2, CLAIM, Some("reasonRepost"));
    assert_eq!(desk.read(&source).await.sightings, 0);
    let unknown = desk.visit(&author(&server, "nobody.example")).await;
    assert!(matches!(unknown, Visited::Failed { class: "http_other", .. }), "{unknown:?}");
}

#[tokio::test]
async fn a_stream_brings_posts_at_once_and_the_timeline_what_it_missed() {
    let status = |number: u64, text: &str| {
        json!({"id": number.to_string(), "uri": format!("https://far.example/s/{number}"), "url": null, "content": text,
               "created_at": "2026-11-01T10:00:00.000Z", "account": {"acct": "ann"}, "reblog": null})
    };
    let events = format!(
        ":)\n\nevent: update\ndata: {}\n\n:thump\n\nevent: update\ndata: {}\n\nevent: delete\ndata: 8\n\nevent: update\ndata: nonsense\n\n\
         event: status.update\ndata: {}\n\n",
        status(7, CLAIM),
        status(8, CLAIM),
        status(9, "nothing of the kind")
    );
    let server = Server::start(move |request| match request.path.split('?').next().unwrap() {
        "/api/v1/streaming/hashtag" => Answer::then_silence(events.clone()).header("Content-Type", "text/event-stream"),
        "/api/v1/timelines/tag/moon" => Answer::ok(json!([status(9, "nothing of the kind"), status(7, CLAIM)]).to_string()),
        _ => Answer::status(404),
    })
    .await;
    let mut desk = Desk::new().await;
    let kind = SourceKind::Mastodon {
        server: server.url("/"),
        timeline: Timeline::Tag("moon".into()),
        token: Some(Token("sesame".into())),
        streams: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let source = source("tag", kind);
    let (bell, stop) = (Arc::new(tokio::sync::Notify::new()), tokio_util::sync::CancellationToken::new());
    // No clock: what has come is written down when three posts have.
    let pace = Pace { save_every: std::time::Duration::from_secs(3600), at_once: 3, chance: || 0.0, ..Pace::default() };
    let listener = Listener::new(Arc::clone(&desk.house), Arc::clone(&bell), source.clone(), pace);
    let listening = tokio::spawn(listener.listen(stop.clone()));
    tokio::time::timeout(std::time::Duration::from_secs(30), bell.notified()).await.expect("a letter is begun");
    stop.cancel();
    listening.await.unwrap();
    let numbers = desk.house.store.numbers(desk.house.clock.now()).await.unwrap();
    assert_eq!((numbers.posts, numbers.sightings), (2, 1), "what was deleted within a breath never was");
    let orders = desk.house.store.orders().await.unwrap();
    assert!(orders[&source.name].asked_at.is_some(), "what was posted while nobody listened is asked for");
    let read = desk.read(&source).await;
    assert_eq!((read.posts, read.new, read.letters), (2, 0, 0), "the timeline brings nothing twice");
    let asked = server.requests().into_iter().find(|request| request.path.contains("streaming")).unwrap();
    assert_eq!(asked.header("authorization"), Some(b"Bearer sesame".to_vec()));
}

/// Listens to a stream which says `events` until there are `sightings` in all.
async fn listened(desk: &Desk, events: String, at_once: usize, sightings: u64) -> (Server, Source) {
    let server = Server::start(move |request| match request.path.split('?').next().unwrap() {
        "/api/v1/streaming/hashtag" => Answer::then_silence(events.clone()).header("Content-Type", "text/event-stream"),
        _ => Answer::status(404),
    })
    .await;
    let kind = SourceKind::Mastodon {
        server: server.url("/"),
        timeline: Timeline::Tag("moon".into()),
        token: None,
        streams: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    };
    let source = source("tag", kind);
    let (bell, stop) = (Arc::new(tokio::sync::Notify::new()), tokio_util::sync::CancellationToken::new());
    let pace = Pace { save_every: std::time::Duration::from_secs(3600), at_once, chance: || 0.0, ..Pace::default() };
    let listener = Listener::new(Arc::clone(&desk.house), Arc::clone(&bell), source.clone(), pace);
    let listening = tokio::spawn(listener.listen(stop.clone()));
    let seen = async {
        while desk.house.store.numbers(desk.house.clock.now()).await.unwrap().sightings < sightings {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), seen).await.expect("what repeats the claim is seen");
    stop.cancel();
    listening.await.unwrap();
    (server, source)
}

fn spoken(kind: &str, number: u64, text: &str) -> String {
    let status = json!({"id": number.to_string(), "uri": format!("https://far.example/s/{number}"), "url": null, "content": text,
        "created_at": "2026-11-01T10:00:00.000Z", "account": {"acct": "ann"}, "reblog": null, "reblogs_count": 0});
    format!("event: {kind}\ndata: {status}\n\n")
}

#[tokio::test]
async fn an_edit_on_a_stream_makes_a_revision_and_a_repost_is_counted() {
    let desk = Desk::new().await;
    let repost = json!({"id": "90", "uri": "https://far.example/r/90", "content": "", "account": {"acct": "bob"},
        "reblog": {"id": "1", "uri": "https://far.example/s/1", "content": "x", "reblogs_count": 0}});
    let events = [
        spoken("update", 1, CLAIM),
        spoken("update", 2, "nothing of the kind, says a long and tedious post about other things entirely"),
        format!("event: update\ndata: {repost}\n\n"),
        format!("event: update\ndata: {}\n\n", repost.to_string().replace("90", "91")),
        spoken("update", 3, "nothing"),
    ];
    let (server, source) = listened(&desk, events.concat(), 3, 1).await;
    let wanted = claimwatch::store::editors::Wanted { most: 10, ..Default::default() };
    let sightings = desk.house.store.sightings(&wanted).await.unwrap();
    assert_eq!((sightings.len(), sightings[0].reposts), (1, 2));
    drop(server);

    // After a restart: an edit brings the claim in, an edit that says the same does not, and a deletion names a number only.
    let numbers = [claimwatch::feeds::mastodon::numbered(source.kind.url().unwrap(), "1")];
    assert_eq!(desk.house.store.numbered(&numbers).await.unwrap().len(), 1);
    let events = [
        spoken("status.update", 1, &format!("{CLAIM} More follows.")),
        "event: delete\ndata: 3\n\n".to_owned(),
        spoken("status.update", 2, &format!("corrected: {CLAIM}")),
    ];
    listened(&desk, events.concat(), 2, 2).await;
    let numbers = desk.house.store.numbers(desk.house.clock.now()).await.unwrap();
    assert_eq!((numbers.sightings, numbers.posts), (2, 4), "three posts, and the text that was worth a letter");
    let third = claimwatch::feeds::key::everywhere("mastodon|https://far.example/s/3");
    assert_eq!(desk.house.store.retract(&[third], &[], desk.house.clock.now()).await.unwrap(), 0, "it was taken back already");
}
