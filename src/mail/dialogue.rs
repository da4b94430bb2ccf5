//! An SMTP dialogue (RFC 5321): one line out, one reply in, each step under a deadline.
//!
//! Written here and not taken from lettre, which builds our messages: its connection reads banner and EHLO in one step
//! (no deadline of their own), has no way to see bytes that nobody asked for (which is how answers get off by one, and how
//! a man in the middle slips commands in before TLS), takes any positive code for success, and reads no reply of a bare code.

use std::fmt;
use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

/// Longest reply read, in bytes.
const LONGEST_REPLY: usize = 64 * 1024;

/// The steps of handing a letter over, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Connect,
    Tls,
    Banner,
    Hello,
    Auth,
    Sender,
    Recipient,
    Data,
    Dot,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Tls => "setting up TLS",
            Self::Banner => "waiting for its greeting",
            Self::Hello => "saying EHLO",
            Self::Auth => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "asking to send the letter",
            Self::Dot => "sending the letter",
        })
    }
}

/// What went wrong in a dialogue, and where.
#[derive(Debug)]
pub(super) struct Trouble {
    pub step: Step,
    pub what: What,
}

/// Kinds of trouble.
#[derive(Debug)]
pub(super) enum What {
    /// The deadline passed.
    Hung(Duration),
    /// The connection failed or was closed.
    Lost(String),
    /// The relay said no.
    Said(Reply),
    /// Bytes arrived that nobody had asked for, or no reply of the protocol.
    OutOfStep(&'static str),
    /// The settings do not allow to go on, or TLS could not be trusted.
    Distrust(String),
}

impl Trouble {
    pub(super) fn new(step: Step, what: What) -> Self {
        Self { step, what }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step;
        match &self.what {
            What::Hung(wait) => write!(f, "the relay did not answer within {} s while {step}", wait.as_secs_f32()),
            What::Lost(found) => write!(f, "the connection was lost while {step}: {found}"),
            What::Said(reply) => write!(f, "the relay answered {reply} while {step}"),
            What::OutOfStep(found) => write!(f, "the relay did not keep to the protocol while {step}: {found}"),
            What::Distrust(found) => write!(f, "{found}"),
        }
    }
}

/// A reply: its code, and the words of all its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    /// Reads one reply from the beginning of `bytes`; `None` while it is not complete. Gives its length too.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<(Self, usize)>, &'static str> {
        let mut lines = Vec::new();
        let mut first = None;
        let mut at = 0;
        loop {
            let rest = bytes.get(at..).unwrap_or_default();
            let Some(end) = rest.iter().position(|b| *b == b'\n') else { return Ok(None) };
            let line = rest.get(..end).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            at += end + 1;
            let [a @ b'2'..=b'5', b @ b'0'..=b'9', c @ b'0'..=b'9', text @ ..] = line else {
                return Err("a reply without a code");
            };
            let code = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            if *first.get_or_insert(code) != code {
                return Err("a reply with two codes");
            }
            let last = match text.first() {
                None | Some(b' ') => true,
                Some(b'-') => false,
                Some(_) => return Err("a reply without a code"),
            };
            lines.push(String::from_utf8_lossy(text.get(1..).unwrap_or_default()).into_owned());
            if last {
                return Ok(Some((Self { code, lines }, at)));
            }
        }
    }

    pub(super) fn is_positive(&self) -> bool {
        (200..300).contains(&self.code)
    }

    pub(super) fn is_transient(&self) -> bool {
        (400..500).contains(&self.code)
    }

    /// Whether an EHLO reply offers a keyword; the first line is the relay's name.
    pub(super) fn offers(&self, keyword: &str) -> Option<&str> {
        self.lines.iter().skip(1).find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then_some(rest)
        })
    }
}

impl fmt::Display for Reply {
    /// Code and words on one line, shortened and without what a terminal could take for an order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.lines.join(" ");
        let clean: String = words.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
        write!(f, "{} {}", self.code, clean.trim())
    }
}

/// The two ways a dialogue travels.
#[derive(Debug)]
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Wire {
    async fn read(&mut self, buffer: &mut Vec<u8>) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read_buf(buffer).await,
            Self::Tls(stream) => stream.read_buf(buffer).await,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.write_all(bytes).await,
            Self::Tls(stream) => {
                stream.write_all(bytes).await?;
                stream.flush().await
            }
        }
    }
}

/// A dialogue in progress. Any trouble ends it: whoever meets trouble drops it.
#[derive(Debug)]
pub(super) struct Dialogue {
    wire: Wire,
    unread: Vec<u8>,
}

impl Dialogue {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, unread: Vec::new() }
    }

    /// Gives the bare connection back for TLS, unless something was said on it that nobody had asked for.
    pub(super) fn into_plain(self) -> Result<TcpStream, Trouble> {
        // CVE-2011-0411: what a man in the middle adds behind the answer to STARTTLS would be read as said inside TLS.
        match self.wire {
            Wire::Plain(stream) if self.unread.is_empty() => Ok(stream),
            _ => Err(Trouble::new(
                Step::Tls,
                What::Distrust("bytes arrived before TLS was set up; refused as an attack".to_owned()),
            )),
        }
    }

    /// Waits for a reply.
    pub(super) async fn reply(&mut self, step: Step, deadline: Duration) -> Result<Reply, Trouble> {
        timeout(deadline, self.read_reply(step)).await.unwrap_or(Err(Trouble::new(step, What::Hung(deadline))))
    }

    /// Says a line (or a letter) and waits for the reply; both within the deadline.
    pub(super) async fn say(&mut self, bytes: &[u8], step: Step, deadline: Duration) -> Result<Reply, Trouble> {
        if !self.unread.is_empty() {
            return Err(Trouble::new(step, What::OutOfStep("an answer to a question that was not asked")));
        }
        let both = async {
            self.wire.write(bytes).await.map_err(|e| Trouble::new(step, What::Lost(e.to_string())))?;
            self.read_reply(step).await
        };
        timeout(deadline, both).await.unwrap_or(Err(Trouble::new(step, What::Hung(deadline))))
    }

    async fn read_reply(&mut self, step: Step) -> Result<Reply, Trouble> {
        loop {
            if let Some((reply, length)) = Reply::read(&self.unread).map_err(|e| Trouble::new(step, What::OutOfStep(e)))? {
                self.unread.drain(..length);
                return Ok(reply);
            }
            if self.unread.len() > LONGEST_REPLY {
                return Err(Trouble::new(step, What::OutOfStep("a reply without an end")));
            }
            match self.wire.read(&mut self.unread).await {
                Ok(0) => return Err(Trouble::new(step, What::Lost("it was closed".to_owned()))),
                Ok(_) => {}
                Err(e) => return Err(Trouble::new(step, What::Lost(e.to_string()))),
            }
        }
    }

    /// Whether nothing has been said since the last reply: a relay that tires of waiting says 421, or just goes.
    pub(super) async fn is_quiet(&mut self) -> bool {
        self.unread.is_empty() && timeout(Duration::ZERO, self.wire.read(&mut self.unread)).await.is_err()
    }

    /// Takes leave, without waiting long for an answer.
    pub(super) async fn quit(mut self) {
        let _ = self.say(b"QUIT\r\n", Step::Connect, Duration::from_secs(1)).await;
    }
}
