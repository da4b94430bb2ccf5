//! One connection to a relay: made, secured, logged in, and lent out for one letter at a time.
//!
//! The connection is ours from the socket up. The mail library's own has no deadline for a single step, takes any positive
//! answer for success, keeps half-used connections for the next letter, and trusts bytes that came before TLS; so
//! only its messages, commands and parser of answers are used here.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, Mechanism as Sasl};
use lettre::transport::smtp::commands::{Auth, Data, Ehlo, Mail, Quit, Rcpt, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter, ServerInfo};
use lettre::transport::smtp::response::Response;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;

use super::dialogue::{Dialogue, limit};
use super::fault::{Cause, Fault, Step, words};
use super::message::Composed;
use super::settings::{Deadlines, Login, Mechanism, Smtp, Tls};

/// Letters over one connection at the most: relays count them too.
const LETTERS: u32 = 100;
/// Age at which a connection is not used again.
const AGE: Duration = Duration::from_secs(60);

type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// Where a relay is and how it is spoken to.
#[derive(Clone)]
pub struct Way {
    /// From the configuration.
    pub smtp: Smtp,
    /// The name its certificate must carry.
    pub name: ServerName<'static>,
    /// `None`: no TLS, and then only to this machine.
    pub connector: Option<TlsConnector>,
    /// How long each step may take.
    pub deadlines: Deadlines,
}

/// A connection on which the next thing to say is MAIL.
pub struct Connection {
    dialogue: Dialogue<Stream>,
    relay: ServerInfo,
    opened: Instant,
    letters: u32,
}

impl Connection {
    /// Connects, secures the connection and logs in.
    pub async fn open(way: &Way) -> Result<Self, Fault> {
        let opened = Instant::now();
        let tcp = dial(way).await?;
        let us = client_id(&tcp);
        let (mut dialogue, relay) = match (way.smtp.tls, &way.connector) {
            (Tls::None, _) => {
                let mut dialogue = Dialogue::new(Either::Left(tcp), way.deadlines);
                greeting(&mut dialogue).await?;
                let relay = ehlo(&mut dialogue, &us).await?;
                (dialogue, relay)
            }
            (Tls::Implicit, Some(connector)) => {
                let mut dialogue = Dialogue::new(secured(tcp, connector, way).await?, way.deadlines);
                greeting(&mut dialogue).await?;
                let relay = ehlo(&mut dialogue, &us).await?;
                (dialogue, relay)
            }
            (Tls::StartTls, Some(connector)) => {
                let tcp = starttls(tcp, &us, way.deadlines).await?;
                let mut dialogue = Dialogue::new(secured(tcp, connector, way).await?, way.deadlines);
                // What the relay offered before TLS counts for nothing.
                let relay = ehlo(&mut dialogue, &us).await?;
                (dialogue, relay)
            }
            (_, None) => return Err(Fault::new(Step::Tls, Cause::Unwilling("TLS is not set up".to_owned()))),
        };
        if let Some(login) = &way.smtp.login {
            log_in(&mut dialogue, &relay, login).await?;
        }
        Ok(Self { dialogue, relay, opened, letters: 0 })
    }

    /// Whether one more letter may go this way.
    pub fn is_fresh(&mut self) -> bool {
        self.letters < LETTERS && self.opened.elapsed() < AGE && self.dialogue.is_quiet()
    }

    /// Hands over one letter to one recipient; gives the relay's words, and the connection back only after a 250.
    ///
    /// Taking `self` is the safeguard: whoever gives up waiting drops the connection, and nobody reads the answer meant for
    /// this letter as the answer to another.
    pub async fn hand_over(mut self, message: &Composed) -> Result<(Self, String), Fault> {
        let mut parameters = Vec::new();
        if message.needs_utf8() {
            parameters.push(MailParameter::SmtpUtfEight);
        }
        let dialogue = &mut self.dialogue;
        let answer = dialogue.command(Step::Mail, Mail::new(Some(message.from.clone()), parameters)).await?;
        expect(Step::Mail, answer, &[250])?;
        let answer = dialogue.command(Step::Rcpt, Rcpt::new(message.to.clone(), Vec::new())).await?;
        expect(Step::Rcpt, answer, &[250, 251])?;
        let answer = dialogue.command(Step::Data, Data).await?;
        expect(Step::Data, answer, &[354])?;
        let answer = dialogue.say(Step::Dot, &dotted(&message.bytes)).await?;
        let answer = expect(Step::Dot, answer, &[250])?;
        self.letters += 1;
        Ok((self, words(&answer)))
    }

    /// Whether addresses with letters beyond ASCII may be named here.
    pub fn takes_utf8(&self) -> bool {
        self.relay.supports_feature(Extension::SmtpUtfEight)
    }

    /// Parts politely; how the relay takes it does not matter.
    pub async fn quit(mut self) {
        if self.dialogue.is_quiet() {
            let _ = self.dialogue.command(Step::Quit, Quit).await;
        }
        self.dialogue.close(Step::Quit).await;
    }
}

/// Connects to the first address of the relay that answers; all of them share one deadline.
async fn dial(way: &Way) -> Result<TcpStream, Fault> {
    let limit = limit(&way.deadlines, Step::Connect);
    let Smtp { host, port, tls, .. } = &way.smtp;
    let connected = timeout(limit, async {
        let mut addresses: Vec<SocketAddr> = lookup_host((host.as_str(), *port)).await.map_err(Cause::Broken)?.collect();
        if *tls == Tls::None {
            // A name may point elsewhere tomorrow, so the address is looked at, not only the configuration.
            addresses.retain(|address| address.ip().to_canonical().is_loopback());
            if addresses.is_empty() {
                return Err(Cause::Unwilling(format!("{host} is not this machine, and tls = \"none\" is only for this machine")));
            }
        }
        first_that_answers(&addresses, limit).await.map_err(Cause::Broken)
    })
    .await;
    let tcp = connected.unwrap_or(Err(Cause::Late(limit))).map_err(|cause| Fault::new(Step::Connect, cause))?;
    // A letter's last words are a small write after a large one: Nagle's algorithm would hold them back for 40 ms.
    tcp.set_nodelay(true).map_err(|error| Fault::new(Step::Connect, Cause::Broken(error)))?;
    Ok(tcp)
}

/// Tries the addresses in turn; one that swallows packets takes its share of the time, not all of it.
async fn first_that_answers(addresses: &[SocketAddr], limit: Duration) -> io::Result<TcpStream> {
    let share = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut last = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::Error::new(io::ErrorKind::TimedOut, "no answer"),
        }
    }
    Err(last)
}

async fn greeting<S>(dialogue: &mut Dialogue<S>) -> Result<(), Fault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    expect(Step::Greeting, dialogue.listen(Step::Greeting).await?, &[220]).map(drop)
}

async fn ehlo<S>(dialogue: &mut Dialogue<S>, us: &ClientId) -> Result<ServerInfo, Fault>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let answer = expect(Step::Ehlo, dialogue.command(Step::Ehlo, Ehlo::new(us.clone())).await?, &[250])?;
    Ok(offers(&answer))
}

/// What a relay offers. Keywords may be written in any case (RFC 5321 §2.4), and the library knows one; it panics on a
/// line of spaces.
fn offers(answer: &Response) -> ServerInfo {
    let lines = answer.message().map(|line| line.trim().to_ascii_uppercase());
    ServerInfo::from_response(&Response::new(answer.code(), lines.collect())).unwrap_or_default()
}

/// Asks for TLS on a plain connection. It is required: a relay that does not offer it, or an attacker who takes the offer
/// out of its answer, gets no letter.
async fn starttls(tcp: TcpStream, us: &ClientId, deadlines: Deadlines) -> Result<TcpStream, Fault> {
    let mut plain = Dialogue::new(tcp, deadlines);
    greeting(&mut plain).await?;
    if !ehlo(&mut plain, us).await?.supports_feature(Extension::StartTls) {
        let why = "it does not offer STARTTLS; if it expects TLS from the first byte, write tls = \"implicit\"".to_owned();
        return Err(Fault::new(Step::StartTls, Cause::Unwilling(why)));
    }
    expect(Step::StartTls, plain.command(Step::StartTls, Starttls).await?, &[220])?;
    plain.into_stream(Step::StartTls)
}

async fn secured(tcp: TcpStream, connector: &TlsConnector, way: &Way) -> Result<Stream, Fault> {
    let limit = limit(&way.deadlines, Step::Tls);
    let handshake = timeout(limit, connector.connect(way.name.clone(), tcp)).await;
    match handshake {
        Ok(Ok(stream)) => Ok(Either::Right(Box::new(stream))),
        Ok(Err(error)) => Err(Fault::new(Step::Tls, distrust(error))),
        Err(_) => Err(Fault::new(Step::Tls, Cause::Late(limit))),
    }
}

/// A certificate we cannot accept, or a relay that does not speak TLS here, needs a person; a broken stream does not.
fn distrust(error: io::Error) -> Cause {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidMessage(_)) => {
            Cause::Unwilling("it does not speak TLS on this port; perhaps tls = \"starttls\" is meant".to_owned())
        }
        Some(tls) => Cause::Unwilling(format!("the TLS handshake failed: {tls}")),
        None => Cause::Broken(error),
    }
}

async fn log_in(dialogue: &mut Dialogue<Stream>, relay: &ServerInfo, login: &Login) -> Result<(), Fault> {
    let unable = |why: String| Fault::new(Step::Auth, Cause::Unwilling(why));
    let sasl = match login.mechanism {
        Mechanism::Plain => Sasl::Plain,
        Mechanism::Login => Sasl::Login,
        Mechanism::Xoauth2 => Sasl::Xoauth2,
    };
    if !relay.supports_auth_mechanism(sasl) {
        return Err(unable(format!("it does not offer AUTH {sasl}")));
    }
    let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
    let auth = |challenge: Option<&str>| {
        let auth = Auth::new(sasl, credentials.clone(), challenge.map(str::to_owned));
        auth.map_err(|_| unable(format!("AUTH {sasl} cannot be spoken")))
    };
    let mut answer = dialogue.command(Step::Auth, auth(None)?).await?;
    if sasl == Sasl::Login {
        // The words of the two questions differ from relay to relay, their order does not.
        for question in ["Username:", "Password:"] {
            let asked = expect(Step::Auth, answer, &[334])?;
            drop(asked);
            answer = dialogue.command(Step::Auth, auth(Some(question))?).await?;
        }
    } else if answer.has_code(334) {
        // XOAUTH2 explains its refusal in a challenge, and refuses once that is acknowledged.
        answer = dialogue.say(Step::Auth, b"\r\n").await?;
    }
    expect(Step::Auth, answer, &[235]).map(drop)
}

fn expect(step: Step, answer: Response, codes: &[u16]) -> Result<Response, Fault> {
    if codes.iter().any(|&code| answer.has_code(code)) {
        Ok(answer)
    } else {
        Err(Fault::new(step, Cause::Answer(Box::new(answer))))
    }
}

/// Who we say we are: the address we speak from, which is what a program without a mail domain of its own should say
/// (RFC 5321 §4.1.4).
fn client_id(tcp: &TcpStream) -> ClientId {
    match tcp.local_addr().map(|address| address.ip().to_canonical()) {
        Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::default(),
    }
}

/// Gives a message as DATA wants it: dots that begin a line doubled (RFC 5321 §4.5.2), the final dot at its end.
fn dotted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut begins_line = true;
    for &byte in bytes {
        if begins_line && byte == b'.' {
            out.push(b'.');
        }
        out.push(byte);
        begins_line = byte == b'\n';
    }
    if !begins_line {
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncWriteExt, DuplexStream};

    use super::*;

    /// A dialogue with a relay that has said all this already; it ends when the relay is dropped.
    fn dialogue_with(said: &[u8]) -> (Dialogue<DuplexStream>, DuplexStream, tokio::runtime::Runtime) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (ours, mut theirs) = tokio::io::duplex(said.len() + 1024);
        runtime.block_on(theirs.write_all(said)).unwrap();
        let deadlines = Deadlines { step: Duration::from_secs(5), dot: Duration::from_secs(5) };
        (Dialogue::new(ours, deadlines), theirs, runtime)
    }

    #[test]
    fn a_line_of_spaces_among_the_offers_is_skipped() {
        let (mut dialogue, _relay, runtime) = dialogue_with(b"250-relay.test\r\n250-   \r\n250-\t\r\n250 auth plain\r\n");
        let relay = runtime.block_on(ehlo(&mut dialogue, &ClientId::default())).unwrap();
        assert!(relay.supports_auth_mechanism(Sasl::Plain) && !relay.supports_feature(Extension::StartTls));
    }

    #[test]
    fn dots_that_begin_lines_are_doubled_and_the_letter_ends_with_one() {
        assert_eq!(dotted(b".a\r\n..\r\nb.\r\n"), b"..a\r\n...\r\nb.\r\n.\r\n");
        assert_eq!(dotted(b"no end"), b"no end\r\n.\r\n");
        assert_eq!(dotted(b""), b".\r\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_relay_says_is_an_answer_or_a_fault(
            lines in prop::collection::vec(r"(?s)(2[0-9]{2}[- ]?)?.{0,30}(\r\n|\n|\r)?", 0..6),
            rubbish in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            let said: Vec<u8> = lines.concat().into_bytes().into_iter().chain(rubbish).chain(*b"\r\n250 end\r\n").collect();
            let (mut dialogue, relay, runtime) = dialogue_with(&said);
            drop(relay);
            let answer = runtime.block_on(dialogue.listen(Step::Greeting));
            if let Ok(answer) = answer {
                let _ = offers(&answer);
                prop_assert!(!words(&answer).contains(char::is_control));
            }
        }
    }
}
