//! A post, or a passage of a long one, as a query: its different terms in numbered slots, so that sets of them are one machine word.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::scale::Scale;
use crate::model::post::Post;
use crate::model::sighting::Span;
use crate::rules::index::direction::Direction;
use crate::rules::index::reading::{flag, term, tokens};
use crate::rules::index::related::row_of;
use crate::rules::index::vocabulary::{Meaning, Term};
use crate::rules::index::{BulkIndex, LEAST_WEIGHT};
use crate::text::related::Row;
use crate::text::words::Words;

/// Slots of a query: bits of a machine word.
pub const MOST_SLOTS: usize = 64;

/// Slots after which the next sentence begins another passage, and after which any word does.
const PASSAGE_SLOTS: std::ops::Range<usize> = 40..54;

/// Terms of a passage, repeated ones too.
const MOST_STANDINGS: usize = 400;

/// So much of an author's name is read.
const LONGEST_AUTHOR_BYTES: usize = 200;

/// Words of an author's name that are looked at.
const MOST_AUTHOR_WORDS: usize = 8;

/// Words whose meaning is remembered.
const MOST_REMEMBERED: usize = 1 << 16;

/// Terms are counted by weight: up to the first bound, up to the second, up to the third.
const BANDS: [f32; 3] = [4.0, 5.5, 7.0];

/// Marks a number that stands for a word no claim holds.
const STRANGER: u32 = 1 << 31;

/// Weights of a query's terms, in 64ths.
mod weight {
    pub const TEXT: u32 = 64;
    /// Another reading of words that stand there themselves.
    pub const JOINED: u32 = 26;
    /// Stands in the author's name only.
    pub const AUTHOR: u32 = 45;
    /// Each time it stands there again, four times at most.
    pub const AGAIN: u32 = 13;
}

/// Weights of a query's terms are in this fraction of a unit.
pub const WEIGHT_UNIT: f32 = 64.0;

/// A different term of a query.
#[derive(Debug, Clone, Copy)]
pub struct Slot {
    /// The term; nothing for words that no claim holds.
    pub term: Option<Term>,
    id: u32,
    /// What it tells, in nats.
    pub tells: f32,
    /// See `flag`; `JOINED` only if it never stands there by itself.
    pub flags: u8,
    /// Its row in the table of related words.
    pub row: Option<Row>,
    /// How it begins; see [`BulkIndex::beginning`].
    beginning: u32,
    /// The impact that it approaches the oftener a claim repeats it.
    most_impact: f32,
    /// Times it stands there.
    times: u8,
}

impl Slot {
    /// How much its impact counts, in 64ths.
    pub fn weight(&self) -> u32 {
        let once = if self.flags & flag::JOINED != 0 { weight::JOINED } else { weight::TEXT };
        once + weight::AGAIN * u32::from(self.times.clamp(1, 5) - 1)
    }
}

/// A term where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Its slot.
    pub slot: u8,
    /// Its place in the row of words.
    pub at: u32,
    /// Where it stands in the post.
    pub span: Span,
    /// Another reading.
    pub joined: bool,
}

/// A post, or a passage of a long one.
#[derive(Debug, Default)]
pub struct Query {
    /// The different terms of the text, then those of the author's name.
    pub slots: Vec<Slot>,
    /// How many slots the text has.
    pub of_text: usize,
    /// Every term where it stands, in order.
    pub row: Vec<Standing>,
    /// What the slots tell.
    pub scale: Scale,
    /// The slots of the text's words, other readings left out.
    pub words: u64,
    /// What they tell.
    pub of_words: f32,
    /// What those of the author's name tell.
    pub of_author: f32,
    /// Those of names.
    pub names: u64,
    /// The slots of each band of weight.
    pub bands: [u64; BANDS.len()],
    /// The lowest ten bits of those, as a set: most words of claims are told from them at once.
    beginnings_seen: [u64; 16],
    /// What a claim of just the query's words would reach, about.
    pub own_sum: f32,
    /// What the text is about.
    pub direction: Direction,
    /// For each slot the slots that stand right after it somewhere.
    pub next: Vec<u64>,
    /// For each slot the slots that stand within three terms after it somewhere.
    pub near: Vec<u64>,
    windows: Vec<Window>,
}

/// A standing, and the window of the text that ends with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Window {
    /// Its slot as a set; empty if it is another reading.
    slot: u64,
    /// The number of the first standing inside.
    from: u16,
    /// Its own number.
    at: u16,
}

/// Words inside this many places stand close together.
const WINDOW: u32 = 16;

/// Where the lowest ten bits of a beginning stand in a set of them.
fn place(beginning: u32) -> (usize, u64) {
    (beginning as usize >> 6 & 15, 1 << (beginning & 63))
}

/// Gives the numbers of a set of slots, in order.
pub(super) fn slots_of(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let slot = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (slot < MOST_SLOTS).then_some(slot)
    })
}

impl Query {
    fn clear(&mut self) {
        self.slots.clear();
        self.row.clear();
        self.of_text = 0;
    }

    /// The set of the slots of the text.
    pub fn text_slots(&self) -> u64 {
        if self.of_text < MOST_SLOTS { (1 << self.of_text) - 1 } else { u64::MAX }
    }

    /// Gives the heaviest part of a set of slots that stands inside one window of the text; `met` is memory for it.
    pub fn window(&self, set: u64, met: &mut Vec<Window>) -> f32 {
        if met.len() < self.windows.len() {
            met.resize(self.windows.len(), Window::default());
        }
        let mut count = 0;
        for window in &self.windows {
            met[count] = *window;
            count += usize::from(window.slot & set != 0);
        }
        let (met, mut best) = (&met[..count], 0.0_f32);
        for (last, window) in met.iter().enumerate() {
            let inside = met[..last].iter().rev().take_while(|other| other.at >= window.from);
            best = best.max(self.scale.weigh(inside.fold(window.slot, |all, other| all | other.slot)));
        }
        best
    }

    /// Gives what the rarest term of a set tells.
    pub fn rarest(&self, set: u64) -> f32 {
        let [light, middling, heavy] = self.bands;
        let heaviest = [!(light | middling | heavy), heavy, middling, light].into_iter().find(|band| set & band != 0);
        slots_of(set & heaviest.unwrap_or_default()).map(|slot| self.slots[slot].tells).fold(0.0, f32::max)
    }

    /// Whether a term of the text may begin like this: most words of claims are told from them at once.
    pub fn may_be_kin(&self, beginning: u32) -> bool {
        // No beginning has a number whose lowest five bits are 0, so that 0 is kin to nothing.
        let (word, bit) = place(beginning);
        self.beginnings_seen[word] & bit != 0
    }

    /// Gives the slots of the text whose terms begin like this; see [`BulkIndex::beginning`].
    pub fn kin(&self, beginning: u32) -> u64 {
        if beginning == 0 || !self.may_be_kin(beginning) {
            return 0;
        }
        let alike = (0..self.of_text).zip(&self.slots).filter(|(_, own)| own.beginning == beginning);
        alike.fold(0, |set, (slot, _)| set | 1 << slot)
    }

    /// How much the impact of a slot's term counts, in 64ths.
    pub fn weight(&self, slot: usize) -> u32 {
        if slot >= self.of_text { weight::AUTHOR } else { self.slots.get(slot).map_or(0, Slot::weight) }
    }

    /// Where the terms of a set of slots stand.
    pub fn spans(&self, hit: u64) -> Vec<Span> {
        let hits = self.row.iter().filter(|standing| !standing.joined && hit & 1 << standing.slot != 0);
        let mut spans: Vec<Span> = hits.map(|standing| standing.span).collect();
        spans.dedup();
        spans
    }

    fn enter(&mut self, known: Known, flags: u8) -> Option<usize> {
        match self.slots.iter().position(|slot| slot.id == known.id) {
            Some(slot) => {
                let joined = self.slots[slot].flags & flags & flag::JOINED;
                self.slots[slot].flags = (self.slots[slot].flags | flags) & !flag::JOINED | joined;
                self.slots[slot].times = self.slots[slot].times.saturating_add(1);
                Some(slot)
            }
            None if self.slots.len() < MOST_SLOTS => {
                let term = (known.id & STRANGER == 0).then_some(known.id);
                let Known { id, tells, row, beginning, most_impact } = known;
                self.slots.push(Slot { term, id, tells, flags, row, beginning, most_impact, times: 1 });
                Some(self.slots.len() - 1)
            }
            None => None,
        }
    }

    /// Gets ready to be measured, which most queries never are: notes which slots follow each other, how they begin and what they tell.
    pub fn complete(&mut self) {
        self.scale.set(self.slots.iter().map(|slot| slot.tells));
        let impacts = self.slots.iter().enumerate().map(|(slot, own)| self.weight(slot) as f32 / WEIGHT_UNIT * own.most_impact);
        self.own_sum = impacts.sum();
        (self.words, self.names, self.bands, self.beginnings_seen) = (0, 0, [0; BANDS.len()], [0; 16]);
        for (number, slot) in self.slots[..self.of_text].iter().enumerate() {
            let bit = 1 << number;
            if let Some(band) = BANDS.iter().position(|bound| slot.tells < *bound) {
                self.bands[band] |= bit;
            }
            if slot.flags & flag::JOINED == 0 {
                self.words |= bit;
                self.names |= if slot.flags & flag::NAME != 0 { bit } else { 0 };
            }
            if slot.beginning != 0 {
                let (word, bit) = place(slot.beginning);
                self.beginnings_seen[word] |= bit;
            }
        }
        let text = self.text_slots();
        let author = if self.slots.len() < MOST_SLOTS { (1 << self.slots.len()) - 1 } else { u64::MAX } & !text;
        (self.of_words, self.of_author) = (self.scale.weigh(self.words), self.scale.weigh(author));
        let words = self.slots[..self.of_text].iter().filter(|slot| slot.flags & flag::JOINED == 0);
        self.direction = Direction::of(words.filter_map(|slot| Some((slot.row?, slot.tells))));
        for followers in [&mut self.next, &mut self.near] {
            followers.clear();
            followers.resize(MOST_SLOTS, 0);
        }
        self.windows.clear();
        for i in 0..self.row.len() {
            let first = self.row[i];
            let inside = |standing: &&Standing| first.at.saturating_sub(standing.at) < WINDOW;
            let others = self.row[..i].iter().rev().take_while(inside).count();
            let slot = if first.joined { 0 } else { 1 << first.slot };
            self.windows.push(Window { slot, from: (i - others) as u16, at: i as u16 });
            if first.joined {
                continue;
            }
            let after = self.row[i + 1..].iter().filter(|standing| !standing.joined).take(3).enumerate();
            for (steps, standing) in after.filter(|(steps, s)| s.at.saturating_sub(first.at) <= 5 + *steps as u32) {
                let bit = 1 << standing.slot;
                self.near[first.slot as usize] |= bit;
                if steps == 0 {
                    self.next[first.slot as usize] |= bit;
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Known {
    id: u32,
    tells: f32,
    row: Option<Row>,
    beginning: u32,
    most_impact: f32,
}

/// What words mean that were looked up before.
#[derive(Debug, Default)]
struct Meanings {
    /// Of each word a range of `known`.
    of: HashMap<Box<str>, (u32, u32), RandomState>,
    known: Vec<Known>,
}

/// Turns posts into queries; remembers what words mean.
#[derive(Debug, Default)]
pub struct Asker {
    edition: u64,
    words: Words,
    author: Words,
    /// Of words outside tags and inside.
    meanings: [Meanings; 2],
    query: Query,
}

impl Asker {
    /// Hands every passage of `post` to `each`; posts of usual length have one.
    pub fn passages(&mut self, post: &Post, index: &BulkIndex, mut each: impl FnMut(&mut Query)) {
        if self.edition != index.edition() {
            *self = Self { edition: index.edition(), ..Self::default() };
        }
        let Self { words, meanings, query, author: author_words, .. } = self;
        let author = post.author.as_deref().unwrap_or_default();
        author_words.read(&author[..author.floor_char_boundary(LONGEST_AUTHOR_BYTES)]);
        let author = (author, &*author_words);
        let (mut at_before, mut finished) = (0, 0);
        query.clear();
        for (part, text) in post.parts.iter().map(|part| part.text.as_str()).enumerate() {
            words.read(text);
            let (mut sentence, mut at_last) = (0, 0);
            tokens(text, words, |token| {
                let full = query.slots.len() >= PASSAGE_SLOTS.end || query.row.len() >= MOST_STANDINGS;
                if full || token.sentence != sentence && query.slots.len() >= PASSAGE_SLOTS.start {
                    finish(query, author, index, &mut meanings[0], &mut each);
                    finished += 1;
                }
                (sentence, at_last) = (token.sentence, token.at);
                let span = Span { part, start: token.start, end: token.end };
                let (of_a_tag, joined) = (token.flags & flag::TAG != 0, token.flags & flag::JOINED != 0);
                for (step, known) in (0..).zip(meanings[usize::from(of_a_tag)].of(token.form, of_a_tag, index)) {
                    if known.tells >= LEAST_WEIGHT
                        && let Some(slot) = query.enter(*known, token.flags)
                    {
                        query.row.push(Standing { slot: slot as u8, at: at_before + token.at + step, span, joined });
                    }
                }
            });
            // Parts of a post do not continue each other.
            at_before += at_last + 20;
        }
        if !query.slots.is_empty() || finished == 0 {
            finish(query, author, index, &mut meanings[0], &mut each);
        }
    }
}

/// Ends a passage: adds the author's name, hands it out, begins the next.
fn finish(
    query: &mut Query,
    (author, words): (&str, &Words),
    index: &BulkIndex,
    meanings: &mut Meanings,
    each: &mut impl FnMut(&mut Query),
) {
    query.of_text = query.slots.len();
    let mut left = MOST_AUTHOR_WORDS;
    tokens(author, words, |token| {
        for known in meanings.of(token.form, false, index) {
            if known.tells >= LEAST_WEIGHT && left > 0 && query.slots.iter().all(|slot| slot.id != known.id) {
                query.enter(*known, 0);
                left -= 1;
            }
        }
    });
    each(query);
    query.clear();
}

impl Meanings {
    /// Gives the terms that a word stands for: one, or several that a tag joins. Worked out once for each word.
    fn of(&mut self, form: &str, of_a_tag: bool, index: &BulkIndex) -> &[Known] {
        let (from, to) = match self.of.get(form) {
            Some(range) => *range,
            None => self.learn(form, of_a_tag, index),
        };
        &self.known[from as usize..to as usize]
    }

    fn learn(&mut self, form: &str, of_a_tag: bool, index: &BulkIndex) -> (u32, u32) {
        // Forgetting everything at once is rare and keeps what is asked most after a moment.
        if self.of.len() >= MOST_REMEMBERED {
            *self = Self::default();
        }
        let from = self.known.len() as u32;
        let known = |term: Term| {
            let (tells, row) = (index.weight(term), index.relations().row_of(term));
            Known { id: term, tells, row, beginning: index.beginning(term), most_impact: index.most_impact(tells) }
        };
        match index.vocabulary().meaning(form, of_a_tag) {
            Meaning::Known(term) => self.known.push(known(term)),
            Meaning::Parts(terms) => self.known.extend(terms.into_iter().map(known)),
            Meaning::Unknown(frequency) => {
                let (tells, row) = (index.weight_of_stranger(frequency), row_of(&term(form)));
                self.known.push(Known { id: stranger(form), tells, row, beginning: 0, most_impact: index.most_impact(tells) });
            }
        }
        let range = (from, self.known.len() as u32);
        self.of.insert(form.into(), range);
        range
    }
}

/// Numbers a word that no claim holds: the same for the same word, in every run.
fn stranger(form: &str) -> u32 {
    let hash = form.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash | STRANGER
}
