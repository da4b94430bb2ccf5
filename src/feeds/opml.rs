//! OPML (opml.org/spec2): the list of feeds that every reader can give out and take in.

use std::fmt::Write as _;

use super::markup::{Token, Tokens, attributes};
use crate::text::html;

/// Most feeds read from one list.
const MOST: usize = 10_000;

/// A feed on a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// Its title.
    pub title: String,
    /// The address of the feed.
    pub url: String,
}

/// Reads the feeds of a list, whatever folders they lie in; `None` when this is no OPML.
pub fn read(text: &str) -> Option<Vec<Outline>> {
    let mut is_opml = false;
    let mut found = Vec::new();
    for (_, token) in Tokens::new(text, 0) {
        let Token::Open { name, attributes: written, .. } = token else { continue };
        is_opml |= name.eq_ignore_ascii_case("opml");
        if !name.eq_ignore_ascii_case("outline") || found.len() >= MOST {
            continue;
        }
        let of = |wanted: &str| {
            let value = attributes(written).take(64).find(|(key, _)| key.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
            value.map(|value| html::read(&value.replace('<', "&lt;")).text).filter(|value| !value.is_empty())
        };
        let Some(url) = of("xmlUrl") else { continue };
        found.push(Outline { title: of("title").or_else(|| of("text")).unwrap_or_else(|| url.clone()), url });
    }
    is_opml.then_some(found)
}

/// Writes a list.
pub fn write(title: &str, outlines: &[Outline]) -> String {
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<opml version=\"2.0\">\n  <head><title>{}</title></head>\n  <body>\n",
        quoted(title)
    );
    for Outline { title, url } in outlines {
        let (title, url) = (quoted(title), quoted(url));
        // Writing to a text cannot fail.
        let _ = writeln!(out, "    <outline type=\"rss\" text=\"{title}\" title=\"{title}\" xmlUrl=\"{url}\"/>");
    }
    out + "  </body>\n</opml>\n"
}

fn quoted(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_whatever_folders_its_feeds_lie_in() {
        let text = "<opml version='1.0'><body><outline text='News'><OUTLINE text='Wire &amp; more' xmlUrl='https://example.org/?a=1&amp;b=2'/>\
                    <outline type='rss' title='T' text='x' xmlurl='https://example.org/b'></outline></outline><outline text='no feed'/></body></opml>";
        let found = read(text).unwrap();
        assert_eq!(found[0], Outline { title: "Wire & more".into(), url: "https://example.org/?a=1&b=2".into() });
        assert_eq!(found[1], Outline { title: "T".into(), url: "https://example.org/b".into() });
        assert_eq!(found.len(), 2);
        assert_eq!(read("<rss/>"), None);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let outlines = vec![Outline { title: "\"A\" <b> & c".into(), url: "https://example.org/?a=1&b=2".into() }];
        assert_eq!(read(&write("claimwatch", &outlines)), Some(outlines));
    }
}
