//! A table of a TOML file, asked key by key; whatever nobody asked for is an unknown key.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::broken;
use super::document::Document;
use super::value::Value;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Level};

/// The mistakes of one file, as they are found.
#[derive(Debug)]
pub struct Notes<'d> {
    /// The file.
    pub document: &'d Document,
    /// What was found so far.
    pub found: Vec<Diagnostic>,
}

impl<'d> Notes<'d> {
    /// Nothing found yet.
    pub fn new(document: &'d Document) -> Self {
        Self { document, found: Vec::new() }
    }

    /// Notes an error, unless the syntax there is broken and that has been said.
    pub fn error(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.note(Level::Error, code, span, message.into(), help.into());
    }

    /// Notes something worth a look.
    pub fn warning(&mut self, code: &'static str, span: &Range<usize>, message: impl Into<String>, help: impl Into<String>) {
        self.note(Level::Warning, code, span, message.into(), help.into());
    }

    /// Notes a mistake of a level that is decided elsewhere.
    pub fn note(&mut self, level: Level, code: &'static str, span: &Range<usize>, message: String, help: String) {
        // What cannot be read may well be there: do not send editors looking for a key they wrote.
        let about_absence = [codes::MISSING_KEY, codes::NOTHING_TO_MATCH, codes::NO_FORMAT].contains(&code);
        if self.document.is_broken(span) || (about_absence && self.document.incomplete) {
            return;
        }
        let help = Some(help).filter(|help| !help.is_empty());
        self.found.push(Diagnostic { level, code, message, place: self.document.place(span), help, also: None });
    }
}

/// A table that remembers what it was asked for.
#[derive(Debug)]
pub struct Table<'t> {
    inner: &'t DeTable<'t>,
    /// Where it stands: its heading, or its braces.
    pub span: Range<usize>,
    /// What messages call it.
    name: String,
    /// Its heading without brackets: `claim.match`.
    path: String,
    asked: Vec<&'static str>,
}

impl<'t> Table<'t> {
    /// The whole file.
    pub fn root(tree: &'t Spanned<DeTable<'t>>) -> Self {
        Self { inner: tree.get_ref(), span: 0..0, name: "this file".to_owned(), path: String::new(), asked: Vec::new() }
    }

    /// A table inside another; `name` is what messages call it.
    pub fn new(inner: &'t DeTable<'t>, span: Range<usize>, name: impl Into<String>) -> Self {
        Self { inner, span, name: name.into(), path: String::new(), asked: Vec::new() }
    }

    /// The value of a key, if it is there.
    pub fn take(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.asked.push(key);
        self.inner.get(key).map(|value| Value::new(key, value))
    }

    /// The value of a key that must be there.
    pub fn need(&mut self, key: &'static str, example: &str, notes: &mut Notes<'_>) -> Option<Value<'t>> {
        let value = self.take(key);
        if value.is_none() {
            // A key that is nearly right is reported as unknown, with its right name: once is enough.
            let nearly = self.inner.keys().any(|written| nearest(written.get_ref(), &[key]).is_some());
            if !nearly {
                notes.error(
                    codes::MISSING_KEY,
                    &self.span,
                    format!("{} has no `{key}`", self.name),
                    format!("add a line such as `{example}`"),
                );
            }
        }
        value
    }

    /// A table of that key, if it is there and is one.
    pub fn table(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Option<Table<'t>> {
        let table = self.take(key)?.table(notes)?;
        let path = self.path_of(key);
        Some(Table { name: format!("`[{path}]`"), path, ..table })
    }

    /// All `[[key]]`, in the order of the file.
    pub fn tables(&mut self, key: &'static str, notes: &mut Notes<'_>) -> Vec<Table<'t>> {
        let Some(value) = self.take(key) else { return Vec::new() };
        let path = self.path_of(key);
        let name = format!("this `[[{path}]]`");
        if let Some(inner) = value.inner.as_table() {
            let message = format!("`[{path}]` needs two brackets on each side, because there may be several");
            notes.error(codes::WRONG_KIND, &value.span, message, format!("write `[[{path}]]`"));
            return vec![Table { name, path, ..Table::new(inner, value.span, "") }];
        }
        let tables = value.list(notes).into_iter().filter_map(|item| item.table(notes));
        tables.map(|table| Table { name: name.clone(), path: path.clone(), ..table }).collect()
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// All keys and values, whatever they are called.
    pub fn entries(&self) -> impl Iterator<Item = (&'t str, Range<usize>, Value<'t>)> + use<'t> {
        self.inner.iter().map(|(key, value)| (key.get_ref().as_ref(), key.span(), Value::new(key.get_ref().as_ref(), value)))
    }

    /// Reports every key nobody asked for. To be called when all has been asked.
    pub fn finish(self, notes: &mut Notes<'_>) {
        self.finish_inside(&[], "", notes);
    }

    /// Like `finish`, where `inner` are headings that stand below this one, each with its keys: people write them too early.
    pub fn finish_before(self, inner: &[(&str, &[&str])], notes: &mut Notes<'_>) {
        self.finish_among(&[], "", inner, notes);
    }

    /// Like `finish`, where `outer` are the keys of the table around it: people add them below the wrong heading.
    pub fn finish_inside(self, outer: &[&str], around: &str, notes: &mut Notes<'_>) {
        self.finish_among(outer, around, &[], notes);
    }

    fn finish_among(self, outer: &[&str], around: &str, inner: &[(&str, &[&str])], notes: &mut Notes<'_>) {
        for (key, value) in self.inner {
            let written: &str = key.get_ref();
            if self.asked.contains(&written) {
                continue;
            }
            let help = match nearest(written, &self.asked) {
                _ if outer.contains(&written) => {
                    format!("`{written}` belongs to {around}: move this line up, directly below {around}")
                }
                _ if let Some((heading, _)) = inner.iter().find(|(_, keys)| keys.contains(&written)) => {
                    format!("`{written}` belongs below `{heading}`: put it there, or write that heading on the line above it")
                }
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("known here: {}", listed(&self.asked)),
            };
            // Dotted and quoted keys have no span of their own in some places; the value's is near enough.
            let span = if key.span().is_empty() { value.span() } else { key.span() };
            notes.error(codes::UNKNOWN_KEY, &span, format!("unknown key `{}` in {}", shown(written), self.name), help);
        }
    }
}

/// The known word that `written` probably means.
pub fn nearest<'k>(written: &str, known: &[&'k str]) -> Option<&'k str> {
    let written = written.to_lowercase().replace([' ', '-'], "_");
    known
        .iter()
        .map(|word| (strsim::jaro_winkler(&written, &word.replace('-', "_")), *word))
        .filter(|(likeness, word)| *likeness >= 0.85 || strsim::osa_distance(&written, word) <= 1 && word.len() > 2)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, word)| word)
}

/// "`a`, `b` or `c`"
pub fn listed(words: &[&str]) -> String {
    let mut words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match words.pop() {
        Some(last) if words.is_empty() => last,
        Some(last) => format!("{} or {last}", words.join(", ")),
        None => String::new(),
    }
}

/// A word of the file, short enough for a message and with nothing invisible in it.
pub fn shown(words: &str) -> String {
    let short: String =
        words.chars().take(60).map(|c| if c.is_control() || broken::invisible(c).is_some() { '�' } else { c }).collect();
    if short.len() < words.len() && words.chars().count() > 60 { format!("{short}…") } else { short }
}
