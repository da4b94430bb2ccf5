//! Where elements are closed, found beforehand in one pass, so that looking ahead later costs nothing.

use std::collections::HashMap;

use super::names::{Family, element, holds_text_only};
use crate::feeds::markup::{Token, Tokens, local};

/// Places that only grow, asked in rising order.
#[derive(Debug, Default)]
struct Places {
    places: Vec<usize>,
    asked: usize,
}

impl Places {
    fn after(&mut self, at: usize) -> Option<usize> {
        while self.places.get(self.asked).is_some_and(|place| *place < at) {
            self.asked += 1;
        }
        self.places.get(self.asked).copied()
    }
}

/// The closing tags of elements that hold text only, and the borders of items.
#[derive(Debug, Default)]
pub struct Closings<'a> {
    of_texts: HashMap<&'a str, Places>,
    borders: Places,
}

/// Says whether this is the element of an item.
pub fn is_item(name: &str, family: Family) -> bool {
    local(name).eq_ignore_ascii_case(if family == Family::Atom { "entry" } else { "item" })
}

impl<'a> Closings<'a> {
    /// Finds them in the document from byte `at` on.
    pub fn find(text: &'a str, at: usize, family: Family) -> Self {
        let mut found = Self::default();
        for (place, token) in Tokens::new(text, at) {
            let (name, closes) = match token {
                Token::Open { name, .. } => (name, false),
                Token::Close(name) => (name, true),
                _ => continue,
            };
            if is_item(name, family) || matches!(local(name), "channel" | "feed" | "rss" | "RDF") {
                found.borders.places.push(place);
            } else if closes && holds_text_only(&element(name, family), family) {
                found.of_texts.entry(name).or_default().places.push(place);
            }
        }
        found
    }

    /// Finds where the text-only element opened before `at` is closed, unless its item ends first.
    pub fn of_text(&mut self, name: &str, at: usize) -> Option<usize> {
        let border = self.borders.after(at);
        let close = self.of_texts.get_mut(name)?.after(at)?;
        border.is_none_or(|border| close < border).then_some(close)
    }
}
