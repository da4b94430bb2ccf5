//! Bridges (RSS-Bridge and its like) put their own faults into the feed as an item: a fault of the source, not news.

use super::Document;
use super::error::ReadError;
use crate::model::post::{Markup, RawPost};

/// How the titles of such items begin.
const BEGINNINGS: [&str; 3] = ["Bridge returned error", "RSS-Bridge error", "RSSBridge error"];
/// Longest words of a bridge that are told.
const LONGEST: usize = 120;

/// Takes a bridge's faults out of a document.
///
/// # Errors
/// [`ReadError::Bridge`] when nothing else is in it.
pub fn without_faults(mut document: Document) -> Result<Document, ReadError> {
    let before = document.posts.len();
    let fault = document.posts.iter().find_map(fault_of);
    let Some(detail) = fault else { return Ok(document) };
    document.posts.retain(|post| fault_of(post).is_none());
    if document.posts.is_empty() && before > 0 {
        return Err(ReadError::Bridge { detail });
    }
    document.repaired.push("items that are faults of the bridge".to_owned());
    Ok(document)
}

fn fault_of(post: &RawPost) -> Option<String> {
    let (Markup::Plain(title) | Markup::Html(title)) = post.title.as_ref()?;
    let title = title.trim();
    let is_fault = BEGINNINGS.iter().any(|beginning| title.starts_with(beginning));
    is_fault.then(|| title.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(titles: &[&str]) -> Document {
        let post = |title: &&str| RawPost { title: Some(Markup::Plain((*title).to_owned())), ..RawPost::default() };
        Document { posts: titles.iter().map(post).collect(), ..Document::default() }
    }

    #[test]
    fn a_fault_of_the_bridge_is_a_fault_and_no_post() {
        let fault = without_faults(document(&["Bridge returned error 404! (20000)"])).unwrap_err();
        assert_eq!(fault, ReadError::Bridge { detail: "Bridge returned error 404! (20000)".to_owned() });
        let mixed = without_faults(document(&["News", "Bridge returned error 0!"])).unwrap();
        assert_eq!((mixed.posts.len(), mixed.repaired.len()), (1, 1));
        assert_eq!(without_faults(document(&["Bridge returned to the city"])).unwrap().posts.len(), 1);
        assert!(without_faults(document(&[])).is_ok());
    }
}
