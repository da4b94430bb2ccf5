//! Which wordings to weigh when words turn up, laid out so that most are passed over unread.
//!
//! Variants stand under each of their words to watch (see [`prefix`]), and there together with all that need the same other word: where
//! that one is missing, none of them is looked at. Phrases stand under two of their words that follow each other.

use std::collections::HashMap;

use foldhash::fast::RandomState;

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
    /// Where the groups of each term begin, and the end.
    groups_from: Vec<u32>,
    /// The word that each group cannot do without; the term itself if there is none.
    musts: Vec<TermId>,
    /// Where each group ends in `watched`.
    groups_to: Vec<u32>,
    watched: Vec<Watched>,
    /// Phrases by two of their words that follow each other: a range of `phrases`.
    pairs: HashMap<(TermId, TermId), (u32, u32), RandomState>,
    phrases: Vec<u32>,
    /// Whether a pair begins with the term, and whether one ends with it.
    in_pairs: Vec<(bool, bool)>,
    /// Rule, what may be missing, where its weights end.
    wordings: Vec<(u32, u64, u32)>,
    weights: Vec<(TermId, u32)>,
}

impl Watchlist {
    /// Lists the wordings of `rules`, whose words are `terms` different ones.
    pub(super) fn of(rules: &[Compiled], terms: usize) -> Self {
        let mut list = Self { in_pairs: vec![(false, false); terms], ..Self::default() };
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
        list.groups_from.push(0);
        for of_term in listed.chunk_by(|a, b| a.0 == b.0) {
            let Some((term, ..)) = of_term.first() else { continue };
            list.groups_from.resize(*term as usize + 1, list.musts.len() as u32);
            for group in of_term.chunk_by(|a, b| a.1 == b.1) {
                list.watched.extend(group.iter().map(|(.., watched)| *watched));
                list.musts.extend(group.first().map(|(_, must, _)| *must));
                list.groups_to.push(list.watched.len() as u32);
            }
        }
        list.groups_from.resize(terms + 1, list.musts.len() as u32);
        pairs.sort_unstable();
        for same in pairs.chunk_by(|a, b| a.0 == b.0) {
            let from = list.phrases.len() as u32;
            list.phrases.extend(same.iter().map(|(_, wording)| *wording));
            if let Some((pair, _)) = same.first() {
                list.pairs.insert(*pair, (from, list.phrases.len() as u32));
                list.in_pairs[pair.0 as usize].0 = true;
                list.in_pairs[pair.1 as usize].1 = true;
            }
        }
        list
    }

    /// The groups of wordings to weigh when `term` is in a post: their numbers, each with the term that it cannot do without.
    pub fn groups(&self, term: TermId) -> impl Iterator<Item = (usize, TermId)> {
        let bound = |term: usize| self.groups_from.get(term).map_or(0, |from| *from as usize);
        let (from, to) = (bound(term as usize), bound(term as usize + 1));
        (from..).zip(self.musts.get(from..to).unwrap_or_default().iter().copied())
    }

    /// The wordings of a group.
    pub fn group(&self, number: usize) -> &[Watched] {
        let from = number.checked_sub(1).map_or(0, |before| self.groups_to[before]);
        &self.watched[from as usize..self.groups_to[number] as usize]
    }

    /// Whether any phrase is watched by this term and one that follows it.
    pub fn leads(&self, term: TermId) -> bool {
        self.in_pairs.get(term as usize).is_some_and(|pairs| pairs.0)
    }

    /// Numbers of the phrases watched by two terms that follow each other.
    pub fn phrases(&self, first: TermId, second: TermId) -> &[u32] {
        if !self.in_pairs.get(second as usize).is_some_and(|pairs| pairs.1) {
            return &[];
        }
        self.pairs.get(&(first, second)).map_or(&[], |(from, to)| &self.phrases[*from as usize..*to as usize])
    }

    /// What to weigh of a wording.
    pub fn wording(&self, number: u32) -> Weighing<'_> {
        let (rule, may_miss, to) = self.wordings[number as usize];
        let from = number.checked_sub(1).map_or(0, |before| self.wordings[before as usize].2);
        Weighing { rule, may_miss, weights: &self.weights[from as usize..to as usize] }
    }
}
