//! `mail test` and `mail queue`, as an operator meets them.

use std::path::Path;
use std::sync::Arc;

use claimwatch::cli::output::Answer;
use claimwatch::cli::{Command, CommandLine, Exit, mail};
use claimwatch::daemon::letters::PostOffice;
use claimwatch::telemetry::metrics::Metrics;
use clap::Parser;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::samples::{claim, desk, open_store, record, relay_settings, smtp_settings, visit};
use crate::smtp_server::{Act, Security, Server};

fn configured(mail: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let text = format!(
        "[store]\nurl = \"sqlite:memory/claimwatch.db\"\n[rules]\npaths = [\"rules\"]\n\
         [[desk]]\nname = \"politics\"\nto = [\"one@desk.test\", \"nouser@desk.test\"]\ntopics = [\"moon\"]\n\
         [mail]\nfrom = \"alerts@desk.test\"\n{mail}\n"
    );
    std::fs::create_dir(folder.path().join("rules")).unwrap();
    std::fs::write(folder.path().join("claimwatch.toml"), text).unwrap();
    folder
}

async fn ask(folder: &Path, arguments: &[&str]) -> Answer {
    let config = folder.join("claimwatch.toml");
    let line = ["claimwatch", "mail"].into_iter().chain(arguments.iter().copied()).chain(["--config", config.to_str().unwrap()]);
    let Command::Mail(arguments) = CommandLine::try_parse_from(line).unwrap().command else { panic!("another command") };
    mail::mail(&arguments).await
}

async fn picky() -> Server {
    Server::start(Security::Plain, |m| {
        (m.verb == "RCPT" && m.line.contains("nouser")).then(|| Act::Say("550 5.1.1 no such user".to_owned()))
    })
    .await
}

fn through(server: &Server) -> TempDir {
    configured(&format!("via = \"smtp\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"", server.port))
}

#[tokio::test]
async fn a_test_letter_goes_to_every_recipient_and_each_answer_is_told() {
    let server = picky().await;
    let folder = through(&server);
    let answer = ask(folder.path(), &["test", "--desk", "politics"]).await;
    assert_eq!(answer.exit, Exit::World, "{answer:?}");
    for line in [
        "one@desk.test: sent: 250 2.0.0 queued as 4Kx",
        "nouser@desk.test: not sent (refused): the relay answered RCPT with 550 5.1.1 no such user",
        &format!("1 of 2 test letters for desk politics accepted by the relay 127.0.0.1:{}.", server.port),
    ] {
        assert!(answer.text.lines().any(|told| told == line), "{line} is missing from\n{}", answer.text);
    }
    let letters = server.diary().letters;
    assert!(letters[0].message.contains("Subject: [claimwatch] test letter for desk politics"));
}

#[tokio::test]
async fn a_desk_that_is_not_there_is_answered_with_those_that_are() {
    let folder = configured("via = \"folder\"\nfolder = \"mail\"");
    let answer = ask(folder.path(), &["test", "--desk", "sports"]).await;
    assert_eq!(
        (answer.exit, answer.trouble.as_str()),
        (Exit::Usage, "There is no desk \"sports\"; the configuration has: politics.\n")
    );
}

#[tokio::test]
async fn what_was_given_up_is_listed_shown_tried_again_and_dropped() {
    let server = picky().await;
    let folder = through(&server);
    // The configuration names the database relative to the folder of the process, so it is named in full here.
    let path = folder.path().join("claimwatch.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let url = format!("sqlite:{}/memory", folder.path().display());
    std::fs::write(&path, text.replace("sqlite:memory", &url)).unwrap();
    let store = open_store(folder.path()).await;
    let mut desk = desk("politics");
    desk.to = vec!["one@desk.test".to_owned(), "nouser@desk.test".to_owned()];
    record(&store, &visit("wire", &["a"], &claim("moon-cheese"), Timestamp::now()), &[desk.clone()]).await;
    let metrics = Arc::new(Metrics::new("test"));
    let settings = smtp_settings(relay_settings(server.port));
    let office = PostOffice::new(store.clone(), &settings, Arc::from([desk]), Arc::new(Notify::new()), metrics).unwrap();
    assert_eq!(office.once().await.unwrap().refused, 1);

    // All of this beside the process that holds the database.
    let list = ask(folder.path(), &["queue", "list"]).await;
    assert!(list.text.contains("nouser@desk.test  desk politics, moon-cheese: was given up, 1 attempt so far"), "{list:?}");
    assert!(list.text.contains("550 5.1.1 no such user") && list.text.contains("0 letters waiting, 1 given up"), "{list:?}");
    let listed: serde_json::Value =
        serde_json::from_str(&ask(folder.path(), &["queue", "list", "--format", "json"]).await.text).unwrap();
    let id = listed[0]["id"].to_string();
    assert_eq!((&listed[0]["state"], listed.as_array().unwrap().len()), (&serde_json::json!("dead"), 1));

    let shown = ask(folder.path(), &["queue", "show", &id]).await;
    assert!(shown.text.contains("It was given up, 1 attempt so far.") && shown.text.contains("green cheese"), "{shown:?}");

    let retried = ask(folder.path(), &["queue", "retry", "--all-dead"]).await;
    assert!(retried.exit == Exit::Fine && retried.text.starts_with("1 letter: tried again."), "{retried:?}");
    let list = ask(folder.path(), &["queue", "list"]).await;
    assert!(list.text.contains("waits for its turn, not tried yet") && list.text.contains("1 letter waiting."), "{list:?}");

    let dropped = ask(folder.path(), &["queue", "drop", &id, "999"]).await;
    assert_eq!(dropped.exit, Exit::Usage);
    assert_eq!(dropped.text, "1 letter: taken out. They are never sent.\nThere is no letter 999 that waits or was given up.\n");
    assert_eq!(ask(folder.path(), &["queue", "list"]).await.text, "No letter waits.\n");
    assert_eq!(ask(folder.path(), &["queue", "show", "999"]).await.exit, Exit::Usage);
}

#[tokio::test]
async fn a_queue_that_is_not_there_yet_is_said_to_be_so() {
    let folder = configured("via = \"folder\"\nfolder = \"mail\"");
    let answer = ask(folder.path(), &["queue", "list"]).await;
    assert_eq!(answer.exit, Exit::World);
    assert!(answer.trouble.contains("there is no database at"), "{answer:?}");
}
