//! Rule files as editors write them: every mistake told, with its place and how to mend it.

use std::fs;
use std::path::{Path, PathBuf};

use claimwatch::model::claim::{CheckDate, Severity, Status, Verdict};
use claimwatch::model::sighting::{Stance, When, WordingKind};
use claimwatch::rules::diagnostic::{Diagnostic, any_error};
use claimwatch::rules::life::holds_on;
use claimwatch::rules::reading::document::MAX_BYTES;
use claimwatch::rules::render::render;
use claimwatch::rules::syntax::read;
use claimwatch::rules::{Rule, RuleText};
use proptest::prelude::*;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(name: &str, text: impl AsRef<[u8]>) -> RuleText {
    RuleText { name: name.to_owned(), bytes: text.as_ref().to_vec() }
}

fn shipped() -> Vec<RuleText> {
    ["rules/lists.toml", "rules/north-korea.toml"].map(|name| file(name, fs::read(root().join(name)).unwrap())).to_vec()
}

fn one(text: &str) -> Rule {
    let (mut rules, found) = read(&[file("rules/x.toml", text)]);
    assert_eq!(found, [], "no mistakes");
    rules.remove(0)
}

fn codes(found: &[Diagnostic]) -> Vec<(&'static str, usize)> {
    found.iter().map(|one| (one.code, one.place.line)).collect()
}

const SHORT: &str =
    "format = 1\n[[claim]]\nid = \"nk-sleep-well\"\nclaim = \"c\"\n[claim.match]\nphrases = [\"sleep well tonight\"]\n";

/// Every file in `tests/rules/broken` has its answer beside it; `CLAIMWATCH_BLESS=1 cargo test` writes them anew.
#[test]
fn every_broken_file_is_answered_as_written_down() {
    let folder = root().join("tests/rules/broken");
    let mut names: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| name.extension().is_some_and(|extension| extension == "toml"));
    names.sort();
    assert!(names.len() >= 15, "the broken files are there");
    for path in names {
        let short = path.file_name().unwrap().to_str().unwrap();
        let texts = [file(short, fs::read(&path).unwrap())];
        let (rules, found) = read(&texts);
        assert!(any_error(&found) && rules.is_empty(), "{short} is broken, so none of its rules is used");
        let drawn: String = found.iter().map(|one| render(one, &texts, false) + "\n\n").collect();
        let answer = path.with_extension("out");
        if std::env::var_os("CLAIMWATCH_BLESS").is_some() {
            fs::write(&answer, &drawn).unwrap();
        }
        let wanted = fs::read_to_string(&answer).unwrap_or_default();
        assert_eq!(drawn, wanted, "{short} is answered otherwise than {} says", answer.display());
    }
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_change_nothing_that_people_see() {
    for path in ["curly-quotes", "missing-comma", "unknown-keys", "wrong-kinds", "forgotten-bracket", "forgotten-quote"] {
        let text = fs::read_to_string(root().join(format!("tests/rules/broken/{path}.toml"))).unwrap();
        let windows = format!("\u{feff}{}", text.replace('\n', "\r\n"));
        let plain = [file("x.toml", text)];
        let windows = [file("x.toml", windows)];
        let drawn = |files: &[RuleText]| read(files).1.iter().map(|one| render(one, files, false)).collect::<Vec<_>>();
        assert_eq!(drawn(&plain), drawn(&windows), "{path}");
    }
    let windows = format!("\u{feff}{}", SHORT.replace('\n', "\r\n"));
    assert_eq!(one(&windows).claim, one(SHORT).claim);
}

#[test]
fn the_place_counts_characters_and_the_drawing_says_the_same() {
    let text = "format = 1\n[[claim]]\nid = \"nk-x\"\nclaim = \"北朝鮮 😴\"\n[claim.match]\n\tphrases = [\"北朝鮮の核\", 5]\n";
    let texts = [file("rules/x.toml", text)];
    let (_, found) = read(&texts);
    assert_eq!((found[0].place.line, found[0].place.column), (6, 22));
    assert_eq!(&texts[0].bytes[found[0].place.bytes.clone()], b"5");
    assert!(render(&found[0], &texts, false).contains("rules/x.toml:6:22"));
}

#[test]
fn one_slip_does_not_hide_the_next() {
    let text = SHORT
        .replace("[[claim]]", "[[claim]]\nseverty = “high”")
        .replace("tonight\"]", "tonight\" \"sleep tight\"]\nstrictness = \"norml\"");
    let (rules, found) = read(&[file("x.toml", text)]);
    assert_eq!(codes(&found), [("E012", 3), ("E003", 3), ("E004", 7), ("E015", 8)]);
    assert!(rules.is_empty());
}

#[test]
fn a_faulty_file_takes_only_its_own_rules_out() {
    let other = SHORT.replace("nk-sleep-well", "nk-other").replace("claim = \"c\"", "claim = 5");
    let (rules, found) = read(&[file("a.toml", SHORT), file("b.toml", other)]);
    assert_eq!(rules.iter().map(|rule| rule.claim.id.0.as_str()).collect::<Vec<_>>(), ["nk-sleep-well"]);
    assert_eq!(found.iter().map(|one| one.place.file.as_str()).collect::<Vec<_>>(), ["b.toml"]);
}

#[test]
fn an_id_used_in_two_files_is_told_with_both_places() {
    let (_, found) = read(&[file("a.toml", SHORT), file("b.toml", SHORT)]);
    let (also, _) = found[0].also.as_ref().unwrap();
    assert_eq!((found[0].code, found[0].place.file.as_str(), also.file.as_str()), ("E021", "b.toml", "a.toml"));
    assert_eq!((also.line, also.column), (3, 6));
}

#[test]
fn shared_lists_reach_across_files_and_remember_their_name() {
    let lists = "format = 1\n[lists]\nnorth-korea = [\"DPRK\", \"North Korean*\"]\n";
    let rule = format!("{SHORT}all_of = [[\"@north-korea\", \"Kim\"]]\n");
    let (rules, found) = read(&[file("a.toml", rule), file("z.toml", lists)]);
    assert_eq!(found, []);
    let terms: Vec<_> = rules[0].all_of[0].iter().map(|term| (term.text.as_str(), term.prefix, term.list.as_deref())).collect();
    assert_eq!(terms, [("DPRK", false, Some("north-korea")), ("North Korean", true, Some("north-korea")), ("Kim", false, None)]);
}

#[test]
fn a_list_in_an_unreadable_file_is_not_called_unknown() {
    let rule = format!("{SHORT}any_of = [\"@north-korea\"]\n");
    let (_, found) = read(&[file("a.toml", rule), file("lists.toml", b"caf\xE9")]);
    assert_eq!(codes(&found), [("E001", 1)]);
}

#[test]
fn every_key_of_the_format_is_understood() {
    let rule = one(r#"
format = 1
[lists]
kim-jong-un = ["Kim Jong-un"]
[[claim]]
id = "nk-all-keys"
status = "test"
claim = "A claim."
claimant = "Somebody"
said_on = 2018-06-13
topic = "north-korea"
tags = ["a", "b"]
severity = "high"
desks = ["politics"]
owner = "ana@example.org"
review_by = 2027-01-31
active_from = 2026-01-01
expires = 2028-01-01
replaces = ["nk-older"]
notes = "n"
[claim.match]
strictness = "strict"
phrases = ["one two three", { lang = "pt-BR", text = "um dois" }]
variants = ["another wording"]
all_of = [["@kim-jong-un"], ["nuclear*"]]
any_of = ["x"]
none_of = ["y"]
urls = ["https://example.org/post?utm_source=x"]
[claim.when]
denial = "ignore"
report = "digest"
[[claim.factcheck]]
publisher = "AP"
url = "https://example.org/check"
title = "T"
rating = "Pants on fire"
verdict = "mixed"
date = 2018-06-20
lang = "en"
[[claim.factcheck]]
publisher = "Conversation"
date = 2020
[claim.tests]
must_match = ["x", { text = "y", lang = "fr", url = "https://example.org/", expect = "report", why = "w", pending = true }]
must_not_match = ["z"]
"#);
    let claim = &rule.claim;
    assert_eq!((claim.status, claim.severity, rule.threshold.value()), (Status::Test, Severity::High, 0.85));
    assert_eq!(
        rule.wordings.iter().map(|w| w.kind).collect::<Vec<_>>(),
        [WordingKind::Phrase, WordingKind::Phrase, WordingKind::Variant]
    );
    assert_eq!(rule.wordings[1].lang.as_ref().unwrap().0, "pt");
    assert_eq!((rule.all_of.len(), rule.any_of.len(), rule.none_of.len(), rule.urls.len()), (2, 1, 1, 1));
    assert_eq!(rule.when, [(Stance::Report, When::Digest), (Stance::Denial, When::Ignore)]);
    assert_eq!((claim.fact_checks[0].verdict, claim.fact_checks[1].verdict), (Verdict::Mixed, Verdict::Unrated));
    assert_eq!(claim.fact_checks[0].rating.as_deref(), Some("Pants on fire"));
    assert_eq!((claim.fact_checks[1].date, &claim.fact_checks[1].url), (Some(CheckDate::Year(2020)), &None));
    assert_eq!(
        rule.tests.iter().map(|t| (t.matches, t.pending)).collect::<Vec<_>>(),
        [(true, false), (true, true), (false, false)]
    );
    assert_eq!((rule.upkeep.replaces[0].0.as_str(), rule.upkeep.owner.as_deref()), ("nk-older", Some("ana@example.org")));
    assert_eq!(rule.upkeep.desk_places[0].line, 14);
    let day = |text: &str| text.parse().unwrap();
    assert_eq!(
        ["2025-12-31", "2026-01-01", "2028-01-01", "2028-01-02"].map(|on| holds_on(&rule, day(on))),
        [false, true, true, false]
    );
}

#[test]
fn a_revision_outlives_layout_comments_and_routing_but_not_another_wording() {
    let rule = one(SHORT);
    assert_eq!(rule.claim.revision.0.len(), 12);
    let same = [
        SHORT.replace("phrases = [\"", "# a comment\nphrases = [\n  \"").replace('\n', "\r\n"),
        SHORT.replace(
            "id = \"nk-sleep-well\"\nclaim = \"c\"",
            "owner = \"ana\"\ntopic = \"t\"\nclaim   = 'c'\nid=\"nk-sleep-well\"",
        ),
        format!("{SHORT}[claim.tests]\nmust_match = [\"sleep well tonight\"]\n"),
    ];
    for text in same {
        assert_eq!(one(&text).claim.revision, rule.claim.revision, "{text}");
    }
    let other = [
        SHORT.replace("tonight", "tonite"),
        SHORT.replace("phrases", "variants"),
        format!("{SHORT}none_of = [\"mattress\"]\n"),
        format!("{SHORT}strictness = \"loose\"\n"),
        format!("{SHORT}[[claim.factcheck]]\npublisher = \"AP\"\n"),
    ];
    for text in other {
        assert_ne!(one(&text).claim.revision, rule.claim.revision, "{text}");
    }
}

#[test]
fn a_draft_may_be_without_wordings() {
    assert_eq!(one("format = 1\n[[claim]]\nid = \"nk-draft\"\nclaim = \"c\"\nstatus = \"draft\"\n").wordings, []);
}

#[test]
fn a_file_beyond_the_limit_is_refused_unread() {
    let (_, found) = read(&[file("big.toml", vec![b'#'; MAX_BYTES + 1])]);
    assert_eq!(codes(&found), [("E026", 1)]);
}

#[test]
fn a_great_deal_of_rubbish_is_answered_soon() {
    let start = std::time::Instant::now();
    for line in ["neither this nor that\n", "a = [\n", "“x”\n", "[[claim]]\n", "{{{{[[[[\n"] {
        let (_, found) = read(&[file("big.toml", line.repeat((256 << 10) / line.len()))]);
        assert!(any_error(&found));
    }
    assert!(start.elapsed().as_secs() < 30, "{:?}", start.elapsed());
}

#[test]
fn the_shipped_rules_are_sound_and_promise_what_the_article_checks() {
    let (rules, found) = read(&shipped());
    assert_eq!(found, []);
    assert_eq!(rules.len(), 7);
    for rule in &rules {
        let id = &rule.claim.id;
        assert_eq!((rule.claim.status, rule.claim.topic.as_deref()), (Status::Active, Some("north-korea")), "{id}");
        assert!(
            rule.tests.iter().any(|test| test.matches) && rule.tests.iter().any(|test| !test.matches),
            "{id} has tests of both kinds"
        );
        for lang in [None, Some("fr")] {
            assert!(
                rule.wordings.iter().any(|wording| wording.lang.as_ref().map(|lang| lang.0.as_str()) == lang),
                "{id} in {lang:?}"
            );
        }
        let seed = rule.claim.fact_checks.iter().find(|check| check.publisher.starts_with("The Conversation")).unwrap();
        assert_eq!((&seed.url, &seed.rating, seed.date), (&None, &None, Some(CheckDate::Year(2020))), "{id}");
        assert!(
            rule.claim.fact_checks.iter().all(|check| check.verdict != Verdict::False),
            "{id}: nothing found mixed is called false"
        );
    }
}

#[test]
fn a_blank_of_two_bytes_behind_an_open_list_is_no_stumbling_stone() {
    for damaged in [
        "format = 1\n[[claim]]\ntags = [\"a\"\u{a0}\n\nid = \"abc\"\n",
        "tags = [\"a北\u{a0}\n\n[[claim]]\n",
        "a = [“\u{a0}\n\nb = 1\n",
    ] {
        let texts = [file("damaged.toml", damaged)];
        let (_, found) = read(&texts);
        assert!(!found.is_empty(), "{damaged:?}");
        found.iter().for_each(|one| drop(render(one, &texts, false)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is done to a good file, it is read to the end and every place can be drawn.
    #[test]
    fn no_damage_makes_the_reader_stumble(at in 0.0..1.0f64, length in 0usize..60, with in "[\\[\\]{}\"'“”=,#\\\\\n a\u{a0}北]{0,8}") {
        let text = String::from_utf8(shipped().remove(1).bytes).unwrap();
        let floor = |mut at: usize| { while !text.is_char_boundary(at) { at -= 1 } at };
        let start = floor((at * text.len() as f64) as usize);
        let end = floor((start + length).min(text.len()));
        let damaged = format!("{}{with}{}", &text[..start], &text[end..]);
        let texts = [shipped().remove(0), file("damaged.toml", damaged)];
        let (_, found) = read(&texts);
        for one in &found {
            let drawn = render(one, &texts, false);
            let place = format!(":{}:{}", one.place.line, one.place.column);
            prop_assert!(drawn.contains(&place), "{} does not say {}", drawn, place);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_stumble(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let texts = [file("x.toml", bytes)];
        let (_, found) = read(&texts);
        found.iter().for_each(|one| { render(one, &texts, true); });
    }
}

#[test]
fn thousands_of_rules_with_one_id_or_in_a_circle_are_answered_soon() {
    let rule = |id: &str, older: &str| {
        format!(
            "[[claim]]\nid = \"{id}\"\nreplaces = [\"{older}\"]\nclaim = \"c\"\n[claim.match]\nphrases = [\"sleep well tonight\"]\n"
        )
    };
    let same = "format = 1\n".to_owned() + &rule("nk-one", "nk-old").repeat(5_000);
    let (rules, found) = read(&[file("rules/same.toml", same)]);
    assert_eq!((rules.len(), found.len()), (0, 4_999));
    assert!(found.iter().all(|one| one.code == "E021" && one.also.is_some()), "{:?}", found[0]);
    let ring: String = (0..5_000).map(|at| rule(&format!("nk-{at}"), &format!("nk-{}", (at + 1) % 5_000))).collect();
    let (rules, found) = read(&[file("rules/ring.toml", format!("format = 1\n{ring}"))]);
    assert_eq!((rules.len(), codes(&found)), (0, vec![("E025", 29_997)]), "a circle is told once, where it closes");
    let own = format!("format = 1\n{}", rule("nk-own", "nk-own"));
    assert_eq!(codes(&read(&[file("rules/own.toml", own)]).1).len(), 1);
}

#[test]
fn lists_that_name_lists_are_told_and_end() {
    let lists = "format = 1\n[lists]\na = [\"@b\", \"Korea\"]\nb = [\"@a\"]\nc = [\"@c\"]\n";
    let (_, found) = read(&[file("rules/lists.toml", lists)]);
    for line in [3, 4, 5] {
        assert!(codes(&found).contains(&("E023", line)), "{found:?}");
    }
}
