//! Asking for documents: what is sent, what is refused, and when to try again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use claimwatch::fetch::error::{FetchError, Size};
use claimwatch::fetch::settings::{Limits, Settings};
use claimwatch::fetch::{Fetched, Fetcher};
use claimwatch::model::source::{Backfill, Source, SourceKind, SourceName, Validators};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use crate::server::{Answer, Server};

const LOOPBACK: &str = "127.0.0.0/8";

fn source(kind: SourceKind) -> Source {
    Source { name: SourceName("test".to_owned()), kind, every: Duration::from_secs(900), backfill: Backfill::Nothing }
}

/// A source that may visit loopback.
fn at(url: Url) -> Source {
    source(SourceKind::Feed { url, allow_private: vec![LOOPBACK.parse().unwrap()] })
}

/// A source that may visit public addresses only.
fn public(url: &str) -> Source {
    source(SourceKind::Feed { url: Url::parse(url).unwrap(), allow_private: Vec::new() })
}

fn fetcher(limits: Limits) -> Fetcher {
    Fetcher::new(&Settings { limits, contact: Some("desk@example.org".to_owned()), ..Settings::default() })
}

async fn fetch(server: &Server, limits: Limits) -> Result<Fetched, FetchError> {
    fetcher(limits).fetch(&at(server.url("/feed")), &Validators::default()).await
}

async fn body_of(answer: Answer) -> Bytes {
    let server = Server::always(answer).await;
    match fetch(&server, Limits::default()).await.unwrap() {
        Fetched::News { body, .. } => body,
        Fetched::NotModified { .. } => panic!("there was news"),
    }
}

async fn fault_of(answer: Answer) -> FetchError {
    fault_within(answer, Limits::default()).await
}

async fn fault_within(answer: Answer, limits: Limits) -> FetchError {
    let server = Server::always(answer).await;
    fetch(&server, limits).await.expect_err("the visit should fail")
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

#[tokio::test]
async fn a_document_comes_with_its_type_address_validators_and_hint() {
    let server = Server::always(
        Answer::ok("<rss/>").header("Content-Type", "text/xml").header("ETag", "\"1\"").header("Cache-Control", "max-age=600"),
    )
    .await;
    let Fetched::News { body, content_type, url, validators, hint, .. } = fetch(&server, Limits::default()).await.unwrap() else {
        panic!("there was news")
    };
    assert_eq!(&body[..], b"<rss/>");
    assert_eq!(content_type.as_deref(), Some("text/xml"));
    assert_eq!(url, Some(server.url("/feed")));
    assert_eq!(validators, Validators { etag: Some("\"1\"".to_owned()), last_modified: None });
    assert_eq!(hint, Some(Duration::from_secs(600)));
}

#[tokio::test]
async fn validators_are_sent_back_byte_for_byte_and_renewed_by_a_304() {
    let odd: &[u8] = b"W/\"caf\xe9, \xff 'x'\"";
    let server = Server::start(move |request| match request.number {
        1 => Answer::ok("news").header("ETag", odd).header("Last-Modified", "yesterday, about noon"),
        _ => Answer::status(304).header("ETag", "\"new\""),
    })
    .await;
    let fetcher = fetcher(Limits::default());
    let source = at(server.url("/feed"));
    let Fetched::News { validators, .. } = fetcher.fetch(&source, &Validators::default()).await.unwrap() else {
        panic!("there was news")
    };
    let Fetched::NotModified { validators: renewed, .. } = fetcher.fetch(&source, &validators).await.unwrap() else {
        panic!("nothing was new")
    };
    let [first, second] = &server.requests()[..] else { panic!("one request a visit") };
    assert_eq!(first.header("If-None-Match"), None);
    assert_eq!(second.header("If-None-Match").as_deref(), Some(odd));
    assert_eq!(second.header("If-Modified-Since").as_deref(), Some(&b"yesterday, about noon"[..]));
    let renewed = renewed.unwrap();
    assert_eq!((renewed.etag.as_deref(), renewed.last_modified.as_deref()), (Some("\"new\""), Some("yesterday, about noon")));
}

#[tokio::test]
async fn we_say_who_we_are_and_keep_no_cookies() {
    let server = Server::always(Answer::ok("x").header("Set-Cookie", "a=b")).await;
    let (fetcher, source) = (fetcher(Limits::default()), at(server.url("/feed")));
    for _ in 0..2 {
        fetcher.fetch(&source, &Validators::default()).await.unwrap();
    }
    let second = &server.requests()[1];
    let agent = format!("claimwatch/{} (+desk@example.org)", env!("CARGO_PKG_VERSION"));
    assert_eq!(second.header("User-Agent").as_deref(), Some(agent.as_bytes()));
    assert_eq!(second.header("Cookie"), None);
    assert_eq!(second.header("Accept-Encoding").as_deref(), Some(&b"gzip, br, deflate"[..]));
}

#[tokio::test]
async fn packed_bodies_are_unpacked_whatever_the_header_says() {
    let text = "hello hello hello";
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut zlib, text.as_bytes()).unwrap();
    let mut raw = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut raw, text.as_bytes()).unwrap();
    assert_eq!(body_of(Answer::ok(gzip(text.as_bytes())).header("Content-Encoding", "gzip")).await, text);
    assert_eq!(body_of(Answer::ok(zlib.finish().unwrap()).header("Content-Encoding", "deflate")).await, text);
    assert_eq!(body_of(Answer::ok(raw.finish().unwrap()).header("Content-Encoding", "deflate")).await, text);
    assert_eq!(body_of(Answer::ok(*b"\x0b\x02\x80hello\x03").header("Content-Encoding", "br")).await, "hello");
    assert_eq!(body_of(Answer::ok(gzip(text.as_bytes()))).await, text, "packed without saying so");
    assert_eq!(body_of(Answer::ok(text).header("Content-Encoding", "gzip")).await, text, "said to be packed, but is not");
    let fault = fault_of(Answer::ok(text).header("Content-Encoding", "zstd")).await;
    assert_eq!(fault.class(), "encoding");
}

#[tokio::test]
async fn a_bomb_is_stopped_before_it_fills_the_memory() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let fault = fault_of(Answer::ok(bomb).header("Content-Encoding", "gzip")).await;
    assert!(matches!(fault, FetchError::Bomb { ratio: 100, .. }), "{fault}");
}

#[tokio::test]
async fn an_endless_body_is_stopped_at_the_limit() {
    let limits = Limits { wire_bytes: 100_000, ..Limits::default() };
    let fault = fault_within(Answer::endless(vec![b'x'; 8192], Duration::ZERO), limits).await;
    assert!(matches!(fault, FetchError::TooLarge { what: Size::Wire, limit: 100_000, .. }), "{fault}");
    let limits = Limits { decoded_bytes: 1000, ..Limits::default() };
    let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let fault = fault_within(Answer::ok(gzip(&noise)).header("Content-Encoding", "gzip"), limits).await;
    assert!(matches!(fault, FetchError::TooLarge { what: Size::Decoded, .. }), "{fault}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_no_document() {
    assert_eq!(fault_of(Answer::short("<rss><channel>", 5000)).await.class(), "reset");
    let mut half = gzip(b"a feed that was cut in the middle of its packed form");
    half.truncate(half.len() / 2);
    assert_eq!(fault_of(Answer::ok(half).header("Content-Encoding", "gzip")).await.class(), "reset");
}

#[tokio::test]
async fn statuses_become_sentences_and_say_when_to_try_again() {
    let minutes = |n: u64| Some(Duration::from_secs(n * 60));
    let cases = [
        (Answer::status(404), "http_404", None, "127.0.0.1 has no such document (HTTP 404)"),
        (Answer::status(410), "http_410", minutes(24 * 60), "127.0.0.1 says that the document is gone for good (HTTP 410)"),
        (Answer::status(403), "not_let_in", None, "127.0.0.1 does not let us in (HTTP 403)"),
        (Answer::status(500), "http_5xx", None, "127.0.0.1 is in trouble (HTTP 500)"),
        (
            Answer::status(503).header("Retry-After", "300"),
            "http_5xx",
            minutes(5),
            "127.0.0.1 is in trouble (HTTP 503) and asked us to wait 300 s",
        ),
        (Answer::status(429).header("Retry-After", "120"), "throttled", minutes(2), "127.0.0.1 asked us to wait 120 s"),
        (Answer::status(429), "throttled", None, "127.0.0.1 asked us to come less often"),
        (Answer::status(304), "http_other", None, "127.0.0.1 answered with HTTP 304, which is no document"),
        (
            Answer::status(403).header("cf-mitigated", "challenge"),
            "not_let_in",
            None,
            "127.0.0.1 lets only browsers in (a check page came instead of the feed)",
        ),
    ];
    for (answer, class, wait, sentence) in cases {
        let fault = fault_of(answer).await;
        assert_eq!((fault.class(), fault.try_again_in(), fault.to_string().as_str()), (class, wait, sentence));
    }
}

#[tokio::test]
async fn a_host_that_asks_for_rest_is_left_alone_by_all_its_sources() {
    let server = Server::always(Answer::status(429).header("Retry-After", "3600")).await;
    let fetcher = fetcher(Limits::default());
    let first = fetcher.fetch(&at(server.url("/a")), &Validators::default()).await.unwrap_err();
    assert!(first.is_postponed());
    let second = fetcher.fetch(&at(server.url("/b")), &Validators::default()).await.unwrap_err();
    assert!(matches!(second, FetchError::HostRests { .. }), "{second}");
    assert!(second.try_again_in().unwrap() > Duration::from_secs(3500));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn five_redirects_are_followed_and_no_more() {
    let server = Server::start(|request| match request.path.trim_start_matches('/').parse::<u32>() {
        Ok(0) => Answer::ok("here"),
        Ok(n) => Answer::to(format!("/{}", n - 1)),
        Err(_) => Answer::status(404),
    })
    .await;
    let fetcher = fetcher(Limits::default());
    let Fetched::News { url, .. } = fetcher.fetch(&at(server.url("/5")), &Validators::default()).await.unwrap() else {
        panic!("there was news")
    };
    assert_eq!(url, Some(server.url("/0")));
    let fault = fetcher.fetch(&at(server.url("/6")), &Validators::default()).await.unwrap_err();
    assert!(matches!(fault, FetchError::TooManyRedirects { followed: 5, .. }), "{fault}");
}

#[tokio::test]
async fn redirects_in_a_circle_or_to_nowhere_are_refused() {
    let circle = fault_of(Answer::to("/feed")).await;
    assert_eq!(circle.to_string(), "127.0.0.1 sent us on, but it leads back to where we came from");
    assert_eq!(fault_of(Answer::status(301)).await.class(), "redirect");
    assert_eq!(fault_of(Answer::to("http://[bad")).await.class(), "redirect");
    assert_eq!(fault_of(Answer::to("file:///etc/passwd")).await.to_string(), "only http and https are asked, not file");
    assert_eq!(fault_of(Answer::to("gopher://127.0.0.1/")).await.class(), "blocked_address");
}

#[tokio::test]
async fn a_password_goes_to_its_own_origin_only() {
    let other = Server::always(Answer::ok("there")).await;
    let away = other.url("/feed").to_string().replace("http://", "http://eve:stolen@");
    let server = Server::start(move |request| match request.path.as_str() {
        "/feed" => Answer::to("/moved"),
        _ => Answer::to(&away),
    })
    .await;
    let mut url = server.url("/feed");
    url.set_username("ann").unwrap();
    url.set_password(Some("hunter2")).unwrap();
    fetcher(Limits::default()).fetch(&at(url), &Validators::default()).await.unwrap();
    assert!(server.requests().iter().all(|request| request.header("Authorization").is_some()));
    assert_eq!(other.requests()[0].header("Authorization"), None);
}

#[tokio::test]
async fn no_message_holds_a_secret() {
    let server = Server::always(Answer::status(500)).await;
    let mut url = server.url("/feed?token=hunter3&key=hunter4");
    url.set_password(Some("hunter2")).unwrap();
    let closed = Url::parse("http://ann:hunter2@127.0.0.1:1/feed?token=hunter3").unwrap();
    for url in [url, closed] {
        let fault = fetcher(Limits::default()).fetch(&at(url), &Validators::default()).await.unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("hunter"), "{fault:?}");
    }
}

#[tokio::test]
async fn no_way_of_writing_a_private_address_is_let_through() {
    let literals = [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://127.0.1/",
        "http://0x7f.1/",
        "http://0x7f000001/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0177.0.0.1/",
        "http://127.0.0.1./",
        "http://%31%32%37.0.0.1/",
        "http://１２７.０.０.１/",
        "http://127。0。0。1/",
        "http://0/",
        "http://0.0.0.0/",
        "http://10.1.2.3/",
        "http://100.64.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://172.16.0.1/",
        "http://172.31.255.255/",
        "http://192.0.0.8/",
        "http://192.0.2.1/",
        "http://192.88.99.1/",
        "http://192.168.1.1/",
        "http://198.18.0.1/",
        "http://198.19.255.255/",
        "http://198.51.100.7/",
        "http://203.0.113.7/",
        "http://224.0.0.1/",
        "http://240.0.0.1/",
        "http://255.255.255.255/",
        "http://[::]/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:a00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b:1::1]/",
        "http://[2002:7f00:1::]/",
        "http://[2002:c0a8:101::1]/",
        "http://[2001:0:1:1:1:1:80ff:fffe]/",
        "http://[2001:db8::1]/",
        "http://[fc00::1]/",
        "http://[fd12:3456::1]/",
        "http://[fe80::1]/",
        "http://[fec0::1]/",
        "http://[ff02::1]/",
        "http://localhost/",
        "https://localhost:8443/",
    ];
    let fetcher = fetcher(Limits::default());
    for literal in literals {
        let fault = fetcher.fetch(&public(literal), &Validators::default()).await.expect_err(literal);
        assert!(matches!(fault, FetchError::BlockedAddress { .. }), "{literal}: {fault}");
        assert!(fault.is_for_the_operator());
        // The same behind a redirect from a host that may be asked.
        let server = Server::always(Answer::to(literal)).await;
        let only_this = format!("{}/32", "127.0.0.1").parse().unwrap();
        let kind = SourceKind::Feed { url: server.url("/feed"), allow_private: vec![only_this] };
        if !literal.contains("localhost")
            && !matches!(fault, FetchError::BlockedAddress { address, .. } if address.to_canonical().to_string() == "127.0.0.1")
        {
            let fault = fetcher.fetch(&source(kind), &Validators::default()).await.expect_err(literal);
            assert!(matches!(fault, FetchError::BlockedAddress { .. }), "{literal} behind a redirect: {fault}");
        }
    }
}

#[tokio::test]
async fn odd_ports_and_schemes_are_refused() {
    let fetcher = fetcher(Limits::default());
    for (url, class) in [
        ("http://example.org:25/", "BlockedPort"),
        ("http://93.184.216.34:6379/", "BlockedPort"),
        ("ftp://example.org/", "BadScheme"),
        ("file:///etc/passwd", "BadScheme"),
    ] {
        let fault = fetcher.fetch(&public(url), &Validators::default()).await.unwrap_err();
        assert!(format!("{fault:?}").starts_with(class), "{url}: {fault:?}");
    }
}

/// A resolver that answers with the next of its answers each time.
struct Turning {
    answers: Vec<&'static str>,
    asked: AtomicUsize,
}

impl Resolve for Turning {
    fn resolve(&self, _: Name) -> Resolving {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst).min(self.answers.len() - 1);
        let address: SocketAddr = format!("{}:0", self.answers[turn]).parse().unwrap();
        Box::pin(async move { Ok(Box::new(std::iter::once(address)) as Addrs) })
    }
}

fn turning(answers: &[&'static str]) -> (Fetcher, Arc<Turning>) {
    let resolver = Arc::new(Turning { answers: answers.to_vec(), asked: AtomicUsize::new(0) });
    let limits = Limits { connect: Duration::from_millis(50), ..Limits::default() };
    let settings = Settings { limits, gap: Duration::ZERO, ..Settings::default() };
    (Fetcher::with_resolver(&settings, Arc::clone(&resolver) as Arc<dyn Resolve>), resolver)
}

#[tokio::test]
async fn a_name_that_turns_private_between_two_looks_gains_nothing() {
    // 192.0.2.0/24 stands in for "somewhere else"; it is listed, so that only the turn is refused.
    let (fetcher, resolver) = turning(&["192.0.2.1", "127.0.0.1"]);
    let kind = SourceKind::Feed {
        url: Url::parse("http://rebind.example/").unwrap(),
        allow_private: vec!["192.0.2.0/24".parse().unwrap()],
    };
    let source = source(kind);
    let first = fetcher.fetch(&source, &Validators::default()).await.unwrap_err();
    assert!(!matches!(first, FetchError::BlockedAddress { .. }), "{first}");
    let second = fetcher.fetch(&source, &Validators::default()).await.unwrap_err();
    assert!(matches!(second, FetchError::BlockedAddress { .. }), "{second}");
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 2, "one look for one connection");
}

#[tokio::test]
async fn a_permission_serves_the_source_that_has_it_and_no_other() {
    let server = Server::always(Answer::ok("inside")).await;
    let (fetcher, _) = turning(&["127.0.0.1"]);
    let url = Url::parse(&format!("http://inside.example:{}/", server.port())).unwrap();
    assert!(fetcher.fetch(&at(url.clone()), &Validators::default()).await.is_ok());
    let other = source(SourceKind::Feed { url, allow_private: vec!["10.0.0.0/8".parse().unwrap()] });
    let fault = fetcher.fetch(&other, &Validators::default()).await.unwrap_err();
    assert!(matches!(fault, FetchError::BlockedAddress { .. }), "{fault}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_unusual_port_is_asked_only_inside_a_listed_network() {
    let (fetcher, _) = turning(&["93.184.216.34"]);
    let url = Url::parse("http://outside.example:9/").unwrap();
    let fault = fetcher.fetch(&at(url), &Validators::default()).await.unwrap_err();
    assert!(matches!(fault, FetchError::BlockedAddress { .. }), "{fault}");
}

#[tokio::test]
async fn https_to_a_server_that_speaks_none_is_a_tls_fault() {
    let server = Server::always(Answer::ok("plain")).await;
    let url = Url::parse(&server.url("/").to_string().replace("http:", "https:")).unwrap();
    let fault = fetcher(Limits::default()).fetch(&at(url), &Validators::default()).await.unwrap_err();
    assert_eq!(fault.class(), "tls", "{fault}");
}

#[tokio::test]
async fn a_file_is_news_when_what_it_holds_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("feed.xml");
    std::fs::write(&path, "<rss/>").unwrap();
    let fetcher = fetcher(Limits { decoded_bytes: 100, ..Limits::default() });
    let source = source(SourceKind::File { path: path.clone() });
    let Fetched::News { body, validators, .. } = fetcher.fetch(&source, &Validators::default()).await.unwrap() else {
        panic!("there was news")
    };
    assert_eq!(&body[..], b"<rss/>");
    assert!(matches!(fetcher.fetch(&source, &validators).await, Ok(Fetched::NotModified { .. })));
    std::fs::write(&path, "<rsx/>").unwrap();
    assert!(matches!(fetcher.fetch(&source, &validators).await, Ok(Fetched::News { .. })));
    std::fs::write(&path, vec![b'x'; 101]).unwrap();
    assert_eq!(fetcher.fetch(&source, &validators).await.unwrap_err().class(), "too_large");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(fetcher.fetch(&source, &validators).await.unwrap_err().class(), "file");
}

#[tokio::test]
async fn what_is_no_file_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path(), std::path::Path::new("/dev/zero")] {
        let source = source(SourceKind::File { path: path.to_owned() });
        assert_eq!(fetcher(Limits::default()).fetch(&source, &Validators::default()).await.unwrap_err().class(), "file");
    }
}

#[tokio::test]
async fn a_move_for_good_is_told_apart_from_one_for_today() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old" => Answer::to("/older").with_status(301),
        "/older" => Answer::to("/new").with_status(308),
        "/today" => Answer::to("/old"),
        _ => Answer::ok("<rss/>"),
    })
    .await;
    let moved = async |path: &str| match fetcher(Limits::default()).fetch(&at(server.url(path)), &Validators::default()).await {
        Ok(Fetched::News { moved, .. }) => moved.map(|moved| *moved),
        other => panic!("{other:?}"),
    };
    assert_eq!(moved("/old").await, Some(server.url("/new")));
    assert_eq!(moved("/today").await, None, "the first step is not for good");
    assert_eq!(moved("/new").await, None);
}
