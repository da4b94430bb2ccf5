//! Words of a claim that are used like words of the query: what a post says in other words.

use super::query::{MOST_SLOTS, Query};
use crate::rules::index::BulkIndex;
use crate::rules::index::reading::flag;
use crate::rules::index::vocabulary::Term;

/// For each slot of a query how much the word most like it is alike, in parts of [`SAME`].
pub(super) type Likest = [u8; MOST_SLOTS];

/// The same word, in a [`Likest`].
pub(super) const SAME: f32 = 255.0;

/// Knows for every term which words of the query it is like.
#[derive(Debug, Default)]
pub(super) struct Alike {
    /// For each term 1 + its place in `likest`; 0 for all that are like no word of the query.
    place: Vec<u16>,
    likest: Vec<Likest>,
    /// The greatest number of each.
    greatest: Vec<u8>,
    /// The terms of `likest`.
    terms: Vec<Term>,
}

impl Alike {
    /// Gets ready for a query; the query before must have been forgotten. An [`Alike`] belongs to one index.
    pub fn begin(&mut self, query: &Query, index: &BulkIndex) {
        self.place.resize(index.vocabulary().len(), 0);
        for (number, slot) in query.slots.iter().enumerate().take(query.of_text) {
            let Some(row) = slot.row.filter(|_| slot.flags & flag::JOINED == 0) else { continue };
            for (term, alike) in index.relations().to(row) {
                let place = &mut self.place[term as usize];
                if *place == 0 {
                    self.likest.push([0; MOST_SLOTS]);
                    self.greatest.push(0);
                    self.terms.push(term);
                    *place = self.likest.len() as u16;
                }
                let (at, alike) = (usize::from(*place) - 1, (alike * SAME) as u8);
                self.likest[at][number] = alike;
                self.greatest[at] = self.greatest[at].max(alike);
            }
        }
    }

    /// Notes a term of a claim; gives how much the word of the query that it is most like is alike, in parts of [`SAME`].
    pub fn note(&self, term: Term, likest: &mut Likest) -> u8 {
        let place = self.place.get(term as usize).copied().unwrap_or_default();
        let Some(at) = usize::from(place).checked_sub(1) else { return 0 };
        if let Some(alike) = self.likest.get(at) {
            join(likest, alike);
        }
        self.greatest.get(at).copied().unwrap_or_default()
    }

    /// Forgets the query.
    pub fn end(&mut self) {
        self.terms.drain(..).for_each(|term| self.place[term as usize] = 0);
        self.likest.clear();
        self.greatest.clear();
    }
}

/// Keeps the greater of each two numbers.
pub(super) fn join(most: &mut Likest, other: &Likest) {
    most.iter_mut().zip(other).for_each(|(most, other)| *most = (*most).max(*other));
}
