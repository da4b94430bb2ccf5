//! A real Postfix on this machine's loopback: both kinds of TLS, a right and a wrong password, letters in its Maildir.
//!
//! Skipped, and loudly, where Postfix is not installed or the tests do not run as root (`.ci/run` sees to both).

use std::io::Write as _;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use claimwatch::daemon::letters::PostOffice;
use claimwatch::mail::Mailer;
use claimwatch::mail::settings::{Login, Mechanism, Settings, Smtp, Tls};
use claimwatch::model::delivery::{Delivery, Outcome};
use claimwatch::telemetry::metrics::Metrics;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::samples::{self, claim, desk, open_store, record, relay_settings, smtp_settings, visit};
use crate::smtp_server::{CA, OTHER_CA};

/// A running Postfix; stopped when the last test lets go of it.
struct Postfix {
    folder: TempDir,
    starttls: u16,
    implicit: u16,
}

static SHARED: Mutex<Weak<Postfix>> = Mutex::new(Weak::new());

impl Postfix {
    /// Starts it, or joins another test; `None` where it cannot run.
    fn start() -> Option<Arc<Self>> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return Some(running);
        }
        let is_root = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        let is_there = |program: &str| Command::new("which").arg(program).output().is_ok_and(|found| found.status.success());
        if !is_root || !is_there("postfix") || !is_there("saslpasswd2") {
            // Not through a macro: those are kept from the screen while tests pass.
            let note = "\nSKIPPED: the tests with a real Postfix need root, postfix and sasl2-bin.\n\n";
            std::io::stderr().write_all(note.as_bytes()).unwrap();
            return None;
        }
        let tls = |name: &str| format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"));
        let (folder, starttls, implicit) = (tempfile::tempdir().unwrap(), free_port(), free_port());
        let started = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postfix/start.sh"))
            .arg(folder.path())
            .args([starttls.to_string(), implicit.to_string(), tls("localhost.pem"), tls("localhost.key")])
            .output()
            .unwrap();
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let running = Arc::new(Self { folder, starttls, implicit });
        *shared = Arc::downgrade(&running);
        Some(running)
    }

    fn relay(&self, tls: Tls, password: &str, mechanism: Mechanism) -> Smtp {
        let port = if tls == Tls::Implicit { self.implicit } else { self.starttls };
        let login = Login { user: "alerts@claimwatch.test".to_owned(), password: password.into(), mechanism };
        let ca_file = Some(PathBuf::from(CA));
        Smtp { host: "localhost".to_owned(), tls, ca_file, login: Some(login), ..relay_settings(port) }
    }

    /// The message in its Maildir that holds `words`, once it is there.
    async fn delivered(&self, words: &str) -> String {
        let limit = Instant::now() + Duration::from_secs(30);
        while Instant::now() < limit {
            for letter in self.maildir() {
                let letter = std::fs::read_to_string(letter).unwrap_or_default();
                if letter.contains(words) {
                    return letter;
                }
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{words} never arrived\n{}", std::fs::read_to_string(self.folder.path().join("log")).unwrap());
    }

    fn maildir(&self) -> Vec<PathBuf> {
        let new = std::fs::read_dir(self.folder.path().join("mail/all/new"));
        new.into_iter().flatten().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("postfix").arg("-c").arg(self.folder.path().join("etc")).arg("stop").output();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Numbers that no other test uses, so that letters can be told apart.
fn delivery(number: i64) -> Delivery {
    samples::delivery(number, "politics@desk.test")
}

async fn send(smtp: Smtp, number: i64) -> Outcome {
    let mut mailer = Mailer::new(&smtp_settings(smtp)).unwrap();
    let outcome = mailer.send(&delivery(number)).await;
    mailer.rest().await;
    outcome
}

#[tokio::test]
async fn letters_reach_a_real_maildir_over_both_kinds_of_tls_and_both_kinds_of_login() {
    let Some(postfix) = Postfix::start() else { return };
    let ways = [
        (1001, Tls::StartTls, Mechanism::Plain),
        (1002, Tls::StartTls, Mechanism::Login),
        (1003, Tls::Implicit, Mechanism::Plain),
        (1004, Tls::Implicit, Mechanism::Login),
    ];
    for (number, tls, mechanism) in ways {
        let outcome = send(postfix.relay(tls, "secret", mechanism), number).await;
        assert!(matches!(&outcome, Outcome::Sent { reply } if reply.starts_with("250 2.0.0 Ok: queued as")), "{outcome:?}");
        let letter = postfix.delivered(&delivery(number).message_id.0).await;
        assert!(letter.contains("Delivered-To: politics@desk.test"), "{letter}");
        assert!(letter.contains("Auto-Submitted: auto-generated"), "{letter}");
    }
}

#[tokio::test]
async fn a_wrong_password_or_a_strange_certificate_bars_a_real_relay() {
    let Some(postfix) = Postfix::start() else { return };
    let strange = Smtp { ca_file: Some(PathBuf::from(OTHER_CA)), ..postfix.relay(Tls::Implicit, "secret", Mechanism::Plain) };
    // TLS from the first byte, spoken to the port that waits for STARTTLS.
    let confused = Smtp { port: postfix.starttls, ..postfix.relay(Tls::Implicit, "secret", Mechanism::Plain) };
    // The system does not know the authority, and the certificate is for localhost only.
    let of_the_system = Smtp { ca_file: None, ..postfix.relay(Tls::StartTls, "secret", Mechanism::Plain) };
    let misnamed = Smtp { host: "127.0.0.1".to_owned(), ..postfix.relay(Tls::StartTls, "secret", Mechanism::Plain) };
    let anonymous = Smtp { login: None, ..postfix.relay(Tls::Implicit, "secret", Mechanism::Plain) };
    let cases = [
        (postfix.relay(Tls::StartTls, "wrong", Mechanism::Plain), "barred", "535 5.7.8"),
        (postfix.relay(Tls::Implicit, "wrong", Mechanism::Login), "barred", "535 5.7.8"),
        (postfix.relay(Tls::Implicit, "secret", Mechanism::Xoauth2), "barred", "does not offer AUTH XOAUTH2"),
        (strange, "barred", "certificate"),
        (of_the_system, "barred", "certificate"),
        (misnamed, "barred", "certificate"),
        (confused, "barred", "does not speak TLS on this port"),
        (anonymous, "refused", "554 5.7.1"),
    ];
    for (smtp, meaning, why) in cases {
        let outcome = send(smtp, 2001).await;
        let (word, reason) = match &outcome {
            Outcome::Barred { reason } => ("barred", reason),
            Outcome::Refused { reason } => ("refused", reason),
            other => panic!("{other:?}"),
        };
        assert!(word == meaning && reason.contains(why), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_real_relay_refuses_one_recipient_and_puts_off_another() {
    let Some(postfix) = Postfix::start() else { return };
    let mut mailer = Mailer::new(&smtp_settings(postfix.relay(Tls::StartTls, "secret", Mechanism::Plain))).unwrap();
    let refused = mailer.send(&samples::delivery(3001, "nouser@desk.test")).await;
    assert!(matches!(&refused, Outcome::Refused { reason } if reason.contains("554 5.7.1")), "{refused:?}");
    let put_off = mailer.send(&samples::delivery(3002, "busy@desk.test")).await;
    assert!(matches!(&put_off, Outcome::Later { reason } if reason.contains("450 4.7.1")), "{put_off:?}");
    let sent = mailer.send(&delivery(3003)).await;
    assert!(matches!(sent, Outcome::Sent { .. }), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_workers_bring_every_letter_to_a_real_relay_once() {
    const LETTERS: usize = 200;
    let Some(postfix) = Postfix::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("throughput")];
    for number in 0..LETTERS {
        let id = format!("claim-{number:04}");
        record(&store, &visit("wire", &[&id], &claim(&id), Timestamp::now()), &desks).await;
    }
    let smtp = postfix.relay(Tls::StartTls, "secret", Mechanism::Plain);
    let settings = Settings { workers: 4, ..smtp_settings(smtp) };
    let metrics = Arc::new(Metrics::new("test"));
    let office = PostOffice::new(store, &settings, desks.into(), Arc::new(Notify::new()), metrics).unwrap();
    let begun = Instant::now();
    let report = office.once().await.unwrap();
    let per_second = LETTERS as f64 / begun.elapsed().as_secs_f64();
    println!("{LETTERS} letters closed, sent to Postfix over STARTTLS and settled by 4 workers: {per_second:.0} a second");
    assert_eq!((report.sent, report.waiting), (LETTERS as u64, 0));
    let is_ours = |letter: &&PathBuf| std::fs::read_to_string(letter).is_ok_and(|text| text.contains("throughput@desk.test"));
    let limit = Instant::now() + Duration::from_secs(60);
    while postfix.maildir().iter().filter(is_ours).count() < LETTERS && Instant::now() < limit {
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(postfix.maildir().iter().filter(is_ours).count(), LETTERS);
}
