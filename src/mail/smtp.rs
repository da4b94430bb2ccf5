//! An SMTP relay, over connections that are ours: kept only after a 250, dropped after anything else.
//!
//! A pooled connection that was abandoned in the middle gives every later letter the answer to the one before; so nothing is
//! pooled, each worker owns its relay, and only code 250 to the final dot counts as sent.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism as Method};
use lettre::transport::smtp::commands::{Auth, Mail, Rcpt};
use lettre::transport::smtp::extension::MailParameter;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use secrecy::ExposeSecret;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

use super::dialogue::{Dialogue, Reply, Step, Trouble, What, Wire};
use super::error::MailError;
use super::message::Composed;
use super::settings::{Login, Mechanism, Smtp, Tls};
use crate::model::delivery::Outcome;

/// How long each step may take, and how long a connection is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Each step but the last.
    pub step: Duration,
    /// The letter itself, up to the relay's answer to its final dot: it may scan and store before it answers.
    pub dot: Duration,
    /// A connection older than this is replaced.
    pub connection: Duration,
    /// So many letters over one connection.
    pub letters: u32,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { step: Duration::from_secs(30), dot: Duration::from_secs(120), connection: Duration::from_secs(60), letters: 100 }
    }
}

/// A relay, and the connection to it if one is open.
#[derive(Debug)]
pub struct Relay {
    settings: Smtp,
    deadlines: Deadlines,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    open: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    dialogue: Dialogue,
    since: Instant,
    letters: u32,
    speaks_utf8: bool,
}

impl Relay {
    /// Prepares everything but the connection.
    ///
    /// # Errors
    /// When the authorities cannot be read or the host is no name.
    pub fn new(settings: &Smtp, deadlines: Deadlines) -> Result<Self, MailError> {
        let tls = match settings.tls {
            Tls::None => None,
            Tls::Implicit | Tls::StartTls => {
                let name = ServerName::try_from(settings.host.clone());
                let name = name.map_err(|_| MailError::Host { host: settings.host.clone() })?;
                Some((Arc::new(tls_config(settings)?), name))
            }
        };
        Ok(Self { settings: settings.clone(), deadlines, tls, open: None })
    }

    /// Host and port, for people.
    pub fn name(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }

    /// Hands one letter over.
    pub async fn send(&mut self, message: &Composed) -> Outcome {
        // Taken out while it is in use: if this future is dropped in the middle, the connection goes with it.
        let kept = match self.open.take() {
            Some(kept) => self.still_good(kept).await,
            None => None,
        };
        if let Some(mut kept) = kept {
            match self.hand_over(&mut kept, message).await {
                // The relay went away between two letters. Nothing of this one was said yet, so it may be said anew.
                Err(trouble) if trouble.step == Step::Sender && has_left(&trouble.what) => {}
                result => return self.judge(kept, result).await,
            }
        }
        match self.connect().await {
            Ok(mut fresh) => {
                let result = self.hand_over(&mut fresh, message).await;
                self.judge(fresh, result).await
            }
            Err(trouble) => outcome(&trouble),
        }
    }

    /// Takes leave.
    pub async fn rest(&mut self) {
        if let Some(kept) = self.open.take() {
            kept.dialogue.quit().await;
        }
    }

    async fn still_good(&self, mut kept: Connection) -> Option<Connection> {
        if kept.since.elapsed() >= self.deadlines.connection || kept.letters >= self.deadlines.letters {
            kept.dialogue.quit().await;
            return None;
        }
        kept.dialogue.is_quiet().await.then_some(kept)
    }

    async fn judge(&mut self, mut connection: Connection, result: Result<Reply, Trouble>) -> Outcome {
        match result {
            Ok(reply) => {
                connection.letters += 1;
                self.open = Some(connection);
                Outcome::Sent { reply: reply.to_string() }
            }
            Err(trouble) => {
                // After a plain "no" the relay listens and is told goodbye; after anything else nothing it says counts.
                if matches!(trouble.what, What::Said(_)) {
                    connection.dialogue.quit().await;
                }
                outcome(&trouble)
            }
        }
    }

    async fn hand_over(&self, connection: &mut Connection, message: &Composed) -> Result<Reply, Trouble> {
        let step = self.deadlines.step;
        let mut parameters = Vec::new();
        if !message.to.to_string().is_ascii() || !message.from.to_string().is_ascii() {
            if !connection.speaks_utf8 {
                let no =
                    Reply { code: 550, lines: vec!["5.6.7 the relay takes no addresses with letters beyond ASCII".to_owned()] };
                return Err(Trouble::new(Step::Recipient, What::Said(no)));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let dialogue = &mut connection.dialogue;
        let sender = Mail::new(Some(message.from.clone()), parameters).to_string();
        positive(Step::Sender, dialogue.say(sender.as_bytes(), Step::Sender, step).await?)?;
        let recipient = Rcpt::new(message.to.clone(), Vec::new()).to_string();
        positive(Step::Recipient, dialogue.say(recipient.as_bytes(), Step::Recipient, step).await?)?;
        exactly(354, Step::Data, dialogue.say(b"DATA\r\n", Step::Data, step).await?)?;
        exactly(250, Step::Dot, dialogue.say(&dotted(&message.bytes), Step::Dot, self.deadlines.dot).await?)
    }

    async fn connect(&self) -> Result<Connection, Trouble> {
        let step = self.deadlines.step;
        let stream = timeout(step, self.reach()).await.unwrap_or(Err(Trouble::new(Step::Connect, What::Hung(step))))?;
        let hello = hello(&stream);
        let mut dialogue = match self.settings.tls {
            Tls::Implicit => Dialogue::new(self.encrypt(stream).await?),
            Tls::None | Tls::StartTls => Dialogue::new(Wire::Plain(stream)),
        };
        exactly(220, Step::Banner, dialogue.reply(Step::Banner, step).await?)?;
        let mut offers = exactly(250, Step::Hello, dialogue.say(hello.as_bytes(), Step::Hello, step).await?)?;
        if self.settings.tls == Tls::StartTls {
            if offers.offers("STARTTLS").is_none() {
                return Err(distrust("the relay offers no STARTTLS; claimwatch does not go on without"));
            }
            exactly(220, Step::Tls, dialogue.say(b"STARTTLS\r\n", Step::Tls, step).await?)?;
            dialogue = Dialogue::new(self.encrypt(dialogue.into_plain()?).await?);
            // What was offered before TLS could have been said by anybody.
            offers = exactly(250, Step::Hello, dialogue.say(hello.as_bytes(), Step::Hello, step).await?)?;
        }
        if let Some(login) = &self.settings.login {
            self.log_in(&mut dialogue, &offers, login).await?;
        }
        let speaks_utf8 = offers.offers("SMTPUTF8").is_some();
        Ok(Connection { dialogue, since: Instant::now(), letters: 0, speaks_utf8 })
    }

    /// Reaches one of the relay's addresses; each gets its share of the time.
    async fn reach(&self) -> Result<TcpStream, Trouble> {
        let lost = |found: String| Trouble::new(Step::Connect, What::Lost(found));
        let (host, port) = (self.settings.host.as_str(), self.settings.port);
        let found = tokio::net::lookup_host((host, port)).await;
        let addresses: Vec<SocketAddr> =
            found.map_err(|e| lost(format!("the name {host} could not be resolved: {e}")))?.collect();
        if self.settings.tls == Tls::None && !addresses.iter().all(|address| address.ip().to_canonical().is_loopback()) {
            return Err(distrust("tls = \"none\" is for relays on this machine only; letters would travel unprotected"));
        }
        let share = self.deadlines.step / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
        let mut last = lost(format!("the name {host} has no address"));
        for address in addresses {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    // Commands are small: without this each waits for the acknowledgement of the one before.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(e)) => last = lost(format!("{host}:{port}: {e}")),
                Err(_) => last = Trouble::new(Step::Connect, What::Hung(share)),
            }
        }
        Err(last)
    }

    async fn encrypt(&self, stream: TcpStream) -> Result<Wire, Trouble> {
        let Some((config, name)) = &self.tls else { return Err(distrust("TLS is not set up")) };
        let shaking = TlsConnector::from(config.clone()).connect(name.clone(), stream);
        match timeout(self.deadlines.step, shaking).await {
            Ok(Ok(stream)) => Ok(Wire::Tls(Box::new(stream))),
            Ok(Err(e)) if e.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
                Err(distrust(&format!("TLS with {} failed: {e}", self.name())))
            }
            Ok(Err(e)) => Err(Trouble::new(Step::Tls, What::Lost(e.to_string()))),
            Err(_) => Err(Trouble::new(Step::Tls, What::Hung(self.deadlines.step))),
        }
    }

    async fn log_in(&self, dialogue: &mut Dialogue, offers: &Reply, login: &Login) -> Result<(), Trouble> {
        let method = match login.mechanism {
            Mechanism::Plain => Method::Plain,
            Mechanism::Login => Method::Login,
            Mechanism::Xoauth2 => Method::Xoauth2,
        };
        let offered = offers.offers("AUTH").unwrap_or_default().to_ascii_uppercase();
        if !offered.split_ascii_whitespace().any(|word| word == method.to_string()) {
            return Err(distrust(&format!("the relay does not offer AUTH {method} (it offers: {offered})")));
        }
        let secret = login.password.expose_secret().to_owned();
        let credentials = Credentials::new(login.user.clone(), secret);
        let line = |challenge: Option<&str>| {
            Auth::new(method, credentials.clone(), challenge.map(str::to_owned))
                .map(|auth| auth.to_string())
                .map_err(|_| distrust("the login could not be encoded"))
        };
        let step = self.deadlines.step;
        let mut reply = dialogue.say(line(None)?.as_bytes(), Step::Auth, step).await?;
        if login.mechanism == Mechanism::Login {
            // Relays word their two questions differently, and always ask for the name first.
            for question in ["Username:", "Password:"] {
                exactly(334, Step::Auth, reply)?;
                reply = dialogue.say(line(Some(question))?.as_bytes(), Step::Auth, step).await?;
            }
        } else if reply.code == 334 {
            // XOAUTH2: the relay says why it refuses and waits for an empty line before it does.
            reply = dialogue.say(b"\r\n", Step::Auth, step).await?;
        }
        exactly(235, Step::Auth, reply).map(drop)
    }
}

fn tls_config(settings: &Smtp) -> Result<ClientConfig, MailError> {
    let roots = |e: rustls::Error| MailError::Roots { found: e.to_string() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(roots)?;
    let Some(path) = &settings.ca_file else {
        return Ok(builder.with_platform_verifier().map_err(roots)?.with_no_client_auth());
    };
    let failed = |found: String| MailError::Authorities { path: path.clone(), found };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path).map_err(|e| failed(e.to_string()))? {
        let certificate = certificate.map_err(|e| failed(e.to_string()))?;
        store.add(certificate).map_err(|e| failed(e.to_string()))?;
    }
    if store.is_empty() {
        return Err(failed("it holds no certificate".to_owned()));
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// An address literal (RFC 5321 §4.1.3): always true, whatever this machine calls itself.
fn hello(stream: &TcpStream) -> String {
    match stream.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(std::net::IpAddr::V6(ip)) => format!("EHLO [IPv6:{ip}]\r\n"),
        Ok(std::net::IpAddr::V4(ip)) => format!("EHLO [{ip}]\r\n"),
        Err(_) => "EHLO [127.0.0.1]\r\n".to_owned(),
    }
}

/// The letter as it travels: lines that begin with a dot get a second one (RFC 5321 §4.5.2), then the final dot. One piece,
/// so that it leaves in one write.
fn dotted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 128);
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        if line.first() == Some(&b'.') {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
    out.extend_from_slice(b".\r\n");
    out
}

fn distrust(found: &str) -> Trouble {
    Trouble::new(Step::Tls, What::Distrust(found.to_owned()))
}

fn positive(step: Step, reply: Reply) -> Result<Reply, Trouble> {
    if reply.is_positive() { Ok(reply) } else { Err(Trouble::new(step, What::Said(reply))) }
}

fn exactly(code: u16, step: Step, reply: Reply) -> Result<Reply, Trouble> {
    if reply.code == code { Ok(reply) } else { Err(Trouble::new(step, What::Said(reply))) }
}

fn has_left(what: &What) -> bool {
    match what {
        What::Lost(_) => true,
        What::Said(reply) => reply.code == 421,
        What::Hung(_) | What::OutOfStep(_) | What::Distrust(_) => false,
    }
}

/// What trouble means for the letter. Until the relay has taken the sender's name, nothing it does says anything about the
/// letter; from then on 4xx is for later and 5xx for ever.
fn outcome(trouble: &Trouble) -> Outcome {
    let reason = trouble.to_string();
    match &trouble.what {
        What::Distrust(_) => Outcome::Barred { reason },
        // RFC 4954 §6: the relay wants a login, or a better one, whatever step it says so at.
        What::Said(reply) if matches!(reply.code, 530 | 534 | 535 | 538) => Outcome::Barred { reason },
        What::Said(reply) if trouble.step < Step::Sender => {
            if reply.is_transient() {
                Outcome::Away { reason }
            } else {
                Outcome::Barred { reason }
            }
        }
        What::Hung(_) | What::Lost(_) | What::OutOfStep(_) if trouble.step < Step::Sender => Outcome::Away { reason },
        // The sender is a setting, not a part of the letter.
        What::Said(reply) if trouble.step == Step::Sender && reply.code >= 500 => Outcome::Barred { reason },
        What::Said(reply) if reply.code >= 500 => Outcome::Refused { reason },
        What::Said(_) | What::Hung(_) | What::Lost(_) | What::OutOfStep(_) => Outcome::Later { reason },
    }
}
