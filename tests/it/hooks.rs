//! Letters for programs and chat rooms: signed, tried again, refused; beside mail and never in its way.

use std::sync::Arc;
use std::time::Duration;

use claimwatch::daemon::clock::Clock;
use claimwatch::daemon::letters::PostOffice;
use claimwatch::fetch::Fetcher;
use claimwatch::fetch::settings::{Limits, Settings as FetchSettings};
use claimwatch::model::delivery::DeliveryId;
use claimwatch::model::hook::{Form, Hook};
use claimwatch::model::source::Token;
use claimwatch::store::Store;
use claimwatch::store::records::DeliveryState;
use claimwatch::telemetry::metrics::Metrics;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::samples::{NOON, claim, desk, folder_settings, open_store, record, visit};
use crate::server::{Answer, Request, Server};

fn hook(server: &Server, form: Form) -> Hook {
    let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    Hook { name: "cms".to_owned(), form, url: server.url("/in"), secret: Some(Token("key".to_owned())), allow_private }
}

struct House {
    folder: TempDir,
    store: Store,
    hooks: Vec<Hook>,
}

impl House {
    async fn new(hook: Hook) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open_store(folder.path()).await;
        let house = Self { folder, store, hooks: vec![hook] };
        let visit = visit("wire", &["a-post"], &claim("a-claim"), NOON);
        record(&house.store, &visit, &[house.desk()]).await;
        house
    }

    fn desk(&self) -> claimwatch::alerting::subscription::Desk {
        let mut desk = desk("politics");
        desk.to = vec!["one@desk.test".to_owned()];
        desk.hooks = self.hooks.clone();
        desk
    }

    async fn once(&self, at: jiff::Timestamp) {
        self.office(at, Duration::from_millis(200)).once().await.unwrap();
        assert!(std::fs::read_dir(self.folder.path().join("mail/new")).unwrap().count() > 0, "mail left");
    }

    /// A post office that waits so long for an answer.
    fn office(&self, at: jiff::Timestamp, patience: Duration) -> PostOffice {
        let (mail, bell) = (folder_settings(&self.folder.path().join("mail")), Arc::new(Notify::new()));
        let desks = Arc::from([self.desk()]);
        let limits = Limits { first_byte: patience, idle: patience, ..Limits::default() };
        let fetcher = Fetcher::new(&FetchSettings { limits, ..FetchSettings::default() });
        let office = PostOffice::new(self.store.clone(), &mail, desks, bell, Arc::new(Metrics::new("test"))).unwrap();
        office.with_clock(Clock::from(at)).with_fetcher(fetcher)
    }

    /// Another claim is seen.
    async fn sees(&self, id: &str) {
        record(&self.store, &visit("wire", &[id], &claim(id), NOON), &[self.desk()]).await;
    }

    /// State of the delivery to the hook, and what was said about it.
    async fn state(&self) -> (DeliveryState, String) {
        for number in 1.. {
            let (queued, _) = self.store.queued(DeliveryId(number)).await.unwrap();
            if queued.recipient.contains("cms") {
                return (queued.state, queued.reply.unwrap_or_default());
            }
        }
        unreachable!()
    }
}

fn json(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn text(request: &Request, header: &str) -> String {
    String::from_utf8(request.header(header).unwrap()).unwrap()
}

#[tokio::test]
async fn a_webhook_gets_the_letter_as_json_that_its_secret_vouches_for() {
    let server = Server::always(Answer::ok("thanks")).await;
    let house = House::new(hook(&server, Form::Json)).await;
    house.once(NOON).await;
    let request = &server.requests()[0];
    assert!(request.head.starts_with(b"POST /in "));
    let told = json(request);
    assert_eq!((&told["version"], &told["kind"], &told["desk"]), (&1.into(), &"first".into(), &"politics".into()));
    assert_eq!(told["claims"][0]["id"], "a-claim");
    assert_eq!(told["id"], text(request, "idempotency-key"));
    let signature = text(request, "x-claimwatch-signature");
    let (time, hex) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(b"key").unwrap();
    mac.update(&[time.as_bytes(), b".", &request.body].concat());
    let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((time.parse::<i64>().unwrap(), hex), (NOON.as_second(), wanted.as_str()));
    assert_eq!(house.state().await, (DeliveryState::Sent, "127.0.0.1 answered with HTTP 200 thanks".to_owned()));
}

#[tokio::test]
async fn a_webhook_in_trouble_gets_the_same_letter_again_and_not_before_it_asks_for_it() {
    let server = Server::start(|request| match request.number {
        1 => Answer::status(429).header("Retry-After", "600"),
        2 => Answer::status(502),
        _ => Answer::status(204),
    })
    .await;
    let house = House::new(hook(&server, Form::Json)).await;
    let minutes = |minutes: i64| NOON + jiff::SignedDuration::from_mins(minutes);
    for (at, requests, state) in [
        (0, 1, DeliveryState::Queued),
        (9, 1, DeliveryState::Queued),
        (11, 2, DeliveryState::Queued),
        (14, 3, DeliveryState::Sent),
        (200, 3, DeliveryState::Sent),
    ] {
        house.once(minutes(at)).await;
        assert_eq!((server.requests().len(), house.state().await.0), (requests, state), "after {at} minutes");
    }
    let all = server.requests();
    assert!(all.iter().all(|request| request.body == all[0].body), "every attempt says the same");
}

#[tokio::test]
async fn a_webhook_that_hangs_is_tried_later_and_mail_has_left() {
    let server = Server::always(Answer::silence()).await;
    let house = House::new(hook(&server, Form::Json)).await;
    house.once(NOON).await;
    assert_eq!(house.state().await.0, DeliveryState::Queued);
}

#[tokio::test]
async fn an_answer_without_end_is_read_for_a_moment_only() {
    let server = Server::always(Answer::endless(vec![b'x'; 2000], Duration::from_millis(1))).await;
    let house = House::new(hook(&server, Form::Json)).await;
    house.once(NOON).await;
    let (state, reply) = house.state().await;
    assert!(state == DeliveryState::Sent && reply.len() < 5000);
}

#[tokio::test]
async fn what_a_webhook_says_of_a_letter_is_for_good() {
    for status in [400, 410, 413, 422] {
        let server = Server::always(Answer::status(status)).await;
        let house = House::new(hook(&server, Form::Json)).await;
        house.once(NOON).await;
        house.once(NOON + jiff::SignedDuration::from_hours(3)).await;
        assert_eq!((server.requests().len(), house.state().await.0), (1, DeliveryState::Dead), "{status}");
    }
}

#[tokio::test]
async fn a_way_that_is_wrong_keeps_its_letters_waiting_until_it_is_mended_and_the_operator_is_told() {
    for answer in [Answer::status(401), Answer::status(403), Answer::status(404), Answer::to("/elsewhere")] {
        let shut = Server::always(answer).await;
        let mut house = House::new(hook(&shut, Form::Json)).await;
        house.sees("another").await;
        house.once(NOON).await;
        assert_eq!(shut.requests().len(), 1, "one letter finds out; the others wait");
        assert_eq!(house.state().await.0, DeliveryState::Queued);
        let stuck = house.store.stuck().await.unwrap();
        assert!(
            stuck[0].recipient == "webhook:cms" && stuck[0].reply.contains("then reload") || stuck[0].reply.contains("redirects")
        );
        house.once(NOON + jiff::SignedDuration::from_mins(11)).await;
        let state = house.store.desk_state(&claimwatch::model::alert::DeskName("operator".to_owned()), NOON).await.unwrap();
        assert!(state.oldest_notice.is_some_and(|at| at < NOON + jiff::SignedDuration::from_mins(10)), "told at the first time");
        let open = Server::always(Answer::status(200)).await;
        house.hooks = vec![hook(&open, Form::Json)];
        house.once(NOON + jiff::SignedDuration::from_hours(70)).await;
        assert_eq!((open.requests().len(), house.store.stuck().await.unwrap().len()), (2, 0));
    }
}

#[tokio::test]
async fn a_way_that_nobody_mends_in_five_days_is_given_up() {
    let server = Server::always(Answer::status(403)).await;
    let house = House::new(hook(&server, Form::Json)).await;
    for (hours, state) in [(0, DeliveryState::Queued), (119, DeliveryState::Queued), (121, DeliveryState::Dead)] {
        house.once(NOON + jiff::SignedDuration::from_hours(hours)).await;
        assert_eq!(house.state().await.0, state, "after {hours} hours");
    }
}

#[tokio::test]
async fn a_private_address_is_not_asked_unless_allowed() {
    let server = Server::always(Answer::status(200)).await;
    let house = House::new(Hook { allow_private: Vec::new(), ..hook(&server, Form::Json) }).await;
    house.once(NOON).await;
    assert_eq!((server.requests().len(), house.state().await.0), (0, DeliveryState::Queued));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_hangs_holds_up_no_other() {
    let (silent, quick) = (Server::always(Answer::silence()).await, Server::always(Answer::status(200)).await);
    let mut house = House::new(hook(&silent, Form::Json)).await;
    house.hooks.push(Hook { name: "quick".to_owned(), ..hook(&quick, Form::Json) });
    for id in ["b", "c", "d", "e", "f", "g", "h", "i", "j", "k"] {
        house.sees(id).await;
    }
    let office = house.office(NOON, Duration::from_secs(600));
    let stop = tokio_util::sync::CancellationToken::new();
    let all_came = async {
        while quick.requests().len() < 10 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        done = office.run(&stop) => panic!("{done:?}"),
        () = all_came => {}
    }
    assert!(silent.requests().len() <= 1, "and gets one letter at a time");
}

#[tokio::test]
async fn a_chat_webhook_gets_a_short_text_and_nothing_to_click_but_fact_checks() {
    let server = Server::always(Answer::ok("ok")).await;
    let house = House::new(hook(&server, Form::Slack)).await;
    house.once(NOON).await;
    let told = json(&server.requests()[0]);
    let text = told["text"].as_str().unwrap();
    let links = text.matches("http").count();
    assert_eq!((told.as_object().unwrap().len(), links), (1, claim("a-claim").fact_checks.len()), "{text}");
}

#[tokio::test]
async fn a_matrix_room_gets_a_message_whose_transaction_is_the_same_at_every_attempt() {
    let server = Server::start(|request| Answer::status(if request.number == 1 { 503 } else { 200 })).await;
    let house = House::new(Hook { url: server.url("/"), ..hook(&server, Form::Matrix { room: "!a/b:x.test".to_owned() }) }).await;
    house.once(NOON).await;
    house.once(NOON + jiff::SignedDuration::from_mins(2)).await;
    let all = server.requests();
    assert!(all[0].head.starts_with(b"PUT /_matrix/client/v3/rooms/!a%2Fb:x.test/send/m.room.message/letter."));
    assert_eq!((all.len(), &all[0].path), (2, &all[1].path));
    assert_eq!((text(&all[0], "authorization"), &json(&all[0])["msgtype"]), ("Bearer key".to_owned(), &"m.text".into()));
    assert_eq!(house.state().await.0, DeliveryState::Sent);
}
