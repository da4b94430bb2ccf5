//! Answers whose frame is wrong: lengths that lie, chunks that break off, heads that are no heads.

use super::{FEED, is_read, is_refused, titles, visit};
use crate::server::Answer;

/// A whole answer with these header lines in front of the feed.
fn with_lines(lines: &str) -> Answer {
    Answer::raw(format!("HTTP/1.1 200 OK\r\n{lines}\r\n{FEED}"))
}

fn with_length(length: &str) -> Answer {
    with_lines(&format!("Content-Length: {length}\r\n"))
}

/// The text in chunks of 30 bytes, without the last, empty one.
fn chunks(text: &str) -> String {
    let pieces = text.as_bytes().chunks(30).map(|piece| std::str::from_utf8(piece).unwrap());
    pieces.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect()
}

fn chunked(chunks: &str) -> Answer {
    Answer::raw(format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"))
}

const BROKE_OFF: &str = "127.0.0.1 broke off before the answer was complete";

#[tokio::test]
async fn a_length_that_promises_too_much_costs_no_whole_document() {
    is_read(with_length("100000")).await;
    is_read(Answer::short("{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{\"id\": \"1\", \"title\": \"one\"}, {\"id\": \"2\", \"title\": \"two\"}]}", 9999)).await;
    is_read(Answer::short(format!("{FEED}<!-- kept by a cache -->"), 9999)).await;
}

#[tokio::test]
async fn a_length_that_promises_too_much_is_told_where_the_document_breaks_off_too() {
    is_refused(Answer::short(&FEED[..100], 9999), BROKE_OFF).await;
    is_refused(Answer::short("{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": [{\"id\": \"1\"}", 9999), BROKE_OFF)
        .await;
}

#[tokio::test]
async fn a_length_that_promises_too_little_gives_the_whole_items_and_says_that_the_end_is_missing() {
    let document = visit(with_length(&(FEED.len() - 40).to_string())).await.unwrap();
    assert_eq!(titles(&document), ["one"]);
    assert!(document.cut_short, "the validators must not be kept");
    assert_eq!(document.repaired, ["the end is missing"]);
}

#[tokio::test]
async fn a_length_of_nothing_is_an_empty_document() {
    is_refused(with_length("0"), "the document is empty").await;
}

#[tokio::test]
async fn two_lengths_that_agree_are_one() {
    let length = FEED.len();
    is_read(with_lines(&format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"))).await;
}

#[tokio::test]
async fn lengths_that_contradict_each_other_or_are_none_are_not_http() {
    let length = FEED.len();
    let sentence = "127.0.0.1 answered in a way that is not HTTP: invalid content-length parsed";
    is_refused(with_lines(&format!("Content-Length: {length}\r\nContent-Length: 7\r\n")), sentence).await;
    for odd in ["-1", "+5", "0x10", "1e3", "99999999999999999999999999", "seven", "12, 13"] {
        is_refused(with_length(odd), sentence).await;
    }
}

#[tokio::test]
async fn chunks_win_over_a_length() {
    let body = chunks(FEED) + "0\r\n\r\n";
    is_read(Answer::raw(format!("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n{body}"))).await;
}

#[tokio::test]
async fn a_missing_last_chunk_costs_no_whole_document() {
    is_read(chunked(&chunks(FEED))).await;
}

#[tokio::test]
async fn a_document_that_breaks_off_inside_a_chunk_is_no_document() {
    let body = chunks(FEED);
    for length in [0, 1, 5, 20, 40, body.len() / 2] {
        is_refused(chunked(&body[..length]), BROKE_OFF).await;
    }
}

#[tokio::test]
async fn chunk_sizes_that_are_none_are_an_answer_that_breaks_off() {
    for size in ["zz", "-1", "ffffffffffffffff", "fffffffffffffffff", "", " ", "1g", "\0"] {
        is_refused(chunked(&format!("5\r\n<?xml\r\n{size}\r\nx")), BROKE_OFF).await;
    }
}

#[tokio::test]
async fn extensions_of_chunks_without_end_are_not_read_without_end() {
    is_refused(chunked(&format!("5;{}\r\n<?xml\r\n", "a".repeat(100_000))), BROKE_OFF).await;
}

#[tokio::test]
async fn trailers_without_end_are_not_read_without_end() {
    let trailers: String = (0..5000).map(|n| format!("X-{n}: a\r\n")).collect();
    is_read(chunked(&format!("{}0\r\n{trailers}\r\n", chunks(FEED)))).await;
}

#[tokio::test]
async fn answers_of_old_servers_are_read() {
    is_read(Answer::raw(format!("HTTP/1.0 200 OK\r\n\r\n{FEED}"))).await;
    is_read(Answer::raw(format!("HTTP/1.1 200\r\n\r\n{FEED}"))).await;
    is_read(Answer::raw(format!("HTTP/1.1 200 OK\nContent-Type: text/xml\n\n{FEED}"))).await;
}

#[tokio::test]
async fn what_is_not_http_is_said_not_to_be() {
    for odd in
        [FEED, "ICY 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0\0\0\0"]
    {
        let said = visit(Answer::raw(odd)).await.unwrap_err();
        assert!(said.starts_with("127.0.0.1 answered in a way that is not HTTP: "), "{said} after {odd:?}");
    }
}

#[tokio::test]
async fn an_answer_that_ends_in_its_head_or_before_it_broke_off() {
    for odd in ["", "HTTP/1.1 200 OK\r\nContent-"] {
        is_refused(Answer::raw(odd), BROKE_OFF).await;
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused_and_not_kept_in_memory() {
    let many: String = (0..5000).map(|n| format!("X-{n}: {n}\r\n")).collect();
    let large = format!("X-Large: {}\r\n", "a".repeat(2 << 20));
    let cookies = "Set-Cookie: a=b\r\n".repeat(101);
    for lines in [many, large, cookies] {
        let said = visit(with_lines(&lines)).await.unwrap_err();
        assert_eq!(said, "127.0.0.1 answered in a way that is not HTTP: message head is too large");
    }
    // Without an end: the server gives up when nobody listens any more.
    let endless = [b"HTTP/1.1 200 OK\r\nX-Large: ".to_vec(), vec![b'a'; 8 << 20]].concat();
    assert!(visit(Answer::raw(endless)).await.unwrap_err().ends_with("message head is too large"));
}

#[tokio::test]
async fn headers_that_no_one_can_read_cost_no_feed() {
    for line in [
        "X-Bell: a\u{7}b",
        "X Blank: a",
        "Content-Type : text/xml",
        "X-Folded: a\r\n  b",
        "X-Empty:",
        ": nameless",
        "no colon at all",
        "X-Ümlaut: a",
        "Content-Type: text/xml; charset=\u{1}",
        "ETag: \u{7f}",
        "Set-Cookie: \u{202e}",
    ] {
        is_read(with_lines(&format!("{line}\r\nX-Good: yes\r\n"))).await;
    }
    let latin =
        [b"HTTP/1.1 200 OK\r\nX-Author: Zo\xe9\xff\r\nContent-Type: text/xml; name=\xe9\r\n\r\n", FEED.as_bytes()].concat();
    is_read(Answer::raw(latin)).await;
}

#[tokio::test]
async fn a_head_with_a_nul_in_it_is_not_http() {
    for line in ["X-Nul: a\0b", "Location: /a\0b", "\0: a"] {
        is_refused(
            with_lines(&format!("{line}\r\n")),
            "127.0.0.1 answered in a way that is not HTTP: invalid HTTP header parsed",
        )
        .await;
    }
}

#[tokio::test]
async fn hints_before_the_answer_are_passed_over() {
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n".repeat(1000);
    is_read(Answer::raw(format!("{hints}HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n{FEED}"))).await;
}

#[tokio::test]
async fn a_second_answer_that_nobody_asked_for_is_not_read() {
    let length = FEED.len();
    let smuggled = FEED.replace("one", "smuggled");
    is_read(Answer::raw(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{FEED}HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{smuggled}",
        smuggled.len()
    )))
    .await;
}

#[tokio::test]
async fn a_change_of_protocol_that_nobody_asked_for_is_no_document() {
    let said = visit(Answer::raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")).await;
    assert_eq!(said.unwrap_err(), "127.0.0.1 answered with HTTP 101, which is no document");
}
