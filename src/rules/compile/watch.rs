//! Which wordings to weigh when words turn up, laid out so that most are passed over unread.
//!
//! Variants stand under each of their words to watch (see [`prefix`]), and there together with all that need the same other word: where
//! that one is missing, none of them is looked at. Phrases stand under two of their words that follow each other.

use super::pairs::Pairs;
use super::prefix::{self, ASKED_FOR};
use super::vocabulary::TermId;
use super::{Compiled, NEAR_MISS};
use crate::model::sighting::WordingKind;

/// A wording to weigh when one of its words turns up: what to ask first.
#[derive(Debug, Clone, Copy)]
pub struct Watched {
    /// Its number, for [`Watchlist::wording`].
    pub wording: u32,
    /// The words to ask for.
    pub next: [TermId; ASKED_FOR],
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
    /// How much of its weight, times a hundred, may be missing before it cannot count any more.
    pub may_miss: u64,
    /// Its terms with their weights, the heaviest first.
    pub weights: &'w [(TermId, u32)],
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
    /// Rule, what may be missing, where its weights end.
    wordings: Vec<(u32, u64, u32)>,
    weights: Vec<(TermId, u32)>,
}

impl Watchlist {
    /// Lists the wordings of `rules`, whose words are `terms` different ones.
    pub(super) fn of(rules: &[Compiled], terms: usize) -> Self {
        let mut list = Self::default();
        let mut listed: Vec<(TermId, TermId, Watched)> = Vec::new();
        let mut pairs: Vec<((TermId, TermId), u32)> = Vec::new();
        for (number, compiled) in (0..).zip(rules) {
            let least = compiled.threshold.saturating_sub(NEAR_MISS);
            for (wording, row) in compiled.rule.wordings.iter().zip(&compiled.wordings) {
                list.weights.extend_from_slice(&row.weights);
                let this = list.wordings.len() as u32;
                list.wordings.push((number, prefix::may_miss(wording.kind, row, least), list.weights.len() as u32));
                let is_variant = wording.kind == WordingKind::Variant;
                match prefix::pair_to_watch(row).filter(|_| !is_variant) {
                    Some(pair) => pairs.push((pair, this)),
                    None => listed.extend(prefix::words_to_watch(wording.kind, row, least).into_iter().map(|watch| {
                        let (next, enough) = (watch.next, watch.enough);
                        (watch.term, watch.must, Watched { wording: this, next, enough, is_variant })
                    })),
                }
            }
        }
        listed.sort_by_key(|(term, must, _)| (*term, *must));
        let mut keys = Vec::new();
        for group in listed.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            keys.extend(group.first().map(|(term, must, _)| (*term, *must)));
            list.watched.extend(group.iter().map(|(.., watched)| *watched));
            list.groups_to.push(list.watched.len() as u32);
        }
        list.groups = Pairs::of(&keys, terms);
        pairs.sort_unstable();
        keys.clear();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            keys.extend(same.first().map(|(pair, _)| *pair));
            list.phrases.extend(same.iter().map(|(_, wording)| *wording));
            list.phrases_to.push(list.phrases.len() as u32);
        }
        list.neighbours = Pairs::of(&keys, terms);
        list
    }

    /// Hands every variant to `each` that stands under `term` and needs another of `terms`, which are those that the post `holds`.
    pub fn variants<'w>(
        &'w self,
        term: TermId,
        terms: &[TermId],
        holds: impl Fn(TermId) -> bool,
        mut each: impl FnMut(&'w Watched),
    ) {
        self.groups.among(term, terms, holds, |group| part(&self.watched, &self.groups_to, group).iter().for_each(&mut each));
    }

    /// Whether any phrase is watched by this term and one that follows it.
    pub fn leads(&self, term: TermId) -> bool {
        self.neighbours.begin_with(term)
    }

    /// Numbers of the phrases watched by two terms that follow each other.
    #[inline]
    pub fn phrases(&self, first: TermId, second: TermId) -> &[u32] {
        self.neighbours.find(first, second).map_or(&[], |pair| part(&self.phrases, &self.phrases_to, pair))
    }

    /// What to weigh of a wording.
    pub fn wording(&self, number: u32) -> Weighing<'_> {
        let (rule, may_miss, to) = self.wordings[number as usize];
        let from = number.checked_sub(1).map_or(0, |before| self.wordings[before as usize].2);
        Weighing { rule, may_miss, weights: &self.weights[from as usize..to as usize] }
    }
}

/// Part `number` of a row whose parts end at `ends`.
fn part<'r, T>(row: &'r [T], ends: &[u32], number: usize) -> &'r [T] {
    let from = number.checked_sub(1).map_or(0, |before| ends[before]);
    &row[from as usize..ends[number] as usize]
}
