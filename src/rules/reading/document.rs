//! A file as text that knows its lines: bytes decoded, broken TOML mended as far as it goes, places given.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeTable;

use super::mend;
use crate::rules::codes;
use crate::rules::diagnostic::{Diagnostic, Level};
use crate::rules::{Place, RuleText};

/// Larger files are refused: rules are kept by hand, bulk claims have a format of their own.
pub const MAX_BYTES: usize = 10 << 20;

/// A TOML file that could be decoded. Spans count bytes of its text; `place` turns them into places for people.
#[derive(Debug)]
pub struct Document {
    name: String,
    /// As written, without a byte order mark.
    original: String,
    /// Of the same length, with what was broken mended so that the rest can be checked too.
    mended: String,
    /// Bytes of a byte order mark before the text.
    mark: usize,
    line_starts: Vec<usize>,
    /// Whether something was so broken that keys may be missing which the editor did write.
    pub incomplete: bool,
    /// Where the syntax is broken: nothing more is said about these words.
    broken: Vec<Range<usize>>,
}

impl Document {
    /// Decodes a file and mends its syntax where possible; every mistake found on the way goes to `found`.
    ///
    /// Gives `None` when the bytes are no text at all.
    pub fn open(file: &RuleText, found: &mut Vec<Diagnostic>) -> Option<Self> {
        if file.bytes.len() > MAX_BYTES {
            found.push(too_large(file));
            return None;
        }
        let (mark, rest) = match file.bytes.strip_prefix(b"\xEF\xBB\xBF") {
            Some(rest) => (3, rest),
            None => (0, file.bytes.as_slice()),
        };
        let original = match std::str::from_utf8(rest) {
            Ok(text) if !looks_like_utf16(rest) => text.to_owned(),
            Ok(_) => {
                found.push(not_utf8(file, 0));
                return None;
            }
            Err(error) => {
                found.push(not_utf8(file, mark + error.valid_up_to()));
                return None;
            }
        };
        let line_starts = std::iter::once(0).chain(original.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let mending = mend::mend(&original);
        let mut document = Self {
            name: file.name.clone(),
            mended: mending.text,
            original,
            mark,
            line_starts,
            incomplete: mending.incomplete,
            broken: Vec::new(),
        };
        for fault in mending.faults {
            found.push(Diagnostic {
                level: Level::Error,
                code: fault.code,
                message: fault.message,
                place: document.place(&fault.span),
                help: fault.help,
                also: fault.also.map(|(span, words)| (document.place(&span), words)),
            });
            document.broken.push(fault.span);
        }
        Some(document)
    }

    /// The tables of the file, as far as its syntax could be mended.
    pub fn tree(&self) -> Spanned<DeTable<'_>> {
        DeTable::parse_recoverable(&self.mended).0
    }

    /// The place of a span; of several lines only the first is meant.
    pub fn place(&self, span: &Range<usize>) -> Place {
        let start = floor(&self.original, span.start);
        let line = self.line_starts.partition_point(|begin| *begin <= start).max(1);
        let line_start = self.line_starts.get(line - 1).copied().unwrap_or_default();
        let line_end = self.original[start..].find(['\r', '\n']).map_or(self.original.len(), |at| start + at);
        let end = floor(&self.original, span.end.min(line_end)).max(start);
        Place {
            file: self.name.clone(),
            line,
            column: self.original[line_start..start].chars().count() + 1,
            bytes: start + self.mark..end + self.mark,
        }
    }

    /// Whether these words are part of broken syntax, so that anything said about them would be said twice.
    pub fn is_broken(&self, span: &Range<usize>) -> bool {
        self.broken.iter().any(|broken| broken.start <= span.end && span.start <= broken.end)
    }
}

/// The nearest character boundary at or before `at`.
fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn too_large(file: &RuleText) -> Diagnostic {
    Diagnostic {
        level: Level::Error,
        code: codes::TOO_LARGE,
        message: format!("this file is larger than {} MiB, the most that is read", MAX_BYTES >> 20),
        place: Place { file: file.name.clone(), line: 1, column: 1, bytes: 0..0 },
        help: Some("split it, one topic a file".to_owned()),
        also: None,
    }
}

/// UTF-16 without its mark reads as UTF-8 full of zero bytes.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    bytes.iter().take(64).filter(|byte| **byte == 0).count() > 8
}

fn not_utf8(file: &RuleText, at: usize) -> Diagnostic {
    let utf16 = file.bytes.starts_with(b"\xFF\xFE") || file.bytes.starts_with(b"\xFE\xFF") || looks_like_utf16(&file.bytes);
    let before = file.bytes.get(..at).unwrap_or_default();
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |found| found + 1);
    let (message, help) = if utf16 {
        ("this file is saved as UTF-16 (Windows calls it \"Unicode\"), not as UTF-8".to_owned(), SAVE_AS_UTF8.to_owned())
    } else {
        let byte = file.bytes.get(at).copied().unwrap_or_default();
        let guess = encoding_rs::WINDOWS_1252.decode(&[byte]).0.into_owned();
        let guess = if guess.trim().is_empty() { String::new() } else { format!(" (it may stand for \"{guess}\")") };
        (format!("this file is not saved as UTF-8: byte {byte:#04X} has no meaning there{guess}"), SAVE_AS_UTF8.to_owned())
    };
    let bytes = if utf16 { 0..0 } else { at..(at + 1).min(file.bytes.len()) };
    Diagnostic {
        level: Level::Error,
        code: codes::UNREADABLE,
        message,
        place: Place {
            file: file.name.clone(),
            line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
            column: String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count() + 1,
            bytes,
        },
        help: Some(help),
        also: None,
    }
}

const SAVE_AS_UTF8: &str = "open it in your editor, choose \"Save with encoding\" and take UTF-8";
