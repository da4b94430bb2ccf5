//! JSON Feed (versions 1 and 1.1), read leniently: numbers for ids, missing titles and dates are no reason to lose a feed.

use jiff::Timestamp;
use serde_json::Value;
use url::Url;

use super::Document;
use super::convert::clipped;
use super::error::ReadError;
use super::jsonmend::mend;
use super::repair::MOST_ITEMS;
use super::websub;
use crate::model::post::{Markup, RawPost};

/// Finds where a JSON Feed begins behind what a server put before it (`while(1);`, a warning); `None` when this is none.
pub fn begins_at(text: &str) -> Option<usize> {
    let at = text.find('{').filter(|_| text.contains("jsonfeed.org/version/1") && text.contains("\"items\""))?;
    // A brace of the junk is one that no name follows.
    let braces = text.get(at..)?.match_indices('{').take(64).map(|(place, _)| at + place);
    braces.into_iter().find(|place| text.get(place + 1..).is_some_and(|after| after.trim_start().starts_with('"')))
}

/// Reads a JSON Feed, mended where it is no JSON.
///
/// # Errors
/// When it is no JSON, or JSON of another kind.
pub fn read(text: &str, base: Option<&Url>) -> Result<Document, ReadError> {
    let not_a_feed = |detail: String| ReadError::NotAFeed { detail };
    let mut repaired = Vec::new();
    let mut cut_short = false;
    let feed = match first_value(text) {
        Ok(feed) => feed,
        Err(error) => {
            let mended = mend(text);
            cut_short = mended.cut_short;
            repaired.push(if cut_short { "the end is missing" } else { "JSON that is not quite JSON" }.to_owned());
            first_value(&mended.text).map_err(|_| not_a_feed(error.to_string()))?
        }
    };
    let is_feed = feed.get("version").and_then(Value::as_str).is_some_and(|version| version.contains("jsonfeed.org/version"));
    let Some(items) = feed.get("items").and_then(Value::as_array).filter(|items| is_feed || items.iter().any(is_item)) else {
        let detail = if cut_short { "it breaks off before its first item" } else { "JSON, but no JSON Feed" };
        return Err(not_a_feed(detail.to_owned()));
    };
    let lang = words(&feed, "language");
    let author = author(&feed);
    let posts: Vec<_> =
        items.iter().take(MOST_ITEMS).filter_map(|item| post(item, base, lang.as_ref(), author.as_ref())).collect();
    if posts.is_empty() && !items.is_empty() {
        return Err(ReadError::NoItems);
    }
    if items.len() > MOST_ITEMS {
        repaired.push("more than 2,000 items: the first 2,000 were read".to_owned());
    }
    if !is_feed {
        repaired.push("a missing version".to_owned());
    }
    let hubs = feed.get("hubs").and_then(Value::as_array).into_iter().flatten();
    let hubs = hubs.filter(|hub| hub.get("type").and_then(Value::as_str).is_some_and(|kind| kind.eq_ignore_ascii_case("websub")));
    let links = hubs.filter_map(|hub| hub.get("url")?.as_str()).map(|url| ("hub", url));
    let own = feed.get("feed_url").and_then(Value::as_str).map(|url| ("self", url));
    let hub = websub::linked(links.chain(own), base);
    Ok(Document { posts, title: words(&feed, "title"), repaired, ttl: None, hub, cut_short })
}

/// Reads the first value of a text: some servers put something behind it.
fn first_value(text: &str) -> serde_json::Result<Value> {
    serde_json::Deserializer::from_str(text).into_iter::<Value>().next().transpose().map(Option::unwrap_or_default)
}

/// Says whether a value looks like an item although nothing says that it stands in a JSON Feed.
fn is_item(value: &Value) -> bool {
    ["content_html", "content_text", "date_published"].iter().any(|field| value.get(field).is_some_and(Value::is_string))
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
        published: date.and_then(|date| timestamp(&date)),
        lang: words(item, "language").or_else(|| lang.cloned()),
        guid,
        ..RawPost::default()
    })
}

/// Reads a date as the specification has it (RFC 3339), or as RSS has it.
fn timestamp(date: &str) -> Option<Timestamp> {
    let of_rss = || jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(date).ok();
    date.parse().ok().or_else(of_rss)
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
