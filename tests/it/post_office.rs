//! The post office: letters closed, delivered, put off, given up; stopped and begun again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use claimwatch::alerting::subscription::Desk;
use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::letters::PostOffice;
use claimwatch::daemon::report::Report;
use claimwatch::mail::settings::{Login, Mechanism, Settings, Smtp};
use claimwatch::model::delivery::DeliveryId;
use claimwatch::store::Store;
use claimwatch::store::records::DeliveryState;
use claimwatch::telemetry::metrics::Metrics;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::samples::{
    NOON, claim, desk, folder_settings, open_store, record, relay_settings, smtp_settings, store_settings, visit,
};
use crate::smtp_server::{Act, Moment, Security, Server, say};

/// A store, desks and a clock that a test can turn forward.
struct House {
    folder: TempDir,
    store: Store,
    desks: Vec<Desk>,
    clock: Clock,
    bell: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl House {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let metrics = Arc::new(Metrics::new("test"));
        let bell = Arc::new(Notify::new());
        Self { folder, store, desks: vec![desk("politics")], clock: Clock::from(NOON), bell, metrics }
    }

    fn with_recipients(mut self, recipients: &[&str]) -> Self {
        self.desks[0].to = recipients.iter().map(|&to| to.to_owned()).collect();
        self
    }

    fn office(&self, mail: &Settings) -> PostOffice {
        let (store, desks) = (self.store.clone(), self.desks.clone().into());
        let office = PostOffice::new(store, mail, desks, Arc::clone(&self.bell), Arc::clone(&self.metrics)).unwrap();
        office.with_clock(self.clock)
    }

    /// As many alerts, each of a claim of its own.
    async fn alerts(&self, count: usize) {
        for n in 0..count {
            self.sees(&format!("claim-{n:03}"), n).await;
        }
    }

    async fn sees(&self, id: &str, post: usize) {
        let visit = visit("wire", &[&format!("{id}-{post}")], &claim(id), self.clock.now());
        record(&self.store, &visit, &self.desks).await;
    }

    async fn states(&self) -> BTreeMap<DeliveryState, usize> {
        let mut states = BTreeMap::new();
        for number in 1.. {
            let Ok((queued, _)) = self.store.queued(DeliveryId(number)).await else { return states };
            *states.entry(queued.state).or_default() += 1;
        }
        unreachable!()
    }
}

fn plain(server: &Server) -> Settings {
    smtp_settings(relay_settings(server.port))
}

fn with_password(server: &Server) -> Settings {
    let login = Login { user: "user".to_owned(), password: "password".into(), mechanism: Mechanism::Plain };
    smtp_settings(Smtp { login: Some(login), ..relay_settings(server.port) })
}

fn polite(_: &Moment<'_>) -> Option<Act> {
    None
}

async fn turn_the_clock(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

fn counts(report: &Report) -> (u64, u64, u64, u64, u64) {
    (report.sent, report.later, report.refused, report.turned_away, report.waiting)
}

#[tokio::test]
async fn an_alert_becomes_a_letter_for_each_recipient_and_no_more() {
    let maildir = tempfile::tempdir().unwrap();
    let house = House::new().await.with_recipients(&["one@desk.test", "two@desk.test"]);
    house.alerts(3).await;
    let office = house.office(&folder_settings(maildir.path()));
    assert_eq!(counts(&office.once().await.unwrap()), (6, 0, 0, 0, 0));
    assert_eq!(house.office(&folder_settings(maildir.path())).once().await.unwrap().sent, 0);
    assert_eq!(std::fs::read_dir(maildir.path().join("new")).unwrap().count(), 6);
    assert!(house.metrics.encode().contains("claimwatch_alerts_total{desk=\"politics\",outcome=\"sent\"} 6"));
}

#[tokio::test]
async fn a_letter_of_today_leaves_soon_after_the_bell() {
    let server = Server::start(Security::Plain, polite).await;
    let house = House::new().await;
    let (office, stop) = (house.office(&plain(&server)), CancellationToken::new());
    let visits = async {
        house.alerts(1).await;
        house.bell.notify_one();
        server.until(|diary| diary.letters.len() == 1).await;
        house.sees("claim-later", 0).await;
        house.bell.notify_one();
        server.until(|diary| diary.letters.len() == 2).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(office.run(&stop), visits);
    ended.unwrap();
    assert_eq!(counts(&office.report().await.unwrap()), (2, 0, 0, 0, 0));
    assert!(office.makes_progress());
}

#[tokio::test]
async fn a_letter_put_off_is_tried_again_a_minute_later_and_keeps_its_message_id() {
    let server =
        Server::start(Security::Plain, |m| (m.verb == "." && m.dots == 1).then(|| Act::Say("451 4.3.0 later".into()))).await;
    let house = House::new().await;
    house.alerts(1).await;
    let office = house.office(&plain(&server));
    assert_eq!(counts(&office.once().await.unwrap()), (0, 1, 0, 0, 1));
    assert_eq!(counts(&office.once().await.unwrap()), (0, 1, 0, 0, 1), "not before its time");
    let (queued, _) = house.store.queued(DeliveryId(1)).await.unwrap();
    turn_the_clock(Duration::from_secs(61)).await;
    assert_eq!(counts(&office.once().await.unwrap()), (1, 1, 0, 0, 0));
    assert!(server.diary().letters[0].message.contains(&format!("Message-ID: <{}>", queued.message_id.0)));
}

#[tokio::test]
async fn letters_of_one_alert_keep_their_order() {
    let server =
        Server::start(Security::Plain, |m| (m.verb == "." && m.dots == 1).then(|| Act::Say("451 4.3.0 later".into()))).await;
    let house = House::new().await;
    house.sees("cheese", 1).await;
    let office = house.office(&plain(&server));
    office.once().await.unwrap();
    house.sees("cheese", 2).await;
    // The second letter is due after an hour; the first is due again before that, but nobody was there to send it.
    turn_the_clock(Duration::from_secs(3700)).await;
    assert_eq!(office.once().await.unwrap().sent, 2);
    let letters = server.diary().letters;
    let id = |message: &str| message.lines().find_map(|line| line.strip_prefix("Message-ID: ").map(str::to_owned)).unwrap();
    assert!(letters[1].message.contains(&format!("In-Reply-To: {}", id(&letters[0].message))), "{letters:?}");
}

#[tokio::test]
async fn a_refused_recipient_is_given_up_and_the_others_get_their_letters() {
    let server = Server::start(Security::Plain, |m| {
        (m.verb == "RCPT" && m.line.contains("nouser")).then(|| Act::Say("550 5.1.1 no such user".to_owned()))
    })
    .await;
    let house = House::new().await.with_recipients(&["one@desk.test", "nouser@desk.test", "two@desk.test"]);
    house.alerts(2).await;
    let office = house.office(&plain(&server));
    assert_eq!(counts(&office.once().await.unwrap()), (4, 0, 2, 0, 0));
    assert_eq!(house.store.numbers(house.clock.now()).await.unwrap().dead, 2);
    assert_eq!(house.states().await, BTreeMap::from([(DeliveryState::Sent, 4), (DeliveryState::Dead, 2)]));
}

#[tokio::test]
async fn a_refused_password_is_tried_once_in_five_minutes_and_nothing_is_dropped() {
    let server = Server::start(Security::Plain, |m| match (m.verb, m.connection) {
        ("AUTH", 1 | 2) => say("535 5.7.8 authentication failed"),
        _ => None,
    })
    .await;
    let house = House::new().await;
    house.alerts(20).await;
    let office = house.office(&with_password(&server));
    let report = office.once().await.unwrap();
    assert_eq!(counts(&report), (0, 0, 0, 1, 20));
    assert_eq!(report.trouble.as_deref(), Some("the relay answered AUTH with 535 5.7.8 authentication failed"));
    turn_the_clock(Duration::from_secs(299)).await;
    office.once().await.unwrap();
    assert_eq!(server.diary().connections, 1);
    turn_the_clock(Duration::from_secs(2)).await;
    assert_eq!(counts(&office.once().await.unwrap()), (0, 0, 0, 2, 20));
    turn_the_clock(Duration::from_secs(301)).await;
    let report = office.once().await.unwrap();
    assert_eq!(counts(&report), (20, 0, 0, 2, 0));
    assert_eq!(report.trouble, None);
    for number in 1..=20 {
        assert_eq!(house.store.queued(DeliveryId(number)).await.unwrap().0.attempts, 1, "only a real attempt counts");
    }
}

#[tokio::test]
async fn a_relay_that_is_away_costs_no_letter_an_attempt() {
    let house = House::new().await;
    house.alerts(5).await;
    // Nobody listens on port 1.
    let office = house.office(&smtp_settings(relay_settings(1)));
    for _ in 0..4 {
        assert_eq!(office.once().await.unwrap().waiting, 5);
        turn_the_clock(Duration::from_secs(600)).await;
    }
    assert_eq!(office.report().await.unwrap().turned_away, 4, "one asks for all");
    for number in 1..=5 {
        let (queued, _) = house.store.queued(DeliveryId(number)).await.unwrap();
        assert_eq!((queued.state, queued.attempts), (DeliveryState::Queued, 0));
    }
}

#[tokio::test]
async fn a_letter_is_given_up_after_five_days_of_being_put_off() {
    let server = Server::start(Security::Plain, |m| (m.verb == ".").then(|| Act::Say("451 4.3.0 later".to_owned()))).await;
    let house = House::new().await;
    house.alerts(1).await;
    let office = house.office(&plain(&server));
    let mut hours = 0;
    while office.once().await.unwrap().waiting > 0 {
        turn_the_clock(Duration::from_secs(3600)).await;
        hours += 1;
        assert!(hours < 130);
    }
    assert!((119..=121).contains(&hours), "{hours}");
    assert_eq!(house.states().await, BTreeMap::from([(DeliveryState::Dead, 1)]));
}

#[tokio::test]
async fn every_letter_arrives_once_at_a_relay_that_puts_off_every_third_and_says_421_after_each() {
    let server = Server::start(Security::Plain, |m| match m.verb {
        "." if m.dots % 3 == 0 => say("451 4.3.0 later"),
        "." => Some(Act::SayAndClose("250 2.0.0 ok\r\n421 4.7.0 one is enough".to_owned())),
        _ => None,
    })
    .await;
    let house = House::new().await;
    house.alerts(40).await;
    let office = house.office(&plain(&server));
    let mut rounds = 0;
    while office.once().await.unwrap().waiting > 0 {
        turn_the_clock(Duration::from_secs(3600)).await;
        rounds += 1;
        assert!(rounds < 20);
    }
    let letters = server.diary().letters;
    let ids: BTreeSet<_> = letters.iter().filter_map(|l| l.message.lines().find(|line| line.starts_with("Message-ID"))).collect();
    assert_eq!((letters.len(), ids.len()), (40, 40));
}

#[tokio::test]
async fn stopping_settles_the_letter_in_hand_and_leaves_the_others_untouched() {
    let server = Server::start(Security::Plain, |m| match (m.verb, m.dots) {
        (".", 2) => Some(Act::SayLate("250 2.0.0 at last".to_owned())),
        _ => None,
    })
    .await;
    let house = House::new().await;
    house.alerts(10).await;
    let mut settings = plain(&server);
    settings.workers = 1;
    let (office, stop) = (house.office(&settings), CancellationToken::new());
    let stopping = async {
        server.until(|diary| diary.dots() == 2).await;
        stop.cancel();
        server.go_on();
    };
    let (ended, ()) = tokio::join!(timeout(Duration::from_secs(30), office.run(&stop)), stopping);
    ended.unwrap().unwrap();
    assert_eq!(house.states().await, BTreeMap::from([(DeliveryState::Queued, 8), (DeliveryState::Sent, 2)]));
    let attempts = async |number| house.store.queued(DeliveryId(number)).await.unwrap().0.attempts;
    assert_eq!((attempts(1).await, attempts(2).await, attempts(3).await), (1, 1, 0));
}

#[tokio::test]
async fn after_a_crash_what_may_have_been_sent_is_sent_again_with_the_same_message_id() {
    // The relay takes both letters and its answers are lost.
    let server = Server::start(Security::Plain, |m| match (m.verb, m.connection) {
        (".", 1 | 2) => Some(Act::SayLate("250 2.0.0 lost".to_owned())),
        _ => None,
    })
    .await;
    let house = House::new().await;
    house.alerts(12).await;
    let warm = house.office(&plain(&server));
    let stop = CancellationToken::new();
    {
        // The first letter goes alone; once it is answered both workers have one in hand.
        let run = warm.run(&stop);
        let crash = async {
            server.until(|diary| diary.dots() == 1).await;
            server.go_on();
            server.until(|diary| diary.dots() == 3).await;
        };
        tokio::select! { _ = run => panic!("it ended"), () = crash => {} }
    }
    assert_eq!(house.office(&plain(&server)).once().await.unwrap().waiting, 0);
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for letter in server.diary().letters {
        let id = letter.message.lines().find(|line| line.starts_with("Message-ID")).unwrap().to_owned();
        *times.entry(id).or_default() += 1;
    }
    assert_eq!(times.len(), 12, "none is lost, none has a second name");
    assert_eq!(times.values().filter(|times| **times > 1).count(), 2, "one for each worker");
    assert!(times.values().all(|times| *times <= 2));
}

#[tokio::test]
async fn a_desk_that_is_gone_keeps_its_letter_unsent() {
    let maildir = tempfile::tempdir().unwrap();
    let mut house = House::new().await;
    house.alerts(1).await;
    house.desks = vec![desk("another")];
    let report = house.office(&folder_settings(maildir.path())).once().await.unwrap();
    assert_eq!((report.closed, report.sent, report.waiting), (1, 0, 0));
}

#[tokio::test]
async fn four_workers_have_four_connections_and_no_more() {
    let server = Server::start(Security::Plain, polite).await;
    let house = House::new().await;
    house.alerts(60).await;
    let mut settings = plain(&server);
    settings.workers = 4;
    let begun = Instant::now();
    assert_eq!(house.office(&settings).once().await.unwrap().sent, 60);
    println!("60 letters to a relay in this process with 4 workers: {:?}", begun.elapsed());
    let diary = server.diary();
    assert!(diary.most_at_once <= 4 && diary.connections <= 4, "{} {}", diary.most_at_once, diary.connections);
}

#[tokio::test]
async fn once_closes_first_letters_that_gather_and_leaves_later_ones_their_hour() {
    let maildir = tempfile::tempdir().unwrap();
    let mut house = House::new().await;
    house.desks[0].gather = Duration::from_secs(60);
    house.sees("cheese", 1).await;
    let office = house.office(&folder_settings(maildir.path()));
    assert_eq!(office.once().await.unwrap().sent, 1);
    house.sees("cheese", 2).await;
    let report = office.once().await.unwrap();
    assert_eq!((report.closed, report.sent), (1, 1));
    assert_eq!(house.store.numbers(house.clock.now()).await.unwrap().gathering, 1);
}

#[tokio::test]
async fn a_letter_that_cannot_be_written_holds_up_no_other() {
    let maildir = tempfile::tempdir().unwrap();
    let house = House::new().await;
    house.alerts(3).await;
    let url = format!("sqlite:{}", store_settings(house.folder.path()).path.display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    sqlx::query("UPDATE posts SET post = '{' WHERE key = 'claim-000-0'").execute(&pool).await.unwrap();
    pool.close().await;
    let report = house.office(&folder_settings(maildir.path())).once().await.unwrap();
    assert_eq!((report.closed, report.sent), (2, 2));
}
