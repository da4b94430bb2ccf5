//! What a post and a claim share, measured: the facts that the model weighs.

use super::alike::{Likest, SHARES, alike};
use super::among::Among;
use super::query::{MOST_SLOTS, Query, WEIGHT_UNIT, slots_of};
use crate::rules::index::reading::flag;
use crate::rules::index::signature::Signature;
use crate::rules::index::vocabulary::Term;
use crate::rules::index::{BulkIndex, FIELDS, IMPACT_UNIT, Totals};
use crate::text::related::ALIKE;

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
    /// How it stands among the other claims of the shortlist; see `super::among`.
    pub among: Among,
}

/// Measures one query against many claims. What each term is to the query is looked up in an array over all terms.
#[derive(Debug, Default)]
pub struct Measure {
    edition: u64,
    /// For each term 0 if it is nothing to the query; less than [`FIRST_KNOWN`] if it is used like one word of it (see [`single`]); that
    /// much and its place in `known` if it is in the query or used like several.
    places: Vec<u16>,
    known: Vec<Known>,
    of_text: f32,
    of_author: f32,
    /// The slots of names in the text.
    names: u64,
    /// For each slot the slots already seen right after it in a field, and near after it; all empty between fields.
    pairs_seen: Vec<u64>,
    near_seen: Vec<u64>,
}

/// The first number of what is not just used like one word.
const FIRST_KNOWN: usize = 1 + ALIKE.len() * MOST_SLOTS;

/// Which slot's word a term with this place is used like, as a set, and how much: a step of [`ALIKE`].
fn single(place: u16) -> Option<(usize, u64)> {
    let number = usize::from(place).checked_sub(1).filter(|number| *number < FIRST_KNOWN - 1)?;
    Some((number / MOST_SLOTS, 1 << (number % MOST_SLOTS)))
}

/// What a term is to a query.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Its slot, if it has one.
    slot: u8,
    /// The slots whose words are used like it.
    likest: Likest,
}

impl Known {
    /// How much the word of the query that it is most like is alike.
    fn share(&self) -> f32 {
        self.likest.iter().rposition(|slots| *slots != 0).map_or(0.0, |step| SHARES[step])
    }
}

/// Sets of slots found in one claim.
#[derive(Debug, Default, Clone, Copy)]
struct Sets {
    hit: u64,
    names: u64,
    kin: u64,
    lead: u64,
    fields: [u64; FIELDS],
    /// In claim and title, elsewhere.
    likest: [Likest; 2],
}

impl Measure {
    /// Gets ready for a query; [`Measure::end`] must follow.
    pub fn begin(&mut self, query: &Query, index: &BulkIndex) {
        if self.edition != index.edition() {
            let empty = || vec![0; MOST_SLOTS];
            let places = vec![0; index.vocabulary().len()];
            *self = Self { edition: index.edition(), places, pairs_seen: empty(), near_seen: empty(), ..Self::default() };
        }
        (self.of_text, self.of_author, self.names) = (0.0, 0.0, 0);
        for (number, slot) in query.slots.iter().enumerate() {
            if let Some(term) = slot.term {
                self.know(term, |known| known.slot = number as u8);
            }
            if number >= query.of_text {
                self.of_author += slot.tells;
            } else if slot.flags & flag::JOINED == 0 {
                self.of_text += slot.tells;
                self.names |= u64::from(slot.flags & flag::NAME != 0) << number;
                for relative in slot.row.map(|row| index.relations().to(row)).unwrap_or_default() {
                    match self.places.get_mut(relative.term() as usize) {
                        Some(place @ 0) => *place = (1 + (relative.step() * MOST_SLOTS + number)) as u16,
                        _ => self.know(relative.term(), |known| known.likest[relative.step()] |= 1 << number),
                    }
                }
            }
        }
    }

    /// Forgets the query that it was made ready for.
    pub fn end(&mut self, query: &Query, index: &BulkIndex) {
        for slot in &query.slots {
            let relatives = slot.row.map(|row| index.relations().to(row)).unwrap_or_default();
            for term in slot.term.into_iter().chain(relatives.iter().map(|relative| relative.term())) {
                self.places[term as usize] = 0;
            }
        }
        self.known.clear();
    }

    /// Notes what a term is to the query: in a slot, or used like the word of one.
    fn know(&mut self, term: Term, note: impl FnOnce(&mut Known)) {
        let Some(place) = self.places.get_mut(term as usize) else { return };
        if let Some(known) = usize::from(*place).checked_sub(FIRST_KNOWN).and_then(|place| self.known.get_mut(place)) {
            return note(known);
        }
        let mut known = Known { slot: NONE, likest: Likest::default() };
        if let Some((step, slot)) = single(*place) {
            known.likest[step] |= slot;
        }
        note(&mut known);
        self.known.push(known);
        *place = (FIRST_KNOWN + self.known.len() - 1) as u16;
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
        let mut sets = Sets::default();
        for (field, tokens) in index.fields(claim).into_iter().enumerate() {
            self.field(field, tokens, query, index, &mut sets, &mut facts);
        }
        (facts.of_text, facts.author[1]) = (self.of_text, self.of_author);
        text_side(query, sets, self.names, &mut facts);
        let [core, others] = sets.likest;
        facts.alike_in_core = alike(query, sets.fields[CLAIM] | sets.fields[TITLE], &core);
        facts.alike = alike(query, sets.hit, &std::array::from_fn(|step| core[step] | others[step]));
        facts.direction = index.direction(claim).map_or(0.0, |direction| query.direction.cosine(direction));
        facts.window = query.window(sets.hit & query.text_slots());
        facts.hit = sets.hit;
        facts
    }

    fn field(&mut self, field: usize, tokens: &[u32], query: &Query, index: &BulkIndex, sets: &mut Sets, facts: &mut Facts) {
        let mut seen = 0_u64;
        let mut run = 0.0;
        // The three slots of the text met last, nearest first, and where.
        let mut before = [(NONE, 0); 3];
        let (pairs_seen, near_seen) = (&mut self.pairs_seen, &mut self.near_seen);
        // Tokens so far, from three on, so that nothing is near what stands nowhere.
        let mut at = 3;
        let mut title_alike = 0.0;
        let core = field <= TITLE;
        let mut likest = Likest::default();
        for token in tokens {
            let (term, flags) = (token >> 8, *token as u8);
            let (joined, first) = (flags & flag::JOINED != 0, flags & flag::AGAIN == 0);
            let place = self.places.get(term as usize).copied().unwrap_or_default();
            at += usize::from(!joined);
            let Some(known) = usize::from(place).checked_sub(FIRST_KNOWN).and_then(|place| self.known.get(place)) else {
                if joined || !first {
                    continue;
                }
                if let Some((step, slot)) = single(place) {
                    likest[step] |= slot;
                    title_alike += if core { index.weight(term) * SHARES[step] } else { 0.0 };
                }
                if core {
                    sets.kin |= query.kin(index.beginning(term));
                }
                continue;
            };
            let slot = known.slot;
            let of_text = usize::from(slot) < query.of_text;
            if joined {
                sets.hit |= if of_text { 1 << slot } else { 0 };
                continue;
            }
            if first {
                likest.iter_mut().zip(known.likest).for_each(|(all, slots)| *all |= slots);
                if core {
                    title_alike += index.weight(term) * if of_text { 1.0 } else { known.share() };
                }
            }
            if !of_text {
                if slot != NONE {
                    sets.hit |= 1 << slot;
                } else if core && first {
                    sets.kin |= query.kin(index.beginning(term));
                }
                continue;
            }
            let bit = 1_u64 << slot;
            let tells = query.slots[slot as usize].tells;
            if seen & bit == 0 {
                seen |= bit;
                facts.in_fields[field] += tells;
                if field == CLAIM {
                    facts.numbers += if flags & flag::NUMBER != 0 { 1.0 } else { 0.0 };
                    sets.lead |= if at - 3 <= LEAD { bit } else { 0 };
                }
            }
            if (field == CLAIM || field == SUMMARY) && flags & flag::NAME != 0 {
                sets.names |= bit;
            }
            let last = usize::from(before[0].0);
            if last < MOST_SLOTS && before[0].1 + 1 == at && query.next[last] & bit != 0 {
                if pairs_seen[last] & bit == 0 {
                    pairs_seen[last] |= bit;
                    facts.pairs += tells.min(query.slots[last].tells);
                }
                run += tells;
            } else {
                run = tells;
            }
            facts.run = facts.run.max(run);
            for (earlier, stood) in before {
                let earlier = usize::from(earlier);
                let near = stood + 3 >= at && earlier < MOST_SLOTS && earlier != usize::from(slot);
                if near && query.near[earlier] & bit & !near_seen[earlier] != 0 {
                    near_seen[earlier] |= bit;
                    facts.near_pairs += tells.min(query.slots[earlier].tells);
                }
            }
            before = [(slot, at), before[0], before[1]];
        }
        for slot in slots_of(seen) {
            (pairs_seen[slot], near_seen[slot]) = (0, 0);
        }
        // Where there is no title the claim stands for it.
        if field == CLAIM || field == TITLE && facts.totals.fields[TITLE] > 0.0 {
            facts.title_alike = title_alike;
        }
        sets.likest[usize::from(!core)].iter_mut().zip(likest).for_each(|(all, slots)| *all |= slots);
        sets.fields[field] = seen;
        sets.hit |= seen;
        if field == CLAIM {
            facts.length = (at - 3) as f32;
        }
    }
}

/// Sums up over the slots of the query.
fn text_side(query: &Query, sets: Sets, names: u64, facts: &mut Facts) {
    let [claim, title, summary, address] = sets.fields;
    let core = claim | title;
    // Bits set in two or more of the four.
    let gist = (claim & title) | (summary & address) | (core & (summary | address));
    let one_if = |set: u64, bit: u64| if set & bit != 0 { 1.0 } else { 0.0 };
    let text = query.text_slots();
    let tells = |slot: usize| query.slots[slot].tells;
    facts.author[0] = slots_of(sets.hit & !text).map(tells).fold(0.0, |sum, tells| sum + tells);
    facts.kin = slots_of(sets.kin & !sets.hit & text).map(tells).fold(0.0, |sum, tells| sum + tells);
    facts.names_lacked = slots_of(names & !sets.hit).map(tells).fold(0.0, |sum, tells| sum + tells);
    for slot in slots_of(sets.hit & text) {
        let (bit, tells) = (1_u64 << slot, tells(slot));
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
