//! Which wordings to weigh when words turn up, laid out so that most are passed over unread.
//!
//! Variants stand under each of their words to watch (see [`prefix`]), and there together with all that need the same other word: where
//! that one is missing, none of them is looked at. Phrases stand under two of their words that follow each other.

use super::pairs::Pairs;
use super::prefix::{self, ASKED_FOR};
use super::vocabulary::{RootId, Vocabulary};
use super::{Compiled, NEAR_MISS, Row};
use crate::model::sighting::WordingKind;

/// A wording to weigh when one of its words turns up: what to ask first.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its number, for [`Watchlist::wording`].
    pub wording: u32,
    /// The words to ask for.
    pub next: [RootId; ASKED_FOR],
    /// Bit `b` is set if the wording may still count when those of `next` are there whose bits are set in `b`.
    pub enough: u16,
    /// Whether it is a variant, which very short posts are not compared with.
    pub is_variant: bool,
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
    /// The words that variants are watched by, each with a word that its group cannot do without; the word itself if there is none.
    groups: Pairs,
    /// Where each group ends in `watched`.
    groups_to: Vec<u32>,
    watched: Vec<Watched>,
    /// Two words that follow each other in phrases.
    neighbours: Pairs,
    /// Where the phrases of each such pair end in `phrases`.
    phrases_to: Vec<u32>,
    phrases: Vec<u32>,
    wordings: Vec<Listed>,
    /// Where the wordings of each rule end in `wordings`.
    rules_to: Vec<u32>,
    weights: Vec<(RootId, u32)>,
}

/// What is kept of a wording.
#[derive(Debug, Clone, Copy)]
struct Listed {
    rule: u32,
    /// Where its weights end.
    to: u32,
    may_miss: u64,
    may_miss_of_alert: u64,
}

impl Watchlist {
    /// Lists the wordings of `rules`.
    pub(super) fn of(rules: &[Compiled], vocabulary: &Vocabulary) -> Self {
        let mut list = Self::default();
        let mut listed: Vec<(RootId, RootId, Watched)> = Vec::new();
        let mut pairs: Vec<((RootId, RootId), u32)> = Vec::new();
        for (rule, compiled) in (0..).zip(rules) {
            for (wording, row) in compiled.rule.wordings.iter().zip(&compiled.wordings) {
                let this = list.wordings.len() as u32;
                let (kind, is_variant) = (wording.kind, wording.kind == WordingKind::Variant);
                let may_miss = prefix::may_miss(kind, row.total, compiled.threshold.saturating_sub(NEAR_MISS));
                let weights = weights_of_roots(row, vocabulary);
                match prefix::pair_to_watch(row).filter(|_| !is_variant) {
                    Some((first, second)) => pairs.push(((vocabulary.root(first), vocabulary.root(second)), this)),
                    None => listed.extend(prefix::words_to_watch(kind, &weights, may_miss).into_iter().map(|watch| {
                        let (next, enough) = (watch.next, watch.enough);
                        (watch.root, watch.must, Watched { wording: this, next, enough, is_variant })
                    })),
                }
                list.weights.extend(weights);
                let may_miss_of_alert = prefix::may_miss(kind, row.total, compiled.threshold);
                list.wordings.push(Listed { rule, to: list.weights.len() as u32, may_miss, may_miss_of_alert });
            }
            list.rules_to.push(list.wordings.len() as u32);
        }
        listed.sort_by_key(|(root, must, _)| (*root, *must));
        let mut keys = Vec::new();
        for group in listed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            keys.extend(group.first().map(|(root, must, _)| (*root, *must)));
            list.watched.extend(group.iter().map(|(.., watched)| *watched));
            list.groups_to.push(list.watched.len() as u32);
        }
        list.groups = Pairs::of(&keys, vocabulary.roots());
        pairs.sort_unstable();
        keys.clear();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            keys.extend(same.first().map(|(pair, _)| *pair));
            list.phrases.extend(same.iter().map(|(_, wording)| *wording));
            list.phrases_to.push(list.phrases.len() as u32);
        }
        list.neighbours = Pairs::of(&keys, vocabulary.roots());
        list
    }

    /// Hands every variant to `each` that stands under the first of `roots` and another of them. The roots are in order, and those that
    /// the post `holds`.
    #[inline]
    pub fn variants<'w>(&'w self, roots: &[RootId], holds: impl Fn(RootId) -> bool, mut each: impl FnMut(&'w Watched)) {
        self.groups.among(roots, holds, |group| part(&self.watched, &self.groups_to, group).iter().for_each(&mut each));
    }

    /// Whether any phrase is watched by this root and one that follows it.
    #[inline]
    pub fn leads(&self, root: RootId) -> bool {
        self.neighbours.begin_with(root)
    }

    /// Numbers of the phrases watched by two roots that follow each other.
    #[inline]
    pub fn phrases(&self, first: RootId, second: RootId) -> &[u32] {
        self.neighbours.find(first, second).map_or(&[], |pair| part(&self.phrases, &self.phrases_to, pair))
    }

    /// What to weigh of a wording.
    pub fn wording(&self, number: u32) -> Weighing<'_> {
        let Listed { rule, to, may_miss, may_miss_of_alert } = self.wordings[number as usize];
        let from = number.checked_sub(1).map_or(0, |before| self.wordings[before as usize].to);
        Weighing { rule, may_miss, may_miss_of_alert, weights: &self.weights[from as usize..to as usize] }
    }

    /// What to weigh of each wording of a rule.
    pub fn wordings_of(&self, rule: u32) -> impl Iterator<Item = Weighing<'_>> {
        let from = rule.checked_sub(1).map_or(0, |before| self.rules_to[before as usize]);
        (from..self.rules_to[rule as usize]).map(|number| self.wording(number))
    }
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

/// Part `number` of a row whose parts end at `ends`.
#[inline]
fn part<'r, T>(row: &'r [T], ends: &[u32], number: usize) -> &'r [T] {
    let from = number.checked_sub(1).map_or(0, |before| ends[before]);
    &row[from as usize..ends[number] as usize]
}
