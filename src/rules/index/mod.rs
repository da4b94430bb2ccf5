//! Bulk claims made ready to be found: an immutable inverted index with one impact for each term of each claim.
//!
//! Impacts are BM25F (Robertson and Zaragoza 2009, §3.6): the fields of a claim are weighed together before saturation, so a word
//! that stands in claim, title and summary is not counted thrice. They are whole numbers, so sums do not depend on their order.

pub mod addresses;
mod build;
pub mod direction;
pub mod marks;
pub mod postings;
pub mod profile;
pub mod reading;
pub mod related;
pub mod signature;
mod typos;
pub mod vocabulary;

use std::ops::Range;

use super::bulk::BulkClaim;
use postings::Postings;
use profile::Profile;
use vocabulary::{Term, Vocabulary};

/// Terms that tell less than this (in nats) are stop words: neither searched for nor counted as evidence.
pub const LEAST_WEIGHT: f32 = 2.0;

/// Fields of a claim, in this order everywhere.
pub const FIELDS: usize = 4;

/// Impacts are kept in this fraction of a unit.
pub const IMPACT_UNIT: f32 = 256.0;

/// A post's length, in words, for the chance that it holds a word.
const WORDS_OF_A_POST: f64 = 60.0;

/// So many ordinary posts stand beside the claims when it is reckoned how rare a term is: a small collection knows too little of language.
const ORDINARY_POSTS: f64 = 50_000.0;

/// No term tells more than this (in nats): beyond it rarity is a matter of spelling.
const MOST_WEIGHT: f32 = 9.0;

/// All bulk claims of an installation, ready to be compared with posts. Immutable; shared behind an `Arc`; swapped whole.
#[derive(Debug, Default)]
pub struct BulkIndex {
    edition: u64,
    claims: Vec<BulkClaim>,
    vocabulary: Vocabulary,
    /// What each term tells, in nats.
    weights: Vec<f32>,
    /// How each term begins, hashed; 0 for short ones, stop words and numbers.
    beginnings: Vec<u32>,
    postings: Postings,
    /// Where the terms of each claim end in `held`.
    held_to: Vec<u32>,
    /// Term in the upper 24 bits, [`marks`] in the lower 8.
    held: Vec<u32>,
    held_impacts: Vec<u16>,
    /// Tokens that are no stop words, field by field: term in the upper 24 bits, flags in the lower 8.
    tokens: Vec<u32>,
    /// Where each field ends in `tokens`.
    ends: Vec<u32>,
    profiles: Vec<Profile>,
    addresses: addresses::Addresses,
    relations: related::Relations,
}

impl BulkIndex {
    /// Indexes claims. The order in which they come does not matter; ids must differ (see [`super::bulk::Archive`]).
    pub fn build(claims: Vec<BulkClaim>) -> Self {
        build::build(claims)
    }

    /// Tells this index from every other one built by this process.
    pub fn edition(&self) -> u64 {
        self.edition
    }

    /// Number of claims.
    pub fn len(&self) -> usize {
        self.claims.len()
    }

    /// Whether there is no claim.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Gives a claim by its number: numbers follow the order of ids.
    pub fn claim(&self, number: u32) -> Option<&BulkClaim> {
        self.claims.get(number as usize)
    }

    /// Finds a claim by its id.
    pub fn called(&self, id: &str) -> Option<&BulkClaim> {
        self.claims.binary_search_by(|claim| claim.id.as_str().cmp(id)).ok().and_then(|number| self.claims.get(number))
    }

    /// Where claims appeared.
    pub fn addresses(&self) -> &addresses::Addresses {
        &self.addresses
    }

    /// Which of its terms are used alike.
    pub fn relations(&self) -> &related::Relations {
        &self.relations
    }

    /// The words.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Gives what a term tells, in nats: -ln of the chance that an ordinary post, or a claim, holds it.
    pub fn weight(&self, term: Term) -> f32 {
        self.weights.get(term as usize).copied().unwrap_or(0.0)
    }

    /// Gives a number for the first five letters of a term, which kindred words often share; 0 for terms that have none or tell little.
    pub fn beginning(&self, term: Term) -> u32 {
        self.beginnings.get(term as usize).copied().unwrap_or(0)
    }

    /// Gives what a word tells that no claim holds, from its frequency in ordinary language.
    pub fn weight_of_stranger(&self, frequency: f64) -> f32 {
        weight(0.0, self.claims.len() as f64, frequency)
    }

    /// Gives the claims of every term.
    pub fn postings(&self) -> &Postings {
        &self.postings
    }

    /// Gives the terms of a claim that are no stop words, with their impacts.
    pub fn held(&self, number: u32) -> impl Iterator<Item = (Term, u16)> {
        let range = self.range_held(number);
        let impacts = self.held_impacts.get(range.clone()).unwrap_or_default();
        self.held.get(range).unwrap_or_default().iter().map(|held| held >> 8).zip(impacts.iter().copied())
    }

    /// Gives the same terms, in the upper 24 bits, with what is to be known of each in the claim; see [`marks`].
    pub fn marked(&self, number: u32) -> &[u32] {
        self.held.get(self.range_held(number)).unwrap_or_default()
    }

    fn range_held(&self, number: u32) -> Range<usize> {
        let end = |number: usize| self.held_to.get(number).map_or(0, |end| *end as usize);
        (number as usize).checked_sub(1).map_or(0, end)..end(number as usize)
    }

    /// Gives the impact that a term telling so much approaches the oftener a claim repeats it.
    pub fn most_impact(&self, tells: f32) -> f32 {
        build::most_impact(tells)
    }

    /// Gives the tokens of a claim's fields: claim, title, summary, words of the address. See [`reading::flag`].
    pub fn fields(&self, number: u32) -> [&[u32]; FIELDS] {
        let first = number as usize * FIELDS;
        std::array::from_fn(|field| self.tokens.get(self.field(first + field)).unwrap_or_default())
    }

    /// What is known of a claim before any post comes.
    pub fn profile(&self, number: u32) -> Option<&Profile> {
        self.profiles.get(number as usize)
    }

    fn field(&self, row: usize) -> Range<usize> {
        let end = |row: usize| self.ends.get(row).map_or(0, |end| *end as usize);
        (if row == 0 { 0 } else { end(row - 1) })..end(row)
    }
}

/// What a term tells, in nats, that stands in `claims_with` of `claims` claims and has this share of ordinary words.
fn weight(claims_with: f64, claims: f64, frequency: f64) -> f32 {
    let in_a_post = 1.0 - (-WORDS_OF_A_POST * frequency.max(2e-7)).exp();
    let chance = (claims_with + ORDINARY_POSTS * in_a_post) / (claims + ORDINARY_POSTS);
    (-chance.min(1.0).ln() as f32).min(MOST_WEIGHT)
}
