//! A small lexer that knows which bytes of a TOML text are strings, comments and brackets, even where the TOML is broken.

/// What an unclosed thing is, and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// The `[` of a list (or the `{` of a table), and the start of the line on which it can no longer go on.
    List {
        /// The bracket.
        at: usize,
        /// The next line that belongs to something else.
        stopped_by: usize,
    },
    /// Three quotes.
    LongText {
        /// The first quote.
        at: usize,
    },
}

/// Finds the first list or long text that is never closed.
pub fn first_open(text: &str) -> Option<Open> {
    let bytes = text.as_bytes();
    let mut brackets: Vec<(u8, usize)> = Vec::new();
    let mut at = 0;
    let mut line_begins = true;
    while let Some(&byte) = bytes.get(at) {
        if line_begins {
            line_begins = false;
            let line = line_at(text, at);
            if let Some(&(bracket, open)) = brackets.last()
                && (is_header(line) || bracket == b'[' && is_assignment(line))
            {
                return Some(Open::List { at: open, stopped_by: at });
            }
            if brackets.is_empty() && is_header(line) {
                at += line.len();
                continue;
            }
        }
        match byte {
            b'\n' => line_begins = true,
            b'#' => {
                at += line_at(text, at).len();
                continue;
            }
            b'"' | b'\'' => match after_string(bytes, at) {
                Some(after) => {
                    at = after;
                    continue;
                }
                None => return Some(Open::LongText { at }),
            },
            b'[' | b'{' => brackets.push((byte, at)),
            b']' | b'}' => {
                brackets.pop();
            }
            _ => {}
        }
        at += 1;
    }
    brackets.first().map(|(_, open)| Open::List { at: *open, stopped_by: text.len() })
}

/// The end of the last value before `at`: blanks, line ends and comments do not count.
pub fn end_of_value_before(text: &str, at: usize) -> usize {
    let mut end = at.min(text.len());
    loop {
        end = text.get(..end).unwrap_or_default().trim_end().len();
        let start = text.get(..end).unwrap_or_default().rfind('\n').map_or(0, |found| found + 1);
        match comment_in(text.get(start..end).unwrap_or_default()) {
            Some(comment) => end = start + comment,
            None => return end,
        }
    }
}

/// The rest of the line from `at`, without its line end.
pub fn line_at(text: &str, at: usize) -> &str {
    let rest = text.get(at..).unwrap_or_default();
    rest.split('\n').next().unwrap_or_default()
}

/// Where the line that holds `at` begins.
pub fn line_start(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().rfind('\n').map_or(0, |found| found + 1)
}

/// Where the string that holds the end of `line[..at]` begins, if `at` is inside or just behind one.
pub fn last_quote_before(text: &str, at: usize) -> Option<usize> {
    let start = line_start(text, at);
    let bytes = text.as_bytes();
    let mut here = start;
    let mut opened = None;
    while here < at {
        match bytes.get(here)? {
            b'"' | b'\'' => {
                opened = Some(here);
                here = after_string(bytes, here).unwrap_or(at);
            }
            _ => here += 1,
        }
    }
    opened
}

/// Where a comment begins in a single line, if it has one.
fn comment_in(line: &str) -> Option<usize> {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'#' => return Some(at),
            b'"' | b'\'' => at = after_string(bytes, at)?,
            _ => at += 1,
        }
    }
    None
}

/// One past the closing quote; a one-line text that is not closed ends with its line, a long one gives `None`.
fn after_string(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = *bytes.get(at)?;
    let long = bytes.get(at..at + 3) == Some(&[quote; 3]);
    let mut here = at + if long { 3 } else { 1 };
    while let Some(&byte) = bytes.get(here) {
        match byte {
            b'\\' if quote == b'"' => here += 1,
            b'\n' if !long => return Some(here),
            _ if byte == quote && !long => return Some(here + 1),
            _ if byte == quote && bytes.get(here..here + 3) == Some(&[quote; 3]) => return Some(here + 3),
            _ => {}
        }
        here += 1;
    }
    if long { None } else { Some(bytes.len()) }
}

/// `[claim.tests]` or `[[claim]]`, perhaps with a comment: a bare word inside the brackets tells it from a list.
pub fn is_header(line: &str) -> bool {
    let line = line.split('#').next().unwrap_or_default().trim();
    let Some(inner) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) else { return false };
    let inner = inner.strip_prefix('[').unwrap_or(inner);
    let inner = inner.strip_suffix(']').unwrap_or(inner).trim();
    inner.starts_with(|c: char| c.is_ascii_alphabetic())
        && inner.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

/// `key = …` at the beginning of a line.
fn is_assignment(line: &str) -> bool {
    let Some((key, _)) = line.split_once('=') else { return false };
    let key = key.trim();
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_runs_into_the_next_table_is_open() {
        let text = "a = [\n  \"x\",\n\n[claim.tests]\nb = 1\n";
        assert_eq!(first_open(text), Some(Open::List { at: 4, stopped_by: text.find("[claim").unwrap() }));
    }

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        assert_eq!(first_open("a = [\"[\", '[' ] # [\nb = \"\"\"\n[\n\"\"\"\n[x]\n[[y]]\nc = [[\"a\"], [\"b\"]]\n"), None);
    }

    #[test]
    fn a_comment_is_not_the_end_of_a_value() {
        let text = "a = [\n  \"o#ne\"   # first, \"quoted\"\n  # another\n  \"two\"";
        assert_eq!(&text[..end_of_value_before(text, text.rfind("\"two").unwrap())], "a = [\n  \"o#ne\"");
    }
}
