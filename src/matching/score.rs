//! How much of one wording a post holds.
//!
//! Everything is counted in whole numbers: a strength does not depend on the order of sums.

use crate::model::sighting::{Span, WordingKind};
use crate::rules::compile::Row;
use crate::rules::compile::vocabulary::{Likeness, Vocabulary};
use crate::text::guard::Guard;

use super::reading::{FEWEST_WORDS, Hit, Reading};

/// A wording found, at least in part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Strength in thousandths.
    pub strength: u32,
    /// Where its words stand, in order.
    pub spans: Vec<Span>,
    /// How it was found.
    pub detail: Detail,
}

/// How a wording was found: what `explain` tells beside the strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Detail {
    /// Different words of the wording that were found.
    pub words_found: usize,
    /// Different words it has.
    pub words_total: usize,
    /// Words of the post inside a phrase that do not belong to it.
    pub gaps: usize,
    /// Words found with other endings.
    pub endings: usize,
    /// Letters that were wrong.
    pub typos: usize,
    /// What stood against it and lowered the strength.
    pub conflict: Option<Conflict>,
}

/// What makes a post say something else although it has the same words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// A negation more or less.
    Negation,
    /// Another point of the compass.
    Compass,
    /// Another number.
    Number,
}

impl Conflict {
    /// What is left of the strength, in hundredths.
    fn percent(self) -> u32 {
        match self {
            Self::Negation => 70,
            Self::Compass => 60,
            Self::Number => 80,
        }
    }
}

/// What a gap in a phrase costs, in thousandths.
const GAP_COST: u32 = 80;

/// A window is this many times as long as the wording, in halves.
const WINDOW_HALVES: u32 = 5;

/// Shortest window, in words.
const SHORTEST_WINDOW: u32 = 12;

/// Words that weigh less than this say little about what a sentence is about (hundredths of a nat: "people" and rarer count).
const CONTENT_WEIGHT: u32 = 300;

/// How many words before and after those found may speak against them.
const AROUND: u32 = 8;

/// Windows looked at closely in one post for one wording.
const MOST_WINDOWS: usize = 64;

/// Looks for one wording; nothing if not even a part of it is there.
pub fn find(kind: WordingKind, row: &Row, reading: &Reading, vocabulary: &Vocabulary) -> Option<Found> {
    match kind {
        WordingKind::Variant if reading.word_count() < FEWEST_WORDS => None,
        WordingKind::Variant => variant(row, reading, vocabulary),
        _ => phrase(row, reading, vocabulary),
    }
}

/// Thousandths of the wording's weight, from a sum of weights times hundredths.
fn share(sum: u64, row: &Row) -> u32 {
    let whole = u64::from(row.total.max(1)) * 100;
    ((sum * 1000 + whole / 2) / whole) as u32
}

/// The words of a phrase in their order, with at most one other word between two of them.
fn phrase(row: &Row, reading: &Reading, vocabulary: &Vocabulary) -> Option<Found> {
    let (first, rest) = row.terms.split_first()?;
    let (rarest, _) = row.weights.first()?;
    if !reading.holds(*rarest) {
        return None;
    }
    let mut best: Option<Found> = None;
    for start in reading.hits_of(*first) {
        let Some(hits) = follow(start, rest, reading, vocabulary) else { continue };
        let found = phrase_found(row, &hits);
        if best.as_ref().is_none_or(|best| found.strength > best.strength) {
            best = Some(found);
        }
    }
    best
}

/// Walks along a phrase from its first word.
fn follow<'r>(start: &'r Hit, rest: &[u32], reading: &'r Reading, vocabulary: &Vocabulary) -> Option<Vec<&'r Hit>> {
    let mut hits = vec![start];
    let mut gap_before = None;
    while hits.len() <= rest.len() {
        let (term, at) = (rest[hits.len() - 1], hits[hits.len() - 1].next);
        if let Some(hit) = reading.hit_at(term, at) {
            hits.push(hit);
        } else if gap_before.is_none() {
            // A negation in the gap makes it another sentence.
            let (stranger, tongue) = (reading.words_between(at, at).first()?.guards, vocabulary.tongue(term));
            if stranger.negates(tongue) || stranger.points(tongue) {
                return None;
            }
            gap_before = Some(hits.len());
            hits.push(reading.hit_at(term, at + 1)?);
        } else {
            return None;
        }
    }
    Some(hits)
}

fn phrase_found(row: &Row, hits: &[&Hit]) -> Found {
    let gaps = hits.windows(2).filter(|pair| pair[0].next != pair[1].at).count();
    let mut detail = Detail { words_found: row.terms.len(), words_total: row.terms.len(), gaps, ..Detail::default() };
    let mut cost = gaps as u32 * GAP_COST;
    for hit in hits {
        detail.count(hit.likeness);
        cost += match hit.likeness {
            Likeness::Same => 0,
            Likeness::Ending => 20,
            Likeness::OneTypo => 40,
            Likeness::TwoTypos => 80,
        };
    }
    Found { strength: 1000_u32.saturating_sub(cost), spans: hits.iter().map(|hit| hit.span).collect(), detail }
}

impl Detail {
    fn count(&mut self, likeness: Likeness) {
        match likeness {
            Likeness::Same => {}
            Likeness::Ending => self.endings += 1,
            Likeness::OneTypo => self.typos += 1,
            Likeness::TwoTypos => self.typos += 2,
        }
    }
}

/// The words of a variant in any order inside the best window.
fn variant(row: &Row, reading: &Reading, vocabulary: &Vocabulary) -> Option<Found> {
    // Every hit with the number of its term in the row's weights, in the order of places.
    let mut hits: Vec<(&Hit, usize)> = Vec::with_capacity(row.weights.len().min(reading.hits().len()));
    for (number, (term, _)) in row.weights.iter().enumerate().filter(|(_, (term, _))| reading.holds(*term)) {
        hits.extend(reading.hits_of(*term).iter().map(|hit| (hit, number)));
    }
    hits.sort_unstable_by_key(|(hit, number)| (hit.at, hit.likeness, *number));
    let length = (row.terms.len() as u32).saturating_mul(WINDOW_HALVES) / 2;
    let windows = Windows::new(row, &hits, length.max(SHORTEST_WINDOW));
    let mut best: Option<Found> = None;
    let mut closely = 0;
    for (from, to, sum) in windows {
        if best.as_ref().is_some_and(|best| share(sum, row) <= best.strength) {
            continue;
        }
        let found = window_found(row, &hits[from..to], sum, reading, vocabulary);
        if best.as_ref().is_none_or(|best| found.strength > best.strength) {
            best = Some(found);
        }
        closely += 1;
        if closely == MOST_WINDOWS {
            break;
        }
    }
    best
}

/// Slides a window over the hits; gives those windows that lose something when they move on: `(from, to, sum)`.
struct Windows<'h> {
    row: &'h Row,
    hits: &'h [(&'h Hit, usize)],
    length: u32,
    /// For each term of the row, how many hits of each likeness are inside.
    inside: Vec<[u32; 4]>,
    sum: u64,
    from: usize,
    to: usize,
}

impl<'h> Windows<'h> {
    fn new(row: &'h Row, hits: &'h [(&'h Hit, usize)], length: u32) -> Self {
        Self { row, hits, length, inside: vec![[0; 4]; row.weights.len()], sum: 0, from: 0, to: 0 }
    }

    fn worth(&self, number: usize) -> u64 {
        const NEAREST_FIRST: [Likeness; 4] = [Likeness::Same, Likeness::Ending, Likeness::OneTypo, Likeness::TwoTypos];
        let nearest = NEAREST_FIRST.into_iter().find(|likeness| self.inside[number][*likeness as usize] > 0);
        nearest.map_or(0, |likeness| u64::from(self.row.weights[number].1 * likeness.percent()))
    }

    fn change(&mut self, number: usize, likeness: Likeness, comes: bool) {
        let before = self.worth(number);
        let count = &mut self.inside[number][likeness as usize];
        *count = if comes { *count + 1 } else { *count - 1 };
        self.sum = self.sum + self.worth(number) - before;
    }
}

impl Iterator for Windows<'_> {
    type Item = (usize, usize, u64);

    fn next(&mut self) -> Option<Self::Item> {
        while let Some((first, number)) = self.hits.get(self.from).copied() {
            while let Some((hit, number)) =
                self.hits.get(self.to).copied().filter(|(hit, _)| hit.next - first.at.min(hit.next) <= self.length)
            {
                self.change(number, hit.likeness, true);
                self.to += 1;
            }
            // A hit longer than the window (a tag of many words) stands alone.
            if self.to == self.from {
                self.change(number, first.likeness, true);
                self.to += 1;
            }
            let window = (self.from, self.to, self.sum);
            self.change(number, first.likeness, false);
            self.from += 1;
            if self.sum < window.2 {
                return Some(window);
            }
        }
        None
    }
}

fn window_found(row: &Row, hits: &[(&Hit, usize)], sum: u64, reading: &Reading, vocabulary: &Vocabulary) -> Found {
    // Of each term the nearest likeness, and of equal ones the first.
    let mut chosen: Vec<Option<&Hit>> = vec![None; row.weights.len()];
    for (hit, number) in hits {
        let place = &mut chosen[*number];
        if place.is_none_or(|other| hit.likeness < other.likeness) {
            *place = Some(hit);
        }
    }
    let mut detail = Detail { words_total: row.weights.len(), ..Detail::default() };
    let mut matched: Vec<&Hit> = chosen.iter().copied().flatten().collect();
    matched.sort_unstable_by_key(|hit| (hit.at, hit.span));
    for hit in &matched {
        detail.words_found += 1;
        detail.count(hit.likeness);
    }
    detail.conflict = conflict(row, &chosen, &matched, reading, vocabulary);
    let percent = detail.conflict.map_or(100, Conflict::percent);
    let mut spans: Vec<Span> = matched.iter().map(|hit| hit.span).collect();
    spans.dedup();
    Found { strength: share(sum * u64::from(percent) / 100, row), spans, detail }
}

/// Looks for words that turn the claim around, in the words found and around them in the same sentence.
///
/// Around them, because a window must not come out stronger by leaving out the "South Korea" that speaks against it.
fn conflict(
    row: &Row,
    chosen: &[Option<&Hit>],
    matched: &[&Hit],
    reading: &Reading,
    vocabulary: &Vocabulary,
) -> Option<Conflict> {
    let is_content = |hit: &&&Hit| vocabulary.get(hit.term).weight >= CONTENT_WEIGHT;
    let first = matched.iter().find(is_content).or(matched.first())?;
    let last = matched.iter().rfind(is_content).or(matched.last())?;
    let tongue = vocabulary.tongue(first.term);
    let (first_at, last_at) = (first.at, last.next - 1);
    let sentence_at = |at| reading.words_between(at, at).first().map(|word| word.sentence);
    let (first_sentence, last_sentence) = (sentence_at(first_at), sentence_at(last_at));
    let (mut negated, mut point, mut number) = (false, false, false);
    for word in reading.words_between(first_at.saturating_sub(AROUND).max(Reading::part_begins(first_at)), last_at + AROUND) {
        let in_sight = match word.at {
            at if at < first_at => Some(word.sentence) == first_sentence,
            at if at > last_at => Some(word.sentence) == last_sentence,
            _ => true,
        };
        if in_sight {
            // What is denied stands behind the negation, and soon.
            negated |= word.guards.negates(tongue) && word.at + 3 >= first_at && word.at <= last_at;
            point |= word.guards.points(tongue);
            number |= word.guards.counts();
        }
    }
    let missing = |wanted: fn(Guard) -> bool| {
        let mut terms = row.weights.iter().zip(chosen);
        terms.any(|((term, _), hit)| hit.is_none() && vocabulary.get(*term).guard.is_some_and(wanted))
    };
    if point && missing(|guard| matches!(guard, Guard::Compass(_))) {
        return Some(Conflict::Compass);
    }
    if negated != row.negated {
        return Some(Conflict::Negation);
    }
    (number && missing(|guard| guard == Guard::Number)).then_some(Conflict::Number)
}
