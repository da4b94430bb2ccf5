//! A web page where a feed was expected: which feed it points to.

use url::Url;

use super::markup::{Token, Tokens, attributes};
use crate::text::html;

/// Bytes of a page in which its head must lie.
///
/// Large, because video portals put half a megabyte of script before what matters.
const HEAD_BYTES: usize = 1 << 20;

/// Where feeds lie on sites that announce none, most usual first; relative to the root.
pub const WELL_KNOWN: [&str; 6] = ["/feed", "/rss.xml", "/feed.xml", "/atom.xml", "/rss", "/index.xml"];

/// Most feeds told of one page.
const MOST_FEEDS: usize = 20;

/// Finds the first feed a page announces by `<link rel="alternate">`, made absolute.
pub fn announced_feed(page: &str, base: Option<&Url>) -> Option<String> {
    announced(page, base).next()
}

/// Finds all feeds that a page announces, each once, in its order: feeds of comments last.
pub fn announced_feeds(page: &str, base: Option<&Url>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for feed in announced(page, base).take(MOST_FEEDS) {
        if !found.contains(&feed) {
            found.push(feed);
        }
    }
    found.sort_by_key(|feed| feed.contains("/comments"));
    found
}

fn announced<'p>(page: &'p str, base: Option<&'p Url>) -> impl Iterator<Item = String> + 'p {
    let tokens = Tokens::new(page, 0).take_while(|(at, _)| *at < HEAD_BYTES);
    tokens
        .filter_map(|(_, token)| match token {
            Token::Open { name, attributes, .. } if name.eq_ignore_ascii_case("link") => feed_of(attributes),
            _ => None,
        })
        .filter_map(move |href| {
            let url = match base {
                Some(base) => base.join(&href).ok()?,
                None => Url::parse(&href).ok()?,
            };
            ["http", "https"].contains(&url.scheme()).then(|| url.to_string())
        })
}

fn feed_of(written: &str) -> Option<String> {
    let raw = |wanted: &str| attributes(written).find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    // Some programs (all that use Go's templates, Hugo among them) write even a plus sign as a reference.
    let of = |wanted: &str| raw(wanted).map(|value| html::read(value).text);
    let kind = of("type")?.trim().to_ascii_lowercase();
    let is_feed = ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"]
        .iter()
        .any(|known| kind.starts_with(known));
    let alternate = of("rel")?.split_whitespace().any(|word| word.eq_ignore_ascii_case("alternate"));
    of("href").filter(|href| is_feed && alternate && !href.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_feed_of_a_page_is_found_and_made_absolute() {
        let page = "<!DOCTYPE html><html><head><link rel=stylesheet href=/a.css><LINK Type='application/rss+xml' rel=alternate \
                    href=/feed?a=1&amp;b=2></head>";
        let base = Url::parse("https://example.org/news/").unwrap();
        assert_eq!(announced_feed(page, Some(&base)).as_deref(), Some("https://example.org/feed?a=1&b=2"));
        assert_eq!(announced_feed("<html><link rel=alternate hreflang=fr href=/fr>", Some(&base)), None);
        let hugo = "<link rel=\"alternate\" type=\"application/rss&#43;xml\" href=\"/a&#43;b/index.xml?c=1&amp;d=2\">";
        assert_eq!(announced_feed(hugo, Some(&base)).as_deref(), Some("https://example.org/a+b/index.xml?c=1&d=2"));
    }
}
