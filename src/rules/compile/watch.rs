//! Which wordings to weigh when words turn up, laid out so that most are passed over unread.
//!
//! Variants stand under pairs of their words (see [`prefix`]): where one is missing, none under the pair is looked at. Phrases stand under
//! two of their words that follow each other.

use super::gates::{self, WayIn};
use super::pairs::{self, Held, Pairs, Sieve};
use super::prefix::{self, ASKED_FOR, Watch};
use super::vocabulary::{RootId, Vocabulary};
use super::{Compiled, NEAR_MISS, Row};
use crate::model::sighting::WordingKind;

/// A variant to weigh when two of its words turn up: what to ask first.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its number, for [`Watchlist::variant`].
    pub variant: u32,
    /// Bit `b` is set if it may still count when those of `next` are there whose bits are set in `b`.
    pub enough: u16,
    /// The words to ask for.
    pub next: [RootId; ASKED_FOR],
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
    groups: Pairs,
    /// Where the variants of each pair begin in `watched`, and the end.
    groups_from: Vec<u32>,
    watched: Vec<Watched>,
    variants: Vec<Variant>,
    weights: Vec<(RootId, u32)>,
    /// Two words that follow each other in phrases; one word twice for phrases of one.
    neighbours: Pairs,
    sieve: Sieve,
    /// Of each root whether it is the first and whether it is the second of such a pair.
    in_phrases: Vec<[bool; 2]>,
    /// Where the phrases of each such pair begin in `phrases`, and the end.
    phrases_from: Vec<u32>,
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
        for (rule, compiled) in (0..).zip(rules) {
            let ways_in = gates::ways_in(&compiled.gates, vocabulary);
            for (wording, row) in compiled.rule.wordings.iter().zip(&compiled.wordings) {
                match wording.kind {
                    WordingKind::Variant => list.add_variant(rule, compiled, row, &ways_in, vocabulary, &mut gathered),
                    _ => list.add_phrase(rule, row, vocabulary, &mut gathered),
                }
            }
        }
        let Gathered { mut variants, mut phrases } = gathered;
        // Stable: under one pair the order of the rules stays.
        variants.sort_by_key(|(pair, _)| pairs::order(*pair));
        (list.groups, list.groups_from) = grouped(&variants, vocabulary.roots());
        list.watched = variants.into_iter().map(|(_, watched)| watched).collect();
        phrases.sort_by_key(|(pair, _)| pairs::order(*pair));
        (list.neighbours, list.phrases_from) = grouped(&phrases, vocabulary.roots());
        list.sieve = Sieve::of(&list.neighbours);
        list.in_phrases = vec![[false; 2]; vocabulary.roots()];
        for ((first, second), _) in &phrases {
            list.in_phrases[*first as usize][0] = true;
            list.in_phrases[*second as usize][1] = true;
        }
        list.phrases = phrases.into_iter().map(|(_, spelt)| spelt).collect();
        list
    }

    fn add_variant(
        &mut self,
        rule: u32,
        compiled: &Compiled,
        row: &Row,
        ways_in: &[WayIn],
        vocabulary: &Vocabulary,
        gathered: &mut Gathered,
    ) {
        let least = compiled.threshold.saturating_sub(NEAR_MISS);
        let [may_miss, may_miss_of_alert] =
            [least, compiled.threshold].map(|least| prefix::may_miss(WordingKind::Variant, row.total, least));
        let weights = weights_of_roots(row, vocabulary);
        let mut watches = prefix::words_to_watch(&weights, if ways_in.is_empty() { may_miss } else { may_miss_of_alert });
        for way in ways_in {
            let held = way.root_beside(&weights);
            let others: Vec<(RootId, u32)> = weights.iter().copied().filter(|(root, _)| *root != held).collect();
            prefix::words_beside(held, &others, may_miss, &mut watches);
        }
        let variant = self.variants.len() as u32;
        gathered
            .variants
            .extend(watches.into_iter().map(|Watch { pair, next, enough }| (pair, Watched { variant, next, enough })));
        self.weights.extend(weights);
        self.variants.push(Variant { rule, to: self.weights.len() as u32, may_miss, may_miss_of_alert });
    }

    fn add_phrase(&mut self, rule: u32, row: &Row, vocabulary: &Vocabulary, gathered: &mut Gathered) {
        let (first, from) = (prefix::pair_to_watch(row), self.spelt.len() as u32);
        self.spelt.extend(row.terms.iter().map(|term| vocabulary.root(*term)));
        let roots = &self.spelt[from as usize..];
        let Some(root) = roots.get(first) else { return };
        let pair = (*root, *roots.get(first + 1).unwrap_or(root));
        gathered.phrases.push((pair, Spelt { rule, from, to: self.spelt.len() as u32, first: first as u32 }));
    }

    /// Hands all variants that stand under `root` and another of `roots` to `each`, those of a pair together; the roots are all that the
    /// post `holds`.
    #[inline]
    pub fn variants<'w>(
        &'w self,
        root: RootId,
        roots: &[RootId],
        held: &Held,
        holds: impl Fn(RootId) -> bool,
        mut each: impl FnMut(&'w [Watched]),
    ) {
        if let Some(seconds) = self.groups.with(root) {
            seconds.among(roots, held, holds, |group| each(part(&self.watched, &self.groups_from, group)));
        }
    }

    /// Whether any phrase is watched by this root and one that follows it, and whether by one that it follows.
    pub fn in_phrases(&self, root: RootId) -> [bool; 2] {
        self.in_phrases[root as usize]
    }

    /// Whether any phrase may be watched by two roots that follow each other: most are told from at once.
    #[inline]
    pub fn may_follow(&self, first: RootId, second: RootId) -> bool {
        self.sieve.lets_through(first, second)
    }

    /// The phrases watched by two roots that follow each other; those of one word by the root and itself.
    pub fn phrases(&self, first: RootId, second: RootId) -> impl Iterator<Item = Phrase<'_>> {
        let pair = self.neighbours.with(first).and_then(|seconds| seconds.find(second));
        let phrases = pair.map_or(&[][..], |pair| part(&self.phrases, &self.phrases_from, pair));
        phrases.iter().map(|spelt| {
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

/// The pairs of a list in [`pairs::order`], each once, and where what stands under each begins.
fn grouped<T>(listed: &[((RootId, RootId), T)], roots: usize) -> (Pairs, Vec<u32>) {
    let (mut pairs, mut begins) = (Vec::new(), vec![0]);
    for group in listed.chunk_by(|a, b| a.0 == b.0) {
        pairs.extend(group.first().map(|(pair, _)| *pair));
        begins.push(begins.last().copied().unwrap_or_default() + group.len() as u32);
    }
    (Pairs::of(&pairs, roots), begins)
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

/// Part `number` of a row whose parts begin at `begins`.
#[inline]
fn part<'r, T>(row: &'r [T], begins: &[u32], number: usize) -> &'r [T] {
    &row[begins[number] as usize..begins[number + 1] as usize]
}
