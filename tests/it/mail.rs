//! Handing over: whatever a relay does, `Sent` is said only of a letter it has taken.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use claimwatch::mail::Mailer;
use claimwatch::mail::settings::{Login, Mechanism, Settings, Tls};
use claimwatch::mail::smtp::Deadlines;
use claimwatch::model::delivery::Outcome;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::samples::{delivery, folder_settings, relay_settings, smtp_settings};
use crate::smtp_server::{Act, FakeRelay, Heard, say, usual};

const SOON: Duration = Duration::from_millis(300);

/// For tests in which something hangs; the others have the usual deadlines, so that a busy machine fails none of them.
fn short() -> Deadlines {
    Deadlines { step: SOON, dot: SOON, ..Deadlines::default() }
}

fn hasty(settings: &Settings) -> Mailer {
    Mailer::with_deadlines(settings, short()).unwrap()
}

fn mailer(settings: &Settings) -> Mailer {
    Mailer::new(settings).unwrap()
}

fn plain(relay: &FakeRelay) -> Mailer {
    mailer(&smtp_settings(relay_settings(relay.port)))
}

fn kind(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Sent { .. } => "sent",
        Outcome::Later { .. } => "later",
        Outcome::Refused { .. } => "refused",
        Outcome::Away { .. } => "away",
        Outcome::Barred { .. } => "barred",
    }
}

fn reason(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Sent { reply: words } => words,
        Outcome::Later { reason } | Outcome::Refused { reason } | Outcome::Away { reason } | Outcome::Barred { reason } => reason,
    }
}

async fn send_one(mailer: &mut Mailer, number: i64) -> Outcome {
    mailer.send(&delivery(number, "desk@desk.test")).await
}

/// A relay that does something else at one point only.
async fn odd_at(what: &'static str, act: Act) -> FakeRelay {
    FakeRelay::start(move |heard| if heard.what == what { act.clone() } else { usual(heard) }).await
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let relay = FakeRelay::start(usual).await;
    let mut sent = delivery(1, "desk@desk.test");
    sent.letter.text = ".\n..\nfrom dot to dot\n.".into();
    let outcome = plain(&relay).send(&sent).await;
    assert_eq!(outcome, Outcome::Sent { reply: "250 2.0.0 queued".into() });
    assert_eq!(relay.heard("MAIL")[0].line, "MAIL FROM:<alerts@desk.test>\r\n");
    assert_eq!(relay.heard("RCPT")[0].line, "RCPT TO:<desk@desk.test>\r\n");
    let letter = relay.heard(".")[0].line.replace("\r\n..", "\r\n.");
    let parsed = mail_parser::MessageParser::default().parse(letter.as_bytes()).unwrap();
    assert_eq!(parsed.body_text(0).unwrap().replace("\r\n", "\n").trim_end(), sent.letter.text);
}

#[tokio::test]
async fn each_hanging_step_ends_at_its_deadline_and_never_as_sent() {
    let expected = [
        ("CONNECT", "away"),
        ("EHLO", "away"),
        ("AUTH", "away"),
        ("MAIL", "later"),
        ("RCPT", "later"),
        ("DATA", "later"),
        (".", "later"),
    ];
    for (step, outcome) in expected {
        let relay = odd_at(step, Act::Hang).await;
        let mut settings = relay_settings(relay.port);
        settings.login = Some(login(Mechanism::Plain));
        let began = Instant::now();
        let got = send_one(&mut hasty(&smtp_settings(settings)), 1).await;
        assert_eq!(kind(&got), outcome, "{step}: {got:?}");
        assert!(began.elapsed() < SOON * 4, "{step} took {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_tls_handshake_that_hangs_ends_at_its_deadline() {
    let relay = odd_at("CONNECT", Act::Hang).await;
    let mut settings = relay_settings(relay.port);
    settings.tls = Tls::Implicit;
    let began = Instant::now();
    let got = send_one(&mut hasty(&smtp_settings(settings)), 1).await;
    assert_eq!((kind(&got), began.elapsed() < SOON * 4), ("away", true), "{got:?}");
}

#[tokio::test]
async fn a_connection_that_is_never_accepted_ends_at_its_deadline() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener: TcpListener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    // The kernel accepts a few by itself; when the queue is full it no longer answers.
    while let Ok(connected) = tokio::time::timeout(SOON, TcpStream::connect(address)).await {
        waiting.push(connected);
        assert!(waiting.len() < 64);
    }
    let began = Instant::now();
    let got = send_one(&mut hasty(&smtp_settings(relay_settings(address.port()))), 1).await;
    assert_eq!((kind(&got), began.elapsed() < SOON * 4), ("away", true), "{got:?}");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_away() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_eq!(kind(&send_one(&mut mailer(&smtp_settings(relay_settings(free))), 1).await), "away");
}

#[tokio::test]
async fn an_answer_that_comes_late_is_never_taken_for_the_next_letters() {
    let relay = FakeRelay::start(|heard: &Heard| match (heard.what.as_str(), heard.letters) {
        (".", 1) => Act::Late(SOON * 2, "250 2.0.0 for the first\r\n".into()),
        (".", _) => say("451 4.7.1 rejected at dot"),
        _ => usual(heard),
    })
    .await;
    let mut mailer = hasty(&smtp_settings(relay_settings(relay.port)));
    for number in 1..=4 {
        let got = send_one(&mut mailer, number).await;
        assert_eq!(kind(&got), "later", "letter {number}: {got:?}");
    }
    assert_eq!(relay.heard("CONNECT").len(), 4, "no connection is used again after trouble");
}

#[tokio::test]
async fn a_refusal_behind_a_late_answer_stays_a_refusal() {
    let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
        "." if heard.letters == 1 => Act::Late(SOON * 2, "250 2.0.0 ok\r\n".into()),
        "RCPT" if heard.line.contains("nouser") => say("550 5.1.1 no such user"),
        _ => usual(heard),
    })
    .await;
    let mut mailer = hasty(&smtp_settings(relay_settings(relay.port)));
    assert_eq!(kind(&send_one(&mut mailer, 1).await), "later");
    assert_eq!(kind(&mailer.send(&delivery(2, "nouser@desk.test")).await), "refused");
    assert_eq!(kind(&send_one(&mut mailer, 3).await), "sent");
}

#[tokio::test]
async fn only_250_to_the_final_dot_is_sent() {
    for (reply, outcome) in [
        ("250", "sent"),
        ("250 2.0.0 ok", "sent"),
        ("251 ok", "later"),
        ("354 go", "later"),
        ("220 hello", "later"),
        ("451 4.3.0 try later", "later"),
        ("421 4.7.0 closing", "later"),
        ("554 5.7.1 spam", "refused"),
        ("552 5.2.2 full", "refused"),
        ("hello", "later"),
        ("250_ok", "later"),
        ("250-first\r\n251 second", "later"),
    ] {
        let relay = odd_at(".", say(reply)).await;
        let got = send_one(&mut plain(&relay), 1).await;
        assert_eq!(kind(&got), outcome, "{reply}: {got:?}");
    }
    let relay = odd_at(".", Act::Close).await;
    assert_eq!(kind(&send_one(&mut plain(&relay), 1).await), "later");
}

#[tokio::test]
async fn what_is_said_before_the_letter_is_judged_by_whom_it_concerns() {
    for (step, reply, outcome) in [
        ("CONNECT", "421 4.3.2 busy", "away"),
        ("CONNECT", "554 5.7.1 not you", "barred"),
        ("EHLO", "421 busy", "away"),
        ("EHLO", "550 no", "barred"),
        ("MAIL", "451 4.3.0 later", "later"),
        ("MAIL", "553 5.7.1 not your address", "barred"),
        ("MAIL", "530 5.7.0 log in first", "barred"),
        ("RCPT", "450 4.2.0 greylisted", "later"),
        ("RCPT", "550 5.1.1 no such user", "refused"),
        ("RCPT", "530 5.7.0 log in first", "barred"),
        ("DATA", "451 later", "later"),
        ("DATA", "554 no", "refused"),
        ("DATA", "250 what", "later"),
    ] {
        let relay = odd_at(step, say(reply)).await;
        let got = send_one(&mut plain(&relay), 1).await;
        assert_eq!(kind(&got), outcome, "{step} {reply}: {got:?}");
        assert!(relay.heard(".").is_empty());
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_letter_and_replaced_when_the_relay_left() {
    let relay = FakeRelay::start(usual).await;
    let mut mailer = plain(&relay);
    for number in 1..=3 {
        assert_eq!(kind(&send_one(&mut mailer, number).await), "sent");
    }
    assert_eq!(relay.heard("CONNECT").len(), 1);

    let relay = odd_at(".", Act::SayAndClose("250 ok\r\n421 4.7.0 one is enough\r\n".into())).await;
    let mut mailer = plain(&relay);
    for number in 1..=3 {
        assert_eq!(kind(&send_one(&mut mailer, number).await), "sent", "letter {number}");
    }
    assert_eq!((relay.heard("CONNECT").len(), relay.heard(".").len()), (3, 3));
}

#[tokio::test]
async fn a_connection_is_replaced_after_its_number_of_letters() {
    let relay = FakeRelay::start(usual).await;
    let deadlines = Deadlines { letters: 2, ..Deadlines::default() };
    let mut mailer = Mailer::with_deadlines(&smtp_settings(relay_settings(relay.port)), deadlines).unwrap();
    for number in 1..=5 {
        assert_eq!(kind(&send_one(&mut mailer, number).await), "sent");
    }
    assert_eq!((relay.heard("CONNECT").len(), relay.heard("QUIT").len()), (3, 2));
}

#[tokio::test]
async fn a_send_that_is_given_up_in_the_middle_takes_its_connection_along() {
    let relay = FakeRelay::start(|heard: &Heard| match (heard.what.as_str(), heard.letters) {
        (".", 1) => Act::Late(SOON, "250 for the first\r\n".into()),
        (".", _) => say("554 5.7.1 spam"),
        _ => usual(heard),
    })
    .await;
    let mut mailer = plain(&relay);
    assert!(tokio::time::timeout(SOON / 3, send_one(&mut mailer, 1)).await.is_err());
    assert_eq!(kind(&send_one(&mut mailer, 2).await), "refused");
}

fn login(mechanism: Mechanism) -> Login {
    Login { user: "alert".into(), password: "tr0ub4dor&3".to_owned().into(), mechanism }
}

async fn log_in(mechanism: Mechanism, relay: &FakeRelay) -> Outcome {
    let mut settings = relay_settings(relay.port);
    settings.login = Some(login(mechanism));
    send_one(&mut mailer(&smtp_settings(settings)), 1).await
}

#[tokio::test]
async fn logging_in_speaks_plain_login_and_xoauth2() {
    let relay = FakeRelay::start(usual).await;
    assert_eq!(kind(&log_in(Mechanism::Plain, &relay).await), "sent");
    assert_eq!(kind(&log_in(Mechanism::Xoauth2, &relay).await), "sent");
    let said: Vec<_> = relay.heard("AUTH").into_iter().map(|heard| heard.line).collect();
    assert_eq!(said[0], "AUTH PLAIN AGFsZXJ0AHRyMHViNGRvciYz\r\n");
    assert_eq!(said[1], "AUTH XOAUTH2 dXNlcj1hbGVydAFhdXRoPUJlYXJlciB0cjB1YjRkb3ImMwEB\r\n");

    let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
        "AUTH" => say("334 VXNlciBOYW1lAA=="),
        _ if heard.line == "YWxlcnQ=\r\n" => say("334 UGFzc3dvcmQA"),
        _ if heard.line == "dHIwdWI0ZG9yJjM=\r\n" => say("235 ok"),
        _ => usual(heard),
    })
    .await;
    assert_eq!(kind(&log_in(Mechanism::Login, &relay).await), "sent");
}

#[tokio::test]
async fn a_refused_login_bars_all_letters_and_names_no_secret() {
    for mechanism in [Mechanism::Plain, Mechanism::Login, Mechanism::Xoauth2] {
        let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
            "AUTH" if heard.line.contains("XOAUTH2") => say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
            "AUTH" | "" => say("535 5.7.8 no"),
            _ => usual(heard),
        })
        .await;
        let got = log_in(mechanism, &relay).await;
        assert_eq!(kind(&got), "barred", "{got:?}");
        assert!(!format!("{got:?}").contains("tr0ub4dor") && !format!("{got:?}").contains("AHRyMHVi"));
        assert!(relay.heard("MAIL").is_empty());
    }
}

#[tokio::test]
async fn a_relay_that_offers_no_such_login_is_not_told_the_password() {
    let relay = odd_at("EHLO", say("250 fake")).await;
    assert_eq!(kind(&log_in(Mechanism::Plain, &relay).await), "barred");
    assert!(relay.heard("AUTH").is_empty());
}

fn starttls(relay: &FakeRelay) -> Mailer {
    let mut settings = relay_settings(relay.port);
    settings.tls = Tls::StartTls;
    settings.login = Some(login(Mechanism::Plain));
    mailer(&smtp_settings(settings))
}

#[tokio::test]
async fn without_starttls_nothing_is_said() {
    let relay = FakeRelay::start(usual).await;
    assert_eq!(kind(&send_one(&mut starttls(&relay), 1).await), "barred");
    assert!(relay.heard("AUTH").is_empty() && relay.heard("MAIL").is_empty());
}

#[tokio::test]
async fn words_slipped_in_before_tls_are_refused_as_an_attack() {
    let relay = FakeRelay::start(|heard: &Heard| match heard.what.as_str() {
        "EHLO" => Act::Say("250-fake\r\n250 STARTTLS\r\n".into()),
        "STARTTLS" => Act::Say("220 go\r\n250-INJECTED\r\n250 AUTH PLAIN LOGIN\r\n".into()),
        _ => usual(heard),
    })
    .await;
    let got = send_one(&mut starttls(&relay), 1).await;
    assert_eq!(kind(&got), "barred");
    assert!(reason(&got).contains("before TLS"), "{got:?}");
}

#[tokio::test]
async fn without_tls_letters_go_to_this_machine_only() {
    let mut settings = relay_settings(25);
    settings.host = "192.0.2.1".into();
    let began = Instant::now();
    let got = send_one(&mut mailer(&smtp_settings(settings)), 1).await;
    assert_eq!((kind(&got), began.elapsed() < SOON), ("barred", true), "{got:?}");
}

#[tokio::test]
async fn a_file_of_authorities_that_is_none_is_told_before_the_first_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = relay_settings(465);
    settings.tls = Tls::Implicit;
    for text in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let path = folder.path().join("ca.pem");
        fs::write(&path, text).unwrap();
        settings.ca_file = Some(path);
        let error = Mailer::new(&smtp_settings(settings.clone())).unwrap_err().to_string();
        assert!(error.contains("ca.pem"), "{error}");
    }
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_relay_that_takes_it() {
    let relay = FakeRelay::start(usual).await;
    let got = plain(&relay).send(&delivery(1, "rédaction@desk.test")).await;
    assert_eq!((kind(&got), relay.heard("RCPT").len()), ("refused", 0), "{got:?}");
    let relay = odd_at("EHLO", Act::Say("250-fake\r\n250 SMTPUTF8\r\n".into())).await;
    let got = plain(&relay).send(&delivery(1, "rédaction@desk.test")).await;
    assert_eq!(kind(&got), "sent", "{got:?}");
    assert!(relay.heard("MAIL")[0].line.contains("SMTPUTF8"));
}

fn letters_in(folder: &std::path::Path, room: &str) -> Vec<std::path::PathBuf> {
    fs::read_dir(folder.join(room)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_letter_in_a_folder_is_whole_private_and_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(&folder_settings(folder.path()));
    for _ in 0..2 {
        assert_eq!(kind(&send_one(&mut mailer, 1).await), "sent");
    }
    let found = letters_in(folder.path(), "new");
    assert_eq!((found.len(), letters_in(folder.path(), "tmp").len()), (1, 0));
    assert_eq!(fs::metadata(&found[0]).unwrap().permissions().mode() & 0o777, 0o600);
    let bytes = fs::read(&found[0]).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(parsed.to().unwrap().first().unwrap().address(), Some("desk@desk.test"));
}

#[tokio::test]
async fn a_letter_already_read_is_not_put_there_again_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(&folder_settings(folder.path()));
    send_one(&mut mailer, 1).await;
    let new = letters_in(folder.path(), "new").remove(0);
    let read = folder.path().join("cur").join(format!("{}:2,S", new.file_name().unwrap().to_str().unwrap()));
    fs::rename(&new, read).unwrap();
    let mut again = delivery(1, "desk@desk.test");
    again.attempts = 2;
    assert_eq!(kind(&mailer.send(&again).await), "sent");
    assert!(letters_in(folder.path(), "new").is_empty());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_says_nothing_about_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(&folder_settings(folder.path()));
    fs::remove_dir(folder.path().join("tmp")).unwrap();
    assert_eq!(kind(&send_one(&mut mailer, 1).await), "away");
}
