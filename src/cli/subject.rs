//! What `explain` is asked about: a text, an address, or the page behind it.

use std::io::Read;
use std::time::Duration;

use jiff::Timestamp;
use url::Url;

use super::Exit;
use super::output::Answer;
use crate::feeds::clean::tidy;
use crate::feeds::decode::decode;
use crate::fetch::settings::Settings;
use crate::fetch::{Fetched, Fetcher};
use crate::model::post::{Lang, Part, PartKind, Post};
use crate::model::source::{Backfill, Source, SourceKind, SourceName, Validators};
use crate::text::html;

/// A text longer than this is no post.
const MAX_BYTES: u64 = 1 << 20;

/// What is compared, and what a person should know about how.
pub(super) struct Subject {
    /// As a post.
    pub post: Post,
    /// How it is looked at, if that needs saying.
    pub remark: Option<String>,
    /// Whether only its address is compared.
    pub is_address: bool,
}

/// Makes a post of what a person wrote: `-` reads standard input; an address is compared as one, and its page is read if `fetch`.
///
/// # Errors
/// The answer to give when there is nothing to compare.
pub(super) async fn subject(argument: &str, fetch: Option<&Settings>) -> Result<Subject, Answer> {
    let text = if argument == "-" { from_standard_input()? } else { argument.to_owned() };
    let now = Timestamp::now();
    let Some(url) = address(&text) else {
        if fetch.is_some() {
            let text = "--fetch reads the page at an address; give one that begins with http:// or https://.\n";
            return Err(Answer::trouble(text.to_owned(), Exit::Usage));
        }
        return Ok(Subject { post: Post::of_text(&text, now), remark: None, is_address: false });
    };
    match fetch {
        Some(settings) => page(&url, settings, now).await,
        None => {
            let post = Post { url: Some(url.to_string()), parts: Vec::new(), ..Post::of_text("", now) };
            let remark = Some("Compared as an address. --fetch compares the page behind it.".to_owned());
            Ok(Subject { post, remark, is_address: true })
        }
    }
}

/// The address, if the text is one and nothing else.
fn address(text: &str) -> Option<Url> {
    let text = text.trim();
    if text.contains(char::is_whitespace) {
        return None;
    }
    Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn from_standard_input() -> Result<String, Answer> {
    let mut bytes = Vec::new();
    match std::io::stdin().lock().take(MAX_BYTES).read_to_end(&mut bytes) {
        Ok(_) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        Err(error) => Err(Answer::trouble(format!("Standard input cannot be read: {error}\n"), Exit::World)),
    }
}

/// Reads the page as the daemon would visit it: same limits, same rules about addresses.
async fn page(url: &Url, settings: &Settings, now: Timestamp) -> Result<Subject, Answer> {
    let source = Source {
        name: SourceName("page".to_owned()),
        kind: SourceKind::Feed { url: url.clone(), allow_private: Vec::new() },
        every: Duration::from_secs(60 * 60),
        backfill: Backfill::Nothing,
    };
    let fetched = Fetcher::new(settings).fetch(&source, &Validators::default()).await;
    let (body, kind, came_from) = match fetched {
        Ok(Fetched::News { body, content_type, url, .. }) => (body, content_type, url),
        Ok(Fetched::NotModified { .. }) => (bytes::Bytes::new(), None, None),
        Err(error) => return Err(Answer::trouble(format!("The page cannot be read: {error}.\n"), Exit::World)),
    };
    let is_text = kind.as_deref().is_none_or(|kind| ["html", "xml", "text/"].iter().any(|known| kind.contains(known)));
    if !is_text {
        let kind = kind.unwrap_or_default();
        let text = format!("{url} is no page of text but {}; only its address can be compared, without --fetch.\n", tidy(&kind));
        return Err(Answer::trouble(text, Exit::World));
    }
    let document = decode(&body, kind.as_deref());
    let title = title(&document);
    let text = tidy(&html::read(&without_title(&document)).text);
    let mut parts = Vec::new();
    parts.extend(title.map(|text| Part { kind: PartKind::Title, text }));
    parts.push(Part { kind: PartKind::Text, text });
    let length: usize = parts.iter().map(|part| part.text.chars().count()).sum();
    let post = Post {
        url: Some(came_from.as_ref().unwrap_or(url).to_string()),
        links: vec![url.to_string()],
        lang: language(&document),
        parts,
        ..Post::of_text("", now)
    };
    let remark = Some(format!("Read {length} letters at {}.", post.url.as_deref().unwrap_or_default()));
    Ok(Subject { post, remark, is_address: false })
}

/// Where the title stands: `<title …>` up to `</title>`, as bytes of the document.
fn title_at(document: &str) -> Option<std::ops::Range<usize>> {
    let lower = document.to_ascii_lowercase();
    let start = lower.find("<title")?;
    let open = start + lower.get(start..)?.find('>')? + 1;
    let end = open + lower.get(open..)?.find("</title")?;
    Some(open..end)
}

fn title(document: &str) -> Option<String> {
    let title = tidy(&html::read(document.get(title_at(document)?)?).text);
    (!title.is_empty()).then_some(title)
}

fn without_title(document: &str) -> String {
    let mut document = document.to_owned();
    if let Some(at) = title_at(&document) {
        document.replace_range(at, "");
    }
    document
}

/// `<html lang="…">`, its first subtag.
fn language(document: &str) -> Option<Lang> {
    let head = document.get(..document.floor_char_boundary(4096))?.to_ascii_lowercase();
    let tag = head.get(head.find("<html")?..)?;
    let tag = tag.get(..tag.find('>')?)?;
    let value = tag.split("lang=").nth(1)?.trim_start_matches(['"', '\'']);
    let lang: String = value.chars().take_while(char::is_ascii_alphabetic).collect();
    (2..=3).contains(&lang.len()).then_some(Lang(lang))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_alone_is_an_address() {
        assert!(address(" https://example.org/a?b=1 ").is_some());
        for text in ["see https://example.org/", "example.org", "mailto:a@example.org", "https://", "war"] {
            assert!(address(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_page_has_a_title_and_a_language() {
        let page = "<!doctype html><HTML class=x lang='de-AT'><head><Title>Schlaft &amp; gut</Title></head><body><p>Text</p>";
        assert_eq!(title(page).as_deref(), Some("Schlaft & gut"));
        assert_eq!(language(page), Some(Lang("de".to_owned())));
        assert_eq!(tidy(&html::read(&without_title(page)).text), "Text");
        assert_eq!((title("<p>no title"), language("<p>no language")), (None, None));
    }
}
