//! The post office: letters leave once, wait when they must, and a relay that refuses us is left in peace.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use claimwatch::alerting::subscription::Desk;
use claimwatch::daemon::letters::PostOffice;
use claimwatch::mail::settings::{Login, Mechanism, Settings};
use claimwatch::store::Store;
use claimwatch::store::records::DeliveryState;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::samples::{self, claim, desk, folder_settings, open_store, record, relay_settings, smtp_settings, visit};
use crate::smtp_server::{Act, FakeRelay, Heard, say, usual};

fn office(store: &Store, mail: &Settings, desks: &[Desk]) -> PostOffice {
    samples::office(store, mail, desks, &Arc::new(Notify::new()))
}

fn letters_in(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("new")).unwrap().count()
}

/// Records posts about `claims` different claims, each an alert of its own.
async fn alert_about(store: &Store, claims: usize, desks: &[Desk]) {
    for n in 0..claims {
        let claim = claim(&format!("claim-{n}"));
        record(store, &visit("bbc", &[&format!("post-{n}")], &claim, Timestamp::now()), desks).await;
    }
}

#[tokio::test]
async fn once_closes_what_gathers_sends_it_and_has_nothing_left_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let mut gathering = desk("politics");
    gathering.gather = Duration::from_secs(60);
    gathering.to.push("second@desk.test".into());
    let mail = folder.path().join("mail");
    alert_about(&store, 3, &[gathering.clone()]).await;

    let report = office(&store, &folder_settings(&mail), &[gathering.clone()]).once().await.unwrap();
    assert_eq!((report.closed, report.sent, report.waiting, letters_in(&mail)), (3, 6, 0, 6));
    let again = office(&store, &folder_settings(&mail), &[gathering]).once().await.unwrap();
    assert_eq!((again.closed, again.sent, letters_in(&mail)), (0, 0, 6));
}

#[tokio::test]
async fn once_leaves_a_later_letter_its_hour() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let (desks, mail) = ([desk("politics")], folder.path().join("mail"));
    alert_about(&store, 1, &desks).await;
    office(&store, &folder_settings(&mail), &desks).once().await.unwrap();
    record(&store, &visit("bbc", &["later"], &claim("claim-0"), Timestamp::now()), &desks).await;
    let report = office(&store, &folder_settings(&mail), &desks).once().await.unwrap();
    assert_eq!((report.closed, letters_in(&mail)), (0, 1));
    assert_eq!(store.numbers(Timestamp::now()).await.unwrap().gathering, 1);
}

#[tokio::test]
async fn a_letter_interrupted_in_a_crash_is_in_the_folder_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let (desks, mail) = ([desk("politics")], folder.path().join("mail"));
    alert_about(&store, 1, &desks).await;
    let first = office(&store, &folder_settings(&mail), &desks);
    first.once().await.unwrap();
    // As if the crash had come between the letter and its settlement.
    let url = format!("sqlite:{}", crate::samples::store_settings(folder.path()).path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("UPDATE deliveries SET state = 'sending'").execute(&pool).await.unwrap();
    pool.close().await;
    let report = office(&store, &folder_settings(&mail), &desks).once().await.unwrap();
    assert_eq!((report.sent, letters_in(&mail)), (1, 1));
}

#[tokio::test]
async fn one_refused_recipient_stops_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let mut three = desk("politics");
    three.to = ["one@desk.test", "nouser@desk.test", "grey@desk.test"].map(str::to_owned).to_vec();
    alert_about(&store, 1, &[three.clone()]).await;
    let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
        "RCPT" if heard.line.contains("nouser") => say("550 5.1.1 no such user"),
        "RCPT" if heard.line.contains("grey") => say("451 4.7.1 greylisted"),
        _ => usual(heard),
    })
    .await;
    let report = office(&store, &smtp_settings(relay_settings(relay.port)), &[three]).once().await.unwrap();
    assert_eq!((report.sent, report.refused, report.later, report.waiting), (1, 1, 1, 1));
    let queue = store.queue(10).await.unwrap();
    let state = |name: &str| queue.iter().find(|q| q.recipient.starts_with(name)).map(|q| (q.state, q.attempts)).unwrap();
    assert_eq!((state("nouser"), state("grey")), ((DeliveryState::Dead, 1), (DeliveryState::Queued, 1)));
    let wait = store.next_delivery_due().await.unwrap().unwrap().duration_since(Timestamp::now());
    assert!(wait > SignedDuration::from_secs(30) && wait <= SignedDuration::from_secs(60), "{wait}");
}

fn barred(port: u16) -> Settings {
    let mut smtp = relay_settings(port);
    smtp.login = Some(Login { user: "alert".into(), password: "wrong".to_owned().into(), mechanism: Mechanism::Plain });
    Settings { workers: 4, ..smtp_settings(smtp) }
}

#[tokio::test]
async fn a_refused_password_is_tried_once_and_no_letter_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    alert_about(&store, 20, &desks).await;
    let relay = FakeRelay::start(|heard: &Heard| if heard.what == "AUTH" { say("535 5.7.8 no") } else { usual(heard) }).await;
    let office = office(&store, &barred(relay.port), &desks);
    let report = office.once().await.unwrap();
    assert_eq!((report.sent, report.turned_away, report.waiting, relay.heard("AUTH").len()), (0, 1, 20, 1));
    assert!(report.trouble.unwrap().contains("535"));
    let queue = store.queue(100).await.unwrap();
    assert!(queue.iter().all(|q| q.attempts == 0 && q.state == DeliveryState::Queued));
}

#[tokio::test]
async fn the_daemon_sends_when_the_bell_rings_and_settles_what_it_holds_when_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
        "." => Act::Late(Duration::from_millis(100), "250 2.0.0 ok\r\n".into()),
        _ => usual(heard),
    })
    .await;
    let bell = Arc::new(Notify::new());
    let mail = smtp_settings(relay_settings(relay.port));
    let office = Arc::new(samples::office(&store, &mail, &desks, &bell));
    let stop = CancellationToken::new();
    let running = tokio::spawn({
        let (office, stop) = (office.clone(), stop.clone());
        async move { office.run(&stop).await }
    });
    alert_about(&store, 30, &desks).await;
    bell.notify_one();
    while relay.heard(".").len() < 3 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap().unwrap();
    let report = office.report().await.unwrap();
    assert_eq!(report.sent as usize, relay.heard(".").len(), "every letter that left is settled");
    let gathering = store.numbers(Timestamp::now()).await.unwrap().gathering;
    assert_eq!(report.sent + report.waiting + gathering, 30, "no letter is lost");
    assert!(store.queue(100).await.unwrap().iter().all(|q| q.state == DeliveryState::Queued && q.attempts == 0));
}

#[tokio::test]
async fn a_letter_for_a_desk_that_is_gone_is_kept_unsent() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    alert_about(&store, 1, &[desk("politics")]).await;
    let mail = folder.path().join("mail");
    let report = office(&store, &folder_settings(&mail), &[desk("other")]).once().await.unwrap();
    assert_eq!((report.closed, report.sent, letters_in(&mail)), (1, 0, 0));
}

#[tokio::test]
async fn a_letter_that_cannot_be_written_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let (desks, mail) = ([desk("politics")], folder.path().join("mail"));
    alert_about(&store, 3, &desks).await;
    let url = format!("sqlite:{}", crate::samples::store_settings(folder.path()).path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("UPDATE posts SET post = '{' WHERE key = 'post-0'").execute(&pool).await.unwrap();
    pool.close().await;
    let report = office(&store, &folder_settings(&mail), &desks).once().await.unwrap();
    assert_eq!((report.sent, letters_in(&mail)), (2, 2));
}
