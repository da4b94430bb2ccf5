//! JSON as pages hold it: read strictly, else mended in the ways that leave no doubt about what was meant.

use serde_json::Value;

use crate::rules::bulk::parse_json;

/// Reads JSON; tells whether it had to be mended.
///
/// Mended: raw control characters, single backslashes and unescaped quotation marks inside texts, commas too many or too few,
/// comments, what wraps a script (`<!-- -->`, CDATA, a last semicolon), half surrogates.
///
/// # Errors
/// What the strict reader says.
pub fn parse(text: &str) -> Result<(Value, bool), String> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let strict = match parse_json(text.as_bytes()) {
        Ok(value) => return Ok((value, false)),
        Err(error) => error,
    };
    parse_json(mended(unwrapped(text)).as_bytes()).map(|value| (value, true)).map_err(|_| strict.to_string())
}

/// Whether a template was never filled in.
pub fn is_template(text: &str) -> bool {
    ["{{", "{%", "<%", "${"].iter().any(|sign| text.contains(sign))
}

fn unwrapped(text: &str) -> &str {
    let mut text = text;
    for _ in 0..4 {
        let before = text.len();
        for start in ["<!--", "//<![CDATA[", "/*<![CDATA[*/", "<![CDATA[", "// <![CDATA["] {
            text = text.strip_prefix(start).unwrap_or(text).trim();
        }
        for end in ["-->", "//", "//]]>", "/*]]>*/", "]]>", "// ]]>", ";"] {
            text = text.strip_suffix(end).unwrap_or(text).trim();
        }
        if text.len() == before {
            break;
        }
    }
    text
}

/// What the last thing outside texts was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    /// `{`, `[`, `:` or the beginning.
    Opened,
    /// A value, or what ends one.
    Value,
    Comma,
}

/// Writes it again as JSON; what cannot be mended stays, and the reader will complain.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut last = Last::Opened;
    let mut depth = 0usize;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        match c {
            '"' => {
                if last == Last::Value && depth > 0 {
                    out.push(',');
                }
                rest = string(after, &mut out);
                last = Last::Value;
                continue;
            }
            '/' if after.starts_with('/') => {
                rest = after.find('\n').map_or("", |end| &after[end..]);
                continue;
            }
            '/' if after.starts_with('*') => {
                rest = after.find("*/").map_or("", |end| &after[end + 2..]);
                continue;
            }
            '{' | '[' => {
                if last == Last::Value && depth > 0 {
                    out.push(',');
                }
                depth += 1;
                last = Last::Opened;
                out.push(c);
            }
            '}' | ']' => {
                if last == Last::Comma {
                    let kept = out.trim_end().trim_end_matches(',').len();
                    out.truncate(kept);
                }
                depth = depth.saturating_sub(1);
                last = Last::Value;
                out.push(c);
            }
            ',' => {
                if last == Last::Value {
                    out.push(c);
                    last = Last::Comma;
                }
            }
            ':' => {
                out.push(c);
                last = Last::Opened;
            }
            _ if c.is_whitespace() || c.is_control() => out.push(' '),
            _ => {
                let end = rest
                    .find(|c: char| c.is_whitespace() || matches!(c, ',' | '}' | ']' | ':' | '"' | '{' | '['))
                    .unwrap_or(rest.len());
                let word = &rest[..end.max(c.len_utf8())];
                out.push_str(if matches!(word, "NaN" | "undefined" | "None" | "Infinity" | "-Infinity") { "null" } else { word });
                rest = &rest[word.len()..];
                last = Last::Value;
                continue;
            }
        }
        rest = after;
    }
    out
}

/// Copies a text up to its end; gives what follows.
fn string<'t>(text: &'t str, out: &mut String) -> &'t str {
    out.push('"');
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if ends_here(&text[at + 1..]) => {
                out.push('"');
                return &text[at + 1..];
            }
            '"' => out.push_str("\\\""),
            '\\' => match text[at + 1..].chars().next() {
                Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't')) => {
                    out.extend(['\\', next]);
                    chars.next();
                }
                Some('u') if text[at + 2..].chars().take(4).filter(char::is_ascii_hexdigit).count() == 4 => out.push('\\'),
                Some('\'') => {}
                _ => out.push_str("\\\\"),
            },
            '\n' => out.push_str("\\n"),
            '\t' | '\r' => out.push(' '),
            _ if c.is_control() => {}
            _ => out.push(c),
        }
    }
    ""
}

/// A quotation mark ends a text if what follows it belongs to JSON; before a new text only on a new line.
fn ends_here(after: &str) -> bool {
    let next = after.trim_start();
    match next.chars().next() {
        None | Some(',' | ':' | '}' | ']' | '/') => true,
        Some('"') => after[..after.len() - next.len()].contains('\n'),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn sound_json_is_not_touched() {
        assert_eq!(parse("\u{feff} {\"a\": \"b\\n\\u00e9\"} "), Ok((json!({"a": "b\né"}), false)));
    }

    #[test]
    fn faults_with_one_remedy_are_mended() {
        for (text, value) in [
            ("{\"a\": \"line\none\ttwo\u{1}\"}", json!({"a": "line\none two"})),
            ("{\"a\": [1, 2,], }", json!({"a": [1, 2]})),
            ("{\"a\": \"x\"\n \"b\": \"y\"}", json!({"a": "x", "b": "y"})),
            ("[{\"a\": 1} {\"a\": 2}]", json!([{"a": 1}, {"a": 2}])),
            ("{\"a\": \"he said \"never\" twice\", \"b\": 1}", json!({"a": "he said \"never\" twice", "b": 1})),
            ("{\"a\": \"it\\'s \\d\"}", json!({"a": "it's \\d"})),
            ("<!-- {\"a\": 1 /* one */, // more\n \"b\": NaN}; -->", json!({"a": 1, "b": null})),
            ("//<![CDATA[\n{\"a\": 1}\n//]]>", json!({"a": 1})),
            ("{\"a\":,\"b\":1}", json!(null)),
        ] {
            match parse(text) {
                Ok(found) => assert_eq!(found, (value, true), "{text}"),
                Err(_) => assert_eq!(value, json!(null), "{text}"),
            }
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in ["", "{\"a\": \"b", "hello", "{{ claim }}", "{\"a\"}"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"[".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "([\\[\\]{}:,\"\\\\/*\n]|\\PC){0,40}") {
            let _ = parse(&text);
        }
    }
}
