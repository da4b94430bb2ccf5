//! A set of pairs of roots that says "no" at once: nearly all pairs that a post holds are none of ours.
//!
//! Every first root has bits of its own, many more than it has seconds; a second sets one of them. Where the bit is not set there is no pair
//! (a Bloom filter of one hash, Bloom 1970, cut into pieces that lie together in the cache). Where it is, a count of those before it tells
//! where to look: the seconds stand in the order of their bits. A post sets the bits of its roots in the same way ([`Held`]), so that
//! one machine word tells of 64 of them whether any is a second.

use super::vocabulary::RootId;

/// Bits for each second, at least.
const BITS: usize = 8;

/// So many seconds are asked one by one.
const FEW: usize = 12;

/// Sizes of sets of bits, in machine words, that posts are kept in; and how many seconds a first root of this size has at most.
const SIZES: [(usize, usize); 2] = [(16, 100), (32, 700)];

/// A set of pairs of roots, numbered from 0 in [`order`].
#[derive(Debug, Default)]
pub struct Pairs {
    firsts: Vec<First>,
    seconds: Vec<RootId>,
    /// Sets of bits, 64 in a word.
    bits: Vec<u64>,
    /// What stands before the bits of each word.
    before: Vec<Before>,
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

/// How many seconds of a first root have earlier bits than those of a word; and than each eight bits of it, from the first of the word on.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    word: u32,
    /// No more than fit.
    eight: [u8; 8],
}

/// What pairs are put in order by.
pub fn order((first, second): (RootId, RootId)) -> (RootId, u32) {
    (first, hash(second))
}

impl Pairs {
    /// Gathers `pairs`, which are in [`order`] and differ, of `roots` different roots.
    pub fn of(pairs: &[(RootId, RootId)], roots: usize) -> Self {
        let mut all = Self { firsts: vec![First::default(); roots], ..Self::default() };
        for of_first in pairs.chunk_by(|a, b| a.0 == b.0) {
            let (from, bits_from) = (all.seconds.len(), all.bits.len());
            all.seconds.extend(of_first.iter().map(|(_, second)| *second));
            let shift = all.add_bits(from);
            let first = First {
                from: from as u32,
                to: all.seconds.len() as u32,
                bits_from: bits_from as u32,
                bits_to: all.bits.len() as u32,
                shift,
            };
            of_first.iter().take(1).for_each(|(root, _)| all.firsts[*root as usize] = first);
        }
        all
    }

    /// Adds the bits of the seconds from number `from` on; gives their shift.
    fn add_bits(&mut self, from: usize) -> u32 {
        let seconds = &self.seconds[from..];
        let kept = SIZES.into_iter().find(|(_, most)| seconds.len() <= *most);
        let size = match kept {
            Some((size, _)) if seconds.len() > FEW => size,
            _ => (seconds.len() * BITS).div_ceil(64).next_power_of_two().min(1 << 25),
        };
        let (mut bits, mut counts) = (vec![0; size], vec![[0_u32; 8]; size]);
        for second in seconds {
            let bit = hash(*second) >> shift(size);
            bits[bit as usize / 64] |= 1 << (bit % 64);
            counts[bit as usize / 64][bit as usize / 8 % 8] += 1;
        }
        let mut sum = 0;
        let before = counts.into_iter().map(|counts| {
            let (word, mut eight) = (sum, [0; 8]);
            for (eight, count) in eight.iter_mut().zip(counts) {
                *eight = u8::try_from(sum - word).unwrap_or(u8::MAX);
                sum += count;
            }
            Before { word, eight }
        });
        self.bits.extend(bits);
        self.before.extend(before);
        shift(size)
    }

    /// All pairs that begin with this root; nothing if none does.
    #[inline]
    pub fn with(&self, first: RootId) -> Option<Seconds<'_>> {
        let first = self.firsts.get(first as usize).filter(|first| first.from < first.to)?;
        let roots = &self.seconds[first.from as usize..first.to as usize];
        Some(Seconds { pairs: self, first, roots })
    }
}

/// A small set of bits that tells of most pairs at once that they are none of a [`Pairs`].
#[derive(Debug)]
pub struct Sieve {
    bits: Vec<u64>,
    shift: u32,
}

impl Sieve {
    /// One that lets `pairs` through.
    pub fn of(pairs: &Pairs) -> Self {
        let size = (pairs.seconds.len() * 2 * BITS).div_ceil(64).next_power_of_two().min(1 << 25);
        let mut sieve = Self { bits: vec![0; size], shift: shift(size) };
        for (first, place) in (0..).zip(&pairs.firsts) {
            for second in &pairs.seconds[place.from as usize..place.to as usize] {
                let bit = sieve.bit(first, *second);
                sieve.bits[bit as usize / 64] |= 1 << (bit % 64);
            }
        }
        sieve
    }

    /// Whether a pair may be one of them.
    #[inline]
    pub fn lets_through(&self, first: RootId, second: RootId) -> bool {
        let bit = self.bit(first, second);
        self.bits.get(bit as usize / 64).is_some_and(|bits| bits >> (bit % 64) & 1 != 0)
    }

    #[inline]
    fn bit(&self, first: RootId, second: RootId) -> u32 {
        hash(first).wrapping_add(second.wrapping_mul(0x85eb_ca6b)) >> self.shift
    }
}

impl Default for Sieve {
    fn default() -> Self {
        Self { bits: vec![0], shift: shift(1) }
    }
}

/// The pairs of one first root.
#[derive(Debug, Clone, Copy)]
pub struct Seconds<'p> {
    pairs: &'p Pairs,
    first: &'p First,
    /// In the order of their hashes.
    roots: &'p [RootId],
}

impl Seconds<'_> {
    /// The number of the pair with this second root, if it is one.
    #[inline]
    pub fn find(&self, second: RootId) -> Option<usize> {
        let bit = hash(second) >> self.first.shift;
        if self.pairs.bits.get(self.first.bits_from as usize + bit as usize / 64)? >> (bit % 64) & 1 == 0 {
            return None;
        }
        let mut found = None;
        self.of_bit(bit, |pair, other| {
            if other == second {
                found = Some(pair);
            }
        });
        found
    }

    /// Hands the seconds that set this bit to `each`, with the numbers of their pairs.
    #[inline]
    fn of_bit(&self, bit: u32, mut each: impl FnMut(usize, RootId)) {
        let Some(before) = self.pairs.before.get(self.first.bits_from as usize + bit as usize / 64) else { return };
        let mut rank = before.word as usize + usize::from(before.eight[bit as usize / 8 % 8]);
        while let Some(second) = self.roots.get(rank) {
            let other = hash(*second) >> self.first.shift;
            if other > bit {
                break;
            }
            if other == bit {
                each(self.first.from as usize + rank, *second);
            }
            rank += 1;
        }
    }

    /// Hands the number of every pair with one of `roots`, which are all that the post `holds`, to `each`.
    #[inline]
    pub fn among(&self, roots: &[RootId], held: &Held, holds: impl Fn(RootId) -> bool, mut each: impl FnMut(usize)) {
        let bits = &self.pairs.bits[self.first.bits_from as usize..self.first.bits_to as usize];
        if self.roots.len() <= FEW {
            for (pair, second) in (self.first.from as usize..).zip(self.roots) {
                if holds(*second) {
                    each(pair);
                }
            }
        } else if let Some(held) = held.of_size(bits.len()) {
            let mut bits_before = 0;
            for (own, held) in bits.chunks_exact(AT_ONCE).zip(held.chunks_exact(AT_ONCE)) {
                let both: [u64; AT_ONCE] = std::array::from_fn(|n| own[n] & held[n]);
                if both != [0; AT_ONCE] {
                    for (n, mut both) in (0..).zip(both) {
                        while both != 0 {
                            let bit = bits_before + 64 * n + both.trailing_zeros();
                            self.of_bit(bit, |pair, second| {
                                if holds(second) {
                                    each(pair);
                                }
                            });
                            both &= both - 1;
                        }
                    }
                }
                bits_before += 64 * AT_ONCE as u32;
            }
        } else {
            roots.iter().filter_map(|second| self.find(*second)).for_each(each);
        }
    }
}

/// Words of bits that are looked at together.
const AT_ONCE: usize = 4;

/// The roots that a post holds as sets of bits, in each of the sizes that most first roots have.
#[derive(Debug)]
pub struct Held([u64; SIZES[0].0], [u64; SIZES[1].0]);

impl Default for Held {
    fn default() -> Self {
        Self([0; SIZES[0].0], [0; SIZES[1].0])
    }
}

impl Held {
    /// Adds a root.
    #[inline]
    pub fn add(&mut self, root: RootId) {
        let hash = hash(root);
        let bits = [hash >> const { shift(SIZES[0].0) }, hash >> const { shift(SIZES[1].0) }];
        self.0[bits[0] as usize / 64] |= 1 << (bits[0] % 64);
        self.1[bits[1] as usize / 64] |= 1 << (bits[1] % 64);
    }

    fn of_size(&self, words: usize) -> Option<&[u64]> {
        [&self.0[..], &self.1].into_iter().find(|set| set.len() == words)
    }
}

/// What of a hash tells the bit, where there is a power of two of words.
#[inline]
const fn shift(words: usize) -> u32 {
    26 - words.trailing_zeros()
}

/// Fibonacci hashing: the upper bits are spread, and no two roots have the same.
#[inline]
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
        let set: BTreeSet<(RootId, RootId)> = (0..9_000).map(pair).collect();
        let mut list: Vec<(RootId, RootId)> = set.iter().copied().collect();
        list.sort_unstable_by_key(|pair| order(*pair));
        let pairs = Pairs::of(&list, 3_000);
        for (number, (first, second)) in list.iter().enumerate() {
            assert_eq!(find(&pairs, *first, *second), Some(number));
        }
        let sieve = Sieve::of(&pairs);
        assert!(list.iter().all(|(first, second)| sieve.lets_through(*first, *second)));
        let let_through = (0..20_000).filter(|_| sieve.lets_through(roll(3_000), roll(3_000))).count();
        assert!(let_through < 20_000 / 10, "{let_through}");
        for _ in 0..20_000 {
            let pair = (roll(3_001), roll(3_001));
            assert_eq!(find(&pairs, pair.0, pair.1).is_some(), set.contains(&pair));
        }
        for count in [1, 30, 2_900] {
            let mut all: Vec<RootId> = (0..count).map(|_| roll(3_000)).collect();
            all.sort_unstable();
            all.dedup();
            for first in (0..4).chain([roll(3_000), 3_000]) {
                let mut found = Vec::new();
                let mut held = Held::default();
                all.iter().for_each(|root| held.add(*root));
                if let Some(seconds) = pairs.with(first) {
                    seconds.among(&all, &held, |root| all.binary_search(&root).is_ok(), |number| found.push(number));
                }
                found.sort_unstable();
                let mut wanted: Vec<usize> = all.iter().filter_map(|second| find(&pairs, first, *second)).collect();
                wanted.sort_unstable();
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
