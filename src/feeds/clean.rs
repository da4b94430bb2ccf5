//! From what a feed says to a post that can be matched.

use jiff::Timestamp;

use crate::model::post::{Post, RawPost};
use crate::model::source::SourceName;

/// Cleans the items of one document together: keys are chosen by what is unique in it.
pub fn clean(raw: Vec<RawPost>, source: &SourceName, seen_at: Timestamp) -> Vec<Post> {
    let _ = (raw, source, seen_at);
    todo!()
}
