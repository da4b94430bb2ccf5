//! Reads a text as a row of terms: words brought to the form that their whole family shares (Americans, America, U.S. → usa).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use crate::text::frequency::{Tongue, zipf_tenths};
use crate::text::stem::Endings;
use crate::text::words::{Word, Words};

/// One line a family: its head, then the words that count as the same.
const FAMILIES: &str = include_str!("families.txt");

/// Two words that are one name.
const PAIRS: [(&str, &str, &str); 6] = [
    ("united", "states", "usa"),
    ("united", "kingdom", "uk"),
    ("united", "nations", "un"),
    ("corona", "virus", "coronavirus"),
    ("covid", "19", "covid"),
    ("covid", "2019", "covid"),
];

/// What can be said of a token beside its term; one bit each.
pub mod flag {
    /// Begins with a capital letter though no sentence begins with it.
    pub const NAME: u8 = 1;
    /// Stands in a hashtag or handle.
    pub const TAG: u8 = 2;
    /// A number.
    pub const NUMBER: u8 = 4;
    /// Another reading of tokens that stand in the row themselves.
    pub const JOINED: u8 = 8;
    /// Its term stood in the same field before.
    pub const AGAIN: u8 = 16;
}

/// A word of a text, ready to be looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token<'w> {
    /// Folded form.
    pub form: &'w str,
    /// See [`flag`].
    pub flags: u8,
    /// Its place in the row of words.
    pub at: u32,
    /// Number of the sentence it stands in.
    pub sentence: u32,
    /// First byte in the text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
}

/// Hands every token of `text`, whose words are `words`, to `each`, in order.
pub fn tokens<'w>(text: &str, words: &'w Words, mut each: impl FnMut(Token<'w>)) {
    let mut rest = words.iter().peekable();
    let (mut tag_end, mut sentence) = (0, u32::MAX);
    let mut shouts = None;
    while let Some(word) = rest.next() {
        let mut token =
            Token { form: word.form, flags: 0, at: word.at, sentence: word.sentence, start: word.start, end: word.end };
        let bytes = text.as_bytes();
        if word.start > 0 && matches!(bytes.get(word.start - 1), Some(b'#' | b'@')) {
            tag_end = word.start + text[word.start..].bytes().take_while(|b| is_of_a_tag(*b)).count();
        }
        if word.start < tag_end {
            token.flags |= flag::TAG;
        }
        if word.alternative {
            token.flags |= flag::JOINED;
        } else {
            let second = rest.peek().filter(|next| !next.alternative).map(|next| next.form);
            if let Some(name) = second.and_then(|second| name_of_two(word.form, second)) {
                token.form = name;
                token.end = rest.next().map_or(token.end, |next| next.end);
            }
        }
        if is_number(token.form) {
            token.flags |= flag::NUMBER;
        }
        if is_capital(text, &word) {
            if word.form == "us" && text[word.start..word.end].starts_with("U") && word.end - word.start > 1 {
                // "US", "U.S.", not "Us": the country, not the pronoun.
                token.form = if text[word.start..].starts_with("Us") { "us" } else { "usa" };
            }
            if word.sentence == sentence && !*shouts.get_or_insert_with(|| is_shouted(text)) {
                token.flags |= flag::NAME;
            }
        }
        if !word.alternative {
            sentence = word.sentence;
        }
        each(token);
    }
}

fn is_of_a_tag(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 128
}

fn is_capital(text: &str, word: &Word<'_>) -> bool {
    match text.as_bytes().get(word.start) {
        Some(byte) if *byte < 128 => byte.is_ascii_uppercase(),
        _ => text[word.start..].chars().next().is_some_and(char::is_uppercase),
    }
}

/// Whether capitals say nothing about names, because most letters are.
fn is_shouted(text: &str) -> bool {
    // As many bytes at once as one byte can count: the compiler adds them up side by side.
    let (mut capitals, mut small) = (0_usize, 0_usize);
    for bytes in text.as_bytes().chunks(usize::from(u8::MAX)) {
        let count = |is: fn(&u8) -> bool| usize::from(bytes.iter().fold(0_u8, |sum, byte| sum + u8::from(is(byte))));
        capitals += count(u8::is_ascii_uppercase);
        small += count(u8::is_ascii_lowercase);
    }
    capitals > small
}

fn name_of_two(first: &str, second: &str) -> Option<&'static str> {
    if !matches!(first, "united" | "corona" | "covid") {
        return None;
    }
    PAIRS.iter().find(|pair| pair.0 == first && pair.1 == second).map(|pair| pair.2)
}

/// Whether a folded form is a number.
pub fn is_number(form: &str) -> bool {
    form.as_bytes().first().is_some_and(u8::is_ascii_digit) && form.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Gives the term that a folded form belongs to.
pub fn term(form: &str) -> Cow<'_, str> {
    if is_number(form) {
        return Cow::Borrowed(form);
    }
    let head = families().get(form).copied().map_or_else(|| american(form), Cow::Borrowed);
    match Endings::of("en") {
        Some(endings) if head.is_ascii() => match endings.off(&head) {
            Cow::Borrowed(stem) if stem.len() == head.len() => head,
            stem => Cow::Owned(stem.into_owned()),
        },
        _ => head,
    }
}

fn families() -> &'static HashMap<&'static str, &'static str, RandomState> {
    static FAMILY_OF: OnceLock<HashMap<&'static str, &'static str, RandomState>> = OnceLock::new();
    FAMILY_OF.get_or_init(|| {
        FAMILIES
            .lines()
            .filter_map(|line| line.split_once(' '))
            .flat_map(|(head, members)| members.split(' ').map(move |member| (member, head)))
            .collect()
    })
}

/// British spellings in the American way, where that is an ordinary word.
fn american(form: &str) -> Cow<'_, str> {
    let zipf = |form: &str| zipf_tenths(form, Tongue::English).unwrap_or(0);
    if form.len() > 5 && form.is_ascii() {
        let changed = ["ise", "ised", "ises", "ising"]
            .into_iter()
            .find_map(|ending| form.strip_suffix(ending).map(|stem| format!("{stem}iz{}", &ending[2..])))
            .or_else(|| form.contains("our").then(|| form.replacen("our", "or", 1)).filter(|word| zipf(word) > zipf(form)))
            .or_else(|| form.strip_suffix("tre").map(|stem| format!("{stem}ter")));
        if let Some(word) = changed.filter(|word| zipf(word) > 0) {
            return Cow::Owned(word);
        }
    }
    Cow::Borrowed(form)
}

/// Gives the words of the address of a fact-check: the step of its path with most of them.
pub fn words_of_address(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let path = path.split_once("://").map_or(path, |(_, rest)| rest).split_once('/').map_or("", |(_, path)| path);
    let without_ending = |step: &str| match step.rsplit_once('.') {
        Some((name, "html" | "htm" | "php" | "asp" | "aspx")) => name.to_owned(),
        _ => step.to_owned(),
    };
    let steps = path.split('/').map(without_ending).filter(|step| step.bytes().any(|b| b.is_ascii_alphabetic()));
    let best = steps.max_by_key(|step| (step.bytes().filter(|b| matches!(b, b'-' | b'_' | b'+')).count(), step.len()));
    best.unwrap_or_default().replace(['-', '_', '+'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::words::words;

    fn terms(text: &str) -> String {
        let found = words(text);
        let mut out = Vec::new();
        tokens(text, &found, |token| {
            if token.flags & flag::JOINED == 0 {
                out.push(term(token.form).into_owned());
            }
        });
        out.join(" ")
    }

    #[test]
    fn names_of_countries_and_peoples_are_one_term() {
        assert_eq!(terms("United States, Americans, the U.S. and the US"), "usa usa the usa and the usa");
        assert_eq!(terms("tell us about Russians"), "tell us about russia");
    }

    #[test]
    fn numbers_written_out_are_numbers() {
        assert_eq!(terms("seven planes, 7 planes"), "7 plane 7 plane");
    }

    #[test]
    fn british_and_american_spellings_are_one_term() {
        assert_eq!(terms("organised colour theatre"), terms("organized color theater"));
    }

    #[test]
    fn capitals_inside_sentences_are_names() {
        let text = "Last week Obama spoke. He did #Resist";
        let found = words(text);
        let mut names = Vec::new();
        tokens(text, &found, |token| names.extend((token.flags & flag::NAME != 0).then_some(token.form)));
        assert_eq!(names, ["obama", "resist"]);
    }

    #[test]
    fn where_all_is_in_capitals_none_makes_a_name() {
        let text = "WAKE UP, THE MOON IS MADE OF CHEESE";
        let mut named = false;
        tokens(text, &words(text), |token| named |= token.flags & flag::NAME != 0);
        assert!(!named);
    }

    #[test]
    fn the_address_of_a_fact_check_has_words() {
        assert_eq!(words_of_address("https://www.example.org/fact-check/moon-is-cheese/?x=a-b-c-d"), "moon is cheese");
        assert_eq!(words_of_address("https://example.org/2019/05/moon_cheese.html#top"), "moon cheese");
        assert_eq!(words_of_address("https://example.org"), "");
    }
}
