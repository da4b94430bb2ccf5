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
    /// Where its bits begin and end.
    bits_from: u32,
    bits_to: u32,
    /// What of a hash tells its bit.
    shift: u32,
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
                bits_to: (all.bits.len() + bits / 64) as u32,
                shift: 32 - bits.trailing_zeros(),
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

    /// All pairs that begin with this root; nothing if none does.
    #[inline]
    pub fn with(&self, first: RootId) -> Option<Seconds<'_>> {
        let First { from, to, bits_from, bits_to, shift } = *self.firsts.get(first as usize)?;
        (from < to).then(|| Seconds {
            from: from as usize,
            roots: &self.seconds[from as usize..to as usize],
            bits: &self.bits[bits_from as usize..bits_to as usize],
            shift,
        })
    }
}

/// The pairs of one first root.
#[derive(Debug, Clone, Copy)]
pub struct Seconds<'p> {
    /// Number of the first of them.
    from: usize,
    /// In order.
    roots: &'p [RootId],
    bits: &'p [u64],
    shift: u32,
}

impl Seconds<'_> {
    /// The number of the pair with this second root, if it is one.
    #[inline]
    pub fn find(&self, second: RootId) -> Option<usize> {
        let bit = hash(second) >> self.shift;
        let may_have = self.bits.get(bit as usize / 64).is_some_and(|bits| bits >> (bit % 64) & 1 != 0);
        if may_have { self.search(second) } else { None }
    }

    fn search(&self, second: RootId) -> Option<usize> {
        self.roots.binary_search(&second).ok().map(|rank| self.from + rank)
    }

    /// Hands the number of every pair with one of `roots` to `each`; these are all that the post `holds`, from the first root on, in order.
    /// The two of each pair are in order too. Takes as many steps as there are roots or as the first has seconds, whichever is less.
    #[inline]
    pub fn among(&self, roots: &[RootId], holds: impl Fn(RootId) -> bool, each: impl FnMut(usize)) {
        if self.roots.len() <= roots.len() {
            let held = self.roots.iter().enumerate().filter(|(_, second)| holds(**second));
            held.map(|(rank, _)| self.from + rank).for_each(each);
        } else {
            roots.iter().filter_map(|second| self.find(*second)).for_each(each);
        }
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

    fn find(pairs: &Pairs, first: RootId, second: RootId) -> Option<usize> {
        pairs.with(first)?.find(second)
    }

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
            assert_eq!(find(&pairs, *first, *second), Some(number));
        }
        for _ in 0..20_000 {
            let pair = (roll(3_001), roll(3_001));
            assert_eq!(find(&pairs, pair.0, pair.1).is_some(), set.contains(&pair));
        }
        for count in [1, 30, 2_900] {
            let mut all: Vec<RootId> = (0..count).map(|_| roll(3_000)).collect();
            all.sort_unstable();
            all.dedup();
            for from in (0..all.len()).step_by(7) {
                let (roots, mut found) = (&all[from..], Vec::new());
                if let Some(seconds) = pairs.with(roots[0]) {
                    seconds.among(roots, |root| all.binary_search(&root).is_ok(), |number| found.push(number));
                }
                let wanted: Vec<usize> = roots.iter().filter_map(|second| find(&pairs, roots[0], *second)).collect();
                assert_eq!(found, wanted);
            }
        }
    }

    #[test]
    fn an_empty_set_has_no_pair() {
        assert_eq!(find(&Pairs::default(), 0, 0), None);
        assert_eq!(find(&Pairs::of(&[], 3), 1, 1), None);
        assert_eq!(find(&Pairs::of(&[(1, 2)], 3), 0, 2), None);
    }
}
