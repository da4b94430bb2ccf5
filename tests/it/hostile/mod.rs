//! Documents and servers that mean us harm, or nothing at all: what is read of them, what is said, and what they cost.

mod bombs;
mod encodings;
mod framing;
mod growth;
mod items;
mod json;
mod markup;
mod pages;
mod redirects;
mod statuses;
mod times;

use claimwatch::feeds::clean::{clean, name_languages};
use claimwatch::feeds::error::ReadError;
use claimwatch::feeds::{Document, syndication};
use claimwatch::fetch::error::FetchError;
use claimwatch::fetch::settings::{Limits, Settings};
use claimwatch::fetch::{Fetched, Fetcher};
use claimwatch::model::post::{Markup, Post};
use claimwatch::model::source::{Backfill, Source, SourceKind, SourceName, Validators};
use url::Url;

use crate::server::{Answer, Server};

/// A good feed of two items.
const FEED: &str = "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Feed</title>\
    <item><title>one</title></item><item><title>two</title></item></channel></rss>";

/// A source that may visit loopback.
fn at(url: Url) -> Source {
    let kind = SourceKind::Feed { url, allow_private: vec!["127.0.0.0/8".parse().unwrap()] };
    Source {
        name: SourceName("hostile".to_owned()),
        kind,
        every: std::time::Duration::from_secs(900),
        backfill: Backfill::Nothing,
    }
}

fn fetcher(limits: Limits) -> Fetcher {
    Fetcher::new(&Settings { limits, ..Settings::default() })
}

async fn fetch(answer: Answer, limits: Limits) -> Result<Fetched, FetchError> {
    let server = Server::always(answer).await;
    fetcher(limits).fetch(&at(server.url("/feed")), &Validators::default()).await
}

/// Visits a server that always gives this answer: the document read, or the sentence an operator reads.
async fn visit(answer: Answer) -> Result<Document, String> {
    match fetch(answer, Limits::default()).await {
        Ok(Fetched::News { body, content_type, url, .. }) => {
            syndication::read(&body, content_type.as_deref(), url.as_ref()).map_err(|fault| fault.to_string())
        }
        Ok(Fetched::NotModified { .. }) => Err("nothing has changed".to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// Gives the headlines of a document.
fn titles(document: &Document) -> Vec<String> {
    let words = |markup: &Markup| match markup {
        Markup::Plain(text) | Markup::Html(text) => text.trim().to_owned(),
    };
    document.posts.iter().map(|post| post.title.as_ref().map(words).unwrap_or_default()).collect()
}

/// The visit brings both items of [`FEED`].
async fn is_read(answer: Answer) {
    let document = visit(answer).await.unwrap();
    assert_eq!((titles(&document), document.cut_short), (vec!["one".to_owned(), "two".to_owned()], false));
}

/// The visit fails with this sentence.
async fn is_refused(answer: Answer, sentence: &str) {
    assert_eq!(visit(answer).await.unwrap_err(), sentence);
}

/// Reads a document as it comes from a server that says nothing about it.
fn read(bytes: impl AsRef<[u8]>) -> Result<Document, ReadError> {
    syndication::read(bytes.as_ref(), None, Some(&Url::parse("https://example.org/feed.xml").unwrap()))
}

/// Gives the headlines of a document that can be read.
fn headlines(bytes: impl AsRef<[u8]>) -> Vec<String> {
    titles(&read(bytes).unwrap())
}

/// Gives the sentence about a document that cannot be read.
fn refusal(bytes: impl AsRef<[u8]>) -> String {
    read(bytes).unwrap_err().to_string()
}

/// Reads and cleans a document as a visit does.
fn posts(bytes: impl AsRef<[u8]>) -> Vec<Post> {
    let mut posts = clean(read(bytes).unwrap().posts, &SourceName("hostile".to_owned()), "2026-11-09T12:00:00Z".parse().unwrap());
    name_languages(&mut posts);
    posts
}

/// A feed with these items.
fn rss(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{items}</channel></rss>")
}

/// A feed with this between two good items, of which both must be read.
fn between(hostile: &str) -> String {
    rss(&format!("<item><title>one</title></item>{hostile}<item><title>two</title></item>"))
}

/// Reads and cleans a document, and gives the most bytes of memory that were held at once, and those asked for in all: what
/// grows faster than the document shows in one or the other.
fn weigh(bytes: impl AsRef<[u8]>) -> (u64, u64) {
    let counted = allocation_counter::measure(|| {
        if let Ok(document) = read(bytes) {
            clean(document.posts, &SourceName("hostile".to_owned()), "2026-11-09T12:00:00Z".parse().unwrap());
        }
    });
    (counted.bytes_max, counted.bytes_total)
}
