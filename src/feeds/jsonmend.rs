//! Broken JSON made readable: odd escapes and control characters inside texts, commas too many, an end that is missing.

use std::str::Chars;

use serde_json::Value;

/// Deepest nesting that is kept; what is deeper becomes `null`. The reader refuses a document that is nested 128 deep.
const DEEPEST: usize = 100;

/// JSON after repair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mended {
    /// The first value of the document, as JSON.
    pub text: String,
    /// The document breaks off; what was incomplete is left out.
    pub cut_short: bool,
}

/// Mends the JSON object at the beginning of `text` in one pass; what is broken in other ways stays broken.
pub fn mend(text: &str) -> Mended {
    let mut out = String::with_capacity(text.len());
    let mut open: Vec<char> = Vec::new();
    let (mut comma, mut hidden) = (false, 0_usize);
    // Where the last whole element of a list in the outermost object ends.
    let mut whole = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c.is_whitespace() || c < ' ' {
            continue;
        }
        if hidden > 0 {
            match c {
                '{' | '[' => hidden += 1,
                '}' | ']' => hidden -= 1,
                '"' => written_text(&mut chars, &mut String::new()),
                _ => {}
            }
            continue;
        }
        if std::mem::take(&mut comma) && !matches!(c, ']' | '}') {
            out.push(',');
        }
        match c {
            ',' => comma = true,
            '"' => written_text(&mut chars, &mut out),
            '{' | '[' if open.len() >= DEEPEST => {
                hidden = 1;
                out.push_str("null");
            }
            '{' | '[' => {
                open.push(c);
                out.push(c);
            }
            '}' | ']' => {
                open.pop();
                out.push(c);
            }
            ':' => out.push(c),
            _ => word(c, &mut chars, &mut out),
        }
        if c == '}' && *open == ['{', '['] {
            whole = Some(out.len());
        }
        if open.is_empty() {
            return Mended { text: out, cut_short: false };
        }
    }
    if let Some(end) = whole {
        out.truncate(end);
        out.push_str("]}");
    }
    Mended { text: out, cut_short: true }
}

/// Writes a text whose opening quotation mark has been read, up to and with its closing one.
fn written_text(chars: &mut Chars<'_>, out: &mut String) {
    out.push('"');
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                out.push('"');
                return;
            }
            '\\' => escape(chars, out),
            '\n' | '\r' => out.push_str("\\n"),
            _ if c < ' ' => out.push(' '),
            _ => out.push(c),
        }
    }
}

/// Writes an escape whose backslash has been read: half of a pair becomes U+FFFD, and a letter JSON knows no escape for itself.
fn escape(chars: &mut Chars<'_>, out: &mut String) {
    let rest = chars.as_str();
    let known = |c: char| matches!(c, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't');
    let (written, length) = match unit(rest) {
        Some(0xd800..=0xdbff) => match rest.get(5..).and_then(|rest| rest.strip_prefix('\\')).and_then(unit) {
            Some(0xdc00..=0xdfff) => (rest.get(..11), 11),
            _ => (Some("ufffd"), 5),
        },
        Some(0xdc00..=0xdfff) => (Some("ufffd"), 5),
        Some(_) => (rest.get(..5), 5),
        None if rest.starts_with(known) => (rest.get(..1), 1),
        None => (None, 0),
    };
    let Some(written) = written else { return };
    out.push('\\');
    out.push_str(written);
    *chars = rest.get(length..).unwrap_or_default().chars();
}

/// Reads the code unit of `uXXXX`.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix('u')?.get(..4)?;
    u32::from_str_radix(digits, 16).ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Writes a word that stands without quotation marks: JSON's own as they are, every other (`NaN`, a name, a number nobody can
/// count to) as a text.
fn word(first: char, chars: &mut Chars<'_>, out: &mut String) {
    let rest = chars.as_str();
    let ends = |c: char| c.is_whitespace() || "{}[]:,\"".contains(c);
    let length = rest.find(ends).unwrap_or(rest.len());
    let (after, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let whole = format!("{first}{after}");
    if serde_json::from_str::<Value>(&whole).is_ok() {
        out.push_str(&whole);
    } else {
        written_text(&mut format!("{}\"", whole.replace('\\', "")).chars(), out);
    }
    *chars = behind.chars();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str) -> String {
        mend(text).text
    }

    #[test]
    fn line_breaks_in_texts_and_commas_too_many_are_understood() {
        assert_eq!(mended("{\"a\": \"one\ntwo\t\\\"\", \"b\": [1, 2,],}"), "{\"a\":\"one\\ntwo \\\"\",\"b\":[1,2]}");
        assert_eq!(mended("{\"a\":1} behind"), "{\"a\":1}");
    }

    #[test]
    fn escapes_that_json_does_not_know_cost_themselves_only() {
        assert_eq!(
            mended(r#"{"a": "it\'s \x41 \u12 \ud83d \ude00\ud83d\ude00 \u00e9"}"#),
            r#"{"a":"it's x41 u12 \ufffd \ufffd\ud83d\ude00 \u00e9"}"#
        );
        assert_eq!(mended("{\"a\": \"\\"), "{\"a\":\"");
    }

    #[test]
    fn words_without_quotation_marks_become_texts() {
        assert_eq!(
            mended("{id: 007, b: NaN, c: true, d: -1.5e3, e: 1e999}"),
            r#"{"id":"007","b":"NaN","c":true,"d":-1.5e3,"e":"1e999"}"#
        );
    }

    #[test]
    fn what_is_nested_too_deep_is_left_out() {
        let deep = format!("{{\"a\":{}\"]\"{},\"b\":1}}", "[".repeat(5000), "]".repeat(5000));
        let left = mended(&deep);
        assert!(left.ends_with("]],\"b\":1}") && left.contains("[null]") && left.len() < 300, "{left}");
    }

    #[test]
    fn whole_elements_of_a_list_that_breaks_off_are_kept() {
        let cut = mend("{\"v\": 1, \"items\": [{\"id\": 1, \"x\": {}}, {\"id\": 2}, {\"id\": 3, \"te");
        assert_eq!(cut, Mended { text: "{\"v\":1,\"items\":[{\"id\":1,\"x\":{}},{\"id\":2}]}".into(), cut_short: true });
        assert!(mend("{\"v\": ").cut_short);
    }
}
