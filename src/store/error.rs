//! Why the memory could not be read or written.

/// A failure of the store.
#[derive(Debug)]
pub enum StoreError {}
