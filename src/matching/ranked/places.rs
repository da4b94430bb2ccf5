//! What every term of a collection is to a query: one of its terms, used like some of them, or nothing.

use super::alike::{Likest, SHARES};
use super::query::{MOST_SLOTS, Query, bucket};
use crate::rules::index::BulkIndex;
use crate::rules::index::reading::flag;
use crate::rules::index::related::Relative;
use crate::rules::index::vocabulary::Term;
use crate::text::related::{ALIKE, MOST};

/// No slot.
pub(super) const NONE: u8 = u8::MAX;

/// The first place of what is not just used like one word.
const FIRST_KNOWN: u16 = 1 + (ALIKE.len() * MOST_SLOTS) as u16;

/// The lower bits of a cell.
const LOWER: u32 = u16::MAX as u32;

/// What a term is to a query.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Its slot, if it has one.
    pub slot: u8,
    /// The slots whose words are used like it.
    pub likest: Likest,
}

impl Known {
    /// How much the word of the query that it is most like is alike.
    pub(super) fn share(&self) -> f32 {
        self.likest.iter().rposition(|slots| *slots != 0).map_or(0.0, |step| SHARES[step])
    }
}

/// What each term is to a query, in an array over all terms.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// For each term in the upper 16 bits 0 if it is nothing to the query; less than [`FIRST_KNOWN`] if it is used like one word of it,
    /// how much and which; that much and its place in `known` if it is in the query or used like several. In the lower bits, whatever
    /// the query, how it begins.
    cells: Vec<u32>,
    /// The terms of the text first, then those of the author's name.
    known: Vec<Known>,
    /// Places from here on are no terms of the text.
    text_to: u16,
}

impl Places {
    /// Memory for an index.
    pub(super) fn of(index: &BulkIndex) -> Self {
        let terms = 0..index.vocabulary().len() as Term;
        Self { cells: terms.map(|term| u32::from(bucket(index.beginning(term)))).collect(), ..Self::default() }
    }

    /// Gets ready for a query; [`Places::end`] must follow.
    pub(super) fn begin(&mut self, query: &Query, index: &BulkIndex) {
        self.text_to = FIRST_KNOWN;
        for (number, slot) in (0..).zip(&query.slots) {
            if let Some(term) = slot.term {
                self.know(term, |known| known.slot = number);
                self.text_to += u16::from(usize::from(number) < query.of_text);
            }
        }
        for (number, slot) in (0..).zip(&query.slots[..query.of_text]).filter(|(_, slot)| slot.flags & flag::JOINED == 0) {
            let relatives = slot.row.map(|row| index.relations().to(row)).unwrap_or_default();
            // Those met before are put aside, so that the usual ones take few steps.
            let (mut met, mut count) = ([Relative::default(); MOST], 0);
            for relative in relatives {
                let cell = &mut self.cells[relative.term() as usize];
                met[count % MOST] = *relative;
                count += usize::from(*cell > LOWER);
                *cell |= if *cell > LOWER { 0 } else { u32::from(single(relative.step(), number)) << 16 };
            }
            for relative in &met[..count] {
                self.know(relative.term(), |known| known.likest[relative.step()] |= 1 << number);
            }
        }
    }

    /// Forgets the query that it was made ready for.
    pub(super) fn end(&mut self, query: &Query, index: &BulkIndex) {
        for slot in &query.slots {
            let relatives = slot.row.map(|row| index.relations().to(row)).unwrap_or_default();
            relatives.iter().for_each(|relative| self.cells[relative.term() as usize] &= LOWER);
            if let Some(term) = slot.term {
                self.cells[term as usize] &= LOWER;
            }
        }
        self.known.clear();
    }

    /// Gives the place of a term, 0 if it is nothing to the query, and the bucket of its beginning.
    pub(super) fn place(&self, term: Term) -> (u16, u16) {
        let cell = self.cells.get(term as usize).copied().unwrap_or_default();
        ((cell >> 16) as u16, cell as u16)
    }

    /// Whether what stands at a place is a term of the text.
    pub(super) fn is_of_text(&self, place: u16) -> bool {
        (FIRST_KNOWN..self.text_to).contains(&place)
    }

    /// Gives what stands at a place.
    pub(super) fn known(&self, place: u16) -> Known {
        let known = place.checked_sub(FIRST_KNOWN).and_then(|number| self.known.get(usize::from(number)));
        known.copied().unwrap_or_else(|| {
            let mut known = Known { slot: NONE, likest: Likest::default() };
            if let Some(number) = usize::from(place).checked_sub(1) {
                known.likest[number / MOST_SLOTS % ALIKE.len()] = 1 << (number % MOST_SLOTS);
            }
            known
        })
    }

    /// Notes what a term is to the query: in a slot, or used like the word of one.
    fn know(&mut self, term: Term, note: impl FnOnce(&mut Known)) {
        let (place, bucket) = self.place(term);
        if let Some(known) = place.checked_sub(FIRST_KNOWN).and_then(|number| self.known.get_mut(usize::from(number))) {
            return note(known);
        }
        let mut known = self.known(place);
        note(&mut known);
        self.cells[term as usize] = u32::from(FIRST_KNOWN + self.known.len() as u16) << 16 | u32::from(bucket);
        self.known.push(known);
    }
}

/// The place of what is just used like the word of one slot, so much as a step says.
fn single(step: usize, slot: u16) -> u16 {
    1 + slot + (step * MOST_SLOTS) as u16
}
