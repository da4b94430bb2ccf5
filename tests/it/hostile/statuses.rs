//! Statuses other than 200 and what stands beside them; validators that would silence a feed for ever.

use std::time::Duration;

use claimwatch::fetch::Fetched;
use claimwatch::fetch::error::FetchError;
use claimwatch::fetch::settings::Limits;
use claimwatch::model::source::Validators;

use super::{FEED, at, fetch, fetcher, is_read, is_refused};
use crate::server::{Answer, Server};

const HTML: &str = "<!DOCTYPE html><html><body><h1>Error</h1><p>Please try again later</p></body></html>";

async fn fault(answer: Answer) -> FetchError {
    fetch(answer, Limits::default()).await.unwrap_err()
}

#[tokio::test]
async fn successes_without_a_whole_document_are_none() {
    for status in [201, 202, 204, 205, 206, 207, 208, 226, 299] {
        let sentence = format!("127.0.0.1 answered with HTTP {status}, which is no document");
        is_refused(Answer::status(status), &sentence).await;
    }
    is_refused(
        Answer::ok(&FEED[..90]).with_status(206).header("Content-Range", "bytes 0-89/9999"),
        "127.0.0.1 answered with HTTP 206, which is no document",
    )
    .await;
    is_read(Answer::ok(FEED).with_status(203)).await;
}

#[tokio::test]
async fn the_page_that_comes_with_a_refusal_is_never_read_as_a_feed() {
    for (status, class) in [
        (400, "http_other"),
        (401, "not_let_in"),
        (402, "http_other"),
        (403, "not_let_in"),
        (404, "http_404"),
        (405, "http_other"),
        (406, "http_other"),
        (407, "not_let_in"),
        (408, "http_other"),
        (410, "http_410"),
        (418, "http_other"),
        (421, "http_other"),
        (451, "not_let_in"),
        (500, "http_5xx"),
        (502, "http_5xx"),
        (503, "http_5xx"),
        (504, "http_5xx"),
        (522, "http_5xx"),
        (599, "http_5xx"),
        (600, "http_other"),
        (999, "http_other"),
    ] {
        for body in [HTML, FEED, ""] {
            assert_eq!(fault(Answer::ok(body).with_status(status)).await.class(), class, "{status}");
        }
    }
}

#[tokio::test]
async fn the_body_of_a_refusal_is_not_waited_for() {
    assert_eq!(fault(Answer::repeated(vec![b'x'; 1 << 20], 1000).with_status(500)).await.class(), "http_5xx");
    assert_eq!(fault(Answer::then_silence("<html>").with_status(404)).await.class(), "http_404");
}

#[tokio::test]
async fn too_many_requests_says_how_long_in_whichever_way() {
    let day = 24 * 3600;
    let longer_than_a_day = "9".repeat(400);
    for (text, wait) in [
        ("120", Some(120)),
        (" 120 ", Some(120)),
        ("\"120\"", Some(120)),
        ("0", Some(0)),
        ("00060", Some(60)),
        ("86401", Some(day)),
        (longer_than_a_day.as_str(), Some(day)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(day)),
        ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
        ("Sunday, 06-Nov-94 08:49:37 GMT", Some(0)),
        ("-5", None),
        ("1.5", None),
        ("1e9", None),
        ("soon", None),
        ("Fri, 32 Foo 2026 25:61:61 GMT", None),
        ("", None),
        ("\u{0661}\u{0662}\u{0660}", None),
    ] {
        let fault = fault(Answer::status(429).header("Retry-After", text)).await;
        assert!(fault.is_postponed(), "{text}");
        assert_eq!(fault.try_again_in(), wait.map(Duration::from_secs), "{text}");
    }
}

#[tokio::test]
async fn too_many_requests_with_an_empty_body_is_no_broken_feed() {
    is_refused(Answer::status(429), "127.0.0.1 asked us to come less often").await;
    let reset = Answer::status(429).header("x-ratelimit-remaining", "0.0").header("x-ratelimit-reset", "77");
    assert_eq!(fault(reset).await.try_again_in(), Some(Duration::from_secs(77)));
}

#[tokio::test]
async fn two_retry_afters_are_read_as_the_first() {
    let fault = fault(Answer::status(503).header("Retry-After", "60").header("Retry-After", "999")).await;
    assert_eq!(fault.try_again_in(), Some(Duration::from_secs(60)));
}

#[tokio::test]
async fn nothing_has_changed_is_believed_only_where_we_asked_whether_it_had() {
    is_refused(Answer::status(304), "127.0.0.1 answered with HTTP 304, which is no document").await;
    is_refused(Answer::status(304).header("ETag", "\"1\""), "127.0.0.1 answered with HTTP 304, which is no document").await;
}

/// What is sent in the second visit after the first brought these validators.
async fn asked_with(answer: Answer) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let server = Server::always(answer).await;
    let (fetcher, source) = (fetcher(Limits::default()), at(server.url("/feed")));
    let Ok(Fetched::News { validators, .. }) = fetcher.fetch(&source, &Validators::default()).await else { panic!("news") };
    fetcher.fetch(&source, &validators).await.unwrap();
    let second = &server.requests()[1];
    (second.header("If-None-Match"), second.header("If-Modified-Since"))
}

#[tokio::test]
async fn weak_unquoted_and_odd_tags_go_back_byte_for_byte() {
    for tag in ["W/\"abc\"", "w/\"abc\"", "abc", "\"a\"b\"", "\"\"", "\"a\", \"b\"", "W/", "\"-gzip\"", "0"] {
        let (etag, _) = asked_with(Answer::ok(FEED).header("ETag", tag)).await;
        assert_eq!(etag.as_deref(), Some(tag.as_bytes()));
    }
}

#[tokio::test]
async fn a_validator_that_would_silence_the_feed_or_burst_the_request_is_not_kept() {
    let huge = "x".repeat(60_000);
    for tag in ["", " ", "*", huge.as_str()] {
        assert_eq!(asked_with(Answer::ok(FEED).header("ETag", tag)).await, (None, None), "{tag:.9}");
        assert_eq!(asked_with(Answer::ok(FEED).header("Last-Modified", tag)).await, (None, None), "{tag:.9}");
    }
}

#[tokio::test]
async fn the_newest_validators_win_on_every_answer() {
    let server = Server::start(|request| match request.number {
        1 => Answer::ok(FEED).header("ETag", "\"1\"").header("Last-Modified", "then"),
        _ => Answer::ok(FEED),
    })
    .await;
    let (fetcher, source) = (fetcher(Limits::default()), at(server.url("/feed")));
    let mut kept = Validators::default();
    for _ in 0..2 {
        let Ok(Fetched::News { validators, .. }) = fetcher.fetch(&source, &kept).await else { panic!("news") };
        kept = validators;
    }
    assert_eq!(kept, Validators::default(), "what an answer no longer carries is not sent again");
}
