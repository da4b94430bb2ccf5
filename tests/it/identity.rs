//! Posts recognised again: edited, renamed, given other identifiers, found through two sources, copied.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tempfile::TempDir;

const CLAIM: &str =
    "On Mondays in the harbour of the old town fish is very good indeed, and nothing else is better to eat there.";
const PLAIN: &str = "The minister visited the harbour of the old town on Monday, where boats were blessed and songs were sung.";

/// A desk that watches one or two files, one of which was visited before.
struct Desk(TempDir);

impl Desk {
    fn new(sources: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rules = "format = 1\n[[claim]]\nid = \"fish\"\nclaim = \"Fish is good.\"\ntopic = \"fish\"\n[claim.match]\n\
                     phrases = [\"fish is very good indeed\"]\n[[claim]]\nid = \"boats\"\nclaim = \"Boats sink.\"\ntopic = \"fish\"\n\
                     [claim.match]\nphrases = [\"every boat sinks at the end\"]\n";
        fs::write(folder.path().join("rules.toml"), rules).unwrap();
        let mut config =
            "[store]\nurl = \"sqlite:db/claimwatch.db\"\n[rules]\npaths = [\"rules.toml\"]\n[[desk]]\nname = \"desk\"\n\
                          to = [\"desk@example.org\"]\ntopics = [\"fish\"]\n[mail]\nvia = \"folder\"\nfolder = \"mail\"\n"
                .to_owned();
        for name in sources {
            config.push_str(&format!("[[source]]\nname = \"{name}\"\nkind = \"file\"\npath = \"{name}.xml\"\n"));
            fs::write(folder.path().join(format!("{name}.xml")), feed(&[])).unwrap();
        }
        fs::write(folder.path().join("claimwatch.toml"), config).unwrap();
        let desk = Self(folder);
        desk.visit();
        desk
    }

    /// Visits every source once and gives how many sightings there have been in all.
    fn visit(&self) -> i64 {
        let mut command = Command::new(env!("CARGO_BIN_EXE_claimwatch"));
        command
            .args(["run", "--once"])
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .env("CLAIMWATCH_CONFIG", "claimwatch.toml");
        let output = command.env_remove("CLAIMWATCH_LOG").env_remove("NOTIFY_SOCKET").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        self.number("SELECT COUNT(*) FROM letter_sightings")
    }

    fn says(&self, source: &str, items: &[String]) -> i64 {
        fs::write(self.0.path().join(format!("{source}.xml")), feed(items)).unwrap();
        self.visit()
    }

    fn number(&self, sql: &'static str) -> i64 {
        let path = self.0.path().join("db/claimwatch.db");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { count(&path, sql).await })
    }
}

async fn count(path: &Path, sql: &'static str) -> i64 {
    let mut db = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    sqlx::query_scalar(sql).fetch_one(&mut db).await.unwrap()
}

fn feed(items: &[String]) -> String {
    format!("<rss version=\"2.0\"><channel><title>Feed</title>{}</channel></rss>", items.concat())
}

fn item(guid: &str, path: &str, text: &str) -> String {
    let guid = if guid.is_empty() { String::new() } else { format!("<guid>{guid}</guid>") };
    let link = if path.is_empty() { String::new() } else { format!("<link>https://example.org/{path}</link>") };
    format!("<item>{guid}{link}<description>{text}</description></item>")
}

#[test]
fn an_edited_post_writes_again_only_for_what_it_did_not_say_before() {
    let desk = Desk::new(&["wire"]);
    assert_eq!(desk.says("wire", &[item("a", "1", PLAIN)]), 0);
    assert_eq!(desk.says("wire", &[item("a", "1", CLAIM)]), 1, "the edit brought the claim in");
    assert_eq!(desk.says("wire", &[item("a", "1", &format!("{CLAIM} More follows."))]), 1, "it says what it said");
    let both = format!("{CLAIM} And every boat sinks at the end of its days.");
    assert_eq!(desk.says("wire", &[item("a", "1", &both)]), 1, "six hours have not gone by");
    assert_eq!(desk.number("SELECT COUNT(*) FROM posts"), 2, "the post and the text that was worth a letter");
}

#[test]
fn history_that_is_edited_does_not_alert_on_what_it_said_all_along() {
    let desk = Desk::new(&["wire"]);
    fs::remove_dir_all(desk.0.path().join("db")).unwrap();
    assert_eq!(desk.says("wire", &[item("a", "1", CLAIM)]), 0, "a first visit");
    assert_eq!(desk.says("wire", &[item("a", "1", &CLAIM.replace("Mondays", "Sundays"))]), 0);
}

#[test]
fn a_post_whose_identifier_changes_is_known_by_its_address_or_its_words() {
    let desk = Desk::new(&["wire"]);
    assert_eq!(desk.says("wire", &[item("a", "1", CLAIM)]), 1);
    assert_eq!(desk.says("wire", &[item("b", "1?utm_source=rss", CLAIM)]), 1, "same address");
    assert_eq!(desk.says("wire", &[item("c", "moved/1", CLAIM)]), 1, "same words");
    assert_eq!(desk.says("wire", &[item("", "", CLAIM)]), 1, "nothing but the words");
    assert_eq!(desk.number("SELECT COUNT(*) FROM posts"), 1);
}

#[test]
fn a_new_headline_does_not_alert_twice_where_nothing_else_names_the_post() {
    let desk = Desk::new(&["wire"]);
    let long = format!("{CLAIM} {PLAIN} {PLAIN}");
    assert_eq!(desk.says("wire", &[item("", "", &format!("Fish praised. {long}"))]), 1);
    assert_eq!(desk.says("wire", &[item("", "", &format!("Minister on fish. {long}"))]), 1);
}

#[test]
fn identifiers_that_change_at_every_visit_alert_on_nothing_and_are_told() {
    let desk = Desk::new(&["wire"]);
    let text = |n: usize| format!("{PLAIN} This was the story of boat {}.", ["one", "two", "three"][n % 3].repeat(n / 3 + 1));
    let items = |visit: usize| (0..12).map(|n| item(&format!("{visit}-{n}"), &format!("{n}"), &text(n))).collect::<Vec<_>>();
    desk.says("wire", &items(1));
    let mut second = items(2);
    second.push(item("2-x", "x", CLAIM));
    assert_eq!(desk.says("wire", &second), 0, "who cannot be trusted brings no news in such a visit");
    assert_eq!(desk.number("SELECT COUNT(*) FROM posts"), 13);
    assert_eq!(desk.number("SELECT health = 'degraded' AND condition LIKE '%identifiers that change%' FROM sources"), 1);
}

#[test]
fn one_post_through_two_sources_alerts_once_and_a_copy_is_counted() {
    let desk = Desk::new(&["wire", "other"]);
    assert_eq!(desk.says("wire", &[item("a", "1", CLAIM)]), 1);
    assert_eq!(desk.says("other", &[item("z", "1?utm_medium=feed", &format!("{CLAIM} Read more"))]), 1, "same address");
    let copy = item("y", "copied", &format!("BREAKING: {CLAIM}"));
    assert_eq!(desk.says("other", &[copy]), 2, "somebody else says it too");
    assert_eq!(desk.number("SELECT COUNT(DISTINCT copy_of) FROM posts WHERE copy_of IS NOT NULL"), 1, "and says nearly the same");
}
