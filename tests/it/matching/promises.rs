//! One promise a test.

use claimwatch::matching::{examine, weigh};
use claimwatch::model::claim::Status;
use claimwatch::model::post::Post;
use claimwatch::model::sighting::{Decision, WordingKind};

use super::build::{Build, LOOSE, NORMAL, STRICT, outcome, post, rule, set, titled};

fn strength(rule: claimwatch::rules::Rule, text: &str) -> f32 {
    outcome(rule, text).0
}

#[test]
fn a_wording_in_full_has_strength_one() {
    let text = "vaccines contain a microchip that tracks people";
    assert_eq!(strength(rule("r").variant(text), text), 1.0);
    assert_eq!(strength(rule("r").phrase(text), text), 1.0);
}

#[test]
fn quotation_marks_and_case_do_not_hide_a_claim() {
    assert_eq!(strength(rule("r").phrase("no longer a nuclear threat"), "He: “NO LONGER”, a «nuclear» threat…"), 1.0);
}

#[test]
fn a_phrase_bears_one_gap_but_not_two_and_no_negation() {
    let phrase = || rule("r").phrase("the problem is largely solved");
    assert!(strength(phrase(), "he says the problem is now largely solved") >= STRICT);
    assert_eq!(strength(phrase(), "the problem is now at last largely solved"), 0.0);
    assert_eq!(strength(phrase(), "the big problem is now largely solved"), 0.0);
    assert_eq!(strength(phrase(), "the problem is not largely solved"), 0.0);
}

#[test]
fn typing_mistakes_cost_little() {
    let found =
        strength(rule("r").variant("denuclearization of North Korea starts soon"), "Denuclearizaton of North Korae starts soon");
    assert!((NORMAL..1.0).contains(&found), "{found}");
}

#[test]
fn plural_and_tense_cost_little() {
    let found =
        strength(rule("r").variant("the vaccine contains tracking microchips"), "vaccines containing a tracking microchip");
    assert!((STRICT..1.0).contains(&found), "{found}");
}

#[test]
fn another_point_of_the_compass_is_another_claim() {
    let rule = || rule("r").variant("South Korea is no longer a nuclear threat");
    assert!(strength(rule(), "South Korea is no longer a nuclear threat") == 1.0);
    let other = strength(rule(), "North Korea is no longer a nuclear threat");
    assert!(other < LOOSE, "{other}");
}

#[test]
fn a_negation_more_or_less_is_another_claim() {
    let is = || rule("r").variant("the North Korea problem is solved");
    assert!(strength(is(), "the North Korea problem is not solved") < NORMAL);
    assert!(strength(is(), "the North Korea problem isn't solved") < NORMAL);
    assert!(strength(is(), "I do not care. The North Korea problem is solved") >= STRICT);
    let is_not = rule("r").variant("the virus does not come from a laboratory");
    assert!(strength(is_not, "the virus does come from a laboratory") < NORMAL);
}

#[test]
fn another_number_is_another_claim() {
    let rule = || rule("r").variant("70 percent of immigrants are criminals");
    assert_eq!(strength(rule(), "70% of immigrants are criminals"), 1.0);
    assert!(strength(rule(), "7% of immigrants are criminals") < NORMAL);
}

#[test]
fn a_better_place_is_found_behind_a_worse_one() {
    let text = "The North Korea problem is not solved. Some time passed, many things happened, people went to work and came home. \
                Now we hear it: the North Korea problem is solved";
    assert_eq!(strength(rule("r").variant("the North Korea problem is solved"), text), 1.0);
}

#[test]
fn words_far_apart_do_not_add_up() {
    let filler = "and then something else happened in a town by the sea ".repeat(4);
    let text = format!("North Korea {filler} nuclear {filler} problem {filler} solved");
    assert!(strength(rule("r").variant("I solved the North Korea nuclear problem"), &text) < LOOSE);
}

#[test]
fn title_and_text_are_read_but_no_window_crosses_them() {
    let rule = || rule("r").variant("microchips hidden inside vaccines").all_of(&["Gates"]);
    let outcome = |post: &Post| examine(post, &set([rule()])).first().map(|sighting| sighting.decision);
    assert_eq!(outcome(&titled("Gates speaks", "microchips hidden inside vaccines")), Some(Decision::Alert));
    assert_eq!(outcome(&titled("Gates: microchips hidden", "inside vaccines")), None);
}

#[test]
fn spans_point_into_the_original_text() {
    let text = "Ｏｈ! “Sleep” wéll…\n#TonightShow";
    let set = set([rule("r").phrase("sleep well tonight").all_of(&["Show"])]);
    let post = titled("A title", text);
    let found = examine(&post, &set);
    let shown: Vec<&str> =
        found[0].evidence[0].spans.iter().map(|span| &post.parts[span.part].text[span.start..span.end]).collect();
    assert_eq!(shown, ["Sleep", "wéll", "Tonight"]);
    let gates: Vec<&str> = found[0].gate_spans.iter().map(|span| &post.parts[span.part].text[span.start..span.end]).collect();
    assert_eq!(gates, ["Show"]);
}

#[test]
fn very_short_posts_are_only_compared_with_phrases() {
    assert_eq!(strength(rule("r").variant("nuclear threat"), "nuclear threat"), 0.0);
    assert_eq!(strength(rule("r").phrase("nuclear threat"), "nuclear threat"), 1.0);
    assert_eq!(strength(rule("r").variant("nuclear threat"), "the nuclear threat"), 1.0);
}

#[test]
fn gates_decide_between_alert_and_near_miss() {
    let gated = || rule("r").phrase("sleep well tonight").all_of(&["North Korea"]);
    assert_eq!(outcome(gated(), "sleep well tonight, North Korea"), (1.0, Decision::Alert));
    assert_eq!(outcome(gated(), "sleep well tonight, my dear"), (1.0, Decision::Possible));
    assert_eq!(outcome(gated().none_of(&["dear"]), "North Korea, sleep well tonight, my dear"), (1.0, Decision::Possible));
    assert_eq!(outcome(gated().any_of(&["now", "my"]), "North Korea, sleep well tonight, my dear"), (1.0, Decision::Alert));
}

#[test]
fn a_little_below_the_threshold_is_a_near_miss_only_if_the_gates_pass() {
    let text = "people say the vaccine contains a microchip";
    let wording = "the vaccine contains a microchip that tracks you";
    let reached = strength(rule("r").variant(wording), text);
    assert!((NORMAL - 0.15..NORMAL).contains(&reached), "{reached}");
    assert_eq!(outcome(rule("r").variant(wording), text).1, Decision::Possible);
    assert_eq!(outcome(rule("r").variant(wording).all_of(&["Gates"]), text).1, Decision::Below);
    assert_eq!(outcome(rule("r").variant(wording).strictness(0.95), text).1, Decision::Below);
}

#[test]
fn gates_respect_the_ends_of_words() {
    let gated = |term: &str| rule("r").phrase("says hello").all_of(&[term]);
    assert_eq!(outcome(gated("ynet"), "Gwyneth says hello").1, Decision::Possible);
    assert_eq!(outcome(gated("Gwyn*"), "Gwyneth says hello").1, Decision::Alert);
    assert_eq!(outcome(gated("North Korean*"), "North Koreans says hello").1, Decision::Alert);
    assert_eq!(outcome(gated("北朝鮮"), "昨日北朝鮮は says hello").1, Decision::Alert);
    assert_eq!(outcome(gated("核"), "北朝鮮の核は says hello").1, Decision::Alert);
    assert_eq!(outcome(gated("💉"), "💉 says hello").1, Decision::Alert);
}

#[test]
fn an_address_of_the_claim_needs_no_words_and_no_gates_but_none_of() {
    let ruled = || rule("r").url("https://twitter.com/someone/status/12345").all_of(&["North Korea"]).none_of(&["parody"]);
    let linked = Post { links: vec!["https://mobile.x.com/someone/status/12345?s=20".to_owned()], ..post("look at this") };
    let found = examine(&linked, &set([ruled()]));
    assert_eq!((found[0].decision, found[0].evidence[0].kind), (Decision::Alert, WordingKind::Url));
    assert_eq!(found[0].evidence[0].wording, "https://twitter.com/someone/status/12345");
    let at = Post { url: Some("https://x.com/someone/status/12345".to_owned()), ..post("a parody account") };
    assert_eq!(examine(&at, &set([ruled()]))[0].decision, Decision::Possible);
    assert_eq!(examine(&post("see https://x.com/someone/status/12345."), &set([ruled()]))[0].decision, Decision::Alert);
}

#[test]
fn only_active_and_tested_rules_are_compiled() {
    let with = |status| {
        let mut rule = rule("r");
        rule.claim.status = status;
        rule
    };
    let all = [Status::Draft, Status::Test, Status::Active, Status::Paused, Status::Retired].map(with);
    assert_eq!(set(all).len(), 2);
}

#[test]
fn the_order_of_rules_does_not_show() {
    let rules = || ["b", "c", "a"].map(|id| rule(id).phrase("sleep well tonight").variant("everybody should sleep well tonight"));
    let ids =
        |set| examine(&post("everybody should sleep well tonight"), &set).into_iter().map(|s| s.claim.0).collect::<Vec<_>>();
    let mut turned = rules();
    turned.reverse();
    assert_eq!(ids(set(rules())), ["a", "b", "c"]);
    assert_eq!(ids(set(turned)), ["a", "b", "c"]);
}

#[test]
fn an_explanation_tells_what_was_found_and_what_was_not() {
    let set = set([rule("r").variant("the vaccine contains a microchip that tracks people").none_of(&["joke"])]);
    let post = post("their vaccnie contains a microchip");
    let judgements = weigh(&post, &set);
    let detail = judgements[0].details[0];
    assert_eq!((detail.words_found, detail.words_total, detail.typos), (4, 8, 1));
    assert!(judgements[0].gates[0].passed);
}

#[test]
fn hostile_posts_and_rules_end_soon() {
    let long_rule = (0..10_000).map(|n| format!("word{} ", n % 4_000)).collect::<String>();
    let set = set([
        rule("a").phrase(&long_rule).variant(&long_rule),
        rule("b").phrase("sleep sleep sleep sleep sleep well").variant("not not not the the the sleep well"),
        rule("c").variant("the a of and to in is").all_of(&["the the the"]),
    ]);
    for text in
        ["sleep ", "the sleep not ", "word1 word2 ", "#sleep", "s ", "1.", "a-", "'a", "北", "\u{301}", "@", "a@", "U.", "1,000 "]
    {
        let huge = text.repeat(1_000_000 / text.len());
        examine(&post(&huge), &set);
    }
}
