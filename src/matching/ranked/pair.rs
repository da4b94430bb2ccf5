//! What a post and a claim share, measured: the facts that the model weighs.

use super::alike::{Alike, Likest, SAME, join};
use super::among::Among;
use super::query::{MOST_SLOTS, Query, Standing, WEIGHT_UNIT};
use crate::rules::index::reading::flag;
use crate::rules::index::signature::Signature;
use crate::rules::index::vocabulary::Term;
use crate::rules::index::{BulkIndex, FIELDS, IMPACT_UNIT, Totals};

/// Words inside this many places stand close together.
const WINDOW: u32 = 16;

/// The first terms of a claim; where the field holds a whole article, they say what it is about.
const LEAD: usize = 18;

/// Terms are counted by weight: up to the first bound, up to the second, up to the third.
const BANDS: [f32; 3] = [4.0, 5.5, 7.0];

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
    /// What is known of the claim beforehand.
    pub totals: Totals,
    /// Slots of the query that the claim has.
    pub hit: u64,
    /// Weight of the text's terms, and of those shared.
    pub of_text: f32,
    /// Weight of the terms shared.
    pub shared: f32,
    /// Number of terms shared.
    pub count: f32,
    /// Of those, in claim or title.
    pub count_in_core: f32,
    /// Number of shared terms in each band of weight.
    pub bands: [f32; 3],
    /// The rarest term shared.
    pub rarest: f32,
    /// Weight shared with each field.
    pub in_fields: [f32; FIELDS],
    /// Terms that follow each other in both.
    pub pairs: f32,
    /// Terms at most three apart in both.
    pub near_pairs: f32,
    /// Heaviest run of terms in the same order.
    pub run: f32,
    /// Heaviest set of shared terms inside one window of the text.
    pub window: f32,
    /// Weight of the terms of the text, each as far as the claim has it or a word used like it.
    pub alike: f32,
    /// The same of claim and title alone.
    pub alike_in_core: f32,
    /// Weight of the terms of the title (of the claim where it has none), each as far as the text has it or a word used like it.
    pub title_alike: f32,
    /// How much text and claim are about the same: the cosine of their directions.
    pub direction: f32,
    /// Names of the text that the claim lacks.
    pub names_lacked: f32,
    /// Terms of the text that the claim lacks though it has one that begins alike.
    pub kin: f32,
    /// Numbers shared.
    pub numbers: f32,
    /// Shared terms that are names in the claim.
    pub names: f32,
    /// Other terms shared.
    pub others: f32,
    /// Author's words shared, and all of them.
    pub author: [f32; 2],
    /// Terms of the claim.
    pub length: f32,
    /// Shared terms that stand at the beginning of the claim.
    pub lead: f32,
    /// Shared terms that stand in two or more fields of the claim.
    pub gist: f32,
    /// How many.
    pub gist_count: f32,
    /// The claim's terms.
    pub signature: Signature,
    /// How it stands among the other claims of the shortlist; see [`super::among`].
    pub among: Among,
}

/// Measures one query against many claims. Where each term of the query has its slot is looked up in an array over all terms.
#[derive(Debug, Default)]
pub struct Measure {
    edition: u64,
    slots: Vec<u8>,
    /// For each slot the slots already seen right after it in a field, and near after it; all empty between fields.
    pairs_seen: Vec<u64>,
    near_seen: Vec<u64>,
    alike: Alike,
}

/// Sets of slots found in one claim.
#[derive(Debug, Default, Clone, Copy)]
struct Sets {
    hit: u64,
    names: u64,
    kin: u64,
    lead: u64,
    fields: [u64; FIELDS],
}

impl Measure {
    /// Gets ready for a query; [`Measure::end`] must follow.
    pub fn begin(&mut self, query: &Query, index: &BulkIndex) {
        if self.edition != index.edition() {
            let empty = || vec![0; MOST_SLOTS];
            let slots = vec![NONE; index.vocabulary().len()];
            *self = Self { edition: index.edition(), slots, pairs_seen: empty(), near_seen: empty(), alike: Alike::default() };
        }
        self.put(query, |slot| slot);
        self.alike.begin(query, index);
    }

    /// Forgets the query.
    pub fn end(&mut self, query: &Query) {
        self.put(query, |_| NONE);
        self.alike.end();
    }

    fn put(&mut self, query: &Query, value: impl Fn(u8) -> u8) {
        for (number, slot) in (0..).zip(&query.slots) {
            if let Some(place) = slot.term.and_then(|term| self.slots.get_mut(term as usize)) {
                *place = value(number);
            }
        }
    }

    /// Measures the query against one claim that was found with `sum`.
    pub fn facts(&mut self, query: &Query, index: &BulkIndex, claim: u32, sum: u32) -> Facts {
        let unit = IMPACT_UNIT * WEIGHT_UNIT;
        let totals = index.totals(claim);
        let mut facts = Facts {
            sum: sum as f32 / unit,
            own_sum: query.own_sum,
            totals,
            signature: index.signature(claim),
            ..Facts::default()
        };
        // Where there is no title the claim stands for it.
        let title = if totals.fields[TITLE] > 0.0 { TITLE } else { CLAIM };
        let (mut sets, mut likest, mut in_core) = (Sets::default(), [0; MOST_SLOTS], [0; MOST_SLOTS]);
        for (field, tokens) in index.fields(claim).into_iter().enumerate() {
            let likest = if field <= TITLE { &mut in_core } else { &mut likest };
            if field == title {
                facts.title_alike = self.weigh_alike(tokens, query, index, likest);
            } else {
                first(tokens).for_each(|term| _ = self.alike.note(term, likest));
            }
            self.field(field, tokens, query, index, &mut sets, &mut facts);
        }
        text_side(query, sets, &mut facts);
        facts.alike_in_core = alike(query, sets.fields[CLAIM] | sets.fields[TITLE], &in_core);
        join(&mut likest, &in_core);
        facts.alike = alike(query, sets.hit, &likest);
        facts.direction = index.direction(claim).map_or(0.0, |direction| query.direction.cosine(direction));
        facts.window = window(query, sets.hit);
        facts.hit = sets.hit;
        facts
    }

    /// Notes the terms of a field; gives their weight, each as far as the text has it or a word used like it.
    fn weigh_alike(&self, tokens: &[u32], query: &Query, index: &BulkIndex, likest: &mut Likest) -> f32 {
        let weights = first(tokens).map(|term| {
            let alike = self.alike.note(term, likest);
            let is_shared = self.slots.get(term as usize).is_some_and(|slot| usize::from(*slot) < query.of_text);
            index.weight(term) * if is_shared { 1.0 } else { f32::from(alike) / SAME }
        });
        weights.sum()
    }

    fn field(&mut self, field: usize, tokens: &[u32], query: &Query, index: &BulkIndex, sets: &mut Sets, facts: &mut Facts) {
        let mut seen = 0_u64;
        let mut run = 0.0;
        // The three tokens before, nearest first.
        let mut before = [NONE; 3];
        let (pairs_seen, near_seen) = (&mut self.pairs_seen, &mut self.near_seen);
        let mut length = 0;
        for token in tokens {
            let (term, flags) = (token >> 8, *token as u8);
            let slot = self.slots.get(term as usize).copied().unwrap_or(NONE);
            let of_text = (slot as usize) < query.of_text;
            if flags & flag::JOINED != 0 {
                sets.hit |= if of_text { 1 << slot } else { 0 };
                continue;
            }
            length += 1;
            if !of_text {
                if slot != NONE {
                    sets.hit |= 1 << slot;
                } else if field <= TITLE && flags & flag::AGAIN == 0 {
                    sets.kin |= query.kin(index.beginning(term));
                }
                run = 0.0;
                before = [NONE, before[0], before[1]];
                continue;
            }
            let bit = 1_u64 << slot;
            let tells = query.slots[slot as usize].tells;
            if seen & bit == 0 {
                seen |= bit;
                facts.in_fields[field] += tells;
                if field == CLAIM {
                    facts.numbers += if flags & flag::NUMBER != 0 { 1.0 } else { 0.0 };
                    sets.lead |= if length <= LEAD { bit } else { 0 };
                }
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
                run += tells;
            } else {
                run = tells;
            }
            facts.run = facts.run.max(run);
            for earlier in before.map(usize::from) {
                if earlier < MOST_SLOTS && earlier != slot as usize && query.near[earlier] & bit & !near_seen[earlier] != 0 {
                    near_seen[earlier] |= bit;
                    facts.near_pairs += tells.min(query.slots[earlier].tells);
                }
            }
            before = [slot, before[0], before[1]];
        }
        let mut left = seen;
        while left != 0 {
            let slot = left.trailing_zeros() as usize;
            (pairs_seen[slot], near_seen[slot]) = (0, 0);
            left &= left - 1;
        }
        sets.fields[field] = seen;
        sets.hit |= seen;
        if field == CLAIM {
            facts.length = length as f32;
        }
    }
}

/// The different terms of a field.
fn first(tokens: &[u32]) -> impl Iterator<Item = Term> {
    tokens.iter().filter(|token| **token & u32::from(flag::JOINED | flag::AGAIN) == 0).map(|token| token >> 8)
}

/// Sums up over the slots of the query.
fn text_side(query: &Query, sets: Sets, facts: &mut Facts) {
    let [claim, title, summary, address] = sets.fields;
    let core = claim | title;
    // Bits set in two or more of the four.
    let gist = (claim & title) | (summary & address) | (core & (summary | address));
    let one_if = |set: u64, bit: u64| if set & bit != 0 { 1.0 } else { 0.0 };
    for (number, slot) in query.slots.iter().enumerate() {
        let bit = 1_u64 << number;
        let hit = sets.hit & bit != 0;
        let tells = slot.tells;
        if number >= query.of_text {
            facts.author[0] += if hit { tells } else { 0.0 };
            facts.author[1] += tells;
            continue;
        }
        facts.of_text += if slot.flags & flag::JOINED != 0 { 0.0 } else { tells };
        if !hit {
            facts.kin += tells * one_if(sets.kin, bit);
            let is_name = slot.flags & (flag::NAME | flag::JOINED) == flag::NAME;
            facts.names_lacked += if is_name { tells } else { 0.0 };
            continue;
        }
        facts.shared += tells;
        facts.count += 1.0;
        facts.rarest = facts.rarest.max(tells);
        if let Some(band) = BANDS.iter().position(|bound| tells < *bound) {
            facts.bands[band] += 1.0;
        }
        *(if sets.names & bit != 0 { &mut facts.names } else { &mut facts.others }) += tells;
        facts.count_in_core += one_if(core, bit);
        facts.lead += tells * one_if(sets.lead, bit);
        facts.gist += tells * one_if(gist, bit);
        facts.gist_count += one_if(gist, bit);
    }
}

/// Weight of the text's terms, each as far as the claim has it or a word used like it.
fn alike(query: &Query, hit: u64, likest: &Likest) -> f32 {
    let slots =
        query.slots.iter().take(query.of_text).zip(likest).enumerate().filter(|(_, (slot, _))| slot.flags & flag::JOINED == 0);
    let weights = slots.map(|(number, (slot, alike))| {
        let share = if hit & 1 << number != 0 { 1.0 } else { f32::from(*alike) / SAME };
        slot.tells * share
    });
    weights.sum()
}

/// The heaviest set of shared terms that stand inside one window of the text.
fn window(query: &Query, hit: u64) -> f32 {
    let mut best = 0.0_f32;
    let shared = |standing: &&Standing| !standing.joined && hit & 1 << standing.slot != 0;
    for (last, end) in query.row.iter().enumerate().filter(|(_, standing)| shared(standing)) {
        let mut seen = 0_u64;
        let mut weight = 0.0;
        let inside = query.row[..=last].iter().rev().take_while(|standing| end.at.saturating_sub(standing.at) < WINDOW);
        for standing in inside.filter(shared) {
            let bit = 1 << standing.slot;
            if seen & bit == 0 {
                seen |= bit;
                weight += query.slots[standing.slot as usize].tells;
            }
        }
        best = best.max(weight);
    }
    best
}
