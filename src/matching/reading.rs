//! A post read once: which terms of the rules stand where.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;

use crate::model::post::{Part, Post};
use crate::model::sighting::Span;
use crate::rules::compile::RuleSet;
use crate::rules::compile::vocabulary::{Likeness, TermId};
use crate::text::guard::Guards;
use crate::text::words::{Word, Words, words};

/// Most of a part that is read; feeds are cut there too.
pub const LONGEST_PART_BYTES: usize = 64 * 1024;

/// Most parts of a post that are read.
const MOST_PARTS: usize = 64;

/// A post of fewer words than this is only compared with phrases and addresses: texts that short look alike by chance.
pub const FEWEST_WORDS: usize = 3;

/// Places of the words of one part lie within this many; those of the next part begin after them, out of reach of any window.
const PLACES_OF_A_PART: u32 = 1 << 24;

/// Parts whose memory is kept for the next post.
const PARTS_KEPT: usize = 4;

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

/// A post read for one rule set.
#[derive(Debug, Default)]
pub struct Reading {
    /// All hits: in the order of places until [`Reading::by_term`] orders them by term and place.
    hits: Vec<Hit>,
    /// Each term that has a hit, once.
    terms: Vec<TermId>,
    /// For every term of the rules how much of its weight the nearest hit carries, in hundredths; 0 without a hit.
    percents: Vec<u8>,
    /// The plain words of all parts in one row.
    plain: Vec<Plain>,
    /// Where each part begins in `plain`, and the end.
    plain_from: Vec<usize>,
    /// The words of each part with all their readings; those after the parts of this post are left from another.
    parts: Vec<Words>,
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
    pub fn of(post: &Post, rules: &RuleSet) -> Self {
        Self::in_order_of_places(post, rules).by_term()
    }

    /// Reads a post; its hits stay in the order of their places, as a look for phrases needs them.
    pub fn in_order_of_places(post: &Post, rules: &RuleSet) -> Self {
        MEMORY.with_borrow_mut(|memory| {
            memory.serve(rules);
            let mut reading = memory.spare.take().unwrap_or_default();
            reading.percents.resize(rules.vocabulary.len(), 0);
            for (number, part) in post.parts.iter().take(MOST_PARTS).enumerate() {
                reading.read_part(number, &part.text, rules, memory);
            }
            reading.plain_from.push(reading.plain.len());
            if !reading.hits.is_sorted_by_key(|hit| hit.at) {
                reading.hits.sort_by_key(|hit| hit.at);
            }
            reading
        })
    }

    /// Orders the hits by term, as judging a rule needs them.
    #[must_use]
    pub fn by_term(mut self) -> Self {
        // The numbers of hits are in the order of places, and sooner in order than hits are.
        let mut order: Vec<u64> = (0_u64..).zip(&self.hits).map(|(number, hit)| u64::from(hit.term) << 32 | number).collect();
        order.sort_unstable();
        self.hits = order.into_iter().map(|key| self.hits[key as u32 as usize]).collect();
        for same in self.hits.chunk_by_mut(|a, b| (a.term, a.at) == (b.term, b.at)).filter(|same| same.len() > 1) {
            same.sort_unstable();
        }
        self
    }

    /// Hands the memory back, for the next post of this thread.
    pub fn put_away(mut self) {
        for term in self.terms.drain(..) {
            if let Some(percent) = self.percents.get_mut(term as usize) {
                *percent = 0;
            }
        }
        self.hits.clear();
        self.hits.shrink_to(HITS_KEPT);
        self.plain.clear();
        self.plain.shrink_to(HITS_KEPT);
        self.plain_from.clear();
        self.parts.truncate(PARTS_KEPT);
        MEMORY.with_borrow_mut(|memory| memory.spare = Some(self));
    }

    /// Reads a post for its words only: it has no hits.
    pub fn of_words(post: &Post) -> Self {
        let read = |part: &Part| words(&part.text[..part.text.floor_char_boundary(LONGEST_PART_BYTES)]);
        let parts: Vec<Words> = post.parts.iter().take(MOST_PARTS).map(read).collect();
        Self { plain_from: vec![0; parts.len() + 1], parts, ..Self::default() }
    }

    fn read_part(&mut self, part: usize, text: &str, rules: &RuleSet, memory: &mut Memory) {
        if self.parts.len() <= part {
            self.parts.push(Words::default());
        }
        let words = &mut self.parts[part];
        words.read(&text[..text.floor_char_boundary(LONGEST_PART_BYTES)]);
        let base = part as u32 * PLACES_OF_A_PART;
        self.plain_from.push(self.plain.len());
        for word in words.iter() {
            let known = memory.look_up(word.form, rules);
            if !word.alternative {
                self.plain.push(Plain { at: base + word.at, sentence: word.sentence, guards: known.guards });
            }
            let span = Span { part, start: word.start, end: word.end };
            for (term, likeness) in memory.terms(known) {
                self.hits.push(Hit { term: *term, at: base + word.at, next: base + word.next, likeness: *likeness, span });
                let percent = &mut self.percents[*term as usize];
                if *percent == 0 {
                    self.terms.push(*term);
                }
                *percent = (*percent).max(likeness.percent() as u8);
            }
        }
    }

    /// Each term that has a hit, once.
    pub fn terms(&self) -> &[TermId] {
        &self.terms
    }

    /// All hits, in whatever order they are.
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
        let is_read = part + 1 < self.plain_from.len();
        let Some(words) = self.parts.get(part).filter(|_| is_read) else { return (Vec::new(), true) };
        let plain: Vec<Word<'_>> = words.plain().collect();
        let from = plain.partition_point(|word| word.start < around.start).saturating_sub(reach);
        let to = plain.partition_point(|word| word.start < around.end).saturating_add(reach).clamp(from, plain.len());
        (plain[from..to].to_vec(), from == 0)
    }

    /// How many words the post has.
    pub fn word_count(&self) -> usize {
        self.plain.len()
    }

    /// First place of the part that `at` lies in.
    pub fn part_begins(at: u32) -> u32 {
        at - at % PLACES_OF_A_PART
    }
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// What the words of earlier posts stand for: endings and typing mistakes are worked out once for a word, not once for a post.
///
/// It holds what `Vocabulary::resolve` and `Guards::of` give and nothing else, so it cannot change a result.
#[derive(Default)]
struct Memory {
    set: u64,
    known: HashMap<Box<str>, Known, RandomState>,
    terms: Vec<(TermId, Likeness)>,
    /// A reading of an earlier post, emptied.
    spare: Option<Reading>,
}

#[derive(Clone, Copy)]
struct Known {
    terms: (u32, u32),
    guards: Guards,
}

/// The memory is emptied at this many words: strangers choose the words.
const MOST_WORDS: usize = 1 << 17;

impl Memory {
    fn serve(&mut self, rules: &RuleSet) {
        if self.set != rules.number || self.known.len() > MOST_WORDS || self.terms.len() > 8 * MOST_WORDS {
            *self = Self { set: rules.number, ..Self::default() };
        }
    }

    fn look_up(&mut self, form: &str, rules: &RuleSet) -> Known {
        if let Some(known) = self.known.get(form) {
            return *known;
        }
        let from = self.terms.len() as u32;
        rules.vocabulary.resolve(form, &mut self.terms);
        let known = Known { terms: (from, self.terms.len() as u32), guards: Guards::of(form) };
        self.known.insert(form.into(), known);
        known
    }

    fn terms(&self, known: Known) -> &[(TermId, Likeness)] {
        &self.terms[known.terms.0 as usize..known.terms.1 as usize]
    }
}
