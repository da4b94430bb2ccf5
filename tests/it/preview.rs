//! `claimwatch mail preview`, as an editor and a designer use it.

use std::fs;

use claimwatch::cli::output::Answer;
use claimwatch::cli::{Command, CommandLine, Exit, mail};
use clap::Parser;
use mail_parser::MessageParser;

async fn preview(arguments: &[&str]) -> Answer {
    let line = CommandLine::try_parse_from([&["claimwatch", "mail", "preview"], arguments].concat()).unwrap();
    let Command::Mail(arguments) = line.command else { panic!("another command") };
    mail::mail(&arguments).await
}

/// The post of README: four of its letters are Cyrillic.
const POST: &str = "They will not tell you this: Nоrth Kоrea is no longer our biggest and most dangerous prоblem. Trump ended it in one meeting. Sleep well tоnight!";

#[tokio::test]
async fn it_writes_the_letter_for_mail_programs_browsers_and_eyes() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a/b");
    let answer = preview(&["--claim", "nk-sleep-well-tonight", "--text", POST, "--to", to.to_str().unwrap()]).await;
    assert_eq!(answer.exit, Exit::Fine, "{}", answer.trouble);
    let eml = fs::read(to.join("letter.eml")).unwrap();
    let parsed = MessageParser::default().parse(&eml).unwrap();
    assert!(parsed.subject().unwrap().starts_with("[claimwatch] 1 post (preview) repeats “North Korea"));
    let html = fs::read_to_string(to.join("letter.html")).unwrap();
    assert_eq!(parsed.body_html(0).unwrap().replace("\r\n", "\n").trim_end(), html.trim_end());
    assert!(fs::read_to_string(to.join("letter.txt")).unwrap().contains("⟦Sleep"));
}

#[tokio::test]
async fn every_kind_can_be_seen_and_a_text_that_does_not_match_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().to_str().unwrap();
    for kind in ["first", "update", "resurgence", "spike", "verdict-changed", "rule-retired", "digest", "heartbeat"] {
        let answer = preview(&["--kind", kind, "--to", to]).await;
        assert_eq!(answer.exit, Exit::Fine, "{kind}: {}", answer.trouble);
    }
    let answer = preview(&["--claim", "nk-sleep-well-tonight", "--text", "a ham sandwich", "--to", to]).await;
    assert_eq!(answer.exit, Exit::Faults);
    assert!(answer.text.contains("does not repeat nk-sleep-well-tonight"), "{}", answer.text);
    for wrong in [&["--claim", "no-such-claim"][..], &["--desk", "no-such-desk", "--to", to]] {
        assert_eq!(preview(wrong).await.exit, Exit::Usage, "{wrong:?}");
    }
}
