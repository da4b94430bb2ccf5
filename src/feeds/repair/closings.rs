//! Where elements are closed, found beforehand in one pass, so that looking ahead later costs nothing.

use foldhash::HashMap;

use super::names::{Family, element, holds_text_only, known_namespace};
use crate::feeds::markup::{Token, Tokens, attributes, local};

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

/// What the items of a document are called.
#[derive(Debug, Clone)]
pub struct ItemName<'a> {
    plain: &'static str,
    /// Prefixes that mean the feed's own names.
    prefixes: Vec<&'a str>,
}

impl<'a> ItemName<'a> {
    /// Learns it from the root element at byte `at`.
    pub fn of(text: &'a str, at: usize, family: Family) -> Self {
        let mut prefixes = vec!["atom"];
        if let Some((_, Token::Open { name, attributes: written, .. })) = Tokens::new(text, at).next() {
            prefixes.extend(name.rsplit_once(':').map(|(prefix, _)| prefix));
            let bound = attributes(written).filter(|(_, value)| known_namespace(value) == Some(family.namespace()));
            prefixes.extend(bound.filter_map(|(key, _)| key.strip_prefix("xmlns:")).take(8));
        }
        // Some write `item` in Atom too; where there are entries, it means something else.
        let has_entries = || text.get(at..).is_some_and(|text| text.contains("entry") || text.contains("ENTRY"));
        let plain = if family == Family::Atom && has_entries() { "entry" } else { "item" };
        Self { plain, prefixes }
    }

    /// Says whether an element is an item.
    pub fn is(&self, name: &str) -> bool {
        match name.rsplit_once(':') {
            Some((prefix, plain)) => plain.eq_ignore_ascii_case(self.plain) && self.prefixes.contains(&prefix),
            None => name.eq_ignore_ascii_case(self.plain),
        }
    }
}

impl<'a> Closings<'a> {
    /// Finds them in the document from byte `at` on.
    pub fn find(text: &'a str, at: usize, family: Family, items: &ItemName<'_>) -> Self {
        let mut found = Self::default();
        for (place, token) in Tokens::new(text, at) {
            let (name, closes) = match token {
                Token::Open { name, .. } => (name, false),
                Token::Close(name) => (name, true),
                _ => continue,
            };
            if items.is(name) || matches!(local(name), "channel" | "feed" | "rss" | "RDF") {
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
