//! In which order a claim says what it shares with a query: terms that follow each other in both, terms near each other in both.

use super::pair::Facts;
use super::places::{NONE, Places};
use super::query::{MOST_SLOTS, Query, slots_of};
use crate::rules::index::reading::flag;

/// Memory for it that is used again.
#[derive(Debug)]
pub(super) struct Order {
    /// For each slot the slots already seen right after it in a field, and near after it; all empty between fields.
    pairs_seen: Vec<u64>,
    near_seen: Vec<u64>,
    /// Places of the terms of the text that stand in the field, and where.
    standing: Vec<(u16, u16)>,
}

impl Default for Order {
    fn default() -> Self {
        let empty = || vec![0; MOST_SLOTS];
        Self { pairs_seen: empty(), near_seen: empty(), standing: Vec::new() }
    }
}

impl Order {
    /// Measures one field of a claim that holds these slots.
    pub(super) fn measure(&mut self, tokens: &[u32], slots: u64, places: &Places, query: &Query, facts: &mut Facts) {
        let only = slots.trailing_zeros() as usize % MOST_SLOTS;
        if slots & slots.wrapping_sub(1) == 0 && query.next[only] & slots == 0 {
            // What stands alone follows nothing.
            facts.run = facts.run.max(query.scale.weigh(slots));
            return;
        }
        let Self { pairs_seen, near_seen, standing } = self;
        let mut run = 0.0;
        // The three slots of the text met last, nearest first, and where.
        let mut before = [(NONE, 0); 3];
        for (place, at) in standing_in(tokens, places, standing) {
            let slot = places.known(*place).slot;
            let (at, bit, tells) = (usize::from(*at), 1_u64 << slot, query.slots[usize::from(slot)].tells);
            let last = usize::from(before[0].0);
            if last < MOST_SLOTS && before[0].1 + 1 == at && query.next[last] & bit != 0 {
                if pairs_seen[last] & bit == 0 {
                    pairs_seen[last] |= bit;
                    facts.pairs += tells.min(query.slots[last].tells);
                }
                run += tells;
            } else {
                run = tells;
            }
            facts.run = facts.run.max(run);
            for (earlier, stood) in before {
                let earlier = usize::from(earlier);
                let near = stood + 3 >= at && earlier < MOST_SLOTS && earlier != usize::from(slot);
                if near && query.near[earlier] & bit & !near_seen[earlier] != 0 {
                    near_seen[earlier] |= bit;
                    facts.near_pairs += tells.min(query.slots[earlier].tells);
                }
            }
            before = [(slot, at), before[0], before[1]];
        }
        for slot in slots_of(slots) {
            (pairs_seen[slot], near_seen[slot]) = (0, 0);
        }
    }
}

/// Gives the places of the terms of the text that stand in a field by themselves, and where, counted from 3 on, so that nothing is near
/// what stands nowhere.
fn standing_in<'s>(tokens: &[u32], places: &Places, standing: &'s mut Vec<(u16, u16)>) -> &'s [(u16, u16)] {
    if standing.len() < tokens.len() {
        standing.resize(tokens.len(), (0, 0));
    }
    // Every token is written down and those that are nothing are written over: most are, and which cannot be foreseen.
    let (mut at, mut count) = (3, 0);
    for token in tokens {
        let ((place, _), by_itself) = (places.place(token >> 8), *token as u8 & flag::JOINED == 0);
        at += u16::from(by_itself);
        standing[count] = (place, at);
        count += usize::from(by_itself & places.is_of_text(place));
    }
    &standing[..count]
}
