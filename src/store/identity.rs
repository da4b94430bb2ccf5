//! What is remembered of the identity of posts: by what they are recognised, and what became of known ones.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::model::post::{Alias, Post, PostKey, Standing};

/// What a visit learned about the identity of posts.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The aliases of new posts.
    pub aliases: HashMap<PostKey, Alias>,
    /// Those of the new posts that are another text of a known one.
    pub revisions: HashMap<PostKey, Revised>,
    /// Known posts whose address or words are no longer those remembered.
    pub renewed: Vec<Renewed>,
    /// What networks say of posts besides their words; of posts that are not remembered nothing is kept.
    pub standings: Vec<Standing>,
}

/// Another text of a post that is known, worth a letter of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised {
    /// The post as it is known.
    pub of: PostKey,
    /// Number of the text, from 2.
    pub number: u32,
}

/// A known post as it stands now.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewed {
    /// The post as it is known.
    pub key: PostKey,
    /// By what it is recognised now.
    pub alias: Alias,
    /// Its newer text, where it was edited.
    pub text: Option<Post>,
}

/// A post that is remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// The key under which it is remembered.
    pub key: PostKey,
    /// It was not recognised by its key but by its address or words.
    pub by_alias: bool,
    /// Address or words are no longer those remembered.
    pub renewed: bool,
    /// Its words have changed.
    pub edited: Option<Box<Edited>>,
}

/// What is remembered of a post whose words have changed since.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// Its last text that is kept; `None` once that is forgotten.
    pub before: Option<Post>,
    /// Texts that are kept of it.
    pub texts: u32,
    /// When the last of them was seen.
    pub last_at: Timestamp,
}
