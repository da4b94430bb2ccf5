//! Judgements about rules that need the engine: wordings that cannot pass, rules that fire on each other's tests.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::examine;
use super::judge::{Case, GateKind, Judgement};
use super::reading::Reading;
use super::stance::Addresses;
use crate::model::claim::{ClaimId, Status};
use crate::model::post::Post;
use crate::model::sighting::{Decision, WordingKind};
use crate::rules::compile::{Compiled, RuleSet, compile};
use crate::rules::diagnostic::Diagnostic;
use crate::rules::lint::{brief, warning};
use crate::rules::{Place, Rule, Term, Wording, codes};

/// Judges rules by trying them: each wording as a whole post, each test on all rules.
pub fn lint(rules: &[Rule]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for rule in rules.iter().filter(|rule| rule.claim.status != Status::Retired) {
        let mut awake = rule.clone();
        awake.claim.status = Status::Active;
        // Alone: a strength depends on no other rule, and reading a text for thousands of rules takes thousands of times as long.
        let set = compile(vec![awake]);
        set.rules().iter().for_each(|compiled| wordings(compiled, &set, &mut found));
    }
    let loaded = rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)).cloned();
    overlaps(&compile(loaded.collect()), &mut found);
    found
}

fn post(text: &str) -> Post {
    Post::of_text(text, Timestamp::UNIX_EPOCH)
}

fn tried<'r>(text: &str, compiled: &'r Compiled, set: &'r RuleSet) -> Judgement<'r> {
    let post = post(text);
    let (reading, addresses) = (Reading::of(&post, set), Addresses::of(&post));
    Case { post: &post, reading: &reading, set, compiled, named: None, addresses: &addresses }.judge()
}

/// Tries each wording as if it were a whole post.
fn wordings(compiled: &Compiled, set: &RuleSet, found: &mut Vec<Diagnostic>) {
    let rule = &compiled.rule;
    let judged: Vec<(&Wording, Judgement<'_>)> =
        rule.wordings.iter().map(|wording| (wording, tried(&wording.text, compiled, set))).collect();
    let shown = shown_to_pass(compiled, set, &judged);
    let mut told: BTreeSet<(usize, &str)> = BTreeSet::new();
    for (wording, judgement) in &judged {
        let lang = lang_of(wording);
        for (number, gate) in judgement.gates.iter().enumerate().filter(|(_, gate)| !gate.passed) {
            if gate.kind == GateKind::NoneOf {
                let Some((term, _)) = gate.hit else { continue };
                found.push(warning(
                    codes::SHUT_BY_OWN_WORDS,
                    wording.place.clone(),
                    format!("this wording can never match: it holds \"{}\", which none_of forbids", term.text),
                    "take the word out of none_of (write it longer there), or delete the wording",
                ));
                continue;
            }
            let which = which_gate(judgement, number);
            if wording.kind == WordingKind::Variant {
                found.push(dead(
                    wording,
                    &format!("this variant cannot match by itself: it holds nothing from {which}"),
                    gate.terms,
                ));
            } else if !shown.contains(&(number, lang)) && told.insert((number, lang)) {
                // A phrase may be a part of a sentence whose other part passes the gate; but somewhere that must be seen.
                let message = format!(
                    "nothing written here in \"{lang}\" shows that a post with this phrase can pass {which}: no wording and no must_match test does"
                );
                found.push(dead(wording, &message, gate.terms));
            }
        }
        let own = judgement.evidence.iter().find(|evidence| evidence.wording == wording.text);
        let reached = own.is_some_and(|evidence| evidence.strength >= rule.threshold);
        if !reached && judgement.strength < rule.threshold && !is_tiny(wording) {
            found.push(warning(
                codes::DEAD_WORDING,
                wording.place.clone(),
                format!(
                    "this wording can never match: even a post that says just this reaches {:.2} of {:.2}",
                    judgement.strength.value(),
                    rule.threshold.value()
                ),
                "write it shorter, as people say it",
            ));
        }
    }
}

/// Variants of one or two words are only compared with longer posts: alone they cannot be tried.
fn is_tiny(wording: &Wording) -> bool {
    wording.kind == WordingKind::Variant && crate::text::words::words(&wording.text).plain().count() < 3
}

fn lang_of(wording: &Wording) -> &str {
    wording.lang.as_ref().map_or("en", |lang| lang.0.as_str())
}

/// The gates that some wording or `must_match` test passes, each with the language in which it does.
fn shown_to_pass<'r>(
    compiled: &'r Compiled,
    set: &RuleSet,
    judged: &[(&'r Wording, Judgement<'_>)],
) -> BTreeSet<(usize, &'r str)> {
    let mut shown = BTreeSet::new();
    let mut note = |judgement: &Judgement<'_>, lang: &'r str| {
        shown.extend(judgement.gates.iter().enumerate().filter(|(_, gate)| gate.passed).map(|(number, _)| (number, lang)));
    };
    for (wording, judgement) in judged {
        note(judgement, lang_of(wording));
    }
    for test in compiled.rule.tests.iter().filter(|test| test.matches) {
        note(&tried(&test.text, compiled, set), test.lang.as_ref().map_or("en", |lang| lang.0.as_str()));
    }
    shown
}

fn which_gate(judgement: &Judgement<'_>, number: usize) -> String {
    match judgement.gates.get(number).map(|gate| gate.kind) {
        Some(GateKind::AllOf) => format!("all_of group {}", number + 1),
        _ => "any_of".to_owned(),
    }
}

fn dead(wording: &Wording, message: &str, terms: &[Term]) -> Diagnostic {
    let help =
        format!("add a word to the wording, or to that group a word in \"{}\"; it has {}", lang_of(wording), some_of(terms));
    warning(codes::DEAD_WORDING, wording.place.clone(), message, help)
}

/// "@north-korea, Kim": lists by their names.
fn some_of(terms: &[Term]) -> String {
    let mut names: Vec<String> = Vec::new();
    for term in terms {
        let name = match &term.list {
            Some(list) => format!("@{list}"),
            None => format!("\"{}{}\"", term.text, if term.prefix { "*" } else { "" }),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > 5 {
        let more = names.len() - 4;
        names.truncate(4);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// What one rule does with the tests of another.
#[derive(Default)]
struct Overlap {
    hits: usize,
    first: Option<Place>,
    text: String,
}

/// Rules that alert on half of another's `must_match` tests, or more.
fn overlaps(set: &RuleSet, found: &mut Vec<Diagnostic>) {
    for compiled in set.rules() {
        let rule = &compiled.rule;
        let tests: Vec<_> = rule.tests.iter().filter(|test| test.matches && !test.pending).collect();
        let mut others: BTreeMap<ClaimId, Overlap> = BTreeMap::new();
        for test in &tests {
            for sighting in examine(&post(&test.text), set) {
                if sighting.decision == Decision::Alert && sighting.claim != rule.claim.id {
                    let overlap = others.entry(sighting.claim).or_default();
                    overlap.hits += 1;
                    overlap.first.get_or_insert_with(|| test.place.clone());
                    if overlap.text.is_empty() {
                        overlap.text = brief(&test.text);
                    }
                }
            }
        }
        for (other, overlap) in others.into_iter().filter(|(_, overlap)| overlap.hits * 2 >= tests.len()) {
            let Some(place) = overlap.first else { continue };
            let message = format!(
                "`{other}` fires on {} of the {} must_match tests of `{}` ({} %)",
                overlap.hits,
                tests.len(),
                rule.claim.id,
                overlap.hits * 100 / tests.len()
            );
            let help =
                "a desk would get two letters for one post: merge the two claims, or ask for more in all_of of the wider one"
                    .to_owned();
            let mut one = warning(codes::RULES_OVERLAP, place, message, help);
            one.also = set.get(&other).map(|rule| (rule.upkeep.id_place.clone(), "the rule that fires too".to_owned()));
            found.push(one);
        }
    }
}
