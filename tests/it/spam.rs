//! What a spam filter thinks of every agreed letter: SpamAssassin's own rules, without asking the network (`-L`).
//!
//! Runs where `spamassassin` is installed (`.ci/run` installs it) and says so loudly where it is not.

use std::fs;
use std::process::Command;

use claimwatch::mail::message::{Sender, compose};
use claimwatch::model::delivery::Delivery;
use jiff::Timestamp;

use crate::letters::{agreed, desk_in};
use crate::samples::delivery;

#[test]
fn no_agreed_letter_has_anything_that_a_spam_filter_counts_against_it() {
    if Command::new("spamassassin").arg("--version").output().is_err() {
        eprintln!("SKIPPED, NOTHING WAS TESTED: spamassassin is not installed (apt-get install spamassassin)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let sender = Sender::read("claimwatch <alerts@desk.example>").unwrap();
    let mut files = Vec::new();
    for (name, language, source) in agreed() {
        // A letter of today: one from the future or the past has points of its own.
        let sent = Delivery {
            letter: source.written(&desk_in(language)),
            written_at: Timestamp::now(),
            ..delivery(1, "desk@desk.example")
        };
        let path = folder.path().join(format!("{name}.eml"));
        fs::write(&path, compose(&sent, &sender).unwrap().bytes).unwrap();
        files.push((name, path));
    }
    let answer = Command::new("spamassassin")
        .args(["--local", "--test-mode", "--nocreate-prefs"])
        .arg(format!("--prefspath={}", folder.path().join("prefs").display()))
        .env("HOME", folder.path())
        .args(files.iter().map(|(_, path)| path))
        .output()
        .unwrap();
    let report = String::from_utf8_lossy(&answer.stdout).replace("\n\t", " ");
    let scores: Vec<&str> = report.lines().filter(|line| line.starts_with("X-Spam-Status:")).collect();
    assert_eq!(scores.len(), files.len(), "one verdict for each letter: {}", String::from_utf8_lossy(&answer.stderr));
    for ((name, _), line) in files.iter().zip(scores) {
        let score = line.split_once("score=").and_then(|(_, rest)| rest.split_whitespace().next());
        let score: f64 = score.and_then(|score| score.parse().ok()).unwrap_or_else(|| panic!("{line}"));
        assert!(score <= 0.0, "{name}: {line}");
    }
}
