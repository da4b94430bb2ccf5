//! Phrases that are too common in what a desk reads: seen only in its own history.

use crate::matching::examine;
use crate::model::claim::{ClaimId, Status};
use crate::model::post::Post;
use crate::model::sighting::{Decision, WordingKind};
use crate::rules::compile::{RuleSet, compile};
use crate::rules::diagnostic::Diagnostic;
use crate::rules::lint::{brief, warning};
use crate::rules::{Rule, Strictness, Wording, codes};

/// Fewer posts than this are no history.
pub const ENOUGH_POSTS: u64 = 1000;

/// A phrase in more than one of so many posts is too common.
const ONE_OF: u64 = 1000;

/// However few posts there are, so many must hold it.
const AT_LEAST: u64 = 5;

/// Every phrase of every rule that is loaded, by itself.
pub struct Phrases {
    phrases: Vec<Phrase>,
    alone: RuleSet,
    whole: RuleSet,
}

/// One of them.
struct Phrase {
    rule: ClaimId,
    has_gates: bool,
    wording: Wording,
}

/// In how many posts a phrase stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// In all.
    pub posts: u64,
    /// Of these, posts that repeat the claim as the whole rule sees it.
    pub rightly: u64,
}

impl Phrases {
    /// Takes the phrases out of the rules.
    pub fn of(rules: &[Rule]) -> Self {
        let (mut phrases, mut alone) = (Vec::new(), Vec::new());
        let loaded: Vec<&Rule> = rules.iter().filter(|rule| matches!(rule.claim.status, Status::Active | Status::Test)).collect();
        for rule in &loaded {
            for wording in rule.wordings.iter().filter(|wording| wording.kind == WordingKind::Phrase) {
                let mut one = (*rule).clone();
                one.claim.id = ClaimId(phrases.len().to_string());
                one.claim.status = Status::Active;
                one.wordings = vec![wording.clone()];
                (one.all_of, one.any_of, one.none_of) = (Vec::new(), Vec::new(), Vec::new());
                (one.urls, one.tests, one.when) = (Vec::new(), Vec::new(), Vec::new());
                // A loose rule's phrases are still asked for nearly word for word.
                let usual = Strictness::Normal.threshold();
                one.threshold = if rule.threshold < usual { usual } else { rule.threshold };
                alone.push(one);
                let has_gates = !rule.all_of.is_empty() || !rule.any_of.is_empty();
                phrases.push(Phrase { rule: rule.claim.id.clone(), has_gates, wording: wording.clone() });
            }
        }
        let whole = compile(loaded.into_iter().cloned().collect());
        Self { phrases, alone: compile(alone), whole }
    }

    /// Gives the phrases that a post holds, by their numbers, each with whether the whole rule finds the post too.
    pub fn in_post(&self, post: &Post) -> Vec<(usize, bool)> {
        let alerts = |set: &RuleSet| {
            let found = examine(post, set).into_iter().filter(|sighting| sighting.decision == Decision::Alert);
            found.map(|sighting| sighting.claim).collect::<Vec<ClaimId>>()
        };
        let numbers: Vec<usize> = alerts(&self.alone).iter().filter_map(|id| id.0.parse().ok()).collect();
        if numbers.is_empty() {
            return Vec::new();
        }
        let whole = alerts(&self.whole);
        numbers.into_iter().filter_map(|n| Some((n, whole.contains(&self.phrases.get(n)?.rule)))).collect()
    }

    /// Nothing seen yet of any of them.
    pub fn unseen(&self) -> Vec<Seen> {
        vec![Seen::default(); self.phrases.len()]
    }

    /// Judges the phrases by what was seen of them in so many posts.
    pub fn judge(&self, seen: &[Seen], posts: u64) -> Vec<Diagnostic> {
        if posts < ENOUGH_POSTS {
            return Vec::new();
        }
        let too_common = |(phrase, seen): &(&Phrase, &Seen)| {
            // Where a gate keeps the phrase in check, posts that pass it are no noise: they repeat the claim.
            let noise = if phrase.has_gates { seen.posts - seen.rightly } else { seen.posts };
            noise >= AT_LEAST && noise * ONE_OF > posts
        };
        let judged = self.phrases.iter().zip(seen).filter(too_common);
        judged
            .map(|(phrase, seen)| {
                let share = seen.posts as f64 * 100.0 / posts as f64;
                let whole = match (phrase.has_gates, seen.posts - seen.rightly) {
                    (false, _) => String::new(),
                    (true, noise) => format!("; in {noise} of them the gates find nothing, so they only fill the digest"),
                };
                let message = format!(
                    "\"{}\" is too common: it stands in {} of the {posts} posts this desk has read ({share:.2} %){whole}",
                    brief(&phrase.wording.text),
                    seen.posts
                );
                let help = if phrase.has_gates {
                    "write it longer, as only those say it who repeat the claim"
                } else {
                    "write it longer, as only those say it who repeat the claim, or add `all_of` with the names a post must hold"
                };
                warning(codes::TOO_COMMON, phrase.wording.place.clone(), message, help)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{RuleText, syntax};
    use jiff::Timestamp;

    fn rules(gate: &str) -> Vec<Rule> {
        let text = format!(
            "format = 1\n[[claim]]\nid = \"nk-sleep\"\nclaim = \"c\"\n[claim.match]\nphrases = [\"sleep well tonight\", \"no longer a nuclear threat\"]\n{gate}"
        );
        let (rules, found) = syntax::read(&[RuleText { name: "x.toml".to_owned(), bytes: text.into_bytes() }]);
        assert!(found.is_empty(), "{found:?}");
        rules
    }

    fn judged(gate: &str, hits: &str) -> Vec<String> {
        let phrases = Phrases::of(&rules(gate));
        let mut seen = phrases.unseen();
        for n in 0..2000 {
            let text = if n % 200 == 0 { hits } else { "nothing of the kind" };
            for (number, rightly) in phrases.in_post(&Post::of_text(text, Timestamp::UNIX_EPOCH)) {
                seen[number].posts += 1;
                seen[number].rightly += u64::from(rightly);
            }
        }
        phrases.judge(&seen, 2000).into_iter().map(|one| format!("{} {}", one.code, one.message)).collect()
    }

    #[test]
    fn a_common_phrase_is_told_unless_it_repeats_the_claim() {
        let bedtime = "Sleep well tonight, little one, and sweet dreams";
        let without = judged("", bedtime);
        assert_eq!(
            without,
            ["L102 \"sleep well tonight\" is too common: it stands in 10 of the 2000 posts this desk has read (0.50 %)"]
        );
        let gate = "all_of = [[\"North Korea\"]]\n";
        assert!(judged(gate, bedtime)[0].contains("in 10 of them the gates find nothing"), "near-misses fill the digest");
        assert!(judged(gate, "North Korea is done: sleep well tonight").is_empty(), "a claim that spreads is no common phrase");
    }

    #[test]
    fn little_history_says_nothing() {
        let phrases = Phrases::of(&rules(""));
        let seen = [Seen { posts: 500, rightly: 0 }, Seen::default()];
        assert!(phrases.judge(&seen, 999).is_empty());
        assert_eq!(phrases.judge(&seen, 1000).len(), 1);
    }
}
