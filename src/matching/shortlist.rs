//! Which rules are worth judging: few, and never one too few.

use std::collections::BTreeMap;

use crate::model::post::Post;
use crate::model::sighting::WordingKind;
use crate::rules::compile::vocabulary::TermId;
use crate::rules::compile::watch::Watched;
use crate::rules::compile::{Compiled, GateTerm, Gates, NEAR_MISS, Row, RuleSet, prefix};
use crate::text::address;

use super::reading::{FEWEST_WORDS, Reading};

/// Most addresses of a post that are looked up.
const MOST_ADDRESSES: usize = 256;

/// Longest address that is looked up, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Gives the numbers of all rules that can alert or be a near-miss, in order. The hits of `reading` are in the order of places.
///
/// A rule is left out only when none of the words that it must have is there, or when the words that are there, wherever they
/// stand, cannot reach the strength of a near-miss (that of an alert, where a word that a gate asks for is missing); or, for a phrase,
/// when two of its words never follow each other.
pub fn shortlist(reading: &Reading, rules: &RuleSet, named: &BTreeMap<u32, usize>) -> Vec<u32> {
    let mut found: Vec<u32> = named.keys().copied().collect();
    let mut weigh = |wording| {
        let weighing = rules.watchlist.wording(wording);
        if misses_at_most(reading, weighing.weights, weighing.may_miss) {
            found.push(weighing.rule);
        }
    };
    let is_short = reading.word_count() < FEWEST_WORDS;
    for term in reading.terms() {
        rules.watchlist.variants(
            *term,
            reading.terms(),
            |other| reading.holds(other),
            |watched| {
                if !(is_short && watched.is_variant) && is_enough_there(reading, watched) {
                    weigh(watched.wording);
                }
            },
        );
    }
    let hits = reading.hits();
    for (number, first) in hits.iter().enumerate().filter(|(_, hit)| rules.watchlist.leads(hit.term)) {
        for second in &hits[number + 1..] {
            // With one other word between them at most.
            if second.at > first.next + 1 {
                break;
            }
            if second.at >= first.next {
                rules.watchlist.phrases(first.term, second.term).iter().for_each(|phrase| weigh(*phrase));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|number| {
        let may_be_seen = |compiled: &Compiled| may_pass(reading, &compiled.gates) || may_reach_threshold(reading, compiled);
        named.contains_key(number) || rules.rules().get(*number as usize).is_some_and(may_be_seen)
    });
    found
}

/// Whether the words of all gates that ask for some are there.
fn may_pass(reading: &Reading, gates: &Gates) -> bool {
    let is_there = |term: &GateTerm| match term {
        GateTerm::Row(row) => row.iter().all(|term| reading.holds(*term)),
        GateTerm::Verbatim(_) => true,
    };
    gates.all_of.iter().chain([&gates.any_of]).all(|terms| terms.is_empty() || terms.iter().any(is_there))
}

/// Where a gate is shut a near-miss must be as strong as an alert.
fn may_reach_threshold(reading: &Reading, compiled: &Compiled) -> bool {
    let rows = compiled.rule.wordings.iter().zip(&compiled.wordings);
    rows.into_iter().any(|(wording, row)| may_hold(reading, row, wording.kind, compiled.threshold))
}

/// Whether enough of the words that are asked for first is there.
fn is_enough_there(reading: &Reading, watched: &Watched) -> bool {
    let bits = watched.next.iter().enumerate().fold(0, |bits, (n, term)| bits | u16::from(reading.holds(*term)) << n);
    watched.enough & 1 << bits != 0
}

/// Whether a wording of a rule may be found at all, or at least come near.
pub fn may_come_near(reading: &Reading, row: &Row, kind: WordingKind, threshold: u32) -> bool {
    may_hold(reading, row, kind, threshold.saturating_sub(NEAR_MISS))
}

/// Whether a post may hold `least` thousandths of a wording.
fn may_hold(reading: &Reading, row: &Row, kind: WordingKind, least: u32) -> bool {
    misses_at_most(reading, &row.weights, prefix::may_miss(kind, row, least))
}

/// The heaviest words come first: most wordings are out after two or three.
fn misses_at_most(reading: &Reading, weights: &[(TermId, u32)], most: u64) -> bool {
    let mut missing = 0;
    weights.iter().all(|(term, weight)| {
        missing += u64::from(weight * (100 - reading.percent(*term)));
        missing <= most
    })
}

/// Gives the rules that name an address the post is at, links to or writes out, with the number of the address in the rule.
pub fn named(post: &Post, rules: &RuleSet) -> BTreeMap<u32, usize> {
    let mut found = BTreeMap::new();
    if !rules.names_addresses() {
        return found;
    }
    for canonical in canonical_addresses(post) {
        for rule in rules.rules_naming(&canonical) {
            let urls = rules.rules().get(*rule as usize).map_or(&[][..], |compiled| &compiled.rule.urls);
            let number = urls.iter().position(|url| address::canonical(url).as_deref() == Some(canonical.as_str()));
            found.entry(*rule).or_insert(number.unwrap_or_default());
        }
    }
    found
}

/// The addresses that the post is at, links to or writes out, in canonical form.
pub fn canonical_addresses(post: &Post) -> impl Iterator<Item = String> {
    let written = post.parts.iter().flat_map(|part| address::addresses(&part.text));
    let all = post.url.iter().chain(&post.links).map(String::as_str).chain(written);
    all.take(MOST_ADDRESSES).filter(|text| text.len() <= LONGEST_ADDRESS).filter_map(address::canonical)
}
