//! Redirects: without end, in circles, into the inner network, to other schemes, with addresses nobody can use.

use std::net::SocketAddr;
use std::sync::Arc;

use claimwatch::fetch::Fetcher;
use claimwatch::fetch::error::FetchError;
use claimwatch::fetch::settings::{Limits, Settings};
use claimwatch::model::source::Validators;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Url;

use super::{FEED, at, fetch, fetcher, is_read, is_refused, visit};
use crate::server::{Answer, Server};

/// Where a visit ends that begins with this `Location`; other paths hold the feed.
async fn sent_to(location: &str) -> Result<Vec<String>, String> {
    let answer = Answer::to(location);
    let server = Server::start(move |request| if request.path == "/feed" { answer.clone() } else { Answer::ok(FEED) }).await;
    let found = fetcher(Limits::default()).fetch(&at(server.url("/feed")), &Validators::default()).await;
    found
        .map(|_| server.requests().iter().skip(1).map(|request| request.path.clone()).collect())
        .map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn every_way_of_writing_a_relative_address_is_followed() {
    for (location, path) in [
        ("/there", "/there"),
        ("there", "/there"),
        ("./x/../there", "/there"),
        ("?page=1", "/feed?page=1"),
        ("/there#part", "/there"),
        ("  /there  ", "/there"),
        ("\\there", "/there"),
        ("/th\u{e9}re", "/th%C3%A9re"),
        ("/a b", "/a%20b"),
        ("/../../../etc/passwd", "/etc/passwd"),
    ] {
        assert_eq!(sent_to(location).await.as_deref(), Ok(&[path.to_owned()][..]), "{location}");
    }
}

#[tokio::test]
async fn a_redirect_without_end_is_given_up_after_five() {
    let server = Server::start(|request| Answer::to(format!("/{}", request.number))).await;
    let fault = fetcher(Limits::default()).fetch(&at(server.url("/feed")), &Validators::default()).await.unwrap_err();
    assert_eq!(fault.to_string(), "127.0.0.1 sent us on more than 5 times");
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn circles_of_any_length_are_noticed_at_once() {
    for members in [1, 2, 3, 5] {
        let server = Server::start(move |request| Answer::to(format!("/{}", request.number % members))).await;
        let fault = fetcher(Limits::default()).fetch(&at(server.url("/0")), &Validators::default()).await.unwrap_err();
        assert_eq!(fault.to_string(), "127.0.0.1 sent us on, but it leads back to where we came from", "{members}");
        assert_eq!(server.requests().len(), members);
    }
}

#[tokio::test]
async fn a_redirect_that_leads_nowhere_says_so() {
    let circle = "127.0.0.1 sent us on, but it leads back to where we came from";
    is_refused(Answer::status(301), "127.0.0.1 sent us on, but it did not say where to").await;
    is_refused(Answer::to(""), circle).await;
    is_refused(Answer::to("#here"), circle).await;
    for unreadable in
        ["http://", "http://[bad", "http://a:99999/", "http://exa mple.org/", "https://%00/", "http://a..b\u{ff5e}|/"]
    {
        is_refused(Answer::to(unreadable), "127.0.0.1 sent us on, but the address cannot be read").await;
    }
    is_refused(Answer::to(format!("/{}", "a".repeat(9000))), "127.0.0.1 sent us on, but the address is longer than 8 KiB").await;
    let said = visit(Answer::to("a".repeat(1 << 20))).await.unwrap_err();
    assert_eq!(said, "127.0.0.1 answered in a way that is not HTTP: message head is too large");
}

#[tokio::test]
async fn no_redirect_leads_to_another_scheme() {
    for (location, scheme) in [
        ("file:///etc/passwd", "file"),
        ("javascript:alert(1)", "javascript"),
        ("data:text/xml,<rss/>", "data"),
        ("ftp://example.org/feed", "ftp"),
        ("gopher://127.0.0.1:6379/_FLUSHALL", "gopher"),
        ("mailto:desk@example.org", "mailto"),
        ("ws://127.0.0.1/", "ws"),
        ("feed://example.org/", "feed"),
        ("about:blank", "about"),
        ("unix:/run/docker.sock", "unix"),
    ] {
        is_refused(Answer::to(location), &format!("only http and https are asked, not {scheme}")).await;
    }
}

#[tokio::test]
async fn no_redirect_leads_into_the_inner_network_however_it_is_written() {
    for location in [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/meta-data/",
        "//192.168.1.1/",
        "\\\\192.168.1.1\\",
        "http:\\\\10.0.0.1",
        "http:/\\10.0.0.1",
        "http://0xa.0.0.1/",
        "http://167772161/",
        "http://[::ffff:10.0.0.1]/",
        "http://user:pass@10.0.0.1/",
        "http://example.org@10.0.0.1/",
        "ht\ttp://10.0.0.1/",
        "HTTP://10.0.0.1:80/",
    ] {
        let fault = fetch(Answer::to(location), Limits::default()).await.unwrap_err();
        assert!(matches!(fault, FetchError::BlockedAddress { .. }), "{location:?}: {fault}");
    }
    let fault = fetch(Answer::to("http://93.184.216.34:6379/"), Limits::default()).await.unwrap_err();
    assert!(matches!(fault, FetchError::BlockedPort { port: 6379, .. }), "{fault}");
}

#[tokio::test]
async fn statuses_that_only_look_like_redirects_are_not_followed() {
    for status in [300, 305, 306, 309] {
        is_refused(
            Answer::to("/there").with_status(status),
            &format!("127.0.0.1 answered with HTTP {status}, which is no document"),
        )
        .await;
    }
}

#[tokio::test]
async fn the_body_of_a_redirect_is_not_waited_for() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Answer::repeated(vec![b'x'; 1 << 20], 1000).with_status(302).header("Location", "/there"),
        _ => Answer::ok(FEED),
    })
    .await;
    assert!(fetcher(Limits::default()).fetch(&at(server.url("/feed")), &Validators::default()).await.is_ok());
}

#[tokio::test]
async fn a_refresh_header_is_no_redirect() {
    is_read(Answer::ok(FEED).header("Refresh", "0; url=http://10.0.0.1/")).await;
}

/// A resolver that always gives the same addresses.
struct Says(Vec<SocketAddr>);

impl Resolve for Says {
    fn resolve(&self, _: Name) -> Resolving {
        let found = self.0.clone();
        Box::pin(async move { Ok(Box::new(found.into_iter()) as Addrs) })
    }
}

fn resolving(addresses: &[&str]) -> Fetcher {
    let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0)).collect();
    Fetcher::with_resolver(&Settings::default(), Arc::new(Says(found)))
}

#[tokio::test]
async fn of_a_name_with_public_and_private_addresses_only_the_permitted_are_called() {
    let server = Server::always(Answer::ok(FEED)).await;
    let url = Url::parse(&format!("http://mixed.example:{}/", server.port())).unwrap();
    let fetcher = resolving(&["10.0.0.1", "192.168.1.1", "fe80::1", "127.0.0.1"]);
    assert!(fetcher.fetch(&at(url), &Validators::default()).await.is_ok());
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_name_without_addresses_or_with_inner_ones_only_is_told_apart() {
    let url: Url = "http://nowhere.example/feed".parse().unwrap();
    let fault = resolving(&[]).fetch(&at(url.clone()), &Validators::default()).await.unwrap_err();
    assert_eq!(fault.to_string(), "nowhere.example has no address: the name could not be looked up");
    let fault = resolving(&["10.0.0.1", "::1"]).fetch(&at(url), &Validators::default()).await.unwrap_err();
    assert_eq!(
        fault.to_string(),
        "nowhere.example lies at 10.0.0.1, which is not public; list its network in `allow_private` if that is meant"
    );
}
