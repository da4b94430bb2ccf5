//! Which rules are worth judging: few, and never one too few.

use std::collections::BTreeMap;

use crate::model::post::Post;
use crate::model::sighting::WordingKind;
use crate::rules::compile::vocabulary::Vocabulary;
use crate::rules::compile::watch::Watched;
use crate::rules::compile::{GateTerm, Gates, NEAR_MISS, Row, RuleSet, prefix};
use crate::text::address;

use super::glance::Glance;
use super::reading::{FEWEST_WORDS, Reading};

/// Most addresses of a post that are looked up.
const MOST_ADDRESSES: usize = 256;

/// Longest address that is looked up, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Gives the numbers of all rules that can alert or be a near-miss, in order.
///
/// A rule is left out only when none of the words that it must have is there, or when the words that are there, wherever they
/// stand, cannot reach the strength of a near-miss (that of an alert, where a word that a gate asks for is missing); or, for a phrase,
/// when two of its words never follow each other. Words are told apart by their roots only.
pub fn shortlist(glance: &Glance, rules: &RuleSet, named: &BTreeMap<u32, usize>) -> Vec<u32> {
    let watchlist = &rules.watchlist;
    let mut found: Vec<u32> = named.keys().copied().collect();
    let mut weigh = |wording| {
        let weighing = watchlist.wording(wording);
        let missing = |root| 100 - glance.percent(root);
        if misses_at_most(weighing.weights, missing, weighing.may_miss) {
            found.push(weighing.rule);
        }
    };
    let is_short = glance.word_count() < FEWEST_WORDS;
    let roots = glance.roots();
    let roots = &roots[..roots.partition_point(|root| (*root as usize) < rules.vocabulary.wording_roots())];
    for from in 0..roots.len() {
        let each = |watched: &Watched| {
            if !(is_short && watched.is_variant) && is_enough_there(glance, watched) {
                weigh(watched.wording);
            }
        };
        watchlist.variants(&roots[from..], |root| glance.holds(root), each);
    }
    let steps = glance.steps();
    for (number, first) in steps.iter().enumerate() {
        for leading in glance.roots_of(first).filter(|root| watchlist.leads(*root)) {
            // With one other word between them at most.
            let near = steps[number + 1..].iter().take_while(|step| step.at <= first.next + 1);
            for second in near.filter(|step| step.at >= first.next) {
                let phrases = glance.roots_of(second).flat_map(|root| watchlist.phrases(leading, root));
                phrases.for_each(|phrase| weigh(*phrase));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|number| named.contains_key(number) || may_be_seen(glance, rules, *number));
    found
}

/// Whether the gates of a rule that came near may pass, or else a wording be as strong as an alert: where a gate is shut a near-miss must be.
fn may_be_seen(glance: &Glance, rules: &RuleSet, number: u32) -> bool {
    let may_pass = rules.rules().get(number as usize).is_some_and(|rule| may_pass(glance, &rule.gates, &rules.vocabulary));
    let missing = |root| 100 - glance.percent(root);
    may_pass || rules.watchlist.wordings_of(number).any(|it| misses_at_most(it.weights, missing, it.may_miss_of_alert))
}

/// Whether the words of all gates that ask for some are there.
fn may_pass(glance: &Glance, gates: &Gates, vocabulary: &Vocabulary) -> bool {
    let is_there = |term: &GateTerm| match term {
        GateTerm::Row(row) => row.iter().all(|term| glance.holds(vocabulary.root(*term))),
        GateTerm::Verbatim(_) => true,
    };
    gates.all_of.iter().chain([&gates.any_of]).all(|terms| terms.is_empty() || terms.iter().any(is_there))
}

/// Whether enough of the words that are asked for first is there.
fn is_enough_there(glance: &Glance, watched: &Watched) -> bool {
    let bits = watched.next.iter().enumerate().fold(0, |bits, (n, root)| bits | u16::from(glance.holds(*root)) << n);
    watched.enough & 1 << bits != 0
}

/// Whether a wording of a rule may be found at all, or at least come near.
pub fn may_come_near(reading: &Reading, row: &Row, kind: WordingKind, threshold: u32) -> bool {
    let may_miss = prefix::may_miss(kind, row.total, threshold.saturating_sub(NEAR_MISS));
    misses_at_most(&row.weights, |term| 100 - reading.percent(term), may_miss)
}

/// The heaviest words come first: most wordings are out after two or three.
fn misses_at_most(weights: &[(u32, u32)], missing: impl Fn(u32) -> u32, most: u64) -> bool {
    let mut sum = 0;
    weights.iter().all(|(word, weight)| {
        sum += u64::from(weight * missing(*word));
        sum <= most
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
