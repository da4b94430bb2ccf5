//! The commands, as they are typed and as they answer.

use std::fs;
use std::path::Path;

use claimwatch::cli::output::Answer;
use claimwatch::cli::{Command, CommandLine, Exit, check, explain, test};
use clap::{CommandFactory, Parser};
use tempfile::TempDir;

fn say(arguments: &[&str]) -> Answer {
    let line = CommandLine::try_parse_from([&["claimwatch"], arguments].concat()).unwrap();
    match line.command {
        Command::Check(arguments) => check::check(&arguments),
        Command::Test(arguments) => test::test(&arguments),
        Command::Explain(arguments) => waited_for(explain::explain(&arguments)),
        _ => panic!("not here"),
    }
}

fn waited_for<T>(answer: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(answer)
}

fn json(answer: &Answer) -> serde_json::Value {
    serde_json::from_str(&answer.text).unwrap()
}

/// One rule with these lines, in a folder of its own.
fn rule(lines: &str) -> (TempDir, String) {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("rules.toml");
    fs::write(&path, format!("format = 1\n[[claim]]\nid = \"nk-sleep-well\"\nclaim = \"c\"\n{lines}")).unwrap();
    let name = path.to_str().unwrap().to_owned();
    (folder, name)
}

const SLEEP: &str = "[claim.match]\nphrases = [\"sleep well tonight\"]\nall_of = [[\"North Korea\"]]\n";

#[test]
fn the_command_line_is_well_formed() {
    CommandLine::command().debug_assert();
}

#[test]
fn check_finds_the_shipped_files_in_order() {
    let answer = say(&["check"]);
    assert_eq!((answer.text.as_str(), answer.exit), ("3 files, 7 claims: 0 errors, 0 warnings.\n", Exit::Fine));
}

#[test]
fn check_counts_what_it_found_and_fails() {
    let (_folder, path) = rule("severty = 2\n[claim.match]\nphrases = [“x”]\n");
    let answer = say(&["check", &path]);
    assert_eq!(answer.exit, Exit::Faults);
    assert!(answer.text.contains("1 file, 1 claim: 2 errors, 0 warnings."), "{}", answer.text);
    let answer = json(&say(&["check", "--format", "json", &path]));
    assert_eq!(answer["diagnostics"][0]["code"], "E012");
    assert_eq!((&answer["diagnostics"][0]["line"], &answer["diagnostics"][0]["column"]), (&5.into(), &1.into()));
}

#[test]
fn check_without_a_configuration_says_so() {
    let answer = say(&["check", "--config", "no/such.toml"]);
    assert_eq!(answer.exit, Exit::Unreadable);
    assert!(answer.text.contains("there is no such file"), "{}", answer.text);
}

#[test]
fn the_shipped_rules_pass_their_own_tests() {
    let answer = say(&["test"]);
    assert_eq!(answer.exit, Exit::Fine, "{}", answer.text);
}

#[test]
fn test_names_what_is_missing_and_what_is_noisy() {
    let tests = "[claim.tests]\nmust_match = [\"North Korea: sleep well tonight\", \"North Korea is over, sleep tight\", \"Sleep well tonight\"]\nmust_not_match = [\"Sleep well tonight, North Korea\", \"good night\"]\n";
    let (_folder, path) = rule(&format!("{SLEEP}{tests}"));
    let answer = say(&["test", "--rules", &path]);
    assert_eq!(answer.exit, Exit::Faults);
    let text = &answer.text;
    assert!(text.contains("nk-sleep-well  .MMN.  2 missing, 1 noisy"), "{text}");
    assert!(text.contains("all_of: nothing in the text from \"North Korea\""), "{text}");
    assert!(text.contains("try: phrases += \"North Korea is over, sleep tight\""), "{text}");
    assert!(text.contains("1 rule: 2 of 5 as expected."), "{text}");
}

#[test]
fn a_pending_test_does_not_fail_and_is_told_when_it_arrives() {
    let tests = "[claim.tests]\nmust_match = [{ text = \"nothing alike\", pending = true }, { text = \"North Korea: sleep well tonight\", pending = true }]\n";
    let (_folder, path) = rule(&format!("{SLEEP}{tests}"));
    let answer = say(&["test", "--rules", &path]);
    assert_eq!(answer.exit, Exit::Fine);
    assert!(answer.text.contains("p!  ok, 1 pending, 1 no longer pending"), "{}", answer.text);
    let outcomes = json(&say(&["test", "--rules", &path, "--format", "json"]));
    assert_eq!(outcomes["rules"][0]["tests"][1]["outcome"], "no-longer-pending");
}

#[test]
fn drafts_can_be_tested() {
    let (_folder, path) =
        rule(&format!("status = \"draft\"\n{SLEEP}[claim.tests]\nmust_match = [\"North Korea: sleep well tonight\"]\n"));
    assert_eq!(say(&["test", "--rules", &path]).exit, Exit::Fine);
}

#[test]
fn an_unknown_rule_is_wrong_usage_with_a_hint() {
    for arguments in [&["test", "nk-averted-wars"][..], &["explain", "--rule", "nk-averted-wars", "x"][..]] {
        let answer = say(arguments);
        assert_eq!(
            (answer.exit, answer.trouble.as_str()),
            (Exit::Usage, "There is no rule nk-averted-wars. Did you mean nk-averted-war?\n")
        );
    }
}

#[test]
fn faulty_rules_stop_test_and_explain_with_their_mistakes() {
    let (_folder, path) = rule("severty = 2\n");
    for arguments in [&["test", "--rules", &path][..], &["explain", "--rules", &path, "x"][..]] {
        let answer = say(arguments);
        assert_eq!((answer.exit, answer.text.as_str()), (Exit::Unreadable, ""));
        assert!(answer.trouble.contains("did you mean `severity`?"), "{}", answer.trouble);
    }
}

#[test]
fn explain_marks_wording_and_gate_and_tells_the_decision() {
    let (_folder, path) = rule(&format!("topic = \"north-korea\"\n{SLEEP}"));
    let answer = say(&["explain", "--rules", &path, "North Korea is no problem. No longer - sleep well tonight!"]);
    let text = &answer.text;
    assert!(text.starts_with("ALERT  nk-sleep-well  1.00 ≥ 0.75 (normal)   revision "), "{text}");
    assert!(text.contains("«North Korea» is no problem. No longer - ⟦sleep well tonight⟧!"), "{text}");
    assert!(text.contains("so       politics is told"), "{text}");
    let answer = json(&say(&["explain", "--rules", &path, "--format", "json", "Sleep well tonight"]));
    assert_eq!(answer["judgements"][0]["decision"], "possible");
    assert_eq!(answer["judgements"][0]["why"], "no alert: strong enough, but a gate fails; listed as possible in the digest");
}

#[test]
fn explain_without_a_match_is_no_failure() {
    let answer = say(&["explain", "The weather will be fine"]);
    assert_eq!(answer.exit, Exit::Fine);
}

#[test]
fn a_sleeping_rule_is_explained_when_asked_by_name() {
    let (_folder, path) = rule(&format!("status = \"paused\"\n{SLEEP}"));
    let answer = say(&["explain", "--rules", &path, "--rule", "nk-sleep-well", "North Korea, sleep well tonight"]);
    assert!(answer.text.contains("would alert, but the rule is paused and not loaded"), "{}", answer.text);
    let answer = say(&["explain", "--rules", &path, "North Korea, sleep well tonight"]);
    assert!(answer.text.starts_with("No match"), "{}", answer.text);
}

#[test]
fn rule_files_alone_need_no_configuration() {
    let (_folder, path) = rule(SLEEP);
    assert!(!Path::new("no/such.toml").exists());
    assert_eq!(say(&["check", "--config", "no/such.toml", &path]).exit, Exit::Fine);
}

const POST: &str = "North Korea is no problem. No longer - sleep well tonight!";

#[test]
fn explain_names_the_stage_that_holds_a_match_back() {
    for (lines, wanted) in [
        ("", "HELD   nk-sleep-well  1.00 ≥ 0.75"),
        ("", "so       would alert, but no desk hears of it"),
        ("topic = \"north-korea\"\nstatus = \"test\"\n", "so       counted, but nobody is told: the rule is in test"),
        (
            "topic = \"north-korea\"\nactive_from = 2999-01-01\n",
            "so       would alert, but the rule begins on 2999-01-01 (active_from)",
        ),
        ("topic = \"north-korea\"\nexpires = 2020-01-01\n", "so       would alert, but the rule expired on 2020-01-01 (expires)"),
        (
            "topic = \"north-korea\"\n[claim.when]\nassertion = \"ignore\"\n",
            "so       nothing happens: the rule ignores posts of this stance (assertion)",
        ),
        (
            "topic = \"north-korea\"\n[claim.when]\nassertion = \"digest\"\n",
            "so       no letter of its own: for the digest of politics",
        ),
    ] {
        let (_folder, path) = rule(&format!("{lines}{SLEEP}"));
        let answer = say(&["explain", "--rules", &path, POST]);
        assert!(answer.text.contains(wanted), "{wanted}: {}", answer.text);
    }
}

#[test]
fn an_address_is_compared_as_one_and_nothing_is_fetched() {
    let urls = "urls = [\"https://twitter.com/somebody/status/1006837823469735936\"]\n";
    let (_folder, path) = rule(&format!("topic = \"north-korea\"\n{SLEEP}{urls}"));
    let answer = say(&["explain", "--rules", &path, "https://x.com/somebody/status/1006837823469735936?s=20"]);
    assert!(answer.text.starts_with("Compared as an address. --fetch compares the page behind it."), "{}", answer.text);
    assert!(answer.text.contains("ALERT  nk-sleep-well  1.00"), "{}", answer.text);
    assert!(
        answer.text.contains("address  1.00  \"https://twitter.com/somebody/status/1006837823469735936\""),
        "{}",
        answer.text
    );
    let other = say(&["explain", "--rules", &path, "https://example.org/"]);
    assert!(other.text.contains("No match: this address stands in no urls of any of 1 rule."), "{}", other.text);
    let text = say(&["explain", "--fetch", "--rules", &path, "a text"]);
    assert_eq!(text.exit, Exit::Usage);
}

/// What every command says last in its help, with the command's name.
fn endings(command: &clap::Command, name: &str, found: &mut Vec<(String, String)>) {
    let name = format!("{name} {}", command.get_name());
    found.extend(command.get_after_help().map(|text| (name.clone(), text.to_string())));
    command.get_subcommands().for_each(|inner| endings(inner, &name, found));
}

#[test]
fn help_reads_well_on_a_narrow_terminal() {
    let mut found = Vec::new();
    endings(&<CommandLine as clap::CommandFactory>::command(), "", &mut found);
    assert!(found.len() > 20, "{}", found.len());
    for (command, text) in found {
        assert!(text.contains("Exit code: 0"), "{command} says no exit codes");
        let lines: Vec<&str> = text.lines().collect();
        for pair in lines.windows(2) {
            let is_prose = |line: &str| !line.is_empty() && !line.starts_with(' ') && !line.ends_with(':');
            // Prose is wrapped to the terminal's width: a line end of ours would stand in the middle of a line there.
            assert!(!pair.iter().all(|line| is_prose(line)), "{command}: {pair:?}");
        }
        for line in lines.iter().filter(|line| line.starts_with(' ')) {
            assert!(line.chars().count() <= 79, "{command}: an example is too wide for 80 columns: {line}");
        }
    }
}

#[test]
fn tests_that_fail_are_annotations_beside_their_lines() {
    let tests =
        "[claim.tests]\nmust_match = [\n  \"nothing alike\",\n]\nmust_not_match = [\"Sleep well tonight, North Korea\"]\n";
    let (_folder, path) = rule(&format!("{SLEEP}{tests}"));
    let answer = say(&["test", "--rules", &path, "--format", "github"]);
    assert_eq!((answer.exit, answer.text.lines().count()), (Exit::Faults, 2));
    assert!(
        answer.text.contains(",line=10,col=3,title=MISSING::nk-sleep-well should match this post, and does not%0A"),
        "{}",
        answer.text
    );
    assert!(
        answer.text.contains(",line=12,col=19,title=NOISY::nk-sleep-well should not match this post, and does%0A"),
        "{}",
        answer.text
    );
}
