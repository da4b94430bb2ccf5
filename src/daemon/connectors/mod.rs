//! One file for each kind of source that is visited: whom it asks, from where it goes on, and when it has read enough.
//!
//! A connector gives posts and a cursor; when it is asked, what is new and what is remembered is none of its business. A new one
//! is a variant of `SourceKind`, a file here, a reader in `feeds`, and its keys in `config::networks`: the compiler names each place.

pub mod bluesky;
pub mod feed;
pub mod jetstream;
pub mod mastodon;
pub mod push;
pub mod reddit;
pub mod telegram;
