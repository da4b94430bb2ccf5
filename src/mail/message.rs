//! The message on the wire (RFC 5322): headers that let mail programs thread, sort and not answer, text first, HTML second.
//!
//! The same delivery always gives the same bytes, so that a letter sent twice after a crash is recognised as one. Nothing
//! from outside reaches a header before its control characters are gone: the builder below *panics* on a line break
//! in a display name, and passes on `=?…?=` that an attacker has typed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

use super::error::MailError;
use crate::model::delivery::Delivery;

/// Longest header text of ours, in characters: a word this long still fits a line (RFC 5322 §2.1.1: 998 octets).
const HEADER: usize = 200;
/// Letters of a thread named in `References`, besides its root; mail programs look at the first and the last few.
const REFERENCES: usize = 20;

/// Claims of a digest that its header names.
const CLAIMS: usize = 20;

/// Who letters come from.
#[derive(Debug, Clone)]
pub struct Sender {
    from: Mailbox,
    /// Where people answer; the sender itself where nobody else is named.
    reply_to: Option<Address>,
    /// Who is asked to write no more, where nobody is named for answers.
    stop: Option<Address>,
}

impl Sender {
    /// Reads `alerts@example.org` or `Alerts <alerts@example.org>`; without a name it is called claimwatch.
    ///
    /// # Errors
    /// When it is no address.
    pub fn read(from: &str) -> Result<Self, MailError> {
        let wrong = || MailError::From { from: one_line(from).collect() };
        // In the configuration a control character is a mistake, not something to be mended in silence.
        let mailbox = Some(from).filter(|from| !from.chars().any(char::is_control)).and_then(mailbox).ok_or_else(wrong)?;
        let name = mailbox.name.or_else(|| Some("claimwatch".to_owned()));
        Ok(Self { from: Mailbox::new(name, mailbox.email), reply_to: None, stop: None })
    }

    /// Has answers, and requests to be written to no more, go to somebody who reads them.
    ///
    /// # Errors
    /// When it is no address.
    pub fn answered_by(self, reply_to: &str) -> Result<Self, MailError> {
        Ok(Self { reply_to: Some(plain(reply_to)?), ..self })
    }

    /// Has requests to be written to no more go to somebody, unless answers have a reader already.
    ///
    /// # Errors
    /// When it is no address.
    pub fn stopped_by(self, address: &str) -> Result<Self, MailError> {
        Ok(Self { stop: Some(plain(address)?), ..self })
    }

    /// The right side of its address, which Message-IDs end with.
    pub fn domain(&self) -> &str {
        self.from.email.domain()
    }
}

/// An address in the configuration, where a control character is a mistake.
fn plain(text: &str) -> Result<Address, MailError> {
    let found = Some(text).filter(|text| !text.chars().any(char::is_control)).and_then(mailbox);
    found.map(|found| found.email).ok_or_else(|| MailError::From { from: one_line(text).collect() })
}

/// A message and its envelope.
#[derive(Debug)]
pub struct Composed {
    /// Who it comes from.
    pub from: Address,
    /// Who it goes to: always one.
    pub to: Address,
    /// Headers and body with CRLF line ends, all ASCII unless an address is not.
    pub bytes: Vec<u8>,
}

impl Composed {
    /// Whether an address has letters beyond ASCII, which not every relay takes (RFC 6531).
    pub fn needs_utf8(&self) -> bool {
        !self.bytes.is_ascii() || !self.from.to_string().is_ascii() || !self.to.to_string().is_ascii()
    }
}

/// Makes the message of a delivery, the same bytes at every attempt.
///
/// # Errors
/// A sentence, when it cannot be written: nothing will change that, so the delivery is to be refused.
pub fn compose(delivery: &Delivery, sender: &Sender) -> Result<Composed, String> {
    // A second wall: should the library find another reason to panic, one letter is given up and told about, instead of the
    // post office and every letter after it.
    catch_unwind(AssertUnwindSafe(|| build(delivery, sender)))
        .unwrap_or_else(|_| Err("the mail library cannot write it".to_owned()))
}

fn build(delivery: &Delivery, sender: &Sender) -> Result<Composed, String> {
    let Sender { from, reply_to, stop } = sender;
    let to = mailbox(&delivery.recipient).ok_or("the recipient is not a mail address")?.email;
    let letter = &delivery.letter;
    let [id, desk, lang] = [&delivery.message_id.0, &delivery.desk.0, &letter.lang.0].map(|text| header(text));
    let mut builder = lettre::Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(header(&letter.subject))
        .date(date(delivery))
        .message_id(Some(format!("<{id}>")))
        .raw_header(raw("List-Id", list_id(&desk, sender.domain())))
        .raw_header(raw("List-Unsubscribe", unsubscribe(reply_to.as_ref().or(stop.as_ref()).unwrap_or(&from.email), &desk)))
        .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
        .raw_header(raw("X-Auto-Response-Suppress", "All".to_owned()))
        .raw_header(raw("Content-Language", lang))
        .raw_header(raw("X-Claimwatch-Kind", letter.facts.kind.word().to_owned()));
    if let Some(claims) = claims(delivery) {
        builder = builder.raw_header(raw("X-Claimwatch-Claim", claims));
    }
    builder = builder.raw_header(raw("X-Claimwatch-Desk", desk));
    // Only a letter about one claim has one rule and one score.
    if let ([about], 1..) = (letter.facts.claims.as_slice(), letter.facts.instalment) {
        builder = builder.raw_header(raw("X-Claimwatch-Rule", header(&about.revision)));
        if let Some(score) = letter.facts.score() {
            builder = builder.raw_header(raw("X-Claimwatch-Score", format!("{:.2}", score.value())));
        }
    }
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(Mailbox::new(None, reply_to.clone()));
    }
    if let Some(last) = delivery.references.last() {
        builder = builder.in_reply_to(format!("<{}>", header(&last.0))).references(references(delivery));
    }
    let text = SinglePart::builder().content_type(ContentType::TEXT_PLAIN).body(body(&letter.text));
    let message = if letter.html.is_empty() {
        builder.singlepart(text)
    } else {
        let html = SinglePart::builder().content_type(ContentType::TEXT_HTML).body(body(&letter.html));
        builder.multipart(MultiPart::alternative().boundary(boundary(delivery)).singlepart(text).singlepart(html))
    };
    let bytes = message.map_err(|error| format!("the message could not be put together: {error}"))?.formatted();
    Ok(Composed { from: from.email.clone(), to, bytes })
}

/// What the letter is about: its claim, or the first claims of a digest with commas between them; nothing where it tells of none.
fn claims(delivery: &Delivery) -> Option<String> {
    if !delivery.claim.0.is_empty() {
        return Some(header(&delivery.claim.0));
    }
    let named = delivery.letter.facts.claims.iter().take(CLAIMS).map(|claim| header(&claim.id.0.replace(',', " ")));
    Some(named.collect::<Vec<_>>().join(", ")).filter(|named| !named.is_empty())
}

/// Reads `desk@example.org` or `The desk <desk@example.org>`; invisible characters that came with copy and paste are
/// dropped, and a domain with letters beyond ASCII is given in the form relays know.
fn mailbox(text: &str) -> Option<Mailbox> {
    let is_seen = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let text: String = one_line(text).filter(is_seen).collect();
    let mailbox: Mailbox = text.trim().parse().ok()?;
    let domain = mailbox.email.domain();
    let domain = if domain.is_ascii() { domain.to_owned() } else { url::Host::parse(domain).ok()?.to_string() };
    Some(Mailbox::new(mailbox.name, Address::new(mailbox.email.user(), domain).ok()?))
}

/// Gives text that may stand in a header: one short line, and no encoded words but our own.
fn header(text: &str) -> String {
    one_line(&text.replace("=?", "= ?")).take(HEADER).collect()
}

/// Drops what breaks a line, moves the cursor or turns the direction of writing.
fn one_line(text: &str) -> impl Iterator<Item = char> {
    let breaks = |c| if matches!(c, '\r' | '\n' | '\t' | '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let is_kept = |c: &char| !c.is_control() && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(breaks).filter(is_kept)
}

/// Gives text that may stand in a body: lines end one way, and nothing but tabs and line ends below the space.
fn body(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").chars().filter(|&c| c == '\n' || c == '\t' || !c.is_control()).collect()
}

/// When the letter was closed; the library panics on dates it cannot write.
fn date(delivery: &Delivery) -> SystemTime {
    const END_OF_9999: u64 = 253_402_300_799;
    let seconds = u64::try_from(delivery.written_at.as_second()).unwrap_or_default().min(END_OF_9999);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn raw(name: &'static str, value: String) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value)
}

/// `<politics.claimwatch.example.org>` (RFC 2919): what a reader sorts a desk's letters by.
fn list_id(desk: &str, domain: &str) -> String {
    format!("<{}.claimwatch.{domain}>", label(desk))
}

/// `<mailto:alerts@example.org?subject=unsubscribe%20politics>` (RFC 2369 §3.2): a person reads it, no program does.
fn unsubscribe(address: &Address, desk: &str) -> String {
    let encoded = |text: &str| {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._@".contains(&byte);
        text.bytes()
            .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect::<String>()
    };
    format!("<mailto:{}?subject=unsubscribe%20{}>", encoded(address.as_ref()), label(desk))
}

/// A host-name label; what it cannot hold becomes its number, so that two desks do not share one.
fn label(desk: &str) -> String {
    let mut label = String::new();
    for c in desk.chars().take(60) {
        match c {
            'a'..='z' | '0'..='9' | '-' => label.push(c),
            'A'..='Z' => label.push(c.to_ascii_lowercase()),
            ' ' | '_' | '.' => label.push('-'),
            other => label.push_str(&format!("u{:x}", u32::from(other))),
        }
    }
    let label = label.trim_matches('-');
    if label.is_empty() { "desk".to_owned() } else { label.to_owned() }
}

/// The root of the thread and its last letters.
fn references(delivery: &Delivery) -> String {
    let all = &delivery.references;
    let last = all.len().saturating_sub(REFERENCES).max(1);
    let named = all.iter().take(1).chain(all.iter().skip(last));
    named.map(|id| format!("<{}>", header(&id.0))).collect::<Vec<_>>().join(" ")
}

/// A boundary that is the same at every attempt and that the letter itself cannot contain: it is the digest of the letter.
fn boundary(delivery: &Delivery) -> String {
    let parts = [&delivery.message_id.0, &delivery.letter.text, &delivery.letter.html];
    let digest = parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part));
    hex(&digest.finalize())
}

/// Gives the first 40 hexadecimal digits of a digest.
pub(super) fn hex(digest: &[u8]) -> String {
    digest.iter().take(20).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::model::alert::{DeskName, LetterId};
    use crate::model::claim::ClaimId;
    use crate::model::delivery::DeliveryId;
    use crate::model::facts::Facts;
    use crate::model::letter::{Letter, MessageId};
    use crate::model::post::Lang;

    fn delivery(words: &str) -> Delivery {
        let (subject, text, html) = (words.to_owned(), words.to_owned(), format!("<p>{words}</p>"));
        Delivery {
            id: DeliveryId(1),
            letter_id: LetterId(1),
            letter: Letter { subject, text, html, lang: Lang("fr".to_owned()), facts: Facts::default() },
            desk: DeskName(words.to_owned()),
            // Never empty: digests have none.
            claim: ClaimId(format!("c{words}")),
            recipient: "desk@desk.test".to_owned(),
            message_id: MessageId("letter.aa@desk.test".to_owned()),
            references: (0..40).map(|n| MessageId(format!("letter.{n}@desk.test"))).collect(),
            written_at: Timestamp::constant(1_790_000_000, 0),
            attempts: 1,
            queued_at: Timestamp::constant(1_790_000_000, 0),
        }
    }

    fn composed(delivery: &Delivery) -> String {
        String::from_utf8(compose(delivery, &Sender::read("alerts@desk.test").unwrap()).unwrap().bytes).unwrap()
    }

    /// Names of the header fields, those of the parts excepted.
    fn fields(message: &str) -> Vec<&str> {
        let (head, _) = message.split_once("\r\n\r\n").unwrap();
        head.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])).map(|line| line.split_once(':').unwrap().0).collect()
    }

    fn keeps_to_the_format(message: &str) {
        assert!(message.is_ascii());
        for line in message.split("\r\n") {
            assert!(line.len() <= 998, "{} octets: {line}", line.len());
            assert!(!line.contains(['\r', '\n', '\0']), "{line:?}");
        }
        assert_eq!(fields(message), fields(&composed(&delivery("usual"))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_text_changes_the_form_of_a_message(words in r"(?s)[\x00-\x{ff}\u{2020}-\u{2030}=?a-z ]{0,60}.{0,40}") {
            keeps_to_the_format(&composed(&delivery(&words)));
        }
    }

    #[test]
    fn attacks_on_headers_end_up_as_text() {
        for words in [
            "a\r\nBcc: evil@evil.test",
            "a\nBcc: evil@evil.test\n\nbody",
            "a\rb\0c",
            "é\r\nb",
            "=?utf-8?q?=0d=0aBcc:_evil=40evil.test?=",
            "\u{2028}\u{202e}txet\u{202c}",
            &"x".repeat(5000),
            &"é".repeat(5000),
            &".\n".repeat(3),
        ] {
            keeps_to_the_format(&composed(&delivery(words)));
        }
    }

    #[test]
    fn the_same_delivery_gives_the_same_bytes() {
        assert_eq!(composed(&delivery("words")), composed(&delivery("words")));
    }

    #[test]
    fn a_long_thread_is_named_by_its_root_and_its_last_letters() {
        let message = composed(&delivery("words")).replace("\r\n ", " ");
        let line = message.lines().find(|line| line.starts_with("References:")).unwrap();
        assert!(
            line.starts_with("References: <letter.0@desk.test> <letter.20@desk.test>") && line.ends_with("<letter.39@desk.test>")
        );
    }

    #[test]
    fn desks_in_any_script_have_lists_of_their_own() {
        let list = |desk: &str| list_id(desk, "desk.test");
        assert_eq!(list("Foreign Affairs"), "<foreign-affairs.claimwatch.desk.test>");
        assert_ne!(list("科学"), list("政治"));
    }

    #[test]
    fn addresses_are_read_as_people_paste_them() {
        let read = |text: &str| mailbox(text).map(|mailbox| mailbox.email.to_string());
        assert_eq!(read("\u{feff}desk@desk.test\u{200b} "), Some("desk@desk.test".to_owned()));
        assert_eq!(read("The desk <desk@desk.test>"), Some("desk@desk.test".to_owned()));
        assert_eq!(read("desk@bücher.test"), Some("desk@xn--bcher-kva.test".to_owned()));
        assert_eq!(read("desk"), None);
        assert_eq!(read("a@b@c"), None);
    }

    #[test]
    fn a_letter_without_html_has_one_part() {
        let mut delivery = delivery("words");
        delivery.letter.html.clear();
        let message = composed(&delivery);
        assert!(message.contains("Content-Type: text/plain") && !message.contains("multipart"));
    }

    #[test]
    fn a_date_the_library_cannot_write_is_no_reason_to_panic() {
        for at in [Timestamp::MIN, Timestamp::MAX] {
            composed(&Delivery { written_at: at, ..delivery("words") });
        }
    }
}
