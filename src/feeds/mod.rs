//! From a document's bytes to clean posts.

pub mod clean;
pub mod error;
pub mod key;
pub mod syndication;

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
}
