//! Word endings taken off, for the languages whose rules we have (Snowball); other languages keep their endings.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};

/// Shorter words keep their endings, longer ones are no words.
const STEMMED_BYTES: std::ops::RangeInclusive<usize> = 4..=40;

/// Takes the ending off words of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Endings(Algorithm);

impl Endings {
    /// Gives the endings of the language of a BCP 47 tag, if we know them.
    pub fn of(tag: &str) -> Option<Self> {
        Some(Self(match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" => Algorithm::English,
            "fr" => Algorithm::French,
            "es" => Algorithm::Spanish,
            "de" => Algorithm::German,
            "pt" => Algorithm::Portuguese,
            "it" => Algorithm::Italian,
            "nl" => Algorithm::Dutch,
            "da" => Algorithm::Danish,
            "sv" => Algorithm::Swedish,
            "no" | "nb" | "nn" => Algorithm::Norwegian,
            "ro" => Algorithm::Romanian,
            "ru" => Algorithm::Russian,
            _ => return None,
        }))
    }

    /// Takes the ending off a folded word.
    pub fn off(self, form: &str) -> Cow<'_, str> {
        if STEMMED_BYTES.contains(&form.len()) && form.chars().all(char::is_alphabetic) {
            Stemmer::create(self.0).stem(form)
        } else {
            Cow::Borrowed(form)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TAGS: [&str; 12] = ["en", "fr", "es", "de", "pt", "it", "nl", "da", "sv", "nb", "ro", "ru"];

    #[test]
    fn endings_of_verbs_and_plurals_come_off() {
        let stem = |tag: &str, form: &str| Endings::of(tag).unwrap().off(form).into_owned();
        assert_eq!(stem("en", "threats"), stem("en", "threat"));
        assert_eq!(stem("en-GB", "nominated"), stem("en", "nominates"));
        assert_eq!(stem("fr", "menaces"), stem("fr", "menace"));
        assert_eq!(stem("en", "us"), "us");
        assert_eq!(Endings::of("ja"), None);
    }

    proptest! {
        #[test]
        fn no_word_makes_it_panic(form in "\\PC{0,14}", other in "[a-zа-яəßçğşёъ\u{301}]{0,14}") {
            for endings in TAGS.into_iter().filter_map(Endings::of) {
                endings.off(&form);
                endings.off(&crate::text::fold::folded(&other));
            }
        }
    }
}
