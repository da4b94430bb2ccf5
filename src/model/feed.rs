//! A desk's feed of alerts: the letters that stand in it.

use jiff::Timestamp;

use super::letter::{Letter, MessageId};

/// How deliveries name the feed of a desk, in the place of a mail address. They are made sent: a letter stands in the feed
/// from the moment it is written.
pub const FEED: &str = "feed";

/// A letter that stands in a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its row.
    pub number: i64,
    /// Its id as if it were mail: the entry's id is made of it.
    pub message_id: MessageId,
    /// The letter.
    pub letter: Letter,
    /// When it was closed.
    pub at: Timestamp,
    /// A post that it quotes was taken back by its author: no post is quoted any longer.
    pub is_taken_back: bool,
}

/// What stands in a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Shelf {
    /// Domain that the feed's id begins with; the same for as long as the store lives.
    pub authority: String,
    /// Since when the desk is known.
    pub since: Timestamp,
    /// Letters, newest first.
    pub entries: Vec<Entry>,
}
