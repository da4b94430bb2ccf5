//! Letters handed over: into a folder, and to relays of every temper.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use claimwatch::mail::Mailer;
use claimwatch::mail::settings::{Deadlines, Login, Mechanism, Smtp, Tls};
use claimwatch::model::delivery::{Delivery, Outcome};
use claimwatch::model::facts::Facts;
use claimwatch::model::letter::Letter;
use claimwatch::model::post::Lang;
use futures_util::future::join_all;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

use crate::samples::{self, folder_settings, relay_settings, smtp_settings};
use crate::smtp_server::{self, Act, Moment, Security, Server, say};

/// Long enough for a handshake on a busy machine, short enough to wait for.
const SHORT: Deadlines = Deadlines { step: Duration::from_millis(700), dot: Duration::from_millis(700) };
const PATIENT: Deadlines = Deadlines { step: Duration::from_secs(20), dot: Duration::from_secs(20) };

/// A letter whose lines a relay could take for its own.
fn delivery(number: i64, recipient: &str) -> Delivery {
    let letter = Letter {
        subject: format!("[claimwatch] a post repeats: “peace in our time” – False ({number})"),
        text: "The claim, the verdict.\n.a line that begins with a dot\n.\nThe end.\n".to_owned(),
        html: "<p>The claim, the verdict.</p>\n".to_owned(),
        lang: Lang("en".to_owned()),
        facts: Facts::default(),
    };
    Delivery { letter, ..samples::delivery(number, recipient) }
}

fn relay(port: u16, tls: Tls) -> Smtp {
    let ca_file = Some(PathBuf::from(smtp_server::CA));
    Smtp { host: "localhost".to_owned(), tls, ca_file, ..relay_settings(port) }
}

fn login(mechanism: Mechanism) -> Login {
    Login { user: "user".to_owned(), password: "password".into(), mechanism }
}

fn plain(server: &Server, deadlines: Deadlines) -> Mailer {
    mailer(relay(server.port, Tls::None), deadlines)
}

fn mailer(smtp: Smtp, deadlines: Deadlines) -> Mailer {
    Mailer::with_deadlines(&smtp_settings(smtp), deadlines).unwrap()
}

fn polite(_: &Moment<'_>) -> Option<Act> {
    None
}

fn word(outcome: &Outcome) -> &'static str {
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
        Outcome::Sent { reply: words }
        | Outcome::Later { reason: words }
        | Outcome::Refused { reason: words }
        | Outcome::Away { reason: words }
        | Outcome::Barred { reason: words } => words,
    }
}

async fn outcome_when(manners: impl Fn(&Moment<'_>) -> Option<Act> + Send + Sync + 'static) -> (Outcome, smtp_server::Diary) {
    let server = Server::start(Security::Plain, manners).await;
    let outcome = plain(&server, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    (outcome, server.diary())
}

#[tokio::test]
async fn a_letter_is_handed_over_with_every_header_a_desk_needs() {
    let server = Server::start(Security::Plain, polite).await;
    let outcome = plain(&server, PATIENT).send(&delivery(7, "desk@desk.test")).await;
    assert_eq!(outcome, Outcome::Sent { reply: "250 2.0.0 queued as 4Kx".to_owned() });
    let diary = server.diary();
    let [letter] = diary.letters.as_slice() else { panic!("{diary:?}") };
    assert_eq!(letter.recipient, "desk@desk.test");
    let message = mail_parser::MessageParser::default().parse(letter.message.as_bytes()).unwrap();
    assert_eq!(message.message_id(), Some(delivery(7, "").message_id.0.as_str()));
    assert_eq!(message.subject(), Some("[claimwatch] a post repeats: “peace in our time” – False (7)"));
    assert_eq!(message.date().unwrap().to_timestamp(), delivery(7, "").written_at.as_second());
    let header = |name: &str| message.header_raw(name).map(str::trim).unwrap_or_default().to_owned();
    assert_eq!(header("List-Id"), "<politics.claimwatch.desk.test>");
    assert_eq!(header("Auto-Submitted"), "auto-generated");
    assert_eq!(header("X-Auto-Response-Suppress"), "All");
    assert_eq!(header("Content-Language"), "en");
    assert_eq!(header("X-Claimwatch-Claim"), "moon-cheese");
    assert_eq!(header("X-Claimwatch-Desk"), "politics");
    assert_eq!(header("In-Reply-To"), "<letter.bb@desk.test>");
    assert_eq!(header("References"), "<claim.aa@desk.test> <letter.bb@desk.test>");
    // mail-parser gives bodies with CRLF line ends.
    assert_eq!(message.body_text(0).unwrap().replace('\r', "").trim_end(), delivery(7, "").letter.text.trim_end());
    assert!(message.body_html(0).unwrap().contains("<p>The claim, the verdict.</p>"));
    assert!(letter.message.find("text/plain") < letter.message.find("text/html"));
}

#[tokio::test]
async fn a_relay_that_hangs_at_any_step_costs_one_deadline_and_no_letter() {
    let hang = |step: &'static str| async move {
        let server = Server::start(Security::Plain, move |m| (m.verb == step).then_some(Act::Hang)).await;
        let mut smtp = relay(server.port, Tls::None);
        smtp.login = Some(login(Mechanism::Plain));
        let begun = Instant::now();
        let outcome = mailer(smtp, SHORT).send(&delivery(1, "desk@desk.test")).await;
        assert!(begun.elapsed() < SHORT.step * 5, "{step}: {:?}", begun.elapsed());
        assert!(reason(&outcome).contains("unanswered for 700ms"), "{step}: {outcome:?}");
        (step, word(&outcome))
    };
    let steps = ["CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "."];
    let outcomes = join_all(steps.map(hang)).await;
    // Before RCPT nothing was said about the letter, so nothing is held against it.
    let expected = [
        ("CONNECT", "away"),
        ("EHLO", "away"),
        ("AUTH", "away"),
        ("MAIL", "away"),
        ("RCPT", "later"),
        ("DATA", "later"),
        (".", "later"),
    ];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_relay_that_does_not_accept_connections_is_away() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // With its queue full, the system drops what else knocks.
    let mut waiting = Vec::new();
    while let Ok(Ok(stream)) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
        waiting.push(stream);
        assert!(waiting.len() < 64, "the queue never fills");
    }
    let mut smtp = relay(address.port(), Tls::None);
    smtp.host = "127.0.0.1".to_owned();
    let outcome = mailer(smtp, SHORT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "away", "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_away() {
    let outcome = mailer(relay(1, Tls::None), PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "away", "{outcome:?}");
    let mut smtp = relay(25, Tls::Implicit);
    smtp.host = "no-such-relay.invalid".to_owned();
    let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "away", "{outcome:?}");
}

#[tokio::test]
async fn a_relay_that_hangs_in_the_tls_handshake_is_away() {
    let server = Server::start(Security::Plain, |m| (m.verb == "CONNECT").then_some(Act::Hang)).await;
    let outcome = mailer(relay(server.port, Tls::Implicit), SHORT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "away");
    assert!(reason(&outcome).contains("the TLS handshake"), "{outcome:?}");
}

#[tokio::test]
async fn a_late_answer_is_never_taken_for_the_answer_to_another_letter() {
    // The first dot is answered late with 250, every other one is refused for now.
    let server = Server::start(Security::Plain, |m| match (m.verb, m.dots) {
        (".", 1) => Some(Act::SayLate("250 2.0.0 late".to_owned())),
        (".", _) => say("451 4.7.1 rejected at the dot"),
        _ => None,
    })
    .await;
    let mut mailer = plain(&server, SHORT);
    let first = mailer.send(&delivery(1, "desk@desk.test")).await;
    server.go_on();
    let mut outcomes = vec![word(&first)];
    for number in 2..5 {
        let outcome = mailer.send(&delivery(number, "desk@desk.test")).await;
        assert!(reason(&outcome).contains("451"), "{outcome:?}");
        outcomes.push(word(&outcome));
    }
    assert_eq!(outcomes, ["later"; 4]);
    assert_eq!(server.diary().connections, 4, "a connection is kept after a 250 only");
}

#[tokio::test]
async fn a_send_that_is_given_up_half_way_takes_its_connection_with_it() {
    let server = Server::start(Security::Plain, |m| match (m.verb, m.dots) {
        (".", 2) => Some(Act::SayLate("250 2.0.0 late".to_owned())),
        (".", 3) => say("554 5.7.1 no"),
        _ => None,
    })
    .await;
    let mut mailer = plain(&server, PATIENT);
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "sent");
    assert!(timeout(Duration::from_millis(300), mailer.send(&delivery(2, "desk@desk.test"))).await.is_err());
    server.go_on();
    assert_eq!(word(&mailer.send(&delivery(3, "desk@desk.test")).await), "refused");
    assert_eq!(server.diary().connections, 2);
}

#[tokio::test]
async fn a_refused_recipient_says_nothing_about_the_others() {
    let server = Server::start(Security::Plain, |m| {
        let refused = m.verb == "RCPT" && m.line.contains("nouser");
        let greylisted = m.verb == "RCPT" && m.line.contains("grey");
        if refused {
            say("550 5.1.1 no such user")
        } else if greylisted {
            say("451 4.7.1 greylisted")
        } else {
            None
        }
    })
    .await;
    let mut mailer = plain(&server, PATIENT);
    let mut outcomes = Vec::new();
    for (number, recipient) in (1..).zip(["one@desk.test", "nouser@desk.test", "grey@desk.test", "two@desk.test"]) {
        outcomes.push(mailer.send(&delivery(number, recipient)).await);
    }
    assert_eq!(outcomes.iter().map(word).collect::<Vec<_>>(), ["sent", "refused", "later", "sent"]);
    assert_eq!(reason(&outcomes[1]), "the relay answered RCPT with 550 5.1.1 no such user");
    let received: Vec<String> = server.diary().letters.into_iter().map(|letter| letter.recipient).collect();
    assert_eq!(received, ["one@desk.test", "two@desk.test"]);
}

#[tokio::test]
async fn only_250_to_the_final_dot_counts_as_sent() {
    let expected = [
        ("250 ok", "sent"),
        ("251 ok", "later"),
        ("200 ok", "later"),
        ("354 go on", "later"),
        ("451 4.3.0 try later", "later"),
        ("554 5.7.1 spam", "refused"),
        ("250", "sent"),
        ("999 what", "later"),
        ("hello", "later"),
    ];
    for (answer, meaning) in expected {
        let (outcome, _) = outcome_when(move |m| (m.verb == ".").then(|| Act::Say(answer.to_owned()))).await;
        assert_eq!(word(&outcome), meaning, "{answer}: {outcome:?}");
    }
    let (outcome, _) = outcome_when(|m| (m.verb == ".").then_some(Act::Close)).await;
    assert_eq!(word(&outcome), "later", "{outcome:?}");
}

#[tokio::test]
async fn a_refusal_behind_a_late_answer_stays_a_refusal() {
    let server = Server::start(Security::Plain, |m| match (m.verb, m.dots) {
        (".", 1) => Some(Act::SayLate("250 2.0.0 late".to_owned())),
        ("RCPT", _) if m.line.contains("nouser") => say("550 5.1.1 no such user"),
        _ => None,
    })
    .await;
    let mut mailer = plain(&server, SHORT);
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "later");
    server.go_on();
    assert_eq!(word(&mailer.send(&delivery(2, "nouser@desk.test")).await), "refused");
    assert_eq!(word(&mailer.send(&delivery(3, "desk@desk.test")).await), "sent");
}

#[tokio::test]
async fn an_address_beyond_ascii_needs_a_relay_that_takes_it() {
    let (to, utf8) = ("rédaction@desk.test", "250-relay.test\r\n250 smtputf8");
    let server = Server::start(Security::Plain, |m| if m.verb == "EHLO" { say("250 relay.test") } else { None }).await;
    let mut mailer = plain(&server, PATIENT);
    assert_eq!(word(&mailer.send(&delivery(1, to)).await), "refused");
    assert_eq!(word(&mailer.send(&delivery(2, "desk@desk.test")).await), "sent", "the connection is as good as before");
    assert_eq!(server.diary().connections, 1);
    let (outcome, diary) = {
        let server = Server::start(Security::Plain, move |m| if m.verb == "EHLO" { say(utf8) } else { None }).await;
        (plain(&server, PATIENT).send(&delivery(1, to)).await, server.diary())
    };
    assert_eq!(word(&outcome), "sent");
    assert!(diary.heard.contains(&"MAIL FROM:<alerts@desk.test> SMTPUTF8".to_owned()), "{:?}", diary.heard);
}

#[tokio::test]
async fn only_354_to_data_lets_the_letter_out() {
    for answer in ["250 ok", "503 5.5.1 no", "451 4.0.0 busy"] {
        let (outcome, diary) = outcome_when(move |m| (m.verb == "DATA").then(|| Act::SayAndClose(answer.to_owned()))).await;
        assert_ne!(word(&outcome), "sent", "{answer}");
        assert_eq!(diary.heard.last().map(String::as_str), Some("DATA"), "{answer}");
    }
}

#[tokio::test]
async fn a_relay_that_refuses_us_is_barred_and_one_without_time_is_away() {
    let expected = [
        ("CONNECT", "554 5.3.2 no service here", "barred"),
        ("CONNECT", "421 4.3.2 too busy", "away"),
        ("CONNECT", "450 4.3.2 later", "away"),
        ("EHLO", "550 5.7.1 go away", "barred"),
        ("EHLO", "421 4.3.2 too busy", "away"),
        ("MAIL", "530 5.7.0 authentication required", "barred"),
        ("MAIL", "553 5.7.1 sender not owned by user", "barred"),
        ("MAIL", "552 5.3.4 too large", "refused"),
        ("MAIL", "452 4.3.1 no space", "later"),
        ("MAIL", "421 4.3.2 closing", "away"),
        ("RCPT", "421 4.7.28 too many for this one", "later"),
        ("RCPT", "530 5.7.0 authentication required", "barred"),
    ];
    for (verb, answer, meaning) in expected {
        let (outcome, _) = outcome_when(move |m| (m.verb == verb).then(|| Act::Say(answer.to_owned()))).await;
        assert_eq!(word(&outcome), meaning, "{verb} {answer}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_kept_connection_that_the_relay_has_closed_is_replaced_without_a_word() {
    for farewell in ["421 4.7.0 too many messages", ""] {
        // The 421 may come together with the 250 or just before the connection closes.
        let answer = if farewell.is_empty() { "250 2.0.0 ok".to_owned() } else { format!("250 2.0.0 ok\r\n{farewell}") };
        let server = Server::start(Security::Plain, move |m| (m.verb == ".").then(|| Act::SayAndClose(answer.clone()))).await;
        let mut mailer = plain(&server, PATIENT);
        for number in 1..4 {
            assert_eq!(word(&mailer.send(&delivery(number, "desk@desk.test")).await), "sent", "{farewell}");
        }
        assert_eq!(server.diary().letters.len(), 3);
        assert_eq!(server.diary().connections, 3);
    }
}

#[tokio::test]
async fn a_kept_connection_that_says_421_to_mail_is_replaced_without_a_word() {
    let server = Server::start(Security::Plain, |m| {
        (m.verb == "MAIL" && m.connection == 1 && m.dots == 1).then(|| Act::SayAndClose("421 4.4.2 idle for too long".to_owned()))
    })
    .await;
    let mut mailer = plain(&server, PATIENT);
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "sent");
    assert_eq!(word(&mailer.send(&delivery(2, "desk@desk.test")).await), "sent");
    assert_eq!(server.diary().connections, 2);
}

#[tokio::test]
async fn a_connection_serves_a_hundred_letters_and_then_a_new_one_is_made() {
    let server = Server::start(Security::Plain, polite).await;
    let mut mailer = plain(&server, PATIENT);
    for number in 0..101 {
        assert_eq!(word(&mailer.send(&delivery(number, "desk@desk.test")).await), "sent");
    }
    assert_eq!(server.diary().letters.iter().filter(|letter| letter.connection == 1).count(), 100);
    assert_eq!(server.diary().letters.len(), 101);
}

#[tokio::test]
async fn a_connection_older_than_a_minute_is_not_used_again() {
    let server = Server::start(Security::Plain, polite).await;
    let mut mailer = plain(&server, PATIENT);
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "sent");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    assert_eq!(word(&mailer.send(&delivery(2, "desk@desk.test")).await), "sent");
    assert_eq!(server.diary().connections, 2);
    assert!(server.diary().heard.contains(&"QUIT".to_owned()));
}

#[tokio::test]
async fn tls_from_the_first_byte_and_after_starttls() {
    for (security, tls) in [(Security::Implicit, Tls::Implicit), (Security::StartTls, Tls::StartTls)] {
        let server = Server::start(security, polite).await;
        let mut mailer = mailer(relay(server.port, tls), PATIENT);
        for number in 1..3 {
            let outcome = mailer.send(&delivery(number, "desk@desk.test")).await;
            assert_eq!(word(&outcome), "sent", "{tls:?}: {outcome:?}");
        }
        mailer.rest().await;
        assert_eq!((server.diary().connections, server.diary().letters.len()), (1, 2));
    }
}

#[tokio::test]
async fn a_certificate_of_a_stranger_or_for_another_name_bars_the_relay() {
    let server = Server::start(Security::Implicit, polite).await;
    let mut strange = relay(server.port, Tls::Implicit);
    strange.ca_file = Some(PathBuf::from(smtp_server::OTHER_CA));
    let mut misnamed = relay(server.port, Tls::Implicit);
    misnamed.host = "127.0.0.1".to_owned();
    for smtp in [strange, misnamed] {
        let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
        assert_eq!(word(&outcome), "barred", "{outcome:?}");
        assert!(reason(&outcome).contains("certificate"), "{outcome:?}");
    }
    assert!(server.diary().letters.is_empty());
}

#[tokio::test]
async fn bytes_that_arrive_before_tls_end_the_conversation() {
    let server = Server::start(Security::StartTls, |m| match m.verb {
        "STARTTLS" => say("220 go ahead\r\n250-injected.before.tls\r\n250 AUTH PLAIN LOGIN"),
        _ => None,
    })
    .await;
    let mut smtp = relay(server.port, Tls::StartTls);
    smtp.login = Some(login(Mechanism::Plain));
    let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "barred", "{outcome:?}");
    assert!(!server.diary().heard.iter().any(|line| line.starts_with("AUTH")), "{:?}", server.diary().heard);
}

#[tokio::test]
async fn starttls_is_required_and_never_merely_tried() {
    let server = Server::start(Security::Plain, polite).await;
    let mut smtp = relay(server.port, Tls::StartTls);
    smtp.login = Some(login(Mechanism::Plain));
    let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&outcome), "barred", "{outcome:?}");
    let heard = server.diary().heard;
    assert!(heard.iter().all(|line| line.starts_with("EHLO")), "{heard:?}");
}

#[tokio::test]
async fn what_a_relay_offered_before_tls_counts_for_nothing() {
    let server = Server::start(Security::StartTls, |m| match (m.verb, m.is_secure) {
        ("EHLO", false) => say("250-relay.test\r\n250-AUTH PLAIN\r\n250 STARTTLS"),
        ("EHLO", true) => say("250 relay.test"),
        _ => None,
    })
    .await;
    let mut smtp = relay(server.port, Tls::StartTls);
    smtp.login = Some(login(Mechanism::Plain));
    let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(reason(&outcome), "the relay cannot be used: it does not offer AUTH PLAIN");
}

#[tokio::test]
async fn without_tls_letters_go_to_this_machine_only() {
    for host in ["192.0.2.1", "2001:db8::1"] {
        let smtp = Smtp { host: host.to_owned(), port: 25, tls: Tls::None, ca_file: None, login: None };
        assert!(Mailer::new(&smtp_settings(smtp)).unwrap_err().to_string().contains("only for a relay on this machine"));
    }
}

#[tokio::test]
async fn each_way_of_logging_in_says_what_the_relay_expects() {
    let expected = [
        (Mechanism::Plain, vec!["AUTH PLAIN AHVzZXIAcGFzc3dvcmQ="]),
        (Mechanism::Login, vec!["AUTH LOGIN", "dXNlcg==", "cGFzc3dvcmQ="]),
        (Mechanism::Xoauth2, vec!["AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHBhc3N3b3JkAQE="]),
    ];
    for (mechanism, said) in expected {
        let server = Server::start(Security::Implicit, polite).await;
        let mut smtp = relay(server.port, Tls::Implicit);
        smtp.login = Some(login(mechanism));
        let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
        assert_eq!(word(&outcome), "sent", "{mechanism:?}: {outcome:?}");
        let heard = server.diary().heard;
        assert_eq!(heard[1..=said.len()], said, "{mechanism:?}");
    }
}

#[tokio::test]
async fn a_refused_login_bars_the_relay_and_a_busy_one_is_away() {
    let expected = [
        (Mechanism::Plain, "535 5.7.8 authentication failed", "barred"),
        (Mechanism::Login, "504 5.5.4 unknown mechanism", "barred"),
        (Mechanism::Plain, "454 4.7.0 temporary failure", "away"),
    ];
    for (mechanism, answer, meaning) in expected {
        let server = Server::start(Security::Implicit, move |m| (m.verb == "AUTH").then(|| Act::Say(answer.to_owned()))).await;
        let mut smtp = relay(server.port, Tls::Implicit);
        smtp.login = Some(login(mechanism));
        let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
        assert_eq!(word(&outcome), meaning, "{outcome:?}");
    }
}

#[tokio::test]
async fn a_refused_token_is_heard_to_its_end() {
    let server = Server::start(Security::Implicit, |m| match m.verb {
        "AUTH" => say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
        "" => say("535 5.7.8 the token has expired"),
        _ => None,
    })
    .await;
    let mut smtp = relay(server.port, Tls::Implicit);
    smtp.login = Some(login(Mechanism::Xoauth2));
    let outcome = mailer(smtp, PATIENT).send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(reason(&outcome), "the relay answered AUTH with 535 5.7.8 the token has expired");
    assert_eq!(word(&outcome), "barred");
}

#[tokio::test]
async fn a_relay_that_babbles_is_given_up() {
    for babble in ["x".repeat(200_000), "220-line\r\n".repeat(20_000), "220 hello\r\n220 again".to_owned()] {
        let (outcome, _) = outcome_when(move |m| (m.verb == "CONNECT").then(|| Act::SayAndClose(babble.clone()))).await;
        assert_eq!(word(&outcome), "away", "{outcome:?}");
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_asking_the_relay() {
    let server = Server::start(Security::Plain, polite).await;
    for recipient in ["nobody", "a@b\r\nRCPT TO:<evil@evil.test>", "<script>@x"] {
        let outcome = plain(&server, PATIENT).send(&delivery(1, recipient)).await;
        assert_eq!(word(&outcome), "refused", "{recipient}");
    }
    assert_eq!(server.diary().connections, 0);
}

#[tokio::test]
async fn the_password_never_appears_in_a_trace() {
    const CANARY: &str = "canary-7f3a91";
    let written = Arc::new(Mutex::new(Vec::new()));
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(Page(Arc::clone(&written))).finish();
    let guard = tracing::subscriber::set_default(subscriber);
    for (mechanism, answer) in [(Mechanism::Plain, "235 ok"), (Mechanism::Login, "535 no"), (Mechanism::Xoauth2, "535 no")] {
        let server = Server::start(Security::Plain, move |m| (m.verb == "AUTH").then(|| Act::Say(answer.to_owned()))).await;
        let mut smtp = relay(server.port, Tls::None);
        smtp.login = Some(Login { user: "user".to_owned(), password: CANARY.into(), mechanism });
        tracing::info!("{smtp:?}");
        let mut mailer = mailer(smtp, PATIENT);
        let outcome = mailer.send(&delivery(1, "desk@desk.test")).await;
        tracing::info!("{mailer:?} {outcome:?}");
    }
    drop(guard);
    let log = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert!(log.contains("Relay"), "{log}");
    // In base64 a text looks different at each of three offsets; these are the middles of all three.
    for form in [CANARY, "Y2FuYXJ5LTdmM2E5M", "NhbmFyeS03ZjNhOT", "jYW5hcnktN2YzYTkx"] {
        assert!(!log.contains(form), "{form} in\n{log}");
    }
}

#[derive(Clone)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> tracing_subscriber::fmt::MakeWriter<'a> for Page {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn files(folder: &std::path::Path, part: &str) -> Vec<PathBuf> {
    std::fs::read_dir(folder.join(part)).unwrap().map(|entry| entry.unwrap().path()).collect()
}

#[tokio::test]
async fn a_letter_lies_in_the_maildir_and_the_outcome_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("var/mail");
    let mut mailer = Mailer::new(&folder_settings(&maildir)).unwrap();
    let outcome = mailer.send(&delivery(1, "desk@desk.test")).await;
    let [file] = files(&maildir, "new").try_into().unwrap();
    assert_eq!(outcome, Outcome::Sent { reply: format!("lies in {}", file.display()) });
    let bytes = std::fs::read(&file).unwrap();
    assert!(!bytes.contains(&b'\r'), "Maildirs keep lines as Unix does");
    let message = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert_eq!(message.message_id(), Some(delivery(1, "").message_id.0.as_str()));
    assert!(files(&maildir, "tmp").is_empty());
}

#[tokio::test]
async fn a_letter_filed_before_a_crash_is_not_filed_twice_even_when_it_was_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = Mailer::new(&folder_settings(folder.path())).unwrap();
    mailer.send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "sent");
    let [unread] = files(folder.path(), "new").try_into().unwrap();
    let read = folder.path().join("cur").join(format!("{}:2,S", unread.file_name().unwrap().to_str().unwrap()));
    std::fs::rename(&unread, &read).unwrap();
    let outcome = mailer.send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(outcome, Outcome::Sent { reply: format!("lies in {}", read.display()) });
    assert!(files(folder.path(), "new").is_empty());
}

#[tokio::test]
async fn a_draft_left_by_a_crash_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = Mailer::new(&folder_settings(folder.path())).unwrap();
    mailer.send(&delivery(1, "desk@desk.test")).await;
    let [whole] = files(folder.path(), "new").try_into().unwrap();
    let bytes = std::fs::read(&whole).unwrap();
    std::fs::remove_file(&whole).unwrap();
    std::fs::write(folder.path().join("tmp").join(whole.file_name().unwrap()), vec![b'x'; 100_000]).unwrap();
    mailer.send(&delivery(1, "desk@desk.test")).await;
    assert_eq!(std::fs::read(&whole).unwrap(), bytes, "the same delivery gives the same bytes");
}

#[tokio::test]
async fn only_their_owner_reads_letters_in_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let maildir = folder.path().join("mail");
    Mailer::new(&folder_settings(&maildir)).unwrap().send(&delivery(1, "desk@desk.test")).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&maildir), mode(&maildir.join("new")), mode(&files(&maildir, "new")[0])), (0o700, 0o700, 0o600));
}

#[tokio::test]
async fn a_folder_that_is_gone_says_nothing_about_the_letter() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = Mailer::new(&folder_settings(folder.path())).unwrap();
    std::fs::remove_dir(folder.path().join("tmp")).unwrap();
    assert_eq!(word(&mailer.send(&delivery(1, "desk@desk.test")).await), "away");
}

#[tokio::test]
async fn a_folder_that_cannot_be_used_is_told_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = Mailer::new(&folder_settings(&file)).unwrap_err();
    assert!(error.to_string().starts_with("letters cannot be put into"), "{error}");
}

#[test]
fn mistakes_in_the_settings_are_told_in_sentences() {
    let mut wrong = smtp_settings(relay(25, Tls::Implicit));
    wrong.from = "claimwatch".to_owned();
    assert!(Mailer::new(&wrong).unwrap_err().to_string().contains("is not an address letters can come from"));
    let mut smtp = relay(25, Tls::Implicit);
    smtp.ca_file = Some(PathBuf::from("/nonexistent/ca.pem"));
    assert!(Mailer::new(&smtp_settings(smtp)).unwrap_err().to_string().contains("ca_file /nonexistent/ca.pem"));
    let mut smtp = relay(25, Tls::Implicit);
    smtp.ca_file = Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml"));
    assert!(Mailer::new(&smtp_settings(smtp)).unwrap_err().to_string().contains("no certificate in PEM form"));
}
