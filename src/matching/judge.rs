//! One post against one claim: every part of the decision, kept so that it can be shown.

use crate::model::post::Post;
use crate::model::sighting::{Confidence, Cue, Decision, Evidence, Span, Stance, Strength, When, WordingKind};
use crate::rules::compile::{Compiled, GateTerm, NEAR_MISS, Row, RuleSet};
use crate::rules::{Rule, Term};
use crate::text::frequency::Tongue;

use super::glance::LONGEST_PART_BYTES;
use super::reading::Reading;
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

/// What a post and a rule are seen with.
#[derive(Clone, Copy)]
pub struct Case<'c, 'r> {
    /// The post.
    pub post: &'c Post,
    /// The same, read.
    pub reading: &'c Reading,
    /// All rules.
    pub set: &'r RuleSet,
    /// The rule.
    pub compiled: &'r Compiled,
    /// The rule's address that the post is at or links to.
    pub named: Option<&'r str>,
    /// The post's addresses.
    pub addresses: &'c Addresses<'c>,
}

/// A wording found, and how.
type Sighted = (Evidence, Detail);

impl<'r> Case<'_, 'r> {
    /// Judges one post by one rule.
    pub fn judge(&self) -> Judgement<'r> {
        self.judge_by(self.wordings(|_, _| true))
    }

    /// Judges one post by one rule by the wordings that may come near; nothing where none does, for its decision could only be `Below`.
    pub fn judge_near(&self) -> Option<Judgement<'r>> {
        let threshold = self.compiled.threshold;
        let found = self.wordings(|row, kind| shortlist::may_come_near(self.reading, row, kind, threshold));
        let strength = found.first().map_or(0, |(evidence, _)| thousandths(evidence.strength));
        (strength + NEAR_MISS >= threshold).then(|| self.judge_by(found))
    }

    /// The rule's wordings that are found at least in part, strongest first, its address before them; only those `worth_it` are looked for.
    fn wordings(&self, worth_it: impl Fn(&Row, WordingKind) -> bool) -> Vec<Sighted> {
        let named = self.named.map(|address| {
            let evidence = Evidence {
                kind: WordingKind::Url,
                wording: address.to_owned(),
                lang: None,
                strength: Strength::new(1.0),
                spans: Vec::new(),
            };
            (evidence, Detail::default())
        });
        let rows = self.compiled.rule.wordings.iter().zip(&self.compiled.wordings);
        let held = rows.filter(|(wording, row)| worth_it(row, wording.kind)).filter_map(|(wording, row)| {
            let hit = score::find(wording.kind, row, self.reading, &self.set.vocabulary)?;
            let evidence = Evidence {
                kind: wording.kind,
                wording: wording.text.clone(),
                lang: wording.lang.clone(),
                strength: Strength::new(hit.strength as f32 / 1000.0),
                spans: hit.spans,
            };
            Some((evidence, hit.detail))
        });
        let mut found: Vec<Sighted> = named.into_iter().chain(held).collect();
        found.sort_by(|(a, _), (b, _)| b.strength.value().total_cmp(&a.strength.value()));
        found
    }

    fn judge_by(&self, found: Vec<Sighted>) -> Judgement<'r> {
        let Case { post, reading, set, compiled, named, addresses } = *self;
        let rule = &compiled.rule;
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
}

fn thousandths(strength: Strength) -> u32 {
    (strength.value() * 1000.0).round() as u32
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
    let strength = thousandths(strength);
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
