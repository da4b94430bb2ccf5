//! Which terms of a collection are words that are used alike: a post may say "jab" where the claim says "vaccine".

use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use super::reading::term;
use super::vocabulary::Term;
use crate::text::related::{Row, related, words};

/// Marks a row that no term stands in.
const NONE: Term = Term::MAX;

/// The terms of one collection that stand in the table of related words.
#[derive(Debug, Default)]
pub struct Relations {
    /// The term of each row of the table.
    terms: Vec<Term>,
    /// Where the relatives of each row begin, and the end.
    from: Vec<u32>,
    relatives: Vec<Relative>,
}

/// A term that is used like a word, and how alike: a step of `text::related::ALIKE` in the lowest two bits, the term above.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Relative(u32);

impl Relative {
    /// The term.
    pub fn term(self) -> Term {
        self.0 >> 2
    }

    /// How alike it is: a step of `text::related::ALIKE`.
    pub fn step(self) -> usize {
        (self.0 & 3) as usize
    }
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
        let mut terms = Vec::new();
        for (row, term) in names.filter_map(|(name, term)| Some((usize::from(row_of(name)?), term))) {
            if terms.len() <= row {
                terms.resize(row + 1, NONE);
            }
            terms[row] = term;
        }
        if terms.is_empty() {
            return Self::default();
        }
        let relative = |(row, step): (Row, u8)| {
            let term = terms.get(usize::from(row)).filter(|term| **term != NONE)?;
            Some(Relative(*term << 2 | u32::from(step)))
        };
        let (mut from, mut relatives) = (vec![0], Vec::new());
        for row in 0..words().count() as Row {
            relatives.extend(related(row).filter_map(relative));
            from.push(relatives.len() as u32);
        }
        relatives.shrink_to_fit();
        Self { terms, from, relatives }
    }

    /// Gives the row of a term; looks through the whole table.
    pub fn row_of(&self, term: Term) -> Option<Row> {
        self.terms.iter().position(|known| *known == term).map(|row| row as Row)
    }

    /// Gives the row of every term, in the order of their numbers; of so many terms.
    pub(super) fn rows(&self, terms: usize) -> Vec<Option<Row>> {
        let mut rows = vec![None; terms];
        for (row, term) in (0..).zip(&self.terms) {
            if let Some(place) = rows.get_mut(*term as usize) {
                *place = Some(row);
            }
        }
        rows
    }

    /// Gives the terms used most like the word of a row, likest first.
    pub fn to(&self, row: Row) -> &[Relative] {
        let bound = |row: usize| self.from.get(row).map_or(0, |from| *from as usize);
        self.relatives.get(bound(usize::from(row))..bound(usize::from(row) + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_most_alike_are_found() {
        let names = ["hurrican", "measl", "smallpox", "zzqx", "vaccin"];
        let relations = Relations::of(names.into_iter().zip(0..));
        let mut found: Vec<&str> = relations.to(row_of("vaccin").unwrap()).iter().map(|one| names[one.term() as usize]).collect();
        found.sort_unstable();
        assert_eq!(found, ["measl", "smallpox"]);
        assert_eq!(relations.row_of(1), row_of("measl"));
        assert_eq!(relations.row_of(3), None);
    }

    #[test]
    fn nothing_is_related_to_what_no_claim_says() {
        assert_eq!(Relations::default().to(row_of("vaccin").unwrap()), []);
    }
}
