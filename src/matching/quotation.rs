//! Stretches between quotation marks, as five languages and CJK texts write them; apostrophes are told apart.

use std::ops::Range;

/// What opens a quotation, and what may close it.
const MARKS: [(char, &[char]); 11] = [
    ('"', &['"', '”', '“']),
    ('“', &['”', '"']),
    ('„', &['“', '”', '"']),
    ('”', &['”']),
    ('«', &['»']),
    ('»', &['«']),
    ('‹', &['›']),
    ('‘', &['’', '\'']),
    ('\'', &['\'', '’']),
    ('「', &['」']),
    ('『', &['』']),
];

/// Gives what stands between quotation marks in a range of `text`, marks left out; linear in its length.
///
/// Quotations inside others are part of them. A mark that nothing closes opens nothing.
pub fn quotations(text: &str, range: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    let offset = range.start;
    let text = text.get(range).unwrap_or_default();
    let mut found = Vec::new();
    let mut open: Option<(&[char], usize)> = None;
    let mut before = ' ';
    let mut marks = text.char_indices().peekable();
    while let Some((at, c)) = marks.next() {
        let after = marks.peek().map_or(' ', |(_, next)| *next);
        // Inside a word it is an apostrophe.
        let is_apostrophe = matches!(c, '\'' | '’') && before.is_alphanumeric() && after.is_alphanumeric();
        // These cannot be anything else, and stand beside words or blanks alike.
        let is_bracket = matches!(c, '«' | '»' | '「' | '」' | '『' | '』');
        match open {
            Some((closing, start)) if closing.contains(&c) && !is_apostrophe && (is_bracket || !after.is_alphanumeric()) => {
                found.push(offset + start..offset + at);
                open = None;
            }
            None if is_bracket || !is_apostrophe && !before.is_alphanumeric() && !after.is_whitespace() => {
                open = MARKS.iter().find(|(mark, _)| *mark == c).map(|(_, closing)| (*closing, at + c.len_utf8()));
            }
            _ => {}
        }
        before = c;
    }
    found.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quoted(text: &str) -> Vec<&str> {
        quotations(text, 0..text.len()).map(|range| &text[range]).collect()
    }

    #[test]
    fn quotations_of_many_languages_are_found() {
        assert_eq!(quoted("He said: “it is over”, and \"so it is\"."), ["it is over", "so it is"]);
        assert_eq!(quoted("Il dit : « c'est fini »."), [" c'est fini "]);
        assert_eq!(quoted("Er sagt: „Es ist vorbei“ und »Schluss«"), ["Es ist vorbei", "Schluss"]);
        assert_eq!(quoted("首相は「終わった」と"), ["終わった"]);
    }

    #[test]
    fn apostrophes_open_no_quotation() {
        assert_eq!(quoted("Trump's aides don't say 'it isn't over' loudly"), ["it isn't over"]);
        assert_eq!(quoted("the voters' rights"), [""; 0]);
    }

    proptest! {
        #[test]
        fn quotations_lie_on_boundaries(text in "(\\PC|[\"'“”„«»‘’ ab]){0,30}") {
            for range in quotations(&text, 0..text.len()) {
                prop_assert!(text.get(range).is_some());
            }
        }
    }
}
