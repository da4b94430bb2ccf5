//! Words of a claim that are used like words of the query: what a post says in other words.

use super::query::Query;
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

/// Gives the weight of the words of the text, each as far as the claim has it (`hit`) or a word used like it.
pub(super) fn alike(query: &Query, hit: u64, likest: &Likest) -> f32 {
    let (mut sum, mut left) = (query.scale.weigh(query.words & hit), query.words & !hit);
    for (slots, share) in likest.iter().zip(SHARES).rev() {
        sum += share * query.scale.weigh(slots & left);
        left &= !slots;
    }
    sum
}
