//! Archives of bulk claims as an operator meets them: configured, checked, explained, run; and input that nobody should send.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

const MOON: &str = r#"{"id":"Moon 1","claim":"The moon landing of 1969 was staged in a film studio in Nevada.","title":"Was the moon landing staged?","url":"https://checks.example/moon","publisher":"The Lunar Review","rating":"Pants on fire","date":"2019-07-20"}"#;
const SHARK: &str = r#"{"id":"shark","claim":"A photograph shows a shark swimming on a flooded motorway in Houston.","url":"https://checks.example/shark"}"#;
const POST: &str = "They staged the moon landing of 1969 in a film studio in Nevada";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// A source with one post, two desks, and rules beside two archives, one of them packed.
    fn configured(rules: &str) -> Self {
        let place = Self::new();
        let text = format!(
            "[store]\nurl = \"sqlite:db/claimwatch.db\"\n[rules]\npaths = [\"rules\"]\n{rules}\n\
             [[source]]\nname = \"wire\"\nkind = \"file\"\npath = \"feed.xml\"\nbackfill = \"all\"\n\
             [[desk]]\nname = \"desk\"\nto = [\"desk@example.org\"]\ntopics = [\"cheese\"]\ngather = \"0s\"\n\
             [[desk]]\nname = \"other\"\nto = [\"other@example.org\"]\ntopics = [\"sea\"]\ngather = \"0s\"\n\
             [mail]\nvia = \"folder\"\nfolder = \"mail\"\n"
        );
        place.write("config/claimwatch.toml", text);
        place.write("rules/archive.jsonl", format!("{MOON}\nno claim\n"));
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(SHARK.as_bytes()).unwrap();
        place.write("rules/more.jsonl.gz", packed.finish().unwrap());
        let feed = format!(
            "<rss version=\"2.0\"><channel><title>W</title><item><guid>1</guid><title>{POST}</title></item></channel></rss>"
        );
        place.write("feed.xml", feed);
        place
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        command.env_remove("CLAIMWATCH_CONFIG").env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET");
        command.output().unwrap()
    }

    fn letters(&self) -> Vec<String> {
        let files = fs::read_dir(self.path("mail/new")).into_iter().flatten().flatten().map(|entry| entry.path());
        files.map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    fn matches(&self, claims: &str, posts: impl AsRef<[u8]>, more: &[&str]) -> (Vec<serde_json::Value>, String) {
        self.write("claims.jsonl", claims);
        self.write("posts.jsonl", posts);
        let given = ["match", "--rules", "claims.jsonl", "--posts", "posts.jsonl", "--format", "json"];
        let output = self.run(&[&given, more].concat());
        let lines = String::from_utf8(output.stdout).unwrap();
        let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        (lines, String::from_utf8(output.stderr).unwrap())
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

#[test]
fn check_counts_bulk_claims_and_tells_bad_lines_with_their_place() {
    let place = Place::configured("");
    let output = place.run(&["check"]);
    let text = text(&output);
    assert!(text.contains("2 bulk claims in 2 archives") && text.contains("rules/archive.jsonl:2"), "{text}");
    assert!(output.status.success(), "a bad line is left out; it is no reason to stop: {text}");
    let json: serde_json::Value = serde_json::from_slice(&place.run(&["check", "--format", "json"]).stdout).unwrap();
    let told: Vec<_> = json["diagnostics"].as_array().unwrap().iter().map(|one| (&one["code"], &one["line"])).collect();
    assert_eq!((&json["bulk_claims"], &told[..]), (&2.into(), &[(&"E042".into(), &2.into())][..]), "{text}");
}

#[test]
fn an_archive_that_holds_no_claim_or_is_cut_off_is_an_error() {
    let place = Place::configured("");
    place.write("rules/archive.jsonl", "id,claim\n1,moon\n");
    assert_eq!(place.run(&["check"]).status.code(), Some(1));
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(MOON.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    place.write("rules/archive.jsonl", MOON);
    place.write("rules/more.jsonl.gz", &packed[..packed.len() - 12]);
    let output = place.run(&["check"]);
    assert!(output.status.code() == Some(1) && text(&output).contains("cannot be read to its end"), "{}", text(&output));
}

#[test]
fn explain_shows_the_bulk_claim_and_where_it_goes() {
    let output = Place::configured("").run(&["explain", POST]);
    let text = text(&output);
    assert!(text.contains("Moon 1") && text.contains("bulk claim") && text.contains("for the digest"), "{text}");
}

#[test]
fn bulk_claims_write_letters_only_if_the_configuration_says_so() {
    let quiet = Place::configured("");
    let said = text(&quiet.run(&["run", "--once"]));
    assert!(quiet.letters().is_empty(), "{said}");
    assert!(said.contains("1 repeats 1 checked claim"), "{said}");
    let loud = Place::configured("bulk = \"alert\"\nbulk_desks = [\"other\"]");
    let said = text(&loud.run(&["run", "--once"]));
    let letters = loud.letters();
    assert_eq!(letters.len(), 1, "{said}");
    assert!(letters[0].contains("other@example.org") && letters[0].contains("https://checks.example/moon"), "{}", letters[0]);
}

#[test]
fn bulk_sightings_have_a_reason_of_their_own_everywhere() {
    let place = Place::configured("");
    place.run(&["run", "--once"]);
    for (command, words) in [
        (&["explain", "--sighting", "1"][..], "the claim comes from an archive: for the digest (bulk"),
        (&["status"], "(bulk 2)"),
    ] {
        let said = text(&place.run(command));
        assert!(said.contains(words), "{words} is missing from\n{said}");
    }
}

#[test]
fn a_desk_that_only_archives_write_to_is_not_idle_and_one_that_they_do_not_is() {
    let idle = |rules: &str| text(&Place::configured(rules).run(&["check"])).matches("L130").count();
    assert_eq!(idle(""), 0);
    assert_eq!(idle("bulk_desks = [\"other\"]"), 1);
    assert_eq!(idle("bulk = \"count\""), 2);
}

#[test]
fn settings_for_bulk_claims_that_cannot_be_are_told() {
    for (rules, told) in [
        ("bulk = \"alarm\"", "cannot be"),
        ("bulk_desks = [\"nobody\"]", "there is no desk"),
        ("bulk_alert = 0.4", "is below `bulk_possible`"),
        ("bulk_alert = 90", "between 0 and 1"),
    ] {
        let output = Place::configured(rules).run(&["check"]);
        assert!(output.status.code() == Some(1) && text(&output).contains(told), "{rules}: {}", text(&output));
    }
}

#[test]
fn rules_and_archives_are_matched_together() {
    let place = Place::configured("");
    place.write(
        "rules/moon.toml",
        "format = 1\n[[claim]]\nid = \"moon-rule\"\nclaim = \"Staged.\"\n[claim.match]\nphrases = [\"the moon landing of 1969\"]\n",
    );
    place.write("posts.jsonl", format!("{{\"id\":\"p\",\"text\":\"{POST}\"}}\n"));
    let output = place.run(&["match", "--rules", "rules", "--posts", "posts.jsonl", "--format", "json"]);
    let line: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    let claims: Vec<&str> = line["matches"].as_array().unwrap().iter().map(|m| m["claim"].as_str().unwrap()).collect();
    assert_eq!(claims, ["moon-rule", "Moon 1"]);
}

#[test]
fn threads_and_the_order_of_claims_change_no_answer() {
    let place = Place::new();
    let posts: String =
        (0..600).map(|n| format!("{{\"id\":\"{n}\",\"text\":\"{POST} number {n}, a shark in Houston\"}}\n")).collect();
    let more = ["--top", "60", "--min-score", "0"];
    let (one, _) = place.matches(&format!("{MOON}\n{SHARK}\n"), &posts, &[&more[..], &["--threads", "1"]].concat());
    let (many, _) = place.matches(&format!("{SHARK}\n{MOON}\n"), &posts, &[&more[..], &["--threads", "5"]].concat());
    assert_eq!((one.len(), one[0]["matches"].as_array().unwrap().len()), (600, 2));
    assert!(one == many);
}

#[test]
fn posts_nobody_should_send_are_answered_or_told() {
    let long = format!("{{\"id\":\"long\",\"text\":\"{} {POST}\"}}", "noise ".repeat(170_000));
    let posts = [
        "{\"id\":\"half\",\"text\":\"moon \\ud83d landing\"}".to_owned(),
        long,
        "{\"id\":\"empty\",\"text\":\"\"}".to_owned(),
        format!("{{\"id\":\"turned\",\"text\":\"\u{202e}{POST}\u{202c}\"}}"),
        "{\"id\":\"no text\"}".to_owned(),
        "nonsense".to_owned(),
    ];
    let place = Place::new();
    let (lines, told) = place.matches(&format!("{MOON}\n{SHARK}\n"), posts.join("\n"), &[]);
    let ids: Vec<&str> = lines.iter().map(|line| line["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["half", "long", "empty", "turned"]);
    assert_eq!(lines[1]["matches"][0]["claim"], "Moon 1", "found at the end of a megabyte");
    assert_eq!(lines[2]["matches"].as_array().map(Vec::len), Some(0));
    assert_eq!(lines[3]["matches"][0]["claim"], "Moon 1", "controls that nobody sees hide nothing");
    assert!(
        told.contains("posts.jsonl:5:") && told.contains("posts.jsonl:6:") && told.contains("2 posts could not be read"),
        "{told}"
    );
}

#[test]
fn claims_nobody_should_send_are_matched_all_the_same() {
    one_word_claims(50_000);
}

#[test]
#[ignore = "takes ten seconds unless built for release; run with `cargo test -- --ignored million`"]
fn half_a_million_claims_of_one_word_are_matched_all_the_same() {
    one_word_claims(500_000);
}

/// Matches a post with its claim among so many of one word, one in twelve of which say the same, and one of 10,000 words.
fn one_word_claims(count: usize) {
    let words = |n: usize| match n % 12 {
        0 => format!("{{\"id\":\"c{n}\",\"claim\":\"moon\"}}\n"),
        _ => format!("{{\"id\":\"c{n}\",\"claim\":\"moon{n}\"}}\n"),
    };
    let one_word: String = (0..count).map(words).collect();
    let endless = format!("{{\"id\":\"endless\",\"claim\":\"{}\"}}\n", "moon landing studio ".repeat(3_400));
    let place = Place::new();
    let (lines, _) =
        place.matches(&(one_word + &endless + MOON), format!("{{\"id\":\"p\",\"text\":\"{POST}\"}}\n"), &["--min-score", "0"]);
    assert_eq!(lines[0]["matches"][0]["claim"], "Moon 1", "{}", lines[0]);
    assert_eq!(lines[0]["matches"].as_array().map(Vec::len), Some(5));
}

#[test]
fn thousands_of_claims_with_one_id_are_one_claim_and_a_few_lines() {
    let place = Place::configured("");
    place.write("rules/archive.jsonl", format!("{MOON}\n").repeat(20_000));
    let output = place.run(&["check"]);
    let said = text(&output);
    assert!(
        output.status.success() && said.contains("2 bulk claims in 2 archives"),
        "{}",
        &said[said.len().saturating_sub(400)..]
    );
    assert!(said.contains("the id \"Moon 1\" is taken by an earlier line") && said.len() < 100_000, "{}", said.len());
    assert!(said.contains("19979 more lines after this one cannot be used"), "{}", &said[said.len().saturating_sub(400)..]);
}
