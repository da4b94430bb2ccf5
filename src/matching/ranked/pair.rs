//! What a post and a claim share, measured: the facts that the model weighs.

use super::query::{MOST_SLOTS, Query, WEIGHT_UNIT};
use crate::rules::index::reading::flag;
use crate::rules::index::{BulkIndex, FIELDS, IMPACT_UNIT, Totals};

/// Words inside this many places stand close together.
const WINDOW: u32 = 16;

const CLAIM: usize = 0;
const TITLE: usize = 1;
const SUMMARY: usize = 2;

/// No slot.
const NONE: u8 = u8::MAX;

/// The measures of one post and one claim; weights are in nats.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts {
    /// Sum of weighed impacts.
    pub sum: f32,
    /// What a claim of just the query's words would reach, about.
    pub own_sum: f32,
    /// What the claim is known of beforehand.
    pub totals: Totals,
    /// Weight of the terms shared.
    pub shared: f32,
    /// Number of terms shared, and of those in claim or title.
    pub count: f32,
    /// Of those, in claim or title.
    pub count_in_core: f32,
    /// The three rarest terms shared.
    pub rarest: [f32; 3],
    /// Shared in each field.
    pub in_fields: [f32; FIELDS],
    /// Weight of all terms of the text.
    pub of_text: f32,
    /// Terms that follow each other in both.
    pub pairs: f32,
    /// Terms at most three apart in both.
    pub near_pairs: f32,
    /// Longest run of terms in the same order.
    pub run: f32,
    /// The heaviest such run.
    pub run_weight: f32,
    /// Heaviest set of shared terms inside one window of the text.
    pub window: f32,
    /// Numbers shared, of the claim only, of the text only.
    pub numbers: [f32; 3],
    /// Names shared, and names of the claim that the text lacks.
    pub names: [f32; 2],
    /// Other words shared, and others of the claim that the text lacks.
    pub others: [f32; 2],
    /// Names of the text that the claim has, and has not.
    pub text_names: [f32; 2],
    /// Author's words shared, and all of them.
    pub author: [f32; 2],
    /// Rarest term lacking: of the claim in the text, of the title in the text, of the text in the claim.
    pub rarest_missing: [f32; 3],
    /// Terms of text, claim and title.
    pub lengths: [f32; 3],
    /// Shared terms that stand in hashtags or handles.
    pub tags: f32,
    /// Shared terms that stand in two or more fields of the claim, and how many.
    pub gist: f32,
    /// How many.
    pub gist_count: f32,
    /// Slots of the query that the claim has.
    pub hit: u64,
}

/// Measures one query against many claims. Where each term of the query has its slot is looked up in an array over all terms.
#[derive(Debug, Default)]
pub struct Measure {
    edition: u64,
    slots: Vec<u8>,
}

/// Sets of slots found in one claim.
#[derive(Debug, Default, Clone, Copy)]
struct Sets {
    hit: u64,
    names: u64,
    fields: [u64; FIELDS],
}

impl Measure {
    /// Gets ready for a query; [`Measure::end`] must follow.
    pub fn begin(&mut self, query: &Query, index: &BulkIndex) {
        if self.edition != index.edition() {
            *self = Self { edition: index.edition(), slots: vec![NONE; index.vocabulary().len()] };
        }
        self.put(query, |slot| slot);
    }

    /// Forgets the query.
    pub fn end(&mut self, query: &Query) {
        self.put(query, |_| NONE);
    }

    fn put(&mut self, query: &Query, value: impl Fn(u8) -> u8) {
        for (number, slot) in (0..).zip(&query.slots) {
            if let Some(place) = slot.term.and_then(|term| self.slots.get_mut(term as usize)) {
                *place = value(number);
            }
        }
    }

    /// Measures the query against one claim that was found with `sum`.
    pub fn facts(&self, query: &Query, index: &BulkIndex, claim: u32, sum: u32) -> Facts {
        let unit = IMPACT_UNIT * WEIGHT_UNIT;
        let mut facts = Facts { sum: sum as f32 / unit, totals: index.totals(claim), ..Facts::default() };
        let mut sets = Sets::default();
        for (field, tokens) in index.fields(claim).into_iter().enumerate() {
            self.field(field, tokens, query, index, &mut sets, &mut facts);
        }
        text_side(query, sets, &mut facts);
        facts.own_sum = query.own_sum;
        facts.hit = sets.hit;
        facts.window = window(query, sets.hit);
        facts
    }

    fn field(&self, field: usize, tokens: &[u32], query: &Query, index: &BulkIndex, sets: &mut Sets, facts: &mut Facts) {
        let mut seen = 0_u64;
        let (mut run, mut run_weight) = (0.0, 0.0);
        let mut before = [NONE; 3];
        let (mut pairs_seen, mut near_seen) = ([0_u64; MOST_SLOTS], [0_u64; MOST_SLOTS]);
        let mut length = 0.0;
        for token in tokens {
            let (term, flags) = (token >> 8, *token as u8);
            let slot = self.slots.get(term as usize).copied().unwrap_or(NONE);
            let of_text = (slot as usize) < query.of_text;
            if flags & flag::JOINED != 0 {
                sets.hit |= if of_text { 1 << slot } else { 0 };
                continue;
            }
            length += 1.0;
            if !of_text {
                if slot != NONE {
                    sets.hit |= 1 << slot;
                } else if flags & flag::AGAIN == 0 && field <= TITLE {
                    missing(field, index.weight(term), flags, facts);
                }
                (run, run_weight) = (0.0, 0.0);
                before = [NONE, before[0], before[1]];
                continue;
            }
            let bit = 1_u64 << slot;
            let tells = query.slots[slot as usize].tells;
            if seen & bit == 0 {
                seen |= bit;
                facts.in_fields[field] += tells;
                facts.numbers[0] += if field == CLAIM && flags & flag::NUMBER != 0 { 1.0 } else { 0.0 };
            }
            if (field == CLAIM || field == SUMMARY) && flags & flag::NAME != 0 {
                sets.names |= bit;
            }
            let last = before[0] as usize;
            if last < MOST_SLOTS && query.next[last] & bit != 0 {
                if pairs_seen[last] & bit == 0 {
                    pairs_seen[last] |= bit;
                    facts.pairs += tells.min(query.slots[last].tells);
                }
                run += 1.0;
                run_weight += tells;
            } else {
                (run, run_weight) = (1.0, tells);
            }
            facts.run = facts.run.max(run);
            facts.run_weight = facts.run_weight.max(run_weight);
            for earlier in before.map(usize::from) {
                if earlier < MOST_SLOTS && query.near[earlier] & bit != 0 && near_seen[earlier] & bit == 0 {
                    near_seen[earlier] |= bit;
                    facts.near_pairs += tells.min(query.slots[earlier].tells);
                }
            }
            before = [slot, before[0], before[1]];
        }
        sets.fields[field] = seen;
        sets.hit |= seen;
        if field <= TITLE {
            facts.lengths[1 + field] = length;
        }
    }
}

/// Notes a term of claim or title that the post lacks.
fn missing(field: usize, tells: f32, flags: u8, facts: &mut Facts) {
    facts.rarest_missing[field] = facts.rarest_missing[field].max(tells);
    if field == CLAIM {
        facts.numbers[1] += if flags & flag::NUMBER != 0 { 1.0 } else { 0.0 };
        let kind = if flags & flag::NAME != 0 { &mut facts.names } else { &mut facts.others };
        kind[1] += tells;
    }
}

/// Sums up over the slots of the query.
fn text_side(query: &Query, sets: Sets, facts: &mut Facts) {
    let [claim, title, summary, address] = sets.fields;
    let core = claim | title;
    // Bits set in two or more of the four.
    let gist = (claim & title) | (summary & address) | ((claim | title) & (summary | address));
    for (number, slot) in query.slots.iter().enumerate() {
        let bit = 1_u64 << number;
        let hit = sets.hit & bit != 0;
        let tells = slot.tells;
        if number >= query.of_text {
            facts.author[0] += if hit { tells } else { 0.0 };
            facts.author[1] += tells;
            continue;
        }
        let joined = slot.flags & flag::JOINED != 0;
        facts.of_text += if joined { 0.0 } else { tells };
        let name = slot.flags & flag::NAME != 0;
        if !hit {
            if !joined {
                facts.rarest_missing[2] = facts.rarest_missing[2].max(tells);
                facts.text_names[1] += if name { tells } else { 0.0 };
                facts.numbers[2] += if slot.flags & flag::NUMBER != 0 { 1.0 } else { 0.0 };
            }
            continue;
        }
        facts.shared += tells;
        facts.count += 1.0;
        facts.count_in_core += if core & bit != 0 { 1.0 } else { 0.0 };
        let [first, second, third] = facts.rarest;
        facts.rarest = match tells {
            t if t > first => [t, first, second],
            t if t > second => [first, t, second],
            t => [first, second, third.max(t)],
        };
        let kind = if sets.names & bit != 0 { &mut facts.names } else { &mut facts.others };
        kind[0] += tells;
        facts.tags += if slot.flags & flag::TAG != 0 { tells } else { 0.0 };
        facts.text_names[0] += if name { tells } else { 0.0 };
        if gist & bit != 0 {
            facts.gist += tells;
            facts.gist_count += 1.0;
        }
    }
    facts.lengths[0] = query.row.iter().filter(|standing| !standing.joined).count() as f32;
}

/// The heaviest set of shared terms that stand inside one window of the text.
fn window(query: &Query, hit: u64) -> f32 {
    let mut best = 0.0_f32;
    let mut first = 0;
    for last in 0..query.row.len() {
        let end = query.row[last];
        while end.at.saturating_sub(query.row[first].at) >= WINDOW {
            first += 1;
        }
        if hit & 1 << end.slot == 0 {
            continue;
        }
        let mut seen = 0_u64;
        let mut weight = 0.0;
        for standing in query.row[first..=last].iter().filter(|standing| !standing.joined) {
            let bit = 1 << standing.slot;
            if hit & bit != 0 && seen & bit == 0 {
                seen |= bit;
                weight += query.slots[standing.slot as usize].tells;
            }
        }
        best = best.max(weight);
    }
    best
}
