//! Slips that have exactly one remedy: curly quotes, missing commas, blanks that are none, other encodings.

use crate::rules::codes;
use crate::rules::reading::broken::Fault;
use crate::rules::reading::mend::{CURLY, mend};

/// Each round mends everything it sees; what one slip hid shows in the next.
const ROUNDS: usize = 20;

/// Decodes UTF-8 and UTF-16 that says so; line ends become plain ones. Other encodings would have to be guessed.
pub(super) fn text_of(bytes: &[u8]) -> Option<String> {
    let text = match bytes {
        [0xFF, 0xFE, ..] => {
            encoding_rs::UTF_16LE.decode_without_bom_handling_and_without_replacement(bytes.get(2..)?)?.into_owned()
        }
        [0xFE, 0xFF, ..] => {
            encoding_rs::UTF_16BE.decode_without_bom_handling_and_without_replacement(bytes.get(2..)?)?.into_owned()
        }
        _ => std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)).ok()?.to_owned(),
    };
    Some(text.replace("\r\n", "\n"))
}

/// Mends what has one remedy; nothing if something else is broken.
pub(super) fn mended(text: &str) -> Option<String> {
    let mut text = text.to_owned();
    for _ in 0..ROUNDS {
        let mut faults = mend(&text).faults;
        if faults.is_empty() {
            return Some(text);
        }
        // From the end, so that the places before stay right.
        faults.sort_by_key(|fault| std::cmp::Reverse(fault.span.start));
        let mut changed = false;
        let mut untouched = text.len();
        for fault in faults.iter().filter(|fault| has_one_remedy(fault)) {
            let Some(words) = text.get(fault.span.clone()).filter(|_| fault.span.end <= untouched) else { continue };
            let Some(new) = remedy(fault, words) else { continue };
            text.replace_range(fault.span.clone(), &new);
            untouched = fault.span.start;
            changed = true;
        }
        if !changed {
            return None;
        }
    }
    None
}

fn has_one_remedy(fault: &Fault) -> bool {
    let blank = fault.code == codes::NOT_TOML && fault.message.starts_with("this looks like a space");
    blank || matches!(fault.code, codes::CURLY_QUOTES | codes::MISSING_COMMA)
}

fn remedy(fault: &Fault, words: &str) -> Option<String> {
    match fault.code {
        codes::MISSING_COMMA => Some(format!("{words},")),
        codes::CURLY_QUOTES => {
            let tail_at = words.trim_end_matches([',', ']', '}', ' ']).len();
            let (text, tail) = words.split_at(tail_at);
            let quote = |c: char| CURLY.contains(&c) || c == '"';
            let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
            Some(format!("\"{}\"{tail}", inner.replace('\\', "\\\\").replace('"', "\\\"")))
        }
        _ => Some(" ".to_owned()),
    }
}
