//! Documents and servers that mean us harm, or nothing at all: what is read of them, what is said, and what they cost.

mod bombs;
mod framing;
mod redirects;
mod statuses;
mod times;

use claimwatch::feeds::{Document, syndication};
use claimwatch::fetch::error::FetchError;
use claimwatch::fetch::settings::{Limits, Settings};
use claimwatch::fetch::{Fetched, Fetcher};
use claimwatch::model::post::Markup;
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
