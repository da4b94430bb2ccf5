//! Texts of others made plain: markup and control characters off, blanks folded, nothing else changed.

use crate::text::fold::is_written_without_blanks;
use crate::text::html;
use crate::text::words::words;

/// Claims of fewer words than this match by chance.
const FEWEST_WORDS: usize = 5;

/// Characters of a script without blanks that stand for a word.
const CHARACTERS_PER_WORD: usize = 2;

/// Longest text that is kept, in bytes.
const LONGEST_BYTES: usize = 16 << 10;

/// Entities may have been encoded so often.
const MOST_ENCODINGS: usize = 3;

/// Gives a text on one line, as a person would read it.
pub fn plain(text: &str) -> String {
    let mut text = text[..text.floor_char_boundary(LONGEST_BYTES)].to_owned();
    for _ in 0..MOST_ENCODINGS {
        if !has_markup(&text) {
            break;
        }
        text = html::read(&text).text;
    }
    let visible: String = text.chars().filter(|c| !turns_writing(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same, or nothing if no letter or digit is left.
pub fn telling(text: &str) -> Option<String> {
    Some(plain(text)).filter(|text| text.chars().any(char::is_alphanumeric))
}

/// Whether a claim has too few words to be matched safely.
pub fn is_vague(claim: &str) -> bool {
    let dense = claim.chars().filter(|c| is_written_without_blanks(*c)).count();
    let spaced =
        claim.split_whitespace().filter(|word| word.chars().any(|c| c.is_alphanumeric() && !is_written_without_blanks(c)));
    dense / CHARACTERS_PER_WORD + spaced.count() < FEWEST_WORDS
}

/// The words of a claim, folded: two claims with the same ones are one claim.
pub fn folded(claim: &str) -> String {
    let words = words(claim);
    let forms: Vec<&str> = words.plain().map(|word| word.form).collect();
    if forms.is_empty() { claim.trim().to_lowercase() } else { forms.join(" ") }
}

/// Marks that show text in another order than it is read by a machine, and so could hide in a rule file what a reviewer would
/// not let pass (Unicode TR 36, section 2.6). Those that only say which way a word runs (U+200E, U+200F, U+061C) stay.
fn turns_writing(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn has_markup(text: &str) -> bool {
    let tag = |at: usize| text[at + 1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
    let entity = |at: usize| {
        let rest = &text[at + 1..];
        let name = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#')).unwrap_or(rest.len());
        (1..=10).contains(&name) && rest[name..].starts_with(';')
    };
    text.match_indices('<').any(|(at, _)| tag(at)) || text.match_indices('&').any(|(at, _)| entity(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_junk_are_off_and_the_words_stay() {
        assert_eq!(plain("Incorrect \r"), "Incorrect");
        assert_eq!(plain("<p>&quot;<i>Never</i>&quot; &amp;quot;said&amp;quot;</p>\n\u{1}"), "\"Never\" \"said\"");
        assert_eq!(plain("R&D fell by <5 % & nobody saw"), "R&D fell by <5 % & nobody saw");
        assert_eq!(plain("não_é_bem_assim"), "não_é_bem_assim");
        assert_eq!(plain("the \u{202e}moon\u{202c} is \u{2066}big\u{2069}\u{200f}"), "the moon is big\u{200f}");
        assert_eq!(plain("  證據不足 "), "證據不足");
        assert_eq!(telling(" … &nbsp; "), None);
    }

    #[test]
    fn short_claims_are_vague_in_any_script() {
        for vague in ["picture of Tipu Sultan", "5G", "टीपू सुल्तान की तस्वीर", "核の脅威"]
        {
            assert!(is_vague(vague), "{vague}");
        }
        for clear in ["The moon is made of green cheese", "北朝鮮の核の脅威はもうない", "टीपू सुल्तान की असली तस्वीर मिली"]
        {
            assert!(!is_vague(clear), "{clear}");
        }
    }

    #[test]
    fn claims_that_differ_in_marks_and_capitals_are_one() {
        assert_eq!(folded("The Moon is “cheese”!"), folded("the moon is cheese"));
        assert_ne!(folded("The moon is cheese"), folded("The moon is not cheese"));
        assert_ne!(folded("😀"), folded("😡"));
    }
}
