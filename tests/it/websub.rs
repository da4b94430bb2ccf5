//! Hubs that push feeds (WebSub): asked, confirmed, believed when they sign, and taken leave of.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::round::Visited;
use claimwatch::daemon::websub::{self, Subscriber};
use claimwatch::model::hub::{Subscription, SubscriptionState};
use claimwatch::model::source::{Source, SourceKind};
use claimwatch::telemetry::metrics::Metrics;
use claimwatch::telemetry::pulse::Pulse;
use claimwatch::web::settings::Settings;
use claimwatch::web::{self, Window};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::networks::{CLAIM, Desk, source};
use crate::server::{Answer, Server};

fn rss(hub: &str, topic: &str, items: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>F</title>\
         <atom:link rel=\"hub\" href=\"{hub}\"/><atom:link rel=\"self\" href=\"{topic}\"/>{items}</channel></rss>"
    )
}

fn item(guid: &str, text: &str) -> String {
    format!("<item><guid>{guid}</guid><link>https://example.org/{guid}</link><description>{text}</description></item>")
}

/// A desk that watches a feed which offers a hub, and whom hubs reach.
struct House {
    desk: Desk,
    bell: Arc<Notify>,
    feed: Source,
    hub: Server,
    publisher: Server,
    web: SocketAddr,
    subscriber: Option<Subscriber>,
    stop: CancellationToken,
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// A form, as the hub got it.
type Form = Vec<(String, String)>;

fn of<'f>(form: &'f Form, name: &str) -> &'f str {
    form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).unwrap_or_default()
}

impl House {
    async fn new(hub_says: u16) -> Self {
        let hub = Server::always(Answer::status(hub_says)).await;
        let hub_url = hub.url("/hub").to_string();
        let publisher = Server::start(move |request| {
            let host = String::from_utf8(request.header("host").unwrap()).unwrap();
            Answer::ok(rss(&hub_url, &format!("http://{host}/feed"), &item("old", "nothing of the kind")))
        })
        .await;
        let desk = Desk::at(Clock::Machine).await;
        let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
        let feed = source("wire", SourceKind::Feed { url: publisher.url("/feed"), allow_private });
        let bell = Arc::new(Notify::new());
        let settings = Settings { listen: SocketAddr::from(([127, 0, 0, 1], 0)), ..Settings::default() };
        let server = web::Server::bind(&settings).await.unwrap();
        let web = server.address().unwrap();
        let url = format!("http://{web}/behind/a/proxy").parse().unwrap();
        let (hubs, subscriber) = websub::open(&desk.house, &bell, url, vec![feed.clone()]);
        let (metrics, pulse, stop) = (Arc::new(Metrics::new("test")), Arc::new(Pulse::default()), CancellationToken::new());
        tokio::spawn(server.run(Window { metrics, pulse, ingest: None, feeds: None, hubs: Some(hubs) }, stop.clone()));
        Self { desk, bell, feed, hub, publisher, web, subscriber: Some(subscriber), stop }
    }

    /// What the hub was asked, in order.
    fn asked(&self) -> Vec<Form> {
        let form = |body: &[u8]| url::form_urlencoded::parse(body).into_owned().collect();
        self.hub.requests().iter().map(|request| form(&request.body)).collect()
    }

    async fn ask(&self) {
        self.subscriber.as_ref().unwrap().ask_due().await.unwrap();
    }

    async fn subscription(&self) -> Option<Subscription> {
        self.desk.house.store.subscriptions().await.unwrap().pop()
    }

    /// A request to us; what stands before `/websub` is the proxy's.
    async fn say(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(self.web).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let _ = stream.write_all(body).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    /// The hub asks back.
    async fn confirm(&self, form: &Form, mode: &str, topic: &str, more: &str) -> (u16, String) {
        let path = self.path(form);
        let topic: String = url::form_urlencoded::byte_serialize(topic.as_bytes()).collect();
        self.say("GET", &format!("{path}?hub.mode={mode}&hub.topic={topic}{more}"), "", b"").await
    }

    fn path(&self, form: &Form) -> String {
        let callback = of(form, "hub.callback");
        let start = format!("http://{}/behind/a/proxy/websub/", self.web);
        format!("/websub/{}", callback.strip_prefix(&start).unwrap_or_else(|| panic!("{callback}")))
    }

    /// The hub delivers.
    async fn deliver(&self, form: &Form, secret: &str, items: &str) -> u16 {
        let body = rss(of(form, "hub.callback"), of(form, "hub.topic"), items);
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let headers = format!("Content-Type: application/rss+xml\r\nX-Hub-Signature: sha256={hex}\r\n");
        self.say("POST", &self.path(form), &headers, body.as_bytes()).await.0
    }

    async fn subscribed() -> (Self, Form) {
        let mut house = Self::new(202).await;
        house.visit().await;
        house.ask().await;
        let form = house.asked().remove(0);
        let topic = of(&form, "hub.topic").to_owned();
        let (status, echo) = house.confirm(&form, "subscribe", &topic, "&hub.challenge=a%26b&hub.lease_seconds=864000").await;
        assert_eq!((status, echo.as_str()), (200, "a&b"));
        (house, form)
    }

    async fn visit(&mut self) {
        let feed = self.feed.clone();
        assert!(matches!(self.desk.visit(&feed).await, Visited::Read(_)));
    }

    fn pause(&self) -> u64 {
        self.desk.states[&self.feed.name].condition.pause_seconds.unwrap()
    }
}

#[tokio::test]
async fn a_hub_is_asked_with_a_secret_and_only_what_was_asked_for_is_confirmed() {
    let mut house = House::new(202).await;
    house.ask().await;
    assert!(house.asked().is_empty(), "nothing is known of the feed yet");
    house.visit().await;
    house.ask().await;
    let form = house.asked().remove(0);
    assert_eq!((of(&form, "hub.mode"), of(&form, "hub.lease_seconds")), ("subscribe", "864000"));
    let topic = house.publisher.url("/feed").to_string();
    assert_eq!(of(&form, "hub.topic"), topic);
    assert_eq!((of(&form, "hub.secret").len(), house.path(&form).len()), (64, "/websub/".len() + 72));
    for (mode, topic, more) in [
        ("subscribe", "https://elsewhere.example/feed", "&hub.challenge=x"),
        ("subscribe", topic.as_str(), ""),
        ("unsubscribe", topic.as_str(), "&hub.challenge=x"),
        ("nonsense", topic.as_str(), "&hub.challenge=x"),
    ] {
        assert_eq!(house.confirm(&form, mode, topic, more).await.0, 404, "{mode} {topic} {more}");
    }
    let stranger = [("hub.callback".to_owned(), format!("http://{}/behind/a/proxy/websub/guess", house.web))].to_vec();
    assert_eq!(house.confirm(&stranger, "subscribe", &topic, "&hub.challenge=x").await.0, 404);
    assert_eq!(house.subscription().await.unwrap().state, SubscriptionState::Asked);
    let usual = house.pause();
    assert_eq!(house.confirm(&form, "subscribe", &topic, "&hub.challenge=x&hub.lease_seconds=600").await, (200, "x".to_owned()));
    assert_eq!(house.subscription().await.unwrap().state, SubscriptionState::Active);
    house.visit().await;
    assert_eq!(house.pause(), 4 * usual, "polling goes on, four times less often");
    house.ask().await;
    assert_eq!(house.asked().len(), 1, "there is nothing to ask");
}

#[tokio::test]
async fn what_a_hub_delivers_alerts_at_once_when_it_is_signed_and_never_else() {
    let (mut house, form) = House::subscribed().await;
    let running = tokio::spawn(house.subscriber.take().unwrap().run(house.stop.clone()));
    assert_eq!(house.deliver(&form, "not the secret", &item("forged", CLAIM)).await, 202, "who forges learns nothing");
    let body = rss("x", "y", &item("unsigned", CLAIM));
    assert_eq!(house.say("POST", &house.path(&form), "", body.as_bytes()).await.0, 202);
    assert_eq!(house.deliver(&form, of(&form, "hub.secret"), &item("new", CLAIM)).await, 202);
    tokio::time::timeout(Duration::from_secs(30), house.bell.notified()).await.expect("a letter is begun");
    let store = &house.desk.house.store;
    let numbers = store.numbers(Timestamp::now()).await.unwrap();
    assert_eq!((numbers.posts, numbers.sightings), (2, 1));
    assert!(house.subscription().await.unwrap().heard_at.is_some());
    house.stop.cancel();
    running.await.unwrap();
    // The feed says it too, by and by.
    let (hub, topic) = (house.hub.url("/hub").to_string(), of(&form, "hub.topic").to_owned());
    house.publisher = Server::always(Answer::ok(rss(&hub, &topic, &item("new", CLAIM)))).await;
    if let SourceKind::Feed { url, .. } = &mut house.feed.kind {
        *url = house.publisher.url("/feed");
    }
    let feed = house.feed.clone();
    assert_eq!(house.desk.read(&feed).await.new, 0);
}

#[tokio::test]
async fn what_a_hub_delivers_and_nobody_can_read_is_visited_instead() {
    let (mut house, form) = House::subscribed().await;
    let running = tokio::spawn(house.subscriber.take().unwrap().run(house.stop.clone()));
    assert_eq!(house.deliver(&form, of(&form, "hub.secret"), "").await, 202);
    let asked = async {
        while house.desk.house.store.orders().await.unwrap().get(&house.feed.name).is_none_or(|orders| orders.asked_at.is_none())
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), asked).await.expect("a visit is asked for");
    house.stop.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_lease_is_renewed_before_it_ends_and_an_address_of_ours_that_changes_is_told() {
    let (house, form) = House::subscribed().await;
    let store = &house.desk.house.store;
    let one = house.subscription().await.unwrap();
    let long = one.lease_until.unwrap().duration_since(Timestamp::now()).as_secs();
    assert!((863_900..=864_000).contains(&long), "{long}");
    store.keep_subscription(&one, Timestamp::now()).await.unwrap();
    house.ask().await;
    let again = house.asked().remove(1);
    assert_eq!((of(&again, "hub.mode"), of(&again, "hub.callback")), ("subscribe", of(&form, "hub.callback")));
    assert_eq!(house.subscription().await.unwrap().state, SubscriptionState::Active, "meanwhile it holds");

    let elsewhere = format!("http://{}/elsewhere", house.web).parse().unwrap();
    let (_, moved) = websub::open(&house.desk.house, &house.bell, elsewhere, vec![house.feed.clone()]);
    moved.ask_due().await.unwrap();
    let modes: Vec<String> = house.asked()[2..].iter().map(|form| of(form, "hub.mode").to_owned()).collect();
    assert_eq!(modes.len(), 2, "{modes:?}");
    assert!(modes.contains(&"unsubscribe".to_owned()) && modes.contains(&"subscribe".to_owned()));
}

#[tokio::test]
async fn a_feed_that_offers_no_hub_any_more_is_unsubscribed() {
    let (mut house, form) = House::subscribed().await;
    let publisher = Server::always(Answer::ok(format!("<rss version=\"2.0\"><channel>{}</channel></rss>", item("a", "b")))).await;
    if let SourceKind::Feed { url, .. } = &mut house.feed.kind {
        *url = publisher.url("/feed");
    }
    house.visit().await;
    house.ask().await;
    let last = house.asked().pop().unwrap();
    assert_eq!((of(&last, "hub.mode"), of(&last, "hub.secret")), ("unsubscribe", ""));
    let topic = of(&form, "hub.topic");
    assert_eq!(house.confirm(&form, "subscribe", topic, "&hub.challenge=x").await.0, 404, "it is not wanted any more");
    assert_eq!(house.deliver(&form, of(&form, "hub.secret"), &item("new", CLAIM)).await, 410);
    assert!(!house.desk.house.store.is_pushed(&house.feed.name, Timestamp::now()).await.unwrap());
    assert_eq!(house.confirm(&form, "unsubscribe", topic, "&hub.challenge=bye").await, (200, "bye".to_owned()));
    assert!(house.subscription().await.is_none());
    assert_eq!(house.deliver(&form, of(&form, "hub.secret"), &item("new", CLAIM)).await, 404);
}

#[tokio::test]
async fn a_source_that_is_taken_out_has_no_subscription_for_long() {
    let (house, _) = House::subscribed().await;
    let url = format!("http://{}/behind/a/proxy", house.web).parse().unwrap();
    let (_, without) = websub::open(&house.desk.house, &house.bell, url, Vec::new());
    let store = &house.desk.house.store;
    for _ in 0..3 {
        without.ask_due().await.unwrap();
        let one = house.subscription().await.unwrap();
        assert_eq!(one.state, SubscriptionState::Leaving);
        store.keep_subscription(&one, Timestamp::now()).await.unwrap();
    }
    without.ask_due().await.unwrap();
    assert!(house.subscription().await.is_none(), "three farewells are enough");
}

#[tokio::test]
async fn a_hub_that_refuses_or_fails_changes_nothing_for_the_source() {
    let mut house = House::new(503).await;
    house.visit().await;
    house.ask().await;
    let one = house.subscription().await.unwrap();
    assert_eq!((one.state, one.failures), (SubscriptionState::Asked, 1));
    assert!(one.last_error.unwrap().contains("503"));
    house.ask().await;
    let form = house.asked().remove(0);
    assert_eq!(house.asked().len(), 1, "it is left alone for ten minutes");
    let topic = of(&form, "hub.topic").to_owned();
    assert_eq!(house.confirm(&form, "denied", &topic, "&hub.reason=no").await.0, 200);
    let one = house.subscription().await.unwrap();
    assert_eq!((one.state, one.last_error.as_deref()), (SubscriptionState::Refused, Some("the hub refused: no")));
    let usual = house.pause();
    house.visit().await;
    assert_eq!(house.pause(), usual);
}

#[tokio::test]
async fn a_hub_inside_the_network_is_not_asked_for_a_source_outside() {
    let mut house = House::new(202).await;
    house.visit().await;
    // The same feed, as if it had been found on the public web.
    let kind = SourceKind::Feed { url: house.publisher.url("/feed"), allow_private: Vec::new() };
    let public = Source { kind, ..house.feed.clone() };
    let url = format!("http://{}/", house.web).parse().unwrap();
    let (_, subscriber) = websub::open(&house.desk.house, &house.bell, url, vec![public]);
    subscriber.ask_due().await.unwrap();
    assert!(house.asked().is_empty());
    assert!(house.subscription().await.unwrap().last_error.is_some());
}

#[tokio::test]
async fn a_permanent_redirect_counts_also_where_nothing_is_new_behind_it() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old" => Answer::status(301).header("Location", "/new"),
        _ if request.header("if-none-match").is_some() => Answer::status(304),
        _ => Answer::ok(rss("x:", "y", "")).header("ETag", "\"1\""),
    })
    .await;
    let mut desk = Desk::at(Clock::Machine).await;
    let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    let feed = source("wire", SourceKind::Feed { url: server.url("/old"), allow_private });
    assert!(matches!(desk.visit(&feed).await, Visited::Read(_)));
    for _ in 0..2 {
        assert!(matches!(desk.visit(&feed).await, Visited::Unchanged));
    }
    let moved = desk.states[&feed.name].condition.moved.clone().unwrap();
    assert_eq!((moved.to, moved.times), (server.url("/new"), 3));
}
