//! Why a document could not be read as a feed.

use std::fmt;
use std::time::Duration;

/// A document that is no readable feed; none of these mends itself by asking again at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// Nothing in it.
    Empty,
    /// A web page; with the feed it points to, if any.
    WebPage {
        /// `<link rel="alternate">` found in it.
        feed: Option<String>,
    },
    /// Neither XML nor JSON that we know.
    NotAFeed {
        /// The parser's words.
        detail: String,
    },
    /// It has items, but none could be read.
    NoItems,
    /// A bridge that could not read what it bridges says so in its feed.
    Bridge {
        /// Its words.
        detail: String,
    },
    /// The parser gave up in a way it should not (a bug in it); the source is safe.
    Panicked,
}

impl ReadError {
    /// Gives the word under which metrics count it.
    pub fn class(&self) -> &'static str {
        match self {
            Self::Empty => "empty_body",
            Self::WebPage { .. } => "html_not_feed",
            Self::NotAFeed { .. } => "not_a_feed",
            Self::NoItems => "no_items_read",
            Self::Bridge { .. } => "bridge_error",
            Self::Panicked => "panic",
        }
    }

    /// Never says when: what comes next time is up to the publisher, and the usual backoff is right.
    pub fn try_again_in(&self) -> Option<Duration> {
        None
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the document is empty"),
            Self::WebPage { feed: None } => f.write_str("this is a web page, not a feed"),
            Self::WebPage { feed: Some(feed) } => write!(f, "this is a web page, not a feed; its feed is {feed}"),
            Self::NotAFeed { detail } => write!(f, "this is not a feed: {detail}"),
            Self::NoItems => f.write_str("the document has items, but none could be read"),
            Self::Bridge { detail } => write!(f, "the bridge behind this feed failed: {detail}"),
            Self::Panicked => f.write_str("the feed reader failed on this document (a bug in it); other sources are not touched"),
        }
    }
}

impl std::error::Error for ReadError {}
