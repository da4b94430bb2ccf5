//! From a document's bytes to clean posts.

pub mod bluesky;
mod bridge;
pub mod clean;
mod convert;
pub mod decode;
mod ebcdic;
pub mod error;
pub mod jetstream;
mod jsonfeed;
mod jsonmend;
pub mod key;
pub mod language;
mod markup;
pub mod mastodon;
pub mod opml;
pub mod page;
pub mod preset;
pub mod pushed;
pub mod reddit;
mod repair;
pub mod sse;
pub mod syndication;
pub mod telegram;
mod unpanicked;
pub mod websub;

use crate::model::hub::Hub;
use crate::model::post::RawPost;

/// A feed document, read.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its items, in the order of the document.
    pub posts: Vec<RawPost>,
    /// The feed's own title.
    pub title: Option<String>,
    /// What had to be repaired before it could be read, in words ("bare ampersands").
    pub repaired: Vec<String>,
    /// The publisher asks not to come more often than this (`ttl`).
    pub ttl: Option<std::time::Duration>,
    /// A hub that pushes it.
    pub hub: Option<Hub>,
    /// The document breaks off; what was complete has been read. Its validators must not be kept: they would hide the rest.
    pub cut_short: bool,
}
