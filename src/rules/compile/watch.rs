//! Which wordings to weigh when words turn up, laid out so that most are passed over unread.
//!
//! Variants stand under pairs of their words (see [`prefix`]): where one is missing, none under the pair is looked at. Phrases stand under
//! two of their words that follow each other.

use super::gates::{self, WayIn};
use super::neighbours::{Marks, Neighbours};
use super::pairs::{Meeting, Order, Pairs, Sifted};
use super::prefix::{self, ASKED_FOR, Frequencies, Watch};
use super::vocabulary::{RootId, Vocabulary};
use super::{Compiled, NEAR_MISS, Row};
use crate::model::sighting::WordingKind;

/// A variant to weigh when two of its words turn up: what to ask first.
#[derive(Debug, Clone, Copy)]
struct Watched {
    /// Its number.
    variant: u32,
    /// Bit `b` is set if it may still count when those of `next` are there whose bits are set in `b`.
    enough: u16,
    /// The words to ask for.
    next: [RootId; ASKED_FOR],
}

impl Watched {
    /// Whether enough of the words that are asked for first is there.
    #[inline]
    fn is_enough_there(&self, holds: impl Fn(RootId) -> bool) -> bool {
        let bits = self.next.iter().enumerate().fold(0, |bits, (n, root)| bits | u32::from(holds(*root)) << n);
        u32::from(self.enough) >> bits & 1 != 0
    }
}

/// What is noted while the variants worth weighing are looked for; its memory is used again for the next post.
#[derive(Debug, Default)]
pub struct Lists {
    meeting: Meeting,
    variants: Sifted<u32>,
}

impl Lists {
    /// Numbers of the variants found, for [`Watchlist::variant`].
    pub fn variants(&self) -> &[u32] {
        self.variants.items()
    }
}

/// A phrase to look for when two of its words follow each other.
#[derive(Debug, Clone, Copy)]
pub struct Phrase<'w> {
    /// Number of the rule.
    pub rule: u32,
    /// The roots of its words, as they follow each other.
    pub roots: &'w [RootId],
    /// Which of them is the first of the two.
    pub first: usize,
}

/// All that is needed to tell whether a wording may count.
#[derive(Debug, Clone, Copy)]
pub struct Weighing<'w> {
    /// Number of the rule.
    pub rule: u32,
    /// How much of its weight, times a hundred, may be missing before it cannot even come near.
    pub may_miss: u64,
    /// The same for its rule's threshold.
    pub may_miss_of_alert: u64,
    /// Its roots with their weights, those of heavy words first.
    pub weights: &'w [(RootId, u32)],
}

/// Wordings by the words they are watched by.
#[derive(Debug, Default)]
pub struct Watchlist {
    /// Pairs of words that variants are watched by; one word twice where one is enough.
    pairs: Pairs,
    /// Where the variants of each pair begin in `watched`, and the end.
    groups_from: Vec<u32>,
    watched: Vec<Watched>,
    variants: Vec<Variant>,
    weights: Vec<(RootId, u32)>,
    /// Two words that follow each other in phrases; one word twice for phrases of one.
    neighbours: Neighbours,
    phrases: Vec<Spelt>,
    /// The roots of all phrases.
    spelt: Vec<RootId>,
}

/// What is kept of a variant.
#[derive(Debug, Clone, Copy)]
struct Variant {
    rule: u32,
    /// Where its weights end.
    to: u32,
    may_miss: u64,
    may_miss_of_alert: u64,
}

/// What is kept of a phrase.
#[derive(Debug, Clone, Copy)]
struct Spelt {
    rule: u32,
    /// Where its roots begin and end.
    from: u32,
    to: u32,
    first: u32,
}

/// Variants and phrases with the pairs they are watched by, while they are gathered.
#[derive(Default)]
struct Gathered {
    variants: Vec<((RootId, RootId), Watched)>,
    phrases: Vec<((RootId, RootId), Spelt)>,
}

impl Watchlist {
    /// Lists the wordings of `rules`.
    pub(super) fn of(rules: &[Compiled], vocabulary: &Vocabulary) -> Self {
        let (mut list, mut gathered) = (Self::default(), Gathered::default());
        let variants = rules.iter().flat_map(|compiled| compiled.rule.wordings.iter().zip(&compiled.wordings));
        let variants = variants.filter(|(wording, _)| wording.kind == WordingKind::Variant);
        let weights: Vec<Vec<(RootId, u32)>> = variants.map(|(_, row)| weights_of_roots(row, vocabulary)).collect();
        let frequencies = Frequencies::of(&weights, vocabulary);
        let mut weights = weights.into_iter();
        for (rule, compiled) in (0..).zip(rules) {
            let ways_in = gates::ways_in(&compiled.gates, vocabulary);
            for (wording, row) in compiled.rule.wordings.iter().zip(&compiled.wordings) {
                match wording.kind {
                    WordingKind::Variant => {
                        let weights = weights.next().unwrap_or_default();
                        list.add_variant((rule, compiled), row, weights, &ways_in, &frequencies, &mut gathered);
                    }
                    _ => list.add_phrase(rule, row, vocabulary, &frequencies, &mut gathered),
                }
            }
        }
        let Gathered { mut variants, mut phrases } = gathered;
        // Stable: under one pair the order of the rules stays.
        let order = Order::of(&frequencies.common_first());
        variants.sort_by_key(|(pair, _)| order.key(*pair));
        let grouped = variants.chunk_by(|a, b| a.0 == b.0);
        let pairs: Vec<(RootId, RootId)> = grouped.clone().filter_map(|group| group.first()).map(|(pair, _)| *pair).collect();
        list.pairs = Pairs::of(&pairs, &order);
        list.groups_from = ends(grouped.map(<[_]>::len)).collect();
        list.watched = variants.into_iter().map(|(_, watched)| watched).collect();
        phrases.sort_by_key(|(pair, _)| *pair);
        let grouped = phrases.chunk_by(|a, b| a.0 == b.0);
        let ends: Vec<u32> = ends(grouped.clone().map(<[_]>::len)).collect();
        let places = ends.windows(2).map(|place| place[0]..place[1]);
        let firsts = grouped.filter_map(|group| group.first()).map(|(pair, _)| *pair);
        list.neighbours = Neighbours::of(firsts.zip(places), vocabulary.roots());
        list.phrases = phrases.into_iter().map(|(_, spelt)| spelt).collect();
        list
    }

    fn add_variant(
        &mut self,
        (rule, compiled): (u32, &Compiled),
        row: &Row,
        weights: Vec<(RootId, u32)>,
        ways_in: &[WayIn],
        frequencies: &Frequencies,
        gathered: &mut Gathered,
    ) {
        let least = compiled.threshold.saturating_sub(NEAR_MISS);
        let [may_miss, may_miss_of_alert] =
            [least, compiled.threshold].map(|least| prefix::may_miss(WordingKind::Variant, row.total, least));
        let mut to_watch = weights.clone();
        frequencies.sort(&mut to_watch);
        let mut watches = prefix::words_to_watch(&to_watch, if ways_in.is_empty() { may_miss } else { may_miss_of_alert });
        for way in ways_in {
            let held = way.root_beside(&to_watch);
            let others: Vec<(RootId, u32)> = to_watch.iter().copied().filter(|(root, _)| *root != held).collect();
            prefix::words_beside(held, &others, may_miss, &mut watches);
        }
        let variant = self.variants.len() as u32;
        gathered
            .variants
            .extend(watches.into_iter().map(|Watch { pair, next, enough }| (pair, Watched { variant, next, enough })));
        self.weights.extend(weights);
        self.variants.push(Variant { rule, to: self.weights.len() as u32, may_miss, may_miss_of_alert });
    }

    fn add_phrase(&mut self, rule: u32, row: &Row, vocabulary: &Vocabulary, frequencies: &Frequencies, gathered: &mut Gathered) {
        let from = self.spelt.len();
        self.spelt.extend(row.terms.iter().map(|term| vocabulary.root(*term)));
        let roots = &self.spelt[from..];
        let first = frequencies.rarest_neighbours(roots);
        let Some(root) = roots.get(first) else { return };
        let pair = (*root, *roots.get(first + 1).unwrap_or(root));
        gathered.phrases.push((pair, Spelt { rule, from: from as u32, to: self.spelt.len() as u32, first: first as u32 }));
    }

    /// Puts the numbers of all variants to weigh for a post of these roots, which are all that it `holds`, into `lists`.
    pub fn look(&self, roots: &[RootId], holds: impl Fn(RootId) -> bool, lists: &mut Lists) {
        let Lists { meeting, variants } = lists;
        variants.clear();
        self.pairs.meet(roots, &holds, meeting);
        for pair in meeting.met() {
            let (from, to) = (self.groups_from[*pair as usize] as usize, self.groups_from[*pair as usize + 1] as usize);
            variants.make_room(to - from);
            for watched in &self.watched[from..to] {
                variants.put(watched.variant, watched.is_enough_there(&holds));
            }
        }
    }

    /// What tells at once that no phrase is watched by a root and one that follows it.
    pub fn marks(&self, root: RootId) -> Marks {
        self.neighbours.marks(root)
    }

    /// Whether any phrase may be watched by two roots that follow each other.
    #[inline]
    pub fn may_follow(&self, first: RootId, second: RootId) -> bool {
        self.neighbours.may_follow(first, second)
    }

    /// The phrases watched by two roots that follow each other; those of one word by the root and itself.
    pub fn phrases(&self, first: RootId, second: RootId) -> impl Iterator<Item = Phrase<'_>> {
        self.phrases[self.neighbours.find(first, second)].iter().map(|spelt| {
            let roots = &self.spelt[spelt.from as usize..spelt.to as usize];
            Phrase { rule: spelt.rule, roots, first: spelt.first as usize }
        })
    }

    /// What to weigh of a variant.
    pub fn variant(&self, number: u32) -> Weighing<'_> {
        let Variant { rule, to, may_miss, may_miss_of_alert } = self.variants[number as usize];
        let from = number.checked_sub(1).map_or(0, |before| self.variants[before as usize].to);
        Weighing { rule, may_miss, may_miss_of_alert, weights: &self.weights[from as usize..to as usize] }
    }
}

/// Where groups of these lengths begin, and the end of the last.
fn ends(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = u32> {
    let each = lengths.scan(0, |end, length| {
        *end += length as u32;
        Some(*end)
    });
    [0].into_iter().chain(each)
}

/// The roots of a wording in their order, each with the weights of all its terms: a post that holds one of them may hold all.
fn weights_of_roots(row: &Row, vocabulary: &Vocabulary) -> Vec<(RootId, u32)> {
    let mut weights: Vec<(RootId, u32)> = row.weights.iter().map(|(term, weight)| (vocabulary.root(*term), *weight)).collect();
    weights.sort_unstable();
    weights.dedup_by(|same, first| {
        let is_same = same.0 == first.0;
        first.1 += if is_same { same.1 } else { 0 };
        is_same
    });
    weights
}
