//! Mends broken TOML byte for byte, so that one slip does not hide the mistakes after it. Lengths and line ends never change.

use std::ops::Range;

use toml::de::DeTable;

use super::broken::{self, Fault};
use super::lines::{self, Open};
use crate::rules::codes;

/// What became of a text.
#[derive(Debug)]
pub struct Mending {
    /// As long as the original.
    pub text: String,
    /// Everything that was broken.
    pub faults: Vec<Fault>,
    /// Whether parts of the text could not be read although something stands there.
    pub incomplete: bool,
}

/// A trouble the parser found: its words and where.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The parser's message.
    pub message: String,
    /// Where it stumbled.
    pub span: Range<usize>,
}

struct Patch {
    span: Range<usize>,
    with: String,
    fault: Fault,
    incomplete: bool,
}

/// Quotes that word processors and phones write.
pub const CURLY: [char; 17] = ['“', '”', '„', '‟', '‘', '’', '‚', '‛', '«', '»', '‹', '›', '「', '」', '＂', '´', '`'];

/// Work stops after so many bytes were parsed again: a broken file of 10 MiB must not hold up the others.
const WORK_BYTES: usize = 32 << 20;

/// Nobody mends more than so many slips at a time; a file with more of them is no rule file at all.
const MAX_FAULTS: usize = 200;

/// Mends what can be mended and translates every trouble into words for people.
pub fn mend(original: &str) -> Mending {
    let mut text = original.to_owned();
    let mut faults = Vec::new();
    let mut incomplete = false;
    let mut rest = troubles(&text);
    let rounds = (WORK_BYTES / original.len().max(1)).clamp(1, 200);
    for _ in 0..rounds {
        let patches = patches(&text, original, &rest);
        if patches.is_empty() || faults.len() > MAX_FAULTS {
            break;
        }
        // From the end on: a patch of another length must not move the places of those before it.
        let mut patches = patches;
        patches.sort_by_key(|patch| std::cmp::Reverse(patch.span.start));
        let told = faults.len();
        for patch in patches {
            // The trouble's place may fall inside a character that is many bytes long; that one is told, not mended.
            if text.get(patch.span.clone()).is_none() {
                continue;
            }
            text.replace_range(patch.span, &patch.with);
            faults.insert(told, patch.fault);
            incomplete |= patch.incomplete;
        }
        rest = troubles(&text);
    }
    let (said, lost) = broken::translate(&text, &rest);
    faults.extend(said);
    faults.dedup();
    Mending { text, faults, incomplete: incomplete || lost }
}

fn troubles(text: &str) -> Vec<Trouble> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let trouble = |error: toml::de::Error| Trouble { message: error.message().to_owned(), span: error.span().unwrap_or(0..0) };
    errors.into_iter().take(MAX_FAULTS).map(trouble).collect()
}

fn patches(text: &str, original: &str, troubles: &[Trouble]) -> Vec<Patch> {
    if let Some(patch) = unclosed_list(text, troubles) {
        return vec![patch];
    }
    let mut patches: Vec<Patch> = Vec::new();
    for trouble in troubles {
        let patch = blank_that_is_none(text, trouble)
            .or_else(|| curly_quotes(text, trouble))
            .or_else(|| line_without_equals(text, original, trouble));
        let Some(patch) = patch else { continue };
        if patches.iter().all(|other| other.span.end <= patch.span.start || patch.span.end <= other.span.start) {
            patches.push(patch);
        }
    }
    patches
}

/// Puts straight quotes of the same length in bytes: `“a”` becomes `  "a  "`.
fn curly_quotes(text: &str, trouble: &Trouble) -> Option<Patch> {
    if !trouble.message.starts_with("string values must be quoted") && !trouble.message.starts_with("missing opening quote") {
        return None;
    }
    let line = lines::line_at(text, trouble.span.start);
    let opening = line.chars().next().filter(|c| CURLY.contains(c))?;
    let inner_start = opening.len_utf8();
    let partners = partners(opening);
    // The closing one is the first that a comma, a bracket or the end of the line follows: inside, they are text.
    let (at, closing) = line.get(inner_start..)?.char_indices().map(|(at, c)| (at + inner_start, c)).find(|(at, c)| {
        let after = line.get(at + c.len_utf8()..).unwrap_or_default().trim_start();
        partners.contains(c) && (after.is_empty() || after.starts_with([',', ']', '}', '#']))
    })?;
    let inner = line.get(inner_start..at)?;
    let end = at + closing.len_utf8();
    let with = format!(
        "{:>opening$}{}{:<closing$}",
        '"',
        inner.replace('"', "'").replace('\\', "/"),
        '"',
        opening = opening.len_utf8(),
        closing = closing.len_utf8()
    );
    let span = trouble.span.start..trouble.span.start + end;
    Some(Patch {
        span: span.clone(),
        with,
        fault: Fault::new(codes::CURLY_QUOTES, format!("{opening} and {closing} cannot stand around a text"), span)
            .help(format!("use straight quotes: {}; word processors and phones put in the curly ones", broken::quoted(inner))),
        incomplete: false,
    })
}

fn partners(opening: char) -> &'static [char] {
    match opening {
        '“' | '”' | '„' | '‟' | '＂' => &['”', '“', '‟', '＂', '"'],
        '‘' | '’' | '‚' | '‛' | '´' | '`' => &['’', '‘', '‛', '´', '`', '\''],
        '«' | '»' => &['»', '«'],
        '‹' | '›' => &['›', '‹'],
        _ => &['」'],
    }
}

/// A blank that looks like a space and is none, outside any text.
fn blank_that_is_none(text: &str, trouble: &Trouble) -> Option<Patch> {
    let at = trouble.span.start;
    let found = text.get(at..)?.chars().next()?;
    let name = broken::invisible(found)?;
    let span = at..at + found.len_utf8();
    let fault = Fault::new(
        codes::NOT_TOML,
        format!("this looks like a space, but is a {name} (U+{:04X})", u32::from(found)),
        span.clone(),
    )
    .help("delete it and type a plain space".to_owned());
    Some(Patch { with: " ".repeat(found.len_utf8()), span, fault, incomplete: false })
}

/// `claim: "x"` and `claim "x"` are given their `=`; any other line is made a comment.
fn line_without_equals(text: &str, original: &str, trouble: &Trouble) -> Option<Patch> {
    if !trouble.message.starts_with("key with no value") {
        return None;
    }
    let start = lines::line_start(text, trouble.span.start);
    let line = lines::line_at(text, start);
    let written = original.get(start..start + line.len()).unwrap_or(line).trim_end_matches('\r');
    let key_end = line.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))).unwrap_or(line.len());
    let key = line.get(..key_end).unwrap_or_default();
    let rest = line.get(key_end..).unwrap_or_default();
    let value = rest.trim_start();
    let whole = start + (written.len() - written.trim_start().len())..start + written.trim_end().len();
    if let Some(after) = value.strip_prefix(':').filter(|_| !key.is_empty()) {
        let colon = start + key_end + (rest.len() - value.len());
        let fault = Fault::new(codes::NO_EQUALS, format!("a colon stands where `{key}` needs an equals sign"), colon..colon + 1)
            .help(format!("write `{key} = {}`", after.trim()));
        return Some(Patch { span: colon..colon + 1, with: "=".to_owned(), fault, incomplete: false });
    }
    if let Some(patch) = key_of_several_words(line, start) {
        return Some(patch);
    }
    let looks_like_value =
        value.starts_with(['"', '\'', '[', '{']) || value.starts_with(|c: char| c.is_ascii_digit() || CURLY.contains(&c));
    if !key.is_empty() && looks_like_value && rest.starts_with([' ', '\t']) {
        let gap = start + key_end..start + key_end + 1;
        let fault = Fault::new(codes::NO_EQUALS, format!("`{key}` has no equals sign"), whole)
            .help(format!("write `{key} = {}`", value.trim_end()));
        return Some(Patch { span: gap, with: "=".to_owned(), fault, incomplete: false });
    }
    let first = line.chars().next()?;
    let fault = Fault::new(codes::NO_EQUALS, "this line is neither `key = value` nor a comment".to_owned(), whole)
        .help("begin it with # to make it a comment; a longer text stands between three quotes: \"\"\"".to_owned());
    let with = format!("{:<width$}", '#', width = first.len_utf8());
    Some(Patch { span: start..start + first.len_utf8(), with, fault, incomplete: true })
}

/// `said on = …`: keys are one word.
fn key_of_several_words(line: &str, start: usize) -> Option<Patch> {
    let (written, _) = line.split_once('=')?;
    let key = written.trim();
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !key.contains([' ', '\t']) || !key.chars().all(|c| is_word(c) || matches!(c, ' ' | '\t')) {
        return None;
    }
    let at = start + (written.len() - written.trim_start().len());
    let span = at..at + key.len();
    let one_word = key.split_whitespace().collect::<Vec<_>>().join("_");
    let fault = Fault::new(codes::NO_EQUALS, format!("a key is one word, and `{key}` is several"), span.clone())
        .help(format!("write `{one_word} = …`"));
    let with = format!("{one_word:<width$}", width = key.len());
    Some(Patch { span, with, fault, incomplete: false })
}

/// Closes a list that runs into the next key or table, in the place of a comma, a blank or a letter.
fn unclosed_list(text: &str, troubles: &[Trouble]) -> Option<Patch> {
    if !troubles.iter().any(|trouble| trouble.message.starts_with("unclosed") || trouble.message.contains("in array")) {
        return None;
    }
    let Some(Open::List { at, stopped_by }) = lines::first_open(text) else { return None };
    let bracket = if text.get(at..at + 1)? == "{" { '}' } else { ']' };
    let end = lines::end_of_value_before(text, stopped_by);
    let tail = text.get(at..end)?;
    let (span, with) = if tail.ends_with(',') {
        (end - 1..end, bracket.to_string())
    } else if text.get(end..stopped_by)?.starts_with([' ', '\t']) || text.get(end..stopped_by)?.matches('\n').count() > 1 {
        // It may be a blank of several bytes.
        let width = text.get(end..)?.chars().next()?.len_utf8();
        (end..end + width, format!("{bracket:<width$}"))
    } else {
        let inner = tail.strip_suffix('"')?;
        let last = inner.chars().next_back().filter(|c| *c != '"' && *c != '[')?;
        let start = end - 1 - last.len_utf8();
        (start..end, format!("\"{bracket}{}", " ".repeat(last.len_utf8() - 1)))
    };
    let fault = Fault::new(codes::OPEN_BRACKET, format!("this `{}` is never closed", tail.chars().next()?), at..at + 1)
        .help(format!("put `{bracket}` after its last item"))
        .also(end - tail.chars().next_back()?.len_utf8()..end, format!("`{bracket}` belongs after this"));
    Some(Patch { span, with, fault, incomplete: false })
}
