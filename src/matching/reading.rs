//! A post read once: which terms of the rules stand where.

use std::cell::RefCell;
use std::ops::Range;

use crate::model::post::{Part, Post};
use crate::model::sighting::Span;
use crate::rules::compile::vocabulary::{Likeness, TermId};
use crate::rules::compile::watch::Lists;
use crate::rules::compile::{Compiled, RuleSet};
use crate::text::guard::Guards;
use crate::text::words::{Word, Words, words};

use super::glance::{Glance, LONGEST_PART_BYTES, MOST_PARTS, PLACES_OF_A_PART};

/// A post of fewer words than this is only compared with phrases and addresses: texts that short look alike by chance.
pub const FEWEST_WORDS: usize = 3;

/// Hits whose memory is kept for the next post.
const HITS_KEPT: usize = 1 << 14;

/// A word of the post that stands for a term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hit {
    /// The term.
    pub term: TermId,
    /// Its place in the row of the post's words, all parts in one row with wide gaps between them.
    pub at: u32,
    /// The place after it.
    pub next: u32,
    /// How it stands for the term.
    pub likeness: Likeness,
    /// Where it is in the text.
    pub span: Span,
}

/// A post read for one rule set: at a glance first, in full where a rule is worth judging.
#[derive(Debug, Default)]
pub struct Reading {
    /// What the shortlist needs.
    glance: Glance,
    /// What it notes.
    lists: Lists,
    /// All hits, ordered by term and place.
    hits: Vec<Hit>,
    /// Each term that has a hit, once.
    terms: Vec<TermId>,
    /// For every term of the rules how much of its weight the nearest hit carries, in hundredths; 0 without a hit.
    percents: Vec<u8>,
    /// For every term whether its hits are wanted; all false between posts.
    wanted: Vec<bool>,
    /// The plain words of all parts in one row.
    plain: Vec<Plain>,
    /// Where each part begins in `plain`, and the end.
    plain_from: Vec<usize>,
    /// Words read without rules.
    words: Vec<Words>,
}

/// What is kept of a plain word, whether it stands for a term or not.
#[derive(Debug, Clone, Copy)]
pub struct Plain {
    /// Its place, counted as in [`Hit`].
    pub at: u32,
    /// Number of its sentence in the part.
    pub sentence: u32,
    /// Whether it turns a claim around.
    pub guards: Guards,
}

impl Reading {
    /// Reads a post.
    pub fn of(post: &Post, rules: &RuleSet) -> Box<Self> {
        Self::at_a_glance(post, rules).in_full(rules)
    }

    /// Looks at a post: it has no hits yet.
    pub fn at_a_glance(post: &Post, rules: &RuleSet) -> Box<Self> {
        let mut reading = SPARE.take().unwrap_or_default();
        reading.glance.at(post, rules);
        reading
    }

    /// What was seen at a glance, and where the shortlist may make its notes.
    pub fn glance(&mut self) -> (&Glance, &mut Lists) {
        (&self.glance, &mut self.lists)
    }

    /// Reads the post that was looked at, for the same rules.
    fn in_full(self: Box<Self>, rules: &RuleSet) -> Box<Self> {
        self.with_hits(rules, |_, _| true)
    }

    /// The same with hits of the terms of some rules only, which come by their numbers.
    #[must_use]
    pub fn for_rules(mut self: Box<Self>, numbers: &[u32], rules: &RuleSet) -> Box<Self> {
        let compiled = numbers.iter().filter_map(|number| rules.rules().get(*number as usize));
        let terms = || compiled.clone().flat_map(Compiled::terms);
        self.wanted.resize(rules.vocabulary.len(), false);
        terms().for_each(|term| self.wanted[term as usize] = true);
        let mut reading = self.with_hits(rules, |wanted, term| wanted[term as usize]);
        terms().for_each(|term| reading.wanted[term as usize] = false);
        reading
    }

    fn with_hits(mut self: Box<Self>, rules: &RuleSet, is_wanted: impl Fn(&[bool], TermId) -> bool) -> Box<Self> {
        let Self { wanted, glance, hits, terms, percents, plain, plain_from, .. } = &mut *self;
        percents.resize(rules.vocabulary.len(), 0);
        let mut known = glance.known();
        for (part, words) in glance.parts().iter().enumerate() {
            let base = part as u32 * PLACES_OF_A_PART;
            plain_from.push(plain.len());
            for (word, (guards, stands_for)) in words.iter().zip(known.by_ref()) {
                if !word.alternative {
                    plain.push(Plain { at: base + word.at, sentence: word.sentence, guards });
                }
                let span = Span { part, start: word.start, end: word.end };
                for (term, likeness) in stands_for.iter().filter(|(term, _)| is_wanted(wanted, *term)) {
                    hits.push(Hit { term: *term, at: base + word.at, next: base + word.next, likeness: *likeness, span });
                    let percent = &mut percents[*term as usize];
                    if *percent == 0 {
                        terms.push(*term);
                    }
                    *percent = (*percent).max(likeness.percent() as u8);
                }
            }
        }
        drop(known);
        plain_from.push(plain.len());
        hits.sort_unstable();
        self
    }

    /// Hands the memory back, for the next post of this thread.
    pub fn put_away(mut self: Box<Self>) {
        self.glance.end();
        for term in self.terms.drain(..) {
            self.percents[term as usize] = 0;
        }
        self.hits.clear();
        self.hits.shrink_to(HITS_KEPT);
        self.plain.clear();
        self.plain.shrink_to(HITS_KEPT);
        self.plain_from.clear();
        SPARE.set(Some(self));
    }

    /// Reads a post for its words only: it has no hits.
    pub fn of_words(post: &Post) -> Self {
        let read = |part: &Part| words(&part.text[..part.text.floor_char_boundary(LONGEST_PART_BYTES)]);
        Self { words: post.parts.iter().take(MOST_PARTS).map(read).collect(), ..Self::default() }
    }

    /// All hits, ordered by term and place.
    pub fn hits(&self) -> &[Hit] {
        &self.hits
    }

    /// The hits of one term, in the order of their places.
    pub fn hits_of(&self, term: TermId) -> &[Hit] {
        let from = self.hits.partition_point(|hit| hit.term < term);
        let to = from + self.hits[from..].partition_point(|hit| hit.term == term);
        &self.hits[from..to]
    }

    /// The hit of a term at a place, if there is one; the nearest likeness where there are several.
    pub fn hit_at(&self, term: TermId, at: u32) -> Option<&Hit> {
        let hits = self.hits_of(term);
        let from = hits.partition_point(|hit| hit.at < at);
        hits[from..].iter().take_while(|hit| hit.at == at).min_by_key(|hit| hit.likeness)
    }

    /// How much of a term's weight the nearest hit anywhere in the post carries, in hundredths; 0 where there is none.
    pub fn percent(&self, term: TermId) -> u32 {
        self.percents.get(term as usize).map_or(0, |percent| u32::from(*percent))
    }

    /// Whether the post holds a term.
    pub fn holds(&self, term: TermId) -> bool {
        self.percent(term) > 0
    }

    /// The plain words from place `from` to place `to`, the latter included, as far as they are in one part.
    pub fn words_between(&self, from: u32, to: u32) -> &[Plain] {
        let part = (from / PLACES_OF_A_PART) as usize;
        let base = part as u32 * PLACES_OF_A_PART;
        let bounds = self.plain_from.get(part).zip(self.plain_from.get(part + 1));
        let plain = bounds.map_or(&[][..], |(begin, end)| &self.plain[*begin..*end]);
        let first = ((from - base) as usize).min(plain.len());
        let last = (to.saturating_sub(base) as usize).saturating_add(1).clamp(first, plain.len());
        &plain[first..last]
    }

    /// The plain words of a part, from `reach` words before the bytes `around` to `reach` words after them; and whether the part
    /// begins with the first of them.
    pub fn around(&self, part: usize, around: Range<usize>, reach: usize) -> (Vec<Word<'_>>, bool) {
        let parts = if self.words.is_empty() { self.glance.parts() } else { &self.words };
        let Some(words) = parts.get(part) else { return (Vec::new(), true) };
        words.around(around, reach)
    }

    /// How many words the post has.
    pub fn word_count(&self) -> usize {
        self.glance.word_count()
    }

    /// First place of the part that `at` lies in.
    pub fn part_begins(at: u32) -> u32 {
        at - at % PLACES_OF_A_PART
    }
}

thread_local! {
    /// The reading of an earlier post, emptied.
    static SPARE: RefCell<Option<Box<Reading>>> = RefCell::default();
}
