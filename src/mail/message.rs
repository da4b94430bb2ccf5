//! A delivery as an Internet message (RFC 5322): headers, text part, HTML part.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message, MultiPart, SinglePart};
use lettre::{Address, message};

use super::error::MailError;
use crate::model::delivery::Delivery;

/// Who sends.
#[derive(Debug, Clone)]
pub struct Sender(Mailbox);

/// A message ready for the wire: ASCII only, every line ended by CRLF.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Envelope sender.
    pub from: Address,
    /// Envelope recipient.
    pub to: Address,
    /// Headers and body.
    pub bytes: Vec<u8>,
}

impl Sender {
    /// Reads `"alerts@example.org"` or `"Alerts <alerts@example.org>"`.
    ///
    /// # Errors
    /// When it is no address.
    pub fn read(from: &str) -> Result<Self, MailError> {
        let failed = |found: String| MailError::From { from: printable(from), found };
        // The library panics on control characters in display names.
        if from.chars().any(char::is_control) {
            return Err(failed("it holds a control character".to_owned()));
        }
        let mailbox: Mailbox = from.trim().parse().map_err(|e: lettre::address::AddressError| failed(e.to_string()))?;
        let name = mailbox.name.or_else(|| Some("claimwatch".to_owned()));
        Ok(Self(Mailbox::new(name, mailbox.email)))
    }

    /// The right side of its address, which Message-IDs end with.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// Writes the message, the same bytes at every attempt.
///
/// # Errors
/// A sentence, when it cannot be written: nothing will change that, so the delivery is to be refused.
pub fn compose(delivery: &Delivery, sender: &Sender) -> Result<Composed, String> {
    // lettre 0.11 panics on some control characters in headers. They are all taken out before, here and where letters are
    // written; should one be missed, one letter is given up and told about, instead of the worker and all letters after it.
    catch_unwind(AssertUnwindSafe(|| build(delivery, sender)))
        .unwrap_or_else(|_| Err("the message could not be written: a header was refused by the mail library".to_owned()))
}

fn build(delivery: &Delivery, sender: &Sender) -> Result<Composed, String> {
    let to = recipient(&delivery.recipient)?;
    let letter = &delivery.letter;
    let bracketed = |id: &str| format!("<{}>", printable(id));
    let mut builder = Message::builder()
        .from(sender.0.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(printable(&letter.subject))
        .date(system_time(delivery.written_at))
        .message_id(Some(bracketed(&delivery.message_id.0)));
    if let Some(parent) = delivery.references.last() {
        let all: Vec<String> = delivery.references.iter().map(|id| bracketed(&id.0)).collect();
        builder = builder.in_reply_to(bracketed(&parent.0)).references(all.join(" "));
    }
    let headers = [
        ("List-Id", format!("<{}.claimwatch.{}>", label(&delivery.desk.0), sender.domain())),
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Auto-Response-Suppress", "All".to_owned()),
        ("Content-Language", printable(&letter.lang.0)),
        ("X-Claimwatch-Claim", short_token(&delivery.claim.0)),
        ("X-Claimwatch-Desk", short_token(&delivery.desk.0)),
    ];
    for (name, value) in headers {
        builder = builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value));
    }
    // A boundary of the library's own would be random, and a second attempt would not be the same bytes.
    let boundary = format!("=_cw_{}", label(delivery.message_id.0.split('@').next().unwrap_or_default()));
    let parts = MultiPart::alternative()
        .boundary(boundary)
        .singlepart(SinglePart::plain(letter.text.clone()))
        .singlepart(SinglePart::html(letter.html.clone()));
    let message = builder.multipart(parts).map_err(|e: lettre::error::Error| format!("the message could not be written: {e}"))?;
    Ok(Composed { from: sender.0.email.clone(), to, bytes: with_crlf(&message.formatted()) })
}

fn system_time(at: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

/// Reads a recipient. Invisible characters, pasted along from elsewhere, are taken out: they make an address undeliverable.
fn recipient(text: &str) -> Result<Address, String> {
    let visible: String = printable(text).chars().filter(|c| !is_invisible(*c)).collect();
    let mailbox: message::Mailbox = visible.trim().parse().map_err(|e| format!("the recipient is no address ({e})"))?;
    Ok(mailbox.email)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{A0}')
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }).collect()
}

/// A header value without spaces cannot be folded, and a line must not be longer than 998 bytes: such a value is cut.
fn short_token(text: &str) -> String {
    printable(text).chars().take(100).collect()
}

/// A host-name label, or the left side of an id: letters, digits, hyphens. What else there is becomes its code, so that two
/// desks do not get one label.
fn label(text: &str) -> String {
    let mut label = String::new();
    for c in text.chars().take(60) {
        match c {
            'a'..='z' | '0'..='9' => label.push(c),
            'A'..='Z' => label.push(c.to_ascii_lowercase()),
            ' ' | '-' | '_' | '.' => label.push('-'),
            other => label.push_str(&format!("u{:x}", u32::from(other))),
        }
    }
    let trimmed = label.trim_matches('-');
    if trimmed.is_empty() { "desk".to_owned() } else { trimmed.to_owned() }
}

/// Ends every line with CRLF and leaves no bare CR or LF: a relay that takes one for a line's end could be made to see a
/// second message inside the first.
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() + 64);
    let mut rest = bytes.iter().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'\r' => {
                rest.next_if(|next| **next == b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            other => out.push(*other),
        }
    }
    if !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}
