//! RSS, Atom and RDF, read by feed-rs behind a repair stage: its panics caught, its ids not trusted. JSON Feed beside it.

use std::time::Duration;

use feed_rs::model::Feed;
use url::Url;

use super::Document;
use super::bridge;
use super::convert;
use super::decode::decode;
use super::error::ReadError;
use super::jsonfeed;
use super::page::announced_feed;
use super::repair::{Family, MOST_ITEMS, Repaired, Root, repair, root};
use super::unpanicked::unpanicked;
use super::websub;

/// `xml:base` attributes above which a document is never read unrepaired: feed-rs keeps a copy of the address for each.
const MOST_RAW_BASES: usize = 16;

/// Decodes a document as [`read`] does, for those who want to look into what is no feed.
pub fn text_of<'b>(bytes: &'b [u8], content_type: Option<&str>) -> std::borrow::Cow<'b, str> {
    decode(bytes, content_type)
}

/// Reads a feed document. `content_type` is the HTTP header, `base` the address it came from.
///
/// Work and memory grow in proportion to the document, whatever is in it. Takes tens of milliseconds for a megabyte, so call
/// it where waiting hurts nobody.
///
/// # Errors
/// When nothing in it can be read as a feed.
pub fn read(bytes: &[u8], content_type: Option<&str>, base: Option<&Url>) -> Result<Document, ReadError> {
    read_any(bytes, content_type, base).and_then(bridge::without_faults)
}

fn read_any(bytes: &[u8], content_type: Option<&str>, base: Option<&Url>) -> Result<Document, ReadError> {
    let text = decode(bytes, content_type);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    let base = base.map(without_secrets);
    if text.is_empty() {
        return Err(ReadError::Empty);
    }
    if text.starts_with('{') || (text.starts_with(['[', ')', 'w']) && is_json(content_type)) {
        return jsonfeed::read(text.find('{').and_then(|at| text.get(at..)).unwrap_or(text), base.as_ref());
    }
    match root(text) {
        Root::Feed(family, at) => read_xml(text, family, at, base.as_ref()),
        Root::Page => Err(ReadError::WebPage { feed: announced_feed(text, base.as_ref()) }),
        Root::Outline => {
            let detail = "it is a list of feeds (OPML); `claimwatch source import FILE` takes them over".to_owned();
            Err(ReadError::NotAFeed { detail })
        }
        Root::Unknown => match jsonfeed::begins_at(text) {
            Some(at) => jsonfeed::read(text.get(at..).unwrap_or_default(), base.as_ref()),
            None if is_html(content_type) => Err(ReadError::WebPage { feed: announced_feed(text, base.as_ref()) }),
            None => Err(ReadError::NotAFeed { detail: what_else(bytes) }),
        },
    }
}

/// Says what a document is that is no feed.
fn what_else(bytes: &[u8]) -> String {
    const KINDS: [(&[u8], &str); 8] = [
        (b"%PDF-", "a PDF"),
        (b"\x89PNG", "a picture"),
        (b"\xff\xd8\xff", "a picture"),
        (b"GIF8", "a picture"),
        (b"RIFF", "a picture or a recording"),
        (b"ID3", "a recording"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1f\x8b", "a gzip archive"),
    ];
    match KINDS.iter().find(|(begin, _)| bytes.starts_with(begin)) {
        Some((_, kind)) => format!("it is {kind}"),
        None => "it has no element <rss>, <feed> or <rdf:RDF>".to_owned(),
    }
}

fn is_json(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("json"))
}

fn is_html(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| kind.to_ascii_lowercase().contains("html"))
}

/// Takes user name and password out of an address, so that no link made with it carries them.
fn without_secrets(base: &Url) -> Url {
    let mut base = base.clone();
    // Both fail only where an address cannot have a user name at all.
    let _ = base.set_username("");
    let _ = base.set_password(None);
    base
}

/// Reads a repaired document; where that fails without its media details, then as it came, then item by item.
fn read_xml(text: &str, family: Family, at: usize, base: Option<&Url>) -> Result<Document, ReadError> {
    let mut repaired = repair(text, family, at, false);
    let mut fault = match parse(&repaired.text, base).and_then(|feed| with_items(feed, &repaired)) {
        Ok(feed) => return Ok(document(feed, &repaired, base)),
        Err(fault) => fault,
    };
    if fault == ReadError::Panicked {
        repaired = repair(text, family, at, true);
        repaired.notes.push("media and podcast details, which the reader fails on");
        match parse(&repaired.text, base).and_then(|feed| with_items(feed, &repaired)) {
            Ok(feed) => return Ok(document(feed, &repaired, base)),
            Err(again) => fault = again,
        }
    }
    // Repair may have spoilt it.
    let raw = text.get(at..).unwrap_or_default();
    if raw.matches("xml:base").count() <= MOST_RAW_BASES
        && repaired.items <= MOST_ITEMS
        && let Ok(feed) = parse(raw, base)
        && feed.entries.len() >= repaired.items.max(1)
    {
        return Ok(document(feed, &Repaired { notes: Vec::new(), ..repaired }, base));
    }
    if let Some(saved) = one_by_one(&repaired, family, base) {
        return Ok(saved);
    }
    // Whole, and nothing in it: a feed without a channel is one that has nothing to say today.
    if repaired.items == 0 && !repaired.cut_short { Ok(Document::default()) } else { Err(fault) }
}

/// Longest root tag that is written anew around every item.
const LONGEST_ROOT: usize = 4 << 10;

/// Reads every item of a document alone, so that a bad one costs no other; `None` when none can be read.
fn one_by_one(repaired: &Repaired, family: Family, base: Option<&Url>) -> Option<Document> {
    let root = repaired.text.get(..repaired.root_end).filter(|root| root.len() <= LONGEST_ROOT)?;
    let name = root.trim_start_matches('<').split([' ', '>']).next()?;
    let (open, close) = if family == Family::Rss { ("<channel>", "</channel>") } else { ("", "") };
    let alone = |inside: &str| parse(&format!("{root}{open}{inside}{close}</{name}>"), base).ok();
    let items = repaired.places.iter().filter_map(|place| repaired.text.get(place.clone()));
    let posts: Vec<_> = items.filter_map(alone).flat_map(convert::posts).collect();
    if posts.is_empty() {
        return None;
    }
    let lost = repaired.items.saturating_sub(posts.len());
    let head = repaired.places.first().and_then(|first| repaired.text.get(repaired.root_end..first.start));
    let head = head.map(|head| head.trim_start_matches("<channel>")).and_then(alone);
    let whole = head.map(|feed| document(feed, repaired, base)).unwrap_or_default();
    let mut notes: Vec<String> = repaired.notes.iter().map(|note| (*note).to_owned()).collect();
    notes.push(format!("items that had to be read one by one; {lost} of {} could not be", repaired.items));
    Some(Document { posts, repaired: notes, cut_short: repaired.cut_short || lost > 0, ..whole })
}

fn parse(text: &str, base: Option<&Url>) -> Result<Feed, ReadError> {
    let parser = feed_rs::parser::Builder::new()
        .base_uri(base.map(Url::as_str))
        .sanitize_content(false)
        // Its own ids are random or change with the headline; an empty one says that there is none.
        .id_generator(|_, _, _| String::new())
        .build();
    match unpanicked(|| parser.parse(text.as_bytes())) {
        Some(Ok(feed)) => Ok(feed),
        Some(Err(error)) => Err(ReadError::NotAFeed { detail: error.to_string() }),
        None => Err(ReadError::Panicked),
    }
}

/// "Read, and nothing in it" is a fault when there was something in it.
fn with_items(feed: Feed, repaired: &Repaired) -> Result<Feed, ReadError> {
    match repaired {
        _ if !feed.entries.is_empty() => Ok(feed),
        Repaired { items: 1.., .. } => Err(ReadError::NoItems),
        Repaired { cut_short: true, .. } => Err(ReadError::NotAFeed { detail: "it breaks off before its first item".to_owned() }),
        _ => Ok(feed),
    }
}

fn document(feed: Feed, repaired: &Repaired, base: Option<&Url>) -> Document {
    let links = feed.links.iter().filter_map(|link| Some((link.rel.as_deref()?, link.href.as_str())));
    Document {
        title: feed.title.as_ref().map(|title| title.content.trim().to_owned()).filter(|title| !title.is_empty()),
        ttl: feed
            .ttl
            .map(|minutes| Duration::from_secs(u64::from(minutes) * 60))
            .filter(|ttl| !ttl.is_zero())
            .max(repaired.every),
        hub: websub::linked(links, base),
        posts: convert::posts(feed),
        repaired: repaired.notes.iter().map(|note| (*note).to_owned()).collect(),
        cut_short: repaired.cut_short,
    }
}
