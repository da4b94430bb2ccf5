//! Why a document could not be had, and when to try again.

/// A failed visit.
#[derive(Debug)]
pub enum FetchError {}
