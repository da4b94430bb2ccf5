//! Names of elements and namespaces, as publishers write them and as feed-rs knows them.

use std::borrow::Cow;

use crate::feeds::markup::local;

/// The families of XML feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// RSS 0.91 to 2.0.
    Rss,
    /// RSS 0.90 and 1.0.
    Rdf,
    /// Atom 0.3 and 1.0.
    Atom,
}

impl Family {
    /// Tells the family by the root element.
    pub fn of_root(name: &str) -> Option<Self> {
        let local = local(name);
        // A channel of its own: RSS whose outermost tag was lost, or Microsoft's CDF, which calls everything as RSS does.
        [("rss", Self::Rss), ("channel", Self::Rss), ("rdf", Self::Rdf), ("feed", Self::Atom), ("entry", Self::Atom)]
            .into_iter()
            .find_map(|(root, family)| local.eq_ignore_ascii_case(root).then_some(family))
    }

    /// Gives the namespace its own elements live in, as feed-rs knows it.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Rss | Self::Rdf => RSS,
            Self::Atom => ATOM,
        }
    }
}

const RSS: &str = "http://purl.org/rss/1.0/";
const ATOM: &str = "http://www.w3.org/2005/Atom";

/// Prefixes that many use without declaring them.
pub const COMMON_PREFIXES: [(&str, &str); 9] = [
    ("atom", ATOM),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("podcast", "https://podcastindex.org/namespace/1.0"),
    ("wfw", "http://wellformedweb.org/CommentAPI/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("dcterms", "http://purl.org/dc/terms/"),
];

/// Gives the address feed-rs knows a namespace by, however it is written; `None` for namespaces it does not read.
pub fn known_namespace(address: &str) -> Option<&'static str> {
    let plain = address.trim().to_ascii_lowercase();
    let plain = plain.strip_prefix("https://").or_else(|| plain.strip_prefix("http://")).unwrap_or(&plain);
    let plain = plain.strip_prefix("www.").unwrap_or(plain).trim_end_matches(['/', '#']);
    let common = COMMON_PREFIXES.iter().map(|(_, known)| *known).find(|known| {
        let known = known.to_ascii_lowercase();
        let known = known.split_once("://").map_or(known.as_str(), |(_, rest)| rest);
        known.strip_prefix("www.").unwrap_or(known).trim_end_matches(['/', '#']) == plain
    });
    common.or(match plain {
        "purl.org/atom/ns" | "w3.org/2005/atom-ns" => Some(ATOM),
        "purl.org/rss/1.0"
        | "rssboard.org/rss-specification"
        | "blogs.law.harvard.edu/tech/rss"
        | "cyber.law.harvard.edu/rss/rss.html" => Some(RSS),
        "purl.org/dc/elements/1.0" => Some("http://purl.org/dc/elements/1.1/"),
        "search.yahoo.com/rss" | "video.search.yahoo.com/mrss" | "search.yahoo.com/mrss/1.0" => {
            Some("http://search.yahoo.com/mrss/")
        }
        _ if plain.starts_with("backend.userland.com/rss") || plain.contains("netscape.com/rdf/simple/0.9") => Some(RSS),
        _ => None,
    })
}

/// Elements whose name has capitals.
const CAPITALS: [&str; 7] = ["pubDate", "lastBuildDate", "managingEditor", "webMaster", "commentRss", "commentRSS", "RDF"];

/// Elements known by their lower-case name, to understand publishers who shout.
const PLAIN: [&str; 18] = [
    "rss",
    "channel",
    "item",
    "title",
    "link",
    "description",
    "guid",
    "author",
    "category",
    "comments",
    "feed",
    "entry",
    "id",
    "summary",
    "content",
    "updated",
    "published",
    "enclosure",
];

/// Gives the name of an element as feed-rs knows it: capitals set right, Atom 0.3's and Dublin Core's words translated.
pub fn element(name: &str, family: Family) -> Cow<'_, str> {
    let (prefix, plain) = name.rsplit_once(':').map_or(("", name), |(prefix, plain)| (prefix, plain));
    let with_prefix = |plain: &'static str| match prefix {
        "" => Cow::Borrowed(plain),
        _ => Cow::Owned(format!("{prefix}:{plain}")),
    };
    let renamed = match (family, prefix, plain) {
        (Family::Atom, _, "modified") => Some("updated"),
        (Family::Atom, "" | "atom", "issued" | "created") => Some("published"),
        (Family::Atom, "" | "atom", "tagline") => Some("subtitle"),
        (Family::Atom, "" | "atom", "copyright") => Some("rights"),
        (Family::Rss, "", _) if plain.eq_ignore_ascii_case("abstract") => Some("description"),
        (_, "dcterms", "issued" | "created" | "date") => return Cow::Borrowed("dc:date"),
        (_, "", _) if !PLAIN.contains(&plain) && !CAPITALS.contains(&plain) => {
            let same = |known: &&&str| known.eq_ignore_ascii_case(plain) && **known != plain;
            PLAIN.iter().chain(&CAPITALS).find(same).copied()
        }
        _ => None,
    };
    renamed.map_or(Cow::Borrowed(name), with_prefix)
}

/// Says whether an element holds text only, so that tags inside it are somebody's unescaped HTML.
pub fn holds_text_only(name: &str, family: Family) -> bool {
    let (prefix, plain) = name.rsplit_once(':').unwrap_or(("", name));
    match prefix {
        "" | "atom" => match plain {
            "title" | "description" | "guid" | "pubDate" | "category" | "comments" | "language" | "copyright" | "ttl"
            | "lastBuildDate" | "managingEditor" | "webMaster" | "generator" | "docs" | "id" | "subtitle" | "summary"
            | "content" | "updated" | "published" | "rights" | "name" | "email" | "uri" | "icon" | "logo" | "link" | "url" => {
                true
            }
            "author" => family != Family::Atom,
            _ => false,
        },
        "content" => plain == "encoded",
        "dc" => true,
        "media" => matches!(plain, "title" | "description" | "text" | "keywords" | "credit"),
        "itunes" => matches!(plain, "title" | "author" | "summary" | "subtitle" | "keywords" | "duration"),
        _ => false,
    }
}

/// Says whether feed-rs reads a person, and so a mail address, out of an element.
pub fn names_a_person(name: &str) -> bool {
    matches!(name, "author" | "managingEditor" | "webMaster" | "dc:creator")
}

/// Gives the type of an Atom text as feed-rs understands it; any other costs the whole feed.
pub fn atom_type(written: &str, mode: &str) -> &'static str {
    let written = written.trim().to_ascii_lowercase();
    if mode == "xml" || written.contains("xhtml") || written.ends_with("/xml") || written.ends_with("+xml") {
        "xhtml"
    } else if written.is_empty() || written == "text" || written == "text/plain" || written == "plain" {
        "text"
    } else {
        "html"
    }
}

/// Gives the version of RSS as feed-rs understands it.
pub fn rss_version(written: Option<&str>) -> &'static str {
    match written {
        Some("0.91") => "0.91",
        Some("0.92") => "0.92",
        _ => "2.0",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_known_however_it_is_written() {
        for written in [
            "http://www.w3.org/2005/Atom",
            "https://www.w3.org/2005/Atom",
            "http://www.w3.org/2005/atom/",
            "http://purl.org/atom/ns#",
        ] {
            assert_eq!(known_namespace(written), Some(ATOM), "{written}");
        }
        assert_eq!(known_namespace("http://search.yahoo.com/mrss"), Some("http://search.yahoo.com/mrss/"));
        assert_eq!(known_namespace("http://backend.userland.com/rss2"), Some(RSS));
        assert_eq!(known_namespace("http://www.w3.org/1999/xhtml"), None);
    }

    #[test]
    fn names_are_set_right() {
        assert_eq!(element("ITEM", Family::Rss), "item");
        assert_eq!(element("pubdate", Family::Rss), "pubDate");
        assert_eq!(element("modified", Family::Atom), "updated");
        assert_eq!(element("media:title", Family::Rss), "media:title");
        assert_eq!(element("dcterms:issued", Family::Rdf), "dc:date");
    }

    #[test]
    fn every_atom_type_is_one_of_three() {
        assert_eq!(atom_type("HTML", ""), "html");
        assert_eq!(atom_type("", ""), "text");
        assert_eq!(atom_type("application/xhtml+xml", ""), "xhtml");
        assert_eq!(atom_type("text/html", "xml"), "xhtml");
        assert_eq!(atom_type("image/png", ""), "html");
    }
}
