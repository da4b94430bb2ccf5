//! A set of pairs of roots that says "no" at once: nearly all pairs that a post holds are none of ours.
//!
//! Every first root has a few bits of its own, eight or more for each of its seconds; a second sets one of them. Only where that bit is set are
//! the seconds searched (a Bloom filter of one hash, Bloom 1970, cut into pieces that lie together in the cache).

use super::vocabulary::RootId;

/// Bits for each second, at least.
const BITS: usize = 8;

/// A set of pairs of roots, numbered from 0 in their order.
#[derive(Debug, Default)]
pub struct Pairs {
    firsts: Vec<First>,
    seconds: Vec<RootId>,
    bits: Vec<u64>,
}

/// A first root.
#[derive(Debug, Clone, Copy, Default)]
struct First {
    /// Where its seconds begin and end.
    from: u32,
    to: u32,
    /// Where its bits begin.
    bits_from: u32,
    /// What of a hash tells its bit.
    shift: u8,
}

impl Pairs {
    /// Gathers `pairs`, which are in order and differ, of `roots` different roots.
    pub fn of(pairs: &[(RootId, RootId)], roots: usize) -> Self {
        let mut all = Self { firsts: vec![First::default(); roots], ..Self::default() };
        for of_first in pairs.chunk_by(|a, b| a.0 == b.0) {
            let bits = (of_first.len() * BITS).next_power_of_two().clamp(64, 1 << 31);
            let from = all.seconds.len() as u32;
            let place = First {
                from,
                to: from + of_first.len() as u32,
                bits_from: all.bits.len() as u32,
                shift: (32 - bits.trailing_zeros()) as u8,
            };
            all.bits.resize(all.bits.len() + bits / 64, 0);
            for (first, second) in of_first {
                all.seconds.push(*second);
                let bit = hash(*second) >> place.shift;
                all.bits[(place.bits_from + bit / 64) as usize] |= 1 << (bit % 64);
                all.firsts[*first as usize] = place;
            }
        }
        all
    }

    /// Whether any pair begins with this root.
    #[inline]
    pub fn begin_with(&self, first: RootId) -> bool {
        self.firsts.get(first as usize).is_some_and(|place| place.from < place.to)
    }

    /// The number of a pair, if it is one.
    #[inline]
    pub fn find(&self, first: RootId, second: RootId) -> Option<usize> {
        let place = *self.firsts.get(first as usize)?;
        if !self.may_have(place, second) {
            return None;
        }
        self.seconds_of(place).binary_search(&second).ok().map(|rank| place.from as usize + rank)
    }

    /// Hands the number of every pair of the first of `roots` with one of them to `each`; they are in order, as the two of each pair are,
    /// and those that the post `holds`. Takes as many steps as there are roots or as the first has seconds, whichever is less.
    #[inline]
    pub fn among(&self, roots: &[RootId], holds: impl Fn(RootId) -> bool, mut each: impl FnMut(usize)) {
        let Some(place) = roots.first().and_then(|first| self.firsts.get(*first as usize)).copied() else { return };
        let (from, seconds) = (place.from as usize, self.seconds_of(place));
        if seconds.len() <= roots.len() {
            for (rank, second) in seconds.iter().enumerate() {
                if holds(*second) {
                    each(from + rank);
                }
            }
        } else {
            for second in roots {
                if self.may_have(place, *second)
                    && let Ok(rank) = seconds.binary_search(second)
                {
                    each(from + rank);
                }
            }
        }
    }

    fn seconds_of(&self, place: First) -> &[RootId] {
        self.seconds.get(place.from as usize..place.to as usize).unwrap_or_default()
    }

    /// Whether the bit of a second is set.
    fn may_have(&self, place: First, second: RootId) -> bool {
        let bit = hash(second) >> place.shift;
        self.bits.get((place.bits_from + bit / 64) as usize).is_some_and(|bits| bits >> (bit % 64) & 1 != 0)
    }
}

/// Fibonacci hashing: the upper bits are spread.
fn hash(root: RootId) -> u32 {
    root.wrapping_mul(0x9e37_79b9)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_pair_is_missed_and_none_is_made_up() {
        let mut number = 7_u32;
        let mut roll = |sides: u32| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 8) % sides
        };
        // A few firsts have thousands of seconds, most have none or one.
        let pair = |n| (if n % 3 == 0 { roll(4) } else { roll(3_000) }, roll(3_000));
        let set: BTreeSet<(RootId, RootId)> = (0..9_000).map(pair).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let list: Vec<(RootId, RootId)> = set.iter().copied().collect();
        let pairs = Pairs::of(&list, 3_000);
        for (number, (first, second)) in list.iter().enumerate() {
            assert_eq!(pairs.find(*first, *second), Some(number));
        }
        for _ in 0..20_000 {
            let pair = (roll(3_001), roll(3_001));
            assert_eq!(pairs.find(pair.0, pair.1).is_some(), set.contains(&pair));
        }
        for count in [1, 30, 2_900] {
            let mut all: Vec<RootId> = (0..count).map(|_| roll(3_000)).collect();
            all.sort_unstable();
            all.dedup();
            for from in (0..all.len()).step_by(7) {
                let (roots, mut found) = (&all[from..], Vec::new());
                pairs.among(roots, |root| all.binary_search(&root).is_ok(), |number| found.push(number));
                let wanted: Vec<usize> = roots.iter().filter_map(|second| pairs.find(roots[0], *second)).collect();
                assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn an_empty_set_has_no_pair() {
        assert_eq!(Pairs::default().find(0, 0), None);
        assert!(!Pairs::of(&[], 3).begin_with(1));
        assert_eq!(Pairs::of(&[(1, 2)], 3).find(0, 2), None);
    }
}
