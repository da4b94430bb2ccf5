//! Rules and posts for tests, made in a few words.

use claimwatch::model::claim::{Claim, ClaimId, Revision, Severity, Status};
use claimwatch::model::post::{Lang, Part, PartKind, Post};
use claimwatch::model::sighting::{Decision, Strength, WordingKind};
use claimwatch::rules::compile::{RuleSet, compile};
use claimwatch::rules::{Place, Rule, Term, Wording};
use jiff::Timestamp;

pub const STRICT: f32 = 0.85;
pub const NORMAL: f32 = 0.75;
pub const LOOSE: f32 = 0.60;

pub fn rule(id: &str) -> Rule {
    Rule {
        claim: Claim {
            id: ClaimId(id.to_owned()),
            claim: id.to_owned(),
            claimant: None,
            said_on: None,
            topic: None,
            tags: Vec::new(),
            severity: Severity::Normal,
            desks: Vec::new(),
            status: Status::Active,
            fact_checks: Vec::new(),
            revision: Revision("0".to_owned()),
            bulk: false,
        },
        wordings: Vec::new(),
        all_of: Vec::new(),
        any_of: Vec::new(),
        none_of: Vec::new(),
        urls: Vec::new(),
        threshold: Strength::new(NORMAL),
        tests: Vec::new(),
        when: Vec::new(),
        upkeep: claimwatch::rules::Upkeep::default(),
        place: place(),
    }
}

fn place() -> Place {
    Place { file: "test".to_owned(), line: 1, column: 1, bytes: 0..0 }
}

/// Words that end in a star are beginnings of words.
pub fn terms(words: &[&str]) -> Vec<Term> {
    let term = |word: &&str| Term { text: word.trim_end_matches('*').to_owned(), prefix: word.ends_with('*'), list: None };
    words.iter().map(term).collect()
}

pub trait Build: Sized {
    fn wording(self, kind: WordingKind, lang: Option<&str>, text: &str) -> Self;
    fn strictness(self, threshold: f32) -> Self;
    fn all_of(self, words: &[&str]) -> Self;
    fn any_of(self, words: &[&str]) -> Self;
    fn none_of(self, words: &[&str]) -> Self;
    fn url(self, url: &str) -> Self;
    fn phrase(self, text: &str) -> Self {
        self.wording(WordingKind::Phrase, None, text)
    }
    fn variant(self, text: &str) -> Self {
        self.wording(WordingKind::Variant, None, text)
    }
    fn variant_in(self, lang: &str, text: &str) -> Self {
        self.wording(WordingKind::Variant, Some(lang), text)
    }
}

impl Build for Rule {
    fn wording(mut self, kind: WordingKind, lang: Option<&str>, text: &str) -> Self {
        self.wordings.push(Wording { kind, text: text.to_owned(), lang: lang.map(|lang| Lang(lang.to_owned())), place: place() });
        self
    }

    fn strictness(mut self, threshold: f32) -> Self {
        self.threshold = Strength::new(threshold);
        self
    }

    fn all_of(mut self, words: &[&str]) -> Self {
        self.all_of.push(terms(words));
        self
    }

    fn any_of(mut self, words: &[&str]) -> Self {
        self.any_of = terms(words);
        self
    }

    fn none_of(mut self, words: &[&str]) -> Self {
        self.none_of = terms(words);
        self
    }

    fn url(mut self, url: &str) -> Self {
        self.urls.push(url.to_owned());
        self
    }
}

pub fn post(text: &str) -> Post {
    Post::of_text(text, Timestamp::UNIX_EPOCH)
}

pub fn titled(title: &str, text: &str) -> Post {
    let parts =
        vec![Part { kind: PartKind::Title, text: title.to_owned() }, Part { kind: PartKind::Text, text: text.to_owned() }];
    Post { parts, ..post("") }
}

pub fn set(rules: impl IntoIterator<Item = Rule>) -> RuleSet {
    compile(rules.into_iter().collect())
}

/// Strength and decision of one rule for one text.
pub fn outcome(rule: Rule, text: &str) -> (f32, Decision) {
    let set = set([rule]);
    let judgements = claimwatch::matching::weigh(&post(text), &set);
    judgements.first().map_or((0.0, Decision::Below), |judgement| (judgement.strength.value(), judgement.decision))
}
