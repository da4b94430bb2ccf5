//! A change of rules, tried on the past: against decisions, against git, on a file; near-misses; what only history and the network show.

use std::fs;
use std::path::Path;
use std::process::Command;

use claimwatch::store::Store;
use claimwatch::store::settings::Settings;
use serde_json::Value;

use crate::editors::Newsroom;
use crate::server::{Answer, Server};

/// Replaces words in a file of the newsroom.
fn edit(room: &Newsroom, file: &str, old: &str, new: &str) {
    let text = fs::read_to_string(room.path(file)).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(room.path(file), text.replacen(old, new, 1)).unwrap();
}

fn git(folder: &Path, arguments: &[&str]) {
    let done = Command::new("git")
        .args(["-c", "user.email=ana@example.org", "-c", "user.name=Ana"])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// A newsroom with a past, whose rules are in git.
fn in_git() -> Newsroom {
    let room = Newsroom::with_a_past();
    git(room.folder.path(), &["init", "-q"]);
    git(room.folder.path(), &["add", "config", "rules"]);
    git(room.folder.path(), &["commit", "-q", "-m", "rules"]);
    room
}

const RULES: &str = "rules/north-korea.toml";
const PHRASE: &str = "  \"sleep well tonight\",\n";

fn of<'v>(answer: &'v Value, id: &str) -> &'v Value {
    answer["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == id).unwrap_or(&Value::Null)
}

#[test]
fn rules_that_were_not_changed_decide_as_they_did() {
    let room = Newsroom::with_a_past();
    let said = room.says(&["backtest"]);
    assert_eq!(said.code, 0, "{}", said.trouble);
    assert!(said.out.contains("what was decided → the rules as they are here; 90 days, 25 posts"), "{}", said.out);
    assert!(said.out.contains("0 posts appear, 0 disappear, 0 move"), "{}", said.out);
}

#[test]
fn what_a_change_loses_is_shown_with_why_and_with_what_people_said() {
    let room = in_git();
    let shown = room.json(&["show", "nk-sleep-well-tonight"]);
    let lost =
        shown["sightings"].as_array().unwrap().iter().find(|one| one["text"].as_str().unwrap().contains("SleepWellTonight"));
    let number = lost.unwrap()["id"].to_string();
    assert_eq!(room.says(&["feedback", &number, "confirm", "--by", "Ana"]).code, 0);
    edit(&room, RULES, PHRASE, "");
    for arguments in [&["backtest"][..], &["backtest", "--base", "HEAD"]] {
        let said = room.says(arguments);
        assert!(said.out.contains("was CONFIRMED by Ana"), "{}", said.out);
        assert!(said.out.contains("      now: 0."), "the strength it has now: {}", said.out);
        let answer = room.json(arguments);
        let rule = of(&answer, "nk-sleep-well-tonight");
        assert_eq!(
            (&rule["disappear"], &rule["judged"]["was"]["confirmed"], &rule["judged"]["now"]["confirmed"]),
            (&1.into(), &1.into(), &0.into())
        );
    }
    let unchanged = room.json(&["backtest", "--base", "HEAD"]);
    assert_eq!(
        (&unchanged["unchanged_rules"], of(&unchanged, "nk-averted-war")),
        (&6.into(), &Value::Null),
        "only what changed is tried"
    );
}

#[test]
fn a_rule_that_finds_more_can_be_stopped_in_ci() {
    let room = in_git();
    let wide = "format = 1\n[[claim]]\nid = \"wide-one\"\nclaim = \"c\"\ntopic = \"north-korea\"\n[claim.match]\nphrases = [\"North Korea\"]\n";
    fs::write(room.path("rules/wide.toml"), wide).unwrap();
    let markdown = ["backtest", "--base", "HEAD", "--format", "markdown", "--max-new", "0"];
    let said = room.says(&markdown);
    assert_eq!(said.code, 1, "{} {}", said.out, said.trouble);
    assert!(said.out.contains("| <code>wide-one</code> | new |"), "{}", said.out);
    assert!(said.out.contains("would newly reach a desk, more than the 0 allowed"), "{}", said.out);
    assert!(said.out.contains("<b>North Korea</b>"), "{}", said.out);
    fs::write(room.path("rules/wide.toml"), wide.replace("topic", "status = \"test\"\ntopic")).unwrap();
    let said = room.says(&["backtest", "--base", "HEAD", "--max-new", "0"]);
    assert!(said.code == 0 && said.out.contains("counted"), "a rule in test tells nobody: {}", said.out);
}

#[test]
fn git_that_cannot_answer_is_told_in_a_sentence() {
    let room = in_git();
    let said = room.says(&["backtest", "--base", "no-such-branch"]);
    assert!(said.code == 2 && said.trouble.starts_with("git knows no revision no-such-branch here."), "{}", said.trouble);
    let said = room.says(&["backtest", "--base=-x"]);
    assert!(said.code == 2 && said.trouble.contains("is no git revision"), "{}", said.trouble);
    let elsewhere = Newsroom::with_a_past();
    let said = elsewhere.says(&["backtest", "--base", "HEAD"]);
    assert!(said.code == 2 && said.trouble.contains("does not lie in a git repository"), "{}", said.trouble);
    let said = room.says_with(&["backtest", "--base", "HEAD"], &[("PATH", "/nowhere")]);
    assert!(said.code == 2 && said.trouble.starts_with("git is not installed here"), "{}", said.trouble);
}

#[test]
fn posts_of_a_file_need_no_memory_and_bad_lines_are_told() {
    let room = Newsroom::new();
    let lines = "{\"id\": \"1\", \"text\": \"Trump to Americans on North Korea: 'Sleep well tonight'\"}\n\nnot a post\n{\"id\": \"2\", \"text\": \"Rain at noon\"}\n";
    fs::write(room.path("posts.jsonl"), lines).unwrap();
    let said = room.says(&["backtest", "--posts", "posts.jsonl"]);
    assert!(said.out.contains("nothing → the rules as they are here; 2 posts"), "{}", said.out);
    assert!(said.out.contains("+ 1.00  1  letter"), "{}", said.out);
    assert!(
        said.trouble.contains("posts.jsonl:3: not a post") && said.trouble.contains("1 line was left out."),
        "{}",
        said.trouble
    );
    let nothing = room.says(&["backtest"]);
    assert!(nothing.code == 4 && nothing.trouble.contains("Name a file of posts with --posts."), "{}", nothing.trouble);
    let unknown = room.says(&["backtest", "nk-sleep-wel-tonight", "--posts", "posts.jsonl"]);
    assert!(unknown.code == 2 && unknown.trouble.contains("Did you mean nk-sleep-well-tonight?"), "{}", unknown.trouble);
}

#[tokio::test]
async fn editors_commands_work_beside_the_daemon() {
    let room = Newsroom::with_a_past();
    let settings = Settings { path: room.path("var/claimwatch.db"), ..Settings::default() };
    let held = Store::open(&settings).await.unwrap();
    let number = room.json(&["feedback"])["unjudged"][0]["id"].to_string();
    for arguments in [&["backtest"][..], &["near-misses"], &["stats"], &["feedback", &number, "dismiss"], &["lint"]] {
        let said = room.says(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.trouble);
    }
    assert_eq!(held.opinions().await.unwrap().len(), 1, "and what is said is there at once");
    held.close().await;
}

#[test]
fn a_near_miss_says_what_it_lacks_and_what_to_try() {
    let room = Newsroom::new();
    let post = |id: u32, text: &str| format!("{{\"id\": \"{id}\", \"text\": \"{text}\"}}\n");
    let lines = post(1, "He says there is no longer a nuclear threat from the Hermit Kingdom")
        + &post(2, "Hermit Kingdom: sleep well tonight, says Pompeo")
        + &post(3, "Has he solved the problems with North Korea")
        + &post(4, "North Korea, but no insomnia: sleep well tonight");
    fs::write(room.path("posts.jsonl"), lines).unwrap();
    let said = room.says(&["near-misses", "--posts", "posts.jsonl"]);
    assert_eq!(said.code, 0, "{}", said.trouble);
    assert!(said.out.contains("nk-sleep-well-tonight  3 near-misses"), "{}", said.out);
    assert!(said.out.contains("2 ×  all_of: nothing in the text from @north-korea, @kim-jong-un"), "{}", said.out);
    assert!(said.out.contains("words that those without a hit share: \"Hermit\" (2 posts)"), "{}", said.out);
    assert!(said.out.contains("none_of: \"insomnia\" is in the text"), "{}", said.out);
    assert!(said.out.contains("if it should match, try: phrases += "), "{}", said.out);
    let answer = room.json(&["near-misses", "--posts", "posts.jsonl"]);
    assert_eq!(of(&answer, "nk-sleep-well-tonight")["near_misses"], 3);
}

#[test]
fn a_phrase_that_is_common_in_what_the_desk_reads_is_judged() {
    let room = Newsroom::new();
    let line = |n: u32| {
        let text = if n.is_multiple_of(100) { "Sleep well tonight, little one" } else { "Rain at noon" };
        format!("{{\"id\": \"{n}\", \"text\": \"{text}\"}}\n")
    };
    fs::write(room.path("posts.jsonl"), (0..1500).map(line).collect::<String>()).unwrap();
    let said = room.says(&["lint", "--posts", "posts.jsonl", "--deny", "L102"]);
    assert_eq!(said.code, 1, "{}", said.trouble);
    assert!(
        said.out.contains("error[L102]: \"sleep well tonight\" is too common: it stands in 15 of the 1500 posts"),
        "{}",
        said.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_links_are_found_and_the_last_good_day_is_kept() {
    let gone = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let now_gone = gone.clone();
    let server = Server::start(move |request| match request.path.as_str() {
        "/check" if now_gone.load(std::sync::atomic::Ordering::SeqCst) => Answer::status(410),
        "/check" => Answer::ok("<title>A check</title>"),
        _ => Answer::status(503),
    })
    .await;
    let room = Newsroom::with_a_past();
    let rule = |path: &str| {
        format!(
            "[[claim]]\nid = \"rule-{path}\"\nclaim = \"c\"\nstatus = \"draft\"\n[[claim.factcheck]]\npublisher = \"p\"\nurl = \"{}\"\n",
            server.url(&format!("/{path}"))
        )
    };
    fs::write(room.path("rules/links.toml"), format!("format = 1\n{}{}", rule("check"), rule("busy"))).unwrap();
    let fetch = "[fetch]\nallow_private = [\"127.0.0.1/32\"]\ngap = \"1ms\"";
    edit(&room, "config/claimwatch.toml", "[fetch]", fetch);
    let online = ["lint", "rules/links.toml", "--online", "--deny", "L112"];
    let said = room.says(&online);
    assert_eq!(said.code, 0, "{} {}", said.out, said.trouble);
    assert!(said.trouble.contains("1 link could not be judged today:\n  127.0.0.1 is in trouble (HTTP 503)"), "{}", said.trouble);
    gone.store(true, std::sync::atomic::Ordering::SeqCst);
    let said = room.says(&online);
    assert_eq!(said.code, 1, "{} {}", said.out, said.trouble);
    assert!(said.out.contains("rules/links.toml:8:8"), "the address itself is underlined: {}", said.out);
    assert!(said.out.contains("it last answered well on 20"), "{}", said.out);
    edit(&room, "config/claimwatch.toml", "allow_private = [\"127.0.0.1/32\"]\n", "");
    let said = room.says(&online);
    assert!(said.out.contains("which is not public"), "under the daemon's limits: {}", said.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn explain_reads_a_page_under_the_limits_of_the_configuration() {
    let page = "<!doctype html><html lang=\"en\"><title>One night</title><body><nav>Home</nav><p>North Korea? No longer – sleep well tonight!</p>";
    let server = Server::start(move |request| match request.path.as_str() {
        "/article" => Answer::ok(page).header("Content-Type", "text/html; charset=utf-8"),
        "/moved" => Answer::to("/article"),
        "/picture" => Answer::ok([0xff, 0xd8]).header("Content-Type", "image/jpeg"),
        _ => Answer::status(404),
    })
    .await;
    let room = Newsroom::new();
    let [article, moved, picture, none] = ["/article", "/moved", "/picture", "/none"].map(|path| server.url(path).to_string());
    let refused = room.says(&["explain", "--fetch", &article]);
    assert!(refused.code == 4 && refused.trouble.contains("which is not public"), "{}", refused.trouble);
    edit(&room, "config/claimwatch.toml", "[fetch]", "[fetch]\nallow_private = [\"127.0.0.1/32\"]\ngap = \"1ms\"");
    for address in [&article, &moved] {
        let said = room.says(&["explain", "--fetch", address]);
        assert!(said.out.contains(&format!(" letters at {article}.")), "{} {}", said.out, said.trouble);
        assert!(said.out.contains("⟦sleep well tonight⟧!") && said.out.contains("so       politics is told"), "{}", said.out);
    }
    let said = room.says(&["explain", "--fetch", &picture]);
    assert!(said.code == 4 && said.trouble.contains("is no page of text but image/jpeg"), "{}", said.trouble);
    assert!(room.says(&["explain", "--fetch", &none]).trouble.contains("has no such document (HTTP 404)"));
}

#[test]
fn explain_knows_what_people_have_dismissed() {
    let room = Newsroom::with_a_past();
    let sighting = &room.json(&["feedback", "--rule", "nk-averted-war"])["unjudged"][0];
    let (number, text) = (sighting["id"].to_string(), sighting["text"].as_str().unwrap());
    room.says(&["feedback", &number, "dismiss", "--by", "Ana"]);
    let said = room.says(&["explain", &format!("RT: {text}")]);
    assert!(
        said.out.contains(&format!("so       nobody is told: Ana has dismissed the like of it (sighting {number})")),
        "{}",
        said.out
    );
}

const MOON: &str = "{\"id\":\"moon\",\"claim\":\"The moon landing of 1969 was staged in a film studio in Nevada.\",\"url\":\"https://checks.example/moon\"}\n";
const SLEEP: &str = "{\"id\":\"sleep\",\"claim\":\"Sleep well tonight: North Korea is no longer a nuclear threat.\"}\n";

#[test]
fn a_change_of_archives_is_tried_where_git_has_another_state_of_them() {
    let room = Newsroom::with_a_past();
    fs::write(room.path("rules/archive.jsonl"), MOON).unwrap();
    fs::write(
        room.path("rules/ignored.jsonl"),
        "{\"id\":\"never-in-git\",\"claim\":\"A shark swam on a flooded motorway in Houston.\"}\n",
    )
    .unwrap();
    fs::write(room.path(".gitignore"), "ignored.jsonl\n").unwrap();
    git(room.folder.path(), &["init", "-q"]);
    git(room.folder.path(), &["add", ".gitignore", "config", "rules"]);
    git(room.folder.path(), &["commit", "-q", "-m", "rules"]);
    let posts = "{\"id\":\"m\",\"text\":\"They staged the moon landing of 1969 in a film studio in Nevada\"}\n{\"id\":\"s\",\"text\":\"North Korea is no longer a nuclear threat, so sleep well tonight\"}\n";
    fs::write(room.path("posts.jsonl"), posts).unwrap();
    let against_head = ["backtest", "--base", "HEAD", "--posts", "posts.jsonl"];
    assert!(room.says(&against_head).out.contains("nothing to try"), "the same archive, and one that git is told to ignore");
    fs::write(room.path("rules/archive.jsonl"), SLEEP).unwrap();
    let said = room.says(&[&against_head[..], &["--max-new", "0"]].concat());
    assert!(said.code == 1 && said.out.contains("archives  2 bulk claims   was 1, now 1"), "{}", said.out);
    assert!(said.out.contains("now: no longer in the archives") && said.out.contains("moon: \"The moon landing"), "{}", said.out);
    let answer = room.json(&against_head);
    let bulk = &answer["bulk"];
    assert_eq!((&bulk["claims"]["was"], &bulk["claims"]["now"], &answer["unchanged_rules"]), (&2.into(), &2.into(), &7.into()));
    assert_eq!(bulk["posts"][0]["claim"], "moon");
    let markdown = room.says(&[&against_head[..], &["--format", "markdown"]].concat()).out;
    assert!(markdown.contains("| archives | 2 bulk claims |"), "{markdown}");
    let without = room.says(&[&against_head[..], &["--without-archives"]].concat());
    assert!(without.out.contains("nothing to try"), "{}", without.out);
    let one = room.json(&[&against_head[..], &["moon"]].concat());
    assert_eq!((&one["bulk"]["disappear"], &one["bulk"]["appear"]), (&1.into(), &0.into()));
    let unknown = room.says(&[&against_head[..], &["mon"]].concat());
    assert!(unknown.code == 2 && unknown.trouble.contains("There is no rule mon."), "{}", unknown.trouble);
}

#[test]
fn what_was_decided_about_bulk_claims_is_compared_with_the_archives_of_today() {
    let room = Newsroom::new();
    fs::write(room.path("rules/archive.jsonl"), SLEEP).unwrap();
    assert_eq!(room.says(&["run", "--once"]).code, 0);
    let same = room.json(&["backtest"]);
    assert!(same["bulk"]["was"].as_u64().unwrap() > 0, "{same}");
    assert_eq!((&same["bulk"]["was"], &same["bulk"]["disappear"]), (&same["bulk"]["now"], &0.into()));
    fs::remove_file(room.path("rules/archive.jsonl")).unwrap();
    let gone = room.json(&["backtest"]);
    assert_eq!((&gone["bulk"]["disappear"], &gone["bulk"]["loudest"][0]["id"]), (&same["bulk"]["was"], &"sleep".into()));
}

#[test]
fn bulk_claims_that_come_near_are_told_after_the_rules() {
    let room = Newsroom::new();
    fs::write(room.path("rules/archive.jsonl"), MOON).unwrap();
    edit(&room, "config/claimwatch.toml", "paths = [\"rules\"]", "paths = [\"rules\"]\nbulk_alert = 0.9999");
    fs::write(
        room.path("posts.jsonl"),
        "{\"id\":\"1\",\"text\":\"Was the moon landing staged in a studio in Nevada in 1969, as some say?\"}\n",
    )
    .unwrap();
    let said = room.says(&["near-misses", "--posts", "posts.jsonl"]);
    assert!(said.out.contains("moon  1 near-miss   bulk claim"), "{}", said.out);
    assert!(
        said.out.contains("if it should match, try: a rule of its own: claimwatch new --from https://checks.example/moon"),
        "{}",
        said.out
    );
    let one = room.json(&["near-misses", "--posts", "posts.jsonl", "moon"]);
    assert_eq!((&one["rules"][0]["bulk"], &one["rules"][0]["near_misses"]), (&true.into(), &1.into()));
    let without = room.json(&["near-misses", "--posts", "posts.jsonl", "--without-archives"]);
    assert_eq!(without["rules"].as_array().unwrap().len(), 0);
}
