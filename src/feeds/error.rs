//! Why a document could not be read as a feed.

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
    /// The parser gave up in a way it should not (a bug in it); the source is safe.
    Panicked,
}
