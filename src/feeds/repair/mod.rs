//! Broken XML made well-formed in one pass, so that one bad character does not cost a whole feed.
//!
//! Every mend is a small function of its own: characters and references in [`characters`], names and namespaces in
//! [`names`], tags in [`tags`], texts with tags in them in [`texts`]; their order is here. What was mended is listed for the operator.

mod characters;
mod closings;
mod items;
mod names;
mod tags;
mod texts;

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

pub use self::names::Family;

use self::characters::{Mended, all_permitted, is_permitted, mend};
use self::closings::{Closings, ItemName};
use self::items::Pace;
use self::names::{COMMON_PREFIXES, holds_text_only};
use super::markup::{Token, Tokens, local};

/// Bytes in which the root element must begin, comments and declarations not counted.
const HEAD_BYTES: usize = 64 << 10;
/// Items read from one document; the newest stand first.
pub const MOST_ITEMS: usize = 2000;
/// Deepest nesting; tags below are dropped, their text stays.
const DEEPEST: usize = 256;
/// Most attributes read from one tag.
const MOST_ATTRIBUTES: usize = 256;
/// Most prefixes a document may declare: the XML reader refuses more than 128.
const MOST_PREFIXES: usize = 64;
/// `xml:base` within `xml:base`: each holds a copy of the whole address, so twenty thousand of them hold gigabytes.
const MOST_BASES: usize = 16;
/// Longest `xml:base`.
const LONGEST_BASE: usize = 2 << 10;

/// What the first tags of a document say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// A feed; its root element begins at this byte.
    Feed(Family, usize),
    /// A web page.
    Page,
    /// A list of feeds (OPML).
    Outline,
    /// Neither.
    Unknown,
}

/// Finds the root element behind whatever was put before it: declarations, comments, warnings of a web server.
pub fn root(text: &str) -> Root {
    let mut tokens = Tokens::new(text, 0);
    let mut asides = 0;
    while let Some((at, token)) = tokens.next() {
        if at - asides >= HEAD_BYTES {
            break;
        }
        let name = match token {
            Token::Open { name, .. } => name,
            Token::Aside => {
                asides += tokens.position() - at;
                continue;
            }
            _ => continue,
        };
        if let Some(family) = Family::of_root(name) {
            return Root::Feed(family, at);
        }
        if name.eq_ignore_ascii_case("html") || name.eq_ignore_ascii_case("body") {
            return Root::Page;
        }
        if name.eq_ignore_ascii_case("opml") {
            return Root::Outline;
        }
    }
    Root::Unknown
}

/// A document after repair.
#[derive(Debug, Default)]
pub struct Repaired {
    /// Well-formed XML, without declaration.
    pub text: String,
    /// What was mended, in words.
    pub notes: Vec<&'static str>,
    /// Items seen.
    pub items: usize,
    /// Where in the text each of them stands, to read them one by one where the whole cannot be read.
    pub places: Vec<Range<usize>>,
    /// Where the opening tag of the root ends.
    pub root_end: usize,
    /// How often the publisher says that it publishes (`sy:updatePeriod` and `sy:updateFrequency`).
    pub every: Option<Duration>,
    /// The document ends before its root is closed; what was incomplete is left out.
    pub cut_short: bool,
}

/// Repairs the feed whose root element begins at byte `at`.
///
/// `plain` leaves out podcast and media extensions, where feed-rs has panics that no repair of characters prevents.
pub fn repair(text: &str, family: Family, at: usize, plain: bool) -> Repaired {
    let items = ItemName::of(text, at, family);
    let mut pass = Pass {
        text,
        tokens: Tokens::new(text, at),
        family,
        plain,
        at,
        closings: None,
        items,
        pace: Pace::default(),
        open: Vec::new(),
        too_deep: 0,
        prefixes: COMMON_PREFIXES.iter().map(|(prefix, _)| *prefix).chain(["xml"]).collect(),
        item_begin: None,
        has_link: false,
        channel_closed: false,
        about: None,
        mended: Mended::default(),
        out: Repaired { text: String::with_capacity(text.len() - at.min(text.len()) + 1024), ..Repaired::default() },
    };
    while let Some((_, token)) = pass.tokens.next() {
        if !pass.token(token) {
            break;
        }
    }
    pass.finish()
}

/// An element that is open.
struct Element<'a> {
    /// Its name as written.
    name: &'a str,
    /// Its name as we write it.
    out: Cow<'a, str>,
    has_base: bool,
    is_item: bool,
}

struct Pass<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    family: Family,
    plain: bool,
    /// Where the root begins.
    at: usize,
    /// Looked for when they are first needed: a clean document needs none.
    closings: Option<Closings<'a>>,
    items: ItemName<'a>,
    pace: Pace,
    open: Vec<Element<'a>>,
    too_deep: usize,
    /// Prefixes declared so far.
    prefixes: HashSet<&'a str>,
    /// Where in the output the open item begins, and how many elements were open then.
    item_begin: Option<(usize, usize)>,
    /// The open item has a link (RSS 1.0 items without one are dropped by feed-rs).
    has_link: bool,
    /// The channel was closed (RSS): nothing but the end of the root can be missing.
    channel_closed: bool,
    /// `rdf:about` of the open item.
    about: Option<&'a str>,
    mended: Mended,
    out: Repaired,
}

impl<'a> Pass<'a> {
    /// Deals with one token; false when the document is done.
    fn token(&mut self, token: Token<'a>) -> bool {
        match token {
            Token::Text(text) => mend(text, &mut self.out.text, &mut self.mended),
            Token::Data(data) => self.data(data),
            Token::Aside => {}
            Token::Open { name, attributes, empty } => return self.opened(name, attributes, empty),
            Token::Close(name) => return self.closed(name),
        }
        true
    }

    fn note(&mut self, what: &'static str) {
        if !self.out.notes.contains(&what) {
            self.out.notes.push(what);
        }
    }

    fn data(&mut self, data: &str) {
        self.out.text.push_str("<![CDATA[");
        if all_permitted(data) {
            self.out.text.push_str(data);
        } else {
            self.out.text.extend(data.chars().filter(|c| is_permitted(*c)));
            self.mended.controls = true;
        }
        self.out.text.push_str("]]>");
    }

    fn opened(&mut self, name: &'a str, attributes: &'a str, empty: bool) -> bool {
        if self.plain && ["itunes:", "media:", "podcast:"].iter().any(|prefix| name.starts_with(prefix)) {
            return true;
        }
        let is_item = self.items.is(name);
        if is_item {
            if self.item_begin.is_some() {
                self.note("unclosed items");
                self.close_item();
            }
            // Whatever else is open was never closed: inside it the item would be lost.
            let base = if self.family == Family::Rss { 2 } else { 1 };
            if self.open.len() > base || self.too_deep > 0 {
                self.note("unclosed tags");
                self.close_down_to(base);
                self.too_deep = 0;
            }
            if self.out.items == MOST_ITEMS {
                self.note("more than 2,000 items: the first 2,000 were read");
                self.close_down_to(0);
                return false;
            }
        }
        if self.family == Family::Rss && local(name).eq_ignore_ascii_case("channel") {
            if self.open.len() > 1 {
                return true;
            }
            self.imply_root();
        }
        if self.open.len() >= DEEPEST {
            self.too_deep += usize::from(!empty);
            self.note("elements nested deeper than 256");
            return true;
        }
        if self.family == Family::Rss && self.open.len() == 1 && !local(name).eq_ignore_ascii_case("channel") {
            self.note("items outside a channel");
            self.out.text.push_str("<channel>");
            self.open.push(Element { name: "channel", out: "channel".into(), has_base: false, is_item: false });
        }
        if is_item {
            self.out.items += 1;
            self.item_begin = Some((self.out.text.len(), self.open.len()));
            (self.has_link, self.about) = (false, None);
        } else if self.item_begin.is_none() {
            self.heed_pace(name);
        }
        let is_root = self.open.is_empty();
        let out_name = self.written(name, attributes);
        let kind = self.kind_of_text(&out_name, attributes);
        let has_base = self.write_tag(&out_name, attributes, kind, is_item);
        if is_root {
            self.out.root_end = self.out.text.len();
        }
        self.has_link |= out_name == "link" && !empty;
        let bare_link = out_name == "link" && attributes.contains("href");
        if is_item {
            self.open.push(Element { name, out: out_name, has_base, is_item });
            self.tell_attributes(attributes);
            if empty {
                self.close_item();
            }
        } else if empty {
            self.out.text.truncate(self.out.text.len() - 1);
            self.out.text.push_str("/>");
        } else if holds_text_only(&out_name, self.family) && kind != Some("xhtml") {
            self.text_only(name, &out_name, bare_link);
        } else {
            self.open.push(Element { name, out: out_name, has_base, is_item });
        }
        true
    }

    fn write_close(&mut self, name: &str) {
        self.out.text.push_str("</");
        self.out.text.push_str(name);
        self.out.text.push('>');
    }

    fn closed(&mut self, name: &'a str) -> bool {
        if self.too_deep > 0 {
            self.too_deep -= 1;
            return true;
        }
        // Items that stand behind the end of their channel still belong to it.
        if self.family == Family::Rss && local(name).eq_ignore_ascii_case("channel") {
            self.close_item();
            self.channel_closed = true;
            return true;
        }
        let Some(at) = self.open.iter().rposition(|element| element.name == name) else {
            self.note("closing tags without an opening one");
            return true;
        };
        let implied = usize::from(self.family == Family::Rss && at == 0);
        if self.open.len() > at + 1 + implied {
            self.note("unclosed tags");
        }
        self.close_down_to(at);
        !self.open.is_empty()
    }

    fn finish(mut self) -> Repaired {
        let whole = self.open.is_empty() || (self.channel_closed && self.item_begin.is_none());
        self.out.cut_short = !whole;
        self.out.every = self.pace.every();
        if self.out.cut_short {
            self.note("the end is missing");
        }
        // An item that breaks off is left out, unless there is nothing else.
        if let Some((begin, depth)) = self.item_begin.filter(|_| self.out.cut_short && self.out.items > 1) {
            self.out.text.truncate(begin);
            self.open.truncate(depth);
        }
        self.close_down_to(0);
        let Mended { entities, ampersands, controls } = self.mended;
        for (mended, what) in
            [(entities, "HTML entities"), (ampersands, "bare ampersands"), (controls, "characters that XML forbids")]
        {
            if mended {
                self.note(what);
            }
        }
        self.out
    }
}
