//! RSS, Atom, RDF and JSON Feed, read by feed-rs: its panics caught, its ids not trusted.

use super::Document;
use super::error::ReadError;

/// Reads a feed document. `content_type` is the HTTP header, `base` the address it came from.
///
/// # Errors
/// When nothing in it can be read as a feed.
pub fn read(bytes: &[u8], content_type: Option<&str>, base: Option<&url::Url>) -> Result<Document, ReadError> {
    let _ = (bytes, content_type, base);
    todo!()
}
