//! What every term of a collection is to a query: one of its terms, used like some of them, or nothing.

use super::alike::{Likest, SHARES};
use super::query::{MOST_SLOTS, Query};
use crate::rules::index::BulkIndex;
use crate::rules::index::reading::flag;
use crate::rules::index::related::Relative;
use crate::rules::index::vocabulary::Term;
use crate::text::related::{ALIKE, MOST};

/// No slot.
pub(super) const NONE: u8 = u8::MAX;

/// The first place of what is not just used like one word.
const FIRST_KNOWN: u16 = 1 + (ALIKE.len() * MOST_SLOTS) as u16;

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
    /// For each term 0 if it is nothing to the query; less than [`FIRST_KNOWN`] if it is used like one word of it, how much and which;
    /// that much and its place in `known` if it is in the query or used like several.
    places: Vec<u16>,
    /// The terms of the text first, then those of the author's name.
    known: Vec<Known>,
    /// Places from here on are no terms of the text.
    text_to: u16,
}

impl Places {
    /// Memory for an index.
    pub(super) fn of(index: &BulkIndex) -> Self {
        Self { places: vec![0; index.vocabulary().len()], ..Self::default() }
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
        for (number, slot) in query.slots[..query.of_text].iter().enumerate().filter(|(_, slot)| slot.flags & flag::JOINED == 0) {
            let relatives = slot.row.map(|row| index.relations().to(row)).unwrap_or_default();
            // Those met before are put aside, so that the usual ones take few steps.
            let (mut met, mut count) = ([Relative::default(); MOST], 0);
            for relative in relatives {
                let place = &mut self.places[relative.term() as usize];
                let single = (1 + relative.step() * MOST_SLOTS + number) as u16;
                met[count % MOST] = *relative;
                count += usize::from(*place != 0);
                *place = if *place == 0 { single } else { *place };
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
            relatives.iter().for_each(|relative| self.places[relative.term() as usize] = 0);
            if let Some(term) = slot.term {
                self.places[term as usize] = 0;
            }
        }
        self.known.clear();
    }

    /// Gives the place of a term; 0 if it is nothing to the query.
    pub(super) fn place(&self, term: Term) -> u16 {
        self.places.get(term as usize).copied().unwrap_or_default()
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
        let place = self.place(term);
        if let Some(known) = place.checked_sub(FIRST_KNOWN).and_then(|number| self.known.get_mut(usize::from(number))) {
            return note(known);
        }
        let mut known = self.known(place);
        note(&mut known);
        self.places[term as usize] = FIRST_KNOWN + self.known.len() as u16;
        self.known.push(known);
    }
}
