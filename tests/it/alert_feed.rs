//! Feeds of alerts: what stands in them, who may read them, and that another claimwatch can.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use claimwatch::alerting::subscription::Desk;
use claimwatch::config;
use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::letters::PostOffice;
use claimwatch::feeds::syndication;
use claimwatch::model::source::{Backfill, Source, SourceKind, SourceName, Token};
use claimwatch::store::Store;
use claimwatch::telemetry::metrics::Metrics;
use claimwatch::telemetry::pulse::Pulse;
use claimwatch::web::feeds::{Feeds, path};
use claimwatch::web::settings::Settings;
use claimwatch::web::{Server, Window};
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::networks::Desk as Reader;
use crate::samples::{NOON, claim, desk, folder_settings, open_store, record, visit};

/// A desk with a feed, its post office, and the server before it.
struct House {
    folder: TempDir,
    store: Store,
    desk: Desk,
    address: SocketAddr,
    stop: CancellationToken,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl House {
    async fn new(token: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let desk = Desk { feed: true, to: vec!["one@desk.test".to_owned()], ..desk("moon & sun") };
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings = Settings { listen, feed_token: token.map(|token| Token(token.to_owned())), ..Settings::default() };
        let desks = watch::channel(Arc::from([desk.clone(), crate::samples::desk("shut")])).1;
        let feeds = Some(Arc::new(Feeds::new(store.clone(), &settings, desks, "desk.test")));
        let (metrics, pulse) = (Arc::new(Metrics::new("test")), Arc::new(Pulse::default()));
        let server = Server::bind(&settings).await.unwrap();
        let (address, stop) = (server.address().unwrap(), CancellationToken::new());
        tokio::spawn(server.run(Window { metrics, pulse, ingest: None, feeds, hubs: None }, stop.clone()));
        Self { folder, store, desk, address, stop }
    }

    /// A post that repeats a claim comes, and what is due is sent.
    async fn post(&self, id: &str, key: &str, at: Timestamp) {
        let visit = visit("wire", &[key], &claim(id), at);
        record(&self.store, &visit, std::slice::from_ref(&self.desk)).await;
        self.office(at).once().await.unwrap();
    }

    fn office(&self, at: Timestamp) -> PostOffice {
        let (mail, bell) = (folder_settings(&self.folder.path().join("mail")), Arc::new(Notify::new()));
        let (desks, metrics) = (Arc::from([self.desk.clone()]), Arc::new(Metrics::new("test")));
        PostOffice::new(self.store.clone(), &mail, desks, bell, metrics).unwrap().with_clock(Clock::from(at))
    }

    fn url(&self) -> String {
        format!("http://{}{}", self.address, path(&self.desk.name.0))
    }

    /// Status, headers and body of an answer.
    async fn get(&self, path: &str, headers: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let host = if headers.contains("Host:") { String::new() } else { format!("Host: {}\r\n", self.address) };
        let request = format!("GET {path} HTTP/1.1\r\nConnection: close\r\n{host}{headers}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_lowercase(), body.to_owned())
    }

    async fn feed(&self) -> String {
        let (status, _, body) = self.get(&path(&self.desk.name.0), "").await;
        assert_eq!(status, 200, "{body}");
        body
    }
}

fn hours(hours: i64) -> Timestamp {
    NOON + SignedDuration::from_hours(hours)
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default()
}

/// What stands between tags of that name, in order.
fn all<'x>(xml: &'x str, name: &str) -> Vec<&'x str> {
    let (open, shut) = (format!("<{name}>"), format!("</{name}>"));
    xml.split(&open).skip(1).map(|rest| rest.split(&shut).next().unwrap()).collect()
}

/// What RFC 4287 §4.1 asks of a feed and its entries.
fn assert_is_atom(xml: &str) {
    assert!(syndication::read(xml.as_bytes(), Some("application/atom+xml; charset=utf-8"), None).is_ok(), "{xml}");
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\""));
    let (head, entries) = (xml.split("<entry>").next().unwrap(), all(xml, "entry"));
    assert_eq!(head.matches("rel=\"self\"").count(), 1);
    for part in std::iter::once(head).chain(entries.iter().copied()) {
        for name in ["id", "title", "updated"] {
            assert_eq!(all(part, name).len(), 1, "one {name} in\n{part}");
        }
        assert!(all(part, "updated").iter().all(|date| date.parse::<Timestamp>().is_ok()), "{part}");
        assert!(all(part, "id").iter().all(|id| id.starts_with("tag:desk.test,20")), "{part}");
    }
    assert_eq!(all(head, "author"), ["<name>claimwatch</name>"], "every entry has an author by its feed");
    for entry in &entries {
        let one = |what: &str| entry.matches(what).count() == 1;
        assert!(one("<summary") && one("<content type=\"html\"") && one("/kind\"/>"), "{entry}");
        assert!(entry.matches("rel=\"alternate\"").count() <= 1, "{entry}");
    }
    let ids: BTreeSet<&str> = all(xml, "id").into_iter().collect();
    assert_eq!(ids.len(), entries.len() + 1, "no id twice");
    let newest = entries.iter().map(|entry| all(entry, "updated")[0]).max();
    assert!(newest.is_none_or(|newest| all(head, "updated")[0] == newest), "the feed is as new as its newest entry");
}

#[tokio::test]
async fn every_letter_of_the_desk_stands_in_its_feed_with_claim_verdict_link_and_count() {
    let house = House::new(None).await;
    house.store.know_desks(std::slice::from_ref(&house.desk.name), NOON).await.unwrap();
    assert_is_atom(&house.feed().await);
    house.post("cheese", "one", NOON).await;
    house.post("ham", "two", hours(1)).await;
    house.post("cheese", "three", hours(3)).await;
    let xml = house.feed().await;
    assert_is_atom(&xml);
    let entries = all(&xml, "entry");
    assert_eq!(entries.len(), 3, "{xml}");
    for words in [
        "<title>1 more post (wire) repeats “The moon is made of green cheese.” – Half-baked (The Lunar Review)</title>",
        "<category term=\"update\"",
        "<category term=\"cheese\"",
        "href=\"https://lunar.example/checks/cheese#claimwatch-",
        "Half-baked (The Lunar Review). One more post repeats this claim",
        "hxxps://news[.]example/three[.]html",
    ] {
        assert!(entries[0].contains(words), "{words} is missing from\n{}", entries[0]);
    }
    assert_eq!(house.feed().await, xml, "nothing new, nothing changed");
    // Beside the mail, not instead of it.
    assert_eq!(std::fs::read_dir(house.folder.path().join("mail/new")).unwrap().count(), 3);
}

#[tokio::test]
async fn a_reader_that_has_it_is_told_so_and_one_that_asks_for_another_desk_is_told_which_there_are() {
    let house = House::new(None).await;
    house.post("cheese", "one", NOON).await;
    let feed = path(&house.desk.name.0);
    let (status, head, _) = house.get(&feed, "").await;
    assert_eq!((status, header(&head, "content-type")), (200, "application/atom+xml; charset=utf-8"));
    let tag = header(&head, "etag");
    assert!(tag.len() == 34 && header(&head, "cache-control") == "private, no-cache", "{head}");
    let (status, head, body) = house.get(&feed, &format!("If-None-Match: {tag}\r\n")).await;
    assert_eq!((status, header(&head, "etag"), body.as_str()), (304, tag, ""));
    house.post("ham", "two", hours(1)).await;
    assert_eq!(house.get(&feed, &format!("If-None-Match: {tag}\r\n")).await.0, 200);
    for other in ["/desks/shut/alerts.atom", "/desks/nobody/alerts.atom", "/desks/moon/alerts.atom"] {
        let (status, _, body) = house.get(other, "").await;
        assert!(status == 404 && body.contains(&feed), "{status} {body}");
    }
}

#[tokio::test]
async fn a_date_is_enough_for_readers_that_know_no_tags() {
    let house = House::new(None).await;
    // The feed's dates are those of its letters; the samples' noon may lie ahead of this machine's clock.
    let then = Timestamp::now() - SignedDuration::from_hours(5);
    house.post("cheese", "one", then).await;
    let feed = path(&house.desk.name.0);
    let (_, head, _) = house.get(&feed, "").await;
    let date = head.lines().find_map(|line| line.strip_prefix("last-modified: ")).unwrap();
    let date = httpdate::fmt_http_date(httpdate::parse_http_date(&title(date)).unwrap());
    assert_eq!(house.get(&feed, &format!("If-Modified-Since: {date}\r\n")).await.0, 304);
    house.post("ham", "two", then + SignedDuration::from_secs(1)).await;
    assert_eq!(house.get(&feed, &format!("If-Modified-Since: {date}\r\n")).await.0, 200);
}

/// `mon, 21 sep 2026 14:13:20 gmt` as HTTP writes it.
fn title(date: &str) -> String {
    let words = date.split(' ').map(|word| match word.chars().next().filter(char::is_ascii_alphabetic) {
        Some(first) => format!("{}{}", first.to_ascii_uppercase(), &word[1..]),
        None => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").replace("Gmt", "GMT")
}

#[tokio::test]
async fn without_a_token_only_names_of_this_machine_are_answered_and_with_one_only_who_knows_it() {
    let house = House::new(None).await;
    let feed = path(&house.desk.name.0);
    assert_eq!(house.get(&feed, "Host: evil.example\r\n").await.0, 421);
    let house = House::new(Some("sesame")).await;
    house.post("cheese", "one", NOON).await;
    for (path, headers, wanted) in [
        (feed.clone(), "", 401),
        (feed.clone(), "Authorization: Bearer sesam\r\n", 401),
        (format!("{feed}?token=wrong"), "", 401),
        (feed.clone(), "Host: claimwatch.example.org\r\nAuthorization: Bearer sesame\r\n", 200),
        (feed.clone(), "Authorization: Basic YW55Ym9keTpzZXNhbWU=\r\n", 200),
        (format!("{feed}?token=sesame"), "", 200),
        ("/desks/shut/alerts.atom".to_owned(), "", 401),
    ] {
        let (status, head, body) = house.get(&path, headers).await;
        assert_eq!(status, wanted, "{path} {headers}\n{body}");
        assert_eq!(status == 401, !header(&head, "www-authenticate").is_empty());
        assert!(!body.contains("sesame"), "the token is never given out\n{body}");
    }
}

#[tokio::test]
async fn the_words_of_a_post_that_was_taken_back_leave_the_feed() {
    let house = House::new(None).await;
    house.post("cheese", "*one", NOON).await;
    assert!(house.feed().await.contains("They say it is made of green cheese"));
    let keys = [claimwatch::model::post::PostKey("*one".to_owned())];
    house.store.retract(&keys, &[], hours(1)).await.unwrap();
    let xml = house.feed().await;
    assert_is_atom(&xml);
    assert!(!xml.contains("They say it is") && xml.contains("Half-baked"), "{xml}");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_claimwatch_reads_the_feed_and_takes_an_update_for_a_new_post() {
    let house = House::new(None).await;
    house.post("cheese", "one", NOON).await;
    let mut reader = Reader::new().await;
    let source = Source {
        name: SourceName("neighbours".to_owned()),
        kind: SourceKind::Feed { url: house.url().parse().unwrap(), allow_private: vec!["127.0.0.0/8".parse().unwrap()] },
        every: Duration::from_secs(900),
        backfill: Backfill::Everything,
    };
    let first = reader.read(&source).await;
    assert_eq!((first.new, first.sightings), (1, 1));
    assert!(matches!(reader.visit(&source).await, claimwatch::daemon::round::Visited::Unchanged), "it has a tag");
    house.post("cheese", "two", hours(3)).await;
    let second = reader.read(&source).await;
    assert_eq!((second.new, second.sightings), (1, 1), "the second letter has the same fact-check and is another post");
    let mut probe = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
    probe.args(["source", "probe", &house.url()]).env_remove("CLAIMWATCH_CONFIG").current_dir(house.folder.path());
    let output = probe.output().await.unwrap();
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && told.contains("2 posts") && told.contains("more post"), "{told}");
}

#[test]
fn a_feed_that_anybody_could_read_that_nobody_serves_or_that_is_our_own_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let codes = |more: &str| -> Vec<&'static str> {
        let path = folder.path().join("claimwatch.toml");
        let text = format!(
            "[rules]\npaths = []\n[[source]]\nname = \"s\"\nkind = \"feed\"\nurl = \"http://127.0.0.1:9187/desks/d/alerts.atom\"\n\
             [[desk]]\nname = \"d\"\nto = [\"d@desk.test\"]\ntopics = [\"*\"]\nfeed = true\n{more}"
        );
        std::fs::write(&path, text).unwrap();
        let reading = config::read(&path, claimwatch::rules::diagnostic::Level::Error);
        reading.report.found.iter().map(|one| one.code).collect()
    };
    assert_eq!(codes(""), ["L132"]);
    assert_eq!(codes("[web]\nlisten = \"127.0.0.1:9188\"\n"), [""; 0]);
    assert_eq!(codes("[web]\nlisten = \"127.0.0.1:9187\"\n"), ["E027"]);
    assert_eq!(codes("[web]\nlisten = \"0.0.0.0:9188\"\n"), ["E035"]);
}
