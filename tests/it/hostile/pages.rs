//! What comes instead of a feed: pages, pictures, nothing. The sentence says what it is.

use claimwatch::feeds::syndication;

use super::{is_refused, refusal};
use crate::server::Answer;

const NO_ROOT: &str = "this is not a feed: it has no element <rss>, <feed> or <rdf:RDF>";

#[test]
fn nothing_is_said_to_be_nothing() {
    for nothing in ["", " ", "\n\n\n", "\u{feff}", "\0\0\0\0", "\u{feff} \u{a0}\u{2003}\n"] {
        assert_eq!(refusal(nothing), "the document is empty", "{nothing:?}");
    }
    assert_eq!(refusal(" ".repeat(1 << 20)), "the document is empty");
}

#[test]
fn a_page_is_said_to_be_a_page_and_where_its_feed_is() {
    let page = "this is a web page, not a feed";
    for (text, said) in [
        (
            "<!DOCTYPE html><html><head><title>Log in</title></head><body><form action=\"/login\" method=post><input type=password></form></body></html>",
            page,
        ),
        (
            "<!DOCTYPE html><html lang=\"en-US\"><head><title>Just a moment...</title></head><body><div id=\"cf-wrapper\"><script>challenge()</script></div></body></html>",
            page,
        ),
        ("<html><head><title>Error establishing a database connection</title></head></html>", page),
        ("<html><script>document.write('<rss version=\"2.0\"><channel>')</script></html>", page),
        ("<!-- saved --><HTML><BODY BGCOLOR=#FFFFFF>Domain for sale</BODY></HTML>", page),
        (
            "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" \"x\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><body/></html>",
            page,
        ),
        (
            "<html><link rel=\"alternate\" type=\"application/rss+xml\" href=\"/feed\"></html>",
            "this is a web page, not a feed; its feed is https://example.org/feed",
        ),
        ("<html><link rel=\"alternate\" type=\"application/rss+xml\" href=\"javascript:alert(1)\"></html>", page),
        (
            "<html><link rel=\"alternate\" type=\"application/rss+xml\" href=\"http://[bad\"><link rel=alternate type=application/atom+xml href=//example.net/a></html>",
            "this is a web page, not a feed; its feed is https://example.net/a",
        ),
    ] {
        assert_eq!(refusal(text), said, "{text}");
    }
}

#[test]
fn files_of_other_kinds_are_said_to_be_such() {
    for (bytes, said) in [
        (&b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"[..], "this is not a feed: it is a PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "this is not a feed: it is a picture"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "this is not a feed: it is a picture"),
        (b"GIF89a\x01\0\x01\0", "this is not a feed: it is a picture"),
        (b"ID3\x03\0\0\0\0", "this is not a feed: it is a recording"),
        (b"PK\x03\x04\x14\0\0\0", "this is not a feed: it is a ZIP archive"),
        (b"\x1f\x8b\x08\0\0\0\0\0", "this is not a feed: it is a gzip archive"),
        (b"\x7fELF\x02\x01\x01", NO_ROOT),
        (b"Service unavailable", NO_ROOT),
        (b"<Error><Code>AccessDenied</Code></Error>", NO_ROOT),
        (b"<?xml version='1.0'?><urlset><url/></urlset>", NO_ROOT),
        (
            b"<opml version='2.0'><body/></opml>",
            "this is not a feed: it is a list of feeds (OPML); `claimwatch source import FILE` takes them over",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", NO_ROOT),
        (b"<soap:Envelope xmlns:soap='x'><soap:Fault/></soap:Envelope>", NO_ROOT),
        (b"User-agent: *\nDisallow: /", NO_ROOT),
    ] {
        assert_eq!(refusal(bytes), said, "{:?}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn the_type_a_server_names_does_not_make_a_feed_of_a_page_nor_a_page_of_a_feed() {
    let feed = "<rss version=\"2.0\"><channel><item><title>one</title></item></channel></rss>";
    for kind in ["text/html", "application/pdf", "image/png", "application/json", "application/octet-stream", "\u{1}\u{2}", ""] {
        assert_eq!(syndication::read(feed.as_bytes(), Some(kind), None).unwrap().posts.len(), 1, "{kind}");
    }
    let fault = syndication::read(b"please wait", Some("text/html"), None).unwrap_err();
    assert_eq!(fault.to_string(), "this is a web page, not a feed");
}

#[tokio::test]
async fn an_empty_answer_is_an_empty_document() {
    is_refused(Answer::ok(""), "the document is empty").await;
    is_refused(Answer::ok("").header("Content-Encoding", "gzip"), "the document is empty").await;
    is_refused(Answer::ok("").header("Content-Type", "text/xml"), "the document is empty").await;
}
