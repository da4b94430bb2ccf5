//! What a post and a claim share, measured: the facts that the model weighs.

use super::alike::{Likest, alike};
use super::among::Among;
use super::order::Order;
use super::places::{NONE, Places};
use super::query::{Query, WEIGHT_UNIT};
use crate::rules::index::profile::Totals;
use crate::rules::index::signature::Signature;
use crate::rules::index::{BulkIndex, FIELDS, IMPACT_UNIT, marks};

const CLAIM: usize = 0;
const TITLE: usize = 1;

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

/// Measures one query against many claims.
#[derive(Debug, Default)]
pub struct Measure {
    edition: u64,
    places: Places,
    order: Order,
    /// Terms of a claim that are something to the query, with their marks and places.
    met: Vec<(u32, u16)>,
}

/// Sets of slots found in one claim.
#[derive(Debug, Default, Clone, Copy)]
struct Sets {
    hit: u64,
    names: u64,
    numbers: u64,
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
            *self = Self { edition: index.edition(), places: Places::of(index), ..Self::default() };
        }
        self.places.begin(query, index);
    }

    /// Forgets the query that it was made ready for.
    pub fn end(&mut self, query: &Query, index: &BulkIndex) {
        self.places.end(query, index);
    }

    /// Measures the query, which is complete, against one claim that was found with `sum`.
    pub fn facts(&mut self, query: &Query, index: &BulkIndex, claim: u32, sum: u32) -> Facts {
        let Some(profile) = index.profile(claim) else { return Facts::default() };
        let unit = IMPACT_UNIT * WEIGHT_UNIT;
        let mut facts = Facts {
            sum: sum as f32 / unit,
            own_sum: query.own_sum,
            totals: profile.totals,
            signature: profile.signature,
            length: f32::from(profile.length),
            direction: query.direction.cosine(&profile.direction),
            ..Facts::default()
        };
        let sets = self.sets(query, index, claim, &mut facts);
        weigh(query, &sets, &mut facts);
        facts.window = query.window(sets.hit & query.text_slots());
        for (tokens, slots) in index.fields(claim).into_iter().zip(sets.fields).filter(|(_, slots)| *slots != 0) {
            self.order.measure(tokens, slots, &self.places, query, &mut facts);
        }
        facts
    }

    /// Goes through the terms of a claim: which are the query's, where they stand, which are like its terms.
    fn sets(&mut self, query: &Query, index: &BulkIndex, claim: u32, facts: &mut Facts) -> Sets {
        let mut sets = Sets::default();
        // Where there is no title the claim stands for it.
        let title = 1 << if facts.totals.fields[TITLE] > 0.0 { TITLE } else { CLAIM };
        let Self { places, met, .. } = self;
        for (marked, place) in meet(query, index, claim, places, met) {
            let (term, marks, known) = (marked >> 8, *marked as u8, places.known(*place));
            let (slot, core) = (known.slot, marks & marks::CORE != 0);
            let of_text = usize::from(slot) < query.of_text;
            if of_text {
                let bit_if = |mark: u8| u64::from(marks & mark != 0) << slot;
                sets.hit |= 1 << slot;
                (0..FIELDS).for_each(|field| sets.fields[field] |= bit_if(1 << field));
                sets.lead |= bit_if(marks::LEAD);
                sets.names |= bit_if(marks::NAME);
                sets.numbers |= bit_if(marks::NUMBER);
            } else if slot != NONE {
                sets.hit |= u64::from(marks & marks::FIELDS != 0) << slot;
            } else if core {
                sets.kin |= query.kin(index.beginning(term));
            }
            for (all, fields) in sets.likest.iter_mut().zip([marks::CORE, marks::FIELDS & !marks::CORE]) {
                let stands = if marks & fields != 0 { u64::MAX } else { 0 };
                all.iter_mut().zip(known.likest).for_each(|(all, slots)| *all |= slots & stands);
            }
            if marks & title != 0 {
                facts.title_alike += index.weight(term) * if of_text { 1.0 } else { known.share() };
            }
        }
        sets
    }
}

/// Gives the terms of a claim that are something to the query or may begin like one of its terms, with their marks and places.
fn meet<'m>(query: &Query, index: &BulkIndex, claim: u32, places: &Places, met: &'m mut Vec<(u32, u16)>) -> &'m [(u32, u16)] {
    let all = index.marked(claim);
    if met.len() < all.len() {
        met.resize(all.len(), (0, 0));
    }
    // Every term is written down and those that are nothing are written over: most are, and which cannot be foreseen.
    let mut count = 0;
    for marked in all {
        let (place, bucket) = places.place(marked >> 8);
        met[count] = (*marked, place);
        count += usize::from((place != 0) | (*marked as u8 & marks::CORE != 0) & query.may_be_kin(bucket));
    }
    &met[..count]
}

/// Weighs the sets of slots found in a claim.
fn weigh(query: &Query, sets: &Sets, facts: &mut Facts) {
    let weigh = |set: u64| query.scale.weigh(set);
    let count = |set: u64| set.count_ones() as f32;
    let [claim, title, summary, address] = sets.fields;
    let (core, text) = (claim | title, query.text_slots());
    let hit = sets.hit & text;
    // Bits set in two or more of the four.
    let gist = (claim & title) | (summary & address) | (core & (summary | address));
    (facts.hit, facts.of_text) = (sets.hit, query.of_words);
    facts.author = [weigh(sets.hit & !text), query.of_author];
    facts.kin = weigh(sets.kin & !sets.hit & text);
    facts.names_lacked = weigh(query.names & !sets.hit);
    (facts.shared, facts.count, facts.rarest) = (weigh(hit), count(hit), query.rarest(hit));
    facts.bands = query.bands.map(|band| count(hit & band));
    (facts.names, facts.others) = (weigh(hit & sets.names), weigh(hit & !sets.names));
    (facts.in_fields, facts.count_in_core) = (sets.fields.map(weigh), count(core));
    (facts.lead, facts.numbers) = (weigh(sets.lead), count(sets.numbers));
    (facts.gist, facts.gist_count) = (weigh(gist), count(gist));
    let [in_core, elsewhere] = sets.likest;
    facts.alike_in_core = alike(query, core, &in_core);
    facts.alike = alike(query, sets.hit, &std::array::from_fn(|step| in_core[step] | elsewhere[step]));
}
