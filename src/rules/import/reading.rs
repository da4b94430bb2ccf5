//! A file of claims, whatever its kind, from bytes to records: read as it flows, never held whole unless it is small.

use std::io::{self, BufRead, Cursor, Read};

use serde_json::Value;
use url::Url;

use super::cut::{Cutter, Piece};
use super::review::{self, Outcome, References};
use super::table::{self, Field};
use super::tally::Part;
use super::{Remark, Skip, encoding, json, page};
use crate::rules::bulk::next_line;

/// Documents of up to this size are read whole, and so is each object of a larger one.
pub const LONGEST_BYTES: usize = 8 << 20;

/// Bytes by which the kind of a file is told.
const HEAD_BYTES: usize = 64 << 10;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JSON: ClaimReview, a `DataFeed`, saved answers of Google's tools.
    Json,
    /// A JSON object a line.
    Lines,
    /// A web page.
    Page,
    /// CSV or TSV.
    Table,
}

/// What became known of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What it is.
    pub kind: Kind,
    /// Of a table, which column holds what.
    pub columns: Option<String>,
    /// Of a page without ClaimReview: it is an article, which `new` makes a draft of.
    pub is_article: bool,
}

/// Takes what was found, with its place in the file.
pub type Each<'e> = &'e mut dyn FnMut(Part, Outcome) -> io::Result<()>;

/// Tells what a file is by its name and its first bytes.
pub fn kind_of(name: &str, head: &[u8], columns_named: bool) -> Option<Kind> {
    let name = name.to_ascii_lowercase();
    let name = name.strip_suffix(".gz").unwrap_or(&name);
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let first = head.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{') if ends(&[".jsonl", ".ndjson"]) => Some(Kind::Lines),
        _ if ends(&[".csv", ".tsv", ".tab"]) => Some(Kind::Table),
        Some(b'{' | b'[') => Some(Kind::Json),
        Some(b'<') => Some(Kind::Page),
        _ if columns_named => Some(Kind::Table),
        _ if ends(&[".jsonl", ".ndjson"]) => Some(Kind::Lines),
        _ if ends(&[".html", ".htm", ".xhtml"]) => Some(Kind::Page),
        _ if ends(&[".json", ".jsonld"]) => Some(Kind::Json),
        _ => {
            let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
            line.iter().any(|byte| matches!(byte, b',' | b'\t' | b';')).then_some(Kind::Table)
        }
    }
}

/// Reads a file. `base` is the address a page came from.
///
/// # Errors
/// Those of reading and of `each`; `InvalidData` with a sentence where nothing in the file can be understood.
pub fn read(
    name: &str,
    input: impl BufRead,
    columns: &[(Field, String)],
    base: Option<&Url>,
    each: Each<'_>,
) -> io::Result<Seen> {
    let mut input = encoding::utf8(input)?;
    // A pipe may give its first bytes one by one.
    let mut head = Vec::new();
    (&mut input).take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    let Some(kind) = kind_of(name, &head, !columns.is_empty()) else {
        let why = if head.trim_ascii().is_empty() {
            "it is empty"
        } else {
            "it is neither JSON, nor a web page, nor a table with named columns (name them: --columns claim=NAME,url=NAME)"
        };
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    };
    let input = Cursor::new(head).chain(input);
    let mut seen = Seen { kind, columns: None, is_article: false };
    match kind {
        Kind::Json => documents(input, base, each)?,
        Kind::Lines => lines(input, each)?,
        Kind::Page => seen.is_article = one_page(input, base, each)?,
        Kind::Table => {
            let told = &mut seen.columns;
            table::read(input, columns, &mut |columns| *told = Some(columns.told()), &mut |line, row| {
                each(Part::Line(line), row)
            })?;
        }
    }
    Ok(seen)
}

fn one_page(input: impl Read, base: Option<&Url>, each: Each<'_>) -> io::Result<bool> {
    let Some(bytes) = up_to_longest(input)?.ok() else {
        each(Part::Whole, Err(Skip::TooLarge))?;
        return Ok(false);
    };
    let found = page::read(&encoding::page_text(&bytes, None), base);
    if found.claims.is_empty() {
        each(Part::Whole, Err(Skip::NoReview))?;
        return Ok(found.article.is_some());
    }
    for (block, outcome) in found.claims {
        each(Part::Block(block), outcome)?;
    }
    Ok(false)
}

fn lines(mut input: impl BufRead, each: Each<'_>) -> io::Result<()> {
    let mut line = Vec::new();
    let mut number = 0;
    while let Some(whole) = next_line(&mut input, &mut line, LONGEST_BYTES as u64)? {
        number += 1;
        if !whole {
            each(Part::Line(number), Err(Skip::TooLarge))?;
        } else if !line.trim_ascii().is_empty() {
            element(&line, None, &mut |outcome| each(Part::Line(number), outcome))?;
        }
    }
    Ok(())
}

/// JSON: small documents are read whole, because one part may refer to another; large and broken ones are cut as they flow.
fn documents(input: impl Read, base: Option<&Url>, each: Each<'_>) -> io::Result<()> {
    let mut input = input;
    let rest = match up_to_longest(&mut input)? {
        Ok(bytes) => {
            let (text, is_utf8) = encoding::text(&bytes);
            if let Ok((document, mended)) = json::parse(&text) {
                return whole(&document, (mended, is_utf8), base, each);
            }
            bytes
        }
        Err(bytes) => bytes,
    };
    cut(Cursor::new(rest).chain(input), base, each)
}

/// Reads all, if it is no more than is read whole; else gives back what was read so far.
fn up_to_longest(input: impl Read) -> io::Result<Result<Vec<u8>, Vec<u8>>> {
    let mut bytes = Vec::new();
    input.take(LONGEST_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok(if bytes.len() > LONGEST_BYTES { Err(bytes) } else { Ok(bytes) })
}

fn whole(document: &Value, (mended, is_utf8): (bool, bool), base: Option<&Url>, each: Each<'_>) -> io::Result<()> {
    let references = References::of(document);
    let mut number = 0;
    for (element, counts) in elements(document) {
        if counts {
            number += 1;
        }
        let outcomes = review::claims_among(element, &references, base);
        tell(outcomes, element, counts, (mended, is_utf8), &mut |outcome| each(Part::Item(number.max(1)), outcome))?;
    }
    Ok(())
}

/// The objects of the lists of a document, and what else stands in it (which nobody misses if it holds no claim).
fn elements(document: &Value) -> Vec<(&Value, bool)> {
    match document {
        Value::Array(items) => items.iter().flat_map(elements).collect(),
        Value::Object(object) => {
            let lists = ["dataFeedElement", "claims"].iter().filter_map(|key| object.get(*key)?.as_array());
            let lists: Vec<&Vec<Value>> = lists.collect();
            if lists.is_empty() {
                return vec![(document, true)];
            }
            let rest =
                object.iter().filter(|(key, value)| !matches!(key.as_str(), "dataFeedElement" | "claims") && value.is_object());
            let rest = rest.map(|(_, value)| (value, false));
            lists.into_iter().flatten().map(|item| (item, true)).chain(rest).collect()
        }
        other => vec![(other, true)],
    }
}

fn cut(mut input: impl Read, base: Option<&Url>, each: Each<'_>) -> io::Result<()> {
    let mut cutter = Cutter::new(LONGEST_BYTES);
    let mut bytes = vec![0; 64 << 10];
    let mut number = 0;
    let mut outcome = Ok(());
    let mut take = |piece: Piece<'_>| {
        if outcome.is_err() {
            return;
        }
        number += 1;
        let mut each = |found| each(Part::Item(number), found);
        outcome = match piece {
            Piece::Object(bytes) if is_shell(bytes) && number > 1 => {
                number -= 1;
                Ok(())
            }
            Piece::Object(bytes) => element(bytes, base, &mut each),
            Piece::Other => each(Err(Skip::Nothing)),
            Piece::TooLarge => each(Err(Skip::TooLarge)),
            Piece::CutShort => each(Err(Skip::CutShort)),
        };
    };
    loop {
        match input.read(&mut bytes) {
            Ok(0) => break,
            Ok(count) => cutter.feed(bytes.get(..count).unwrap_or_default(), &mut take),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    cutter.finish(&mut take);
    outcome
}

/// What is left of an object whose list was cut out of it.
fn is_shell(bytes: &[u8]) -> bool {
    const SMALL: usize = 64 << 10;
    if bytes.len() > SMALL {
        return false;
    }
    let (text, _) = encoding::text(bytes);
    ["dataFeedElement", "claims", "@graph", "itemListElement"].iter().any(|key| {
        let after = text.find(&format!("\"{key}\"")).and_then(|at| text.get(at + key.len() + 2..));
        after.is_some_and(|after| after.chars().filter(|c| !c.is_whitespace()).take(3).eq(":[]".chars()))
    }) && !text.contains("ClaimReview")
}

/// Reads one object by itself.
fn element(bytes: &[u8], base: Option<&Url>, each: &mut dyn FnMut(Outcome) -> io::Result<()>) -> io::Result<()> {
    let (text, is_utf8) = encoding::text(bytes);
    match json::parse(&text) {
        Ok((value, mended)) => {
            for (part, counts) in elements(&value) {
                tell(review::claims(part, base), part, counts, (mended, is_utf8), each)?;
            }
            Ok(())
        }
        Err(_) => each(Err(if json::is_template(&text) { Skip::Template } else { Skip::NotJson })),
    }
}

/// Gives the outcomes of one element; one that has none is told too.
fn tell(
    outcomes: Vec<Outcome>,
    element: &Value,
    counts: bool,
    (mended, is_utf8): (bool, bool),
    each: &mut dyn FnMut(Outcome) -> io::Result<()>,
) -> io::Result<()> {
    let item = element.get("item");
    let empty = item.and_then(Value::as_array).map_or(0, |items| items.iter().filter(|item| item.is_null()).count());
    for _ in 0..empty {
        each(Err(Skip::Nothing))?;
    }
    if outcomes.is_empty() && counts && empty == 0 {
        let nothing = match element {
            Value::Object(object) => {
                object.is_empty() || item.is_some_and(|item| item.is_null() || item.as_array().is_some_and(Vec::is_empty))
            }
            _ => true,
        };
        each(Err(if nothing { Skip::Nothing } else { Skip::NoReview }))?;
    }
    for outcome in outcomes {
        each(outcome.map(|mut record| {
            record.remarks.extend(mended.then_some(Remark::Mended).into_iter().chain((!is_utf8).then_some(Remark::NotUtf8)));
            record
        }))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
