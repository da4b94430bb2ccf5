//! Judgements about rules that are sound: each number, on the smallest rule that earns it.

use claimwatch::matching;
use claimwatch::rules::diagnostic::any_error;
use claimwatch::rules::{RuleText, lint, syntax};
use jiff::civil::date;

const SOUND: &str = r#"format = 1
[[claim]]
id = "nk-sleep-well"
claim = "North Korea is no threat."
[claim.match]
phrases = ["sleep well tonight America"]
variants = ["the North Korean nuclear threat is over"]
all_of = [["North Korea*"]]
none_of = ["mattress"]
[[claim.factcheck]]
publisher = "AP"
url = "https://apnews.com/x"
rating = "exaggerated"
[claim.tests]
must_match = ["He says the nuclear threat from North Korea is over, sleep well tonight America"]
must_not_match = ["sleep well"]
"#;

fn found(text: &str) -> Vec<String> {
    let files = [RuleText { name: "rules/x.toml".to_owned(), bytes: text.as_bytes().to_vec() }];
    let (rules, errors) = syntax::read(&files);
    assert!(!any_error(&errors), "{errors:?}");
    let mut found = lint::lint(&rules, &files, date(2026, 11, 1));
    found.extend(matching::lint::lint(&rules));
    let (found, _) = lint::accepted(found, &rules, &files);
    found.into_iter().map(|one| format!("{} {}:{} {}", one.code, one.place.line, one.place.column, one.message)).collect()
}

/// What is found when `old` is replaced by `new` in a rule about which there is nothing to say.
fn changed(old: &str, new: &str) -> Vec<String> {
    assert!(SOUND.contains(old), "{old}");
    found(&SOUND.replace(old, new))
}

fn only(found: &[String], start: &str) {
    assert!(found.len() == 1 && found[0].starts_with(start), "wanted {start}, found {found:#?}");
}

#[test]
fn about_a_sound_rule_there_is_nothing_to_say() {
    assert_eq!(found(SOUND), Vec::<String>::new());
}

#[test]
fn l101_a_short_wording_needs_a_gate() {
    let found = changed("all_of = [[\"North Korea*\"]]\n", "").join("\n");
    assert!(!found.contains("L101"), "{found}");
    let text = SOUND
        .replace("all_of = [[\"North Korea*\"]]\n", "")
        .replace("\"the North Korean nuclear threat is over\"", "\"he said so\"");
    assert!(self::found(&text).iter().any(|one| one.starts_with("L101 7:13 too short to match safely: \"he said so\"")));
}

#[test]
fn l103_an_active_rule_has_tests_of_both_kinds() {
    only(&changed("must_not_match = [\"sleep well\"]\n", ""), "L103 3:6 no test says what must not match");
}

#[test]
fn l104_two_rules_that_fire_on_each_others_tests() {
    let second = SOUND
        .replace("format = 1\n", "")
        .replace("nk-sleep-well", "nk-second")
        .replace("sleep well tonight America\"]\nvariants", "sleep well tonight\"]\nvariants")
        .replace("the North Korean nuclear threat is over", "the nuclear threat from North Korea is over now");
    let found = found(&format!("{SOUND}{second}"));
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].starts_with("L104 15:15 `nk-second` fires on 1 of the 1 must_match tests of `nk-sleep-well` (100 %)"),
        "{found:#?}"
    );
}

#[test]
fn l105_a_wording_is_written_once() {
    only(
        &changed(
            "[\"the North Korean nuclear threat is over\"]",
            "[\"the North Korean nuclear threat is over\", \"Over is the North Korean nuclear THREAT\"]",
        ),
        "L105 7:56 ",
    );
}

#[test]
fn l106_a_variant_without_a_word_of_a_gate_is_dead() {
    let dead = "[\"the North Korean nuclear threat is over\", { lang = \"es\", text = \"Ya no hay amenaza nuclear, duerman bien esta noche\" }]";
    only(
        &changed("[\"the North Korean nuclear threat is over\"]", dead),
        "L106 7:78 this variant cannot match by itself: it holds nothing from all_of group 1",
    );
}

#[test]
fn l106_a_phrase_is_dead_when_nothing_in_its_language_passes() {
    let with = |text: &str| format!("[\"sleep well tonight America\", {{ lang = \"ja\", text = \"{text}\" }}]");
    only(&changed("[\"sleep well tonight America\"]", &with("今夜はぐっすり眠ってください")), "L106 6:");
    let text = SOUND
        .replace("[\"sleep well tonight America\"]", &with("今夜はぐっすり眠ってください"))
        .replace("[[\"North Korea*\"]]", "[[\"North Korea*\", \"北朝鮮\"]]")
        .replace("must_match = [", "must_match = [{ lang = \"ja\", text = \"北朝鮮だ。今夜はぐっすり眠ってください\" }, ");
    assert_eq!(found(&text), Vec::<String>::new());
}

#[test]
fn l107_none_of_shuts_the_rules_own_wording() {
    only(&changed("[\"mattress\"]", "[\"america\"]"), "L107 6:12 this wording can never match: it holds \"america\"");
}

#[test]
fn l108_a_wording_in_another_language_than_it_says() {
    let french =
        "[\"the North Korean nuclear threat is over\", \"la menace nucléaire de la North Korea est terminée pour nous tous\"]";
    let found = changed("[\"the North Korean nuclear threat is over\"]", french);
    only(&found, "L108 7:56 this wording names no language, which means English, and looks like \"fr\"");
}

#[test]
fn l109_dates_that_are_past() {
    only(
        &changed("[claim.match]", "review_by = 2026-10-31\n[claim.match]"),
        "L109 5:1 this rule should have been looked at by 2026-10-31",
    );
    only(&changed("[claim.match]", "expires = 2026-10-31\n[claim.match]"), "L109 5:1 this rule expired on 2026-10-31");
    assert_eq!(changed("[claim.match]", "review_by = 2026-11-01\n[claim.match]"), Vec::<String>::new());
}

#[test]
fn l110_addresses_and_texts_that_only_hold_a_place() {
    only(&changed("https://apnews.com/x", "https://www.example.org/x"), "L110 12:1 www.example.org is an address");
    only(&changed("\"exaggerated\"", "\"TODO: copy it\""), "L110 13:1 `rating` says");
}

#[test]
fn l111_and_l117_letters_that_can_say_little() {
    only(&changed("url = \"https://apnews.com/x\"\n", ""), "L111 3:6 ");
    only(&changed("rating = \"exaggerated\"\n", ""), "L117 3:6 ");
}

#[test]
fn l113_an_owner_nobody_can_write_to() {
    only(&changed("[claim.match]", "owner = \"Ana\"\n[claim.match]"), "L113 5:1 ");
    assert_eq!(changed("[claim.match]", "owner = \"ana@example.org\"\n[claim.match]"), Vec::<String>::new());
}

#[test]
fn l114_letters_of_another_script() {
    only(
        &changed("sleep well tonight America\"]\nv", "sleep well tоnight America\"]\nv"),
        "L114 6:12 in \"tоnight\" the letter \"о\" (U+043E)",
    );
}

#[test]
fn l115_a_threshold_of_ones_own() {
    only(&changed("phrases", "threshold = 0.7\nphrases"), "L115 6:1 threshold = 0.7");
}

#[test]
fn l116_a_claimant_in_every_wording_and_in_no_gate() {
    let text = SOUND
        .replace("claim = ", "claimant = \"Donald Trump\"\nclaim = ")
        .replace("sleep well tonight America", "sleep well tonight says Trump")
        .replace("the North Korean nuclear threat is over\"", "Trump ended the North Korean nuclear threat\"");
    only(&found(&text), "L116 9:1 every wording names Trump");
}

#[test]
fn l118_tests_that_only_repeat_the_wordings() {
    only(
        &changed(
            "He says the nuclear threat from North Korea is over, sleep well tonight America",
            "The North Korean nuclear threat is over!",
        ),
        "L118 15:15 ",
    );
}

#[test]
fn l122_an_address_of_a_whole_site_or_account() {
    let with =
        |urls: &str| changed("[\"mattress\"]", &format!("[\"mattress\"]\nurls = [\"https://x.com/somebody/status/1\", {urls}]"));
    only(&with("\"https://www.example.de/\""), "L122 10:45 https://www.example.de/ is a site's front page");
    for account in
        ["https://twitter.com/realDonaldTrump", "https://mastodon.social/@ana", "https://bsky.app/profile/ana.bsky.social"]
    {
        only(&with(&format!("\"{account}\"")), &format!("L122 10:45 {account} is the page of an account"));
    }
    assert_eq!(with("\"https://www.youtube.com/watch?v=abc\", \"https://news.example.de/a\""), Vec::<String>::new());
}

#[test]
fn l123_a_wording_of_a_whole_paragraph() {
    let paragraph = (0..61).map(|n| format!("bridge{}", (b'a' + n % 26) as char)).collect::<Vec<_>>().join(" ");
    let with = |kind: &str, text: &str| {
        let all = changed(kind, &format!("{kind}\"{text}\", "));
        all.into_iter().filter(|one| one.starts_with("L123")).collect::<Vec<_>>()
    };
    only(
        &with("phrases = [", &paragraph),
        "L123 6:12 too long to match: this phrase has 61 words, and only a post with all of them",
    );
    only(
        &with("variants = [", &paragraph),
        "L123 7:13 too long to match: this variant has 61 words, and only a post with most of them",
    );
    let sentence = paragraph.split_once(' ').unwrap().1;
    assert_eq!(with("phrases = [", sentence), Vec::<String>::new());
}

#[test]
fn an_editor_takes_a_judgement_back_with_a_reason() {
    let accept = |line: &str| changed("rating = \"exaggerated\"\n", &format!("{line}\n")).len();
    assert_eq!(accept("# accept L117: they never rate"), 0);
    assert_eq!(accept("# accept L111, L117: they never rate"), 0);
    assert_eq!(accept("# accept L117:"), 1, "a reason is asked for");
    assert_eq!(accept("# accept L111: another"), 1);
}

#[test]
fn drafts_are_judged_by_their_wordings_only() {
    let text =
        "format = 1\n[[claim]]\nid = \"nk-x\"\nclaim = \"c\"\nstatus = \"draft\"\n[claim.match]\nvariants = [\"he said so\"]\n";
    only(&found(text), "L101 ");
}
