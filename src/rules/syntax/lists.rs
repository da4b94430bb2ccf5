//! Shared lists: `[lists]` in any rule file, named by `@name` in the gates of any other.

use std::collections::BTreeMap;

use super::{is_id, proposed_id};
use crate::rules::reading::table::{Notes, nearest, shown};
use crate::rules::reading::value::{Value, Words};
use crate::rules::{Place, Term, codes};

/// All shared lists of an installation.
#[derive(Debug)]
pub(super) struct Lists {
    lists: BTreeMap<String, (Place, Vec<Term>)>,
    /// Whether all files could be read: if not, an unknown list may well exist.
    all_read: bool,
}

impl Lists {
    pub(super) fn new(all_read: bool) -> Self {
        Self { lists: BTreeMap::new(), all_read }
    }

    /// Takes in the `[lists]` of one file.
    pub(super) fn gather(&mut self, value: &Value<'_>, notes: &mut Notes<'_>) {
        let Some(table) = value.table(notes) else { return };
        for (name, name_span, value) in table.entries() {
            if !is_id(name) {
                let help = format!("names have 3 to 64 letters a–z, digits and hyphens: {}", proposed_id(name));
                notes.error(codes::BAD_ID, &name_span, format!("a list cannot be called \"{}\"", shown(name)), help);
            }
            let place = notes.document.place(&name_span);
            let words = value.texts(notes);
            if words.is_empty() && value.inner.as_array().is_some_and(|items| items.is_empty()) {
                notes.error(codes::EMPTY, &value.span, format!("list `{name}` is empty"), "put in at least one word");
            }
            let terms = words.iter().filter_map(|words| self.item(words, name, notes)).collect();
            if let Some((first, _)) = self.lists.get(name) {
                let first = first.clone();
                notes.error(
                    codes::USED_TWICE,
                    &name_span,
                    format!("list `{name}` is written twice"),
                    "put all its words into one list",
                );
                if let Some(last) = notes.found.last_mut() {
                    last.also = Some((first, "first written here".to_owned()));
                }
                continue;
            }
            self.lists.insert(name.to_owned(), (place, terms));
        }
    }

    fn item(&self, words: &Words, list: &str, notes: &mut Notes<'_>) -> Option<Term> {
        if let Some(other) = words.text.strip_prefix('@') {
            let message = format!("list `{list}` names list `{}`, and lists hold only words", shown(other));
            notes.error(codes::BAD_TERM, &words.span, message, "write its words out; a rule may name both lists");
            return None;
        }
        term(words, Some(list), notes)
    }

    /// The words of one entry of a gate: a word or words, or those of a shared list.
    pub(super) fn expand(&self, words: &Words, notes: &mut Notes<'_>) -> Vec<Term> {
        let Some(name) = words.text.strip_prefix('@') else { return term(words, None, notes).into_iter().collect() };
        if let Some((_, terms)) = self.lists.get(name) {
            return terms.clone();
        }
        if self.all_read {
            let known: Vec<&str> = self.lists.keys().map(String::as_str).collect();
            let help = match nearest(name, &known) {
                Some(known) => format!("did you mean \"@{known}\"?"),
                None if known.is_empty() => "no rule file has a `[lists]` table; without @ the word stands for itself".to_owned(),
                None => {
                    format!("lists there are: {}", known.iter().map(|name| format!("@{name}")).collect::<Vec<_>>().join(", "))
                }
            };
            notes.error(codes::UNKNOWN_LIST, &words.span, format!("there is no list \"@{}\"", shown(name)), help);
        }
        Vec::new()
    }
}

/// A word or words, perhaps with a final `*`.
fn term(words: &Words, list: Option<&str>, notes: &mut Notes<'_>) -> Option<Term> {
    let (text, prefix) = match words.text.strip_suffix('*') {
        Some(text) => (text.trim_end(), true),
        None => (words.text.as_str(), false),
    };
    if text.contains('*') {
        notes.error(
            codes::BAD_TERM,
            &words.span,
            "a star stands only at the end of a word",
            "write \"nominat*\" for nominate, nominated, nomination …",
        );
        return None;
    }
    if !text.chars().any(char::is_alphanumeric) {
        notes.error(
            codes::EMPTY,
            &words.span,
            format!("\"{}\" has no letter or digit to look for", shown(&words.text)),
            "write a word",
        );
        return None;
    }
    Some(Term { text: text.to_owned(), prefix, list: list.map(str::to_owned) })
}
