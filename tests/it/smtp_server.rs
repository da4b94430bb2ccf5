//! A relay for tests: polite, except where a test tells it how to misbehave.

use std::sync::{Arc, Mutex};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_util::either::Either;

/// The authority that signed the relay's certificate (for the name `localhost` only).
pub const CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls/ca.pem");
/// An authority that signed nothing here.
pub const OTHER_CA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/tls/other-ca.pem");

/// What the relay does at one moment of a session.
#[derive(Debug, Clone)]
pub enum Act {
    /// Says these lines (CRLF is added).
    Say(String),
    /// Says nothing any more, and keeps the connection open.
    Hang,
    /// Says this once the test allows it ([`Server::go_on`]).
    SayLate(String),
    /// Says this and closes.
    SayAndClose(String),
    /// Closes without a word.
    Close,
}

/// Says one line.
pub fn say(line: &str) -> Option<Act> {
    Some(Act::Say(line.to_owned()))
}

/// The moment at which a test may let the relay misbehave.
#[derive(Debug)]
pub struct Moment<'a> {
    /// `CONNECT`, `EHLO`, `STARTTLS`, `AUTH`, `MORE` (a line within AUTH), `MAIL`, `RCPT`, `DATA`, `.` or `QUIT`.
    pub verb: &'a str,
    /// The whole line.
    pub line: &'a str,
    /// Counts connections, from 1.
    pub connection: usize,
    /// Counts the final dots the relay has seen, this one included.
    pub dots: usize,
    /// Whether TLS is up.
    pub is_secure: bool,
}

type Manners = dyn Fn(&Moment<'_>) -> Option<Act> + Send + Sync;

/// A letter the relay has accepted.
#[derive(Debug, Clone)]
pub struct Received {
    /// From the envelope.
    pub recipient: String,
    /// The message, dots undone.
    pub message: String,
    /// Over which connection it came.
    pub connection: usize,
}

/// What the relay remembers.
#[derive(Debug, Default, Clone)]
pub struct Diary {
    /// Connections made.
    pub connections: usize,
    /// Connections open at the same time, at the most.
    pub most_at_once: usize,
    at_once: usize,
    dots: usize,
    /// Lines heard, bodies excepted.
    pub heard: Vec<String>,
    /// Letters accepted.
    pub letters: Vec<Received>,
}

impl Diary {
    /// Final dots seen.
    pub fn dots(&self) -> usize {
        self.dots
    }
}

/// When the relay speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Never.
    Plain,
    /// From the first byte.
    Implicit,
    /// When asked.
    StartTls,
}

/// A relay on a free port of this machine; it ends with the test.
pub struct Server {
    /// Where it listens.
    pub port: u16,
    diary: Arc<Mutex<Diary>>,
    late: Arc<tokio::sync::Notify>,
    news: Arc<tokio::sync::Notify>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Starts a relay that is polite unless `manners` say otherwise.
    pub async fn start(security: Security, manners: impl Fn(&Moment<'_>) -> Option<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let diary = Arc::new(Mutex::new(Diary::default()));
        let late = Arc::new(tokio::sync::Notify::new());
        let news = Arc::new(tokio::sync::Notify::new());
        let manners = Arc::new(manners);
        let house = House { diary: Arc::clone(&diary), late: Arc::clone(&late), news: Arc::clone(&news), manners, security };
        let task = tokio::spawn(async move {
            // Sessions end with the task that owns them.
            let mut sessions = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                sessions.spawn(house.clone().receive(stream));
            }
        });
        Self { port, diary, late, news, task }
    }

    /// What it remembers now.
    pub fn diary(&self) -> Diary {
        self.diary.lock().unwrap().clone()
    }

    /// Waits until the diary says what the test waits for.
    pub async fn until(&self, is_so: impl Fn(&Diary) -> bool) {
        let waiting = async {
            loop {
                let news = self.news.notified();
                if is_so(&self.diary()) {
                    return;
                }
                news.await;
            }
        };
        if tokio::time::timeout(std::time::Duration::from_secs(30), waiting).await.is_err() {
            panic!("waited in vain; the relay remembers {:?}", self.diary());
        }
    }

    /// Lets it say what it has held back.
    pub fn go_on(&self) {
        self.late.notify_one();
    }
}

#[derive(Clone)]
struct House {
    diary: Arc<Mutex<Diary>>,
    late: Arc<tokio::sync::Notify>,
    news: Arc<tokio::sync::Notify>,
    manners: Arc<Manners>,
    security: Security,
}

type Wire = BufReader<Either<TcpStream, Box<tokio_rustls::server::TlsStream<TcpStream>>>>;

impl House {
    async fn receive(self, stream: TcpStream) {
        stream.set_nodelay(true).unwrap();
        let connection = {
            let mut diary = self.diary.lock().unwrap();
            diary.connections += 1;
            diary.at_once += 1;
            diary.most_at_once = diary.most_at_once.max(diary.at_once);
            diary.connections
        };
        // A client that goes away in the middle ends the session; that is what many tests are about.
        let _ = self.session(stream, connection).await;
        self.diary.lock().unwrap().at_once -= 1;
    }

    async fn session(&self, stream: TcpStream, connection: usize) -> std::io::Result<()> {
        let mut wire = BufReader::new(match self.security {
            Security::Implicit => Either::Right(Box::new(acceptor().accept(stream).await?)),
            _ => Either::Left(stream),
        });
        let mut is_secure = self.security == Security::Implicit;
        if !self.act("CONNECT", "", connection, is_secure, &mut wire).await? {
            return Ok(());
        }
        let (mut recipient, mut in_auth) = (String::new(), false);
        while let Some(line) = line(&mut wire).await? {
            self.diary.lock().unwrap().heard.push(line.clone());
            self.news.notify_waiters();
            let word = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let verb = if in_auth { "MORE" } else { word.as_str() };
            in_auth = verb == "AUTH" && line.ends_with("LOGIN") || in_auth && !line.contains("cGFzc");
            if !self.act(verb, &line, connection, is_secure, &mut wire).await? {
                return Ok(());
            }
            match verb {
                "RCPT" => recipient = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').to_owned(),
                "STARTTLS" => {
                    let Either::Left(stream) = wire.into_inner() else { return Ok(()) };
                    wire = BufReader::new(Either::Right(Box::new(acceptor().accept(stream).await?)));
                    is_secure = true;
                }
                "DATA" => {
                    let mut message = String::new();
                    loop {
                        let Some(line) = self::line(&mut wire).await? else { return Ok(()) };
                        if line == "." {
                            break;
                        }
                        message.push_str(line.strip_prefix('.').unwrap_or(&line));
                        message.push_str("\r\n");
                    }
                    self.diary.lock().unwrap().dots += 1;
                    let letter = Received { recipient: recipient.clone(), message, connection };
                    if !self.dot(letter, connection, is_secure, &mut wire).await? {
                        return Ok(());
                    }
                }
                "QUIT" => return Ok(()),
                _ => {}
            }
        }
        Ok(())
    }

    async fn dot(&self, letter: Received, connection: usize, is_secure: bool, wire: &mut Wire) -> std::io::Result<bool> {
        let act = self.decide(".", ".", connection, is_secure);
        if matches!(&act, Act::Say(line) | Act::SayLate(line) | Act::SayAndClose(line) if line.starts_with("250")) {
            self.diary.lock().unwrap().letters.push(letter);
        }
        self.news.notify_waiters();
        self.perform(act, wire).await
    }

    async fn act(&self, verb: &str, line: &str, connection: usize, is_secure: bool, wire: &mut Wire) -> std::io::Result<bool> {
        self.perform(self.decide(verb, line, connection, is_secure), wire).await
    }

    fn decide(&self, verb: &str, line: &str, connection: usize, is_secure: bool) -> Act {
        let dots = self.diary.lock().unwrap().dots;
        let moment = Moment { verb, line, connection, dots, is_secure };
        (self.manners)(&moment).unwrap_or_else(|| Act::Say(self.polite(&moment)))
    }

    fn polite(&self, moment: &Moment<'_>) -> String {
        let answer = match moment.verb {
            "CONNECT" => "220 relay.test ESMTP",
            "EHLO" if self.security == Security::StartTls && !moment.is_secure => "250-relay.test\r\n250 STARTTLS",
            "EHLO" => "250-relay.test\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 AUTH PLAIN LOGIN XOAUTH2",
            "STARTTLS" => "220 go ahead",
            "AUTH" if moment.line.ends_with("LOGIN") => "334 VXNlcm5hbWU6",
            "MORE" if !moment.line.contains("cGFzc") => "334 UGFzc3dvcmQ6",
            "AUTH" | "MORE" => "235 2.7.0 welcome",
            "DATA" => "354 go on",
            "." => "250 2.0.0 queued as 4Kx",
            "MAIL" | "RCPT" | "NOOP" | "RSET" => "250 2.0.0 ok",
            "QUIT" => "221 goodbye",
            _ => "500 5.5.2 what?",
        };
        answer.to_owned()
    }

    /// Gives whether the session goes on.
    async fn perform(&self, act: Act, wire: &mut Wire) -> std::io::Result<bool> {
        match act {
            Act::Say(line) => speak(wire, &line).await.map(|()| true),
            Act::SayLate(line) => {
                self.late.notified().await;
                speak(wire, &line).await.map(|()| true)
            }
            Act::SayAndClose(line) => speak(wire, &line).await.map(|()| false),
            Act::Close => Ok(false),
            Act::Hang => std::future::pending().await,
        }
    }
}

async fn speak(wire: &mut Wire, line: &str) -> std::io::Result<()> {
    wire.write_all(format!("{line}\r\n").as_bytes()).await?;
    wire.flush().await
}

async fn line<S: AsyncRead + AsyncWrite + Unpin>(wire: &mut BufReader<S>) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    wire.read_until(b'\n', &mut line).await?;
    if line.is_empty() {
        return Ok(None);
    }
    assert!(line.ends_with(b"\r\n"), "a line without CRLF: {}", String::from_utf8_lossy(&line));
    assert!(line.len() <= 1000, "a line of {} bytes", line.len());
    line.truncate(line.len() - 2);
    Ok(Some(String::from_utf8(line).unwrap()))
}

fn acceptor() -> TlsAcceptor {
    let file = |name: &str| format!("{}/tests/it/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let chain = vec![CertificateDer::from_pem_file(file("localhost.pem")).unwrap()];
    let key = PrivateKeyDer::from_pem_file(file("localhost.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
