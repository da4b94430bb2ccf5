//! JSON Feed (versions 1 and 1.1), read leniently: numbers for ids, missing titles and dates are no reason to lose a feed.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::Document;
use super::convert::clipped;
use super::error::ReadError;
use super::repair::MOST_ITEMS;
use crate::model::post::{Markup, RawPost};

/// Reads a JSON Feed.
///
/// # Errors
/// When it is no JSON, or JSON of another kind.
pub fn read(text: &str, base: Option<&Url>) -> Result<Document, ReadError> {
    let not_a_feed = |detail: String| ReadError::NotAFeed { detail };
    // Only the first value counts: some servers put something behind it.
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let feed = values.next().transpose().map_err(|error| not_a_feed(error.to_string()))?.unwrap_or_default();
    let is_feed = feed.get("version").and_then(Value::as_str).is_some_and(|version| version.contains("jsonfeed.org/version/1"));
    let Some(items) = feed.get("items").and_then(Value::as_array).filter(|_| is_feed) else {
        return Err(not_a_feed("JSON, but no JSON Feed".to_owned()));
    };
    let lang = words(&feed, "language");
    let author = author(&feed);
    let posts: Vec<_> =
        items.iter().take(MOST_ITEMS).filter_map(|item| post(item, base, lang.as_ref(), author.as_ref())).collect();
    if posts.is_empty() && !items.is_empty() {
        return Err(ReadError::NoItems);
    }
    let repaired =
        if items.len() > MOST_ITEMS { vec!["more than 2,000 items: the first 2,000 were read".to_owned()] } else { Vec::new() };
    Ok(Document { posts, title: words(&feed, "title"), repaired, ttl: None, cut_short: false })
}

/// Gives a field as text, be it a string or a number; `None` when there is nothing in it.
fn words(of: &Value, field: &str) -> Option<String> {
    let text = match of.get(field)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then(|| clipped(text))
}

fn author(of: &Value) -> Option<String> {
    let listed = of.get("authors").and_then(Value::as_array).and_then(|authors| authors.first());
    listed.or_else(|| of.get("author")).and_then(|author| words(author, "name"))
}

fn address(of: &Value, field: &str, base: Option<&Url>) -> Option<String> {
    let href = words(of, field)?;
    let url = match base {
        Some(base) => base.join(&href).ok()?,
        None => Url::parse(&href).ok()?,
    };
    ["http", "https"].contains(&url.scheme()).then(|| url.to_string())
}

fn post(item: &Value, base: Option<&Url>, lang: Option<&String>, feed_author: Option<&String>) -> Option<RawPost> {
    item.as_object()?;
    let html = words(item, "content_html").map(Markup::Html);
    let plain = words(item, "content_text").or_else(|| words(item, "summary")).map(Markup::Plain);
    let date = words(item, "date_published").or_else(|| words(item, "date_modified"));
    let guid = words(item, "id");
    let by_guid = || guid.as_deref().and_then(super::convert::web_address);
    let attachments = item.get("attachments").and_then(Value::as_array).into_iter().flatten();
    Some(RawPost {
        url: address(item, "url", base).or_else(|| address(item, "external_url", base)).or_else(by_guid),
        title: words(item, "title").map(Markup::Plain),
        body: html.or(plain),
        captions: attachments.take(32).filter_map(|attachment| words(attachment, "title")).collect(),
        author: author(item).or_else(|| feed_author.cloned()),
        published: date.and_then(|date| date.parse::<Timestamp>().ok()),
        lang: words(item, "language").or_else(|| lang.cloned()),
        guid,
        ..RawPost::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_feed_is_read_even_where_it_bends_the_rules() {
        let text = r#"{"version": "https://jsonfeed.org/version/1.1", "language": "en-GB", "authors": [{"name": "Desk"}], "items": [
            {"id": 7, "url": "/a", "content_html": "<p>One</p>", "date_published": "2026-11-01T10:00:00+01:00"},
            {"id": "b", "title": "Two", "content_text": "two"}, null]} trailing"#;
        let base = Url::parse("https://example.org/feed.json").unwrap();
        let read = read(text, Some(&base)).unwrap();
        assert_eq!(read.posts.len(), 2);
        assert_eq!(read.posts[0].guid.as_deref(), Some("7"));
        assert_eq!(read.posts[0].url.as_deref(), Some("https://example.org/a"));
        assert_eq!(read.posts[0].author.as_deref(), Some("Desk"));
        assert_eq!(read.posts[0].published, Some("2026-11-01T09:00:00Z".parse().unwrap()));
        assert_eq!(read.posts[1].body, Some(Markup::Plain("two".into())));
    }

    #[test]
    fn other_json_is_not_a_feed() {
        assert!(matches!(read("{\"error\": \"no\"}", None), Err(ReadError::NotAFeed { .. })));
        assert!(matches!(read("{\"version\": ", None), Err(ReadError::NotAFeed { .. })));
    }
}
