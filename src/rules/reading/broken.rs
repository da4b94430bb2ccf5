//! What the TOML parser says about broken syntax, in words for people who have never seen TOML.

use std::ops::Range;

use super::lines::{self, Open};
use super::mend::{CURLY, Trouble};
use crate::rules::codes;

/// Broken syntax: spans count bytes of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its number.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// Where.
    pub span: Range<usize>,
    /// How to mend it.
    pub help: Option<String>,
    /// Another place that matters.
    pub also: Option<(Range<usize>, String)>,
}

impl Fault {
    /// A fault without help.
    pub fn new(code: &'static str, message: String, span: Range<usize>) -> Self {
        Self { code, message, span, help: None, also: None }
    }

    /// Adds how to mend it.
    pub fn help(self, help: String) -> Self {
        Self { help: Some(help), ..self }
    }

    /// Adds another place.
    pub fn also(self, span: Range<usize>, words: String) -> Self {
        Self { also: Some((span, words)), ..self }
    }
}

/// Keys whose value is a day.
const DATES: [&str; 5] = ["said_on", "review_by", "active_from", "expires", "date"];

/// Keys whose value is a list of texts.
const LISTS: [&str; 10] =
    ["phrases", "variants", "any_of", "none_of", "urls", "tags", "desks", "replaces", "must_match", "must_not_match"];

/// Translates what is left after mending; also says whether the parser gave up on parts of the text.
pub fn translate(text: &str, troubles: &[Trouble]) -> (Vec<Fault>, bool) {
    // What is never closed swallows all that follows: the troubles in there are its children.
    if troubles.iter().any(|t| t.message.starts_with("unclosed") || t.message.contains("multi-line")) {
        match lines::first_open(text) {
            Some(Open::LongText { at }) => {
                let fault = Fault::new(codes::OPEN_QUOTE, "this long text is never closed".to_owned(), at..at + 3)
                    .help("put three quotes, \"\"\", on the line after its last one".to_owned());
                return (before(text, troubles, at, fault), true);
            }
            Some(Open::List { at, .. }) => {
                let fault = Fault::new(codes::OPEN_BRACKET, "this bracket is never closed".to_owned(), at..at + 1)
                    .help("put the closing bracket after its last item".to_owned());
                return (before(text, troubles, at, fault), true);
            }
            None => {}
        }
    }
    let lost = troubles.iter().any(|t| {
        t.message.starts_with("key with no value")
            || t.message.starts_with("duplicate key")
            || t.message.starts_with("unclosed")
            || t.message.starts_with("unexpected")
            || t.message.starts_with("invalid unquoted key")
    });
    let mut faults: Vec<Fault> = Vec::new();
    // A missing quote swallows the comma after it: the quote is what must be told.
    let (quotes, others): (Vec<&Trouble>, Vec<&Trouble>) = troubles.iter().partition(|t| t.message.contains("string, expected"));
    for trouble in quotes.into_iter().chain(others) {
        let fault = said(text, trouble);
        let below_second_heading = fault.code == codes::KEY_TWICE && fault.also.is_none();
        if below_second_heading && faults.iter().any(|other| other.code == codes::KEY_TWICE) {
            continue;
        }
        // Two troubles in the same words are one slip.
        if !faults.iter().any(|other| other.span.start <= fault.span.end && fault.span.start <= other.span.end) {
            faults.push(fault);
        }
    }
    (faults, lost)
}

fn before(text: &str, troubles: &[Trouble], at: usize, fault: Fault) -> Vec<Fault> {
    let mut faults: Vec<Fault> = troubles.iter().filter(|t| t.span.end <= at).map(|t| said(text, t)).collect();
    faults.push(fault);
    faults
}

fn said(text: &str, trouble: &Trouble) -> Fault {
    let Trouble { message, span } = trouble;
    let words = text.get(span.clone()).unwrap_or_default();
    if message.starts_with("string values must be quoted") || message.starts_with("missing opening quote") {
        return unquoted(text, words, span);
    }
    if message.starts_with("missing comma") {
        return missing_comma(text, span);
    }
    if message.starts_with("duplicate key") {
        return twice(text, words, span);
    }
    if message.starts_with("invalid basic string, expected `\"`") || message.starts_with("invalid literal string, expected `'`") {
        return open_quote(text, span);
    }
    if message.starts_with("unexpected key or value") && goes_on(text, span.start) {
        return quotes_inside(text, span.start);
    }
    if let Some(word) = bare_word(text, message, span) {
        return unquoted(text, text.get(word.clone()).unwrap_or_default(), &word);
    }
    if message.starts_with("invalid date") || message.starts_with("invalid time") || message.contains("date-time") {
        return bad_date(message, words, span);
    }
    if message.starts_with("invalid boolean") {
        return odd_boolean(text, words, span);
    }
    if let Some(at) = backslash_near(text, span.start) {
        return Fault::new(codes::NOT_TOML, "a backslash inside \"…\" begins a special sign".to_owned(), at..at + 1)
            .help("write it twice, \\\\, or put the text between single quotes: '…'".to_owned());
    }
    if message.starts_with("invalid unquoted key") {
        return Fault::new(codes::NOT_TOML, "this cannot stand in the name of a key".to_owned(), span.clone())
            .help("keys are written with the letters a to z, digits, - and _".to_owned());
    }
    if message.contains("visible characters") {
        let code = words.chars().next().map_or(0, u32::from);
        return Fault::new(
            codes::NOT_TOML,
            format!("an invisible control character (U+{code:04X}) stands in this text"),
            span.clone(),
        )
        .help("delete it; it often comes with text copied from a PDF".to_owned());
    }
    if message.starts_with("unclosed") {
        let start = lines::line_start(text, span.start.saturating_sub(1));
        return Fault::new(codes::OPEN_BRACKET, "a bracket is missing at the end of this line".to_owned(), start..span.start)
            .help("close as many brackets as you open: `[[claim]]`, `[claim.match]`".to_owned());
    }
    Fault::new(codes::NOT_TOML, format!("this cannot be read: {}", message.replace(", expected ", "; expected ")), span.clone())
}

/// What the parser took for a number or a date, although it is a word or a date of another fashion: the whole of it.
fn bare_word(text: &str, message: &str, span: &Range<usize>) -> Option<Range<usize>> {
    if !["invalid float", "invalid integer", "invalid date", "invalid time"].iter().any(|start| message.starts_with(start)) {
        return None;
    }
    let line_start = lines::line_start(text, span.start);
    let before = text.get(line_start..span.start)?;
    let start = line_start + before.rfind(['=', '[', ',']).map_or(0, |at| at + 1);
    let start = start + text.get(start..)?.len() - text.get(start..)?.trim_start_matches([' ', '\t']).len();
    let rest = lines::line_at(text, start);
    let word = rest.get(..rest.find([',', ']', '}', '#', '\r']).unwrap_or(rest.len()))?.trim_end();
    let other_fashion = word.split(['.', '/']).count() == 3;
    (word.contains(char::is_alphabetic) || other_fashion).then_some(start..start + word.len())
}

fn unquoted(text: &str, words: &str, span: &Range<usize>) -> Fault {
    let words = words.trim();
    if words.is_empty() {
        let start = lines::line_start(text, span.start);
        let key = text.get(start..span.start).unwrap_or_default().trim().trim_end_matches('=').trim();
        return Fault::new(codes::NO_QUOTES, format!("nothing stands after `{key} =`"), start..span.start)
            .help("give it a value, or delete the line".to_owned());
    }
    if words.split(['.', '/', '-']).count() == 3 && words.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '/' | '-')) {
        return bad_date("", words, span);
    }
    if words.eq_ignore_ascii_case("yes") || words.eq_ignore_ascii_case("no") {
        let boolean = words.eq_ignore_ascii_case("yes");
        return Fault::new(codes::NO_QUOTES, "text must stand in quotes".to_owned(), span.clone())
            .help(format!("write `{}`, or `{boolean}` if a yes or no is meant", quoted(words)));
    }
    if words.starts_with(CURLY) || words.ends_with(CURLY) {
        return Fault::new(codes::CURLY_QUOTES, "curly quotes cannot stand around a text".to_owned(), span.clone())
            .help(format!("use straight quotes on both sides: {}", quoted(words.trim_matches(CURLY).trim_matches('"'))));
    }
    let fault = Fault::new(codes::NO_QUOTES, "text must stand in quotes".to_owned(), span.clone());
    let text_wanted = quoted(words.trim_end_matches('"'));
    let line = text.get(lines::line_start(text, span.start)..span.start).unwrap_or_default();
    // What stands alone after `key =` is the whole value.
    match line.split_once('=').filter(|(_, rest)| rest.trim().is_empty()).map(|(key, _)| key.trim()) {
        Some(key) if DATES.contains(&key) => {
            let message = format!("`{key}` is a date, and this is none");
            Fault::new(codes::BAD_DATE, message, span.clone())
                .help(format!("write year-month-day, without quotes: {key} = 2018-06-13"))
        }
        Some(key) if LISTS.contains(&key) => fault.help(format!("write {key} = [{text_wanted}]")),
        _ => fault.help(format!("write {text_wanted}")),
    }
}

fn missing_comma(text: &str, span: &Range<usize>) -> Fault {
    let end = lines::end_of_value_before(text, span.start);
    if end == span.start && goes_on(text, end) {
        return quotes_inside(text, end);
    }
    let start = text.get(..end).unwrap_or_default().char_indices().next_back().map_or(end, |(at, _)| at);
    Fault::new(codes::MISSING_COMMA, "a comma is missing after this".to_owned(), start..end)
        .help("put `,` between two items".to_owned())
}

/// Whether a text has just ended at `at` and a word follows without any blank: quotes inside quotes.
fn goes_on(text: &str, at: usize) -> bool {
    text.get(..at).is_some_and(|before| before.ends_with(['"', '\'']))
        && text.get(at..).and_then(|after| after.chars().next()).is_some_and(|c| c.is_alphanumeric() || c == '\'')
}

fn quotes_inside(text: &str, at: usize) -> Fault {
    let start = lines::last_quote_before(text, at).unwrap_or(at);
    let end = lines::line_start(text, at) + lines::line_at(text, lines::line_start(text, at)).trim_end().len();
    if text.get(start..).is_some_and(|words| words.starts_with('\'')) {
        let inner = text.get(start..end).unwrap_or_default().trim_end_matches([',', ']', '}', ' ']).trim_matches('\'');
        return Fault::new(
            codes::OPEN_QUOTE,
            "this text ends at its second ', and the line goes on".to_owned(),
            start..end.max(at),
        )
        .help(format!("a text with an apostrophe stands between double quotes: {}", quoted(inner)));
    }
    Fault::new(codes::OPEN_QUOTE, "this text ends at its second quote, and the line goes on".to_owned(), start..end.max(at))
        .help("quotes inside a text: write \\\" for each, or use curly ones inside: \"He said “no” to us\"".to_owned())
}

fn open_quote(text: &str, span: &Range<usize>) -> Fault {
    let start = lines::last_quote_before(text, span.start).unwrap_or(span.start);
    let words = text.get(start..span.start).unwrap_or_default().trim_end();
    let trimmed = words.trim_end_matches([',', ']', '}', ' ']);
    let span = start..start + words.len();
    if trimmed.ends_with(CURLY) {
        return Fault::new(
            codes::CURLY_QUOTES,
            "this text begins with a straight quote and ends with a curly one".to_owned(),
            span,
        )
        .help(format!("use straight quotes on both sides: {}", quoted(trimmed.trim_matches('"').trim_matches(CURLY))));
    }
    Fault::new(codes::OPEN_QUOTE, "the closing quote is missing".to_owned(), span)
        .help("put a quote at the end of the text; a text of several lines stands between three: \"\"\"".to_owned())
}

fn twice(text: &str, key: &str, span: &Range<usize>) -> Fault {
    let line_start = lines::line_start(text, span.start);
    let header = lines::is_header(lines::line_at(text, line_start));
    let help = if header && key == "claim" {
        "each claim begins with two brackets: `[[claim]]`".to_owned()
    } else if header {
        "put everything that belongs there under one heading".to_owned()
    } else {
        "keep one of the two; for several texts use one list: [\"…\", \"…\"]".to_owned()
    };
    let fault = Fault::new(codes::KEY_TWICE, format!("`{key}` is given twice"), span.clone()).help(help);
    match first_of(text, line_start, lines::line_at(text, line_start), header) {
        Some(start) => {
            let first = lines::line_at(text, start).trim_end();
            let end = if header { first.len() } else { first.split('=').next().unwrap_or_default().trim_end().len() };
            fault.also(start..start + end, "first given here".to_owned())
        }
        None => fault,
    }
}

/// The line above that gives the same heading or the same key in the same table.
fn first_of(text: &str, line_start: usize, line: &str, header: bool) -> Option<usize> {
    let wanted = if header { line.trim() } else { line.split('=').next()?.trim() };
    let mut start = line_start;
    while start > 0 {
        start = lines::line_start(text, start - 1);
        let above = lines::line_at(text, start);
        if header && above.trim().trim_matches(['[', ']']) == wanted.trim_matches(['[', ']']) {
            return Some(start);
        }
        if !header && lines::is_header(above) {
            return None;
        }
        if !header && above.split_once('=').is_some_and(|(key, _)| key.trim() == wanted) {
            return Some(start);
        }
    }
    None
}

/// `False` with a capital: mostly a rating that wants quotes, seldom a yes or no.
fn odd_boolean(text: &str, words: &str, span: &Range<usize>) -> Fault {
    let key = text.get(..span.start).and_then(|before| before.trim_end().strip_suffix('=')).map(str::trim_end);
    let fault = Fault::new(codes::WRONG_KIND, format!("`{words}` stands without quotes"), span.clone());
    if key.is_some_and(|key| key.ends_with("pending")) {
        return fault.help("write `true` or `false`, in small letters".to_owned());
    }
    fault.help(format!("write \"{words}\" if it is a text; what is either yes or no takes `true` or `false`, in small letters"))
}

fn bad_date(message: &str, words: &str, span: &Range<usize>) -> Fault {
    let reason = message.split_once(", expected ").map(|(_, rest)| rest).unwrap_or_default();
    let words = match (reason.strip_prefix("day between 01 and "), reason.starts_with("month between")) {
        (Some(days), _) => format!("`{words}` does not exist: that month has {days} days"),
        (None, true) => format!("`{words}` does not exist: a year has 12 months"),
        (None, false) => format!("`{words}` is not a date"),
    };
    Fault::new(codes::BAD_DATE, words, span.clone())
        .help("dates are year-month-day, two digits each for month and day, without quotes: 2018-06-13".to_owned())
}

fn backslash_near(text: &str, at: usize) -> Option<usize> {
    let start = at.saturating_sub(3);
    text.as_bytes().get(start..(at + 1).min(text.len()))?.iter().rposition(|byte| *byte == b'\\').map(|found| start + found)
}

/// A text the way it should be written.
pub fn quoted(words: &str) -> String {
    let short: String = words.chars().take(60).collect();
    if short.len() < words.len() { format!("\"{}…\"", short.trim_end()) } else { format!("\"{words}\"") }
}

/// The name of a character nobody sees, if it is one.
pub fn invisible(c: char) -> Option<&'static str> {
    Some(match c {
        '\u{a0}' => "no-break space",
        '\u{ad}' => "soft hyphen",
        '\u{200b}' => "zero-width space",
        '\u{200c}' => "zero-width non-joiner",
        '\u{200d}' => "zero-width joiner",
        '\u{2060}' => "word joiner",
        '\u{feff}' => "byte order mark",
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => "writing-direction mark",
        '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => "typographic space",
        '\u{3000}' => "wide (ideographic) space",
        _ => return None,
    })
}
