//! One post against one claim: every part of the decision, kept so that it can be shown.

use crate::model::post::Post;
use crate::model::sighting::{Confidence, Cue, Decision, Evidence, Span, Stance, Strength, When, WordingKind};
use crate::rules::compile::{Compiled, GateTerm, NEAR_MISS, RuleSet};
use crate::rules::{Rule, Term};
use crate::text::frequency::Tongue;

use super::reading::{LONGEST_PART_BYTES, Reading};
use super::score::{self, Detail};
use super::shortlist;
use super::stance::{self, Addresses, Matched};

/// What the engine thinks of one post and one claim, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// The strongest wording's strength.
    pub strength: Strength,
    /// How probable it is that this is the right claim.
    pub confidence: Confidence,
    /// Wordings found at least in part, strongest first.
    pub evidence: Vec<Evidence>,
    /// How each of them was found, in the same order.
    pub details: Vec<Detail>,
    /// Each gate of the rule, in the order of the file.
    pub gates: Vec<Gate<'r>>,
    /// How the post stands to the claim; looked at only where the decision is not `Below`.
    pub stance: Stance,
    /// What shows it.
    pub cue: Option<Cue>,
    /// Letter, digest or nothing, by the stance.
    pub when: When,
    /// What is to happen.
    pub decision: Decision,
}

/// A condition beside the wordings.
#[derive(Debug, Clone, PartialEq)]
pub struct Gate<'r> {
    /// Which of the three.
    pub kind: GateKind,
    /// What it asks for.
    pub terms: &'r [Term],
    /// What was found, if anything, and where.
    pub hit: Option<(&'r Term, Span)>,
    /// Whether the post passes.
    pub passed: bool,
}

/// The kinds of gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateKind {
    /// One inner list of `all_of`.
    AllOf,
    /// `any_of`.
    AnyOf,
    /// `none_of`.
    NoneOf,
}

/// How closely a rule is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// Every wording, to explain it.
    All,
    /// Only wordings that may come near: enough to decide and to report.
    Near,
}

/// Judges one post by one rule; `named` is the rule's address that the post is at or links to.
pub fn judge<'r>(
    post: &Post,
    reading: &Reading,
    set: &'r RuleSet,
    compiled: &'r Compiled,
    named: Option<&'r str>,
    care: Care,
    addresses: &Addresses<'_>,
) -> Judgement<'r> {
    let rule = &compiled.rule;
    let mut found: Vec<(Evidence, Detail)> = Vec::new();
    if let Some(address) = named {
        let evidence = Evidence {
            kind: WordingKind::Url,
            wording: address.to_owned(),
            lang: None,
            strength: Strength::new(1.0),
            spans: Vec::new(),
        };
        found.push((evidence, Detail::default()));
    }
    for (wording, row) in rule.wordings.iter().zip(&compiled.wordings) {
        if care == Care::Near && !shortlist::may_come_near(reading, row, wording.kind, compiled.threshold) {
            continue;
        }
        if let Some(hit) = score::find(wording.kind, row, reading, &set.vocabulary) {
            let strength = Strength::new(hit.strength as f32 / 1000.0);
            let evidence = Evidence {
                kind: wording.kind,
                wording: wording.text.clone(),
                lang: wording.lang.clone(),
                strength,
                spans: hit.spans,
            };
            found.push((evidence, hit.detail));
        }
    }
    found.sort_by(|(a, _), (b, _)| b.strength.value().total_cmp(&a.strength.value()));
    let strength = found.first().map_or(Strength::default(), |(evidence, _)| evidence.strength);
    let (evidence, details): (Vec<Evidence>, _) = found.into_iter().unzip();
    let gates = gates(post, reading, compiled);
    let decision = decide(strength, &gates, compiled.threshold, named.is_some());
    let (stance, cue) = match decision {
        Decision::Below => (Stance::Assertion, None),
        Decision::Possible | Decision::Alert => {
            stance::stance(post, reading, &set.cues, addresses, &matched(post, compiled, &evidence))
        }
    };
    let when = rule.when.iter().find(|(of, _)| *of == stance).map_or(When::usual(stance), |(_, when)| *when);
    Judgement {
        rule,
        strength,
        confidence: Confidence::new(strength.value()),
        evidence,
        details,
        decision,
        gates,
        stance,
        cue,
        when,
    }
}

/// How many of the wordings found, strongest first, came near the rule's threshold: the strongest at least.
pub fn near(rule: &Rule, evidence: &[Evidence]) -> usize {
    let least = rule.threshold.value() - NEAR_MISS as f32 / 1000.0;
    evidence.iter().filter(|evidence| evidence.strength.value() >= least).count().max(1)
}

fn matched<'m>(post: &Post, compiled: &'m Compiled, evidence: &'m [Evidence]) -> Matched<'m> {
    let rule = &compiled.rule;
    let strongest = evidence.iter().find(|evidence| !evidence.spans.is_empty());
    // Rule files are in English where they name no language.
    let lang = strongest.and_then(|evidence| evidence.lang.as_ref()).map_or("en", |lang| lang.0.as_str());
    Matched {
        wording: strongest.map_or("", |evidence| evidence.wording.as_str()),
        spans: strongest.map_or(&[], |evidence| evidence.spans.as_slice()),
        own: evidence.iter().take(near(rule, evidence)).flat_map(|evidence| evidence.spans.iter().copied()).collect(),
        claimant: rule.claim.claimant.as_deref(),
        fact_checks: &compiled.fact_checks,
        tongues: [Some(Tongue::of(lang)), post.lang.as_ref().map(|lang| Tongue::of(&lang.0))],
    }
}

fn decide(strength: Strength, gates: &[Gate<'_>], threshold: u32, named: bool) -> Decision {
    // An address is proof by itself: only what the editors never want to see stands against it.
    let passed = gates.iter().all(|gate| gate.passed || named && gate.kind != GateKind::NoneOf);
    let strength = (strength.value() * 1000.0).round() as u32;
    match (strength >= threshold, passed) {
        (true, true) => Decision::Alert,
        (true, false) => Decision::Possible,
        (false, true) if strength > 0 && strength + NEAR_MISS >= threshold => Decision::Possible,
        _ => Decision::Below,
    }
}

fn gates<'r>(post: &Post, reading: &Reading, compiled: &'r Compiled) -> Vec<Gate<'r>> {
    let rule = &compiled.rule;
    let mut gates = Vec::with_capacity(rule.all_of.len() + 2);
    let mut look = |kind, terms: &'r [Term], rows: &[GateTerm]| {
        if terms.is_empty() {
            return;
        }
        let hit = terms.iter().zip(rows).find_map(|(term, row)| look_for(row, post, reading).map(|span| (term, span)));
        gates.push(Gate { kind, terms, passed: hit.is_some() == (kind != GateKind::NoneOf), hit });
    };
    for (terms, rows) in rule.all_of.iter().zip(&compiled.gates.all_of) {
        look(GateKind::AllOf, terms, rows);
    }
    look(GateKind::AnyOf, &rule.any_of, &compiled.gates.any_of);
    look(GateKind::NoneOf, &rule.none_of, &compiled.gates.none_of);
    gates
}

fn look_for(term: &GateTerm, post: &Post, reading: &Reading) -> Option<Span> {
    match term {
        GateTerm::Row(row) => {
            let (first, rest) = row.split_first()?;
            reading.hits_of(*first).iter().find_map(|start| {
                let last = rest.iter().try_fold(start, |before, term| reading.hit_at(*term, before.next))?;
                Some(Span { part: start.span.part, start: start.span.start, end: last.span.end.max(start.span.end) })
            })
        }
        GateTerm::Verbatim(text) => post.parts.iter().enumerate().find_map(|(part, whole)| {
            let head = &whole.text[..whole.text.floor_char_boundary(LONGEST_PART_BYTES)];
            let start = head.find(text.as_str()).filter(|_| !text.is_empty())?;
            Some(Span { part, start, end: start + text.len() })
        }),
    }
}
