//! The shortlist loses nothing that judging every rule would find.

use claimwatch::matching::{examine, weigh};
use claimwatch::model::sighting::Decision;
use claimwatch::rules::Rule;
use proptest::prelude::*;

use super::build::{Build, post, rule, set};

/// Words of all kinds: common, rare, guarded, short, inflected, misspelt.
const WORDS: [&str; 48] = [
    "the",
    "a",
    "is",
    "no",
    "not",
    "never",
    "north",
    "south",
    "korea",
    "koera",
    "korean",
    "nuclear",
    "nuclaer",
    "threat",
    "threats",
    "threatening",
    "problem",
    "pr0blem",
    "solved",
    "solve",
    "solving",
    "denuclearization",
    "denuclerization",
    "denuclearisation",
    "trump",
    "trmup",
    "70%",
    "70 percent",
    "1.2m",
    "2018",
    "sleep",
    "well",
    "tonight",
    "#SleepWell",
    "#northkorea",
    "vaccine",
    "vaccines",
    "microchip",
    "mircochip",
    "people",
    "Nоrth",
    "isn't",
    "covid-19",
    "covid19",
    "nobel",
    "prize",
    "北朝鮮",
    "核の脅威",
];

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let word = prop_oneof![9 => prop::sample::select(&WORDS[..]).prop_map(str::to_owned), 1 => "[a-z]{1,9}"];
    prop::collection::vec(word, words).prop_map(|words| words.join(" "))
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let wording = (any::<bool>(), prop::sample::select(&["en", "fr", "ja"][..]), text(1..9));
    let gate = prop::collection::vec(
        prop::sample::select(&["korea", "nucl*", "north korea", "北朝鮮", "核", "vaccine*", "sleep"][..]),
        0..3,
    );
    let gates = (gate.clone(), gate.clone(), gate);
    (prop::collection::vec(wording, 1..4), gates, 0.2f32..1.0).prop_map(|(wordings, (all, any, none), threshold)| {
        let mut rule = rule("r").strictness(threshold).any_of(&any).none_of(&none);
        for (is_phrase, lang, text) in wordings {
            rule = if is_phrase { rule.phrase(&text) } else { rule.variant_in(lang, &text) };
        }
        if all.is_empty() { rule } else { rule.all_of(&all) }
    })
}

proptest! {
    #[test]
    fn the_shortlist_equals_brute_force(rules in prop::collection::vec(any_rule(), 1..30), texts in prop::collection::vec(text(0..25), 1..12)) {
        let rules = rules.into_iter().enumerate().map(|(n, mut rule)| { rule.claim.id.0 = format!("rule-{n:03}"); rule });
        let set = set(rules);
        for text in texts {
            let post = post(&text);
            let mut all = weigh(&post, &set);
            all.retain(|judgement| judgement.decision > Decision::Below);
            let all: Vec<_> = all.into_iter().map(|judgement| judgement.into_sighting(&post)).collect();
            prop_assert_eq!(examine(&post, &set), all, "{}", text);
        }
    }

    #[test]
    fn no_rule_changes_what_another_finds(rule in any_rule(), others in prop::collection::vec(any_rule(), 1..9), text in text(0..25)) {
        let mut rule = rule;
        rule.claim.id.0 = "mine".to_owned();
        let post = post(&text);
        let alone = set([rule.clone()]);
        let together = set(others.into_iter().chain([rule]));
        let mine = |set: &claimwatch::rules::compile::RuleSet| examine(&post, set).into_iter().find(|s| s.claim.0 == "mine");
        prop_assert_eq!(mine(&alone), mine(&together));
    }

    #[test]
    fn spans_lie_on_boundaries(text in "(\\PC|[ -~]|sleep|well|北朝鮮|#SleepWell |n0rth ){0,40}") {
        let set = set([rule("r").strictness(0.2).variant("sleep well north korea").phrase("sleep well").variant_in("ja", "北朝鮮").any_of(&["sleep", "北朝鮮"])]);
        let post = post(&text);
        for judgement in weigh(&post, &set) {
            let gates = judgement.gates.iter().filter_map(|gate| gate.hit.map(|(_, span)| span));
            for span in judgement.evidence.iter().flat_map(|evidence| evidence.spans.iter().copied()).chain(gates) {
                prop_assert!(post.parts[span.part].text.get(span.start..span.end).is_some_and(|words| !words.is_empty()));
            }
        }
    }
}
