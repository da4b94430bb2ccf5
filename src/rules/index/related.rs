//! Which terms of a collection are words that are used alike: a post may say "jab" where the claim says "vaccine".

use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::reading::term;
use super::vocabulary::Term;
use crate::text::related::{Row, likeness, words};

/// Terms less alike than this (a cosine) have nothing to do with each other.
const LEAST_ALIKE: f32 = 0.35;

/// So many of the terms most like a word are kept.
const MOST_RELATED: usize = 64;

/// A term that is used like some other, and how much: 1 to 255, 255 the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Related {
    /// The term.
    pub term: Term,
    /// How alike.
    pub alike: u8,
}

/// The terms of one collection that stand in the table of related words.
#[derive(Debug, Default)]
pub struct Relations {
    rows: Vec<(Row, Term)>,
}

/// Gives the row of a term in the table of related words.
pub fn row_of(name: &str) -> Option<Row> {
    static ROWS: OnceLock<HashMap<Box<str>, Row, RandomState>> = OnceLock::new();
    let rows = ROWS.get_or_init(|| {
        let mut rows = HashMap::default();
        for (row, word) in (0..).zip(words()) {
            // Of words that are one term the commonest, which comes first, stands for all.
            rows.entry(term(word).as_ref().into()).or_insert(row);
        }
        rows
    });
    rows.get(name).copied()
}

impl Relations {
    /// Gathers the terms that the table knows; `names` may come in any order.
    pub(super) fn of<'n>(names: impl Iterator<Item = (&'n str, Term)>) -> Self {
        let mut rows: Vec<(Row, Term)> = names.filter_map(|(name, term)| Some((row_of(name)?, term))).collect();
        rows.sort_unstable();
        rows.shrink_to_fit();
        Self { rows }
    }

    /// Gives the row of a term; looks through the whole table.
    pub fn row_of(&self, term: Term) -> Option<Row> {
        self.rows.iter().find(|(_, known)| *known == term).map(|(row, _)| *row)
    }

    /// Gives the terms used most like the word of this row, itself left out; looks at all, so that it costs some hundred microseconds.
    pub fn to(&self, row: Row) -> Vec<Related> {
        let related = |(other, term): &(Row, Term)| {
            let alike = (likeness(row, *other) - LEAST_ALIKE) / (1.0 - LEAST_ALIKE) * 255.0;
            (*other != row && alike >= 1.0).then_some(Related { term: *term, alike: alike.min(255.0) as u8 })
        };
        let mut found: Vec<Related> = self.rows.iter().filter_map(related).collect();
        found.sort_unstable_by_key(|related| (std::cmp::Reverse(related.alike), related.term));
        found.truncate(MOST_RELATED);
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_most_alike_come_first() {
        let names = ["hurrican", "measl", "smallpox", "zzqx", "vaccin"];
        let relations = Relations::of(names.into_iter().zip(0..));
        let found = relations.to(row_of("vaccin").unwrap());
        let terms: Vec<&str> = found.iter().map(|related| names[related.term as usize]).collect();
        assert!(terms == ["measl", "smallpox"] || terms == ["smallpox", "measl"], "{found:?}");
    }

    #[test]
    fn nothing_is_related_to_what_no_claim_says() {
        assert_eq!(Relations::default().to(row_of("vaccin").unwrap()), []);
    }
}
