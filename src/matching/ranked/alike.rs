//! Words of a claim that are used like words of the query: what a post says in other words.

use super::query::{Query, slots_of};
use crate::rules::index::reading::flag;
use crate::text::related::ALIKE;

/// Sets of slots: for each step of [`ALIKE`] those that some word of a claim is so much like.
pub(super) type Likest = [u64; ALIKE.len()];

/// How alike the word of each step is, in whole 255ths.
pub(super) const SHARES: [f32; ALIKE.len()] = {
    let mut shares = [0.0; ALIKE.len()];
    let mut step = 0;
    while step < shares.len() {
        shares[step] = (ALIKE[step] * 255.0) as u8 as f32 / 255.0;
        step += 1;
    }
    shares
};

/// Gives the weight of the terms of the text, each as far as the claim has it (`hit`) or, by itself, a word used like it.
pub(super) fn alike(query: &Query, hit: u64, likest: &Likest) -> f32 {
    let any = likest.iter().fold(hit, |any, slots| any | slots);
    let mut sum = 0.0;
    for slot in slots_of(any & query.text_slots()) {
        let (bit, of_query) = (1 << slot, &query.slots[slot]);
        if of_query.flags & flag::JOINED == 0 {
            let step = || likest.iter().rposition(|slots| slots & bit != 0);
            let share = if hit & bit != 0 { 1.0 } else { step().map_or(0.0, |step| SHARES[step]) };
            sum += of_query.tells * share;
        }
    }
    sum
}
