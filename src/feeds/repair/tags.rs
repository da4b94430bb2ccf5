//! Opening tags: names, namespaces and attributes that the reader can trust.

use std::borrow::Cow;

use super::characters::{is_permitted, mend};
use super::names::{COMMON_PREFIXES, atom_type, element, known_namespace, rss_version};
use super::{Family, LONGEST_BASE, MOST_ATTRIBUTES, MOST_BASES, MOST_PREFIXES, Pass};
use crate::feeds::markup::{attributes, local};

impl<'a> Pass<'a> {
    /// Gives the name we write for an element.
    pub(super) fn written(&mut self, name: &'a str, attributes: &str) -> Cow<'a, str> {
        let out = element(name, self.family);
        if self.family == Family::Atom && self.items.is(name) && local(name) == "item" {
            return name.rsplit_once(':').map_or("entry".into(), |(prefix, _)| format!("{prefix}:entry").into());
        }
        if out != name && !matches!(self.family, Family::Atom) {
            self.note("element names in the wrong case");
        }
        match name.split_once(':') {
            // The reader would take an element with an unknown prefix for one of the feed's own.
            Some((prefix, _)) if !self.prefixes.contains(prefix) && !attributes.contains("xmlns:") => {
                if self.open.is_empty() {
                    return Cow::Borrowed(local(name));
                }
                self.note("undeclared prefixes");
                Cow::Owned(out.replace(':', "-"))
            }
            _ => out,
        }
    }

    /// Gives the type of an Atom text, where the element is one.
    pub(super) fn kind_of_text(&self, name: &str, attributes: &str) -> Option<&'static str> {
        let is_text = matches!(local(name), "title" | "subtitle" | "summary" | "content" | "rights");
        if self.family != Family::Atom || !is_text || name.contains(':') && !name.starts_with("atom:") {
            return None;
        }
        let of = |wanted: &str| {
            super::super::markup::attributes(attributes).find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
        };
        Some(atom_type(of("type"), of("mode")))
    }

    /// Writes an opening tag with attributes that can be trusted; says whether it sets `xml:base`.
    pub(super) fn write_tag(&mut self, name: &str, written: &'a str, kind: Option<&'static str>, is_item: bool) -> bool {
        let is_root = self.open.is_empty();
        let mut seen: Vec<&str> = Vec::new();
        let mut has_base = false;
        self.out.text.push('<');
        self.out.text.push_str(name);
        for (key, value) in attributes(written).take(MOST_ATTRIBUTES) {
            if seen.contains(&key) || key.contains(['<', '&']) || !key.chars().all(is_permitted) {
                continue;
            }
            seen.push(key);
            match key {
                "version" if is_root && self.family == Family::Rss => {}
                // What a content points to is not read; with text beside it, feed-rs refuses the whole feed.
                "type" | "mode" | "src" if kind.is_some() => {}
                "xmlns" => self.default_namespace(value, is_root || is_item || name == "channel"),
                "xml:base" => has_base = self.base(value),
                _ if key.starts_with("xmlns:") => self.prefix(key, value),
                _ => self.attribute(key, value),
            }
            if is_item && key.ends_with(":about") {
                self.about = Some(value);
            }
        }
        if is_root {
            self.complete_root(written, &seen);
        }
        if let Some(kind) = kind {
            self.attribute("type", kind);
        }
        self.out.text.push('>');
        has_base
    }

    fn attribute(&mut self, key: &str, value: &str) {
        self.out.text.push(' ');
        self.out.text.push_str(key);
        self.out.text.push_str("=\"");
        let begin = self.out.text.len();
        mend(value, &mut self.out.text, &mut self.mended);
        if self.out.text.get(begin..).is_some_and(|value| value.contains('"')) {
            let value = self.out.text.split_off(begin).replace('"', "&quot;");
            self.out.text.push_str(&value);
        }
        self.out.text.push('"');
    }

    /// Writes what a root element must have and its publisher may have forgotten.
    pub(super) fn complete_root(&mut self, written: &str, seen: &[&str]) {
        if self.family == Family::Rss {
            let version = attributes(written).find(|(key, _)| *key == "version").map(|(_, value)| value);
            let ours = rss_version(version);
            if version != Some(ours) {
                self.note("a missing or unknown RSS version");
            }
            self.attribute("version", ours);
        }
        if self.family == Family::Rdf && !seen.contains(&"xmlns") {
            self.attribute("xmlns", self.family.namespace());
        }
        for (prefix, address) in COMMON_PREFIXES {
            if !seen.iter().any(|key| key.strip_prefix("xmlns:") == Some(prefix)) {
                self.out.text.push_str(&format!(" xmlns:{prefix}=\"{address}\""));
            }
        }
    }

    /// Writes a default namespace; one the reader does not know would hide every item of the feed.
    fn default_namespace(&mut self, value: &str, of_the_feed: bool) {
        let address = if of_the_feed { self.family.namespace() } else { known_namespace(value).unwrap_or(value) };
        if of_the_feed && address != value {
            self.note("an unknown namespace");
        }
        // RSS itself has no namespace; to name one would hide elements that a publisher declares to have none.
        if !(of_the_feed && self.family == Family::Rss) {
            self.attribute("xmlns", address);
        }
    }

    fn prefix(&mut self, key: &'a str, value: &str) {
        let prefix = key.strip_prefix("xmlns:").unwrap_or_default();
        let known = known_namespace(value);
        if prefix.is_empty() || prefix.contains(':') || value.is_empty() || ["xml", "xmlns"].contains(&prefix) {
            return;
        }
        if self.prefixes.len() >= MOST_PREFIXES && !self.prefixes.contains(prefix) {
            self.note("too many namespaces");
            return;
        }
        self.prefixes.insert(prefix);
        if known.is_some_and(|known| known != value) {
            self.note("namespaces written in another way");
        }
        self.attribute(key, known.unwrap_or(value));
    }

    /// Writes an `xml:base` that is short, readable and not nested without end.
    fn base(&mut self, value: &str) -> bool {
        let readable = matches!(url::Url::parse(value), Ok(_) | Err(url::ParseError::RelativeUrlWithoutBase));
        let nested = self.open.iter().filter(|element| element.has_base).count();
        if value.len() > LONGEST_BASE || nested >= MOST_BASES || !readable {
            self.note("xml:base that cannot be used");
            return false;
        }
        self.attribute("xml:base", value);
        true
    }
}
