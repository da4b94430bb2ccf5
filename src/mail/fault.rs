//! What can go wrong while a letter is handed to a relay, and what that means for the letter.

use std::fmt;
use std::io;
use std::time::Duration;

use lettre::transport::smtp::response::{Response, Severity};

use crate::model::delivery::Outcome;

/// Longest answer of a relay that is repeated to people, in characters.
const WORDS: usize = 300;

/// The steps of handing over a letter, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Finding the relay and connecting.
    Connect,
    /// The relay's first words.
    Greeting,
    /// EHLO.
    Ehlo,
    /// STARTTLS.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Mail,
    /// RCPT TO.
    Rcpt,
    /// DATA.
    Data,
    /// The letter and its final dot.
    Dot,
    /// QUIT.
    Quit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the attempt to connect",
            Self::Greeting => "the greeting",
            Self::Ehlo => "EHLO",
            Self::StartTls => "STARTTLS",
            Self::Tls => "the TLS handshake",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Dot => "the final dot",
            Self::Quit => "QUIT",
        })
    }
}

/// A step that went wrong.
#[derive(Debug)]
pub struct Fault {
    /// Which.
    pub step: Step,
    /// How.
    pub cause: Cause,
}

/// How a step went wrong.
#[derive(Debug)]
pub enum Cause {
    /// Not done within its deadline.
    Late(Duration),
    /// The stream broke.
    Broken(io::Error),
    /// The relay does not speak SMTP, or speaks out of turn.
    Garbled(&'static str),
    /// The relay gave another answer than the one that lets us go on.
    Answer(Box<Response>),
    /// The relay cannot or must not be spoken to this way, until somebody changes the configuration.
    Unwilling(String),
}

impl Fault {
    /// A fault at `step`.
    pub fn new(step: Step, cause: Cause) -> Self {
        Self { step, cause }
    }

    /// Whether a connection that had been kept may simply have ended since: such a fault says nothing.
    pub fn is_farewell(&self) -> bool {
        self.step == Step::Mail
            && match &self.cause {
                Cause::Late(_) | Cause::Broken(_) | Cause::Garbled(_) => true,
                Cause::Answer(answer) => answer.has_code(421),
                Cause::Unwilling(_) => false,
            }
    }

    /// Says what the fault means for the letter in hand.
    ///
    /// Up to MAIL nothing has been said about this letter, so nothing is held against it. From RCPT on everything is
    /// counted, or a letter that always breaks the connection would be tried for ever. The final dot without a clear answer is
    /// ambiguous: the letter goes out again with the same Message-ID.
    pub fn outcome(&self) -> Outcome {
        let reason = self.to_string();
        match (&self.cause, self.step < Step::Rcpt) {
            (Cause::Unwilling(_), _) => Outcome::Barred { reason },
            (Cause::Answer(answer), _) if answer.code().severity == Severity::PermanentNegativeCompletion => {
                if self.is_about_us(answer) { Outcome::Barred { reason } } else { Outcome::Refused { reason } }
            }
            // 421 is "I am closing", whatever was asked.
            (Cause::Answer(answer), true) if self.step == Step::Mail && !answer.is_positive() && !answer.has_code(421) => {
                Outcome::Later { reason }
            }
            (_, true) => Outcome::Away { reason },
            (_, false) => Outcome::Later { reason },
        }
    }

    /// Whether a final refusal is about this program and not about the letter: everything before MAIL, and later the codes
    /// about authentication (RFC 4954 §6) and, for MAIL, a sender the relay does not take from us (5.1.7, 5.1.8, 5.7.x).
    fn is_about_us(&self, answer: &Response) -> bool {
        let about_login = [530, 534, 535, 538].into_iter().any(|code| answer.has_code(code));
        let is_about_sender = |word: &str| word.starts_with("5.7.") || word == "5.1.7" || word == "5.1.8";
        let about_sender = self.step == Step::Mail && answer.first_word().is_some_and(is_about_sender);
        self.step < Step::Mail || about_login || about_sender
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = self.step;
        match &self.cause {
            Cause::Late(limit) => write!(f, "the relay left {step} unanswered for {limit:?}"),
            Cause::Broken(error) => write!(f, "{step} failed: {error}"),
            Cause::Garbled(how) => write!(f, "the relay cannot be understood at {step}: {how}"),
            Cause::Answer(answer) => write!(f, "the relay answered {step} with {}", words(answer)),
            Cause::Unwilling(why) => write!(f, "the relay cannot be used: {why}"),
        }
    }
}

/// Gives an answer as one printable line: `550 5.1.1 no such user`.
pub fn words(answer: &Response) -> String {
    let text = answer.message().collect::<Vec<_>>().join(" ");
    let text = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    format!("{} {}", answer.code(), text.take(WORDS).collect::<String>()).trim_end().to_owned()
}
