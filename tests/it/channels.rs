//! Telegram and Reddit: faithful small fakes, and the daemon reading them without gaps at the pace they ask for.

use std::sync::{Arc, Mutex};

use claimwatch::daemon::round::Visited;
use claimwatch::fetch::Fetcher;
use claimwatch::model::source::{RedditKeys, Source, SourceKind, Token};
use serde_json::json;
use url::Url;

use crate::networks::{CLAIM, Desk, source};
use crate::server::{Answer, Request, Server};

fn loopback() -> Vec<ipnet::IpNet> {
    vec!["127.0.0.0/8".parse().unwrap()]
}

/// A channel's posts by number; a page holds twenty.
#[derive(Default)]
struct Telegram {
    posts: Mutex<Vec<(u64, String)>>,
}

impl Telegram {
    fn post(&self, number: u64, text: &str) {
        self.posts.lock().unwrap().push((number, text.to_owned()));
    }

    fn answer(&self, request: &Request) -> Answer {
        let url = Url::parse("http://fake.example").unwrap().join(&request.path).unwrap();
        let before = url.query_pairs().find(|(key, _)| key == "before").map_or(u64::MAX, |(_, value)| value.parse().unwrap());
        if url.path() != "/s/moon" {
            return match url.path().strip_prefix("/s") {
                Some(channel) => Answer::to(channel),
                None => Answer::ok("<html><body>If you have Telegram, you can view and join right away.</body></html>"),
            };
        }
        let posts = self.posts.lock().unwrap();
        let mut page: Vec<_> = posts.iter().filter(|(number, _)| *number < before).rev().take(20).collect();
        page.reverse();
        let message = |(number, text): &&(u64, String)| {
            format!(
                "<div class=\"tgme_widget_message js-widget_message\" data-post=\"moon/{number}\"><div class=\"tgme_widget_message_text\">\
                 {text}</div><time datetime=\"2026-11-01T10:00:00+00:00\">10:00</time></div>"
            )
        };
        let messages: String = page.iter().map(message).collect();
        Answer::ok(format!("<html><body><section class=\"tgme_channel_history\">{messages}</section></body></html>"))
    }
}

async fn telegram() -> (Arc<Telegram>, Server) {
    let fake = Arc::new(Telegram::default());
    let answering = Arc::clone(&fake);
    (fake, Server::start(move |request| answering.answer(request)).await)
}

fn channel(server: &Server, channel: &str) -> Source {
    source("telegram", SourceKind::Telegram { server: server.url("/"), channel: channel.into(), allow_private: loopback() })
}

#[tokio::test]
async fn a_channel_is_read_back_to_what_is_known_and_alerts_once() {
    let (fake, server) = telegram().await;
    (1..=30).for_each(|number| fake.post(number, &format!("post {number}")));
    let mut desk = Desk::new().await;
    let source = channel(&server, "moon");
    let first = desk.read(&source).await;
    assert_eq!((first.posts, first.sightings), (20, 0), "a first visit reads one page and alerts on nothing");
    fake.post(32, CLAIM);
    (33..=110).for_each(|number| fake.post(number, &format!("post {number}")));
    let second = desk.read(&source).await;
    assert_eq!((second.new, second.sightings, second.letters), (79, 1, 1), "{second:?}");
    let paths: Vec<_> = server.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths[1..], ["/s/moon", "/s/moon?before=91", "/s/moon?before=71", "/s/moon?before=51"]);
    assert_eq!(desk.read(&source).await.new, 0);
}

#[tokio::test]
async fn a_channel_without_preview_is_told_in_a_sentence() {
    let (_fake, server) = telegram().await;
    let mut desk = Desk::new().await;
    match desk.visit(&channel(&server, "secret")).await {
        Visited::Failed { class: "not_a_feed", sentence } => assert!(sentence.contains("no preview"), "{sentence}"),
        other => panic!("{other:?}"),
    }
}

/// A subreddit: names of posts and whether they were deleted, and how Reddit is disposed.
#[derive(Default)]
struct Reddit {
    posts: Mutex<Vec<(u64, String, bool)>>,
    /// Answers it gives before any other.
    says_first: Mutex<Vec<Answer>>,
}

impl Reddit {
    fn post(&self, number: u64, text: &str) {
        self.posts.lock().unwrap().push((number, text.to_owned(), false));
    }

    fn delete(&self, number: u64) {
        self.posts.lock().unwrap().iter_mut().filter(|(one, ..)| *one == number).for_each(|post| post.2 = true);
    }

    fn answer(&self, request: &Request) -> Answer {
        if let Some(answer) = self.says_first.lock().unwrap().pop() {
            return answer;
        }
        let url = Url::parse("http://fake.example").unwrap().join(&request.path).unwrap();
        let query = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        let there: Vec<_> = self.posts.lock().unwrap().iter().filter(|(.., deleted)| !deleted).cloned().rev().collect();
        if url.path() == "/api/v1/access_token" {
            // "id:secret"
            let knows = request.header("authorization") == Some(b"Basic aWQ6c2VjcmV0".to_vec());
            let asks = request.head.starts_with(b"POST") && request.body == b"grant_type=client_credentials";
            return match knows && asks {
                true => Answer::ok(json!({"access_token": "sesame", "token_type": "bearer", "expires_in": 86400}).to_string()),
                false => Answer::ok(r#"{"error": 401}"#).with_status(401),
            };
        }
        if url.path() == "/r/moon/new/.rss" {
            let entry = |(number, text, _): &(u64, String, bool)| {
                format!(
                    "<entry><id>t3_{number}</id><title>{text}</title><link href=\"https://www.reddit.com/r/moon/{number}\"/></entry>"
                )
            };
            let entries: String = there.iter().take(100).map(entry).collect();
            return Answer::ok(format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>moon</title>{entries}</feed>"));
        }
        if request.header("authorization") != Some(b"Bearer sesame".to_vec()) {
            return Answer::ok(r#"{"error": 401}"#).with_status(401);
        }
        let place = |name: Option<String>| {
            let name = name?;
            Some(there.iter().position(|(number, ..)| format!("t3_{number}") == name))
        };
        let page: Vec<_> = match (place(query("before")), place(query("after"))) {
            // A deleted anchor leads nowhere.
            (Some(None), _) | (_, Some(None)) => Vec::new(),
            (Some(Some(at)), _) => there[at.saturating_sub(100)..at].to_vec(),
            (_, Some(Some(at))) => there[at + 1..].iter().take(100).cloned().collect(),
            (None, None) => there.iter().take(100).cloned().collect(),
        };
        let child = |(number, text, _): &(u64, String, bool)| {
            json!({"kind": "t3", "data": {"name": format!("t3_{number}"), "title": text, "selftext": "", "author": "ann",
                   "permalink": format!("/r/moon/comments/{number}/"), "created_utc": 1793527200.0}})
        };
        let children: Vec<_> = page.iter().map(child).collect();
        Answer::ok(json!({"kind": "Listing", "data": {"children": children}}).to_string())
    }
}

async fn reddit() -> (Arc<Reddit>, Server) {
    let fake = Arc::new(Reddit::default());
    let answering = Arc::clone(&fake);
    (fake, Server::start(move |request| answering.answer(request)).await)
}

fn subreddit(server: &Server, name: &str, keys: Option<(&str, &str)>) -> Source {
    let keys = keys.map(|(id, secret)| RedditKeys { id: Token(id.into()), secret: Token(secret.into()) });
    let kind = SourceKind::Reddit {
        feed_server: server.url("/"),
        server: server.url("/"),
        subreddit: "moon".into(),
        keys,
        allow_private: loopback(),
    };
    source(name, kind)
}

#[tokio::test]
async fn a_subreddit_is_walked_forward_also_when_the_post_it_went_by_was_deleted() {
    let (fake, server) = reddit().await;
    (1..=150).for_each(|number| fake.post(number, &format!("post {number}")));
    let mut desk = Desk::new().await;
    let source = subreddit(&server, "reddit", Some(("id", "secret")));
    assert_eq!(desk.read(&source).await.posts, 100, "a first visit reads one page");
    (151..=400).for_each(|number| fake.post(number, &format!("post {number}")));
    fake.post(401, CLAIM);
    let second = desk.read(&source).await;
    assert_eq!((second.new, second.sightings), (251, 1), "{second:?}");
    fake.delete(401);
    fake.delete(400);
    fake.post(402, CLAIM);
    let third = desk.read(&source).await;
    assert_eq!((third.new, third.sightings), (1, 1), "{third:?}");
    assert_eq!(desk.read(&source).await.new, 0);
    let tokens = server.requests().iter().filter(|request| request.path.contains("access_token")).count();
    assert_eq!(tokens, 1, "the token is kept while it holds");
}

#[tokio::test]
async fn the_same_post_through_the_feed_and_with_keys_is_one() {
    let (fake, server) = reddit().await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let (feed, keyed) = (subreddit(&server, "feed", None), subreddit(&server, "keyed", Some(("id", "secret"))));
    desk.read(&feed).await;
    desk.read(&keyed).await;
    fake.post(2, CLAIM);
    assert_eq!(desk.read(&feed).await.letters, 1);
    let again = desk.read(&keyed).await;
    assert_eq!((again.new, again.letters), (0, 0));
}

#[tokio::test]
async fn wrong_keys_and_a_throttle_without_a_body_are_told_apart() {
    let (fake, server) = reddit().await;
    fake.post(1, "hello");
    let mut desk = Desk::new().await;
    let wrong = desk.visit(&subreddit(&server, "wrong", Some(("id", "guess")))).await;
    assert!(matches!(wrong, Visited::Failed { class: "not_let_in", .. }), "{wrong:?}");
    *fake.says_first.lock().unwrap() = vec![Answer::status(429).header("x-ratelimit-reset", "47.0")];
    let source = subreddit(&server, "feed", None);
    let throttled = desk.visit(&source).await;
    assert!(matches!(throttled, Visited::Failed { class: "throttled", .. }), "{throttled:?}");
    assert_eq!(desk.states[&source.name].failures, 0, "being asked to wait is no failure");
    let asked = server.requests().len();
    assert!(matches!(desk.visit(&source).await, Visited::PutOff { wait, .. } if wait.as_secs() > 40));
    assert_eq!(server.requests().len(), asked, "nothing is sent while Reddit rests");
}

/// Whatever is asked for lies on this machine.
struct Here;

impl reqwest::dns::Resolve for Here {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        let address: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as reqwest::dns::Addrs) })
    }
}

#[tokio::test]
async fn a_403_of_reddit_is_a_throttle_and_no_closed_door() {
    let page = "<html><body>You've been blocked by network security.</body></html>";
    let server = Server::always(Answer::ok(page).with_status(403).header("Content-Type", "text/html")).await;
    let clock = claimwatch::daemon::clock::Clock::from("2026-11-01T12:00:00Z".parse().unwrap());
    let mut desk = Desk::with(clock, |settings| Fetcher::with_resolver(settings, Arc::new(Here))).await;
    let named: url::Url = format!("http://www.reddit.com:{}/", server.port()).parse().unwrap();
    let kind = SourceKind::Reddit {
        feed_server: named.clone(),
        server: named,
        subreddit: "moon".into(),
        keys: None,
        allow_private: loopback(),
    };
    let source = source("reddit", kind);
    let throttled = desk.visit(&source).await;
    assert!(matches!(throttled, Visited::Failed { class: "throttled", .. }), "{throttled:?}");
    let state = &desk.states[&source.name];
    assert_eq!((state.failures, state.next_due.is_some()), (0, true), "no failure, and it is asked again");
    let other = Source { name: claimwatch::model::source::SourceName("other".into()), ..source.clone() };
    assert!(matches!(desk.visit(&other).await, Visited::PutOff { wait, .. } if wait.as_secs() > 30), "all of Reddit rests");
    assert_eq!(server.requests().len(), 1);
}
