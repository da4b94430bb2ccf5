//! Plural forms by the rules of Unicode CLDR 46 for whole numbers: the languages that letters are written in, and some more.

use serde::Deserialize;

/// A sentence in the forms that its language has for numbers.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plural {
    zero: Option<String>,
    one: Option<String>,
    two: Option<String>,
    few: Option<String>,
    many: Option<String>,
    other: String,
}

impl Plural {
    /// The form for a number.
    pub(super) fn of(&self, language: &str, n: u64) -> &str {
        let form = match category(language, n) {
            "zero" => &self.zero,
            "one" => &self.one,
            "two" => &self.two,
            "few" => &self.few,
            "many" => &self.many,
            _ => &None,
        };
        form.as_deref().unwrap_or(&self.other)
    }
}

/// The name of the form that a language uses for a whole number.
fn category(language: &str, n: u64) -> &'static str {
    let (tens, hundreds) = (n % 10, n % 100);
    match language {
        // A million and more have a form of their own, which no letter needs.
        "fr" | "pt" if n <= 1 => "one",
        "ar" => match n {
            0 => "zero",
            1 => "one",
            2 => "two",
            _ if (3..=10).contains(&hundreds) => "few",
            _ if hundreds >= 11 => "many",
            _ => "other",
        },
        "he" if n == 2 => "two",
        "ru" | "uk" if tens == 1 && hundreds != 11 => "one",
        "ru" | "uk" if (2..=4).contains(&tens) && !(12..=14).contains(&hundreds) => "few",
        "pl" | "cs" | "sk" if n == 1 => "one",
        "pl" if (2..=4).contains(&tens) && !(12..=14).contains(&hundreds) => "few",
        "cs" | "sk" if (2..=4).contains(&n) => "few",
        "ru" | "uk" | "pl" => "many",
        "ja" | "ko" | "zh" | "id" | "vi" | "th" => "other",
        _ if n == 1 && language != "fr" && language != "pt" => "one",
        _ => "other",
    }
}

/// Every form a language has: what its catalogue must give.
#[cfg(test)]
pub(super) fn categories(language: &str) -> Vec<&'static str> {
    let mut found: Vec<_> = (0..=200).map(|n| category(language, n)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_language_counts_in_its_own_way() {
        let of = |language: &str, numbers: &[u64]| numbers.iter().map(|n| category(language, *n)).collect::<Vec<_>>();
        assert_eq!(of("en", &[0, 1, 2, 21]), ["other", "one", "other", "other"]);
        assert_eq!(of("fr", &[0, 1, 2]), ["one", "one", "other"]);
        assert_eq!(
            of("ar", &[0, 1, 2, 3, 10, 11, 99, 100, 103]),
            ["zero", "one", "two", "few", "few", "many", "many", "other", "few"]
        );
        assert_eq!(of("ru", &[1, 2, 5, 11, 12, 21, 22]), ["one", "few", "many", "many", "many", "one", "few"]);
        assert_eq!(of("pl", &[1, 2, 5, 21, 22]), ["one", "few", "many", "many", "few"]);
    }

    #[test]
    fn a_form_that_is_not_given_is_the_other_one() {
        let plural = Plural { other: "posts".to_owned(), ..Plural::default() };
        assert_eq!((plural.of("en", 1), plural.of("ar", 3)), ("posts", "posts"));
    }
}
