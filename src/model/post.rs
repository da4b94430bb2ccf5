//! A post: as a feed gives it (`RawPost`), and cleaned so that it can be matched (`Post`).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::source::SourceName;

/// Text as a feed carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Markup {
    /// Plain text.
    Plain(String),
    /// HTML, to be read as a person would see it.
    Html(String),
}

/// One item of a feed, before anything in it is trusted.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawPost {
    /// The publisher's own identifier, if there is one worth the name.
    pub guid: Option<String>,
    /// Address of the item, made absolute.
    pub url: Option<String>,
    /// Headline.
    pub title: Option<Markup>,
    /// Body or summary; the longer of the two where both stand.
    pub body: Option<Markup>,
    /// Alternative texts and captions of pictures.
    pub captions: Vec<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// When the publisher says it appeared.
    pub published: Option<Timestamp>,
    /// Language tag the feed declares.
    pub lang: Option<String>,
    /// What a reader is warned of.
    pub warning: Option<String>,
    /// A post that this one quotes.
    pub quoted: Option<Markup>,
    /// Title and description of the page it links to, as the network shows them.
    pub card: Option<String>,
    /// Addresses it links to besides those in its texts.
    pub links: Vec<String>,
    /// The name under which its whole network knows it ("mastodon|https://…"): found through two sources it is still one post.
    pub everywhere: Option<String>,
}

/// What a network says of a post besides its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// The post: one that its whole network knows.
    pub key: PostKey,
    /// The number its server gives it, with the server's name: a deletion names nothing else.
    pub number: Option<String>,
    /// How often it was reposted in all, as far as its server says.
    pub reposts: u32,
    /// Reposts heard one by one, to be added to those counted.
    pub more: u32,
}

/// Identifies a post within a source; our own digest, never the publisher's text (see `feeds::key`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PostKey(pub String);

/// By what else than its key a post can be recognised, where its publisher changes identifiers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Alias {
    /// Its address without scheme and tracking; `None` where other items of the document have the same.
    pub url: Option<String>,
    /// A digest of its words: another one means that it was edited.
    pub text: String,
    /// The words are enough, and no other item's: whoever says the same is the same.
    pub tells: bool,
}

/// A lower-case BCP 47 primary language subtag ("en", "fr").
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lang(pub String);

/// Which piece of a post a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartKind {
    /// Headline.
    Title,
    /// The post's own words.
    Text,
    /// A post that this one quotes.
    Quoted,
    /// Title and description of a linked page, as the network shows them.
    LinkCard,
    /// Alternative text or caption of a picture.
    AltText,
    /// Content warning.
    Warning,
}

/// One piece of a post's readable text. Spans point into `text`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Which piece it is.
    pub kind: PartKind,
    /// Plain text as a person would read it.
    pub text: String,
}

/// A post that can be matched, quoted in a letter and recognised when it comes again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Where we found it.
    pub source: SourceName,
    /// What recognises it at the next visit.
    pub key: PostKey,
    /// Address of the post.
    pub url: Option<String>,
    /// Its readable pieces, headline first; at least one unless the post is empty.
    pub parts: Vec<Part>,
    /// Addresses it links to.
    pub links: Vec<String>,
    /// Who wrote it, as the source says.
    pub author: Option<String>,
    /// Declared, else recognised language.
    pub lang: Option<Lang>,
    /// When the publisher says it appeared, never later than `seen_at`.
    pub published: Option<Timestamp>,
    /// When we first saw it: what "new" is decided by.
    pub seen_at: Timestamp,
}

impl Post {
    /// Gives a post made of one text, as `explain`, `test` and tests need it.
    pub fn of_text(text: &str, seen_at: Timestamp) -> Self {
        Self {
            source: SourceName("text".to_owned()),
            key: PostKey(String::new()),
            url: None,
            parts: vec![Part { kind: PartKind::Text, text: text.to_owned() }],
            links: Vec::new(),
            author: None,
            lang: None,
            published: None,
            seen_at,
        }
    }
}
