//! What a stream said lately: the words of posts, for those that quote them, and what accounts are called. Bounded, and forgotten
//! with the process.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::BuildHasher;

use crate::feeds::jetstream::Written;

/// Posts remembered…
const MOST_POSTS: usize = 100_000;
/// …and the room their words may take, in bytes.
const MOST_BYTES: usize = 16 << 20;
/// Longest text remembered: what a post on Bluesky may hold.
const LONGEST_BYTES: usize = 3000;
/// Accounts whose names are remembered.
const MOST_NAMES: usize = 20_000;

/// The words of posts by their addresses, and the names of accounts.
#[derive(Debug, Default)]
pub struct Memory {
    /// By a hash with a secret of this process: an address is not worth its room.
    texts: HashMap<u64, Box<str>>,
    posts: VecDeque<u64>,
    bytes: usize,
    hasher: RandomState,
    names: HashMap<String, String>,
    named: VecDeque<String>,
}

impl Memory {
    /// Remembers what a post says.
    pub fn learn(&mut self, uri: &str, text: &str) {
        let key = self.hasher.hash_one(uri);
        let text: Box<str> = text[..text.floor_char_boundary(LONGEST_BYTES)].into();
        self.bytes += text.len();
        match self.texts.insert(key, text) {
            Some(before) => self.bytes -= before.len(),
            None => self.posts.push_back(key),
        }
        while self.posts.len() > MOST_POSTS || self.bytes > MOST_BYTES {
            let Some(oldest) = self.posts.pop_front() else { break };
            self.bytes -= self.texts.remove(&oldest).map_or(0, |text| text.len());
        }
    }

    /// Gives what a post says, if it is remembered.
    pub fn text(&self, uri: &str) -> Option<&str> {
        self.texts.get(&self.hasher.hash_one(uri)).map(AsRef::as_ref)
    }

    /// Remembers what an account is called.
    pub fn name(&mut self, did: String, name: String) {
        if self.names.insert(did.clone(), name).is_none() {
            self.named.push_back(did);
        }
        while self.named.len() > MOST_NAMES {
            if let Some(oldest) = self.named.pop_front() {
                self.names.remove(&oldest);
            }
        }
    }

    /// Gives what an account is called, if it is remembered.
    pub fn name_of(&self, did: &str) -> Option<&str> {
        self.names.get(did).map(String::as_str)
    }

    /// Gives the addresses of posts that are quoted in a stretch and neither stand in it before nor are remembered, each once.
    pub fn unknown_quotes(&self, written: &[Written]) -> Vec<String> {
        let mut known: HashSet<&str> = HashSet::new();
        let mut unknown = Vec::new();
        for one in written {
            if let Some(uri) = one.quotes.as_deref()
                && self.text(uri).is_none()
                && known.insert(uri)
            {
                unknown.push(uri.to_owned());
            }
            known.extend(one.post.guid.as_deref());
        }
        unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::post::RawPost;

    #[test]
    fn the_newest_words_are_remembered_and_room_is_bounded() {
        let mut memory = Memory::default();
        for number in 0..20_000 {
            memory.learn(&format!("at://{number}"), &"é".repeat(1000));
        }
        assert!(memory.bytes <= MOST_BYTES && memory.texts.len() == memory.posts.len());
        assert!(memory.text("at://0").is_none() && memory.text("at://19999").is_some());
        memory.learn("at://19999", &"é".repeat(4000));
        assert_eq!(memory.text("at://19999").map(str::len), Some(3000));
        memory.learn("at://19999", "edited");
        assert_eq!(memory.text("at://19999"), Some("edited"));
        assert_eq!(memory.bytes, memory.texts.values().map(|text| text.len()).sum::<usize>());
        (0..30_000).for_each(|number| memory.name(format!("did:{number}"), "x".into()));
        assert_eq!((memory.names.len(), memory.name_of("did:0")), (MOST_NAMES, None));
    }

    #[test]
    fn only_quotes_that_nobody_knows_are_looked_up() {
        let mut memory = Memory::default();
        memory.learn("at://known", "words");
        let post = |uri: &str, quotes: Option<&str>| Written {
            post: RawPost { guid: Some(uri.into()), ..RawPost::default() },
            quotes: quotes.map(str::to_owned),
            is_edit: false,
        };
        let written = [
            post("at://1", Some("at://known")),
            post("at://2", Some("at://1")),
            post("at://3", Some("at://far")),
            post("at://4", Some("at://far")),
        ];
        assert_eq!(memory.unknown_quotes(&written), ["at://far"]);
    }
}
