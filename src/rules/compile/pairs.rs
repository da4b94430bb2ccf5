//! Pairs of roots, laid out so that those which a post holds are found without asking for each.
//!
//! Every pair stands under the one of its roots that is in fewer posts, so most are never looked at. The roots that are in most posts have a
//! bit each: a first root keeps the bits of its partners, a post those of its roots, and one machine word tells of 64 of them which are met;
//! a count of the bits before it tells the number of the pair. Rarer partners are asked for one by one.
//!
//! What is found is put into lists without branches on it: a processor cannot guess which words a post holds, and waits where it is wrong.

use super::vocabulary::RootId;

/// Machine words of bits: 64 roots have a bit in each.
const WORDS: usize = 16;

/// Bit of the roots that have none; it lies in a machine word that nothing is compared with.
const NO_BIT: u16 = WORDS as u16 * 64;

/// So many partners are asked for one by one, common or not.
const FEW: usize = 12;

/// Number of the bits of a first root that has none.
const NO_BITS: u32 = u32::MAX;

/// A set of pairs of different or of the same roots, numbered from 0 in its [`Order`].
#[derive(Debug, Default)]
pub struct Pairs {
    firsts: Vec<First>,
    bits: Vec<Bits>,
    /// The partner in each pair.
    seconds: Vec<RootId>,
}

/// A first root.
#[derive(Debug, Clone, Copy)]
struct First {
    /// Number of its first pair.
    from: u32,
    /// Which of its pairs are asked for one by one.
    few_from: u32,
    few_to: u32,
    /// Number of the bits of the pairs before those.
    bits: u32,
    /// The root's own bit.
    bit: u16,
}

/// Common partners of a first root.
#[derive(Debug, Clone)]
#[repr(align(32))]
struct Bits {
    words: [u64; WORDS],
    /// How many there are before each machine word.
    before: [u16; WORDS],
}

/// In which order pairs stand.
#[derive(Debug, Default)]
pub struct Order {
    /// Place of each root: those in most posts come first.
    places: Vec<u32>,
}

impl Order {
    /// The order by roots of which those come first that are in most posts.
    pub fn of(common_first: &[RootId]) -> Self {
        let mut places = vec![0; common_first.len()];
        (0..).zip(common_first).for_each(|(place, root)| places[*root as usize] = place);
        Self { places }
    }

    /// What a pair is put in order by: the root that it stands under, and the place of the other.
    pub fn key(&self, (a, b): (RootId, RootId)) -> (RootId, u32) {
        let (a, b) = ((a, self.places[a as usize]), (b, self.places[b as usize]));
        let (first, second) = if a.1 < b.1 { (b, a) } else { (a, b) };
        (first.0, second.1)
    }

    /// The bit of the root at a place.
    fn bit(place: u32) -> u16 {
        u16::try_from(place).unwrap_or(NO_BIT).min(NO_BIT)
    }
}

impl Pairs {
    /// Gathers `pairs`, which are in this order and differ.
    pub fn of(pairs: &[(RootId, RootId)], order: &Order) -> Self {
        let nothing = |place: &u32| First { from: 0, few_from: 0, few_to: 0, bits: NO_BITS, bit: Order::bit(*place) };
        let mut all = Self { firsts: order.places.iter().map(nothing).collect(), ..Self::default() };
        for of_first in pairs.chunk_by(|a, b| order.key(*a).0 == order.key(*b).0) {
            let Some((root, _)) = of_first.first().map(|pair| order.key(*pair)) else { continue };
            let from = all.seconds.len() as u32;
            all.seconds.extend(of_first.iter().map(|(a, b)| if *a == root { *b } else { *a }));
            let with_bits = all.add_bits(of_first, order);
            let few_from = from + with_bits as u32;
            let bits = if with_bits > 0 { all.bits.len() as u32 - 1 } else { NO_BITS };
            let first = &mut all.firsts[root as usize];
            *first = First { from, few_from, few_to: all.seconds.len() as u32, bits, ..*first };
        }
        // None comes after the last root's; these are asked for, but their pairs are none.
        all.seconds.extend([0; AT_ONCE]);
        all
    }

    /// Adds the bits of the pairs of one first root, if there are enough of them; gives how many pairs have bits.
    fn add_bits(&mut self, pairs: &[(RootId, RootId)], order: &Order) -> usize {
        let bits = pairs.iter().map(|pair| Order::bit(order.key(*pair).1)).take_while(|bit| *bit != NO_BIT);
        let count = bits.clone().count();
        if pairs.len() <= FEW || count == 0 {
            return 0;
        }
        let (mut words, mut before) = ([0; WORDS], [0; WORDS]);
        bits.for_each(|bit| words[usize::from(bit / 64)] |= 1_u64 << (bit % 64));
        let mut sum = 0;
        for (before, word) in before.iter_mut().zip(&words) {
            *before = sum;
            sum += word.count_ones() as u16;
        }
        self.bits.push(Bits { words, before });
        count
    }

    /// Puts the numbers of all pairs of `roots`, which are all that the post `holds`, into `meeting`.
    pub fn meet(&self, roots: &[RootId], holds: impl Fn(RootId) -> bool, meeting: &mut Meeting) {
        let Meeting { few, many, met } = meeting;
        met.clear();
        for list in [&mut *few, many] {
            list.clear();
            list.make_room(roots.len());
        }
        let mut held = [0_u64; WORDS + 1];
        for root in roots {
            let First { from, few_from, few_to, bits, bit } = self.firsts[*root as usize];
            held[usize::from(bit / 64)] |= 1 << (bit % 64);
            few.put((few_from, few_to), few_from < few_to);
            many.put((bits, from), bits != NO_BITS);
        }
        for (from, to) in few.items() {
            met.make_room((to - from) as usize + AT_ONCE);
            // Some of another root's are asked for after the last: so there are fewer turns to guess.
            for start in (*from..*to).step_by(AT_ONCE) {
                let Some(seconds) = self.seconds[start as usize..].first_chunk::<AT_ONCE>() else { break };
                met.put_all(|n| {
                    let pair = start + n as u32;
                    (pair, holds(seconds[n]) & (pair < *to))
                });
            }
        }
        for (bits, from) in many.items() {
            let Bits { words, before } = &self.bits[*bits as usize];
            let both: [u64; WORDS] = std::array::from_fn(|n| words[n] & held[n]);
            let (mut some, mut count) = ([0; WORDS], 0);
            for (n, both) in both.iter().enumerate() {
                some[count % WORDS] = n;
                count += usize::from(*both != 0);
            }
            for n in &some[..count] {
                met.make_room(64);
                let mut both = both[*n];
                while both != 0 {
                    let bit = both & both.wrapping_neg();
                    met.put(from + u32::from(before[*n]) + (words[*n] & (bit - 1)).count_ones(), true);
                    both ^= bit;
                }
            }
        }
    }
}

/// Partners that are asked for together; a power of two.
const AT_ONCE: usize = 4;

/// What is noted while the pairs of a post are looked for, and the pairs found.
#[derive(Debug, Default)]
pub struct Meeting {
    few: Sifted<(u32, u32)>,
    many: Sifted<(u32, u32)>,
    met: Sifted<u32>,
}

impl Meeting {
    /// Numbers of the pairs found.
    pub fn met(&self) -> &[u32] {
        self.met.items()
    }
}

/// A list that takes an item or leaves it without a branch: it is written in any case, and counted where it is taken.
#[derive(Debug, Default)]
pub struct Sifted<T> {
    items: Vec<T>,
    count: usize,
}

/// Items whose memory is kept for the next post.
const ITEMS_KEPT: usize = 1 << 14;

impl<T: Clone + Default> Sifted<T> {
    /// Forgets what was taken.
    pub fn clear(&mut self) {
        self.count = 0;
        self.items.truncate(ITEMS_KEPT);
        self.items.shrink_to(ITEMS_KEPT);
    }

    /// Makes room for so many more.
    #[inline]
    pub fn make_room(&mut self, more: usize) {
        if self.items.len() < self.count + more {
            self.items.resize(2 * (self.count + more), T::default());
        }
    }

    /// Takes an item, or leaves it. Where there is no room it is left.
    #[inline]
    pub fn put(&mut self, item: T, is_taken: bool) {
        if let Some(place) = self.items.get_mut(self.count) {
            *place = item;
            self.count += usize::from(is_taken);
        }
    }

    /// Takes of as many items as are asked for together those that are to be taken. Where there is no room for all they are left.
    #[inline]
    pub fn put_all(&mut self, item: impl Fn(usize) -> (T, bool)) {
        if let Some(places) = self.items[self.count..].first_chunk_mut::<AT_ONCE>() {
            let mut count = 0;
            for (item, is_taken) in (0..AT_ONCE).map(item) {
                places[count % AT_ONCE] = item;
                count += usize::from(is_taken);
            }
            self.count += count;
        }
    }

    /// What was taken.
    pub fn items(&self) -> &[T] {
        &self.items[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn met(pairs: &Pairs, roots: &[RootId], holds: impl Fn(RootId) -> bool) -> Vec<u32> {
        let mut meeting = Meeting::default();
        pairs.meet(&[], |_| true, &mut meeting);
        pairs.meet(roots, holds, &mut meeting);
        meeting.met().to_vec()
    }

    #[test]
    fn no_pair_is_missed_and_none_is_made_up() {
        const ROOTS: u32 = 3_000;
        let mut number = 7_u32;
        let mut roll = |sides: u32| {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (number >> 8) % sides
        };
        // A few roots are in thousands of pairs, most in some, the last in none; those in many are not the commonest.
        let pair = |n| (if n % 3 == 0 { roll(4) } else { roll(ROOTS - 1) }, roll(ROOTS - 1));
        let set: BTreeSet<(RootId, RootId)> = (0..20_000).map(pair).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let order = Order::of(&(0..ROOTS).map(|n| (n * 7 + 1_000) % ROOTS).collect::<Vec<_>>());
        let mut list: Vec<(RootId, RootId)> = set.iter().copied().collect();
        list.sort_unstable_by_key(|pair| order.key(*pair));
        let pairs = Pairs::of(&list, &order);
        assert!(!pairs.bits.is_empty());
        for count in [1, 30, 300, 2_900] {
            let roots: BTreeSet<RootId> = (0..count).map(|_| roll(ROOTS)).chain([1, 2]).collect();
            let all: Vec<RootId> = roots.iter().copied().collect();
            let mut found = met(&pairs, &all, |root| roots.contains(&root));
            found.sort_unstable();
            let wanted: Vec<u32> =
                (0..).zip(&list).filter(|(_, (a, b))| roots.contains(a) && roots.contains(b)).map(|(number, _)| number).collect();
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn a_root_may_be_paired_with_itself() {
        let order = Order::of(&[0, 1, 2]);
        let pairs = Pairs::of(&[(1, 1)], &order);
        assert_eq!(met(&pairs, &[0, 1], |root| root < 2), [0]);
        assert_eq!(met(&pairs, &[0, 2], |root| root != 1), [0; 0]);
    }

    #[test]
    fn an_empty_set_has_no_pair() {
        assert_eq!(met(&Pairs::default(), &[], |_| true), [0; 0]);
        assert_eq!(met(&Pairs::of(&[], &Order::of(&[2, 0, 1])), &[0, 1, 2], |_| true), [0; 0]);
    }
}
