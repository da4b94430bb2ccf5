//! Which rules are worth judging: few, and never one too few.

use std::collections::BTreeMap;

use crate::model::post::Post;
use crate::rules::compile::{NEAR_MISS, RuleSet};
use crate::text::address;

use super::reading::Reading;
use super::score;
use crate::model::sighting::WordingKind;

/// Most addresses of a post that are looked up.
const MOST_ADDRESSES: usize = 256;

/// Longest address that is looked up, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Gives the numbers of all rules that can alert or be a near-miss, in order.
///
/// A rule is left out only when none of the words that it must have is there, or when the words that are there, wherever they
/// stand, cannot reach the strength of a near-miss.
pub fn shortlist(reading: &Reading, rules: &RuleSet, named: &BTreeMap<u32, usize>) -> Vec<u32> {
    let mut wordings: Vec<_> = reading.terms.iter().flat_map(|(term, _)| rules.wordings_of(*term)).copied().collect();
    wordings.sort_unstable();
    wordings.dedup();
    let mut found: Vec<u32> = named.keys().copied().collect();
    for (rule, wording) in wordings {
        if found.last() == Some(&rule) {
            continue;
        }
        let Some(compiled) = rules.rules().get(rule as usize) else { continue };
        let (Some(row), Some(written)) = (compiled.wordings.get(wording as usize), compiled.rule.wordings.get(wording as usize))
        else {
            continue;
        };
        let worth_it = match written.kind {
            WordingKind::Variant => score::most_possible(row, reading) + NEAR_MISS >= compiled.threshold,
            _ => row.weights.iter().all(|(term, _)| reading.nearest(*term).is_some()),
        };
        if worth_it {
            found.push(rule);
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Gives the rules that name an address the post is at, links to or writes out, with the number of the address in the rule.
pub fn named(post: &Post, rules: &RuleSet) -> BTreeMap<u32, usize> {
    let mut found = BTreeMap::new();
    if !rules.names_addresses() {
        return found;
    }
    let written = post.parts.iter().flat_map(|part| address::addresses(&part.text));
    let all = post.url.iter().chain(&post.links).map(String::as_str).chain(written);
    for canonical in all.take(MOST_ADDRESSES).filter(|text| text.len() <= LONGEST_ADDRESS).filter_map(address::canonical) {
        for rule in rules.rules_naming(&canonical) {
            let urls = rules.rules().get(*rule as usize).map_or(&[][..], |compiled| &compiled.rule.urls);
            let number = urls.iter().position(|url| address::canonical(url).as_deref() == Some(canonical.as_str()));
            found.entry(*rule).or_insert(number.unwrap_or_default());
        }
    }
    found
}
