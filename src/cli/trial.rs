//! One test of one rule: what the engine says, whether that was expected, and what to try if not.

use jiff::Timestamp;
use serde_json::json;

use super::marks::{marked, shortened};
use super::output::Paint;
use crate::matching::judge::{Gate, GateKind, Judgement};
use crate::matching::weigh;
use crate::model::claim::Status;
use crate::model::post::Post;
use crate::model::sighting::{Decision, Evidence, Span, Stance, Strength, When, WordingKind};
use crate::rules::compile::compile;
use crate::rules::{Rule, RuleTest, Strictness, Term};

/// Strengths so near below the threshold are worth a look.
const CLOSE: f32 = 0.10;

/// How a test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As the editor wants it.
    Expected,
    /// As the editor wants it, by a hair.
    CloseCall,
    /// It should match and does not.
    Missing,
    /// It should not match and does.
    Noisy,
    /// It fails, and the editor knows.
    Pending,
    /// It is marked as pending and does what is wanted.
    Arrived,
}

impl Outcome {
    /// One sign for the line of dots.
    pub fn sign(self) -> char {
        match self {
            Self::Expected => '.',
            Self::CloseCall => '*',
            Self::Missing => 'M',
            Self::Noisy => 'N',
            Self::Pending => 'p',
            Self::Arrived => '!',
        }
    }

    /// Whether the rule must be mended.
    pub fn is_fault(self) -> bool {
        matches!(self, Self::Missing | Self::Noisy)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::CloseCall => "close-call",
            Self::Missing => "missing",
            Self::Noisy => "noisy",
            Self::Pending => "pending",
            Self::Arrived => "no-longer-pending",
        }
    }
}

/// A test and what came of it.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The test.
    pub test: RuleTest,
    /// How it went.
    pub outcome: Outcome,
    /// Strength found.
    pub strength: Strength,
    threshold: Strength,
    post: Post,
    best: Option<Evidence>,
    gates: Vec<GateFound>,
    stance: Option<Stance>,
}

/// A gate, without borrowing from the rule.
#[derive(Debug, Clone)]
struct GateFound {
    kind: GateKind,
    asks_for: String,
    hit: Option<(Term, Span)>,
    passed: bool,
}

/// Tries all tests of a rule on the rule alone, whatever its status.
pub fn try_rule(rule: &Rule, now: Timestamp) -> Vec<Trial> {
    let rules = compile(vec![awake(rule)]);
    rule.tests
        .iter()
        .map(|test| {
            let mut post = Post::of_text(&test.text, now);
            post.url.clone_from(&test.url);
            post.lang.clone_from(&test.lang);
            let judgements = weigh(&post, &rules);
            judged(rule, test, judgements.first(), post.clone())
        })
        .collect()
}

/// The rule as it would work if it were active: drafts and paused rules are tried too.
pub fn awake(rule: &Rule) -> Rule {
    let mut awake = rule.clone();
    awake.claim.status = Status::Active;
    awake
}

fn judged(rule: &Rule, test: &RuleTest, judgement: Option<&Judgement<'_>>, post: Post) -> Trial {
    let strength = judgement.map(|judgement| judgement.strength).unwrap_or_default();
    let gates: Vec<GateFound> =
        judgement.map(|judgement| judgement.gates.iter().map(GateFound::of).collect()).unwrap_or_default();
    let gates_pass = gates.iter().all(|gate| gate.passed);
    // A denial or a report may be kept out of the mail by its stance; it is about the claim all the same.
    let about_it = strength >= rule.threshold && gates_pass && judgement.is_some();
    let alerts = judgement.is_some_and(|judgement| judgement.decision == Decision::Alert && judgement.when != When::Ignore);
    let matches = if test.expect.is_some() { about_it } else { alerts };
    let stance = judgement.map(|judgement| judgement.stance);
    let as_wanted = matches == test.matches && (test.expect.is_none() || !matches || test.expect == stance);
    let close = gates_pass && !matches && strength.value() >= rule.threshold.value() - CLOSE;
    let outcome = match (as_wanted, test.pending) {
        (true, true) => Outcome::Arrived,
        (false, true) => Outcome::Pending,
        (true, false) if close => Outcome::CloseCall,
        (true, false) => Outcome::Expected,
        (false, false) if test.matches => Outcome::Missing,
        (false, false) => Outcome::Noisy,
    };
    let best = judgement.and_then(|judgement| judgement.evidence.first().cloned());
    Trial { test: test.clone(), outcome, strength, threshold: rule.threshold, post, best, gates, stance }
}

impl GateFound {
    fn of(gate: &Gate<'_>) -> Self {
        Self {
            kind: gate.kind,
            asks_for: asked(gate.terms),
            hit: gate.hit.map(|(term, span)| (term.clone(), span)),
            passed: gate.passed,
        }
    }
}

/// "@north-korea, @kim-jong-un, Nobel*", at most a few.
pub fn asked(terms: &[Term]) -> String {
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
    let more = names.len().saturating_sub(5);
    names.truncate(5);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// "phrase", "variant"
pub fn kind_name(kind: WordingKind) -> &'static str {
    match kind {
        WordingKind::Phrase => "phrase",
        WordingKind::Variant => "variant",
        WordingKind::Url => "address",
    }
}

impl Trial {
    /// The post, with what was found in it.
    pub fn shown(&self, paint: Paint) -> String {
        let wording = self.best.as_ref().map(|best| best.spans.clone()).unwrap_or_default();
        let gates: Vec<Span> = self.gates.iter().filter_map(|gate| gate.hit.as_ref().map(|(_, span)| *span)).collect();
        format!("\"{}\"", marked(&self.post, &wording, &gates, paint))
    }

    /// Why it went so, and what to try.
    pub fn reasons(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(why) = &self.test.why {
            lines.push(format!("why it is here: {why}"));
        }
        lines.push(self.numbers());
        if let Some(best) = &self.best {
            lines.push(format!(
                "closest: {} \"{}\" {:.2}",
                kind_name(best.kind),
                shortened(&best.wording, 0, 100),
                best.strength.value()
            ));
        }
        for gate in self.gates.iter().filter(|gate| !gate.passed) {
            lines.push(gate.failure());
        }
        if let (Some(expect), Some(stance)) = (self.test.expect, self.stance)
            && expect != stance
        {
            lines.push(format!("read as {}, not as {}", stance_name(stance), stance_name(expect)));
        }
        lines.extend(self.advice().map(|advice| format!("try: {advice}")));
        lines
    }

    fn numbers(&self) -> String {
        let (strength, threshold) = (self.strength.value(), self.threshold.value());
        // 0.748 of 0.75: two digits would look as if it were enough.
        let digits = if format!("{strength:.2}") == format!("{threshold:.2}") { 3 } else { 2 };
        match self.outcome {
            Outcome::Missing | Outcome::Pending if self.test.matches && self.strength >= self.threshold => {
                format!("{strength:.2} is enough for {threshold:.2}, but:")
            }
            Outcome::Missing | Outcome::Pending if self.test.matches => format!("needs {threshold:.2}, best {strength:.digits$}"),
            Outcome::Noisy | Outcome::Pending => format!("must stay below {threshold:.2}, has {strength:.digits$}"),
            Outcome::CloseCall => format!("{strength:.digits$}, only just below {threshold:.2}"),
            Outcome::Arrived => "it does what is wanted now: take `pending` away".to_owned(),
            _ => format!("{strength:.2}, threshold {threshold:.2}"),
        }
    }

    fn advice(&self) -> Option<String> {
        match self.outcome {
            Outcome::Missing => {
                let shut = self.gates.iter().find(|gate| !gate.passed);
                match shut {
                    Some(gate) if gate.kind == GateKind::NoneOf => {
                        Some("take that word out of none_of, or write it longer".to_owned())
                    }
                    Some(_) if self.strength >= self.threshold => {
                        Some("add the word this post uses to that group, or to its shared list".to_owned())
                    }
                    Some(_) => Some(format!("phrases += {} and a word of this post in that group", self.as_phrase())),
                    None => Some(format!("phrases += {}", self.as_phrase())),
                }
            }
            Outcome::Noisy => {
                let stricter = Strictness::Strict.threshold();
                if self.strength < stricter && self.threshold < stricter {
                    Some("strictness = \"strict\", or a word in none_of that only such posts use".to_owned())
                } else {
                    Some("ask for more in all_of, or put a word into none_of that only such posts use".to_owned())
                }
            }
            _ => None,
        }
    }

    /// The stretch of the post that a new phrase could be made of.
    fn as_phrase(&self) -> String {
        stretch(&self.post, self.best.as_ref().map(|best| best.spans.as_slice()).unwrap_or_default())
    }

    /// As JSON.
    pub fn as_json(&self) -> serde_json::Value {
        json!({
            "text": self.test.text,
            "must_match": self.test.matches,
            "outcome": self.outcome.name(),
            "strength": self.strength.value(),
            "line": self.test.place.line,
            "file": self.test.place.file,
            "closest": self.best.as_ref().map(|best| json!({"kind": kind_name(best.kind), "wording": best.wording, "strength": best.strength.value()})),
            "failed_gates": self.gates.iter().filter(|gate| !gate.passed).map(GateFound::failure).collect::<Vec<_>>(),
            "try": self.advice(),
        })
    }
}

/// What a gate that is not passed says: "all_of: nothing in the text from @north-korea".
pub(super) fn gate_failure(gate: &Gate<'_>) -> String {
    GateFound::of(gate).failure()
}

/// The stretch of a post that a new phrase could be made of, between quotes: from the first to the last of these words.
pub(super) fn stretch(post: &Post, spans: &[Span]) -> String {
    let part = spans.first().map_or(0, |span| span.part);
    let text = post.parts.get(part).map(|part| part.text.as_str()).unwrap_or_default();
    let of_part = || spans.iter().filter(|span| span.part == part);
    let found = of_part().map(|span| span.start).min().zip(of_part().map(|span| span.end).max());
    let found = found.and_then(|(start, end)| text.get(start..end)).filter(|text| text.split_whitespace().count() > 2);
    let words: Vec<&str> = found.unwrap_or(text).split_whitespace().take(12).collect();
    format!("\"{}\"", words.join(" ").replace('"', "'"))
}

impl GateFound {
    fn failure(&self) -> String {
        match (self.kind, &self.hit) {
            (GateKind::NoneOf, Some((term, _))) => format!("none_of: \"{}\" is in the text", term.text),
            (GateKind::NoneOf, None) => "none_of shuts it".to_owned(),
            (GateKind::AllOf, _) => format!("all_of: nothing in the text from {}", self.asks_for),
            (GateKind::AnyOf, _) => format!("any_of: nothing in the text from {}", self.asks_for),
        }
    }
}

/// The word for a stance in answers and rule files.
pub fn stance_name(stance: Stance) -> &'static str {
    match stance {
        Stance::Assertion => "assertion",
        Stance::Quoted => "quoted",
        Stance::Report => "report",
        Stance::Question => "question",
        Stance::Denial => "denial",
        Stance::Factcheck => "factcheck",
    }
}
