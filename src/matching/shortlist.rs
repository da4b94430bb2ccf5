//! Which rules are worth judging: few, and never one too few.

use std::collections::BTreeMap;

use crate::model::post::Post;
use crate::model::sighting::WordingKind;
use crate::rules::compile::vocabulary::RootId;
use crate::rules::compile::watch::{Lists, Phrase, Watchlist, Weighing};
use crate::rules::compile::{Compiled, GateTerm, NEAR_MISS, Row, RuleSet, prefix};
use crate::text::address;

use super::glance::{Glance, Step};
use super::reading::{FEWEST_WORDS, Reading};

/// Most addresses of a post that are looked up.
const MOST_ADDRESSES: usize = 256;

/// Longest address that is looked up, in bytes.
const LONGEST_ADDRESS: usize = 2048;

/// Gives the numbers of all rules that can alert or be a near-miss, in order.
///
/// A rule is left out only when the words that are there, wherever they stand, cannot reach the strength of a near-miss (that of an alert,
/// where a word that a gate asks for is missing); or, for a phrase, when its words do not stand beside each other. Words are told apart by
/// their roots only.
pub fn shortlist(glance: &Glance, rules: &RuleSet, named: &BTreeMap<u32, usize>, lists: &mut Lists) -> Vec<u32> {
    let mut found: Vec<u32> = named.keys().copied().collect();
    if glance.word_count() >= FEWEST_WORDS {
        variants(glance, rules, lists, &mut found);
    }
    phrases(glance, &rules.watchlist, &mut found);
    found.sort_unstable();
    found.dedup();
    found
}

/// Adds the rules of which a variant may be there.
fn variants(glance: &Glance, rules: &RuleSet, lists: &mut Lists, found: &mut Vec<u32>) {
    let watchlist = &rules.watchlist;
    watchlist.look(glance.roots(), |root| glance.holds(root), lists);
    for variant in lists.variants() {
        let Weighing { rule, may_miss, may_miss_of_alert, weights } = watchlist.variant(*variant);
        let missing = missing(weights, |root| 100 - glance.percent(root), may_miss);
        if missing <= may_miss_of_alert || missing <= may_miss && may_pass(glance, rules, rule) {
            found.push(rule);
        }
    }
}

/// Adds the rules of which a phrase may be there.
fn phrases(glance: &Glance, watchlist: &Watchlist, found: &mut Vec<u32>) {
    let steps = glance.steps();
    let mut look = |number: usize, first: RootId, second: RootId| {
        for phrase in watchlist.phrases(first, second) {
            // Once is enough: a post may repeat the words thousands of times.
            if found.last() != Some(&phrase.rule) && may_stand(glance, number, &phrase) {
                found.push(phrase.rule);
            }
        }
    };
    for (number, first) in steps.iter().enumerate() {
        if first.marks.may_lead(first.marks) {
            let roots = glance.roots_of(first).iter().map(|held| held.root);
            roots.filter(|root| watchlist.may_follow(*root, *root)).for_each(|root| look(number, root, root));
        }
        // With one other word between them at most.
        let within_reach = steps[number + 1..].iter().take_while(|second| second.at <= first.next + 1);
        for second in within_reach.filter(|second| first.marks.may_lead(second.marks) && second.at >= first.next) {
            for before in glance.roots_of(first) {
                let roots = glance.roots_of(second).iter().map(|held| held.root);
                roots.filter(|root| watchlist.may_follow(before.root, *root)).for_each(|root| look(number, before.root, root));
            }
        }
    }
}

/// More places than this are not looked through for a word.
const MOST_SPANNED: u32 = 8;

/// Whether the words of a phrase may stand around the one it is watched by, which is step `number`: each where it must be, or one place
/// further where the gap came before; where other readings span several places, so much further.
fn may_stand(glance: &Glance, number: usize, phrase: &Phrase<'_>) -> bool {
    let (steps, slack) = (glance.steps(), glance.spanned() + 1);
    if slack > MOST_SPANNED {
        return true;
    }
    let at = steps[number].at;
    let holds = |step: &Step, root: RootId| glance.roots_of(step).iter().any(|held| held.root == root);
    let mut after = &steps[number..];
    let stands_after = (1..).zip(&phrase.roots[phrase.first + 1..]).all(|(words, root)| {
        after = &after[after.iter().take_while(|step| step.at < at + words).count()..];
        after.iter().take_while(|step| step.at <= at + words + slack).any(|step| holds(step, *root))
    });
    let mut before = &steps[..=number];
    stands_after
        && (1..).zip(phrase.roots[..phrase.first].iter().rev()).all(|(words, root)| {
            before = &before[..before.len() - before.iter().rev().take_while(|step| step.at + words > at).count()];
            before.iter().rev().take_while(|step| step.at + words + slack >= at).any(|step| holds(step, *root))
        })
}

/// Whether the words of all gates that ask for some are there.
fn may_pass(glance: &Glance, rules: &RuleSet, rule: u32) -> bool {
    let Some(Compiled { gates, .. }) = rules.rules().get(rule as usize) else { return false };
    let is_there = |term: &GateTerm| match term {
        GateTerm::Row(row) => row.iter().all(|term| glance.holds(rules.vocabulary.root(*term))),
        GateTerm::Verbatim(_) => true,
    };
    gates.all_of.iter().chain([&gates.any_of]).all(|terms| terms.is_empty() || terms.iter().any(is_there))
}

/// Whether a wording of a rule may be found at all, or at least come near.
pub fn may_come_near(reading: &Reading, row: &Row, kind: WordingKind, threshold: u32) -> bool {
    let may_miss = prefix::may_miss(kind, row.total, threshold.saturating_sub(NEAR_MISS));
    missing(&row.weights, |term| 100 - reading.percent(term), may_miss) <= may_miss
}

/// How much of a wording's weight, times a hundred, is missing; stops when it is more than `most`. The heaviest words come first: most
/// wordings are out after two or three.
fn missing(weights: &[(u32, u32)], percent_missing: impl Fn(u32) -> u32, most: u64) -> u64 {
    let mut sum = 0;
    for (word, weight) in weights {
        sum += u64::from(weight * percent_missing(*word));
        if sum > most {
            break;
        }
    }
    sum
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
