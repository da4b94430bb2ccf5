//! A post, or a passage of a long one, as a query: its different terms in numbered slots, so that sets of them are one machine word.

use super::scale::Scale;
use crate::model::sighting::Span;
use crate::rules::index::direction::Direction;
use crate::rules::index::reading::flag;
use crate::rules::index::vocabulary::Term;
use crate::text::related::Row;

/// Slots of a query: bits of a machine word.
pub const MOST_SLOTS: usize = 64;

/// Terms are counted by weight: up to the first bound, up to the second, up to the third.
const BANDS: [f32; 3] = [4.0, 5.5, 7.0];

/// Marks a number that stands for a word no claim holds.
pub(super) const STRANGER: u32 = 1 << 31;

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
    /// What it tells, in nats.
    pub tells: f32,
    /// See `flag`; `JOINED` only if it never stands there by itself.
    pub flags: u8,
    /// Its row in the table of related words.
    pub row: Option<Row>,
    /// How it begins; see `rules::index::BulkIndex::beginning`.
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
    /// Their ids.
    ids: Vec<u32>,
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
    /// Whether a term of the text begins like those of a bucket; see [`bucket`].
    beginnings_seen: Vec<bool>,
    /// What a claim of just the query's words would reach, about.
    pub own_sum: f32,
    /// What the text is about.
    pub direction: Direction,
    /// For each slot the slots that stand right after it somewhere.
    pub next: Vec<u64>,
    /// For each slot the slots that stand within three terms after it somewhere.
    pub near: Vec<u64>,
    /// The slots inside each window of the text, other readings left out; windows inside other windows left out.
    windows: Vec<u64>,
}

/// Words inside this many places stand close together.
const WINDOW: u32 = 16;

/// Buckets of beginnings.
const BUCKETS: usize = 1 << 10;

/// Gives the bucket of a beginning: 0 only for terms that have none, as no beginning is a number whose lowest five bits are 0.
pub(super) fn bucket(beginning: u32) -> u16 {
    (beginning as usize % BUCKETS) as u16
}

/// Gives the numbers of a set of slots, in order.
pub(super) fn slots_of(mut set: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let slot = set.trailing_zeros() as usize;
        set &= set.wrapping_sub(1);
        (slot < MOST_SLOTS).then_some(slot)
    })
}

/// What a word means to a collection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub id: u32,
    pub tells: f32,
    pub row: Option<Row>,
    pub beginning: u32,
    pub most_impact: f32,
}

impl Query {
    pub(super) fn clear(&mut self) {
        self.slots.clear();
        self.ids.clear();
        self.row.clear();
        self.of_text = 0;
    }

    /// The set of the slots of the text.
    pub fn text_slots(&self) -> u64 {
        if self.of_text < MOST_SLOTS { (1 << self.of_text) - 1 } else { u64::MAX }
    }

    /// Gives the heaviest part of a set of slots that stands inside one window of the text.
    pub fn window(&self, set: u64) -> f32 {
        let (mut best, mut before) = (0.0_f32, 0);
        for inside in self.windows.iter().map(|window| window & set) {
            // Often the next window holds the same.
            if inside != before {
                best = best.max(self.scale.weigh(inside));
                before = inside;
            }
        }
        best
    }

    /// Gives what the rarest term of a set tells.
    pub fn rarest(&self, set: u64) -> f32 {
        let [light, middling, heavy] = self.bands;
        let heaviest = [!(light | middling | heavy), heavy, middling, light].into_iter().find(|band| set & band != 0);
        slots_of(set & heaviest.unwrap_or_default()).map(|slot| self.slots[slot].tells).fold(0.0, f32::max)
    }

    /// Whether a term of the text may begin like those of a bucket: most words of claims are told from them at once.
    pub fn may_be_kin(&self, bucket: u16) -> bool {
        self.beginnings_seen[usize::from(bucket) % BUCKETS]
    }

    /// Gives the slots of the text whose terms begin like this; see `rules::index::BulkIndex::beginning`.
    pub fn kin(&self, beginning: u32) -> u64 {
        if beginning == 0 || !self.may_be_kin(bucket(beginning)) {
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

    /// The slot of a term or of a word that no claim holds; eight are compared at once.
    pub(super) fn slot_of(&self, id: u32) -> Option<usize> {
        let mut eights = self.ids.chunks(8);
        let eight = eights.position(|ids| ids.iter().fold(false, |any, own| any | (*own == id)))?;
        self.ids.iter().skip(eight * 8).position(|own| *own == id).map(|slot| eight * 8 + slot)
    }

    pub(super) fn enter(&mut self, known: Known, flags: u8) -> Option<usize> {
        match self.slot_of(known.id) {
            Some(slot) => {
                let joined = self.slots[slot].flags & flags & flag::JOINED;
                self.slots[slot].flags = (self.slots[slot].flags | flags) & !flag::JOINED | joined;
                self.slots[slot].times = self.slots[slot].times.saturating_add(1);
                Some(slot)
            }
            None if self.slots.len() < MOST_SLOTS => {
                let term = (known.id & STRANGER == 0).then_some(known.id);
                let Known { id, tells, row, beginning, most_impact } = known;
                self.ids.push(id);
                self.slots.push(Slot { term, tells, flags, row, beginning, most_impact, times: 1 });
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
        (self.words, self.names, self.bands) = (0, 0, [0; BANDS.len()]);
        self.beginnings_seen.clear();
        self.beginnings_seen.resize(BUCKETS, false);
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
                self.beginnings_seen[usize::from(bucket(slot.beginning))] = true;
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
            let inside = self.row[..=i].iter().rev().take_while(|standing| first.at.saturating_sub(standing.at) < WINDOW);
            let inside = inside.filter(|standing| !standing.joined).fold(0, |set, standing| set | 1 << standing.slot);
            match self.windows.last_mut() {
                Some(before) if *before & !inside == 0 => *before = inside,
                _ => self.windows.push(inside),
            }
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
