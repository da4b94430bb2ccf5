//! Values that tables of several kinds hold: names, mail addresses, networks, secrets in files.

use secrecy::{ExposeSecret, SecretString};

use super::files::SecretFault;
use crate::model::source::Token;
use crate::rules::codes;
use crate::rules::reading::broken::invisible;
use crate::rules::reading::table::{Notes, shown};
use crate::rules::reading::value::{Value, Words};

/// Finds a secret by the name the configuration gives it.
pub(super) type SecretOf<'a> = &'a dyn Fn(&str) -> Result<SecretString, SecretFault>;

/// A secret in a file, as `*_file` names it.
pub(super) fn token(value: &Value<'_>, secret: SecretOf<'_>, notes: &mut Notes<'_>) -> Option<Token> {
    let name = value.text(notes)?;
    match secret(&name.text) {
        Ok(token) => Some(Token(token.expose_secret().to_owned())),
        Err(fault) => {
            notes.note(fault.level, fault.code, &value.span, fault.message, fault.help);
            None
        }
    }
}

/// Networks in CIDR notation, or single addresses.
pub(super) fn networks(value: &Value<'_>, notes: &mut Notes<'_>) -> Vec<ipnet::IpNet> {
    let mut networks = Vec::new();
    for words in value.texts(notes) {
        let network = words.text.parse::<ipnet::IpNet>().ok();
        match network.or_else(|| words.text.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from)) {
            Some(network) => networks.push(network),
            None => {
                let message = format!("\"{}\" is not a network", shown(&words.text));
                notes.error(
                    codes::BAD_ADDRESS,
                    &words.span,
                    message,
                    "write an address or a range in numbers: \"10.1.2.3\", \"10.1.0.0/16\", \"fd00::/8\"",
                );
            }
        }
    }
    networks
}

/// A mail address without surprises: what cannot be seen is named.
pub(super) fn address(words: &Words, notes: &mut Notes<'_>) -> Option<String> {
    let text = &words.text;
    if let Some((name, c)) = text.chars().find_map(|c| invisible(c).map(|name| (name, c))) {
        let message = format!("an invisible {name} (U+{:04X}) stands in this address", u32::from(c));
        notes.error(codes::BAD_ADDRESS, &words.span, message, "type the address anew instead of pasting it");
        return None;
    }
    match text.parse::<lettre::Address>() {
        Ok(_) if !text.chars().any(|c| c.is_control() || c.is_whitespace()) => Some(text.clone()),
        _ => {
            let help =
                if text.contains('<') { "write the address alone, without a name" } else { "write it as name@example.org" };
            notes.error(codes::BAD_ADDRESS, &words.span, format!("\"{}\" is not a mail address", shown(text)), help);
            None
        }
    }
}

/// Names of sources or desks given out so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    taken: Vec<Words>,
}

impl Names {
    /// A name that nobody else has.
    pub(super) fn take(&mut self, what: &str, value: &Value<'_>, notes: &mut Notes<'_>) -> Option<Words> {
        let words = value.text(notes)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if words.text.len() > 64 || !words.text.chars().all(plain) {
            let help = "up to 64 letters a–z, digits, dots and hyphens, no blanks";
            notes.error(codes::BAD_ID, &value.span, format!("\"{}\" cannot be the name of a {what}", shown(&words.text)), help);
            return None;
        }
        if let Some(first) = self.taken.iter().find(|other| other.text == words.text) {
            let first = notes.document.place(&first.span);
            notes.error(
                codes::USED_TWICE,
                &value.span,
                format!("two {what}s are called \"{}\"", words.text),
                "give each a name of its own",
            );
            if let Some(last) = notes.found.last_mut() {
                last.also = Some((first, "the first of that name".to_owned()));
            }
            return None;
        }
        self.taken.push(words.clone());
        Some(words)
    }
}
