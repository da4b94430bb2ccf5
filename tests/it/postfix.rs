//! A real Postfix on loopback ports: STARTTLS, TLS from the first byte, logins, its own authority, letters found in its Maildir.
//!
//! Needs root and the packages postfix, sasl2-bin, libsasl2-modules and openssl; says loudly that it skips without them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use claimwatch::alerting::subscription::Desk;
use claimwatch::mail::Mailer;
use claimwatch::mail::settings::{Login, Mechanism, Settings, Smtp, Tls};
use claimwatch::model::delivery::Outcome;
use claimwatch::model::letter::Dossier;
use claimwatch::store::Store;
use claimwatch::store::records::Closing;
use tokio::sync::Notify;

use crate::samples::{claim, delivery, desk, office, open_store, record, smtp_settings, visit};

/// A Postfix of our own; stopped and removed with the test.
struct Postfix {
    folder: tempfile::TempDir,
    starttls: u16,
    implicit: u16,
}

fn run(program: &str, arguments: &[&str], input: &str, folder: &Path) {
    use std::io::Write;
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A private authority and a certificate for this machine.
fn certificates(folder: &Path) {
    let authority = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=claimwatch-test-authority \
                     -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign";
    run("openssl", &authority.split_whitespace().collect::<Vec<_>>(), "", folder);
    let request = "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout key.pem -out request.pem";
    run("openssl", &request.split_whitespace().collect::<Vec<_>>(), "", folder);
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n").unwrap();
    let sign = "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem";
    run("openssl", &sign.split_whitespace().collect::<Vec<_>>(), "", folder);
}

impl Postfix {
    fn start() -> Option<Self> {
        let tools = ["/usr/sbin/postfix", "/usr/sbin/saslpasswd2", "/usr/bin/openssl"];
        let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n");
        if !is_root || !tools.iter().all(|tool| Path::new(tool).exists()) {
            eprintln!("SKIPPED: a real Postfix needs root and {tools:?}");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("claimwatch-postfix").tempdir().unwrap();
        // The daemons run as users of their own and must reach their folders.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let base = folder.path();
        for part in ["etc/sasl", "queue", "data", "mail"] {
            fs::create_dir_all(base.join(part)).unwrap();
        }
        certificates(base);
        // Debian's Postfix looks for SASL settings below its configuration folder only.
        run("saslpasswd2", &["-p", "-c", "-f", "users", "-u", "relay.test", "alert"], "tr0ub4dor\n", base);
        let at = base.display();
        fs::write(
            base.join("etc/sasl/claimwatch.conf"),
            format!("pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\nsasldb_path: {at}/users\n"),
        )
        .unwrap();
        let (starttls, implicit) = (free_port(), free_port());
        fs::write(base.join("etc/main.cf"), main_cf(base)).unwrap();
        fs::write(base.join("etc/master.cf"), master_cf(starttls, implicit)).unwrap();
        run("chown", &["root:postfix", "users"], "", base);
        run("chmod", &["640", "users"], "", base);
        run("chown", &["nobody:nogroup", "mail"], "", base);
        run("chown", &["postfix", "data"], "", base);
        run("postfix", &["-c", &format!("{at}/etc"), "start"], "", base);
        let postfix = Self { folder, starttls, implicit };
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", implicit)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "Postfix does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(postfix)
    }

    fn relay(&self, tls: Tls, mechanism: Mechanism, password: &str) -> Settings {
        smtp_settings(Smtp {
            host: "localhost".into(),
            port: if tls == Tls::Implicit { self.implicit } else { self.starttls },
            tls,
            ca_file: Some(self.folder.path().join("ca.pem")),
            login: Some(Login { user: "alert@relay.test".into(), password: password.to_owned().into(), mechanism }),
        })
    }

    fn letters(&self) -> Vec<PathBuf> {
        let new = self.folder.path().join("mail/new");
        fs::read_dir(new).map(|entries| entries.map(|e| e.unwrap().path()).collect()).unwrap_or_default()
    }

    /// Waits until so many letters have arrived.
    fn wait_for(&self, letters: usize) {
        let began = Instant::now();
        while self.letters().len() < letters {
            assert!(began.elapsed() < Duration::from_secs(30), "{} of {letters} letters arrived", self.letters().len());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // With a relative folder "postfix stop" does nothing, and the next instance would share the port.
        let etc = self.folder.path().join("etc");
        if std::thread::panicking() {
            eprintln!("{}", fs::read_to_string(self.folder.path().join("log")).unwrap_or_default());
        }
        let _ = Command::new("postfix").arg("-c").arg(etc).arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn main_cf(base: &Path) -> String {
    let at = base.display();
    format!(
        "compatibility_level = 3.6\nqueue_directory = {at}/queue\ndata_directory = {at}/data\ncommand_directory = /usr/sbin\n\
         daemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\nsetgid_group = postdrop\nmyhostname = relay.test\n\
         inet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks =\nmydestination =\nlocal_recipient_maps =\n\
         alias_maps =\nvirtual_mailbox_domains = desk.test\nvirtual_mailbox_base = {at}\nvirtual_mailbox_maps = static:mail/\n\
         virtual_uid_maps = static:65534\nvirtual_gid_maps = static:65534\nvirtual_minimum_uid = 100\n\
         default_transport = error:no mail leaves this test\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n\
         smtpd_recipient_restrictions = permit_sasl_authenticated, reject\nsmtpd_tls_cert_file = {at}/cert.pem\n\
         smtpd_tls_key_file = {at}/key.pem\nsmtpd_tls_security_level = encrypt\nsmtpd_tls_auth_only = yes\n\
         smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = cyrus\nsmtpd_sasl_path = claimwatch\n\
         smtpd_sasl_local_domain = relay.test\nsmtpd_sasl_security_options = noanonymous\n\
         maillog_file_prefixes = {at}\nmaillog_file = {at}/log\n"
    )
}

fn master_cf(starttls: u16, implicit: u16) -> String {
    let mut lines = format!(
        "127.0.0.1:{starttls} inet n - n - - smtpd\n\
         127.0.0.1:{implicit} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
         tlsmgr unix - - n 1000? 1 tlsmgr\nqmgr unix n - n 300 1 qmgr\ncleanup unix n - n - 0 cleanup\n\
         virtual unix - n n - - virtual\npostlog unix-dgram n - n - 1 postlogd\n"
    );
    for (service, program) in [("bounce", "bounce"), ("defer", "bounce"), ("trace", "bounce"), ("rewrite", "trivial-rewrite")] {
        lines.push_str(&format!("{service} unix - - n - 0 {program}\n"));
    }
    for (service, most) in [("anvil", "1"), ("verify", "1"), ("scache", "1"), ("proxymap", "-"), ("error", "-"), ("discard", "-")]
    {
        lines.push_str(&format!("{service} unix - - n - {most} {service}\n"));
    }
    lines.push_str("retry unix - - n - - error\nshowq unix n - n - - showq\nflush unix n - n 1000? 0 flush\n");
    lines
}

async fn send(settings: &Settings, number: i64) -> Outcome {
    Mailer::new(settings).unwrap().send(&delivery(number, "desk@desk.test")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_relay_takes_letters_both_ways_and_only_from_us() {
    let Some(postfix) = Postfix::start() else { return };
    let ways = [
        (Tls::Implicit, Mechanism::Plain),
        (Tls::StartTls, Mechanism::Plain),
        (Tls::Implicit, Mechanism::Login),
        (Tls::StartTls, Mechanism::Login),
    ];
    for (number, (tls, mechanism)) in ways.into_iter().enumerate() {
        let outcome = send(&postfix.relay(tls, mechanism, "tr0ub4dor"), number as i64).await;
        let Outcome::Sent { reply } = &outcome else { panic!("{tls:?} {mechanism:?}: {outcome:?}") };
        assert!(reply.contains("queued as"), "{reply}");
    }
    postfix.wait_for(4);
    let bytes = fs::read(&postfix.letters()[0]).unwrap();
    let parsed = mail_parser::MessageParser::default().parse(&bytes).unwrap();
    assert!(parsed.message_id().unwrap().starts_with("letter.") && parsed.html_body_count() == 1);

    let wrong = send(&postfix.relay(Tls::Implicit, Mechanism::Plain, "wrong"), 9).await;
    assert!(matches!(&wrong, Outcome::Barred { reason } if reason.contains("535") && !reason.contains("wrong")), "{wrong:?}");

    let mut stranger = postfix.relay(Tls::Implicit, Mechanism::Plain, "tr0ub4dor");
    if let claimwatch::mail::settings::Via::Smtp(smtp) = &mut stranger.via {
        // The certificate is for localhost.
        smtp.host = "127.0.0.1".into();
    }
    let outcome = send(&stranger, 10).await;
    assert!(matches!(&outcome, Outcome::Barred { .. }), "{outcome:?}");

    let mut system = postfix.relay(Tls::StartTls, Mechanism::Plain, "tr0ub4dor");
    if let claimwatch::mail::settings::Via::Smtp(smtp) = &mut system.via {
        smtp.ca_file = None;
    }
    let outcome = send(&system, 11).await;
    assert!(matches!(&outcome, Outcome::Barred { .. }), "the system does not know this authority: {outcome:?}");
    assert_eq!(postfix.letters().len(), 4);
}

/// `cargo test --release --test it postfix::a_hundred -- --ignored --nocapture` says how many letters a second.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: takes as long as the machine needs"]
async fn a_hundred_letters_a_second_into_a_real_relay() {
    const LETTERS: usize = 1000;
    let Some(postfix) = Postfix::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let store = open_store(folder.path()).await;
    let desks = [desk("politics")];
    for (round, workers) in [1, 2, 4].into_iter().enumerate() {
        for n in 0..LETTERS {
            let claim = claim(&format!("claim-{round}-{n}"));
            record(&store, &visit("bbc", &[&format!("post-{round}-{n}")], &claim, jiff::Timestamp::now()), &desks).await;
        }
        let began = Instant::now();
        write_all(&store, &desks[0]).await;
        let writing = began.elapsed();
        let mut mail = postfix.relay(Tls::StartTls, Mechanism::Plain, "tr0ub4dor");
        mail.workers = workers;
        let began = Instant::now();
        let report = office(&store, &mail, &desks, &Arc::new(Notify::new())).once().await.unwrap();
        let sending = began.elapsed();
        let rate = |time: Duration| LETTERS as f64 / time.as_secs_f64();
        println!("{workers} workers: {:.0} letters a second sent ({:.0} written)", rate(sending), rate(writing));
        assert_eq!((report.sent as usize, report.waiting), (LETTERS, 0));
        postfix.wait_for(LETTERS * (round + 1));
    }
}

/// Writes every letter that gathers, as the clerk does.
async fn write_all(store: &Store, desk: &Desk) {
    loop {
        let due = store.due_letters(jiff::Timestamp::now(), true).await.unwrap();
        if due.is_empty() {
            return;
        }
        for letter in due {
            let write = |dossier: &Dossier| Closing::Send {
                letter: claimwatch::alerting::letter::write(dossier, desk),
                recipients: desk.to.clone(),
            };
            store.close_letter(letter.id, jiff::Timestamp::now(), "desk.test", write).await.unwrap();
        }
    }
}
