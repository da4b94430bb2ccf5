//! What connectors are asked with, and what they give: posts and how they were come by.

use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use crate::fetch::Fetcher;
use crate::model::hub::Hub;
use crate::model::post::{Post, Standing};
use crate::model::source::Validators;
use crate::store::Store;

/// What a source gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Gathered {
    /// Nothing has changed since the last visit.
    Unchanged {
        /// Newer validators, if the answer carried any.
        validators: Option<Validators>,
        /// The server asks to wait this long.
        hint: Option<Duration>,
        /// Where permanent redirects led.
        moved: Option<Url>,
    },
    /// Posts, known and unknown.
    Batch(Box<Batch>),
}

impl Gathered {
    /// Nothing has changed, and nothing more is known about it.
    pub fn nothing() -> Self {
        Self::Unchanged { validators: None, hint: None, moved: None }
    }
}

/// Posts, and how they were come by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Batch {
    /// In the order of the source.
    pub posts: Vec<Post>,
    /// The source's own title.
    pub title: Option<String>,
    /// Where it was found after redirects.
    pub url: Option<Url>,
    /// What had to be repaired, in words.
    pub repaired: Vec<String>,
    /// The server asks to wait this long.
    pub hint: Option<Duration>,
    /// What to ask with next time.
    pub validators: Validators,
    /// Where to go on reading next time.
    pub cursor: Option<String>,
    /// There is more to be read at once.
    pub more: bool,
    /// How the keys of its posts were made, where that was chosen by the document.
    pub key_policy: Option<String>,
    /// Where permanent redirects led.
    pub moved: Option<Url>,
    /// A hub that pushes the document.
    pub hub: Option<Hub>,
    /// What the network says of posts besides their words.
    pub standings: Vec<Standing>,
}

/// Whom a source is asked through.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    /// The one who asks.
    pub fetcher: &'a Fetcher,
    /// What is remembered, where it matters which posts are known.
    pub store: Option<&'a Store>,
    /// The time.
    pub now: Timestamp,
}
