//! Letters for programs and chat rooms: what is sent to them, and how it is signed.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use sha2::Sha256;
use url::Url;

use crate::model::delivery::Delivery;
use crate::model::facts::{CheckFacts, Facts};
use crate::model::hook::{Form, Hook};
use crate::model::source::Token;

/// Posts named in a chat room; the letter has all.
const POSTS: usize = 5;

/// What is sent to a way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// `PUT` instead of `POST`.
    pub put: bool,
    /// Where to.
    pub url: Url,
    /// Headers beside `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
    /// `Authorization: Bearer`.
    pub token: Option<Token>,
    /// JSON.
    pub body: String,
}

/// The letter as JSON: `version` 1, fields may be added.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    /// The same at every attempt: who has seen it has the letter.
    id: &'a str,
    desk: &'a str,
    subject: &'a str,
    text: &'a str,
    lang: &'a str,
    #[serde(flatten)]
    facts: &'a Facts,
}

/// Writes a letter for a way out; all but the time of the signature is the same at every attempt.
///
/// # Errors
/// A sentence for people when it cannot be written down.
pub fn compose(delivery: &Delivery, hook: &Hook, now: Timestamp) -> Result<Message, String> {
    let id = delivery.message_id.0.as_str();
    let mut message = Message { put: false, url: hook.url.clone(), headers: Vec::new(), token: None, body: String::new() };
    match &hook.form {
        Form::Json => {
            let letter = &delivery.letter;
            let (subject, text, lang, facts) = (&letter.subject, &letter.text, &letter.lang.0, &letter.facts);
            let document = Document { version: 1, id, desk: &delivery.desk.0, subject, text, lang, facts };
            message.body = serde_json::to_string(&document).map_err(|error| format!("the letter is no JSON: {error}"))?;
        }
        Form::Slack => message.body = json!({ "text": escaped(&short(delivery)) }).to_string(),
        Form::Matrix { room } => {
            // Nobody is pinged, whatever names stand in the text.
            message.body = json!({ "msgtype": "m.text", "body": short(delivery), "m.mentions": {} }).to_string();
            let segments = ["_matrix", "client", "v3", "rooms", room, "send", "m.room.message", id];
            match message.url.path_segments_mut() {
                Ok(mut path) => drop(path.pop_if_empty().extend(segments)),
                Err(()) => return Err("the address of the Matrix server cannot be used".to_owned()),
            }
            message.put = true;
            message.token.clone_from(&hook.secret);
            return Ok(message);
        }
    }
    message.headers.push(("Idempotency-Key", id.to_owned()));
    if let Some(Token(secret)) = &hook.secret {
        message.headers.push(("X-Claimwatch-Signature", signature(secret, now.as_second(), &message.body)?));
    }
    Ok(message)
}

/// `t=SECONDS,v1=HEX`: HMAC-SHA256 (RFC 2104) over `SECONDS.BODY`, so that nobody can send an old letter again.
fn signature(secret: &str, seconds: i64, body: &str) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| error.to_string())?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    let hex = mac.finalize().into_bytes().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    Ok(format!("t={seconds},v1={hex}"))
}

/// Subject, verdicts with their addresses, and where the posts are: what fits into a chat room.
fn short(delivery: &Delivery) -> String {
    let mut lines = vec![delivery.letter.subject.clone()];
    for claim in &delivery.letter.facts.claims {
        if delivery.letter.facts.claims.len() > 1 {
            lines.push(format!("• {}", claim.claim));
        }
        lines.extend(claim.fact_checks.iter().map(check));
        let found = claim.posts.iter().rev().take(POSTS);
        lines.extend(found.map(|post| match &post.url {
            Some(url) => format!("#{} {} {}", post.number.0, post.source, unclickable(url)),
            None => format!("#{} {}", post.number.0, post.source),
        }));
    }
    lines.join("\n")
}

fn check(check: &CheckFacts) -> String {
    let rating = check.rating.as_deref().map(|rating| format!(" “{rating}”")).unwrap_or_default();
    let url = check.url.as_deref().unwrap_or_default();
    format!("{}:{rating} {url}", check.publisher).trim_end().to_owned()
}

/// A chat room makes a link of whatever looks like an address: this no longer does.
fn unclickable(url: &str) -> String {
    let plain: String = url.chars().filter(|c| !c.is_control() && !c.is_whitespace()).collect();
    plain.replace("http", "hxxp").replace('.', "[.]")
}

/// As Slack asks for: no `<!channel>` and no link comes out of a letter.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_hmac_sha256_over_time_and_body() {
        // RFC 4231 test case 2 has the key "Jefe"; the number was reckoned with openssl: printf '7.{}' | openssl dgst -sha256 -hmac Jefe
        assert_eq!(
            signature("Jefe", 7, "{}").unwrap(),
            "t=7,v1=fab47a0bfa9f75f6455e6e0d75f29f95b3118d10f700dec268f191bdcba9b6b7"
        );
    }

    #[test]
    fn a_chat_room_makes_no_link_and_pings_nobody() {
        assert_eq!(unclickable("https://bad.example/a b"), "hxxps://bad[.]example/ab");
        assert_eq!(escaped("<!channel> & <http://x|y>"), "&lt;!channel&gt; &amp; &lt;http://x|y&gt;");
    }
}
