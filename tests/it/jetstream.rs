//! Bluesky's stream followed: no gap, no duplicate, whatever the connection, the server and the power do.

use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::round::House;
use claimwatch::daemon::stream::follow::{Follower, Pace};
use claimwatch::fetch::Fetcher;
use claimwatch::fetch::error::FetchError;
use claimwatch::fetch::settings::Settings;
use claimwatch::fetch::socket::Refused;
use claimwatch::model::source::{Backfill, Health, Source, SourceKind, SourceName, SourceState, Wire};
use claimwatch::rules::RuleText;
use claimwatch::rules::compile::compile;
use claimwatch::rules::syntax;
use claimwatch::telemetry::metrics::Metrics;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::jetstream_server::{Jetstream, Manners};
use crate::samples::{desk, open_store};

const CLAIM: &str = "I tell you: the moon is made of green cheese!";
const LAST: &str = "Good night, this was the very last word of the evening";
const MS: i64 = 1000;

fn rules() -> Arc<claimwatch::rules::compile::RuleSet> {
    let rules = "format = 1\n[[claim]]\nid = \"cheese\"\nclaim = \"The moon is made of green cheese.\"\ntopic = \"moon\"\n\
                 [claim.match]\nphrases = [\"the moon is made of green cheese\"]\n\
                 [[claim]]\nid = \"last\"\nclaim = \"This was the last word.\"\ntopic = \"moon\"\n\
                 [claim.match]\nphrases = [\"this was the very last word of the evening\"]\n";
    let (rules, found) = syntax::read(&[RuleText { name: "rules.toml".into(), bytes: rules.into() }]);
    assert_eq!(rules.len(), 2, "{found:?}");
    Arc::new(compile(rules))
}

struct Desk {
    _folder: TempDir,
    house: Arc<House>,
    bell: Arc<Notify>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

fn now_us() -> i64 {
    Timestamp::now().as_microsecond()
}

fn network(servers: &[&Jetstream], wire: Wire) -> Source {
    let kind = SourceKind::Jetstream {
        hosts: servers.iter().map(|server| server.url()).collect(),
        wire,
        languages: Vec::new(),
        accounts: Vec::new(),
        app_view: None,
        reposts: true,
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
    };
    Source { name: SourceName("network".into()), kind, every: Duration::from_secs(60), backfill: Backfill::Nothing }
}

/// No clock: what has come is written down when so many events have.
fn each(at_once: usize) -> Pace {
    let never = Duration::from_secs(3600);
    Pace { save_every: never, at_once, silence: never, chance: || 0.0, sample_per_million: 0 }
}

impl Desk {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let (sender, rules) = tokio::sync::watch::channel(rules());
        std::mem::forget(sender);
        let house = Arc::new(House {
            store: open_store(folder.path()).await,
            fetcher: Fetcher::new(&Settings::default()),
            rules,
            desks: tokio::sync::watch::channel(Arc::from([desk("moon")])).1,
            metrics: Arc::new(Metrics::new("test")),
            clock: Clock::Machine,
        });
        let (bell, stop) = (Arc::new(Notify::new()), CancellationToken::new());
        Self { _folder: folder, house, bell, stop, task: None }
    }

    async fn state(&self) -> SourceState {
        self.house.store.source_states().await.unwrap().remove(&SourceName("network".into())).unwrap_or_default()
    }

    /// Follows from what was remembered, as after a start.
    async fn follow(&mut self, source: &Source, pace: Pace) {
        let follower = Follower::new(Arc::clone(&self.house), Arc::clone(&self.bell), source.clone(), self.state().await, pace);
        self.task = Some(tokio::spawn(follower.follow(self.stop.clone())));
    }

    /// Waits until the last word of the evening was seen; letters ring the bell.
    async fn until_the_last_word(&self) {
        let seen = async {
            while self.letters().await < 2 {
                self.bell.notified().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), seen).await.expect("the last word is seen");
    }

    /// Letters begun: one for each claim.
    async fn letters(&self) -> u64 {
        self.house.store.numbers(Timestamp::now()).await.unwrap().gathering
    }

    async fn sightings(&self) -> u64 {
        self.house.store.numbers(Timestamp::now()).await.unwrap().sightings
    }

    async fn end(&mut self) {
        self.stop.cancel();
        self.task.take().unwrap().await.unwrap();
    }
}

async fn connected(server: &Jetstream, times: usize) {
    let mut connections = server.connections();
    let waited = tokio::time::timeout(Duration::from_secs(30), connections.wait_for(|number| *number >= times));
    drop(waited.await.expect("a connection").unwrap());
}

#[tokio::test]
async fn what_repeats_a_claim_alerts_once_through_broken_connections_and_disorder() {
    for wire in [Wire::V1, Wire::V2] {
        let manners = Manners { drop_after: VecDeque::from([0, 7, 3, 40]), reorders: true, ..Manners::default() };
        let server = Jetstream::start(wire, manners).await;
        let mut desk = Desk::new().await;
        desk.follow(&network(&[&server], wire), each(1)).await;
        connected(&server, 1).await;
        let begin = now_us();
        for number in 0..100 {
            let at = begin + number * MS;
            server.chatter(at);
            server.post(at, &format!("p{number}"), if number % 10 == 0 { CLAIM } else { "nothing of the kind" });
        }
        server.post(begin + 200 * MS, "last", LAST);
        desk.until_the_last_word().await;
        assert_eq!(desk.sightings().await, 11, "{wire:?}");
        desk.end().await;
        let numbers = desk.house.store.numbers(Timestamp::now()).await.unwrap();
        assert_eq!(numbers.posts, 11, "only sightings are stored");
        let state = desk.state().await;
        assert!(state.cursor.unwrap().contains(&format!("{}", begin + 200 * MS)), "{wire:?}");
        assert_eq!(state.health, Health::Ok);
    }
}

#[tokio::test]
async fn a_stream_goes_on_after_a_restart_where_its_posts_were_written_down() {
    for wire in [Wire::V1, Wire::V2] {
        let server = Jetstream::start(wire, Manners::default()).await;
        let mut desk = Desk::new().await;
        let source = network(&[&server], wire);
        desk.follow(&source, each(1)).await;
        connected(&server, 1).await;
        let begin = now_us();
        server.post(begin, "a", CLAIM);
        while desk.letters().await < 1 {
            desk.bell.notified().await;
        }
        desk.end().await;
        desk.stop = CancellationToken::new();
        server.post(begin + 5 * MS, "b", CLAIM);
        server.post(begin + 6 * MS, "c", LAST);
        desk.follow(&source, each(1)).await;
        desk.until_the_last_word().await;
        assert_eq!(desk.sightings().await, 3);
        let cursor = server.requests()[1].query_pairs().find(|(key, _)| key == "cursor").unwrap().1.parse::<i64>().unwrap();
        assert_eq!(cursor, if wire == Wire::V1 { begin - 10_000 * MS } else { 1 }, "ten seconds before, or the event itself");
        desk.end().await;
    }
}

#[tokio::test]
async fn what_a_server_no_longer_has_is_told_as_a_gap() {
    for wire in [Wire::V1, Wire::V2] {
        let begin = now_us();
        let manners = Manners { oldest_us: begin - 60_000 * MS, ..Manners::default() };
        let server = Jetstream::start(wire, manners).await;
        server.post(begin - 3_600_000 * MS, "old", "long gone");
        server.post(begin - 50_000 * MS, "a", CLAIM);
        server.post(begin - 40_000 * MS, "b", LAST);
        let mut desk = Desk::new().await;
        let event = if wire == Wire::V2 { ",\"event\":1,\"host\":\"127.0.0.1\"" } else { "" };
        let cursor = Some(format!("{{\"time_us\":{},\"gaps\":0{event}}}", begin - 3_600_000 * MS));
        let state = SourceState { cursor, ..SourceState::default() };
        desk.house.store.record_state(&SourceName("network".into()), &state).await.unwrap();
        desk.follow(&network(&[&server], wire), each(1)).await;
        desk.until_the_last_word().await;
        desk.end().await;
        let state = desk.state().await;
        assert_eq!(state.health, Health::Degraded, "{wire:?}");
        assert!(state.last_error.unwrap().contains("were missed: the server no longer had them"));
        assert!(state.cursor.unwrap().contains("\"gaps\":1"));
        assert!(desk.house.metrics.encode().contains("claimwatch_stream_gaps_total{source=\"network\"} 1"));
    }
}

#[tokio::test]
async fn frames_that_are_garbage_or_far_too_long_are_survived() {
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    desk.follow(&network(&[&server], Wire::V1), each(1)).await;
    connected(&server, 1).await;
    let begin = now_us();
    server.post(begin, "a", CLAIM);
    for garbage in ["", "{", "nonsense", "{\"time_us\": \"x\"}", "[1, 2]"] {
        server.raw(begin, garbage);
    }
    server.raw(begin + MS, format!("{{\"text\": \"{}\"}}", "x".repeat(2 << 20)));
    server.post(begin + 2 * MS, "b", CLAIM);
    // Ends every connection that meets it.
    server.raw(begin + 3 * MS, "x".repeat(5 << 20));
    server.post(begin + 3000 * MS, "c", LAST);
    desk.until_the_last_word().await;
    assert_eq!(desk.sightings().await, 3);
    desk.end().await;
}

#[tokio::test]
async fn after_two_failures_another_server_is_asked() {
    let (dead, server) =
        (Jetstream::start(Wire::V1, Manners::default()).await, Jetstream::start(Wire::V1, Manners::default()).await);
    let mut source = network(&[&dead, &server], Wire::V1);
    let nobody = dead.url();
    drop(dead);
    if let SourceKind::Jetstream { hosts, .. } = &mut source.kind {
        hosts[0] = nobody;
    }
    let mut desk = Desk::new().await;
    desk.follow(&source, each(1)).await;
    connected(&server, 1).await;
    server.post(now_us(), "a", CLAIM);
    server.post(now_us(), "b", LAST);
    desk.until_the_last_word().await;
    desk.end().await;
}

#[tokio::test]
async fn a_connection_over_which_nothing_comes_is_given_up() {
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    desk.follow(
        &network(&[&server], Wire::V1),
        Pace { save_every: Duration::from_millis(1), silence: Duration::ZERO, ..each(1) },
    )
    .await;
    connected(&server, 3).await;
    desk.end().await;
}

#[tokio::test]
async fn a_post_that_is_deleted_is_taken_back() {
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    desk.follow(&network(&[&server], Wire::V1), each(3)).await;
    connected(&server, 1).await;
    server.post(now_us(), "a", CLAIM);
    server.chatter(now_us());
    while desk.letters().await < 1 {
        desk.bell.notified().await;
    }
    // Written and deleted within a breath: it never was.
    server.post(now_us(), "brief", CLAIM);
    server.delete(now_us(), "brief");
    server.delete(now_us(), "a");
    server.post(now_us(), "b", LAST);
    server.chatter(now_us());
    desk.until_the_last_word().await;
    desk.end().await;
    assert_eq!(desk.sightings().await, 2);
    let keys =
        ["a", "b"].map(|key| claimwatch::feeds::key::everywhere(&format!("bluesky|at://did:plc:ann/app.bsky.feed.post/{key}")));
    assert_eq!(desk.house.store.retract(&keys, &[], Timestamp::now()).await.unwrap(), 1, "the first was taken back already");
    let all = ["https://bsky.app/profile/did:plc:ann/".to_owned()];
    assert_eq!(desk.house.store.retract(&[], &all, Timestamp::now()).await.unwrap(), 0);
}

#[tokio::test]
async fn a_stream_may_not_lead_into_the_inner_network() {
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let fetcher = Fetcher::new(&Settings::default());
    let refused = fetcher.socket(&server.url(), &[]).await.unwrap_err();
    assert!(matches!(refused, Refused::Other(FetchError::BlockedAddress { .. })), "{refused:?}");
    let by_name = format!("http://localhost:{}/", server.url().port().unwrap()).parse().unwrap();
    let elsewhere = ["10.0.0.0/8".parse().unwrap()];
    let refused = fetcher.socket(&by_name, &elsewhere).await.unwrap_err();
    assert!(matches!(refused, Refused::Other(FetchError::BlockedAddress { .. })), "{refused:?}");
    assert!(server.requests().is_empty());
}

fn start(folder: &TempDir) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
    command.arg("run").current_dir(folder.path()).env("CLAIMWATCH_CONFIG", "claimwatch.toml");
    command.env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// A word for a number, unlike those of other numbers.
fn word(mut number: usize) -> String {
    let syllables = ["ba", "ke", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "wu", "ha"];
    number = number * 40_503 % 65_536;
    (0..4).map(|place| syllables[number >> (4 * place) & 15]).collect::<String>() + "rix"
}

fn key(name: &str) -> claimwatch::model::post::PostKey {
    claimwatch::feeds::key::everywhere(&format!("bluesky|at://did:plc:ann/app.bsky.feed.post/{name}"))
}

#[tokio::test]
async fn an_edit_heard_on_the_stream_writes_again_only_for_what_it_brings_in() {
    for wire in [Wire::V1, Wire::V2] {
        let server = Jetstream::start(wire, Manners::default()).await;
        let mut desk = Desk::new().await;
        let source = network(&[&server], wire);
        desk.follow(&source, each(1)).await;
        connected(&server, 1).await;
        // Not kept, so the edit is all we know of it.
        server.post(now_us(), "plain", "nothing of the kind");
        server.edit(now_us(), "plain", CLAIM);
        server.post(now_us(), "told", CLAIM);
        // It says what it said.
        server.edit(now_us(), "told", &format!("{CLAIM} More follows, says everybody in the street"));
        server.edit(now_us(), "told", &format!("{CLAIM} {LAST}"));
        desk.until_the_last_word().await;
        desk.end().await;
        assert_eq!(desk.sightings().await, 3, "{wire:?}: the claim twice, and what the last edit brought in");
        assert_eq!(desk.house.store.retract(&[key("told")], &[], Timestamp::now()).await.unwrap(), 2, "both texts go");
    }
}

#[tokio::test]
async fn a_post_through_the_stream_and_through_a_feed_alerts_once() {
    use claimwatch::daemon::round::{Visited, visit};
    for feed_first in [false, true] {
        let server = Jetstream::start(Wire::V1, Manners::default()).await;
        let mut desk = Desk::new().await;
        let path = desk._folder.path().join("feed.xml");
        let item = format!(
            "<item><guid>x</guid><link>https://bsky.app/profile/ann.example/post/3lbxyzabcde2k</link><description>{CLAIM}</description></item>"
        );
        fs::write(&path, format!("<rss version=\"2.0\"><channel><title>F</title>{item}</channel></rss>")).unwrap();
        let feed = Source {
            name: SourceName("feed".into()),
            kind: SourceKind::File { path },
            every: Duration::from_secs(900),
            backfill: Backfill::Everything,
        };
        let through_feed = async |desk: &Desk| match visit(&desk.house, &feed, &SourceState::default(), 0.5).await.1 {
            Visited::Read(tally) => assert_eq!(tally.sightings, 1),
            other => panic!("{other:?}"),
        };
        if feed_first {
            through_feed(&desk).await;
        }
        desk.follow(&network(&[&server], Wire::V1), each(1)).await;
        connected(&server, 1).await;
        server.post(now_us(), "3lbxyzabcde2k", CLAIM);
        server.post(now_us(), "other", LAST);
        desk.until_the_last_word().await;
        desk.end().await;
        if !feed_first {
            through_feed(&desk).await;
        }
        assert_eq!(desk.sightings().await, 2, "one for each claim; the feed came first: {feed_first}");
    }
}

#[tokio::test]
async fn quoted_words_are_compared_and_authors_are_named_by_few_requests() {
    use crate::server::{Answer, Server};
    let app_view = Server::start(|request| match request.path.split('?').next().unwrap() {
        "/xrpc/app.bsky.feed.getPosts" => Answer::ok(
            serde_json::json!({"posts": [{"uri": "at://did:plc:far/app.bsky.feed.post/1", "record": {"text": LAST}}]})
                .to_string(),
        ),
        "/xrpc/app.bsky.actor.getProfiles" => Answer::ok(
            serde_json::json!({"profiles": [{"did": "did:plc:ann", "handle": "ann.example", "displayName": "Ann <3"}]})
                .to_string(),
        ),
        _ => Answer::status(404),
    })
    .await;
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    let mut source = network(&[&server], Wire::V1);
    if let SourceKind::Jetstream { app_view: asked, .. } = &mut source.kind {
        *asked = Some(app_view.url("/"));
    }
    desk.follow(&source, each(3)).await;
    connected(&server, 1).await;
    server.post(now_us(), "source", CLAIM);
    server.quote(now_us(), "a", "Can you believe it?", "at://did:plc:ann/app.bsky.feed.post/source");
    server.quote(now_us(), "b", "This one too", "at://did:plc:far/app.bsky.feed.post/1");
    desk.until_the_last_word().await;
    desk.end().await;
    let wanted = claimwatch::store::editors::Wanted { most: 10, ..Default::default() };
    let sightings = desk.house.store.sightings(&wanted).await.unwrap();
    assert_eq!(sightings.len(), 3, "the post and both that quote");
    for one in &sightings {
        assert_eq!(one.post.as_ref().unwrap().author.as_deref(), Some("Ann <3 (@ann.example)"));
    }
    assert_eq!(app_view.requests().len(), 2, "one for the words, one for the name");
}

#[tokio::test]
async fn an_app_view_that_fails_costs_neither_posts_nor_patience() {
    use crate::server::{Answer, Server};
    let app_view = Server::always(Answer::status(502)).await;
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    let mut source = network(&[&server], Wire::V1);
    if let SourceKind::Jetstream { app_view: asked, .. } = &mut source.kind {
        *asked = Some(app_view.url("/"));
    }
    desk.follow(&source, each(1)).await;
    connected(&server, 1).await;
    for number in 0..5 {
        server.quote(now_us(), &format!("q{number}"), CLAIM, "at://did:plc:far/app.bsky.feed.post/1");
    }
    server.post(now_us(), "last", LAST);
    desk.until_the_last_word().await;
    desk.end().await;
    assert_eq!(desk.sightings().await, 6);
    assert_eq!(app_view.requests().len(), 1, "then it is left alone for a minute");
}

#[tokio::test]
async fn reposts_are_counted_for_the_post_and_alert_nobody() {
    let server = Jetstream::start(Wire::V1, Manners::default()).await;
    let mut desk = Desk::new().await;
    let source = network(&[&server], Wire::V1);
    desk.follow(&source, each(1)).await;
    connected(&server, 1).await;
    let begin = now_us();
    server.post(begin, "a", CLAIM);
    (1..=3).for_each(|number| server.repost(begin + number, "a"));
    server.repost(begin + 4, "unknown");
    while desk.letters().await < 1 {
        desk.bell.notified().await;
    }
    let reposts = async |desk: &Desk| {
        let wanted = claimwatch::store::editors::Wanted { most: 10, ..Default::default() };
        let sightings = desk.house.store.sightings(&wanted).await.unwrap();
        sightings.iter().map(|one| one.reposts).max().unwrap_or_default()
    };
    server.post(begin + 5, "b", LAST);
    desk.until_the_last_word().await;
    assert_eq!((desk.sightings().await, reposts(&desk).await), (2, 3));
    desk.end().await;
    // The last ten seconds come again after a resumption.
    desk.stop = CancellationToken::new();
    desk.follow(&source, each(1)).await;
    server.repost(begin + 6, "a");
    server.post(begin + 7, "c", CLAIM);
    let again = async {
        while desk.sightings().await < 3 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), again).await.expect("the stream goes on");
    desk.end().await;
    assert_eq!(reposts(&desk).await, 4, "each is counted once");
}

/// The power fails again and again while a network talks; in the end every claim has exactly one letter.
#[tokio::test(flavor = "multi_thread")]
async fn whenever_the_power_fails_every_claim_has_its_letter_and_none_has_two() {
    const CLAIMS: usize = 40;
    let server = Jetstream::start(Wire::V1, Manners { reorders: true, ..Manners::default() }).await;
    let folder = TempDir::new().unwrap();
    let mut rules = "format = 1\n".to_owned();
    for number in 0..CLAIMS {
        let word = word(number);
        rules += &format!(
            "[[claim]]\nid = \"claim-{number:03}\"\nclaim = \"The {word} is made of cheese.\"\ntopic = \"moon\"\n\
             [claim.match]\nphrases = [\"the {word} is made of yellow cheese\"]\n"
        );
    }
    let config = format!(
        "[store]\nurl = \"sqlite:db/claimwatch.db\"\n[rules]\npaths = [\"rules.toml\"]\n[fetch]\ncontact = \"desk@example.org\"\n\
         [[source]]\nname = \"network\"\nkind = \"jetstream\"\nhosts = [\"{}\"]\nallow_private = [\"127.0.0.0/8\"]\n\
         [[desk]]\nname = \"desk\"\nto = [\"desk@example.org\"]\ntopics = [\"moon\"]\ngather = \"0s\"\ncap = 10000\n\
         [mail]\nvia = \"folder\"\nfolder = \"mail\"\n",
        server.url()
    );
    fs::write(folder.path().join("rules.toml"), rules).unwrap();
    fs::write(folder.path().join("claimwatch.toml"), config).unwrap();
    let mut child = start(&folder);
    connected(&server, 1).await;
    let mut chance = fastrand::Rng::with_seed(7);
    for round in 0..10 {
        let mut sent = server.sent();
        let goal = *sent.borrow_and_update() + chance.usize(1..300);
        for number in round * CLAIMS / 10..(round + 1) * CLAIMS / 10 {
            for other in 0..60 {
                server.post(now_us(), &format!("o{number}-{other}"), "nothing of the kind");
            }
            server.post(now_us(), &format!("p{number}"), &format!("Look, the {} is made of yellow cheese", word(number)));
            server.chatter(now_us());
        }
        let waited = tokio::time::timeout(Duration::from_secs(30), sent.wait_for(|number| *number >= goal));
        drop(waited.await.expect("frames are sent").unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        child = start(&folder);
    }
    let (mut reached, all) = (server.reached(), server.len());
    drop(
        tokio::time::timeout(Duration::from_secs(30), reached.wait_for(|place| *place == all))
            .await
            .expect("all is sent")
            .unwrap(),
    );
    // What was sent may still be under way: the stretch that holds the last post is written down when its letter is there.
    let letters = || {
        let files = fs::read_dir(folder.path().join("mail/new")).into_iter().flatten();
        let text = |entry: std::io::Result<fs::DirEntry>| fs::read_to_string(entry.unwrap().path()).unwrap();
        let claim = |text: String| {
            let parsed = mail_parser::MessageParser::default().parse(text.as_bytes()).unwrap();
            parsed.header_raw("X-Claimwatch-Claim").unwrap().trim().to_owned()
        };
        files.map(text).map(claim).collect::<Vec<_>>()
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while letters().len() < CLAIMS && std::time::Instant::now() < deadline {
        tokio::task::yield_now().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let letters = letters();
    assert_eq!(letters.iter().collect::<BTreeSet<_>>().len(), CLAIMS, "every claim has its letter");
    assert_eq!(letters.len(), CLAIMS, "none has two: {letters:?}");
}
