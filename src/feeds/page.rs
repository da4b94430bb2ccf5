//! A web page where a feed was expected: which feed it points to.

use url::Url;

use super::markup::{Token, Tokens, attributes};

/// Bytes of a page in which its head must lie.
const HEAD_BYTES: usize = 256 << 10;

/// Finds the feed a page announces by `<link rel="alternate">`, made absolute.
pub fn announced_feed(page: &str, base: Option<&Url>) -> Option<String> {
    let tokens = Tokens::new(page, 0).take_while(|(at, _)| *at < HEAD_BYTES);
    tokens
        .filter_map(|(_, token)| match token {
            Token::Open { name, attributes, .. } if name.eq_ignore_ascii_case("link") => feed_of(attributes),
            _ => None,
        })
        .find_map(|href| {
            let href = href.replace("&amp;", "&");
            let url = match base {
                Some(base) => base.join(&href).ok()?,
                None => Url::parse(&href).ok()?,
            };
            ["http", "https"].contains(&url.scheme()).then(|| url.to_string())
        })
}

fn feed_of(written: &str) -> Option<&str> {
    let of = |wanted: &str| attributes(written).find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
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
    }
}
