//! Broken JSON made readable: control characters inside texts, commas too many, an end that is missing.

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
    let (mut in_text, mut escaped, mut comma) = (false, false, false);
    // Where the last whole element of a list in the outermost object ends.
    let mut whole = None;
    for c in text.chars() {
        if in_text {
            match c {
                '\n' | '\r' => out.push_str("\\n"),
                _ if c < ' ' => out.push(' '),
                _ => out.push(c),
            }
            in_text = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        if c.is_whitespace() || c < ' ' {
            continue;
        }
        if std::mem::take(&mut comma) && !matches!(c, ']' | '}') {
            out.push(',');
        }
        match c {
            ',' => {
                comma = true;
                continue;
            }
            '{' | '[' => open.push(c),
            '}' | ']' => drop(open.pop()),
            _ => in_text = c == '"',
        }
        out.push(c);
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
    fn whole_elements_of_a_list_that_breaks_off_are_kept() {
        let cut = mend("{\"v\": 1, \"items\": [{\"id\": 1, \"x\": {}}, {\"id\": 2}, {\"id\": 3, \"te");
        assert_eq!(cut, Mended { text: "{\"v\":1,\"items\":[{\"id\":1,\"x\":{}},{\"id\":2}]}".into(), cut_short: true });
        assert!(mend("{\"v\": ").cut_short);
    }
}
