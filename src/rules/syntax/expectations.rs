//! `[claim.tests]`: posts that must match and posts that must not.

use super::matching::{STANCES, lang};
use crate::rules::RuleTest;
use crate::rules::reading::table::{Notes, Table};
use crate::rules::reading::value::Value;

/// Reads `[claim.tests]`.
pub(super) fn read(mut table: Table<'_>, notes: &mut Notes<'_>) -> Vec<RuleTest> {
    let mut tests = Vec::new();
    for (key, matches) in [("must_match", true), ("must_not_match", false)] {
        let Some(value) = table.take(key) else { continue };
        tests.extend(value.list(notes).iter().filter_map(|item| test(item, matches, notes)));
    }
    table.finish(notes);
    tests
}

fn test(item: &Value<'_>, matches: bool, notes: &mut Notes<'_>) -> Option<RuleTest> {
    let plain = |text: String, notes: &Notes<'_>| RuleTest {
        text,
        matches,
        lang: None,
        url: None,
        expect: None,
        why: None,
        pending: false,
        place: notes.document.place(&item.span),
    };
    if item.inner.is_str() {
        let words = item.text(notes)?;
        return Some(plain(words.text, notes));
    }
    if !item.inner.is_table() {
        item.wrong_kind("text or { text = \"…\", why = \"…\" }", "put it between straight quotes: \"…\"", notes);
        return None;
    }
    let mut table = item.table(notes)?;
    let words = table.need("text", "text = \"…\"", notes).and_then(|value| value.text(notes));
    let lang = table.take("lang").and_then(|value| lang(&value, notes));
    let url = table.take("url").and_then(|value| value.web_address(notes)).map(String::from);
    let expect = table.take("expect").and_then(|value| value.choice(&STANCES, notes));
    let why = table.take("why").and_then(|value| value.text(notes)).map(|words| words.text);
    let pending = table.take("pending").and_then(|value| value.flag(notes)).unwrap_or(false);
    table.finish(notes);
    let test = plain(words?.text, notes);
    Some(RuleTest { lang, url, expect, why, pending, ..test })
}
