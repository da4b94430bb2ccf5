//! Words of a claim that are used like words of the query: what a post says in other words.

use super::query::{MOST_SLOTS, Query};
use crate::rules::index::BulkIndex;
use crate::rules::index::reading::flag;
use crate::rules::index::related::Related;
use crate::rules::index::vocabulary::Term;

/// For each slot of a query how much the word most like it is alike; 255 the same.
pub(super) type Likest = [u8; MOST_SLOTS];

/// Knows for every term which words of the query it is like. What is like a word is looked up once and remembered: the table of related
/// words bounds how much that can be.
#[derive(Debug, Default)]
pub(super) struct Alike {
    /// For each row of the table where its relations stand in `relations`, once they were asked for.
    known: Vec<Option<(u32, u32)>>,
    relations: Vec<Related>,
    /// For each term 1 + its place in `likest`; 0 for all that are like no word of the query.
    place: Vec<u16>,
    likest: Vec<Likest>,
    /// The terms of `likest`.
    terms: Vec<Term>,
}

impl Alike {
    /// Gets ready for a query; the query before must have been forgotten. An [`Alike`] belongs to one index.
    pub fn begin(&mut self, query: &Query, index: &BulkIndex) {
        self.place.resize(index.vocabulary().len(), 0);
        for (slot, asked) in query.slots.iter().enumerate().take(query.of_text) {
            let Some(row) = asked.row.filter(|_| asked.flags & flag::JOINED == 0).map(usize::from) else { continue };
            if self.known.len() <= row {
                self.known.resize(row + 1, None);
            }
            let (from, to) = *self.known[row].get_or_insert_with(|| {
                let from = self.relations.len() as u32;
                self.relations.extend(index.relations().to(row as u16));
                (from, self.relations.len() as u32)
            });
            for related in &self.relations[from as usize..to as usize] {
                let place = &mut self.place[related.term as usize];
                if *place == 0 {
                    self.likest.push([0; MOST_SLOTS]);
                    self.terms.push(related.term);
                    *place = self.likest.len() as u16;
                }
                self.likest[usize::from(*place) - 1][slot] = related.alike;
            }
        }
    }

    /// Notes a term of a claim.
    pub fn note(&self, term: Term, likest: &mut Likest) {
        let place = self.place.get(term as usize).copied().unwrap_or_default();
        if let Some(alike) = usize::from(place).checked_sub(1).and_then(|place| self.likest.get(place)) {
            likest.iter_mut().zip(alike).for_each(|(most, alike)| *most = (*most).max(*alike));
        }
    }

    /// Forgets the query.
    pub fn end(&mut self) {
        self.terms.drain(..).for_each(|term| self.place[term as usize] = 0);
        self.likest.clear();
    }
}
