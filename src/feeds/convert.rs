//! From what feed-rs read to raw posts: nothing it made up is taken over.

use feed_rs::model::{Content, Entry, Feed, FeedType, Link, MediaObject, Text};
use jiff::Timestamp;

use crate::model::post::{Markup, RawPost};

/// Longest field, in bytes.
const LONGEST_FIELD: usize = 64 << 10;
/// Most captions taken from one item.
const MOST_CAPTIONS: usize = 32;

/// Turns the entries of a feed into raw posts, in its order.
pub fn posts(feed: Feed) -> Vec<RawPost> {
    let whole = Whole {
        plain_titles: feed.feed_type == FeedType::Atom,
        author: feed.authors.into_iter().find_map(|person| person.name.or(person.email)),
        lang: feed.language,
    };
    feed.entries.into_iter().map(|entry| post(entry, &whole)).collect()
}

/// What holds for all items of a feed.
struct Whole {
    /// Titles say what they are; in RSS they are HTML more often than not.
    plain_titles: bool,
    author: Option<String>,
    lang: Option<String>,
}

fn post(entry: Entry, whole: &Whole) -> RawPost {
    let title = entry.title.map(|title| {
        let kind = if whole.plain_titles { title.content_type.as_str() } else { "text/html" };
        markup(kind, clipped(title.content.clone()))
    });
    let captions = captions(&entry.media, title.as_ref());
    let mut candidates = vec![body_of(entry.content), entry.summary.map(of_text)];
    if candidates.iter().all(Option::is_none) {
        candidates.extend(entry.media.into_iter().map(|media| media.description.map(of_text)));
    }
    let guid = Some(clipped(entry.id)).map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
    let author = entry.authors.into_iter().find_map(|person| person.name.or(person.email)).map(clipped);
    RawPost {
        url: address(&entry.links, guid.as_deref()),
        guid,
        title,
        body: candidates.into_iter().flatten().max_by_key(length),
        captions,
        author: author.or_else(|| whole.author.clone()),
        published: entry.published.or(entry.updated).and_then(|at| Timestamp::from_millisecond(at.timestamp_millis()).ok()),
        lang: entry.language.or_else(|| whole.lang.clone()).map(clipped),
        ..RawPost::default()
    }
}

/// Shortens a field to what is worth matching.
pub fn clipped(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(LONGEST_FIELD));
    text
}

fn length(markup: &Markup) -> usize {
    match markup {
        Markup::Plain(text) | Markup::Html(text) => text.len(),
    }
}

fn markup(kind: &str, text: String) -> Markup {
    if kind.contains("html") || kind.contains("xml") { Markup::Html(text) } else { Markup::Plain(text) }
}

fn of_text(text: Text) -> Markup {
    markup(text.content_type.as_str(), clipped(text.content))
}

fn body_of(content: Option<Content>) -> Option<Markup> {
    let content = content?;
    let kind = content.content_type.to_string();
    let readable = kind.starts_with("text/") || kind.contains("xml") || kind.contains("html");
    content.body.filter(|body| readable && !body.trim().is_empty()).map(|body| markup(&kind, clipped(body)))
}

/// Finds the address of the item itself: never an enclosure's or the comments'.
fn address(links: &[Link], guid: Option<&str>) -> Option<String> {
    let of_rel = |wanted: &[Option<&str>]| {
        let mut of_item = links.iter().filter(|link| link.target.is_none() && wanted.contains(&link.rel.as_deref()));
        of_item.find_map(|link| web_address(&link.href))
    };
    of_rel(&[None, Some("alternate")]).or_else(|| of_rel(&[Some("self"), Some("related")])).or_else(|| guid.and_then(web_address))
}

/// Gives an address if it is one of the web; `javascript:` and the like are none.
pub fn web_address(href: &str) -> Option<String> {
    let url = url::Url::parse(href.trim()).ok()?;
    (["http", "https"].contains(&url.scheme()) && href.len() < 4096).then(|| url.to_string())
}

/// Collects what is said about pictures and films; a film's title that only repeats the headline says nothing new.
fn captions(media: &[MediaObject], title: Option<&Markup>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let of_media = |media: &MediaObject| -> Vec<Text> {
        let texts = media.texts.iter().map(|text| text.text.clone());
        [media.title.clone(), media.description.clone()].into_iter().flatten().chain(texts).collect()
    };
    for text in media.iter().take(MOST_CAPTIONS).flat_map(of_media) {
        let repeats_title = matches!(title, Some(Markup::Plain(title) | Markup::Html(title)) if *title == text.content);
        if !repeats_title && found.len() < MOST_CAPTIONS && !found.contains(&text.content) {
            found.push(clipped(text.content));
        }
    }
    found
}
