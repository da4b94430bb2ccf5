//! Addresses as people and programs write them: without a scheme, relative, encoded once too often.

use std::borrow::Cow;

use url::Url;

/// Longest address that is read, in bytes.
const LONGEST_BYTES: usize = 8192;

/// An address may have been encoded so often.
const MOST_ENCODINGS: usize = 3;

/// Ends of file names that look like a country or kind of site: `page.html` is no host.
const FILES: [&str; 12] = ["html", "htm", "php", "asp", "aspx", "jsp", "xml", "json", "pdf", "jpg", "png", "txt"];

/// Reads an address however it is written; where `base` is given, an address relative to it too.
///
/// Understood: no scheme, `//` in front, letters of any script, an address that was encoded as a whole (also twice), a scheme written
/// twice, `hxxp`. Anything but http and https is none.
pub fn read(address: &str, base: Option<&Url>) -> Option<Url> {
    let text = address.trim_matches(|c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '“' | '”'));
    if text.is_empty() || text.len() > LONGEST_BYTES {
        return None;
    }
    let text = whole(text);
    let text = text.as_ref();
    if let Some(rest) = text.strip_prefix("//") {
        return http(&format!("https://{rest}"));
    }
    if let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_word(scheme)) {
        let scheme = scheme.to_ascii_lowercase().replace("hxxp", "http");
        if ["http://", "https://"].iter().any(|twice| rest.starts_with(twice)) {
            return http(rest);
        }
        return http(&format!("{scheme}://{rest}"));
    }
    if !text.starts_with(['/', '.', '?', '#']) && is_host(text.split(['/', '?', '#']).next().unwrap_or_default()) {
        return http(&format!("https://{text}"));
    }
    let has_scheme = text.split_once(':').is_some_and(|(scheme, _)| is_word(scheme));
    let joined = base?.join(text).ok()?;
    (!has_scheme && !text.contains(char::is_whitespace)).then_some(joined)
}

/// An address encoded as a whole begins `http%3A`.
fn whole(text: &str) -> Cow<'_, str> {
    let is_encoded = |text: &str| {
        let rest = text.get(..4).filter(|head| head.eq_ignore_ascii_case("http")).and_then(|_| text.get(4..));
        rest.is_some_and(|rest| rest.strip_prefix(['s', 'S']).unwrap_or(rest).starts_with('%'))
    };
    if is_encoded(text) { Cow::Owned(decoded(text)) } else { Cow::Borrowed(text) }
}

fn http(text: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_word(scheme: &str) -> bool {
    !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `example.org`, `example.org:8080`
fn is_host(text: &str) -> bool {
    let (name, port) = text.split_once(':').unwrap_or((text, ""));
    let Some((before, last)) = name.trim_end_matches('.').rsplit_once('.') else { return false };
    let is_number = name.split('.').count() == 4 && name.split('.').all(|part| part.parse::<u8>().is_ok());
    let is_name = last.chars().count() >= 2 && last.chars().all(|c| c.is_alphabetic() || c == '-') || last.starts_with("xn--");
    let letters = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    port.bytes().all(|b| b.is_ascii_digit())
        && !before.is_empty()
        && name.chars().all(letters)
        && (is_number || is_name && !FILES.contains(&last.to_ascii_lowercase().as_str()))
}

/// Takes percent signs back to the characters they stand for, also where that was done more than once; what is no text stays.
pub fn decoded(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..MOST_ENCODINGS {
        if !text.contains('%') {
            break;
        }
        let Ok(once) = String::from_utf8(once(text.as_bytes())) else { break };
        if once == text {
            break;
        }
        text = once;
    }
    text
}

fn once(text: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (byte, digit(text.get(at + 1)), digit(text.get(at + 2))) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_made_whole() {
        let base = Url::parse("https://www.example.org/news/today").unwrap();
        for (written, whole) in [
            ("/estadao/verifica", "https://www.example.org/estadao/verifica"),
            ("page.html", "https://www.example.org/news/page.html"),
            ("?p=1", "https://www.example.org/news/today?p=1"),
            ("//cdn.example/a", "https://cdn.example/a"),
            ("aosfatos.example/noticias/x", "https://aosfatos.example/noticias/x"),
            (" http://example.org/a\n", "http://example.org/a"),
            ("https://http://example.org/a", "http://example.org/a"),
            ("hxxps://example.org/a", "https://example.org/a"),
            ("HTTPS://example.org/a", "https://example.org/a"),
        ] {
            assert_eq!(read(written, Some(&base)).map(String::from).as_deref(), Some(whole), "{written}");
        }
        for none in ["mailto:a@b.example", "javascript:void(0)", "urn:x", "two words"] {
            assert_eq!(read(none, Some(&base)), None, "{none}");
        }
        assert_eq!(read("/relative", None), None);
    }
}
