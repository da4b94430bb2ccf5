//! Which phrases are watched by two roots that follow each other.
//!
//! Most roots that follow each other in a post are those of no phrase. A root keeps, of all roots that follow it in phrases, one bit of 64;
//! a word keeps those of all roots that it may stand for, so that one comparison tells of most words that nothing follows here. What is let
//! through meets a larger sieve of single pairs (a Bloom filter of one hash, Bloom 1970), and only then is looked up.

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use super::vocabulary::RootId;

/// Bits of the sieve for each pair, at least.
const BITS: usize = 16;

/// Two roots that follow each other, with what stands under them.
#[derive(Debug, Default)]
pub struct Neighbours {
    places: HashMap<(RootId, RootId), Range<u32>, RandomState>,
    bits: Vec<u64>,
    shift: u32,
    /// Of each root which bits those that follow it have, and its own bit where it follows any.
    marks: Vec<Marks>,
}

/// What is kept of a root, or of all roots that a word may stand for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Marks {
    /// Bits of the roots that follow it in phrases.
    pub followers: u64,
    /// Its own bit, where it follows another in a phrase.
    pub own: u64,
}

impl Marks {
    /// Those of two roots together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { followers: self.followers | other.followers, own: self.own | other.own }
    }

    /// Whether one with these marks may stand before one with those in any phrase.
    #[inline]
    pub fn may_lead(self, other: Self) -> bool {
        self.followers & other.own != 0
    }
}

impl Neighbours {
    /// Gathers pairs, which differ, with where in a list the phrases of each stand; of so many `roots`.
    pub fn of(pairs: impl Iterator<Item = ((RootId, RootId), Range<u32>)>, roots: usize) -> Self {
        let places: HashMap<_, _, RandomState> = pairs.collect();
        let words = (places.len() * BITS).div_ceil(64).next_power_of_two().clamp(2, 1 << 25);
        let mut all =
            Self { bits: vec![0; words], shift: 26 - words.trailing_zeros(), marks: vec![Marks::default(); roots], places };
        for (first, second) in all.places.keys() {
            let bit = bit(*first, *second, all.shift);
            all.bits[bit / 64] |= 1 << (bit % 64);
            let mark = 1 << (hash(*second) >> 26);
            all.marks[*first as usize].followers |= mark;
            all.marks[*second as usize].own |= mark;
        }
        all
    }

    /// The marks of a root.
    pub fn marks(&self, root: RootId) -> Marks {
        self.marks[root as usize]
    }

    /// Whether any phrase may be watched by these roots, the second after the first.
    #[inline]
    pub fn may_follow(&self, first: RootId, second: RootId) -> bool {
        let bit = bit(first, second, self.shift);
        self.bits.get(bit / 64).is_some_and(|bits| bits >> (bit % 64) & 1 != 0)
    }

    /// Where the phrases stand that are watched by these roots.
    pub fn find(&self, first: RootId, second: RootId) -> Range<usize> {
        self.places.get(&(first, second)).map_or(0..0, |place| place.start as usize..place.end as usize)
    }
}

#[inline]
fn bit(first: RootId, second: RootId, shift: u32) -> usize {
    (hash(first).wrapping_add(second.wrapping_mul(0x85eb_ca6b)) >> shift) as usize
}

/// Fibonacci hashing: the upper bits are spread, and no two roots have the same.
#[inline]
fn hash(root: RootId) -> u32 {
    root.wrapping_mul(0x9e37_79b9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_neighbours_are_missed_and_few_are_let_through_for_nothing() {
        let pairs: Vec<(RootId, RootId)> = (0..2_000).map(|n| (n * 7 % 900, n * 13 % 1_000)).collect();
        let neighbours = Neighbours::of((0..).zip(&pairs).map(|(n, pair)| (*pair, n..n + 1)), 1_000);
        for (number, (first, second)) in pairs.iter().enumerate() {
            assert!(neighbours.marks(*first).may_lead(neighbours.marks(*second)));
            assert!(neighbours.may_follow(*first, *second));
            assert_eq!(neighbours.find(*first, *second), number..number + 1);
        }
        let let_through = (0..900).flat_map(|a| (0..1_000).map(move |b| (a, b))).filter(|(a, b)| neighbours.may_follow(*a, *b));
        assert!(let_through.count() < 900_000 / 8);
        assert_eq!(neighbours.find(0, 999), 0..0);
    }

    #[test]
    fn without_phrases_nothing_follows() {
        assert!(!Neighbours::default().may_follow(1, 2));
        let none = Neighbours::of([].into_iter(), 3);
        assert!(!none.may_follow(1, 2) && !none.marks(1).may_lead(none.marks(2)));
    }
}
